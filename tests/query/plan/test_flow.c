/* How many rows and persons each step leaves, as SQL counts them; what of it may be shown. */
#include "tests/query/plan/plan_fixture.h"

#include "core/base/pool.h"

static void count_steps(asked *q, lots_registry *registry, const char *text, uint32_t min_cell, lots_pool *pool, lots_counted *out)
{
    lots_error err;
    const lots_run_options options = {.min_cell = min_cell, .pool = pool};
    ask(q, registry, text);
    assert_ok(lots_count_steps(q->query, q->pipeline, &options, false, out, &err));
}

static void drop_steps(asked *q, lots_counted *counted)
{
    lots_counted_free(counted);
    forget(q);
}

/* A step of a question, and in SQL: rows, persons; NULL ends the list. */
typedef struct flow_case {
    const char *text;
    const char *steps[8];
} flow_case;

static const flow_case flow_cases[] = {
    {"from patients where sex = female where score > 2 show n = count()",
     {"SELECT count(*), count(*) FROM patients", "SELECT count(*), count(*) FROM patients",
      "SELECT count(*), count(*) FROM patients WHERE sex = 'female'",
      "SELECT count(*), count(*) FROM patients WHERE sex = 'female' AND score > 2"}},
    {"from contacts during 2022 where acute where dx in {I50} group by level show n = count()",
     {"SELECT count(*), count(*) FROM patients", "SELECT count(*), count(DISTINCT p) FROM contacts",
      "SELECT count(*), count(DISTINCT p) FROM contacts WHERE start BETWEEN d('2022-01-01') AND d('2022-12-31')",
      "SELECT count(*), count(DISTINCT p) FROM contacts WHERE start BETWEEN d('2022-01-01') AND d('2022-12-31') AND acute",
      "SELECT count(*), count(DISTINCT p) FROM contacts WHERE start BETWEEN d('2022-01-01') AND d('2022-12-31') AND acute"
      " AND id IN (SELECT id FROM code WHERE system = 'icd10' AND code LIKE 'I50%')"}},
    {"let own = contacts where level = inpatient during 2021..2022 from own where cost > 200 show n = count()",
     {"SELECT count(*), count(*) FROM patients", "SELECT count(*), count(DISTINCT p) FROM contacts",
      "SELECT count(*), count(DISTINCT p) FROM contacts WHERE level = 'inpatient'",
      "SELECT count(*), count(DISTINCT p) FROM contacts WHERE level = 'inpatient' AND start BETWEEN d('2021-01-01') AND d('2022-12-31')",
      "SELECT count(*), count(DISTINCT p) FROM contacts WHERE level = 'inpatient' AND start BETWEEN d('2021-01-01') AND"
      " d('2022-12-31') AND cost > 20000"}},
    /* rows ranked in memory, and looked at in their chunks again */
    {"from contacts derive c = cost top 40 by c where exists(drugs before patient.birth + 200y) where c > 300 show n = count()",
     {"SELECT count(*), count(*) FROM patients", "SELECT count(*), count(DISTINCT p) FROM contacts",
      "SELECT count(*), count(DISTINCT p) FROM contacts",
      "WITH t AS (SELECT * FROM contacts WHERE cost >= (SELECT cost FROM contacts WHERE cost IS NOT NULL ORDER BY cost DESC LIMIT 1"
      " OFFSET 39)) SELECT count(*), count(DISTINCT p) FROM t",
      "WITH t AS (SELECT * FROM contacts WHERE cost >= (SELECT cost FROM contacts WHERE cost IS NOT NULL ORDER BY cost DESC LIMIT 1"
      " OFFSET 39)) SELECT count(*), count(DISTINCT p) FROM t JOIN patients USING (p) WHERE birth IS NOT NULL AND"
      " EXISTS (SELECT 1 FROM drugs g WHERE g.p = t.p)",
      "WITH t AS (SELECT * FROM contacts WHERE cost >= (SELECT cost FROM contacts WHERE cost IS NOT NULL ORDER BY cost DESC LIMIT 1"
      " OFFSET 39)) SELECT count(*), count(DISTINCT p) FROM t JOIN patients USING (p) WHERE birth IS NOT NULL AND"
      " EXISTS (SELECT 1 FROM drugs g WHERE g.p = t.p) AND cost > 30000"}},
    /* chunks that can't have a row of the answer count in the steps before */
    {"from patients where score > 2 where exists(contacts during 2031) show n = count()",
     {"SELECT count(*), count(*) FROM patients", "SELECT count(*), count(*) FROM patients",
      "SELECT count(*), count(*) FROM patients WHERE score > 2", "SELECT 0, 0"}},
};

static void steps_leave_what_sql_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof flow_cases / sizeof *flow_cases; i++) {
        asked q;
        lots_counted counted;
        count_steps(&q, r.registry, flow_cases[i].text, 0, NULL, &counted);
        for (uint32_t s = 0; s < 8 && flow_cases[i].steps[s] != NULL; s++) {
            answer a;
            answer_sql(r.sql, flow_cases[i].steps[s], &a);
            const lots_step_count *step = &counted.steps[s];
            if (!step->seen || step->rows != strtoull(a.cells[0], NULL, 10) || step->persons != strtoull(a.cells[1], NULL, 10))
                fail_msg("%s\nafter `%s`: %llu rows of %llu persons, in SQL %s of %s", flow_cases[i].text, step->text,
                         (unsigned long long)step->rows, (unsigned long long)step->persons, a.cells[0], a.cells[1]);
            answer_free(&a);
        }
        drop_steps(&q, &counted);
    }
}

/* Contacts that are not acute are dropped, of persons who keep others: their number isn't that of persons excluded. */
static void persons_who_lost_rows_are_counted_as_in_sql(void **state)
{
    (void)state;
    asked q;
    lots_counted counted;
    count_steps(&q, r.registry, "from contacts where acute where cost > 100 show n = count()", 0, NULL, &counted);
    assert_int_equal(counted.steps[2].lost, in_sql("SELECT count(DISTINCT p) FROM contacts WHERE acute IS NOT 1"));
    assert_int_equal(counted.steps[3].lost,
                     in_sql("SELECT count(DISTINCT p) FROM contacts WHERE acute = 1 AND (cost IS NULL OR cost <= 10000)"));
    drop_steps(&q, &counted);
}

static void threads_change_no_count(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool = NULL;
    assert_ok(lots_pool_open(&pool, 4, &err));
    for (size_t i = 0; i < sizeof flow_cases / sizeof *flow_cases; i++) {
        asked q, p;
        lots_counted one, four;
        count_steps(&q, r.registry, flow_cases[i].text, 5, NULL, &one);
        count_steps(&p, r.registry, flow_cases[i].text, 5, pool, &four);
        assert_int_equal(one.step_count, four.step_count);
        for (uint32_t s = 0; s < one.step_count; s++) {
            assert_int_equal(one.steps[s].rows, four.steps[s].rows);
            assert_int_equal(one.steps[s].persons, four.steps[s].persons);
            assert_int_equal(one.steps[s].lost, four.steps[s].lost);
        }
        drop_steps(&q, &one);
        drop_steps(&p, &four);
    }
    lots_pool_close(pool);
}

/* ---- what may be shown ---- */

/* 30 patients, score 1..30, each with so many contacts as the score's last digit, one a day. */
static void open_thirty(small_registry *t)
{
    char sql[200];
    small_open(t);
    for (int p = 0; p < 30; p++) {
        small_patient(t, "1950-01-01", "female", NULL);
        snprintf(sql, sizeof sql, "UPDATE patients SET score = %d WHERE p = %d", p + 1, p);
        small_exec(t, sql);
        for (int n = 0; n < (p + 1) % 10; n++) {
            char day[24];
            snprintf(day, sizeof day, "2022-03-%02d", n + 1);
            small_contact(t, p, day, NULL, n == 8 ? "emergency" : "primary", NULL, NULL);
        }
    }
    small_publish(t, 7);
}

typedef struct shown_case {
    const char *text;
    int64_t persons[8]; /* by step */
    int64_t out[8];
} shown_case;

static void small_numbers_and_those_that_give_them_away_are_hidden(void **state)
{
    (void)state;
    static const shown_case cases[] = {
        /* 3 are left */
        {"from patients where score > 27 show n = count()", {30, 30, LOTS_HIDDEN}, {LOTS_NONE, 0, LOTS_WITHHELD}},
        /* 3 are left out: 27 would say so */
        {"from patients where score > 3 show n = count()", {30, 30, LOTS_WITHHELD}, {LOTS_NONE, 0, LOTS_HIDDEN}},
        /* 3, then 3 more: 24 tells of 6 only; how the 6 came about stays hidden */
        {"from patients where score > 3 where score > 6 show n = count()", {30, 30, LOTS_WITHHELD, 24},
         {LOTS_NONE, 0, LOTS_HIDDEN, LOTS_HIDDEN}},
        /* 3, then 7: the 7 would give the 3 away */
        {"from patients where score > 3 where score > 10 show n = count()", {30, 30, LOTS_WITHHELD, 20},
         {LOTS_NONE, 0, LOTS_HIDDEN, LOTS_WITHHELD}},
        /* after a hidden number one that is the same is hidden too */
        {"from patients where score > 3 where score > 0 show n = count()", {30, 30, LOTS_WITHHELD, LOTS_WITHHELD},
         {LOTS_NONE, 0, LOTS_HIDDEN, 0}},
        /* nobody is no secret */
        {"from patients where score > 20 where score > 99 show n = count()", {30, 30, 10, 0}, {LOTS_NONE, 0, 20, 10}},
        /* 3 persons have no contact */
        {"from contacts where level = primary show n = count()", {30, LOTS_WITHHELD, LOTS_WITHHELD}, {LOTS_NONE, LOTS_HIDDEN, 0}},
    };
    small_registry t;
    open_thirty(&t);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked q;
        lots_counted counted;
        count_steps(&q, t.registry, cases[i].text, 5, NULL, &counted);
        for (uint32_t s = 0; s + 1 < counted.step_count; s++) /* the last reduces all rows to one */
            if (counted.steps[s].shown_persons != cases[i].persons[s] || counted.steps[s].persons_out != cases[i].out[s])
                fail_msg("%s: step %u shows %lld persons, %lld out", cases[i].text, s,
                         (long long)counted.steps[s].shown_persons, (long long)counted.steps[s].persons_out);
        drop_steps(&q, &counted);
    }
    small_close(&t);
}

/* Three persons lose one emergency contact each and keep the others: nobody is excluded, but the rows would tell of three. */
static void rows_that_few_persons_lost_are_hidden(void **state)
{
    (void)state;
    small_registry t;
    asked q;
    lots_counted counted;
    open_thirty(&t);
    count_steps(&q, t.registry, "from contacts where level = primary show n = count()", 5, NULL, &counted);
    assert_int_equal(counted.steps[2].lost, 3);
    assert_int_equal(counted.steps[1].shown_rows, 135); /* how many a stream has is no secret */
    assert_true(counted.steps[2].shown_rows == LOTS_WITHHELD);
    assert_true(counted.steps[2].rows_out == LOTS_HIDDEN);
    drop_steps(&q, &counted);
    small_close(&t);
}

static void groups_have_rows_but_no_persons(void **state)
{
    (void)state;
    asked q;
    lots_counted counted;
    lots_error err;
    lots_result result;
    count_steps(&q, r.registry, "from patients where score > 0 group by sex show n = count() sort n where n > 0 limit 1", 5, NULL,
                &counted);
    const lots_step_count *last = &counted.steps[counted.step_count - 1];
    assert_true(last->grouped);
    assert_int_equal(last->shown_rows, 1);
    assert_true(last->shown_persons == LOTS_NONE);
    assert_ok(lots_flow_result(&counted, &result, &err));
    assert_int_equal(result.rows, 6); /* registry, source, where, group by, where, limit: sort leaves nothing out */
    assert_string_equal(((const lots_text *)result.columns[1].values.data)[0].text, "all patients of the registry");
    lots_result_free(&result);
    drop_steps(&q, &counted);
}

static void an_analysed_plan_carries_the_counts_and_the_work(void **state)
{
    (void)state;
    lots_error err;
    asked q;
    lots_counted counted;
    lots_outline plan;
    const lots_run_options options = {.min_cell = 5};
    ask(&q, r.registry, "from contacts during 2022 where dx in {A184C} or cost > 0 show n = count()");
    assert_ok(lots_count_steps(q.query, q.pipeline, &options, true, &counted, &err));
    assert_ok(lots_plan_make(q.query, q.pipeline, &options, &counted, &plan, &err));
    assert_int_equal(line_of(&plan, "source", 0)->rows,
                     in_sql("SELECT count(*) FROM contacts WHERE start BETWEEN d('2022-01-01') AND d('2022-12-31')"));
    assert_true(counted.work.values > 0 && counted.work.chunks > 0);
    assert_contains(line_of(&plan, "work", 0)->text, "values decoded");
    lots_outline_free(&plan);
    drop_steps(&q, &counted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_leave_what_sql_leaves),
        cmocka_unit_test(persons_who_lost_rows_are_counted_as_in_sql),
        cmocka_unit_test(threads_change_no_count),
        cmocka_unit_test(small_numbers_and_those_that_give_them_away_are_hidden),
        cmocka_unit_test(rows_that_few_persons_lost_are_hidden),
        cmocka_unit_test(groups_have_rows_but_no_persons),
        cmocka_unit_test(an_analysed_plan_carries_the_counts_and_the_work),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
