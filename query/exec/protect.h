/* protect.h: the persons who are left out of lists: protected identities, and those who want no contact; and how few make a
 * number one that is hidden. */
#ifndef LOTS_QUERY_PROTECT_H
#define LOTS_QUERY_PROTECT_H

#include "query/exec/pass.h"

#define LOTS_MIN_CELL 5u /* unless the registry says otherwise */

/* The registry's own rule: the smallest number of persons that a shown number may rest on. Errors: LOTS_CORRUPT for a
 * setting `min_cell` that is no number. */
LOTS_MUST lots_status lots_protect_least(const lots_registry *registry, uint32_t *out, lots_error *err);

/* Bit i of *keep is set when the person of row i may be listed; *left_out counts the distinct persons who may not. `keep`
 * is NULL when nobody is marked. Rows in any order. Memory: the arena's. Errors: LOTS_CORRUPT, LOTS_IO, LOTS_MEMORY.
 * Cost: decodes two columns of each chunk that has rows. */
LOTS_MUST lots_status lots_protect_rows(lots_registry *registry, const lots_chunk_place *chunks, uint32_t chunk_count,
                                        const lots_rowset *rows, lots_arena *arena, uint64_t **keep, uint32_t *left_out,
                                        lots_error *err);

#endif
