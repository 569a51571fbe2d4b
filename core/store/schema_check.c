/* schema_check.c: is a schema valid? One function a rule; the rules are schema.h's invariants and the table of standard
 * columns below. Reads plain data that may come from an image on disk: texts are zero-terminated, nothing else is
 * believed. Called by the schema files, ingest and the registry's writer. */
#include "core/store/schema_check.h"

#include <utf8proc.h>

static bool is_letter(int32_t character)
{
    if (character < 0x80)
        return (character >= 'a' && character <= 'z') || character == '_';
    switch (utf8proc_category(character)) {
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return true;
    default:
        return false;
    }
}

static lots_status check_length(const char *what, const char *text, lots_error *err)
{
    if (text[0] == '\0')
        return lots_fail(err, LOTS_USAGE, "a %s has an empty name", what);
    if (strlen(text) > LOTS_NAME_MAX)
        return lots_fail(err, LOTS_USAGE, "%s '%.80s…': the name has %zu bytes, at most %u are allowed", what, text,
                         strlen(text), LOTS_NAME_MAX);
    return LOTS_OK;
}

lots_status lots_schema_check_name(const char *what, const char *name, lots_error *err)
{
    LOTS_TRY(check_length(what, name, err));
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)name;
    for (bool first = true; *at != '\0'; first = false) {
        int32_t character;
        utf8proc_ssize_t bytes = utf8proc_iterate(at, -1, &character);
        bool digit = bytes == 1 && *at >= '0' && *at <= '9';
        if (bytes <= 0 || !(is_letter(character) || (digit && !first)))
            return lots_fail(err, LOTS_USAGE,
                             "%s '%s': a name is a lower-case word of letters, digits and _, not beginning with a digit",
                             what, name);
        at += bytes;
    }
    return LOTS_OK;
}

lots_status lots_schema_check_text(const char *what, const char *text, lots_error *err)
{
    LOTS_TRY(check_length(what, text, err));
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
    while (*at != '\0') {
        int32_t character;
        utf8proc_ssize_t bytes = utf8proc_iterate(at, -1, &character);
        if (bytes <= 0 || character < 0x20 || character == 0x7f)
            return lots_fail(err, LOTS_USAGE, "a %s holds a control character or bytes that are no UTF-8", what);
        at += bytes;
    }
    return LOTS_OK;
}

/* ---- columns ---- */

typedef enum place { PLACE_EVENTS, PLACE_PATIENTS } place;

/* What a role asks of its column. `name` NULL: any; else the name and the role go together. */
static const struct role_rule {
    lots_role role;
    lots_kind kind;
    place where;
    const char *name;
    const char *says;
} role_rules[] = {
    {LOTS_ROLE_START, LOTS_KIND_DATE, PLACE_EVENTS, "start", "start"},
    {LOTS_ROLE_MINUTE, LOTS_KIND_INT, PLACE_EVENTS, "minute", "minute"},
    {LOTS_ROLE_END, LOTS_KIND_DATE, PLACE_EVENTS, "end", "end"},
    {LOTS_ROLE_KEY, LOTS_KIND_TEXT, PLACE_EVENTS, "id", "record key"},
    {LOTS_ROLE_LEVEL, LOTS_KIND_CATEGORY, PLACE_EVENTS, NULL, "level"},
    {LOTS_ROLE_GHOST, LOTS_KIND_BOOL, PLACE_EVENTS, "ghost", "ghost"},
    {LOTS_ROLE_BIRTH, LOTS_KIND_DATE, PLACE_PATIENTS, NULL, "birth"},
    {LOTS_ROLE_DEATH, LOTS_KIND_DATE, PLACE_PATIENTS, NULL, "death"},
    {LOTS_ROLE_PROTECTED, LOTS_KIND_BOOL, PLACE_PATIENTS, NULL, "protected"},
    {LOTS_ROLE_NO_CONTACT, LOTS_KIND_BOOL, PLACE_PATIENTS, NULL, "no_contact"},
};
#define ROLE_RULES (sizeof role_rules / sizeof role_rules[0])

static const struct role_rule *rule_of(lots_role role)
{
    for (size_t i = 0; i < ROLE_RULES; i++)
        if (role_rules[i].role == role)
            return &role_rules[i];
    return NULL;
}

/* What is the same in streams and tables. */
static lots_status check_column(const lots_schema *schema, const lots_column *column, lots_error *err)
{
    const char *name = column->name;
    LOTS_TRY(lots_schema_check_name("column", name, err));
    if ((unsigned)column->kind >= LOTS_KIND_COUNT)
        return lots_fail(err, LOTS_USAGE, "column '%s': there is no kind %u", name, (unsigned)column->kind);
    if (column->scale > (column->kind == LOTS_KIND_DECIMAL ? 18 : 0))
        return lots_fail(err, LOTS_USAGE, "column '%s': a %s can't have %u decimals", name,
                         lots_kind_name(column->kind), column->scale);
    if (column->closed && column->kind != LOTS_KIND_CATEGORY)
        return lots_fail(err, LOTS_USAGE, "column '%s': only a category can be closed", name);
    if ((column->domain[0] != '\0') != (column->kind == LOTS_KIND_CATEGORY))
        return lots_fail(err, LOTS_USAGE, "column '%s': a category and nothing else has a domain", name);
    if (column->domain[0] != '\0')
        LOTS_TRY(lots_schema_check_name("domain", column->domain, err));
    if (column->system[0] == '\0')
        return LOTS_OK;
    if (column->kind != LOTS_KIND_CODE && column->kind != LOTS_KIND_CODES)
        return lots_fail(err, LOTS_USAGE, "column '%s': only codes have a code system", name);
    if (lots_schema_find_system(schema, column->system, strlen(column->system)) < 0)
        return lots_fail(err, LOTS_USAGE, "column '%s': code system '%s' is not declared", name, column->system);
    return LOTS_OK;
}

static lots_status check_unique(const lots_column *columns, uint32_t count, lots_error *err)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(columns[i].name, columns[j].name) == 0)
                return lots_fail(err, LOTS_USAGE, "column '%s' is declared twice", columns[i].name);
    return LOTS_OK;
}

static lots_status check_columns(const lots_schema *schema, const lots_column *columns, uint32_t count,
                                 lots_error *err)
{
    if (count > LOTS_COLUMNS_MAX)
        return lots_fail(err, LOTS_USAGE, "%u columns, at most %u are allowed", count, LOTS_COLUMNS_MAX);
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(check_column(schema, &columns[i], err));
    return check_unique(columns, count, err);
}

/* ---- streams ---- */

static lots_status check_role(const lots_stream *stream, uint32_t index, place where, lots_error *err)
{
    const lots_column *column = &stream->columns[index];
    const struct role_rule *rule = rule_of(column->role);
    if (rule == NULL)
        return lots_fail(err, LOTS_USAGE, "column '%s': there is no role %u", column->name, (unsigned)column->role);
    if (rule->where != where)
        return lots_fail(err, LOTS_USAGE, "column '%s': the role of %s has no place %s", column->name, rule->says,
                         where == PLACE_PATIENTS ? "in patients" : "outside patients");
    if (rule->kind != column->kind)
        return lots_fail(err, LOTS_USAGE, "column '%s': as %s it must be a %s, not a %s", column->name, rule->says,
                         lots_kind_name(rule->kind), lots_kind_name(column->kind));
    if (rule->name != NULL && strcmp(rule->name, column->name) != 0)
        return lots_fail(err, LOTS_USAGE, "column '%s': the %s of a stream is named '%s'", column->name, rule->says,
                         rule->name);
    if (lots_stream_find_role(stream, column->role) != (int32_t)index)
        return lots_fail(err, LOTS_USAGE, "column '%s': the stream has two columns as %s", column->name, rule->says);
    return LOTS_OK;
}

/* In event streams the standard names mean what the language takes them to mean. */
static lots_status check_reserved(const lots_column *column, lots_error *err)
{
    for (size_t i = 0; i < ROLE_RULES; i++)
        if (role_rules[i].name != NULL && strcmp(role_rules[i].name, column->name) == 0)
            return lots_fail(err, LOTS_USAGE, "column '%s': the name is kept for the %s of a stream", column->name,
                             role_rules[i].says);
    return LOTS_OK;
}

/* start, minute, end, id come first, in this order. The roles are numbered so that order is <. */
static lots_status check_standard_order(const lots_stream *stream, lots_error *err)
{
    lots_role last = LOTS_ROLE_NONE;
    bool over = false;
    for (uint32_t i = 0; i < stream->column_count; i++) {
        lots_role role = stream->columns[i].role;
        bool standard = role >= LOTS_ROLE_START && role <= LOTS_ROLE_KEY;
        if (standard && (over || role < last))
            return lots_fail(err, LOTS_USAGE, "column '%s': start, minute, end and id come first, in this order",
                             stream->columns[i].name);
        over = over || !standard;
        last = standard ? role : last;
    }
    return LOTS_OK;
}

static lots_status check_levels(const lots_stream *stream, lots_error *err)
{
    if (stream->level_count > LOTS_LEVELS_MAX)
        return lots_fail(err, LOTS_USAGE, "%u levels, at most %u are allowed", stream->level_count, LOTS_LEVELS_MAX);
    if (stream->level_count > 0 && lots_stream_find_role(stream, LOTS_ROLE_LEVEL) < 0)
        return lots_fail(err, LOTS_USAGE, "levels are declared, but no column has the role of level");
    for (uint32_t i = 0; i < stream->level_count; i++) {
        const lots_level *level = &stream->levels[i];
        LOTS_TRY(lots_schema_check_text("level", level->value, err));
        if ((unsigned)level->span > LOTS_SPAN_OPEN)
            return lots_fail(err, LOTS_USAGE, "level '%s': there is no span %u", level->value, (unsigned)level->span);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(level->value, stream->levels[j].value) == 0)
                return lots_fail(err, LOTS_USAGE, "level '%s' is declared twice", level->value);
    }
    return LOTS_OK;
}

static bool may_be_open(const lots_stream *stream)
{
    bool open = stream->span == LOTS_SPAN_OPEN;
    for (uint32_t i = 0; i < stream->level_count; i++)
        open = open || (stream->levels[i].has_span && stream->levels[i].span == LOTS_SPAN_OPEN);
    return open;
}

/* What an event stream has beside its columns. */
static lots_status check_dates(const lots_stream *stream, lots_error *err)
{
    bool dated = lots_stream_find_role(stream, LOTS_ROLE_START) >= 0;
    if (stream->column_count == 0)
        return lots_fail(err, LOTS_USAGE, "no columns");
    if (dated == stream->undated)
        return lots_fail(err, LOTS_USAGE, dated ? "it is declared undated, but has a start"
                                                : "no column is the start, and it is not declared undated");
    if (!dated && (lots_stream_find_role(stream, LOTS_ROLE_MINUTE) >= 0 ||
                   lots_stream_find_role(stream, LOTS_ROLE_END) >= 0))
        return lots_fail(err, LOTS_USAGE, "an undated stream has neither minute nor end");
    if (lots_stream_find_role(stream, LOTS_ROLE_GHOST) >= 0 && (!dated || !may_be_open(stream)))
        return lots_fail(err, LOTS_USAGE, "it has ghosts, but none of its spans is open");
    return check_standard_order(stream, err);
}

static lots_status check_stream(const lots_schema *schema, const lots_stream *stream, place where, lots_error *err)
{
    LOTS_TRY(lots_schema_check_name("stream", stream->name, err));
    LOTS_TRY(check_columns(schema, stream->columns, stream->column_count, err));
    if ((unsigned)stream->span > LOTS_SPAN_OPEN)
        return lots_fail(err, LOTS_USAGE, "there is no span %u", (unsigned)stream->span);
    if (stream->ghost_days < 0)
        return lots_fail(err, LOTS_USAGE, "a bound of %d days for ghosts", stream->ghost_days);
    for (uint32_t i = 0; i < stream->column_count; i++)
        if (stream->columns[i].role != LOTS_ROLE_NONE)
            LOTS_TRY(check_role(stream, i, where, err));
        else if (where == PLACE_EVENTS)
            LOTS_TRY(check_reserved(&stream->columns[i], err));
    LOTS_TRY(check_levels(stream, err));
    return where == PLACE_EVENTS ? check_dates(stream, err) : LOTS_OK;
}

static lots_status check_streams(const lots_schema *schema, lots_error *err)
{
    if (schema->stream_count > LOTS_STREAMS_MAX)
        return lots_fail(err, LOTS_USAGE, "%u streams, at most %u are allowed", schema->stream_count,
                         LOTS_STREAMS_MAX);
    for (uint32_t i = 0; i < schema->stream_count; i++) {
        const lots_stream *stream = &schema->streams[i];
        if ((i == 0) != (strcmp(stream->name, "patients") == 0))
            return lots_fail(err, LOTS_USAGE, "the first stream and no other is patients, not '%s'", stream->name);
        lots_status status = check_stream(schema, stream, i == 0 ? PLACE_PATIENTS : PLACE_EVENTS, err);
        if (status != LOTS_OK) {
            lots_error_context(err, "stream '%s'", stream->name);
            return status;
        }
        if (lots_schema_find_stream(schema, stream->name, strlen(stream->name)) != (int32_t)i)
            return lots_fail(err, LOTS_USAGE, "stream '%s' is declared twice", stream->name);
    }
    return LOTS_OK;
}

/* ---- systems and tables ---- */

static lots_status check_systems(const lots_schema *schema, lots_error *err)
{
    if (schema->system_count > LOTS_SYSTEMS_MAX)
        return lots_fail(err, LOTS_USAGE, "%u code systems, at most %u are allowed", schema->system_count,
                         LOTS_SYSTEMS_MAX);
    for (uint32_t i = 0; i < schema->system_count; i++) {
        const lots_code_system *system = &schema->systems[i];
        LOTS_TRY(lots_schema_check_name("code system", system->name, err));
        if ((unsigned)system->form > LOTS_CODE_KVA)
            return lots_fail(err, LOTS_USAGE, "code system '%s': there is no form %u", system->name,
                             (unsigned)system->form);
        if (system->version[0] != '\0')
            LOTS_TRY(lots_schema_check_text("version of a code system", system->version, err));
        if (i > 0 && strcmp(schema->systems[i - 1].name, system->name) >= 0)
            return lots_fail(err, LOTS_USAGE, "code system '%s' is not after '%s': they are kept by name", system->name,
                             schema->systems[i - 1].name);
    }
    return LOTS_OK;
}

static lots_status check_validity(const lots_table_schema *table, int32_t column, const char *says, lots_error *err)
{
    if (column < -1 || column >= (int32_t)table->column_count)
        return lots_fail(err, LOTS_USAGE, "%s is column %d of %u", says, column, table->column_count);
    if (column >= 0 && table->columns[column].kind != LOTS_KIND_DATE)
        return lots_fail(err, LOTS_USAGE, "column '%s': as %s it must be a date", table->columns[column].name, says);
    return LOTS_OK;
}

static lots_status check_key(const lots_table_schema *table, lots_error *err)
{
    int32_t key = table->key_column;
    if (key < -1 || key >= (int32_t)table->column_count)
        return lots_fail(err, LOTS_USAGE, "the key is column %d of %u", key, table->column_count);
    if (key < 0)
        return LOTS_OK;
    lots_kind kind = table->columns[key].kind;
    if (kind != LOTS_KIND_CATEGORY && kind != LOTS_KIND_CODE && kind != LOTS_KIND_TEXT && kind != LOTS_KIND_INT)
        return lots_fail(err, LOTS_USAGE, "column '%s': a key is a category, code, text or int, not a %s",
                         table->columns[key].name, lots_kind_name(kind));
    return LOTS_OK;
}

static lots_status check_table(const lots_schema *schema, const lots_table_schema *table, lots_error *err)
{
    LOTS_TRY(lots_schema_check_name("table", table->name, err));
    LOTS_TRY(check_columns(schema, table->columns, table->column_count, err));
    if (table->column_count == 0)
        return lots_fail(err, LOTS_USAGE, "no columns");
    for (uint32_t i = 0; i < table->column_count; i++)
        if (table->columns[i].role != LOTS_ROLE_NONE)
            return lots_fail(err, LOTS_USAGE, "column '%s': columns of tables have no roles", table->columns[i].name);
    LOTS_TRY(check_key(table, err));
    LOTS_TRY(check_validity(table, table->valid_from_column, "valid from", err));
    LOTS_TRY(check_validity(table, table->valid_to_column, "valid to", err));
    if (table->valid_from_column >= 0 && table->valid_from_column == table->valid_to_column)
        return lots_fail(err, LOTS_USAGE, "column '%s' is both valid from and valid to",
                         table->columns[table->valid_from_column].name);
    return LOTS_OK;
}

static lots_status check_tables(const lots_schema *schema, lots_error *err)
{
    if (schema->table_count > LOTS_TABLES_MAX)
        return lots_fail(err, LOTS_USAGE, "%u tables, at most %u are allowed", schema->table_count, LOTS_TABLES_MAX);
    for (uint32_t i = 0; i < schema->table_count; i++) {
        const lots_table_schema *table = &schema->tables[i];
        lots_status status = check_table(schema, table, err);
        if (status != LOTS_OK) {
            lots_error_context(err, "table '%s'", table->name);
            return status;
        }
        if (lots_schema_find_table(schema, table->name, strlen(table->name)) != (int32_t)i)
            return lots_fail(err, LOTS_USAGE, "table '%s' is declared twice", table->name);
    }
    return LOTS_OK;
}

lots_status lots_schema_validate(const lots_schema *schema, lots_error *err)
{
    if (schema->stream_count > 0 && strcmp(schema->id_kind, "text") != 0 &&
        strcmp(schema->id_kind, "personnummer") != 0)
        return lots_fail(err, LOTS_USAGE, "ids of patients are of kind text or personnummer, not '%s'",
                         schema->id_kind);
    LOTS_TRY(check_systems(schema, err));
    LOTS_TRY(check_streams(schema, err));
    return check_tables(schema, err);
}
