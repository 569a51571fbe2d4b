/* reduce_modes.c: modes of ranges that overlap much. The values that count stand one after another as places; of each place is
 * known where its id stands before and after it. By one of two ways, chosen by cost alone:
 *
 * 1. A window goes from range to range in the order of their beginnings, its end forth and back, and keeps a tournament of the ids
 *    by how often they are held, then by where they stand last. Where the ends go forward, or the ranges lie within each other
 *    like the skins of an onion, each place enters and leaves a few times: O(n log n).
 * 2. Else by blocks of about sqrt(n) places (Krizanc, Morin & Smid 2005): the modes of all runs of whole blocks are tabled, and
 *    of a range only the places outside its whole blocks are tried against the mode of these, O(n sqrt(n)) in O(n) memory. No
 *    method is known for ranges in any position that is near to linear (Chan et al. 2014: it would multiply matrices).
 *
 * The answers are those of looking at each range by itself (reduce_values.c). Callers: reduce_values.c. */
#include <string.h>

#include "query/exec/reduce_slide.h"

enum { MOVES_MAX = 8 }; /* of a place and range: a window that moves more costs more than blocks do */

typedef struct mode_places {
    uint32_t count;
    uint32_t *ids;      /* by place */
    uint32_t *where;    /* the places of one id after another's, rising */
    uint32_t *nth;      /* by place: its index in `where` */
    uint32_t *starts;   /* id_count + 1: by id, its part of `where` */
    uint32_t id_count;
    uint32_t range_count;
    uint32_t *first, *end; /* by range, as places */
} mode_places;

typedef struct mode {
    uint32_t held, last; /* times, and the place where it stands last; held 0: none */
} mode;

/* ---- places ---- */

static bool counts(const lots_ranges *ranges, uint32_t at) { return ranges->mask == NULL || lots_bit_get(ranges->mask, at); }

static lots_status list_places(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense, mode_places *out,
                               lots_error *err)
{
    uint32_t *before = NULL, held = 0;
    const uint32_t all = dense->offsets == NULL ? ranges->positions : dense->offsets[ranges->positions];
    LOTS_TRY(lots_new_u32(step->arena, (size_t)ranges->positions + 1, &before, err));
    LOTS_TRY(lots_new_u32(step->arena, all, &out->ids, err));
    for (uint32_t at = 0; at < ranges->positions; at++) {
        before[at] = out->count;
        if (!counts(ranges, at))
            continue;
        const uint32_t *ids = lots_dense_at(dense, at, &held);
        for (uint32_t e = 0; e < held; e++)
            out->ids[out->count++] = ids[e];
    }
    before[ranges->positions] = out->count;
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &out->first, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &out->end, err));
    out->range_count = ranges->count;
    for (uint32_t i = 0; i < ranges->count; i++) {
        const bool empty = ranges->first[i] >= ranges->end[i];
        out->first[i] = empty ? 0 : before[ranges->first[i]];
        out->end[i] = empty ? 0 : before[ranges->end[i]];
    }
    step->worker->work.rows += ranges->count + 2 * (uint64_t)ranges->positions;
    return LOTS_OK;
}

static lots_status link_places(const lots_step *step, uint32_t id_count, mode_places *places, lots_error *err)
{
    void *room = NULL;
    places->id_count = id_count;
    LOTS_TRY(lots_arena_alloc(step->arena, &room, (size_t)id_count + 2, sizeof(uint32_t), err));
    uint32_t *next = room;
    LOTS_TRY(lots_new_u32(step->arena, places->count, &places->where, err));
    LOTS_TRY(lots_new_u32(step->arena, places->count, &places->nth, err));
    for (uint32_t p = 0; p < places->count; p++)
        next[places->ids[p] + 2]++;
    for (uint32_t id = 0; id < id_count; id++)
        next[id + 2] += next[id + 1];
    for (uint32_t p = 0; p < places->count; p++) {
        places->nth[p] = next[places->ids[p] + 1]++;
        places->where[places->nth[p]] = p;
    }
    places->starts = next;
    return LOTS_OK;
}

/* ---- a window that goes from range to range ---- */

static int compare_firsts(const void *context, uint32_t a, uint32_t b)
{
    const mode_places *places = context;
    if (places->first[a] != places->first[b])
        return places->first[a] < places->first[b] ? -1 : 1;
    return (places->end[a] > places->end[b]) - (places->end[a] < places->end[b]);
}

/* The ranges that hold a place, by their beginning. */
static lots_status order_ranges(const lots_step *step, const mode_places *places, uint32_t **order, uint32_t *count,
                                lots_error *err)
{
    uint32_t *spare = NULL;
    LOTS_TRY(lots_new_u32(step->arena, places->range_count, order, err));
    LOTS_TRY(lots_new_u32(step->arena, places->range_count, &spare, err));
    *count = 0;
    for (uint32_t i = 0; i < places->range_count; i++)
        if (places->first[i] < places->end[i])
            (*order)[(*count)++] = i;
    lots_sort_indexes(*order, *count, spare, compare_firsts, places);
    return LOTS_OK;
}

typedef struct tournament {
    const mode_places *places;
    uint64_t *best; /* best[size + id]: times held << 32 | 1 + its last place, 0 when not held; best[i]: of 2i, 2i + 1.
                       NULL: moves are counted only */
    uint32_t size;
    uint32_t first, end; /* of the window */
    uint64_t moves;
} tournament;

static void put(tournament *t, uint32_t id, uint64_t value)
{
    uint32_t node = t->size + id;
    t->best[node] = value;
    for (node /= 2; node > 0; node /= 2) {
        const uint64_t left = t->best[2 * node], right = t->best[2 * node + 1];
        t->best[node] = left > right ? left : right;
    }
}

static void enter(tournament *t, uint32_t from, uint32_t to)
{
    t->moves += to - from;
    for (uint32_t p = from; t->best != NULL && p < to; p++) {
        const uint32_t id = t->places->ids[p];
        put(t, id, ((t->best[t->size + id] >> 32) + 1) << 32 | ((uint64_t)p + 1));
    }
}

/* Places at the end of the window: the one before of each id is its last now. */
static void leave_back(tournament *t, uint32_t from, uint32_t to)
{
    t->moves += to - from;
    for (uint32_t p = to; t->best != NULL && p-- > from;) {
        const uint32_t id = t->places->ids[p];
        const uint64_t held = t->best[t->size + id] >> 32;
        put(t, id, held == 1 ? 0 : (held - 1) << 32 | ((uint64_t)t->places->where[t->places->nth[p] - 1] + 1));
    }
}

static void leave_front(tournament *t, uint32_t from, uint32_t to)
{
    t->moves += to - from;
    for (uint32_t p = from; t->best != NULL && p < to; p++) {
        const uint32_t id = t->places->ids[p];
        const uint64_t value = t->best[t->size + id];
        put(t, id, value >> 32 == 1 ? 0 : value - (UINT64_C(1) << 32));
    }
}

static void go_to(tournament *t, uint32_t first, uint32_t end)
{
    if (t->end <= first) { /* nothing stays */
        leave_front(t, t->first, t->end);
        t->first = t->end = first;
    }
    if (t->end < end)
        enter(t, t->end, end);
    else
        leave_back(t, end, t->end);
    t->end = end;
    leave_front(t, t->first, first);
    t->first = first;
}

static uint64_t moves_of(const mode_places *places, const uint32_t *order, uint32_t count)
{
    tournament t = {.places = places};
    for (uint32_t i = 0; i < count; i++)
        go_to(&t, places->first[order[i]], places->end[order[i]]);
    return t.moves;
}

static lots_status modes_by_window(const lots_step *step, const mode_places *places, const uint32_t *order, uint32_t count,
                                   uint32_t *modes, lots_error *err)
{
    void *room = NULL;
    tournament t = {.places = places, .size = 1};
    while (t.size < places->id_count)
        t.size *= 2;
    LOTS_TRY(lots_arena_alloc(step->arena, &room, 2 * (size_t)t.size, sizeof(uint64_t), err));
    t.best = room;
    for (uint32_t i = 0; i < count; i++) {
        go_to(&t, places->first[order[i]], places->end[order[i]]);
        modes[order[i]] = places->ids[(uint32_t)t.best[1] - 1];
    }
    step->worker->work.rows += t.moves;
    return LOTS_OK;
}

/* ---- blocks ---- */

typedef struct mode_blocks {
    const mode_places *places;
    uint32_t size, count;
    mode *table; /* table[i * count + j]: of the blocks i..j */
} mode_blocks;

static lots_status make_blocks(const lots_step *step, const mode_places *places, mode_blocks *out, lots_error *err)
{
    void *room = NULL;
    uint32_t *held = NULL;
    *out = (mode_blocks){.places = places, .size = 1};
    while ((uint64_t)out->size * out->size < places->count)
        out->size++;
    out->count = places->count / out->size;
    LOTS_TRY(lots_arena_vector(step->arena, &room, (size_t)out->count * out->count, sizeof(mode), err));
    LOTS_TRY(lots_new_u32(step->arena, places->id_count, &held, err));
    out->table = room;
    for (uint32_t i = 0; i < out->count; i++) {
        mode best = {0, 0};
        LOTS_TRY(lots_worker_check(step->worker, err));
        memset(held, 0, places->id_count * sizeof *held);
        for (uint32_t p = i * out->size; p < out->count * out->size; p++) {
            if (++held[places->ids[p]] >= best.held)
                best = (mode){held[places->ids[p]], p};
            if ((p + 1) % out->size == 0)
                out->table[(size_t)i * out->count + p / out->size] = best;
        }
        step->worker->work.rows += places->count - (uint64_t)i * out->size;
    }
    return LOTS_OK;
}

static void keep_better(mode *best, uint32_t held, uint32_t last)
{
    if (held > best->held || (held == best->held && last > best->last))
        *best = (mode){held, last};
}

/* An id that stands first in the range at p: is it held as often as the best, or more often? */
static void try_first(const mode_places *places, uint32_t p, uint32_t end, mode *best)
{
    const uint32_t from = places->nth[p], to = places->starts[places->ids[p] + 1];
    uint32_t held = best->held == 0 ? 1 : best->held;
    if (held > to - from || places->where[from + held - 1] >= end)
        return;
    while (held < to - from && places->where[from + held] < end)
        held++;
    keep_better(best, held, places->where[from + held - 1]);
}

/* The same of one that stands last in the range at p. */
static void try_last(const mode_places *places, uint32_t p, uint32_t first, mode *best)
{
    const uint32_t to = places->nth[p] + 1, from = places->starts[places->ids[p]];
    uint32_t held = best->held == 0 ? 1 : best->held;
    if (held > to - from || places->where[to - held] < first)
        return;
    while (held < to - from && places->where[to - held - 1] >= first)
        held++;
    keep_better(best, held, p);
}

static mode mode_between(const mode_blocks *blocks, uint32_t first, uint32_t end)
{
    const mode_places *places = blocks->places;
    const uint32_t from = (first + blocks->size - 1) / blocks->size, to = end / blocks->size;
    const bool whole = from < to;
    mode best = whole ? blocks->table[(size_t)from * blocks->count + to - 1] : (mode){0, 0};
    for (uint32_t p = first; p < (whole ? from * blocks->size : end); p++)
        if (places->nth[p] == places->starts[places->ids[p]] || places->where[places->nth[p] - 1] < first)
            try_first(places, p, end, &best);
    for (uint32_t p = whole ? to * blocks->size : end; p < end; p++)
        if (places->nth[p] + 1 == places->starts[places->ids[p] + 1] || places->where[places->nth[p] + 1] >= end)
            try_last(places, p, first, &best);
    return best;
}

static lots_status modes_by_blocks(const lots_step *step, const mode_places *places, const uint32_t *order, uint32_t count,
                                   uint32_t *modes, lots_error *err)
{
    mode_blocks blocks;
    LOTS_TRY(make_blocks(step, places, &blocks, err));
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t first = places->first[order[i]], end = places->end[order[i]];
        modes[order[i]] = places->ids[mode_between(&blocks, first, end).last];
        step->worker->work.rows += end - first < 2 * blocks.size ? end - first : 2 * blocks.size;
    }
    return LOTS_OK;
}

lots_status lots_overlapping_modes(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense, uint32_t *modes,
                                   lots_error *err)
{
    mode_places places = {.count = 0};
    uint32_t *order = NULL, count = 0;
    LOTS_TRY(list_places(step, ranges, dense, &places, err));
    LOTS_TRY(link_places(step, dense->count, &places, err));
    LOTS_TRY(order_ranges(step, &places, &order, &count, err));
    for (uint32_t i = 0; i < ranges->count; i++)
        modes[i] = LOTS_NO_ID;
    if (moves_of(&places, order, count) <= MOVES_MAX * ((uint64_t)places.count + count))
        return modes_by_window(step, &places, order, count, modes, err);
    return modes_by_blocks(step, &places, order, count, modes, err);
}
