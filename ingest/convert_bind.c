/* convert_bind.c: a source's names of columns → places among a file's fields, once a file. See convert.h. */
#include <stdlib.h>

#include "ingest/convert_inner.h"

typedef struct bind_job {
    lots_arena *arena;
    const lots_mapping *mapping;
    const lots_map_source *source;
    const lots_rows *rows;
    const char *file_name;
    lots_error *err;
} bind_job;

/* Keep what was found in the arena. */
static lots_status keep_fields(const bind_job *job, const lots_vec *found, lots_bound_fields *out)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(job->arena, &room, found->count, sizeof(uint32_t), job->err));
    if (found->count > 0)
        memcpy(room, found->data, found->count * sizeof(uint32_t));
    *out = (lots_bound_fields){room, (uint32_t)found->count};
    return LOTS_OK;
}

static lots_status bind_terms(const bind_job *job, const lots_map_term *terms, uint32_t count, uint32_t line,
                              lots_bound_fields *out)
{
    lots_vec found = LOTS_VEC(uint32_t);
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; status == LOTS_OK && i < count; i++)
        status = lots_rows_find(job->rows, &terms[i], &found, job->err);
    if (status == LOTS_OK)
        status = keep_fields(job, &found, out);
    else if (status == LOTS_USAGE)
        lots_error_context(job->err, "%s:%u: '%s'", job->mapping->name, line, job->file_name);
    lots_vec_free(&found);
    return status;
}

static const char *term_text(const lots_map_term *term)
{
    if (term->pick_count == 0)
        return "?";
    return term->picks[0].pattern != NULL ? term->picks[0].pattern->text : term->picks[0].name;
}

static lots_status fail_absent(const bind_job *job, const lots_map_term *term, uint32_t line, const char *what)
{
    lots_status status = lots_fail(job->err, LOTS_USAGE, "%s:%u: %s: '%s' has no column '%s'%s", job->mapping->name,
                                   line, what, job->file_name, term_text(term),
                                   term->pick_count > 1 ? " nor any of its other names" : "");
    lots_bytes names = {0};
    for (uint32_t i = 0; i < lots_rows_column_count(job->rows) && names.count < 300; i++)
        if (lots_bytes_printf(&names, NULL, "%s%s", i == 0 ? "" : ", ", lots_rows_column_name(job->rows, i)) != LOTS_OK)
            break;
    lots_error_hint(job->err, "its columns are: %.*s", (int)names.count, names.count == 0 ? "" : (const char *)names.data);
    lots_bytes_free(&names);
    return status;
}

/* One term that the file must have. */
static lots_status bind_needed(const bind_job *job, const lots_map_term *term, const char *what,
                               lots_bound_fields *out)
{
    LOTS_TRY(bind_terms(job, term, 1, job->source->line, out));
    return out->count > 0 ? LOTS_OK : fail_absent(job, term, job->source->line, what);
}

static lots_status bind_list(const bind_job *job, const lots_map_terms *terms, const char *what,
                             lots_bound_fields **out)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(job->arena, &room, terms->count, sizeof **out, job->err));
    *out = room;
    for (uint32_t i = 0; i < terms->count; i++)
        LOTS_TRY(bind_needed(job, &terms->items[i], what, &(*out)[i]));
    return LOTS_OK;
}

static lots_status bind_conditions(const bind_job *job, const lots_map_conditions *map, uint32_t line,
                                   const char *what, uint32_t memo, lots_bound_conditions *out)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(job->arena, &room, map->count, sizeof *out->items, job->err));
    *out = (lots_bound_conditions){room, map->count};
    for (uint32_t i = 0; i < map->count; i++) {
        out->items[i].map = &map->items[i];
        out->items[i].memo = memo == UINT32_MAX ? memo : memo + i;
        LOTS_TRY(bind_terms(job, &map->items[i].term, 1, line, &out->items[i].fields));
        if (out->items[i].fields.count == 0)
            return fail_absent(job, &map->items[i].term, line, what);
    }
    return LOTS_OK;
}

/* ---- columns ---- */

static void choose_rules(const lots_map_source *source, lots_bound_column *out)
{
    const lots_map_column *map = out->map;
    out->dates = source->dates;
    if (map->has_dates) {
        memcpy(out->dates.forms, map->dates.forms, sizeof out->dates.forms);
        out->dates.form_count = map->dates.form_count;
    }
    if (map->has_fill)
        out->dates.fill = map->dates.fill;
    out->number = source->number;
    out->number.scale = map->number.scale;
    out->number.round = map->number.round;
    out->missing = map->has_missing ? &map->missing : &source->missing;
}

static lots_status bind_names(const bind_job *job, lots_bound_column *out)
{
    const lots_map_column *map = out->map;
    LOTS_TRY(bind_terms(job, map->from.items, map->from.count, map->line, &out->from));
    out->absent = out->from.count == 0 && map->constant == NULL;
    if (out->absent && !map->optional)
        return fail_absent(job, &map->from.items[0], map->line, map->name);
    if (out->absent)
        return LOTS_OK;
    if (map->system_from.pick_count > 0) {
        LOTS_TRY(bind_terms(job, &map->system_from, 1, map->line, &out->system_from));
        if (out->system_from.count == 0)
            return fail_absent(job, &map->system_from, map->line, map->name);
    }
    if (map->label.pick_count > 0)
        LOTS_TRY(bind_terms(job, &map->label, 1, map->line, &out->label));
    return bind_conditions(job, &map->when, map->line, map->name, UINT32_MAX, &out->when);
}

static uint32_t find_column(const lots_load_target *target, const char *name)
{
    for (uint32_t i = 0; i < target->column_count; i++)
        if (strcmp(target->columns[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

static lots_status bind_column(const bind_job *job, const lots_load_target *target, const lots_map_column *map,
                               lots_bound_column *out)
{
    const lots_map_source *source = job->source;
    *out = (lots_bound_column){.map = map, .kind = map->kind, .field = UINT32_MAX, .column = UINT32_MAX, .domain = UINT32_MAX,
                               .memo = source->first_memo + source->keep.count + (uint32_t)(map - source->columns)};
    choose_rules(job->source, out);
    lots_number_rule number = out->number;
    if (lots_number_rule_check(&number, job->err) != LOTS_OK) {
        lots_error_context(job->err, "%s:%u", job->mapping->name, map->line);
        return LOTS_USAGE;
    }
    LOTS_TRY(bind_names(job, out));
    if (target->columns == NULL)
        return LOTS_OK;
    out->column = find_column(target, map->name);
    if (out->column == UINT32_MAX)
        return lots_fail(job->err, LOTS_INTERNAL, "column '%s' of [%s] is not in its target", map->name,
                         job->source->section);
    out->role = target->columns[out->column].role;
    out->domain = target->domains[out->column];
    out->plain = lots_plain_of(out);
    if (out->plain != LOTS_PLAIN_NONE)
        out->field = out->from.items[0];
    out->skipped = out->plain != LOTS_PLAIN_NONE && !map->required;
    return LOTS_OK;
}

/* The start first: code systems may depend on it. */
static lots_status bind_columns(const bind_job *job, lots_reading *reading)
{
    const lots_map_source *source = job->source;
    void *room;
    LOTS_TRY(lots_arena_alloc(job->arena, &room, source->column_count, sizeof *reading->columns, job->err));
    reading->columns = room;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < source->column_count; i++) {
            bool first = strcmp(source->columns[i].name, "start") == 0;
            if (first == (pass == 0))
                LOTS_TRY(bind_column(job, reading->target, &source->columns[i],
                                     &reading->columns[reading->column_count++]));
        }
    return LOTS_OK;
}

static void describe_stream(lots_reading *reading, const lots_mapping *mapping)
{
    const lots_map_source *source = reading->source;
    const lots_load_target *target = reading->target;
    reading->key_column = reading->parent_column = reading->end_column = UINT32_MAX;
    reading->personnummer = mapping->personnummer;
    reading->reference = mapping->until;
    if (target->stream == NULL)
        return;
    reading->key_column = find_column(target, "id");
    if (target->kind == LOTS_MAP_CHILD) {
        reading->parent_column = find_column(target, LOTS_MAP_PARENT_KEY);
        reading->may_lack_start = true;
        return;
    }
    reading->may_lack_start = mapping->streams[source->index].may_lack_start || target->stream->undated;
    int32_t end = lots_stream_find_role(target->stream, LOTS_ROLE_END);
    reading->end_column = end < 0 ? UINT32_MAX : (uint32_t)end;
}

static lots_status bind(const bind_job *job, lots_reading *reading)
{
    const lots_map_source *source = job->source;
    describe_stream(reading, job->mapping);
    if (source->patient.pick_count > 0)
        LOTS_TRY(bind_needed(job, &source->patient, "patient", &reading->patient));
    LOTS_TRY(bind_list(job, &source->key, "key", &reading->key));
    LOTS_TRY(bind_list(job, &source->parent, "parent", &reading->parent));
    LOTS_TRY(bind_conditions(job, &source->keep, source->line, "keep", source->first_memo, &reading->keep));
    return bind_columns(job, reading);
}

lots_status lots_reading_bind(lots_reading **out, lots_arena *arena, const lots_mapping *mapping,
                              const lots_map_source *source, const lots_load_target *target, uint32_t target_number,
                              const lots_rows *rows, uint32_t file, const char *file_name, lots_error *err)
{
    const bind_job job = {arena, mapping, source, rows, file_name, err};
    void *room;
    LOTS_TRY(lots_arena_alloc(arena, &room, 1, sizeof **out, err));
    *out = room;
    **out = (lots_reading){.source = source, .target = target, .target_number = target_number, .file = file,
                           .file_name = file_name};
    return bind(&job, *out);
}
