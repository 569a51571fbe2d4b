/* hash.h: XXH3-64 (Yann Collet's xxHash) for checksums and for hash tables; the same number on every machine. */
#ifndef LOTS_HASH_H
#define LOTS_HASH_H

#include "core/lots.h"

uint64_t lots_hash(const void *data, size_t count, uint64_t seed);
/* A good mix of one 64-bit key. */
static inline uint64_t lots_hash64(uint64_t key)
{
    key ^= key >> 32;
    key *= UINT64_C(0xd6e8feb86659fd93);
    key ^= key >> 32;
    key *= UINT64_C(0xd6e8feb86659fd93);
    key ^= key >> 32;
    return key;
}
/* The salt of a block's checksum: which segment, column and block it is, so that a misplaced block is caught. */
uint64_t lots_hash_salt(uint64_t segment, uint32_t column, uint32_t block);

#endif
