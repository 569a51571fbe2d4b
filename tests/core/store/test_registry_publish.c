/* test_registry_publish.c: the next generation: what it keeps of the one before, its numbers and its hash, and manifests
 * that do not add up. */
#include "tests/core/store/registry_fixture.h"

#include "core/store/catalog.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending_keeps_segments_and_unchanged_dictionaries),
        cmocka_unit_test(numbers_are_never_given_twice),
        cmocka_unit_test(the_hash_is_of_the_content_and_not_of_numbers),
        cmocka_unit_test(publishing_refuses_a_manifest_that_does_not_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
