/* Kernels: every table this processor can run against loops written out here, for all short lengths and some long. */
#include "core/base/kernels.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/lots_test.h"
#include "tests/support/slow_sum.h"

#define MOST 5000u
#define WORDS (MOST / 64 + 1)

/* Inputs, with slack, and room for outputs. Filled anew for each case. */
typedef struct room {
    uint32_t a32[MOST + 16], b32[MOST + 16], out32[MOST + 32], want32[MOST + 32];
    uint64_t a64[MOST + 8], b64[MOST + 8], out64[MOST + 16], want64[MOST + 16];
    double af[MOST + 8], bf[MOST + 8], outf[MOST + 16];
    uint64_t mask[WORDS + 8], bits[WORDS + 8], outbits[WORDS + 8], wantbits[WORDS + 8];
    uint8_t bytes[MOST + 64];
    uint32_t offsets[MOST + 1];
    size_t groups;
} room;

static const char *const names[] = {"scalar", "avx2", "avx512"};
static room *all;
static uint64_t seed = 1;

static uint64_t any_number(void) { return lots_test_random(&seed); }
static bool bit(const uint64_t *words, size_t i) { return (words[i / 64] >> (i % 64)) & 1; }
static void set(uint64_t *words, size_t i, bool value) { words[i / 64] |= (uint64_t)value << (i % 64); }
static size_t words_of(size_t count) { return (count + 63) / 64; }

static void random_bits(uint64_t *words, size_t count, unsigned of_16)
{
    memset(words, 0xa5, sizeof all->mask); /* what is beyond must not matter */
    memset(words, 0, words_of(count) * 8);
    for (size_t i = 0; i < count; i++)
        set(words, i, any_number() % 16 < of_16);
}

/* `narrow`: values close together, so that comparisons go both ways. Groups cover the values, some are empty. */
static void fill_room(size_t count, bool narrow, unsigned mask_of_16)
{
    static const double doubles[] = {0.0, -0.0, 1.5, -1.5, 1e300, -1e300, 3.0, 1.0 / 0.0};
    static const uint64_t edges[] = {0, 1, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN, UINT32_MAX, INT32_MAX, 1u << 31};
    memset(all, 0x5a, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        const uint64_t a = any_number(), b = any_number();
        all->a64[i] = narrow ? a % 7 - 3 : a % 5 == 0 ? edges[b % 8] : a;
        all->b64[i] = narrow ? b % 7 - 3 : b % 5 == 0 ? edges[a % 8] : b;
        all->a32[i] = (uint32_t)all->a64[i];
        all->b32[i] = (uint32_t)all->b64[i];
        all->af[i] = narrow ? (double)(int64_t)(a % 7) : doubles[a % 8];
        all->bf[i] = narrow ? (double)(int64_t)(b % 7) : doubles[b % 8];
        all->bytes[i] = (uint8_t)(a % 3 == 0 ? 0 : b);
    }
    random_bits(all->mask, count, mask_of_16);
    random_bits(all->bits, count, 7);
    size_t at = count > 0 ? any_number() % (count < 9 ? count : 9) : 0;
    const unsigned longest = any_number() % 4 == 0 ? 300 : 6;
    for (all->groups = 0; all->offsets[all->groups] = (uint32_t)at, at < count && all->groups < MOST; all->groups++) {
        at += any_number() % longest;
        at = at < count ? at : count;
    }
}

typedef void check(const lots_kernels *kernels, size_t count);

/* Run a check with every table, and lengths 0..300 and some more. */
static void with_all(check *one)
{
    static const size_t more[] = {511, 512, 513, 1023, 1024, 1025, 2048, 4999};
    for (size_t n = 0; n < 3; n++) {
        const lots_kernels *kernels = lots_kernels_named(names[n]);
        if (kernels == NULL) {
            print_message("%s: not on this processor\n", names[n]);
            continue;
        }
        seed = 7;
        for (size_t count = 0; count <= 300; count++) {
            fill_room(count, count % 2 == 0, (unsigned)(any_number() % 17));
            one(kernels, count);
        }
        for (size_t m = 0; m < sizeof more / sizeof more[0]; m++)
            for (unsigned dense = 0; dense <= 16; dense += 8) {
                fill_room(more[m], dense == 8, dense);
                one(kernels, more[m]);
            }
    }
}

static void same_bits(size_t count) { assert_memory_equal(all->outbits, all->wantbits, words_of(count) * 8); }

/* ---- comparisons ---- */
#define WANT(TEST)                                                   \
    do {                                                             \
        memset(all->wantbits, 0, words_of(count) * 8);               \
        for (size_t i = 0; i < count; i++)                           \
            set(all->wantbits, i, TEST);                             \
        same_bits(count);                                            \
        assert_true(all->outbits[words_of(count)] == UINT64_C(0x5a5a5a5a5a5a5a5a)); \
    } while (0)

static void check_ranges(const lots_kernels *kernels, size_t count)
{
    const int32_t *i32 = (const int32_t *)all->a32;
    const int64_t *i64 = (const int64_t *)all->a64;
    static const int64_t bounds[][2] = {{-2, 1}, {0, 0}, {2, 1}, {INT32_MIN, INT32_MAX}, {5, INT32_MAX}, {INT32_MIN, -1}};
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
        const int64_t low = bounds[b][0], high = bounds[b][1];
        const uint32_t ulow = (uint32_t)low, uhigh = (uint32_t)high;
        kernels->range_i32(i32, count, (int32_t)low, (int32_t)high, all->outbits);
        WANT(low <= i32[i] && i32[i] <= high);
        kernels->range_u32(all->a32, count, ulow, uhigh, all->outbits);
        WANT(ulow <= all->a32[i] && all->a32[i] <= uhigh);
        kernels->range_i64(i64, count, low, high, all->outbits);
        WANT(low <= i64[i] && i64[i] <= high);
        kernels->range_f64(all->af, count, (double)low, (double)high, all->outbits);
        WANT((double)low <= all->af[i] && all->af[i] <= (double)high);
    }
    kernels->range_i64(i64, count, INT64_MIN, INT64_MAX, all->outbits);
    WANT(true);
    kernels->range_u32(all->a32, count, 0, UINT32_MAX, all->outbits);
    WANT(true);
}

static void check_compares(const lots_kernels *kernels, size_t count)
{
    const int32_t *a = (const int32_t *)all->a32, *b = (const int32_t *)all->b32;
    const int64_t *c = (const int64_t *)all->a64, *d = (const int64_t *)all->b64;
    kernels->less_i32(a, b, count, all->outbits);
    WANT(a[i] < b[i]);
    kernels->less_equal_i32(a, b, count, all->outbits);
    WANT(a[i] <= b[i]);
    kernels->equal_i32(a, b, count, all->outbits);
    WANT(a[i] == b[i]);
    kernels->less_i64(c, d, count, all->outbits);
    WANT(c[i] < d[i]);
    kernels->less_equal_i64(c, d, count, all->outbits);
    WANT(c[i] <= d[i]);
    kernels->equal_i64(c, d, count, all->outbits);
    WANT(c[i] == d[i]);
    kernels->less_f64(all->af, all->bf, count, all->outbits);
    WANT(all->af[i] < all->bf[i]);
    kernels->less_equal_f64(all->af, all->bf, count, all->outbits);
    WANT(all->af[i] <= all->bf[i]);
    kernels->equal_f64(all->af, all->bf, count, all->outbits);
    WANT(all->af[i] == all->bf[i]);
}

static void check_lookups(const lots_kernels *kernels, size_t count)
{
    static const uint32_t sizes[] = {0, 1, 5, 33, 512, 513, 1000, 1024, 1025, 4000};
    uint64_t table[4000 / 64 + 1];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        table[i] = any_number();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const uint32_t size = sizes[s];
        for (size_t i = 0; i < count; i++)
            all->b32[i] = all->a32[i] % 9 == 0 ? all->a32[i] : all->a32[i] % (size + 3);
        kernels->lookup_bits(all->b32, count, table, size, all->outbits);
        WANT(all->b32[i] < size && bit(table, all->b32[i]));
    }
}

/* ---- prefix sums ---- */
static void check_prefixes(const lots_kernels *kernels, size_t count)
{
    uint32_t sum32 = 12345, carry = 3;
    uint64_t sum64 = 99, wide = 7;
    for (size_t i = 0; i < count; i++) {
        all->want32[i] = sum32 += all->a32[i];
        all->want64[i] = sum64 += all->a64[i];
    }
    assert_true(kernels->prefix_u32(all->a32, count, 12345, all->out32) == sum32);
    assert_memory_equal(all->out32, all->want32, count * 4);
    assert_true(kernels->prefix_u64(all->a64, count, 99, all->out64) == sum64);
    assert_memory_equal(all->out64, all->want64, count * 8);
    for (size_t i = 0; i < count; i++)
        all->want64[i] = wide += all->a32[i];
    assert_true(kernels->prefix_u32_u64(all->a32, count, 7, all->out64) == wide);
    assert_memory_equal(all->out64, all->want64, count * 8);
    assert_true(kernels->prefix_u32(all->a32, count, 12345, all->a32) == sum32); /* in place */
    assert_memory_equal(all->a32, all->want32, count * 4);
    for (size_t i = 0; i < words_of(count); i++) {
        all->want32[i] = carry;
        for (size_t k = i * 64; k < count && k < i * 64 + 64; k++)
            carry += bit(all->mask, k);
    }
    assert_true(kernels->count_prefix(all->mask, words_of(count), 3, all->out32) == carry);
    assert_memory_equal(all->out32, all->want32, words_of(count) * 4);
}

/* ---- ranks and searches ---- */
static void check_ranks(const lots_kernels *kernels, size_t count)
{
    const size_t words = words_of(count);
    all->want32[words] = kernels->count_prefix(all->mask, words, 0, all->want32);
    for (size_t i = 0; i < count; i++)
        all->b32[i] = all->a32[i] % (uint32_t)(count + 1);
    kernels->bit_ranks(all->mask, all->want32, all->b32, count, all->out32);
    for (size_t i = 0; i < count; i++) {
        uint32_t rank = 0;
        for (size_t k = all->b32[i] < 130 ? 0 : all->b32[i] - all->b32[i] % 64; k < all->b32[i]; k++)
            rank += bit(all->mask, k);
        rank += all->b32[i] < 130 ? 0 : all->want32[all->b32[i] / 64];
        assert_int_equal(all->out32[i], rank);
    }
}

static int by_value(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Ranges of all lengths, empty ones too, over values that come several times. */
static void check_bounds(const lots_kernels *kernels, size_t count)
{
    static const uint32_t longest[] = {1, 2, 7, 60, 5000};
    int32_t *sorted = (int32_t *)all->want64, *least = (int32_t *)all->b32;
    uint32_t *end = (uint32_t *)all->out64;
    for (size_t i = 0; i < count; i++)
        sorted[i] = (int32_t)(all->a32[i] % (count + 1)) - (int32_t)(count / 2);
    qsort(sorted, count, sizeof *sorted, by_value);
    for (size_t l = 0; l < sizeof longest / sizeof longest[0]; l++) {
        for (size_t i = 0; i < count; i++) {
            const uint32_t first = (uint32_t)(any_number() % (count + 1)), length = (uint32_t)(any_number() % (longest[l] + 1));
            all->out32[i] = all->want32[i] = first;
            end[i] = first + length > count ? (uint32_t)count : first + length;
            least[i] = (int32_t)(any_number() % (count + 3)) - (int32_t)(count / 2) - 1;
            least[i] = i % 50 == 0 ? INT32_MIN : i % 50 == 1 ? INT32_MAX : least[i];
            while (all->want32[i] < end[i] && sorted[all->want32[i]] < least[i])
                all->want32[i]++;
        }
        kernels->lower_bounds(sorted, least, end, count, all->out32);
        assert_memory_equal(all->out32, all->want32, count * 4);
    }
}

/* ---- bitmaps ---- */
static void check_bitmaps(const lots_kernels *kernels, size_t count)
{
    size_t ones = 0;
    kernels->bits_and(all->mask, all->bits, count, all->outbits);
    WANT(bit(all->mask, i) && bit(all->bits, i));
    kernels->bits_or(all->mask, all->bits, count, all->outbits);
    WANT(bit(all->mask, i) || bit(all->bits, i));
    kernels->bits_and_not(all->mask, all->bits, count, all->outbits);
    WANT(bit(all->mask, i) && !bit(all->bits, i));
    kernels->bits_not(all->mask, count, all->outbits);
    WANT(!bit(all->mask, i));
    kernels->bits_from_bytes(all->bytes, count, all->outbits);
    WANT(all->bytes[i] != 0);
    kernels->bits_to_bytes(all->mask, count, all->bytes);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(all->bytes[i], bit(all->mask, i));
        if (bit(all->mask, i))
            all->want32[ones++] = (uint32_t)i;
    }
    assert_int_equal(kernels->bits_count(all->mask, count), ones);
    assert_int_equal(kernels->bits_indexes(all->mask, count, all->out32), ones);
    assert_memory_equal(all->out32, all->want32, ones * 4);
}

static void check_expands(const lots_kernels *kernels, size_t count)
{
    size_t taken = 0;
    memset(all->wantbits, 0, words_of(count) * 8);
    for (size_t i = 0; i < count; i++) {
        const bool here = bit(all->mask, i);
        set(all->wantbits, i, here && bit(all->bits, taken));
        all->want32[i] = here ? all->a32[taken] : 0;
        all->want64[i] = here ? all->a64[taken] : 0;
        taken += here;
    }
    kernels->bits_expand(all->mask, count, all->bits, all->outbits);
    same_bits(count);
    kernels->expand_u32(all->mask, count, all->a32, all->out32);
    assert_memory_equal(all->out32, all->want32, count * 4);
    kernels->expand_u64(all->mask, count, all->a64, all->out64);
    assert_memory_equal(all->out64, all->want64, count * 8);
}

static void check_compresses(const lots_kernels *kernels, size_t count)
{
    size_t found = 0;
    memset(all->wantbits, 0, words_of(count) * 8);
    for (size_t i = 0; i < count; i++)
        if (bit(all->mask, i)) {
            set(all->wantbits, found, bit(all->bits, i));
            all->want32[found] = all->a32[i];
            all->want64[found++] = all->a64[i];
        }
    assert_int_equal(kernels->bits_compress(all->mask, count, all->bits, all->outbits), found);
    assert_memory_equal(all->outbits, all->wantbits, words_of(found) * 8);
    assert_int_equal(kernels->compress_u32(all->mask, count, all->a32, all->out32), found);
    assert_memory_equal(all->out32, all->want32, found * 4);
    assert_int_equal(kernels->compress_u64(all->mask, count, all->a64, all->out64), found);
    assert_memory_equal(all->out64, all->want64, found * 8);
    assert_int_equal(kernels->compress_u32(all->mask, count, all->a32, all->a32), found); /* in place */
    assert_memory_equal(all->a32, all->want32, found * 4);
    assert_int_equal(kernels->compress_u64(all->mask, count, all->a64, all->a64), found);
    assert_memory_equal(all->a64, all->want64, found * 8);
}

static void check_selects(const lots_kernels *kernels, size_t count)
{
    static const uint32_t choices[] = {10, 20, 30, 40};
    const uint64_t *planes[3] = {all->mask, all->bits, all->wantbits};
    random_bits(all->wantbits, count, 4);
    for (unsigned k = 0; k <= 3; k++) {
        kernels->select_u32(planes, k, choices, count, all->out32);
        for (size_t i = 0; i < count; i++) {
            unsigned first = 0;
            while (first < k && !bit(planes[first], i))
                first++;
            assert_int_equal(all->out32[i], choices[first]);
        }
    }
}

static void check_patches(const lots_kernels *kernels, size_t count)
{
    for (int extra = 0; extra < 2; extra++) {
        uint32_t escapes = 0;
        for (size_t i = 0; i < count; i++) {
            const bool escaped = bit(all->mask, i);
            all->out32[i] = escaped ? 255 : (uint32_t)(i % 255);
            all->out64[i] = escaped ? 255 : i % 255;
            all->want32[i] = escaped ? all->a32[escapes] : (uint32_t)(i % 255) + 1000;
            all->want64[i] = escaped ? all->a64[escapes] : i % 255 + 1000;
            escapes += escaped;
        }
        assert_int_equal(kernels->patch_u32(all->out32, count, 255, 1000, all->a32, escapes + (unsigned)extra), escapes);
        assert_memory_equal(all->out32, all->want32, count * 4);
        assert_int_equal(kernels->patch_u64(all->out64, count, 255, 1000, all->a64, escapes + (unsigned)extra), escapes);
        assert_memory_equal(all->out64, all->want64, count * 8);
    }
    for (size_t i = 0; i < count; i++)
        all->out32[i] = 255, all->out64[i] = 255;
    if (count > 0) {
        assert_true(kernels->patch_u32(all->out32, count, 255, 0, all->a32, count - 1) == SIZE_MAX);
        assert_true(kernels->patch_u64(all->out64, count, 255, 0, all->a64, count - 1) == SIZE_MAX);
    }
}

static void check_elements(const lots_kernels *kernels, size_t count)
{
    uint32_t most = 0;
    for (size_t i = 0; i < count; i++) {
        most = all->a32[i] > most ? all->a32[i] : most;
        all->b32[i] %= (uint32_t)count;
    }
    assert_true(kernels->max_u32(all->a32, count) == most);
    kernels->gather_u32(all->a32, all->b32, count, all->out32);
    kernels->gather_u64(all->a64, all->b32, count, all->out64);
    for (size_t i = 0; i < count; i++)
        assert_true(all->out32[i] == all->a32[all->b32[i]] && all->out64[i] == all->a64[all->b32[i]]);
    memcpy(all->want32, all->b32, count * 4);
    kernels->gather_u32(all->a32, all->want32, count, all->want32);
    assert_memory_equal(all->want32, all->out32, count * 4);
    kernels->widen_u32(all->a32, count, 5, all->out64);
    for (size_t i = 0; i < count; i++)
        assert_true(all->out64[i] == all->a32[i] + UINT64_C(5));
    for (int form = 0; form < 4; form++) { /* with and without the other term and the mask, the last in place */
        const uint64_t *none = form % 2 ? all->mask : NULL;
        const int32_t *other = form / 2 ? (const int32_t *)all->b32 : NULL;
        memcpy(all->out32, all->a32, count * 4);
        kernels->add_i32((const int32_t *)(form == 3 ? all->out32 : all->a32), other, -7, none, count, (int32_t *)all->out32);
        for (size_t i = 0; i < count; i++) {
            const uint32_t sum = all->a32[i] + (other != NULL ? all->b32[i] : 0) - 7;
            assert_true(all->out32[i] == (none != NULL && bit(none, i) ? 0 : sum));
        }
    }
    kernels->divide_i64((const int64_t *)all->a64, count, 100.0, all->outf);
    for (size_t i = 0; i < count; i++)
        assert_true(all->outf[i] == (double)(int64_t)all->a64[i] / 100.0);
    kernels->widen_i32((const int32_t *)all->a32, count, (int64_t *)all->out64);
    for (size_t i = 0; i < count; i++)
        assert_true((int64_t)all->out64[i] == (int32_t)all->a32[i]);
}

/* Tables that know all, some or none of what they are asked. */
static void check_codes(const lots_kernels *kernels, size_t count)
{
    for (uint32_t known = 0; known < 3; known++) {
        const uint32_t size = (uint32_t)count / 2 * known, low = UINT32_MAX - 2;
        bool some = false;
        for (size_t i = 0; i < count; i++) {
            all->want32[i] = (uint32_t)(all->b32[i] % count) + low; /* beyond 2^32 it begins again */
            some |= all->b32[i] % count >= size || all->a32[all->b32[i] % count] == 0;
        }
        assert_true(kernels->code_u32(all->a32, low, size, all->want32, count, all->out32) == some);
        for (size_t i = 0; i < count; i++)
            assert_true(all->out32[i] == (all->b32[i] % count < size ? all->a32[all->b32[i] % count] : 0));
    }
}

static void check_pairs(const lots_kernels *kernels, size_t count)
{
    uint32_t *low = (uint32_t *)all->want64;
    for (unsigned shift = 0; shift < 12; shift += 3) {
        bool some = false;
        for (size_t i = 0; i < count; i++) {
            const uint32_t place = (uint32_t)(all->b32[i] % count);
            some |= all->a32[place] == UINT32_MAX;
            all->out32[i] = place >> shift;
            low[i] = place & ((1u << shift) - 1);
        }
        assert_true(kernels->pair_u32(all->a32, shift, all->out32, low, count, all->out32) == some);
        for (size_t i = 0; i < count; i++)
            assert_true(all->out32[i] == all->a32[all->b32[i] % count]);
        if (count > 0)
            all->a32[all->b32[count / 2] % count] = UINT32_MAX;
    }
}

/* ---- by groups ---- */
static bool has(const uint64_t *mask, size_t i) { return mask == NULL || bit(mask, i); }

static void check_counts(const lots_kernels *kernels, size_t count)
{
    int64_t *out = (int64_t *)all->out64;
    (void)count;
    for (int masked = 0; masked < 2; masked++) {
        const uint64_t *mask = masked ? all->mask : NULL;
        kernels->count_by(mask, all->offsets, all->groups, out);
        for (size_t g = 0; g < all->groups; g++) {
            int64_t want = 0;
            for (size_t i = all->offsets[g]; i < all->offsets[g + 1]; i++)
                want += has(mask, i);
            assert_int_equal(out[g], want);
        }
    }
    random_bits(all->mask, all->offsets[all->groups], (unsigned)(any_number() % 16));
    kernels->any_by(all->mask, all->offsets, all->groups, all->outbits);
    memset(all->wantbits, 0, words_of(all->groups) * 8);
    for (size_t g = 0; g < all->groups; g++)
        for (size_t i = all->offsets[g]; i < all->offsets[g + 1]; i++)
            set(all->wantbits, g, bit(all->mask, i));
    same_bits(all->groups);
}

static void check_sums(const lots_kernels *kernels, size_t count)
{
    int64_t *values = (int64_t *)all->a64, *out = (int64_t *)all->out64;
    for (size_t i = 0; i < count; i++) {
        values[i] %= INT64_C(1) << 40;
        all->af[i] = isinf(all->af[i]) ? 1e-300 : all->af[i];
    }
    for (int masked = 0; masked < 2; masked++) {
        const uint64_t *mask = masked ? all->mask : NULL;
        int64_t *known = (int64_t *)all->want64; /* sums of numbers that are known to be below a bound */
        kernels->sum_f64_by(all->af, mask, all->offsets, all->groups, all->outf);
        assert_true(kernels->sum_i64_by(values, mask, UINT64_MAX, all->offsets, all->groups, out));
        assert_true(kernels->sum_i64_by(values, mask, UINT64_C(1) << 40, all->offsets, all->groups, known));
        for (size_t g = 0; g < all->groups; g++) {
            int64_t want = 0;
            slow_sum sum = {{0}};
            for (size_t i = all->offsets[g]; i < all->offsets[g + 1]; i++) {
                want += has(mask, i) ? values[i] : 0;
                if (has(mask, i))
                    slow_add(&sum, all->af[i]);
            }
            const double nearest = slow_round(&sum);
            assert_true(out[g] == want && known[g] == want);
            assert_memory_equal(&nearest, &all->outf[g], sizeof nearest);
        }
    }
}

#define CHECK_EXTREME(KERNEL, TYPE, VALUES, OUT, BEFORE)                                            \
    do {                                                                                            \
        const TYPE *values = (const TYPE *)(VALUES);                                                \
        TYPE *out = (TYPE *)(OUT);                                                                  \
        kernels->KERNEL(values, mask, all->offsets, all->groups, out, all->outbits);                \
        for (size_t g = 0; g < all->groups; g++) {                                                  \
            TYPE want = 0;                                                                          \
            bool any = false;                                                                       \
            for (size_t i = all->offsets[g]; i < all->offsets[g + 1]; i++)                          \
                if (has(mask, i)) {                                                                 \
                    want = !any || values[i] BEFORE want ? values[i] : want;                        \
                    any = true;                                                                     \
                }                                                                                   \
            assert_memory_equal(&out[g], &want, sizeof want);                                       \
            assert_int_equal(bit(all->outbits, g), any);                                            \
        }                                                                                           \
        if (all->groups % 64 != 0)                                                                  \
            assert_true(all->outbits[all->groups / 64] >> (all->groups % 64) == 0);                 \
    } while (0)

static void check_extremes(const lots_kernels *kernels, size_t count)
{
    (void)count;
    for (int masked = 0; masked < 2; masked++) {
        const uint64_t *mask = masked ? all->mask : NULL;
        CHECK_EXTREME(min_i32_by, int32_t, all->a32, all->out32, <);
        CHECK_EXTREME(max_i32_by, int32_t, all->a32, all->out32, >);
        CHECK_EXTREME(min_i64_by, int64_t, all->a64, all->out64, <);
        CHECK_EXTREME(max_i64_by, int64_t, all->a64, all->out64, >);
        CHECK_EXTREME(min_f64_by, double, all->af, all->outf, <);
        CHECK_EXTREME(max_f64_by, double, all->af, all->outf, >);
    }
}

static void check_broadcasts(const lots_kernels *kernels, size_t count)
{
    uint32_t *index = calloc(count + 1, 4); /* exact: the sanitizer sees what is written beyond */
    int32_t *narrow = calloc(count + 1, 4);
    int64_t *wide = calloc(count + 1, 8);
    const uint32_t end = all->offsets[all->groups];
    narrow[end] = 77;
    kernels->broadcast_i32((const int32_t *)all->a32, all->offsets, all->groups, narrow);
    kernels->broadcast_i64((const int64_t *)all->a64, all->offsets, all->groups, wide);
    kernels->broadcast_index(all->offsets, all->groups, index);
    random_bits(all->bits, all->groups, 6);
    kernels->broadcast_bits(all->bits, all->offsets, all->groups, all->outbits);
    memset(all->wantbits, 0, words_of(end) * 8);
    for (size_t g = 0; g < all->groups; g++)
        for (size_t i = all->offsets[g]; i < all->offsets[g + 1]; i++) {
            assert_true(narrow[i] == (int32_t)all->a32[g] && wide[i] == (int64_t)all->a64[g] && index[i] == g);
            set(all->wantbits, i, bit(all->bits, g));
        }
    same_bits(end);
    assert_int_equal(narrow[end], 77);
    for (size_t i = 0; i < all->offsets[0]; i++)
        assert_true(narrow[i] == 0 && wide[i] == 0);
    free(index);
    free(narrow);
    free(wide);
}

static void sums_that_do_not_fit_are_told(void **state)
{
    static const int64_t values[16] = {INT64_MAX, 1, -1, INT64_MIN, INT64_MIN, INT64_MAX, INT64_MAX, 2, 5};
    static const struct {
        uint32_t from, end;
        bool fits;
        int64_t sum;
    } cases[] = {
        {0, 1, true, INT64_MAX}, {0, 2, false, 0},         {0, 3, true, INT64_MAX}, {3, 4, true, INT64_MIN},
        {3, 5, false, 0},        {3, 7, true, -2},         {2, 4, false, 0},        {3, 8, true, 0},
        {8, 9, true, 5},         {0, 0, true, 0},
    };
    const uint64_t mask[9] = {UINT64_MAX};
    (void)state;
    for (size_t n = 0; n < 3; n++) {
        const lots_kernels *kernels = lots_kernels_named(names[n]);
        for (size_t c = 0; kernels != NULL && c < sizeof cases / sizeof cases[0]; c++) {
            const uint32_t offsets[2] = {cases[c].from, cases[c].end};
            int64_t out[9] = {0};
            assert_int_equal(kernels->sum_i64_by(values, c % 2 ? mask : NULL, UINT64_MAX, offsets, 1, out),
                             cases[c].fits);
            if (cases[c].fits)
                assert_true(out[0] == cases[c].sum);
        }
    }
}

/* Packed by the definition: value i is row i / lanes of lane i % lanes. */
static void values_unpack_at_every_width(void **state)
{
    static const unsigned lane_counts[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32};
    uint32_t values[1024], out[1024 + 32];
    uint8_t packed[4096 + 64];
    (void)state;
    for (size_t n = 0; n < 3; n++) {
        const lots_kernels *kernels = lots_kernels_named(names[n]);
        for (unsigned width = 0; kernels != NULL && width <= 32; width++)
            for (size_t l = 0; l < sizeof lane_counts / sizeof lane_counts[0]; l++) {
                const unsigned lanes = lane_counts[l];
                memset(packed, 0, sizeof packed);
                for (unsigned i = 0; i < 32 * lanes; i++) {
                    values[i] = (uint32_t)(any_number() & ((UINT64_C(1) << width) - 1));
                    for (unsigned b = 0; b < width; b++) {
                        const unsigned place = i / lanes * width + b;
                        const size_t word = place / 32 * (size_t)lanes + i % lanes;
                        packed[word * 4 + place % 32 / 8] |= (uint8_t)((values[i] >> b & 1) << place % 8);
                    }
                }
                if (lanes == 32)
                    kernels->unpack(packed, width, 9, out);
                else
                    kernels->unpack_lanes(packed, width, lanes, 9, out);
                for (unsigned i = 0; i < 32 * lanes; i++)
                    assert_int_equal(out[i], values[i] + 9);
            }
    }
}

static void what_is_left_unpacks_at_every_width(void **state)
{
    uint32_t values[32], out[32 + 16];
    (void)state;
    for (size_t n = 0; n < 3; n++) {
        const lots_kernels *kernels = lots_kernels_named(names[n]);
        for (unsigned width = 0; kernels != NULL && width <= 32; width++)
            for (unsigned count = 0; count < 32; count++) {
                const size_t bytes = (count * width + 7) / 8;
                uint8_t *packed = calloc(bytes + 1, 1); /* a byte more than may be read, for sanitizers to see the next */
                for (unsigned i = 0; i < count; i++) {
                    values[i] = (uint32_t)(any_number() & ((UINT64_C(1) << width) - 1));
                    for (unsigned b = 0; b < width; b++)
                        packed[(i * width + b) / 8] |= (uint8_t)((values[i] >> b & 1) << (i * width + b) % 8);
                }
                packed[bytes] = 0xff;
                kernels->unpack_rest(packed, count, width, 11, out);
                for (unsigned i = 0; i < count; i++)
                    assert_true(out[i] == values[i] + 11);
                free(packed);
            }
    }
}

static void tables_have_their_names(void **state)
{
    (void)state;
    assert_non_null(lots_kernels_named("scalar"));
    assert_null(lots_kernels_named("sse9"));
    assert_string_equal(lots_kernels_name(), lots_kernels_get()->name);
    assert_ptr_equal(lots_kernels_named(lots_kernels_name()), lots_kernels_get());
    const char *wanted = getenv("LOTS_SIMD");
    if (wanted != NULL && lots_kernels_named(wanted) != NULL)
        assert_string_equal(lots_kernels_name(), wanted);
}

#define EACH(NAME, CHECK)           \
    static void NAME(void **state)  \
    {                               \
        (void)state;                \
        with_all(CHECK);            \
    }
EACH(ranges_become_bitmaps, check_ranges)
EACH(comparisons_become_bitmaps, check_compares)
EACH(ids_are_looked_up, check_lookups)
EACH(sums_run_on, check_prefixes)
EACH(bits_are_counted_before_each_place, check_ranks)
EACH(searches_end_at_the_first_that_is_enough, check_bounds)
EACH(bitmaps_combine, check_bitmaps)
EACH(expanding_follows_the_mask, check_expands)
EACH(compressing_follows_the_mask, check_compresses)
EACH(planes_choose, check_selects)
EACH(escapes_take_patches, check_patches)
EACH(elements_gather_and_widen, check_elements)
EACH(values_are_coded_by_a_table, check_codes)
EACH(pairs_are_numbered_by_a_table, check_pairs)
EACH(groups_count, check_counts)
EACH(groups_sum, check_sums)
EACH(groups_have_extremes, check_extremes)
EACH(groups_broadcast, check_broadcasts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_have_their_names),      cmocka_unit_test(values_unpack_at_every_width),
        cmocka_unit_test(what_is_left_unpacks_at_every_width),
        cmocka_unit_test(ranges_become_bitmaps),        cmocka_unit_test(comparisons_become_bitmaps),
        cmocka_unit_test(ids_are_looked_up),            cmocka_unit_test(bits_are_counted_before_each_place),
        cmocka_unit_test(searches_end_at_the_first_that_is_enough),
        cmocka_unit_test(sums_run_on),
        cmocka_unit_test(bitmaps_combine),              cmocka_unit_test(expanding_follows_the_mask),
        cmocka_unit_test(compressing_follows_the_mask), cmocka_unit_test(planes_choose),
        cmocka_unit_test(escapes_take_patches),         cmocka_unit_test(elements_gather_and_widen),
        cmocka_unit_test(values_are_coded_by_a_table),  cmocka_unit_test(pairs_are_numbered_by_a_table),
        cmocka_unit_test(groups_count),                 cmocka_unit_test(groups_sum),
        cmocka_unit_test(groups_have_extremes),         cmocka_unit_test(groups_broadcast),
        cmocka_unit_test(sums_that_do_not_fit_are_told),
    };
    all = malloc(sizeof *all);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(all);
    return failed;
}
