/* plan.h: `explain`: what a question will do, as an outline: the source and each stage; under them every event set with its
 * windows (resolved ends, length), its filters and code sets (codes of the registry and events they match), the chunks that
 * can be skipped, the rows expected; and the disclosure rule. With counted steps (count.h) also what really came out.
 *
 * Expected rows rest on counts of the registry (events that pass a test, days in a window, persons who have an event), taken
 * as independent; where a condition can't be judged so, they are an upper bound and say so.
 * Nothing of the question is run. Disclosure: counts of 1..k-1 persons are hidden, and what is reckoned from them. */
#ifndef LOTS_PLAN_PLAN_H
#define LOTS_PLAN_PLAN_H

#include "query/plan/count.h"

/* `options`: pool, memory and stop for scans of a column; min_cell. `counted`: NULL, or what the steps left.
 * The outline is new, to be freed by the caller, also on failure.
 * Errors: as lots_run_pipeline.   Cost: a scan of each column in which a code set or a category is looked for. */
LOTS_MUST lots_status lots_plan_make(const lots_query *query, const lots_bound_pipeline *pipeline,
                                     const lots_run_options *options, const lots_counted *counted, lots_outline *out,
                                     lots_error *err);

/* The plan as a result, without anything counted: the answer of `explain from …`. Errors: as lots_plan_make. */
LOTS_MUST lots_status lots_plan_result(const lots_query *query, const lots_bound_pipeline *pipeline,
                                       const lots_run_options *options, lots_result *out, lots_error *err);

#endif
