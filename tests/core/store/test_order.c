#include "tests/core/store/store_fixture.h"

/* The oracle writes each row as bytes whose plain byte order is the total order, and settles by loops over all pairs. */

typedef struct oracle_row {
    lots_bytes order;   /* what decides the place */
    lots_bytes content; /* every column but ghost */
    uint32_t row, delivery;
    bool dropped;
} oracle_row;

static void put_be(lots_bytes *out, uint64_t value, unsigned bytes)
{
    lots_error err;
    while (bytes-- > 0)
        assert_ok(lots_bytes_put8(out, (uint8_t)(value >> (8 * bytes)), &err));
}

static void put_flipped(lots_bytes *out, int64_t value) { put_be(out, (uint64_t)value ^ UINT64_C(1) << 63, 8); }

static void put_text_key(lots_bytes *out, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        put_be(out, 1, 1);
        put_be(out, (uint8_t)text[i], 1);
    }
    put_be(out, 0, 1);
}

static bool is_missing(const lots_batch *batch, uint32_t column, uint32_t row)
{
    return LOTS_AT(uint8_t, &batch->columns[column].missing, row) != 0;
}

static uint32_t rank_in(const lots_dictionary *dictionary, lots_id stable)
{
    for (uint32_t rank = 0;; rank++)
        if (lots_dictionary_stable_of_rank(dictionary)[rank] == stable)
            return rank;
}

/* One column: 0 and a value, or 1 for missing. */
static void put_column(const fixture *f, const lots_batch *batch, uint32_t column, uint32_t row, lots_bytes *out)
{
    const lots_batch_column *from = &batch->columns[column];
    const lots_dictionary *dictionary = dictionary_of(f, &batch->schema[column]);
    put_be(out, is_missing(batch, column, row), 1);
    if (is_missing(batch, column, row))
        return;
    switch (batch->schema[column].kind) {
    case LOTS_KIND_BOOL:
        put_be(out, LOTS_AT(uint8_t, &from->values, row), 1);
        break;
    case LOTS_KIND_DATE:
        put_flipped(out, LOTS_AT(int32_t, &from->values, row));
        break;
    case LOTS_KIND_INT:
    case LOTS_KIND_DECIMAL:
        put_flipped(out, LOTS_AT(int64_t, &from->values, row));
        break;
    case LOTS_KIND_FLOAT: {
        double value = LOTS_AT(double, &from->values, row);
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        put_be(out, bits >> 63 ? ~bits : bits | UINT64_C(1) << 63, 8);
        break;
    }
    case LOTS_KIND_CATEGORY:
    case LOTS_KIND_CODE:
        put_be(out, rank_in(dictionary, LOTS_AT(lots_id, &from->values, row)), 4);
        break;
    case LOTS_KIND_TEXT: {
        uint32_t first = LOTS_AT(uint32_t, &from->offsets, row), end = LOTS_AT(uint32_t, &from->offsets, row + 1);
        put_text_key(out, (const char *)from->values.data + first, end - first);
        break;
    }
    case LOTS_KIND_CODES:
        for (uint32_t i = LOTS_AT(uint32_t, &from->offsets, row); i < LOTS_AT(uint32_t, &from->offsets, row + 1); i++) {
            put_be(out, 1, 1);
            put_be(out, rank_in(dictionary, LOTS_AT(lots_id, &from->values, i)), 4);
        }
        put_be(out, 0, 1);
        break;
    case LOTS_KIND_COUNT:
        break;
    }
}

/* The fixture's levels: emergency 1, primary and specialist 2, inpatient 3, then by text: municipal, other. */
static void put_level_place(const fixture *f, const lots_batch *batch, uint32_t row, lots_bytes *out)
{
    static const char *const names[] = {"emergency", "primary", "specialist", "inpatient", "municipal", "other"};
    static const uint8_t places[] = {1, 2, 2, 3, 4, 5};
    if (is_missing(batch, C_LEVEL, row)) {
        put_be(out, 99, 1);
        return;
    }
    size_t bytes;
    const char *key = lots_dictionary_key(f->domains[LEVEL],
                                          rank_in(f->domains[LEVEL], LOTS_AT(lots_id, &batch->columns[C_LEVEL].values, row)),
                                          &bytes);
    for (size_t i = 0; i < 6; i++)
        if (strlen(names[i]) == bytes && memcmp(names[i], key, bytes) == 0)
            put_be(out, places[i], 1);
}

/* Undated: whole numbers before other keys, by value. The fixture's keys have no leading zeros. */
static void put_numeric_key(const lots_batch *batch, uint32_t row, lots_bytes *out)
{
    put_be(out, is_missing(batch, 0, row), 1);
    if (is_missing(batch, 0, row))
        return;
    uint32_t first = LOTS_AT(uint32_t, &batch->columns[0].offsets, row);
    uint32_t bytes = LOTS_AT(uint32_t, &batch->columns[0].offsets, row + 1) - first;
    const char *text = (const char *)batch->columns[0].values.data + first;
    bool number = bytes > 0;
    for (uint32_t i = 0; i < bytes; i++)
        number = number && text[i] >= '0' && text[i] <= '9';
    put_be(out, !number, 1);
    if (number)
        put_be(out, bytes, 1);
    put_text_key(out, text, bytes);
}

static void describe(const fixture *f, int stream, const lots_batch *batch, uint32_t row, oracle_row *out)
{
    put_be(&out->order, LOTS_AT(lots_patient, &batch->patient, row), 4);
    if (stream == CONTACTS) {
        put_column(f, batch, C_START, row, &out->order);
        put_column(f, batch, C_MINUTE, row, &out->order);
        put_level_place(f, batch, row, &out->order);
        put_column(f, batch, C_END, row, &out->order);
        put_column(f, batch, C_ID, row, &out->order);
    } else if (stream == LABS) {
        put_numeric_key(batch, row, &out->order);
    } else {
        put_column(f, batch, 0, row, &out->order);
        put_column(f, batch, 1, row, &out->order);
    }
    for (uint32_t c = 0; c < batch->column_count; c++)
        if (batch->schema[c].role != LOTS_ROLE_GHOST)
            put_column(f, batch, c, row, &out->content);
    lots_error err;
    assert_ok(lots_bytes_append(&out->order, out->content.data, out->content.count, &err));
    out->row = row;
}

static int compare_bytes(const lots_bytes *a, const lots_bytes *b)
{
    size_t shared = a->count < b->count ? a->count : b->count;
    int sign = memcmp(a->data, b->data, shared);
    return sign != 0 ? sign : (a->count > b->count) - (a->count < b->count);
}

static int compare_rows(const void *a, const void *b)
{
    return compare_bytes(&((const oracle_row *)a)->order, &((const oracle_row *)b)->order);
}

static bool keyed_alike(const lots_batch *batch, int32_t key, uint32_t a, uint32_t b)
{
    if (key < 0 || LOTS_AT(lots_patient, &batch->patient, a) != LOTS_AT(lots_patient, &batch->patient, b) ||
        is_missing(batch, (uint32_t)key, a) || is_missing(batch, (uint32_t)key, b))
        return false;
    const lots_batch_column *keys = &batch->columns[key];
    uint32_t at = LOTS_AT(uint32_t, &keys->offsets, a), to = LOTS_AT(uint32_t, &keys->offsets, b);
    uint32_t bytes = LOTS_AT(uint32_t, &keys->offsets, a + 1) - at;
    return bytes == LOTS_AT(uint32_t, &keys->offsets, b + 1) - to &&
           memcmp((char *)keys->values.data + at, (char *)keys->values.data + to, bytes) == 0;
}

static bool beats(const oracle_row *a, const oracle_row *b)
{
    if (a->delivery != b->delivery)
        return a->delivery > b->delivery;
    return compare_bytes(&a->content, &b->content) > 0;
}

/* Among rows of one key on one side (before: delivery 0; fresh: above), how many and how many contents. */
static void count_side(const lots_batch *batch, int32_t key, const oracle_row *rows, uint32_t count, uint32_t of, bool fresh,
                       uint64_t *total, uint64_t *contents, const oracle_row **best)
{
    *total = *contents = 0;
    *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if ((rows[i].delivery > 0) != fresh || !(i == of || keyed_alike(batch, key, rows[of].row, rows[i].row)))
            continue;
        bool first = true;
        for (uint32_t j = 0; j < i; j++)
            if ((rows[j].delivery > 0) == fresh && (j == of || keyed_alike(batch, key, rows[of].row, rows[j].row)) &&
                compare_bytes(&rows[i].content, &rows[j].content) == 0)
                first = false;
        ++*total;
        *contents += first;
        if (*best == NULL || beats(&rows[i], *best))
            *best = &rows[i];
    }
}

static void settle_naively(const lots_batch *batch, int32_t key, oracle_row *rows, uint32_t count,
                           lots_settle_counts *counts)
{
    for (uint32_t i = 0; i < count; i++) {
        bool met = false, alone = true;
        for (uint32_t j = 0; j < count; j++) {
            alone = alone && (i == j || !keyed_alike(batch, key, rows[i].row, rows[j].row));
            met = met || (j < i && keyed_alike(batch, key, rows[i].row, rows[j].row));
        }
        bool keyless = key < 0 || is_missing(batch, (uint32_t)key, rows[i].row);
        if (alone) {
            counts->added += rows[i].delivery > 0;
            counts->identical += keyless && i > 0 && compare_bytes(&rows[i].order, &rows[i - 1].order) == 0;
        }
        if (alone || met)
            continue;
        uint64_t before, before_contents, fresh, fresh_contents;
        const oracle_row *old, *new;
        count_side(batch, key, rows, count, i, false, &before, &before_contents, &old);
        count_side(batch, key, rows, count, i, true, &fresh, &fresh_contents, &new);
        const oracle_row *winner = new != NULL ? new : old;
        counts->duplicates += before - before_contents + fresh - fresh_contents;
        counts->conflicts += (before > 0 ? before_contents - 1 : 0) + (fresh > 0 ? fresh_contents - 1 : 0);
        if (new != NULL && old == NULL)
            counts->added++;
        else if (new != NULL && compare_bytes(&old->content, &new->content) == 0)
            counts->same++;
        else if (new != NULL)
            counts->changed++;
        for (uint32_t j = 0; j < count; j++)
            if (&rows[j] != winner && (j == i || keyed_alike(batch, key, rows[i].row, rows[j].row)))
                rows[j].dropped = true;
    }
}

/* Content of every row that is left, in order, must be that of `out`. */
static void assert_rows(const fixture *f, int stream, const lots_batch *out, const oracle_row *rows, uint32_t count)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].dropped)
            continue;
        oracle_row got = {0};
        assert_true(at < out->rows);
        describe(f, stream, out, at++, &got);
        if (compare_bytes(&got.order, &rows[i].order) != 0)
            fail_msg("row %u of stream %d is not in its place", at - 1, stream);
        lots_bytes_free(&got.order);
        lots_bytes_free(&got.content);
    }
    assert_int_equal(at, out->rows);
}

static void assert_counts(const lots_settle_counts *a, const lots_settle_counts *b)
{
    assert_int_equal(a->duplicates, b->duplicates);
    assert_int_equal(a->conflicts, b->conflicts);
    assert_int_equal(a->identical, b->identical);
    assert_int_equal(a->added, b->added);
    assert_int_equal(a->changed, b->changed);
    assert_int_equal(a->same, b->same);
}

static void settle_with(const fixture *f, int stream, const lots_batch *batch, const uint32_t *delivery, lots_batch *out,
                        lots_settle_counts *counts)
{
    lots_error err;
    const lots_dictionary *domains[LOTS_COLUMNS_MAX];
    find_domains(f, stream, domains);
    lots_order_context context = {.stream = &f->schema.streams[stream], .codes = f->codes, .domains = domains,
                                  .covered_until = LOTS_DAY_MAX};
    assert_ok(lots_order_settle(&context, batch, delivery, out, counts, &err));
}

static void compare_with_oracle(int stream, uint64_t seed, uint32_t count, uint32_t patients, uint64_t spread,
                                uint32_t deliveries)
{
    fixture f;
    lots_batch batch, out, pool;
    lots_settle_counts counts, expected = {0};
    fixture_open(&f, seed);
    open_batch(&f, stream, &batch);
    open_batch(&f, stream, &pool);
    oracle_row *rows = calloc(count + 1, sizeof *rows);
    uint32_t *delivery = calloc(count + 1, sizeof *delivery);
    for (uint32_t i = 0; i < count; i++) {
        lots_error err;
        lots_patient patient = (lots_patient)(5 + below(&f, patients));
        if (i == 0 || below(&f, 4) > 0)
            add_random_row(&f, &pool, patient, spread);
        assert_ok(lots_batch_append_rows(&batch, &pool, (uint32_t)below(&f, pool.rows), 1, &err));
        LOTS_AT(lots_patient, &batch.patient, i) = patient;
        delivery[i] = (uint32_t)below(&f, deliveries);
    }
    for (uint32_t i = 0; i < count; i++) {
        describe(&f, stream, &batch, i, &rows[i]);
        rows[i].delivery = delivery[i];
    }
    qsort(rows, count, sizeof *rows, compare_rows);
    settle_naively(&batch, lots_stream_find_role(&f.schema.streams[stream], LOTS_ROLE_KEY), rows, count, &expected);
    settle_with(&f, stream, &batch, deliveries > 1 ? delivery : NULL, &out, &counts);
    assert_rows(&f, stream, &out, rows, count);
    assert_counts(&counts, &expected);
    assert_int_equal(batch.rows, out.rows + counts.duplicates + counts.conflicts + counts.changed + counts.same);
    for (uint32_t i = 0; i < count; i++) {
        lots_bytes_free(&rows[i].order);
        lots_bytes_free(&rows[i].content);
    }
    free(rows);
    free(delivery);
    lots_batch_close(&pool);
    lots_batch_close(&batch);
    lots_batch_close(&out);
    fixture_close(&f);
}

static void rows_are_settled_as_by_comparing_all_pairs(void **state)
{
    (void)state;
    static const int streams[] = {CONTACTS, LABS, DRUGS};
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (size_t s = 0; s < 3; s++)
            for (uint32_t deliveries = 1; deliveries <= 3; deliveries++) {
                compare_with_oracle(streams[s], seed, 150, 10, 3, deliveries);
                compare_with_oracle(streams[s], seed + 100, 120, 1, 40, deliveries);
                compare_with_oracle(streams[s], seed + 200, 90, 1000000, 2, deliveries);
                compare_with_oracle(streams[s], seed + 300, 2, 2, 2, deliveries);
                compare_with_oracle(streams[s], seed + 400, 0, 2, 2, deliveries);
            }
}

/* Rows as they come, then the same rows in order but for some neighbours. */
static void settling_rows_in_their_own_memory_is_as_settling_a_copy(void **state)
{
    (void)state;
    static const int streams[] = {CONTACTS, LABS, DRUGS};
    for (uint32_t round = 0; round < 12; round++) {
        fixture f;
        lots_error err;
        lots_batch batch, first, mixed, copied, taken;
        lots_settle_counts counts, same;
        uint32_t order[200];
        int stream = streams[round % 3];
        fixture_open(&f, 700 + round);
        open_batch(&f, stream, &batch);
        for (uint32_t i = 0; i < 200; i++)
            add_random_row(&f, &batch, (lots_patient)below(&f, 12), 30);
        settle_with(&f, stream, &batch, NULL, &first, &counts);
        for (uint32_t i = 0; i < first.rows; i++)
            order[i] = round > 5 && i % 16 == 7 && i + 1 < first.rows ? i + 1 : round > 5 && i % 16 == 8 ? i - 1 : i;
        assert_ok(lots_batch_permute(round < 3 ? &batch : &first, order, first.rows, &mixed, &err));
        settle_with(&f, stream, &mixed, NULL, &copied, &counts);
        const lots_dictionary *domains[LOTS_COLUMNS_MAX];
        find_domains(&f, stream, domains);
        const lots_order_context context = {.stream = &f.schema.streams[stream], .codes = f.codes, .domains = domains,
                                            .covered_until = LOTS_DAY_MAX};
        assert_ok(lots_order_settle_taking(&context, &mixed, NULL, &taken, &same, &err));
        assert_int_equal(mixed.rows, 0);
        assert_counts(&counts, &same);
        assert_same_batch(&taken, &copied);
        lots_batch_close(&batch);
        lots_batch_close(&first);
        lots_batch_close(&mixed);
        lots_batch_close(&copied);
        lots_batch_close(&taken);
        fixture_close(&f);
    }
}

/* Values so far apart that no key of 64 bits holds them all. */
static void fields_too_wide_for_the_key_still_order(void **state)
{
    (void)state;
    fixture f;
    lots_batch batch, out;
    lots_settle_counts counts;
    lots_error err;
    enum { COUNT = 200 };
    oracle_row rows[COUNT] = {0};
    fixture_open(&f, 31);
    open_batch(&f, CONTACTS, &batch);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_ok(lots_batch_row_begin(&batch, below(&f, 2) ? 0 : UINT32_MAX - 1, &err));
        assert_ok(lots_batch_put_int(&batch, C_START, below(&f, 2) ? INT32_MIN : INT32_MAX - (int64_t)below(&f, 2), &err));
        assert_ok(lots_batch_put_int(&batch, C_MINUTE, below(&f, 2) ? INT64_MIN : INT64_MAX - (int64_t)below(&f, 3), &err));
        if (below(&f, 2))
            assert_ok(lots_batch_put_int(&batch, C_END, (int64_t)below(&f, 3), &err));
        assert_ok(lots_batch_row_end(&batch, &err));
    }
    for (uint32_t i = 0; i < COUNT; i++)
        describe(&f, CONTACTS, &batch, i, &rows[i]);
    qsort(rows, COUNT, sizeof *rows, compare_rows);
    settle_with(&f, CONTACTS, &batch, NULL, &out, &counts);
    assert_rows(&f, CONTACTS, &out, rows, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        lots_bytes_free(&rows[i].order);
        lots_bytes_free(&rows[i].content);
    }
    lots_batch_close(&batch);
    lots_batch_close(&out);
    fixture_close(&f);
}

static void the_order_of_input_does_not_matter(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, mixed, out[2];
    lots_settle_counts counts[2];
    fixture_open(&f, 41);
    open_batch(&f, CONTACTS, &batch);
    for (uint32_t i = 0; i < 3000; i++)
        add_random_row(&f, &batch, (lots_patient)below(&f, 40), 3);
    uint32_t *order = shuffled(&f, batch.rows);
    assert_ok(lots_batch_permute(&batch, order, batch.rows, &mixed, &err));
    settle_with(&f, CONTACTS, &batch, NULL, &out[0], &counts[0]);
    settle_with(&f, CONTACTS, &mixed, NULL, &out[1], &counts[1]);
    assert_same_batch(&out[0], &out[1]);
    assert_counts(&counts[0], &counts[1]);
    free(order);
    lots_batch_close(&batch);
    lots_batch_close(&mixed);
    lots_batch_close(&out[0]);
    lots_batch_close(&out[1]);
    fixture_close(&f);
}

static void settling_twice_changes_nothing(void **state)
{
    (void)state;
    fixture f;
    lots_batch batch, once, twice;
    lots_settle_counts counts;
    fixture_open(&f, 42);
    open_batch(&f, CONTACTS, &batch);
    for (uint32_t i = 0; i < 2000; i++)
        add_random_row(&f, &batch, (lots_patient)below(&f, 300), 20);
    settle_with(&f, CONTACTS, &batch, NULL, &once, &counts);
    settle_with(&f, CONTACTS, &once, NULL, &twice, &counts);
    assert_same_batch(&once, &twice);
    assert_int_equal(counts.duplicates + counts.conflicts, 0);
    lots_batch_close(&batch);
    lots_batch_close(&once);
    lots_batch_close(&twice);
    fixture_close(&f);
}

/* ---- keys of undated streams ---- */

static void undated_keys_that_are_numbers_order_as_numbers(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, out;
    lots_settle_counts counts;
    static const char *const keys[] = {"10", "9", "x", "007", "7", "0", "00", "", "123456789012345678901", "9a", "08"};
    static const char *const expected[] = {"0", "00", "007", "7", "08", "9", "10", "123456789012345678901", "", "9a", "x"};
    enum { COUNT = sizeof keys / sizeof *keys };
    fixture_open(&f, 43);
    open_batch(&f, LABS, &batch);
    for (size_t i = 0; i < COUNT; i++) {
        assert_ok(lots_batch_row_begin(&batch, 0, &err));
        assert_ok(lots_batch_put_text(&batch, 0, keys[i], strlen(keys[i]), &err));
        assert_ok(lots_batch_row_end(&batch, &err));
    }
    settle_with(&f, LABS, &batch, NULL, &out, &counts);
    assert_int_equal(out.rows, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t first = LOTS_AT(uint32_t, &out.columns[0].offsets, i);
        assert_int_equal(LOTS_AT(uint32_t, &out.columns[0].offsets, i + 1) - first, strlen(expected[i]));
        assert_same_bytes((const char *)out.columns[0].values.data + first, expected[i], strlen(expected[i]));
    }
    lots_batch_close(&batch);
    lots_batch_close(&out);
    fixture_close(&f);
}

static void an_id_no_dictionary_has_is_refused(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    lots_batch batch, out;
    lots_settle_counts counts;
    const lots_dictionary *domains[LOTS_COLUMNS_MAX];
    fixture_open(&f, 46);
    open_batch(&f, CONTACTS, &batch);
    assert_ok(lots_batch_row_begin(&batch, 0, &err));
    assert_ok(lots_batch_put_int(&batch, C_UNIT, 300, &err));
    assert_ok(lots_batch_row_end(&batch, &err));
    find_domains(&f, CONTACTS, domains);
    lots_order_context context = {.stream = &f.schema.streams[CONTACTS], .codes = f.codes, .domains = domains,
                                  .covered_until = LOTS_DAY_MAX};
    assert_status(LOTS_INTERNAL, lots_order_settle(&context, &batch, NULL, &out, &counts, &err));
    assert_contains(err.text, "unit");
    lots_batch_close(&batch);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_settled_as_by_comparing_all_pairs),
        cmocka_unit_test(settling_rows_in_their_own_memory_is_as_settling_a_copy),
        cmocka_unit_test(fields_too_wide_for_the_key_still_order),
        cmocka_unit_test(the_order_of_input_does_not_matter),
        cmocka_unit_test(settling_twice_changes_nothing),
        cmocka_unit_test(undated_keys_that_are_numbers_order_as_numbers),
        cmocka_unit_test(an_id_no_dictionary_has_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
