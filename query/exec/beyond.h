/* beyond.h: windows whose days only the rows know, held against the coverage of the streams they ask. What is known when the
 * query is bound is said there (bind_coverage.c).
 *
 * A warning tells where the data begin or end, not how far a window went or on how many rows: the extreme would be one
 * person's. It is given when the windows of at least `least` persons leave the data (one, when nothing is hidden). Values
 * are often computed for all patients of a chunk: those count who are among the rows that enter the stage. A worker
 * remembers so many persons of each side of a stream and then looks no further, so that the answer is that of the union
 * over all workers, whatever each of them saw. Callers: candidates.c, as_of.c, beside.c, resolve_repeat.c, pass.c,
 * run_result.c. */
#ifndef LOTS_QUERY_BEYOND_H
#define LOTS_QUERY_BEYOND_H

#include "query/exec/worker.h"

/* From now on. A worker watches nothing unless told to; again: nothing changes. */
LOTS_MUST lots_status lots_beyond_watch(lots_worker *worker, uint32_t least, lots_error *err);
/* The windows of a set, for rows of the frame in which it stands. */
LOTS_MUST lots_status lots_beyond_look(lots_worker *worker, const lots_set *set, const lots_instance *rows,
                                       lots_error *err);
/* Windows of a set that lie within these days are covered, or nobody asks any more whether they are. */
void lots_beyond_covered(const lots_worker *worker, const lots_set *set, int32_t *from, int32_t *until);
/* A stage was computed for these rows: of the windows looked at since the last stage, theirs count. */
LOTS_MUST lots_status lots_beyond_settle(lots_worker *worker, const lots_instance *rows, lots_error *err);
/* Do windows of enough persons, over all workers (entries may be NULL), leave this side of the stream's data? */
bool lots_beyond_found(lots_worker *const *workers, unsigned count, uint32_t stream, bool after);

#endif
