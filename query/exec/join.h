/* join.h: the right side of a join as a table in memory, found by its keys: made once in a run, then asked by any number of
 * threads. A row whose key is missing is found by a missing key, as it is a group of its own; a total is found by a total of
 * the same keys alone; one whose key is hidden (evidence.h) is never found. Callers: run_join.c, pass.c. */
#ifndef LOTS_QUERY_JOIN_H
#define LOTS_QUERY_JOIN_H

#include "query/exec/keyer.h"
#include "query/exec/run.h"

typedef struct lots_join {
    const lots_bound_join *bound;
    lots_result right;   /* texts of joined columns point into it */
    lots_keyer keyer;
    uint32_t *row;       /* by number of the keyer: row of the right */
    bool totals;         /* the right has rows that are totals of keys: the keyer has one more key, which of them are */
} lots_join;

/* Run the right side and index it by its keys, with a worker that is on no chunk.
 *   options   those of the whole run; memory_bytes: what the right side and its result may take in all
 * Errors: those of the run; LOTS_QUERY when several rows have one key; LOTS_LIMIT. `out` is to be closed in any case. */
LOTS_MUST lots_status lots_join_open(lots_join *out, const lots_query *query, const lots_bound_join *bound,
                                     const lots_run_options *options, lots_worker *worker, lots_error *err);
/* The same of a right side that is alike that of another join (lots_alike_pipelines), which lives as long: its rows are taken. */
LOTS_MUST lots_status lots_join_again(lots_join *out, const lots_query *query, const lots_bound_join *bound,
                                      const lots_join *from, lots_worker *worker, lots_error *err);
void lots_join_close(lots_join *join);

/* For each row of an instance of the left its row of the right, LOTS_NO_ID for none; the worker's memory.
 *   totals   for each row a bit for each key of which it is a total; NULL: no row is a total */
LOTS_MUST lots_status lots_join_find(const lots_join *join, lots_worker *worker, const lots_instance *rows,
                                     const int64_t *totals, uint32_t **out, lots_error *err);
/* The same without totals, and the joined columns put into the slots of the rows. Errors: as lots_eval. */
LOTS_MUST lots_status lots_join_rows(const lots_join *join, lots_worker *worker, lots_instance *rows, lots_error *err);

#endif
