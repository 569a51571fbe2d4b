/* classification_row.h: the rows of a classification's file: lines cut into fields, and errors that name the line.
 *
 * A row is a line: a keyword and its fields, between commas, or between semicolons when the first row has them (as
 * spreadsheets save CSV in half of Europe). A field may stand in "…" with "" for a quote; others lose the blanks around
 * them. Empty lines and lines that start with # are skipped, empty fields at the end dropped. Nothing else is known here
 * of what rows mean. Caller: classification_read.c. */
#ifndef LOTS_QUERY_CLASSIFICATION_ROW_H
#define LOTS_QUERY_CLASSIFICATION_ROW_H

#include "core/base/arena.h"

#define CLASS_FIELDS_MAX 32u

typedef struct class_rows {
    const char *name; /* of the file, for errors; borrowed */
    char *text;       /* our copy: fields are cut in place */
    size_t bytes;
    size_t at;        /* where the next line starts */
    uint32_t line;    /* of the row, from 1 */
    char separator;   /* 0 before the first row */
    uint32_t count;   /* fields of the row, the keyword being field 0 */
    char *fields[CLASS_FIELDS_MAX];      /* zero-terminated, in the copy */
    uint64_t starts[CLASS_FIELDS_MAX];   /* their places in the text */
    uint64_t ends[CLASS_FIELDS_MAX];
    lots_error *err;
} class_rows;

/* Errors: LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status class_rows_open(class_rows *rows, const char *text, size_t bytes, const char *name,
                                      lots_arena *arena, lots_error *err);
/* The next row; *more is false at the end. Errors: LOTS_QUERY for bytes that are no text, quotes that don't close, too
 * many fields. */
LOTS_MUST lots_status class_rows_next(class_rows *rows, bool *more);
/* Fail with LOTS_QUERY, "NAME: line N: " before the text, at the place of a field of the current row. */
lots_status class_rows_fail(const class_rows *rows, uint32_t field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a line read before; line 0 is the file as a whole. */
lots_status class_rows_fail_line(const class_rows *rows, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
