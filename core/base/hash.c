/* hash.c: XXH3-64 through libxxhash. Stored bytes depend on these numbers: they may never change. No state. */
#include "core/base/hash.h"

#include <xxhash.h>

#include "core/base/bytes.h"

uint64_t lots_hash(const void *data, size_t count, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, count, seed);
}

/* XXH3-64 of the 16 bytes: segment u64, column u32, block u32, little-endian. */
uint64_t lots_hash_salt(uint64_t segment, uint32_t column, uint32_t block)
{
    uint8_t place[16];
    lots_put64(place, segment);
    lots_put32(place + 8, column);
    lots_put32(place + 12, block);
    return lots_hash(place, sizeof place, 0);
}
