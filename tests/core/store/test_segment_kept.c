/* test_segment_kept.c: lists of codes and places of years that are kept decoded, against the rows that were written. */
#include "core/base/day.h"
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

/* Of one chunk, whose first row is `first_row`: each patient's first row in a year or later, as the days say. */
static void assert_year(const rows *from, const uint32_t *offsets, uint32_t patients, uint32_t first_row, uint32_t year,
                        const uint32_t *places)
{
    const int32_t *days = (const int32_t *)from->list[CONTACTS]->columns[C_START].values.data + first_row;
    for (uint32_t p = 0; p < patients; p++) {
        uint32_t row = offsets[p];
        while (row < offsets[p + 1] && days[row] < lots_day_from_civil((int32_t)year, 1, 1))
            row++;
        assert_int_equal(places[p], row);
    }
}

/* Years from another one on each time, then each by itself; gives how often one was kept. */
static uint32_t assert_years_often(lots_segment *segment, const rows *from, uint32_t chunk, uint32_t first_row)
{
    const uint32_t patients = lots_segment_chunk_first(segment, chunk + 1) - lots_segment_chunk_first(segment, chunk);
    const size_t stride = patients + LOTS_PLACES_PAD;
    lots_error err;
    lots_arena arena;
    uint32_t first, years, kept = 0, *offsets;
    void *room, *places;
    lots_arena_init(&arena, 0);
    lots_segment_years(segment, CONTACTS, chunk, &first, &years);
    assert_true(years > 1);
    assert_ok(lots_arena_vector(&arena, &room, patients + 1u, sizeof *offsets, &err));
    offsets = room;
    assert_ok(lots_segment_offsets(segment, CONTACTS, chunk, offsets, &arena, &err));
    assert_ok(lots_arena_vector(&arena, &places, years * stride, sizeof *offsets, &err));
    for (uint32_t time = 0; time < 6; time++) {
        const uint32_t least = time % years;
        assert_ok(lots_segment_year_places(segment, CONTACTS, chunk, least, offsets, places, &arena, &err));
        for (uint32_t y = least; y < years; y++)
            assert_year(from, offsets, patients, first_row, first + y, (const uint32_t *)places + y * stride);
    }
    for (uint32_t y = 0; y < years; y++)
        if (lots_segment_kept_year(segment, CONTACTS, chunk, y, places)) {
            assert_year(from, offsets, patients, first_row, first + y, places);
            kept++;
        }
    assert_true(kept == 0 || kept == years);
    lots_arena_free(&arena);
    return kept;
}

static void years_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    size_t limits[] = {1 << 30, 0 /* three quarters of what all take */, 1};
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result result;
    uint32_t kept[3] = {0, 0, 0};
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 37);
    make_rows(&f, &from, 6000, 30, 600);
    write_rows(&f, &from, path, &result);
    for (int i = 0; i < 3; i++) {
        lots_segment *segment;
        lots_budget budget;
        lots_budget_init(&budget, limits[i]);
        assert_ok(open_file(&f, path, &segment, &err));
        assert_true(lots_segment_chunks(segment) > 1);
        lots_segment_keep(segment, &budget);
        for (int time = 0; time < 2; time++) {
            uint32_t row = 0, places[1 << 15];
            kept[i] = 0;
            for (uint32_t k = 0; k < lots_segment_chunks(segment); row += lots_segment_chunk_rows(segment, CONTACTS, k++))
                kept[i] += assert_years_often(segment, &from, k, row);
            lots_segment_forget(segment); /* nothing is believed: nothing is kept until it was read */
            assert_false(lots_segment_kept_year(segment, CONTACTS, 0, 0, places));
        }
        assert_true(budget.used_bytes <= limits[i]);
        limits[1] = i == 0 ? budget.used_bytes / 4 * 3 : limits[1];
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
    assert_true(kept[0] > kept[1] && kept[1] > 0 && kept[2] == 0);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(years_asked_for_often_are_kept_within_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
