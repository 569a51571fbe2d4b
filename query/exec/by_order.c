/* by_order.c: see by_order.h. Every filter is a range of keys for each row, whole numbers in the order of the values; several
 * filters narrow the range, and one that asks for another value than the row's counts what is outside of it. */
#include "query/exec/by_order.h"

#include "core/codec/block.h"
#include "query/exec/reduce_slide.h"

typedef struct between { /* one filter: element >= low and element <= high, or above and below where strict */
    const lots_expr *element, *low, *high; /* NULL: open */
    bool strict, outside;
} between;

typedef struct key_ranges { /* by row */
    int64_t *low, *high;
    uint64_t *unknown; /* rows for which a filter is missing */
} key_ranges;

static bool has_order(const lots_type *type)
{
    switch (type->kind) {
    case LOTS_TYPE_BOOL: case LOTS_TYPE_INT: case LOTS_TYPE_DECIMAL: case LOTS_TYPE_FLOAT: case LOTS_TYPE_DATE: case LOTS_TYPE_DAYS:
    case LOTS_TYPE_MONTHS: case LOTS_TYPE_CATEGORY: case LOTS_TYPE_CODE: return true;
    default: return false;
    }
}

/* ---- filters ---- */

static lots_status is_of_element(const lots_candidates *candidates, const lots_expr *expr, bool *out, lots_error *err)
{
    return lots_expr_is_static(candidates->worker, expr, candidates->set->frame, candidates->relation->relation->frame, out,
                               err);
}

static lots_status is_of_row(const lots_candidates *candidates, const lots_expr *expr, bool *out, lots_error *err)
{
    const lots_home *home = NULL;
    LOTS_TRY(lots_expr_home(candidates->worker, expr, &home, err));
    *out = !lots_bit_get(home->depends, candidates->set->frame);
    return LOTS_OK;
}

/* `element OP row`. */
static between compared(lots_op op, const lots_expr *element, const lots_expr *row)
{
    const bool equal = op == LOTS_OP_EQUAL || op == LOTS_OP_UNEQUAL;
    const bool least = op == LOTS_OP_GREATER || op == LOTS_OP_GREATER_EQUAL;
    return (between){.element = element,
                     .low = equal || least ? row : NULL,
                     .high = equal || !least ? row : NULL,
                     .strict = op == LOTS_OP_GREATER || op == LOTS_OP_LESS,
                     .outside = op == LOTS_OP_UNEQUAL};
}

static lots_status read_filter(const lots_candidates *candidates, const lots_expr *filter, between *out, bool *found,
                               lots_error *err)
{
    const bool compares = filter->op >= LOTS_OP_EQUAL && filter->op <= LOTS_OP_GREATER_EQUAL;
    bool first = false, second = false;
    *found = false;
    if (filter->op == LOTS_OP_BETWEEN) {
        *out = (between){.element = filter->operands[0], .low = filter->operands[1], .high = filter->operands[2]};
        LOTS_TRY(is_of_element(candidates, out->element, found, err));
        LOTS_TRY(is_of_row(candidates, out->low, &first, err));
        LOTS_TRY(is_of_row(candidates, out->high, &second, err));
        *found = *found && first && second && has_order(&out->element->type);
        return LOTS_OK;
    }
    for (int s = 0; compares && s < 2 && !*found; s++) {
        *out = compared(s == 0 ? filter->op : lots_op_turned(filter->op), filter->operands[s], filter->operands[1 - s]);
        LOTS_TRY(is_of_element(candidates, out->element, found, err));
        LOTS_TRY(is_of_row(candidates, filter->operands[1 - s], &first, err));
        *found = *found && first && has_order(&out->element->type);
    }
    return LOTS_OK;
}

static bool same_value(const lots_expr *a, const lots_expr *b)
{
    return a == b || (a->op == LOTS_OP_COLUMN && b->op == LOTS_OP_COLUMN && a->of_frame == b->of_frame && a->index == b->index);
}

/* ---- keys ---- */

static int64_t key_at(const lots_vector *x, uint32_t at)
{
    switch (x->type.kind) {
    case LOTS_TYPE_BOOL: return lots_bit_get(x->data, at) ? 1 : 0;
    case LOTS_TYPE_FLOAT: return lots_f64_key(((const double *)x->data)[at] + 0.0); /* -0 + 0 is 0 */
    case LOTS_TYPE_DATE: return ((const int32_t *)x->data)[at];
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE: return ((const uint32_t *)x->data)[at];
    default: return ((const int64_t *)x->data)[at];
    }
}

static lots_status flat_value(const lots_step *step, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                              lots_error *err)
{
    lots_vector value;
    LOTS_TRY(lots_value(step->worker, expr, rows, &value, err));
    return lots_vector_flatten(step->arena, &value, out, err);
}

/* The ends of each row's range; *failed: some could not be computed, and pairs tell whether that matters. */
static lots_status narrow_keys(const lots_step *step, const between *filter, const lots_candidates *candidates, bool high,
                               key_ranges *keys, bool *failed, lots_error *err)
{
    const lots_expr *const end = high ? filter->high : filter->low;
    lots_vector value;
    if (end == NULL)
        return LOTS_OK;
    LOTS_TRY(flat_value(step, end, candidates->rows, &value, err));
    *failed = *failed || value.failed != NULL;
    for (uint32_t i = 0; i < candidates->count; i++) {
        const int64_t key = key_at(&value, i);
        if (lots_vector_is_missing(&value, i) || (filter->strict && key == (high ? INT64_MIN : INT64_MAX)))
            lots_bit_set(keys->unknown, i); /* nothing is beyond the last key either */
        else if (high)
            keys->high[i] = key - (filter->strict ? 1 : 0) < keys->high[i] ? key - (filter->strict ? 1 : 0) : keys->high[i];
        else
            keys->low[i] = key + (filter->strict ? 1 : 0) > keys->low[i] ? key + (filter->strict ? 1 : 0) : keys->low[i];
    }
    return LOTS_OK;
}

static lots_status open_ranges(const lots_step *step, uint32_t count, key_ranges *out, lots_error *err)
{
    LOTS_TRY(lots_new_i64(step->arena, count, &out->low, err));
    LOTS_TRY(lots_new_i64(step->arena, count, &out->high, err));
    LOTS_TRY(lots_new_bits(step->arena, count, &out->unknown, err));
    for (uint32_t i = 0; i < count; i++) {
        out->low[i] = INT64_MIN;
        out->high[i] = INT64_MAX;
    }
    return LOTS_OK;
}

/* The elements' keys by position, and the mask of those that have one. */
static lots_status element_keys(const lots_step *step, const lots_candidates *candidates, const lots_expr *element,
                                lots_ranges *ranges, int64_t **keys, bool *failed, lots_error *err)
{
    const lots_instance *elements = NULL;
    lots_vector x, listed;
    lots_ranges valid;
    LOTS_TRY(lots_relation_elements(step->worker, candidates->relation, candidates->set->frame, &elements, err));
    LOTS_TRY(flat_value(step, element, elements, &x, err));
    *failed = *failed || x.failed != NULL;
    if (candidates->list != NULL) {
        LOTS_TRY(lots_vector_gather(step->arena, &x, candidates->list, candidates->list_count, &listed, err));
        x = listed;
    }
    LOTS_TRY(lots_ranges_valid(step, ranges, &x, &valid, err));
    *ranges = valid;
    LOTS_TRY(lots_new_i64(step->arena, ranges->positions, keys, err));
    for (uint32_t at = 0; at < ranges->positions; at++)
        (*keys)[at] = key_at(&x, at);
    step->worker->work.rows += ranges->positions;
    return LOTS_OK;
}

/* ---- counting ---- */

/* How many of each range have a key at all. */
static lots_status count_known(const lots_step *step, const lots_ranges *ranges, uint32_t *counts, lots_error *err)
{
    lots_bit_ranks ranks;
    LOTS_TRY(lots_bit_ranks_make(step, ranges, &ranks, err));
    for (uint32_t i = 0; i < ranges->count; i++)
        counts[i] = lots_bit_rank(&ranks, ranges->end[i]) - lots_bit_rank(&ranks, ranges->first[i]);
    return LOTS_OK;
}

static lots_status put_counts(const lots_step *step, const lots_ranges *ranges, const int64_t *keys, const key_ranges *rows,
                              bool outside, lots_vector *out, lots_error *err)
{
    uint32_t *counts = NULL, *known = NULL;
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &counts, err));
    LOTS_TRY(lots_rank_counts(step, ranges, keys, rows->low, rows->high, counts, err));
    if (outside) {
        LOTS_TRY(lots_new_u32(step->arena, ranges->count, &known, err));
        LOTS_TRY(count_known(step, ranges, known, err));
    }
    for (uint32_t i = 0; i < ranges->count; i++) {
        uint32_t count = outside ? known[i] - counts[i] : counts[i];
        count = lots_bit_get(rows->unknown, i) ? 0 : count;
        if (step->expr->op == LOTS_OP_COUNT)
            ((int64_t *)out->data)[i] = count;
        else if (count > 0)
            lots_bit_set(out->data, i);
    }
    return LOTS_OK;
}

static bool may_be(const lots_step *step, const lots_candidates *candidates, const lots_ranges *ranges)
{
    return (step->expr->op == LOTS_OP_COUNT || step->expr->op == LOTS_OP_EXISTS) && candidates->pair_count > 0 &&
           candidates->set->event == NULL && candidates->failed == NULL && candidates->row_failed == NULL &&
           lots_slide_pays(ranges);
}

lots_status lots_count_by_order(const lots_step *step, const lots_candidates *candidates, bool *done, lots_vector *out,
                                lots_error *err)
{
    lots_ranges ranges = {.count = candidates->count,
                          .first = candidates->first,
                          .end = candidates->end,
                          .positions = candidates->list != NULL ? candidates->list_count : candidates->relation->count,
                          .mask = candidates->mask};
    key_ranges rows;
    between filter, first = {0};
    int64_t *keys = NULL;
    bool failed = false, found = true;
    *done = false;
    if (!may_be(step, candidates, &ranges))
        return LOTS_OK;
    for (uint32_t f = 0; f < candidates->pair_count && found; f++) {
        LOTS_TRY(read_filter(candidates, candidates->pair_filters[f], &filter, &found, err));
        first = f == 0 ? filter : first;
        found = found && same_value(first.element, filter.element) && (candidates->pair_count == 1 || !filter.outside);
    }
    if (!found)
        return LOTS_OK;
    LOTS_TRY(open_ranges(step, candidates->count, &rows, err));
    for (uint32_t f = 0; f < candidates->pair_count; f++) {
        LOTS_TRY(read_filter(candidates, candidates->pair_filters[f], &filter, &found, err));
        LOTS_TRY(narrow_keys(step, &filter, candidates, false, &rows, &failed, err));
        LOTS_TRY(narrow_keys(step, &filter, candidates, true, &rows, &failed, err));
    }
    if (candidates->list != NULL)
        LOTS_TRY(lots_list_mask(candidates, &ranges.mask, err));
    LOTS_TRY(element_keys(step, candidates, first.element, &ranges, &keys, &failed, err));
    *done = !failed;
    return failed ? LOTS_OK : put_counts(step, &ranges, keys, &rows, first.outside, out, err);
}
