/* batch.h: rows of one stream (or table) in memory, column by column: the form in which rows travel between ingest,
 * spill files, merging and the segment writer. A growable, owned, plain structure.
 *
 * Invariants: every column has `rows` values; lists and texts have rows + 1 offsets; a missing value's slot is 0 / empty.
 * Ids in a batch are stable ids of the dictionaries (ingest may hold provisional ids in it while it loads; the store
 * wants stable ones). Not thread safe. */
#ifndef LOTS_BATCH_H
#define LOTS_BATCH_H

#include "core/base/bytes.h"
#include "core/base/vec.h"
#include "core/store/schema.h"

typedef struct lots_batch_column {
    lots_phys phys;
    bool list;         /* LOTS_KIND_CODES */
    lots_vec values;   /* int32_t / uint32_t / int64_t / double; BITS: one uint8_t a row; TEXT: uint8_t bytes; list: ids */
    lots_vec offsets;  /* uint32_t, rows + 1; TEXT and list only. At most 4 GiB of text in a batch */
    lots_vec missing;  /* uint8_t a row, 1 = missing; a missing list and an empty list are the same: never missing */
} lots_batch_column;

typedef struct lots_batch {
    const lots_column *schema;   /* borrowed: column_count of them */
    uint32_t column_count;
    uint32_t rows;
    lots_vec patient;            /* lots_patient a row (registry-wide or provisional number); tables: empty */
    lots_batch_column *columns;
} lots_batch;

/* `columns` is borrowed for the life of the batch. */
LOTS_MUST lots_status lots_batch_open(lots_batch *out, const lots_column *columns, uint32_t column_count,
                                      lots_error *err);
void lots_batch_close(lots_batch *batch);
void lots_batch_clear(lots_batch *batch); /* to no rows, keeping memory */
size_t lots_batch_memory(const lots_batch *batch);

/* Appending a row: begin, then at most one put for each column, then end: columns without a put are missing.
 * abandon drops the row begun. */
LOTS_MUST lots_status lots_batch_row_begin(lots_batch *batch, lots_patient patient, lots_error *err);
LOTS_MUST lots_status lots_batch_put_int(lots_batch *batch, uint32_t column, int64_t value, lots_error *err); /* BITS I32 U32 I64 */
LOTS_MUST lots_status lots_batch_put_float(lots_batch *batch, uint32_t column, double value, lots_error *err);
LOTS_MUST lots_status lots_batch_put_text(lots_batch *batch, uint32_t column, const char *text, size_t bytes,
                                          lots_error *err);
/* One more element of a list column of the row begun. */
LOTS_MUST lots_status lots_batch_put_item(lots_batch *batch, uint32_t column, lots_id id, lots_error *err);
LOTS_MUST lots_status lots_batch_row_end(lots_batch *batch, lots_error *err);
void lots_batch_row_abandon(lots_batch *batch);

/* Append all rows of `from`, whose columns are mapped: columns of `from` go to `map[i]` (UINT32_MAX: dropped), columns
 * not mapped to are missing. map NULL: same columns. */
LOTS_MUST lots_status lots_batch_append(lots_batch *batch, const lots_batch *from, const uint32_t *map,
                                        lots_error *err);
/* Append rows first .. first + count - 1 of `from` (same columns). */
LOTS_MUST lots_status lots_batch_append_rows(lots_batch *batch, const lots_batch *from, uint32_t first, uint32_t count,
                                             lots_error *err);
/* Make room for `rows` more rows, but for their texts and lists. */
LOTS_MUST lots_status lots_batch_reserve_rows(lots_batch *batch, uint32_t rows, lots_error *err);
/* New batch = rows order[0..count-1] of `from`. */
LOTS_MUST lots_status lots_batch_permute(const lots_batch *from, const uint32_t *order, uint32_t count, lots_batch *out,
                                         lots_error *err);
/* Put the batch's own rows in the order `order`, which names each once, if few change places: *done false, and nothing
 * changed, when more than a quarter would. After a failure the rows are in no order. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_batch_arrange(lots_batch *batch, const uint32_t *order, bool *done, lots_error *err);
/* Remove in place the rows whose `dropped` (one byte a row) has a bit of `mask`. Keeps memory. */
void lots_batch_drop_rows(lots_batch *batch, const uint8_t *dropped, uint8_t mask);
/* Replace every id of a U32 column, from row `first` on, by map[id]. Errors: LOTS_INTERNAL when an id is out of range. */
LOTS_MUST lots_status lots_batch_remap_from(lots_batch *batch, uint32_t column, uint32_t first, const lots_id *map,
                                            uint32_t map_count, lots_error *err);
LOTS_MUST lots_status lots_batch_remap(lots_batch *batch, uint32_t column, const lots_id *map, uint32_t map_count,
                                       lots_error *err);
/* A raw image for spill files (not a format on disk: read back by the same process). Several images may follow one
 * another; load appends one to `batch` and tells the bytes it took. */
LOTS_MUST lots_status lots_batch_spill(const lots_batch *batch, lots_bytes *out, lots_error *err);
LOTS_MUST lots_status lots_batch_unspill(lots_batch *batch, const uint8_t *bytes, size_t count, size_t *taken,
                                         lots_error *err);

#endif
