/* random_inner.h: what the files of the query generator share.
 *
 * Idea: write the text of an expression of a wanted type, knowing which rows are in scope: a stack of event sets, each
 * with an alias or not, over the derived columns of a row, over the patient. random_value.c writes values, random_set.c
 * conditions and event sets, random_source.c definitions and what rows are made of, random_stage.c stages, random_query.c
 * results. */
#ifndef LOTS_TESTS_RANDOM_INNER_H
#define LOTS_TESTS_RANDOM_INNER_H

#include "tests/oracle/random_query.h"

typedef enum random_type {
    RANDOM_BOOL,
    RANDOM_INT,
    RANDOM_DECIMAL,
    RANDOM_FLOAT,
    RANDOM_DATE,
    RANDOM_DAYS,
    RANDOM_CATEGORY, /* of a domain */
    RANDOM_TEXT,
    RANDOM_CODE,
    RANDOM_CODES,
    RANDOM_SET,      /* of a domain's words */
    RANDOM_INTERVAL, /* closed */
    RANDOM_OTHER,    /* what can be a key, and no more */
    RANDOM_EVENTS /* a derived set: nothing refers to it */
} random_type;

typedef struct random_column {
    const char *name;
    random_type type;
    const char *domain;
} random_column;

typedef struct random_relation {
    const char *name;
    const char *source; /* what stands for it in a query */
    random_column columns[12];
} random_relation;

enum { RANDOM_RELATIONS = 16, RANDOM_SCOPES = 8, RANDOM_DERIVED = 16, RANDOM_KEEP = 400 };
/* Six dated streams, then episodes, steps and active periods, which random_source defines, a union, and the library's stays. */
extern const random_relation random_relations[RANDOM_RELATIONS];
extern const random_column random_patient[6];

typedef struct random_scope {
    const random_relation *relation;
    char alias[8]; /* empty: none */
    bool only_named; /* its columns are reached by the alias only */
} random_scope;

typedef struct random_state {
    uint64_t random;
    lots_bytes *out;
    random_scope scopes[RANDOM_SCOPES];
    uint32_t scope_count;
    random_column derived[RANDOM_DERIVED];
    char names[RANDOM_DERIVED][8];
    uint32_t fresh;   /* names given out */
    uint32_t derived_count;
    bool outside;     /* in a window's day: columns only by alias */
    bool table;       /* rows are groups: only derived columns are there */
    bool bare;        /* no patient either: the bounds of a definition without one */
    bool of_patients; /* the rows were patients */
    bool of_table;    /* of a table of the registry: `table`, and its columns have types of all kinds */
    uint32_t multiplied; /* derived columns that `each` made; the first of them */
    uint32_t multiplier;
    char source[RANDOM_KEEP]; /* what stands after `from`, to ask it again */
    uint32_t aliases; /* given out */
    uint32_t running; /* which relation q_active is */
    bool has_set, has_function, has_codes, has_year, has_many, has_part, has_cohort;
    bool has_argument; /* in a table with the parameters q_n, a whole number, and q_e, contacts */
    bool joined, defined; /* a join was written; a question was */
} random_state;

uint64_t random_below(random_state *s, uint64_t limit);
void random_say(random_state *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A value of the type; `depth` levels of operators may still be nested. domain for categories. */
void random_value(random_state *s, random_type type, const char *domain, uint32_t depth);
void random_condition(random_state *s, uint32_t depth);
/* A closed interval of days; never open. */
void random_interval(random_state *s, uint32_t depth);
const char *random_word(random_state *s, const char *domain);
/* A column of the type in scope; false when there is none. */
bool random_reference(random_state *s, random_type type, const char *domain);
/* An event set, narrowed; says which relation its events are of. `alias`: give it one and say which. The text can stand in
 * an argument without brackets. */
const random_relation *random_set(random_state *s, uint32_t depth, char alias[8]);
void random_enter(random_state *s, const random_relation *relation, const char *alias);
void random_leave(random_state *s);
void random_codes(random_state *s, bool drugs);
/* A set of words: of a domain that is written into *domain. */
void random_words(random_state *s, const char **domain, uint32_t depth);
void random_scope_named(random_state *s, const random_relation *relation, const char *alias);

void random_definitions(random_state *s);
void random_source(random_state *s);
/* A stage between the source and the result; none when there is no room for its columns. */
void random_stage(random_state *s);
void random_sort(random_state *s);
/* name = value, and the name is a column from then on. */
void random_item(random_state *s, uint32_t depth);
void random_add(random_state *s, const char *name, random_type type, const char *domain);
/* The next name of a derived column. */
const char *random_fresh(random_state *s);

#endif
