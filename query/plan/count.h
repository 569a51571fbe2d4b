/* count.h: how many rows and persons each step of a pipeline leaves, counted while it runs: explain --analyze and --flow.
 *
 * A step is something that can leave rows out: the source, each narrowing of it, each stage. Disclosure: a number of 1..k-1
 * persons is hidden, and so is a number that would give 1..k-1 away as the difference to the last one shown, or that fell
 * because of rows of 1..k-1 persons. Of two the later is hidden.
 * Callers: query/plan, commands. */
#ifndef LOTS_PLAN_COUNT_H
#define LOTS_PLAN_COUNT_H

#include "query/plan/outline.h"
#include "query/plan/words.h"

typedef struct lots_step_count {
    uint32_t stage;             /* of the pipeline; UINT32_MAX: of the source */
    const char *kind;           /* as lots_line.kind */
    const char *text;
    bool seen, grouped;         /* grouped: rows are groups and have no persons any more */
    uint64_t rows, persons;     /* left after the step */
    uint64_t lost;              /* persons who lost rows in it */
    uint64_t ns;                /* of all threads together */
    /* what may be shown; else LOTS_HIDDEN or LOTS_WITHHELD; LOTS_NONE: there is no such number */
    int64_t shown_rows, shown_persons, rows_out, persons_out;
} lots_step_count;

typedef struct lots_counted {
    lots_arena arena;
    lots_step_count *steps;     /* 0: all patients of the registry; then the source, its narrowings, the stages */
    uint32_t step_count;
    uint32_t source_steps;      /* steps before the first stage's */
    lots_work work;             /* of a run that nobody looked on; analysed only */
    uint64_t run_ns;            /* of that run */
    uint32_t min_cell;
} lots_counted;

/* Run the pipeline and count; with `analysed`, run it once more before, unobserved, for the work and the time it takes. Of
 * `options` guard_rows and observer are not looked at: nothing but counts comes out.
 * Errors: as lots_run_pipeline. *out is empty then. */
LOTS_MUST lots_status lots_count_steps(const lots_query *query, const lots_bound_pipeline *pipeline,
                                       const lots_run_options *options, bool analysed, lots_counted *out, lots_error *err);
void lots_counted_free(lots_counted *counted);

/* A study's flow chart: the steps that leave rows out, with what is left and what was excluded. To be freed with
 * lots_result_free. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_flow_result(const lots_counted *counted, lots_result *out, lots_error *err);

#endif
