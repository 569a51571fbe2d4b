/* dense.h: the values of a vector (or the elements of its sets) as small whole numbers in the order of the values, so
 * that distinct counts, sets and modes work on arrays whatever the type. Ranks are dense already. */
#ifndef LOTS_QUERY_DENSE_H
#define LOTS_QUERY_DENSE_H

#include "query/exec/worker.h"

typedef struct lots_dense {
    const uint32_t *ids;     /* by value; by element for a vector of sets. Under a missing bit: some id */
    uint32_t count;          /* ids are below it */
    const uint32_t *offsets; /* of a vector of sets; NULL */
    lots_vector values;      /* by id; count 0: the ids are ranks, which are the values */
} lots_dense;

/* Cost: O(n) expected, and O(d log d) for d distinct values. Errors: LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status lots_dense_make(lots_worker *worker, lots_arena *arena, const lots_vector *x, lots_dense *out,
                                      lots_error *err);
/* Marks by id, all clear at first and again after each lots_stamps_clear, which costs nothing. */
LOTS_MUST lots_status lots_stamps_open(lots_worker *worker, uint32_t count, lots_error *err);
void lots_stamps_clear(lots_worker *worker);
/* True when the id was not marked since. */
static inline bool lots_stamp(lots_worker *worker, uint32_t id)
{
    if (worker->stamps[id] == worker->stamp)
        return false;
    worker->stamps[id] = worker->stamp;
    return true;
}

/* The ids at a position: one, or a set's. */
static inline const uint32_t *lots_dense_at(const lots_dense *dense, uint32_t at, uint32_t *count)
{
    if (dense->offsets == NULL) {
        *count = 1;
        return dense->ids + at;
    }
    *count = dense->offsets[at + 1] - dense->offsets[at];
    return dense->ids + dense->offsets[at];
}

typedef int (*lots_index_order)(const void *context, uint32_t a, uint32_t b);
/* A stable sort of indexes by order. `spare`: room for as many. Cost: O(n log n), O(n) when already in order. */
void lots_sort_indexes(uint32_t *indexes, uint32_t count, uint32_t *spare, lots_index_order order, const void *context);

#endif
