/* csv_reader.h: the reader's state, shared by what opens it (csv_open.c) and what cuts the text (csv.c).
 * Invariants: (1) the text to come is pending[pending_at..) and then the source; (2) it begins at a record, on line
 * `line`, at offset `at`; (3) once `failure` is set every fill gives it. From `pending` on all is under `lock`. */
#ifndef LOTS_CSV_READER_H
#define LOTS_CSV_READER_H

#include <pthread.h>

#include "core/base/bytes.h"
#include "ingest/csv.h"
#include "ingest/csv_scan.h"

struct lots_csv_reader {
    lots_source *source;
    size_t record_limit;
    size_t block_bytes;
    uint8_t separator;
    uint8_t quote;
    bool separator_found;
    lots_csv_scan_words scan_words;
    char **names;
    uint32_t column_count;
    pthread_mutex_t lock;
    lots_bytes pending;
    size_t pending_at;
    bool source_ended;
    uint64_t line;
    uint64_t at;
    lots_error failure;
};

/* What lots_csv_fill does, without the lock and the memory of failures. The block is empty at the end of the text. */
LOTS_MUST lots_status lots_csv_reader_fill(lots_csv_reader *reader, lots_csv_block *block, lots_error *err);

#endif
