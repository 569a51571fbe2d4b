/* Steps between contacts of which most end on the day they start, some are stays of days or weeks, some have no end, against SQL over the
 * same rows. Each is asked often: blocks tell more once they have been read whole, and days are kept once many have asked. */
#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PATIENTS = 60, ROWS = 130, OFTEN = 6 };

/* `ROWS` contacts of each patient, one day to eight after the other. `endless`: how many have one without an end among them, which
 * every second time is a stay. */
static void fill(small_registry *r, int endless)
{
    char sql[1500];
    small_open(r);
    for (int p = 0; p < PATIENTS; p++)
        small_patient(r, "1950-05-05", p % 2 == 0 ? "female" : "male", p == 13 ? "2022-06-01" : NULL);
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 1 union all select i + 1 from n where i < %d), "
             "c(i, p, k) as (select i, i %% %d, i / %d from n) "
             "insert into contacts (p, start, \"end\", id, level, status, form) "
             "select p, d('2020-01-03') + k * (1 + p %% 8), case when i %% %d = 0 then null "
             "else d('2020-01-03') + k * (1 + p %% 8) + case when i * 7 %% 41 = 3 then i * 13 %% 90 else 0 end end, "
             "'c' || i, case when i * 7 %% 41 = 3 or i %% %d = 0 and i %% 2 = 1 then 'inpatient' "
             "when i %% 3 = 0 then 'emergency' else 'primary' end, case when i %% 9 = 4 then 'booked' else 'done' end, 'visit' from c",
             ROWS * PATIENTS - 1, PATIENTS, PATIENTS, endless, endless);
    small_exec(r, sql);
    small_publish(r, PATIENTS);
}

#define PAIRS(WHERE) \
    "with s as (select p, level source, lead(level) over w target, lead(start) over w - \"end\" gap, lead(start) over w start, " \
    "lead(\"end\") over w \"end\" from contacts " WHERE " window w as (partition by p order by start)) "

static void check(int endless)
{
    static const char *const questions[][2] = {
        {"from steps(contacts where status = done by level gap 7d) group by source, target show n = count(), days = sum(gap)",
         PAIRS("where status = 'done'") "select source, target, count(*), sum(gap) from s where gap <= 7 group by source, target"},
        {"from steps(contacts where status = done by level) where target = emergency group by source, gap show n = count()",
         PAIRS("where status = 'done'") "select source, gap, count(*) from s where target = 'emergency' group by source, gap"},
        {"from steps(contacts by level gap 30d) as s group by target, d = s.end show n = count(), f = min(s.start)",
         PAIRS("") "select target, \"end\", count(*), min(start) from s where gap <= 30 group by target, \"end\""},
        {"from steps(contacts where level = inpatient by status gap 90d) group by gap show n = count()",
         PAIRS("where level = 'inpatient'") "select gap, count(*) from s where gap <= 90 group by gap"},
    };
    small_registry r;
    fill(&r, endless);
    for (size_t q = 0; q < sizeof questions / sizeof *questions; q++)
        for (int again = 0; again < OFTEN; again++)
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
