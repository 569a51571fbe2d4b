/* membership.h: who belongs to the cohorts that a query uses or defines: their sets, made when they are first needed.
 *
 * A set is taken from the catalog when generation, content, definition and program are those it was saved with; else the
 * cohort's own question is run. It is always run under the registry's own min_cell, so that a cohort doesn't depend on the
 * options of who asks, and over all persons: those who may not be listed are counted.
 * Callers: run.c, command_query.c, made.c; whoever evaluates expressions without a run. Threads: one at a time for a query. */
#ifndef LOTS_QUERY_MEMBERSHIP_H
#define LOTS_QUERY_MEMBERSHIP_H

#include "query/exec/run.h"

/* Make the sets of all cohorts that the query's expressions name. Of `options`: pool, memory_bytes, stop.
 * Errors: as lots_run_pipeline, lots_cohort_bits. */
LOTS_MUST lots_status lots_members_know(const lots_query *query, const lots_run_options *options, lots_error *err);
/* How many patients, as they may be told: 132, or <5. */
void lots_members_number(uint64_t count, uint32_t min_cell, char out[24]);
/* "cohort frail: 132 patients, 128 when saved (generation 4)": *out NULL unless the set is of another generation than the
 * saved one. Numbers of 1..min_cell-1 are hidden. */
LOTS_MUST lots_status lots_members_change(const lots_bound_cohort *cohort, const lots_registry *registry,
                                          uint32_t min_cell, lots_arena *arena, const char **out, lots_error *err);
/* A pipeline that ends with `into cohort`: its set in pipeline->into, and a result of one row: the name and how many. */
LOTS_MUST lots_status lots_members_run(const lots_query *query, const lots_bound_pipeline *pipeline,
                                       const lots_run_options *options, lots_result *out, lots_error *err);

#endif
