/* Kernels: every table this processor can run against loops written out here. Those of groups are in test_kernels_groups.c. */
#include "tests/core/base/kernels_fixture.h"

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

/* Numbers of two planes, 0 to 3, and sums at and beside theirs. */
static void check_places_in_words(const lots_kernels *kernels, size_t count)
{
    const uint64_t *const planes[2] = {all->mask, all->mask + 1};
    const uint32_t more[2] = {2, UINT32_MAX}, rest = 1, limit = (uint32_t)count - 1; /* 1, 3, 0, 2 */
    for (size_t i = 0; count >= 256 && i < count; i++) {
        all->b32[i] = all->want32[i] = (uint32_t)(i % (count / 64 - 1)) * 64;
        all->out32[i] = all->a32[i] % 130;
    }
    if (count < 256)
        return;
    kernels->find_in_words(planes, more, 2, rest, limit, all->out32, count, all->b32);
    for (size_t i = 0; i < count; i++) {
        uint32_t sum = 0, last = all->want32[i];
        for (uint32_t at = last; at < all->want32[i] + 64 && at < limit && sum <= all->out32[i]; at++) {
            last = at;
            sum += 1u + 2u * bit(planes[0], at) - bit(planes[1], at);
        }
        assert_int_equal(all->b32[i], last);
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

static void check_sum(const lots_kernels *kernels, size_t count)
{
    const uint32_t escape = count > 0 ? all->a32[count / 2] : 0;
    uint32_t sum = 0, escapes = 0, found;
    for (size_t i = 0; i < count; i++) {
        sum += all->a32[i];
        escapes += all->a32[i] == escape;
    }
    assert_true(kernels->sum_u32(all->a32, count, escape, &found) == sum && found == escapes);
}

/* All, those by mask and those by index, each less 5; and which lie in a range. */
static void check_halves(const lots_kernels *kernels, size_t count)
{
    static const uint16_t bounds[][2] = {{0, 3}, {0, 0}, {2, 1}, {0, UINT16_MAX}, {5, 40000}, {UINT16_MAX, UINT16_MAX}, {UINT16_MAX - 2, UINT16_MAX}};
    const uint16_t *halves = (const uint16_t *)all->a32;
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        all->b32[i] %= (uint32_t)count;
    kernels->widen_u16(halves, count, UINT32_C(0) - 5, all->out32);
    for (size_t i = 0; i < count; i++)
        assert_true(all->out32[i] == halves[i] - UINT32_C(5));
    kernels->gather_u16(halves, all->b32, count, UINT32_C(0) - 5, all->out32);
    for (size_t i = 0; i < count; i++)
        assert_true(all->out32[i] == halves[all->b32[i]] - UINT32_C(5));
    for (size_t i = 0; i < count; i++)
        if (bit(all->mask, i))
            all->want32[found++] = halves[i] - UINT32_C(5);
    assert_true(kernels->compress_u16(all->mask, count, halves, UINT32_C(0) - 5, all->out32) == found);
    assert_memory_equal(all->out32, all->want32, found * 4);
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
        kernels->range_u16(halves, count, bounds[b][0], bounds[b][1], all->outbits);
        WANT(bounds[b][0] <= halves[i] && halves[i] <= bounds[b][1]);
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
    check_sum(kernels, count);
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
    memcpy(all->out32, all->b32, count * 4); /* in place, too */
    kernels->subtract_i32((const int32_t *)all->a32, (const int32_t *)all->out32, count, (int32_t *)all->out32);
    for (size_t i = 0; i < count; i++)
        assert_true(all->out32[i] == all->a32[i] - all->b32[i]);
    for (int form = 0; form < 8; form++) { /* the lesser and the greater, with and without the mask, in place or not */
        const uint64_t *none = form % 2 ? all->mask : NULL;
        const int32_t *x = (const int32_t *)all->b32, *best = (const int32_t *)all->a32, *out = (const int32_t *)all->out32;
        const bool least = form / 2 % 2 == 1;
        memcpy(all->out32, all->a32, count * 4);
        (least ? kernels->least_i32 : kernels->greatest_i32)(x, none, count, form < 4 ? out : best, (int32_t *)all->out32);
        for (size_t i = 0; i < count; i++) {
            const bool better = least ? x[i] < best[i] : x[i] > best[i];
            assert_true(out[i] == (better && !(none != NULL && bit(none, i)) ? x[i] : best[i]));
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

/* Places just below and beyond the table, and as far from it as 64 bits reach. */
static void check_wide_codes(const lots_kernels *kernels, size_t count)
{
    static const int64_t lows[] = {0, -1, 120, INT64_MIN, INT64_MAX, INT64_C(1) << 32};
    int64_t *index = (int64_t *)all->want64;
    for (uint32_t form = 0; form < 3 * sizeof lows / sizeof *lows; form++) {
        const uint32_t size = (uint32_t)count / 2 * (form % 3);
        const int64_t low = lows[form / 3];
        bool some = false;
        for (size_t i = 0; i < count; i++) {
            index[i] = (int64_t)(i % 5 == 0 ? all->b64[i] : all->b64[i] % (count + 2) + (uint64_t)low - 1);
            const uint64_t place = (uint64_t)index[i] - (uint64_t)low;
            all->want32[i] = place < size ? all->a32[place] : 0;
            some |= all->want32[i] == 0;
        }
        assert_true(kernels->code_i64(all->a32, low, size, index, count, all->out32) == some);
        assert_memory_equal(all->out32, all->want32, count * 4);
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

static void check_rows(const lots_kernels *kernels, const uint8_t *packed, unsigned width, unsigned row, unsigned rows,
                       const uint32_t *values)
{
    uint32_t out[1024 + 1];
    out[32 * rows] = 77;
    kernels->unpack_rows(packed, width, row, rows, 5, out);
    for (unsigned i = 0; i < 32 * rows; i++)
        assert_int_equal(out[i], values[32 * row + i] + 5);
    assert_int_equal(out[32 * rows], 77);
}

/* Packed by the definition: value i is row i / lanes of lane i % lanes. */
static void values_unpack_at_every_width(void **state)
{
    static const unsigned lane_counts[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32};
    uint32_t values[1024], out[1024 + 32];
    uint8_t packed[4096 + 64];
    (void)state;
    for (size_t n = 0; n < 3; n++) {
        const lots_kernels *kernels = lots_kernels_named(kernel_names[n]);
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
                for (unsigned row = 0; lanes == 32 && row < 32; row++)
                    check_rows(kernels, packed, width, row, 1 + (unsigned)(any_number() % (32 - row)), values);
            }
    }
}

static void what_is_left_unpacks_at_every_width(void **state)
{
    uint32_t values[32], out[32 + 16];
    (void)state;
    for (size_t n = 0; n < 3; n++) {
        const lots_kernels *kernels = lots_kernels_named(kernel_names[n]);
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

EACH(ranges_become_bitmaps, check_ranges)
EACH(comparisons_become_bitmaps, check_compares)
EACH(ids_are_looked_up, check_lookups)
EACH(sums_run_on, check_prefixes)
EACH(bits_are_counted_before_each_place, check_ranks)
EACH(places_in_words_are_the_last_with_no_more_before, check_places_in_words)
EACH(searches_end_at_the_first_that_is_enough, check_bounds)
EACH(bitmaps_combine, check_bitmaps)
EACH(expanding_follows_the_mask, check_expands)
EACH(compressing_follows_the_mask, check_compresses)
EACH(planes_choose, check_selects)
EACH(escapes_take_patches, check_patches)
EACH(elements_gather_and_widen, check_elements)
EACH(halves_are_taken_and_compared, check_halves)
EACH(values_are_coded_by_a_table, check_codes)
EACH(wide_values_are_coded_by_a_table, check_wide_codes)
EACH(pairs_are_numbered_by_a_table, check_pairs)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_have_their_names),      cmocka_unit_test(values_unpack_at_every_width),
        cmocka_unit_test(what_is_left_unpacks_at_every_width),
        cmocka_unit_test(ranges_become_bitmaps),        cmocka_unit_test(comparisons_become_bitmaps),
        cmocka_unit_test(ids_are_looked_up),            cmocka_unit_test(bits_are_counted_before_each_place),
        cmocka_unit_test(places_in_words_are_the_last_with_no_more_before),
        cmocka_unit_test(searches_end_at_the_first_that_is_enough),
        cmocka_unit_test(sums_run_on),
        cmocka_unit_test(bitmaps_combine),              cmocka_unit_test(expanding_follows_the_mask),
        cmocka_unit_test(compressing_follows_the_mask), cmocka_unit_test(planes_choose),
        cmocka_unit_test(escapes_take_patches),         cmocka_unit_test(elements_gather_and_widen),
        cmocka_unit_test(halves_are_taken_and_compared),
        cmocka_unit_test(values_are_coded_by_a_table),  cmocka_unit_test(wide_values_are_coded_by_a_table),
        cmocka_unit_test(pairs_are_numbered_by_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
