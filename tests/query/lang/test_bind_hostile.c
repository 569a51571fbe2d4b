/* Texts that mean harm to what comes after the parser: they are bound and run on a thread with a stack of 512 KB, over a small
 * registry. Whatever the text, there is an answer or an error that says why, soon, and nothing else. */
#include <stdio.h>

#include "query/exec/run.h"
#include "tests/query/lang/hostile.h"
#include "tests/support/small_registry.h"

/* Enough that recursion would leave the stack, more than any list may have; in full that what is quadratic would be noticed. */
enum { MANY = 0, FEWER = 1 };

static size_t how_many(size_t count)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    static const size_t few[] = {12000, 1000};
#else
    static const size_t few[] = {12000, 6000};
#endif
    static const size_t full[] = {30000, 8000};
    return count > FEWER ? count : lots_test_full() ? full[count] : few[count];
}

static small_registry registry;

static int open_registry(void **state)
{
    (void)state;
    small_open(&registry);
    small_random(&registry, 1, 10);
    small_publish(&registry, 3);
    return 0;
}

static int close_registry(void **state)
{
    (void)state;
    small_close(&registry);
    return 0;
}

/* ---- asking ---- */

typedef struct question {
    const char *text;
    lots_status status;
    lots_error err;
} question;

static lots_status bind_and_run(const char *text, lots_arena *arena, lots_error *err)
{
    lots_sources sources;
    lots_query *query = NULL;
    lots_result result;
    const lots_run_options options = {.memory_bytes = (size_t)1 << 30};
    LOTS_TRY(lots_query_bind(registry.registry, text, strlen(text), "query", NULL, arena, &sources, &query, err));
    LOTS_TRY(lots_run_pipeline(query, &query->pipelines[query->pipeline_count - 1], &options, &result, err));
    lots_result_free(&result);
    return LOTS_OK;
}

static void *run_question(void *argument)
{
    question *q = argument;
    lots_arena arena;
    lots_arena_init(&arena, (size_t)1 << 30);
    lots_error_clear(&q->err);
    q->status = bind_and_run(q->text, &arena, &q->err);
    lots_arena_free(&arena);
    return NULL;
}

/* `wanted`: NULL: an answer; else a part of the error's text; "?": either. */
static void check(const char *text, const char *wanted)
{
    question q = {.text = text};
    char name[120];
    snprintf(name, sizeof name, "%.60s… (%zu bytes)", text, strlen(text));
    run_on_small_stack(run_question, &q);
    if (q.status != LOTS_OK && q.status != LOTS_QUERY && q.status != LOTS_LIMIT && q.status != LOTS_IO)
        fail_msg("%s: %s: %s", name, lots_status_name(q.status), q.err.text);
    if (q.status != LOTS_OK && q.err.text[0] == '\0')
        fail_msg("%s: an error without a word", name);
    if (wanted == NULL && q.status != LOTS_OK)
        fail_msg("%s: %s", name, q.err.text);
    if (wanted != NULL && wanted[0] != '?' && (q.status == LOTS_OK || strstr(q.err.text, wanted) == NULL))
        fail_msg("%s: not '%s' but: %s", name, wanted, q.status == LOTS_OK ? "an answer" : q.err.text);
}

/* head, `count` times part with each % its number, tail. */
static char *numbered(const char *head, const char *part, size_t count, const char *tail)
{
    lots_error err;
    lots_bytes text = {0};
    assert_ok(lots_bytes_append(&text, head, strlen(head), &err));
    for (size_t i = 1; i <= count; i++)
        for (const char *at = part; *at != '\0';) {
            const size_t plain = strcspn(at, "%~");
            assert_ok(lots_bytes_append(&text, at, plain, &err));
            at += plain;
            if (*at != '\0')
                assert_ok(lots_bytes_printf(&text, &err, "%zu", *at++ == '%' ? i : i - 1));
        }
    assert_ok(lots_bytes_append(&text, tail, strlen(tail) + 1, &err));
    return (char *)text.data;
}

typedef struct long_text {
    const char *head, *part, *tail; /* % is the part's number, ~ that of the one before */
    const char *wanted;
    size_t count; /* of parts; MANY, FEWER */
} long_text;

static void check_all(const long_text *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const long_text *row = &rows[i];
        const bool same = strpbrk(row->part, "%~") == NULL;
        char *text = (same ? repeat : numbered)(row->head, row->part, how_many(row->count), row->tail);
        check(text, rows[i].wanted);
        free(text);
    }
}

#define CHECK_ALL(rows) check_all(rows, sizeof rows / sizeof *rows)

/* ---- long ---- */

static void tens_of_thousands_of_operands_are_bound_and_run(void **state)
{
    static const long_text rows[] = {
        {"from patients where score = 0", " or score = %", " show score", NULL, MANY},
        {"from patients where score != 0", " and score != %", " show score", NULL, MANY},
        {"from patients where score in (0", ", %", ") show score", NULL, MANY},
        {"from patients where sex in (female", ", male", ") show score", NULL, MANY},
        {"from patients show least(score", ", %", ")", NULL, MANY},
        {"from patients show coalesce(missing", ", score", ")", NULL, MANY},
        {"from patients show size((score", ", %", "))", NULL, MANY},
        {"from patients show case(score = 0 then 0", ", score = % then %", ", else 1)", NULL, MANY},
        {"from patients show list(score = 0 then 'a'", ", score = % then 'b'", ")", NULL, MANY},
        {"from patients show cut(score, 0", ", %", ")", NULL, MANY},
        {"from contacts where dx in {I50", ", I50", "} show cost", NULL, MANY},
        {"from contacts where dx in {I50", ", E10-E14, =I10, -I50.1", "} show cost", NULL, MANY},
        {"let s = {I50", ", E1", "} from contacts where dx in s show cost", NULL, MANY},
        {"from patients show score", " + 1", "", "deeper than 200 levels", MANY},
        {"from patients show score", " ^ 1", "", "deeper than 200 levels", MANY},
        {"from contacts show dx", ".main", "", "deeper than 200 levels", MANY},
        {"from patients show count(contacts", " union contacts", ")", "deeper than 200 levels", MANY},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void tens_of_thousands_of_columns_and_stages_are_bound_and_run(void **state)
{
    static const long_text rows[] = {
        {"from patients show a0 = 1", ", a% = score", "", "more than 5000 derived or shown columns", MANY},
        {"from patients show score", ", score", "", "?", FEWER},
        {"from patients derive d0 = 1", ", d% = score", " show d0", "?", MANY},
        {"from patients derive d0 = score", ", d% = d~ + 1", " show d0", "?", FEWER},
        {"from patients derive d0 = score", ", d% = d~ + 1", " show d9000", "?", MANY},
        {"from patients derive d0 = score", " derive d% = d~ + 1", " show d0", "?", FEWER},
        {"from patients", " where true", " show score", "?", FEWER},
        {"from patients", " where score != %", " show score", "?", FEWER},
        {"from patients", " sort score", " show score", "?", FEWER},
        {"from patients", " limit 5", " show score", "?", FEWER},
        {"from patients", " top 5 by score", " show score", "?", 1000},
        {"from patients", " show score", "", "?", FEWER},
        {"from patients group by k0 = score", ", k% = score", " show n = count()", "?", FEWER},
        {"from patients show n = count()", ", n% = sum(score)", "", "?", FEWER},
        {"from patients", " group by sex show sex = 1", "", "?", FEWER},
        {"from patients sort score", ", score desc", " show score", "?", FEWER},
        {"from patients top 1 by score per sex", ", sex", " show score", "?", FEWER},
        {"from patients show n = count(contacts", " where true", ")", "?", FEWER},
        {"from patients show n = count(contacts", " during 2023", ")", "?", FEWER},
        {"from patients show n = count(contacts", " except where cost > %", ")", "?", FEWER},
        {"from patients show n = count(contacts", " as a%", ")", "?", FEWER},
        {"from patients show first(contacts by cost", ", cost", ").cost", "?", FEWER},
        {"from patients show n = count(episodes(contacts per unit", " per unit", "))", "?", FEWER},
        {"from patients show n = count(episodes(contacts, a = sum(cost)", ", a% = sum(cost)", "))", "?", FEWER},
        {"from match contacts as a", " then contacts", " show start", "?", FEWER},
        {"from match contacts as a", " then no contacts within 3d", " show start", "?", FEWER},
        {"from match contacts as a", " then contacts within 3d as a% then contacts within 9d since a", " show start", "?", 30},
        {"from patients show a = 1", " from patients show a = %", "", "?", FEWER},
    };
    (void)state;
    CHECK_ALL(rows);
}

/* ---- names of names ---- */

static void a_column_too_many_has_its_place(void **state)
{
    char *text = numbered("from patients derive c0 = (1)", ", c% = (%)", 6000, " show c0");
    question q = {.text = text};
    (void)state;
    run_on_small_stack(run_question, &q);
    assert_int_equal(q.status, LOTS_QUERY);
    assert_string_equal(q.err.text, "rows have more than 5000 derived or shown columns");
    const char *place = strstr(text, ", c5000 = (5000)");
    assert_non_null(place);
    assert_in_range(q.err.at, place - text, place - text + 16);
    free(text);
}

static void tens_of_thousands_of_lets_are_bound_or_refused(void **state)
{
    static const long_text rows[] = {
        {"", "let a% = %\n", "from patients show a9000", NULL, 9000},
        {"", "let a% = %\n", "from patients show a9000", "`let` and `param` give more than 10000 names", MANY},
        {"", "param a% = %\n", "from patients show a9000", "`let` and `param` give more than 10000 names", MANY},
        {"let a0 = 1\n", "let a% = a~ + 1\n", "from patients show a40", NULL, 9000},
        {"let a0 = 1\n", "let a% = a~ + 1\n", "from patients show a9000", "deep", 9000},
        {"let a0(x) = x\n", "let a%(x) = a~(x) + 1\n", "from patients show a9000(1)", "deep", 9000},
        {"let a0(x) = x\n", "let a%(x) = a~(x) + a~(x)\n", "from patients show a45(score)", "?", 45},
        {"let a0(x) = x\n", "let a%(x) = a~(a~(x))\n", "from patients show a45(score)", "?", 45},
        {"let a0 = contacts\n", "let a% = a~ where exists(a~)\n", "from patients show count(a40)", "grows beyond 500000 expressions", 45},
        {"let a0 = contacts\n", "let a% = a~ union a~\n", "from patients show count(a45)", "?", 45},
        {"let a0 = contacts\n", "let a% = episodes(a~ per start)\n", "from patients show count(a45)", "?", 45},
        {"let a0 = from patients show n = score\n", "let a% = from a~ show n\n", "from a45 show n", "?", 9000},
        {"let a0 = from patients show n = score\n", "let a% = from a~ show n\n", "from a9000 show n", "?", 9000},
        {"let a0(x) = from patients show n = x\n", "let a%(x) = from a~(x + 1)\n", "from a20(score) show n", NULL, 20},
        {"let a0(x) = from patients show n = x\n", "let a%(x) = from a~(x + 1)\n", "from a900(score) show n", "deep", 900},
        {"let a0(x) = from patients show n = x\n", "let a%(x) = from a~(x + x)\n", "from a45(1) show n", "?", 45},
        {"let a0(e) = from e show n = 1\n", "let a%(e) = from a~((e union e))\n", "from a45(contacts) show n", "?", 45},
        {"let a0(x) = from patients group by score show n = x\n", "let a%(x) = from a~(x) join (from a~(x) show score, m% = n) on score\n",
         "from a45(1) show n", "?", 45},
        {"let f(x0", ", x%", ") = x0 from patients show f(1)", "more than 100 parameters", MANY},
        {"let f(x0", ", x%", ") = from patients show x0 from f(1)", "more than 100 parameters", MANY},
    };
    (void)state;
    CHECK_ALL(rows);
}

/* ---- deep ---- */

/* As deep as the parser lets through, and far beyond. */
static void sets_within_sets_are_bound_and_run_or_refused(void **state)
{
    static const char *const rows[][4] = {
        {"from patients show n = count(", "episodes(", "contacts", ")"},
        {"from patients show n = count(", "episodes(contacts where start in set(start over ", "contacts", "))"},
        {"from patients where ", "exists(contacts where ", "true", ")"},
        {"from patients where ", "count(contacts as c where c.cost > 1 and ", "1 = 1", ") > 1"},
        {"from patients show n = ", "sum(", "1", " over contacts)"},
        {"from patients show n = ", "max(score + ", "cost", " over contacts)"},
        {"from patients where ", "exists(contacts as c where start > birth and exists(drugs where start >= c.start and ", "true", "))"},
        {"from patients show n = count(", "steps(", "contacts", " by start)"},
        {"from patients show n = count(", "active(", "contacts", " by start)"},
        {"from patients show n = count(", "(", "contacts", " where true)"},
        {"from patients show n = count(", "(drugs union ", "contacts", ")"},
        {"from patients show n = count(", "(contacts minus ", "contacts", ")"},
        {"from patients show n = first(", "first(", "contacts", ")"},
        {"from patients show n = count(", "next(contacts, first(", "contacts", "))"},
        {"from patients show n = ", "case(score > 0 then ", "1", ", else 2)"},
        {"from patients show n = ", "least(score, ", "1", ")"},
        {"from patients show n = ", "not ", "true", ""},
        {"from patients show n = (", "first(contacts since ", "2020-01-01", ").start"},
        {"from patients show n = (", "count(contacts within 1d * ", "1", " of 2023-01-01)"},
        {"from ", "episodes(", "contacts", ")"},
        {"from match ", "(contacts where exists", "(contacts)", ")"},
    };
    static const size_t depths[] = {2, 3, 5, 8, 13, 20, 30, 38, 45, 55, 60, 61, 62, 63, 64, 65, 66, 80, 98, 150, 197, 10000};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < sizeof depths / sizeof *depths; j++) {
            char *head = repeat(rows[i][0], rows[i][1], depths[j], rows[i][2]);
            char *body = repeat(head, rows[i][3], depths[j], "");
            const bool open = strchr(rows[i][0], '(') != NULL;
            char *text = repeat(body, ")", open ? 1 : 0, "");
            check(text, "?");
            free(head);
            free(body);
            free(text);
        }
}

/* ---- large ---- */

static void numbers_beyond_all_bounds_are_answered_or_refused(void **state)
{
    static const char *const rows[] = {
        "from patients show band(score * 1000000000000000, 1)",
        "from patients show band(score * 1000000000000, 2147483647)",
        "from patients show band(9223372036854775807, 3), band(-9223372036854775807, 2)",
        "from patients group by b = band(score * 100000000, 1) show n = count()",
        "from patients show covered_days(services, 0001-01-01..9999-12-31)",
        "from patients show covered_days(services, ..)",
        "from patients show count(contacts within 9223372036854775807d of 2023-01-01)",
        "from patients show count(contacts within 9999y of 2023-01-01), count(contacts within 99999999999y after birth)",
        "from patients show count(contacts within 3000000d before 9999-12-31)",
        "from patients show count(contacts within -30d after 2023-01-01)",
        "from patients show count(episodes(contacts gap 9223372036854775807d)), count(steps(contacts by unit gap 9999999d))",
        "from patients show path(contacts by unit max 9223372036854775807)",
        "from patients show 2 ^ 9223372036854775807",
        "from patients show (-1) ^ 9223372036854775807, 0 ^ 0, 1 ^ 9223372036854775806",
        "from patients show 2 ^ 0.5 ^ 9999999, ln(0), sqrt(-1), 10 ^ 400, -(10 ^ 400)",
        "from patients show score ^ score ^ score",
        "from patients limit 9223372036854775807 show score",
        "from patients limit -1 show score",
        "from patients top 9223372036854775807 by score show score",
        "from patients top 0.000000000000000001% by score show score",
        "from patients show quantile(cost, 0.000000000000000001% over contacts)",
        "from patients show nth(contacts, 9223372036854775807).cost, nth(contacts, -9223372036854775807).cost",
        "from patients show birth + 9223372036854775807 * 1d",
        "from patients show birth + score * 9223372036854775807 * 1mo",
        "from patients show 9223372036854775807 * 1y",
        "from patients show days(0001-01-01, 9999-12-31), months(9999-12-31, 0001-01-01), (0001..9999).days",
        "from patients show round(10 ^ 300, 15), floor(10 ^ 300), int(10 ^ 300)",
        "from patients show int('99999999999999999999999'), float('1e999'), int('-9223372036854775808')",
        "from patients show wilson_low(10 ^ 300, 10 ^ 300), poisson_high(10 ^ 300, 1), poisson_low(-1, 0), wilson_high(5, -1)",
        "from patients show poisson_low(1000000000000, 1), poisson_high(9000000000000000, 3)",
        "from match contacts as a then 1..9223372036854775807 contacts as b show start",
        "from match contacts as a then 4000000000 contacts as b show start",
        "from match contacts as a then contacts within 9223372036854775807d as b show start",
        "from match contacts as a then contacts within 99999999mo as b show start",
        "from patients show prefix('I50', 3)",
        "from patients show cut(score, -9223372036854775807, 9223372036854775807)",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(rows[i], "?");
}

static void long_words_are_answered_or_refused(void **state)
{
    static const long_text rows[] = {
        {"from contacts where note = '", "abcdefghij", "' show cost", "?", 1000000},
        {"from contacts where note contains '", "a", "' show cost", "?", 10000000},
        {"from contacts where level = ", "a", " show cost", "?", 1000000},
        {"from contacts where level = '", "a", "' show cost", "?", 1000000},
        {"from contacts where dx in {", "I", "} show cost", "?", 1000000},
        {"from contacts where dx in {'", "I5", "'} show cost", "?", 1000000},
        {"from contacts where dx in {", "x", ":1} show cost", "?", 1000000},
        {"from contacts show ", "c", " = cost", "?", 1000000},
        {"from contacts show \"", "c ", "\" = cost", "?", 1000000},
        {"from ", "c", " show cost", "?", 1000000},
        {"from contacts show ", "f", "(cost)", "?", 1000000},
        {"include '", "../", "' from contacts show cost", "?", 1000000},
        {"from patients show codes('", "x", "')", "?", 1000000},
        {"from patients show groups(", "x", ", dx over contacts)", "?", 1000000},
        {"from patients show 1", "0", "", "?", 1000000},
        {"from patients show 0.", "0", "1", "?", 1000000},
        {"from patients show int('", "9", "')", "?", 1000000},
    };
    (void)state;
    CHECK_ALL(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tens_of_thousands_of_operands_are_bound_and_run),
        cmocka_unit_test(tens_of_thousands_of_columns_and_stages_are_bound_and_run),
        cmocka_unit_test(a_column_too_many_has_its_place),
        cmocka_unit_test(tens_of_thousands_of_lets_are_bound_or_refused),
        cmocka_unit_test(sets_within_sets_are_bound_and_run_or_refused),
        cmocka_unit_test(numbers_beyond_all_bounds_are_answered_or_refused),
        cmocka_unit_test(long_words_are_answered_or_refused),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
