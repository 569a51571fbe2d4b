/* test_run.c: a run can be stopped and limited, tells its progress, and does the same work with any number of threads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/pool.h"
#include "query/exec/run.h"
#include "tests/support/small_registry.h"

typedef struct asked {
    lots_arena arena;
    lots_sources sources;
    lots_query *query;
    const lots_bound_pipeline *pipeline;
} asked;

static small_registry registry;

static int open_registry(void **state)
{
    (void)state;
    small_open(&registry);
    small_random(&registry, 7, 60);
    small_publish(&registry, 2); /* thirty chunks */
    return 0;
}

static int close_registry(void **state)
{
    (void)state;
    small_close(&registry);
    return 0;
}

static void bind(const char *text, asked *out)
{
    lots_error err;
    memset(out, 0, sizeof *out);
    lots_arena_init(&out->arena, 0);
    assert_ok(lots_query_bind(registry.registry, text, strlen(text), "query", NULL, &out->arena, &out->sources, &out->query,
                              &err));
    out->pipeline = &out->query->pipelines[out->query->pipeline_count - 1];
}

static const char heavy[] = "from contacts as e derive n = count(contacts within 90d of e.start), s = set(dx over contacts)"
                            " top 50% by n group by n show k = count(), m = median(cost), d = count(distinct s)";

static void a_run_stops_when_told(void **state)
{
    asked q;
    lots_error err;
    lots_result result;
    lots_pool *pool;
    _Atomic bool stop = true;
    (void)state;
    bind(heavy, &q);
    assert_ok(lots_pool_open(&pool, 2, &err));
    const lots_run_options alone = {.stop = &stop}, shared = {.stop = &stop, .pool = pool};
    assert_status(LOTS_INTERRUPTED, lots_run_pipeline(q.query, q.pipeline, &alone, &result, &err));
    assert_status(LOTS_INTERRUPTED, lots_run_pipeline(q.query, q.pipeline, &shared, &result, &err));
    lots_pool_close(pool);
    lots_arena_free(&q.arena);
}

static void a_run_that_needs_more_memory_than_it_may_have_says_so(void **state)
{
    asked q;
    lots_error err;
    lots_result result;
    (void)state;
    bind(heavy, &q);
    for (size_t limit = 1000; limit < 200000; limit *= 3) {
        const lots_run_options options = {.memory_bytes = limit};
        lots_error_clear(&err);
        lots_status status = lots_run_pipeline(q.query, q.pipeline, &options, &result, &err);
        if (status == LOTS_OK) {
            assert_true(result.memory_peak_bytes > 0 && result.memory_peak_bytes <= limit);
            lots_result_free(&result);
        } else if (status != LOTS_LIMIT) {
            fail_msg("%s: %s", lots_status_name(status), err.text);
        } else {
            assert_true(err.at != LOTS_NOWHERE); /* the stage, or what in it, is pointed at */
            assert_contains(err.hint, "--memory");
        }
    }
    const lots_run_options little = {.memory_bytes = 1000};
    assert_status(LOTS_LIMIT, lots_run_pipeline(q.query, q.pipeline, &little, &result, &err));
    lots_arena_free(&q.arena);
}

typedef struct seen {
    uint64_t calls, passes, done, all;
} seen;

static void note_progress(void *context, uint64_t done, uint64_t all)
{
    seen *s = context;
    assert_true(done <= all);
    s->passes += s->calls == 0 || done < s->done ? 1 : 0;
    s->calls++;
    s->done = done;
    s->all = all;
}

static void progress_reaches_the_end_and_work_is_the_same_for_any_threads(void **state)
{
    asked q;
    lots_error err;
    lots_work work[3];
    (void)state;
    bind(heavy, &q);
    for (unsigned threads = 1; threads <= 3; threads++) {
        seen progress = {0, 0, 0, 0};
        lots_pool *pool;
        lots_result result;
        assert_ok(lots_pool_open(&pool, threads, &err));
        const lots_run_options options = {.pool = pool, .progress = note_progress, .progress_context = &progress};
        assert_ok(lots_run_pipeline(q.query, q.pipeline, &options, &result, &err));
        assert_int_equal(progress.done, progress.all);
        assert_int_equal(progress.all, 30);
        assert_int_equal(progress.passes, 2); /* to the top, and from it to the groups */
        work[threads - 1] = result.work;
        assert_memory_equal(&work[0], &work[threads - 1], sizeof work[0]);
        lots_result_free(&result);
        lots_pool_close(pool);
    }
    lots_arena_free(&q.arena);
}

/* Overflow is an error that says where, not a wrong number: in a row, in a sum of groups, in a sum of groups of groups. */
static void sums_that_do_not_fit_are_errors_with_a_place(void **state)
{
    static const struct {
        const char *text, *marked;
    } cases[] = {
        {"from patients show n = sum(9223372036854775807)", "9223372036854775807"},
        {"from patients where score is not missing show x = (score + 10) * 4611686018427387904", "(score + 10) * 4611686018427387904"},
        {"from patients derive x = 4611686018427387904 group by sex show n = sum(x)", "4611686018427387904"},
        {"from contacts group by level show n = 4611686018427387904 + count() show all = sum(n)",
         "4611686018427387904 + count()"},
        {"from patients show n = sum(9.0 ^ 323)", "9.0 ^ 323"},
        {"from contacts show n = sum(9.0 ^ 323 over contacts)", "sum(9.0 ^ 323 over contacts)"},
        {"from contacts as e show n = sum(9.0 ^ 323 over contacts until e.start)",
         "sum(9.0 ^ 323 over contacts until e.start)"},
        {"from contacts show sum(9223372036854775807 over contacts)", "sum(9223372036854775807 over contacts)"},
    };
    lots_error err;
    lots_result result;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked q;
        bind(cases[i].text, &q);
        assert_status(LOTS_QUERY, lots_run_pipeline(q.query, q.pipeline, NULL, &result, &err));
        size_t bytes = strlen(cases[i].marked);
        bool placed = err.at_end - err.at == bytes && memcmp(cases[i].text + err.at, cases[i].marked, bytes) == 0;
        if (!placed)
            fail_msg("%s: %s at %d..%d", cases[i].text, err.text, (int)err.at, (int)err.at_end);
        lots_arena_free(&q.arena);
    }
}

/* The mean of floats lies between them, whatever their sum does; of equal ones it is each of them. */
static void means_are_known_where_the_sum_is_beyond_all_floats(void **state)
{
    static const char *const texts[] = {"from patients show n = mean(9.0 ^ 323)",
                                        "from patients show n = max(mean(9.0 ^ 323 over contacts))",
                                        "from contacts as e show n = max(mean(9.0 ^ 323 over contacts until e.start))"};
    const double wanted = pow(9, 323);
    lots_error err;
    lots_result result;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        asked q;
        bind(texts[i], &q);
        assert_ok(lots_run_pipeline(q.query, q.pipeline, NULL, &result, &err));
        assert_int_equal(result.rows, 1);
        assert_memory_equal(&wanted, result.columns[0].values.data, sizeof wanted);
        lots_result_free(&result);
        lots_arena_free(&q.arena);
    }
}

/* Chunks of 1, 7 and 60 persons, 1 to 4 threads: whatever is reckoned of floats, no order of adding shows. */
static void floats_have_the_same_bits_however_the_persons_are_cut(void **state)
{
    static const char text[] =
        "from contacts derive x = float(cost) / 7 + days(registry.from, start) / 3, y = ln(1 + abs(float(cost))) / 3"
        " group by level show a = sum(x), b = mean(y), c = sd(x), d = sd(y), e = sd(cost), f = gini(y), g = share(y),"
        " h = top_share(y, 15%), i = lorenz_share(y, 15%), j = quantile(x, 31%), k = median(y), l = min(x), m = sd(y where acute)";
    static const uint32_t sizes[] = {60, 1, 7};
    static double values[13][16];
    const small_registry kept = registry;
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        small_open(&registry);
        small_random(&registry, 7, 60);
        small_publish(&registry, sizes[s]);
        for (unsigned threads = 1; threads <= 4; threads++) {
            asked q;
            lots_error err;
            lots_pool *pool = NULL;
            lots_result result;
            bind(text, &q);
            assert_ok(lots_pool_open(&pool, threads, &err));
            const lots_run_options options = {.pool = pool};
            assert_ok(lots_run_pipeline(q.query, q.pipeline, &options, &result, &err));
            assert_in_range(result.rows, 3, 16);
            for (uint32_t c = 0; c < 13; c++) {
                const lots_vector *column = &result.columns[c + 1].values;
                assert_int_equal(column->type.kind, LOTS_TYPE_FLOAT);
                if (s == 0 && threads == 1)
                    memcpy(values[c], column->data, result.rows * sizeof(double));
                assert_memory_equal(values[c], column->data, result.rows * sizeof(double));
            }
            lots_result_free(&result);
            lots_pool_close(pool);
            lots_arena_free(&q.arena);
        }
        small_close(&registry);
    }
    registry = kept;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_stops_when_told),
        cmocka_unit_test(a_run_that_needs_more_memory_than_it_may_have_says_so),
        cmocka_unit_test(progress_reaches_the_end_and_work_is_the_same_for_any_threads),
        cmocka_unit_test(floats_have_the_same_bits_however_the_persons_are_cut),
        cmocka_unit_test(sums_that_do_not_fit_are_errors_with_a_place),
        cmocka_unit_test(means_are_known_where_the_sum_is_beyond_all_floats),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
