/* clean_number.c: numbers as registers write them → exact scaled ints, or the nearest double.
 * One scanner reads sign, grouping, decimals and exponent into up to 19 significant digits and a power of ten, and
 * remembers how what it dropped compares with half of the last digit kept: enough to round once, correctly.
 * A double is built exactly where both parts are exact (W. D. Clinger, "How to read floating point numbers accurately",
 * 1990); elsewhere strtod gets the digits without a decimal point, so that no locale matters. */
#include "ingest/clean.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_KEPT 19      /* 10^19 - 1 fits 64 bits */
#define SCALE_MOST 18
#define EXPONENT_MOST INT64_C(10000000000) /* more than any field has digits to make up for */
#define STRTOD_DIGITS 800   /* more than the 767 that can matter for a double */

/* What lies beyond the last digit kept, against half of it. */
typedef enum beyond { BEYOND_NOTHING, BEYOND_LESS, BEYOND_HALF, BEYOND_MORE } beyond;

typedef struct scanned {
    bool negative;
    uint64_t digits;      /* the first 19 significant ones */
    int32_t kept;         /* how many they are */
    int64_t exponent;     /* value = digits × 10^exponent, and what is beyond */
    int first_dropped;    /* digit; -1: none dropped */
    bool more_dropped;    /* a later dropped digit isn't 0 */
    const char *from;     /* the digits with grouping and decimal sign */
    const char *to;
} scanned;

static const uint64_t powers_of_ten[20] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

lots_status lots_number_rule_check(const lots_number_rule *rule, lots_error *err)
{
    char decimal = rule->decimal == 0 ? '.' : rule->decimal;
    if (decimal != '.' && decimal != ',')
        return lots_fail(err, LOTS_USAGE, "the decimal sign is a point or a comma, not '%c'", decimal);
    if (rule->grouping != 0 && strchr(" .,'", rule->grouping) == NULL)
        return lots_fail(err, LOTS_USAGE, "thousands are grouped by a blank, point, comma or apostrophe, not '%c'",
                         rule->grouping);
    if (rule->grouping == decimal)
        return lots_fail(err, LOTS_USAGE, "'%c' can't be both the decimal sign and what groups thousands", decimal);
    if (rule->scale > SCALE_MOST)
        return lots_fail(err, LOTS_USAGE, "%u decimals, at most %d", (unsigned)rule->scale, SCALE_MOST);
    return LOTS_OK;
}

/* ---- scanning ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void add_digit(scanned *out, char c)
{
    if (out->digits == 0 && c == '0')
        return;
    if (out->kept < DIGITS_KEPT) {
        out->digits = out->digits * 10 + (uint64_t)(c - '0');
        out->kept++;
        return;
    }
    out->exponent++;
    if (out->first_dropped < 0)
        out->first_dropped = c - '0';
    else
        out->more_dropped |= c != '0';
}

/* The bytes of the minus at `at`, 0 for none. */
static size_t minus_at(const char *at, const char *end)
{
    if (at < end && *at == '-')
        return 1;
    return end - at >= 3 && memcmp(at, "\xE2\x88\x92", 3) == 0 ? 3 : 0;
}

/* Take a sign off the front, or a minus off the back. */
static void take_sign(const char **at, const char **end, scanned *out)
{
    size_t minus = minus_at(*at, *end);
    out->negative = minus > 0;
    *at += minus;
    if (minus > 0)
        return;
    if (*at < *end && **at == '+') {
        ++*at;
        return;
    }
    if (*end - *at > 1 && (*end)[-1] == '-')
        minus = 1;
    else if (*end - *at > 3 && minus_at(*end - 3, *end) == 3)
        minus = 3;
    out->negative = minus > 0;
    *end -= minus;
}

/* The bytes of the sign that groups thousands at `at`, 0 for none. */
static size_t group_at(const char *at, const char *end, char grouping)
{
    if (grouping == 0 || at == end)
        return 0;
    if (*at == grouping)
        return 1;
    if (grouping != ' ')
        return 0;
    if (end - at >= 2 && memcmp(at, "\xC2\xA0", 2) == 0)
        return 2;
    return end - at >= 3 && memcmp(at, "\xE2\x80\xAF", 3) == 0 ? 3 : 0;
}

/* Whole digits, in groups of three once one is grouped. False when the groups are wrong. */
static bool take_whole(const char **at, const char *end, char grouping, scanned *out)
{
    bool grouped = false;
    unsigned run = 0;
    for (;;) {
        size_t group = 0;
        if (*at < end && is_digit(**at)) {
            add_digit(out, *(*at)++);
            run++;
        } else if ((group = group_at(*at, end, grouping)) > 0) {
            if (grouped ? run != 3 : run < 1 || run > 3)
                return false;
            grouped = true;
            run = 0;
            *at += group;
        } else {
            return !grouped || run == 3;
        }
    }
}

static int64_t take_exponent(const char **at, const char *end, bool *right)
{
    bool negative = *at < end && **at == '-';
    int64_t value = 0;
    if (*at < end && (**at == '-' || **at == '+'))
        ++*at;
    *right = *at < end && is_digit(**at);
    for (; *at < end && is_digit(**at); ++*at)
        if (value < EXPONENT_MOST)
            value = value * 10 + (**at - '0');
    return negative ? -value : value;
}

/* OK, EMPTY or MALFORMED. */
static lots_clean scan_number(const char *text, size_t bytes, const lots_number_rule *rule, scanned *out)
{
    lots_clean_trim(&text, &bytes);
    if (bytes == 0)
        return LOTS_CLEAN_EMPTY;
    const char *at = text;
    const char *end = text + bytes;
    *out = (scanned){.first_dropped = -1};
    take_sign(&at, &end, out);
    out->from = at;
    if (!take_whole(&at, end, rule->grouping, out))
        return LOTS_CLEAN_MALFORMED;
    bool any = at > out->from;
    if (at < end && *at == (rule->decimal == 0 ? '.' : rule->decimal)) {
        for (at++; at < end && is_digit(*at); at++) {
            add_digit(out, *at);
            out->exponent--;
            any = true;
        }
    }
    out->to = at;
    if (any && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        out->exponent += take_exponent(&at, end, &any);
    }
    return any && at == end ? LOTS_CLEAN_OK : LOTS_CLEAN_MALFORMED;
}

/* ---- decimals ---- */

static beyond beyond_digits(const scanned *number)
{
    if (number->first_dropped < 0 || (number->first_dropped == 0 && !number->more_dropped))
        return BEYOND_NOTHING;
    if (number->first_dropped == 5 && !number->more_dropped)
        return BEYOND_HALF;
    return number->first_dropped < 5 ? BEYOND_LESS : BEYOND_MORE;
}

/* digits / 10^places, and what lies beyond. */
static uint64_t divide(const scanned *number, int64_t places, beyond *out)
{
    bool more = beyond_digits(number) != BEYOND_NOTHING;
    if (places >= 20) { /* below 2^64 / 10^20 < 0.2 */
        *out = number->digits > 0 ? BEYOND_LESS : BEYOND_NOTHING;
        return 0;
    }
    uint64_t power = powers_of_ten[places];
    uint64_t rest = number->digits % power;
    if (rest == power / 2)
        *out = more ? BEYOND_MORE : BEYOND_HALF;
    else if (rest > power / 2)
        *out = BEYOND_MORE;
    else
        *out = rest > 0 || more ? BEYOND_LESS : BEYOND_NOTHING;
    return number->digits / power;
}

/* digits × 10^places. False on overflow. */
static bool multiply(uint64_t digits, int64_t places, uint64_t *out)
{
    *out = 0;
    if (digits == 0)
        return true;
    if (places > DIGITS_KEPT || digits > UINT64_MAX / powers_of_ten[places])
        return false;
    *out = digits * powers_of_ten[places];
    return true;
}

static lots_clean signed_value(bool negative, uint64_t magnitude, int64_t *out)
{
    uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (magnitude > most)
        return LOTS_CLEAN_OUT_OF_RANGE;
    if (!negative)
        *out = (int64_t)magnitude;
    else
        *out = magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
    return LOTS_CLEAN_OK;
}

/* Nearly all numbers are a few digits with a decimal sign or none: those without the detour. False says nothing. */
static bool clean_plain_decimal(const char *text, size_t bytes, const lots_number_rule *rule, int64_t *out)
{
    char point = rule->decimal == 0 ? '.' : rule->decimal;
    size_t decimals = 0;
    bool pointed = false;
    uint64_t value = 0;
    if (bytes == 0 || bytes > 10 || !is_digit(text[0]) || !is_digit(text[bytes - 1]))
        return false;
    for (size_t i = 0; i < bytes; i++) {
        if (is_digit(text[i]))
            value = value * 10 + (uint64_t)(text[i] - '0');
        else if (text[i] == point && !pointed)
            pointed = true, decimals = bytes - i - 1;
        else
            return false;
    }
    if (decimals > rule->scale || rule->scale > 8) /* 10 digits and 8 zeros fit */
        return false;
    *out = (int64_t)(value * powers_of_ten[rule->scale - decimals]);
    return true;
}

lots_clean lots_clean_decimal(const char *text, size_t bytes, const lots_number_rule *rule, int64_t *out)
{
    if (clean_plain_decimal(text, bytes, rule, out))
        return LOTS_CLEAN_OK;
    scanned number;
    lots_clean outcome = scan_number(text, bytes, rule, &number);
    if (outcome != LOTS_CLEAN_OK)
        return outcome;
    int64_t places = number.exponent + rule->scale;
    uint64_t magnitude = 0;
    beyond rest = beyond_digits(&number);
    if (places < 0)
        magnitude = divide(&number, -places, &rest);
    else if (!multiply(number.digits, places, &magnitude))
        return LOTS_CLEAN_OUT_OF_RANGE;
    if (rest != BEYOND_NOTHING && rule->round == LOTS_ROUND_REJECT)
        return LOTS_CLEAN_TOO_FINE;
    if (rest == BEYOND_MORE || (rest == BEYOND_HALF && (magnitude & 1) != 0))
        magnitude++;
    return signed_value(number.negative, magnitude, out);
}

/* ---- floats ---- */

/* Through strtod: all digits as a whole number, then the exponent. */
static double float_by_strtod(const scanned *number)
{
    char text[STRTOD_DIGITS + 32];
    size_t count = 0;
    int64_t dropped = 0;
    bool any_dropped = false;
    for (const char *at = number->from; at < number->to; at++) {
        if (!is_digit(*at) || (count == 0 && *at == '0'))
            continue;
        if (count < STRTOD_DIGITS) {
            text[count++] = *at;
        } else {
            dropped++;
            any_dropped |= *at != '0';
        }
    }
    /* number->exponent holds for the digits kept there; here more are kept. */
    int64_t exponent = number->exponent - ((int64_t)count + dropped - number->kept) + dropped;
    if (any_dropped) { /* anything more breaks a tie */
        text[count++] = '1';
        exponent--;
    }
    snprintf(text + count, sizeof text - count, "e%lld", (long long)exponent);
    return strtod(text, NULL);
}

lots_clean lots_clean_float(const char *text, size_t bytes, const lots_number_rule *rule, double *out)
{
    static const double exact_powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                            1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    scanned number;
    lots_clean outcome = scan_number(text, bytes, rule, &number);
    if (outcome != LOTS_CLEAN_OK)
        return outcome;
    double value = 0;
    bool exact_digits = number.first_dropped < 0 && number.digits <= UINT64_C(1) << 53 && FLT_EVAL_METHOD == 0;
    if (number.digits == 0)
        value = 0;
    else if (exact_digits && number.exponent >= 0 && number.exponent <= 22)
        value = (double)number.digits * exact_powers[number.exponent];
    else if (exact_digits && number.exponent < 0 && number.exponent >= -22)
        value = (double)number.digits / exact_powers[-number.exponent];
    else
        value = float_by_strtod(&number);
    if (isinf(value))
        return LOTS_CLEAN_OUT_OF_RANGE;
    *out = number.negative ? -value : value;
    return LOTS_CLEAN_OK;
}
