/* gathered.h: the rows that a pass keeps for later stages. Each chunk leaves a piece, in memory of its worker; at the end the
 * pieces are laid out whole in the order of the chunks, a column a task: so nothing depends on threads, and no task
 * waits for another. Callers: pass.c, run_chunks.c. */
#ifndef LOTS_QUERY_GATHERED_H
#define LOTS_QUERY_GATHERED_H

#include "core/base/pool.h"
#include "query/exec/eval.h"
#include "query/exec/keyer.h"

/* What is kept of a row beside where it came from. */
typedef struct lots_kept {
    uint32_t slot;         /* a slot, or: */
    lots_expr *value;      /* not NULL: its value, or: */
    const lots_top *strata;/* not NULL: the number of its stratum by the `per` of a top, EVENTS */
} lots_kept;

typedef struct lots_gathered {
    uint32_t count;
    lots_patient *patient;  /* registry-wide */
    uint32_t *relation_row; /* NULL when rows are patients */
    uint32_t *position;     /* place before the pass; NULL when it read the source */
    uint32_t column_count;
    lots_vector *values;    /* by column; kind MISSING and count 0: a slot that was not set, or there are no rows */
    uint32_t *strata;       /* by column: how many, at least 1 */
    lots_arena *arenas;     /* arena_count: theirs is all of this */
    uint32_t arena_count;
} lots_gathered;

void lots_gathered_close(lots_gathered *rows);

typedef struct lots_piece_of_rows { /* of one chunk */
    uint32_t count;
    unsigned worker;
    lots_patient *patient;
    uint32_t *relation_row, *position;
    lots_vector *values;
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
} lots_gather;

/* `kept` and `budget` are borrowed, and the budget must outlive the rows. It is to be closed in any case. */
LOTS_MUST lots_status lots_gather_open(lots_gather *gather, const lots_kept *kept, uint32_t kept_count,
                                       unsigned worker_count, uint32_t chunk_count, lots_budget *budget, lots_error *err);
void lots_gather_close(lots_gather *gather);
/* The rows of a chunk, once. `relation`: are they of a source relation? `patient`: by row, relative to the chunk.
 * Errors: as lots_eval. Threads: a worker each. */
LOTS_MUST lots_status lots_gather_chunk(lots_gather *gather, unsigned number, uint32_t chunk, lots_worker *worker,
                                        const lots_instance *rows, const uint32_t *patient, bool relation, lots_error *err);
/* Lay them out. `pool` may be NULL. */
LOTS_MUST lots_status lots_gather_finish(lots_gather *gather, lots_pool *pool, lots_gathered *out, lots_error *err);

#endif
