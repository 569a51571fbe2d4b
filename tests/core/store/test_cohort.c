/* Saved cohorts in the catalog: what is saved comes back, is sealed, and waits for nobody. */
#include <sqlite3.h>

#include "core/index/bitset.h"
#include "core/store/check.h"
#include "core/store/cohort.h"
#include "tests/core/store/registry_fixture.h"

enum { PATIENTS_MAX = 300000 };
static uint64_t bits[PATIENTS_MAX / 64 + 1];

/* Every patient for whom a random number is below `of_1000`; 1001: all, from the middle on. */
static lots_cohort make_set(const char *name, uint64_t patients, unsigned of_1000)
{
    uint64_t random = patients * 31 + of_1000;
    lots_cohort out = {.name = name, .text = "from patients where sex = woman\ninto cohort x\n", .parameters = "year=2023\n",
                       .generation = 1, .content = 77, .definition = 99, .patients = patients};
    memset(bits, 0, sizeof bits);
    for (uint64_t p = 0; p < patients; p++)
        if (of_1000 > 1000 ? p > patients / 2 : lots_test_random(&random) % 1000 < of_1000)
            lots_bit_set(bits, p);
    out.count = lots_bits_count(bits, patients);
    return out;
}

static void save(const world *w, const lots_cohort *cohort)
{
    lots_error err;
    assert_ok(lots_cohort_save(w->path, cohort, bits, "the query as asked", "cohort saved", &err));
}

static void assert_kept(const world *w, const lots_cohort *saved)
{
    lots_error err;
    lots_cohort_list list;
    lots_arena arena;
    uint64_t *kept;
    bool found;
    lots_arena_init(&arena, 0);
    assert_ok(lots_cohort_list_read(w->path, &list, &err));
    const lots_cohort *read = lots_cohort_find(&list, saved->name, strlen(saved->name));
    assert_non_null(read);
    assert_string_equal(read->text, saved->text);
    assert_string_equal(read->parameters, saved->parameters);
    assert_string_equal(read->version, LOTS_VERSION);
    assert_int_equal(strlen(read->time), 20);
    assert_true(read->user[0] != '\0');
    assert_int_equal(read->generation, saved->generation);
    assert_int_equal(read->content, saved->content);
    assert_int_equal(read->definition, saved->definition);
    assert_int_equal(read->count, saved->count);
    assert_ok(lots_cohort_bits(w->path, read, &arena, &kept, &found, &err));
    assert_true(found);
    assert_memory_equal(kept, bits, lots_bit_words(saved->patients) * sizeof(uint64_t));
    lots_arena_free(&arena);
    lots_cohort_list_free(&list);
}

static void what_is_saved_comes_back_however_many_patients_there_are(void **state)
{
    (void)state;
    static const uint64_t patients[] = {0, 1, 63, 64, 65, 1000, PATIENTS_MAX};
    static const unsigned shares[] = {0, 1, 500, 999, 1000, 1001};
    world w;
    world_open(&w);
    WORLD_GROW(&w, 10);
    for (size_t i = 0; i < sizeof patients / sizeof *patients; i++)
        for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
            lots_cohort cohort = make_set("frail", patients[i], shares[k]);
            save(&w, &cohort);
            assert_kept(&w, &cohort);
        }
    world_close(&w);
}

/* A registry that is open remembers that there are none, but no longer than that is so. */
static void an_open_registry_sees_what_others_save_and_drop(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_registry *registry;
    const lots_registry_options options = {0};
    lots_cohort_list list;
    world_open(&w);
    WORLD_GROW(&w, 10);
    assert_ok(lots_registry_open(&registry, w.path, &options, &err));
    for (unsigned round = 0; round < 3; round++)
        for (unsigned saved = 0; saved < 2; saved++) {
            lots_cohort cohort = make_set("frail", 10, 500);
            if (saved == 1)
                save(&w, &cohort);
            for (unsigned again = 0; again < 3; again++) {
                assert_ok(lots_registry_cohorts(registry, &list, &err));
                assert_int_equal(list.cohorts.count, saved);
                lots_cohort_list_free(&list);
            }
            if (saved == 1)
                assert_ok(lots_cohort_drop(w.path, "frail", &err));
        }
    lots_registry_close(registry);
    world_close(&w);
}

static void a_cohort_is_replaced_or_dropped_and_each_time_logged(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_cohort_list list;
    lots_audit_log log;
    lots_arena arena;
    uint64_t *kept;
    bool found;
    world_open(&w);
    WORLD_GROW(&w, 10);
    lots_arena_init(&arena, 0);
    lots_cohort old = make_set("frail", 10, 500), other = make_set("old", 10, 0);
    save(&w, &other);
    old = make_set("frail", 10, 500);
    save(&w, &old);
    assert_ok(lots_cohort_list_read(w.path, &list, &err));
    assert_int_equal(list.cohorts.count, 2);
    assert_string_equal(LOTS_AT(lots_cohort, &list.cohorts, 0).name, "frail");
    const lots_cohort *stale = lots_cohort_find(&list, "frail", 5);
    lots_cohort next = make_set("frail", 10, 1000);
    save(&w, &next);
    assert_kept(&w, &next);
    assert_ok(lots_cohort_bits(w.path, stale, &arena, &kept, &found, &err));
    assert_false(found); /* never the new set for the old cohort */
    lots_cohort_list_free(&list);
    assert_ok(lots_cohort_drop(w.path, "frail", &err));
    assert_status(LOTS_USAGE, lots_cohort_drop(w.path, "frail", &err));
    assert_contains(err.text, "no cohort is saved as 'frail'");
    assert_ok(lots_cohort_list_read(w.path, &list, &err));
    assert_int_equal(list.cohorts.count, 1);
    assert_null(lots_cohort_find(&list, "frail", 5));
    assert_null(lots_cohort_find(&list, "ol", 2));
    lots_cohort_list_free(&list);
    assert_ok(lots_registry_audit_log(w.path, &log, &err));
    assert_int_equal(log.entries.count, 4);
    assert_string_equal(LOTS_AT(lots_audit_entry, &log.entries, 2).query, "the query as asked");
    assert_int_equal(LOTS_AT(lots_audit_entry, &log.entries, 2).rows, 0);
    assert_string_equal(LOTS_AT(lots_audit_entry, &log.entries, 3).query, next.text);
    assert_string_equal(LOTS_AT(lots_audit_entry, &log.entries, 3).purpose, "cohort frail dropped");
    lots_audit_log_free(&log);
    lots_arena_free(&arena);
    world_close(&w);
}

static void cohorts_stay_when_generations_come_and_go_and_wait_for_no_writer(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_registry_writer *writer;
    lots_registry *base;
    world_open(&w);
    WORLD_GROW(&w, 10);
    lots_cohort cohort = make_set("frail", 10, 500);
    save(&w, &cohort);
    WORLD_GROW(&w, 10);
    WORLD_GROW(&w, 10);
    assert_kept(&w, &cohort);
    assert_ok(lots_registry_begin(&writer, w.path, false, &base, &err));
    save(&w, &cohort);
    lots_registry_end(writer);
    assert_kept(&w, &cohort);
    world_close(&w);
}

static void ignore_fault(void *context, const char *file, const char *stream, const char *column, uint32_t chunk,
                         const char *what)
{
    (void)context, (void)file, (void)stream, (void)column, (void)chunk, (void)what;
}

/* `set_only`: the list is whole, the set of a cohort isn't. */
static void assert_damaged(const world *w, bool set_only)
{
    const lots_check_options full = {.full = true, .threads = 1, .report = ignore_fault};
    lots_check_result result;
    lots_error err;
    lots_cohort_list list;
    lots_cohort cohort = make_set("new", 10, 500);
    assert_status(LOTS_CORRUPT, lots_check_run(w->path, &full, &result, &err));
    assert_status(LOTS_CORRUPT, lots_cohort_save(w->path, &cohort, bits, "q", "p", &err));
    assert_status(LOTS_CORRUPT, lots_cohort_drop(w->path, "frail", &err));
    if (!set_only) {
        assert_status(LOTS_CORRUPT, lots_cohort_list_read(w->path, &list, &err));
        assert_contains(err.text, "damaged");
        return;
    }
    lots_arena arena;
    uint64_t *kept;
    bool found;
    lots_arena_init(&arena, 0);
    assert_ok(lots_cohort_list_read(w->path, &list, &err));
    assert_status(LOTS_CORRUPT, lots_cohort_bits(w->path, lots_cohort_find(&list, "frail", 5), &arena, &kept, &found, &err));
    lots_cohort_list_free(&list);
    lots_arena_free(&arena);
}

static void cohorts_are_as_they_were_saved_or_damaged(void **state)
{
    (void)state;
    static const struct damage {
        const char *change;
        bool set_only;
    } changes[] = {
        {"UPDATE cohort SET text = 'from patients'", false},
        {"UPDATE cohort SET name = 'brail'", false},
        {"UPDATE cohort SET parameters = ''", false},
        {"UPDATE cohort SET lots = '0.0.0'", false},
        {"UPDATE cohort SET user = 'nobody'", false},
        {"UPDATE cohort SET generation = 2", false},
        {"UPDATE cohort SET content = '0000000000000000'", false},
        {"UPDATE cohort SET definition = '0000000000000000'", false},
        {"UPDATE cohort SET count = count + 1", false},
        {"UPDATE cohort SET count = patients + 1", false},
        {"UPDATE cohort SET patients = 4294967295", false},
        {"UPDATE cohort SET patients = -1", false},
        {"UPDATE cohort SET count = 'many'", false},
        {"UPDATE cohort SET bits_hash = '0000000000000000'", false},
        {"UPDATE cohort SET bits_hash = 'no hash'", false},
        {"UPDATE current SET cohorts = '0000000000000000'", false},
        {"INSERT INTO cohort SELECT 'zz', text, parameters, lots, time, user, generation, content, definition, patients, "
         "count, bits_hash, bits FROM cohort", false},
        {"DELETE FROM cohort", false},
        {"UPDATE cohort SET bits = x'0000ff'", true},
        {"UPDATE cohort SET bits = 'text'", true},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        world w;
        sqlite3 *db;
        char path[900];
        world_open(&w);
        WORLD_GROW(&w, 10);
        lots_cohort cohort = make_set("frail", 10, 500);
        save(&w, &cohort);
        assert_int_equal(sqlite3_open(world_file(&w, path, "catalog.sqlite"), &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, changes[i].change, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        assert_damaged(&w, changes[i].set_only);
        world_close(&w);
    }
}

/* Bytes that have their hash, but are no set of so many patients: written by another program, or by us in error. */
static void a_sealed_set_is_not_believed_either(void **state)
{
    (void)state;
    lots_error err;
    world w;
    lots_arena arena;
    lots_cohort_list list;
    uint64_t *kept;
    bool found;
    world_open(&w);
    WORLD_GROW(&w, 10);
    lots_cohort cohort = make_set("frail", 10, 500);
    cohort.count += 1;
    save(&w, &cohort);
    lots_arena_init(&arena, 0);
    assert_ok(lots_cohort_list_read(w.path, &list, &err));
    assert_status(LOTS_CORRUPT, lots_cohort_bits(w.path, lots_cohort_find(&list, "frail", 5), &arena, &kept, &found, &err));
    assert_contains(err.text, "'frail'");
    lots_cohort_list_free(&list);
    lots_arena_free(&arena);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_comes_back_however_many_patients_there_are),
        cmocka_unit_test(an_open_registry_sees_what_others_save_and_drop),
        cmocka_unit_test(a_cohort_is_replaced_or_dropped_and_each_time_logged),
        cmocka_unit_test(cohorts_stay_when_generations_come_and_go_and_wait_for_no_writer),
        cmocka_unit_test(cohorts_are_as_they_were_saved_or_damaged),
        cmocka_unit_test(a_sealed_set_is_not_believed_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
