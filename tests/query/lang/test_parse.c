/* The grammar: each production's canonical text, the shape of the tree against fully bracketed text, the fields of each
 * kind of node, and the twenty questions. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/day.h"
#include "query/lang/parse.h"
#include "tests/query/lang/ast_dump.h"
#include "tests/support/lots_test.h"

/* Parse, or fail the test with the error's text. */
static lots_ast_file *parse(const char *text, size_t bytes, lots_arena *arena)
{
    lots_ast_file *file;
    lots_error err;
    lots_error_clear(&err);
    if (lots_parse(text, bytes, NULL, arena, &file, &err) != LOTS_OK)
        fail_msg("%.*s: at %d: %s", (int)bytes, text, (int)err.at, err.text);
    return file;
}

static char *take_text(lots_bytes *bytes)
{
    lots_error err;
    assert_ok(lots_bytes_put8(bytes, 0, &err));
    return (char *)bytes->data;
}

static void dump_text_of(const char *text, lots_bytes *out)
{
    lots_arena arena;
    lots_arena_init(&arena, 0);
    dump_file(parse(text, strlen(text), &arena), strlen(text), out);
    (void)take_text(out);
    lots_arena_free(&arena);
}

/* Parse, compare the canonical text, parse that, compare trees and texts. */
static void check_round_trip(const char *text, size_t bytes, const char *canonical)
{
    lots_arena arena;
    lots_bytes printed = {NULL, 0, 0}, again = {NULL, 0, 0}, dump = {NULL, 0, 0}, dump_again = {NULL, 0, 0};
    lots_error err;
    lots_arena_init(&arena, 0);
    lots_ast_file *file = parse(text, bytes, &arena);
    dump_file(file, bytes, &dump);
    assert_ok(lots_ast_print(file, &printed, &err));
    lots_ast_file *copy = parse((const char *)printed.data, printed.count, &arena);
    dump_file(copy, printed.count, &dump_again);
    assert_ok(lots_ast_print(copy, &again, &err));
    if (canonical != NULL)
        assert_string_equal(take_text(&printed), canonical);
    else
        (void)take_text(&printed);
    assert_string_equal(take_text(&again), (char *)printed.data);
    assert_string_equal(take_text(&dump_again), take_text(&dump));
    lots_bytes_free(&printed);
    lots_bytes_free(&again);
    lots_bytes_free(&dump);
    lots_bytes_free(&dump_again);
    lots_arena_free(&arena);
}

static void each_production_has_its_canonical_text(void **state)
{
    static const char *const rows[][2] = {
        /* statements */
        {"", ""},
        {"# nothing\n", ""},
        {"include 'std/a''b.lq'", "include 'std/a''b.lq'\n"},
        {"param year=2023", "param year = 2023\n"},
        {"param window = 2019 .. 2023", "param window = 2019..2023\n"},
        {"let hf={I50,I11.0}", "let hf = {I50, I11.0}\n"},
        {"let f(a,b) = a+b", "let f(a, b) = a + b\n"},
        {"let t = from x where a", "let t = from x\nwhere a\n"},
        {"explain from patients", "explain from patients\n"},
        {"param a = 1 param b = 2 let c = a from patients from patients", "param a = 1\nparam b = 2\nlet c = a\nfrom patients\nfrom patients\n"},
        /* sources */
        {"from table prices", "from table prices\n"},
        {"from table prices(2023,(1,2)) where a", "from table prices(2023, (1, 2))\nwhere a\n"},
        {"from contacts where a where b show c", "from contacts\nwhere a\nwhere b\nshow c\n"},
        {"from stays as s where s.end in 2023", "from stays as s\nwhere s.end in 2023\n"},
        {"from contacts where a during 2023 where b", "from contacts where a during 2023\nwhere b\n"},
        {"from (contacts where a) where b", "from (contacts where a)\nwhere b\n"},
        {"from steps(done by level gap 7d) limit 1", "from steps(done by level gap 7d)\nlimit 1\n"},
        {"from a union b during 2023", "from a union b during 2023\n"},
        {"from (a union b) where c", "from (a union b)\nwhere c\n"},
        {"from a where b union c", "from a where b union c\n"},
        {"from a union (b where c)", "from (a union b where c)\n"},
        /* patterns */
        {"from match (a where b)", "from match (a where b)\n"},
        {"from match each ed as e show n = count()", "from match each ed as e\nshow n = count()\n"},
        {"from match a then b", "from match a\nthen b\n"},
        {"from match a as x then no (b where c) within 14d then 2..4 (d) within 30d since x as y then 3.. e then 2 f.g as z",
         "from match a as x\nthen no (b where c) within 14d\nthen 2..4 d within 30d since x as y\nthen 3.. e\nthen 2 f.g as z\n"},
        {"from match a then (2) then 2 (2)", "from match a\nthen (2)\nthen 2 (2)\n"},
        /* stages */
        {"from p where a=1", "from p\nwhere a = 1\n"},
        {"from p derive a=1,b,c=(d where e)", "from p\nderive a = 1, b, c = (d where e)\n"},
        {"from p each month m in 2023", "from p\neach month m in 2023\n"},
        {"from p each 90d b in a..c", "from p\neach 90d b in a..c\n"},
        {"from p each x in g", "from p\neach x in g\n"},
        {"from p each a,b in pairs(g)", "from p\neach a, b in pairs(g)\n"},
        {"from p each day d,e in ..x", "from p\neach day d, e in ..x\n"},
        {"from p top 1% by x", "from p\ntop 1% by x\n"},
        {"from p bottom n+1 by x per a, b", "from p\nbottom n + 1 by x per a, b\n"},
        {"from p group by a, b=c", "from p\ngroup by a, b = c\n"},
        {"from p group by f=(sex=female) with totals", "from p\ngroup by f = (sex = female) with totals\n"},
        {"from p show (a = b), c", "from p\nshow (a = b), c\n"},
        {"from p sort a, b desc", "from p\nsort a, b desc\n"},
        {"from p sort (a = b), a.. , (a..) desc", "from p\nsort (a = b), a.., (a..) desc\n"},
        {"from p limit 20", "from p\nlimit 20\n"},
        {"from p pivot k", "from p\npivot k\n"},
        {"from p join t", "from p\njoin t\n"},
        {"from p join t on a,b", "from p\njoin t on a, b\n"},
        {"from p join t(2023, q where r) on a", "from p\njoin (from table t(2023, q where r)) on a\n"},
        {"from p join (from t derive a = x show a) on a where b", "from p\njoin (from t derive a = x show a) on a\nwhere b\n"},
        {"from p into cohort frail", "from p\ninto cohort frail\n"},
        {"from p chart pchart(a, b by m)", "from p\nchart pchart(a, b by m)\n"},
        {"from p show \"end date\", \"a\"\"b\"", "from p\nshow \"end date\", \"a\"\"b\"\n"},
        /* a range without an end before what is a plain name elsewhere */
        {"from p where a in 2019.. top 5 by x", "from p\nwhere a in 2019..\ntop 5 by x\n"},
        {"from p where a in 2019.. top (5) by x", "from p\nwhere a in 2019..\ntop 5 by x\n"},
        {"let x = f(E during a.. gap 3d max n)", "let x = f(E during a.. gap 3d max n)\n"},
        {"let x = min(a over E)..max(a over E)", "let x = min(a over E)..max(a over E)\n"},
        {"let x = a..gap", "let x = a..(gap)\n"},
        {"from p sort a..desc", "from p\nsort a..desc\n"},
        /* event sets */
        {"let e = a where b=1 except where c during 2023 overlapping d..d before x after y until z since w",
         "let e = a where b = 1 except where c during 2023 overlapping d..d before x after y until z since w\n"},
        {"let e = a known before x known until y", "let e = a known before x known until y\n"},
        {"let e = a within 1d before x within 1w after x within 1mo until x within 1y since x within 2d of x + 1d",
         "let e = a within 1d before x within 1w after x within 1mo until x within 1y since x within 2d of x + 1d\n"},
        {"let e = a as s where s.x = x", "let e = a as s where s.x = x\n"},
        {"let e = a union b where c minus d", "let e = a union b where c minus d\n"},
        {"let e = a minus (b union c)", "let e = a minus (b union c)\n"},
        {"let e = (a where b) where c", "let e = (a where b) where c\n"},
        /* calls */
        {"let x = count()", "let x = count()\n"},
        {"let x = count( distinct unit over a during 2023 )", "let x = count(distinct unit over a during 2023)\n"},
        {"let x = count(where high)", "let x = count(where high)\n"},
        {"let x = sum(cost where high)", "let x = sum(cost where high)\n"},
        {"let x = count(over a)", "let x = count(over a)\n"},
        {"let x = top(10%, v per k)", "let x = top(10%, v per k)\n"},
        {"let x = first(E by cost desc, start)", "let x = first(E by cost desc, start)\n"},
        {"let x = case(a then 'b', not c then 'd', else e where f)", "let x = case(a then 'b', not c then 'd', else e where f)\n"},
        {"let x = path(d by l gap 7d max 6)", "let x = path(d by l gap 7d max 6)\n"},
        {"let x = path(d max (-6) gap 7d)", "let x = path(d max (-6) gap 7d)\n"},
        {"let x = quantile(x, 25% over E)", "let x = quantile(x, 25% over E)\n"},
        {"let x = episodes(a where b gap 0d, acute = first(acute))", "let x = episodes(a where b gap 0d, acute = first(acute))\n"},
        {"let x = episodes(a per k by l desc, m, n = count(), o)", "let x = episodes(a per k by l desc, m, n = count(), o)\n"},
        {"let x = episodes(a union b)", "let x = episodes(a union b)\n"},
        {"let x = \"episodes\"(a, b)", "let x = \"episodes\"(a, b)\n"},
        {"let x = f((a, b), (), (c))", "let x = f((a, b), (), c)\n"},
        /* values */
        {"let x = (1, 2.50, 3%, 30d, 4w, 6mo, 1y, 2023-01-31, 2023-05, 2023-Q2, 'it''s', {I50}, true, false, missing, a)",
         "let x = (1, 2.50, 3%, 30d, 4w, 6mo, 1y, 2023-01-31, 2023-05, 2023-Q2, 'it''s', {I50}, true, false, missing, a)\n"},
        {"let x = {I  50,e 11 - e 14}", "let x = {I 50, e 11-e 14}\n"},
        {"let x = {icd9:250,-E11.9, =I10 ,E10 - E14,'a b'-c,LAB//5//mg/dL}", "let x = {icd9:250, -E11.9, =I10, E10-E14, 'a b'-'c', LAB//5//mg/dL}\n"},
        {"let x = 2023.start..(2024).end", "let x = 2023.start..2024.end\n"},
        {"let x = registry.until - registry.from", "let x = registry.until - registry.from\n"},
        {"let x = residence.municipality at window.end", "let x = residence.municipality at window.end\n"},
        {"let x = (a..b).days", "let x = (a..b).days\n"},
        {"let x = a - 89d .. a + 89d", "let x = a - 89d .. a + 89d\n"},
        {"let x = -12..11", "let x = -12..11\n"},
        {"let x = ..-5", "let x = ..-5\n"},
        {"let x = - - -a", "let x = -(-(-a))\n"},
        {"let x = a - -b", "let x = a - -b\n"},
        {"let x = a is missing and b is not missing", "let x = a is missing and b is not missing\n"},
        {"let x = a contains 'x' or a not in (1, 2)", "let x = a contains 'x' or a not in (1, 2)\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_round_trip(rows[i][0], strlen(rows[i][0]), rows[i][1]);
}

static void operators_bind_as_the_brackets_say(void **state)
{
    /* two texts of one tree */
    static const char *const same[][2] = {
        {"a - b - c", "(a - b) - c"},
        {"a - b + c", "(a - b) + c"},
        {"a / b * c // d", "((a / b) * c) // d"},
        {"a + b * c", "a + (b * c)"},
        {"a ^ b ^ c", "a ^ (b ^ c)"},
        {"-a ^ b", "-(a ^ b)"},
        {"a ^ -b ^ c", "a ^ (-(b ^ c))"},
        {"-a * b", "(-a) * b"},
        {"a at b ^ c", "(a at b) ^ c"},
        {"-a at b", "-(a at b)"},
        {"a.b at c.d", "(a.b) at (c.d)"},
        {"a.b.c", "(a.b).c"},
        {"a + 1 .. b * 2", "(a + 1)..(b * 2)"},
        {"a..b = c..d", "(a..b) = (c..d)"},
        {"..a + b", "..(a + b)"},
        {"x in a + 1..b", "x in ((a + 1)..b)"},
        {"not a = b", "not (a = b)"},
        {"not not a and b", "(not (not a)) and b"},
        {"a or b and c", "a or (b and c)"},
        {"a and b or c and d", "(a and b) or (c and d)"},
        {"not a and not b or c", "((not a) and (not b)) or c"},
        {"a is missing or b", "(a is missing) or b"},
        {"a + b is not missing", "(a + b) is not missing"},
        {"E where a or b during c", "E where (a or b) during c"},
        {"E before a - 1d after b", "E before (a - 1d) after b"},
        {"E within a + 1d of b + 1d", "E within (a + 1d) of (b + 1d)"},
        {"E where a union F where b", "(E where a) union (F where b)"},
        {"E union F minus G union H", "((E union F) minus G) union H"},
        {"f(a where b then c where d)", "f((a where b) then (c where d))"},
        {"f(a over b where c gap d + e)", "f(a over (b where c) gap (d + e))"},
    };
    /* two texts of different trees */
    static const char *const different[][2] = {
        {"a - b - c", "a - (b - c)"},   {"a ^ b ^ c", "(a ^ b) ^ c"},  {"-a ^ b", "(-a) ^ b"},
        {"a and b and c", "a and (b and c)"}, {"not a = b", "(not a) = b"},  {"a - 1 .. b", "a - (1..b)"},
        {"(a, b)", "((a, b), c)"},      {"\"a\"", "a"},                {"1.0", "1"},
        {"E where a where b", "(E where a) where b"}, {"E minus F minus G", "E minus (F minus G)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0] + sizeof different / sizeof different[0]; i++) {
        bool equal = i < sizeof same / sizeof same[0];
        const char *const *row = equal ? same[i] : different[i - sizeof same / sizeof same[0]];
        lots_bytes one = {NULL, 0, 0}, two = {NULL, 0, 0};
        char text[200];
        (void)snprintf(text, sizeof text, "let x = %s", row[0]);
        dump_text_of(text, &one);
        (void)snprintf(text, sizeof text, "let x = %s", row[1]);
        dump_text_of(text, &two);
        if ((strcmp((char *)one.data, (char *)two.data) == 0) != equal)
            fail_msg("%s and %s:\n%s%s", row[0], row[1], (char *)one.data, (char *)two.data);
        lots_bytes_free(&one);
        lots_bytes_free(&two);
    }
}

/* The value of `let x = …`. */
static const lots_ast_node *value_of(const char *text, lots_arena *arena)
{
    const lots_ast_file *file = parse(text, strlen(text), arena);
    assert_int_equal(file->statement_count, 1);
    assert_non_null(file->statements[0].value);
    return file->statements[0].value;
}

static void a_node_says_what_was_written_and_where(void **state)
{
    lots_arena arena;
    (void)state;
    lots_arena_init(&arena, 0);
    const lots_ast_node *node = value_of("let x = (a - 30d) * b.\"c d\"", &arena);
    assert_int_equal(node->kind, LOTS_AST_BINARY);
    assert_int_equal(node->binary.op, LOTS_AST_OP_MULTIPLY);
    assert_int_equal(node->span.at, 8); /* its opening bracket */
    assert_int_equal(node->span.end, 27);
    assert_int_equal(node->binary.op_span.at, 18);
    assert_int_equal(node->height, 3);
    const lots_ast_node *left = node->binary.left;
    assert_int_equal(left->span.at, 9); /* without its brackets */
    assert_int_equal(left->span.end, 16);
    assert_int_equal(left->binary.right->duration.days, 30);
    assert_true(lots_ast_name_is(&left->binary.left->name, "a"));
    const lots_ast_node *right = node->binary.right;
    assert_int_equal(right->kind, LOTS_AST_MEMBER);
    assert_true(right->member.name.quoted);
    assert_string_equal(right->member.name.text, "c d");
    assert_int_equal(right->member.name.span.at, 22);
    lots_arena_free(&arena);
}

static void an_event_set_keeps_its_narrowings_in_order(void **state)
{
    static const lots_ast_narrow_kind kinds[] = {LOTS_AST_NARROW_AS, LOTS_AST_NARROW_WHERE, LOTS_AST_NARROW_EXCEPT_WHERE,
                                                 LOTS_AST_NARROW_DURING, LOTS_AST_NARROW_KNOWN_UNTIL, LOTS_AST_NARROW_WITHIN_AFTER};
    lots_arena arena;
    (void)state;
    lots_arena_init(&arena, 0);
    const lots_ast_node *node = value_of("let x = e as s where a except where b during 2023 known until d within 5d after f", &arena);
    assert_int_equal(node->kind, LOTS_AST_NARROWED);
    assert_int_equal(node->narrowed.step_count, 6);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(node->narrowed.steps[i].kind, kinds[i]);
        assert_true((node->narrowed.steps[i].length != NULL) == (i == 5));
        assert_true((node->narrowed.steps[i].value != NULL) == (i != 0));
        assert_true((node->narrowed.steps[i].alias.text != NULL) == (i == 0));
    }
    assert_int_equal(node->narrowed.steps[5].length->duration.count, 5);
    assert_int_equal(node->narrowed.steps[1].span.at, 15);
    assert_int_equal(node->narrowed.steps[1].span.end, 22);
    lots_arena_free(&arena);
}

static void a_call_keeps_its_parts_apart(void **state)
{
    lots_arena arena;
    (void)state;
    lots_arena_init(&arena, 0);
    const lots_ast_node *node = value_of("let x = f(distinct a, where b, c then d, else e over g by h desc, i gap 2)", &arena);
    const lots_ast_call *call = node->call;
    assert_true(call->distinct && !call->episodes);
    assert_int_equal(call->distinct_span.at, 10);
    assert_int_equal(call->arg_count, 4);
    for (int i = 0; i < 4; i++) {
        static const lots_ast_arg_kind kinds[] = {LOTS_AST_ARG_VALUE, LOTS_AST_ARG_WHERE, LOTS_AST_ARG_THEN, LOTS_AST_ARG_ELSE};
        assert_int_equal(call->args[i].kind, kinds[i]);
        assert_true((call->args[i].then_value != NULL) == (i == 2));
    }
    assert_int_equal(call->clause_count, 3);
    assert_int_equal(call->clauses[1].kind, LOTS_AST_CLAUSE_BY);
    assert_int_equal(call->clauses[1].keys.count, 2);
    assert_true(call->clauses[1].keys.items[0].descending && !call->clauses[1].keys.items[1].descending);
    node = value_of("let x = episodes(a by b, c = count(), d)", &arena);
    assert_true(node->call->episodes);
    assert_int_equal(node->call->clauses[0].keys.count, 1);
    assert_int_equal(node->call->items.count, 2);
    assert_string_equal(node->call->items.items[0].name.text, "c");
    assert_null(node->call->items.items[1].name.text);
    lots_arena_free(&arena);
}

static void the_wheres_behind_a_source_are_stages(void **state)
{
    static const struct {
        const char *text;
        lots_ast_kind kind;
        uint32_t wheres;
    } rows[] = {
        {"from patients where a", LOTS_AST_NAME, 1},
        {"from patients where a where b", LOTS_AST_NAME, 2},
        {"from stays as s where a", LOTS_AST_NARROWED, 1},
        {"from contacts where a during 2023", LOTS_AST_NARROWED, 0},
        {"from contacts where a during 2023 where b", LOTS_AST_NARROWED, 1},
        {"from contacts except where a", LOTS_AST_NARROWED, 0},
        {"from (contacts where a)", LOTS_AST_NARROWED, 0},
        {"from a where b union c", LOTS_AST_UNION, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lots_arena arena;
        lots_arena_init(&arena, 0);
        const lots_ast_pipeline *pipeline = parse(rows[i].text, strlen(rows[i].text), &arena)->statements[0].pipeline;
        assert_int_equal(pipeline->value->kind, rows[i].kind);
        assert_int_equal(pipeline->stage_count, rows[i].wheres);
        for (uint32_t j = 0; j < rows[i].wheres; j++)
            assert_int_equal(pipeline->stages[j].kind, LOTS_AST_STAGE_WHERE);
        lots_arena_free(&arena);
    }
}

static void a_pattern_keeps_its_counts(void **state)
{
    static const char text[] = "from match a as x then no b then 2..4 c within 9d since x as y then 3.. d then e";
    static const uint32_t counts[][2] = {{1, 1}, {1, 1}, {2, 4}, {3, LOTS_AST_MANY}, {1, 1}};
    lots_arena arena;
    (void)state;
    lots_arena_init(&arena, 0);
    const lots_ast_pattern *pattern = parse(text, strlen(text), &arena)->statements[0].pipeline->pattern;
    assert_int_equal(pattern->step_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(pattern->steps[i].least, counts[i][0]);
        assert_int_equal(pattern->steps[i].most, counts[i][1]);
        assert_int_equal(pattern->steps[i].no, i == 1);
        assert_int_equal(pattern->steps[i].counted, i == 2 || i == 3);
    }
    assert_string_equal(pattern->steps[2].since.text, "x");
    assert_string_equal(pattern->steps[2].alias.text, "y");
    lots_arena_free(&arena);
}

static void the_source_number_is_in_every_span(void **state)
{
    static const char text[] = "let x = f(a over b where {I50, 'x'}) from match a then b as c show d = 1 join t on u";
    lots_parse_options options = {42, 0};
    lots_arena arena;
    lots_ast_file *file;
    lots_bytes dump = {NULL, 0, 0};
    lots_error err;
    (void)state;
    lots_arena_init(&arena, 0);
    assert_ok(lots_parse(text, strlen(text), &options, &arena, &file, &err));
    assert_int_equal(file->source, 42);
    dump_file(file, strlen(text), &dump); /* checks it */
    lots_bytes_free(&dump);
    lots_arena_free(&arena);
}

static void an_unnamed_item_is_called_by_its_canonical_text(void **state)
{
    static const char text[] = "from p show count( where  level=inpatient ), \n (a = b)";
    static const char *const names[] = {"count(where level = inpatient)", "a = b"};
    lots_arena arena;
    lots_error err;
    (void)state;
    lots_arena_init(&arena, 0);
    const lots_ast_items *items = &parse(text, strlen(text), &arena)->statements[0].pipeline->stages[0].show;
    for (uint32_t i = 0; i < 2; i++) {
        lots_bytes name = {NULL, 0, 0};
        assert_null(items->items[i].name.text);
        assert_ok(lots_ast_print_node(items->items[i].value, &name, &err));
        assert_string_equal(take_text(&name), names[i]);
        lots_bytes_free(&name);
    }
    lots_arena_free(&arena);
}

static void the_twenty_questions_parse_and_print_back(void **state)
{
    const char *folder = lots_test_shared("design/questions");
    (void)state;
    if (folder == NULL) {
        print_message("skipped: ../shared/design/questions is absent\n");
        skip();
    }
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        static char text[1 << 16];
        char path[1024];
        if (strstr(entry->d_name, ".lq") == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t bytes = fread(text, 1, sizeof text, file);
        (void)fclose(file);
        check_round_trip(text, bytes, NULL);
        count++;
    }
    (void)closedir(directory);
    assert_int_equal(count, 20);
}

static void a_pipeline_prints_alone_and_reserved_words_are_known(void **state)
{
    static const char text[] = "let t = from a show b";
    lots_arena arena;
    lots_bytes printed = {NULL, 0, 0};
    lots_error err;
    (void)state;
    lots_arena_init(&arena, 0);
    assert_ok(lots_ast_print_pipeline(parse(text, strlen(text), &arena)->statements[0].pipeline, &printed, &err));
    assert_string_equal(take_text(&printed), "from a\nshow b");
    assert_true(lots_word_is_reserved("from", 4));
    assert_false(lots_word_is_reserved("top", 3));
    assert_string_equal(lots_ast_stage_text(LOTS_AST_STAGE_GROUP), "group by");
    lots_bytes_free(&printed);
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_production_has_its_canonical_text),
        cmocka_unit_test(operators_bind_as_the_brackets_say),
        cmocka_unit_test(a_node_says_what_was_written_and_where),
        cmocka_unit_test(an_event_set_keeps_its_narrowings_in_order),
        cmocka_unit_test(a_call_keeps_its_parts_apart),
        cmocka_unit_test(the_wheres_behind_a_source_are_stages),
        cmocka_unit_test(a_pattern_keeps_its_counts),
        cmocka_unit_test(the_source_number_is_in_every_span),
        cmocka_unit_test(an_unnamed_item_is_called_by_its_canonical_text),
        cmocka_unit_test(a_pipeline_prints_alone_and_reserved_words_are_known),
        cmocka_unit_test(the_twenty_questions_parse_and_print_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
