/* test_registry_damage.c: whatever happens to the bytes of a registry, it is told, and never another answer. The catalog
 * is an SQLite file, whose pages have no checksums: each of its bytes is flipped in turn. */
#include "tests/core/store/registry_fixture.h"

#include <sqlite3.h>
#include <unistd.h>

#include "core/store/catalog.h"
#include "core/store/check.h"

static void damaged_files_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool at_open; /* else when it is asked for */
    } cases[] = {{"dictionaries/2-codes", true}, {"dictionaries/3-unit", true}, {"tables/4-units", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lots_error err;
        world w;
        lots_registry *registry;
        const lots_batch *table;
        char path[900];
        world_open(&w);
        WORLD_GROW(&w, 30);
        world_file(&w, path, "%s", cases[i].file);
        for (int how = 0; how < 2; how++) {
            if (how == 0)
                flip_byte(path, 40, 0x10);
            else
                assert_ok(lots_path_remove(path, &err));
            lots_status status = lots_registry_open(&registry, w.path, NULL, &err);
            assert_int_equal(status, cases[i].at_open ? LOTS_CORRUPT : LOTS_OK);
            if (status == LOTS_OK) {
                assert_status(LOTS_CORRUPT, lots_registry_table(registry, 0, &table, &err));
                lots_registry_close(registry);
            }
            assert_contains(err.text, cases[i].file);
        }
        world_close(&w);
    }
}

static void a_missing_or_swapped_segment_is_damage(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_segment *segment;
    char one[900], two[900];
    world_open(&w);
    WORLD_GROW(&w, 30, 20);
    world_file(&w, one, "segments/1.seg");
    world_file(&w, two, "segments/2.seg");
    lots_registry *registry;
    assert_ok(lots_registry_open(&registry, w.path, NULL, &err));
    assert_ok(lots_path_rename(one, two, &err));
    assert_status(LOTS_CORRUPT, lots_registry_segment(registry, 0, &segment, &err));
    assert_contains(err.text, "1.seg");
    assert_status(LOTS_CORRUPT, lots_registry_segment(registry, 1, &segment, &err));
    lots_registry_close(registry);
    world_close(&w);
}

/* Everything that lots info and answers take from the catalog. */
static lots_status read_all(const world *w, uint64_t *seal, lots_error *found)
{
    lots_error err;
    lots_generation current, pinned;
    uint64_t id, other;
    bool there;
    lots_pin *pins;
    size_t pin_count;
    lots_status status = lots_catalog_current(w->path, &id, found);
    if (status == LOTS_OK)
        status = lots_registry_pins(w->path, &pins, &pin_count, found);
    if (status != LOTS_OK)
        return status;
    assert_int_equal(pin_count, 1);
    assert_string_equal(pins[0].name, "paper");
    uint64_t kept = pins[0].generation;
    lots_free(pins);
    status = lots_catalog_read(w->path, id, &current, &there, found);
    if (status != LOTS_OK)
        return status;
    assert_true(there);
    assert_ok(lots_generation_seal(&current, seal, &err));
    lots_generation_free(&current);
    status = lots_catalog_read(w->path, kept, &pinned, &there, found);
    if (status != LOTS_OK)
        return status;
    /* A pinned generation that is gone is an error to its reader, and never another one's answer. */
    if (!there)
        return LOTS_CORRUPT;
    assert_ok(lots_generation_seal(&pinned, &other, &err));
    lots_generation_free(&pinned);
    *seal = *seal * 31 + other;
    return LOTS_OK;
}

static void every_byte_of_the_catalog_is_guarded_or_does_not_matter(void **state)
{
    (void)state;
    lots_error err;
    world w;
    uint64_t expected, seal;
    char path[900];
    size_t size, detected = 0, inert = 0;
    char *bytes;
    world_open(&w);
    WORLD_GROW(&w, 10);
    assert_ok(lots_registry_pin(w.path, "paper", 1, &err));
    WORLD_GROW(&w, 10);
    assert_ok(read_all(&w, &expected, &err));
    world_file(&w, path, "catalog.sqlite");
    assert_ok(lots_file_slurp(path, 1 << 26, &bytes, &size, &err));
    lots_free(bytes);
    /* All of the header, then some of the rest; LOTS_TEST_ALL looks at every one. */
    size_t step = getenv("LOTS_TEST_ALL") != NULL ? 1 : 41;
    for (size_t i = 0; i < size; i += i < 128 ? 1 : step) {
        int mask = i % 3 == 0 ? 0x01 : i % 3 == 1 ? 0x80 : 0xFF;
        flip_byte(path, (long)i, mask);
        lots_status status = read_all(&w, &seal, &err);
        if (status == LOTS_OK)
            assert_int_equal(seal, expected);
        else if (status != LOTS_CORRUPT)
            fail_msg("byte %zu: %s: %s", i, lots_status_name(status), err.text);
        detected += status != LOTS_OK;
        inert += status == LOTS_OK;
        flip_byte(path, (long)i, mask);
    }
    assert_true(detected > 0 && inert > 0);
    assert_ok(read_all(&w, &seal, &err));
    assert_int_equal(seal, expected);
    assert_false(world_has(&w, "catalog.sqlite-wal"));
    assert_false(world_has(&w, "catalog.sqlite-journal"));
    world_close(&w);
}

static void a_catalog_cut_short_is_damage(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_registry *registry;
    char path[900], *bytes;
    size_t size;
    world_open(&w);
    WORLD_GROW(&w, 10);
    world_file(&w, path, "catalog.sqlite");
    assert_ok(lots_file_slurp(path, 1 << 26, &bytes, &size, &err));
    lots_free(bytes);
    for (size_t cut = size; cut > 0; cut = cut > 700 ? cut - 700 : 0) {
        assert_int_equal(truncate(path, (off_t)(cut - 1)), 0);
        assert_status(LOTS_CORRUPT, lots_registry_open(&registry, w.path, NULL, &err));
    }
    world_close(&w);
}

static void a_writer_builds_on_no_damaged_catalog(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_registry_writer *writer;
    lots_registry *base;
    char path[900];
    world_open(&w);
    WORLD_GROW(&w, 10);
    /* The count of free pages: no reader looks at it, but a writer would take pages from there. */
    flip_byte(world_file(&w, path, "catalog.sqlite"), 39, 0x01);
    lots_registry *registry;
    assert_ok(lots_registry_open(&registry, w.path, NULL, &err));
    lots_registry_close(registry);
    assert_status(LOTS_CORRUPT, lots_registry_begin(&writer, w.path, false, &base, &err));
    assert_status(LOTS_CORRUPT, lots_registry_pin(w.path, "paper", 1, &err));
    assert_status(LOTS_CORRUPT, lots_registry_audit(w.path, "from patients", "a test", 1, 10, &err));
    world_close(&w);
}

static void ignore_fault(void *context, const char *file, const char *stream, const char *column, uint32_t chunk,
                         const char *what)
{
    (void)context, (void)file, (void)stream, (void)column, (void)chunk, (void)what;
}

static void the_audit_log_is_as_it_was_written_or_damaged(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "UPDATE audit SET purpose = 'another' WHERE id = 2", "UPDATE audit SET rows = 9 WHERE id = 1",
        "DELETE FROM audit WHERE id = 3", "DELETE FROM audit",
        "UPDATE audit SET id = 4 WHERE id = 1", "UPDATE current SET audit = '0000000000000000'",
        "INSERT INTO audit SELECT 4, time, user, query, purpose, generation, rows FROM audit WHERE id = 3"};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const lots_check_options full = {.full = true, .threads = 1, .report = ignore_fault};
        lots_check_result result;
        lots_error err;
        world w;
        lots_audit_log log;
        sqlite3 *db;
        char path[900];
        world_open(&w);
        WORLD_GROW(&w, 10);
        for (uint64_t rows = 1; rows <= 3; rows++)
            assert_ok(lots_registry_audit(w.path, "from patients", "a test", 1, rows, &err));
        assert_ok(lots_registry_audit_log(w.path, &log, &err));
        assert_int_equal(log.entries.count, 3);
        assert_int_equal(LOTS_AT(lots_audit_entry, &log.entries, 2).rows, 3);
        lots_audit_log_free(&log);
        assert_ok(lots_check_run(w.path, &full, &result, &err));
        assert_int_equal(sqlite3_open(world_file(&w, path, "catalog.sqlite"), &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, changes[i], NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        assert_status(LOTS_CORRUPT, lots_registry_audit_log(w.path, &log, &err));
        assert_contains(err.text, "audit");
        assert_status(LOTS_CORRUPT, lots_check_run(w.path, &full, &result, &err));
        assert_status(LOTS_CORRUPT, lots_registry_audit(w.path, "from patients", "a test", 1, 4, &err));
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_files_are_named),
        cmocka_unit_test(a_missing_or_swapped_segment_is_damage),
        cmocka_unit_test(every_byte_of_the_catalog_is_guarded_or_does_not_matter),
        cmocka_unit_test(a_catalog_cut_short_is_damage),
        cmocka_unit_test(a_writer_builds_on_no_damaged_catalog),
        cmocka_unit_test(the_audit_log_is_as_it_was_written_or_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
