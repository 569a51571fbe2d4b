/* test_document.c: how a result was made, written into each format and found again; and files that are cut or changed. */
#include "tests/support/lots_test.h"

#include <stdlib.h>

#include "query/out/document.h"
#include "query/out/listing.h"
#include "query/out/made_read.h"

/* Everything that could end a comment, a string, a page or a script too early. */
static const char hard_text[] = "from patients # </script><!-- \"x\" \\ \n\t</main> å 漢 \x01 -- |\n";
static const lots_format readable[] = {LOTS_FORMAT_CSV,  LOTS_FORMAT_CSV_SE, LOTS_FORMAT_TSV,
                                       LOTS_FORMAT_JSON, LOTS_FORMAT_NDJSON, LOTS_FORMAT_HTML};
enum { READABLE = sizeof readable / sizeof *readable };

static const lots_listing_column columns[] = {{"t", LOTS_TYPE_TEXT}, {"n", LOTS_TYPE_INT}};

static void write_document(lots_format format, uint32_t count, bool with_provenance, lots_sink *sink)
{
    lots_error err;
    lots_result results[2];
    lots_bytes json = {0}, shown = {0};
    lots_listing listing = lots_listing_begin(columns, 2);
    lots_provenance made = lots_provenance_begin();
    assert_ok(lots_listing_text(&listing, "# lots: \"</main>\"", &err));
    assert_ok(lots_listing_int(&listing, 7, &err));
    for (uint32_t i = 0; i < 2; i++)
        assert_ok(lots_listing_result(&listing, &results[i], &err));
    assert_ok(lots_provenance_text(&made, "lots", "0.1.0", 5, &err));
    assert_ok(lots_provenance_text(&made, "query", hard_text, sizeof hard_text - 1, &err));
    assert_ok(lots_bytes_printf(&json, &err, "{\"year\":\"2023\",\"na\\\"me\":[1,{\"a\":null}]}"));
    assert_ok(lots_bytes_printf(&shown, &err, "year=2023\nname=…\n"));
    assert_ok(lots_provenance_fact_put(&made, "parameters", &json, &shown, &err));
    lots_document document = {.format = format,
                              .results = results,
                              .result_count = count,
                              .provenance = with_provenance ? &made : NULL,
                              .caption = hard_text,
                              .caption_bytes = sizeof hard_text - 1};
    lots_output_options options = {.swedish = true};
    sink->text.count = 0;
    assert_ok(lots_document_write(&document, &options, sink, &err));
    for (uint32_t i = 0; i < 2; i++)
        lots_result_free(&results[i]);
    lots_provenance_free(&made);
    lots_listing_free(&listing);
    lots_bytes_free(&json);
    lots_bytes_free(&shown);
}

static void provenance_is_found_again_in_every_format_for_programs(void **state)
{
    (void)state;
    lots_error err;
    lots_sink sink = {0}, bare = {0};
    for (int i = 0; i < READABLE; i++) {
        lots_made_file file;
        lots_bytes text = {0};
        lots_vec members = LOTS_VEC(lots_made_fact);
        write_document(readable[i], 1, true, &sink);
        assert_ok(lots_made_read((const char *)sink.text.data, sink.text.count, &file, &err));
        assert_int_equal(file.facts.count, 3);
        assert_non_null(lots_made_find(&file, "query"));
        assert_null(lots_made_find(&file, "quer"));
        assert_ok(lots_made_text(lots_made_find(&file, "query"), &text, &err));
        assert_int_equal(text.count, sizeof hard_text - 1);
        assert_memory_equal(text.data, hard_text, text.count);
        const lots_made_fact *parameters = lots_made_find(&file, "parameters");
        assert_ok(lots_made_members(parameters->json, parameters->json_bytes, &members, &err));
        assert_int_equal(members.count, 2);
        assert_status(LOTS_USAGE, lots_made_text(parameters, &text, &err));
        /* what is left is the result as it is written without provenance */
        write_document(readable[i], 1, false, &bare);
        size_t mark = readable[i] == LOTS_FORMAT_CSV_SE ? 3 : 0, closing = readable[i] == LOTS_FORMAT_JSON ? 1 : 0;
        if (readable[i] != LOTS_FORMAT_HTML) {
            assert_int_equal(file.rows_bytes, bare.text.count - mark + closing);
            assert_memory_equal(file.rows, bare.text.data + mark, bare.text.count - mark - closing);
        }
        lots_vec_free(&members);
        lots_bytes_free(&text);
        lots_made_file_free(&file);
    }
    lots_sink_free(&sink);
    lots_sink_free(&bare);
}

/* At every length the file is read or refused; what is read lies inside it (the address sanitizer looks). */
static void a_file_cut_anywhere_is_read_or_refused(void **state)
{
    (void)state;
    lots_error err;
    lots_sink sink = {0};
    for (int i = 0; i < READABLE; i++) {
        write_document(readable[i], 1, true, &sink);
        for (size_t bytes = 0; bytes < sink.text.count; bytes++) {
            char *cut = malloc(bytes == 0 ? 1 : bytes); /* its own block: a read beyond its end is seen */
            lots_made_file file;
            lots_bytes text = {0};
            assert_non_null(cut);
            memcpy(cut, sink.text.data, bytes);
            lots_status status = lots_made_read(cut, bytes, &file, &err);
            assert_true(status == LOTS_OK || status == LOTS_USAGE);
            for (size_t f = 0; f < file.facts.count; f++) {
                lots_status read = lots_made_text(&LOTS_AT(lots_made_fact, &file.facts, f), &text, &err);
                assert_true(read == LOTS_OK || read == LOTS_USAGE);
            }
            lots_bytes_free(&text);
            lots_made_file_free(&file);
            free(cut);
        }
    }
    lots_sink_free(&sink);
}

static void a_file_without_provenance_is_refused_with_a_hint(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "n\n1\n", "[\n]\n", "{\"provenance\":7}", "{\"provenance\":{\"a\":[[[[[[[[[[[[[[[[[[[[1]",
                                        "# lots: \"1\"\n# no fact\n", "<!DOCTYPE html>\n<main>\n</main>",
                                        "{\"provenance\":{\"a\" 1}}\n", "{\"provenance\":{\"a\":1}"};
    lots_error err;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        lots_made_file file;
        assert_status(LOTS_USAGE, lots_made_read(texts[i], strlen(texts[i]), &file, &err));
        assert_true(err.text[0] != '\0');
        lots_made_file_free(&file);
    }
}

static void strings_are_read_as_json_writes_them(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text; /* NULL: refused */
    } cases[] = {{"\"\"", ""},
                 {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
                 {"\"\\u00e5\\u6f22\\u003c\\u0001\"", "å漢<\x01"},
                 {"\"\\u0000\"", NULL},
                 {"\"\\ud83d\"", NULL},
                 {"\"\\u00g0\"", NULL},
                 {"\"\\u00\"", NULL},
                 {"\"\\x\"", NULL},
                 {"\"\\\"", NULL},
                 {"7", NULL},
                 {"\"", NULL}};
    lots_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lots_made_fact fact = {"x", cases[i].json, 1, strlen(cases[i].json)};
        lots_bytes out = {0};
        if (cases[i].text == NULL) {
            assert_status(LOTS_USAGE, lots_made_text(&fact, &out, &err));
        } else {
            assert_ok(lots_made_text(&fact, &out, &err));
            assert_ok(lots_bytes_put8(&out, 0, &err));
            assert_string_equal((char *)out.data, cases[i].text);
        }
        lots_bytes_free(&out);
    }
}

static void several_results_stand_apart(void **state)
{
    (void)state;
    static const struct {
        lots_format format;
        const char *text;
    } cases[] = {{LOTS_FORMAT_CSV, "t,n\n\"# lots: \"\"</main>\"\"\",7\n\nt,n\n\"# lots: \"\"</main>\"\"\",7\n"},
                 {LOTS_FORMAT_JSON, "[[\n{\"t\":\"# lots: \\\"</main>\\\"\",\"n\":7}\n],\n[\n{\"t\":\"# lots: \\\"</main>\\\"\",\"n\":7}\n]]\n"},
                 {LOTS_FORMAT_NDJSON, "{\"t\":\"# lots: \\\"</main>\\\"\",\"n\":7}\n{\"t\":\"# lots: \\\"</main>\\\"\",\"n\":7}\n"}};
    lots_error err;
    lots_sink sink = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_document(cases[i].format, 2, false, &sink);
        assert_ok(lots_bytes_put8(&sink.text, 0, &err));
        assert_string_equal((char *)sink.text.data, cases[i].text);
    }
    lots_sink_free(&sink);
}

/* Tables and Markdown say it for people: after the result, in Swedish here, and no control character gets through. */
static void people_read_provenance_after_the_result(void **state)
{
    (void)state;
    lots_error err;
    lots_sink sink = {0};
    write_document(LOTS_FORMAT_TABLE, 1, true, &sink);
    assert_ok(lots_bytes_put8(&sink.text, 0, &err));
    assert_contains((char *)sink.text.data, "\n\nLots: 0.1.0\nfråga: from patients # </script>");
    assert_contains((char *)sink.text.data, "parametrar: year=2023\n  name=…\n");
    assert_null(strchr((char *)sink.text.data, '\x01'));
    write_document(LOTS_FORMAT_MARKDOWN, 1, true, &sink);
    assert_ok(lots_bytes_put8(&sink.text, 0, &err));
    assert_contains((char *)sink.text.data, "- parametrar: year=2023<br>name=…\n");
    assert_null(strstr((char *)sink.text.data, "\n</"));
    assert_null(strstr((char *)sink.text.data, " </"));
    lots_sink_free(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(provenance_is_found_again_in_every_format_for_programs),
        cmocka_unit_test(a_file_cut_anywhere_is_read_or_refused),
        cmocka_unit_test(a_file_without_provenance_is_refused_with_a_hint),
        cmocka_unit_test(strings_are_read_as_json_writes_them),
        cmocka_unit_test(several_results_stand_apart),
        cmocka_unit_test(people_read_provenance_after_the_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
