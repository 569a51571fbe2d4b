/* segment_groups.c: some values of a column's chunk, in groups as they are packed. The marks that these take (core/codec/frame_marks.c)
 * are found when they are first asked for, and stay. See segment.h. */
#include "core/base/memory.h"
#include "core/store/segment_file.h"

/* Who comes second throws its marks away. */
static lots_status load_marks(const lots_segment *segment, const lots_segment_column *column, uint32_t chunk,
                              const lots_frame_marks **out, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = &column->file->values;
    lots_frame_marks *marks = atomic_load_explicit(&column->marks[chunk], memory_order_acquire), *none = NULL;
    if (marks == NULL) {
        LOTS_TRY(lots_block_mark_groups(&slot->metas[chunk], segment->data + slot->offsets[chunk],
                                        lots_segment_after_block(segment, slot, chunk), &marks, scratch, err));
        if (!atomic_compare_exchange_strong_explicit(&column->marks[chunk], &none, marks, memory_order_acq_rel, memory_order_acquire)) {
            lots_free(marks);
            marks = none;
        }
    }
    *out = marks;
    return LOTS_OK;
}

lots_status lots_segment_groups(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, const uint64_t *groups,
                                uint32_t *out, bool *done, lots_arena *scratch, lots_error *err)
{
    const lots_segment_column *from = &segment->streams[stream].columns[column];
    const lots_frame_marks *marks = NULL;
    const lots_layout_slot *slot = from->file == NULL ? NULL : &from->file->values;
    *done = slot != NULL && lots_layout_held(&slot->metas[chunk]) && lots_block_can_group(&slot->metas[chunk]) &&
            lots_segment_is_verified(segment, slot, chunk);
    if (!*done)
        return LOTS_OK;
    lots_status status = load_marks(segment, from, chunk, &marks, scratch, err);
    if (status == LOTS_OK)
        status = lots_block_decode_groups(marks, groups, out, err);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path, segment->schema->streams[stream].name,
                           from->file->name, chunk);
    return status;
}
