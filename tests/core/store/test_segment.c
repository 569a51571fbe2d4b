#include "core/base/hash.h"
#include "core/base/pool.h"
#include "core/index/bitset.h"
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

/* ---- chunks ---- */

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
    static const uint32_t counts[] = {10000, 6384, 1, 60000, 16384, 0, 1, 16383, 2};
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
    static const uint32_t expected[] = {0, 2, 3, 4, 6, 8, 9};
    assert_int_equal(firsts.count, sizeof expected / sizeof *expected);
    assert_memory_equal(firsts.data, expected, sizeof expected);
    lots_segment_result result;
    lots_segment *segment;
    lots_batch out;
    write_rows(&f, &from, path, &result);
    assert_int_equal(result.events, 109155);
    assert_ok(open_file(&f, path, &segment, &err));
    assert_int_equal(lots_segment_chunk_rows_max(segment, DRUGS), 60000);
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

static void chunks_close_at_4096_patients(void **state)
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
    static const uint32_t expected[] = {0, 4096, 8192, 8193};
    assert_int_equal(firsts.count, 4);
    assert_memory_equal(firsts.data, expected, sizeof expected);
    lots_vec_free(&firsts);
    free_rows(&from);
    fixture_close(&f);
}

/* ---- same rows, same bytes ---- */

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

/* ---- reading block by block ---- */

static void assert_block(lots_segment *segment, const rows *from, uint32_t stream, uint32_t column, uint32_t chunk,
                         uint32_t first_row)
{
    lots_error err;
    lots_arena scratch;
    void *data, *missing;
    bool has_missing;
    const lots_batch_column *expected = &from->list[stream]->columns[column];
    const lots_block_meta *meta = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk);
    lots_arena_init(&scratch, 0);
    assert_ok(lots_arena_vector(&scratch, &data, meta->count + 1u, 8, &err));
    assert_ok(lots_arena_vector(&scratch, &missing, lots_bit_words(meta->count), 8, &err));
    lots_values_out out = {.data = data, .missing = missing};
    assert_ok(lots_segment_read(segment, stream, column, LOTS_PART_VALUES, chunk, &out, &has_missing, &scratch, &err));
    assert_int_equal(has_missing, meta->missing > 0);
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    const lots_id *ranks = NULL;
    uint32_t ids = 0;
    if (expected->phys == LOTS_PHYS_U32)
        assert_ok(lots_segment_ranks(segment, stream, column, &ranks, &ids, &err));
    for (uint32_t i = 0; i < meta->count; i++) {
        bool gone = LOTS_AT(uint8_t, &expected->missing, first_row + i) != 0;
        assert_int_equal(has_missing && lots_bit_get(missing, i), gone);
        int64_t value = 0, wanted = 0;
        if (expected->phys == LOTS_PHYS_I32) {
            value = ((int32_t *)data)[i];
            wanted = LOTS_AT(int32_t, &expected->values, first_row + i);
        } else if (expected->phys == LOTS_PHYS_I64) {
            value = ((int64_t *)data)[i];
            wanted = LOTS_AT(int64_t, &expected->values, first_row + i);
        } else if (expected->phys == LOTS_PHYS_BITS) {
            value = lots_bit_get(data, i);
            wanted = LOTS_AT(uint8_t, &expected->values, first_row + i);
        } else if (expected->phys == LOTS_PHYS_F64) {
            value = lots_f64_key(((double *)data)[i]);
            wanted = lots_f64_key(LOTS_AT(double, &expected->values, first_row + i));
        } else if (expected->phys == LOTS_PHYS_U32) {
            value = ((uint32_t *)data)[i];
            assert_true(value < ids || gone);
        }
        if (expected->phys != LOTS_PHYS_U32)
            assert_true(value == wanted);
        if (!gone && expected->phys != LOTS_PHYS_TEXT) {
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
        }
    }
    if (least <= greatest)
        assert_true(least == meta->min && greatest == meta->max);
    else
        assert_true(meta->min == 0 && meta->max == -1);
    lots_arena_free(&scratch);
}

static void blocks_zone_maps_and_offsets_agree_with_the_rows(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment *segment;
    lots_segment_result result;
    lots_arena scratch;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 13);
    make_rows(&f, &from, 3000, 30, 500);
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &segment, &err));
    lots_arena_init(&scratch, 0);
    assert_true(lots_segment_chunks(segment) > 2);
    for (uint32_t s = 0; s < STREAMS; s++) {
        uint32_t row = 0;
        for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
            uint32_t first = lots_segment_chunk_first(segment, k), end = lots_segment_chunk_first(segment, k + 1);
            uint32_t *offsets = malloc((end - first + 1) * sizeof *offsets);
            assert_ok(lots_segment_offsets(segment, s, k, offsets, &scratch, &err));
            for (uint32_t p = 0; p < end - first; p++)
                for (uint32_t i = offsets[p]; i < offsets[p + 1]; i++)
                    assert_int_equal(LOTS_AT(lots_patient, &from.list[s]->patient, row + i), FIRST_PATIENT + first + p);
            for (uint32_t c = 0; c < from.list[s]->column_count; c++)
                if (!from.list[s]->columns[c].list)
                    assert_block(segment, &from, s, c, k, row);
            assert_int_equal(offsets[end - first], lots_segment_chunk_rows(segment, s, k));
            row += offsets[end - first];
            free(offsets);
        }
        assert_int_equal(row, from.list[s]->rows);
    }
    lots_arena_free(&scratch);
    lots_segment_close(segment);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

/* Ranks by id, and whether a chunk holds an id, against a plain walk over the rows. */
static void chunks_know_which_ids_they_hold(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch patients, drugs;
    lots_segment *segment;
    lots_segment_result result;
    const lots_id *ranks;
    uint32_t ids, unknown = 0;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 14);
    open_batch(&f, PATIENTS, &patients);
    open_batch(&f, DRUGS, &drugs);
    for (uint32_t p = 0; p < 600; p++) {
        add_random_row(&f, &patients, FIRST_PATIENT + p, 10);
        for (uint32_t i = 0; i < 200; i++) {
            uint64_t common = below(&f, 30);
            assert_ok(lots_batch_row_begin(&drugs, FIRST_PATIENT + p, &err));
            assert_ok(lots_batch_put_int(&drugs, 0, 10000 + i, &err));
            assert_ok(lots_batch_put_int(&drugs, 2, (int64_t)(below(&f, 400) == 0 ? 30 + below(&f, 370) : common), &err));
            assert_ok(lots_batch_row_end(&drugs, &err));
        }
    }
    rows from = {.list = {&patients, NULL, NULL, &drugs, NULL}, .patients = 600};
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &segment, &err));
    assert_ok(lots_segment_ranks(segment, DRUGS, 2, &ranks, &ids, &err));
    assert_true(ids > 200);
    uint32_t row = 0;
    for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
        bool held[400] = {false};
        for (uint32_t i = 0; i < lots_segment_chunk_rows(segment, DRUGS, k); i++, row++)
            held[lots_dictionary_rank_of_stable(f.codes)[LOTS_AT(lots_id, &drugs.columns[2].values, row)]] = true;
        for (lots_id id = 0; id < ids; id++) {
            bool has = lots_segment_chunk_has(segment, DRUGS, 2, k, id);
            assert_true(has || !held[ranks[id]]);
            unknown += has != held[ranks[id]];
        }
        assert_false(lots_segment_chunk_has(segment, DRUGS, 2, k, ids));
    }
    assert_int_equal(unknown, 0);
    lots_segment_close(segment);
    lots_batch_close(&patients);
    lots_batch_close(&drugs);
    fixture_close(&f);
    remove_folder(path);
}

/* A hundred thousand visits that end the day they start: the ends are a few bytes a chunk. */
static void ends_equal_to_starts_cost_next_to_nothing(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch patients, drugs, out;
    lots_segment *segment;
    lots_segment_result result;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 15);
    open_batch(&f, PATIENTS, &patients);
    open_batch(&f, DRUGS, &drugs);
    add_random_row(&f, &patients, FIRST_PATIENT, 10);
    for (int64_t i = 0; i < 10000; i++) {
        assert_ok(lots_batch_row_begin(&drugs, FIRST_PATIENT, &err));
        assert_ok(lots_batch_put_int(&drugs, 0, 10000 + i / 3, &err));
        assert_ok(lots_batch_put_int(&drugs, 1, 10000 + i / 3, &err));
        assert_ok(lots_batch_row_end(&drugs, &err));
    }
    rows from = {.list = {&patients, NULL, NULL, &drugs, NULL}, .patients = 1};
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &segment, &err));
    const lots_block_meta *meta = lots_segment_meta(segment, DRUGS, 1, LOTS_PART_VALUES, 0);
    assert_true(meta->bytes <= 16);
    assert_true(meta->min == 10000 && meta->max == 10000 + 9999 / 3);
    assert_ok(lots_segment_export(segment, DRUGS, FIRST_PATIENT, &out, &err));
    assert_same_batch(&out, &drugs);
    lots_batch_close(&out);
    lots_segment_close(segment);
    lots_batch_close(&patients);
    lots_batch_close(&drugs);
    fixture_close(&f);
    remove_folder(path);
}

/* ---- threads ---- */

typedef struct reading {
    fixture *f;
    lots_segment *segment;
    uint64_t hashes[8];
} reading;

/* A hash of every stream as this task reads it, and of what chunks hold. */
static lots_status read_all(void *context, size_t task, unsigned worker, lots_error *err)
{
    (void)worker;
    reading *all = context;
    uint64_t hash = 0;
    for (uint32_t s = 0; s < STREAMS; s++) {
        lots_batch out;
        lots_bytes image = {0};
        LOTS_TRY(lots_segment_export(all->segment, s, FIRST_PATIENT, &out, err));
        LOTS_TRY(lots_batch_spill(&out, &image, err));
        hash = lots_hash(image.data, image.count, hash);
        lots_bytes_free(&image);
        lots_batch_close(&out);
    }
    for (uint32_t k = 0; k < lots_segment_chunks(all->segment); k++)
        for (lots_id id = 0; id < 300; id++)
            hash = hash * 3 + lots_segment_chunk_has(all->segment, CONTACTS, C_DX, k, id);
    all->hashes[task] = hash;
    return LOTS_OK;
}

static void many_threads_read_one_segment_alike(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result result;
    lots_pool *pool;
    reading all = {.f = &f};
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 19);
    make_rows(&f, &from, 2000, 20, 500);
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &all.segment, &err));
    assert_ok(lots_pool_open(&pool, 4, &err));
    assert_ok(lots_pool_run(pool, 8, read_all, &all, NULL, &err));
    for (int i = 1; i < 8; i++)
        assert_true(all.hashes[i] == all.hashes[0]);
    lots_pool_close(pool);
    lots_segment_close(all.segment);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

/* ---- older and other schemas ---- */

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
        cmocka_unit_test(rows_come_back_as_they_were),
        cmocka_unit_test(a_segment_without_patients_or_events_round_trips),
        cmocka_unit_test(a_missing_batch_is_a_stream_without_events),
        cmocka_unit_test(chunks_close_at_events_and_a_great_patient_has_its_own),
        cmocka_unit_test(chunks_close_at_4096_patients),
        cmocka_unit_test(the_order_of_input_does_not_show_in_the_file),
        cmocka_unit_test(the_hash_knows_the_rows_but_not_the_number),
        cmocka_unit_test(the_hash_does_not_depend_on_stable_ids),
        cmocka_unit_test(blocks_zone_maps_and_offsets_agree_with_the_rows),
        cmocka_unit_test(chunks_know_which_ids_they_hold),
        cmocka_unit_test(ends_equal_to_starts_cost_next_to_nothing),
        cmocka_unit_test(many_threads_read_one_segment_alike),
        cmocka_unit_test(a_newer_schema_reads_columns_and_streams_the_file_lacks_as_missing),
        cmocka_unit_test(a_column_of_another_kind_or_another_segment_is_refused),
        cmocka_unit_test(batches_that_break_the_order_are_refused_and_leave_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
