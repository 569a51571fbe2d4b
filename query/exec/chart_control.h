/* chart_control.h: control limits, funnel limits and run rules: formulas on points in the order of time, nothing of results.
 * Constants and rules: CLINICAL.md section 8:
 *   XmR limits: mean ± 2.66 mean moving range (Shewhart 1931; Wheeler and Chambers 1992), the mean recomputed once of the
 *     moving ranges below 3.267 times it; rules: Making Data Count (NHS England), as in NHSRplotthedots
 *   p chart: p ± 3 sqrt(p (1 - p) / n), clamped to 0..1 (Shewhart 1931)
 *   funnel: exact binomial limits, interpolated (Spiegelhalter 2005, appendix A.1.1), at 95 and 99.8%
 * Callers: chart.c, plot.c, tests. */
#ifndef LOTS_QUERY_CHART_CONTROL_H
#define LOTS_QUERY_CHART_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#define LOTS_CONTROL_LOCKED 12u /* limits of fewer points are trial limits */

/* X(NAME, how the column `signal` says it) */
#define LOTS_SIGNAL_LIST(X)        \
    X(NONE, "")                    \
    X(OUTSIDE, "outside")          \
    X(TREND, "trend")              \
    X(TWO_OF_THREE, "two of three") \
    X(SHIFT, "shift")              \
    X(ABOVE_998, "above 99.8%")    \
    X(ABOVE_95, "above 95%")       \
    X(BELOW_95, "below 95%")       \
    X(BELOW_998, "below 99.8%")

typedef enum lots_signal {
#define X(name, text) LOTS_SIGNAL_##name,
    LOTS_SIGNAL_LIST(X)
#undef X
        LOTS_SIGNAL_COUNT
} lots_signal;

const char *lots_signal_text(lots_signal signal);

typedef struct lots_control_point {
    int64_t k, n;    /* p chart, funnel: 0 <= k <= n, n > 0 */
    double value;    /* XmR: given; else k / n is put here */
    bool follows;    /* the point before it in time is there too: else no moving range, and runs begin anew */
    double lower, upper;           /* 3 sigma; of a funnel 99.8% */
    double near_lower, near_upper; /* 2 sigma; of a funnel 95% */
    lots_signal signal;
} lots_control_point;

/* Each fills limits and signals of all points and gives the centre line, 0 without points. Cost: O(count); a funnel
 * O(count sqrt(n)). */
double lots_control_xmr(lots_control_point *points, uint32_t count);
double lots_control_p(lots_control_point *points, uint32_t count);
double lots_control_funnel(lots_control_point *points, uint32_t count);

typedef struct lots_funnel_limits {
    double low_998, low_95, high_95, high_998; /* shares, 0..1 */
} lots_funnel_limits;

/* What a share of n would stay within if the true one is p, 0..1. n > 0. */
lots_funnel_limits lots_funnel_at(double p, int64_t n);

#endif
