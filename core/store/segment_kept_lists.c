/* segment_kept_lists.c: lists of codes kept as ids of 16 bits and places of rows among them, 2 bytes a row. Where the codes of some
 * patients' years are wanted, unpacking each 32 of them and counting the escapes and lengths before costs more than what is done with
 * the codes. Whole columns are unpacked as before: reading 16 bits an id is no faster than 11. */
#include "core/store/segment_kept.h"

enum { LENGTH_MOST = UINT16_MAX / LOTS_KEPT_ROWS };

static size_t bytes_of(uint32_t rows, uint32_t elements)
{
    return sizeof(lots_kept_lists) + (rows / LOTS_KEPT_ROWS + 1) * sizeof(uint32_t) +
           ((size_t)rows + 1 + elements) * sizeof(uint16_t) + LOTS_KEPT_SLACK;
}

/* Of a block that was believed, with ids and places within 64 rows of at most 16 bits. */
static bool can_keep(const lots_segment *segment, const lots_layout_column *file, uint32_t chunk)
{
    const lots_block_meta *ids = &file->values.metas[chunk], *lengths = &file->lengths.metas[chunk];
    return lots_layout_held(ids) && ids->missing == 0 && ids->max <= UINT16_MAX && lots_layout_held(lengths) &&
           lengths->max <= LENGTH_MOST && lots_segment_is_verified(segment, &file->values, chunk) &&
           lots_segment_is_verified(segment, &file->lengths, chunk);
}

static void fill_places(const uint32_t *lengths, uint32_t rows, uint32_t *before, uint16_t *within)
{
    uint32_t sum = 0;
    for (uint32_t row = 0; row <= rows; row++) {
        if (row % LOTS_KEPT_ROWS == 0)
            before[row / LOTS_KEPT_ROWS] = sum;
        within[row] = (uint16_t)(sum - before[row / LOTS_KEPT_ROWS]);
        sum += row < rows ? lengths[row] : 0;
    }
}

static lots_kept_lists *new_lists(lots_rooms *rooms, const uint32_t *lengths, uint32_t rows, const uint32_t *ids, uint32_t elements)
{
    lots_kept_lists *made = lots_rooms_take(rooms, bytes_of(rows, elements));
    if (made == NULL)
        return NULL;
    uint32_t *before = (uint32_t *)(made + 1);
    uint16_t *within = (uint16_t *)(before + rows / LOTS_KEPT_ROWS + 1), *narrow = within + rows + 1;
    fill_places(lengths, rows, before, within);
    for (uint32_t i = 0; i < elements; i++)
        narrow[i] = (uint16_t)ids[i];
    *made = (lots_kept_lists){narrow, within, before};
    return made;
}

static lots_status read_part(lots_segment *segment, uint32_t stream, uint32_t column, lots_part part, uint32_t chunk, const uint32_t **out,
                             lots_arena *scratch)
{
    void *room;
    bool has_missing;
    LOTS_TRY(lots_arena_vector(scratch, &room, lots_segment_meta(segment, stream, column, part, chunk)->count, sizeof(uint32_t), NULL));
    lots_values_out values = {.data = room};
    *out = room;
    return lots_segment_read(segment, stream, column, part, chunk, &values, &has_missing, scratch, NULL);
}

/* NULL where they can't be had; who asks goes on to read them, and hears why. */
static lots_kept_lists *make_lists(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_arena *scratch)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    const uint32_t rows = file->lengths.metas[chunk].count, elements = file->values.metas[chunk].count;
    const uint32_t *ids, *lengths;
    lots_kept_lists *made = NULL;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = read_part(segment, stream, column, LOTS_PART_VALUES, chunk, &ids, scratch);
    if (status == LOTS_OK)
        status = read_part(segment, stream, column, LOTS_PART_LENGTHS, chunk, &lengths, scratch);
    if (status == LOTS_OK)
        made = new_lists(segment->keep, lengths, rows, ids, elements);
    lots_arena_restore(scratch, mark);
    return made;
}

const lots_kept_lists *lots_segment_kept_lists(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                               lots_arena *scratch)
{
    const lots_segment_column *from = &segment->streams[stream].columns[column];
    lots_kept *kept = from->kept_lists == NULL ? NULL : &from->kept_lists[chunk];
    if (kept == NULL || segment->keep == NULL || !can_keep(segment, from->file, chunk))
        return NULL;
    const size_t bytes = bytes_of(from->file->lengths.metas[chunk].count, from->file->values.metas[chunk].count);
    const lots_kept_lists *lists = lots_kept_get(kept);
    if (lists != NULL || lots_rooms_left(segment->keep) < bytes || !lots_kept_is_due(kept))
        return lists;
    return lots_kept_put(kept, make_lists(segment, stream, column, chunk, scratch));
}
