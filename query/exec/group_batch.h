/* group_batch.h: the rows that a table's aggregates are fed at a time, and the same by group: the rows of a group stand
 * together, within it as they came, patient by patient. So an aggregate runs over a group's values in one loop, and a person's
 * rows in it lie side by side. Callers: group.c, group_state.c, evidence.c. Memory: the batch's arena. */
#ifndef LOTS_QUERY_GROUP_BATCH_H
#define LOTS_QUERY_GROUP_BATCH_H

#include "query/exec/eval.h"

typedef struct lots_group_runs {
    uint32_t count;              /* groups that have rows */
    const uint32_t *group;       /* by run */
    const uint32_t *first;       /* count + 1: run r has the places [first[r], first[r + 1]) */
    const uint32_t *row;         /* by place: the batch's row; NULL: places are rows */
    /* NULL when the rows have no patients */
    const lots_patient *patient; /* by place */
    const uint32_t *person;      /* count + 1: run r has the persons [person[r], person[r + 1]) */
    const uint32_t *person_first;/* by person: the first of its places; and where the last one's end */
} lots_group_runs;

typedef struct lots_group_batch {
    uint32_t rows;
    const uint32_t *group;       /* by row, below `groups` */
    uint32_t groups;
    const lots_patient *patient; /* by row, whichever numbers; all rows of a patient are in one batch, side by side. NULL: a
                                    table's */
    const lots_vector *behind;   /* of a table: persons behind each row, or NULL */
    bool others;                 /* `left` is wanted whatever the aggregate */
    lots_arena *arena;
    lots_group_runs all;
    /* of one aggregate, as it has them; NULL when not */
    const lots_vector *value, *exit, *at;
    const uint64_t *where;
    const int64_t *kept_ints;    /* once asked for */
    const double *kept_floats;
    lots_group_runs kept, left;  /* rows whose value is known: those that `where` keeps and those it doesn't. Of a RATE, among
                                    those it keeps: true, and false. A distinct count knows nothing of an empty set */
} lots_group_batch;

/* The rows whose bit is set (NULL: all) by group. */
LOTS_MUST lots_status lots_group_runs_make(const lots_group_batch *batch, const uint64_t *keep, lots_group_runs *out,
                                           lots_error *err);
/* Set kept and left; left stays empty where neither the aggregate nor `others` asks for it. */
LOTS_MUST lots_status lots_group_batch_split(lots_group_batch *batch, const lots_row_agg *agg, lots_error *err);
/* A BOOL, DATE, rank or whole number of each place of kept or left; the vector's own array where it can be. */
LOTS_MUST lots_status lots_group_runs_ints(lots_group_batch *batch, const lots_group_runs *runs, const int64_t **out,
                                           lots_error *err);
/* A FLOAT of each place. */
LOTS_MUST lots_status lots_group_runs_floats(lots_group_batch *batch, const lots_group_runs *runs,
                                             const double **out, lots_error *err);
/* Whether 2^32 of such numbers fit in 64 bits. */
static inline bool lots_group_ints_small(const int64_t *values, uint32_t count)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < count; i++)
        size |= (uint64_t)(values[i] ^ (values[i] >> 63));
    return size >> 31 == 0;
}

/* How many persons a run has. */
static inline uint32_t lots_group_runs_persons(const lots_group_runs *runs, uint32_t run)
{
    return runs->person[run + 1] - runs->person[run];
}

#endif
