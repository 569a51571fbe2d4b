/* worker.c: opening a worker, putting it on a chunk, its instances and its cache of values. */
#include "query/exec/worker.h"

#include <stdatomic.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "query/exec/column.h"

enum { FIRST_CACHE = 64 };

/* ---- memory ---- */

lots_status lots_new_u32(lots_arena *arena, size_t count, uint32_t **out, lots_error *err)
{
    void *data = NULL;
    LOTS_TRY(lots_arena_vector(arena, &data, count, sizeof(uint32_t), err));
    *out = data;
    return LOTS_OK;
}

lots_status lots_new_i32(lots_arena *arena, size_t count, int32_t **out, lots_error *err)
{
    void *data = NULL;
    LOTS_TRY(lots_arena_vector(arena, &data, count, sizeof(int32_t), err));
    *out = data;
    return LOTS_OK;
}

lots_status lots_new_i64(lots_arena *arena, size_t count, int64_t **out, lots_error *err)
{
    void *data = NULL;
    LOTS_TRY(lots_arena_vector(arena, &data, count, sizeof(int64_t), err));
    *out = data;
    return LOTS_OK;
}

lots_status lots_new_bits(lots_arena *arena, size_t count, uint64_t **out, lots_error *err)
{
    void *data = NULL;
    LOTS_TRY(lots_arena_vector(arena, &data, lots_bit_words(count) + 1, sizeof(uint64_t), err));
    memset(data, 0, (lots_bit_words(count) + 1) * sizeof(uint64_t));
    *out = data;
    return LOTS_OK;
}

lots_status lots_new_words(lots_arena *arena, size_t count, uint64_t **out, lots_error *err)
{
    void *data = NULL;
    LOTS_TRY(lots_arena_vector(arena, &data, lots_bit_words(count) + 1, sizeof(uint64_t), err));
    *out = data;
    (*out)[lots_bit_words(count)] = 0;
    return LOTS_OK;
}

lots_status lots_copy_bits(lots_arena *arena, const uint64_t *bits, size_t count, uint64_t **out, lots_error *err)
{
    LOTS_TRY(lots_new_words(arena, count, out, err));
    memcpy(*out, bits, lots_bit_words(count) * sizeof *bits);
    return LOTS_OK;
}

lots_status lots_same_rows(lots_worker *worker, uint32_t count, const uint32_t **out, lots_error *err)
{
    if (worker->same_count < count || worker->same == NULL) {
        const uint32_t room = count < UINT32_MAX / 2 ? 2 * count : count; /* chunks are of much the same size */
        uint32_t *same = NULL;
        LOTS_TRY(lots_new_u32(&worker->tables, room, &same, err));
        for (uint32_t i = 0; i < room; i++)
            same[i] = i;
        worker->same = same;
        worker->same_count = room;
    }
    *out = worker->same;
    return LOTS_OK;
}

/* ---- depths ---- */

static void reset_depth(lots_depth *depth)
{
    lots_arena_reset(&depth->arena);
    depth->epoch++;
    depth->cache_used = 0;
    depth->relations = NULL;
    depth->resolved = NULL;
}

void lots_depth_reset(lots_worker *worker, uint32_t depth)
{
    for (uint32_t d = depth; d < worker->depth_count; d++)
        reset_depth(&worker->depths[d]);
}

lots_arena *lots_instance_arena(lots_worker *worker, const lots_instance *rows)
{
    return &worker->depths[rows->depth].arena;
}

/* ---- cache ---- */

static uint64_t cache_key(const lots_instance *rows, uint32_t key) { return (uint64_t)rows->serial << 32 | key; }

static lots_cached *find_slot(lots_cached *cache, uint32_t capacity, uint64_t epoch, uint64_t key)
{
    uint32_t at = (uint32_t)lots_hash64(key) & (capacity - 1);
    while (cache[at].epoch == epoch && cache[at].key != key)
        at = (at + 1) & (capacity - 1);
    return &cache[at];
}

const lots_vector *lots_cache_find(const lots_worker *worker, const lots_instance *rows, uint32_t key)
{
    const lots_depth *depth = &worker->depths[rows->depth];
    if (depth->cache_used == 0)
        return NULL;
    const lots_cached *found = find_slot(depth->cache, depth->cache_capacity, depth->epoch, cache_key(rows, key));
    return found->epoch == depth->epoch ? &found->value : NULL;
}

static lots_status grow_cache(lots_depth *depth, lots_error *err)
{
    const uint32_t capacity = depth->cache_capacity == 0 ? FIRST_CACHE : depth->cache_capacity * 2;
    void *room = NULL;
    LOTS_TRY(lots_alloc(&room, capacity, sizeof(lots_cached), err));
    lots_cached *grown = room;
    for (uint32_t i = 0; i < depth->cache_capacity; i++)
        if (depth->cache[i].epoch == depth->epoch)
            *find_slot(grown, capacity, depth->epoch, depth->cache[i].key) = depth->cache[i];
    lots_free(depth->cache);
    depth->cache = grown;
    depth->cache_capacity = capacity;
    return LOTS_OK;
}

lots_status lots_cache_put(lots_worker *worker, const lots_instance *rows, uint32_t key, const lots_vector *value,
                           lots_error *err)
{
    lots_depth *depth = &worker->depths[rows->depth];
    if (2 * (depth->cache_used + 1) > depth->cache_capacity)
        LOTS_TRY(grow_cache(depth, err));
    lots_cached *slot = find_slot(depth->cache, depth->cache_capacity, depth->epoch, cache_key(rows, key));
    if (slot->epoch != depth->epoch)
        depth->cache_used++;
    *slot = (lots_cached){cache_key(rows, key), depth->epoch, *value};
    return LOTS_OK;
}

/* ---- instances ---- */

lots_status lots_instance_new(lots_worker *worker, uint32_t frame, uint32_t count, const lots_instance *parent,
                              uint32_t depth, lots_instance **out, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(&worker->depths[depth].arena, &room, 1, sizeof(lots_instance), err));
    lots_instance *made = room;
    made->frame = frame;
    made->count = count;
    made->parent = parent;
    made->serial = ++worker->serial;
    made->depth = depth;
    *out = made;
    return LOTS_OK;
}

const lots_instance *lots_instance_of(const lots_worker *worker, const lots_instance *rows, uint32_t frame)
{
    if (frame == LOTS_FRAME_CONSTANT)
        return &worker->constant;
    for (const lots_instance *at = rows; at != NULL; at = at->parent)
        if (at->frame == frame)
            return at;
    return NULL;
}

lots_status lots_instance_parents(lots_worker *worker, const lots_instance *rows, const uint32_t **out, lots_error *err)
{
    uint32_t *made = NULL;
    if (rows->parent_index == NULL && rows->parent_offsets != NULL) {
        LOTS_TRY(lots_new_u32(lots_instance_arena(worker, rows), rows->count, &made, err));
        worker->kernels->broadcast_index(rows->parent_offsets, rows->parent->count, made);
        ((lots_instance *)rows)->parent_index = made; /* instances are the worker's, const to those it lends them to */
    }
    *out = rows->parent_index;
    return LOTS_OK;
}

lots_status lots_instance_index(lots_worker *worker, const lots_instance *rows, const lots_instance *ancestor,
                                const uint32_t **out, lots_error *err)
{
    *out = NULL;
    if (rows == ancestor)
        return LOTS_OK;
    if (rows->parent == ancestor)
        return lots_instance_parents(worker, rows, out, err);
    if (rows->parent == NULL)
        return lots_fail(err, LOTS_INTERNAL, "frame %u is not above frame %u", ancestor->frame, rows->frame);
    const uint32_t key = worker->query->expr_count + ancestor->frame;
    const lots_vector *cached = lots_cache_find(worker, rows, key);
    if (cached != NULL) {
        *out = cached->data;
        return LOTS_OK;
    }
    const uint32_t *above = NULL, *parents = NULL;
    LOTS_TRY(lots_instance_index(worker, rows->parent, ancestor, &above, err));
    LOTS_TRY(lots_instance_parents(worker, rows, &parents, err));
    if (above == NULL || parents == NULL) {
        *out = above == NULL ? parents : above;
        return LOTS_OK;
    }
    uint32_t *composed = NULL;
    LOTS_TRY(lots_new_u32(lots_instance_arena(worker, rows), rows->count, &composed, err));
    worker->kernels->gather_u32(above, parents, rows->count, composed);
    *out = composed;
    const lots_vector value = {.type = {.kind = LOTS_TYPE_EVENTS}, .count = rows->count, .data = composed};
    return lots_cache_put(worker, rows, key, &value, err);
}

/* ---- open, close ---- */

static lots_status new_table(lots_worker *worker, void **out, size_t count, size_t size, lots_error *err)
{
    return lots_arena_alloc(&worker->tables, out, count, size, err);
}

static lots_status open_tables(lots_worker *worker, lots_error *err)
{
    const lots_query *query = worker->query;
    void *room = NULL;
    LOTS_TRY(new_table(worker, &room, query->expr_count, sizeof(lots_home), err));
    worker->homes = room;
    LOTS_TRY(new_table(worker, &room, query->expr_count, sizeof(uint32_t), err));
    worker->alike.ids = room;
    LOTS_TRY(new_table(worker, &room, query->expr_count, sizeof(lots_local_set), err));
    worker->local_sets = room;
    LOTS_TRY(new_table(worker, &room, query->expr_count, sizeof(uint64_t *), err));
    worker->rank_tables = room;
    LOTS_TRY(new_table(worker, &room, worker->schema->stream_count, sizeof(lots_level_table), err));
    worker->levels = room;
    LOTS_TRY(new_table(worker, &room, worker->schema->table_count, sizeof(lots_table_index), err));
    worker->indexes = room;
    return LOTS_OK;
}

lots_status lots_worker_open(lots_worker **out, const lots_query *query, size_t memory_bytes, const _Atomic bool *stop,
                             lots_error *err)
{
    *out = NULL;
    void *room = NULL;
    LOTS_TRY(lots_alloc(&room, 1, sizeof(lots_worker), err));
    lots_worker *worker = room;
    worker->query = query;
    worker->registry = query->registry;
    worker->schema = lots_registry_schema(query->registry);
    worker->kernels = lots_kernels_get();
    worker->stop = stop;
    worker->constant.frame = LOTS_FRAME_CONSTANT;
    worker->constant.count = 1;
    lots_arena_init(&worker->tables, 0);
    lots_arena_init(&worker->scratch, memory_bytes);
    room = NULL;
    lots_status status = lots_alloc(&room, query->frame_count + 2, sizeof(lots_depth), err);
    if (status == LOTS_OK) {
        worker->depths = room;
        worker->depth_count = worker->constant.depth = query->frame_count + 1;
        for (uint32_t d = 0; d <= worker->depth_count; d++) {
            lots_arena_init(&worker->depths[d].arena, memory_bytes);
            worker->depths[d].epoch = 1;
        }
        status = open_tables(worker, err);
    }
    if (status != LOTS_OK) {
        lots_worker_close(worker);
        return status;
    }
    *out = worker;
    return LOTS_OK;
}

void lots_worker_share(lots_worker *worker, lots_budget *budget)
{
    lots_arena_share(&worker->scratch, budget);
    for (uint32_t d = 0; d <= worker->depth_count; d++)
        lots_arena_share(&worker->depths[d].arena, budget);
}

void lots_worker_close(lots_worker *worker)
{
    if (worker == NULL)
        return;
    for (uint32_t e = 0; worker->local_sets != NULL && e < worker->query->expr_count; e++)
        lots_free(worker->local_sets[e].table);
    for (uint32_t d = 0; worker->depths != NULL && d <= worker->depth_count; d++) {
        lots_free(worker->depths[d].cache);
        lots_arena_free(&worker->depths[d].arena);
    }
    lots_free(worker->depths);
    lots_free(worker->stamps);
    lots_arena_free(&worker->scratch);
    lots_arena_free(&worker->tables);
    lots_free(worker);
}

lots_arena *lots_worker_arena(lots_worker *worker) { return &worker->depths[0].arena; }

lots_patient lots_worker_first_patient(const lots_worker *worker) { return worker->first_patient; }

const lots_work *lots_worker_work(const lots_worker *worker) { return &worker->work; }

lots_status lots_worker_check(lots_worker *worker, lots_error *err)
{
    if (worker->stop != NULL && atomic_load_explicit(worker->stop, memory_order_relaxed))
        return lots_fail(err, LOTS_INTERRUPTED, "stopped");
    return LOTS_OK;
}

/* ---- chunks ---- */

static void forget_chunk(lots_worker *worker)
{
    lots_depth_reset(worker, 0);
    lots_arena_reset(&worker->scratch);
    worker->serial = 0;
    worker->top = 0;
    worker->segment = NULL;
    worker->carried = NULL;
    worker->patients = NULL;
    worker->wanted = NULL;
    worker->left = NULL;
    for (uint32_t i = 0; worker->beyond_pends && i < 2 * worker->schema->stream_count; i++)
        worker->beyond[i].pending = NULL;
    worker->beyond_pends = false;
}

lots_status lots_worker_begin(lots_worker *worker, uint32_t segment, uint32_t chunk, const lots_instance **patients,
                              lots_error *err)
{
    forget_chunk(worker);
    LOTS_TRY(lots_worker_check(worker, err));
    LOTS_TRY(lots_registry_segment(worker->registry, segment, &worker->segment, err));
    worker->segment_index = segment;
    worker->chunk = chunk;
    const uint32_t first = lots_segment_chunk_first(worker->segment, chunk);
    const uint32_t end = lots_segment_chunk_first(worker->segment, chunk + 1);
    worker->first_patient = lots_registry_segment_first(worker->registry, segment) + first;
    LOTS_TRY(lots_columns_begin(worker, err));
    LOTS_TRY(lots_instance_new(worker, LOTS_FRAME_PATIENT, end - first, &worker->constant, 0, &worker->patients, err));
    worker->work.chunks++;
    *patients = worker->patients;
    return LOTS_OK;
}

lots_status lots_worker_begin_table(lots_worker *worker, lots_error *err)
{
    forget_chunk(worker);
    return lots_worker_check(worker, err);
}

lots_status lots_worker_begin_carried(lots_worker *worker, const uint32_t *carried, lots_error *err)
{
    LOTS_TRY(lots_worker_begin_table(worker, err));
    worker->carried = carried;
    return LOTS_OK;
}
