/* segment_children.c: which ids of one column occur with each id of another, the commonest first. Pairs are counted by open
 * addressing over all rows of the segment, then put in order. */
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/store/segment_column.h"

typedef struct pair {
    uint32_t parent, child, count;
} pair;

typedef struct pairs {
    pair *items;
    uint32_t count, limit;
    uint32_t *slots; /* 1 + place in items */
    uint32_t mask;
} pairs;

/* Few children a parent, and then there are few pairs: twice the ids, at the most. */
static uint32_t pair_limit(const lots_column_job *child, const lots_column_job *parent)
{
    return 2 * (child->ids + parent->ids) + 64;
}

static lots_status open_pairs(pairs *all, uint32_t limit, lots_arena *arena, lots_error *err)
{
    uint32_t slots = 64;
    void *room;
    while (slots / 2 < limit)
        slots *= 2;
    *all = (pairs){.limit = limit, .mask = slots - 1};
    LOTS_TRY(lots_arena_vector(arena, &room, limit, sizeof *all->items, err));
    all->items = room;
    LOTS_TRY(lots_arena_alloc(arena, &room, slots, sizeof *all->slots, err));
    all->slots = room;
    return LOTS_OK;
}

/* False when there are more pairs than fit. */
static bool count_pair(pairs *all, uint32_t parent, uint32_t child)
{
    uint32_t at = (uint32_t)lots_hash64((uint64_t)parent << 32 | child) & all->mask;
    for (; all->slots[at] != 0; at = (at + 1) & all->mask) {
        pair *here = &all->items[all->slots[at] - 1];
        if (here->parent != parent || here->child != child)
            continue;
        here->count++;
        return true;
    }
    if (all->count == all->limit)
        return false;
    all->items[all->count++] = (pair){parent, child, 1};
    all->slots[at] = all->count;
    return true;
}

static bool count_pairs(const lots_column_job *child, const lots_column_job *parent, uint32_t rows, pairs *all)
{
    const lots_id *ids = child->batch->values.data, *of = parent->batch->values.data;
    const uint8_t *missing = child->batch->missing.data, *orphan = parent->batch->missing.data;
    for (uint32_t i = 0; i < rows; i++)
        if (!missing[i] && !count_pair(all, orphan[i] ? parent->ids : parent->local_of_stable[of[i]],
                                       child->local_of_stable[ids[i]]))
            return false;
    return true;
}

static int by_parent(const void *a, const void *b)
{
    const pair *left = a, *right = b;
    if (left->parent != right->parent)
        return left->parent < right->parent ? -1 : 1;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return (left->child > right->child) - (left->child < right->child);
}

static lots_status lay_lists(lots_stream_job *stream, lots_column_job *child, uint32_t lists, const pairs *all,
                             bool *possible, lots_error *err)
{
    void *firsts, *children;
    LOTS_TRY(lots_arena_alloc(&stream->arena, &firsts, (size_t)lists + 1 + 16, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(&stream->arena, &children, all->count, sizeof(uint32_t), err));
    uint32_t *ends = (uint32_t *)firsts + 1;
    for (uint32_t i = 0; i < all->count; i++) {
        ends[all->items[i].parent]++;
        ((uint32_t *)children)[i] = all->items[i].child;
    }
    for (uint32_t i = 0; i < lists; i++) {
        *possible &= ends[i] <= LOTS_CHILDREN_MAX;
        ends[i] += i > 0 ? ends[i - 1] : 0;
    }
    if (*possible) {
        child->firsts = firsts;
        child->children = children;
    }
    return LOTS_OK;
}

lots_status lots_children_find(lots_stream_job *stream, uint32_t child, uint32_t parent, bool *possible, lots_error *err)
{
    lots_column_job *column = &stream->columns[child];
    const lots_column_job *of = &stream->columns[parent];
    const uint32_t rows = stream->job->input->streams[stream->stream]->rows;
    pairs all;
    lots_arena_reset(&stream->job->scratch);
    LOTS_TRY(open_pairs(&all, pair_limit(column, of), &stream->job->scratch, err));
    *possible = count_pairs(column, of, rows, &all) && all.count > 0;
    if (!*possible)
        return LOTS_OK;
    qsort(all.items, all.count, sizeof *all.items, by_parent);
    return lay_lists(stream, column, of->ids + 1, &all, possible, err);
}
