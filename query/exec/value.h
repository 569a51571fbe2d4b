/* value.h: one value of a result as text, the same in every format: decimals with all their decimals, floats in the
 * shortest form that reads back as the same number, dates as yyyy-mm-dd, durations as a number of days (months with
 * `mo`), intervals as a..b, codes as their system writes them, sets with their elements joined.
 * Owns no state. Callers: the formats, and TO_TEXT: text(x) is what `lots query` prints. */
#ifndef LOTS_QUERY_VALUE_H
#define LOTS_QUERY_VALUE_H

#include "core/store/schema.h"
#include "query/exec/vector.h"

/* Whether values of the type are numbers to a reader: aligned right in a table, unquoted in JSON. Durations in days are,
 * durations in months are not. */
bool lots_value_is_number(lots_type_kind kind);

/* 12, 3 or 1 when the interval is exactly a calendar year, quarter or month, else 0. Any days. */
int lots_value_period_months(lots_day from, lots_day to);

/* Append value / 10^scale with all `scale` (0..18) decimals. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_value_decimal(int64_t value, unsigned scale, lots_bytes *out, lots_error *err);

/* Append element `at` of a data array of `kind` (for a SET: its element's kind). Nothing looks at `missing`.
 *   schema   for the forms of code systems; NULL: codes as they are kept
 * Errors: LOTS_MEMORY; LOTS_INTERNAL for a type that has no text (event sets). */
LOTS_MUST lots_status lots_value_item(const lots_schema *schema, const lots_vector *vector, lots_type_kind kind,
                                      uint32_t at, lots_bytes *out, lots_error *err);

/* Append the value of a row; nothing when it is missing. `separator` stands between the elements of a set. */
LOTS_MUST lots_status lots_value_append(const lots_schema *schema, const lots_vector *vector, uint32_t row,
                                        const char *separator, lots_bytes *out, lots_error *err);

/* Make the decimal points of a value of the type, text from `from` on, commas; other types stay. */
void lots_value_comma(const lots_type *type, lots_bytes *out, size_t from);

#endif
