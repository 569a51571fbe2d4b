/* The fast scans against the byte-by-byte one: same bits, same state, whatever the words begin in. */
#include "tests/support/lots_test.h"

#include "ingest/csv_scan.h"

#define WORDS 64

/* Bytes of which structure is made, thick with quotes or thin. */
static void random_text(uint8_t *out, size_t count, unsigned plain_of_16, uint64_t *state)
{
    static const char structure[] = "\"\"\"\",,;\n\n\r\t|";
    for (size_t i = 0; i < count; i++) {
        uint64_t r = lots_test_random(state);
        out[i] = (r & 15) < plain_of_16 ? (uint8_t)('a' + (r >> 8) % 26)
                                        : (uint8_t)structure[(r >> 8) % (sizeof structure - 1)];
    }
}

/* Every field quoted, as R and many databases write it; some quotes doubled. */
static void quoted_text(uint8_t *out, size_t count, uint64_t *state)
{
    size_t i = 0;
    while (i < count) {
        char field[64];
        size_t bytes = 0;
        field[bytes++] = '"';
        for (uint64_t left = lots_test_random(state) % 20; left > 0; left--) {
            uint64_t r = lots_test_random(state) % 40;
            if (r == 0)
                field[bytes++] = '"', field[bytes++] = '"';
            else
                field[bytes++] = r == 1 ? '\n' : r == 2 ? ',' : 'x';
        }
        field[bytes++] = '"';
        field[bytes++] = lots_test_random(state) % 5 == 0 ? '\n' : ',';
        for (size_t b = 0; b < bytes && i < count; b++)
            out[i++] = (uint8_t)field[b];
    }
}

static void assert_same_scan(lots_csv_scan_words fast, const uint8_t *text, lots_csv_scan from)
{
    uint64_t wanted[WORDS];
    uint64_t got[WORDS];
    lots_csv_scan a = from;
    lots_csv_scan b = from;
    lots_csv_scan_words_scalar(&a, text, WORDS, wanted);
    fast(&b, text, WORDS, got);
    assert_memory_equal(wanted, got, sizeof got);
    assert_int_equal(a.phase, b.phase);
    assert_int_equal(a.after_cr, b.after_cr);
    assert_int_equal(a.lines_in_quotes, b.lines_in_quotes);
    assert_int_equal(a.quotes_inside, b.quotes_inside);
    assert_int_equal(a.lines, b.lines);
}

static void fast_scans_equal_the_scan_byte_by_byte(void **unused)
{
    (void)unused;
    static uint8_t text[64 * WORDS];
    uint64_t state = 11;
    for (unsigned round = 0; round < 1500; round++) {
        if (round % 3 == 0)
            quoted_text(text, sizeof text, &state);
        else
            random_text(text, sizeof text, round % 17, &state);
        lots_csv_scan from = {.separator = (uint8_t)",;\t|"[round % 4], .quote = round % 7 == 0 ? 0 : '"'};
        from.phase = (lots_csv_phase)(lots_test_random(&state) % 4);
        from.after_cr = (lots_test_random(&state) & 1) != 0;
        assert_same_scan(lots_csv_scan_words_plain, text, from);
        assert_same_scan(lots_csv_scan_words_best(), text, from);
    }
}

static void words_and_bytes_may_be_mixed(void **unused)
{
    (void)unused;
    static uint8_t text[64 * WORDS];
    uint64_t state = 12;
    random_text(text, sizeof text, 10, &state);
    uint64_t wanted[WORDS];
    lots_csv_scan whole = {.separator = ',', .quote = '"'};
    lots_csv_scan_words_best()(&whole, text, WORDS, wanted);
    lots_csv_scan pieces = {.separator = ',', .quote = '"'};
    for (size_t w = 0; w < WORDS; w++) {
        uint64_t low = lots_csv_scan_bytes(&pieces, text + 64 * w, 17);
        uint64_t high = lots_csv_scan_bytes(&pieces, text + 64 * w + 17, 47);
        assert_int_equal(wanted[w], low | high << 17);
    }
    assert_int_equal(whole.lines, pieces.lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_scans_equal_the_scan_byte_by_byte),
        cmocka_unit_test(words_and_bytes_may_be_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
