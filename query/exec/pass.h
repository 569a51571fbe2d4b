/* pass.h: one pass over the chunks: run consecutive where and derive stages on every chunk's rows, then keep the rows
 * or feed them to group by. A task is a chunk. Kept rows come in the order of the chunks; each worker has groups
 * of its own, whose values don't depend on the order of feeding: so the outcome never depends on the number of threads.
 * Rows of a former pass that need nothing of the chunks any more go to a group without them, a stretch a task. */
#ifndef LOTS_QUERY_PASS_H
#define LOTS_QUERY_PASS_H

#include "query/exec/gathered.h"
#include "query/exec/group.h"
#include "query/exec/join.h"
#include "query/exec/rowset.h"
#include "query/exec/run.h"

typedef struct lots_chunk_place {
    uint32_t segment;
    uint32_t chunk;
    lots_patient first; /* registry-wide */
} lots_chunk_place;

/* Which chunk has the patient, of all chunks in order. */
uint32_t lots_chunk_of(const lots_chunk_place *chunks, uint32_t chunk_count, lots_patient patient);

typedef struct lots_pass {
    const lots_query *query;
    const lots_bound_pipeline *pipeline;
    const lots_run_options *options;
    lots_worker **workers;      /* by worker of the pool; opened when first needed */
    unsigned worker_count;
    const lots_chunk_place *chunks;
    uint32_t chunk_count;
    lots_budget *budget;            /* of the run */
    const lots_bound_stage *stages; /* WHERE, DERIVE, EACH and JOIN only */
    uint32_t stage_count;
    const lots_join *joins;         /* by stage */
    const lots_rowset *input;       /* rows of a former pass; NULL: the pipeline's source */
    const uint32_t *carried;        /* not NULL: no chunk is needed of the input's rows, which are in order, on their way to
                                       `group`: as lots_worker_begin_carried has it */
    const lots_bound_stage *group;  /* NULL: keep the rows */
    const lots_kept *kept;          /* what of them */
    uint32_t kept_count;
    /* Passes of other pipelines whose first `shared` stages are alike those of this one (lots_alike_stages): they are done once,
     * for all. These have their stages after that, and groups, and nothing of the run of their own. Then there is nobody who
     * looks on, and windows that leave what is covered, of which each pipeline is to tell, fail it. */
    struct lots_pass *others;
    uint32_t other_count, shared;
    lots_gathered rows;             /* out: when keeping, the caller's to close */
    lots_group groups;              /* out: when grouping, the caller's to close */
} lots_pass;

/* Errors: as lots_eval; LOTS_INTERRUPTED; LOTS_LIMIT with the place of the stage that needs too much. On failure both outputs may still need closing. */
LOTS_MUST lots_status lots_pass_run(lots_pass *pass, lots_error *err);

#endif
