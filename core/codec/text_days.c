/* text_days.c: see text_days.h. */
#include "core/codec/text_days.h"

#include "core/base/day.h"
#include "core/codec/text_dict.h"

enum { HEADS_NONE = 0, HEADS_DICT = LOTS_ENCODING_DICT, HEADS_LIST = LOTS_ENCODING_PLAIN };
#define DAY_BYTES 10u

/* ---- writing ---- */

static bool ends_in_day(const lots_texts *texts, uint32_t index, lots_day *day)
{
    const uint32_t first = texts->offsets[index], end = texts->offsets[index + 1];
    return end - first >= DAY_BYTES && lots_day_parse(texts->bytes + end - DAY_BYTES, DAY_BYTES, day);
}

/* Days as distances from the first of them. */
static bool find_days(const lots_texts *texts, uint32_t *distances, lots_ints *out)
{
    lots_day day, least = LOTS_DAY_MAX, most = LOTS_DAY_MIN;
    for (uint32_t i = 0; i < texts->count; i++) {
        if (!ends_in_day(texts, i, &day))
            return false;
        distances[i] = (uint32_t)day;
        least = day < least ? day : least;
        most = day > most ? day : most;
    }
    for (uint32_t i = 0; i < texts->count; i++)
        distances[i] -= (uint32_t)least;
    *out = (lots_ints){.narrow = distances, .count = texts->count, .base = (uint64_t)(int64_t)least,
                       .range = (uint64_t)(most - least)};
    return true;
}

static lots_status take_heads(const lots_texts *texts, lots_texts *heads, lots_arena *arena, lots_error *err)
{
    const uint32_t total = texts->offsets[texts->count] - texts->offsets[0] - DAY_BYTES * texts->count;
    void *offsets, *bytes;
    LOTS_TRY(lots_arena_vector(arena, &offsets, (size_t)texts->count + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &bytes, total, 1, err));
    uint32_t *to = offsets;
    to[0] = 0;
    for (uint32_t i = 0; i < texts->count; i++) {
        const uint32_t length = texts->offsets[i + 1] - texts->offsets[i] - DAY_BYTES;
        memcpy((char *)bytes + to[i], texts->bytes + texts->offsets[i], length);
        to[i + 1] = to[i] + length;
    }
    *heads = (lots_texts){.offsets = offsets, .bytes = bytes, .count = texts->count};
    return LOTS_OK;
}

static lots_status write_heads(const lots_texts *texts, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    const size_t at = out->count;
    lots_texts heads;
    uint8_t width;
    bool done;
    LOTS_TRY(take_heads(texts, &heads, arena, err));
    LOTS_TRY(lots_bytes_put8(out, HEADS_NONE, err));
    if (heads.offsets[heads.count] == 0)
        return LOTS_OK;
    LOTS_TRY(lots_text_dict_try(&heads, false, out, &width, &done, arena, err));
    out->data[at] = done ? HEADS_DICT : HEADS_LIST;
    return done ? LOTS_OK : lots_text_list_write(&heads, out, arena, err);
}

lots_status lots_text_days_try(const lots_texts *texts, lots_bytes *out, uint8_t *width, bool *done, lots_arena *arena,
                               lots_error *err)
{
    const lots_starts none = {NULL, 0};
    const size_t at = out->count;
    lots_shape shape;
    lots_ints days;
    lots_day day;
    void *distances;
    *done = false;
    if (!ends_in_day(texts, 0, &day))
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &distances, texts->count, sizeof(uint32_t), err));
    if (!find_days(texts, distances, &days))
        return LOTS_OK;
    LOTS_TRY(lots_bytes_put8(out, 0, err));
    LOTS_TRY(lots_ints_encode(&days, none, 0, out, &shape, arena, err));
    out->data[at] = shape.encoding;
    *width = shape.width;
    *done = true;
    return write_heads(texts, out, arena, err);
}

/* ---- reading ---- */

static lots_status read_days(lots_reader *reader, uint32_t count, int32_t *days, lots_arena *arena, lots_error *err)
{
    uint8_t encoding;
    if (!lots_read8(reader, &encoding))
        return lots_fail(err, LOTS_CORRUPT, "%u texts that end in days lack the days' encoding", count);
    LOTS_TRY(lots_ints_decode_u32(encoding, reader, count, (lots_starts){NULL, 0}, false, (uint32_t *)days, arena, err));
    for (uint32_t i = 0; i < count; i++)
        if (days[i] < LOTS_DAY_MIN || days[i] > LOTS_DAY_MAX)
            return lots_fail(err, LOTS_CORRUPT, "a text ends in day %d, which is none", days[i]);
    return LOTS_OK;
}

/* The texts before the days; offsets stay 0 where there are none. */
static lots_status read_heads(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                              lots_arena *arena, lots_error *err)
{
    uint8_t kind = UINT8_MAX;
    (void)lots_read8(reader, &kind);
    *bytes = "";
    memset(offsets, 0, ((size_t)count + 1) * sizeof *offsets);
    if (kind == HEADS_NONE)
        return LOTS_OK;
    if (kind == HEADS_DICT)
        return lots_text_dict_read(reader, count, offsets, bytes, arena, err);
    return kind == HEADS_LIST ? lots_text_list_read(reader, count, offsets, bytes, arena, err)
                              : lots_fail(err, LOTS_CORRUPT, "%u texts before days are told in a way %u", count, kind);
}

lots_status lots_text_days_read(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                                lots_arena *arena, lots_error *err)
{
    void *days, *heads, *text;
    const char *head_bytes;
    LOTS_TRY(lots_arena_vector(arena, &days, count, sizeof(int32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &heads, (size_t)count + 1, sizeof(uint32_t), err));
    LOTS_TRY(read_days(reader, count, days, arena, err));
    LOTS_TRY(read_heads(reader, count, heads, &head_bytes, arena, err));
    const uint32_t *from = heads;
    if ((uint64_t)(from[count] - from[0]) + (uint64_t)count * DAY_BYTES > UINT32_MAX)
        return lots_fail(err, LOTS_CORRUPT, "%u texts that end in days pass 4 GiB", count);
    LOTS_TRY(lots_arena_vector(arena, &text, (size_t)(from[count] - from[0]) + (size_t)count * DAY_BYTES + 1, 1, err));
    char *to = text;
    offsets[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t length = from[i + 1] - from[i];
        memcpy(to + offsets[i], head_bytes + from[i], length);
        lots_day_format(((const int32_t *)days)[i], to + offsets[i] + length); /* and a 0, which the next text takes */
        offsets[i + 1] = offsets[i] + length + DAY_BYTES;
    }
    *bytes = text;
    return LOTS_OK;
}
