/* test_segment_kept_rows.c: what is kept of rows, decoded, against the rows that were written: days, offsets, numbers, ends, ids, truths;
 * with much room, little and none. */
#include "tests/core/store/segment_reading.h"

static unsigned narrow_days, alone_ends;

/* Days that are kept are those that were written; ends are told by them without days at hand. Gives whether they are. */
static bool assert_narrow_days(lots_segment *segment, const fixture *f, const rows *from, uint32_t stream, uint32_t chunk, uint32_t first_row)
{
    lots_error err;
    lots_arena scratch;
    void *ends, *missing, *list;
    bool has_missing = false, done = false;
    const lots_stream *schema = &f->schema.streams[stream];
    const int32_t start = lots_stream_find_role(schema, LOTS_ROLE_START), end = lots_stream_find_role(schema, LOTS_ROLE_END);
    const uint16_t *days = lots_segment_narrow_days(segment, stream, chunk);
    const int64_t least = lots_segment_meta(segment, stream, (uint32_t)start, LOTS_PART_VALUES, chunk)->min;
    const uint32_t count = lots_segment_chunk_rows(segment, stream, chunk);
    for (uint32_t i = 0; days != NULL && i < count; i++)
        assert_int_equal(least + days[i], LOTS_AT(int32_t, &from->list[stream]->columns[start].values, first_row + i));
    if (end < 0)
        return days != NULL;
    assert_block(segment, &f->schema, from, stream, (uint32_t)end, chunk, first_row);
    lots_arena_init(&scratch, 0);
    assert_ok(lots_arena_vector(&scratch, &ends, count + 1u, 4, &err));
    assert_ok(lots_arena_vector(&scratch, &missing, lots_bit_words(count + 1u), 8, &err));
    assert_ok(lots_arena_vector(&scratch, &list, count + 1u, 4, &err));
    for (uint32_t i = 0; i < count; i++)
        ((uint32_t *)list)[i] = i;
    lots_values_out out = {.data = ends, .missing = missing};
    assert_ok(lots_segment_take(segment, stream, (uint32_t)end, chunk, list, count, &out, &has_missing, &done, &scratch, &err));
    assert_true(!done || days != NULL);
    for (uint32_t i = 0; done && i < count; i++)
        if (!has_missing || !lots_bit_get(missing, i))
            assert_int_equal(((int32_t *)ends)[i], LOTS_AT(int32_t, &from->list[stream]->columns[end].values, first_row + i));
    alone_ends += done;
    lots_arena_free(&scratch);
    return days != NULL;
}

/* The days of each chunk, read again and again, of every other chunk after the first time only some, are those that were written: decoded,
 * then kept. */
static void assert_days_often(lots_segment *segment, const fixture *f, const rows *from, uint32_t stream)
{
    lots_error err;
    lots_arena scratch;
    uint32_t row = 0;
    const int32_t start = lots_stream_find_role(&f->schema.streams[stream], LOTS_ROLE_START);
    lots_arena_init(&scratch, 0);
    for (uint32_t k = 0; start >= 0 && k < lots_segment_chunks(segment); k++) {
        const uint32_t patients = lots_segment_chunk_first(segment, k + 1) - lots_segment_chunk_first(segment, k);
        uint32_t *offsets = malloc((patients + 1 + 16) * sizeof *offsets);
        assert_ok(lots_segment_offsets(segment, stream, k, offsets, &scratch, &err));
        for (int time = 0; time < 6; time++) {
            for (int whole = k % 2 == 0 ? 4 : 1; time % 5 == 0 && whole > 0; whole--)
                assert_block(segment, &f->schema, from, stream, (uint32_t)start, k, row);
            assert_some_days(segment, from, stream, (uint32_t)start, k, row, offsets, patients, true);
            const uint16_t *narrow = lots_segment_narrow_days(segment, stream, k);
            const int64_t least = lots_segment_meta(segment, stream, (uint32_t)start, LOTS_PART_VALUES, k)->min;
            for (uint32_t i = 0; narrow != NULL && i < offsets[patients]; i++)
                assert_int_equal(least + narrow[i], LOTS_AT(int32_t, &from->list[stream]->columns[start].values, row + i));
        }
        narrow_days += assert_narrow_days(segment, f, from, stream, k, row);
        row += offsets[patients];
        free(offsets);
    }
    lots_arena_free(&scratch);
}

static void days_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { MUCH = 1 << 30, LITTLE = 140000 /* one of its chunks */ };
    static const size_t limits[] = {MUCH, LITTLE, 1};
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result result;
    size_t held[3];
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 23);
    make_rows(&f, &from, 6000, 30, 500);
    write_rows(&f, &from, path, &result);
    for (int i = 0; i < 3; i++) {
        lots_segment *segment;
        lots_budget budget;
        lots_budget_init(&budget, limits[i]);
        assert_ok(open_file(&f, path, &segment, &err));
        lots_segment_keep(segment, &budget);
        for (uint32_t s = 0; s < STREAMS; s++)
            assert_days_often(segment, &f, &from, s);
        held[i] = budget.used_bytes;
        lots_segment_forget(segment); /* nothing is believed: read, checked, and found the same */
        for (uint32_t s = 0; s < STREAMS; s++)
            assert_days_often(segment, &f, &from, s);
        assert_true(budget.used_bytes == held[i]);
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
    assert_true(held[0] > LITTLE && held[1] <= LITTLE && held[1] > 0 && held[2] == 0);
    assert_true(narrow_days > 0 && alone_ends > 0);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

/* Where each patient's rows begin, six times, counted row by row. */
static void assert_offsets_often(lots_segment *segment, const rows *from)
{
    lots_error err;
    lots_arena scratch;
    lots_arena_init(&scratch, 0);
    for (uint32_t s = 0; s < STREAMS; s++)
        for (uint32_t k = 0, row = 0; k < lots_segment_chunks(segment); row += lots_segment_chunk_rows(segment, s, k), k++) {
            const uint32_t first = lots_segment_chunk_first(segment, k), patients = lots_segment_chunk_first(segment, k + 1) - first;
            uint32_t *offsets = malloc((patients + 1 + 16) * sizeof *offsets);
            for (int time = 0; time < 6; time++) {
                uint32_t at = row;
                assert_ok(lots_segment_offsets(segment, s, k, offsets, &scratch, &err));
                for (uint32_t p = 0; p < patients; p++) {
                    assert_int_equal(offsets[p], at - row);
                    while (at < from->list[s]->rows && LOTS_AT(lots_patient, &from->list[s]->patient, at) == FIRST_PATIENT + first + p)
                        at++;
                }
                assert_int_equal(offsets[patients], at - row);
            }
            free(offsets);
        }
    lots_arena_free(&scratch);
}

static void offsets_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { MUCH = 1 << 30, LITTLE = 10000 };
    static const size_t limits[] = {MUCH, LITTLE, 1};
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result result;
    size_t held[3];
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 26);
    make_rows(&f, &from, 6000, 30, 500);
    write_rows(&f, &from, path, &result);
    for (int i = 0; i < 3; i++) {
        lots_segment *segment;
        lots_budget budget;
        lots_budget_init(&budget, limits[i]);
        assert_ok(open_file(&f, path, &segment, &err));
        lots_segment_keep(segment, &budget);
        assert_offsets_often(segment, &from);
        held[i] = budget.used_bytes;
        lots_segment_forget(segment);
        assert_offsets_often(segment, &from);
        assert_true(budget.used_bytes == held[i]);
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
    assert_true(held[0] > LITTLE && held[1] <= LITTLE && held[1] > 0 && held[2] == 0);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

/* Contacts with a cost each, of 300 that lie far apart, every other of some patients longer than a day. */
static void make_costs(fixture *f, lots_batch *patients, lots_batch *contacts, uint32_t count)
{
    lots_error err;
    open_batch(f, PATIENTS, patients);
    open_batch(f, CONTACTS, contacts);
    for (uint32_t p = 0; p < count; p++) {
        add_random_row(f, patients, FIRST_PATIENT + p, 10);
        for (uint32_t i = 0; i < 100; i++) {
            assert_ok(lots_batch_row_begin(contacts, FIRST_PATIENT + p, &err));
            assert_ok(lots_batch_put_int(contacts, C_START, 10000 + i, &err));
            assert_ok(lots_batch_put_int(contacts, C_END, 10000 + i + (p % 3 == 0) * (i % 2) * (p + i), &err));
            assert_ok(lots_batch_put_int(contacts, C_COST, (int64_t)(below(f, 300) * below(f, 2) * 10000019 % 4000000007), &err));
            assert_ok(lots_batch_row_end(contacts, &err));
        }
    }
}

/* All of a block's numbers in 32 bits; gives whether they were kept. */
static bool assert_narrow(lots_segment *segment, const lots_batch *contacts, uint32_t chunk, uint32_t first_row)
{
    lots_error err;
    lots_arena arena;
    void *room;
    bool done;
    const uint32_t count = lots_segment_chunk_rows(segment, CONTACTS, chunk);
    lots_narrow_values narrow = {.values = NULL};
    lots_arena_init(&arena, 0);
    assert_ok(lots_arena_vector(&arena, &room, count, sizeof(uint32_t), &err));
    narrow.values = room;
    assert_ok(lots_segment_narrow(segment, CONTACTS, C_COST, chunk, &narrow, &done, &arena, &err));
    assert_true(done && narrow.entries != NULL);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t place = narrow.places != NULL ? narrow.places[i] : narrow.values[i];
        assert_true(place < narrow.entry_count);
        assert_int_equal(narrow.entries[place], LOTS_AT(int64_t, &contacts->columns[C_COST].values, first_row + i));
    }
    lots_arena_free(&arena);
    return narrow.places != NULL;
}

static void numbers_taken_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { COUNT = 1500, MUCH = 1 << 30, LITTLE = 500000 /* there has to be room for as many entries as rows: one of its chunks */ };
    static const size_t limits[] = {MUCH, LITTLE, 1};
    lots_error err;
    fixture f;
    lots_batch patients, contacts;
    lots_segment_result result;
    size_t held[3];
    uint32_t lent = 0;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 25);
    make_costs(&f, &patients, &contacts, COUNT);
    rows from = {.list = {&patients, &contacts, NULL, NULL, NULL}, .patients = COUNT};
    write_rows(&f, &from, path, &result);
    for (int i = 0; i < 3; i++) {
        lots_segment *segment;
        lots_budget budget;
        lots_budget_init(&budget, limits[i]);
        assert_ok(open_file(&f, path, &segment, &err));
        assert_true(lots_segment_chunks(segment) > 1);
        lots_segment_keep(segment, &budget);
        for (int time = 0; time < 12; time++) {
            uint32_t row = 0;
            for (uint32_t k = 0; k < lots_segment_chunks(segment); row += lots_segment_chunk_rows(segment, CONTACTS, k++)) {
                assert_block(segment, &f.schema, &from, CONTACTS, C_COST, k, row);
                lent += assert_narrow(segment, &contacts, k, row);
            }
            held[i] = time == 5 ? budget.used_bytes : held[i];
            if (time == 5)
                lots_segment_forget(segment); /* nothing is believed: read, checked, and found the same */
        }
        assert_true(budget.used_bytes == held[i]);
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
    assert_true(held[0] > 2 * 100 * COUNT && held[1] < held[0] && held[1] > 0 && held[2] == 0);
    assert_true(lent > 0);
    lots_batch_close(&patients);
    lots_batch_close(&contacts);
    fixture_close(&f);
    remove_folder(path);
}

/* Every third row's end, asked for again and again while days are kept: as make_costs made it. Gives in how many chunks it was told. */
static uint32_t assert_ends_often(lots_segment *segment, const lots_schema *schema, const rows *from)
{
    lots_arena scratch;
    uint32_t first = 0, told = 0;
    lots_arena_init(&scratch, 0);
    for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
        const uint32_t count = lots_segment_chunk_rows(segment, CONTACTS, k);
        uint32_t *list = malloc(count * sizeof *list), some = 0;
        int32_t *ends = malloc(count * sizeof *ends + 64);
        bool done = false;
        for (uint32_t row = 0; row < count; row += 3)
            list[some++] = row;
        for (int time = 0; time < 6; time++) {
            starts_of(segment, schema, CONTACTS, C_END, k, &scratch);
            done = lots_segment_ends_at(segment, CONTACTS, C_END, k, list, some, ends, &scratch);
            assert_true(done == lots_segment_has_ends(segment, CONTACTS, C_END, k));
            for (uint32_t i = 0; done && i < some; i++)
                assert_int_equal(ends[i], LOTS_AT(int32_t, &from->list[CONTACTS]->columns[C_END].values, first + list[i]));
        }
        told += done;
        first += count;
        free(list);
        free(ends);
    }
    lots_arena_free(&scratch);
    return told;
}

static void ends_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { COUNT = 1500, MUCH = 1 << 30 };
    lots_error err;
    fixture f;
    lots_batch patients, contacts;
    lots_segment_result result;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 26);
    make_costs(&f, &patients, &contacts, COUNT);
    rows from = {.list = {&patients, &contacts, NULL, NULL, NULL}, .patients = COUNT};
    write_rows(&f, &from, path, &result);
    for (int i = 0; i < 2; i++) {
        lots_segment *segment;
        lots_budget budget;
        lots_budget_init(&budget, i == 0 ? MUCH : 1);
        assert_ok(open_file(&f, path, &segment, &err));
        lots_segment_keep(segment, &budget);
        for (uint32_t k = 0, row = 0; k < lots_segment_chunks(segment); row += lots_segment_chunk_rows(segment, CONTACTS, k++))
            assert_block(segment, &f.schema, &from, CONTACTS, C_END, k, row);
        assert_int_equal(assert_ends_often(segment, &f.schema, &from), i == 0 ? lots_segment_chunks(segment) : 0);
        assert_true(i == 0 ? budget.used_bytes > 2 * 2 * 100 * COUNT : budget.used_bytes == 0);
        lots_segment_forget(segment); /* nothing is believed */
        assert_false(lots_segment_has_ends(segment, CONTACTS, C_END, 0));
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
    lots_batch_close(&patients);
    lots_batch_close(&contacts);
    fixture_close(&f);
    remove_folder(path);
}

/* Tests of labs: few kinds, most of one, in patients from `gone` on some without. */
static void make_labs(fixture *f, lots_batch *patients, lots_batch *labs, uint32_t count, uint32_t gone)
{
    lots_error err;
    open_batch(f, PATIENTS, patients);
    open_batch(f, LABS, labs);
    for (uint32_t p = 0; p < count; p++) {
        add_random_row(f, patients, FIRST_PATIENT + p, 10);
        for (uint32_t i = 0; i < 80; i++) {
            assert_ok(lots_batch_row_begin(labs, FIRST_PATIENT + p, &err));
            if (p < gone || below(f, 4) > 0)
                assert_ok(lots_batch_put_int(labs, 1, below(f, 5) > 0 ? 2 : (int64_t)below(f, 4), &err));
            assert_ok(lots_batch_row_end(labs, &err));
        }
    }
}

/* The rows of a chunk with an id of `first` .. `end` - 1, asked for six times; gives how often they were kept. */
static uint32_t assert_rows_with(lots_segment *segment, const fixture *f, const lots_batch *labs, uint32_t chunk, uint32_t first_row,
                                 uint32_t first, uint32_t end)
{
    lots_error err;
    lots_arena scratch;
    const lots_id *ranks;
    const lots_id_test test = {.first = first, .end = end};
    void *bits, *missing;
    bool has_missing, done = true;
    uint32_t ids, kept = 0;
    const uint32_t count = lots_segment_chunk_rows(segment, LABS, chunk);
    lots_arena_init(&scratch, 0);
    assert_ok(lots_arena_vector(&scratch, &bits, lots_bit_words(count), 8, &err));
    assert_ok(lots_arena_vector(&scratch, &missing, lots_bit_words(count), 8, &err));
    assert_ok(lots_segment_ranks(segment, LABS, 1, &ranks, &ids, &err));
    assert_int_equal(ids, 4);
    for (int time = 0; time < 6; time++) {
        uint64_t *without = NULL;
        const uint64_t *told = lots_segment_rows_with(segment, LABS, 1, chunk, &test, &without);
        kept += told != NULL;
        if (told == NULL) {
            assert_ok(lots_segment_test(segment, LABS, 1, chunk, &test, NULL, bits, missing, &has_missing, &done, &scratch, &err));
            without = has_missing ? missing : NULL;
        }
        assert_true(done);
        for (uint32_t i = 0; i < count; i++) {
            const lots_id stable = LOTS_AT(lots_id, &labs->columns[1].values, first_row + i);
            const lots_id rank = lots_dictionary_rank_of_stable(f->domains[TEST])[stable];
            const bool gone = LOTS_AT(uint8_t, &labs->columns[1].missing, first_row + i) != 0;
            assert_int_equal(lots_bit_get(told != NULL ? told : bits, i), !gone && rank >= ranks[first] && rank <= ranks[end - 1]);
            assert_int_equal(without != NULL && lots_bit_get(without, i), gone);
        }
    }
    lots_arena_free(&scratch);
    return kept;
}

/* The rows of each id, where they can be told so. */
static void assert_masks(lots_segment *segment, const fixture *f, const lots_batch *labs, uint32_t chunk, uint32_t first_row)
{
    lots_error err;
    lots_arena scratch;
    const lots_id *ranks;
    const uint64_t *masks[LOTS_CLASSES_MAX + 1];
    bool done;
    uint32_t ids;
    lots_arena_init(&scratch, 0);
    assert_ok(lots_segment_ranks(segment, LABS, 1, &ranks, &ids, &err));
    assert_ok(lots_segment_masks(segment, LABS, 1, chunk, NULL, masks, &done, &scratch, &err));
    for (uint32_t i = 0; done && i < lots_segment_chunk_rows(segment, LABS, chunk); i++) {
        const lots_id stable = LOTS_AT(lots_id, &labs->columns[1].values, first_row + i);
        const lots_id rank = lots_dictionary_rank_of_stable(f->domains[TEST])[stable];
        for (uint32_t id = 0; id < ids; id++)
            assert_int_equal(masks[id] != NULL && lots_bit_get(masks[id], i), rank == ranks[id]);
    }
    lots_arena_free(&scratch);
}

/* Of one id, of two, in chunks that lack none and in the last, that does; gives how often what was asked was kept. */
static uint32_t assert_rows_often(lots_segment *segment, const fixture *f, const lots_batch *labs)
{
    uint32_t row = 0, kept = 0;
    const uint32_t chunks = lots_segment_chunks(segment);
    assert_true(chunks > 2);
    for (uint32_t k = 0; k < chunks; k++) {
        for (uint32_t id = 0; id < 4; id++)
            kept += assert_rows_with(segment, f, labs, k, row, id, id + 1);
        assert_int_equal(assert_rows_with(segment, f, labs, k, row, 1, 3), 0);
        assert_masks(segment, f, labs, k, row);
        row += lots_segment_chunk_rows(segment, LABS, k);
    }
    return kept;
}

static void rows_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { MUCH = 1 << 30, LITTLE = 20000 /* of an id or two */ };
    static const size_t limits[] = {MUCH, LITTLE, 1};
    lots_error err;
    fixture f;
    lots_batch patients, labs;
    lots_segment_result result;
    size_t held[3];
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 24);
    make_labs(&f, &patients, &labs, 3000, 2990);
    rows from = {.list = {&patients, NULL, &labs, NULL, NULL}, .patients = 3000};
    write_rows(&f, &from, path, &result);
    for (int i = 0; i < 3; i++) {
        lots_segment *segment;
        lots_budget budget;
        lots_budget_init(&budget, limits[i]);
        assert_ok(open_file(&f, path, &segment, &err));
        assert_int_equal(assert_rows_often(segment, &f, &labs), 0); /* until it has a budget */
        lots_segment_keep(segment, &budget);
        const uint32_t kept = assert_rows_often(segment, &f, &labs);
        held[i] = budget.used_bytes;
        assert_true((kept > 0) == (held[i] > 0));
        lots_segment_forget(segment); /* nothing is believed: asked, checked, and found the same */
        (void)assert_rows_often(segment, &f, &labs);
        assert_true(budget.used_bytes == held[i]);
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
    assert_true(held[0] > LITTLE && held[1] <= LITTLE && held[1] > 0 && held[2] == 0);
    lots_batch_close(&patients);
    lots_batch_close(&labs);
    fixture_close(&f);
    remove_folder(path);
}

/* Contacts that are acute or not; of the last patient it is missing. */
static void make_acute(fixture *f, lots_batch *patients, lots_batch *contacts, uint32_t count)
{
    lots_error err;
    open_batch(f, PATIENTS, patients);
    open_batch(f, CONTACTS, contacts);
    for (uint32_t p = 0; p < count; p++) {
        add_random_row(f, patients, FIRST_PATIENT + p, 10);
        for (uint32_t i = 0; i < 70; i++) {
            assert_ok(lots_batch_row_begin(contacts, FIRST_PATIENT + p, &err));
            assert_ok(lots_batch_put_int(contacts, C_START, 10000 + i, &err));
            if (p + 1 < count)
                assert_ok(lots_batch_put_int(contacts, C_ACUTE, (int64_t)below(f, 2), &err));
            assert_ok(lots_batch_row_end(contacts, &err));
        }
    }
}

/* Chunk by chunk, six times each: also that of which some are missing, and a column that isn't kept. */
static void assert_acute_often(lots_segment *segment, const fixture *f, const rows *from)
{
    uint32_t row = 0;
    assert_true(lots_segment_chunks(segment) > 2);
    for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
        for (int time = 0; time < 6; time++) {
            assert_block(segment, &f->schema, from, CONTACTS, C_ACUTE, k, row);
            assert_block(segment, &f->schema, from, CONTACTS, C_LEVEL, k, row);
        }
        row += lots_segment_chunk_rows(segment, CONTACTS, k);
    }
}

static void truths_asked_for_often_are_kept_within_the_budget(void **state)
{
    (void)state;
    enum { MUCH = 1 << 30, LITTLE = 10000 /* of a chunk */ };
    static const size_t limits[] = {MUCH, LITTLE, 1};
    lots_error err;
    fixture f;
    lots_batch patients, contacts;
    lots_segment_result result;
    size_t held[3];
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 25);
    make_acute(&f, &patients, &contacts, 3000);
    rows from = {.list = {&patients, &contacts, NULL, NULL, NULL}, .patients = 3000};
    write_rows(&f, &from, path, &result);
    for (int i = 0; i < 3; i++) {
        lots_segment *segment;
        lots_budget budget;
        lots_budget_init(&budget, limits[i]);
        assert_ok(open_file(&f, path, &segment, &err));
        lots_segment_keep(segment, &budget);
        assert_acute_often(segment, &f, &from);
        held[i] = budget.used_bytes;
        lots_segment_forget(segment);
        assert_acute_often(segment, &f, &from);
        assert_true(budget.used_bytes == held[i]);
        lots_segment_close(segment);
        assert_true(budget.used_bytes == 0);
    }
    assert_true(held[0] > LITTLE && held[1] <= LITTLE && held[1] > 0 && held[2] == 0);
    lots_batch_close(&patients);
    lots_batch_close(&contacts);
    fixture_close(&f);
    remove_folder(path);
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
