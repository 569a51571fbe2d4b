/* Operators on values, row by row, against plain C; and what fails only when it is needed. */
#include <math.h>

#include "tests/query/exec/exec_fixture.h"

static world w;

static int open_world(void **state)
{
    (void)state;
    world_open(&w, 31);
    world_fill(&w, (const uint32_t[]){200, 90, 0}, random_patient);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

enum { MISSING = INT32_MIN, FALSE = 0, TRUE = 1 };

static void same(const cell *got, int64_t expected, const char *what, uint32_t row)
{
    const int64_t value = got->missing ? MISSING : got->i;
    if (value != expected)
        fail_msg("%s of row %u: %lld, expected %lld", what, row, (long long)value, (long long)expected);
}

static int64_t both(int64_t a, int64_t b)
{
    return a == FALSE || b == FALSE ? FALSE : a == MISSING || b == MISSING ? MISSING : TRUE;
}

static int64_t negate(int64_t a) { return a == MISSING ? MISSING : !a; }

static int64_t either(int64_t a, int64_t b) { return negate(both(negate(a), negate(b))); }

#define EACH_ROW(text)                                                                                     \
    answer a = world_ask(&w, text);                                                                        \
    assert_int_equal(a.rows, w.event_count[S_CONTACTS]);                                                   \
    for (uint32_t r = 0; r < a.rows; r++)

static void missing_follows_kleene(void **state)
{
    (void)state;
    EACH_ROW("from contacts derive a = acute and cost > 0, b = acute or cost > 0, c = not acute, d = acute is missing, "
             "e1 = (acute and cost > 0) is not missing, f = cost in 0..500, g = acute and (cost > 0 or level = primary)") {
        const event *e = &w.events[S_CONTACTS][r];
        const int64_t acute = e->acute == NONE ? MISSING : e->acute, dear = e->has_cost ? e->cost > 0 : MISSING;
        const int64_t primary = e->level == NONE ? MISSING : e->level == 3;
        same(cell_at(&a, r, 0), both(acute, dear), "and", r);
        same(cell_at(&a, r, 1), either(acute, dear), "or", r);
        same(cell_at(&a, r, 2), negate(acute), "not", r);
        same(cell_at(&a, r, 3), acute == MISSING, "is missing", r);
        same(cell_at(&a, r, 4), both(acute, dear) != MISSING, "is not missing", r);
        same(cell_at(&a, r, 5), e->has_cost ? e->cost >= 0 && e->cost <= 50000 : MISSING, "between", r);
        same(cell_at(&a, r, 6), both(acute, either(dear, primary)), "nested", r);
    }
    answer_free(&a);
}

static void ids_are_compared_by_their_texts(void **state)
{
    (void)state;
    EACH_ROW("from contacts derive a = level = inpatient, b = level != inpatient, c = level in (primary, emergency), "
             "d = dx in {I50}, e1 = dx in {=I50, E10}, f = unit = 'u3', g = level not in (primary), h = dx.main in {I10, J44}, "
             "i = dx in {E10-E11, J45}") {
        const event *e = &w.events[S_CONTACTS][r];
        bool heart = false, exact = false, range = false;
        for (uint32_t i = 0; i < e->dx_count; i++) {
            heart |= e->dx[i] == 6 || e->dx[i] == 7;
            exact |= e->dx[i] == 6 || e->dx[i] == 3;
            range |= e->dx[i] == 3 || e->dx[i] == 4 || e->dx[i] == 9;
        }
        const bool none = e->level == NONE;
        same(cell_at(&a, r, 0), none ? MISSING : e->level == 1, "=", r);
        same(cell_at(&a, r, 1), none ? MISSING : e->level != 1, "!=", r);
        same(cell_at(&a, r, 2), none ? MISSING : e->level == 3 || e->level == 0, "in", r);
        same(cell_at(&a, r, 3), heart, "prefix", r);
        same(cell_at(&a, r, 4), exact, "exact", r);
        same(cell_at(&a, r, 5), e->unit == NONE ? MISSING : e->unit == 3, "unit", r);
        same(cell_at(&a, r, 6), none ? MISSING : e->level != 3, "not in", r);
        same(cell_at(&a, r, 7), e->dx_count == 0 ? MISSING : e->dx[0] == 5 || e->dx[0] == 8, "main", r);
        same(cell_at(&a, r, 8), range, "range", r);
    }
    answer_free(&a);
}

static int64_t floor_of(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

static void numbers_are_exact(void **state)
{
    (void)state;
    EACH_ROW("from contacts derive a = amount * 3 - 7, b = (amount - 5) // 3, c = mod(amount - 5, 3), d = cost + cost, "
             "e1 = cost / amount, f = amount ^ 2, g = abs(amount - 5), h = round(cost), i = floor(cost), j = int(weight), "
             "k = least(amount, 4), l = greatest(amount, minute), m = coalesce(amount, minute, 77), "
             "n = case(amount > 6 then 1, amount > 3 then 2, else 3), o = -amount // (amount - 3)") {
        const event *e = &w.events[S_CONTACTS][r];
        const int64_t n = e->size, none = !e->has_size, minute = e->minute == NONE ? MISSING : e->minute;
        same(cell_at(&a, r, 0), none ? MISSING : n * 3 - 7, "linear", r);
        same(cell_at(&a, r, 1), none ? MISSING : floor_of(n - 5, 3), "//", r);
        same(cell_at(&a, r, 2), none ? MISSING : n - 5 - 3 * floor_of(n - 5, 3), "mod", r);
        same(cell_at(&a, r, 3), e->has_cost ? 2 * e->cost : MISSING, "+", r);
        assert_int_equal(cell_at(&a, r, 4)->missing, none || !e->has_cost || n == 0);
        if (!cell_at(&a, r, 4)->missing)
            assert_true(fabs(cell_at(&a, r, 4)->f - (double)e->cost / 100 / (double)n) < 1e-9);
        same(cell_at(&a, r, 5), none ? MISSING : n * n, "^", r);
        same(cell_at(&a, r, 6), none ? MISSING : llabs(n - 5), "abs", r);
        const int64_t away = e->cost < 0 ? -((-e->cost + 50) / 100) : (e->cost + 50) / 100;
        same(cell_at(&a, r, 7), e->has_cost ? away : MISSING, "round", r);
        same(cell_at(&a, r, 8), e->has_cost ? floor_of(e->cost, 100) : MISSING, "floor", r);
        same(cell_at(&a, r, 9), e->has_weight ? (int64_t)e->weight : MISSING, "int", r);
        same(cell_at(&a, r, 10), none ? 4 : n < 4 ? n : 4, "least", r);
        same(cell_at(&a, r, 11), none ? minute : minute == MISSING || n > minute ? n : minute, "greatest", r);
        same(cell_at(&a, r, 12), !none ? n : minute != MISSING ? minute : 77, "coalesce", r);
        same(cell_at(&a, r, 13), none ? 3 : n > 6 ? 1 : n > 3 ? 2 : 3, "case", r);
        same(cell_at(&a, r, 14), none || n == 3 ? MISSING : floor_of(-n, n - 3), "by zero", r);
    }
    answer_free(&a);
}

/* Of rows with a value and of some without, on either side, and one after the other; days and months are numbers, too. */
static void what_is_multiplied_by_one_stays(void **state)
{
    (void)state;
    EACH_ROW("from contacts derive k = coalesce(amount, 2) + 3, a = k * 1, b = 1 * k * 1, c = amount * 1, d = 1 * cost, "
             "later = start + k * 1d, latest = start + (k * 1 + 1) * 1mo, e1 = 1 * 1 * k") {
        const event *e = &w.events[S_CONTACTS][r];
        const int64_t k = (e->has_size ? e->size : 2) + 3;
        lots_day latest = 0;
        assert_true(lots_day_add_months(e->start, k + 1, &latest));
        same(cell_at(&a, r, 0), k, "k", r);
        same(cell_at(&a, r, 1), k, "k * 1", r);
        same(cell_at(&a, r, 2), k, "1 * k * 1", r);
        same(cell_at(&a, r, 3), e->has_size ? e->size : MISSING, "with missing rows", r);
        same(cell_at(&a, r, 4), e->has_cost ? e->cost : MISSING, "a decimal", r);
        same(cell_at(&a, r, 5), e->start + k, "days", r);
        same(cell_at(&a, r, 6), latest, "months", r);
        same(cell_at(&a, r, 7), k, "1 * 1 * k", r);
    }
    answer_free(&a);
}

static void dates_and_periods_follow_the_calendar(void **state)
{
    (void)state;
    EACH_ROW("from contacts as r derive a = start + 30d, b = start + 1mo, c = age at start, d = year(start), "
             "e1 = weekday(start), f = month_of(start).end, g = start in 2020-02..2020-03, h = months(start, 2020-12-31), "
             "i = (start..2020-12-31).days, j = week_of(start).start, k = end - start") {
        const event *e = &w.events[S_CONTACTS][r];
        const person *who = &w.people[e->patient];
        const lots_civil civil = lots_day_to_civil(e->start);
        lots_day month;
        assert_true(lots_day_add_months(e->start, 1, &month));
        const int32_t last = lots_day_from_civil(2020, 12, 31);
        const int32_t end = e->end == NONE && e->level != 1 ? e->start : e->end;
        same(cell_at(&a, r, 0), e->start + 30, "days", r);
        same(cell_at(&a, r, 1), month, "months", r);
        same(cell_at(&a, r, 2), who->birth == NONE || e->start < who->birth ? MISSING
                                                                            : lots_day_years_between(who->birth, e->start),
             "age", r);
        same(cell_at(&a, r, 3), civil.year, "year", r);
        same(cell_at(&a, r, 4), lots_day_weekday(e->start), "weekday", r);
        same(cell_at(&a, r, 5),
             lots_day_from_civil(civil.year, civil.month, lots_month_days(civil.year, civil.month)), "end of month", r);
        same(cell_at(&a, r, 6), e->start >= w.from + 31 && e->start <= w.from + 90, "in", r);
        same(cell_at(&a, r, 7), lots_day_months_between(e->start, last), "whole months", r);
        same(cell_at(&a, r, 8), e->start > last ? 0 : last - e->start + 1, "length", r);
        same(cell_at(&a, r, 9), lots_day_week_start(e->start), "week", r);
        same(cell_at(&a, r, 10), end == NONE ? MISSING : end - e->start, "stay", r);
    }
    answer_free(&a);
}

static void texts_bands_and_sets_are_made(void **state)
{
    (void)state;
    EACH_ROW("from contacts derive a = text(cost), b = band(amount, 5), c = cut(amount, 2, 6), d = size(dx), "
             "e1 = list(amount > 5 then 'xa', acute then 'yb'), f = text(start), g = note contains '3', "
             "h = set(prefix(dx, 3) over (contacts where false)), i = size(prefix(dx, 4)), j = text(level), k = text(dx.main)") {
        const event *e = &w.events[S_CONTACTS][r];
        char text[32];
        snprintf(text, sizeof text, "%s%d.%02d", e->cost < 0 ? "-" : "", abs((int)e->cost / 100), abs((int)e->cost % 100));
        assert_int_equal(cell_at(&a, r, 0)->missing, !e->has_cost);
        if (e->has_cost)
            assert_string_equal(cell_at(&a, r, 0)->text, text);
        assert_int_equal(cell_at(&a, r, 1)->missing, !e->has_size);
        if (e->has_size) {
            snprintf(text, sizeof text, "%d-%d", (int)e->size / 5 * 5, (int)e->size / 5 * 5 + 4);
            assert_string_equal(cell_at(&a, r, 1)->text, text);
            assert_string_equal(cell_at(&a, r, 2)->text, e->size < 2 ? "<2" : e->size < 6 ? "2-5" : "6+");
        }
        same(cell_at(&a, r, 3), e->dx_count, "size", r);
        assert_int_equal(cell_at(&a, r, 4)->set_count, (e->has_size && e->size > 5) + (e->acute == 1));
        lots_day_format(e->start, text);
        assert_string_equal(cell_at(&a, r, 5)->text, text);
        same(cell_at(&a, r, 6), e->note[0] == '-' ? MISSING : strchr(e->note, '3') != NULL, "contains", r);
        assert_int_equal(cell_at(&a, r, 7)->set_count, 0);
        uint32_t seen = 0, distinct = 0;
        for (uint32_t i = 0; i < e->dx_count; i++) { /* E119 and I501 alone have four characters */
            const uint32_t bit = e->dx[i] == 4 ? 1 : e->dx[i] == 7 ? 2 : 0;
            distinct += (bit & ~seen) != 0;
            seen |= bit;
        }
        same(cell_at(&a, r, 8), distinct, "prefixes", r);
        if (e->level != NONE)
            assert_string_equal(cell_at(&a, r, 9)->text, LEVELS[e->level]);
        if (e->dx_count > 0 && e->dx[0] == 4)
            assert_string_equal(cell_at(&a, r, 10)->text, "E11.9");
    }
    answer_free(&a);
}

static void rows_that_a_condition_drops_are_not_computed_for(void **state)
{
    (void)state;
    answer a = world_ask(&w, "from contacts where level = inpatient where dx in {I50} and unit in ('u1', 'u2') "
                             "derive a = cost, b = count(contacts where acute), c = level = inpatient");
    uint32_t row = 0;
    for (uint32_t i = 0; i < w.event_count[S_CONTACTS]; i++) {
        const event *e = &w.events[S_CONTACTS][i];
        bool heart = false;
        for (uint32_t k = 0; k < e->dx_count; k++)
            heart |= e->dx[k] == 6 || e->dx[k] == 7;
        if (e->level != 1 || !heart || (e->unit != 1 && e->unit != 2))
            continue;
        int64_t acute = 0;
        for (uint32_t k = w.people[e->patient].first[S_CONTACTS]; k < w.people[e->patient].end[S_CONTACTS]; k++)
            acute += w.events[S_CONTACTS][k].acute == 1;
        assert_true(row < a.rows);
        same(cell_at(&a, row, 0), e->has_cost ? e->cost : MISSING, "cost", row);
        same(cell_at(&a, row, 1), acute, "count", row);
        same(cell_at(&a, row, 2), TRUE, "level", row);
        row++;
    }
    assert_int_equal(row, a.rows);
    answer_free(&a);
}

/* ---- failures ---- */

#define HUGE "4611686018427387904"

static void expect_failure(const char *text, const char *culprit)
{
    answer a;
    lots_error err = {0};
    const lots_status status = world_try(&w, text, &a, &err);
    answer_free(&a);
    if (status != LOTS_QUERY)
        fail_msg("%s: %s: %s", lots_status_name(status), err.text, text);
    assert_true(err.at < err.at_end && err.at_end <= strlen(text));
    if (strncmp(text + err.at, culprit, strlen(culprit)) != 0)
        fail_msg("the caret is at '%s': %s", text + err.at, text);
}

static void expect_success(const char *text)
{
    answer a = world_ask(&w, text);
    answer_free(&a);
}

static void overflow_is_an_error_that_points(void **state)
{
    (void)state;
    expect_failure("from contacts derive a = 1, b = amount * " HUGE, "amount * ");
    expect_failure("from patients derive a = sum(amount * " HUGE " over contacts)", "amount * ");
    expect_failure("from patients derive a = sum(case(amount = 1 then " HUGE ") over contacts)", "sum(");
    expect_failure("from patients derive a = count(contacts where amount * " HUGE " > 0)", "amount * ");
    expect_failure("from contacts derive a = start + 3000000d", "start + ");
    expect_failure("from contacts as r derive a = exists(contacts as x where x.amount * r.amount * " HUGE " > 0)", "x.amount");
}

static void what_is_left_out_may_overflow_unseen(void **state)
{
    (void)state;
    expect_success("from contacts where amount < 2 derive a = amount * " HUGE);
    expect_success("from patients derive a = sum(amount * " HUGE " over (contacts where amount < 2 and amount > 1))");
    expect_success("from contacts derive a = case(amount < 2 then amount * " HUGE ", else 0)");
    expect_success("from contacts derive a = amount < 2 and amount * " HUGE " > 0");
    expect_success("from contacts derive a = coalesce(minute, 3) ");
    expect_success("from patients derive a = count(contacts where amount < 2 and amount * " HUGE " > 0)");
    expect_success("from contacts as r where amount < 1 derive a = exists(contacts as x where x.amount < 0 and "
                   "x.amount * r.amount * " HUGE " > 0)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_follows_kleene),
        cmocka_unit_test(ids_are_compared_by_their_texts),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(what_is_multiplied_by_one_stays),
        cmocka_unit_test(dates_and_periods_follow_the_calendar),
        cmocka_unit_test(texts_bands_and_sets_are_made),
        cmocka_unit_test(rows_that_a_condition_drops_are_not_computed_for),
        cmocka_unit_test(overflow_is_an_error_that_points),
        cmocka_unit_test(what_is_left_out_may_overflow_unseen),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
