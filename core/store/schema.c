/* schema.c: building, searching and merging what a registry declares. Lists are plain arrays grown by one:
 * they are short and made once. What is valid is in schema_check.c; the bytes of a schema are in schema_image.c. */
#include "core/store/schema.h"

#include <assert.h>

#include "core/base/memory.h"
#include "core/store/schema_check.h"

static const char *const kind_names[LOTS_KIND_COUNT] = {"bool",     "int",  "decimal", "float", "date",
                                                        "category", "text", "code",    "codes"};

const char *lots_kind_name(lots_kind kind)
{
    return (unsigned)kind < LOTS_KIND_COUNT ? kind_names[kind] : "?";
}

bool lots_kind_parse(const char *name, lots_kind *out)
{
    for (unsigned kind = 0; kind < LOTS_KIND_COUNT; kind++)
        if (strcmp(kind_names[kind], name) == 0) {
            *out = (lots_kind)kind;
            return true;
        }
    return false;
}

lots_phys lots_kind_phys(lots_kind kind)
{
    switch (kind) {
    case LOTS_KIND_BOOL:
        return LOTS_PHYS_BITS;
    case LOTS_KIND_INT:
    case LOTS_KIND_DECIMAL:
        return LOTS_PHYS_I64;
    case LOTS_KIND_FLOAT:
        return LOTS_PHYS_F64;
    case LOTS_KIND_DATE:
        return LOTS_PHYS_I32;
    case LOTS_KIND_TEXT:
        return LOTS_PHYS_TEXT;
    case LOTS_KIND_CATEGORY:
    case LOTS_KIND_CODE:
    case LOTS_KIND_CODES:
    case LOTS_KIND_COUNT:
        break;
    }
    return LOTS_PHYS_U32;
}

/* ---- lists ---- */

/* Make room for one more item in the array `*items` of `count`, and copy `item` to its end. */
static lots_status append_item(void **items, uint32_t *count, size_t size, const void *item, lots_error *err)
{
    LOTS_TRY(lots_realloc(items, (size_t)*count + 1, size, err));
    memcpy((uint8_t *)*items + (size_t)*count * size, item, size);
    (*count)++;
    return LOTS_OK;
}

static bool name_is(const char *have, const char *name, size_t bytes)
{
    return strlen(have) == bytes && memcmp(have, name, bytes) == 0;
}

static int32_t find_column(const lots_column *columns, uint32_t count, const char *name, size_t bytes)
{
    for (uint32_t i = 0; i < count; i++)
        if (name_is(columns[i].name, name, bytes))
            return (int32_t)i;
    return -1;
}

int32_t lots_schema_find_stream(const lots_schema *schema, const char *name, size_t bytes)
{
    for (uint32_t i = 0; i < schema->stream_count; i++)
        if (name_is(schema->streams[i].name, name, bytes))
            return (int32_t)i;
    return -1;
}

int32_t lots_stream_find_column(const lots_stream *stream, const char *name, size_t bytes)
{
    return find_column(stream->columns, stream->column_count, name, bytes);
}

int32_t lots_stream_find_role(const lots_stream *stream, lots_role role)
{
    for (uint32_t i = 0; i < stream->column_count; i++)
        if (stream->columns[i].role == role)
            return (int32_t)i;
    return -1;
}

int32_t lots_schema_find_system(const lots_schema *schema, const char *name, size_t bytes)
{
    for (uint32_t i = 0; i < schema->system_count; i++)
        if (name_is(schema->systems[i].name, name, bytes))
            return (int32_t)i;
    return -1;
}

int32_t lots_schema_find_table(const lots_schema *schema, const char *name, size_t bytes)
{
    for (uint32_t i = 0; i < schema->table_count; i++)
        if (name_is(schema->tables[i].name, name, bytes))
            return (int32_t)i;
    return -1;
}

/* Room, a good name, and none with the name yet. */
static lots_status check_new_name(const char *what, const char *name, bool exists, uint32_t count, uint32_t limit,
                                  lots_error *err)
{
    LOTS_TRY(lots_schema_check_name(what, name, err));
    if (exists)
        return lots_fail(err, LOTS_USAGE, "%s '%s' is declared twice", what, name);
    if (count >= limit)
        return lots_fail(err, LOTS_USAGE, "%s '%s' is one too many: at most %u are allowed", what, name, limit);
    return LOTS_OK;
}

/* `name` has been checked to fit. */
static void set_name(char out[LOTS_NAME_MAX + 1], const char *name)
{
    size_t bytes = strlen(name);
    assert(bytes <= LOTS_NAME_MAX);
    memcpy(out, name, bytes + 1);
}

lots_status lots_schema_add_stream(lots_schema *schema, const char *name, lots_stream **out, lots_error *err)
{
    lots_stream stream = {0};
    bool exists = lots_schema_find_stream(schema, name, strlen(name)) >= 0;
    LOTS_TRY(check_new_name("stream", name, exists, schema->stream_count, LOTS_STREAMS_MAX, err));
    set_name(stream.name, name);
    void *items = schema->streams;
    LOTS_TRY(append_item(&items, &schema->stream_count, sizeof stream, &stream, err));
    schema->streams = items;
    if (schema->id_kind[0] == '\0')
        set_name(schema->id_kind, "text");
    *out = &schema->streams[schema->stream_count - 1];
    return LOTS_OK;
}

static lots_status add_column(lots_column **columns, uint32_t *count, const char *name, lots_kind kind,
                              lots_column **out, lots_error *err)
{
    lots_column column = {.kind = kind};
    bool exists = find_column(*columns, *count, name, strlen(name)) >= 0;
    LOTS_TRY(check_new_name("column", name, exists, *count, LOTS_COLUMNS_MAX, err));
    set_name(column.name, name);
    void *items = *columns;
    LOTS_TRY(append_item(&items, count, sizeof column, &column, err));
    *columns = items;
    *out = &(*columns)[*count - 1];
    return LOTS_OK;
}

lots_status lots_stream_add_column(lots_stream *stream, const char *name, lots_kind kind, lots_column **out,
                                   lots_error *err)
{
    lots_status status = add_column(&stream->columns, &stream->column_count, name, kind, out, err);
    if (status == LOTS_USAGE)
        lots_error_context(err, "stream '%s'", stream->name);
    return status;
}

lots_status lots_table_add_column(lots_table_schema *table, const char *name, lots_kind kind, lots_column **out,
                                  lots_error *err)
{
    lots_status status = add_column(&table->columns, &table->column_count, name, kind, out, err);
    if (status == LOTS_USAGE)
        lots_error_context(err, "table '%s'", table->name);
    return status;
}

lots_status lots_stream_add_level(lots_stream *stream, const char *value, lots_level **out, lots_error *err)
{
    lots_level level = {0};
    LOTS_TRY(lots_schema_check_text("level", value, err));
    for (uint32_t i = 0; i < stream->level_count; i++)
        if (strcmp(stream->levels[i].value, value) == 0)
            return lots_fail(err, LOTS_USAGE, "stream '%s': level '%s' is declared twice", stream->name, value);
    if (stream->level_count >= LOTS_LEVELS_MAX)
        return lots_fail(err, LOTS_USAGE, "stream '%s': level '%s' is one too many: at most %u are allowed",
                         stream->name, value, LOTS_LEVELS_MAX);
    set_name(level.value, value);
    void *items = stream->levels;
    LOTS_TRY(append_item(&items, &stream->level_count, sizeof level, &level, err));
    stream->levels = items;
    *out = &stream->levels[stream->level_count - 1];
    return LOTS_OK;
}

/* Systems are kept sorted by name, so the new one is moved to its place. */
lots_status lots_schema_add_system(lots_schema *schema, const char *name, lots_code_form form,
                                   lots_code_system **out, lots_error *err)
{
    lots_code_system system = {.form = form};
    bool exists = lots_schema_find_system(schema, name, strlen(name)) >= 0;
    LOTS_TRY(check_new_name("code system", name, exists, schema->system_count, LOTS_SYSTEMS_MAX, err));
    set_name(system.name, name);
    void *items = schema->systems;
    LOTS_TRY(append_item(&items, &schema->system_count, sizeof system, &system, err));
    schema->systems = items;
    uint32_t at = schema->system_count - 1;
    for (; at > 0 && strcmp(schema->systems[at - 1].name, name) > 0; at--)
        schema->systems[at] = schema->systems[at - 1];
    schema->systems[at] = system;
    *out = &schema->systems[at];
    return LOTS_OK;
}

lots_status lots_schema_add_table(lots_schema *schema, const char *name, lots_table_schema **out, lots_error *err)
{
    lots_table_schema table = {.key_column = -1, .valid_from_column = -1, .valid_to_column = -1};
    bool exists = lots_schema_find_table(schema, name, strlen(name)) >= 0;
    LOTS_TRY(check_new_name("table", name, exists, schema->table_count, LOTS_TABLES_MAX, err));
    set_name(table.name, name);
    void *items = schema->tables;
    LOTS_TRY(append_item(&items, &schema->table_count, sizeof table, &table, err));
    schema->tables = items;
    *out = &schema->tables[schema->table_count - 1];
    return LOTS_OK;
}

/* ---- whole schemas ---- */

void lots_schema_free(lots_schema *schema)
{
    for (uint32_t i = 0; i < schema->stream_count; i++) {
        lots_free(schema->streams[i].columns);
        lots_free(schema->streams[i].levels);
    }
    for (uint32_t i = 0; i < schema->table_count; i++)
        lots_free(schema->tables[i].columns);
    lots_free(schema->streams);
    lots_free(schema->systems);
    lots_free(schema->tables);
    *schema = (lots_schema){0};
}
