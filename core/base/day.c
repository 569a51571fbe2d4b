/* day.c: civil days. Hinnant's formulas count from 0000-03-01, where the leap day ends the year and an era of 400 years
 * has 146097 days; every day of ours is after it, so unsigned numbers do. Branch-light: these run per event.
 * A day out of LOTS_DAY_MIN..MAX gives an unspecified date, never a fault. No state. */
#include "core/base/day.h"

#include <assert.h>

enum {
    EPOCH_SHIFT = 719468, /* days from 0000-03-01 to 1970-01-01 */
    ERA_DAYS = 146097,
    MONTHS_MIN = 1 * 12,          /* 0001-01 as year * 12 + month - 1 */
    MONTHS_MAX = 9999 * 12 + 11,  /* 9999-12 */
};

/* Is `year` (at least 0) a leap year; 0 or 1. A multiple of 25 that is one of 4 is one of 100, and then 16 decides. */
static int32_t leap(int32_t year)
{
    return (year & (year % 25 == 0 ? 15 : 3)) == 0;
}

int32_t lots_month_days(int32_t year, int32_t month)
{
    return month == 2 ? 28 + leap(year) : 30 + ((month + (month >> 3)) & 1);
}

bool lots_civil_valid(int32_t year, int32_t month, int32_t day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= lots_month_days(year, month);
}

/* days_from_civil (Hinnant 2013). */
static lots_day day_from_parts(int32_t year, int32_t month, int32_t day)
{
    uint32_t y = (uint32_t)year - (month <= 2);
    uint32_t era = y / 400;
    uint32_t year_of_era = y - era * 400;
    uint32_t month_from_march = (uint32_t)(month > 2 ? month - 3 : month + 9);
    uint32_t day_of_year = (153 * month_from_march + 2) / 5 + (uint32_t)day - 1;
    uint32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (lots_day)(era * ERA_DAYS + day_of_era - EPOCH_SHIFT);
}

lots_day lots_day_from_civil(int32_t year, int32_t month, int32_t day)
{
    assert(lots_civil_valid(year, month, day));
    return day_from_parts(year, month, day);
}

/* civil_from_days (Hinnant 2013). */
lots_civil lots_day_to_civil(lots_day day)
{
    uint32_t z = (uint32_t)day + EPOCH_SHIFT;
    uint32_t era = z / ERA_DAYS;
    uint32_t day_of_era = z - era * ERA_DAYS;
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month_from_march = (5 * day_of_year + 2) / 153;
    uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    lots_civil civil;
    civil.year = (int32_t)(era * 400 + year_of_era + (month <= 2));
    civil.month = (int32_t)month;
    civil.day = (int32_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    return civil;
}

/* 0001-01-01, LOTS_DAY_MIN, is a Monday. */
int32_t lots_day_weekday(lots_day day)
{
    return (int32_t)(((uint32_t)day - (uint32_t)LOTS_DAY_MIN) % 7) + 1;
}

lots_day lots_day_week_start(lots_day day)
{
    return (lots_day)((uint32_t)day - (uint32_t)lots_day_weekday(day) + 1);
}

bool lots_day_add_months(lots_day day, int64_t months, lots_day *out)
{
    lots_civil civil = lots_day_to_civil(day);
    int64_t from = (int64_t)civil.year * 12 + civil.month - 1;
    if (months < MONTHS_MIN - from || months > MONTHS_MAX - from)
        return false;
    int32_t to = (int32_t)(from + months);
    int32_t year = to / 12;
    int32_t month = to % 12 + 1;
    int32_t length = lots_month_days(year, month);
    /* A day beyond the month's length is the 1st of the next, `length` days after this month's 1st. December has them
     * all, so the result stays within the last year. */
    int32_t after_first = civil.day - 1 < length ? civil.day - 1 : length;
    *out = day_from_parts(year, month, 1) + after_first;
    return true;
}

/* A day that b's month lacks would land after b, and is greater than any day b can have: comparing days is enough. */
static int32_t months_forward(lots_day a, lots_day b)
{
    lots_civil from = lots_day_to_civil(a);
    lots_civil to = lots_day_to_civil(b);
    return (to.year - from.year) * 12 + (to.month - from.month) - (to.day < from.day);
}

int32_t lots_day_months_between(lots_day a, lots_day b)
{
    return a <= b ? months_forward(a, b) : -months_forward(b, a);
}

int32_t lots_day_years_between(lots_day a, lots_day b)
{
    return lots_day_months_between(a, b) / 12;
}

void lots_day_format(lots_day day, char out[11])
{
    lots_civil civil = lots_day_to_civil(day);
    uint32_t digits = (uint32_t)civil.year % 10000 * 10000 + (uint32_t)civil.month * 100 + (uint32_t)civil.day;
    static const uint8_t places[8] = {9, 8, 6, 5, 3, 2, 1, 0};
    for (int i = 0; i < 8; i++) {
        out[places[i]] = (char)('0' + digits % 10);
        digits /= 10;
    }
    out[4] = '-';
    out[7] = '-';
    out[10] = '\0';
}

/* The number in `count` digits; *bad gets a bit when one is none. */
static int32_t parse_digits(const char *text, int count, uint32_t *bad)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) {
        uint32_t digit = (uint32_t)(unsigned char)text[i] - '0';
        *bad |= digit > 9;
        value = value * 10 + digit;
    }
    return (int32_t)value;
}

bool lots_day_parse(const char *text, size_t bytes, lots_day *out)
{
    if (bytes != 10)
        return false;
    uint32_t bad = text[4] != '-' || text[7] != '-';
    int32_t year = parse_digits(text, 4, &bad);
    int32_t month = parse_digits(text + 5, 2, &bad);
    int32_t day = parse_digits(text + 8, 2, &bad);
    if (bad != 0 || !lots_civil_valid(year, month, day))
        return false;
    *out = day_from_parts(year, month, day);
    return true;
}
