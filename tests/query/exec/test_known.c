/* What was known before an event of few patients, against SQL over the same rows: contacts of which most end on the day they start,
 * some are stays of days or weeks, some have no end. Each is asked twice: blocks tell more once they have been read whole. */
#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PATIENTS = 60, ROWS = 130 };

/* `ROWS` contacts of each patient, one day to eight after the other; of every tenth patient some are emergency visits. `endless`: how
 * many contacts have one without an end among them. */
static void fill(small_registry *r, int endless)
{
    char sql[1500];
    small_open(r);
    for (int p = 0; p < PATIENTS; p++)
        small_patient(r, "1950-05-05", p % 2 == 0 ? "female" : "male", p == 13 ? "2022-06-01" : NULL);
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 1 union all select i + 1 from n where i < %d), "
             "c(i, p, k) as (select i, i %% %d, i / %d from n) "
             "insert into contacts (p, start, \"end\", id, level, status, form, dx) "
             "select p, d('2020-01-03') + k * (1 + p %% 8), case when i %% %d = 0 then null "
             "else d('2020-01-03') + k * (1 + p %% 8) + case when i * 7 %% 41 = 3 then i * 13 %% 90 else 0 end end, "
             "'c' || i, case when i * 7 %% 41 = 3 or i %% %d = 0 and i %% 2 = 1 then 'inpatient' "
             "when p %% 10 = 3 and k %% 9 = 7 then 'emergency' else 'primary' end, 'done', 'visit', "
             "case when i %% 3 = 0 then 'I50' end from c",
             ROWS * PATIENTS - 1, PATIENTS, PATIENTS, endless, endless);
    small_exec(r, sql);
    small_publish(r, PATIENTS);
}

#define INDEX "let index = last(contacts where level = emergency) from patients where exists(index) "
#define INDEX_SQL "with i as (select p, max(start) day from contacts where level = 'emergency' group by p) "
#define KNOWN "select count(*) from contacts c where c.p = i.p and c.\"end\" is not null and c.\"end\" "

static void check(int endless)
{
    static const char *const questions[][2] = {
        {INDEX "derive n = count(contacts known before index.start within 1y before index.start) group by n show people = count()",
         INDEX_SQL "select n, count(*) from (select (" KNOWN "< i.day and c.start between addm(i.day, -12) and i.day - 1) n from i) group by n"},
        {INDEX "derive n = count(contacts where level = inpatient known until index.start), "
               "l = last(contacts known before index.start - 30d).start group by n, l show people = count()",
         INDEX_SQL "select n, l, count(*) from (select (" KNOWN "<= i.day and c.level = 'inpatient') n, (select max(c.start) from contacts c "
                   "where c.p = i.p and c.\"end\" is not null and c.\"end\" < i.day - 30) l from i) group by n, l"},
        {INDEX "derive n = count(distinct dx over contacts where dx in {I50} known until index.start during 2020-02-01 .. index.start - 9d) "
               "group by n show people = count()",
         INDEX_SQL "select n, count(*) from (select min(1, (" KNOWN "<= i.day and c.dx is not null and "
                   "c.start between d('2020-02-01') and i.day - 9)) n from i) group by n"},
        {INDEX "derive n = count(contacts where end < index.start) group by n show people = count()",
         INDEX_SQL "select n, count(*) from (select (" KNOWN "< i.day) n from i) group by n"},
    };
    small_registry r;
    fill(&r, endless);
    for (size_t q = 0; q < sizeof questions / sizeof *questions; q++)
        for (int again = 0; again < 2; again++)
            answer_check(r.registry, r.sql, questions[q][0], questions[q][1]);
    small_close(&r);
}

static void all_have_ends(void **state)
{
    (void)state;
    check(1000000);
}

static void few_have_no_end(void **state)
{
    (void)state;
    check(97);
}

static void many_have_no_end(void **state)
{
    (void)state;
    check(7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_have_ends),
        cmocka_unit_test(few_have_no_end),
        cmocka_unit_test(many_have_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
