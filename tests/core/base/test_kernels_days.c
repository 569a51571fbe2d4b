/* The kernels of days, on every instruction set there is, against the functions of day.h (which test_day.c holds against
 * counting). */
#include "core/base/day.h"
#include "core/base/kernels.h"
#include "tests/support/lots_test.h"

enum { COUNT_MAX = 300, SLACK = 16 };

typedef struct days {
    int32_t a[COUNT_MAX + SLACK], b[COUNT_MAX + SLACK], out[COUNT_MAX + SLACK];
} days;

/* Any days, and days close to each other: both ways round, over the ends of months. */
static void fill(days *d, size_t count, uint64_t *seed)
{
    const uint64_t calendar = (uint64_t)(LOTS_DAY_MAX - LOTS_DAY_MIN) + 1;
    for (size_t i = 0; i < count; i++) {
        d->a[i] = LOTS_DAY_MIN + (int32_t)(lots_test_random(seed) % calendar);
        d->b[i] = i % 2 == 0 ? LOTS_DAY_MIN + (int32_t)(lots_test_random(seed) % calendar)
                             : d->a[i] + (int32_t)(lots_test_random(seed) % 800) - 400;
        d->b[i] = d->b[i] < LOTS_DAY_MIN ? LOTS_DAY_MIN : d->b[i] > LOTS_DAY_MAX ? LOTS_DAY_MAX : d->b[i];
    }
    if (count > 1) {
        d->a[0] = LOTS_DAY_MIN;
        d->b[0] = LOTS_DAY_MAX;
    }
}

/* From all before the calendar to all after it, a few within, and numbers that would wrap. */
static void check_later(const lots_kernels *kernels, const days *d, size_t count, uint64_t *seed)
{
    static const int64_t least[] = {-24, -2400, 0, -130000, INT64_MIN, (int64_t)1 << 32};
    static int64_t months[COUNT_MAX + SLACK];
    static int32_t out[COUNT_MAX + SLACK];
    for (size_t k = 0; k < sizeof least / sizeof *least; k++) {
        const uint64_t range = k < 4 ? (uint64_t)(-2 * least[k]) + 1 : 1;
        bool all = true;
        for (size_t i = 0; i < count; i++) {
            lots_day later;
            months[i] = i % 7 == 6 ? 0 : least[k] + (int64_t)(lots_test_random(seed) % range);
            all &= lots_day_add_months(d->a[i], months[i], &later);
        }
        assert_int_equal(kernels->add_months(d->a, months, count, out), all);
        for (size_t i = 0; all && i < count; i++) {
            lots_day later;
            assert_true(lots_day_add_months(d->a[i], months[i], &later));
            assert_int_equal(out[i], later);
        }
    }
}

static void check(const lots_kernels *kernels, days *d, size_t count)
{
    kernels->months_between(d->a, d->b, count, d->out);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(d->out[i], lots_day_months_between(d->a[i], d->b[i]));
    kernels->years_between(d->a, d->b, count, d->out);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(d->out[i], lots_day_years_between(d->a[i], d->b[i]));
    kernels->month_numbers(d->a, count, d->out);
    for (size_t i = 0; i < count; i++) {
        const lots_civil civil = lots_day_to_civil(d->a[i]);
        assert_int_equal(d->out[i], civil.year * 12 + civil.month - 1);
    }
    kernels->month_firsts(d->out, count, d->out);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(d->out[i], d->a[i] - lots_day_to_civil(d->a[i]).day + 1);
}

static void days_have_months(void **state)
{
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    static days d;
    uint64_t seed = 5;
    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const lots_kernels *kernels = lots_kernels_named(names[n]);
        for (size_t count = 0; kernels != NULL && count <= COUNT_MAX; count++) {
            fill(&d, count, &seed);
            check(kernels, &d, count);
            check_later(kernels, &d, count, &seed);
        }
    }
}

/* Every day of two hundred years and some around them, against a few: the birthdays of a leap day among them. */
static void years_are_whole_on_the_birthday(void **state)
{
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    static const lots_civil births[] = {{1899, 2, 28}, {1900, 3, 1}, {1904, 2, 29}, {1970, 1, 1}, {2000, 2, 29}, {2023, 12, 31}, {2100, 2, 28}, {2100, 3, 1}};
    static int32_t a[COUNT_MAX + SLACK], b[COUNT_MAX + SLACK], out[COUNT_MAX + SLACK];
    const lots_day first = lots_day_from_civil(1899, 12, 1), end = lots_day_from_civil(2100, 5, 1);
    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const lots_kernels *kernels = lots_kernels_named(names[n]);
        for (size_t k = 0; kernels != NULL && k < sizeof births / sizeof *births; k++)
            for (lots_day day = first; day < end; day += COUNT_MAX) {
                for (int32_t i = 0; i < COUNT_MAX; i++) {
                    a[i] = lots_day_from_civil(births[k].year, births[k].month, births[k].day);
                    b[i] = day + i;
                }
                kernels->years_between(a, b, COUNT_MAX, out);
                for (int32_t i = 0; i < COUNT_MAX; i++)
                    assert_int_equal(out[i], lots_day_years_between(a[i], b[i]));
                kernels->years_between(b, a, COUNT_MAX, out);
                for (int32_t i = 0; i < COUNT_MAX; i++)
                    assert_int_equal(out[i], lots_day_years_between(b[i], a[i]));
            }
    }
}

/* Every day of two hundred years and some around them, so many months later that the result is within these years or just out of them. */
static void months_later_keep_the_day_of_the_month(void **state)
{
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    static const int64_t many[] = {0, 1, -1, 2, 11, 12, -12, 13, 48, 1100, -1100, 2388, -2400};
    static int32_t from[COUNT_MAX + SLACK], out[COUNT_MAX + SLACK];
    static int64_t months[COUNT_MAX + SLACK];
    const lots_day first = lots_day_from_civil(1899, 12, 1), end = lots_day_from_civil(2100, 5, 1);
    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const lots_kernels *kernels = lots_kernels_named(names[n]);
        for (size_t k = 0; kernels != NULL && k < sizeof many / sizeof *many; k++)
            for (lots_day day = first; day < end; day += 28) { /* one month or two: all in one century, but where it ends */
                for (int32_t i = 0; i < 28; i++) {
                    from[i] = day + i;
                    months[i] = many[k];
                }
                assert_true(kernels->add_months(from, months, 28, out));
                for (int32_t i = 0; i < 28; i++) {
                    lots_day later;
                    assert_true(lots_day_add_months(from[i], months[i], &later));
                    assert_int_equal(out[i], later);
                }
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(days_have_months), cmocka_unit_test(years_are_whole_on_the_birthday),
                                       cmocka_unit_test(months_later_keep_the_day_of_the_month)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
