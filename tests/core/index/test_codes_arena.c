/* A dictionary in an arena answers as any other. */
#include "core/index/codes.h"
#include "tests/support/lots_test.h"

static lots_error err;

static void names_in_an_arena_are_found_both_ways(void **state)
{
    (void)state;
    static const char *const keys[] = {"asthma", "copd", "stroke"}, *const labels[] = {"Asthma", NULL, "Stroke"};
    lots_arena arena;
    const lots_dictionary *dictionary = NULL;
    lots_arena_init(&arena, 0);
    assert_ok(lots_dictionary_in_arena(&arena, keys, labels, 3, &dictionary, &err));
    assert_int_equal(lots_dictionary_count(dictionary), 3);
    for (lots_id i = 0; i < 3; i++) {
        size_t bytes = 0;
        const char *key = lots_dictionary_key(dictionary, i, &bytes);
        assert_int_equal(bytes, strlen(keys[i]));
        assert_memory_equal(key, keys[i], bytes);
        assert_int_equal(lots_dictionary_find(dictionary, keys[i], bytes), i);
        const char *label = lots_dictionary_label_of(dictionary, i, &bytes);
        assert_int_equal(label == NULL, labels[i] == NULL);
        if (label != NULL)
            assert_int_equal(memcmp(label, labels[i], bytes), 0);
        assert_int_equal(lots_dictionary_rank_of_stable(dictionary)[i], i);
        assert_int_equal(lots_dictionary_stable_of_rank(dictionary)[i], i);
    }
    assert_int_equal(lots_dictionary_find(dictionary, "gout", 4), LOTS_NO_ID);
    assert_int_equal(lots_dictionary_nearest(dictionary, (lots_ranks){0, 3}, "astma", 5), 0);
    lots_arena_free(&arena);
}

static void no_names_and_no_labels_are_a_dictionary_too(void **state)
{
    (void)state;
    static const char *const keys[] = {"a"};
    size_t bytes = 0;
    lots_arena arena;
    const lots_dictionary *dictionary = NULL;
    lots_arena_init(&arena, 0);
    assert_ok(lots_dictionary_in_arena(&arena, NULL, NULL, 0, &dictionary, &err));
    assert_int_equal(lots_dictionary_count(dictionary), 0);
    assert_int_equal(lots_dictionary_find(dictionary, "a", 1), LOTS_NO_ID);
    assert_ok(lots_dictionary_in_arena(&arena, keys, NULL, 1, &dictionary, &err));
    assert_null(lots_dictionary_label_of(dictionary, 0, &bytes));
    lots_arena_free(&arena);
}

static void names_out_of_order_are_refused(void **state)
{
    (void)state;
    static const char *const twice[] = {"a", "a"}, *const falling[] = {"b", "a"};
    lots_arena arena;
    const lots_dictionary *dictionary = NULL;
    lots_arena_init(&arena, 0);
    assert_status(LOTS_INTERNAL, lots_dictionary_in_arena(&arena, twice, NULL, 2, &dictionary, &err));
    assert_status(LOTS_INTERNAL, lots_dictionary_in_arena(&arena, falling, NULL, 2, &dictionary, &err));
    assert_null(dictionary);
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_in_an_arena_are_found_both_ways),
        cmocka_unit_test(no_names_and_no_labels_are_a_dictionary_too),
        cmocka_unit_test(names_out_of_order_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
