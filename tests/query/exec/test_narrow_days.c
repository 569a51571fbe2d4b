/* Questions about the days of a stream, asked until these are kept in 16 bits and compared and taken as they are, against SQL over the
 * same rows. */
#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PATIENTS = 400, TIMES = 3 };

/* After this days are kept: each question reads them whole. */
static int open_registry(void **state)
{
    static small_registry r;
    answer all;
    lots_error err;
    small_open(&r);
    small_random(&r, 41, PATIENTS);
    small_publish(&r, 150);
    for (int i = 0; i < 5; i++) {
        const lots_status status =
            answer_lots(r.registry, "from contacts group by level, month = month_of(start) show n = count()", NULL, NULL, &all, &err);
        if (status != LOTS_OK)
            fail_msg("%s", err.text);
        answer_free(&all);
    }
    *state = &r;
    return 0;
}

static int close_registry(void **state)
{
    small_close(*state);
    return 0;
}

static void check_often(void **state, const char *question, const char *sql)
{
    const small_registry *r = *state;
    for (int i = 0; i < TIMES; i++)
        answer_check(r->registry, r->sql, question, sql);
}

static void starts_lie_within_constant_days(void **state)
{
    static const char *const spans[][3] = {
        {"2021..2022", "2021-01-01", "2022-12-31"},       {"2021-03-05..2021-03-05", "2021-03-05", "2021-03-05"},
        {"1990..2030", "1990-01-01", "2030-12-31"},       {"1700..1800", "1700-01-01", "1800-12-31"},
        {"2300..2400", "2300-01-01", "2400-12-31"},       {"2022-05-01..2400", "2022-05-01", "2400-12-31"},
        {"1700..2022-04-30", "1700-01-01", "2022-04-30"},
    };
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        char question[300], sql[400];
        snprintf(question, sizeof question, "from contacts where start in %s group by level show n = count(), p = patients()", spans[i][0]);
        snprintf(sql, sizeof sql,
                 "select level, count(*), count(distinct p) from contacts where start between d('%s') and d('%s') group by level",
                 spans[i][1], spans[i][2]);
        check_often(state, question, sql);
        snprintf(question, sizeof question,
                 "from patients where exists(contacts where level = primary) derive n = count(contacts during %s) group by n show people = count()", spans[i][0]);
        snprintf(sql, sizeof sql,
                 "select n, count(*) from (select q.p, (select count(*) from contacts c where c.p = q.p "
                 "and start between d('%s') and d('%s')) n from (select distinct p from contacts where level = 'primary') q) group by n",
                 spans[i][1], spans[i][2]);
        check_often(state, question, sql);
    }
}

static void days_are_one_condition_among_others(void **state)
{
    check_often(state, "from contacts where start in 2021-01-01..2022-02-02 and level = emergency or start in 2020 and cost > 300 "
                       "group by level show n = count()",
                "select level, count(*) from contacts where start between d('2021-01-01') and d('2022-02-02') and level = 'emergency' or "
                "start between d('2020-01-01') and d('2020-12-31') and cost > 30000 group by level");
}

static void windows_look_at_the_starts_of_rows_that_pass(void **state)
{
    check_often(state, "from contacts as s where s.level = inpatient and s.start in 2020..2022 "
                       "derive few = exists(contacts where level = emergency within 45d before s.start), "
                       "many = count(contacts where level != emergency within 45d after s.start) group by few, many show n = count()",
                "with l as (select * from contacts), s as (select * from l where level = 'inpatient' and "
                "start between d('2020-01-01') and d('2022-12-31')), g as (select "
                "exists (select 1 from l c where c.p = s.p and level = 'emergency' and c.start between s.start - 45 and s.start - 1) few, "
                "(select count(*) from l c where c.p = s.p and level <> 'emergency' and c.start between s.start + 1 and s.start + 45) many "
                "from s) select few, many, count(*) from g group by few, many");
}

static void spans_end_as_many_days_after_their_starts(void **state)
{
    check_often(state, "from patients derive n = count(contacts where level = inpatient overlapping 2021-05-01..2022-05-31) "
                       "where n > 0 group by n show people = count()",
                "with g as (select p, count(*) n from contacts where ghost = 0 and level = 'inpatient' and start <= d('2022-05-31') and "
                "span_end >= d('2021-05-01') group by p) select n, count(*) from g group by n");
    check_often(state, "from contacts where level = inpatient and start in 2021 group by stayed = end - start show n = count()",
                "select \"end\" - start, count(*) from contacts where level = 'inpatient' and start between d('2021-01-01') and "
                "d('2021-12-31') group by 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_lie_within_constant_days),
        cmocka_unit_test(days_are_one_condition_among_others),
        cmocka_unit_test(windows_look_at_the_starts_of_rows_that_pass),
        cmocka_unit_test(spans_end_as_many_days_after_their_starts),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
