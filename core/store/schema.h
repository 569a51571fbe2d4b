/* schema.h: what a registry declares: streams, their columns and spans, code systems, tables. Plain data, no files.
 *
 * Invariants
 *   1. streams[0] is `patients`: exactly one row a patient, no start. Tables are not here (see lots_table_schema).
 *   2. names are lower-case words [a-z_][a-z0-9_]* of at most LOTS_NAME_MAX bytes (UTF-8 letters allowed), unique in their
 *      list; stream order and column order are the declared order and part of the total order of events.
 *   3. the standard columns of a dated stream come first when present: `start` (date), `minute` (int), `end` (date), then
 *      `id` (text: the record key). `ghost` (bool) is made by the store for streams with open spans, never loaded.
 * Callers: everyone. Threads: read-only once built. */
#ifndef LOTS_SCHEMA_H
#define LOTS_SCHEMA_H

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/codec/block.h"
#include "core/index/codes.h"

typedef enum lots_kind {
    LOTS_KIND_BOOL,     /* LOTS_PHYS_BITS */
    LOTS_KIND_INT,      /* LOTS_PHYS_I64; `minute` too */
    LOTS_KIND_DECIMAL,  /* LOTS_PHYS_I64, value x 10^scale */
    LOTS_KIND_FLOAT,    /* LOTS_PHYS_F64 */
    LOTS_KIND_DATE,     /* LOTS_PHYS_I32 */
    LOTS_KIND_CATEGORY, /* LOTS_PHYS_U32 ids in the dictionary `domain` */
    LOTS_KIND_TEXT,     /* LOTS_PHYS_TEXT */
    LOTS_KIND_CODE,     /* LOTS_PHYS_U32 ids in the code dictionary */
    LOTS_KIND_CODES,    /* ordered list of codes: lengths and ids */
    LOTS_KIND_COUNT
} lots_kind;

const char *lots_kind_name(lots_kind kind);
bool lots_kind_parse(const char *name, lots_kind *out);
lots_phys lots_kind_phys(lots_kind kind); /* of the values part */

typedef enum lots_role { /* what the store itself does with a column */
    LOTS_ROLE_NONE,
    LOTS_ROLE_START,
    LOTS_ROLE_MINUTE,
    LOTS_ROLE_END,
    LOTS_ROLE_KEY,   /* record key: named `id` */
    LOTS_ROLE_LEVEL, /* its rank orders events of one minute, and may carry its own span */
    LOTS_ROLE_GHOST,
    LOTS_ROLE_BIRTH,
    LOTS_ROLE_DEATH,
    LOTS_ROLE_PROTECTED, /* patients: bool, left out of row-level output */
    LOTS_ROLE_NO_CONTACT
} lots_role;

typedef struct lots_column {
    char name[LOTS_NAME_MAX + 1];
    lots_kind kind;
    lots_role role;
    uint8_t scale;                   /* DECIMAL: 0..18 */
    bool closed;                     /* CATEGORY: values beyond those declared are rejects */
    bool cold;                       /* rarely queried: zstd may be laid over any encoding */
    char domain[LOTS_NAME_MAX + 1];  /* CATEGORY: its dictionary; several columns may share one */
    char system[LOTS_NAME_MAX + 1];  /* CODE, CODES: the system when there is only one, else the commonest: patterns
                                        without a system mean this one */
} lots_column;

typedef enum lots_span { /* what a missing `end` means */
    LOTS_SPAN_POINT,  /* a visit: ends the day it starts */
    LOTS_SPAN_CLOSED, /* end required; missing is unknown */
    LOTS_SPAN_OPEN    /* still going on, to the earliest of death and the last covered day */
} lots_span;

/* The rank and the span of one value of the level column. */
typedef struct lots_level {
    char value[LOTS_NAME_MAX + 1];
    uint32_t rank;  /* lower comes first on the same minute; undeclared levels come after, by text */
    bool has_span;
    lots_span span; /* when has_span, instead of the stream's */
} lots_level;

typedef struct lots_stream {
    char name[LOTS_NAME_MAX + 1];
    lots_column *columns;
    uint32_t column_count;
    lots_span span;
    bool undated;          /* no start: the order is the record key's; windows on it are errors */
    bool no_identity;      /* may be counted but never used to name a person */
    int32_t ghost_days;    /* an open stay longer than this is a ghost; 0: no bound */
    lots_level *levels;
    uint32_t level_count;
} lots_stream;

typedef struct lots_code_system {
    char name[LOTS_NAME_MAX + 1];
    lots_code_form form;
    char version[LOTS_NAME_MAX + 1];
} lots_code_system;

/* A table that is not about patients. Rows are sorted by key, then valid_from. */
typedef struct lots_table_schema {
    char name[LOTS_NAME_MAX + 1];
    lots_column *columns;
    uint32_t column_count;
    int32_t key_column;        /* -1: none. A category key whose domain is a stream column's domain makes unit.region work */
    int32_t valid_from_column; /* -1: none */
    int32_t valid_to_column;
} lots_table_schema;

typedef struct lots_schema {
    lots_stream *streams; /* [0] is patients */
    uint32_t stream_count;
    lots_code_system *systems; /* sorted by name */
    uint32_t system_count;
    lots_table_schema *tables;
    uint32_t table_count;
    char id_kind[LOTS_NAME_MAX + 1]; /* "text" or "personnummer" */
} lots_schema;

/* All of it is owned by the schema. A zeroed struct is a valid empty schema. */
void lots_schema_free(lots_schema *schema);
/* Append a zeroed stream / column / level / system / table with this name and return it (lent until the next append to
 * the same list). Errors: LOTS_USAGE for a bad or repeated name or past a limit, LOTS_MEMORY. */
LOTS_MUST lots_status lots_schema_add_stream(lots_schema *schema, const char *name, lots_stream **out, lots_error *err);
LOTS_MUST lots_status lots_stream_add_column(lots_stream *stream, const char *name, lots_kind kind, lots_column **out,
                                             lots_error *err);
LOTS_MUST lots_status lots_stream_add_level(lots_stream *stream, const char *value, lots_level **out, lots_error *err);
LOTS_MUST lots_status lots_schema_add_system(lots_schema *schema, const char *name, lots_code_form form,
                                             lots_code_system **out, lots_error *err);
LOTS_MUST lots_status lots_schema_add_table(lots_schema *schema, const char *name, lots_table_schema **out,
                                            lots_error *err);
LOTS_MUST lots_status lots_table_add_column(lots_table_schema *table, const char *name, lots_kind kind,
                                            lots_column **out, lots_error *err);
/* Check every invariant; roles only on kinds that fit. Errors: LOTS_USAGE naming stream and column. */
LOTS_MUST lots_status lots_schema_validate(const lots_schema *schema, lots_error *err);
/* -1 when absent. */
int32_t lots_schema_find_stream(const lots_schema *schema, const char *name, size_t bytes);
int32_t lots_stream_find_column(const lots_stream *stream, const char *name, size_t bytes);
int32_t lots_stream_find_role(const lots_stream *stream, lots_role role);
int32_t lots_schema_find_system(const lots_schema *schema, const char *name, size_t bytes);
int32_t lots_schema_find_table(const lots_schema *schema, const char *name, size_t bytes);
/* The union of two schemas for appending: every stream and column of both, `base` first. A column of both must agree in
 * kind, scale, domain, role. Columns a delivery lacks become missing. Errors: LOTS_USAGE naming what clashes. */
LOTS_MUST lots_status lots_schema_merge(const lots_schema *base, const lots_schema *more, lots_schema *out,
                                        lots_error *err);
/* A canonical image (FORMAT.md, "schema"): same schema, same bytes. Load trusts nothing: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_schema_save(const lots_schema *schema, lots_bytes *out, lots_error *err);
LOTS_MUST lots_status lots_schema_load(const uint8_t *bytes, size_t count, lots_schema *out, lots_error *err);

#endif
