/* batch_spill.c: a batch as raw bytes for spill files. The idea: memory order and byte order as they are, because only
 * the process that wrote an image reads it; sizes and offsets are checked all the same, since a disk lies between.
 *
 *   rows u32 | patients u32 (rows, or 0 for tables) | columns u32 | patient numbers
 *   each column: items of values u64 | values | offsets u32 x (rows + 1), texts and lists only | missing u8 x rows */
#include "core/store/batch.h"

static lots_status append_items(lots_bytes *out, const lots_vec *vec, size_t count, lots_error *err)
{
    return count == 0 ? LOTS_OK : lots_bytes_append(out, vec->data, count * vec->item_size, err);
}

static lots_status spill_batch(const lots_batch *batch, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put32(out, batch->rows, err));
    LOTS_TRY(lots_bytes_put32(out, (uint32_t)batch->patient.count, err));
    LOTS_TRY(lots_bytes_put32(out, batch->column_count, err));
    LOTS_TRY(append_items(out, &batch->patient, batch->patient.count, err));
    for (uint32_t i = 0; i < batch->column_count; i++) {
        const lots_batch_column *column = &batch->columns[i];
        LOTS_TRY(lots_bytes_put64(out, column->values.count, err));
        LOTS_TRY(append_items(out, &column->values, column->values.count, err));
        LOTS_TRY(append_items(out, &column->offsets, column->offsets.count, err));
        LOTS_TRY(append_items(out, &column->missing, column->missing.count, err));
    }
    return LOTS_OK;
}

lots_status lots_batch_spill(const lots_batch *batch, lots_bytes *out, lots_error *err)
{
    size_t before = out->count;
    lots_status status = spill_batch(batch, out, err);
    if (status != LOTS_OK)
        out->count = before;
    return status;
}

static lots_status fail_image(lots_error *err)
{
    return lots_fail(err, LOTS_CORRUPT, "a spill file does not hold the rows that were written to it");
}

/* Append `count` items from the image. */
static lots_status take_items(lots_reader *reader, size_t count, lots_vec *to, lots_error *err)
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

/* Append rows + 1 offsets of the image, moved by what the column held before. */
static lots_status take_offsets(lots_reader *reader, uint32_t rows, uint64_t items, lots_vec *to, lots_error *err)
{
    const uint8_t *raw;
    uint32_t base = LOTS_AT(uint32_t, to, to->count - 1), last = 0;
    if (!lots_read_slice(reader, ((size_t)rows + 1) * sizeof last, &raw))
        return fail_image(err);
    if (items > UINT32_MAX - base)
        return lots_fail(err, LOTS_LIMIT, "a column of a batch would pass 4 GiB");
    LOTS_TRY(lots_vec_reserve(to, rows, err));
    for (size_t i = 0; i <= rows; i++) {
        uint32_t offset;
        memcpy(&offset, raw + i * sizeof offset, sizeof offset);
        if (offset < last || offset > items || (i == 0 && offset != 0))
            return fail_image(err);
        if (i > 0)
            ((uint32_t *)to->data)[to->count + i - 1] = base + offset;
        last = offset;
    }
    if (last != items)
        return fail_image(err);
    to->count += rows;
    return LOTS_OK;
}

static lots_status take_column(lots_reader *reader, uint32_t rows, lots_batch_column *to, lots_error *err)
{
    uint64_t items;
    if (!lots_read64(reader, &items) || items > SIZE_MAX)
        return fail_image(err);
    LOTS_TRY(take_items(reader, (size_t)items, &to->values, err));
    if (to->list || to->phys == LOTS_PHYS_TEXT)
        LOTS_TRY(take_offsets(reader, rows, items, &to->offsets, err));
    else if (items != rows)
        return fail_image(err);
    return take_items(reader, rows, &to->missing, err);
}

static lots_status take_batch(lots_reader *reader, lots_batch *batch, uint32_t *rows, lots_error *err)
{
    uint32_t patients, columns;
    if (!lots_read32(reader, rows) || !lots_read32(reader, &patients) || !lots_read32(reader, &columns) ||
        (patients != 0 && patients != *rows) || columns != batch->column_count)
        return fail_image(err);
    if (*rows > UINT32_MAX - 1 - batch->rows)
        return lots_fail(err, LOTS_LIMIT, "a batch holds at most %u rows", UINT32_MAX - 1);
    LOTS_TRY(take_items(reader, patients, &batch->patient, err));
    for (uint32_t i = 0; i < columns; i++)
        LOTS_TRY(take_column(reader, *rows, &batch->columns[i], err));
    return LOTS_OK;
}

lots_status lots_batch_unspill(lots_batch *batch, const uint8_t *bytes, size_t count, size_t *taken, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, count);
    uint32_t rows = 0;
    lots_status status = take_batch(&reader, batch, &rows, err);
    if (status == LOTS_OK) {
        batch->rows += rows;
        *taken = (size_t)(reader.at - bytes);
    } else {
        lots_batch_row_abandon(batch);
    }
    return status;
}
