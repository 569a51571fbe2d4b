/* Kernels that reduce each group of values to one, and spread it again, against loops written out here. */
#include <math.h>

#include "tests/support/slow_sum.h"

#include "tests/core/base/kernels_fixture.h"

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
        kernels->sum_f64_by(all->af, mask, all->offsets, all->groups, NULL, all->outf);
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

/* Groups of none to two elements, with empty ones at both ends; what lies around them stays. */
static void check_short_broadcasts(const lots_kernels *kernels, size_t count)
{
    uint32_t *offsets = calloc(count + 8, 4), *index = malloc((2 * count + 12) * 4);
    const size_t groups = count + 7;
    memset(index, 0x5a, (2 * count + 12) * 4);
    offsets[0] = (uint32_t)(count % 5);
    for (size_t g = 0; g < groups; g++)
        offsets[g + 1] = offsets[g] + (g < 3 || g >= count ? 0 : (uint32_t)(any_number() % 3));
    kernels->broadcast_index(offsets, groups, index);
    for (size_t g = 0; g < groups; g++)
        for (size_t i = offsets[g]; i < offsets[g + 1]; i++)
            assert_int_equal(index[i], g);
    for (size_t i = 0; i < offsets[0]; i++)
        assert_int_equal(index[i], 0x5a5a5a5a);
    assert_int_equal(index[offsets[groups]], 0x5a5a5a5a);
    free(offsets);
    free(index);
}

/* Of each group the rows but for its first and, of every third, all. */
static void check_range_indexes(const lots_kernels *kernels, size_t count)
{
    uint32_t *first = calloc(all->groups + 17, 4), *end = calloc(all->groups + 17, 4), *out = calloc(count + 17, 4);
    size_t expected = 0, found;
    for (size_t g = 0; g < all->groups; g++) {
        end[g] = all->offsets[g + 1];
        first[g] = g % 3 == 0 ? end[g] : all->offsets[g] + (all->offsets[g] < end[g]);
    }
    found = kernels->range_indexes(first, end, all->groups, out);
    for (size_t g = 0; g < all->groups; g++)
        for (uint32_t i = first[g]; i < end[g]; i++)
            assert_int_equal(out[expected++], i);
    assert_int_equal(found, expected);
    free(first);
    free(end);
    free(out);
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
        const lots_kernels *kernels = lots_kernels_named(kernel_names[n]);
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

EACH(groups_count, check_counts)
EACH(groups_sum, check_sums)
EACH(groups_have_extremes, check_extremes)
EACH(groups_broadcast, check_broadcasts)
EACH(short_groups_broadcast, check_short_broadcasts)
EACH(ranges_give_their_indexes, check_range_indexes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_count),         cmocka_unit_test(groups_sum),
        cmocka_unit_test(groups_have_extremes), cmocka_unit_test(groups_broadcast), cmocka_unit_test(short_groups_broadcast),
        cmocka_unit_test(ranges_give_their_indexes), cmocka_unit_test(sums_that_do_not_fit_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
