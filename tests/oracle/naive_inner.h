/* naive_inner.h: what the files of the naive implementation share.
 *
 * Idea: names are looked up through linked scopes, innermost first: the columns of an event, the columns derived for a
 * row, the arguments of a function, the patient. An event set is an array of events of one patient in the total order.
 * An error is written down once in the run; from then on everything may go on with missing values.
 *
 *   naive_order.c     rows → events in the total order, spans, ghosts
 *   naive_eval.c      names, operators
 *   naive_condition.c logic, comparing, in
 *   naive_set.c       narrowing, union, minus, as-of
 *   naive_episode.c   episodes, steps
 *   naive_call.c      functions of values
 *   naive_aggregate.c aggregates over an event set
 *   naive_group.c     aggregates and ranks over rows
 *   naive_survival.c  those of times to an event
 *   naive_active.c    active periods, paths
 *   naive_class.c     classifications
 *   naive_match.c     patterns
 *   naive_lookup.c    tables of the registry, joins
 *   naive_rows.c      stages that keep rows what they are, and each
 *   naive_cells.c     groups, totals, pivot
 *   naive_pipeline.c  statements, sources and pipelines */
#ifndef LOTS_TESTS_NAIVE_INNER_H
#define LOTS_TESTS_NAIVE_INNER_H

#include "tests/oracle/naive.h"

typedef struct naive_shape {
    const char **names;
    uint32_t count;
} naive_shape;

typedef struct naive_event {
    const naive_shape *shape;
    const naive_value *cells;         /* by shape; `end` as the language sees it, `stream` after the stream's own */
    uint32_t patient;
    uint32_t stream;                  /* UINT32_MAX: an episode or a step */
    uint32_t place;                   /* in the order of its stream */
    int64_t start;
    int64_t minute, raw_end;          /* INT64_MAX: missing */
    int64_t rank;                     /* of the level */
    const char *level;                /* NULL: missing */
    const naive_value *key;           /* of an episode per key; NULL: none */
    const struct naive_event *first;  /* the first event of an episode or step; NULL: a record */
    bool open, ghost;
    bool has_span_end;
    int64_t span_end;                 /* where the span ends */
} naive_event;

typedef struct naive_events {
    const naive_event **items;
    uint32_t count;
    const char *alias;
} naive_events;

typedef struct naive_column {
    const char *name;
    naive_value value;
} naive_column;

typedef enum naive_scope_kind { NAIVE_SCOPE_PATIENT, NAIVE_SCOPE_EVENT, NAIVE_SCOPE_COLUMNS } naive_scope_kind;

typedef struct naive_scope {
    const struct naive_scope *outer;
    naive_scope_kind kind;
    uint32_t patient;
    const char *alias;           /* EVENT, PATIENT */
    const naive_event *event;    /* EVENT */
    const naive_column *columns; /* COLUMNS */
    uint32_t column_count;
} naive_scope;

/* A row of a pipeline. */
typedef struct naive_line {
    uint32_t patient;            /* UINT32_MAX: a group, or a row of a table */
    const naive_event *event;    /* NULL: a patient or a group */
    naive_column *columns;
    uint32_t column_count;
    uint32_t *behind;            /* the patients of a group, rising */
    uint32_t behind_count;
    uint32_t totals;             /* how many of its keys are totals */
} naive_line;

typedef struct naive_lines {
    naive_line *items;
    uint32_t count;
    const char *alias;
    const char **names;          /* columns, the same for all */
    uint32_t column_count;
    bool aggregated;
    bool shown;                  /* the columns are all there is to see */
    bool nobody;                 /* rows of a table, or made of such rows */
    bool thinned;                /* groups were left out */
    bool persons;                /* rows, or what groups were made of, are persons, each once */
    bool disjoint;               /* no person is behind two of them */
    bool at_most;               /* the persons behind a row may be counted too high: see naive_table */
    const bool *is_key;          /* of each column: a key of groups, and a number that is 0 of a group without rows */
    const bool *is_zero;
} naive_lines;

/* Where an expression stands. */
typedef struct naive_env {
    const naive_scope *scope;
    const naive_lines *lines;    /* the rows entering the stage: for top, rank, percentile, share */
    uint32_t line;               /* the row's number among them */
    const naive_lines *group;    /* the rows an aggregate reduces; NULL: none may stand here */
    const naive_events *members; /* of the episode whose column is computed; NULL: none */
} naive_env;

typedef struct naive_let {
    const lots_ast_statement *statement;
    naive_value **of; /* of each patient, as far as it was asked for: a definition without arguments has one value each */
    struct naive_let *lets; /* the argument of a table: those of its caller, of which it sees so many. NULL: it sees … */
    uint32_t visible;       /* … what stands before it */
} naive_let;

/* What rank, top and the like need of all rows entering a stage, kept so that a stage is quadratic and no more. */
typedef struct naive_ranking {
    const struct naive_ranking *next;
    const lots_ast_call *call;
    const naive_lines *lines;
    uint32_t column_count;
    naive_value *values, *keys;
} naive_ranking;

/* The arguments of a function that aggregates rows: evaluated where they are used, once a row. */
typedef struct naive_thunks {
    const struct naive_thunks *outer;
    const lots_ast_names *names;
    const lots_ast_call *call;
    uint32_t visible; /* of the caller */
} naive_thunks;

typedef struct naive_cohort {
    const struct naive_cohort *next;
    const char *name;
    const uint32_t *patients;
    uint32_t count;
} naive_cohort;

struct naive_classes;

typedef struct naive_run {
    const naive_data *data;
    lots_arena *arena;
    lots_error *err;
    bool failed;
    const char *why;
    naive_let *lets;
    uint32_t let_count;
    const naive_ranking *rankings;
    const naive_thunks *thunks;
    const naive_cohort *cohorts;
    const struct naive_classes *classes; /* read so far */
    const naive_value *lookup_day;       /* said by `at`; NULL: the event's */
    uint32_t visible;            /* lets a closed definition sees: the earlier ones */
} naive_run;

void *naive_get(naive_run *run, size_t count, size_t size);
/* Note the first error. Gives a missing value. */
naive_value naive_refuse(naive_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A value somebody needs: FAILED becomes an error. */
void naive_need(naive_run *run, const naive_value *value);

int naive_event_compare(const naive_event *a, const naive_event *b);
/* NULL when the event has no such column. */
const naive_value *naive_event_cell(const naive_event *event, const char *name);

naive_value naive_eval(naive_run *run, const naive_env *env, const lots_ast_node *node);
bool naive_holds(naive_run *run, const naive_env *env, const lots_ast_node *node);
/* A bare word that names nothing is its own text: a value of a category. */
naive_value naive_eval_word(naive_run *run, const naive_env *env, const lots_ast_node *node);
/* A condition: true, false or missing. */
naive_value naive_truth_of(naive_run *run, naive_value value);
/* `deciding`: the truth that decides alone, as false does in `and`. */
naive_value naive_kleene(naive_run *run, const naive_env *env, const lots_ast_list *list, bool deciding);
naive_value naive_comparison(naive_run *run, const naive_env *env, const lots_ast_node *node);
naive_value naive_contains(naive_run *run, const naive_env *env, const lots_ast_node *node);
naive_value naive_in(naive_run *run, const naive_env *env, const lots_ast_node *node);
naive_value naive_equal(naive_run *run, const naive_value *a, const naive_value *b);
bool naive_patient_of(const naive_env *env, uint32_t *out);
const naive_let *naive_find_let(const naive_run *run, const char *name);
naive_value naive_call_let(naive_run *run, const naive_env *env, const naive_let *let, const lots_ast_call *call);
/* See from here on what the definition does. */
void naive_see(naive_run *run, const naive_let *let);
/* A scope of the event inside the environment's. */
naive_env naive_inside(const naive_env *env, const naive_event *event, const char *alias, naive_scope *scope);

naive_value naive_events_value(naive_run *run, const naive_event **items, uint32_t count, const char *alias);
naive_value naive_stream_events(naive_run *run, const naive_env *env, uint32_t stream);
naive_value naive_narrowed(naive_run *run, const naive_env *env, const lots_ast_node *node);
naive_value naive_narrow(naive_run *run, const naive_env *env, const naive_value *base, const lots_ast_narrow *step);
naive_value naive_combined(naive_run *run, const naive_env *env, const lots_ast_node *node);
naive_value naive_as_of(naive_run *run, const naive_env *env, const naive_value *base, const char *name,
                        const naive_value *day);
bool naive_span_covers(const naive_event *event, int64_t first, int64_t last);
naive_value naive_episodes(naive_run *run, const naive_env *env, const lots_ast_call *call);
naive_value naive_steps(naive_run *run, const naive_env *env, const lots_ast_call *call);
/* A column's name when none is given: its name, or its text. */
const char *naive_printed(naive_run *run, const lots_ast_node *node);
const lots_ast_clause *naive_clause(const lots_ast_call *call, lots_ast_clause_kind kind);
/* Sort in place by keys, ties as they were. */
void naive_sort_events(naive_run *run, const naive_env *env, const lots_ast_keys *keys, const naive_event **items,
                       uint32_t count, const char *alias);

naive_value naive_call(naive_run *run, const naive_env *env, const lots_ast_call *call);
naive_value naive_argument(naive_run *run, const naive_env *env, const lots_ast_call *call, uint32_t index);
/* False when the name is no aggregate over events. */
bool naive_event_aggregate(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out);
/* False when the name is no aggregate over rows. */
bool naive_row_aggregate(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out);
bool naive_row_function(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out);
bool naive_has_row_aggregate(const naive_run *run, const lots_ast_node *node);
/* Of the `count` values, missing ones left out by the caller: sum, mean, median, min, max, quantile, sd. `p` of quantile. */
naive_value naive_reduce(naive_run *run, const char *name, const naive_value *values, uint32_t count,
                         const naive_value *p);
/* Of numeric values. What is whole or decimal is added exactly, so that what should cancel does. */
long double naive_total(const naive_value *values, uint32_t count);
/* The same of each times 2 (i + 1) - count - 1, i its place. */
long double naive_ranked_total(const naive_value *values, uint32_t count);
/* Rising. */
void naive_sort_values(naive_value *values, uint32_t count);
naive_value naive_distinct(naive_run *run, const naive_value *values, uint32_t count);
/* ceil(p x n) of a percentage, or the number itself; false when it is none. */
bool naive_how_many(const naive_value *size, uint32_t rows, int64_t *out);
/* Is value number `index` among the `size` largest (or smallest) of those present, ties with the last included? */
bool naive_among_top(const naive_value *values, const bool *present, uint32_t count, uint32_t index, int64_t size,
                     bool smallest);

/* The patients behind the rows, rising. */
uint32_t naive_patients_of(naive_run *run, const naive_lines *lines, uint32_t **out);
naive_env naive_line_env(naive_run *run, const naive_lines *lines, uint32_t index);
naive_lines naive_pipeline(naive_run *run, const lots_ast_pipeline *pipeline);
void naive_add_line(naive_run *run, naive_lines *lines, uint32_t patient, const naive_event *event);
naive_lines naive_copy_lines(naive_run *run, const naive_lines *lines);
naive_lines naive_subset(naive_run *run, const naive_lines *lines, const bool *keep);
/* The same rows with a column more, of these values. */
void naive_put_column(naive_run *run, naive_lines *lines, const char *name, const naive_value *values);
const char *naive_item_name(naive_run *run, const lots_ast_item *item);

naive_lines naive_where(naive_run *run, const naive_lines *lines, const lots_ast_node *node);
naive_lines naive_derive(naive_run *run, const naive_lines *lines, const lots_ast_items *items);
naive_lines naive_top(naive_run *run, const naive_lines *lines, const lots_ast_stage *stage);
naive_lines naive_sort(naive_run *run, const naive_lines *lines, const lots_ast_keys *keys);
naive_lines naive_limit(naive_run *run, const naive_lines *lines, const lots_ast_node *node);
naive_lines naive_each(naive_run *run, const naive_lines *lines, const lots_ast_stage *stage);
naive_lines naive_group(naive_run *run, const naive_lines *lines, const lots_ast_items *keys, bool totals,
                        const lots_ast_items *show);
naive_lines naive_show(naive_run *run, const naive_lines *lines, const lots_ast_items *items);
naive_lines naive_pivot(naive_run *run, const naive_lines *lines, const char *key);
naive_lines naive_join(naive_run *run, const naive_lines *lines, const lots_ast_stage *stage);

/* The rows of a table of the registry; -1: there is none of this name. */
int32_t naive_find_table(const naive_run *run, const char *name);
naive_lines naive_table_lines(naive_run *run, uint32_t table);
/* The column of the row that a key of a table leads to. False when no table has such a column. */
bool naive_look_up(naive_run *run, const naive_value *key, const char *name, naive_value *out);
naive_lines naive_match(naive_run *run, const lots_ast_pattern *pattern);
/* The rows of a table that a let names, called with these arguments (NULL: none); false when it is none. */
bool naive_let_table(naive_run *run, const char *name, const lots_ast_call *call, naive_lines *out);

naive_value naive_active(naive_run *run, const naive_env *env, const lots_ast_call *call);
naive_value naive_path(naive_run *run, const naive_env *env, const lots_ast_call *call);
/* km, km_quantile, cif of the rows of the group. False when the name is none of these. */
bool naive_survival(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out);
/* groups(), score(), or a classification's own name. False when the call is none of these. */
bool naive_classify(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out);
/* .chapter and .block of a code or of a list. */
naive_value naive_code_class(naive_run *run, const naive_value *codes, const char *name);
/* The values of x over the events, missing ones left out, sets element by element. FAILED when one of them is. */
naive_value naive_values_over(naive_run *run, const naive_env *env, const naive_events *events, const lots_ast_node *x);

#endif
