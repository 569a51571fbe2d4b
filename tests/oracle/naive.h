/* naive.h: a second implementation of the query language, to check the first one against: a text is parsed and evaluated
 * a row at a time over rows in memory. Shares nothing with query/exec or the binder: only the parser's tree, the
 * schema's plain data and the calendar of core/base/day.h.
 *
 * Classifications and the shipped library are read from query/std, so it is run in the project's folder. What it does
 * not know (charts, labels of codes, includes) it refuses with LOTS_QUERY and a text that begins with "naive:".
 * Callers: tests/oracle. */
#ifndef LOTS_TESTS_NAIVE_H
#define LOTS_TESTS_NAIVE_H

#include "core/store/schema.h"
#include "tests/oracle/naive_value.h"

/* A row as it was delivered: a cell for each column of the stream, in schema order. The `ghost` column is not believed. */
typedef struct naive_row {
    uint32_t patient;
    const naive_value *cells;
} naive_row;

struct naive_event;
enum { NAIVE_TABLES = 8 };

/* Rows of a registry. All but the last two are the caller's; streams[0] has one row a patient, in order. */
typedef struct naive_data {
    const lots_schema *schema;
    const char *const *ids;                     /* of the patients; may be NULL */
    uint32_t patients;
    const naive_row *rows[LOTS_STREAMS_MAX];
    uint32_t row_count[LOTS_STREAMS_MAX];
    lots_day covered_from[LOTS_STREAMS_MAX];    /* of each stream; LOTS_DAY_MAX: nothing */
    lots_day covered_until[LOTS_STREAMS_MAX];
    lots_day from, until;                       /* registry.from, registry.until */
    const naive_row *table_rows[NAIVE_TABLES];  /* of the registry's tables, in order; `patient` means nothing */
    uint32_t table_row_count[NAIVE_TABLES];
    struct naive_event *sorted[LOTS_STREAMS_MAX]; /* made by naive_prepare: events by patient, in the total order, */
    uint32_t *first[LOTS_STREAMS_MAX];            /* and where each patient's begin */
} naive_data;

/* A result as text. A missing cell is NULL. */
typedef struct naive_table {
    const char **names;
    uint32_t column_count;
    const char **cells;      /* row by row */
    uint32_t *patients;      /* distinct patients behind each row of an aggregated result; of a row otherwise its patient; 0 of a
                                table's row */
    uint32_t rows;
    bool aggregated;
    bool at_most;           /* groups of groups: an implementation may add up the persons of the inner ones */
} naive_table;

/* Put the rows into the total order and find spans and ghosts. Once, after the rows are there; memory is the arena's. */
void naive_prepare(naive_data *data, lots_arena *arena);

typedef struct naive_answers {
    naive_table *items; /* one of each question, in order */
    uint32_t count;
} naive_answers;

/* Evaluate the questions of the text. The tables live in the arena.
 * Errors: LOTS_QUERY for a mistake, for what is not known here, and for a value that could not be computed. */
LOTS_MUST lots_status naive_query(const naive_data *data, const char *text, lots_arena *arena, naive_answers *out,
                                  lots_error *err);

#endif
