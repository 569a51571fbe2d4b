/* What explain says before a question is run: code sets, windows, what can be skipped, what is expected, what is hidden. */
#include "tests/query/plan/plan_fixture.h"

static void make_plan(asked *q, const char *text, uint32_t min_cell, lots_outline *out)
{
    lots_error err;
    const lots_run_options options = {.min_cell = min_cell};
    ask(q, r.registry, text);
    assert_ok(lots_plan_make(q->query, q->pipeline, &options, NULL, out, &err));
}

static void drop_plan(asked *q, lots_outline *outline)
{
    lots_outline_free(outline);
    forget(q);
}

/* Codes of the registry's dictionary that begin so, by looking at each. */
static int64_t codes_that_begin(const char *key)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < lots_dictionary_count(r.codes); i++) {
        size_t bytes = 0;
        const char *at = lots_dictionary_key(r.codes, i, &bytes);
        count += bytes >= strlen(key) && memcmp(at, key, strlen(key)) == 0;
    }
    return count;
}

static void code_sets_say_how_many_codes_and_events_match_as_in_sql(void **state)
{
    (void)state;
    static const struct {
        const char *query, *key, *sql;
    } cases[] = {
        {"from contacts where dx in {I50} show n = count()", "icd10\x1f" "I50", "system = 'icd10' AND code LIKE 'I50%'"},
        {"from contacts where dx in {E11} and acute show n = count()", "icd10\x1f" "E11", "system = 'icd10' AND code LIKE 'E11%'"},
        {"from contacts where dx.main in {I50} show n = count()", "icd10\x1f" "I50", "system = 'icd10' AND code LIKE 'I50%' AND pos = 0"},
        {"from patients where exists(contacts where dx in {J44} during 2022) show n = count()", "icd10\x1f" "J44",
         "system = 'icd10' AND code LIKE 'J44%'"},
        {"from contacts as c where exists(contacts where dx in {I} within 90d before c.start) show n = count()", "icd10\x1f" "I",
         "system = 'icd10' AND code LIKE 'I%'"},
        {"from contacts where dx in {icd9:250} show n = count()", "icd9\x1f" "250", "system = 'icd9' AND code LIKE '250%'"},
    };
    int64_t first = in_sql("SELECT min(pos) FROM code");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[400], where[200];
        asked q;
        lots_outline plan;
        snprintf(where, sizeof where, "%s", cases[i].sql);
        if (strstr(where, "pos = 0") != NULL)
            strstr(where, "pos = 0")[6] = (char)('0' + first);
        make_plan(&q, cases[i].query, 0, &plan);
        const lots_line *line = line_of(&plan, "codes", 0);
        assert_int_equal(line->codes, codes_that_begin(cases[i].key));
        snprintf(sql, sizeof sql, "SELECT count(DISTINCT id) FROM code WHERE %s", where);
        assert_int_equal(line->events, in_sql(sql));
        snprintf(sql, sizeof sql, "SELECT count(DISTINCT c.p) FROM code k JOIN contacts c ON c.id = k.id WHERE %s", where);
        assert_int_equal(line->persons, in_sql(sql));
        drop_plan(&q, &plan);
    }
}

static void the_codes_of_a_stream_of_drugs_are_counted_too(void **state)
{
    (void)state;
    asked q;
    lots_outline plan;
    make_plan(&q, "from patients derive n = count(drugs where atc in {C07}) show mean(n)", 0, &plan);
    const lots_line *line = line_of(&plan, "codes", 0);
    assert_int_equal(line->codes, codes_that_begin("atc\x1f" "C07"));
    assert_int_equal(line->events, in_sql("SELECT count(*) FROM drugs WHERE atc LIKE 'C07%'"));
    drop_plan(&q, &plan);
}

static void a_window_says_its_ends_and_its_days_both_counted(void **state)
{
    (void)state;
    static const struct {
        const char *window, *first, *last;
        int64_t days, most;
    } cases[] = {
        {"during 2023", "2023-01-01", "2023-12-31", 365, 365},
        {"during 2020", "2020-01-01", "2020-12-31", 366, 366}, /* a leap year */
        {"during 2023-02", "2023-02-01", "2023-02-28", 28, 28},
        {"during 2023-05-10..2023-05-10", "2023-05-10", "2023-05-10", 1, 1},
        {"during 2023-05-10..2023-05-09", "2023-05-10", "2023-05-09", 0, 0}, /* the end before the beginning */
        {"since 2022-06-01", "2022-06-01", NULL, LOTS_NONE, LOTS_NONE},
        {"before 2022-06-01", NULL, "2022-05-31", LOTS_NONE, LOTS_NONE}, /* before leaves the day out */
        {"within 365d until c.start", "c.start - 365d", "c.start", 366, 366},
        {"within 30d after c.start", "c.start + 1d", "c.start + 30d", 30, 30},
        {"within 30d of c.start", "c.start - 30d", "c.start + 30d", 61, 61},
        {"during c.start - 7d .. c.start + 7d", "c.start - 7d", "c.start + 7d", 15, 15}, /* written apart, still one day */
        {"within 1y until c.start", "c.start - 12mo", "c.start", 366, 367},  /* with 29 February and without */
        {"within 1mo before c.start", "c.start - 1mo", "c.start - 1d", 28, 31},
        {"during patient.birth .. c.start", "patient.birth", "c.start", LOTS_NONE, LOTS_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        asked q;
        lots_outline plan;
        snprintf(text, sizeof text, "from contacts as c where exists(drugs %s) show n = count()", cases[i].window);
        make_plan(&q, text, 0, &plan);
        const lots_line *line = line_of(&plan, "window", 0);
        if (cases[i].first == NULL)
            assert_null(line->first);
        else
            assert_string_equal(line->first, cases[i].first);
        if (cases[i].last == NULL)
            assert_null(line->last);
        else
            assert_string_equal(line->last, cases[i].last);
        if (line->days != cases[i].days || line->most_days != cases[i].most)
            fail_msg("%s: %lld to %lld days", cases[i].window, (long long)line->days, (long long)line->most_days);
        drop_plan(&q, &plan);
    }
}

/* The days from d - 1mo to d - 1d, counted over years by SQLite's functions: what `28 to 31 days` must be. */
static void a_window_in_months_spans_what_the_calendar_says(void **state)
{
    (void)state;
    assert_int_equal(in_sql("SELECT min(x - addm(x, -1)) FROM days"), 28);
    assert_int_equal(in_sql("SELECT max(x - addm(x, -1)) FROM days"), 31);
    assert_int_equal(in_sql("SELECT min(x - addm(x, -12) + 1) FROM days"), 366);
    assert_int_equal(in_sql("SELECT max(x - addm(x, -12) + 1) FROM days"), 367);
}

static void chunks_and_segments_that_hold_nothing_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool all;
    } cases[] = {{"from contacts during 2031 show n = count()", true},
                 {"from contacts during 2021..2023 show n = count()", false},
                 {"from patients where exists(contacts before 2001-01-01) show n = count()", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked q;
        lots_outline plan;
        make_plan(&q, cases[i].text, 0, &plan);
        const lots_line *line = line_of(&plan, "source", 0);
        assert_int_equal(line->segments, (PATIENTS + 49) / 50);
        assert_true(line->chunks >= line->segments);
        assert_int_equal(line->skipped, cases[i].all ? line->chunks : 0);
        assert_int_equal(line->segments_skipped, cases[i].all ? line->segments : 0);
        drop_plan(&q, &plan);
    }
}

/* Two digits of a number. */
static int64_t rounded(int64_t number)
{
    int64_t unit = 1;
    while (number / unit >= 100)
        unit *= 10;
    return (number + unit / 2) / unit * unit;
}

static void rows_are_expected_from_counts_and_a_bound_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *text, *kind, *sql;
        bool at_most;
    } cases[] = {
        {"from contacts where level = inpatient show n = count()", "where", "SELECT count(*) FROM contacts WHERE level = 'inpatient'", false},
        {"from patients where sex = female show n = count()", "where", "SELECT count(*) FROM patients WHERE sex = 'female'", false},
        {"from patients where exists(contacts where level = inpatient) show n = count()", "where",
         "SELECT count(DISTINCT p) FROM contacts WHERE level = 'inpatient'", false},
        {"from contacts where level = inpatient and cost > 100 show n = count()", "where",
         "SELECT count(*) FROM contacts WHERE level = 'inpatient'", true},
        {"from contacts during 2000..2100 top 10 by cost show start", "source", "SELECT count(*) FROM contacts", false},
        {"from patients limit 7 show sex", "limit", "SELECT 7", false},
        {"from patients group by sex show n = count()", "group", "SELECT 1 + count(DISTINCT sex) FROM patients WHERE sex IS NOT NULL", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked q;
        lots_outline plan;
        make_plan(&q, cases[i].text, 0, &plan);
        const lots_line *line = line_of(&plan, cases[i].kind, 0);
        if (line->about != rounded(in_sql(cases[i].sql)) || line->at_most != cases[i].at_most)
            fail_msg("%s: about %lld", cases[i].text, (long long)line->about);
        drop_plan(&q, &plan);
    }
}

/* A code of one person, and all that is reckoned from it. */
static void matches_of_few_persons_are_hidden_and_so_is_what_follows_from_them(void **state)
{
    (void)state;
    asked q;
    lots_outline plan;
    answer rare;
    char text[200];
    answer_sql(r.sql, "SELECT k.code FROM code k JOIN contacts c ON c.id = k.id WHERE system = 'icd10' GROUP BY k.code"
                      " HAVING count(DISTINCT c.p) BETWEEN 1 AND 4 ORDER BY 1 LIMIT 1", &rare);
    assert_int_equal(rare.rows, 1);
    snprintf(text, sizeof text, "from contacts where dx in {=%s} show n = count()", rare.cells[0]);
    make_plan(&q, text, 5, &plan);
    assert_int_equal(line_of(&plan, "codes", 0)->codes, 1);
    assert_true(line_of(&plan, "codes", 0)->events == LOTS_HIDDEN);
    assert_true(line_of(&plan, "codes", 0)->persons == LOTS_HIDDEN);
    assert_true(line_of(&plan, "where", 0)->about == LOTS_HIDDEN);
    drop_plan(&q, &plan);
    answer_free(&rare);
}

static void a_plan_reads_as_an_indented_text(void **state)
{
    (void)state;
    lots_error err;
    asked q;
    lots_outline plan;
    lots_result result;
    make_plan(&q,
              "from patients where exists(residence overlapping 2023-01-01..2023-01-01)"
              " derive n = count(contacts where acute within 2w before first(services).start)"
              " where n >= 2 sort n desc limit 3 show sex, n", 5, &plan);
    assert_ok(lots_outline_result(&plan, LOTS_OUTLINE_PLAN, false, &result, &err));
    assert_contains(result.outline, "from patients  (240 persons; 0 of 5 chunks can be skipped)\n"
                                    "where exists(residence where span end >= 2023-01-01 until 2023-01-01)  (at most about ");
    assert_contains(result.outline, "    starts until 2023-01-01\n"
                                    "    where span end >= 2023-01-01\n"
                                    "    without events that were never closed (ghosts)\n"
                                    "derive\n"
                                    "  n = count(contacts where acute during first(services).start - 14d .. first(services).start - 1d)\n"
                                    "    count of contacts  (");
    assert_contains(result.outline, "      starts in first(services).start - 14d .. first(services).start - 1d  (14 days)\n"
                                    "        first of services  (");
    assert_contains(result.outline, "where n >= 2  (");
    assert_contains(result.outline, "sort n desc\nlimit 3  (at most about 3 rows)\n");
    assert_contains(result.outline, "disclosure: a list of persons");
    lots_result_free(&result);
    drop_plan(&q, &plan);
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    asked q;
    lots_outline plan;
    lots_bytes text = {0};
    lots_error err;
    assert_ok(lots_bytes_printf(&text, &err, "let a = score + 1 "));
    for (char c = 'b'; c <= 'p'; c++) /* each name twice the one before: 2^15 times score */
        assert_ok(lots_bytes_printf(&text, &err, "let %c%c = %s%c + %s%c ", c, c, c == 'b' ? "" : (char[]){(char)(c - 1), 0},
                                    c - 1, c == 'b' ? "" : (char[]){(char)(c - 1), 0}, c - 1));
    assert_ok(lots_bytes_printf(&text, &err, "from patients where pp > 0 show n = count()%c", 0));
    make_plan(&q, (const char *)text.data, 0, &plan);
    assert_true(strlen(line_of(&plan, "where", 0)->text) < 2100);
    assert_contains(line_of(&plan, "where", 0)->text, "…");
    drop_plan(&q, &plan);
    lots_bytes_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_sets_say_how_many_codes_and_events_match_as_in_sql),
        cmocka_unit_test(the_codes_of_a_stream_of_drugs_are_counted_too),
        cmocka_unit_test(a_window_says_its_ends_and_its_days_both_counted),
        cmocka_unit_test(a_window_in_months_spans_what_the_calendar_says),
        cmocka_unit_test(chunks_and_segments_that_hold_nothing_are_counted),
        cmocka_unit_test(rows_are_expected_from_counts_and_a_bound_says_so),
        cmocka_unit_test(matches_of_few_persons_are_hidden_and_so_is_what_follows_from_them),
        cmocka_unit_test(a_plan_reads_as_an_indented_text),
        cmocka_unit_test(a_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
