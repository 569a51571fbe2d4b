/* test_registry.c: a registry made and read: what was published comes back, to many threads too; whoever finds no
 * registry, or a writer at work, is told; and reading changes nothing. What a next generation adds is in
 * test_registry_publish.c, what goes and what is held in test_registry_sweep.c, damage in test_registry_damage.c. */
#include "tests/core/store/registry_fixture.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/pool.h"

/* ---- making and reading ---- */

static void what_is_published_is_what_a_reader_gets(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_batch const *table;
    lots_day from, until;
    lots_ingest_entry *log;
    size_t log_count;
    world_open(&w);
    assert_int_equal(WORLD_GROW(&w, 30, 50), 1);
    lots_registry *registry = open_registry(&w, 0);
    uint64_t contacts = 0;
    for (lots_patient p = 0; p < 80; p++)
        contacts += world_contacts(p);
    assert_string_equal(lots_registry_path(registry), w.path);
    assert_int_equal(lots_registry_generation(registry), 1);
    assert_int_equal(lots_registry_patients(registry), 80);
    assert_int_equal(lots_registry_segments(registry), 2);
    assert_int_equal(lots_registry_segment_first(registry, 1), 30);
    assert_int_equal(lots_registry_events(registry, 0), 80);
    assert_int_equal(lots_registry_events(registry, 1), contacts);
    assert_int_equal(lots_schema_find_stream(lots_registry_schema(registry), "contacts", 8), 1);
    assert_int_equal(lots_dictionary_count(lots_registry_codes(registry)), 90);
    assert_int_equal(lots_dictionary_count(lots_registry_domain(registry, "unit")), TABLE_ROWS);
    assert_null(lots_registry_domain(registry, "other"));
    check_rows(registry);
    assert_ok(lots_registry_table(registry, 0, &table, &err));
    assert_int_equal(table->rows, TABLE_ROWS);
    for (uint32_t i = 0; i < TABLE_ROWS; i++) {
        assert_int_equal(LOTS_AT(uint32_t, &table->columns[0].values, i), i);
        assert_int_equal(LOTS_AT(uint8_t, &table->columns[1].missing, i), i % 3 == 0);
        assert_int_equal(LOTS_AT(int64_t, &table->columns[1].values, i), i % 3 == 0 ? 0 : i * 7);
    }
    assert_int_equal(lots_registry_coverage_count(registry), 2);
    assert_int_equal(lots_registry_coverage(registry, 1)->complete_until, 18050);
    assert_int_equal(lots_registry_coverage(registry, 1)->extract, LOTS_DAY_MIN);
    assert_string_equal(lots_registry_coverage_at(registry, 1)->unit, "unit 01");
    assert_int_equal(lots_registry_coverage_at(registry, 1)->extract, 18200);
    assert_null(lots_registry_coverage(registry, 0));
    assert_true(lots_registry_span(registry, &from, &until));
    assert_int_equal(from, 18000);
    assert_int_equal(until, 18100);
    assert_ok(lots_registry_ingest_log(registry, &log, &log_count, &err));
    assert_int_equal(log_count, 1);
    assert_string_equal(log[0].source, "test rows\nfile a.csv");
    assert_int_equal(log[0].generation, 1);
    assert_int_equal(log[0].identical, 4);
    lots_ingest_log_free(log, log_count);
    lots_registry_close(registry);
    world_close(&w);
}

static void identities_are_read_segment_by_segment(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_identity *identity;
    lots_bytes id = {0};
    char path[900];
    world_open(&w);
    WORLD_GROW(&w, 30, 50);
    lots_registry *registry = open_registry(&w, 0);
    assert_ok(lots_registry_identity(registry, 1, &identity, &err));
    assert_ok(lots_identity_get(identity, 0, &id, &err));
    assert_int_equal(id.count, 7);
    assert_memory_equal(id.data, "p000030", 7);
    lots_identity_close(identity);
    assert_ok(lots_path_remove_tree(world_file(&w, path, "identities"), &err));
    assert_status(LOTS_IO, lots_registry_identity(registry, 1, &identity, &err));
    assert_contains(err.text, "research copy");
    lots_registry_close(registry);
    lots_bytes_free(&id);
    world_close(&w);
}

static void identities_may_lie_elsewhere(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_registry *base;
    lots_registry_writer *writer;
    lots_identity *identity;
    char elsewhere[900];
    uint64_t generation;
    world_open(&w);
    snprintf(elsewhere, sizeof elsewhere, "%s-ids", w.path);
    assert_ok(lots_registry_begin(&writer, w.path, true, &base, &err));
    assert_status(LOTS_USAGE, lots_registry_place_identities(writer, "ids", &err));
    assert_ok(lots_registry_place_identities(writer, elsewhere, &err));
    world_add_segment(&w, writer, 20);
    assert_ok(world_publish(&w, writer, NULL, NULL, &generation, &err));
    lots_registry_end(writer);
    lots_registry *registry = open_registry(&w, 0);
    assert_string_equal(lots_registry_setting(registry, "identities"), elsewhere);
    assert_ok(lots_registry_identity(registry, 0, &identity, &err));
    assert_int_equal(lots_identity_count(identity), 20);
    lots_identity_close(identity);
    lots_registry_close(registry);
    writer = begin(&w);
    assert_ok(lots_registry_place_identities(writer, elsewhere, &err));
    assert_status(LOTS_USAGE, lots_registry_place_identities(writer, "/elsewhere", &err));
    lots_registry_end(writer);
    world_close(&w);
}

static void settings_carry_over_and_until_is_a_day(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_day from, until;
    uint64_t generation;
    world_open(&w);
    WORLD_GROW(&w, 5);
    lots_registry_writer *writer = begin(&w);
    assert_status(LOTS_USAGE, world_publish(&w, writer, "until", "yesterday", &generation, &err));
    assert_status(LOTS_USAGE, world_publish(&w, writer, "identities", "/tmp", &generation, &err));
    assert_ok(world_publish(&w, writer, "until", "2019-07-01", &generation, &err));
    lots_registry_end(writer);
    writer = begin(&w);
    assert_ok(world_publish(&w, writer, "min_cell", "5", &generation, &err));
    lots_registry_end(writer);
    lots_registry *registry = open_registry(&w, 0);
    assert_string_equal(lots_registry_setting(registry, "min_cell"), "5");
    assert_string_equal(lots_registry_setting(registry, "until"), "2019-07-01");
    assert_null(lots_registry_setting(registry, "other"));
    assert_true(lots_registry_span(registry, &from, &until));
    assert_int_equal(until, 18078);
    lots_registry_close(registry);
    writer = begin(&w);
    assert_ok(world_publish(&w, writer, "until", NULL, &generation, &err));
    lots_registry_end(writer);
    registry = open_registry(&w, 0);
    assert_null(lots_registry_setting(registry, "until"));
    lots_registry_close(registry);
    world_close(&w);
}

static void where_there_is_no_registry_the_reader_is_told_what_one_is(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_registry *registry;
    char path[900];
    world_open(&w);
    assert_status(LOTS_IO, lots_registry_open(&registry, w.path, NULL, &err));
    assert_contains(err.hint, "catalog.sqlite");
    assert_null(registry);
    lots_registry_writer *writer = begin(&w);
    assert_status(LOTS_IO, lots_registry_open(&registry, w.path, NULL, &err));
    lots_registry_end(writer);
    assert_status(LOTS_IO, lots_registry_open(&registry, w.path, NULL, &err));
    assert_contains(err.text, "never finished");
    WORLD_GROW(&w, 5);
    const lots_registry_options gone = {.generation = 9};
    assert_status(LOTS_USAGE, lots_registry_open(&registry, w.path, &gone, &err));
    write_file(world_file(&w, path, "catalog.sqlite"), "this is not a catalog");
    assert_status(LOTS_CORRUPT, lots_registry_open(&registry, w.path, NULL, &err));
    assert_contains(err.text, "catalog.sqlite");
    world_close(&w);
}

static void a_writer_takes_nothing_but_a_registry_for_one(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_registry_writer *writer;
    lots_registry *base;
    char path[900];
    world_open(&w);
    write_file(w.path, "a file");
    assert_status(LOTS_USAGE, lots_registry_begin(&writer, w.path, false, &base, &err));
    assert_ok(lots_path_remove(w.path, &err));
    assert_ok(lots_directory_create(w.path, false, &err));
    write_file(world_file(&w, path, "diary.txt"), "dear");
    assert_status(LOTS_USAGE, lots_registry_begin(&writer, w.path, false, &base, &err));
    assert_contains(err.text, "diary.txt");
    assert_false(world_has(&w, "lock"));
    assert_ok(lots_path_remove(path, &err));
    WORLD_GROW(&w, 5);
    assert_status(LOTS_USAGE, lots_registry_begin(&writer, w.path, true, &base, &err));
    assert_contains(err.text, "already exists");
    world_close(&w);
}

static void a_second_writer_fails_at_once_and_names_the_first(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_registry_writer *second;
    lots_registry *base;
    char holder[64];
    world_open(&w);
    WORLD_GROW(&w, 5);
    lots_registry_writer *writer = begin(&w);
    snprintf(holder, sizeof holder, "%ld", (long)getpid());
    assert_status(LOTS_LOCKED, lots_registry_begin(&second, w.path, false, &base, &err));
    assert_contains(err.text, holder);
    assert_status(LOTS_LOCKED, lots_registry_pin(w.path, "paper", 1, &err));
    lots_registry_end(writer);
    begin_and_end(&w);
    world_close(&w);
}

typedef struct asked {
    lots_registry *registry;
    lots_segment *segments[64];
    const lots_batch *tables[64];
} asked;

static lots_status ask(void *context, size_t task, unsigned worker, lots_error *err)
{
    asked *answers = context;
    (void)worker;
    LOTS_TRY(lots_registry_table(answers->registry, 0, &answers->tables[task], err));
    return lots_registry_segment(answers->registry, (uint32_t)(task % 3), &answers->segments[task], err);
}

static void many_threads_are_lent_the_same_segments_and_tables(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_pool *pool;
    asked answers = {0};
    world_open(&w);
    WORLD_GROW(&w, 30, 20, 10);
    answers.registry = open_registry(&w, 0);
    assert_ok(lots_pool_open(&pool, 4, &err));
    assert_ok(lots_pool_run(pool, 64, ask, &answers, NULL, &err));
    lots_pool_close(pool);
    for (size_t i = 0; i < 64; i++) {
        assert_ptr_equal(answers.segments[i], answers.segments[i % 3]);
        assert_ptr_equal(answers.tables[i], answers.tables[0]);
    }
    check_rows(answers.registry);
    lots_registry_close(answers.registry);
    world_close(&w);
}

/* ---- reading never writes ---- */

static uint64_t file_state(const char *path)
{
    lots_error err;
    char *text;
    size_t bytes;
    uint64_t sum = 0;
    assert_ok(lots_file_slurp(path, 1 << 26, &text, &bytes, &err));
    for (size_t i = 0; i < bytes; i++)
        sum = sum * 1099511628211u + (unsigned char)text[i];
    lots_free(text);
    return sum;
}

static void opening_for_reading_changes_nothing(void **state)
{
    (void)state;
    lots_error err;
    world w;
    char path[900], **before, **after;
    size_t before_count, after_count;
    world_open(&w);
    WORLD_GROW(&w, 30);
    world_file(&w, path, "catalog.sqlite");
    uint64_t bytes = file_state(path);
    assert_ok(lots_directory_list(w.path, &before, &before_count, &err));
    lots_registry *registry = open_registry(&w, 0);
    check_rows(registry);
    assert_ok(lots_directory_list(w.path, &after, &after_count, &err));
    assert_int_equal(before_count, after_count);
    for (size_t i = 0; i < before_count; i++)
        assert_string_equal(before[i], after[i]);
    assert_int_equal(file_state(path), bytes);
    lots_registry_close(registry);
    lots_names_free(before, before_count);
    lots_names_free(after, after_count);
    world_close(&w);
}

/* A writer that dies after SQLite began to change the file leaves a hot journal. */
static void spill_and_die(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA cache_size=2; PRAGMA cache_spill=1; BEGIN; DELETE FROM manifest; DELETE FROM current;"
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400) INSERT INTO audit "
                     "SELECT NULL,'t','u',printf('%0300d',i),'p',1,1 FROM n;",
                     NULL, NULL, NULL) != SQLITE_OK)
        _exit(1);
    _exit(0);
}

static void a_dead_writers_journal_is_rolled_back_by_the_next_reader(void **state)
{
    (void)state;
    world w;
    char path[900];
    int status;
    world_open(&w);
    WORLD_GROW(&w, 30);
    world_file(&w, path, "catalog.sqlite");
    uint64_t bytes = file_state(path);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        spill_and_die(path);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(world_has(&w, "catalog.sqlite-journal"));
    assert_int_not_equal(file_state(path), bytes);
    lots_registry *registry = open_registry(&w, 0);
    check_rows(registry);
    lots_registry_close(registry);
    assert_false(world_has(&w, "catalog.sqlite-journal"));
    assert_int_equal(file_state(path), bytes);
    world_close(&w);
}

/* The catalog's user_version: big-endian, at 60. `version` 0: only look. */
static uint32_t catalog_version(const world *w, uint32_t version)
{
    char path[700];
    uint8_t bytes[4] = {(uint8_t)(version >> 24), (uint8_t)(version >> 16), (uint8_t)(version >> 8), (uint8_t)version};
    snprintf(path, sizeof path, "%s/catalog.sqlite", w->path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 60, SEEK_SET), 0);
    if (version != 0)
        assert_int_equal(fwrite(bytes, 1, 4, file), 4);
    assert_int_equal(fseek(file, 60, SEEK_SET), 0);
    assert_int_equal(fread(bytes, 1, 4, file), 4);
    assert_int_equal(fclose(file), 0);
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void the_version_before_is_read_and_raised_by_what_is_added(void **state)
{
    (void)state;
    lots_error err;
    lots_registry *registry;
    const lots_registry_options options = {0};
    world w;
    world_open(&w);
    assert_int_equal(WORLD_GROW(&w, 20), 1);
    assert_int_equal(catalog_version(&w, 0), LOTS_FORMAT_VERSION);
    for (uint32_t version = 1; version < LOTS_FORMAT_VERSION + 3; version++) {
        assert_int_equal(catalog_version(&w, version), version);
        const bool read = version >= LOTS_FORMAT_OLDEST && version <= LOTS_FORMAT_VERSION;
        assert_int_equal(lots_registry_open(&registry, w.path, &options, &err), read ? LOTS_OK : LOTS_CORRUPT);
        if (read)
            lots_registry_close(registry);
    }
    catalog_version(&w, LOTS_FORMAT_OLDEST);
    assert_int_equal(WORLD_GROW(&w, 30), 2);
    assert_int_equal(catalog_version(&w, 0), LOTS_FORMAT_VERSION);
    registry = open_registry(&w, 0);
    check_rows(registry);
    lots_registry_close(registry);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_is_what_a_reader_gets),
        cmocka_unit_test(identities_are_read_segment_by_segment),
        cmocka_unit_test(identities_may_lie_elsewhere),
        cmocka_unit_test(settings_carry_over_and_until_is_a_day),
        cmocka_unit_test(where_there_is_no_registry_the_reader_is_told_what_one_is),
        cmocka_unit_test(a_writer_takes_nothing_but_a_registry_for_one),
        cmocka_unit_test(a_second_writer_fails_at_once_and_names_the_first),
        cmocka_unit_test(many_threads_are_lent_the_same_segments_and_tables),
        cmocka_unit_test(opening_for_reading_changes_nothing),
        cmocka_unit_test(the_version_before_is_read_and_raised_by_what_is_added),
        cmocka_unit_test(a_dead_writers_journal_is_rolled_back_by_the_next_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
