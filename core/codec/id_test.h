/* id_test.h: a set of small numbers that a column's values are tested against. Callers: core/codec, core/store, query/exec. */
#ifndef LOTS_ID_TEST_H
#define LOTS_ID_TEST_H

#include "core/lots.h"

/* Those with a bit in `table`, or when that is NULL those from first to end - 1. */
typedef struct lots_id_test {
    uint32_t first, end;
    const uint64_t *table;
    uint32_t table_count; /* bits of the table; none beyond is in the set */
} lots_id_test;

#endif
