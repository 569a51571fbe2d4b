/* wanted.h: the patients of a chunk of whom rows are left: what is made of every patient's events (episodes, active periods,
 * steps, matches) need not be made of the others'. Rows only get fewer within a chunk, so what was made while more were wanted
 * stays right. Callers: pass.c, pairs.c, passed.c, resolve.c, candidates.c. */
#ifndef LOTS_QUERY_WANTED_H
#define LOTS_QUERY_WANTED_H

#include "query/exec/worker.h"

/* These rows are what is left. */
LOTS_MUST lots_status lots_wanted_note(lots_worker *worker, const lots_instance *rows, lots_error *err);
/* Rows of a relation of the chunk's patients: those of wanted patients, out of `mask` (NULL: all). *out is `mask` itself when
 * leaving out the others isn't worth it. */
LOTS_MUST lots_status lots_wanted_rows(lots_worker *worker, lots_relation_rows *relation, const uint64_t *mask,
                                       const uint64_t **out, lots_error *err);
/* The wanted patients, where it is quicker to go from one to the next than through all of the relation's owners; else NULL. */
const uint64_t *lots_wanted_few(const lots_worker *worker, const lots_relation_rows *relation);

#endif
