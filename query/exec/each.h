/* each.h: the stage that makes several rows of one: a row for each period of an interval, each element of a set, each pair
 * of its elements, each number of a range. Rows keep their order; those made of one row stand in the order of what they
 * are made for. A row whose interval, set or range is missing or empty makes none. Callers: pass.c, panel.c,
 * run_table.c. */
#ifndef LOTS_QUERY_EACH_H
#define LOTS_QUERY_EACH_H

#include "query/exec/each_within.h"

/* Row i of the new rows was row (*index)[i]; out[0 .. each->slot_count) are their new values. Memory: the worker's.
 * Errors: LOTS_QUERY at the value for an interval without an end, LOTS_LIMIT for more than 2^31 rows, and as lots_eval. */
LOTS_MUST lots_status lots_each_make(lots_worker *worker, const lots_each *each, const lots_instance *rows,
                                     uint32_t **index, uint32_t *count, lots_vector *out, lots_error *err);
/* The same as rows of the pipeline, slots filled in; periods that the plan says can't pass are left out. *settled: what the
 * plan knows of `where` is exact, and it needn't be asked. */
LOTS_MUST lots_status lots_each_rows(lots_worker *worker, const lots_each *each, const lots_each_plan *plan,
                                     const lots_instance *rows, lots_instance **out, bool *settled, lots_error *err);
/* The periods of a constant interval; count 0 when it is none, has an open end, or far too many. */
LOTS_MUST lots_status lots_each_periods(const lots_each *each, lots_arena *arena, lots_periods *out, lots_error *err);
/* The slots of rows that were made for these periods; `period` NULL: for all of them, over and over. */
LOTS_MUST lots_status lots_each_fill(lots_worker *worker, const lots_each *each, const lots_periods *periods,
                                     const uint32_t *period, uint32_t count, lots_instance *rows, lots_error *err);

#endif
