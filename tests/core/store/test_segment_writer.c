/* test_segment_writer.c: where chunks close; that the same rows make the same bytes and the same hash, however they came
 * and whatever their codes are numbered; and that rows out of order make no file. */
#include "tests/core/store/segment_fixture.h"

static void chunks_close_at_events_and_a_great_patient_has_its_own(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch patients, drugs;
    lots_vec firsts = LOTS_VEC(uint32_t);
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 8);
    open_batch(&f, PATIENTS, &patients);
    open_batch(&f, DRUGS, &drugs);
    static const uint32_t counts[] = {40000, 25535, 1, 120000, 65535, 0, 1, 65534, 2};
    for (uint32_t p = 0; p < 9; p++) {
        add_random_row(&f, &patients, FIRST_PATIENT + p, 10);
        for (uint32_t i = 0; i < counts[p]; i++) {
            assert_ok(lots_batch_row_begin(&drugs, FIRST_PATIENT + p, &err));
            assert_ok(lots_batch_put_int(&drugs, 0, 10000 + i / 4, &err));
            assert_ok(lots_batch_put_int(&drugs, 2, (int64_t)below(&f, 400), &err));
            assert_ok(lots_batch_row_end(&drugs, &err));
        }
    }
    rows from = {.list = {&patients, NULL, NULL, &drugs, NULL}, .patients = 9};
    lots_segment_input input = input_of(&f, &from);
    assert_ok(lots_segment_plan_chunks(&input, &firsts, &err));
    static const uint32_t expected[] = {0, 2, 3, 4, 5, 8, 9};
    assert_int_equal(firsts.count, sizeof expected / sizeof *expected);
    assert_memory_equal(firsts.data, expected, sizeof expected);
    lots_segment_result result;
    lots_segment *segment;
    lots_batch out;
    write_rows(&f, &from, path, &result);
    assert_int_equal(result.events, 316608);
    assert_ok(open_file(&f, path, &segment, &err));
    assert_int_equal(lots_segment_chunk_rows_max(segment, DRUGS), 120000);
    assert_ok(lots_segment_export(segment, DRUGS, FIRST_PATIENT, &out, &err));
    assert_same_batch(&out, &drugs);
    assert_no_faults(segment);
    lots_batch_close(&out);
    lots_segment_close(segment);
    lots_vec_free(&firsts);
    lots_batch_close(&patients);
    lots_batch_close(&drugs);
    fixture_close(&f);
    remove_folder(path);
}

/* Where chunks of patients with so many rows of one stream begin. */
static void assert_chunks(const uint32_t *counts, uint32_t patients, const uint32_t *expected, uint32_t expected_count)
{
    lots_error err;
    fixture f;
    lots_batch people, drugs;
    lots_vec firsts = LOTS_VEC(uint32_t);
    fixture_open(&f, 10);
    open_batch(&f, PATIENTS, &people);
    open_batch(&f, DRUGS, &drugs);
    for (uint32_t p = 0; p < patients; p++) {
        add_random_row(&f, &people, FIRST_PATIENT + p, 10);
        for (uint32_t i = 0; i < counts[p]; i++) {
            assert_ok(lots_batch_row_begin(&drugs, FIRST_PATIENT + p, &err));
            assert_ok(lots_batch_put_int(&drugs, 0, 10000, &err));
            assert_ok(lots_batch_row_end(&drugs, &err));
        }
    }
    rows from = {.list = {&people, NULL, NULL, &drugs, NULL}, .patients = patients};
    lots_segment_input input = input_of(&f, &from);
    assert_ok(lots_segment_plan_chunks(&input, &firsts, &err));
    assert_int_equal(firsts.count, expected_count);
    assert_memory_equal(firsts.data, expected, expected_count * sizeof *expected);
    lots_vec_free(&firsts);
    lots_batch_close(&people);
    lots_batch_close(&drugs);
    fixture_close(&f);
}

/* 70,000 rows are two chunks of half, not one of 65,535 and a rest; whoever has no rows is with those before. */
static void chunks_are_even(void **state)
{
    (void)state;
    static const uint32_t even[] = {10000, 10000, 10000, 5000, 5000, 10000, 10000, 10000, 0, 0}, halves[] = {0, 4, 10};
    assert_chunks(even, 10, halves, 3);
    /* a patient who would pass the limit is left to the next chunk, also where the share is not yet full */
    static const uint32_t uneven[] = {62000, 4000, 60000}, apart[] = {0, 1, 2, 3};
    assert_chunks(uneven, 3, apart, 4);
}

static void chunks_close_at_8192_patients(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_vec firsts = LOTS_VEC(uint32_t);
    fixture_open(&f, 9);
    make_rows(&f, &from, 2 * LOTS_CHUNK_PATIENTS + 1, 0, 10);
    lots_segment_input input = input_of(&f, &from);
    assert_ok(lots_segment_plan_chunks(&input, &firsts, &err));
    static const uint32_t expected[] = {0, 8192, 16384, 16385};
    assert_int_equal(firsts.count, 4);
    assert_memory_equal(firsts.data, expected, sizeof expected);
    lots_vec_free(&firsts);
    free_rows(&from);
    fixture_close(&f);
}

static void the_order_of_input_does_not_show_in_the_file(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from[2];
    lots_segment_result results[2];
    char path[600], *bytes[2];
    size_t counts[2];
    path_in(path, "1.seg");
    fixture_open(&f, 10);
    for (int s = 0; s < STREAMS; s++) {
        lots_batch raw, mixed;
        open_batch(&f, s, &raw);
        for (uint32_t p = 0; p < 60; p++)
            for (int i = 0; i < (s == PATIENTS ? 1 : 8); i++)
                add_random_row(&f, &raw, FIRST_PATIENT + p, 4);
        uint32_t *order = shuffled(&f, raw.rows);
        assert_ok(lots_batch_permute(&raw, order, raw.rows, &mixed, &err));
        settle(&f, s, &raw, &from[0].batches[s]);
        settle(&f, s, &mixed, &from[1].batches[s]);
        from[0].list[s] = &from[0].batches[s];
        from[1].list[s] = &from[1].batches[s];
        lots_batch_close(&raw);
        lots_batch_close(&mixed);
        free(order);
    }
    for (int i = 0; i < 2; i++) {
        from[i].patients = 60;
        write_rows(&f, &from[i], path, &results[i]);
        assert_ok(lots_file_slurp(path, 1u << 24, &bytes[i], &counts[i], &err));
    }
    assert_int_equal(counts[0], counts[1]);
    assert_memory_equal(bytes[0], bytes[1], counts[0]);
    assert_true(results[0].hash == results[1].hash);
    for (int i = 0; i < 2; i++) {
        lots_free(bytes[i]);
        free_rows(&from[i]);
    }
    fixture_close(&f);
    remove_folder(path);
}

static void the_hash_knows_the_rows_but_not_the_number(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result first, other, changed;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 11);
    make_rows(&f, &from, 50, 8, 100);
    write_rows(&f, &from, path, &first);
    lots_segment_input input = input_of(&f, &from);
    input.id = SEGMENT_ID + 1;
    assert_ok(lots_path_remove(path, &err));
    assert_ok(lots_segment_write(path, &input, &other, &err));
    assert_true(first.hash == other.hash);
    LOTS_AT(int64_t, &from.batches[CONTACTS].columns[C_COST].values, 5) += 1;
    LOTS_AT(uint8_t, &from.batches[CONTACTS].columns[C_COST].missing, 5) = 0;
    write_rows(&f, &from, path, &changed);
    assert_true(first.hash != changed.hash);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

/* Two registries may have given the same texts other stable ids. */
static void the_hash_does_not_depend_on_stable_ids(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result first, renumbered;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 12);
    make_rows(&f, &from, 50, 8, 300);
    write_rows(&f, &from, path, &first);
    lots_dictionary *old = f.domains[UNIT], *fresh;
    lots_dictionary_builder *builder;
    lots_id map[300], *to_stable;
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (lots_id rank = 0; rank < 300; rank++) {
        size_t bytes;
        const char *key = lots_dictionary_key(old, rank, &bytes);
        assert_ok(lots_dictionary_intern(builder, key, bytes, &map[lots_dictionary_stable_of_rank(old)[rank]], &err));
    }
    assert_ok(lots_dictionary_finish(builder, &fresh, &to_stable, &err));
    for (int i = 0; i < 300; i++)
        map[i] = to_stable[map[i]];
    assert_ok(lots_batch_remap(&from.batches[CONTACTS], C_UNIT, map, 300, &err));
    f.domains[UNIT] = fresh;
    f.domain_list[UNIT] = fresh;
    write_rows(&f, &from, path, &renumbered);
    assert_true(first.hash == renumbered.hash);
    lots_free(to_stable);
    lots_dictionary_builder_close(builder);
    lots_dictionary_close(old);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

static void batches_that_break_the_order_are_refused_and_leave_no_file(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result result;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 18);
    make_rows(&f, &from, 10, 6, 1000);
    lots_segment_input input = input_of(&f, &from);
    lots_patient *patients = from.batches[CONTACTS].patient.data;
    lots_patient last = patients[from.list[CONTACTS]->rows - 1];
    patients[from.list[CONTACTS]->rows - 1] = FIRST_PATIENT + 10;
    assert_status(LOTS_INTERNAL, lots_segment_write(path, &input, &result, &err));
    patients[from.list[CONTACTS]->rows - 1] = FIRST_PATIENT - 1;
    assert_status(LOTS_INTERNAL, lots_segment_write(path, &input, &result, &err));
    patients[from.list[CONTACTS]->rows - 1] = last;
    uint32_t row = 1;
    while (patients[row] != patients[row - 1])
        row++;
    LOTS_AT(int32_t, &from.batches[CONTACTS].columns[C_START].values, row - 1) = 99999;
    assert_status(LOTS_INTERNAL, lots_segment_write(path, &input, &result, &err));
    assert_contains(err.text, "contacts");
    assert_false(lots_path_exists(path));
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_close_at_events_and_a_great_patient_has_its_own),
        cmocka_unit_test(chunks_are_even),
        cmocka_unit_test(chunks_close_at_8192_patients),
        cmocka_unit_test(the_order_of_input_does_not_show_in_the_file),
        cmocka_unit_test(the_hash_knows_the_rows_but_not_the_number),
        cmocka_unit_test(the_hash_does_not_depend_on_stable_ids),
        cmocka_unit_test(batches_that_break_the_order_are_refused_and_leave_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
