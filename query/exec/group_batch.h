/* group_batch.h: the rows that a table's aggregates are fed at a time, seen by group in two ways.
 *
 * Tallies: how many rows and persons each group has, counted in one loop over the rows as they are; and likewise the sums of
 * whole numbers. Most aggregates need no more. Runs: the rows of a group stand together, within it as they came, patient by
 * patient; sorted only when an aggregate asks for it. Callers: group.c, group_state.c, evidence.c. Memory: the batch's arena. */
#ifndef LOTS_QUERY_GROUP_BATCH_H
#define LOTS_QUERY_GROUP_BATCH_H

#include "query/exec/eval.h"

/* Which groups have been met in a batch, when there are many more groups than rows. Zeroes to begin with. */
typedef struct lots_group_stamps {
    lots_vec stamp, local; /* uint32_t by group: the batch that met it last, and its number there */
    uint32_t batch;
} lots_group_stamps;

typedef struct lots_group_tally { /* of one group */
    uint32_t rows, persons;
    lots_patient last; /* while counting */
    uint32_t unused;
} lots_group_tally;

typedef struct lots_group_runs {
    uint32_t count;              /* groups that have rows */
    const uint32_t *group;       /* by run */
    const uint32_t *first;       /* count + 1: run r has the places [first[r], first[r + 1]) */
    const uint32_t *row;         /* by place: the batch's row; NULL: places are rows */
    const lots_patient *patient; /* by place; NULL when the rows have no patients */
    /* NULL then, too, and until they are asked for */
    const uint32_t *person;      /* count + 1: run r has the persons [person[r], person[r + 1]) */
    const uint32_t *person_first;/* by person: the first of its places; and where the last one's end */
} lots_group_runs;

typedef struct lots_group_rows { /* some rows of a batch */
    const uint64_t *keep;          /* their bits; NULL: all rows */
    bool none;
    const lots_group_tally *tally; /* by local number; NULL until asked for */
    bool sorted;
    lots_group_runs runs;          /* when sorted */
    const int64_t *ints;           /* by place, once asked for */
    const double *floats;
} lots_group_rows;

typedef struct lots_group_batch {
    uint32_t rows;
    const uint32_t *number;      /* by row: its group, below `known`; with 64 bytes of slack */
    uint32_t known;
    const uint32_t *group;       /* by row: the number of its group among the batch's, below `groups`; NULL until asked for */
    uint32_t groups;
    const uint32_t *name;        /* by that number: the group; NULL: it is the number */
    const uint64_t *present;     /* bits of the rows that there are; NULL: all */
    const lots_patient *patient; /* by row, rising; all rows of a patient are in one batch. NULL: a table's */
    lots_patient first_person;   /* added to them: numbers that no other batch has, above 0 */
    const lots_vector *behind;   /* of a table: persons behind each row, or NULL */
    const uint32_t *weight;      /* by row: for how many persons it stands, whose only row in the group is like it; NULL: each
                                    for itself */
    uint64_t rows_in_all;        /* with weights, the rows that they stand for */
    bool others;                 /* `left` is wanted whatever the aggregate */
    lots_arena *arena;
    lots_group_rows all, some, rest;
    /* of one aggregate, as it has them; NULL when not */
    const lots_vector *value, *exit, *at;
    bool bounded;                /* the value is known to be small and not below 0, whatever the row */
    const uint64_t *where;
    lots_group_rows *kept, *left;/* rows whose value is known: those that `where` keeps and those it doesn't. Of a RATE, among
                                    those it keeps: true, and false. A distinct count knows nothing of an empty set */
    const int64_t *row_ints;     /* the value by row, once asked for; `small`, `rising` with it */
    bool small, rising;          /* 2^32 such values fit in 64 bits; none is below 0 */
    const int64_t *sums;         /* of kept, by number of the group, once asked for */
} lots_group_batch;

void lots_group_stamps_close(lots_group_stamps *stamps);
/* Begin a batch whose rows, numbers, patients, behind, others and arena are set. */
void lots_group_batch_begin(lots_group_batch *batch);
/* Number the groups that it has, if it isn't done: before tallies, runs, ints, floats and sums. */
LOTS_MUST lots_status lots_group_batch_number(lots_group_batch *batch, lots_group_stamps *stamps, lots_error *err);
static inline uint32_t lots_group_name(const lots_group_batch *batch, uint32_t number)
{
    return batch->name == NULL ? number : batch->name[number];
}

/* Kept are all rows, left none. */
void lots_group_batch_whole(lots_group_batch *batch);
/* Set kept and left; left stays empty where neither the aggregate nor `others` asks for it. */
LOTS_MUST lots_status lots_group_batch_split(lots_group_batch *batch, const lots_row_agg *agg, lots_error *err);
/* By number of the group, all `groups` of them. Without patients `persons` means nothing. */
LOTS_MUST lots_status lots_group_tallies(lots_group_batch *batch, lots_group_rows *rows, const lots_group_tally **out,
                                         lots_error *err);
LOTS_MUST lots_status lots_group_sort(lots_group_batch *batch, lots_group_rows *rows, const lots_group_runs **out,
                                      lots_error *err);
/* The same with persons. */
LOTS_MUST lots_status lots_group_persons(lots_group_batch *batch, lots_group_rows *rows, const lots_group_runs **out,
                                         lots_error *err);
/* The value by row, of a type of whole numbers (BOOL: 0 and 1). Sets `small` and `rising`. */
LOTS_MUST lots_status lots_group_row_ints(lots_group_batch *batch, const int64_t **out, lots_error *err);
/* Sums of the kept rows' small whole numbers by number of the group. */
LOTS_MUST lots_status lots_group_sums(lots_group_batch *batch, const int64_t **out, lots_error *err);
/* A BOOL, DATE, rank or whole number of each place of sorted rows; the vector's own array where it can be. */
LOTS_MUST lots_status lots_group_ints(lots_group_batch *batch, lots_group_rows *rows, const int64_t **out, lots_error *err);
/* A FLOAT of each place. */
LOTS_MUST lots_status lots_group_floats(lots_group_batch *batch, lots_group_rows *rows, const double **out,
                                        lots_error *err);

#endif
