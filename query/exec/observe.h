/* observe.h: looking on while a pipeline runs: what rows enter each stage, and how long each takes. Explain counts with it, why
 * follows one person with it. A run that nobody observes pays nothing for it.
 *
 * Rows are seen where they are: in a chunk, as an instance of the chunk's worker, once for every chunk that has rows; or in
 * memory, all at once, between passes and after group by. The rows that enter stage s + 1 are those that stage s left. */
#ifndef LOTS_QUERY_OBSERVE_H
#define LOTS_QUERY_OBSERVE_H

#include "query/exec/eval.h"

struct lots_rowset;
struct lots_chunk_place;

typedef struct lots_sight {
    uint32_t stage;                        /* the rows are about to enter; stage_count: they are the answer's */
    lots_worker *worker;                   /* on the chunk; in memory the run's first: its values may be asked of `rows` */
    const lots_instance *rows;             /* NULL in memory: see memory */
    uint32_t chunk;                        /* number of it, when rows */
    const struct lots_chunk_place *chunks; /* all of them */
    const struct lots_rowset *memory;      /* NULL in a chunk */
    bool again;                            /* in memory: each chunk's rows will be seen in the chunk too, next */
    const lots_vector *ranked;             /* in memory, before top, sort and the functions of rows: the values they rank by */
} lots_sight;

typedef struct lots_observer {
    void *context;
    bool whole;    /* rows of chunks that can't have a row of the answer are seen too: those lost on the way count */
    uint32_t only; /* a single chunk is run; UINT32_MAX: all */
    /* Several threads at a time, a chunk each. The stage that ranks is seen twice, the second time with `ranked`. */
    lots_status (*seen)(void *context, const lots_sight *sight, lots_error *err);
    /* Time that a thread spent in a stage; UINT32_MAX: on the source's rows. May be NULL. */
    void (*spent)(void *context, uint32_t stage, uint64_t ns);
} lots_observer;

#endif
