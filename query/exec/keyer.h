/* keyer.h: dense numbers for tuples of values: groups of group by, strata of per. Numbers are given in order of first
 * sight; equal tuples (missing equals missing) get one number. Not thread safe. */
#ifndef LOTS_QUERY_KEYER_H
#define LOTS_QUERY_KEYER_H

#include "query/exec/collected.h"

typedef struct lots_keyer {
    lots_collected *columns; /* the tuples, one row a number */
    uint32_t column_count;
    uint32_t count;          /* numbers given */
    uint32_t *table;         /* open addressing: number + 1, 0 empty */
    uint64_t *hashes;        /* by slot */
    uint32_t table_size;
    lots_vec number_hash;    /* uint64_t by number */
    uint32_t *direct;        /* small keys: number + 1 by their mixed-radix index; NULL when not small */
    uint32_t direct_size;
    uint32_t *radix;         /* of each column, for direct */
} lots_keyer;

/* `types`: of the key columns; none gives one number for all rows. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_keyer_open(lots_keyer *keyer, const lots_type *types, uint32_t count, lots_error *err);
void lots_keyer_close(lots_keyer *keyer);
/* Numbers of `rows` rows whose keys are keys[0..column_count); out has room for rows. */
LOTS_MUST lots_status lots_keyer_number(lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out,
                                        lots_error *err);
/* The same without giving new numbers: LOTS_NO_ID for what has none. Any number of threads may ask at once. */
void lots_keyer_find(const lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out);

#endif
