/* What a batch has of each group, against plain loops: sums small enough for one word with their rows and persons, and larger. */
#include "query/exec/group_brief.h"

#include <string.h>

#include "tests/support/lots_test.h"

enum { ROWS = 65535, GROUPS = 3 };

static uint32_t numbers[ROWS + 16], picked[ROWS + 16]; /* kernels may read beyond the last */
static lots_patient patients[ROWS + 16];
static int64_t values[ROWS + 16];
static uint64_t seed;

/* Patients rise, with some rows each; `every`: each how many rows one is picked. */
static uint32_t fill(int64_t low, int64_t high, uint32_t every)
{
    lots_patient patient = 7;
    uint32_t count = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        patient += lots_test_random(&seed) % 20 == 0 ? 1 + (uint32_t)(lots_test_random(&seed) % 3) : 0;
        patients[row] = patient;
        numbers[row] = (uint32_t)(lots_test_random(&seed) % (GROUPS - 1)); /* the last has no row */
        values[row] = low + (int64_t)(lots_test_random(&seed) % (uint64_t)(high - low + 1));
        if (lots_test_random(&seed) % every == 0)
            picked[count++] = row;
    }
    return count;
}

static void check(const lots_group_briefs *briefs, const uint32_t *index, uint32_t count)
{
    for (uint32_t g = 0; g < GROUPS; g++) {
        uint32_t rows = 0, persons = 0;
        int64_t sum = 0;
        lots_patient last = LOTS_NO_PATIENT;
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t row = index == NULL ? i : index[i];
            if (numbers[row] != g)
                continue;
            rows++;
            persons += patients[row] != last ? 1 : 0;
            sum += values[row];
            last = patients[row];
        }
        assert_int_equal(briefs->counts[g] & UINT16_MAX, rows);
        assert_int_equal(briefs->counts[g] >> 16, persons);
        assert_true((int64_t)briefs->sum[g] == sum);
    }
}

static void sums_of_any_size_are_added_up_with_their_rows_and_persons(void **state)
{
    (void)state;
    static const int64_t lows[] = {0, 0, INT32_MAX, -50}, highs[] = {0, 900, INT32_MAX, 50};
    lots_error err;
    for (uint32_t k = 0; k < 4; k++)
        for (uint32_t every = 1; every < 4; every += 2) {
            lots_arena arena;
            lots_arena_init(&arena, 0);
            const uint32_t count = fill(lows[k], highs[k], every);
            const lots_group_picked rows = {every == 1 ? NULL : picked, count};
            const lots_group_batch batch = {.rows = ROWS, .number = numbers, .known = GROUPS, .patient = patients,
                                            .arena = &arena, .row_ints = values, .small = true, .rising = lows[k] >= 0};
            lots_group_briefs briefs;
            assert_ok(lots_group_briefs_make(&batch, &briefs, &err));
            lots_group_briefs_add(&batch, &rows, &briefs);
            check(&briefs, rows.index, count);
            lots_arena_free(&arena);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_any_size_are_added_up_with_their_rows_and_persons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
