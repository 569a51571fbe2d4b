/* Hashes: stored bytes depend on them, so known answers of XXH3 pin them. */
#include "tests/support/lots_test.h"

#include "core/base/bytes.h"
#include "core/base/hash.h"

static void known_answers_of_xxh3_hold(void **state)
{
    (void)state;
    /* The hash of nothing with seed 0, as xxHash's specification and its test vectors have it. */
    assert_true(lots_hash("", 0, 0) == UINT64_C(0x2D06800538D394C2));
    assert_true(lots_hash("", 0, 0) != lots_hash("", 0, 1));
    assert_true(lots_hash("abc", 3, 0) == UINT64_C(0x78AF5F94892F3950));
}

static void the_salt_tells_every_place_apart(void **state)
{
    (void)state;
    enum { COUNT = 6 * 6 * 6 };
    uint64_t salts[COUNT];
    size_t count = 0;
    for (uint64_t segment = 0; segment < 6; segment++)
        for (uint32_t column = 0; column < 6; column++)
            for (uint32_t block = 0; block < 6; block++)
                salts[count++] = lots_hash_salt(segment, column, block);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(salts[i] != salts[j]);
    uint8_t place[16] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
    assert_true(lots_hash_salt(1, 2, 3) == lots_hash(place, 16, 0));
}

static void one_key_mixes_into_all_bits(void **state)
{
    (void)state;
    /* Flipping any bit of a key flips about half of the hash's bits. */
    uint64_t seed = 3;
    for (unsigned bit = 0; bit < 64; bit++) {
        int flipped = 0;
        for (int i = 0; i < 64; i++) {
            uint64_t key = lots_test_random(&seed);
            flipped += __builtin_popcountll(lots_hash64(key) ^ lots_hash64(key ^ (UINT64_C(1) << bit)));
        }
        assert_in_range(flipped, 64 * 26, 64 * 38);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_of_xxh3_hold),
        cmocka_unit_test(the_salt_tells_every_place_apart),
        cmocka_unit_test(one_key_mixes_into_all_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
