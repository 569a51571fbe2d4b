/* segment_offsets.c: where the rows of each patient of a chunk begin, from their counts. */
#include <assert.h>

#include "core/base/kernels.h"
#include "core/store/segment_file.h"

static lots_status read_counts(const lots_segment *segment, const lots_layout_stream *stream, uint32_t chunk,
                               uint32_t *offsets, lots_arena *scratch, lots_error *err)
{
    uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk];
    void *counts;
    uint64_t total = 0;
    LOTS_TRY(lots_arena_vector(scratch, &counts, patients, sizeof(uint32_t), err));
    lots_values_out out = {.data = counts};
    LOTS_TRY(lots_segment_decode_block(segment, &stream->counts, chunk, &out, scratch, err));
    for (uint32_t i = 0; i < patients && !out.believed; i++)
        total += ((const uint32_t *)counts)[i];
    lots_kernels_get()->prefix_u32(counts, patients, 0, counts);
    offsets[0] = 0;
    memcpy(offsets + 1, counts, patients * sizeof *offsets);
    if (!out.believed && total != stream->rows[chunk])
        return lots_fail(err, LOTS_CORRUPT, "the patients' counts add up to %llu, the chunk has %u rows",
                         (unsigned long long)total, stream->rows[chunk]);
    lots_segment_set_verified(segment, &stream->counts, chunk);
    return LOTS_OK;
}

lots_status lots_segment_fill_offsets(const lots_segment *segment, const lots_layout_stream *stream, uint32_t chunk,
                                      uint32_t *offsets, lots_arena *scratch, lots_error *err)
{
    uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk];
    if (stream != NULL && !stream->single && stream->rows[chunk] > 0) {
        lots_arena_mark mark = lots_arena_save(scratch);
        lots_status status = read_counts(segment, stream, chunk, offsets, scratch, err);
        lots_arena_restore(scratch, mark);
        return status;
    }
    bool single = stream != NULL && stream->single;
    for (uint32_t i = 0; i <= patients; i++)
        offsets[i] = single ? i : 0;
    return LOTS_OK;
}

lots_status lots_segment_offsets(lots_segment *segment, uint32_t stream, uint32_t chunk, uint32_t *offsets,
                                 lots_arena *scratch, lots_error *err)
{
    assert(stream < segment->schema->stream_count && chunk < segment->layout.chunks);
    const lots_segment_stream *from = &segment->streams[stream];
    const uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk];
    const uint16_t *kept = lots_segment_kept_offsets(segment, from, chunk);
    if (kept != NULL) {
        lots_kernels_get()->widen_u16(kept, patients + 1, 0, offsets);
        return LOTS_OK;
    }
    lots_status status = lots_segment_fill_offsets(segment, from->file, chunk, offsets, scratch, err);
    if (status == LOTS_OK)
        lots_segment_keep_offsets(segment, from, chunk, offsets);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', chunk %u", segment->path, segment->schema->streams[stream].name, chunk);
    return status;
}
