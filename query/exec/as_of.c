/* as_of.c: see as_of.h. The spans of an owner are few: each row looks through its owner's from the last one back. What else is
 * asked of a span and the row together is asked of the few pairs that hold. */
#include "query/exec/as_of.h"

#include <string.h>

#include "query/exec/beyond.h"
#include "query/exec/candidates.h"
#include "query/exec/column.h"

enum { MANY = 8 }; /* spans looked at for each row: with more it pays to search */

typedef struct as_of {
    const lots_step *step;
    const lots_resolved *resolved;
    const lots_passed *spans;
    const uint32_t *rows;      /* by place of a span, as lots_passed_rows has it */
    const uint32_t *owner;     /* by row; NULL: row i is owner i */
    const int32_t *low, *high; /* by row: a span that holds ends on low or later, and starts on high or before */
    uint64_t most;             /* spans that may be looked at in all */
} as_of;

/* ---- what it is asked of ---- */

static bool has_shape(const lots_step *step)
{
    const lots_set *set = step->expr->set;
    return step->expr->pick == LOTS_PICK_LAST && step->expr->order_count == 0 && set->event == NULL &&
           set->window_count == 1 && set->windows[0].low == NULL && set->filter_count > 0 &&
           !lots_set_in_episode(step->worker, set);
}

static lots_status find_spans(as_of *a, bool *can, lots_error *err)
{
    lots_worker *worker = a->step->worker;
    const lots_set *set = a->step->expr->set;
    lots_relation_rows *relation = NULL;
    lots_resolved *resolved = NULL;
    lots_passed *passed = NULL;
    *can = false;
    LOTS_TRY(lots_relation_get(worker, set->relation, a->step->rows, &relation, err));
    LOTS_TRY(lots_set_mask(worker, set, relation, &resolved, err));
    if (resolved->window_count != 1 || resolved->span == NULL || resolved->row_filter_count > 0)
        return LOTS_OK;
    LOTS_TRY(lots_set_passed(worker, set, relation, &passed, err));
    if (passed == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_passed_rows(worker, passed, &a->rows, err));
    LOTS_TRY(lots_passed_starts(worker, passed, err));
    LOTS_TRY(lots_passed_ends(worker, passed, err));
    LOTS_TRY(lots_instance_index(worker, a->step->rows, relation->owners, &a->owner, err));
    a->resolved = resolved;
    a->spans = passed;
    a->most = (uint64_t)MANY * a->step->count + passed->count + 1;
    *can = true;
    return LOTS_OK;
}

/* Flat, and where days are missing `none`; NULL: for some it fails. */
static lots_status take_days(const lots_step *step, const lots_expr *expr, int32_t none, const int32_t **out, lots_error *err)
{
    lots_vector value, flat;
    int32_t *days = NULL;
    LOTS_TRY(lots_value(step->worker, expr, step->rows, &value, err));
    LOTS_TRY(lots_vector_flatten(step->arena, &value, &flat, err));
    *out = flat.failed == NULL ? flat.data : NULL;
    if (flat.failed != NULL || flat.missing == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_i32(step->arena, step->count, &days, err));
    for (uint32_t i = 0; i < step->count; i++)
        days[i] = lots_bit_get(flat.missing, i) ? none : ((const int32_t *)flat.data)[i];
    *out = days;
    return LOTS_OK;
}

/* Nothing starts by INT32_MIN or ends as late as INT32_MAX: no span holds where a day is missing. */
static lots_status find_days(as_of *a, bool *can, lots_error *err)
{
    LOTS_TRY(take_days(a->step, a->resolved->windows[0]->high, INT32_MIN, &a->high, err));
    LOTS_TRY(take_days(a->step, a->resolved->span->operands[1], INT32_MAX, &a->low, err));
    *can = a->high != NULL && a->low != NULL;
    return LOTS_OK;
}

/* ---- looking ---- */

static uint32_t owner_at(const as_of *a, uint32_t row) { return a->owner == NULL ? row : a->owner[row]; }

static uint32_t row_at(const as_of *a, uint32_t place) { return a->rows == NULL ? place : a->rows[place]; }

/* The last place of [first, end) whose span holds on some day from `low` till `high`, plus one; `first`: there is none. */
static uint32_t seek_back(const lots_passed *spans, uint32_t first, uint32_t end, int32_t low, int32_t high)
{
    while (end > first && (spans->starts[end - 1] > high || spans->ends[end - 1] < low))
        end--;
    return end;
}

/* The last span of an owner. */
typedef struct last_span {
    int32_t start, end;
    uint32_t row;    /* of the relation */
    uint32_t unused; /* so that they stand at multiples of 16 */
} last_span;

/* By owner; of those without a span one that never holds. */
static lots_status find_last_spans(const as_of *a, const last_span **out, lots_error *err)
{
    const lots_passed *spans = a->spans;
    const uint32_t owners = spans->relation->owners->count, *offsets = spans->offsets;
    void *room = NULL;
    LOTS_TRY(lots_arena_vector(a->step->arena, &room, owners, sizeof(last_span), err));
    last_span *last = room;
    for (uint32_t o = 0; o < owners; o++) {
        const uint32_t end = offsets[o + 1];
        last[o] = end > offsets[o] ? (last_span){spans->starts[end - 1], spans->ends[end - 1], row_at(a, end - 1), 0}
                                   : (last_span){INT32_MAX, INT32_MIN, LOTS_NO_ID, 0};
    }
    *out = last;
    return LOTS_OK;
}

/* Mostly it is the last: looked at for all rows without branches, LOTS_NO_ID where it doesn't hold. */
static void try_last(const as_of *a, const last_span *restrict last, uint32_t *restrict out)
{
    const uint32_t *owner = a->owner, count = a->step->count;
    const int32_t *low = a->low, *high = a->high;
    for (uint32_t i = 0; i < count; i++) {
        const last_span *span = &last[owner == NULL ? i : owner[i]];
        const uint32_t holds = (span->start <= high[i]) & (span->end >= low[i]);
        out[i] = span->row | (holds - 1);
    }
}

/* Rows without a span so far, the bits of which `none` has. False: more was looked at than pays. */
static bool look_back(const as_of *a, const uint64_t *none, uint32_t *out)
{
    const uint32_t *offsets = a->spans->offsets, count = a->step->count;
    uint64_t looked = 0;
    for (size_t row = lots_bits_next(none, 0, count); row < count && looked <= a->most; row = lots_bits_next(none, row + 1, count)) {
        const uint32_t owner = owner_at(a, (uint32_t)row), first = offsets[owner], end = offsets[owner + 1];
        const uint32_t found = seek_back(a->spans, first, end, a->low[row], a->high[row]);
        out[row] = found > first ? row_at(a, found - 1) : LOTS_NO_ID;
        looked += end - found;
    }
    return looked <= a->most;
}

static lots_status find_last(const as_of *a, uint32_t *out, bool *can, lots_error *err)
{
    const last_span *last = NULL;
    uint64_t *none = NULL;
    LOTS_TRY(find_last_spans(a, &last, err));
    LOTS_TRY(lots_new_bits(a->step->arena, a->step->count, &none, err));
    try_last(a, last, out);
    a->step->worker->kernels->range_u32(out, a->step->count, LOTS_NO_ID, LOTS_NO_ID, none);
    *can = look_back(a, none, out);
    return LOTS_OK;
}

/* ---- of spans that are asked more together with the row ---- */

typedef struct held { /* spans that hold beside their rows */
    uint32_t rows, pairs;
    uint32_t *row;       /* of the step's rows: those with any */
    uint32_t *of;        /* by pair: which of these it is */
    uint32_t *span;      /* by pair: row of the relation, rising for each row */
} held;

/* Rows whose owners have spans at all: mostly few, else nothing more would be asked. */
static lots_status find_rows_with_spans(const as_of *a, uint32_t **rows, uint32_t *count, lots_error *err)
{
    const lots_step *step = a->step;
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t *offsets = a->spans->offsets, owners = a->spans->relation->owners->count;
    uint64_t *any = NULL, *bits = NULL;
    LOTS_TRY(lots_new_bits(step->arena, owners, &any, err));
    kernels->less_i32((const int32_t *)offsets, (const int32_t *)offsets + 1, owners, any);
    bits = any;
    if (a->owner != NULL) {
        LOTS_TRY(lots_new_bits(step->arena, step->count, &bits, err));
        kernels->lookup_bits(a->owner, step->count, any, owners, bits);
    }
    *count = (uint32_t)kernels->bits_count(bits, step->count);
    LOTS_TRY(lots_new_u32(step->arena, *count, rows, err));
    kernels->bits_indexes(bits, step->count, *rows);
    return LOTS_OK;
}

/* All spans of these rows' owners; `most` when they are more than pays. */
static uint64_t count_spans(const as_of *a, const uint32_t *rows, uint32_t count)
{
    uint64_t all = 0;
    for (uint32_t r = 0; r < count && all < a->most; r++) {
        const uint32_t owner = owner_at(a, rows[r]);
        all += a->spans->offsets[owner + 1] - a->spans->offsets[owner];
    }
    return all;
}

static void put_held(const as_of *a, const uint32_t *rows, uint32_t count, held *out)
{
    const lots_passed *spans = a->spans;
    const int32_t *low = a->low, *high = a->high, *starts = spans->starts, *ends = spans->ends;
    uint32_t kept = 0, pairs = 0;
    for (uint32_t r = 0; r < count; r++) {
        const uint32_t row = rows[r], owner = owner_at(a, row), end = spans->offsets[owner + 1], before = pairs;
        for (uint32_t k = spans->offsets[owner]; k < end; k++) {
            out->of[pairs] = kept;
            out->span[pairs] = k;
            pairs += (starts[k] <= high[row]) & (ends[k] >= low[row]);
        }
        out->row[kept] = row;
        kept += pairs > before;
    }
    for (uint32_t p = 0; p < pairs && spans->rows != NULL; p++)
        out->span[p] = spans->rows[out->span[p]];
    out->rows = kept;
    out->pairs = pairs;
}

static lots_status find_held(const as_of *a, held *out, bool *can, lots_error *err)
{
    uint32_t *rows = NULL, count = 0;
    *out = (held){0, 0, NULL, NULL, NULL};
    LOTS_TRY(find_rows_with_spans(a, &rows, &count, err));
    const uint64_t all = count_spans(a, rows, count);
    *can = all < a->most;
    if (!*can)
        return LOTS_OK;
    out->row = rows; /* those that are kept are never more than were looked at */
    LOTS_TRY(lots_new_u32(a->step->arena, (size_t)all + 1, &out->of, err));
    LOTS_TRY(lots_new_u32(a->step->arena, (size_t)all + 1, &out->span, err));
    put_held(a, rows, count, out);
    return LOTS_OK;
}

/* A stored column of texts as numbers; NULL: it is none, or its texts are no numbers. */
static lots_status key_numbers(lots_worker *worker, const lots_expr *column, uint32_t frame, const int64_t **out, lots_error *err)
{
    const lots_query *query = worker->query;
    const uint32_t relation = query->frames[frame].relation;
    *out = NULL;
    if (column->op != LOTS_OP_COLUMN || column->of_frame != frame || column->type.kind != LOTS_TYPE_TEXT ||
        relation >= query->relation_count || query->relations[relation].kind != LOTS_RELATION_STREAM)
        return LOTS_OK;
    return lots_stream_numbers(worker, query->relations[relation].stream, query->relations[relation].columns[column->index].column,
                               out, err);
}

/* The span's link to the row (wait = w.id), where nothing else is asked and both are texts that are stored as numbers. */
static lots_status keep_linked(const as_of *a, const held *all, uint64_t *keep, bool *done, lots_error *err)
{
    const lots_step *step = a->step;
    const lots_expr *link = a->resolved->both_filters[0];
    const uint32_t frame = step->expr->set->frame, *row = step->rows->relation_row;
    const int64_t *of_span = NULL, *of_row = NULL;
    *done = false;
    if (a->resolved->both_count > 1 || link->op != LOTS_OP_EQUAL)
        return LOTS_OK;
    for (uint32_t s = 0; s < 2 && of_row == NULL; s++) {
        LOTS_TRY(key_numbers(step->worker, link->operands[s], frame, &of_span, err));
        if (of_span != NULL)
            LOTS_TRY(key_numbers(step->worker, link->operands[1 - s], step->rows->frame, &of_row, err));
    }
    *done = of_row != NULL;
    for (uint32_t p = 0; p < all->pairs && *done; p++) {
        const uint32_t i = all->row[all->of[p]];
        if (of_span[all->span[p]] != of_row[row == NULL ? i : row[i]])
            lots_bit_clear(keep, p);
    }
    return LOTS_OK;
}

/* *can false: some could not be judged. Then whoever looks at one after the other tells whether they matter. */
static lots_status keep_held(const as_of *a, const held *all, uint64_t *keep, bool *can, lots_error *err)
{
    const lots_step *step = a->step;
    lots_instance *left = NULL, *pairs = NULL;
    bool done = false;
    step->worker->work.rows += all->pairs;
    LOTS_TRY(keep_linked(a, all, keep, &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(lots_rows_take(step->worker, step->rows, all->row, all->rows, &left, err));
    LOTS_TRY(lots_instance_new(step->worker, step->expr->set->frame, all->pairs, left, step->rows->depth, &pairs, err));
    pairs->parent_index = all->of;
    pairs->relation_row = all->span;
    for (uint32_t f = 0; f < a->resolved->both_count && *can; f++) {
        lots_vector value, flat;
        LOTS_TRY(lots_value(step->worker, a->resolved->both_filters[f], pairs, &value, err));
        LOTS_TRY(lots_vector_flatten(step->arena, &value, &flat, err));
        lots_bits_and(keep, keep, flat.data, all->pairs);
        *can = flat.failed == NULL;
    }
    return LOTS_OK;
}

static lots_status find_last_of_held(const as_of *a, uint32_t *out, bool *can, lots_error *err)
{
    held all;
    uint64_t *keep = NULL;
    LOTS_TRY(find_held(a, &all, can, err));
    if (!*can)
        return LOTS_OK;
    memset(out, 0xff, a->step->count * sizeof *out); /* LOTS_NO_ID */
    if (all.pairs == 0)
        return LOTS_OK;
    LOTS_TRY(lots_new_words(a->step->arena, all.pairs, &keep, err));
    lots_bits_fill(keep, all.pairs, true);
    LOTS_TRY(keep_held(a, &all, keep, can, err));
    for (uint32_t p = 0; p < all.pairs; p++)
        if (lots_bit_get(keep, p))
            out[all.row[all.of[p]]] = all.span[p];
    return LOTS_OK;
}

lots_status lots_eval_as_of(const lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    as_of a = {.step = step};
    *done = has_shape(step);
    if (*done)
        LOTS_TRY(find_spans(&a, done, err));
    if (*done)
        LOTS_TRY(find_days(&a, done, err));
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_beyond_look(step->worker, step->expr->set, step->rows, err));
    LOTS_TRY(lots_step_new(step, out, err));
    step->worker->work.rows += step->count;
    if (a.resolved->both_count > 0)
        return find_last_of_held(&a, out->data, done, err);
    return find_last(&a, out->data, done, err);
}
