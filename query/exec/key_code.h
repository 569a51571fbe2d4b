/* key_code.h: the values of one key column as small dense codes: of categories and bools the rank, and one beyond them for
 * missing; of others 0 for missing, else 1, 2, … in order of first sight.
 *
 * Values that lie close together (days, months, ages) go through a table by value, others that are 64 bits through a hash
 * table of them, texts and sets through one of their bytes; a column changes from one to the next when it must.
 * Not thread safe, but for the find functions, which change nothing. Callers: keyer.c. */
#ifndef LOTS_QUERY_KEY_CODE_H
#define LOTS_QUERY_KEY_CODE_H

#include "query/exec/collected.h"
#include "query/exec/key_band.h"
#include "query/exec/key_day.h"
#include "query/exec/key_fold.h"

typedef enum lots_key_form { LOTS_KEY_RANK, LOTS_KEY_NEAR, LOTS_KEY_WIDE, LOTS_KEY_ITEM } lots_key_form;

typedef struct lots_key_coder {
    lots_type type;
    lots_key_form form;
    uint32_t count;        /* codes are below it */
    int64_t low;           /* NEAR: near[v - low] is the code of v, 0: none yet; */
    uint32_t *near;        /* of intervals v is the first day, and near[near_count + v - low] the last */
    uint32_t near_count;
    lots_vec keys;         /* NEAR, WIDE: uint64_t by code */
    lots_number_map wide;
    lots_collected items;  /* ITEM: by code - 1 */
    lots_vec hashes;       /* ITEM: uint64_t by code - 1 */
    uint32_t *slots;       /* ITEM: code, 0: free */
    uint32_t slot_count;
    bool of_day;           /* vectors may be DATEs: then the values are what `unit` makes of them (key_day.h) */
    lots_op unit;
    lots_key_band band;    /* if it is one: vectors may be INTs, whose bands are the values */
    const lots_expr *path; /* PATH_NAMES or NULL: vectors may be INTs, whose paths are the values; `wide` has the codes by number */
    int32_t day_low;       /* days[day - day_low] is the code, 0: none yet; of a band by place of the number */
    uint32_t *days;
    uint32_t day_count;
} lots_key_coder;

void lots_key_coder_open(lots_key_coder *coder, const lots_type *type);
/* Before the first value: vectors may be DATEs, too, but not for find. */
void lots_key_coder_of_day(lots_key_coder *coder, lots_op unit);
/* The same of numbers that the band holds. */
void lots_key_coder_of_band(lots_key_coder *coder, const lots_key_band *band);
/* The same of numbers of paths. */
void lots_key_coder_of_path(lots_key_coder *coder, const lots_expr *names);
void lots_key_coder_close(lots_key_coder *coder);
/* Codes of rows [first, first + count) of a vector of its type, in `room` or, where the vector has them, there; first a
 * multiple of 64, count <= LOTS_KEY_BLOCK. Errors: LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status lots_key_codes(lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                                     uint32_t *room, const uint32_t **out, lots_error *err);
/* The same without new codes: LOTS_NO_ID. */
void lots_key_codes_find(const lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                         uint32_t *out);

#endif
