/* sqlite_source.h: the rows of a table or query of a user's SQLite file, in blocks, as csv.h gives the records of a text:
 * every value is the text that SQLite writes for it, NULL is empty. The file is opened read-only.
 * Callers: rows.c. Threads: fill and next as in csv.h, each thread with a block of its own. */
#ifndef LOTS_SQLITE_SOURCE_H
#define LOTS_SQLITE_SOURCE_H

#include "ingest/csv.h"

typedef struct lots_sqlite_source lots_sqlite_source;
typedef struct lots_sqlite_block lots_sqlite_block;

/* Is the file an SQLite database, by its first bytes? False also when it can't be read. */
bool lots_sqlite_is(const char *path);
/* `table` or `query` (one SELECT). Errors: LOTS_IO when the file is no database or lacks the table; LOTS_USAGE for a query
 * that SQLite doesn't take, that writes, or gives no columns; LOTS_MEMORY. */
LOTS_MUST lots_status lots_sqlite_open(lots_sqlite_source **out, const char *path, const char *table,
                                       const char *query, lots_error *err);
void lots_sqlite_close(lots_sqlite_source *source);
uint32_t lots_sqlite_column_count(const lots_sqlite_source *source);
const char *lots_sqlite_column_name(const lots_sqlite_source *source, uint32_t column);

LOTS_MUST lots_status lots_sqlite_block_open(lots_sqlite_block **out, const lots_sqlite_source *source,
                                             lots_error *err);
void lots_sqlite_block_close(lots_sqlite_block *block);
/* Errors: LOTS_IO when SQLite fails, or a value is no UTF-8 text or a blob. After an error every call gives it again. */
LOTS_MUST lots_status lots_sqlite_fill(lots_sqlite_source *source, lots_sqlite_block *block, bool *more,
                                       lots_error *err);
/* record->line is the row's number, from 1. */
bool lots_sqlite_block_next(lots_sqlite_block *block, lots_csv_field *fields, lots_csv_record *record);

#endif
