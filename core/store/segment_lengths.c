/* segment_lengths.c: where lists begin, and whose an element is, asked of a block of lengths as it lies. See segment.h. */
#include "core/store/segment_file.h"

typedef lots_status (*lengths_asked)(const lots_block_meta *, const uint8_t *, const uint32_t *, uint32_t, uint32_t *,
                                     lots_arena *, lots_error *);

static lots_status ask_lengths(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                               lengths_asked ask, const uint32_t *in, uint32_t count, uint32_t *out, bool *done,
                               lots_arena *scratch, lots_error *err)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    *done = false;
    if (file == NULL)
        return LOTS_OK;
    const lots_layout_slot *slot = &file->lengths;
    *done = lots_layout_held(&slot->metas[chunk]) && lots_block_can_place(&slot->metas[chunk]) &&
            lots_segment_is_verified(segment, slot, chunk);
    if (!*done)
        return LOTS_OK;
    lots_status status = ask(&slot->metas[chunk], segment->data + slot->offsets[chunk], in, count, out, scratch, err);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path,
                           segment->schema->streams[stream].name, file->name, chunk);
    return status;
}

lots_status lots_segment_elements_before(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                         const uint32_t *rows, uint32_t row_count, uint32_t *out, bool *done,
                                         lots_arena *scratch, lots_error *err)
{
    const uint32_t elements = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk)->count;
    LOTS_TRY(ask_lengths(segment, stream, column, chunk, lots_block_elements_before, rows, row_count, out, done, scratch,
                         err));
    for (uint32_t i = 0; *done && i < row_count; i++)
        if (out[i] > elements)
            return lots_fail(err, LOTS_CORRUPT, "%s: stream '%s', chunk %u: list lengths of more than %u elements",
                             segment->path, segment->schema->streams[stream].name, chunk, elements);
    return LOTS_OK;
}

lots_status lots_segment_lists_of(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                  const uint32_t *elements, uint32_t element_count, uint32_t *out, bool *done,
                                  lots_arena *scratch, lots_error *err)
{
    return ask_lengths(segment, stream, column, chunk, lots_block_lists_of, elements, element_count, out, done, scratch,
                       err);
}
