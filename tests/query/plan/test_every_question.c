/* Every question of tests/query/cases is explained, counted and followed: whatever can be asked can be explained; nothing is
 * left without words; the last step counted leaves the rows of the answer; those of all persons add up to them. */
#include "tests/query/plan/plan_fixture.h"

enum { FEW = 28, FOLLOWED_EVERY = 9 };

static int open_few(void **state)
{
    (void)state;
    small_open(&r);
    small_random(&r, 2, FEW);
    small_publish(&r, 5);
    return 0;
}

static void explain_it(const asked *q, const char *text)
{
    lots_error err;
    lots_outline plan;
    lots_result result;
    const lots_run_options options = {.min_cell = 5};
    assert_ok(lots_plan_make(q->query, q->pipeline, &options, NULL, &plan, &err));
    assert_ok(lots_outline_result(&plan, LOTS_OUTLINE_PLAN, false, &result, &err));
    if (strchr(result.outline, '?') != NULL) /* what words.c has no words for */
        fail_msg("%s\nis explained as\n%s", text, result.outline);
    for (size_t i = 1; i < plan.lines.count; i++)
        assert_true(LOTS_AT(lots_line, &plan.lines, i).depth <= LOTS_AT(lots_line, &plan.lines, i - 1).depth + 2);
    lots_result_free(&result);
    lots_outline_free(&plan);
}

/* The pipeline that the questions after `into cohort` and those of rows have in common: rows of persons that can be counted. */
static void count_it(const asked *q, const char *text, uint32_t *rows)
{
    lots_error err;
    lots_counted counted;
    lots_result result;
    const lots_run_options options = {0};
    assert_ok(lots_count_steps(q->query, q->pipeline, &options, false, &counted, &err));
    assert_ok(lots_run_pipeline(q->query, q->pipeline, &options, &result, &err));
    const lots_step_count *last = &counted.steps[counted.step_count - 1];
    bool drawn = q->pipeline->chart != NULL || q->pipeline->into != NULL || q->pipeline->pivoted;
    if (!drawn && (!last->seen || last->rows != result.rows))
        fail_msg("%s\nthe last step leaves %llu rows, the answer has %u", text, (unsigned long long)last->rows, result.rows);
    *rows = result.rows;
    lots_result_free(&result);
    lots_counted_free(&counted);
}

static uint64_t follow_one(const asked *q, uint32_t patient)
{
    lots_error err;
    lots_outline way;
    uint64_t rows = 0;
    const lots_run_options options = {0};
    assert_ok(lots_why_make(q->query, q->pipeline, &options, patient, &way, &rows, &err));
    lots_outline_free(&way);
    return rows;
}

static void follow_it(const asked *q, const char *text, uint32_t wanted, bool all)
{
    uint64_t rows = 0;
    bool table = q->pipeline->stage_count > 0 && q->pipeline->stages[0].kind == LOTS_STAGE_TABLE;
    if (q->pipeline->nobody || table)
        return;
    for (uint32_t p = 0; p < FEW; p += all ? 1 : 11)
        rows += follow_one(q, p);
    bool listed = !q->pipeline->aggregated && q->pipeline->into == NULL;
    if (all && listed && rows != wanted)
        fail_msg("%s\n%llu rows of all persons, %u in the answer", text, (unsigned long long)rows, wanted);
}

static void every_question_can_be_explained_counted_and_followed(void **state)
{
    (void)state;
    static const char *const files[] = {"cohorts", "each", "episodes", "joins", "names", "pipelines", "pivot", "questions",
                                        "rows", "sets", "survival", "tables", "totals", "values", "windows"};
    uint32_t asked_count = 0;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char path[128];
        text_cases cases;
        snprintf(path, sizeof path, "tests/query/cases/%s.txt", files[f]);
        text_cases_read(&cases, path);
        for (int i = 0; i < cases.count; i++, asked_count++) {
            asked q;
            uint32_t rows = 0;
            ask(&q, r.registry, cases.items[i].parts[0]);
            explain_it(&q, cases.items[i].parts[0]);
            count_it(&q, cases.items[i].parts[0], &rows);
            follow_it(&q, cases.items[i].parts[0], rows, i % FOLLOWED_EVERY == 0);
            forget(&q);
        }
        text_cases_free(&cases);
    }
    assert_true(asked_count > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_question_can_be_explained_counted_and_followed)};
    return cmocka_run_group_tests(tests, open_few, close_registry);
}
