/* day_windows.c: see day_windows.h. */
#include "query/exec/day_windows.h"

#include <string.h>

/* Bits of the rows with which the next row's window goes on, among the same days; NULL: they are not most. */
static lots_status find_followed(const lots_kernels *kernels, const lots_day_windows *windows, lots_arena *arena, uint64_t **out,
                                 lots_error *err)
{
    const int32_t *first = (const int32_t *)windows->first, *to = (const int32_t *)windows->to;
    const uint32_t pairs = windows->count > 0 ? windows->count - 1 : 0;
    uint64_t *same = NULL, *followed = NULL;
    *out = NULL;
    if (windows->low == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(arena, windows->count, &followed, err));
    LOTS_TRY(lots_new_bits(arena, windows->count, &same, err));
    kernels->equal_i32(windows->beyond, windows->low + 1, pairs, followed);
    if (2 * kernels->bits_count(followed, pairs) <= pairs)
        return LOTS_OK;
    kernels->equal_i32(first, first + 1, pairs, same);
    kernels->bits_and(followed, same, pairs, followed);
    kernels->equal_i32(to, to + 1, pairs, same);
    kernels->bits_and(followed, same, pairs, followed);
    *out = 2 * kernels->bits_count(followed, pairs) > pairs ? followed : NULL;
    return LOTS_OK;
}

/* Of the rows without a bit in `followed`. */
static lots_status search_others(const lots_kernels *kernels, const int32_t *days, const lots_day_windows *windows,
                                 const uint64_t *followed, lots_arena *arena, uint32_t *end, lots_error *err)
{
    const uint32_t others = windows->count - (uint32_t)kernels->bits_count(followed, windows->count);
    uint64_t *rest = NULL;
    uint32_t *rows = NULL, *beyond = NULL, *to = NULL, *at = NULL;
    LOTS_TRY(lots_new_bits(arena, windows->count, &rest, err));
    LOTS_TRY(lots_new_u32(arena, others, &rows, err));
    LOTS_TRY(lots_new_u32(arena, others, &beyond, err));
    LOTS_TRY(lots_new_u32(arena, others, &to, err));
    LOTS_TRY(lots_new_u32(arena, others, &at, err));
    kernels->bits_not(followed, windows->count, rest);
    kernels->bits_indexes(rest, windows->count, rows);
    kernels->gather_u32((const uint32_t *)windows->beyond, rows, others, beyond);
    kernels->gather_u32(windows->to, rows, others, to);
    kernels->gather_u32(windows->first, rows, others, at);
    kernels->lower_bounds(days, (const int32_t *)beyond, to, others, at);
    for (uint32_t k = 0; k < others; k++)
        end[rows[k]] = at[k];
    return LOTS_OK;
}

lots_status lots_day_windows_search(const lots_kernels *kernels, const int32_t *days, const lots_day_windows *windows,
                                    lots_arena *arena, uint32_t *end, lots_error *err)
{
    const uint32_t *first = windows->first, count = windows->count;
    uint64_t *followed = NULL;
    LOTS_TRY(find_followed(kernels, windows, arena, &followed, err));
    if (windows->low != NULL)
        kernels->lower_bounds(days, windows->low, windows->to, count, windows->first);
    if (followed == NULL) {
        memcpy(end, first, count * sizeof *end);
        kernels->lower_bounds(days, windows->beyond, windows->to, count, end);
        return LOTS_OK;
    }
    for (uint32_t i = 0; i + 1 < count; i++) /* a window may end before it begins: it is empty */
        end[i] = first[i + 1] > first[i] ? first[i + 1] : first[i];
    return search_others(kernels, days, windows, followed, arena, end, err);
}
