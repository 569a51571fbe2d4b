/* test_segment_kept_lists.c: lists of codes that are kept decoded, against the rows that were written. */
#include "tests/core/store/segment_fixture.h"

/* Every row's codes, told by what is kept; gives whether anything is. */
static bool assert_kept(lots_segment *segment, const fixture *f, const rows *from, uint32_t chunk, uint32_t first_row, lots_arena *scratch)
{
    lots_error err;
    const lots_batch_column *dx = &from->list[CONTACTS]->columns[C_DX];
    const uint32_t *offsets = (const uint32_t *)dx->offsets.data + first_row;
    const lots_id *ranks;
    uint32_t ids;
    const lots_kept_lists *lists = lots_segment_kept_lists(segment, CONTACTS, C_DX, chunk, scratch);
    assert_ok(lots_segment_ranks(segment, CONTACTS, C_DX, &ranks, &ids, &err));
    for (uint32_t row = 0; lists != NULL && row <= lots_segment_chunk_rows(segment, CONTACTS, chunk); row++)
        assert_int_equal(lots_kept_elements_before(lists, row), offsets[row] - offsets[0]);
    for (uint32_t e = 0; lists != NULL && e < offsets[lots_segment_chunk_rows(segment, CONTACTS, chunk)] - offsets[0]; e++) {
        const lots_id stable = LOTS_AT(lots_id, &dx->values, offsets[0] + e);
        assert_true(lists->ids[e] < ids);
        assert_int_equal(ranks[lists->ids[e]], lots_dictionary_rank_of_stable(f->codes)[stable]);
    }
    return lists != NULL;
}

static void read_lists(lots_segment *segment, uint32_t chunk, lots_part part, lots_arena *scratch)
{
    lots_error err;
    void *room;
    bool has_missing;
    assert_ok(lots_arena_vector(scratch, &room, lots_segment_meta(segment, CONTACTS, C_DX, part, chunk)->count + 1u, 4, &err));
    lots_values_out out = {.data = room};
    assert_ok(lots_segment_read(segment, CONTACTS, C_DX, part, chunk, &out, &has_missing, scratch, &err));
}

/* Asked for six times before they were read, then six times after; gives in how many chunks they were kept. */
static uint32_t assert_lists_often(lots_segment *segment, const fixture *f, const rows *from)
{
    lots_arena scratch;
    uint32_t row = 0, kept = 0;
    lots_arena_init(&scratch, 0);
    for (uint32_t k = 0; k < lots_segment_chunks(segment); row += lots_segment_chunk_rows(segment, CONTACTS, k++)) {
        bool is_kept = false;
        for (int time = 0; time < 6; time++)
            assert_false(assert_kept(segment, f, from, k, row, &scratch));
        read_lists(segment, k, LOTS_PART_VALUES, &scratch);
        assert_false(assert_kept(segment, f, from, k, row, &scratch));
        read_lists(segment, k, LOTS_PART_LENGTHS, &scratch);
        for (int time = 0; time < 6; time++)
            is_kept = assert_kept(segment, f, from, k, row, &scratch);
        kept += is_kept;
    }
    lots_arena_free(&scratch);
    return kept;
}

static void lists_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { MUCH = 1 << 30, LITTLE = 500000 /* some of its chunks */ };
    static const size_t limits[] = {MUCH, LITTLE, 1};
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result result;
    uint32_t kept[3], chunks = 0;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 31);
    make_rows(&f, &from, 12500, 30, 500);
    write_rows(&f, &from, path, &result);
    for (int i = 0; i < 3; i++) {
        lots_segment *segment;
        lots_budget budget;
        lots_budget_init(&budget, limits[i]);
        assert_ok(open_file(&f, path, &segment, &err));
        chunks = lots_segment_chunks(segment);
        lots_segment_keep(segment, &budget);
        kept[i] = assert_lists_often(segment, &f, &from);
        const size_t held = budget.used_bytes;
        lots_segment_forget(segment); /* nothing is believed: read, checked, and found the same */
        assert_int_equal(assert_lists_often(segment, &f, &from), kept[i]);
        assert_true(budget.used_bytes == held && held <= limits[i]);
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
    assert_true(kept[0] == chunks && kept[1] > 0 && kept[1] < chunks && kept[2] == 0);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_asked_for_often_are_kept_within_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
