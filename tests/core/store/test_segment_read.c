/* test_segment_read.c: a segment read block by block against the rows that were written: values, missing ones, zone maps,
 * offsets, which ids a chunk holds; by many threads too. */
#include "core/base/hash.h"
#include "core/base/pool.h"
#include "core/index/bitset.h"
#include "tests/core/store/segment_fixture.h"

static unsigned taken_blocks, taken_ends, narrow_days, alone_ends, marked_blocks, grouped_blocks;

/* The days that ends are counted from; NULL: the column has no such. */
static const int32_t *starts_of(lots_segment *segment, const lots_schema *schemas, uint32_t stream, uint32_t column, uint32_t chunk, lots_arena *scratch)
{
    lots_error err;
    void *days, *missing;
    bool has_missing;
    const lots_stream *schema = &schemas->streams[stream];
    const int32_t start = lots_stream_find_role(schema, LOTS_ROLE_START);
    if (schema->columns[column].role != LOTS_ROLE_END || start < 0)
        return NULL;
    const uint32_t count = lots_segment_chunk_rows(segment, stream, chunk);
    assert_ok(lots_arena_vector(scratch, &days, count + 1u, 4, &err));
    assert_ok(lots_arena_vector(scratch, &missing, lots_bit_words(count), 8, &err));
    lots_values_out out = {.data = days, .missing = missing};
    assert_ok(lots_segment_read(segment, stream, (uint32_t)start, LOTS_PART_VALUES, chunk, &out, &has_missing, scratch, &err));
    return days;
}

/* Every fifth row taken, of a block that has been read, is what was read; `size` bytes a value. So are the first hundred of them. */
static void assert_taken(lots_segment *segment, const lots_schema *schema, uint32_t stream, uint32_t column, uint32_t chunk,
                         const void *read, const uint64_t *read_missing, size_t size, lots_arena *scratch)
{
    lots_error err;
    void *data, *missing, *list;
    bool has_missing = false, done;
    uint32_t count = 0;
    const uint32_t of = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk)->count;
    assert_ok(lots_arena_vector(scratch, &data, of / 5 + 1u, 8, &err));
    assert_ok(lots_arena_vector(scratch, &missing, lots_bit_words(of / 5 + 1u), 8, &err));
    assert_ok(lots_arena_vector(scratch, &list, of / 5 + 1u, 4, &err));
    for (uint32_t row = 0; row < of; row += 5)
        ((uint32_t *)list)[count++] = row;
    const uint32_t counts[] = {count, count < 100 ? count : 100};
    for (int i = 0; i < 2; i++) {
        lots_values_out out = {.data = data, .missing = missing, .days = starts_of(segment, schema, stream, column, chunk, scratch)};
        assert_ok(lots_segment_take(segment, stream, column, chunk, list, counts[i], &out, &has_missing, &done, scratch, &err));
        for (uint32_t k = 0; done && k < counts[i]; k++) {
            assert_memory_equal((const char *)data + k * size, (const char *)read + 5 * k * size, size);
            assert_int_equal(has_missing && lots_bit_get(missing, k), read_missing != NULL && lots_bit_get(read_missing, 5 * k));
        }
        taken_blocks += done;
        taken_ends += done && out.days != NULL;
    }
}

static void assert_block(lots_segment *segment, const lots_schema *schema, const rows *from, uint32_t stream, uint32_t column,
                         uint32_t chunk, uint32_t first_row)
{
    lots_error err;
    lots_arena scratch;
    void *data, *missing;
    bool has_missing;
    const lots_batch_column *expected = &from->list[stream]->columns[column];
    const lots_block_meta *meta = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk);
    lots_arena_init(&scratch, 0);
    assert_ok(lots_arena_vector(&scratch, &data, meta->count + 1u, 8, &err));
    assert_ok(lots_arena_vector(&scratch, &missing, lots_bit_words(meta->count), 8, &err));
    lots_values_out out = {.data = data, .missing = missing};
    assert_ok(lots_segment_read(segment, stream, column, LOTS_PART_VALUES, chunk, &out, &has_missing, &scratch, &err));
    assert_int_equal(has_missing, meta->missing > 0);
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    const lots_id *ranks = NULL;
    uint32_t ids = 0;
    if (expected->phys == LOTS_PHYS_U32)
        assert_ok(lots_segment_ranks(segment, stream, column, &ranks, &ids, &err));
    for (uint32_t i = 0; i < meta->count; i++) {
        bool gone = LOTS_AT(uint8_t, &expected->missing, first_row + i) != 0;
        assert_int_equal(has_missing && lots_bit_get(missing, i), gone);
        int64_t value = 0, wanted = 0;
        if (expected->phys == LOTS_PHYS_I32) {
            value = ((int32_t *)data)[i];
            wanted = LOTS_AT(int32_t, &expected->values, first_row + i);
        } else if (expected->phys == LOTS_PHYS_I64) {
            value = ((int64_t *)data)[i];
            wanted = LOTS_AT(int64_t, &expected->values, first_row + i);
        } else if (expected->phys == LOTS_PHYS_BITS) {
            value = lots_bit_get(data, i);
            wanted = LOTS_AT(uint8_t, &expected->values, first_row + i);
        } else if (expected->phys == LOTS_PHYS_F64) {
            value = lots_f64_key(((double *)data)[i]);
            wanted = lots_f64_key(LOTS_AT(double, &expected->values, first_row + i));
        } else if (expected->phys == LOTS_PHYS_U32) {
            value = ((uint32_t *)data)[i];
            assert_true(value < ids || gone);
        }
        if (expected->phys != LOTS_PHYS_U32)
            assert_true(value == wanted);
        if (!gone && expected->phys != LOTS_PHYS_TEXT) {
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
        }
    }
    if (least <= greatest)
        assert_true(least == meta->min && greatest == meta->max);
    else
        assert_true(meta->min == 0 && meta->max == -1);
    assert_taken(segment, schema, stream, column, chunk, data, has_missing ? missing : NULL,
                 expected->phys == LOTS_PHYS_I64 || expected->phys == LOTS_PHYS_F64 ? 8 : 4, &scratch);
    lots_arena_free(&scratch);
}

/* Every third group of the elements of lists is what was read; none is told before that was. */
static void assert_groups(lots_segment *segment, uint32_t stream, uint32_t column, uint32_t chunk)
{
    lots_error err;
    lots_arena scratch;
    void *read, *some, *bits;
    bool has_missing, before, done;
    const uint32_t count = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk)->count;
    lots_arena_init(&scratch, 0);
    assert_ok(lots_arena_vector(&scratch, &read, count + 1u, 4, &err));
    assert_ok(lots_arena_vector(&scratch, &some, count + LOTS_FRAME_GROUP, 4, &err));
    assert_ok(lots_arena_alloc(&scratch, &bits, count / LOTS_FRAME_GROUP / 64 + 1, 8, &err));
    for (uint32_t g = 1; g * LOTS_FRAME_GROUP < count; g += 3)
        lots_bit_set(bits, g);
    lots_values_out out = {.data = read};
    assert_ok(lots_segment_groups(segment, stream, column, chunk, bits, some, &before, &scratch, &err));
    assert_false(before);
    assert_ok(lots_segment_read(segment, stream, column, LOTS_PART_VALUES, chunk, &out, &has_missing, &scratch, &err));
    assert_ok(lots_segment_groups(segment, stream, column, chunk, bits, some, &done, &scratch, &err));
    for (uint32_t i = 0; done && i < count; i++)
        assert_true(i / LOTS_FRAME_GROUP % 3 != 1 || ((uint32_t *)some)[i] == ((uint32_t *)read)[i]);
    grouped_blocks += done;
    lots_arena_free(&scratch);
}

/* Days of every third patient, and of every seventh row, are those that were written, and a day's places are there; not before the
 * block was read. */
static void assert_some_days(lots_segment *segment, const rows *from, uint32_t stream, uint32_t start, uint32_t chunk, uint32_t first_row,
                             const uint32_t *offsets, uint32_t patients, bool was_read)
{
    lots_error err;
    lots_arena scratch;
    void *days, *list, *places, *bits;
    bool at = false, of = false;
    uint32_t count = 0;
    const uint32_t all = offsets[patients];
    const lots_batch_column *expected = &from->list[stream]->columns[start];
    const lots_block_meta *meta = lots_segment_meta(segment, stream, start, LOTS_PART_VALUES, chunk);
    lots_arena_init(&scratch, 0);
    assert_ok(lots_arena_vector(&scratch, &days, all + 1u, 4, &err));
    assert_ok(lots_arena_vector(&scratch, &list, all + 1u, 4, &err));
    assert_ok(lots_arena_vector(&scratch, &places, patients, 4, &err));
    assert_ok(lots_arena_alloc(&scratch, &bits, lots_bit_words(patients) + 1, 8, &err));
    for (uint32_t row = 3; row < all; row += 7)
        ((uint32_t *)list)[count++] = row;
    assert_ok(lots_segment_days_at(segment, stream, chunk, list, count, offsets, days, &at, &err));
    for (uint32_t k = 0; at && k < count; k++)
        assert_int_equal(((int32_t *)days)[k], LOTS_AT(int32_t, &expected->values, first_row + ((uint32_t *)list)[k]));
    for (uint32_t p = 0; p < patients; p += 3)
        lots_bit_set(bits, p);
    assert_ok(lots_segment_days_of(segment, stream, chunk, bits, offsets, days, &of, &err));
    for (uint32_t p = 0; of && p < patients; p += 3)
        for (uint32_t row = offsets[p]; row < offsets[p + 1]; row++)
            assert_int_equal(((int32_t *)days)[row], LOTS_AT(int32_t, &expected->values, first_row + row));
    assert_int_equal(at, of);
    if (all > 0 && meta->min < meta->max) {
        const int32_t day = (int32_t)((meta->min + meta->max + 1) / 2);
        assert_ok(lots_segment_places_of(segment, stream, chunk, bits, day, offsets, places, &of, &err));
        assert_int_equal(at, of);
        for (uint32_t p = 0; of && p < patients; p += 3) {
            uint32_t row = offsets[p];
            while (row < offsets[p + 1] && LOTS_AT(int32_t, &expected->values, first_row + row) < day)
                row++;
            assert_int_equal(((uint32_t *)places)[p], row);
        }
    }
    assert_true(was_read || !at);
    assert_true(!was_read || at || meta->missing > 0 || meta->encoding != LOTS_ENCODING_GAPS);
    marked_blocks += at;
    lots_arena_free(&scratch);
}

static void blocks_zone_maps_and_offsets_agree_with_the_rows(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment *segment;
    lots_segment_result result;
    lots_arena scratch;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 13);
    make_rows(&f, &from, 12500, 30, 500);
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &segment, &err));
    lots_arena_init(&scratch, 0);
    assert_true(lots_segment_chunks(segment) > 2);
    for (uint32_t s = 0; s < STREAMS; s++) {
        uint32_t row = 0;
        for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
            uint32_t first = lots_segment_chunk_first(segment, k), end = lots_segment_chunk_first(segment, k + 1);
            uint32_t *offsets = malloc((end - first + 1 + 16) * sizeof *offsets);
            assert_ok(lots_segment_offsets(segment, s, k, offsets, &scratch, &err));
            for (uint32_t p = 0; p < end - first; p++)
                for (uint32_t i = offsets[p]; i < offsets[p + 1]; i++)
                    assert_int_equal(LOTS_AT(lots_patient, &from.list[s]->patient, row + i), FIRST_PATIENT + first + p);
            const int32_t start = lots_stream_find_role(&f.schema.streams[s], LOTS_ROLE_START);
            if (start >= 0)
                assert_some_days(segment, &from, s, (uint32_t)start, k, row, offsets, end - first, false);
            for (uint32_t c = 0; c < from.list[s]->column_count; c++)
                if (!from.list[s]->columns[c].list)
                    assert_block(segment, &f.schema, &from, s, c, k, row);
                else
                    assert_groups(segment, s, c, k);
            if (start >= 0)
                assert_some_days(segment, &from, s, (uint32_t)start, k, row, offsets, end - first, true);
            assert_int_equal(offsets[end - first], lots_segment_chunk_rows(segment, s, k));
            row += offsets[end - first];
            free(offsets);
        }
        assert_int_equal(row, from.list[s]->rows);
    }
    assert_true(taken_blocks > 0 && taken_ends > 0 && marked_blocks > 0 && grouped_blocks > 0);
    lots_arena_free(&scratch);
    lots_segment_close(segment);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

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

/* Ranks by id, and whether a chunk holds an id, against a plain walk over the rows. */
static void chunks_know_which_ids_they_hold(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch patients, drugs;
    lots_segment *segment;
    lots_segment_result result;
    const lots_id *ranks;
    uint32_t ids, unknown = 0;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 14);
    open_batch(&f, PATIENTS, &patients);
    open_batch(&f, DRUGS, &drugs);
    for (uint32_t p = 0; p < 600; p++) {
        add_random_row(&f, &patients, FIRST_PATIENT + p, 10);
        for (uint32_t i = 0; i < 200; i++) {
            uint64_t common = below(&f, 30);
            assert_ok(lots_batch_row_begin(&drugs, FIRST_PATIENT + p, &err));
            assert_ok(lots_batch_put_int(&drugs, 0, 10000 + i, &err));
            assert_ok(lots_batch_put_int(&drugs, 2, (int64_t)(below(&f, 400) == 0 ? 30 + below(&f, 370) : common), &err));
            assert_ok(lots_batch_row_end(&drugs, &err));
        }
    }
    rows from = {.list = {&patients, NULL, NULL, &drugs, NULL}, .patients = 600};
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &segment, &err));
    assert_ok(lots_segment_ranks(segment, DRUGS, 2, &ranks, &ids, &err));
    assert_true(ids > 200);
    uint32_t row = 0;
    for (uint32_t k = 0; k < lots_segment_chunks(segment); k++) {
        bool held[400] = {false};
        for (uint32_t i = 0; i < lots_segment_chunk_rows(segment, DRUGS, k); i++, row++)
            held[lots_dictionary_rank_of_stable(f.codes)[LOTS_AT(lots_id, &drugs.columns[2].values, row)]] = true;
        for (lots_id id = 0; id < ids; id++) {
            bool has = lots_segment_chunk_has(segment, DRUGS, 2, k, id);
            assert_true(has || !held[ranks[id]]);
            unknown += has != held[ranks[id]];
        }
        assert_false(lots_segment_chunk_has(segment, DRUGS, 2, k, ids));
    }
    assert_int_equal(unknown, 0);
    lots_segment_close(segment);
    lots_batch_close(&patients);
    lots_batch_close(&drugs);
    fixture_close(&f);
    remove_folder(path);
}

/* A hundred thousand visits that end the day they start: the ends are a few bytes a chunk. */
static void ends_equal_to_starts_cost_next_to_nothing(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch patients, drugs, out;
    lots_segment *segment;
    lots_segment_result result;
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 15);
    open_batch(&f, PATIENTS, &patients);
    open_batch(&f, DRUGS, &drugs);
    add_random_row(&f, &patients, FIRST_PATIENT, 10);
    for (int64_t i = 0; i < 10000; i++) {
        assert_ok(lots_batch_row_begin(&drugs, FIRST_PATIENT, &err));
        assert_ok(lots_batch_put_int(&drugs, 0, 10000 + i / 3, &err));
        assert_ok(lots_batch_put_int(&drugs, 1, 10000 + i / 3, &err));
        assert_ok(lots_batch_row_end(&drugs, &err));
    }
    rows from = {.list = {&patients, NULL, NULL, &drugs, NULL}, .patients = 1};
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &segment, &err));
    const lots_block_meta *meta = lots_segment_meta(segment, DRUGS, 1, LOTS_PART_VALUES, 0);
    assert_true(meta->bytes <= 16);
    assert_true(meta->min == 10000 && meta->max == 10000 + 9999 / 3);
    assert_ok(lots_segment_export(segment, DRUGS, FIRST_PATIENT, &out, &err));
    assert_same_batch(&out, &drugs);
    lots_batch_close(&out);
    lots_segment_close(segment);
    lots_batch_close(&patients);
    lots_batch_close(&drugs);
    fixture_close(&f);
    remove_folder(path);
}

/* ---- threads ---- */

typedef struct reading {
    fixture *f;
    lots_segment *segment;
    uint64_t hashes[16];
} reading;

/* A hash of every stream as this task reads it, and of what chunks hold. */
static lots_status read_all(void *context, size_t task, unsigned worker, lots_error *err)
{
    (void)worker;
    reading *all = context;
    uint64_t hash = 0;
    for (uint32_t s = 0; s < STREAMS; s++) {
        lots_batch out;
        lots_bytes image = {0};
        LOTS_TRY(lots_segment_export(all->segment, s, FIRST_PATIENT, &out, err));
        LOTS_TRY(lots_batch_spill(&out, &image, err));
        hash = lots_hash(image.data, image.count, hash);
        lots_bytes_free(&image);
        lots_batch_close(&out);
    }
    for (uint32_t k = 0; k < lots_segment_chunks(all->segment); k++)
        for (lots_id id = 0; id < 300; id++)
            hash = hash * 3 + lots_segment_chunk_has(all->segment, CONTACTS, C_DX, k, id);
    all->hashes[task] = hash;
    return LOTS_OK;
}

static void many_threads_read_one_segment_alike(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    rows from;
    lots_segment_result result;
    lots_pool *pool;
    lots_budget budget;
    reading all = {.f = &f};
    char path[600];
    path_in(path, "1.seg");
    fixture_open(&f, 19);
    make_rows(&f, &from, 2000, 20, 500);
    write_rows(&f, &from, path, &result);
    assert_ok(open_file(&f, path, &all.segment, &err));
    lots_budget_init(&budget, 1 << 30);
    lots_segment_keep(all.segment, &budget);
    assert_ok(lots_pool_open(&pool, 4, &err));
    assert_ok(lots_pool_run(pool, 16, read_all, &all, NULL, &err)); /* often enough that they keep days, several at once */
    assert_true(budget.used_bytes > 0);
    for (int i = 1; i < 16; i++)
        assert_true(all.hashes[i] == all.hashes[0]);
    lots_pool_close(pool);
    lots_segment_close(all.segment);
    free_rows(&from);
    fixture_close(&f);
    remove_folder(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_zone_maps_and_offsets_agree_with_the_rows),
        cmocka_unit_test(days_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(offsets_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(numbers_taken_often_are_kept_within_the_budget),
        cmocka_unit_test(ends_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(rows_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(truths_asked_for_often_are_kept_within_the_budget),
        cmocka_unit_test(chunks_know_which_ids_they_hold),
        cmocka_unit_test(ends_equal_to_starts_cost_next_to_nothing),
        cmocka_unit_test(many_threads_read_one_segment_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
