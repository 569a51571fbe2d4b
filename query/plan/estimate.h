/* estimate.h: how many rows to expect, from counts that the registry gives cheaply. For plan.c. */
#ifndef LOTS_PLAN_ESTIMATE_H
#define LOTS_PLAN_ESTIMATE_H

#include "query/plan/measure.h"

typedef struct lots_test_count { /* remembered: a test of a code or a category, counted once */
    const lots_expr *test;
    lots_measured measured;
} lots_test_count;

typedef struct lots_estimator {
    const lots_query *query;
    const lots_bound_pipeline *pipeline;
    const lots_run_options *options;
    lots_vec tests; /* lots_test_count */
} lots_estimator;

typedef struct lots_estimate {
    double rows;
    bool known;   /* false: nothing can be said */
    bool at_most; /* a condition could not be judged */
    bool secret;  /* rests on a count of fewer than min_cell persons */
} lots_estimate;

/* Events or patients that pass a test of ids with constants; measured.known false for any other test. */
LOTS_MUST lots_status lots_estimate_test(lots_estimator *from, const lots_expr *test, lots_measured *out, lots_error *err);
LOTS_MUST lots_status lots_estimate_source(lots_estimator *from, lots_estimate *out, lots_error *err);
/* Of the elements of an event set in the whole registry. */
LOTS_MUST lots_status lots_estimate_set(lots_estimator *from, const lots_set *set, lots_estimate *out, lots_error *err);
/* What a stage leaves of the rows expected so far. */
LOTS_MUST lots_status lots_estimate_stage(lots_estimator *from, const lots_bound_stage *stage, lots_estimate *rows,
                                          lots_error *err);
/* The number to show: two digits of it, LOTS_NONE, or LOTS_HIDDEN when it is reckoned from a hidden count. */
int64_t lots_estimate_shown(const lots_estimate *rows);

#endif
