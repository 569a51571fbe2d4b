/* day.h: civil days. Proleptic Gregorian, 0001-01-01..9999-12-31, no time zone.
 * Formulas: H. Hinnant, "chrono-compatible low-level date algorithms" (2013), days_from_civil and civil_from_days. */
#ifndef LOTS_DAY_H
#define LOTS_DAY_H

#include "core/lots.h"

typedef struct lots_civil {
    int32_t year;  /* 1..9999 */
    int32_t month; /* 1..12 */
    int32_t day;   /* 1..31 */
} lots_civil;

lots_day lots_day_from_civil(int32_t year, int32_t month, int32_t day); /* the date must be valid */
lots_civil lots_day_to_civil(lots_day day);
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
