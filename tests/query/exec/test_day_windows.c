/* Where windows of days begin and end among sorted days, against a plain loop: windows that go on where the one before ends, over
 * the same days or another patient's, with gaps and overlaps between, windows that end before they begin, and no windows at all. */
#include "query/exec/day_windows.h"

#include "tests/support/arena_fixture.h"

enum { PATIENTS = 40, DAYS_MOST = 30, WINDOWS = 24, ROWS = PATIENTS * WINDOWS };

static uint64_t seed;

static int32_t below(int32_t count) { return (int32_t)(lots_test_random(&seed) % (uint64_t)count); }

static int32_t days[PATIENTS * DAYS_MOST + 16];
static uint32_t offsets[PATIENTS + 1];

/* From none to DAYS_MOST a patient, several on a day. */
static void fill_days(void)
{
    offsets[0] = 0;
    for (uint32_t p = 0; p < PATIENTS; p++) {
        int32_t day = 17000;
        offsets[p + 1] = offsets[p];
        for (int32_t left = below(DAYS_MOST + 1); left > 0; left--)
            days[offsets[p + 1]++] = day += below(3) == 0 ? 0 : below(40);
    }
}

typedef struct shape {
    int32_t break_every; /* one window in so many does not begin where the one before ended; 0: all do */
    int32_t least, most; /* of the days that a window has; fewer than 0: it ends before it begins */
} shape;

static const shape shapes[] = {
    {0, 1, 40},   /* all go on */
    {10, 1, 40},  /* most do */
    {10, 0, 3},   /* some are empty */
    {10, -20, 30},/* some are turned */
    {2, 1, 40},   /* about half */
    {1, 1, 40},   /* hardly any does */
};

static uint32_t first[ROWS + 16], to[ROWS + 16];
static int32_t low[ROWS + 16], beyond[ROWS + 16];

/* Every fifth patient's windows follow those of the one before without a break; some rows have no days. */
static uint32_t fill_windows(const shape *s, uint32_t patients)
{
    uint32_t rows = 0;
    int32_t day = 0;
    for (uint32_t p = 0; p < patients; p++) {
        day = p % 5 == 4 ? day : 16900 + below(200);
        for (uint32_t k = 0; k < WINDOWS; k++, rows++) {
            if (s->break_every > 0 && below(s->break_every) == 0)
                day += below(60) - 30;
            low[rows] = day;
            beyond[rows] = day += s->least + below(s->most - s->least + 1);
            first[rows] = to[rows] = offsets[p];
            if (below(12) != 0)
                to[rows] = offsets[p + 1];
        }
    }
    return rows;
}

static uint32_t first_from(uint32_t from, uint32_t end, int32_t day)
{
    while (from < end && days[from] < day)
        from++;
    return from;
}

static void check(uint32_t rows, bool open)
{
    static uint32_t begin[ROWS + 16], end[ROWS + 16];
    lots_error err;
    memcpy(begin, first, sizeof begin);
    const lots_day_windows windows = {rows, begin, to, open ? NULL : low, beyond};
    assert_ok(lots_day_windows_search(lots_kernels_get(), days, &windows, &arena, end, &err));
    for (uint32_t i = 0; i < rows; i++) {
        const uint32_t expected = open ? first[i] : first_from(first[i], to[i], low[i]);
        assert_int_equal(begin[i], expected);
        assert_int_equal(end[i], first_from(expected, to[i], beyond[i]));
    }
}

static void windows_hold_the_places_that_a_plain_loop_finds(void **state)
{
    (void)state;
    for (uint32_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (uint32_t patients = 0; patients <= PATIENTS; patients += patients < 3 ? 1 : 37) {
            fill_days();
            const uint32_t rows = fill_windows(&shapes[s], patients);
            check(rows, false);
            check(rows, true);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(windows_hold_the_places_that_a_plain_loop_finds, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
