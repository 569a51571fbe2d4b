/* test_clinical.c: worked examples of the measures that the library and its users count: concentration, continuity,
 * readmission, bursts, drugs, what was known, landmarks, onsets, waiting. The numbers were worked by hand, most after the
 * published definitions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

static answer ask(const small_registry *r, const char *text)
{
    lots_error err;
    answer out;
    assert_ok(answer_lots(r->registry, text, NULL, NULL, &out, &err));
    return out;
}

/* `wanted` is NAN where the value is missing. */
static void assert_cell(const answer *a, uint32_t row, uint32_t column, double wanted, double within)
{
    assert_true(row < a->rows && column < a->columns);
    const char *cell = a->cells[(size_t)row * a->columns + column];
    double got = cell == NULL ? NAN : atof(cell);
    if (isnan(wanted) != isnan(got) || fabs(wanted - got) > within)
        fail_msg("row %u, column %u: %s, wanted %.9g", row, column, cell == NULL ? "missing" : cell, wanted);
}

/* ---- concentration (CLINICAL.md section 5) ---- */

static void concentration_of_known_lists(void **state)
{
    static const struct {
        int values[10];
        int count;
        double gini, top_1, top_10, top_15, top_20, lorenz_1, lorenz_15;
    } lists[] = {
        {{1, 2, 3, 4}, 4, 0.25, 0.4, 0.4, 0.4, 0.4, 0.016, 0.24},
        {{0, 0, 0, 10}, 4, 0.75, 1, 1, 1, 1, 0.04, 0.6},
        {{5, 5, 5, 5}, 4, 0, 0.25, 0.25, 0.25, 0.25, 0.01, 0.15},
        {{0, 0, 1, 1, 2, 2, 3, 4, 7, 80}, 10, 0.79, 0.80, 0.80, 0.87, 0.87, 0.08, 0.835},
        {{1, 1, 1, 1, 1, 1, 4, 4, 4, 4}, 10, 72.0 / 220, 4.0 / 22, 4.0 / 22, 8.0 / 22, 8.0 / 22, 0.4 / 22, 6.0 / 22},
        {{0, 0, 0, 0}, 4, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    };
    small_registry r;
    char sql[200];
    (void)state;
    small_open(&r);
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < lists[i].count; k++) {
            snprintf(sql, sizeof sql, "INSERT INTO patients SELECT count(*), %d, NULL, NULL, %d, NULL FROM patients", i,
                     lists[i].values[(k * 7) % lists[i].count]); /* in another order */
            small_exec(&r, sql);
        }
    small_publish(&r, 5);
    answer a = ask(&r, "from patients group by birth show g = gini(score), a = top_share(score, 1%), b = top_share(score, 10%),"
                       " c = top_share(score, 15%), d = top_share(score, 20%), e = lorenz_share(score, 1%),"
                       " f = lorenz_share(score, 15%)");
    answer floats = ask(&r, "from patients derive x = score / 8 group by birth show g = gini(x), a = top_share(x, 1%),"
                            " b = top_share(x, 10%), c = top_share(x, 15%), d = top_share(x, 20%), e = lorenz_share(x, 1%),"
                            " f = lorenz_share(x, 15%)");
    for (uint32_t i = 0; i < 6; i++) {
        const double wanted[] = {lists[i].gini, lists[i].top_1, lists[i].top_10, lists[i].top_15, lists[i].top_20,
                                 lists[i].lorenz_1, lists[i].lorenz_15};
        for (uint32_t c = 0; c < 7; c++) {
            assert_cell(&a, i, c + 1, wanted[c], 1e-12);
            assert_cell(&floats, i, c + 1, wanted[c], 1e-12);
        }
    }
    answer_free(&a);
    answer_free(&floats);
    small_close(&r);
}

/* Rolling twelve months: the fourth visit 364 days after the first is one of a burst, after 365 it isn't. */
static void a_burst_is_four_visits_less_than_365_days_apart(void **state)
{
    static const char *const last[] = {"2023-01-09", "2023-01-10"};
    small_registry r;
    (void)state;
    small_open(&r);
    for (int p = 0; p < 2; p++) {
        small_patient(&r, "1950-01-01", "male", NULL);
        small_contact(&r, p, "2022-01-10", NULL, "emergency", NULL, NULL);
        small_contact(&r, p, "2022-04-01", NULL, "emergency", NULL, NULL);
        small_contact(&r, p, "2022-09-01", NULL, "emergency", NULL, NULL);
        small_contact(&r, p, last[p], NULL, "emergency", NULL, NULL);
    }
    small_publish(&r, 1);
    answer a = ask(&r, "from patients show exists(burst(contacts where level = emergency, 4, 365d))");
    assert_cell(&a, 0, 0, 1, 0);
    assert_cell(&a, 1, 0, 0, 0);
    answer_free(&a);
    small_close(&r);
}

/* ---- continuity (section 6) ---- */

static void continuity_of_known_sequences(void **state)
{
    static const struct {
        const char *visits;
        double upc, coci, secon, hi, mmci;
    } rows[] = {
        {"AAAA", 1, 1, 1, 1, 1},
        {"ABCD", .25, 0, 0, .25, .0323},
        {"AABB", .5, .3333, .6667, .5, .6774},
        {"ABAB", .5, .3333, 0, .5, .6774},
        {"AAABBB", .5, .4, .8, .5, .8039},
        {"AAABCD", .5, .2, .4, .3333, .4118},
        {"AAAAAB", .8333, .6667, .8, .7222, .8039},
        {"AB", .5, 0, 0, .5, .0909},
        {"A", 1, NAN, NAN, 1, NAN},
        {"", NAN, NAN, NAN, 0, NAN},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    small_registry r;
    (void)state;
    small_open(&r);
    for (int p = 0; p < ROWS; p++) {
        small_patient(&r, "1950-01-01", "male", NULL);
        for (int i = 0; rows[p].visits[i] != '\0'; i++) {
            const char provider[2] = {rows[p].visits[i], '\0'};
            char day[32];
            snprintf(day, sizeof day, "2023-%02d-05", i + 1);
            small_contact(&r, p, day, NULL, "primary", provider, NULL);
        }
    }
    small_publish(&r, 3);
    answer a = ask(&r, "let v = contacts where level = primary let k = episodes(v per provider)\n"
                       "from patients derive n = count(v), m = count(k)\n"
                       "show upc = upc(v), coci = coci(v), secon = secon(v), hi = sum((k.n / count(v)) ^ 2 over k as k),\n"
                       "mmci = case(n >= 2 then (1 - m / (n + 0.1)) / (1 - 1 / (n + 0.1)))");
    for (uint32_t p = 0; p < ROWS; p++) {
        const double wanted[] = {rows[p].upc, rows[p].coci, rows[p].secon, rows[p].hi, rows[p].mmci};
        for (uint32_t c = 0; c < 5; c++)
            assert_cell(&a, p, c, wanted[c], 0.00005);
    }
    answer_free(&a);
    small_close(&r);
}

/* ---- readmission (section 7, and trap 2) ---- */

/* A and B are one stay (a transfer on the day), C is planned, D and E are emergencies; E comes on `last`. */
static void stays_of_the_example(small_registry *r, int p, const char *last)
{
    small_patient(r, "1950-01-01", "male", NULL);
    small_contact(r, p, "2024-01-01", "2024-01-10", "inpatient", "Hosp X", NULL);
    small_contact(r, p, "2024-01-10", "2024-01-12", "inpatient", "Hosp Y", NULL);
    small_contact(r, p, "2024-01-20", "2024-01-22", "inpatient", "Hosp X", NULL);
    small_contact(r, p, "2024-02-05", "2024-02-07", "inpatient", "Hosp X", NULL);
    small_contact(r, p, last, "2024-03-10", "inpatient", "Hosp X", NULL);
    small_exec(r, "UPDATE contacts SET acute = start <> d('2024-01-20')");
}

static void readmissions_of_the_example(void **state)
{
    small_registry r;
    (void)state;
    small_open(&r);
    stays_of_the_example(&r, 0, "2024-03-08"); /* day 30 of a leap year */
    stays_of_the_example(&r, 1, "2024-03-09"); /* day 31 */
    small_publish(&r, 2);
    answer a = ask(&r, "let by_patient = from stays as s group by last = last(contacts).start\n"
                       "show stays = count(), crude = count(where exists(next(stays, s) within 30d after s.end)),\n"
                       "unplanned = count(where exists(next(stays, s) where acute within 30d after s.end))\n"
                       "from by_patient sort last");
    static const double wanted[2][3] = {{4, 3, 2}, {4, 2, 1}};
    for (uint32_t p = 0; p < 2; p++)
        for (uint32_t c = 0; c < 3; c++)
            assert_cell(&a, p, c + 1, wanted[p][c], 0);
    answer_free(&a);
    small_close(&r);
}

static void the_next_day_is_a_readmission_and_the_same_day_a_transfer(void **state)
{
    small_registry r;
    (void)state;
    small_open(&r);
    for (int p = 0; p < 2; p++) {
        small_patient(&r, "1950-01-01", "female", NULL);
        small_contact(&r, p, "2023-03-01", "2023-03-10", "inpatient", "Hosp X", NULL);
        small_contact(&r, p, p == 0 ? "2023-03-11" : "2023-03-10", "2023-03-15", "inpatient", "Hosp Y", NULL);
    }
    small_publish(&r, 2);
    answer a = ask(&r, "from patients show count(stays), first(stays).end = 2023-03-10,"
                       " days = next(stays, first(stays)).start - first(stays).end, nights(stays)");
    static const double wanted[2][4] = {{2, 1, 1, 13}, {1, 0, NAN, 14}};
    for (uint32_t p = 0; p < 2; p++)
        for (uint32_t c = 0; c < 4; c++)
            assert_cell(&a, p, c, wanted[p][c], 0);
    answer_free(&a);
    small_close(&r);
}

/* ---- what was known (trap 6), and drugs (section 7) ---- */

static void what_a_stay_was_coded_with_is_known_when_it_has_ended(void **state)
{
    small_registry r;
    (void)state;
    small_open(&r);
    small_patient(&r, "1950-01-01", "female", NULL);
    small_contact(&r, 0, "2023-05-20", "2023-06-10", "inpatient", "Hosp X", "I50");
    small_contact(&r, 0, "2023-06-01", NULL, "emergency", NULL, NULL);
    small_publish(&r, 1);
    answer a = ask(&r, "let index = first(contacts where level = emergency)\n"
                       "from patients show exists(contacts known before index.start where dx in {I50}),"
                       " exists(contacts before index.start where dx in {I50}),"
                       " exists(contacts known before 2023-06-10 where dx in {I50}),"
                       " exists(contacts known until 2023-06-10 where dx in {I50})");
    static const double wanted[] = {0, 1, 0, 1};
    for (uint32_t c = 0; c < 4; c++)
        assert_cell(&a, 0, c, wanted[c], 0);
    answer_free(&a);
    small_close(&r);
}

static void drugs_given_back_are_not_counted(void **state)
{
    small_registry r;
    (void)state;
    small_open(&r);
    small_patient(&r, "1950-01-01", "female", NULL);
    small_exec(&r, "INSERT INTO drugs(p, start, atc, packs) VALUES (0, d('2023-10-02'), 'A10BA02', 1),"
                   " (0, d('2023-11-20'), 'A10BA02', 2), (0, d('2023-10-05'), 'C07AB02', 1), (0, d('2023-10-05'), 'N02BE01', 1),"
                   " (0, d('2023-10-09'), 'N02BE01', -1)");
    small_publish(&r, 1);
    answer a = ask(&r, "from patients show count(episodes(drugs during 2023-Q4 per atc, net = sum(packs)) where net > 0),"
                       " count(distinct prefix(atc, 7) over drugs where packs > 0 during 2023-10-01..2023-12-31)");
    assert_cell(&a, 0, 0, 2, 0);
    assert_cell(&a, 0, 1, 3, 0);
    answer_free(&a);
    small_close(&r);
}

/* ---- follow-up and readmission (trap 3) ---- */

/* Visits that do nothing: who is to be seen on which day has nothing to do with the day of the readmission, but who is back in
 * hospital before is not seen. Each readmission on day 2, 4, … 100 meets each visit planned for day 2, 4, … 28 once. */
static void visits_without_effect_prevent_readmissions_until_a_landmark_is_set(void **state)
{
    double seen[2] = {0, 0}, back[2] = {0, 0};
    small_registry r;
    int p = 0;
    (void)state;
    small_open(&r);
    for (int again = 2; again <= 100; again += 2)
        for (int planned = 2; planned <= 28; planned += 2, p++) {
            char day[16];
            const bool met = planned <= 14 && planned < again;
            lots_day discharge;
            assert_true(lots_day_parse("2022-01-10", 10, &discharge));
            small_patient(&r, "1940-01-01", "female", NULL);
            small_contact(&r, p, "2022-01-01", "2022-01-10", "inpatient", "Hosp X", NULL);
            lots_day_format(discharge + again, day);
            small_contact(&r, p, day, day, "inpatient", "Hosp X", NULL);
            lots_day_format(discharge + planned, day);
            if (met)
                small_contact(&r, p, day, NULL, "primary", "A", NULL);
            seen[met]++;
            back[met] += again <= 30;
        }
    small_publish(&r, 300);
    answer a = ask(&r, "let index = first(stays)\n"
                       "let met = exists(contacts where level = primary within 14d after index.end)\n"
                       "let back_on(i) = coalesce(next(stays, index).start in i, false)\n"
                       "let all = from patients group by seen = met\n"
                       "          show n = count(), naive = rate(back_on(index.end + 1d .. index.end + 30d))\n"
                       "let left = from patients where alive at (index.end + 14d)\n"
                       "           where not back_on(index.end + 1d .. index.end + 14d) group by seen = met show landmark = rate(back_on(index.end + 15d .. index.end + 30d))\n"
                       "from all join left on seen");
    for (uint32_t met = 0; met < 2; met++) {
        assert_cell(&a, met, 1, seen[met], 0);
        assert_cell(&a, met, 2, back[met] / seen[met], 1e-12);
        assert_cell(&a, met, 3, 8.0 / 43, 1e-12); /* day 16, 18, … 30 of day 16, 18, … 100, seen or not */
    }
    assert_true(back[1] / seen[1] < 0.7 * back[0] / seen[0]); /* 77 of 322 and 133 of 378 */
    answer_free(&a);
    small_close(&r);
}

/* ---- onsets of diseases (section 3.7, and trap 17) ---- */

static void years_between_onsets_are_not_years_with_the_diseases(void **state)
{
    small_registry r;
    (void)state;
    small_open(&r);
    small_patient(&r, "1940-02-29", "female", NULL);
    small_contact(&r, 0, "2015-01-01", NULL, "primary", NULL, "I50");
    small_contact(&r, 0, "2017-03-01", NULL, "primary", NULL, "I50");
    small_contact(&r, 0, "2019-06-01", NULL, "primary", NULL, "E119");
    small_patient(&r, "1940-02-29", "male", NULL);
    small_contact(&r, 1, "2022-02-28", NULL, "specialist", NULL, "J44 E119 I50"); /* from none to three in a day */
    small_publish(&r, 2);
    answer a = ask(&r, "let onsets = episodes(contacts per chronic(dx))\n"
                       "from patients derive second = nth(onsets, 2).start, third = nth(onsets, 3).start\n"
                       "show between = days(first(onsets).start, second) / 365.25, so_far = days(second, 2023-01-01) / 365.25,\n"
                       "all_at_once = third = first(onsets).start, age = age at second, age_next = age at (second + 1d)");
    static const double wanted[2][5] = {{4.4, 3.6, NAN, 79, 79}, {0, 0.8, 1, 81, 82}};
    for (uint32_t p = 0; p < 2; p++)
        for (uint32_t c = 0; c < 5; c++)
            assert_cell(&a, p, c, wanted[p][c], 0.05);
    answer_free(&a);
    small_close(&r);
}

/* ---- waiting at a month's end (section 8) ---- */

/* Spans of `services` stand for entries of a waiting list; meals are those where the patient chose to wait. */
static void waiting_at_the_end_of_a_month(void **state)
{
    static const char *const entries[][3] = {
        {"2024-01-01", NULL, "home_care"},         /* 90 days: within */
        {"2023-12-31", NULL, "home_care"},         /* 91 days: over */
        {"2023-11-02", NULL, "home_care"},         /* 150 days: not long */
        {"2023-11-01", "2024-06-01", "home_care"}, /* 151 days: long */
        {"2024-01-15", "2024-03-31", "home_care"}, /* ended on the day: not waiting */
        {"2024-03-31", "2024-04-01", "home_care"}, /* 0 days */
        {"2023-09-13", NULL, "meals"},             /* 200 days */
    };
    small_registry r;
    (void)state;
    small_open(&r);
    for (int p = 0; p < 7; p++) {
        char sql[200];
        small_patient(&r, "1950-01-01", "male", NULL);
        snprintf(sql, sizeof sql, "INSERT INTO services(p, start, \"end\", service) VALUES (%d, d('%s'), %s%s%s, '%s')", p,
                 entries[p][0], entries[p][1] != NULL ? "d('" : "", entries[p][1] != NULL ? entries[p][1] : "NULL",
                 entries[p][1] != NULL ? "')" : "", entries[p][2]);
        small_exec(&r, sql);
    }
    small_publish(&r, 4);
    answer a = ask(&r, "param s = 2024-03-31\n"
                       "from services as w where w.start <= s and (w.end is missing or w.end > s)\n"
                       "derive wait = s - w.start, counted = w.service != meals\n"
                       "show waiting = count(), base = count(where counted), within_90 = count(where counted and wait <= 90d),\n"
                       "share = rate(wait <= 90d where counted), long = count(where counted and wait > 150d),\n"
                       "long_all = count(where wait > 150d), longest = int(max(wait))");
    static const double wanted[] = {6, 5, 2, 0.4, 1, 2, 200};
    for (uint32_t c = 0; c < 7; c++)
        assert_cell(&a, 0, c, wanted[c], 1e-12);
    answer_free(&a);
    small_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concentration_of_known_lists),
        cmocka_unit_test(a_burst_is_four_visits_less_than_365_days_apart),
        cmocka_unit_test(continuity_of_known_sequences),
        cmocka_unit_test(readmissions_of_the_example),
        cmocka_unit_test(the_next_day_is_a_readmission_and_the_same_day_a_transfer),
        cmocka_unit_test(what_a_stay_was_coded_with_is_known_when_it_has_ended),
        cmocka_unit_test(drugs_given_back_are_not_counted),
        cmocka_unit_test(visits_without_effect_prevent_readmissions_until_a_landmark_is_set),
        cmocka_unit_test(years_between_onsets_are_not_years_with_the_diseases),
        cmocka_unit_test(waiting_at_the_end_of_a_month),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
