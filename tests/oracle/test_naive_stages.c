/* test_naive_stages.c: the naive implementation against answers worked out by hand: stages that multiply, group, total, pivot
 * and join, patterns, active periods, paths, look-ups, classifications and times to an event. */
#include <stdio.h>

#include "tests/oracle/expect.h"

/* A registry of patients without anything, and one question. */
static void expect_of_nobody(int patients, const char *text, const char *wanted)
{
    static small_registry registry;
    small_open(&registry);
    for (int p = 0; p < patients; p++)
        small_patient(&registry, "1950-03-31", p % 2 == 0 ? "female" : "male", NULL);
    naive_expect(&registry, text, wanted);
    small_close(&registry);
}

static void each_cuts_periods_at_the_ends(void **state)
{
    (void)state;
    expect_of_nobody(1, "from patients each month m in 2022-01-15..2022-03-10 show m, m.number, m.days",
                     "2022-01-15..2022-01-31 1 17\n2022-02 2 28\n2022-03-01..2022-03-10 3 10");
    expect_of_nobody(1, "from patients each week w in 2023-01-01..2023-01-03 show w",
                     "2023-01-01..2023-01-01\n2023-01-02..2023-01-03"); /* the 1st was a Sunday */
    expect_of_nobody(1, "from patients each 90d b in 2023 show b.start", "2023-01-01\n2023-04-01\n2023-06-30\n2023-09-28\n2023-12-27");
    expect_of_nobody(1, "from patients each 1mo b in 2022-01-31..2022-03-31 show b",
                     "2022-01-31..2022-02-28\n2022-03-01..2022-03-30\n2022-03-31..2022-03-31");
    expect_of_nobody(1, "from patients each year y in death.. show y", "");
}

static void each_goes_through_sets_pairs_and_numbers(void **state)
{
    (void)state;
    expect_of_nobody(1, "from patients each x in (3, 1, 3) show x", "1\n3");
    expect_of_nobody(1, "from patients each a, b in pairs((3, 1, 2)) show a, b", "1 2\n1 3\n2 3");
    expect_of_nobody(1, "from patients each k in -1..1 show k", "-1\n0\n1");
    expect_of_nobody(3, "from patients each k in 1..2 group by k show n = count()", "1 3\n2 3");
}

static void totals_are_counted_anew(void **state)
{
    static small_registry registry;
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    small_patient(&registry, "1950-01-01", "male", NULL);
    small_contact(&registry, 0, "2022-01-01", NULL, "primary", "A", NULL);
    small_contact(&registry, 0, "2022-01-02", NULL, "primary", "B", NULL);
    small_contact(&registry, 1, "2022-01-03", NULL, "primary", "A", NULL);
    small_contact(&registry, 1, "2022-01-04", NULL, "specialist", "A", NULL);
    naive_expect(&registry, "from contacts group by level, provider with totals show n = count(), p = patients()",
                 "primary A 2 2\nprimary B 1 1\nprimary total 3 2\nspecialist A 1 1\nspecialist total 1 1\ntotal total 4 2");
    naive_expect(&registry, "from contacts group by level, provider with totals show n = count() sort n desc",
                 "primary A 2\nprimary B 1\nspecialist A 1\nprimary total 3\nspecialist total 1\ntotal total 4");
    naive_expect(&registry, "from contacts group by level, provider show n = count(), m = 1 + count() pivot provider",
                 "primary 2 3 1 2\nspecialist 1 2 0 -");
    naive_expect(&registry, "from contacts group by level, provider with totals show n = count() pivot provider",
                 "primary 2 1 3\nspecialist 1 0 1\ntotal - - 4");
    naive_expect(&registry, "from contacts group by level, provider show n = count() where n > 1 pivot provider", "primary 2");
    small_close(&registry);
}

static void joins_keep_the_rows_of_the_left(void **state)
{
    (void)state;
    expect_of_nobody(3, "let beds = from table units show unit, beds\nfrom patients derive unit = case(sex = male then 'u2', else 'u9')\n"
                        "join beds on unit show sex, beds",
                     "female -\nmale 20\nfemale -");
    expect_of_nobody(3, "from patients group by sex show n = count() join (from patients show all = count(), sex = 'male') on sex",
                     "female 2 -\nmale 1 3");
}

static void cohorts_are_asked_of_every_patient(void **state)
{
    (void)state;
    expect_of_nobody(3, "from patients where sex = female into cohort women\nfrom patients group by women show n = count()",
                     "false 1\ntrue 2");
}

static void functions_aggregate_rows(void **state)
{
    (void)state;
    expect_of_nobody(4, "let part(c) = count(where c) / count()\nfrom patients group by sex show p = part(id = 'p0001')",
                     "female 0\nmale 0.5");
}

/* E on days 1 and 3, P on days 2, 3 and 9, D on day 20; a stay from day 10 to 12. */
static void open_pattern(small_registry *registry)
{
    small_open(registry);
    small_patient(registry, "1950-01-01", "female", NULL);
    small_contact(registry, 0, "2022-05-01", NULL, "emergency", NULL, NULL);
    small_contact(registry, 0, "2022-05-02", NULL, "primary", NULL, NULL);
    small_contact(registry, 0, "2022-05-03", NULL, "primary", NULL, NULL);
    small_contact(registry, 0, "2022-05-03", NULL, "emergency", NULL, NULL);
    small_contact(registry, 0, "2022-05-09", NULL, "primary", NULL, NULL);
    small_contact(registry, 0, "2022-05-10", "2022-05-12", "inpatient", NULL, NULL);
    small_contact(registry, 0, "2022-05-20", NULL, "specialist", NULL, NULL);
}

#define E "(contacts where level = emergency)"
#define P "(contacts where level = primary)"
#define S "(contacts where level = inpatient)"
#define D "(contacts where level = specialist)"

static void patterns_take_the_earliest_and_the_shortest(void **state)
{
    static small_registry registry;
    static const struct {
        const char *text, *wanted; /* days of May */
    } cases[] = {
        {"from match " E " as a then " P " as b show day(a.start), day(b.start)", "1 2"},
        {"from match each " E " as a then " P " as b show day(a.start), day(b.start)", "1 2\n3 3"}, /* emergency comes first */
        {"from match " E " as a then " P " within 0d as b show day(a.start), day(b.start)", "3 3"},
        {"from match " E " as a then " P " as b then " S " within 1d as c show day(b.start), day(c.start)", "9 10"},
        {"from match " E " as a then " P " within 2d since a as b then " S " as c show day(a.start), day(b.start)", "1 2"},
        {"from match " S " as c then " D " within 7d as d show day(c.start), day(d.start)", ""}, /* 8 days after its end */
        {"from match " S " as c then " D " within 8d as d show day(c.start), day(d.start), start, end",
         "10 20 2022-05-10 2022-05-20"},
        {"from match " E " as a then no " P " within 1d show day(a.start)", ""},
        {"from match " P " as a then no " P " within 6d show day(a.start)", "9"},
        {"from match " E " as a then no " E " then " S " as c show day(a.start)", "3"},
        {"from match " E " as a then 2..3 " P " as b show day(b.start)", "3"},
        {"from match " E " as a then 1..3 " P " as b then " S " within 1d show day(b.start)", "9"},
        {"from match " E " as a then 3 " P " within 5d as b show day(b.start)", ""},
        {"from match " E " as a then 3 " P " within 6d as b show day(b.start)", "9"},
    };
    (void)state;
    open_pattern(&registry);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        naive_expect(&registry, cases[i].text, cases[i].wanted);
    naive_expect(&registry, "from patients show path(contacts by level gap 1d), path(contacts by level max 2)",
                 "emergency > primary > emergency > primary emergency > primary > …");
    small_close(&registry);
}

static void active_periods_change_with_what_runs(void **state)
{
    static small_registry registry;
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    small_exec(&registry, "INSERT INTO services(p, start, \"end\", service) VALUES (0, d('2022-01-01'), d('2022-01-10'), 'meals'),"
                          " (0, d('2022-01-05'), d('2022-01-20'), 'home_care'), (0, d('2022-01-11'), d('2022-01-12'), 'home_care'),"
                          " (0, d('2023-12-01'), NULL, 'meals')");
    naive_expect(&registry, "from active(services by service) show day(start), day(end), n, size(service), service",
                 "1 4 1 1 meals\n5 10 2 2 home_care, meals\n11 20 2 1 home_care\n1 - 1 1 meals");
    small_close(&registry);
}

static void look_ups_are_as_of_a_day(void **state)
{
    static small_registry registry;
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    small_contact(&registry, 0, "2021-06-30", NULL, "primary", NULL, NULL);
    small_contact(&registry, 0, "2022-09-15", NULL, "primary", NULL, NULL);
    small_exec(&registry, "UPDATE contacts SET unit = 'u1'");
    naive_expect(&registry, "from contacts show unit.chief, unit.area, unit.chief at 2022-08-31, unit.heir.region, unit.beds",
                 "Ada North Cy South 10\n- South Cy North 10");
    naive_expect(&registry, "from table units where region = South show unit, beds", "u2 20\nu3 -");
    small_close(&registry);
}

/* CLINICAL.md, sections 3 and 4. */
static void scores_are_those_of_the_worked_examples(void **state)
{
    static const struct {
        const char *codes, *score, *wanted;
    } cases[] = {
        {"I509 I109 I110 J441", "elixhauser", "10"}, {"C509 C780 F102", "elixhauser", "12"},
        {"E119 E669 F329", "elixhauser", "-7"},      {"I110", "elixhauser", "7"},
        {"F001 W199", "hfrs", "10.3"},               {"F001 F009", "hfrs", "7.1"},
        {"N390 N179", "hfrs", "5"},                  {"I509", "hfrs", "0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static small_registry registry;
        char text[100];
        small_open(&registry);
        small_patient(&registry, "1950-01-01", "female", NULL);
        small_contact(&registry, 0, "2022-01-01", NULL, "primary", NULL, cases[i].codes);
        snprintf(text, sizeof text, "from patients show score(%s, dx over contacts)", cases[i].score);
        naive_expect(&registry, text, cases[i].wanted);
        small_close(&registry);
    }
}

/* A file of one's own: a range, a code alone, one made of two, one that hides, another system, a helper. */
static void groups_follow_the_rules_of_their_file(void **state)
{
    static small_registry registry;
    (void)state;
    small_open(&registry);
    small_patient(&registry, "1950-01-01", "female", NULL);
    small_contact(&registry, 0, "2022-01-01", NULL, "primary", NULL, "E119 I10");
    small_contact(&registry, 0, "2022-01-02", NULL, "primary", NULL, "icd9:250A I109");
    small_contact(&registry, 0, "2022-01-03", NULL, "primary", NULL, "I501 G30 I10");
    naive_expect(&registry, "from contacts show groups('tests/oracle/groups.csv', dx), score('tests/oracle/groups.csv', dx)",
                 "pressure, sugar_complicated 3.5\nsugar 1.5\nfrail 10");
    small_close(&registry);
}

/* A patient for each time, in score; those of one day: the event first. */
static void times_to_an_event_are_those_of_hand(void **state)
{
    static small_registry registry;
    static const char *const sql = "UPDATE patients SET score = p + 1, income = CASE p WHEN 0 THEN 100 WHEN 1 THEN 200 WHEN 2 THEN 100 END";
    static const char query[] = "let e = case(income = 1 then 'a', income = 2 then 'b')\nfrom patients show "
                                "km(score, e is not missing, 2), km(score, e is not missing, 4), km(score, e is not missing, 5),"
                                " km_quantile(score, e is not missing, 50%), cif(score, e, 'a', 3), cif(score, e, 'b', 4), cif(score, e, 'a', 5)";
    (void)state;
    small_open(&registry);
    for (int p = 0; p < 4; p++)
        small_patient(&registry, "1950-01-01", "female", NULL);
    small_exec(&registry, sql);
    naive_expect(&registry, query, "0.5 0.25 - 2 0.5 0.25 -");
    small_exec(&registry, "UPDATE patients SET income = 100 WHERE p = 3"); /* all have had one */
    naive_expect(&registry, query, "0.5 0 0 2 0.5 0.25 0.75");
    small_close(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cuts_periods_at_the_ends),
        cmocka_unit_test(each_goes_through_sets_pairs_and_numbers),
        cmocka_unit_test(totals_are_counted_anew),
        cmocka_unit_test(joins_keep_the_rows_of_the_left),
        cmocka_unit_test(cohorts_are_asked_of_every_patient),
        cmocka_unit_test(functions_aggregate_rows),
        cmocka_unit_test(patterns_take_the_earliest_and_the_shortest),
        cmocka_unit_test(active_periods_change_with_what_runs),
        cmocka_unit_test(look_ups_are_as_of_a_day),
        cmocka_unit_test(scores_are_those_of_the_worked_examples),
        cmocka_unit_test(groups_follow_the_rules_of_their_file),
        cmocka_unit_test(times_to_an_event_are_those_of_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
