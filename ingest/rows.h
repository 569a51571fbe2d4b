/* rows.h: the records of one input, a delimited text or an SQLite table, behind one face; and which column a mapping's
 * names mean in it. Threads: as csv.h. Callers: convert_bind.c, load_parse.c. */
#ifndef LOTS_ROWS_H
#define LOTS_ROWS_H

#include "ingest/csv.h"
#include "ingest/mapping.h"

typedef struct lots_rows lots_rows;
typedef struct lots_rows_block lots_rows_block;

/* Open `path` as `source` (a mapping's) says. Errors: as source.h, csv.h, sqlite_source.h. */
LOTS_MUST lots_status lots_rows_open(lots_rows **out, const char *path, const lots_map_source *source, lots_error *err);
void lots_rows_close(lots_rows *rows);
uint32_t lots_rows_column_count(const lots_rows *rows);
const char *lots_rows_column_name(const lots_rows *rows, uint32_t column);
/* 0 for SQLite. */
char lots_rows_separator(const lots_rows *rows, bool *found);
uint64_t lots_rows_bytes_read(const lots_rows *rows);
/* As lots_source_hash; false for SQLite. */
bool lots_rows_hash(const lots_rows *rows, uint64_t *hash);

LOTS_MUST lots_status lots_rows_block_open(lots_rows_block **out, lots_rows *rows, lots_error *err);
void lots_rows_block_close(lots_rows_block *block);
LOTS_MUST lots_status lots_rows_fill(lots_rows *rows, lots_rows_block *block, bool *more, lots_error *err);
bool lots_rows_next(lots_rows_block *block, lots_csv_field *fields, lots_csv_record *record);

/* The columns that a term means, pushed to `out` (vec of uint32_t): of its picks the first that the file has; a family or
 * a pattern may give several, in the order of their numbers, else of the file. Nothing pushed: the file has none.
 * LOTS_ROWS_FILE_NAME stands for @file. Errors: LOTS_USAGE when a name is ambiguous; LOTS_MEMORY. */
#define LOTS_ROWS_FILE_NAME (UINT32_MAX - 1)
LOTS_MUST lots_status lots_rows_find(const lots_rows *rows, const lots_map_term *term, lots_vec *out, lots_error *err);

#endif
