/* segment_places.c: where calendar years begin among patients' rows, from the numbers that segment_years.c wrote: added up from
 * each patient's first row. Numbers that go beyond a patient's rows are damage, looked for once. */
#include "core/base/kernels.h"
#include "core/store/segment_file.h"

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

static lots_status read_years(const lots_segment *segment, const lots_layout_column *ordered, uint32_t chunk,
                              const uint32_t *offsets, uint32_t *places, lots_arena *scratch, lots_error *err)
{
    const uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk];
    const uint32_t years = ordered->year_count;
    void *rows;
    LOTS_TRY(lots_arena_vector(scratch, &rows, (size_t)years * patients, sizeof(uint32_t), err));
    lots_values_out out = {.data = rows};
    LOTS_TRY(lots_segment_decode_block(segment, &ordered->years, chunk, &out, scratch, err));
    if (!out.believed && !rows_suffice(rows, offsets, patients, years))
        return lots_fail(err, LOTS_CORRUPT, "a patient has fewer rows than the rows of years add up to");
    lots_segment_set_verified(segment, &ordered->years, chunk);
    const uint32_t *above = offsets;
    for (uint32_t y = 0; y < years; y++, above = places, places += patients + LOTS_PLACES_PAD)
        lots_kernels_get()->add_i32((const int32_t *)rows + (size_t)y * patients, (const int32_t *)above, 0, NULL, patients,
                                    (int32_t *)places);
    return LOTS_OK;
}

lots_status lots_segment_year_places(lots_segment *segment, uint32_t stream, uint32_t chunk, const uint32_t *offsets,
                                     uint32_t *places, lots_arena *scratch, lots_error *err)
{
    const lots_arena_mark mark = lots_arena_save(scratch);
    const lots_layout_column *ordered = segment->streams[stream].ordered;
    lots_status status = read_years(segment, ordered, chunk, offsets, places, scratch, err);
    lots_arena_restore(scratch, mark);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path, segment->schema->streams[stream].name,
                           ordered->name, chunk);
    return status;
}
