/* aggregate.h: reducing values over ranges of positions to one value a range. Positions are rows of a relation with a
 * mask, or the pairs of a batch. The driver is aggregate.c; each reducer below knows one family of operators.
 *
 * Invariants: 1. ranges lie within `positions`. 2. `offsets` is not NULL only when the ranges follow one another, so that
 * the kernels by groups can be used. */
#ifndef LOTS_QUERY_AGGREGATE_H
#define LOTS_QUERY_AGGREGATE_H

#include "query/exec/step.h"

typedef struct lots_ranges {
    uint32_t count;
    const uint32_t *first, *end; /* by range */
    const uint32_t *offsets;     /* first, when contiguous: count + 1 */
    bool apart;                  /* no two of them overlap, and they rise */
    uint32_t positions;
    const uint64_t *mask;        /* by position; NULL: all */
    lots_relation_rows *borders; /* not NULL: ranges are those of its owners in a window of years, and end where those of the next may
                                    begin; the mask is a set's */
} lots_ranges;

/* `out` is new, of step's type and ranges' count, in step's arena. `x`: the values by position, not constant; NULL for
 * COUNT and EXISTS. Positions where x is missing don't count. */
LOTS_MUST lots_status lots_reduce_count(const lots_step *step, const lots_ranges *ranges, lots_vector *out, lots_error *err);
LOTS_MUST lots_status lots_reduce_exists(const lots_step *step, const lots_ranges *ranges, lots_vector *out, lots_error *err);
/* SUM, MEAN, and NIGHTS, whose x is nights. A sum of floats is the exact sum rounded once to the nearest double, of two the even:
 * no order of adding shows. A mean is the exact sum divided by the count before it is rounded: of equal values it is the value.
 * A sum beyond its type fails its row. */
LOTS_MUST lots_status lots_reduce_sum(const lots_step *step, const lots_ranges *ranges, const lots_vector *x,
                                      lots_vector *out, lots_error *err);
/* The same of doubles by position, none missing under the mask; out: FLOAT. Cost: O(positions + ranges).
 *   counts   by range, for means (0: the sum): how many they are; NULL: sums */
LOTS_MUST lots_status lots_reduce_sum_float(const lots_step *step, const lots_ranges *ranges, const double *values,
                                            const int64_t *counts, lots_vector *out, lots_error *err);
/* MIN, MAX. */
LOTS_MUST lots_status lots_reduce_extreme(const lots_step *step, const lots_ranges *ranges, const lots_vector *x,
                                          lots_vector *out, lots_error *err);
/* COUNT_DISTINCT, SET_OF, MOST. x may be a SET. */
LOTS_MUST lots_status lots_reduce_distinct(const lots_step *step, const lots_ranges *ranges, const lots_vector *x,
                                           lots_vector *out, lots_error *err);
/* GROUPS_OVER, SCORE_OVER (eval_classes.c), and the same over rows: x is a CODE or a SET of them. */
LOTS_MUST lots_status lots_reduce_classes(const lots_step *step, const lots_ranges *ranges, const lots_vector *x,
                                          lots_vector *out, lots_error *err);
/* COUNT_DISTINCT and SET_OF of groups and SCORE_OVER of a stored column, by its codes as the chunk holds them: *done, with `out` made.
 *   index   row of the relation by position; NULL: positions are rows */
LOTS_MUST lots_status lots_reduce_stored_groups(const lots_step *step, const lots_relation_rows *relation,
                                                const lots_ranges *ranges, const uint32_t *index, bool *done,
                                                lots_vector *out, lots_error *err);
/* A distinct count of prefixes of single codes: then x is the codes, and prefixes are numbered by … */
bool lots_counts_prefixes(const lots_expr *expr);
/* … this: by position, missing where the code is or is too short; all are below *limit. */
LOTS_MUST lots_status lots_prefix_classes(const lots_step *step, const lots_vector *codes, lots_vector *out, uint32_t *limit,
                                          lots_error *err);
/* MEDIAN, QUANTILE. */
LOTS_MUST lots_status lots_reduce_quantile(const lots_step *step, const lots_ranges *ranges, const lots_vector *x,
                                           lots_vector *out, lots_error *err);
/* The position of the first, last or k-th (from 1; k by range) position of each range; LOTS_NO_ID: none. */
LOTS_MUST lots_status lots_pick_end(const lots_step *step, const lots_ranges *ranges, bool last, uint32_t *out,
                                    lots_error *err);
LOTS_MUST lots_status lots_pick_nth(const lots_step *step, const lots_ranges *ranges, const lots_vector *k,
                                    uint32_t *out, lots_error *err);

/* Neither end of the ranges ever goes back, and they hold so much twice that letting each position enter and leave a window
 * once costs less than looking at each range by itself. */
bool lots_ranges_slide(const lots_ranges *ranges);
/* The mask of positions that have a value: the ranges' mask without x's missing. */
LOTS_MUST lots_status lots_ranges_valid(const lots_step *step, const lots_ranges *ranges, const lots_vector *x,
                                        lots_ranges *out, lots_error *err);
/* Set bits before each position that is asked for: rank of a bit in constant time. */
typedef struct lots_bit_ranks {
    const uint64_t *mask;
    const uint32_t *words; /* set bits before each word */
} lots_bit_ranks;
LOTS_MUST lots_status lots_bit_ranks_make(const lots_step *step, const lots_ranges *ranges, lots_bit_ranks *out,
                                          lots_error *err);
static inline uint32_t lots_bit_rank(const lots_bit_ranks *ranks, uint32_t at)
{
    if (ranks->mask == NULL)
        return at;
    const uint32_t before = ranks->words[at / 64];
    return at % 64 == 0 ? before
                        : before + (uint32_t)__builtin_popcountll(ranks->mask[at / 64] & ((UINT64_C(1) << (at % 64)) - 1));
}

#endif
