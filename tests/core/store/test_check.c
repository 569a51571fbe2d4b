/* test_check.c: lots check finds what is wrong, names it, and goes on. */
#include "tests/core/store/registry_fixture.h"

#include <unistd.h>

#include "core/store/check.h"

/* What a check said, one line a fault or leftover. */
typedef struct said {
    char text[8192];
    lots_check_result result;
    lots_status status;
} said;

static void note(said *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(said *out, const char *format, ...)
{
    size_t used = strlen(out->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out->text + used, sizeof out->text - used, format, arguments);
    va_end(arguments);
}

static void note_fault(void *context, const char *file, const char *stream, const char *column, uint32_t chunk,
                       const char *what)
{
    note(context, "fault %s %s %s %u: %s\n", file, stream != NULL ? stream : "-", column != NULL ? column : "-",
         chunk, what);
}

static void note_leftover(void *context, const char *file, bool swept)
{
    note(context, "%s %s\n", swept ? "leftover" : "foreign", file);
}

static void check(const world *w, bool full, unsigned threads, said *out)
{
    lots_error err;
    const lots_check_options options = {.full = full, .threads = threads, .report = note_fault, .context = out,
                                        .leftover = note_leftover};
    *out = (said){.text = ""};
    out->status = lots_check_run(w->path, &options, &out->result, &err);
    assert_true(out->status == LOTS_OK || err.text[0] != '\0');
    assert_int_equal(out->status == LOTS_CORRUPT, out->result.faults > 0);
}

static void assert_sound(const world *w)
{
    said out;
    for (int full = 0; full < 2; full++) {
        check(w, full == 1, 1, &out);
        if (out.status != LOTS_OK)
            fail_msg("%s", out.text);
        assert_string_equal(out.text, "");
    }
}

/* A fault whose line begins so. */
static void assert_fault(const world *w, bool full, const char *file)
{
    said out;
    char wanted[200];
    check(w, full, 1, &out);
    snprintf(wanted, sizeof wanted, "fault %s ", file);
    assert_int_equal(out.status, LOTS_CORRUPT);
    assert_contains(out.text, wanted);
}

static void a_sound_registry_has_no_faults(void **state)
{
    (void)state;
    lots_error err;
    world w;
    said out;
    world_open(&w);
    WORLD_GROW(&w, 30, 20);
    assert_sound(&w);
    check(&w, true, 2, &out);
    /* The catalog, two dictionaries, a table, two segments with their identities. */
    assert_int_equal(out.result.files, 8);
    assert_true(out.result.blocks > 10);
    assert_ok(lots_registry_pin(w.path, "paper", 1, &err));
    world_restart(&w);
    WORLD_GROW(&w, 60);
    assert_sound(&w);
    check(&w, false, 1, &out);
    /* Generation 1 as before; of generation 2 its dictionaries, which are the same files, and what is new. */
    assert_int_equal(out.result.files, 8 + 4);
    world_close(&w);
}

static void where_there_is_no_registry_nothing_is_checked(void **state)
{
    (void)state;
    lots_error err;
    world w;
    const lots_check_options options = {.full = true};
    lots_check_result result;
    world_open(&w);
    assert_status(LOTS_IO, lots_check_run(w.path, &options, &result, &err));
    world_close(&w);
}

static void expect_no_fault(void *context, const char *file, const char *stream, const char *column, uint32_t chunk,
                            const char *what)
{
    (void)context;
    (void)stream;
    (void)column;
    (void)chunk;
    fail_msg("fault of %s: %s", file, what);
}

/* Not damaged: there is nothing to look for in it. */
static void a_registry_of_another_version_has_no_faults_but_is_told(void **state)
{
    (void)state;
    const uint32_t versions[] = {LOTS_FORMAT_OLDEST - 1, LOTS_FORMAT_VERSION + 1};
    for (int i = 0; i < 4; i++) {
        lots_error err;
        world w;
        char path[900], text[60];
        lots_check_result result;
        const lots_check_options options = {.full = i % 2 == 1, .report = expect_no_fault};
        world_open(&w);
        WORLD_GROW(&w, 30, 20);
        flip_byte(world_file(&w, path, "catalog.sqlite"), 63, (int)(LOTS_FORMAT_VERSION ^ versions[i / 2]));
        assert_status(LOTS_CORRUPT, lots_check_run(w.path, &options, &result, &err));
        snprintf(text, sizeof text, "is of format version %u, %s", versions[i / 2], i < 2 ? "an old one" : "which is unknown");
        assert_contains(err.text, text);
        assert_contains(err.hint, "load the registry's files again");
        assert_int_equal(result.faults, 0);
        world_close(&w);
    }
}

static void a_missing_file_of_any_kind_is_a_fault(void **state)
{
    (void)state;
    static const char *const files[] = {"segments/1.seg", "identities/2.ids", "dictionaries/3-codes",
                                        "dictionaries/4-unit", "tables/5-units"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        lots_error err;
        world w;
        char path[900];
        world_open(&w);
        WORLD_GROW(&w, 30, 20);
        assert_ok(lots_path_remove(world_file(&w, path, "%s", files[i]), &err));
        assert_fault(&w, false, files[i]);
        assert_fault(&w, true, files[i]);
        world_close(&w);
    }
}

static void a_truncated_file_of_any_kind_is_a_fault(void **state)
{
    (void)state;
    static const char *const files[] = {"segments/1.seg", "identities/2.ids", "dictionaries/3-codes",
                                        "dictionaries/4-unit", "tables/5-units", "catalog.sqlite"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        world w;
        char path[900];
        world_open(&w);
        WORLD_GROW(&w, 30, 20);
        assert_int_equal(truncate(world_file(&w, path, "%s", files[i]), 60), 0);
        assert_fault(&w, false, files[i]);
        assert_fault(&w, true, files[i]);
        world_close(&w);
    }
}

/* Every byte of every immutable file is covered by some checksum. */
static void every_flipped_byte_of_every_file_is_found_by_a_full_check(void **state)
{
    (void)state;
    static const char *const files[] = {"segments/1.seg", "identities/1.ids", "dictionaries/2-codes",
                                        "dictionaries/3-unit", "tables/4-units"};
    world w;
    world_open(&w);
    WORLD_GROW(&w, 12);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        lots_error err;
        char path[900], *bytes;
        size_t size;
        world_file(&w, path, "%s", files[i]);
        assert_ok(lots_file_slurp(path, 1 << 20, &bytes, &size, &err));
        lots_free(bytes);
        for (size_t at = 0; at < size; at += 7) {
            flip_byte(path, (long)at, 0x04);
            assert_fault(&w, true, files[i]);
            flip_byte(path, (long)at, 0x04);
        }
    }
    assert_sound(&w);
    world_close(&w);
}

static void one_fault_does_not_hide_another(void **state)
{
    (void)state;
    lots_error err;
    world w;
    said out;
    char path[900];
    world_open(&w);
    WORLD_GROW(&w, 30, 20, 25);
    flip_byte(world_file(&w, path, "dictionaries/4-codes"), 50, 0x01);
    flip_byte(world_file(&w, path, "identities/1.ids"), 70, 0x01);
    assert_ok(lots_path_remove(world_file(&w, path, "segments/2.seg"), &err));
    assert_ok(lots_path_remove(world_file(&w, path, "tables/6-units"), &err));
    check(&w, true, 1, &out);
    assert_contains(out.text, "fault dictionaries/4-codes ");
    assert_contains(out.text, "fault identities/1.ids ");
    assert_contains(out.text, "fault segments/2.seg ");
    assert_contains(out.text, "fault tables/6-units ");
    assert_true(out.result.blocks > 0);
    world_close(&w);
}

static void any_number_of_threads_says_the_same(void **state)
{
    (void)state;
    world w;
    said one, many;
    char path[900];
    world_open(&w);
    WORLD_GROW(&w, 30, 20, 25, 40, 10, 15);
    for (int i = 1; i <= 6; i++)
        flip_byte(world_file(&w, path, "segments/%d.seg", i), 70 + i, 0x01);
    check(&w, true, 1, &one);
    check(&w, true, 4, &many);
    assert_int_equal(one.status, LOTS_CORRUPT);
    assert_string_equal(one.text, many.text);
    assert_memory_equal(&one.result, &many.result, sizeof one.result);
    world_close(&w);
}

static void a_research_copy_is_sound_and_a_partial_one_is_not(void **state)
{
    (void)state;
    lots_error err;
    world w;
    char path[900];
    world_open(&w);
    WORLD_GROW(&w, 30, 20);
    assert_ok(lots_path_remove(world_file(&w, path, "identities/1.ids"), &err));
    assert_fault(&w, false, "identities/1.ids");
    assert_ok(lots_path_remove_tree(world_file(&w, path, "identities"), &err));
    assert_sound(&w);
    world_close(&w);
}

static void ids_out_of_order_across_segments_are_a_fault(void **state)
{
    (void)state;
    lots_error err;
    world w;
    char path[900];
    world_open(&w);
    WORLD_GROW(&w, 30, 20);
    assert_ok(lots_path_remove(world_file(&w, path, "identities/2.ids"), &err));
    world_write_ids(path, 2, 29, 20);
    assert_fault(&w, true, "identities/2.ids");
    assert_ok(lots_path_remove(path, &err));
    world_write_ids(path, 2, 30, 20);
    assert_sound(&w);
    assert_ok(lots_path_remove(path, &err));
    world_write_ids(path, 2, 30, 19);
    assert_fault(&w, false, "identities/2.ids");
    world_close(&w);
}

static void what_nothing_names_is_a_leftover_and_no_fault(void **state)
{
    (void)state;
    world w;
    said out;
    char path[900];
    world_open(&w);
    WORLD_GROW(&w, 30);
    write_file(world_file(&w, path, "segments/9.seg"), "dead");
    write_file(world_file(&w, path, "dictionaries/notes"), "dead");
    write_file(world_file(&w, path, "mine.txt"), "dead");
    check(&w, true, 1, &out);
    assert_int_equal(out.status, LOTS_OK);
    assert_int_equal(out.result.leftovers, 3);
    assert_string_equal(out.text, "foreign mine.txt\nleftover segments/9.seg\nforeign dictionaries/notes\n");
    world_close(&w);
}

/* A folder of identities elsewhere may be anybody's; one given for this check is a copy. */
static void only_the_registrys_own_files_are_looked_for_elsewhere(void **state)
{
    (void)state;
    lots_error err;
    world w;
    said out;
    lots_registry *base;
    lots_registry_writer *writer;
    uint64_t generation;
    char elsewhere[900], path[1000];
    world_open(&w);
    snprintf(elsewhere, sizeof elsewhere, "%s-ids", w.path);
    assert_ok(lots_registry_begin(&writer, w.path, true, &base, &err));
    assert_ok(lots_registry_place_identities(writer, elsewhere, &err));
    world_add_segment(&w, writer, 20);
    assert_ok(world_publish(&w, writer, NULL, NULL, &generation, &err));
    lots_registry_end(writer);
    snprintf(path, sizeof path, "%s/notes.txt", elsewhere);
    write_file(path, "mine");
    snprintf(path, sizeof path, "%s/9.ids", elsewhere);
    write_file(path, "dead");
    check(&w, true, 1, &out);
    assert_string_equal(out.text, "leftover identities/9.ids\n");
    const lots_check_options given = {.report = note_fault, .context = &out, .leftover = note_leftover, .identities = elsewhere};
    out.text[0] = '\0';
    assert_ok(lots_check_run(w.path, &given, &out.result, &err));
    assert_string_equal(out.text, "");
    world_close(&w);
}

static void a_pinned_generation_is_checked_too(void **state)
{
    (void)state;
    lots_error err;
    world w;
    char path[900];
    world_open(&w);
    WORLD_GROW(&w, 30);
    assert_ok(lots_registry_pin(w.path, "paper", 1, &err));
    world_restart(&w);
    WORLD_GROW(&w, 40);
    assert_sound(&w);
    assert_ok(lots_path_remove(world_file(&w, path, "segments/1.seg"), &err));
    assert_fault(&w, false, "segments/1.seg");
    assert_ok(lots_registry_pin(w.path, "paper", 0, &err));
    assert_sound(&w);
    world_close(&w);
}

static void a_full_check_looks_at_every_page_of_the_catalog(void **state)
{
    (void)state;
    world w;
    char path[900];
    said out;
    world_open(&w);
    WORLD_GROW(&w, 30);
    flip_byte(world_file(&w, path, "catalog.sqlite"), 39, 0x01);
    check(&w, false, 1, &out);
    assert_int_equal(out.status, LOTS_OK);
    assert_fault(&w, true, "catalog.sqlite");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_registry_has_no_faults),
        cmocka_unit_test(where_there_is_no_registry_nothing_is_checked),
        cmocka_unit_test(a_registry_of_another_version_has_no_faults_but_is_told),
        cmocka_unit_test(a_missing_file_of_any_kind_is_a_fault),
        cmocka_unit_test(a_truncated_file_of_any_kind_is_a_fault),
        cmocka_unit_test(every_flipped_byte_of_every_file_is_found_by_a_full_check),
        cmocka_unit_test(one_fault_does_not_hide_another),
        cmocka_unit_test(any_number_of_threads_says_the_same),
        cmocka_unit_test(a_research_copy_is_sound_and_a_partial_one_is_not),
        cmocka_unit_test(ids_out_of_order_across_segments_are_a_fault),
        cmocka_unit_test(what_nothing_names_is_a_leftover_and_no_fault),
        cmocka_unit_test(only_the_registrys_own_files_are_looked_for_elsewhere),
        cmocka_unit_test(a_pinned_generation_is_checked_too),
        cmocka_unit_test(a_full_check_looks_at_every_page_of_the_catalog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
