/* each_within.h: what is known of an `each` over a constant interval before there is a row: its periods, and how the `where`
 * that follows bounds them by what is known of a row before it has one. Rows mostly have few such periods (the months a person
 * waits, the months of those of 65 and more, of all months there are), and the others need never be made. Callers: each.c,
 * panel.c, pass.c. */
#ifndef LOTS_QUERY_EACH_WITHIN_H
#define LOTS_QUERY_EACH_WITHIN_H

#include "query/exec/eval.h"

#define LOTS_EACH_BOUNDS_MAX 16u

/* One after another without a gap, from the first day of the interval to its last. */
typedef struct lots_periods {
    const int32_t *starts, *ends;
    const uint32_t *of_day; /* by day since the first one: its period; of the day before it -1, of the day after the last one
                               `count`. NULL when there are too many */
    uint32_t count;         /* 1 or more */
} lots_periods;

typedef struct lots_each_bound {
    const lots_expr *value;  /* a date, known before the periods are: */
    const lots_expr *unless; /* a truth: no bound where it holds; NULL: none */
    int32_t years;           /* the day compared is so many years after it (an age); 0: it itself */
    int32_t shift;           /* … and so many days */
    bool of_end;             /* compared with it is the period's end, or else its start */
    bool below;              /* that is at most the day, or else at least */
} lots_each_bound;

typedef struct lots_each_plan {
    bool known;              /* the interval is constant, finite and not empty: else nothing below is set */
    bool exact;              /* `where` is true of just the periods within the bounds (so it is when there is none) */
    lots_periods periods;
    lots_each_bound bounds[LOTS_EACH_BOUNDS_MAX];
    uint32_t bound_count;
} lots_each_plan;

/* `where`: what the rows are asked next, NULL for nothing. Bounds are taken only where nothing of `where` could tell that rows
 * were left out: no windows, which may be warned of. `frame`: of the rows. */
LOTS_MUST lots_status lots_each_plan_make(const lots_each *each, const lots_expr *where, uint32_t frame, lots_arena *arena,
                                          lots_each_plan *out, lots_error *err);
/* Rows of which no period passes, as their days tell by themselves, are left out of *out, bits; NULL: they are too few for that.
 * Errors: as lots_eval. */
LOTS_MUST lots_status lots_each_possible(lots_worker *worker, const lots_each_plan *plan, const lots_instance *rows,
                                         const uint64_t **out, lots_error *err);
/* For each row with a bit in `some` (NULL: each row), `count` of them, the periods first[i] .. end[i] - 1 that may pass; `where` is
 * not true of any other. Errors: as lots_eval. */
LOTS_MUST lots_status lots_each_within(lots_worker *worker, const lots_each_plan *plan, const lots_instance *rows,
                                       const uint64_t *some, uint32_t count, uint32_t *first, uint32_t *end, lots_error *err);

#endif
