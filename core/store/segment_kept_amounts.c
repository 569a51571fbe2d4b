/* segment_kept_amounts.c: whole numbers and decimals that are told by a dictionary, costs above all, kept as places of 16 bits in it and
 * entries of 32. Where few rows of each patient are wanted, a year's, unpacking all places and counting the escapes among them costs more
 * than what is done with the numbers; where all are wanted places of 16 bits are added up as they are. */
#include <string.h>

#include "core/store/segment_kept.h"

static size_t bytes_of(uint32_t rows, uint32_t entries)
{
    return sizeof(lots_kept_amounts) + entries * sizeof(uint32_t) + rows * sizeof(uint16_t) + LOTS_KEPT_SLACK;
}

/* In a dictionary, in which every place has 16 bits, and of which 32 bits are enough? */
static bool can_keep(const lots_block_meta *meta)
{
    const bool told = meta->encoding == LOTS_ENCODING_DICT || meta->encoding == LOTS_ENCODING_STEPS;
    return told && meta->phys == LOTS_PHYS_I64 && meta->missing == 0 && meta->count <= UINT16_MAX && meta->min >= 0 &&
           meta->max <= (int64_t)UINT32_MAX;
}

static lots_kept_amounts *new_amounts(lots_rooms *rooms, uint32_t rows, const lots_narrow_values *from)
{
    lots_kept_amounts *made = lots_rooms_take(rooms, bytes_of(rows, from->entry_count));
    if (made == NULL)
        return NULL;
    uint32_t *entries = (uint32_t *)(made + 1);
    uint16_t *places = (uint16_t *)(entries + from->entry_count);
    memcpy(entries, from->entries, from->entry_count * sizeof *entries);
    for (uint32_t i = 0; i < rows; i++)
        places[i] = (uint16_t)from->values[i];
    *made = (lots_kept_amounts){entries, places, from->entry_count};
    return made;
}

/* NULL where they can't be had; who asks goes on to read them, and hears why. */
static lots_kept_amounts *make_amounts(const lots_segment *segment, const lots_layout_slot *slot, uint32_t chunk, lots_arena *scratch)
{
    const lots_block_meta *meta = &slot->metas[chunk];
    lots_kept_amounts *made = NULL;
    lots_narrow_values narrow = {.entries = NULL};
    void *room = NULL;
    bool done = false;
    if (lots_rooms_left(segment->keep) < bytes_of(meta->count, meta->count))
        return NULL;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = lots_arena_vector(scratch, &room, meta->count, sizeof(uint32_t), NULL);
    narrow.values = room;
    if (status == LOTS_OK)
        status = lots_block_decode_narrow(meta, segment->data + slot->offsets[chunk], lots_segment_after_block(segment, slot, chunk),
                                          &narrow, &done, scratch, NULL);
    if (status == LOTS_OK && done && narrow.entries != NULL)
        made = new_amounts(segment->keep, meta->count, &narrow);
    lots_arena_restore(scratch, mark);
    return made;
}

const lots_kept_amounts *lots_segment_kept_amounts(const lots_segment *segment, const lots_segment_column *column, uint32_t chunk,
                                                   lots_arena *scratch)
{
    const lots_layout_slot *slot = &column->file->values;
    lots_kept *kept = column->kept_amounts == NULL ? NULL : &column->kept_amounts[chunk];
    if (kept == NULL || segment->keep == NULL || !can_keep(&slot->metas[chunk]) || !lots_segment_is_verified(segment, slot, chunk))
        return NULL;
    const lots_kept_amounts *amounts = lots_kept_get(kept);
    if (amounts != NULL || !lots_kept_is_due(kept))
        return amounts;
    return lots_kept_put(kept, make_amounts(segment, slot, chunk, scratch));
}

/* ---- some of them ---- */

enum { KEPT_AHEAD = 256 }; /* rows */

/* Of few rows all places are begun to be loaded, then all entries: one after the other they would wait for memory twice a row. */
static void take_few_kept(const lots_kept_amounts *kept, const uint32_t *rows, uint32_t row_count, int64_t *out)
{
    for (uint32_t k = 0; k < row_count; k++)
        __builtin_prefetch(kept->places + rows[k]);
    for (uint32_t k = 0; k < row_count; k++)
        __builtin_prefetch(kept->entries + kept->places[rows[k]]);
    for (uint32_t k = 0; k < row_count; k++)
        out[k] = kept->entries[kept->places[rows[k]]];
}

/* Places and entries are begun to be loaded long before: processors don't see them coming. */
void lots_kept_amounts_take(const lots_kept_amounts *kept, const uint32_t *rows, uint32_t row_count, int64_t *out)
{
    enum { LINE = 16 };
    if (row_count <= KEPT_AHEAD) {
        take_few_kept(kept, rows, row_count, out);
        return;
    }
    for (uint32_t e = 0; e < kept->entry_count; e += LINE)
        __builtin_prefetch(kept->entries + e);
    for (uint32_t k = 0; k < row_count; k++) {
        __builtin_prefetch(kept->places + rows[k + KEPT_AHEAD < row_count ? k + KEPT_AHEAD : k]);
        out[k] = kept->entries[kept->places[rows[k]]];
    }
}
