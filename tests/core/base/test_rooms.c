/* Rooms: side by side, counted by the budget, taken by several threads at once. */
#include "core/base/rooms.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "tests/support/lots_test.h"

/* Each is filled with its own number; all must still be so in the end. */
enum { ROOMS = 400 };
typedef struct taken {
    lots_rooms *rooms;
    uint64_t seed;
    bool clean;
    unsigned char *at[ROOMS];
    size_t bytes[ROOMS];
} taken;

static void *take_some(void *context)
{
    taken *t = context;
    for (int i = 0; i < ROOMS; i++) {
        t->bytes[i] = 1 + (size_t)(lots_test_random(&t->seed) % (i % 40 == 0 ? 700000 : 20000));
        t->at[i] = lots_rooms_take(t->rooms, t->bytes[i]);
        for (size_t k = 0; t->at[i] != NULL && k < t->bytes[i]; k++)
            t->clean &= t->at[i][k] == 0;
        if (t->at[i] != NULL)
            memset(t->at[i], i % 251, t->bytes[i]);
    }
    return NULL;
}

static void assert_own(const taken *t)
{
    assert_true(t->clean);
    for (int i = 0; i < ROOMS; i++) {
        assert_non_null(t->at[i]);
        assert_int_equal((uintptr_t)t->at[i] % 64, 0);
        for (size_t k = 0; k < t->bytes[i]; k++)
            assert_int_equal(t->at[i][k], i % 251);
    }
}

static lots_rooms *open_rooms(lots_budget *budget, size_t limit_bytes, bool large)
{
    lots_error err;
    lots_rooms *rooms;
    lots_budget_init(budget, limit_bytes);
    assert_ok(lots_rooms_open(&rooms, budget, large, &err));
    return rooms;
}

/* The budget has all back. */
static void close_rooms(lots_rooms *rooms, const lots_budget *budget)
{
    lots_rooms_close(rooms);
    assert_int_equal(budget->used_bytes, 0);
}

static void rooms_are_apart_whoever_takes_them(void **state)
{
    (void)state;
    for (int large = 0; large < 2; large++) {
        lots_budget budget;
        pthread_t threads[3];
        taken *each = calloc(3, sizeof *each);
        lots_rooms *rooms = open_rooms(&budget, 0, large != 0);
        for (unsigned i = 0; i < 3; i++) {
            each[i] = (taken){.rooms = rooms, .seed = i + 1, .clean = true};
            assert_int_equal(pthread_create(&threads[i], NULL, take_some, &each[i]), 0);
        }
        for (int i = 0; i < 3; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < 3; i++)
            assert_own(&each[i]);
        close_rooms(rooms, &budget);
        free(each);
    }
}

/* One of 2 MB is begun while the budget has one left, then rooms get what they ask for, then nothing. */
static void pieces_are_counted_until_nothing_is_left(void **state)
{
    (void)state;
    lots_budget budget;
    lots_rooms *rooms = open_rooms(&budget, LOTS_LARGE_PAGE + 300000, true);
    const char *first = lots_rooms_take(rooms, 1000), *second = lots_rooms_take(rooms, 1000);
    assert_true(second == first + 1024);
    assert_int_equal(budget.used_bytes, LOTS_LARGE_PAGE);
    assert_non_null(lots_rooms_take(rooms, 200000));
    assert_int_equal(budget.used_bytes, LOTS_LARGE_PAGE);
    for (int i = 0; i < 4; i++)
        assert_non_null(lots_rooms_take(rooms, LOTS_LARGE_PAGE / 5));
    assert_null(lots_rooms_take(rooms, LOTS_LARGE_PAGE / 5));
    assert_non_null(lots_rooms_take(rooms, 200000));
    assert_int_equal(lots_rooms_left(rooms), 300000);
    assert_non_null(lots_rooms_take(rooms, 250000));
    assert_true(lots_rooms_left(rooms) < 50000);
    assert_null(lots_rooms_take(rooms, SIZE_MAX));
    close_rooms(rooms, &budget);
    lots_rooms_close(NULL);
}

static void few_take_no_more_than_they_need(void **state)
{
    (void)state;
    lots_budget budget;
    lots_rooms *rooms = open_rooms(&budget, 5000, false);
    assert_non_null(lots_rooms_take(rooms, 1000));
    assert_true(budget.used_bytes >= 1000 && budget.used_bytes < 1200);
    assert_null(lots_rooms_take(rooms, 4900));
    assert_non_null(lots_rooms_take(rooms, 3500));
    close_rooms(rooms, &budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rooms_are_apart_whoever_takes_them),
        cmocka_unit_test(pieces_are_counted_until_nothing_is_left),
        cmocka_unit_test(few_take_no_more_than_they_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
