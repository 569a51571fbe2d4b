/* segment.c: opening a segment file and what its directory says without decoding a block. The idea: map the file, believe
 * nothing before its checksum, decode the directory once, and match streams and columns of the file to the schema's by
 * name. See segment_file.h for the invariants, segment_read.c for blocks. */
#include "core/store/segment.h"

#include <assert.h>
#include <zstd.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/codec/text.h"
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

/* ---- opening ---- */

static lots_status map_file(lots_segment *segment, const char *path, lots_error *err)
{
    lots_file file = LOTS_FILE_CLOSED;
    LOTS_TRY(lots_text_copy(&segment->path, path, strlen(path), err));
    LOTS_TRY(lots_file_open(&file, path, err));
    lots_status status = lots_file_map(&file, &segment->data, &segment->bytes, err);
    lots_file_close(&file);
    return status;
}

static lots_status decompress_directory(const lots_segment_header *header, const uint8_t *stored, uint8_t *raw,
                                        lots_error *err)
{
    size_t got = ZSTD_decompress(raw, header->directory_raw_bytes, stored, header->directory_bytes);
    if (ZSTD_isError(got) || got != header->directory_raw_bytes)
        return lots_fail(err, LOTS_CORRUPT, "the directory does not decompress to %u bytes",
                         header->directory_raw_bytes);
    return LOTS_OK;
}

static lots_status read_directory(lots_segment *segment, const lots_segment_header *header, lots_error *err)
{
    const uint8_t *stored = segment->data + header->directory_offset;
    uint64_t salt = lots_hash_salt(segment->id, UINT32_MAX, 0);
    if (lots_hash(stored, header->directory_bytes, salt) != header->directory_checksum)
        return lots_fail_at(err, LOTS_CORRUPT, header->directory_offset, segment->bytes,
                            "the directory's checksum is wrong");
    if (header->directory_raw_bytes > LOTS_SEGMENT_DIRECTORY_MAX ||
        ZSTD_getFrameContentSize(stored, header->directory_bytes) != header->directory_raw_bytes)
        return lots_fail(err, LOTS_CORRUPT, "the directory's size is not what the header says");
    void *raw;
    LOTS_TRY(lots_alloc(&raw, header->directory_raw_bytes, 1, err));
    lots_status status = decompress_directory(header, stored, raw, err);
    if (status == LOTS_OK)
        status = lots_layout_decode(raw, header->directory_raw_bytes, header->patients, header->directory_offset,
                                    &segment->layout, err);
    lots_free(raw);
    return status;
}

/* Every slot of the file, in the order of their numbers. */
static void number_slot(lots_segment *segment, const lots_layout_slot *slot)
{
    if (slot->metas == NULL)
        return;
    segment->slot_blocks[slot->number] = segment->block_count;
    segment->block_count += slot->block_count;
}

static void number_stream(lots_segment *segment, const lots_layout_stream *stream)
{
    number_slot(segment, &stream->counts);
    for (uint32_t i = 0; i < stream->column_count; i++) {
        number_slot(segment, &stream->columns[i].dictionary);
        number_slot(segment, &stream->columns[i].presence);
        number_slot(segment, &stream->columns[i].lengths);
        number_slot(segment, &stream->columns[i].values);
        number_slot(segment, &stream->columns[i].children);
        number_slot(segment, &stream->columns[i].postings);
        number_slot(segment, &stream->columns[i].years);
        number_slot(segment, &stream->columns[i].rare);
        number_slot(segment, &stream->columns[i].posted_rows);
    }
}

static lots_status number_blocks(lots_segment *segment, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(&segment->arena, &room, segment->layout.slot_count, sizeof *segment->slot_blocks, err));
    segment->slot_blocks = room;
    for (uint32_t i = 0; i < segment->layout.stream_count; i++)
        number_stream(segment, &segment->layout.streams[i]);
    LOTS_TRY(lots_arena_alloc(&segment->arena, &room, segment->block_count, sizeof *segment->verified, err));
    segment->verified = room;
    lots_segment_forget(segment);
    return LOTS_OK;
}

/* ---- matching the schema ---- */

static const lots_dictionary *find_dictionary(const lots_segment_dictionaries *dictionaries, const lots_column *column)
{
    if (dictionaries == NULL)
        return NULL;
    if (column->kind != LOTS_KIND_CATEGORY)
        return dictionaries->codes;
    for (uint32_t i = 0; i < dictionaries->domain_count; i++)
        if (strcmp(dictionaries->domain_names[i], column->domain) == 0)
            return dictionaries->domains[i];
    return NULL;
}

/* Metas of a column the file lacks: all missing, or, for lengths and elements of lists, none. */
static lots_status make_absent(lots_segment *segment, const lots_segment_stream *stream, lots_kind kind,
                               lots_part part, const lots_block_meta **out, lots_error *err)
{
    void *room;
    lots_block_meta *metas;
    LOTS_TRY(lots_arena_alloc(&segment->arena, &room, segment->layout.chunks, sizeof *metas, err));
    metas = room;
    for (uint32_t k = 0; k < segment->layout.chunks; k++) {
        uint32_t rows = stream->file != NULL ? stream->file->rows[k] : 0;
        bool list = kind == LOTS_KIND_CODES;
        metas[k] = (lots_block_meta){.encoding = LOTS_ENCODING_CONSTANT,
                                     .phys = (uint8_t)(part == LOTS_PART_LENGTHS ? LOTS_PHYS_U32 : lots_kind_phys(kind)),
                                     .count = list && part == LOTS_PART_VALUES ? 0 : rows,
                                     .missing = list ? 0 : rows,
                                     .max = list && part == LOTS_PART_LENGTHS && rows > 0 ? 0 : -1};
    }
    *out = metas;
    return LOTS_OK;
}

static const lots_layout_column *find_column(const lots_layout_stream *stream, const char *name)
{
    for (uint32_t i = 0; stream != NULL && i < stream->column_count; i++)
        if (strcmp(stream->columns[i].name, name) == 0)
            return &stream->columns[i];
    return NULL;
}

/* By chunk; nothing is kept as yet. */
static lots_status new_kept(lots_segment *segment, lots_kept **out, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(&segment->arena, &room, segment->layout.chunks, sizeof **out, err));
    *out = room;
    return LOTS_OK;
}

static lots_status match_column(lots_segment *segment, lots_segment_stream *stream, const lots_column *schema,
                                lots_segment_column *out, const lots_segment_dictionaries *dictionaries,
                                lots_error *err)
{
    const lots_layout_column *file = find_column(stream->file, schema->name);
    void *room;
    if (lots_layout_has_ids(schema->kind))
        out->dictionary = find_dictionary(dictionaries, schema);
    out->file = file;
    if (file == NULL) {
        LOTS_TRY(make_absent(segment, stream, schema->kind, LOTS_PART_VALUES, &out->shown[LOTS_PART_VALUES], err));
        return make_absent(segment, stream, schema->kind, LOTS_PART_LENGTHS, &out->shown[LOTS_PART_LENGTHS], err);
    }
    if (file->kind != schema->kind || file->scale != (schema->kind == LOTS_KIND_DECIMAL ? schema->scale : 0) ||
        (schema->kind == LOTS_KIND_CATEGORY && strcmp(file->domain, schema->domain) != 0))
        return lots_fail(err, LOTS_CORRUPT, "stream '%s': column '%s' is %s in the file, %s in the catalog",
                         stream->file->name, schema->name, lots_kind_name(file->kind), lots_kind_name(schema->kind));
    out->shown[LOTS_PART_VALUES] = file->values.shown;
    out->shown[LOTS_PART_LENGTHS] = file->lengths.shown;
    LOTS_TRY(lots_arena_alloc(&segment->arena, &room, segment->layout.chunks, sizeof *out->marks, err));
    out->marks = room;
    if (file->kind == LOTS_KIND_INT || file->kind == LOTS_KIND_DECIMAL) {
        LOTS_TRY(new_kept(segment, &out->kept_amounts, err));
        LOTS_TRY(new_kept(segment, &out->kept_years, err));
    }
    if (file->kind == LOTS_KIND_CODES)
        LOTS_TRY(new_kept(segment, &out->kept_lists, err));
    if (file->flags & LOTS_COLUMN_POSTINGS) {
        LOTS_TRY(lots_arena_alloc(&segment->arena, &room, segment->layout.chunks, sizeof *out->posted, err));
        out->posted = room;
    }
    return LOTS_OK;
}

static const lots_layout_stream *find_stream(const lots_layout *layout, const char *name)
{
    for (uint32_t i = 0; i < layout->stream_count; i++)
        if (strcmp(layout->streams[i].name, name) == 0)
            return &layout->streams[i];
    return NULL;
}

static lots_status match_stream(lots_segment *segment, uint32_t index, const lots_segment_dictionaries *dictionaries,
                                lots_error *err)
{
    const lots_stream *schema = &segment->schema->streams[index];
    lots_segment_stream *out = &segment->streams[index];
    void *room;
    out->file = find_stream(&segment->layout, schema->name);
    if (out->file != NULL ? out->file->single != (index == 0) : index == 0)
        return lots_fail(err, LOTS_CORRUPT, "stream '%s' does not have the rows of its kind", schema->name);
    for (uint32_t k = 0; out->file != NULL && k < segment->layout.chunks; k++) {
        out->events += out->file->rows[k];
        out->rows_max = out->file->rows[k] > out->rows_max ? out->file->rows[k] : out->rows_max;
    }
    for (uint32_t i = 0; out->file != NULL && i < out->file->column_count; i++)
        if (out->file->columns[i].flags & LOTS_COLUMN_ORDERED)
            out->ordered = &out->file->columns[i];
    LOTS_TRY(lots_arena_alloc(&segment->arena, &room, schema->column_count, sizeof *out->columns, err));
    out->columns = room;
    if (out->file != NULL) {
        LOTS_TRY(lots_arena_alloc(&segment->arena, &room, out->file->column_count, sizeof *out->children, err));
        out->children = room;
        LOTS_TRY(lots_arena_alloc(&segment->arena, &room, out->file->column_count, sizeof *out->kept_entries, err));
        out->kept_entries = room;
        LOTS_TRY(lots_arena_alloc(&segment->arena, &room, out->file->column_count, sizeof *out->kept_ids, err));
        out->kept_ids = room;
        LOTS_TRY(lots_arena_alloc(&segment->arena, &room, segment->layout.chunks, sizeof *out->marks, err));
        out->marks = room;
        LOTS_TRY(new_kept(segment, &out->kept_days, err));
        LOTS_TRY(new_kept(segment, &out->kept_offsets, err));
        LOTS_TRY(new_kept(segment, &out->kept_places, err));
    }
    for (uint32_t i = 0; i < schema->column_count; i++)
        LOTS_TRY(match_column(segment, out, &schema->columns[i], &out->columns[i], dictionaries, err));
    return LOTS_OK;
}

static lots_status match_schema(lots_segment *segment, const lots_segment_dictionaries *dictionaries, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(&segment->arena, &room, segment->schema->stream_count, sizeof *segment->streams, err));
    segment->streams = room;
    for (uint32_t i = 0; i < segment->schema->stream_count; i++)
        LOTS_TRY(match_stream(segment, i, dictionaries, err));
    return LOTS_OK;
}

static lots_status open_segment(lots_segment *segment, uint64_t expected_id,
                                const lots_segment_dictionaries *dictionaries, lots_error *err)
{
    lots_segment_header header;
    LOTS_TRY(lots_segment_header_get(segment->data, segment->bytes, &header, err));
    if (header.id != expected_id)
        return lots_fail(err, LOTS_CORRUPT, "this is segment %llu, not %llu", (unsigned long long)header.id,
                         (unsigned long long)expected_id);
    segment->id = header.id;
    LOTS_TRY(read_directory(segment, &header, err));
    LOTS_TRY(number_blocks(segment, err));
    return match_schema(segment, dictionaries, err);
}

lots_status lots_segment_open(lots_segment **out, const char *path, uint64_t expected_id, const lots_schema *schema,
                              const lots_segment_dictionaries *dictionaries, lots_error *err)
{
    void *room;
    *out = NULL;
    LOTS_TRY(lots_alloc(&room, 1, sizeof(lots_segment), err));
    lots_segment *segment = room;
    segment->schema = schema;
    lots_arena_init(&segment->arena, 0);
    lots_status status = map_file(segment, path, err);
    if (status == LOTS_OK) {
        status = open_segment(segment, expected_id, dictionaries, err);
        if (status == LOTS_CORRUPT)
            lots_error_context(err, "%s", path);
    }
    if (status == LOTS_OK)
        *out = segment;
    else
        lots_segment_close(segment);
    return status;
}

static void free_posted(const lots_segment *segment, lots_posted_marks *posted)
{
    for (uint32_t k = 0; posted != NULL && k < segment->layout.chunks; k++) {
        for (int part = 0; part < LOTS_POSTED_PARTS; part++)
            lots_free(atomic_load_explicit(&posted[k].parts[part], memory_order_acquire));
        lots_free(atomic_load_explicit(&posted[k].rows, memory_order_acquire));
    }
}

static void close_columns(lots_segment *segment)
{
    for (uint32_t s = 0; segment->streams != NULL && s < segment->schema->stream_count; s++) {
        lots_segment_column *columns = segment->streams[s].columns;
        for (uint32_t c = 0; columns != NULL && c < segment->schema->streams[s].column_count; c++) {
            lots_free(atomic_load_explicit(&columns[c].ids, memory_order_acquire));
            lots_free(atomic_load_explicit(&columns[c].presence, memory_order_acquire));
            free_posted(segment, columns[c].posted);
            for (uint32_t k = 0; columns[c].marks != NULL && k < segment->layout.chunks; k++)
                lots_free(atomic_load_explicit(&columns[c].marks[k], memory_order_acquire));
        }
        const lots_segment_stream *stream = &segment->streams[s];
        for (uint32_t c = 0; stream->children != NULL && c < stream->file->column_count; c++)
            lots_free(atomic_load_explicit(&stream->children[c], memory_order_acquire));
        for (uint32_t k = 0; stream->marks != NULL && k < segment->layout.chunks; k++)
            lots_free(atomic_load_explicit(&stream->marks[k], memory_order_acquire));
    }
}

void lots_segment_close(lots_segment *segment)
{
    if (segment == NULL)
        return;
    lots_rooms_close(segment->keep);
    lots_rooms_close(segment->keep_by_day);
    close_columns(segment);
    lots_layout_free(&segment->layout);
    lots_arena_free(&segment->arena);
    if (segment->data != NULL)
        lots_file_unmap(segment->data, segment->bytes);
    lots_free(segment->path);
    lots_free(segment);
}

void lots_segment_forget(lots_segment *segment)
{
    for (uint32_t i = 0; i < segment->block_count; i++)
        atomic_store_explicit(&segment->verified[i], 0, memory_order_relaxed);
}

/* ---- facts ---- */

uint32_t lots_segment_patients(const lots_segment *segment) { return segment->layout.patients; }
uint64_t lots_segment_bytes(const lots_segment *segment) { return segment->bytes; }
uint32_t lots_segment_chunks(const lots_segment *segment) { return segment->layout.chunks; }

uint64_t lots_segment_events(const lots_segment *segment, uint32_t stream)
{
    assert(stream < segment->schema->stream_count);
    return segment->streams[stream].events;
}

uint32_t lots_segment_chunk_first(const lots_segment *segment, uint32_t chunk)
{
    assert(chunk <= segment->layout.chunks);
    return segment->layout.firsts[chunk];
}

uint32_t lots_segment_chunk_rows(const lots_segment *segment, uint32_t stream, uint32_t chunk)
{
    assert(stream < segment->schema->stream_count && chunk < segment->layout.chunks);
    const lots_layout_stream *file = segment->streams[stream].file;
    return file != NULL ? file->rows[chunk] : 0;
}

uint32_t lots_segment_chunk_rows_max(const lots_segment *segment, uint32_t stream)
{
    assert(stream < segment->schema->stream_count);
    return segment->streams[stream].rows_max;
}

const lots_block_meta *lots_segment_meta(const lots_segment *segment, uint32_t stream, uint32_t column, lots_part part,
                                         uint32_t chunk)
{
    assert(stream < segment->schema->stream_count && chunk < segment->layout.chunks);
    assert(column < segment->schema->streams[stream].column_count);
    const lots_block_meta *metas = segment->streams[stream].columns[column].shown[part];
    assert(metas != NULL); /* LENGTHS of a column that is no list */
    return &metas[chunk];
}

lots_status lots_segment_numbers(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, int64_t *out,
                                 bool *done, lots_arena *scratch, lots_error *err)
{
    const lots_layout_column *file = segment->streams[stream].columns[column].file;
    const lots_block_meta *meta = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk);
    *done = file != NULL && meta->phys == LOTS_PHYS_TEXT && meta->missing == 0 && meta->count > 0 &&
            lots_segment_is_verified(segment, &file->values, chunk);
    if (!*done)
        return LOTS_OK;
    lots_reader reader = lots_reader_over(segment->data + file->values.offsets[chunk], meta->bytes);
    reader.slack = lots_segment_after_block(segment, &file->values, chunk);
    const lots_arena_mark mark = lots_arena_save(scratch);
    const lots_status status = lots_texts_numbers(meta->encoding, &reader, meta->count, out, done, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}

/* The map is an aid: where it can't be read, any id may be anywhere, and `check` says what is wrong with it. */
bool lots_segment_chunk_has(const lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk, lots_id id)
{
    const lots_segment_column *from = &segment->streams[stream].columns[column];
    const lots_block_meta *meta = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk);
    const uint64_t *bits;
    if (from->file == NULL || !lots_layout_held(meta) || id < meta->min || id > meta->max)
        return false;
    if (lots_segment_load_presence(segment, stream, column, &bits, NULL) != LOTS_OK || bits == NULL)
        return true;
    return lots_bit_get(bits, (size_t)chunk * from->file->dictionary.metas[0].count + id);
}
