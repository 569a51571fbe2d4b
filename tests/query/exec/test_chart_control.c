/* test_chart_control.c: limits and run rules on the worked examples of CLINICAL.md section 8, funnel limits against sums of
 * the binomial distribution made another way, and the rules against slow ones written here. */
#include <math.h>
#include <stdlib.h>

#include "query/exec/chart_control.h"
#include "tests/support/lots_test.h"

enum { POINTS_MAX = 400 };

static lots_control_point points[POINTS_MAX];

static uint32_t series(const double *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        points[i] = (lots_control_point){.value = values[i], .follows = i > 0};
    return count;
}

static void near_to(double a, double b, double within)
{
    if (!(fabs(a - b) <= within))
        fail_msg("%.9g is not %.9g", a, b);
}

static void xmr_limits_are_those_of_the_examples(void **state)
{
    (void)state;
    static const double screened[] = {1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1};
    static const double plain[] = {12, 15, 11, 14, 13, 16, 12, 15, 14, 13, 12, 17};
    near_to(lots_control_xmr(points, series(screened, 18)), 1.9444, 5e-5);
    near_to(points[7].lower, -0.7156, 5e-5); /* -0.7156, with the moving range of the ten screened away */
    near_to(points[7].upper, 4.6044, 5e-5);
    assert_int_equal(points[4].signal, LOTS_SIGNAL_OUTSIDE);
    near_to(lots_control_xmr(points, series(plain, 12)), 13.6667, 5e-5);
    near_to(points[0].lower, 6.6539, 5e-5);
    near_to(points[0].upper, 20.6794, 5e-5);
    near_to(points[0].near_upper - 13.6667, 1.7733 * 2.6364, 5e-4);
}

static void a_process_that_never_varies_has_no_signals(void **state)
{
    (void)state;
    double values[30];
    for (int i = 0; i < 30; i++)
        values[i] = 0.1; /* whose mean, summed up, is not 0.1 to the last bit */
    near_to(lots_control_xmr(points, series(values, 30)), 0.1, 0);
    for (int i = 0; i < 30; i++) {
        assert_true(points[i].lower == 0.1 && points[i].upper == 0.1);
        assert_int_equal(points[i].signal, LOTS_SIGNAL_NONE);
    }
    lots_control_xmr(points, series(values, 1));
    assert_int_equal(points[0].signal, LOTS_SIGNAL_NONE);
    assert_true(lots_control_xmr(points, 0) == 0);
}

/* Two points with nothing between them have no moving range: the limits are the mean, and both stand beside it. */
static void a_gap_makes_no_moving_range(void **state)
{
    (void)state;
    static const double values[] = {1, 1, 9, 9};
    uint32_t count = series(values, 4);
    points[2].follows = false;
    near_to(lots_control_xmr(points, count), 5, 0);
    near_to(points[0].upper, 5, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(points[i].signal, LOTS_SIGNAL_OUTSIDE);
}

static void p_limits_are_those_of_the_example(void **state)
{
    (void)state;
    static const int64_t k[] = {10, 18, 4, 12, 1}, n[] = {100, 120, 80, 100, 10};
    static const double limits[][2] = {{.0161, .2039}, {.0243, .1957}, {.0051, .2149}, {.0161, .2039}};
    for (int i = 0; i < 5; i++)
        points[i] = (lots_control_point){.k = k[i], .n = n[i], .follows = i > 0};
    near_to(lots_control_p(points, 4), 0.11, 1e-12);
    for (int i = 0; i < 4; i++) {
        near_to(points[i].lower, limits[i][0], 5e-5);
        near_to(points[i].upper, limits[i][1], 5e-5);
        assert_int_equal(points[i].signal, LOTS_SIGNAL_NONE);
    }
    points[0] = (lots_control_point){.k = 11, .n = 100};
    points[1] = (lots_control_point){.k = 1, .n = 10}; /* of 10: 0 to .4068, at 0.11 together */
    points[2] = (lots_control_point){.k = 98, .n = 890};
    near_to(lots_control_p(points, 3), 0.11, 1e-12);
    near_to(points[1].lower, 0, 0);
    near_to(points[1].upper, 0.4068, 5e-5);
}

static void shares_that_are_all_alike_are_on_the_centre_line(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        points[i] = (lots_control_point){.k = i + 1, .n = 3 * (i + 1), .follows = i > 0};
    lots_control_p(points, 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(points[i].signal, LOTS_SIGNAL_NONE);
    for (int all = 0; all < 2; all++) { /* none, and all of them */
        for (int i = 0; i < 20; i++)
            points[i] = (lots_control_point){.k = all * 7, .n = 7, .follows = i > 0};
        near_to(lots_control_p(points, 20), all, 0);
        near_to(points[0].lower, all, 0);
        near_to(points[0].upper, all, 0);
        assert_int_equal(points[19].signal, LOTS_SIGNAL_NONE);
    }
}

static void expect_signals(const double *values, uint32_t count, const char *wanted)
{
    static const char letters[] = "-otws";
    char found[64];
    lots_control_xmr(points, series(values, count));
    for (uint32_t i = 0; i < count; i++)
        found[i] = letters[points[i].signal];
    found[count] = '\0';
    assert_string_equal(found, wanted);
}

static void the_rules_are_those_of_making_data_count(void **state)
{
    (void)state;
    static const double trend[] = {5, 6, 5, 7, 4, 5, 6, 7, 8, 9, 10, 11};
    static const double six[] = {5, 4, 5, 6, 7, 8, 9, 3};
    static const double shift[] = {7, 9, 7, 9, 7, 9, 7, 5, 3, 5, 3, 5, 3, 5};
    static const double touched[] = {6, 7, 6, 5, 6, 7, 6, 4, 3, 4, 5, 4, 3, 4}; /* twice on the mean */
    expect_signals(trend, 12, "----ttttttto"); /* points 5 to 12 rise; the last is outside as well, which weighs more */
    expect_signals(six, 8, "-----woo"); /* six rise: no trend; the last two are outside, and 8 is with 9 near the limit */
    expect_signals(shift, 14, "ssssssssssssss");
    expect_signals(touched, 14, "--------------");
}

/* ---- against slow rules ---- */

static int sign(double x) { return (x > 0) - (x < 0); }

static bool run_of(const double *values, int from, bool trend, double centre)
{
    int way = trend ? sign(values[from + 1] - values[from]) : sign(values[from] - centre);
    for (int i = from; i < from + 7; i++) {
        if (trend && i > from && sign(values[i] - values[i - 1]) != way)
            return false;
        if (!trend && sign(values[i] - centre) != way)
            return false;
    }
    return way != 0;
}

static lots_signal slow_signal(const double *values, int count, int at, double centre, double limit)
{
    lots_signal found = LOTS_SIGNAL_NONE;
    double near_line = limit * 2 / 3;
    for (int from = at - 6; from <= at; from++)
        if (from >= 0 && from + 7 <= count && run_of(values, from, false, centre))
            found = LOTS_SIGNAL_SHIFT;
    for (int from = at - 2; from <= at; from++) {
        int side = 0, beyond = 0;
        for (int i = from; i < from + 3 && from >= 0 && from + 3 <= count; i++) {
            side += sign(values[i] - centre);
            beyond += fabs(values[i] - centre) > near_line;
        }
        if (abs(side) == 3 && beyond >= 2 && fabs(values[at] - centre) > near_line)
            found = LOTS_SIGNAL_TWO_OF_THREE;
    }
    for (int from = at - 6; from <= at; from++)
        if (from >= 0 && from + 7 <= count && run_of(values, from, true, centre))
            found = LOTS_SIGNAL_TREND;
    return fabs(values[at] - centre) > limit ? LOTS_SIGNAL_OUTSIDE : found;
}

static void rules_are_as_slow_ones_on_random_series(void **state)
{
    (void)state;
    uint64_t seed = 7;
    int seen[LOTS_SIGNAL_COUNT] = {0};
    for (int trial = 0; trial < 400; trial++) {
        double values[60], level = 0;
        for (int i = 0; i < 60; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            double noise = (double)(seed >> 40) / 16777216.0 - 0.5;
            level = trial % 2 == 0 ? level * 0.8 + noise : noise; /* half of them wander */
            values[i] = floor(level * 16);
        }
        double centre = lots_control_xmr(points, series(values, 60)), limit = points[0].upper - centre;
        for (int i = 0; i < 60; i++) {
            lots_signal wanted = slow_signal(values, 60, i, centre, limit);
            bool edge = fabs(fabs(values[i] - centre) - limit) < 1e-9 || fabs(fabs(values[i] - centre) - limit * 2 / 3) < 1e-9;
            if (!edge && points[i].signal != wanted)
                fail_msg("trial %d, point %d: %s, wanted %s", trial, i, lots_signal_text(points[i].signal), lots_signal_text(wanted));
            seen[wanted]++;
        }
    }
    for (int s = 0; s <= LOTS_SIGNAL_SHIFT; s++)
        assert_true(seen[s] > 20);
}

/* ---- funnel ---- */

/* P(R <= r) by products, from the bottom: good where (1 - p)^n is no zero. */
static double binomial_below(int n, double p, int r)
{
    double weight = pow(1 - p, n), sum = 0;
    for (int i = 0; i <= r; i++) {
        sum += weight;
        weight *= (double)(n - i) / (i + 1) * p / (1 - p);
    }
    return r < 0 ? 0 : sum;
}

static double slow_limit(int n, double p, double tail)
{
    int r = 0;
    while (binomial_below(n, p, r) <= tail)
        r++;
    double below = binomial_below(n, p, r - 1), up_to = binomial_below(n, p, r);
    double limit = (r - (up_to - tail) / (up_to - below)) / n;
    return limit < 0 ? 0 : limit;
}

static void funnel_limits_are_quantiles_of_the_binomial(void **state)
{
    (void)state;
    static const struct {
        int n;
        double p;
    } cases[] = {{1, 0.5}, {2, 0.01}, {10, 0.11}, {50, 0.3}, {100, 0.9}, {400, 0.05}, {1000, 0.5}, {30, 0.999}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n = cases[i].n;
        double p = cases[i].p;
        lots_funnel_limits at = lots_funnel_at(p, n);
        near_to(at.low_998, slow_limit(n, p, 0.001), 1e-9);
        near_to(at.low_95, slow_limit(n, p, 0.025), 1e-9);
        near_to(at.high_95, slow_limit(n, p, 0.975), 1e-9);
        near_to(at.high_998, slow_limit(n, p, 0.999), 1e-9);
    }
    lots_funnel_limits none = lots_funnel_at(0, 50), every = lots_funnel_at(1, 50);
    assert_true(none.low_998 == 0 && none.high_998 == 0 && every.low_998 == 1 && every.high_998 == 1);
}

/* Where the exact sums give way to the normal curve, and at sizes no register has. */
static void funnel_limits_narrow_as_units_grow(void **state)
{
    (void)state;
    double before = 1;
    for (int64_t n = 10; n > 0 && n < INT64_MAX / 10; n *= 10) {
        lots_funnel_limits at = lots_funnel_at(0.2, n);
        double width = at.high_998 - at.low_998;
        assert_true(at.low_998 <= at.low_95 && at.low_95 < 0.2 && 0.2 < at.high_95 && at.high_95 <= at.high_998);
        assert_true(width < before);
        if (n >= 1000)
            near_to(width * sqrt((double)n), 2 * 3.0902 * 0.4, 0.03);
        before = width;
    }
    lots_funnel_limits exact = lots_funnel_at(0.5, 3999999), normal = lots_funnel_at(0.5, 4000001);
    near_to(exact.high_998, normal.high_998, 5e-7);
}

static void units_outside_of_a_funnel_are_told(void **state)
{
    (void)state;
    static const int64_t k[] = {20, 40, 20, 30, 12}, n[] = {100, 100, 100, 100, 100};
    for (int i = 0; i < 5; i++)
        points[i] = (lots_control_point){.k = k[i], .n = n[i]};
    near_to(lots_control_funnel(points, 5), 122.0 / 500, 1e-12);
    assert_int_equal(points[0].signal, LOTS_SIGNAL_NONE);
    assert_int_equal(points[1].signal, LOTS_SIGNAL_ABOVE_998);
    assert_int_equal(points[3].signal, LOTS_SIGNAL_NONE);
    assert_int_equal(points[4].signal, LOTS_SIGNAL_BELOW_95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xmr_limits_are_those_of_the_examples),
        cmocka_unit_test(a_process_that_never_varies_has_no_signals),
        cmocka_unit_test(a_gap_makes_no_moving_range),
        cmocka_unit_test(p_limits_are_those_of_the_example),
        cmocka_unit_test(shares_that_are_all_alike_are_on_the_centre_line),
        cmocka_unit_test(the_rules_are_those_of_making_data_count),
        cmocka_unit_test(rules_are_as_slow_ones_on_random_series),
        cmocka_unit_test(funnel_limits_are_quantiles_of_the_binomial),
        cmocka_unit_test(funnel_limits_narrow_as_units_grow),
        cmocka_unit_test(units_outside_of_a_funnel_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
