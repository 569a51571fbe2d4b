/* zstd.c: see zstd.h. */
#include "core/codec/zstd.h"

#include <zstd.h>

#define LEVEL 3
#define LEAST_BYTES 64u /* below, a frame's head eats what it saves */

lots_status lots_zstd_shrink(lots_bytes *out, size_t from, uint32_t count, bool *done, lots_error *err)
{
    const size_t raw = out->count - from;
    lots_bytes shrunk = {NULL, 0, 0};
    *done = false;
    if (raw < LEAST_BYTES)
        return LOTS_OK;
    lots_status status = lots_bytes_put_varint(&shrunk, raw, err);
    if (status == LOTS_OK)
        status = lots_bytes_reserve(&shrunk, ZSTD_compressBound(raw), err);
    if (status == LOTS_OK) {
        const size_t got = ZSTD_compress(shrunk.data + shrunk.count, shrunk.capacity - shrunk.count, out->data + from,
                                         raw, LEVEL);
        const bool fits = !ZSTD_isError(got) && got + shrunk.count <= raw - raw / 10;
        if (fits && raw <= lots_inflate_limit(count, got)) {
            shrunk.count += got;
            memcpy(out->data + from, shrunk.data, shrunk.count);
            out->count = from + shrunk.count;
            *done = true;
        }
    }
    lots_bytes_free(&shrunk);
    return status;
}

lots_status lots_zstd_open(lots_reader *reader, uint32_t count, lots_arena *arena, lots_error *err)
{
    uint64_t raw;
    void *bytes;
    if (!lots_read_varint(reader, &raw))
        return lots_fail(err, LOTS_CORRUPT, "compressed bytes lack their length");
    const size_t packed = (size_t)(reader->end - reader->at);
    if (raw > lots_inflate_limit(count, packed))
        return lots_fail(err, LOTS_CORRUPT, "%zu compressed bytes claim to be %llu", packed, (unsigned long long)raw);
    LOTS_TRY(lots_arena_vector(arena, &bytes, (size_t)raw, 1, err));
    const size_t got = ZSTD_decompress(bytes, (size_t)raw, reader->at, packed);
    if (ZSTD_isError(got))
        return lots_fail(err, LOTS_CORRUPT, "%zu compressed bytes: %s", packed, ZSTD_getErrorName(got));
    if (got != raw)
        return lots_fail(err, LOTS_CORRUPT, "%zu compressed bytes hold %zu, not %llu", packed, got,
                         (unsigned long long)raw);
    *reader = lots_reader_over(bytes, (size_t)raw);
    return LOTS_OK;
}
