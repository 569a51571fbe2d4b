/* pool.h: a fixed set of worker threads that run numbered tasks. Results never depend on the number of threads as long
 * as a task writes only to what belongs to its number. pthreads. */
#ifndef LOTS_POOL_H
#define LOTS_POOL_H

#include "core/base/status.h"

typedef struct lots_pool lots_pool;

/* `worker` is 0..threads-1: the index of per-worker scratch. Returns the task's outcome. */
typedef lots_status (*lots_task)(void *context, size_t task, unsigned worker, lots_error *err);

/* `threads` 0: as many as processors, at most 64. The calling thread works too, so 1 starts no thread.
 * Errors: LOTS_MEMORY, LOTS_IO when threads can't be started. */
LOTS_MUST lots_status lots_pool_open(lots_pool **out, unsigned threads, lots_error *err);
void lots_pool_close(lots_pool *pool);
unsigned lots_pool_threads(const lots_pool *pool);
/* Run tasks 0..count-1, each once, handed out in rising order; return when all have ended. After a failure no new
 * task starts; the failure with the lowest task number is returned in `err`. `*stop` (an atomic bool, may be NULL) is looked at before
 * each task: when it turns true the run ends with LOTS_INTERRUPTED. Not re-entrant: one run at a time per pool. */
LOTS_MUST lots_status lots_pool_run(lots_pool *pool, size_t count, lots_task task, void *context,
                                    const _Atomic bool *stop, lots_error *err);

#endif
