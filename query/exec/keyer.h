/* keyer.h: dense numbers for tuples of values: groups of group by, strata of per. Numbers are given in order of first
 * sight; equal tuples (missing equals missing) get one number. Each column's values are coded by themselves (key_code.h),
 * and the codes folded pair by pair. Not thread safe. */
#ifndef LOTS_QUERY_KEYER_H
#define LOTS_QUERY_KEYER_H

#include "query/exec/key_code.h"

typedef struct lots_keyer {
    lots_collected *columns; /* the tuples, one row a number */
    uint32_t column_count;
    uint32_t count;          /* numbers given */
    lots_key_coder *coders;  /* by column */
    lots_key_fold *folds;    /* by column: of what is left of it with it; an only column's of 0 with it */
} lots_keyer;

/* `types`: of the key columns; none gives one number for all rows. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_keyer_open(lots_keyer *keyer, const lots_type *types, uint32_t count, lots_error *err);
void lots_keyer_close(lots_keyer *keyer);
/* Before the first row: key `column` may also be given as the DATEs that `unit` is taken of (key_day.h); not to find. */
void lots_keyer_of_day(lots_keyer *keyer, uint32_t column, lots_op unit);
/* The same of the numbers of a band (key_band.h), all of which it holds. */
void lots_keyer_of_band(lots_keyer *keyer, uint32_t column, const lots_key_band *band);
/* The same of numbers of paths. */
void lots_keyer_of_path(lots_keyer *keyer, uint32_t column, const lots_expr *names);
/* Numbers of `rows` rows whose keys are keys[0..column_count); out has room for rows. */
LOTS_MUST lots_status lots_keyer_number(lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out,
                                        lots_error *err);
/* The same of the rows whose bit is set (NULL: all): others get a number that means nothing. */
LOTS_MUST lots_status lots_keyer_number_some(lots_keyer *keyer, const lots_vector *keys, uint32_t rows, const uint64_t *keep,
                                             uint32_t *out, lots_error *err);
/* The same without giving new numbers: LOTS_NO_ID for what has none. Any number of threads may ask at once. */
void lots_keyer_find(const lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out);

#endif
