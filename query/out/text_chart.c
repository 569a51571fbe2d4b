/* text_chart.c: see text_chart.h. The grid holds numbers of glyphs; later series stand over earlier ones. */
#include "query/out/text_chart.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

#include "query/out/table.h"

enum { COLUMNS = 64, ROWS = 16, BAR_COLUMNS = 40, LABEL_COLUMNS = 24 };

enum { GLYPH_NONE, GLYPH_NEAR, GLYPH_LIMIT, GLYPH_CENTRE, GLYPH_WAY, GLYPH_SIGNAL, GLYPH_SERIES };
static const char *const glyphs[] = {" ", "·", "┄", "─", "·", "◆", "•", "○", "×", "+", "□", "▲", "∎", "◇"};
enum { SERIES_GLYPHS = sizeof glyphs / sizeof *glyphs - GLYPH_SERIES };

typedef struct page {
    const lots_plot *plot;
    lots_bytes *out;
    uint8_t grid[ROWS][COLUMNS];
    uint32_t margin; /* columns left of the axis */
} page;

/* ---- texts ---- */

static lots_status put_spaces(page *p, uint32_t count, lots_error *err)
{
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(lots_bytes_put8(p->out, ' ', err));
    return LOTS_OK;
}

/* What a terminal might obey becomes a question mark; cut to so many columns. *columns: how many it took. */
static lots_status put_text(page *p, const char *text, uint32_t columns_max, uint32_t *columns, lots_error *err)
{
    size_t bytes = strlen(text), at = 0;
    bool cut = lots_text_width(text, bytes) > columns_max;
    *columns = 0;
    while (at < bytes) {
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(bytes - at), &point);
        bool shown = size > 0 && utf8proc_category(point) != UTF8PROC_CATEGORY_CC &&
                     utf8proc_category(point) != UTF8PROC_CATEGORY_CF;
        size_t step = size > 0 ? (size_t)size : 1;
        uint32_t wide = shown ? lots_text_width(text + at, step) : 1;
        if (cut && *columns + wide + 1 > columns_max)
            break;
        LOTS_TRY(lots_bytes_append(p->out, shown ? text + at : "?", shown ? step : 1, err));
        *columns += wide;
        at += step;
    }
    if (!cut)
        return LOTS_OK;
    ++*columns;
    return lots_bytes_append(p->out, "…", strlen("…"), err);
}

static lots_status put_line(page *p, const char *text, lots_error *err)
{
    uint32_t columns = 0;
    LOTS_TRY(put_text(p, text, UINT32_MAX, &columns, err));
    return lots_bytes_put8(p->out, '\n', err);
}

/* To the right of a margin's width. */
static lots_status put_right(page *p, const char *text, uint32_t width, lots_error *err)
{
    uint32_t wide = lots_text_width(text, strlen(text)), columns = 0;
    LOTS_TRY(put_spaces(p, wide < width ? width - wide : 0, err));
    return put_text(p, text, width, &columns, err);
}

/* ---- bars ---- */

static uint32_t widest_label(const lots_plot_series *series, uint32_t shown)
{
    uint32_t widest = 0;
    for (uint32_t i = 0; i < shown; i++) {
        uint32_t width = lots_text_width(series->points[i].label, strlen(series->points[i].label));
        widest = width > widest ? width : widest;
    }
    return widest < LABEL_COLUMNS ? widest : LABEL_COLUMNS;
}

/* From zero: negative values to its left. */
static lots_status put_bar(page *p, const lots_plot_point *point, lots_error *err)
{
    uint32_t zero = (uint32_t)lround(lots_plot_at(&p->plot->y, 0) * BAR_COLUMNS);
    uint32_t end = (uint32_t)lround(lots_plot_at(&p->plot->y, point->y) * BAR_COLUMNS), columns = 0;
    for (uint32_t c = 0; c < BAR_COLUMNS && (c < zero || c < end); c++) {
        bool filled = (c >= zero && c < end) || (c < zero && c >= end);
        LOTS_TRY(lots_bytes_append(p->out, filled ? "█" : " ", filled ? strlen("█") : 1, err));
    }
    LOTS_TRY(lots_bytes_put8(p->out, ' ', err));
    LOTS_TRY(put_text(p, point->value, LABEL_COLUMNS, &columns, err));
    return lots_bytes_put8(p->out, '\n', err);
}

static lots_status put_bars(page *p, const lots_plot_series *series, uint32_t rows_max, lots_error *err)
{
    uint32_t shown = series->count < rows_max ? series->count : rows_max;
    p->margin = widest_label(series, shown);
    for (uint32_t i = 0; i < shown; i++) {
        LOTS_TRY(put_right(p, series->points[i].label, p->margin, err));
        LOTS_TRY(lots_bytes_printf(p->out, err, " │"));
        LOTS_TRY(put_bar(p, &series->points[i], err));
    }
    if (shown < series->count)
        LOTS_TRY(lots_bytes_printf(p->out, err, "… %u\n", series->count - shown));
    return LOTS_OK;
}

/* ---- points ---- */

static uint32_t column_at(const page *p, double x) { return (uint32_t)lround(lots_plot_at(&p->plot->x, x) * (COLUMNS - 1)); }
static uint32_t row_at(const page *p, double y)
{
    return ROWS - 1 - (uint32_t)lround(lots_plot_at(&p->plot->y, y) * (ROWS - 1));
}

/* The straight way between two joined points, a character a column. */
static void draw_way(page *p, const lots_plot_point *from, const lots_plot_point *to, uint8_t glyph)
{
    uint32_t first = column_at(p, from->x), last = column_at(p, to->x);
    double low = lots_plot_at(&p->plot->y, from->y), high = lots_plot_at(&p->plot->y, to->y);
    for (uint32_t c = first; c <= last; c++) {
        double part = last == first ? 1 : (double)(c - first) / (double)(last - first);
        p->grid[ROWS - 1 - (uint32_t)lround((low + (high - low) * part) * (ROWS - 1))][c] = glyph;
    }
}

static uint8_t way_of(lots_plot_role role)
{
    return role == LOTS_PLOT_CENTRE ? GLYPH_CENTRE : role == LOTS_PLOT_LIMIT ? GLYPH_LIMIT : GLYPH_NEAR;
}

static bool is_data(lots_plot_role role)
{
    return role == LOTS_PLOT_POINTS || role == LOTS_PLOT_LINE || role == LOTS_PLOT_STEPS;
}

static void draw_series(page *p, const lots_plot_series *series)
{
    bool marks = is_data(series->role);
    for (uint32_t i = 1; i < series->count; i++)
        if (series->points[i].joined)
            draw_way(p, &series->points[i - 1], &series->points[i], marks ? GLYPH_WAY : way_of(series->role));
    for (uint32_t i = 0; marks && i < series->count; i++) {
        const lots_plot_point *point = &series->points[i];
        if (point->label == NULL)
            continue; /* a corner */
        p->grid[row_at(p, point->y)][column_at(p, point->x)] =
            (uint8_t)(point->signal ? GLYPH_SIGNAL : GLYPH_SERIES + series->number % SERIES_GLYPHS);
    }
}

static void draw_all(page *p)
{
    const lots_plot *plot = p->plot;
    for (int pass = 0; pass < 2; pass++) /* computed lines first */
        for (uint32_t i = 0; i < plot->series_count; i++) {
            if (is_data(plot->series[i].role) == (pass == 1))
                draw_series(p, &plot->series[i]);
        }
}

static const char *tick_near(const page *p, uint32_t row)
{
    const lots_plot_axis *axis = &p->plot->y;
    for (uint32_t i = 0; i < axis->tick_count; i++)
        if (row_at(p, axis->ticks[i].at) == row)
            return axis->ticks[i].label;
    return NULL;
}

static lots_status put_grid(page *p, lots_error *err)
{
    for (uint32_t r = 0; r < ROWS; r++) {
        const char *tick = tick_near(p, r);
        uint32_t end = COLUMNS;
        while (end > 0 && p->grid[r][end - 1] == GLYPH_NONE)
            end--;
        LOTS_TRY(put_right(p, tick == NULL ? "" : tick, p->margin, err));
        LOTS_TRY(lots_bytes_printf(p->out, err, tick == NULL ? " │" : " ┤"));
        for (uint32_t c = 0; c < end; c++)
            LOTS_TRY(lots_bytes_append(p->out, glyphs[p->grid[r][c]], strlen(glyphs[p->grid[r][c]]), err));
        LOTS_TRY(lots_bytes_put8(p->out, '\n', err));
    }
    LOTS_TRY(put_spaces(p, p->margin + 1, err));
    LOTS_TRY(lots_bytes_printf(p->out, err, "└"));
    for (uint32_t c = 0; c < COLUMNS; c++)
        LOTS_TRY(lots_bytes_printf(p->out, err, "─"));
    return lots_bytes_put8(p->out, '\n', err);
}

/* The first and last ticks, each under its place, and what the axis is between them. */
static lots_status put_x_axis(page *p, lots_error *err)
{
    const lots_plot_axis *axis = &p->plot->x;
    uint32_t count = axis->tick_count, columns = 0, taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i != 0 && i + 1 != count)
            continue;
        uint32_t wide = lots_text_width(axis->ticks[i].label, strlen(axis->ticks[i].label));
        wide = wide < LABEL_COLUMNS ? wide : LABEL_COLUMNS;
        uint32_t centre = p->margin + 2 + column_at(p, axis->ticks[i].at), from = centre > wide / 2 ? centre - wide / 2 : 0;
        if (i > 0 && from < taken + 2)
            continue;
        LOTS_TRY(put_spaces(p, from - taken, err));
        LOTS_TRY(put_text(p, axis->ticks[i].label, LABEL_COLUMNS, &columns, err));
        taken = from + columns;
    }
    LOTS_TRY(lots_bytes_put8(p->out, '\n', err));
    uint32_t wide = lots_text_width(axis->title, strlen(axis->title));
    LOTS_TRY(put_spaces(p, p->margin + 2 + (wide < COLUMNS ? (COLUMNS - wide) / 2 : 0), err));
    return put_line(p, axis->title, err);
}

static lots_status put_legend(page *p, lots_error *err)
{
    bool any = false;
    for (uint32_t i = 0; i < p->plot->series_count; i++) {
        const lots_plot_series *series = &p->plot->series[i];
        bool marks = is_data(series->role);
        uint32_t columns = 0;
        if (series->name == NULL)
            continue;
        LOTS_TRY(lots_bytes_printf(p->out, err, "%s%s ", any ? "   " : "",
                                   glyphs[marks ? GLYPH_SERIES + series->number % SERIES_GLYPHS : way_of(series->role)]));
        LOTS_TRY(put_text(p, series->name, LABEL_COLUMNS, &columns, err));
        const lots_plot_series *below = i + 1 < p->plot->series_count ? series + 1 : NULL; /* the other of two limits */
        if (below != NULL && (below->name != NULL || below->role != series->role))
            below = NULL;
        if (series->end_text != NULL)
            LOTS_TRY(lots_bytes_printf(p->out, err, " %s%s%s", below == NULL ? "" : below->end_text,
                                       below == NULL ? "" : " … ", series->end_text));
        any = true;
    }
    if (p->plot->signal_name != NULL)
        LOTS_TRY(lots_bytes_printf(p->out, err, "%s%s %s", any ? "   " : "", glyphs[GLYPH_SIGNAL], p->plot->signal_name));
    return any || p->plot->signal_name != NULL ? lots_bytes_put8(p->out, '\n', err) : LOTS_OK;
}

/* How many are at risk: `followed on   female 120 (0), 80 (365)`, a few of each. */
static lots_status put_under(page *p, lots_error *err)
{
    enum { SHOWN_MAX = 6 };
    for (uint32_t i = 0; i < p->plot->under_count; i++) {
        const lots_plot_under *under = &p->plot->under[i];
        uint32_t columns = 0, shown = under->count < SHOWN_MAX ? under->count : SHOWN_MAX;
        LOTS_TRY(put_text(p, p->plot->under_title, LABEL_COLUMNS, &columns, err));
        LOTS_TRY(put_spaces(p, under->name == NULL ? 0 : 1, err));
        LOTS_TRY(put_text(p, under->name == NULL ? "" : under->name, LABEL_COLUMNS, &columns, err));
        for (uint32_t k = 0; k < shown; k++) {
            const lots_plot_tick *number = &under->numbers[shown < 2 ? 0 : (uint64_t)k * (under->count - 1) / (shown - 1)];
            LOTS_TRY(lots_bytes_printf(p->out, err, "%s %s (%.0f)", k == 0 ? ":" : ",", number->label, number->at));
        }
        LOTS_TRY(lots_bytes_put8(p->out, '\n', err));
    }
    return LOTS_OK;
}

static lots_status put_points(page *p, lots_error *err)
{
    for (uint32_t i = 0; i < p->plot->y.tick_count; i++) {
        uint32_t wide = lots_text_width(p->plot->y.ticks[i].label, strlen(p->plot->y.ticks[i].label));
        p->margin = wide > p->margin ? wide : p->margin;
    }
    draw_all(p);
    LOTS_TRY(put_grid(p, err));
    LOTS_TRY(put_x_axis(p, err));
    LOTS_TRY(put_legend(p, err));
    return put_under(p, err);
}

lots_status lots_text_chart_write(const lots_plot *plot, const lots_output_options *options, lots_bytes *out, lots_error *err)
{
    page p = {.plot = plot, .out = out};
    LOTS_TRY(put_line(&p, plot->title, err));
    if (plot->nothing != NULL)
        LOTS_TRY(put_line(&p, plot->nothing, err));
    else if (plot->kind == LOTS_CHART_BAR)
        LOTS_TRY(put_bars(&p, &plot->series[0], options->rows_max != 0 ? options->rows_max : LOTS_TABLE_ROWS, err));
    else
        LOTS_TRY(put_points(&p, err));
    for (uint32_t i = 0; i < plot->note_count; i++)
        LOTS_TRY(put_line(&p, plot->notes[i], err));
    return lots_bytes_put8(out, '\n', err);
}
