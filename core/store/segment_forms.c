/* segment_forms.c: blocks in forms that cost less than their values: the rows of each id, numbers as 32 bits. Of blocks that have
 * been read before, so that they are right. */
#include "core/store/segment_file.h"

/* NULL where it can't be. */
static const lots_block_meta *known_meta(const lots_segment *segment, const lots_layout_column *file, uint32_t chunk)
{
    const lots_block_meta *meta = file != NULL ? &file->values.metas[chunk] : NULL;
    return meta != NULL && lots_layout_held(meta) && lots_segment_is_verified(segment, &file->values, chunk) ? meta : NULL;
}

static lots_status name_column(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_status status,
                               lots_error *err)
{
    const lots_stream *schema = &segment->schema->streams[stream];
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path, schema->name, schema->columns[column].name,
                           chunk);
    return status;
}

/* The rows of every id of the column where they are kept. */
static bool lent_masks(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, uint32_t ids,
                       const uint64_t **masks)
{
    uint32_t id = 0;
    for (; id < ids && id < LOTS_CLASSES_MAX; id++) {
        const lots_id_test one = {.first = id, .end = id + 1};
        uint64_t *missing = NULL;
        masks[id] = lots_segment_rows_with(segment, stream, column, chunk, &one, &missing);
        if (masks[id] == NULL || missing != NULL)
            return false;
    }
    masks[id] = NULL;
    return id == ids && ids > 0;
}

/* None is missing. Where some id has no row, those of the others are kept for who asks for one of them. */
static void keep_masks(const lots_segment *segment, lots_segment_column *column, uint32_t chunk, uint32_t ids,
                       const uint64_t *const *masks)
{
    for (uint32_t id = 0; id < ids; id++) {
        const lots_id_test one = {.first = id, .end = id + 1};
        if (masks[id] != NULL)
            lots_segment_keep_rows(segment, column, chunk, &one, masks[id], NULL);
    }
}

lots_status lots_segment_masks(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_known_planes *planes,
                               const uint64_t **masks, bool *done, lots_arena *arena, lots_error *err)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    const lots_block_meta *meta = known_meta(segment, file, chunk);
    *done = false;
    if (meta == NULL || !lots_layout_has_ids(file->kind))
        return LOTS_OK;
    const uint8_t *bytes = segment->data + file->values.offsets[chunk];
    const uint32_t ids = file->dictionary.metas[0].count;
    *done = lent_masks(segment, stream, column, chunk, ids, masks);
    if (*done)
        return LOTS_OK;
    const lots_status status = lots_block_masks(meta, bytes, ids, planes, masks, done, arena, err);
    if (status == LOTS_OK && *done)
        keep_masks(segment, &segment->streams[stream].columns[column], chunk, ids, masks);
    return name_column(segment, stream, column, chunk, status, err);
}

lots_status lots_segment_narrow(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                lots_narrow_values *out, bool *done, lots_arena *arena, lots_error *err)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    const lots_block_meta *meta = known_meta(segment, file, chunk);
    *done = false;
    if (meta == NULL)
        return LOTS_OK;
    const lots_kept_amounts *kept = lots_segment_kept_amounts(segment, &segment->streams[stream].columns[column], chunk, arena);
    if (kept != NULL) {
        *out = (lots_narrow_values){out->values, kept->entries, kept->places, kept->entry_count};
        *done = true;
        return LOTS_OK;
    }
    const uint8_t *bytes = segment->data + file->values.offsets[chunk];
    const size_t after_bytes = lots_segment_after_block(segment, &file->values, chunk);
    const lots_status status = lots_block_decode_narrow(meta, bytes, after_bytes, out, done, arena, err);
    return name_column(segment, stream, column, chunk, status, err);
}
