/* naive_value.h: the values of the second, naive implementation of the language: one struct for every type, known only
 * when the query runs. Made to be read beside LANGUAGE.md, not to be fast.
 *
 * Idea: a value is a kind and what that kind needs. A missing value may or may not know its kind. FAILED is a value that
 * could not be computed (overflow): it travels like missing and becomes an error only when somebody needs it.
 * Categories are their texts: the order of a category is that of its text.
 * All memory is an arena's and lives as long as the query. Callers: tests/oracle only. */
#ifndef LOTS_TESTS_NAIVE_VALUE_H
#define LOTS_TESTS_NAIVE_VALUE_H

#include "core/base/arena.h"
#include "query/lang/ast.h"

typedef enum naive_kind {
    NAIVE_NOTHING,  /* missing of no known type */
    NAIVE_BOOL,     /* number */
    NAIVE_INT,      /* number */
    NAIVE_DECIMAL,  /* number / 10^scale */
    NAIVE_FLOAT,    /* real */
    NAIVE_DATE,     /* number */
    NAIVE_DAYS,     /* number */
    NAIVE_MONTHS,   /* number */
    NAIVE_INTERVAL, /* number..second, NAIVE_OPEN_LOW and NAIVE_OPEN_HIGH where open; count: which of `each` it is, from 1 */
    NAIVE_RANGE,    /* items[0]..items[1]: numbers; a NOTHING where open */
    NAIVE_TEXT,     /* text; second: what sorts before the text (bands) */
    NAIVE_CODE,     /* system, text; home: the system that a pattern without one means in its column */
    NAIVE_SET,      /* items, in their order */
    NAIVE_EVENTS,   /* events */
    NAIVE_PATTERN,  /* codes: {…} */
    NAIVE_FAILED    /* text: why */
} naive_kind;

#define NAIVE_OPEN_LOW INT64_MIN
#define NAIVE_OPEN_HIGH INT64_MAX

struct naive_events;

typedef struct naive_value {
    naive_kind kind;
    bool missing;
    bool total;     /* the key of a row of totals: missing, and written so */
    bool dated;     /* a cell of an event: `day` is when it started, the day of a look-up */
    int64_t day;
    uint32_t scale;
    uint32_t count;
    int64_t number;
    int64_t second;
    double real;
    const char *text;
    const char *system;
    const char *home;
    struct naive_value *items;
    const struct naive_events *events;
    const lots_ast_codes *codes;
} naive_value;

naive_value naive_missing(naive_kind kind);
naive_value naive_failed(const char *why);
naive_value naive_bool(bool truth);
naive_value naive_number(naive_kind kind, int64_t number);
naive_value naive_decimal(int64_t number, uint32_t scale);
naive_value naive_float(double real);
naive_value naive_text(const char *text);
naive_value naive_interval(int64_t first, int64_t last);

static inline bool naive_is(const naive_value *value, naive_kind kind) { return value->kind == kind && !value->missing; }
static inline bool naive_true(const naive_value *value) { return naive_is(value, NAIVE_BOOL) && value->number != 0; }
static inline bool naive_false(const naive_value *value) { return naive_is(value, NAIVE_BOOL) && value->number == 0; }
bool naive_is_numeric(const naive_value *value); /* int, decimal, float, days */
double naive_real(const naive_value *value);     /* of a numeric value */

/* -1, 0, 1, missing lowest; numbers by value whatever their kinds, sets element by element. */
int naive_compare(const naive_value *a, const naive_value *b);

/* An interval of days out of an interval, a year, or a range of years; missing otherwise. */
naive_value naive_as_interval(const naive_value *value);

/* + - * / // ^ on two values. FAILED on overflow; a value of kind NOTHING, not missing, when the types don't fit. */
naive_value naive_arithmetic(lots_ast_op op, const naive_value *a, const naive_value *b);
naive_value naive_negate(const naive_value *a);
/* The kind of an answer that arithmetic could not give. */
bool naive_misfit(const naive_value *value);

/* Days: m whole months later; FAILED outside 0001..9999. */
naive_value naive_add_months(int64_t day, int64_t months);
int64_t naive_months_between(int64_t a, int64_t b);

/* The text of a cell, as the program prints it; NULL when missing. */
const char *naive_format(lots_arena *arena, const naive_value *value);

#endif
