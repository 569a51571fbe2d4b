/* unpack.h: packed bytes → plain bytes: gzip (several members too), zstd (several frames too), or as they are.
 * Told apart by the first bytes. Memory: one input buffer and what the library needs (zstd: at most its default window
 * limit, 128 MiB). Callers: source.c, tests. */
#ifndef LOTS_UNPACK_H
#define LOTS_UNPACK_H

#include "ingest/source.h"

typedef struct lots_unpack lots_unpack;

/* `name` (for errors) and `context` are lent until close. Reads the first bytes. *out is NULL after a failure.
 * Errors: what `fill` gives; LOTS_MEMORY. */
LOTS_MUST lots_status lots_unpack_open(lots_unpack **out, const char *name, lots_source_fill fill, void *context,
                                       lots_error *err);
void lots_unpack_close(lots_unpack *unpack);
/* Up to `capacity` (> 0) plain bytes; *got is 0 only at the end. Errors: LOTS_IO naming the file when the packed bytes
 * are damaged or end early; what `fill` gives. */
LOTS_MUST lots_status lots_unpack_read(lots_unpack *unpack, uint8_t *out, size_t capacity, size_t *got,
                                       lots_error *err);
/* Packed bytes taken so far. Any thread. */
uint64_t lots_unpack_bytes_read(const lots_unpack *unpack);

#endif
