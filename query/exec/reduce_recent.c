/* reduce_recent.c: distinct counts and sets over ranges that overlap much and lie within each other, so that no window slides over
 * them. The ranges are taken by their end, and each position comes in once. An id is in a range when it was seen last, up to the
 * range's end, at its first position or later. A count: how many ids were seen last at each position, as sums over powers of
 * two (Fenwick 1994). A set: a list of the ids, the one seen last in front, followed as far as the range goes. Callers:
 * reduce_values.c. */
#include <stdlib.h>

#include "query/exec/reduce_slide.h"

typedef struct recency {
    const lots_ranges *ranges;
    const lots_dense *dense;
    uint32_t *order; /* of the ranges that hold a position, by end */
    uint32_t count;
    uint32_t at;     /* the next position to come in */
    uint32_t *last;  /* by id: 1 + the position it was seen last, 0: never */
    uint32_t *sums;  /* sums[i], i from 1: ids seen last at positions i - lowest bit of i .. i - 1 */
    uint32_t seen;   /* ids */
    uint32_t *newer, *older; /* a ring of the ids and, at dense->count, its ends; NULL: not asked for */
} recency;

static int compare_ends(const void *context, uint32_t a, uint32_t b)
{
    const lots_ranges *ranges = context;
    return (ranges->end[a] > ranges->end[b]) - (ranges->end[a] < ranges->end[b]);
}

static lots_status open_recency(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense, bool listed,
                                recency *out, lots_error *err)
{
    uint32_t *spare = NULL;
    void *room = NULL;
    *out = (recency){.ranges = ranges, .dense = dense};
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &out->order, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &spare, err));
    for (uint32_t i = 0; i < ranges->count; i++)
        if (ranges->first[i] < ranges->end[i])
            out->order[out->count++] = i;
    lots_sort_indexes(out->order, out->count, spare, compare_ends, ranges);
    LOTS_TRY(lots_arena_alloc(step->arena, &room, dense->count, sizeof(uint32_t), err));
    out->last = room;
    LOTS_TRY(lots_arena_alloc(step->arena, &room, (size_t)ranges->positions + 1, sizeof(uint32_t), err));
    out->sums = room;
    if (!listed)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(step->arena, (size_t)dense->count + 1, &out->newer, err));
    LOTS_TRY(lots_new_u32(step->arena, (size_t)dense->count + 1, &out->older, err));
    out->newer[dense->count] = out->older[dense->count] = dense->count;
    return LOTS_OK;
}

static void add_sum(recency *r, uint32_t position, uint32_t more)
{
    for (uint64_t i = (uint64_t)position + 1; i <= r->ranges->positions; i += i & (~i + 1))
        r->sums[i] += more;
}

static uint32_t seen_last_before(const recency *r, uint32_t position)
{
    uint32_t sum = 0;
    for (uint32_t i = position; i > 0; i &= i - 1)
        sum += r->sums[i];
    return sum;
}

static void move_to_front(recency *r, uint32_t id)
{
    const uint32_t ends = r->dense->count;
    if (r->last[id] != 0) {
        r->older[r->newer[id]] = r->older[id];
        r->newer[r->older[id]] = r->newer[id];
    }
    r->newer[id] = ends;
    r->older[id] = r->older[ends];
    r->newer[r->older[id]] = id;
    r->older[ends] = id;
}

static void see(recency *r, uint32_t id)
{
    if (r->newer != NULL) {
        move_to_front(r, id);
    } else {
        if (r->last[id] == 0)
            r->seen++;
        else
            add_sum(r, r->last[id] - 1, UINT32_MAX); /* less by one */
        add_sum(r, r->at, 1);
    }
    r->last[id] = r->at + 1;
}

static void come_to(recency *r, uint32_t end)
{
    for (; r->at < end; r->at++) {
        uint32_t count = 0;
        if (r->ranges->mask != NULL && !lots_bit_get(r->ranges->mask, r->at))
            continue;
        const uint32_t *ids = lots_dense_at(r->dense, r->at, &count);
        for (uint32_t e = 0; e < count; e++)
            see(r, ids[e]);
    }
}

lots_status lots_recent_counts(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense, int64_t *counts,
                               lots_error *err)
{
    recency r;
    LOTS_TRY(open_recency(step, ranges, dense, false, &r, err));
    for (uint32_t i = 0; i < ranges->count; i++)
        counts[i] = 0;
    for (uint32_t i = 0; i < r.count; i++) {
        come_to(&r, ranges->end[r.order[i]]);
        counts[r.order[i]] = (int64_t)r.seen - seen_last_before(&r, ranges->first[r.order[i]]);
    }
    step->worker->work.rows += ranges->count + 2 * (uint64_t)ranges->positions;
    return LOTS_OK;
}

static int compare_ids(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static lots_status place_sets(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense, uint32_t *offsets,
                              lots_error *err)
{
    int64_t *counts = NULL;
    uint64_t all = 0;
    LOTS_TRY(lots_new_i64(step->arena, ranges->count, &counts, err));
    LOTS_TRY(lots_recent_counts(step, ranges, dense, counts, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        all += (uint64_t)counts[i];
        if (all > UINT32_MAX)
            return lots_fail(err, LOTS_LIMIT, "sets of more than %u elements in one chunk", UINT32_MAX);
        offsets[i + 1] = (uint32_t)all;
    }
    return LOTS_OK;
}

lots_status lots_recent_sets(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense, uint32_t *offsets,
                             uint32_t **ids, lots_error *err)
{
    recency r;
    LOTS_TRY(place_sets(step, ranges, dense, offsets, err));
    LOTS_TRY(open_recency(step, ranges, dense, true, &r, err));
    LOTS_TRY(lots_new_u32(step->arena, offsets[ranges->count], ids, err));
    for (uint32_t i = 0; i < r.count; i++) {
        const uint32_t range = r.order[i];
        uint32_t id = dense->count;
        come_to(&r, ranges->end[range]);
        for (uint32_t at = offsets[range]; at < offsets[range + 1]; at++)
            (*ids)[at] = id = r.older[id];
        qsort(*ids + offsets[range], offsets[range + 1] - offsets[range], sizeof(uint32_t), compare_ids);
    }
    step->worker->work.rows += ranges->count + ranges->positions + (uint64_t)offsets[ranges->count];
    return LOTS_OK;
}
