/* told.c: see told.h. */
#include "core/codec/told.h"

#include <assert.h>

#include "core/base/kernels.h"
#include "core/codec/entries.h"
#include "core/codec/planes.h"
#include "core/codec/related.h"

static size_t word_count_of(uint32_t count) { return count / 64 + (count % 64 != 0); }

/* ---- decoding ---- */
lots_need lots_block_need(const lots_block_meta *meta)
{
    if (meta->missing == meta->count)
        return LOTS_NEED_NOTHING;
    switch (meta->encoding & ~LOTS_ENCODING_ABSENT) {
    case LOTS_ENCODING_GAPS:
    case LOTS_ENCODING_GAPS | LOTS_ENCODING_ZSTD:
    case LOTS_ENCODING_ENTRIES:
        return LOTS_NEED_STARTS;
    case LOTS_ENCODING_LINKED:
        return LOTS_NEED_ENTRIES;
    case LOTS_ENCODING_GIVEN:
    case LOTS_ENCODING_CLASSES:
        return LOTS_NEED_PARENT;
    default:
        return LOTS_NEED_NOTHING;
    }
}

/* What the entries of a block of ENTRIES or LINKED say; the reader stands after it. */
static lots_status read_entries(const lots_block_meta *meta, const lots_parent *parent, lots_reader *reader,
                                lots_entry_values *entries, lots_arena *arena, lots_error *err)
{
    uint32_t count = 0;
    if (meta->encoding == LOTS_ENCODING_ENTRIES)
        LOTS_TRY(lots_entries_count(reader, meta->count, &count, err));
    else
        count = parent->count;
    return lots_entries_values(reader, (lots_phys)meta->phys, count, entries, arena, err);
}

/* Which entry each row is, of a block of ENTRIES: at hand, or else the reader stands before them. */
static lots_status read_own_ids(const lots_block_meta *meta, const lots_values_out *from, uint32_t entries, lots_reader *reader,
                                uint32_t *ids, lots_arena *arena, lots_error *err)
{
    if (from->entries == NULL)
        return lots_entries_ids(reader, meta->count, (lots_starts){from->starts, from->starts_count}, entries, from->believed, ids,
                                arena, err);
    lots_kernels_get()->widen_u16(from->entries, meta->count, 0, ids);
    reader->at = reader->end;
    return LOTS_OK;
}

/* Each row's entry. */
static lots_status read_entry_ids(const lots_block_meta *meta, const lots_values_out *out, uint32_t entries,
                                  lots_reader *reader, const uint32_t **ids, lots_arena *arena, lots_error *err)
{
    void *room;
    if (meta->encoding == LOTS_ENCODING_LINKED) {
        *ids = out->parent->ids;
        return LOTS_OK;
    }
    LOTS_TRY(lots_arena_vector(arena, &room, meta->count, sizeof(uint32_t), err));
    *ids = room;
    return read_own_ids(meta, out, entries, reader, room, arena, err);
}

/* As many must be missing as the meta says. */
static lots_status spread_entries(const lots_block_meta *meta, const lots_entry_values *entries, const uint32_t *ids,
                                  lots_values_out *out, lots_error *err)
{
    lots_entries_spread(entries, ids, (lots_phys)meta->phys, meta->count, out);
    const bool some = entries->missing_count > 0;
    const uint64_t found = some && out->missing != NULL ? lots_kernels_get()->bits_count(out->missing, meta->count) : 0;
    return found == meta->missing && (!some || meta->missing > 0)
               ? LOTS_OK
               : lots_fail(err, LOTS_CORRUPT, "%u values should be missing, entries mark %llu", meta->missing,
                           (unsigned long long)found);
}

lots_status lots_told_decode(const lots_block_meta *meta, lots_reader *reader, lots_values_out *out,
                                  lots_arena *arena, lots_error *err)
{
    lots_entry_values entries;
    const uint32_t *ids;
    if (meta->encoding != LOTS_ENCODING_ENTRIES && out->parent == NULL)
        return lots_fail(err, LOTS_CORRUPT, "a block in encoding '%s' of a column without a parent",
                         lots_encoding_name(meta->encoding));
    if (meta->missing == 0 && out->missing != NULL)
        memset(out->missing, 0, word_count_of(meta->count) * 8);
    if (meta->encoding == LOTS_ENCODING_CLASSES)
        LOTS_TRY(lots_classes_read(reader, meta, out, arena, err));
    else if (meta->encoding == LOTS_ENCODING_GIVEN)
        LOTS_TRY(lots_given_read(reader, meta, out, arena, err));
    else {
        LOTS_TRY(read_entries(meta, out->parent, reader, &entries, arena, err));
        LOTS_TRY(read_entry_ids(meta, out, entries.count, reader, &ids, arena, err));
        LOTS_TRY(spread_entries(meta, &entries, ids, out, err));
    }
    if (reader->at != reader->end)
        return lots_fail(err, LOTS_CORRUPT, "a block of %u values has %zu bytes too many", meta->count,
                         (size_t)(reader->end - reader->at));
    return LOTS_OK;
}

lots_status lots_block_entries(const lots_block_meta *meta, const uint8_t *bytes, const lots_values_out *from,
                               uint32_t *ids, uint32_t *count, lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    reader.slack = from->after_bytes;
    if (meta->encoding != LOTS_ENCODING_ENTRIES || meta->missing == meta->count)
        return lots_fail(err, LOTS_CORRUPT, "a block that should have entries is in encoding '%s'",
                         lots_encoding_name(meta->encoding));
    LOTS_TRY(lots_entries_count(&reader, meta->count, count, err));
    LOTS_TRY(lots_inner_skip(&reader, *count, err));
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = read_own_ids(meta, from, *count, &reader, ids, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}

lots_status lots_block_masks(const lots_block_meta *meta, const uint8_t *bytes, uint32_t ids, lots_known_planes *known,
                             const uint64_t **masks, bool *done, lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    *done = meta->phys == LOTS_PHYS_U32 && meta->encoding == LOTS_ENCODING_PLANES && meta->missing == 0 &&
            ids <= LOTS_CLASSES_MAX;
    return *done ? lots_planes_masks(&reader, meta->count, ids, known, masks, scratch, err) : LOTS_OK;
}

/* ---- taking ---- */
/* Of rows that are all known: what they are. */
static bool recall_ids(const lots_known_entries *known, const uint8_t *block, const uint32_t *rows, uint32_t row_count,
                       uint32_t *ids)
{
    uint32_t at = 0;
    if (known == NULL || known->block != block)
        return false;
    for (uint32_t k = 0; k < row_count; k++) {
        while (at < known->count && known->rows[at] < rows[k])
            at++;
        if (at == known->count || known->rows[at] != rows[k])
            return false;
        ids[k] = known->ids[at];
    }
    return true;
}

static lots_status keep_ids(lots_known_entries *known, const uint8_t *block, const uint32_t *rows, uint32_t row_count,
                            const uint32_t *ids, lots_error *err)
{
    void *kept;
    if (known == NULL || row_count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(known->arena, &kept, 2 * (size_t)row_count, sizeof(uint32_t), err));
    memcpy(kept, rows, row_count * sizeof *rows);
    memcpy((uint32_t *)kept + row_count, ids, row_count * sizeof *ids);
    *known = (lots_known_entries){known->arena, block, kept, (const uint32_t *)kept + row_count, row_count};
    return LOTS_OK;
}

/* They lie far apart in memory that nothing else has read: begun to be loaded long before. */
static void take_kept_ids(const uint16_t *entries, const uint32_t *rows, uint32_t row_count, uint32_t *ids)
{
    enum { AHEAD = 64 };
    for (uint32_t k = 0; k < AHEAD && k < row_count; k++)
        __builtin_prefetch(entries + rows[k]);
    for (uint32_t k = 0; k < row_count; k++) {
        __builtin_prefetch(entries + rows[k + AHEAD < row_count ? k + AHEAD : k]);
        ids[k] = entries[rows[k]];
    }
}

/* The reader stands after the entries' values. */
static lots_status take_entry_ids(const lots_block_meta *meta, lots_reader *reader, const lots_values_out *from,
                                  uint32_t entries, const uint32_t *rows, uint32_t row_count, uint32_t *ids,
                                  lots_arena *arena, lots_error *err)
{
    const uint8_t *block = reader->at;
    if (from->entries != NULL)
        take_kept_ids(from->entries, rows, row_count, ids);
    if (from->entries != NULL || recall_ids(from->known, block, rows, row_count, ids))
        return LOTS_OK;
    LOTS_TRY(lots_entries_take_ids(reader, meta->count, (lots_starts){from->starts, from->starts_count}, entries, rows,
                                   row_count, ids, arena, err));
    return keep_ids(from->known, block, rows, row_count, ids, err);
}

lots_status lots_told_take(const lots_block_meta *meta, lots_reader *reader, const uint32_t *rows, uint32_t row_count,
                                lots_values_out *out, lots_arena *arena, lots_error *err)
{
    lots_entry_values entries;
    const uint32_t *ids = NULL;
    void *room;
    if (meta->encoding == LOTS_ENCODING_GIVEN)
        return lots_given_take(reader, meta, rows, row_count, out, arena, err);
    LOTS_TRY(read_entries(meta, out->parent, reader, &entries, arena, err));
    if (meta->encoding == LOTS_ENCODING_LINKED) {
        ids = out->parent->ids;
    } else {
        LOTS_TRY(lots_arena_vector(arena, &room, row_count, sizeof(uint32_t), err));
        ids = room;
        LOTS_TRY(take_entry_ids(meta, reader, out, entries.count, rows, row_count, room, arena, err));
    }
    lots_entries_spread(&entries, ids, (lots_phys)meta->phys, row_count, out);
    return LOTS_OK;
}

lots_status lots_block_take_entries(const lots_block_meta *meta, const uint8_t *bytes, const lots_values_out *from,
                                    const uint32_t *rows, uint32_t row_count, uint32_t *ids, uint32_t *count,
                                    lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    reader.slack = from->after_bytes;
    assert(meta->encoding == LOTS_ENCODING_ENTRIES && meta->missing < meta->count);
    LOTS_TRY(lots_entries_count(&reader, meta->count, count, err));
    LOTS_TRY(lots_inner_skip(&reader, *count, err));
    return take_entry_ids(meta, &reader, from, *count, rows, row_count, ids, scratch, err);
}

/* ---- testing ---- */
/* Of the entries, which are few, those in the set; then the rows that are one of them. */
lots_status lots_told_test(const lots_block_meta *meta, lots_reader *reader, const lots_id_test *test,
                                const lots_values_out *from, uint64_t *out, uint64_t *missing, uint32_t *greatest,
                                lots_arena *scratch, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    lots_entry_values entries;
    const uint32_t *ids;
    void *bits;
    if (meta->encoding == LOTS_ENCODING_LINKED && from->parent == NULL)
        return lots_fail(err, LOTS_CORRUPT, "linked values of a column without a parent");
    LOTS_TRY(read_entries(meta, from->parent, reader, &entries, scratch, err));
    LOTS_TRY(read_entry_ids(meta, from, entries.count, reader, &ids, scratch, err));
    LOTS_TRY(lots_arena_vector(scratch, &bits, word_count_of(entries.count), 8, err));
    if (test->table != NULL)
        kernels->lookup_bits(entries.data, entries.count, test->table, test->table_count, bits);
    else if (test->first < test->end)
        kernels->range_u32(entries.data, entries.count, test->first, test->end - 1, bits);
    else
        memset(bits, 0, word_count_of(entries.count) * 8);
    *greatest = kernels->max_u32(entries.data, entries.count);
    kernels->bits_and_not(bits, entries.missing, entries.count, bits);
    kernels->lookup_bits(ids, meta->count, bits, entries.count, out);
    if (meta->missing > 0)
        kernels->lookup_bits(ids, meta->count, entries.missing, entries.count, missing);
    return LOTS_OK;
}
