/* registry_fixture.h: small whole registries for the tests of registry and check. Rows are a function of the patient's
 * number, so that a test can say what must come back. Included by test programs only; each gets its own copy. */
#ifndef LOTS_REGISTRY_FIXTURE_H
#define LOTS_REGISTRY_FIXTURE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/store/order.h"
#include "core/store/registry.h"
#include "tests/support/lots_test.h"

enum { WORLD_SEGMENTS_MAX = 16, TABLE_ROWS = 40 };

typedef struct world {
    char path[600];  /* of the registry, in a directory of its own */
    lots_schema schema;
    lots_dictionary *codes, *units;
    lots_batch table;
    lots_manifest_entry segments[WORLD_SEGMENTS_MAX]; /* to be published next */
    uint32_t segment_count;
    lots_patient patients;                            /* in them */
} world;

static inline lots_dictionary *world_dictionary(const char *format, unsigned count)
{
    lots_error err;
    lots_dictionary_builder *builder;
    lots_dictionary *out;
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (unsigned i = 0; i < count; i++) {
        char key[64];
        lots_id id;
        int bytes = snprintf(key, sizeof key, format, i);
        assert_ok(lots_dictionary_intern(builder, key, (size_t)bytes, &id, &err));
    }
    assert_ok(lots_dictionary_finish(builder, &out, NULL, &err));
    lots_dictionary_builder_close(builder);
    return out;
}

static inline void world_column(lots_stream *stream, const char *name, lots_kind kind, lots_role role)
{
    lots_error err;
    lots_column *column;
    assert_ok(lots_stream_add_column(stream, name, kind, &column, &err));
    column->role = role;
    if (kind == LOTS_KIND_CATEGORY)
        strcpy(column->domain, "unit");
    if (kind == LOTS_KIND_CODES)
        strcpy(column->system, "icd10");
}

static inline void world_schema(lots_schema *schema)
{
    lots_error err;
    lots_code_system *system;
    lots_stream *stream;
    lots_table_schema *table;
    lots_column *column;
    assert_ok(lots_schema_add_system(schema, "icd10", LOTS_CODE_ICD10, &system, &err));
    assert_ok(lots_schema_add_stream(schema, "patients", &stream, &err));
    world_column(stream, "birth", LOTS_KIND_DATE, LOTS_ROLE_BIRTH);
    assert_ok(lots_schema_add_stream(schema, "contacts", &stream, &err));
    world_column(stream, "start", LOTS_KIND_DATE, LOTS_ROLE_START);
    world_column(stream, "unit", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE);
    world_column(stream, "dx", LOTS_KIND_CODES, LOTS_ROLE_NONE);
    assert_ok(lots_schema_add_table(schema, "units", &table, &err));
    assert_ok(lots_table_add_column(table, "unit", LOTS_KIND_CATEGORY, &column, &err));
    strcpy(column->domain, "unit");
    assert_ok(lots_table_add_column(table, "beds", LOTS_KIND_INT, &column, &err));
    table->key_column = 0;
}

static inline void world_table(world *w)
{
    lots_error err;
    assert_ok(lots_batch_open(&w->table, w->schema.tables[0].columns, 2, &err));
    for (unsigned i = 0; i < TABLE_ROWS; i++) {
        assert_ok(lots_batch_row_begin(&w->table, 0, &err));
        assert_ok(lots_batch_put_int(&w->table, 0, lots_dictionary_stable_of_rank(w->units)[i], &err));
        if (i % 3 != 0)
            assert_ok(lots_batch_put_int(&w->table, 1, i * 7, &err));
        assert_ok(lots_batch_row_end(&w->table, &err));
    }
}

static inline void world_open(world *w)
{
    char directory[512];
    memset(w, 0, sizeof *w);
    lots_test_directory(directory);
    snprintf(w->path, sizeof w->path, "%s/r.lots", directory);
    world_schema(&w->schema);
    w->codes = world_dictionary("icd10\x1fI%02u", 90);
    w->units = world_dictionary("unit %02u", TABLE_ROWS);
    world_table(w);
}

static inline void world_close(world *w)
{
    lots_error err;
    lots_batch_close(&w->table);
    lots_dictionary_close(w->codes);
    lots_dictionary_close(w->units);
    lots_schema_free(&w->schema);
    strrchr(w->path, '/')[0] = '\0';
    assert_ok(lots_path_remove_tree(w->path, &err));
}

/* Patient p has p % 4 contacts, the i-th on day 18000 + p + i, with i + 1 codes. */
static inline uint32_t world_contacts(lots_patient patient) { return patient % 4; }

static inline void world_rows(const world *w, lots_patient first, uint32_t count, lots_batch *patients,
                              lots_batch *contacts)
{
    lots_error err;
    assert_ok(lots_batch_open(patients, w->schema.streams[0].columns, w->schema.streams[0].column_count, &err));
    assert_ok(lots_batch_open(contacts, w->schema.streams[1].columns, w->schema.streams[1].column_count, &err));
    for (lots_patient p = first; p < first + count; p++) {
        assert_ok(lots_batch_row_begin(patients, p, &err));
        assert_ok(lots_batch_put_int(patients, 0, (int64_t)p, &err));
        assert_ok(lots_batch_row_end(patients, &err));
        for (uint32_t i = 0; i < world_contacts(p); i++) {
            assert_ok(lots_batch_row_begin(contacts, p, &err));
            assert_ok(lots_batch_put_int(contacts, 0, 18000 + p + i, &err));
            assert_ok(lots_batch_put_int(contacts, 1, (p + i) % TABLE_ROWS, &err));
            for (uint32_t j = 0; j <= i; j++)
                assert_ok(lots_batch_put_item(contacts, 2, (p + j) % 90, &err));
            assert_ok(lots_batch_row_end(contacts, &err));
        }
    }
}

static inline void world_write_files(world *w, uint64_t id, const char *segment_path, lots_patient first,
                                     uint32_t count)
{
    static const char *const names[] = {"unit"};
    const lots_dictionary *const domains[] = {w->units};
    lots_error err;
    lots_batch patients, contacts;
    lots_segment_result result;
    world_rows(w, first, count, &patients, &contacts);
    const lots_batch *const streams[] = {&patients, &contacts};
    const lots_segment_input input = {.id = id, .schema = &w->schema, .patients = count, .first_patient = first,
                                      .streams = streams, .codes = w->codes, .domains = domains,
                                      .domain_names = names, .domain_count = 1};
    assert_ok(lots_segment_write(segment_path, &input, &result, &err));
    w->segments[w->segment_count++] = (lots_manifest_entry){.id = id, .patients = count, .events = result.events,
                                                            .bytes = result.bytes, .hash = result.hash};
    lots_batch_close(&patients);
    lots_batch_close(&contacts);
}

/* Ids p000000, p000001, …, from `first_id` on. */
static inline void world_write_ids(const char *path, uint64_t id, lots_patient first_id, uint32_t count)
{
    lots_error err;
    lots_bytes text = {0};
    void *items;
    assert_ok(lots_alloc(&items, (size_t)count + 1, sizeof(uint64_t), &err));
    uint64_t *offsets = items;
    for (uint32_t i = 0; i < count; i++) {
        assert_ok(lots_bytes_printf(&text, &err, "p%06u", first_id + i));
        offsets[i + 1] = text.count;
    }
    assert_ok(lots_identity_write(path, id, (const char *)text.data, offsets, count, &err));
    lots_bytes_free(&text);
    lots_free(items);
}

/* The next `count` patients as a new segment. */
static inline void world_add_segment(world *w, lots_registry_writer *writer, uint32_t count)
{
    lots_error err;
    uint64_t id;
    char *segment, *identity;
    assert_ok(lots_registry_new_segment(writer, &id, &segment, &identity, &err));
    world_write_files(w, id, segment, w->patients, count);
    world_write_ids(identity, id, w->patients, count);
    w->patients += count;
    lots_free(segment);
    lots_free(identity);
}

static inline lots_status world_publish(world *w, lots_registry_writer *writer, const char *key, const char *value,
                                        uint64_t *generation, lots_error *err)
{
    static const char *const names[] = {"unit"};
    static const lots_coverage coverage[] = {{.stream = "contacts", .from = 18000, .until = 18100,
                                              .complete_until = 18050, .extract = LOTS_DAY_MIN, .declared = true},
                                             {.stream = "contacts", .unit = "unit 01", .from = 18010, .until = 18090,
                                              .complete_until = 18090, .extract = 18200}};
    char source[] = "test rows\nfile a.csv", stream[] = "contacts";
    const lots_ingest_entry log = {.source = source, .stream = stream, .rows = 10, .loaded = 7, .rejected = 1,
                                   .duplicates = 2, .conflicts = 3, .identical = 4};
    const lots_dictionary *const domains[] = {w->units};
    const lots_batch *const tables[] = {&w->table};
    const lots_generation_input input = {.schema = &w->schema, .codes = w->codes, .domains = domains,
                                         .domain_names = names, .domain_count = 1, .segments = w->segments,
                                         .segment_count = w->segment_count, .coverage = coverage, .coverage_count = 2,
                                         .tables = tables, .log = &log, .log_count = 1, .setting_keys = &key,
                                         .setting_values = &value, .setting_count = key != NULL};
    return lots_registry_publish(writer, &input, generation, err);
}

/* Begin, add segments of these sizes (ended by 0), publish, end. */
static inline uint64_t world_grow(world *w, const uint32_t *sizes)
{
    lots_error err;
    lots_registry_writer *writer;
    lots_registry *base;
    uint64_t generation = 0;
    assert_ok(lots_registry_begin(&writer, w->path, false, &base, &err));
    for (; *sizes != 0; sizes++)
        world_add_segment(w, writer, *sizes);
    assert_ok(world_publish(w, writer, NULL, NULL, &generation, &err));
    lots_registry_end(writer);
    return generation;
}
#define WORLD_GROW(w, ...) world_grow(w, (const uint32_t[]){__VA_ARGS__, 0})

/* The next segments replace those before. */
static inline void world_restart(world *w)
{
    w->segment_count = 0;
    w->patients = 0;
}

/* Path of a file of the registry, as printf. */
__attribute__((format(printf, 3, 4))) static inline const char *world_file(const world *w, char out[900],
                                                                           const char *format, ...)
{
    va_list arguments;
    int used = snprintf(out, 900, "%s/", w->path);
    va_start(arguments, format);
    vsnprintf(out + used, 900 - (size_t)used, format, arguments);
    va_end(arguments);
    return out;
}

static inline bool world_has(const world *w, const char *name)
{
    char path[900];
    return lots_path_exists(world_file(w, path, "%s", name));
}

/* Change one byte of a file in place. */
static inline void flip_byte(const char *path, long offset, int mask)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_not_equal(byte, EOF);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_not_equal(fputc(byte ^ mask, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static inline void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_not_equal(fputs(text, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static inline lots_registry *open_registry(const world *w, uint64_t generation)
{
    lots_error err;
    lots_registry *registry;
    const lots_registry_options options = {.generation = generation};
    assert_ok(lots_registry_open(&registry, w->path, &options, &err));
    return registry;
}

static inline lots_registry_writer *begin(const world *w)
{
    lots_error err;
    lots_registry_writer *writer;
    lots_registry *base;
    assert_ok(lots_registry_begin(&writer, w->path, false, &base, &err));
    return writer;
}

static inline void begin_and_end(const world *w)
{
    lots_registry_end(begin(w));
}

/* Every row of every segment against what the fixture must have written. */
static inline void check_rows(lots_registry *registry)
{
    lots_error err;
    for (uint32_t s = 0; s < lots_registry_segments(registry); s++) {
        lots_segment *segment;
        lots_batch contacts;
        lots_patient first = lots_registry_segment_first(registry, s);
        assert_ok(lots_registry_segment(registry, s, &segment, &err));
        assert_ok(lots_segment_export(segment, 1, first, &contacts, &err));
        uint32_t row = 0;
        for (lots_patient p = first; p < first + lots_segment_patients(segment); p++)
            for (uint32_t i = 0; i < world_contacts(p); i++, row++) {
                assert_int_equal(LOTS_AT(lots_patient, &contacts.patient, row), p);
                assert_int_equal(LOTS_AT(int32_t, &contacts.columns[0].values, row), 18000 + p + i);
            }
        assert_int_equal(contacts.rows, row);
        lots_batch_close(&contacts);
    }
}

#endif
