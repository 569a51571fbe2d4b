/* segment_kept.c: what question after question asks for, kept decoded: the days of a stream, which nearly every question needs whole
 * (adding up gaps is a sixth of many; 2 bytes a row, less the least of the block, are read in a quarter of that time), which of its
 * patient's own list of values each row has (2 bytes, counted over the chunk: a few rows are then found without unpacking all), how
 * long each event lasts (2 bytes, for the same reason), where each patient's rows begin (2 bytes a patient: streams of few rows are asked
 * for little else), and which rows have an id of a column that has few, which have none, and which are true, a bit a row. One question
 * alone would only pay for it, so these are kept when they have been asked for by several, and only as far as the registry's budget goes:
 * beyond it they are decoded as before.
 * Amounts: segment_kept_amounts.c, by year: segment_kept_years.c. Lists: segment_kept_lists.c. Postings: segment_kept_posted.c. Ids that
 * are told from another column: segment_kept_ids.c. Where years begin: segment_places.c. */
#include <string.h>

#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "core/store/segment_kept.h"

enum { KEPT_AFTER = 4, IDS_FEW = 16 };

/* Of a file of some megabytes as much is kept. Without memory nothing is, nor without a budget. */
void lots_segment_keep(lots_segment *segment, lots_budget *budget)
{
    if (budget == NULL || lots_rooms_open(&segment->keep, budget, segment->bytes >= LOTS_LARGE_PAGE, NULL) != LOTS_OK)
        segment->keep = NULL;
}

bool lots_kept_is_asked_often(_Atomic uint8_t *asked)
{
    if (atomic_load_explicit(asked, memory_order_relaxed) + 1 >= KEPT_AFTER)
        return true;
    atomic_fetch_add_explicit(asked, 1, memory_order_relaxed);
    return false;
}

/* ---- numbers: days, offsets, entries, durations ---- */

static size_t bytes_of(uint32_t rows) { return rows * sizeof(uint16_t) + LOTS_KEPT_SLACK; }

bool lots_kept_has_room(const lots_rooms *rooms, uint32_t count) { return lots_rooms_left(rooms) >= bytes_of(count); }

void lots_kept_keep(lots_rooms *rooms, lots_kept_numbers *kept, const uint32_t *numbers, uint32_t count, uint32_t least)
{
    uint16_t *none = atomic_load_explicit(&kept->numbers, memory_order_relaxed);
    uint16_t *narrow = none == NULL ? lots_rooms_take(rooms, bytes_of(count)) : NULL;
    for (uint32_t i = 0; narrow != NULL && i < count; i++)
        narrow[i] = (uint16_t)(numbers[i] - least);
    if (narrow != NULL)
        atomic_compare_exchange_strong_explicit(&kept->numbers, &none, narrow, memory_order_acq_rel, memory_order_acquire);
}

const uint16_t *lots_segment_kept_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk)
{
    return lots_segment_is_verified(segment, &stream->ordered->values, chunk)
               ? atomic_load_explicit(&stream->kept[chunk].numbers, memory_order_acquire)
               : NULL;
}

bool lots_segment_should_keep_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk)
{
    const lots_block_meta *meta = &stream->ordered->values.metas[chunk];
    return segment->keep != NULL && lots_block_can_mark(meta) && lots_kept_has_room(segment->keep, meta->count) &&
           lots_kept_is_asked_often(&stream->kept[chunk].asked);
}

void lots_segment_keep_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk, const int32_t *days)
{
    const lots_block_meta *meta = &stream->ordered->values.metas[chunk];
    lots_kept_keep(segment->keep, &stream->kept[chunk], (const uint32_t *)days, meta->count, (uint32_t)meta->min);
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
    return has_offsets(segment, stream, chunk) ? atomic_load_explicit(&stream->kept_offsets[chunk].numbers, memory_order_acquire) : NULL;
}

void lots_segment_keep_offsets(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk, const uint32_t *offsets)
{
    const uint32_t count = offset_count(segment, chunk);
    if (segment->keep != NULL && has_offsets(segment, stream, chunk) && offsets[count - 1] <= UINT16_MAX &&
        lots_kept_is_asked_often(&stream->kept_offsets[chunk].asked))
        lots_kept_keep(segment->keep, &stream->kept_offsets[chunk], offsets, count, 0);
}

/* NULL: there is none yet. */
static lots_kept_numbers *entries_of(const lots_segment_stream *stream, const lots_layout_column *column)
{
    return atomic_load_explicit(&stream->entries[column - stream->file->columns], memory_order_acquire);
}

/* By chunk. NULL: there is no memory for it. */
static lots_kept_numbers *load_entries(const lots_segment *segment, const lots_segment_stream *stream, const lots_layout_column *column)
{
    _Atomic(lots_kept_numbers *) *at = &stream->entries[column - stream->file->columns];
    lots_kept_numbers *kept = entries_of(stream, column), *none = NULL;
    void *room = NULL;
    if (kept != NULL || lots_alloc(&room, segment->layout.chunks, sizeof *kept, NULL) != LOTS_OK)
        return kept;
    kept = room;
    if (!atomic_compare_exchange_strong_explicit(at, &none, kept, memory_order_acq_rel, memory_order_acquire)) {
        lots_free(room);
        kept = none;
    }
    return kept;
}

/* They are asked for once more. */
static bool should_keep_entries(const lots_segment *segment, lots_kept_numbers *kept, uint32_t count)
{
    return count <= UINT16_MAX && lots_kept_has_room(segment->keep, count) && lots_kept_is_asked_often(&kept->asked);
}

static lots_status keep_entries(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk, const lots_values_out *at_hand,
                                lots_kept_numbers *kept, lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &slot->metas[chunk];
    const lots_values_out from = {.starts = at_hand->starts, .starts_count = at_hand->starts_count, .believed = true,
                                  .after_bytes = lots_segment_after_block(segment, slot, chunk)};
    uint32_t entries = 0;
    void *ids;
    LOTS_TRY(lots_arena_vector(scratch, &ids, meta->count, sizeof(uint32_t), err));
    LOTS_TRY(lots_block_entries(meta, segment->data + slot->offsets[chunk], &from, ids, &entries, scratch, err));
    lots_kept_keep(segment->keep, kept, ids, meta->count, 0);
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
    lots_kept_numbers *kept = load_entries(segment, stream, column);
    if (kept == NULL)
        return LOTS_OK;
    kept += chunk;
    out->entries = atomic_load_explicit(&kept->numbers, memory_order_acquire);
    if (out->entries == NULL && should_keep_entries(segment, kept, meta->count))
        LOTS_TRY(keep_entries(segment, slot, chunk, out, kept, scratch, err));
    out->entries = atomic_load_explicit(&kept->numbers, memory_order_acquire);
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
static void keep_durations(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_kept_numbers *kept,
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
        lots_kept_keep(segment->keep, kept, numbers, meta->count, 0);
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
    lots_kept_numbers *kept = load_entries(segment, from, end);
    if (kept == NULL)
        return NULL;
    kept += chunk;
    if (atomic_load_explicit(&kept->numbers, memory_order_acquire) == NULL &&
        should_keep_entries(segment, kept, end->values.metas[chunk].count))
        keep_durations(segment, stream, column, chunk, kept, scratch);
    return atomic_load_explicit(&kept->numbers, memory_order_acquire);
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
    const lots_kept_numbers *kept = end == NULL ? NULL : entries_of(from, end);
    return kept != NULL && can_keep_durations(segment, from, end, chunk) &&
           atomic_load_explicit(&kept[chunk].numbers, memory_order_acquire) != NULL;
}

/* ---- rows that have an id ---- */

static size_t bytes_of_bits(uint32_t rows) { return lots_bit_words(rows) * sizeof(uint64_t) + LOTS_KEPT_SLACK; }

/* Of how many ids rows are kept: of all of a column's, or none. */
static uint32_t kept_ids(const lots_segment_column *column)
{
    const uint32_t ids = column->file != NULL && lots_layout_has_ids(column->file->kind) ? column->file->dictionary.metas[0].count : 0;
    return ids <= IDS_FEW ? ids : 0;
}

/* Is it one id that is asked for? */
static bool is_of_one(const lots_segment_column *column, const lots_id_test *test)
{
    return test->table == NULL && test->first < test->end && test->end - test->first == 1 && test->first < kept_ids(column);
}

static uint64_t *bits_of(lots_kept_rows *rows) { return atomic_load_explicit(&rows->bits, memory_order_acquire); }

/* Those of a chunk: by id, then the rows without one. */
static lots_kept_rows *rows_of(const lots_segment_column *column, lots_kept_rows *kept, uint32_t chunk)
{
    return kept + (size_t)chunk * (kept_ids(column) + 1);
}

uint64_t *lots_segment_rows_with(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                 const lots_id_test *test, uint64_t **missing)
{
    const lots_segment_column *from = &segment->streams[stream].columns[column];
    lots_kept_rows *kept = atomic_load_explicit(&from->kept, memory_order_acquire);
    *missing = NULL;
    if (kept == NULL || !is_of_one(from, test) || !lots_segment_is_verified(segment, &from->file->values, chunk))
        return NULL;
    kept = rows_of(from, kept, chunk);
    if (from->file->values.metas[chunk].missing == 0)
        return bits_of(&kept[test->first]);
    *missing = bits_of(&kept[kept_ids(from)]);
    return *missing == NULL ? NULL : bits_of(&kept[test->first]);
}

/* By chunk, then id. NULL: there is no memory for it. */
static lots_kept_rows *load_kept(const lots_segment *segment, lots_segment_column *column)
{
    lots_kept_rows *kept = atomic_load_explicit(&column->kept, memory_order_acquire), *none = NULL;
    void *room = NULL;
    if (kept != NULL || lots_alloc(&room, (size_t)segment->layout.chunks * (kept_ids(column) + 1), sizeof *kept, NULL) != LOTS_OK)
        return kept;
    kept = room;
    if (!atomic_compare_exchange_strong_explicit(&column->kept, &none, kept, memory_order_acq_rel, memory_order_acquire)) {
        lots_free(room);
        kept = none;
    }
    return kept;
}

/* Are they now? */
static bool keep_bits(lots_rooms *rooms, lots_kept_rows *kept, uint32_t rows, const uint64_t *bits)
{
    uint64_t *none = NULL, *copy;
    if (bits_of(kept) != NULL)
        return true;
    copy = lots_rooms_take(rooms, bytes_of_bits(rows));
    if (copy == NULL)
        return false;
    memcpy(copy, bits, lots_bit_words(rows) * sizeof(uint64_t));
    atomic_compare_exchange_strong_explicit(&kept->bits, &none, copy, memory_order_acq_rel, memory_order_acquire);
    return true;
}

void lots_segment_keep_rows(const lots_segment *segment, lots_segment_column *column, uint32_t chunk, const lots_id_test *test,
                            const uint64_t *bits, const uint64_t *missing)
{
    const lots_block_meta *meta = &column->file->values.metas[chunk];
    const uint32_t id = test->first;
    lots_kept_rows *kept = segment->keep != NULL && is_of_one(column, test) ? load_kept(segment, column) : NULL;
    if (kept == NULL)
        return;
    kept = rows_of(column, kept, chunk);
    if (lots_kept_is_asked_often(&kept[id].asked) &&
        (meta->missing == 0 || keep_bits(segment->keep, &kept[kept_ids(column)], meta->count, missing)))
        (void)keep_bits(segment->keep, &kept[id], meta->count, bits);
}

/* Truths none of which is missing, in a block that was read. */
static bool are_truths(const lots_segment *segment, const lots_segment_column *column, uint32_t chunk)
{
    return column->file->kind == LOTS_KIND_BOOL && column->file->values.metas[chunk].missing == 0 &&
           lots_segment_is_verified(segment, &column->file->values, chunk);
}

const uint64_t *lots_segment_kept_truths(const lots_segment *segment, const lots_segment_column *column, uint32_t chunk)
{
    lots_kept_rows *kept = atomic_load_explicit(&column->kept, memory_order_acquire);
    return kept != NULL && are_truths(segment, column, chunk) ? bits_of(rows_of(column, kept, chunk)) : NULL;
}

void lots_segment_keep_truths(const lots_segment *segment, lots_segment_column *column, uint32_t chunk, const uint64_t *bits)
{
    if (segment->keep == NULL || !are_truths(segment, column, chunk))
        return;
    lots_kept_rows *kept = load_kept(segment, column);
    kept = kept == NULL ? NULL : rows_of(column, kept, chunk);
    if (kept != NULL && lots_kept_is_asked_often(&kept->asked))
        (void)keep_bits(segment->keep, kept, column->file->values.metas[chunk].count, bits);
}

/* ---- the end ---- */

static void drop_stream(const lots_segment_stream *stream, uint32_t columns)
{
    for (uint32_t c = 0; stream->entries != NULL && c < stream->file->column_count; c++)
        lots_free(atomic_load_explicit(&stream->entries[c], memory_order_acquire));
    for (uint32_t c = 0; stream->kept_ids != NULL && c < stream->file->column_count; c++)
        lots_free(atomic_load_explicit(&stream->kept_ids[c], memory_order_acquire));
    for (uint32_t c = 0; stream->columns != NULL && c < columns; c++)
        lots_free(atomic_load_explicit(&stream->columns[c].kept, memory_order_acquire));
}

void lots_segment_drop_kept(lots_segment *segment)
{
    for (uint32_t s = 0; segment->streams != NULL && s < segment->schema->stream_count; s++)
        drop_stream(&segment->streams[s], segment->schema->streams[s].column_count);
    lots_rooms_close(segment->keep);
}
