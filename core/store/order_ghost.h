/* order_ghost.h: which open events can't be what they say. A ghost is an event without an end, of an open span, that is
 * followed by a later event of the same level of that patient, or that has been open for longer than the stream's bound
 * when the patient died or coverage ended. Callers: order.c. */
#ifndef LOTS_ORDER_GHOST_H
#define LOTS_ORDER_GHOST_H

#include "core/store/order_compare.h"

/* `batch` is in order, and what the comparer looks at. ghosts[row], the caller's, becomes 1 where the row is one, else 0;
 * *found how many. Errors: LOTS_MEMORY. Cost: O(rows + levels). */
LOTS_MUST lots_status lots_order_find_ghosts(const lots_order_context *context, const lots_comparer *comparer,
                                             const lots_batch *batch, uint8_t *ghosts, uint64_t *found, lots_error *err);

#endif
