/* zstd.h: zstd over the bytes of another encoding: varint, how many bytes they are; one zstd frame of them.
 * No body is taken for more than lots_inflate_limit, so that a few damaged bytes can't ask for all of memory.
 * The bytes written depend on the version of libzstd; reading does not. Callers: core/codec. */
#ifndef LOTS_ZSTD_H
#define LOTS_ZSTD_H

#include "core/base/arena.h"
#include "core/base/bytes.h"

/* The most bytes that `bytes` coded ones may stand for in a block of `count` values; encoders keep to it as well. */
static inline uint64_t lots_inflate_limit(uint32_t count, size_t bytes)
{
    return 4096 + (uint64_t)count * 64 + (uint64_t)bytes * 256;
}
/* Put zstd over what `out` holds from `from` on if that saves a tenth; *done says whether. */
LOTS_MUST lots_status lots_zstd_shrink(lots_bytes *out, size_t from, uint32_t count, bool *done, lots_error *err);
/* The bytes under it, from the arena. Takes all that the reader has left, and sets it on the result.
 * Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_zstd_open(lots_reader *reader, uint32_t count, lots_arena *arena, lots_error *err);

#endif
