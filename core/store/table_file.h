/* table_file.h: a table that is not about patients as an immutable file: a small columnar file of the codec's blocks, one
 * for every LOTS_TABLE_CHUNK_ROWS rows of a column (lists: two). Layout in table_file.c and FORMAT.md, "table".
 *
 * The bytes are a pure function of schema and rows (no number of a file salts them), so an unchanged table is known by
 * its hash and not written again. Ids in the file are stable ids. Callers: the registry, its writer, check. */
#ifndef LOTS_TABLE_FILE_H
#define LOTS_TABLE_FILE_H

#include "core/store/batch.h"
#include "core/store/schema.h"

#define LOTS_TABLE_CHUNK_ROWS 16384u

/* Append the image of `batch`, whose columns are the schema's. Errors: LOTS_MEMORY, LOTS_LIMIT, LOTS_INTERNAL when the batch
 * is not of this schema. `out` is unspecified beyond its old count then. */
LOTS_MUST lots_status lots_table_save(const lots_table_schema *schema, const lots_batch *batch, lots_bytes *out,
                                      lots_error *err);
/* Read an image into `out` (opened here over the schema's columns, which are borrowed for its life; closed by the caller on
 * LOTS_OK). Columns are found by name; one that the file lacks, being older, is missing throughout.
 * *blocks (may be NULL) is how many blocks were decoded. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_table_load(const uint8_t *bytes, size_t count, const lots_table_schema *schema,
                                      lots_batch *out, uint64_t *blocks, lots_error *err);

#endif
