/* day.h: civil days. Proleptic Gregorian, 0001-01-01..9999-12-31, no time zone.
 * Formulas: C. Neri and L. Schneider, "Euclidean affine functions and their application to calendar algorithms", Software:
 * Practice and Experience 53 (2023) 937-970: no division, no branch, since these run per event. Inline where loops want it.
 * A day out of LOTS_DAY_MIN..MAX gives an unspecified date, never a fault. */
#ifndef LOTS_DAY_H
#define LOTS_DAY_H

#include "core/lots.h"

typedef struct lots_civil {
    int32_t year;  /* 1..9999 */
    int32_t month; /* 1..12 */
    int32_t day;   /* 1..31 */
} lots_civil;

/* The year as it is counted from March, so that the leap day ends it, and the day in it from 0. */
typedef struct lots_march_year {
    uint32_t year, day;
} lots_march_year;

static inline lots_march_year lots_day_march_year(lots_day day)
{
    const uint32_t quarters = 4 * ((uint32_t)day + 719468u) + 3; /* days from 0000-03-01 */
    const uint32_t century = quarters / 146097;
    const uint64_t years = (uint64_t)2939745 * (quarters % 146097 | 3); /* fixed point: 1461 quarter days a year */
    return (lots_march_year){100 * century + (uint32_t)(years >> 32), (uint32_t)years / 2939745 / 4};
}

static inline lots_civil lots_day_to_civil(lots_day day)
{
    const lots_march_year march = lots_day_march_year(day);
    const uint32_t months = 2141 * march.day + 197913; /* month and, below, day of the month, times 65536 */
    const uint32_t next = march.day >= 306;            /* January and February are of the next year */
    return (lots_civil){(int32_t)(march.year + next), (int32_t)((months >> 16) - 12 * next),
                        (int32_t)((months & 0xffff) / 2141 + 1)};
}

/* Months since 0000-01: year * 12 + month - 1. */
static inline int32_t lots_day_month_number(lots_day day)
{
    const lots_march_year march = lots_day_march_year(day);
    return (int32_t)(march.year * 12 + ((2141 * march.day + 197913) >> 16) - 1);
}

/* The first day of a month by that number, 12 (0001-01) to 10000 * 12 (the day after the last). */
static inline lots_day lots_month_first(int32_t number)
{
    const uint32_t from_march = (uint32_t)number - 2; /* months since 0000-03 */
    const uint32_t year = from_march / 12, month = from_march % 12, century = year / 100;
    return (lots_day)(1461 * year / 4 - century + century / 4 + (979 * (month + 3) - 2919) / 32 - 719468);
}

lots_day lots_day_from_civil(int32_t year, int32_t month, int32_t day); /* the date must be valid */
bool lots_civil_valid(int32_t year, int32_t month, int32_t day);
int32_t lots_month_days(int32_t year, int32_t month);
/* Monday 1 .. Sunday 7 (ISO 8601). */
int32_t lots_day_weekday(lots_day day);
/* The Monday on or before. */
lots_day lots_day_week_start(lots_day day);
/* `day` plus calendar months: keeps the day of the month, and where it doesn't exist goes to the 1st of the month after
 * (2003-01-29 + 1 = 2003-03-01; 2004-02-29 + 12 = 2005-03-01). False when the result leaves LOTS_DAY_MIN..MAX. */
bool lots_day_add_months(lots_day day, int64_t months, lots_day *out);
/* Whole months from a to b: the largest m with a + m months <= b; negative when b < a (then -whole_months(b, a)). */
int32_t lots_day_months_between(lots_day a, lots_day b);
/* Whole years: lots_day_months_between / 12 towards zero. Age is this from birth. */
int32_t lots_day_years_between(lots_day a, lots_day b);
/* Text "2023-01-31" into out[11]. */
void lots_day_format(lots_day day, char out[11]);
/* Parse exactly yyyy-mm-dd (10 bytes). False when malformed or no such day. */
bool lots_day_parse(const char *text, size_t bytes, lots_day *out);

#endif
