/* test_registry.c: a registry's life: made, published, reopened, grown, pinned, read while written. Damage is in
 * test_registry_damage.c. */
#include "tests/core/store/registry_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/pool.h"
#include "core/store/catalog.h"

static lots_registry *open_registry(const world *w, uint64_t generation)
{
    lots_error err;
    lots_registry *registry;
    const lots_registry_options options = {.generation = generation};
    assert_ok(lots_registry_open(&registry, w->path, &options, &err));
    return registry;
}

static lots_registry_writer *begin(const world *w)
{
    lots_error err;
    lots_registry_writer *writer;
    lots_registry *base;
    assert_ok(lots_registry_begin(&writer, w->path, false, &base, &err));
    return writer;
}

static void begin_and_end(const world *w)
{
    lots_registry_end(begin(w));
}

/* Every row of every segment against what the fixture must have written. */
static void check_rows(lots_registry *registry)
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
    assert_status(LOTS_USAGE, lots_registry_place_identities(writer, elsewhere, &err));
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

/* ---- growing ---- */

static void appending_keeps_segments_and_unchanged_dictionaries(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_generation first, second;
    lots_ingest_entry *log;
    size_t log_count;
    bool found;
    world_open(&w);
    WORLD_GROW(&w, 30);
    assert_int_equal(WORLD_GROW(&w, 50), 2);
    assert_ok(lots_catalog_read(w.path, 1, &first, &found, &err));
    assert_true(found);
    assert_ok(lots_catalog_read(w.path, 2, &second, &found, &err));
    assert_int_equal(second.parent, 1);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(LOTS_AT(lots_file_facts, &first.dictionaries, i).number,
                         LOTS_AT(lots_file_facts, &second.dictionaries, i).number);
    assert_int_equal(LOTS_AT(lots_file_facts, &first.tables, 0).number,
                     LOTS_AT(lots_file_facts, &second.tables, 0).number);
    lots_generation_free(&first);
    lots_generation_free(&second);
    lots_registry *registry = open_registry(&w, 0);
    assert_int_equal(lots_registry_patients(registry), 80);
    check_rows(registry);
    assert_ok(lots_registry_ingest_log(registry, &log, &log_count, &err));
    assert_int_equal(log_count, 2);
    assert_int_equal(log[1].generation, 2);
    lots_ingest_log_free(log, log_count);
    lots_registry_close(registry);
    registry = open_registry(&w, 1);
    assert_int_equal(lots_registry_patients(registry), 30);
    lots_registry_close(registry);
    world_close(&w);
}

static void numbers_are_never_given_twice(void **state)
{
    (void)state;
    lots_error err;
    world w;
    uint64_t id, last = 0;
    char *segment, *identity;
    world_open(&w);
    for (int round = 0; round < 3; round++) {
        WORLD_GROW(&w, 5);
        lots_registry_writer *writer = begin(&w);
        for (uint32_t i = 0; i < w.segment_count; i++)
            last = w.segments[i].id > last ? w.segments[i].id : last;
        assert_ok(lots_registry_new_segment(writer, &id, &segment, &identity, &err));
        assert_true(id > last);
        last = id - 1;
        lots_free(segment);
        lots_free(identity);
        lots_registry_end(writer);
        world_restart(&w);
    }
    world_close(&w);
}

static void the_hash_is_of_the_content_and_not_of_numbers(void **state)
{
    (void)state;
    lots_error err;
    world a, b;
    uint64_t id;
    char *segment, *identity;
    world_open(&a);
    world_open(&b);
    WORLD_GROW(&a, 10, 20);
    WORLD_GROW(&b, 7);
    world_restart(&b);
    lots_registry_writer *writer = begin(&b);
    assert_ok(lots_registry_new_segment(writer, &id, &segment, &identity, &err));
    lots_free(segment);
    lots_free(identity);
    world_add_segment(&b, writer, 10);
    world_add_segment(&b, writer, 20);
    assert_ok(world_publish(&b, writer, NULL, NULL, &id, &err));
    lots_registry_end(writer);
    lots_registry *left = open_registry(&a, 0), *right = open_registry(&b, 0), *before = open_registry(&b, 1);
    assert_int_equal(lots_registry_hash(left), lots_registry_hash(right));
    assert_int_not_equal(lots_registry_hash(left), lots_registry_hash(before));
    lots_registry_close(left);
    lots_registry_close(right);
    lots_registry_close(before);
    world_close(&a);
    world_close(&b);
}

static void publishing_refuses_a_manifest_that_does_not_add_up(void **state)
{
    (void)state;
    lots_error err;
    world w;
    uint64_t generation;
    world_open(&w);
    WORLD_GROW(&w, 30);
    lots_registry_writer *writer = begin(&w);
    world_add_segment(&w, writer, 10);
    lots_manifest_entry good = w.segments[1];
    w.segments[1].patients++;
    assert_status(LOTS_INTERNAL, world_publish(&w, writer, NULL, NULL, &generation, &err));
    w.segments[1] = good;
    w.segments[1].events++;
    assert_status(LOTS_INTERNAL, world_publish(&w, writer, NULL, NULL, &generation, &err));
    w.segments[1] = w.segments[0];
    assert_status(LOTS_INTERNAL, world_publish(&w, writer, NULL, NULL, &generation, &err));
    w.segments[1] = good;
    w.segments[1].id = 999;
    assert_status(LOTS_INTERNAL, world_publish(&w, writer, NULL, NULL, &generation, &err));
    w.segments[1] = good;
    w.segments[0].hash ^= 1;
    assert_status(LOTS_INTERNAL, world_publish(&w, writer, NULL, NULL, &generation, &err));
    w.segments[0].hash ^= 1;
    assert_ok(world_publish(&w, writer, NULL, NULL, &generation, &err));
    assert_status(LOTS_INTERNAL, world_publish(&w, writer, NULL, NULL, &generation, &err));
    lots_registry_end(writer);
    world_close(&w);
}

/* ---- what is removed, and when ---- */

static void a_generation_goes_at_the_second_begin_after_it_unless_pinned(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_registry *registry;
    const lots_registry_options one = {.generation = 1};
    lots_pin *pins;
    size_t count;
    world_open(&w);
    WORLD_GROW(&w, 30);
    world_restart(&w);
    WORLD_GROW(&w, 40);
    assert_true(world_has(&w, "segments/1.seg"));
    assert_status(LOTS_USAGE, lots_registry_pin(w.path, "paper", 7, &err));
    assert_status(LOTS_USAGE, lots_registry_pin(w.path, "", 1, &err));
    assert_status(LOTS_USAGE, lots_registry_pin(w.path, "paper", 0, &err));
    assert_ok(lots_registry_pin(w.path, "paper", 1, &err));
    assert_ok(lots_registry_pin(w.path, "paper", 1, &err));
    assert_status(LOTS_USAGE, lots_registry_pin(w.path, "paper", 2, &err));
    assert_ok(lots_registry_pins(w.path, &pins, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(pins[0].name, "paper");
    assert_int_equal(pins[0].generation, 1);
    lots_free(pins);
    begin_and_end(&w);
    registry = open_registry(&w, 1);
    assert_int_equal(lots_registry_patients(registry), 30);
    check_rows(registry);
    lots_registry_close(registry);
    assert_ok(lots_registry_pin(w.path, "paper", 0, &err));
    assert_true(world_has(&w, "segments/1.seg"));
    begin_and_end(&w);
    assert_false(world_has(&w, "segments/1.seg"));
    assert_false(world_has(&w, "identities/1.ids"));
    assert_false(world_has(&w, "readers/1"));
    assert_true(world_has(&w, "readers/2"));
    assert_status(LOTS_USAGE, lots_registry_open(&registry, w.path, &one, &err));
    registry = open_registry(&w, 0);
    check_rows(registry);
    lots_registry_close(registry);
    world_close(&w);
}

static void what_was_not_published_is_removed_and_foreign_files_stay(void **state)
{
    (void)state;
    world w;
    char path[900];
    world_open(&w);
    WORLD_GROW(&w, 30);
    lots_registry_writer *writer = begin(&w);
    world_add_segment(&w, writer, 10);
    char name[64];
    snprintf(name, sizeof name, "segments/%" PRIu64 ".seg", w.segments[1].id);
    assert_true(world_has(&w, name));
    lots_registry_end(writer);
    assert_false(world_has(&w, name));
    write_file(world_file(&w, path, "segments/77.seg"), "left by a dead writer");
    write_file(world_file(&w, path, "identities/77.ids"), "left by a dead writer");
    write_file(world_file(&w, path, "dictionaries/77-codes"), "left by a dead writer");
    write_file(world_file(&w, path, "tables/77-units"), "left by a dead writer");
    write_file(world_file(&w, path, "readers/77"), "");
    write_file(world_file(&w, path, "segments/notes.txt"), "somebody's");
    begin_and_end(&w);
    assert_false(world_has(&w, "segments/77.seg"));
    assert_false(world_has(&w, "identities/77.ids"));
    assert_false(world_has(&w, "dictionaries/77-codes"));
    assert_false(world_has(&w, "tables/77-units"));
    assert_false(world_has(&w, "readers/77"));
    assert_true(world_has(&w, "segments/notes.txt"));
    lots_registry *registry = open_registry(&w, 0);
    check_rows(registry);
    lots_registry_close(registry);
    world_close(&w);
}

static void a_dead_first_writer_leaves_a_directory_that_may_be_begun_again(void **state)
{
    (void)state;
    world w;
    char path[900];
    world_open(&w);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        world_add_segment(&w, begin(&w), 10);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(world_has(&w, "segments/1.seg"));
    write_file(world_file(&w, path, "catalog.sqlite.new"), "half");
    write_file(world_file(&w, path, "catalog.sqlite.new-journal"), "half");
    assert_int_equal(WORLD_GROW(&w, 20), 1);
    assert_false(world_has(&w, "catalog.sqlite.new"));
    assert_false(world_has(&w, "catalog.sqlite.new-journal"));
    lots_registry *registry = open_registry(&w, 0);
    check_rows(registry);
    lots_registry_close(registry);
    world_close(&w);
}

static void a_reader_keeps_its_generation_while_others_write(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    WORLD_GROW(&w, 30, 20);
    lots_registry *reader = open_registry(&w, 0);
    world_restart(&w);
    WORLD_GROW(&w, 40);
    begin_and_end(&w);
    begin_and_end(&w);
    assert_int_equal(lots_registry_generation(reader), 1);
    assert_int_equal(lots_registry_patients(reader), 50);
    check_rows(reader);
    lots_registry_close(reader);
    assert_true(world_has(&w, "segments/1.seg"));
    begin_and_end(&w);
    assert_false(world_has(&w, "segments/1.seg"));
    world_close(&w);
}

/* The child opens generation 1, says so, waits until all has been written, and reads. Killed, it holds nothing. */
static void a_reader_in_another_process_keeps_its_generation_until_it_dies(void **state)
{
    (void)state;
    world w;
    int opened[2], written[2], status;
    char byte = 0;
    world_open(&w);
    WORLD_GROW(&w, 30, 20);
    assert_int_equal(pipe(opened), 0);
    assert_int_equal(pipe(written), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        lots_registry *reader = open_registry(&w, 0);
        bool told = write(opened[1], "o", 1) == 1 && read(written[0], &byte, 1) == 1;
        check_rows(reader);
        told = told && write(opened[1], "r", 1) == 1;
        for (;;)
            pause();
        _exit(told ? 0 : 1);
    }
    assert_int_equal(read(opened[0], &byte, 1), 1);
    world_restart(&w);
    WORLD_GROW(&w, 40);
    begin_and_end(&w);
    assert_int_equal(write(written[1], "w", 1), 1);
    assert_int_equal(read(opened[0], &byte, 1), 1);
    assert_int_equal(byte, 'r');
    assert_true(world_has(&w, "segments/1.seg"));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    begin_and_end(&w);
    assert_false(world_has(&w, "segments/1.seg"));
    for (int i = 0; i < 2; i++) {
        close(opened[i]);
        close(written[i]);
    }
    world_close(&w);
}

/* A copy may lack the empty file that readers hold: then segments and tables are mapped at the open. */
static void a_reader_without_a_hold_has_everything_open(void **state)
{
    (void)state;
    lots_error err;
    world w;
    char path[900];
    const lots_batch *table;
    world_open(&w);
    WORLD_GROW(&w, 30, 20);
    assert_ok(lots_path_remove(world_file(&w, path, "readers/1"), &err));
    lots_registry *reader = open_registry(&w, 0);
    assert_ok(lots_path_remove_tree(world_file(&w, path, "segments"), &err));
    assert_ok(lots_path_remove_tree(world_file(&w, path, "tables"), &err));
    check_rows(reader);
    assert_ok(lots_registry_table(reader, 0, &table, &err));
    lots_registry_close(reader);
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
        cmocka_unit_test(appending_keeps_segments_and_unchanged_dictionaries),
        cmocka_unit_test(numbers_are_never_given_twice),
        cmocka_unit_test(the_hash_is_of_the_content_and_not_of_numbers),
        cmocka_unit_test(publishing_refuses_a_manifest_that_does_not_add_up),
        cmocka_unit_test(a_generation_goes_at_the_second_begin_after_it_unless_pinned),
        cmocka_unit_test(what_was_not_published_is_removed_and_foreign_files_stay),
        cmocka_unit_test(a_dead_first_writer_leaves_a_directory_that_may_be_begun_again),
        cmocka_unit_test(a_reader_keeps_its_generation_while_others_write),
        cmocka_unit_test(a_reader_in_another_process_keeps_its_generation_until_it_dies),
        cmocka_unit_test(a_reader_without_a_hold_has_everything_open),
        cmocka_unit_test(opening_for_reading_changes_nothing),
        cmocka_unit_test(a_dead_writers_journal_is_rolled_back_by_the_next_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
