/* top.h: what ranks all rows: the top share, ranks, percentiles, per stratum. A row without a value takes no part. */
#ifndef LOTS_QUERY_TOP_H
#define LOTS_QUERY_TOP_H

#include "core/base/pool.h"
#include "query/exec/vector.h"
#include "query/lang/bound.h"

#define LOTS_TOP_KEYS_MAX 32u /* of a `per` */

typedef struct lots_top_kept {
    uint64_t rows;      /* with a value */
    uint64_t wanted;    /* ceil(p rows), or the number asked for */
    uint64_t kept;      /* with all ties */
    uint32_t strata;
    int64_t threshold;  /* key of the last kept, when there is one stratum and something is kept */
} lots_top_kept;

/* keep's bits: the rows of the `top` (or bottom) largest, and all ties with the last, in each stratum. `stratum` (may be
 * NULL) numbers them below `strata`, 1 or more. `pool` (may be NULL) shares out the work on many rows. Cost: O(rows). */
LOTS_MUST lots_status lots_top_select(const lots_top *top, const lots_vector *by, const uint32_t *stratum,
                                      uint32_t strata, lots_pool *pool, lots_arena *arena, uint64_t **keep,
                                      lots_top_kept *kept, lots_error *err);
/* 1 + rows of the stratum that are larger (INT), or rows not larger / rows with a value (FLOAT). */
LOTS_MUST lots_status lots_rank_rows(bool percentile, const lots_vector *by, const uint32_t *stratum, uint32_t strata,
                                     lots_pool *pool, lots_arena *arena, lots_vector *out, lots_error *err);

#endif
