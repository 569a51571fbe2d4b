/* day.c: civil days: what day.h does not inline. No state. */
#include "core/base/day.h"

#include <assert.h>

#include "core/base/bytes.h"

enum {
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

static lots_day day_from_parts(int32_t year, int32_t month, int32_t day)
{
    return lots_month_first(year * 12 + month - 1) + day - 1;
}

lots_day lots_day_from_civil(int32_t year, int32_t month, int32_t day)
{
    assert(lots_civil_valid(year, month, day));
    return day_from_parts(year, month, day);
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
    const int32_t from = lots_day_month_number(day);
    if (day < LOTS_DAY_MIN || day > LOTS_DAY_MAX)
        return false;
    if (months < MONTHS_MIN - from || months > MONTHS_MAX - from)
        return false;
    const int32_t to = from + (int32_t)months;
    const lots_day first = lots_month_first(to);
    /* A day beyond the month's length is the 1st of the next, `length` days after this month's 1st. December has them
     * all, so the result stays within the last year. */
    const int32_t length = lots_month_first(to + 1) - first;
    const int32_t after_first = day - lots_month_first(from);
    *out = first + (after_first < length ? after_first : length);
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

/* Eight bytes at once: those of "yyyy-mm-" become the digits' values, and anything else than digits and minus signs leaves
 * a bit of `wrong`. A digit above 9 is one to which adding 6 gives a high bit; no byte carries unless wrong already. */
static inline uint64_t digits_of(const char *text, uint64_t *wrong)
{
    const uint64_t form = UINT64_C(0x2D30302D30303030), digits = UINT64_C(0x00FFFF00FFFFFFFF);
    uint64_t value = lots_get64((const uint8_t *)text) ^ form;
    *wrong = (value | (value + (UINT64_C(0x0606060606060606) & digits))) & (UINT64_C(0xF0F0F0F0F0F0F0F0) | ~digits);
    return value;
}

bool lots_day_parse(const char *text, size_t bytes, lots_day *out)
{
    uint64_t wrong;
    if (bytes != 10)
        return false;
    uint64_t digits = digits_of(text, &wrong);
    uint32_t tens = (uint32_t)(uint8_t)text[8] - '0', ones = (uint32_t)(uint8_t)text[9] - '0';
    if (wrong != 0 || tens > 9 || ones > 9)
        return false;
    int32_t year = (int32_t)((digits & 15) * 1000 + (digits >> 8 & 15) * 100 + (digits >> 16 & 15) * 10 + (digits >> 24 & 15));
    int32_t month = (int32_t)((digits >> 40 & 15) * 10 + (digits >> 48 & 15));
    int32_t day = (int32_t)(tens * 10 + ones);
    if (!lots_civil_valid(year, month, day))
        return false;
    *out = day_from_parts(year, month, day);
    return true;
}
