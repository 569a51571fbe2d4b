/* Rows of many chunks grouped by calendar unit and category: fed by cell where that can be, and told as SQL tells them. */
#include "query/exec/group_cells.h"

#include <stdio.h>

#include "query/exec/worker.h"
#include "query/out/output.h"
#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PERSONS = 700, CHUNK_PERSONS = 70, MIN_CELL = 5 };

static small_registry chunks, whole; /* the same rows, many chunks and one */
static small_registry dense, densest; /* as many in half the time: each chunk has more rows than days */

/* Days on which much happens, months in which nobody was, a level that few have in some years, one person who costs more than all
 * others of a group; in the first chunks costs are small. Some contacts cost nothing, and one is not told. */
static void open_one(small_registry *r, uint32_t chunk_patients, int days)
{
    char sql[900];
    small_open(r);
    r->chunk_patients = chunk_patients;
    for (int p = 0; p < PERSONS; p++)
        small_patient(r, "1950-01-01", p % 3 == 0 ? "male" : "female", NULL);
    snprintf(sql, sizeof sql,
             "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d * 12 - 1), "
             "h(i, p, x) AS (SELECT i, i / 12, (i * 7919 + i / 12 * 104729 + i %% 5 * 31) %% 1000 FROM n), "
             "g(i, p, x, day) AS (SELECT i, p, x, d('2020-01-05') + x * %d / 1000 - x %% 4 FROM h) "
             "INSERT INTO contacts(p, start, \"end\", id, level, form, status, cost, weight, acute) "
             "SELECT p, day, day, printf('c%%05d', i), CASE WHEN x %% 11 < 5 THEN 'primary' WHEN x %% 11 < 8 THEN 'specialist' "
             "WHEN x %% 11 < 10 OR p %% 9 > 0 THEN 'emergency' ELSE 'inpatient' END, 'visit', "
             "CASE WHEN x %% 6 = 0 THEN 'booked' ELSE 'done' END, "
             "CASE WHEN x %% 13 = 0 THEN 0 WHEN i = 6999 THEN 900000000 ELSE x * (1 + p / 100) END, 1.5, x %% 2 FROM g",
             PERSONS, days);
    small_exec(r, sql);
    small_exec(r, "UPDATE contacts SET cost = NULL WHERE id = 'c05000'");
    small_publish(r, PERSONS);
}

static int open_both(void **state)
{
    (void)state;
    open_one(&chunks, CHUNK_PERSONS, 1440);
    open_one(&whole, 0, 1440);
    open_one(&dense, CHUNK_PERSONS, 720);
    open_one(&densest, 0, 720);
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    small_close(&chunks);
    small_close(&whole);
    small_close(&dense);
    small_close(&densest);
    return 0;
}

static const struct {
    bool told; /* as cells */
    const char *question, *sql;
} cases[] = {
    {true, "from contacts group by y = year(start), level show n = count(), cost = sum(cost)",
     "SELECT year(start), level, count(*), sum(cost), count(DISTINCT p) FROM contacts GROUP BY 1, 2"},
    {true, "from contacts group by level, y = year(start) show cost = mean(cost), all = sum(cost), n = count()",
     "SELECT level, year(start), avg(cost) / 100.0, sum(cost), count(*), count(DISTINCT p) FROM contacts GROUP BY 1, 2"},
    {true, "from contacts where status = done group by level show n = count(), people = patients()",
     "SELECT level, count(*), count(DISTINCT p), count(DISTINCT p) FROM contacts WHERE status = 'done' GROUP BY 1"},
    {true, "from contacts where status = done group by y = year(start) show n = count(), cost = sum(cost)",
     "SELECT year(start), count(*), sum(cost), count(DISTINCT p) FROM contacts WHERE status = 'done' GROUP BY 1"},
    {false, "from contacts group by m = month(start) show n = count()",
     "SELECT month(start), count(*), count(DISTINCT p) FROM contacts GROUP BY 1"},
    {false, "from contacts group by y = year(start), level show n = count(where cost > 100)",
     "SELECT year(start), level, sum(cost > 10000), count(DISTINCT p) FROM contacts GROUP BY 1, 2"},
    {false, "from contacts group by y = year(start), sex show n = count()",
     "SELECT year(start), sex, count(*), count(DISTINCT p) FROM contacts JOIN patients USING (p) GROUP BY 1, 2"},
};

static void groups_by_day_and_category_are_those_of_sql(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        answer_check(chunks.registry, chunks.sql, cases[i].question, cases[i].sql);
}

/* Feed the chunks of a question as a pass does. How many were told as cells. */
static uint32_t feed_chunks(const char *text, uint32_t *fed)
{
    lots_error err;
    lots_arena arena;
    lots_sources sources;
    lots_query *query = NULL;
    lots_worker *worker = NULL;
    lots_segment *segment = NULL;
    lots_group group;
    uint32_t told = 0;
    lots_arena_init(&arena, 0);
    assert_ok(lots_query_bind(chunks.registry, text, strlen(text), "query", NULL, &arena, &sources, &query, &err));
    const lots_bound_pipeline *pipeline = &query->pipelines[0];
    const lots_bound_stage *stage = &pipeline->stages[0];
    assert_ok(lots_worker_open(&worker, query, 0, NULL, &err));
    assert_ok(lots_registry_segment(chunks.registry, 0, &segment, &err));
    for (uint32_t pass = *fed = 0; pass < 2; pass++) { /* in the second pass all blocks are known to be right */
        assert_ok(lots_group_open(&group, stage, MIN_CELL, &err));
        for (uint32_t c = 0; c < lots_segment_chunks(segment); c++) {
            const lots_instance *patients = NULL;
            lots_instance *rows = NULL;
            const uint32_t *patient = NULL;
            bool done = false;
            assert_ok(lots_worker_begin(worker, 0, c, &patients, &err));
            assert_ok(lots_rows_begin(worker, pipeline, &rows, &err));
            assert_ok(lots_group_feed_cells(&group, worker, rows, NULL, &done, &err));
            told += pass == 1 && done;
            *fed += pass;
            if (done)
                continue;
            assert_ok(lots_rows_patients(worker, rows, &patient, &err));
            assert_ok(lots_group_feed(&group, worker, rows, patient, NULL, NULL, NULL, &err));
        }
        lots_group_close(&group);
    }
    lots_worker_close(worker);
    lots_arena_free(&arena);
    return told;
}

/* Not the first, when nothing is known of the groups, nor one with an unknown cost, nor one with few levels. */
static void chunks_are_told_as_cells_where_they_can_be(void **state)
{
    (void)state;
    uint32_t fed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strstr(cases[i].question, "where status") != NULL)
            continue; /* that is a pass's to do */
        const uint32_t told = feed_chunks(cases[i].question, &fed);
        if (cases[i].told ? told * 2 < fed : told > 0)
            fail_msg("%s: %u of %u chunks", cases[i].question, told, fed);
    }
}

static void ask(const small_registry *r, const char *text, uint32_t threads, lots_sink *out)
{
    lots_error err;
    lots_arena arena;
    lots_sources sources;
    lots_query *query = NULL;
    lots_result result;
    lots_pool *pool = NULL;
    assert_ok(lots_pool_open(&pool, threads, &err));
    const lots_run_options options = {.min_cell = MIN_CELL, .pool = pool};
    lots_arena_init(&arena, 0);
    assert_ok(lots_query_bind(r->registry, text, strlen(text), "query", NULL, &arena, &sources, &query, &err));
    assert_ok(lots_run_pipeline(query, &query->pipelines[0], &options, &result, &err));
    assert_ok(lots_output_write(LOTS_FORMAT_CSV, &result, NULL, out, &err));
    lots_result_free(&result);
    lots_arena_free(&arena);
    lots_pool_close(pool);
}

static void assert_same_shown(const small_registry *a, const small_registry *b, const char *text, uint32_t threads)
{
    lots_sink many = {0}, one = {0};
    ask(a, text, threads, &many);
    ask(b, text, 1, &one);
    assert_int_equal(many.text.count, one.text.count);
    assert_memory_equal(many.text.data, one.text.data, one.text.count);
    lots_sink_free(&many);
    lots_sink_free(&one);
}

static void what_is_hidden_does_not_depend_on_chunks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint32_t threads = 1; threads < 3; threads++)
            assert_same_shown(&chunks, &whole, cases[i].question, threads);
}

/* How many chunks keep their contacts by day. */
static uint32_t chunks_by_day(const small_registry *r)
{
    lots_error err;
    lots_segment *segment = NULL;
    uint32_t kept = 0;
    const int32_t contacts = lots_schema_find_stream(lots_registry_schema(r->registry), "contacts", 8);
    assert_ok(lots_registry_segment(r->registry, 0, &segment, &err));
    for (uint32_t c = 0; c < lots_segment_chunks(segment); c++)
        kept += lots_segment_by_day(segment, (uint32_t)contacts, c) != NULL;
    return kept;
}

#define MONTH "firstday(year(start), month(start)) || '..' || (firstday(year(start) + month(start) / 12, month(start) % 12 + 1) - 1)"
#define QUARTER                                                                                              \
    "firstday(year(start), (month(start) - 1) / 3 * 3 + 1) || '..' || "                                      \
    "(firstday(year(start) + (month(start) + 2) / 3 / 4, (month(start) + 2) / 3 % 4 * 3 + 1) - 1)"

/* Asked again and again chunks are kept in the order of days, and then told so, those apart in which it must be seen who has what. */
static void what_is_kept_by_day_is_that_of_sql(void **state)
{
    (void)state;
    assert_int_equal(chunks_by_day(&dense), 0);
    for (int time = 0; time < 7; time++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            answer_check(dense.registry, dense.sql, cases[i].question, cases[i].sql);
        answer_check(dense.registry, dense.sql, "from contacts group by m = month_of(start), level show n = count(), cost = sum(cost)",
                     "SELECT " MONTH ", level, count(*), sum(cost), count(DISTINCT p) FROM contacts "
                     "GROUP BY 1, 2");
        answer_check(dense.registry, dense.sql, "from contacts group by q = quarter_of(start) show cost = mean(cost), people = patients()",
                     "SELECT " QUARTER ", avg(cost) / 100.0, count(DISTINCT p), "
                     "count(DISTINCT p) FROM contacts GROUP BY 1");
    }
    assert_true(chunks_by_day(&dense) > PERSONS / CHUNK_PERSONS / 2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_same_shown(&dense, &densest, cases[i].question, 2);
    assert_int_equal(chunks_by_day(&chunks), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_by_day_and_category_are_those_of_sql),
        cmocka_unit_test(chunks_are_told_as_cells_where_they_can_be),
        cmocka_unit_test(what_is_hidden_does_not_depend_on_chunks),
        cmocka_unit_test(what_is_kept_by_day_is_that_of_sql),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
