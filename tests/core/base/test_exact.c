/* Exact sums of doubles: against adding bit by bit (slow_sum.h), whatever the values, their order and the kernels. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/exact.h"
#include "core/base/kernels.h"
#include "tests/support/lots_test.h"
#include "tests/support/slow_sum.h"

enum { MOST = 300 };

static uint64_t seed = 11;

static uint64_t below(uint64_t limit) { return lots_test_random(&seed) % limit; }

/* 53 bits of either sign, the lowest of them of 2^from .. 2^to. */
static double between(int from, int to)
{
    const double whole = (double)below(UINT64_C(1) << 53);
    return ldexp(below(2) ? whole : -whole, from + (int)below((uint64_t)(to - from + 1)));
}

/* What hurts: everything goes but little is left; all sizes there are; the ends of the doubles. */
static double any_value(unsigned kind)
{
    static const double extremes[] = {1e300, -1e300, 1e-300, -1e-300, DBL_MAX, -DBL_MAX, DBL_TRUE_MIN, -DBL_TRUE_MIN,
                                      DBL_MIN, -DBL_MIN, 1.0, -1.0, 0.0, -0.0, 0x1p-53, 0x1p53};
    switch (kind) {
    case 0: return (double)((int64_t)below(2000) - 1000) / 7;
    case 1: return (double)below(2000) / 10;
    case 2: return extremes[below(sizeof extremes / sizeof *extremes)];
    case 3: return extremes[below(4)];
    case 4: return between(-1074, 971);
    case 5: return between(-1074, -1020);
    default: return between(-60, 60);
    }
}

enum { KINDS = 7 };

static void same(double got, double want, const char *what, unsigned kind, uint32_t count)
{
    if (memcmp(&got, &want, sizeof got) != 0 && !(got == 0 && want == 0 && !signbit(got)))
        fail_msg("%s: %u values of kind %u: %a, wanted %a", what, (unsigned)count, kind, got, want);
}

static double slow_mean_of(const double *values, const uint64_t *mask, uint32_t from, uint32_t end, int64_t count)
{
    slow_sum sum = {{0}};
    for (uint32_t i = from; i < end; i++)
        if (mask == NULL || (mask[i / 64] >> (i % 64) & 1) != 0)
            slow_add(&sum, values[i]);
    return slow_mean(&sum, count > 0 ? (uint64_t)count : 1);
}

static double slow_sum_of(const double *values, const uint64_t *mask, uint32_t from, uint32_t end)
{
    return slow_mean_of(values, mask, from, end, 1);
}

static void kernels_and_limbs_add_and_divide_as_it_is_done_bit_by_bit(void **state)
{
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    static double values[MOST + 16];
    (void)state;
    for (unsigned round = 0; round < 40 * KINDS; round++) {
        uint64_t mask[MOST / 64 + 2];
        const unsigned kind = round % KINDS;
        const uint32_t count = (uint32_t)below(round % 3 == 0 ? 12 : MOST), offsets[] = {0, count / 3, count};
        for (uint32_t i = 0; i < count; i++)
            values[i] = any_value(kind);
        for (size_t i = 0; i < sizeof mask / sizeof *mask; i++)
            mask[i] = lots_test_random(&seed);
        for (unsigned masked = 0; masked < 2; masked++) {
            const uint64_t *taken = masked ? mask : NULL;
            const double want[2] = {slow_sum_of(values, taken, 0, offsets[1]), slow_sum_of(values, taken, offsets[1], count)};
            const int64_t counts[2] = {(int64_t)offsets[1], 1 + (int64_t)below(UINT64_C(1) << (1 + round % 50))}; /* 0: the sum */
            const double means[2] = {slow_mean_of(values, taken, 0, offsets[1], counts[0]),
                                     slow_mean_of(values, taken, offsets[1], count, counts[1])};
            for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
                double got[2 + 8];
                if (lots_kernels_named(names[k]) == NULL)
                    continue;
                lots_kernels_named(names[k])->sum_f64_by(values, taken, offsets, 2, NULL, got);
                same(got[0], want[0], names[k], kind, offsets[1]);
                same(got[1], want[1], names[k], kind, count - offsets[1]);
                lots_kernels_named(names[k])->sum_f64_by(values, taken, offsets, 2, counts, got);
                same(got[0], means[0], names[k], kind, offsets[1]);
                same(got[1], means[1], names[k], kind, count - offsets[1]);
            }
        }
    }
}

static void differences_of_prefix_sums_are_the_sums_between(void **state)
{
    static double values[MOST];
    static uint64_t sums[(MOST + 1) * LOTS_EXACT_LIMBS];
    (void)state;
    for (unsigned round = 0; round < 10 * KINDS; round++) {
        const unsigned kind = round % KINDS;
        int low = 0;
        for (uint32_t i = 0; i < MOST; i++)
            values[i] = any_value(kind);
        const unsigned width = lots_limbs_for(values, NULL, MOST, &low);
        assert_in_range(width, 1, LOTS_EXACT_LIMBS);
        memset(sums, 0, sizeof sums);
        for (uint32_t i = 0; i < MOST; i++) {
            memcpy(sums + (i + 1) * width, sums + i * width, width * sizeof *sums);
            lots_limbs_add(sums + (i + 1) * width, width, low, values[i]);
        }
        for (unsigned window = 0; window < 30; window++) {
            const uint32_t from = (uint32_t)below(MOST), end = from + (uint32_t)below(MOST - from + 1);
            lots_exact apart;
            lots_limbs_subtract(sums + end * width, sums + from * width, width, apart.limbs);
            same(lots_limbs_round(apart.limbs, width, low), slow_sum_of(values, NULL, from, end), "difference", kind, end - from);
            same(lots_limbs_mean(apart.limbs, width, low, 7), slow_mean_of(values, NULL, from, end, 7), "a seventh", kind, end - from);
        }
    }
}

static void sums_are_joined_and_come_back_to_nothing(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        lots_exact parts[2] = {{{0}}, {{0}}};
        double values[40];
        for (unsigned i = 0; i < 40; i++) {
            values[i] = any_value(round % KINDS);
            lots_limbs_add(parts[below(2)].limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, values[i]);
        }
        lots_limbs_join(parts[0].limbs, parts[1].limbs, LOTS_EXACT_LIMBS);
        same(lots_limbs_round(parts[0].limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW), slow_sum_of(values, NULL, 0, 40), "joined",
             round % KINDS, 40);
        for (unsigned i = 0; i < 40; i++)
            lots_limbs_add(parts[0].limbs, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, -values[i]);
        for (unsigned i = 0; i < LOTS_EXACT_LIMBS; i++)
            assert_true(parts[0].limbs[i] == 0);
    }
}

static void sums_are_rounded_once_to_the_nearest_and_of_two_to_the_even(void **state)
{
    static const struct {
        double values[4], sum;
    } cases[] = {
        {{0, 0, 0, 0}, 0},
        {{-0.0, -0.0, 0, 0}, 0},
        {{1, 0x1p-53, 0, 0}, 1},                                   /* a tie: down to the even */
        {{1, 0x1p-53, 0x1p-1074, 0}, 1 + 0x1p-52},                 /* the least there is decides */
        {{1 + 0x1p-52, 0x1p-53, 0, 0}, 1 + 0x1p-51},               /* a tie: up to the even */
        {{-1 - 0x1p-52, -0x1p-53, 0x1p-1074, 0}, -1 - 0x1p-52},
        {{1e300, 1e-300, -1e300, 0}, 1e-300},
        {{1e300, 1, -1e300, 1e-300}, 1},
        {{0.1, 0.2, -0.3, 0}, 0x1p-55},                            /* not 2^-54, as one by one */
        {{DBL_MAX, DBL_MAX, -DBL_MAX, 0}, DBL_MAX},                /* beyond, and back */
        {{DBL_MAX, 0x1p969, 0, 0}, DBL_MAX},
        {{DBL_MAX, 0x1p970, 0, 0}, (double)INFINITY},              /* a tie at the end: to infinity, as the rule has it */
        {{-DBL_MAX, -DBL_MAX, 1, 0}, -(double)INFINITY},
        {{DBL_MIN, -DBL_TRUE_MIN, 0, 0}, DBL_MIN - DBL_TRUE_MIN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got[1 + 8];
        lots_kernels_get()->sum_f64_by(cases[i].values, NULL, (const uint32_t[]){0, 4}, 1, NULL, got);
        if (memcmp(&got[0], &cases[i].sum, sizeof(double)) != 0)
            fail_msg("case %u: %a, wanted %a", (unsigned)i, got[0], cases[i].sum);
    }
}

/* ---- means ---- */

/* What one expects of a mean, and what the rounded sum divided by the count misses in the last place: of 0.1 ten times 0.1. */
static void the_mean_of_equal_doubles_is_that_double(void **state)
{
    static double values[MOST];
    unsigned missed = 0;
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        const uint32_t count = 1 + (uint32_t)below(MOST);
        const int64_t counts[1] = {count};
        const double x = round == 0 ? DBL_MAX : any_value(round % KINDS); /* even when the sum is beyond all doubles */
        double got[1 + 8];
        slow_sum sum = {{0}};
        for (uint32_t i = 0; i < count; i++) {
            values[i] = x;
            slow_add(&sum, x);
        }
        lots_kernels_get()->sum_f64_by(values, NULL, (const uint32_t[]){0, count}, 1, counts, got);
        same(got[0], x, "equal ones", round % KINDS, count);
        missed += slow_round(&sum) / count > x || slow_round(&sum) / count < x;
    }
    assert_true(missed > 20);
}

/* Several at once are one after the other, or nothing is done. */
static void steps_are_taken_all_or_none(void **state)
{
    static double values[MOST];
    uint32_t kept = 0, lost = 0;
    (void)state;
    for (unsigned round = 0; round < 700; round++) {
        const uint32_t count = (uint32_t)below(MOST);
        const double begun = any_value(0);
        double sum = begun, rest = 0, one_sum = begun, one_rest = 0;
        bool all = true;
        for (uint32_t i = 0; i < count; i++) {
            values[i] = any_value(round % KINDS);
            all = lots_exact_step(&one_sum, &one_rest, values[i]) && all;
        }
        assert_int_equal(lots_exact_steps(&sum, &rest, values, count), all);
        assert_true(sum == (all ? one_sum : begun) && rest == (all ? one_rest : 0));
        kept += all;
        lost += !all;
    }
    assert_true(kept > 100 && lost > 100);
}

static void means_are_rounded_once(void **state)
{
    static const struct {
        double sum, rest;
        uint64_t count;
        double mean;
    } cases[] = {
        {0, 0, 3, 0},
        {1, 0x1p-60, 3, 0x1.5555555555555p-2},
        {0x1p-1074, 0, 2, 0},                                 /* ties at the end of the doubles: to the even */
        {0x1.8p-1073, 0, 2, 0x1p-1073},
        {3 + 0x1p-51, 0x1.8p-52, 1, 3 + 0x1p-50},             /* a tie that the rest makes, */
        {3, 0x1.2p-50, 3, 1 + 0x1p-51},                       /* another by the division, */
        {3, 0x1.2p-50 - 0x1p-102, 3, 1 + 0x1p-52},            /* and just beside it */
        {-3, -0x1.2p-50 - 0x1p-102, 3, -1 - 0x1p-51},
        {1e308, 1e291, 3, 1e308 / 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        slow_sum sum = {{0}};
        slow_add(&sum, cases[i].sum);
        slow_add(&sum, cases[i].rest);
        const double slow = slow_mean(&sum, cases[i].count), got = lots_exact_mean(cases[i].sum, cases[i].rest, cases[i].count);
        if (memcmp(&got, &slow, sizeof got) != 0 || (i + 1 < sizeof cases / sizeof *cases && memcmp(&got, &cases[i].mean, sizeof got) != 0))
            fail_msg("case %u: %a, bit by bit %a, wanted %a", (unsigned)i, got, slow, cases[i].mean);
    }
}

static void means_of_decimals_are_rounded_once_and_of_equal_ones_are_that_decimal(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 6000; round++) {
        const unsigned scale = round % 7 == 6 ? (unsigned)below(19) : (unsigned)below(4);
        const uint64_t count = 1 + below(UINT64_C(1) << (1 + round % 32)), limit = UINT64_C(1) << (1 + round % 30);
        const int64_t one = (int64_t)below(limit), sum = one * (int64_t)count * (round % 2 == 0 ? 1 : -1); /* below 2^62 */
        const uint64_t sums[] = {(uint64_t)sum, sum < 0 ? UINT64_MAX : 0}, other = sums[0] + below(3);
        char text[40];
        snprintf(text, sizeof text, "%s%llde-%u", round % 2 == 0 ? "" : "-", (long long)one, scale);
        const double got = lots_decimal_mean(sums, scale, count);
        if (pow(10, scale) * (double)count < 0x1p62)
            same(got, strtod(text, NULL), text, scale, (uint32_t)count);
        slow_sum slow = {{0}};
        slow_add(&slow, ldexp((double)(int64_t)((int64_t)other >> 32), 32));
        slow_add(&slow, (double)(other & UINT32_MAX));
        const uint64_t wide[] = {other, (int64_t)other < 0 ? UINT64_MAX : 0};
        if (scale < 10 && count < UINT64_C(1) << 28)
            same(lots_decimal_mean(wide, scale, count), slow_mean(&slow, (uint64_t)pow(10, scale) * count), "decimals", scale, (uint32_t)count);
    }
}

/* ---- standard deviations ---- */

static double deviation_of(const double *values, uint32_t count, bool backwards)
{
    uint64_t sum[LOTS_EXACT_LIMBS] = {0}, squares[2 * LOTS_EXACT_LIMBS] = {0};
    for (uint32_t i = 0; i < count; i++) {
        const double x = values[backwards ? count - 1 - i : i];
        lots_limbs_add(sum, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, x);
        lots_limbs_add_square(squares, 2 * LOTS_EXACT_LIMBS, 2 * LOTS_EXACT_LOW, x);
    }
    return lots_limbs_deviation(sum, squares, LOTS_EXACT_LIMBS, LOTS_EXACT_LOW, count);
}

/* The mean first, then the distances from it. */
static long double two_passes(const double *values, uint32_t count)
{
    long double mean = 0, apart = 0;
    for (uint32_t i = 0; i < count; i++)
        mean += (long double)values[i] / count;
    for (uint32_t i = 0; i < count; i++)
        apart += (values[i] - mean) * (values[i] - mean);
    return sqrtl(apart / (count - 1));
}

static void deviations_are_those_of_two_passes(void **state)
{
    static double values[MOST];
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (uint32_t count = 2; count < MOST; count += 1 + count / 4) {
            for (uint32_t i = 0; i < count; i++)
                values[i] = any_value(kind);
            const double got = deviation_of(values, count, false), again = deviation_of(values, count, true);
            const long double wanted = two_passes(values, count);
            assert_memory_equal(&got, &again, sizeof got);
            if (wanted > DBL_MAX ? !isinf(got) : fabsl(got - wanted) > 1e-15L * wanted + DBL_TRUE_MIN)
                fail_msg("%u values of kind %u: %a, wanted %La", (unsigned)count, kind, got, wanted);
        }
}

static void nothing_is_lost_of_a_small_deviation_far_from_nought(void **state)
{
    static const struct {
        double values[3], wanted;
    } cases[] = {
        {{0x1p52 + 1, 0x1p52 + 2, 0x1p52 + 3}, 1},
        {{-0x1p52, -0x1p52 - 2, -0x1p52 - 4}, 2},
        {{7e300, 7e300, 7e300}, 0},
        {{0, 0, 0}, 0},
        {{DBL_TRUE_MIN, 2 * DBL_TRUE_MIN, 3 * DBL_TRUE_MIN}, DBL_TRUE_MIN},
        {{0x1p1022, 0, -0x1p1022}, 0x1p1022},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        same(deviation_of(cases[i].values, 3, false), cases[i].wanted, "deviation", (unsigned)i, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_and_limbs_add_and_divide_as_it_is_done_bit_by_bit),
        cmocka_unit_test(differences_of_prefix_sums_are_the_sums_between),
        cmocka_unit_test(sums_are_joined_and_come_back_to_nothing),
        cmocka_unit_test(sums_are_rounded_once_to_the_nearest_and_of_two_to_the_even),
        cmocka_unit_test(the_mean_of_equal_doubles_is_that_double),
        cmocka_unit_test(steps_are_taken_all_or_none),
        cmocka_unit_test(means_are_rounded_once),
        cmocka_unit_test(means_of_decimals_are_rounded_once_and_of_equal_ones_are_that_decimal),
        cmocka_unit_test(deviations_are_those_of_two_passes),
        cmocka_unit_test(nothing_is_lost_of_a_small_deviation_far_from_nought),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
