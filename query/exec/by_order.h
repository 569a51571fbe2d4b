/* by_order.h: counting the elements of a set by the order of a value between the element and the frame's row (`x.cost > r.cost`,
 * `x.size in r.size - 1 .. r.size + 1`, `x.unit != r.unit`) without making pairs of them: the elements' values are put in order
 * once (reduce_ranks.c), and each row asks how many of its range lie between two. What has conditions on several values of the
 * element and the row costs pairs. Callers: aggregate.c. */
#ifndef LOTS_QUERY_BY_ORDER_H
#define LOTS_QUERY_BY_ORDER_H

#include "query/exec/aggregate.h"
#include "query/exec/candidates.h"

/* COUNT or EXISTS when all pair filters of the candidates compare one value of the element, and so many pairs would be made that
 * it pays. *done false: nothing was done. Cost: O((elements + rows) log elements). */
LOTS_MUST lots_status lots_count_by_order(const lots_step *step, const lots_candidates *candidates, bool *done,
                                          lots_vector *out, lots_error *err);

#endif
