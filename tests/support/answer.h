/* answer.h: questions asked of a small registry in Lots and in SQL, and the answers as tables of texts that can be compared;
 * cases of both read from text files. For tests. */
#ifndef LOTS_ANSWER_H
#define LOTS_ANSWER_H

#include <sqlite3.h>

#include "core/base/pool.h"
#include "query/lang/bound.h"

/* Cells row by row: NULL is missing. Days are numbers, conditions 0 and 1, decimals whole hundredths (or as their scale
 * says), floats with 17 digits, sets 'a|b', codes without their system, intervals '10..20', the key of a total 'total'. */
typedef struct answer {
    uint32_t columns, rows;
    char **cells;
    char *notes; /* Lots: those of the binder and the run, a line each */
    bool aggregated;
} answer;

/* Ask one text; its last pipeline answers. Beyond the query's columns stands one more: the patients behind a row of an
 * aggregated result, else the row's patient; missing when the rows are a table's. Errors: the query's own. */
LOTS_MUST lots_status answer_lots(lots_registry *registry, const char *text, const lots_bind_options *options,
                                  lots_pool *pool, answer *out, lots_error *err);
/* Fails the test when SQLite does. */
void answer_sql(sqlite3 *sql, const char *text, answer *out);
void answer_free(answer *a);
/* The same rows, numbers within 1e-9 of each other; Lots' extra column is compared when SQL has it too. Else false, and
 * what differs in why. */
bool answer_same(const answer *lots, const answer *sql, char why[1000]);
/* Fails the test unless both answer the same. */
void answer_check(lots_registry *registry, sqlite3 *sql, const char *text, const char *sql_text);
/* Exactly the same texts. */
bool answer_identical(const answer *a, const answer *b);

/* A file of cases: parts divided by lines `---`, cases by lines `===`; lines that begin with `#` before a case's first part
 * are its comment. */
typedef struct text_case {
    int line; /* of its first part */
    char *parts[4];
    int part_count;
} text_case;
typedef struct text_cases {
    char *text;
    text_case *items;
    int count;
} text_cases;
void text_cases_read(text_cases *cases, const char *path);
void text_cases_free(text_cases *cases);

#endif
