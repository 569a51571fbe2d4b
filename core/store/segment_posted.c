/* segment_posted.c: who of a chunk has an id, asked of the column's postings. A pair of local id and patient is one number, id x
 * patients + patient; the chunk's pairs rise, so those of neighbouring ids lie side by side. See segment.h. */
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

/* What makes pairs unsafe to use as patients. */
static lots_status check_pairs(const lots_segment *segment, const lots_layout_column *column, uint32_t chunk,
                               const uint32_t *pairs, lots_error *err)
{
    const uint32_t count = column->postings.metas[chunk].count;
    const uint64_t limit = (uint64_t)column->dictionary.metas[0].count *
                           (segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk]);
    uint32_t falls = 0;
    for (uint32_t i = 1; i < count; i++)
        falls += pairs[i] <= pairs[i - 1];
    if (falls > 0 || pairs[count - 1] >= limit)
        return lots_fail(err, LOTS_CORRUPT, "its postings do not rise, or pass its ids and patients");
    return LOTS_OK;
}

lots_status lots_segment_read_postings(const lots_segment *segment, const lots_layout_column *column, uint32_t chunk,
                                       const uint32_t **pairs, uint32_t *count, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = &column->postings;
    void *room;
    *pairs = NULL;
    *count = slot->metas[chunk].count;
    if (!lots_layout_held(&slot->metas[chunk]))
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(scratch, &room, *count, sizeof(uint32_t), err));
    lots_values_out out = {.data = room};
    LOTS_TRY(lots_segment_decode_block(segment, slot, chunk, &out, scratch, err));
    *pairs = room;
    if (out.believed)
        return LOTS_OK;
    LOTS_TRY(check_pairs(segment, column, chunk, room, err));
    lots_segment_set_verified(segment, slot, chunk);
    return LOTS_OK;
}

static uint32_t first_from(const uint32_t *pairs, uint32_t count, uint64_t least)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (pairs[middle] < least)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The patients of the ids first .. end - 1. */
static void mark_patients(const uint32_t *pairs, uint32_t count, uint32_t patients, uint64_t first, uint64_t end, uint64_t *out)
{
    const uint32_t to = first_from(pairs, count, end * patients);
    uint64_t base = first * patients;
    for (uint32_t i = first_from(pairs, to, base); i < to; i++) {
        while (pairs[i] >= base + patients)
            base += patients;
        lots_bit_set(out, (size_t)(pairs[i] - base));
    }
}

/* The next run of ids of a table's set, from *first on; false: there is none. */
static bool next_run(const lots_id_test *test, uint32_t ids, size_t *first, size_t *end)
{
    const size_t limit = test->table_count < ids ? test->table_count : ids;
    *first = *end < limit ? lots_bits_next(test->table, *end, limit) : limit;
    for (*end = *first; *end < limit && lots_bit_get(test->table, *end);)
        ++*end;
    return *first < limit;
}

static lots_status mark_posted(const lots_segment *segment, const lots_layout_column *column, uint32_t chunk,
                               const lots_id_test *test, uint64_t *out, lots_arena *scratch, lots_error *err)
{
    const uint32_t ids = column->dictionary.metas[0].count;
    const uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk];
    const uint32_t *pairs;
    uint32_t count;
    size_t first = 0, end = 0;
    LOTS_TRY(lots_segment_read_postings(segment, column, chunk, &pairs, &count, scratch, err));
    if (test->table == NULL)
        mark_patients(pairs, count, patients, test->first, test->end < ids ? test->end : ids, out);
    else
        while (next_run(test, ids, &first, &end))
            mark_patients(pairs, count, patients, first, end, out);
    return LOTS_OK;
}

/* Does the presence map say that no id of an interval is in the chunk? */
static bool none_present(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, const lots_id_test *test)
{
    const uint32_t ids = segment->streams[stream].columns[column].file->dictionary.metas[0].count;
    const uint32_t end = test->end < ids ? test->end : ids;
    const uint64_t *bits;
    if (test->table != NULL || lots_segment_load_presence(segment, stream, column, &bits, NULL) != LOTS_OK || bits == NULL)
        return false;
    const size_t base = (size_t)chunk * ids;
    return test->first >= end || lots_bits_next(bits, base + test->first, base + end) == base + end;
}

bool lots_segment_has_postings(const lots_segment *segment, uint32_t stream, uint32_t column)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    return file != NULL && (file->flags & LOTS_COLUMN_POSTINGS) != 0;
}

uint32_t lots_segment_aid_bytes(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    uint32_t bytes = 0;
    if (file != NULL && file->flags & LOTS_COLUMN_POSTINGS)
        bytes += file->postings.metas[chunk].bytes;
    if (file != NULL && file->flags & LOTS_COLUMN_YEARS)
        bytes += file->years.metas[chunk].bytes;
    return bytes;
}

lots_status lots_segment_posted(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                const lots_id_test *test, uint64_t *out, bool *done, lots_arena *scratch, lots_error *err)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    const uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk];
    *done = lots_segment_has_postings(segment, stream, column);
    if (!*done)
        return LOTS_OK;
    lots_bits_fill(out, patients, false);
    if (!lots_layout_held(&file->postings.metas[chunk]) || none_present(segment, stream, column, chunk, test))
        return LOTS_OK;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = mark_posted(segment, file, chunk, test, out, scratch, err);
    lots_arena_restore(scratch, mark);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path,
                           segment->schema->streams[stream].name, file->name, chunk);
    return status;
}
