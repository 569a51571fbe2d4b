/* loop.h: a question answered by a loop written for it by hand over plain arrays: what an engine is measured against. The loop goes
 * over a range of patients and adds to counts and sums of its thread, which are added up in the end; so it uses both processors
 * as the engines do. Nothing is prepared before the clock starts but the arrays themselves.
 * Callers: by_hand.c, tests/bench. */
#ifndef LOTS_BENCH_LOOP_H
#define LOTS_BENCH_LOOP_H

#include "bench/by_hand/population.h"
#include "core/base/pool.h"

typedef struct loop_work {
    uint64_t *counts;   /* of the thread, 0 at first; negative sums wrap and come right in the end */
    double *sums;       /* likewise */
    uint64_t *patients; /* shared: a slot a patient */
    uint32_t *events;   /* of the thread: population.contacts_max slots, anything in them */
} loop_work;

typedef struct hand_loop {
    const char *name; /* of the question: questions/NAME.lq */
    uint32_t counts, sums;
    void (*part)(const population *p, uint32_t first, uint32_t end, const loop_work *work);
    lots_status (*tell)(const population *p, const loop_work *all, lots_bytes *out, lots_error *err); /* as CSV */
} hand_loop;

extern const hand_loop *const loops[]; /* NULL at the end */
/* NULL when no loop was written for the question. */
const hand_loop *loop_find(const char *name);
LOTS_MUST lots_status loop_run(const hand_loop *loop, const population *p, lots_pool *pool, lots_bytes *out, lots_error *err);

/* Patients' facts in common. */
static inline bool alive_at(const population *p, uint32_t patient, int32_t day)
{
    return p->birth[patient] <= day && p->death[patient] >= day;
}
extern const char *const sex_names[2], *const level_names[LEVELS];

#endif
