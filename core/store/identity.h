/* identity.h: the patients' ids, in files of their own (one a segment), which may lie elsewhere and are read only for
 * row-level output and for merging. A registry answers every aggregate question without them. Layout: FORMAT.md.
 * Ids are in byte order, front-coded in groups, zstd'd, each group with a salted checksum. */
#ifndef LOTS_IDENTITY_H
#define LOTS_IDENTITY_H

#include "core/base/bytes.h"
#include "core/base/status.h"

typedef struct lots_identity lots_identity;

/* Write ids[0..count-1] (strictly rising by bytes): ids as one text with offsets. Publishing
 * syncs the file (registry.h). */
LOTS_MUST lots_status lots_identity_write(const char *path, uint64_t segment, const char *text, const uint64_t *offsets,
                                          uint32_t count, lots_error *err);
LOTS_MUST lots_status lots_identity_open(lots_identity **out, const char *path, uint64_t expected_segment,
                                         lots_error *err);
void lots_identity_close(lots_identity *identity);
uint32_t lots_identity_count(const lots_identity *identity);
/* The id of patient `index` of the segment, into `out` (replaced). Threads: not shared. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_identity_get(lots_identity *identity, uint32_t index, lots_bytes *out, lots_error *err);
/* Find an id; *out = UINT32_MAX when absent. */
LOTS_MUST lots_status lots_identity_find(lots_identity *identity, const char *id, size_t bytes, uint32_t *out,
                                         lots_error *err);
/* Verify everything. */
LOTS_MUST lots_status lots_identity_check(lots_identity *identity, lots_error *err);

#endif
