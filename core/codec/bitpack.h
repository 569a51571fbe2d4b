/* bitpack.h: up to 1024 unsigned values of one width, as bits. The lowest floor of the codecs.
 *
 * Layout of `count` values of `width` bits (core/FORMAT.md, "packed values"): with lanes = count / 32,
 *   4 * lanes * width bytes   the first 32 * lanes values, vertically: value i is row i / lanes of lane i % lanes; the 32
 *                             rows of a lane are packed least significant bit first into `width` 32-bit words; word k of
 *                             all lanes lie together
 *   ceil(rest * width / 8)    the rest (below 32) values, packed least significant bit first
 * so no value is padded, 1024 values are 128 * width bytes, and all but at most 31 are decoded by whole vectors.
 * Callers: core/codec. */
#ifndef LOTS_BITPACK_H
#define LOTS_BITPACK_H

#include "core/base/kernels.h"

/* Bytes of `count` (0..1024) values of `width` (0..32) bits. */
static inline size_t lots_bitpack_bytes(uint32_t count, unsigned width)
{
    return (size_t)4 * (count / 32) * width + ((size_t)(count % 32) * width + 7) / 8;
}

/* Pack; bits above width must be 0. `values` has 64 readable bytes after its end. Writes lots_bitpack_bytes, exact. */
void lots_bitpack_pack(const uint32_t *values, uint32_t count, unsigned width, uint8_t *out);
/* Unpack and add `base` (modulo 2^32). `in` holds lots_bitpack_bytes, and `in_slack` more may be read after them. `out`
 * has 64 bytes of slack when count < 1024. */
void lots_bitpack_unpack(const uint8_t *in, size_t in_slack, uint32_t count, unsigned width, uint32_t base,
                         uint32_t *out);
/* Bits needed for a value: 0 for 0. */
static inline unsigned lots_bit_width(uint64_t value) { return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value); }

#endif
