/* reduce_slide.h: aggregates of ranges that overlap much: by a window that slides over them (reduce_slide.c), or by what finds the
 * value of any range (reduce_recent.c, reduce_modes.c, reduce_ranks.c). Callers: reduce_*.c, by_order.c. */
#ifndef LOTS_QUERY_REDUCE_SLIDE_H
#define LOTS_QUERY_REDUCE_SLIDE_H

#include "query/exec/aggregate.h"
#include "query/exec/dense.h"

typedef struct lots_slide {
    const lots_ranges *ranges; /* borrowed */
    const uint32_t *order;     /* the ranges that hold a position, so that neither end goes back; NULL: look at each by itself */
    uint32_t count;
} lots_slide;

/* Do the ranges overlap so much that looking at each by itself costs far more than looking at every position? */
bool lots_slide_pays(const lots_ranges *ranges);
/* Find the order. There is none when sliding doesn't pay, or ranges lie within each other. Cost: O(n), O(n log n) when the
 * ranges must be sorted. */
LOTS_MUST lots_status lots_slide_plan(const lots_step *step, const lots_ranges *ranges, lots_slide *out, lots_error *err);

/* With a plan that has an order. Cost: O(n log n) for n positions and ranges, for sets their elements besides.
 * offsets: ranges + 1, the first already 0; *ids: elements, rising within each range. */
LOTS_MUST lots_status lots_slide_sets(const lots_step *step, const lots_slide *plan, const lots_dense *dense, uint32_t *offsets,
                                      uint32_t **ids, lots_error *err);
/* The most frequent id of each range, of equals the one seen last; LOTS_NO_ID where there is none: of any ranges. Cost: O(n log n)
 * for n positions and ranges where a window slides over them or they lie within each other in order, else O(n sqrt(n)). */
LOTS_MUST lots_status lots_overlapping_modes(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense,
                                             uint32_t *modes, lots_error *err);
/* Distinct ids, and sets as lots_slide_sets has them, of any ranges. Cost: O((positions + ranges) log positions), for sets their
 * elements besides, sorted. */
LOTS_MUST lots_status lots_recent_counts(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense,
                                         int64_t *counts, lots_error *err);
LOTS_MUST lots_status lots_recent_sets(const lots_step *step, const lots_ranges *ranges, const lots_dense *dense,
                                       uint32_t *offsets, uint32_t **ids, lots_error *err);
/* Quantile p of the values (by position) of each range, Hyndman & Fan's type 7 (0 when it is empty), and how many there are:
 * of any ranges. Cost: O((positions + ranges) log positions). */
LOTS_MUST lots_status lots_rank_quantiles(const lots_step *step, const lots_ranges *ranges, const double *values, double p,
                                          double *results, uint32_t *counts, lots_error *err);
/* How many keys (by position) of each range are low..high, both included: of any ranges. Cost: O((positions + ranges) log
 * positions). */
LOTS_MUST lots_status lots_rank_counts(const lots_step *step, const lots_ranges *ranges, const int64_t *keys, const int64_t *low,
                                       const int64_t *high, uint32_t *counts, lots_error *err);

#endif
