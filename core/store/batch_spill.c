/* batch_spill.c: a batch as bytes for spill files. The idea: a disk is slower than narrowing numbers, and only the process
 * that wrote an image reads it, so byte order is as it is; sizes and offsets are checked all the same, since a disk lies between.
 *
 *   bytes of what follows the hash u64 | its XXH3 u64
 *   rows u32 | patients u32 (rows, or 0 for tables) | columns u32 | patient numbers
 *   each column: items of values u64 | values | lengths of rows, texts and lists only | missing flags
 * Whole numbers and flags as in narrow.h; doubles and bytes of texts as they are. Since numbers that are all the same take no bytes,
 * a damaged count could ask for any amount of memory: so the hash is looked at first. */
#include "core/store/batch.h"

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/narrow.h"

enum { HEAD_BYTES = 16 };

/* The length of each row of a text or list column, from its rows + 1 offsets. */
static lots_status spill_lengths(lots_bytes *out, const lots_vec *offsets, uint32_t rows, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_alloc(&room, (size_t)rows + 1, sizeof(uint32_t), err));
    uint32_t *lengths = room;
    for (uint32_t i = 0; i < rows; i++)
        lengths[i] = LOTS_AT(uint32_t, offsets, i + 1) - LOTS_AT(uint32_t, offsets, i);
    const lots_status status = lots_narrow_put(out, lengths, rows, sizeof(uint32_t), err);
    lots_free(room);
    return status;
}

static lots_status spill_values(lots_bytes *out, const lots_batch_column *column, lots_error *err)
{
    const lots_vec *values = &column->values;
    if (column->phys == LOTS_PHYS_BITS)
        return lots_flags_put(out, values->data, values->count, err);
    if (column->phys == LOTS_PHYS_TEXT || column->phys == LOTS_PHYS_F64)
        return values->count == 0 ? LOTS_OK : lots_bytes_append(out, values->data, values->count * values->item_size, err);
    return lots_narrow_put(out, values->data, values->count, values->item_size, err);
}

static lots_status spill_batch(const lots_batch *batch, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put32(out, batch->rows, err));
    LOTS_TRY(lots_bytes_put32(out, (uint32_t)batch->patient.count, err));
    LOTS_TRY(lots_bytes_put32(out, batch->column_count, err));
    LOTS_TRY(lots_narrow_put(out, batch->patient.data, batch->patient.count, sizeof(lots_patient), err));
    for (uint32_t i = 0; i < batch->column_count; i++) {
        const lots_batch_column *column = &batch->columns[i];
        LOTS_TRY(lots_bytes_put64(out, column->values.count, err));
        LOTS_TRY(spill_values(out, column, err));
        if (column->list || column->phys == LOTS_PHYS_TEXT)
            LOTS_TRY(spill_lengths(out, &column->offsets, batch->rows, err));
        LOTS_TRY(lots_flags_put(out, column->missing.data, batch->rows, err));
    }
    return LOTS_OK;
}

lots_status lots_batch_spill(const lots_batch *batch, lots_bytes *out, lots_error *err)
{
    static const uint8_t head[HEAD_BYTES] = {0};
    const size_t before = out->count;
    lots_status status = lots_bytes_append(out, head, HEAD_BYTES, err);
    if (status == LOTS_OK)
        status = spill_batch(batch, out, err);
    if (status != LOTS_OK) {
        out->count = before;
        return status;
    }
    const size_t bytes = out->count - before - HEAD_BYTES;
    lots_put64(out->data + before, bytes);
    lots_put64(out->data + before + 8, lots_hash(out->data + before + HEAD_BYTES, bytes, 0));
    return LOTS_OK;
}

static lots_status fail_image(lots_error *err)
{
    return lots_fail(err, LOTS_CORRUPT, "a spill file does not hold the rows that were written to it");
}

/* Append `count` numbers from the image. */
static lots_status take_numbers(lots_reader *reader, size_t count, lots_vec *to, lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(to, count, err));
    if (!lots_narrow_get(reader, (char *)to->data + to->count * to->item_size, count, to->item_size))
        return fail_image(err);
    to->count += count;
    return LOTS_OK;
}

static lots_status take_flags(lots_reader *reader, size_t count, lots_vec *to, lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(to, count, err));
    if (!lots_flags_get(reader, (uint8_t *)to->data + to->count, count))
        return fail_image(err);
    to->count += count;
    return LOTS_OK;
}

static lots_status take_bytes(lots_reader *reader, size_t count, lots_vec *to, lots_error *err)
{
    const uint8_t *items;
    if (count > (size_t)(reader->end - reader->at) / to->item_size ||
        !lots_read_slice(reader, count * to->item_size, &items))
        return fail_image(err);
    LOTS_TRY(lots_vec_reserve(to, count, err));
    if (count > 0)
        memcpy((char *)to->data + to->count * to->item_size, items, count * to->item_size);
    to->count += count;
    return LOTS_OK;
}

/* Append the ends of rows, from their lengths, after what the column held before. */
static lots_status take_offsets(lots_reader *reader, uint32_t rows, uint64_t items, lots_vec *to, lots_error *err)
{
    const uint32_t base = LOTS_AT(uint32_t, to, to->count - 1);
    uint64_t end = 0;
    LOTS_TRY(lots_vec_reserve(to, rows, err));
    uint32_t *ends = (uint32_t *)to->data + to->count;
    if (!lots_narrow_get(reader, ends, rows, sizeof(uint32_t)))
        return fail_image(err);
    if (items > UINT32_MAX - base)
        return lots_fail(err, LOTS_LIMIT, "a column of a batch would pass 4 GiB");
    for (uint32_t i = 0; i < rows; i++) {
        end += ends[i];
        ends[i] = base + (uint32_t)end;
    }
    if (end != items)
        return fail_image(err);
    to->count += rows;
    return LOTS_OK;
}

static lots_status take_values(lots_reader *reader, size_t items, lots_batch_column *to, lots_error *err)
{
    if (to->phys == LOTS_PHYS_BITS)
        return take_flags(reader, items, &to->values, err);
    if (to->phys == LOTS_PHYS_TEXT || to->phys == LOTS_PHYS_F64)
        return take_bytes(reader, items, &to->values, err);
    return take_numbers(reader, items, &to->values, err);
}

static lots_status take_column(lots_reader *reader, uint32_t rows, lots_batch_column *to, lots_error *err)
{
    uint64_t items;
    const bool runs = to->list || to->phys == LOTS_PHYS_TEXT;
    if (!lots_read64(reader, &items) || items > UINT32_MAX || (!runs && items != rows))
        return fail_image(err);
    LOTS_TRY(take_values(reader, (size_t)items, to, err));
    if (runs)
        LOTS_TRY(take_offsets(reader, rows, items, &to->offsets, err));
    return take_flags(reader, rows, &to->missing, err);
}

static lots_status take_batch(lots_reader *reader, lots_batch *batch, uint32_t *rows, lots_error *err)
{
    uint32_t patients, columns;
    if (!lots_read32(reader, rows) || !lots_read32(reader, &patients) || !lots_read32(reader, &columns) ||
        (patients != 0 && patients != *rows) || columns != batch->column_count)
        return fail_image(err);
    if (*rows > UINT32_MAX - 1 - batch->rows)
        return lots_fail(err, LOTS_LIMIT, "a batch holds at most %u rows", UINT32_MAX - 1);
    LOTS_TRY(take_numbers(reader, patients, &batch->patient, err));
    for (uint32_t i = 0; i < columns; i++)
        LOTS_TRY(take_column(reader, *rows, &batch->columns[i], err));
    return LOTS_OK;
}

lots_status lots_batch_unspill(lots_batch *batch, const uint8_t *bytes, size_t count, size_t *taken, lots_error *err)
{
    const uint8_t *image;
    uint64_t image_bytes = 0, hash = 0;
    uint32_t rows = 0;
    lots_reader head = lots_reader_over(bytes, count);
    if (!lots_read64(&head, &image_bytes) || !lots_read64(&head, &hash) || image_bytes > count ||
        !lots_read_slice(&head, (size_t)image_bytes, &image) || lots_hash(image, (size_t)image_bytes, 0) != hash)
        return fail_image(err);
    lots_reader reader = lots_reader_over(image, (size_t)image_bytes);
    lots_status status = take_batch(&reader, batch, &rows, err);
    if (status == LOTS_OK && reader.at != reader.end)
        status = fail_image(err);
    if (status == LOTS_OK) {
        batch->rows += rows;
        *taken = (size_t)(head.at - bytes);
    } else {
        lots_batch_row_abandon(batch);
    }
    return status;
}
