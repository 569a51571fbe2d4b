/* sort_code.h: the keys that rows are sorted by as one number a row, as far as 64 bits reach: rows with different numbers are
 * in their order, and rows with the same are in none when the numbers hold all of the keys. Callers: sort.c. */
#ifndef LOTS_QUERY_SORT_CODE_H
#define LOTS_QUERY_SORT_CODE_H

#include "query/exec/vector.h"

typedef struct lots_sort_coder {
    uint32_t rows;
    uint64_t *codes;
    unsigned left; /* bits, of 64 */
    bool whole;    /* all keys that were added are in it */
} lots_sort_coder;

/* codes: rows zeros. */
void lots_sort_coder_open(lots_sort_coder *coder, uint64_t *codes, uint32_t rows);
/* The next key, while `whole`. `labels`: by row the places of its texts in their own order, which come first; NULL: none. */
void lots_sort_coder_add(lots_sort_coder *coder, const lots_vector *key, const int64_t *labels, bool descending);

#endif
