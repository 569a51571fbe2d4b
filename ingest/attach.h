/* attach.h: children's rows (diagnoses, procedures, claims in files of their own) → columns of their parents' rows. A child
 * finds its parent by patient and record key. The idea: the parents' keys make a table; children that aren't in it are
 * told to the caller, the others are settled among themselves as a stream of their own (order, duplicates by their own
 * key), chained to their parent's entry, and gathered as the mapping says.
 * What is gathered takes the place of what the parent's own file gave; codes are appended to it.
 * Callers: load_settle.c. Threads: each table its own. */
#ifndef LOTS_ATTACH_H
#define LOTS_ATTACH_H

#include "core/store/batch.h"
#include "ingest/mapping.h"

typedef struct lots_attach lots_attach;

/* Enter the keys of the rows of `parents` for which `taken` (by row) is set. `key` is the text column of record keys.
 * `parents` is borrowed until lots_attach_close. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_attach_open(lots_attach **out, const lots_batch *parents, uint32_t key,
                                       const uint8_t *taken, lots_error *err);
void lots_attach_close(lots_attach *attach);
/* Whether the parent of a child's row is in the table. `parent_key` is the child's column LOTS_MAP_PARENT_KEY. */
bool lots_attach_has(const lots_attach *attach, const lots_batch *children, uint32_t parent_key, uint32_t row);
/* Gather settled children, all of which have a parent, into the parents' rows: *out (opened by the callee) is `parents`
 * with the columns that `source` fills replaced. Errors: LOTS_MEMORY; LOTS_USAGE when a sum overflows. */
LOTS_MUST lots_status lots_attach_gather(lots_attach *attach, const lots_map_source *source,
                                         const lots_batch *children, lots_batch *out, lots_error *err);

#endif
