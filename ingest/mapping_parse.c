/* mapping_parse.c: a mapping's text → lots_mapping: sections, the order of them, and what a section must have. Settings
 * are in mapping_setting.c, columns in mapping_column.c. A key that is no setting of its section is a column, where the
 * section has columns; `column NAME = …` is always one. */
#include "core/base/memory.h"
#include "core/base/os.h"
#include "ingest/mapping_inner.h"

enum { MAPPING_BYTES_MAX = 1 << 20 };

static const char *const headings[] = {"registry", "system", "patients", "stream", "source", "child",
                                       "table",    "labels", "hierarchy", NULL};

typedef struct parse_job {
    lots_mapping *mapping;
    lots_map_section section;
    lots_ini_entry *entries;
    size_t entry_count;
    size_t *seen;           /* of the section: entries of settings, to refuse a repeated one */
    size_t seen_count;
    const lots_ini_entry *heading;
    lots_error *err;
} parse_job;

static lots_status fail_heading(const parse_job *job, const char *what, const char *name)
{
    return lots_fail(job->err, LOTS_USAGE, "%s:%u: [%s]: %s%s", job->mapping->name, job->heading->line,
                     job->heading->section, what, name);
}

/* ---- headings ---- */

/* The blank-separated words of a heading. */
static lots_status split_heading(parse_job *job, char *words[3], uint32_t *count)
{
    char *at;
    LOTS_TRY(lots_arena_text(&job->mapping->arena, &at, job->heading->section, strlen(job->heading->section),
                             job->err));
    *count = 0;
    for (;;) {
        while (*at == ' ' || *at == '\t')
            *at++ = '\0';
        if (*at == '\0')
            return LOTS_OK;
        if (*count == 3)
            return fail_heading(job, "more words than a section has", "");
        words[(*count)++] = at;
        while (*at != '\0' && *at != ' ' && *at != '\t')
            at++;
    }
}

static lots_status set_name(const parse_job *job, char out[LOTS_NAME_MAX + 1], const char *name)
{
    if (strlen(name) > LOTS_NAME_MAX)
        return fail_heading(job, "a name has at most 63 bytes", "");
    memcpy(out, name, strlen(name) + 1);
    return LOTS_OK;
}

static lots_status add_source(parse_job *job, lots_map_target target, uint32_t index, char *name)
{
    lots_mapping *mapping = job->mapping;
    lots_map_source *source;
    LOTS_TRY(lots_map_push(&mapping->arena, &mapping->sources, &mapping->source_count, sizeof *source, &source,
                           job->err));
    *source = (lots_map_source){.name = name, .section = job->heading->section, .line = job->heading->line,
                                .target = target, .index = index};
    source->dates.forms[0] = LOTS_DATE_ISO;
    source->dates.forms[1] = LOTS_DATE_YMD;
    source->dates.form_count = 2;
    job->section.source = source;
    return LOTS_OK;
}

static uint32_t find_stream(const lots_mapping *mapping, const char *name)
{
    for (uint32_t i = 0; i < mapping->stream_count; i++)
        if (strcmp(mapping->streams[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

static lots_status begin_system(parse_job *job, const char *name)
{
    lots_mapping *mapping = job->mapping;
    lots_code_system *system;
    if (lots_map_find_system(mapping, name) != UINT32_MAX)
        return fail_heading(job, "the code system is declared twice", "");
    LOTS_TRY(lots_map_push(&mapping->arena, &mapping->systems, &mapping->system_count, sizeof *system, &system,
                           job->err));
    job->section.system = mapping->system_count - 1;
    return set_name(job, system->name, name);
}

static lots_status begin_stream(parse_job *job, char *name)
{
    lots_mapping *mapping = job->mapping;
    lots_map_stream *stream;
    if (find_stream(mapping, name) != UINT32_MAX)
        return fail_heading(job, "the stream is declared twice; more files for it go in [source NAME more]", "");
    LOTS_TRY(lots_map_push(&mapping->arena, &mapping->streams, &mapping->stream_count, sizeof *stream, &stream,
                           job->err));
    stream->line = job->heading->line;
    job->section.stream = stream;
    LOTS_TRY(set_name(job, stream->name, name));
    return add_source(job, LOTS_MAP_STREAM, mapping->stream_count - 1, "");
}

/* [source STREAM NAME] and [child STREAM NAME] */
static lots_status begin_more(parse_job *job, lots_map_target target, const char *stream, char *name)
{
    uint32_t index = find_stream(job->mapping, stream);
    if (index == UINT32_MAX)
        return fail_heading(job, "there is no such stream above: ", stream);
    if (target == LOTS_MAP_CHILD && index == 0)
        return fail_heading(job, "children belong to a stream's records; patients take another [source patients NAME]",
                            "");
    return add_source(job, target, index, name);
}

static lots_status begin_table(parse_job *job, char *name)
{
    lots_mapping *mapping = job->mapping;
    lots_map_table *table;
    for (uint32_t i = 0; i < mapping->table_count; i++)
        if (strcmp(mapping->tables[i].name, name) == 0)
            return fail_heading(job, "the table is declared twice", "");
    LOTS_TRY(lots_map_push(&mapping->arena, &mapping->tables, &mapping->table_count, sizeof *table, &table, job->err));
    table->line = job->heading->line;
    job->section.table = table;
    LOTS_TRY(set_name(job, table->name, name));
    return add_source(job, LOTS_MAP_TABLE, mapping->table_count - 1, "");
}

/* [labels SYSTEM] and [hierarchy SYSTEM] */
static lots_status begin_codes(parse_job *job, lots_map_target target, const char *system, char *name)
{
    uint32_t index = lots_map_find_system(job->mapping, system);
    if (index == UINT32_MAX)
        return fail_heading(job, "there is no such code system above: ", system);
    return add_source(job, target, index, name);
}

static lots_status begin_section(parse_job *job)
{
    char *words[3] = {"", "", ""};
    uint32_t count;
    unsigned kind = 0;
    job->section = (lots_map_section){.mapping = job->mapping};
    job->seen_count = 0;
    LOTS_TRY(split_heading(job, words, &count));
    for (unsigned i = 0; headings[i] != NULL; i++)
        if (strcmp(words[0], headings[i]) == 0)
            kind = 1u << i;
    job->section.kind = kind;
    if (kind == 0) {
        lots_status status = fail_heading(job, "there is no such section", "");
        lots_map_suggest(job->err, words[0], headings);
        return status;
    }
    uint32_t wanted = kind == LOTS_SECTION_REGISTRY || kind == LOTS_SECTION_PATIENTS     ? 1
                      : kind == LOTS_SECTION_SOURCE || kind == LOTS_SECTION_CHILD ? 3
                                                                                   : 2;
    bool may_be_named = kind == LOTS_SECTION_LABELS || kind == LOTS_SECTION_HIERARCHY;
    if (count != wanted && !(may_be_named && count == 3))
        return fail_heading(job, wanted == 1   ? "nothing comes after this word"
                                 : wanted == 2 ? "one name comes after this word"
                                               : "a stream and a name of the source come after this word",
                            "");
    switch (kind) {
    case LOTS_SECTION_SYSTEM:
        return begin_system(job, words[1]);
    case LOTS_SECTION_PATIENTS:
        return begin_more(job, LOTS_MAP_STREAM, "patients", "");
    case LOTS_SECTION_STREAM:
        return begin_stream(job, words[1]);
    case LOTS_SECTION_SOURCE:
        return begin_more(job, LOTS_MAP_STREAM, words[1], words[2]);
    case LOTS_SECTION_CHILD:
        return begin_more(job, LOTS_MAP_CHILD, words[1], words[2]);
    case LOTS_SECTION_TABLE:
        return begin_table(job, words[1]);
    case LOTS_SECTION_LABELS:
        return begin_codes(job, LOTS_MAP_LABELS, words[1], words[2]);
    case LOTS_SECTION_HIERARCHY:
        return begin_codes(job, LOTS_MAP_HIERARCHY, words[1], words[2]);
    default:
        return LOTS_OK;
    }
}

/* ---- keys ---- */

static lots_status check_repeated(parse_job *job, size_t index)
{
    const lots_ini_entry *entry = &job->entries[index];
    for (size_t i = 0; i < job->seen_count; i++) {
        const lots_ini_entry *other = &job->entries[job->seen[i]];
        if (strcmp(other->key, entry->key) == 0)
            return lots_fail(job->err, LOTS_USAGE, "%s:%u: %s: written twice in this section (first in line %u)",
                             job->mapping->name, entry->line, entry->key, other->line);
    }
    job->seen[job->seen_count++] = index;
    return LOTS_OK;
}

static lots_status fail_key(const parse_job *job, const lots_ini_entry *entry)
{
    lots_status status = lots_fail(job->err, LOTS_USAGE, "%s:%u: %s: no setting of [%s]", job->mapping->name,
                                   entry->line, entry->key, job->heading == NULL ? "" : job->heading->section);
    lots_map_suggest(job->err, entry->key, lots_map_settings);
    return status;
}

/* A value that is no column's is more often a misspelt setting's than a column's with a misspelt kind. */
static lots_status read_as_column(parse_job *job, const lots_ini_entry *entry, const char *name)
{
    const char *value = entry->value;
    lots_status status = lots_map_read_column(job->mapping, job->section.source, name, entry->line, value, job->err);
    if (status == LOTS_USAGE && job->err != NULL && job->err->hint[0] == '\0' && strstr(value, " from ") == NULL &&
        strstr(value, " const ") == NULL)
        lots_map_suggest(job->err, name, lots_map_settings);
    return status;
}

static lots_status read_entry(parse_job *job, size_t index)
{
    const unsigned with_columns = LOTS_SECTION_PATIENTS | LOTS_SECTION_STREAM | LOTS_SECTION_SOURCE |
                                  LOTS_SECTION_CHILD | LOTS_SECTION_TABLE;
    const lots_ini_entry *entry = &job->entries[index];
    lots_map_reader reader;
    bool found;
    LOTS_TRY(check_repeated(job, index));
    if (strncmp(entry->key, "column ", 7) == 0 && (job->section.kind & with_columns) != 0)
        return read_as_column(job, entry, entry->key + 7 + strspn(entry->key + 7, " \t"));
    LOTS_TRY(lots_map_reader_open(&reader, job->mapping, entry->line, entry->key, entry->value, job->err));
    LOTS_TRY(lots_map_read_setting(&job->section, &reader, &found));
    if (found)
        return LOTS_OK;
    return (job->section.kind & with_columns) != 0 ? read_as_column(job, entry, entry->key) : fail_key(job, entry);
}

/* ---- what a section must have ---- */

static lots_status fail_source(const parse_job *job, const lots_map_source *source, const char *what)
{
    return lots_fail(job->err, LOTS_USAGE, "%s:%u: [%s]: %s", job->mapping->name, source->line, source->section, what);
}

static bool has_column(const lots_map_source *source, const char *name)
{
    for (uint32_t i = 0; i < source->column_count; i++)
        if (strcmp(source->columns[i].name, name) == 0)
            return true;
    return false;
}

static bool is_split(const lots_mapping *mapping, const lots_map_source *source)
{
    for (uint32_t i = 0; i < mapping->source_count; i++) {
        const lots_map_source *other = &mapping->sources[i];
        if (other != source && other->target == LOTS_MAP_STREAM && other->index == source->index &&
            other->files.count > 0)
            return true;
    }
    return false;
}

static lots_status check_source(const parse_job *job, const lots_map_source *source)
{
    const lots_mapping *mapping = job->mapping;
    if (source->files.count == 0) {
        bool bare = source->target == LOTS_MAP_STREAM && source->name[0] == '\0' && source->column_count == 0;
        return bare && is_split(mapping, source) ? LOTS_OK : fail_source(job, source, "it names no file");
    }
    if (source->table != NULL && source->query != NULL)
        return fail_source(job, source, "either a table or a query");
    if ((source->target == LOTS_MAP_STREAM || source->target == LOTS_MAP_CHILD) && source->patient.pick_count == 0)
        return fail_source(job, source, "it says not which column holds the patient (patient = …)");
    if (source->target == LOTS_MAP_CHILD && source->parent.count == 0)
        return fail_source(job, source, "it says not which column holds the parent's key (parent = …)");
    if (source->target == LOTS_MAP_LABELS && !(has_column(source, "code") && has_column(source, "label")))
        return fail_source(job, source, "it says not which columns hold code and label");
    if (source->target == LOTS_MAP_HIERARCHY && !(has_column(source, "above") && has_column(source, "below")))
        return fail_source(job, source, "it says not which columns hold above and below");
    if (source->target != LOTS_MAP_STREAM || source->index == 0)
        return LOTS_OK;
    bool undated = mapping->streams[source->index].undated;
    if (!undated && !has_column(source, "start"))
        return fail_source(job, source, "no start: a stream's events have start = date from …, or it is undated = yes");
    return LOTS_OK;
}

static bool stream_has_key(const lots_mapping *mapping, uint32_t stream)
{
    for (uint32_t i = 0; i < mapping->source_count; i++)
        if (mapping->sources[i].target == LOTS_MAP_STREAM && mapping->sources[i].index == stream &&
            mapping->sources[i].key.count > 0)
            return true;
    return false;
}

static lots_status check_mapping(const parse_job *job)
{
    const lots_mapping *mapping = job->mapping;
    bool patients = false;
    for (uint32_t i = 0; i < mapping->source_count; i++) {
        const lots_map_source *source = &mapping->sources[i];
        LOTS_TRY(check_source(job, source));
        if (source->target == LOTS_MAP_CHILD && !stream_has_key(mapping, source->index))
            return fail_source(job, source, "its stream has no key = …, so no child can find its parent");
        patients = patients || (source->target == LOTS_MAP_STREAM && source->index == 0);
    }
    if (mapping->unknown_refused && !patients)
        return lots_fail(job->err, LOTS_USAGE, "%s: unknown_patient isn't add, but there is no [patients]",
                         mapping->name);
    if (mapping->personnummer && !mapping->has_until)
        return lots_fail(job->err, LOTS_USAGE, "%s: personnummer of ten digits can only be read as of a day: say "
                                               "until = yyyy-mm-dd in [registry]", mapping->name);
    return LOTS_OK;
}

/* ---- the whole ---- */

static lots_status read_entries(parse_job *job)
{
    for (size_t i = 0; i < job->entry_count; i++) {
        if (job->entries[i].key == NULL) {
            job->heading = &job->entries[i];
            LOTS_TRY(begin_section(job));
        } else {
            if (job->heading == NULL)
                return fail_key(job, &job->entries[i]);
            LOTS_TRY(read_entry(job, i));
        }
    }
    for (uint32_t i = 0; i < job->mapping->source_count; i++) {
        lots_map_source *source = &job->mapping->sources[i];
        source->first_memo = job->mapping->memo_count;
        job->mapping->memo_count += source->keep.count + source->column_count;
    }
    return check_mapping(job);
}

static lots_status read_text(lots_mapping *mapping, const char *text, size_t bytes, lots_error *err)
{
    lots_vec entries = LOTS_VEC(lots_ini_entry);
    parse_job job = {.mapping = mapping, .err = err};
    lots_map_stream *patients;
    void *room = NULL;
    LOTS_TRY(lots_map_push(&mapping->arena, &mapping->streams, &mapping->stream_count, sizeof *patients, &patients,
                           err));
    memcpy(patients->name, "patients", sizeof "patients");
    lots_status status = lots_ini_read(&entries, &mapping->arena, text, bytes, mapping->name, err);
    if (status == LOTS_OK)
        status = lots_alloc(&room, entries.count + 1, sizeof *job.seen, err);
    job.seen = room;
    job.entries = entries.data;
    job.entry_count = entries.count;
    if (status == LOTS_OK)
        status = read_entries(&job);
    lots_free(job.seen);
    lots_vec_free(&entries);
    return status;
}

lots_status lots_mapping_read(lots_mapping *out, const char *text, size_t bytes, const char *name, lots_error *err)
{
    *out = (lots_mapping){.patterns = LOTS_VEC(lots_map_pattern *)};
    lots_arena_init(&out->arena, 0);
    if (bytes > MAPPING_BYTES_MAX)
        return lots_fail(err, LOTS_USAGE, "%s: a mapping has at most 1 MiB", name);
    lots_status status = lots_arena_text(&out->arena, &out->name, name, strlen(name), err);
    if (status == LOTS_OK)
        status = read_text(out, text, bytes, err);
    if (status != LOTS_OK)
        lots_mapping_free(out);
    return status;
}

lots_status lots_mapping_open(lots_mapping *out, const char *path, lots_error *err)
{
    char *text;
    size_t bytes;
    *out = (lots_mapping){.patterns = LOTS_VEC(lots_map_pattern *)};
    LOTS_TRY(lots_file_slurp(path, MAPPING_BYTES_MAX, &text, &bytes, err));
    lots_status status = lots_mapping_read(out, text, bytes, path, err);
    lots_free(text);
    return status;
}

void lots_mapping_free(lots_mapping *mapping)
{
    for (size_t i = 0; i < mapping->patterns.count; i++)
        regfree(&LOTS_AT(lots_map_pattern *, &mapping->patterns, i)->compiled);
    lots_vec_free(&mapping->patterns);
    lots_arena_free(&mapping->arena);
    *mapping = (lots_mapping){0};
}

const char *lots_mapping_target_name(const lots_mapping *mapping, const lots_map_source *source)
{
    switch (source->target) {
    case LOTS_MAP_STREAM:
    case LOTS_MAP_CHILD:
        return mapping->streams[source->index].name;
    case LOTS_MAP_TABLE:
        return mapping->tables[source->index].name;
    case LOTS_MAP_LABELS:
    case LOTS_MAP_HIERARCHY:
        return mapping->systems[source->index].name;
    }
    return "";
}
