/* test_segment_kept_years.c: numbers kept by year against a plain walk over the rows that were written. */
#include "tests/core/store/segment_keeping.h"

enum { PATIENTS_MADE = 1800, JANUARY_2015 = 16436, YEARS_MADE = 5, OF_DICTIONARY = 300, SCATTERED = 600000000 };

/* The first of January of 2015 + year. */
static int32_t new_year(uint32_t year)
{
    int32_t day = JANUARY_2015;
    for (uint32_t y = 0; y < year; y++)
        day += (2015 + y) % 4 == 0 ? 366 : 365;
    return day;
}

/* Some patients have no contact, others up to 200 in five years, the first day among theirs; `scatter`: hardly two cost the same. */
static void make_contacts(kept_file *file, bool scatter)
{
    fixture *f = &file->f;
    lots_batch *contacts = begin_events(file, PATIENTS_MADE, CONTACTS);
    for (uint32_t p = 0; p < PATIENTS_MADE; p++) {
        const uint32_t count = p % 7 == 3 ? 0 : (uint32_t)below(f, 200);
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t apart = (uint32_t)(new_year(YEARS_MADE) - JANUARY_2015) / count;
            begin_row(contacts, p);
            put_int(contacts, C_START, JANUARY_2015 + (int32_t)(i * apart + (uint32_t)below(f, 3) * (apart - 1) / 2));
            put_int(contacts, C_COST, (int64_t)below(f, scatter ? SCATTERED : OF_DICTIONARY) * 7);
            end_row(contacts);
        }
    }
}

/* The numbers of a period are those of the rows between its first day and its last, or they aren't kept. How many chunks keep them. */
static uint32_t assert_period(kept_file *file, uint32_t period)
{
    const lots_batch *contacts = file->from.list[CONTACTS];
    const int32_t *days = contacts->columns[C_START].values.data;
    const int64_t *costs = contacts->columns[C_COST].values.data;
    uint32_t kept = 0, row = 0;
    for (uint32_t k = 0; k < file->chunks; k++) {
        const uint32_t end = row + lots_segment_chunk_rows(file->segment, CONTACTS, k);
        uint32_t first_year = 0, years = 0, count = 0, at = 0;
        lots_segment_years(file->segment, CONTACTS, k, &first_year, &years);
        const uint32_t *numbers = lots_segment_period(file->segment, CONTACTS, C_COST, k, period, &count, &file->scratch);
        const int32_t from = period == 0 ? INT32_MIN : new_year(first_year + period - 1 - 2015);
        const int32_t until = period >= years ? INT32_MAX : new_year(first_year + period - 2015);
        assert_true(numbers == NULL || period <= years);
        for (; row < end; row++)
            if (numbers != NULL && days[row] >= from && days[row] < until)
                assert_int_equal(numbers[at++], costs[row]);
        assert_true(numbers == NULL || at == count);
        kept += numbers != NULL;
    }
    return kept;
}

static uint32_t ask_first_year(kept_file *file) { return assert_period(file, 1); }

static holding hold_years(kept_file *file, size_t limit)
{
    open_segment(file);
    keep_within(file, limit);
    for (int time = 0; time < 5; time++)
        assert_int_equal(ask_first_year(file), 0); /* blocks that nobody has read are not believed */
    for (uint32_t k = 0; k < file->chunks; k++)
        read_values(file, CONTACTS, C_COST, LOTS_PART_VALUES, k);
    for (int time = 0; time < 3; time++)
        assert_int_equal(ask_first_year(file), 0);
    const holding held = ask_twice(file, ask_first_year, false);
    for (uint32_t period = 0; period < YEARS_MADE + 3; period++)
        assert_true(assert_period(file, period) == (period <= YEARS_MADE - 1 ? held.kept : 0));
    assert_true(file->budget.used_bytes == held.bytes && (held.bytes > 0) == (held.kept > 0));
    close_segment(file);
    return held;
}

static void assert_contacts(bool scatter)
{
    enum { LITTLE = 300000 /* one of its chunks */ };
    kept_file file;
    open_kept_file(&file, 31);
    make_contacts(&file, scatter);
    write_kept_file(&file);
    const holding all = hold_years(&file, MUCH), some = hold_years(&file, LITTLE), none = hold_years(&file, NOTHING);
    assert_true(all.bytes > 4 * file.from.list[CONTACTS]->rows && some.kept < all.kept && some.kept > 0 && none.kept == 0);
    close_kept_file(&file);
}

static void numbers_of_a_year_are_kept_together(void **state)
{
    (void)state;
    assert_contacts(false);
}

static void numbers_without_a_dictionary_are_too(void **state)
{
    (void)state;
    assert_contacts(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_a_year_are_kept_together),
        cmocka_unit_test(numbers_without_a_dictionary_are_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
