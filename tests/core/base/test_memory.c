/* The door to malloc: zeroed, overflow-checked, NULL for nothing. */
#include "tests/support/lots_test.h"

#include "core/base/memory.h"

static void memory_comes_zeroed_and_nothing_is_null(void **state)
{
    (void)state;
    lots_error err;
    void *block;
    assert_ok(lots_alloc(&block, 1000, 7, &err));
    for (size_t i = 0; i < 7000; i++)
        assert_int_equal(((char *)block)[i], 0);
    lots_free(block);
    assert_ok(lots_alloc(&block, 0, 8, &err));
    assert_null(block);
    assert_ok(lots_alloc(&block, 8, 0, &err));
    assert_null(block);
    lots_free(NULL);
}

static void overflow_and_exhaustion_are_memory_errors(void **state)
{
    (void)state;
    lots_error err;
    void *block = &err;
    assert_status(LOTS_MEMORY, lots_alloc(&block, SIZE_MAX / 2, 3, &err));
    assert_null(block);
    assert_contains(err.text, "3 bytes");
    assert_status(LOTS_MEMORY, lots_alloc(&block, PTRDIFF_MAX, 1, &err));
    assert_null(block);
    assert_int_equal(lots_alloc(&block, SIZE_MAX, SIZE_MAX, NULL), LOTS_MEMORY);
}

static void growing_keeps_the_bytes_and_failure_keeps_the_block(void **state)
{
    (void)state;
    lots_error err;
    void *block = NULL;
    assert_ok(lots_realloc(&block, 4, 1, &err));
    memcpy(block, "abcd", 4);
    assert_ok(lots_realloc(&block, 100000, 1, &err));
    assert_memory_equal(block, "abcd", 4);
    void *before = block;
    assert_status(LOTS_MEMORY, lots_realloc(&block, SIZE_MAX, 2, &err));
    assert_status(LOTS_MEMORY, lots_realloc(&block, SIZE_MAX / 2, 1, &err));
    assert_ptr_equal(block, before);
    assert_memory_equal(block, "abcd", 4);
    assert_ok(lots_realloc(&block, 2, 1, &err));
    assert_memory_equal(block, "ab", 2);
    assert_ok(lots_realloc(&block, 0, 1, &err));
    assert_null(block);
}

static void a_text_copy_ends_in_zero(void **state)
{
    (void)state;
    lots_error err;
    char *copy;
    assert_ok(lots_text_copy(&copy, "abcdef", 3, &err));
    assert_string_equal(copy, "abc");
    lots_free(copy);
    assert_ok(lots_text_copy(&copy, NULL, 0, &err));
    assert_string_equal(copy, "");
    lots_free(copy);
    assert_status(LOTS_MEMORY, lots_text_copy(&copy, "x", SIZE_MAX, &err));
    assert_null(copy);
}

static void size_arithmetic_refuses_overflow(void **state)
{
    (void)state;
    size_t out = 42;
    assert_false(lots_size_mul(SIZE_MAX, 2, &out));
    assert_false(lots_size_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, 42);
    assert_true(lots_size_mul(SIZE_MAX / 3, 3, &out));
    assert_true(out == SIZE_MAX / 3 * 3);
    assert_true(lots_size_add(SIZE_MAX - 1, 1, &out));
    assert_true(out == SIZE_MAX);
    assert_true(lots_size_mul(0, SIZE_MAX, &out));
    assert_int_equal(out, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_comes_zeroed_and_nothing_is_null),
        cmocka_unit_test(overflow_and_exhaustion_are_memory_errors),
        cmocka_unit_test(growing_keeps_the_bytes_and_failure_keeps_the_block),
        cmocka_unit_test(a_text_copy_ends_in_zero),
        cmocka_unit_test(size_arithmetic_refuses_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
