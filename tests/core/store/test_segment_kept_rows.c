/* test_segment_kept_rows.c: what is kept of rows, decoded, against the rows that were written: days, offsets, numbers, ends, ids, truths;
 * with much room, little and none. */
#include "tests/core/store/segment_keeping.h"
#include "tests/core/store/segment_reading.h"

static unsigned alone_ends;

/* The rows of a block are those that were written. */
static void assert_read(kept_file *file, uint32_t stream, uint32_t column, uint32_t chunk, uint32_t first_row)
{
    assert_block(file->segment, &file->f.schema, &file->from, stream, column, chunk, first_row);
}

/* Days that are kept are those that were written. Gives whether they are. */
static bool assert_narrow_days(kept_file *file, uint32_t stream, uint32_t start, uint32_t chunk, uint32_t first_row)
{
    const uint16_t *days = lots_segment_narrow_days(file->segment, stream, chunk);
    const int64_t least = lots_segment_meta(file->segment, stream, start, LOTS_PART_VALUES, chunk)->min;
    for (uint32_t i = 0; days != NULL && i < lots_segment_chunk_rows(file->segment, stream, chunk); i++)
        assert_int_equal(least + days[i], LOTS_AT(int32_t, &file->from.list[stream]->columns[start].values, first_row + i));
    return days != NULL;
}

/* Ends are told by days that are kept, without days at hand. */
static void assert_ends_alone(kept_file *file, uint32_t stream, uint32_t end, uint32_t chunk, uint32_t first_row, bool has_days)
{
    lots_error err;
    void *ends, *missing, *list;
    bool has_missing = false, done = false;
    lots_arena *scratch = &file->scratch;
    const uint32_t count = lots_segment_chunk_rows(file->segment, stream, chunk);
    assert_read(file, stream, end, chunk, first_row);
    assert_ok(lots_arena_vector(scratch, &ends, count + 1u, 4, &err));
    assert_ok(lots_arena_vector(scratch, &missing, lots_bit_words(count + 1u), 8, &err));
    assert_ok(lots_arena_vector(scratch, &list, count + 1u, 4, &err));
    for (uint32_t i = 0; i < count; i++)
        ((uint32_t *)list)[i] = i;
    lots_values_out out = {.data = ends, .missing = missing};
    assert_ok(lots_segment_take(file->segment, stream, end, chunk, list, count, &out, &has_missing, &done, scratch, &err));
    assert_true(!done || has_days);
    for (uint32_t i = 0; done && i < count; i++)
        if (!has_missing || !lots_bit_get(missing, i))
            assert_int_equal(((int32_t *)ends)[i], LOTS_AT(int32_t, &file->from.list[stream]->columns[end].values, first_row + i));
    alone_ends += done;
}

/* The days of each chunk, read again and again, of every other chunk after the first time only some, are those that were written: decoded,
 * then kept. Gives in how many chunks they are. */
static uint32_t assert_days_often(kept_file *file, uint32_t stream, uint32_t start, int32_t end)
{
    lots_error err;
    uint32_t row = 0, kept = 0;
    for (uint32_t k = 0; k < file->chunks; k++) {
        const uint32_t patients = lots_segment_chunk_first(file->segment, k + 1) - lots_segment_chunk_first(file->segment, k);
        uint32_t *offsets = malloc((patients + 1 + 16) * sizeof *offsets);
        assert_ok(lots_segment_offsets(file->segment, stream, k, offsets, &file->scratch, &err));
        for (int time = 0; time < 6; time++) {
            for (int whole = k % 2 == 0 ? 4 : 1; time % 5 == 0 && whole > 0; whole--)
                assert_read(file, stream, start, k, row);
            assert_some_days(file->segment, &file->from, stream, start, k, row, offsets, patients, true);
            assert_narrow_days(file, stream, start, k, row);
        }
        const bool is_kept = assert_narrow_days(file, stream, start, k, row);
        if (end >= 0)
            assert_ends_alone(file, stream, (uint32_t)end, k, row, is_kept);
        kept += is_kept;
        row += offsets[patients];
        free(offsets);
    }
    return kept;
}

static uint32_t ask_days(kept_file *file)
{
    uint32_t kept = 0;
    for (uint32_t s = 0; s < STREAMS; s++) {
        const lots_stream *schema = &file->f.schema.streams[s];
        const int32_t start = lots_stream_find_role(schema, LOTS_ROLE_START);
        if (start >= 0)
            kept += assert_days_often(file, s, (uint32_t)start, lots_stream_find_role(schema, LOTS_ROLE_END));
    }
    return kept;
}

static void days_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { LITTLE = 140000 /* one of its chunks */ };
    kept_file file;
    open_random_file(&file, 23, 6000, 500);
    assert_true(assert_held_within(&file, LITTLE, ask_days).kept > 0 && alone_ends > 0);
    close_kept_file(&file);
}

/* Where each patient's rows begin, six times, counted row by row; it isn't told whether that is kept. */
static uint32_t ask_offsets(kept_file *file)
{
    lots_error err;
    for (uint32_t s = 0; s < STREAMS; s++)
        for (uint32_t k = 0, row = 0; k < file->chunks; row += lots_segment_chunk_rows(file->segment, s, k), k++) {
            const lots_batch *from = file->from.list[s];
            const uint32_t first = lots_segment_chunk_first(file->segment, k);
            const uint32_t patients = lots_segment_chunk_first(file->segment, k + 1) - first;
            uint32_t *offsets = malloc((patients + 1 + 16) * sizeof *offsets);
            for (int time = 0; time < 6; time++) {
                uint32_t at = row;
                assert_ok(lots_segment_offsets(file->segment, s, k, offsets, &file->scratch, &err));
                for (uint32_t p = 0; p < patients; p++) {
                    assert_int_equal(offsets[p], at - row);
                    while (at < from->rows && LOTS_AT(lots_patient, &from->patient, at) == FIRST_PATIENT + first + p)
                        at++;
                }
                assert_int_equal(offsets[patients], at - row);
            }
            free(offsets);
        }
    return 0;
}

static void offsets_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { LITTLE = 10000 };
    kept_file file;
    open_random_file(&file, 26, 6000, 500);
    assert_held_within(&file, LITTLE, ask_offsets);
    close_kept_file(&file);
}

/* Contacts with a cost each, of 300 that lie far apart, every other of some patients longer than a day. */
static void make_costs(kept_file *file)
{
    enum { PATIENTS_MADE = 1500 };
    fixture *f = &file->f;
    lots_batch *contacts = begin_events(file, PATIENTS_MADE, CONTACTS);
    for (uint32_t p = 0; p < PATIENTS_MADE; p++)
        for (uint32_t i = 0; i < 100; i++) {
            begin_row(contacts, p);
            put_int(contacts, C_START, 10000 + i);
            put_int(contacts, C_END, 10000 + i + (p % 3 == 0) * (i % 2) * (p + i));
            put_int(contacts, C_COST, (int64_t)(below(f, 300) * below(f, 2) * 10000019 % 4000000007));
            end_row(contacts);
        }
}

/* All of a block's numbers in 32 bits; gives whether they were kept. */
static bool assert_narrow(kept_file *file, uint32_t chunk, uint32_t first_row)
{
    lots_error err;
    void *room;
    bool done;
    const uint32_t count = lots_segment_chunk_rows(file->segment, CONTACTS, chunk);
    lots_narrow_values narrow = {.values = NULL};
    assert_ok(lots_arena_vector(&file->scratch, &room, count, sizeof(uint32_t), &err));
    narrow.values = room;
    assert_ok(lots_segment_narrow(file->segment, CONTACTS, C_COST, chunk, &narrow, &done, &file->scratch, &err));
    assert_true(done && narrow.entries != NULL);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t place = narrow.places != NULL ? narrow.places[i] : narrow.values[i];
        assert_true(place < narrow.entry_count);
        assert_int_equal(narrow.entries[place], LOTS_AT(int64_t, &file->from.list[CONTACTS]->columns[C_COST].values, first_row + i));
    }
    return narrow.places != NULL;
}

/* Six times; gives in how many chunks they were kept at last. */
static uint32_t ask_numbers(kept_file *file)
{
    uint32_t kept = 0;
    for (int time = 0; time < 6; time++) {
        kept = 0;
        for (uint32_t k = 0, row = 0; k < file->chunks; row += lots_segment_chunk_rows(file->segment, CONTACTS, k++)) {
            assert_read(file, CONTACTS, C_COST, k, row);
            kept += assert_narrow(file, k, row);
        }
    }
    return kept;
}

static void numbers_taken_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { LITTLE = 500000 /* there has to be room for as many entries as rows: one of its chunks */ };
    kept_file file;
    open_kept_file(&file, 25);
    make_costs(&file);
    write_kept_file(&file);
    const holding all = hold(&file, MUCH, ask_numbers), some = hold(&file, LITTLE, ask_numbers);
    assert_true(all.bytes > 2 * file.from.list[CONTACTS]->rows && some.bytes < all.bytes && some.bytes > 0 && all.kept > 0);
    assert_int_equal(hold(&file, NOTHING, ask_numbers).bytes, 0);
    close_kept_file(&file);
}

/* Every third row's end, asked for again and again while days are kept, as make_costs made it; none is told until they were read.
 * Gives in how many chunks it was told. */
static uint32_t ask_ends(kept_file *file)
{
    uint32_t told = 0;
    assert_false(lots_segment_has_ends(file->segment, CONTACTS, C_END, 0));
    for (uint32_t k = 0, first = 0; k < file->chunks; first += lots_segment_chunk_rows(file->segment, CONTACTS, k++)) {
        const uint32_t count = lots_segment_chunk_rows(file->segment, CONTACTS, k);
        uint32_t *list = malloc(count * sizeof *list), some = 0;
        int32_t *ends = malloc(count * sizeof *ends + 64);
        bool done = false;
        assert_read(file, CONTACTS, C_END, k, first);
        for (uint32_t row = 0; row < count; row += 3)
            list[some++] = row;
        for (int time = 0; time < 6; time++) {
            read_values(file, CONTACTS, C_START, LOTS_PART_VALUES, k);
            done = lots_segment_ends_at(file->segment, CONTACTS, C_END, k, list, some, ends, &file->scratch);
            assert_true(done == lots_segment_has_ends(file->segment, CONTACTS, C_END, k));
            for (uint32_t i = 0; done && i < some; i++)
                assert_int_equal(ends[i], LOTS_AT(int32_t, &file->from.list[CONTACTS]->columns[C_END].values, first + list[i]));
        }
        told += done;
        free(list);
        free(ends);
    }
    return told;
}

static void ends_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    kept_file file;
    open_kept_file(&file, 26);
    make_costs(&file);
    write_kept_file(&file);
    const holding all = hold(&file, MUCH, ask_ends), none = hold(&file, NOTHING, ask_ends);
    assert_true(all.kept == file.chunks && all.bytes > 2 * 2 * file.from.list[CONTACTS]->rows && none.kept == 0 && none.bytes == 0);
    close_kept_file(&file);
}

/* Tests of labs: few kinds, most of one, in patients from GONE on some without. */
static void make_labs(kept_file *file)
{
    enum { PATIENTS_MADE = 3000, GONE = 2990 };
    fixture *f = &file->f;
    lots_batch *labs = begin_events(file, PATIENTS_MADE, LABS);
    for (uint32_t p = 0; p < PATIENTS_MADE; p++)
        for (uint32_t i = 0; i < 80; i++) {
            begin_row(labs, p);
            if (p < GONE || below(f, 4) > 0)
                put_int(labs, 1, below(f, 5) > 0 ? 2 : (int64_t)below(f, 4));
            end_row(labs);
        }
}

/* A row's test, as a rank. */
static lots_id rank_of(const kept_file *file, uint32_t row)
{
    return lots_dictionary_rank_of_stable(file->f.domains[TEST])[LOTS_AT(lots_id, &file->from.list[LABS]->columns[1].values, row)];
}

/* The rows of a chunk with an id of `first` .. `end` - 1, asked for six times; gives whether they were ever kept. */
static bool assert_rows_with(kept_file *file, uint32_t chunk, uint32_t first_row, uint32_t first, uint32_t end)
{
    lots_error err;
    const lots_id *ranks;
    const lots_id_test test = {.first = first, .end = end};
    void *bits, *missing;
    bool has_missing, done = true, kept = false;
    uint32_t ids;
    const uint32_t count = lots_segment_chunk_rows(file->segment, LABS, chunk);
    assert_ok(lots_arena_vector(&file->scratch, &bits, lots_bit_words(count), 8, &err));
    assert_ok(lots_arena_vector(&file->scratch, &missing, lots_bit_words(count), 8, &err));
    assert_ok(lots_segment_ranks(file->segment, LABS, 1, &ranks, &ids, &err));
    assert_int_equal(ids, 4);
    for (int time = 0; time < 6; time++) {
        uint64_t *without = NULL;
        const uint64_t *told = lots_segment_rows_with(file->segment, LABS, 1, chunk, &test, &without);
        kept |= told != NULL;
        if (told == NULL) {
            assert_ok(lots_segment_test(file->segment, LABS, 1, chunk, &test, NULL, bits, missing, &has_missing, &done, &file->scratch,
                                        &err));
            without = has_missing ? missing : NULL;
        }
        assert_true(done);
        for (uint32_t i = 0; i < count; i++) {
            const lots_id rank = rank_of(file, first_row + i);
            const bool gone = LOTS_AT(uint8_t, &file->from.list[LABS]->columns[1].missing, first_row + i) != 0;
            assert_int_equal(lots_bit_get(told != NULL ? told : bits, i), !gone && rank >= ranks[first] && rank <= ranks[end - 1]);
            assert_int_equal(without != NULL && lots_bit_get(without, i), gone);
        }
    }
    return kept;
}

/* The rows of each id, where they can be told so. */
static void assert_masks(kept_file *file, uint32_t chunk, uint32_t first_row)
{
    lots_error err;
    const lots_id *ranks;
    const uint64_t *masks[LOTS_CLASSES_MAX + 1];
    bool done;
    uint32_t ids;
    assert_ok(lots_segment_ranks(file->segment, LABS, 1, &ranks, &ids, &err));
    assert_ok(lots_segment_masks(file->segment, LABS, 1, chunk, NULL, masks, &done, &file->scratch, &err));
    for (uint32_t i = 0; done && i < lots_segment_chunk_rows(file->segment, LABS, chunk); i++)
        for (uint32_t id = 0; id < ids; id++)
            assert_int_equal(masks[id] != NULL && lots_bit_get(masks[id], i), rank_of(file, first_row + i) == ranks[id]);
}

/* Of one id, of two, in chunks that lack none and in the last, that does; gives how much of what was asked was kept. */
static uint32_t ask_rows(kept_file *file)
{
    uint32_t kept = 0;
    assert_true(file->chunks > 2);
    for (uint32_t k = 0, row = 0; k < file->chunks; row += lots_segment_chunk_rows(file->segment, LABS, k++)) {
        for (uint32_t id = 0; id < 4; id++)
            kept += assert_rows_with(file, k, row, id, id + 1);
        assert_false(assert_rows_with(file, k, row, 1, 3));
        assert_masks(file, k, row);
    }
    return kept;
}

static holding hold_rows(kept_file *file, size_t limit)
{
    open_segment(file);
    assert_int_equal(ask_rows(file), 0); /* until it has a budget */
    keep_within(file, limit);
    const holding held = ask_twice(file, ask_rows, true);
    assert_true((held.kept > 0) == (held.bytes > 0));
    close_segment(file);
    return held;
}

static void rows_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { LITTLE = 20000 /* of an id or two */ };
    kept_file file;
    open_kept_file(&file, 24);
    make_labs(&file);
    write_kept_file(&file);
    const holding all = hold_rows(&file, MUCH), some = hold_rows(&file, LITTLE), none = hold_rows(&file, NOTHING);
    assert_true(all.bytes > LITTLE && some.bytes > 0 && none.bytes == 0);
    close_kept_file(&file);
}

/* Contacts that are acute or not; of the last patient it is missing. */
static void make_acute(kept_file *file)
{
    enum { PATIENTS_MADE = 3000 };
    lots_batch *contacts = begin_events(file, PATIENTS_MADE, CONTACTS);
    for (uint32_t p = 0; p < PATIENTS_MADE; p++)
        for (uint32_t i = 0; i < 70; i++) {
            begin_row(contacts, p);
            put_int(contacts, C_START, 10000 + i);
            if (p + 1 < PATIENTS_MADE)
                put_int(contacts, C_ACUTE, (int64_t)below(&file->f, 2));
            end_row(contacts);
        }
}

/* Chunk by chunk, six times each: also that of which some are missing, and a column that isn't kept. */
static uint32_t ask_truths(kept_file *file)
{
    assert_true(file->chunks > 2);
    for (uint32_t k = 0, row = 0; k < file->chunks; row += lots_segment_chunk_rows(file->segment, CONTACTS, k++))
        for (int time = 0; time < 6; time++) {
            assert_read(file, CONTACTS, C_ACUTE, k, row);
            assert_read(file, CONTACTS, C_LEVEL, k, row);
        }
    return 0;
}

static void truths_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { LITTLE = 10000 /* of a chunk */ };
    kept_file file;
    open_kept_file(&file, 25);
    make_acute(&file);
    write_kept_file(&file);
    assert_held_within(&file, LITTLE, ask_truths);
    close_kept_file(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(offsets_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(numbers_taken_often_are_kept_within_the_budget),
        cmocka_unit_test(ends_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(rows_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(truths_asked_for_often_are_kept_within_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
