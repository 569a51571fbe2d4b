/* rowset.c: see rowset.h. */
#include "query/exec/rowset.h"

#include <string.h>

#include "core/base/memory.h"

lots_status lots_rowset_permute(lots_rowset *rows, const uint32_t *order, uint32_t count, lots_arena *arena,
                                lots_error *err)
{
    void *made = NULL;
    lots_vector moved;
    for (uint32_t i = 0; i < rows->slot_count; i++) {
        if (rows->slots[i].type.kind == LOTS_TYPE_MISSING && rows->slots[i].count == 0)
            continue;
        lots_vector flat;
        LOTS_TRY(lots_vector_flatten(arena, &rows->slots[i], &flat, err));
        LOTS_TRY(lots_vector_gather(arena, &flat, order, count, &moved, err));
        rows->slots[i] = moved;
    }
    if (rows->behind.data != NULL) {
        lots_vector flat;
        LOTS_TRY(lots_vector_flatten(arena, &rows->behind, &flat, err));
        LOTS_TRY(lots_vector_gather(arena, &flat, order, count, &moved, err));
        rows->behind = moved;
    }
    for (uint32_t i = 0; rows->marks != NULL && i <= rows->slot_count; i++)
        if (rows->marks[i].data != NULL) {
            LOTS_TRY(lots_vector_gather(arena, &rows->marks[i], order, count, &moved, err));
            rows->marks[i] = moved;
        }
    if (rows->origin != NULL) {
        LOTS_TRY(lots_arena_alloc(arena, &made, count, sizeof(lots_origin), err));
        for (uint32_t i = 0; i < count; i++)
            ((lots_origin *)made)[i] = rows->origin[order[i]];
        rows->origin = made;
    }
    rows->count = count;
    return LOTS_OK;
}

lots_status lots_rowset_filter(lots_rowset *rows, const uint64_t *keep, lots_arena *arena, lots_error *err)
{
    void *order = NULL;
    uint64_t count = lots_bits_count(keep, rows->count);
    if (count == rows->count)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(arena, &order, rows->count, sizeof(uint32_t), err));
    lots_bits_indexes(keep, rows->count, order);
    return lots_rowset_permute(rows, order, (uint32_t)count, arena, err);
}

lots_status lots_gathered_open(lots_gathered *part, uint32_t slot_count, uint32_t extra_count, lots_error *err)
{
    void *made = NULL;
    memset(part, 0, sizeof *part);
    part->origin = LOTS_VEC(lots_origin);
    part->position = LOTS_VEC(uint32_t);
    LOTS_TRY(lots_alloc(&made, slot_count, sizeof(lots_collected), err));
    part->slots = made;
    part->slot_count = slot_count;
    LOTS_TRY(lots_alloc(&made, extra_count, sizeof(lots_collected), err));
    part->extras = made;
    part->extra_count = extra_count;
    return LOTS_OK;
}

static void close_columns(lots_collected *columns, uint32_t count)
{
    for (uint32_t i = 0; columns != NULL && i < count; i++)
        if (columns[i].values.item_size != 0)
            lots_collected_close(&columns[i]);
    lots_free(columns);
}

void lots_gathered_close(lots_gathered *part)
{
    close_columns(part->slots, part->slot_count);
    close_columns(part->extras, part->extra_count);
    lots_vec_free(&part->origin);
    lots_vec_free(&part->position);
    memset(part, 0, sizeof *part);
}

static lots_status join_columns(lots_collected *to, const lots_collected *from, uint32_t count, lots_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (from[i].values.item_size == 0)
            continue;
        if (to[i].values.item_size == 0)
            lots_collected_open(&to[i], &from[i].type);
        LOTS_TRY(lots_collected_join(&to[i], &from[i], err));
    }
    return LOTS_OK;
}

static lots_status join_vec(lots_vec *to, const lots_vec *from, lots_error *err)
{
    void *room = NULL;
    if (from->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_vec_extend(to, from->count, &room, err));
    memcpy(room, from->data, from->count * from->item_size);
    return LOTS_OK;
}

lots_status lots_gathered_join(lots_gathered *part, const lots_gathered *from, lots_error *err)
{
    LOTS_TRY(join_vec(&part->origin, &from->origin, err));
    LOTS_TRY(join_vec(&part->position, &from->position, err));
    LOTS_TRY(join_columns(part->slots, from->slots, part->slot_count, err));
    return join_columns(part->extras, from->extras, part->extra_count, err);
}
