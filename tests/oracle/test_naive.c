/* test_naive.c: the naive implementation against answers worked out by hand: the examples of the language's definition, and
 * of its clinical measures (concentration, continuity, readmission, drugs). */
#include <stdio.h>
#include <stdlib.h>

#include "tests/oracle/expect.h"

/* One patient, without anything. */
static void expect_of_one(const char *expression, const char *wanted)
{
    static small_registry registry;
    char text[600];
    small_open(&registry);
    small_patient(&registry, "1950-03-31", "female", NULL);
    snprintf(text, sizeof text, "from patients show x = %s", expression);
    naive_expect(&registry, text, wanted);
    small_close(&registry);
}

static void dates_follow_the_rule_of_the_missing_day(void **state)
{
    (void)state;
    expect_of_one("2003-01-29 + 1mo", "2003-03-01");
    expect_of_one("2004-02-29 + 1y", "2005-03-01");
    expect_of_one("years(2020-02-29, 2021-02-28)", "0");
    expect_of_one("2023-03-01 - 2023-02-01", "28");
    expect_of_one("2 * 1mo", "2mo");
    expect_of_one("age at 2023-03-30", "72");
    expect_of_one("age at 2023-03-31", "73");
    expect_of_one("age at 1950-03-30", "-");
    expect_of_one("2023-02 .. 2023-Q2", "2023-02-01..2023-06-30");
    expect_of_one("(2023-05-02..2023-05-01).days", "0");
    expect_of_one("2023-01-31 in 2023", "true");
    expect_of_one("week_of(2023-01-01).start", "2022-12-26");
}

static void numbers_floor_and_missing_spreads(void **state)
{
    (void)state;
    expect_of_one("(-1) // 2", "-1");
    expect_of_one("5 / 0", "-");
    expect_of_one("5 // 0", "-");
    expect_of_one("mod(-7, 3)", "2");
    expect_of_one("2 ^ 3 ^ 2", "512");
    expect_of_one("-2 ^ 2", "-4");
    expect_of_one("score > 1", "-");
    expect_of_one("false and score > 1", "false");
    expect_of_one("score in ()", "false");
    expect_of_one("3 in (1, missing)", "false");
    expect_of_one("case(score > 1 then 'a', else 'b')", "b");
    expect_of_one("least(3, missing, 2)", "2");
    expect_of_one("size(list(true then 'a', score > 1 then 'b', 1 < 2 then 'c'))", "2");
    expect_of_one("band(75, 10)", "70-79");
    expect_of_one("cut(17, 18, 65, 80)", "<18");
    expect_of_one("cut(64, 18, 65, 80)", "18-64");
    expect_of_one("alive at 1950-03-30", "false");
    expect_of_one("alive at 1950-03-31", "true");
}

/* Wilson 3 of 10 and Garwood's limits for 3 and 0 cases, from tables. */
static void intervals_are_those_of_tables(void **state)
{
    (void)state;
    expect_of_one("round(10000 * wilson_low(3, 10))", "1078");
    expect_of_one("round(10000 * wilson_high(3, 10))", "6032");
    expect_of_one("round(10000 * poisson_low(3, 1))", "6187");
    expect_of_one("round(10000 * poisson_high(3, 1))", "87673");
    expect_of_one("sqrt(wilson_low(0, 26))", "0");
    expect_of_one("sqrt(1 - wilson_high(26, 26))", "0");
    expect_of_one("poisson_low(0, 1)", "0");
    expect_of_one("round(10000 * poisson_high(0, 1))", "36889");
}

/* CLINICAL.md, section 5: a patient for each value, in score. */
static void expect_of_scores(const char *scores, const char *expression, const char *wanted)
{
    static small_registry registry;
    char sql[200], text[200], list[100];
    int p = 0;
    small_open(&registry);
    snprintf(list, sizeof list, "%s", scores);
    for (char *rest = NULL, *at = strtok_r(list, " ", &rest); at != NULL; at = strtok_r(NULL, " ", &rest)) {
        small_patient(&registry, "1950-01-01", "male", NULL);
        snprintf(sql, sizeof sql, "UPDATE patients SET score = %s WHERE p = %d", at, p++);
        small_exec(&registry, sql);
    }
    snprintf(text, sizeof text, "from patients show x = %s", expression);
    naive_expect(&registry, text, wanted);
    small_close(&registry);
}

static void concentration_is_that_of_the_worked_examples(void **state)
{
    static const char ten[] = "0 0 1 1 2 2 3 4 7 80", tied[] = "1 1 1 1 1 1 4 4 4 4";
    (void)state;
    expect_of_scores("1 2 3 4", "gini(score)", "0.25");
    expect_of_scores("0 0 0 10", "gini(score)", "0.75");
    expect_of_scores("5 5 5 5", "gini(score)", "0");
    expect_of_scores("0 0", "gini(score)", "-");
    expect_of_scores(ten, "gini(score)", "0.79");
    expect_of_scores(tied, "gini(score)", "0.3273");
    expect_of_scores(ten, "top_share(score, 10%)", "0.8");
    expect_of_scores(ten, "lorenz_share(score, 10%)", "0.8");
    expect_of_scores(ten, "top_share(score, 15%)", "0.87");
    expect_of_scores(ten, "lorenz_share(score, 15%)", "0.835");
    expect_of_scores(ten, "top_share(score, 1%)", "0.8");
    expect_of_scores(ten, "lorenz_share(score, 1%)", "0.08");
    expect_of_scores(tied, "top_share(score, 10%)", "0.1818");
    /* 0.1 + 0.2 - 0.3 is 0 of decimals, so there is nothing to have a share of. */
    expect_of_scores("1 2 -3", "top_share(score * 0.1, 50%)", "-");
    expect_of_scores("1 2 -3", "lorenz_share(score * 0.1, 50%)", "-");
    expect_of_scores("1 2 -3", "sqrt(abs(mean(score * 0.1)))", "0");
}

/* top 10% of ten is one, and all ties with it. */
static void top_keeps_ties_with_the_last(void **state)
{
    static small_registry registry;
    (void)state;
    small_open(&registry);
    for (int i = 0; i < 10; i++)
        small_patient(&registry, "1950-01-01", "male", NULL);
    small_exec(&registry, "UPDATE patients SET score = CASE WHEN p IN (3, 7) THEN 9 WHEN p = 5 THEN NULL ELSE p % 3 END");
    naive_expect(&registry, "from patients top 10% by score show id", "p0003\np0007");
    naive_expect(&registry, "from patients top 3 by score show id", "p0002\np0003\np0007\np0008");
    naive_expect(&registry, "from patients derive r = rank(score), t = top(10%, score) where r <= 2 or score is missing show id, r, t",
           "p0003 1 true\np0005 - -\np0007 1 true");
    small_close(&registry);
}

/* CLINICAL.md, section 6. */
static void expect_continuity(const char *providers, const char *wanted)
{
    static small_registry registry;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    for (int i = 0; providers[i] != 0; i++) {
        const char provider[2] = {providers[i], 0};
        char day[32];
        snprintf(day, sizeof day, "2022-01-%02d", i + 1);
        small_contact(&registry, 0, day, NULL, "primary", provider, NULL);
    }
    naive_expect(&registry,
           "let visits = contacts where level = primary\n"
           "let by_provider = episodes(visits per provider)\n"
           "from patients derive v = count(visits), upc = max(n over by_provider) / v,\n"
           "coci = (sum(n ^ 2 over by_provider) - v) / (v * (v - 1)),\n"
           "secon = count(visits as e where provider = prev(visits, e).provider) / (v - 1)\n"
           "show upc, coci, secon",
           wanted);
    small_close(&registry);
}

static void continuity_is_that_of_the_worked_examples(void **state)
{
    (void)state;
    expect_continuity("AAAA", "1 1 1");
    expect_continuity("ABCD", "0.25 0 0");
    expect_continuity("AABB", "0.5 0.3333 0.6667");
    expect_continuity("ABAB", "0.5 0.3333 0");
    expect_continuity("AAABBB", "0.5 0.4 0.8");
    expect_continuity("AAABCD", "0.5 0.2 0.4");
    expect_continuity("AAAAAB", "0.8333 0.6667 0.8");
    expect_continuity("A", "1 - -");
}

/* CLINICAL.md, section 7: A and B merge; then 8, 14 and 30 days, the leap day among them. */
static void readmission_is_that_of_the_worked_example(void **state)
{
    static small_registry registry;
    static const char query[] =
        "let stays = episodes(contacts where level = inpatient gap 0d)\n"
        "from stays as s show s.start, back = exists(next(stays, s) within 30d after s.end)";
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    small_contact(&registry, 0, "2024-01-20", "2024-01-22", "inpatient", "Hosp X", NULL);
    small_contact(&registry, 0, "2024-01-01", "2024-01-10", "inpatient", "Hosp X", NULL);
    small_contact(&registry, 0, "2024-01-10", "2024-01-12", "inpatient", "Hosp Y", NULL);
    small_contact(&registry, 0, "2024-02-05", "2024-02-07", "inpatient", "Hosp X", NULL);
    small_contact(&registry, 0, "2024-03-08", "2024-03-10", "inpatient", "Hosp X", NULL);
    naive_expect(&registry, query, "2024-01-01 true\n2024-01-20 true\n2024-02-05 true\n2024-03-08 false");
    small_exec(&registry, "UPDATE contacts SET start = d('2024-03-09') WHERE start = d('2024-03-08')");
    naive_expect(&registry, query, "2024-01-01 true\n2024-01-20 true\n2024-02-05 false\n2024-03-09 false");
    small_close(&registry);
}

/* Four visits within 365 days: 01-10 to 01-09 is 364 days, to 01-10 is 365. */
static void windows_of_a_year_count_days(void **state)
{
    static small_registry registry;
    static const char query[] = "let ed = contacts where level = emergency\n"
                                "from patients show reached = first(ed as e where count(ed within 364d until e.start) >= 4).start";
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    small_contact(&registry, 0, "2022-01-10", NULL, "emergency", NULL, NULL);
    small_contact(&registry, 0, "2022-04-01", NULL, "emergency", NULL, NULL);
    small_contact(&registry, 0, "2022-09-01", NULL, "emergency", NULL, NULL);
    small_contact(&registry, 0, "2023-01-09", NULL, "emergency", NULL, NULL);
    naive_expect(&registry, query, "2023-01-09");
    small_exec(&registry, "UPDATE contacts SET start = start + 1 WHERE start = d('2023-01-09')");
    naive_expect(&registry, query, "-");
    small_close(&registry);
}

static void codes_match_by_prefix_range_and_system(void **state)
{
    static small_registry registry;
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    small_contact(&registry, 0, "2022-01-01", NULL, "primary", NULL, "I501 E119");
    small_contact(&registry, 0, "2022-01-02", NULL, "primary", NULL, "E149");
    small_contact(&registry, 0, "2022-01-03", NULL, "primary", NULL, "icd9:250A I10");
    small_contact(&registry, 0, "2022-01-04", NULL, "primary", NULL, NULL);
    naive_expect(&registry,
           "from contacts show a = dx in {i50}, b = dx in {=I50}, c = dx in {E10-E14}, d = dx in {E11, -E11.9}, e = dx in {icd9:250},"
           " f = dx.main, g = dx.other",
           "true false true false false I50.1 E11.9\nfalse false true false false E14.9 \n"
           "false false false false true 250A I10\nfalse false false false false - ");
    small_close(&registry);
}

static void windows_include_the_days_they_say(void **state)
{
    static small_registry registry;
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    for (int day = 8; day <= 12; day++) {
        char text[32];
        snprintf(text, sizeof text, "2022-05-%02d", day);
        small_contact(&registry, 0, text, NULL, "primary", NULL, NULL);
    }
    naive_expect(&registry,
           "let d = 2022-05-10\n"
           "from patients show a = count(contacts before d), b = count(contacts until d), c = count(contacts after d),"
           " d1 = count(contacts since d), e = count(contacts within 1d before d), f = count(contacts within 1d until d),"
           " g = count(contacts within 1d after d), h = count(contacts within 1d since d), i = count(contacts within 1d of d),"
           " j = count(contacts during 2022-05-09..2022-05-11), k = count(contacts known before d)",
           "2 3 2 3 1 2 1 2 3 3 2");
    small_close(&registry);
}

/* CLINICAL.md, section 13.6: a stay's codes are known when it has ended. */
static void a_running_stay_is_not_known(void **state)
{
    static small_registry registry;
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    small_contact(&registry, 0, "2022-05-20", "2022-06-10", "inpatient", NULL, "I50");
    small_contact(&registry, 0, "2023-07-01", NULL, "inpatient", NULL, "I50");
    naive_expect(&registry,
           "from patients show a = count(contacts known before 2022-06-01), b = count(contacts known before 2022-06-11),"
           " c = count(contacts known until 2022-06-10), d = count(contacts overlapping 2022-06-01..2022-06-01),"
           " e = count(contacts overlapping 2023-12-01..), f = nights(contacts), g = covered_days(contacts, 2022-06)",
           "0 1 1 1 1 21 10");
    small_close(&registry);
}

static void rows_group_by_key_with_missing_first(void **state)
{
    static small_registry registry;
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "male", NULL);
    small_patient(&registry, "1955-01-01", NULL, NULL);
    small_patient(&registry, "1960-01-01", "female", "2022-03-01");
    small_patient(&registry, "1965-01-01", "male", NULL);
    naive_expect(&registry, "from patients group by sex show n = count(), dead = rate(death is not missing), old = min(birth)",
           "- 1 0 1955-01-01\nfemale 1 1 1960-01-01\nmale 2 0 1950-01-01");
    naive_expect(&registry, "from patients show n = count(where sex = male), m = count()", "2 4");
    naive_expect(&registry, "from patients sort sex desc, birth desc limit 2 show birth", "1965-01-01\n1950-01-01");
    small_close(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_follow_the_rule_of_the_missing_day),
        cmocka_unit_test(numbers_floor_and_missing_spreads),
        cmocka_unit_test(intervals_are_those_of_tables),
        cmocka_unit_test(concentration_is_that_of_the_worked_examples),
        cmocka_unit_test(top_keeps_ties_with_the_last),
        cmocka_unit_test(continuity_is_that_of_the_worked_examples),
        cmocka_unit_test(readmission_is_that_of_the_worked_example),
        cmocka_unit_test(windows_of_a_year_count_days),
        cmocka_unit_test(codes_match_by_prefix_range_and_system),
        cmocka_unit_test(windows_include_the_days_they_say),
        cmocka_unit_test(a_running_stay_is_not_known),
        cmocka_unit_test(rows_group_by_key_with_missing_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
