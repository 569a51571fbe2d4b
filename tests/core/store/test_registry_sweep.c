/* test_registry_sweep.c: what a writer's begin removes: generations let go and what dead writers left; and what pins and
 * readers, in this process and in others, keep from it. */
#include "tests/core/store/registry_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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
    assert_status(LOTS_USAGE, lots_registry_pin(w.path, "2024", 1, &err)); /* no generation's number */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_generation_goes_at_the_second_begin_after_it_unless_pinned),
        cmocka_unit_test(what_was_not_published_is_removed_and_foreign_files_stay),
        cmocka_unit_test(a_dead_first_writer_leaves_a_directory_that_may_be_begun_again),
        cmocka_unit_test(a_reader_keeps_its_generation_while_others_write),
        cmocka_unit_test(a_reader_in_another_process_keeps_its_generation_until_it_dies),
        cmocka_unit_test(a_reader_without_a_hold_has_everything_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
