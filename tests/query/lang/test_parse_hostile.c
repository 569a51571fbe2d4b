/* Texts that mean harm to the parser: deep nesting on a small stack, ten million bytes, cuts at every byte. */
#include <stdio.h>

#include "tests/query/lang/hostile.h"

typedef struct small_stack {
    const char *text;
    uint32_t depth;
    lots_status status;
    lots_error err;
} small_stack;

static void *run_small_stack(void *argument)
{
    small_stack *run = argument;
    run->status = parse_and_print(run->text, strlen(run->text), run->depth, (size_t)256 << 20, &run->err);
    return NULL;
}

static void parse_on_small_stack(small_stack *run) { run_on_small_stack(run_small_stack, run); }

static void a_million_levels_are_refused_on_a_small_stack(void **state)
{
    static const char *const rows[][2] = {
        {"let x = ", "("},      {"let x = ", "f("},        {"let x = ", "not "},     {"let x = ", "- "},
        {"let x = ", "a^"},     {"let x = a", ".b"},       {"let x = a", "+b"},      {"let x = a", " union b"},
        {"let x = ", "(a or b and c = d..e + f * "},       {"from a ", "join (from a "},
        {"let x = ", "f(a over "}, {"let x = ", "f(a by "}, {"let x = ", "episodes(a, "}, {"let x = ", "case(a then "},
        {"let x = ", "(a where "}, {"let x = ", "(a within "}, {"let x = ", "(a during .."}, {"from match ", "("},
        {"let x = ", "{I50} at ("}, {"from a top ", "("},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = repeat(rows[i][0], rows[i][1], i == 0 ? 1000000 : 100000, "");
        small_stack run = {text, 0, LOTS_OK, {0}};
        parse_on_small_stack(&run);
        if (run.status != LOTS_QUERY || strstr(run.err.text, "deeper than 200 levels") == NULL)
            fail_msg("%s%s…: %s", rows[i][0], rows[i][1], run.err.text);
        free(text);
    }
}

/* As deep as allowed, and it is walked too. */
static void two_hundred_levels_fit_a_small_stack(void **state)
{
    static const char *const rows[][4] = {
        {"let x = ", "(", "a", ")"}, {"let x = ", "f(", "a", ")"}, {"let x = ", "not ", "a", ""}, {"let x = ", "f(a over ", "b", ")"},
        {"let x = ", "a^", "b", ""}, {"let x = a", "+b", "", ""},  {"from a ", "join (from a ", "", ")"},
        {"let x = ", "f(a = ..b + c * ", "d", ")"}, {"let x = ", "f(a where b union c where d or ", "e", ")"},
    };
    static const size_t depths[] = {1, 39, 40, 49, 66, 99, 100, 197, 198, 199, 200, 201};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t deepest = 0;
        for (size_t j = 0; j < sizeof depths / sizeof depths[0]; j++) {
            size_t depth = depths[j];
            char *head = repeat(rows[i][0], rows[i][1], depth, rows[i][2]);
            char *text = repeat(head, rows[i][3], depth, "");
            small_stack run = {text, 0, LOTS_OK, {0}};
            parse_on_small_stack(&run);
            free(head);
            free(text);
            if (run.status == LOTS_OK)
                deepest = depth;
            else
                assert_contains(run.err.text, "deeper than 200 levels");
        }
        assert_in_range(deepest, 39, 200); /* some rows take up to five levels a time */
    }
}

static void the_depth_is_a_parameter(void **state)
{
    lots_error err;
    (void)state;
    assert_int_equal(parse_and_print("let x = ((a))", 13, 3, 0, &err), LOTS_OK);
    assert_int_equal(parse_and_print("let x = ((a))", 13, 2, 0, &err), LOTS_QUERY);
    assert_contains(err.text, "deeper than 2 levels");
    assert_contains(err.hint, "`let`");
    char *text = repeat("let x = a", " + a", 900, "");
    assert_int_equal(parse_and_print(text, strlen(text), UINT32_MAX, 0, &err), LOTS_OK);
    free(text);
    text = repeat("let x = a", " + a", 1001, "");
    assert_int_equal(parse_and_print(text, strlen(text), UINT32_MAX, 0, &err), LOTS_QUERY);
    assert_contains(err.text, "deeper than 1000 levels");
    free(text);
}

static void long_flat_texts_parse_or_meet_the_arena_limit(void **state)
{
    static const char *const rows[][3] = {
        {"let x = a", " or a", ""},        {"let x = a", " and a = 1", ""},  {"let x = (a", ", a", ")"},
        {"let x = a", " where a", ""},     {"from a", " where a", ""},       {"", "let x = 1 ", ""},
        {"let x = f(a", ", a", ")"},       {"let x = {I50", ",I50", "}"},    {"from a show a", ", a", ""},
        {"from match a", " then b", ""},   {"let x = 1", "\n", "# c"},       {"let f(a", ",a", ") = 1"},
        {"let x = f(a by b", ", b desc", ")"}, {"let x = '", "ab", "'"},     {"let x = a", "b", ""},
    };
    lots_error err;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = repeat(rows[i][0], rows[i][1], 20000, rows[i][2]);
        if (parse_and_print(text, strlen(text), 0, 0, &err) != LOTS_OK)
            fail_msg("%s%s…: %s", rows[i][0], rows[i][1], err.text);
        free(text);
    }
    char *text = repeat("let x = a", " or a", 2000000, ""); /* ten million bytes */
    assert_int_equal(parse_and_print(text, strlen(text), 0, (size_t)16 << 20, &err), LOTS_LIMIT);
    free(text);
}

static void a_text_over_the_limit_is_refused_unread(void **state)
{
    lots_error err;
    (void)state;
    assert_int_equal(parse_and_print("x", (size_t)LOTS_PARSE_BYTES_MAX + 1, 0, 0, &err), LOTS_LIMIT);
    assert_contains(err.text, "67108865 bytes");
}

static void every_cut_of_a_query_parses_or_fails_with_a_place(void **state)
{
    static const char text[] =
        "param year = 2023 let hf = {I50, icd9:428, 'a b'} let ed = contacts where level = 'x''y' within 30d after d\n"
        "from match (ed) as a then no (b) within 14d then 2..4 (c) as c where resident(2023-01-31) and not a..b = -1.5 ^ 2\n"
        "derive k = count(distinct chronic(dx) over contacts during 2019..2023) each month m in 2023 top 1% by k per a\n"
        "group by sex, age = band(age at year.end, 10) with totals show \"a b\" = count() # end";
    (void)state;
    for (size_t bytes = 0; bytes <= strlen(text); bytes++) {
        lots_error err;
        char *copy = malloc(bytes + 1); /* so that a byte read beyond is seen */
        assert_non_null(copy);
        memcpy(copy, text, bytes);
        copy[bytes] = (char)0xFF;
        lots_status status = parse_and_print(copy, bytes, 0, 0, &err);
        assert_true(status == LOTS_OK || (status == LOTS_QUERY && err.at_end <= bytes));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_levels_are_refused_on_a_small_stack),
        cmocka_unit_test(two_hundred_levels_fit_a_small_stack),
        cmocka_unit_test(the_depth_is_a_parameter),
        cmocka_unit_test(long_flat_texts_parse_or_meet_the_arena_limit),
        cmocka_unit_test(a_text_over_the_limit_is_refused_unread),
        cmocka_unit_test(every_cut_of_a_query_parses_or_fails_with_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
