/* stays.h: contacts of which most end on the day they start, some are stays of days or weeks, and all, most or few have an end: questions
 * about them, against SQL over the same rows. Includers: test_steps.c, test_known.c. */
#ifndef LOTS_TEST_STAYS_H
#define LOTS_TEST_STAYS_H

#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

typedef struct stays {
    const char *emergency, *status, *dx; /* in SQL, of contact i, which is its patient p's k-th: is it one; which has it */
    const char *const (*questions)[2];   /* in Lots, in SQL */
    size_t question_count;
    int times; /* each is asked */
} stays;

/* 130 contacts of each patient, one day to eight after the other. `endless`: how many have one without an end among them, which every
 * second time is a stay. `undated`: one of a third of the patients' has no start. */
static inline void fill_stays(small_registry *r, const stays *of, int endless, bool undated)
{
    enum { PATIENTS = 60, ROWS = 130 };
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
             "when %s then 'emergency' else 'primary' end, %s, 'visit', %s from c",
             ROWS * PATIENTS - 1, PATIENTS, PATIENTS, endless, endless, of->emergency, of->status, of->dx);
    small_exec(r, sql);
    if (undated) /* it stands behind the others */
        small_exec(r, "update contacts set start = null, \"end\" = null where p % 3 = 1 and rowid / 60 = 50");
    small_publish(r, PATIENTS);
}

static inline void check_stays(const stays *of, int endless, bool undated)
{
    small_registry r;
    fill_stays(&r, of, endless, undated);
    for (size_t q = 0; q < of->question_count; q++)
        for (int time = 0; time < of->times; time++)
            answer_check(r.registry, r.sql, of->questions[q][0], of->questions[q][1]);
    small_close(&r);
}

static inline void all_have_ends(void **of) { check_stays(*of, 1000000, false); }
static inline void few_have_no_end(void **of) { check_stays(*of, 97, false); }
static inline void many_have_no_end(void **of) { check_stays(*of, 7, false); }

#define STAYS_TESTS(OF)                                   \
    cmocka_unit_test_prestate(all_have_ends, (OF)),       \
        cmocka_unit_test_prestate(few_have_no_end, (OF)), \
        cmocka_unit_test_prestate(many_have_no_end, (OF))

#endif
