/* compare.h: one question asked twice, of the engine and of the naive implementation, over the rows of a small registry. */
#ifndef LOTS_TESTS_COMPARE_H
#define LOTS_TESTS_COMPARE_H

#include "core/base/pool.h"
#include "tests/oracle/naive.h"
#include "tests/support/small_registry.h"

/* The rows of the tables of a small registry, as they stood before the store saw them. Memory is the arena's. */
void naive_read_small(small_registry *registry, naive_data *out, lots_arena *arena);

typedef enum compare_outcome {
    COMPARE_SAME,
    COMPARE_EMPTY,     /* the same, and no answer has a row */
    COMPARE_UNBOUND,   /* the engine says that the query is wrong: a generated one may be */
    COMPARE_UNKNOWN,   /* the naive implementation does not know it, the engine answers */
    COMPARE_FAILED,    /* both could not compute a value */
    COMPARE_DIFFERENT,
    COMPARE_OUTCOMES
} compare_outcome;

/* Ask both, the engine with one thread and with those of the pool. `report` gets what was said: an error, or where the tables
 * differ and both tables. */
compare_outcome naive_compare_query(small_registry *registry, const naive_data *data, lots_pool *pool, const char *text,
                                    lots_bytes *report);

#endif
