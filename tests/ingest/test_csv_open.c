/* test_csv_open.c: the header and the choice of the separator; texts and options that are refused. */
#include "tests/ingest/csv_fixture.h"

static void header_names_columns(void **unused)
{
    (void)unused;
    static const char text[] = "\xEF\xBB\xBF" "LopNr; \"Ut datum\" ;\"dx \"\"1\"\"\";lopnr;\n1;2;3;4;5\n";
    lots_error err = {0};
    opened o;
    assert_ok(open_text(&o, text, sizeof text - 1, 0, NULL));
    assert_int_equal(lots_csv_separator(o.reader), ';');
    assert_true(lots_csv_separator_found(o.reader));
    assert_int_equal(lots_csv_column_count(o.reader), 5);
    assert_string_equal(lots_csv_column_name(o.reader, 1), "\"Ut datum\"");
    assert_string_equal(lots_csv_column_name(o.reader, 2), "dx \"1\"");
    assert_string_equal(lots_csv_column_name(o.reader, 4), "");
    close_text(&o);
}

static void separator_is_found(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        char separator;
        const char *why;
    } cases[] = {
        {"a,b,c\n1,2,3\n", ',', "plain"},
        {"a;b\n1,5;2,5\n3,5;4\n", ';', "decimal commas"},
        {"a;b\n1,5;2\n3,5;4\n5,5;4\n", ';', "one decimal comma in every row, none in the header"},
        {"a\tb\tc\n1,2;3\t\t\n", '\t', "tabs"},
        {"id|text\n1|a, b, c\n2|d, e, f\n", '|', "commas in text"},
        {"a,b\n\"x;y;z\",\"1;2;3\"\n\"x;y;z\",\"1;2;3\"\n", ',', "semicolons inside quotes"},
        {"\"a;a\";b\n\"1\n2;;\n\";3\n", ';', "quoted line ends"},
        {"a;b;c\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2;3\n1;2\n", ';', "one broken row"},
        {"only\none\ncolumn\n", ',', "one column"},
        {"a,b;c\n1,2;3\n", ',', "two equally good: the first in the list"},
        {"x;y,z\n1;2,3\n4;5\n6;7\n", ';', "the one that agrees more often"},
    };
    lots_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        opened o;
        assert_ok(open_text(&o, cases[i].text, strlen(cases[i].text), 0, NULL));
        if (lots_csv_separator(o.reader) != cases[i].separator)
            fail_msg("%s: chose '%c'", cases[i].why, lots_csv_separator(o.reader));
        close_text(&o);
    }
}

static void text_without_a_record_is_refused(void **unused)
{
    (void)unused;
    static const char *const texts[] = {"", "\n", "\r\n\r\n\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        opened o;
        assert_int_equal(open_text(&o, texts[i], strlen(texts[i]), 0, NULL), LOTS_IO);
        assert_contains(o.err.text, "text.csv: no line of text");
        close_text(&o);
    }
}

static void bad_options_are_refused(void **unused)
{
    (void)unused;
    static const lots_csv_options bad[] = {
        {.separator = '"'}, {.separator = '\n'}, {.separator = '\r'}, {.separator = (char)0xE5},
        {.record_limit_bytes = (size_t)2 << 30},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        opened o;
        assert_int_equal(open_text(&o, "a,b\n", 4, 0, &bad[i]), LOTS_USAGE);
        close_text(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_names_columns),
        cmocka_unit_test(separator_is_found),
        cmocka_unit_test(text_without_a_record_is_refused),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
