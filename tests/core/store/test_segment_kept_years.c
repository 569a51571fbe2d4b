/* test_segment_kept_years.c: numbers kept by year against a plain walk over the rows that were written. */
#include "core/index/bitset.h"
#include "tests/core/store/segment_fixture.h"

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
static void make_contacts(fixture *f, lots_batch *patients, lots_batch *contacts, bool scatter)
{
    lots_error err;
    open_batch(f, PATIENTS, patients);
    open_batch(f, CONTACTS, contacts);
    for (uint32_t p = 0; p < PATIENTS_MADE; p++) {
        const uint32_t count = p % 7 == 3 ? 0 : (uint32_t)below(f, 200);
        add_random_row(f, patients, FIRST_PATIENT + p, 10);
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t apart = (uint32_t)(new_year(YEARS_MADE) - JANUARY_2015) / count;
            const int32_t day = JANUARY_2015 + (int32_t)(i * apart + (uint32_t)below(f, 3) * (apart - 1) / 2);
            assert_ok(lots_batch_row_begin(contacts, FIRST_PATIENT + p, &err));
            assert_ok(lots_batch_put_int(contacts, C_START, day, &err));
            assert_ok(lots_batch_put_int(contacts, C_COST, (int64_t)below(f, scatter ? SCATTERED : OF_DICTIONARY) * 7, &err));
            assert_ok(lots_batch_row_end(contacts, &err));
        }
    }
}

/* The numbers of a period are those of the rows between its first day and its last, or they aren't kept. How many chunks keep them. */
static uint32_t assert_period(lots_segment *segment, const lots_batch *contacts, uint32_t period, lots_arena *scratch)
{
    const int32_t *days = contacts->columns[C_START].values.data;
    const int64_t *costs = contacts->columns[C_COST].values.data;
    uint32_t kept = 0, row = 0;
    for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
        const uint32_t end = row + lots_segment_chunk_rows(segment, CONTACTS, k);
        uint32_t first_year = 0, years = 0, count = 0, at = 0;
        lots_segment_years(segment, CONTACTS, k, &first_year, &years);
        const uint32_t *numbers = lots_segment_period(segment, CONTACTS, C_COST, k, period, &count, scratch);
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

static void read_costs(lots_segment *segment, lots_arena *scratch)
{
    lots_error err;
    void *data, *missing;
    bool has_missing;
    for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
        const uint32_t count = lots_segment_chunk_rows(segment, CONTACTS, k);
        assert_ok(lots_arena_vector(scratch, &data, count, 8, &err));
        assert_ok(lots_arena_vector(scratch, &missing, lots_bit_words(count), 8, &err));
        lots_values_out out = {.data = data, .missing = missing};
        assert_ok(lots_segment_read(segment, CONTACTS, C_COST, LOTS_PART_VALUES, k, &out, &has_missing, scratch, &err));
    }
}

static void assert_kept(fixture *f, const char *path, const lots_batch *contacts, size_t limit, uint32_t *kept, size_t *held)
{
    lots_error err;
    lots_segment *segment;
    lots_budget budget;
    lots_arena scratch;
    lots_arena_init(&scratch, 0);
    lots_budget_init(&budget, limit);
    assert_ok(open_file(f, path, &segment, &err));
    assert_true(lots_segment_chunks(segment) > 1);
    lots_segment_keep(segment, &budget);
    for (int time = 0; time < 5; time++)
        assert_int_equal(assert_period(segment, contacts, 1, &scratch), 0); /* blocks that nobody has read are not believed */
    read_costs(segment, &scratch);
    for (int time = 0; time < 3; time++)
        assert_int_equal(assert_period(segment, contacts, 1, &scratch), 0);
    *kept = assert_period(segment, contacts, 1, &scratch);
    *held = budget.used_bytes;
    for (uint32_t period = 0; period < YEARS_MADE + 3; period++)
        assert_true(assert_period(segment, contacts, period, &scratch) == (period <= YEARS_MADE - 1 ? *kept : 0));
    assert_true(budget.used_bytes == *held && (*held > 0) == (*kept > 0));
    lots_segment_close(segment);
    assert_true(budget.used_bytes == 0);
    lots_arena_free(&scratch);
}

static void assert_contacts(bool scatter)
{
    enum { MUCH = 1 << 30, LITTLE = 300000 /* one of its chunks */ };
    fixture f;
    lots_batch patients, contacts;
    lots_segment_result result;
    uint32_t kept[3];
    size_t held[3];
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 31);
    make_contacts(&f, &patients, &contacts, scatter);
    const rows from = {.list = {&patients, &contacts, NULL, NULL, NULL}, .patients = PATIENTS_MADE};
    write_rows(&f, &from, path, &result);
    assert_kept(&f, path, &contacts, MUCH, &kept[0], &held[0]);
    assert_kept(&f, path, &contacts, LITTLE, &kept[1], &held[1]);
    assert_kept(&f, path, &contacts, 1, &kept[2], &held[2]);
    assert_true(held[0] > 4 * contacts.rows && kept[1] < kept[0] && kept[1] > 0 && held[1] <= LITTLE && kept[2] == 0);
    lots_batch_close(&patients);
    lots_batch_close(&contacts);
    fixture_close(&f);
    remove_folder(path);
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
