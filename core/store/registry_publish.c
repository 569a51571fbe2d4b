/* registry_publish.c: making the next generation current. Everything is looked over first, then files are written,
 * then all of them are synced (registry_sync.c), and only then does one transaction of the catalog name them: see registry.h. */
#include <stdlib.h>

#include "core/base/day.h"
#include "core/base/memory.h"
#include "core/base/hash.h"
#include "core/store/registry_writer_inner.h"
#include "core/store/stored_file.h"
#include "core/store/table_file.h"

/* ---- is the input whole? ---- */

static lots_status check_columns(const lots_generation_input *input, const lots_column *columns, uint32_t count,
                                 lots_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        bool found = columns[i].kind != LOTS_KIND_CATEGORY;
        for (uint32_t j = 0; j < input->domain_count && !found; j++)
            found = strcmp(input->domain_names[j], columns[i].domain) == 0;
        if (!found)
            return lots_fail(err, LOTS_INTERNAL, "column '%s': there is no dictionary of its domain '%s'",
                             columns[i].name, columns[i].domain);
    }
    return LOTS_OK;
}

static lots_status check_schema(const lots_generation_input *input, lots_error *err)
{
    const lots_schema *schema = input->schema;
    LOTS_TRY(lots_schema_validate(schema, err));
    if (schema->stream_count == 0)
        return lots_fail(err, LOTS_USAGE, "a registry has at least the stream of patients");
    for (uint32_t i = 0; i < schema->stream_count; i++)
        LOTS_TRY(check_columns(input, schema->streams[i].columns, schema->streams[i].column_count, err));
    for (uint32_t i = 0; i < schema->table_count; i++)
        LOTS_TRY(check_columns(input, schema->tables[i].columns, schema->tables[i].column_count, err));
    return LOTS_OK;
}

static bool is_day(lots_day day)
{
    return day >= LOTS_DAY_MIN && day <= LOTS_DAY_MAX;
}

static lots_status check_coverage(const lots_generation_input *input, lots_error *err)
{
    for (uint32_t i = 0; i < input->coverage_count; i++) {
        const lots_coverage *row = &input->coverage[i];
        if (lots_schema_find_stream(input->schema, row->stream, strlen(row->stream)) < 0)
            return lots_fail(err, LOTS_USAGE, "coverage is declared for '%s', which is no stream", row->stream);
        if (!is_day(row->from) || !is_day(row->until) || !is_day(row->complete_until) || !is_day(row->extract))
            return lots_fail(err, LOTS_USAGE, "coverage of '%s' has a day out of range", row->stream);
    }
    return LOTS_OK;
}

static lots_status check_settings(const lots_generation_input *input, lots_error *err)
{
    for (size_t i = 0; i < input->setting_count; i++) {
        const char *key = input->setting_keys[i], *value = input->setting_values[i];
        lots_day day;
        if (key[0] == '\0')
            return lots_fail(err, LOTS_USAGE, "a setting has no name");
        if (strcmp(key, "until") == 0 && value != NULL && !lots_day_parse(value, strlen(value), &day))
            return lots_fail(err, LOTS_USAGE, "the setting 'until' is a day as 2023-12-31, not '%s'", value);
        if (strcmp(key, "identities") == 0)
            return lots_fail(err, LOTS_USAGE, "the folder of identities is chosen when a registry is made");
    }
    return LOTS_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static lots_status check_manifest(const lots_generation_input *input, lots_error *err)
{
    uint64_t patients = 0;
    void *items;
    LOTS_TRY(lots_alloc(&items, input->segment_count, sizeof(uint64_t), err));
    uint64_t *ids = items;
    for (uint32_t i = 0; i < input->segment_count; i++) {
        patients += input->segments[i].patients;
        ids[i] = input->segments[i].id;
    }
    if (input->segment_count > 0)
        qsort(ids, input->segment_count, sizeof *ids, compare_numbers);
    lots_status status = LOTS_OK;
    for (uint32_t i = 1; i < input->segment_count && status == LOTS_OK; i++)
        if (ids[i] == ids[i - 1])
            status = lots_fail(err, LOTS_INTERNAL, "segment %ju is named twice", (uintmax_t)ids[i]);
    lots_free(items);
    if (status == LOTS_OK && patients >= LOTS_NO_PATIENT)
        status = lots_fail(err, LOTS_USAGE, "%ju patients are more than can be numbered", (uintmax_t)patients);
    return status;
}

static lots_status check_input(const lots_registry_writer *writer, const lots_generation_input *input, lots_error *err)
{
    if (writer->published)
        return lots_fail(err, LOTS_INTERNAL, "registry '%s': a writer publishes once", writer->path);
    LOTS_TRY(check_schema(input, err));
    LOTS_TRY(check_coverage(input, err));
    LOTS_TRY(check_settings(input, err));
    return check_manifest(input, err);
}

/* ---- segments ---- */

static lots_status keep_text(lots_generation *next, const char *text, const char **out, lots_error *err)
{
    char *copy;
    LOTS_TRY(lots_arena_text(&next->arena, &copy, text, strlen(text), err));
    *out = copy;
    return LOTS_OK;
}

static int compare_streams(const void *a, const void *b)
{
    return strcmp(((const lots_stream_events *)a)->stream, ((const lots_stream_events *)b)->stream);
}

/* What a new segment holds, from its own directory, against what its writer said. */
static lots_status take_facts(const lots_schema *schema, const lots_segment *segment, lots_segment_facts *facts,
                              lots_generation *next, lots_error *err)
{
    void *items;
    uint64_t events = 0;
    LOTS_TRY(lots_arena_alloc(&next->arena, &items, schema->stream_count, sizeof(lots_stream_events), err));
    facts->streams = items;
    for (uint32_t i = 1; i < schema->stream_count; i++) {
        uint64_t count = lots_segment_events(segment, i);
        events += count;
        if (count == 0)
            continue;
        lots_stream_events *counted = &facts->streams[facts->stream_count++];
        counted->events = count;
        LOTS_TRY(keep_text(next, schema->streams[i].name, &counted->stream, err));
    }
    qsort(facts->streams, facts->stream_count, sizeof *facts->streams, compare_streams);
    if (lots_segment_patients(segment) != facts->entry.patients || lots_segment_bytes(segment) != facts->entry.bytes ||
        events != facts->entry.events)
        return lots_fail(err, LOTS_INTERNAL, "segment %ju is not as its writer said", (uintmax_t)facts->entry.id);
    return LOTS_OK;
}

static lots_status look_into(const lots_registry_writer *writer, const lots_generation_input *input,
                             lots_segment_facts *facts, lots_generation *next, lots_error *err)
{
    const lots_segment_dictionaries dictionaries = {input->codes, input->domains, input->domain_names,
                                                    input->domain_count};
    lots_segment *segment;
    char *folder, *path;
    LOTS_TRY(lots_folder_path(&folder, writer->path, LOTS_FOLDER_SEGMENTS, err));
    lots_status status = lots_folder_file(&path, folder, LOTS_FOLDER_SEGMENTS, facts->entry.id, NULL, err);
    lots_free(folder);
    LOTS_TRY(status);
    status = lots_segment_open(&segment, path, facts->entry.id, input->schema, &dictionaries, err);
    lots_free(path);
    LOTS_TRY(status);
    status = take_facts(input->schema, segment, facts, next, err);
    lots_segment_close(segment);
    return status;
}

static lots_status copy_facts(const lots_segment_facts *from, lots_segment_facts *out, lots_generation *next,
                              lots_error *err)
{
    void *items;
    LOTS_TRY(lots_arena_alloc(&next->arena, &items, from->stream_count, sizeof(lots_stream_events), err));
    *out = *from;
    out->streams = items;
    for (uint32_t i = 0; i < from->stream_count; i++) {
        out->streams[i].events = from->streams[i].events;
        LOTS_TRY(keep_text(next, from->streams[i].stream, &out->streams[i].stream, err));
    }
    return LOTS_OK;
}

static bool same_entry(const lots_manifest_entry *a, const lots_manifest_entry *b)
{
    return a->id == b->id && a->patients == b->patients && a->events == b->events && a->bytes == b->bytes &&
           a->hash == b->hash;
}

static lots_status list_segments(const lots_registry_writer *writer, const lots_generation_input *input,
                                 lots_generation *next, lots_error *err)
{
    for (uint32_t i = 0; i < input->segment_count; i++) {
        const lots_manifest_entry *entry = &input->segments[i];
        lots_segment_facts facts = {.entry = *entry};
        const lots_segment_facts *kept = lots_generation_segment(&writer->facts, entry->id);
        bool fresh = entry->id >= writer->facts.next_number && entry->id < writer->next_number;
        if (kept == NULL ? !fresh : !same_entry(&kept->entry, entry))
            return lots_fail(err, LOTS_INTERNAL, "segment %ju is neither new nor as the registry has it",
                             (uintmax_t)entry->id);
        if (kept != NULL)
            LOTS_TRY(copy_facts(kept, &facts, next, err));
        else
            LOTS_TRY(look_into(writer, input, &facts, next, err));
        LOTS_TRY(lots_vec_push(&next->segments, &facts, err));
    }
    return LOTS_OK;
}

/* ---- dictionaries and tables ---- */

/* Name a file of these bytes in `files`: the one that the base has, when it is the same, else a new one. */
static lots_status store_image(lots_registry_writer *writer, lots_folder folder, const char *name,
                               const lots_bytes *bytes, const lots_vec *before, lots_generation *next, lots_vec *files,
                               lots_error *err)
{
    lots_file_facts facts = {.bytes = bytes->count, .hash = lots_hash(bytes->data, bytes->count, 0)};
    const lots_file_facts *same = NULL;
    LOTS_TRY(keep_text(next, name, &facts.name, err));
    for (size_t i = 0; i < before->count && same == NULL; i++) {
        const lots_file_facts *old = &LOTS_AT(lots_file_facts, before, i);
        if (strcmp(old->name, name) == 0 && old->bytes == facts.bytes && old->hash == facts.hash)
            same = old;
    }
    facts.number = same != NULL ? same->number : writer->next_number++;
    if (same == NULL)
        LOTS_TRY(lots_stored_write(writer->path, folder, &facts, bytes, err));
    return lots_vec_push(files, &facts, err);
}

static lots_status store_dictionary(lots_registry_writer *writer, const char *name, const lots_dictionary *dictionary,
                                    lots_generation *next, lots_error *err)
{
    lots_bytes bytes = {0};
    lots_status status = lots_dictionary_save(dictionary, &bytes, err);
    if (status == LOTS_OK)
        status = store_image(writer, LOTS_FOLDER_DICTIONARIES, name, &bytes, &writer->facts.dictionaries, next,
                             &next->dictionaries, err);
    lots_bytes_free(&bytes);
    return status;
}

typedef struct named_domain {
    const char *name;
    const lots_dictionary *dictionary;
} named_domain;

static int compare_domains(const void *a, const void *b)
{
    return strcmp(((const named_domain *)a)->name, ((const named_domain *)b)->name);
}

static lots_status store_domains(lots_registry_writer *writer, named_domain *domains, uint32_t count,
                                 lots_generation *next, lots_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(domains[i - 1].name, domains[i].name) == 0)
            return lots_fail(err, LOTS_INTERNAL, "there are two dictionaries of domain '%s'", domains[i].name);
        LOTS_TRY(store_dictionary(writer, domains[i].name, domains[i].dictionary, next, err));
    }
    return LOTS_OK;
}

static lots_status store_dictionaries(lots_registry_writer *writer, const lots_generation_input *input,
                                      lots_generation *next, lots_error *err)
{
    void *items;
    LOTS_TRY(store_dictionary(writer, LOTS_GENERATION_CODES, input->codes, next, err));
    LOTS_TRY(lots_alloc(&items, input->domain_count, sizeof(named_domain), err));
    named_domain *domains = items;
    for (uint32_t i = 0; i < input->domain_count; i++)
        domains[i] = (named_domain){input->domain_names[i], input->domains[i]};
    if (input->domain_count > 0)
        qsort(domains, input->domain_count, sizeof *domains, compare_domains);
    lots_status status = store_domains(writer, domains, input->domain_count, next, err);
    lots_free(items);
    return status;
}

static lots_status store_tables(lots_registry_writer *writer, const lots_generation_input *input,
                                lots_generation *next, lots_error *err)
{
    for (uint32_t i = 0; i < input->schema->table_count; i++) {
        const lots_table_schema *table = &input->schema->tables[i];
        lots_bytes bytes = {0};
        lots_status status = lots_table_save(table, input->tables[i], &bytes, err);
        if (status == LOTS_OK)
            status = store_image(writer, LOTS_FOLDER_TABLES, table->name, &bytes, &writer->facts.tables, next,
                                 &next->tables, err);
        lots_bytes_free(&bytes);
        LOTS_TRY(status);
    }
    return LOTS_OK;
}

/* ---- settings and log ---- */

static int compare_settings(const void *a, const void *b)
{
    return strcmp(((const lots_setting *)a)->key, ((const lots_setting *)b)->key);
}

/* Set, or with value NULL unset. */
static lots_status set_setting(lots_generation *next, const char *key, const char *value, lots_error *err)
{
    lots_setting setting;
    lots_setting *settings = next->settings.data;
    size_t at = 0;
    while (at < next->settings.count && strcmp(settings[at].key, key) != 0)
        at++;
    if (value == NULL) {
        if (at < next->settings.count)
            settings[at] = settings[--next->settings.count];
        return LOTS_OK;
    }
    LOTS_TRY(keep_text(next, key, &setting.key, err));
    LOTS_TRY(keep_text(next, value, &setting.value, err));
    if (at == next->settings.count)
        return lots_vec_push(&next->settings, &setting, err);
    settings[at] = setting;
    return LOTS_OK;
}

static lots_status list_settings(const lots_registry_writer *writer, const lots_generation_input *input,
                                 lots_generation *next, lots_error *err)
{
    for (size_t i = 0; i < writer->facts.settings.count; i++) {
        const lots_setting *setting = &LOTS_AT(lots_setting, &writer->facts.settings, i);
        LOTS_TRY(set_setting(next, setting->key, setting->value, err));
    }
    for (size_t i = 0; i < input->setting_count; i++)
        LOTS_TRY(set_setting(next, input->setting_keys[i], input->setting_values[i], err));
    if (writer->placed)
        LOTS_TRY(set_setting(next, "identities", writer->identities, err));
    if (next->settings.count > 0)
        qsort(next->settings.data, next->settings.count, sizeof(lots_setting), compare_settings);
    return LOTS_OK;
}

static lots_status list_entries(const lots_ingest_entry *entries, size_t count, uint64_t generation,
                                lots_generation *next, lots_error *err)
{
    for (size_t i = 0; i < count; i++) {
        lots_ingest_entry entry = entries[i];
        const char *source = entry.source != NULL ? entry.source : "";
        const char *stream = entry.stream != NULL ? entry.stream : "";
        LOTS_TRY(lots_arena_text(&next->arena, &entry.source, source, strlen(source), err));
        LOTS_TRY(lots_arena_text(&next->arena, &entry.stream, stream, strlen(stream), err));
        entry.generation = generation != 0 ? generation : entry.generation;
        LOTS_TRY(lots_vec_push(&next->log, &entry, err));
    }
    return LOTS_OK;
}

/* ---- publishing ---- */

static lots_status describe_next(lots_registry_writer *writer, const lots_generation_input *input,
                                 lots_generation *next, lots_error *err)
{
    lots_bytes image = {0};
    void *copy;
    next->id = writer->facts.id + 1;
    next->parent = writer->facts.id;
    next->format = LOTS_FORMAT_VERSION;
    next->version = LOTS_VERSION;
    lots_status status = lots_schema_save(input->schema, &image, err);
    if (status == LOTS_OK)
        status = lots_arena_alloc(&next->arena, &copy, image.count, 1, err);
    if (status == LOTS_OK) {
        memcpy(copy, image.data, image.count);
        next->schema = copy;
        next->schema_bytes = image.count;
    }
    lots_bytes_free(&image);
    LOTS_TRY(status);
    for (uint32_t i = 0; i < input->coverage_count; i++)
        LOTS_TRY(lots_vec_push(&next->coverage, &input->coverage[i], err));
    LOTS_TRY(list_settings(writer, input, next, err));
    LOTS_TRY(list_entries(writer->facts.log.data, writer->facts.log.count, 0, next, err));
    return list_entries(input->log, input->log_count, next->id, next, err);
}

/* The file that readers of the generation will hold. */
static lots_status make_readers_file(const lots_registry_writer *writer, uint64_t generation, lots_error *err)
{
    char *folder, *path;
    LOTS_TRY(lots_folder_path(&folder, writer->path, LOTS_FOLDER_READERS, err));
    lots_status status = lots_folder_file(&path, folder, LOTS_FOLDER_READERS, generation, NULL, err);
    lots_free(folder);
    LOTS_TRY(status);
    status = lots_path_remove(path, err);
    if (status == LOTS_OK)
        status = lots_file_put(path, NULL, 0, err);
    lots_free(path);
    return status;
}

static lots_status write_files(lots_registry_writer *writer, const lots_generation_input *input,
                               lots_generation *next, lots_error *err)
{
    LOTS_TRY(list_segments(writer, input, next, err));
    LOTS_TRY(store_dictionaries(writer, input, next, err));
    LOTS_TRY(store_tables(writer, input, next, err));
    LOTS_TRY(lots_registry_content_hash(input, next, &next->hash, err));
    next->next_number = writer->next_number;
    LOTS_TRY(make_readers_file(writer, next->id, err));
    return lots_registry_sync(writer, next, input->pool, err);
}

static lots_status publish(lots_registry_writer *writer, const lots_generation_input *input, lots_generation *next,
                           lots_error *err)
{
    LOTS_TRY(describe_next(writer, input, next, err));
    LOTS_TRY(write_files(writer, input, next, err));
    if (writer->base == NULL)
        return lots_catalog_create(writer->path, next, input->schema, err);
    return lots_catalog_publish(writer->path, next, input->schema, writer->facts.next_number, err);
}

lots_status lots_registry_publish(lots_registry_writer *writer, const lots_generation_input *input,
                                  uint64_t *generation, lots_error *err)
{
    lots_generation next;
    LOTS_TRY(check_input(writer, input, err));
    lots_generation_init(&next);
    lots_status status = publish(writer, input, &next, err);
    if (status == LOTS_OK) {
        writer->published = true;
        *generation = next.id;
    }
    lots_generation_free(&next);
    return status;
}
