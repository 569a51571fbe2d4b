/* naive_value.c: see naive_value.h. */
#include "tests/oracle/naive_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/day.h"

naive_value naive_missing(naive_kind kind)
{
    return (naive_value){.kind = kind, .missing = true};
}

naive_value naive_failed(const char *why)
{
    return (naive_value){.kind = NAIVE_FAILED, .missing = true, .text = why};
}

naive_value naive_bool(bool truth)
{
    return (naive_value){.kind = NAIVE_BOOL, .number = truth};
}

naive_value naive_number(naive_kind kind, int64_t number)
{
    return (naive_value){.kind = kind, .number = number};
}

naive_value naive_decimal(int64_t number, uint32_t scale)
{
    return (naive_value){.kind = scale == 0 ? NAIVE_INT : NAIVE_DECIMAL, .number = number, .scale = scale};
}

naive_value naive_float(double real)
{
    if (isnan(real))
        return naive_missing(NAIVE_FLOAT);
    return isinf(real) ? naive_failed("a number is too large") : (naive_value){.kind = NAIVE_FLOAT, .real = real};
}

naive_value naive_text(const char *text)
{
    return (naive_value){.kind = NAIVE_TEXT, .text = text};
}

naive_value naive_interval(int64_t first, int64_t last)
{
    return (naive_value){.kind = NAIVE_INTERVAL, .number = first, .second = last};
}

bool naive_is_numeric(const naive_value *value)
{
    return value->kind == NAIVE_INT || value->kind == NAIVE_DECIMAL || value->kind == NAIVE_FLOAT ||
           value->kind == NAIVE_DAYS;
}

static int64_t power_of_ten(uint32_t scale)
{
    int64_t out = 1;
    for (uint32_t i = 0; i < scale; i++)
        out *= 10;
    return out;
}

double naive_real(const naive_value *value)
{
    if (value->kind == NAIVE_FLOAT)
        return value->real;
    return (double)value->number / (double)power_of_ten(value->scale);
}

/* ---- order ---- */

static int compare_whole(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_real(double a, double b)
{
    return a < b ? -1 : a > b;
}

/* Exact unless one is a float: whole parts first, then what is left over one denominator (at most 10^18). */
static int compare_numbers(const naive_value *a, const naive_value *b)
{
    if (a->kind == NAIVE_FLOAT || b->kind == NAIVE_FLOAT)
        return compare_real(naive_real(a), naive_real(b));
    const int64_t a_unit = power_of_ten(a->scale), b_unit = power_of_ten(b->scale);
    const uint32_t scale = a->scale > b->scale ? a->scale : b->scale;
    const int whole = compare_whole(a->number / a_unit, b->number / b_unit);
    if (whole != 0)
        return whole;
    return compare_whole(a->number % a_unit * power_of_ten(scale - a->scale),
                         b->number % b_unit * power_of_ten(scale - b->scale));
}

static int compare_items(const naive_value *a, const naive_value *b)
{
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        const int order = naive_compare(&a->items[i], &b->items[i]);
        if (order != 0)
            return order;
    }
    return compare_whole(a->count, b->count);
}

static int sign_of(int value)
{
    return value < 0 ? -1 : value > 0;
}

int naive_compare(const naive_value *a, const naive_value *b)
{
    if (a->missing || b->missing)
        return (int)!a->missing - (int)!b->missing;
    if (naive_is_numeric(a) && naive_is_numeric(b))
        return compare_numbers(a, b);
    if (a->kind != b->kind)
        return compare_whole(a->kind, b->kind);
    switch (a->kind) {
    case NAIVE_TEXT:
        if (a->second != b->second)
            return compare_whole(a->second, b->second);
        return sign_of(strcmp(a->text, b->text));
    case NAIVE_CODE: {
        const int order = sign_of(strcmp(a->system, b->system));
        return order != 0 ? order : sign_of(strcmp(a->text, b->text));
    }
    case NAIVE_SET:
    case NAIVE_RANGE: return compare_items(a, b);
    default: {
        const int order = compare_whole(a->number, b->number);
        return order != 0 ? order : compare_whole(a->second, b->second);
    }
    }
}

/* ---- days ---- */

naive_value naive_add_months(int64_t day, int64_t months)
{
    const lots_civil civil = lots_day_to_civil((lots_day)day);
    const int64_t month = (int64_t)civil.year * 12 + civil.month - 1 + months;
    int64_t year = month / 12;
    int32_t at = (int32_t)(month % 12) + 1;
    if (month < 12 || year > 9999)
        return naive_failed("a date leaves the years 1 to 9999");
    if (civil.day <= lots_month_days((int32_t)year, at))
        return naive_number(NAIVE_DATE, lots_day_from_civil((int32_t)year, at, civil.day));
    at++; /* such a day does not exist: the 1st of the next month; December has 31 days, so it is the same year */
    return naive_number(NAIVE_DATE, lots_day_from_civil((int32_t)year, at, 1));
}

int64_t naive_months_between(int64_t a, int64_t b)
{
    if (b < a)
        return -naive_months_between(b, a);
    int64_t months = (b - a) / 31;
    for (;; months++) {
        const naive_value next = naive_add_months(a, months + 1);
        if (next.missing || next.number > b)
            return months;
    }
}

static naive_value day_plus(int64_t day, int64_t days)
{
    int64_t sum;
    if (__builtin_add_overflow(day, days, &sum) || sum < LOTS_DAY_MIN || sum > LOTS_DAY_MAX)
        return naive_failed("a date leaves the years 1 to 9999");
    return naive_number(NAIVE_DATE, sum);
}

static naive_value year_as_interval(int64_t first, int64_t last)
{
    if (first < 1 || first > 9999 || last < 1 || last > 9999)
        return naive_failed("a year is outside 1 to 9999");
    return naive_interval(lots_day_from_civil((int32_t)first, 1, 1), lots_day_from_civil((int32_t)last, 12, 31));
}

naive_value naive_as_interval(const naive_value *value)
{
    if (value->missing || value->kind == NAIVE_INTERVAL)
        return value->kind == NAIVE_FAILED ? *value : value->missing ? naive_missing(NAIVE_INTERVAL) : *value;
    if (value->kind == NAIVE_INT)
        return year_as_interval(value->number, value->number);
    if (value->kind != NAIVE_RANGE)
        return naive_number(NAIVE_NOTHING, 0);
    const naive_value *low = &value->items[0], *high = &value->items[1];
    if (low->missing || high->missing)
        return naive_missing(NAIVE_INTERVAL);
    naive_value out = year_as_interval(low->kind == NAIVE_INT ? low->number : 1,
                                       high->kind == NAIVE_INT ? high->number : 9999);
    if (out.missing)
        return out;
    if (low->kind != NAIVE_INT)
        out.number = NAIVE_OPEN_LOW;
    if (high->kind != NAIVE_INT)
        out.second = NAIVE_OPEN_HIGH;
    return out;
}

/* ---- arithmetic ---- */

bool naive_misfit(const naive_value *value)
{
    return value->kind == NAIVE_NOTHING && !value->missing;
}

static const char overflow[] = "a number is too large";

static bool rescale(const naive_value *value, uint32_t scale, int64_t *out)
{
    return !__builtin_mul_overflow(value->number, power_of_ten(scale - value->scale), out);
}

static naive_value exact_sum(lots_ast_op op, const naive_value *a, const naive_value *b)
{
    const uint32_t scale = a->scale > b->scale ? a->scale : b->scale;
    int64_t left, right, out;
    if (!rescale(a, scale, &left) || !rescale(b, scale, &right))
        return naive_failed(overflow);
    if (op == LOTS_AST_OP_ADD ? __builtin_add_overflow(left, right, &out) : __builtin_sub_overflow(left, right, &out))
        return naive_failed(overflow);
    return naive_decimal(out, scale);
}

static naive_value exact_product(const naive_value *a, const naive_value *b)
{
    int64_t out;
    if (a->scale + b->scale > 18)
        return naive_float(naive_real(a) * naive_real(b));
    if (__builtin_mul_overflow(a->number, b->number, &out))
        return naive_failed(overflow);
    return naive_decimal(out, a->scale + b->scale);
}

static naive_value floor_divide(const naive_value *a, const naive_value *b)
{
    if (a->kind != NAIVE_INT || b->kind != NAIVE_INT)
        return naive_number(NAIVE_NOTHING, 0);
    if (b->number == 0)
        return naive_missing(NAIVE_INT);
    if (a->number == INT64_MIN && b->number == -1)
        return naive_failed(overflow);
    int64_t quotient = a->number / b->number;
    if (a->number % b->number != 0 && (a->number < 0) != (b->number < 0))
        quotient--;
    return naive_number(NAIVE_INT, quotient);
}

static naive_value power(const naive_value *a, const naive_value *b)
{
    int64_t out = 1;
    if (a->kind != NAIVE_INT || b->kind != NAIVE_INT || b->number < 0)
        return naive_float(pow(naive_real(a), naive_real(b)));
    for (int64_t i = 0; i < b->number && out != 0 && (out != 1 || a->number != 1); i++)
        if (__builtin_mul_overflow(out, a->number, &out))
            return naive_failed(overflow);
    return naive_number(NAIVE_INT, out);
}

static naive_value numbers(lots_ast_op op, const naive_value *a, const naive_value *b)
{
    const bool inexact = a->kind == NAIVE_FLOAT || b->kind == NAIVE_FLOAT;
    switch (op) {
    case LOTS_AST_OP_ADD:
        return inexact ? naive_float(naive_real(a) + naive_real(b)) : exact_sum(op, a, b);
    case LOTS_AST_OP_SUBTRACT:
        return inexact ? naive_float(naive_real(a) - naive_real(b)) : exact_sum(op, a, b);
    case LOTS_AST_OP_MULTIPLY: return inexact ? naive_float(naive_real(a) * naive_real(b)) : exact_product(a, b);
    case LOTS_AST_OP_DIVIDE:
        return naive_real(b) == 0 ? naive_missing(NAIVE_FLOAT) : naive_float(naive_real(a) / naive_real(b));
    case LOTS_AST_OP_FLOOR_DIVIDE: return floor_divide(a, b);
    default: return power(a, b);
    }
}

static bool is_duration(const naive_value *value)
{
    return value->kind == NAIVE_DAYS || value->kind == NAIVE_MONTHS;
}

static naive_value with_kind(naive_value value, naive_kind kind)
{
    if (value.kind == NAIVE_INT)
        value.kind = kind;
    return value;
}

/* Days and months among themselves, and times whole numbers. */
static naive_value durations(lots_ast_op op, const naive_value *a, const naive_value *b)
{
    naive_value left = *a, right = *b;
    const naive_kind kind = is_duration(a) ? a->kind : b->kind;
    const bool alike = a->kind == b->kind;
    left.kind = is_duration(a) ? NAIVE_INT : a->kind;
    right.kind = is_duration(b) ? NAIVE_INT : b->kind;
    if (left.kind != NAIVE_INT && left.kind != NAIVE_DECIMAL && left.kind != NAIVE_FLOAT)
        return naive_number(NAIVE_NOTHING, 0);
    if ((op == LOTS_AST_OP_ADD || op == LOTS_AST_OP_SUBTRACT) && alike)
        return with_kind(exact_sum(op, &left, &right), kind);
    if (op == LOTS_AST_OP_MULTIPLY && !alike && left.kind == NAIVE_INT && right.kind == NAIVE_INT)
        return with_kind(exact_product(&left, &right), kind);
    if (op == LOTS_AST_OP_DIVIDE)
        return numbers(op, &left, &right);
    return naive_number(NAIVE_NOTHING, 0);
}

static naive_value with_dates(lots_ast_op op, const naive_value *a, const naive_value *b)
{
    const int64_t sign = op == LOTS_AST_OP_SUBTRACT ? -1 : 1;
    if (op != LOTS_AST_OP_ADD && op != LOTS_AST_OP_SUBTRACT)
        return naive_number(NAIVE_NOTHING, 0);
    if (a->kind == NAIVE_DATE && b->kind == NAIVE_DATE && sign < 0)
        return naive_number(NAIVE_DAYS, a->number - b->number);
    if (a->kind == NAIVE_DATE && b->kind == NAIVE_DAYS)
        return day_plus(a->number, sign * b->number);
    if (a->kind == NAIVE_DATE && b->kind == NAIVE_MONTHS)
        return naive_add_months(a->number, sign * b->number);
    if (b->kind == NAIVE_DATE && a->kind != NAIVE_DATE && sign > 0)
        return with_dates(op, b, a);
    return naive_number(NAIVE_NOTHING, 0);
}

/* What kind a missing answer has: it only matters that an empty sum is told from a date. */
static naive_kind kind_of(lots_ast_op op, const naive_value *a, const naive_value *b)
{
    if (a->kind == NAIVE_DATE && b->kind == NAIVE_DATE)
        return NAIVE_DAYS;
    if (a->kind == NAIVE_DATE || b->kind == NAIVE_DATE)
        return NAIVE_DATE;
    return op == LOTS_AST_OP_DIVIDE || a->kind == NAIVE_NOTHING ? NAIVE_FLOAT : a->kind;
}

naive_value naive_arithmetic(lots_ast_op op, const naive_value *a, const naive_value *b)
{
    if (a->kind == NAIVE_FAILED || b->kind == NAIVE_FAILED)
        return a->kind == NAIVE_FAILED ? *a : *b;
    if (a->missing || b->missing)
        return naive_missing(kind_of(op, a, b));
    if (a->kind == NAIVE_DATE || b->kind == NAIVE_DATE)
        return with_dates(op, a, b);
    if (is_duration(a) || is_duration(b))
        return durations(op, a, b);
    if (!naive_is_numeric(a) || !naive_is_numeric(b))
        return naive_number(NAIVE_NOTHING, 0);
    return numbers(op, a, b);
}

naive_value naive_negate(const naive_value *a)
{
    naive_value out = *a;
    if (a->missing)
        return out;
    if (!naive_is_numeric(a) && a->kind != NAIVE_MONTHS)
        return naive_number(NAIVE_NOTHING, 0);
    if (a->kind != NAIVE_FLOAT && a->number == INT64_MIN)
        return naive_failed(overflow);
    out.number = -a->number;
    out.real = -a->real;
    return out;
}

/* ---- text ---- */

static const char *keep(lots_arena *arena, const char *text)
{
    char *out;
    lots_error err;
    if (lots_arena_text(arena, &out, text, strlen(text), &err) != LOTS_OK)
        abort();
    return out;
}

static void format_day(int64_t day, bool open, char out[16])
{
    out[0] = 0;
    if (!open)
        lots_day_format((lots_day)day, out);
}

/* A month, quarter or year is written as one. */
static bool format_period(const naive_value *value, char out[300])
{
    if (value->number == NAIVE_OPEN_LOW || value->second == NAIVE_OPEN_HIGH || value->second < value->number)
        return false;
    const lots_civil from = lots_day_to_civil((lots_day)value->number), to = lots_day_to_civil((lots_day)value->second);
    if (from.day != 1 || to.day != lots_month_days(to.year, to.month) || from.year != to.year)
        return false;
    const int32_t months = to.month - from.month + 1;
    if (months == 1)
        snprintf(out, 300, "%04d-%02d", from.year, from.month);
    else if (months == 3 && from.month % 3 == 1)
        snprintf(out, 300, "%04d-Q%d", from.year, from.month / 3 + 1);
    else if (months == 12)
        snprintf(out, 300, "%04d", from.year);
    return months == 1 || (months == 3 && from.month % 3 == 1) || months == 12;
}

static const char *format_items(lots_arena *arena, const naive_value *value)
{
    lots_bytes bytes = {0};
    lots_error err;
    for (uint32_t i = 0; i < value->count; i++) {
        const char *item = naive_format(arena, &value->items[i]);
        if (lots_bytes_printf(&bytes, &err, "%s%s", i > 0 ? ", " : "", item != NULL ? item : "missing") != LOTS_OK)
            abort();
    }
    const char *out = bytes.count == 0 ? "" : NULL;
    if (out == NULL) {
        if (lots_bytes_put8(&bytes, 0, &err) != LOTS_OK)
            abort();
        out = keep(arena, (const char *)bytes.data);
    }
    lots_bytes_free(&bytes);
    return out;
}

static const char *format_code(const naive_value *value, char out[300])
{
    const size_t bytes = strlen(value->text);
    if (strncmp(value->system, "icd10", 5) == 0 && bytes > 3)
        snprintf(out, 300, "%.3s.%s", value->text, value->text + 3);
    else
        snprintf(out, 300, "%s", value->text);
    return out;
}

const char *naive_format(lots_arena *arena, const naive_value *value)
{
    char text[300], end[16];
    if (value->missing)
        return NULL;
    switch (value->kind) {
    case NAIVE_BOOL: return value->number != 0 ? "true" : "false";
    case NAIVE_INT:
    case NAIVE_DAYS: snprintf(text, sizeof text, "%lld", (long long)value->number); break;
    case NAIVE_MONTHS: snprintf(text, sizeof text, "%lldmo", (long long)value->number); break;
    case NAIVE_DECIMAL: {
        const int64_t unit = power_of_ten(value->scale), size = llabs(value->number);
        snprintf(text, sizeof text, "%s%lld.%0*lld", value->number < 0 ? "-" : "", (long long)(size / unit),
                 (int)value->scale, (long long)(size % unit));
        break;
    }
    case NAIVE_FLOAT: snprintf(text, sizeof text, "%.17g", value->real); break;
    case NAIVE_DATE: format_day(value->number, false, text); break;
    case NAIVE_INTERVAL:
        if (format_period(value, text))
            break;
        format_day(value->number, value->number == NAIVE_OPEN_LOW, text);
        format_day(value->second, value->second == NAIVE_OPEN_HIGH, end);
        strcat(strcat(text, ".."), end);
        break;
    case NAIVE_TEXT: return value->text;
    case NAIVE_RANGE: { /* as a value, whole numbers are years */
        const naive_value years = naive_as_interval(value);
        return naive_misfit(&years) ? "?" : naive_format(arena, &years);
    }
    case NAIVE_CODE: format_code(value, text); break;
    case NAIVE_SET: return format_items(arena, value);
    default: snprintf(text, sizeof text, "?"); break;
    }
    return keep(arena, text);
}
