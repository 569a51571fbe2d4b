/* segment_days.c: days of a few rows or patients of a chunk without those of the others, and the few spans of more than a day. The
 * marks that days take (core/codec/gap_marks.c) are found when they are first asked for, and stay: next to nothing beside the rows. */
#include "core/base/kernels.h"
#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

/* The ordered column's block of a chunk, and what it needs. */
typedef struct days_block {
    const lots_block_meta *meta;
    const uint8_t *bytes;
    lots_values_out out;
    const uint16_t *kept; /* all of them, less the least; or NULL, and */
    const lots_gap_marks *marks;
} days_block;

/* Of the whole block, which was read before. */
static lots_status decode_all(const days_block *block, lots_values_out *all, lots_arena *scratch, lots_error *err)
{
    *all = block->out;
    LOTS_TRY(lots_arena_vector(scratch, &all->data, block->meta->count, sizeof(int32_t), err));
    return lots_block_decode(block->meta, block->bytes, all, scratch, err);
}

static lots_status make_marks(const days_block *block, lots_gap_marks **out, lots_error *err)
{
    lots_arena scratch;
    lots_values_out all;
    lots_arena_init(&scratch, 0);
    lots_status status = decode_all(block, &all, &scratch, err);
    if (status == LOTS_OK)
        status = lots_block_mark(block->meta, block->bytes, &all, out, &scratch, err);
    lots_arena_free(&scratch);
    return status;
}

static lots_status load_marks(days_block *block, _Atomic(lots_gap_marks *) *at, lots_error *err)
{
    lots_gap_marks *marks = atomic_load_explicit(at, memory_order_acquire), *none = NULL;
    if (marks == NULL) {
        LOTS_TRY(make_marks(block, &marks, err));
        if (!atomic_compare_exchange_strong_explicit(at, &none, marks, memory_order_acq_rel, memory_order_acquire)) {
            lots_free(marks);
            marks = none;
        }
    }
    block->marks = marks;
    return LOTS_OK;
}

/* Some of its days were asked for often. */
static lots_status keep_all(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk, days_block *block,
                            lots_error *err)
{
    lots_arena scratch;
    lots_values_out all;
    lots_arena_init(&scratch, 0);
    const lots_status status = decode_all(block, &all, &scratch, err);
    if (status == LOTS_OK)
        lots_segment_keep_days(segment, stream, chunk, all.data);
    lots_arena_free(&scratch);
    block->kept = lots_segment_kept_days(segment, stream, chunk);
    return status;
}

/* *done: its days are kept, or it has marks now. */
static lots_status open_block(lots_segment *segment, uint32_t stream, uint32_t chunk, const uint32_t *offsets, int32_t *days,
                              days_block *out, bool *done, lots_error *err)
{
    const lots_segment_stream *from = &segment->streams[stream];
    *done = false;
    if (from->ordered == NULL)
        return LOTS_OK;
    const lots_layout_slot *slot = &from->ordered->values;
    *out = (days_block){.meta = &slot->metas[chunk], .bytes = segment->data + slot->offsets[chunk]};
    out->out = (lots_values_out){.data = days, .starts = offsets, .after_bytes = lots_segment_after_block(segment, slot, chunk),
                                 .starts_count = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk], .believed = true};
    *done = lots_layout_held(out->meta) && lots_block_can_mark(out->meta) && lots_segment_is_verified(segment, slot, chunk);
    out->kept = *done ? lots_segment_kept_days(segment, from, chunk) : NULL;
    if (*done && out->kept == NULL && lots_segment_should_keep_days(segment, from, chunk))
        LOTS_TRY(keep_all(segment, from, chunk, out, err));
    return *done && out->kept == NULL ? load_marks(out, &from->marks[chunk], err) : LOTS_OK;
}

/* ---- of days that are kept ---- */

static void take_patients(const days_block *block, const uint64_t *patients)
{
    const uint32_t *offsets = block->out.starts, count = block->out.starts_count;
    for (size_t p = lots_bits_next(patients, 0, count); p < count; p = lots_bits_next(patients, p + 1, count))
        lots_kernels_get()->widen_u16(block->kept + offsets[p], offsets[p + 1] - offsets[p], (uint32_t)block->meta->min,
                                      (uint32_t *)block->out.data + offsets[p]);
}

/* A day among the rows of patients: begun where it would be if all had their rows evenly in the days of the block, and begun to be
 * loaded well before, for what such a search takes is waiting for memory. */
typedef struct day_search {
    const uint16_t *days;
    uint32_t day, share; /* of the block's days those before it, of 2^16 */
} day_search;

static uint32_t guess_of(const day_search *search, uint32_t rows) { return rows * search->share >> 16; }

/* How many of a patient's rows are before the day: in steps that double away from the guess, then by halves. */
static uint32_t rows_before(const day_search *search, uint32_t patient, const uint32_t *offsets)
{
    enum { STEP = 8 };
    const uint16_t *days = search->days + offsets[patient];
    const uint32_t rows = offsets[patient + 1] - offsets[patient];
    uint32_t from = guess_of(search, rows), end = from, step = STEP;
    if (rows == 0)
        return 0;
    for (; end < rows && days[end] < search->day; step *= 2) {
        from = end + 1;
        end = rows - end > step ? end + step : rows;
    }
    for (step = STEP; from > 0 && days[from - 1] >= search->day; step *= 2) {
        end = from - 1;
        from -= from > step ? step : from;
    }
    while (from < end) {
        const uint32_t middle = from + (end - from) / 2;
        const bool before = days[middle] < search->day;
        from = before ? middle + 1 : from;
        end = before ? end : middle;
    }
    return from;
}

static void search_places(const days_block *block, const uint64_t *patients, uint32_t day, uint32_t *places)
{
    enum { TOGETHER = 16 };
    const uint32_t *offsets = block->out.starts, count = block->out.starts_count;
    const day_search search = {block->kept, day, (day << 16) / ((uint32_t)(block->meta->max - block->meta->min) + 1)};
    for (size_t p = lots_bits_next(patients, 0, count); p < count;) {
        uint32_t asked[TOGETHER], here = 0;
        for (; here < TOGETHER && p < count; p = lots_bits_next(patients, p + 1, count)) {
            __builtin_prefetch(block->kept + offsets[p] + guess_of(&search, offsets[p + 1] - offsets[p]));
            asked[here++] = (uint32_t)p;
        }
        for (uint32_t k = 0; k < here; k++)
            places[asked[k]] = offsets[asked[k]] + rows_before(&search, asked[k], offsets);
    }
}

const uint16_t *lots_segment_narrow_days(const lots_segment *segment, uint32_t stream, uint32_t chunk)
{
    const lots_segment_stream *from = &segment->streams[stream];
    return from->ordered != NULL ? lots_segment_kept_days(segment, from, chunk) : NULL;
}

static lots_status name_block(const lots_segment *segment, uint32_t stream, const lots_layout_column *column, uint32_t chunk,
                              lots_status status, lots_error *err)
{
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path, segment->schema->streams[stream].name,
                           column->name, chunk);
    return status;
}

lots_status lots_segment_days_at(lots_segment *segment, uint32_t stream, uint32_t chunk, const uint32_t *rows, uint32_t row_count,
                                 const uint32_t *offsets, int32_t *days, bool *done, lots_error *err)
{
    days_block block;
    lots_status status = open_block(segment, stream, chunk, offsets, days, &block, done, err);
    if (status == LOTS_OK && *done && block.kept != NULL)
        lots_kernels_get()->gather_u16(block.kept, rows, row_count, (uint32_t)block.meta->min, (uint32_t *)days);
    else if (status == LOTS_OK && *done)
        status = lots_block_take_days(block.meta, block.marks, rows, row_count, &block.out, err);
    return name_block(segment, stream, segment->streams[stream].ordered, chunk, status, err);
}

lots_status lots_segment_days_of(lots_segment *segment, uint32_t stream, uint32_t chunk, const uint64_t *patients,
                                 const uint32_t *offsets, int32_t *days, bool *done, lots_error *err)
{
    days_block block;
    lots_status status = open_block(segment, stream, chunk, offsets, days, &block, done, err);
    if (status == LOTS_OK && *done && block.kept != NULL)
        take_patients(&block, patients);
    else if (status == LOTS_OK && *done)
        status = lots_block_decode_of(block.meta, block.marks, patients, &block.out, err);
    return name_block(segment, stream, segment->streams[stream].ordered, chunk, status, err);
}

lots_status lots_segment_places_of(lots_segment *segment, uint32_t stream, uint32_t chunk, const uint64_t *patients, int32_t day,
                                   const uint32_t *offsets, uint32_t *places, bool *done, lots_error *err)
{
    days_block block;
    lots_status status = open_block(segment, stream, chunk, offsets, NULL, &block, done, err);
    if (status == LOTS_OK && *done && block.kept != NULL)
        search_places(&block, patients, (uint32_t)day - (uint32_t)block.meta->min, places);
    else if (status == LOTS_OK && *done)
        status = lots_block_find_places(block.meta, block.marks, patients, day, places, &block.out, err);
    return name_block(segment, stream, segment->streams[stream].ordered, chunk, status, err);
}

lots_status lots_segment_lasting(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, const uint64_t *mask,
                                 lots_nonzero *out, bool *done, lots_arena *scratch, lots_error *err)
{
    const lots_layout_column *end = segment->streams[stream].columns[column].file;
    *done = end != NULL && end->flags & LOTS_COLUMN_DURATION && lots_layout_held(&end->values.metas[chunk]) &&
            lots_segment_is_verified(segment, &end->values, chunk);
    if (!*done)
        return LOTS_OK;
    const lots_status status = lots_block_take_nonzero(&end->values.metas[chunk], segment->data + end->values.offsets[chunk], mask, out,
                                                       done, scratch, err);
    return name_block(segment, stream, end, chunk, status, err);
}
