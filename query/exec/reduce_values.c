/* reduce_values.c: aggregates that look at each value by itself: distinct counts, sets, modes, quantiles. Values are
 * small numbers first (dense.h); marks by number make a range cost what it holds. A distinct count over windows that
 * only move forward slides: each value enters and leaves once; so do sets over windows that overlap much
 * (reduce_slide.c). Where windows lie within each other, counts and sets follow what was seen last (reduce_recent.c). Modes and
 * quantiles over windows that overlap much have their own ways (reduce_modes.c, reduce_ranks.c). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query/exec/aggregate.h"
#include "query/exec/dense.h"
#include "query/exec/number_sort.h"
#include "query/exec/reduce_slide.h"

static bool taken(const lots_ranges *ranges, uint32_t at)
{
    return ranges->mask == NULL || lots_bit_get(ranges->mask, at);
}

/* ---- distinct ---- */

bool lots_ranges_slide(const lots_ranges *ranges)
{
    uint64_t looks = 0;
    if (ranges->offsets != NULL)
        return false;
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (i > 0 && (ranges->first[i] < ranges->first[i - 1] || ranges->end[i] < ranges->end[i - 1]))
            return false;
        looks += ranges->end[i] > ranges->first[i] ? ranges->end[i] - ranges->first[i] : 0;
    }
    return looks > 2 * (uint64_t)ranges->positions;
}

typedef struct sliding {
    const lots_ranges *ranges;
    const lots_dense *dense;
    uint32_t *held; /* by id: how many in the window */
    int64_t distinct;
} sliding;

static void slide(sliding *window, uint32_t at, bool enters)
{
    uint32_t count = 0;
    if (!taken(window->ranges, at))
        return;
    const uint32_t *ids = lots_dense_at(window->dense, at, &count);
    for (uint32_t k = 0; k < count; k++) {
        if (enters)
            window->distinct += window->held[ids[k]]++ == 0;
        else
            window->distinct -= --window->held[ids[k]] == 0;
    }
}

static lots_status count_sliding(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense, int64_t *out,
                                 lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(step->arena, &room, dense->count, sizeof(uint32_t), err));
    sliding window = {ranges, dense, room, 0};
    uint32_t first = 0, end = 0;
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (end < ranges->first[i]) { /* a gap: what was held leaves first */
            for (; first < end; first++)
                slide(&window, first, false);
            first = end = ranges->first[i];
        }
        for (; end < ranges->end[i]; end++)
            slide(&window, end, true);
        for (; first < ranges->first[i]; first++)
            slide(&window, first, false);
        out[i] = window.distinct;
    }
    step->worker->work.rows += ranges->count + 2 * (uint64_t)ranges->positions;
    return LOTS_OK;
}

static int64_t distinct_of(lots_worker *worker, const lots_ranges *ranges, uint32_t range, const lots_dense *dense)
{
    const uint32_t first = ranges->first[range], end = ranges->end[range];
    int64_t distinct = 0;
    if (ranges->mask == NULL && first < end) { /* the ids lie side by side */
        const uint32_t from = dense->offsets == NULL ? first : dense->offsets[first];
        const uint32_t to = dense->offsets == NULL ? end : dense->offsets[end];
        for (uint32_t e = from; e < to; e++)
            distinct += lots_stamp(worker, dense->ids[e]);
        return distinct;
    }
    for (uint32_t k = first; k < end; k++) {
        uint32_t count = 0;
        if (!taken(ranges, k))
            continue;
        const uint32_t *ids = lots_dense_at(dense, k, &count);
        for (uint32_t e = 0; e < count; e++)
            distinct += lots_stamp(worker, ids[e]);
    }
    return distinct;
}

static lots_status count_distinct(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense,
                                  int64_t *out, lots_error *err)
{
    if (lots_ranges_slide(ranges))
        return count_sliding(step, ranges, dense, out, err);
    if (lots_slide_pays(ranges))
        return lots_recent_counts(step, ranges, dense, out, err);
    LOTS_TRY(lots_stamps_open(step->worker, dense->count, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        lots_stamps_clear(step->worker);
        out[i] = distinct_of(step->worker, ranges, i, dense);
        step->worker->work.rows += ranges->end[i] - ranges->first[i];
    }
    return LOTS_OK;
}

/* ---- sets ---- */

typedef struct id_buffer {
    lots_arena *arena;
    uint32_t *ids;
    size_t count, room;
} id_buffer;

static lots_status want_room(id_buffer *buffer, size_t more, lots_error *err)
{
    if (buffer->count + more <= buffer->room)
        return LOTS_OK;
    uint32_t *wider = NULL;
    const size_t room = (buffer->count + more) * 2 + 64;
    LOTS_TRY(lots_new_u32(buffer->arena, room, &wider, err));
    if (buffer->count > 0)
        memcpy(wider, buffer->ids, buffer->count * sizeof(uint32_t));
    buffer->ids = wider;
    buffer->room = room;
    return LOTS_OK;
}

static int compare_ids(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static lots_status collect_range(const lots_step *step, const lots_ranges *ranges, uint32_t range,
                                 const lots_dense *dense, id_buffer *buffer, lots_error *err)
{
    const size_t from = buffer->count;
    lots_stamps_clear(step->worker);
    for (uint32_t k = ranges->first[range]; k < ranges->end[range]; k++) {
        uint32_t count = 0;
        if (!taken(ranges, k))
            continue;
        const uint32_t *ids = lots_dense_at(dense, k, &count);
        LOTS_TRY(want_room(buffer, count, err));
        for (uint32_t e = 0; e < count; e++)
            if (lots_stamp(step->worker, ids[e]))
                buffer->ids[buffer->count++] = ids[e];
    }
    qsort(buffer->ids + from, buffer->count - from, sizeof(uint32_t), compare_ids);
    step->worker->work.rows += ranges->end[range] - ranges->first[range];
    return LOTS_OK;
}

/* ids → values of a vector's elements. */
static lots_status values_of(const lots_step *step, const lots_dense *dense, const uint32_t *ids, uint32_t count,
                             void **out, lots_error *err)
{
    lots_vector values;
    if (dense->values.count == 0 && dense->values.data == NULL) {
        uint32_t *ranks = NULL;
        LOTS_TRY(lots_new_u32(step->arena, count, &ranks, err));
        if (count > 0)
            memcpy(ranks, ids, count * sizeof(uint32_t));
        *out = ranks;
        return LOTS_OK;
    }
    LOTS_TRY(lots_vector_gather(step->arena, &dense->values, ids, count, &values, err));
    *out = values.data;
    return LOTS_OK;
}

static lots_status collect_sets(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense,
                                lots_vector *out, lots_error *err)
{
    id_buffer buffer = {.arena = step->arena};
    lots_slide plan;
    LOTS_TRY(lots_slide_plan(step, ranges, &plan, err));
    if (plan.order != NULL) {
        LOTS_TRY(lots_slide_sets(step, &plan, dense, out->offsets, &buffer.ids, err));
        return values_of(step, dense, buffer.ids, out->offsets[ranges->count], &out->data, err);
    }
    if (lots_slide_pays(ranges)) {
        LOTS_TRY(lots_recent_sets(step, ranges, dense, out->offsets, &buffer.ids, err));
        return values_of(step, dense, buffer.ids, out->offsets[ranges->count], &out->data, err);
    }
    LOTS_TRY(want_room(&buffer, 1, err));
    LOTS_TRY(lots_stamps_open(step->worker, dense->count, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        LOTS_TRY(collect_range(step, ranges, i, dense, &buffer, err));
        if (buffer.count > UINT32_MAX)
            return lots_fail(err, LOTS_LIMIT, "sets of more than %u elements in one chunk", UINT32_MAX);
        out->offsets[i + 1] = (uint32_t)buffer.count;
    }
    return values_of(step, dense, buffer.ids, (uint32_t)buffer.count, &out->data, err);
}

/* ---- modes ---- */

static lots_status modes_each(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense, uint32_t *modes,
                              lots_error *err)
{
    uint32_t *seen = NULL;
    LOTS_TRY(lots_new_u32(step->arena, dense->count, &seen, err));
    LOTS_TRY(lots_stamps_open(step->worker, dense->count, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        uint32_t best = LOTS_NO_ID;
        lots_stamps_clear(step->worker);
        for (uint32_t k = ranges->first[i]; k < ranges->end[i]; k++) {
            uint32_t count = 0;
            if (!taken(ranges, k))
                continue;
            const uint32_t *ids = lots_dense_at(dense, k, &count);
            for (uint32_t e = 0; e < count; e++) {
                const uint32_t id = ids[e];
                seen[id] = lots_stamp(step->worker, id) ? 1 : seen[id] + 1;
                if (best == LOTS_NO_ID || seen[id] >= seen[best]) /* of equals the one seen latest */
                    best = id;
            }
        }
        modes[i] = best;
        step->worker->work.rows += ranges->end[i] - ranges->first[i];
    }
    return LOTS_OK;
}

static lots_status find_modes(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense,
                              lots_vector *out, lots_error *err)
{
    uint32_t *modes = NULL;
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &modes, err));
    LOTS_TRY(lots_slide_pays(ranges) ? lots_overlapping_modes(step, ranges, dense, modes, err)
                                     : modes_each(step, ranges, dense, modes, err));
    if (dense->values.count > 0 || dense->values.data != NULL)
        return lots_vector_gather(step->arena, &dense->values, modes, ranges->count, out, err);
    uint32_t *best_ids = out->data;
    for (uint32_t i = 0; i < ranges->count; i++) {
        best_ids[i] = modes[i] == LOTS_NO_ID ? 0 : modes[i];
        if (modes[i] != LOTS_NO_ID)
            continue;
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        lots_bit_set(out->missing, i);
    }
    return LOTS_OK;
}

lots_status lots_reduce_distinct(const lots_step *step, const lots_ranges *ranges, const lots_vector *x,
                                 lots_vector *out, lots_error *err)
{
    lots_ranges valid;
    lots_dense dense = {.offsets = NULL};
    lots_vector classes;
    if (lots_counts_prefixes(step->expr)) {
        LOTS_TRY(lots_prefix_classes(step, x, &classes, &dense.count, err));
        dense.ids = classes.data;
        x = &classes;
    } else {
        LOTS_TRY(lots_dense_make(step->worker, step->arena, x, &dense, err));
    }
    LOTS_TRY(lots_ranges_valid(step, ranges, x, &valid, err));
    if (step->expr->op == LOTS_OP_SET_OF)
        return collect_sets(step, &valid, &dense, out, err);
    if (step->expr->op == LOTS_OP_MOST)
        return find_modes(step, &valid, &dense, out, err);
    return count_distinct(step, &valid, &dense, out->data, err);
}

/* ---- quantiles ---- */

/* Numbers that rise with the values and stand for them: floats have keys (lots_f64_key), others are whole numbers. */
typedef struct number_line {
    const int64_t *keys; /* by position */
    bool floats;
    double divisor;
} number_line;

static double value_of(const number_line *line, int64_t key)
{
    return line->floats ? lots_f64_from_key(key) : (double)key / line->divisor;
}

static lots_status open_line(const lots_step *step, const lots_vector *x, uint32_t positions, number_line *out, lots_error *err)
{
    void *room = NULL;
    *out = (number_line){x->data, x->type.kind == LOTS_TYPE_FLOAT, 1};
    for (uint32_t i = 0; x->type.kind == LOTS_TYPE_DECIMAL && i < x->type.scale; i++)
        out->divisor *= 10;
    if (!out->floats)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(step->arena, &room, positions, sizeof(int64_t), err));
    int64_t *keys = room;
    for (uint32_t k = 0; k < positions; k++)
        keys[k] = lots_f64_key(((const double *)x->data)[k]);
    out->keys = keys;
    return LOTS_OK;
}

/* Hyndman & Fan 1996, type 7: at (n - 1) p, linear between. The median is p = 1/2. */
static double quantile_of(const number_line *line, const int64_t *sorted, uint32_t count, double p)
{
    const double place = (count - 1) * p;
    const uint32_t below = (uint32_t)floor(place);
    if (below + 1 >= count)
        return value_of(line, sorted[count - 1]);
    const double low = value_of(line, sorted[below]), weight = place - below;
    return weight == 0 ? low : low + weight * (value_of(line, sorted[below + 1]) - low);
}

/* The values of each range by itself, sorted. counts: how many each has. */
static lots_status quantiles_each(const lots_step *step, const lots_ranges *ranges, const number_line *line, double p,
                                  double *results, uint32_t *counts, lots_error *err)
{
    uint32_t widest = 0;
    int64_t *sorted = NULL;
    for (uint32_t i = 0; i < ranges->count; i++)
        widest = ranges->end[i] - ranges->first[i] > widest ? ranges->end[i] - ranges->first[i] : widest;
    LOTS_TRY(lots_new_i64(step->arena, widest, &sorted, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        counts[i] = 0;
        for (uint32_t k = ranges->first[i]; k < ranges->end[i]; k++)
            if (taken(ranges, k))
                sorted[counts[i]++] = line->keys[k];
        step->worker->work.rows += ranges->end[i] - ranges->first[i];
        if (counts[i] == 0)
            continue;
        lots_sort_ints(sorted, counts[i]);
        results[i] = quantile_of(line, sorted, counts[i], p);
    }
    return LOTS_OK;
}

/* The same by ranks, of ranges that overlap much. */
static lots_status quantiles_by_rank(const lots_step *step, const lots_ranges *ranges, const number_line *line, double p,
                                     double *results, uint32_t *counts, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_vector(step->arena, &room, ranges->positions, sizeof(double), err));
    double *values = room;
    for (uint32_t k = 0; k < ranges->positions; k++)
        values[k] = value_of(line, line->keys[k]);
    return lots_rank_quantiles(step, ranges, values, p, results, counts, err);
}

lots_status lots_reduce_quantile(const lots_step *step, const lots_ranges *ranges, const lots_vector *x,
                                 lots_vector *out, lots_error *err)
{
    lots_ranges valid;
    number_line line;
    uint32_t *counts = NULL;
    double *results = out->data;
    LOTS_TRY(lots_ranges_valid(step, ranges, x, &valid, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &counts, err));
    LOTS_TRY(open_line(step, x, ranges->positions, &line, err));
    const double p = step->expr->op == LOTS_OP_MEDIAN ? 0.5 : step->expr->constant.f;
    LOTS_TRY(lots_slide_pays(&valid) ? quantiles_by_rank(step, &valid, &line, p, results, counts, err)
                                     : quantiles_each(step, &valid, &line, p, results, counts, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (counts[i] > 0)
            continue;
        results[i] = 0;
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        lots_bit_set(out->missing, i);
    }
    return LOTS_OK;
}
