/* test_chart.c: what a chart adds to its result, on results made by hand and on a small registry: points that are hidden, missing
 * or twice, the order of drawing, and a Lorenz curve that tells of no one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/exec/survival.h"
#include "query/out/output.h"
#include "tests/query/exec/hand_chart.h"
#include "tests/support/small_registry.h"

static const lots_result_column *column(const hand *h, const char *name)
{
    for (uint32_t i = 0; i < h->result.column_count; i++)
        if (strcmp(h->result.columns[i].name, name) == 0)
            return &h->result.columns[i];
    fail_msg("no column %s", name);
    return NULL;
}

static double real(const hand *h, const char *name, uint32_t row)
{
    double value = NAN;
    return lots_chart_number(column(h, name), row, &value) ? value : NAN;
}

static const char *signal_of(const hand *h, uint32_t row)
{
    const lots_vector *values = &column(h, "signal")->values;
    return lots_vector_is_missing(values, row) ? "" : ((const lots_text *)values->data)[row].text;
}

static const char *note(const hand *h, size_t i) { return i < h->notes.count ? LOTS_AT(const char *, &h->notes, i) : ""; }

static void near_to(double a, double b)
{
    if (!(fabs(a - b) < 5e-5))
        fail_msg("%.9g is not %.9g", a, b);
}

static void limits_become_columns(void **state)
{
    (void)state;
    static const int64_t cells[] = {1, 10, 100, 2, 18, 120, 3, 4, 80, 4, 12, 100};
    lots_error err;
    hand h;
    open_hand(&h, LOTS_CHART_PCHART, 3, 4, cells);
    assert_ok(make(&h, &err));
    assert_int_equal(h.result.column_count, 8);
    near_to(real(&h, "share", 1), 0.15);
    near_to(real(&h, "centre", 3), 0.11);
    near_to(real(&h, "lower", 2), .0051);
    near_to(real(&h, "upper", 2), .2149);
    assert_string_equal(note(&h, 0), "chart pchart: limits of fewer than 12 points are trial limits");
    close_hand(&h);
}

/* Rows not in order of time, one hidden, one missing: limits as if only the others were there; the hidden row keeps its mark. */
static void hidden_points_move_no_limit(void **state)
{
    (void)state;
    static const int64_t cells[] = {6, 4, 80, 1, 10, 100, 3, HIDDEN, 90, 2, 18, 120, 7, 12, 100, 5, MISSING, 50, 4, 3, 0};
    lots_error err;
    hand h;
    open_hand(&h, LOTS_CHART_PCHART, 3, 7, cells);
    assert_ok(make(&h, &err));
    near_to(real(&h, "centre", 0), 0.11);
    near_to(real(&h, "upper", 3), .1957);
    assert_true(isnan(real(&h, "share", 2)) && isnan(real(&h, "upper", 2)) && isnan(real(&h, "centre", 5)));
    assert_int_equal(column(&h, "share")->marks[2], LOTS_MARK_WITHHELD);
    assert_int_equal(column(&h, "upper")->marks[2], LOTS_MARK_WITHHELD);
    assert_int_equal(column(&h, "signal")->marks[2], LOTS_MARK_WITHHELD);
    assert_int_equal(column(&h, "share")->marks[5], LOTS_MARK_SHOWN);
    assert_int_equal(h.result.chart->hidden, 1);
    assert_int_equal(h.result.chart->left_out, 2);
    assert_string_equal(note(&h, 0), "chart pchart: 1 of 7 points is hidden and not drawn; limits rest on the others");
    assert_string_equal(note(&h, 1),
                        "chart pchart: 2 of 7 points not drawn: a value is missing, or the first count is no part of the second");
    static const uint32_t order[] = {1, 3, 2, 6, 5, 0, 4};
    assert_memory_equal(h.result.chart->order, order, sizeof order);
    close_hand(&h);
}

/* Whatever a hidden cell holds, the chart is the same: nothing of it is in limits or signals. */
static void what_is_hidden_changes_nothing(void **state)
{
    (void)state;
    lots_error err;
    int64_t cells[30];
    double before = 0;
    for (int trial = 0; trial < 3; trial++) {
        hand h;
        for (int i = 0; i < 15; i++) {
            cells[2 * i] = i;
            cells[2 * i + 1] = i == 7 ? HIDDEN : 20 + i % 3;
        }
        open_hand(&h, LOTS_CHART_XMR, 2, 15, cells);
        ((int64_t *)h.result.columns[1].values.data)[7] = trial * 1000; /* under the missing bit */
        assert_ok(make(&h, &err));
        assert_true(trial == 0 || before == real(&h, "upper", 0));
        before = real(&h, "upper", 0);
        close_hand(&h);
    }
}

static void runs_end_at_a_gap(void **state)
{
    (void)state;
    lots_error err;
    for (int gap = 0; gap < 2; gap++) {
        int64_t cells[36];
        hand h;
        for (int i = 0; i < 18; i++) { /* eight above, ten below; the fourth may be hidden */
            cells[2 * i] = i;
            cells[2 * i + 1] = i < 8 ? 30 + 6 * (i % 2) : 20 + 6 * (i % 2);
        }
        cells[7] = gap ? HIDDEN : cells[7];
        open_hand(&h, LOTS_CHART_XMR, 2, 18, cells);
        assert_ok(make(&h, &err));
        assert_string_equal(signal_of(&h, 0), gap ? "" : "shift");
        assert_string_equal(signal_of(&h, 12), "shift");
        close_hand(&h);
    }
}

static void two_points_over_one_another_are_refused(void **state)
{
    (void)state;
    static const int64_t cells[] = {1, 10, 2, 11, 1, 12}, lines[] = {1, 10, 0, 2, 11, 0, 1, 12, 0, 1, 13, 1};
    lots_error err;
    hand h;
    for (int i = 0; i < 2; i++) {
        open_hand(&h, i == 0 ? LOTS_CHART_XMR : LOTS_CHART_LINE, 2, 3, cells);
        assert_status(LOTS_QUERY, make(&h, &err));
        assert_contains(err.text, "several rows have the same 't'");
        close_hand(&h);
    }
    open_hand(&h, LOTS_CHART_LINE, 3, 4, lines);
    h.chart.by = 2;
    assert_status(LOTS_QUERY, make(&h, &err));
    close_hand(&h);
    open_hand(&h, LOTS_CHART_LINE, 3, 3, lines + 3);
    h.chart.by = 2;
    assert_ok(make(&h, &err));
    close_hand(&h);
    open_hand(&h, LOTS_CHART_BAR, 2, 3, cells);
    assert_ok(make(&h, &err));
    assert_int_equal(h.result.chart->place_count, 3);
    close_hand(&h);
}

static void no_rows_one_row_and_nothing_but_gaps_are_charts(void **state)
{
    (void)state;
    static const int64_t one[] = {1, 5, 9}, gaps[] = {1, MISSING, 9, 2, HIDDEN, 9, MISSING, 3, 9};
    static const lots_chart_kind kinds[] = {LOTS_CHART_LINE, LOTS_CHART_BAR, LOTS_CHART_PCHART, LOTS_CHART_XMR, LOTS_CHART_FUNNEL};
    lots_error err;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        hand h;
        open_hand(&h, kinds[i], 3, 0, one);
        assert_ok(make(&h, &err));
        close_hand(&h);
        open_hand(&h, kinds[i], 3, 1, one);
        assert_ok(make(&h, &err));
        if (kinds[i] == LOTS_CHART_XMR)
            near_to(real(&h, "upper", 0), 5);
        close_hand(&h);
        open_hand(&h, kinds[i], 3, 2, gaps);
        assert_ok(make(&h, &err));
        assert_false(h.result.chart->has_centre);
        close_hand(&h);
        open_hand(&h, kinds[i], 3, 3, gaps);
        assert_ok(make(&h, &err));
        close_hand(&h);
    }
}

/* ---- Lorenz ---- */

/* 40 persons: thirty with 0, nine with 10, one with so much. In all, 5 persons a point at least. */
static void open_lorenz(hand *h, int64_t last)
{
    int64_t cells[40];
    lots_error err;
    void *made = NULL;
    for (int i = 0; i < 40; i++)
        cells[(i * 7) % 40] = i < 30 ? 0 : i < 39 ? 10 : last;
    open_hand(h, LOTS_CHART_LORENZ, 1, 40, cells);
    assert_ok(lots_arena_alloc(&h->result.arena, &made, 40, sizeof(lots_patient), &err));
    h->result.patient = made;
    for (uint32_t i = 0; i < 40; i++)
        h->result.patient[i] = i;
    h->chart = (lots_bound_chart){.kind = LOTS_CHART_LORENZ, .y = 0};
}

static void a_lorenz_curve_is_of_groups(void **state)
{
    (void)state;
    lots_error err;
    hand h;
    open_lorenz(&h, 10);
    assert_ok(make(&h, &err));
    assert_null(h.result.patient);
    assert_string_equal(h.result.columns[0].name, "population");
    double population = 0, share = 0;
    for (uint32_t i = 0; i < h.result.rows; i++) {
        double x = real(&h, "population", i), y = real(&h, "share", i);
        assert_true(x >= population && y >= share && y <= x + 1e-12);
        assert_true(i == 0 ? h.result.patients[i] == 0 : h.result.patients[i] >= 5);
        near_to(y, x <= 0.75 ? 0 : (x - 0.75) * 4);
        population = x;
        share = y;
    }
    near_to(population, 1);
    near_to(share, 1);
    assert_true(h.result.rows >= 6);
    close_hand(&h);
}

/* Persons in order and in none, with whole numbers and halves of them, and one without a value: one curve. */
static void a_curve_does_not_depend_on_the_order_of_persons(void **state)
{
    (void)state;
    lots_error err;
    hand h[4];
    for (int which = 0; which < 4; which++) {
        open_lorenz(&h[which], 30);
        for (uint32_t i = 0; which % 2 == 1 && i < 40; i++)
            h[which].result.patient[i] = i * 7 % 40;
        lots_vector *values = &h[which].result.columns[0].values;
        lots_bit_set(values->missing, 0);
        for (uint32_t i = 0; which >= 2 && i < 40; i++)
            ((double *)values->data)[i] = (double)((int64_t *)values->data)[i] / 2;
        if (which >= 2)
            h[which].values[0].type.kind = h[which].result.columns[0].type.kind = values->type.kind = LOTS_TYPE_FLOAT;
        assert_ok(make(&h[which], &err));
        assert_string_equal(note(&h[which], 0), "chart lorenz: the rows of fewer than 5 persons are left out: they have no value");
        assert_true(h[which].result.rows > 2);
        assert_int_equal(h[which].result.rows, h[0].result.rows);
        for (uint32_t i = 0; i < h[0].result.rows; i++) {
            near_to(real(&h[which], "population", i), real(&h[0], "population", i));
            near_to(real(&h[which], "share", i), real(&h[0], "share", i));
            assert_int_equal(h[which].result.patients[i], h[0].result.patients[i]);
        }
    }
    for (int which = 0; which < 4; which++)
        close_hand(&h[which]);
}

/* One person with nearly all: no group that holds that person may be told, so there is no curve. */
static void a_curve_that_tells_of_one_person_is_hidden(void **state)
{
    (void)state;
    lots_error err;
    hand h;
    open_lorenz(&h, 100000);
    assert_ok(make(&h, &err));
    assert_int_equal(h.result.rows, 0);
    assert_string_equal(note(&h, 0), "chart lorenz: the curve is hidden: it would tell of fewer than 5 persons");
    close_hand(&h);
    open_lorenz(&h, 100000);
    h.result.min_cell = 0;
    assert_ok(make(&h, &err));
    assert_int_equal(h.result.rows, 41);
    near_to(real(&h, "share", 39), 90.0 / 100090);
    close_hand(&h);
    open_lorenz(&h, 200); /* joined with those below, until it has 85% at most: 200 of 290 */
    assert_ok(make(&h, &err));
    assert_true(h.result.rows > 2);
    near_to(real(&h, "population", h.result.rows - 1), 1);
    close_hand(&h);
}

static void rows_of_few_persons_make_no_curve(void **state)
{
    (void)state;
    lots_error err;
    hand h;
    open_lorenz(&h, 10);
    for (uint32_t i = 0; i < 40; i++)
        h.result.patient[i] = i % 4;
    assert_ok(make(&h, &err));
    assert_int_equal(h.result.rows, 0);
    close_hand(&h);
    open_lorenz(&h, -1);
    assert_ok(make(&h, &err));
    assert_int_equal(h.result.rows, 0);
    assert_string_equal(note(&h, 0), "chart lorenz: no curve: a value is below 0");
    close_hand(&h);
}

/* ---- survival and incidence ---- */

enum { FOLLOWED_MAX = 600 };
static const char *const exits[] = {"followed", "care", "dead"};

/* Rows of time, exit (0 censored, 1, 2) and group; of person i, or of i / rows_each. */
static void open_followed(hand *h, lots_chart_kind kind, uint32_t rows, const int64_t (*cells)[3], uint32_t rows_each,
                          bool groups)
{
    lots_error err;
    void *made = NULL;
    open_hand(h, kind, 3, rows, cells[0]);
    lots_result_column *exit = &h->result.columns[1];
    exit->type.kind = kind == LOTS_CHART_KM ? LOTS_TYPE_BOOL : LOTS_TYPE_TEXT;
    assert_ok(lots_vector_new(&h->result.arena, &exit->type, rows, &exit->values, &err));
    for (uint32_t i = 0; i < rows; i++)
        if (kind == LOTS_CHART_KM && cells[i][1] != 0)
            lots_bit_set(exit->values.data, i);
        else if (kind == LOTS_CHART_CIF)
            ((lots_text *)exit->values.data)[i] = (lots_text){exits[cells[i][1]], (uint32_t)strlen(exits[cells[i][1]])};
    assert_ok(lots_arena_alloc(&h->result.arena, &made, rows, sizeof(lots_patient), &err));
    h->result.patient = made;
    for (uint32_t i = 0; i < rows; i++)
        h->result.patient[i] = i / rows_each;
    h->chart.by = groups ? 2 : LOTS_CHART_NONE;
}

/* What the functions of km() and cif() say; they have tests of their own. */
static double asked(const int64_t (*cells)[3], uint32_t rows, int64_t group, int event, bool incidence, int64_t at)
{
    int64_t values[FOLLOWED_MAX];
    double out = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++)
        if (cells[i][2] == group && cells[i][0] >= 0)
            values[count++] = lots_followed(cells[i][0], cells[i][1] == 0       ? LOTS_EXIT_CENSORED
                                                         : cells[i][1] == event ? LOTS_EXIT_EVENT
                                                                                : LOTS_EXIT_COMPETING);
    assert_true(incidence ? lots_cif(values, count, at, &out) : lots_km(values, count, at, &out));
    return out;
}

/* Freireich's remission times: Gehan's table has 0.857, 0.807, 0.753, 0.690, 0.627, 0.538 and 0.448. */
static void a_survival_curve_is_that_of_the_textbook(void **state)
{
    (void)state;
    static const int64_t cells[21][3] = {{6, 1}, {6, 1}, {6, 1}, {6}, {7, 1}, {9}, {10, 1}, {10}, {11}, {13, 1}, {16, 1},
                                         {17}, {19}, {20}, {22, 1}, {23, 1}, {25}, {32}, {32}, {34}, {35}};
    static const double steps[][3] = {{0, 1, 21}, {6, .857, 17}, {7, .807, 16}, {10, .753, 13}, {13, .690, 11},
                                      {16, .627, 10}, {22, .538, 6}, {23, .448, 5}, {35, .448, 0}};
    lots_error err;
    hand h;
    open_followed(&h, LOTS_CHART_KM, 21, cells, 1, false);
    h.result.min_cell = 0;
    assert_ok(make(&h, &err));
    assert_int_equal(h.result.rows, 9);
    for (uint32_t i = 0; i < 9; i++) {
        assert_true(real(&h, "t", i) == steps[i][0] && real(&h, "at_risk", i) == steps[i][2]);
        assert_true(fabs(real(&h, "survival", i) - steps[i][1]) < 6e-4);
        assert_int_equal(h.result.patients[i], 21);
    }
    close_hand(&h);
}

static int happened(const int64_t (*cells)[3], uint32_t rows, uint32_t rows_each, int64_t group, int exit, double after, double until)
{
    int count = 0;
    int64_t before = -1;
    for (uint32_t i = 0; i < rows; i++) {
        bool in = cells[i][2] == group && cells[i][1] == exit && (double)cells[i][0] > after && (double)cells[i][0] <= until;
        count += in && (int64_t)(i / rows_each) != before;
        before = in ? (int64_t)(i / rows_each) : before;
    }
    return count;
}

/* Each step is what km() or cif() say at its time, rests on five persons or more since the one before, leaves five or nobody,
 * and shows how many are at risk only where that tells of no fewer. */
static void check_curves(const hand *h, const int64_t (*cells)[3], uint32_t rows, uint32_t rows_each, int *risks)
{
    bool incidence = h->chart.kind == LOTS_CHART_CIF;
    double before = -1, told = -1;
    for (uint32_t i = 0; i < h->result.rows; i++) {
        int64_t group = (int64_t)real(h, "n", i);
        double time = real(h, "t", i), risk = real(h, "at_risk", i);
        int event = 1;
        if (incidence)
            event = strcmp(((const lots_text *)column(h, "k")->values.data)[i].text, "care") == 0 ? 1 : 2;
        if (time == 0 && (i == 0 || real(h, "t", i - 1) > 0)) {
            before = told = -1;
        }
        if (time > 0 || real(h, incidence ? "incidence" : "survival", i) != (incidence ? 0 : 1)) {
            int since = happened(cells, rows, rows_each, group, event, before, time), beyond = 0;
            near_to(real(h, incidence ? "incidence" : "survival", i), asked(cells, rows, group, event, incidence, (int64_t)time));
            for (int exit = 0; exit < 3; exit++)
                beyond += happened(cells, rows, rows_each, group, exit, time, 1e9);
            assert_true(since == 0 || since >= 5);
            assert_true(beyond == 0 || beyond >= 5);
            for (int exit = 0; exit < 3 && !isnan(risk); exit++) {
                since = happened(cells, rows, rows_each, group, exit, told, time);
                assert_true(since == 0 || since >= 5);
            }
            told = isnan(risk) ? told : time;
            *risks += !isnan(risk);
            before = time;
        }
    }
}

static void no_step_of_a_curve_tells_of_few(void **state)
{
    (void)state;
    static int64_t cells[FOLLOWED_MAX][3];
    uint64_t seed = 3;
    lots_error err;
    int steps = 0, risks = 0;
    for (int trial = 0; trial < 60; trial++) {
        uint32_t rows = trial % 3 == 0 ? FOLLOWED_MAX : 20 + (uint32_t)trial * 5, rows_each = trial % 4 == 1 ? 2 : 1;
        hand h;
        for (uint32_t i = 0; i < rows; i++) {
            uint64_t chance = lots_test_random(&seed);
            cells[i][0] = (int64_t)(chance % (trial % 2 == 0 ? 30 : 1000));
            cells[i][1] = (int64_t)(chance >> 20) % 3;
            cells[i][2] = trial < 20 ? 0 : (int64_t)((chance >> 30) % 4 == 0);
            if (rows_each == 2 && i % 2 == 1) /* both rows of a person fall into one way */
                cells[i][1] = cells[i - 1][1], cells[i][2] = cells[i - 1][2];
        }
        for (int kind = 0; kind < 2; kind++) {
            if (kind == 0)
                for (uint32_t i = 0; i < rows; i++)
                    cells[i][1] = cells[i][1] > 1 ? 1 : cells[i][1];
            open_followed(&h, kind == 0 ? LOTS_CHART_KM : LOTS_CHART_CIF, rows, (const int64_t(*)[3])cells, rows_each, true);
            assert_ok(make(&h, &err));
            check_curves(&h, (const int64_t(*)[3])cells, rows, rows_each, &risks);
            steps += (int)h.result.rows;
            close_hand(&h);
        }
    }
    assert_true(steps > 500 && risks > 100);
}

static void groups_of_few_have_no_curve(void **state)
{
    (void)state;
    static int64_t cells[24][3];
    lots_error err;
    hand h;
    for (int i = 0; i < 24; i++) {
        cells[i][0] = i < 2 ? -1 : i;
        cells[i][1] = i % 2;
        cells[i][2] = i >= 20;
    }
    open_followed(&h, LOTS_CHART_KM, 24, (const int64_t(*)[3])cells, 1, true);
    assert_ok(make(&h, &err));
    assert_string_equal(note(&h, 0), "chart km: fewer than 5 persons take no part: they have no time from 0 on or no event that is known");
    assert_string_equal(note(&h, 1), "chart km: 1 group of fewer than 5 persons is not drawn");
    for (uint32_t i = 0; i < h.result.rows; i++)
        assert_true(real(&h, "n", i) == 0);
    close_hand(&h);
    open_followed(&h, LOTS_CHART_CIF, 0, (const int64_t(*)[3])cells, 1, false);
    assert_ok(make(&h, &err));
    assert_int_equal(h.result.rows, 0);
    close_hand(&h);
}

/* ---- by way of a query ---- */

static small_registry r;

static int open_registry(void **state)
{
    (void)state;
    small_open(&r);
    small_random(&r, 5, 120);
    small_publish(&r, 25);
    return 0;
}

static int close_registry(void **state)
{
    (void)state;
    small_close(&r);
    return 0;
}

static void ask(const char *text, uint32_t min_cell, lots_pool *pool, lots_sink *out)
{
    lots_error err;
    lots_arena arena;
    lots_sources sources;
    lots_query *query = NULL;
    lots_result result;
    lots_run_options options = {.pool = pool, .min_cell = min_cell, .guard_rows = true};
    lots_arena_init(&arena, 0);
    assert_ok(lots_query_bind(r.registry, text, strlen(text), "query", NULL, &arena, &sources, &query, &err));
    assert_ok(lots_run_pipeline(query, &query->pipelines[0], &options, &result, &err));
    out->text.count = 0;
    assert_ok(lots_output_write(LOTS_FORMAT_CSV, &result, NULL, out, &err));
    assert_ok(lots_bytes_put8(&out->text, 0, &err));
    lots_result_free(&result);
    lots_arena_free(&arena);
}

/* The curve of a query is that of SQL's running sums, at each of its points; one thread or two. */
static void a_lorenz_curve_is_as_in_sql(void **state)
{
    (void)state;
    static const char sql[] =
        "WITH v AS (SELECT coalesce((SELECT sum(cost) FROM contacts c WHERE c.p = q.p), 0) AS x FROM patients q),"
        " s AS (SELECT row_number() OVER (ORDER BY x) AS i, sum(x) OVER (ORDER BY x ROWS UNBOUNDED PRECEDING) AS below,"
        " (SELECT count(*) FROM v) AS n, (SELECT sum(x) FROM v) AS total FROM v)"
        " SELECT 1.0 * below / total FROM s WHERE i = round(?1 * n)";
    lots_error err;
    lots_sink one = {0}, two = {0};
    lots_pool *pool = NULL;
    sqlite3_stmt *find = NULL;
    int points = 0;
    assert_ok(lots_pool_open(&pool, 2, &err));
    ask("from patients chart lorenz(sum(cost over contacts))", 5, NULL, &one);
    ask("from patients derive x = sum(cost over contacts) sort x desc chart lorenz(x)", 5, pool, &two);
    assert_string_equal((char *)one.text.data, (char *)two.text.data);
    assert_int_equal(sqlite3_prepare_v2(r.sql, sql, -1, &find, NULL), SQLITE_OK);
    char *line = strchr((char *)one.text.data, '\n') + 1;
    assert_memory_equal(one.text.data, "population,share,patients\n0,0,0\n", 31);
    for (line = strchr(line, '\n') + 1; *line != '\0'; line = strchr(line, '\n') + 1, points++) {
        char *end = NULL;
        double x = strtod(line, &end), y = strtod(end + 1, &end);
        sqlite3_bind_double(find, 1, x);
        assert_int_equal(sqlite3_step(find), SQLITE_ROW);
        near_to(y, sqlite3_column_double(find, 0));
        assert_true(strtol(end + 1, NULL, 10) >= 5);
        sqlite3_reset(find);
    }
    assert_true(points > 5);
    sqlite3_finalize(find);
    lots_pool_close(pool);
    lots_sink_free(&one);
    lots_sink_free(&two);
}

/* What is drawn but not shown becomes a column; nothing else changes. */
static void what_is_drawn_is_a_column(void **state)
{
    (void)state;
    lots_sink sink = {0};
    ask("from contacts group by level show n = count(), k = count(where acute) chart bar(level, n - k)", 0, NULL, &sink);
    assert_memory_equal(sink.text.data, "level,n,k,n - k,patients\n", 25);
    ask("from contacts group by level show n = count(), k = count(where acute) chart funnel(k, n by level)", 0, NULL, &sink);
    assert_memory_equal(sink.text.data, "level,n,k,share,centre,lower,upper,lower_95,upper_95,signal,patients\n", 69);
    lots_sink_free(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_become_columns),
        cmocka_unit_test(hidden_points_move_no_limit),
        cmocka_unit_test(what_is_hidden_changes_nothing),
        cmocka_unit_test(runs_end_at_a_gap),
        cmocka_unit_test(two_points_over_one_another_are_refused),
        cmocka_unit_test(no_rows_one_row_and_nothing_but_gaps_are_charts),
        cmocka_unit_test(a_lorenz_curve_is_of_groups),
        cmocka_unit_test(a_curve_does_not_depend_on_the_order_of_persons),
        cmocka_unit_test(a_curve_that_tells_of_one_person_is_hidden),
        cmocka_unit_test(rows_of_few_persons_make_no_curve),
        cmocka_unit_test(a_survival_curve_is_that_of_the_textbook),
        cmocka_unit_test(no_step_of_a_curve_tells_of_few),
        cmocka_unit_test(groups_of_few_have_no_curve),
        cmocka_unit_test(a_lorenz_curve_is_as_in_sql),
        cmocka_unit_test(what_is_drawn_is_a_column),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
