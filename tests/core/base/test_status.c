/* Outcomes and the error record: the exit codes of DESIGN.md, and texts that stay whole characters when cut. */
#include "tests/support/lots_test.h"

#include <stdio.h>

static void exit_codes_are_the_ones_fixed_for_ever(void **state)
{
    (void)state;
    static const struct {
        lots_status status;
        int code;
        const char *name;
    } rows[] = {
        {LOTS_OK, 0, "OK"},           {LOTS_INTERNAL, 1, "INTERNAL"}, {LOTS_USAGE, 2, "USAGE"},
        {LOTS_QUERY, 3, "QUERY"},     {LOTS_REJECTS, 4, "REJECTS"},   {LOTS_CORRUPT, 5, "CORRUPT"},
        {LOTS_LOCKED, 6, "LOCKED"},   {LOTS_REFUSED, 7, "REFUSED"},   {LOTS_IO, 8, "IO"},
        {LOTS_MEMORY, 8, "MEMORY"},   {LOTS_LIMIT, 3, "LIMIT"},       {LOTS_INTERRUPTED, 130, "INTERRUPTED"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(lots_status_exit_code(rows[i].status), rows[i].code);
        assert_string_equal(lots_status_name(rows[i].status), rows[i].name);
    }
    assert_string_equal(lots_status_name((lots_status)99), "?");
    assert_int_equal(lots_status_exit_code((lots_status)99), 1);
}

static void a_failure_fills_every_field(void **state)
{
    (void)state;
    lots_error err;
    memset(&err, 0x5A, sizeof err);
    assert_int_equal(lots_fail(&err, LOTS_CORRUPT, "block %d of '%s'", 7, "dx"), LOTS_CORRUPT);
    assert_int_equal(err.status, LOTS_CORRUPT);
    assert_string_equal(err.text, "block 7 of 'dx'");
    assert_string_equal(err.hint, "");
    assert_true(err.at == LOTS_NOWHERE && err.at_end == LOTS_NOWHERE);
    assert_int_equal(err.source, 0);
    assert_int_equal(lots_fail_at(&err, LOTS_QUERY, 3, 9, "no such name"), LOTS_QUERY);
    assert_true(err.at == 3 && err.at_end == 9);
    lots_error_hint(&err, "did you mean '%s'?", "dx");
    assert_string_equal(err.hint, "did you mean 'dx'?");
    lots_error_clear(&err);
    assert_int_equal(err.status, LOTS_OK);
    assert_string_equal(err.text, "");
    assert_string_equal(err.hint, "");
    assert_true(err.at == LOTS_NOWHERE);
}

static void without_a_record_the_status_still_comes_back(void **state)
{
    (void)state;
    assert_int_equal(lots_fail(NULL, LOTS_IO, "x"), LOTS_IO);
    assert_int_equal(lots_fail_at(NULL, LOTS_QUERY, 1, 2, "x"), LOTS_QUERY);
    lots_error_hint(NULL, "x");
    lots_error_context(NULL, "x");
    lots_error_clear(NULL);
}

static void a_record_may_be_refilled_from_its_own_text(void **state)
{
    (void)state;
    lots_error err;
    lots_fail(&err, LOTS_IO, "disk full");
    lots_error_hint(&err, "free some");
    lots_fail(&err, LOTS_IO, "while writing: %s (%s)", err.text, err.hint);
    assert_string_equal(err.text, "while writing: disk full (free some)");
}

static void context_goes_before_the_text(void **state)
{
    (void)state;
    lots_error err;
    lots_fail_at(&err, LOTS_USAGE, 5, 6, "unknown key");
    lots_error_hint(&err, "look");
    lots_error_context(&err, "file %s line %d", "a.map", 3);
    assert_string_equal(err.text, "file a.map line 3: unknown key");
    assert_string_equal(err.hint, "look");
    assert_int_equal(err.status, LOTS_USAGE);
    assert_true(err.at == 5);
}

/* Is `text` whole UTF-8 characters of the kinds used here? */
static int whole_characters(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != 0) {
        int more = *at >= 0xF0 ? 3 : *at >= 0xE0 ? 2 : *at >= 0xC0 ? 1 : 0;
        if (more == 0 && *at >= 0x80)
            return 0;
        for (at++; more > 0; more--, at++)
            if ((*at & 0xC0) != 0x80)
                return 0;
    }
    return 1;
}

static void a_long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "å", "€", "𝄞"};
    for (size_t l = 0; l < 4; l++) {
        for (size_t shift = 0; shift < 5; shift++) {
            char text[4096] = "";
            lots_error err;
            memset(text, '.', shift);
            while (strlen(text) < 3000)
                strcat(text, letters[l]);
            lots_fail(&err, LOTS_IO, "%s", text);
            assert_true(whole_characters(err.text));
            assert_true(strlen(err.text) < sizeof err.text && strlen(err.text) + 4 >= sizeof err.text);
            assert_memory_equal(err.text, text, strlen(err.text));
            lots_error_hint(&err, "%s", text);
            assert_true(whole_characters(err.hint) && strlen(err.hint) + 4 >= sizeof err.hint);
            lots_error_context(&err, "%s", "é");
            assert_true(whole_characters(err.text));
            lots_error_context(&err, "%s", text);
            assert_true(whole_characters(err.text));
        }
    }
}

static void a_text_that_just_fits_is_not_cut(void **state)
{
    (void)state;
    lots_error err;
    char text[sizeof err.text];
    memset(text, 'x', sizeof text - 3);
    memcpy(text + sizeof text - 3, "å", 3);
    lots_fail(&err, LOTS_IO, "%s", text);
    assert_string_equal(err.text, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_are_the_ones_fixed_for_ever),
        cmocka_unit_test(a_failure_fills_every_field),
        cmocka_unit_test(without_a_record_the_status_still_comes_back),
        cmocka_unit_test(a_record_may_be_refilled_from_its_own_text),
        cmocka_unit_test(context_goes_before_the_text),
        cmocka_unit_test(a_long_text_is_cut_at_a_character),
        cmocka_unit_test(a_text_that_just_fits_is_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
