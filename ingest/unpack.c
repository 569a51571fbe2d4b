/* unpack.c: one input buffer is refilled from `fill` and fed to the library that the first bytes call for.
 * Invariants: (1) input[at..end) are packed bytes not yet used; (2) `ended` once fill gave 0, and it isn't asked again;
 * (3) `inside` while a gzip member or zstd frame has begun and not ended: the input may not end there. */
#include "ingest/unpack.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "core/base/memory.h"

#define INPUT_BYTES ((size_t)256 << 10)

struct lots_unpack {
    const char *name;
    lots_source_fill fill;
    void *context;
    uint8_t *input;
    size_t at;
    size_t end;
    bool ended;
    bool inside;
    bool gzip_ready; /* `gzip` needs inflateEnd */
    lots_compression kind;
    _Atomic uint64_t bytes_read;
    z_stream gzip;
    ZSTD_DStream *zstd;
};

/* Add packed bytes behind those not yet used; at least one unless the input ended. */
static lots_status refill(lots_unpack *unpack, lots_error *err)
{
    if (unpack->ended)
        return LOTS_OK;
    memmove(unpack->input, unpack->input + unpack->at, unpack->end - unpack->at);
    unpack->end -= unpack->at;
    unpack->at = 0;
    size_t got = 0;
    LOTS_TRY(unpack->fill(unpack->context, unpack->input + unpack->end, INPUT_BYTES - unpack->end, &got, err));
    unpack->end += got;
    unpack->ended = got == 0;
    atomic_fetch_add_explicit(&unpack->bytes_read, got, memory_order_relaxed);
    return LOTS_OK;
}

static bool starts_gzip(const uint8_t *data, size_t count)
{
    return count >= 2 && data[0] == 0x1F && data[1] == 0x8B;
}

/* A zstd frame, or a skippable frame as pzstd and others put first (RFC 8878, 3.1.1 and 3.1.2). */
static bool starts_zstd(const uint8_t *data, size_t count)
{
    if (count < 4)
        return false;
    bool frame = data[0] == 0x28 && data[1] == 0xB5 && data[2] == 0x2F && data[3] == 0xFD;
    bool skippable = (data[0] & 0xF0) == 0x50 && data[1] == 0x2A && data[2] == 0x4D && data[3] == 0x18;
    return frame || skippable;
}

static lots_status begin(lots_unpack *unpack, lots_error *err)
{
    while (unpack->end < 4 && !unpack->ended)
        LOTS_TRY(refill(unpack, err));
    if (starts_gzip(unpack->input, unpack->end)) {
        unpack->kind = LOTS_COMPRESSION_GZIP;
        if (inflateInit2(&unpack->gzip, 15 + 16) != Z_OK)
            return lots_fail(err, LOTS_MEMORY, "out of memory for unpacking %s", unpack->name);
        unpack->gzip_ready = true;
        unpack->inside = true;
    } else if (starts_zstd(unpack->input, unpack->end)) {
        unpack->kind = LOTS_COMPRESSION_ZSTD;
        unpack->zstd = ZSTD_createDStream();
        if (unpack->zstd == NULL)
            return lots_fail(err, LOTS_MEMORY, "out of memory for unpacking %s", unpack->name);
        unpack->inside = true;
    }
    return LOTS_OK;
}

lots_status lots_unpack_open(lots_unpack **out, const char *name, lots_source_fill fill, void *context,
                             lots_error *err)
{
    *out = NULL;
    void *memory = NULL;
    LOTS_TRY(lots_alloc(&memory, 1, sizeof(lots_unpack), err));
    lots_unpack *unpack = memory;
    unpack->name = name;
    unpack->fill = fill;
    unpack->context = context;
    void *input = NULL;
    lots_status status = lots_alloc(&input, INPUT_BYTES, 1, err);
    unpack->input = input;
    if (status == LOTS_OK)
        status = begin(unpack, err);
    if (status != LOTS_OK) {
        lots_unpack_close(unpack);
        return status;
    }
    *out = unpack;
    return LOTS_OK;
}

void lots_unpack_close(lots_unpack *unpack)
{
    if (unpack == NULL)
        return;
    if (unpack->gzip_ready)
        inflateEnd(&unpack->gzip);
    ZSTD_freeDStream(unpack->zstd);
    lots_free(unpack->input);
    lots_free(unpack);
}

static lots_status read_plain(lots_unpack *unpack, uint8_t *out, size_t capacity, size_t *got, lots_error *err)
{
    if (unpack->at < unpack->end) {
        size_t count = unpack->end - unpack->at < capacity ? unpack->end - unpack->at : capacity;
        memcpy(out, unpack->input + unpack->at, count);
        unpack->at += count;
        *got = count;
        return LOTS_OK;
    }
    if (unpack->ended)
        return LOTS_OK;
    LOTS_TRY(unpack->fill(unpack->context, out, capacity, got, err));
    unpack->ended = *got == 0;
    atomic_fetch_add_explicit(&unpack->bytes_read, *got, memory_order_relaxed);
    return LOTS_OK;
}

static lots_status fail_short(const lots_unpack *unpack, const char *kind, lots_error *err)
{
    lots_fail(err, LOTS_IO, "%s: the %s data end early: the file is cut off", unpack->name, kind);
    lots_error_hint(err, "fetch it again, or test it with %s -t", kind);
    return LOTS_IO;
}

/* After a member: another one, zeros that pad to a tape block (gzip allows them), or the end. */
static lots_status next_member(lots_unpack *unpack, bool *more, lots_error *err)
{
    *more = false;
    for (;;) {
        while (unpack->at < unpack->end && unpack->input[unpack->at] == 0)
            unpack->at++;
        if (unpack->end - unpack->at >= 2 || unpack->ended)
            break;
        LOTS_TRY(refill(unpack, err));
    }
    if (unpack->at == unpack->end)
        return LOTS_OK;
    if (!starts_gzip(unpack->input + unpack->at, unpack->end - unpack->at))
        return lots_fail(err, LOTS_IO, "%s: something that isn't gzip follows the gzip data", unpack->name);
    if (inflateReset(&unpack->gzip) != Z_OK)
        return lots_fail(err, LOTS_INTERNAL, "%s: the gzip state can't be reset", unpack->name);
    unpack->inside = true;
    *more = true;
    return LOTS_OK;
}

/* One call of inflate over what is there. */
static lots_status inflate_some(lots_unpack *unpack, uint8_t *out, size_t capacity, size_t *got, lots_error *err)
{
    z_stream *gzip = &unpack->gzip;
    gzip->next_in = unpack->input + unpack->at;
    gzip->avail_in = (uInt)(unpack->end - unpack->at);
    gzip->next_out = out;
    gzip->avail_out = capacity < UINT_MAX ? (uInt)capacity : UINT_MAX;
    uInt room = gzip->avail_out;
    int outcome = inflate(gzip, Z_NO_FLUSH);
    unpack->at = unpack->end - gzip->avail_in;
    *got = room - gzip->avail_out;
    if (outcome == Z_MEM_ERROR)
        return lots_fail(err, LOTS_MEMORY, "out of memory for unpacking %s", unpack->name);
    if (outcome == Z_STREAM_END)
        unpack->inside = false;
    else if (outcome != Z_OK && outcome != Z_BUF_ERROR)
        return lots_fail(err, LOTS_IO, "%s: the gzip data are damaged: %s", unpack->name,
                         gzip->msg != NULL ? gzip->msg : "unknown reason");
    return LOTS_OK;
}

static lots_status read_gzip(lots_unpack *unpack, uint8_t *out, size_t capacity, size_t *got, lots_error *err)
{
    while (*got == 0) {
        if (!unpack->inside) {
            bool more = false;
            LOTS_TRY(next_member(unpack, &more, err));
            if (!more)
                return LOTS_OK;
        }
        if (unpack->at == unpack->end) {
            LOTS_TRY(refill(unpack, err));
            if (unpack->at == unpack->end)
                return fail_short(unpack, "gzip", err);
        }
        LOTS_TRY(inflate_some(unpack, out, capacity, got, err));
    }
    return LOTS_OK;
}

static lots_status read_zstd(lots_unpack *unpack, uint8_t *out, size_t capacity, size_t *got, lots_error *err)
{
    while (*got == 0) {
        if (unpack->at == unpack->end)
            LOTS_TRY(refill(unpack, err));
        bool dry = unpack->at == unpack->end;
        if (dry && !unpack->inside)
            return LOTS_OK;
        ZSTD_inBuffer in = {unpack->input, unpack->end, unpack->at};
        ZSTD_outBuffer to = {out, capacity, 0};
        size_t left = ZSTD_decompressStream(unpack->zstd, &to, &in);
        if (ZSTD_isError(left))
            return lots_fail(err, LOTS_IO, "%s: the zstd data are damaged: %s", unpack->name, ZSTD_getErrorName(left));
        unpack->at = in.pos;
        unpack->inside = left != 0;
        *got = to.pos;
        if (dry && unpack->inside && *got == 0)
            return fail_short(unpack, "zstd", err);
    }
    return LOTS_OK;
}

lots_status lots_unpack_read(lots_unpack *unpack, uint8_t *out, size_t capacity, size_t *got, lots_error *err)
{
    *got = 0;
    switch (unpack->kind) {
    case LOTS_COMPRESSION_NONE: return read_plain(unpack, out, capacity, got, err);
    case LOTS_COMPRESSION_GZIP: return read_gzip(unpack, out, capacity, got, err);
    case LOTS_COMPRESSION_ZSTD: return read_zstd(unpack, out, capacity, got, err);
    }
    return lots_fail(err, LOTS_INTERNAL, "%s: unknown compression %d", unpack->name, (int)unpack->kind);
}

uint64_t lots_unpack_bytes_read(const lots_unpack *unpack)
{
    return atomic_load_explicit(&unpack->bytes_read, memory_order_relaxed);
}
