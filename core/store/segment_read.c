/* segment_read.c: a segment's blocks into memory. The idea: a block is believed after its checksum matched once; what
 * queries will use as indexes (ids, list lengths) is checked in the same first reading, since the bytes can't change
 * after. Ends are kept as durations and added to the starts here. */
#include <assert.h>

#include "core/base/hash.h"
#include "core/base/kernels.h"
#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

lots_status lots_segment_verify_block(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block,
                                      lots_error *err)
{
    uint64_t salt = lots_hash_salt(segment->id, slot->number, block);
    return lots_block_verify(&slot->metas[block], segment->data + slot->offsets[block], salt, err);
}

static _Atomic uint8_t *verified_flag(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block)
{
    return &segment->verified[segment->slot_blocks[slot->number] + block];
}

static size_t after_block(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block)
{
    return segment->bytes - slot->offsets[block] - slot->metas[block].bytes;
}

/* Two threads may both verify: relaxed order is enough, the bytes themselves are never written. */
static lots_status decode_block(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block,
                                lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    out->believed = atomic_load_explicit(verified_flag(segment, slot, block), memory_order_relaxed) != 0;
    if (!out->believed)
        LOTS_TRY(lots_segment_verify_block(segment, slot, block, err));
    out->after_bytes = after_block(segment, slot, block);
    return lots_block_decode(&slot->metas[block], segment->data + slot->offsets[block], out, scratch, err);
}

static void set_verified(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block)
{
    atomic_store_explicit(verified_flag(segment, slot, block), 1, memory_order_relaxed);
}

static bool is_verified(const lots_segment *segment, const lots_layout_slot *slot, uint32_t block)
{
    return atomic_load_explicit(verified_flag(segment, slot, block), memory_order_relaxed) != 0;
}

/* ---- offsets of patients ---- */

static lots_status read_counts(const lots_segment *segment, const lots_layout_stream *stream, uint32_t chunk,
                               uint32_t *offsets, lots_arena *scratch, lots_error *err)
{
    uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk];
    void *counts;
    uint64_t total = 0;
    LOTS_TRY(lots_arena_vector(scratch, &counts, patients, sizeof(uint32_t), err));
    lots_values_out out = {.data = counts};
    LOTS_TRY(decode_block(segment, &stream->counts, chunk, &out, scratch, err));
    for (uint32_t i = 0; i < patients && !out.believed; i++)
        total += ((const uint32_t *)counts)[i];
    lots_kernels_get()->prefix_u32(counts, patients, 0, counts);
    offsets[0] = 0;
    memcpy(offsets + 1, counts, patients * sizeof *offsets);
    if (!out.believed && total != stream->rows[chunk])
        return lots_fail(err, LOTS_CORRUPT, "the patients' counts add up to %llu, the chunk has %u rows",
                         (unsigned long long)total, stream->rows[chunk]);
    set_verified(segment, &stream->counts, chunk);
    return LOTS_OK;
}

static lots_status fill_offsets(const lots_segment *segment, const lots_layout_stream *stream, uint32_t chunk,
                                uint32_t *offsets, lots_arena *scratch, lots_error *err)
{
    uint32_t patients = segment->layout.firsts[chunk + 1] - segment->layout.firsts[chunk];
    if (stream != NULL && !stream->single && stream->rows[chunk] > 0) {
        lots_arena_mark mark = lots_arena_save(scratch);
        lots_status status = read_counts(segment, stream, chunk, offsets, scratch, err);
        lots_arena_restore(scratch, mark);
        return status;
    }
    bool single = stream != NULL && stream->single;
    for (uint32_t i = 0; i <= patients; i++)
        offsets[i] = single ? i : 0;
    return LOTS_OK;
}

lots_status lots_segment_offsets(lots_segment *segment, uint32_t stream, uint32_t chunk, uint32_t *offsets,
                                 lots_arena *scratch, lots_error *err)
{
    assert(stream < segment->schema->stream_count && chunk < segment->layout.chunks);
    lots_status status = fill_offsets(segment, segment->streams[stream].file, chunk, offsets, scratch, err);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', chunk %u", segment->path, segment->schema->streams[stream].name, chunk);
    return status;
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

static lots_status read_block(const block_place *place, lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = slot_of(place);
    const lots_block_meta *meta = &slot->metas[place->chunk];
    const lots_layout *layout = &place->segment->layout;
    const uint32_t patients = layout->firsts[place->chunk + 1] - layout->firsts[place->chunk];
    if (out->starts != NULL) {
        out->starts_count = patients;
    } else if ((meta->encoding & ~LOTS_ENCODING_ZSTD) == LOTS_ENCODING_GAPS) {
        void *starts;
        LOTS_TRY(lots_arena_vector(scratch, &starts, (size_t)patients + 1, sizeof(uint32_t), err));
        LOTS_TRY(fill_offsets(place->segment, place->stream->file, place->chunk, starts, scratch, err));
        out->starts = starts;
        out->starts_count = patients;
    }
    LOTS_TRY(decode_block(place->segment, slot, place->chunk, out, scratch, err));
    if (is_verified(place->segment, slot, place->chunk))
        return LOTS_OK;
    LOTS_TRY(check_values(place, out, err));
    set_verified(place->segment, slot, place->chunk);
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
    lots_status status = read_place(&place, out, has_missing, scratch, err);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path,
                           segment->schema->streams[stream].name, place.column->name, chunk);
    return status;
}

/* The bytes must have been read whole once, which checks them. */
static bool can_take(const block_place *place)
{
    const lots_layout_slot *slot = &place->column->values;
    return !(place->column->flags & LOTS_COLUMN_DURATION) && lots_layout_held(&slot->metas[place->chunk]) &&
           lots_block_can_take(&slot->metas[place->chunk]) && is_verified(place->segment, slot, place->chunk);
}

lots_status lots_segment_take(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                              const uint32_t *rows, uint32_t row_count, lots_values_out *out, bool *has_missing,
                              bool *done, lots_arena *scratch, lots_error *err)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const block_place place = {segment, from, from->columns[column].file, LOTS_PART_VALUES, chunk};
    *done = place.column != NULL && can_take(&place);
    if (!*done)
        return LOTS_OK;
    const lots_layout_slot *slot = &place.column->values;
    *has_missing = slot->metas[chunk].missing > 0;
    out->after_bytes = after_block(segment, slot, chunk);
    lots_status status = lots_block_take(&slot->metas[chunk], segment->data + slot->offsets[chunk], rows, row_count, out,
                                         scratch, err);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path,
                           segment->schema->streams[stream].name, place.column->name, chunk);
    return status;
}

/* ---- lengths of lists ---- */

typedef lots_status (*lengths_asked)(const lots_block_meta *, const uint8_t *, const uint32_t *, uint32_t, uint32_t *,
                                     lots_arena *, lots_error *);

static lots_status ask_lengths(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                               lengths_asked ask, const uint32_t *in, uint32_t count, uint32_t *out, bool *done,
                               lots_arena *scratch, lots_error *err)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const block_place place = {segment, from, from->columns[column].file, LOTS_PART_LENGTHS, chunk};
    *done = false;
    if (place.column == NULL)
        return LOTS_OK;
    const lots_layout_slot *slot = &place.column->lengths;
    *done = lots_layout_held(&slot->metas[chunk]) && lots_block_can_place(&slot->metas[chunk]) &&
            is_verified(segment, slot, chunk);
    if (!*done)
        return LOTS_OK;
    lots_status status = ask(&slot->metas[chunk], segment->data + slot->offsets[chunk], in, count, out, scratch, err);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path,
                           segment->schema->streams[stream].name, place.column->name, chunk);
    return status;
}

lots_status lots_segment_elements_before(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                         const uint32_t *rows, uint32_t row_count, uint32_t *out, bool *done,
                                         lots_arena *scratch, lots_error *err)
{
    const uint32_t elements = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk)->count;
    LOTS_TRY(ask_lengths(segment, stream, column, chunk, lots_block_elements_before, rows, row_count, out, done, scratch,
                         err));
    for (uint32_t i = 0; *done && i < row_count; i++)
        if (out[i] > elements)
            return lots_fail(err, LOTS_CORRUPT, "%s: stream '%s', chunk %u: list lengths of more than %u elements",
                             segment->path, segment->schema->streams[stream].name, chunk, elements);
    return LOTS_OK;
}

lots_status lots_segment_lists_of(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                                  const uint32_t *elements, uint32_t element_count, uint32_t *out, bool *done,
                                  lots_arena *scratch, lots_error *err)
{
    return ask_lengths(segment, stream, column, chunk, lots_block_lists_of, elements, element_count, out, done, scratch,
                       err);
}

static lots_status test_block(const block_place *place, const lots_id_test *test, uint64_t *out, uint64_t *missing,
                              lots_arena *scratch, lots_error *err)
{
    const lots_layout_slot *slot = &place->column->values;
    const lots_block_meta *meta = &slot->metas[place->chunk];
    const bool known = is_verified(place->segment, slot, place->chunk);
    uint32_t greatest = 0;
    if (!known)
        LOTS_TRY(lots_segment_verify_block(place->segment, slot, place->chunk, err));
    LOTS_TRY(lots_block_test(meta, place->segment->data + slot->offsets[place->chunk], test, known, out, missing,
                             &greatest, scratch, err));
    if (greatest >= place->column->dictionary.metas[0].count)
        return lots_fail(err, LOTS_CORRUPT, "id %u of a dictionary of %u", greatest,
                         place->column->dictionary.metas[0].count);
    if (!known)
        set_verified(place->segment, slot, place->chunk);
    return LOTS_OK;
}

lots_status lots_segment_test(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk,
                              const lots_id_test *test, uint64_t *out, uint64_t *missing, bool *has_missing, bool *done,
                              lots_arena *scratch, lots_error *err)
{
    const lots_segment_stream *from = &segment->streams[stream];
    const block_place place = {segment, from, from->columns[column].file, LOTS_PART_VALUES, chunk};
    *done = place.column != NULL && lots_layout_has_ids(place.column->kind) &&
            lots_layout_held(&place.column->values.metas[chunk]) &&
            lots_block_can_test(&place.column->values.metas[chunk]);
    if (!*done)
        return LOTS_OK;
    *has_missing = place.column->values.metas[chunk].missing > 0;
    lots_status status = test_block(&place, test, out, missing, scratch, err);
    if (status != LOTS_OK)
        lots_error_context(err, "%s: stream '%s', column '%s', chunk %u", segment->path,
                           segment->schema->streams[stream].name, place.column->name, chunk);
    return status;
}

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
        status = decode_block(segment, &column->file->dictionary, 0, &out, &scratch, err);
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

static lots_status make_presence(const lots_segment *segment, const lots_layout_slot *slot, uint64_t **out,
                                 lots_error *err)
{
    lots_arena scratch;
    void *room;
    const size_t slack_words = 8;
    LOTS_TRY(lots_alloc(&room, lots_bit_words(slot->metas[0].count) + slack_words, sizeof **out, err));
    lots_arena_init(&scratch, 0);
    lots_values_out values = {.data = room};
    lots_status status = decode_block(segment, slot, 0, &values, &scratch, err);
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
