/* mapping_schema.c: what a mapping declares, as a schema: the union of the columns of all sources of a stream, the
 * standard ones first, each with the role its name has. */
#include "ingest/mapping.h"

static lots_status fail_column(const lots_mapping *mapping, const lots_map_column *column, const char *what,
                               lots_error *err)
{
    return lots_fail(err, LOTS_USAGE, "%s:%u: %s: %s", mapping->name, column->line, column->name, what);
}

/* ---- columns ---- */

static void describe(const lots_mapping *mapping, const lots_map_column *from, lots_column *out)
{
    out->kind = from->kind;
    out->scale = from->kind == LOTS_KIND_DECIMAL ? from->number.scale : 0;
    out->cold = from->cold;
    out->closed = from->kind == LOTS_KIND_CATEGORY && from->closed;
    if (from->kind == LOTS_KIND_CATEGORY)
        memcpy(out->domain, from->domain[0] != '\0' ? from->domain : from->name, LOTS_NAME_MAX + 1);
    if (from->kind == LOTS_KIND_CODE || from->kind == LOTS_KIND_CODES)
        memcpy(out->system, mapping->systems[from->system].name, LOTS_NAME_MAX + 1);
}

/* Sources of one stream agree on what they share; where one says a column is cold or closed, it is. */
static lots_status check_same(const lots_mapping *mapping, const lots_map_column *from, lots_column *there,
                              lots_error *err)
{
    lots_column wanted = {0};
    describe(mapping, from, &wanted);
    if (wanted.kind != there->kind || wanted.scale != there->scale || strcmp(wanted.domain, there->domain) != 0 ||
        strcmp(wanted.system, there->system) != 0)
        return fail_column(mapping, from, "another source of the stream declares the column otherwise", err);
    there->cold = there->cold || wanted.cold;
    there->closed = there->closed || wanted.closed;
    return LOTS_OK;
}

static lots_role role_of(const lots_map_stream *stream, bool patients, const char *name)
{
    static const struct {
        const char *name;
        lots_role role;
        bool patients;
    } roles[] = {{"start", LOTS_ROLE_START, false},         {"minute", LOTS_ROLE_MINUTE, false},
                 {"end", LOTS_ROLE_END, false},             {"id", LOTS_ROLE_KEY, false},
                 {"birth", LOTS_ROLE_BIRTH, true},          {"death", LOTS_ROLE_DEATH, true},
                 {"protected", LOTS_ROLE_PROTECTED, true},  {"no_contact", LOTS_ROLE_NO_CONTACT, true}};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (roles[i].patients == patients && strcmp(roles[i].name, name) == 0)
            return roles[i].role;
    return stream->level[0] != '\0' && strcmp(stream->level, name) == 0 ? LOTS_ROLE_LEVEL : LOTS_ROLE_NONE;
}

/* Add a column to a stream unless it is there. */
static lots_status add_column(const lots_mapping *mapping, const lots_map_stream *stream, const lots_map_column *from,
                              lots_stream *out, lots_error *err)
{
    int32_t at = lots_stream_find_column(out, from->name, strlen(from->name));
    lots_column *column;
    if (at >= 0)
        return check_same(mapping, from, &out->columns[at], err);
    lots_status status = lots_stream_add_column(out, from->name, from->kind, &column, err);
    if (status != LOTS_OK) {
        lots_error_context(err, "%s:%u", mapping->name, from->line);
        return status;
    }
    describe(mapping, from, column);
    column->role = role_of(stream, stream == &mapping->streams[0], from->name);
    return LOTS_OK;
}

static const lots_map_column *find_column(const lots_map_source *source, const char *name)
{
    for (uint32_t i = 0; i < source->column_count; i++)
        if (strcmp(source->columns[i].name, name) == 0)
            return &source->columns[i];
    return NULL;
}

/* ---- streams ---- */

static bool feeds(const lots_map_source *source, lots_map_target target, uint32_t index)
{
    return source->target == target && source->index == index;
}

/* start, minute and end stand first wherever they were written, then the key. */
static lots_status add_standard(const lots_mapping *mapping, uint32_t index, lots_stream *out, lots_error *err)
{
    static const char *const names[] = {"start", "minute", "end"};
    const lots_map_stream *stream = &mapping->streams[index];
    bool keyed = false;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        for (uint32_t i = 0; i < mapping->source_count; i++) {
            const lots_map_source *source = &mapping->sources[i];
            const lots_map_column *column = find_column(source, names[n]);
            if (feeds(source, LOTS_MAP_STREAM, index) && column != NULL)
                LOTS_TRY(add_column(mapping, stream, column, out, err));
        }
    for (uint32_t i = 0; i < mapping->source_count; i++)
        keyed = keyed || (feeds(&mapping->sources[i], LOTS_MAP_STREAM, index) && mapping->sources[i].key.count > 0);
    lots_column *key;
    if (!keyed)
        return LOTS_OK;
    LOTS_TRY(lots_stream_add_column(out, "id", LOTS_KIND_TEXT, &key, err));
    key->role = LOTS_ROLE_KEY;
    return LOTS_OK;
}

/* A child's columns are its parent's, except its own start and what only leads to the parent. */
static lots_status add_others(const lots_mapping *mapping, uint32_t index, lots_stream *out, lots_error *err)
{
    const lots_map_stream *stream = &mapping->streams[index];
    for (uint32_t i = 0; i < mapping->source_count; i++) {
        const lots_map_source *source = &mapping->sources[i];
        if (!feeds(source, LOTS_MAP_STREAM, index) && !feeds(source, LOTS_MAP_CHILD, index))
            continue;
        for (uint32_t j = 0; j < source->column_count; j++) {
            const lots_map_column *column = &source->columns[j];
            if (strcmp(column->name, "id") == 0 && index > 0)
                return fail_column(mapping, column, "the record key is declared by key = COLUMN", err);
            if (source->target == LOTS_MAP_STREAM || column->gather != LOTS_MAP_ORDER)
                LOTS_TRY(add_column(mapping, stream, column, out, err));
        }
    }
    return LOTS_OK;
}

static lots_status add_levels(const lots_mapping *mapping, const lots_map_stream *stream, lots_stream *out,
                              lots_error *err)
{
    if (stream->level[0] != '\0' && lots_stream_find_role(out, LOTS_ROLE_LEVEL) < 0)
        return lots_fail(err, LOTS_USAGE, "%s:%u: [stream %s]: levels are those of column '%s', which no source fills",
                         mapping->name, stream->line, stream->name, stream->level);
    for (uint32_t i = 0; i < stream->level_count; i++) {
        lots_level *level;
        LOTS_TRY(lots_stream_add_level(out, stream->levels[i].value, &level, err));
        *level = stream->levels[i];
    }
    return LOTS_OK;
}

static bool may_be_open(const lots_map_stream *stream)
{
    bool open = stream->span == LOTS_SPAN_OPEN;
    for (uint32_t i = 0; i < stream->level_count; i++)
        open = open || (stream->levels[i].has_span && stream->levels[i].span == LOTS_SPAN_OPEN);
    return open;
}

static lots_status add_stream(const lots_mapping *mapping, uint32_t index, lots_schema *out, lots_error *err)
{
    const lots_map_stream *stream = &mapping->streams[index];
    lots_stream *added;
    lots_column *ghost;
    LOTS_TRY(lots_schema_add_stream(out, stream->name, &added, err));
    added->span = stream->span;
    added->undated = stream->undated;
    added->no_identity = stream->no_identity;
    added->ghost_days = stream->ghost_days;
    if (index > 0)
        LOTS_TRY(add_standard(mapping, index, added, err));
    LOTS_TRY(add_others(mapping, index, added, err));
    LOTS_TRY(add_levels(mapping, stream, added, err));
    if (!may_be_open(stream) || stream->undated)
        return LOTS_OK;
    LOTS_TRY(lots_stream_add_column(added, "ghost", LOTS_KIND_BOOL, &ghost, err));
    ghost->role = LOTS_ROLE_GHOST;
    return LOTS_OK;
}

/* ---- tables ---- */

static lots_status add_table_column(const lots_mapping *mapping, const lots_map_source *source, const char *name,
                                    lots_table_schema *out, int32_t *index, lots_error *err)
{
    *index = -1;
    if (name[0] == '\0')
        return LOTS_OK;
    const lots_map_column *from = find_column(source, name);
    lots_column *column;
    if (from == NULL)
        return lots_fail(err, LOTS_USAGE, "%s:%u: [%s]: there is no column '%s'", mapping->name, source->line,
                         source->section, name);
    *index = (int32_t)out->column_count;
    LOTS_TRY(lots_table_add_column(out, name, from->kind, &column, err));
    describe(mapping, from, column);
    return LOTS_OK;
}

/* Key and validity stand first, so that rows sorted by content are sorted by them. */
static lots_status add_table(const lots_mapping *mapping, const lots_map_source *source, lots_schema *out,
                             lots_error *err)
{
    const lots_map_table *table = &mapping->tables[source->index];
    lots_table_schema *added;
    int32_t at;
    LOTS_TRY(lots_schema_add_table(out, table->name, &added, err));
    LOTS_TRY(add_table_column(mapping, source, table->key, added, &added->key_column, err));
    LOTS_TRY(add_table_column(mapping, source, table->valid_from, added, &added->valid_from_column, err));
    LOTS_TRY(add_table_column(mapping, source, table->valid_to, added, &added->valid_to_column, err));
    for (uint32_t i = 0; i < source->column_count; i++) {
        const char *name = source->columns[i].name;
        if (strcmp(name, table->key) != 0 && strcmp(name, table->valid_from) != 0 &&
            strcmp(name, table->valid_to) != 0)
            LOTS_TRY(add_table_column(mapping, source, name, added, &at, err));
    }
    return LOTS_OK;
}

static lots_status add_systems(const lots_mapping *mapping, lots_schema *out, lots_error *err)
{
    for (uint32_t i = 0; i < mapping->system_count; i++) {
        const lots_code_system *system = &mapping->systems[i];
        lots_code_system *added;
        LOTS_TRY(lots_schema_add_system(out, system->name, system->form, &added, err));
        memcpy(added->version, system->version, sizeof added->version);
    }
    memcpy(out->id_kind, mapping->personnummer ? "personnummer" : "text", mapping->personnummer ? 13 : 5);
    return LOTS_OK;
}

static lots_status add_all(const lots_mapping *mapping, lots_schema *out, lots_error *err)
{
    LOTS_TRY(add_systems(mapping, out, err));
    for (uint32_t i = 0; i < mapping->stream_count; i++)
        LOTS_TRY(add_stream(mapping, i, out, err));
    for (uint32_t i = 0; i < mapping->source_count; i++)
        if (mapping->sources[i].target == LOTS_MAP_TABLE)
            LOTS_TRY(add_table(mapping, &mapping->sources[i], out, err));
    return lots_schema_validate(out, err);
}

lots_status lots_mapping_schema(const lots_mapping *mapping, lots_schema *out, lots_error *err)
{
    *out = (lots_schema){0};
    lots_status status = add_all(mapping, out, err);
    if (status != LOTS_OK)
        lots_schema_free(out);
    if (status == LOTS_USAGE && err != NULL && strncmp(err->text, mapping->name, strlen(mapping->name)) != 0)
        lots_error_context(err, "%s", mapping->name);
    return status;
}

/* ---- children ---- */

static lots_status add_child(const lots_mapping *mapping, const lots_map_source *source, uint32_t number,
                             lots_schema *out, lots_error *err)
{
    static const lots_map_stream no_level = {0};
    char name[32] = "child_";
    lots_stream *stream;
    lots_column *column;
    size_t at = 6;
    for (uint32_t shift = 1000; shift > 0; shift /= 10)
        name[at++] = (char)('0' + number / shift % 10);
    LOTS_TRY(lots_schema_add_stream(out, name, &stream, err));
    const lots_map_column *start = find_column(source, "start");
    stream->undated = start == NULL;
    if (start != NULL)
        LOTS_TRY(add_column(mapping, &no_level, start, stream, err));
    if (source->key.count > 0) {
        LOTS_TRY(lots_stream_add_column(stream, "id", LOTS_KIND_TEXT, &column, err));
        column->role = LOTS_ROLE_KEY;
    }
    LOTS_TRY(lots_stream_add_column(stream, LOTS_MAP_PARENT_KEY, LOTS_KIND_TEXT, &column, err));
    for (uint32_t i = 0; i < source->column_count; i++)
        if (source->columns[i].gather != LOTS_MAP_ORDER)
            LOTS_TRY(add_column(mapping, &no_level, &source->columns[i], stream, err));
    return LOTS_OK;
}

static lots_status add_children(const lots_mapping *mapping, lots_schema *out, lots_error *err)
{
    lots_stream *patients;
    uint32_t number = 0;
    LOTS_TRY(add_systems(mapping, out, err));
    LOTS_TRY(lots_schema_add_stream(out, "patients", &patients, err));
    for (uint32_t i = 0; i < mapping->source_count; i++)
        if (mapping->sources[i].target == LOTS_MAP_CHILD)
            LOTS_TRY(add_child(mapping, &mapping->sources[i], number++, out, err));
    return lots_schema_validate(out, err);
}

lots_status lots_mapping_children(const lots_mapping *mapping, lots_schema *out, lots_error *err)
{
    *out = (lots_schema){0};
    lots_status status = add_children(mapping, out, err);
    if (status != LOTS_OK)
        lots_schema_free(out);
    return status;
}
