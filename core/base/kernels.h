/* kernels.h: the inner loops over caller arrays, one table of them per instruction set.
 * The idea: what a question does per event is one of these loops; the scalar C (kernels.c) is the meaning, the vector
 * versions equal it bit for bit, and the table is filled once for the processor at hand.
 *
 * Rules that hold for every kernel
 *   1. No allocation, no failure, no state: a kernel may be called from any thread.
 *   2. Counts may be any, 0 too. Nothing is checked: indexes, offsets and ids are the caller's promise, apart from what a
 *      kernel says it checks.
 *   3. Slack: every array, in or out, has 64 bytes after its end that may be read and, for an output, scribbled on.
 *      Where a kernel says "exact" it stays within the array. Inputs need no alignment beyond their type's.
 *   4. An output overlaps no input, unless it is said that it may be the same array.
 *   5. A bitmap is bit i%64 of word i/64; `count` bits lie in (count+63)/64 words and bits beyond count are 0, in what is
 *      given and in what comes back. Bitmap outputs are written whole, and exact.
 *   6. `offsets` are group_count + 1 rising indexes: group g owns [offsets[g], offsets[g+1]). offsets[0] need not be 0.
 *      Groups may be empty. Offsets are read exact.
 *   7. 32-bit sums are modulo 2^32 and 64-bit sums modulo 2^64, unless overflow is spoken of.
 * Callers: core/codec, query/exec, ingest. */
#ifndef LOTS_KERNELS_H
#define LOTS_KERNELS_H

#include "core/lots.h"

#define LOTS_PACK_VALUES 1024u /* values of one packed sub-block */

#define LOTS_PLACE_PLANES 8u /* of find_in_words */

/* Stretches of days (months, quarters, …) as numbers: unit u has the days from low + first[u] up to where the next one begins. */
#define LOTS_UNITS_MAX 255u
#define LOTS_CELL_PLANES 18u
typedef struct lots_day_units {
    int32_t low;
    uint32_t count;
    uint16_t plus, times;               /* (day - low + plus) * times / 65536, rounded down, is the day's unit or the next one */
    uint16_t first[LOTS_UNITS_MAX + 1]; /* rising; UINT16_MAX from count on */
} lots_day_units;

typedef struct lots_plane_rows {
    uint64_t rows, fresh;
} lots_plane_rows;

typedef struct lots_kernels {
    const char *name; /* "scalar", "avx2", "avx512" */

    /* ---- packed values (core/codec/bitpack.h has the layout; other callers go through the codec) ---- */
    /* 1024 values of `width` 0..32 bits from 128 * width bytes, plus `base`. Exact on both sides. */
    void (*unpack)(const uint8_t *in, unsigned width, uint32_t base, uint32_t *out);
    /* 32 * lanes values (lanes 1..31) from 4 * lanes * width bytes, plus `base`; in and out have 64 bytes of slack. */
    void (*unpack_lanes)(const uint8_t *in, unsigned width, unsigned lanes, uint32_t base, uint32_t *out);
    /* Of the bytes of `unpack`: the values 32 * row up to 32 * (row + rows), row + rows <= 32, plus `base`. Exact on both sides. */
    void (*unpack_rows)(const uint8_t *in, unsigned width, unsigned row, unsigned rows, uint32_t base, uint32_t *out);
    /* `count` 0..31 values packed one after the other, plus `base`. Exact on the packed side. */
    void (*unpack_rest)(const uint8_t *in, size_t count, unsigned width, uint32_t base, uint32_t *out);
    /* Each value that equals `escape` becomes the next of `patches`, each other gets `base` added. In place, exact
     * (patches have slack). Returns how many patches were taken, SIZE_MAX if there are more escapes than patches. */
    size_t (*patch_u32)(uint32_t *values, size_t count, uint32_t escape, uint32_t base, const uint32_t *patches,
                        size_t patch_count);
    size_t (*patch_u64)(uint64_t *values, size_t count, uint64_t escape, uint64_t base, const uint64_t *patches,
                        size_t patch_count);

    /* ---- prefix sums: out[i] = carry + in[0] + … + in[i]; return the last (carry when count is 0). out may be in ---- */
    /* Also for int32_t. Offsets from lengths: offsets[0] = 0, then prefix_u32(lengths, count, 0, offsets + 1). */
    uint32_t (*prefix_u32)(const uint32_t *in, size_t count, uint32_t carry, uint32_t *out);
    /* Also for int64_t. */
    uint64_t (*prefix_u64)(const uint64_t *in, size_t count, uint64_t carry, uint64_t *out);
    /* Widening; out is another array. */
    uint64_t (*prefix_u32_u64)(const uint32_t *in, size_t count, uint64_t carry, uint64_t *out);
    /* out[w] = carry + set bits in words 0..w-1 (exclusive); returns carry + all of them. Exact. Rank of bit i =
     * out[i/64] + popcount(words[i/64] & ((1 << i%64) - 1)). */
    uint32_t (*count_prefix)(const uint64_t *words, size_t word_count, uint32_t carry, uint32_t *out);

    /* out[i] = set bits of mask before bit index[i]; `before` is count_prefix's (with the total as its last). */
    void (*bit_ranks)(const uint64_t *mask, const uint32_t *before, const uint32_t *index, size_t count, uint32_t *out);
    /* Number i is `rest`, and more[k] besides where plane k has bit i, modulo 2^32; at most LOTS_PLACE_PLANES. places[i], a
     * multiple of 64, goes on to the last place of its 64, below `limit`, before which numbers from there on add up to no more
     * than sums[i]. */
    void (*find_in_words)(const uint64_t *const *planes, const uint32_t *more, size_t plane_count, uint32_t rest, size_t limit,
                          const uint32_t *sums, size_t count, uint32_t *places);

    /* at[i] becomes the first place in [at[i], end[i]) whose value is at least least[i], end[i] when there is none.
     * `sorted` rises within each of these ranges. at[i] <= end[i] < 2^31. */
    void (*lower_bounds)(const int32_t *sorted, const int32_t *least, const uint32_t *end, size_t count, uint32_t *at);

    /* ---- comparisons → bitmap of count bits ---- */
    /* low <= x && x <= high. Equality is low == high; empty when low > high. f64: -0.0 equals 0.0, NaN is never in. */
    void (*range_i32)(const int32_t *x, size_t count, int32_t low, int32_t high, uint64_t *out);
    void (*range_u32)(const uint32_t *x, size_t count, uint32_t low, uint32_t high, uint64_t *out);
    void (*range_u16)(const uint16_t *x, size_t count, uint16_t low, uint16_t high, uint64_t *out);
    void (*range_i64)(const int64_t *x, size_t count, int64_t low, int64_t high, uint64_t *out);
    void (*range_f64)(const double *x, size_t count, double low, double high, uint64_t *out);
    /* a < b, a <= b, a == b by element. equal_i32 also serves uint32_t. */
    void (*less_i32)(const int32_t *a, const int32_t *b, size_t count, uint64_t *out);
    void (*less_equal_i32)(const int32_t *a, const int32_t *b, size_t count, uint64_t *out);
    void (*equal_i32)(const int32_t *a, const int32_t *b, size_t count, uint64_t *out);
    void (*less_i64)(const int64_t *a, const int64_t *b, size_t count, uint64_t *out);
    void (*less_equal_i64)(const int64_t *a, const int64_t *b, size_t count, uint64_t *out);
    void (*equal_i64)(const int64_t *a, const int64_t *b, size_t count, uint64_t *out);
    void (*less_f64)(const double *a, const double *b, size_t count, uint64_t *out);
    void (*less_equal_f64)(const double *a, const double *b, size_t count, uint64_t *out);
    void (*equal_f64)(const double *a, const double *b, size_t count, uint64_t *out);
    /* Bit ids[i] of a table of table_count bits (read by 32-bit halves). An id >= table_count (LOTS_NO_ID is one) gives
     * 0. */
    void (*lookup_bits)(const uint32_t *ids, size_t count, const uint64_t *table, uint32_t table_count, uint64_t *out);

    /* ---- bitmaps; out may be a or b ---- */
    void (*bits_and)(const uint64_t *a, const uint64_t *b, size_t count, uint64_t *out);
    void (*bits_or)(const uint64_t *a, const uint64_t *b, size_t count, uint64_t *out);
    void (*bits_and_not)(const uint64_t *a, const uint64_t *b, size_t count, uint64_t *out); /* a & ~b */
    void (*bits_not)(const uint64_t *a, size_t count, uint64_t *out);                        /* zero beyond count */
    uint64_t (*bits_count)(const uint64_t *words, size_t count);
    /* The indexes of the set bits, rising; returns how many. `out` has room for them all plus slack. */
    size_t (*bits_indexes)(const uint64_t *words, size_t count, uint32_t *out);
    /* 0 or 1 per bit; and back, any non-zero byte being a 1. */
    void (*bits_to_bytes)(const uint64_t *words, size_t count, uint8_t *out);
    void (*bits_from_bytes)(const uint8_t *bytes, size_t count, uint64_t *out);
    /* Bit i of out = the next bit of `in` where mask bit i is set, else 0 (parallel deposit over whole bitmaps). `in` has
     * as many bits as mask has ones. out may be mask. */
    void (*bits_expand)(const uint64_t *mask, size_t count, const uint64_t *in, uint64_t *out);
    /* The bits of `in` where mask is set, moved together (parallel extract); returns how many. Bits beyond in the last
     * word written are 0; `out` has room for (count+63)/64 words. */
    size_t (*bits_compress)(const uint64_t *mask, size_t count, const uint64_t *in, uint64_t *out);

    /* ---- by mask ---- */
    /* out[i] = the next of `in` where mask bit i is set, else 0. Also for int32_t; u64 also for int64_t and double. */
    void (*expand_u32)(const uint64_t *mask, size_t count, const uint32_t *in, uint32_t *out);
    void (*expand_u64)(const uint64_t *mask, size_t count, const uint64_t *in, uint64_t *out);
    /* The values where mask is set, in order; returns how many. out may be in. */
    size_t (*compress_u32)(const uint64_t *mask, size_t count, const uint32_t *in, uint32_t *out);
    size_t (*compress_u64)(const uint64_t *mask, size_t count, const uint64_t *in, uint64_t *out);
    /* out[i] = choices[the first k with bit i of planes[k] set], choices[plane_count] when there is none.
     * plane_count 0..15. */
    void (*select_u32)(const uint64_t *const *planes, unsigned plane_count, const uint32_t *choices, size_t count,
                       uint32_t *out);

    /* ---- element by element ---- */
    /* Also for int32_t. out may be index. */
    void (*gather_u32)(const uint32_t *values, const uint32_t *index, size_t count, uint32_t *out);
    void (*gather_u64)(const uint64_t *values, const uint32_t *index, size_t count, uint64_t *out); /* int64_t, double */
    /* Values as codes by a table. out[i] = table[index[i] - low] (modulo 2^32) where that is below size, else 0; true when
     * some of them are 0. Also for int32_t. Exact. */
    bool (*code_u32)(const uint32_t *table, uint32_t low, uint32_t size, const uint32_t *index, size_t count, uint32_t *out);
    /* The same of wide values: index[i] - low modulo 2^64. */
    bool (*code_i64)(const uint32_t *table, int64_t low, uint32_t size, const int64_t *index, size_t count, uint32_t *out);
    /* Pairs as numbers by a table. out[i] = table[a[i] << shift | b[i]]; true when some of them are UINT32_MAX. out may be a.
     * Exact. */
    bool (*pair_u32)(const uint32_t *table, unsigned shift, const uint32_t *a, const uint32_t *b, size_t count, uint32_t *out);
    void (*widen_i32)(const int32_t *in, size_t count, int64_t *out);
    void (*widen_u32)(const uint32_t *in, size_t count, uint64_t base, uint64_t *out); /* plus base */
    /* Of halves: all of them, those where mask is set, in order, and values[index[i]], each plus base, modulo 2^32. */
    void (*widen_u16)(const uint16_t *in, size_t count, uint32_t base, uint32_t *out);
    size_t (*compress_u16)(const uint64_t *mask, size_t count, const uint16_t *in, uint32_t base, uint32_t *out);
    void (*gather_u16)(const uint16_t *values, const uint32_t *index, size_t count, uint32_t base, uint32_t *out);
    /* out[i] = a[i] + b[i] + plus, modulo 2^32, 0 where `none` has a bit. b NULL: zeros; none NULL: no bits. out may be a. */
    void (*add_i32)(const int32_t *a, const int32_t *b, int32_t plus, const uint64_t *none, size_t count, int32_t *out);
    /* out[i] = a[i] - b[i], modulo 2^32. out may be a or b. */
    void (*subtract_i32)(const int32_t *a, const int32_t *b, size_t count, int32_t *out);
    /* out[i] = x[i] where that is less (greater) than best[i] and `none` has no bit, else best[i]; none NULL: no bits. out may be
     * best. */
    void (*least_i32)(const int32_t *x, const uint64_t *none, size_t count, const int32_t *best, int32_t *out);
    void (*greatest_i32)(const int32_t *x, const uint64_t *none, size_t count, const int32_t *best, int32_t *out);
    /* out[i] = (double)in[i] / divisor: decimals and their means. */
    void (*divide_i64)(const int64_t *in, size_t count, double divisor, double *out);
    uint32_t (*max_u32)(const uint32_t *values, size_t count); /* 0 when count is 0 */
    /* The values' sum modulo 2^32; *found: how many of them are `escape`. Exact. */
    uint32_t (*sum_u32)(const uint32_t *values, size_t count, uint32_t escape, uint32_t *found);
    /* ---- days (day.h) ---- */
    /* Months since 0000-01, as lots_day_month_number. */
    void (*month_numbers)(const int32_t *days, size_t count, int32_t *out);
    /* First days of months by that number, as lots_month_first. out may be in. */
    void (*month_firsts)(const int32_t *numbers, size_t count, int32_t *out);
    /* The days so many months later, as lots_day_add_months. False: for some that is not in the calendar, and out has no meaning. */
    bool (*add_months)(const int32_t *days, const int64_t *months, size_t count, int32_t *out);
    /* Whole months from a to b, as lots_day_months_between. */
    void (*months_between)(const int32_t *a, const int32_t *b, size_t count, int32_t *out);
    /* Whole years from a to b, as lots_day_years_between. */
    void (*years_between)(const int32_t *a, const int32_t *b, size_t count, int32_t *out);

    /* ---- reductions by groups (a group: a patient's events). `mask` covers the values, NULL: all of them ---- */
    /* Set bits of mask in each group. */
    void (*count_by)(const uint64_t *mask, const uint32_t *offsets, size_t group_count, int64_t *out);
    /* Exact sums. `bound`: no |value| exceeds it (UINT64_MAX when unknown: slower). False when some group's sum does not
     * fit int64_t; out is unspecified then. */
    bool (*sum_i64_by)(const int64_t *values, const uint64_t *mask, uint64_t bound, const uint32_t *offsets,
                       size_t group_count, int64_t *out);
    /* The exact sums of finite values, rounded once to the nearest, of two the even (exact.h): infinite when beyond all
     * doubles. With `counts` they are divided, where that is above 0, by how many there are before they are rounded: means. */
    void (*sum_f64_by)(const double *values, const uint64_t *mask, const uint32_t *offsets, size_t group_count,
                       const int64_t *counts, double *out);
    /* Smallest and largest; bit g of `any` (group_count bits) tells whether the group has a value, out[g] is 0 when it
     * has none. Of equal doubles the first. */
    void (*min_i32_by)(const int32_t *values, const uint64_t *mask, const uint32_t *offsets, size_t group_count,
                       int32_t *out, uint64_t *any);
    void (*max_i32_by)(const int32_t *values, const uint64_t *mask, const uint32_t *offsets, size_t group_count,
                       int32_t *out, uint64_t *any);
    void (*min_i64_by)(const int64_t *values, const uint64_t *mask, const uint32_t *offsets, size_t group_count,
                       int64_t *out, uint64_t *any);
    void (*max_i64_by)(const int64_t *values, const uint64_t *mask, const uint32_t *offsets, size_t group_count,
                       int64_t *out, uint64_t *any);
    void (*min_f64_by)(const double *values, const uint64_t *mask, const uint32_t *offsets, size_t group_count,
                       double *out, uint64_t *any);
    void (*max_f64_by)(const double *values, const uint64_t *mask, const uint32_t *offsets, size_t group_count,
                       double *out, uint64_t *any);
    /* Bit g of out (group_count bits): whether any bit of mask is set in the group. Lists of codes → their events. Mask
     * has offsets[group_count] bits. */
    void (*any_by)(const uint64_t *mask, const uint32_t *offsets, size_t group_count, uint64_t *out);

    /* ---- a group's value to each of its members: out[i] = values[g] for i in group g. Elements outside every group are
     * left as they are, except for bits, which become 0 (out has offsets[group_count] bits). Exact ---- */
    void (*broadcast_i32)(const int32_t *values, const uint32_t *offsets, size_t group_count, int32_t *out);
    void (*broadcast_i64)(const int64_t *values, const uint32_t *offsets, size_t group_count, int64_t *out);
    void (*broadcast_bits)(const uint64_t *bits, const uint32_t *offsets, size_t group_count, uint64_t *out);
    /* out[i] = g. */
    void (*broadcast_index)(const uint32_t *offsets, size_t group_count, uint32_t *out);
    /* first[g], first[g] + 1, … end[g] - 1 of each of `count` ranges, one after the other; returns how many. first[g] <= end[g]. */
    size_t (*range_indexes)(const uint32_t *first, const uint32_t *end, size_t count, uint32_t *out);

    /* ---- cells: rows as small numbers ---- */
    /* out[i] = in[i] - base, which has 16 bits. */
    void (*narrow_u16)(const uint32_t *in, size_t count, uint32_t base, uint16_t *out);
    /* out[i] = the unit of day low + base + days[i], which is below low + UINT16_MAX - plus and below where the last unit ends. */
    void (*units_u16)(const lots_day_units *units, const uint16_t *days, uint16_t base, size_t count, uint16_t *out);
    /* Bit i: x[i] is another number than the one before it; the first is. */
    void (*changes_u16)(const uint16_t *x, size_t count, uint64_t *out);
    /* out[i] = units[i] * times + the numbers[k] of all planes that have bit i, modulo 2^16. At most LOTS_CELL_PLANES. */
    void (*cells_u16)(const uint16_t *units, uint16_t times, const uint64_t *const *planes, const uint16_t *numbers,
                      size_t plane_count, size_t count, uint16_t *out);
    /* Of each plane the first bit at or after each bit of `starts`, of those in `keep` (NULL: all); at most LOTS_CELL_PLANES, whole
     * words of 64 bits. */
    void (*first_bits)(const uint64_t *starts, const uint64_t *const *planes, size_t plane_count, const uint64_t *keep,
                       size_t word_count, uint64_t *out);
    /* words[cells[i]] += values[i] + plus; values NULL: zeros. And words[cells[i]] += entries[places[i]]. words, entries exact. */
    void (*tally_u16)(const uint16_t *cells, const uint32_t *values, uint64_t plus, size_t count, uint64_t *words);
    void (*tally_entries_u16)(const uint16_t *cells, const uint16_t *places, const uint64_t *entries, size_t count,
                              uint64_t *words);
    /* Of rows begin .. end - 1 those of each plane: how many they are, and how many are `fresh`. */
    void (*count_planes)(const uint64_t *const *planes, size_t plane_count, const uint64_t *fresh, size_t begin, size_t end,
                         lots_plane_rows *out);
} lots_kernels;

/* The table for this processor and the environment's LOTS_SIMD (scalar, avx2, avx512: the best this processor has that is
 * not above it; any other value: the best it has). Chosen at the first call, the same for ever after.
 * Threads: safe from any. */
const lots_kernels *lots_kernels_get(void);
/* "scalar", "avx2" or "avx512": which table lots_kernels_get gives. */
const char *lots_kernels_name(void);
/* The table of that name, or NULL when this processor or build can't run it. For tests and benchmarks. */
const lots_kernels *lots_kernels_named(const char *name);

#endif
