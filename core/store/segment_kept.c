/* segment_kept.c: days that question after question asks for, kept decoded. Nearly every question needs the days of a stream whole, and
 * adding up gaps is a sixth of many; 2 bytes a row, less the least of the block, are read in a quarter of that time. One question
 * alone would only pay for it, so a chunk's days are kept when they have been decoded for several, and only as far as the registry's
 * budget goes: beyond it they are decoded as before. */
#include "core/base/memory.h"
#include "core/store/segment_file.h"

enum { KEPT_AFTER = 4, SLACK_BYTES = 64 };

void lots_segment_keep(lots_segment *segment, lots_budget *budget) { segment->keep = budget; }

static size_t bytes_of(uint32_t rows) { return rows * sizeof(uint16_t) + SLACK_BYTES; }

const uint16_t *lots_segment_kept_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk)
{
    return lots_segment_is_verified(segment, &stream->ordered->values, chunk)
               ? atomic_load_explicit(&stream->kept[chunk].days, memory_order_acquire)
               : NULL;
}

/* Two threads may both make them: what the later one made is dropped. */
static void keep(lots_budget *budget, lots_kept_days *kept, const lots_block_meta *meta, const int32_t *days)
{
    const size_t bytes = bytes_of(meta->count);
    uint16_t *none = NULL;
    void *room = NULL;
    if (lots_budget_left(budget) < bytes || lots_budget_take(budget, bytes, NULL) != LOTS_OK)
        return;
    if (lots_alloc(&room, bytes, 1, NULL) == LOTS_OK) {
        uint16_t *narrow = room;
        for (uint32_t i = 0; i < meta->count; i++)
            narrow[i] = (uint16_t)((uint32_t)days[i] - (uint32_t)meta->min);
        if (atomic_compare_exchange_strong_explicit(&kept->days, &none, narrow, memory_order_acq_rel, memory_order_acquire))
            return;
        lots_free(room);
    }
    lots_budget_give(budget, bytes);
}

void lots_segment_keep_days(const lots_segment *segment, const lots_segment_stream *stream, uint32_t chunk, const int32_t *days)
{
    const lots_block_meta *meta = &stream->ordered->values.metas[chunk];
    lots_kept_days *kept = &stream->kept[chunk];
    if (segment->keep == NULL || !lots_block_can_mark(meta))
        return;
    if (atomic_load_explicit(&kept->asked, memory_order_relaxed) + 1 < KEPT_AFTER)
        atomic_fetch_add_explicit(&kept->asked, 1, memory_order_relaxed);
    else
        keep(segment->keep, kept, meta, days);
}

void lots_segment_drop_kept(lots_segment *segment)
{
    for (uint32_t s = 0; segment->streams != NULL && s < segment->schema->stream_count; s++) {
        const lots_segment_stream *stream = &segment->streams[s];
        for (uint32_t k = 0; stream->kept != NULL && k < segment->layout.chunks; k++) {
            uint16_t *days = atomic_load_explicit(&stream->kept[k].days, memory_order_acquire);
            if (days != NULL)
                lots_budget_give(segment->keep, bytes_of(stream->ordered->values.metas[k].count));
            lots_free(days);
        }
    }
}
