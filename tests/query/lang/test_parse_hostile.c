/* Texts that mean harm: deep nesting on a small stack, ten million bytes, soups of tokens; and random queries of the whole
 * grammar, which must print back. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/lang/caret.h"
#include "query/lang/parse.h"
#include "tests/query/lang/ast_dump.h"
#include "tests/support/lots_test.h"

/* `head`, `count` times `part`, `tail`. */
static char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
    size_t part_bytes = strlen(part), head_bytes = strlen(head);
    char *text = malloc(head_bytes + part_bytes * count + strlen(tail) + 1);
    if (text == NULL)
        abort();
    memcpy(text, head, head_bytes);
    for (size_t i = 0; i < count; i++)
        memcpy(text + head_bytes + i * part_bytes, part, part_bytes);
    memcpy(text + head_bytes + part_bytes * count, tail, strlen(tail) + 1);
    return text;
}

/* Parse; what parses is printed and walked, as deep as it is. */
static lots_status parse_and_print(const char *text, size_t bytes, uint32_t depth, size_t limit, lots_error *err)
{
    lots_parse_options options = {0, depth};
    lots_bytes printed = {NULL, 0, 0};
    lots_arena arena;
    lots_ast_file *file;
    lots_arena_init(&arena, limit);
    lots_error_clear(err);
    lots_status status = lots_parse(text, bytes, &options, &arena, &file, err);
    if (status == LOTS_OK)
        dump_check(lots_ast_print(file, &printed, NULL) == LOTS_OK);
    lots_bytes_free(&printed);
    lots_arena_free(&arena);
    return status;
}

/* On a thread with a stack of 512 KB. */
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

static void parse_on_small_stack(small_stack *run)
{
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, (size_t)512 << 10), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run_small_stack, run), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
}

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

/* ---- soups ---- */

static const char *const pieces[] = {
    "after ", "and ", "as ", "at ", "before ", "by ", "chart ", "contains ", "derive ", "distinct ", "during ", "each ", "else ",
    "except ", "explain ", "false ", "from ", "group ", "in ", "include ", "into ", "is ", "join ", "known ", "let ", "limit ",
    "match ", "minus ", "missing ", "no ", "not ", "of ", "on ", "or ", "over ", "overlapping ", "param ", "per ", "pivot ", "show ",
    "since ", "sort ", "table ", "then ", "true ", "union ", "until ", "where ", "with ", "within ", "top ", "bottom ", "desc ",
    "gap ", "max ", "episodes(", "cohort ", "totals ", "a ", "b", "f(", "\"q\" ", "'s' ", "{I50} ", "{", "}", "1 ", "1.5 ", "1%",
    "30d ", "1mo ", "2023-01-31 ", "2023-05 ", "2023-Q2 ", "(", ")", ",", ".", "..", "+", "- ", "*", "/", "//", "^", "=", "!=", "<",
    "<=", ">", ">=", "#", "\n", "\xC3\xA5", "\xFF", "'", "\"", "--", ";", "2023-",
};

static size_t make_soup(uint64_t *random, char *out, size_t most)
{
    size_t bytes = 0, count = lots_test_random(random) % 60;
    for (size_t i = 0; i < count; i++) {
        /* mostly words and signs, so that some soups get far */
        const char *piece = pieces[lots_test_random(random) % (sizeof pieces / sizeof pieces[0] - (lots_test_random(random) % 8 ? 12 : 0))];
        size_t piece_bytes = strlen(piece);
        if (bytes + piece_bytes > most)
            break;
        memcpy(out + bytes, piece, piece_bytes);
        bytes += piece_bytes;
    }
    return bytes;
}

static void soups_of_tokens_parse_or_fail_with_a_place(void **state)
{
    uint64_t random = 1;
    char text[1024];
    (void)state;
    for (int round = 0; round < 30000; round++) {
        lots_bytes drawn = {NULL, 0, 0};
        lots_error err;
        size_t bytes = make_soup(&random, text, sizeof text);
        if (parse_and_print(text, bytes, 0, 0, &err) == LOTS_OK)
            continue;
        if (err.status != LOTS_QUERY || err.at > err.at_end || err.at_end > bytes || err.text[0] == '\0')
            fail_msg("round %d: %.*s: %s", round, (int)bytes, text, err.text);
        assert_ok(lots_caret_format(text, bytes, "soup", &err, &drawn, &err));
        lots_bytes_free(&drawn);
    }
}

/* ---- random queries ---- */

/* A writer of random derivations of the grammar. `budget` is how many more choices may nest. */
typedef struct writer {
    uint64_t random;
    char text[1 << 15];
    size_t bytes;
} writer;

static unsigned pick(writer *w, unsigned count) { return (unsigned)(lots_test_random(&w->random) % count); }

static void put(writer *w, const char *text)
{
    size_t bytes = strlen(text);
    if (w->bytes + bytes + 1 < sizeof w->text) {
        memcpy(w->text + w->bytes, text, bytes);
        w->bytes += bytes;
        w->text[w->bytes++] = ' ';
    }
}

static void put_name(writer *w)
{
    static const char *const names[] = {"a", "b", "cost", "s_1", "\xC3\xA5r", "\"or\"", "(top)", "(gap)", "(max)", "desc", "episodes",
                                        "(bottom)", "cohort"};
    put(w, names[pick(w, sizeof names / sizeof names[0])]);
}

static void put_value(writer *w, int budget);
static void put_expr(writer *w, int budget);
static void put_sum(writer *w, int budget);
static void put_range(writer *w, int budget);
static void put_pipeline(writer *w, int budget);

static void put_item(writer *w, int budget)
{
    if (pick(w, 2)) {
        put(w, pick(w, 2) ? "n =" : "desc =");
        put_expr(w, budget);
        return;
    }
    put(w, "(");
    put_expr(w, budget);
    put(w, ")");
}

static void put_keys(writer *w, int budget)
{
    put(w, "(");
    put_expr(w, budget);
    put(w, ")");
    if (pick(w, 2))
        put(w, "desc");
    if (pick(w, 3) == 0) {
        put(w, ", (");
        put_expr(w, budget);
        put(w, ")");
    }
}

/* Behind `a..` a minus after gap, max, top or bottom would subtract from a name. */
static void put_amount(writer *w, int budget)
{
    if (pick(w, 2)) {
        put(w, "30d");
        return;
    }
    put(w, "(");
    put_sum(w, budget);
    put(w, ")");
}

static void put_clause(writer *w, int budget)
{
    switch (pick(w, 5)) {
    case 0:
        put(w, "over");
        put_value(w, budget);
        break;
    case 1:
        put(w, "per");
        put_sum(w, budget);
        break;
    case 2:
        put(w, "by");
        put_keys(w, budget);
        break;
    default:
        put(w, pick(w, 2) ? "gap" : "max");
        put_amount(w, budget);
        break;
    }
}

static void put_call(writer *w, int budget)
{
    bool episodes = pick(w, 4) == 0;
    put(w, episodes ? "episodes(" : "f(");
    if (!episodes && pick(w, 4) == 0)
        put(w, "distinct");
    unsigned args = episodes ? 1 : pick(w, 3);
    for (unsigned i = 0; i < args; i++) {
        unsigned kind = episodes ? 0 : pick(w, 6);
        put(w, i > 0 ? "," : "");
        put(w, kind == 3 ? "where (" : kind == 4 ? "else" : "");
        put_value(w, budget);
        if (kind == 3)
            put(w, ")");
        if (kind == 5) {
            put(w, "then");
            put_value(w, budget);
        }
    }
    for (unsigned i = pick(w, 3); i > 0; i--) {
        if (args == 0)
            put(w, "over");
        if (args == 0)
            put_value(w, budget);
        else
            put_clause(w, budget);
    }
    if (episodes && pick(w, 2)) {
        put(w, ", n =");
        put_expr(w, budget);
        put(w, ",");
        put_item(w, budget);
    }
    put(w, ")");
}

static void put_primary(writer *w, int budget)
{
    static const char *const literals[] = {"1", "2.50", "3%", "30d", "6mo", "2023-01-31", "2023-05", "2023-Q2", "'it''s'",
                                           "{I50, -E11.9, icd9:250, 'a b'-'c'}", "true", "false", "missing", "()"};
    unsigned choice = pick(w, budget > 0 ? 6 : 2);
    if (choice == 0)
        put(w, literals[pick(w, sizeof literals / sizeof literals[0])]);
    else if (choice <= 2)
        put_name(w);
    else if (choice == 3)
        put_call(w, budget - 1);
    else {
        put(w, "(");
        put_value(w, budget - 1);
        put(w, choice == 4 ? ")" : ", b)");
    }
}

static void put_postfix(writer *w, int budget)
{
    put_primary(w, budget);
    while (pick(w, 5) == 0)
        put(w, pick(w, 2) ? ".until" : ".\"x y\"");
}

static void put_signed(writer *w, int budget)
{
    if (pick(w, 8) == 0) {
        put(w, "-");
        put_signed(w, budget - 1);
        return;
    }
    put_postfix(w, budget);
    if (pick(w, 8) == 0) {
        put(w, "at");
        put_postfix(w, budget - 1);
    }
    if (pick(w, 8) == 0) {
        put(w, "^");
        put_signed(w, budget - 1);
    }
}

static void put_sum(writer *w, int budget)
{
    static const char *const ops[] = {"+", "-", "*", "/", "//"};
    put_signed(w, budget);
    for (unsigned i = pick(w, 4); i > 2; i--) {
        put(w, ops[pick(w, 5)]);
        put_signed(w, budget - 1);
    }
}

static void put_range(writer *w, int budget)
{
    unsigned form = pick(w, 8);
    if (form == 0)
        put(w, "..");
    put_sum(w, budget);
    if (form == 1 || form == 2)
        put(w, "..");
    if (form == 1)
        put_sum(w, budget - 1);
}

static void put_test(writer *w, int budget)
{
    static const char *const ops[] = {"=", "!=", "<", "<=", ">", ">=", "in", "not in", "contains"};
    put_range(w, budget);
    unsigned form = pick(w, 6);
    if (form < 2) {
        put(w, ops[pick(w, 9)]);
        put_range(w, budget - 1);
    } else if (form == 2) {
        put(w, pick(w, 2) ? "is missing" : "is not missing");
    }
}

static void put_expr(writer *w, int budget)
{
    for (unsigned more = 1; more; more = pick(w, 5) == 0) {
        if (pick(w, 6) == 0)
            put(w, "not");
        put_test(w, budget);
        if (pick(w, 5) == 0) {
            put(w, pick(w, 2) ? "and" : "or");
            put_test(w, budget - 1);
        }
        put(w, "or");
    }
    put_test(w, 0);
}

static void put_narrow(writer *w, int budget)
{
    static const char *const words[] = {"before", "after", "until", "since", "known before", "known until"};
    static const char *const sides[] = {"before", "after", "until", "since", "of"};
    switch (pick(w, 6)) {
    case 0:
        put(w, pick(w, 2) ? "where" : "except where");
        put_expr(w, budget);
        break;
    case 1:
        put(w, pick(w, 2) ? "during" : "overlapping");
        put_range(w, budget);
        break;
    case 2:
        put(w, "as e");
        break;
    case 3:
        put(w, "within");
        put_sum(w, budget);
        put(w, sides[pick(w, 5)]);
        put_sum(w, budget);
        break;
    default:
        put(w, words[pick(w, 6)]);
        put_sum(w, budget);
        break;
    }
}

static void put_value(writer *w, int budget)
{
    put_expr(w, budget);
    for (unsigned i = pick(w, 5); i > 2; i--)
        put_narrow(w, budget - 1);
    if (pick(w, 6) == 0) {
        put(w, pick(w, 2) ? "union" : "minus");
        put_value(w, budget - 1);
    }
}

static void put_items(writer *w, int budget)
{
    put_item(w, budget);
    while (pick(w, 3) == 0) {
        put(w, ",");
        put_item(w, budget);
    }
}

static void put_stage(writer *w, int budget)
{
    switch (pick(w, 12)) {
    case 0:
        put(w, "where");
        put_expr(w, budget);
        break;
    case 1:
        put(w, "derive");
        put_items(w, budget);
        break;
    case 2:
        put(w, pick(w, 2) ? "each month" : pick(w, 2) ? "each 90d" : "each");
        put(w, "m in");
        put_range(w, budget);
        break;
    case 3:
        put(w, pick(w, 2) ? "top" : "bottom");
        put_amount(w, budget);
        put(w, "by");
        put_expr(w, budget);
        if (pick(w, 2))
            put(w, "per a, b");
        break;
    case 4:
        put(w, "group by");
        put_items(w, budget);
        if (pick(w, 2))
            put(w, "with totals");
        break;
    case 5:
        put(w, "show");
        put_items(w, budget);
        break;
    case 6:
        put(w, "sort");
        put_keys(w, budget);
        break;
    case 7:
        put(w, "limit");
        put_expr(w, budget);
        break;
    case 8:
        put(w, "pivot a join t on a, b");
        break;
    case 9:
        put(w, "join (");
        put_pipeline(w, budget - 2);
        put(w, ") on a");
        break;
    case 10:
        put(w, "into cohort frail");
        break;
    default:
        put(w, "chart");
        put_call(w, budget);
        break;
    }
}

static void put_pattern(writer *w, int budget)
{
    put(w, pick(w, 2) ? "match each" : "match");
    put(w, "(");
    put_value(w, budget);
    put(w, ") as e");
    for (unsigned i = pick(w, 4); i > 0; i--) {
        bool no = pick(w, 4) == 0;
        put(w, no ? "then no (" : pick(w, 2) ? "then (" : pick(w, 2) ? "then 2 .. (" : "then 1..4 (");
        put_value(w, budget);
        put(w, ")");
        if (pick(w, 2))
            put(w, pick(w, 2) ? "within 30d" : "within 1mo since e");
        if (!no && pick(w, 2))
            put(w, "as e");
    }
}

static void put_pipeline(writer *w, int budget)
{
    put(w, "from");
    switch (pick(w, 5)) {
    case 0:
        put(w, "table t");
        break;
    case 1:
        put_pattern(w, budget);
        break;
    case 2:
        put_primary(w, budget);
        break;
    default:
        put(w, "(");
        put_value(w, budget);
        put(w, ")");
        break;
    }
    for (unsigned i = pick(w, 4); i > 0; i--)
        put_stage(w, budget);
}

static void put_statement(writer *w)
{
    switch (pick(w, 4)) {
    case 0:
        put(w, "param a =");
        put_expr(w, 4);
        break;
    case 1:
        put(w, pick(w, 2) ? "let f(a, b) =" : "let f =");
        put_value(w, 4);
        break;
    case 2:
        put(w, "let t =");
        put_pipeline(w, 3);
        break;
    default:
        put(w, "explain");
        put_pipeline(w, 3);
        break;
    }
}

/* Dump of a parsed text, or NULL in data when it does not parse. */
static lots_status dump_parsed(const char *text, size_t bytes, lots_bytes *dump, lots_bytes *printed, lots_error *err)
{
    lots_arena arena;
    lots_ast_file *file;
    lots_arena_init(&arena, 0);
    lots_status status = lots_parse(text, bytes, NULL, &arena, &file, err);
    if (status == LOTS_OK) {
        dump_file(file, bytes, dump);
        dump_check(lots_ast_print(file, printed, NULL) == LOTS_OK);
    }
    lots_arena_free(&arena);
    return status;
}

static void random_queries_of_the_grammar_parse_and_print_back(void **state)
{
    static writer w;
    int parsed = 0;
    (void)state;
    w.random = 7;
    for (int round = 0; round < 500; round++) {
        lots_bytes dump = {NULL, 0, 0}, printed = {NULL, 0, 0}, dump_again = {NULL, 0, 0}, again = {NULL, 0, 0};
        lots_error err;
        w.bytes = 0;
        put_statement(&w);
        if (w.bytes + 256 > sizeof w.text)
            continue; /* cut */
        lots_error_clear(&err);
        if (dump_parsed(w.text, w.bytes, &dump, &printed, &err) != LOTS_OK) {
            if (strstr(err.text, "can't follow") == NULL && strstr(err.text, "could be meant") == NULL)
                fail_msg("%d: %s, at: %.*s", round, err.text, (int)(err.at < 400 ? err.at : 400), w.text + (err.at < 400 ? 0 : err.at - 400));
        } else {
            parsed++;
            if (dump_parsed((char *)printed.data, printed.count, &dump_again, &again, &err) != LOTS_OK)
                fail_msg("%.*s: %s", (int)printed.count, (char *)printed.data, err.text);
            assert_int_equal(dump.count, dump_again.count);
            assert_memory_equal(dump.data, dump_again.data, dump.count);
            assert_int_equal(printed.count, again.count);
        }
        lots_bytes_free(&dump);
        lots_bytes_free(&printed);
        lots_bytes_free(&dump_again);
        lots_bytes_free(&again);
    }
    assert_true(parsed > 300);
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
        cmocka_unit_test(soups_of_tokens_parse_or_fail_with_a_place),
        cmocka_unit_test(random_queries_of_the_grammar_parse_and_print_back),
        cmocka_unit_test(every_cut_of_a_query_parses_or_fails_with_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
