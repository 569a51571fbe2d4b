/* cells_by_day.h: what a chunk's rows add up to by cell (cells.h), from its rows in the order of their days, where the segment keeps them
 * so: no row is made a cell of, nor touches a cell's word. Callers: group_cells.c. */
#ifndef LOTS_QUERY_CELLS_BY_DAY_H
#define LOTS_QUERY_CELLS_BY_DAY_H

#include "query/exec/cells.h"

#define LOTS_NO_VALUES UINT32_MAX

/* Does the worker's chunk keep its rows so, with the values of `column` (LOTS_NO_VALUES: with none)? Asked for often it does. *count: of
 * cells. */
bool lots_cells_has_by_day(lots_worker *worker, lots_cells_plan *plan, uint32_t column, uint32_t *count);
/* All rows of a chunk that does: of each cell two words as lots_group_words has them, of the values of `column`, none of which is missing,
 * below 0 or greater than 31 bits. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_cells_by_day(lots_worker *worker, const lots_cells_plan *plan, uint32_t column, uint64_t **words,
                                        lots_error *err);

#endif
