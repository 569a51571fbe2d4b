/* Values as small numbers: in the order of the values, equal where they are, and the value is found again, whatever the type and
 * however far the values lie from one another. */
#include "query/exec/dense.h"

#include "tests/support/arena_fixture.h"

enum { ROWS = 300 };

/* Whole numbers base + step * (0 .. choices - 1), every seventh missing. */
static lots_vector whole_numbers(lots_type_kind kind, int64_t base, int64_t step, uint32_t choices)
{
    lots_error err;
    lots_vector v;
    uint64_t random = 11;
    const lots_type type = {.kind = kind};
    assert_ok(lots_vector_new(&arena, &type, ROWS, &v, &err));
    assert_ok(lots_vector_want_missing(&arena, &v, &err));
    for (uint32_t i = 0; i < ROWS; i++) {
        const bool missing = i % 7 == 3;
        const int64_t value = missing ? 0 : base + step * (int64_t)(lots_test_random(&random) % choices);
        if (missing)
            lots_bit_set(v.missing, i);
        if (kind == LOTS_TYPE_DATE)
            ((int32_t *)v.data)[i] = (int32_t)value;
        else
            ((int64_t *)v.data)[i] = value;
    }
    return v;
}

/* By comparing every value with every other. */
static void check(const lots_vector *v)
{
    lots_error err;
    lots_worker worker = {.kernels = lots_kernels_get()};
    lots_dense dense;
    assert_ok(lots_dense_make(&worker, &arena, v, &dense, &err));
    for (uint32_t a = 0; a < v->count; a++) {
        assert_true(dense.ids[a] < dense.count);
        if (lots_vector_is_missing(v, a))
            continue;
        assert_int_equal(lots_vector_compare(&dense.values, dense.ids[a], v, a), 0);
        for (uint32_t b = 0; b < v->count; b++)
            if (!lots_vector_is_missing(v, b))
                assert_int_equal((dense.ids[a] > dense.ids[b]) - (dense.ids[a] < dense.ids[b]), lots_vector_compare(v, a, v, b));
    }
}

static void whole_numbers_keep_their_order(void **state)
{
    (void)state;
    const lots_type_kind kinds[] = {LOTS_TYPE_INT, LOTS_TYPE_DECIMAL, LOTS_TYPE_DATE, LOTS_TYPE_DAYS};
    const struct {
        int64_t base, step;
        uint32_t choices;
    } cases[] = {
        {18000, 1, 40},             /* days of a month: close together, and 0 under the missing ones lies far off */
        {-20, 1, 41},               /* on both sides of 0 */
        {-7, 3, 400},               /* just not too far apart */
        {0, 1000000, 2000},         /* far apart */
        {INT32_MIN, UINT32_MAX, 2}, /* the two ends of days */
        {5, 1, 1},                  /* one value */
    };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const lots_vector v = whole_numbers(kinds[k], cases[i].base, cases[i].step, cases[i].choices);
            check(&v);
        }
    lots_vector ends = whole_numbers(LOTS_TYPE_INT, INT64_MIN, 1, 3);
    ((int64_t *)ends.data)[0] = INT64_MAX;
    check(&ends);
}

static void where_all_are_missing_any_number_will_do(void **state)
{
    (void)state;
    lots_vector v = whole_numbers(LOTS_TYPE_DATE, 0, 1, 2);
    for (uint32_t i = 0; i < ROWS; i++)
        lots_bit_set(v.missing, i);
    check(&v);
}

/* The same bytes in memory, equal ones elsewhere, a beginning of the same bytes, and so many that some share a place. */
static void texts_are_numbered_by_what_they_say(void **state)
{
    (void)state;
    static char shared[4096], copy[4096];
    lots_error err;
    lots_vector v;
    uint64_t random = 3;
    const lots_type type = {.kind = LOTS_TYPE_TEXT};
    for (size_t i = 0; i < sizeof shared; i++)
        shared[i] = copy[i] = (char)('a' + i % 2);
    assert_ok(lots_vector_new(&arena, &type, ROWS, &v, &err));
    for (uint32_t i = 0; i < ROWS; i++)
        ((lots_text *)v.data)[i] = (lots_text){(i % 3 == 0 ? copy : shared) + lots_test_random(&random) % 4000,
                                               (uint32_t)(lots_test_random(&random) % 4)};
    check(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_numbers_keep_their_order, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(where_all_are_missing_any_number_will_do, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(texts_are_numbered_by_what_they_say, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
