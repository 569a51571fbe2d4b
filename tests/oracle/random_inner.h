/* random_inner.h: what the files of the query generator share.
 *
 * Idea: write the text of an expression of a wanted type, knowing which rows are in scope: a stack of event sets, each
 * with an alias or not, over the derived columns of a row, over the patient. random_value.c writes values, random_set.c
 * conditions and event sets, random_query.c pipelines. */
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

enum { RANDOM_RELATIONS = 12, RANDOM_SCOPES = 8, RANDOM_DERIVED = 12 };
/* Six dated streams, then episodes and steps, which random_query defines, and a union. */
extern const random_relation random_relations[RANDOM_RELATIONS];
extern const random_column random_patient[6];

typedef struct random_scope {
    const random_relation *relation;
    char alias[8]; /* empty: none */
} random_scope;

typedef struct random_state {
    uint64_t random;
    lots_bytes *out;
    random_scope scopes[RANDOM_SCOPES];
    uint32_t scope_count;
    random_column derived[RANDOM_DERIVED];
    char names[RANDOM_DERIVED][8];
    uint32_t derived_count;
    bool outside;     /* in a window's day: columns only by alias */
    bool table;       /* rows are groups: only derived columns are there */
    bool bare;        /* no patient either: the bounds of a definition without one */
    bool of_patients; /* the rows were patients */
    uint32_t aliases; /* given out */
    bool has_set, has_function, has_codes, has_year, has_many;
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

#endif
