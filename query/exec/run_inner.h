/* run_inner.h: what the parts of run.c share: the state of one run. Includers: run*.c only.
 *
 * A run is in one of three states: nothing read yet (!have); rows of patients in memory (rows.patient says where each came
 * from, so that a further pass over the chunks finds it again); a table of groups (no patient any more, rows.behind counts
 * them; rows of a table of the registry have nobody behind: rows.behind has no data). */
#ifndef LOTS_QUERY_RUN_INNER_H
#define LOTS_QUERY_RUN_INNER_H

#include "query/exec/pass.h"

#define RUN_MEMORY_DEFAULT ((size_t)4 << 30)
#define RUN_CARRIED_MAX 8u

/* The columns that a PIVOT made: slots of the rows without an expression. */
typedef struct run_pivoted {
    const char *const *names;
    uint32_t first, count; /* slots */
} run_pivoted;

/* What the stages up to the next group, or the answer, ask for. */
typedef struct run_ahead {
    bool chunk;                          /* something of the chunks, */
    bool carry;                          /* and that is only these columns of the patients: */
    lots_expr *columns[RUN_CARRIED_MAX];
    uint32_t column_count;
} run_ahead;

/* The stages that rank the rows of a pass: one; or several FUNCTIONS that look at nothing which those before have made, and
 * between them DERIVEs that need no chunk. */
typedef struct run_breakers {
    const lots_bound_stage *stages;
    uint32_t count;
} run_breakers;

/* What a pass is to keep of its rows, and where it goes. */
typedef struct run_kept {
    lots_kept *columns;
    uint32_t *slots;     /* by column: its slot of the rows; those beyond stay_count only until the rows are ranked */
    uint32_t count;
    uint32_t slot_count, stay_count;
    uint32_t *carried;   /* as run.carried, of the rows that come */
    struct {
        lots_expr **exprs; /* those of run_breaker_exprs; NULL: a key of numbered strata */
        uint32_t *slots;   /* by expression */
        uint32_t count;
        uint32_t *strata;  /* by top of all of them: its column; UINT32_MAX: no strata, or to be numbered */
        uint32_t top_count;
    } ranks;
} run_kept;

/* What rows are ranked or sorted by. */
typedef struct run_ranked {
    const lots_vector *values; /* of run_breaker_exprs; those of a `per` are empty where its strata are numbered */
    uint32_t *const *stratum;  /* by top, and how many: numbers of the rows' strata; NULL, or one NULL: not numbered yet */
    const uint32_t *strata;
} run_ranked;

typedef struct run {
    const lots_query *query;
    const lots_bound_pipeline *pipeline;
    const lots_run_options *options;
    lots_result *result;
    lots_worker **workers;
    unsigned worker_count;
    lots_chunk_place *chunks;
    uint32_t chunk_count;
    lots_budget *budget;/* what all may hold: rows, groups, what workers have of a chunk */
    lots_arena arena;   /* rowsets between passes */
    lots_rowset rows;
    run_pivoted pivoted;
    bool have;          /* rows are in memory */
    lots_join *joins;   /* by stage: the right sides of the JOINs */
    uint32_t *carried;  /* rows of patients: by column of the patients its slot, UINT32_MAX: none; NULL: no column is carried */
    lots_vec parts;     /* lots_gathered: rowsets lie in them until the end */
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
LOTS_MUST lots_status run_stage_needs_chunk(const lots_bound_stage *stage, bool *out, lots_error *err);
/* Those from `stage` on; none at the end. */
LOTS_MUST lots_status run_find_breakers(const run *r, uint32_t stage, run_breakers *out, lots_error *err);
/* After the rows of a pass are ranked. `slots`: bits of their slots, those that are read are set. */
LOTS_MUST lots_status run_look_ahead(const run *r, const run_breakers *breakers, uint64_t *slots, run_ahead *out,
                                     lots_error *err);
uint32_t run_breaker_expr_count(const lots_bound_stage *stage);
/* How many rankings a TOP or FUNCTIONS has. */
static inline uint32_t run_top_count(const lots_bound_stage *stage)
{
    return stage->kind == LOTS_STAGE_TOP ? 1 : stage->kind == LOTS_STAGE_FUNCTIONS ? stage->function_count : 0;
}
static inline const lots_top *run_top_of(const lots_bound_stage *stage, uint32_t index)
{
    return stage->kind == LOTS_STAGE_TOP ? &stage->top : &stage->functions[index].top;
}

/* ---- run_kept.c ---- */
/* What a pass keeps for the stages after it, and those after them. */
LOTS_MUST lots_status run_keep(run *r, const run_breakers *breakers, run_kept *out, lots_error *err);
/* Rows that were kept become the run's, which lie in `rows` from now on. */
LOTS_MUST lots_status run_take_kept(run *r, const run_kept *kept, const lots_gathered *rows, run_ranked *out,
                                    lots_error *err);

/* ---- run_breaker.c ---- */
LOTS_MUST lots_status run_apply_breaker(run *r, const lots_bound_stage *stage, const run_ranked *ranked, lots_error *err);

/* ---- run_sort.c ---- */
LOTS_MUST lots_status run_apply_sort(run *r, const lots_bound_stage *stage, const lots_vector *values, lots_error *err);

/* ---- run_chunks.c ---- */
/* A pass from stage `first`; *next is the stage after what it did. */
LOTS_MUST lots_status run_chunk_pass(run *r, uint32_t first, uint32_t *next, lots_error *err);
/* Can what begins at `stage` go to a group in memory, many rows at a time? */
LOTS_MUST lots_status run_is_memory_pass(const run *r, uint32_t stage, bool *out, lots_error *err);
LOTS_MUST lots_status run_memory_pass(run *r, uint32_t first, uint32_t *next, lots_error *err);
/* The stage after those that a pass from `first` on can do. */
uint32_t run_end_of_pass(const lots_bound_pipeline *pipeline, uint32_t first);
LOTS_MUST lots_status run_rows_of_group(run *r, const lots_bound_stage *stage, lots_group *group, lots_error *err);

/* ---- run_shared.c ---- */
/* Count what waits towards the run's budget; where there is no room for it, it no longer waits. */
void run_shared_hold(run *r);
/* The groups of a pass from the first stage on, with those of other pipelines that begin alike; *done false: it is to be made by
 * itself, and nothing was. */
LOTS_MUST lots_status run_shared_pass(run *r, lots_pass *pass, bool *done, lots_error *err);

/* ---- run_table.c ---- */
LOTS_MUST lots_status run_table_stage(run *r, const lots_bound_stage *stage, lots_error *err);
/* The rows as an instance of worker 0. */
LOTS_MUST lots_status run_instance(run *r, lots_instance **out, lots_error *err);
/* Values outlive the worker's table: copied into the run's arena. */
LOTS_MUST lots_status run_keep_vector(run *r, const lots_vector *value, lots_vector *out, lots_error *err);
/* Is the expression a key of the table's groups? */
bool run_is_key(const run *r, const lots_expr *expr);
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
