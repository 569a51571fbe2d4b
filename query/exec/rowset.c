/* rowset.c: see rowset.h. */
#include "query/exec/rowset.h"

#include <string.h>

static lots_status permute_numbers(uint32_t **numbers, const uint32_t *order, uint32_t count, lots_arena *arena,
                                   lots_error *err)
{
    void *made = NULL;
    if (*numbers == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &made, count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < count; i++)
        ((uint32_t *)made)[i] = (*numbers)[order[i]];
    *numbers = made;
    return LOTS_OK;
}

static lots_status permute_vector(lots_vector *vector, const uint32_t *order, uint32_t count, lots_arena *arena,
                                  lots_error *err)
{
    lots_vector flat, moved;
    LOTS_TRY(lots_vector_flatten(arena, vector, &flat, err));
    LOTS_TRY(lots_vector_gather(arena, &flat, order, count, &moved, err));
    *vector = moved;
    return LOTS_OK;
}

lots_status lots_rowset_permute(lots_rowset *rows, const uint32_t *order, uint32_t count, lots_arena *arena,
                                lots_error *err)
{
    for (uint32_t i = 0; i < rows->slot_count; i++)
        if (rows->slots[i].type.kind != LOTS_TYPE_MISSING || rows->slots[i].count != 0)
            LOTS_TRY(permute_vector(&rows->slots[i], order, count, arena, err));
    if (rows->behind.data != NULL)
        LOTS_TRY(permute_vector(&rows->behind, order, count, arena, err));
    for (uint32_t i = 0; rows->marks != NULL && i <= rows->slot_count; i++)
        if (rows->marks[i].data != NULL)
            LOTS_TRY(permute_vector(&rows->marks[i], order, count, arena, err));
    LOTS_TRY(permute_numbers(&rows->patient, order, count, arena, err));
    LOTS_TRY(permute_numbers(&rows->relation_row, order, count, arena, err));
    rows->count = count;
    rows->untouched = false;
    return LOTS_OK;
}

lots_status lots_rowset_filter(lots_rowset *rows, const uint64_t *keep, lots_arena *arena, lots_error *err)
{
    void *order = NULL;
    const uint64_t count = lots_bits_count(keep, rows->count);
    const bool untouched = rows->untouched;
    if (count == rows->count)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &order, (size_t)count, sizeof(uint32_t), err));
    lots_bits_indexes(keep, rows->count, order);
    LOTS_TRY(lots_rowset_permute(rows, order, (uint32_t)count, arena, err));
    rows->untouched = untouched;
    return LOTS_OK;
}

bool lots_rowset_in_order(const lots_rowset *rows)
{
    const lots_patient *patient = rows->patient;
    const uint32_t *row = rows->relation_row;
    uint32_t i = 1;
    if (rows->untouched)
        return true;
    while (i < rows->count && (patient[i - 1] < patient[i] ||
                               (patient[i - 1] == patient[i] && (row == NULL || row[i - 1] <= row[i]))))
        i++;
    return i >= rows->count;
}
