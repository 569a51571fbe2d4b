/* test_oracle.c: each question of cases/ is asked of Lots, with one thread and with two, and of SQLite over the same rows; the
 * rows are made by chance, for several seeds. Anyone can add a case: the question, a line `---`, the same in SQL. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/os.h"
#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { SEEDS = 3, PATIENTS = 28, SEGMENT_PATIENTS = 3 };

typedef struct world {
    small_registry registries[SEEDS];
    lots_pool *pool;
} world;

static int open_world(void **state)
{
    lots_error err;
    world *w = calloc(1, sizeof *w);
    *state = w;
    assert_ok(lots_pool_open(&w->pool, 2, &err));
    for (int i = 0; i < SEEDS; i++) {
        small_open(&w->registries[i]);
        small_random(&w->registries[i], (uint64_t)i + 1, PATIENTS);
        small_publish(&w->registries[i], SEGMENT_PATIENTS);
    }
    return 0;
}

static int close_world(void **state)
{
    world *w = *state;
    for (int i = 0; i < SEEDS; i++)
        small_close(&w->registries[i]);
    lots_pool_close(w->pool);
    free(w);
    return 0;
}

/* *rows grows by the rows of the answer: a case that never has any shows nothing. */
static int ask(const world *w, int seed, const char *path, const text_case *item, uint32_t *rows)
{
    const small_registry *r = &w->registries[seed];
    lots_error err;
    answer one, two, oracle;
    char why[1000] = "";
    lots_error_clear(&err);
    lots_status status = answer_lots(r->registry, item->parts[0], NULL, NULL, &one, &err);
    if (status != LOTS_OK) {
        print_error("%s:%d: seed %d: %s: %s (%s) at %d..%d\n", path, item->line, seed, lots_status_name(status), err.text,
                    err.hint, (int)err.at, (int)err.at_end);
        return 1;
    }
    assert_ok(answer_lots(r->registry, item->parts[0], NULL, w->pool, &two, &err));
    answer_sql(r->sql, item->parts[1], &oracle);
    bool good = answer_same(&one, &oracle, why);
    if (good && !answer_identical(&one, &two)) {
        good = false;
        snprintf(why, sizeof why, "two threads answer otherwise than one");
    }
    if (!good)
        print_error("%s:%d: seed %d: %s\n", path, item->line, seed, why);
    *rows += oracle.rows;
    answer_free(&one);
    answer_free(&two);
    answer_free(&oracle);
    return good ? 0 : 1;
}

static void ask_all(void **state, const char *path)
{
    const world *w = *state;
    text_cases cases;
    int failed = 0;
    text_cases_read(&cases, path);
    assert_true(cases.count > 0);
    for (int i = 0; i < cases.count; i++) {
        uint32_t rows = 0;
        if (cases.items[i].part_count != 2)
            fail_msg("%s:%d: a case is a question, ---, and its SQL", path, cases.items[i].line);
        for (int seed = 0; seed < SEEDS; seed++)
            if (ask(w, seed, path, &cases.items[i], &rows) != 0) {
                failed++;
                rows = 1;
                break;
            }
        if (rows == 0) {
            print_error("%s:%d: no seed has a row\n", path, cases.items[i].line);
            failed++;
        }
    }
    if (failed > 0)
        fail_msg("%d of %d cases differ", failed, cases.count);
    text_cases_free(&cases);
}

#define ASK(name, file)                       \
    static void name(void **state)            \
    {                                         \
        ask_all(state, "tests/query/cases/" file); \
    }

ASK(values_and_operators_are_as_in_sql, "values.txt")
ASK(windows_and_dates_are_as_in_sql, "windows.txt")
ASK(event_sets_and_aggregates_are_as_in_sql, "sets.txt")
ASK(episodes_and_steps_are_as_in_sql, "episodes.txt")
ASK(pipelines_are_as_in_sql, "pipelines.txt")
ASK(names_and_functions_are_as_in_sql, "names.txt")
ASK(real_questions_are_as_in_sql, "questions.txt")
ASK(survival_is_as_in_sql, "survival.txt")
ASK(aggregates_and_ranks_of_rows_are_as_in_sql, "rows.txt")
ASK(rows_are_multiplied_as_in_sql, "each.txt")
ASK(tables_and_values_as_of_a_day_are_as_in_sql, "tables.txt")
ASK(joins_are_as_in_sql, "joins.txt")
ASK(cohorts_are_as_in_sql, "cohorts.txt")
ASK(totals_are_as_in_sql, "totals.txt")
ASK(pivoted_groups_are_as_in_sql, "pivot.txt")

static void no_rows_pass_through_every_stage(void **state)
{
    static const struct {
        const char *text;
        uint32_t rows;
    } cases[] = {
        {"from patients where score > 1000 show score, sex, birth", 0},
        {"from drugs where atc in {icd10:I50} show packs", 0},
        {"from contacts where cost > 100000 sort cost limit 3 show cost, dx, note", 0},
        {"from contacts where cost > 100000 top 10% by cost derive n = count(drugs during 2023) show n, cost", 0},
        {"from patients where score > 1000 derive t = top(10%, score), r = rank(score) where t show r, id", 0},
        {"from contacts where cost > 100000 sort cost group by level show n = count(), m = median(cost)", 0},
        {"from contacts where cost > 100000 sort cost show n = count(), m = median(cost), g = gini(cost)", 1},
        {"from contacts where cost > 100000 group by level show n = count() sort n top 1 by n group by n show k = count()", 0},
        {"from contacts where cost > 100000", 0},
        {"from contacts where cost > 100000 join units on unit show beds, n = count(drugs)", 0},
        {"from contacts where cost > 100000 group by unit show n = count() join units on unit show beds, n", 0},
        {"from table units where beds > 100 join units on unit, region, beds group by region show n = count()", 0},
        {"from table units where beds > 100 show n = count(), m = max(beds)", 1},
        {"from contacts limit 0 derive s = set(unit over contacts), e = year_of(start) show s, e", 0},
    };
    const world *w = *state;
    lots_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer got;
        assert_ok(answer_lots(w->registries[0].registry, cases[i].text, NULL, w->pool, &got, &err));
        assert_int_equal(got.rows, cases[i].rows);
        answer_free(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rows_pass_through_every_stage),
        cmocka_unit_test(values_and_operators_are_as_in_sql), cmocka_unit_test(windows_and_dates_are_as_in_sql),
        cmocka_unit_test(event_sets_and_aggregates_are_as_in_sql), cmocka_unit_test(episodes_and_steps_are_as_in_sql),
        cmocka_unit_test(pipelines_are_as_in_sql), cmocka_unit_test(names_and_functions_are_as_in_sql),
        cmocka_unit_test(real_questions_are_as_in_sql),
        cmocka_unit_test(survival_is_as_in_sql),
        cmocka_unit_test(aggregates_and_ranks_of_rows_are_as_in_sql),
        cmocka_unit_test(rows_are_multiplied_as_in_sql),
        cmocka_unit_test(tables_and_values_as_of_a_day_are_as_in_sql), cmocka_unit_test(joins_are_as_in_sql),
        cmocka_unit_test(cohorts_are_as_in_sql),
        cmocka_unit_test(totals_are_as_in_sql), cmocka_unit_test(pivoted_groups_are_as_in_sql),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
