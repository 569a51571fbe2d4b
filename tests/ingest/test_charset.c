/* UTF-8 against the definition (encode every number, check every short byte string), single-byte encodings against
 * iconv's tables written out, and the vector classification against the scalar one. */
#include "tests/support/lots_test.h"

#include <stdio.h>

#include "ingest/charset.h"

/* Is data[0..count) UTF-8, by decoding each character and encoding it again the shortest way? */
static bool utf8_by_definition(const uint8_t *data, size_t count)
{
    size_t i = 0;
    while (i < count) {
        unsigned lead = data[i];
        unsigned bytes = lead < 0x80             ? 1
                         : (lead & 0xE0) == 0xC0 ? 2
                         : (lead & 0xF0) == 0xE0 ? 3
                         : (lead & 0xF8) == 0xF0 ? 4
                                                 : 0;
        if (bytes == 0 || i + bytes > count)
            return false;
        uint32_t number = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
        for (unsigned b = 1; b < bytes; b++) {
            if ((data[i + b] & 0xC0) != 0x80)
                return false;
            number = number << 6 | (data[i + b] & 0x3Fu);
        }
        unsigned shortest = number < 0x80 ? 1 : number < 0x800 ? 2 : number < 0x10000 ? 3 : 4;
        if (bytes != shortest || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF))
            return false;
        i += bytes;
    }
    return true;
}

static bool check(const uint8_t *data, size_t count)
{
    lots_utf8 state = {0};
    return lots_utf8_check(&state, data, count) == count && state.wanted == 0;
}

static void every_short_string_is_judged_by_the_definition(void **unused)
{
    (void)unused;
    uint8_t data[4];
    for (uint32_t n = 0; n < 1u << 16; n++) {
        data[0] = (uint8_t)(n >> 8);
        data[1] = (uint8_t)n;
        assert_int_equal(check(data, 2), utf8_by_definition(data, 2));
    }
    static const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                                    0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
    enum { N = sizeof edges };
    for (uint32_t n = 0; n < N * N * N * N; n++) {
        uint32_t rest = n;
        for (unsigned i = 0; i < 4; i++, rest /= N)
            data[i] = edges[rest % N];
        assert_int_equal(check(data, 4), utf8_by_definition(data, 4));
        assert_int_equal(check(data, 3), utf8_by_definition(data, 3));
    }
}

static void a_check_may_be_cut_anywhere(void **unused)
{
    (void)unused;
    static const char text[] = "abc \xC3\xA5\xC3\xA4\xC3\xB6 \xE2\x82\xAC \xF0\x9F\x98\x80"
                               " and thirty-two plain bytes after it all";
    size_t count = sizeof text - 1;
    for (size_t cut = 0; cut <= count; cut++) {
        lots_utf8 state = {0};
        assert_int_equal(lots_utf8_check(&state, (const uint8_t *)text, cut), cut);
        assert_int_equal(lots_utf8_check(&state, (const uint8_t *)text + cut, count - cut), count - cut);
        assert_int_equal(state.wanted, 0);
    }
}

static void fault_is_found_at_its_byte(void **unused)
{
    (void)unused;
    uint8_t text[200];
    for (size_t i = 0; i < sizeof text; i++) {
        lots_utf8 state = {0};
        memset(text, 'x', sizeof text);
        text[i] = 0xE5;
        size_t right = lots_utf8_check(&state, text, sizeof text);
        assert_int_equal(right - state.seen, i == sizeof text - 1 ? sizeof text - 1 : i);
        assert_int_equal(state.seen, 1);
        assert_int_equal(state.lead, 0xE5);
    }
}

/* What `iconv -f WINDOWS-1252 -t UTF-8` gives for 0x80..0x9F; empty where it refuses. */
static const char *const cp1252[32] = {
    "€", "", "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", "", "Ž", "",
    "", "‘", "’", "“", "”", "•", "–", "—", "˜", "™", "š", "›", "œ", "", "ž", "Ÿ",
};

static void single_bytes_are_decoded_by_the_table(void **unused)
{
    (void)unused;
    for (unsigned encoding = LOTS_CHARSET_LATIN1; encoding <= LOTS_CHARSET_WINDOWS1252; encoding++) {
        for (unsigned byte = 1; byte < 256; byte++) {
            uint8_t in = (uint8_t)byte;
            uint8_t out[8];
            size_t count = 0;
            bool bad = false;
            char wanted[8] = {0};
            if (byte < 0x80)
                wanted[0] = (char)byte;
            else if (encoding == LOTS_CHARSET_WINDOWS1252 && byte < 0xA0)
                strcpy(wanted, cp1252[byte - 0x80]);
            else
                snprintf(wanted, sizeof wanted, "%c%c", (char)(byte < 0xC0 ? 0xC2 : 0xC3), (char)(0x80 | (byte & 0x3F)));
            size_t used = lots_single_byte_decode((lots_charset)encoding, &in, 1, out, sizeof out, &count, &bad);
            assert_int_equal(bad, wanted[0] == '\0');
            assert_int_equal(used, !bad);
            assert_int_equal(count, strlen(wanted));
            assert_memory_equal(out, wanted, count);
        }
    }
}

static void decoding_stops_at_a_full_output(void **unused)
{
    (void)unused;
    uint8_t in[300];
    uint8_t whole[900];
    uint64_t state = 2;
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(lots_test_random(&state) % 3 == 0 ? 0xE5 : 'a' + i % 26);
    size_t whole_count = 0;
    bool bad = false;
    size_t all = lots_single_byte_decode(LOTS_CHARSET_LATIN1, in, sizeof in, whole, sizeof whole, &whole_count, &bad);
    assert_int_equal(all, sizeof in);
    for (size_t capacity = 3; capacity < 120; capacity++) {
        size_t from = 0;
        size_t to = 0;
        while (from < sizeof in) {
            uint8_t out[120];
            size_t count = 0;
            size_t used = lots_single_byte_decode(LOTS_CHARSET_LATIN1, in + from, sizeof in - from, out, capacity,
                                                  &count, &bad);
            assert_true(used > 0 && count <= capacity);
            assert_memory_equal(out, whole + to, count);
            from += used;
            to += count;
        }
        assert_int_equal(to, whole_count);
    }
}

static void vector_classification_equals_the_scalar_one(void **unused)
{
    (void)unused;
    uint64_t state = 9;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t data[200];
        size_t count = 1 + lots_test_random(&state) % sizeof data;
        for (size_t i = 0; i < count; i++) {
            uint64_t r = lots_test_random(&state);
            data[i] = r % 4 == 0 ? '\n' : r % 4 == 1 ? '\r' : 'x';
            if (r % 1000 == 2)
                data[i] = (uint8_t)((r >> 20) & 1 ? 0 : 0xC3);
        }
        bool a = (round & 1) != 0;
        bool b = a;
        lots_text_class wanted = lots_text_classify_scalar(data, count, &a);
        lots_text_class got = lots_text_classify_best()(data, count, &b);
        assert_true(wanted.high == got.high && wanted.nul == got.nul && wanted.lines == got.lines && a == b);
    }
}

static void names_of_encodings_are_read(void **unused)
{
    (void)unused;
    lots_charset encoding;
    assert_true(lots_charset_parse("Latin-1", 7, &encoding));
    assert_int_equal(encoding, LOTS_CHARSET_LATIN1);
    assert_true(lots_charset_parse("CP1252", 6, &encoding));
    assert_int_equal(encoding, LOTS_CHARSET_WINDOWS1252);
    assert_true(lots_charset_parse("UTF8", 4, &encoding));
    assert_int_equal(encoding, LOTS_CHARSET_UTF8);
    assert_false(lots_charset_parse("utf-16", 6, &encoding));
    assert_false(lots_charset_parse("utf", 3, &encoding));
    assert_string_equal(lots_charset_name(LOTS_CHARSET_WINDOWS1252), "windows-1252");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_short_string_is_judged_by_the_definition),
        cmocka_unit_test(a_check_may_be_cut_anywhere),
        cmocka_unit_test(fault_is_found_at_its_byte),
        cmocka_unit_test(single_bytes_are_decoded_by_the_table),
        cmocka_unit_test(decoding_stops_at_a_full_output),
        cmocka_unit_test(vector_classification_equals_the_scalar_one),
        cmocka_unit_test(names_of_encodings_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
