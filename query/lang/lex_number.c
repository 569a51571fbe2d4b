/* lex_number.c: what starts with a digit: numbers, percentages, durations, dates and periods. Numbers stay exact. */
#include "core/base/day.h"
#include "query/lang/lex.h"

#define SCALE_MAX 18u
#define CALENDAR_DAYS (LOTS_DAY_MAX - LOTS_DAY_MIN + 1)
#define CALENDAR_MONTHS (9999 * 12)

/* How many digits stand at `ahead`. */
static uint32_t digits_at(const lots_lexer *lexer, uint32_t ahead)
{
    uint32_t count = 0;
    while (lots_lexer_digit(lots_lexer_peek(lexer, ahead + count)))
        count++;
    return count;
}

/* Bytes of the run of letters, digits and _ at `ahead`. */
static uint32_t letters_at(const lots_lexer *lexer, uint32_t ahead)
{
    uint32_t count = 0;
    for (uint32_t bytes = 1; bytes > 0; count += bytes)
        bytes = lots_lexer_name_bytes(lexer, lexer->at + ahead + count, false);
    return count;
}

/* The number of `count` (a few) digits at `ahead`. */
static int32_t small_number(const lots_lexer *lexer, uint32_t ahead, uint32_t count)
{
    int32_t value = 0;
    for (uint32_t i = 0; i < count; i++)
        value = value * 10 + (lots_lexer_peek(lexer, ahead + i) - '0');
    return value;
}

/* Refuse the text from here to the end of the run of letters and signs of dates, with what a date looks like. */
static lots_status fail_date(const lots_lexer *lexer, uint32_t bytes, lots_error *err)
{
    bytes += letters_at(lexer, bytes);
    while (lots_lexer_peek(lexer, bytes) == '-' && letters_at(lexer, bytes + 1) > 0)
        bytes += 1 + letters_at(lexer, bytes + 1);
    int shown = bytes < 40 ? (int)bytes : 40;
    lots_status status = lots_lexer_fail(lexer, err, lexer->at, lexer->at + bytes,
                                         "`%.*s` is no date, month or quarter", shown, lexer->text + lexer->at);
    if (digits_at(lexer, 5) == 4)
        lots_error_hint(err, "a range of years is written %.4s..%.4s; a subtraction needs blanks", lexer->text + lexer->at,
                        lexer->text + lexer->at + 5);
    else
        lots_error_hint(err, "write 2023-01-31, 2023-01 or 2023-Q1; a subtraction needs blanks");
    return status;
}

static lots_status read_day(lots_lexer *lexer, lots_token *out, lots_error *err)
{
    int32_t year = small_number(lexer, 0, 4), month = small_number(lexer, 5, 2), day = small_number(lexer, 8, 2);
    if (!lots_civil_valid(year, month, day)) {
        lots_status status = lots_lexer_fail(lexer, err, lexer->at, lexer->at + 10, "there is no day %.10s", lexer->text + lexer->at);
        if (year >= 1 && month >= 1 && month <= 12)
            lots_error_hint(err, "%.7s has %d days", lexer->text + lexer->at, (int)lots_month_days(year, month));
        else
            lots_error_hint(err, "a day is written year-month-day: 2023-01-31");
        return status;
    }
    out->kind = LOTS_TOKEN_DATE;
    out->date = lots_day_from_civil(year, month, day);
    lexer->at += 10;
    return LOTS_OK;
}

/* A period of `months` months from `month` on, written in `bytes` bytes. */
static lots_status read_period(lots_lexer *lexer, int32_t month, int32_t months, uint32_t bytes, lots_token *out,
                               lots_error *err)
{
    int32_t year = small_number(lexer, 0, 4), last = month + months - 1;
    if (year < 1 || month < 1 || last > 12)
        return lots_lexer_fail(lexer, err, lexer->at, lexer->at + bytes, "there is no %s %.*s",
                               months == 1 ? "month" : "quarter", (int)bytes, lexer->text + lexer->at);
    out->kind = LOTS_TOKEN_PERIOD;
    out->period.first = lots_day_from_civil(year, month, 1);
    out->period.last = lots_day_from_civil(year, last, lots_month_days(year, last));
    out->period.quarter = months == 3;
    lexer->at += bytes;
    return LOTS_OK;
}

/* Four digits and a '-' with a digit or the letter of a quarter behind it: a date, a period or a mistake. */
static bool looks_like_date(const lots_lexer *lexer, uint32_t digits)
{
    if (digits != 4 || lots_lexer_peek(lexer, 4) != '-')
        return false;
    char c = lots_lexer_peek(lexer, 5);
    bool letter = c == 'Q' || c == 'q' || c == 'W' || c == 'w';
    return lots_lexer_digit(c) || (letter && lots_lexer_digit(lots_lexer_peek(lexer, 6)));
}

static lots_status read_date(lots_lexer *lexer, lots_token *out, lots_error *err)
{
    char c = lots_lexer_peek(lexer, 5);
    if (c == 'Q' && letters_at(lexer, 5) == 2)
        return read_period(lexer, (lots_lexer_peek(lexer, 6) - '0') * 3 - 2, 3, 7, out, err);
    if (c == 'W' || c == 'w') {
        lots_status status = fail_date(lexer, 5, err);
        lots_error_hint(err, "a week is written week_of(2023-01-02), by any of its days");
        return status;
    }
    if (c == 'Q' || c == 'q' || letters_at(lexer, 5) != 2 || digits_at(lexer, 5) != 2)
        return fail_date(lexer, 5, err);
    if (lots_lexer_peek(lexer, 7) != '-' || !lots_lexer_digit(lots_lexer_peek(lexer, 8)))
        return read_period(lexer, small_number(lexer, 5, 2), 1, 7, out, err);
    if (letters_at(lexer, 8) != 2 || digits_at(lexer, 8) != 2)
        return fail_date(lexer, 7, err);
    return read_day(lexer, out, err);
}

/* digits [. digits] → mantissa and scale. `bytes` are the bytes of both and the point. */
static lots_status read_mantissa(const lots_lexer *lexer, uint32_t digits, uint32_t decimals, lots_ast_number *out,
                                 lots_error *err)
{
    uint32_t bytes = digits + (decimals > 0 ? decimals + 1 : 0);
    bool fits = decimals <= SCALE_MAX;
    int64_t mantissa = 0;
    for (uint32_t i = 0; i < bytes && fits; i++) {
        if (i == digits)
            continue;
        int digit = lots_lexer_peek(lexer, i) - '0';
        fits = mantissa <= (INT64_MAX - digit) / 10;
        if (fits)
            mantissa = mantissa * 10 + digit;
    }
    if (!fits) {
        lots_status status = lots_lexer_fail(lexer, err, lexer->at, lexer->at + bytes,
                                             "a number of %u digits before and %u after the point is too long", (unsigned)digits,
                                             (unsigned)decimals);
        lots_error_hint(err, "the largest is 9223372036854775807, point not counted, with at most %u decimals", SCALE_MAX);
        return status;
    }
    *out = (lots_ast_number){mantissa, decimals};
    return LOTS_OK;
}

/* The unit of a duration written so; -1 if none. */
static int find_unit(const char *text, uint32_t bytes)
{
    if (bytes == 1 && text[0] == 'd')
        return LOTS_AST_DAYS;
    if (bytes == 1 && text[0] == 'w')
        return LOTS_AST_WEEKS;
    if (bytes == 2 && memcmp(text, "mo", 2) == 0)
        return LOTS_AST_MONTHS;
    return bytes == 1 && text[0] == 'y' ? (int)LOTS_AST_YEARS : -1;
}

/* A number and letters at its heels that make no duration. */
static lots_status fail_letters(const lots_lexer *lexer, uint32_t digits, uint32_t bytes, uint32_t letters, lots_error *err)
{
    static const struct {
        char first;
        const char *unit;
    } guesses[] = {{'d', "d"}, {'D', "d"}, {'w', "w"}, {'W', "w"}, {'m', "mo"}, {'M', "mo"}, {'y', "y"}, {'Y', "y"}};
    const char *text = lexer->text + lexer->at;
    int shown = letters < 40 ? (int)letters : 40;
    int number_shown = bytes < 40 ? (int)bytes : 40;
    if (bytes > digits && find_unit(text + bytes, letters) >= 0) {
        lots_status status = lots_lexer_fail(lexer, err, lexer->at, lexer->at + bytes + letters, "a duration is a whole number of its unit");
        lots_error_hint(err, "write 18mo for a year and a half, 730d for two years of days");
        return status;
    }
    lots_status status = lots_lexer_fail(lexer, err, lexer->at + bytes, lexer->at + bytes + letters,
                                         "`%.*s` follows directly after a number", shown, text + bytes);
    lots_error_hint(err, "a duration is written 30d, 4w, 6mo or 1y; else put a blank, an operator or quotes");
    for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++)
        if (text[bytes] == guesses[i].first)
            lots_error_hint(err, "did you mean `%.*s%s`? durations are written 30d, 4w, 6mo, 1y", number_shown, text, guesses[i].unit);
    return status;
}

static lots_status read_duration(lots_lexer *lexer, uint32_t digits, uint32_t letters, lots_token *out, lots_error *err)
{
    lots_ast_number number;
    LOTS_TRY(read_mantissa(lexer, digits, 0, &number, err));
    lots_ast_unit unit = (lots_ast_unit)find_unit(lexer->text + lexer->at + digits, letters);
    int64_t each = unit == LOTS_AST_WEEKS ? 7 : unit == LOTS_AST_YEARS ? 12 : 1;
    bool by_month = unit == LOTS_AST_MONTHS || unit == LOTS_AST_YEARS;
    int64_t most = (by_month ? CALENDAR_MONTHS : CALENDAR_DAYS) / each;
    if (number.mantissa > most)
        return lots_lexer_fail(lexer, err, lexer->at, lexer->at + digits + letters, "the duration is longer than the calendar, 9999 years");
    out->kind = LOTS_TOKEN_DURATION;
    out->duration.count = (int32_t)number.mantissa;
    out->duration.unit = unit;
    out->duration.months = by_month ? (int32_t)(number.mantissa * each) : 0;
    out->duration.days = by_month ? 0 : (int32_t)(number.mantissa * each);
    lexer->at += digits + letters;
    return LOTS_OK;
}

lots_status lots_lexer_number(lots_lexer *lexer, lots_token *out, lots_error *err)
{
    uint32_t digits = digits_at(lexer, 0);
    if (looks_like_date(lexer, digits))
        return read_date(lexer, out, err);
    uint32_t decimals = lots_lexer_peek(lexer, digits) == '.' ? digits_at(lexer, digits + 1) : 0;
    uint32_t bytes = digits + (decimals > 0 ? decimals + 1 : 0);
    uint32_t letters = letters_at(lexer, bytes);
    if (letters > 0 && (decimals > 0 || find_unit(lexer->text + lexer->at + bytes, letters) < 0))
        return fail_letters(lexer, digits, bytes, letters, err);
    if (letters > 0)
        return read_duration(lexer, digits, letters, out, err);
    LOTS_TRY(read_mantissa(lexer, digits, decimals, &out->number, err));
    out->kind = LOTS_TOKEN_NUMBER;
    lexer->at += bytes;
    if (lots_lexer_peek(lexer, 0) == '%') {
        out->kind = LOTS_TOKEN_PERCENT;
        lexer->at++;
    }
    return LOTS_OK;
}
