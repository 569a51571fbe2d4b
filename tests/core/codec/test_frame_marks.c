/* test_frame_marks.c: numbers of some groups of a frame, found by marks, against those that were stored. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/codec/block.h"
#include "core/index/bitset.h"
#include "tests/support/lots_test.h"

enum { VALUES = 9000, GROUP = LOTS_FRAME_GROUP, GROUPS = VALUES / GROUP + 1 };

typedef struct numbers {
    uint32_t count, groups;
    uint32_t values[VALUES + 16];
    lots_bytes bytes;
    lots_block_meta meta;
    uint8_t *exact; /* the bytes, nothing after them */
    lots_frame_marks *marks;
} numbers;

/* What makes frames differ: one width, a width for each sub-block, bases, escapes in all or in some. */
typedef enum spread { EQUAL, EVEN, CLIMBING, SOME_FAR, FAR_IN_PLACES, ANY } spread;

static uint32_t number_of(spread apart, uint32_t at, uint64_t *seed)
{
    const uint64_t any = lots_test_random(seed);
    const bool far = any % 40 == 0;
    switch (apart) {
    case EQUAL: return 7;
    case EVEN: return (uint32_t)(any % 200);
    case CLIMBING: return (uint32_t)(any / 64 % 50 + at / 1024 * 100000);
    case SOME_FAR: return (uint32_t)(far ? any / 64 % 90000 : any / 64 % 60);
    case FAR_IN_PLACES: return (uint32_t)(far && at / 1024 % 2 == 1 ? any / 64 % 90000 : any / 64 % 60);
    case ANY: break;
    }
    return (uint32_t)(any >> 20);
}

static void make_numbers(numbers *all, uint32_t count, spread apart, uint64_t *seed)
{
    lots_error err;
    lots_arena scratch;
    *all = (numbers){.count = count, .groups = (count + GROUP - 1) / GROUP};
    for (uint32_t i = 0; i < count; i++)
        all->values[i] = number_of(apart, i, seed);
    const lots_values values = {.phys = LOTS_PHYS_U32, .count = count, .data = all->values};
    const lots_block_options only = {.only = 1 + LOTS_ENCODING_FRAME};
    assert_ok(lots_block_encode(&values, &only, 3, &all->bytes, &all->meta, &err));
    assert_true(lots_block_can_group(&all->meta));
    all->exact = malloc(all->meta.bytes);
    memcpy(all->exact, all->bytes.data, all->meta.bytes);
    lots_arena_init(&scratch, 0);
    assert_ok(lots_block_mark_groups(&all->meta, all->exact, 0, &all->marks, &scratch, &err));
    lots_arena_free(&scratch);
}

static void free_numbers(numbers *all)
{
    lots_free(all->marks);
    lots_bytes_free(&all->bytes);
    free(all->exact);
}

/* One group in so many; what stands at the others stays. */
static void check_groups(const numbers *all, uint32_t one_in, uint64_t *seed)
{
    enum { UNTOUCHED = 0x55555555 };
    static uint32_t out[GROUPS * GROUP];
    lots_error err;
    uint64_t wanted[GROUPS / 64 + 9] = {0};
    for (uint32_t g = 0; g < all->groups; g++)
        if (lots_test_random(seed) % one_in == 0)
            lots_bit_set(wanted, g);
    memset(out, 0x55, sizeof out);
    assert_ok(lots_block_decode_groups(all->marks, wanted, out, &err));
    for (uint32_t i = 0; i < all->count; i++)
        assert_int_equal(out[i], lots_bit_get(wanted, i / GROUP) ? all->values[i] : UNTOUCHED);
    for (uint32_t i = all->groups * GROUP; i < GROUPS * GROUP; i++)
        assert_int_equal(out[i], UNTOUCHED);
}

static void some_numbers_are_those_that_were_stored(void **state)
{
    static const uint32_t counts[] = {1, 31, 32, 33, 1000, 1023, 1024, 1025, 1056, 2048, 3001, VALUES};
    static numbers all;
    uint64_t seed = 8;
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (spread apart = EQUAL; apart <= ANY; apart++) {
            make_numbers(&all, counts[c], apart, &seed);
            for (uint32_t one_in = 1; one_in < 100; one_in = 3 * one_in + 1)
                check_groups(&all, one_in, &seed);
            free_numbers(&all);
        }
}

static void only_numbers_packed_one_by_one_have_groups(void **state)
{
    static const struct {
        lots_block_meta meta;
        bool can;
    } cases[] = {
        {{.phys = LOTS_PHYS_U32, .encoding = LOTS_ENCODING_FRAME, .count = 3}, true},
        {{.phys = LOTS_PHYS_U32, .encoding = LOTS_ENCODING_FRAME, .count = 0}, false},
        {{.phys = LOTS_PHYS_U32, .encoding = LOTS_ENCODING_FRAME, .count = 3, .missing = 1}, false}, /* places shift */
        {{.phys = LOTS_PHYS_U32, .encoding = LOTS_ENCODING_FRAME | LOTS_ENCODING_ZSTD, .count = 3}, false},
        {{.phys = LOTS_PHYS_U32, .encoding = LOTS_ENCODING_FRAME | LOTS_ENCODING_ABSENT, .count = 3}, false},
        {{.phys = LOTS_PHYS_U32, .encoding = LOTS_ENCODING_RUNS, .count = 3}, false},
        {{.phys = LOTS_PHYS_I64, .encoding = LOTS_ENCODING_FRAME, .count = 3}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(lots_block_can_group(&cases[i].meta), cases[i].can);
}

/* None are made of what is not all there. */
static void marks_of_a_cut_block_are_refused(void **state)
{
    static numbers all;
    uint64_t seed = 9;
    (void)state;
    make_numbers(&all, VALUES, SOME_FAR, &seed);
    for (uint32_t bytes = 0; bytes < all.meta.bytes; bytes += bytes < 60 ? 1 : 97) {
        lots_block_meta meta = all.meta;
        lots_frame_marks *marks;
        lots_arena scratch;
        lots_error err;
        meta.bytes = bytes;
        lots_arena_init(&scratch, 0);
        assert_int_equal(lots_block_mark_groups(&meta, all.exact, 0, &marks, &scratch, &err), LOTS_CORRUPT);
        assert_null(marks);
        lots_arena_free(&scratch);
    }
    free_numbers(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_numbers_are_those_that_were_stored),
        cmocka_unit_test(only_numbers_packed_one_by_one_have_groups),
        cmocka_unit_test(marks_of_a_cut_block_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
