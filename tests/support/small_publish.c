/* small_publish.c: the small registry's tables made into segments, tables and a generation, through core/store. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/store/order.h"
#include "core/store/segment_writer.h"
#include "tests/support/small_tables.h"

static lots_id stable_id(const lots_dictionary *dictionary, const char *key)
{
    lots_id rank = lots_dictionary_find(dictionary, key, strlen(key));
    if (rank == LOTS_NO_ID)
        fail_msg("no such word or code: %s", key);
    return lots_dictionary_stable_of_rank(dictionary)[rank];
}

static const lots_dictionary *domain_of(const small_registry *r, const char *name)
{
    for (size_t i = 0; i < SMALL_DOMAINS_USED; i++)
        if (strcmp(small_domains[i].name, name) == 0)
            return r->domains[i];
    return NULL;
}

static void name_domains(const char *names[SMALL_DOMAINS_USED])
{
    for (size_t i = 0; i < SMALL_DOMAINS_USED; i++)
        names[i] = small_domains[i].name;
}

static void full_code(const char *text, size_t bytes, const char *system, char key[64])
{
    char whole[160];
    bool named = memchr(text, ':', bytes) != NULL;
    snprintf(whole, sizeof whole, "%.40s%s%.*s", named ? "" : system, named ? "" : ":", bytes < 100 ? (int)bytes : 100, text);
    small_code_key(whole, key);
}

static void put_codes(small_registry *r, lots_batch *batch, uint32_t column, const char *id, const char *list)
{
    lots_error err;
    int pos = 0;
    for (const char *at = list; *at != '\0';) {
        size_t bytes = strcspn(at, " ");
        char key[64];
        full_code(at, bytes, "icd10", key);
        assert_ok(lots_batch_put_item(batch, column, stable_id(r->codes, key), &err));
        char *separator = strchr(key, LOTS_CODE_SEPARATOR);
        *separator = '\0';
        small_run(r, sqlite3_mprintf("INSERT INTO code VALUES (%Q, %d, %Q, %Q)", id, pos++, key, separator + 1));
        at += bytes + (at[bytes] == ' ' ? 1 : 0);
    }
}

static void put_value(small_registry *r, lots_batch *batch, uint32_t column, sqlite3_stmt *row, int at)
{
    lots_error err;
    const lots_column *schema = &batch->schema[column];
    char key[64];
    if (sqlite3_column_type(row, at) == SQLITE_NULL || schema->role == LOTS_ROLE_GHOST)
        return;
    const char *text = (const char *)sqlite3_column_text(row, at);
    switch (schema->kind) {
    case LOTS_KIND_CATEGORY:
        assert_ok(lots_batch_put_int(batch, column, stable_id(domain_of(r, schema->domain), text), &err));
        break;
    case LOTS_KIND_CODE:
        full_code(text, strlen(text), schema->system, key);
        assert_ok(lots_batch_put_int(batch, column, stable_id(r->codes, key), &err));
        break;
    case LOTS_KIND_CODES: put_codes(r, batch, column, (const char *)sqlite3_column_text(row, 4), text); break;
    case LOTS_KIND_TEXT: assert_ok(lots_batch_put_text(batch, column, text, strlen(text), &err)); break;
    case LOTS_KIND_FLOAT: assert_ok(lots_batch_put_float(batch, column, sqlite3_column_double(row, at), &err)); break;
    default: assert_ok(lots_batch_put_int(batch, column, sqlite3_column_int64(row, at), &err));
    }
}

/* The rows of a stream of patients first..end-1, in an order that is not the one wanted. */
static void read_rows(small_registry *r, size_t stream, uint32_t first, uint32_t end, lots_batch *out)
{
    lots_error err;
    sqlite3_stmt *row = NULL;
    char columns[400] = "p";
    for (const small_column *c = small_streams[stream].columns; c->name != NULL; c++) {
        size_t used = strlen(columns);
        snprintf(columns + used, sizeof columns - used, ", %s\"%s\"", c->role == LOTS_ROLE_GHOST ? "NULL AS " : "", c->name);
    }
    char *sql = sqlite3_mprintf("SELECT %s FROM %s WHERE p >= %u AND p < %u ORDER BY p, rowid * 7919 %% 101", columns,
                                small_streams[stream].name, first, end);
    const lots_stream *schema = &r->schema.streams[stream];
    assert_ok(lots_batch_open(out, schema->columns, schema->column_count, &err));
    assert_int_equal(sqlite3_prepare_v2(r->sql, sql, -1, &row, NULL), SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW) {
        assert_ok(lots_batch_row_begin(out, (lots_patient)sqlite3_column_int(row, 0), &err));
        for (uint32_t c = 0; c < schema->column_count; c++)
            put_value(r, out, c, row, (int)c + 1);
        assert_ok(lots_batch_row_end(out, &err));
    }
    sqlite3_finalize(row);
    sqlite3_free(sql);
}

static lots_day *read_deaths(small_registry *r, const lots_batch *patients)
{
    lots_day *death = malloc((patients->rows + 1) * sizeof *death);
    int32_t column = lots_stream_find_role(&r->schema.streams[0], LOTS_ROLE_DEATH);
    const lots_batch_column *from = &patients->columns[column];
    for (uint32_t i = 0; i < patients->rows; i++)
        death[i] = ((const uint8_t *)from->missing.data)[i] ? LOTS_DAY_MAX : ((const int32_t *)from->values.data)[i];
    return death;
}

static void settle(small_registry *r, size_t stream, const lots_batch *raw, lots_patient first, const lots_day *death,
                   lots_batch *out)
{
    lots_error err;
    lots_settle_counts counts;
    const lots_stream *schema = &r->schema.streams[stream];
    const lots_dictionary *columns[LOTS_COLUMNS_MAX] = {NULL};
    for (uint32_t c = 0; c < schema->column_count; c++)
        if (schema->columns[c].kind == LOTS_KIND_CATEGORY)
            columns[c] = domain_of(r, schema->columns[c].domain);
    const lots_order_context context = {.stream = schema, .codes = r->codes, .domains = columns, .death = death,
                                        .first_patient = first, .covered_until = r->until};
    assert_ok(lots_order_settle(&context, raw, NULL, out, &counts, &err));
}

static void write_ids(const char *path, uint64_t segment, uint32_t first, uint32_t count)
{
    lots_error err;
    lots_bytes text = {0};
    uint64_t *offsets = calloc((size_t)count + 1, sizeof *offsets);
    for (uint32_t i = 0; i < count; i++) {
        assert_ok(lots_bytes_printf(&text, &err, first + i < 10000 ? "p%04u" : "q%08u", first + i));
        offsets[i + 1] = text.count;
    }
    assert_ok(lots_identity_write(path, segment, (const char *)text.data, offsets, count, &err));
    lots_bytes_free(&text);
    free(offsets);
}

static void write_segment(small_registry *r, lots_registry_writer *writer, uint32_t first, uint32_t count,
                          lots_manifest_entry *entry)
{
    lots_error err;
    lots_batch raw[SMALL_STREAMS], settled[SMALL_STREAMS];
    const lots_batch *streams[SMALL_STREAMS];
    lots_segment_result result;
    const char *names[SMALL_DOMAINS_USED];
    char *path = NULL, *identity = NULL;
    name_domains(names);
    for (size_t s = 0; s < SMALL_STREAMS; s++)
        read_rows(r, s, first, first + count, &raw[s]);
    lots_day *death = read_deaths(r, &raw[0]);
    for (size_t s = 0; s < SMALL_STREAMS; s++) {
        streams[s] = s == 0 ? &raw[s] : &settled[s];
        if (s > 0)
            settle(r, s, &raw[s], first, death, &settled[s]);
    }
    assert_ok(lots_registry_new_segment(writer, &entry->id, &path, &identity, &err));
    const lots_segment_input input = {.id = entry->id, .schema = &r->schema, .patients = count, .first_patient = first,
                                      .streams = streams, .codes = r->codes,
                                      .domains = (const lots_dictionary *const *)r->domains,
                                      .domain_names = names, .domain_count = SMALL_DOMAINS_USED,
                                      .chunk_patients = r->chunk_patients};
    assert_ok(lots_segment_write(path, &input, &result, &err));
    write_ids(identity, entry->id, first, count);
    *entry = (lots_manifest_entry){entry->id, count, result.events, result.bytes, result.hash};
    lots_free(path);
    lots_free(identity);
    free(death);
    for (size_t s = 0; s < SMALL_STREAMS; s++) {
        lots_batch_close(&raw[s]);
        if (s > 0)
            lots_batch_close(&settled[s]);
    }
}

static void read_table(small_registry *r, size_t number, lots_batch *out)
{
    lots_error err;
    sqlite3_stmt *row = NULL;
    const lots_table_schema *table = &r->schema.tables[number];
    char *sql = sqlite3_mprintf("SELECT * FROM %s ORDER BY rowid", table->name);
    assert_ok(lots_batch_open(out, table->columns, table->column_count, &err));
    assert_int_equal(sqlite3_prepare_v2(r->sql, sql, -1, &row, NULL), SQLITE_OK);
    sqlite3_free(sql);
    while (sqlite3_step(row) == SQLITE_ROW) {
        assert_ok(lots_batch_row_begin(out, 0, &err));
        for (uint32_t c = 0; c < table->column_count; c++)
            put_value(r, out, c, row, (int)c);
        assert_ok(lots_batch_row_end(out, &err));
    }
    sqlite3_finalize(row);
}

static void publish(small_registry *r, lots_registry_writer *writer, const lots_manifest_entry *entries, uint32_t count)
{
    lots_error err;
    lots_batch tables[SMALL_TABLES];
    const lots_batch *lent[SMALL_TABLES];
    lots_coverage coverage[SMALL_STREAMS];
    const char *names[SMALL_DOMAINS_USED];
    uint32_t covered = 0;
    uint64_t generation = 0;
    memset(coverage, 0, sizeof coverage);
    name_domains(names);
    for (size_t s = 1; s < SMALL_STREAMS; s++) {
        if (small_streams[s].undated)
            continue;
        lots_coverage *one = &coverage[covered++];
        snprintf(one->stream, sizeof one->stream, "%s", small_streams[s].name);
        one->from = r->from;
        one->until = one->complete_until = r->until;
        if (strcmp(one->stream, "labs") == 0) /* of which the last quarter is still coming in */
            one->complete_until = r->until - 92;
        one->extract = LOTS_DAY_MIN;
        one->declared = true;
    }
    for (size_t t = 0; t < SMALL_TABLES; t++) {
        read_table(r, t, &tables[t]);
        lent[t] = &tables[t];
    }
    const lots_generation_input input = {.schema = &r->schema, .codes = r->codes,
                                         .domains = (const lots_dictionary *const *)r->domains,
                                         .domain_names = names, .domain_count = SMALL_DOMAINS_USED, .segments = entries,
                                         .segment_count = count, .coverage = coverage, .coverage_count = covered,
                                         .tables = lent};
    assert_ok(lots_registry_publish(writer, &input, &generation, &err));
    for (size_t t = 0; t < SMALL_TABLES; t++)
        lots_batch_close(&tables[t]);
}

void small_publish(small_registry *r, uint32_t segment_patients)
{
    lots_error err;
    lots_registry_writer *writer;
    lots_registry *base;
    sqlite3_stmt *row = NULL;
    uint32_t count = 0;
    assert_int_equal(sqlite3_prepare_v2(r->sql, "SELECT count(*) FROM patients", -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    uint32_t patients = (uint32_t)sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    lots_manifest_entry *entries = calloc(patients / segment_patients + 1, sizeof *entries);
    assert_ok(lots_registry_begin(&writer, r->path, true, &base, &err));
    small_exec(r, "BEGIN");
    for (uint32_t first = 0; first < patients; first += segment_patients) {
        uint32_t more = patients - first < segment_patients ? patients - first : segment_patients;
        write_segment(r, writer, first, more, &entries[count++]);
    }
    publish(r, writer, entries, count);
    free(entries);
    lots_registry_end(writer);
    assert_ok(lots_registry_open(&r->registry, r->path, NULL, &err));
    small_derive(r);
    small_exec(r, "UPDATE contacts SET \"end\" = start WHERE level IS NOT 'inpatient'");
    small_exec(r, "COMMIT");
}

void small_keep_nothing(small_registry *r)
{
    const lots_registry_options options = {.kept_bytes = 1};
    lots_error err;
    lots_registry_close(r->registry);
    assert_ok(lots_registry_open(&r->registry, r->path, &options, &err));
}
