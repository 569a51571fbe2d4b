/* segment_kept_numbers.c: numbers of 16 bits that are kept of a chunk: the days of a stream, which nearly every question needs whole (adding
 * up gaps is a sixth of many; 2 bytes a row, less the least of the block, are read in a quarter of that time), where each patient's rows
 * begin (2 bytes a patient: streams of few rows are asked for little else), which of its patient's own list of values each row has
 * (counted over the chunk: a few rows are then found without unpacking all), and how long each event lasts, for the same reason. */
#include "core/store/segment_kept.h"

/* ---- days, offsets ---- */

const uint16_t *lots_segment_kept_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk)
{
    return lots_segment_is_verified(segment, &stream->ordered->values, chunk)
               ? lots_kept_get(&stream->kept_days[chunk])
               : NULL;
}

bool lots_segment_should_keep_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk)
{
    const lots_block_meta *meta = &stream->ordered->values.metas[chunk];
    return segment->keep != NULL && lots_block_can_mark(meta) && lots_kept_has_narrow_room(segment->keep, meta->count) &&
           lots_kept_is_due(&stream->kept_days[chunk]);
}

void lots_segment_keep_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk, const int32_t *days)
{
    const lots_block_meta *meta = &stream->ordered->values.metas[chunk];
    (void)lots_kept_put_narrow(&stream->kept_days[chunk], segment->keep, (const uint32_t *)days, meta->count, (uint32_t)meta->min);
}

static uint32_t offset_count(const lots_segment *segment, uint32_t chunk)
{
    return segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk] + 1;
}

/* Are they told by counts, which were read? */
static bool has_offsets(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk)
{
    return stream->file != NULL && !stream->file->single && lots_segment_is_verified(segment, &stream->file->counts, chunk);
}

const uint16_t *lots_segment_kept_offsets(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk)
{
    return has_offsets(segment, stream, chunk) ? lots_kept_get(&stream->kept_offsets[chunk]) : NULL;
}

void lots_segment_keep_offsets(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk, const uint32_t *offsets)
{
    const uint32_t count = offset_count(segment, chunk);
    if (segment->keep != NULL && has_offsets(segment, stream, chunk) && offsets[count - 1] <= UINT16_MAX &&
        lots_kept_is_due(&stream->kept_offsets[chunk]))
        (void)lots_kept_put_narrow(&stream->kept_offsets[chunk], segment->keep, offsets, count, 0);
}

/* ---- entries, durations ---- */

static lots_kept *load_entries(const lots_segment *segment, const lots_segment_stream *stream, const lots_layout_column *column)
{
    return lots_kept_load(&stream->kept_entries[column - stream->file->columns], segment->keep, segment->layout.chunks);
}

/* They are asked for once more. */
static bool should_keep_entries(const lots_segment *segment, lots_kept *kept, uint32_t count)
{
    return count <= UINT16_MAX && lots_kept_has_narrow_room(segment->keep, count) && lots_kept_is_due(kept);
}

static lots_status keep_entries(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk, const lots_values_out *at_hand,
                                lots_kept *kept, lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &slot->metas[chunk];
    const lots_values_out from = {.starts = at_hand->starts, .starts_count = at_hand->starts_count, .believed = true,
                                  .after_bytes = lots_segment_after_block(segment, slot, chunk)};
    uint32_t entries = 0;
    void *ids;
    LOTS_TRY(lots_arena_vector(scratch, &ids, meta->count, sizeof(uint32_t), err));
    LOTS_TRY(lots_block_entries(meta, segment->data + slot->offsets[chunk], &from, ids, &entries, scratch, err));
    (void)lots_kept_put_narrow(kept, segment->keep, ids, meta->count, 0);
    return LOTS_OK;
}

lots_status lots_segment_find_entries(const lots_segment *segment, const lots_segment_stream *stream, const lots_layout_column *column,
                                      uint32_t chunk, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = &column->values;
    const lots_block_meta *meta = &slot->metas[chunk];
    out->entries = NULL;
    if (segment->keep == NULL || meta->encoding != LOTS_ENCODING_ENTRIES || !lots_segment_is_verified(segment, slot, chunk) ||
        lots_segment_can_keep_ids(stream, column, chunk))
        return LOTS_OK;
    lots_kept *kept = load_entries(segment, stream, column);
    if (kept == NULL)
        return LOTS_OK;
    kept += chunk;
    out->entries = lots_kept_get(kept);
    if (out->entries == NULL && should_keep_entries(segment, kept, meta->count))
        LOTS_TRY(keep_entries(segment, slot, chunk, out, kept, scratch, err));
    out->entries = lots_kept_get(kept);
    return LOTS_OK;
}

/* Where the days are, so that what is asked by rows is told by rows; what is kept of a block of ENTRIES is entries. */
static bool can_keep_durations(const lots_segment *segment, const lots_segment_stream *stream, const lots_layout_column *end,
                               uint32_t chunk)
{
    const lots_block_meta *meta = &end->values.metas[chunk];
    return end->flags & LOTS_COLUMN_DURATION && lots_layout_held(meta) && meta->missing == 0 && meta->encoding != LOTS_ENCODING_ENTRIES &&
           meta->min >= 0 && meta->max <= UINT16_MAX && lots_segment_is_verified(segment, &end->values, chunk) &&
           lots_segment_kept_days(segment, stream, chunk) != NULL;
}

/* What can't be read is not kept: who asks goes on to read it, and hears why. */
static void keep_durations(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_kept *kept,
                           lots_arena *scratch)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const lots_block_meta *meta = &from->columns[column].file->values.metas[chunk];
    const uint16_t *days = lots_segment_kept_days(segment, from, chunk);
    const uint32_t first = (uint32_t)from->ordered->values.metas[chunk].min;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_values_out out = {0};
    bool has_missing;
    if (lots_arena_vector(scratch, &out.data, meta->count, sizeof(uint32_t), NULL) == LOTS_OK &&
        lots_segment_read(segment, stream, column, LOTS_PART_VALUES, chunk, &out, &has_missing, scratch, NULL) == LOTS_OK) {
        uint32_t *numbers = out.data;
        for (uint32_t i = 0; i < meta->count; i++)
            numbers[i] -= first + days[i];
        (void)lots_kept_put_narrow(kept, segment->keep, numbers, meta->count, 0);
    }
    lots_arena_restore(scratch, mark);
}

/* NULL: they aren't kept, though perhaps from the next time on. */
static const uint16_t *durations_of(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_arena *scratch)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const lots_layout_column *end = from->columns[column].file;
    if (end == NULL || segment->keep == NULL || !can_keep_durations(segment, from, end, chunk))
        return NULL;
    lots_kept *kept = load_entries(segment, from, end);
    if (kept == NULL)
        return NULL;
    kept += chunk;
    if (lots_kept_get(kept) == NULL &&
        should_keep_entries(segment, kept, end->values.metas[chunk].count))
        keep_durations(segment, stream, column, chunk, kept, scratch);
    return lots_kept_get(kept);
}

bool lots_segment_ends_at(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, const uint32_t *rows, uint32_t row_count,
                          int32_t *ends, lots_arena *scratch)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const uint16_t *durations = durations_of(segment, stream, column, chunk, scratch), *days;
    if (durations == NULL)
        return false;
    days = lots_segment_kept_days(segment, from, chunk);
    const uint32_t least = (uint32_t)from->ordered->values.metas[chunk].min;
    for (uint32_t k = 0; k < row_count; k++)
        ends[k] = (int32_t)(least + days[rows[k]] + durations[rows[k]]);
    return true;
}

bool lots_segment_has_ends(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const lots_layout_column *end = from->columns[column].file;
    const lots_kept *kept = end == NULL ? NULL : load_entries(segment, from, end);
    return kept != NULL && can_keep_durations(segment, from, end, chunk) &&
           lots_kept_get(&kept[chunk]) != NULL;
}
