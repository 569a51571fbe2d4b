/* Rows that a pass keeps, of chunks that come in any order by any worker: whole columns in the order of the chunks. */
#include <stdio.h>
#include <string.h>

#include "query/exec/gathered.h"
#include "query/exec/worker.h"
#include "tests/support/lots_test.h"

enum { CHUNKS = 40, WORKERS = 3, SLOTS = 6, PATIENTS = 300 };

static const lots_type_kind KINDS[SLOTS] = {LOTS_TYPE_INT, LOTS_TYPE_DATE, LOTS_TYPE_BOOL, LOTS_TYPE_INTERVAL, LOTS_TYPE_CATEGORY,
                                              LOTS_TYPE_TEXT};

/* Few in the first chunks, so that what is laid has to grow; now and then none. */
static uint32_t rows_of(uint32_t chunk) { return chunk % 7 == 5 ? 0 : chunk < 3 ? 1 + chunk : 70 + 5 * chunk; }

static int64_t number_of(uint32_t chunk, uint32_t row) { return (int64_t)chunk * 1000 + row; }

static bool is_missing(uint32_t chunk, uint32_t row) { return chunk % 3 == 1 && row % 4 == 2; }

static void make_slot(lots_arena *arena, lots_type_kind kind, uint32_t chunk, lots_vector *out)
{
    lots_error err;
    const uint32_t count = rows_of(chunk);
    if (kind == LOTS_TYPE_CATEGORY) { /* the same in a chunk's rows */
        assert_ok(lots_vector_new(arena, &(lots_type){.kind = kind}, 1, out, &err));
        ((uint32_t *)out->data)[0] = chunk;
        out->count = count;
        out->constant = true;
        return;
    }
    assert_ok(lots_vector_new(arena, &(lots_type){.kind = kind}, count, out, &err));
    if (chunk % 3 == 1)
        assert_ok(lots_vector_want_missing(arena, out, &err));
    for (uint32_t i = 0; i < count; i++) {
        const int64_t number = number_of(chunk, i);
        char *text = NULL;
        if (is_missing(chunk, i))
            lots_bit_set(out->missing, i);
        if (kind == LOTS_TYPE_INT)
            ((int64_t *)out->data)[i] = number << 30;
        if (kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_INTERVAL)
            ((int32_t *)out->data)[i] = (int32_t)number;
        if (kind == LOTS_TYPE_INTERVAL)
            out->data2[i] = (int32_t)number + 7;
        if (kind == LOTS_TYPE_BOOL && number % 3 == 0)
            lots_bit_set(out->data, i);
        if (kind != LOTS_TYPE_TEXT)
            continue;
        assert_ok(lots_arena_printf(arena, &text, &err, "%lld", (long long)number));
        ((lots_text *)out->data)[i] = (lots_text){text, (uint32_t)strlen(text)};
    }
}

static void gather_chunk(lots_gather *gather, lots_worker *worker, unsigned number, uint32_t chunk, uint32_t slots)
{
    lots_error err;
    lots_vector made[SLOTS];
    uint32_t patient[PATIENTS], ordinal[PATIENTS];
    lots_arena_reset(&worker->depths[0].arena);
    worker->first_patient = chunk * PATIENTS;
    for (uint32_t i = 0; i < slots; i++)
        make_slot(&worker->depths[0].arena, KINDS[i], chunk, &made[i]);
    for (uint32_t i = 0; i < rows_of(chunk); i++) {
        patient[i] = i;
        ordinal[i] = 2 * i;
    }
    const lots_instance rows = {.count = rows_of(chunk), .slots = made, .slot_count = slots, .ordinal = ordinal};
    assert_ok(lots_gather_chunk(gather, number, chunk, worker, &rows, patient, true, &err));
}

static void check_value(const lots_vector *values, lots_type_kind kind, uint32_t at, uint32_t chunk, uint32_t row)
{
    const int64_t number = number_of(chunk, row);
    char text[32];
    if (kind == LOTS_TYPE_CATEGORY) {
        assert_false(values->constant);
        assert_int_equal(((const uint32_t *)values->data)[at], chunk);
        return;
    }
    assert_int_equal(lots_vector_is_missing(values, at), is_missing(chunk, row));
    if (kind == LOTS_TYPE_INT)
        assert_true(((const int64_t *)values->data)[at] == number << 30);
    if (kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_INTERVAL)
        assert_int_equal(((const int32_t *)values->data)[at], number);
    if (kind == LOTS_TYPE_INTERVAL)
        assert_int_equal(values->data2[at], number + 7);
    if (kind == LOTS_TYPE_BOOL)
        assert_int_equal(lots_bit_get(values->data, at), number % 3 == 0);
    if (kind != LOTS_TYPE_TEXT)
        return;
    snprintf(text, sizeof text, "%lld", (long long)number);
    assert_int_equal(((const lots_text *)values->data)[at].bytes, strlen(text));
    assert_memory_equal(((const lots_text *)values->data)[at].text, text, strlen(text));
}

static void check_all(const lots_gathered *rows, uint32_t slots)
{
    uint32_t at = 0;
    for (uint32_t chunk = 0; chunk < CHUNKS; chunk++)
        for (uint32_t row = 0; row < rows_of(chunk); row++, at++) {
            assert_int_equal(rows->patient[at], chunk * PATIENTS + row);
            assert_int_equal(rows->relation_row[at], row);
            assert_int_equal(rows->position[at], 2 * row);
            for (uint32_t i = 0; i < slots; i++)
                check_value(&rows->values[i], KINDS[i], at, chunk, row);
        }
    assert_int_equal(rows->count, at);
    for (uint32_t i = 0; i < slots; i++)
        assert_int_equal(rows->values[i].count, at);
}

/* Chunks in their order of arrival, each `ahead` others before it is done. */
static void gather_all(uint32_t slots, const uint32_t *order, uint32_t ahead)
{
    lots_error err;
    lots_depth depths[WORKERS] = {0};
    lots_worker workers[WORKERS];
    lots_kept kept[SLOTS];
    lots_budget budget;
    lots_gather gather;
    lots_gathered rows;
    lots_budget_init(&budget, 0);
    for (unsigned w = 0; w < WORKERS; w++) {
        lots_arena_init(&depths[w].arena, 0);
        workers[w] = (lots_worker){.kernels = lots_kernels_get(), .depths = &depths[w]};
    }
    for (uint32_t i = 0; i < slots; i++)
        kept[i] = (lots_kept){.slot = i, .kind = KINDS[i]};
    assert_ok(lots_gather_open(&gather, kept, slots, WORKERS, CHUNKS, &budget, &err));
    for (uint32_t i = 0; i < CHUNKS + ahead; i++) {
        if (i < CHUNKS)
            gather_chunk(&gather, &workers[order[i] % WORKERS], order[i] % WORKERS, order[i], slots);
        if (i >= ahead)
            assert_ok(lots_gather_done(&gather, order[i - ahead] % WORKERS, order[i - ahead], &err));
    }
    assert_ok(lots_gather_finish(&gather, NULL, &rows, &err));
    check_all(&rows, slots);
    lots_gathered_close(&rows);
    lots_gather_close(&gather);
    for (unsigned w = 0; w < WORKERS; w++)
        lots_arena_free(&depths[w].arena);
}

static void fill_order(uint32_t *order, uint32_t step)
{
    for (uint32_t i = 0; i < CHUNKS; i++)
        order[i] = i * step % CHUNKS;
}

static void chunks_come_in_order(void **state)
{
    (void)state;
    uint32_t order[CHUNKS];
    fill_order(order, 1);
    gather_all(SLOTS - 1, order, 0);
    gather_all(SLOTS - 1, order, 2);
}

static void chunks_come_in_any_order(void **state)
{
    (void)state;
    uint32_t order[CHUNKS];
    for (uint32_t i = 0; i < CHUNKS; i++)
        order[i] = i % 4 == 0 && i + 3 < CHUNKS ? i + 3 : i % 4 == 3 ? i - 3 : i;
    gather_all(SLOTS - 1, order, 0);
    fill_order(order, 17);
    gather_all(SLOTS - 1, order, 0);
    fill_order(order, CHUNKS - 1);
    gather_all(SLOTS - 1, order, 0);
}

static void texts_are_laid_out_at_the_end(void **state)
{
    (void)state;
    uint32_t order[CHUNKS];
    fill_order(order, 1);
    gather_all(SLOTS, order, 0);
    fill_order(order, 17);
    gather_all(SLOTS, order, 1);
}

/* A chunk's rows of one number each, by a worker of one number for each of `depths`. */
static void keep_numbers(lots_gather *gather, lots_depth *depths, unsigned number, uint32_t chunk, uint32_t count)
{
    lots_error err;
    lots_vector values;
    uint32_t *patient = NULL;
    lots_worker worker = {.kernels = lots_kernels_get(), .depths = &depths[number]};
    lots_arena *arena = &depths[number].arena;
    lots_arena_reset(arena);
    assert_ok(lots_vector_new(arena, &(lots_type){.kind = LOTS_TYPE_INT}, count, &values, &err));
    assert_ok(lots_new_u32(arena, count, &patient, &err));
    for (uint32_t i = 0; i < count; i++)
        ((int64_t *)values.data)[i] = number_of(chunk, patient[i] = i);
    const lots_instance rows = {.count = count, .slots = &values, .slot_count = 1};
    assert_ok(lots_gather_chunk(gather, number, chunk, &worker, &rows, patient, true, &err));
}

/* As many rows in the first `some` chunks each, and none in the others. Gives the most memory there was. */
static size_t gather_under(size_t limit_bytes, uint32_t some, uint32_t count)
{
    lots_error err;
    lots_depth depth = {0};
    const lots_kept kept = {.kind = LOTS_TYPE_INT};
    lots_budget budget;
    lots_gather gather;
    lots_gathered rows;
    lots_budget_init(&budget, limit_bytes);
    lots_arena_init(&depth.arena, 0);
    assert_ok(lots_gather_open(&gather, &kept, 1, 1, CHUNKS, &budget, &err));
    for (uint32_t chunk = 0; chunk < CHUNKS; chunk++) {
        keep_numbers(&gather, &depth, 0, chunk, chunk < some ? count : 0);
        assert_ok(lots_gather_done(&gather, 0, chunk, &err));
    }
    assert_ok(lots_gather_finish(&gather, NULL, &rows, &err));
    assert_int_equal(rows.count, some * count);
    for (uint32_t i = 0; i < rows.count; i++)
        assert_int_equal(((const int64_t *)rows.values[0].data)[i], number_of(i / count, i % count));
    lots_gathered_close(&rows);
    lots_gather_close(&gather);
    lots_arena_free(&depth.arena);
    return budget.peak_bytes;
}

/* A row takes 16 bytes. */
static void rows_of_the_first_chunks_alone_leave_room_under_a_limit(void **state)
{
    (void)state;
    const size_t limit = (size_t)8 << 20;
    assert_true(gather_under(limit, 1, 50000) < limit / 2); /* 800,000 bytes, not 40 times as many */
    assert_true(gather_under(limit, 4, 12500) < limit / 2);
    assert_true(gather_under(limit, 7, 10000) < limit);
    assert_true(gather_under(limit, CHUNKS, 6000) <= limit); /* nearly half of it */
    assert_true(gather_under(0, CHUNKS, 6000) < CHUNKS * 6000 * 17 + (1 << 20)); /* without one nothing moves */
}

/* Another worker may still be at a chunk, whose rows are not to be laid where there is none for them. */
static void room_that_could_not_be_had_is_not_there(void **state)
{
    enum { FEW = 10, MANY = 100000 };
    lots_error err;
    lots_depth depths[2] = {0};
    const lots_kept kept = {.kind = LOTS_TYPE_INT};
    lots_budget budget;
    lots_gather gather;
    (void)state;
    lots_budget_init(&budget, (size_t)5 << 19); /* of MANY rows 1,600,000 bytes twice are too many */
    for (int w = 0; w < 2; w++)
        lots_arena_init(&depths[w].arena, 0);
    assert_ok(lots_gather_open(&gather, &kept, 1, 2, CHUNKS, &budget, &err));
    keep_numbers(&gather, depths, 1, 1, MANY);
    assert_ok(lots_gather_done(&gather, 1, 1, &err));
    keep_numbers(&gather, depths, 0, 0, FEW);
    const uint32_t room = gather.room;
    assert_true(room >= FEW && room < MANY);
    assert_int_equal(lots_gather_done(&gather, 0, 0, &err), LOTS_LIMIT);
    assert_int_equal(gather.room, room);
    keep_numbers(&gather, depths, 1, 2, room - FEW);
    assert_int_equal(gather.room, room);
    lots_gather_close(&gather);
    for (int w = 0; w < 2; w++)
        lots_arena_free(&depths[w].arena);
}

/* ---- strata ---- */

enum { KEYS = 501, COLUMNS = 3 }; /* the first of them is a slot that was not set */

static uint32_t key_of(uint32_t column, uint32_t chunk, uint32_t row)
{
    return (chunk * 37 + row * (column + 3)) % (KEYS - column);
}

/* A chunk's rows as its worker keeps and numbers them. */
static void number_piece(lots_gather *gather, lots_arena *arena, uint32_t chunk)
{
    lots_error err;
    void *made = NULL;
    lots_piece_of_rows *piece = &gather->pieces[chunk];
    *piece = (lots_piece_of_rows){.done = true, .count = rows_of(chunk), .worker = chunk % WORKERS};
    assert_ok(lots_new_u32(arena, piece->count, &piece->patient, &err));
    assert_ok(lots_arena_alloc(arena, &made, COLUMNS, sizeof(lots_vector), &err));
    piece->values = made;
    for (uint32_t column = 1; column < COLUMNS; column++) {
        lots_vector keys;
        uint32_t *numbers = NULL;
        assert_ok(lots_vector_new(arena, &(lots_type){.kind = LOTS_TYPE_INT}, piece->count, &keys, &err));
        assert_ok(lots_new_u32(arena, piece->count, &numbers, &err));
        for (uint32_t i = 0; i < piece->count; i++)
            ((int64_t *)keys.data)[i] = key_of(column, chunk, i);
        assert_ok(lots_keyer_number(&gather->keyers[piece->worker * COLUMNS + column], &keys, piece->count, numbers, &err));
        piece->values[column] = (lots_vector){.type = {.kind = LOTS_TYPE_EVENTS}, .count = piece->count, .data = numbers};
    }
}

/* Rows of one key have one number, those of others have others. */
static void check_strata(const lots_gathered *rows, uint32_t column)
{
    uint32_t number_of_key[KEYS], key_of_number[KEYS], at = 0, keys = 0;
    const uint32_t *numbers = rows->values[column].data;
    memset(number_of_key, 0xff, sizeof number_of_key);
    for (uint32_t chunk = 0; chunk < CHUNKS; chunk++)
        for (uint32_t row = 0; row < rows_of(chunk); row++, at++) {
            const uint32_t key = key_of(column, chunk, row);
            assert_true(numbers[at] < KEYS);
            if (number_of_key[key] == UINT32_MAX) {
                number_of_key[key] = numbers[at];
                key_of_number[numbers[at]] = key;
                keys++;
            }
            assert_int_equal(numbers[at], number_of_key[key]);
            assert_int_equal(key_of_number[numbers[at]], key);
        }
    assert_int_equal(rows->strata[column], keys);
}

static void gather_strata(lots_pool *pool)
{
    lots_error err;
    uint32_t order[CHUNKS];
    lots_expr key = {.op = LOTS_OP_SLOT, .type = {.kind = LOTS_TYPE_INT}}, *per[1] = {&key};
    const lots_top top = {.per = per, .per_count = 1};
    const lots_kept strata = {.strata = &top, .kind = LOTS_TYPE_EVENTS}, kept[COLUMNS] = {{.kind = LOTS_TYPE_INT}, strata, strata};
    lots_arena arena;
    lots_budget budget;
    lots_gather gather;
    lots_gathered rows;
    lots_budget_init(&budget, 0);
    lots_arena_init(&arena, 0);
    assert_ok(lots_gather_open(&gather, kept, COLUMNS, WORKERS, CHUNKS, &budget, &err));
    gather.apart = true;
    fill_order(order, 17);
    for (uint32_t i = 0; i < CHUNKS; i++)
        number_piece(&gather, &arena, order[i]);
    assert_ok(lots_gather_finish(&gather, pool, &rows, &err));
    for (uint32_t column = 1; column < COLUMNS; column++)
        check_strata(&rows, column);
    lots_gathered_close(&rows);
    lots_gather_close(&gather);
    lots_arena_free(&arena);
}

static void strata_have_one_name_whoever_numbered_them(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool = NULL;
    gather_strata(NULL);
    assert_ok(lots_pool_open(&pool, 3, &err));
    gather_strata(pool);
    lots_pool_close(pool);
}

static void no_rows_are_rows_of_patients(void **state)
{
    (void)state;
    lots_error err;
    lots_budget budget;
    lots_gather gather;
    lots_gathered rows;
    lots_kept kept = {.kind = LOTS_TYPE_INT};
    lots_budget_init(&budget, 0);
    assert_ok(lots_gather_open(&gather, &kept, 1, 1, 2, &budget, &err));
    assert_ok(lots_gather_done(&gather, 0, 0, &err));
    assert_ok(lots_gather_done(&gather, 0, 1, &err));
    assert_ok(lots_gather_finish(&gather, NULL, &rows, &err));
    assert_int_equal(rows.count, 0);
    assert_non_null(rows.patient);
    lots_gathered_close(&rows);
    lots_gather_close(&gather);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_come_in_order),
        cmocka_unit_test(chunks_come_in_any_order),
        cmocka_unit_test(no_rows_are_rows_of_patients),
        cmocka_unit_test(room_that_could_not_be_had_is_not_there),
        cmocka_unit_test(rows_of_the_first_chunks_alone_leave_room_under_a_limit),
        cmocka_unit_test(texts_are_laid_out_at_the_end),
        cmocka_unit_test(strata_have_one_name_whoever_numbered_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
