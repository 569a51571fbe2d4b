/* load_fixture.h: what the tests of loading share: files made in a folder, loads of them, and rows read back as texts. */
#ifndef LOAD_FIXTURE_H
#define LOAD_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base/day.h"
#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/store/registry.h"
#include "ingest/load.h"
#include "tests/support/lots_test.h"

typedef struct fixture {
    char folder[512];
    char registry[600];
    char map[600];
    lots_load_options options;
    lots_load_result result;
    lots_error err;
} fixture;

static inline void write_file(const fixture *f, const char *name, const char *text)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static inline void begin(fixture *f, const char *map)
{
    *f = (fixture){0};
    lots_test_directory(f->folder);
    snprintf(f->registry, sizeof f->registry, "%s/r.lots", f->folder);
    snprintf(f->map, sizeof f->map, "%s/t.map", f->folder);
    write_file(f, "t.map", map);
    f->options = (lots_load_options){.registry = f->registry, .map_path = f->map, .threads = 2};
}

/* Load; the result of a load before is freed. */
static inline lots_status load(fixture *f)
{
    lots_load_result_free(&f->result);
    lots_error_clear(&f->err);
    return lots_load_run(&f->options, &f->result, &f->err);
}

static inline void load_ok(fixture *f)
{
    lots_status status = load(f);
    if (status != LOTS_OK)
        fail_msg("%s: %s", lots_status_name(status), f->err.text);
    for (size_t i = 0; i < f->result.count_count; i++) {
        const lots_load_counts *c = &f->result.counts[i];
        assert_int_equal(c->rows, c->loaded + c->rejected + c->duplicates + c->filtered);
    }
}

static inline void end(fixture *f)
{
    lots_error ignored;
    lots_load_result_free(&f->result);
    if (lots_path_remove_tree(f->folder, &ignored) != LOTS_OK)
        fail_msg("%s", ignored.text);
}

static inline const lots_load_counts *counts_of(const fixture *f, const char *stream, const char *child)
{
    for (size_t i = 0; i < f->result.count_count; i++)
        if (strcmp(f->result.counts[i].stream, stream) == 0 && strcmp(f->result.counts[i].child, child) == 0)
            return &f->result.counts[i];
    fail_msg("no counts of %s/%s", stream, child);
    return NULL;
}

static inline const lots_load_stream *stream_of(const fixture *f, const char *stream)
{
    for (size_t i = 0; i < f->result.stream_count; i++)
        if (strcmp(f->result.streams[i].name, stream) == 0)
            return &f->result.streams[i];
    fail_msg("no stream %s", stream);
    return NULL;
}

/* ---- reading back ---- */

static inline lots_registry *open_registry(fixture *f)
{
    lots_registry *registry;
    lots_status status = lots_registry_open(&registry, f->registry, NULL, &f->err);
    if (status != LOTS_OK)
        fail_msg("%s", f->err.text);
    return registry;
}

static inline uint64_t registry_hash(fixture *f)
{
    lots_registry *registry = open_registry(f);
    uint64_t hash = lots_registry_hash(registry);
    lots_registry_close(registry);
    return hash;
}

static inline void put_id(lots_bytes *out, const lots_dictionary *dictionary, lots_id stable)
{
    size_t bytes;
    const char *key = lots_dictionary_key(dictionary, lots_dictionary_rank_of_stable(dictionary)[stable], &bytes);
    const char *mark = memchr(key, LOTS_CODE_SEPARATOR, bytes);
    if (mark != NULL)
        assert_int_equal(lots_bytes_printf(out, NULL, "%.*s:%.*s", (int)(mark - key), key,
                                           (int)(bytes - (size_t)(mark - key) - 1), mark + 1), LOTS_OK);
    else
        assert_int_equal(lots_bytes_append(out, key, bytes, NULL), LOTS_OK);
}

static inline void put_scalar(lots_bytes *out, const lots_column *column, const lots_batch_column *from, uint32_t row,
                              const lots_dictionary *dictionary)
{
    char day[11];
    lots_status status = LOTS_OK;
    switch (column->kind) {
    case LOTS_KIND_BOOL:
        status = lots_bytes_printf(out, NULL, "%d", LOTS_AT(uint8_t, &from->values, row));
        break;
    case LOTS_KIND_INT:
    case LOTS_KIND_DECIMAL:
        status = lots_bytes_printf(out, NULL, "%jd", (intmax_t)LOTS_AT(int64_t, &from->values, row));
        break;
    case LOTS_KIND_FLOAT:
        status = lots_bytes_printf(out, NULL, "%.17g", LOTS_AT(double, &from->values, row));
        break;
    case LOTS_KIND_DATE:
        lots_day_format(LOTS_AT(int32_t, &from->values, row), day);
        status = lots_bytes_printf(out, NULL, "%s", day);
        break;
    case LOTS_KIND_TEXT: {
        uint32_t first = LOTS_AT(uint32_t, &from->offsets, row);
        status = lots_bytes_append(out, (const char *)from->values.data + first,
                                   LOTS_AT(uint32_t, &from->offsets, row + 1) - first, NULL);
        break;
    }
    default:
        put_id(out, dictionary, LOTS_AT(lots_id, &from->values, row));
    }
    assert_int_equal(status, LOTS_OK);
}

static inline void put_value(lots_bytes *out, lots_registry *registry, const lots_column *column,
                             const lots_batch_column *from, uint32_t row)
{
    const lots_dictionary *dictionary = column->kind == LOTS_KIND_CATEGORY
                                            ? lots_registry_domain(registry, column->domain)
                                            : lots_registry_codes(registry);
    if (!from->list) {
        if (!LOTS_AT(uint8_t, &from->missing, row))
            put_scalar(out, column, from, row, dictionary);
        return;
    }
    for (uint32_t i = LOTS_AT(uint32_t, &from->offsets, row); i < LOTS_AT(uint32_t, &from->offsets, row + 1); i++) {
        if (i > LOTS_AT(uint32_t, &from->offsets, row))
            assert_int_equal(lots_bytes_put8(out, '+', NULL), LOTS_OK);
        put_id(out, dictionary, LOTS_AT(lots_id, &from->values, i));
    }
}

/* All rows of a stream, a line each: patient's id, then every column, `|` between. The caller's to free. */
static inline char *rows_of(fixture *f, const char *stream)
{
    lots_registry *registry = open_registry(f);
    const lots_schema *schema = lots_registry_schema(registry);
    int32_t index = lots_schema_find_stream(schema, stream, strlen(stream));
    lots_bytes out = {0}, id = {0};
    assert_true(index >= 0);
    for (uint32_t s = 0; s < lots_registry_segments(registry); s++) {
        lots_segment *segment;
        lots_identity *identity;
        lots_batch batch;
        assert_int_equal(lots_registry_segment(registry, s, &segment, &f->err), LOTS_OK);
        assert_int_equal(lots_registry_identity(registry, s, &identity, &f->err), LOTS_OK);
        assert_int_equal(lots_segment_export(segment, (uint32_t)index, 0, &batch, &f->err), LOTS_OK);
        for (uint32_t row = 0; row < batch.rows; row++) {
            assert_int_equal(lots_identity_get(identity, LOTS_AT(lots_patient, &batch.patient, row), &id, &f->err),
                             LOTS_OK);
            assert_int_equal(lots_bytes_append(&out, id.data, id.count, NULL), LOTS_OK);
            for (uint32_t c = 0; c < batch.column_count; c++) {
                assert_int_equal(lots_bytes_put8(&out, '|', NULL), LOTS_OK);
                put_value(&out, registry, &schema->streams[index].columns[c], &batch.columns[c], row);
            }
            assert_int_equal(lots_bytes_put8(&out, '\n', NULL), LOTS_OK);
        }
        lots_batch_close(&batch);
        lots_identity_close(identity);
    }
    lots_bytes_free(&id);
    lots_registry_close(registry);
    assert_int_equal(lots_bytes_put8(&out, 0, NULL), LOTS_OK);
    return (char *)out.data;
}

#define assert_rows(f, stream, wanted)             \
    do {                                           \
        char *rows_ = rows_of((f), (stream));      \
        assert_string_equal(rows_, (wanted));      \
        lots_free(rows_);                          \
    } while (0)

#endif
