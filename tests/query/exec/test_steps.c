/* Steps between contacts of which most end on the day they start, some are stays of days or weeks, some have no end, some no start, against
 * SQL over the same rows. Each is asked often: blocks tell more once they have been read whole, and days are kept once many have asked. */
#include "tests/query/exec/stays.h"

#define PAIRS(WHERE) \
    "with s as (select p, level source, lead(level) over w target, lead(start) over w - \"end\" gap, lead(start) over w start, " \
    "lead(\"end\") over w \"end\" from contacts " WHERE " window w as (partition by p order by start is null, start)) "

static const char *const questions[][2] = {
    {"from steps(contacts where status = done by level gap 7d) group by source, target show n = count(), days = sum(gap)",
     PAIRS("where status = 'done'") "select source, target, count(*), sum(gap) from s where gap <= 7 group by source, target"},
    {"from steps(contacts where status = done by level) where target = emergency group by source, gap show n = count()",
     PAIRS("where status = 'done'") "select source, gap, count(*) from s where target = 'emergency' group by source, gap"},
    {"from steps(contacts by level gap 30d) as s group by target, d = s.end show n = count(), f = min(s.start)",
     PAIRS("") "select target, \"end\", count(*), min(start) from s where gap <= 30 group by target, \"end\""},
    {"from steps(contacts where level = inpatient by status gap 90d) group by gap show n = count()",
     PAIRS("where level = 'inpatient'") "select gap, count(*) from s where gap <= 90 group by gap"},
    /* all of the first patients' are listed: whole stretches of rows */
    {"from steps(contacts where patient.death is missing by level) group by source, gap show n = count()",
     PAIRS("where p <> 13") "select source, gap, count(*) from s where target is not null group by source, gap"},
};

static void some_have_no_start(void **of)
{
    check_stays(*of, 1000000, true);
    check_stays(*of, 97, true);
}

int main(void)
{
    stays steps = {.emergency = "i % 3 = 0", .status = "case when i % 9 = 4 then 'booked' else 'done' end", .dx = "null",
                   .questions = questions, .question_count = sizeof questions / sizeof *questions, .times = 6};
    const struct CMUnitTest tests[] = {STAYS_TESTS(&steps), cmocka_unit_test_prestate(some_have_no_start, &steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
