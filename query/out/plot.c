/* plot.c: a result with a chart made a plot: see plot.h. */
#include "query/out/plot.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "query/exec/chart_control.h"
#include "query/exec/value.h"
#include "query/out/plot_words.h"

enum { CURVE_POINTS = 120 }; /* of a funnel's limits */

typedef struct plotter {
    const lots_result *result;
    const lots_chart *chart;
    const lots_output_options *options;
    lots_plot *plot;
    bool share; /* y is one */
    double x_low, x_high, y_low, y_high;
    bool any;   /* a point is drawn */
} plotter;

/* ---- texts ---- */

/* A cell as the tables write it; a missing one by name. */
static lots_status cell_text(plotter *p, uint32_t column, uint32_t row, const char **out, lots_error *err)
{
    const lots_vector *values = &p->result->columns[column].values;
    lots_bytes text = {0};
    char *made = NULL;
    if (lots_vector_is_missing(values, row)) {
        *out = lots_plot_word(LOTS_WORD_PLOT_MISSING, p->options->swedish);
        return LOTS_OK;
    }
    lots_status status = lots_value_append(p->options->schema, values, row, "; ", &text, err);
    if (status == LOTS_OK && p->options->swedish)
        lots_value_comma(&values->type, &text, 0);
    if (status == LOTS_OK)
        status = lots_arena_text(&p->plot->arena, &made, (const char *)text.data, text.count, err);
    lots_bytes_free(&text);
    *out = made;
    return status;
}

/* y to four digits or so; shares to a tenth of a percent. */
static lots_status value_text(plotter *p, double y, lots_signal signal, const char **out, lots_error *err)
{
    const char *number = NULL;
    char *made = NULL;
    double size = fabs(y);
    int decimals = p->share ? 1 : size >= 1000 || y == floor(y) ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
    LOTS_TRY(lots_plot_number(y, decimals, p->share, p->options->swedish, &p->plot->arena, &number, err));
    *out = number;
    if (signal == LOTS_SIGNAL_NONE)
        return LOTS_OK;
    LOTS_TRY(lots_arena_printf(&p->plot->arena, &made, err, "%s, %s", number,
                               lots_plot_signal(signal, p->options->swedish)));
    *out = made;
    return LOTS_OK;
}

static const char *name_of(const plotter *p, uint32_t column)
{
    return column == LOTS_CHART_NONE ? "" : p->result->columns[column].name;
}

static lots_status make_note(plotter *p, lots_error *err, const char *format, ...) __attribute__((format(printf, 3, 4)));
static lots_status make_note(plotter *p, lots_error *err, const char *format, ...)
{
    char text[512], *made = NULL;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    LOTS_TRY(lots_arena_text(&p->plot->arena, &made, text, strlen(text), err));
    p->plot->notes[p->plot->note_count++] = made;
    return LOTS_OK;
}

/* ---- series ---- */

static lots_status new_series(plotter *p, lots_plot_role role, uint32_t room, lots_plot_series **out, lots_error *err)
{
    void *made = NULL;
    lots_plot_series *series = &p->plot->series[p->plot->series_count];
    LOTS_TRY(lots_arena_alloc(&p->plot->arena, &made, room, sizeof(lots_plot_point), err));
    *series = (lots_plot_series){.role = role, .points = made};
    p->plot->series_count++;
    *out = series;
    return LOTS_OK;
}

static void put(plotter *p, lots_plot_series *series, lots_plot_point point)
{
    p->x_low = !p->any || point.x < p->x_low ? point.x : p->x_low;
    p->x_high = !p->any || point.x > p->x_high ? point.x : p->x_high;
    p->y_low = !p->any || point.y < p->y_low ? point.y : p->y_low;
    p->y_high = !p->any || point.y > p->y_high ? point.y : p->y_high;
    p->any = true;
    series->points[series->count++] = point;
}

static lots_signal signal_at(const plotter *p, uint32_t row)
{
    if (p->chart->signal == LOTS_CHART_NONE)
        return LOTS_SIGNAL_NONE;
    const lots_vector *values = &p->result->columns[p->chart->signal].values;
    if (lots_vector_is_missing(values, row))
        return LOTS_SIGNAL_NONE;
    const lots_text *text = &((const lots_text *)values->data)[row];
    for (int i = 1; i < LOTS_SIGNAL_COUNT; i++)
        if (strcmp(text->text, lots_signal_text((lots_signal)i)) == 0)
            return (lots_signal)i;
    return LOTS_SIGNAL_NONE;
}

static bool place_of(const plotter *p, uint32_t row, double *out)
{
    const lots_chart *chart = p->chart;
    *out = chart->place != NULL ? chart->place[row] : 0;
    return chart->place != NULL ||
           lots_chart_number(&p->result->columns[chart->kind == LOTS_CHART_FUNNEL ? chart->n : chart->x], row, out);
}

static bool is_drawn(const plotter *p, uint32_t row, double *x, double *y)
{
    const uint32_t parts[] = {p->chart->x, p->chart->by};
    for (int i = 0; i < 2; i++)
        if (parts[i] != LOTS_CHART_NONE && lots_chart_is_hidden(&p->result->columns[parts[i]], row))
            return false;
    return place_of(p, row, x) && lots_chart_number(&p->result->columns[p->chart->value], row, y);
}

/* Rows order[from..end) as one series. */
static lots_status draw_rows(plotter *p, lots_plot_role role, uint32_t from, uint32_t end, lots_plot_series **out,
                             lots_error *err)
{
    bool joined = false;
    LOTS_TRY(new_series(p, role, end - from, out, err));
    for (uint32_t i = from; i < end; i++) {
        uint32_t row = p->chart->order[i];
        lots_plot_point point = {0};
        if (!is_drawn(p, row, &point.x, &point.y)) {
            joined = false;
            continue;
        }
        lots_signal signal = signal_at(p, row);
        point.joined = joined && role == LOTS_PLOT_LINE;
        point.signal = signal != LOTS_SIGNAL_NONE;
        if (p->chart->kind == LOTS_CHART_LORENZ)
            LOTS_TRY(lots_plot_number(point.x, 1, true, p->options->swedish, &p->plot->arena, &point.label, err));
        else
            LOTS_TRY(cell_text(p, p->chart->x, row, &point.label, err));
        LOTS_TRY(value_text(p, point.y, signal, &point.value, err));
        put(p, *out, point);
        joined = true;
    }
    return LOTS_OK;
}

static bool same_in(const plotter *p, uint32_t column, uint32_t a, uint32_t b)
{
    if (column == LOTS_CHART_NONE)
        return true;
    const lots_vector *values = &p->result->columns[column].values;
    return lots_vector_compare(values, a, values, b) == 0;
}

static bool same_series(const plotter *p, uint32_t a, uint32_t b)
{
    return same_in(p, p->chart->by, a, b) && same_in(p, p->chart->cause, a, b);
}

/* What tells the line of a row from others. */
static lots_status series_name(plotter *p, uint32_t row, const char **out, lots_error *err)
{
    const char *group = NULL, *cause = NULL;
    char *made = NULL;
    if (p->chart->by != LOTS_CHART_NONE)
        LOTS_TRY(cell_text(p, p->chart->by, row, &group, err));
    if (p->chart->cause != LOTS_CHART_NONE)
        LOTS_TRY(cell_text(p, p->chart->cause, row, &cause, err));
    *out = group == NULL ? cause : group;
    if (group == NULL || cause == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_printf(&p->plot->arena, &made, err, "%s: %s", group, cause));
    *out = made;
    return LOTS_OK;
}

/* A curve that stays as it is until its next step; from time 0 on, where nothing has happened. */
static lots_status draw_curve(plotter *p, uint32_t from, uint32_t end, lots_plot_series **out, lots_error *err)
{
    double before = p->chart->kind == LOTS_CHART_KM ? 1 : 0;
    LOTS_TRY(new_series(p, LOTS_PLOT_STEPS, (end - from) * 2 + 1, out, err));
    put(p, *out, (lots_plot_point){.x = 0, .y = before});
    for (uint32_t i = from; i < end; i++) {
        uint32_t row = p->chart->order[i];
        lots_plot_point point = {.joined = true};
        if (!is_drawn(p, row, &point.x, &point.y))
            continue;
        LOTS_TRY(cell_text(p, p->chart->x, row, &point.label, err));
        LOTS_TRY(value_text(p, point.y, LOTS_SIGNAL_NONE, &point.value, err));
        put(p, *out, (lots_plot_point){.x = point.x, .y = before, .joined = true});
        put(p, *out, point);
        before = point.y;
    }
    return LOTS_OK;
}

/* How many are at risk: of each group once, since all its curves have the same. */
static lots_status put_under(plotter *p, lots_error *err)
{
    enum { UNDER_MAX = 12 };
    const lots_chart *chart = p->chart;
    void *made = NULL;
    lots_plot_under *under = NULL;
    LOTS_TRY(lots_arena_alloc(&p->plot->arena, &made, UNDER_MAX, sizeof *under, err));
    p->plot->under = made;
    p->plot->under_title = lots_plot_word(LOTS_WORD_PLOT_AT_RISK, p->options->swedish);
    for (uint32_t i = 0; i < chart->order_count; i++) {
        uint32_t row = chart->order[i], last = i == 0 ? 0 : chart->order[i - 1];
        double x = 0, count = 0;
        if (i == 0 || !same_in(p, chart->by, last, row)) {
            if (p->plot->under_count == UNDER_MAX)
                return LOTS_OK;
            under = &p->plot->under[p->plot->under_count++];
            LOTS_TRY(lots_arena_alloc(&p->plot->arena, &made, chart->order_count - i, sizeof(lots_plot_tick), err));
            under->numbers = made;
            if (chart->by != LOTS_CHART_NONE)
                LOTS_TRY(cell_text(p, chart->by, row, &under->name, err));
        }
        if (!lots_chart_number(&p->result->columns[chart->at_risk], row, &count) || !place_of(p, row, &x) ||
            (under->count > 0 && x <= under->numbers[under->count - 1].at))
            continue; /* hidden, or of the next cause, which begins at 0 again */
        lots_plot_tick *tick = &under->numbers[under->count++];
        tick->at = x;
        LOTS_TRY(lots_plot_number(count, 0, false, p->options->swedish, &p->plot->arena, &tick->label, err));
    }
    return LOTS_OK;
}

static lots_status draw_lines(plotter *p, lots_error *err)
{
    const uint32_t *order = p->chart->order;
    uint32_t rows = p->chart->order_count, lines = 0;
    lots_plot_series *series = NULL;
    bool steps = p->chart->at_risk != LOTS_CHART_NONE;
    if (p->chart->by == LOTS_CHART_NONE && p->chart->cause == LOTS_CHART_NONE && !steps)
        return draw_rows(p, LOTS_PLOT_LINE, 0, rows, &series, err);
    for (uint32_t from = 0, to; from < rows; from = to, lines++) {
        for (to = from + 1; to < rows && same_series(p, order[from], order[to]); to++)
            ;
        if (lines >= LOTS_PLOT_SERIES_MAX)
            continue;
        LOTS_TRY(steps ? draw_curve(p, from, to, &series, err) : draw_rows(p, LOTS_PLOT_LINE, from, to, &series, err));
        series->number = lines;
        LOTS_TRY(series_name(p, order[from], &series->name, err));
    }
    if (lines > LOTS_PLOT_SERIES_MAX)
        return make_note(p, err, lots_plot_word(LOTS_WORD_PLOT_MORE_LINES, p->options->swedish), LOTS_PLOT_SERIES_MAX, lines);
    return LOTS_OK;
}

/* ---- limits ---- */

/* A column of limits over the points that are drawn, as steps half way between them. */
static lots_status draw_steps(plotter *p, const lots_plot_series *points, uint32_t column, lots_plot_role role,
                              const char *name, lots_error *err)
{
    lots_plot_series *series = NULL;
    uint32_t count = 0;
    LOTS_TRY(new_series(p, role, points->count * 2, &series, err));
    series->name = name;
    for (uint32_t i = 0; i < p->chart->order_count; i++) {
        double x = 0, y = 0, limit = 0;
        uint32_t row = p->chart->order[i];
        if (!is_drawn(p, row, &x, &y))
            continue;
        uint32_t at = count++;
        if (!lots_chart_number(&p->result->columns[column], row, &limit))
            continue;
        double left = at == 0 ? x : (points->points[at - 1].x + x) / 2;
        double right = at + 1 == points->count ? x : (x + points->points[at + 1].x) / 2;
        put(p, series, (lots_plot_point){.x = left, .y = limit, .joined = at > 0 && points->points[at].joined});
        put(p, series, (lots_plot_point){.x = right, .y = limit, .joined = true});
    }
    return LOTS_OK;
}

static lots_status draw_level(plotter *p, const lots_plot_series *points, double level, lots_plot_role role, const char *name,
                              lots_error *err)
{
    lots_plot_series *series = NULL;
    if (points->count == 0 || !isfinite(level))
        return LOTS_OK;
    LOTS_TRY(new_series(p, role, 2, &series, err));
    series->name = name;
    LOTS_TRY(value_text(p, level, LOTS_SIGNAL_NONE, &series->end_text, err));
    put(p, series, (lots_plot_point){.x = p->x_low, .y = level});
    put(p, series, (lots_plot_point){.x = p->x_high, .y = level, .joined = true});
    return LOTS_OK;
}

static bool first_limit(const plotter *p, uint32_t column, double *out)
{
    for (uint32_t row = 0; row < p->result->rows; row++)
        if (lots_chart_number(&p->result->columns[column], row, out))
            return true;
    return false;
}

static lots_status draw_control(plotter *p, lots_error *err)
{
    const lots_chart *chart = p->chart;
    bool swedish = p->options->swedish;
    lots_plot_series *points = NULL;
    double limit = 0;
    LOTS_TRY(draw_rows(p, LOTS_PLOT_LINE, 0, p->chart->order_count, &points, err));
    if (!chart->has_centre)
        return LOTS_OK;
    LOTS_TRY(draw_level(p, points, chart->centre, LOTS_PLOT_CENTRE,
                        lots_plot_word(chart->kind == LOTS_CHART_XMR ? LOTS_WORD_PLOT_MEAN : LOTS_WORD_PLOT_ALL, swedish),
                        err));
    const char *name = lots_plot_word(LOTS_WORD_PLOT_LIMITS, swedish);
    const uint32_t columns[] = {chart->upper, chart->lower};
    for (int i = 0; i < 2; i++) {
        const char *said = i == 0 ? name : NULL;
        if (chart->kind == LOTS_CHART_PCHART)
            LOTS_TRY(draw_steps(p, points, columns[i], LOTS_PLOT_LIMIT, said, err));
        else if (first_limit(p, columns[i], &limit))
            LOTS_TRY(draw_level(p, points, limit, LOTS_PLOT_LIMIT, said, err));
    }
    return LOTS_OK;
}

static double limit_of(const lots_funnel_limits *at, int which)
{
    return which == 0 ? at->high_998 : which == 1 ? at->low_998 : which == 2 ? at->high_95 : at->low_95;
}

static lots_status draw_funnel(plotter *p, lots_error *err)
{
    const lots_chart *chart = p->chart;
    bool swedish = p->options->swedish;
    lots_plot_series *points = NULL, *limits[4];
    LOTS_TRY(draw_rows(p, LOTS_PLOT_POINTS, 0, p->chart->order_count, &points, err));
    if (!chart->has_centre || points->count == 0)
        return LOTS_OK;
    double low = floor(p->x_low * 0.8) < 1 ? 1 : floor(p->x_low * 0.8), high = ceil(p->x_high * 1.05);
    for (int i = 0; i < 4; i++) {
        LOTS_TRY(new_series(p, i < 2 ? LOTS_PLOT_LIMIT : LOTS_PLOT_NEAR, CURVE_POINTS, &limits[i], err));
        if (i % 2 == 0)
            limits[i]->name = lots_plot_word(i < 2 ? LOTS_WORD_PLOT_998 : LOTS_WORD_PLOT_95, swedish);
    }
    for (int i = 0; i < CURVE_POINTS; i++) {
        double n = floor(low + (high - low) * i / (CURVE_POINTS - 1));
        lots_funnel_limits at = lots_funnel_at(chart->centre, n < 9e18 ? (int64_t)n : INT64_MAX);
        for (int k = 0; k < 4; k++)
            put(p, limits[k], (lots_plot_point){.x = n, .y = limit_of(&at, k), .joined = i > 0});
    }
    return draw_level(p, points, chart->centre, LOTS_PLOT_CENTRE, lots_plot_word(LOTS_WORD_PLOT_ALL, swedish), err);
}

static lots_status draw_lorenz(plotter *p, lots_error *err)
{
    lots_plot_series *points = NULL, *equal = NULL;
    LOTS_TRY(draw_rows(p, LOTS_PLOT_LINE, 0, p->chart->order_count, &points, err));
    LOTS_TRY(new_series(p, LOTS_PLOT_EQUALITY, 2, &equal, err));
    equal->name = lots_plot_word(LOTS_WORD_PLOT_EQUALITY, p->options->swedish);
    put(p, equal, (lots_plot_point){.x = 0, .y = 0});
    put(p, equal, (lots_plot_point){.x = 1, .y = 1, .joined = true});
    p->any = points->count > 0;
    return LOTS_OK;
}

static lots_status draw_series(plotter *p, lots_error *err)
{
    lots_plot_series *bars = NULL;
    switch (p->chart->kind) {
    case LOTS_CHART_LINE: return draw_lines(p, err);
    case LOTS_CHART_KM:
    case LOTS_CHART_CIF:
        LOTS_TRY(draw_lines(p, err));
        return put_under(p, err);
    case LOTS_CHART_BAR: return draw_rows(p, LOTS_PLOT_BARS, 0, p->chart->order_count, &bars, err);
    case LOTS_CHART_LORENZ: return draw_lorenz(p, err);
    case LOTS_CHART_FUNNEL: return draw_funnel(p, err);
    default: return draw_control(p, err);
    }
}

/* ---- axes ---- */

static lots_status label_axis(plotter *p, lots_plot_axis *axis, lots_error *err)
{
    const lots_chart *chart = p->chart;
    void *made = NULL;
    uint32_t count = chart->place_count;
    axis->labels = true;
    axis->low = -0.5;
    axis->high = count == 0 ? 0.5 : count - 0.5;
    LOTS_TRY(lots_arena_alloc(&p->plot->arena, &made, count, sizeof(lots_plot_tick), err));
    axis->ticks = made;
    axis->tick_count = count;
    for (uint32_t i = 0; i < chart->order_count; i++) {
        uint32_t row = chart->order[i];
        lots_plot_tick *tick = &axis->ticks[chart->place[row]];
        tick->at = chart->place[row];
        if (tick->label == NULL)
            LOTS_TRY(cell_text(p, chart->x, row, &tick->label, err));
    }
    return LOTS_OK;
}

static lots_status make_axes(plotter *p, lots_error *err)
{
    lots_plot *plot = p->plot;
    bool swedish = p->options->swedish;
    lots_plot_scale x_scale = LOTS_SCALE_NUMBER, y_scale = p->share ? LOTS_SCALE_SHARE : LOTS_SCALE_NUMBER;
    lots_type_kind kind = p->result->columns[p->chart->x].values.type.kind;
    bool lorenz = p->chart->kind == LOTS_CHART_LORENZ;
    if (!p->any || lorenz)
        p->x_low = p->y_low = 0, p->x_high = p->y_high = 1;
    if (p->chart->kind == LOTS_CHART_KM)
        p->y_low = 0;
    /* Zero belongs to the picture unless all values are far from it. */
    if (p->y_low > 0 && (p->chart->kind == LOTS_CHART_BAR || p->y_high - p->y_low > p->y_high / 4))
        p->y_low = 0;
    if (p->y_high < 0 && p->chart->kind == LOTS_CHART_BAR)
        p->y_high = 0;
    LOTS_TRY(lots_plot_scale_axis(&plot->y, y_scale, p->y_low, p->y_high, 5, true, swedish, &plot->arena, err));
    if (p->chart->place != NULL)
        return label_axis(p, &plot->x, err);
    if (p->chart->kind == LOTS_CHART_FUNNEL)
        kind = LOTS_TYPE_INT;
    if (lorenz)
        x_scale = LOTS_SCALE_SHARE;
    else if (p->any && (kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_INTERVAL))
        x_scale = LOTS_SCALE_DAY;
    return lots_plot_scale_axis(&plot->x, x_scale, p->x_low, p->x_high, 8, lorenz, swedish, &plot->arena, err);
}

/* ---- titles ---- */

static bool is_days(const plotter *p, uint32_t column)
{
    return column != LOTS_CHART_NONE && p->result->columns[column].values.type.kind == LOTS_TYPE_DAYS;
}

static lots_status make_titles(plotter *p, lots_error *err)
{
    const lots_chart *chart = p->chart;
    lots_plot *plot = p->plot;
    bool sv = p->options->swedish;
    const char *x = name_of(p, chart->x), *y = name_of(p, chart->y), *n = name_of(p, chart->n);
    const char *per = sv ? "per" : "by", *of = sv ? "av" : "of", *days = sv ? " (dagar)" : " (days)";
    lots_arena *arena = &plot->arena;
    char *title = NULL, *below = NULL, *beside = NULL;
    switch (chart->kind) {
    case LOTS_CHART_LORENZ:
        LOTS_TRY(lots_arena_printf(arena, &title, err, sv ? "Lorenzkurva för %s" : "Lorenz curve of %s", chart->value_name));
        LOTS_TRY(lots_arena_printf(arena, &below, err, sv ? "andel av raderna, lägsta %s först" : "share of the rows, lowest %s "
                                                                                                  "first", chart->value_name));
        LOTS_TRY(lots_arena_printf(arena, &beside, err, sv ? "andel av summan" : "share of the sum"));
        break;
    case LOTS_CHART_KM:
    case LOTS_CHART_CIF:
        LOTS_TRY(lots_arena_printf(arena, &title, err, "%s: %s%s%s",
                                   chart->kind == LOTS_CHART_KM ? (sv ? "Kvar utan händelse" : "Still without the event")
                                                                : (sv ? "Kumulativ incidens" : "Cumulative incidence"),
                                   chart->value_name, chart->by == LOTS_CHART_NONE ? "" : sv ? " per " : " by ",
                                   name_of(p, chart->by)));
        LOTS_TRY(lots_arena_printf(arena, &below, err, "%s%s", x, is_days(p, chart->x) ? days : ""));
        LOTS_TRY(lots_arena_printf(arena, &beside, err, "%s", chart->kind == LOTS_CHART_KM
                                                                  ? (sv ? "andel (Kaplan-Meier)" : "share (Kaplan-Meier)")
                                                                  : (sv ? "andel (Aalen-Johansen)" : "share (Aalen-Johansen)")));
        break;
    case LOTS_CHART_PCHART:
    case LOTS_CHART_FUNNEL:
        LOTS_TRY(lots_arena_printf(arena, &title, err, "%s: %s %s %s %s %s",
                                   chart->kind == LOTS_CHART_PCHART ? (sv ? "p-diagram" : "p chart")
                                                                    : (sv ? "Trattdiagram" : "Funnel plot"),
                                   y, of, n, per, x));
        LOTS_TRY(lots_arena_printf(arena, &below, err, "%s", chart->kind == LOTS_CHART_FUNNEL ? n : x));
        LOTS_TRY(lots_arena_printf(arena, &beside, err, "%s / %s", y, n));
        break;
    default:
        LOTS_TRY(lots_arena_printf(arena, &title, err, "%s%s %s %s%s%s",
                                   chart->kind == LOTS_CHART_XMR ? (sv ? "XmR-diagram: " : "XmR chart: ") : "", y, per, x,
                                   chart->by == LOTS_CHART_NONE ? "" : sv ? " och " : " and ", name_of(p, chart->by)));
        LOTS_TRY(lots_arena_printf(arena, &below, err, "%s%s", x, is_days(p, chart->x) ? days : ""));
        LOTS_TRY(lots_arena_printf(arena, &beside, err, "%s%s", y, is_days(p, chart->y) ? days : ""));
    }
    plot->title = title;
    plot->x.title = below;
    plot->y.title = beside;
    return LOTS_OK;
}

static lots_status make_notes(plotter *p, lots_error *err)
{
    const lots_chart *chart = p->chart;
    bool sv = p->options->swedish;
    static const struct {
        lots_chart_kind kind;
        lots_plot_word_number word;
    } methods[] = {{LOTS_CHART_PCHART, LOTS_WORD_PLOT_P_LIMITS}, {LOTS_CHART_XMR, LOTS_WORD_PLOT_XMR_LIMITS},
                   {LOTS_CHART_FUNNEL, LOTS_WORD_PLOT_FUNNEL_LIMITS}};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (methods[i].kind == chart->kind)
            LOTS_TRY(make_note(p, err, "%s", lots_plot_word(methods[i].word, sv)));
    if (chart->kind == LOTS_CHART_FUNNEL)
        LOTS_TRY(make_note(p, err, "%s", lots_plot_word(LOTS_WORD_PLOT_RAW, sv)));
    if (chart->kind == LOTS_CHART_LORENZ && p->result->min_cell > 1)
        LOTS_TRY(make_note(p, err, lots_plot_word(LOTS_WORD_PLOT_GROUPS, sv), p->result->min_cell));
    if (chart->at_risk != LOTS_CHART_NONE && p->result->min_cell > 1)
        LOTS_TRY(make_note(p, err, lots_plot_word(LOTS_WORD_PLOT_STEPS, sv), p->result->min_cell));
    if (chart->trial)
        LOTS_TRY(make_note(p, err, lots_plot_word(LOTS_WORD_PLOT_TRIAL, sv), LOTS_CONTROL_LOCKED));
    if (chart->hidden > 0)
        LOTS_TRY(make_note(p, err, lots_plot_word(LOTS_WORD_PLOT_HIDDEN, sv), chart->hidden));
    if (chart->left_out > 0)
        LOTS_TRY(make_note(p, err, lots_plot_word(LOTS_WORD_PLOT_LEFT_OUT, sv), chart->left_out));
    return LOTS_OK;
}

/* What a reader who can't see it should know. */
static lots_status describe(plotter *p, lots_error *err)
{
    lots_plot *plot = p->plot;
    bool sv = p->options->swedish;
    uint32_t points = 0, signals = 0;
    const lots_plot_point *first = NULL, *last = NULL;
    char *made = NULL, *span = "", said[64] = "";
    for (uint32_t s = 0; s < plot->series_count; s++)
        for (uint32_t i = 0; i < plot->series[s].count; i++) {
            if (plot->series[s].points[i].label == NULL)
                continue;
            last = &plot->series[s].points[i];
            first = first == NULL ? last : first;
            points++;
            signals += last->signal;
        }
    if (points > 0)
        LOTS_TRY(lots_arena_printf(&plot->arena, &span, err, sv ? ", från %s (%s) till %s (%s)" : ", from %s (%s) to %s (%s)",
                                   first->label, first->value, last->label, last->value));
    if (p->chart->signal != LOTS_CHART_NONE)
        snprintf(said, sizeof said, sv ? "; %u signaler" : "; %u signals", signals);
    LOTS_TRY(lots_arena_printf(&plot->arena, &made, err, sv ? "%u punkter%s%s." : "%u points%s%s.", points, span, said));
    plot->description = made;
    plot->signal_name = signals > 0 ? lots_plot_word(LOTS_WORD_PLOT_SIGNAL, sv) : NULL;
    plot->nothing = points == 0 ? lots_plot_word(LOTS_WORD_PLOT_NOTHING, sv) : NULL;
    return LOTS_OK;
}

lots_status lots_plot_make(const lots_result *result, const lots_output_options *options, lots_plot *out, lots_error *err)
{
    enum { NOTES_MAX = 8 };
    const lots_chart *chart = result->chart;
    plotter p = {.result = result, .chart = chart, .options = options, .plot = out};
    void *made = NULL;
    memset(out, 0, sizeof *out);
    lots_arena_init(&out->arena, 0);
    out->kind = chart->kind;
    p.share = chart->kind == LOTS_CHART_PCHART || chart->kind == LOTS_CHART_FUNNEL || lots_chart_takes_rows(chart->kind);
    LOTS_TRY(lots_arena_alloc(&out->arena, &made, LOTS_PLOT_SERIES_MAX + 8, sizeof(lots_plot_series), err));
    out->series = made;
    LOTS_TRY(lots_arena_alloc(&out->arena, &made, NOTES_MAX, sizeof(char *), err));
    out->notes = made;
    LOTS_TRY(draw_series(&p, err));
    LOTS_TRY(make_axes(&p, err));
    LOTS_TRY(make_titles(&p, err));
    LOTS_TRY(make_notes(&p, err));
    return describe(&p, err);
}

void lots_plot_free(lots_plot *plot)
{
    lots_arena_free(&plot->arena);
    memset(plot, 0, sizeof *plot);
}
