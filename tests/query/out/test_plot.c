/* test_plot.c: charts drawn as SVG and on a terminal: well-formed whatever the texts and numbers are, nothing of what is hidden,
 * ticks at round places, and how they were made found again. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/day.h"
#include "query/out/document.h"
#include "query/out/made_read.h"
#include "query/out/svg.h"
#include "query/out/text_chart.h"
#include "tests/query/exec/hand_chart.h"

static const lots_output_options english, swedish = {.swedish = true};

/* ---- a small strict reader of XML ---- */

typedef struct reader {
    const char *at;
    char open[16][32];
    int depth, elements;
} reader;

static void wrong(const reader *x, const char *what) { fail_msg("%s: %.60s", what, x->at); }

static bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == ':'; }

static void read_reference(reader *x)
{
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#13;"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(x->at, names[i], strlen(names[i])) == 0) {
            x->at += strlen(names[i]);
            return;
        }
    wrong(x, "no reference");
}

static void read_text(reader *x, const char *ends)
{
    while (*x->at != '\0' && strchr(ends, *x->at) == NULL) {
        const uint8_t *c = (const uint8_t *)x->at;
        if (*c == '&') {
            read_reference(x);
            continue;
        }
        if ((*c < 0x20 && *c != '\n' && *c != '\t') || *c == '<' || (c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe))
            wrong(x, "no character of XML");
        x->at++;
    }
}

static void read_word(reader *x, char out[32])
{
    int bytes = 0;
    while (is_name(*x->at) && bytes < 31)
        out[bytes++] = *x->at++;
    out[bytes] = '\0';
    if (bytes == 0)
        wrong(x, "a name is wanted");
}

static void read_attributes(reader *x)
{
    char name[32];
    while (*x->at == ' ') {
        x->at++;
        read_word(x, name);
        if (x->at[0] != '=' || x->at[1] != '"')
            wrong(x, "a value in quotes is wanted");
        x->at += 2;
        read_text(x, "\"");
        x->at++;
    }
}

static void read_element(reader *x)
{
    char name[32];
    bool end = x->at[1] == '/';
    x->at += end ? 2 : 1;
    read_word(x, name);
    if (end) {
        if (x->depth == 0 || strcmp(x->open[--x->depth], name) != 0)
            wrong(x, "an end without its beginning");
    } else {
        read_attributes(x);
        x->elements++;
        if (*x->at == '/')
            x->at++;
        else if (x->depth < 16)
            strcpy(x->open[x->depth++], name);
    }
    if (*x->at++ != '>')
        wrong(x, "> is wanted");
}

/* How many elements it has. */
static int read_xml(const char *text)
{
    reader x = {.at = text};
    if (strncmp(text, LOTS_SVG_BEGIN, strlen(LOTS_SVG_BEGIN)) == 0)
        x.at += strlen(LOTS_SVG_BEGIN);
    do {
        read_element(&x);
        read_text(&x, "<");
    } while (*x.at == '<');
    if (x.depth != 0 || *x.at != '\0')
        wrong(&x, "it ends too early");
    return x.elements;
}

/* ---- drawing ---- */

static void draw(hand *h, const lots_output_options *options, lots_bytes *svg, lots_bytes *text)
{
    lots_error err;
    lots_plot plot;
    assert_ok(lots_plot_make(&h->result, options, &plot, &err));
    svg->count = text->count = 0;
    assert_ok(lots_svg_write(&plot, 1, -1, svg, NULL, &err));
    assert_ok(lots_bytes_put8(svg, 0, &err));
    assert_ok(lots_text_chart_write(&plot, options, text, &err));
    assert_ok(lots_bytes_put8(text, 0, &err));
    assert_true(read_xml((char *)svg->data) > 5);
    assert_null(strstr((char *)svg->data, "nan"));
    assert_null(strstr((char *)svg->data, "inf"));
    lots_plot_free(&plot);
}

static void set_text(hand *h, uint32_t column, uint32_t row, const char *text)
{
    lots_error err;
    lots_result_column *c = &h->result.columns[column];
    if (c->values.type.kind != LOTS_TYPE_TEXT) {
        c->type = (lots_type){.kind = LOTS_TYPE_TEXT};
        assert_ok(lots_vector_new(&h->result.arena, &c->type, h->result.rows, &c->values, &err));
        memset(c->values.data, 0, h->result.rows * sizeof(lots_text));
    }
    ((lots_text *)c->values.data)[row] = (lots_text){text, (uint32_t)strlen(text)};
}

static void set_real(hand *h, uint32_t column, const double *values)
{
    lots_error err;
    lots_result_column *c = &h->result.columns[column];
    c->type = (lots_type){.kind = LOTS_TYPE_FLOAT};
    assert_ok(lots_vector_new(&h->result.arena, &c->type, h->result.rows, &c->values, &err));
    memcpy(c->values.data, values, h->result.rows * sizeof(double));
}

static const lots_chart_kind kinds[] = {LOTS_CHART_LINE, LOTS_CHART_BAR, LOTS_CHART_PCHART, LOTS_CHART_XMR, LOTS_CHART_FUNNEL};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void all_texts_are_escaped(void **state)
{
    (void)state;
    static const char *const texts[] = {"<script>alert('1')</script>", "a&b \"c\" ]]>", "\x01\x1b[31m\x7f", "å ä ö – 漢字",
                                        "\xef\xbf\xbe\xef\xbf\xbf \xff\xc3", "--> <!-- &#0;",
                                        "a name that is so long that no axis has room for it and no reader patience"};
    static const int64_t cells[] = {0, 3, 9, 1, 4, 9, 2, 5, 9, 3, 6, 9, 4, 7, 9, 5, 8, 9, 6, 9, 9};
    lots_error err;
    lots_bytes svg = {0}, text = {0};
    for (int i = 0; i < KINDS; i++) {
        hand h;
        open_hand(&h, kinds[i], 3, 7, cells);
        for (uint32_t row = 0; row < 7; row++)
            set_text(&h, 0, row, texts[row]);
        h.result.columns[0].name = texts[0];
        h.result.columns[1].name = texts[4];
        assert_ok(make(&h, &err));
        draw(&h, i % 2 == 0 ? &english : &swedish, &svg, &text);
        assert_null(strstr((char *)svg.data, "<script"));
        assert_null(strchr((char *)text.data, '\x1b'));
        if (kinds[i] != LOTS_CHART_FUNNEL)
            assert_contains((char *)svg.data, "å ä ö");
        close_hand(&h);
    }
    lots_bytes_free(&svg);
    lots_bytes_free(&text);
}

static void any_numbers_can_be_drawn(void **state)
{
    (void)state;
    static const double series[][5] = {{0, 0, 0, 0, 0},
                                       {-1e308, 1e308, 0, 5, -5},
                                       {1.7e308, -1.7e308, 1e-320, -1e-320, 0},
                                       {5e-324, 0, 5e-324, 0, 0},
                                       {1e15, 1e15 + 1, 1e15 + 2, 1e15, 1e15},
                                       {0.1, 0.1, 0.1, 0.1, 0.1},
                                       {-3, -2, -1, -4, -5},
                                       {1e300, 1e300, 1e300, 1e300, 1e300},
                                       {NAN, INFINITY, -INFINITY, 1, 2},
                                       {NAN, NAN, NAN, NAN, NAN}};
    static const int64_t cells[] = {0, 0, 1, 0, 2, 0, 3, 0, 4, 0};
    static const lots_chart_kind real[] = {LOTS_CHART_LINE, LOTS_CHART_BAR, LOTS_CHART_XMR};
    lots_error err;
    lots_bytes svg = {0}, text = {0};
    for (size_t i = 0; i < sizeof series / sizeof *series; i++)
        for (int k = 0; k < 6; k++) {
            hand h;
            open_hand(&h, real[k % 3], 2, 5, cells);
            set_real(&h, 1, series[i]);
            if (k >= 3 && i < 3) { /* x too, where its values differ */
                double x[5] = {-1e308, -1, 0, 1e-300, 1e308};
                set_real(&h, 0, x);
            }
            assert_ok(make(&h, &err));
            draw(&h, &english, &svg, &text);
            close_hand(&h);
        }
    lots_bytes_free(&svg);
    lots_bytes_free(&text);
}

/* One place, however far out, has an axis around it. */
static void one_point_far_out_has_an_axis(void **state)
{
    (void)state;
    static const double places[] = {1e300, -1e300, 1.7e308, 5e-324, 1e17, 2023};
    static const int64_t cells[] = {0, 0};
    lots_error err;
    lots_bytes svg = {0}, text = {0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        hand h;
        open_hand(&h, LOTS_CHART_LINE, 2, 1, cells);
        set_real(&h, 0, &places[i]);
        set_real(&h, 1, &places[i]);
        assert_ok(make(&h, &err));
        draw(&h, &english, &svg, &text);
        close_hand(&h);
    }
    lots_bytes_free(&svg);
    lots_bytes_free(&text);
}

static void nothing_one_and_gaps_are_drawn_as_what_they_are(void **state)
{
    (void)state;
    static const int64_t one[] = {1, 5, 9}, gaps[] = {1, MISSING, 9, 2, HIDDEN, 9, MISSING, 3, 9};
    lots_error err;
    lots_bytes svg = {0}, text = {0};
    for (int i = 0; i < KINDS; i++)
        for (uint32_t rows = 0; rows < 4; rows++) {
            hand h;
            open_hand(&h, kinds[i], 3, rows, rows == 1 ? one : gaps);
            assert_ok(make(&h, &err));
            draw(&h, rows % 2 == 0 ? &english : &swedish, &svg, &text);
            if (rows == 0)
                assert_contains((char *)svg.data, "there is nothing to draw");
            if (rows == 2)
                assert_contains((char *)text.data, "Hidden and not drawn: 1, for too few persons.");
            close_hand(&h);
        }
    lots_bytes_free(&svg);
    lots_bytes_free(&text);
}

/* The line is broken at a hidden point: none of its sides is joined over the gap. */
static void no_line_leads_over_what_is_hidden(void **state)
{
    (void)state;
    static const int64_t cells[] = {1, 10, 2, 20, 3, HIDDEN, 4, 20, 5, 10};
    lots_error err;
    lots_plot plot;
    hand h;
    open_hand(&h, LOTS_CHART_LINE, 2, 5, cells);
    ((int64_t *)h.result.columns[1].values.data)[2] = 777; /* under the missing bit */
    assert_ok(make(&h, &err));
    assert_ok(lots_plot_make(&h.result, &english, &plot, &err));
    assert_int_equal(plot.series[0].count, 4);
    static const bool joined[] = {false, true, false, true};
    for (int i = 0; i < 4; i++)
        assert_true(plot.series[0].points[i].joined == joined[i]);
    assert_true(plot.y.high < 777);
    lots_plot_free(&plot);
    close_hand(&h);
}

static void ten_thousand_points_are_drawn(void **state)
{
    (void)state;
    enum { ROWS = 10000 };
    int64_t *cells = calloc(ROWS * 3, sizeof *cells);
    lots_error err;
    lots_bytes svg = {0}, text = {0};
    assert_non_null(cells);
    for (int i = 0; i < ROWS; i++) {
        cells[3 * i] = i * 7919 % ROWS;
        cells[3 * i + 1] = i % 97;
        cells[3 * i + 2] = 100 + i % 50;
    }
    for (int i = 0; i < KINDS; i++) {
        hand h;
        open_hand(&h, kinds[i], 3, ROWS, cells);
        assert_ok(make(&h, &err));
        draw(&h, &english, &svg, &text);
        assert_true(svg.count < 4u << 20 && text.count < 20000);
        close_hand(&h);
    }
    free(cells);
    lots_bytes_free(&svg);
    lots_bytes_free(&text);
}

static void more_lines_than_colours_are_said(void **state)
{
    (void)state;
    int64_t cells[30 * 3];
    lots_error err;
    lots_bytes svg = {0}, text = {0};
    hand h;
    for (int i = 0; i < 30; i++) {
        cells[3 * i] = 1;
        cells[3 * i + 1] = i;
        cells[3 * i + 2] = i;
    }
    open_hand(&h, LOTS_CHART_LINE, 3, 30, cells);
    h.chart.by = 2;
    assert_ok(make(&h, &err));
    draw(&h, &english, &svg, &text);
    assert_contains((char *)svg.data, "Only the first 21 of 30 lines are drawn.");
    close_hand(&h);
    lots_bytes_free(&svg);
    lots_bytes_free(&text);
}

static void swedish_numbers_have_commas(void **state)
{
    (void)state;
    static const int64_t cells[] = {1, 1, 8, 2, 3, 8, 3, 2, 8};
    lots_error err;
    lots_bytes svg = {0}, text = {0};
    hand h;
    open_hand(&h, LOTS_CHART_PCHART, 3, 3, cells);
    assert_ok(make(&h, &err));
    draw(&h, &swedish, &svg, &text);
    assert_contains((char *)svg.data, ">3: 25,0\xc2\xa0%<");
    assert_contains((char *)svg.data, "p-diagram: k av n per t");
    assert_contains((char *)svg.data, "Färre än 12 punkter: preliminära gränser.");
    assert_contains((char *)text.data, "alla tillsammans 25,0\xc2\xa0%");
    draw(&h, &english, &svg, &text);
    assert_contains((char *)svg.data, ">3: 25.0%<");
    close_hand(&h);
    lots_bytes_free(&svg);
    lots_bytes_free(&text);
}

static void a_terminal_shows_bars_at_their_length(void **state)
{
    (void)state;
    static const int64_t cells[] = {1, 10, 2, 5, 3, -5, 4, MISSING};
    lots_error err;
    lots_bytes svg = {0}, text = {0};
    hand h;
    open_hand(&h, LOTS_CHART_BAR, 2, 4, cells);
    set_text(&h, 0, 0, "ett");
    set_text(&h, 0, 1, "två");
    set_text(&h, 0, 2, "tre");
    set_text(&h, 0, 3, "fyra");
    assert_ok(make(&h, &err));
    draw(&h, &english, &svg, &text);
    assert_string_equal((char *)text.data, "k by t\n"
                                           "ett │             ███████████████████████████ 10\n"
                                           "två │             ██████████████ 5\n"
                                           "tre │█████████████ -5\n"
                                           "Not drawn, without a value: 1.\n\n");
    close_hand(&h);
    lots_bytes_free(&svg);
    lots_bytes_free(&text);
}

/* Corners between the steps, no line over a gap, and who is at risk under the axis. */
static void curves_go_in_steps(void **state)
{
    (void)state;
    static const int64_t cells[] = {2, 1, 0, 5, 1, 0, 5, 0, 1, 9, 1, 1, 9, 1, 0};
    static const double corners[][2] = {{0, 1}, {2, 1}, {2, 2.0 / 3}, {5, 2.0 / 3}, {5, 1.0 / 3}, {9, 1.0 / 3}, {9, 0}};
    lots_error err;
    lots_bytes svg = {0}, text = {0};
    lots_plot plot;
    hand h;
    open_hand(&h, LOTS_CHART_KM, 3, 5, cells);
    h.chart.by = 2;
    h.result.min_cell = 0;
    h.result.columns[1].type.kind = LOTS_TYPE_BOOL;
    h.result.columns[1].name = "</svg>";
    assert_ok(lots_vector_new(&h.result.arena, &h.result.columns[1].type, 5, &h.result.columns[1].values, &err));
    for (uint32_t i = 0; i < 5; i++)
        if (cells[3 * i + 1] != 0)
            lots_bit_set(h.result.columns[1].values.data, i);
    lots_patient patients[] = {0, 1, 2, 3, 4};
    h.result.patient = patients;
    assert_ok(make(&h, &err));
    assert_ok(lots_plot_make(&h.result, &english, &plot, &err));
    assert_int_equal(plot.series_count, 2);
    assert_int_equal(plot.series[0].count, 9); /* the first step is at 0, where nothing happens: two corners of no height */
    for (int i = 0; i < 7; i++) {
        const lots_plot_point *point = &plot.series[0].points[i == 0 ? 0 : i + 2];
        assert_true(point->x == corners[i][0] && fabs(point->y - corners[i][1]) < 1e-12 && point->joined == (i > 0));
    }
    assert_int_equal(plot.under_count, 2);
    assert_int_equal(plot.under[0].count, 4);
    assert_string_equal(plot.under[0].numbers[1].label, "2");
    lots_plot_free(&plot);
    draw(&h, &swedish, &svg, &text);
    assert_contains((char *)svg.data, "följs vidare");
    assert_contains((char *)text.data, "följs vidare 0: 3 (0), 2 (2), 1 (5), 0 (9)");
    close_hand(&h);
    lots_bytes_free(&svg);
    lots_bytes_free(&text);
}

/* ---- axes ---- */

static void check_ticks(lots_plot_scale scale, double low, double high, bool swedish_too, const char *wanted)
{
    lots_error err;
    lots_arena arena;
    lots_plot_axis axis = {0};
    char found[600] = "";
    lots_arena_init(&arena, 0);
    assert_ok(lots_plot_scale_axis(&axis, scale, low, high, 5, scale != LOTS_SCALE_DAY, swedish_too, &arena, &err));
    assert_true(axis.low <= low && axis.high >= high);
    for (uint32_t i = 0; i < axis.tick_count; i++) {
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i == 0 ? "" : " ", axis.ticks[i].label);
        assert_true(i == 0 || axis.ticks[i].at > axis.ticks[i - 1].at);
        assert_true(axis.ticks[i].at >= axis.low && axis.ticks[i].at <= axis.high);
    }
    assert_string_equal(found, wanted);
    lots_arena_free(&arena);
}

static void ticks_stand_at_round_places(void **state)
{
    (void)state;
    check_ticks(LOTS_SCALE_NUMBER, 0, 100, false, "0 20 40 60 80 100");
    check_ticks(LOTS_SCALE_NUMBER, 3, 97, false, "0 20 40 60 80 100");
    check_ticks(LOTS_SCALE_NUMBER, -0.013, 0.022, true, "-0,02 -0,01 0,00 0,01 0,02 0,03");
    check_ticks(LOTS_SCALE_NUMBER, 0, 1234567, true, "0 500\xc2\xa0" "000 1\xc2\xa0" "000\xc2\xa0" "000 1\xc2\xa0" "500\xc2\xa0" "000");
    check_ticks(LOTS_SCALE_NUMBER, 0, 4e18, false, "0 1e+18 2e+18 3e+18 4e+18");
    check_ticks(LOTS_SCALE_SHARE, 0, 1, false, "0% 20% 40% 60% 80% 100%");
    check_ticks(LOTS_SCALE_SHARE, 0.101, 0.124, true, "10,0\xc2\xa0% 10,5\xc2\xa0% 11,0\xc2\xa0% 11,5\xc2\xa0% 12,0\xc2\xa0% 12,5\xc2\xa0%");
    check_ticks(LOTS_SCALE_DAY, lots_day_from_civil(2021, 1, 1), lots_day_from_civil(2023, 12, 1), false,
                "2021 2022 2023");
    check_ticks(LOTS_SCALE_DAY, lots_day_from_civil(2021, 1, 2), lots_day_from_civil(2022, 3, 1), false,
                "2021-04 2021-07 2021-10 2022-01");
    check_ticks(LOTS_SCALE_DAY, lots_day_from_civil(2021, 2, 27), lots_day_from_civil(2021, 3, 2), false,
                "2021-02-27 2021-02-28 2021-03-01 2021-03-02");
    check_ticks(LOTS_SCALE_DAY, LOTS_DAY_MIN, LOTS_DAY_MAX, false, "1000 2000 3000 4000 5000 6000 7000 8000 9000");
    check_ticks(LOTS_SCALE_DAY, LOTS_DAY_MAX, LOTS_DAY_MAX, false, "9999-12-30 9999-12-31");
}

/* ---- documents ---- */

static void a_picture_says_how_it_was_made(void **state)
{
    (void)state;
    static const char query[] = "from x # </metadata> & \"<\" ]]> å \xef\xbf\xbf\n";
    static const int64_t cells[] = {1, 10, 2, 20};
    lots_error err;
    lots_sink sink = {0}, bare = {0};
    lots_bytes text = {0};
    lots_made_file file;
    lots_provenance made = lots_provenance_begin();
    hand h[2];
    lots_result results[2];
    for (int i = 0; i < 2; i++) {
        open_hand(&h[i], LOTS_CHART_LINE, 2, 2, cells);
        assert_ok(make(&h[i], &err));
        results[i] = h[i].result;
    }
    assert_ok(lots_provenance_text(&made, "query", query, sizeof query - 1, &err));
    lots_document document = {.format = LOTS_FORMAT_SVG, .results = results, .result_count = 2, .provenance = &made};
    assert_ok(lots_document_write(&document, &english, &sink, &err));
    assert_ok(lots_made_read((const char *)sink.text.data, sink.text.count, &file, &err));
    assert_ok(lots_made_text(lots_made_find(&file, "query"), &text, &err));
    assert_int_equal(text.count, sizeof query - 1);
    assert_memory_equal(text.data, query, text.count);
    lots_made_file_free(&file);
    for (size_t bytes = 0; bytes < sink.text.count; bytes += bytes + 40 < sink.text.count ? 7 : 1) {
        lots_status status = lots_made_read((const char *)sink.text.data, bytes, &file, &err);
        assert_true(status == LOTS_OK || status == LOTS_USAGE);
        lots_made_file_free(&file);
    }
    assert_ok(lots_bytes_put8(&sink.text, 0, &err));
    read_xml((char *)sink.text.data);
    assert_contains((char *)sink.text.data, "id=\"chart-2-title\"");
    document.provenance = NULL;
    results[0].chart = results[1].chart = NULL;
    assert_status(LOTS_USAGE, lots_document_write(&document, &english, &bare, &err));
    for (int i = 0; i < 2; i++)
        close_hand(&h[i]);
    lots_provenance_free(&made);
    lots_bytes_free(&text);
    lots_sink_free(&sink);
    lots_sink_free(&bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_texts_are_escaped),
        cmocka_unit_test(any_numbers_can_be_drawn),
        cmocka_unit_test(one_point_far_out_has_an_axis),
        cmocka_unit_test(nothing_one_and_gaps_are_drawn_as_what_they_are),
        cmocka_unit_test(no_line_leads_over_what_is_hidden),
        cmocka_unit_test(ten_thousand_points_are_drawn),
        cmocka_unit_test(more_lines_than_colours_are_said),
        cmocka_unit_test(swedish_numbers_have_commas),
        cmocka_unit_test(a_terminal_shows_bars_at_their_length),
        cmocka_unit_test(curves_go_in_steps),
        cmocka_unit_test(ticks_stand_at_round_places),
        cmocka_unit_test(a_picture_says_how_it_was_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
