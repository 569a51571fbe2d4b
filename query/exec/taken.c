/* taken.c: see taken.h. */
#include "query/exec/taken.h"

#include <string.h>

lots_status lots_taken_keep(lots_worker *worker, const lots_vector *values, const uint32_t *rows, const lots_arena *arena,
                            lots_taken *out, lots_error *err)
{
    lots_arena *chunk = &worker->depths[0].arena;
    const bool first = out->rows == NULL;
    const uint32_t **kept = first ? &out->rows : &out->latest;
    lots_vector *kept_values = first ? &out->values : &out->latest_values;
    uint32_t *copy = NULL;
    *kept = rows;
    *kept_values = *values;
    if (arena == chunk)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(chunk, values->count, &copy, err));
    memcpy(copy, rows, values->count * sizeof *rows);
    *kept = copy;
    return lots_vector_keep(chunk, values, kept_values, err);
}

/* Are they these very rows, in this order? */
static bool are_same(const uint32_t *kept, const lots_vector *values, const uint32_t *rows, uint32_t count)
{
    return kept != NULL && count == values->count && memcmp(rows, kept, count * sizeof *rows) == 0;
}

/* By row. */
static lots_status spread_taken(lots_worker *worker, uint32_t all, lots_taken *taken, lots_error *err)
{
    lots_arena *arena = &worker->depths[0].arena;
    const lots_vector *values = &taken->values;
    LOTS_TRY(lots_vector_new(arena, &values->type, all, &taken->spread, err));
    if (lots_type_bytes(values->type.kind) == 4)
        for (uint32_t i = 0; i < values->count; i++)
            ((uint32_t *)taken->spread.data)[taken->rows[i]] = ((const uint32_t *)values->data)[i];
    else
        for (uint32_t i = 0; i < values->count; i++)
            ((uint64_t *)taken->spread.data)[taken->rows[i]] = ((const uint64_t *)values->data)[i];
    if (values->missing != NULL)
        LOTS_TRY(lots_vector_want_missing(arena, &taken->spread, err));
    for (size_t i = values->missing == NULL ? values->count : lots_bits_next(values->missing, 0, values->count); i < values->count;
         i = lots_bits_next(values->missing, i + 1, values->count))
        lots_bit_set(taken->spread.missing, taken->rows[i]);
    LOTS_TRY(lots_new_bits(arena, all, &taken->known, err));
    for (uint32_t i = 0; i < values->count; i++)
        lots_bit_set(taken->known, taken->rows[i]);
    return LOTS_OK;
}

/* LOTS_NO_ID is no row. */
static bool are_known(const lots_taken *taken, const uint32_t *rows, uint32_t count)
{
    uint64_t unknown = 0;
    for (uint32_t i = 0; i < count; i++)
        unknown |= rows[i] != LOTS_NO_ID && !lots_bit_get(taken->known, rows[i]);
    return unknown == 0;
}

/* Is each of the rows the one before (or after) its place's among those taken, or none, as what prev() and next() find of a list's
 * own rows? Then their places. */
static bool find_beside(const uint32_t *taken, const uint32_t *rows, uint32_t count, bool next, uint32_t *restrict places)
{
    const uint32_t edge = next ? count - 1 : 0, first = next ? 0 : 1;
    uint32_t others = 0;
    if (rows[edge] != LOTS_NO_ID)
        return false;
    places[edge] = LOTS_NO_ID;
    for (uint32_t i = first; i < count - 1 + first; i++) {
        const uint32_t beside = next ? i + 1 : i - 1, none = 0 - (uint32_t)(rows[i] == LOTS_NO_ID);
        places[i] = beside | none;
        others |= (rows[i] ^ taken[beside]) & ~none;
    }
    return others == 0;
}

static lots_status take_beside(const lots_taken *taken, const uint32_t *rows, lots_arena *arena, lots_vector *out, bool *done,
                               lots_error *err)
{
    const uint32_t count = taken->values.count;
    uint32_t *places = NULL;
    LOTS_TRY(lots_new_u32(arena, count, &places, err));
    *done = find_beside(taken->rows, rows, count, false, places) || find_beside(taken->rows, rows, count, true, places);
    return *done ? lots_vector_gather(arena, &taken->values, places, count, out, err) : LOTS_OK;
}

lots_status lots_taken_again(lots_worker *worker, lots_taken *taken, uint32_t all, const uint32_t *rows, uint32_t count,
                             lots_arena *arena, lots_vector *out, bool *done, lots_error *err)
{
    const bool first = count > 0 && are_same(taken->rows, &taken->values, rows, count);
    const bool latest = count > 0 && !first && are_same(taken->latest, &taken->latest_values, rows, count);
    *done = first || latest;
    if (*done)
        *out = first ? taken->values : taken->latest_values;
    else if (count == taken->values.count && count > 0)
        LOTS_TRY(take_beside(taken, rows, arena, out, done, err));
    if (*done)
        return LOTS_OK;
    if (taken->known == NULL)
        LOTS_TRY(spread_taken(worker, all, taken, err));
    *done = are_known(taken, rows, count);
    return *done ? lots_vector_gather(arena, &taken->spread, rows, count, out, err) : LOTS_OK;
}
