/* test_formats.c: table, CSV and JSON of the same results: texts written out by hand, a CSV reader of its own for a round
 * trip, and what every format does alike (the column `patients`, empty results, a sink that fails). */
#include "tests/support/lots_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "query/exec/evidence.h"
#include "query/out/json.h"
#include "query/out/listing.h"
#include "query/out/table.h"

static const lots_listing_column plain_columns[] = {
    {"name", LOTS_TYPE_TEXT}, {"n", LOTS_TYPE_INT}, {"part", LOTS_TYPE_FLOAT}, {"day", LOTS_TYPE_DATE}};

/* Three rows: usual, wide letters and quotes, all missing. */
static lots_listing make_listing(void)
{
    lots_error err;
    lots_listing listing = lots_listing_begin(plain_columns, 4);
    assert_ok(lots_listing_text(&listing, "åäö", &err));
    assert_ok(lots_listing_int(&listing, 12345, &err));
    assert_ok(lots_listing_float(&listing, 0.25, &err));
    assert_ok(lots_listing_date(&listing, 0, &err));
    assert_ok(lots_listing_text(&listing, "漢, \"x\"", &err));
    assert_ok(lots_listing_int(&listing, 7, &err));
    assert_ok(lots_listing_float(&listing, 12.5, &err));
    assert_ok(lots_listing_date(&listing, 1, &err));
    for (int i = 0; i < 4; i++)
        assert_ok(lots_listing_missing(&listing, &err));
    return listing;
}

static char *write_as(const lots_listing *listing, lots_format format, const lots_output_options *options,
                      lots_sink *sink)
{
    lots_error err;
    sink->text.count = 0;
    assert_ok(lots_listing_write(listing, format, options, sink, &err));
    assert_ok(lots_bytes_put8(&sink->text, 0, &err));
    return (char *)sink->text.data;
}

static void a_plain_table_lines_up_letters_of_any_width(void **state)
{
    (void)state;
    lots_listing listing = make_listing();
    lots_sink sink = {0};
    assert_string_equal(write_as(&listing, LOTS_FORMAT_TABLE, NULL, &sink),
                        "name         n    part  day\n"
                        "-------  -----  ------  ----------\n"
                        "åäö      12345   0.250  1970-01-01\n"
                        "漢, \"x\"      7  12.500  1970-01-02\n"
                        "-            -       -  -\n");
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

static void a_table_on_a_terminal_has_a_box_and_is_cut(void **state)
{
    (void)state;
    lots_listing listing = make_listing();
    lots_output_options options = {.terminal = true, .rows_max = 2};
    lots_sink sink = {0};
    assert_string_equal(write_as(&listing, LOTS_FORMAT_TABLE, &options, &sink),
                        "┌─────────┬───────┬────────┬────────────┐\n"
                        "│ name    │     n │   part │ day        │\n"
                        "├─────────┼───────┼────────┼────────────┤\n"
                        "│ åäö     │ 12345 │  0.250 │ 1970-01-01 │\n"
                        "│ 漢, \"x\" │     7 │ 12.500 │ 1970-01-02 │\n"
                        "└─────────┴───────┴────────┴────────────┘\n"
                        "the first 2 of 3 rows; -o FILE or --format csv gives all\n");
    options.terminal = false;
    assert_null(strstr(write_as(&listing, LOTS_FORMAT_TABLE, &options, &sink), "first 2"));
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

static void a_table_shows_no_control_characters_and_cuts_long_texts(void **state)
{
    (void)state;
    static const lots_listing_column columns[] = {{"t", LOTS_TYPE_TEXT}};
    lots_error err;
    lots_listing listing = lots_listing_begin(columns, 1);
    lots_output_options options = {.terminal = true};
    lots_sink sink = {0};
    char longer[201];
    memset(longer, 'x', 200);
    longer[200] = '\0';
    assert_ok(lots_listing_text(&listing, "a\x1b[31m\nb\xff", &err));
    assert_ok(lots_listing_text(&listing, longer, &err));
    const char *text = write_as(&listing, LOTS_FORMAT_TABLE, &options, &sink);
    assert_null(strchr(text, '\x1b'));
    assert_contains(text, "a?[31m b? ");
    assert_contains(text, "xxx… │");
    assert_null(strchr(write_as(&listing, LOTS_FORMAT_TABLE, NULL, &sink), '\x1b'));
    assert_contains((char *)sink.text.data, longer); /* whole when it isn't a terminal */
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

/* Floats of a column are rounded alike, but none that isn't zero is shown as zero. */
static void a_table_never_rounds_a_number_to_nothing(void **state)
{
    (void)state;
    static const lots_listing_column columns[] = {{"x", LOTS_TYPE_FLOAT}};
    lots_error err;
    lots_listing listing = lots_listing_begin(columns, 1);
    lots_sink sink = {0};
    assert_ok(lots_listing_float(&listing, 0.00001234, &err));
    assert_ok(lots_listing_float(&listing, 2, &err));
    assert_contains(write_as(&listing, LOTS_FORMAT_TABLE, NULL, &sink), "1.234e-05");
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

static void csv_quotes_what_needs_it(void **state)
{
    (void)state;
    lots_listing listing = make_listing();
    lots_sink sink = {0};
    assert_string_equal(write_as(&listing, LOTS_FORMAT_CSV, NULL, &sink),
                        "name,n,part,day\n"
                        "åäö,12345,0.25,1970-01-01\n"
                        "\"漢, \"\"x\"\"\",7,12.5,1970-01-02\n"
                        ",,,\n");
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

static void json_is_an_array_of_objects(void **state)
{
    (void)state;
    lots_listing listing = make_listing();
    lots_sink sink = {0};
    assert_string_equal(write_as(&listing, LOTS_FORMAT_JSON, NULL, &sink),
                        "[\n"
                        "{\"name\":\"åäö\",\"n\":12345,\"part\":0.25,\"day\":\"1970-01-01\"},\n"
                        "{\"name\":\"漢, \\\"x\\\"\",\"n\":7,\"part\":12.5,\"day\":\"1970-01-02\"},\n"
                        "{\"name\":null,\"n\":null,\"part\":null,\"day\":null}\n"
                        "]");
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

static void json_strings_are_escaped_and_always_utf8(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t bytes;
        const char *json;
    } cases[] = {
        {"", 0, "\"\""},
        {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
        {"\b\t\n\v\f\r", 6, "\"\\b\\t\\n\\u000b\\f\\r\""},
        {"\0\x1f\x7f", 3, "\"\\u0000\\u001f\x7f\""},
        {"\xc3\xa5", 2, "\"å\""},
        {"\xc3", 1, "\"\xef\xbf\xbd\""},         /* cut short */
        {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* half a surrogate pair */
        {"\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* too long a form */
        {"\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\""},
    };
    lots_error err;
    lots_bytes out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        out.count = 0;
        assert_ok(lots_json_string(cases[i].text, cases[i].bytes, &out, &err));
        assert_ok(lots_bytes_put8(&out, 0, &err));
        assert_string_equal((char *)out.data, cases[i].json);
    }
    lots_bytes_free(&out);
}

/* ---- a CSV reader of its own ---- */

/* The next field into `out` (zero-terminated); false at the end of the text. *last: the record ends behind it. */
static bool next_field(const char **at, char *out, bool *last, bool *quoted)
{
    const char *p = *at;
    size_t used = 0;
    if (*p == '\0')
        return false;
    *quoted = *p == '"';
    if (*quoted) {
        for (p++; !(p[0] == '"' && p[1] != '"'); p++) {
            p += p[0] == '"';
            out[used++] = *p;
        }
        p++;
    } else {
        while (*p != ',' && *p != '\n')
            out[used++] = *p++;
    }
    out[used] = '\0';
    *last = *p == '\n';
    *at = p + 1;
    return true;
}

static void csv_of_random_texts_reads_back(void **state)
{
    (void)state;
    static const lots_listing_column columns[] = {{"a", LOTS_TYPE_TEXT}, {"b", LOTS_TYPE_TEXT}};
    static const char letters[] = "a,\"\n\r ;xå";
    enum { CELLS = 2000 };
    lots_error err;
    lots_listing listing = lots_listing_begin(columns, 2);
    lots_sink sink = {0};
    uint64_t seed = 11;
    char texts[CELLS][16];
    for (int i = 0; i < CELLS; i++) {
        size_t bytes = lots_test_random(&seed) % 9;
        for (size_t k = 0; k < bytes; k++)
            texts[i][k] = letters[lots_test_random(&seed) % 8]; /* one-byte letters */
        texts[i][bytes] = '\0';
        if (lots_test_random(&seed) % 10 == 0) {
            strcpy(texts[i], "-missing-");
            assert_ok(lots_listing_missing(&listing, &err));
        } else {
            assert_ok(lots_listing_text(&listing, texts[i], &err));
        }
    }
    const char *at = write_as(&listing, LOTS_FORMAT_CSV, NULL, &sink);
    char field[64];
    bool last = false, quoted = false;
    assert_true(next_field(&at, field, &last, &quoted) && next_field(&at, field, &last, &quoted) && last);
    for (int i = 0; i < CELLS; i++) {
        assert_true(next_field(&at, field, &last, &quoted));
        assert_int_equal(last, i % 2 == 1);
        if (strcmp(texts[i], "-missing-") == 0)
            assert_true(field[0] == '\0' && !quoted);
        else
            assert_string_equal(field, texts[i]);
        assert_true(field[0] != '\0' || quoted == (strcmp(texts[i], "-missing-") != 0)); /* empty is not missing */
    }
    assert_false(next_field(&at, field, &last, &quoted));
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

/* ---- all formats ---- */

static void an_empty_result_still_has_its_header(void **state)
{
    (void)state;
    lots_listing listing = lots_listing_begin(plain_columns, 4);
    lots_sink sink = {0};
    assert_string_equal(write_as(&listing, LOTS_FORMAT_CSV, NULL, &sink), "name,n,part,day\n");
    assert_string_equal(write_as(&listing, LOTS_FORMAT_JSON, NULL, &sink), "[]");
    assert_string_equal(write_as(&listing, LOTS_FORMAT_TABLE, NULL, &sink),
                        "name  n  part  day\n----  -  ----  ---\n");
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

static void aggregates_carry_patients_as_their_last_column(void **state)
{
    (void)state;
    static const lots_listing_column other[] = {{"n", LOTS_TYPE_INT}}, same[] = {{"patients", LOTS_TYPE_INT}};
    uint32_t patients[] = {3}, more[] = {4};
    lots_error err;
    lots_sink sink = {0};
    for (int i = 0; i < 3; i++) {
        lots_listing listing = lots_listing_begin(i == 0 ? other : same, 1);
        lots_result result;
        assert_ok(lots_listing_int(&listing, 3, &err));
        assert_ok(lots_listing_result(&listing, &result, &err));
        result.patients = i < 2 ? patients : more;
        sink.text.count = 0;
        assert_ok(lots_output_write(LOTS_FORMAT_CSV, &result, NULL, &sink, &err));
        assert_ok(lots_bytes_put8(&sink.text, 0, &err));
        assert_string_equal((char *)sink.text.data, i == 0   ? "n,patients\n3,3\n"
                                                    : i == 1 ? "patients\n3\n" /* once is enough */
                                                             : "patients,distinct_patients\n3,4\n");
        lots_result_free(&result);
        lots_listing_free(&listing);
    }
    lots_sink_free(&sink);
}

/* sex and score of two groups; then the total of the scores of one, whose number is hidden, and of all. */
static void check_totals(lots_format format, bool swedish, const char *expected)
{
    static const lots_listing_column columns[] = {{"sex", LOTS_TYPE_TEXT}, {"score", LOTS_TYPE_INT}, {"n", LOTS_TYPE_INT}};
    static const uint8_t sex[] = {LOTS_MARK_SHOWN, LOTS_MARK_SHOWN, LOTS_MARK_TOTAL};
    static const uint8_t score[] = {LOTS_MARK_SHOWN, LOTS_MARK_TOTAL, LOTS_MARK_TOTAL};
    static const uint8_t n[] = {LOTS_MARK_SMALL, LOTS_MARK_WITHHELD, LOTS_MARK_SHOWN};
    const lots_output_options options = {.swedish = swedish};
    lots_error err;
    lots_listing listing = lots_listing_begin(columns, 3);
    lots_result result;
    lots_sink sink = {0};
    for (int row = 0; row < 3; row++) {
        assert_ok(lots_listing_text(&listing, row < 2 ? "man" : NULL, &err));
        assert_ok(lots_listing_missing(&listing, &err));
        assert_ok(row < 2 ? lots_listing_missing(&listing, &err) : lots_listing_int(&listing, 9, &err));
    }
    assert_ok(lots_listing_result(&listing, &result, &err));
    result.columns[0].marks = sex;
    result.columns[1].marks = score;
    result.columns[2].marks = n;
    result.min_cell = 5;
    assert_ok(lots_output_write(format, &result, &options, &sink, &err));
    assert_ok(lots_bytes_put8(&sink.text, 0, &err));
    assert_string_equal((char *)sink.text.data, expected);
    lots_sink_free(&sink);
    lots_result_free(&result);
    lots_listing_free(&listing);
}

static void a_total_is_told_from_a_missing_key_in_every_format(void **state)
{
    (void)state;
    check_totals(LOTS_FORMAT_CSV, false, "sex,score,n\nman,,<5\nman,total,*\ntotal,total,9\n");
    check_totals(LOTS_FORMAT_TSV, false, "sex\tscore\tn\nman\t\t<5\nman\ttotal\t*\ntotal\ttotal\t9\n");
    check_totals(LOTS_FORMAT_TABLE, true,
                 "sex      score   n\n------  ------  --\nman          -  <5\nman     totalt   *\ntotalt  totalt   9\n");
    check_totals(LOTS_FORMAT_NDJSON, true,
                 "{\"sex\":\"man\",\"score\":null,\"n\":null,\"hidden\":[\"n\"]}\n"
                 "{\"sex\":\"man\",\"score\":null,\"n\":null,\"hidden\":[\"n\"],\"totals\":[\"score\"]}\n"
                 "{\"sex\":null,\"score\":null,\"n\":9,\"totals\":[\"sex\",\"score\"]}\n");
    check_totals(LOTS_FORMAT_MARKDOWN, false,
                 "| sex | score | n |\n| --- | ---: | ---: |\n| man | - | \\<5 |\n| man | total | \\* |\n| total | total | 9 |\n");
    check_totals(LOTS_FORMAT_HTML, false,
                 "<table>\n<thead>\n<tr><th scope=\"col\">sex</th><th scope=\"col\" class=\"number\">score</th><th scope=\"col\" "
                 "class=\"number\">n</th></tr>\n</thead>\n<tbody>\n"
                 "<tr><td>man</td><td class=\"missing number\">–</td><td class=\"missing number\">&lt;5</td></tr>\n"
                 "<tr><td>man</td><td class=\"number\">total</td><td class=\"missing number\">*</td></tr>\n"
                 "<tr><td>total</td><td class=\"number\">total</td><td class=\"number\">9</td></tr>\n</tbody>\n</table>\n");
}

static void a_missing_value_alone_in_its_row_is_seen_in_csv(void **state)
{
    (void)state;
    static const lots_listing_column columns[] = {{"n", LOTS_TYPE_INT}};
    lots_error err;
    lots_listing listing = lots_listing_begin(columns, 1);
    lots_sink sink = {0};
    assert_ok(lots_listing_missing(&listing, &err));
    assert_string_equal(write_as(&listing, LOTS_FORMAT_CSV, NULL, &sink), "n\n\"\"\n");
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    lots_error err;
    lots_listing listing = make_listing();
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL) {
        print_message("skipped: there is no /dev/full\n");
        lots_listing_free(&listing);
        skip();
    }
    lots_sink sink = {.file = full, .name = "/dev/full"};
    assert_ok(lots_listing_write(&listing, LOTS_FORMAT_CSV, NULL, &sink, &err));
    assert_status(LOTS_IO, lots_sink_flush(&sink, &err));
    assert_contains(err.text, "/dev/full");
    assert_false(sink.closed);
    fclose(full);
    lots_sink_free(&sink);
    lots_listing_free(&listing);
}

static void formats_are_known_by_name_and_by_the_end_of_a_file_name(void **state)
{
    (void)state;
    lots_format format = LOTS_FORMAT_COUNT;
    assert_true(lots_format_parse("json", &format));
    assert_int_equal(format, LOTS_FORMAT_JSON);
    assert_false(lots_format_parse("xlsx", &format));
    assert_true(lots_format_of_path("a.b/answer.csv", &format));
    assert_int_equal(format, LOTS_FORMAT_CSV);
    assert_false(lots_format_of_path("out.csv/answer", &format));
    assert_false(lots_format_of_path("answer.table", &format));
    static const struct {
        const char *path;
        lots_format format;
    } ends[] = {{"a.tsv", LOTS_FORMAT_TSV},       {"a.jsonl", LOTS_FORMAT_NDJSON}, {"a.md", LOTS_FORMAT_MARKDOWN},
                {"a.htm", LOTS_FORMAT_HTML},      {"a.db", LOTS_FORMAT_SQLITE},    {"a.sqlite:t.csv", LOTS_FORMAT_CSV},
                {"a.sqlite:t", LOTS_FORMAT_SQLITE}, {"a.csv:t", LOTS_FORMAT_COUNT}, {"a.abcdefghijklmnopqrstuv", LOTS_FORMAT_COUNT}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        bool found = lots_format_of_path(ends[i].path, &format);
        assert_int_equal(found, ends[i].format != LOTS_FORMAT_COUNT);
        assert_true(!found || format == ends[i].format);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_table_lines_up_letters_of_any_width),
        cmocka_unit_test(a_table_on_a_terminal_has_a_box_and_is_cut),
        cmocka_unit_test(a_table_shows_no_control_characters_and_cuts_long_texts),
        cmocka_unit_test(a_table_never_rounds_a_number_to_nothing),
        cmocka_unit_test(csv_quotes_what_needs_it),
        cmocka_unit_test(json_is_an_array_of_objects),
        cmocka_unit_test(json_strings_are_escaped_and_always_utf8),
        cmocka_unit_test(csv_of_random_texts_reads_back),
        cmocka_unit_test(an_empty_result_still_has_its_header),
        cmocka_unit_test(aggregates_carry_patients_as_their_last_column),
        cmocka_unit_test(a_total_is_told_from_a_missing_key_in_every_format),
        cmocka_unit_test(a_missing_value_alone_in_its_row_is_seen_in_csv),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(formats_are_known_by_name_and_by_the_end_of_a_file_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
