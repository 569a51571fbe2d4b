/* text.c: see text.h. The dictionary of texts is in text_dict.c. */
#include "core/codec/text.h"

#include "core/base/kernels.h"
#include "core/codec/text_days.h"
#include "core/codec/text_dict.h"
#include "core/codec/zstd.h"

enum { FORM_RAW = 0, FORM_NUMBERS = 1, FORM_UUIDS = 2, FORM_DAYS = 3 };
#define UUID_BYTES 36u
#define NUMBER_BYTES 20u /* of the longest, "-9223372036854775808" */

static uint32_t length_of(const lots_texts *texts, uint32_t index)
{
    return texts->offsets[index + 1] - texts->offsets[index];
}

/* ---- whole numbers ---- */
/* False unless formatting the number would give the text back. */
static bool parse_number(const char *text, uint32_t bytes, int64_t *out)
{
    const bool negative = bytes > 0 && text[0] == '-';
    uint32_t at = negative;
    uint64_t magnitude = 0;
    if (at == bytes || bytes - at > 19 || (text[at] == '0' && bytes > 1))
        return false;
    for (; at < bytes; at++) {
        if (text[at] < '0' || text[at] > '9')
            return false;
        magnitude = magnitude * 10 + (uint64_t)(text[at] - '0');
    }
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

/* Below 10^8: all digits at once, in halves of halves, the first in the lowest byte; then the zeros in front are left out. May
 * write up to 8 bytes. */
static uint32_t format_short(uint32_t value, char *out)
{
    const uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    const uint64_t hundreds = fours * 10486 >> 20 & UINT64_C(0x7f0000007f);
    const uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
    const uint64_t tens = twos * 103 >> 10 & UINT64_C(0x000f000f000f000f);
    const uint64_t digits = tens | (twos - 10 * tens) << 8;
    const unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
    uint64_t text = (digits + UINT64_C(0x3030303030303030)) >> (8 * zeros);
    for (unsigned i = 0; i < 8; i++, text >>= 8)
        out[i] = (char)(text & 0xff);
    return 8 - zeros;
}

static uint32_t format_number(int64_t value, char *out)
{
    if (value >= 0 && value < 10) { /* as most numbers are that count what a person has */
        *out = (char)('0' + value);
        return 1;
    }
    if (value >= 0 && value < 100000000)
        return format_short((uint32_t)value, out);
    char digits[NUMBER_BYTES];
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint32_t count = 0, bytes = 0;
    do {
        digits[count++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    if (value < 0)
        out[bytes++] = '-';
    while (count > 0)
        out[bytes++] = digits[--count];
    return bytes;
}

/* *done false, and nothing written, when some text is no canonical number. */
static lots_status try_numbers(const lots_texts *texts, lots_bytes *out, lots_shape *shape, bool *done,
                               lots_arena *arena, lots_error *err)
{
    int64_t number, least = INT64_MAX, most = INT64_MIN;
    void *distances;
    const lots_starts none = {NULL, 0};
    *done = false;
    if (!parse_number(texts->bytes + texts->offsets[0], length_of(texts, 0), &number))
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &distances, texts->count, sizeof(uint64_t), err));
    uint64_t *distance = distances;
    for (uint32_t i = 0; i < texts->count; i++) {
        if (!parse_number(texts->bytes + texts->offsets[i], length_of(texts, i), &number))
            return LOTS_OK;
        distance[i] = (uint64_t)number;
        least = number < least ? number : least;
        most = number > most ? number : most;
    }
    for (uint32_t i = 0; i < texts->count; i++)
        distance[i] -= (uint64_t)least;
    const lots_ints ints = {.wide = distance, .count = texts->count, .base = (uint64_t)least,
                            .range = (uint64_t)most - (uint64_t)least};
    LOTS_TRY(lots_bytes_put8(out, FORM_NUMBERS, err));
    const size_t at = out->count;
    LOTS_TRY(lots_bytes_put8(out, 0, err));
    LOTS_TRY(lots_ints_encode(&ints, none, 0, out, shape, arena, err));
    out->data[at] = shape->encoding;
    *done = true;
    return LOTS_OK;
}

static lots_status read_numbers(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                                lots_arena *arena, lots_error *err)
{
    uint8_t inner;
    void *numbers, *text;
    if (!lots_read8(reader, &inner))
        return lots_fail(err, LOTS_CORRUPT, "%u numbers as texts lack their encoding", count);
    LOTS_TRY(lots_arena_vector(arena, &numbers, count, sizeof(int64_t), err));
    LOTS_TRY(lots_ints_decode_u64(inner, reader, count, false, false, numbers, arena, err));
    if (count > UINT32_MAX / NUMBER_BYTES)
        return lots_fail(err, LOTS_CORRUPT, "%u numbers as texts pass 4 GiB", count);
    LOTS_TRY(lots_arena_vector(arena, &text, count, NUMBER_BYTES, err));
    char *to = text;
    offsets[0] = 0;
    for (uint32_t i = 0; i < count; i++)
        offsets[i + 1] = offsets[i] + format_number(((const int64_t *)numbers)[i], to + offsets[i]);
    *bytes = text;
    return LOTS_OK;
}

/* ---- UUIDs ---- */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash(uint32_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

static bool parse_uuid(const char *text, uint32_t bytes, uint8_t out[16])
{
    uint32_t digits = 0;
    if (bytes != UUID_BYTES)
        return false;
    for (uint32_t at = 0; at < UUID_BYTES; at++) {
        if (is_dash(at)) {
            if (text[at] != '-')
                return false;
            continue;
        }
        const int value = hex_value(text[at]);
        if (value < 0)
            return false;
        out[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : out[digits / 2] | value);
        digits++;
    }
    return true;
}

static lots_status try_uuids(const lots_texts *texts, lots_bytes *out, bool *done, lots_error *err)
{
    uint8_t uuid[16];
    *done = false;
    for (uint32_t i = 0; i < texts->count; i++)
        if (!parse_uuid(texts->bytes + texts->offsets[i], length_of(texts, i), uuid))
            return LOTS_OK;
    LOTS_TRY(lots_bytes_reserve(out, 1 + (size_t)texts->count * 16, err));
    out->data[out->count++] = FORM_UUIDS;
    for (uint32_t i = 0; i < texts->count; i++, out->count += 16)
        (void)parse_uuid(texts->bytes + texts->offsets[i], UUID_BYTES, out->data + out->count);
    *done = true;
    return LOTS_OK;
}

static lots_status read_uuids(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                              lots_arena *arena, lots_error *err)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *in;
    void *text;
    if (count > UINT32_MAX / UUID_BYTES || !lots_read_slice(reader, (size_t)count * 16, &in))
        return lots_fail(err, LOTS_CORRUPT, "%u UUIDs need %zu bytes, found %zu", count, (size_t)count * 16,
                         (size_t)(reader->end - reader->at));
    LOTS_TRY(lots_arena_vector(arena, &text, count, UUID_BYTES, err));
    char *to = text;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t digits = 0;
        offsets[i] = i * UUID_BYTES;
        for (uint32_t at = 0; at < UUID_BYTES; at++)
            if (is_dash(at)) {
                *to++ = '-';
            } else {
                *to++ = hex[digits % 2 == 0 ? in[digits / 2] >> 4 : in[digits / 2] & 15];
                digits++;
            }
        in += 16;
    }
    offsets[count] = count * UUID_BYTES;
    *bytes = text;
    return LOTS_OK;
}

/* ---- raw ---- */
lots_status lots_text_list_write(const lots_texts *texts, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    void *lengths;
    LOTS_TRY(lots_arena_vector(arena, &lengths, texts->count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < texts->count; i++)
        ((uint32_t *)lengths)[i] = length_of(texts, i);
    LOTS_TRY(lots_frame_encode_u32(lengths, texts->count, out, arena, err));
    return lots_bytes_append(out, texts->bytes + texts->offsets[0],
                             texts->offsets[texts->count] - texts->offsets[0], err);
}

lots_status lots_text_list_read(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                                lots_arena *arena, lots_error *err)
{
    void *lengths;
    uint64_t total = 0;
    const uint8_t *in;
    LOTS_TRY(lots_arena_vector(arena, &lengths, count, sizeof(uint32_t), err));
    LOTS_TRY(lots_frame_decode_u32(reader, count, 0, lengths, arena, err));
    for (uint32_t i = 0; i < count; i++)
        total += ((const uint32_t *)lengths)[i];
    const size_t left = (size_t)(reader->end - reader->at);
    if (total > UINT32_MAX || !lots_read_slice(reader, (size_t)total, &in))
        return lots_fail(err, LOTS_CORRUPT, "%u texts need %llu bytes, found %zu", count, (unsigned long long)total,
                         left);
    offsets[0] = 0;
    lots_kernels_get()->prefix_u32(lengths, count, 0, offsets + 1);
    *bytes = (const char *)in;
    return LOTS_OK;
}

/* ---- one text for all ---- */
static bool all_the_same(const lots_texts *texts)
{
    const uint32_t bytes = length_of(texts, 0);
    const char *first = texts->bytes + texts->offsets[0];
    for (uint32_t i = 1; i < texts->count; i++)
        if (length_of(texts, i) != bytes || memcmp(texts->bytes + texts->offsets[i], first, bytes) != 0)
            return false;
    return (uint64_t)bytes * texts->count <= lots_inflate_limit(texts->count, bytes);
}

static lots_status read_constant(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                                 lots_arena *arena, lots_error *err)
{
    const size_t length = (size_t)(reader->end - reader->at);
    const uint64_t total = (uint64_t)length * count;
    const uint8_t *in;
    void *text;
    if (length > UINT32_MAX || total > UINT32_MAX || total > lots_inflate_limit(count, length) ||
        !lots_read_slice(reader, length, &in))
        return lots_fail(err, LOTS_CORRUPT, "%u texts of %zu bytes are too many", count, length);
    LOTS_TRY(lots_arena_vector(arena, &text, (size_t)total, 1, err));
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = i * (uint32_t)length;
        memcpy((char *)text + offsets[i], in, length);
    }
    offsets[count] = (uint32_t)total;
    *bytes = text;
    return LOTS_OK;
}

/* ---- choice ---- */
static lots_status try_days(const lots_texts *texts, lots_bytes *out, lots_shape *shape, bool *done, lots_arena *arena,
                            lots_error *err)
{
    const size_t from = out->count;
    LOTS_TRY(lots_bytes_put8(out, FORM_DAYS, err));
    LOTS_TRY(lots_text_days_try(texts, out, &shape->width, done, arena, err));
    if (!*done)
        out->count = from;
    return LOTS_OK;
}

/* PLAIN in its compact forms. */
static lots_status try_compact(const lots_texts *texts, bool uuids, lots_bytes *out, lots_shape *shape, bool *done,
                               lots_arena *arena, lots_error *err)
{
    LOTS_TRY(uuids ? try_uuids(texts, out, done, err) : try_numbers(texts, out, shape, done, arena, err));
    if (!*done && !uuids)
        LOTS_TRY(try_days(texts, out, shape, done, arena, err));
    if (*done)
        shape->encoding = LOTS_ENCODING_PLAIN;
    return LOTS_OK;
}

/* Numbers and days before the dictionary, since they have one of their own; UUIDs after it, for those that repeat. */
lots_status lots_texts_encode(const lots_texts *texts, int only, lots_bytes *out, lots_shape *shape, bool *compact,
                              lots_arena *arena, lots_error *err)
{
    const bool plain = only == 0 || only == 1 + LOTS_ENCODING_PLAIN;
    bool done = false;
    *compact = false;
    *shape = (lots_shape){LOTS_ENCODING_CONSTANT, 0};
    if ((only == 0 || only == 1 + LOTS_ENCODING_CONSTANT) && all_the_same(texts))
        return lots_bytes_append(out, texts->bytes + texts->offsets[0], length_of(texts, 0), err);
    if (plain)
        LOTS_TRY(try_compact(texts, false, out, shape, compact, arena, err));
    if (!*compact && (only == 0 || only == 1 + LOTS_ENCODING_DICT)) {
        LOTS_TRY(lots_text_dict_try(texts, only != 0, out, &shape->width, &done, arena, err));
        if (done)
            shape->encoding = LOTS_ENCODING_DICT;
    }
    if (!*compact && !done && plain)
        LOTS_TRY(try_compact(texts, true, out, shape, compact, arena, err));
    if (*compact || done)
        return LOTS_OK;
    if (!plain)
        return lots_cannot_hold((lots_encoding)(only - 1), err);
    shape->encoding = LOTS_ENCODING_PLAIN;
    LOTS_TRY(lots_bytes_put8(out, FORM_RAW, err));
    return lots_text_list_write(texts, out, arena, err);
}

lots_status lots_texts_numbers(uint8_t encoding, lots_reader *reader, uint32_t count, int64_t *out, bool *done,
                               lots_arena *arena, lots_error *err)
{
    uint8_t form, inner;
    *done = encoding == LOTS_ENCODING_PLAIN && lots_read8(reader, &form) && form == FORM_NUMBERS && lots_read8(reader, &inner);
    return *done ? lots_ints_decode_u64(inner, reader, count, false, false, (uint64_t *)out, arena, err) : LOTS_OK;
}

lots_status lots_texts_decode(uint8_t encoding, lots_reader *reader, uint32_t count, uint32_t *offsets,
                              const char **bytes, lots_arena *arena, lots_error *err)
{
    uint8_t form;
    if (encoding == LOTS_ENCODING_CONSTANT)
        return read_constant(reader, count, offsets, bytes, arena, err);
    if (encoding == LOTS_ENCODING_DICT)
        return lots_text_dict_read(reader, count, offsets, bytes, arena, err);
    if (encoding != LOTS_ENCODING_PLAIN || !lots_read8(reader, &form) || form > FORM_DAYS)
        return lots_fail(err, LOTS_CORRUPT, "texts in encoding %u", encoding);
    if (form == FORM_NUMBERS)
        return read_numbers(reader, count, offsets, bytes, arena, err);
    if (form == FORM_DAYS)
        return lots_text_days_read(reader, count, offsets, bytes, arena, err);
    return form == FORM_UUIDS ? read_uuids(reader, count, offsets, bytes, arena, err)
                              : lots_text_list_read(reader, count, offsets, bytes, arena, err);
}
