/* number_sort.c: radix sort from the lowest digit and selection from the highest (Knuth 1998, 5.2.5), of the distance to a
 * number not above the least value: bits that all values share cost nothing, digits in order little. Numbers within 2^32 of the
 * least are moved as halves, all digits counted at once, in hundreds where that spares digits; where most of very many lie near the
 * least, as amounts do, these are not moved but counted. See number_sort.h. */
#include "query/exec/number_sort.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/codec/block.h"

#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)
#define FEW 256u /* below which selecting by comparing is quicker */
#define VERY_FEW 24u /* below which sorting by inserting is quickest */
#define SMALL 4096u /* below which digits are smaller: their counts cost more than another pass */
#define SMALL_BITS 8u
#define NEAR 65536u /* distances below which are counted, where most lie there */

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

/* One pass by one digit; false when the values are in order of it. */
static bool pass(const int64_t *from, int64_t *to, uint64_t count, int64_t base, unsigned shift, unsigned bits)
{
    const unsigned digits = 1u << bits, mask = digits - 1;
    uint64_t next[DIGITS], place = 0;
    unsigned before = 0, falls = 0;
    memset(next, 0, digits * sizeof *next);
    for (uint64_t i = 0; i < count; i++) {
        const unsigned digit = digit_of(from[i], base, shift) & mask;
        falls |= digit < before;
        before = digit;
        next[digit]++;
    }
    if (falls == 0)
        return false;
    for (unsigned d = 0; d < digits; d++) {
        const uint64_t own = next[d];
        next[d] = place;
        place += own;
    }
    for (uint64_t i = 0; i < count; i++)
        to[next[digit_of(from[i], base, shift) & mask]++] = from[i];
    return true;
}

static bool are_rising(const int64_t *values, uint64_t count)
{
    uint64_t i = 1;
    while (i < count && values[i - 1] <= values[i])
        i++;
    return i >= count;
}

static void insert_each(int64_t *values, uint64_t count)
{
    for (uint64_t i = 1; i < count; i++) {
        const int64_t value = values[i];
        uint64_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* A number not above the least value, at most twice as far from the largest, that leaves the values' lower bits as they are;
 * and in which bits their distances from it differ. */
static int64_t find_base(const int64_t *values, uint64_t count, uint64_t *differ)
{
    int64_t least, most;
    uint64_t bits = 0;
    find_range(values, count, &least, &most);
    const unsigned length = 64 - (unsigned)__builtin_clzll(((uint64_t)most - (uint64_t)least) | 1);
    const int64_t base = (int64_t)((uint64_t)least >> (length - 1) << (length - 1));
    for (uint64_t i = 0; i < count; i++)
        bits |= ((uint64_t)values[i] - (uint64_t)base) ^ ((uint64_t)values[0] - (uint64_t)base);
    *differ = bits;
    return base;
}

/* ---- within 2^32 of the least ---- */

enum { PASSES = 4, STRETCH = 4096 };

typedef struct narrow_sort {
    bool hundreds;         /* distances are counted in hundreds */
    unsigned passes, bits; /* of a digit */
    uint32_t counts[PASSES][DIGITS];
} narrow_sort;

/* A hundredth where that is whole, else more than UINT32_MAX / 100: by the inverse of 25 modulo 2^32 (Granlund, Montgomery 1994). */
static inline uint32_t hundredth(uint32_t distance)
{
    const uint32_t part = distance * UINT32_C(0xc28f5c29);
    return part >> 2 | part << 30;
}

/* Amounts of money often are: decimals without a fraction. */
static bool are_hundreds(const int64_t *values, uint64_t count, int64_t least)
{
    uint32_t over = 0;
    for (uint64_t first = 0; first < count && over == 0; first += STRETCH)
        for (uint64_t i = first; i < count && i < first + STRETCH; i++)
            over |= hundredth((uint32_t)((uint64_t)values[i] - (uint64_t)least)) > UINT32_MAX / 100;
    return over == 0;
}

static unsigned passes_for(uint32_t furthest, unsigned bits)
{
    return furthest == 0 ? 0 : (32 - (unsigned)__builtin_clz(furthest) + bits - 1) / bits;
}

static inline uint32_t distance_of(int64_t value, int64_t least, bool hundreds)
{
    const uint32_t distance = (uint32_t)((uint64_t)value - (uint64_t)least);
    return hundreds ? hundredth(distance) : distance;
}

/* The distances of all that are not the least. Returns how many they are. */
static uint64_t narrow(const int64_t *values, uint64_t count, int64_t least, bool hundreds, uint32_t *out)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < count; i++) {
        out[kept] = distance_of(values[i], least, hundreds);
        kept += values[i] != least;
    }
    return kept;
}

/* Are they very many, of which most lie so near the least that counting how often each occurs is less than moving them? By some of them. */
static bool are_near(const int64_t *values, uint64_t count, int64_t least, bool hundreds)
{
    enum { LOOKED_AT = 256 };
    unsigned near = 0;
    for (uint64_t i = 0; count > NEAR && i < LOOKED_AT; i++)
        near += distance_of(values[count * i / LOOKED_AT], least, hundreds) < NEAR;
    return 4 * near >= 3 * LOOKED_AT;
}

/* How often each distance below NEAR occurs, and the others. Returns how many these are. */
static uint64_t count_near(const int64_t *values, uint64_t count, int64_t least, bool hundreds, uint32_t *counts, uint32_t *far)
{
    uint64_t kept = 0;
    memset(counts, 0, (NEAR + 1) * sizeof *counts);
    for (uint64_t i = 0; i < count; i++) {
        const uint32_t distance = distance_of(values[i], least, hundreds);
        far[kept] = distance;
        kept += distance >= NEAR;
        counts[distance < NEAR ? distance : NEAR]++;
    }
    return kept;
}

/* Each as often as it occurs; most do a few times: so many are written whatever the number, where that doesn't go too far. */
static void write_near(const uint32_t *counts, int64_t least, uint32_t unit, int64_t *out, const int64_t *end)
{
    enum { AT_ONCE = 8 };
    uint64_t value = (uint64_t)least;
    for (uint32_t d = 0; d < NEAR; d++, value += unit) {
        uint32_t k = 0;
        if (end - out >= AT_ONCE)
            for (; k < AT_ONCE; k++)
                out[k] = (int64_t)value;
        for (; k < counts[d]; k++)
            out[k] = (int64_t)value;
        out += counts[d];
    }
}

/* How often each digit of the distances occurs. */
static void count_digits(const uint32_t *out, uint64_t kept, narrow_sort *sort)
{
    const uint32_t mask = (1u << sort->bits) - 1;
    for (unsigned p = 0; p < sort->passes; p++)
        memset(sort->counts[p], 0, (size_t)(mask + 1) * sizeof(uint32_t));
    for (uint64_t i = 0; sort->passes == 2 && i < kept; i++) {
        sort->counts[0][out[i] & mask]++;
        sort->counts[1][out[i] >> sort->bits]++;
    }
    for (uint64_t i = 0; sort->passes != 2 && i < kept; i++)
        for (unsigned p = 0; p < sort->passes; p++)
            sort->counts[p][out[i] >> (p * sort->bits) & mask]++;
}

/* One pass by one digit, whose counts become places; false when all have the same. */
static bool narrow_pass(const uint32_t *from, uint32_t *to, uint64_t count, unsigned shift, unsigned bits, uint32_t *counts)
{
    const uint32_t mask = (1u << bits) - 1;
    uint32_t place = 0;
    if (counts[from[0] >> shift & mask] == count)
        return false;
    for (uint32_t d = 0; d <= mask; d++) {
        const uint32_t own = counts[d];
        counts[d] = place;
        place += own;
    }
    for (uint64_t i = 0; i < count; i++)
        to[counts[from[i] >> shift & mask]++] = from[i];
    return true;
}

/* Those that are the least, or near it, to their places before all others, and the distances of these. Returns how many these are.
 *   room   NEAR + 1 of values that are more than NEAR */
static uint64_t place_near(const int64_t *values, uint64_t count, int64_t least, bool hundreds, uint32_t *far, uint32_t *room, int64_t *to)
{
    if (are_near(values, count, least, hundreds)) {
        const uint64_t kept = count_near(values, count, least, hundreds, room, far);
        write_near(room, least, hundreds ? 100 : 1, to, to + (count - kept));
        return kept;
    }
    const uint64_t kept = narrow(values, count, least, hundreds, far);
    for (uint64_t i = 0; i < count - kept; i++)
        to[i] = least;
    return kept;
}

/* Room as for `values`: two halves. */
static void sort_narrow(const int64_t *values, void *room, uint64_t count, int64_t least, uint32_t furthest, int64_t *to)
{
    const unsigned most = count < SMALL ? SMALL_BITS : DIGIT_BITS;
    narrow_sort sort;
    uint32_t *from = room, *other = from + count;
    const bool pays = passes_for(furthest / 100, most) < passes_for(furthest, most) || (furthest >= NEAR && count > NEAR);
    sort.hundreds = pays && are_hundreds(values, count, least);
    const uint32_t unit = sort.hundreds ? 100 : 1, bits = 32 - (unsigned)__builtin_clz(furthest / unit);
    sort.passes = passes_for(furthest / unit, most);
    sort.bits = (bits + sort.passes - 1) / sort.passes;
    const uint64_t kept = place_near(values, count, least, sort.hundreds, from, other, to);
    count_digits(from, kept, &sort);
    for (unsigned p = 0; p < sort.passes && kept > 0; p++)
        if (narrow_pass(from, other, kept, p * sort.bits, sort.bits, sort.counts[p])) {
            uint32_t *swap = from;
            from = other;
            other = swap;
        }
    for (uint64_t i = 0; i < kept; i++)
        to[count - kept + i] = (int64_t)((uint64_t)least + (uint64_t)from[i] * unit);
}

static void sort_by_digits(int64_t *values, int64_t *room, uint64_t count, int64_t *to)
{
    int64_t least, most;
    find_range(values, count, &least, &most);
    const uint64_t furthest = (uint64_t)most - (uint64_t)least;
    if (furthest > 0 && furthest <= UINT32_MAX && count <= UINT32_MAX) {
        sort_narrow(values, room, count, least, (uint32_t)furthest, to);
        return;
    }
    const unsigned bits = count < SMALL ? SMALL_BITS : DIGIT_BITS;
    int64_t *from = values, *other = room;
    uint64_t differ;
    const int64_t base = find_base(values, count, &differ);
    for (unsigned shift = 0; shift < 64 && differ >> shift != 0; shift += bits) {
        shift += (unsigned)__builtin_ctzll(differ >> shift);
        if (pass(from, other, count, base, shift, bits)) {
            int64_t *swap = from;
            from = other;
            other = swap;
        }
    }
    if (from != to)
        memcpy(to, from, count * sizeof *to);
}

/* In their place, what is in order or too little to be moved. False: it isn't so. */
static bool sort_few(int64_t *values, uint64_t count)
{
    if (are_rising(values, count))
        return true;
    if (count < VERY_FEW)
        insert_each(values, count);
    return count < VERY_FEW;
}

void lots_sort_ints_into(int64_t *values, uint64_t count, int64_t *to)
{
    int64_t few[512];
    lots_arena arena; /* its memory is kept for the next */
    void *room = NULL;
    bool done = sort_few(values, count);
    if (!done && count <= sizeof few / sizeof *few) {
        sort_by_digits(values, few, count, to);
        return;
    }
    lots_arena_init(&arena, 0);
    if (!done && lots_arena_vector(&arena, &room, count, sizeof *values, NULL) == LOTS_OK)
        sort_by_digits(values, room, count, to);
    else if (!done)
        qsort(values, count, sizeof *values, by_value);
    if (room == NULL && to != values)
        memcpy(to, values, count * sizeof *values);
    lots_arena_free(&arena);
}

void lots_sort_ints(int64_t *values, uint64_t count) { lots_sort_ints_into(values, count, values); }

int64_t *lots_float_keys(double *values, uint64_t count)
{
    int64_t *keys = (int64_t *)(void *)values;
    for (uint64_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, &keys[i], sizeof value);
        const int64_t key = lots_f64_key(value);
        memcpy(&keys[i], &key, sizeof key);
    }
    return keys;
}

void lots_floats_of_keys(int64_t *keys, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        int64_t key;
        memcpy(&key, &keys[i], sizeof key);
        const double value = lots_f64_from_key(key);
        memcpy(&keys[i], &value, sizeof value);
    }
}

void lots_sort_floats(double *values, uint64_t count)
{
    int64_t *keys = lots_float_keys(values, count);
    lots_sort_ints(keys, count);
    lots_floats_of_keys(keys, count);
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
