/* later.h: columns of a `derive` that the `where` behind it doesn't ask for: computed of the rows that are left.
 *
 * What a row can't give is an error of the question also where the `where` drops that row. So only columns wait that no row
 * can fail to give: the largest size that a number may have is followed up through the expression, and events asked for
 * relative to a row, which may lie beyond what is covered, are not waited for. Callers: pass.c. */
#ifndef LOTS_QUERY_LATER_H
#define LOTS_QUERY_LATER_H

#include "query/exec/worker.h"

/* Bits of the items of `derive` that can wait for `where`, the stage after it. */
uint64_t lots_later_items(const lots_query *query, const lots_bound_pipeline *pipeline, const lots_bound_stage *derive,
                          const lots_bound_stage *where);
/* Are the rows of the worker's chunk as few as was taken for granted? */
bool lots_later_holds(const lots_worker *worker);

#endif
