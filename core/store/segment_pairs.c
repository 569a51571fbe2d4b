/* segment_pairs.c: the rising numbers of postings, of a part of a chunk's all or those between two bounds. The marks that these take
 * (core/codec/rise_marks.c) are found when a part is read first, and stay: a few bytes for 32 numbers. Callers: segment_posted.c,
 * segment_check.c. */
#include "core/base/memory.h"
#include "core/store/segment_file.h"

/* What makes pairs unsafe to use; that none is beyond the directory's greatest is the same question. */
static lots_status check_pairs(const lots_block_meta *meta, const uint32_t *items, lots_error *err)
{
    uint32_t falls = 0;
    for (uint32_t i = 1; i < meta->count; i++)
        falls += items[i] <= items[i - 1];
    if (falls > 0 || items[meta->count - 1] > meta->max)
        return lots_fail(err, LOTS_CORRUPT, "its postings do not rise, or pass what the directory says");
    return LOTS_OK;
}

lots_status lots_segment_read_pairs(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk,
                                    const uint32_t **items, uint32_t *count, lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &slot->metas[chunk];
    void *room;
    *items = NULL;
    *count = meta->count;
    if (!lots_layout_held(meta))
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(scratch, &room, meta->count, sizeof(uint32_t), err));
    lots_values_out out = {.data = room};
    LOTS_TRY(lots_segment_decode_block(segment, slot, chunk, &out, scratch, err));
    *items = room;
    if (out.believed)
        return LOTS_OK;
    LOTS_TRY(check_pairs(meta, room, err));
    lots_segment_set_verified(segment, slot, chunk);
    return LOTS_OK;
}

uint32_t lots_segment_first_pair(const uint32_t *items, uint32_t count, uint64_t least)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (items[middle] < least)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of a part that has been read. Who comes second throws its marks away. */
static lots_status keep_marks(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk, const uint32_t *items,
                              _Atomic(lots_rise_marks *) *at, lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &slot->metas[chunk];
    lots_rise_marks *marks, *none = NULL;
    if (!lots_block_can_rise(meta) || atomic_load_explicit(at, memory_order_acquire) != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_block_mark_rising(meta, segment->data + slot->offsets[chunk], lots_segment_after_block(segment, slot, chunk), items,
                                    &marks, scratch, err));
    if (!atomic_compare_exchange_strong_explicit(at, &none, marks, memory_order_acq_rel, memory_order_acquire))
        lots_free(marks);
    return LOTS_OK;
}

static const lots_layout_slot *slot_of(const lots_layout_column *file, lots_posted_part part)
{
    const lots_layout_slot *const slots[] = {&file->postings, &file->rare, &file->posted_rows};
    return slots[part];
}

lots_status lots_segment_take_pairs(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_posted_part part,
                                    uint64_t least, uint64_t below, lots_rising *out, lots_arena *arena, lots_error *err)
{
    const lots_segment_column *posted = &segment->streams[stream].columns[column];
    const lots_layout_slot *slot = slot_of(posted->file, part);
    const lots_block_meta *meta = &slot->metas[chunk];
    _Atomic(lots_rise_marks *) *at = &posted->posted[chunk].parts[part];
    const lots_rise_marks *marks = atomic_load_explicit(at, memory_order_acquire);
    if (out->least <= least && below <= out->below)
        return LOTS_OK;
    if (marks != NULL && lots_segment_is_verified(segment, slot, chunk))
        return lots_block_take_rising(meta, marks, least, below, out, arena, err);
    *out = (lots_rising){.below = UINT64_MAX};
    if (!lots_layout_held(meta))
        return LOTS_OK;
    LOTS_TRY(lots_segment_read_pairs(segment, slot, chunk, &out->items, &out->count, arena, err));
    return keep_marks(segment, slot, chunk, out->items, at, arena, err);
}
