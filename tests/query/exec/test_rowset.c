/* Rows between passes: which are kept, in which order, and whether they are known to stand as a pass found them. */
#include "query/exec/rowset.h"

#include "query/exec/worker.h"
#include "tests/support/lots_test.h"

enum { ROWS = 8, WITHIN = 2 };

/* Of patients 0, 0, 1, 1, …: two rows each. */
static void open_rows(lots_rowset *rows, lots_arena *arena)
{
    lots_error err;
    void *made = NULL;
    lots_arena_init(arena, 0);
    *rows = (lots_rowset){.count = ROWS, .slot_count = 1, .untouched = true};
    assert_ok(lots_arena_alloc(arena, &made, 1, sizeof(lots_vector), &err));
    rows->slots = made;
    assert_ok(lots_vector_new(arena, &(lots_type){.kind = LOTS_TYPE_INT}, ROWS, &rows->slots[0], &err));
    assert_ok(lots_new_u32(arena, ROWS, &rows->patient, &err));
    assert_ok(lots_new_u32(arena, ROWS, &rows->relation_row, &err));
    for (uint32_t i = 0; i < ROWS; i++) {
        ((int64_t *)rows->slots[0].data)[i] = 100 + i;
        rows->patient[i] = i / WITHIN;
        rows->relation_row[i] = i;
    }
}

static void check_rows(const lots_rowset *rows, const uint32_t *before, uint32_t count)
{
    assert_int_equal(rows->count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(((const int64_t *)rows->slots[0].data)[i], 100 + before[i]);
        assert_int_equal(rows->patient[i], before[i] / WITHIN);
        assert_int_equal(rows->relation_row[i], before[i]);
    }
}

static void some_of_untouched_rows_are_untouched(void **state)
{
    (void)state;
    static const uint32_t kept[] = {1, 2, 3, 6};
    const uint64_t none = 0, all = 0xff, keep = 0x4e;
    lots_arena arena;
    lots_rowset rows;
    lots_error err;
    open_rows(&rows, &arena);
    assert_ok(lots_rowset_filter(&rows, &all, &arena, &err));
    assert_true(rows.untouched && rows.count == ROWS);
    assert_ok(lots_rowset_filter(&rows, &keep, &arena, &err));
    check_rows(&rows, kept, 4);
    assert_true(rows.untouched && lots_rowset_in_order(&rows));
    assert_ok(lots_rowset_filter(&rows, &none, &arena, &err));
    assert_true(rows.count == 0 && lots_rowset_in_order(&rows));
    lots_arena_free(&arena);
}

static void rows_moved_and_some_of_them_are_not_in_order(void **state)
{
    (void)state;
    static const uint32_t order[] = {7, 6, 0, 1, 2, 3, 4, 5}, kept[] = {7, 0, 3};
    const uint64_t keep = 0x25, first = 0x1;
    lots_arena arena;
    lots_rowset rows;
    lots_error err;
    open_rows(&rows, &arena);
    assert_ok(lots_rowset_permute(&rows, order, ROWS, &arena, &err));
    check_rows(&rows, order, ROWS);
    assert_false(lots_rowset_in_order(&rows));
    assert_ok(lots_rowset_filter(&rows, &keep, &arena, &err));
    check_rows(&rows, kept, 3);
    assert_false(lots_rowset_in_order(&rows));
    assert_ok(lots_rowset_filter(&rows, &first, &arena, &err));
    assert_true(lots_rowset_in_order(&rows));
    lots_arena_free(&arena);
}

/* Patients rise, and of one patient what the rows came from; what `each` made of one row stays together. */
static void rows_in_order_are_found_to_be(void **state)
{
    (void)state;
    static const uint32_t again[] = {0, 0, 1, 4, 5, 5, 6, 7}, within[] = {1, 0, 2, 3, 4, 5, 6, 7};
    lots_arena arena;
    lots_rowset rows;
    lots_error err;
    open_rows(&rows, &arena);
    assert_ok(lots_rowset_permute(&rows, again, ROWS, &arena, &err));
    assert_true(!rows.untouched && lots_rowset_in_order(&rows));
    lots_arena_free(&arena);
    open_rows(&rows, &arena);
    assert_ok(lots_rowset_permute(&rows, within, ROWS, &arena, &err));
    assert_false(lots_rowset_in_order(&rows));
    rows.relation_row = NULL; /* rows of patients */
    assert_true(lots_rowset_in_order(&rows));
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_of_untouched_rows_are_untouched),
        cmocka_unit_test(rows_moved_and_some_of_them_are_not_in_order),
        cmocka_unit_test(rows_in_order_are_found_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
