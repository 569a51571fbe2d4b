/* sort.h: the order of rows by keys. Stable; missing sorts lowest: first ascending, last descending. */
#ifndef LOTS_QUERY_SORT_H
#define LOTS_QUERY_SORT_H

#include "query/exec/vector.h"
#include "query/lang/bound.h"

/* order[0..rows): row numbers in order of keys[0..count), `descending` beside. `labels[k]` (may be NULL) is the order of
 * the texts of key k where it has one (BAND, CUT). Memory: the arena's. */
LOTS_MUST lots_status lots_sort_rows(const lots_vector *keys, const bool *descending, const lots_expr *const *labels,
                                     uint32_t count, uint32_t rows, lots_arena *arena, uint32_t **order,
                                     lots_error *err);

#endif
