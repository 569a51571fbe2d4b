/* resolve_over.c: events that are over by a day of their owner, or at all: a condition of the span's end, answered where few rows are
 * left by looking at those alone. See resolve_inner.h. */
#include "query/exec/resolve_inner.h"

/* `not open`, or `the span's end <= a day`: *day, NULL for the former. */
static bool is_over_test(const mask_maker *maker, const lots_expr *filter, const lots_expr **day)
{
    const lots_expr *span = filter->op == LOTS_OP_NOT || filter->op == LOTS_OP_LESS_EQUAL ? filter->operands[0] : NULL;
    *day = filter->op == LOTS_OP_LESS_EQUAL ? filter->operands[1] : NULL;
    return span != NULL && span->op == (*day == NULL ? LOTS_OP_IS_OPEN : LOTS_OP_SPAN_END) && span->of_frame == maker->set->frame &&
           maker->relation->relation->kind == LOTS_RELATION_STREAM && maker->relation->owners == maker->worker->patients;
}

/* By owner: that of wanted patients; of others, and where it is missing, the first there is. */
static lots_status days_by_owner(const mask_maker *maker, const lots_expr *day, const int32_t **out, bool *known, lots_error *err)
{
    const lots_instance *left = maker->worker->left, *owners = maker->relation->owners;
    const uint32_t *index = NULL;
    int32_t *days = NULL;
    lots_vector value;
    LOTS_TRY(lots_days_of_left(maker, day, &value, known, err));
    if (!*known)
        return LOTS_OK;
    LOTS_TRY(lots_instance_index(maker->worker, left, owners, &index, err));
    LOTS_TRY(lots_new_i32(maker->arena, owners->count, &days, err));
    for (uint32_t p = 0; p < owners->count; p++)
        days[p] = INT32_MIN;
    for (uint32_t i = 0; i < left->count; i++)
        if (!lots_vector_is_missing(&value, i))
            days[index == NULL ? i : index[i]] = ((const int32_t *)value.data)[i];
    *out = days;
    return LOTS_OK;
}

/* Out of the mask: rows whose span's end is unknown or beyond their owner's day. Those of an owner stand one behind the other. */
static void clear_later(mask_maker *maker, const uint32_t *rows, const lots_vector *ends, const int32_t *days)
{
    const uint32_t *offsets = maker->relation->offsets, count = ends->count;
    const uint64_t *missing = ends->missing;
    const int32_t *end = ends->data;
    for (uint32_t k = 0, owner = 0; k < count;) {
        while (offsets[owner + 1] <= rows[k])
            owner++;
        const uint32_t beyond = offsets[owner + 1];
        for (const int32_t day = days[owner]; k < count && rows[k] < beyond; k++)
            if (end[k] > day || (missing != NULL && lots_bit_get(missing, k)))
                lots_bit_clear(maker->own, rows[k]);
    }
}

/* Do all rows left start by that day, as they lie in a window that ends with it? */
static bool start_by(const mask_maker *maker, const lots_expr *day)
{
    bool within = false;
    for (uint32_t w = 0; w < maker->within_count; w++)
        within |= maker->within[w]->high == day;
    return within;
}

static lots_status new_lasting(mask_maker *maker, lots_error *err)
{
    const lots_relation *relation = maker->relation->relation;
    const int32_t column = lots_stream_find_role(&maker->worker->schema->streams[relation->stream], LOTS_ROLE_END);
    const uint32_t count = (uint32_t)maker->worker->kernels->bits_count(maker->mask, maker->relation->count);
    bool done = false;
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(maker->arena, &room, 1, sizeof *maker->lasting, err));
    maker->lasting = room;
    LOTS_TRY(lots_new_u32(maker->arena, count, &maker->lasting->rows, err));
    LOTS_TRY(lots_new_i32(maker->arena, count, &maker->lasting->values, err));
    LOTS_TRY(lots_new_bits(maker->arena, maker->relation->count, &maker->lasting->missing, err));
    if (column >= 0)
        LOTS_TRY(lots_segment_lasting(maker->worker->segment, relation->stream, (uint32_t)column, maker->worker->chunk, maker->mask,
                                      maker->lasting, &done, &maker->worker->scratch, err));
    if (!done)
        maker->lasting->rows = NULL;
    return LOTS_OK;
}

/* Out of the mask: spans that last beyond their owner's day. The others whose end is known end on the day they start. */
static lots_status clear_lasting(mask_maker *maker, const int32_t *days, lots_error *err)
{
    const lots_nonzero *lasting = maker->lasting;
    const uint32_t *offsets = maker->relation->offsets;
    const int32_t *starts = NULL;
    LOTS_TRY(lots_starts_of_left(maker, &starts, err));
    for (uint32_t k = 0, owner = 0; k < lasting->count; k++) {
        while (offsets[owner + 1] <= lasting->rows[k])
            owner++;
        if ((int32_t)((uint32_t)starts[lasting->rows[k]] + (uint32_t)lasting->values[k]) > days[owner])
            lots_bit_clear(maker->own, lasting->rows[k]);
    }
    return LOTS_OK;
}

/* What is known without a look at spans' ends goes out of the mask; *look: the rows that must be looked at, NULL: none. */
static lots_status clear_known(mask_maker *maker, const lots_expr *day, const int32_t *days, const uint64_t **look, lots_error *err)
{
    uint64_t *endless = NULL;
    *look = maker->mask;
    if (day != NULL && !start_by(maker, day))
        return LOTS_OK;
    if (maker->lasting == NULL)
        LOTS_TRY(new_lasting(maker, err));
    if (maker->lasting->rows == NULL)
        return LOTS_OK;
    if (day != NULL)
        LOTS_TRY(clear_lasting(maker, days, err));
    *look = NULL;
    if (!maker->lasting->has_missing)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(maker->arena, maker->relation->count, &endless, err));
    maker->worker->kernels->bits_and(maker->mask, maker->lasting->missing, maker->relation->count, endless);
    *look = endless;
    return LOTS_OK;
}

lots_status lots_mask_over(mask_maker *maker, const lots_expr *filter, bool *done, lots_error *err)
{
    lots_worker *worker = maker->worker;
    const uint32_t stream = maker->relation->relation->stream;
    const lots_expr *day = NULL;
    const int32_t *days = NULL;
    const uint64_t *look = NULL;
    lots_vector spans;
    uint32_t *rows = NULL;
    *done = maker->wanted && is_over_test(maker, filter, &day);
    if (*done && day != NULL)
        LOTS_TRY(days_by_owner(maker, day, &days, done, err));
    if (!*done || (day == NULL && !lots_stream_may_be_open(worker, stream)))
        return LOTS_OK;
    LOTS_TRY(lots_mask_own(maker, err));
    LOTS_TRY(clear_known(maker, day, days, &look, err));
    const uint32_t count = look == NULL ? 0 : (uint32_t)worker->kernels->bits_count(look, maker->relation->count);
    if (look != maker->mask && count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(maker->arena, count, &rows, err));
    worker->kernels->bits_indexes(look, maker->relation->count, rows);
    LOTS_TRY(lots_stream_take_spans(worker, stream, day == NULL, rows, count, maker->arena, &spans, done, err));
    if (*done && day != NULL)
        clear_later(maker, rows, &spans, days);
    for (size_t k = *done && day == NULL ? lots_bits_next(spans.data, 0, count) : count; k < count;
         k = lots_bits_next(spans.data, k + 1, count))
        lots_bit_clear(maker->own, rows[k]);
    return LOTS_OK;
}
