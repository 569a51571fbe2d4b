/* choose.h: which encoding a run of whole numbers gets, and the dispatch to it. One look over the numbers (sub-block bounds
 * and width classes, differences, runs, a sample of distinct ones) tells most encodings' sizes; only those that promise
 * to win are measured exactly, and only the winner is written. The table of decode costs is in choose.c.
 * Numbers of 32 bits decode modulo 2^32, of 64 bits modulo 2^64. Callers: core/codec. */
#ifndef LOTS_CHOOSE_H
#define LOTS_CHOOSE_H

#include "core/codec/block.h"
#include "core/codec/delta.h"

/* What was chosen: for the block's meta. */
typedef struct lots_shape {
    uint8_t encoding;
    uint8_t width;
} lots_shape;

/* `only`: 1 + the encoding to use, 0: choose. FRAME, GAPS, DELTA, RUNS, DICT and PLANES are at hand. At least one number.
 * Errors: LOTS_USAGE when `only` can't hold the numbers, LOTS_MEMORY. */
LOTS_MUST lots_status lots_ints_encode(const lots_ints *ints, lots_starts starts, int only, lots_bytes *out,
                                       lots_shape *shape, lots_arena *arena, lots_error *err);
/* Errors: LOTS_CORRUPT, LOTS_MEMORY. `out` has 64 bytes of slack. `believed`: see dict.h. `narrow`: the numbers are
 * known to be 0 .. 2^32 - 1. */
LOTS_MUST lots_status lots_ints_decode_u32(uint8_t encoding, lots_reader *reader, uint32_t count, lots_starts starts,
                                           bool believed, uint32_t *out, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_ints_decode_u64(uint8_t encoding, lots_reader *reader, uint32_t count, bool believed, bool narrow,
                                           uint64_t *out, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_cannot_hold(lots_encoding encoding, lots_error *err);

#endif
