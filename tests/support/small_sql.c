/* small_sql.c: see small_sql.h. */
#include "tests/support/small_sql.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/lots_test.h"

typedef struct civil {
    int year, month, day;
} civil;

static int leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int month_length(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : lengths[month - 1];
}

static int before_year(int year) { return 365 * year + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400; }

static int to_day(civil c)
{
    int days = before_year(c.year) - before_year(1970);
    for (int m = 1; m < c.month; m++)
        days += month_length(c.year, m);
    return days + c.day - 1;
}

static civil to_civil(int day)
{
    civil c = {1970 + day / 366 - 2, 1, 1};
    while (to_day((civil){c.year + 1, 1, 1}) <= day)
        c.year++;
    while (c.month < 12 && to_day((civil){c.year, c.month + 1, 1}) <= day)
        c.month++;
    c.day = day - to_day(c) + 1;
    return c;
}

/* The day kept; where it doesn't exist, the 1st of the month after. */
static int add_months(int day, int months)
{
    civil c = to_civil(day);
    int total = c.year * 12 + c.month - 1 + months;
    c.year = total / 12;
    c.month = total % 12 + 1;
    if (c.day > month_length(c.year, c.month)) {
        c.day = 1;
        c = c.month == 12 ? (civil){c.year + 1, 1, 1} : (civil){c.year, c.month + 1, 1};
    }
    return to_day(c);
}

static int whole_units(int a, int b, int months)
{
    if (b < a)
        return -whole_units(b, a, months);
    int count = (b - a) / (31 * months); /* never too many */
    while (add_months(a, (count + 1) * months) <= b)
        count++;
    return count;
}

static int any_null(int count, sqlite3_value **values)
{
    for (int i = 0; i < count; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL)
            return 1;
    return 0;
}

static void sql_d(sqlite3_context *context, int count, sqlite3_value **values)
{
    civil c;
    if (any_null(count, values))
        return;
    if (sscanf((const char *)sqlite3_value_text(values[0]), "%d-%d-%d", &c.year, &c.month, &c.day) != 3)
        sqlite3_result_error(context, "no date", -1);
    else
        sqlite3_result_int(context, to_day(c));
}

static void sql_addm(sqlite3_context *context, int count, sqlite3_value **values)
{
    if (!any_null(count, values))
        sqlite3_result_int(context, add_months(sqlite3_value_int(values[0]), sqlite3_value_int(values[1])));
}

static void sql_units(sqlite3_context *context, int count, sqlite3_value **values)
{
    int months = *(const int *)sqlite3_user_data(context);
    if (!any_null(count, values))
        sqlite3_result_int(context, whole_units(sqlite3_value_int(values[0]), sqlite3_value_int(values[1]), months));
}

/* which: 0 weekday (Monday 1), 1 year, 2 month, 3 day of the month */
static void sql_part(sqlite3_context *context, int count, sqlite3_value **values)
{
    if (any_null(count, values))
        return;
    int day = sqlite3_value_int(values[0]), which = *(const int *)sqlite3_user_data(context);
    civil c = to_civil(day);
    int weekday = ((day + 3) % 7 + 7) % 7 + 1; /* 1970-01-01 was a Thursday */
    sqlite3_result_int(context, which == 0 ? weekday : which == 1 ? c.year : which == 2 ? c.month : c.day);
}

static void sql_firstday(sqlite3_context *context, int count, sqlite3_value **values)
{
    if (!any_null(count, values))
        sqlite3_result_int(context, to_day((civil){sqlite3_value_int(values[0]), sqlite3_value_int(values[1]), 1}));
}

/* ---- quant(x, p): sorted, interpolated ---- */

typedef struct numbers {
    double *values;
    int count, room;
    double p;
} numbers;

static void quant_step(sqlite3_context *context, int count, sqlite3_value **values)
{
    numbers *list = sqlite3_aggregate_context(context, sizeof *list);
    (void)count;
    if (list == NULL || sqlite3_value_type(values[0]) == SQLITE_NULL)
        return;
    if (list->count == list->room) {
        list->room = list->room * 2 + 8;
        list->values = realloc(list->values, (size_t)list->room * sizeof(double));
    }
    list->p = sqlite3_value_double(values[1]);
    list->values[list->count++] = sqlite3_value_double(values[0]);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void quant_final(sqlite3_context *context)
{
    numbers *list = sqlite3_aggregate_context(context, sizeof *list);
    if (list == NULL || list->count == 0)
        return;
    qsort(list->values, (size_t)list->count, sizeof(double), by_value);
    double at = list->p * (list->count - 1);
    int low = (int)floor(at), high = low + 1 < list->count ? low + 1 : low;
    sqlite3_result_double(context, list->values[low] + (at - low) * (list->values[high] - list->values[low]));
    free(list->values);
}

void small_sql_functions(sqlite3 *sql)
{
    static const int one = 1, twelve = 12, parts[] = {0, 1, 2, 3};
    static const char *const part_names[] = {"dow", "year", "month", "mday"};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    sqlite3_create_function(sql, "d", 1, flags, NULL, sql_d, NULL, NULL);
    sqlite3_create_function(sql, "addm", 2, flags, NULL, sql_addm, NULL, NULL);
    sqlite3_create_function(sql, "firstday", 2, flags, NULL, sql_firstday, NULL, NULL);
    sqlite3_create_function(sql, "months", 2, flags, (void *)(uintptr_t)&one, sql_units, NULL, NULL);
    sqlite3_create_function(sql, "years", 2, flags, (void *)(uintptr_t)&twelve, sql_units, NULL, NULL);
    sqlite3_create_function(sql, "quant", 2, flags, NULL, NULL, quant_step, quant_final);
    for (int i = 0; i < 4; i++)
        sqlite3_create_function(sql, part_names[i], 1, flags, (void *)(uintptr_t)&parts[i], sql_part, NULL, NULL);
}
