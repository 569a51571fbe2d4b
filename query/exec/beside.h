/* beside.h: the event next to a row's own among the rows that are there: `prev(visits, e)` of a visit e. Callers: event.c. */
#ifndef LOTS_QUERY_BESIDE_H
#define LOTS_QUERY_BESIDE_H

#include "query/exec/step.h"

/* EVENT, the next or the previous one of a set, to the row itself. *done false: the rows are not known to be all that their owners
 * have in the set, and nothing is said in `out`. */
LOTS_MUST lots_status lots_eval_beside(const lots_step *step, bool *done, lots_vector *out, lots_error *err);

#endif
