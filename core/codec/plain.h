/* plain.h: values as they lie, little-endian; bitmaps as bytes; and doubles that are decimals.
 *   PLAIN   numbers of 4 or 8 bytes each; bits: ceil(count / 8) bytes, bits beyond count 0
 *   DECIMAL 1 byte: e, 0..9; 1 byte: the encoding of the whole numbers k (choose.h); those. A double is k / 10^e
 * Callers: core/codec. */
#ifndef LOTS_PLAIN_H
#define LOTS_PLAIN_H

#include "core/codec/choose.h"

LOTS_MUST lots_status lots_plain_encode(const void *values, uint32_t count, size_t size, lots_bytes *out,
                                        lots_error *err);
/* `out` is exact. */
LOTS_MUST lots_status lots_plain_decode(lots_reader *reader, uint32_t count, size_t size, void *out, lots_error *err);
LOTS_MUST lots_status lots_plain_bits_encode(const uint64_t *words, uint32_t count, lots_bytes *out, lots_error *err);
LOTS_MUST lots_status lots_plain_bits_decode(lots_reader *reader, uint32_t count, uint64_t *out, lots_error *err);

/* The least e of 0..9 for which every double is k / 10^e to the bit, |k| <= 2^53; fills k. False when there is none
 * (-0.0 and infinities are none). */
bool lots_decimal_find(const double *values, uint32_t count, unsigned *exponent, int64_t *k);
LOTS_MUST lots_status lots_decimal_encode(const lots_ints *k, unsigned exponent, lots_bytes *out, lots_shape *shape,
                                          lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_decimal_decode(lots_reader *reader, uint32_t count, double *out, lots_arena *arena,
                                          lots_error *err);

#endif
