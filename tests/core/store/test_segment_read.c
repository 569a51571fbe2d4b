/* test_segment_read.c: a segment read block by block against the rows that were written: values, missing ones, zone maps,
 * offsets, which ids a chunk holds; by many threads too. */
#include "core/base/hash.h"
#include "core/base/pool.h"
#include "core/index/bitset.h"
#include "tests/core/store/segment_reading.h"

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
    make_rows(&f, &from, 12500, 30, 500);
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &segment, &err));
    lots_arena_init(&scratch, 0);
    assert_true(lots_segment_chunks(segment) > 2);
    for (uint32_t s = 0; s < STREAMS; s++) {
        uint32_t row = 0;
        for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
            uint32_t first = lots_segment_chunk_first(segment, k), end = lots_segment_chunk_first(segment, k + 1);
            uint32_t *offsets = malloc((end - first + 1 + 16) * sizeof *offsets);
            assert_ok(lots_segment_offsets(segment, s, k, offsets, &scratch, &err));
            for (uint32_t p = 0; p < end - first; p++)
                for (uint32_t i = offsets[p]; i < offsets[p + 1]; i++)
                    assert_int_equal(LOTS_AT(lots_patient, &from.list[s]->patient, row + i), FIRST_PATIENT + first + p);
            const int32_t start = lots_stream_find_role(&f.schema.streams[s], LOTS_ROLE_START);
            if (start >= 0)
                assert_some_days(segment, &from, s, (uint32_t)start, k, row, offsets, end - first, false);
            for (uint32_t c = 0; c < from.list[s]->column_count; c++)
                if (!from.list[s]->columns[c].list)
                    assert_block(segment, &f.schema, &from, s, c, k, row);
                else
                    assert_groups(segment, s, c, k);
            if (start >= 0)
                assert_some_days(segment, &from, s, (uint32_t)start, k, row, offsets, end - first, true);
            assert_int_equal(offsets[end - first], lots_segment_chunk_rows(segment, s, k));
            row += offsets[end - first];
            free(offsets);
        }
        assert_int_equal(row, from.list[s]->rows);
    }
    assert_true(taken_blocks > 0 && taken_ends > 0 && marked_blocks > 0 && grouped_blocks > 0);
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
    uint64_t hashes[16];
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
    lots_budget budget;
    reading all = {.f = &f};
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 19);
    make_rows(&f, &from, 2000, 20, 500);
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &all.segment, &err));
    lots_budget_init(&budget, 1 << 30);
    lots_segment_keep(all.segment, &budget);
    assert_ok(lots_pool_open(&pool, 4, &err));
    assert_ok(lots_pool_run(pool, 16, read_all, &all, NULL, &err)); /* often enough that they keep days, several at once */
    assert_true(budget.used_bytes > 0);
    for (int i = 1; i < 16; i++)
        assert_true(all.hashes[i] == all.hashes[0]);
    lots_pool_close(pool);
    lots_segment_close(all.segment);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_zone_maps_and_offsets_agree_with_the_rows),
        cmocka_unit_test(chunks_know_which_ids_they_hold),
        cmocka_unit_test(ends_equal_to_starts_cost_next_to_nothing),
        cmocka_unit_test(many_threads_read_one_segment_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
