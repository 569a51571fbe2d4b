/* alike.h: which parts of a query mean the same. A `let` is written out wherever it is used, each time with nodes and
 * element frames of its own; what is asked twice of the same events need be computed once.
 *
 * Two values are alike when they have the same structure, frame for frame, down to the frames both see from outside.
 * Relations are alike when they are one, or episodes without aggregates of alike events by alike keys. */
#ifndef LOTS_QUERY_ALIKE_H
#define LOTS_QUERY_ALIKE_H

#include "query/exec/worker.h"

/* The id of the first expression the worker met that is like this one; its own when it asks no set and is
 * no column or day of an event. */
uint32_t lots_alike_id(lots_worker *worker, const lots_expr *expr);
/* The first set the worker met that holds the same rows. */
const lots_set *lots_alike_set(lots_worker *worker, const lots_set *set);
/* Of the sets met first, the one of which this asks the same and more: further windows, further filters, no ghosts; that which asks
 * most. NULL: there is none. */
const lots_set *lots_alike_wider(lots_worker *worker, const lots_set *set);

/* The first relation of the query that is like this one, itself when there is none before it. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_alike_relation(lots_worker *worker, uint32_t relation, uint32_t *out, lots_error *err);

/* Do two pipelines of the query give the same rows, whatever they call the columns? False of any that are not of patients, or
 * have other stages than conditions, columns, elements and groups. */
bool lots_alike_pipelines(const lots_query *query, const lots_bound_pipeline *a, const lots_bound_pipeline *b);
/* How many stages the two have alike from the first on: conditions and columns alone. 0 of any that are not of patients. */
uint32_t lots_alike_stages(const lots_query *query, const lots_bound_pipeline *a, const lots_bound_pipeline *b);

#endif
