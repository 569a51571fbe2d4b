/* pairing.h: does a set cost pairs of its events and the rows it is asked for? Where a condition looks at both and neither a
 * window, an equality nor the order of one value decides it, each event of the windows is held against each row. That follows
 * exec/by_key.c and exec/by_order.h. Callers: plan_set.c. */
#ifndef LOTS_PLAN_PAIRING_H
#define LOTS_PLAN_PAIRING_H

#include "query/lang/bound.h"

/* `use`: what is made of the set; NULL: rows, a part of another relation. */
bool lots_makes_pairs(const lots_query *query, const lots_expr *use, const lots_set *set);

#endif
