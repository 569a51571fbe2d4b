/* schema_merge.c: the union of two schemas, for adding a delivery to a registry. What the registry has keeps its place;
 * what is new comes after, except the standard columns, which schema.h wants first. What both have must agree, since rows
 * already stored were read, ordered and settled by it. */
#include "core/base/memory.h"
#include "core/store/schema.h"

static bool is_standard(const lots_column *column)
{
    return column->role >= LOTS_ROLE_START && column->role <= LOTS_ROLE_KEY;
}

static lots_status check_agreement(const lots_column *base, const lots_column *more, lots_error *err)
{
    const char *what = NULL;
    if (base->kind != more->kind)
        return lots_fail(err, LOTS_USAGE, "column '%s' is a %s, the delivery has a %s", base->name,
                         lots_kind_name(base->kind), lots_kind_name(more->kind));
    if (base->scale != more->scale)
        what = "number of decimals";
    else if (strcmp(base->domain, more->domain) != 0)
        what = "domain";
    else if (base->role != more->role)
        what = "role";
    if (what != NULL)
        return lots_fail(err, LOTS_USAGE, "column '%s' has another %s in the delivery", base->name, what);
    return LOTS_OK;
}

/* One column of the union. A domain stays closed only while both say so: the delivery's values are loaded by its word. */
static void unite_column(lots_column *out, const lots_column *more)
{
    out->closed = out->closed && more->closed;
    if (out->system[0] == '\0')
        memcpy(out->system, more->system, sizeof out->system);
}

typedef struct column_list {
    const lots_column *columns;
    uint32_t count;
} column_list;

static const lots_column *find_in(column_list list, const char *name)
{
    for (uint32_t i = 0; i < list.count; i++)
        if (strcmp(list.columns[i].name, name) == 0)
            return &list.columns[i];
    return NULL;
}

/* All columns of `base`, then those only `more` has. */
static lots_status unite_columns(column_list base, column_list more, lots_column **out, uint32_t *out_count,
                                 lots_error *err)
{
    void *items;
    uint32_t count = base.count;
    LOTS_TRY(lots_alloc(&items, (size_t)base.count + more.count, sizeof(lots_column), err));
    lots_column *columns = items;
    *out = columns;
    if (base.count > 0)
        memcpy(columns, base.columns, base.count * sizeof *columns);
    for (uint32_t i = 0; i < more.count; i++)
        if (find_in(base, more.columns[i].name) == NULL)
            columns[count++] = more.columns[i];
    *out_count = count;
    for (uint32_t i = 0; i < base.count; i++) {
        const lots_column *other = find_in(more, columns[i].name);
        if (other == NULL)
            continue;
        LOTS_TRY(check_agreement(&columns[i], other, err));
        unite_column(&columns[i], other);
    }
    return LOTS_OK;
}

/* Bring start, minute, end, id to the front, in this order; the others keep theirs. An insertion sort is stable. */
static void front_standard(lots_column *columns, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        lots_column moved = columns[i];
        uint32_t at = i;
        if (!is_standard(&moved))
            continue;
        for (; at > 0 && (!is_standard(&columns[at - 1]) || columns[at - 1].role > moved.role); at--)
            columns[at] = columns[at - 1];
        columns[at] = moved;
    }
}

static lots_status unite_levels(lots_stream *out, const lots_stream *more, lots_error *err)
{
    for (uint32_t i = 0; i < more->level_count; i++) {
        const lots_level *level = &more->levels[i];
        lots_level *have = NULL;
        for (uint32_t j = 0; j < out->level_count && have == NULL; j++)
            if (strcmp(out->levels[j].value, level->value) == 0)
                have = &out->levels[j];
        if (have == NULL) {
            LOTS_TRY(lots_stream_add_level(out, level->value, &have, err));
            *have = *level;
        } else if (have->rank != level->rank || have->has_span != level->has_span ||
                   (have->has_span && have->span != level->span)) {
            return lots_fail(err, LOTS_USAGE, "level '%s' has another rank or span in the delivery", level->value);
        }
    }
    return LOTS_OK;
}

static lots_status check_streams_agree(const lots_stream *base, const lots_stream *more, lots_error *err)
{
    const char *what = NULL;
    if (base->span != more->span)
        what = "what a missing end means";
    else if (base->undated != more->undated)
        what = "whether it is dated";
    else if (base->ghost_days != more->ghost_days)
        what = "the bound for ghosts";
    if (what != NULL)
        return lots_fail(err, LOTS_USAGE, "registry and delivery differ in %s", what);
    return LOTS_OK;
}

/* `base` or `more` may be NULL, not both. What was made so far is in `out`, to be freed on failure too. */
static lots_status unite_stream(const lots_stream *base, const lots_stream *more, lots_stream *out, lots_error *err)
{
    static const lots_stream none = {0};
    const lots_stream *first = base != NULL ? base : more;
    const lots_stream *second = base != NULL && more != NULL ? more : &none;
    column_list have = {first->columns, first->column_count};
    column_list added = {second->columns, second->column_count};
    out->span = first->span;
    out->undated = first->undated;
    out->ghost_days = first->ghost_days;
    out->no_identity = first->no_identity || second->no_identity;
    if (second != &none)
        LOTS_TRY(check_streams_agree(first, second, err));
    LOTS_TRY(unite_columns(have, added, &out->columns, &out->column_count, err));
    front_standard(out->columns, out->column_count);
    LOTS_TRY(unite_levels(out, first, err));
    return unite_levels(out, second, err);
}

static lots_status add_united_stream(lots_schema *out, const lots_stream *base, const lots_stream *more,
                                     lots_error *err)
{
    lots_stream *stream;
    LOTS_TRY(lots_schema_add_stream(out, base != NULL ? base->name : more->name, &stream, err));
    lots_status status = unite_stream(base, more, stream, err);
    if (status != LOTS_OK)
        lots_error_context(err, "stream '%s'", stream->name);
    return status;
}

static lots_status unite_streams(const lots_schema *base, const lots_schema *more, lots_schema *out, lots_error *err)
{
    for (uint32_t i = 0; i < base->stream_count; i++) {
        const lots_stream *stream = &base->streams[i];
        int32_t other = lots_schema_find_stream(more, stream->name, strlen(stream->name));
        LOTS_TRY(add_united_stream(out, stream, other >= 0 ? &more->streams[other] : NULL, err));
    }
    for (uint32_t i = 0; i < more->stream_count; i++) {
        const lots_stream *stream = &more->streams[i];
        if (lots_schema_find_stream(base, stream->name, strlen(stream->name)) < 0)
            LOTS_TRY(add_united_stream(out, NULL, stream, err));
    }
    return LOTS_OK;
}

/* ---- systems and tables ---- */

/* The delivery's version of a classification is the later one. */
static lots_status unite_systems(const lots_schema *from, lots_schema *out, lots_error *err)
{
    for (uint32_t i = 0; i < from->system_count; i++) {
        const lots_code_system *system = &from->systems[i];
        int32_t at = lots_schema_find_system(out, system->name, strlen(system->name));
        lots_code_system *have = at >= 0 ? &out->systems[at] : NULL;
        if (have == NULL)
            LOTS_TRY(lots_schema_add_system(out, system->name, system->form, &have, err));
        if (have->form != system->form)
            return lots_fail(err, LOTS_USAGE, "code system '%s' is of form %s, the delivery says %s", system->name,
                             lots_code_form_name(have->form), lots_code_form_name(system->form));
        if (system->version[0] != '\0')
            memcpy(have->version, system->version, sizeof have->version);
    }
    return LOTS_OK;
}

/* The place in `out` of what is column `index` of `from`; -1 stays -1. */
static int32_t translate_column(const lots_table_schema *from, int32_t index, const lots_table_schema *out)
{
    for (uint32_t i = 0; index >= 0 && i < out->column_count; i++)
        if (strcmp(out->columns[i].name, from->columns[index].name) == 0)
            return (int32_t)i;
    return -1;
}

static lots_status unite_table(const lots_table_schema *base, const lots_table_schema *more, lots_table_schema *out,
                               lots_error *err)
{
    const lots_table_schema *first = base != NULL ? base : more;
    column_list have = {first->columns, first->column_count};
    column_list added = {NULL, 0};
    out->key_column = first->key_column;
    out->valid_from_column = first->valid_from_column;
    out->valid_to_column = first->valid_to_column;
    if (base != NULL && more != NULL)
        added = (column_list){more->columns, more->column_count};
    LOTS_TRY(unite_columns(have, added, &out->columns, &out->column_count, err));
    if (base != NULL && more != NULL && (translate_column(more, more->key_column, out) != out->key_column ||
                                         translate_column(more, more->valid_from_column, out) != out->valid_from_column ||
                                         translate_column(more, more->valid_to_column, out) != out->valid_to_column))
        return lots_fail(err, LOTS_USAGE, "registry and delivery differ in the key or in valid from and to");
    return LOTS_OK;
}

static lots_status add_united_table(lots_schema *out, const lots_table_schema *base, const lots_table_schema *more,
                                    lots_error *err)
{
    lots_table_schema *table;
    LOTS_TRY(lots_schema_add_table(out, base != NULL ? base->name : more->name, &table, err));
    lots_status status = unite_table(base, more, table, err);
    if (status != LOTS_OK)
        lots_error_context(err, "table '%s'", table->name);
    return status;
}

static lots_status unite_tables(const lots_schema *base, const lots_schema *more, lots_schema *out, lots_error *err)
{
    for (uint32_t i = 0; i < base->table_count; i++) {
        const lots_table_schema *table = &base->tables[i];
        int32_t other = lots_schema_find_table(more, table->name, strlen(table->name));
        LOTS_TRY(add_united_table(out, table, other >= 0 ? &more->tables[other] : NULL, err));
    }
    for (uint32_t i = 0; i < more->table_count; i++) {
        const lots_table_schema *table = &more->tables[i];
        if (lots_schema_find_table(base, table->name, strlen(table->name)) < 0)
            LOTS_TRY(add_united_table(out, NULL, table, err));
    }
    return LOTS_OK;
}

static lots_status unite(const lots_schema *base, const lots_schema *more, lots_schema *out, lots_error *err)
{
    const char *kind = base->id_kind[0] != '\0' ? base->id_kind : more->id_kind;
    if (more->id_kind[0] != '\0' && strcmp(kind, more->id_kind) != 0)
        return lots_fail(err, LOTS_USAGE, "ids of patients are of kind %s, in the delivery %s", kind, more->id_kind);
    memcpy(out->id_kind, kind, sizeof out->id_kind);
    LOTS_TRY(unite_systems(base, out, err));
    LOTS_TRY(unite_systems(more, out, err));
    LOTS_TRY(unite_streams(base, more, out, err));
    LOTS_TRY(unite_tables(base, more, out, err));
    return lots_schema_validate(out, err);
}

lots_status lots_schema_merge(const lots_schema *base, const lots_schema *more, lots_schema *out, lots_error *err)
{
    *out = (lots_schema){0};
    LOTS_TRY(lots_schema_validate(base, err));
    LOTS_TRY(lots_schema_validate(more, err));
    lots_status status = unite(base, more, out, err);
    if (status != LOTS_OK)
        lots_schema_free(out);
    return status;
}
