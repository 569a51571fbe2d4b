/* Ranking many rows, against plain loops: narrow and wide keys, few and many, with strata, ties and holes. */
#include "query/exec/top.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "tests/query/exec/number_shapes.h"
#include "tests/support/arena_fixture.h"

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
        cmocka_unit_test_setup_teardown(rows_are_ranked_as_counting_ranks_them, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(many_rows_are_ranked_alike_by_any_number_of_threads, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(nothing_can_be_ranked, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
