/* kernels_avx2.c: the kernels for AVX2. Compiled with the flags the Makefile gives this file; nothing on other
 * processors. Hand-written where it was measured to pay: masks from comparisons, prefix sums, expand and compress (by
 * permutations from a table, made at the first call: pdep and pext are slow on the first Zens). The rest is the common
 * body with 32-byte vectors. Loads run into the slack the contract grants. */
#if defined(__x86_64__)
#include <string.h>

#include "core/base/kernels_table.h"

#if defined(__AVX2__) && defined(__BMI2__)
#include <immintrin.h>

#define LANE_BYTES 32
#define OWN_RANGE
#define OWN_INDEXES
#define OWN_LOOKUP
#define OWN_PREFIX
#define OWN_BYTES
#define OWN_DEPOSIT
#define OWN_EXPAND
#define OWN_HALVES
#define OWN_SELECT
#define OWN_BOUNDS
#define OWN_CHANGES

static __m256i load256(const void *at) { return _mm256_loadu_si256((const __m256i *)at); }
static void store256(void *at, __m256i value) { _mm256_storeu_si256((__m256i *)at, value); }
static __m256i splat(uint32_t value) { return _mm256_set1_epi32((int)value); }
static uint64_t below(size_t count) { return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1; }

/* ---- comparisons: 64 bits at a time, LANES of them by one compare ---- */
static uint64_t signs32(__m256i x) { return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(x)); }
static uint64_t signs64(__m256i x) { return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(x)); }
static uint64_t signs_f64(__m256d x) { return (uint32_t)_mm256_movemask_pd(x); }
#define MASK_KERNEL(NAME, PARAMETERS, LANES, TEST)                                                          \
    static void NAME PARAMETERS                                                                             \
    {                                                                                                       \
        for (size_t first = 0; first < count; first += 64) {                                                \
            const size_t left = count - first < 64 ? count - first : 64;                                    \
            uint64_t word = 0;                                                                              \
            for (size_t k = 0; k < left; k += LANES) {                                                      \
                const size_t i = first + k;                                                                 \
                word |= (TEST) << k;                                                                        \
            }                                                                                               \
            out[first / 64] = word & below(left);                                                           \
        }                                                                                                   \
    }
/* low <= x and x <= high is one unsigned comparison of x - low with high - low. */
static uint64_t in_span(__m256i x, __m256i low, __m256i span)
{
    const __m256i above = _mm256_sub_epi32(x, low);
    return signs32(_mm256_cmpeq_epi32(_mm256_min_epu32(above, span), above));
}
MASK_KERNEL(range_span, (const uint32_t *x, size_t count, __m256i low, __m256i span, uint64_t *out), 8,
            in_span(load256(x + i), low, span))
static void range_i32(const int32_t *x, size_t count, int32_t low, int32_t high, uint64_t *out)
{
    if (low > high)
        memset(out, 0, (count + 63) / 64 * 8);
    else
        range_span((const uint32_t *)x, count, splat((uint32_t)low), splat((uint32_t)high - (uint32_t)low), out);
}
static void range_u32(const uint32_t *x, size_t count, uint32_t low, uint32_t high, uint64_t *out)
{
    if (low > high)
        memset(out, 0, (count + 63) / 64 * 8);
    else
        range_span(x, count, splat(low), splat(high - low), out);
}
/* Thirty-two at a time; packing mixes up the halves of vectors. */
static uint64_t halves_in_span(const uint16_t *x, __m256i low, __m256i span)
{
    const __m256i a = _mm256_sub_epi16(load256(x), low), b = _mm256_sub_epi16(load256(x + 16), low);
    const __m256i in_a = _mm256_cmpeq_epi16(_mm256_min_epu16(a, span), a), in_b = _mm256_cmpeq_epi16(_mm256_min_epu16(b, span), b);
    return (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(_mm256_packs_epi16(in_a, in_b), 0xd8));
}
MASK_KERNEL(range_half_span, (const uint16_t *x, size_t count, __m256i low, __m256i span, uint64_t *out), 32,
            halves_in_span(x + i, low, span))
static void range_u16(const uint16_t *x, size_t count, uint16_t low, uint16_t high, uint64_t *out)
{
    if (low > high)
        memset(out, 0, (count + 63) / 64 * 8);
    else
        range_half_span(x, count, _mm256_set1_epi16((short)low), _mm256_set1_epi16((short)(high - low)), out);
}
static uint64_t outside_64(__m256i x, int64_t low, int64_t high)
{
    return signs64(_mm256_or_si256(_mm256_cmpgt_epi64(_mm256_set1_epi64x(low), x),
                                   _mm256_cmpgt_epi64(x, _mm256_set1_epi64x(high))));
}
MASK_KERNEL(range_i64, (const int64_t *x, size_t count, int64_t low, int64_t high, uint64_t *out), 4,
            outside_64(load256(x + i), low, high) ^ 15)
MASK_KERNEL(range_f64, (const double *x, size_t count, double low, double high, uint64_t *out), 4,
            signs_f64(_mm256_and_pd(_mm256_cmp_pd(_mm256_set1_pd(low), _mm256_loadu_pd(x + i), _CMP_LE_OQ),
                                    _mm256_cmp_pd(_mm256_loadu_pd(x + i), _mm256_set1_pd(high), _CMP_LE_OQ))))
#define PAIR_PARAMETERS(TYPE) (const TYPE *a, const TYPE *b, size_t count, uint64_t *out)
#define PAIR_F64(PREDICATE) signs_f64(_mm256_cmp_pd(_mm256_loadu_pd(a + i), _mm256_loadu_pd(b + i), PREDICATE))
MASK_KERNEL(less_i32, PAIR_PARAMETERS(int32_t), 8, signs32(_mm256_cmpgt_epi32(load256(b + i), load256(a + i))))
MASK_KERNEL(less_equal_i32, PAIR_PARAMETERS(int32_t), 8,
            signs32(_mm256_cmpgt_epi32(load256(a + i), load256(b + i))) ^ 255)
MASK_KERNEL(equal_i32, PAIR_PARAMETERS(int32_t), 8, signs32(_mm256_cmpeq_epi32(load256(a + i), load256(b + i))))
MASK_KERNEL(less_i64, PAIR_PARAMETERS(int64_t), 4, signs64(_mm256_cmpgt_epi64(load256(b + i), load256(a + i))))
MASK_KERNEL(less_equal_i64, PAIR_PARAMETERS(int64_t), 4,
            signs64(_mm256_cmpgt_epi64(load256(a + i), load256(b + i))) ^ 15)
MASK_KERNEL(equal_i64, PAIR_PARAMETERS(int64_t), 4, signs64(_mm256_cmpeq_epi64(load256(a + i), load256(b + i))))
MASK_KERNEL(less_f64, PAIR_PARAMETERS(double), 4, PAIR_F64(_CMP_LT_OQ))
MASK_KERNEL(less_equal_f64, PAIR_PARAMETERS(double), 4, PAIR_F64(_CMP_LE_OQ))
MASK_KERNEL(equal_f64, PAIR_PARAMETERS(double), 4, PAIR_F64(_CMP_EQ_OQ))

/* The bit asked for moved to the sign. */
static uint64_t lookup_eight(__m256i ids, __m256i last, const uint64_t *table)
{
    const __m256i known = _mm256_cmpeq_epi32(_mm256_min_epu32(ids, last), ids);
    const __m256i words = _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), (const int *)(const void *)table,
                                                      _mm256_srli_epi32(ids, 5), known, 4);
    const __m256i up = _mm256_andnot_si256(ids, splat(31)); /* 31 - id % 32 */
    return signs32(_mm256_and_si256(known, _mm256_sllv_epi32(words, up)));
}
MASK_KERNEL(lookup_some, (const uint32_t *ids, size_t count, const uint64_t *table, __m256i last, uint64_t *out), 8,
            lookup_eight(load256(ids + i), last, table))
static void lookup_bits(const uint32_t *ids, size_t count, const uint64_t *table, uint32_t table_count, uint64_t *out)
{
    if (table_count == 0)
        memset(out, 0, (count + 63) / 64 * 8);
    else
        lookup_some(ids, count, table, splat(table_count - 1), out);
}

/* 32 numbers that are not the ones before them. */
static uint64_t changes_of_32(const uint16_t *x)
{
    const __m256i low = _mm256_cmpeq_epi16(load256(x), load256(x - 1)), high = _mm256_cmpeq_epi16(load256(x + 16), load256(x + 15));
    const __m256i same = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8); /* packs takes 8 of each in turns */
    return (uint32_t)~_mm256_movemask_epi8(same);
}
MASK_KERNEL(changes_after_first, (const uint16_t *x, size_t count, uint64_t *out), 32, changes_of_32(x + i))
static void changes_u16(const uint16_t *x, size_t count, uint64_t *out)
{
    uint64_t first = 1;
    for (size_t i = 1; i < count && i < 64; i++)
        first |= (uint64_t)(x[i] != x[i - 1]) << i;
    if (count > 64)
        changes_after_first(x + 64, count - 64, out + 1);
    if (count > 0)
        out[0] = first;
}

/* ---- prefix sums: within each half by doubling steps, the low half's sum to the high one, then the carry ---- */
static uint32_t prefix_u32(const uint32_t *in, size_t count, uint32_t carry, uint32_t *out)
{
    __m256i before = splat(carry);
    for (size_t i = 0; i < count; i += 8) {
        __m256i x = load256(in + i);
        x = _mm256_add_epi32(x, _mm256_slli_si256(x, 4));
        x = _mm256_add_epi32(x, _mm256_slli_si256(x, 8));
        const __m256i low_sum = _mm256_permutevar8x32_epi32(x, splat(3));
        x = _mm256_add_epi32(x, _mm256_blend_epi32(_mm256_setzero_si256(), low_sum, 0xf0));
        store256(out + i, _mm256_add_epi32(x, before)); /* from one step to the next there is a single addition */
        before = _mm256_add_epi32(before, _mm256_permutevar8x32_epi32(x, splat(7)));
    }
    return count > 0 ? out[count - 1] : carry;
}

/* ---- bitmaps ---- */
/* Each byte of `bits` to the eight bytes it is about, then each byte's own bit. */
static __m256i spread_bits(uint32_t bits)
{
    const __m256i places = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i own = _mm256_set1_epi64x((long long)UINT64_C(0x8040201008040201));
    const __m256i bytes = _mm256_shuffle_epi8(splat(bits), places);
    return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, own), own);
}
static void bits_to_bytes(const uint64_t *words, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i += 32)
        store256(out + i, _mm256_and_si256(spread_bits((uint32_t)(words[i / 64] >> (i % 64))), _mm256_set1_epi8(1)));
}
static uint64_t zero_bytes(const uint8_t *bytes)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(load256(bytes), _mm256_setzero_si256()));
}
MASK_KERNEL(bits_from_bytes, (const uint8_t *bytes, size_t count, uint64_t *out), 32,
            (zero_bytes(bytes + i) ^ UINT32_MAX))
static uint64_t deposit_bits(uint64_t value, uint64_t mask) { return _pdep_u64(value, mask); }
static uint64_t extract_bits(uint64_t value, uint64_t mask) { return _pext_u64(value, mask); }

/* ---- by mask ---- */
/* For 8 mask bits, as 8 bytes: where each lane that is set takes its value from (expand), and which lanes are set
 * (compress). For 4 lanes of 64 bits the same for pairs of 32. */
static uint64_t expand_8[256], compress_8[256], expand_4[16], compress_4[16];

static void fill_permutations(uint64_t *expand, uint64_t *compress, unsigned lanes)
{
    const unsigned parts = 8 / lanes;
    for (unsigned mask = 0; mask < 1u << lanes; mask++) {
        uint64_t to = 0, from = 0;
        unsigned taken = 0;
        for (unsigned lane = 0; lane < lanes; lane++) {
            if ((mask >> lane & 1) == 0)
                continue;
            for (unsigned part = 0; part < parts; part++) {
                to |= (uint64_t)(taken * parts + part) << (8 * (lane * parts + part));
                from |= (uint64_t)(lane * parts + part) << (8 * (taken * parts + part));
            }
            taken++;
        }
        expand[mask] = to;
        compress[mask] = from;
    }
}
static __m256i permute(const void *from, uint64_t bytes)
{
    return _mm256_permutevar8x32_epi32(load256(from), _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes)));
}
/* All ones in the lanes whose bit is set. */
static __m256i lanes_of_8(uint32_t mask)
{
    const __m256i own = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(splat(mask), own), own);
}
static __m256i lanes_of_4(uint32_t mask)
{
    const __m256i own = _mm256_setr_epi64x(1, 2, 4, 8);
    return _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(mask), own), own);
}
static uint32_t mask_at(const uint64_t *mask, size_t i, uint32_t keep) { return (uint32_t)(mask[i / 64] >> (i % 64)) & keep; }
static size_t ones_of(uint64_t bits) { return (size_t)_mm_popcnt_u64(bits); }

/* By bytes: the places of a byte's bits are those from which it compresses. */
static size_t bits_indexes(const uint64_t *words, size_t count, uint32_t *out)
{
    size_t found = 0;
    for (size_t w = 0; w < (count + 63) / 64; w++)
        for (unsigned k = 0; words[w] != 0 && k < 64; k += 8) {
            const unsigned byte = words[w] >> k & 255;
            const __m256i places = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)compress_8[byte]));
            store256(out + found, _mm256_add_epi32(places, splat((uint32_t)(w * 64 + k))));
            found += ones_of(byte);
        }
    return found;
}

/* What is left after the last whole vector, one by one: the values are exact. */
#define PATCH_REST                                                                                          \
    for (; i < count; i++) {                                                                                \
        const bool escaped = values[i] == escape;                                                           \
        values[i] = escaped ? patches[taken] : values[i] + base;                                            \
        taken += escaped;                                                                                   \
        if (taken > patch_count)                                                                            \
            return SIZE_MAX;                                                                                \
    }                                                                                                       \
    return taken;
static size_t patch_u32(uint32_t *values, size_t count, uint32_t escape, uint32_t base, const uint32_t *patches,
                        size_t patch_count)
{
    size_t taken = 0, i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m256i packed = load256(values + i), plain = _mm256_add_epi32(packed, splat(base));
        const __m256i escaped = _mm256_cmpeq_epi32(packed, splat(escape));
        const uint64_t mask = signs32(escaped);
        store256(values + i, _mm256_blendv_epi8(plain, permute(patches + taken, expand_8[mask]), escaped));
        taken += ones_of(mask);
        if (taken > patch_count)
            return SIZE_MAX;
    }
    PATCH_REST
}
static size_t patch_u64(uint64_t *values, size_t count, uint64_t escape, uint64_t base, const uint64_t *patches,
                        size_t patch_count)
{
    size_t taken = 0, i = 0;
    for (; i + 4 <= count; i += 4) {
        const __m256i packed = load256(values + i), plain = _mm256_add_epi64(packed, _mm256_set1_epi64x((int64_t)base));
        const __m256i escaped = _mm256_cmpeq_epi64(packed, _mm256_set1_epi64x((int64_t)escape));
        const uint64_t mask = signs64(escaped);
        store256(values + i, _mm256_blendv_epi8(plain, permute(patches + taken, expand_4[mask]), escaped));
        taken += ones_of(mask);
        if (taken > patch_count)
            return SIZE_MAX;
    }
    PATCH_REST
}
static void expand_u32(const uint64_t *mask, size_t count, const uint32_t *in, uint32_t *out)
{
    for (size_t i = 0; i < count; i += 8) {
        const uint32_t here = mask_at(mask, i, 255);
        store256(out + i, _mm256_and_si256(permute(in, expand_8[here]), lanes_of_8(here)));
        in += ones_of(here);
    }
}
static void expand_u64(const uint64_t *mask, size_t count, const uint64_t *in, uint64_t *out)
{
    for (size_t i = 0; i < count; i += 4) {
        const uint32_t here = mask_at(mask, i, 15);
        store256(out + i, _mm256_and_si256(permute(in, expand_4[here]), lanes_of_4(here)));
        in += ones_of(here);
    }
}
static size_t compress_u32(const uint64_t *mask, size_t count, const uint32_t *in, uint32_t *out)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i += 8) {
        const uint32_t here = mask_at(mask, i, 255);
        store256(out + found, permute(in + i, compress_8[here]));
        found += ones_of(here);
    }
    return found;
}
static size_t compress_u16(const uint64_t *mask, size_t count, const uint16_t *in, uint32_t base, uint32_t *out)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i += 8) {
        const uint32_t here = mask_at(mask, i, 255);
        const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(in + i)));
        const __m256i places = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)compress_8[here]));
        store256(out + found, _mm256_permutevar8x32_epi32(_mm256_add_epi32(wide, splat(base)), places));
        found += ones_of(here);
    }
    return found;
}
static size_t compress_u64(const uint64_t *mask, size_t count, const uint64_t *in, uint64_t *out)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i += 4) {
        const uint32_t here = mask_at(mask, i, 15);
        store256(out + found, permute(in + i, compress_4[here]));
        found += ones_of(here);
    }
    return found;
}
/* Which choice it is by bytes, 32 at a time, then the choices by permutation: of eight, or of twice eight. */
static __m256i choose_8(__m256i low, __m256i high, __m256i places)
{
    const __m256 few = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(low, places));
    const __m256 many = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(high, places));
    return _mm256_castps_si256(_mm256_blendv_ps(few, many, _mm256_castsi256_ps(_mm256_slli_epi32(places, 28))));
}
static void select_u32(const uint64_t *const *planes, unsigned plane_count, const uint32_t *choices, size_t count,
                       uint32_t *out)
{
    uint32_t table[16] = {0};
    uint8_t bytes[32];
    memcpy(table, choices, (plane_count + 1) * sizeof *table);
    const __m256i low = load256(table), high = load256(table + 8);
    for (size_t first = 0; first < count; first += 32) {
        __m256i place = _mm256_set1_epi8((char)plane_count);
        for (unsigned k = plane_count; k-- > 0;)
            place = _mm256_blendv_epi8(place, _mm256_set1_epi8((char)k), spread_bits(mask_at(planes[k], first, UINT32_MAX)));
        store256(bytes, place);
        for (size_t k = 0; k < 32 && first + k < count; k += 8) {
            const __m256i places = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(bytes + k)));
            store256(out + first + k, choose_8(low, high, places));
        }
    }
}

/* ---- searching: eight at a time, until the longest is done ---- */
static void lower_bounds(const int32_t *sorted, const int32_t *least, const uint32_t *end, size_t count, uint32_t *at)
{
    const __m256i zero = _mm256_setzero_si256(), one = splat(1);
    for (size_t i = 0; i < count; i += 8) {
        const __m256i wanted = load256(least + i), here = lanes_of_8((uint32_t)below(count - i) & 255);
        __m256i low = load256(at + i), left = _mm256_and_si256(_mm256_sub_epi32(load256(end + i), low), here);
        if (_mm256_testz_si256(left, left)) /* all these ranges are empty, as they often are together */
            continue;
        __m256i open = _mm256_cmpgt_epi32(left, one);
        for (; signs32(open) != 0; open = _mm256_cmpgt_epi32(left, one)) {
            const __m256i half = _mm256_srli_epi32(left, 1), middle = _mm256_add_epi32(low, half);
            const __m256i value = _mm256_mask_i32gather_epi32(zero, sorted - 1, middle, open, 4);
            const __m256i less = _mm256_and_si256(open, _mm256_cmpgt_epi32(wanted, value));
            low = _mm256_blendv_epi8(low, middle, less);
            left = _mm256_sub_epi32(left, half);
        }
        open = _mm256_cmpeq_epi32(left, one);
        const __m256i value = _mm256_mask_i32gather_epi32(zero, sorted, low, open, 4);
        low = _mm256_sub_epi32(low, _mm256_and_si256(open, _mm256_cmpgt_epi32(wanted, value)));
        store256(at + i, low);
    }
}

#include "core/base/kernels_body.inc"

const lots_kernels *lots_kernels_avx2(void)
{
    static const lots_kernels table = TABLE_OF("avx2");
    fill_permutations(expand_8, compress_8, 8);
    fill_permutations(expand_4, compress_4, 4);
    return &table;
}
#else
const lots_kernels *lots_kernels_avx2(void) { return NULL; }
#endif
#else
typedef int lots_kernels_avx2_is_for_x86; /* a file may not be empty */
#endif
