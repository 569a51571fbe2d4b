/* inner.h: a run of values within a block's body, with a head of its own: what the entries of patients say, places among the
 * children of a parent, the values of one class (related.h).
 *   1        encoding, with or without the zstd flag; one that needs nothing but these bytes
 *   varint   how many values are missing
 *   varint   zigzag of the value: constant values, not all missing
 *   varint   how many bytes follow
 *   …        the payload, as a block's
 * How many values there are is known from outside. No texts. Callers: core/codec. */
#ifndef LOTS_INNER_H
#define LOTS_INNER_H

#include "core/codec/block.h"

/* Append the values. `meta` (may be NULL) gets what a block's would say of them. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_inner_write(const lots_values *values, lots_bytes *out, lots_block_meta *meta,
                                       lots_arena *arena, lots_error *err);
/* Read `count` values, at least one, of a phys into `out` (data and missing with room as for a block; missing is written).
 * *missing: how many are. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_inner_read(lots_reader *reader, lots_phys phys, uint32_t count, lots_values_out *out,
                                      uint32_t *missing, lots_arena *arena, lots_error *err);

/* Those of `rows`, which rise: of values that were read before. out->missing is written. */
LOTS_MUST lots_status lots_inner_take(lots_reader *reader, lots_phys phys, uint32_t count, const uint32_t *rows,
                                      uint32_t row_count, lots_values_out *out, lots_arena *arena, lots_error *err);
/* Step over values that are all one number, none missing; false: they are not, and the reader stands where it stood. */
bool lots_inner_skip_same(lots_reader *reader, int64_t *value);
/* Step over `count` values. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_inner_skip(lots_reader *reader, uint32_t count, lots_error *err);

#endif
