/* Vectors of every kind: gathered with holes, spread, joined, compared, hashed. */
#include "query/exec/vector.h"

#include "core/base/memory.h"
#include "tests/support/arena_fixture.h"

enum { ROWS = 133 };

static const lots_type_kind KINDS[] = {LOTS_TYPE_BOOL, LOTS_TYPE_INT,  LOTS_TYPE_FLOAT,    LOTS_TYPE_DATE, LOTS_TYPE_CATEGORY,
                                       LOTS_TYPE_TEXT, LOTS_TYPE_SET, LOTS_TYPE_INTERVAL, LOTS_TYPE_EVENTS};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* Row i holds i % 7; every fifth is missing. Sets hold 0 .. i % 7 - 1. */
static lots_vector make(lots_type_kind kind, uint32_t count)
{
    static const char *const texts[] = {"", "a", "aa", "ab", "b", "c", "zz"};
    lots_error err;
    lots_vector v;
    const lots_type type = {.kind = kind, .element = LOTS_TYPE_INT};
    assert_ok(lots_vector_new(&arena, &type, count, &v, &err));
    if (kind == LOTS_TYPE_SET)
        assert_ok(lots_arena_vector(&arena, &v.data, (size_t)count * 7, 8, &err));
    if (kind != LOTS_TYPE_EVENTS)
        assert_ok(lots_vector_want_missing(&arena, &v, &err));
    uint32_t elements = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t x = i % 5 == 0 && kind != LOTS_TYPE_EVENTS ? 0 : i % 7;
        if (i % 5 == 0 && kind != LOTS_TYPE_EVENTS)
            lots_bit_set(v.missing, i);
        if (kind == LOTS_TYPE_BOOL && x % 2 != 0)
            lots_bit_set(v.data, i);
        if (kind == LOTS_TYPE_INT)
            ((int64_t *)v.data)[i] = x;
        if (kind == LOTS_TYPE_FLOAT)
            ((double *)v.data)[i] = x;
        if (kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_CATEGORY || kind == LOTS_TYPE_EVENTS || kind == LOTS_TYPE_INTERVAL)
            ((uint32_t *)v.data)[i] = x;
        if (kind == LOTS_TYPE_INTERVAL)
            v.data2[i] = (int32_t)x + 1;
        if (kind == LOTS_TYPE_TEXT)
            ((lots_text *)v.data)[i] = (lots_text){texts[x], (uint32_t)strlen(texts[x])};
        for (uint32_t k = 0; kind == LOTS_TYPE_SET && k < x; k++)
            ((int64_t *)v.data)[elements++] = k;
        if (kind == LOTS_TYPE_SET)
            v.offsets[i + 1] = elements;
    }
    return v;
}

static void a_gathered_row_is_the_row_it_came_from(void **state)
{
    (void)state;
    lots_error err;
    for (int k = 0; k < KIND_COUNT; k++) {
        const lots_vector in = make(KINDS[k], ROWS);
        uint32_t *index;
        void *room;
        uint64_t random = 4;
        assert_ok(lots_alloc(&room, 500, sizeof(uint32_t), &err)); /* without slack */
        index = room;
        for (int holes = 0; holes < 4; holes++) { /* none, some, most, all but the last */
            lots_vector out;
            for (uint32_t i = 0; i < 500; i++) {
                const bool hole = holes == 1 ? i % 3 == 0 : holes == 2 ? i % 9 != 4 : holes == 3 && i < 499;
                index[i] = hole ? LOTS_NO_ID : (uint32_t)(lots_test_random(&random) % ROWS);
            }
            assert_ok(lots_vector_gather(&arena, &in, index, 500, &out, &err));
            for (uint32_t i = 0; i < 500; i++) {
                if (index[i] != LOTS_NO_ID)
                    assert_int_equal(lots_vector_compare(&out, i, &in, index[i]), 0);
                else if (KINDS[k] == LOTS_TYPE_SET)
                    assert_int_equal(out.offsets[i], out.offsets[i + 1]);
                else if (KINDS[k] == LOTS_TYPE_EVENTS)
                    assert_int_equal(((uint32_t *)out.data)[i], LOTS_NO_ID);
                else
                    assert_true(lots_vector_is_missing(&out, i));
            }
        }
        lots_free(room);
    }
}

static void picked_rows_are_those_gathered(void **state)
{
    (void)state;
    lots_error err;
    uint64_t bits[ROWS / 64 + 9] = {0}, random = 9;
    uint32_t index[ROWS + 16], count = 0;
    for (uint32_t i = 0; i < ROWS; i++)
        if (lots_test_random(&random) % 3 != 0) {
            lots_bit_set(bits, i);
            index[count++] = i;
        }
    for (int k = 0; k < KIND_COUNT; k++) {
        lots_vector in = make(KINDS[k], ROWS), out;
        in.failed = in.missing; /* some rows or other */
        assert_ok(lots_vector_pick(&arena, &in, bits, index, count, &out, &err));
        assert_int_equal(out.count, count);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(lots_vector_compare(&out, i, &in, index[i]), 0);
            assert_true(in.failed == NULL || lots_bit_get(out.failed, i) == lots_bit_get(in.failed, index[i]));
        }
    }
}

static void nothing_gathered_from_nothing_is_missing(void **state)
{
    (void)state;
    lots_error err;
    const uint32_t index[20] = {LOTS_NO_ID, LOTS_NO_ID, LOTS_NO_ID};
    for (int k = 0; k < KIND_COUNT; k++) {
        const lots_vector in = make(KINDS[k], 0);
        lots_vector out;
        assert_ok(lots_vector_gather(&arena, &in, index, 3, &out, &err));
        assert_int_equal(out.count, 3);
        if (KINDS[k] != LOTS_TYPE_SET && KINDS[k] != LOTS_TYPE_EVENTS)
            assert_true(lots_vector_is_missing(&out, 2));
    }
}

static void joined_parts_follow_one_another(void **state)
{
    (void)state;
    lots_error err;
    for (int k = 0; k < KIND_COUNT; k++) {
        lots_vector parts[3] = {make(KINDS[k], 65), make(KINDS[k], ROWS), make(KINDS[k], 2)}, out;
        parts[2].constant = true; /* its first row, spread over nine */
        parts[2].count = 9;
        assert_ok(lots_vector_concat(&arena, parts, 3, &out, &err));
        assert_int_equal(out.count, 65 + ROWS + 9);
        for (uint32_t i = 0; i < out.count; i++) {
            const uint32_t part = i < 65 ? 0 : i < 65 + ROWS ? 1 : 2;
            assert_int_equal(lots_vector_compare(&out, i, &parts[part], i - (part == 0 ? 0 : part == 1 ? 65 : 65 + ROWS)), 0);
        }
    }
}

static void a_spread_constant_is_the_same_in_every_row(void **state)
{
    (void)state;
    lots_error err;
    for (int k = 0; k < KIND_COUNT; k++) {
        lots_vector in = make(KINDS[k], 3), out;
        in.constant = true;
        in.count = 100;
        assert_ok(lots_vector_flatten(&arena, &in, &out, &err));
        assert_false(out.constant);
        for (uint32_t i = 0; i < 100; i++)
            assert_int_equal(lots_vector_compare(&out, i, &in, i), 0);
    }
}

static void order_is_total_and_equal_rows_hash_alike(void **state)
{
    (void)state;
    for (int k = 0; k < KIND_COUNT; k++) {
        const lots_vector v = make(KINDS[k], 40);
        for (uint32_t a = 0; a < 40; a++)
            for (uint32_t b = 0; b < 40; b++) {
                const int order = lots_vector_compare(&v, a, &v, b);
                assert_int_equal(order, -lots_vector_compare(&v, b, &v, a));
                if (order == 0)
                    assert_true(lots_vector_hash(&v, a, 9) == lots_vector_hash(&v, b, 9));
                if (lots_vector_is_missing(&v, a) && !lots_vector_is_missing(&v, b))
                    assert_int_equal(order, -1);
            }
    }
    lots_vector zero = make(LOTS_TYPE_FLOAT, 4);
    ((double *)zero.data)[1] = -0.0;
    ((double *)zero.data)[2] = 0.0;
    assert_int_equal(lots_vector_compare(&zero, 1, &zero, 2), 0);
    assert_true(lots_vector_hash(&zero, 1, 0) == lots_vector_hash(&zero, 2, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_gathered_row_is_the_row_it_came_from, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(picked_rows_are_those_gathered, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(nothing_gathered_from_nothing_is_missing, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(joined_parts_follow_one_another, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_spread_constant_is_the_same_in_every_row, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(order_is_total_and_equal_rows_hash_alike, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
