/* The span that holds on a row's day and is linked to the row by a text, against SQL over the same rows: where all keys are whole
 * numbers, which are compared as such once their blocks have been read, and where some are not. */
#include <stdio.h>

#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { NUMBERS, WORDS, MIXED, REGISTRIES };

typedef struct world {
    small_registry registries[REGISTRIES];
} world;

/* Stays of up to 40 days; each notes the key of one that began before it: mostly an own one, or none there is. */
static void fill(small_registry *r, const char *key)
{
    char sql[1500];
    small_open(r);
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 0 union all select i + 1 from n where i < 79) insert into patients (p, birth, sex)"
             " select i, d('1950-05-05') + i, case i %% 2 when 0 then 'female' else 'male' end from n;"
             "with recursive n(i) as (select 0 union all select i + 1 from n where i < 399)"
             " insert into contacts (p, start, \"end\", id, level, status, form, cost, note)"
             " select i / 5, d('2021-03-01') + i %% 5 * 15, d('2021-03-01') + i %% 5 * 15 + i * 7919 %% 40, %s, 'inpatient',"
             " 'done', 'visit', 100 + i, replace(%s, i, i - i * 31 %% 4) from n;",
             key, key);
    small_exec(r, sql);
    small_publish(r, 13);
}

static int open_world(void **state)
{
    static world w;
    fill(&w.registries[NUMBERS], "'' || i");
    fill(&w.registries[WORDS], "'k' || i");
    fill(&w.registries[MIXED], "case i % 50 when 7 then 'k' else '' end || i");
    *state = &w;
    return 0;
}

static int close_world(void **state)
{
    world *w = *state;
    for (int i = 0; i < REGISTRIES; i++)
        small_close(&w->registries[i]);
    return 0;
}

static void check(const small_registry *r, const char *question, const char *sql)
{
    for (int times = 0; times < 3; times++)
        answer_check(r->registry, r->sql, question, sql);
}

static void a_span_is_found_by_its_key(void **state)
{
    const world *w = *state;
    for (int i = 0; i < REGISTRIES; i++) {
        const small_registry *r = &w->registries[i];
        check(r, "from contacts as c show cost, linked = (contacts where id = c.note).cost at c.start",
              "select cost, (select cost from contacts s where s.p = c.p and s.id = c.note and s.start <= c.start and "
              "s.span_end >= c.start order by ord desc limit 1) from contacts c order by p, ord");
        check(r, "from contacts as c show cost, linked = (contacts where c.id = note).cost at (c.start + 12d)",
              "select cost, (select cost from contacts s where s.p = c.p and s.note = c.id and s.start <= c.start + 12 and "
              "s.span_end >= c.start + 12 order by ord desc limit 1) from contacts c order by p, ord");
    }
}

static void rows_that_are_left_and_repeated_keep_their_keys(void **state)
{
    const world *w = *state;
    for (int i = 0; i < REGISTRIES; i++)
        check(&w->registries[i],
              "from contacts as c where c.cost >= 2.5 each month m in 2021-03..2021-06 where c.start <= m.end "
              "derive linked = (contacts where id = c.note).cost at m.end group by m show n = count(), found = count(where linked is not missing), s = sum(linked)",
              "with m(a, b) as (values (d('2021-03-01'), d('2021-03-31')), (d('2021-04-01'), d('2021-04-30')), "
              "(d('2021-05-01'), d('2021-05-31')), (d('2021-06-01'), d('2021-06-30'))) "
              "select a || '..' || b, count(*), count(linked), coalesce(sum(linked), 0) from (select a, b, (select cost from contacts s where s.p = c.p and "
              "s.id = c.note and s.start <= b and s.span_end >= b order by ord desc limit 1) as linked from contacts c, m "
              "where cost >= 250 and c.start <= b) group by a order by a");
}

/* Those of days before, between and after an owner's spans, of the last and of earlier ones, of days that are not known, and of
 * owners with few of them or none. */
static void the_last_span_that_holds_is_found(void **state)
{
    const world *w = *state;
    static const int least[] = {0, 150, 400}; /* costs from 100 to 499 */
    for (int k = 0; k < 3; k++)
        for (int days = -40; days <= 40; days += 20) {
            char question[400], sql[600];
            snprintf(question, sizeof question,
                     "from contacts as c show cost, other = (contacts where cost >= %d.%02d).cost at (case(c.cost >= 2 then c.start %s %dd))",
                     least[k] / 100, least[k] % 100, days < 0 ? "-" : "+", days < 0 ? -days : days);
            snprintf(sql, sizeof sql,
                     "select cost, case when cost >= 200 then (select cost from contacts s where s.p = c.p and s.cost >= %d and "
                     "s.start <= c.start + %d and s.span_end >= c.start + %d order by ord desc limit 1) end from contacts c order by p, ord",
                     least[k], days, days);
            check(&w->registries[NUMBERS], question, sql);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_is_found_by_its_key),
        cmocka_unit_test(the_last_span_that_holds_is_found),
        cmocka_unit_test(rows_that_are_left_and_repeated_keep_their_keys),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
