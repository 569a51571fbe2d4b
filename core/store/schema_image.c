/* schema_image.c: a schema as bytes and back. The image is canonical (same schema, same bytes) and ends with a checksum
 * of all before it. Layout; `text` is a varint length and its bytes, lists are a varint count and the items:
 *
 *   0      8   magic "LOTSSCH1"
 *   8      ..  text id_kind
 *              list of systems: text name, u8 form, text version
 *              list of streams: text name, u8 span, u8 flags (1 undated, 2 no_identity), varint ghost_days,
 *                               list of columns, list of levels: text value, varint rank, u8 span + 1 (0: the stream's)
 *              list of tables:  text name, list of columns, varint key + 1, varint valid_from + 1, varint valid_to + 1
 *              column:          text name, u8 kind, u8 role, u8 scale, u8 flags (1 closed, 2 cold), text domain,
 *                               text system
 *   end-8  8   XXH3 of all before, seed 0
 *
 * Loading believes nothing: counts are bounded by the bytes left, and what was read must be a valid schema. */
#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/store/schema_check.h"

static const char magic[8] = {'L', 'O', 'T', 'S', 'S', 'C', 'H', '1'};
enum { CHECKSUM_BYTES = 8, STREAM_UNDATED = 1, STREAM_NO_IDENTITY = 2, COLUMN_CLOSED = 1, COLUMN_COLD = 2 };

/* ---- saving ---- */

static lots_status put_name(lots_bytes *out, const char *name, lots_error *err)
{
    return lots_bytes_put_text(out, name, strlen(name), err);
}

static lots_status save_columns(const lots_column *columns, uint32_t count, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put_varint(out, count, err));
    for (uint32_t i = 0; i < count; i++) {
        const lots_column *column = &columns[i];
        int flags = (column->closed ? COLUMN_CLOSED : 0) | (column->cold ? COLUMN_COLD : 0);
        LOTS_TRY(put_name(out, column->name, err));
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)column->kind, err));
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)column->role, err));
        LOTS_TRY(lots_bytes_put8(out, column->scale, err));
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)flags, err));
        LOTS_TRY(put_name(out, column->domain, err));
        LOTS_TRY(put_name(out, column->system, err));
    }
    return LOTS_OK;
}

static lots_status save_systems(const lots_schema *schema, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_put_varint(out, schema->system_count, err));
    for (uint32_t i = 0; i < schema->system_count; i++) {
        LOTS_TRY(put_name(out, schema->systems[i].name, err));
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)schema->systems[i].form, err));
        LOTS_TRY(put_name(out, schema->systems[i].version, err));
    }
    return LOTS_OK;
}

static lots_status save_stream(const lots_stream *stream, lots_bytes *out, lots_error *err)
{
    int flags = (stream->undated ? STREAM_UNDATED : 0) | (stream->no_identity ? STREAM_NO_IDENTITY : 0);
    LOTS_TRY(put_name(out, stream->name, err));
    LOTS_TRY(lots_bytes_put8(out, (uint8_t)stream->span, err));
    LOTS_TRY(lots_bytes_put8(out, (uint8_t)flags, err));
    LOTS_TRY(lots_bytes_put_varint(out, (uint32_t)stream->ghost_days, err));
    LOTS_TRY(save_columns(stream->columns, stream->column_count, out, err));
    LOTS_TRY(lots_bytes_put_varint(out, stream->level_count, err));
    for (uint32_t i = 0; i < stream->level_count; i++) {
        const lots_level *level = &stream->levels[i];
        LOTS_TRY(put_name(out, level->value, err));
        LOTS_TRY(lots_bytes_put_varint(out, level->rank, err));
        LOTS_TRY(lots_bytes_put8(out, level->has_span ? (uint8_t)(level->span + 1) : 0, err));
    }
    return LOTS_OK;
}

static lots_status save_table(const lots_table_schema *table, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(put_name(out, table->name, err));
    LOTS_TRY(save_columns(table->columns, table->column_count, out, err));
    LOTS_TRY(lots_bytes_put_varint(out, (uint32_t)(table->key_column + 1), err));
    LOTS_TRY(lots_bytes_put_varint(out, (uint32_t)(table->valid_from_column + 1), err));
    return lots_bytes_put_varint(out, (uint32_t)(table->valid_to_column + 1), err);
}

static lots_status save_all(const lots_schema *schema, lots_bytes *out, lots_error *err)
{
    size_t start = out->count;
    LOTS_TRY(lots_bytes_append(out, magic, sizeof magic, err));
    LOTS_TRY(put_name(out, schema->id_kind, err));
    LOTS_TRY(save_systems(schema, out, err));
    LOTS_TRY(lots_bytes_put_varint(out, schema->stream_count, err));
    for (uint32_t i = 0; i < schema->stream_count; i++)
        LOTS_TRY(save_stream(&schema->streams[i], out, err));
    LOTS_TRY(lots_bytes_put_varint(out, schema->table_count, err));
    for (uint32_t i = 0; i < schema->table_count; i++)
        LOTS_TRY(save_table(&schema->tables[i], out, err));
    return lots_bytes_put64(out, lots_hash(out->data + start, out->count - start, 0), err);
}

/* On failure `out` is as it was. */
lots_status lots_schema_save(const lots_schema *schema, lots_bytes *out, lots_error *err)
{
    size_t start = out->count;
    LOTS_TRY(lots_schema_validate(schema, err));
    lots_status status = save_all(schema, out, err);
    if (status != LOTS_OK)
        out->count = start;
    return status;
}

/* ---- loading ---- */

static lots_status fail_image(lots_error *err, const char *what)
{
    return lots_fail(err, LOTS_CORRUPT, "schema image: %s", what);
}

static lots_status load_name(lots_reader *in, char out[LOTS_NAME_MAX + 1], lots_error *err)
{
    const char *text;
    size_t bytes;
    if (!lots_read_text(in, &text, &bytes))
        return fail_image(err, "it ends within a name");
    if (bytes > LOTS_NAME_MAX || (bytes > 0 && memchr(text, '\0', bytes) != NULL))
        return fail_image(err, "a name is too long or holds a zero");
    if (bytes > 0)
        memcpy(out, text, bytes);
    out[bytes] = '\0';
    return LOTS_OK;
}

/* A count of items, each of which takes at least `item_bytes` of what is left. */
static lots_status load_count(lots_reader *in, uint32_t limit, size_t item_bytes, uint32_t *out, lots_error *err)
{
    uint64_t count;
    if (!lots_read_varint(in, &count))
        return fail_image(err, "it ends where a count should be");
    if (count > limit || count > (size_t)(in->end - in->at) / item_bytes)
        return fail_image(err, "a count is larger than what follows");
    *out = (uint32_t)count;
    return LOTS_OK;
}

static lots_status load_number(lots_reader *in, uint64_t limit, uint32_t *out, lots_error *err)
{
    uint64_t number;
    if (!lots_read_varint(in, &number) || number > limit)
        return fail_image(err, "a number is missing or too large");
    *out = (uint32_t)number;
    return LOTS_OK;
}

static lots_status load_byte(lots_reader *in, uint8_t limit, uint8_t *out, lots_error *err)
{
    if (!lots_read8(in, out) || *out > limit)
        return fail_image(err, "a flag or a kind is missing or unknown");
    return LOTS_OK;
}

static lots_status load_column(lots_reader *in, lots_column *out, lots_error *err)
{
    uint8_t kind, role, flags;
    LOTS_TRY(load_name(in, out->name, err));
    LOTS_TRY(load_byte(in, LOTS_KIND_COUNT - 1, &kind, err));
    LOTS_TRY(load_byte(in, LOTS_ROLE_NO_CONTACT, &role, err));
    LOTS_TRY(load_byte(in, 18, &out->scale, err));
    LOTS_TRY(load_byte(in, COLUMN_CLOSED | COLUMN_COLD, &flags, err));
    out->kind = (lots_kind)kind;
    out->role = (lots_role)role;
    out->closed = (flags & COLUMN_CLOSED) != 0;
    out->cold = (flags & COLUMN_COLD) != 0;
    LOTS_TRY(load_name(in, out->domain, err));
    return load_name(in, out->system, err);
}

static lots_status load_columns(lots_reader *in, lots_column **out, uint32_t *out_count, lots_error *err)
{
    void *items;
    uint32_t count;
    LOTS_TRY(load_count(in, LOTS_COLUMNS_MAX, 7, &count, err));
    LOTS_TRY(lots_alloc(&items, count, sizeof(lots_column), err));
    *out = items;
    *out_count = count;
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(load_column(in, &(*out)[i], err));
    return LOTS_OK;
}

static lots_status load_systems(lots_reader *in, lots_schema *out, lots_error *err)
{
    void *items;
    uint32_t count;
    LOTS_TRY(load_count(in, LOTS_SYSTEMS_MAX, 3, &count, err));
    LOTS_TRY(lots_alloc(&items, count, sizeof(lots_code_system), err));
    out->systems = items;
    out->system_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t form;
        LOTS_TRY(load_name(in, out->systems[i].name, err));
        LOTS_TRY(load_byte(in, LOTS_CODE_KVA, &form, err));
        out->systems[i].form = (lots_code_form)form;
        LOTS_TRY(load_name(in, out->systems[i].version, err));
    }
    return LOTS_OK;
}

static lots_status load_levels(lots_reader *in, lots_stream *out, lots_error *err)
{
    void *items;
    uint32_t count;
    LOTS_TRY(load_count(in, LOTS_LEVELS_MAX, 3, &count, err));
    LOTS_TRY(lots_alloc(&items, count, sizeof(lots_level), err));
    out->levels = items;
    out->level_count = count;
    for (uint32_t i = 0; i < count; i++) {
        lots_level *level = &out->levels[i];
        uint8_t span;
        LOTS_TRY(load_name(in, level->value, err));
        LOTS_TRY(load_number(in, UINT32_MAX, &level->rank, err));
        LOTS_TRY(load_byte(in, LOTS_SPAN_OPEN + 1, &span, err));
        level->has_span = span != 0;
        level->span = span != 0 ? (lots_span)(span - 1) : LOTS_SPAN_POINT;
    }
    return LOTS_OK;
}

static lots_status load_stream(lots_reader *in, lots_stream *out, lots_error *err)
{
    uint8_t span, flags;
    uint32_t ghost_days = 0;
    LOTS_TRY(load_name(in, out->name, err));
    LOTS_TRY(load_byte(in, LOTS_SPAN_OPEN, &span, err));
    LOTS_TRY(load_byte(in, STREAM_UNDATED | STREAM_NO_IDENTITY, &flags, err));
    LOTS_TRY(load_number(in, INT32_MAX, &ghost_days, err));
    out->span = (lots_span)span;
    out->undated = (flags & STREAM_UNDATED) != 0;
    out->no_identity = (flags & STREAM_NO_IDENTITY) != 0;
    out->ghost_days = (int32_t)ghost_days;
    LOTS_TRY(load_columns(in, &out->columns, &out->column_count, err));
    return load_levels(in, out, err);
}

static lots_status load_table(lots_reader *in, lots_table_schema *out, lots_error *err)
{
    uint32_t key = 0, from = 0, to = 0;
    LOTS_TRY(load_name(in, out->name, err));
    LOTS_TRY(load_columns(in, &out->columns, &out->column_count, err));
    LOTS_TRY(load_number(in, out->column_count, &key, err));
    LOTS_TRY(load_number(in, out->column_count, &from, err));
    LOTS_TRY(load_number(in, out->column_count, &to, err));
    out->key_column = (int32_t)key - 1;
    out->valid_from_column = (int32_t)from - 1;
    out->valid_to_column = (int32_t)to - 1;
    return LOTS_OK;
}

static lots_status load_streams(lots_reader *in, lots_schema *out, lots_error *err)
{
    void *items;
    uint32_t count;
    LOTS_TRY(load_count(in, LOTS_STREAMS_MAX, 6, &count, err));
    LOTS_TRY(lots_alloc(&items, count, sizeof(lots_stream), err));
    out->streams = items;
    out->stream_count = count;
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(load_stream(in, &out->streams[i], err));
    return LOTS_OK;
}

static lots_status load_tables(lots_reader *in, lots_schema *out, lots_error *err)
{
    void *items;
    uint32_t count;
    LOTS_TRY(load_count(in, LOTS_TABLES_MAX, 5, &count, err));
    LOTS_TRY(lots_alloc(&items, count, sizeof(lots_table_schema), err));
    out->tables = items;
    out->table_count = count;
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(load_table(in, &out->tables[i], err));
    return LOTS_OK;
}

static lots_status load_all(lots_reader *in, lots_schema *out, lots_error *err)
{
    LOTS_TRY(load_name(in, out->id_kind, err));
    LOTS_TRY(load_systems(in, out, err));
    LOTS_TRY(load_streams(in, out, err));
    LOTS_TRY(load_tables(in, out, err));
    if (in->at != in->end)
        return fail_image(err, "bytes are left over");
    if (lots_schema_validate(out, err) != LOTS_OK) {
        if (err != NULL)
            err->status = LOTS_CORRUPT;
        lots_error_context(err, "schema image");
        return LOTS_CORRUPT;
    }
    return LOTS_OK;
}

lots_status lots_schema_load(const uint8_t *bytes, size_t count, lots_schema *out, lots_error *err)
{
    *out = (lots_schema){0};
    if (count < sizeof magic + CHECKSUM_BYTES || memcmp(bytes, magic, sizeof magic) != 0)
        return fail_image(err, "it does not begin as one");
    size_t body = count - CHECKSUM_BYTES;
    if (lots_get64(bytes + body) != lots_hash(bytes, body, 0))
        return fail_image(err, "the checksum does not fit");
    lots_reader in = lots_reader_over(bytes + sizeof magic, body - sizeof magic);
    lots_status status = load_all(&in, out, err);
    if (status != LOTS_OK)
        lots_schema_free(out);
    return status;
}
