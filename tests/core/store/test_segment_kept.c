/* test_segment_kept.c: lists of codes and places of years that are kept decoded, against the rows that were written. */
#include "core/base/day.h"
#include "tests/core/store/segment_keeping.h"

/* Every row's codes, told by what is kept; gives whether anything is. */
static bool assert_kept(kept_file *file, uint32_t chunk, uint32_t first_row)
{
    lots_error err;
    const lots_batch_column *dx = &file->from.list[CONTACTS]->columns[C_DX];
    const uint32_t *offsets = (const uint32_t *)dx->offsets.data + first_row;
    const uint32_t count = lots_segment_chunk_rows(file->segment, CONTACTS, chunk);
    const lots_id *ranks;
    uint32_t ids;
    const lots_kept_lists *lists = lots_segment_kept_lists(file->segment, CONTACTS, C_DX, chunk, &file->scratch);
    assert_ok(lots_segment_ranks(file->segment, CONTACTS, C_DX, &ranks, &ids, &err));
    for (uint32_t row = 0; lists != NULL && row <= count; row++)
        assert_int_equal(lots_kept_elements_before(lists, row), offsets[row] - offsets[0]);
    for (uint32_t e = 0; lists != NULL && e < offsets[count] - offsets[0]; e++) {
        const lots_id stable = LOTS_AT(lots_id, &dx->values, offsets[0] + e);
        assert_true(lists->ids[e] < ids);
        assert_int_equal(ranks[lists->ids[e]], lots_dictionary_rank_of_stable(file->f.codes)[stable]);
    }
    return lists != NULL;
}

/* Asked for six times before they were read, then six times after; gives in how many chunks they were kept. */
static uint32_t ask_lists(kept_file *file)
{
    uint32_t row = 0, kept = 0;
    for (uint32_t k = 0; k < file->chunks; row += lots_segment_chunk_rows(file->segment, CONTACTS, k++)) {
        bool is_kept = false;
        for (int time = 0; time < 6; time++)
            assert_false(assert_kept(file, k, row));
        read_values(file, CONTACTS, C_DX, LOTS_PART_VALUES, k);
        assert_false(assert_kept(file, k, row));
        read_values(file, CONTACTS, C_DX, LOTS_PART_LENGTHS, k);
        for (int time = 0; time < 6; time++)
            is_kept = assert_kept(file, k, row);
        kept += is_kept;
    }
    return kept;
}

static void lists_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { LITTLE = 500000 /* some of its chunks */ };
    kept_file file;
    open_random_file(&file, 31, 12500, 500);
    const uint32_t all = hold(&file, MUCH, ask_lists).kept, some = hold(&file, LITTLE, ask_lists).kept;
    assert_true(all == file.chunks && some > 0 && some < file.chunks);
    assert_int_equal(hold(&file, NOTHING, ask_lists).kept, 0);
    close_kept_file(&file);
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

/* Years from another one on each time, then each by itself, of which none is kept until it was read; gives how many were kept. */
static uint32_t assert_years(kept_file *file, uint32_t chunk, uint32_t first_row)
{
    const uint32_t patients = lots_segment_chunk_first(file->segment, chunk + 1) - lots_segment_chunk_first(file->segment, chunk);
    const size_t stride = patients + LOTS_PLACES_PAD;
    lots_error err;
    uint32_t first, years, kept = 0, *offsets;
    void *room, *places;
    lots_segment_years(file->segment, CONTACTS, chunk, &first, &years);
    assert_true(years > 1);
    assert_ok(lots_arena_vector(&file->scratch, &room, patients + 1u, sizeof *offsets, &err));
    offsets = room;
    assert_ok(lots_segment_offsets(file->segment, CONTACTS, chunk, offsets, &file->scratch, &err));
    assert_ok(lots_arena_vector(&file->scratch, &places, years * stride, sizeof *offsets, &err));
    assert_false(lots_segment_kept_year(file->segment, CONTACTS, chunk, 0, places));
    for (uint32_t time = 0; time < 6; time++) {
        const uint32_t least = time % years;
        assert_ok(lots_segment_year_places(file->segment, CONTACTS, chunk, least, offsets, places, &file->scratch, &err));
        for (uint32_t y = least; y < years; y++)
            assert_year(&file->from, offsets, patients, first_row, first + y, (const uint32_t *)places + y * stride);
    }
    for (uint32_t y = 0; y < years; y++)
        if (lots_segment_kept_year(file->segment, CONTACTS, chunk, y, places)) {
            assert_year(&file->from, offsets, patients, first_row, first + y, places);
            kept++;
        }
    assert_true(kept == 0 || kept == years);
    return kept;
}

static uint32_t ask_years(kept_file *file)
{
    uint32_t row = 0, kept = 0;
    for (uint32_t k = 0; k < file->chunks; row += lots_segment_chunk_rows(file->segment, CONTACTS, k++))
        kept += assert_years(file, k, row);
    return kept;
}

static void years_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    kept_file file;
    open_random_file(&file, 37, 6000, 600);
    const holding all = hold(&file, MUCH, ask_years), some = hold(&file, all.bytes / 4 * 3, ask_years);
    assert_true(all.kept > some.kept && some.kept > 0);
    assert_int_equal(hold(&file, NOTHING, ask_years).kept, 0);
    close_kept_file(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(years_asked_for_often_are_kept_within_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
