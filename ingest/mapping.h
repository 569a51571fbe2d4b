/* mapping.h: a mapping file, read and checked: which files hold what, and how their fields become columns. The language is
 * described in ingest/maps/README.md. Nothing here opens a data file; names of columns are resolved when one is
 * (convert.h).
 * Everything in a mapping lives in its arena and is read-only once read: any number of threads may share it.
 * Callers: ingest/load*, convert, tests. */
#ifndef LOTS_MAPPING_H
#define LOTS_MAPPING_H

#include <regex.h>

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/store/schema.h"
#include "ingest/clean.h"
#include "ingest/source.h"

/* ---- texts of the mapping ---- */

typedef struct lots_map_pattern {
    char *text; /* an extended regular expression (POSIX), without its slashes */
    regex_t compiled;
} lots_map_pattern;

/* A column of a file: by name, by pattern, or a numbered family (DIA1..DIA30). */
typedef struct lots_map_pick {
    char *name;                /* or the text before the number; NULL for a pattern */
    lots_map_pattern *pattern;
    bool numbered;
    uint32_t first, last;
} lots_map_pick;

/* Names of one thing: the first that the file has. */
typedef struct lots_map_term {
    lots_map_pick *picks;
    uint32_t pick_count;
} lots_map_term;

typedef struct lots_map_terms {
    lots_map_term *items;
    uint32_t count;
} lots_map_terms;

/* text → text; a key index of `keys` is an index of `values`. */
typedef struct lots_map_pairs {
    lots_words keys;
    char **values;
    uint32_t count;
} lots_map_pairs;

typedef enum lots_map_test {
    LOTS_MAP_IN,
    LOTS_MAP_NOT_IN,
    LOTS_MAP_EMPTY,
    LOTS_MAP_NOT_EMPTY,
    LOTS_MAP_MATCHES,
    LOTS_MAP_NOT_MATCHES
} lots_map_test;

typedef struct lots_map_condition {
    lots_map_term term;
    lots_map_test test;
    lots_words words;
    lots_map_pattern *pattern;
} lots_map_condition;

typedef struct lots_map_conditions { /* all must hold */
    lots_map_condition *items;
    uint32_t count;
} lots_map_conditions;

/* ---- a column ---- */

typedef enum lots_map_part {
    LOTS_MAP_WHOLE,
    LOTS_MAP_MINUTE,    /* the time of a date and time, or of hh:mm */
    LOTS_MAP_PRECISION  /* of a date: day, month, year */
} lots_map_part;

typedef enum lots_map_else { LOTS_MAP_KEEP, LOTS_MAP_REJECT, LOTS_MAP_MISSING, LOTS_MAP_OTHER } lots_map_else;

/* How a child's values come together in its parent's column. */
typedef enum lots_map_gather {
    LOTS_MAP_APPEND, /* codes, in the children's order */
    LOTS_MAP_SUM,
    LOTS_MAP_MIN,
    LOTS_MAP_MAX,
    LOTS_MAP_FIRST,
    LOTS_MAP_LAST,
    LOTS_MAP_ORDER   /* the child's own start: only orders the children */
} lots_map_gather;

typedef struct lots_map_period {
    uint32_t system;     /* index in the mapping's systems */
    lots_day from, until;
} lots_map_period;

typedef struct lots_map_column {
    char name[LOTS_NAME_MAX + 1];
    uint32_t line;
    lots_kind kind;
    lots_map_part part;
    lots_map_gather gather;
    lots_map_terms from;        /* codes: gathered in order; else the first that isn't empty */
    char *constant;             /* instead of `from` */
    bool optional, required, cold, distinct, closed;
    char domain[LOTS_NAME_MAX + 1];
    uint32_t system;            /* of codes: index in the mapping's systems */
    lots_map_term system_from;  /* a column that names the system … */
    lots_map_pairs system_pairs;
    uint32_t *system_of_pair;
    lots_map_period *periods;   /* … or the row's start does */
    uint32_t period_count;
    bool has_dates, has_fill;   /* else the source's */
    lots_date_rule dates;
    lots_number_rule number;
    bool has_missing;
    lots_words missing;
    lots_words yes, no;
    lots_map_pairs map;
    bool has_map;
    lots_map_else otherwise;
    char *other;
    lots_map_pattern *match;    /* the value is its first group, or what it matches */
    lots_map_conditions when;
    lots_map_term label;
    char split;                 /* 0: a field holds one code */
} lots_map_column;

/* ---- sources ---- */

typedef enum lots_map_target { LOTS_MAP_STREAM, LOTS_MAP_CHILD, LOTS_MAP_TABLE, LOTS_MAP_LABELS, LOTS_MAP_HIERARCHY } lots_map_target;

typedef struct lots_map_source {
    char *name;                /* "" for the only source of its stream */
    char *section;             /* as written, for messages */
    uint32_t line;
    lots_map_target target;
    uint32_t index;            /* of the stream, table or system */
    lots_map_terms files;      /* in the order of delivery; each the first of its names that exists (globs: all) */
    bool optional;             /* may be absent */
    char *table, *query;       /* of an SQLite file */
    lots_charset charset;
    char separator;            /* 0: found */
    bool quotes_are_text, no_header;
    lots_date_rule dates;
    lots_number_rule number;
    lots_words missing;
    lots_map_conditions keep;
    lots_map_term patient;
    lots_map_terms key;        /* joined with / */
    lots_map_terms parent;     /* children: the parent's key, joined the same way */
    bool orphans_counted;      /* a child without its parent is counted, and no reject */
    lots_map_column *columns;
    uint32_t column_count;
    uint32_t first_memo;       /* its conditions, then its columns, are numbered from here (convert.h) */
} lots_map_source;

typedef struct lots_map_coverage {
    bool given, has_complete, has_extract;
    lots_day from, until, complete_until, extract;
} lots_map_coverage;

typedef struct lots_map_stream {
    char name[LOTS_NAME_MAX + 1];
    uint32_t line;
    bool undated, no_identity;
    bool may_lack_start;           /* undated = some: events without a start are kept, not rejected */
    lots_span span;
    int32_t ghost_days;
    char level[LOTS_NAME_MAX + 1]; /* the column whose values are the levels */
    lots_level *levels;
    uint32_t level_count;
    lots_map_coverage coverage;
} lots_map_stream;

typedef struct lots_map_table {
    char name[LOTS_NAME_MAX + 1];
    uint32_t line;
    char key[LOTS_NAME_MAX + 1], valid_from[LOTS_NAME_MAX + 1], valid_to[LOTS_NAME_MAX + 1]; /* names of columns */
} lots_map_table;

typedef struct lots_mapping {
    lots_arena arena;
    lots_vec patterns;         /* lots_map_pattern *, to be freed */
    char *name;                /* of the file, or "built-in NAME" */
    bool personnummer;
    bool check_digit_rejects;
    bool unknown_refused;      /* rows of a patient that no patient file names aren't taken … */
    bool unknown_counted;      /* … and are only counted, as no rejects */
    bool has_until;
    lots_day until;
    char *min_cell;            /* NULL: not set */
    lots_code_system *systems; /* in declared order */
    uint32_t system_count;
    lots_map_stream *streams;  /* [0] is patients */
    uint32_t stream_count;
    lots_map_table *tables;
    uint32_t table_count;
    lots_map_source *sources;  /* in declared order */
    uint32_t source_count;
    uint32_t memo_count;
} lots_mapping;

/* Read a mapping from its text; `name` stands in errors. Errors: LOTS_USAGE with name and line, and a suggestion where a
 * word is misspelt; LOTS_MEMORY. *out needs no free after a failure. */
LOTS_MUST lots_status lots_mapping_read(lots_mapping *out, const char *text, size_t bytes, const char *name,
                                        lots_error *err);
LOTS_MUST lots_status lots_mapping_open(lots_mapping *out, const char *path, lots_error *err);
void lots_mapping_free(lots_mapping *mapping);
/* The schema that the mapping declares. Errors: LOTS_USAGE naming the line of what clashes; LOTS_MEMORY. */
LOTS_MUST lots_status lots_mapping_schema(const lots_mapping *mapping, lots_schema *out, lots_error *err);
/* The hidden streams of children: after streams[0], one for each child source in declared order: start (if it has one),
 * id (if it has a key), then `parent_key` (text), then its columns. Their rows go into no registry (attach.h). */
LOTS_MUST lots_status lots_mapping_children(const lots_mapping *mapping, lots_schema *out, lots_error *err);
#define LOTS_MAP_PARENT_KEY "parent_key"
/* The stream, table or code system that a source's rows go to. */
const char *lots_mapping_target_name(const lots_mapping *mapping, const lots_map_source *source);

#endif
