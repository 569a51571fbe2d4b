/* bytes.c: the growable byte buffer and the bounded reader. Invariants: count <= capacity; a reader's `at` never passes
 * `end`, and a failed reader has at == end so that no later get succeeds. Not thread safe per object. */
#include "core/base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/base/memory.h"

enum { FIRST_CAPACITY = 64 };

void lots_bytes_free(lots_bytes *bytes)
{
    lots_free(bytes->data);
    *bytes = (lots_bytes){NULL, 0, 0};
}

lots_status lots_bytes_reserve(lots_bytes *bytes, size_t more, lots_error *err)
{
    assert(bytes->count <= bytes->capacity);
    if (more <= bytes->capacity - bytes->count)
        return LOTS_OK;
    size_t needed, doubled;
    if (!lots_size_add(bytes->count, more, &needed))
        return lots_fail(err, LOTS_MEMORY, "out of memory: %zu bytes more than %zu", more, bytes->count);
    size_t capacity = needed > FIRST_CAPACITY ? needed : FIRST_CAPACITY;
    if (lots_size_mul(bytes->capacity, 2, &doubled) && doubled > capacity)
        capacity = doubled;
    void *data = bytes->data;
    LOTS_TRY(lots_realloc(&data, capacity, 1, err));
    bytes->data = data;
    bytes->capacity = capacity;
    return LOTS_OK;
}

lots_status lots_bytes_append(lots_bytes *bytes, const void *data, size_t count, lots_error *err)
{
    LOTS_TRY(lots_bytes_reserve(bytes, count, err));
    if (count > 0)
        memcpy(bytes->data + bytes->count, data, count);
    bytes->count += count;
    return LOTS_OK;
}

lots_status lots_bytes_put8(lots_bytes *bytes, uint8_t value, lots_error *err)
{
    return lots_bytes_append(bytes, &value, 1, err);
}

lots_status lots_bytes_put32(lots_bytes *bytes, uint32_t value, lots_error *err)
{
    uint8_t packed[4];
    lots_put32(packed, value);
    return lots_bytes_append(bytes, packed, sizeof packed, err);
}

lots_status lots_bytes_put64(lots_bytes *bytes, uint64_t value, lots_error *err)
{
    uint8_t packed[8];
    lots_put64(packed, value);
    return lots_bytes_append(bytes, packed, sizeof packed, err);
}

lots_status lots_bytes_put_varint(lots_bytes *bytes, uint64_t value, lots_error *err)
{
    uint8_t packed[10];
    size_t count = 0;
    while (value >= 0x80) {
        packed[count++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    packed[count++] = (uint8_t)value;
    return lots_bytes_append(bytes, packed, count, err);
}

lots_status lots_bytes_put_text(lots_bytes *bytes, const char *text, size_t count, lots_error *err)
{
    LOTS_TRY(lots_bytes_put_varint(bytes, count, err));
    return lots_bytes_append(bytes, text, count, err);
}

size_t lots_whole_text(uint64_t value, char *text)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < count; i++)
        text[i] = digits[count - 1 - i];
    return count;
}

lots_status lots_bytes_printf(lots_bytes *bytes, lots_error *err, const char *format, ...)
{
    const size_t room = bytes->capacity - bytes->count; /* mostly it has room, and is formatted once */
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int wanted = vsnprintf(room > 0 ? (char *)bytes->data + bytes->count : NULL, room, format, arguments);
    va_end(arguments);
    lots_status status = wanted < 0 ? lots_fail(err, LOTS_INTERNAL, "a text could not be formatted")
                                    : lots_bytes_reserve(bytes, (size_t)wanted + 1, err);
    if (status == LOTS_OK) {
        if ((size_t)wanted >= room)
            vsnprintf((char *)bytes->data + bytes->count, (size_t)wanted + 1, format, again);
        bytes->count += (size_t)wanted;
    }
    va_end(again);
    return status;
}

static bool fail_reader(lots_reader *reader)
{
    reader->failed = true;
    reader->at = reader->end;
    return false;
}

bool lots_read_slice(lots_reader *reader, size_t count, const uint8_t **out)
{
    if (reader->failed || count > (size_t)(reader->end - reader->at))
        return fail_reader(reader);
    *out = reader->at;
    reader->at += count;
    return true;
}

bool lots_read8(lots_reader *reader, uint8_t *out)
{
    const uint8_t *in;
    if (!lots_read_slice(reader, 1, &in))
        return false;
    *out = *in;
    return true;
}

bool lots_read32(lots_reader *reader, uint32_t *out)
{
    const uint8_t *in;
    if (!lots_read_slice(reader, 4, &in))
        return false;
    *out = lots_get32(in);
    return true;
}

bool lots_read64(lots_reader *reader, uint64_t *out)
{
    const uint8_t *in;
    if (!lots_read_slice(reader, 8, &in))
        return false;
    *out = lots_get64(in);
    return true;
}

bool lots_read_long_varint(lots_reader *reader, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte;
        if (!lots_read8(reader, &byte))
            return false;
        /* The tenth byte has room for the 64th bit only. */
        if (shift == 63 && byte > 1)
            return fail_reader(reader);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return fail_reader(reader);
}

bool lots_read_text(lots_reader *reader, const char **out, size_t *out_count)
{
    uint64_t count;
    const uint8_t *in;
    if (!lots_read_varint(reader, &count))
        return false;
    if (count > (size_t)(reader->end - reader->at))
        return fail_reader(reader);
    if (!lots_read_slice(reader, (size_t)count, &in))
        return false;
    *out = (const char *)in;
    *out_count = (size_t)count;
    return true;
}
