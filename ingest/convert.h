/* convert.h: one record of a file → one row of a stream, child or table, by the mapping. A reading is a source of the mapping
 * bound to one file: names of columns have become places among the fields. A converter is what one worker needs to turn
 * records into rows: its interner, a piece for each target, counts and rejects.
 * Nothing of a rejected row is kept, its patient's id neither.
 * Callers: load_parse.c. Threads: a reading is read-only once bound; a converter is one worker's. */
#ifndef LOTS_CONVERT_H
#define LOTS_CONVERT_H

#include "ingest/intern.h"
#include "ingest/mapping.h"
#include "ingest/memo.h"
#include "ingest/report.h"
#include "ingest/rows.h"
#include "ingest/sort.h"

/* What rows are made for: a stream, a child of one, a table; for labels and hierarchies there are no rows. */
typedef struct lots_load_target {
    lots_map_target kind;
    uint32_t index;             /* of the stream in the schema, of the child or table in declared order, of the system */
    const char *name;           /* for the counts */
    const char *child;
    const lots_stream *stream;  /* of a stream or child */
    const lots_column *columns;
    uint32_t column_count;
    uint32_t *domains;          /* by column: number of the domain among the load's, UINT32_MAX */
    bool orphans_counted;
} lots_load_target;

/* What was counted while reading, by target. */
typedef struct lots_convert_counts {
    uint64_t rows, rejected, filtered, sentinels, unmapped, off_form, imprecise, wrong_check_digit;
    uint64_t taken;             /* labels and hierarchies */
} lots_convert_counts;

#define LOTS_PIECE_ROWS 32768u

typedef struct lots_reading lots_reading;

typedef struct lots_converter {
    const lots_mapping *mapping;
    lots_interner interner;
    uint32_t number;            /* of the interner */
    lots_piece *pieces;         /* by target: filled, copied to a pile, cleared and filled again */
    bool *open;                 /* by target: the piece is open */
    bool full;                  /* some piece has LOTS_PIECE_ROWS: to be handed on before the next record */
    lots_convert_counts *counts;
    const lots_load_target *targets;
    uint32_t target_count;
    lots_rejects rejects;
    lots_memo *memos;           /* by number of the mapping's conditions and columns */
    lots_words yes, no;         /* the usual ones */
    lots_bytes scratch, key;    /* texts being put together */
    lots_vec items;             /* lots_id: a list being put together */
} lots_converter;

LOTS_MUST lots_status lots_converter_open(lots_converter *out, const lots_mapping *mapping, uint32_t number,
                                          const lots_load_target *targets, uint32_t target_count, uint32_t domains,
                                          lots_error *err);
void lots_converter_close(lots_converter *converter);

/* Bind `source` to a file whose names `rows` gives; `arena` keeps the reading. Errors: LOTS_USAGE, with the mapping's line,
 * when the file lacks a column that isn't optional. */
LOTS_MUST lots_status lots_reading_bind(lots_reading **out, lots_arena *arena, const lots_mapping *mapping,
                                        const lots_map_source *source, const lots_load_target *target,
                                        uint32_t target_number, const lots_rows *rows, uint32_t file,
                                        const char *file_name, lots_error *err);
/* Convert one record. A row that can't be is counted and kept as a reject: that is no error. */
LOTS_MUST lots_status lots_convert_record(lots_converter *converter, const lots_reading *reading,
                                          const lots_csv_field *fields, const lots_csv_record *record,
                                          lots_error *err);

#endif
