/* convert_inner.h: a bound reading, and what the files of convert share. */
#ifndef LOTS_CONVERT_INNER_H
#define LOTS_CONVERT_INNER_H

#include "ingest/convert.h"

typedef struct lots_bound_fields {
    uint32_t *items; /* places among the fields; LOTS_ROWS_FILE_NAME */
    uint32_t count;
} lots_bound_fields;

typedef struct lots_bound_condition {
    const lots_map_condition *map;
    lots_bound_fields fields;
    uint32_t memo;               /* UINT32_MAX: none */
} lots_bound_condition;

typedef struct lots_bound_conditions {
    lots_bound_condition *items;
    uint32_t count;
} lots_bound_conditions;

/* How a column's field may be read without a detour (convert_plain.c). EMPTY: only when there is nothing in it. */
typedef enum lots_plain {
    LOTS_PLAIN_NONE,
    LOTS_PLAIN_EMPTY,
    LOTS_PLAIN_DATE,
    LOTS_PLAIN_MINUTE,
    LOTS_PLAIN_NUMBER,
    LOTS_PLAIN_BOOL,
    LOTS_PLAIN_CATEGORY,
    LOTS_PLAIN_CODE,
    LOTS_PLAIN_CODES,
    LOTS_PLAIN_TEXT
} lots_plain;

typedef struct lots_bound_column {
    const lots_map_column *map;
    lots_plain plain;
    uint32_t field;              /* of a plain column: its only one; UINT32_MAX: not plain */
    bool skipped;                /* when that field is empty nothing is put */
    uint32_t column;             /* of the target */
    lots_kind kind;
    lots_role role;
    uint32_t memo;
    uint32_t domain;             /* of the load */
    bool absent;                 /* the file has none of its columns, and may */
    lots_bound_fields from;
    lots_bound_fields system_from, label;
    lots_bound_conditions when;
    lots_date_rule dates;
    lots_number_rule number;
    const lots_words *missing;
} lots_bound_column;

struct lots_reading {
    const lots_map_source *source;
    const lots_load_target *target;
    uint32_t target_number;
    uint32_t file;
    const char *file_name;
    bool personnummer;
    lots_day reference;
    bool may_lack_start;
    lots_bound_fields patient;
    lots_bound_fields *key;      /* source->key.count */
    lots_bound_fields *parent;   /* source->parent.count */
    uint32_t key_column, parent_column;
    uint32_t end_column;         /* UINT32_MAX: the stream has none */
    lots_bound_conditions keep;
    lots_bound_column *columns;  /* the start first */
    uint32_t column_count;
};

/* A borrowed text, blanks taken off. */
typedef struct lots_cell {
    const char *text;
    size_t bytes;
} lots_cell;

/* The record being converted. */
typedef struct lots_convert_row {
    lots_converter *converter;
    const lots_reading *reading;
    const lots_csv_field *fields;
    const lots_csv_record *record;
    lots_batch *batch;
    lots_convert_counts *counts;
    bool rejected;
    bool has_start, has_end;
    lots_day start, end;
    uint32_t level;              /* index in the stream's levels; UINT32_MAX: none of them */
    lots_id category;            /* the last one put */
} lots_convert_row;

lots_cell lots_row_cell(const lots_convert_row *row, uint32_t field);
/* Count the row as rejected and keep why; further calls for the row are ignored. */
LOTS_MUST lots_status lots_row_reject(lots_convert_row *row, const char *column, lots_cell value, const char *reason,
                                      lots_error *err);
LOTS_MUST lots_status lots_row_holds(lots_convert_row *row, const lots_bound_conditions *conditions, bool *holds,
                                     lots_error *err);
/* What a category's field came to, as it is remembered: its id, whether no map knew it, the level that it is. */
#define LOTS_MEMO_UNMAPPED (UINT64_C(1) << 32)
#define LOTS_MEMO_LEVEL 40 /* from this bit: index of the level + 1 */

lots_plain lots_plain_of(const lots_bound_column *column);
/* Put a column's value into the row, or reject the row. */
LOTS_MUST lots_status lots_row_put(lots_convert_row *row, const lots_bound_column *column, lots_error *err);
/* The slow way of it, when its conditions hold. */
LOTS_MUST lots_status lots_row_put_any(lots_convert_row *row, const lots_bound_column *column, lots_error *err);

#endif
