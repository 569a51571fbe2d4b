/* aggregate.c: the driver of aggregates over event sets: finds the candidates, gets the operand's values, and has them
 * reduced, all at once over rows of the relation, or batch by batch over pairs when something looks at both the element
 * and the frame's row. */
#include "query/exec/aggregate.h"

#include "query/exec/by_order.h"
#include "query/exec/candidates.h"
#include "query/exec/days.h"
#include "query/exec/operand.h"
#include "query/exec/period.h"

static lots_status reduce(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, lots_vector *out,
                          lots_error *err)
{
    LOTS_TRY(lots_vector_new(step->arena, &step->expr->type, ranges->count, out, err));
    switch (step->expr->op) {
    case LOTS_OP_COUNT:
        return lots_reduce_count(step, ranges, out, err);
    case LOTS_OP_EXISTS:
        return lots_reduce_exists(step, ranges, out, err);
    case LOTS_OP_SUM:
    case LOTS_OP_MEAN:
    case LOTS_OP_NIGHTS:
        return lots_reduce_sum(step, ranges, x, out, err);
    case LOTS_OP_MIN:
    case LOTS_OP_MAX:
        return lots_reduce_extreme(step, ranges, x, out, err);
    case LOTS_OP_MEDIAN:
    case LOTS_OP_QUANTILE:
        return lots_reduce_quantile(step, ranges, x, out, err);
    case LOTS_OP_COUNT_DISTINCT:
    case LOTS_OP_SET_OF:
    case LOTS_OP_MOST:
        return lots_reduce_distinct(step, ranges, x, out, err);
    case LOTS_OP_GROUPS_OVER:
    case LOTS_OP_SCORE_OVER:
        return lots_reduce_classes(step, ranges, x, out, err);
    case LOTS_OP_FIRST_VALUE:
    case LOTS_OP_LAST_VALUE: {
        uint32_t *at = NULL;
        lots_ranges valid;
        LOTS_TRY(lots_ranges_valid(step, ranges, x, &valid, err));
        LOTS_TRY(lots_new_u32(step->arena, ranges->count, &at, err));
        LOTS_TRY(lots_pick_end(step, &valid, step->expr->op == LOTS_OP_LAST_VALUE, at, err));
        return lots_vector_gather(step->arena, x, at, ranges->count, out, err);
    }
    default:
        return lots_fail(err, LOTS_INTERNAL, "operator %d is no aggregate", (int)step->expr->op);
    }
}

/* Which ranges hold a position of `failed` fail too. Rare, so simply looked for. */
static lots_status fail_ranges(const lots_step *step, const lots_ranges *ranges, const uint64_t *failed,
                               const lots_expr *culprit, lots_vector *out, lots_error *err)
{
    if (failed == NULL)
        return LOTS_OK;
    for (uint32_t i = 0; i < ranges->count; i++) {
        for (size_t k = lots_bits_next(failed, ranges->first[i], ranges->end[i]); k < ranges->end[i];
             k = lots_bits_next(failed, k + 1, ranges->end[i])) {
            if (ranges->mask != NULL && !lots_bit_get(ranges->mask, k))
                continue;
            LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
            if (out->failed == NULL)
                LOTS_TRY(lots_new_bits(step->arena, out->count, &out->failed, err));
            lots_bit_set(out->missing, i);
            lots_bit_set(out->failed, i);
            if (out->type.kind == LOTS_TYPE_BOOL)
                lots_bit_clear(out->data, i);
            out->culprit = culprit;
            break;
        }
    }
    return LOTS_OK;
}

static lots_status fail_rows(const lots_step *step, const uint64_t *rows, const lots_expr *culprit, lots_vector *out,
                             lots_error *err)
{
    for (uint32_t i = 0; rows != NULL && i < out->count; i++) {
        if (!lots_bit_get(rows, i))
            continue;
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        if (out->failed == NULL)
            LOTS_TRY(lots_new_bits(step->arena, out->count, &out->failed, err));
        lots_bit_set(out->missing, i);
        lots_bit_set(out->failed, i);
        if (out->type.kind == LOTS_TYPE_BOOL)
            lots_bit_clear(out->data, i);
        out->culprit = culprit;
    }
    return LOTS_OK;
}

static bool has_operand(lots_op op) { return op != LOTS_OP_COUNT && op != LOTS_OP_EXISTS; }

/* ---- over rows of the relation ---- */

static lots_status reduce_rows(const lots_step *step, const lots_candidates *candidates, lots_vector *out,
                               lots_error *err)
{
    lots_ranges ranges = {.count = candidates->count,
                                .first = candidates->first,
                                .end = candidates->end,
                                .offsets = candidates->contiguous ? candidates->first : NULL,
                                .apart = candidates->apart,
                                .positions = candidates->relation->count,
                                .mask = candidates->mask,
                                .borders = candidates->places != NULL && candidates->rows == candidates->relation->owners
                                               ? candidates->relation : NULL};
    const lots_ranges unmasked = {
        .count = ranges.count, .first = ranges.first, .end = ranges.end, .positions = ranges.positions};
    lots_vector x = {.count = 0};
    bool done = false;
    LOTS_TRY(lots_reduce_stored_groups(step, candidates->relation, &ranges, NULL, &done, out, err));
    if (!done)
        LOTS_TRY(lots_reduce_period(step, candidates, &done, out, err));
    if (!done && has_operand(step->expr->op)) {
        const lots_instance *elements = NULL;
        LOTS_TRY(lots_relation_elements(step->worker, candidates->relation, candidates->set->frame, &elements, err));
        LOTS_TRY(lots_operand_of_ranges(step, candidates->relation, elements, &ranges, &x, err));
    }
    if (!done)
        LOTS_TRY(reduce(step, &ranges, has_operand(step->expr->op) ? &x : NULL, out, err));
    LOTS_TRY(fail_ranges(step, &ranges, x.failed, x.culprit, out, err));
    LOTS_TRY(fail_ranges(step, &unmasked, candidates->failed, candidates->culprit, out, err));
    return fail_rows(step, candidates->row_failed, candidates->culprit, out, err);
}

/* ---- over a list of rows ---- */

/* Places in the list are the positions: what belongs to a row is gathered to them. */
static lots_status reduce_list(const lots_step *step, const lots_candidates *candidates, lots_vector *out,
                               lots_error *err)
{
    lots_ranges ranges = {.count = candidates->count,
                          .first = candidates->first,
                          .end = candidates->end,
                          .offsets = candidates->contiguous ? candidates->first : NULL,
                          .positions = candidates->list_count};
    lots_vector x = {.count = 0};
    bool done = false;
    LOTS_TRY(lots_list_mask(candidates, &ranges.mask, err));
    LOTS_TRY(lots_reduce_stored_groups(step, candidates->relation, &ranges, candidates->list, &done, out, err));
    if (done)
        return fail_rows(step, candidates->row_failed, candidates->culprit, out, err);
    if (has_operand(step->expr->op) && candidates->passed != NULL) {
        LOTS_TRY(lots_passed_elements(step->worker, candidates->passed, candidates->set->frame, err));
        LOTS_TRY(lots_operand_of_ranges(step, candidates->relation, candidates->passed->elements, &ranges, &x, err));
    } else if (has_operand(step->expr->op)) {
        const lots_instance *elements = NULL;
        lots_vector all;
        LOTS_TRY(lots_relation_elements(step->worker, candidates->relation, candidates->set->frame, &elements, err));
        LOTS_TRY(lots_operand_over(step, candidates->relation, elements, &all, err));
        LOTS_TRY(lots_vector_gather(step->arena, &all, candidates->list, candidates->list_count, &x, err));
    }
    LOTS_TRY(reduce(step, &ranges, has_operand(step->expr->op) ? &x : NULL, out, err));
    LOTS_TRY(fail_ranges(step, &ranges, x.failed, x.culprit, out, err));
    return fail_rows(step, candidates->row_failed, candidates->culprit, out, err);
}

/* ---- over spans ---- */

/* Spans of a row's interval that still run on its first day, counted one by one. */
static int64_t count_late(const lots_candidates *candidates, uint32_t row)
{
    int64_t late = 0;
    for (uint32_t i = candidates->first[row]; i < candidates->end[row]; i++)
        late += candidates->passed->ends[i] >= candidates->low[row];
    return late;
}

/* What began by the last day of the interval without what had ended before its first: all that ended had begun, unless the
 * interval is reversed. */
static lots_status count_spans(const lots_step *step, const lots_candidates *candidates, lots_vector *out,
                               lots_error *err)
{
    const lots_instance *owners = candidates->relation->owners;
    const uint32_t *group = NULL;
    uint32_t *ended = NULL, *last = NULL;
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_passed_by_end(step->worker, candidates->passed, err));
    LOTS_TRY(lots_instance_index(step->worker, candidates->rows, owners, &group, err));
    LOTS_TRY(lots_new_u32(step->arena, candidates->count, &ended, err));
    LOTS_TRY(lots_new_u32(step->arena, candidates->count, &last, err));
    for (uint32_t i = 0; i < candidates->count; i++) {
        const uint32_t owner = group == NULL ? i : group[i];
        ended[i] = candidates->passed->offsets[owner];
        last[i] = candidates->passed->offsets[owner + 1];
    }
    step->worker->kernels->lower_bounds(candidates->passed->by_end, candidates->low, last, candidates->count, ended);
    int64_t *counts = out->data;
    for (uint32_t i = 0; i < candidates->count; i++) {
        const bool none = candidates->first[i] == candidates->end[i];
        const bool reversed = candidates->high != NULL && candidates->high[i] < candidates->low[i];
        counts[i] = none ? 0 : reversed ? count_late(candidates, i) : (int64_t)candidates->end[i] - ended[i];
    }
    step->worker->work.rows += 2 * (uint64_t)candidates->count;
    return fail_rows(step, candidates->row_failed, candidates->culprit, out, err);
}

/* Do the ranges alone say how many there are, or whether there are any? */
static bool is_of_spans(const lots_step *step, const lots_candidates *candidates)
{
    return candidates->low != NULL && candidates->pair_count == 1 &&
           (step->expr->op == LOTS_OP_EXISTS || (step->expr->op == LOTS_OP_COUNT && candidates->passed->sound));
}

/* ---- over pairs ---- */

/* Texts made for a pair die with its batch: copy them. */
static lots_status adopt_texts(const lots_step *step, lots_vector *part, lots_error *err)
{
    const bool set = part->type.kind == LOTS_TYPE_SET;
    if ((set ? part->type.element : part->type.kind) != LOTS_TYPE_TEXT)
        return LOTS_OK;
    lots_text *texts = part->data;
    const uint32_t count = set ? part->offsets[part->count] : part->count;
    for (uint32_t i = 0; i < count; i++) {
        char *copy = NULL;
        LOTS_TRY(lots_arena_text(step->arena, &copy, texts[i].bytes == 0 ? "" : texts[i].text, texts[i].bytes, err));
        texts[i].text = copy;
    }
    return LOTS_OK;
}

static lots_status reduce_pairs(const lots_step *step, const lots_candidates *candidates, const lots_pairs *pairs,
                                lots_vector *out, lots_error *err)
{
    const lots_ranges ranges = {.count = pairs->to - pairs->from,
                                .first = pairs->offsets,
                                .end = pairs->offsets + 1,
                                .offsets = pairs->offsets,
                                .positions = pairs->count};
    lots_vector x = {.count = 0};
    bool done = false;
    LOTS_TRY(lots_reduce_stored_groups(step, candidates->relation, &ranges, pairs->relation_row, &done, out, err));
    if (!done && has_operand(step->expr->op))
        LOTS_TRY(lots_operand_over(step, candidates->relation, pairs->instance, &x, err));
    if (!done)
        LOTS_TRY(reduce(step, &ranges, has_operand(step->expr->op) ? &x : NULL, out, err));
    LOTS_TRY(adopt_texts(step, out, err));
    LOTS_TRY(fail_ranges(step, &ranges, x.failed, x.culprit, out, err));
    return fail_rows(step, pairs->failed, pairs->culprit, out, err);
}

static lots_status reduce_batches(const lots_step *step, const lots_candidates *candidates, lots_vector *out,
                                  lots_error *err)
{
    lots_batches batches;
    lots_vec parts = LOTS_VEC(lots_vector);
    lots_status status = lots_batches_begin(&batches, candidates, err);
    if (status != LOTS_OK)
        return status;
    while (status == LOTS_OK) {
        lots_pairs pairs;
        lots_vector part;
        status = lots_batches_next(&batches, &pairs, err);
        if (status != LOTS_OK || pairs.from == pairs.to)
            break;
        status = reduce_pairs(step, candidates, &pairs, &part, err);
        if (status == LOTS_OK)
            status = lots_vec_push(&parts, &part, err);
    }
    lots_batches_end(&batches);
    if (status == LOTS_OK && parts.count > 0)
        status = lots_vector_concat(step->arena, parts.data, (uint32_t)parts.count, out, err);
    else if (status == LOTS_OK)
        status = lots_vector_new(step->arena, &step->expr->type, 0, out, err);
    lots_vec_free(&parts);
    return status;
}

static lots_status needs_pairs(const lots_step *step, const lots_candidates *candidates, bool *out, lots_error *err)
{
    bool fixed = true;
    if (has_operand(step->expr->op) && step->expr->op != LOTS_OP_NIGHTS)
        LOTS_TRY(lots_expr_is_static(step->worker, step->expr->operands[0], candidates->set->frame,
                                     candidates->relation->relation->frame, &fixed, err));
    *out = !fixed || candidates->pair_count > 0 ||
           (candidates->list != NULL && candidates->passed == NULL &&
            (candidates->failed != NULL || candidates->row_failed != NULL));
    return LOTS_OK;
}

/* exists over pairs: the nearest that passes is enough. */
static lots_status seek_one(const lots_step *step, const lots_candidates *candidates, lots_vector *out, lots_error *err)
{
    uint32_t *found = NULL;
    uint64_t *failed = NULL;
    const lots_expr *culprit = NULL;
    const lots_ranges unmasked = {.count = candidates->count, .first = candidates->first, .end = candidates->end};
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_new_u32(step->arena, candidates->count, &found, err));
    LOTS_TRY(lots_candidates_seek(candidates, false, found, &failed, &culprit, err));
    step->worker->kernels->range_u32(found, candidates->count, 0, LOTS_NO_ID - 1, out->data);
    LOTS_TRY(fail_rows(step, failed, culprit, out, err));
    if (candidates->list == NULL)
        LOTS_TRY(fail_ranges(step, &unmasked, candidates->failed, candidates->culprit, out, err));
    return fail_rows(step, candidates->row_failed, candidates->culprit, out, err);
}

/* exists(index): is there an event? Nothing else is asked of it. */
static lots_status exists_event(const lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    const lots_set *set = step->expr->set;
    lots_vector events, flat;
    *done = step->expr->op == LOTS_OP_EXISTS && set->event != NULL && !set->no_ghosts &&
            set->window_count + set->filter_count + set->asked_count == 0;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_value(step->worker, set->event, step->rows, &events, err));
    LOTS_TRY(lots_vector_flatten(step->arena, &events, &flat, err));
    LOTS_TRY(lots_step_new(step, out, err));
    step->worker->kernels->range_u32(flat.data, step->count, 0, LOTS_NO_ID - 1, out->data);
    return fail_rows(step, flat.failed, flat.culprit, out, err);
}

lots_status lots_eval_aggregate(lots_step *step, lots_vector *out, lots_error *err)
{
    lots_candidates candidates;
    bool pairs = false, counted = false;
    if (step->expr->set == NULL)
        return lots_fail(err, LOTS_INTERNAL, "operator %d can't be evaluated", (int)step->expr->op);
    LOTS_TRY(lots_eval_has_code(step, &counted, out, err));
    if (!counted)
        LOTS_TRY(exists_event(step, &counted, out, err));
    if (counted)
        return LOTS_OK;
    if (step->expr->op == LOTS_OP_COVERED_DAYS)
        LOTS_TRY(lots_candidates_find(step->worker, step->expr->set, step->rows, &candidates, err));
    else
        LOTS_TRY(lots_candidates_in_places(step->worker, step->expr->set, step->rows, step->expr->op == LOTS_OP_EXISTS, &candidates,
                                           err));
    if (step->expr->op == LOTS_OP_COVERED_DAYS)
        return lots_covered_days(step, &candidates, out, err);
    if (is_of_spans(step, &candidates)) {
        if (step->expr->op == LOTS_OP_COUNT)
            return count_spans(step, &candidates, out, err);
        candidates.pair_count = 0;
    }
    LOTS_TRY(needs_pairs(step, &candidates, &pairs, err));
    if (!pairs && (candidates.list != NULL || candidates.any) && candidates.set->event == NULL)
        return reduce_list(step, &candidates, out, err);
    if (!pairs && candidates.list == NULL)
        return reduce_rows(step, &candidates, out, err);
    LOTS_TRY(lots_count_by_order(step, &candidates, &counted, out, err));
    if (counted)
        return LOTS_OK;
    if (step->expr->op == LOTS_OP_EXISTS)
        return seek_one(step, &candidates, out, err);
    return reduce_batches(step, &candidates, out, err);
}
