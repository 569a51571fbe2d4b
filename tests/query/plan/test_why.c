/* One person walked through a question: many persons, compared with SQL. */
#include "tests/query/plan/plan_fixture.h"

#include "core/base/pool.h"

static void walk(asked *q, const char *text, uint32_t patient, lots_pool *pool, lots_outline *out, uint64_t *rows)
{
    lots_error err;
    const lots_run_options options = {.pool = pool};
    ask(q, r.registry, text);
    assert_ok(lots_why_make(q->query, q->pipeline, &options, patient, out, rows, &err));
}

static void drop_walk(asked *q, lots_outline *outline)
{
    lots_outline_free(outline);
    forget(q);
}

static const char *value_of(const lots_outline *outline, const char *kind, uint32_t nth)
{
    const lots_line *line = line_of(outline, kind, nth);
    return line->value == NULL ? "" : line->value;
}

static void a_person_passes_where_sql_says_so(void **state)
{
    (void)state;
    static const char query[] = "from patients where (sex = female or score > 5) and exists(contacts where dx in {I50} during 2022)"
                                " show sex";
    answer sql;
    answer_sql(r.sql,
               "SELECT p, sex = 'female' OR score > 5, EXISTS (SELECT 1 FROM contacts c JOIN code k ON k.id = c.id WHERE c.p ="
               " patients.p AND k.system = 'icd10' AND k.code LIKE 'I50%' AND start BETWEEN d('2022-01-01') AND d('2022-12-31')),"
               " (SELECT count(DISTINCT c.id) FROM contacts c JOIN code k ON k.id = c.id WHERE c.p = patients.p AND k.system ="
               " 'icd10' AND k.code LIKE 'I50%' AND start BETWEEN d('2022-01-01') AND d('2022-12-31')) FROM patients ORDER BY p",
               &sql);
    assert_int_equal(sql.rows, PATIENTS);
    for (uint32_t p = 0; p < sql.rows; p += 2) {
        char **cells = sql.cells + (size_t)p * sql.columns, events[24];
        static const char *const truth[] = {"false", "true"};
        asked q;
        lots_outline way;
        uint64_t rows = 0;
        walk(&q, query, p, NULL, &way, &rows);
        bool first = cells[1] != NULL && strcmp(cells[1], "1") == 0, second = strcmp(cells[2], "1") == 0;
        assert_string_equal(value_of(&way, "where", 0), first && second ? "passed" : "left out");
        assert_int_equal(rows, first && second);
        /* condition 0 is the whole, 1 the or, 2 and 3 its parts, 4 exists */
        assert_string_equal(value_of(&way, "condition", 1), cells[1] == NULL ? "missing" : truth[first]);
        assert_string_equal(value_of(&way, "condition", 4), truth[second]);
        snprintf(events, sizeof events, "%s in contacts", cells[3]);
        assert_contains(line_of(&way, "events", 0)->text, events);
        drop_walk(&q, &way);
    }
    answer_free(&sql);
}

/* The events listed are those that SQL finds, in order, at most ten of them. */
static void the_deciding_events_are_listed_with_day_level_and_codes(void **state)
{
    (void)state;
    answer most, sql;
    asked q;
    lots_outline way;
    uint64_t rows = 0;
    char text[500];
    answer_sql(r.sql, "SELECT p, count(*) FROM contacts WHERE level IS NOT NULL GROUP BY p ORDER BY 2 DESC LIMIT 1", &most);
    walk(&q, "from patients derive n = count(contacts where level is not missing) show n", (uint32_t)strtoul(most.cells[0], NULL, 10),
         NULL, &way, &rows);
    snprintf(text, sizeof text,
             "SELECT strftime('%%Y-%%m-%%d', start * 86400, 'unixepoch') || CASE WHEN level = 'inpatient' AND \"end\" IS NULL THEN"
             " '..' WHEN \"end\" > start THEN '..' || strftime('%%Y-%%m-%%d', \"end\" * 86400, 'unixepoch') ELSE '' END || ' ' ||"
             " level FROM contacts WHERE p = %s AND level IS NOT NULL ORDER BY ord", most.cells[0]);
    answer_sql(r.sql, text, &sql);
    assert_true(sql.rows > LOTS_WHY_EVENTS);
    for (uint32_t i = 0; i < LOTS_WHY_EVENTS; i++) {
        const char *event = line_of(&way, "event", i)->text;
        if (strncmp(event, sql.cells[i], strlen(sql.cells[i])) != 0)
            fail_msg("'%s' is not '%s…'", event, sql.cells[i]);
    }
    snprintf(text, sizeof text, "and %u more", sql.rows - LOTS_WHY_EVENTS);
    assert_string_equal(line_of(&way, "more", 0)->text, text);
    assert_string_equal(value_of(&way, "value", 0), most.cells[1]);
    answer_free(&sql);
    answer_free(&most);
    drop_walk(&q, &way);
}

static void ranks_are_among_all_rows_and_the_threshold_is_told(void **state)
{
    (void)state;
    lots_error err;
    lots_pool *pool = NULL;
    answer sql;
    assert_ok(lots_pool_open(&pool, 3, &err));
    answer_sql(r.sql,
               "WITH t AS (SELECT p, coalesce((SELECT sum(cost) FROM contacts c WHERE c.p = patients.p), 0) AS x FROM patients)"
               " SELECT printf('%d.%02d, rank %d of %d with a value', x / 100, x % 100, 1 + (SELECT count(*) FROM t u WHERE u.x > t.x),"
               " (SELECT count(*) FROM t)), (SELECT count(*) FROM t u WHERE u.x > t.x) < 20, printf('%d.%02d', (SELECT x FROM t"
               " ORDER BY x DESC LIMIT 1 OFFSET 19) / 100, (SELECT x FROM t ORDER BY x DESC LIMIT 1 OFFSET 19) % 100) FROM t WHERE x >= 0"
               " ORDER BY p LIMIT 60", &sql);
    for (uint32_t p = 0; p < sql.rows; p += 3) {
        asked q;
        lots_outline way;
        uint64_t rows = 0;
        walk(&q, "from patients derive x = sum(cost over contacts) top 20 by x show x", p, pool, &way, &rows);
        char **cells = sql.cells + (size_t)p * sql.columns;
        assert_string_equal(value_of(&way, "value", 1), cells[0]);
        assert_string_equal(value_of(&way, "top", 0), strcmp(cells[1], "1") == 0 ? "passed" : "left out");
        assert_string_equal(value_of(&way, "threshold", 0), cells[2]);
        drop_walk(&q, &way);
    }
    answer_free(&sql);
    lots_pool_close(pool);
}

static void rows_of_events_keep_their_numbers_through_the_stages(void **state)
{
    (void)state;
    answer sql;
    asked q;
    lots_outline way;
    uint64_t rows = 0;
    char text[200];
    answer_sql(r.sql, "SELECT p, count(*), sum(acute IS 1) FROM contacts GROUP BY p HAVING sum(acute IS 1) BETWEEN 2 AND 9 AND"
                      " count(*) < 20 ORDER BY p LIMIT 1", &sql);
    walk(&q, "from contacts where acute sort start desc group by level show n = count()", (uint32_t)strtoul(sql.cells[0], NULL, 10), NULL,
         &way, &rows);
    snprintf(text, sizeof text, "%s of the person's %s", sql.cells[1], sql.cells[1]);
    assert_string_equal(value_of(&way, "source", 0), text);
    snprintf(text, sizeof text, "%s of %s rows passed", sql.cells[2], sql.cells[1]);
    assert_string_equal(value_of(&way, "where", 0), text);
    assert_int_equal(rows, strtoull(sql.cells[2], NULL, 10));
    bool grouping = false;
    for (size_t i = 0; i < way.lines.count; i++) { /* a row is called the same at the source and where it is grouped */
        const lots_line *line = &LOTS_AT(lots_line, &way.lines, i);
        grouping = grouping || strcmp(line->kind, "group") == 0;
        if (!grouping || line->row == LOTS_NONE)
            continue;
        assert_string_equal(line->text, line_of(&way, "row", (uint32_t)line->row - 1)->text);
    }
    assert_true(grouping);
    answer_free(&sql);
    drop_walk(&q, &way);
}

/* Any question may be asked about anyone: nothing fails, and it ends with an answer or groups. */
static void every_kind_of_stage_can_be_walked(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "from patients each month m in 2022-01..2022-06 derive n = count(contacts during m) where n > 0 show n",
        "from patients derive x = score, t = top(10%, x), k = rank(x per sex) where t or k < 50 limit 20 show x, k",
        "from episodes(contacts where level = inpatient gap 0d) as s where s.end is not missing show s.start",
        "from match (contacts where acute) as a then (contacts where level = primary) within 90d as b show a.start, b.start",
        "from contacts as c where exists(drugs as g where g.start = c.start or g.packs > 1 within 30d after c.start) show c.start",
        "from contacts union drugs top 5 by start per stream show start, stream",
        "from steps(contacts by level) group by source, target show n = count()",
        "let busy = from contacts group by unit show n = count() from contacts join busy on unit where n > 3 show start, n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (uint32_t p = 0; p < 40; p += 7) {
            asked q;
            lots_outline way;
            uint64_t rows = 0;
            walk(&q, texts[i], p, NULL, &way, &rows);
            const lots_line *last = &LOTS_AT(lots_line, &way.lines, way.lines.count - 1);
            assert_true(way.lines.count > 1);
            assert_true(last->depth <= 24);
            drop_walk(&q, &way);
        }
}

static void a_question_about_nobody_has_no_way(void **state)
{
    (void)state;
    lots_error err;
    asked q;
    lots_outline way;
    uint64_t rows = 0;
    const lots_run_options options = {0};
    ask(&q, r.registry, "from table units show unit, region");
    assert_status(LOTS_REFUSED, lots_why_make(q.query, q.pipeline, &options, 1, &way, &rows, &err));
    drop_walk(&q, &way);
}

static void a_person_is_found_by_id(void **state)
{
    (void)state;
    lots_error err;
    lots_patient patient = 0;
    assert_ok(lots_why_find(r.registry, "p0123", &patient, &err));
    assert_int_equal(patient, 123);
    assert_status(LOTS_USAGE, lots_why_find(r.registry, "p9999", &patient, &err));
    assert_contains(err.text, "p9999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_passes_where_sql_says_so),
        cmocka_unit_test(the_deciding_events_are_listed_with_day_level_and_codes),
        cmocka_unit_test(ranks_are_among_all_rows_and_the_threshold_is_told),
        cmocka_unit_test(rows_of_events_keep_their_numbers_through_the_stages),
        cmocka_unit_test(every_kind_of_stage_can_be_walked),
        cmocka_unit_test(a_question_about_nobody_has_no_way),
        cmocka_unit_test(a_person_is_found_by_id),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
