/* ast.h: the tree of a query text, just as written: names are not looked up, nothing is typed.
 *
 * Idea: one node type for values (a kind and a union), and small structs for what is not a value (items, keys, clauses,
 * narrowings, stages, statements). Brackets leave no trace: the shape of the tree says what they said. Every production
 * of LANGUAGE.md's grammar has its place here, so that what can't be executed is refused by name.
 *
 * Invariants: 1. everything is in the arena given to lots_parse and lives as long; nothing points into the query text.
 * 2. Every span lies in its source text and covers its children's (brackets around a node lie outside its span).
 * 3. `height` of a node is 1 + the largest of its children's and at most the parser's depth limit, and joins nest no
 * deeper either, so recursion over a tree is bounded. 4. Texts are valid UTF-8, zero-terminated, without control characters but the tab.
 * 5. Arrays with a count of 0 are NULL. Pointers are never NULL unless their comment says so.
 * Made by parse.c only; read by the binder, the printer (ast.c) and the tests. */
#ifndef LOTS_QUERY_AST_H
#define LOTS_QUERY_AST_H

#include "core/base/arena.h"
#include "core/base/bytes.h"
#include "core/base/status.h"

typedef struct lots_ast_node lots_ast_node;
typedef struct lots_ast_pipeline lots_ast_pipeline;

/* Bytes [at, end) of source text number `source`. */
typedef struct lots_ast_span {
    uint32_t source;
    uint32_t at;
    uint32_t end;
} lots_ast_span;

/* A text, unescaped. */
typedef struct lots_ast_text {
    const char *text;
    uint32_t bytes;
} lots_ast_text;

/* A name. `quoted` is set for "any text": never a keyword, and perhaps meant as a 'text'. An optional name that is not
 * there has text NULL. */
typedef struct lots_ast_name {
    const char *text;
    uint32_t bytes;
    bool quoted;
    lots_ast_span span;
} lots_ast_name;

/* X(KIND) with the member of the union it uses. */
#define LOTS_AST_KIND_LIST(X)                                                                             \
    X(NUMBER)     /* number */                                                                            \
    X(PERCENT)    /* number: what stands before the % */                                                  \
    X(DURATION)   /* duration */                                                                          \
    X(DATE)       /* date */                                                                              \
    X(PERIOD)     /* period: a month or quarter; a year is a NUMBER until the binder knows better */      \
    X(STRING)     /* string */                                                                            \
    X(CODES)      /* codes */                                                                             \
    X(BOOL)       /* truth */                                                                             \
    X(MISSING)    /* nothing */                                                                           \
    X(NAME)       /* name */                                                                              \
    X(CALL)       /* call */                                                                              \
    X(SET)        /* list: () or (a, b, …); never exactly one */                                          \
    X(MEMBER)     /* member: base.name; the name may be a reserved word (registry.until) */                                                                 \
    X(AT)         /* at: value at when */                                                                 \
    X(NEGATE)     /* unary */                                                                             \
    X(NOT)        /* unary */                                                                             \
    X(BINARY)     /* binary: arithmetic, comparison, in, not in, contains */                              \
    X(IS_MISSING) /* is_missing */                                                                        \
    X(AND)        /* list: two or more, flat (a and b and c is one node) */                               \
    X(OR)         /* list: two or more, flat */                                                           \
    X(RANGE)      /* range: low..high, either may be NULL, not both */                                    \
    X(NARROWED)   /* narrowed: an event set and how it is narrowed, left to right */                      \
    X(UNION)      /* sets: left union right */                                                            \
    X(MINUS)      /* sets: left minus right */

typedef enum lots_ast_kind {
#define X(name) LOTS_AST_##name,
    LOTS_AST_KIND_LIST(X)
#undef X
} lots_ast_kind;

/* X(OP, how it is written) */
#define LOTS_AST_OP_LIST(X)                                                                               \
    X(EQUAL, "=")                                                                                         \
    X(UNEQUAL, "!=")                                                                                      \
    X(LESS, "<")                                                                                          \
    X(LESS_EQUAL, "<=")                                                                                   \
    X(GREATER, ">")                                                                                       \
    X(GREATER_EQUAL, ">=")                                                                                \
    X(IN, "in")                                                                                           \
    X(NOT_IN, "not in")                                                                                   \
    X(CONTAINS, "contains")                                                                               \
    X(ADD, "+")                                                                                           \
    X(SUBTRACT, "-")                                                                                      \
    X(MULTIPLY, "*")                                                                                      \
    X(DIVIDE, "/")                                                                                        \
    X(FLOOR_DIVIDE, "//")                                                                                 \
    X(POWER, "^")

typedef enum lots_ast_op {
#define X(name, text) LOTS_AST_OP_##name,
    LOTS_AST_OP_LIST(X)
#undef X
} lots_ast_op;

/* mantissa / 10^scale, exactly as written: 0.50 is {50, 2}. mantissa >= 0, scale 0..18. */
typedef struct lots_ast_number {
    int64_t mantissa;
    uint32_t scale;
} lots_ast_number;

typedef enum lots_ast_unit { LOTS_AST_DAYS, LOTS_AST_WEEKS, LOTS_AST_MONTHS, LOTS_AST_YEARS } lots_ast_unit;

/* `count` of `unit` as written (6mo), and the same as whole months or as days, one of which is 0. */
typedef struct lots_ast_duration {
    int32_t count;
    lots_ast_unit unit;
    int32_t months;
    int32_t days;
} lots_ast_duration;

/* Both days belong to the period. */
typedef struct lots_ast_period {
    lots_day first;
    lots_day last;
    bool quarter; /* else a month */
} lots_ast_period;

/* One item of a code set. A '-' inside an unquoted text is left alone: only the code system tells whether 8302-2 is a
 * code and E10-E14 a range. An unquoted text has one blank where it has any, and none beside a '-'. A range whose
 * first code is quoted ('A 1'-'A 9') has its end in `to`. */
typedef struct lots_ast_code {
    bool minus;            /* -E11.9: take away */
    bool exact;            /* =I10: this code only; never together with minus */
    bool quoted;           /* the text stood in '…' */
    bool spaced;           /* there are blanks in it, and it is unquoted: the binder says whether a comma is missing */
    lots_ast_name system;  /* icd9 in icd9:250; text NULL when not said */
    lots_ast_text text;    /* unescaped, never empty */
    lots_ast_text to;      /* text NULL unless the first code is quoted and a range */
    lots_ast_span span;    /* of the item, mark and system included */
} lots_ast_code;

typedef struct lots_ast_codes {
    lots_ast_code *items;
    uint32_t count;
} lots_ast_codes;

typedef struct lots_ast_list {
    lots_ast_node **items;
    uint32_t count;
} lots_ast_list;

typedef struct lots_ast_names {
    lots_ast_name *items;
    uint32_t count;
} lots_ast_names;

/* [name =] value, of derive, group by, show and episodes. */
typedef struct lots_ast_item {
    lots_ast_name name; /* text NULL: the column is called by the value's canonical text (lots_ast_print_node) */
    lots_ast_node *value;
    lots_ast_span span;
} lots_ast_item;

typedef struct lots_ast_items {
    lots_ast_item *items;
    uint32_t count;
} lots_ast_items;

typedef struct lots_ast_key {
    lots_ast_node *value;
    bool descending;
    lots_ast_span span;
} lots_ast_key;

typedef struct lots_ast_keys {
    lots_ast_key *items;
    uint32_t count;
} lots_ast_keys;

/* Calls: name([distinct] args clauses), and episodes(value clauses, items). */
typedef enum lots_ast_arg_kind {
    LOTS_AST_ARG_VALUE, /* value (an event set may be narrowed here without brackets; `mean(x where c)` too: NARROWED) */
    LOTS_AST_ARG_WHERE, /* where value */
    LOTS_AST_ARG_ELSE,  /* else value */
    LOTS_AST_ARG_THEN   /* value then then_value */
} lots_ast_arg_kind;

typedef struct lots_ast_arg {
    lots_ast_arg_kind kind;
    lots_ast_node *value;
    lots_ast_node *then_value; /* NULL unless THEN */
    lots_ast_span span;
} lots_ast_arg;

typedef enum lots_ast_clause_kind {
    LOTS_AST_CLAUSE_OVER, /* value */
    LOTS_AST_CLAUSE_PER,  /* value */
    LOTS_AST_CLAUSE_BY,   /* keys */
    LOTS_AST_CLAUSE_GAP,  /* value */
    LOTS_AST_CLAUSE_MAX   /* value */
} lots_ast_clause_kind;

typedef struct lots_ast_clause {
    lots_ast_clause_kind kind;
    lots_ast_node *value; /* NULL for BY */
    lots_ast_keys keys;   /* of BY */
    lots_ast_span span;
} lots_ast_clause;

typedef struct lots_ast_call {
    lots_ast_name name;
    bool episodes; /* the call of that name: exactly one arg, a VALUE; only then may `items` be there */
    bool distinct;
    lots_ast_span distinct_span; /* of the word, when distinct */
    lots_ast_arg *args;
    uint32_t arg_count;
    lots_ast_clause *clauses; /* in the order written; the same kind may come twice: the binder says whether it may */
    uint32_t clause_count;
    lots_ast_items items;
} lots_ast_call;

/* Narrowings of an event set, X(KIND, how it is written). `value` is what follows; `length` the duration of WITHIN_*. */
#define LOTS_AST_NARROW_LIST(X)                                                                           \
    X(WHERE, "where")               /* value: a condition */                                              \
    X(EXCEPT_WHERE, "except where") /* value: a condition */                                              \
    X(DURING, "during")             /* value: an interval (RANGE or anything) */                          \
    X(OVERLAPPING, "overlapping")   /* value: an interval */                                              \
    X(BEFORE, "before")             /* value: a day, as for all below but AS */                           \
    X(AFTER, "after")                                                                                     \
    X(UNTIL, "until")                                                                                     \
    X(SINCE, "since")                                                                                     \
    X(KNOWN_BEFORE, "known before")                                                                       \
    X(KNOWN_UNTIL, "known until")                                                                         \
    X(WITHIN_BEFORE, "before")      /* within length before value */                                      \
    X(WITHIN_AFTER, "after")                                                                              \
    X(WITHIN_UNTIL, "until")                                                                              \
    X(WITHIN_SINCE, "since")                                                                              \
    X(WITHIN_OF, "of")                                                                                    \
    X(AS, "as")                     /* alias */

typedef enum lots_ast_narrow_kind {
#define X(name, text) LOTS_AST_NARROW_##name,
    LOTS_AST_NARROW_LIST(X)
#undef X
} lots_ast_narrow_kind;

typedef struct lots_ast_narrow {
    lots_ast_narrow_kind kind;
    lots_ast_node *value;  /* NULL for AS */
    lots_ast_node *length; /* NULL unless WITHIN_* */
    lots_ast_name alias;   /* of AS; else text NULL */
    lots_ast_span span;    /* from its first word to its last */
} lots_ast_narrow;

struct lots_ast_node {
    lots_ast_kind kind;
    uint32_t height;
    lots_ast_span span;
    union {
        lots_ast_number number;
        lots_ast_duration duration;
        lots_day date;
        lots_ast_period period;
        lots_ast_text string;
        lots_ast_codes codes;
        bool truth;
        lots_ast_name name;
        lots_ast_call *call;
        lots_ast_list list;
        struct {
            lots_ast_node *base;
            lots_ast_name name;
        } member;
        struct {
            lots_ast_node *value;
            lots_ast_node *when;
        } at;
        lots_ast_node *unary;
        struct {
            lots_ast_op op;
            lots_ast_span op_span;
            lots_ast_node *left;
            lots_ast_node *right;
        } binary;
        struct {
            lots_ast_node *value;
            bool negated; /* is not missing */
        } is_missing;
        struct {
            lots_ast_node *low;  /* NULL: open */
            lots_ast_node *high; /* NULL: open */
        } range;
        struct {
            lots_ast_node *base; /* never NARROWED itself unless it stood in brackets */
            lots_ast_narrow *steps;
            uint32_t step_count; /* at least 1 */
        } narrowed;
        struct {
            lots_ast_node *left;
            lots_ast_node *right;
            lots_ast_span op_span;
        } sets;
    };
};

/* from match …: step 0 is the first event; `then` steps follow. */
#define LOTS_AST_MANY UINT32_MAX

typedef struct lots_ast_step {
    bool no;             /* then no E */
    bool counted;        /* then 2..4 E, then 3 E; else least = most = 1 */
    uint32_t least;
    uint32_t most;       /* LOTS_AST_MANY for 2.. */
    lots_ast_node *set;
    lots_ast_node *within;   /* NULL: none */
    lots_ast_name since;     /* within … since NAME; text NULL: none */
    lots_ast_name alias;     /* text NULL: none */
    lots_ast_span span;
} lots_ast_step;

typedef struct lots_ast_pattern {
    bool each;
    lots_ast_step *steps; /* step 0 has neither no, counted, within nor since */
    uint32_t step_count;
} lots_ast_pattern;

/* X(KIND, its first words) */
#define LOTS_AST_STAGE_LIST(X)                                                                            \
    X(WHERE, "where")   /* where */                                                                       \
    X(DERIVE, "derive") /* derive */                                                                      \
    X(EACH, "each")     /* each */                                                                        \
    X(TOP, "top")       /* top */                                                                         \
    X(BOTTOM, "bottom") /* top */                                                                         \
    X(GROUP, "group by") /* group */                                                                      \
    X(SHOW, "show")     /* show */                                                                        \
    X(SORT, "sort")     /* sort */                                                                        \
    X(LIMIT, "limit")   /* limit */                                                                       \
    X(PIVOT, "pivot")   /* pivot */                                                                       \
    X(JOIN, "join")     /* join */                                                                        \
    X(INTO, "into cohort") /* cohort */                                                                   \
    X(CHART, "chart")   /* chart: a CALL node */

typedef enum lots_ast_stage_kind {
#define X(name, text) LOTS_AST_STAGE_##name,
    LOTS_AST_STAGE_LIST(X)
#undef X
} lots_ast_stage_kind;

typedef struct lots_ast_stage {
    lots_ast_stage_kind kind;
    lots_ast_span span;
    union {
        lots_ast_node *where;
        lots_ast_items derive;
        struct {
            lots_ast_node *block;    /* each 90d b in …: a DURATION node; NULL otherwise */
            lots_ast_name unit;      /* each month m in …; text NULL otherwise */
            lots_ast_names names;    /* at least one */
            lots_ast_node *range;    /* what follows `in` */
        } each;
        struct {
            lots_ast_node *size;     /* a number or percentage, as any sum */
            lots_ast_node *by;
            lots_ast_list per;       /* possibly none */
        } top;
        struct {
            lots_ast_items items;
            bool totals;
        } group;
        lots_ast_items show;
        lots_ast_keys sort;
        lots_ast_node *limit;
        lots_ast_name pivot;
        struct {
            lots_ast_name table;         /* text NULL when a pipeline is joined */
            lots_ast_pipeline *pipeline; /* NULL when a table is joined */
            lots_ast_names on;           /* possibly none */
        } join;
        lots_ast_name cohort;
        lots_ast_node *chart;
    };
} lots_ast_stage;

typedef enum lots_ast_source_kind {
    LOTS_AST_SOURCE_VALUE,  /* from value: patients, a stream, an event set, a table that a let names */
    LOTS_AST_SOURCE_TABLE,  /* from table NAME: a table of the registry or of a let; from table NAME(…): of a let */
    LOTS_AST_SOURCE_PATTERN /* from match … */
} lots_ast_source_kind;

struct lots_ast_pipeline {
    lots_ast_source_kind source;
    lots_ast_node *value;      /* of VALUE: `where` after it is the first stage; `during` and the like narrow it. Of TABLE: its
                                  call, NULL without brackets. Else NULL */
    lots_ast_name table;       /* of TABLE */
    lots_ast_pattern *pattern; /* of PATTERN, else NULL */
    lots_ast_stage *stages;
    uint32_t stage_count;
    lots_ast_span span;
};

typedef enum lots_ast_statement_kind {
    LOTS_AST_INCLUDE, /* path */
    LOTS_AST_PARAM,   /* name, value */
    LOTS_AST_LET,     /* name, params, and value or pipeline */
    LOTS_AST_QUERY    /* pipeline, explain */
} lots_ast_statement_kind;

typedef struct lots_ast_statement {
    lots_ast_statement_kind kind;
    bool explain;
    lots_ast_text path;
    lots_ast_name name;
    lots_ast_names params;       /* let f(a, b) = …; none for a plain let */
    lots_ast_node *value;        /* NULL when there is a pipeline (or an include) */
    lots_ast_pipeline *pipeline; /* NULL when there is a value (or an include) */
    lots_ast_span span;
} lots_ast_statement;

typedef struct lots_ast_file {
    uint32_t source;
    lots_ast_statement *statements;
    uint32_t statement_count;
} lots_ast_file;

/* How tightly a construct binds, loosest first; an operand of a looser level than its place stands in brackets. */
typedef enum lots_ast_level {
    LOTS_LEVEL_VALUE,    /* union, minus */
    LOTS_LEVEL_NARROWED, /* where, during, … */
    LOTS_LEVEL_OR,
    LOTS_LEVEL_AND,
    LOTS_LEVEL_NOT,
    LOTS_LEVEL_TEST,     /* comparisons: never chained */
    LOTS_LEVEL_RANGE,    /* a..b: never chained */
    LOTS_LEVEL_SUM,
    LOTS_LEVEL_PRODUCT,
    LOTS_LEVEL_SIGNED,   /* -a, a ^ b */
    LOTS_LEVEL_AT,       /* a at b: never chained */
    LOTS_LEVEL_POSTFIX,  /* a.b */
    LOTS_LEVEL_PRIMARY
} lots_ast_level;

lots_ast_level lots_ast_level_of(const lots_ast_node *node);

/* How an operator, narrowing or stage is written ("<=", "known before", "group by"); "?" for a number that is none. */
const char *lots_ast_op_text(lots_ast_op op);
const char *lots_ast_narrow_text(lots_ast_narrow_kind kind);
const char *lots_ast_stage_text(lots_ast_stage_kind kind);

/* Is the name these letters? Quoted or not. */
bool lots_ast_name_is(const lots_ast_name *name, const char *text);

/* lots_fail_at with LOTS_QUERY at the span, source number included. */
lots_status lots_ast_fail(lots_error *err, lots_ast_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Append the canonical query text: one blank between words, brackets only where needed, a statement or stage a line.
 * Parsing it gives the same tree but for spans. print_node gives one line without a line break: the default name of a
 * column, and what errors and explain quote.
 * Errors: LOTS_MEMORY.   Cost: O(size of the tree), recursion as deep as `height`. */
LOTS_MUST lots_status lots_ast_print_node(const lots_ast_node *node, lots_bytes *out, lots_error *err);
LOTS_MUST lots_status lots_ast_print_pipeline(const lots_ast_pipeline *pipeline, lots_bytes *out, lots_error *err);
LOTS_MUST lots_status lots_ast_print(const lots_ast_file *file, lots_bytes *out, lots_error *err);
/* The same, but a call for which `stand_in` gives a node (NULL: none) is printed as that node. */
typedef const lots_ast_node *(*lots_ast_stand_in)(void *context, const lots_ast_call *call);
LOTS_MUST lots_status lots_ast_print_with(const lots_ast_file *file, lots_ast_stand_in stand_in, void *context,
                                          lots_bytes *out, lots_error *err);

#endif
