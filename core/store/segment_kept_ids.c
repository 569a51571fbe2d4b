/* segment_kept_ids.c: which id each row of a column has, kept in 16 bits, and which rows have none: of columns that are told from others,
 * by rows that others leave out, by places among the children of another's value, by each patient's own list. What rows are taken for,
 * a few of each patient's, is then one look instead of all that these take one after another. Columns that are packed by themselves are
 * unpacked as before. Those that share one's lists read its entries (segment_kept_numbers.c), which is then what is kept of it. */
#include <string.h>

#include "core/base/kernels.h"
#include "core/index/bitset.h"
#include "core/store/segment_kept.h"

static size_t words_offset(uint32_t rows)
{
    const size_t word = sizeof(uint64_t);
    return sizeof(lots_kept_ids) + (rows * sizeof(uint16_t) + LOTS_KEPT_SLACK + word - 1) / word * word;
}

static size_t bytes_of(const lots_block_meta *meta)
{
    const size_t words = meta->missing > 0 ? lots_bit_words(meta->count) : 0;
    return words_offset(meta->count) + words * sizeof(uint64_t) + LOTS_KEPT_SLACK;
}

static bool is_linked(const lots_segment_stream *stream, const lots_layout_column *column, uint32_t chunk)
{
    const uint32_t own = (uint32_t)(column - stream->file->columns);
    for (uint32_t c = 0; c < stream->file->column_count; c++) {
        const lots_layout_column *other = &stream->file->columns[c];
        if (other->flags & LOTS_COLUMN_PARENT && other->parent == own &&
            other->values.metas[chunk].encoding == LOTS_ENCODING_LINKED)
            return true;
    }
    return false;
}

bool lots_segment_can_keep_ids(const lots_segment_stream *stream, const lots_layout_column *column, uint32_t chunk)
{
    const lots_block_meta *meta = &column->values.metas[chunk];
    if (meta->phys != LOTS_PHYS_U32 || column->kind == LOTS_KIND_CODES || !lots_layout_held(meta) ||
        column->dictionary.metas[0].count > UINT16_MAX)
        return false;
    if (meta->encoding == LOTS_ENCODING_ENTRIES)
        return !is_linked(stream, column, chunk);
    return meta->encoding & LOTS_ENCODING_ABSENT || meta->encoding == LOTS_ENCODING_GIVEN;
}

static lots_kept *load_ids(const lots_segment *segment, const lots_segment_stream *stream, const lots_layout_column *column)
{
    return lots_kept_load(&stream->kept_ids[column - stream->file->columns], segment->keep, segment->layout.chunks);
}

const lots_kept_ids *lots_segment_kept_ids(const lots_segment *segment, const lots_segment_stream *stream,
                                           const lots_layout_column *column, uint32_t chunk, bool *keep)
{
    *keep = false;
    if (segment->keep == NULL || !lots_segment_can_keep_ids(stream, column, chunk))
        return NULL;
    lots_kept *kept = load_ids(segment, stream, column);
    if (kept == NULL)
        return NULL;
    kept += chunk;
    const lots_kept_ids *ids = lots_kept_get(kept);
    const bool often = ids == NULL && lots_rooms_left(segment->keep) >= bytes_of(&column->values.metas[chunk]) &&
                       lots_kept_is_due(kept);
    const bool believed = lots_segment_is_verified(segment, &column->values, chunk);
    *keep = often && believed;
    return believed ? ids : NULL;
}

static lots_kept_ids *new_ids(lots_rooms *rooms, const lots_block_meta *meta, const uint32_t *from, const uint64_t *missing)
{
    lots_kept_ids *made = lots_rooms_take(rooms, bytes_of(meta));
    if (made == NULL)
        return NULL;
    uint16_t *ids = (uint16_t *)(made + 1);
    uint64_t *words = meta->missing > 0 ? (uint64_t *)((uint8_t *)made + words_offset(meta->count)) : NULL;
    for (uint32_t i = 0; i < meta->count; i++)
        ids[i] = (uint16_t)from[i];
    if (words != NULL)
        memcpy(words, missing, lots_bit_words(meta->count) * sizeof *words);
    *made = (lots_kept_ids){ids, words};
    return made;
}

void lots_segment_keep_ids(const lots_segment *segment, const lots_segment_stream *stream, const lots_layout_column *column,
                           uint32_t chunk, const uint32_t *ids, const uint64_t *missing)
{
    const lots_block_meta *meta = &column->values.metas[chunk];
    lots_kept *kept = load_ids(segment, stream, column);
    if (kept != NULL)
        (void)lots_kept_put(&kept[chunk], new_ids(segment->keep, meta, ids, missing));
}

void lots_kept_ids_read(const lots_kept_ids *kept, uint32_t rows, lots_values_out *out)
{
    lots_kernels_get()->widen_u16(kept->ids, rows, 0, out->data);
    if (kept->missing != NULL)
        memcpy(out->missing, kept->missing, lots_bit_words(rows) * sizeof *kept->missing);
}

void lots_kept_ids_take(const lots_kept_ids *kept, uint32_t rows, const uint32_t *wanted, uint32_t count, lots_values_out *out)
{
    lots_kernels_get()->gather_u16(kept->ids, wanted, count, 0, out->data);
    if (kept->missing != NULL)
        lots_kernels_get()->lookup_bits(wanted, count, kept->missing, rows, out->missing);
}

lots_status lots_kept_ids_test(const lots_kept_ids *kept, uint32_t rows, const lots_id_test *test, uint64_t *out, uint64_t *missing,
                               lots_arena *scratch, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    void *ids;
    LOTS_TRY(lots_arena_vector(scratch, &ids, rows, sizeof(uint32_t), err));
    lots_values_out all = {.data = ids, .missing = missing};
    lots_kept_ids_read(kept, rows, &all);
    if (test->table != NULL)
        kernels->lookup_bits(ids, rows, test->table, test->table_count, out);
    else if (test->first < test->end)
        kernels->range_u32(ids, rows, test->first, test->end - 1, out);
    else
        lots_bits_fill(out, rows, false);
    if (kept->missing != NULL)
        kernels->bits_and_not(out, kept->missing, rows, out);
    return LOTS_OK;
}
