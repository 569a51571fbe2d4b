/* Tokens: every kind with its exact value, and every mistake the lexer knows. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/day.h"
#include "query/lang/lex.h"
#include "tests/support/lots_test.h"

typedef struct scene {
    lots_arena arena;
    lots_lexer lexer;
    lots_token token;
} scene;

static void scene_begin(scene *s, const char *text)
{
    lots_error err;
    lots_arena_init(&s->arena, 0);
    assert_ok(lots_lexer_init(&s->lexer, text, strlen(text), 0, &s->arena, &err));
}

static void scene_next(scene *s)
{
    lots_error err;
    assert_ok(lots_lexer_next(&s->lexer, &s->token, &err));
}

/* The one token of a text. */
static void scene_one(scene *s, const char *text, lots_token_kind kind)
{
    lots_token rest;
    lots_error err;
    scene_begin(s, text);
    scene_next(s);
    if (s->token.kind != kind)
        fail_msg("%s: kind %d, wanted %d", text, (int)s->token.kind, (int)kind);
    assert_int_equal(s->token.at, 0);
    assert_int_equal(s->token.end, strlen(text));
    assert_ok(lots_lexer_next(&s->lexer, &rest, &err));
    assert_int_equal(rest.kind, LOTS_TOKEN_END);
}

static void scene_end(scene *s) { lots_arena_free(&s->arena); }

static void numbers_are_exact(void **state)
{
    static const struct {
        const char *text;
        lots_token_kind kind;
        int64_t mantissa;
        uint32_t scale;
    } rows[] = {
        {"0", LOTS_TOKEN_NUMBER, 0, 0},
        {"12", LOTS_TOKEN_NUMBER, 12, 0},
        {"007", LOTS_TOKEN_NUMBER, 7, 0},
        {"12.50", LOTS_TOKEN_NUMBER, 1250, 2},
        {"0.1", LOTS_TOKEN_NUMBER, 1, 1},
        {"9223372036854775807", LOTS_TOKEN_NUMBER, INT64_MAX, 0},
        {"9.223372036854775807", LOTS_TOKEN_NUMBER, INT64_MAX, 18},
        {"0.000000000000000001", LOTS_TOKEN_NUMBER, 1, 18},
        {"1%", LOTS_TOKEN_PERCENT, 1, 0},
        {"0.25%", LOTS_TOKEN_PERCENT, 25, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        scene s;
        scene_one(&s, rows[i].text, rows[i].kind);
        assert_true(s.token.number.mantissa == rows[i].mantissa);
        assert_int_equal(s.token.number.scale, rows[i].scale);
        scene_end(&s);
    }
}

static void durations_keep_their_unit(void **state)
{
    static const struct {
        const char *text;
        int32_t count;
        lots_ast_unit unit;
        int32_t months;
        int32_t days;
    } rows[] = {
        {"30d", 30, LOTS_AST_DAYS, 0, 30},   {"4w", 4, LOTS_AST_WEEKS, 0, 28}, {"6mo", 6, LOTS_AST_MONTHS, 6, 0},
        {"1y", 1, LOTS_AST_YEARS, 12, 0},    {"0d", 0, LOTS_AST_DAYS, 0, 0},
        {"3652059d", 3652059, LOTS_AST_DAYS, 0, 3652059}, /* the whole calendar */
        {"9999y", 9999, LOTS_AST_YEARS, 119988, 0},
        {"2023y", 2023, LOTS_AST_YEARS, 24276, 0}, /* four digits are no date by themselves */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        scene s;
        scene_one(&s, rows[i].text, LOTS_TOKEN_DURATION);
        assert_int_equal(s.token.duration.count, rows[i].count);
        assert_int_equal(s.token.duration.unit, rows[i].unit);
        assert_int_equal(s.token.duration.months, rows[i].months);
        assert_int_equal(s.token.duration.days, rows[i].days);
        scene_end(&s);
    }
}

static void dates_and_periods_are_single_tokens(void **state)
{
    static const struct {
        const char *text;
        int first[3];
        int last[3];
    } rows[] = {
        {"2023-01", {2023, 1, 1}, {2023, 1, 31}},  {"2024-02", {2024, 2, 1}, {2024, 2, 29}},
        {"2023-Q1", {2023, 1, 1}, {2023, 3, 31}},  {"2023-Q4", {2023, 10, 1}, {2023, 12, 31}},
        {"0001-01", {1, 1, 1}, {1, 1, 31}},        {"9999-12", {9999, 12, 1}, {9999, 12, 31}},
    };
    scene s;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        scene_one(&s, rows[i].text, LOTS_TOKEN_PERIOD);
        assert_int_equal(s.token.period.first, lots_day_from_civil(rows[i].first[0], rows[i].first[1], rows[i].first[2]));
        assert_int_equal(s.token.period.last, lots_day_from_civil(rows[i].last[0], rows[i].last[1], rows[i].last[2]));
        assert_int_equal(s.token.period.quarter, strchr(rows[i].text, 'Q') != NULL);
        scene_end(&s);
    }
    scene_one(&s, "1970-01-02", LOTS_TOKEN_DATE);
    assert_int_equal(s.token.date, 1);
    scene_end(&s);
    scene_one(&s, "2024-02-29", LOTS_TOKEN_DATE);
    assert_int_equal(s.token.date, 19782);
    scene_end(&s);
}

/* The kinds of all tokens of the text, a letter each. */
static void read_kinds(const char *text, char *out, size_t most)
{
    static const char letters[] = "E!wn#%dDPsc(),.:+-*/~^=x<l>g";
    scene s;
    size_t count = 0;
    scene_begin(&s, text);
    for (scene_next(&s); s.token.kind != LOTS_TOKEN_END && count + 1 < most; scene_next(&s))
        out[count++] = letters[s.token.kind];
    out[count] = '\0';
    scene_end(&s);
}

static void signs_are_read_longest_first_and_need_no_blanks(void **state)
{
    static const char *const rows[][2] = {
        {"2019..2023", "#:#"},        {"2023.end", "#.n"},        {"1..2.5", "#:#"},          {"a..b", "n:n"},
        {"..b", ":n"},                {"a-b", "n-n"},             {"2023-x", "#-n"},          {"12-3", "#-#"},
        {"a//b/c", "n~n/n"},          {"a<=b<c>=d>e!=f=g", "nln<ngn>nxn=n"}, {"-(a^2)*3+4", "-(n^#)*#+#"},
        {"x.\"odd\"", "n.n"},         {"2023-01..2023-Q2", "P:P"}, {"2023-01-31-1d", "D-d"},  {"10%,5", "%,#"},
        {"where\twhere_ wherever", "wnn"}, {"f(x)# comment\n+1", "n(n)+#"}, {"#only a comment", ""}, {"", ""},
        {"a\xC2\xA0""b\r\nc", "nnn"}, /* a no-break blank is a blank */
        {"\xEF\xBB\xBF""from", "w"},  /* a byte order mark is skipped */
        {"\xC3\xA5ldrar_2 \xC3\x96", "nn"}, {"a\xCC\x8Ar \xE6\xBC\xA2\xD9\xA2", "nn"}, {"desc top gap max episodes", "nnnnn"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char kinds[64];
        read_kinds(rows[i][0], kinds, sizeof kinds);
        assert_string_equal(kinds, rows[i][1]);
    }
}

static void every_reserved_word_is_a_word_and_no_other_is(void **state)
{
    static const char *const words =
        "after and as at before by chart contains derive distinct during each else except explain false from group in "
        "include into is join known let limit match minus missing no not of on or over overlapping param per pivot show "
        "since sort table then true union until where with within";
    size_t count = 0;
    (void)state;
    for (const char *at = words; *at != '\0';) {
        size_t bytes = strcspn(at, " ");
        lots_word word;
        assert_true(lots_word_find(at, bytes, &word));
        assert_int_equal(strlen(lots_word_text(word)), bytes);
        assert_memory_equal(lots_word_text(word), at, bytes);
        at += bytes + (at[bytes] == ' ');
        count++;
    }
    assert_int_equal(count, LOTS_WORD_COUNT);
    assert_false(lots_word_find("top", 3, NULL));
    assert_false(lots_word_find("wher", 4, NULL));
    assert_false(lots_word_find("", 0, NULL));
    assert_string_equal(lots_word_text(LOTS_WORD_COUNT), "?");
}

static void quotes_are_doubled_inside_texts_and_names(void **state)
{
    scene s;
    (void)state;
    scene_one(&s, "'Sj\xC3\xB6gren''s \"x\"'", LOTS_TOKEN_STRING);
    assert_string_equal(s.token.text.text, "Sj\xC3\xB6gren's \"x\"");
    assert_int_equal(s.token.text.bytes, strlen("Sj\xC3\xB6gren's \"x\""));
    scene_end(&s);
    scene_one(&s, "''", LOTS_TOKEN_STRING);
    assert_int_equal(s.token.text.bytes, 0);
    scene_end(&s);
    scene_one(&s, "\"group \"\"by\"\" # ' 1\"", LOTS_TOKEN_NAME);
    assert_true(s.token.quoted);
    assert_string_equal(s.token.text.text, "group \"by\" # ' 1");
    scene_end(&s);
}

/* A code written as mark, system, text, range end. */
static void describe_code(const lots_ast_code *code, char out[200])
{
    (void)snprintf(out, 200, "%s%s|%s|%s%s%s", code->minus ? "-" : "", code->exact ? "=" : "",
                   code->system.text != NULL ? code->system.text : "", code->quoted ? "'" : "", code->text.text,
                   code->to.text != NULL ? code->to.text : "");
}

static void codes_of_every_system_pass_as_they_are(void **state)
{
    static const struct {
        const char *text;
        const char *codes[5];
    } rows[] = {
        {"{}", {NULL}},
        {"{ # nothing\n }", {NULL}},
        {"{I50}", {"||I50"}},
        {"{I50, I42.5-I42.9 ,-E11.9,=I10}", {"||I50", "||I42.5-I42.9", "-||E11.9", "=||I10"}},
        {"{E10 - E14}", {"||E10-E14"}},
        {"{I 50, E 11 - E  14\n, =i50. 0, -N 02\tBE # opium\n 01}", {"||I 50", "||E 11-E 14", "=||i50. 0", "-||N 02 BE 01"}},
        {"{icd9:250, -icd9: 250.1, = loinc:8302-2}", {"|icd9|250", "-|icd9|250.1", "=|loinc|8302-2"}},
        {"{LAB//50912//mg/dL}", {"||LAB//50912//mg/dL"}},
        {"{DIAGNOSIS//ICD//9//V1582, LAB:1}", {"||DIAGNOSIS//ICD//9//V1582", "||LAB:1"}},
        {"{a_b+c#d%e&f(g)h=i{j\"k'l:m}", {"||a_b+c#d%e&f(g)h=i{j\"k'l:m"}},
        {"{I50, # heart failure, all of it}\n I11.0}", {"||I50", "||I11.0"}},
        {"{'a, b}', 'it''s'}", {"||'a, b}", "||'it's"}},
        {"{'A 1'-'A 9', 'A 1' - B, icd9:'x y'}", {"||'A 1A 9", "||'A 1B", "|icd9|'x y"}},
        {"{\xC3\x85" "1}", {"||\xC3\x85" "1"}},
        {"{icd9:-5, =5-}", {"|icd9|-5", "=||5-"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        scene s;
        scene_one(&s, rows[i].text, LOTS_TOKEN_CODES);
        uint32_t count = 0;
        for (; rows[i].codes[count] != NULL; count++) {
            char text[200];
            assert_true(count < s.token.codes.count);
            describe_code(&s.token.codes.items[count], text);
            assert_string_equal(text, rows[i].codes[count]);
        }
        assert_int_equal(s.token.codes.count, count);
        scene_end(&s);
    }
}

static void a_code_knows_where_it_stands(void **state)
{
    scene s;
    (void)state;
    scene_one(&s, "{I50 , -icd9:E1 - E2  # c\n,'a'}", LOTS_TOKEN_CODES);
    static const uint32_t spans[][2] = {{1, 4}, {7, 20}, {27, 30}};
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(s.token.codes.items[i].span.at, spans[i][0]);
        assert_int_equal(s.token.codes.items[i].span.end, spans[i][1]);
    }
    assert_int_equal(s.token.codes.items[1].system.span.at, 8);
    scene_end(&s);
}

/* Lex until an error; its text and hint must contain the parts. */
static void expect_mistake(const char *text, size_t bytes, uint64_t at, const char *part, const char *hint)
{
    lots_arena arena;
    lots_lexer lexer;
    lots_token token;
    lots_error err;
    lots_arena_init(&arena, 0);
    lots_error_clear(&err);
    lots_status status = lots_lexer_init(&lexer, text, bytes, 7, &arena, &err);
    for (token.kind = LOTS_TOKEN_BAD; status == LOTS_OK && token.kind != LOTS_TOKEN_END;)
        status = lots_lexer_next(&lexer, &token, &err);
    if (status != LOTS_QUERY)
        fail_msg("%s: no error", text);
    if (err.at != at || err.source != 7)
        fail_msg("%s: at %d, wanted %d: %s", text, (int)err.at, (int)at, err.text);
    assert_contains(err.text, part);
    assert_contains(err.hint, hint);
    lots_arena_free(&arena);
}

static void mistakes_are_named_and_placed(void **state)
{
    static const struct {
        const char *text;
        uint64_t at;
        const char *part;
        const char *hint;
    } rows[] = {
        {"a == b", 2, "`==`", "one `=`"},
        {"a && b", 2, "`&&`", "`and`"},
        {"a || b", 2, "`||`", "`or`"},
        {"a | b", 2, "`|`", "`or`"},
        {"a <> b", 2, "`<>`", "`!=`"},
        {"a => b", 2, "`=>`", "`>=`"},
        {"!a", 0, "`!`", "`not`"},
        {"a; b", 1, "`;`", "without a sign"},
        {"a -- b", 2, "`--`", "starts with #"},
        {"/* a */", 0, "`/*`", "starts with #"},
        {"a ** 2", 2, "`**`", "`^`"},
        {"[1]", 0, "`[`", "( )"},
        {"a }", 2, "`}`", "no {"},
        {"a...b", 1, "`...`", "two dots"},
        {"10 %", 3, "`%`", "without a blank"},
        {"a : b", 2, "`:`", "`=`"},
        {"a $ b", 2, "`$` (U+0024)", ""},
        {"\xE2\x80\x98x\xE2\x80\x99", 0, "not part", "plain quotes"},
        {"1 \xE2\x88\x92 2", 2, "not part", "plain -"},
        {"a \xE2\x89\xA4 b", 2, "not part", "`<=`"},
        {"a\xE2\x80\x8B""b", 1, "U+200B", ""},
        {"a \x01", 2, "U+0001", ""},
        {"'abc", 0, "no closing '", "doubled"},
        {"'abc\nd'", 0, "no closing '", "doubled"},
        {"\"abc", 0, "no closing \"", "texts in"},
        {"\"\"", 0, "without a letter", ""},
        {"'a\x07'", 2, "0x07", ""},
        {"FROM", 0, "lower case: `from`", "\"FROM\""},
        {"a Where", 2, "lower case: `where`", "'Where'"},
        {"12abc", 2, "`abc` follows directly", "30d"},
        {"1e6", 1, "`e6` follows directly", ""},
        {"30days", 2, "`days`", "`30d`"},
        {"3months", 1, "`months`", "`3mo`"},
        {"30D", 2, "`D`", "`30d`"},
        {"6m", 1, "`m`", "`6mo`"},
        {"1.5y", 0, "whole number", "18mo"},
        {"1_000", 1, "`_000`", ""},
        {"4000000d", 0, "longer than the calendar", ""},
        {"10000y", 0, "longer than the calendar", ""},
        {"9223372036854775808", 0, "19 digits", "9223372036854775807"},
        {"0.0000000000000000001", 0, "19 after the point", "18 decimals"},
        {"2023-02-30", 0, "no day 2023-02-30", "28 days"},
        {"2023-13-01", 0, "no day 2023-13-01", ""},
        {"0000-01-01", 0, "no day", ""},
        {"2023-13", 0, "no month 2023-13", ""},
        {"2023-00", 0, "no month", ""},
        {"2023-Q5", 0, "no quarter 2023-Q5", ""},
        {"2023-Q0", 0, "no quarter", ""},
        {"2023-q1", 0, "`2023-q1`", "2023-Q1"},
        {"2023-W05", 0, "`2023-W05`", "week_of"},
        {"2023-1", 0, "`2023-1`", "blanks"},
        {"2023-1-31", 0, "`2023-1-31`", "2023-01-31"},
        {"2023-01-3", 0, "`2023-01-3`", "2023-01-31"},
        {"2023-01-31x", 0, "`2023-01-31x`", ""},
        {"2019-2023", 0, "`2019-2023`", "2019..2023"},
        {"{I50", 0, "no closing }", ""},
        {"{I50,", 0, "no closing }", ""},
        {"{I50 show cost", 0, "no closing }", ""},
        {"{'a' 'b'}", 5, "comma is missing", "quotes"},
        {"{'a' b}", 5, "comma is missing", "quotes"},
        {"{I50,,I51}", 5, "a code is missing", ""},
        {"{I50,}", 5, "a code is missing", ""},
        {"{,}", 1, "a code is missing", ""},
        {"{-}", 1, "a code is missing", ""},
        {"{icd9:}", 1, "a code is missing", ""},
        {"{''}", 1, "a code is missing", ""},
        {"{'a'-}", 1, "a code is missing", ""},
        {"{-=I10}", 1, "one mark", ""},
        {"{a\x02}", 2, "0x02", ""},
        {"{'a}", 1, "no closing '", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_mistake(rows[i].text, strlen(rows[i].text), rows[i].at, rows[i].part, rows[i].hint);
}

static void broken_utf8_and_zero_bytes_are_refused_at_their_place(void **state)
{
    (void)state;
    expect_mistake("ab\xFFz", 4, 2, "byte 2, 0xFF", "UTF-8");
    expect_mistake("'\xC3", 2, 1, "byte 1, 0xC3", "UTF-8");
    expect_mistake("a\xC0\xAF", 3, 1, "0xC0", "UTF-8");         /* overlong */
    expect_mistake("a\xED\xA0\x80", 4, 1, "0xED", "UTF-8");     /* a surrogate */
    expect_mistake("a\0b", 3, 1, "U+0000", "");
    expect_mistake("'a\0b'", 5, 2, "0x00", "");
}

static void a_number_of_a_million_digits_fails_at_once(void **state)
{
    size_t bytes = 1000000;
    char *text = malloc(bytes);
    (void)state;
    assert_non_null(text);
    memset(text, '7', bytes);
    expect_mistake(text, bytes, 0, "1000000 digits", "");
    text[bytes / 2] = '.';
    expect_mistake(text, bytes, 0, "499999 after the point", "");
    text[bytes - 1] = 'd';
    text[bytes / 2] = '7';
    expect_mistake(text, bytes, 0, "999999 digits", "");
    free(text);
}

static void the_arena_limit_is_kept(void **state)
{
    lots_arena arena;
    lots_lexer lexer;
    lots_token token;
    lots_error err;
    static char text[1 << 16];
    (void)state;
    memset(text, 'a', sizeof text);
    text[0] = text[sizeof text - 1] = '\'';
    lots_arena_init(&arena, 4096);
    assert_ok(lots_lexer_init(&lexer, text, sizeof text, 0, &arena, &err));
    assert_status(LOTS_LIMIT, lots_lexer_next(&lexer, &token, &err));
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(durations_keep_their_unit),
        cmocka_unit_test(dates_and_periods_are_single_tokens),
        cmocka_unit_test(signs_are_read_longest_first_and_need_no_blanks),
        cmocka_unit_test(every_reserved_word_is_a_word_and_no_other_is),
        cmocka_unit_test(quotes_are_doubled_inside_texts_and_names),
        cmocka_unit_test(codes_of_every_system_pass_as_they_are),
        cmocka_unit_test(a_code_knows_where_it_stands),
        cmocka_unit_test(mistakes_are_named_and_placed),
        cmocka_unit_test(broken_utf8_and_zero_bytes_are_refused_at_their_place),
        cmocka_unit_test(a_number_of_a_million_digits_fails_at_once),
        cmocka_unit_test(the_arena_limit_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
