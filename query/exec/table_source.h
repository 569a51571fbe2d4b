/* table_source.h: the columns of a registry's table (tables are not about patients) as vectors: what look-ups and the rows of
 * `from table` are made of. Callers: lookup.c, run_join.c. Threads: any number, each with an arena of its own. */
#ifndef LOTS_QUERY_TABLE_SOURCE_H
#define LOTS_QUERY_TABLE_SOURCE_H

#include "core/store/registry.h"
#include "query/exec/vector.h"

/* Column `column` of a table as lots_registry_table lent it: a vector of all its rows in the type the binder gives it. Its
 * memory is the arena's, but texts point into the batch, which lives as long as the registry.
 * Errors: LOTS_MEMORY, LOTS_LIMIT.   Cost: O(rows). */
LOTS_MUST lots_status lots_table_column(const lots_registry *registry, const lots_batch *batch, uint32_t column,
                                        lots_arena *arena, lots_vector *out, lots_error *err);

#endif
