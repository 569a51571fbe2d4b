/* Blanks, words and bools. */
#include "tests/support/lots_test.h"

#include <stdio.h>

#include "ingest/clean.h"

static void trim_takes_blanks_off_both_ends_only(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        const char *wanted;
    } cases[] = {
        {"", ""}, {" ", ""}, {" \t\xC2\xA0 ", ""}, {"a", "a"}, {"  a b\t", "a b"}, {"\xC2\xA0" "a\xC2\xA0", "a"},
        {"\xC3\xA0", "\xC3\xA0"}, /* ends in the second byte of U+00A0, but is à */
        {"\xA0", "\xA0"},         /* that byte alone is no blank */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text;
        size_t bytes = strlen(text);
        lots_clean_trim(&text, &bytes);
        assert_int_equal(bytes, strlen(cases[i].wanted));
        assert_memory_equal(text, cases[i].wanted, bytes);
    }
}

static int find(const lots_words *words, const char *text)
{
    return lots_words_find(words, text, strlen(text));
}

static void words_are_found_whole(void **unused)
{
    (void)unused;
    static const char *const list[] = {".", "BLANKED", "?", "9999-12-31", " NA ", "777"};
    lots_words words;
    lots_error err = {0};
    assert_ok(lots_words_compile(&words, list, 6, false, &err));
    assert_int_equal(find(&words, "."), 0);
    assert_int_equal(find(&words, " BLANKED "), 1);
    assert_int_equal(find(&words, "9999-12-31"), 3);
    assert_int_equal(find(&words, "NA"), 4);
    assert_int_equal(find(&words, "777"), 5);
    assert_int_equal(find(&words, "7777"), -1);
    assert_int_equal(find(&words, "77"), -1);
    assert_int_equal(find(&words, "blanked"), -1);
    assert_int_equal(find(&words, ""), -1);
    lots_words_free(&words);
    assert_int_equal(find(&words, "."), -1);
}

static void words_fold_and_the_empty_word_are_declared(void **unused)
{
    (void)unused;
    static const char *const list[] = {"Ja", "", "a word longer than thirty-one bytes, as some systems write"};
    lots_words words;
    lots_error err = {0};
    assert_ok(lots_words_compile(&words, list, 3, true, &err));
    assert_int_equal(find(&words, "jA"), 0);
    assert_int_equal(find(&words, "  "), 1);
    assert_int_equal(find(&words, "A WORD LONGER THAN THIRTY-ONE BYTES, AS SOME SYSTEMS WRITE"), 2);
    assert_int_equal(find(&words, "a word longer than thirty-one bytes, as some systems wrote"), -1);
    lots_words_free(&words);
}

static void too_many_or_too_long_words_are_refused(void **unused)
{
    (void)unused;
    static const char *list[1001];
    char longest[300];
    lots_words words;
    lots_error err = {0};
    for (size_t i = 0; i < 1001; i++)
        list[i] = "x";
    assert_status(LOTS_USAGE, lots_words_compile(&words, list, 1001, false, &err));
    memset(longest, 'x', sizeof longest);
    longest[256] = '\0';
    list[0] = longest;
    assert_status(LOTS_USAGE, lots_words_compile(&words, list, 1, false, &err));
    longest[255] = '\0';
    assert_ok(lots_words_compile(&words, list, 1, false, &err));
    lots_words_free(&words);
}

static void bools_are_what_was_declared(void **unused)
{
    (void)unused;
    static const char *const yes_list[] = {"1", "ja", "true"};
    static const char *const no_list[] = {"0", "nej", "false"};
    lots_words yes;
    lots_words no;
    lots_error err = {0};
    bool out = false;
    assert_ok(lots_words_compile(&yes, yes_list, 3, true, &err));
    assert_ok(lots_words_compile(&no, no_list, 3, true, &err));
    assert_int_equal(lots_clean_bool("JA", 2, &yes, &no, &out), LOTS_CLEAN_OK);
    assert_true(out);
    assert_int_equal(lots_clean_bool(" 0", 2, &yes, &no, &out), LOTS_CLEAN_OK);
    assert_false(out);
    assert_int_equal(lots_clean_bool(" ", 1, &yes, &no, &out), LOTS_CLEAN_EMPTY);
    assert_int_equal(lots_clean_bool("2", 1, &yes, &no, &out), LOTS_CLEAN_UNKNOWN);
    lots_words_free(&yes);
    lots_words_free(&no);
}

static void every_outcome_has_a_reason(void **unused)
{
    (void)unused;
    for (int i = LOTS_CLEAN_OK; i <= LOTS_CLEAN_UNKNOWN; i++) {
        assert_true(strlen(lots_clean_reason((lots_clean)i)) > 3);
        assert_int_equal(lots_clean_is_bad((lots_clean)i), i >= LOTS_CLEAN_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trim_takes_blanks_off_both_ends_only),
        cmocka_unit_test(words_are_found_whole),
        cmocka_unit_test(words_fold_and_the_empty_word_are_declared),
        cmocka_unit_test(too_many_or_too_long_words_are_refused),
        cmocka_unit_test(bools_are_what_was_declared),
        cmocka_unit_test(every_outcome_has_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
