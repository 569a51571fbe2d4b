#include "core/store/identity.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/base/vec.h"
#include "tests/support/lots_test.h"

enum { SEGMENT = 9, HEADER_BYTES = 64 };

typedef struct ids {
    char path[600];
    lots_bytes text;
    lots_vec offsets; /* uint64_t */
    uint32_t count;
} ids;

static void add_id(ids *all, const char *id, size_t bytes)
{
    lots_error err;
    assert_ok(lots_bytes_append(&all->text, id, bytes, &err));
    uint64_t end = all->text.count;
    assert_ok(lots_vec_push(&all->offsets, &end, &err));
    all->count++;
}

static void open_ids(ids *all)
{
    lots_error err;
    const uint64_t zero = 0;
    char directory[512];
    *all = (ids){.offsets = LOTS_VEC(uint64_t)};
    lots_test_directory(directory);
    snprintf(all->path, sizeof all->path, "%s/9.ids", directory);
    assert_ok(lots_vec_push(&all->offsets, &zero, &err));
    assert_ok(lots_bytes_reserve(&all->text, 1, &err));
}

static void close_ids(ids *all)
{
    lots_error err;
    *strrchr(all->path, '/') = 0;
    assert_ok(lots_path_remove_tree(all->path, &err));
    lots_bytes_free(&all->text);
    lots_vec_free(&all->offsets);
}

/* Personnummer-like ids, rising; every id is even so that odd ones are absent. */
static void fill_ids(ids *all, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char id[32];
        add_id(all, id, (size_t)snprintf(id, sizeof id, "19%010u", i * 2 + 1000));
    }
}

static lots_status write_ids(const ids *all, lots_error *err)
{
    return lots_identity_write(all->path, SEGMENT, (const char *)all->text.data, all->offsets.data, all->count, err);
}

static void assert_id(lots_identity *identity, const ids *all, uint32_t index)
{
    lots_error err;
    lots_bytes got = {0};
    uint32_t found;
    uint64_t first = LOTS_AT(uint64_t, &all->offsets, index), bytes = LOTS_AT(uint64_t, &all->offsets, index + 1) - first;
    assert_ok(lots_identity_get(identity, index, &got, &err));
    assert_int_equal(got.count, bytes);
    if (bytes > 0)
        assert_memory_equal(got.data, all->text.data + first, bytes);
    assert_ok(lots_identity_find(identity, (const char *)all->text.data + first, bytes, &found, &err));
    assert_int_equal(found, index);
    lots_bytes_free(&got);
}

static void ids_come_back_and_are_found(void **state)
{
    (void)state;
    lots_error err;
    static const uint32_t counts[] = {0, 1, 2, 1023, 1024, 1025, 5000};
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        ids all;
        lots_identity *identity;
        uint32_t found;
        open_ids(&all);
        fill_ids(&all, counts[n]);
        assert_ok(write_ids(&all, &err));
        assert_ok(lots_identity_open(&identity, all.path, SEGMENT, &err));
        assert_int_equal(lots_identity_count(identity), counts[n]);
        assert_ok(lots_identity_check(identity, &err));
        for (uint32_t i = 0; i < counts[n]; i += counts[n] > 2000 ? 61 : 1)
            assert_id(identity, &all, (i * 37) % counts[n]);
        static const char *const absent[] = {"", "0", "190000001001", "190000001000x", "19000000100", "2", "999"};
        for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
            assert_ok(lots_identity_find(identity, absent[i], strlen(absent[i]), &found, &err));
            assert_int_equal(found, UINT32_MAX);
        }
        lots_identity_close(identity);
        close_ids(&all);
    }
}

static void ids_may_be_any_bytes_of_any_length(void **state)
{
    (void)state;
    lots_error err;
    ids all;
    lots_identity *identity;
    static char longest[70000];
    memset(longest, 'y', sizeof longest);
    open_ids(&all);
    add_id(&all, "", 0);
    add_id(&all, "\0", 1);
    add_id(&all, "\0\0", 2);
    add_id(&all, "a", 1);
    add_id(&all, "a\0", 2);
    add_id(&all, "ab", 2);
    add_id(&all, longest, sizeof longest - 1);
    add_id(&all, longest, sizeof longest);
    add_id(&all, "\xc3\xa5", 2);
    add_id(&all, "\xff\xff", 2);
    assert_ok(write_ids(&all, &err));
    assert_ok(lots_identity_open(&identity, all.path, SEGMENT, &err));
    for (uint32_t i = 0; i < all.count; i++)
        assert_id(identity, &all, i);
    assert_ok(lots_identity_check(identity, &err));
    lots_identity_close(identity);
    close_ids(&all);
}

static void ids_that_do_not_rise_are_refused(void **state)
{
    (void)state;
    lots_error err;
    ids all;
    open_ids(&all);
    add_id(&all, "b", 1);
    add_id(&all, "b", 1);
    assert_status(LOTS_INTERNAL, write_ids(&all, &err));
    assert_false(lots_path_exists(all.path));
    close_ids(&all);
}

static void another_segments_file_is_refused(void **state)
{
    (void)state;
    lots_error err;
    ids all;
    lots_identity *identity;
    open_ids(&all);
    fill_ids(&all, 3);
    assert_ok(write_ids(&all, &err));
    assert_status(LOTS_CORRUPT, lots_identity_open(&identity, all.path, SEGMENT + 1, &err));
    assert_contains(err.text, "9.ids");
    assert_status(LOTS_IO, lots_identity_open(&identity, "/nowhere/1.ids", SEGMENT, &err));
    close_ids(&all);
}

static void the_file_is_a_function_of_the_ids(void **state)
{
    (void)state;
    lots_error err;
    ids all;
    char *bytes[2];
    size_t counts[2];
    open_ids(&all);
    fill_ids(&all, 3000);
    for (int i = 0; i < 2; i++) {
        assert_ok(lots_path_remove(all.path, &err));
        assert_ok(write_ids(&all, &err));
        assert_ok(lots_file_slurp(all.path, 1u << 24, &bytes[i], &counts[i], &err));
    }
    assert_int_equal(counts[0], counts[1]);
    assert_memory_equal(bytes[0], bytes[1], counts[0]);
    assert_true(counts[0] < all.text.count / 3);
    lots_free(bytes[0]);
    lots_free(bytes[1]);
    close_ids(&all);
}

static void put_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

/* Every truncation, and every byte changed: refused at open or by the check, never a wrong id. */
static void damage_is_always_found(void **state)
{
    (void)state;
    lots_error err;
    ids all;
    lots_identity *identity;
    char *bytes;
    size_t count;
    uint64_t random = 5;
    open_ids(&all);
    fill_ids(&all, 1100);
    assert_ok(write_ids(&all, &err));
    assert_ok(lots_file_slurp(all.path, 1u << 24, &bytes, &count, &err));
    for (size_t cut = 0; cut < count; cut += cut < 2 * HEADER_BYTES ? 1 : 7) {
        put_file(all.path, bytes, cut);
        assert_status(LOTS_CORRUPT, lots_identity_open(&identity, all.path, SEGMENT, &err));
    }
    for (size_t at = 0; at < count; at++) {
        char was = bytes[at];
        bytes[at] = (char)(was ^ (1 << lots_test_random(&random) % 8));
        put_file(all.path, bytes, count);
        lots_status status = lots_identity_open(&identity, all.path, SEGMENT, &err);
        if (status == LOTS_OK) {
            status = lots_identity_check(identity, &err);
            lots_identity_close(identity);
        }
        assert_int_equal(status, LOTS_CORRUPT);
        bytes[at] = was;
    }
    lots_free(bytes);
    close_ids(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_come_back_and_are_found),
        cmocka_unit_test(ids_may_be_any_bytes_of_any_length),
        cmocka_unit_test(ids_that_do_not_rise_are_refused),
        cmocka_unit_test(another_segments_file_is_refused),
        cmocka_unit_test(the_file_is_a_function_of_the_ids),
        cmocka_unit_test(damage_is_always_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
