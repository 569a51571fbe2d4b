/* bounds.h: the days of a window that depends on the row. Callers: candidates.c. */
#ifndef LOTS_QUERY_BOUNDS_H
#define LOTS_QUERY_BOUNDS_H

#include "query/exec/worker.h"

typedef struct lots_bounds { /* by row */
    const int32_t *low, *high; /* NULL: open */
    uint64_t *missing;         /* either day is; NULL: none */
    uint64_t *failed;          /* either day can't be told; NULL: none */
    const lots_expr *culprit;
} lots_bounds;

/* For rows to which so far the places first[i] .. end[i] - 1 are left: the days of those with none may have no meaning. */
LOTS_MUST lots_status lots_bounds_find(lots_worker *worker, const lots_window *window, const lots_instance *rows,
                                       const uint32_t *first, const uint32_t *end, lots_bounds *out, lots_error *err);

#endif
