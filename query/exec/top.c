/* top.c: see top.h. */
#include "query/exec/top.h"

#include <string.h>

#include "core/codec/block.h"
#include "query/exec/number_sort.h"

lots_status lots_rank_keys(const lots_vector *by, lots_arena *arena, int64_t **keys, uint64_t **known, lots_error *err)
{
    lots_vector flat;
    void *made = NULL;
    LOTS_TRY(lots_vector_flatten(arena, by, &flat, err));
    LOTS_TRY(lots_arena_vector(arena, &made, flat.count, sizeof(int64_t), err));
    *keys = made;
    LOTS_TRY(lots_arena_vector(arena, &made, lots_bit_words(flat.count), sizeof(uint64_t), err));
    *known = made;
    lots_bits_fill(*known, flat.count, true);
    if (flat.missing != NULL)
        lots_bits_and_not(*known, *known, flat.missing, flat.count);
    int64_t *out = *keys;
    if (flat.type.kind == LOTS_TYPE_FLOAT)
        for (uint32_t i = 0; i < flat.count; i++)
            out[i] = lots_f64_key(((const double *)flat.data)[i]);
    else if (flat.type.kind == LOTS_TYPE_DATE)
        for (uint32_t i = 0; i < flat.count; i++)
            out[i] = ((const int32_t *)flat.data)[i];
    else if (flat.count > 0)
        memcpy(out, flat.data, flat.count * sizeof *out);
    for (uint32_t i = 0; flat.missing != NULL && i < flat.count; i++)
        out[i] = lots_bit_get(flat.missing, i) ? 0 : out[i];
    return LOTS_OK;
}

/* ---- selection ---- */

static uint64_t wanted_of(const lots_top *top, uint64_t rows)
{
    if (!top->percent)
        return (uint64_t)top->count < rows ? (uint64_t)top->count : rows;
    __extension__ unsigned __int128 product = (unsigned __int128)(uint64_t)top->mantissa * rows, one = 1;
    for (uint32_t i = 0; i < top->scale; i++)
        one *= 10;
    return (uint64_t)((product + one - 1) / one);
}

/* Row numbers with a value, by stratum: starts[s] .. starts[s + 1] of `rows`. */
static lots_status by_stratum(const uint64_t *known, uint32_t count, const uint32_t *stratum, uint32_t strata,
                              lots_arena *arena, uint32_t **rows, uint32_t **starts, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &made, (size_t)strata + 2, sizeof(uint32_t), err));
    uint32_t *at = made;
    LOTS_TRY(lots_arena_alloc(arena, &made, count, sizeof(uint32_t), err));
    *rows = made;
    for (uint32_t i = 0; i < count; i++)
        if (lots_bit_get(known, i))
            at[(stratum != NULL ? stratum[i] : 0) + 2]++;
    for (uint32_t s = 0; s < strata; s++)
        at[s + 2] += at[s + 1];
    for (uint32_t i = 0; i < count; i++)
        if (lots_bit_get(known, i))
            (*rows)[at[(stratum != NULL ? stratum[i] : 0) + 1]++] = i;
    *starts = at;
    return LOTS_OK;
}

lots_status lots_top_select(const lots_top *top, const lots_vector *by, const uint32_t *stratum, uint32_t strata,
                            lots_arena *arena, uint64_t **keep, lots_top_kept *kept, lots_error *err)
{
    int64_t *keys = NULL;
    uint64_t *known = NULL;
    uint32_t *rows = NULL, *starts = NULL;
    void *made = NULL;
    memset(kept, 0, sizeof *kept);
    LOTS_TRY(lots_rank_keys(by, arena, &keys, &known, err));
    LOTS_TRY(by_stratum(known, by->count, stratum, strata, arena, &rows, &starts, err));
    LOTS_TRY(lots_arena_vector(arena, &made, lots_bit_words(by->count), sizeof(uint64_t), err));
    *keep = made;
    lots_bits_fill(*keep, by->count, false);
    LOTS_TRY(lots_arena_alloc(arena, &made, by->count, sizeof(int64_t), err));
    int64_t *values = made;
    kept->strata = strata;
    for (uint32_t s = 0; s < strata; s++) {
        uint32_t count = starts[s + 1] - starts[s];
        uint64_t wanted = wanted_of(top, count);
        kept->rows += count;
        kept->wanted += wanted;
        if (wanted == 0)
            continue;
        const uint32_t *own = rows + starts[s];
        for (uint32_t i = 0; i < count; i++)
            values[i] = top->bottom ? ~keys[own[i]] : keys[own[i]];
        int64_t threshold = lots_select_largest(values, count, wanted);
        for (uint32_t i = 0; i < count; i++)
            if ((top->bottom ? ~keys[own[i]] : keys[own[i]]) >= threshold) {
                lots_bit_set(*keep, own[i]);
                kept->kept++;
            }
        kept->threshold = top->bottom ? ~threshold : threshold;
    }
    return LOTS_OK;
}

/* ---- ranks ---- */

/* How many of the ascending values are <= x. */
static uint64_t not_larger(const int64_t *values, uint64_t count, int64_t x)
{
    uint64_t low = 0, high = count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (values[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

lots_status lots_rank_rows(bool percentile, const lots_vector *by, const uint32_t *stratum, uint32_t strata,
                           lots_arena *arena, lots_vector *out, lots_error *err)
{
    int64_t *keys = NULL;
    uint64_t *known = NULL;
    uint32_t *rows = NULL, *starts = NULL;
    void *made = NULL;
    lots_type type;
    memset(&type, 0, sizeof type);
    type.kind = percentile ? LOTS_TYPE_FLOAT : LOTS_TYPE_INT;
    LOTS_TRY(lots_rank_keys(by, arena, &keys, &known, err));
    LOTS_TRY(by_stratum(known, by->count, stratum, strata, arena, &rows, &starts, err));
    LOTS_TRY(lots_vector_new(arena, &type, by->count, out, err));
    LOTS_TRY(lots_arena_alloc(arena, &made, by->count, sizeof(int64_t), err));
    int64_t *values = made;
    LOTS_TRY(lots_vector_want_missing(arena, out, err));
    lots_bits_not(out->missing, known, by->count);
    if (by->count > 0)
        memset(out->data, 0, by->count * sizeof(int64_t));
    for (uint32_t s = 0; s < strata; s++) {
        uint32_t count = starts[s + 1] - starts[s];
        const uint32_t *own = rows + starts[s];
        for (uint32_t i = 0; i < count; i++)
            values[i] = keys[own[i]];
        lots_sort_ints(values, count);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t low = not_larger(values, count, keys[own[i]]);
            if (percentile)
                ((double *)out->data)[own[i]] = (double)low / (double)count;
            else
                ((int64_t *)out->data)[own[i]] = (int64_t)(1 + count - low);
        }
    }
    return LOTS_OK;
}
