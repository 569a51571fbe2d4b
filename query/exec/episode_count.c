/* episode_count.c: EPISODES of which a query asks no more than how many a person has and how many events they are made of:
 * `n over episodes(visits per provider)`. When they are and which comes first is not found out, no end of an event is read,
 * and all that is left is counting by owner and key. Such rows have no columns but n. */
#include <string.h>

#include "query/exec/dense.h"
#include "query/exec/relation.h"

static bool is_simple(const lots_relation *relation)
{
    return !relation->has_gap && relation->by_count == 0 && relation->members == NULL && relation->per_count <= 1 &&
           (relation->per_count == 0 || relation->per[0]->type.kind != LOTS_TYPE_SET);
}

/* The keys of the elements as numbers below *limit: a missing one is a value too, the last. */
static lots_status number_keys(lots_worker *worker, const lots_relation *relation, const lots_element_list *list,
                               lots_arena *arena, const uint32_t **out, uint32_t *limit, lots_error *err)
{
    const uint32_t count = list->instance->count;
    lots_vector value, flat;
    lots_dense dense;
    uint32_t *keys = NULL;
    *limit = 1;
    LOTS_TRY(lots_new_u32(arena, count, &keys, err));
    *out = keys;
    if (relation->per_count == 0 || count == 0) {
        memset(keys, 0, count * sizeof *keys);
        return LOTS_OK;
    }
    LOTS_TRY(lots_value(worker, relation->per[0], list->instance, &value, err));
    LOTS_TRY(lots_raise(&value, err));
    LOTS_TRY(lots_vector_flatten(arena, &value, &flat, err));
    LOTS_TRY(lots_dense_make(worker, arena, &flat, &dense, err));
    *limit = dense.count + 1;
    *out = dense.ids;
    if (flat.missing == NULL)
        return LOTS_OK;
    memcpy(keys, dense.ids, count * sizeof *keys);
    for (size_t p = lots_bits_next(flat.missing, 0, count); p < count; p = lots_bits_next(flat.missing, p + 1, count))
        keys[p] = dense.count;
    *out = keys;
    return LOTS_OK;
}

/* *count: of episodes; n and offsets have room for as many as there are elements, and for the owners. By key the owner that had
 * it last, counted from 1, and its episode: without a branch, since whether a key is new can't be foretold, nor how many events an
 * owner has. */
static lots_status count_keys(lots_worker *worker, const lots_element_list *list, const uint32_t *keys, uint32_t limit,
                              int64_t *n, uint32_t *offsets, uint32_t *count, lots_error *err)
{
    const uint32_t groups = list->instance->parent->count, *owners = NULL;
    uint32_t made = 0;
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(&worker->scratch, &room, limit, sizeof(uint64_t), err));
    LOTS_TRY(lots_instance_parents(worker, list->instance, &owners, err));
    uint64_t *latest = room;
    memset(offsets, 0, ((size_t)groups + 1) * sizeof *offsets);
    for (uint32_t p = 0; p < list->instance->count; p++) {
        const uint64_t owner = (uint64_t)owners[p] + 1, seen = latest[keys[p]];
        const uint32_t known = seen >> 32 == owner;
        const uint32_t episode = made ^ ((made ^ (uint32_t)seen) & (0 - known));
        n[made] = 0;
        n[episode]++;
        latest[keys[p]] = owner << 32 | episode;
        made += 1 - known;
        offsets[owner] = made;
    }
    for (uint32_t g = 0; g < groups; g++) /* those without events have none */
        offsets[g + 1] = offsets[g + 1] > offsets[g] ? offsets[g + 1] : offsets[g];
    *count = made;
    return LOTS_OK;
}

lots_status lots_episodes_count(lots_worker *worker, lots_relation_rows *rows, bool *done, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(worker, rows->owners);
    lots_element_list list;
    const uint32_t *keys = NULL;
    uint32_t limit = 0, *offsets = NULL;
    int64_t *n = NULL;
    bool ordered = true;
    *done = false;
    if (is_simple(rows->relation))
        LOTS_TRY(lots_relation_is_ordered(worker, rows->index, &ordered, err));
    if (ordered)
        return LOTS_OK;
    *done = true;
    LOTS_TRY(lots_element_list_make(worker, rows->relation->left, rows->owners, &list, err));
    LOTS_TRY(number_keys(worker, rows->relation, &list, arena, &keys, &limit, err));
    LOTS_TRY(lots_new_i64(arena, list.instance->count, &n, err));
    LOTS_TRY(lots_new_u32(arena, (size_t)rows->owners->count + 1, &offsets, err));
    const lots_arena_mark mark = lots_arena_save(&worker->scratch);
    LOTS_TRY(count_keys(worker, &list, keys, limit, n, offsets, &rows->count, err));
    lots_arena_restore(&worker->scratch, mark);
    worker->work.rows += list.instance->count;
    rows->offsets = offsets;
    rows->left = list.relation;
    for (uint32_t c = 0; c < rows->relation->column_count; c++)
        if (rows->relation->columns[c].role == LOTS_COLUMN_N)
            rows->columns[c] = (lots_vector){.type = rows->relation->columns[c].type, .count = rows->count, .data = n};
    return LOTS_OK;
}
