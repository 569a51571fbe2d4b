/* order_sort.h: the rows of a batch in patient and total order, as indexes. The idea: patient, start, minute, level and
 * end packed into one 64-bit key, as many as fit; a radix sort of the keys by patient and start; then a comparison sort
 * inside the short runs that share these. Rows that come by patient and day already, as most registers deliver, need only the
 * last. Callers: order.c. */
#ifndef LOTS_ORDER_SORT_H
#define LOTS_ORDER_SORT_H

#include "core/store/order_compare.h"

/* *out (lots_free it; NULL for no rows) is rows 0..rows-1 in order. Errors: LOTS_MEMORY.
 * Cost: O(rows) where runs of one patient and day are short. */
LOTS_MUST lots_status lots_order_sort(const lots_comparer *comparer, const lots_batch *batch, uint32_t **out,
                                      lots_error *err);

#endif
