/* What a batch has of each group, against plain loops: sums small enough for one word with their rows and persons, and larger. */
#include "query/exec/group_brief.h"

#include <string.h>

#include "tests/support/lots_test.h"

enum { ROWS = 65535, GROUPS = 3, MANY = 30000 };

static uint32_t numbers[ROWS + 16], picked[ROWS + 16]; /* kernels may read beyond the last */
static lots_patient patients[ROWS + 16];
static int64_t values[ROWS + 16];
static uint64_t keep[ROWS / 64 + 8];
static uint32_t groups = GROUPS;
static uint64_t seed;

/* Patients rise, with some rows each; `tenths`: of the rows, that are picked. The last group has no row. */
static uint32_t fill(int64_t low, int64_t high, uint32_t tenths)
{
    lots_patient patient = 7;
    uint32_t count = 0;
    memset(keep, 0, sizeof keep);
    for (uint32_t row = 0; row < ROWS; row++) {
        patient += lots_test_random(&seed) % 20 == 0 ? 1 + (uint32_t)(lots_test_random(&seed) % 3) : 0;
        patients[row] = patient;
        numbers[row] = (uint32_t)(lots_test_random(&seed) % (groups - 1));
        values[row] = low + (int64_t)(lots_test_random(&seed) % (uint64_t)(high - low + 1));
        if (lots_test_random(&seed) % 10 < tenths) {
            picked[count++] = row;
            lots_bit_set(keep, row);
        }
    }
    return count;
}

/* Groups without rows are not met, whether few or, of many, most. */
static void check(const lots_group_briefs *briefs, const uint32_t *index, uint32_t count)
{
    static uint32_t rows[MANY], persons[MANY];
    static int64_t sums[MANY];
    static lots_patient last[MANY];
    uint32_t met = 0;
    for (uint32_t g = 0; g < groups; g++) {
        rows[g] = persons[g] = 0;
        sums[g] = 0;
        last[g] = LOTS_NO_PATIENT;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t row = index == NULL ? i : index[i], g = numbers[row];
        rows[g]++;
        persons[g] += patients[row] != last[g] ? 1 : 0;
        sums[g] += values[row];
        last[g] = patients[row];
    }
    for (uint32_t g = 0; g < groups; g++) {
        if (rows[g] == 0)
            continue;
        assert_true(met < briefs->met_count && briefs->met[met] == g);
        met++;
        assert_int_equal(briefs->counts[g] & UINT16_MAX, rows[g]);
        assert_int_equal(briefs->counts[g] >> 16, persons[g]);
        assert_true((int64_t)briefs->sum[g] == sums[g]);
    }
    assert_int_equal(briefs->met_count, met);
}

static void sums_of_any_size_are_added_up_with_their_rows_and_persons(void **state)
{
    (void)state;
    static const int64_t lows[] = {0, 0, INT32_MAX, -50}, highs[] = {0, 900, INT32_MAX, 50};
    static const uint32_t tenths[] = {10, 9, 3};
    lots_error err;
    for (uint32_t k = 0; k < 8; k++)
        for (uint32_t t = 0; t < 3; t++) {
            lots_arena arena;
            lots_arena_init(&arena, 0);
            groups = k < 4 ? GROUPS : MANY;
            const uint32_t count = fill(lows[k % 4], highs[k % 4], tenths[t]);
            lots_group_picked rows = {tenths[t] == 10 ? NULL : keep, count, NULL};
            const lots_group_batch batch = {.rows = ROWS, .number = numbers, .known = groups, .patient = patients,
                                            .arena = &arena, .row_ints = values, .small = true, .rising = lows[k % 4] >= 0};
            lots_group_briefs briefs;
            assert_ok(lots_group_briefs_make(&batch, &briefs, &err));
            assert_ok(lots_group_briefs_add(&batch, &rows, &briefs, &err));
            check(&briefs, tenths[t] == 10 ? NULL : picked, count);
            lots_arena_free(&arena);
        }
    groups = GROUPS;
}

/* Each row stands for as many persons as its weight, all like it. */
static void rows_that_stand_for_several_persons_are_added_as_often(void **state)
{
    (void)state;
    static uint32_t weights[ROWS];
    static const int64_t highs[] = {1, INT32_MAX};
    lots_error err;
    for (uint32_t k = 0; k < 4; k++) {
        lots_arena arena;
        uint64_t rows[GROUPS] = {0}, sums[GROUPS] = {0};
        uint32_t all = 0, used = 0;
        lots_arena_init(&arena, 0);
        (void)fill(highs[k % 2], highs[k % 2], 10);
        for (; used < 9000 && all < 65000; used++)
            all += weights[used] = k < 2 ? (used == 5 ? 60000 : used < 100) : (uint32_t)(lots_test_random(&seed) % 15);
        for (uint32_t row = 0; row < used; row++) {
            rows[numbers[row]] += weights[row];
            sums[numbers[row]] += (uint64_t)values[row] * weights[row];
        }
        const lots_group_picked picked_rows = {NULL, used, NULL};
        const lots_group_batch batch = {.rows = used, .number = numbers, .known = GROUPS, .patient = patients, .arena = &arena,
                                        .row_ints = values, .weight = weights, .rows_in_all = all, .small = true, .rising = true};
        lots_group_briefs briefs;
        assert_ok(lots_group_briefs_make(&batch, &briefs, &err));
        lots_group_briefs_weigh(&batch, &picked_rows, &briefs);
        assert_int_equal(briefs.met_count, GROUPS - 1);
        for (uint32_t g = 0; g < GROUPS - 1; g++) {
            assert_int_equal(briefs.met[g], g);
            assert_int_equal(briefs.counts[g], rows[g] | rows[g] << 16);
            assert_true(briefs.sum[g] == sums[g]);
        }
        lots_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_any_size_are_added_up_with_their_rows_and_persons),
        cmocka_unit_test(rows_that_stand_for_several_persons_are_added_as_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
