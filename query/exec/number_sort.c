/* number_sort.c: radix sort from the lowest digit and selection from the highest (Knuth 1998, 5.2.5), of the distance to the
 * least value: digits that all values share cost nothing. See number_sort.h. */
#include "query/exec/number_sort.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/codec/block.h"

#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)
#define FEW 256u /* below which comparing is quicker */

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void find_range(const int64_t *values, uint64_t count, int64_t *least, int64_t *most)
{
    *least = *most = values[0];
    for (uint64_t i = 1; i < count; i++) {
        *least = values[i] < *least ? values[i] : *least;
        *most = values[i] > *most ? values[i] : *most;
    }
}

static unsigned digit_of(int64_t value, int64_t least, unsigned shift)
{
    return (unsigned)(((uint64_t)value - (uint64_t)least) >> shift) & (DIGITS - 1);
}

/* One pass by one digit; false when all values have the same. */
static bool pass(const int64_t *from, int64_t *to, uint64_t count, int64_t least, unsigned shift)
{
    uint64_t next[DIGITS], place = 0;
    memset(next, 0, sizeof next);
    for (uint64_t i = 0; i < count; i++)
        next[digit_of(from[i], least, shift)]++;
    if (next[digit_of(from[0], least, shift)] == count)
        return false;
    for (unsigned d = 0; d < DIGITS; d++) {
        const uint64_t own = next[d];
        next[d] = place;
        place += own;
    }
    for (uint64_t i = 0; i < count; i++)
        to[next[digit_of(from[i], least, shift)]++] = from[i];
    return true;
}

static bool is_sorted(const int64_t *values, uint64_t count)
{
    uint64_t i = 1;
    while (i < count && values[i - 1] <= values[i])
        i++;
    return i >= count;
}

void lots_sort_ints(int64_t *values, uint64_t count)
{
    void *room = NULL;
    int64_t least, most;
    if (is_sorted(values, count))
        return;
    if (count < FEW || lots_alloc(&room, count, sizeof *values, NULL) != LOTS_OK) {
        qsort(values, count, sizeof *values, by_value);
        return;
    }
    find_range(values, count, &least, &most);
    int64_t *from = values, *to = room;
    for (unsigned shift = 0; shift < 64 && ((uint64_t)most - (uint64_t)least) >> shift != 0; shift += DIGIT_BITS)
        if (pass(from, to, count, least, shift)) {
            int64_t *swap = from;
            from = to;
            to = swap;
        }
    if (from != values)
        memcpy(values, from, count * sizeof *values);
    lots_free(room);
}

/* Through keys that order as the floats do. */
void lots_sort_floats(double *values, uint64_t count)
{
    int64_t *keys = (int64_t *)(void *)values;
    for (uint64_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, &keys[i], sizeof value);
        const int64_t key = lots_f64_key(value);
        memcpy(&keys[i], &key, sizeof key);
    }
    lots_sort_ints(keys, count);
    for (uint64_t i = 0; i < count; i++) {
        int64_t key;
        memcpy(&key, &keys[i], sizeof key);
        const double value = lots_f64_from_key(key);
        memcpy(&keys[i], &value, sizeof value);
    }
}

int64_t lots_select_largest(int64_t *values, uint64_t count, uint64_t k)
{
    int64_t least, most;
    if (count < FEW) {
        qsort(values, count, sizeof *values, by_value);
        return values[count - k];
    }
    find_range(values, count, &least, &most);
    unsigned bits = 0;
    while (bits < 64 && ((uint64_t)most - (uint64_t)least) >> bits != 0)
        bits++;
    for (unsigned shift = bits; shift > 0 && count > 1;) {
        uint64_t histogram[DIGITS], kept = 0;
        memset(histogram, 0, sizeof histogram);
        shift = shift > DIGIT_BITS ? shift - DIGIT_BITS : 0;
        for (uint64_t i = 0; i < count; i++)
            histogram[digit_of(values[i], least, shift)]++;
        unsigned digit = DIGITS - 1;
        while (histogram[digit] < k)
            k -= histogram[digit--];
        for (uint64_t i = 0; i < count; i++)
            if (digit_of(values[i], least, shift) == digit)
                values[kept++] = values[i];
        count = kept;
    }
    return values[0];
}
