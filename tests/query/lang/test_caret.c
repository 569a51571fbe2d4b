/* Errors drawn under their line: places, tabs, widths, long lines, several lines, broken bytes. */
#include <stdio.h>
#include <stdlib.h>

#include "query/lang/caret.h"
#include "tests/support/lots_test.h"

/* Draw an error at bytes [at, at_end) and compare. */
static void check_drawing(const char *text, uint64_t at, uint64_t at_end, const char *hint, const char *expected)
{
    lots_bytes drawn = {NULL, 0, 0};
    lots_error err, error;
    (void)lots_fail_at(&error, LOTS_QUERY, at, at_end, "it is wrong");
    if (hint != NULL)
        lots_error_hint(&error, "%s", hint);
    assert_ok(lots_caret_format(text, strlen(text), "q.lq", &error, &drawn, &err));
    assert_ok(lots_bytes_put8(&drawn, 0, &err));
    assert_string_equal((char *)drawn.data, expected);
    lots_bytes_free(&drawn);
}

static void the_marks_stand_under_the_mistake(void **state)
{
    (void)state;
    check_drawing("from p\nwhre x\nshow y", 7, 11, "did you mean `where`?",
                  "q.lq:2:1: error: it is wrong\n    2 | whre x\n      | ^^^^\n  hint: did you mean `where`?\n");
    check_drawing("from p whre x", 7, 11, NULL, "q.lq:1:8: error: it is wrong\n    1 | from p whre x\n      |        ^^^^\n");
}

static void an_error_without_a_place_has_no_line(void **state)
{
    (void)state;
    check_drawing("from p", LOTS_NOWHERE, LOTS_NOWHERE, "do it", "q.lq: error: it is wrong\n  hint: do it\n");
}

static void the_end_of_the_text_is_a_place(void **state)
{
    (void)state;
    check_drawing("from", 4, 4, NULL, "q.lq:1:5: error: it is wrong\n    1 | from\n      |     ^\n");
    check_drawing("from\n", 5, 5, NULL, "q.lq:2:1: error: it is wrong\n    2 | \n      | ^\n");
    check_drawing("", 0, 0, NULL, "q.lq:1:1: error: it is wrong\n    1 | \n      | ^\n");
    check_drawing("ab", 99, 120, NULL, "q.lq:1:3: error: it is wrong\n    1 | ab\n      |   ^\n");
    check_drawing("a\r\nb", 1, 1, NULL, "q.lq:1:2: error: it is wrong\n    1 | a\n      |  ^\n");
}

static void columns_count_characters_and_marks_count_cells(void **state)
{
    (void)state;
    /* å is one cell, 漢 two, a combining ring none */
    check_drawing("\xC3\xA5\xC3\xA4 = x", 7, 8, NULL, "q.lq:1:6: error: it is wrong\n    1 | \xC3\xA5\xC3\xA4 = x\n      |      ^\n");
    check_drawing("\xE6\xBC\xA2\xE5\xAD\x97 x", 7, 8, NULL, "q.lq:1:4: error: it is wrong\n    1 | \xE6\xBC\xA2\xE5\xAD\x97 x\n      |      ^\n");
    check_drawing("x \xE6\xBC\xA2", 2, 5, NULL, "q.lq:1:3: error: it is wrong\n    1 | x \xE6\xBC\xA2\n      |   ^^\n");
    check_drawing("a\xCC\x8A x", 4, 5, NULL, "q.lq:1:4: error: it is wrong\n    1 | a\xCC\x8A x\n      |   ^\n");
}

static void tabs_reach_to_the_next_multiple_of_four(void **state)
{
    (void)state;
    check_drawing("\tx", 1, 2, NULL, "q.lq:1:2: error: it is wrong\n    1 |     x\n      |     ^\n");
    check_drawing("ab\tx", 3, 4, NULL, "q.lq:1:4: error: it is wrong\n    1 | ab  x\n      |     ^\n");
}

static void what_cannot_be_shown_is_a_question_mark(void **state)
{
    (void)state;
    check_drawing("a\xFF\x01\x1B" "b", 1, 2, NULL, "q.lq:1:2: error: it is wrong\n    1 | a???b\n      |  ^\n");
    check_drawing("a\xE2\x80\xAE" "b", 4, 5, NULL, "q.lq:1:3: error: it is wrong\n    1 | a?b\n      |   ^\n"); /* turns text around */
}

static void a_place_of_several_lines_is_marked_on_its_first(void **state)
{
    (void)state;
    check_drawing("ab cd\nef", 3, 8, NULL, "q.lq:1:4: error: it is wrong\n    1 | ab cd\n      |    ^^\n");
}

/* The drawn line and marks, checked by their properties instead of by eye. */
static void check_long_line(size_t bytes, size_t at, size_t at_end)
{
    char *text = malloc(bytes + 1), *line, *marks;
    lots_bytes drawn = {NULL, 0, 0};
    lots_error err, error;
    assert_non_null(text);
    for (size_t i = 0; i < bytes; i++)
        text[i] = (char)('a' + i % 26);
    text[bytes] = '\0';
    (void)lots_fail_at(&error, LOTS_QUERY, at, at_end, "it is wrong");
    assert_ok(lots_caret_format(text, bytes, "q.lq", &error, &drawn, &err));
    assert_ok(lots_bytes_put8(&drawn, 0, &err));
    line = strstr((char *)drawn.data, "    1 | ") + 8;
    marks = strstr(line, "      | ") + 8;
    bool cut = strncmp(line, "…", strlen("…")) == 0;
    size_t column = strcspn(marks, "^");
    assert_true(strcspn(line, "\n") <= LOTS_CARET_COLUMNS + 2 * strlen("…"));
    if (at < bytes)
        assert_int_equal(line[column + (cut ? strlen("…") - 1 : 0)], text[at]);
    assert_true(strspn(marks + column, "^") >= 1 && column + strspn(marks + column, "^") <= LOTS_CARET_COLUMNS + 2);
    lots_bytes_free(&drawn);
    free(text);
}

static void a_long_line_is_cut_around_the_place(void **state)
{
    (void)state;
    for (size_t at = 0; at <= 300; at++) {
        check_long_line(300, at, at + 1);
        check_long_line(300, at, 300);
        check_long_line(101, at % 102, 101);
        check_long_line(100, at % 101, at % 101 + 3);
    }
    check_long_line(1000000, 500000, 999999);
}

static void lines_and_columns_of_every_byte(void **state)
{
    static const char text[] = "a\nb\xC3\xA5z\n\n";
    static const uint32_t places[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 2}, {2, 3}, {2, 3}, {2, 4}, {3, 1}, {4, 1}};
    (void)state;
    for (uint64_t at = 0; at < 9; at++) {
        uint32_t line, column;
        if (at == 4)
            continue; /* inside a character */
        lots_caret_place(text, strlen(text), at, &line, &column);
        assert_int_equal(line, places[at][0]);
        assert_int_equal(column, places[at][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_marks_stand_under_the_mistake),
        cmocka_unit_test(an_error_without_a_place_has_no_line),
        cmocka_unit_test(the_end_of_the_text_is_a_place),
        cmocka_unit_test(columns_count_characters_and_marks_count_cells),
        cmocka_unit_test(tabs_reach_to_the_next_multiple_of_four),
        cmocka_unit_test(what_cannot_be_shown_is_a_question_mark),
        cmocka_unit_test(a_place_of_several_lines_is_marked_on_its_first),
        cmocka_unit_test(a_long_line_is_cut_around_the_place),
        cmocka_unit_test(lines_and_columns_of_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
