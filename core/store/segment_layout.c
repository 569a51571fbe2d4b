/* segment_layout.c: the bytes of a segment's header and directory. All integers little-endian; varint is LEB128, zigzag
 * maps signed to unsigned, text is a varint length and the bytes.
 *
 *   directory   varint chunks | varint patients of each chunk | varint streams | streams
 *   stream      text name | u8 single | varint rows of each chunk | counts slot (not when single) | varint columns | columns
 *   column      text name | u8 kind | u8 scale | u8 flags | text domain | varint parent (by flag) | varint absent_by (by flag)
 *               | varint first year | varint years (by flag)
 *               | dictionary slot (ids) | lengths slot (CODES) | values slot | presence slot (by flag)
 *               | children slot (by flag) | years slot (by flag) | postings slot (by flag)
 *               | posted rows slot (CODES; by the same flag)
 *   slot        u8 encoding of each block, 255: not held
 *               | varint count of each block (values of CODES, dictionary, presence, children, postings)
 *               | of each held block: varint missing; then varint bytes; then u8 width; then zigzag varint min and varint
 *                 max - min (not TEXT); then, durations, the same two of the days; then u64 checksum: one field of all
 *                 blocks before the next, which is what makes it compress
 * See segment_layout.h for who may call and what holds. */
#include "core/store/segment_layout.h"

#include <stdio.h>

#include "core/base/hash.h"

void lots_layout_free(lots_layout *layout)
{
    lots_arena_free(&layout->arena);
    *layout = (lots_layout){0};
}

bool lots_layout_has_ids(lots_kind kind)
{
    return kind == LOTS_KIND_CATEGORY || kind == LOTS_KIND_CODE || kind == LOTS_KIND_CODES;
}

lots_status lots_layout_open_slot(lots_layout *layout, lots_layout_slot *slot, lots_phys phys, uint32_t block_count,
                                  lots_error *err)
{
    void *room;
    slot->number = layout->slot_count++;
    slot->phys = phys;
    slot->block_count = block_count;
    LOTS_TRY(lots_arena_alloc(&layout->arena, &room, block_count, sizeof *slot->metas, err));
    slot->metas = room;
    slot->shown = room;
    if (slot->shown_apart) {
        LOTS_TRY(lots_arena_alloc(&layout->arena, &room, block_count, sizeof *slot->shown, err));
        slot->shown = room;
    }
    LOTS_TRY(lots_arena_alloc(&layout->arena, &room, block_count, sizeof *slot->offsets, err));
    slot->offsets = room;
    return LOTS_OK;
}

/* ---- header ----
 *   0  8  "LOTSSEG\n"             32  4  directory bytes
 *   8  4  format version          36  4  directory bytes decompressed
 *  12  4  patients                40  8  directory checksum
 *  16  8  segment id              48  8  file length
 *  24  8  directory offset        56  8  XXH3 of bytes 0..55, seed 0 */

void lots_segment_header_put(const lots_segment_header *header, uint8_t out[LOTS_SEGMENT_HEADER_BYTES])
{
    memcpy(out, LOTS_SEGMENT_MAGIC, 8);
    lots_put32(out + 8, LOTS_FORMAT_VERSION);
    lots_put32(out + 12, header->patients);
    lots_put64(out + 16, header->id);
    lots_put64(out + 24, header->directory_offset);
    lots_put32(out + 32, header->directory_bytes);
    lots_put32(out + 36, header->directory_raw_bytes);
    lots_put64(out + 40, header->directory_checksum);
    lots_put64(out + 48, header->file_bytes);
    lots_put64(out + 56, lots_hash(out, 56, 0));
}

static lots_status check_version(uint32_t version, lots_error *err)
{
    if (version >= LOTS_FORMAT_OLDEST && version <= LOTS_FORMAT_VERSION)
        return LOTS_OK;
    return lots_fail_at(err, LOTS_CORRUPT, 8, 12, "format version %u, this program reads versions %u to %u", version,
                        LOTS_FORMAT_OLDEST, LOTS_FORMAT_VERSION);
}

lots_status lots_segment_header_get(const uint8_t *bytes, uint64_t count, lots_segment_header *out, lots_error *err)
{
    if (count < LOTS_SEGMENT_HEADER_BYTES)
        return lots_fail(err, LOTS_CORRUPT, "a segment has a header of %u bytes, found %llu",
                         LOTS_SEGMENT_HEADER_BYTES, (unsigned long long)count);
    if (memcmp(bytes, LOTS_SEGMENT_MAGIC, 8) != 0)
        return lots_fail_at(err, LOTS_CORRUPT, 0, 8, "this is no segment file");
    if (lots_get64(bytes + 56) != lots_hash(bytes, 56, 0))
        return lots_fail_at(err, LOTS_CORRUPT, 0, 64, "the header's checksum is wrong");
    LOTS_TRY(check_version(lots_get32(bytes + 8), err));
    *out = (lots_segment_header){.id = lots_get64(bytes + 16),
                                 .patients = lots_get32(bytes + 12),
                                 .directory_offset = lots_get64(bytes + 24),
                                 .directory_bytes = lots_get32(bytes + 32),
                                 .directory_raw_bytes = lots_get32(bytes + 36),
                                 .directory_checksum = lots_get64(bytes + 40),
                                 .file_bytes = lots_get64(bytes + 48)};
    if (out->file_bytes != count)
        return lots_fail(err, LOTS_CORRUPT, "the file is %llu bytes long, its header says %llu",
                         (unsigned long long)count, (unsigned long long)out->file_bytes);
    if (out->directory_offset < LOTS_SEGMENT_HEADER_BYTES || out->directory_offset > count ||
        out->directory_bytes != count - out->directory_offset)
        return lots_fail_at(err, LOTS_CORRUPT, 24, 36, "the directory does not lie at the end of the file");
    return LOTS_OK;
}

/* ---- encode ---- */

static lots_status put_span(const lots_layout_slot *slot, const lots_block_meta *metas, lots_bytes *out,
                            lots_error *err)
{
    for (uint32_t i = 0; i < slot->block_count; i++)
        if (lots_layout_held(&metas[i]))
            LOTS_TRY(lots_bytes_put_varint(out, lots_zigzag(metas[i].min), err));
    for (uint32_t i = 0; i < slot->block_count; i++)
        if (lots_layout_held(&metas[i]))
            LOTS_TRY(lots_bytes_put_varint(out, (uint64_t)metas[i].max - (uint64_t)metas[i].min, err));
    return LOTS_OK;
}

static lots_status put_slot(const lots_layout_slot *slot, lots_bytes *out, lots_error *err)
{
    const lots_block_meta *metas = slot->metas;
    uint32_t n = slot->block_count;
    for (uint32_t i = 0; i < n; i++)
        LOTS_TRY(lots_bytes_put8(out, lots_layout_held(&metas[i]) ? metas[i].encoding : LOTS_BLOCK_NONE, err));
    for (uint32_t i = 0; slot->own_counts && i < n; i++)
        LOTS_TRY(lots_bytes_put_varint(out, metas[i].count, err));
    for (uint32_t i = 0; i < n; i++)
        if (lots_layout_held(&metas[i]))
            LOTS_TRY(lots_bytes_put_varint(out, metas[i].missing, err));
    for (uint32_t i = 0; i < n; i++)
        if (lots_layout_held(&metas[i]))
            LOTS_TRY(lots_bytes_put_varint(out, metas[i].bytes, err));
    for (uint32_t i = 0; i < n; i++)
        if (lots_layout_held(&metas[i]))
            LOTS_TRY(lots_bytes_put8(out, metas[i].width, err));
    if (slot->phys != LOTS_PHYS_TEXT)
        LOTS_TRY(put_span(slot, metas, out, err));
    if (slot->shown_apart)
        LOTS_TRY(put_span(slot, slot->shown, out, err));
    for (uint32_t i = 0; i < n; i++)
        if (lots_layout_held(&metas[i]))
            LOTS_TRY(lots_bytes_put64(out, metas[i].checksum, err));
    return LOTS_OK;
}

static lots_status put_column(const lots_layout_column *column, bool content, lots_bytes *out, lots_error *err)
{
    const uint8_t derived = LOTS_COLUMN_PRESENCE | LOTS_COLUMN_YEARS | LOTS_COLUMN_POSTINGS;
    uint8_t flags = content ? column->flags & (uint8_t)~derived : column->flags;
    LOTS_TRY(lots_bytes_put_text(out, column->name, strlen(column->name), err));
    LOTS_TRY(lots_bytes_put8(out, (uint8_t)column->kind, err));
    LOTS_TRY(lots_bytes_put8(out, column->scale, err));
    LOTS_TRY(lots_bytes_put8(out, flags, err));
    LOTS_TRY(lots_bytes_put_text(out, column->domain, strlen(column->domain), err));
    if (flags & LOTS_COLUMN_PARENT)
        LOTS_TRY(lots_bytes_put_varint(out, column->parent, err));
    if (flags & LOTS_COLUMN_ABSENT)
        LOTS_TRY(lots_bytes_put_varint(out, column->absent_by, err));
    if (flags & LOTS_COLUMN_YEARS) {
        LOTS_TRY(lots_bytes_put_varint(out, column->first_year, err));
        LOTS_TRY(lots_bytes_put_varint(out, column->year_count, err));
    }
    if (lots_layout_has_ids(column->kind) && !content)
        LOTS_TRY(put_slot(&column->dictionary, out, err));
    if (column->kind == LOTS_KIND_CODES)
        LOTS_TRY(put_slot(&column->lengths, out, err));
    LOTS_TRY(put_slot(&column->values, out, err));
    if (flags & LOTS_COLUMN_PRESENCE)
        LOTS_TRY(put_slot(&column->presence, out, err));
    if (flags & LOTS_COLUMN_CHILDREN)
        LOTS_TRY(put_slot(&column->children, out, err));
    if (flags & LOTS_COLUMN_YEARS)
        LOTS_TRY(put_slot(&column->years, out, err));
    if (!(flags & LOTS_COLUMN_POSTINGS))
        return LOTS_OK;
    LOTS_TRY(put_slot(&column->postings, out, err));
    return column->kind == LOTS_KIND_CODES ? put_slot(&column->posted_rows, out, err) : LOTS_OK;
}

static lots_status put_stream(const lots_layout *layout, const lots_layout_stream *stream, bool content,
                              lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put_text(out, stream->name, strlen(stream->name), err));
    LOTS_TRY(lots_bytes_put8(out, stream->single, err));
    for (uint32_t i = 0; i < layout->chunks; i++)
        LOTS_TRY(lots_bytes_put_varint(out, stream->rows[i], err));
    if (!stream->single)
        LOTS_TRY(put_slot(&stream->counts, out, err));
    LOTS_TRY(lots_bytes_put_varint(out, stream->column_count, err));
    for (uint32_t i = 0; i < stream->column_count; i++)
        LOTS_TRY(put_column(&stream->columns[i], content, out, err));
    return LOTS_OK;
}

lots_status lots_layout_encode(const lots_layout *layout, bool content, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put_varint(out, layout->chunks, err));
    for (uint32_t i = 0; i < layout->chunks; i++)
        LOTS_TRY(lots_bytes_put_varint(out, layout->firsts[i + 1] - layout->firsts[i], err));
    LOTS_TRY(lots_bytes_put_varint(out, layout->stream_count, err));
    for (uint32_t i = 0; i < layout->stream_count; i++)
        LOTS_TRY(put_stream(layout, &layout->streams[i], content, out, err));
    return LOTS_OK;
}

/* ---- decode ---- */

typedef struct layout_parse {
    lots_reader reader;
    lots_layout *layout;
    uint64_t offset;     /* where the next held block lies */
    uint64_t blocks_end;
} layout_parse;

static lots_status fail_directory(const char *what, lots_error *err)
{
    return lots_fail(err, LOTS_CORRUPT, "the directory is damaged: %s", what);
}

static bool read_u32(lots_reader *reader, uint32_t *out)
{
    uint64_t value;
    if (!lots_read_varint(reader, &value) || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

static size_t bytes_left(const layout_parse *parse) { return (size_t)(parse->reader.end - parse->reader.at); }

static bool read_name(lots_reader *reader, char out[LOTS_NAME_MAX + 1])
{
    const char *text;
    size_t bytes;
    if (!lots_read_text(reader, &text, &bytes) || bytes > LOTS_NAME_MAX || memchr(text, 0, bytes) != NULL)
        return false;
    memcpy(out, text, bytes);
    out[bytes] = 0;
    return true;
}

/* min and max of every held block. */
static bool read_span(layout_parse *parse, const lots_layout_slot *slot, lots_block_meta *metas)
{
    uint64_t value;
    for (uint32_t i = 0; i < slot->block_count; i++) {
        if (!lots_layout_held(&slot->metas[i]))
            continue;
        if (!lots_read_varint(&parse->reader, &value))
            return false;
        metas[i].min = lots_unzigzag(value);
    }
    for (uint32_t i = 0; i < slot->block_count; i++) {
        if (!lots_layout_held(&slot->metas[i]))
            continue;
        if (!lots_read_varint(&parse->reader, &value) || value > (uint64_t)INT64_MAX - (uint64_t)metas[i].min)
            return false;
        metas[i].max = (int64_t)((uint64_t)metas[i].min + value);
    }
    return true;
}

static bool read_encodings(layout_parse *parse, lots_layout_slot *slot)
{
    const uint8_t *encodings;
    if (!lots_read_slice(&parse->reader, slot->block_count, &encodings))
        return false;
    for (uint32_t i = 0; i < slot->block_count; i++) {
        lots_block_meta *meta = &slot->metas[i];
        if (slot->own_counts && !read_u32(&parse->reader, &meta->count))
            return false;
        meta->encoding = encodings[i];
        meta->phys = (uint8_t)slot->phys;
        meta->max = -1;
        meta->missing = encodings[i] == LOTS_BLOCK_NONE ? meta->count : 0;
        if (encodings[i] == LOTS_BLOCK_NONE)
            meta->encoding = LOTS_ENCODING_CONSTANT;
        else if (meta->count == 0)
            return false;
    }
    return true;
}

static bool read_sizes(layout_parse *parse, lots_layout_slot *slot)
{
    for (uint32_t i = 0; i < slot->block_count; i++) {
        lots_block_meta *meta = &slot->metas[i];
        uint32_t missing;
        if (!lots_layout_held(meta))
            continue;
        if (!read_u32(&parse->reader, &missing) || missing >= meta->count)
            return false;
        meta->missing = missing;
    }
    for (uint32_t i = 0; i < slot->block_count; i++) {
        lots_block_meta *meta = &slot->metas[i];
        slot->offsets[i] = parse->offset;
        if (!lots_layout_held(meta))
            continue;
        if (!read_u32(&parse->reader, &meta->bytes) || meta->bytes > parse->blocks_end - parse->offset)
            return false;
        parse->offset += meta->bytes;
        parse->layout->held_blocks++;
    }
    return true;
}

static bool read_slot_fields(layout_parse *parse, lots_layout_slot *slot)
{
    if (!read_encodings(parse, slot) || !read_sizes(parse, slot))
        return false;
    for (uint32_t i = 0; i < slot->block_count; i++)
        if (lots_layout_held(&slot->metas[i]) && !lots_read8(&parse->reader, &slot->metas[i].width))
            return false;
    if (slot->phys != LOTS_PHYS_TEXT && !read_span(parse, slot, slot->metas))
        return false;
    if (slot->shown_apart) {
        memcpy(slot->shown, slot->metas, slot->block_count * sizeof *slot->shown);
        if (!read_span(parse, slot, slot->shown))
            return false;
    }
    for (uint32_t i = 0; i < slot->block_count; i++)
        if (lots_layout_held(&slot->metas[i]) && !lots_read64(&parse->reader, &slot->metas[i].checksum))
            return false;
    return true;
}

/* `counts`: values of each block, NULL when they are written down. Every block takes a byte at least, so a claim of many
 * is refused before it sizes anything. */
static lots_status read_slot(layout_parse *parse, lots_layout_slot *slot, lots_phys phys, uint32_t block_count,
                             const uint32_t *counts, lots_error *err)
{
    if (block_count > bytes_left(parse))
        return fail_directory("more blocks than bytes", err);
    slot->own_counts = counts == NULL;
    LOTS_TRY(lots_layout_open_slot(parse->layout, slot, phys, block_count, err));
    for (uint32_t i = 0; counts != NULL && i < block_count; i++)
        slot->metas[i].count = counts[i];
    return read_slot_fields(parse, slot) ? LOTS_OK : fail_directory("a block's description does not hold together", err);
}

static lots_status read_dictionary(layout_parse *parse, lots_layout_column *column, lots_error *err)
{
    LOTS_TRY(read_slot(parse, &column->dictionary, LOTS_PHYS_U32, 1, NULL, err));
    return column->dictionary.metas[0].missing > 0 ? fail_directory("a dictionary with missing entries", err) : LOTS_OK;
}

static lots_status read_presence(layout_parse *parse, lots_layout_column *column, lots_error *err)
{
    if (!(column->flags & LOTS_COLUMN_PRESENCE))
        return LOTS_OK;
    LOTS_TRY(read_slot(parse, &column->presence, LOTS_PHYS_BITS, 1, NULL, err));
    const lots_block_meta *meta = &column->presence.metas[0];
    uint64_t bits = (uint64_t)column->dictionary.metas[0].count * parse->layout->chunks;
    if (meta->count != bits || meta->missing > 0 || bits == 0 || bits > LOTS_SEGMENT_PRESENCE_BITS_MAX)
        return fail_directory("a presence map of another size than chunks x ids", err);
    return LOTS_OK;
}

/* Two blocks without missing values; what they say is checked when they are read. */
static lots_status read_children(layout_parse *parse, lots_layout_column *column, lots_error *err)
{
    if (!(column->flags & LOTS_COLUMN_CHILDREN))
        return LOTS_OK;
    LOTS_TRY(read_slot(parse, &column->children, LOTS_PHYS_U32, 2, NULL, err));
    for (uint32_t i = 0; i < 2; i++)
        if (!lots_layout_held(&column->children.metas[i]) || column->children.metas[i].missing > 0)
            return fail_directory("children with missing ones", err);
    return LOTS_OK;
}

/* A block a chunk, held or not, without missing values. */
static lots_status read_years(layout_parse *parse, lots_layout_column *column, lots_error *err)
{
    const lots_layout *layout = parse->layout;
    uint32_t *counts;
    void *room;
    if (!(column->flags & LOTS_COLUMN_YEARS))
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&parse->layout->arena, &room, layout->chunks, sizeof *counts, err));
    counts = room;
    for (uint32_t i = 0; i < layout->chunks; i++)
        counts[i] = column->year_count * (layout->firsts[i + 1] - layout->firsts[i]);
    LOTS_TRY(read_slot(parse, &column->years, LOTS_PHYS_U32, layout->chunks, counts, err));
    for (uint32_t i = 0; i < layout->chunks; i++)
        if (lots_layout_held(&column->years.metas[i]) && column->years.metas[i].missing > 0)
            return fail_directory("years with missing counts", err);
    return LOTS_OK;
}

/* Pairs of an id and one of `rows` rows, or patients, as one number each. */
static bool pairs_fit(const lots_layout_column *column, const lots_block_meta *meta, uint32_t rows)
{
    const uint64_t pairs = (uint64_t)column->dictionary.metas[0].count * rows;
    if (!lots_layout_held(meta))
        return meta->count == 0;
    return meta->missing == 0 && meta->min >= 0 && (uint64_t)meta->max < pairs;
}

static lots_status read_postings(layout_parse *parse, const lots_layout_stream *stream, lots_layout_column *column,
                                 lots_error *err)
{
    const uint32_t *firsts = parse->layout->firsts, chunks = parse->layout->chunks;
    const bool list = column->kind == LOTS_KIND_CODES;
    if (!(column->flags & LOTS_COLUMN_POSTINGS))
        return LOTS_OK;
    LOTS_TRY(read_slot(parse, &column->postings, LOTS_PHYS_U32, chunks, NULL, err));
    if (list)
        LOTS_TRY(read_slot(parse, &column->posted_rows, LOTS_PHYS_U32, chunks, NULL, err));
    for (uint32_t i = 0; i < chunks; i++)
        if (!pairs_fit(column, &column->postings.metas[i], firsts[i + 1] - firsts[i]) ||
            (list && !pairs_fit(column, &column->posted_rows.metas[i], stream->rows[i])))
            return fail_directory("postings beyond the ids, patients and rows there are", err);
    return LOTS_OK;
}

/* Ids are indexes: none may be beyond its dictionary. */
static lots_status check_id_spans(const lots_layout_column *column, lots_error *err)
{
    for (uint32_t i = 0; i < column->values.block_count; i++) {
        const lots_block_meta *meta = &column->values.metas[i];
        if (lots_layout_held(meta) && (meta->min < 0 || meta->max >= (int64_t)column->dictionary.metas[0].count))
            return fail_directory("an id beyond its dictionary", err);
    }
    return LOTS_OK;
}

static bool flags_go_together(const lots_layout_column *column)
{
    const bool list = column->kind == LOTS_KIND_CODES, ids = lots_layout_has_ids(column->kind);
    const uint8_t both = LOTS_COLUMN_ORDERED | LOTS_COLUMN_DURATION;
    uint8_t allowed = list ? 0 : LOTS_COLUMN_PARENT;
    allowed |= list || column->kind == LOTS_KIND_TEXT || column->flags & LOTS_COLUMN_ORDERED ? 0 : LOTS_COLUMN_ABSENT;
    allowed |= column->kind == LOTS_KIND_DATE ? both : ids ? LOTS_COLUMN_PRESENCE : 0;
    allowed |= ids && column->flags & LOTS_COLUMN_PARENT ? LOTS_COLUMN_CHILDREN : 0;
    allowed |= list || column->kind == LOTS_KIND_CODE ? LOTS_COLUMN_POSTINGS : 0;
    allowed |= column->flags & LOTS_COLUMN_ORDERED ? LOTS_COLUMN_YEARS : 0;
    return !(column->flags & (uint8_t)~allowed) && (column->flags & both) != both &&
           (column->flags & (LOTS_COLUMN_ORDERED | LOTS_COLUMN_PARENT)) != (LOTS_COLUMN_ORDERED | LOTS_COLUMN_PARENT);
}

static bool read_year_span(layout_parse *parse, lots_layout_column *column)
{
    return !(column->flags & LOTS_COLUMN_YEARS) ||
           (read_u32(&parse->reader, &column->first_year) && column->first_year >= 1 && column->first_year <= 9999 &&
            read_u32(&parse->reader, &column->year_count) && column->year_count >= 1 && column->year_count <= LOTS_YEARS_MAX);
}

static lots_status read_column(layout_parse *parse, lots_layout_stream *stream, lots_layout_column *column,
                               lots_error *err)
{
    uint8_t kind;
    bool read = read_name(&parse->reader, column->name) && lots_read8(&parse->reader, &kind) &&
                lots_read8(&parse->reader, &column->scale) && lots_read8(&parse->reader, &column->flags) &&
                read_name(&parse->reader, column->domain);
    if (!read || kind >= LOTS_KIND_COUNT)
        return fail_directory("a column's name or kind", err);
    column->kind = (lots_kind)kind;
    if (!flags_go_together(column))
        return fail_directory("a column's flags", err);
    if (column->flags & LOTS_COLUMN_PARENT && !read_u32(&parse->reader, &column->parent))
        return fail_directory("a column's parent", err);
    if (column->flags & LOTS_COLUMN_ABSENT && !read_u32(&parse->reader, &column->absent_by))
        return fail_directory("what a column is missing with", err);
    if (!read_year_span(parse, column))
        return fail_directory("a column's years", err);
    if (lots_layout_has_ids(column->kind))
        LOTS_TRY(read_dictionary(parse, column, err));
    bool list = column->kind == LOTS_KIND_CODES;
    if (list)
        LOTS_TRY(read_slot(parse, &column->lengths, LOTS_PHYS_U32, parse->layout->chunks, stream->rows, err));
    column->values.shown_apart = (column->flags & LOTS_COLUMN_DURATION) != 0;
    LOTS_TRY(read_slot(parse, &column->values, lots_kind_phys(column->kind), parse->layout->chunks,
                       list ? NULL : stream->rows, err));
    if (!lots_layout_has_ids(column->kind))
        return read_years(parse, column, err);
    LOTS_TRY(check_id_spans(column, err));
    LOTS_TRY(read_presence(parse, column, err));
    LOTS_TRY(read_children(parse, column, err));
    return read_postings(parse, stream, column, err);
}

/* A column of ids, one a row, that is told from none. */
static bool may_tell(const lots_layout_column *column)
{
    return lots_layout_has_ids(column->kind) && column->kind != LOTS_KIND_CODES &&
           !(column->flags & (LOTS_COLUMN_PARENT | LOTS_COLUMN_ABSENT));
}

static bool absence_is_sound(const lots_layout_stream *stream, const lots_layout_column *column)
{
    return !(column->flags & LOTS_COLUMN_ABSENT) ||
           (column->absent_by < stream->column_count && may_tell(&stream->columns[column->absent_by]));
}

static bool parent_is_sound(const lots_layout_stream *stream, const lots_layout_column *column)
{
    if (!(column->flags & LOTS_COLUMN_PARENT))
        return true;
    if (column->parent >= stream->column_count)
        return false;
    const lots_layout_column *parent = &stream->columns[column->parent];
    return may_tell(parent) &&
           (!(column->flags & LOTS_COLUMN_CHILDREN) ||
            column->children.metas[0].count == (uint64_t)parent->dictionary.metas[0].count + 1);
}

/* Lists: none missing, no elements without lengths. A duration needs its one ordered column. */
static lots_status check_columns(const layout_parse *parse, const lots_layout_stream *stream, lots_error *err)
{
    uint32_t ordered = 0, durations = 0;
    for (uint32_t i = 0; i < stream->column_count; i++) {
        const lots_layout_column *column = &stream->columns[i];
        ordered += (column->flags & LOTS_COLUMN_ORDERED) != 0;
        durations += (column->flags & LOTS_COLUMN_DURATION) != 0;
        if (!parent_is_sound(stream, column))
            return fail_directory("a column's parent", err);
        if (!absence_is_sound(stream, column))
            return fail_directory("what a column is missing with", err);
        for (uint32_t k = 0; column->kind == LOTS_KIND_CODES && k < parse->layout->chunks; k++)
            if (column->values.metas[k].missing > 0 || column->lengths.metas[k].missing > 0)
                return fail_directory("a list with missing elements", err);
    }
    if (ordered > 1 || (durations > 0 && ordered == 0))
        return fail_directory("a stream's ordered columns", err);
    return LOTS_OK;
}

static lots_status read_rows(layout_parse *parse, lots_layout_stream *stream, lots_error *err)
{
    const lots_layout *layout = parse->layout;
    void *room;
    if (layout->chunks > bytes_left(parse))
        return fail_directory("more chunks than bytes", err);
    LOTS_TRY(lots_arena_alloc(&parse->layout->arena, &room, layout->chunks, sizeof *stream->rows, err));
    stream->rows = room;
    for (uint32_t i = 0; i < layout->chunks; i++) {
        uint32_t patients = layout->firsts[i + 1] - layout->firsts[i];
        if (!read_u32(&parse->reader, &stream->rows[i]) || (stream->single && stream->rows[i] != patients))
            return fail_directory("a stream's rows", err);
        if (patients > 1 && stream->rows[i] > LOTS_CHUNK_EVENTS)
            return fail_directory("a chunk of too many rows", err);
    }
    return LOTS_OK;
}

static lots_status read_stream(layout_parse *parse, lots_layout_stream *stream, lots_error *err)
{
    lots_layout *layout = parse->layout;
    uint8_t single;
    void *room;
    if (!read_name(&parse->reader, stream->name) || !lots_read8(&parse->reader, &single) || single > 1)
        return fail_directory("a stream's name", err);
    stream->single = single;
    LOTS_TRY(read_rows(parse, stream, err));
    if (!stream->single) {
        uint32_t *patients;
        LOTS_TRY(lots_arena_alloc(&layout->arena, &room, layout->chunks, sizeof *patients, err));
        patients = room;
        for (uint32_t i = 0; i < layout->chunks; i++)
            patients[i] = layout->firsts[i + 1] - layout->firsts[i];
        LOTS_TRY(read_slot(parse, &stream->counts, LOTS_PHYS_U32, layout->chunks, patients, err));
        for (uint32_t i = 0; i < layout->chunks; i++)
            if (stream->counts.metas[i].missing > 0)
                return fail_directory("missing counts", err);
    }
    if (!read_u32(&parse->reader, &stream->column_count) || stream->column_count > LOTS_COLUMNS_MAX)
        return fail_directory("a stream's columns", err);
    LOTS_TRY(lots_arena_alloc(&layout->arena, &room, stream->column_count, sizeof *stream->columns, err));
    stream->columns = room;
    for (uint32_t i = 0; i < stream->column_count; i++) {
        LOTS_TRY(read_column(parse, stream, &stream->columns[i], err));
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(stream->columns[i].name, stream->columns[j].name) == 0)
                return fail_directory("two columns of one name", err);
    }
    return check_columns(parse, stream, err);
}

static lots_status read_chunks(layout_parse *parse, lots_error *err)
{
    lots_layout *layout = parse->layout;
    void *room;
    if (!read_u32(&parse->reader, &layout->chunks) || layout->chunks > bytes_left(parse))
        return fail_directory("the number of chunks", err);
    LOTS_TRY(lots_arena_alloc(&layout->arena, &room, (size_t)layout->chunks + 1, sizeof *layout->firsts, err));
    layout->firsts = room;
    for (uint32_t i = 0; i < layout->chunks; i++) {
        uint32_t patients;
        if (!read_u32(&parse->reader, &patients) || patients == 0 || patients > LOTS_CHUNK_PATIENTS ||
            patients > layout->patients - layout->firsts[i])
            return fail_directory("a chunk's patients", err);
        layout->firsts[i + 1] = layout->firsts[i] + patients;
    }
    return layout->firsts[layout->chunks] == layout->patients ? LOTS_OK : fail_directory("the chunks' patients", err);
}

static lots_status read_layout(layout_parse *parse, lots_error *err)
{
    lots_layout *layout = parse->layout;
    void *room;
    LOTS_TRY(read_chunks(parse, err));
    if (!read_u32(&parse->reader, &layout->stream_count) || layout->stream_count > LOTS_STREAMS_MAX)
        return fail_directory("the number of streams", err);
    LOTS_TRY(lots_arena_alloc(&layout->arena, &room, layout->stream_count, sizeof *layout->streams, err));
    layout->streams = room;
    for (uint32_t i = 0; i < layout->stream_count; i++) {
        LOTS_TRY(read_stream(parse, &layout->streams[i], err));
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(layout->streams[i].name, layout->streams[j].name) == 0)
                return fail_directory("two streams of one name", err);
    }
    if (parse->reader.at != parse->reader.end || parse->offset != parse->blocks_end)
        return fail_directory("bytes that belong to nothing", err);
    return LOTS_OK;
}

lots_status lots_layout_decode(const uint8_t *bytes, size_t count, uint32_t patients, uint64_t blocks_end,
                               lots_layout *out, lots_error *err)
{
    *out = (lots_layout){.patients = patients};
    lots_arena_init(&out->arena, 0);
    layout_parse parse = {lots_reader_over(bytes, count), out, LOTS_SEGMENT_HEADER_BYTES, blocks_end};
    lots_status status = read_layout(&parse, err);
    if (status != LOTS_OK)
        lots_layout_free(out);
    return status;
}
