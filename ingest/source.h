/* source.h: a stream of valid UTF-8 bytes from a file, whatever it was packed and written in.
 * Plain, gzip (also several members one after another) and zstd are told apart by their first bytes, never by the name.
 * The declared character encoding is decoded to UTF-8. A UTF-8 byte order mark is dropped, and a file that has one is
 * UTF-8 whatever was declared.
 * Invariants of what lots_source_read gives: (1) valid UTF-8 as a whole, though a read may end inside a character;
 * (2) no NUL byte; (3) the same bytes however the reads are sized.
 * A line, here and in csv.h, ends at LF, at CR LF, or at a CR not followed by LF; the first is line 1.
 * Not here: records and fields (csv.h). One source, one thread at a time; the counters may be read from any. */
#ifndef LOTS_SOURCE_H
#define LOTS_SOURCE_H

#include "core/base/status.h"

typedef enum lots_charset {
    LOTS_CHARSET_UTF8,
    LOTS_CHARSET_LATIN1,       /* ISO 8859-1: every byte is a character */
    LOTS_CHARSET_WINDOWS1252   /* without the five bytes it leaves undefined: those are refused */
} lots_charset;

typedef enum lots_compression { LOTS_COMPRESSION_NONE, LOTS_COMPRESSION_GZIP, LOTS_COMPRESSION_ZSTD } lots_compression;

typedef struct lots_source lots_source;

/* Where the packed bytes come from when it isn't a file: put up to `capacity` bytes in `out`, *got = 0 at the end. */
typedef lots_status (*lots_source_fill)(void *context, void *out, size_t capacity, size_t *got, lots_error *err);

/* "utf-8", "latin-1", "windows-1252" and their usual other names, any case. False when unknown. */
bool lots_charset_parse(const char *text, size_t bytes, lots_charset *out);
const char *lots_charset_name(lots_charset encoding);

/* Open `path` (`-` is standard input) and look at its first bytes. *out is NULL after a failure.
 * Errors: LOTS_IO when it can't be opened or is of a kind refused (UTF-16, xz, bzip2, zip, …: the text says how to
 * convert it); LOTS_MEMORY. */
LOTS_MUST lots_status lots_source_open(lots_source **out, const char *path, lots_charset encoding, lots_error *err);
/* The same over a function; `name` (copied) stands in errors; `context` is lent until close. */
LOTS_MUST lots_status lots_source_open_fill(lots_source **out, const char *name, lots_source_fill fill, void *context,
                                            lots_charset encoding, lots_error *err);
void lots_source_close(lots_source *source);

/* Read up to `capacity` (>= 4) bytes; *got is 0 only at the end, and may be less than `capacity` before it.
 * Errors: LOTS_IO, naming the file, when the system fails, when packed bytes are damaged or end early, and when a byte
 * isn't of the declared encoding or is NUL: then with line and byte, `at` being the byte's offset in the unpacked text.
 * After an error every further read gives the same error. */
LOTS_MUST lots_status lots_source_read(lots_source *source, uint8_t *out, size_t capacity, size_t *got,
                                       lots_error *err);

const char *lots_source_name(const lots_source *source);
/* Packed bytes taken from the file so far: for progress. Any thread. */
uint64_t lots_source_bytes_read(const lots_source *source);
/* XXH3-64 of the file as it lies there. False, and nothing said, unless all of a file of known size was read. */
bool lots_source_hash(const lots_source *source, uint64_t *hash);

#endif
