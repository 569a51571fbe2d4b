/* catalog_write.c: the transactions that change the catalog. Each is begun, run and committed here, or rolled back: a
 * process killed within one leaves SQLite's journal, which the next to open the file rolls back. */
#include <stdio.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/store/catalog.h"
#include "core/store/catalog_inner.h"

#define CATALOG_NEW LOTS_CATALOG_FILE ".new"

/* ---- a generation ---- */

static lots_status insert_segment(lots_sql *sql, const lots_segment_facts *facts, lots_error *err)
{
    const lots_manifest_entry *entry = &facts->entry;
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO segment VALUES(?1,?2,?3,?4,?5)", lots_cell_number(entry->id),
                          lots_cell_number(entry->patients), lots_cell_number(entry->events),
                          lots_cell_number(entry->bytes), lots_cell_hash(entry->hash)));
    for (uint32_t i = 0; i < facts->stream_count; i++)
        LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO segment_stream VALUES(?1,?2,?3)", lots_cell_number(entry->id),
                              lots_cell_text(facts->streams[i].stream), lots_cell_number(facts->streams[i].events)));
    return LOTS_OK;
}

static lots_status insert_manifest(lots_sql *sql, const lots_generation *next, uint64_t first_new, lots_error *err)
{
    for (size_t i = 0; i < next->segments.count; i++) {
        const lots_segment_facts *facts = &LOTS_AT(lots_segment_facts, &next->segments, i);
        if (facts->entry.id >= first_new)
            LOTS_TRY(insert_segment(sql, facts, err));
        LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO manifest VALUES(?1,?2,?3)", lots_cell_number(next->id),
                              lots_cell_number(i), lots_cell_number(facts->entry.id)));
    }
    return LOTS_OK;
}

static lots_status insert_files(lots_sql *sql, const char *insert, uint64_t generation, const lots_vec *files,
                                lots_error *err)
{
    for (size_t i = 0; i < files->count; i++) {
        const lots_file_facts *facts = &LOTS_AT(lots_file_facts, files, i);
        LOTS_TRY(LOTS_SQL_RUN(sql, err, insert, lots_cell_number(generation), lots_cell_number(i),
                              lots_cell_text(facts->name), lots_cell_number(facts->number),
                              lots_cell_number(facts->bytes), lots_cell_hash(facts->hash)));
    }
    return LOTS_OK;
}

static lots_status insert_coverage(lots_sql *sql, const lots_generation *next, lots_error *err)
{
    for (size_t i = 0; i < next->coverage.count; i++) {
        const lots_coverage *row = &LOTS_AT(lots_coverage, &next->coverage, i);
        LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO coverage VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
                              lots_cell_number(next->id), lots_cell_number(i), lots_cell_text(row->stream),
                              lots_cell_text(row->unit), lots_cell_day(row->from, LOTS_DAY_MAX),
                              lots_cell_day(row->until, LOTS_DAY_MIN),
                              lots_cell_day(row->complete_until, LOTS_DAY_MIN),
                              lots_cell_day(row->extract, LOTS_DAY_MIN), lots_cell_number(row->declared)));
    }
    return LOTS_OK;
}

/* Entries of generations before are there already. */
static lots_status insert_log(lots_sql *sql, const lots_generation *next, lots_error *err)
{
    uint64_t ordinal = 0;
    for (size_t i = 0; i < next->log.count; i++) {
        const lots_ingest_entry *entry = &LOTS_AT(lots_ingest_entry, &next->log, i);
        if (entry->generation != next->id)
            continue;
        LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO ingest_log VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
                              lots_cell_number(next->id), lots_cell_number(ordinal), lots_cell_text(entry->source),
                              lots_cell_text(entry->stream), lots_cell_number(entry->rows),
                              lots_cell_number(entry->loaded), lots_cell_number(entry->rejected),
                              lots_cell_number(entry->duplicates), lots_cell_number(entry->conflicts),
                              lots_cell_number(entry->identical)));
        ordinal++;
    }
    return LOTS_OK;
}

/* Whoever adds a generation may write what only readers of the present format version know. */
static lots_status set_version(lots_sql *sql, lots_error *err)
{
    char script[64];
    snprintf(script, sizeof script, "PRAGMA user_version=%u;", LOTS_FORMAT_VERSION);
    return lots_sql_script(sql, script, err);
}

static lots_status insert_generation(lots_sql *sql, const lots_generation *next, const lots_schema *schema,
                                     uint64_t seal, uint64_t first_new, lots_error *err)
{
    LOTS_TRY(set_version(sql, err));
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO generation VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                          lots_cell_number(next->id), lots_cell_number(next->parent), lots_cell_hash(next->hash),
                          lots_cell_hash(seal), lots_cell_text(next->version), lots_cell_number(next->format),
                          lots_cell_number(next->next_number), lots_cell_blob(next->schema, next->schema_bytes)));
    LOTS_TRY(insert_manifest(sql, next, first_new, err));
    LOTS_TRY(insert_files(sql, "INSERT INTO dictionary VALUES(?1,?2,?3,?4,?5,?6)", next->id, &next->dictionaries, err));
    LOTS_TRY(insert_files(sql, "INSERT INTO table_file VALUES(?1,?2,?3,?4,?5,?6)", next->id, &next->tables, err));
    LOTS_TRY(insert_coverage(sql, next, err));
    for (size_t i = 0; i < next->settings.count; i++) {
        const lots_setting *setting = &LOTS_AT(lots_setting, &next->settings, i);
        LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO setting VALUES(?1,?2,?3)", lots_cell_number(next->id),
                              lots_cell_text(setting->key), lots_cell_text(setting->value)));
    }
    LOTS_TRY(insert_log(sql, next, err));
    return lots_catalog_describe(sql, next->id, schema, err);
}

/* ---- making and adding ---- */

static lots_status fill_new(lots_sql *sql, const lots_generation *first, const lots_schema *schema, lots_error *err)
{
    uint64_t seal, pins, cohorts;
    LOTS_TRY(lots_generation_seal(first, &seal, err));
    LOTS_TRY(lots_sql_script(sql, lots_catalog_tables, err));
    LOTS_TRY(insert_generation(sql, first, schema, seal, 0, err));
    LOTS_TRY(lots_catalog_seal_pins(sql, NULL, &pins, err));
    LOTS_TRY(lots_catalog_seal_cohorts(sql, NULL, &cohorts, err));
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO current VALUES(1,?1,?2,?3,?4,?5)", lots_cell_number(first->id),
                          lots_cell_hash(seal), lots_cell_hash(pins), lots_cell_hash(LOTS_CATALOG_NO_AUDIT),
                          lots_cell_hash(cohorts)));
    return lots_sql_commit(sql, err);
}

static lots_status create_at(const char *path, const lots_generation *first, const lots_schema *schema,
                             lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_sql_begin(&sql, path, LOTS_SQL_CREATE, err));
    lots_status status = fill_new(&sql, first, schema, err);
    lots_sql_close(&sql);
    return status;
}

/* A dead writer's half-made catalog, and its journal, which SQLite would roll back into the new one. */
static lots_status remove_unfinished(const char *directory, lots_error *err)
{
    static const char *const names[] = {CATALOG_NEW, CATALOG_NEW "-journal"};
    for (size_t i = 0; i < 2; i++) {
        char *path;
        LOTS_TRY(lots_path_join(&path, directory, names[i], err));
        lots_status status = lots_path_remove(path, err);
        lots_free(path);
        LOTS_TRY(status);
    }
    return LOTS_OK;
}

static lots_status create_and_rename(const char *directory, const char *unfinished, const lots_generation *first,
                                     const lots_schema *schema, lots_error *err)
{
    char *path;
    LOTS_TRY(create_at(unfinished, first, schema, err));
    LOTS_TRY(lots_directory_sync(directory, err));
    LOTS_TRY(lots_path_join(&path, directory, LOTS_CATALOG_FILE, err));
    lots_status status = lots_path_rename(unfinished, path, err);
    lots_free(path);
    return status == LOTS_OK ? lots_directory_sync(directory, err) : status;
}

lots_status lots_catalog_create(const char *directory, const lots_generation *first, const lots_schema *schema,
                                lots_error *err)
{
    char *unfinished;
    LOTS_TRY(remove_unfinished(directory, err));
    LOTS_TRY(lots_path_join(&unfinished, directory, CATALOG_NEW, err));
    lots_status status = create_and_rename(directory, unfinished, first, schema, err);
    lots_free(unfinished);
    return status;
}

static lots_status add_generation(lots_sql *sql, const lots_generation *next, const lots_schema *schema,
                                  uint64_t first_new, lots_error *err)
{
    uint64_t seal;
    LOTS_TRY(lots_generation_seal(next, &seal, err));
    LOTS_TRY(insert_generation(sql, next, schema, seal, first_new, err));
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "UPDATE current SET generation = ?1, seal = ?2 WHERE one = 1",
                          lots_cell_number(next->id), lots_cell_hash(seal)));
    return lots_sql_commit(sql, err);
}

lots_status lots_catalog_publish(const char *directory, const lots_generation *next, const lots_schema *schema,
                                 uint64_t first_new, lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_WRITE, err));
    lots_status status = add_generation(&sql, next, schema, first_new, err);
    lots_sql_close(&sql);
    return status;
}

/* ---- forgetting ---- */

static lots_status forget_all(lots_sql *sql, const uint64_t *generations, size_t count, lots_error *err)
{
    for (size_t i = 0; i < count; i++)
        LOTS_TRY(LOTS_SQL_RUN(sql, err, "DELETE FROM generation WHERE id = ?1", lots_cell_number(generations[i])));
    LOTS_TRY(lots_sql_script(sql, "DELETE FROM segment WHERE id NOT IN (SELECT segment FROM manifest);", err));
    return lots_sql_commit(sql, err);
}

lots_status lots_catalog_forget(const char *directory, const uint64_t *generations, size_t count, lots_error *err)
{
    lots_sql sql;
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_WRITE, err));
    lots_status status = forget_all(&sql, generations, count, err);
    lots_sql_close(&sql);
    return status;
}

/* ---- pins ---- */

static const lots_pin *find_pin(const lots_vec *pins, const char *name)
{
    for (size_t i = 0; i < pins->count; i++)
        if (strcmp(LOTS_AT(lots_pin, pins, i).name, name) == 0)
            return &LOTS_AT(lots_pin, pins, i);
    return NULL;
}

static lots_status add_pin(lots_sql *sql, const lots_pin *have, const char *name, uint64_t generation,
                           lots_error *err)
{
    lots_catalog_seal found;
    if (have != NULL && have->generation == generation)
        return LOTS_OK;
    if (have != NULL) {
        lots_fail(err, LOTS_USAGE, "'%s' already keeps generation %ju", name, (uintmax_t)have->generation);
        lots_error_hint(err, "drop the pin first: the generation it keeps may be the last trace of a result");
        return LOTS_USAGE;
    }
    LOTS_TRY(lots_catalog_find_seal(sql, generation, &found, err));
    if (found.rows != 1)
        return lots_fail(err, LOTS_USAGE, "there is no generation %ju to pin", (uintmax_t)generation);
    return LOTS_SQL_RUN(sql, err, "INSERT INTO pin VALUES(?1,?2,?3)", lots_cell_text(name),
                        lots_cell_number(generation), lots_cell_hash(found.seal));
}

static lots_status drop_pin(lots_sql *sql, const lots_pin *have, const char *name, lots_error *err)
{
    if (have == NULL)
        return lots_fail(err, LOTS_USAGE, "no generation is pinned as '%s'", name);
    return LOTS_SQL_RUN(sql, err, "DELETE FROM pin WHERE name = ?1", lots_cell_text(name));
}

static lots_status change_pin(lots_sql *sql, lots_vec *pins, const char *name, uint64_t generation, lots_error *err)
{
    uint64_t seal;
    LOTS_TRY(lots_catalog_seal_pins(sql, pins, &seal, err));
    const lots_pin *have = find_pin(pins, name);
    LOTS_TRY(generation != 0 ? add_pin(sql, have, name, generation, err) : drop_pin(sql, have, name, err));
    LOTS_TRY(lots_catalog_seal_pins(sql, NULL, &seal, err));
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "UPDATE current SET pins = ?1 WHERE one = 1", lots_cell_hash(seal)));
    return lots_sql_commit(sql, err);
}

lots_status lots_catalog_pin(const char *directory, const char *name, uint64_t generation, lots_error *err)
{
    lots_sql sql;
    uint64_t current;
    lots_vec pins = LOTS_VEC(lots_pin);
    /* Only a catalog known to be sound is changed: the new seal would hide damage to the pins there were. */
    LOTS_TRY(lots_catalog_current(directory, &current, err));
    LOTS_TRY(lots_catalog_open(&sql, directory, LOTS_SQL_WRITE, err));
    lots_status status = change_pin(&sql, &pins, name, generation, err);
    lots_vec_free(&pins);
    lots_sql_close(&sql);
    return status;
}
