/* bound.h: the typed tree: what a query means, every name resolved, every type known. Made by bind.c, read by the
 * planner, the executor and explain. All of it lives in the query's arena.
 *
 * FRAMES. An expression has a value for each row of a *frame*. Frame 0 is the constant frame (one row), frame 1 the
 * patients of a chunk. Every other frame hangs on a parent frame, each of its rows on one row of the parent:
 *   ROWS     the rows of a pipeline (patients, events, episodes, steps): parent is the patient frame.
 *   ELEMENT  the rows of a relation while an event set over it is narrowed or aggregated: its parent is the frame in
 *            which the set stands, so nested sets make nested frames.
 *   TABLE    rows after group by / aggregates: no patients any more, no parent.
 * The frames in scope at any expression form one chain to frame 0. `expr->frame` is the innermost frame the value really
 * depends on: an executor evaluates it there, once a row, and broadcasts it to deeper frames through the parent indexes.
 *
 * RELATIONS are lists of event-like rows grouped by the rows of a frame (`relation->frame`, the patient frame unless a
 * derived relation depends on more), in the total order within each: a stream, or episodes, steps, a union, a difference
 * computed from event sets. Column 0..: see columns[]; `start` and `end` are where their indexes say.
 *
 * SETS. An event set is a relation narrowed: filters that each row must pass, windows on `start`. A set is never
 * materialised as such: aggregates consume it.
 *
 * Invariants: 1. operands have exactly the types their operator's comment names: the binder inserts casts.
 * 2. ids of constants are ranks of this registry's dictionaries. 3. the tree is acyclic; a node may be shared, so results
 * may be cached by node. 4. expr->id is unique in the query and below lots_query.expr_count. */
#ifndef LOTS_QUERY_BOUND_H
#define LOTS_QUERY_BOUND_H

#include "core/store/cohort.h"
#include "query/lang/ast.h"
#include "query/lang/bound_chart.h"
#include "query/lang/types.h"

typedef struct lots_expr lots_expr;
typedef struct lots_set lots_set;

#define LOTS_FRAME_CONSTANT 0u
#define LOTS_FRAME_PATIENT 1u

typedef enum lots_frame_kind { LOTS_FRAME_IS_CONSTANT, LOTS_FRAME_IS_PATIENT, LOTS_FRAME_IS_ROWS, LOTS_FRAME_IS_ELEMENT, LOTS_FRAME_IS_TABLE } lots_frame_kind;

typedef struct lots_frame {
    lots_frame_kind kind;
    uint32_t parent;
    uint32_t depth;    /* 0 the constant frame, 1 the patients, parent's + 1 */
    uint32_t relation; /* ELEMENT, and ROWS over a relation: whose columns its rows have; UINT32_MAX: none */
    const char *name;  /* alias or stream name, for explain */
} lots_frame;

/* ---- expressions ---- */

/* Operand types in brackets; n any numeric type, all operands of one operator alike unless said. K: Kleene. */
#define LOTS_PATH_STEPS 7u /* of a path that is a number */

typedef enum lots_op {
    LOTS_OP_CONSTANT,     /* constant */
    LOTS_OP_COLUMN,       /* column of the relation of frame `of_frame` (or of the patients when of_frame is 1) */
    LOTS_OP_SLOT,         /* derived column number `index` of ROWS frame of_frame, or column of a TABLE frame */
    LOTS_OP_SPAN_END,     /* of an ELEMENT/ROWS frame of_frame: the day its span ends: end; a point's start; an open event:
                             the earlier of death and the stream's last covered day; a closed one without end: missing */
    LOTS_OP_IS_OPEN,      /* bool: of_frame's event is open (end missing, span open) */
    LOTS_OP_NOT, LOTS_OP_AND, LOTS_OP_OR, /* bools, K; AND and OR take two or more */
    LOTS_OP_EQUAL, LOTS_OP_UNEQUAL, LOTS_OP_LESS, LOTS_OP_LESS_EQUAL, LOTS_OP_GREATER, LOTS_OP_GREATER_EQUAL,
                          /* two of INT, DECIMAL same scale, FLOAT, DATE, DAYS, MONTHS, BOOL, TEXT, CATEGORY of one
                             dictionary (text order = rank order), CODE, SET (equal, unequal only) -> bool */
    LOTS_OP_BETWEEN,      /* x, low, high of one ordered type: low <= x <= high; K */
    LOTS_OP_IN_INTERVAL,  /* DATE, INTERVAL -> bool */
    LOTS_OP_IN_RANKS,     /* CATEGORY or CODE (or SET of them: any), `ranks`: a constant set of ranks. false when there is no
                             element; a missing x is missing unless ranks is empty (then false) */
    LOTS_OP_IN_SET,       /* x, SET of its type; false for an empty set even when x is missing */
    LOTS_OP_IN_ITEMS,     /* x, item, item, …: all of one type; false when there are no items */
    LOTS_OP_CONTAINS,     /* TEXT, TEXT -> bool (bytes) */
    LOTS_OP_IS_MISSING,   /* any (EVENTS: has no element) -> bool, never missing */
    LOTS_OP_NEGATE,       /* n, DAYS, MONTHS */
    LOTS_OP_ADD, LOTS_OP_SUBTRACT, LOTS_OP_MULTIPLY, /* n; DECIMAL add needs one scale, multiply adds scales; DAYS, MONTHS add;
                             MULTIPLY also (INT, DAYS) and (INT, MONTHS) in that order. Overflow is an error */
    LOTS_OP_DIVIDE,       /* FLOAT, FLOAT -> FLOAT, missing on zero */
    LOTS_OP_FLOOR_DIVIDE, /* INT, INT -> INT, floors, missing on zero */
    LOTS_OP_MOD,          /* INT, INT: a - b * (a // b), missing on zero */
    LOTS_OP_POWER,        /* FLOAT, FLOAT -> FLOAT, or INT, INT constant >= 0 -> INT */
    LOTS_OP_ADD_DAYS,     /* DATE, DAYS -> DATE; leaving 0001..9999 is an error */
    LOTS_OP_ADD_MONTHS,   /* DATE, MONTHS -> DATE (day.h's rule) */
    LOTS_OP_DAYS_BETWEEN, /* DATE a, DATE b -> DAYS: b - a */
    LOTS_OP_WHOLE_WEEKS, LOTS_OP_WHOLE_MONTHS, LOTS_OP_WHOLE_YEARS, /* DATE a, DATE b -> INT */
    LOTS_OP_AGE,          /* DATE birth, DATE at -> INT whole years, missing before birth */
    LOTS_OP_YEAR, LOTS_OP_MONTH, LOTS_OP_DAY, LOTS_OP_WEEKDAY, /* DATE -> INT */
    LOTS_OP_YEAR_OF, LOTS_OP_QUARTER_OF, LOTS_OP_MONTH_OF, LOTS_OP_WEEK_OF, /* DATE -> INTERVAL */
    LOTS_OP_INTERVAL,     /* DATE, DATE -> INTERVAL; missing when either is */
    LOTS_OP_INTERVAL_START, LOTS_OP_INTERVAL_END, /* INTERVAL -> DATE; an open end is missing */
    LOTS_OP_INTERVAL_DAYS,/* INTERVAL -> INT: end - start + 1, 0 when empty */
    LOTS_OP_TO_FLOAT,     /* INT, DECIMAL, DAYS -> FLOAT */
    LOTS_OP_TO_DECIMAL,   /* INT or DECIMAL of a smaller scale -> DECIMAL type.scale; overflow is an error */
    LOTS_OP_TO_INT,       /* FLOAT, DECIMAL (towards zero), TEXT (missing when not a number), BOOL, DAYS -> INT */
    LOTS_OP_TO_DAYS,      /* INT -> DAYS */
    LOTS_OP_TO_TEXT,      /* any scalar -> TEXT as `lots query` prints it */
    LOTS_OP_ABS, LOTS_OP_ROUND, LOTS_OP_FLOOR, LOTS_OP_CEIL, /* n; ROUND half away from zero, to `index` decimals; FLOAT,
                             DECIMAL -> INT for FLOOR, CEIL and ROUND to 0 */
    LOTS_OP_SQRT, LOTS_OP_LN, /* FLOAT; missing out of domain */
    LOTS_OP_LEAST, LOTS_OP_GREATEST, LOTS_OP_COALESCE, /* two or more of one type; the first two ignore missing */
    LOTS_OP_CASE,         /* condition, value, condition, value, …, [else]: first condition that is true */
    LOTS_OP_LIST,         /* condition, TEXT, …: SET of TEXT, in the order written, of those true */
    LOTS_OP_MAKE_SET,     /* values of one type -> SET, distinct, sorted; missing left out */
    LOTS_OP_SIZE,         /* SET or TEXT (characters) -> INT */
    LOTS_OP_BAND,         /* INT x, INT constant width -> CATEGORY-like TEXT `70-79`; ordered by number: see `labels` */
    LOTS_OP_CUT,          /* INT or FLOAT x, constant bounds rising -> TEXT `<18`, `18-64`, `65+`; see `labels` */
    LOTS_OP_WILSON_LOW, LOTS_OP_WILSON_HIGH,   /* FLOAT k, FLOAT n -> FLOAT, 95% (Wilson 1927) */
    LOTS_OP_POISSON_LOW, LOTS_OP_POISSON_HIGH, /* FLOAT k, FLOAT t -> FLOAT rate, 95% exact (Garwood 1936) */
    LOTS_OP_CODE_PREFIX,  /* CODE or SET of CODE, INT constant n -> TEXT or SET of TEXT: first n characters; shorter codes:
                             missing / left out */
    LOTS_OP_CODE_LABEL,   /* CODE -> TEXT, missing without label */
    LOTS_OP_MAIN,         /* SET of CODE in list order -> CODE: the first */
    LOTS_OP_OTHER,        /* SET of CODE in list order -> SET: all but the first */
    /* x is a CODE or a SET of CODE; `grouping` is the classification, whose groups are a CATEGORY of their own */
    LOTS_OP_CODE_GROUP,   /* CODE -> CATEGORY: its first group, missing without any */
    LOTS_OP_CODE_GROUPS,  /* x -> SET of CATEGORY, sorted: groups of the codes, no rules, no helpers */
    LOTS_OP_RULED_GROUPS, /* x -> SET of CATEGORY, sorted: the groups of all codes, put through the rules */
    LOTS_OP_RULED_SCORE,  /* x -> INT or DECIMAL: the weights of set `index` of those groups; no group: 0 */

    /* over an event set `set`; operands are in the set's ELEMENT frame unless said */
    LOTS_OP_COUNT,          /* -> INT */
    LOTS_OP_EXISTS,         /* -> bool */
    LOTS_OP_COUNT_DISTINCT, /* x (a SET counts its elements) -> INT */
    LOTS_OP_SUM,            /* INT, DECIMAL, DAYS exact; FLOAT exact, rounded once to nearest even; empty 0 */
    LOTS_OP_MIN, LOTS_OP_MAX, /* any ordered type; empty: missing, as all below */
    LOTS_OP_MEAN, LOTS_OP_MEDIAN, /* numbers, DAYS -> FLOAT; median of an even count is the mean of the middle two */
    LOTS_OP_QUANTILE,       /* x; p = constant: linear interpolation (Hyndman & Fan 1996, type 7) -> FLOAT */
    LOTS_OP_FIRST_VALUE, LOTS_OP_LAST_VALUE, /* x of the first / last element whose x is not missing */
    LOTS_OP_SET_OF,         /* x (a SET: its elements) -> SET, distinct, sorted */
    LOTS_OP_MOST,           /* x (or a SET's elements): the most frequent; ties to the one seen latest */
    LOTS_OP_GROUPS_OVER,    /* x (CODE or SET of CODE) -> SET: as RULED_GROUPS, of the codes of all elements together */
    LOTS_OP_SCORE_OVER,     /* x (CODE or SET of CODE) -> INT or DECIMAL: as RULED_SCORE; empty 0 */
    LOTS_OP_NIGHTS,         /* -> INT: sum over elements of end - start, at least 1 each; missing ends left out */
    LOTS_OP_COVERED_DAYS,   /* operand: INTERVAL in the set's parent frame -> INT: distinct days of spans inside it */
    LOTS_OP_PATH,           /* x: TEXT -> TEXT: `a > b > c`, the texts of the elements in order; elements whose x is missing are
                               passed over; none: missing. constant: the gap in days that ends it, missing for none;
                               index: how many texts at most, 0 for all; what is left out is ` > …` */
    LOTS_OP_PATH_NUMBER,    /* x: CATEGORY -> INT: the same, of at most LOTS_PATH_STEPS: byte k is 1 + the rank of step k, 0 beyond the
                               last; bit 8 * LOTS_PATH_STEPS: more followed */
    LOTS_OP_PATH_NAMES,     /* operand: PATH_NUMBER -> TEXT: as PATH */
    LOTS_OP_EVENT,          /* -> EVENTS single: the event that `pick` says; keys: `order` (else the total order) */

    LOTS_OP_EVENT_COLUMN,   /* operand: EVENTS single -> its column `index`; missing when there is none */
    LOTS_OP_EVENT_SPAN_END, /* operand: EVENTS single -> DATE as SPAN_END */
    LOTS_OP_LOOKUP,         /* operand: CATEGORY key, or key and DATE: column `index` of table `table` for that key (as of the
                               date when rows are valid from-to) */
    LOTS_OP_COHORT,         /* patient frame: does the patient belong to `cohort`? -> bool, never missing */
    LOTS_OP_PATIENT_ID      /* patient frame: the person's id as TEXT, from the identity files: row-level output only */
} lots_op;

/* The comparison with its sides exchanged: a < b is b > a. */
static inline lots_op lots_op_turned(lots_op op)
{
    switch (op) {
    case LOTS_OP_LESS: return LOTS_OP_GREATER;
    case LOTS_OP_LESS_EQUAL: return LOTS_OP_GREATER_EQUAL;
    case LOTS_OP_GREATER: return LOTS_OP_LESS;
    case LOTS_OP_GREATER_EQUAL: return LOTS_OP_LESS_EQUAL;
    default: return op;
    }
}

typedef enum lots_pick {
    LOTS_PICK_FIRST,
    LOTS_PICK_LAST,
    LOTS_PICK_NTH,  /* operand 0: INT in the parent frame, 1 is the first; out of range: none */
    LOTS_PICK_NEXT, /* operand 0: EVENTS single in the parent frame (often the frame's own row): the nearest element after it
                       in the total order over all streams */
    LOTS_PICK_PREV,
    LOTS_PICK_SELF  /* no set: the row of frame of_frame itself, as an event */
} lots_pick;

typedef struct lots_order_key {
    lots_expr *value; /* in the element frame */
    bool descending;
} lots_order_key;

/* A constant set of ranks: ranges rising, disjoint, not adjacent. */
typedef struct lots_rank_set {
    lots_ranks *ranges;
    uint32_t range_count;
    uint32_t ranks; /* how many in all */
    const char *text; /* as written, for explain and warnings */
} lots_rank_set;

struct lots_expr {
    lots_op op;
    lots_type type;
    uint32_t id;
    uint32_t frame;         /* innermost frame the value depends on */
    uint64_t depths;        /* bit d: the value depends on the frame at depth d of its chain (an aggregate not on its set's
                               own element frame). 0: constant */
    lots_ast_span span;     /* where it was written, for errors at run time (overflow) */
    lots_expr **operands;
    uint32_t operand_count;
    uint32_t of_frame;      /* COLUMN, SLOT, SPAN_END, IS_OPEN, EVENT with PICK_SELF */
    uint32_t index;         /* COLUMN, SLOT, EVENT_COLUMN, LOOKUP, ROUND, RULED_SCORE, SCORE_OVER */
    uint32_t table;         /* LOOKUP */
    lots_constant constant; /* CONSTANT; QUANTILE's p in .f */
    const lots_rank_set *ranks;
    const struct lots_bound_cohort *cohort; /* COHORT */
    const struct lots_grouping *grouping; /* CODE_GROUP … RULED_SCORE, GROUPS_OVER, SCORE_OVER: see grouping.h */
    lots_set *set;          /* aggregates and EVENT */
    lots_pick pick;
    lots_order_key *order;
    uint32_t order_count;
    const char *const *labels; /* BAND, CUT: the possible texts in the order of their numbers, so that groups sort as numbers
                                  do; NULL otherwise. BAND: labels[i] is the band starting at label_first + i * width */
    uint32_t label_count;
    int64_t label_first;
    const lots_constant *whole; /* SLOT that `each` fills with periods of a constant interval: that interval; else NULL */
};

/* ---- sets and relations ---- */

/* low <= start <= high, both in frames outside the set's element frame; NULL: open on that side. A missing bound keeps
 * nothing. Several windows intersect. */
typedef struct lots_window {
    lots_expr *low;
    lots_expr *high;
    lots_ast_span span;
} lots_window;

/* Days up to which events of a stream are asked for and that only a row knows: held against the stream's coverage when
 * they are computed (exec/beyond.h). NULL: open, or the binder has said what there is to say. */
typedef struct lots_asked {
    lots_expr *low;
    lots_expr *high;
    uint32_t stream;
} lots_asked;

struct lots_set {
    uint32_t relation;
    uint32_t frame;         /* the ELEMENT frame its filters and aggregated expressions stand in */
    lots_expr *event;       /* not NULL: the set is this single event (EVENTS single, in the parent frame), then narrowed */
    lots_window *windows;
    uint32_t window_count;
    lots_asked *asked;
    uint32_t asked_count;
    lots_expr **filters;    /* bools in the element frame: kept where true */
    uint32_t filter_count;
    bool no_ghosts;         /* leave ghosts out (episodes, overlapping) */
    lots_ast_span span;
};

typedef enum lots_relation_kind {
    LOTS_RELATION_STREAM,
    LOTS_RELATION_EPISODES, /* of `left`: gap, per keys, by keys, aggregates */
    LOTS_RELATION_STEPS,    /* of `left`: consecutive pairs by key 0: columns source, target, gap, start, end */
    LOTS_RELATION_UNION,    /* of left and right: their common columns, plus `stream` */
    LOTS_RELATION_MINUS,    /* left without the records of right (same base relation) */
    LOTS_RELATION_ACTIVE,   /* of `left`: periods of one set of key 0 among running events: columns start, end, n, the key */
    LOTS_RELATION_MATCH     /* of `pattern`: a row a match: columns start, end, and an EVENTS single for each named step */
} lots_relation_kind;

#define LOTS_MATCH_MANY UINT32_MAX
#define LOTS_MATCH_PREVIOUS UINT32_MAX

/* One step of a pattern: the first binds one event; the others follow what was bound before them. */
typedef struct lots_match_step {
    lots_set *set;         /* in the patient frame */
    bool no;               /* binds nothing: there is no such event */
    uint32_t least, most;  /* events bound; most may be LOTS_MATCH_MANY */
    bool has_within, months;
    int64_t within;        /* days, or months */
    uint32_t since;        /* number of the step from whose last event's start `within` is measured; LOTS_MATCH_PREVIOUS: from
                              the end of the event bound before */
    lots_ast_span span;
} lots_match_step;

typedef struct lots_match_pattern {
    bool each;             /* a row for every first event from which the pattern completes; else the earliest alone */
    lots_match_step *steps;
    uint32_t step_count;
} lots_match_pattern;

typedef struct lots_relation_column {
    const char *name;
    lots_type type;
    /* where it comes from */
    uint32_t column;  /* STREAM: column of the stream. UNION: column of left's relation. MINUS: column of left's. MATCH: step */
    uint32_t right;   /* UNION: column of right's relation; UINT32_MAX for `stream` */
    lots_expr *value; /* EPISODES: an aggregate over `members`, or a key expression in left's element frame;
                         NULL for start, end, n and the STEPS columns, which `role` tells apart */
    enum { LOTS_COLUMN_PLAIN, LOTS_COLUMN_START, LOTS_COLUMN_END, LOTS_COLUMN_N, LOTS_COLUMN_KEY, LOTS_COLUMN_AGGREGATE,
           LOTS_COLUMN_SOURCE, LOTS_COLUMN_TARGET, LOTS_COLUMN_GAP, LOTS_COLUMN_STREAM, LOTS_COLUMN_STEP } role;
} lots_relation_column;

typedef struct lots_relation {
    lots_relation_kind kind;
    const char *name;
    uint32_t frame;          /* its rows hang on this frame (PATIENT, or deeper when left depends on more) */
    uint32_t stream;         /* STREAM: index in the schema */
    lots_relation_column *columns;
    uint32_t column_count;
    int32_t start_column, end_column; /* -1: none (undated) */
    lots_set *left, *right;
    const lots_match_pattern *pattern;
    bool has_gap;
    int64_t gap_days;
    lots_expr **per;         /* keys in left's element frame */
    uint32_t per_count;
    lots_expr **by;
    uint32_t by_count;
    /* EPISODES: an aggregate column's value is an expression over set `members`, a set over left's relation whose parent
     * frame is `episode_frame` (one row an episode): the executor binds its candidates to the episode's members. */
    lots_set *members;
    uint32_t episode_frame;
    uint32_t order_rank;     /* place of the stream in the total order over streams */
} lots_relation;

/* ---- pipelines ---- */

typedef enum lots_row_agg_kind { /* aggregates over rows: group by / show */
    LOTS_AGG_COUNT,      /* rows [where c] */
    LOTS_AGG_PATIENTS,   /* distinct patients [where c] */
    LOTS_AGG_COUNT_DISTINCT,
    LOTS_AGG_SUM, LOTS_AGG_MEAN, LOTS_AGG_MEDIAN, LOTS_AGG_MIN, LOTS_AGG_MAX,
    LOTS_AGG_QUANTILE,   /* parameter p */
    LOTS_AGG_SD,         /* sample standard deviation, n - 1 */
    LOTS_AGG_RATE,       /* x bool: true among true or false */
    LOTS_AGG_SHARE,      /* sum(x [where c]) / sum of x over all rows entering the stage */
    LOTS_AGG_GINI,       /* CLINICAL.md section 5 */
    LOTS_AGG_TOP_SHARE,  /* p: the ceil(p n) largest */
    LOTS_AGG_LORENZ_SHARE,/* p: 1 - L(1 - p), linear */
    /* of x, a time (INT or DAYS), and how it ended; exec/survival.h */
    LOTS_AGG_KM,         /* survival at `at` */
    LOTS_AGG_KM_QUANTILE,/* p: the first time at which it is 1 - p or less */
    LOTS_AGG_CIF         /* cumulative incidence at `at` */
} lots_row_agg_kind;

typedef struct lots_row_agg {
    lots_row_agg_kind kind;
    lots_expr *value;     /* in the row frame; NULL for COUNT, PATIENTS */
    lots_expr *where;     /* in the row frame; NULL: all rows */
    double parameter;
    lots_type type;
    lots_expr *exit;      /* KM, KM_QUANTILE, CIF: INT in the row frame: 0 censored, 1 the event, 2 another that competes */
    lots_expr *at;        /* KM, CIF: of the value's type, in the row frame; one value for all rows of a group */
    const char *text;     /* … as written, for notes */
    const char *note;     /* CIF: what competes and what is censored */
} lots_row_agg;

static inline bool lots_row_agg_follows(const lots_row_agg *agg)
{
    return agg->kind == LOTS_AGG_KM || agg->kind == LOTS_AGG_KM_QUANTILE || agg->kind == LOTS_AGG_CIF;
}

typedef enum lots_row_function_kind { /* over all rows entering a derive: not row by row */
    LOTS_ROW_TOP,        /* top(10%, x [per k]) -> bool */
    LOTS_ROW_RANK,       /* 1 + rows larger -> INT */
    LOTS_ROW_PERCENTILE  /* rows <= x / rows with a value -> FLOAT in (0, 1] */
} lots_row_function_kind;

typedef struct lots_top {
    bool percent;        /* of the rows with a value */
    bool bottom;
    int64_t count;       /* rows, when not percent */
    int64_t mantissa;    /* percent: mantissa / 10^scale is the fraction, exact */
    uint32_t scale;
    lots_expr *by;
    lots_expr **per;
    uint32_t per_count;
} lots_top;

typedef struct lots_row_function {
    lots_row_function_kind kind;
    lots_top top;        /* `by`, `per`, and for TOP the size */
    uint32_t slot;       /* where the value goes */
    lots_type type;
} lots_row_function;

typedef struct lots_named_expr {
    const char *name;
    lots_expr *value;
    uint32_t slot;       /* DERIVE: the slot it fills (EVENTS-typed items have no slot: UINT32_MAX, they are names only) */
} lots_named_expr;

typedef enum lots_bound_stage_kind {
    LOTS_STAGE_WHERE,
    LOTS_STAGE_DERIVE,   /* items, evaluated in order: later ones see earlier ones */
    LOTS_STAGE_FUNCTIONS,/* row functions: made by the binder before the DERIVE or WHERE that uses them */
    LOTS_STAGE_TOP,
    LOTS_STAGE_GROUP,    /* keys, aggs, shows: group by with its show, or a show of aggregates (no keys) */
    LOTS_STAGE_SHOW,     /* projection: the rows become a table of these columns, still with their patients */
    LOTS_STAGE_SORT,
    LOTS_STAGE_LIMIT,
    LOTS_STAGE_EACH,/* each row becomes several */
    LOTS_STAGE_TABLE,    /* the first of `from table`: the rows are those of the registry's table `table` */
    LOTS_STAGE_JOIN,     /* columns of another table, found by keys; the rows stay the same */
    LOTS_STAGE_PIVOT     /* a column for each value of a key: how many there are is known when it runs */
} lots_bound_stage_kind;

typedef enum lots_each_kind {
    LOTS_EACH_PERIOD,  /* calendar periods of `value`, an INTERVAL, clipped to it */
    LOTS_EACH_BLOCK,   /* blocks of `months` or `days` from its start */
    LOTS_EACH_ELEMENT, /* of `value`, a SET */
    LOTS_EACH_PAIR,    /* two different elements of it, the lower one first */
    LOTS_EACH_NUMBER   /* value..high, both INT, both included */
} lots_each_kind;

/* PERIOD and BLOCK fill slots[0] with the INTERVAL and slots[1] with its number from 1; PAIR both; others slots[0] alone. */
typedef struct lots_each {
    lots_each_kind kind;
    enum { LOTS_PERIOD_DAY, LOTS_PERIOD_WEEK, LOTS_PERIOD_MONTH, LOTS_PERIOD_QUARTER, LOTS_PERIOD_YEAR } period;
    int32_t months, days;   /* BLOCK: one of them above 0 */
    lots_expr *value, *high;
    uint32_t slots[2];
    uint32_t slot_count;
    lots_type types[2];
    const char *names[2];   /* of the slots */
    bool numbered;          /* of periods: is the second slot, their number, asked for? Else it may stay empty */
} lots_each;

typedef struct lots_sort_key {
    lots_expr *value;
    bool descending;
} lots_sort_key;

/* The right side of a join: a pipeline of its own, run once. Its result's columns are the slots of `frame`. */
typedef struct lots_bound_join {
    struct lots_bound_pipeline *right;
    uint32_t frame;          /* TABLE */
    lots_expr **left_keys;   /* key_count, in the rows' frame: each of the type of … */
    lots_named_expr *right_keys; /* … its partner in `frame`, whose name it has */
    uint32_t key_count;
    uint32_t *columns;       /* column_count: of the right result, which fill … */
    uint32_t *slots;         /* … these slots of the rows: missing where no row of the right has the keys */
    uint32_t column_count;
} lots_bound_join;

/* The rows of a table of groups side by side. The stage's keys (in its frame) are the keys that stay: slots 0 .. of
 * table_frame; its items are the cells. The columns made of them come after all slots of table_frame. */
typedef struct lots_bound_pivot {
    lots_expr *by;           /* the key that goes */
    bool *zero;              /* by item: where there is no group, it is 0 and not missing */
    bool apart;              /* nobody is in two groups */
} lots_bound_pivot;

typedef struct lots_bound_stage {
    lots_bound_stage_kind kind;
    lots_ast_span span;
    uint32_t frame;              /* in which its expressions stand (ROWS or TABLE) */
    lots_expr *where;
    lots_named_expr *items;      /* DERIVE, SHOW, PIVOT; GROUP: the shown columns, in frame `table_frame`, keys included first */
    uint32_t item_count;
    lots_row_function *functions;
    uint32_t function_count;
    lots_top top;
    lots_named_expr *keys;       /* GROUP, PIVOT */
    uint32_t key_count;
    lots_row_agg *aggs;          /* GROUP: slot key_count + i of the table frame is aggs[i]; slot i < key_count is key i */
    uint32_t agg_count;
    uint32_t table;              /* TABLE: number in the schema; its columns fill the slots of table_frame from 0 */
    lots_bound_join *join;       /* JOIN */
    lots_bound_pivot *pivot;     /* PIVOT */
    bool totals;                 /* GROUP: with totals */
    uint32_t table_frame;        /* GROUP, TABLE, PIVOT: the TABLE frame after it */
    uint32_t table_slots;        /* GROUP, TABLE, PIVOT: slots of that frame in all: keys and aggs, or columns, and what later
                                    stages add */
    lots_sort_key *sort;
    uint32_t sort_count;
    int64_t limit;
    lots_each each;
} lots_bound_stage;

typedef struct lots_bound_pipeline {
    uint32_t relation;           /* rows are its rows; UINT32_MAX: the patients */
    lots_set *source;            /* the event set whose elements are the rows; NULL: the patients */
    uint32_t row_frame;
    uint32_t slot_count;         /* derived columns of the row frame */
    lots_type *slot_types;
    lots_bound_stage *stages;
    uint32_t stage_count;
    lots_named_expr *columns;    /* of the result, over the last frame */
    uint32_t column_count;
    bool explain;                /* its answer is the plan (query/plan), not its rows */
    bool pivoted;                /* after `columns` come those of its PIVOT */
    bool aggregated;             /* no row is one patient's: groups, which carry `patients` as last column, or … */
    bool nobody;                 /* … rows of a table of the registry, which are about nobody, and groups of those */
    const lots_bound_chart *chart; /* how its result is drawn; NULL: not at all */
    struct lots_bound_cohort *into; /* `into cohort`: its patients are counted, to be saved; NULL: none */
    lots_ast_span span;
} lots_bound_pipeline;

/* A cohort that a query uses or defines. Its text is bound apart, as a query of its own, whose one pipeline says who belongs;
 * it is shared by all that use the cohort, also through other cohorts. */
typedef struct lots_bound_cohort {
    const char *name;
    const char *text;         /* complete in itself: see lots_cohort */
    const char *parameters;
    uint64_t definition;      /* hash of the text, of the cohorts it is made of, and of the shipped library */
    const lots_cohort *saved; /* what the registry has under this name; NULL: nothing */
    bool fresh;               /* defined by this text (`into cohort`): what is saved is another */
    struct lots_query *query;
    struct lots_bound_cohort **parts; /* the cohorts it is made of, those they are made of, … */
    uint32_t part_count;
    uint32_t depth;           /* 1, or 1 more than the deepest of its parts */
    /* Filled when it is first needed: query/exec/cohort.h. */
    uint64_t *bits;           /* by registry-wide patient; NULL: not yet known */
    uint64_t count;
    bool told;                /* a result has said how its count changed */
} lots_bound_cohort;

typedef struct lots_note { /* for the user: a warning about a place, or a fact that the answer rests on */
    lots_ast_span span;
    const char *text;
    bool fact;
} lots_note;

typedef struct lots_query {
    lots_arena *arena;
    lots_registry *registry;
    lots_frame *frames;
    uint32_t frame_count;
    lots_relation *relations;
    uint32_t relation_count;
    uint32_t expr_count;
    lots_bound_pipeline *pipelines;
    uint32_t pipeline_count;
    lots_note *notes;            /* windows leaving coverage, patterns that match nothing, … */
    uint32_t note_count;
    lots_bound_cohort **cohorts; /* those used; neither those used only by them, nor those only defined */
    uint32_t cohort_count;
} lots_query;

/* The texts the query was made of: source 0 is the query itself, others are included files. */
typedef struct lots_sources {
    const char **names;
    const char **texts;
    size_t *bytes;
    uint32_t count;
} lots_sources;

typedef struct lots_bind_options {
    const char *const *param_names; /* --param name=value */
    const char *const *param_values;
    uint32_t param_count;
    const char *include_directory;  /* of the query file; NULL: the current one */
} lots_bind_options;

/* Parse and bind a whole text. `arena` owns the result. Errors: LOTS_QUERY with source, at, at_end and a hint; LOTS_IO for
 * an include; LOTS_LIMIT; those of lots_registry_cohorts. Reads dictionaries and catalog of the registry only. */
LOTS_MUST lots_status lots_query_bind(lots_registry *registry, const char *text, size_t bytes, const char *name,
                                      const lots_bind_options *options, lots_arena *arena, lots_sources *sources,
                                      lots_query **out, lots_error *err);

#endif
