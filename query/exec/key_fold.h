/* key_fold.h: pairs of small codes as numbers, and 64-bit keys as numbers: what is left of a tuple once its columns are coded.
 * Pairs go through a table as long as it is small, else through a hash table of both. Not thread safe, but for the find
 * functions, which change nothing. Callers: key_code.c, keyer.c. */
#ifndef LOTS_QUERY_KEY_FOLD_H
#define LOTS_QUERY_KEY_FOLD_H

#include "core/base/status.h"

#define LOTS_KEY_BLOCK 1024u          /* rows at a time */
#define LOTS_KEY_NUMBERS (1u << 29)   /* numbers that a table gives out at most: LOTS_LIMIT beyond */

/* Open addressing from 64 bits to a number. */
typedef struct lots_number_slot {
    uint64_t key;
    uint32_t number; /* + 1; 0: free */
} lots_number_slot;

typedef struct lots_number_map {
    lots_number_slot *slots;
    uint32_t size, count;
} lots_number_map;

void lots_number_map_close(lots_number_map *map);
/* The key's number; a new key's is `next`. Errors: LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status lots_number_map_take(lots_number_map *map, uint64_t key, uint32_t next, uint32_t *out, lots_error *err);
/* LOTS_NO_ID for what has none. */
uint32_t lots_number_map_find(const lots_number_map *map, uint64_t key);

/* Pairs (a, b) to numbers 0, 1, … in order of first sight. */
typedef struct lots_key_fold {
    uint32_t *direct;      /* [a << shift | b]: the number, LOTS_NO_ID: none yet; NULL when there are too many */
    uint32_t rows, shift;
    bool wide;             /* pairs are in `map` */
    lots_number_map map;
    uint32_t count;
} lots_key_fold;

void lots_key_fold_close(lots_key_fold *fold);
/* a_limit, b_limit: every a and b is below. `keep`: bits of those that count, others may get any number that there is, or 0; NULL:
 * all. `out` may be `a`. Errors: LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status lots_key_fold_pairs(lots_key_fold *fold, const uint32_t *a, uint32_t a_limit, const uint32_t *b,
                                          uint32_t b_limit, const uint64_t *keep, uint32_t count, uint32_t *out,
                                          lots_error *err);
/* LOTS_NO_ID for what has none, also where a or b is it. */
void lots_key_fold_find(const lots_key_fold *fold, const uint32_t *a, const uint32_t *b, uint32_t count, uint32_t *out);

#endif
