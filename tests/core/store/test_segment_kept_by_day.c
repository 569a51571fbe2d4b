/* test_segment_kept_by_day.c: rows kept in the order of their days, and what they add up to day by day, against those that were written. */
#include "tests/core/store/segment_keeping.h"

enum { PATIENTS_MADE = 1500, MONDAY = 18000, DAYS = 700, LEVELS = 4 };

/* Some patients have no contact, others up to 120, on the same day some of them, most in one of four levels. */
static void make_contacts(kept_file *file)
{
    fixture *f = &file->f;
    lots_batch *contacts = begin_events(file, PATIENTS_MADE, CONTACTS);
    for (uint32_t p = 0; p < PATIENTS_MADE; p++) {
        const uint32_t count = p % 7 == 3 ? 0 : (uint32_t)below(f, 120);
        int32_t day = MONDAY;
        for (uint32_t i = 0; i < count; i++) {
            day += (int32_t)below(f, 2 * DAYS / count + 1) / 2;
            begin_row(contacts, p);
            put_int(contacts, C_START, day);
            put_int(contacts, C_LEVEL, (int64_t)(below(f, 3) > 0 ? 0 : below(f, LEVELS)));
            put_int(contacts, C_COST, (int64_t)below(f, 3000) * 7);
            end_row(contacts);
        }
    }
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

/* `sums` of costs: for each day and the end, of each class of `own`, what its rows on days before add up to. */
static void assert_sums(const uint64_t *sums, const lots_batch *contacts, uint32_t first, uint32_t row_count, const uint32_t *own,
                        uint32_t class_count, const lots_day_order *order)
{
    const int32_t *days = (const int32_t *)contacts->columns[C_START].values.data + first;
    const int64_t *costs = (const int64_t *)contacts->columns[C_COST].values.data + first;
    for (uint32_t d = 0; d <= order->days; d += d % 5 == 0 || d + 3 >= order->days ? 1 : 2)
        for (uint32_t c = 0; c < class_count; c++) {
            uint64_t wanted = 0;
            for (uint32_t row = 0; row < row_count; row++)
                wanted += days[row] < order->first + (int32_t)d && (own == NULL ? 0 : own[row]) == c ? (uint64_t)costs[row] : 0;
            assert_int_equal(sums[(size_t)d * class_count + c], wanted);
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
static uint32_t ask_by_day(kept_file *file)
{
    lots_segment *segment = file->segment;
    lots_arena *scratch = &file->scratch;
    const lots_batch *contacts = file->from.list[CONTACTS];
    const int32_t *all_days = contacts->columns[C_START].values.data;
    uint32_t found = 0;
    for (uint32_t k = 0, first = 0; k < file->chunks; first += lots_segment_chunk_rows(segment, CONTACTS, k++)) {
        const uint32_t row_count = lots_segment_chunk_rows(segment, CONTACTS, k);
        const int32_t *days = all_days + first;
        const lots_classes_by_day *levels = lots_segment_classes_by_day(segment, CONTACTS, C_LEVEL, k, scratch);
        const lots_classes_by_day *whole = lots_segment_classes_by_day(segment, CONTACTS, LOTS_NO_CLASSES, k, scratch);
        const uint64_t *costs = levels == NULL ? NULL : lots_segment_sums_by_day(segment, CONTACTS, C_LEVEL, levels, C_COST, k, scratch);
        const uint64_t *all = whole == NULL ? NULL : lots_segment_sums_by_day(segment, CONTACTS, LOTS_NO_CLASSES, whole, C_COST, k, scratch);
        const lots_day_order *order = lots_segment_by_day(segment, CONTACTS, k);
        assert_true(order != NULL || (levels == NULL && whole == NULL));
        if (order == NULL)
            continue;
        const uint32_t *place = place_rows(days, row_count, scratch);
        for (uint32_t row = 0; row < row_count; row++) {
            const uint32_t day = (uint32_t)(days[row] - order->first);
            assert_true(day < order->days && order->starts[day] <= place[row] && place[row] < order->starts[day + 1]);
        }
        assert_true(order->starts[0] == 0 && order->starts[order->days] == row_count);
        if (costs != NULL)
            assert_sums(costs, contacts, first, row_count, read_values(file, CONTACTS, C_LEVEL, LOTS_PART_VALUES, k), LEVELS, order);
        if (all != NULL)
            assert_sums(all, contacts, first, row_count, NULL, 1, order);
        if (levels != NULL)
            assert_classes(levels, contacts, first, row_count, read_values(file, CONTACTS, C_LEVEL, LOTS_PART_VALUES, k), LEVELS,
                           order->first, place);
        if (whole != NULL)
            assert_classes(whole, contacts, first, row_count, NULL, 1, order->first, place);
        found += levels != NULL && whole != NULL && costs != NULL && all != NULL;
    }
    return found;
}

static void read_all(kept_file *file)
{
    static const uint32_t columns[] = {C_START, C_LEVEL, C_COST};
    for (uint32_t k = 0; k < file->chunks; k++)
        for (size_t c = 0; c < 3; c++)
            read_values(file, CONTACTS, columns[c], LOTS_PART_VALUES, k);
}

static holding hold_by_day(kept_file *file, size_t limit)
{
    lots_budget plenty;
    open_segment(file);
    lots_budget_init(&plenty, MUCH);
    lots_budget_init(&file->budget, limit);
    lots_segment_keep(file->segment, &plenty);
    lots_segment_keep_by_day(file->segment, &file->budget);
    for (int time = 0; time < 5; time++)
        assert_int_equal(ask_by_day(file), 0); /* blocks that nobody has read are not believed */
    for (int time = 0; time < 5; time++)
        read_all(file); /* now days are kept */
    for (int time = 0; time < 3; time++)
        assert_true(ask_by_day(file) == 0 || time > 0);
    const holding held = ask_twice(file, ask_by_day, false);
    close_segment(file);
    assert_true(plenty.used_bytes == 0);
    return held;
}

static void rows_asked_for_by_day_are_kept_within_the_budget(void **state)
{
    (void)state;
    kept_file file;
    open_kept_file(&file, 37);
    make_contacts(&file);
    write_kept_file(&file);
    const holding all = hold_by_day(&file, MUCH), some = hold_by_day(&file, all.bytes / 4 * 3);
    assert_true(all.kept > 1 && some.kept > 0 && some.kept < all.kept && all.bytes > 4 * file.from.list[CONTACTS]->rows);
    assert_int_equal(hold_by_day(&file, NOTHING).kept, 0);
    close_kept_file(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_asked_for_by_day_are_kept_within_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
