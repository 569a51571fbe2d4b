/* rle.h: runs. Numbers: varint run count, frame of the runs' values, frame of their lengths. Bits: see lots_bits_write.
 * Callers: core/codec. */
#ifndef LOTS_RLE_H
#define LOTS_RLE_H

#include "core/codec/frame.h"
#include "core/codec/id_test.h"

typedef struct lots_runs_plan {
    lots_ints values;
    lots_ints lengths;
    lots_frame_plan values_frame;
    lots_frame_plan lengths_frame;
    size_t bytes;
} lots_runs_plan;

LOTS_MUST lots_status lots_runs_measure(const lots_ints *ints, lots_runs_plan *plan, lots_arena *arena,
                                        lots_error *err);
LOTS_MUST lots_status lots_runs_write(const lots_runs_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err);
/* `believed`: see block.h. */
LOTS_MUST lots_status lots_runs_decode_u32(lots_reader *reader, uint32_t count, bool believed, uint32_t *out, lots_arena *arena,
                                           lots_error *err);
LOTS_MUST lots_status lots_runs_decode_u64(lots_reader *reader, uint32_t count, bool believed, uint64_t *out, lots_arena *arena,
                                           lots_error *err);
/* out[k] = value rows[k] of runs that have been decoded before; rows[k] < count and never fall. */
LOTS_MUST lots_status lots_runs_take_u32(lots_reader *reader, uint32_t count, const uint32_t *rows, uint32_t row_count,
                                         uint32_t *out, lots_arena *arena, lots_error *err);
/* Rows with a bit in `mask` whose value, of runs decoded before, is not 0, and these values. Room for as many as `mask` has. */
LOTS_MUST lots_status lots_runs_take_nonzero(lots_reader *reader, uint32_t count, const uint64_t *mask, uint32_t *rows,
                                             uint32_t *values, uint32_t *taken, lots_arena *arena, lots_error *err);
/* Only which of the values are in a set, as bits; *greatest of the runs' values. */
LOTS_MUST lots_status lots_runs_test(lots_reader *reader, uint32_t count, const lots_id_test *test, bool believed,
                                     uint64_t *out, uint32_t *greatest, lots_arena *arena, lots_error *err);

/* A bitmap of count bits as runs: 1 byte: the first bit; varint: runs in all; frame of the lengths of the runs of zeros,
 * frame of those of ones. */
LOTS_MUST lots_status lots_bit_runs_encode(const uint64_t *words, uint32_t count, lots_bytes *out, lots_arena *arena,
                                           lots_error *err);
/* How many runs. */
uint32_t lots_bit_runs_count(const uint64_t *words, uint32_t count);
/* `out` is exact. */
LOTS_MUST lots_status lots_bit_runs_decode(lots_reader *reader, uint32_t count, uint64_t *out, lots_arena *arena,
                                           lots_error *err);

#endif
