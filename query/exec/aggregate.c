/* aggregate.c: the driver of aggregates over event sets: finds the candidates, gets the operand's values, and has them
 * reduced, all at once over rows of the relation, or batch by batch over pairs when something looks at both the element
 * and the frame's row. */
#include "query/exec/aggregate.h"

#include <string.h>

#include "query/exec/border.h"
#include "query/exec/by_order.h"
#include "query/exec/candidates.h"
#include "query/exec/column.h"
#include "query/exec/days.h"
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

/* ---- operands ---- */

/* The operand over an instance of the element frame; NIGHTS has one of its own, COUNT and EXISTS none. */
static lots_status operand_over(const lots_step *step, const lots_candidates *candidates, const lots_instance *elements,
                                lots_vector *out, lots_error *err)
{
    lots_vector value;
    if (step->expr->op == LOTS_OP_NIGHTS) {
        LOTS_TRY(lots_nights(step->worker, candidates->relation, lots_instance_arena(step->worker, elements), &value, err));
        if (elements->relation_row != NULL)
            return lots_vector_gather(lots_instance_arena(step->worker, elements), &value, elements->relation_row,
                                      elements->count, out, err);
        *out = value;
        return LOTS_OK;
    }
    const lots_expr *x = step->expr->operands[0];
    LOTS_TRY(lots_value(step->worker, lots_counts_prefixes(step->expr) ? x->operands[0] : x, elements, &value, err));
    return lots_vector_flatten(lots_instance_arena(step->worker, elements), &value, out, err);
}

static bool has_operand(lots_op op) { return op != LOTS_OP_COUNT && op != LOTS_OP_EXISTS; }

/* ---- over rows of the relation ---- */

/* Is a value of the operand so cheap where all of them are that nothing is gained by leaving rows out? */
static bool is_plain(const lots_expr *x)
{
    const lots_type_kind kind = x->type.kind;
    return x->op == LOTS_OP_CONSTANT ||
           (x->op == LOTS_OP_COLUMN && kind != LOTS_TYPE_SET && kind != LOTS_TYPE_CODE && kind != LOTS_TYPE_CATEGORY);
}

typedef struct held_bits { /* the rows that some range holds under the mask */
    bool known;            /* else they are all, or nearly */
    const uint64_t *bits;  /* NULL: all rows of the ranges, which are apart */
    uint32_t count;
} held_bits;

/* Does every range, an empty one too, begin no earlier than the one before it ends? */
static bool are_in_turn(const lots_ranges *ranges)
{
    enum { STRETCH = 4096 };
    uint64_t early[STRETCH / 64 + 8];
    for (uint32_t i = 0; i + 1 < ranges->count; i += STRETCH) {
        const uint32_t here = ranges->count - 1 - i < STRETCH ? ranges->count - 1 - i : STRETCH;
        lots_kernels_get()->less_i32((const int32_t *)ranges->first + i + 1, (const int32_t *)ranges->end + i, here, early);
        if (lots_bits_next(early, 0, here) < here)
            return false;
    }
    return true;
}

/* Do the ranges that aren't empty stand one behind the other? Mostly the others don't stand in the way. */
static bool are_behind(const lots_ranges *ranges)
{
    uint32_t at = 0;
    bool behind = true;
    if (are_in_turn(ranges))
        return true;
    for (uint32_t i = 0; i < ranges->count; i++) {
        const bool any = ranges->first[i] < ranges->end[i];
        behind &= !any || ranges->first[i] >= at;
        at = any ? ranges->end[i] : at;
    }
    return behind;
}

/* Ranges that overlap much are not gone through. */
static lots_status rows_held(const lots_step *step, const lots_ranges *ranges, held_bits *out, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    uint64_t *held = NULL, length = 0;
    *out = (held_bits){ranges->offsets != NULL && ranges->mask != NULL, ranges->mask, ranges->positions};
    if (ranges->offsets == NULL) {
        for (uint32_t i = 0; i < ranges->count; i++)
            length += ranges->end[i] - ranges->first[i];
        if (length >= 2 * (uint64_t)ranges->positions)
            return LOTS_OK;
        if (ranges->mask == NULL && (ranges->apart || are_behind(ranges))) {
            *out = (held_bits){true, NULL, (uint32_t)length};
            return LOTS_OK;
        }
        LOTS_TRY(lots_new_bits(step->arena, ranges->positions, &held, err));
        for (uint32_t i = 0; i < ranges->count && !ranges->apart; i++)
            if (ranges->first[i] < ranges->end[i])
                lots_bits_set_range(held, ranges->first[i], ranges->end[i]);
        if (ranges->apart)
            lots_places_bits(ranges->first, ranges->end, NULL, ranges->count, ranges->positions, held);
        if (ranges->mask != NULL)
            kernels->bits_and(held, ranges->mask, ranges->positions, held);
        *out = (held_bits){true, held, 0};
    }
    if (out->known)
        out->count = (uint32_t)kernels->bits_count(out->bits, ranges->positions);
    return LOTS_OK;
}

/* Of ranges that are apart: their rows, one range's after the other's. */
static lots_status number_apart(const lots_step *step, const lots_ranges *ranges, uint32_t count, uint32_t **rows,
                                lots_ranges *out, lots_error *err)
{
    uint32_t *places = NULL, at = 0;
    LOTS_TRY(lots_new_u32(step->arena, (size_t)count, rows, err));
    LOTS_TRY(lots_new_u32(step->arena, (size_t)ranges->count + 1, &places, err));
    step->worker->kernels->range_indexes(ranges->first, ranges->end, ranges->count, *rows);
    for (uint32_t g = 0; g < ranges->count; g++) {
        places[g] = at;
        at += ranges->end[g] - ranges->first[g];
    }
    places[ranges->count] = at;
    *out = (lots_ranges){.count = ranges->count, .first = places, .end = places + 1, .offsets = places, .positions = count};
    return LOTS_OK;
}

/* The rows that count, and the ranges of them: places among these. */
static lots_status number_held(const lots_step *step, const lots_ranges *ranges, const uint64_t *held, uint32_t count,
                               uint32_t **rows, lots_ranges *out, lots_error *err)
{
    if (held == NULL)
        return number_apart(step, ranges, count, rows, out, err);
    const lots_kernels *kernels = step->worker->kernels;
    const lots_ranges marked = {.positions = ranges->positions, .mask = held};
    const bool follow = ranges->offsets != NULL;
    uint32_t *places = NULL;
    lots_bit_ranks ranks;
    LOTS_TRY(lots_new_u32(step->arena, count, rows, err));
    LOTS_TRY(lots_new_u32(step->arena, 2 * ((size_t)ranges->count + 1), &places, err));
    LOTS_TRY(lots_bit_ranks_make(step, &marked, &ranks, err));
    kernels->bits_indexes(held, ranges->positions, *rows);
    uint32_t *ends = follow ? places + 1 : places + ranges->count + 1;
    places[0] = 0;
    kernels->bit_ranks(held, ranks.words, ranges->first, ranges->count, places);
    kernels->bit_ranks(held, ranks.words, ranges->end, ranges->count, ends);
    *out = (lots_ranges){.count = ranges->count, .first = places, .end = ends, .positions = count};
    out->offsets = follow ? places : NULL;
    return LOTS_OK;
}

/* A stored column that nothing has decoded yet, of which few rows count, is decoded for these alone: *done. */
static lots_status take_held(const lots_step *step, lots_relation_rows *relation, const lots_instance *all,
                             lots_ranges *ranges, lots_vector *x, bool *done, lots_error *err)
{
    const lots_expr *column = step->expr->op == LOTS_OP_NIGHTS ? NULL : step->expr->operands[0];
    const lots_relation *bound = relation->relation;
    held_bits held;
    uint32_t *rows = NULL, *of_relation = NULL;
    lots_ranges few;
    *done = false;
    if (column == NULL || column->op != LOTS_OP_COLUMN || column->of_frame != all->frame ||
        bound->kind != LOTS_RELATION_STREAM || !is_plain(column) ||
        lots_stream_is_read(step->worker, bound->stream, bound->columns[column->index].column))
        return LOTS_OK;
    LOTS_TRY(rows_held(step, ranges, &held, err));
    const uint32_t count = held.count;
    if (!held.known || 4 * (uint64_t)count >= ranges->positions)
        return LOTS_OK;
    LOTS_TRY(number_held(step, ranges, held.bits, count, &rows, &few, err));
    if (all->relation_row != NULL) {
        LOTS_TRY(lots_new_u32(step->arena, count, &of_relation, err));
        step->worker->kernels->gather_u32(all->relation_row, rows, count, of_relation);
    }
    LOTS_TRY(lots_relation_take(step->worker, relation, column->index, of_relation != NULL ? of_relation : rows, count,
                                step->arena, x, err));
    x->type = column->type;
    *ranges = few;
    *done = true;
    return LOTS_OK;
}

typedef struct held_rows { /* the rows that count, as an instance, and the ranges of them */
    lots_instance *elements; /* NULL: all rows are to be looked at */
    lots_ranges ranges;
} held_rows;

/* Whose the rows that count are: their ranges' owners, where these follow one another; else by what is known of all. */
static lots_status own_held(const lots_step *step, const lots_instance *all, bool follow, const lots_ranges *held,
                            const uint32_t *rows, lots_instance *out, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t *owners = NULL;
    uint32_t *parents = NULL, *offsets = NULL;
    LOTS_TRY(lots_new_u32(step->arena, out->count, &parents, err));
    out->parent_index = parents;
    if (!follow || lots_instance_of(step->worker, step->rows, all->parent->frame) != all->parent) {
        LOTS_TRY(lots_instance_parents(step->worker, all, &owners, err));
        kernels->gather_u32(owners, rows, out->count, parents);
        return LOTS_OK;
    }
    LOTS_TRY(lots_new_u32(step->arena, (size_t)held->count + 1, &offsets, err));
    offsets[0] = 0;
    for (uint32_t i = 0; i < held->count; i++)
        offsets[i + 1] = offsets[i] + (held->end[i] - held->first[i]);
    LOTS_TRY(lots_instance_index(step->worker, step->rows, all->parent, &owners, err));
    if (owners == NULL)
        kernels->broadcast_index(offsets, held->count, parents);
    else
        kernels->broadcast_i32((const int32_t *)owners, offsets, held->count, (int32_t *)parents);
    return LOTS_OK;
}

/* What is asked of few of the relation's rows is computed for those alone. */
static lots_status hold_rows(const lots_step *step, const lots_ranges *ranges, const lots_instance *all, held_rows *out,
                             lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    held_bits held;
    uint32_t *rows = NULL;
    *out = (held_rows){.elements = NULL};
    if (step->expr->op == LOTS_OP_NIGHTS || is_plain(step->expr->operands[0]))
        return LOTS_OK;
    LOTS_TRY(rows_held(step, ranges, &held, err));
    const uint32_t count = held.count;
    if (!held.known || 2 * (uint64_t)count >= ranges->positions)
        return LOTS_OK;
    LOTS_TRY(number_held(step, ranges, held.bits, count, &rows, &out->ranges, err));
    LOTS_TRY(lots_instance_new(step->worker, all->frame, count, all->parent, all->depth, &out->elements, err));
    LOTS_TRY(own_held(step, all, are_behind(ranges), &out->ranges, rows, out->elements, err));
    out->elements->relation_row = rows;
    if (all->relation_row != NULL) {
        uint32_t *of_relation = NULL;
        LOTS_TRY(lots_new_u32(step->arena, count, &of_relation, err));
        kernels->gather_u32(all->relation_row, rows, count, of_relation);
        out->elements->relation_row = of_relation;
    }
    return LOTS_OK;
}

/* The operand over the rows of an instance of the element frame: all, or those that count, with the ranges of them. */
static lots_status operand_of_ranges(const lots_step *step, const lots_candidates *candidates, const lots_instance *all,
                                     lots_ranges *ranges, lots_vector *x, lots_error *err)
{
    held_rows held;
    bool done = false;
    LOTS_TRY(take_held(step, candidates->relation, all, ranges, x, &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(hold_rows(step, ranges, all, &held, err));
    if (held.elements != NULL)
        *ranges = held.ranges;
    return operand_over(step, candidates, held.elements != NULL ? held.elements : all, x, err);
}

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
        LOTS_TRY(operand_of_ranges(step, candidates, elements, &ranges, &x, err));
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
        LOTS_TRY(operand_of_ranges(step, candidates, candidates->passed->elements, &ranges, &x, err));
    } else if (has_operand(step->expr->op)) {
        const lots_instance *elements = NULL;
        lots_vector all;
        LOTS_TRY(lots_relation_elements(step->worker, candidates->relation, candidates->set->frame, &elements, err));
        LOTS_TRY(operand_over(step, candidates, elements, &all, err));
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
        LOTS_TRY(operand_over(step, candidates, pairs->instance, &x, err));
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
