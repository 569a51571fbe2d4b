/* run_inner.h: what the parts of run.c share: the state of one run. Includers: run*.c only.
 *
 * A run is in one of three states: nothing read yet (!have); rows of patients in memory (rows.origin says where each came
 * from, so that a further pass over the chunks finds it again); a table of groups (no origin any more, rows.behind counts
 * the patients; rows of a table of the registry have nobody behind: rows.behind has no data). */
#ifndef LOTS_QUERY_RUN_INNER_H
#define LOTS_QUERY_RUN_INNER_H

#include "query/exec/pass.h"

#define RUN_MEMORY_DEFAULT ((size_t)4 << 30)

/* The columns that a PIVOT made: slots of the rows without an expression. */
typedef struct run_pivoted {
    const char *const *names;
    uint32_t first, count; /* slots */
} run_pivoted;

typedef struct run {
    const lots_query *query;
    const lots_bound_pipeline *pipeline;
    const lots_run_options *options;
    lots_result *result;
    lots_worker **workers;
    unsigned worker_count;
    lots_chunk_place *chunks;
    uint32_t chunk_count;
    lots_arena arena;   /* rowsets between passes */
    lots_rowset rows;
    run_pivoted pivoted;
    bool have;          /* rows are in memory */
    lots_join *joins;   /* by stage: the right sides of the JOINs */
    lots_vec parts;     /* lots_gathered: texts of rowsets point into them until the end */
    lots_vec groups;    /* lots_group: likewise */
    lots_vec notes;     /* const char * */
} run;

/* ---- run.c ---- */
/* Copied. */
LOTS_MUST lots_status run_note(run *r, lots_error *err, const char *text);
void run_add_work(lots_work *to, const lots_work *from);

/* Rows in memory before a stage; `ranked`: with the values they are ranked by. See observe.h. */
LOTS_MUST lots_status run_observe(run *r, uint32_t stage, bool again, const lots_vector *ranked, lots_error *err);
void run_spend(run *r, uint32_t stage, uint64_t start_ns);

/* ---- run_need.c ---- */
/* The expressions of a stage that ranks or sorts rows, in a fixed order: lots_expr *. */
LOTS_MUST lots_status run_breaker_exprs(const lots_bound_stage *stage, lots_vec *out, lots_error *err);
bool run_stage_needs_chunk(const lots_bound_stage *stage);

/* ---- run_breaker.c ---- */
/* `values`: those of run_breaker_exprs for the rows. */
LOTS_MUST lots_status run_apply_breaker(run *r, const lots_bound_stage *stage, const lots_vector *values, lots_error *err);

/* ---- run_sort.c ---- */
LOTS_MUST lots_status run_apply_sort(run *r, const lots_bound_stage *stage, const lots_vector *values, lots_error *err);

/* ---- run_chunks.c ---- */
/* A pass from stage `first`; *next is the stage after what it did. */
LOTS_MUST lots_status run_chunk_pass(run *r, uint32_t first, uint32_t *next, lots_error *err);
LOTS_MUST lots_status run_rows_of_group(run *r, const lots_bound_stage *stage, lots_group *group, lots_error *err);

/* ---- run_table.c ---- */
LOTS_MUST lots_status run_table_stage(run *r, const lots_bound_stage *stage, lots_error *err);
/* The rows as an instance of worker 0. */
LOTS_MUST lots_status run_instance(run *r, lots_instance **out, lots_error *err);
/* Values outlive the worker's table: copied into the run's arena. */
LOTS_MUST lots_status run_keep_vector(run *r, const lots_vector *value, lots_vector *out, lots_error *err);
/* The marks (INT, lots_mark) of a value made of a table's cells. */
LOTS_MUST lots_status run_marks_of(run *r, const lots_expr *expr, const lots_vector *value, lots_vector *out,
                                   lots_error *err);

/* ---- run_pivot.c ---- */
LOTS_MUST lots_status run_pivot_rows(run *r, const lots_bound_stage *stage, lots_error *err);

/* ---- run_join.c ---- */
/* The first stage of `from table`: its rows. */
LOTS_MUST lots_status run_table_source(run *r, const lots_bound_stage *stage, lots_error *err);
/* Run the right sides of all joins, before anything else. */
LOTS_MUST lots_status run_open_joins(run *r, lots_error *err);
void run_close_joins(run *r);
/* A JOIN on rows in memory. */
LOTS_MUST lots_status run_join_rows(run *r, const lots_bound_stage *stage, lots_error *err);

/* ---- run_result.c ---- */
/* Only what is listed is thinned out: a top 1% is of all. */
LOTS_MUST lots_status run_leave_out_protected(run *r, lots_error *err);
LOTS_MUST lots_status run_write_result(run *r, lots_error *err);

#endif
