/* pairs.c: an element of a set beside one row of the frame in which the set stands, for what looks at both. Pairs are
 * made in batches of bounded size over rows that pass the mask and the windows, and narrowed filter by filter. */
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/wanted.h"

enum { SEEK_FIRST = 4, SEEK_GROWTH = 4 }; /* candidates looked at for each row in the first round, and how that grows */

typedef struct pair_list {
    lots_worker *worker;
    const lots_candidates *candidates;
    uint32_t depth;
    uint32_t count;
    uint32_t *relation_row;
    uint32_t *row;     /* of the candidates' rows */
    uint32_t *origin;  /* number when made; NULL: not asked for */
    uint64_t *failed;  /* by origin (or by pair as made); NULL: none */
    const lots_expr *culprit;
    uint32_t made;     /* how many there were at first */
    lots_instance *instance;
} pair_list;

static lots_arena *arena_of(const pair_list *pairs) { return &pairs->worker->depths[pairs->depth].arena; }

static lots_status take_depth(lots_worker *worker, uint32_t *depth, lots_error *err)
{
    if (worker->top + 1 >= worker->depth_count)
        return lots_fail(err, LOTS_INTERNAL, "event sets nest deeper than %u", worker->depth_count);
    *depth = ++worker->top;
    lots_depth_reset(worker, *depth);
    return LOTS_OK;
}

static void give_depth(lots_worker *worker, uint32_t depth)
{
    lots_depth_reset(worker, depth);
    worker->top = depth - 1;
}

static lots_status new_instance(pair_list *pairs, lots_error *err)
{
    LOTS_TRY(lots_instance_new(pairs->worker, pairs->candidates->set->frame, pairs->count, pairs->candidates->rows,
                               pairs->depth, &pairs->instance, err));
    pairs->instance->parent_index = pairs->row;
    pairs->instance->relation_row = pairs->relation_row;
    return LOTS_OK;
}

/* ---- filters ---- */

static void note_failures(pair_list *pairs, const lots_vector *value)
{
    for (size_t i = lots_bits_next(value->failed, 0, pairs->count); i < pairs->count;
         i = lots_bits_next(value->failed, i + 1, pairs->count))
        lots_bit_set(pairs->failed, pairs->origin[i]);
    pairs->culprit = value->culprit;
}

static lots_status keep_pairs(pair_list *pairs, const uint64_t *keep, lots_error *err)
{
    const lots_kernels *kernels = pairs->worker->kernels;
    uint32_t *relation_row = NULL, *row = NULL, *origin = NULL;
    const uint32_t count = (uint32_t)lots_bits_count(keep, pairs->count);
    if (count == pairs->count)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena_of(pairs), count, &relation_row, err));
    LOTS_TRY(lots_new_u32(arena_of(pairs), count, &row, err));
    LOTS_TRY(lots_new_u32(arena_of(pairs), count, &origin, err));
    kernels->compress_u32(keep, pairs->count, pairs->relation_row, relation_row);
    kernels->compress_u32(keep, pairs->count, pairs->row, row);
    kernels->compress_u32(keep, pairs->count, pairs->origin, origin);
    pairs->relation_row = relation_row;
    pairs->row = row;
    pairs->origin = origin;
    pairs->count = count;
    return new_instance(pairs, err);
}

static lots_status filter_pairs(pair_list *pairs, lots_error *err)
{
    const lots_candidates *candidates = pairs->candidates;
    pairs->made = pairs->count;
    pairs->worker->work.rows += pairs->count;
    LOTS_TRY(new_instance(pairs, err));
    if (candidates->pair_count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena_of(pairs), pairs->count, &pairs->origin, err));
    for (uint32_t i = 0; i < pairs->count; i++)
        pairs->origin[i] = i;
    for (uint32_t f = 0; f < candidates->pair_count && pairs->count > 0; f++) {
        lots_vector value, flat;
        LOTS_TRY(lots_value(pairs->worker, candidates->pair_filters[f], pairs->instance, &value, err));
        LOTS_TRY(lots_vector_flatten(arena_of(pairs), &value, &flat, err));
        if (flat.failed != NULL) {
            if (pairs->failed == NULL)
                LOTS_TRY(lots_new_bits(arena_of(pairs), pairs->made, &pairs->failed, err));
            note_failures(pairs, &flat);
        }
        LOTS_TRY(keep_pairs(pairs, flat.data, err));
    }
    return LOTS_OK;
}

/* ---- making ---- */

static uint32_t entry_at(const lots_candidates *candidates, uint32_t at)
{
    return candidates->list == NULL ? at : candidates->list[at];
}

static bool masked_out(const lots_candidates *candidates, uint32_t entry)
{
    return candidates->mask != NULL && !lots_bit_get(candidates->mask, entry);
}

static void put_pair(pair_list *pairs, uint32_t entry, uint32_t row)
{
    pairs->relation_row[pairs->count] = entry;
    pairs->row[pairs->count++] = row;
}

/* All candidates of a row that pass the mask. */
static void put_all(pair_list *pairs, uint32_t row)
{
    const lots_candidates *candidates = pairs->candidates;
    const uint32_t first = candidates->first[row], end = candidates->end[row];
    if (candidates->list == NULL && candidates->mask != NULL) {
        for (size_t i = lots_bits_next(candidates->mask, first, end); i < end;
             i = lots_bits_next(candidates->mask, i + 1, end))
            put_pair(pairs, (uint32_t)i, row);
        return;
    }
    for (uint32_t i = first; i < end; i++)
        if (!masked_out(candidates, entry_at(candidates, i)))
            put_pair(pairs, entry_at(candidates, i), row);
}

static lots_status new_pairs(lots_worker *worker, const lots_candidates *candidates, uint32_t depth, size_t room,
                             pair_list *out, lots_error *err)
{
    *out = (pair_list){.worker = worker, .candidates = candidates, .depth = depth};
    LOTS_TRY(lots_new_u32(arena_of(out), room, &out->relation_row, err));
    return lots_new_u32(arena_of(out), room, &out->row, err);
}

/* ---- batches ---- */

lots_status lots_batches_begin(lots_batches *batches, const lots_candidates *candidates, lots_error *err)
{
    *batches = (lots_batches){.candidates = candidates};
    return take_depth(candidates->worker, &batches->depth, err);
}

void lots_batches_end(lots_batches *batches) { give_depth(batches->candidates->worker, batches->depth); }

static lots_status mark_failed_rows(const pair_list *pairs, const uint32_t *made_row, lots_pairs *out, lots_error *err)
{
    const lots_candidates *candidates = pairs->candidates;
    lots_arena *arena = arena_of(pairs);
    if (pairs->failed == NULL && candidates->failed == NULL && candidates->row_failed == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(arena, out->to - out->from, &out->failed, err));
    for (uint32_t i = 0; pairs->failed != NULL && i < pairs->made; i++)
        if (lots_bit_get(pairs->failed, i))
            lots_bit_set(out->failed, made_row[i] - out->from);
    out->culprit = pairs->culprit != NULL ? pairs->culprit : candidates->culprit;
    for (uint32_t row = out->from; row < out->to; row++) {
        if (candidates->row_failed != NULL && lots_bit_get(candidates->row_failed, row))
            lots_bit_set(out->failed, row - out->from);
        for (uint32_t i = candidates->first[row]; candidates->failed != NULL && i < candidates->end[row]; i++)
            if (lots_bit_get(candidates->failed, entry_at(candidates, i)))
                lots_bit_set(out->failed, row - out->from);
    }
    return LOTS_OK;
}

lots_status lots_batches_next(lots_batches *batches, lots_pairs *out, lots_error *err)
{
    const lots_candidates *candidates = batches->candidates;
    lots_worker *worker = candidates->worker;
    pair_list pairs;
    uint64_t room = 0;
    *out = (lots_pairs){.from = batches->at, .to = batches->at};
    lots_depth_reset(worker, batches->depth);
    LOTS_TRY(lots_worker_check(worker, err));
    while (out->to < candidates->count) {
        const uint64_t more = candidates->end[out->to] - candidates->first[out->to];
        if (room > 0 && room + more > LOTS_PAIRS_BATCH)
            break;
        room += more;
        out->to++;
    }
    batches->at = out->to;
    if (out->from == out->to)
        return LOTS_OK;
    LOTS_TRY(new_pairs(worker, candidates, batches->depth, (size_t)room, &pairs, err));
    for (uint32_t row = out->from; row < out->to; row++)
        put_all(&pairs, row);
    worker->work.rows += room;
    const uint32_t *made_row = pairs.row;
    LOTS_TRY(filter_pairs(&pairs, err));
    LOTS_TRY(mark_failed_rows(&pairs, made_row, out, err));
    LOTS_TRY(lots_new_u32(arena_of(&pairs), (size_t)(out->to - out->from) + 1, &out->offsets, err));
    uint32_t at = 0;
    for (uint32_t row = out->from; row < out->to; row++) {
        out->offsets[row - out->from] = at;
        while (at < pairs.count && pairs.row[at] == row)
            at++;
    }
    out->offsets[out->to - out->from] = at;
    out->count = pairs.count;
    out->relation_row = pairs.relation_row;
    out->instance = pairs.instance;
    return LOTS_OK;
}

/* ---- seeking ---- */

typedef struct seeker {
    const lots_candidates *candidates;
    bool backward;
    uint32_t *at, *to;   /* by row: what is left to look at */
    uint32_t *pending;   /* rows not yet settled */
    uint32_t pending_count;
    uint32_t *out;
    uint64_t *failed;
    const lots_expr *culprit;
} seeker;

/* Up to `step` more candidates of a row, nearest first. */
static void put_some(pair_list *pairs, seeker *seek, uint32_t row, uint32_t step)
{
    uint32_t put = 0;
    while (put < step && seek->at[row] < seek->to[row]) {
        const uint32_t at = seek->backward ? --seek->to[row] : seek->at[row]++;
        const uint32_t entry = entry_at(seek->candidates, at);
        if (masked_out(seek->candidates, entry)) {
            if (seek->candidates->list != NULL)
                continue;
            if (seek->backward) { /* skip a run of rows masked out */
                const size_t next = lots_bits_previous(seek->candidates->mask, seek->at[row], at);
                seek->to[row] = next == SIZE_MAX ? seek->at[row] : (uint32_t)next + 1;
            } else {
                seek->at[row] = (uint32_t)lots_bits_next(seek->candidates->mask, at, seek->to[row]);
            }
            continue;
        }
        put_pair(pairs, entry, row);
        put++;
    }
}

/* The first pair of each row that passed settles it; one that failed before it fails the row. */
static void settle(seeker *seek, const pair_list *pairs, const uint32_t *made_row, const uint32_t *made_entry)
{
    uint32_t passed = 0;
    for (uint32_t i = 0; i < pairs->made; i++) {
        const uint32_t row = made_row[i];
        const bool hit = passed < pairs->count && (pairs->origin == NULL ? passed : pairs->origin[passed]) == i;
        if (seek->out[row] == LOTS_NO_ID && !lots_bit_get(seek->failed, row)) {
            if (hit)
                seek->out[row] = made_entry[i];
            else if (pairs->failed != NULL && lots_bit_get(pairs->failed, i)) {
                lots_bit_set(seek->failed, row);
                seek->culprit = pairs->culprit;
            }
        }
        passed += hit ? 1 : 0;
    }
}

static lots_status seek_slice(seeker *seek, uint32_t depth, uint32_t from, uint32_t to, uint32_t step, lots_error *err)
{
    lots_worker *worker = seek->candidates->worker;
    pair_list pairs;
    lots_depth_reset(worker, depth);
    LOTS_TRY(lots_worker_check(worker, err));
    LOTS_TRY(new_pairs(worker, seek->candidates, depth, (size_t)(to - from) * step, &pairs, err));
    for (uint32_t i = from; i < to; i++)
        put_some(&pairs, seek, seek->pending[i], step);
    const uint32_t *made_row = pairs.row, *made_entry = pairs.relation_row;
    LOTS_TRY(filter_pairs(&pairs, err));
    settle(seek, &pairs, made_row, made_entry);
    return LOTS_OK;
}

static void drop_settled(seeker *seek)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < seek->pending_count; i++) {
        const uint32_t row = seek->pending[i];
        if (seek->out[row] == LOTS_NO_ID && !lots_bit_get(seek->failed, row) && seek->at[row] < seek->to[row])
            seek->pending[kept++] = row;
    }
    seek->pending_count = kept;
}

static lots_status seek_rounds(seeker *seek, uint32_t depth, lots_error *err)
{
    uint32_t step = SEEK_FIRST;
    while (seek->pending_count > 0) {
        const uint32_t slice = LOTS_PAIRS_BATCH / step;
        for (uint32_t from = 0; from < seek->pending_count; from += slice) {
            const uint32_t left = seek->pending_count - from;
            LOTS_TRY(seek_slice(seek, depth, from, from + (left < slice ? left : slice), step, err));
        }
        drop_settled(seek);
        if (step < LOTS_PAIRS_BATCH)
            step *= SEEK_GROWTH;
    }
    return LOTS_OK;
}

lots_status lots_candidates_seek(const lots_candidates *candidates, bool backward, uint32_t *out, uint64_t **failed,
                                 const lots_expr **culprit, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(candidates->worker, candidates->rows);
    const uint32_t count = candidates->count;
    seeker seek = {.candidates = candidates, .backward = backward, .out = out};
    uint32_t depth = 0;
    LOTS_TRY(lots_new_u32(arena, count, &seek.at, err));
    LOTS_TRY(lots_new_u32(arena, count, &seek.to, err));
    LOTS_TRY(lots_new_u32(arena, count, &seek.pending, err));
    LOTS_TRY(lots_new_bits(arena, count, &seek.failed, err));
    for (uint32_t i = 0; i < count; i++) {
        out[i] = LOTS_NO_ID;
        seek.at[i] = candidates->first[i];
        seek.to[i] = candidates->end[i];
        if (seek.at[i] < seek.to[i])
            seek.pending[seek.pending_count++] = i;
    }
    LOTS_TRY(take_depth(candidates->worker, &depth, err));
    LOTS_TRY(seek_rounds(&seek, depth, err));
    give_depth(candidates->worker, depth);
    *failed = seek.culprit == NULL ? NULL : seek.failed;
    *culprit = seek.culprit;
    return LOTS_OK;
}

/* ---- whole lists ---- */

typedef struct list_maker {
    lots_arena *arena;
    uint32_t *elements;
    size_t count, room;
} list_maker;

static lots_status make_room(list_maker *maker, size_t more, lots_error *err)
{
    if (maker->count + more <= maker->room)
        return LOTS_OK;
    uint32_t *wider = NULL;
    const size_t room = (maker->count + more) * 2;
    LOTS_TRY(lots_new_u32(maker->arena, room, &wider, err));
    if (maker->count > 0)
        memcpy(wider, maker->elements, maker->count * sizeof(uint32_t));
    maker->elements = wider;
    maker->room = room;
    return LOTS_OK;
}

static lots_status append_batches(lots_batches *batches, list_maker *maker,
                                  uint32_t *offsets, lots_error *err)
{
    for (;;) {
        lots_pairs pairs;
        LOTS_TRY(lots_batches_next(batches, &pairs, err));
        if (pairs.from == pairs.to)
            return LOTS_OK;
        const lots_vector judged = {
            .count = pairs.to - pairs.from, .failed = pairs.failed, .culprit = pairs.culprit};
        LOTS_TRY(lots_raise(&judged, err));
        if (maker->count + pairs.count >= LOTS_NO_ID)
            return lots_fail(err, LOTS_LIMIT, "a set of more than %u events in one chunk", LOTS_NO_ID);
        LOTS_TRY(make_room(maker, pairs.count, err));
        memcpy(maker->elements + maker->count, pairs.relation_row, pairs.count * sizeof(uint32_t));
        for (uint32_t i = pairs.from; i < pairs.to; i++)
            offsets[i + 1] = (uint32_t)maker->count + pairs.offsets[i - pairs.from + 1];
        maker->count += pairs.count;
    }
}

/* Whole groups under a mask, nothing to judge by pairs: the mask's bits are the elements. Of these no rows are listed. */
static lots_status list_groups(const lots_candidates *candidates, lots_element_list *out, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(candidates->worker, candidates->rows);
    const lots_vector judged = {
        .count = candidates->relation->count, .failed = (uint64_t *)candidates->failed, .culprit = candidates->culprit};
    const lots_kernels *kernels = candidates->worker->kernels;
    const uint32_t count = candidates->count, rows = candidates->relation->count;
    const size_t words = lots_bit_words(rows);
    uint32_t *made = NULL, *before = NULL;
    const uint64_t *mask = candidates->mask;
    LOTS_TRY(lots_raise(&judged, err));
    if (candidates->rows == candidates->worker->patients)
        LOTS_TRY(lots_wanted_rows(candidates->worker, candidates->relation, mask, &mask, err));
    candidates->worker->work.rows += rows;
    out->bits = mask;
    if (mask == NULL) {
        out->offsets = candidates->first;
        return lots_same_rows(candidates->worker, rows, &out->rows, err);
    }
    LOTS_TRY(lots_new_u32(arena, (size_t)count + 1, &made, err));
    LOTS_TRY(lots_new_u32(arena, words + 1, &before, err));
    before[words] = kernels->count_prefix(mask, words, 0, before);
    kernels->bit_ranks(mask, before, candidates->first, (size_t)count + 1, made);
    out->offsets = made;
    return LOTS_OK;
}

lots_status lots_set_bits(lots_worker *worker, const lots_set *set, const lots_instance *rows, lots_element_list *out,
                          lots_error *err)
{
    lots_candidates candidates;
    lots_batches batches;
    uint32_t *made = NULL;
    *out = (lots_element_list){.bits = NULL};
    LOTS_TRY(lots_candidates_find(worker, set, rows, &candidates, err));
    out->relation = candidates.relation;
    if (candidates.contiguous && candidates.pair_count == 0 && candidates.list == NULL)
        return list_groups(&candidates, out, err);
    list_maker maker = {.arena = lots_instance_arena(worker, rows)};
    LOTS_TRY(lots_new_u32(maker.arena, (size_t)rows->count + 1, &made, err));
    LOTS_TRY(make_room(&maker, 1, err));
    made[0] = 0;
    LOTS_TRY(lots_batches_begin(&batches, &candidates, err));
    LOTS_TRY(append_batches(&batches, &maker, made, err));
    lots_batches_end(&batches);
    out->offsets = made;
    out->rows = maker.elements;
    return LOTS_OK;
}

lots_status lots_set_rows(lots_worker *worker, const lots_instance *rows, lots_element_list *list, lots_error *err)
{
    uint32_t *made = NULL;
    if (list->rows != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(lots_instance_arena(worker, rows), list->offsets[rows->count], &made, err));
    worker->kernels->bits_indexes(list->bits, list->relation->count, made);
    list->rows = made;
    return LOTS_OK;
}

lots_status lots_set_list(lots_worker *worker, const lots_set *set, const lots_instance *rows, lots_element_list *out,
                          lots_error *err)
{
    LOTS_TRY(lots_set_bits(worker, set, rows, out, err));
    return lots_set_rows(worker, rows, out, err);
}

lots_status lots_set_lists(lots_worker *worker, const lots_set *set, const lots_instance *rows,
                           lots_relation_rows **relation, const uint32_t **offsets, const uint32_t **elements,
                           lots_error *err)
{
    lots_element_list list;
    LOTS_TRY(lots_set_list(worker, set, rows, &list, err));
    *relation = list.relation;
    *offsets = list.offsets;
    *elements = list.rows;
    return LOTS_OK;
}
