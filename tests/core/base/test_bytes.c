/* Bytes: what is written reads back, and the reader holds at every truncation and on malformed numbers. */
#include "tests/support/lots_test.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"

static const uint64_t EDGES[] = {0,
                                 1,
                                 0x7F,
                                 0x80,
                                 0x3FFF,
                                 0x4000,
                                 UINT32_MAX,
                                 (uint64_t)UINT32_MAX + 1,
                                 (uint64_t)INT64_MAX,
                                 (uint64_t)INT64_MAX + 1,
                                 UINT64_MAX};
enum { EDGE_COUNT = sizeof EDGES / sizeof EDGES[0] };

static void numbers_are_little_endian(void **state)
{
    (void)state;
    uint8_t out[8];
    lots_put16(out, 0x0102);
    assert_memory_equal(out, "\x02\x01", 2);
    lots_put32(out, 0x01020304);
    assert_memory_equal(out, "\x04\x03\x02\x01", 4);
    lots_put64(out, UINT64_C(0xF102030405060708));
    assert_memory_equal(out, "\x08\x07\x06\x05\x04\x03\x02\xF1", 8);
    assert_true(lots_get64(out) == UINT64_C(0xF102030405060708));
    assert_int_equal(lots_get32(out), 0x05060708);
    assert_int_equal(lots_get16(out), 0x0708);
}

static void zigzag_keeps_small_magnitudes_small(void **state)
{
    (void)state;
    assert_true(lots_zigzag(0) == 0 && lots_zigzag(-1) == 1 && lots_zigzag(1) == 2 && lots_zigzag(-2) == 3);
    assert_true(lots_zigzag(INT64_MIN) == UINT64_MAX && lots_zigzag(INT64_MAX) == UINT64_MAX - 1);
    for (size_t i = 0; i < EDGE_COUNT; i++)
        assert_true(lots_zigzag(lots_unzigzag(EDGES[i])) == EDGES[i]);
}

/* LEB128 by the book: the number of bytes is the number of 7-bit groups. */
static size_t varint_bytes(uint64_t value)
{
    size_t count = 1;
    for (; value > 127; value /= 128)
        count++;
    return count;
}

static void varints_have_the_shortest_form(void **state)
{
    (void)state;
    lots_error err;
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        lots_bytes bytes = {0};
        uint64_t value = i < EDGE_COUNT ? EDGES[i] : lots_test_random(&seed) >> (lots_test_random(&seed) % 64);
        uint64_t back;
        assert_ok(lots_bytes_put_varint(&bytes, value, &err));
        if (bytes.count != varint_bytes(value))
            fail_msg("%zu bytes for %ju", bytes.count, (uintmax_t)value);
        lots_reader reader = lots_reader_over(bytes.data, bytes.count);
        if (!lots_read_varint(&reader, &back) || back != value || reader.at != reader.end)
            fail_msg("varint %ju does not read back", (uintmax_t)value);
        lots_bytes_free(&bytes);
    }
}

static void malformed_varints_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
    } rows[] = {
        {"\x80", 1},                                                /* nothing follows */
        {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10},           /* a 65th bit */
        {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 10},           /* many too many */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},       /* eleven bytes */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value;
        uint8_t byte;
        lots_reader reader = lots_reader_over(rows[i].bytes, rows[i].count);
        assert_false(lots_read_varint(&reader, &value));
        assert_true(reader.failed);
        assert_false(lots_read8(&reader, &byte));
    }
}

static lots_status write_record(lots_bytes *bytes, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(bytes, 0xA5, err));
    LOTS_TRY(lots_bytes_put32(bytes, 0xDEADBEEF, err));
    LOTS_TRY(lots_bytes_put64(bytes, UINT64_C(0x0123456789ABCDEF), err));
    LOTS_TRY(lots_bytes_put_varint(bytes, 300, err));
    LOTS_TRY(lots_bytes_put_text(bytes, "åäö", 6, err));
    LOTS_TRY(lots_bytes_append(bytes, NULL, 0, err));
    return lots_bytes_append(bytes, "xyz", 3, err);
}

/* How many fields of the record could be read; 6 is all. */
static int read_record(lots_reader *reader)
{
    uint8_t a;
    uint32_t b;
    uint64_t c, d;
    const char *text;
    const uint8_t *slice;
    size_t count;
    if (!lots_read8(reader, &a) || a != 0xA5)
        return 0;
    if (!lots_read32(reader, &b) || b != 0xDEADBEEF)
        return 1;
    if (!lots_read64(reader, &c) || c != UINT64_C(0x0123456789ABCDEF))
        return 2;
    if (!lots_read_varint(reader, &d) || d != 300)
        return 3;
    if (!lots_read_text(reader, &text, &count) || count != 6 || memcmp(text, "åäö", 6) != 0)
        return 4;
    if (!lots_read_slice(reader, 3, &slice) || memcmp(slice, "xyz", 3) != 0)
        return 5;
    return 6;
}

static void a_record_reads_back_and_fails_at_every_truncation(void **state)
{
    (void)state;
    lots_error err;
    lots_bytes bytes = {0};
    static const size_t field_end[] = {1, 5, 13, 15, 22, 25};
    assert_ok(write_record(&bytes, &err));
    assert_int_equal(bytes.count, 25);
    for (size_t keep = 0; keep <= bytes.count; keep++) {
        void *exact = NULL; /* a block of its own, so that a sanitizer sees a read beyond it */
        assert_ok(lots_alloc(&exact, keep, 1, &err));
        if (keep > 0)
            memcpy(exact, bytes.data, keep);
        static const uint8_t nothing[1];
        lots_reader reader = lots_reader_over(keep > 0 ? exact : nothing, keep);
        int fields = 0;
        while (fields < 6 && field_end[fields] <= keep)
            fields++;
        assert_int_equal(read_record(&reader), fields);
        assert_int_equal(reader.failed, fields < 6);
        uint8_t byte;
        assert_false(lots_read8(&reader, &byte));
        lots_free(exact);
    }
    lots_bytes_free(&bytes);
}

static void a_declared_length_beyond_the_bytes_is_refused(void **state)
{
    (void)state;
    lots_error err;
    for (size_t i = 0; i < EDGE_COUNT; i++) {
        lots_bytes bytes = {0};
        const char *text;
        const uint8_t *slice;
        size_t count;
        assert_ok(lots_bytes_put_varint(&bytes, EDGES[i], &err));
        assert_ok(lots_bytes_append(&bytes, "q", 1, &err));
        lots_reader reader = lots_reader_over(bytes.data, bytes.count);
        assert_int_equal(lots_read_text(&reader, &text, &count), EDGES[i] <= 1);
        reader = lots_reader_over(bytes.data, bytes.count);
        assert_int_equal(lots_read_slice(&reader, (size_t)EDGES[i], &slice), EDGES[i] <= bytes.count);
        lots_bytes_free(&bytes);
    }
}

static void a_buffer_grows_and_a_failed_reserve_changes_nothing(void **state)
{
    (void)state;
    lots_error err;
    lots_bytes bytes = {0};
    for (int i = 0; i < 100000; i++)
        assert_ok(lots_bytes_put8(&bytes, (uint8_t)(i * 7), &err));
    for (int i = 0; i < 100000; i++)
        if (bytes.data[i] != (uint8_t)(i * 7))
            fail_msg("byte %d", i);
    lots_bytes before = bytes;
    assert_status(LOTS_MEMORY, lots_bytes_reserve(&bytes, SIZE_MAX, &err));
    assert_status(LOTS_MEMORY, lots_bytes_reserve(&bytes, SIZE_MAX / 2, &err));
    assert_memory_equal(&bytes, &before, sizeof bytes);
    lots_bytes_free(&bytes);
    assert_null(bytes.data);
    lots_bytes_free(&bytes);
}

static void printf_appends_without_the_zero(void **state)
{
    (void)state;
    lots_error err;
    lots_bytes bytes = {0};
    assert_ok(lots_bytes_printf(&bytes, &err, "%d-%s", 42, "x"));
    assert_ok(lots_bytes_printf(&bytes, &err, "%s", ""));
    assert_ok(lots_bytes_printf(&bytes, &err, "%100d", 7));
    assert_int_equal(bytes.count, 104);
    assert_memory_equal(bytes.data, "42-x  ", 6);
    assert_int_equal(bytes.data[103], '7');
    lots_bytes_free(&bytes);
    for (int length = 1; length < 300; length++) { /* with more room than that, as much, and less */
        const size_t before = bytes.count;
        assert_ok(lots_bytes_printf(&bytes, &err, "%*d", length, 7));
        assert_int_equal(bytes.count, before + (size_t)length);
        assert_int_equal(bytes.data[bytes.count - 1], '7');
    }
    lots_bytes_free(&bytes);
}

static void whole_numbers_are_written_as_printf_does(void **state)
{
    (void)state;
    const uint64_t numbers[] = {0, 1, 9, 10, 99, 100, UINT32_MAX, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[21], wanted[21];
        text[lots_whole_text(numbers[i], text)] = '\0';
        snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)numbers[i]);
        assert_string_equal(text, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(zigzag_keeps_small_magnitudes_small),
        cmocka_unit_test(varints_have_the_shortest_form),
        cmocka_unit_test(malformed_varints_are_refused),
        cmocka_unit_test(a_record_reads_back_and_fails_at_every_truncation),
        cmocka_unit_test(a_declared_length_beyond_the_bytes_is_refused),
        cmocka_unit_test(a_buffer_grows_and_a_failed_reserve_changes_nothing),
        cmocka_unit_test(printf_appends_without_the_zero),
        cmocka_unit_test(whole_numbers_are_written_as_printf_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
