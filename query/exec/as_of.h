/* as_of.h: the last of an owner's spans that holds on a day of the row: `residence.municipality at c.start`. Callers: event.c. */
#ifndef LOTS_QUERY_AS_OF_H
#define LOTS_QUERY_AS_OF_H

#include "query/exec/step.h"

/* EVENT, the last of a set whose spans start by one day and end no earlier than another. *done false: it is none, or its owners
 * have too many spans each to look through, or a condition fails: then nothing is said in `out`. */
LOTS_MUST lots_status lots_eval_as_of(const lots_step *step, bool *done, lots_vector *out, lots_error *err);

#endif
