/* loop.c: see loop.h. */
#include "bench/by_hand/loop.h"

#include <string.h>

#include "core/base/memory.h"

enum { PART_PATIENTS = 4096 };

const char *const sex_names[2] = {"female", "male"};
const char *const level_names[LEVELS] = {"", "emergency", "inpatient", "municipal", "primary", "specialist"};

extern const hand_loop loop_month_level, loop_common_code, loop_top_cost, loop_disease_groups, loop_three_levels, loop_readmission, loop_burst,
    loop_sequence, loop_transitions, loop_continuity, loop_months, loop_occupied;
const hand_loop *const loops[] = {&loop_month_level, &loop_common_code, &loop_top_cost, &loop_disease_groups, &loop_three_levels, &loop_readmission,
                             &loop_burst, &loop_sequence, &loop_transitions, &loop_continuity, &loop_months, &loop_occupied, NULL};

const hand_loop *loop_find(const char *name)
{
    for (size_t i = 0; loops[i] != NULL; i++)
        if (strcmp(loops[i]->name, name) == 0)
            return loops[i];
    return NULL;
}

typedef struct loop_run_state {
    const hand_loop *loop;
    const population *p;
    loop_work *works; /* a thread each */
} loop_run_state;

static lots_status run_part(void *context, size_t task, unsigned worker, lots_error *err)
{
    const loop_run_state *run = context;
    uint32_t first = (uint32_t)task * PART_PATIENTS, end = run->p->patients;
    (void)err;
    end = end - first > PART_PATIENTS ? first + PART_PATIENTS : end;
    run->loop->part(run->p, first, end, &run->works[worker]);
    return LOTS_OK;
}

static lots_status make_work(const hand_loop *loop, const population *p, loop_work *work, lots_error *err)
{
    LOTS_TRY(lots_alloc((void **)&work->counts, (size_t)loop->counts + 1, sizeof(uint64_t), err));
    LOTS_TRY(lots_alloc((void **)&work->sums, (size_t)loop->sums + 1, sizeof(double), err));
    return lots_alloc((void **)&work->events, (size_t)p->contacts_max + 1, sizeof(uint32_t), err);
}

static lots_status run_and_tell(loop_run_state *run, lots_pool *pool, lots_bytes *out, lots_error *err)
{
    unsigned threads = lots_pool_threads(pool);
    for (unsigned i = 0; i < threads; i++) {
        run->works[i].patients = run->works[0].patients;
        LOTS_TRY(make_work(run->loop, run->p, &run->works[i], err));
    }
    LOTS_TRY(lots_pool_run(pool, ((size_t)run->p->patients + PART_PATIENTS - 1) / PART_PATIENTS, run_part, run, NULL, err));
    for (unsigned i = 1; i < threads; i++) {
        for (uint32_t k = 0; k < run->loop->counts; k++)
            run->works[0].counts[k] += run->works[i].counts[k];
        for (uint32_t k = 0; k < run->loop->sums; k++)
            run->works[0].sums[k] += run->works[i].sums[k];
    }
    return run->loop->tell(run->p, &run->works[0], out, err);
}

lots_status loop_run(const hand_loop *loop, const population *p, lots_pool *pool, lots_bytes *out, lots_error *err)
{
    unsigned threads = lots_pool_threads(pool);
    loop_run_state run = {.loop = loop, .p = p};
    LOTS_TRY(lots_alloc((void **)&run.works, threads, sizeof *run.works, err));
    lots_status status = lots_alloc((void **)&run.works[0].patients, p->patients, sizeof(uint64_t), err);
    if (status == LOTS_OK)
        status = run_and_tell(&run, pool, out, err);
    lots_free(run.works[0].patients);
    for (unsigned i = 0; i < threads; i++) {
        lots_free(run.works[i].counts);
        lots_free(run.works[i].sums);
        lots_free(run.works[i].events);
    }
    lots_free(run.works);
    return status;
}
