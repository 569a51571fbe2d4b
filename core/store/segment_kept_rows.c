/* segment_kept_rows.c: which rows have an id of a column that has few ids, which have none, and which are true, kept a bit a row. */
#include <string.h>

#include "core/index/bitset.h"
#include "core/store/segment_kept.h"

enum { IDS_FEW = 16 };

static size_t bytes_of(uint32_t rows) { return lots_bit_words(rows) * sizeof(uint64_t) + LOTS_KEPT_SLACK; }

/* Of how many ids rows are kept: of all of a column's, or none. */
static uint32_t kept_ids(const lots_segment_column *column)
{
    const uint32_t ids = column->file != NULL && lots_layout_has_ids(column->file->kind) ? column->file->dictionary.metas[0].count : 0;
    return ids <= IDS_FEW ? ids : 0;
}

/* Is it one id that is asked for? */
static bool is_of_one(const lots_segment_column *column, const lots_id_test *test)
{
    return test->table == NULL && test->first < test->end && test->end - test->first == 1 && test->first < kept_ids(column);
}

/* Those of a chunk: by id, then the rows without one. */
static lots_kept *rows_of(const lots_segment_column *column, lots_kept *kept, uint32_t chunk)
{
    return kept + (size_t)chunk * (kept_ids(column) + 1);
}

uint64_t *lots_segment_rows_with(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                 const lots_id_test *test, uint64_t **missing)
{
    const lots_segment_column *from = &segment->streams[stream].columns[column];
    lots_kept *kept = atomic_load_explicit(&from->kept_rows, memory_order_acquire);
    *missing = NULL;
    if (kept == NULL || !is_of_one(from, test) || !lots_segment_is_verified(segment, &from->file->values, chunk))
        return NULL;
    kept = rows_of(from, kept, chunk);
    if (from->file->values.metas[chunk].missing == 0)
        return lots_kept_get(&kept[test->first]);
    *missing = lots_kept_get(&kept[kept_ids(from)]);
    return *missing == NULL ? NULL : lots_kept_get(&kept[test->first]);
}

static lots_kept *load_rows(const lots_segment *segment, lots_segment_column *column)
{
    return lots_kept_load(&column->kept_rows, segment->keep, (size_t)segment->layout.chunks * (kept_ids(column) + 1));
}

/* Are they now? */
static bool keep_bits(lots_rooms *rooms, lots_kept *kept, uint32_t rows, const uint64_t *bits)
{
    uint64_t *copy = lots_kept_get(kept) == NULL ? lots_rooms_take(rooms, bytes_of(rows)) : NULL;
    if (copy != NULL)
        memcpy(copy, bits, lots_bit_words(rows) * sizeof(uint64_t));
    return lots_kept_put(kept, copy) != NULL;
}

void lots_segment_keep_rows(const lots_segment *segment, lots_segment_column *column, uint32_t chunk, const lots_id_test *test,
                            const uint64_t *bits, const uint64_t *missing)
{
    const lots_block_meta *meta = &column->file->values.metas[chunk];
    const uint32_t id = test->first;
    lots_kept *kept = segment->keep != NULL && is_of_one(column, test) ? load_rows(segment, column) : NULL;
    if (kept == NULL)
        return;
    kept = rows_of(column, kept, chunk);
    if (lots_kept_is_due(&kept[id]) &&
        (meta->missing == 0 || keep_bits(segment->keep, &kept[kept_ids(column)], meta->count, missing)))
        (void)keep_bits(segment->keep, &kept[id], meta->count, bits);
}

/* Truths none of which is missing, in a block that was read. */
static bool are_truths(const lots_segment *segment, const lots_segment_column *column, uint32_t chunk)
{
    return column->file->kind == LOTS_KIND_BOOL && column->file->values.metas[chunk].missing == 0 &&
           lots_segment_is_verified(segment, &column->file->values, chunk);
}

const uint64_t *lots_segment_kept_truths(const lots_segment *segment, const lots_segment_column *column, uint32_t chunk)
{
    lots_kept *kept = atomic_load_explicit(&column->kept_rows, memory_order_acquire);
    return kept != NULL && are_truths(segment, column, chunk) ? lots_kept_get(rows_of(column, kept, chunk)) : NULL;
}

void lots_segment_keep_truths(const lots_segment *segment, lots_segment_column *column, uint32_t chunk, const uint64_t *bits)
{
    if (segment->keep == NULL || !are_truths(segment, column, chunk))
        return;
    lots_kept *kept = load_rows(segment, column);
    kept = kept == NULL ? NULL : rows_of(column, kept, chunk);
    if (kept != NULL && lots_kept_is_due(kept))
        (void)keep_bits(segment->keep, kept, column->file->values.metas[chunk].count, bits);
}
