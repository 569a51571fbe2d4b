/* reduce_slide.c: sets over ranges that overlap much: a window slides over them, each position enters and leaves it
 * once, and what is asked of the window is kept up to date on the way.
 *
 * The ids held are bits under bits (64 a level), so that the next id is found in a few steps. The answers are those of looking
 * at each range by itself (reduce_values.c), so which of the two is done is a matter of cost alone. Callers: reduce_values.c. */
#include "query/exec/reduce_slide.h"

#include <string.h>

bool lots_slide_pays(const lots_ranges *ranges)
{
    const uint64_t whole = (uint64_t)ranges->positions + ranges->count;
    uint64_t looks = 0;
    for (uint32_t i = 0; ranges->offsets == NULL && i < ranges->count; i++)
        looks += ranges->end[i] > ranges->first[i] ? ranges->end[i] - ranges->first[i] : 0;
    return looks > 8 * whole;
}

/* ---- the order ---- */

static int compare_firsts(const void *context, uint32_t a, uint32_t b)
{
    const lots_ranges *ranges = context;
    if (ranges->first[a] != ranges->first[b])
        return ranges->first[a] < ranges->first[b] ? -1 : 1;
    return (ranges->end[a] > ranges->end[b]) - (ranges->end[a] < ranges->end[b]);
}

static bool goes_forward(const lots_ranges *ranges, const uint32_t *order, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (ranges->first[order[i]] < ranges->first[order[i - 1]] || ranges->end[order[i]] < ranges->end[order[i - 1]])
            return false;
    return true;
}

lots_status lots_slide_plan(const lots_step *step, const lots_ranges *ranges, lots_slide *out, lots_error *err)
{
    uint32_t *order = NULL, *spare = NULL, count = 0;
    *out = (lots_slide){.ranges = ranges};
    if (!lots_slide_pays(ranges))
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &order, err));
    for (uint32_t i = 0; i < ranges->count; i++)
        if (ranges->first[i] < ranges->end[i])
            order[count++] = i;
    if (!goes_forward(ranges, order, count)) {
        LOTS_TRY(lots_new_u32(step->arena, count, &spare, err));
        lots_sort_indexes(order, count, spare, compare_firsts, ranges);
        if (!goes_forward(ranges, order, count))
            return LOTS_OK;
    }
    out->order = order;
    out->count = count;
    return LOTS_OK;
}

/* What a window holds. move is told of each position that counts, settle when the window is that range. */
typedef struct window_keeper {
    void *state;
    void (*move)(void *state, uint32_t at, bool enters);
    lots_status (*settle)(void *state, uint32_t range, lots_error *err);
} window_keeper;

static void move_over(const lots_ranges *ranges, const window_keeper *keeper, uint32_t from, uint32_t to, bool enters)
{
    for (uint32_t at = from; at < to; at++)
        if (ranges->mask == NULL || lots_bit_get(ranges->mask, at))
            keeper->move(keeper->state, at, enters);
}

static lots_status slide_over(const lots_step *step, const lots_slide *plan, const window_keeper *keeper, lots_error *err)
{
    const lots_ranges *ranges = plan->ranges;
    uint32_t first = 0, end = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        const uint32_t to_first = ranges->first[plan->order[i]], to_end = ranges->end[plan->order[i]];
        if (end < to_first) { /* a gap: what was held leaves first */
            move_over(ranges, keeper, first, end, false);
            first = end = to_first;
        }
        move_over(ranges, keeper, end, to_end, true);
        move_over(ranges, keeper, first, to_first, false);
        first = to_first;
        end = to_end;
        LOTS_TRY(keeper->settle(keeper->state, plan->order[i], err));
    }
    step->worker->work.rows += ranges->count + 2 * (uint64_t)ranges->positions;
    return LOTS_OK;
}

/* ---- sets ---- */

enum { LEVELS_MAX = 6 }; /* 64^6 ids and more */

typedef struct set_keeper {
    const lots_dense *dense;
    uint32_t *held; /* by id: how many in the window */
    uint64_t *levels[LEVELS_MAX];
    uint32_t words[LEVELS_MAX];
    uint32_t level_count;
    lots_arena *arena;
    uint32_t *ids; /* of all ranges so far */
    size_t count, room;
    size_t *begin; /* by range */
    uint32_t *size;
} set_keeper;

static void mark_id(set_keeper *keeper, uint32_t id)
{
    for (uint32_t l = 0; l < keeper->level_count; l++, id >>= 6)
        keeper->levels[l][id >> 6] |= UINT64_C(1) << (id & 63);
}

static void unmark_id(set_keeper *keeper, uint32_t id)
{
    for (uint32_t l = 0; l < keeper->level_count; l++, id >>= 6) {
        keeper->levels[l][id >> 6] &= ~(UINT64_C(1) << (id & 63));
        if (keeper->levels[l][id >> 6] != 0)
            return;
    }
}

/* The first marked id from `from` on; LOTS_NO_ID: none. */
static uint32_t next_marked(const set_keeper *keeper, uint32_t from)
{
    for (uint32_t l = 0; l < keeper->level_count && from >> 6 < keeper->words[l]; l++, from = (from >> 6) + 1) {
        const uint64_t rest = keeper->levels[l][from >> 6] >> (from & 63);
        if (rest == 0)
            continue;
        from += (uint32_t)__builtin_ctzll(rest);
        while (l-- > 0)
            from = from * 64 + (uint32_t)__builtin_ctzll(keeper->levels[l][from]);
        return from;
    }
    return LOTS_NO_ID;
}

static void move_set(void *state, uint32_t at, bool enters)
{
    set_keeper *keeper = state;
    uint32_t count = 0;
    const uint32_t *ids = lots_dense_at(keeper->dense, at, &count);
    for (uint32_t e = 0; e < count; e++) {
        if (enters && keeper->held[ids[e]]++ == 0)
            mark_id(keeper, ids[e]);
        else if (!enters && --keeper->held[ids[e]] == 0)
            unmark_id(keeper, ids[e]);
    }
}

static lots_status want_ids(set_keeper *keeper, lots_error *err)
{
    uint32_t *wider = NULL;
    if (keeper->count < keeper->room)
        return LOTS_OK;
    const size_t room = keeper->room * 2 + 64;
    LOTS_TRY(lots_new_u32(keeper->arena, room, &wider, err));
    if (keeper->count > 0)
        memcpy(wider, keeper->ids, keeper->count * sizeof(uint32_t));
    keeper->ids = wider;
    keeper->room = room;
    return LOTS_OK;
}

static lots_status settle_set(void *state, uint32_t range, lots_error *err)
{
    set_keeper *keeper = state;
    keeper->begin[range] = keeper->count;
    for (uint32_t id = next_marked(keeper, 0); id != LOTS_NO_ID; id = next_marked(keeper, id + 1)) {
        LOTS_TRY(want_ids(keeper, err));
        keeper->ids[keeper->count++] = id;
    }
    keeper->size[range] = (uint32_t)(keeper->count - keeper->begin[range]);
    return LOTS_OK;
}

static lots_status open_sets(const lots_step *step, const lots_slide *plan, const lots_dense *dense, set_keeper *out,
                             lots_error *err)
{
    void *room = NULL;
    *out = (set_keeper){.dense = dense, .arena = step->arena};
    uint32_t words = dense->count;
    do {
        words = (words + 63) / 64;
        out->words[out->level_count] = words;
        LOTS_TRY(lots_new_bits(step->arena, (size_t)words * 64, &out->levels[out->level_count++], err));
    } while (words > 1);
    LOTS_TRY(lots_arena_alloc(step->arena, &room, dense->count, sizeof(uint32_t), err));
    out->held = room;
    LOTS_TRY(lots_arena_alloc(step->arena, &room, plan->ranges->count, sizeof(size_t), err));
    out->begin = room;
    LOTS_TRY(lots_arena_alloc(step->arena, &room, plan->ranges->count, sizeof(uint32_t), err));
    out->size = room;
    return LOTS_OK;
}

lots_status lots_slide_sets(const lots_step *step, const lots_slide *plan, const lots_dense *dense, uint32_t *offsets,
                            uint32_t **ids, lots_error *err)
{
    set_keeper sets;
    LOTS_TRY(open_sets(step, plan, dense, &sets, err));
    const window_keeper keeper = {&sets, move_set, settle_set};
    LOTS_TRY(slide_over(step, plan, &keeper, err));
    if (sets.count > UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "sets of more than %u elements in one chunk", UINT32_MAX);
    LOTS_TRY(lots_new_u32(step->arena, sets.count, ids, err));
    for (uint32_t i = 0, at = 0; i < plan->ranges->count; i++, offsets[i] = at)
        for (uint32_t e = 0; e < sets.size[i]; e++)
            (*ids)[at++] = sets.ids[sets.begin[i] + e];
    step->worker->work.rows += sets.count;
    return LOTS_OK;
}
