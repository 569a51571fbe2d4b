/* bind_internal.h: what the files of the binder share. Not for others.
 *
 *   bind.c           the entry: statements, parameters, includes, the library
 *   bind_scope.c     scopes and names; making expressions; folding constants
 *   bind_value.c     values of any kind: literals, logic, ranges, lists
 *   bind_compare.c   comparisons, `in`, `contains`, words beside categories
 *   bind_arithmetic.c  + - * / // ^
 *   bind_member.c    `x.name`, `x at day`
 *   bind_type.c      casts, intervals
 *   bind_call.c      functions of values
 *   bind_aggregate.c aggregates over event sets and over rows
 *   bind_rate.c      rates that leave the living out
 *   bind_survival.c  km, km_quantile, cif
 *   bind_set.c       event sets, narrowing, windows
 *   bind_relation.c  relations: streams, episodes, steps, active periods, union, minus
 *   bind_match.c     patterns: from match …
 *   bind_path.c      path(E by x)
 *   bind_codes.c     code sets and category words
 *   bind_classes.c   classifications: groups, scores, chapters
 *   bind_table.c     the registry's tables: look-ups; values as of a day
 *   bind_cohort.c    saved cohorts: their names, `into cohort`
 *   bind_pipeline.c  sources and the order of stages; bind_stage.h lists the files of the stages
 *
 * A name is bound afresh at each use: a let is a *lazy* value, a piece of tree with the scope it closed over. */
#ifndef LOTS_QUERY_BIND_INTERNAL_H
#define LOTS_QUERY_BIND_INTERNAL_H

#include "core/base/vec.h"
#include "query/lang/bound.h"
#include "query/lang/parse.h"
#include "query/lang/suggest.h"

#define BIND_LETS_DEEP 50u /* lets within lets within lets … */
#define BIND_FRAMES_DEEP 60u
#define BIND_NAMES_MAX 5000u    /* of the columns of one kind of rows */
#define BIND_GLOBALS_MAX 10000u /* of a query, its includes and the library */
#define BIND_PARAMETERS_MAX 100u /* of a function */
#define BIND_NODES_MAX 500000u /* functions that multiply their arguments end here, before the memory does */

typedef enum scope_kind {
    SCOPE_PATIENT, /* the outermost */
    SCOPE_ROWS,    /* a pipeline's rows */
    SCOPE_ELEMENT, /* an element of an event set */
    SCOPE_TABLE,   /* rows after aggregates: nothing beyond */
    SCOPE_ARGS     /* the parameters of a let; beyond is only SCOPE_PATIENT */
} scope_kind;

typedef struct scope scope;

typedef enum value_kind {
    VALUE_NONE, /* no such name */
    VALUE_EXPR,
    VALUE_SET,   /* an event set, `single` ones too when they stand as a set */
    VALUE_CODES, /* a literal of codes: means something only beside a column */
    VALUE_RANGE, /* low..high of numbers; either may be NULL */
    VALUE_TUPLE, /* (a, b) of several types */
    VALUE_TABLE  /* a let that names a pipeline */
} value_kind;

/* An event set being bound, with the scope in which its filters and what is aggregated over it stand. */
typedef struct bound_set {
    lots_set *set;
    scope *element;
} bound_set;

typedef struct value {
    value_kind kind;
    lots_expr *expr; /* EXPR */
    bound_set set;   /* SET */
    const lots_ast_node *node; /* CODES */
    lots_expr *low, *high;     /* RANGE */
    lots_expr **fields;        /* TUPLE */
    uint32_t field_count;
} value;

/* Which globals can be named: those below `visible`, and in the pipeline of a let with parameters its arguments, which are
 * globals too: argument_count of them from argument_first on. */
typedef struct sight {
    uint32_t visible;
    uint32_t argument_first, argument_count;
} sight;

/* A name of a scope: a value already bound, or lazy. */
typedef struct named {
    const char *name;
    uint32_t bytes;
    const lots_ast_node *node; /* lazy: bound at use in `scope`, seeing the globals of `sight` */
    scope *where;
    sight sight;
    struct aggregation *into;  /* lazy, an argument in group by / show: what its own aggregates over rows go to */
    value bound;               /* else … */
    uint32_t uses;             /* … and how often the name was looked up */
} named;

struct scope {
    scope_kind kind;
    scope *outer;
    uint32_t frame;
    uint32_t relation; /* ELEMENT, ROWS over a relation; UINT32_MAX: none */
    const char *alias;
    uint32_t alias_bytes;
    lots_vec names;    /* named: derived columns, table columns, arguments. In the arena's care through binder.vecs */
};

typedef enum global_kind { GLOBAL_PARAM, GLOBAL_LET, GLOBAL_TABLE } global_kind;

typedef struct global {
    global_kind kind;
    const lots_ast_statement *statement;
    uint64_t hash;              /* of its name: of thousands of lets each is compared with all before it */
    const lots_ast_node *value; /* PARAM, LET: what it stands for now */
    bool library;               /* of the shipped library: a user's name may hide it */
    bool over_rows;             /* LET: an aggregate over rows stands in it */
    bool used;                  /* something was bound through it: what is saved as a cohort needs it */
    bool argument;              /* LET: of the call of a table, there as long as its question is bound; it sees … */
    sight sight;                /* … what the caller does */
} global;

/* A file read in place of a call: codes('set.csv'). */
typedef struct bound_file {
    const lots_ast_call *call;
    const lots_ast_node *node;
} bound_file;

/* The cohorts whose texts are being bound, innermost first: none of them may be met again. */
typedef struct cohort_place {
    const char *name;
    const struct cohort_place *around;
    uint32_t depth;
} cohort_place;

/* What group by / show collect while their right-hand sides are bound. */
typedef struct aggregation {
    scope *rows;      /* aggregates' operands stand here; in the body of a let: its parameters over those rows */
    uint32_t table_frame;
    const lots_vec *keys; /* lots_named_expr, in the frame of the rows */
    uint32_t key_count;
    lots_vec *aggs;   /* lots_row_agg */
} aggregation;

/* What a row stage collects: functions over all rows, to be computed before it. */
typedef struct hoisting {
    lots_vec functions; /* lots_row_function */
} hoisting;

typedef struct binder {
    lots_registry *registry;
    const lots_schema *schema;
    lots_arena *arena;
    lots_error *err;
    lots_query *query;
    const lots_bind_options *options;
    lots_sources *sources;
    const char **folders;  /* of each source: what paths in it are relative to */
    lots_vec frames, relations, relation_depths, notes, globals, pipelines;
    lots_vec relation_nodes; /* const lots_ast_node *: the text that made a relation, when it means one thing; else NULL */
    lots_vec groupings;    /* const lots_grouping *: the classifications in use */
    lots_vec scopes;       /* scope *: to free their name lists */
    scope *root;           /* the patients */
    sight sight;           /* the globals that can be named now */
    uint32_t let_depth;
    uint32_t joins;        /* bound so far */
    uint32_t nodes;
    aggregation *aggregation; /* NULL outside group by / show */
    const lots_ast_call *inside; /* the aggregate of rows whose arguments are bound; NULL: none */
    hoisting *hoisting;       /* NULL where no row function may stand */
    struct pipeline_state *pipeline; /* the pipeline being bound */
    const lots_ast_pattern *pattern; /* whose step number pattern_step is being bound; NULL: none */
    uint32_t pattern_step;
    const lots_ast_pipeline *question; /* the outermost pipeline being bound */
    struct cohort_book *book;  /* cohorts; shared with the binders of their texts */
    const cohort_place *place; /* the cohort whose text this is; NULL: a query */
    lots_vec cohorts;          /* lots_bound_cohort *: those used */
    lots_vec files;            /* bound_file */
    uint32_t library_end;      /* source 0 is the text itself; those from 1 below this are of the library */
} binder;

/* ---- bind.c ---- */
/* The path of a file that a text names: relative to the folder of that text, unless it begins with a slash. *out is the
 * caller's to free. */
LOTS_MUST lots_status bind_path_of(binder *b, const lots_ast_text *name, uint32_t source, char **out);
/* The text of a cohort, as a query of its own in the arena of `b`. Errors are about that text. */
LOTS_MUST lots_status bind_cohort_text(binder *b, const cohort_place *place, const char *text, lots_query **out);

/* ---- bind_scope.c ---- */
LOTS_MUST lots_status bind_scope_new(binder *b, scope_kind kind, scope *outer, uint32_t frame, uint32_t relation,
                                     scope **out);
LOTS_MUST lots_status bind_scope_add(binder *b, scope *where, const char *name, uint32_t bytes, const value *bound);
LOTS_MUST lots_status bind_scope_add_lazy(binder *b, scope *where, const char *name, uint32_t bytes,
                                          const lots_ast_node *node, scope *closed, const sight *seen);
LOTS_MUST lots_status bind_frame_new(binder *b, lots_frame_kind kind, uint32_t parent, uint32_t relation,
                                     const char *name, uint32_t *out);
/* The error for a column beyond BIND_NAMES_MAX. */
lots_status bind_too_many_columns(binder *b, lots_ast_span span);
lots_frame *bind_frame(binder *b, uint32_t frame);
lots_relation *bind_relation(binder *b, uint32_t relation);
/* The innermost scope whose alias it is; NULL. */
scope *bind_find_alias(scope *from, const lots_ast_name *name);
/* Is there a patient to whom what stands in this scope belongs? Not so of groups, and of a table's rows. */
bool bind_of_patient(const scope *from);
/* Look a bare name up. VALUE_NONE when it is nothing (no error). Errors: ambiguity, and those of binding what it names. */
LOTS_MUST lots_status bind_name(binder *b, scope *from, const lots_ast_name *name, value *out);
/* The error for a name that is nothing, with the nearest of all names in sight. */
lots_status bind_unknown(binder *b, scope *from, const lots_ast_name *name);
/* Column of a scope's own relation (or of the patients), as an expression; *out NULL when there is none. */
LOTS_MUST lots_status bind_column(binder *b, scope *from, const char *name, uint32_t bytes, lots_ast_span span,
                                  lots_expr **out);
/* The type a stored column has in queries. */
lots_type bind_column_type(binder *b, const lots_column *column);
/* What a global keeps of its name. */
uint64_t bind_name_hash(const char *name, uint32_t bytes);
/* Find a global in sight; UINT32_MAX when none. */
uint32_t bind_find_global(const binder *b, const char *name, uint32_t bytes);
LOTS_MUST lots_status bind_global(binder *b, uint32_t number, scope *from, const lots_ast_call *call, value *out);
/* Does a let take the arguments of this call (NULL: none)? */
LOTS_MUST lots_status bind_check_arguments(binder *b, const global *item, const lots_ast_call *call, lots_ast_span span);
/* A warning about a place, and a fact that the answer rests on; either is said once. */
LOTS_MUST lots_status bind_note(binder *b, lots_ast_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
LOTS_MUST lots_status bind_fact(binder *b, lots_ast_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Making expressions. `depths` and `frame` follow from the operands. Folds constants. */
LOTS_MUST lots_status bind_expr(binder *b, lots_op op, lots_type type, lots_ast_span span, lots_expr *const *operands,
                                uint32_t count, lots_expr **out);
LOTS_MUST lots_status bind_constant(binder *b, lots_type type, lots_constant constant, lots_ast_span span,
                                    lots_expr **out);
LOTS_MUST lots_status bind_int(binder *b, lots_type_kind kind, int64_t i, lots_ast_span span, lots_expr **out);
/* Let an expression depend on these depths, its frame be the innermost; `chain` is a frame on whose chain they lie. */
void bind_depend(binder *b, lots_expr *expr, uint64_t depths, uint32_t chain);
lots_type bind_type(lots_type_kind kind);
uint64_t bind_frame_bit(binder *b, uint32_t frame);

/* ---- bind_rate.c ---- */
/* Warns where a rate's condition is missing of those who have no day of death. */
LOTS_MUST lots_status bind_rate_of_living(binder *b, const lots_expr *condition, lots_ast_span span);
/* Warns where it is top(…) of the same rows, reduced to one: `key_count` keys group them. */
LOTS_MUST lots_status bind_rate_of_top(binder *b, const lots_expr *condition, uint32_t key_count, lots_ast_span span);

/* ---- bind_type.c ---- */
LOTS_MUST lots_status bind_cast(binder *b, lots_expr *from, const lots_type *to, const char *what, lots_expr **out);
/* One type for both: numbers promoted, missing given the other's type. Errors: LOTS_QUERY naming both. */
LOTS_MUST lots_status bind_unify(binder *b, lots_expr **left, lots_expr **right, lots_ast_span span, const char *what);
LOTS_MUST lots_status bind_to_float(binder *b, lots_expr *from, lots_expr **out);
/* Is it the word `missing`, or a name of it: a value of no type yet? */
bool bind_is_untyped(const lots_expr *x);
/* What is untyped becomes a missing value of this kind; anything else stays as it is. */
LOTS_MUST lots_status bind_give_type(binder *b, lots_expr **x, lots_type_kind kind);
/* A value where an interval is required: years of ints. */
LOTS_MUST lots_status bind_as_interval(binder *b, const value *from, lots_ast_span span, lots_expr **out);
/* The day an interval begins or ends, for windows: *out NULL when it is open on that side. */
LOTS_MUST lots_status bind_interval_side(binder *b, lots_expr *interval, bool end, lots_expr **out);
lots_status bind_wrong_type(binder *b, const lots_expr *expr, const char *wanted);

/* ---- bind_value.c ---- */
/* What the node says, written as `explain` writes it; in the query's arena. */
LOTS_MUST lots_status bind_text_of(binder *b, const lots_ast_node *node, const char **out);
LOTS_MUST lots_status bind_value(binder *b, scope *where, const lots_ast_node *node, value *out);
/* A value that must be a plain expression (a single event is one). */
LOTS_MUST lots_status bind_scalar(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
LOTS_MUST lots_status bind_condition(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
LOTS_MUST lots_status bind_date(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
LOTS_MUST lots_status bind_interval(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
/* A value beside one of type `beside`: bare words are its categories, texts its codes. */
LOTS_MUST lots_status bind_beside(binder *b, scope *where, const lots_ast_node *node, const lots_type *beside,
                                  lots_expr **out);

/* `node`, a member, of what is left of its dot. */
LOTS_MUST lots_status bind_member_of(binder *b, scope *where, const value *base, const lots_ast_node *node,
                                     lots_expr **out);

/* ---- bind_table.c ---- */
/* Are the rows as they are now those of a table of the registry, or groups of such? */
bool bind_is_about_nobody(const binder *b);
/* Are the rows a pivot's? (bind_pivot.c) */
bool bind_is_pivoted(const binder *b);
/* unit.region: `node`'s member of a category that keys a table, as of a day; day NULL: none was said. */
LOTS_MUST lots_status bind_lookup(binder *b, lots_expr *key, const lots_ast_node *node, lots_expr *day, lots_expr **out);
/* `node at day`, node a member: of records, of an event, or of a table's key. */
LOTS_MUST lots_status bind_member_at(binder *b, scope *where, const lots_ast_node *node, lots_expr *day,
                                     lots_ast_span span, lots_expr **out);

/* ---- bind_compare.c, bind_arithmetic.c, bind_member.c: nodes of these kinds ---- */
LOTS_MUST lots_status bind_compare(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
LOTS_MUST lots_status bind_in(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
LOTS_MUST lots_status bind_contains(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
LOTS_MUST lots_status bind_binary(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
LOTS_MUST lots_status bind_negate(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
LOTS_MUST lots_status bind_member(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);
LOTS_MUST lots_status bind_at(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);

/* ---- bind_call.c, bind_aggregate.c, bind_aggregate_rows.c ---- */
LOTS_MUST lots_status bind_call(binder *b, scope *where, const lots_ast_node *node, value *out);
/* Is it the name of a function of the language (those that lets define apart)? */
bool bind_is_function(const lots_ast_name *name);
/* *done false when the call is no aggregate over an event set or rows. */
LOTS_MUST lots_status bind_aggregate(binder *b, scope *where, const lots_ast_node *node, bool *done, value *out);
/* An aggregate in the items of episodes: its operands stand in the members. */
LOTS_MUST lots_status bind_member_aggregate(binder *b, scope *where, bound_set *members, const lots_ast_node *node,
                                            lots_expr **out);
/* Any aggregate of x over a set, x standing in its elements; the type is that of x or what the operator always gives. */
LOTS_MUST lots_status bind_aggregate_over(binder *b, scope *where, lots_op op, bound_set *set, lots_expr *x,
                                          lots_ast_span span, lots_expr **out);
/* Does an aggregate over rows stand in the value, or in a let it names: outside the operands of aggregates over events?
 * `params` (may be NULL) hide lets of the same names. */
bool bind_has_row_aggregate(const binder *b, const lots_ast_node *node, const lots_ast_names *params);
/* km, km_quantile, cif: what `agg` wants besides its value. `table`: where a key of the groups is found. */
LOTS_MUST lots_status bind_survival(binder *b, scope *table, const aggregation *into, const lots_ast_node *node,
                                    lots_row_agg *agg);
const lots_ast_clause *bind_clause(const lots_ast_call *call, lots_ast_clause_kind kind);
LOTS_MUST lots_status bind_no_clauses(binder *b, const lots_ast_call *call);
/* The error for a call of `wanted` arguments that has another number of them; `where` is said after it, as " here". */
lots_status bind_wrong_count(binder *b, const lots_ast_call *call, uint32_t wanted, const char *where, lots_ast_span span);

/* ---- bind_set.c ---- */
LOTS_MUST lots_status bind_set(binder *b, scope *where, const lots_ast_node *node, bound_set *out);
/* A fresh set over all of a relation, or over a single event. */
LOTS_MUST lots_status bind_set_new(binder *b, scope *where, uint32_t relation, lots_expr *event, lots_ast_span span,
                                   bound_set *out);
/* bind_coverage.c: events of the set are asked for on the days low..high (NULL: open): warn where these leave the coverage
 * of a stream, now when they are known, else when the query runs; tell where known ones reach days still being filled in. */
LOTS_MUST lots_status bind_set_asked(binder *b, lots_set *set, lots_expr *low, lots_expr *high, lots_ast_span span);
/* A list of the arena, `count` long, with room for one more: lengths double. */
LOTS_MUST lots_status bind_grow(binder *b, void **list, uint32_t count, size_t size);
/* Of what outside its elements a set depends on. */
uint64_t bind_set_depths(binder *b, const lots_set *set);
/* Warn, as of a set's windows, of conditions of a pipeline that ask the start of its rows: `from drugs where start in 2010`. */
LOTS_MUST lots_status bind_note_windows(binder *b, uint32_t relation, uint32_t frame, lots_expr *test);
/* Keep what covers `day`: spans that hold it, ghosts out. */
LOTS_MUST lots_status bind_set_covering(binder *b, bound_set *set, lots_expr *low, lots_expr *high, lots_ast_span span);
LOTS_MUST lots_status bind_self(binder *b, const scope *row, lots_ast_span span, lots_expr **out);
LOTS_MUST lots_status bind_event_column(binder *b, lots_expr *event, const lots_ast_name *name, lots_expr **out);
/* An EVENTS single expression of a set. */
LOTS_MUST lots_status bind_pick(binder *b, scope *where, bound_set *set, lots_pick pick, lots_expr *operand,
                                lots_ast_span span, lots_expr **out);

/* ---- bind_relation.c ---- */
LOTS_MUST lots_status bind_stream(binder *b, uint32_t stream, uint32_t *relation);
LOTS_MUST lots_status bind_episodes(binder *b, scope *where, const lots_ast_node *node, bound_set *out);
LOTS_MUST lots_status bind_steps(binder *b, scope *where, const lots_ast_node *node, bound_set *out);
LOTS_MUST lots_status bind_active(binder *b, scope *where, const lots_ast_node *node, bound_set *out);
LOTS_MUST lots_status bind_sets(binder *b, scope *where, const lots_ast_node *node, bound_set *out);
int32_t bind_relation_find(const lots_relation *relation, const char *name, uint32_t bytes);
/* `node`: the text that made it, when it means one thing wherever it stands; NULL. */
LOTS_MUST lots_status bind_relation_add(binder *b, const lots_relation *relation, uint64_t depths,
                                        const lots_ast_node *node, uint32_t *out);
LOTS_MUST lots_status bind_columns_new(binder *b, lots_relation *relation, uint32_t room);
lots_relation_column *bind_column_add(lots_relation *relation, const char *name, lots_type type, int role);
/* The keys behind `by` or `per`, in the scope of the elements of `left`. */
LOTS_MUST lots_status bind_keys(binder *b, const bound_set *left, const lots_ast_call *call, lots_ast_clause_kind kind,
                                lots_expr ***out, const lots_ast_node ***nodes, uint32_t *count);
/* A call's `gap`, if it has one. */
LOTS_MUST lots_status bind_gap(binder *b, scope *where, const lots_ast_call *call, lots_relation *relation);

/* ---- bind_match.c, bind_path.c ---- */
LOTS_MUST lots_status bind_match(binder *b, const lots_ast_pattern *pattern, bound_set *out);
/* Tells, of a `where` on rows of first matches, that it asks for later ones than were found. */
LOTS_MUST lots_status bind_note_firsts(binder *b, uint32_t relation, uint32_t frame, const lots_expr *test);
/* Is it the name of a step before the one whose events are being described? */
bool bind_is_step(const binder *b, const lots_ast_name *name);
LOTS_MUST lots_status bind_path(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);

/* ---- bind_codes.c ---- */
LOTS_MUST lots_status bind_in_codes(binder *b, lots_expr *x, const lots_ast_node *codes, lots_expr **out);
/* The rank of a word in a category, or the error with a suggestion. */
LOTS_MUST lots_status bind_category_word(binder *b, const lots_type *category, const char *text, uint32_t bytes,
                                         lots_ast_span span, lots_expr **out);
LOTS_MUST lots_status bind_code_text(binder *b, const lots_type *code, const char *text, uint32_t bytes,
                                     lots_ast_span span, lots_expr **out);
/* codes('file.csv') as a literal of codes. */
LOTS_MUST lots_status bind_codes_file(binder *b, const lots_ast_call *call, const lots_ast_node **out);
LOTS_MUST lots_status bind_rank_test(binder *b, lots_expr *x, lots_id *ranks, uint32_t count, lots_ast_span span,
                                     lots_expr **out);

/* ---- bind_classes.c ---- */
/* chronic(dx), groups(…), score(…). *done false when the call is none of them. */
LOTS_MUST lots_status bind_class_call(binder *b, scope *where, const lots_ast_node *node, bool *done, value *out);
bool bind_is_class_aggregate(const lots_ast_call *call);
/* groups(c, dx) and score(c, dx) in the items of episodes: over the members. */
LOTS_MUST lots_status bind_class_members(binder *b, scope *where, bound_set *members, const lots_ast_node *node,
                                         lots_expr **out);
/* `.chapter` or `.block` of a code or a list of them. */
LOTS_MUST lots_status bind_code_class(binder *b, lots_expr *x, const lots_ast_name *name, lots_ast_span span,
                                      lots_expr **out);
/* Is it a group of a classification? What such a group has: `.label`. */
bool bind_is_group(const binder *b, const lots_expr *x);
LOTS_MUST lots_status bind_group_member(binder *b, lots_expr *group, const lots_ast_node *node, lots_expr **out);

/* ---- bind_each.c ---- */
/* `m.number` of a period that `each` named m. */
LOTS_MUST lots_status bind_period_number(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);

/* ---- bind_cohort.c ---- */
/* Is it the name of a cohort in sight? */
LOTS_MUST lots_status bind_is_cohort(binder *b, const lots_ast_name *name, bool *out);
/* `frail` as a condition of the patient; VALUE_NONE left as it is when there is no such cohort. */
LOTS_MUST lots_status bind_cohort(binder *b, const lots_ast_name *name, value *out);
/* The error for `from frail`. */
lots_status bind_no_source(binder *b, const lots_ast_name *name);
/* Every name of a cohort, for suggestions; none when they can't be read. */
void bind_suggest_cohorts(binder *b, suggestion *near);
/* Before an outermost pipeline is bound. */
void bind_begin_question(binder *b, const lots_ast_pipeline *pipeline);
/* The last stage of `pipeline`: the rows as they are now become a cohort. */
LOTS_MUST lots_status bind_into_stage(binder *b, const lots_ast_pipeline *pipeline, const lots_ast_stage *stage);
/* Begin and end with the outermost binder. */
LOTS_MUST lots_status bind_book_open(binder *b);
void bind_book_close(binder *b);

/* ---- bind_pipeline.c ---- */
LOTS_MUST lots_status bind_pipeline(binder *b, const lots_ast_pipeline *pipeline);
LOTS_MUST lots_status bind_row_function(binder *b, scope *where, const lots_ast_node *node, bool *done, value *out);

#endif
