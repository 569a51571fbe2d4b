/* A source gives the same text however it is packed, encoded and read; what is no text is refused, saying what it is. */
#include "tests/support/lots_test.h"

#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

#include "core/base/os.h"
#include "ingest/source.h"

/* ---- packed bytes in memory ---- */

typedef struct memory_file {
    uint8_t bytes[400000];
    size_t count;
    size_t at;
    size_t piece;
} memory_file;

static lots_status fill_from_memory(void *context, void *out, size_t capacity, size_t *got, lots_error *err)
{
    (void)err;
    memory_file *file = context;
    size_t count = file->count - file->at;
    if (count > capacity)
        count = capacity;
    if (file->piece > 0 && count > file->piece)
        count = file->piece;
    memcpy(out, file->bytes + file->at, count);
    file->at += count;
    *got = count;
    return LOTS_OK;
}

static void put(memory_file *file, const void *data, size_t count)
{
    assert_true(file->count + count <= sizeof file->bytes);
    memcpy(file->bytes + file->count, data, count);
    file->count += count;
}

/* Append one gzip member. */
static void put_gzip(memory_file *file, const void *data, size_t count)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)count;
    stream.next_out = file->bytes + file->count;
    stream.avail_out = (uInt)(sizeof file->bytes - file->count);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    file->count += stream.total_out;
    deflateEnd(&stream);
}

/* Append one zstd frame. */
static void put_zstd(memory_file *file, const void *data, size_t count)
{
    size_t packed = ZSTD_compress(file->bytes + file->count, sizeof file->bytes - file->count, data, count, 3);
    assert_false(ZSTD_isError(packed));
    file->count += packed;
}

/* All of the text, read `capacity` at a time; the outcome. */
static lots_status read_all(memory_file *file, lots_charset encoding, size_t capacity, uint8_t *out, size_t *count,
                            lots_error *err)
{
    lots_source *source = NULL;
    *count = 0;
    file->at = 0;
    lots_error_clear(err);
    LOTS_TRY(lots_source_open_fill(&source, "reg.csv", fill_from_memory, file, encoding, err));
    size_t got = 1;
    lots_status status = LOTS_OK;
    while (status == LOTS_OK && got > 0) {
        status = lots_source_read(source, out + *count, capacity, &got, err);
        *count += got;
    }
    if (status == LOTS_OK)
        assert_int_equal(lots_source_bytes_read(source), file->count);
    lots_source_close(source);
    return status;
}

static uint8_t output[1200000];

static size_t make_text(uint8_t *out, size_t most, uint64_t seed)
{
    static const char *const words[] = {"19121212-1212", ";",    "I21.9", "\n", "Öster\xC3\xA5ker", ",",
                                        "12,5",          "\r\n", "€"};
    size_t count = 0;
    while (count + 20 < most)
        count += (size_t)sprintf((char *)out + count, "%s", words[lots_test_random(&seed) % 9]);
    return count;
}

static memory_file file;

static void assert_gives(const uint8_t *text, size_t count, size_t capacity)
{
    lots_error err;
    size_t got = 0;
    lots_status status = read_all(&file, LOTS_CHARSET_UTF8, capacity, output, &got, &err);
    if (status != LOTS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(got, count);
    assert_memory_equal(output, text, count);
}

static void packed_text_comes_back_whole(void **unused)
{
    (void)unused;
    static uint8_t text[100000];
    size_t count = make_text(text, sizeof text, 1);
    static const size_t pieces[] = {0, 1, 3, 1000};
    static const size_t capacities[] = {4, 100, 65536, 1000000};
    for (unsigned p = 0; p < 4; p++) {
        for (unsigned c = p == 1 ? 2 : 0; c < 4; c++) {
            file = (memory_file){.piece = pieces[p]};
            put(&file, text, count);
            assert_gives(text, count, capacities[c]);
            file.count = 0;
            put_gzip(&file, text, 1000);
            put_gzip(&file, "", 0);
            put_gzip(&file, text + 1000, count - 1000);
            put(&file, "\0\0\0\0\0", 5); /* padding, as from a tape */
            assert_gives(text, count, capacities[c]);
            file.count = 0;
            put(&file, "\x50\x2A\x4D\x18\x03\0\0\0abc", 11); /* a skippable frame first */
            put_zstd(&file, text, 5);
            put_zstd(&file, "", 0);
            put_zstd(&file, text + 5, count - 5);
            assert_gives(text, count, capacities[c]);
        }
    }
}

static void packed_data_cut_anywhere_are_an_error_that_names_the_file(void **unused)
{
    (void)unused;
    static uint8_t text[1500];
    size_t count = make_text(text, sizeof text, 2);
    for (unsigned kind = 0; kind < 2; kind++) {
        memset(&file, 0, sizeof file);
        if (kind == 0)
            put_gzip(&file, text, count);
        else
            put_zstd(&file, text, count);
        size_t whole = file.count;
        for (file.count = 4; file.count < whole; file.count++) {
            lots_error err;
            size_t got = 0;
            assert_int_equal(read_all(&file, LOTS_CHARSET_UTF8, 1000, output, &got, &err), LOTS_IO);
            assert_contains(err.text, "reg.csv: ");
            assert_contains(err.text, "end early");
        }
    }
}

static void damaged_packed_data_never_crash(void **unused)
{
    (void)unused;
    static uint8_t text[2000];
    size_t count = make_text(text, sizeof text, 3);
    for (unsigned kind = 0; kind < 2; kind++) {
        memset(&file, 0, sizeof file);
        if (kind == 0)
            put_gzip(&file, text, count);
        else
            put_zstd(&file, text, count);
        for (size_t i = 4; i < file.count; i++) {
            lots_error err;
            size_t got = 0;
            file.bytes[i] ^= 0x55;
            lots_status status = read_all(&file, LOTS_CHARSET_LATIN1, 1000, output, &got, &err);
            if (status != LOTS_OK)
                assert_contains(err.text, "reg.csv");
            file.bytes[i] ^= 0x55;
        }
    }
}

static void something_after_gzip_is_refused(void **unused)
{
    (void)unused;
    memset(&file, 0, sizeof file);
    put_gzip(&file, "a,b\n", 4);
    put(&file, "junk", 4);
    lots_error err;
    size_t got = 0;
    assert_int_equal(read_all(&file, LOTS_CHARSET_UTF8, 1000, output, &got, &err), LOTS_IO);
    assert_contains(err.text, "reg.csv: something that isn't gzip follows");
}

static void what_is_no_text_is_named(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t count;
        const char *text;
        const char *hint;
    } cases[] = {
        {"\xFF\xFE" "a\0,\0", 6, "this is UTF-16", "iconv -f UTF-16"},
        {"\xFE\xFF\0a\0,", 6, "this is UTF-16", "iconv -f UTF-16"},
        {"\xFF\xFE\0\0a\0\0\0", 8, "this is UTF-32", "iconv -f UTF-32"},
        {"\0\0\xFE\xFF\0\0\0a", 8, "this is UTF-32", "iconv -f UTF-32"},
        {"PK\x03\x04xxxx", 8, "a zip archive", "CSV"},
        {"\xFD" "7zXZ\0xx", 8, "this is xz", "xz -d"},
        {"BZh91AY&SYxx", 12, "this is bzip2", "bzip2 -d"},
        {"PAR1\x15\x04", 6, "this is Parquet", "CSV"},
        {"SQLite format 3\0", 16, "an SQLite database", "SQLite"},
        {"a,b\n1,\0\n", 8, "line 2, byte 6: a byte of value 0", "UTF-16LE"},
        {"a\0,\0b\0\n\0", 8, "line 1, byte 1: a byte of value 0", "UTF-16LE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned encoding = LOTS_CHARSET_UTF8; encoding <= LOTS_CHARSET_WINDOWS1252; encoding++) {
            memset(&file, 0, sizeof file);
            put(&file, cases[i].bytes, cases[i].count);
            lots_error err;
            size_t got = 0;
            assert_int_equal(read_all(&file, (lots_charset)encoding, 1000, output, &got, &err), LOTS_IO);
            assert_contains(err.text, "reg.csv: ");
            assert_contains(err.text, cases[i].text);
            assert_contains(err.hint, cases[i].hint);
        }
    }
}

/* A bad byte at every place of a text with all kinds of line ends, read in all sizes: named by line and byte. */
static void bad_byte_is_named_by_line_and_byte(void **unused)
{
    (void)unused;
    static const char good[] = "a;b\r\n1;\xC3\xA5\n2;3\r4;5\r\n\r\n6;7\xE2\x82\xAC\n8;9";
    size_t count = sizeof good - 1;
    for (size_t bad = 0; bad < count; bad++) {
        uint64_t line = 1;
        for (size_t i = 0; i < bad; i++)
            line += good[i] == '\r' || (good[i] == '\n' && (i == 0 || good[i - 1] != '\r'));
        for (size_t capacity = 4; capacity < 60; capacity += 7) {
            char place[80];
            lots_error err;
            size_t got = 0;
            memset(&file, 0, sizeof file);
            file.piece = capacity % 5;
            put(&file, good, count);
            file.bytes[bad] = 0xFF;
            bool inside = (good[bad] & 0xC0) == 0x80; /* then the character that it breaks is named */
            size_t from = bad;
            while (inside && (good[from] & 0xC0) == 0x80)
                from--;
            snprintf(place, sizeof place, "reg.csv: line %u, byte %u: 0x%02X is not utf-8", (unsigned)line,
                     (unsigned)from, inside ? (unsigned char)good[from] : 0xFFu);
            assert_int_equal(read_all(&file, LOTS_CHARSET_UTF8, capacity, output, &got, &err), LOTS_IO);
            assert_contains(err.text, place);
            assert_int_equal(err.at, from);
        }
    }
}

static void text_ending_inside_a_character_is_refused(void **unused)
{
    (void)unused;
    memset(&file, 0, sizeof file);
    put(&file, "a\n\xE2\x82", 4);
    lots_error err;
    size_t got = 0;
    assert_int_equal(read_all(&file, LOTS_CHARSET_UTF8, 1000, output, &got, &err), LOTS_IO);
    assert_contains(err.text, "reg.csv: line 2, byte 2: the text ends inside a character");
}

static void undefined_byte_of_windows_1252_is_refused(void **unused)
{
    (void)unused;
    memset(&file, 0, sizeof file);
    put(&file, "\xE5\r\n\x80\r\nx\x81", 8);
    lots_error err;
    size_t got = 0;
    assert_int_equal(read_all(&file, LOTS_CHARSET_WINDOWS1252, 1000, output, &got, &err), LOTS_IO);
    assert_contains(err.text, "reg.csv: line 3, byte 7: 0x81 is not windows-1252");
    file.bytes[7] = 0x80;
    assert_int_equal(read_all(&file, LOTS_CHARSET_WINDOWS1252, 5, output, &got, &err), LOTS_OK);
    assert_int_equal(got, 13);
    assert_memory_equal(output, "\xC3\xA5\r\n\xE2\x82\xAC\r\nx\xE2\x82\xAC", got);
}

static void byte_order_mark_is_dropped_and_says_utf8(void **unused)
{
    (void)unused;
    memset(&file, 0, sizeof file);
    put(&file, "\xEF\xBB\xBF\xC3\xA5", 5);
    lots_error err;
    for (unsigned encoding = LOTS_CHARSET_UTF8; encoding <= LOTS_CHARSET_WINDOWS1252; encoding++) {
        size_t got = 0;
        assert_int_equal(read_all(&file, (lots_charset)encoding, 10, output, &got, &err), LOTS_OK);
        assert_int_equal(got, 2);
        assert_memory_equal(output, "\xC3\xA5", 2);
    }
}

static void single_byte_text_equals_a_naive_expansion(void **unused)
{
    (void)unused;
    uint64_t state = 6;
    static uint8_t wanted[500000];
    memset(&file, 0, sizeof file);
    size_t count = 0;
    for (file.count = 0; file.count < 200000; file.count++) {
        uint64_t r = lots_test_random(&state);
        uint8_t byte = (uint8_t)(r % 3 == 0 ? 0xA0 + (r >> 8) % 0x60 : r % 50 == 1 ? '\n' : 'a');
        file.bytes[file.count] = byte;
        if (byte >= 0x80)
            wanted[count++] = (uint8_t)(0xC0 | byte >> 6);
        wanted[count++] = byte < 0x80 ? byte : (uint8_t)(0x80 | (byte & 0x3F));
    }
    static const size_t capacities[] = {4, 5, 777, 1000000};
    for (unsigned c = 0; c < 4; c++) {
        lots_error err;
        size_t got = 0;
        assert_int_equal(read_all(&file, LOTS_CHARSET_LATIN1, capacities[c], output, &got, &err), LOTS_OK);
        assert_int_equal(got, count);
        assert_memory_equal(output, wanted, count);
    }
}

static void files_are_opened_by_path(void **unused)
{
    (void)unused;
    char directory[512];
    char path[600];
    lots_error err = {0};
    lots_source *source = NULL;
    lots_test_directory(directory);
    snprintf(path, sizeof path, "%s/named-so.csv", directory);
    memset(&file, 0, sizeof file);
    put_gzip(&file, "a,b\n1,2\n", 8);
    lots_file out = LOTS_FILE_CLOSED;
    assert_ok(lots_file_create(&out, path, &err));
    assert_ok(lots_file_write(&out, file.bytes, file.count, &err));
    lots_file_close(&out);
    assert_ok(lots_source_open(&source, path, LOTS_CHARSET_UTF8, &err)); /* gzip whatever the name */
    assert_string_equal(lots_source_name(source), path);
    size_t got = 0;
    assert_ok(lots_source_read(source, output, 100, &got, &err));
    assert_int_equal(got, 8);
    assert_ok(lots_source_read(source, output, 100, &got, &err));
    assert_int_equal(got, 0);
    assert_int_equal(lots_source_bytes_read(source), file.count);
    lots_source_close(source);
    assert_status(LOTS_IO, lots_source_open(&source, directory, LOTS_CHARSET_UTF8, &err));
    assert_null(source);
    snprintf(path, sizeof path, "%s/none.csv", directory);
    assert_status(LOTS_IO, lots_source_open(&source, path, LOTS_CHARSET_UTF8, &err));
    assert_contains(err.text, "none.csv");
    lots_source_close(NULL);
}

static void empty_text_is_fine(void **unused)
{
    (void)unused;
    lots_error err;
    size_t got = 1;
    memset(&file, 0, sizeof file);
    assert_int_equal(read_all(&file, LOTS_CHARSET_UTF8, 10, output, &got, &err), LOTS_OK);
    assert_int_equal(got, 0);
    put_zstd(&file, "", 0);
    assert_int_equal(read_all(&file, LOTS_CHARSET_LATIN1, 10, output, &got, &err), LOTS_OK);
    assert_int_equal(got, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_text_comes_back_whole),
        cmocka_unit_test(packed_data_cut_anywhere_are_an_error_that_names_the_file),
        cmocka_unit_test(damaged_packed_data_never_crash),
        cmocka_unit_test(something_after_gzip_is_refused),
        cmocka_unit_test(what_is_no_text_is_named),
        cmocka_unit_test(bad_byte_is_named_by_line_and_byte),
        cmocka_unit_test(text_ending_inside_a_character_is_refused),
        cmocka_unit_test(undefined_byte_of_windows_1252_is_refused),
        cmocka_unit_test(byte_order_mark_is_dropped_and_says_utf8),
        cmocka_unit_test(single_byte_text_equals_a_naive_expansion),
        cmocka_unit_test(files_are_opened_by_path),
        cmocka_unit_test(empty_text_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
