/* test_survival.c: Kaplan-Meier and Aalen-Johansen against published tables, examples worked by hand, and a naive loop that
 * applies the definitions at each time anew. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query/exec/survival.h"
#include "tests/support/lots_test.h"

typedef struct follow { /* how long, and how it ended: 0 censored, 1 the event, 2 another */
    int time, exit;
} follow;

/* Values are sorted in place: each question gets its own. */
static int64_t *pack(const follow *f, size_t count)
{
    int64_t *values = malloc((count + 1) * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = lots_followed(f[i].time, (lots_exit)f[i].exit);
    return values;
}

/* NAN when missing. */
static double km(const follow *f, size_t count, int64_t at)
{
    double out = 0;
    int64_t *values = pack(f, count);
    bool known = lots_km(values, count, at, &out);
    free(values);
    return known ? out : NAN;
}

static double cif(const follow *f, size_t count, int64_t at)
{
    double out = 0;
    int64_t *values = pack(f, count);
    bool known = lots_cif(values, count, at, &out);
    free(values);
    return known ? out : NAN;
}

/* -1 when never reached. */
static int64_t quantile(const follow *f, size_t count, double p)
{
    int64_t out = 0;
    int64_t *values = pack(f, count);
    bool known = lots_km_quantile(values, count, p, &out);
    free(values);
    return known ? out : -1;
}

static void assert_near(double got, double wanted, double within)
{
    if (isnan(wanted) != isnan(got) || fabs(got - wanted) > within)
        fail_msg("%.12g, wanted %.12g", got, wanted);
}

/* Weeks in remission of acute leukaemia (Freireich et al. 1963, the table of Gehan 1965): 21 children on 6-mercaptopurine,
 * of whom 12 were still in remission when last seen, and 21 on placebo. */
static const follow mercaptopurine[] = {{6, 1}, {6, 1},  {6, 1},  {6, 0},  {7, 1},  {9, 0},  {10, 1}, {10, 0}, {11, 0}, {13, 1}, {16, 1},
                                        {17, 0}, {19, 0}, {20, 0}, {22, 1}, {23, 1}, {25, 0}, {32, 0}, {32, 0}, {34, 0}, {35, 0}};
static const follow placebo[] = {{1, 1}, {1, 1}, {2, 1}, {2, 1}, {3, 1},  {4, 1},  {4, 1},  {5, 1},  {5, 1},  {8, 1}, {8, 1},
                                 {8, 1}, {8, 1}, {11, 1}, {11, 1}, {12, 1}, {12, 1}, {15, 1}, {17, 1}, {22, 1}, {23, 1}};

static void remission_of_leukaemia_is_as_published(void **state)
{
    /* S after each week with relapses, with who is at risk: 18/21, x 16/17, x 14/15, x 11/12, x 10/11, x 6/7, x 5/6 */
    static const struct {
        int week;
        double s;
    } table[] = {{0, 1},        {5, 1},        {6, 0.857142857},  {7, 0.806722689},  {9, 0.806722689},  {10, 0.752941176},
                 {13, 0.690196078}, {16, 0.627450980}, {21, 0.627450980}, {22, 0.537815126}, {23, 0.448179272}, {35, 0.448179272}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_near(km(mercaptopurine, 21, table[i].week), table[i].s, 5e-10);
    assert_int_equal(quantile(mercaptopurine, 21, 0.5), 23); /* the published median; 8 weeks on placebo */
    assert_int_equal(quantile(placebo, 21, 0.5), 8);
}

static void without_censoring_survival_is_the_part_that_is_left(void **state)
{
    (void)state;
    for (int week = 0; week <= 23; week++) {
        int left = 0;
        for (size_t i = 0; i < 21; i++)
            left += placebo[i].time > week ? 1 : 0;
        assert_true(km(placebo, 21, week) == left / 21.0); /* to the last bit */
        assert_true(cif(placebo, 21, week) == (21 - left) / 21.0);
    }
}

/* Ten persons by hand. At 2: care 1 of 10. At 3: dead 1 of 9, one censored. At 5: care 2 of 7. At 6 one censored.
 * At 8: dead 1 of 4, care 1 of 4. At 9: one censored. Left: one followed to 12.
 *   S: 0.9, 0.9 x 8/9 = 0.8, 0.8 x 5/7 = 4/7, x 2/4 = 2/7
 *   care: 0.1, 0.1, 0.1 + 0.8 x 2/7 = 23/70, + 4/7 x 1/4 = 33/70;  dead: 0, 0.1, 0.1, 0.1 + 1/7 = 17/70 */
static const follow ten[] = {{2, 1}, {3, 2}, {3, 0}, {5, 1}, {5, 1}, {6, 0}, {8, 2}, {8, 1}, {9, 0}, {12, 0}};

static void causes_that_compete_share_what_is_lost(void **state)
{
    follow other[10];
    static const struct {
        int time;
        double care, dead;
    } table[] = {{0, 0, 0},           {1, 0, 0},           {2, 0.1, 0},          {3, 0.1, 0.1},       {4, 0.1, 0.1},
                 {5, 23 / 70.0, 0.1}, {7, 23 / 70.0, 0.1}, {8, 33 / 70.0, 17 / 70.0}, {12, 33 / 70.0, 17 / 70.0}};
    (void)state;
    for (size_t i = 0; i < 10; i++)
        other[i] = (follow){ten[i].time, ten[i].exit == 0 ? 0 : 3 - ten[i].exit};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        double care = cif(ten, 10, table[i].time), dead = cif(other, 10, table[i].time);
        assert_near(care, table[i].care, 1e-14);
        assert_near(dead, table[i].dead, 1e-14);
        assert_near(care + dead + km(ten, 10, table[i].time), 1, 1e-14);
    }
}

static void the_censored_are_at_risk_on_their_last_day(void **state)
{
    static const follow same[] = {{4, 0}, {4, 1}, {4, 0}, {4, 0}};
    (void)state;
    assert_near(km(same, 4, 4), 0.75, 0);
}

static void nothing_is_known_beyond_the_last_who_was_followed(void **state)
{
    static const follow lost[] = {{1, 1}, {5, 0}}, gone[] = {{1, 1}, {5, 1}}, mixed[] = {{1, 1}, {5, 2}};
    (void)state;
    assert_near(km(lost, 2, 5), 0.5, 0);
    assert_near(km(lost, 2, 6), NAN, 0);
    assert_near(cif(lost, 2, 6), NAN, 0);
    assert_near(km(gone, 2, 600), 0, 0); /* all gone through events stay gone */
    assert_near(cif(gone, 2, 600), 1, 0);
    assert_near(cif(mixed, 2, 600), 0.5, 0);
    assert_near(km(NULL, 0, 0), NAN, 0);
    assert_near(cif(NULL, 0, 0), NAN, 0);
    assert_int_equal(quantile(NULL, 0, 0.5), -1);
}

static void quantiles_are_times_of_events_or_never(void **state)
{
    static const follow four[] = {{3, 1}, {7, 1}, {7, 0}, {9, 1}}, lost[] = {{3, 1}, {4, 0}, {5, 0}};
    static const follow edge[] = {{0, 1}, {1000000, 1}};
    (void)state;
    assert_int_equal(quantile(four, 4, 0), 0); /* S is 1 from the start */
    assert_int_equal(quantile(four, 4, 0.25), 3);
    assert_int_equal(quantile(four, 4, 0.26), 7);
    assert_int_equal(quantile(four, 4, 0.5), 7);
    assert_int_equal(quantile(four, 4, 1), 9);
    assert_int_equal(quantile(lost, 3, 0.5), -1);
    assert_int_equal(quantile(edge, 2, 1), 1000000);
    /* thirds don't add up to one in binary: 1 - (1 - 1/3) is reached all the same */
    assert_int_equal(quantile(lost, 3, 1 / 3.0), 3);
    assert_int_equal(quantile((const follow[]){{1, 1}, {2, 1}, {3, 1}, {4, 0}, {5, 1}, {6, 1}, {7, 1}, {8, 1}, {9, 1}, {10, 1}}, 10, 0.3), 3);
}

static void the_longest_time_can_be_packed(void **state)
{
    int64_t values[] = {lots_followed(LOTS_FOLLOWED_MAX, LOTS_EXIT_COMPETING), lots_followed(0, LOTS_EXIT_EVENT)}, time = 0;
    double out = 0;
    (void)state;
    assert_true(lots_km(values, 2, LOTS_FOLLOWED_MAX - 1, &out) && out == 0.5);
    assert_true(lots_km_quantile(values, 2, 1, &time) && time == LOTS_FOLLOWED_MAX);
}

/* The definitions, word by word: at each time up to `at`, in order, count anew. */
static double naive(const follow *f, int count, int at, bool incidence)
{
    double s = 1, sum = 0;
    bool followed = false;
    for (int t = 0; t <= at; t++) {
        int risk = 0, events = 0, asked = 0;
        for (int i = 0; i < count; i++) {
            risk += f[i].time >= t ? 1 : 0;
            events += f[i].time == t && f[i].exit != 0 ? 1 : 0;
            asked += f[i].time == t && f[i].exit == 1 ? 1 : 0;
        }
        if (risk == 0)
            continue;
        sum += s * asked / risk;
        s *= 1 - (double)events / risk;
    }
    for (int i = 0; i < count; i++)
        followed = followed || f[i].time >= at;
    return count > 0 && (followed || s < 1e-12) ? (incidence ? sum : s) : NAN;
}

static void random_groups_are_as_by_the_definitions(void **state)
{
    uint64_t seed = 17;
    (void)state;
    for (int round = 0; round < 400; round++) {
        follow f[40];
        int count = round % 40;
        for (int i = 0; i < count; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            f[i] = (follow){(int)(seed >> 33) % (4 + round % 30), (int)(seed >> 60) % 3};
        }
        for (int at = 0; at < 36; at++) {
            assert_near(km(f, (size_t)count, at), naive(f, count, at, false), 1e-12);
            assert_near(cif(f, (size_t)count, at), naive(f, count, at, true), 1e-12);
        }
        for (int tenth = 1; tenth < 10; tenth++) {
            int64_t got = quantile(f, (size_t)count, tenth / 10.0), wanted = -1;
            for (int t = 0; t < 40 && wanted < 0; t++)
                if (naive(f, count, t, false) <= 1 - tenth / 10.0 + 1e-9)
                    wanted = t;
            assert_int_equal(got, wanted);
        }
    }
}

static void the_order_of_rows_does_not_matter(void **state)
{
    follow turned[21];
    (void)state;
    for (size_t i = 0; i < 21; i++)
        turned[i] = mercaptopurine[(i * 8) % 21];
    for (int at = 0; at < 36; at++)
        assert_true(km(turned, 21, at) == km(mercaptopurine, 21, at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remission_of_leukaemia_is_as_published),
        cmocka_unit_test(without_censoring_survival_is_the_part_that_is_left),
        cmocka_unit_test(causes_that_compete_share_what_is_lost),
        cmocka_unit_test(the_censored_are_at_risk_on_their_last_day),
        cmocka_unit_test(nothing_is_known_beyond_the_last_who_was_followed),
        cmocka_unit_test(quantiles_are_times_of_events_or_never),
        cmocka_unit_test(the_longest_time_can_be_packed),
        cmocka_unit_test(random_groups_are_as_by_the_definitions),
        cmocka_unit_test(the_order_of_rows_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
