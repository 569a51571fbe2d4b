/* segment_kept_years.c: whole numbers and decimals, costs above all, kept in another order than that of the rows, as 32 bits: those of a
 * chunk's first period, patient by patient, then those of the second, and so on. Periods are the years that begin where the chunk tells
 * (segment_places.c), with what comes before and after them. What patients have of one year lies scattered over all of their rows, in
 * nearly every line of the memory; here it lies together, and is read as fast as it comes. */
#include "core/store/segment_kept.h"

static size_t bytes_of(uint32_t rows, uint32_t periods)
{
    return sizeof(lots_kept_years) + ((size_t)rows + periods + 1) * sizeof(uint32_t) + LOTS_KEPT_SLACK;
}

typedef struct chunk_rows { /* in scratch */
    uint32_t patients, years;
    uint32_t *offsets, *places; /* of lots_segment_year_places, all years */
    lots_narrow_values numbers;
} chunk_rows;

/* *done: it can be had so. */
static lots_status read_chunk(lots_segment *segment, uint32_t stream, const lots_layout_slot *slot, uint32_t chunk, chunk_rows *out,
                              bool *done, lots_arena *scratch)
{
    const lots_block_meta *meta = &slot->metas[chunk];
    uint32_t first_year;
    void *room = NULL;
    *out = (chunk_rows){.patients = lots_segment_chunk_first(segment, chunk + 1) - lots_segment_chunk_first(segment, chunk)};
    lots_segment_years(segment, stream, chunk, &first_year, &out->years);
    *done = out->years > 0;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(scratch, &room, (size_t)out->patients + 1, sizeof(uint32_t), NULL));
    out->offsets = room;
    LOTS_TRY(lots_segment_offsets(segment, stream, chunk, out->offsets, scratch, NULL));
    LOTS_TRY(lots_arena_vector(scratch, &room, (size_t)out->years * (out->patients + LOTS_PLACES_PAD), sizeof(uint32_t), NULL));
    out->places = room;
    LOTS_TRY(lots_segment_year_places(segment, stream, chunk, 0, out->offsets, out->places, scratch, NULL));
    LOTS_TRY(lots_arena_vector(scratch, &room, meta->count, sizeof(uint32_t), NULL));
    out->numbers.values = room;
    return lots_block_decode_narrow(meta, segment->data + slot->offsets[chunk], lots_segment_after_block(segment, slot, chunk),
                                    &out->numbers, done, scratch, NULL);
}

/* Where a period begins among each patient's rows. */
static const uint32_t *border_of(const chunk_rows *chunk, uint32_t period)
{
    if (period == 0)
        return chunk->offsets;
    return period > chunk->years ? chunk->offsets + 1 : chunk->places + (size_t)(period - 1) * (chunk->patients + LOTS_PLACES_PAD);
}

/* starts[period]: where its numbers begin. */
static void arrange(const chunk_rows *chunk, uint32_t *starts, uint32_t *numbers)
{
    const lots_narrow_values *from = &chunk->numbers;
    uint32_t made = 0;
    for (uint32_t period = 0; period <= chunk->years; period++) {
        const uint32_t *first = border_of(chunk, period), *end = border_of(chunk, period + 1);
        starts[period] = made;
        for (uint32_t p = 0; p < chunk->patients; p++)
            for (uint32_t row = first[p]; row < end[p]; row++)
                numbers[made++] = from->entries == NULL ? from->values[row] : from->entries[from->values[row]];
    }
    starts[chunk->years + 1] = made;
}

/* NULL where they can't be had; who asks goes on to read them, and hears why. */
static lots_kept_years *make_years(lots_segment *segment, uint32_t stream, const lots_layout_slot *slot, uint32_t chunk,
                                   lots_arena *scratch)
{
    const uint32_t rows = slot->metas[chunk].count;
    chunk_rows from;
    bool done = false;
    lots_kept_years *made = NULL;
    if (lots_rooms_left(segment->keep) < bytes_of(rows, 0))
        return NULL;
    const lots_arena_mark mark = lots_arena_save(scratch);
    if (read_chunk(segment, stream, slot, chunk, &from, &done, scratch) == LOTS_OK && done)
        made = lots_rooms_take(segment->keep, bytes_of(rows, from.years + 1));
    if (made != NULL) {
        uint32_t *starts = (uint32_t *)(made + 1), *numbers = starts + from.years + 2;
        arrange(&from, starts, numbers);
        *made = (lots_kept_years){starts, numbers, from.years + 1};
    }
    lots_arena_restore(scratch, mark);
    return made;
}

static const lots_kept_years *find_years(lots_segment *segment, uint32_t stream, const lots_segment_column *column, uint32_t chunk,
                                         lots_arena *scratch)
{
    lots_kept *kept = column->kept_years == NULL ? NULL : &column->kept_years[chunk];
    if (kept == NULL || segment->keep == NULL || !lots_segment_is_verified(segment, &column->file->values, chunk))
        return NULL;
    lots_kept_years *years = lots_kept_get(kept);
    if (years != NULL || !lots_kept_is_due(kept))
        return years;
    years = make_years(segment, stream, &column->file->values, chunk, scratch);
    if (years == NULL)
        lots_kept_refuse(kept);
    return lots_kept_put(kept, years);
}

const uint32_t *lots_segment_period(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, uint32_t period,
                                    uint32_t *count, lots_arena *scratch)
{
    const lots_kept_years *years = find_years(segment, stream, &segment->streams[stream].columns[column], chunk, scratch);
    if (years == NULL || period >= years->periods)
        return NULL;
    *count = years->starts[period + 1] - years->starts[period];
    return years->numbers + years->starts[period];
}
