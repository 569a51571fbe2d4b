#include "tests/core/store/store_fixture.h"

static void a_row_without_puts_is_all_missing(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch;
    fixture_open(&f, 1);
    open_batch(&f, CONTACTS, &batch);
    assert_ok(lots_batch_row_begin(&batch, 7, &err));
    assert_ok(lots_batch_row_end(&batch, &err));
    assert_int_equal(batch.rows, 1);
    for (uint32_t i = 0; i < batch.column_count; i++) {
        assert_int_equal(batch.columns[i].missing.count, 1);
        assert_int_equal(LOTS_AT(uint8_t, &batch.columns[i].missing, 0), batch.columns[i].list ? 0 : 1);
    }
    assert_int_equal(LOTS_AT(uint32_t, &batch.columns[C_NOTE].offsets, 1), 0);
    assert_int_equal(LOTS_AT(lots_patient, &batch.patient, 0), 7);
    lots_batch_close(&batch);
    fixture_close(&f);
}

static void an_abandoned_row_leaves_nothing(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, same;
    fixture_open(&f, 2);
    open_batch(&f, CONTACTS, &batch);
    open_batch(&f, CONTACTS, &same);
    for (int i = 0; i < 40; i++)
        add_random_row(&f, &batch, 1, 50);
    assert_ok(lots_batch_append(&same, &batch, NULL, &err));
    assert_ok(lots_batch_row_begin(&batch, 9, &err));
    assert_ok(lots_batch_put_text(&batch, C_NOTE, "half", 4, &err));
    assert_ok(lots_batch_put_item(&batch, C_DX, 3, &err));
    assert_ok(lots_batch_put_item(&batch, C_DX, 4, &err));
    assert_ok(lots_batch_put_int(&batch, C_COST, 5, &err));
    lots_batch_row_abandon(&batch);
    assert_same_batch(&batch, &same);
    lots_batch_close(&batch);
    lots_batch_close(&same);
    fixture_close(&f);
}

static void values_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch;
    fixture_open(&f, 3);
    open_batch(&f, CONTACTS, &batch);
    assert_ok(lots_batch_row_begin(&batch, 0, &err));
    assert_status(LOTS_INTERNAL, lots_batch_put_int(&batch, C_START, INT64_C(1) << 31, &err));
    assert_contains(err.text, "start");
    assert_status(LOTS_INTERNAL, lots_batch_put_int(&batch, C_ACUTE, 2, &err));
    assert_status(LOTS_INTERNAL, lots_batch_put_int(&batch, C_UNIT, -1, &err));
    assert_status(LOTS_INTERNAL, lots_batch_put_int(&batch, C_NOTE, 1, &err));
    assert_status(LOTS_INTERNAL, lots_batch_put_int(&batch, C_DX, 1, &err));
    assert_status(LOTS_INTERNAL, lots_batch_put_float(&batch, C_COST, 1, &err));
    assert_status(LOTS_INTERNAL, lots_batch_put_text(&batch, C_COST, "1", 1, &err));
    assert_status(LOTS_INTERNAL, lots_batch_put_item(&batch, C_UNIT, 1, &err));
    assert_status(LOTS_INTERNAL, lots_batch_put_int(&batch, 99, 1, &err));
    assert_ok(lots_batch_put_int(&batch, C_COST, INT64_MIN, &err));
    assert_status(LOTS_INTERNAL, lots_batch_put_int(&batch, C_COST, 1, &err));
    assert_contains(err.text, "twice");
    assert_ok(lots_batch_row_end(&batch, &err));
    assert_true(LOTS_AT(int64_t, &batch.columns[C_COST].values, 0) == INT64_MIN);
    lots_batch_close(&batch);
    fixture_close(&f);
}

static void nan_and_no_id_are_missing_and_zero_has_one_sign(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch;
    fixture_open(&f, 4);
    open_batch(&f, CONTACTS, &batch);
    double nan = 0.0 / (batch.rows + 0.0);
    for (int i = 0; i < 2; i++) {
        assert_ok(lots_batch_row_begin(&batch, 0, &err));
        assert_ok(lots_batch_put_float(&batch, C_WEIGHT, i == 0 ? nan : -0.0, &err));
        assert_ok(lots_batch_put_int(&batch, C_UNIT, i == 0 ? LOTS_NO_ID : 5, &err));
        assert_ok(lots_batch_row_end(&batch, &err));
    }
    static const double zeros[2] = {0.0, 0.0};
    assert_memory_equal(batch.columns[C_WEIGHT].values.data, zeros, sizeof zeros);
    assert_int_equal(LOTS_AT(uint8_t, &batch.columns[C_WEIGHT].missing, 0), 1);
    assert_int_equal(LOTS_AT(uint8_t, &batch.columns[C_WEIGHT].missing, 1), 0);
    assert_int_equal(LOTS_AT(uint8_t, &batch.columns[C_UNIT].missing, 0), 1);
    assert_int_equal(LOTS_AT(uint32_t, &batch.columns[C_UNIT].values, 1), 5);
    lots_batch_close(&batch);
    fixture_close(&f);
}

static void permuting_is_appending_row_by_row(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, permuted, copied;
    fixture_open(&f, 5);
    open_batch(&f, CONTACTS, &batch);
    open_batch(&f, CONTACTS, &copied);
    for (uint32_t i = 0; i < 500; i++)
        add_random_row(&f, &batch, i, 100);
    uint32_t *order = shuffled(&f, 500);
    assert_ok(lots_batch_permute(&batch, order, 400, &permuted, &err));
    for (uint32_t i = 0; i < 400; i++)
        assert_ok(lots_batch_append_rows(&copied, &batch, order[i], 1, &err));
    assert_same_batch(&permuted, &copied);
    free(order);
    lots_batch_close(&batch);
    lots_batch_close(&permuted);
    lots_batch_close(&copied);
    fixture_close(&f);
}

static void ranges_appended_one_after_another_are_the_whole(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, ranges;
    static const uint32_t ends[] = {0, 1, 7, 300, 300, 500};
    fixture_open(&f, 6);
    open_batch(&f, CONTACTS, &batch);
    open_batch(&f, CONTACTS, &ranges);
    for (uint32_t i = 0; i < 500; i++)
        add_random_row(&f, &batch, i, 100);
    assert_ok(lots_batch_reserve_rows(&ranges, 500, &err));
    const void *room = ranges.columns[C_UNIT].values.data;
    for (size_t i = 1; i < sizeof ends / sizeof *ends; i++)
        assert_ok(lots_batch_append_rows(&ranges, &batch, ends[i - 1], ends[i] - ends[i - 1], &err));
    assert_same_batch(&ranges, &batch);
    assert_ptr_equal(ranges.columns[C_UNIT].values.data, room);
    lots_batch_close(&batch);
    lots_batch_close(&ranges);
    fixture_close(&f);
}

static void dropping_rows_leaves_the_others_as_copied(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    fixture_open(&f, 51);
    for (uint64_t one_in = 1; one_in <= 4; one_in++) {
        lots_batch batch, copied;
        uint8_t marks[300];
        open_batch(&f, CONTACTS, &batch);
        open_batch(&f, CONTACTS, &copied);
        for (uint32_t i = 0; i < 300; i++) {
            add_random_row(&f, &batch, i, 100);
            marks[i] = (uint8_t)(below(&f, one_in) == 0 ? 3 : 1);
        }
        for (uint32_t i = 0; i < 300; i++)
            if (!(marks[i] & 2))
                assert_ok(lots_batch_append_rows(&copied, &batch, i, 1, &err));
        lots_batch_drop_rows(&batch, marks, 2);
        assert_same_batch(&batch, &copied);
        lots_batch_close(&batch);
        lots_batch_close(&copied);
    }
    fixture_close(&f);
}

/* Swap some rows with others at most `reach` away. */
static void shuffle_near(fixture *f, uint32_t *order, uint32_t rows, uint32_t swaps, uint32_t reach)
{
    for (uint32_t i = 0; i < rows; i++)
        order[i] = i;
    for (uint32_t i = 0; i < swaps; i++) {
        uint32_t at = (uint32_t)below(f, rows), to = at + (uint32_t)below(f, reach), held = order[at];
        to = to < rows ? to : rows - 1;
        order[at] = order[to];
        order[to] = held;
    }
}

static void arranging_rows_where_they_lie_is_as_copying_them_in_order(void **state)
{
    (void)state;
    enum { ROWS = 400 };
    static const struct { uint32_t swaps, reach; bool done; } rows[] = {
        {0, 1, true}, {1, 2, true}, {12, 3, true}, {6, 12, true}, {1, ROWS / 8, true}, {ROWS, ROWS, false}};
    lots_error err;
    fixture f;
    fixture_open(&f, 52);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        lots_batch batch, copied;
        uint32_t order[ROWS];
        bool done;
        open_batch(&f, CONTACTS, &batch);
        for (uint32_t i = 0; i < ROWS; i++)
            add_random_row(&f, &batch, i / 3, 60);
        shuffle_near(&f, order, ROWS, rows[r].swaps, rows[r].reach);
        assert_ok(lots_batch_permute(&batch, order, ROWS, &copied, &err));
        assert_ok(lots_batch_arrange(&batch, order, &done, &err));
        assert_int_equal(done, rows[r].done);
        if (done)
            assert_same_batch(&batch, &copied);
        lots_batch_close(&batch);
        lots_batch_close(&copied);
    }
    fixture_close(&f);
}

static void appending_maps_columns_and_fills_the_rest_with_missing(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch labs, contacts;
    fixture_open(&f, 6);
    open_batch(&f, LABS, &labs);
    open_batch(&f, CONTACTS, &contacts);
    add_random_row(&f, &contacts, 3, 10);
    for (uint32_t i = 0; i < 30; i++)
        add_random_row(&f, &labs, i, 100);
    const uint32_t map[] = {C_NOTE, UINT32_MAX, C_WEIGHT};
    assert_ok(lots_batch_append(&contacts, &labs, map, &err));
    assert_int_equal(contacts.rows, 31);
    const lots_batch_column *note = &contacts.columns[C_NOTE], *id = &labs.columns[0];
    for (uint32_t i = 0; i < 30; i++) {
        uint32_t at = LOTS_AT(uint32_t, &note->offsets, i + 1), from = LOTS_AT(uint32_t, &id->offsets, i);
        uint32_t bytes = LOTS_AT(uint32_t, &id->offsets, i + 1) - from;
        assert_int_equal(LOTS_AT(uint32_t, &note->offsets, i + 2) - at, bytes);
        if (bytes > 0)
            assert_memory_equal((const char *)note->values.data + at, (const char *)id->values.data + from, bytes);
        assert_int_equal(LOTS_AT(uint8_t, &note->missing, i + 1), LOTS_AT(uint8_t, &id->missing, i));
        assert_int_equal(LOTS_AT(uint8_t, &contacts.columns[C_START].missing, i + 1), 1);
        assert_int_equal(LOTS_AT(lots_patient, &contacts.patient, i + 1), i);
    }
    const uint32_t wrong[] = {C_COST, UINT32_MAX, UINT32_MAX};
    assert_status(LOTS_INTERNAL, lots_batch_append(&contacts, &labs, wrong, &err));
    assert_int_equal(contacts.rows, 31);
    assert_int_equal(contacts.patient.count, 31);
    lots_batch_close(&labs);
    lots_batch_close(&contacts);
    fixture_close(&f);
}

static void remapping_refuses_ids_out_of_range_and_changes_nothing(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch;
    fixture_open(&f, 7);
    open_batch(&f, CONTACTS, &batch);
    for (int64_t id = 0; id < 4; id++) {
        assert_ok(lots_batch_row_begin(&batch, 0, &err));
        assert_ok(lots_batch_put_int(&batch, C_UNIT, id, &err));
        assert_ok(lots_batch_put_item(&batch, C_DX, (lots_id)id, &err));
        assert_ok(lots_batch_row_end(&batch, &err));
    }
    const lots_id map[] = {30, 20, LOTS_NO_ID, 10};
    assert_status(LOTS_INTERNAL, lots_batch_remap(&batch, C_UNIT, map, 3, &err));
    assert_int_equal(LOTS_AT(uint32_t, &batch.columns[C_UNIT].values, 0), 0);
    assert_ok(lots_batch_remap(&batch, C_UNIT, map, 4, &err));
    assert_int_equal(LOTS_AT(uint32_t, &batch.columns[C_UNIT].values, 0), 30);
    assert_int_equal(LOTS_AT(uint32_t, &batch.columns[C_UNIT].values, 3), 10);
    assert_int_equal(LOTS_AT(uint8_t, &batch.columns[C_UNIT].missing, 2), 1);
    assert_status(LOTS_INTERNAL, lots_batch_remap(&batch, C_DX, map, 4, &err));
    assert_ok(lots_batch_remap_from(&batch, C_DX, 3, map, 4, &err));
    assert_int_equal(LOTS_AT(lots_id, &batch.columns[C_DX].values, 1), 1);
    assert_int_equal(LOTS_AT(lots_id, &batch.columns[C_DX].values, 3), 10);
    assert_status(LOTS_INTERNAL, lots_batch_remap(&batch, C_COST, map, 4, &err));
    lots_batch_close(&batch);
    fixture_close(&f);
}

static void spilled_batches_come_back_one_after_the_other(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, all, back;
    lots_bytes image = {0};
    fixture_open(&f, 8);
    open_batch(&f, CONTACTS, &all);
    open_batch(&f, CONTACTS, &back);
    for (int part = 0; part < 3; part++) {
        open_batch(&f, CONTACTS, &batch);
        for (uint32_t i = 0; i < 70; i++)
            add_random_row(&f, &batch, i, 1000);
        assert_ok(lots_batch_spill(&batch, &image, &err));
        assert_ok(lots_batch_append(&all, &batch, NULL, &err));
        lots_batch_close(&batch);
    }
    for (size_t at = 0, taken; at < image.count; at += taken)
        assert_ok(lots_batch_unspill(&back, image.data + at, image.count - at, &taken, &err));
    assert_same_batch(&all, &back);
    lots_batch_clear(&back);
    assert_int_equal(back.rows, 0);
    lots_bytes_free(&image);
    lots_batch_close(&all);
    lots_batch_close(&back);
    fixture_close(&f);
}

static void a_spill_image_cut_or_changed_never_harms(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, back;
    lots_bytes image = {0};
    size_t taken;
    fixture_open(&f, 9);
    open_batch(&f, CONTACTS, &batch);
    open_batch(&f, CONTACTS, &back);
    for (uint32_t i = 0; i < 9; i++)
        add_random_row(&f, &batch, i, 1000);
    assert_ok(lots_batch_spill(&batch, &image, &err));
    for (size_t count = 0; count < image.count; count++) {
        uint8_t *cut = malloc(count + 1);
        memcpy(cut, image.data, count);
        assert_status(LOTS_CORRUPT, lots_batch_unspill(&back, cut, count, &taken, &err));
        assert_int_equal(back.rows, 0);
        free(cut);
    }
    for (size_t i = 0; i < image.count * 2; i++) {
        size_t at = below(&f, image.count);
        uint8_t was = image.data[at];
        image.data[at] = (uint8_t)(was ^ (1u << below(&f, 8)));
        assert_status(LOTS_CORRUPT, lots_batch_unspill(&back, image.data, image.count, &taken, &err));
        assert_int_equal(back.rows, 0);
        image.data[at] = was;
    }
    lots_bytes_free(&image);
    lots_batch_close(&batch);
    lots_batch_close(&back);
    fixture_close(&f);
}

static void rows_of_a_table_have_no_patient(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, out;
    const uint32_t order[] = {1, 0};
    fixture_open(&f, 10);
    open_batch(&f, LABS, &batch);
    add_random_row(&f, &batch, LOTS_NO_PATIENT, 10);
    add_random_row(&f, &batch, LOTS_NO_PATIENT, 10);
    assert_int_equal(batch.patient.count, 0);
    assert_ok(lots_batch_permute(&batch, order, 2, &out, &err));
    assert_int_equal(out.rows, 2);
    assert_int_equal(out.patient.count, 0);
    assert_true(lots_batch_memory(&out) > 0);
    lots_batch_close(&batch);
    lots_batch_close(&out);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_without_puts_is_all_missing),
        cmocka_unit_test(an_abandoned_row_leaves_nothing),
        cmocka_unit_test(values_that_do_not_fit_are_refused),
        cmocka_unit_test(nan_and_no_id_are_missing_and_zero_has_one_sign),
        cmocka_unit_test(permuting_is_appending_row_by_row),
        cmocka_unit_test(ranges_appended_one_after_another_are_the_whole),
        cmocka_unit_test(dropping_rows_leaves_the_others_as_copied),
        cmocka_unit_test(arranging_rows_where_they_lie_is_as_copying_them_in_order),
        cmocka_unit_test(appending_maps_columns_and_fills_the_rest_with_missing),
        cmocka_unit_test(remapping_refuses_ids_out_of_range_and_changes_nothing),
        cmocka_unit_test(spilled_batches_come_back_one_after_the_other),
        cmocka_unit_test(a_spill_image_cut_or_changed_never_harms),
        cmocka_unit_test(rows_of_a_table_have_no_patient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
