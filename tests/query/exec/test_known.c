/* What was known before an event of few patients, against SQL over the same rows: contacts of which most end on the day they start,
 * some are stays of days or weeks, some have no end. Each is asked twice: blocks tell more once they have been read whole. */
#include "tests/query/exec/stays.h"

#define INDEX "let index = last(contacts where level = emergency) from patients where exists(index) "
#define INDEX_SQL "with i as (select p, max(start) day from contacts where level = 'emergency' group by p) "
#define KNOWN "select count(*) from contacts c where c.p = i.p and c.\"end\" is not null and c.\"end\" "

#define LAST_DAY(SAID, IS, DAYS)                                                                                             \
    {INDEX "derive n = count(contacts known " SAID " index.start - " DAYS "d) group by n show people = count()",             \
     INDEX_SQL "select n, count(*) from (select (" KNOWN IS " i.day - " DAYS ") n from i) group by n"}
/* So many days before the index a stay ends that some patient had. */
#define ON_LAST_DAYS(DAYS) LAST_DAY("until", "<=", DAYS), LAST_DAY("before", "<", DAYS)

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
    ON_LAST_DAYS("55"), ON_LAST_DAYS("59"), ON_LAST_DAYS("77"), ON_LAST_DAYS("169"), ON_LAST_DAYS("171"),
    /* asked often, how long each lasts is kept: of few rows, and of patients who have none */
    {"from patients derive e = last(contacts where level = emergency).end, "
     "s = first(contacts where level = inpatient until 2020-03-01).end group by e, s show people = count()",
     "select e, s, count(*) from (select (select \"end\" from contacts c where c.p = p.p and level = 'emergency' "
     "order by start desc limit 1) e, (select \"end\" from contacts c where c.p = p.p and level = 'inpatient' "
     "and start <= d('2020-03-01') order by start limit 1) s from patients p) group by e, s"},
};

/* Of every tenth patient some are emergency visits. */
int main(void)
{
    stays known = {.emergency = "p % 10 = 3 and k % 9 = 7", .status = "'done'", .dx = "case when i % 3 = 0 then 'I50' end",
                   .questions = questions, .question_count = sizeof questions / sizeof *questions, .times = 8};
    const struct CMUnitTest tests[] = {STAYS_TESTS(&known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
