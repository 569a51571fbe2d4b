/* segment_layout_read.c: the directory of a segment from its bytes, as segment_layout.c lays it out. Nothing in it is believed:
 * every size is bounded by the bytes there are, and what does not hold together is damage. */
#include "core/store/segment_layout.h"

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
        LOTS_TRY(read_slot(parse, &column->rare, LOTS_PHYS_U32, chunks, NULL, err));
    if (list)
        LOTS_TRY(read_slot(parse, &column->posted_rows, LOTS_PHYS_U32, chunks, NULL, err));
    for (uint32_t i = 0; i < chunks; i++)
        if (!pairs_fit(column, &column->postings.metas[i], firsts[i + 1] - firsts[i]) ||
            (list && !pairs_fit(column, &column->rare.metas[i], firsts[i + 1] - firsts[i])) ||
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
    uint32_t years;
    if (!(column->flags & LOTS_COLUMN_YEARS))
        return true;
    if (!read_u32(&parse->reader, &column->first_year) || column->first_year < 1 || column->first_year > 9999 ||
        !read_u32(&parse->reader, &years) || years < 1 || years > 2 * LOTS_YEARS_MAX)
        return false;
    column->years_rise = years <= LOTS_YEARS_MAX;
    column->year_count = column->years_rise ? years : years - LOTS_YEARS_MAX;
    return true;
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
