/* segment_read.c: a segment's blocks into memory. The idea: a block is believed after its checksum matched once; what
 * queries will use as indexes (ids, list lengths) is checked in the same first reading, since the bytes can't change
 * after. Ends are kept as durations and added to the starts here. */
#include <assert.h>

#include "core/base/hash.h"
#include "core/base/kernels.h"
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

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

/* One block to read, and where it stands. */
typedef struct block_place {
    const lots_segment *segment;
    const lots_segment_stream *stream;
    const lots_layout_column *column;
    lots_part part;
    uint32_t chunk;
} block_place;

static lots_status name_place(const block_place *place, lots_status status, lots_error *err)
{
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", place->segment->path,
                           place->segment->schema->streams[place->stream - place->segment->streams].name,
                           place->column->name, place->chunk);
    return status;
}

static const lots_layout_slot *slot_of(const block_place *place)
{
    return place->part == LOTS_PART_LENGTHS ? &place->column->lengths : &place->column->values;
}

/* What makes values unsafe to use as indexes. */
static lots_status check_values(const block_place *place, const lots_values_out *out, lots_error *err)
{
    const lots_block_meta *meta = &slot_of(place)->metas[place->chunk];
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

/* Which entry each row is, of values in ENTRIES, where that is kept; the starts are there. */
static lots_status find_entries(const block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    return place->part == LOTS_PART_VALUES
               ? lots_segment_find_entries(place->segment, place->stream, place->column, place->chunk, out, scratch, err)
               : LOTS_OK;
}

static lots_status read_patients(const block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    const lots_layout *layout = &place->segment->layout;
    uint32_t patients = layout->firsts[place->chunk + 1] - layout->firsts[place->chunk];
    void *starts;
    out->starts_count = patients;
    if (out->starts != NULL)
        return find_entries(place, out, scratch, err);
    LOTS_TRY(lots_arena_vector(scratch, &starts, (size_t)patients + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_segment_fill_offsets(place->segment, place->stream->file, place->chunk, starts, scratch, err));
    out->starts = starts;
    return find_entries(place, out, scratch, err);
}

/* The parent's place in the same chunk; a block that needs one and has none is damage. */
static lots_status find_parent(const block_place *place, block_place *parent, lots_error *err)
{
    *parent = *place;
    if (!(place->column->flags & LOTS_COLUMN_PARENT))
        return lots_fail(err, LOTS_CORRUPT, "a block is told from another column's, but the column names none");
    parent->column = &place->stream->file->columns[place->column->parent];
    parent->part = LOTS_PART_VALUES;
    return LOTS_OK;
}

/* The rows that are wanted. */
typedef struct wanted_rows {
    const uint32_t *rows;
    uint32_t count;
} wanted_rows;

/* Which entry of the parent's block each row is, or each that is wanted; `wanted` NULL: all. Rows are taken of blocks that
 * have been read whole, and the parent's bytes with them. */
static lots_status read_parent_entries(const block_place *place, const wanted_rows *wanted, const lots_values_out *at_hand,
                                       lots_parent *out, lots_arena *scratch, lots_error *err)
{
    block_place parent;
    lots_values_out from = {.starts = at_hand->starts, .known = at_hand->known};
    void *ids;
    LOTS_TRY(find_parent(place, &parent, err));
    const lots_layout_slot *slot = &parent.column->values;
    const lots_block_meta *meta = &slot->metas[place->chunk];
    const uint8_t *bytes = place->segment->data + slot->offsets[place->chunk];
    from.after_bytes = lots_segment_after_block(place->segment, slot, place->chunk);
    from.believed = wanted != NULL || lots_segment_is_verified(place->segment, slot, place->chunk);
    if (!from.believed)
        LOTS_TRY(lots_segment_verify_block(place->segment, slot, place->chunk, err));
    LOTS_TRY(read_patients(&parent, &from, scratch, err));
    LOTS_TRY(lots_arena_vector(scratch, &ids, wanted == NULL ? meta->count : wanted->count, sizeof(uint32_t), err));
    out->ids = ids;
    if (wanted == NULL)
        return lots_block_entries(meta, bytes, &from, ids, &out->count, scratch, err);
    return lots_block_take_entries(meta, bytes, &from, wanted->rows, wanted->count, ids, &out->count, scratch, err);
}

static lots_status read_block(const block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err);
static void fill_missing(const lots_block_meta *meta, lots_values_out *out, bool *has_missing);

static lots_status set_children(const block_place *place, const uint32_t *ids, uint32_t count, lots_parent *out,
                                lots_error *err)
{
    const lots_segment_children *children;
    out->ids = ids;
    out->count = count;
    if (!(place->column->flags & LOTS_COLUMN_CHILDREN))
        return LOTS_OK;
    LOTS_TRY(lots_segment_load_children(place->segment, place->stream, place->column, &children, err));
    out->firsts = children->firsts;
    out->children = children->children;
    return LOTS_OK;
}

static void number_missing(const uint64_t *missing, uint32_t count, uint32_t none, uint32_t *ids)
{
    for (size_t i = lots_bits_next(missing, 0, count); i < count; i = lots_bits_next(missing, i + 1, count))
        ids[i] = none;
}

/* The parent's ids, its count where it is missing. The parent has none itself, so this goes no deeper. */
static lots_status read_parent_ids(const block_place *place, const uint32_t *starts, lots_parent *out,
                                   lots_arena *scratch, lots_error *err)
{
    block_place parent;
    void *ids, *missing;
    bool has_missing = true;
    LOTS_TRY(find_parent(place, &parent, err));
    const lots_block_meta *meta = &parent.column->values.metas[place->chunk];
    LOTS_TRY(lots_arena_vector(scratch, &ids, meta->count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(scratch, &missing, lots_bit_words(meta->count), sizeof(uint64_t), err));
    lots_values_out values = {.data = ids, .missing = missing, .starts = starts};
    out->count = parent.column->dictionary.metas[0].count;
    if (lots_layout_held(meta))
        LOTS_TRY(read_block(&parent, &values, scratch, err));
    else
        fill_missing(meta, &values, &has_missing);
    if (meta->missing > 0)
        number_missing(missing, meta->count, out->count, ids);
    return set_children(place, ids, out->count, out, err);
}

/* The rows of each of the parent's values: as they lie, or told from its ids. */
static lots_status read_parent_masks(const block_place *place, const lots_values_out *at_hand, lots_parent *out,
                                     lots_arena *scratch, lots_error *err)
{
    block_place parent;
    void *mask;
    bool done = false;
    LOTS_TRY(find_parent(place, &parent, err));
    const lots_layout_slot *slot = &parent.column->values;
    const lots_block_meta *meta = &slot->metas[place->chunk];
    out->count = parent.column->dictionary.metas[0].count;
    if (out->count > LOTS_CLASSES_MAX)
        return lots_fail(err, LOTS_CORRUPT, "%u classes are too many", out->count);
    if (lots_segment_is_verified(place->segment, slot, place->chunk))
        LOTS_TRY(lots_block_masks(meta, place->segment->data + slot->offsets[place->chunk], out->count, at_hand->planes,
                                  out->masks, &done, scratch, err));
    out->masks[out->count] = NULL;
    if (done)
        return LOTS_OK;
    LOTS_TRY(read_parent_ids(place, at_hand->starts, out, scratch, err));
    for (uint32_t id = 0; id <= out->count; id++) {
        LOTS_TRY(lots_arena_vector(scratch, &mask, lots_bit_words(meta->count), sizeof(uint64_t), err));
        lots_kernels_get()->range_u32(out->ids, meta->count, id, id, mask);
        out->masks[id] = mask;
    }
    return LOTS_OK;
}

static lots_status test_block(const block_place *place, const lots_id_test *test, lots_known_planes *planes, uint64_t *out,
                              uint64_t *missing, lots_arena *scratch, lots_error *err);

/* The rows where a column has an id of the set, its block being held. It is told from none, so this goes no deeper. */
static lots_status find_ids(const block_place *place, uint64_t set, const lots_values_out *at_hand, uint64_t *out,
                            lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &place->column->values.metas[place->chunk];
    const uint64_t table[1 + 8] = {set};
    const lots_id_test test = {.table = table, .table_count = 64};
    void *ids, *missing;
    LOTS_TRY(lots_arena_vector(scratch, &missing, lots_bit_words(meta->count), sizeof(uint64_t), err));
    if (lots_block_can_test(meta))
        return test_block(place, &test, at_hand->planes, out, missing, scratch, err);
    LOTS_TRY(lots_arena_vector(scratch, &ids, meta->count, sizeof(uint32_t), err));
    lots_values_out values = {.data = ids, .missing = missing, .starts = at_hand->starts};
    LOTS_TRY(read_block(place, &values, scratch, err));
    lots_kernels_get()->lookup_bits(ids, meta->count, table, 64, out);
    if (meta->missing > 0)
        lots_kernels_get()->bits_and_not(out, missing, meta->count, out);
    return LOTS_OK;
}

/* The rows that a block leaves out. */
static lots_status read_absent(const block_place *place, const lots_block_meta *meta, lots_values_out *out,
                               lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = slot_of(place);
    block_place by = *place;
    uint64_t set;
    void *rows;
    if (!(meta->encoding & LOTS_ENCODING_ABSENT))
        return LOTS_OK;
    if (!(place->column->flags & LOTS_COLUMN_ABSENT))
        return lots_fail(err, LOTS_CORRUPT, "a block leaves out rows, but the column does not say which");
    by.column = &place->stream->file->columns[place->column->absent_by];
    by.part = LOTS_PART_VALUES;
    LOTS_TRY(lots_block_absent(meta, place->segment->data + slot->offsets[place->chunk], &set, err));
    LOTS_TRY(lots_arena_vector(scratch, &rows, lots_bit_words(meta->count), sizeof(uint64_t), err));
    out->absent = rows;
    if (lots_layout_held(&by.column->values.metas[place->chunk]))
        return find_ids(&by, set, out, rows, scratch, err);
    memset(rows, 0, lots_bit_words(meta->count) * sizeof(uint64_t));
    return LOTS_OK;
}

/* What the block needs beside its bytes. */
static lots_status read_needs(const block_place *place, const lots_block_meta *meta, lots_values_out *out,
                              lots_parent *parent, lots_arena *scratch, lots_error *err)
{
    *parent = (lots_parent){0};
    LOTS_TRY(read_absent(place, meta, out, scratch, err));
    switch (lots_block_need(meta)) {
    case LOTS_NEED_NOTHING:
        return LOTS_OK;
    case LOTS_NEED_STARTS:
        return read_patients(place, out, scratch, err);
    case LOTS_NEED_ENTRIES:
        out->parent = parent;
        return read_parent_entries(place, NULL, out, parent, scratch, err);
    case LOTS_NEED_PARENT:
        out->parent = parent;
        if (meta->encoding == LOTS_ENCODING_CLASSES)
            return read_parent_masks(place, out, parent, scratch, err);
        LOTS_TRY(read_parent_ids(place, out->starts, parent, scratch, err));
        if (parent->children == NULL)
            return lots_fail(err, LOTS_CORRUPT, "places among children that the column does not have");
    }
    return LOTS_OK;
}

static bool are_days(const block_place *place)
{
    return place->part == LOTS_PART_VALUES && place->column == place->stream->ordered;
}

static lots_status read_block(const block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = slot_of(place);
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
    LOTS_TRY(read_needs(place, meta, out, &parent, scratch, err));
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
static void fill_missing(const lots_block_meta *meta, lots_values_out *out, bool *has_missing)
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
    *has_missing = meta->missing > 0;
    if (*has_missing) {
        assert(out->missing != NULL);
        lots_bits_fill(out->missing, count, true);
    }
}

/* The ordered days of the stream, into `days`: all slots, also those under a missing bit (0). */
static lots_status read_starts(const block_place *place, const uint32_t *starts, int32_t *days, lots_arena *scratch,
                               lots_error *err)
{
    block_place start = *place;
    start.column = place->stream->ordered;
    const lots_block_meta *meta = &start.column->values.metas[place->chunk];
    lots_values_out out = {.data = days, .starts = starts};
    if (meta->missing > 0) {
        void *missing;
        LOTS_TRY(lots_arena_vector(scratch, &missing, lots_bit_words(meta->count), sizeof(uint64_t), err));
        out.missing = missing;
    }
    if (lots_layout_held(meta))
        return read_block(&start, &out, scratch, err);
    bool ignored;
    fill_missing(meta, &out, &ignored);
    return LOTS_OK;
}

/* The starts that the caller has, or else decoded. */
static lots_status starts_of(const block_place *place, const lots_values_out *out, uint32_t count, const int32_t **starts,
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
static lots_status read_ends(const block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &place->column->values.metas[place->chunk];
    int32_t *days = out->data;
    const int32_t *starts = NULL;
    const bool fixed = meta->min == meta->max && meta->missing == 0;
    if (!fixed)
        LOTS_TRY(read_block(place, out, scratch, err));
    LOTS_TRY(starts_of(place, out, meta->count, &starts, scratch, err));
    if (fixed)
        lots_kernels_get()->add_i32(starts, NULL, (int32_t)meta->min, NULL, meta->count, days);
    else
        lots_kernels_get()->add_i32(days, starts, 0, meta->missing > 0 ? out->missing : NULL, meta->count, days);
    return LOTS_OK;
}

static lots_status read_place(const block_place *place, lots_values_out *out, bool *has_missing, lots_arena *scratch,
                              lots_error *err)
{
    const lots_block_meta *meta = &slot_of(place)->metas[place->chunk];
    bool text = meta->phys == LOTS_PHYS_TEXT;
    assert(meta->missing == 0 || out->missing != NULL);
    *has_missing = meta->missing > 0;
    if (!lots_layout_held(meta)) {
        fill_missing(meta, out, has_missing);
        return LOTS_OK;
    }
    lots_arena_mark mark = lots_arena_save(scratch);
    bool duration = place->part == LOTS_PART_VALUES && place->column->flags & LOTS_COLUMN_DURATION;
    lots_status status = duration ? read_ends(place, out, scratch, err) : read_block(place, out, scratch, err);
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
    block_place place = {segment, from, from->columns[column].file, part, chunk};
    if (place.column == NULL) {
        fill_missing(lots_segment_meta(segment, stream, column, part, chunk), out, has_missing);
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

/* The bytes must have been read whole once, which checks them. */
static bool can_take(const block_place *place)
{
    const lots_layout_slot *slot = &place->column->values;
    return lots_layout_held(&slot->metas[place->chunk]) && lots_block_can_take(&slot->metas[place->chunk]) &&
           lots_segment_is_verified(place->segment, slot, place->chunk);
}

/* The parent's ids of the rows: taken as well where that can be. */
static lots_status take_parent_ids(const block_place *place, wanted_rows wanted, const uint32_t *starts, lots_parent *out,
                                   lots_arena *scratch, lots_error *err)
{
    block_place parent;
    void *ids, *missing;
    LOTS_TRY(find_parent(place, &parent, err));
    const lots_layout_slot *slot = &parent.column->values;
    const lots_block_meta *meta = &slot->metas[place->chunk];
    LOTS_TRY(lots_arena_vector(scratch, &ids, wanted.count, sizeof(uint32_t), err));
    if (!can_take(&parent)) {
        LOTS_TRY(read_parent_ids(place, starts, out, scratch, err));
        lots_kernels_get()->gather_u32(out->ids, wanted.rows, wanted.count, ids);
        out->ids = ids;
        return LOTS_OK;
    }
    LOTS_TRY(lots_arena_vector(scratch, &missing, lots_bit_words(wanted.count), sizeof(uint64_t), err));
    lots_values_out values = {.data = ids, .missing = missing, .starts = starts};
    if (lots_block_need(meta) == LOTS_NEED_STARTS)
        LOTS_TRY(read_patients(&parent, &values, scratch, err));
    LOTS_TRY(lots_block_take(meta, place->segment->data + slot->offsets[place->chunk], wanted.rows, wanted.count, &values,
                             scratch, err));
    const uint32_t none = parent.column->dictionary.metas[0].count;
    if (meta->missing > 0)
        number_missing(missing, wanted.count, none, ids);
    return set_children(place, ids, none, out, err);
}

/* As read_needs, of the rows that are wanted. */
static lots_status take_needs(const block_place *place, const lots_block_meta *meta, wanted_rows wanted,
                              lots_values_out *out, lots_parent *parent, lots_arena *scratch, lots_error *err)
{
    *parent = (lots_parent){0};
    out->parent = parent;
    LOTS_TRY(read_absent(place, meta, out, scratch, err));
    switch (lots_block_need(meta)) {
    case LOTS_NEED_NOTHING:
        return LOTS_OK;
    case LOTS_NEED_STARTS:
        return read_patients(place, out, scratch, err);
    case LOTS_NEED_ENTRIES:
        return read_parent_entries(place, &wanted, out, parent, scratch, err);
    case LOTS_NEED_PARENT:
        return take_parent_ids(place, wanted, out->starts, parent, scratch, err);
    }
    return LOTS_OK;
}

/* NULL where they aren't kept. Once they were asked for often they are read whole, which keeps them. */
static lots_status find_kept_ids(const block_place *place, const lots_kept_ids **out, lots_arena *scratch, lots_error *err)
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
    LOTS_TRY(read_block(place, &all, scratch, err));
    *out = lots_segment_kept_ids(place->segment, place->stream, place->column, place->chunk, &keep);
    return LOTS_OK;
}

static lots_status take_block(const block_place *place, wanted_rows wanted, lots_values_out *out, lots_arena *scratch,
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
    LOTS_TRY(take_needs(place, meta, wanted, out, &parent, scratch, err));
    return lots_block_take(meta, place->segment->data + slot->offsets[place->chunk], wanted.rows, wanted.count, out, scratch,
                           err);
}

static bool has_kept_days(const block_place *place)
{
    return place->stream->ordered != NULL && lots_segment_kept_days(place->segment, place->stream, place->chunk) != NULL;
}

/* Durations to ends. Sums wrap, as in read_ends. */
static lots_status add_starts(const block_place *place, wanted_rows wanted, lots_values_out *out, lots_arena *scratch,
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
    const block_place place = {segment, from, from->columns[column].file, LOTS_PART_VALUES, chunk};
    const bool duration = place.column != NULL && (place.column->flags & LOTS_COLUMN_DURATION) != 0;
    *done = place.column != NULL && can_take(&place) && (!duration || out->days != NULL || has_kept_days(&place));
    if (!*done)
        return LOTS_OK;
    *has_missing = place.column->values.metas[chunk].missing > 0;
    const lots_kept_amounts *kept = lots_segment_kept_amounts(segment, &from->columns[column], chunk, scratch);
    if (kept != NULL) {
        lots_kept_amounts_take(kept, rows, row_count, out->data);
        return LOTS_OK;
    }
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = take_block(&place, (wanted_rows){rows, row_count}, out, scratch, err);
    if (status == LOTS_OK && duration)
        status = add_starts(&place, (wanted_rows){rows, row_count}, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return name_place(&place, status, err);
}

static lots_status test_block(const block_place *place, const lots_id_test *test, lots_known_planes *planes, uint64_t *out,
                              uint64_t *missing, lots_arena *scratch, lots_error *err)
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
    LOTS_TRY(read_needs(place, meta, &from, &parent, scratch, err));
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
    const block_place place = {segment, from, from->columns[column].file, LOTS_PART_VALUES, chunk};
    *done = place.column != NULL && lots_layout_has_ids(place.column->kind) &&
            lots_layout_held(&place.column->values.metas[chunk]) &&
            lots_block_can_test(&place.column->values.metas[chunk]);
    if (!*done)
        return LOTS_OK;
    *has_missing = place.column->values.metas[chunk].missing > 0;
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = test_block(&place, test, planes, out, missing, scratch, err);
    lots_arena_restore(scratch, mark);
    if (status == LOTS_OK)
        lots_segment_keep_rows(segment, &from->columns[column], chunk, test, out, missing);
    return name_place(&place, status, err);
}
