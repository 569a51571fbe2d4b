/* segment_ids.c: what a segment says of a column's ids as a whole: which stable ids the local ones are, which go with each id of
 * another column, and which are in which chunk. Made at first use, from blocks that serve all chunks, and kept. */
#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

/* ---- local dictionaries ---- */

static lots_status fill_ids(const lots_segment *segment, const lots_segment_column *column, lots_segment_ids *ids,
                            lots_error *err)
{
    lots_arena scratch;
    void *decoded;
    lots_arena_init(&scratch, 0);
    lots_status status = lots_arena_vector(&scratch, &decoded, ids->count, sizeof(lots_id), err);
    if (status == LOTS_OK) {
        lots_values_out out = {.data = decoded};
        status = lots_segment_decode_block(segment, &column->file->dictionary, 0, &out, &scratch, err);
    }
    const lots_id *ranks = lots_dictionary_rank_of_stable(column->dictionary);
    for (uint32_t i = 0; status == LOTS_OK && i < ids->count; i++) {
        ids->stable[i] = ((const lots_id *)decoded)[i];
        if (ids->stable[i] >= lots_dictionary_count(column->dictionary))
            status = lots_fail(err, LOTS_CORRUPT, "id %u of a registry's dictionary of %u", ids->stable[i],
                               lots_dictionary_count(column->dictionary));
        else
            ids->ranks[i] = ranks[ids->stable[i]];
        if (status == LOTS_OK && i > 0 && ids->ranks[i] <= ids->ranks[i - 1])
            status = lots_fail(err, LOTS_CORRUPT, "its dictionary is not in order at entry %u", i);
    }
    lots_arena_free(&scratch);
    return status;
}

static lots_status make_ids(const lots_segment *segment, const lots_segment_column *column, lots_segment_ids **out,
                            lots_error *err)
{
    uint32_t count = column->file != NULL ? column->file->dictionary.metas[0].count : 0;
    if (count > 0 && (column->dictionary == NULL || count > lots_dictionary_count(column->dictionary)))
        return lots_fail(err, LOTS_CORRUPT, "it has a dictionary of %u entries, more than the registry knows", count);
    void *room;
    LOTS_TRY(lots_alloc(&room, sizeof(lots_segment_ids) + (size_t)count * 2 * sizeof(lots_id), 1, err));
    lots_segment_ids *ids = room;
    ids->count = count;
    ids->ranks = (lots_id *)(ids + 1);
    ids->stable = ids->ranks + count;
    lots_status status = count > 0 ? fill_ids(segment, column, ids, err) : LOTS_OK;
    if (status == LOTS_OK)
        *out = ids;
    else
        lots_free(ids);
    return status;
}

lots_status lots_segment_load_ids(lots_segment *segment, uint32_t stream, uint32_t column, const lots_segment_ids **out,
                                  lots_error *err)
{
    lots_segment_column *from = &segment->streams[stream].columns[column];
    lots_segment_ids *ids = atomic_load_explicit(&from->ids, memory_order_acquire), *none = NULL;
    if (ids == NULL) {
        lots_status status = make_ids(segment, from, &ids, err);
        if (status != LOTS_OK) {
            lots_error_context(err, "%s: stream '%s', column '%s'", segment->path, segment->schema->streams[stream].name,
                               segment->schema->streams[stream].columns[column].name);
            return status;
        }
        if (!atomic_compare_exchange_strong_explicit(&from->ids, &none, ids, memory_order_acq_rel,
                                                     memory_order_acquire)) {
            lots_free(ids);
            ids = none;
        }
    }
    *out = ids;
    return LOTS_OK;
}

lots_status lots_segment_ranks(lots_segment *segment, uint32_t stream, uint32_t column, const lots_id **out,
                               uint32_t *count, lots_error *err)
{
    const lots_segment_ids *ids;
    LOTS_TRY(lots_segment_load_ids(segment, stream, column, &ids, err));
    *out = ids->ranks;
    *count = ids->count;
    return LOTS_OK;
}

/* ---- children ---- */

static lots_status decode_children(const lots_segment *segment, const lots_layout_column *column,
                                   lots_segment_children *out, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = &column->children;
    const uint32_t lists = slot->metas[0].count, count = slot->metas[1].count, ids = column->dictionary.metas[0].count;
    uint64_t total = 0;
    lots_values_out counts = {.data = out->firsts + 1}, children = {.data = out->children};
    LOTS_TRY(lots_segment_decode_block(segment, slot, 0, &counts, scratch, err));
    LOTS_TRY(lots_segment_decode_block(segment, slot, 1, &children, scratch, err));
    out->firsts[0] = 0;
    for (uint32_t i = 1; i <= lists; i++) {
        total += out->firsts[i];
        if (total > count)
            break;
        out->firsts[i] = (uint32_t)total;
    }
    if (total != count)
        return lots_fail(err, LOTS_CORRUPT, "%u children of %llu places", count, (unsigned long long)total);
    for (uint32_t i = 0; i < count; i++)
        if (out->children[i] >= ids)
            return lots_fail(err, LOTS_CORRUPT, "child %u of a dictionary of %u", out->children[i], ids);
    return LOTS_OK;
}

static lots_status make_children(const lots_segment *segment, const lots_layout_column *column,
                                 lots_segment_children **out, lots_error *err)
{
    enum { SLACK = 32 }; /* the kernels' 64 bytes after each array */
    const size_t lists = (size_t)column->children.metas[0].count + 1 + SLACK,
                 count = (size_t)column->children.metas[1].count + SLACK;
    lots_arena scratch;
    void *room;
    LOTS_TRY(lots_alloc(&room, sizeof(lots_segment_children) + (lists + count) * sizeof(uint32_t), 1, err));
    lots_segment_children *children = room;
    children->firsts = (uint32_t *)(children + 1);
    children->children = children->firsts + lists;
    lots_arena_init(&scratch, 0);
    lots_status status = decode_children(segment, column, children, &scratch, err);
    lots_arena_free(&scratch);
    if (status == LOTS_OK)
        *out = children;
    else
        lots_free(children);
    return status;
}

lots_status lots_segment_load_children(const lots_segment *segment, const lots_segment_stream *stream,
                                       const lots_layout_column *column, const lots_segment_children **out,
                                       lots_error *err)
{
    _Atomic(lots_segment_children *) *at = &stream->children[column - stream->file->columns];
    lots_segment_children *children = atomic_load_explicit(at, memory_order_acquire), *none = NULL;
    if (children == NULL) {
        LOTS_TRY(make_children(segment, column, &children, err));
        if (!atomic_compare_exchange_strong_explicit(at, &none, children, memory_order_acq_rel, memory_order_acquire)) {
            lots_free(children);
            children = none;
        }
    }
    *out = children;
    return LOTS_OK;
}

static lots_status make_presence(const lots_segment *segment, const lots_layout_slot *slot, uint64_t **out,
                                 lots_error *err)
{
    lots_arena scratch;
    void *room;
    const size_t slack_words = 8;
    LOTS_TRY(lots_alloc(&room, lots_bit_words(slot->metas[0].count) + slack_words, sizeof **out, err));
    lots_arena_init(&scratch, 0);
    lots_values_out values = {.data = room};
    lots_status status = lots_segment_decode_block(segment, slot, 0, &values, &scratch, err);
    lots_arena_free(&scratch);
    if (status == LOTS_OK)
        *out = room;
    else
        lots_free(room);
    return status;
}

lots_status lots_segment_load_presence(const lots_segment *segment, uint32_t stream, uint32_t column,
                                       const uint64_t **out, lots_error *err)
{
    lots_segment_column *from = &segment->streams[stream].columns[column];
    *out = NULL;
    if (from->file == NULL || !(from->file->flags & LOTS_COLUMN_PRESENCE))
        return LOTS_OK;
    uint64_t *bits = atomic_load_explicit(&from->presence, memory_order_acquire), *none = NULL;
    if (bits == NULL) {
        LOTS_TRY(make_presence(segment, &from->file->presence, &bits, err));
        if (!atomic_compare_exchange_strong_explicit(&from->presence, &none, bits, memory_order_acq_rel,
                                                     memory_order_acquire)) {
            lots_free(bits);
            bits = none;
        }
    }
    *out = bits;
    return LOTS_OK;
}
