/* json.h: a result as JSON (RFC 8259): an array of objects, one object a line, members in column order. Numbers are
 * written in full: an int or decimal beyond 2^53 keeps its digits, and the reader decides. Durations are days. Dates, codes,
 * categories and intervals are strings, sets are arrays, missing is null, as is a float that is no finite number. What is
 * not UTF-8 becomes U+FFFD. No line break after the closing bracket.
 * ndjson is the same objects, a line each, without the array. Only output.c and the commands call it. */
#ifndef LOTS_OUT_JSON_H
#define LOTS_OUT_JSON_H

#include "query/out/output.h"

LOTS_MUST lots_status lots_json_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err);
LOTS_MUST lots_status lots_ndjson_write(const lots_sheet *sheet, lots_sink *sink, lots_error *err);
/* Append the value of a row. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_json_value(const lots_sheet *sheet, uint32_t row, uint32_t column, lots_bytes *out,
                                      lots_error *err);
/* Append a text as a JSON string, quotes included. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_json_string(const char *text, size_t bytes, lots_bytes *out, lots_error *err);

#endif
