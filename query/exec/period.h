/* period.h: sums over all of a stream's rows in a calendar year, from numbers that the segment keeps together by year: neither rows nor
 * places of them are looked at. Callers: aggregate.c. */
#ifndef LOTS_QUERY_PERIOD_H
#define LOTS_QUERY_PERIOD_H

#include "query/exec/candidates.h"
#include "query/exec/step.h"

/* Is it SUM of a stored column in such a window, and are the numbers kept? *done, with `out` as the reducers make it. */
LOTS_MUST lots_status lots_reduce_period(const lots_step *step, const lots_candidates *candidates, bool *done, lots_vector *out,
                                         lots_error *err);

#endif
