/* numbers.h: blocks of numbers of the four widths in memory, as whole numbers (choose.h), decimals or as they lie. Doubles
 * are whole numbers through lots_f64_key, which keeps their order. Callers: core/codec/block.c. */
#ifndef LOTS_NUMBERS_H
#define LOTS_NUMBERS_H

#include "core/codec/choose.h"

/* At least one value, none missing. Errors: LOTS_USAGE when `only` can't hold them, LOTS_MEMORY. */
LOTS_MUST lots_status lots_numbers_encode(const lots_values *values, int only, lots_bytes *out, lots_shape *shape,
                                          int64_t *min, int64_t *max, lots_arena *arena, lots_error *err);
/* `encoding` without the zstd flag. `out` has 64 bytes of slack. `believed`: see dict.h. */
LOTS_MUST lots_status lots_numbers_decode(const lots_block_meta *meta, uint8_t encoding, lots_reader *reader,
                                          uint32_t count, lots_starts starts, bool believed, void *out,
                                          lots_arena *arena, lots_error *err);
/* Are the block's numbers I64, none missing, and all 0 .. 2^32 - 1, in an encoding in which they can be had as such? Then they are
 * put there, when they have been decoded before. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
bool lots_numbers_are_narrow(const lots_block_meta *meta);
LOTS_MUST lots_status lots_numbers_decode_narrow(const lots_block_meta *meta, lots_reader *reader, lots_narrow_values *out,
                                                 lots_arena *arena, lots_error *err);
/* Can numbers of this encoding be taken? */
bool lots_numbers_can_take(const lots_block_meta *meta);
/* out[k] = number rows[k] of such a block that has been decoded before; rows[k] < count and never fall. `encoding` as for
 * decode. Errors: LOTS_MEMORY, LOTS_CORRUPT. */
LOTS_MUST lots_status lots_numbers_take(const lots_block_meta *meta, uint8_t encoding, lots_reader *reader,
                                        uint32_t count, const uint32_t *rows, uint32_t row_count, void *out,
                                        lots_arena *arena, lots_error *err);

#endif
