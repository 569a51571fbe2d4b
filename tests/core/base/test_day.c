/* Civil days against a calendar that is counted one day at a time with a table of month lengths. */
#include "tests/support/lots_test.h"

#include <stdio.h>

#include "core/base/day.h"

static const int LENGTHS[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static int naive_length(int year, int month)
{
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : LENGTHS[month];
}

static void every_day_from_year_1_to_9999_agrees_with_counting(void **state)
{
    (void)state;
    int year = 1, month = 1, day = 1, weekday = 1;
    lots_day monday = LOTS_DAY_MIN;
    for (lots_day at = LOTS_DAY_MIN; at <= LOTS_DAY_MAX; at++) {
        lots_civil civil = lots_day_to_civil(at);
        if (civil.year != year || civil.month != month || civil.day != day)
            fail_msg("day %d is %d-%d-%d, not %d-%d-%d", at, year, month, day, civil.year, civil.month, civil.day);
        if (lots_day_from_civil(year, month, day) != at)
            fail_msg("%d-%d-%d is not day %d", year, month, day, at);
        if (weekday == 1)
            monday = at;
        if (lots_day_weekday(at) != weekday || lots_day_week_start(at) != monday)
            fail_msg("weekday of %d-%d-%d", year, month, day);
        weekday = weekday % 7 + 1;
        if (++day > naive_length(year, month)) {
            day = 1;
            if (++month > 12) {
                month = 1;
                year++;
            }
        }
    }
    assert_int_equal(year, 10000);
}

static void known_days_are_where_they_should_be(void **state)
{
    (void)state;
    assert_int_equal(lots_day_from_civil(1970, 1, 1), 0);
    assert_int_equal(lots_day_weekday(0), 4);                               /* a Thursday */
    assert_int_equal(lots_day_from_civil(2000, 1, 1), 10957);               /* 946684800 s / 86400 */
    assert_int_equal(lots_day_weekday(lots_day_from_civil(2024, 2, 29)), 4); /* a Thursday */
    assert_int_equal(lots_day_from_civil(1, 1, 1), LOTS_DAY_MIN);
    assert_int_equal(lots_day_from_civil(9999, 12, 31), LOTS_DAY_MAX);
}

static void texts_read_back_and_sort_as_days(void **state)
{
    (void)state;
    char before[11] = "0000-00-00";
    for (lots_day day = LOTS_DAY_MIN; day <= LOTS_DAY_MAX; day += 1 + (day % 7 == 0) * 5) {
        char text[11];
        lots_day back;
        lots_day_format(day, text);
        if (strlen(text) != 10 || strcmp(text, before) <= 0 || !lots_day_parse(text, 10, &back) || back != day)
            fail_msg("day %d: %s", day, text);
        memcpy(before, text, sizeof before);
    }
    char text[11];
    lots_day_format(LOTS_DAY_MAX, text);
    assert_string_equal(text, "9999-12-31");
    lots_day_format(lots_day_from_civil(987, 6, 5), text);
    assert_string_equal(text, "0987-06-05");
}

static void parsing_refuses_what_is_no_day(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",           "2023-1-01",  "2023-01-1",  "2023-01-011", "2023/01/01", "2023-01/01",  "20230101",    " 2023-01-0",
        "0000-01-01", "2023-00-01", "2023-13-01", "2023-01-00",  "2023-01-32", "2023-02-29",  "1900-02-29",  "2023-04-31",
        "+023-01-01", "-001-01-01", "2023-0a-01", "202:-01-01",  "2023-01-0/", "2023-01-0 ",  "\xFF\xFF\xFF\xFF-01-01", "10000-1-01",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lots_day day = 77;
        if (lots_day_parse(rows[i], strlen(rows[i]), &day) || day != 77)
            fail_msg("'%s' was taken for a day", rows[i]);
    }
    lots_day day;
    assert_false(lots_day_parse("2023-01-01\0", 11, &day));
    assert_true(lots_day_parse("2023-01-01T12:00", 10, &day));
    assert_true(lots_day_parse("2000-02-29", 10, &day));
    assert_int_equal(day, lots_day_from_civil(2000, 2, 29));
}

static void only_days_of_the_calendar_are_valid(void **state)
{
    (void)state;
    for (int year = -5; year <= 10005; year += year < 10 || year > 9990 ? 1 : 37)
        for (int month = -1; month <= 14; month++)
            for (int day = -1; day <= 33; day++) {
                bool naive = year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
                             day <= naive_length(year, month);
                if (lots_civil_valid(year, month, day) != naive)
                    fail_msg("%d-%d-%d", year, month, day);
            }
    assert_false(lots_civil_valid(INT32_MIN, 1, 1));
    assert_false(lots_civil_valid(INT32_MAX, INT32_MAX, INT32_MAX));
    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++)
            if (lots_month_days(year, month) != naive_length(year, month))
                fail_msg("length of %d-%d", year, month);
}

/* LANGUAGE.md section 5, one month at a time. False when the result is out of the calendar. */
static bool naive_add(lots_civil civil, int months, lots_civil *out)
{
    for (; months > 0; months--) {
        civil.month++;
        if (civil.month > 12) {
            civil.month = 1;
            civil.year++;
        }
    }
    for (; months < 0; months++) {
        civil.month--;
        if (civil.month < 1) {
            civil.month = 12;
            civil.year--;
        }
    }
    if (civil.year < 1 || civil.year > 9999)
        return false;
    if (civil.day > naive_length(civil.year, civil.month)) {
        civil.day = 1;
        civil.month++; /* only short months get here, and December is long */
    }
    *out = civil;
    return true;
}

static void adding_months_agrees_with_stepping(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 60000; i++) {
        lots_day day = LOTS_DAY_MIN + (lots_day)(lots_test_random(&seed) % (LOTS_DAY_MAX - LOTS_DAY_MIN + 1));
        if (i % 4 == 0) /* near the ends of the calendar */
            day = i % 8 == 0 ? LOTS_DAY_MIN + day % 700 * (day > 0) : LOTS_DAY_MAX - day % 700 * (day > 0);
        int months = (int)(lots_test_random(&seed) % 200) - 100;
        lots_civil expected = {0, 0, 0};
        lots_day out = 123456789;
        bool fits = naive_add(lots_day_to_civil(day), months, &expected);
        bool got = lots_day_add_months(day, months, &out);
        if (got != fits || (fits && out != lots_day_from_civil(expected.year, expected.month, expected.day)) ||
            (!fits && out != 123456789))
            fail_msg("day %d + %d months gave %d", day, months, out);
    }
}

static lots_day day_of(const char *text)
{
    lots_day day = 0;
    if (!lots_day_parse(text, 10, &day))
        fail_msg("no day: %s", text);
    return day;
}

static void the_examples_of_the_language_hold(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int64_t months;
        const char *to; /* NULL: out of the calendar */
    } rows[] = {
        {"2003-01-29", 1, "2003-03-01"},    /* the language's own example */
        {"2004-02-29", 12, "2005-03-01"},   /* and its second */
        {"2003-01-31", 1, "2003-03-01"},    /* the 1st, however far beyond the end */
        {"2004-01-30", 1, "2004-03-01"},    /* also in a leap year */
        {"2004-01-29", 1, "2004-02-29"},
        {"2004-02-29", 48, "2008-02-29"},
        {"2023-03-31", -1, "2023-03-01"},   /* backwards too: February lacks a 31st */
        {"2023-05-31", -1, "2023-05-01"},
        {"2023-12-31", 1, "2024-01-31"},
        {"2023-01-15", 0, "2023-01-15"},
        {"9999-11-30", 1, "9999-12-30"},
        {"9999-12-31", 1, NULL},
        {"0001-01-01", -1, NULL},
        {"2000-01-01", INT64_MAX, NULL},
        {"2000-01-01", INT64_MIN, NULL},
        {"0001-01-31", 119987, "9999-12-31"}, /* the whole calendar */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lots_day out = 0;
        bool fits = lots_day_add_months(day_of(rows[i].from), rows[i].months, &out);
        assert_int_equal(fits, rows[i].to != NULL);
        if (fits)
            assert_int_equal(out, day_of(rows[i].to));
    }
    assert_int_equal(lots_day_years_between(day_of("2020-02-29"), day_of("2021-02-28")), 0);
    assert_int_equal(lots_day_years_between(day_of("2020-02-29"), day_of("2021-03-01")), 1);
    assert_int_equal(lots_day_years_between(day_of("2021-03-01"), day_of("2020-02-29")), -1);
    assert_int_equal(lots_day_years_between(day_of("1950-06-15"), day_of("2023-06-14")), 72);
    assert_int_equal(lots_day_years_between(day_of("1950-06-15"), day_of("2023-06-15")), 73);
}

/* The largest m with a + m months <= b, for a <= b, by trying. */
static int naive_months(lots_civil a, lots_day b)
{
    int m = 0;
    lots_civil next;
    while (naive_add(a, m + 1, &next) && lots_day_from_civil(next.year, next.month, next.day) <= b)
        m++;
    return m;
}

static void months_between_is_the_largest_that_fits(void **state)
{
    (void)state;
    uint64_t seed = 9;
    for (int i = 0; i < 20000; i++) {
        lots_day a = lots_day_from_civil(1999, 12, 1) + (lots_day)(lots_test_random(&seed) % 2000);
        lots_day b = a + (lots_day)(lots_test_random(&seed) % 800);
        int expected = naive_months(lots_day_to_civil(a), b);
        if (lots_day_months_between(a, b) != expected || lots_day_months_between(b, a) != -expected)
            fail_msg("from %d to %d: %d", a, b, expected);
        if (lots_day_years_between(a, b) != expected / 12 || lots_day_years_between(b, a) != -(expected / 12))
            fail_msg("years from %d to %d", a, b);
    }
    assert_int_equal(lots_day_months_between(LOTS_DAY_MIN, LOTS_DAY_MAX), 9999 * 12 - 1);
}

static void a_day_out_of_the_calendar_faults_nothing(void **state)
{
    (void)state;
    static const lots_day rows[] = {INT32_MIN, INT32_MAX, LOTS_DAY_MIN - 1, LOTS_DAY_MAX + 1, LOTS_DAY_MIN - 306};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[11];
        lots_day out;
        lots_day_format(rows[i], text);
        assert_int_equal(strlen(text), 10);
        assert_in_range(lots_day_weekday(rows[i]), 1, 7);
        lots_day_week_start(rows[i]);
        if (lots_day_add_months(rows[i], 5, &out))
            assert_true(out >= LOTS_DAY_MIN && out <= LOTS_DAY_MAX);
        lots_day_months_between(rows[i], 0);
        lots_day_years_between(0, rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_from_year_1_to_9999_agrees_with_counting),
        cmocka_unit_test(known_days_are_where_they_should_be),
        cmocka_unit_test(texts_read_back_and_sort_as_days),
        cmocka_unit_test(parsing_refuses_what_is_no_day),
        cmocka_unit_test(only_days_of_the_calendar_are_valid),
        cmocka_unit_test(adding_months_agrees_with_stepping),
        cmocka_unit_test(the_examples_of_the_language_hold),
        cmocka_unit_test(months_between_is_the_largest_that_fits),
        cmocka_unit_test(a_day_out_of_the_calendar_faults_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
