/* sqlite.h: results as tables of a SQLite file, new or existing, all in one transaction: a file is as it was until commit.
 *   INT, DAYS, BOOL (0, 1) INTEGER · FLOAT REAL · DECIMAL REAL when all its values have at most 15 digits, else TEXT with all
 *   of them · SET TEXT, a JSON array · everything else TEXT · missing NULL, and so is a float that is not a number
 * A name that the file holds already is refused. Column names that differ only in case get _2, _3, ….
 * Callers: output.c, document.c, tests. */
#ifndef LOTS_OUT_SQLITE_H
#define LOTS_OUT_SQLITE_H

#include "query/out/output.h"

typedef struct lots_result_file lots_result_file;

/* Open or create the file and begin. Errors: LOTS_IO (also when it is no SQLite file, or locked), LOTS_MEMORY. */
LOTS_MUST lots_status lots_result_file_open(lots_result_file **out, const char *path, lots_error *err);
/* Errors: LOTS_USAGE when the table exists; LOTS_IO, LOTS_MEMORY. */
LOTS_MUST lots_status lots_result_file_write(const lots_sheet *sheet, lots_result_file *file, const char *table,
                                        lots_error *err);
/* Keep, beside the results, how one was made: table lots_provenance(result, provenance as JSON). */
LOTS_MUST lots_status lots_result_file_provenance(lots_result_file *file, const char *table, const char *json, size_t bytes,
                                             lots_error *err);
LOTS_MUST lots_status lots_result_file_commit(lots_result_file *file, lots_error *err);
/* What wasn't committed is undone, and a file created for it removed. NULL does nothing. */
void lots_result_file_close(lots_result_file *file);

#endif
