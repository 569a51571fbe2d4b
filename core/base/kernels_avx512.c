/* kernels_avx512.c: the kernels for AVX-512 (F, BW, VL, DQ, CD, VBMI2). Compiled with the flags the Makefile gives this
 * file; nothing on other processors. Hand-written where it was measured to pay; the rest is the common body with 64-byte
 * vectors. Loads run into the slack the contract grants; what is exact is masked. */
#if defined(__x86_64__)
#include <string.h>

#include "core/base/kernels_table.h"

#if defined(__AVX512F__) && defined(__AVX512VBMI2__)
#include <immintrin.h>

#define LANE_BYTES 64
#define OWN_UNPACK_REST
#define OWN_RANGE
#define OWN_LOOKUP
#define OWN_PREFIX
#define OWN_PREFIX_64
#define OWN_PREFIX_WIDE
#define OWN_RISING
#define OWN_INDEXES
#define OWN_BYTES
#define OWN_DEPOSIT
#define OWN_EXPAND
#define OWN_HALVES
#define OWN_SELECT
#define OWN_BOUNDS
#define OWN_PLACES
#define OWN_SUM_TILE
#define OWN_ANY
#define OWN_CELLS

static __m512i load32(const void *at) { return _mm512_loadu_si512(at); }
static uint64_t below(size_t count) { return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1; }
static __mmask16 first16(size_t count) { return (__mmask16)below(count); }

/* ---- what is left of packed values ---- */
/* Their bits are at most two registers of words: each lane takes the word its bits begin in and the next one. */
static void unpack_rest(const uint8_t *in, size_t count, unsigned width, uint32_t base, uint32_t *out)
{
    const size_t bytes = (count * width + 7) / 8;
    const __m512i low = _mm512_maskz_loadu_epi8(below(bytes), in);
    const __m512i high = _mm512_maskz_loadu_epi8(bytes > 64 ? below(bytes - 64) : 0, bytes > 64 ? in + 64 : in);
    const __m512i mask = _mm512_set1_epi32((int)(uint32_t)((UINT64_C(1) << width) - 1));
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i bit = _mm512_mullo_epi32(lanes, _mm512_set1_epi32((int)width));
    for (size_t i = 0; i < count; i += 16) {
        const __m512i word = _mm512_srli_epi32(bit, 5);
        const __m512i from = _mm512_permutex2var_epi32(low, word, high);
        const __m512i next = _mm512_permutex2var_epi32(low, _mm512_add_epi32(word, _mm512_set1_epi32(1)), high);
        const __m512i value = _mm512_and_si512(_mm512_shrdv_epi32(from, next, bit), mask);
        _mm512_storeu_si512(out + i, _mm512_add_epi32(value, _mm512_set1_epi32((int)base)));
        bit = _mm512_add_epi32(bit, _mm512_set1_epi32((int)(16 * width)));
    }
}

/* ---- places in words: eight at a time ---- */
static __m512i ones64(__m512i words)
{
    const __m512i nibble = _mm512_set1_epi8(15);
    const __m512i ones_of = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m512i low = _mm512_shuffle_epi8(ones_of, _mm512_and_si512(words, nibble));
    const __m512i high = _mm512_shuffle_epi8(ones_of, _mm512_and_si512(_mm512_srli_epi64(words, 4), nibble));
    return _mm512_sad_epu8(_mm512_add_epi8(low, high), _mm512_setzero_si512());
}
/* Numbers are the lower halves of the lanes; the upper ones stay 0. */
static __m512i find_eight(const __m512i *words, const uint32_t *more, size_t plane_count, uint32_t rest, __m512i room, __m512i sums)
{
    const __m512i one = _mm512_set1_epi64(1);
    __m512i place = _mm512_setzero_si512();
    for (long long step = 32; step > 0; step /= 2) {
        const __m512i tried = _mm512_add_epi64(place, _mm512_set1_epi64(step));
        const __m512i below_it = _mm512_sub_epi64(_mm512_sllv_epi64(one, tried), one);
        __m512i sum = _mm512_mullo_epi32(tried, _mm512_set1_epi64(rest));
        for (size_t k = 0; k < plane_count; k++)
            sum = _mm512_add_epi32(sum, _mm512_mullo_epi32(ones64(_mm512_and_si512(words[k], below_it)),
                                                           _mm512_set1_epi64(more[k])));
        const __mmask8 goes_on = _mm512_cmple_epu64_mask(sum, sums) & _mm512_cmplt_epi64_mask(tried, room);
        place = _mm512_mask_mov_epi64(place, goes_on, tried);
    }
    return place;
}
static void find_in_words(const uint64_t *const *planes, const uint32_t *more, size_t plane_count, uint32_t rest, size_t limit,
                          const uint32_t *sums, size_t count, uint32_t *places)
{
    for (size_t i = 0; i < count; i += 8) {
        const __mmask8 here = (__mmask8)below(count - i < 8 ? count - i : 8);
        const __m256i first = _mm256_maskz_loadu_epi32(here, places + i), word = _mm256_srli_epi32(first, 6);
        const __m512i firsts = _mm512_cvtepu32_epi64(first);
        __m512i words[LOTS_PLACE_PLANES];
        for (size_t k = 0; k < plane_count; k++)
            words[k] = _mm512_mask_i32gather_epi64(_mm512_setzero_si512(), here, word, planes[k], 8);
        const __m512i room = _mm512_sub_epi64(_mm512_set1_epi64((long long)limit), firsts);
        const __m512i place = find_eight(words, more, plane_count, rest, room,
                                         _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(here, sums + i)));
        _mm256_mask_storeu_epi32(places + i, here, _mm512_cvtepi64_epi32(_mm512_add_epi64(firsts, place)));
    }
}

/* ---- comparisons: 64 bits at a time, LANES of them by one compare ---- */
#define MASK_KERNEL(NAME, PARAMETERS, LANES, TEST)                                                          \
    static void NAME PARAMETERS                                                                             \
    {                                                                                                       \
        for (size_t first = 0; first < count; first += 64) {                                                \
            const size_t left = count - first < 64 ? count - first : 64;                                    \
            uint64_t word = 0;                                                                              \
            for (size_t k = 0; k < left; k += LANES) {                                                      \
                const size_t i = first + k;                                                                 \
                word |= (uint64_t)(TEST) << k;                                                              \
            }                                                                                               \
            out[first / 64] = word & below(left);                                                           \
        }                                                                                                   \
    }
#define RANGE_PARAMETERS(TYPE) (const TYPE *x, size_t count, TYPE low, TYPE high, uint64_t *out)
/* low <= x and x <= high; the second compare only looks where the first held. */
#define RANGE_TEST(LANES, SUFFIX, SET)                                                                      \
    _mm512_mask_cmple_##SUFFIX##_mask(_mm512_cmple_##SUFFIX##_mask(SET(low), _mm512_loadu_si512(x + i)),    \
                                      _mm512_loadu_si512(x + i), SET(high))
#define SET_U32(value) _mm512_set1_epi32((int)(value))
MASK_KERNEL(range_i32, RANGE_PARAMETERS(int32_t), 16, RANGE_TEST(16, epi32, _mm512_set1_epi32))
MASK_KERNEL(range_u32, RANGE_PARAMETERS(uint32_t), 16, RANGE_TEST(16, epu32, SET_U32))
#define SET_U16(value) _mm512_set1_epi16((short)(value))
MASK_KERNEL(range_u16, RANGE_PARAMETERS(uint16_t), 32, RANGE_TEST(32, epu16, SET_U16))
MASK_KERNEL(range_i64, RANGE_PARAMETERS(int64_t), 8, RANGE_TEST(8, epi64, _mm512_set1_epi64))
MASK_KERNEL(range_f64, RANGE_PARAMETERS(double), 8,
            _mm512_mask_cmp_pd_mask(_mm512_cmp_pd_mask(_mm512_set1_pd(low), _mm512_loadu_pd(x + i), _CMP_LE_OQ),
                                    _mm512_loadu_pd(x + i), _mm512_set1_pd(high), _CMP_LE_OQ))
#define PAIR_PARAMETERS(TYPE) (const TYPE *a, const TYPE *b, size_t count, uint64_t *out)
#define PAIR_TEST(OPERATOR) OPERATOR(_mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i))
#define PAIR_F64(PREDICATE) _mm512_cmp_pd_mask(_mm512_loadu_pd(a + i), _mm512_loadu_pd(b + i), PREDICATE)
MASK_KERNEL(less_i32, PAIR_PARAMETERS(int32_t), 16, PAIR_TEST(_mm512_cmplt_epi32_mask))
MASK_KERNEL(less_equal_i32, PAIR_PARAMETERS(int32_t), 16, PAIR_TEST(_mm512_cmple_epi32_mask))
MASK_KERNEL(equal_i32, PAIR_PARAMETERS(int32_t), 16, PAIR_TEST(_mm512_cmpeq_epi32_mask))
MASK_KERNEL(less_i64, PAIR_PARAMETERS(int64_t), 8, PAIR_TEST(_mm512_cmplt_epi64_mask))
MASK_KERNEL(less_equal_i64, PAIR_PARAMETERS(int64_t), 8, PAIR_TEST(_mm512_cmple_epi64_mask))
MASK_KERNEL(equal_i64, PAIR_PARAMETERS(int64_t), 8, PAIR_TEST(_mm512_cmpeq_epi64_mask))
MASK_KERNEL(less_f64, PAIR_PARAMETERS(double), 8, PAIR_F64(_CMP_LT_OQ))
MASK_KERNEL(less_equal_f64, PAIR_PARAMETERS(double), 8, PAIR_F64(_CMP_LE_OQ))
MASK_KERNEL(equal_f64, PAIR_PARAMETERS(double), 8, PAIR_F64(_CMP_EQ_OQ))

/* A table of up to 1024 bits is two registers and a permutation; a larger one is gathered from. */
static __mmask16 test_bits(__mmask16 known, __m512i ids, __m512i words)
{
    const __m512i own = _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_and_si512(ids, _mm512_set1_epi32(31)));
    return _mm512_mask_test_epi32_mask(known, words, own);
}
static __mmask16 lookup_small(__m512i ids, __m512i size, __m512i low, __m512i high)
{
    const __m512i words = _mm512_permutex2var_epi32(low, _mm512_srli_epi32(ids, 5), high);
    return test_bits(_mm512_cmplt_epu32_mask(ids, size), ids, words);
}
static __mmask16 lookup_large(__m512i ids, __m512i size, const uint64_t *table)
{
    const __mmask16 known = _mm512_cmplt_epu32_mask(ids, size);
    const __m512i words = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), known, _mm512_srli_epi32(ids, 5), table,
                                                      4);
    return test_bits(known, ids, words);
}
MASK_KERNEL(lookup_by_permutation,
            (const uint32_t *ids, size_t count, __m512i low, __m512i high, __m512i size, uint64_t *out), 16,
            lookup_small(load32(ids + i), size, low, high))
MASK_KERNEL(lookup_by_gather, (const uint32_t *ids, size_t count, const uint64_t *table, __m512i size, uint64_t *out),
            16, lookup_large(load32(ids + i), size, table))
static void lookup_bits(const uint32_t *ids, size_t count, const uint64_t *table, uint32_t table_count, uint64_t *out)
{
    const __m512i size = SET_U32(table_count);
    const size_t words = (table_count + UINT64_C(31)) / 32;
    if (words > 32) {
        lookup_by_gather(ids, count, table, size, out);
        return;
    }
    const __m512i low = _mm512_maskz_loadu_epi32(first16(words), table);
    const __m512i high = _mm512_maskz_loadu_epi32(words > 16 ? first16(words - 16) : 0, (const uint32_t *)table + 16);
    lookup_by_permutation(ids, count, low, high, size, out);
}

/* ---- prefix sums: within a register by doubling steps, then the carry of all before ---- */
static __m512i scan32(__m512i x)
{
    const __m512i zero = _mm512_setzero_si512();
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 15));
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 14));
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 12));
    return _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 8));
}
static __m512i scan64(__m512i x)
{
    const __m512i zero = _mm512_setzero_si512();
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 7));
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 6));
    return _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 4));
}
static uint32_t prefix_u32(const uint32_t *in, size_t count, uint32_t carry, uint32_t *out)
{
    __m512i before = SET_U32(carry); /* from one step to the next there is a single addition */
    for (size_t i = 0; i < count; i += 16) {
        const __m512i sums = scan32(load32(in + i));
        _mm512_storeu_si512(out + i, _mm512_add_epi32(sums, before));
        before = _mm512_add_epi32(before, _mm512_permutexvar_epi32(_mm512_set1_epi32(15), sums));
    }
    return count > 0 ? out[count - 1] : carry;
}
/* Sums of what NEXT loads, from out[0] on. */
#define SCAN_64(NEXT)                                                                                       \
    __m512i before = _mm512_set1_epi64((long long)carry);                                                   \
    for (size_t i = 0; i < count; i += 8) {                                                                 \
        const __m512i sums = scan64(NEXT);                                                                  \
        _mm512_storeu_si512(out + i, _mm512_add_epi64(sums, before));                                       \
        before = _mm512_add_epi64(before, _mm512_permutexvar_epi64(_mm512_set1_epi64(7), sums));            \
    }
static uint64_t prefix_u64(const uint64_t *in, size_t count, uint64_t carry, uint64_t *out)
{
    SCAN_64(_mm512_loadu_si512(in + i))
    return count > 0 ? out[count - 1] : carry;
}
static uint64_t prefix_u32_u64(const uint32_t *in, size_t count, uint64_t carry, uint64_t *out)
{
    SCAN_64(_mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)(in + i))))
    return count > 0 ? out[count - 1] : carry;
}
static void sum_masked(const int64_t *values, const uint64_t *mask, size_t first, size_t count, uint64_t carry,
                       uint64_t *out)
{
    SCAN_64(_mm512_maskz_loadu_epi64((__mmask8)(mask[(first + i) / 64] >> (i % 64)), values + first + i))
}
static void sum_tile(const int64_t *values, const uint64_t *mask, size_t first, size_t count, uint64_t *out)
{
    if (mask != NULL)
        sum_masked(values, mask, first, count, out[0], out + 1);
    else
        (void)prefix_u64((const uint64_t *)values + first, count, out[0], out + 1);
}

#define SHORT_GROUP 12u
static __m512i rise32(__m512i x)
{
    const __m512i zero = _mm512_setzero_si512();
    x = _mm512_max_epu32(x, _mm512_alignr_epi32(x, zero, 15));
    x = _mm512_max_epu32(x, _mm512_alignr_epi32(x, zero, 14));
    x = _mm512_max_epu32(x, _mm512_alignr_epi32(x, zero, 12));
    return _mm512_max_epu32(x, _mm512_alignr_epi32(x, zero, 8));
}
static void make_rising(uint32_t *values, size_t count)
{
    __m512i before = _mm512_setzero_si512();
    for (size_t i = 0; i < count; i += 16) {
        const __mmask16 here = first16(count - i);
        const __m512i rising = _mm512_max_epu32(rise32(_mm512_maskz_loadu_epi32(here, values + i)), before);
        if (here == UINT16_MAX)
            _mm512_storeu_si512(values + i, rising);
        else
            _mm512_mask_storeu_epi32(values + i, here, rising);
        before = _mm512_permutexvar_epi32(_mm512_set1_epi32(15), rising);
    }
}

/* ---- bitmaps ---- */
/* The places of a word's bits as bytes, taken together; mostly they are few. */
static size_t bits_indexes(const uint64_t *words, size_t count, uint32_t *out)
{
    static const uint8_t steps[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                      22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
                                      44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i all = _mm512_loadu_si512(steps);
    size_t found = 0;
    for (size_t w = 0; w < (count + 63) / 64; w++) {
        const size_t here = (size_t)_mm_popcnt_u64(words[w]);
        const __m512i first = _mm512_set1_epi32((int)(w * 64)), places = _mm512_maskz_compress_epi8(words[w], all);
        _mm512_storeu_si512(out + found, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
        if (here > 16) {
            uint8_t bytes[64];
            _mm512_storeu_si512(bytes, places);
            for (size_t k = 16; k < here; k += 16) {
                const __m128i some = _mm_loadu_si128((const __m128i *)(const void *)(bytes + k));
                _mm512_storeu_si512(out + found + k, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(some)));
            }
        }
        found += here;
    }
    return found;
}
static void bits_to_bytes(const uint64_t *words, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i += 64)
        _mm512_storeu_si512(out + i, _mm512_maskz_set1_epi8(words[i / 64], 1));
}
static void bits_from_bytes(const uint8_t *bytes, size_t count, uint64_t *out)
{
    for (size_t i = 0; i < count; i += 64) {
        const __m512i block = _mm512_maskz_loadu_epi8(below(count - i), bytes + i);
        out[i / 64] = _mm512_test_epi8_mask(block, block);
    }
}
static uint64_t deposit_bits(uint64_t value, uint64_t mask) { return _pdep_u64(value, mask); }
static uint64_t extract_bits(uint64_t value, uint64_t mask) { return _pext_u64(value, mask); }

/* ---- by mask ---- */
/* Values, as they are packed, to plain ones or the next patches. */
#define PATCHED_32(PACKED, ESCAPED)                                                                         \
    _mm512_mask_expand_epi32(_mm512_add_epi32(PACKED, SET_U32(base)), ESCAPED, load32(patches + taken))
#define PATCHED_64(PACKED, ESCAPED)                                                                         \
    _mm512_mask_expand_epi64(_mm512_add_epi64(PACKED, _mm512_set1_epi64((long long)base)), ESCAPED,         \
                             _mm512_loadu_si512(patches + taken))

/* Four vectors are read before one is written: a read waits for writes before it. Whole ones are stored without a mask, which would
 * cost more than all else. */
static size_t patch_u32(uint32_t *values, size_t count, uint32_t escape, uint32_t base, const uint32_t *patches,
                        size_t patch_count)
{
    size_t taken = 0, i = 0;
    for (; i + 64 <= count; i += 64) {
        __m512i four[4];
        uint64_t escaped = 0;
        for (unsigned k = 0; k < 4; k++) {
            four[k] = load32(values + i + 16 * k);
            escaped |= (uint64_t)_mm512_cmpeq_epi32_mask(four[k], SET_U32(escape)) << (16 * k);
        }
        if (taken + (size_t)_mm_popcnt_u64(escaped) > patch_count)
            return SIZE_MAX;
        for (unsigned k = 0; k < 4; k++, escaped >>= 16) {
            four[k] = PATCHED_32(four[k], (__mmask16)escaped);
            taken += (size_t)_mm_popcnt_u32((uint16_t)escaped);
        }
        for (unsigned k = 0; k < 4; k++)
            _mm512_storeu_si512(values + i + 16 * k, four[k]);
    }
    for (; i < count && taken <= patch_count; i += 16) {
        const __mmask16 here = first16(count - i);
        const __m512i packed = _mm512_maskz_loadu_epi32(here, values + i);
        const __mmask16 escaped = _mm512_mask_cmpeq_epi32_mask(here, packed, SET_U32(escape));
        if (here == UINT16_MAX)
            _mm512_storeu_si512(values + i, PATCHED_32(packed, escaped));
        else
            _mm512_mask_storeu_epi32(values + i, here, PATCHED_32(packed, escaped));
        taken += (size_t)_mm_popcnt_u32(escaped);
    }
    return taken > patch_count ? SIZE_MAX : taken;
}
static size_t patch_u64(uint64_t *values, size_t count, uint64_t escape, uint64_t base, const uint64_t *patches,
                        size_t patch_count)
{
    const __m512i marker = _mm512_set1_epi64((long long)escape);
    size_t taken = 0, i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m512i packed = _mm512_loadu_si512(values + i);
        const __mmask8 escaped = _mm512_cmpeq_epi64_mask(packed, marker);
        _mm512_storeu_si512(values + i, PATCHED_64(packed, escaped));
        taken += (size_t)_mm_popcnt_u32(escaped);
        if (taken > patch_count)
            return SIZE_MAX;
    }
    if (i == count)
        return taken;
    const __mmask8 here = (__mmask8)below(count - i);
    const __m512i packed = _mm512_maskz_loadu_epi64(here, values + i);
    const __mmask8 escaped = _mm512_mask_cmpeq_epi64_mask(here, packed, marker);
    _mm512_mask_storeu_epi64(values + i, here, PATCHED_64(packed, escaped));
    taken += (size_t)_mm_popcnt_u32(escaped);
    return taken > patch_count ? SIZE_MAX : taken;
}
static void expand_u32(const uint64_t *mask, size_t count, const uint32_t *in, uint32_t *out)
{
    for (size_t i = 0; i < count; i += 16) {
        const __mmask16 here = (__mmask16)(mask[i / 64] >> (i % 64));
        _mm512_storeu_si512(out + i, _mm512_maskz_expand_epi32(here, load32(in)));
        in += _mm_popcnt_u32(here);
    }
}
static void expand_u64(const uint64_t *mask, size_t count, const uint64_t *in, uint64_t *out)
{
    for (size_t i = 0; i < count; i += 8) {
        const __mmask8 here = (__mmask8)(mask[i / 64] >> (i % 64));
        _mm512_storeu_si512(out + i, _mm512_maskz_expand_epi64(here, _mm512_loadu_si512(in)));
        in += _mm_popcnt_u32(here);
    }
}
/* Four vectors are read before one is written, as in patch_u32. */
static __m512i kept_of(uint64_t word, unsigned quarter, const uint32_t *in)
{
    return _mm512_maskz_compress_epi32((__mmask16)(word >> (16 * quarter)), load32(in + 16 * quarter));
}
static size_t compress_u32(const uint64_t *mask, size_t count, const uint32_t *in, uint32_t *out)
{
    size_t found = 0, i = 0;
    for (; i + 64 <= count; i += 64) {
        const uint64_t word = mask[i / 64];
        const __m512i kept[4] = {kept_of(word, 0, in + i), kept_of(word, 1, in + i), kept_of(word, 2, in + i), kept_of(word, 3, in + i)};
        for (unsigned quarter = 0; quarter < 4; quarter++) {
            _mm512_storeu_si512(out + found, kept[quarter]);
            found += (size_t)_mm_popcnt_u32((uint16_t)(word >> (16 * quarter)));
        }
    }
    for (; i < count; i += 16) {
        const __mmask16 here = (__mmask16)(mask[i / 64] >> (i % 64));
        _mm512_storeu_si512(out + found, _mm512_maskz_compress_epi32(here, load32(in + i)));
        found += (size_t)_mm_popcnt_u32(here);
    }
    return found;
}
static __m512i kept_halves(uint64_t word, unsigned quarter, const uint16_t *in, __m512i base)
{
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)(in + 16 * quarter)));
    return _mm512_maskz_compress_epi32((__mmask16)(word >> (16 * quarter)), _mm512_add_epi32(wide, base));
}
static size_t compress_u16(const uint64_t *mask, size_t count, const uint16_t *in, uint32_t base, uint32_t *out)
{
    const __m512i plus = SET_U32(base);
    size_t found = 0, i = 0;
    for (; i + 64 <= count; i += 64) {
        const uint64_t word = mask[i / 64];
        const __m512i kept[4] = {kept_halves(word, 0, in + i, plus), kept_halves(word, 1, in + i, plus),
                                 kept_halves(word, 2, in + i, plus), kept_halves(word, 3, in + i, plus)};
        for (unsigned quarter = 0; quarter < 4; quarter++) {
            _mm512_storeu_si512(out + found, kept[quarter]);
            found += (size_t)_mm_popcnt_u32((uint16_t)(word >> (16 * quarter)));
        }
    }
    for (; i < count; i += 16) {
        const uint64_t word = mask[i / 64] >> (i % 64);
        _mm512_storeu_si512(out + found, kept_halves(word, 0, in + i, plus));
        found += (size_t)_mm_popcnt_u32((uint16_t)word);
    }
    return found;
}
static size_t compress_u64(const uint64_t *mask, size_t count, const uint64_t *in, uint64_t *out)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i += 8) {
        const __mmask8 here = (__mmask8)(mask[i / 64] >> (i % 64));
        _mm512_storeu_si512(out + found, _mm512_maskz_compress_epi64(here, _mm512_loadu_si512(in + i)));
        found += (size_t)_mm_popcnt_u32(here);
    }
    return found;
}
/* Which choice it is by bytes, 64 at a time, then the choices by permutation. */
static void select_u32(const uint64_t *const *planes, unsigned plane_count, const uint32_t *choices, size_t count,
                       uint32_t *out)
{
    const __m512i table = _mm512_maskz_loadu_epi32(first16(plane_count + 1), choices);
    for (size_t first = 0; first < count; first += 64) {
        __m512i place = _mm512_set1_epi8((char)plane_count), here = place;
        for (unsigned k = plane_count; k-- > 0;) {
            here = _mm512_sub_epi8(here, _mm512_set1_epi8(1));
            place = _mm512_mask_mov_epi8(place, planes[k][first / 64], here);
        }
        uint8_t bytes[64];
        _mm512_storeu_si512(bytes, place);
        for (size_t k = 0; k < 64 && first + k < count; k += 16) {
            const __m512i places = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(bytes + k)));
            _mm512_storeu_si512(out + first + k, _mm512_permutexvar_epi32(places, table));
        }
    }
}

/* ---- searching: sixteen at a time, until the longest is done ---- */
static void lower_bounds(const int32_t *sorted, const int32_t *least, const uint32_t *end, size_t count, uint32_t *at)
{
    const __m512i zero = _mm512_setzero_si512(), one = SET_U32(1);
    for (size_t i = 0; i < count; i += 16) {
        const __mmask16 here = first16(count - i);
        const __m512i wanted = load32(least + i);
        __m512i low = load32(at + i), left = _mm512_maskz_sub_epi32(here, load32(end + i), low);
        if (_mm512_test_epi32_mask(left, left) == 0) /* all these ranges are empty, as they often are together */
            continue;
        __mmask16 open = _mm512_cmpgt_epu32_mask(left, one);
        for (; open != 0; open = _mm512_cmpgt_epu32_mask(left, one)) {
            const __m512i half = _mm512_srli_epi32(left, 1), middle = _mm512_add_epi32(low, half);
            const __m512i value = _mm512_mask_i32gather_epi32(zero, open, middle, sorted - 1, 4);
            low = _mm512_mask_mov_epi32(low, _mm512_mask_cmplt_epi32_mask(open, value, wanted), middle);
            left = _mm512_sub_epi32(left, half);
        }
        open = _mm512_cmpeq_epi32_mask(left, one);
        const __m512i value = _mm512_mask_i32gather_epi32(zero, open, low, sorted, 4);
        low = _mm512_mask_add_epi32(low, _mm512_mask_cmplt_epi32_mask(open, value, wanted), low, one);
        _mm512_storeu_si512(at + i, low);
    }
}

/* Eight groups: a window of 64 bits from each one's first byte, which holds groups of up to 57. */
static bool any_of_eight(const uint64_t *mask, const uint32_t *offsets, uint64_t *any)
{
    const __m512i from = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)offsets));
    const __m512i end = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)(offsets + 1)));
    const __m512i length = _mm512_sub_epi64(end, from), one = _mm512_set1_epi64(1);
    if (_mm512_cmpgt_epu64_mask(length, _mm512_set1_epi64(57)) != 0)
        return false;
    const __m512i window = _mm512_i64gather_epi64(_mm512_srli_epi64(from, 3), mask, 1);
    const __m512i bits = _mm512_srlv_epi64(window, _mm512_and_si512(from, _mm512_set1_epi64(7)));
    *any = _mm512_test_epi64_mask(bits, _mm512_sub_epi64(_mm512_sllv_epi64(one, length), one));
    return true;
}

#include "core/base/kernels_cells_avx512.inc"
#include "core/base/kernels_body.inc"

const lots_kernels *lots_kernels_avx512(void)
{
    static const lots_kernels table = TABLE_OF("avx512");
    return &table;
}
#else
const lots_kernels *lots_kernels_avx512(void) { return NULL; }
#endif
#else
typedef int lots_kernels_avx512_is_for_x86; /* a file may not be empty */
#endif
