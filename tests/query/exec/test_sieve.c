/* Questions that begin with what one event of each patient says, against SQL over the same rows: most patients are dropped before
 * anything is made of their events, others have the value asked for in an event that is not the one. */
#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PATIENTS = 70 };

/* Two homes of each patient but every ninth, some of them at the same time and few in Kiruna; ten contacts of each but every eleventh,
 * few of them emergencies. */
static int open_registry(void **state)
{
    static small_registry r;
    char sql[1800];
    small_open(&r);
    for (int p = 0; p < PATIENTS; p++)
        small_patient(&r, "1950-05-05", p % 2 == 0 ? "female" : "male", p % 13 == 5 ? "2022-08-08" : NULL);
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 0 union all select i + 1 from n where i < %d)"
             " insert into residence (p, start, \"end\", municipality) select i / 2, d('2020-02-01') + i %% 2 * (300 + i * 7 %% 500),"
             " case when i %% 2 = 0 then d('2020-02-01') + 299 + i * 11 %% 700 end, case when i %% 17 = 3 then null when i * 5 %% 7 = 3 then 'Kiruna'"
             " when i %% 2 = 0 then 'Alvik' else 'Boden' end"
             " from n where i / 2 %% 9 <> 4;"
             "with recursive n(i) as (select 0 union all select i + 1 from n where i < %d)"
             " insert into contacts (p, start, id, level, status, form, cost) select i %% %d, d('2020-01-15') + i * 7919 %% 1400, 'c' || i,"
             " case i * 31 %% 23 when 0 then 'emergency' when 1 then 'specialist' else 'primary' end, 'done', 'visit', 100 + i"
             " from n where i %% %d %% 11 <> 6;",
             2 * PATIENTS - 1, 10 * PATIENTS - 1, PATIENTS, PATIENTS);
    small_exec(&r, sql);
    small_publish(&r, 27);
    *state = &r;
    return 0;
}

static int close_registry(void **state)
{
    small_close(*state);
    return 0;
}

/* The home on a day, of patients as t. */
#define HOME                                                                                                        \
    "(select municipality from residence l where l.p = t.p and start <= d('2021-06-15') and span_end >= d('2021-06-15') " \
    "order by ord desc limit 1)"
#define VISITS "(select count(*) from contacts c where c.p = t.p and level = 'primary' and year(c.start) = 2021)"

typedef struct condition {
    const char *lots, *sql;
} condition;

static const condition conditions[] = {
    {"residence.municipality at 2021-06-15 = Kiruna", HOME " = 'Kiruna'"},
    {"Kiruna = residence.municipality at 2021-06-15", HOME " = 'Kiruna'"},
    {"residence.municipality at 2021-06-15 = Kiruna and sex = female", HOME " = 'Kiruna' and sex = 'female'"},
    {"alive at 2022-12-31 and (sex = male and residence.municipality at 2021-06-15 = Kiruna)",
     "(death is null or death > d('2022-12-31')) and sex = 'male' and " HOME " = 'Kiruna'"},
    {"residence.municipality at 2021-06-15 = Kiruna or sex = female", HOME " = 'Kiruna' or sex = 'female'"},
    {"not (residence.municipality at 2021-06-15 = Kiruna)", "not (" HOME " = 'Kiruna')"},
    {"residence.municipality at 2021-06-15 = Kiruna and exists(contacts where level = emergency)",
     HOME " = 'Kiruna' and exists (select 1 from contacts c where c.p = t.p and level = 'emergency')"},
    {"residence.municipality at 2021-06-15 = Kiruna and residence.municipality at 2021-06-15 != Boden", HOME " = 'Kiruna'"},
    {"first(contacts).level = emergency", "(select level from contacts c where c.p = t.p order by ord limit 1) = 'emergency'"},
    {"last(contacts where cost > 3).level = specialist and sex = male",
     "(select level from contacts c where c.p = t.p and cost > 300 order by ord desc limit 1) = 'specialist' and sex = 'male'"},
};

static void groups_are_of_those_whose_event_says_so(void **state)
{
    const small_registry *r = *state;
    char question[500], sql[1500];
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        snprintf(question, sizeof question,
                 "from patients where %s derive n = count(contacts where level = primary during 2021) group by n show people = count()",
                 conditions[i].lots);
        snprintf(sql, sizeof sql, "select " VISITS " n, count(*) from patients t where %s group by n", conditions[i].sql);
        answer_check(r->registry, r->sql, question, sql);
    }
}

static void lists_are_of_those_whose_event_says_so(void **state)
{
    const small_registry *r = *state;
    char question[500], sql[1500];
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        snprintf(question, sizeof question, "from patients where %s show n = count(contacts where level = primary during 2021), sex",
                 conditions[i].lots);
        snprintf(sql, sizeof sql, "select " VISITS ", sex from patients t where %s order by p", conditions[i].sql);
        answer_check(r->registry, r->sql, question, sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_of_those_whose_event_says_so),
        cmocka_unit_test(lists_are_of_those_whose_event_says_so),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
