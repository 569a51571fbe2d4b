/* bitset.h: a plain set of small numbers (patients, events of a chunk) over caller-owned words. Bit i is bit i%64 of word
 * i/64; bits at and beyond `count` are always 0. Roaring was weighed and refused: within a segment a plain bitset is
 * smaller than the code that would choose. */
#ifndef LOTS_BITSET_H
#define LOTS_BITSET_H

#include "core/lots.h"

static inline size_t lots_bit_words(size_t count) { return (count + 63) / 64; }
static inline bool lots_bit_get(const uint64_t *words, size_t index) { return (words[index / 64] >> (index % 64)) & 1; }
static inline void lots_bit_set(uint64_t *words, size_t index) { words[index / 64] |= UINT64_C(1) << (index % 64); }
static inline void lots_bit_clear(uint64_t *words, size_t index) { words[index / 64] &= ~(UINT64_C(1) << (index % 64)); }

/* Set or clear all of 0..count-1; bits beyond count in the last word become 0. */
void lots_bits_fill(uint64_t *words, size_t count, bool value);
/* Set bits first..end-1. */
void lots_bits_set_range(uint64_t *words, size_t first, size_t end);
uint64_t lots_bits_count(const uint64_t *words, size_t count);
/* How many in [first, end). */
uint64_t lots_bits_count_range(const uint64_t *words, size_t first, size_t end);
/* The first set bit at or after `from` and below `end`; `end` when none. */
size_t lots_bits_next(const uint64_t *words, size_t from, size_t end);
/* The last set bit below `before` and at or after `first`; SIZE_MAX when none. */
size_t lots_bits_previous(const uint64_t *words, size_t first, size_t before);
/* out = a op b over `count` bits; out may be a or b. */
void lots_bits_and(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t count);
void lots_bits_or(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t count);
void lots_bits_and_not(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t count);
void lots_bits_not(uint64_t *out, const uint64_t *a, size_t count);
/* The indexes of the set bits, rising, into out (room for lots_bits_count). Returns how many. */
size_t lots_bits_indexes(const uint64_t *words, size_t count, uint32_t *out);

#endif
