/* test_bitset.c: every word-at-a-time operation against an array of bools. */
#include "core/index/bitset.h"
#include "tests/support/lots_test.h"

#define COUNT_MAX 330u
#define WORDS_MAX ((COUNT_MAX + 63u) / 64u)

typedef struct pair {
    size_t count;
    uint64_t words[WORDS_MAX];
    bool naive[COUNT_MAX];
} pair;

/* A set of `count` where one in `rarity` is in. */
static void fill_pair(pair *set, size_t count, uint64_t rarity, uint64_t *state)
{
    memset(set, 0, sizeof *set);
    set->count = count;
    for (size_t i = 0; i < count; i++) {
        if (lots_test_random(state) % rarity != 0)
            continue;
        lots_bit_set(set->words, i);
        set->naive[i] = true;
    }
}

static void check_pair(const pair *set)
{
    for (size_t i = 0; i < set->count; i++)
        assert_int_equal(lots_bit_get(set->words, i), set->naive[i]);
    for (size_t i = set->count; i < lots_bit_words(set->count) * 64; i++)
        assert_false(lots_bit_get(set->words, i));
}

static void ranges_count_and_walk_like_a_loop(void **state)
{
    (void)state;
    uint64_t seed = 1;
    static const uint64_t rarities[] = {1, 2, 40, 1000000};
    for (size_t count = 0; count <= COUNT_MAX; count += count < 130 ? 1 : 23) {
        pair set;
        fill_pair(&set, count, rarities[count % 4], &seed);
        for (size_t trial = 0; trial < 40; trial++) {
            size_t first = count == 0 ? 0 : lots_test_random(&seed) % (count + 1);
            size_t end = count == 0 ? 0 : lots_test_random(&seed) % (count + 1);
            uint64_t inside = 0;
            size_t next = end, previous = SIZE_MAX;
            for (size_t i = first; i < end; i++) {
                inside += set.naive[i];
                next = set.naive[i] && next == end ? i : next;
                previous = set.naive[i] ? i : previous;
            }
            assert_int_equal(lots_bits_count_range(set.words, first, end), inside);
            assert_int_equal(lots_bits_next(set.words, first, end), next);
            assert_int_equal(lots_bits_previous(set.words, first, end), previous);
        }
    }
}

static void setting_a_range_or_all_leaves_the_tail_clear(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (size_t count = 0; count <= COUNT_MAX; count++) {
        pair set;
        fill_pair(&set, count, 9, &seed);
        size_t first = count == 0 ? 0 : lots_test_random(&seed) % count;
        size_t end = count == 0 ? 0 : lots_test_random(&seed) % (count + 1);
        lots_bits_set_range(set.words, first, end);
        for (size_t i = first; i < end; i++)
            set.naive[i] = true;
        check_pair(&set);
        lots_bits_fill(set.words, count, true);
        assert_int_equal(lots_bits_count(set.words, count), count);
        lots_bits_fill(set.words, count, false);
        assert_int_equal(lots_bits_count(set.words, count), 0);
    }
}

static void logic_equals_the_same_on_bools_also_in_place(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (size_t count = 0; count <= COUNT_MAX; count += 3) {
        pair a, b, want;
        fill_pair(&a, count, 2, &seed);
        fill_pair(&b, count, 3, &seed);
        want = a;
        lots_bits_and(want.words, a.words, b.words, count);
        for (size_t i = 0; i < count; i++)
            want.naive[i] = a.naive[i] && b.naive[i];
        check_pair(&want);
        lots_bits_or(want.words, a.words, b.words, count);
        for (size_t i = 0; i < count; i++)
            want.naive[i] = a.naive[i] || b.naive[i];
        check_pair(&want);
        lots_bits_and_not(want.words, a.words, b.words, count);
        for (size_t i = 0; i < count; i++)
            want.naive[i] = a.naive[i] && !b.naive[i];
        check_pair(&want);
        lots_bits_not(want.words, want.words, count);
        for (size_t i = 0; i < count; i++)
            want.naive[i] = !want.naive[i];
        check_pair(&want);
    }
}

static void indexes_come_out_rising_and_clearing_removes_them(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (size_t count = 0; count <= COUNT_MAX; count += 7) {
        pair set;
        uint32_t indexes[COUNT_MAX];
        fill_pair(&set, count, 4, &seed);
        size_t found = lots_bits_indexes(set.words, count, indexes);
        assert_int_equal(found, lots_bits_count(set.words, count));
        for (size_t i = 0; i < found; i++) {
            assert_true(set.naive[indexes[i]]);
            assert_true(i == 0 || indexes[i - 1] < indexes[i]);
            lots_bit_clear(set.words, indexes[i]);
        }
        assert_int_equal(lots_bits_count(set.words, count), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_count_and_walk_like_a_loop),
        cmocka_unit_test(setting_a_range_or_all_leaves_the_tail_clear),
        cmocka_unit_test(logic_equals_the_same_on_bools_also_in_place),
        cmocka_unit_test(indexes_come_out_rising_and_clearing_removes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
