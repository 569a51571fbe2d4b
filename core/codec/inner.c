/* inner.c: see inner.h. */
#include "core/codec/inner.h"

#include "core/base/kernels.h"

static bool stands_alone(uint8_t encoding)
{
    if (encoding & LOTS_ENCODING_ABSENT)
        return false;
    switch (encoding & ~LOTS_ENCODING_ZSTD) {
    case LOTS_ENCODING_GAPS:
    case LOTS_ENCODING_ENTRIES:
    case LOTS_ENCODING_LINKED:
    case LOTS_ENCODING_GIVEN:
    case LOTS_ENCODING_CLASSES:
        return false;
    default:
        return true;
    }
}

/* ---- writing ---- */
static lots_status write_head(const lots_block_meta *meta, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(out, meta->encoding, err));
    LOTS_TRY(lots_bytes_put_varint(out, meta->missing, err));
    if (meta->encoding == LOTS_ENCODING_CONSTANT && meta->missing < meta->count)
        LOTS_TRY(lots_bytes_put_varint(out, lots_zigzag(meta->min), err));
    return lots_bytes_put_varint(out, meta->bytes, err);
}

lots_status lots_inner_write(const lots_values *values, lots_bytes *out, lots_block_meta *meta, lots_arena *arena,
                             lots_error *err)
{
    const lots_block_options options = {.scratch = arena};
    lots_values alone = *values;
    lots_block_meta own;
    lots_bytes payload = {NULL, 0, 0};
    meta = meta != NULL ? meta : &own;
    alone.starts = NULL;
    alone.starts_count = 0;
    lots_status status = lots_block_encode(&alone, &options, 0, &payload, meta, err);
    if (status == LOTS_OK)
        status = write_head(meta, out, err);
    if (status == LOTS_OK && payload.count > 0)
        status = lots_bytes_append(out, payload.data, payload.count, err);
    lots_bytes_free(&payload);
    return status;
}

/* ---- reading ---- */
static lots_status read_head(lots_reader *reader, lots_block_meta *meta, const uint8_t **payload, lots_error *err)
{
    uint64_t missing = 0, value = 0, bytes = 0;
    bool read = lots_read8(reader, &meta->encoding) && lots_read_varint(reader, &missing) && missing <= meta->count;
    if (read && meta->encoding == LOTS_ENCODING_CONSTANT && missing < meta->count) {
        read = lots_read_varint(reader, &value);
        meta->min = meta->max = lots_unzigzag(value);
    }
    read = read && lots_read_varint(reader, &bytes) && bytes <= UINT32_MAX;
    if (!read || !stands_alone(meta->encoding) || !lots_read_slice(reader, (size_t)bytes, payload))
        return lots_fail(err, LOTS_CORRUPT, "%u values within a block have a damaged head", meta->count);
    meta->missing = (uint32_t)missing;
    meta->bytes = (uint32_t)bytes;
    return LOTS_OK;
}

static size_t after_payload(const lots_reader *reader) { return (size_t)(reader->end - reader->at) + reader->slack; }

lots_status lots_inner_read(lots_reader *reader, lots_phys phys, uint32_t count, lots_values_out *out, uint32_t *missing,
                            lots_arena *arena, lots_error *err)
{
    lots_block_meta meta = {.phys = (uint8_t)phys, .count = count, .max = -1};
    const uint8_t *payload;
    LOTS_TRY(read_head(reader, &meta, &payload, err));
    *missing = meta.missing;
    out->after_bytes = after_payload(reader);
    return lots_block_decode(&meta, payload, out, arena, err);
}

/* Of all, for encodings of which some can't be told alone. Not of bits. */
static lots_status read_and_pick(const lots_block_meta *meta, const uint8_t *payload, const uint32_t *rows, uint32_t row_count,
                                 lots_values_out *out, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const bool wide = meta->phys == LOTS_PHYS_I64 || meta->phys == LOTS_PHYS_F64;
    void *data, *missing;
    LOTS_TRY(lots_arena_vector(arena, &data, meta->count, 8, err));
    LOTS_TRY(lots_arena_vector(arena, &missing, meta->count / 64 + 1, 8, err));
    lots_values_out all = {.data = data, .missing = missing, .after_bytes = out->after_bytes, .believed = true};
    LOTS_TRY(lots_block_decode(meta, payload, &all, arena, err));
    if (wide)
        kernels->gather_u64(data, rows, row_count, out->data);
    else
        kernels->gather_u32(data, rows, row_count, out->data);
    kernels->lookup_bits(rows, row_count, missing, meta->count, out->missing);
    return LOTS_OK;
}

lots_status lots_inner_take(lots_reader *reader, lots_phys phys, uint32_t count, const uint32_t *rows, uint32_t row_count,
                            lots_values_out *out, lots_arena *arena, lots_error *err)
{
    lots_block_meta meta = {.phys = (uint8_t)phys, .count = count, .max = -1};
    const uint8_t *payload;
    LOTS_TRY(read_head(reader, &meta, &payload, err));
    out->after_bytes = after_payload(reader);
    if (!lots_block_can_take(&meta))
        return read_and_pick(&meta, payload, rows, row_count, out, arena, err);
    if (meta.missing == 0)
        memset(out->missing, 0, ((size_t)row_count + 63) / 64 * sizeof(uint64_t));
    return lots_block_take(&meta, payload, rows, row_count, out, arena, err);
}

bool lots_inner_skip_same(lots_reader *reader, int64_t *value)
{
    lots_reader after = *reader;
    uint8_t encoding = 0;
    uint64_t missing = 0, number = 0, bytes = 0;
    if (!lots_read8(&after, &encoding) || encoding != LOTS_ENCODING_CONSTANT || !lots_read_varint(&after, &missing) ||
        missing != 0 || !lots_read_varint(&after, &number) || !lots_read_varint(&after, &bytes) || bytes != 0)
        return false;
    *value = lots_unzigzag(number);
    *reader = after;
    return true;
}

lots_status lots_inner_skip(lots_reader *reader, uint32_t count, lots_error *err)
{
    lots_block_meta meta = {.count = count};
    const uint8_t *payload;
    return read_head(reader, &meta, &payload, err);
}
