/* segment_places.c: where calendar years begin among patients' rows, from the numbers that segment_years.c wrote: taken from the end
 * of each patient's rows, year after year from the last on, and no further than was asked. (Files of versions before 6 tell years
 * from the first on: their numbers are added up from each patient's first row.) Numbers that go beyond a patient's rows are damage,
 * looked for once. What is asked again and again is kept, 2 bytes a patient and year: then a year is had without those after it. */
#include "core/base/kernels.h"
#include "core/store/segment_kept.h"

void lots_segment_years(const lots_segment *segment, uint32_t stream, uint32_t chunk, uint32_t *first, uint32_t *count)
{
    const lots_layout_column *ordered = segment->streams[stream].ordered;
    const bool told = ordered != NULL && ordered->flags & LOTS_COLUMN_YEARS && lots_layout_held(&ordered->years.metas[chunk]);
    *first = told ? ordered->first_year : 0;
    *count = told ? ordered->year_count : 0;
}

/* Has each patient as many rows as its numbers add up to? */
static bool rows_suffice(const uint32_t *rows, const uint32_t *offsets, uint32_t patients, uint32_t years)
{
    for (uint32_t p = 0; p < patients; p++) {
        uint64_t sum = 0;
        for (uint32_t y = 0; y < years; y++)
            sum += rows[(size_t)y * patients + p];
        if (sum > offsets[p + 1] - offsets[p])
            return false;
    }
    return true;
}

/* The numbers of `years` years from the last on, of all if it is not yet known that they are sound. */
static lots_status read_last(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk, uint32_t count,
                             lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    bool done = false;
    if (lots_segment_is_verified(segment, slot, chunk)) {
        out->believed = true;
        out->after_bytes = lots_segment_after_block(segment, slot, chunk);
        LOTS_TRY(lots_block_decode_first(&slot->metas[chunk], segment->data + slot->offsets[chunk], count, out, &done, scratch, err));
    }
    return done ? LOTS_OK : lots_segment_decode_block(segment, slot, chunk, out, scratch, err);
}

static lots_status read_years(const lots_segment *segment, const lots_layout_column *ordered, uint32_t chunk, uint32_t from,
                              const uint32_t *offsets, uint32_t *places, lots_arena *scratch, lots_error *err)
{
    const uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk], years = ordered->year_count;
    const uint32_t least = ordered->years_rise ? 0 : from, stride = patients + LOTS_PLACES_PAD;
    const lots_kernels *kernels = lots_kernels_get();
    void *room;
    LOTS_TRY(lots_arena_vector(scratch, &room, (size_t)years * patients, sizeof(uint32_t), err));
    lots_values_out out = {.data = room};
    LOTS_TRY(read_last(segment, &ordered->years, chunk, (years - least) * patients, &out, scratch, err));
    const uint32_t *rows = room, *above = ordered->years_rise ? offsets : offsets + 1;
    if (!out.believed && !rows_suffice(rows, offsets, patients, years))
        return lots_fail(err, LOTS_CORRUPT, "a patient has fewer rows than the rows of years add up to");
    lots_segment_set_verified(segment, &ordered->years, chunk);
    for (uint32_t i = 0; ordered->years_rise && i < years; i++, rows += patients, above = places, places += stride)
        kernels->add_i32((const int32_t *)rows, (const int32_t *)above, 0, NULL, patients, (int32_t *)places);
    for (uint32_t y = years; !ordered->years_rise && y-- > least; rows += patients, above = places + (size_t)y * stride)
        kernels->subtract_i32((const int32_t *)above, (const int32_t *)rows, patients, (int32_t *)places + (size_t)y * stride);
    return LOTS_OK;
}

/* Of all years, if they are asked for often. Where they can't be had they are asked for again. */
static void keep_years(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk, const uint32_t *offsets,
                       lots_arena *scratch)
{
    const lots_layout_column *ordered = stream->ordered;
    const uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk],
                   count = ordered->year_count * (patients + LOTS_PLACES_PAD);
    lots_kept *kept = &stream->kept_places[chunk];
    void *room;
    if (segment->keep == NULL || offsets[patients] > UINT16_MAX || !lots_kept_has_narrow_room(segment->keep, count) ||
        !lots_kept_is_due(kept) || lots_arena_alloc(scratch, &room, count, sizeof(uint32_t), NULL) != LOTS_OK)
        return;
    if (read_years(segment, ordered, chunk, 0, offsets, room, scratch, NULL) == LOTS_OK)
        (void)lots_kept_put_narrow(kept, segment->keep, room, count, 0);
}

bool lots_segment_kept_year(const lots_segment *segment, uint32_t stream, uint32_t chunk, uint32_t year, uint32_t *places)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk];
    const uint16_t *kept = lots_segment_is_verified(segment, &from->ordered->years, chunk)
                               ? lots_kept_get(&from->kept_places[chunk])
                               : NULL;
    if (kept != NULL)
        lots_kernels_get()->widen_u16(kept + (size_t)year * (patients + LOTS_PLACES_PAD), patients, 0, places);
    return kept != NULL;
}

lots_status lots_segment_year_places(lots_segment *segment, uint32_t stream, uint32_t chunk, uint32_t from,
                                     const uint32_t *offsets, uint32_t *places, lots_arena *scratch, lots_error *err)
{
    const lots_arena_mark mark = lots_arena_save(scratch);
    const lots_layout_column *ordered = segment->streams[stream].ordered;
    lots_status status = read_years(segment, ordered, chunk, from, offsets, places, scratch, err);
    if (status == LOTS_OK)
        keep_years(segment, &segment->streams[stream], chunk, offsets, scratch);
    lots_arena_restore(scratch, mark);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path, segment->schema->streams[stream].name,
                           ordered->name, chunk);
    return status;
}
