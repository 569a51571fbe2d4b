/* Pivoted tables cell by cell against SQL's long ones, over random rows; the names of their columns. What is hidden in them:
 * test_disclose.c. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "query/out/output.h"
#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PATIENTS = 100 };

static small_registry r;

static int open_registry(void **state)
{
    (void)state;
    small_open(&r);
    small_random(&r, 5, PATIENTS);
    small_publish(&r, 20);
    return 0;
}

static int close_registry(void **state)
{
    (void)state;
    small_close(&r);
    return 0;
}

static lots_status run(const char *text, uint32_t min_cell, lots_arena *arena, lots_result *out, lots_error *err)
{
    lots_sources sources;
    lots_query *query = NULL;
    lots_run_options options = {.min_cell = min_cell};
    LOTS_TRY(lots_query_bind(r.registry, text, strlen(text), "query", NULL, arena, &sources, &query, err));
    return lots_run_pipeline(query, &query->pipelines[query->pipeline_count - 1], &options, out, err);
}

static void write_csv(const char *text, uint32_t min_cell, char *csv, size_t room)
{
    lots_error err;
    lots_arena arena;
    lots_result result;
    lots_sink sink = {0};
    lots_arena_init(&arena, 0);
    assert_ok(run(text, min_cell, &arena, &result, &err));
    assert_ok(lots_output_write(LOTS_FORMAT_CSV, &result, NULL, &sink, &err));
    assert_true(sink.text.count < room);
    memcpy(csv, sink.text.data, sink.text.count);
    csv[sink.text.count] = '\0';
    lots_sink_free(&sink);
    lots_result_free(&result);
    lots_arena_free(&arena);
}

static void check(const char *text, uint32_t min_cell, const char *expected)
{
    char csv[4096];
    write_csv(text, min_cell, csv, sizeof csv);
    if (strcmp(csv, expected) != 0)
        fail_msg("%s\ngave\n%s\nwanted\n%s", text, csv, expected);
}

/* ---- long and wide ---- */

/* The place of the row with that key (a text; NULL missing) and of the column of that name in a CSV without quotes. */
static void find_cell(const char *csv, const char *key, const char *column, char out[64])
{
    char line[4096];
    int wanted = -1, place = 0;
    const char *end = strchr(csv, '\n');
    snprintf(line, sizeof line, "%.*s", (int)(end - csv), csv);
    for (char *at = line, *next = at; at != NULL; at = next, place++) {
        next = strchr(at, ',');
        if (next != NULL)
            *next++ = '\0';
        if (strcmp(at, column) == 0)
            wanted = place;
    }
    strcpy(out, "no such column");
    for (csv = end + 1; wanted >= 0 && *csv != '\0'; csv = end + 1) {
        end = strchr(csv, '\n');
        snprintf(line, sizeof line, "%.*s", (int)(end - csv), csv);
        char *at = line;
        for (int i = 0; i < wanted; i++)
            at = strchr(at, ',') + 1;
        char *stop = strchr(at, ',');
        if (strncmp(line, key, strlen(key)) != 0 || line[strlen(key)] != ',')
            continue;
        snprintf(out, 64, "%.*s", (int)(stop - at), at);
        return;
    }
    strcpy(out, "no such row");
}

/* `sql`: key, value of the key that goes, and the cell, of every pair there is; keys as texts. */
static void compare(const char *text, const char *sql)
{
    static char csv[1 << 16];
    answer rows;
    write_csv(text, 0, csv, sizeof csv);
    answer_sql(r.sql, sql, &rows);
    assert_true(rows.rows > 4);
    for (uint32_t i = 0; i < rows.rows; i++) {
        char cell[64], **wanted = &rows.cells[(size_t)i * 3];
        find_cell(csv, wanted[0] == NULL ? "" : wanted[0], wanted[1] == NULL ? "missing" : wanted[1], cell);
        if (strcmp(cell, wanted[2] == NULL ? "" : wanted[2]) != 0)
            fail_msg("%s\nkey %s, value %s: %s, not %s in\n%s", text, wanted[0], wanted[1], cell, wanted[2], csv);
    }
    answer_free(&rows);
}

static void every_pair_is_a_cell(void **state)
{
    (void)state;
    compare("from contacts group by unit, level show n = count() pivot level",
            "SELECT u.unit, l.level, (SELECT count(*) FROM contacts c WHERE c.unit IS u.unit AND c.level IS l.level) FROM "
            "(SELECT DISTINCT unit FROM contacts) u, (SELECT DISTINCT level FROM contacts) l");
    compare("from contacts group by unit, y = year(start) show n = count(), m = count(distinct provider) derive k = n + m "
            "show y, unit, k pivot unit sort y desc",
            "SELECT year(start), unit, count(*) + count(DISTINCT provider) FROM contacts GROUP BY 1, 2");
    compare("from contacts group by provider, acute show n = max(minute) pivot acute",
            "SELECT provider, CASE acute WHEN 1 THEN 'true' WHEN 0 THEN 'false' END, max(minute) FROM contacts GROUP BY 1, 2");
}

static void where_the_top_go(void **state)
{
    (void)state;
    compare("let visits(y) = count(contacts where level = primary or status = done during y) "
            "let yearly = from patients where resident(2021.start) derive v21 = visits(2021), v22 = visits(2022) "
            "from yearly derive next = case(death <= 2022.end then 'dead', not resident(2022.end) then 'moved', else "
            "text(ceil(10 * percentile(v22)))) group by decile = ceil(10 * percentile(v21)), next show n = count() pivot next",
            "WITH y AS MATERIALIZED (SELECT p, death, (SELECT count(*) FROM contacts c WHERE c.p = q.p AND (level = 'primary' "
            "OR status = 'done') AND year(start) = 2021) AS a, (SELECT count(*) FROM contacts c WHERE c.p = q.p AND "
            "(level = 'primary' OR status = 'done') AND year(start) = 2022) AS b FROM patients q WHERE "
            "coalesce(birth <= d('2021-01-01'), 1) AND coalesce(death >= d('2021-01-01'), 1) AND EXISTS (SELECT 1 FROM residence t "
            "WHERE t.p = q.p AND t.ghost = 0 AND t.start <= d('2021-01-01') AND t.span_end >= d('2021-01-01'))), "
            "z AS MATERIALIZED (SELECT *, (SELECT count(*) FROM y x WHERE x.a <= y.a) * 10 AS i, (SELECT count(*) FROM y x WHERE "
            "x.b <= y.b) * 10 AS j, (SELECT count(*) FROM y) AS n FROM y), "
            "g AS (SELECT (i + n - 1) / n AS d, CASE WHEN death <= d('2022-12-31') THEN 'dead' WHEN NOT (coalesce(birth <= "
            "d('2022-12-31'), 1) AND EXISTS (SELECT 1 FROM residence t WHERE t.p = z.p AND t.ghost = 0 AND t.start <= "
            "d('2022-12-31') AND t.span_end >= d('2022-12-31'))) THEN 'moved' ELSE '' || ((j + n - 1) / n) END AS w FROM z JOIN "
            "(SELECT p AS pp, birth FROM patients) ON pp = p) "
            "SELECT s.d, t.w, (SELECT count(*) FROM g WHERE g.d = s.d AND g.w = t.w) FROM (SELECT DISTINCT d FROM g) s, (SELECT "
            "DISTINCT w FROM g) t");
}

/* ---- columns ---- */

static void columns_are_named_by_the_values_in_their_order(void **state)
{
    (void)state;
    check("from patients limit 1 each k in 98..121 group by b = band(k, 20), t = 'x' with totals show n = count() pivot b", 0,
          "t,80-99,100-119,120-139,total,patients\nx,2,20,2,,1\ntotal,2,20,2,24,1\n");
    check("from patients limit 1 each k in 1..3 group by t = 'x', b = case(k = 1 then 'b', k = 2 then 'a') show n = count(), "
          "m = mean(k) pivot b",
          0, "t,missing n,missing m,a n,a m,b n,b m,patients\nx,1,3,1,2,1,1,1\n");
}

static void values_without_a_text_have_a_name(void **state)
{
    (void)state;
    check("from patients limit 1 each k in 1..2 group by t = case(k = 1 then '', else 'a') show n = count() pivot t", 0,
          "'',a,patients\n1,1,1\n");
    check("from patients limit 1 each k in 1..2 group by t = case(k = 1 then list(false then 'x'), else list(true then 'x')) "
          "show n = count() pivot t",
          0, "none,x,patients\n1,1,1\n");
}

static void names_that_are_taken_get_a_number(void **state)
{
    (void)state;
    check("from patients limit 1 derive k = 1 group by k, t = case(k > 0 then 'k') show n = count() pivot t", 0,
          "k,k_2,patients\n1,1,1\n");
    check("from patients limit 1 each k in 1..2 group by t = case(k = 1 then 'missing') with totals show n = count() pivot t", 0,
          "missing,missing_2,total,patients\n1,1,2,1\n");
}

static void too_many_columns_are_refused(void **state)
{
    (void)state;
    lots_error err;
    lots_arena arena;
    lots_result result;
    lots_arena_init(&arena, 0);
    assert_status(LOTS_LIMIT, run("from contacts group by unit, start show a = count(), b = count(where acute), c = sum(cost), d = "
                                  "sum(weight), e = min(cost), f = max(cost), g = mean(cost), h = median(cost) pivot start",
                                  0, &arena, &result, &err));
    assert_contains(err.text, "more than 1000 columns");
    lots_arena_free(&arena);
}

static void no_rows_make_no_columns(void **state)
{
    (void)state;
    check("from contacts where cost > 100000000 group by unit, level show n = count() pivot level", 0, "unit,patients\n");
    check("from contacts where cost > 100000000 group by level with totals show n = count() pivot level", 0,
          "total,patients\n0,0\n");
}

/* ---- what is hidden ---- */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_a_cell),
        cmocka_unit_test(where_the_top_go),
        cmocka_unit_test(columns_are_named_by_the_values_in_their_order),
        cmocka_unit_test(values_without_a_text_have_a_name),
        cmocka_unit_test(names_that_are_taken_get_a_number),
        cmocka_unit_test(too_many_columns_are_refused),
        cmocka_unit_test(no_rows_make_no_columns),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
