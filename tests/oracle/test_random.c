/* test_random.c: a short run of random queries, asked of the engine and of the naive implementation. check_random does more. */
#include "tests/oracle/compare.h"
#include "tests/oracle/random_query.h"

enum { QUERIES = 120, PATIENTS = 25 };

static small_registry registry;
static lots_pool *pool;
static naive_data data;
static lots_arena arena;

static int set_up(void **state)
{
    (void)state;
    lots_error err;
    assert_ok(lots_pool_open(&pool, 2, &err));
    small_open(&registry);
    small_random(&registry, 20231, PATIENTS);
    small_publish(&registry, 9);
    lots_arena_init(&arena, 0);
    naive_read_small(&registry, &data, &arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lots_arena_free(&arena);
    small_close(&registry);
    lots_pool_close(pool);
    return 0;
}

static void random_queries_have_the_answers_of_the_naive_implementation(void **state)
{
    unsigned same = 0, empty = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= QUERIES; seed++) {
        lots_bytes query = {0}, report = {0};
        random_query(seed, &query);
        assert_int_equal(lots_bytes_put8(&query, 0, NULL), LOTS_OK);
        const compare_outcome outcome =
            naive_compare_query(&registry, &data, pool, (const char *)query.data, &report);
        if (outcome == COMPARE_DIFFERENT || outcome == COMPARE_UNKNOWN)
            fail_msg("query %u:\n%s\n%.*s", (unsigned)seed, (const char *)query.data, (int)report.count,
                     (const char *)report.data);
        same += outcome == COMPARE_SAME;
        empty += outcome == COMPARE_EMPTY;
        lots_bytes_free(&query);
        lots_bytes_free(&report);
    }
    assert_true(same + empty > QUERIES * 3 / 4); /* most of the generated queries mean something, and find something */
    assert_true(empty < QUERIES / 8);
}

static void the_same_seed_makes_the_same_query(void **state)
{
    lots_bytes a = {0}, b = {0};
    (void)state;
    random_query(77, &a);
    random_query(77, &b);
    assert_int_equal(a.count, b.count);
    assert_memory_equal(a.data, b.data, a.count);
    lots_bytes_free(&a);
    lots_bytes_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_queries_have_the_answers_of_the_naive_implementation),
        cmocka_unit_test(the_same_seed_makes_the_same_query),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
