/* alike.h: which parts of a query mean the same. A `let` is written out wherever it is used, each time with nodes and
 * element frames of its own; what is asked twice of the same events need be computed once.
 *
 * Two values are alike when they have the same structure, frame for frame, down to the frames both see from outside.
 * Relations count as alike only when they are one: the same episodes made twice are two relations. */
#ifndef LOTS_QUERY_ALIKE_H
#define LOTS_QUERY_ALIKE_H

#include "query/exec/worker.h"

/* The id of the first expression the worker met that is like this one; its own when it asks no set. */
uint32_t lots_alike_id(lots_worker *worker, const lots_expr *expr);
/* The first set the worker met that holds the same rows. */
const lots_set *lots_alike_set(lots_worker *worker, const lots_set *set);

#endif
