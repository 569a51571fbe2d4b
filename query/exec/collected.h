/* collected.h: columns that grow: values of chunks' vectors kept beyond the chunk. A collected column owns its memory; parts
 * made by different tasks are joined in the order of the tasks, so the whole never depends on threads. */
#ifndef LOTS_QUERY_COLLECTED_H
#define LOTS_QUERY_COLLECTED_H

#include "core/base/bytes.h"
#include "core/base/vec.h"
#include "query/exec/vector.h"

typedef struct lots_collected {
    lots_type type;
    uint32_t count;
    lots_vec values;   /* as lots_vector's data; BOOL: one byte a row; TEXT: uint64_t offset of its end in `text` */
    lots_vec values2;  /* INTERVAL: ends */
    lots_vec offsets;  /* SET: count + 1 */
    lots_vec missing;  /* one byte a row */
    bool any_missing;
    lots_bytes text;   /* TEXT, and SETs of it */
} lots_collected;

void lots_collected_open(lots_collected *column, const lots_type *type);
void lots_collected_close(lots_collected *column);
/* Append one row of a vector of the same type. Errors: LOTS_MEMORY, LOTS_LIMIT past 2^32 - 2 rows. */
LOTS_MUST lots_status lots_collected_append_row(lots_collected *column, const lots_vector *vector, uint32_t row,
                                                lots_error *err);
/* Is row `at` of the column the value of row `row` of a vector of its type? Missing is the same as missing, -0 as 0. */
bool lots_collected_same(const lots_collected *column, uint32_t at, const lots_vector *vector, uint32_t row);
/* A vector over the collected values, in `arena`; texts point into the column, which must live as long. */
LOTS_MUST lots_status lots_collected_vector(const lots_collected *column, lots_arena *arena, lots_vector *out,
                                            lots_error *err);

#endif
