/* Mistaken texts: line, column and message of each. A row's text may have several lines; columns count characters. */
#include <stdio.h>

#include "query/lang/caret.h"
#include "query/lang/parse.h"
#include "tests/support/lots_test.h"

typedef struct mistake {
    const char *text;
    const char *place; /* line:column: of the start, then the marked text */
    const char *part;  /* of the message */
    const char *hint;  /* part of the hint; "" any */
} mistake;

static void check_mistake(const mistake *row)
{
    lots_arena arena;
    lots_ast_file *file;
    lots_error err;
    uint32_t line, column;
    size_t bytes = strlen(row->text);
    char place[200];
    lots_arena_init(&arena, 0);
    lots_error_clear(&err);
    if (lots_parse(row->text, bytes, NULL, &arena, &file, &err) != LOTS_QUERY)
        fail_msg("%s: no error", row->text);
    assert_null(file);
    assert_true(err.at <= err.at_end && err.at_end <= bytes);
    lots_caret_place(row->text, bytes, err.at, &line, &column);
    (void)snprintf(place, sizeof place, "%u:%u:%.*s", (unsigned)line, (unsigned)column, (int)(err.at_end - err.at), row->text + err.at);
    if (strcmp(place, row->place) != 0)
        fail_msg("%s: at %s, wanted %s: %s", row->text, place, row->place, err.text);
    if (strstr(err.text, row->part) == NULL || strstr(err.hint, row->hint) == NULL)
        fail_msg("%s: %s (%s)", row->text, err.text, err.hint);
    lots_arena_free(&arena);
}

static void statements_and_stages_that_are_none(void **state)
{
    static const mistake rows[] = {
        {"form patients", "1:1:form", "expected a statement", "did you mean `from`?"},
        {"SELECT * FROM patients", "1:1:SELECT", "found `SELECT`", "from patients where"},
        {"x = 5", "1:1:x", "expected a statement", "let x = "},
        {"show n = count()", "1:1:show", "expected a statement", "from patients show"},
        {"with t as (x)", "1:1:with", "expected a statement", "let t = from"},
        {"5", "1:1:5", "found the number 5, expected a statement", ""},
        {"'x'", "1:1:'x'", "found the text 'x'", ""},
        {"from patients\nwhre x", "2:1:whre", "found `whre`", "did you mean `where`?"},
        {"from patients deriv x = 1", "1:15:deriv", "found `deriv`", "`derive`"},
        {"from patients where a gruop by b", "1:23:gruop", "found `gruop`", "`group`"},
        {"from patients where a an b", "1:23:an", "found `an`", "`and`"},
        {"from contacts durnig 2023", "1:15:durnig", "found `durnig`", "`during`"},
        {"from patients having x", "1:15:having", "found `having`", "another `where`"},
        {"from patients order by x", "1:15:order", "found `order`", "`sort n desc`"},
        {"from patients show x asc", "1:22:asc", "found `asc`", ""},
        {"from patients )", "1:15:)", "found `)`", ""},
        {"let a = 1 2", "1:11:2", "found the number 2, expected an operator", ""},
        {"param a = 1 derive b", "1:13:derive", "expected an operator or a new statement", ""},
        {"from", "1:5:", "found the end of the text, expected a value", ""},
        {"from patients where", "1:20:", "found the end of the text, expected a value", ""},
        {"explain let x = 1", "1:9:let", "expected `from`", ""},
        {"let x = match a", "1:9:match", "expected a value", "reserved"},
        {"let x = (from y)", "1:10:from", "expected a value", "let t = from"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_mistake(&rows[i]);
}

static void heads_of_statements(void **state)
{
    static const mistake rows[] = {
        {"include std", "1:9:std", "expected the path of a file", "include '"},
        {"include \"std/x.lq\"", "1:9:\"std/x.lq\"", "expected the path", "include 'std/x.lq'"},
        {"include", "1:8:", "expected the path", ""},
        {"param = 5", "1:7:=", "expected the name of a parameter", ""},
        {"param group = 5", "1:7:group", "found `group`, expected the name", "written \"group\""},
        {"param 'x' = 5", "1:7:'x'", "expected the name", "written \"…\""},
        {"param year 2023", "1:12:2023", "expected `=`", ""},
        {"param e = a during 2023", "1:13:during", "brackets", "write e = (… during …)"},
        {"let f() = 1", "1:7:)", "expected the name of a parameter", ""},
        {"let f(a b) = 1", "1:9:b", "expected `,` or `)` to close the `(` of line 1", ""},
        {"let x 5", "1:7:5", "expected `=`", ""},
        {"let from = 5", "1:5:from", "expected a name after `let`", "written \"from\""},
        {"let x =", "1:8:", "expected a value", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_mistake(&rows[i]);
}

static void parts_of_stages(void **state)
{
    static const mistake rows[] = {
        {"from p group sex", "1:14:sex", "expected `by` after `group`", ""},
        {"from p group bye sex", "1:14:bye", "expected `by`", "did you mean `by`?"},
        {"from p group by a with totls", "1:24:totls", "expected `totals` after `with`", "`totals`"},
        {"from p sort by n", "1:13:by", "`sort` takes no `by`", "`sort n desc"},
        {"from p top 5 x", "1:14:x", "expected `by`", ""},
        {"from p top by x", "1:12:by", "expected a value", ""},
        {"from p each m 2023", "1:15:2023", "expected `in`", ""},
        {"from p each in x", "1:13:in", "expected the name of what `each` goes through", ""},
        {"from p each 3 x in y", "1:13:3", "expected the name", ""},
        {"from p each 90d.x b in y", "1:13:90d", "expected the name", ""},
        {"from p limit", "1:13:", "expected a value", ""},
        {"from p pivot 3", "1:14:3", "expected the name of a column", ""},
        {"from p join 3", "1:13:3", "expected the name of a table", ""},
        {"from p join t on a = b", "1:20:=", "both sides", "derive"},
        {"from p join (t)", "1:14:t", "expected `from` and a source", ""},
        {"from p join (from t", "1:20:", "expected a stage or `)` to close the `(` of line 1", ""},
        {"from p into frail", "1:13:frail", "expected `cohort` after `into`", ""},
        {"from p into cohort 'a'", "1:20:'a'", "expected the name of the cohort", ""},
        {"from p chart 5", "1:14:5", "a kind of chart", ""},
        {"from p show count() as n", "1:21:as", "not a column", "n = count()"},
        {"from table 'x'", "1:12:'x'", "expected the name of a table", ""},
        {"from p show n = ", "1:17:", "expected a value", ""},
        {"from p show a,", "1:15:", "expected a value", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_mistake(&rows[i]);
}

static void event_sets_without_brackets(void **state)
{
    static const mistake rows[] = {
        {"from p derive prior = contacts within 5y until index.start", "1:32:within", "an event set stands in brackets here", "prior = (… within …)"},
        {"from p derive e = a during 2023", "1:21:during", "brackets", "e = (… during …)"},
        {"from p show n = a union b", "1:19:union", "brackets", ""},
        {"from p group by a except where b", "1:19:except", "brackets", ""},
        {"from p where a during 2023 derive x = b known before c", "1:41:known", "brackets", ""},
        {"from p derive x = 1 where a during 2023", "1:29:during", "brackets", "(… during …)"},
        {"from p top 5 by a since b", "1:19:since", "brackets", ""},
        {"from p sort a until b", "1:15:until", "brackets", ""},
        {"from p each x in a before b", "1:20:before", "brackets", ""},
        {"let e = episodes(a, n = b during 2023)", "1:27:during", "brackets", "n = (… during …)"},
        {"from match a during 2023 then b", "1:14:during", "brackets", ""},
        {"from match a within 5d then b", "1:14:within", "brackets", ""},
        {"from match a where b as c then d", "1:22:as", "in brackets", "(contacts where …) as a"},
        {"from match a where b then d", "1:22:then", "`then` stands directly behind a step", "brackets"},
        {"from a union b where c", "1:16:where c", "could be meant", "(a union b) where"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_mistake(&rows[i]);
}

static void values_and_operators(void **state)
{
    static const mistake rows[] = {
        {"let x = a < b < c", "1:15:<", "not chained", "`and`"},
        {"let x = a = b = c", "1:15:=", "not chained", "`and`"},
        {"let x = a in b in c", "1:16:in", "not chained", ""},
        {"let x = a = b is missing", "1:15:is", "not chained", ""},
        {"let x = a not in b not in c", "1:20:not", "not chained", ""},
        {"let x = a is missing = b", "1:22:=", "not chained", ""},
        {"let x = a..b..c", "1:13:..", "two ends", ""},
        {"let x = a.. + b", "1:13:+", "can't follow", "brackets"},
        {"let x = a at b at c", "1:16:at", "a second `at`", ""},
        {"let x = a = not b", "1:13:not", "brackets", "( ) around `not`"},
        {"let x = a + ..b", "1:13:..", "brackets", ""},
        {"let x = a ^", "1:12:", "expected a value", ""},
        {"let x = a not b", "1:15:b", "expected `in` after `not`", ""},
        {"let x = a is b", "1:14:b", "expected `missing`", "`=`"},
        {"let x = a is null", "1:14:null", "expected `missing`", "is missing"},
        {"let x = a is not b", "1:18:b", "expected `missing` after `is not`", ""},
        {"let x = .5", "1:9:.", "expected a value", "0.5"},
        {"let x = a.5", "1:11:5", "expected a name after `.`", ""},
        {"let x = a like 'b'", "1:11:like", "found `like`", "`contains`"},
        {"let x = a between 1 and 2", "1:11:between", "found `between`", "18..65"},
        {"let x = case when a then b", "1:14:when", "found `when`", "case(condition then value"},
        {"let x = group", "1:9:group", "expected a value", "written \"group\""},
        {"let x = (a, )", "1:13:)", "expected a value", ""},
        {"let x = (a,\n b\nlet y = 1", "3:1:let", "to close the `(` of line 1", ""},
        {"let x = a b", "1:11:b", "found `b`", ""},
        {"let x = 'åäö' y", "1:15:y", "found `y`", ""},
        {"let x = {I50} {I51}", "1:15:{I51}", "found the code set {I51}", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_mistake(&rows[i]);
}

static void calls_narrowings_and_patterns(void **state)
{
    static const mistake rows[] = {
        {"let x = f(a ovr b)", "1:13:ovr", "expected an operator, `,` or `)`", "did you mean `over`?"},
        {"let x = f(a", "1:12:", "to close the `(` of line 1", ""},
        {"let x = f(a over b, c)", "1:19:,", "expected an operator or `)`", "arguments stand before"},
        {"let x = f(a, b per c, d)", "1:21:,", "expected an operator or `)`", "per (a, b)"},
        {"let x = f(a by b max 4 during c)", "1:24:during", "expected an operator or `)`", "narrowed before `per`, `by`"},
        {"let x = case(a then b else c)", "1:23:else", "expected an operator, `,` or `)`", "a comma stands before `else`"},
        {"from match (a) as b during 2022", "1:21:during", "a stage such as `where`", "stands with them"},
        {"let x = f(,)", "1:11:,", "expected a value", ""},
        {"let x = f(a distinct)", "1:13:distinct", "expected an operator, `,` or `)`", ""},
        {"let x = count(where)", "1:20:)", "expected a value", ""},
        {"let x = case(a then)", "1:20:)", "expected a value", ""},
        {"let x = episodes()", "1:18:)", "expected a value", ""},
        {"let x = episodes(distinct a)", "1:18:distinct", "expected a value", ""},
        {"let x = episodes(a, n = )", "1:25:)", "expected a value", ""},
        {"let x = e except a", "1:18:a", "expected `where` after `except`", ""},
        {"let x = e known after b", "1:17:after", "expected `before` or `until` after `known`", ""},
        {"let x = e within 30d", "1:21:", "`before`, `after`, `until`, `since` or `of`", "`during`"},
        {"let x = e within 30d aftr b", "1:22:aftr", "after `within`", "`after`"},
        {"let x = e as 5", "1:14:5", "expected a name after `as`", ""},
        {"let x = e as where", "1:14:where", "expected a name after `as`", "written \"where\""},
        {"let x = e during", "1:17:", "expected a value", ""},
        {"from match", "1:11:", "expected a value", ""},
        {"from match a then", "1:18:", "expected a value", ""},
        {"from match a then (b) as c within 5d", "1:28:within", "`within` stands before `as`", "within … as c"},
        {"from match a then no b as c", "1:24:as", "binds no event", ""},
        {"from match a then 4..2 b", "1:19:4..2", "4..2 times", ""},
        {"from match a then 0 b", "1:19:0", "0..0 times", "`then no`"},
        {"from match a then 1.5 b", "1:19:1.5", "whole number", ""},
        {"from match a then b within 5d since 3", "1:37:3", "an earlier step", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_mistake(&rows[i]);
}

static void of_two_mistakes_the_first_is_reported(void **state)
{
    static const mistake rows[] = {
        {"from patients whre ; x", "1:15:whre", "found `whre`", ""},
        {"from patients whre == x", "1:15:whre", "found `whre`", ""},
        {"from patients where ; x", "1:21:;", "not part", ""},
        {"; x", "1:1:;", "not part", ""},
        {"let x = a is ; b", "1:14:;", "not part", ""},
        {"let x = a.;", "1:11:;", "not part", ""},
        {"let x = a..;", "1:12:;", "not part", ""},
        {"let ; = a", "1:5:;", "not part", ""},
        {"let x = f(a over b ;", "1:20:;", "not part", ""},
        {"from a show b ;", "1:15:;", "not part", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_mistake(&rows[i]);
}

static void the_source_number_and_a_missing_error_record_are_fine(void **state)
{
    lots_parse_options options = {3, 0};
    lots_arena arena;
    lots_ast_file *file;
    lots_error err;
    (void)state;
    lots_arena_init(&arena, 0);
    assert_status(LOTS_QUERY, lots_parse("from ;", 6, &options, &arena, &file, &err));
    assert_int_equal(err.source, 3);
    assert_int_equal(lots_parse("from p group", 12, NULL, &arena, &file, NULL), LOTS_QUERY);
    assert_int_equal(lots_parse("from ;", 6, NULL, &arena, &file, NULL), LOTS_QUERY);
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_and_stages_that_are_none),
        cmocka_unit_test(heads_of_statements),
        cmocka_unit_test(parts_of_stages),
        cmocka_unit_test(event_sets_without_brackets),
        cmocka_unit_test(values_and_operators),
        cmocka_unit_test(calls_narrowings_and_patterns),
        cmocka_unit_test(of_two_mistakes_the_first_is_reported),
        cmocka_unit_test(the_source_number_and_a_missing_error_record_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
