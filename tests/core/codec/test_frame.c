/* Frames and packed values against the definition in core/FORMAT.md, bit by bit. */
#include "core/codec/frame.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/kernels.h"
#include "tests/support/lots_test.h"

/* Bit `b` of value `i` of `count` packed `width` bits each: the definition. */
static bool packed_bit(const uint8_t *packed, uint32_t count, unsigned width, uint32_t i, unsigned b)
{
    const uint32_t lanes = count / 32;
    size_t byte, bit;
    if (i < 32 * lanes) {
        const uint32_t place = i / lanes * width + b;
        byte = (place / 32 * (size_t)lanes + i % lanes) * 4 + place % 32 / 8;
        bit = place % 8;
    } else {
        const size_t place = (i - 32 * (size_t)lanes) * width + b;
        byte = 4 * (size_t)lanes * width + place / 8;
        bit = place % 8;
    }
    return packed[byte] >> bit & 1;
}

static void values_lie_where_the_format_says(void **state)
{
    static const uint32_t counts[] = {0, 1, 7, 31, 32, 33, 63, 64, 100, 500, 991, 1000, 1023, 1024};
    uint32_t values[1024 + 16], back[1024 + 16];
    uint64_t seed = 1;
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (unsigned width = 0; width <= 32; width++) {
            const uint32_t count = counts[c];
            const size_t bytes = lots_bitpack_bytes(count, width);
            uint8_t *packed = malloc(bytes + 1);
            assert_true(bytes * 8 >= (size_t)count * width && bytes * 8 < (size_t)count * width + 8);
            for (uint32_t i = 0; i < count; i++)
                values[i] = (uint32_t)(lots_test_random(&seed) & ((UINT64_C(1) << width) - 1));
            lots_bitpack_pack(values, count, width, packed);
            for (uint32_t i = 0; i < count; i++)
                for (unsigned b = 0; b < width; b++)
                    assert_int_equal(packed_bit(packed, count, width, i, b), values[i] >> b & 1);
            lots_bitpack_unpack(packed, 0, count, width, 7, back);
            for (uint32_t i = 0; i < count; i++)
                assert_true(back[i] == values[i] + 7);
            free(packed);
        }
}

static void check_bytes(const uint64_t *values, uint32_t count, uint64_t base, const char *hex)
{
    lots_error err;
    lots_arena arena;
    lots_bytes out = {NULL, 0, 0};
    char text[512] = "";
    uint64_t most = 0, back[64 + 8];
    lots_arena_init(&arena, 0);
    for (uint32_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    const lots_ints ints = {.wide = values, .count = count, .base = base, .range = most};
    assert_ok(lots_frame_encode(&ints, &out, &arena, &err));
    for (size_t i = 0; i < out.count; i++)
        snprintf(text + 2 * i, 3, "%02x", out.data[i]);
    assert_string_equal(text, hex);
    lots_reader reader = lots_reader_over(out.data, out.count);
    assert_ok(lots_frame_decode_u64(&reader, count, 0, back, &arena, &err));
    for (uint32_t i = 0; i < count; i++)
        assert_true(back[i] == values[i] + base);
    assert_true(reader.at == reader.end);
    lots_arena_free(&arena);
    lots_bytes_free(&out);
}

/* Written out by hand from core/FORMAT.md. */
static void frames_have_the_bytes_the_format_says(void **state)
{
    static const uint64_t small[16] = {1, 2, 3, 0, 2};
    static const uint64_t wide[16] = {0, UINT64_C(1) << 32};
    static const uint64_t one[16] = {0};
    (void)state;
    check_bytes(small, 0, 0, "");
    /* one width; base 5, zigzag 0a; 2 bits: 10 00 11 10 01 from the last */
    check_bytes(small, 5, 5, "010a02"
                             "3902");
    /* a width of 33: low halves 0 and 0, then 1 bit each: 1 0 from the last */
    check_bytes(wide, 2, 0, "010021"
                            "0000000000000000"
                            "02");
    check_bytes(one, 9, UINT64_MAX, "010100"); /* base -1 */
}

static void escapes_and_bases_come_back(void **state)
{
    enum { COUNT = 5000 };
    lots_error err;
    lots_arena arena;
    uint64_t seed = 3;
    uint64_t *values = calloc(COUNT + 8, 8), *back = calloc(COUNT + 8, 8);
    (void)state;
    lots_arena_init(&arena, 0);
    for (unsigned bits = 33; bits <= 64; bits += 31)
        for (unsigned rare = 5; rare < 200; rare *= 3) {
            lots_bytes out = {NULL, 0, 0};
            lots_frame_plan plan;
            for (uint32_t i = 0; i < COUNT; i++) {
                const uint64_t random = lots_test_random(&seed);
                values[i] = random % rare == 0 ? random >> (64 - bits) : (UINT64_C(1) << 31) + i / 1024 * 1000 + random % 100;
            }
            const lots_ints ints = {.wide = values, .count = COUNT, .range = UINT64_MAX >> (64 - bits)};
            assert_ok(lots_frame_measure(&ints, true, &plan, &arena, &err));
            if (rare > 10)
                assert_true(plan.form & LOTS_FRAME_PATCHES && plan.form & LOTS_FRAME_BASES);
            assert_ok(lots_frame_write(&plan, &out, &arena, &err));
            assert_in_range(out.count, plan.bytes - plan.bytes / 8, plan.bytes + plan.bytes / 8); /* the estimate */
            lots_reader reader = lots_reader_over(out.data, out.count);
            assert_ok(lots_frame_decode_u64(&reader, COUNT, 1, back, &arena, &err));
            for (uint32_t i = 0; i < COUNT; i++)
                assert_true(back[i] == values[i] + 1);
            lots_bytes_free(&out);
        }
    lots_arena_free(&arena);
    free(values);
    free(back);
}

/* 261 numbers would take 9 bits, for the sake of a few at either end. Where those are common, there is nothing to gain. */
static void a_bit_is_saved_where_the_ends_are_rare(void **state)
{
    enum { COUNT = 3000, VALUES = 261 };
    lots_error err;
    lots_arena arena;
    uint64_t seed = 4;
    uint32_t *values = calloc(COUNT + 16, 4), *back = calloc(COUNT + 16, 4);
    (void)state;
    lots_arena_init(&arena, 0);
    for (uint32_t low = 0; low <= 6; low++)
        for (uint32_t rare = 2; rare <= 60; rare += 58) {
            lots_bytes out = {NULL, 0, 0};
            lots_frame_plan plan;
            for (uint32_t i = 0; i < COUNT; i++) {
                const uint32_t at = (uint32_t)(lots_test_random(&seed) % 6);
                values[i] = i % rare == 0 ? (at < low ? at : VALUES - 1 - at + low) : low + 1 + (uint32_t)(lots_test_random(&seed) % 250);
            }
            values[0] = values[1024] = values[2048] = 0;
            values[1] = values[1025] = values[2049] = VALUES - 1;
            const lots_ints ints = {.narrow = values, .count = COUNT, .range = VALUES - 1};
            assert_ok(lots_frame_measure(&ints, true, &plan, &arena, &err));
            assert_true(plan.width == 8 || rare < 60);
            assert_true(plan.width == 9 || rare == 60 || low == 0 || low == 6);
            assert_ok(lots_frame_write(&plan, &out, &arena, &err));
            lots_reader reader = lots_reader_over(out.data, out.count);
            assert_ok(lots_frame_decode_u32(&reader, COUNT, 0, back, &arena, &err));
            assert_memory_equal(back, values, COUNT * sizeof *values);
            lots_bytes_free(&out);
        }
    lots_arena_free(&arena);
    free(values);
    free(back);
}

/* Escapes are common in some sub-blocks, rare in others, and some rows are of neither; whole sub-blocks are not asked for. */
static void some_values_are_those_of_the_whole(void **state)
{
    enum { COUNT = 7000 };
    static uint32_t values[COUNT + 16], rows[COUNT], taken[COUNT + 16];
    lots_error err;
    lots_arena arena;
    uint64_t seed = 5;
    (void)state;
    lots_arena_init(&arena, 0);
    for (uint32_t every = 1; every < 2000; every = 3 * every + 1)
        for (uint32_t skipped = 0; skipped < 3; skipped++) {
            lots_bytes out = {NULL, 0, 0};
            uint32_t count = 0;
            for (uint32_t i = 0; i < COUNT; i++) {
                const uint64_t random = lots_test_random(&seed);
                const bool far = i / 1024 != 3 && random % (i / 1024 % 2 == 0 ? 9 : 60) == 0;
                values[i] = 100 + (far ? (uint32_t)(random >> 40) : (uint32_t)(random >> 10) % 7);
                if (lots_test_random(&seed) % every == 0 && (skipped == 0 || i / 1024 % 3 != skipped))
                    rows[count++] = i;
            }
            assert_ok(lots_frame_encode_u32(values, COUNT, &out, &arena, &err));
            lots_reader reader = lots_reader_over(out.data, out.count);
            assert_ok(lots_frame_take_u32(&reader, COUNT, 1000, rows, count, taken, &arena, &err));
            for (uint32_t k = 0; k < count; k++)
                assert_int_equal(taken[k], values[rows[k]] + 1000);
            lots_bytes_free(&out);
        }
    lots_arena_free(&arena);
}

/* Two values of one bit, both escapes, of which one has no patch. */
static void a_value_without_its_patch_is_damage(void **state)
{
    static const uint8_t bytes[] = {5, 0, 0x81, 1, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const uint32_t rows[] = {0, 1};
    lots_error err;
    lots_arena arena;
    uint32_t out[2 + 16];
    (void)state;
    lots_arena_init(&arena, 0);
    lots_reader reader = lots_reader_over(bytes, sizeof bytes);
    assert_ok(lots_frame_take_u32(&reader, 2, 0, rows, 1, out, &arena, &err));
    reader = lots_reader_over(bytes, sizeof bytes);
    assert_status(LOTS_CORRUPT, lots_frame_take_u32(&reader, 2, 0, rows, 2, out, &arena, &err));
    assert_contains(err.text, "1 patches but more escapes");
    lots_arena_free(&arena);
}

static void patches_of_patches_may_not_have_patches(void **state)
{
    /* PATCHES of patches that have PATCHES themselves: a reader that followed would recurse as deep as the bytes say. */
    static const uint8_t nested[] = {5, 0, 0x81, 2, 5, 0, 0x81, 2, 5, 0, 0x81, 2, 5, 0, 0x81, 2, 0, 0, 0, 0};
    lots_error err;
    lots_arena arena;
    uint32_t out[2 + 16];
    (void)state;
    lots_arena_init(&arena, 0);
    lots_reader reader = lots_reader_over(nested, sizeof nested);
    assert_status(LOTS_CORRUPT, lots_frame_decode_u32(&reader, 2, 0, out, &arena, &err));
    assert_contains(err.text, "patches of patches have patches");
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_lie_where_the_format_says),
        cmocka_unit_test(frames_have_the_bytes_the_format_says),
        cmocka_unit_test(escapes_and_bases_come_back),
        cmocka_unit_test(a_bit_is_saved_where_the_ends_are_rare),
        cmocka_unit_test(some_values_are_those_of_the_whole),
        cmocka_unit_test(a_value_without_its_patch_is_damage),
        cmocka_unit_test(patches_of_patches_may_not_have_patches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
