/* segment_read.c: a segment's blocks into memory. The idea: a block is believed after its checksum matched once; what
 * queries will use as indexes (ids, list lengths) is checked in the same first reading, since the bytes can't change
 * after. Ends are kept as durations and added to the starts here. What a block needs beside its bytes is found by
 * segment_needs.c. */
#include <assert.h>

#include "core/base/hash.h"
#include "core/base/kernels.h"
#include "core/index/bitset.h"
#include "core/store/segment_needs.h"

lots_status lots_segment_verify_block(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block,
                                      lots_error *err)
{
    uint64_t salt = lots_hash_salt(segment->id, slot->number, block);
    return lots_block_verify(&slot->metas[block], segment->data + slot->offsets[block], salt, err);
}

/* Two threads may both verify: relaxed order is enough, the bytes themselves are never written. */
lots_status lots_segment_decode_block(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block,
                                      lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    out->believed = atomic_load_explicit(lots_segment_verified_flag(segment, slot, block), memory_order_relaxed) != 0;
    if (!out->believed)
        LOTS_TRY(lots_segment_verify_block(segment, slot, block, err));
    out->after_bytes = lots_segment_after_block(segment, slot, block);
    return lots_block_decode(&slot->metas[block], segment->data + slot->offsets[block], out, scratch, err);
}

/* ---- values ---- */

static lots_status name_place(const lots_block_place *place, lots_status status, lots_error *err)
{
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", place->segment->path,
                           place->segment->schema->streams[place->stream - place->segment->streams].name,
                           place->column->name, place->chunk);
    return status;
}

/* What makes values unsafe to use as indexes. */
static lots_status check_values(const lots_block_place *place, const lots_values_out *out, lots_error *err)
{
    const lots_block_meta *meta = &lots_block_slot(place)->metas[place->chunk];
    const uint32_t *values = out->data;
    if (place->part == LOTS_PART_LENGTHS) {
        uint64_t total = 0;
        for (uint32_t i = 0; i < meta->count; i++)
            total += values[i];
        if (total != place->column->values.metas[place->chunk].count)
            return lots_fail(err, LOTS_CORRUPT, "list lengths add up to %llu, the block has %u elements",
                             (unsigned long long)total, place->column->values.metas[place->chunk].count);
    } else if (lots_layout_has_ids(place->column->kind)) {
        uint32_t count = place->column->dictionary.metas[0].count, greatest = 0;
        for (uint32_t i = 0; i < meta->count; i++)
            greatest = values[i] > greatest ? values[i] : greatest;
        if (greatest >= count)
            return lots_fail(err, LOTS_CORRUPT, "id %u of a dictionary of %u", greatest, count);
    }
    return LOTS_OK;
}

static bool are_days(const lots_block_place *place)
{
    return place->part == LOTS_PART_VALUES && place->column == place->stream->ordered;
}

static lots_status read_held(const lots_block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = lots_block_slot(place);
    const lots_block_meta *meta = &slot->metas[place->chunk];
    const uint16_t *kept = are_days(place) ? lots_segment_kept_days(place->segment, place->stream, place->chunk) : NULL;
    const lots_kept_ids *ids = NULL;
    bool keep_ids = false;
    lots_parent parent;
    if (kept != NULL) {
        lots_kernels_get()->widen_u16(kept, meta->count, (uint32_t)meta->min, out->data);
        return LOTS_OK;
    }
    if (place->part == LOTS_PART_VALUES)
        ids = lots_segment_kept_ids(place->segment, place->stream, place->column, place->chunk, &keep_ids);
    if (ids != NULL) {
        lots_kept_ids_read(ids, meta->count, out);
        return LOTS_OK;
    }
    LOTS_TRY(lots_segment_read_needs(place, out, &parent, scratch, err));
    LOTS_TRY(lots_segment_decode_block(place->segment, slot, place->chunk, out, scratch, err));
    if (are_days(place) && lots_segment_should_keep_days(place->segment, place->stream, place->chunk))
        lots_segment_keep_days(place->segment, place->stream, place->chunk, out->data);
    if (keep_ids)
        lots_segment_keep_ids(place->segment, place->stream, place->column, place->chunk, out->data, out->missing);
    if (lots_segment_is_verified(place->segment, slot, place->chunk))
        return LOTS_OK;
    LOTS_TRY(check_values(place, out, err));
    lots_segment_set_verified(place->segment, slot, place->chunk);
    return LOTS_OK;
}

/* A block that is not held: all missing, or nothing. */
static void fill_missing(const lots_block_meta *meta, lots_values_out *out)
{
    size_t count = meta->count;
    switch ((lots_phys)meta->phys) {
    case LOTS_PHYS_BITS:
        memset(out->data, 0, lots_bit_words(count) * sizeof(uint64_t));
        break;
    case LOTS_PHYS_I32:
    case LOTS_PHYS_U32:
        memset(out->data, 0, count * 4);
        break;
    case LOTS_PHYS_I64:
    case LOTS_PHYS_F64:
        memset(out->data, 0, count * 8);
        break;
    case LOTS_PHYS_TEXT:
        memset(out->data, 0, (count + 1) * sizeof(uint32_t));
        out->text = "";
        break;
    case LOTS_PHYS_COUNT:
        break;
    }
    if (meta->missing > 0) {
        assert(out->missing != NULL);
        lots_bits_fill(out->missing, count, true);
    }
}

lots_status lots_segment_read_block(const lots_block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &lots_block_slot(place)->metas[place->chunk];
    if (lots_layout_held(meta))
        return read_held(place, out, scratch, err);
    fill_missing(meta, out);
    return LOTS_OK;
}

/* The ordered days of the stream, into `days`: all slots, also those under a missing bit (0). */
static lots_status read_starts(const lots_block_place *place, const uint32_t *starts, int32_t *days, lots_arena *scratch,
                               lots_error *err)
{
    lots_block_place start = *place;
    start.column = place->stream->ordered;
    const lots_block_meta *meta = &start.column->values.metas[place->chunk];
    lots_values_out out = {.data = days, .starts = starts};
    if (meta->missing > 0) {
        void *missing;
        LOTS_TRY(lots_arena_vector(scratch, &missing, lots_bit_words(meta->count), sizeof(uint64_t), err));
        out.missing = missing;
    }
    return lots_segment_read_block(&start, &out, scratch, err);
}

/* The starts that the caller has, or else decoded. */
static lots_status starts_of(const lots_block_place *place, const lots_values_out *out, uint32_t count, const int32_t **starts,
                             lots_arena *scratch, lots_error *err)
{
    void *room;
    *starts = out->days;
    if (out->days != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(scratch, &room, count, sizeof(int32_t), err));
    *starts = room;
    return read_starts(place, out->starts, room, scratch, err);
}

/* Ends of visits are mostly their starts: a duration that is one number is never decoded. Sums wrap, as the writer's
 * differences did: whatever the file holds, they are defined. */
static lots_status read_ends(const lots_block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &place->column->values.metas[place->chunk];
    int32_t *days = out->data;
    const int32_t *starts = NULL;
    const bool fixed = meta->min == meta->max && meta->missing == 0;
    if (!fixed)
        LOTS_TRY(read_held(place, out, scratch, err));
    LOTS_TRY(starts_of(place, out, meta->count, &starts, scratch, err));
    if (fixed)
        lots_kernels_get()->add_i32(starts, NULL, (int32_t)meta->min, NULL, meta->count, days);
    else
        lots_kernels_get()->add_i32(days, starts, 0, meta->missing > 0 ? out->missing : NULL, meta->count, days);
    return LOTS_OK;
}

static lots_status read_place(const lots_block_place *place, lots_values_out *out, bool *has_missing, lots_arena *scratch,
                              lots_error *err)
{
    const lots_block_meta *meta = &lots_block_slot(place)->metas[place->chunk];
    bool text = meta->phys == LOTS_PHYS_TEXT;
    assert(meta->missing == 0 || out->missing != NULL);
    *has_missing = meta->missing > 0;
    if (!lots_layout_held(meta)) {
        fill_missing(meta, out);
        return LOTS_OK;
    }
    lots_arena_mark mark = lots_arena_save(scratch);
    bool duration = place->part == LOTS_PART_VALUES && place->column->flags & LOTS_COLUMN_DURATION;
    lots_status status = duration ? read_ends(place, out, scratch, err) : read_held(place, out, scratch, err);
    out->starts = NULL;
    out->starts_count = 0;
    out->parent = NULL;
    out->absent = NULL;
    if (!text)
        lots_arena_restore(scratch, mark);
    return status;
}

lots_status lots_segment_read(lots_segment *segment, uint32_t stream, uint32_t column, lots_part part, uint32_t chunk,
                              lots_values_out *out, bool *has_missing, lots_arena *scratch, lots_error *err)
{
    const lots_segment_stream *from = &segment->streams[stream];
    lots_block_place place = {segment, from, from->columns[column].file, part, chunk};
    if (place.column == NULL) {
        const lots_block_meta *meta = lots_segment_meta(segment, stream, column, part, chunk);
        *has_missing = meta->missing > 0;
        fill_missing(meta, out);
        return LOTS_OK;
    }
    lots_segment_column *of = &from->columns[column];
    const uint64_t *truths = part == LOTS_PART_VALUES ? lots_segment_kept_truths(segment, of, chunk) : NULL;
    if (truths != NULL) {
        *has_missing = false;
        memcpy(out->data, truths, lots_bit_words(of->file->values.metas[chunk].count) * sizeof *truths);
        return LOTS_OK;
    }
    lots_status status = read_place(&place, out, has_missing, scratch, err);
    if (status == LOTS_OK && part == LOTS_PART_VALUES)
        lots_segment_keep_truths(segment, of, chunk, out->data);
    return name_place(&place, status, err);
}

/* ---- values of some rows ---- */

bool lots_segment_can_take_block(const lots_block_place *place)
{
    const lots_layout_slot *slot = &place->column->values;
    return lots_layout_held(&slot->metas[place->chunk]) && lots_block_can_take(&slot->metas[place->chunk]) &&
           lots_segment_is_verified(place->segment, slot, place->chunk);
}

/* NULL where they aren't kept. Once they were asked for often they are read whole, which keeps them. */
static lots_status find_kept_ids(const lots_block_place *place, const lots_kept_ids **out, lots_arena *scratch, lots_error *err)
{
    const uint32_t rows = place->column->values.metas[place->chunk].count;
    void *ids, *missing;
    bool keep = false;
    *out = lots_segment_kept_ids(place->segment, place->stream, place->column, place->chunk, &keep);
    if (!keep)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(scratch, &ids, rows, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(scratch, &missing, lots_bit_words(rows), sizeof(uint64_t), err));
    lots_values_out all = {.data = ids, .missing = missing};
    LOTS_TRY(read_held(place, &all, scratch, err));
    *out = lots_segment_kept_ids(place->segment, place->stream, place->column, place->chunk, &keep);
    return LOTS_OK;
}

static lots_status take_block(const lots_block_place *place, lots_block_rows wanted, lots_values_out *out, lots_arena *scratch,
                              lots_error *err)
{
    const lots_layout_slot *slot = &place->column->values;
    const lots_block_meta *meta = &slot->metas[place->chunk];
    const lots_kept_ids *ids = NULL;
    lots_parent parent;
    LOTS_TRY(find_kept_ids(place, &ids, scratch, err));
    if (ids != NULL) {
        lots_kept_ids_take(ids, meta->count, wanted.rows, wanted.count, out);
        return LOTS_OK;
    }
    out->after_bytes = lots_segment_after_block(place->segment, slot, place->chunk);
    LOTS_TRY(lots_segment_take_needs(place, wanted, out, &parent, scratch, err));
    return lots_block_take(meta, place->segment->data + slot->offsets[place->chunk], wanted.rows, wanted.count, out, scratch,
                           err);
}

static bool has_kept_days(const lots_block_place *place)
{
    return place->stream->ordered != NULL && lots_segment_kept_days(place->segment, place->stream, place->chunk) != NULL;
}

/* Durations to ends. Sums wrap, as in read_ends. */
static lots_status add_starts(const lots_block_place *place, lots_block_rows wanted, lots_values_out *out, lots_arena *scratch,
                              lots_error *err)
{
    const bool some_missing = place->column->values.metas[place->chunk].missing > 0;
    void *starts;
    LOTS_TRY(lots_arena_vector(scratch, &starts, wanted.count, sizeof(int32_t), err));
    if (out->days != NULL)
        lots_kernels_get()->gather_u32((const uint32_t *)out->days, wanted.rows, wanted.count, starts);
    else
        lots_kernels_get()->gather_u16(lots_segment_kept_days(place->segment, place->stream, place->chunk), wanted.rows, wanted.count,
                                       (uint32_t)place->stream->ordered->values.metas[place->chunk].min, starts);
    lots_kernels_get()->add_i32(out->data, starts, 0, some_missing ? out->missing : NULL, wanted.count, out->data);
    return LOTS_OK;
}

lots_status lots_segment_take(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                              const uint32_t *rows, uint32_t row_count, lots_values_out *out, bool *has_missing,
                              bool *done, lots_arena *scratch, lots_error *err)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const lots_block_place place = {segment, from, from->columns[column].file, LOTS_PART_VALUES, chunk};
    const bool duration = place.column != NULL && (place.column->flags & LOTS_COLUMN_DURATION) != 0;
    *done = place.column != NULL && lots_segment_can_take_block(&place) && (!duration || out->days != NULL || has_kept_days(&place));
    if (!*done)
        return LOTS_OK;
    *has_missing = place.column->values.metas[chunk].missing > 0;
    const lots_kept_amounts *kept = lots_segment_kept_amounts(segment, &from->columns[column], chunk, scratch);
    if (kept != NULL) {
        lots_kept_amounts_take(kept, rows, row_count, out->data);
        return LOTS_OK;
    }
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = take_block(&place, (lots_block_rows){rows, row_count}, out, scratch, err);
    if (status == LOTS_OK && duration)
        status = add_starts(&place, (lots_block_rows){rows, row_count}, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return name_place(&place, status, err);
}

/* ---- the rows with an id of a set ---- */

lots_status lots_segment_test_block(const lots_block_place *place, const lots_id_test *test, lots_known_planes *planes,
                                    uint64_t *out, uint64_t *missing, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = &place->column->values;
    const lots_block_meta *meta = &slot->metas[place->chunk];
    const bool known = lots_segment_is_verified(place->segment, slot, place->chunk);
    uint32_t greatest = 0;
    lots_values_out from = {.planes = planes};
    const lots_kept_ids *ids = NULL;
    lots_parent parent;
    if (meta->encoding == LOTS_ENCODING_ENTRIES)
        LOTS_TRY(find_kept_ids(place, &ids, scratch, err));
    if (ids != NULL)
        return lots_kept_ids_test(ids, meta->count, test, out, missing, scratch, err);
    LOTS_TRY(lots_segment_read_needs(place, &from, &parent, scratch, err));
    from.believed = known;
    if (!known)
        LOTS_TRY(lots_segment_verify_block(place->segment, slot, place->chunk, err));
    LOTS_TRY(lots_block_test(meta, place->segment->data + slot->offsets[place->chunk], test, &from, out, missing, &greatest,
                             scratch, err));
    if (greatest >= place->column->dictionary.metas[0].count)
        return lots_fail(err, LOTS_CORRUPT, "id %u of a dictionary of %u", greatest,
                         place->column->dictionary.metas[0].count);
    if (!known)
        lots_segment_set_verified(place->segment, slot, place->chunk);
    return LOTS_OK;
}

lots_status lots_segment_test(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                              const lots_id_test *test, lots_known_planes *planes, uint64_t *out, uint64_t *missing,
                              bool *has_missing, bool *done, lots_arena *scratch, lots_error *err)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const lots_block_place place = {segment, from, from->columns[column].file, LOTS_PART_VALUES, chunk};
    *done = place.column != NULL && lots_layout_has_ids(place.column->kind) &&
            lots_layout_held(&place.column->values.metas[chunk]) &&
            lots_block_can_test(&place.column->values.metas[chunk]);
    if (!*done)
        return LOTS_OK;
    *has_missing = place.column->values.metas[chunk].missing > 0;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = lots_segment_test_block(&place, test, planes, out, missing, scratch, err);
    lots_arena_restore(scratch, mark);
    if (status == LOTS_OK)
        lots_segment_keep_rows(segment, &from->columns[column], chunk, test, out, missing);
    return name_place(&place, status, err);
}
