/* segment_needs.c: what a block of a segment needs beside its own bytes: where patients begin, another column's entries, ids or rows by id,
 * and the rows that another column says are left out. */
#include <string.h>

#include "core/base/kernels.h"
#include "core/index/bitset.h"
#include "core/store/segment_needs.h"

/* ---- patients ---- */

/* Which entry each row is, of values in ENTRIES, where that is kept; the starts are there. */
static lots_status find_entries(const lots_block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    return place->part == LOTS_PART_VALUES
               ? lots_segment_find_entries(place->segment, place->stream, place->column, place->chunk, out, scratch, err)
               : LOTS_OK;
}

/* Where each patient's rows begin, as the caller has it or else read, and the entries that are kept. */
static lots_status read_patients(const lots_block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
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

/* ---- the parent ---- */

/* The parent's place in the same chunk; a block that needs one and has none is damage. */
static lots_status find_parent(const lots_block_place *place, lots_block_place *parent, lots_error *err)
{
    *parent = *place;
    if (!(place->column->flags & LOTS_COLUMN_PARENT))
        return lots_fail(err, LOTS_CORRUPT, "a block is told from another column's, but the column names none");
    parent->column = &place->stream->file->columns[place->column->parent];
    parent->part = LOTS_PART_VALUES;
    return LOTS_OK;
}

/* Which entry of the parent's block each row is, or each that is wanted; `wanted` NULL: all. Rows are taken of blocks that
 * have been read whole, and the parent's bytes with them. */
static lots_status read_parent_entries(const lots_block_place *place, const lots_block_rows *wanted, const lots_values_out *at_hand,
                                       lots_parent *out, lots_arena *scratch, lots_error *err)
{
    lots_block_place parent;
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

/* What the parent's ids come to: with the children of each, where the column has them. */
static lots_status set_children(const lots_block_place *place, const uint32_t *ids, uint32_t count, lots_parent *out,
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
static lots_status read_parent_ids(const lots_block_place *place, const uint32_t *starts, lots_parent *out,
                                   lots_arena *scratch, lots_error *err)
{
    lots_block_place parent;
    void *ids, *missing;
    LOTS_TRY(find_parent(place, &parent, err));
    const lots_block_meta *meta = &parent.column->values.metas[place->chunk];
    LOTS_TRY(lots_arena_vector(scratch, &ids, meta->count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(scratch, &missing, lots_bit_words(meta->count), sizeof(uint64_t), err));
    lots_values_out values = {.data = ids, .missing = missing, .starts = starts};
    out->count = parent.column->dictionary.metas[0].count;
    LOTS_TRY(lots_segment_read_block(&parent, &values, scratch, err));
    if (meta->missing > 0)
        number_missing(missing, meta->count, out->count, ids);
    return set_children(place, ids, out->count, out, err);
}

/* The parent's ids of the rows: taken as well where that can be. */
static lots_status take_parent_ids(const lots_block_place *place, lots_block_rows wanted, const uint32_t *starts, lots_parent *out,
                                   lots_arena *scratch, lots_error *err)
{
    lots_block_place parent;
    void *ids, *missing;
    LOTS_TRY(find_parent(place, &parent, err));
    const lots_layout_slot *slot = &parent.column->values;
    const lots_block_meta *meta = &slot->metas[place->chunk];
    LOTS_TRY(lots_arena_vector(scratch, &ids, wanted.count, sizeof(uint32_t), err));
    if (!lots_segment_can_take_block(&parent)) {
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

/* The rows of each of the parent's values: as they lie, or told from its ids. */
static lots_status read_parent_masks(const lots_block_place *place, const lots_values_out *at_hand, lots_parent *out,
                                     lots_arena *scratch, lots_error *err)
{
    lots_block_place parent;
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

/* ---- rows left out ---- */

/* The rows where a column has an id of the set, its block being held. It is told from none, so this goes no deeper. */
static lots_status find_ids(const lots_block_place *place, uint64_t set, const lots_values_out *at_hand, uint64_t *out,
                            lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &place->column->values.metas[place->chunk];
    const uint64_t table[1 + 8] = {set};
    const lots_id_test test = {.table = table, .table_count = 64};
    void *ids, *missing;
    LOTS_TRY(lots_arena_vector(scratch, &missing, lots_bit_words(meta->count), sizeof(uint64_t), err));
    if (lots_block_can_test(meta))
        return lots_segment_test_block(place, &test, at_hand->planes, out, missing, scratch, err);
    LOTS_TRY(lots_arena_vector(scratch, &ids, meta->count, sizeof(uint32_t), err));
    lots_values_out values = {.data = ids, .missing = missing, .starts = at_hand->starts};
    LOTS_TRY(lots_segment_read_block(place, &values, scratch, err));
    lots_kernels_get()->lookup_bits(ids, meta->count, table, 64, out);
    if (meta->missing > 0)
        lots_kernels_get()->bits_and_not(out, missing, meta->count, out);
    return LOTS_OK;
}

/* The rows that a block leaves out. */
static lots_status read_absent(const lots_block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = lots_block_slot(place);
    const lots_block_meta *meta = &slot->metas[place->chunk];
    lots_block_place by = *place;
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

/* ---- all that a block needs ---- */

lots_status lots_segment_read_needs(const lots_block_place *place, lots_values_out *out, lots_parent *parent, lots_arena *scratch,
                                    lots_error *err)
{
    const lots_block_meta *meta = &lots_block_slot(place)->metas[place->chunk];
    *parent = (lots_parent){0};
    LOTS_TRY(read_absent(place, out, scratch, err));
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

lots_status lots_segment_take_needs(const lots_block_place *place, lots_block_rows wanted, lots_values_out *out, lots_parent *parent,
                                    lots_arena *scratch, lots_error *err)
{
    const lots_block_meta *meta = &place->column->values.metas[place->chunk];
    *parent = (lots_parent){0};
    out->parent = parent;
    LOTS_TRY(read_absent(place, out, scratch, err));
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

