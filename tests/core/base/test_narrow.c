/* Numbers and flags come back as they went, whatever their width, and bytes that are cut hold nothing. */
#include <stdlib.h>

#include "core/base/narrow.h"
#include "tests/support/lots_test.h"

enum { MOST = 70 };

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Written after some odd bytes, so that nothing is aligned. */
static void check_numbers(const void *items, size_t count, size_t item_bytes, size_t expected_width)
{
    lots_error err;
    lots_bytes out = {0};
    uint64_t back[MOST] = {0};
    assert_ok(lots_bytes_append(&out, "abc", 3, &err));
    assert_ok(lots_narrow_put(&out, items, count, item_bytes, &err));
    assert_int_equal(out.count, 3 + 9 + count * expected_width);
    for (size_t cut = 3; cut < out.count; cut++) {
        uint8_t *part = malloc(cut + 1);
        memcpy(part, out.data, cut);
        lots_reader reader = lots_reader_over(part + 3, cut - 3);
        assert_false(lots_narrow_get(&reader, back, count, item_bytes));
        free(part);
    }
    lots_reader reader = lots_reader_over(out.data + 3, out.count - 3);
    assert_true(lots_narrow_get(&reader, back, count, item_bytes));
    assert_true(reader.at == reader.end);
    assert_memory_equal(back, items, count * item_bytes);
    lots_bytes_free(&out);
}

static void numbers_take_the_fewest_bytes_that_hold_their_distance(void **state)
{
    (void)state;
    static const struct { uint64_t range; size_t width; } cases[] = {
        {0, 0}, {1, 1}, {255, 1}, {256, 2}, {65535, 2}, {65536, 4}, {UINT32_MAX, 4}, {UINT64_C(1) << 32, 8}, {INT64_MAX, 8}};
    uint64_t seed = 7;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (size_t count = 2; count <= MOST; count += 17) {
            int64_t wide[MOST];
            int32_t small[MOST];
            for (size_t i = 0; i < count; i++) {
                const uint64_t distance = i == 0 ? 0 : i == 1 ? cases[c].range : next(&seed) % (cases[c].range + 1);
                wide[i] = (int64_t)(distance - 1000);
                small[i] = (int32_t)((int64_t)distance + (cases[c].range == UINT32_MAX ? INT32_MIN : -1000));
            }
            check_numbers(wide, count, 8, cases[c].width);
            if (cases[c].range <= UINT32_MAX)
                check_numbers(small, count, 4, cases[c].width);
        }
}

static void no_number_and_the_extremes_are_kept(void **state)
{
    (void)state;
    const int64_t extremes[] = {INT64_MAX, INT64_MIN, 0, -1};
    const int32_t few[] = {INT32_MIN, INT32_MAX};
    check_numbers(extremes, 4, 8, 8);
    check_numbers(few, 2, 4, 4);
    check_numbers(extremes, 1, 8, 0);
    lots_error err;
    lots_bytes out = {0};
    uint64_t none = 5;
    assert_ok(lots_narrow_put(&out, NULL, 0, 8, &err));
    lots_reader reader = lots_reader_over(out.data, out.count);
    assert_true(lots_narrow_get(&reader, &none, 0, 8));
    assert_int_equal(none, 5);
    lots_bytes_free(&out);
}

static void a_width_that_is_none_is_refused(void **state)
{
    (void)state;
    lots_error err;
    lots_bytes out = {0};
    const uint32_t items[] = {1, 900};
    uint32_t back[2];
    assert_ok(lots_narrow_put(&out, items, 2, 4, &err));
    for (int width = 0; width < 256; width++) {
        out.data[0] = (uint8_t)width;
        lots_reader reader = lots_reader_over(out.data, out.count);
        assert_int_equal(lots_narrow_get(&reader, back, 2, 4), width <= 2);
    }
    lots_bytes_free(&out);
}

static void flags_come_back_and_take_a_bit_each_or_none(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (size_t count = 0; count <= MOST; count++)
        for (int kind = 0; kind < 3; kind++) {
            lots_error err;
            lots_bytes out = {0};
            uint8_t flags[MOST] = {0}, back[MOST] = {9};
            for (size_t i = 0; i < count; i++)
                flags[i] = kind == 2 ? (uint8_t)(i == 0 || (i > 1 && next(&seed) % 2)) : (uint8_t)kind;
            assert_ok(lots_flags_put(&out, flags, count, &err));
            assert_int_equal(out.count, kind == 2 && count > 1 ? 1 + (count + 7) / 8 : 1);
            lots_reader reader = lots_reader_over(out.data, out.count);
            assert_true(lots_flags_get(&reader, back, count));
            assert_true(reader.at == reader.end);
            assert_memory_equal(back, flags, count);
            reader = lots_reader_over(out.data, out.count - 1);
            assert_false(lots_flags_get(&reader, back, count));
            lots_bytes_free(&out);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_take_the_fewest_bytes_that_hold_their_distance),
        cmocka_unit_test(no_number_and_the_extremes_are_kept),
        cmocka_unit_test(a_width_that_is_none_is_refused),
        cmocka_unit_test(flags_come_back_and_take_a_bit_each_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
