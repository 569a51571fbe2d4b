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
                lots_bit_clear(maker->mask, rows[k]);
    }
}

lots_status lots_mask_over(mask_maker *maker, const lots_expr *filter, bool *done, lots_error *err)
{
    lots_worker *worker = maker->worker;
    const uint32_t stream = maker->relation->relation->stream;
    const lots_expr *day = NULL;
    const int32_t *days = NULL;
    lots_vector spans;
    uint32_t *rows = NULL;
    *done = maker->wanted && is_over_test(maker, filter, &day);
    if (*done && day != NULL)
        LOTS_TRY(days_by_owner(maker, day, &days, done, err));
    if (!*done || (day == NULL && !lots_stream_may_be_open(worker, stream)))
        return LOTS_OK;
    const uint32_t count = (uint32_t)worker->kernels->bits_count(maker->mask, maker->relation->count);
    LOTS_TRY(lots_new_u32(maker->arena, count, &rows, err));
    worker->kernels->bits_indexes(maker->mask, maker->relation->count, rows);
    LOTS_TRY(lots_stream_take_spans(worker, stream, day == NULL, rows, count, maker->arena, &spans, done, err));
    if (*done && day != NULL)
        clear_later(maker, rows, &spans, days);
    for (size_t k = *done && day == NULL ? lots_bits_next(spans.data, 0, count) : count; k < count;
         k = lots_bits_next(spans.data, k + 1, count))
        lots_bit_clear(maker->mask, rows[k]);
    return LOTS_OK;
}
