/* Values of a few rows that were taken once, asked again: of the same rows, of those beside them, of some of them. Against looking
 * each row up. */
#include <stdlib.h>
#include <string.h>

#include "query/exec/taken.h"
#include "tests/support/lots_test.h"

enum { COUNT = 200, ALL = 1000, NONE = -1 };

static lots_depth depth;
static uint64_t seed;

static void open_worker(lots_worker *worker)
{
    memset(&depth, 0, sizeof depth);
    lots_arena_init(&depth.arena, 0);
    *worker = (lots_worker){.kernels = lots_kernels_get(), .depths = &depth};
}

/* Place i has row 5i + 2; every seventh value is missing. */
static void keep_some(lots_worker *worker, lots_type_kind kind, bool some_missing, bool lent, lots_taken *out)
{
    lots_error err;
    uint32_t *rows = NULL;
    lots_arena other, *arena = lent ? &depth.arena : &other;
    lots_vector values;
    lots_arena_init(&other, 0);
    *out = (lots_taken){.rows = NULL};
    assert_ok(lots_new_u32(arena, COUNT, &rows, &err));
    assert_ok(lots_vector_new(arena, &(lots_type){.kind = kind}, COUNT, &values, &err));
    if (some_missing)
        assert_ok(lots_vector_want_missing(arena, &values, &err));
    for (uint32_t i = 0; i < COUNT; i++) {
        const bool missing = some_missing && i % 7 == 3;
        rows[i] = 5 * i + 2;
        if (missing)
            lots_bit_set(values.missing, i);
        if (kind == LOTS_TYPE_INT)
            ((int64_t *)values.data)[i] = missing ? 0 : (int64_t)i << 33;
        else
            ((int32_t *)values.data)[i] = missing ? 0 : (int32_t)i * 3 + 1;
    }
    assert_ok(lots_taken_keep(worker, &values, rows, arena, out, &err));
    lots_arena_free(&other);
}

/* Places that are asked for, NONE for no row, -2 for a row that was not taken. */
static void ask(lots_type_kind kind, bool some_missing, bool lent, const int *places, uint32_t count)
{
    lots_error err;
    lots_worker worker;
    lots_taken taken;
    lots_vector out;
    uint32_t rows[COUNT];
    bool done = false, all = true;
    open_worker(&worker);
    keep_some(&worker, kind, some_missing, lent, &taken);
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = places[i] == NONE ? LOTS_NO_ID : places[i] < 0 ? 4 : 5 * (uint32_t)places[i] + 2;
        all &= places[i] >= NONE;
    }
    for (int times = 0; times < 2; times++) {
        assert_ok(lots_taken_again(&worker, &taken, ALL, rows, count, &depth.arena, &out, &done, &err));
        assert_int_equal(done, all);
        for (uint32_t i = 0; i < count && done; i++) {
            const int place = places[i];
            const bool missing = place == NONE || (some_missing && place % 7 == 3);
            assert_int_equal(lots_vector_is_missing(&out, i), missing);
            if (kind == LOTS_TYPE_INT)
                assert_true(((int64_t *)out.data)[i] == (missing ? 0 : (int64_t)place << 33));
            else
                assert_int_equal(((int32_t *)out.data)[i], missing ? 0 : place * 3 + 1);
        }
    }
    lots_arena_free(&depth.arena);
}

static void ask_each_way(const int *places, uint32_t count)
{
    for (int i = 0; i < 8; i++)
        ask(i % 2 == 0 ? LOTS_TYPE_INT : LOTS_TYPE_DATE, i / 2 % 2 == 1, i / 4 == 1, places, count);
}

static void the_same_rows(void **state)
{
    int places[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        places[i] = i;
    ask_each_way(places, COUNT);
}

/* What is before or after each, but for the first and the last of owners; and what is nearly that. */
static void rows_beside_them(void **state)
{
    int places[COUNT];
    (void)state;
    for (int by = -1; by <= 1; by += 2)
        for (int owner = 1; owner <= 64; owner *= 4) {
            for (int i = 0; i < COUNT; i++)
                places[i] = i + by < 0 || i + by >= COUNT || (i + by) / owner != i / owner ? NONE : i + by;
            ask_each_way(places, COUNT);
            places[by < 0 ? 0 : COUNT - 1] = 7; /* nothing taken is beside it, but another row is asked for */
            ask_each_way(places, COUNT);
            places[COUNT / 2] = COUNT / 2; /* one is itself */
            ask_each_way(places, COUNT);
            places[COUNT - 2] = -2; /* one is another row */
            ask_each_way(places, COUNT);
        }
}

static void some_of_them(void **state)
{
    int places[COUNT];
    (void)state;
    for (uint32_t count = 0; count <= COUNT; count += 25) {
        for (uint32_t i = 0; i < count; i++)
            places[i] = (int)(lots_test_random(&seed) % (COUNT + 1)) - 1;
        ask_each_way(places, count);
    }
}

/* Rows that were taken later are told when they are asked again just so, and the first ones still are. */
static void the_latest_rows(void **state)
{
    enum { FEW = 4 };
    static const uint32_t lists[][FEW] = {{3, 4, 8, 9}, {4, 8, 9, 13}};
    static const struct {
        uint32_t rows[FEW], count;
        int of; /* the list it is; NONE: it isn't known */
    } asked[] = {
        {{3, 4, 8, 9}, 4, 0}, {{3, 4, 8, 9}, 3, NONE}, {{3, 4, 8, 13}, 4, NONE}, {{2, 7, 12, 17}, 4, 2},
    };
    lots_error err;
    lots_worker worker;
    lots_taken taken;
    (void)state;
    open_worker(&worker);
    keep_some(&worker, LOTS_TYPE_INT, true, false, &taken);
    for (int later = 0; later < 2; later++) {
        lots_vector values;
        lots_arena other, *arena = later == 0 ? &other : &depth.arena; /* copied, lent */
        lots_arena_init(&other, 0);
        assert_ok(lots_vector_new(arena, &(lots_type){.kind = LOTS_TYPE_INT}, FEW, &values, &err));
        assert_ok(lots_vector_want_missing(arena, &values, &err));
        for (uint32_t i = 0; i < FEW; i++)
            ((int64_t *)values.data)[i] = 100 * lists[later][i];
        lots_bit_set(values.missing, (uint32_t)later);
        assert_ok(lots_taken_keep(&worker, &values, lists[later], arena, &taken, &err));
        lots_arena_free(&other);
        for (size_t a = 0; a < sizeof asked / sizeof asked[0]; a++) {
            lots_vector out;
            bool done = false;
            const bool known = asked[a].of == 2 || asked[a].of == later;
            assert_ok(lots_taken_again(&worker, &taken, ALL, asked[a].rows, asked[a].count, &depth.arena, &out, &done, &err));
            assert_int_equal(done, known);
            for (uint32_t i = 0; done && i < asked[a].count; i++) {
                const bool first = asked[a].of == 2;
                assert_int_equal(lots_vector_is_missing(&out, i), first ? i == 3 : i == (uint32_t)later);
                if (!lots_vector_is_missing(&out, i))
                    assert_true(((int64_t *)out.data)[i] == (first ? (int64_t)i << 33 : 100 * lists[later][i]));
            }
        }
    }
    lots_arena_free(&depth.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_rows),
        cmocka_unit_test(rows_beside_them),
        cmocka_unit_test(some_of_them),
        cmocka_unit_test(the_latest_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
