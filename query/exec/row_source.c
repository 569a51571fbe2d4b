/* row_source.c: the rows of a pipeline: made from its source, narrowed, brought back, and those of tables. */
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/worker.h"

static lots_status new_slots(lots_worker *worker, lots_instance *rows, uint32_t slot_count, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(lots_instance_arena(worker, rows), &room, slot_count, sizeof(lots_vector), err));
    rows->slots = room;
    rows->slot_count = slot_count;
    return LOTS_OK;
}

static lots_status new_rows(lots_worker *worker, const lots_bound_pipeline *pipeline, uint32_t count,
                            lots_instance **out, lots_error *err)
{
    LOTS_TRY(lots_instance_new(worker, pipeline->row_frame, count, worker->patients, 0, out, err));
    return new_slots(worker, *out, pipeline->slot_count, err);
}

lots_status lots_rows_of_relation(lots_worker *worker, const lots_bound_pipeline *pipeline, const lots_relation_rows *relation,
                                  lots_instance **out, lots_error *err)
{
    LOTS_TRY(new_rows(worker, pipeline, relation->count, out, err));
    (*out)->parent_offsets = relation->offsets;
    return LOTS_OK;
}

static lots_status rows_of_set(lots_worker *worker, const lots_bound_pipeline *pipeline, lots_instance **out,
                               lots_error *err)
{
    lots_element_list list;
    LOTS_TRY(lots_set_list(worker, pipeline->source, worker->patients, &list, err));
    const uint32_t count = list.offsets[worker->patients->count];
    LOTS_TRY(new_rows(worker, pipeline, count, out, err));
    (*out)->parent_offsets = list.offsets;
    if (count == list.relation->count && pipeline->source->event == NULL) /* row i is relation row i */
        return LOTS_OK;
    (*out)->relation_row = list.rows;
    (*out)->relation_bits = list.bits;
    return LOTS_OK;
}

lots_status lots_rows_begin(lots_worker *worker, const lots_bound_pipeline *pipeline, lots_instance **out,
                            lots_error *err)
{
    if (pipeline->source != NULL)
        return rows_of_set(worker, pipeline, out, err);
    return new_rows(worker, pipeline, worker->patients->count, out, err);
}

static lots_status copy_indexes(lots_worker *worker, const uint32_t *from, uint32_t count, const uint32_t **out,
                                lots_error *err)
{
    uint32_t *copy = NULL;
    if (from == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(&worker->depths[0].arena, count, &copy, err));
    if (count > 0)
        memcpy(copy, from, count * sizeof(uint32_t));
    *out = copy;
    return LOTS_OK;
}

lots_status lots_rows_restore(lots_worker *worker, const lots_bound_pipeline *pipeline, const uint32_t *patient,
                              const uint32_t *relation_row, const uint32_t *ordinal, uint32_t count, lots_instance **out,
                              lots_error *err)
{
    LOTS_TRY(new_rows(worker, pipeline, count, out, err));
    LOTS_TRY(copy_indexes(worker, ordinal, count, &(*out)->ordinal, err));
    LOTS_TRY(copy_indexes(worker, patient, count, &(*out)->parent_index, err));
    return copy_indexes(worker, relation_row, count, &(*out)->relation_row, err);
}

lots_status lots_rows_again(lots_worker *worker, const lots_bound_pipeline *pipeline, const lots_instance *rows,
                            lots_instance **out, lots_error *err)
{
    LOTS_TRY(new_rows(worker, pipeline, rows->count, out, err));
    (*out)->parent_index = rows->parent_index;
    (*out)->parent_offsets = rows->parent_offsets;
    (*out)->parent_bits = rows->parent_bits;
    (*out)->relation_row = rows->relation_row;
    (*out)->relation_bits = rows->relation_bits;
    (*out)->ordinal = rows->ordinal;
    const uint32_t slots = rows->slot_count < pipeline->slot_count ? rows->slot_count : pipeline->slot_count;
    if (slots > 0)
        memcpy((*out)->slots, rows->slots, slots * sizeof(lots_vector));
    return LOTS_OK;
}

/* from[index[i]], or index itself when from is the identity. */
static lots_status take_indexes(lots_worker *worker, lots_arena *arena, const uint32_t *from, const uint32_t *index,
                                uint32_t count, const uint32_t **out, lots_error *err)
{
    uint32_t *taken = NULL;
    *out = index;
    if (from == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena, count, &taken, err));
    worker->kernels->gather_u32(from, index, count, taken);
    *out = taken;
    return LOTS_OK;
}

/* Whose the kept rows are. Of rows that are grouped by their parent, `keep` (NULL: not known) tells where the groups begin
 * among those kept, and parents needn't be known row by row. */
static lots_status take_parents(lots_worker *worker, const lots_instance *rows, const uint64_t *keep, const uint32_t *index,
                                lots_instance *taken, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(worker, rows);
    const size_t words = lots_bit_words(rows->count);
    const uint32_t *parents = NULL;
    uint32_t *before = NULL, *offsets = NULL;
    if (keep == NULL || rows->parent_index != NULL || rows->parent_offsets == NULL) {
        LOTS_TRY(lots_instance_parents(worker, rows, &parents, err));
        return take_indexes(worker, arena, parents, index, taken->count, &taken->parent_index, err);
    }
    LOTS_TRY(lots_new_u32(arena, words + 1, &before, err));
    LOTS_TRY(lots_new_u32(arena, (size_t)rows->parent->count + 1, &offsets, err));
    before[words] = worker->kernels->count_prefix(keep, words, 0, before);
    worker->kernels->bit_ranks(keep, before, rows->parent_offsets, (size_t)rows->parent->count + 1, offsets);
    taken->parent_offsets = offsets;
    return LOTS_OK;
}

/* Of rows each of which is its parent's only one. */
static lots_status take_parent_bits(const lots_instance *rows, const uint64_t *keep, lots_arena *arena, lots_instance *taken,
                                    lots_error *err)
{
    uint64_t *bits = NULL;
    if (rows->parent == NULL || rows->parent_index != NULL || rows->parent_offsets != NULL || rows->count != rows->parent->count)
        return LOTS_OK;
    LOTS_TRY(lots_copy_bits(arena, keep, rows->count, &bits, err));
    taken->parent_bits = bits;
    return LOTS_OK;
}

static lots_status take_rows(lots_worker *worker, const lots_instance *rows, const uint64_t *keep, const uint32_t *index,
                             uint32_t count, lots_instance **out, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(worker, rows);
    lots_instance *taken = NULL;
    const bool dense = keep != NULL && 2 * (uint64_t)count >= rows->count; /* then bits move values faster than indexes */
    const uint32_t relation = worker->query->frames[rows->frame].relation;
    LOTS_TRY(lots_instance_new(worker, rows->frame, count, rows->parent, rows->depth, &taken, err));
    if (rows->parent != NULL)
        LOTS_TRY(take_parents(worker, rows, keep, index, taken, err));
    if (dense)
        LOTS_TRY(take_parent_bits(rows, keep, arena, taken, err));
    if (rows->parent != NULL && (rows->relation_row != NULL || relation < worker->query->relation_count))
        LOTS_TRY(take_indexes(worker, arena, rows->relation_row, index, count, &taken->relation_row, err));
    if (rows->ordinal != NULL)
        LOTS_TRY(take_indexes(worker, arena, rows->ordinal, index, count, &taken->ordinal, err));
    LOTS_TRY(new_slots(worker, taken, rows->slot_count, err));
    for (uint32_t s = 0; s < rows->slot_count; s++)
        if (rows->slots[s].data != NULL && rows->slots[s].count == rows->count)
            LOTS_TRY(dense ? lots_vector_pick(arena, &rows->slots[s], keep, index, count, &taken->slots[s], err)
                           : lots_vector_take(arena, &rows->slots[s], index, count, &taken->slots[s], err));
    worker->work.rows += rows->count;
    *out = taken;
    return LOTS_OK;
}

lots_status lots_rows_take(lots_worker *worker, const lots_instance *rows, const uint32_t *index, uint32_t count,
                           lots_instance **out, lots_error *err)
{
    return take_rows(worker, rows, NULL, index, count, out, err);
}

lots_status lots_rows_filter(lots_worker *worker, const lots_instance *rows, const uint64_t *keep, lots_instance **out,
                             lots_error *err)
{
    const uint32_t count = (uint32_t)worker->kernels->bits_count(keep, rows->count);
    uint32_t *index = NULL;
    LOTS_TRY(lots_new_u32(lots_instance_arena(worker, rows), count, &index, err));
    worker->kernels->bits_indexes(keep, rows->count, index);
    return take_rows(worker, rows, keep, index, count, out, err);
}

lots_status lots_rows_table(lots_worker *worker, uint32_t frame, const lots_vector *columns, uint32_t column_count,
                            uint32_t count, lots_instance **out, lots_error *err)
{
    LOTS_TRY(lots_instance_new(worker, frame, count, NULL, 0, out, err));
    LOTS_TRY(new_slots(worker, *out, column_count, err));
    if (column_count > 0)
        memcpy((*out)->slots, columns, column_count * sizeof(lots_vector));
    return LOTS_OK;
}

lots_status lots_rows_patients(lots_worker *worker, const lots_instance *rows, const uint32_t **out, lots_error *err)
{
    LOTS_TRY(lots_instance_index(worker, rows, worker->patients, out, err));
    return *out != NULL ? LOTS_OK : lots_same_rows(worker, rows->count, out, err);
}
