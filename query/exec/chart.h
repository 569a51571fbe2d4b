/* chart.h: what a chart needs beyond its result's rows, computed on the finished result: limits and signals as further
 * columns, the points of a Lorenz curve in the place of rows, the order of drawing, and what is left out.
 *
 * Disclosure: a hidden cell is missing here as everywhere: its point isn't drawn, no limit rests on it, and what the chart
 * adds to its row is hidden too. A line or a run is broken there. A Lorenz curve is made of groups of rows in order of
 * value: each of min_cell persons at least, none of whom has more than 85% of the group's sum. No single value shows.
 * A survival or incidence curve has a step where min_cell persons have had the event since the one before, and as many are
 * still followed; how many those are is shown where as many have had any event, and as many been lost from sight.
 * Callers: run_result.c, tests. */
#ifndef LOTS_QUERY_CHART_H
#define LOTS_QUERY_CHART_H

#include "query/exec/run.h"

/* All column numbers are of the result; LOTS_CHART_NONE where a kind has no such part. In the result's arena. */
typedef struct lots_chart {
    lots_chart_kind kind;
    uint32_t x, y, n, by;    /* as lots_bound_chart has it; of LORENZ, KM and CIF x and y are the curve's columns */
    uint32_t cause;          /* CIF: the column of its states; `by` and it tell the curves apart */
    uint32_t at_risk;        /* KM, CIF */
    uint32_t value;          /* what is drawn over x: y, or the share of k in n */
    uint32_t lower, upper, lower_95, upper_95, signal;
    const char *value_name;  /* LORENZ, KM: what the curve is of */
    double centre;           /* of PCHART, XMR, FUNNEL */
    bool has_centre;
    bool trial;              /* limits of few points */
    uint32_t *order;         /* rows in the order of drawing; subtotals and totals are none of them */
    uint32_t order_count;
    uint32_t *place;         /* of each row on an axis of labels, from 0; NULL: x is a number or a day */
    uint32_t place_count;
    uint32_t hidden;         /* points not drawn since a cell is hidden */
    uint32_t left_out;       /* points not drawn since a value is missing, or k is no part of n */
} lots_chart;

/* Make the chart of a result whose columns are there. Notes (const char *, in the result's arena) are pushed to `notes`.
 *   pool      may be NULL
 *   scratch   for what is thrown away
 * Errors: LOTS_QUERY at the chart's place when two points of a line or control chart stand at the same place;
 * LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status lots_chart_make(const lots_bound_pipeline *pipeline, lots_result *result, lots_pool *pool,
                                      lots_arena *scratch, lots_vec *notes, lots_error *err);

/* Is the cell hidden by the disclosure rules? */
bool lots_chart_is_hidden(const lots_result_column *column, uint32_t row);
/* A cell as a number on an axis (of a date its day, of an interval its first); false when it is missing or has none. */
bool lots_chart_number(const lots_result_column *column, uint32_t row, double *out);

/* ---- chart_lorenz.c ---- */
/* Replace the rows by the curve's points. */
LOTS_MUST lots_status lots_chart_lorenz(lots_result *result, lots_chart *chart, lots_pool *pool, lots_arena *scratch,
                                        lots_vec *notes, lots_error *err);
/* ---- chart_survival.c ---- */
/* Replace the rows by the steps of curves. */
LOTS_MUST lots_status lots_chart_survival(const lots_bound_pipeline *pipeline, lots_result *result, lots_chart *chart,
                                          lots_arena *scratch, lots_vec *notes, lots_error *err);
/* A note made with printf. */
LOTS_MUST lots_status lots_chart_note(lots_result *result, lots_vec *notes, lots_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
