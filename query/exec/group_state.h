/* group_state.h: the states of one row aggregate for all groups of a table: small, growing with the number of groups,
 * fed a batch of rows at a time, and joined part by part. Sums are exact: no order of feeding and joining shows. */
#ifndef LOTS_QUERY_GROUP_STATE_H
#define LOTS_QUERY_GROUP_STATE_H

#include "core/base/pool.h"
#include "query/exec/group_batch.h"
#include "query/exec/keyer.h"
#include "query/exec/share.h"

typedef struct lots_group_cell { /* of one group */
    uint64_t count;   /* rows counted; RATE: known; COUNT_DISTINCT: distinct values */
    uint64_t hits;    /* RATE: true; KM, CIF: above 0 when rows differ in `at` */
    uint64_t low, high; /* exact sum of whole numbers, 128 bits two's complement */
    double sum, rest; /* floats: sum + rest, and what is in `exact`, is their exact sum (core/base/exact.h); MIN, MAX: sum */
    uint64_t squares[3]; /* SD: exact sum of the squares of whole numbers */
    int64_t extreme;  /* MIN, MAX: the value, or for texts the row of `texts`; KM, CIF: at */
    uint32_t spilled; /* floats that two doubles don't hold: 1 + place in `exact`; SD of floats: in `moments`; 0: none */
} lots_group_cell;

/* Of one group what is counted row by row (group_count.h). */
typedef struct lots_group_line {
    uint64_t sum;      /* of values none of which is below 0 */
    uint64_t own;      /* the part of `last` */
    uint64_t counts;   /* rows, and above 2^32 persons */
    lots_patient last; /* 0: nobody yet */
    uint32_t settled;  /* what the sum rests on needs no more looking at, but for large parts */
} lots_group_line;

typedef struct lots_group_state lots_group_state;
struct lots_group_state {
    const lots_row_agg *agg;
    lots_vec cells;          /* lots_group_cell by group */
    lots_vec exact;          /* lots_exact, of the few groups that need one */
    lots_vec moments;        /* lots_moments (group_deviation.h): SD of floats */
    lots_vec values, owners; /* collected values (int64_t, or double; survival.h's) and their groups (uint32_t; none as long
                                as all are of group 0): quantiles, shares, survival */
    lots_group_state *twin;   /* it collects the same values, earlier: this one takes them of it; NULL: none does */
    void *sorted;            /* once results are made: its values group by group, and where the groups begin (size_t); */
    size_t *starts;          /* those of a group rise */
    lots_share_sums *sums;   /* once they are asked for: of each group */
    lots_collected texts;    /* MIN, MAX of texts */
    lots_keyer distinct;     /* COUNT_DISTINCT: (group, value) */
    lots_group_cell whole;   /* SHARE: over all rows entering */
    bool negative;           /* KM …: a row was left out since its time is below 0 */
    bool beyond;             /* KM, CIF, when there is a result: in some group nobody was followed so long */
};

LOTS_MUST lots_status lots_group_state_open(lots_group_state *state, const lots_row_agg *agg, lots_error *err);
/* Are both of the same values of the same rows, as far as a look at the nodes tells? */
bool lots_row_agg_sees_same(const lots_row_agg *a, const lots_row_agg *b);
/* Before anything is fed: take the values of an earlier one of `states` that collects the same, where there is one. */
void lots_group_state_pair(lots_group_state *state, lots_group_state *states);
void lots_group_state_close(lots_group_state *state);
LOTS_MUST lots_status lots_group_state_grow(lots_group_state *state, uint32_t groups, lots_error *err);

/* The batch is split for this aggregate. Errors: LOTS_QUERY for a time beyond LOTS_FOLLOWED_MAX. */
LOTS_MUST lots_status lots_group_state_feed(lots_group_state *state, lots_group_batch *batch, lots_error *err);
typedef struct lots_group_counted { /* what came out of it */
    uint32_t rows, persons;
    int64_t sum;
    uint64_t sizes; /* of what each person adds up to */
} lots_group_counted;
/* Add what was counted of a group instead of feeding it: COUNT, PATIENTS, RATE, SUM, MEAN. */
void lots_group_state_add(lots_group_state *state, uint32_t group, const lots_group_counted *kept,
                          const lots_group_counted *left);
/* Add `from`, whose group g is group map[g] here. */
LOTS_MUST lots_status lots_group_state_join(lots_group_state *state, const lots_group_state *from, const uint32_t *map,
                                            lots_error *err);
/* The aggregate's value for groups 0..groups-1. Errors: LOTS_QUERY when a sum does not fit in 64 bits, or of floats in a
 * double. A sum of floats is rounded once, to the nearest, of two the even. Many collected values are shared out among the threads of
 * `pool` (may be NULL). */
LOTS_MUST lots_status lots_group_state_result(lots_group_state *state, uint32_t groups, lots_pool *pool, lots_arena *arena,
                                              lots_vector *out, lots_error *err);

#endif
