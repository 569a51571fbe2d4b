/* event.c: EVENT: the one event of a set that its pick says, as a row of the set's relation. next and prev narrow the
 * candidates to those after or before an event, then the first or last is taken; `by` keys order otherwise, and ties fall
 * back to the total order, which is the order of rows. */
#include <string.h>

#include "query/exec/aggregate.h"
#include "query/exec/as_of.h"
#include "query/exec/beside.h"
#include "query/exec/candidates.h"
#include "query/exec/dense.h"

static lots_status eval_self(const lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_new(step, out, err));
    uint32_t *rows = out->data;
    for (uint32_t i = 0; i < step->count; i++)
        rows[i] = step->rows->relation_row == NULL ? i : step->rows->relation_row[i];
    return LOTS_OK;
}

/* ---- ordered by keys ---- */

typedef struct key_order {
    const lots_vector *keys;
    const lots_order_key *order;
    uint32_t count;
    const int64_t *ranks; /* by position: where two differ they order by the first key; NULL: no such */
} key_order;

/* Missing is lowest: first when rising, last when falling. Equal keys: by position. */
static int compare_positions(const void *context, uint32_t a, uint32_t b)
{
    const key_order *order = context;
    for (uint32_t k = 0; k < order->count; k++) {
        const int sign = lots_vector_compare(&order->keys[k], a, &order->keys[k], b);
        if (sign != 0)
            return order->order[k].descending ? -sign : sign;
    }
    return (a > b) - (a < b);
}

/* Missing and what is least of all may rank alike: the keys themselves decide then. */
static int64_t rank_of(const lots_vector *key, uint32_t at)
{
    if (lots_vector_is_missing(key, at))
        return INT64_MIN;
    switch (key->type.kind) {
    case LOTS_TYPE_DATE: return ((const int32_t *)key->data)[at];
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE: return ((const uint32_t *)key->data)[at];
    default: return ((const int64_t *)key->data)[at];
    }
}

/* The first key's values as numbers, those of a falling key from the other end. */
static lots_status make_ranks(lots_arena *arena, key_order *order, uint32_t count, lots_error *err)
{
    int64_t *ranks = NULL;
    if (order->count == 0)
        return LOTS_OK;
    switch (order->keys[0].type.kind) {
    case LOTS_TYPE_DATE:
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE:
    case LOTS_TYPE_INT:
    case LOTS_TYPE_DECIMAL:
    case LOTS_TYPE_DAYS:
    case LOTS_TYPE_MONTHS: break;
    default: return LOTS_OK;
    }
    LOTS_TRY(lots_new_i64(arena, count, &ranks, err));
    for (uint32_t i = 0; i < count; i++)
        ranks[i] = order->order[0].descending ? ~rank_of(&order->keys[0], i) : rank_of(&order->keys[0], i);
    order->ranks = ranks;
    return LOTS_OK;
}

static bool is_before(const key_order *order, uint32_t a, uint32_t b)
{
    if (order->ranks != NULL && order->ranks[a] != order->ranks[b])
        return order->ranks[a] < order->ranks[b];
    return compare_positions(order, a, b) < 0;
}

static lots_status make_keys(const lots_step *step, const lots_instance *elements, key_order *out, lots_error *err)
{
    void *room = NULL;
    lots_arena *arena = lots_instance_arena(step->worker, elements);
    LOTS_TRY(lots_arena_alloc(arena, &room, step->expr->order_count, sizeof(lots_vector), err));
    lots_vector *keys = room;
    for (uint32_t k = 0; k < step->expr->order_count; k++) {
        lots_vector value;
        LOTS_TRY(lots_value(step->worker, step->expr->order[k].value, elements, &value, err));
        LOTS_TRY(lots_raise(&value, err));
        LOTS_TRY(lots_vector_flatten(arena, &value, &keys[k], err));
    }
    *out = (key_order){keys, step->expr->order, step->expr->order_count, NULL};
    return make_ranks(arena, out, elements->count, err);
}

/* The k-th (0-based) of [first, end) by keys; the last when k is beyond counting. */
static lots_status pick_by_keys(const lots_step *step, const key_order *order, uint32_t first, uint32_t end, bool last,
                                int64_t k, uint32_t *out, lots_error *err)
{
    *out = LOTS_NO_ID;
    if (first == end || k < 0 || k >= (int64_t)(end - first))
        return LOTS_OK;
    if (k == 0) {
        uint32_t best = first;
        for (uint32_t i = first + 1; i < end; i++)
            if (last ? is_before(order, best, i) : is_before(order, i, best))
                best = i;
        *out = best;
        return LOTS_OK;
    }
    uint32_t *indexes = NULL, *spare = NULL;
    const uint32_t count = end - first;
    const lots_arena_mark mark = lots_arena_save(&step->worker->scratch);
    LOTS_TRY(lots_new_u32(&step->worker->scratch, count, &indexes, err));
    LOTS_TRY(lots_new_u32(&step->worker->scratch, count, &spare, err));
    for (uint32_t i = 0; i < count; i++)
        indexes[i] = first + i;
    lots_sort_indexes(indexes, count, spare, compare_positions, order);
    *out = indexes[k];
    lots_arena_restore(&step->worker->scratch, mark);
    return LOTS_OK;
}

static lots_status pick_ordered(const lots_step *step, const lots_candidates *candidates, const lots_vector *places,
                                uint32_t *out, uint64_t **failed, const lots_expr **culprit, lots_error *err)
{
    lots_batches batches;
    LOTS_TRY(lots_batches_begin(&batches, candidates, err));
    for (;;) {
        lots_pairs pairs;
        key_order order;
        LOTS_TRY(lots_batches_next(&batches, &pairs, err));
        if (pairs.from == pairs.to)
            break;
        LOTS_TRY(make_keys(step, pairs.instance, &order, err));
        for (uint32_t i = pairs.from; i < pairs.to; i++) {
            const uint32_t at = i - pairs.from;
            const bool none = places != NULL && lots_vector_is_missing(places, i);
            const int64_t k = none ? -1 : places != NULL ? ((const int64_t *)places->data)[i] - 1 : 0;
            uint32_t position = LOTS_NO_ID;
            LOTS_TRY(pick_by_keys(step, &order, pairs.offsets[at], pairs.offsets[at + 1],
                                  step->expr->pick == LOTS_PICK_LAST, k, &position, err));
            out[i] = position == LOTS_NO_ID ? LOTS_NO_ID : pairs.relation_row[position];
            if (pairs.failed == NULL || !lots_bit_get(pairs.failed, at))
                continue;
            if (*failed == NULL)
                LOTS_TRY(lots_new_bits(step->arena, step->count, failed, err));
            lots_bit_set(*failed, i);
            *culprit = pairs.culprit;
        }
    }
    lots_batches_end(&batches);
    return LOTS_OK;
}

/* ---- in the total order ---- */

static lots_status pick_rows(const lots_step *step, const lots_candidates *candidates, const lots_vector *places,
                             uint32_t *out, lots_error *err)
{
    lots_ranges ranges = {.count = candidates->count,
                          .first = candidates->first,
                          .end = candidates->end,
                          .offsets = candidates->contiguous ? candidates->first : NULL,
                          .apart = candidates->apart,
                          .positions = candidates->relation->count,
                          .mask = candidates->mask};
    if (candidates->list != NULL) {
        ranges.positions = candidates->list_count;
        LOTS_TRY(lots_list_mask(candidates, &ranges.mask, err));
    }
    const bool last = step->expr->pick == LOTS_PICK_LAST || step->expr->pick == LOTS_PICK_PREV;
    if (places != NULL)
        LOTS_TRY(lots_pick_nth(step, &ranges, places, out, err));
    else
        LOTS_TRY(lots_pick_end(step, &ranges, last, out, err));
    for (uint32_t i = 0; candidates->list != NULL && i < candidates->count; i++)
        out[i] = out[i] == LOTS_NO_ID ? LOTS_NO_ID : candidates->list[out[i]];
    return LOTS_OK;
}

static bool is_beside(lots_pick pick) { return pick == LOTS_PICK_NEXT || pick == LOTS_PICK_PREV; }

/* An event that could not be found for sure: none, and an error where it is needed. */
static lots_status fail_events(const lots_step *step, const lots_candidates *candidates, const uint64_t *failed,
                               const lots_expr *culprit, lots_vector *out, lots_error *err)
{
    uint32_t *rows = out->data;
    if (failed == NULL && candidates->failed == NULL && candidates->row_failed == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(step->arena, step->count, &out->failed, err));
    out->culprit = culprit != NULL ? culprit : candidates->culprit;
    for (uint32_t i = 0; i < step->count; i++) {
        const bool masked = candidates->failed != NULL && candidates->list == NULL &&
                            lots_bits_next(candidates->failed, candidates->first[i], candidates->end[i]) <
                                candidates->end[i];
        if (!masked && !(failed != NULL && lots_bit_get(failed, i)) &&
            !(candidates->row_failed != NULL && lots_bit_get(candidates->row_failed, i)))
            continue;
        lots_bit_set(out->failed, i);
        rows[i] = LOTS_NO_ID;
    }
    return LOTS_OK;
}

static lots_status find_events(const lots_step *step, const lots_candidates *candidates, lots_vector *out,
                               lots_error *err)
{
    const lots_expr *culprit = NULL;
    uint64_t *failed = NULL;
    lots_vector value, places;
    const bool nth = step->expr->pick == LOTS_PICK_NTH;
    if (nth) {
        LOTS_TRY(lots_value(step->worker, step->expr->operands[0], step->rows, &value, err));
        LOTS_TRY(lots_vector_flatten(step->arena, &value, &places, err));
        failed = places.failed;
        culprit = places.culprit;
    }
    const bool plain = candidates->pair_count == 0 && candidates->set->event == NULL;
    const bool last = step->expr->pick == LOTS_PICK_LAST || step->expr->pick == LOTS_PICK_PREV;
    LOTS_TRY(lots_step_new(step, out, err));
    if (step->expr->order_count > 0 || (nth && !plain))
        LOTS_TRY(pick_ordered(step, candidates, nth ? &places : NULL, out->data, &failed, &culprit, err));
    else if (plain)
        LOTS_TRY(pick_rows(step, candidates, nth ? &places : NULL, out->data, err));
    else
        LOTS_TRY(lots_candidates_seek(candidates, last, out->data, &failed, &culprit, err));
    return fail_events(step, candidates, failed, culprit, out, err);
}

lots_status lots_eval_event(lots_step *step, lots_vector *out, lots_error *err)
{
    lots_candidates candidates;
    bool done = false;
    if (step->expr->pick == LOTS_PICK_SELF)
        return eval_self(step, out, err);
    LOTS_TRY(lots_eval_as_of(step, &done, out, err));
    if (!done)
        LOTS_TRY(lots_eval_beside(step, &done, out, err));
    if (done)
        return LOTS_OK;
    if (step->expr->pick == LOTS_PICK_FIRST || step->expr->pick == LOTS_PICK_LAST)
        LOTS_TRY(lots_candidates_in_places(step->worker, step->expr->set, step->rows, false, &candidates, err));
    else
        LOTS_TRY(lots_candidates_find(step->worker, step->expr->set, step->rows, &candidates, err));
    if (is_beside(step->expr->pick))
        LOTS_TRY(lots_candidates_beside(&candidates, step->expr->operands[0],
                                        step->expr->pick == LOTS_PICK_NEXT, err));
    return find_events(step, &candidates, out, err);
}
