/* registry.c: a registry open for reading, at one generation. The catalog is read at the open and not again; dictionaries
 * too; segments and tables when first asked for, each under a lock of its own. Writing is registry_writer.c. */
#include "core/store/registry.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/day.h"
#include "core/base/memory.h"
#include "core/store/catalog.h"
#include "core/store/cohort.h"
#include "core/store/registry_hold.h"
#include "core/store/stored_file.h"

enum { BY_DAY_SHARE = 4 }; /* for so many bytes of what is kept decoded, one more for what is kept by day */

typedef struct segment_slot {
    pthread_mutex_t mutex;
    lots_segment *segment; /* NULL until asked for */
} segment_slot;

typedef struct table_slot {
    pthread_mutex_t mutex;
    bool loaded;
    lots_batch batch; /* ranks */
} table_slot;

struct lots_registry {
    char *path;
    char *identities; /* the folder */
    lots_file hold;   /* closed: every segment is open instead */
    lots_generation facts;
    lots_schema schema;
    lots_dictionary *codes;
    lots_dictionary **domains;
    const char **domain_names; /* texts of `facts` */
    uint32_t domain_count;
    lots_budget keep;        /* for what segments keep decoded */
    lots_budget keep_by_day; /* and for what they keep of it in the order of days */
    uint64_t *events;       /* by stream */
    lots_patient *firsts;   /* by segment, and the count of patients */
    segment_slot *segments; /* segment_count of them have a mutex */
    uint32_t segment_count;
    table_slot *tables;
    uint32_t table_count;
    lots_day until;         /* the setting; LOTS_DAY_MIN: unset */
    _Atomic uint64_t without_cohorts; /* stamp of the catalog when none was saved; 0: not known */
};

/* ---- opening ---- */

static lots_status fail_registry(const lots_registry *registry, lots_error *err, const char *what)
{
    return lots_fail(err, LOTS_CORRUPT, "registry '%s' is damaged: %s", registry->path, what);
}

static lots_status load_dictionaries(lots_registry *registry, lots_error *err)
{
    const lots_vec *files = &registry->facts.dictionaries;
    void *items;
    if (files->count == 0 || files->count > UINT32_MAX)
        return fail_registry(registry, err, "the catalog names no dictionary of codes");
    LOTS_TRY(lots_stored_dictionary(registry->path, &LOTS_AT(lots_file_facts, files, 0), &registry->codes, err));
    LOTS_TRY(lots_alloc(&items, files->count, sizeof(lots_dictionary *), err));
    registry->domains = items;
    LOTS_TRY(lots_alloc(&items, files->count, sizeof(char *), err));
    registry->domain_names = items;
    for (size_t i = 1; i < files->count; i++) {
        const lots_file_facts *facts = &LOTS_AT(lots_file_facts, files, i);
        LOTS_TRY(lots_stored_dictionary(registry->path, facts, &registry->domains[registry->domain_count], err));
        registry->domain_names[registry->domain_count++] = facts->name;
    }
    return LOTS_OK;
}

static lots_status check_domains(const lots_registry *registry, const lots_column *columns, uint32_t count,
                                 lots_error *err)
{
    for (uint32_t i = 0; i < count; i++)
        if (columns[i].kind == LOTS_KIND_CATEGORY && lots_registry_domain(registry, columns[i].domain) == NULL)
            return fail_registry(registry, err, "a column's dictionary is not in the catalog");
    return LOTS_OK;
}

static lots_status check_schema(const lots_registry *registry, lots_error *err)
{
    const lots_schema *schema = &registry->schema;
    if (schema->stream_count == 0)
        return fail_registry(registry, err, "it has no streams, not even patients");
    for (uint32_t i = 0; i < schema->stream_count; i++)
        LOTS_TRY(check_domains(registry, schema->streams[i].columns, schema->streams[i].column_count, err));
    for (uint32_t i = 0; i < schema->table_count; i++)
        LOTS_TRY(check_domains(registry, schema->tables[i].columns, schema->tables[i].column_count, err));
    if (registry->facts.tables.count != schema->table_count)
        return fail_registry(registry, err, "the catalog's tables are not those of the schema");
    for (uint32_t i = 0; i < schema->table_count; i++)
        if (strcmp(LOTS_AT(lots_file_facts, &registry->facts.tables, i).name, schema->tables[i].name) != 0)
            return fail_registry(registry, err, "the catalog's tables are not those of the schema");
    return LOTS_OK;
}

/* Add up patients and events of the segments. */
static lots_status count_rows(lots_registry *registry, lots_error *err)
{
    const lots_vec *segments = &registry->facts.segments;
    void *items;
    uint64_t patients = 0;
    if (segments->count >= UINT32_MAX)
        return fail_registry(registry, err, "the catalog names too many segments");
    LOTS_TRY(lots_alloc(&items, segments->count + 1, sizeof(lots_patient), err));
    registry->firsts = items;
    LOTS_TRY(lots_alloc(&items, registry->schema.stream_count, sizeof(uint64_t), err));
    registry->events = items;
    for (size_t i = 0; i < segments->count; i++) {
        const lots_segment_facts *facts = &LOTS_AT(lots_segment_facts, segments, i);
        patients += facts->entry.patients;
        if (patients >= LOTS_NO_PATIENT)
            return fail_registry(registry, err, "it has more patients than can be numbered");
        registry->firsts[i + 1] = (lots_patient)patients;
        for (uint32_t j = 0; j < facts->stream_count; j++) {
            const lots_stream_events *counted = &facts->streams[j];
            int32_t stream = lots_schema_find_stream(&registry->schema, counted->stream, strlen(counted->stream));
            if (stream < 0)
                return fail_registry(registry, err, "a segment has events of a stream that is not declared");
            registry->events[stream] += counted->events;
        }
    }
    registry->events[0] = patients;
    return LOTS_OK;
}

static lots_status make_segment_slots(lots_registry *registry, lots_error *err)
{
    size_t count = registry->facts.segments.count;
    void *items;
    LOTS_TRY(lots_alloc(&items, count, sizeof(segment_slot), err));
    registry->segments = items;
    for (; registry->segment_count < count; registry->segment_count++)
        if (pthread_mutex_init(&registry->segments[registry->segment_count].mutex, NULL) != 0)
            return lots_fail(err, LOTS_MEMORY, "out of memory: locks of %zu segments", count);
    return LOTS_OK;
}

static lots_status make_table_slots(lots_registry *registry, lots_error *err)
{
    uint32_t count = registry->schema.table_count;
    void *items;
    LOTS_TRY(lots_alloc(&items, count, sizeof(table_slot), err));
    registry->tables = items;
    for (; registry->table_count < count; registry->table_count++)
        if (pthread_mutex_init(&registry->tables[registry->table_count].mutex, NULL) != 0)
            return lots_fail(err, LOTS_MEMORY, "out of memory: locks of %u tables", count);
    return LOTS_OK;
}

/* What is given at the open wins over the setting. */
static lots_status choose_identities(lots_registry *registry, const char *given, lots_error *err)
{
    const char *folder = given != NULL ? given : lots_generation_setting(&registry->facts, "identities");
    if (folder == NULL)
        return lots_folder_path(&registry->identities, registry->path, LOTS_FOLDER_IDENTITIES, err);
    return lots_text_copy(&registry->identities, folder, strlen(folder), err);
}

static lots_status read_until(lots_registry *registry, lots_error *err)
{
    const char *setting = lots_generation_setting(&registry->facts, "until");
    registry->until = LOTS_DAY_MIN;
    if (setting != NULL && !lots_day_parse(setting, strlen(setting), &registry->until))
        return fail_registry(registry, err, "the setting 'until' is no day");
    return LOTS_OK;
}

/* Without a hold, files may be removed once someone writes: then all are mapped now. */
static lots_status open_unheld(lots_registry *registry, lots_error *err)
{
    lots_segment *segment;
    const lots_batch *table;
    for (uint32_t i = 0; i < registry->segment_count; i++)
        LOTS_TRY(lots_registry_segment(registry, i, &segment, err));
    for (uint32_t i = 0; i < registry->table_count; i++)
        LOTS_TRY(lots_registry_table(registry, i, &table, err));
    return LOTS_OK;
}

static lots_status fill_registry(lots_registry *registry, const char *path, const lots_registry_options *options,
                                 lots_error *err)
{
    LOTS_TRY(lots_text_copy(&registry->path, path, strlen(path), err));
    lots_generation_init(&registry->facts);
    LOTS_TRY(lots_registry_hold(path, options->generation, &registry->facts, &registry->hold, err));
    LOTS_TRY(lots_schema_load(registry->facts.schema, registry->facts.schema_bytes, &registry->schema, err));
    LOTS_TRY(load_dictionaries(registry, err));
    LOTS_TRY(check_schema(registry, err));
    LOTS_TRY(count_rows(registry, err));
    LOTS_TRY(make_segment_slots(registry, err));
    LOTS_TRY(make_table_slots(registry, err));
    LOTS_TRY(choose_identities(registry, options->identities, err));
    LOTS_TRY(read_until(registry, err));
    return registry->hold.fd >= 0 ? LOTS_OK : open_unheld(registry, err);
}

lots_status lots_registry_open(lots_registry **out, const char *path, const lots_registry_options *options,
                               lots_error *err)
{
    static const lots_registry_options none = {0};
    void *item;
    *out = NULL;
    LOTS_TRY(lots_alloc(&item, 1, sizeof(lots_registry), err));
    lots_registry *registry = item;
    registry->hold = LOTS_FILE_CLOSED;
    options = options != NULL ? options : &none;
    lots_budget_init(&registry->keep, options->kept_bytes > 0 ? options->kept_bytes : lots_memory_bytes() / LOTS_KEPT_SHARE);
    lots_budget_init(&registry->keep_by_day, registry->keep.limit_bytes / BY_DAY_SHARE + 1); /* 0 would be no limit */
    lots_status status = fill_registry(registry, path, options, err);
    if (status != LOTS_OK)
        lots_registry_close(registry);
    else
        *out = registry;
    return status;
}

void lots_registry_close(lots_registry *registry)
{
    if (registry == NULL)
        return;
    for (uint32_t i = 0; i < registry->segment_count; i++) {
        lots_segment_close(registry->segments[i].segment);
        pthread_mutex_destroy(&registry->segments[i].mutex);
    }
    for (uint32_t i = 0; i < registry->table_count; i++) {
        if (registry->tables[i].loaded)
            lots_batch_close(&registry->tables[i].batch);
        pthread_mutex_destroy(&registry->tables[i].mutex);
    }
    for (uint32_t i = 0; i < registry->domain_count; i++)
        lots_dictionary_close(registry->domains[i]);
    lots_dictionary_close(registry->codes);
    lots_free(registry->segments);
    lots_free(registry->tables);
    lots_free(registry->domains);
    lots_free(registry->domain_names);
    lots_free(registry->firsts);
    lots_free(registry->events);
    lots_schema_free(&registry->schema);
    lots_generation_free(&registry->facts);
    lots_hold_release(&registry->hold);
    lots_free(registry->identities);
    lots_free(registry->path);
    lots_free(registry);
}

/* ---- what it is ---- */

const char *lots_registry_path(const lots_registry *registry) { return registry->path; }
uint64_t lots_registry_generation(const lots_registry *registry) { return registry->facts.id; }
uint32_t lots_registry_format(const lots_registry *registry) { return registry->facts.format; }
uint64_t lots_registry_hash(const lots_registry *registry) { return registry->facts.hash; }
const lots_schema *lots_registry_schema(const lots_registry *registry) { return &registry->schema; }
uint32_t lots_registry_segments(const lots_registry *registry) { return registry->segment_count; }
const lots_dictionary *lots_registry_codes(const lots_registry *registry) { return registry->codes; }

uint32_t lots_registry_patients(const lots_registry *registry)
{
    return registry->firsts[registry->segment_count];
}

uint64_t lots_registry_events(const lots_registry *registry, uint32_t stream)
{
    return registry->events[stream];
}

lots_patient lots_registry_segment_first(const lots_registry *registry, uint32_t index)
{
    return registry->firsts[index];
}

const lots_dictionary *lots_registry_domain(const lots_registry *registry, const char *domain)
{
    for (uint32_t i = 0; i < registry->domain_count; i++)
        if (strcmp(registry->domain_names[i], domain) == 0)
            return registry->domains[i];
    return NULL;
}

const char *lots_registry_setting(const lots_registry *registry, const char *key)
{
    return lots_generation_setting(&registry->facts, key);
}

/* ---- segments and tables ---- */

static lots_status open_segment(lots_registry *registry, uint32_t index, lots_segment **out, lots_error *err)
{
    const lots_manifest_entry *entry = &LOTS_AT(lots_segment_facts, &registry->facts.segments, index).entry;
    const lots_segment_dictionaries dictionaries = {registry->codes,
                                                    (const lots_dictionary *const *)registry->domains,
                                                    registry->domain_names, registry->domain_count};
    char *folder, *path;
    LOTS_TRY(lots_folder_path(&folder, registry->path, LOTS_FOLDER_SEGMENTS, err));
    lots_status status = lots_folder_file(&path, folder, LOTS_FOLDER_SEGMENTS, entry->id, NULL, err);
    lots_free(folder);
    LOTS_TRY(status);
    if (lots_path_exists(path))
        status = lots_segment_open(out, path, entry->id, &registry->schema, &dictionaries, err);
    else
        status = lots_fail(err, LOTS_CORRUPT, "'%s' is missing, but the catalog names it", path);
    if (status == LOTS_OK &&
        (lots_segment_patients(*out) != entry->patients || lots_segment_bytes(*out) != entry->bytes)) {
        status = lots_fail(err, LOTS_CORRUPT, "'%s' is not the segment that the catalog names", path);
        lots_segment_close(*out);
    }
    if (status == LOTS_OK) {
        lots_segment_keep(*out, &registry->keep);
        lots_segment_keep_by_day(*out, &registry->keep_by_day);
    }
    lots_free(path);
    return status;
}

lots_status lots_registry_segment(lots_registry *registry, uint32_t index, lots_segment **out, lots_error *err)
{
    segment_slot *slot = &registry->segments[index];
    lots_segment *opened = NULL;
    lots_status status = LOTS_OK;
    pthread_mutex_lock(&slot->mutex);
    if (slot->segment == NULL) {
        status = open_segment(registry, index, &opened, err);
        if (status == LOTS_OK)
            slot->segment = opened;
    }
    *out = slot->segment;
    pthread_mutex_unlock(&slot->mutex);
    return status;
}

bool lots_registry_segment_is_open(lots_registry *registry, uint32_t index)
{
    segment_slot *slot = &registry->segments[index];
    pthread_mutex_lock(&slot->mutex);
    const bool open = slot->segment != NULL;
    pthread_mutex_unlock(&slot->mutex);
    return open;
}

lots_status lots_registry_identity(lots_registry *registry, uint32_t index, lots_identity **out, lots_error *err)
{
    const lots_manifest_entry *entry = &LOTS_AT(lots_segment_facts, &registry->facts.segments, index).entry;
    char *path;
    *out = NULL;
    LOTS_TRY(lots_folder_file(&path, registry->identities, LOTS_FOLDER_IDENTITIES, entry->id, NULL, err));
    lots_status status;
    if (lots_path_exists(path)) {
        status = lots_identity_open(out, path, entry->id, err);
    } else {
        status = lots_fail(err, LOTS_IO, "there is no '%s': this registry is a research copy, without ids", path);
        lots_error_hint(err, "what needs no ids can be asked; a question reads them from where they are with --identities DIR, "
                             "and loading wants the folder back");
    }
    lots_free(path);
    if (status == LOTS_OK && lots_identity_count(*out) != entry->patients) {
        status = lots_fail(err, LOTS_CORRUPT, "segment %ju has %u patients, its identity file %u",
                           (uintmax_t)entry->id, entry->patients, lots_identity_count(*out));
        lots_identity_close(*out);
        *out = NULL;
    }
    return status;
}

/* Stable ids to ranks, in every column that has ids. */
static lots_status rank_table(const lots_registry *registry, lots_batch *batch, lots_error *err)
{
    for (uint32_t i = 0; i < batch->column_count; i++) {
        const lots_column *column = &batch->schema[i];
        const lots_dictionary *dictionary = registry->codes;
        if (column->kind == LOTS_KIND_CATEGORY)
            dictionary = lots_registry_domain(registry, column->domain);
        else if (column->kind != LOTS_KIND_CODE && column->kind != LOTS_KIND_CODES)
            continue;
        lots_status status = lots_batch_remap(batch, i, lots_dictionary_rank_of_stable(dictionary),
                                              lots_dictionary_count(dictionary), err);
        if (status == LOTS_INTERNAL)
            return fail_registry(registry, err, "a table holds an id that its dictionary has not");
        LOTS_TRY(status);
    }
    return LOTS_OK;
}

static lots_status load_table(lots_registry *registry, uint32_t table, lots_batch *out, lots_error *err)
{
    const lots_file_facts *facts = &LOTS_AT(lots_file_facts, &registry->facts.tables, table);
    LOTS_TRY(lots_stored_table(registry->path, facts, &registry->schema.tables[table], out, NULL, err));
    lots_status status = rank_table(registry, out, err);
    if (status != LOTS_OK)
        lots_batch_close(out);
    return status;
}

lots_status lots_registry_table(lots_registry *registry, uint32_t table, const lots_batch **out, lots_error *err)
{
    table_slot *slot = &registry->tables[table];
    lots_status status = LOTS_OK;
    pthread_mutex_lock(&slot->mutex);
    if (!slot->loaded) {
        status = load_table(registry, table, &slot->batch, err);
        slot->loaded = status == LOTS_OK;
    }
    *out = slot->loaded ? &slot->batch : NULL;
    pthread_mutex_unlock(&slot->mutex);
    return status;
}

/* ---- coverage and log ---- */

uint32_t lots_registry_coverage_count(const lots_registry *registry)
{
    return (uint32_t)registry->facts.coverage.count;
}

const lots_coverage *lots_registry_coverage_at(const lots_registry *registry, uint32_t index)
{
    return &LOTS_AT(lots_coverage, &registry->facts.coverage, index);
}

const lots_coverage *lots_registry_coverage(const lots_registry *registry, uint32_t stream)
{
    for (uint32_t i = 0; i < lots_registry_coverage_count(registry); i++) {
        const lots_coverage *coverage = lots_registry_coverage_at(registry, i);
        if (coverage->unit[0] == '\0' && strcmp(coverage->stream, registry->schema.streams[stream].name) == 0)
            return coverage;
    }
    return NULL;
}

/* A declared end of the data wins over later days seen in other streams: those are often booked, or mistyped. */
bool lots_registry_span(const lots_registry *registry, lots_day *from, lots_day *until)
{
    lots_day seen = LOTS_DAY_MIN, declared = LOTS_DAY_MIN;
    bool any = false, any_declared = false;
    *from = LOTS_DAY_MAX;
    for (uint32_t i = 0; i < lots_registry_coverage_count(registry); i++) {
        const lots_coverage *coverage = lots_registry_coverage_at(registry, i);
        if (coverage->unit[0] != '\0' || coverage->from == LOTS_DAY_MAX)
            continue;
        any = true;
        any_declared = any_declared || coverage->declared;
        *from = coverage->from < *from ? coverage->from : *from;
        seen = coverage->until > seen ? coverage->until : seen;
        if (coverage->declared && coverage->until > declared)
            declared = coverage->until;
    }
    *until = any_declared ? declared : seen;
    if (registry->until != LOTS_DAY_MIN)
        *until = registry->until;
    return any;
}

static lots_status copy_entry(const lots_ingest_entry *from, lots_ingest_entry *out, lots_error *err)
{
    *out = *from;
    out->source = out->stream = NULL;
    LOTS_TRY(lots_text_copy(&out->source, from->source, strlen(from->source), err));
    return lots_text_copy(&out->stream, from->stream, strlen(from->stream), err);
}

lots_status lots_registry_ingest_log(lots_registry *registry, lots_ingest_entry **out, size_t *count,
                                     lots_error *err)
{
    const lots_vec *log = &registry->facts.log;
    void *items;
    *out = NULL;
    *count = 0;
    LOTS_TRY(lots_alloc(&items, log->count, sizeof(lots_ingest_entry), err));
    lots_ingest_entry *entries = items;
    for (size_t i = 0; i < log->count; i++) {
        lots_status status = copy_entry(&LOTS_AT(lots_ingest_entry, log, i), &entries[i], err);
        if (status != LOTS_OK) {
            lots_ingest_log_free(entries, i + 1);
            return status;
        }
    }
    *out = entries;
    *count = log->count;
    return LOTS_OK;
}

void lots_ingest_log_free(lots_ingest_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lots_free(entries[i].source);
        lots_free(entries[i].stream);
    }
    lots_free(entries);
}

/* ---- cohorts ---- */

lots_status lots_registry_cohorts(lots_registry *registry, lots_cohort_list *out, lots_error *err)
{
    uint64_t before = 0, after = 0;
    const bool known = lots_catalog_stamp(registry->path, &before);
    if (known && atomic_load(&registry->without_cohorts) == before) {
        lots_arena_init(&out->arena, 0);
        out->cohorts = LOTS_VEC(lots_cohort);
        return LOTS_OK;
    }
    LOTS_TRY(lots_cohort_list_read(registry->path, out, err));
    if (known && out->cohorts.count == 0 && lots_catalog_stamp(registry->path, &after) && after == before)
        atomic_store(&registry->without_cohorts, before);
    return LOTS_OK;
}
