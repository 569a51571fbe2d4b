/* window.c: see window.h. */
#include "query/exec/window.h"

#include "core/index/bitset.h"

/* The first index in [low, high) whose start is at least `day`, by doubling steps from `hint` and halving between. */
static uint32_t gallop(const int32_t *starts, uint32_t low, uint32_t high, uint32_t hint, int64_t day, uint64_t *steps)
{
    uint32_t step = 1;
    if (hint < low || hint > high)
        hint = low;
    if (hint < high && starts[hint] < day) {
        low = hint + 1;
        while (low < high && high - low > step && starts[low + step - 1] < day) {
            low += step;
            step *= 2;
            ++*steps;
        }
        if (high - low > step)
            high = low + step;
    } else {
        high = hint;
        while (low < high && high - low > step && starts[high - step] >= day) {
            high -= step;
            step *= 2;
            ++*steps;
        }
        if (high - low > step)
            low = high - step;
    }
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (starts[middle] < day)
            low = middle + 1;
        else
            high = middle;
        ++*steps;
    }
    return low;
}

uint64_t lots_window_narrow(const int32_t *starts, const int32_t *low, const int32_t *high, const uint64_t *missing,
                            uint32_t count, uint32_t *first, uint32_t *end)
{
    uint64_t steps = count;
    uint32_t last_first = 0, last_end = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (missing != NULL && lots_bit_get(missing, i)) {
            end[i] = first[i];
            continue;
        }
        const uint32_t from = first[i], to = end[i];
        if (low != NULL)
            first[i] = last_first = gallop(starts, from, to, last_first, low[i], &steps);
        if (high != NULL)
            end[i] = last_end = gallop(starts, from, to, last_end, (int64_t)high[i] + 1, &steps);
        if (end[i] < first[i])
            end[i] = first[i];
    }
    return steps;
}
