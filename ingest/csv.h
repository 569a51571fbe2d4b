/* csv.h: records and fields of a delimited text (RFC 4180 and what registers make of it), cut for many threads.
 * One reader cuts the text into blocks of whole records; each block knows its place, so that workers parse blocks
 * independently. Every worker owns one block and loops: fill it (one at a time, a lock is inside), then walk its
 * records. Memory is bounded by the blocks the caller opened and the longest record.
 * The format:
 *   1. A field whose first byte is a quote (") is quoted: separators and line ends within are text, "" is one quote.
 *      A quote elsewhere is plain text (5" tube). Text between a closing quote and the separator is a fault.
 *   2. A record ends at LF, CR LF or a lone CR, also mixed in one file; the last one needs no line end.
 *   3. An empty line is no record. It counts as a line.
 *   4. The first record names the columns. A record with fewer or more fields is faulty: given, with its line, to be
 *      rejected; nothing else is lost.
 *   5. A quote that never closes and a record beyond the limit end the reading: the error names the line of its start.
 * Borrowed fields point into the block; a quoted field with doubled quotes is unescaped in place. */
#ifndef LOTS_CSV_H
#define LOTS_CSV_H

#include "core/base/status.h"
#include "ingest/source.h"

#define LOTS_CSV_RECORD_LIMIT ((size_t)16 << 20)
#define LOTS_CSV_BLOCK_BYTES ((size_t)1 << 20)

/* Zero is the default of each. */
typedef struct lots_csv_options {
    char separator;            /* 0: found from the first records among , ; tab | */
    bool quotes_are_text;      /* no quoting at all */
    bool no_header;            /* the first record is data; columns are named "1", "2", … */
    size_t record_limit_bytes; /* of one record with its line end; 0: LOTS_CSV_RECORD_LIMIT; at most 1 GiB */
    size_t block_bytes;        /* about; a longer record makes its block longer; 0: LOTS_CSV_BLOCK_BYTES */
} lots_csv_options;

typedef struct lots_csv_field {
    char *text;     /* borrowed from the block until it is filled again or closed; the caller may change it */
    uint32_t bytes; /* without the quotes around */
    bool quoted;    /* "" (quoted and empty) can be told from an empty field */
} lots_csv_field;

typedef enum lots_csv_fault {
    LOTS_CSV_FINE,
    LOTS_CSV_TOO_FEW,         /* fields */
    LOTS_CSV_TOO_MANY,
    LOTS_CSV_TEXT_AFTER_QUOTE /* "abc"d */
} lots_csv_fault;

typedef struct lots_csv_record {
    uint64_t line;        /* where it begins, from 1 */
    uint64_t at;          /* offset of its first byte in the unpacked UTF-8 text (the byte order mark not counted) */
    uint32_t bytes;       /* its length there, without the line end */
    uint32_t field_count; /* as found, possibly more than there are columns */
    lots_csv_fault fault;
} lots_csv_record;

typedef struct lots_csv_reader lots_csv_reader;
typedef struct lots_csv_block lots_csv_block;

/* Begin to read: find the separator, read the header. `source` is lent until lots_csv_close and not closed by it.
 * *out is NULL after a failure. Errors: LOTS_USAGE for options that make no sense; LOTS_IO when the text has no record
 * at all, and as lots_csv_fill; LOTS_MEMORY. */
LOTS_MUST lots_status lots_csv_open(lots_csv_reader **out, lots_source *source, const lots_csv_options *options,
                                    lots_error *err);
void lots_csv_close(lots_csv_reader *reader); /* after its blocks; NULL does nothing */

char lots_csv_separator(const lots_csv_reader *reader);
bool lots_csv_separator_found(const lots_csv_reader *reader); /* rather than declared */
uint32_t lots_csv_column_count(const lots_csv_reader *reader);
/* Zero-terminated, blanks around taken off; possibly empty or repeated. */
const char *lots_csv_column_name(const lots_csv_reader *reader, uint32_t column);
/* "too few fields" and the like. */
const char *lots_csv_fault_name(lots_csv_fault fault);

/* A block to be filled again and again; own one per thread. */
LOTS_MUST lots_status lots_csv_block_open(lots_csv_block **out, const lots_csv_reader *reader, lots_error *err);
void lots_csv_block_close(lots_csv_block *block);

/* Fill `block` with the next whole records; *more is false (and the block empty) when none are left.
 * Blocks come in the order of the text.
 * Threads: any, each with its own block; the calls wait for one another.
 * Errors: as lots_source_read, and LOTS_IO for a quote that doesn't close and a record beyond the limit. After an error
 * every further call gives the same error. */
LOTS_MUST lots_status lots_csv_fill(lots_csv_reader *reader, lots_csv_block *block, bool *more, lots_error *err);

/* The next record: true, with its place and fault in *record and its fields in fields[0..column_count). After
 * LOTS_CSV_TOO_FEW the fields not found are empty; after LOTS_CSV_TOO_MANY those beyond the columns are not given; a
 * field with text after its quote is given as it stands. False at the end of the block. */
bool lots_csv_block_next(lots_csv_block *block, lots_csv_field *fields, lots_csv_record *record);

#endif
