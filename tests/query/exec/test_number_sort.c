/* Sorting and adding up many numbers, against qsort and plain loops: near one another and apart, few and many, by one thread and by
 * several. */
#include "query/exec/number_sort.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "core/base/memory.h"
#include "query/exec/share.h"
#include "tests/query/exec/number_shapes.h"

enum { MOST = 5000 };

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

static void numbers_are_sorted_into_another_place(void **state)
{
    static const uint32_t counts[] = {0, 1, 24, 512, 513, MOST};
    static int64_t values[MOST], wanted[MOST], to[MOST];
    uint64_t random = 5;
    (void)state;
    for (unsigned shape = 0; shape < SHAPES; shape++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            for (int ordered = 0; ordered < 2; ordered++) {
                for (uint32_t i = 0; i < counts[c]; i++)
                    values[i] = wanted[i] = number_of(shape, i, &random);
                qsort(wanted, counts[c], sizeof *wanted, rising);
                if (ordered)
                    memcpy(values, wanted, counts[c] * sizeof *values);
                memset(to, 0, sizeof to);
                lots_sort_ints_into(values, counts[c], to);
                if (counts[c] > 0)
                    assert_memory_equal(to, wanted, counts[c] * sizeof *to);
            }
}

/* Parts and merges of every kind: an odd one left over, more threads than parts, one more round or one less. */
static void many_numbers_are_sorted_by_several_threads(void **state)
{
    enum { MANY = 70001 };
    static const unsigned threads[] = {2, 3, 4, 5, 17};
    static int64_t values[MANY], wanted[MANY];
    static double floats[MANY];
    uint64_t random = 1;
    lots_error err;
    (void)state;
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        lots_pool *pool = NULL;
        assert_ok(lots_pool_open(&pool, threads[t], &err));
        for (unsigned shape = 0; shape < SHAPES; shape++) {
            for (uint32_t i = 0; i < MANY; i++) {
                values[i] = wanted[i] = number_of(shape, i, &random);
                floats[i] = (double)(values[i] / 4096);
            }
            qsort(wanted, MANY, sizeof *wanted, rising);
            assert_ok(lots_sort_shared(values, MANY, false, pool, &err));
            assert_memory_equal(values, wanted, sizeof values);
            if (shape > 2)
                continue;
            assert_ok(lots_sort_shared(floats, MANY, true, pool, &err));
            for (uint32_t i = 0; i < MANY; i++)
                assert_true(floats[i] == (double)(wanted[i] / 4096));
        }
        lots_pool_close(pool);
    }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool can_do_without = false; /* they need memory of their own */
#else
static const bool can_do_without = true;
#endif

/* No more memory than there is; that is allowed to be taken back. */
static void allow_memory(bool more)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = more ? limit.rlim_max : 0;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* The first of these tests: nothing is kept yet that could be taken instead. */
static void numbers_are_sorted_where_no_memory_is_to_be_had(void **state)
{
    enum { MANY = 150000 };
    static int64_t values[MANY], wanted[MANY], to[MANY];
    static double floats[MANY];
    uint64_t random = 3;
    lots_pool *pool = NULL;
    lots_error err;
    (void)state;
    assert_ok(lots_pool_open(&pool, 2, &err));
    for (uint32_t i = 0; i < MANY; i++) {
        values[i] = wanted[i] = number_of(0, i, &random);
        floats[i] = (double)(values[i] / 4096);
    }
    qsort(wanted, MANY, sizeof *wanted, rising);
    allow_memory(!can_do_without);
    lots_sort_ints_into(values, MANY, to);
    lots_status status = lots_sort_shared(floats, MANY, true, pool, &err);
    allow_memory(true);
    assert_int_equal(status, LOTS_OK);
    assert_memory_equal(to, wanted, sizeof to);
    for (uint32_t i = 0; i < MANY; i++)
        assert_true(floats[i] == (double)(wanted[i] / 4096));
    lots_pool_close(pool);
}

/* ---- sums ---- */

__extension__ typedef __int128 wide;

static wide wide_of(lots_whole_sum sum)
{
    __extension__ unsigned __int128 bits = ((unsigned __int128)sum.halves[1] << 64) | sum.halves[0];
    return (wide)bits;
}

/* By the formula: each times 2i - n - 1, in 128 bits. */
static void numbers_are_added_up_by_one_thread_and_by_several(void **state)
{
    enum { MANY = 66000 };
    static const uint32_t counts[] = {0, 1, 2, 700, 65535, 65536, MANY};
    static int64_t values[MANY];
    uint64_t random = 12;
    lots_pool *pools[2] = {NULL, NULL};
    lots_share_sums sums;
    lots_error err;
    (void)state;
    assert_ok(lots_pool_open(&pools[1], 3, &err));
    for (unsigned shape = 0; shape < SHAPES; shape++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            wide all = 0, ranked = 0;
            for (uint32_t i = 0; i < counts[c]; i++)
                values[i] = number_of(shape, i, &random);
            qsort(values, counts[c], sizeof *values, rising);
            for (uint32_t i = 0; i < counts[c]; i++) {
                all += values[i];
                ranked += (2 * ((wide)i + 1) - (wide)counts[c] - 1) * values[i];
            }
            for (int p = 0; p < 2; p++) {
                assert_ok(lots_share_sums_of(values, counts[c], pools[p], &sums, &err));
                assert_true(wide_of(sums.all) == all && wide_of(sums.ranked) == ranked);
            }
        }
    lots_pool_close(pools[1]);
}

/* Of debts there is no part of the whole: a Gini coefficient could be above 1. Zeros have none either. */
static void negative_numbers_have_no_gini_coefficient(void **state)
{
    static const int64_t ints[] = {-1, 2, 30}, zeros[] = {0, 0};
    static const double floats[] = {-0.5, 2, 30};
    lots_share_sums sums;
    lots_error err;
    double found = 0;
    (void)state;
    assert_ok(lots_share_sums_of(ints, 3, NULL, &sums, &err));
    assert_false(lots_gini_ints(ints, 3, &sums, &found));
    assert_false(lots_gini_floats(floats, 3, &found));
    assert_ok(lots_share_sums_of(ints + 1, 2, NULL, &sums, &err));
    assert_true(lots_gini_ints(ints + 1, 2, &sums, &found));
    assert_true(found == 28.0 / 64);
    assert_ok(lots_share_sums_of(zeros, 2, NULL, &sums, &err));
    assert_false(lots_gini_ints(zeros, 2, &sums, &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_sorted_where_no_memory_is_to_be_had),
        cmocka_unit_test(numbers_of_every_shape_and_count_are_sorted),
        cmocka_unit_test(very_many_numbers_of_every_shape_are_sorted),
        cmocka_unit_test(numbers_are_sorted_into_another_place),
        cmocka_unit_test(many_numbers_are_sorted_by_several_threads),
        cmocka_unit_test(numbers_are_added_up_by_one_thread_and_by_several),
        cmocka_unit_test(negative_numbers_have_no_gini_coefficient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
