/* clean_date.c: dates and times by declared forms. Digits are read where the form has them; a text that has the form but
 * names no day is told from one that hasn't. The calendar is core/base/day. */
#include "ingest/clean.h"

#include <string.h>

#include "core/base/day.h"

#define DAY_MINUTES 1440

static const struct {
    const char *name;
    lots_date_form form;
} form_names[LOTS_DATE_FORMS] = {
    {"yyyy-mm-dd", LOTS_DATE_ISO},  {"yyyymmdd", LOTS_DATE_YMD},    {"yyyymm", LOTS_DATE_YM},
    {"yyyy-mm", LOTS_DATE_YM_ISO},  {"yyyymm00", LOTS_DATE_YM00},   {"yyyy0000", LOTS_DATE_Y0000},
    {"yyyy", LOTS_DATE_Y},          {"dd/mm/yyyy", LOTS_DATE_DMY},  {"mm/dd/yyyy", LOTS_DATE_MDY},
    {"dd.mm.yyyy", LOTS_DATE_DMY_DOT},
};

bool lots_date_form_parse(const char *text, size_t bytes, lots_date_form *out)
{
    lots_clean_trim(&text, &bytes);
    for (size_t i = 0; i < LOTS_DATE_FORMS; i++) {
        if (strlen(form_names[i].name) == bytes && memcmp(form_names[i].name, text, bytes) == 0) {
            *out = form_names[i].form;
            return true;
        }
    }
    return false;
}

bool lots_date_fill_parse(const char *text, size_t bytes, lots_date_fill *out)
{
    static const char *const names[] = {"first", "middle", "last", "missing"};
    lots_clean_trim(&text, &bytes);
    for (unsigned i = 0; i < 4; i++) {
        if (strlen(names[i]) == bytes && memcmp(names[i], text, bytes) == 0) {
            *out = (lots_date_fill)i;
            return true;
        }
    }
    return false;
}

/* ---- digits ---- */

/* What is left of a text. */
typedef struct cursor {
    const char *at;
    const char *end;
} cursor;

static size_t left(const cursor *c) { return (size_t)(c->end - c->at); }

/* Exactly `count` digits. */
static bool take_digits(cursor *c, unsigned count, int32_t *out)
{
    if (left(c) < count)
        return false;
    int32_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned digit = (unsigned)(unsigned char)c->at[i] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + (int32_t)digit;
    }
    c->at += count;
    *out = value;
    return true;
}

/* One digit or two. */
static bool take_short(cursor *c, int32_t *out)
{
    return take_digits(c, 2, out) || take_digits(c, 1, out);
}

static bool take_char(cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* ---- the date ---- */

typedef struct written_date {
    int32_t year;
    int32_t month; /* 0: not written */
    int32_t day;   /* 0: not written */
    lots_date_precision precision;
} written_date;

static bool take_day_month_year(cursor *c, char separator, int32_t *first, int32_t *second, int32_t *year)
{
    return take_short(c, first) && take_char(c, separator) && take_short(c, second) && take_char(c, separator) &&
           take_digits(c, 4, year);
}

static bool take_zeros(cursor *c, unsigned count)
{
    int32_t zeros = 0;
    return take_digits(c, count, &zeros) && zeros == 0;
}

/* The date part of a text by one form. */
static bool take_date(cursor *c, lots_date_form form, written_date *out)
{
    *out = (written_date){0, 0, 0, LOTS_DATE_DAY};
    switch (form) {
    case LOTS_DATE_ISO:
        return take_digits(c, 4, &out->year) && take_char(c, '-') && take_digits(c, 2, &out->month) &&
               take_char(c, '-') && take_digits(c, 2, &out->day);
    case LOTS_DATE_YMD:
        return take_digits(c, 4, &out->year) && take_digits(c, 2, &out->month) && take_digits(c, 2, &out->day);
    case LOTS_DATE_YM:
        out->precision = LOTS_DATE_MONTH;
        return take_digits(c, 4, &out->year) && take_digits(c, 2, &out->month);
    case LOTS_DATE_YM_ISO:
        out->precision = LOTS_DATE_MONTH;
        return take_digits(c, 4, &out->year) && take_char(c, '-') && take_digits(c, 2, &out->month);
    case LOTS_DATE_YM00:
        out->precision = LOTS_DATE_MONTH;
        return take_digits(c, 4, &out->year) && take_digits(c, 2, &out->month) && take_zeros(c, 2);
    case LOTS_DATE_Y0000:
        out->precision = LOTS_DATE_YEAR;
        return take_digits(c, 4, &out->year) && take_zeros(c, 4);
    case LOTS_DATE_Y:
        out->precision = LOTS_DATE_YEAR;
        return take_digits(c, 4, &out->year);
    case LOTS_DATE_DMY: return take_day_month_year(c, '/', &out->day, &out->month, &out->year);
    case LOTS_DATE_MDY: return take_day_month_year(c, '/', &out->month, &out->day, &out->year);
    case LOTS_DATE_DMY_DOT: return take_day_month_year(c, '.', &out->day, &out->month, &out->year);
    }
    return false;
}

/* ---- the time ---- */

typedef struct written_time {
    int32_t minute; /* of the day; -1: not written */
    bool has_zone;
    int32_t zone;   /* minutes east of UTC */
} written_time;

/* ±hh:mm, ±hhmm or ±hh, at the sign. */
static lots_clean take_offset(cursor *c, written_time *out)
{
    int32_t sign = *c->at++ == '-' ? -1 : 1;
    int32_t hours = 0;
    int32_t minutes = 0;
    if (!take_digits(c, 2, &hours))
        return LOTS_CLEAN_MALFORMED;
    bool colon = take_char(c, ':');
    if ((colon || left(c) > 0) && !take_digits(c, 2, &minutes))
        return LOTS_CLEAN_MALFORMED;
    out->has_zone = true;
    out->zone = sign * (hours * 60 + minutes);
    return hours > 23 || minutes > 59 ? LOTS_CLEAN_IMPOSSIBLE : LOTS_CLEAN_OK;
}

static lots_clean take_zone(cursor *c, written_time *out)
{
    if (left(c) > 1)
        take_char(c, ' ');
    if (left(c) == 0)
        return LOTS_CLEAN_OK;
    if (*c->at == '+' || *c->at == '-')
        return take_offset(c, out);
    out->has_zone = take_char(c, 'Z') || take_char(c, 'z');
    if (!out->has_zone && left(c) == 3 && memcmp(c->at, "UTC", 3) == 0) {
        out->has_zone = true;
        c->at += 3;
    }
    return out->has_zone ? LOTS_CLEAN_OK : LOTS_CLEAN_MALFORMED;
}

/* All that follows a date: nothing, or a time. */
static lots_clean take_time(cursor *c, written_time *out)
{
    int32_t hour = 0;
    int32_t minute = 0;
    int32_t second = 0;
    *out = (written_time){-1, false, 0};
    if (left(c) == 0)
        return LOTS_CLEAN_OK;
    if (!take_char(c, 'T') && !take_char(c, ' '))
        return LOTS_CLEAN_MALFORMED;
    if (!take_short(c, &hour) || !take_char(c, ':') || !take_digits(c, 2, &minute))
        return LOTS_CLEAN_MALFORMED;
    if (take_char(c, ':') && !take_digits(c, 2, &second))
        return LOTS_CLEAN_MALFORMED;
    if (take_char(c, '.') || take_char(c, ',')) {
        int32_t digit = 0;
        if (!take_digits(c, 1, &digit))
            return LOTS_CLEAN_MALFORMED;
        while (take_digits(c, 1, &digit))
            continue;
    }
    lots_clean outcome = take_zone(c, out);
    if (outcome == LOTS_CLEAN_MALFORMED || left(c) > 0)
        return LOTS_CLEAN_MALFORMED;
    if (hour > 23 || minute > 59 || second > 60)
        return LOTS_CLEAN_IMPOSSIBLE;
    out->minute = hour * 60 + minute;
    return outcome;
}

/* ---- together ---- */

/* The day that stands for a month or a year. */
static void fill_date(written_date *date, lots_date_fill fill)
{
    bool year = date->precision == LOTS_DATE_YEAR;
    switch (fill) {
    case LOTS_DATE_FILL_MIDDLE:
        date->month = year ? 7 : date->month;
        date->day = year ? 1 : 15;
        break;
    case LOTS_DATE_FILL_LAST:
        date->month = year ? 12 : date->month;
        date->day = lots_month_days(date->year, date->month);
        break;
    case LOTS_DATE_FILL_FIRST:
    case LOTS_DATE_FILL_MISSING:
        date->month = year ? 1 : date->month;
        date->day = 1;
        break;
    }
}

/* Move an instant from the zone it was written in to the declared one. False when it leaves the calendar. */
static bool apply_zone(const written_time *time, int32_t target, lots_clean_day *day)
{
    int32_t minute = time->minute - time->zone + target;
    int32_t days = minute >= 0 ? minute / DAY_MINUTES : -((DAY_MINUTES - 1 - minute) / DAY_MINUTES);
    day->day += days;
    day->minute = minute - days * DAY_MINUTES;
    return day->day >= LOTS_DAY_MIN && day->day <= LOTS_DAY_MAX;
}

static lots_clean clean_by_form(cursor c, lots_date_form form, const lots_date_rule *rule, lots_clean_day *out)
{
    written_date date;
    written_time time = {-1, false, 0};
    if (!take_date(&c, form, &date))
        return LOTS_CLEAN_MALFORMED;
    if (date.precision != LOTS_DATE_DAY && left(&c) > 0)
        return LOTS_CLEAN_MALFORMED;
    lots_clean outcome = take_time(&c, &time);
    if (outcome != LOTS_CLEAN_OK)
        return outcome;
    bool month_fits = date.precision == LOTS_DATE_YEAR || (date.month >= 1 && date.month <= 12);
    if (date.year < 1 || !month_fits)
        return LOTS_CLEAN_IMPOSSIBLE;
    if (date.precision != LOTS_DATE_DAY)
        fill_date(&date, (lots_date_fill)rule->fill);
    if (!lots_civil_valid(date.year, date.month, date.day))
        return LOTS_CLEAN_IMPOSSIBLE;
    lots_clean_day day = {lots_day_from_civil(date.year, date.month, date.day), time.minute, date.precision};
    if (rule->zone_applied && time.has_zone && !apply_zone(&time, rule->zone_minutes, &day))
        return LOTS_CLEAN_IMPOSSIBLE;
    if (date.precision != LOTS_DATE_DAY && rule->fill == LOTS_DATE_FILL_MISSING) {
        out->precision = date.precision;
        return LOTS_CLEAN_EMPTY;
    }
    *out = day;
    return LOTS_CLEAN_OK;
}

/* Nearly all dates are whole days in the first form, yyyy-mm-dd or yyyymmdd: those without the detour. False says
 * nothing. */
static bool clean_plain_day(const char *text, size_t bytes, const lots_date_rule *rule, lots_day *out)
{
    char iso[10];
    if (rule->form_count == 0)
        return false;
    if (rule->forms[0] == LOTS_DATE_ISO)
        return bytes == 10 && lots_day_parse(text, 10, out);
    if (rule->forms[0] != LOTS_DATE_YMD || bytes != 8)
        return false;
    memcpy(iso, text, 4);
    memcpy(iso + 5, text + 4, 2);
    memcpy(iso + 8, text + 6, 2);
    iso[4] = iso[7] = '-';
    return lots_day_parse(iso, 10, out);
}

lots_clean lots_clean_date(const char *text, size_t bytes, const lots_date_rule *rule, lots_clean_day *out)
{
    lots_clean best = LOTS_CLEAN_MALFORMED;
    lots_clean_trim(&text, &bytes);
    if (bytes == 0) {
        out->precision = LOTS_DATE_DAY;
        return LOTS_CLEAN_EMPTY;
    }
    lots_day day = 0;
    if (clean_plain_day(text, bytes, rule, &day)) {
        *out = (lots_clean_day){day, -1, LOTS_DATE_DAY};
        return LOTS_CLEAN_OK;
    }
    for (unsigned i = 0; i < rule->form_count; i++) {
        cursor c = {text, text + bytes};
        lots_clean outcome = clean_by_form(c, (lots_date_form)rule->forms[i], rule, out);
        if (outcome == LOTS_CLEAN_OK || outcome == LOTS_CLEAN_EMPTY)
            return outcome;
        if (outcome == LOTS_CLEAN_IMPOSSIBLE)
            best = outcome;
    }
    return best;
}

static int two_digits(const char *text)
{
    return text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9'
               ? (text[0] - '0') * 10 + (text[1] - '0')
               : -1;
}

bool lots_clean_clock(const char *text, size_t bytes, int32_t *minute)
{
    if ((bytes != 5 && bytes != 8) || text[2] != ':')
        return false;
    int hours = two_digits(text), minutes = two_digits(text + 3);
    *minute = hours * 60 + minutes;
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}
