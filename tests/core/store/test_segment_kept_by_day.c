/* test_segment_kept_by_day.c: rows kept in the order of their days against those that were written, put in order here. */
#include "core/index/bitset.h"
#include "tests/core/store/segment_fixture.h"

enum { PATIENTS_MADE = 1500, MONDAY = 18000, DAYS = 700, LEVELS = 4 };

/* Some patients have no contact, others up to 120, on the same day some of them, most in one of four levels. */
static void make_contacts(fixture *f, lots_batch *patients, lots_batch *contacts)
{
    lots_error err;
    open_batch(f, PATIENTS, patients);
    open_batch(f, CONTACTS, contacts);
    for (uint32_t p = 0; p < PATIENTS_MADE; p++) {
        const uint32_t count = p % 7 == 3 ? 0 : (uint32_t)below(f, 120);
        int32_t day = MONDAY;
        add_random_row(f, patients, FIRST_PATIENT + p, 10);
        for (uint32_t i = 0; i < count; i++) {
            assert_ok(lots_batch_row_begin(contacts, FIRST_PATIENT + p, &err));
            day += (int32_t)below(f, 2 * DAYS / count + 1) / 2;
            assert_ok(lots_batch_put_int(contacts, C_START, day, &err));
            assert_ok(lots_batch_put_int(contacts, C_LEVEL, (int64_t)(below(f, 3) > 0 ? 0 : below(f, LEVELS)), &err));
            assert_ok(lots_batch_put_int(contacts, C_COST, (int64_t)below(f, 3000) * 7, &err));
            assert_ok(lots_batch_row_end(contacts, &err));
        }
    }
}

static void *read_column(lots_segment *segment, uint32_t column, uint32_t chunk, lots_arena *scratch)
{
    lots_error err;
    void *data, *missing;
    bool has_missing;
    const uint32_t count = lots_segment_chunk_rows(segment, CONTACTS, chunk);
    assert_ok(lots_arena_vector(scratch, &data, count, 8, &err));
    assert_ok(lots_arena_vector(scratch, &missing, lots_bit_words(count), 8, &err));
    lots_values_out out = {.data = data, .missing = missing};
    assert_ok(lots_segment_read(segment, CONTACTS, column, LOTS_PART_VALUES, chunk, &out, &has_missing, scratch, &err));
    return data;
}

/* Each row's class is that of `own`, NULL: they are all of one; and the row before is the patient's last of that class. `place`: of each
 * row, `first` the chunk's first row. */
static void assert_classes(const lots_classes_by_day *classes, const lots_batch *contacts, uint32_t first, uint32_t row_count, const uint32_t *own,
                           uint32_t class_count, int32_t first_day, const uint32_t *place)
{
    const int32_t *days = (const int32_t *)contacts->columns[C_START].values.data + first;
    const lots_patient *patients = (const lots_patient *)contacts->patient.data + first;
    assert_int_equal(classes->classes, class_count);
    for (uint32_t row = 0; row < row_count; row++) {
        const uint32_t c = own == NULL ? 0 : own[row];
        uint32_t before = 0;
        for (uint32_t r = row; r-- > 0 && patients[r] == patients[row] && before == 0;)
            before = (own == NULL ? 0 : own[r]) == c ? (uint32_t)(days[r] - first_day) + 1 : 0;
        assert_int_equal(classes->before[place[row]], before);
        for (uint32_t k = 0; k < class_count; k++)
            assert_int_equal(lots_bit_get(classes->masks + (size_t)k * classes->words, place[row]), k == c);
    }
}

/* The place of each row by day: those of earlier days before it, and of its day those before it. */
static uint32_t *place_rows(const int32_t *days, uint32_t row_count, lots_arena *scratch)
{
    static uint32_t next[DAYS + 2];
    lots_error err;
    void *room;
    assert_ok(lots_arena_vector(scratch, &room, row_count, sizeof(uint32_t), &err));
    memset(next, 0, sizeof next);
    for (uint32_t row = 0; row < row_count; row++)
        next[days[row] - MONDAY + 1]++;
    for (uint32_t d = 0; d <= DAYS; d++)
        next[d + 1] += next[d];
    for (uint32_t row = 0; row < row_count; row++)
        ((uint32_t *)room)[row] = next[days[row] - MONDAY]++;
    return room;
}

/* How many chunks have all that is asked for by day; what they have is right. */
static uint32_t assert_by_day(lots_segment *segment, const lots_batch *contacts, lots_arena *scratch)
{
    const int32_t *all_days = contacts->columns[C_START].values.data;
    const int64_t *all_costs = contacts->columns[C_COST].values.data;
    uint32_t found = 0;
    for (uint32_t k = 0, first = 0; k < lots_segment_chunks(segment); first += lots_segment_chunk_rows(segment, CONTACTS, k++)) {
        const uint32_t row_count = lots_segment_chunk_rows(segment, CONTACTS, k);
        const int32_t *days = all_days + first;
        const lots_classes_by_day *levels = lots_segment_classes_by_day(segment, CONTACTS, C_LEVEL, k, scratch);
        const lots_classes_by_day *whole = lots_segment_classes_by_day(segment, CONTACTS, LOTS_NO_CLASSES, k, scratch);
        const uint32_t *costs = lots_segment_numbers_by_day(segment, CONTACTS, C_COST, k, scratch);
        const lots_day_order *order = lots_segment_by_day(segment, CONTACTS, k);
        assert_true(order != NULL || (levels == NULL && whole == NULL && costs == NULL));
        if (order == NULL)
            continue;
        const uint32_t *place = place_rows(days, row_count, scratch);
        for (uint32_t row = 0; row < row_count; row++) {
            const uint32_t day = (uint32_t)(days[row] - order->first);
            assert_true(day < order->days && order->starts[day] <= place[row] && place[row] < order->starts[day + 1]);
            assert_true(costs == NULL || costs[place[row]] == all_costs[first + row]);
        }
        assert_true(order->starts[0] == 0 && order->starts[order->days] == row_count);
        if (levels != NULL)
            assert_classes(levels, contacts, first, row_count, read_column(segment, C_LEVEL, k, scratch), LEVELS, order->first, place);
        if (whole != NULL)
            assert_classes(whole, contacts, first, row_count, NULL, 1, order->first, place);
        found += levels != NULL && whole != NULL && costs != NULL;
    }
    return found;
}

static void read_all(lots_segment *segment, int times, lots_arena *scratch)
{
    static const uint32_t columns[] = {C_START, C_LEVEL, C_COST};
    for (int time = 0; time < times; time++)
        for (uint32_t k = 0; k < lots_segment_chunks(segment); k++)
            for (size_t c = 0; c < 3; c++)
                (void)read_column(segment, columns[c], k, scratch);
}

static uint32_t count_kept(fixture *f, const char *path, const lots_batch *contacts, size_t limit, size_t *held)
{
    lots_error err;
    lots_segment *segment;
    lots_budget budget, plenty;
    lots_arena scratch;
    lots_arena_init(&scratch, 0);
    lots_budget_init(&plenty, 1 << 30);
    lots_budget_init(&budget, limit);
    assert_ok(open_file(f, path, &segment, &err));
    assert_true(lots_segment_chunks(segment) > 1);
    lots_segment_keep(segment, &plenty);
    lots_segment_keep_by_day(segment, &budget);
    for (int time = 0; time < 5; time++)
        assert_int_equal(assert_by_day(segment, contacts, &scratch), 0); /* blocks that nobody has read are not believed */
    read_all(segment, 5, &scratch); /* now days are kept */
    for (int time = 0; time < 3; time++)
        assert_true(assert_by_day(segment, contacts, &scratch) == 0 || time > 0);
    const uint32_t kept = assert_by_day(segment, contacts, &scratch);
    *held = budget.used_bytes;
    assert_int_equal(assert_by_day(segment, contacts, &scratch), kept);
    assert_true(budget.used_bytes == *held && *held <= limit);
    lots_segment_close(segment);
    assert_true(budget.used_bytes == 0);
    lots_arena_free(&scratch);
    return kept;
}

static void rows_asked_for_by_day_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { MUCH = 1 << 30 };
    fixture f;
    lots_batch patients, contacts;
    lots_segment_result result;
    size_t all, some, none;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 37);
    make_contacts(&f, &patients, &contacts);
    const rows from = {.list = {&patients, &contacts, NULL, NULL, NULL}, .patients = PATIENTS_MADE};
    write_rows(&f, &from, path, &result);
    const uint32_t much = count_kept(&f, path, &contacts, MUCH, &all), little = count_kept(&f, path, &contacts, all / 4 * 3, &some);
    assert_true(much > 1 && little > 0 && little < much && all > 6 * contacts.rows);
    assert_int_equal(count_kept(&f, path, &contacts, 1, &none), 0);
    lots_batch_close(&patients);
    lots_batch_close(&contacts);
    fixture_close(&f);
    remove_folder(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_asked_for_by_day_are_kept_within_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
