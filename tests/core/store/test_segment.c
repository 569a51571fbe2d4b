/* test_segment.c: random rows through a segment file and back, and files of an older schema, another one or another
 * segment. What the writer promises is in test_segment_writer.c, blocks in test_segment_read.c, damage in
 * test_segment_damage.c. */
#include "tests/core/store/segment_fixture.h"

static void round_trip(uint64_t seed, uint32_t patients, uint32_t most, uint64_t spread)
{
    lots_error err;
    fixture f;
    rows from;
    lots_segment *segment;
    lots_segment_result result;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, seed);
    make_rows(&f, &from, patients, most, spread);
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &segment, &err));
    assert_int_equal(lots_segment_patients(segment), patients);
    assert_true(lots_segment_bytes(segment) == result.bytes);
    assert_exports(segment, &from);
    assert_no_faults(segment);
    lots_segment_close(segment);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

static void rows_come_back_as_they_were(void **state)
{
    (void)state;
    round_trip(1, 300, 12, 200);
    round_trip(2, 40, 3, 2);
    round_trip(3, 1, 5, 100);
    round_trip(4, 900, 40, 3000);
}

static void a_segment_without_patients_or_events_round_trips(void **state)
{
    (void)state;
    round_trip(5, 0, 0, 10);
    round_trip(6, 5000, 0, 10);
}

static void a_missing_batch_is_a_stream_without_events(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment *segment;
    lots_segment_result with, without;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 7);
    make_rows(&f, &from, 20, 0, 10);
    write_rows(&f, &from, path, &with);
    for (int s = 1; s < STREAMS; s++)
        from.list[s] = NULL;
    write_rows(&f, &from, path, &without);
    assert_true(with.hash == without.hash && with.bytes == without.bytes);
    assert_ok(open_file(&f, path, &segment, &err));
    assert_no_faults(segment);
    lots_segment_close(segment);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

static void a_newer_schema_reads_columns_and_streams_the_file_lacks_as_missing(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment *segment;
    lots_segment_result result;
    lots_stream *stream;
    lots_batch out;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 16);
    make_rows(&f, &from, 30, 6, 100);
    write_rows(&f, &from, path, &result);
    lots_stream *contacts = &f.schema.streams[CONTACTS];
    add_column(contacts, "extra_text", LOTS_KIND_TEXT, LOTS_ROLE_NONE, NULL);
    add_column(contacts, "extra_codes", LOTS_KIND_CODES, LOTS_ROLE_NONE, NULL);
    add_column(contacts, "extra_unit", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit");
    add_column(contacts, "extra_flag", LOTS_KIND_BOOL, LOTS_ROLE_NONE, NULL);
    add_column(contacts, "extra_float", LOTS_KIND_FLOAT, LOTS_ROLE_NONE, NULL);
    assert_ok(lots_schema_add_stream(&f.schema, "later", &stream, &err));
    add_column(stream, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    assert_ok(open_file(&f, path, &segment, &err));
    assert_int_equal(lots_segment_events(segment, STREAMS), 0);
    assert_ok(lots_segment_export(segment, CONTACTS, FIRST_PATIENT, &out, &err));
    assert_int_equal(out.rows, from.list[CONTACTS]->rows);
    for (uint32_t c = C_GHOST + 1; c < out.column_count; c++)
        for (uint32_t i = 0; i < out.rows; i++)
            assert_int_equal(LOTS_AT(uint8_t, &out.columns[c].missing, i), !out.columns[c].list);
    out.column_count = from.list[CONTACTS]->column_count;
    assert_same_batch(&out, from.list[CONTACTS]);
    out.column_count = f.schema.streams[CONTACTS].column_count;
    lots_batch_close(&out);
    assert_ok(lots_segment_export(segment, STREAMS, FIRST_PATIENT, &out, &err));
    assert_int_equal(out.rows, 0);
    lots_batch_close(&out);
    assert_false(lots_segment_chunk_has(segment, CONTACTS, C_GHOST + 3, 0, 0));
    assert_no_faults(segment);
    lots_segment_close(segment);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

static void a_column_of_another_kind_or_another_segment_is_refused(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment *segment;
    lots_segment_result result;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 17);
    make_rows(&f, &from, 5, 3, 100);
    write_rows(&f, &from, path, &result);
    lots_segment_dictionaries dictionaries = fixture_dictionaries(&f);
    assert_status(LOTS_CORRUPT, lots_segment_open(&segment, path, 5, &f.schema, &dictionaries, &err));
    lots_column *cost = &f.schema.streams[CONTACTS].columns[C_COST];
    cost->scale = 3;
    assert_status(LOTS_CORRUPT, open_file(&f, path, &segment, &err));
    assert_contains(err.text, "cost");
    cost->scale = 2;
    cost->kind = LOTS_KIND_INT;
    assert_status(LOTS_CORRUPT, open_file(&f, path, &segment, &err));
    cost->kind = LOTS_KIND_DECIMAL;
    lots_column *unit = &f.schema.streams[CONTACTS].columns[C_UNIT];
    snprintf(unit->domain, sizeof unit->domain, "test");
    assert_status(LOTS_CORRUPT, open_file(&f, path, &segment, &err));
    assert_contains(err.text, "unit");
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_they_were),
        cmocka_unit_test(a_segment_without_patients_or_events_round_trips),
        cmocka_unit_test(a_missing_batch_is_a_stream_without_events),
        cmocka_unit_test(a_newer_schema_reads_columns_and_streams_the_file_lacks_as_missing),
        cmocka_unit_test(a_column_of_another_kind_or_another_segment_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
