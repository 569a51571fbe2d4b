/* each_within.h: which of the periods that `each` makes can pass the `where` that follows it. Rows mostly have few such
 * periods (the months a person waits, of all months there are), and the others need never be made. Callers: each.c. */
#ifndef LOTS_QUERY_EACH_WITHIN_H
#define LOTS_QUERY_EACH_WITHIN_H

#include "query/exec/eval.h"

/* Periods in order of days, none overlapping another. */
typedef struct lots_periods {
    const int32_t *starts, *ends;
    uint32_t count;
} lots_periods;

/* Does a condition that all rows must meet bound the periods by what is known of a row before it has one? Only where
 * nothing else of `where` could tell that rows were left out: no windows, which may be warned of. `where` NULL: no. */
bool lots_each_is_bounded(const lots_each *each, const lots_expr *where, uint32_t frame);
/* For each row the periods first[i] .. end[i] - 1 that may pass; `where` is false for all others.
 * Errors: as lots_eval. */
LOTS_MUST lots_status lots_each_within(lots_worker *worker, const lots_each *each, const lots_expr *where,
                                       const lots_instance *rows, const lots_periods *periods, uint32_t *first,
                                       uint32_t *end, lots_error *err);

#endif
