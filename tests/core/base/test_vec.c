/* The growable array. */
#include "tests/support/lots_test.h"

#include "core/base/vec.h"

typedef struct lots_pair {
    uint64_t key;
    uint32_t value;
} lots_pair;

static void items_keep_their_order_as_it_grows(void **state)
{
    (void)state;
    lots_error err;
    lots_vec vec = LOTS_VEC(lots_pair);
    for (uint32_t i = 0; i < 10000; i++) {
        lots_pair pair = {.key = (uint64_t)i * i, .value = i};
        assert_ok(lots_vec_push(&vec, &pair, &err));
    }
    assert_int_equal(vec.count, 10000);
    for (uint32_t i = 0; i < 10000; i++) {
        const lots_pair *pair = &LOTS_AT(lots_pair, &vec, i);
        if (pair->key != (uint64_t)i * i || pair->value != i)
            fail_msg("item %u", i);
    }
    lots_vec_free(&vec);
    assert_null(vec.data);
    assert_int_equal(vec.item_size, sizeof(lots_pair));
    lots_vec_free(&vec);
}

static void extending_gives_zeroed_items(void **state)
{
    (void)state;
    lots_error err;
    lots_vec vec = LOTS_VEC(uint32_t);
    void *first = &vec;
    assert_ok(lots_vec_extend(&vec, 0, &first, &err));
    assert_int_equal(vec.count, 0);
    uint32_t seven = 7;
    for (int i = 0; i < 100; i++)
        assert_ok(lots_vec_push(&vec, &seven, &err));
    vec.count = 3; /* the bytes beyond are 7s now */
    assert_ok(lots_vec_extend(&vec, 50, &first, &err));
    assert_ptr_equal(first, &LOTS_AT(uint32_t, &vec, 3));
    for (size_t i = 0; i < 53; i++)
        assert_int_equal(LOTS_AT(uint32_t, &vec, i), i < 3 ? 7 : 0);
    assert_ok(lots_vec_extend(&vec, 5, NULL, &err));
    assert_int_equal(vec.count, 58);
    lots_vec_free(&vec);
}

static void append_copies_items(void **state)
{
    (void)state;
    lots_error err;
    lots_vec vec = LOTS_VEC(uint32_t);
    uint32_t items[40];
    for (uint32_t i = 0; i < 40; i++)
        items[i] = i * i + 1;
    assert_ok(lots_vec_append(&vec, NULL, 0, &err));
    assert_null(vec.data);
    for (uint32_t count = 0; count <= 40; count++)
        assert_ok(lots_vec_append(&vec, items, count, &err));
    assert_int_equal(vec.count, 820);
    for (uint32_t count = 0, at = 0; count <= 40; at += count++)
        assert_memory_equal(&LOTS_AT(uint32_t, &vec, at), items, count * sizeof *items);
    lots_vec_free(&vec);
}

static void a_failed_reserve_changes_nothing(void **state)
{
    (void)state;
    lots_error err;
    lots_vec vec = LOTS_VEC(uint64_t);
    uint64_t item = 1;
    assert_ok(lots_vec_push(&vec, &item, &err));
    lots_vec before = vec;
    assert_status(LOTS_MEMORY, lots_vec_reserve(&vec, SIZE_MAX, &err));
    assert_status(LOTS_MEMORY, lots_vec_reserve(&vec, SIZE_MAX / 8, &err));
    assert_status(LOTS_MEMORY, lots_vec_extend(&vec, SIZE_MAX / 16, NULL, &err));
    assert_memory_equal(&vec, &before, sizeof vec);
    lots_vec_free(&vec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_keep_their_order_as_it_grows),
        cmocka_unit_test(extending_gives_zeroed_items),
        cmocka_unit_test(a_failed_reserve_changes_nothing),
        cmocka_unit_test(append_copies_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
