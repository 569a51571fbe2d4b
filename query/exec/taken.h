/* taken.h: the few rows of a column that were decoded for themselves, kept for the next list of rows that are all among them. Of
 * lists with other rows the latest is kept, for the next that is the same. Callers: column.c. Memory: the chunk's. */
#ifndef LOTS_QUERY_TAKEN_H
#define LOTS_QUERY_TAKEN_H

#include "query/exec/worker.h"

/* Keep the values of the rows, which rise: the first that were taken of a column, or those after. `arena` is theirs: both are lent where
 * that is the chunk's, else copied. */
LOTS_MUST lots_status lots_taken_keep(lots_worker *worker, const lots_vector *values, const uint32_t *rows, const lots_arena *arena,
                                      lots_taken *out, lots_error *err);
/* Values of rows (LOTS_NO_ID: none, its value is missing) that are all among the first, or are the latest, in `arena`, or lent as long
 * as the chunk: *done, else nothing is made. `all`: the chunk's rows. */
LOTS_MUST lots_status lots_taken_again(lots_worker *worker, lots_taken *taken, uint32_t all, const uint32_t *rows, uint32_t count,
                                       lots_arena *arena, lots_vector *out, bool *done, lots_error *err);

#endif
