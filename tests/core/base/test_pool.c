/* The worker threads: each task once, the lowest failure for any number of threads, the stop flag. */
#include "tests/support/lots_test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "core/base/os.h"
#include "core/base/pool.h"

enum { TASKS = 3000 };
static const unsigned THREADS[] = {1, 2, 3, 8};
enum { THREAD_ROWS = sizeof THREADS / sizeof THREADS[0] };

typedef struct lots_trial {
    uint32_t runs[TASKS];
    uint64_t results[TASKS];
    uint64_t scratch[64]; /* one per worker */
    atomic_size_t started;
    size_t fail_from, fail_step; /* tasks fail_from, fail_from + fail_step, … fail; step 0: none does */
    size_t stop_at;
    atomic_bool stop;
} lots_trial;

static lots_status run_task(void *context, size_t task, unsigned worker, lots_error *err)
{
    lots_trial *trial = context;
    atomic_fetch_add(&trial->started, 1);
    trial->runs[task]++;
    trial->scratch[worker]++;
    uint64_t seed = task;
    for (size_t i = 0; i < 1 + task % 50; i++)
        trial->results[task] += lots_test_random(&seed);
    if (task == trial->stop_at)
        atomic_store(&trial->stop, true);
    if (trial->fail_step != 0 && task >= trial->fail_from && (task - trial->fail_from) % trial->fail_step == 0)
        return lots_fail(err, LOTS_CORRUPT, "task %zu is bad", task);
    return LOTS_OK;
}

static lots_trial fresh_trial(void)
{
    lots_trial trial;
    memset(&trial, 0, sizeof trial);
    trial.stop_at = SIZE_MAX;
    return trial;
}

static void every_task_runs_once_with_any_number_of_threads(void **state)
{
    (void)state;
    lots_error err;
    lots_trial expected = fresh_trial();
    for (size_t task = 0; task < TASKS; task++)
        assert_ok(run_task(&expected, task, 0, &err));
    for (size_t i = 0; i < THREAD_ROWS; i++) {
        lots_pool *pool;
        assert_ok(lots_pool_open(&pool, THREADS[i], &err));
        assert_int_equal(lots_pool_threads(pool), THREADS[i]);
        for (int round = 0; round < 6; round++) {
            lots_trial trial = fresh_trial();
            assert_ok(lots_pool_run(pool, TASKS, run_task, &trial, NULL, &err));
            assert_memory_equal(trial.runs, expected.runs, sizeof trial.runs);
            assert_memory_equal(trial.results, expected.results, sizeof trial.results);
            uint64_t done = 0;
            for (size_t w = 0; w < 64; w++)
                done += trial.scratch[w];
            assert_int_equal(done, TASKS);
            for (size_t w = THREADS[i]; w < 64; w++)
                assert_int_equal(trial.scratch[w], 0);
        }
        lots_pool_close(pool);
    }
}

static void few_or_no_tasks_are_fine(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool;
    assert_ok(lots_pool_open(&pool, 4, &err));
    for (size_t count = 0; count < 7; count++) {
        lots_trial trial = fresh_trial();
        assert_ok(lots_pool_run(pool, count, run_task, &trial, &trial.stop, &err));
        for (size_t task = 0; task < 7; task++)
            assert_int_equal(trial.runs[task], task < count);
    }
    lots_pool_close(pool);
    lots_pool_close(NULL);
}

typedef struct few_tasks {
    uint32_t runs[4];
    atomic_bool over; /* the run has returned */
} few_tasks;

static lots_status run_one_of_few(void *context, size_t task, unsigned worker, lots_error *err)
{
    few_tasks *few = context;
    (void)worker;
    if (atomic_load(&few->over))
        return lots_fail(err, LOTS_INTERNAL, "a task after its run");
    few->runs[task]++;
    return LOTS_OK;
}

static void look_on_us(uint64_t us)
{
    const uint64_t start = lots_clock_ns();
    while (lots_clock_ns() - start < us * 1000) {
    }
}

/* Most are over before a thread that sleeps is awake; then it has no part in them, nor is it there when the next begins. */
static void short_runs_that_follow_one_another_are_apart(void **state)
{
    (void)state;
    enum { RUNS = 4000 };
    static few_tasks runs[RUNS];
    lots_error err;
    for (size_t i = 0; i < THREAD_ROWS; i++) {
        lots_pool *pool;
        assert_ok(lots_pool_open(&pool, THREADS[i], &err));
        memset(runs, 0, sizeof runs);
        for (size_t r = 0; r < RUNS; r++) {
            assert_ok(lots_pool_run(pool, r % 5, run_one_of_few, &runs[r], NULL, &err));
            atomic_store(&runs[r].over, true);
            look_on_us(r % 64);
        }
        lots_pool_close(pool);
        for (size_t r = 0; r < RUNS; r++)
            for (size_t task = 0; task < 4; task++)
                assert_int_equal(runs[r].runs[task], task < r % 5);
    }
}

static void pause_us(long us)
{
    const struct timespec time = {.tv_nsec = us * 1000};
    nanosleep(&time, NULL);
}

/* Longer than a thread looks around before it sleeps: the run is over when it is awake, or the pool closes. */
static void threads_that_sleep_are_woken_or_not_waited_for(void **state)
{
    (void)state;
    lots_error err;
    for (size_t i = 0; i < THREAD_ROWS; i++) {
        lots_pool *pool;
        assert_ok(lots_pool_open(&pool, THREADS[i], &err));
        for (size_t r = 0; r < 30; r++) {
            few_tasks few = {.over = false};
            pause_us(400);
            assert_ok(lots_pool_run(pool, 2, run_one_of_few, &few, NULL, &err));
            assert_int_equal(few.runs[0] + few.runs[1], 2);
            pause_us(400); /* whoever comes late still finds what it would run */
        }
        lots_pool_close(pool);
    }
}

typedef struct asked_where {
    atomic_uint begun;
    lots_processors may[2]; /* by thread */
} asked_where;

/* Each waits for the other, so that both threads take one. */
static lots_status ask_where(void *context, size_t task, unsigned worker, lots_error *err)
{
    (void)task;
    (void)err;
    asked_where *asked = context;
    lots_thread_processors(pthread_self(), &asked->may[worker]);
    atomic_fetch_add(&asked->begun, 1);
    while (atomic_load(&asked->begun) < 2)
        look_on_us(1);
    return LOTS_OK;
}

/* They wake elsewhere than on the processor of the caller. */
static void threads_that_were_woken_may_run_where_they_might_before(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool;
    lots_processors own;
    lots_thread_processors(pthread_self(), &own);
    assert_ok(lots_pool_open(&pool, 2, &err));
    for (size_t r = 0; r < 20; r++) {
        asked_where asked = {.begun = 0};
        pause_us(400);
        assert_ok(lots_pool_run(pool, 2, ask_where, &asked, NULL, &err));
        assert_memory_equal(&asked.may[0], &own, sizeof own);
        assert_memory_equal(&asked.may[1], &own, sizeof own);
    }
    lots_pool_close(pool);
}

/* Tasks of two threads: each waits until another has begun, so that it is known which of them one thread takes. */
typedef struct turns {
    size_t until[3];
    size_t slow; /* it takes longer than a thread looks around */
    size_t fails;
    const char *why;
    atomic_bool begun[3];
    atomic_uint ended;
} turns;

static lots_status run_in_turn(void *context, size_t task, unsigned worker, lots_error *err)
{
    turns *all = context;
    (void)worker;
    atomic_store(&all->begun[task], true);
    while (!atomic_load(&all->begun[all->until[task]]))
        pause_us(10);
    if (task == all->slow)
        pause_us(2000);
    atomic_fetch_add(&all->ended, 1);
    return task == all->fails ? lots_fail(err, LOTS_CORRUPT, "%s", all->why) : LOTS_OK;
}

static void a_run_ends_with_its_last_task(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool;
    assert_ok(lots_pool_open(&pool, 2, &err));
    for (size_t slow = 0; slow < 2; slow++) {
        turns all = {.until = {1, 1}, .slow = slow, .fails = SIZE_MAX};
        assert_ok(lots_pool_run(pool, 2, run_in_turn, &all, NULL, &err));
        assert_int_equal(atomic_load(&all.ended), 2);
    }
    lots_pool_close(pool);
}

/* One thread fails the last task, in the next run the other one does. */
static void a_failure_of_an_earlier_run_is_forgotten(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool;
    assert_ok(lots_pool_open(&pool, 2, &err));
    for (size_t round = 0; round < 20; round++) {
        turns before = {.until = {1, 2, 2}, .slow = SIZE_MAX, .fails = 2, .why = "before"};
        turns now = {.until = {2, 1, 2}, .slow = SIZE_MAX, .fails = 2, .why = "now"};
        assert_status(LOTS_CORRUPT, lots_pool_run(pool, 3, run_in_turn, &before, NULL, &err));
        assert_string_equal(err.text, "before");
        assert_status(LOTS_CORRUPT, lots_pool_run(pool, 3, run_in_turn, &now, NULL, &err));
        assert_string_equal(err.text, "now");
    }
    lots_pool_close(pool);
}

static void the_lowest_failing_task_is_reported(void **state)
{
    (void)state;
    lots_error err;
    for (size_t i = 0; i < THREAD_ROWS; i++) {
        lots_pool *pool;
        assert_ok(lots_pool_open(&pool, THREADS[i], &err));
        for (size_t round = 0; round < 50; round++) {
            lots_trial trial = fresh_trial();
            trial.fail_from = round * 7;
            trial.fail_step = 1 + round % 3;
            char text[64];
            snprintf(text, sizeof text, "task %zu is bad", trial.fail_from);
            assert_status(LOTS_CORRUPT, lots_pool_run(pool, TASKS, run_task, &trial, NULL, &err));
            assert_string_equal(err.text, text);
            assert_int_equal(err.status, LOTS_CORRUPT);
            for (size_t task = 0; task <= trial.fail_from; task++)
                assert_int_equal(trial.runs[task], 1);
        }
        /* The pool is as good as new after a failure, and a NULL record is allowed. */
        lots_trial trial = fresh_trial();
        trial.fail_step = TASKS;
        assert_int_equal(lots_pool_run(pool, TASKS, run_task, &trial, NULL, NULL), LOTS_CORRUPT);
        trial = fresh_trial();
        assert_ok(lots_pool_run(pool, TASKS, run_task, &trial, NULL, &err));
        lots_pool_close(pool);
    }
}

static lots_status fail_in_silence(void *context, size_t task, unsigned worker, lots_error *err)
{
    (void)context;
    (void)worker;
    (void)err;
    return task == 3 ? LOTS_IO : LOTS_OK;
}

static void a_task_that_fails_without_a_text_leaves_no_stale_one(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool;
    assert_ok(lots_pool_open(&pool, 1, &err));
    lots_trial trial = fresh_trial();
    trial.fail_step = 1;
    assert_status(LOTS_CORRUPT, lots_pool_run(pool, 5, run_task, &trial, NULL, &err));
    assert_status(LOTS_IO, lots_pool_run(pool, 5, fail_in_silence, NULL, NULL, &err));
    assert_int_equal(err.status, LOTS_IO);
    assert_string_equal(err.text, "");
    lots_pool_close(pool);
}

static void no_task_starts_after_a_failure(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool;
    assert_ok(lots_pool_open(&pool, 1, &err));
    lots_trial trial = fresh_trial();
    trial.fail_from = 10;
    trial.fail_step = TASKS;
    assert_status(LOTS_CORRUPT, lots_pool_run(pool, TASKS, run_task, &trial, NULL, &err));
    assert_int_equal(atomic_load(&trial.started), 11);
    lots_pool_close(pool);
}

/* The first fails once the other thread has a task. */
static lots_status fail_the_first(void *context, size_t task, unsigned worker, lots_error *err)
{
    atomic_size_t *started = context;
    (void)worker;
    atomic_fetch_add(started, 1);
    while (atomic_load(started) < 2)
        pause_us(10);
    if (task > 0)
        pause_us(100);
    return task == 0 ? lots_fail(err, LOTS_CORRUPT, "the first") : LOTS_OK;
}

static void other_threads_take_no_task_after_a_failure(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool;
    atomic_size_t started = 0;
    assert_ok(lots_pool_open(&pool, 2, &err));
    assert_status(LOTS_CORRUPT, lots_pool_run(pool, TASKS, fail_the_first, &started, NULL, &err));
    assert_true(atomic_load(&started) < TASKS);
    lots_pool_close(pool);
}

static void the_stop_flag_ends_a_run_early(void **state)
{
    (void)state;
    lots_error err;
    for (size_t i = 0; i < THREAD_ROWS; i++) {
        lots_pool *pool;
        assert_ok(lots_pool_open(&pool, THREADS[i], &err));
        lots_trial trial = fresh_trial();
        trial.stop_at = 100;
        assert_status(LOTS_INTERRUPTED, lots_pool_run(pool, TASKS, run_task, &trial, &trial.stop, &err));
        if (THREADS[i] == 1)
            assert_int_equal(atomic_load(&trial.started), 101);
        trial = fresh_trial();
        atomic_store(&trial.stop, true);
        assert_status(LOTS_INTERRUPTED, lots_pool_run(pool, TASKS, run_task, &trial, &trial.stop, &err));
        assert_int_equal(atomic_load(&trial.started), 0);
        /* Stopped during the last task: everything was done. */
        trial = fresh_trial();
        trial.stop_at = 0;
        assert_ok(lots_pool_run(pool, 1, run_task, &trial, &trial.stop, &err));
        lots_pool_close(pool);
    }
}

static void by_default_there_are_as_many_threads_as_processors(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool;
    assert_ok(lots_pool_open(&pool, 0, &err));
    assert_in_range(lots_pool_threads(pool), 1, 64);
    lots_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once_with_any_number_of_threads),
        cmocka_unit_test(few_or_no_tasks_are_fine),
        cmocka_unit_test(short_runs_that_follow_one_another_are_apart),
        cmocka_unit_test(threads_that_sleep_are_woken_or_not_waited_for),
        cmocka_unit_test(threads_that_were_woken_may_run_where_they_might_before),
        cmocka_unit_test(a_run_ends_with_its_last_task),
        cmocka_unit_test(a_failure_of_an_earlier_run_is_forgotten),
        cmocka_unit_test(the_lowest_failing_task_is_reported),
        cmocka_unit_test(a_task_that_fails_without_a_text_leaves_no_stale_one),
        cmocka_unit_test(no_task_starts_after_a_failure),
        cmocka_unit_test(other_threads_take_no_task_after_a_failure),
        cmocka_unit_test(the_stop_flag_ends_a_run_early),
        cmocka_unit_test(by_default_there_are_as_many_threads_as_processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
