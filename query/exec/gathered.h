/* gathered.h: the rows that a pass keeps for later stages, whole columns in the order of the chunks: so nothing depends on
 * threads. A chunk's rows are laid behind those of the chunks before it, straight from the chunk's memory, when these are
 * laid and no other thread is at it; else they stay a piece in memory of their worker, until whoever lays those before gets to
 * it: no task waits for another. Columns of texts and lists, whose length is not known before, are laid out at the end, a column
 * a task. Callers: pass.c, run_chunks.c. */
#ifndef LOTS_QUERY_GATHERED_H
#define LOTS_QUERY_GATHERED_H

#include <pthread.h>

#include "core/base/pool.h"
#include "query/exec/eval.h"
#include "query/exec/keyer.h"

/* What is kept of a row beside where it came from. */
typedef struct lots_kept {
    uint32_t slot;         /* a slot, or: */
    lots_expr *value;      /* not NULL: its value, or: */
    const lots_top *strata;/* not NULL: the number of its stratum by the `per` of a top, EVENTS */
    lots_type_kind kind;   /* of the slot or value */
} lots_kept;

typedef struct lots_gathered {
    uint32_t count;
    lots_patient *patient;  /* registry-wide; not NULL */
    uint32_t *relation_row; /* NULL when rows are patients, or there are none */
    uint32_t *position;     /* place before the pass; NULL when it read the source */
    uint32_t column_count;
    lots_vector *values;    /* by column; kind MISSING and count 0: a slot that was not set, or there are no rows */
    uint32_t *strata;       /* by column: how many, at least 1 */
    lots_arena *arenas;     /* arena_count: theirs is all of this */
    uint32_t arena_count;
} lots_gathered;

void lots_gathered_close(lots_gathered *rows);

typedef struct lots_piece_of_rows { /* of one chunk */
    bool done;             /* nothing more comes of the chunk */
    uint32_t count;
    unsigned worker;
    lots_patient *patient;
    uint32_t *relation_row, *position;
    lots_vector *values;   /* NULL: they are laid, or there are no rows */
} lots_piece_of_rows;

typedef struct lots_gather {
    const lots_kept *kept;
    uint32_t kept_count;
    unsigned worker_count;
    lots_budget *budget;
    lots_arena *arenas;     /* by worker */
    lots_keyer *keyers;     /* by worker, column */
    lots_piece_of_rows *pieces;
    uint32_t piece_count;
    bool apart;             /* pieces are laid out at the end */
    lots_gathered laid;     /* the rows of the pieces before `next`, with room for `room` */
    uint32_t room;
    pthread_mutex_t lock;   /* of `next`, `layer` and `done`; `laid` is the layer's alone */
    uint32_t next;
    unsigned layer;         /* the worker that lays pieces; UINT_MAX: none does */
    uint32_t *waits;        /* by worker: so many pieces are to be laid before nothing in its memory is needed */
} lots_gather;

/* `kept` and `budget` are borrowed, and the budget must outlive the rows. It is to be closed in any case. */
LOTS_MUST lots_status lots_gather_open(lots_gather *gather, const lots_kept *kept, uint32_t kept_count,
                                       unsigned worker_count, uint32_t chunk_count, lots_budget *budget, lots_error *err);
void lots_gather_close(lots_gather *gather);
/* The rows of a chunk, once; they may be none, and it need not be called then. `relation`: are they of a source relation? `patient`: by
 * row, relative to the chunk. Errors: as lots_eval; LOTS_LIMIT. Threads: a worker each. */
LOTS_MUST lots_status lots_gather_chunk(lots_gather *gather, unsigned number, uint32_t chunk, lots_worker *worker,
                                        const lots_instance *rows, const uint32_t *patient, bool relation, lots_error *err);
/* Of every chunk, after its rows, by the same worker. Errors: LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status lots_gather_done(lots_gather *gather, unsigned number, uint32_t chunk, lots_error *err);
/* Lay out what is not laid. `pool` may be NULL. */
LOTS_MUST lots_status lots_gather_finish(lots_gather *gather, lots_pool *pool, lots_gathered *out, lots_error *err);

#endif
