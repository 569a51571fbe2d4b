/* Files, folders and locks, in a fresh folder; every error names its path. */
#include "tests/support/lots_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/base/os.h"

static char folder[512];

static int make_folder(void **state)
{
    (void)state;
    lots_test_directory(folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return lots_path_remove_tree(folder, NULL) == LOTS_OK ? 0 : -1;
}

/* The path of `name` in the test's folder, in one of a few turns of static room. */
static const char *in_folder(const char *name)
{
    static char paths[8][700];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name, const void *data, size_t count)
{
    lots_error err;
    lots_file file;
    assert_ok(lots_file_create(&file, in_folder(name), &err));
    assert_ok(lots_file_write(&file, data, count, &err));
    assert_ok(lots_file_sync(&file, &err));
    lots_file_close(&file);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    lots_error err;
    lots_file file;
    static char data[100000], back[100000];
    uint64_t seed = 1, size;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)lots_test_random(&seed);
    put_file("a", data, sizeof data);
    assert_ok(lots_file_open(&file, in_folder("a"), &err));
    assert_ok(lots_file_size(&file, &size, &err));
    assert_int_equal(size, sizeof data);
    size_t done = 0, got;
    do {
        assert_ok(lots_file_read(&file, back + done, 7777, &got, &err));
        done += got;
    } while (got > 0 && done + 7777 <= sizeof back);
    assert_memory_equal(back, data, done);
    assert_ok(lots_file_read_at(&file, 12345, back, 4321, &err));
    assert_memory_equal(back, data + 12345, 4321);
    const uint8_t *mapped;
    size_t bytes;
    assert_ok(lots_file_map(&file, &mapped, &bytes, &err));
    assert_int_equal(bytes, sizeof data);
    assert_memory_equal(mapped, data, bytes);
    lots_file_close(&file);
    assert_memory_equal(mapped, data, bytes); /* the map outlives the descriptor */
    lots_file_unmap(mapped, bytes);
    lots_file_close(&file);
}

static void reading_beyond_the_end_is_damage_not_a_crash(void **state)
{
    (void)state;
    lots_error err;
    lots_file file;
    char back[16];
    put_file("a", "0123456789", 10);
    assert_ok(lots_file_open(&file, in_folder("a"), &err));
    assert_ok(lots_file_read_at(&file, 10, back, 0, &err));
    assert_status(LOTS_CORRUPT, lots_file_read_at(&file, 5, back, 6, &err));
    assert_contains(err.text, "/a' ends at byte 10");
    assert_status(LOTS_CORRUPT, lots_file_read_at(&file, UINT64_MAX, back, 1, &err));
    assert_status(LOTS_CORRUPT, lots_file_read_at(&file, (uint64_t)INT64_MAX, back, 1, &err));
    lots_file_close(&file);
}

static void an_empty_file_maps_to_nothing(void **state)
{
    (void)state;
    lots_error err;
    lots_file file;
    const uint8_t *mapped = (const uint8_t *)"x";
    size_t bytes = 5;
    put_file("empty", "", 0);
    assert_ok(lots_file_open(&file, in_folder("empty"), &err));
    assert_ok(lots_file_map(&file, &mapped, &bytes, &err));
    assert_null(mapped);
    assert_int_equal(bytes, 0);
    lots_file_unmap(mapped, bytes);
    lots_file_close(&file);
}

static void what_is_missing_or_taken_is_named(void **state)
{
    (void)state;
    lots_error err;
    lots_file file;
    char *text, **names;
    size_t count;
    assert_status(LOTS_IO, lots_file_open(&file, in_folder("no/such"), &err));
    assert_contains(err.text, "/no/such'");
    assert_contains(err.text, "No such file");
    assert_int_equal(file.fd, -1);
    assert_status(LOTS_IO, lots_file_slurp(in_folder("gone"), 10, &text, &count, &err));
    assert_contains(err.text, "/gone'");
    assert_null(text);
    put_file("a", "x", 1);
    assert_status(LOTS_IO, lots_file_create(&file, in_folder("a"), &err));
    assert_contains(err.text, "/a'");
    assert_contains(err.text, "exists");
    assert_status(LOTS_IO, lots_directory_list(in_folder("gone"), &names, &count, &err));
    assert_contains(err.text, "/gone'");
    assert_status(LOTS_IO, lots_directory_sync(in_folder("gone"), &err));
    assert_status(LOTS_IO, lots_path_rename(in_folder("gone"), in_folder("there"), &err));
    assert_contains(err.text, "/gone'");
    assert_contains(err.text, "/there'");
    assert_ok(lots_path_remove(in_folder("gone"), &err));
    assert_ok(lots_path_remove_tree(in_folder("gone"), &err));
    /* A folder is no file to read. */
    assert_ok(lots_file_open(&file, folder, &err));
    char byte;
    assert_status(LOTS_IO, lots_file_read(&file, &byte, 1, &count, &err));
    uint64_t size;
    assert_status(LOTS_IO, lots_file_size(&file, &size, &err));
    lots_file_close(&file);
}

static void slurp_stops_at_its_limit(void **state)
{
    (void)state;
    lots_error err;
    static char data[40000];
    char *text;
    size_t count;
    memset(data, 'x', sizeof data);
    /* Around the first room of 4096 with its zero, and its doublings. */
    static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 8191, 8192, 40000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%zu", i);
        put_file(name, data, sizes[i]);
        assert_ok(lots_file_slurp(in_folder(name), sizes[i], &text, &count, &err));
        assert_int_equal(count, sizes[i]);
        assert_int_equal(strlen(text), count);
        lots_free(text);
        assert_ok(lots_file_slurp(in_folder(name), SIZE_MAX, &text, &count, &err));
        assert_int_equal(count, sizes[i]);
        lots_free(text);
        if (sizes[i] == 0)
            continue;
        assert_status(LOTS_LIMIT, lots_file_slurp(in_folder(name), sizes[i] - 1, &text, &count, &err));
        assert_null(text);
        assert_contains(err.text, name);
    }
    /* A file without end doesn't take all memory. */
    assert_status(LOTS_LIMIT, lots_file_slurp("/dev/zero", 100000, &text, &count, &err));
}

static void dash_is_standard_input(void **state)
{
    (void)state;
    lots_error err;
    char *text;
    size_t count;
    int ends[2];
    int saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "from a pipe", 11), 11);
    close(ends[1]);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    close(ends[0]);
    assert_ok(lots_file_slurp("-", 100, &text, &count, &err));
    assert_string_equal(text, "from a pipe");
    lots_free(text);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* closing the lots_file left it open */
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
        close(saved);
    }
}

static void folders_list_in_byte_order(void **state)
{
    (void)state;
    lots_error err;
    char **names;
    size_t count;
    static const char *const sorted[] = {".hidden", "B", "a", "a.b", "ab", "å"};
    static const unsigned order[] = {3, 5, 0, 2, 4, 1};
    for (size_t i = 0; i < 6; i++)
        put_file(sorted[order[i]], "", 0);
    assert_ok(lots_directory_list(folder, &names, &count, &err));
    assert_int_equal(count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(names[i], sorted[i]);
    lots_names_free(names, count);
    lots_names_free(NULL, 0);
    assert_ok(lots_directory_create(in_folder("sub"), false, &err));
    assert_ok(lots_directory_list(in_folder("sub"), &names, &count, &err));
    assert_int_equal(count, 0);
    lots_names_free(names, count);
}

static void folders_are_made_once_or_may_exist(void **state)
{
    (void)state;
    lots_error err;
    assert_ok(lots_directory_create(in_folder("d"), false, &err));
    assert_true(lots_path_is_directory(in_folder("d")));
    assert_status(LOTS_IO, lots_directory_create(in_folder("d"), false, &err));
    assert_ok(lots_directory_create(in_folder("d"), true, &err));
    put_file("f", "", 0);
    assert_status(LOTS_IO, lots_directory_create(in_folder("f"), true, &err));
    assert_contains(err.text, "exists");
    assert_true(lots_path_exists(in_folder("f")) && !lots_path_is_directory(in_folder("f")));
    assert_false(lots_path_exists(in_folder("g")) || lots_path_is_directory(in_folder("g")));
    assert_ok(lots_directory_sync(in_folder("d"), &err));
    assert_ok(lots_path_rename(in_folder("f"), in_folder("g"), &err));
    assert_true(lots_path_exists(in_folder("g")) && !lots_path_exists(in_folder("f")));
    assert_status(LOTS_IO, lots_path_remove(in_folder("d"), &err));
}

static void a_tree_is_removed_but_not_what_its_links_lead_to(void **state)
{
    (void)state;
    lots_error err;
    put_file("outside", "keep", 4);
    assert_ok(lots_directory_create(in_folder("kept"), false, &err));
    put_file("kept/inside", "keep", 4);
    assert_ok(lots_directory_create(in_folder("tree"), false, &err));
    assert_ok(lots_directory_create(in_folder("tree/a"), false, &err));
    assert_ok(lots_directory_create(in_folder("tree/a/b"), false, &err));
    put_file("tree/f", "x", 1);
    put_file("tree/a/b/g", "x", 1);
    assert_int_equal(symlink(in_folder("kept"), in_folder("tree/a/to_folder")), 0);
    assert_int_equal(symlink(in_folder("outside"), in_folder("tree/to_file")), 0);
    assert_int_equal(symlink("nowhere", in_folder("tree/dangling")), 0);
    assert_ok(lots_path_remove_tree(in_folder("tree"), &err));
    assert_false(lots_path_exists(in_folder("tree")));
    assert_true(lots_path_exists(in_folder("outside")));
    assert_true(lots_path_exists(in_folder("kept/inside")));
    assert_ok(lots_path_remove_tree(in_folder("outside"), &err));
    assert_false(lots_path_exists(in_folder("outside")));
}

static void a_tree_too_deep_is_refused(void **state)
{
    (void)state;
    lots_error err;
    char path[700];
    int used = snprintf(path, sizeof path, "%s/deep", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    for (int i = 0; i < 70; i++) {
        used += snprintf(path + used, sizeof path - (size_t)used, "/d");
        assert_int_equal(mkdir(path, 0777), 0);
    }
    assert_status(LOTS_IO, lots_path_remove_tree(in_folder("deep"), &err));
    assert_contains(err.text, "64 folders deep");
    path[used - 20] = '\0'; /* ten less */
    assert_ok(lots_path_remove_tree(path, &err));
    assert_ok(lots_path_remove_tree(in_folder("deep"), &err));
}

static void paths_join_with_one_slash(void **state)
{
    (void)state;
    lots_error err;
    static const char *const rows[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}, {"a/b", "c.d", "a/b/c.d"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *joined;
        assert_ok(lots_path_join(&joined, rows[i][0], rows[i][1], &err));
        assert_string_equal(joined, rows[i][2]);
        lots_free(joined);
    }
}

/* A child that takes the lock, says so, and holds it until it is killed. */
static pid_t start_holder(const char *path)
{
    int ends[2];
    char said;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        lots_file lock;
        if (lots_lock_take(&lock, path, "ingest reg.lots", NULL) == LOTS_OK && write(ends[1], "y", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &said, 1), 1);
    close(ends[0]);
    return child;
}

static void a_lock_held_by_another_process_is_refused_at_once_and_names_it(void **state)
{
    (void)state;
    lots_error err;
    lots_file lock;
    char path[700], holder[64];
    snprintf(path, sizeof path, "%s/lock", folder);
    pid_t child = start_holder(path);
    snprintf(holder, sizeof holder, "%ld ingest reg.lots", (long)child);
    uint64_t before = lots_clock_ns();
    assert_status(LOTS_LOCKED, lots_lock_take(&lock, path, "ingest", &err));
    assert_true(lots_clock_ns() - before < UINT64_C(1000000000));
    assert_contains(err.text, holder);
    assert_contains(err.text, path);
    assert_int_equal(lock.fd, -1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_ok(lots_lock_take(&lock, path, "query", &err)); /* the kernel dropped it */
    lots_lock_release(&lock);
    lots_lock_release(&lock);
    pid_t again = start_holder(path);
    kill(again, SIGKILL);
    waitpid(again, NULL, 0);
}

static void a_lock_holds_also_within_one_process_and_other_descriptors_keep_it(void **state)
{
    (void)state;
    lots_error err;
    lots_file lock, second, reader;
    char path[700];
    snprintf(path, sizeof path, "%s/lock", folder);
    assert_ok(lots_lock_take(&lock, path, "first", &err));
    assert_ok(lots_file_open(&reader, path, &err));
    lots_file_close(&reader);
    assert_status(LOTS_LOCKED, lots_lock_take(&second, path, "second", &err));
    assert_contains(err.text, "first");
    lots_lock_release(&lock);
    assert_ok(lots_lock_take(&second, path, "second", &err));
    lots_lock_release(&second);
    assert_status(LOTS_IO, lots_lock_take(&lock, in_folder("no/lock"), "x", &err));
}

static void a_lock_file_with_odd_bytes_is_named_safely(void **state)
{
    (void)state;
    lots_error err;
    lots_file lock, second;
    static const char odd[] = "1\x1b[31m\xff\n\0x";
    char path[700];
    snprintf(path, sizeof path, "%s/lock", folder);
    assert_ok(lots_lock_take(&lock, path, "first", &err));
    assert_int_equal(pwrite(lock.fd, odd, sizeof odd, 0), sizeof odd);
    assert_status(LOTS_LOCKED, lots_lock_take(&second, path, "second", &err));
    assert_null(strchr(err.text, '\x1b'));
    assert_null(strchr(err.text, '\n'));
    assert_int_equal(ftruncate(lock.fd, 0), 0);
    assert_status(LOTS_LOCKED, lots_lock_take(&second, path, "second", &err));
    assert_contains(err.text, "another process");
    lots_lock_release(&lock);
}

static void the_process_knows_itself(void **state)
{
    (void)state;
    assert_true(lots_processor_count() >= 1);
    uint64_t first = lots_clock_ns();
    assert_true(lots_clock_ns() >= first);
    assert_in_range(lots_peak_memory_bytes(), 100000, UINT64_C(1) << 40);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_false(lots_is_terminal(ends[0]));
    close(ends[0]);
    close(ends[1]);
    assert_false(lots_is_terminal(-1));
}

static void a_thread_leaves_a_processor_at_once_and_may_come_back(void **state)
{
    (void)state;
    lots_processors before, narrowed, after;
    const int here = lots_processor_here();
    lots_thread_processors(pthread_self(), &before);
    assert_true(before.count == 0 || before.count >= lots_processor_count());
    lots_thread_place(pthread_self(), &before, here);
    lots_thread_processors(pthread_self(), &narrowed);
    if (before.count > 1) {
        assert_int_equal(narrowed.count, before.count - 1);
        assert_int_not_equal(lots_processor_here(), here);
    } else {
        assert_memory_equal(&narrowed, &before, sizeof before); /* there is no other */
    }
    lots_thread_place(pthread_self(), &before, -1);
    lots_thread_processors(pthread_self(), &after);
    assert_memory_equal(&after, &before, sizeof before);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(what_is_written_reads_back),
        in_a_folder(reading_beyond_the_end_is_damage_not_a_crash),
        in_a_folder(an_empty_file_maps_to_nothing),
        in_a_folder(what_is_missing_or_taken_is_named),
        in_a_folder(slurp_stops_at_its_limit),
        in_a_folder(dash_is_standard_input),
        in_a_folder(folders_list_in_byte_order),
        in_a_folder(folders_are_made_once_or_may_exist),
        in_a_folder(a_tree_is_removed_but_not_what_its_links_lead_to),
        in_a_folder(a_tree_too_deep_is_refused),
        in_a_folder(paths_join_with_one_slash),
        in_a_folder(a_lock_held_by_another_process_is_refused_at_once_and_names_it),
        in_a_folder(a_lock_holds_also_within_one_process_and_other_descriptors_keep_it),
        in_a_folder(a_lock_file_with_odd_bytes_is_named_safely),
        in_a_folder(the_process_knows_itself),
        cmocka_unit_test(a_thread_leaves_a_processor_at_once_and_may_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
