/* test_gap_marks.c: days of some patients and of some rows, and places of days, found by marks, against the days that were stored. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/codec/block.h"
#include "core/index/bitset.h"
#include "tests/support/lots_test.h"

enum { VALUES = 9000, PATIENTS = 700 };

typedef struct days {
    uint32_t count, patients;
    int32_t values[VALUES + 16];
    uint32_t starts[PATIENTS + 16];
    lots_bytes bytes;
    lots_block_meta meta;
    uint8_t *exact; /* the bytes, nothing after them */
    lots_gap_marks *marks;
} days;

/* How far apart a patient's days are. */
typedef enum spread { SAME_DAY, NEAR, SOME_FAR, FAR } spread;

static int32_t gap_of(spread apart, uint64_t *seed)
{
    const uint64_t any = lots_test_random(seed);
    switch (apart) {
    case SAME_DAY: return 0;
    case NEAR: return (int32_t)(any % 5);
    case SOME_FAR: return (int32_t)(any % 14 == 0 ? any / 16 % 1500 : any / 16 % 6); /* escapes */
    case FAR: break;
    }
    return (int32_t)(any % 90);
}

/* Some patients have no days, one may have most of them. */
static void make_days(days *all, uint32_t count, uint32_t patients, spread apart, uint64_t *seed)
{
    lots_error err;
    uint32_t at = 0;
    *all = (days){.count = count, .patients = patients};
    for (uint32_t p = 0; p < patients; p++) {
        const uint32_t left = count - at, more = (uint32_t)(lots_test_random(seed) % (p % 50 == 7 ? left + 1 : 2 * count / patients + 2));
        int32_t day = (int32_t)(lots_test_random(seed) % 4000) - 1000;
        all->starts[p] = at;
        for (const uint32_t end = p + 1 == patients || more > left ? count : p % 9 == 4 ? at : at + more; at < end; at++)
            all->values[at] = day = day > 40000 ? day : day + gap_of(apart, seed);
    }
    const lots_values values = {.phys = LOTS_PHYS_I32, .count = count, .data = all->values, .starts = all->starts,
                                .starts_count = patients};
    const lots_block_options only = {.only = 1 + LOTS_ENCODING_GAPS};
    assert_ok(lots_block_encode(&values, &only, 3, &all->bytes, &all->meta, &err));
    all->exact = malloc(all->meta.bytes);
    memcpy(all->exact, all->bytes.data, all->meta.bytes);
    if (!lots_block_can_mark(&all->meta))
        return;
    const lots_values_out from = {.data = all->values, .starts = all->starts, .starts_count = patients};
    lots_arena scratch;
    lots_arena_init(&scratch, 0);
    assert_ok(lots_block_mark(&all->meta, all->exact, &from, &all->marks, &scratch, &err));
    lots_arena_free(&scratch);
}

static void free_days(days *all)
{
    lots_free(all->marks);
    lots_bytes_free(&all->bytes);
    free(all->exact);
}

/* One patient in so many. */
static void check_patients(days *all, uint32_t one_in, uint64_t *seed)
{
    static int32_t out[VALUES + 16];
    lots_error err;
    uint64_t wanted[PATIENTS / 64 + 9] = {0};
    for (uint32_t p = 0; p < all->patients; p++)
        if (lots_test_random(seed) % one_in == 0)
            lots_bit_set(wanted, p);
    memset(out, 0x55, sizeof out);
    lots_values_out to = {.data = out, .starts = all->starts, .starts_count = all->patients};
    assert_ok(lots_block_decode_of(&all->meta, all->marks, wanted, &to, &err));
    for (uint32_t p = 0; p < all->patients; p++) {
        const uint32_t end = p + 1 < all->patients ? all->starts[p + 1] : all->count;
        for (uint32_t row = all->starts[p]; lots_bit_get(wanted, p) && row < end; row++)
            assert_int_equal(out[row], all->values[row]);
    }
}

/* One row in so many, each as often. */
static void check_rows(days *all, uint32_t one_in, uint32_t times, uint64_t *seed)
{
    static uint32_t rows[2 * VALUES + 16];
    static int32_t out[2 * VALUES + 16];
    lots_error err;
    uint32_t count = 0;
    for (uint32_t row = 0; row < all->count; row++)
        for (uint32_t k = 0; lots_test_random(seed) % one_in == 0 && k < times; k++)
            rows[count++] = row;
    lots_values_out to = {.data = out, .starts = all->starts, .starts_count = all->patients};
    assert_ok(lots_block_take_days(&all->meta, all->marks, rows, count, &to, &err));
    for (uint32_t k = 0; k < count; k++)
        assert_int_equal(out[k], all->values[rows[k]]);
}

/* The first row of each of those patients on a day that some row has, or on one about there. */
static void check_places(days *all, uint32_t one_in, uint64_t *seed)
{
    enum { UNTOUCHED = 0x55555555 };
    static uint32_t places[PATIENTS + 16];
    lots_error err;
    uint64_t wanted[PATIENTS / 64 + 9] = {0};
    const int32_t day = all->values[lots_test_random(seed) % all->count] + (int32_t)(lots_test_random(seed) % 3) - 1;
    if (day <= all->meta.min || day > all->meta.max)
        return;
    for (uint32_t p = 0; p < all->patients; p++)
        if (lots_test_random(seed) % one_in == 0)
            lots_bit_set(wanted, p);
    memset(places, 0x55, sizeof places);
    const lots_values_out from = {.starts = all->starts, .starts_count = all->patients};
    assert_ok(lots_block_find_places(&all->meta, all->marks, wanted, day, places, &from, &err));
    for (uint32_t p = 0; p < all->patients; p++) {
        const uint32_t end = p + 1 < all->patients ? all->starts[p + 1] : all->count;
        uint32_t first = all->starts[p];
        while (first < end && all->values[first] < day)
            first++;
        assert_int_equal(places[p], lots_bit_get(wanted, p) ? first : UNTOUCHED);
    }
}

static void some_days_are_those_that_were_stored(void **state)
{
    static const uint32_t counts[] = {1, 2, 31, 32, 33, 64, 1023, 1024, 1025, 1056, 2048, 3001, VALUES};
    static const uint32_t patients[] = {1, 2, 13, 64, 65, PATIENTS};
    static days all;
    uint64_t seed = 5;
    uint32_t marked = 0;
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t p = 0; p < sizeof patients / sizeof *patients; p++)
            for (spread apart = SAME_DAY; apart <= FAR; apart++) {
                make_days(&all, counts[c], patients[p], apart, &seed);
                for (uint32_t one_in = 1; lots_block_can_mark(&all.meta) && one_in < 100; one_in = 3 * one_in + 1) {
                    check_patients(&all, one_in, &seed);
                    check_rows(&all, one_in, 1 + one_in % 2, &seed);
                    check_places(&all, one_in, &seed);
                    marked++;
                }
                free_days(&all);
            }
    assert_true(marked > 600);
}

static void days_too_far_apart_for_marks_have_none(void **state)
{
    static const struct {
        int32_t last;
        bool can;
    } cases[] = {{-100 + UINT16_MAX, true}, {-100 + UINT16_MAX + 1, false}, {900000, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int32_t values[3 + 16] = {-100, 0, cases[i].last};
        const uint32_t starts[1 + 16] = {0};
        const lots_values all = {.phys = LOTS_PHYS_I32, .count = 3, .data = values, .starts = starts, .starts_count = 1};
        const lots_block_options only = {.only = 1 + LOTS_ENCODING_GAPS};
        lots_bytes out = {0};
        lots_block_meta meta;
        lots_error err;
        assert_ok(lots_block_encode(&all, &only, 3, &out, &meta, &err));
        assert_int_equal(lots_block_can_mark(&meta), cases[i].can);
        lots_bytes_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_days_are_those_that_were_stored),
        cmocka_unit_test(days_too_far_apart_for_marks_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
