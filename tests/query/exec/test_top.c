/* Sorting and ranking many numbers, against plain loops: narrow and wide keys, few and many, with strata, ties and holes. */
#include "query/exec/top.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "query/exec/number_sort.h"
#include "tests/support/arena_fixture.h"

/* ---- sorting ---- */

enum { SHAPES = 17, MOST = 5000 };

static int64_t number_of(unsigned shape, uint32_t at, uint64_t *random)
{
    const uint64_t drawn = lots_test_random(random);
    switch (shape) {
    case 0: return (int64_t)drawn;
    case 1: return (int64_t)(drawn % 7) - 3;
    case 2: return at % 3 == 0 ? INT64_MIN : at % 3 == 1 ? INT64_MAX : 0;
    case 3: return (int64_t)((at * 3 + drawn % 90) << 32 | at);
    case 4: return (int64_t)(drawn % 100000) << 20;
    case 5: return -(int64_t)at;
    case 6: return INT64_MAX - (int64_t)(drawn % 300);
    case 7: return INT64_MIN + (int64_t)(drawn % 70000);
    case 8: return drawn % 3 != 0 ? -100 : (int64_t)(drawn % 9000000); /* costs: many have none */
    case 9: return at == 1 ? INT64_C(0xffffffff) - 7 : at == 2 ? -7 : (int64_t)(drawn >> 32) - 7; /* the most that are halves … */
    case 10: return at == 1 ? INT64_C(0x100000000) - 7 : at == 2 ? -7 : (int64_t)(drawn >> 32) - 7; /* … and one more */
    case 11: return at == 0 ? -50 : drawn % 4 == 0 ? -50 : (int64_t)(drawn % 3000000) * 100 - 50; /* hundreds above the least … */
    case 12: return at == 2 ? 101 : (int64_t)(drawn % 3000000) * 100; /* … and one that isn't */
    case 13: return drawn % 8 == 0 ? (int64_t)(drawn % 4000000000) - 5 : (int64_t)(drawn % 65600) - 5; /* most near the least: by ones, … */
    case 14: return (drawn % 9 == 0 ? (int64_t)(drawn >> 40) : (int64_t)(drawn % 60000) % 4000) * 100 - 300; /* by hundreds, … */
    case 15: return (int64_t)(drawn % 65536) + (at == 7 ? INT64_C(0xffff0000) : 0) - INT64_C(0x7fffffffffff); /* all but one */
    default: return (int64_t)(drawn % 40) == 0 ? (int64_t)(drawn >> 8) : (int64_t)(drawn % 1000) - 500;
    }
}

static int rising(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void numbers_of_every_shape_and_count_are_sorted(void **state)
{
    static const uint32_t counts[] = {0, 1, 2, 23, 24, 25, 100, 511, 512, 513, 4095, 4096, MOST};
    static int64_t values[MOST], wanted[MOST];
    uint64_t random = 7;
    (void)state;
    for (unsigned shape = 0; shape < SHAPES; shape++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            for (uint32_t i = 0; i < counts[c]; i++)
                values[i] = wanted[i] = number_of(shape, i, &random);
            qsort(wanted, counts[c], sizeof *wanted, rising);
            lots_sort_ints(values, counts[c]);
            if (counts[c] > 0)
                assert_memory_equal(values, wanted, counts[c] * sizeof *values);
        }
}

/* So many that most of them may be counted instead of moved. */
static void very_many_numbers_of_every_shape_are_sorted(void **state)
{
    static const uint32_t counts[] = {65536, 65537, 150000};
    uint64_t random = 11;
    lots_error err;
    void *values = NULL, *wanted = NULL;
    (void)state;
    assert_ok(lots_alloc(&values, 150000, sizeof(int64_t), &err));
    assert_ok(lots_alloc(&wanted, 150000, sizeof(int64_t), &err));
    for (unsigned shape = 0; shape < SHAPES; shape++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            for (uint32_t i = 0; i < counts[c]; i++)
                ((int64_t *)values)[i] = ((int64_t *)wanted)[i] = number_of(shape, i, &random);
            qsort(wanted, counts[c], sizeof(int64_t), rising);
            lots_sort_ints(values, counts[c]);
            assert_memory_equal(values, wanted, counts[c] * sizeof(int64_t));
        }
    lots_free(values);
    lots_free(wanted);
}

/* As threads leave them: up to 17 parts, each in order, one of them perhaps short, among one another or apart. */
static void long_parts_in_order_are_sorted(void **state)
{
    static int64_t values[17 * MOST], wanted[17 * MOST];
    static const int64_t shifts[] = {0, -9000, 2500, -2500};
    uint64_t random = 3;
    (void)state;
    for (uint32_t parts = 1; parts <= 17; parts++) {
        const int64_t shift = shifts[parts % 4];
        uint32_t count = 0;
        for (uint32_t p = 0; p < parts; p++) {
            const uint32_t own = p == parts / 2 && parts % 3 == 0 ? 40 : MOST - 7 * p;
            for (uint32_t i = 0; i < own; i++)
                values[count + i] = (int64_t)(lots_test_random(&random) % 9000) - 4000 + p * shift;
            qsort(values + count, own, sizeof *values, rising);
            count += own;
        }
        memcpy(wanted, values, count * sizeof *values);
        qsort(wanted, count, sizeof *wanted, rising);
        lots_sort_ints(values, count);
        assert_memory_equal(values, wanted, count * sizeof *values);
    }
}

/* Parts of any length in order, as those of several groups that are joined, among one another or apart. */
static void parts_in_order_are_merged_by_several_threads(void **state)
{
    enum { MANY = 80000 };
    static const uint32_t firsts[][4] = {{0, 40000}, {0, 5000, 9000, 75000}, {0, 60000}, {0, 20000, 41000}};
    static const int64_t shifts[] = {0, -1000000, 1000000, 3000};
    static int64_t values[MANY], wanted[MANY];
    uint64_t random = 9;
    lots_pool *pool = NULL;
    lots_error err;
    (void)state;
    assert_ok(lots_pool_open(&pool, 3, &err));
    for (uint32_t c = 0; c < 16; c++) {
        const uint32_t *first = firsts[c / 4];
        for (uint32_t i = 0, part = 0; i < MANY; i++) {
            part += part < 3 && first[part + 1] == i && i > 0 ? 1 : 0;
            values[i] = (int64_t)(lots_test_random(&random) % 9000) + part * shifts[c % 4];
        }
        for (uint32_t part = 0; part < 4 && (part == 0 || first[part] > 0); part++) {
            const uint32_t end = part < 3 && first[part + 1] > 0 ? first[part + 1] : MANY;
            qsort(values + first[part], end - first[part], sizeof *values, rising);
        }
        memcpy(wanted, values, sizeof values);
        qsort(wanted, MANY, sizeof *wanted, rising);
        assert_ok(lots_sort_shared(values, MANY, false, pool, &err));
        assert_memory_equal(values, wanted, sizeof values);
    }
    lots_pool_close(pool);
}

static void many_numbers_are_sorted_by_several_threads(void **state)
{
    enum { MANY = 70001 };
    static int64_t values[MANY], wanted[MANY];
    static double floats[MANY];
    uint64_t random = 1;
    lots_pool *pool = NULL;
    lots_error err;
    (void)state;
    assert_ok(lots_pool_open(&pool, 3, &err));
    for (uint32_t i = 0; i < MANY; i++) {
        values[i] = wanted[i] = number_of(1 + i % 2 * 7, i, &random);
        floats[i] = (double)values[i];
    }
    qsort(wanted, MANY, sizeof *wanted, rising);
    assert_ok(lots_sort_shared(values, MANY, false, pool, &err));
    assert_ok(lots_sort_shared(floats, MANY, true, pool, &err));
    assert_memory_equal(values, wanted, sizeof values);
    for (uint32_t i = 0; i < MANY; i++)
        assert_true(floats[i] == (double)wanted[i]);
    lots_pool_close(pool);
}

/* ---- ranking ---- */

enum { ROWS = 700 };

typedef struct ranked {
    lots_vector by;
    uint32_t stratum[ROWS], strata;
} ranked;

static ranked make_ranked(lots_type_kind kind, unsigned shape, uint32_t strata, bool holes)
{
    const lots_type type = {.kind = kind};
    ranked r = {.strata = strata};
    uint64_t random = shape + 11;
    lots_error err;
    assert_ok(lots_vector_new(&arena, &type, ROWS, &r.by, &err));
    if (holes)
        assert_ok(lots_vector_want_missing(&arena, &r.by, &err));
    for (uint32_t i = 0; i < ROWS; i++) {
        const int64_t value = number_of(shape, i, &random);
        const bool hole = holes && lots_test_random(&random) % 4 == 0;
        r.stratum[i] = (uint32_t)(lots_test_random(&random) % strata);
        if (hole)
            lots_bit_set(r.by.missing, i);
        if (kind == LOTS_TYPE_FLOAT)
            ((double *)r.by.data)[i] = hole ? 0 : (double)value / 8;
        else if (kind == LOTS_TYPE_DATE)
            ((int32_t *)r.by.data)[i] = hole ? 0 : (int32_t)value;
        else
            ((int64_t *)r.by.data)[i] = hole ? 0 : value;
    }
    return r;
}

/* Of the rows of the stratum with a value: how many are larger than row `at`, how many are not. */
static void count_plainly(const ranked *r, uint32_t at, uint32_t *larger, uint32_t *not_larger)
{
    *larger = *not_larger = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        if (lots_vector_is_missing(&r->by, i) || r->stratum[i] != r->stratum[at])
            continue;
        const bool more = r->by.type.kind == LOTS_TYPE_FLOAT  ? ((double *)r->by.data)[i] > ((double *)r->by.data)[at]
                          : r->by.type.kind == LOTS_TYPE_DATE ? ((int32_t *)r->by.data)[i] > ((int32_t *)r->by.data)[at]
                                                              : ((int64_t *)r->by.data)[i] > ((int64_t *)r->by.data)[at];
        *larger += more;
        *not_larger += !more;
    }
}

static void check_ranks(const ranked *r, bool stratified)
{
    lots_vector ranks, shares;
    lots_error err;
    assert_ok(lots_rank_rows(false, &r->by, stratified ? r->stratum : NULL, r->strata, NULL, &arena, &ranks, &err));
    assert_ok(lots_rank_rows(true, &r->by, stratified ? r->stratum : NULL, r->strata, NULL, &arena, &shares, &err));
    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t larger, not_larger;
        assert_int_equal(lots_vector_is_missing(&ranks, i), lots_vector_is_missing(&r->by, i));
        assert_int_equal(lots_vector_is_missing(&shares, i), lots_vector_is_missing(&r->by, i));
        if (lots_vector_is_missing(&r->by, i)) {
            assert_int_equal(((int64_t *)ranks.data)[i], 0);
            assert_true(((double *)shares.data)[i] == 0);
            continue;
        }
        count_plainly(r, i, &larger, &not_larger);
        assert_int_equal(((int64_t *)ranks.data)[i], 1 + larger);
        assert_true(((double *)shares.data)[i] == (double)not_larger / (double)(larger + not_larger));
    }
}

/* The 10% largest: those that fewer than their share of the stratum are larger than. */
static void check_top(const ranked *r, bool stratified)
{
    const lots_top top = {.percent = true, .mantissa = 1, .scale = 1};
    lots_top_kept kept;
    uint64_t *keep = NULL;
    lots_error err;
    assert_ok(lots_top_select(&top, &r->by, stratified ? r->stratum : NULL, r->strata, NULL, &arena, &keep, &kept, &err));
    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t larger, not_larger;
        if (lots_vector_is_missing(&r->by, i)) {
            assert_false(lots_bit_get(keep, i));
            continue;
        }
        count_plainly(r, i, &larger, &not_larger);
        assert_int_equal(lots_bit_get(keep, i), larger < (larger + not_larger + 9) / 10);
    }
}

/* Nor is the largest number there can be, when nothing is wanted. */
static void check_top_of_nothing(const ranked *r, bool stratified)
{
    const lots_top top = {.count = 0};
    lots_top_kept kept;
    uint64_t *keep = NULL;
    lots_error err;
    if (r->by.type.kind == LOTS_TYPE_INT && !lots_vector_is_missing(&r->by, 3))
        ((int64_t *)r->by.data)[3] = INT64_MAX;
    assert_ok(lots_top_select(&top, &r->by, stratified ? r->stratum : NULL, r->strata, NULL, &arena, &keep, &kept, &err));
    assert_int_equal(lots_bits_count(keep, ROWS), 0);
    assert_int_equal(kept.kept, 0);
}

static void rows_are_ranked_as_counting_ranks_them(void **state)
{
    static const lots_type_kind kinds[] = {LOTS_TYPE_INT, LOTS_TYPE_FLOAT, LOTS_TYPE_DATE};
    static const uint32_t strata[] = {1, 5, 2000};
    (void)state;
    for (unsigned shape = 0; shape < SHAPES; shape++)
        for (size_t k = 0; k < 3; k++)
            for (size_t s = 0; s < 3; s++)
                for (int holes = 0; holes < 2; holes++) {
                    const ranked r = make_ranked(kinds[k], shape, strata[s], holes != 0);
                    check_ranks(&r, strata[s] > 1);
                    check_top(&r, strata[s] > 1);
                    check_top_of_nothing(&r, strata[s] > 1);
                }
}

/* Missing where it is, else as doubles or whole numbers. */
static void assert_same_ranks(const lots_vector *a, const lots_vector *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        assert_int_equal(lots_vector_is_missing(a, i), lots_vector_is_missing(b, i));
        assert_int_equal(((int64_t *)a->data)[i], ((int64_t *)b->data)[i]);
    }
}

/* Rows enough to be shared out, of strata of different sizes. */
static void many_rows_are_ranked_alike_by_any_number_of_threads(void **state)
{
    enum { MANY = 150001, STRATA = 5 };
    const lots_type type = {.kind = LOTS_TYPE_INT};
    const lots_top tops[2] = {{.percent = true, .mantissa = 3, .scale = 1}, {.bottom = true, .count = 1000}};
    static uint32_t stratum[MANY];
    (void)state;
    for (unsigned shape = 0; shape < SHAPES; shape++) {
        lots_vector by, one, several;
        uint64_t random = shape, *keep[2] = {NULL, NULL};
        lots_top_kept kept[2];
        lots_pool *pool = NULL;
        lots_error err;
        assert_ok(lots_pool_open(&pool, 2 + shape, &err));
        assert_ok(lots_vector_new(&arena, &type, MANY, &by, &err));
        assert_ok(lots_vector_want_missing(&arena, &by, &err));
        for (uint32_t i = 0; i < MANY; i++) {
            ((int64_t *)by.data)[i] = number_of(shape, i, &random);
            stratum[i] = (uint32_t)(lots_test_random(&random) % (1 + i % STRATA));
            if (i % 11 == 0) {
                lots_bit_set(by.missing, i);
                ((int64_t *)by.data)[i] = 0;
            }
        }
        for (size_t t = 0; t < 3; t++) {
            const uint32_t *of = t < 2 ? stratum : NULL, strata = t < 2 ? STRATA : 1;
            assert_ok(lots_top_select(&tops[t % 2], &by, of, strata, NULL, &arena, &keep[0], &kept[0], &err));
            assert_ok(lots_top_select(&tops[t % 2], &by, of, strata, pool, &arena, &keep[1], &kept[1], &err));
            assert_memory_equal(keep[0], keep[1], lots_bit_words(MANY) * sizeof(uint64_t));
            assert_int_equal(kept[0].kept, kept[1].kept);
            assert_int_equal(kept[0].wanted, kept[1].wanted);
            assert_ok(lots_rank_rows(t == 0, &by, of, strata, NULL, &arena, &one, &err));
            assert_ok(lots_rank_rows(t == 0, &by, of, strata, pool, &arena, &several, &err));
            assert_same_ranks(&one, &several);
        }
        lots_pool_close(pool);
    }
}

static void nothing_can_be_ranked(void **state)
{
    const lots_type type = {.kind = LOTS_TYPE_INT};
    lots_vector none, out;
    lots_error err;
    (void)state;
    assert_ok(lots_vector_new(&arena, &type, 0, &none, &err));
    assert_ok(lots_rank_rows(true, &none, NULL, 1, NULL, &arena, &out, &err));
    assert_int_equal(out.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_every_shape_and_count_are_sorted),
        cmocka_unit_test(very_many_numbers_of_every_shape_are_sorted),
        cmocka_unit_test(long_parts_in_order_are_sorted),
        cmocka_unit_test(parts_in_order_are_merged_by_several_threads),
        cmocka_unit_test(many_numbers_are_sorted_by_several_threads),
        cmocka_unit_test_setup_teardown(rows_are_ranked_as_counting_ranks_them, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(many_rows_are_ranked_alike_by_any_number_of_threads, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(nothing_can_be_ranked, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
