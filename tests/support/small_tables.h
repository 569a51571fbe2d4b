/* small_tables.h: what the small registry's streams and tables consist of, and what its files share. Included by
 * small_*.c only; tests include small_registry.h. */
#ifndef LOTS_SMALL_TABLES_H
#define LOTS_SMALL_TABLES_H

#include "tests/support/small_registry.h"

enum {
    SMALL_STREAMS = 8,
    SMALL_TABLES = 3,
    SMALL_DOMAINS_USED = 12, /* of the SMALL_DOMAINS that there is room for */
    SMALL_CODES = 25,
    SMALL_CODES_ICD = 20,
};

typedef struct small_column {
    const char *name;
    lots_kind kind;
    lots_role role;
    const char *domain; /* or system */
} small_column;

typedef struct small_stream {
    const char *name;
    lots_span span;
    bool undated;
    small_column columns[20];
} small_stream;

typedef struct small_table {
    const char *name;
    int32_t key, from, to;
    small_column columns[10];
} small_table;

typedef struct small_domain {
    const char *name;
    const char *words[12];
} small_domain;

extern const small_stream small_streams[SMALL_STREAMS];
/* `posts` is the one whose rows hold for a time. */
extern const small_table small_tables[SMALL_TABLES];
/* The words of each domain: there whether a row has them or not. */
extern const small_domain small_domains[SMALL_DOMAINS_USED];
/* The codes that random rows have: the first SMALL_CODES_ICD are diagnoses, the others drugs. */
extern const char *const small_codes[SMALL_CODES];
/* The same tables in SQL, with the rows of those that are not random. */
extern const char small_create[];

void small_make_schema(small_registry *r);
void small_make_dictionaries(small_registry *r);
/* 'icd10:I50' as a dictionary's key. */
void small_code_key(const char *text, char key[64]);
/* Run and free SQL of sqlite3_mprintf. */
void small_run(small_registry *r, char *sql);
/* Complete the tables with what the store derives. */
void small_derive(small_registry *r);

#endif
