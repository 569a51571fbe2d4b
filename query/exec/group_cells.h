/* group_cells.h: a chunk of a stream fed to its groups by cell (cells.h): rows are added up by cell, one by one or as they lie in the order
 * of days (cells_by_day.h), cells then to their groups, of which only few rows are looked at one by one. Callers: pass.c. */
#ifndef LOTS_QUERY_GROUP_CELLS_H
#define LOTS_QUERY_GROUP_CELLS_H

#include "query/exec/group.h"

/* The rows of the worker's chunk, instead of lots_group_feed: *done. Else nothing was fed: they can't be told so, or too little is
 * known of the groups yet. `present`: as there. Errors: as there. */
LOTS_MUST lots_status lots_group_feed_cells(lots_group *group, lots_worker *worker, const lots_instance *rows, const uint64_t *present,
                                            bool *done, lots_error *err);

#endif
