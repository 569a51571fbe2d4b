/* Texts by chance: soups of tokens, which must parse or fail with a place; and random queries of the whole grammar, which must
 * print back. */
#include <stdio.h>

#include "query/lang/caret.h"
#include "tests/query/lang/ast_dump.h"
#include "tests/query/lang/hostile.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soups_of_tokens_parse_or_fail_with_a_place),
        cmocka_unit_test(random_queries_of_the_grammar_parse_and_print_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
