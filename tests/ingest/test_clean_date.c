/* Dates against a calendar that counts day by day from 0001-01-01, and tables of what registers write. */
#include "tests/support/lots_test.h"

#include <stdio.h>

#include "ingest/clean.h"

static lots_date_rule rule_of(const lots_date_form *forms, size_t count, lots_date_fill fill)
{
    lots_date_rule rule = {.form_count = (uint8_t)count, .fill = (uint8_t)fill};
    for (size_t i = 0; i < count; i++)
        rule.forms[i] = (uint8_t)forms[i];
    return rule;
}

static lots_date_rule rule_one(lots_date_form form, lots_date_fill fill) { return rule_of(&form, 1, fill); }

static lots_clean clean(const char *text, const lots_date_rule *rule, lots_clean_day *out)
{
    return lots_clean_date(text, strlen(text), rule, out);
}

/* The days of a month, by hand. */
static int month_length(int year, int month)
{
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return lengths[month - 1] + (month == 2 && leap);
}

/* Every combination of year, month 0..13 and day 0..32 in some years, in each form of days, with the day number
 * counted up one by one. */
static void every_day_is_read_in_every_form(void **unused)
{
    (void)unused;
    static const struct {
        lots_date_form form;
        const char *format;
        int order[3]; /* of year, month, day in the format */
    } forms[] = {
        {LOTS_DATE_ISO, "%04d-%02d-%02d", {0, 1, 2}},     {LOTS_DATE_YMD, "%04d%02d%02d", {0, 1, 2}},
        {LOTS_DATE_DMY, "%02d/%02d/%04d", {2, 1, 0}},     {LOTS_DATE_MDY, "%02d/%02d/%04d", {1, 2, 0}},
        {LOTS_DATE_DMY_DOT, "%02d.%02d.%04d", {2, 1, 0}}, {LOTS_DATE_DMY, "%d/%d/%04d", {2, 1, 0}},
    };
    lots_day number = LOTS_DAY_MIN;
    for (int year = 1; year <= 9999; year++) {
        bool checked = year < 3 || year > 9997 || (year >= 1968 && year <= 1972) || year == 1900 || year == 2000;
        for (int month = 0; month <= 13; month++) {
            for (int day = 0; day <= 32; day++) {
                bool exists = month >= 1 && month <= 12 && day >= 1 && day <= month_length(year, month);
                for (size_t f = 0; checked && f < sizeof forms / sizeof forms[0]; f++) {
                    char text[32];
                    int parts[3] = {year, month, day};
                    snprintf(text, sizeof text, forms[f].format, parts[forms[f].order[0]], parts[forms[f].order[1]],
                             parts[forms[f].order[2]]);
                    lots_date_rule rule = rule_one(forms[f].form, LOTS_DATE_FILL_FIRST);
                    lots_clean_day out;
                    lots_clean outcome = clean(text, &rule, &out);
                    assert_int_equal(outcome, exists ? LOTS_CLEAN_OK : LOTS_CLEAN_IMPOSSIBLE);
                    if (exists)
                        assert_true(out.day == number && out.minute == -1 && out.precision == LOTS_DATE_DAY);
                }
                number += exists;
            }
        }
    }
    assert_int_equal(number, LOTS_DAY_MAX + 1);
}

/* Days of 2023 and 2024 by number: 2023-01-01 is 19358 (date -d 2023-01-01 +%s / 86400). */
#define D2023(month_start) (19358 + (month_start))

static void imprecise_dates_are_filled_as_declared(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        lots_date_form form;
        lots_date_precision precision;
        lots_day first, middle, last;
    } cases[] = {
        {"202302", LOTS_DATE_YM, LOTS_DATE_MONTH, D2023(31), D2023(45), D2023(58)},
        {"2023-02", LOTS_DATE_YM_ISO, LOTS_DATE_MONTH, D2023(31), D2023(45), D2023(58)},
        {"20230200", LOTS_DATE_YM00, LOTS_DATE_MONTH, D2023(31), D2023(45), D2023(58)},
        {"20240200", LOTS_DATE_YM00, LOTS_DATE_MONTH, D2023(396), D2023(410), D2023(424)}, /* a leap year */
        {"20230000", LOTS_DATE_Y0000, LOTS_DATE_YEAR, D2023(0), D2023(181), D2023(364)},
        {"2023", LOTS_DATE_Y, LOTS_DATE_YEAR, D2023(0), D2023(181), D2023(364)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lots_day wanted[3] = {cases[i].first, cases[i].middle, cases[i].last};
        lots_clean_day out;
        for (unsigned fill = 0; fill < 3; fill++) {
            lots_date_rule rule = rule_one(cases[i].form, (lots_date_fill)fill);
            assert_int_equal(clean(cases[i].text, &rule, &out), LOTS_CLEAN_OK);
            assert_int_equal(out.day, wanted[fill]);
            assert_int_equal(out.precision, cases[i].precision);
            assert_int_equal(out.minute, -1);
        }
        lots_date_rule rule = rule_one(cases[i].form, LOTS_DATE_FILL_MISSING);
        assert_int_equal(clean(cases[i].text, &rule, &out), LOTS_CLEAN_EMPTY);
        assert_int_equal(out.precision, cases[i].precision);
    }
}

static void forms_are_tried_in_order(void **unused)
{
    (void)unused;
    static const lots_date_form dors[] = {LOTS_DATE_YMD, LOTS_DATE_YM00, LOTS_DATE_Y0000};
    static const lots_date_form both[] = {LOTS_DATE_MDY, LOTS_DATE_DMY};
    lots_date_rule rule = rule_of(dors, 3, LOTS_DATE_FILL_MIDDLE);
    lots_clean_day out;
    assert_int_equal(clean("20230131", &rule, &out), LOTS_CLEAN_OK);
    assert_true(out.day == D2023(30) && out.precision == LOTS_DATE_DAY);
    assert_int_equal(clean("20230100", &rule, &out), LOTS_CLEAN_OK);
    assert_true(out.day == D2023(14) && out.precision == LOTS_DATE_MONTH);
    assert_int_equal(clean("20230000", &rule, &out), LOTS_CLEAN_OK);
    assert_true(out.day == D2023(181) && out.precision == LOTS_DATE_YEAR);
    assert_int_equal(clean("20231300", &rule, &out), LOTS_CLEAN_IMPOSSIBLE);
    assert_int_equal(clean("00000000", &rule, &out), LOTS_CLEAN_IMPOSSIBLE);
    rule = rule_of(both, 2, LOTS_DATE_FILL_FIRST);
    assert_int_equal(clean("02/01/2023", &rule, &out), LOTS_CLEAN_OK);
    assert_int_equal(out.day, D2023(31));
    assert_int_equal(clean("31/01/2023", &rule, &out), LOTS_CLEAN_OK);
    assert_int_equal(out.day, D2023(30));
}

static void times_and_zones(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        lots_clean outcome;
        int minute;       /* as written */
        int utc_minute;   /* with zones moved to UTC … */
        int utc_days;     /* … and the days it moved */
    } cases[] = {
        {"2023-01-01T10:05", LOTS_CLEAN_OK, 605, 605, 0},
        {"2023-01-01 10:05:59", LOTS_CLEAN_OK, 605, 605, 0},
        {"2023-01-01 9:05", LOTS_CLEAN_OK, 545, 545, 0},
        {"2023-01-01 10:05:59.123456", LOTS_CLEAN_OK, 605, 605, 0},
        {"2023-01-01 10:05:59,5", LOTS_CLEAN_OK, 605, 605, 0},
        {"2023-01-01T10:05:00Z", LOTS_CLEAN_OK, 605, 605, 0},
        {"2023-01-01T00:30:00+01:00", LOTS_CLEAN_OK, 30, 1410, -1},
        {"2023-01-01T23:30:00-0100", LOTS_CLEAN_OK, 1410, 30, 1},
        {"2023-01-01 23:30:00 -01", LOTS_CLEAN_OK, 1410, 30, 1},
        {"2023-01-01 10:05:00 UTC", LOTS_CLEAN_OK, 605, 605, 0},
        {"2023-01-01T23:59:60Z", LOTS_CLEAN_OK, 1439, 1439, 0},
        {"2023-01-01T00:00:00+23:59", LOTS_CLEAN_OK, 0, 1, -1},
        {"2023-01-01T24:00", LOTS_CLEAN_IMPOSSIBLE, 0, 0, 0},
        {"2023-01-01T10:60", LOTS_CLEAN_IMPOSSIBLE, 0, 0, 0},
        {"2023-01-01T10:05:61", LOTS_CLEAN_IMPOSSIBLE, 0, 0, 0},
        {"2023-01-01T10:05+24:00", LOTS_CLEAN_IMPOSSIBLE, 0, 0, 0},
        {"2023-01-01T10:05+01:60", LOTS_CLEAN_IMPOSSIBLE, 0, 0, 0},
        {"2023-02-30T10:05", LOTS_CLEAN_IMPOSSIBLE, 0, 0, 0},
        {"2023-01-01T", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01T10", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01T10:5", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01T10:05:", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01T10:05:00.", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01T10:05:00x", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01T10:05:00ZZ", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01T10:05+1", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01T10:05+01:0", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01T10:05 CET", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-0110:05", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-1-1", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"23-01-01", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023-01-01-", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"2023/01/01", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"x", LOTS_CLEAN_MALFORMED, 0, 0, 0},
        {"  ", LOTS_CLEAN_EMPTY, 0, 0, 0},
    };
    lots_date_rule written = rule_one(LOTS_DATE_ISO, LOTS_DATE_FILL_FIRST);
    lots_date_rule moved = written;
    moved.zone_applied = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lots_clean_day out;
        if (clean(cases[i].text, &written, &out) != cases[i].outcome)
            fail_msg("'%s' isn't %s", cases[i].text, lots_clean_reason(cases[i].outcome));
        if (cases[i].outcome != LOTS_CLEAN_OK)
            continue;
        assert_true(out.day == D2023(0) && out.minute == cases[i].minute);
        assert_int_equal(clean(cases[i].text, &moved, &out), LOTS_CLEAN_OK);
        assert_int_equal(out.day, D2023(cases[i].utc_days));
        assert_int_equal(out.minute, cases[i].utc_minute);
    }
}

static void zone_is_moved_to_the_declared_offset(void **unused)
{
    (void)unused;
    lots_date_rule rule = rule_one(LOTS_DATE_ISO, LOTS_DATE_FILL_FIRST);
    rule.zone_applied = true;
    rule.zone_minutes = 60;
    lots_clean_day out;
    assert_int_equal(clean("2022-12-31T23:30:00Z", &rule, &out), LOTS_CLEAN_OK);
    assert_true(out.day == D2023(0) && out.minute == 30);
    assert_int_equal(clean("2023-01-01T23:30:00", &rule, &out), LOTS_CLEAN_OK); /* no zone: as written */
    assert_true(out.day == D2023(0) && out.minute == 1410);
    assert_int_equal(clean("9999-12-31T23:30:00Z", &rule, &out), LOTS_CLEAN_IMPOSSIBLE);
}

static void names_of_forms_are_read(void **unused)
{
    (void)unused;
    static const char *const names[LOTS_DATE_FORMS] = {
        [LOTS_DATE_ISO] = "yyyy-mm-dd", [LOTS_DATE_YMD] = "yyyymmdd",    [LOTS_DATE_YM] = "yyyymm",
        [LOTS_DATE_YM_ISO] = "yyyy-mm", [LOTS_DATE_YM00] = "yyyymm00",   [LOTS_DATE_Y0000] = "yyyy0000",
        [LOTS_DATE_Y] = "yyyy",         [LOTS_DATE_DMY] = "dd/mm/yyyy",  [LOTS_DATE_MDY] = "mm/dd/yyyy",
        [LOTS_DATE_DMY_DOT] = "dd.mm.yyyy",
    };
    for (int i = 0; i < LOTS_DATE_FORMS; i++) {
        lots_date_form form = LOTS_DATE_ISO;
        assert_true(lots_date_form_parse(names[i], strlen(names[i]), &form));
        assert_int_equal(form, i);
    }
    lots_date_form form;
    lots_date_fill fill;
    assert_false(lots_date_form_parse("yy", 2, &form));
    assert_true(lots_date_fill_parse("last", 4, &fill));
    assert_int_equal(fill, LOTS_DATE_FILL_LAST);
    assert_false(lots_date_fill_parse("end", 3, &fill));
}

/* No text, however cut, reads beyond its end (a sanitizer watches) or is taken for more than it is. */
static void cut_texts_are_never_read_beyond(void **unused)
{
    (void)unused;
    static const char whole[] = "2023-01-01T10:05:59.12+01:00";
    lots_date_rule rule = {.form_count = LOTS_DATE_FORMS};
    for (unsigned i = 0; i < LOTS_DATE_FORMS; i++)
        rule.forms[i] = (uint8_t)i;
    for (size_t bytes = 0; bytes <= sizeof whole - 1; bytes++) {
        char *text = test_malloc(bytes + 1);
        memcpy(text, whole, bytes);
        lots_clean_day out;
        lots_clean outcome = lots_clean_date(text, bytes, &rule, &out);
        bool date = bytes == 4 || bytes == 7 || bytes == 10;
        bool time = bytes == 16 || bytes == 19 || bytes == 21 || bytes == 22 || bytes == 25 || bytes == 28;
        assert_int_equal(outcome, bytes == 0 ? LOTS_CLEAN_EMPTY : date || time ? LOTS_CLEAN_OK : LOTS_CLEAN_MALFORMED);
        test_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_read_in_every_form),
        cmocka_unit_test(imprecise_dates_are_filled_as_declared),
        cmocka_unit_test(forms_are_tried_in_order),
        cmocka_unit_test(times_and_zones),
        cmocka_unit_test(zone_is_moved_to_the_declared_offset),
        cmocka_unit_test(names_of_forms_are_read),
        cmocka_unit_test(cut_texts_are_never_read_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
