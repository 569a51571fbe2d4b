/* Panels, patients by periods of a constant interval, against SQL over the same rows: events on the first and last days of periods,
 * several in one and none, sets that are part of another; few periods and several words of them; of all patients, of some, and from
 * a day of each patient's own on. */
#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PATIENTS = 60, OF_SEGMENT = 25 };

static int open_world(void **state)
{
    static small_registry r;
    small_open(&r);
    small_random(&r, 23, PATIENTS);
    small_publish(&r, OF_SEGMENT);
    *state = &r;
    return 0;
}

static int close_world(void **state)
{
    small_close(*state);
    return 0;
}

typedef struct kind {
    const char *each;  /* the periods, */
    const char *first; /* of each day of 2019 to 2024 that begins one: the condition, */
    const char *last;  /* and the period's last day */
} kind;

static const kind kinds[] = {
    {"day x in 2021-02-10..2021-07-20", "x between d('2021-02-10') and d('2021-07-20')", "x"},
    {"day x in 2021-12-25..2022-01-05", "x between d('2021-12-25') and d('2022-01-05')", "x"},
    {"week x in 2021-01-04..2022-12-25", "x between d('2021-01-04') and d('2022-12-25') and dow(x) = 1", "x + 6"},
    {"month x in 2020..2022", "year(x) between 2020 and 2022 and mday(x) = 1", "addm(x, 1) - 1"},
};

typedef struct choice {
    const char *before, *after; /* of the patients, and of their periods, */
    const char *sql;            /* and the same of a row of both */
} choice;

static const choice choices[] = {
    {"", "", "1"},
    {"where sex = female", "", "sex = 'female'"},
    {"", "where x.start >= birth + 80y", "birth is not null and first >= addm(birth, 960)"},
};

static void ask(const small_registry *r, const kind *periods, const choice *rows)
{
    char question[1500], sql[2500];
    snprintf(question, sizeof question,
             "from patients %s each %s %s derive n = count(contacts during x), e = count(contacts where level = emergency during x), "
             "d = count(drugs during x), cost = sum(cost over contacts where status = done during x) group by x "
             "show people = count(), any = count(where n > 0), n = sum(n), e = sum(e), d = sum(d), cost = sum(cost)",
             rows->before, periods->each, rows->after);
    snprintf(sql, sizeof sql,
             "with periods as (select x first, %s last from days where %s), "
             "rows as (select p.p, first, last from patients p, periods where %s), "
             "told as (select first, last, (select count(*) from contacts c where c.p = r.p and start between first and last) n, "
             "(select count(*) from contacts c where c.p = r.p and start between first and last and level = 'emergency') e, "
             "(select count(*) from drugs g where g.p = r.p and start between first and last) g, "
             "(select coalesce(sum(cost), 0) from contacts c where c.p = r.p and start between first and last and status = 'done') s "
             "from rows r) select first || '..' || last, count(*), sum(n > 0), sum(n), sum(e), sum(g), sum(s) from told group by first",
             periods->last, periods->first, rows->sql);
    answer_check(r->registry, r->sql, question, sql);
}

static void panels_hold_the_events_of_their_periods(void **state)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t c = 0; c < sizeof choices / sizeof *choices; c++)
            ask(*state, &kinds[k], &choices[c]);
}

/* Of a chunk's many patients most have some: those without are what is left of all of them. */
static void most_patients_have_events_in_a_year(void **state)
{
    enum { MANY = 150 };
    static const kind years = {"year x in 2020..2022", "year(x) between 2020 and 2022 and month(x) = 1 and mday(x) = 1",
                               "addm(x, 12) - 1"};
    static small_registry r;
    (void)state;
    small_open(&r);
    small_random(&r, 29, MANY);
    small_publish(&r, MANY);
    for (size_t c = 0; c < sizeof choices / sizeof *choices; c++)
        ask(&r, &years, &choices[c]);
    small_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(panels_hold_the_events_of_their_periods),
                                       cmocka_unit_test(most_patients_have_events_in_a_year)};
    return cmocka_run_group_tests(tests, open_world, close_world);
}
