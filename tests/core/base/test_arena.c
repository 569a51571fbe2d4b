/* The arena: alignment, the limit, marks, and blocks that are used again and come zeroed all the same. */
#include "tests/support/lots_test.h"

#include "core/base/arena.h"

static int all_zero(const void *data, size_t bytes)
{
    const char *at = data;
    for (size_t i = 0; i < bytes; i++)
        if (at[i] != 0)
            return 0;
    return 1;
}

/* Allocations of many sizes, each filled with its number, none touching another. */
static void check_one_filling(lots_arena *arena, uint64_t seed)
{
    enum { PIECES = 300 };
    static char *pieces[PIECES];
    static size_t sizes[PIECES];
    lots_error err;
    for (size_t i = 0; i < PIECES; i++) {
        void *out = NULL;
        size_t bytes = (size_t)(lots_test_random(&seed) % (i % 50 == 7 ? 200000 : 900));
        if (i % 3 == 0) {
            assert_ok(lots_arena_vector(arena, &out, bytes, 1, &err));
            assert_int_equal((uintptr_t)out % 64, 0);
            bytes += 64;
        } else {
            assert_ok(lots_arena_alloc(arena, &out, bytes, 1, &err));
            assert_int_equal((uintptr_t)out % 16, 0);
            assert_true(all_zero(out, bytes));
        }
        assert_non_null(out);
        memset(out, (int)(i % 250 + 1), bytes);
        pieces[i] = out;
        sizes[i] = bytes;
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t b = 0; b < sizes[i]; b++)
            if (pieces[i][b] != (char)(i % 250 + 1))
                fail_msg("piece %zu was written over at byte %zu", i, b);
}

static void pieces_are_aligned_zeroed_and_apart_also_after_reset(void **state)
{
    (void)state;
    lots_arena arena;
    lots_arena_init(&arena, 0);
    for (uint64_t round = 0; round < 6; round++) {
        check_one_filling(&arena, round);
        assert_true(arena.peak_bytes >= arena.used_bytes && arena.used_bytes > 0);
        lots_arena_reset(&arena);
        assert_int_equal(arena.used_bytes, 0);
    }
    lots_arena_free(&arena);
    check_one_filling(&arena, 1);
    lots_arena_free(&arena);
}

static void reset_reuses_the_same_memory(void **state)
{
    (void)state;
    lots_error err;
    lots_arena arena;
    void *first[20], *again;
    lots_arena_init(&arena, 0);
    for (size_t i = 0; i < 20; i++)
        assert_ok(lots_arena_alloc(&arena, &first[i], 30000, 1, &err));
    lots_arena_reset(&arena);
    for (size_t i = 0; i < 20; i++) {
        assert_ok(lots_arena_alloc(&arena, &again, 30000, 1, &err));
        assert_ptr_equal(again, first[i]);
    }
    lots_arena_free(&arena);
}

static void the_limit_holds_and_is_named(void **state)
{
    (void)state;
    lots_error err;
    lots_arena arena;
    void *out;
    lots_arena_init(&arena, 1000);
    assert_ok(lots_arena_alloc(&arena, &out, 992, 1, &err));
    assert_status(LOTS_LIMIT, lots_arena_alloc(&arena, &out, 9, 1, &err));
    assert_null(out);
    assert_contains(err.text, "1000 bytes");
    assert_status(LOTS_LIMIT, lots_arena_vector(&arena, &out, 1, 1, &err));
    assert_null(out);
    assert_int_equal(arena.used_bytes, 992);
    lots_arena_reset(&arena);
    assert_ok(lots_arena_alloc(&arena, &out, 992, 1, &err));
    assert_int_equal(arena.peak_bytes, 992);
    lots_arena_reset(&arena);
    assert_status(LOTS_LIMIT, lots_arena_alloc(&arena, &out, 1001, 1, &err));
    char *text = (char *)&out;
    assert_status(LOTS_LIMIT, lots_arena_printf(&arena, &text, &err, "%2000d", 1));
    assert_null(text);
    lots_arena_free(&arena);
}

static void overflow_is_a_memory_error_also_without_a_limit(void **state)
{
    (void)state;
    lots_error err;
    lots_arena arena;
    void *out;
    char *text;
    lots_arena_init(&arena, 0);
    static const size_t sizes[][2] = {{SIZE_MAX, 2}, {SIZE_MAX, 1}, {SIZE_MAX - 63, 1}, {SIZE_MAX / 2, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_status(LOTS_MEMORY, lots_arena_alloc(&arena, &out, sizes[i][0], sizes[i][1], &err));
        assert_null(out);
        assert_status(LOTS_MEMORY, lots_arena_vector(&arena, &out, sizes[i][0], sizes[i][1], &err));
        assert_null(out);
    }
    assert_status(LOTS_MEMORY, lots_arena_text(&arena, &text, "x", SIZE_MAX, &err));
    assert_int_equal(arena.used_bytes, 0);
    lots_arena_free(&arena);
}

static void nothing_is_a_valid_pointer(void **state)
{
    (void)state;
    lots_error err;
    lots_arena arena;
    void *out;
    lots_arena_init(&arena, 64);
    assert_ok(lots_arena_alloc(&arena, &out, 0, 8, &err));
    assert_non_null(out);
    assert_ok(lots_arena_alloc(&arena, &out, 64, 1, &err));
    assert_ok(lots_arena_alloc(&arena, &out, 8, 0, &err));
    assert_non_null(out);
    lots_arena_reset(&arena);
    assert_ok(lots_arena_vector(&arena, &out, 0, 8, &err));
    memset(out, 1, 64);
    lots_arena_free(&arena);
}

static void a_mark_rolls_back_over_blocks(void **state)
{
    (void)state;
    lots_error err;
    lots_arena arena;
    void *kept, *out, *after;
    lots_arena_init(&arena, 0);
    lots_arena_mark empty = lots_arena_save(&arena);
    assert_ok(lots_arena_alloc(&arena, &kept, 100, 1, &err));
    memset(kept, 9, 100);
    lots_arena_mark mark = lots_arena_save(&arena);
    size_t used = arena.used_bytes;
    for (int round = 0; round < 5; round++) {
        assert_ok(lots_arena_alloc(&arena, &after, 50, 1, &err));
        memset(after, 3, 50);
        for (int i = 0; i < 40; i++) {
            assert_ok(lots_arena_alloc(&arena, &out, 9000, 1, &err));
            assert_true(all_zero(out, 9000));
            memset(out, 1, 9000);
        }
        lots_arena_restore(&arena, mark);
        assert_int_equal(arena.used_bytes, used);
        assert_ok(lots_arena_alloc(&arena, &out, 50, 1, &err));
        assert_ptr_equal(out, after);
        assert_true(all_zero(out, 50));
        lots_arena_restore(&arena, mark);
        for (size_t i = 0; i < 100; i++)
            assert_int_equal(((char *)kept)[i], 9);
    }
    lots_arena_restore(&arena, empty);
    assert_int_equal(arena.used_bytes, 0);
    assert_ok(lots_arena_alloc(&arena, &out, 100, 1, &err));
    assert_true(all_zero(out, 100));
    lots_arena_free(&arena);
}

static void texts_are_copied_and_printed(void **state)
{
    (void)state;
    lots_error err;
    lots_arena arena;
    char *text;
    lots_arena_init(&arena, 0);
    assert_ok(lots_arena_text(&arena, &text, "abcdef", 4, &err));
    assert_string_equal(text, "abcd");
    assert_ok(lots_arena_text(&arena, &text, NULL, 0, &err));
    assert_string_equal(text, "");
    assert_ok(lots_arena_printf(&arena, &text, &err, "%s is %d", "it", 5));
    assert_string_equal(text, "it is 5");
    for (int length = 1; length < 300; length++) { /* short ones are formatted once, others twice */
        assert_ok(lots_arena_printf(&arena, &text, &err, "%*d", length, 7));
        assert_int_equal(strlen(text), length);
        assert_int_equal(text[length - 1], '7');
    }
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_zeroed_and_apart_also_after_reset),
        cmocka_unit_test(reset_reuses_the_same_memory),
        cmocka_unit_test(the_limit_holds_and_is_named),
        cmocka_unit_test(overflow_is_a_memory_error_also_without_a_limit),
        cmocka_unit_test(nothing_is_a_valid_pointer),
        cmocka_unit_test(a_mark_rolls_back_over_blocks),
        cmocka_unit_test(texts_are_copied_and_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
