/* test_rise_marks.c: numbers that rise, of which those between two bounds are taken by marks, against the numbers that were stored. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/codec/block.h"
#include "tests/support/lots_test.h"

enum { NUMBERS = 5000 };

typedef struct rising {
    uint32_t count;
    uint32_t numbers[NUMBERS + 16];
    lots_bytes bytes;
    lots_block_meta meta;
    uint8_t *exact; /* the bytes, nothing after them */
    lots_rise_marks *marks;
} rising;

/* One in `far` steps is long: an escape, unless all are. */
static void make_rising(rising *all, uint32_t count, uint32_t least, uint32_t far, uint64_t *seed)
{
    lots_error err;
    lots_arena scratch;
    uint32_t number = least;
    *all = (rising){.count = count};
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t any = lots_test_random(seed);
        all->numbers[i] = number;
        number += 1 + (uint32_t)(any % far == 0 ? any / 1024 % 100000 : any / 1024 % (i / 1024 % 2 == 0 ? 6 : 60));
    }
    const lots_values values = {.phys = LOTS_PHYS_U32, .count = count, .data = all->numbers};
    const lots_block_options only = {.only = 1 + LOTS_ENCODING_DELTA};
    assert_ok(lots_block_encode(&values, &only, 3, &all->bytes, &all->meta, &err));
    assert_true(lots_block_can_rise(&all->meta));
    all->exact = malloc(all->meta.bytes);
    memcpy(all->exact, all->bytes.data, all->meta.bytes);
    lots_arena_init(&scratch, 0);
    assert_ok(lots_block_mark_rising(&all->meta, all->exact, 0, all->numbers, &all->marks, &scratch, &err));
    lots_arena_free(&scratch);
}

static void free_rising(rising *all)
{
    lots_free(all->marks);
    lots_bytes_free(&all->bytes);
    free(all->exact);
}

/* All that are asked for are there, in their order; what is said to be known is; no more are decoded than the groups around. */
static void check_taken(const rising *all, uint64_t least, uint64_t below)
{
    lots_error err;
    lots_arena arena;
    lots_rising some;
    uint32_t asked = 0;
    lots_arena_init(&arena, 0);
    assert_ok(lots_block_take_rising(&all->meta, all->marks, least, below, &some, &arena, &err));
    assert_true(some.least <= least && some.below >= below);
    assert_int_equal(some.first % LOTS_RISE_GROUP, 0);
    assert_true(some.first + some.count <= all->count);
    for (uint32_t i = 0; i < some.count; i++)
        assert_int_equal(some.items[i], all->numbers[some.first + i]);
    for (uint32_t i = 0; i < all->count; i++) {
        asked += all->numbers[i] >= least && all->numbers[i] < below;
        if (all->numbers[i] >= some.least && all->numbers[i] < some.below)
            assert_true(i >= some.first && i < some.first + some.count);
    }
    assert_true(some.count < asked + 2 * LOTS_RISE_GROUP);
    lots_arena_free(&arena);
}

static void numbers_between_bounds_are_those_of_the_block(void **state)
{
    (void)state;
    static const struct { uint32_t count, least, far; } cases[] = {
        {2, 0, 3},           /* one difference */
        {33, 7, 5},          /* a group and nothing after it */
        {34, 0, 5},
        {1025, 1000, 9},     /* a whole sub-block */
        {1026, 0, 9},        /* and one difference more */
        {2100, 5, UINT32_MAX}, /* no escapes */
        {NUMBERS, 0, 40},    /* few */
        {NUMBERS, 1u << 31, 1}, /* all steps are long */
    };
    uint64_t seed = 20261123;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        static rising all;
        make_rising(&all, cases[c].count, cases[c].least, cases[c].far, &seed);
        const uint32_t last = all.numbers[all.count - 1];
        check_taken(&all, 0, 1);
        check_taken(&all, 0, UINT64_MAX);
        check_taken(&all, last, (uint64_t)last + 1);
        check_taken(&all, (uint64_t)last + 1, UINT64_MAX);
        for (uint32_t round = 0; round < 200; round++) {
            const uint64_t near = lots_test_random(&seed) % all.count, any = lots_test_random(&seed);
            const uint64_t least = (uint64_t)all.numbers[near] + any % 3 - (all.numbers[near] > 0);
            check_taken(&all, least, least + 1 + any / 8 % (round % 4 == 0 ? last : 50));
        }
        free_rising(&all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_between_bounds_are_those_of_the_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
