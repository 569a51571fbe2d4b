/* narrow.h: runs of whole numbers and of flags in few bytes, at the speed of memory: each number is its distance from the least
 * one, in 0, 1, 2, 4 or 8 bytes; flags are bits, or nothing when all are the same. In the machine's byte order: for bytes that
 * the process that wrote them reads back (spill files), not for a format on disk. A reader's bytes are not trusted.
 * Callers: core/store/batch_spill.c, ingest/sort.c. */
#ifndef LOTS_NARROW_H
#define LOTS_NARROW_H

#include "core/base/bytes.h"

/* Append `count` numbers of `item_bytes` (4 or 8). Errors: LOTS_MEMORY; `out` is as before then. */
LOTS_MUST lots_status lots_narrow_put(lots_bytes *out, const void *items, size_t count, size_t item_bytes, lots_error *err);
/* Read them into `out`, room for count items. False when the bytes don't hold them. */
bool lots_narrow_get(lots_reader *reader, void *out, size_t count, size_t item_bytes);

/* The same for bytes that are 0 or 1. */
LOTS_MUST lots_status lots_flags_put(lots_bytes *out, const uint8_t *flags, size_t count, lots_error *err);
bool lots_flags_get(lots_reader *reader, uint8_t *out, size_t count);

#endif
