/* What blocks tell without being decoded: which values are in a set, where the lists lie; and numbers in fewer bits. Against the values
 * themselves. */
#include <stdlib.h>

#include "core/codec/block.h"
#include "core/index/bitset.h"
#include "tests/support/lots_test.h"

/* Each set of a few ids, as a range and as a table, against the values that were stored. */
static void check_tests(const uint32_t *ids, const uint64_t *missing, uint32_t count, int encoding)
{
    const lots_values values = {.phys = LOTS_PHYS_U32, .data = ids, .missing = missing, .count = count};
    const lots_block_options only = {.only = 1 + encoding};
    lots_bytes out = {0};
    lots_block_meta meta;
    lots_error err = {0};
    lots_arena arena, kept;
    lots_known_planes planes = {.arena = &kept};
    uint64_t bits[64 + 8], gone[64 + 8];
    assert_true(count <= 4096);
    assert_ok(lots_block_encode(&values, &only, 7, &out, &meta, &err));
    lots_arena_init(&arena, 0);
    lots_arena_init(&kept, 0);
    for (uint32_t set = 0; lots_block_can_test(&meta) && set < 256; set++) {
        const lots_values_out from = {.believed = set / 8 % 2 == 1, .planes = set % 5 < 3 ? &planes : NULL};
        const uint64_t table[1 + 8] = {set | (uint64_t)(set & 1) << 40};
        const lots_id_test test = {set / 16, set % 16, set % 3 == 0 ? NULL : table, 41};
        uint32_t greatest = 0;
        planes.often = set % 7 < 3;
        assert_ok(lots_block_test(&meta, out.data, &test, &from, bits, gone, &greatest, &arena, &err));
        for (uint32_t i = 0; i < count; i++) {
            const bool is_gone = missing != NULL && lots_bit_get(missing, i);
            const bool wanted = test.table != NULL ? ids[i] < 41 && (table[0] >> ids[i] & 1) : ids[i] >= test.first && ids[i] < test.end;
            assert_int_equal(lots_bit_get(bits, i), wanted && !is_gone);
            assert_true(greatest >= ids[i] || is_gone);
            if (missing != NULL)
                assert_int_equal(lots_bit_get(gone, i), is_gone);
        }
    }
    lots_arena_free(&kept);
    lots_arena_free(&arena);
    lots_bytes_free(&out);
}

static void planes_and_runs_tell_who_is_in_a_set(void **state)
{
    static const uint32_t some[8] = {0, 1, 2, 5, 7, 9, 40, 50};
    uint64_t seed = 11;
    (void)state;
    for (uint32_t round = 0; round < 24; round++) {
        static uint32_t ids[4096 + 16];
        uint64_t missing[64 + 8] = {0};
        const uint32_t count = 2 + (uint32_t)(lots_test_random(&seed) % 4094), distinct = 2 + round % 7;
        bool any = false;
        for (uint32_t i = 0; i < count; i++) {
            ids[i] = some[lots_test_random(&seed) % distinct];
            if (round % 3 != 0 && lots_test_random(&seed) % (round % 3 == 1 ? 3 : 100) == 0) {
                lots_bit_set(missing, i);
                any = true;
            }
        }
        ids[0] = some[0]; /* two distinct ones at least */
        ids[1] = some[1];
        lots_bit_clear(missing, 0);
        lots_bit_clear(missing, 1);
        any = any && lots_bits_count(missing, count) > 0;
        check_tests(ids, any ? missing : NULL, count, LOTS_ENCODING_PLANES);
        check_tests(ids, any ? missing : NULL, count, LOTS_ENCODING_RUNS);
    }
}

/* As what becomes of contacts: nearly all of one value, wanted or not; others alone, and some for longer than a word. */
static void runs_of_one_usual_value_tell_who_is_in_a_set(void **state)
{
    static const uint32_t lengths[8] = {1, 63, 2, 64, 1, 65, 1, 200};
    enum { SEEN = 80 }; /* runs that show what is usual */
    uint64_t seed = 3;
    (void)state;
    for (uint32_t round = 0; round < 12; round++) {
        static uint32_t ids[4096 + 16];
        uint64_t missing[64 + 8] = {0};
        const uint32_t count = round % 3 == 0 ? 4096 : 3000 + 64 * round + round, usual = round % 2;
        for (uint32_t i = 0, run = round % 4; i < count; run++) { /* round 0 begins with another value, and ends with one */
            const uint32_t length = run % 2 == 1 ? 1 + (uint32_t)(lots_test_random(&seed) % 40)
                                    : run < SEEN ? 1 + run / 2 % 2
                                                 : lengths[run / 2 % 8];
            const uint32_t id = run % 2 == 0 ? 2 + (uint32_t)(lots_test_random(&seed) % 4) : usual;
            for (uint32_t k = 0; k < length && i < count; k++, i++) {
                ids[i] = id;
                if (round % 3 == 1 && run % 7 < 2)
                    lots_bit_set(missing, i);
            }
        }
        if (round % 3 == 0)
            ids[count - 1] = 5;
        check_tests(ids, round % 3 == 1 ? missing : NULL, count, LOTS_ENCODING_RUNS);
    }
}

/* ---- values that are not 0 ---- */

/* What a block of mostly zeros tells of the rows of a mask, against going through them. How many blocks told it. */
static unsigned check_nonzero(const int32_t *days, const uint64_t *missing, uint32_t count, const uint64_t *mask)
{
    const lots_values values = {.phys = LOTS_PHYS_I32, .count = count, .data = days, .missing = missing};
    const lots_block_options only = {.only = 1 + LOTS_ENCODING_RUNS};
    lots_bytes out = {0};
    lots_block_meta meta;
    lots_error err = {0};
    lots_arena arena;
    uint32_t rows[4096 + 16], found = 0;
    int32_t told[4096 + 16];
    uint64_t gone[64 + 8];
    bool done = false;
    lots_nonzero nonzero = {.rows = rows, .values = told, .missing = gone};
    lots_arena_init(&arena, 0);
    assert_ok(lots_block_encode(&values, &only, 7, &out, &meta, &err));
    assert_ok(lots_block_take_nonzero(&meta, out.data, mask, &nonzero, &done, &arena, &err));
    for (uint32_t i = 0; done && i < count; i++) {
        const bool is_gone = missing != NULL && lots_bit_get(missing, i);
        if (missing != NULL)
            assert_int_equal(lots_bit_get(gone, i), is_gone);
        if (days[i] == 0 || is_gone || !lots_bit_get(mask, i))
            continue;
        assert_true(found < nonzero.count);
        assert_int_equal(rows[found], i);
        assert_int_equal(told[found++], days[i]);
    }
    if (done) {
        assert_int_equal(nonzero.count, found);
        assert_int_equal(nonzero.has_missing, missing != NULL);
    }
    lots_arena_free(&arena);
    lots_bytes_free(&out);
    return done;
}

static void runs_tell_values_that_are_not_0(void **state)
{
    uint64_t seed = 5;
    unsigned told = 0, rounds = 24;
    (void)state;
    for (uint32_t round = 0; round < rounds; round++) {
        static int32_t days[4096 + 16];
        uint64_t missing[64 + 8] = {0}, mask[64 + 8] = {0};
        const uint32_t count = 64 + (uint32_t)(lots_test_random(&seed) % 4032), one_in = 2 + round % 5 * 9;
        for (uint32_t i = 0; i < count; i++) {
            days[i] = i > 0 && lots_test_random(&seed) % 5 == 0  ? days[i - 1]
                      : lots_test_random(&seed) % one_in == 0 ? (int32_t)(lots_test_random(&seed) % 500) - 20
                                                              : 0;
            if (lots_test_random(&seed) % 3 != 0)
                lots_bit_set(mask, i);
            if (round % 4 != 0 && lots_test_random(&seed) % (round % 4 == 1 ? 8 : 100) == 0)
                lots_bit_set(missing, i);
        }
        days[0] = 0; /* two distinct ones at least */
        days[1] = 3;
        lots_bit_clear(missing, 0);
        lots_bit_clear(missing, 1);
        told += check_nonzero(days, lots_bits_count(missing, count) > 0 ? missing : NULL, count, mask);
    }
    assert_in_range(told, rounds / 2, rounds - 6); /* not where many are missing */
}

/* ---- lengths of lists ---- */

/* What a block of lengths says of elements and lists, against going through them one by one. */
static void check_places(const uint32_t *lengths, uint32_t count, const lots_block_meta *meta, const uint8_t *bytes)
{
    lots_error err;
    lots_arena arena;
    uint32_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += lengths[i];
    uint32_t *lists = malloc((count + 32) * sizeof *lists), *before = malloc((count + 32) * sizeof *before);
    uint32_t *elements = malloc((total + 32) * sizeof *elements), *of = malloc((total + 32) * sizeof *of);
    lots_arena_init(&arena, 0);
    for (uint32_t i = 0; i <= count; i++)
        lists[i] = i;
    for (uint32_t e = 0; e <= total; e++)
        elements[e] = e;
    assert_ok(lots_block_elements_before(meta, bytes, lists, count + 1, before, &arena, &err));
    assert_ok(lots_block_lists_of(meta, bytes, elements, total, of, &arena, &err));
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(before[i], at);
        for (uint32_t k = 0; k < lengths[i]; k++)
            assert_int_equal(of[at++], i);
    }
    assert_int_equal(before[count], total);
    assert_int_equal(lots_block_lists_of(meta, bytes, elements, total + 1, of, &arena, &err), LOTS_CORRUPT);
    if (total > 3) { /* some of them */
        const uint32_t some[3 + 16] = {total / 3, total / 2, total - 1};
        assert_ok(lots_block_lists_of(meta, bytes, some, 3, of, &arena, &err));
        for (uint32_t i = 0; i < 3; i++)
            assert_true(before[of[i]] <= some[i] && some[i] < before[of[i] + 1]);
    }
    lots_arena_free(&arena);
    free(lists);
    free(before);
    free(elements);
    free(of);
}

static void lengths_tell_where_lists_lie_without_being_decoded(void **state)
{
    static const uint32_t counts[] = {1, 2, 31, 32, 33, 64, 65, 127, 700, 1023, 1024, 1025, 2100};
    uint64_t seed = 19;
    (void)state;
    for (size_t s = 0; s < sizeof counts / sizeof counts[0]; s++)
        for (unsigned distinct = 1; distinct <= 8; distinct++) {
            lots_error err;
            lots_bytes out = {NULL, 0, 0};
            lots_block_meta meta;
            uint32_t lengths[2100 + 16];
            const uint32_t count = counts[s];
            for (uint32_t i = 0; i < count; i++)
                lengths[i] = distinct == 1 ? 3 : (uint32_t)(lots_test_random(&seed) % distinct) * (s % 2 == 0 ? 5 : 1);
            if (distinct > 1 && count > 1) {
                lengths[0] = 0;
                lengths[1] = 1;
            }
            const lots_values values = {.phys = LOTS_PHYS_U32, .count = count, .data = lengths};
            const lots_block_options options = {.only = 1 + LOTS_ENCODING_PLANES};
            if (lots_block_encode(&values, distinct == 1 ? NULL : &options, 42, &out, &meta, &err) == LOTS_OK &&
                lots_block_can_place(&meta)) {
                uint8_t *exact = malloc(meta.bytes + (meta.bytes == 0));
                if (meta.bytes > 0)
                    memcpy(exact, out.data, meta.bytes);
                check_places(lengths, count, &meta, exact);
                free(exact);
            } else {
                assert_true(count < 2 || distinct == 8);
            }
            lots_bytes_free(&out);
        }
}

/* ---- numbers as 32 bits ---- */

static void check_narrow(const int64_t *numbers, uint32_t count, int encoding, bool wanted)
{
    const lots_values values = {.phys = LOTS_PHYS_I64, .data = numbers, .count = count};
    const lots_block_options only = {.only = 1 + encoding};
    uint32_t room[3000 + 16];
    lots_narrow_values out = {.values = room};
    lots_bytes bytes = {0};
    lots_block_meta meta;
    lots_arena arena;
    lots_error err = {0};
    bool done = false;
    assert_ok(lots_block_encode(&values, &only, 7, &bytes, &meta, &err));
    lots_arena_init(&arena, 0);
    assert_ok(lots_block_decode_narrow(&meta, bytes.data, 0, &out, &done, &arena, &err));
    assert_int_equal(done, wanted);
    assert_true(!done || (out.entries != NULL) == (encoding == LOTS_ENCODING_DICT || encoding == LOTS_ENCODING_STEPS));
    for (uint32_t i = 0; done && i < count; i++) {
        assert_true(out.entries == NULL || room[i] < out.entry_count);
        assert_true((out.entries == NULL ? room[i] : out.entries[room[i]]) == numbers[i]);
    }
    lots_arena_free(&arena);
    lots_bytes_free(&bytes);
}

static void whole_numbers_without_signs_are_had_in_32_bits(void **state)
{
    static const struct {
        int64_t low, step, distinct;
        bool narrow;
    } cases[] = {
        {0, 1, 900, true},
        {0, 500, 30, true},            /* steps */
        {4294967295 - 70 * 9, 70, 10, true}, /* up to the greatest there is */
        {4294967296 - 70 * 9, 70, 10, false},
        {-1, 100, 40, false},
        {INT64_C(1) << 40, 7, 300, false},
    };
    static int64_t numbers[3000];
    static const uint32_t counts[] = {2, 1024, 3000};
    uint64_t seed = 23;
    (void)state;
    for (size_t c = 0; c < 3; c++) {
        for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
            for (uint32_t i = 0; i < counts[c]; i++)
                numbers[i] = cases[k].low + cases[k].step * (int64_t)(lots_test_random(&seed) % (uint64_t)cases[k].distinct);
            numbers[0] = cases[k].low;
            numbers[1] = cases[k].low + cases[k].step * (cases[k].distinct - 1);
            check_narrow(numbers, counts[c], LOTS_ENCODING_FRAME, cases[k].narrow);
            if (counts[c] > 1000)
                check_narrow(numbers, counts[c], cases[k].step == 500 ? LOTS_ENCODING_STEPS : LOTS_ENCODING_DICT, cases[k].narrow);
        }
        for (uint32_t i = 0; i < counts[c]; i++)
            numbers[i] = 5000000;
        check_narrow(numbers, counts[c], LOTS_ENCODING_CONSTANT, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_and_runs_tell_who_is_in_a_set),
        cmocka_unit_test(runs_of_one_usual_value_tell_who_is_in_a_set),
        cmocka_unit_test(runs_tell_values_that_are_not_0),
        cmocka_unit_test(lengths_tell_where_lists_lie_without_being_decoded),
        cmocka_unit_test(whole_numbers_without_signs_are_had_in_32_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
