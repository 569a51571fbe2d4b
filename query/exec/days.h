/* days.h: days that events last. Callers: aggregate.c, operand.c, candidates.c. */
#ifndef LOTS_QUERY_DAYS_H
#define LOTS_QUERY_DAYS_H

#include "query/exec/candidates.h"
#include "query/exec/step.h"

/* For each row of the relation end - start, at least 1; missing where the end is. */
LOTS_MUST lots_status lots_nights(lots_worker *worker, lots_relation_rows *relation, lots_arena *arena, lots_vector *out,
                                  lots_error *err);
/* COVERED_DAYS: distinct days of the elements' spans inside the interval, operand 0 in the frame of the step's rows. */
LOTS_MUST lots_status lots_covered_days(const lots_step *step, const lots_candidates *candidates, lots_vector *out,
                                        lots_error *err);
/* The day after each; both arrays have a vector's slack. */
void lots_days_after(const int32_t *days, uint32_t count, int32_t *out);

#endif
