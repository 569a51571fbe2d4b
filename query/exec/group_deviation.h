/* group_deviation.h: standard deviations of groups from the exact sum and the exact sum of squares of their values: the same bits
 * whatever the order of the rows, and no cancellation, since nothing is rounded before the difference of the two is taken.
 * Whole numbers (decimals by their mantissa) have both sums in their cell, floats have limbs beside it. Callers: group_state.c,
 * group_result.c. */
#ifndef LOTS_QUERY_GROUP_DEVIATION_H
#define LOTS_QUERY_GROUP_DEVIATION_H

#include "core/base/exact.h"
#include "query/exec/group_state.h"

typedef struct lots_moments { /* of a group of floats */
    uint64_t sum[LOTS_EXACT_LIMBS], squares[2 * LOTS_EXACT_LIMBS];
} lots_moments;

LOTS_MUST lots_status lots_deviation_feed(lots_group_state *state, const lots_group_batch *batch, lots_error *err);
/* Add `more`, a cell of `from`. */
LOTS_MUST lots_status lots_deviation_join(lots_group_state *state, lots_group_cell *cell, const lots_group_state *from,
                                          const lots_group_cell *more, lots_error *err);
/* Of the values as they are fed: that of decimals is still to be scaled. count: at least 2. */
double lots_deviation_of(const lots_group_state *state, const lots_group_cell *cell);

#endif
