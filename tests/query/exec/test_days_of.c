/* Questions that ask days of few patients or few rows of a chunk that has many, against SQL over the same rows. Each is asked
 * twice: days are found by themselves once a block has been read whole. And of a registry that keeps nothing decoded, and of one that
 * does. */
#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PATIENTS = 60, ROWS = 130 };

/* `ROWS` contacts of each patient within four years, of some many on a few days; of every tenth one is a stay in 2022, after which
 * emergency visits follow sooner or later; of two of these municipal care went before. Patient 7 has one contact, patient 8 none. */
static int open_registry(void **state)
{
    static small_registry r;
    char sql[1500];
    small_open(&r);
    for (int p = 0; p < PATIENTS; p++)
        small_patient(&r, "1950-05-05", p % 2 == 0 ? "female" : "male", NULL);
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 0 union all select i + 1 from n where i < %d), "
             "c(i, p, k) as (select i, i %% %d, i / %d from n) "
             "insert into contacts (p, start, id, level, status, form, cost, dx) "
             "select p, d('2020-01-03') + case when p %% 4 = 1 then k * k * 3 %% 40 * 36 else k * (7 + p %% 4) + i * 31 %% 5 end, "
             "'c' || i, "
             "case (p + k) %% 5 when 0 then 'emergency' when 1 then 'specialist' else 'primary' end, 'done', 'visit', 100 + i * 31 %% 977, "
             "case when i %% 3 = 0 then 'I50' end from c where p <> 8 and (p <> 7 or k = 50)",
             ROWS * PATIENTS - 1, PATIENTS, PATIENTS);
    small_exec(&r, sql);
    for (int p = 3; p < PATIENTS; p += 10) {
        char start[48], end[48];
        snprintf(start, sizeof start, "2022-%02d-11", 1 + p / 6);
        snprintf(end, sizeof end, "2022-%02d-%02d", 1 + p / 6, 11 + p / 10);
        small_contact(&r, p, start, end, "inpatient", NULL, "I50");
    }
    small_contact(&r, 13, "2021-11-05", NULL, "municipal", NULL, "I50");
    small_contact(&r, 33, "2020-02-01", NULL, "municipal", NULL, "I50");
    small_contact(&r, 33, "2022-05-30", NULL, "municipal", NULL, "I50");
    small_publish(&r, PATIENTS);
    *state = &r;
    return 0;
}

/* Where days are kept after some questions, all of them are at hand; here they are found by themselves again and again. */
static int open_keeping_nothing(void **state)
{
    open_registry(state);
    small_keep_nothing(*state);
    return 0;
}

static int close_registry(void **state)
{
    small_close(*state);
    return 0;
}

static void check_twice(void **state, const char *question, const char *sql)
{
    const small_registry *r = *state;
    for (int i = 0; i < 2; i++)
        answer_check(r->registry, r->sql, question, sql);
}

#define STAYS "s as (select p, start, \"end\" from contacts where level = 'inpatient') "

static void the_day_of_an_index_event_is_its_own(void **state)
{
    check_twice(state, "let stay = first(contacts where level = inpatient)\n"
                       "from patients where exists(stay) group by start = stay.start, leaves = stay.end show n = count()",
                "with " STAYS "select start, \"end\", count(*) from s group by start, \"end\"");
}

static void windows_before_an_index_hold_its_patients_rows(void **state)
{
    check_twice(state, "let stay = first(contacts where level = inpatient)\n"
                       "from patients where exists(stay) "
                       "derive n = count(contacts where level = primary during stay.start - 200d .. stay.start - 1d), "
                       "l = last(contacts where level = primary during stay.start - 900d .. stay.start - 1d).start "
                       "group by n, l show people = count()",
                "with " STAYS ", g as (select s.p, "
                "(select count(*) from contacts c where c.p = s.p and level = 'primary' "
                "and c.start between s.start - 200 and s.start - 1) n, "
                "(select max(start) from contacts c where c.p = s.p and level = 'primary' "
                "and c.start between s.start - 900 and s.start - 1) l "
                "from s) select n, l, count(*) from g group by n, l");
}

/* The day of the index is needed of those two alone: it is known to lie in 2022. */
static void windows_before_an_index_hold_what_few_have(void **state)
{
    check_twice(state, "let stay = first(contacts where level = inpatient during 2022)\n"
                       "from patients where exists(stay) "
                       "derive n = count(contacts where level = municipal during stay.start - 400d .. stay.start - 1d), "
                       "l = last(contacts where level = municipal during stay.start - 900d .. stay.start - 1d).start, "
                       "any = exists(contacts where level = municipal during stay.start - 30d .. stay.start) "
                       "group by n, l, any show people = count()",
                "with " STAYS ", m as (select s.p, s.start stay, c.start day from s left join contacts c on c.p = s.p and "
                "c.level = 'municipal'), g as (select p, coalesce(sum(day between stay - 400 and stay - 1), 0) n, "
                "max(case when day between stay - 900 and stay - 1 then day end) l, "
                "coalesce(max(day between stay - 30 and stay), 0) a from m group by p) "
                "select n, l, a, count(*) from g group by n, l, a");
}

/* Days of two patients are known when days of the others' rows are asked for. */
static void days_of_more_patients_than_before_are_their_own(void **state)
{
    check_twice(state, "let stay = first(contacts where level = inpatient during 2022)\n"
                       "from patients where exists(stay) "
                       "derive n = count(contacts where level = municipal during stay.start - 400d .. stay.start - 1d), "
                       "l = last(contacts where level = primary).start, f = first(contacts where level = emergency).start "
                       "group by n, l, f show people = count()",
                "with " STAYS ", g as (select s.p, (select count(*) from contacts c where c.p = s.p and level = 'municipal' and "
                "c.start between s.start - 400 and s.start - 1) n, "
                "(select max(start) from contacts c where c.p = s.p and level = 'primary') l, "
                "(select min(start) from contacts c where c.p = s.p and level = 'emergency') f from s) "
                "select n, l, f, count(*) from g group by n, l, f");
}

/* No condition leaves out rows: those of other patients aren't asked for either. */
static void windows_around_an_index_hold_all_rows_of_its_patients(void **state)
{
    check_twice(state, "let stay = first(contacts where level = inpatient during 2022)\n"
                       "from patients where exists(stay) each k in 0..2 "
                       "derive n = count(contacts during stay.start - 400d + k * 1d .. stay.start + 30d), "
                       "l = last(contacts during stay.start - 900d .. stay.start - 1d).start "
                       "group by k, n, l show people = count()",
                "with " STAYS ", e(k) as (values (0), (1), (2)), g as (select k, s.p, "
                "(select count(*) from contacts c where c.p = s.p and c.start between s.start - 400 + k and s.start + 30) n, "
                "(select max(start) from contacts c where c.p = s.p and c.start between s.start - 900 and s.start - 1) l "
                "from s, e) select k, n, l, count(*) from g group by k, n, l");
}

#define WINDOWED \
    "with " STAYS ", g as (select s.p, " \
    "(select count(*) from contacts c where c.p = s.p and level = 'primary' and c.start between d('2021-03-10') and d('2022-08-20')) n, " \
    "(select count(*) from contacts c where c.p = s.p and c.start between d('2021-03-10') and d('2022-12-31')) m, " \
    "(select max(start) from contacts c where c.p = s.p and c.start < d('2021-12-02')) l, " \
    "(select count(*) from contacts c where c.p = s.p and cost > 500 and year(start) = 2021) y from s) "

static void windows_of_days_hold_rows_of_the_patients_left(void **state)
{
    check_twice(state, "from patients where exists(contacts where level = inpatient) "
                       "derive n = count(contacts where level = primary during 2021-03-10..2022-08-20), "
                       "m = count(contacts during 2021-03-10..2022-12-31), l = last(contacts until 2021-12-01).start, "
                       "y = count(contacts where cost > 5 during 2021) group by n, m, l, y show people = count()",
                WINDOWED "select n, m, l, y, count(*) from g group by n, m, l, y");
}

static void windows_of_days_hold_rows_of_the_patients_listed(void **state)
{
    check_twice(state, "from patients where exists(contacts where level = inpatient) "
                       "derive n = count(contacts where level = primary during 2021-03-10..2022-08-20), "
                       "m = count(contacts during 2021-03-10..2022-12-31), l = last(contacts until 2021-12-01).start "
                       "where n > 20 show n, m, l",
                WINDOWED "select n, m, l from g where n > 20 order by p");
}

static void codes_before_an_index_are_those_of_its_patients_rows(void **state)
{
    check_twice(state, "let stay = first(contacts where level = inpatient)\n"
                       "from patients where exists(stay) "
                       "derive n = count(contacts where dx in {I50} known before stay.start within 1y before stay.start) "
                       "group by n show people = count()",
                "with " STAYS ", g as (select s.p, (select count(*) from contacts c where c.p = s.p and dx is not null and "
                "coalesce(c.\"end\", c.start) < s.start and c.start between addm(s.start, -12) and s.start - 1) n from s) "
                "select n, count(*) from g group by n");
}

static void matches_find_what_follows_rare_events(void **state)
{
    check_twice(state, "from match (contacts where level = inpatient) as stay then (contacts where level = emergency) within 60d as visit "
                       "group by lapse = visit.start - stay.start show n = count()",
                "with " STAYS ", g as (select s.p, (select min(c.start) from contacts c where c.p = s.p and level = 'emergency' and "
                "c.start > s.\"end\") - s.start lapse, s.\"end\" - s.start stayed from s) "
                "select lapse, count(*) from g where lapse - stayed <= 60 group by lapse");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_day_of_an_index_event_is_its_own),
        cmocka_unit_test(windows_before_an_index_hold_its_patients_rows),
        cmocka_unit_test(windows_before_an_index_hold_what_few_have),
        cmocka_unit_test(days_of_more_patients_than_before_are_their_own),
        cmocka_unit_test(windows_around_an_index_hold_all_rows_of_its_patients),
        cmocka_unit_test(windows_of_days_hold_rows_of_the_patients_left),
        cmocka_unit_test(windows_of_days_hold_rows_of_the_patients_listed),
        cmocka_unit_test(codes_before_an_index_are_those_of_its_patients_rows),
        cmocka_unit_test(matches_find_what_follows_rare_events),
    };
    const int failed = cmocka_run_group_tests_name("nothing is kept", tests, open_keeping_nothing, close_registry);
    return failed + cmocka_run_group_tests_name("days are kept", tests, open_registry, close_registry);
}
