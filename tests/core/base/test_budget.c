/* test_budget.c: memory that several arenas share. */
#include "core/base/arena.h"
#include "core/base/pool.h"
#include "tests/support/lots_test.h"

static void arenas_share_a_limit_and_give_back_when_freed(void **state)
{
    lots_budget budget;
    lots_arena a, b;
    lots_error err;
    void *room = NULL;
    (void)state;
    lots_budget_init(&budget, 1000000);
    lots_arena_init(&a, 0);
    lots_arena_init(&b, 0);
    lots_arena_share(&a, &budget);
    lots_arena_share(&b, &budget);
    assert_ok(lots_arena_alloc(&a, &room, 600000, 1, &err));
    assert_status(LOTS_LIMIT, lots_arena_alloc(&b, &room, 600000, 1, &err));
    assert_contains(err.text, "memory limit of 1000000 bytes");
    assert_ok(lots_arena_alloc(&b, &room, 300000, 1, &err));
    lots_arena_reset(&a); /* keeps its blocks, and what it was granted for them */
    assert_status(LOTS_LIMIT, lots_arena_alloc(&b, &room, 600000, 1, &err));
    lots_arena_free(&a);
    assert_ok(lots_arena_alloc(&b, &room, 600000, 1, &err));
    assert_true(atomic_load(&budget.peak_bytes) >= 900000 && atomic_load(&budget.peak_bytes) <= 1000000);
    lots_arena_free(&b);
    assert_int_equal(atomic_load(&budget.used_bytes), 0);
}

static void all_of_a_small_budget_can_be_used(void **state)
{
    lots_budget budget;
    lots_arena arena;
    lots_error err;
    void *room = NULL;
    (void)state;
    lots_budget_init(&budget, 3200);
    lots_arena_init(&arena, 0);
    lots_arena_share(&arena, &budget);
    for (int i = 0; i < 200; i++)
        assert_ok(lots_arena_alloc(&arena, &room, 16, 1, &err));
    assert_status(LOTS_LIMIT, lots_arena_alloc(&arena, &room, 16, 1, &err));
    lots_arena_free(&arena);
    assert_int_equal(lots_budget_left(&budget), 3200);
}

static lots_status take_and_give(void *context, size_t task, unsigned worker, lots_error *err)
{
    (void)task;
    (void)worker;
    for (int i = 0; i < 1000; i++) {
        LOTS_TRY(lots_budget_take(context, 3, err));
        lots_budget_give(context, 3);
    }
    return LOTS_OK;
}

static void threads_count_together(void **state)
{
    lots_budget budget;
    lots_pool *pool = NULL;
    lots_error err;
    (void)state;
    lots_budget_init(&budget, 12);
    assert_ok(lots_pool_open(&pool, 4, &err));
    assert_ok(lots_pool_run(pool, 40, take_and_give, &budget, NULL, &err));
    lots_pool_close(pool);
    assert_int_equal(atomic_load(&budget.used_bytes), 0);
    assert_true(atomic_load(&budget.peak_bytes) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_share_a_limit_and_give_back_when_freed),
        cmocka_unit_test(all_of_a_small_budget_can_be_used),
        cmocka_unit_test(threads_count_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
