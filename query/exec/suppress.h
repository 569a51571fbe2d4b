/* suppress.h: hiding the marked cells of a table of groups, and those from which a marked one could be reckoned.
 *
 * Reckoned are: a part of a row whose conditions share out all its rows or persons (the parts add up to the row's count),
 * and a part of a column of shares (which add up to 1). There the next smallest part is hidden too, until two are hidden
 * that rest on k or more together (CLINICAL.md section 9: of 3, 8 and 16 with their total, 3 and 8).
 * Not reckoned are: conditions inside one another, sums of several columns, and what two results tell together. */
#ifndef LOTS_QUERY_SUPPRESS_H
#define LOTS_QUERY_SUPPRESS_H

#include "query/exec/evidence.h"

/* `slots` and `marks` as lots_group_table gives them: keys, aggregates, patients behind; `rows` rows. Adds marks, then makes
 * what is marked missing. A key that may be one person's own (a decimal, float, date or free text) is hidden with a group
 * of fewer than k. The patients behind keep their values. Errors: LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status lots_suppress(const lots_bound_stage *stage, uint32_t min_cell, uint32_t rows, lots_arena *arena,
                                    lots_vector *slots, lots_vector *marks, lots_error *err);

#endif
