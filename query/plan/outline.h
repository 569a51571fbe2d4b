/* outline.h: a plan, or a person's way through one, as lines that hang under one another, each with the numbers that belong to
 * it. For reading it is an indented text; as csv, json and the like a row for each line.
 *
 * Invariants: 1. depth rises by at most 1 from a line to the next. 2. a number is LOTS_NONE where there is none, and
 * LOTS_HIDDEN (`<k`) or LOTS_WITHHELD (`*`: it would give another away) where the disclosure rules hide it: what is hidden
 * has no value here that a format could print.
 * Callers: query/plan makes them, the commands write them. */
#ifndef LOTS_PLAN_OUTLINE_H
#define LOTS_PLAN_OUTLINE_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "query/exec/run.h"

#define LOTS_NONE INT64_MIN
#define LOTS_HIDDEN (INT64_MIN + 1)
#define LOTS_WITHHELD (INT64_MIN + 2)

typedef struct lots_line {
    uint32_t depth;
    int64_t stage;      /* 0 the source, 1.. as the stages follow; LOTS_NONE: of none */
    const char *kind;   /* what the line tells: "source", "where", "window", "codes", … */
    const char *text;
    const char *first, *last; /* window: its ends, as days or formulas; NULL: open */
    const char *value;  /* why: what it is for the row */
    int64_t days, most_days; /* window: its length, both ends counted; from..to when months make it vary */
    int64_t codes, events, persons;
    int64_t chunks, skipped; /* in all, and those that can't have a row */
    int64_t segments, segments_skipped;
    int64_t about;      /* rows expected; at_most: no more than so many */
    bool at_most;
    int64_t rows, rows_persons, ns; /* explain --analyze */
    int64_t row;        /* why: number of the row, from 1 */
} lots_line;

/* Is there a number to print? */
static inline bool lots_line_has(int64_t number) { return number > LOTS_WITHHELD; }
/* The mark (lots_mark) of a cell that holds it. */
uint8_t lots_line_mark(int64_t number);

typedef struct lots_outline {
    lots_arena arena; /* owns the texts */
    lots_vec lines;   /* lots_line */
    uint32_t min_cell;
} lots_outline;

void lots_outline_open(lots_outline *outline, uint32_t min_cell);
void lots_outline_free(lots_outline *outline);
/* A line with nothing but these; the returned line is lent until the next. `text` is copied. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_outline_put(lots_outline *outline, uint32_t depth, int64_t stage, const char *kind,
                                       const lots_bytes *text, lots_line **out, lots_error *err);
/* Copy a text into the outline. */
LOTS_MUST lots_status lots_outline_text(lots_outline *outline, const lots_bytes *text, const char **out, lots_error *err);
/* 1..min_cell-1 persons: LOTS_HIDDEN, else `number`. */
int64_t lots_outline_guard(const lots_outline *outline, uint64_t number, uint64_t persons);

typedef enum lots_outline_kind { LOTS_OUTLINE_PLAN, LOTS_OUTLINE_ANALYSED, LOTS_OUTLINE_WHY } lots_outline_kind;
/* A row for each line, with the columns of the kind, and the indented text as result->outline. Times are left out of the text
 * and the rows unless `times`. To be freed with lots_result_free; it owns what it holds. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_outline_result(const lots_outline *outline, lots_outline_kind kind, bool times, lots_result *out,
                                          lots_error *err);

#endif
