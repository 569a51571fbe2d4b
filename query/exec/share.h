/* share.h: concentration of a list of numbers, which rise. Formulas and worked examples: CLINICAL.md section 5.
 * Whole numbers (ints, scaled decimals, days) are exact in 128 bits until the last division; their sum is the caller's to have. */
#ifndef LOTS_QUERY_SHARE_H
#define LOTS_QUERY_SHARE_H

#include "core/base/pool.h"
#include "core/lots.h"

/* 128 bits, two's complement, the lower half first. */
typedef struct lots_whole_sum {
    uint64_t halves[2];
} lots_whole_sum;
typedef struct lots_share_sums {
    lots_whole_sum all;
    lots_whole_sum ranked; /* each times 2i - n - 1, i its place from 1 */
} lots_share_sums;
/* Shared out among the threads of `pool` (may be NULL) when they are many. */
LOTS_MUST lots_status lots_share_sums_of(const int64_t *values, uint64_t count, lots_pool *pool, lots_share_sums *out, lots_error *err);

/* Gini coefficient: sum of (2i - n - 1) x_i over n sum(x), x ascending, i from 1. False (missing) when n is 0, the sum is
 * 0 or a value is negative. */
bool lots_gini_ints(const int64_t *values, uint64_t count, const lots_share_sums *sums, double *out);
bool lots_gini_floats(const double *values, uint64_t count, double *out);
/* The share of the sum that the ceil(p n) largest have. False when the sum is 0 or n is 0. */
bool lots_top_share_ints(const int64_t *values, uint64_t count, lots_whole_sum sum, double p, double *out);
bool lots_top_share_floats(const double *values, uint64_t count, double p, double *out);
/* 1 - L(1 - p), L the Lorenz curve, linear between its points. */
bool lots_lorenz_share_ints(const int64_t *values, uint64_t count, lots_whole_sum sum, double p, double *out);
bool lots_lorenz_share_floats(const double *values, uint64_t count, double p, double *out);
/* Quantile by linear interpolation (Hyndman and Fan 1996, type 7). False when n is 0. */
bool lots_quantile_ints(const int64_t *values, uint64_t count, double p, double *out);
bool lots_quantile_floats(const double *values, uint64_t count, double p, double *out);
/* ceil(p n), p taken as the decimal fraction nearest to it (so that 10% of 70 is 7, not 8), from 0 to n. */
uint64_t lots_ceil_share(double p, uint64_t n);

#endif
