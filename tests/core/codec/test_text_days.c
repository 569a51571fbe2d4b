/* test_text_days.c: texts that end in days come back, in few bytes; other texts are left as they are; damaged bytes are refused or
 * give some texts. */
#include <stdio.h>
#include <stdlib.h>

#include "core/codec/block.h"
#include "tests/support/lots_test.h"

enum { TEXTS = 2000 };

/* The texts of a column. */
typedef struct texts {
    uint32_t offsets[TEXTS + 1 + 16];
    char bytes[TEXTS * 40];
    uint32_t count;
} texts;

static void add_text(texts *to, const char *text)
{
    const size_t bytes = strlen(text);
    memcpy(to->bytes + to->offsets[to->count], text, bytes);
    to->offsets[to->count + 1] = to->offsets[to->count] + (uint32_t)bytes;
    to->count++;
}

/* Days of ten years, `head` before each; one in `others` something else. */
static void make_texts(texts *to, uint32_t count, const char *const *heads, uint32_t head_count, uint32_t others, uint64_t *seed)
{
    memset(to, 0, sizeof *to);
    for (uint32_t i = 0; i < count; i++) {
        char text[64];
        const unsigned year = 2010 + (unsigned)(lots_test_random(seed) % 10), month = 1 + (unsigned)(lots_test_random(seed) % 12);
        snprintf(text, sizeof text, "%s%04u-%02u-%02u", heads[lots_test_random(seed) % head_count], year, month,
                 1 + (unsigned)(lots_test_random(seed) % 28));
        add_text(to, others > 0 && i % others == 0 ? "2010-02-30" : text);
    }
}

static uint32_t encode(const texts *from, lots_bytes *out, lots_block_meta *meta)
{
    lots_error err;
    const lots_values values = {.phys = LOTS_PHYS_TEXT, .count = from->count, .data = from->offsets, .text = from->bytes};
    out->count = 0;
    assert_ok(lots_block_encode(&values, &(lots_block_options){.cold = true}, 1, out, meta, &err));
    return meta->bytes;
}

static void assert_back(const texts *from, const lots_bytes *bytes, const lots_block_meta *meta)
{
    static uint32_t offsets[TEXTS + 1 + 16];
    lots_error err;
    lots_arena arena;
    lots_values_out out = {.data = offsets};
    uint8_t *exact = malloc(meta->bytes + 1);
    memcpy(exact, bytes->data, meta->bytes);
    lots_arena_init(&arena, 0);
    assert_ok(lots_block_decode(meta, exact, &out, &arena, &err));
    assert_memory_equal(offsets, from->offsets, ((size_t)from->count + 1) * sizeof *offsets);
    assert_memory_equal(out.text, from->bytes, from->offsets[from->count]);
    lots_arena_free(&arena);
    free(exact);
}

static const char *const none[] = {""}, *const kinds[] = {"home_care/", "day/", "", "å/1/"};

static void texts_that_end_in_days_come_back_in_few_bytes(void **state)
{
    static texts made;
    static const uint32_t sizes[] = {1, 2, 33, 700, TEXTS};
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    uint64_t seed = 1;
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        make_texts(&made, sizes[s], none, 1, 0, &seed);
        assert_true(encode(&made, &out, &meta) <= sizes[s] * 12 / 8 + 32); /* 3,650 days are 12 bits */
        assert_back(&made, &out, &meta);
        make_texts(&made, sizes[s], kinds, 4, 0, &seed);
        assert_true(encode(&made, &out, &meta) <= sizes[s] * 14 / 8 + 80); /* and one of four texts */
        assert_back(&made, &out, &meta);
    }
    lots_bytes_free(&out);
}

static void each_day_there_is_comes_back(void **state)
{
    static const char *const days[] = {"0001-01-01", "9999-12-31", "1970-01-01", "2000-02-29", "x1899-12-31"};
    static texts made;
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    (void)state;
    memset(&made, 0, sizeof made);
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        add_text(&made, days[i]);
    encode(&made, &out, &meta);
    assert_back(&made, &out, &meta);
    lots_bytes_free(&out);
}

/* No such day, too short, signs and digits in the wrong places. */
static void texts_that_only_look_like_days_come_back(void **state)
{
    static const char *const odd[] = {"2011-02-29", "2011-13-01", "011-01-01", "", "2011-01-1", "2011/01/01", "+011-01-01"};
    static texts made;
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    uint64_t seed = 2;
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        make_texts(&made, 50, kinds, 4, 0, &seed);
        add_text(&made, odd[i]);
        encode(&made, &out, &meta);
        assert_back(&made, &out, &meta);
    }
    make_texts(&made, 300, none, 1, 7, &seed);
    encode(&made, &out, &meta);
    assert_back(&made, &out, &meta);
    lots_bytes_free(&out);
}

static void damaged_bytes_never_harm(void **state)
{
    static texts made;
    static uint32_t offsets[TEXTS + 1 + 16];
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    uint64_t seed = 3;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        lots_error err;
        lots_arena arena;
        if (round % 500 == 0)
            make_texts(&made, 40 + (uint32_t)round / 10, round % 1000 == 0 ? none : kinds, round % 1000 == 0 ? 1 : 4, 0, &seed);
        encode(&made, &out, &meta);
        if (round % 2 == 0)
            meta.bytes = (uint32_t)(lots_test_random(&seed) % meta.bytes);
        uint8_t *exact = malloc(meta.bytes + (meta.bytes == 0));
        memcpy(exact, out.data, meta.bytes);
        if (meta.bytes > 0)
            exact[lots_test_random(&seed) % (round % 3 == 0 && meta.bytes > 10 ? 10 : meta.bytes)] ^= (uint8_t)(1u << lots_test_random(&seed) % 8);
        lots_values_out got = {.data = offsets};
        lots_arena_init(&arena, 0);
        const lots_status status = lots_block_decode(&meta, exact, &got, &arena, &err);
        assert_true(status == LOTS_OK || status == LOTS_CORRUPT);
        for (uint32_t i = 0; status == LOTS_OK && i < meta.count; i++)
            assert_true(offsets[i] <= offsets[i + 1]);
        lots_arena_free(&arena);
        free(exact);
    }
    lots_bytes_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_end_in_days_come_back_in_few_bytes),
        cmocka_unit_test(each_day_there_is_comes_back),
        cmocka_unit_test(texts_that_only_look_like_days_come_back),
        cmocka_unit_test(damaged_bytes_never_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
