/* bytes.h: little-endian get and put, a growable byte buffer, and a bounded reader over untrusted bytes.
 * What goes to disk goes through here, never through a cast of a struct. */
#ifndef LOTS_BYTES_H
#define LOTS_BYTES_H

#include <string.h>

#include "core/base/status.h"

static inline uint16_t lots_get16(const uint8_t *in) { return (uint16_t)(in[0] | (uint16_t)(in[1] << 8)); }
static inline uint32_t lots_get32(const uint8_t *in)
{
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}
static inline uint64_t lots_get64(const uint8_t *in)
{
    return (uint64_t)lots_get32(in) | (uint64_t)lots_get32(in + 4) << 32;
}
static inline void lots_put16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
}
static inline void lots_put32(uint8_t *out, uint32_t value)
{
    lots_put16(out, (uint16_t)value);
    lots_put16(out + 2, (uint16_t)(value >> 16));
}
static inline void lots_put64(uint8_t *out, uint64_t value)
{
    lots_put32(out, (uint32_t)value);
    lots_put32(out + 4, (uint32_t)(value >> 32));
}

/* Zigzag: small magnitudes become small unsigned numbers. */
static inline uint64_t lots_zigzag(int64_t value) { return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63); }
static inline int64_t lots_unzigzag(uint64_t value) { return (int64_t)(value >> 1) ^ -(int64_t)(value & 1); }

/* A growable run of bytes. Zero-initialise; free with lots_bytes_free. */
typedef struct lots_bytes {
    uint8_t *data;
    size_t count;    /* bytes in use */
    size_t capacity;
} lots_bytes;

void lots_bytes_free(lots_bytes *bytes);
/* Make room for `more` bytes beyond count. Errors: LOTS_MEMORY; the buffer is unchanged then. */
LOTS_MUST lots_status lots_bytes_reserve(lots_bytes *bytes, size_t more, lots_error *err);
LOTS_MUST lots_status lots_bytes_append(lots_bytes *bytes, const void *data, size_t count, lots_error *err);
LOTS_MUST lots_status lots_bytes_put8(lots_bytes *bytes, uint8_t value, lots_error *err);
LOTS_MUST lots_status lots_bytes_put32(lots_bytes *bytes, uint32_t value, lots_error *err);
LOTS_MUST lots_status lots_bytes_put64(lots_bytes *bytes, uint64_t value, lots_error *err);
/* LEB128, 1..10 bytes. */
LOTS_MUST lots_status lots_bytes_put_varint(lots_bytes *bytes, uint64_t value, lots_error *err);
/* varint length, then the bytes. */
LOTS_MUST lots_status lots_bytes_put_text(lots_bytes *bytes, const char *text, size_t count, lots_error *err);
/* A whole number, without an end; `text` has room for 20 bytes. Returns how many. */
size_t lots_whole_text(uint64_t value, char *text);
LOTS_MUST lots_status lots_bytes_printf(lots_bytes *bytes, lots_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A reader that never passes its end. Each get returns false at the end or on malformed bytes, and stays false. */
typedef struct lots_reader {
    const uint8_t *at;
    const uint8_t *end;
    size_t slack; /* bytes after the end that may be read, whatever they are */
    bool failed;
} lots_reader;

static inline lots_reader lots_reader_over(const void *data, size_t count)
{
    lots_reader reader = {(const uint8_t *)data, (const uint8_t *)data + count, 0, false};
    return reader;
}
bool lots_read8(lots_reader *reader, uint8_t *out);
bool lots_read32(lots_reader *reader, uint32_t *out);
bool lots_read64(lots_reader *reader, uint64_t *out);
bool lots_read_long_varint(lots_reader *reader, uint64_t *out);
static inline bool lots_read_varint(lots_reader *reader, uint64_t *out)
{
    if (reader->at == reader->end || *reader->at >= 0x80)
        return lots_read_long_varint(reader, out);
    *out = *reader->at++;
    return true;
}
/* A borrowed slice of `count` bytes. */
bool lots_read_slice(lots_reader *reader, size_t count, const uint8_t **out);
/* varint length, then a borrowed slice. */
bool lots_read_text(lots_reader *reader, const char **out, size_t *out_count);

#endif
