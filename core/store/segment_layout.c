/* segment_layout.c: the bytes of a segment's header and directory. All integers little-endian; varint is LEB128, zigzag
 * maps signed to unsigned, text is a varint length and the bytes.
 *
 *   directory   varint chunks | varint patients of each chunk | varint streams | streams
 *   stream      text name | u8 single | varint rows of each chunk | counts slot (not when single) | varint columns | columns
 *   column      text name | u8 kind | u8 scale | u8 flags | text domain | varint parent (by flag) | varint absent_by (by flag)
 *               | varint first year | varint years (by flag)
 *               | dictionary slot (ids) | lengths slot (CODES) | values slot | presence slot (by flag)
 *               | children slot (by flag) | years slot (by flag) | postings slot (by flag)
 *               | rare postings slot | posted rows slot (CODES; by the same flag)
 *   slot        u8 encoding of each block, 255: not held
 *               | varint count of each block (values of CODES, dictionary, presence, children, postings)
 *               | of each held block: varint missing; then varint bytes; then u8 width; then zigzag varint min and varint
 *                 max - min (not TEXT); then, durations, the same two of the days; then u64 checksum: one field of all
 *                 blocks before the next, which is what makes it compress
 * segment_layout_read.c reads it. See segment_layout.h for who may call and what holds. */
#include "core/store/segment_layout.h"

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
        LOTS_TRY(lots_bytes_put_varint(out, column->year_count + (column->years_rise ? 0 : LOTS_YEARS_MAX), err));
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
    if (column->kind != LOTS_KIND_CODES)
        return LOTS_OK;
    LOTS_TRY(put_slot(&column->rare, out, err));
    return put_slot(&column->posted_rows, out, err);
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
