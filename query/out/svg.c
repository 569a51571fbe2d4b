/* svg.c: see svg.h. The frame is measured first (labels decide the margins), then everything is put at its place. Widths of
 * texts are estimated from their columns: no font is at hand, and none may decide the bytes. */
#include "query/out/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "query/out/markup.h"
#include "query/out/table.h"

enum {
    PLOT_HEIGHT = 320,
    TEXT_SIZE = 12,
    TITLE_SIZE = 16,
    LINE_HEIGHT = 17,
    LABEL_COLUMNS = 26, /* a longer label of a tick is cut */
    LEGEND_COLUMNS = 40,
    UNDER_COLUMNS = 18, /* of the name of a line of numbers under the axis */
    NOTE_COLUMNS = 125,
    NOTE_BYTES = NOTE_COLUMNS * 4,
    MARKS_MAX = 250,    /* a longer series is a line alone */
    NAMED_MAX = 20,     /* units of a funnel that are named */
    TRIED_MAX = 200
};

static const char ink[] = "#222222", faint[] = "#666666", grid[] = "#e4e4e4", signal_colour[] = "#d55e00";
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444"};
static const char *const dashes[] = {"", " stroke-dasharray=\"7 3\"", " stroke-dasharray=\"2 3\""};
enum { COLOURS = sizeof colours / sizeof *colours, DASHES = sizeof dashes / sizeof *dashes };

typedef struct frame {
    const lots_plot *plot;
    lots_bytes *out;
    double left, right, top, bottom; /* of the plot's area */
    uint32_t legend_lines, label_step;
    bool slanted;                    /* labels under the axis */
    uint32_t height;
} frame;

/* ---- texts ---- */

static double width_of(const char *text, uint32_t columns_max)
{
    uint32_t columns = lots_text_width(text, strlen(text));
    return (columns < columns_max ? columns : columns_max) * TEXT_SIZE * 0.6;
}

/* As XML text, cut to so many columns. U+FFFE and U+FFFF are no characters of XML. */
static lots_status put_escaped(frame *f, const char *text, uint32_t columns_max, lots_error *err)
{
    size_t bytes = strlen(text), end = 0;
    uint32_t columns = 0;
    bool cut = lots_text_width(text, bytes) > columns_max;
    while (end < bytes) {
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text + end, (utf8proc_ssize_t)(bytes - end), &point);
        size_t step = size > 0 ? (size_t)size : 1;
        uint32_t wide = lots_text_width(text + end, step);
        if (cut && columns + wide + 1 > columns_max)
            break;
        columns += wide;
        LOTS_TRY(size > 0 && (point == 0xfffe || point == 0xffff) ? lots_bytes_append(f->out, "\xef\xbf\xbd", 3, err)
                                                                  : lots_markup_html(text + end, step, f->out, err));
        end += step;
    }
    return cut ? lots_bytes_append(f->out, "…", strlen("…"), err) : LOTS_OK;
}

typedef struct text_style {
    const char *anchor, *colour; /* NULL: start, ink */
    int size;                    /* 0: TEXT_SIZE */
    bool bold;
    int turn;                    /* degrees around its place */
    uint32_t columns;            /* 0: never cut */
} text_style;

static lots_status put_text(frame *f, double x, double y, const char *text, const text_style *style, lots_error *err)
{
    static const text_style plain = {0};
    style = style != NULL ? style : &plain;
    LOTS_TRY(lots_bytes_printf(f->out, err, "<text x=\"%.1f\" y=\"%.1f\"", x, y));
    if (style->anchor != NULL)
        LOTS_TRY(lots_bytes_printf(f->out, err, " text-anchor=\"%s\"", style->anchor));
    if (style->colour != NULL)
        LOTS_TRY(lots_bytes_printf(f->out, err, " fill=\"%s\"", style->colour));
    if (style->size != 0)
        LOTS_TRY(lots_bytes_printf(f->out, err, " font-size=\"%d\"", style->size));
    if (style->bold)
        LOTS_TRY(lots_bytes_printf(f->out, err, " font-weight=\"600\""));
    if (style->turn != 0)
        LOTS_TRY(lots_bytes_printf(f->out, err, " transform=\"rotate(%d %.1f %.1f)\"", style->turn, x, y));
    LOTS_TRY(lots_bytes_append(f->out, ">", 1, err));
    LOTS_TRY(put_escaped(f, text, style->columns == 0 ? UINT32_MAX : style->columns, err));
    return lots_bytes_printf(f->out, err, "</text>\n");
}

/* ---- places ---- */

static double x_at(const frame *f, double x) { return f->left + lots_plot_at(&f->plot->x, x) * (f->right - f->left); }
static double y_at(const frame *f, double y) { return f->bottom - lots_plot_at(&f->plot->y, y) * (f->bottom - f->top); }

static double widest_tick(const lots_plot_axis *axis)
{
    double widest = 0;
    for (uint32_t i = 0; i < axis->tick_count; i++) {
        double width = axis->ticks[i].label == NULL ? 0 : width_of(axis->ticks[i].label, LABEL_COLUMNS);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static double legend_width(const lots_plot_series *series) { return 42 + width_of(series->name, LEGEND_COLUMNS); }

/* Where an entry of the legend stands; walks on. */
static void legend_place(const frame *f, double width, double *x, uint32_t *line)
{
    if (*x > f->left && *x + width > LOTS_SVG_WIDTH - 10) {
        *x = f->left;
        ++*line;
    }
}

static uint32_t count_legend(const frame *f)
{
    double x = f->left;
    uint32_t line = 0;
    bool any = false;
    for (uint32_t i = 0; i < f->plot->series_count; i++) {
        if (f->plot->series[i].name == NULL)
            continue;
        legend_place(f, legend_width(&f->plot->series[i]), &x, &line);
        x += legend_width(&f->plot->series[i]);
        any = true;
    }
    return any || f->plot->signal_name != NULL ? line + 1 : 0;
}

/* Bytes of a note's next line: as many words as fit, at least something. */
static size_t note_line(const char *note)
{
    size_t end = 0, bytes = strlen(note);
    for (size_t i = 1; i <= bytes && i < NOTE_BYTES; i++)
        if ((note[i] == ' ' || note[i] == '\0') && (end == 0 || lots_text_width(note, i) <= NOTE_COLUMNS))
            end = i;
    return end != 0 ? end : bytes < NOTE_BYTES ? bytes : NOTE_BYTES - 1;
}

static uint32_t count_note_lines(const lots_plot *plot)
{
    uint32_t lines = 0;
    for (uint32_t i = 0; i < plot->note_count; i++)
        for (const char *note = plot->notes[i]; *note != '\0'; lines++) {
            size_t end = note_line(note);
            note += end + (note[end] == ' ');
        }
    return lines;
}

static uint32_t under_height(const lots_plot *plot) { return plot->under_count == 0 ? 0 : (plot->under_count + 1) * LINE_HEIGHT + 6; }

static double widest_under(const lots_plot *plot)
{
    double widest = 0;
    for (uint32_t i = 0; i < plot->under_count; i++) {
        double width = plot->under[i].name == NULL ? 0 : width_of(plot->under[i].name, UNDER_COLUMNS);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void measure(frame *f)
{
    const lots_plot *plot = f->plot;
    double end = 0, widest = widest_tick(&plot->x);
    for (uint32_t i = 0; i < plot->series_count; i++)
        if (plot->series[i].end_text != NULL && width_of(plot->series[i].end_text, LABEL_COLUMNS) > end)
            end = width_of(plot->series[i].end_text, LABEL_COLUMNS);
    f->left = 22 + widest_tick(&plot->y);
    f->left = f->left < widest_under(plot) + 28 ? widest_under(plot) + 28 : f->left; /* names stand left of their numbers */
    f->right = LOTS_SVG_WIDTH - 22 - end;
    f->legend_lines = count_legend(f);
    f->top = 62 + f->legend_lines * LINE_HEIGHT;
    f->bottom = f->top + PLOT_HEIGHT;
    double each = plot->x.tick_count == 0 ? 1e9 : (f->right - f->left) / plot->x.tick_count;
    f->slanted = plot->x.labels && widest + 8 > each;
    f->label_step = 1;
    while (f->slanted && each * f->label_step < TEXT_SIZE * 1.6)
        f->label_step++;
    double under = f->slanted ? 22 + widest * 0.71 : 26;
    if (f->slanted && f->left < widest * 0.71 - each / 2)
        f->left = widest * 0.71 - each / 2 + 6;
    f->height = (uint32_t)(f->bottom + under + 28 + under_height(plot) + count_note_lines(plot) * (LINE_HEIGHT - 2) + (plot->note_count > 0 ? 8 : 0));
}

/* ---- the frame ---- */

static lots_status put_head(frame *f, uint32_t number, int top, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(f->out, err, "<svg"));
    if (top < 0)
        LOTS_TRY(lots_bytes_printf(f->out, err, " xmlns=\"http://www.w3.org/2000/svg\""));
    else
        LOTS_TRY(lots_bytes_printf(f->out, err, " y=\"%d\"", top));
    LOTS_TRY(lots_bytes_printf(f->out, err, " width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\" role=\"img\" "
                                            "aria-labelledby=\"chart-%u-title chart-%u-desc\" font-family=\"system-ui, "
                                            "'DejaVu Sans', sans-serif\" font-size=\"%d\" fill=\"%s\">\n",
                               (int)LOTS_SVG_WIDTH, f->height, (int)LOTS_SVG_WIDTH, f->height, number, number,
                               (int)TEXT_SIZE, ink));
    LOTS_TRY(lots_bytes_printf(f->out, err, "<title id=\"chart-%u-title\">", number));
    LOTS_TRY(put_escaped(f, f->plot->title, UINT32_MAX, err));
    LOTS_TRY(lots_bytes_printf(f->out, err, "</title>\n<desc id=\"chart-%u-desc\">", number));
    LOTS_TRY(put_escaped(f, f->plot->description, UINT32_MAX, err));
    LOTS_TRY(lots_bytes_printf(f->out, err, "</desc>\n<rect width=\"%d\" height=\"%u\" fill=\"#ffffff\"/>\n", (int)LOTS_SVG_WIDTH,
                               f->height));
    return put_text(f, f->left, 24, f->plot->title, &(text_style){.size = TITLE_SIZE, .bold = true, .columns = 80}, err);
}

static lots_status put_line(frame *f, double x1, double y1, double x2, double y2, const char *colour, lots_error *err)
{
    return lots_bytes_printf(f->out, err, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\"/>\n", x1, y1, x2, y2, colour);
}

static lots_status put_y_axis(frame *f, lots_error *err)
{
    const lots_plot_axis *axis = &f->plot->y;
    LOTS_TRY(put_text(f, f->left, f->top - 12, axis->title, &(text_style){.colour = faint, .columns = 90}, err));
    for (uint32_t i = 0; i < axis->tick_count; i++) {
        double y = y_at(f, axis->ticks[i].at);
        LOTS_TRY(put_line(f, f->left, y, f->right, y, axis->ticks[i].at == 0 ? faint : grid, err));
        LOTS_TRY(put_text(f, f->left - 8, y + 4, axis->ticks[i].label, &(text_style){.anchor = "end"}, err));
    }
    return LOTS_OK;
}

static lots_status put_x_label(frame *f, double x, const char *label, lots_error *err)
{
    if (f->slanted)
        return put_text(f, x + 4, f->bottom + 16, label,
                        &(text_style){.anchor = "end", .turn = -45, .columns = LABEL_COLUMNS}, err);
    return put_text(f, x, f->bottom + 20, label, &(text_style){.anchor = "middle", .columns = LABEL_COLUMNS}, err);
}

static lots_status put_x_axis(frame *f, lots_error *err)
{
    const lots_plot_axis *axis = &f->plot->x;
    double widest = widest_tick(axis), taken = -1e9;
    LOTS_TRY(put_line(f, f->left, f->bottom, f->right, f->bottom, faint, err));
    for (uint32_t i = 0; i < axis->tick_count; i += f->label_step) {
        double x = x_at(f, axis->ticks[i].at), half = width_of(axis->ticks[i].label, LABEL_COLUMNS) / 2;
        LOTS_TRY(put_line(f, x, f->bottom, x, f->bottom + 5, faint, err));
        if (!axis->labels && x - half < taken + 6)
            continue; /* no two labels on one another */
        LOTS_TRY(put_x_label(f, x, axis->ticks[i].label, err));
        taken = x + half;
    }
    return put_text(f, (f->left + f->right) / 2, f->bottom + (f->slanted ? 36 + widest * 0.71 : 42), axis->title,
                    &(text_style){.anchor = "middle", .colour = faint, .columns = 90}, err);
}

/* ---- series ---- */

static const char *colour_of(const lots_plot_series *series)
{
    switch (series->role) {
    case LOTS_PLOT_CENTRE: return ink;
    case LOTS_PLOT_LIMIT:
    case LOTS_PLOT_NEAR:
    case LOTS_PLOT_EQUALITY: return faint;
    default: return colours[series->number % COLOURS];
    }
}

static const char *dash_of(const lots_plot_series *series)
{
    if (series->role == LOTS_PLOT_LIMIT)
        return dashes[1];
    if (series->role == LOTS_PLOT_NEAR || series->role == LOTS_PLOT_EQUALITY)
        return dashes[2];
    return dashes[series->number / COLOURS % DASHES];
}

static lots_status put_path(frame *f, const lots_plot_series *series, lots_error *err)
{
    bool any = false;
    for (uint32_t i = 0; i < series->count && !any; i++)
        any = series->points[i].joined;
    if (!any)
        return LOTS_OK;
    LOTS_TRY(lots_bytes_printf(f->out, err, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\"%s d=\"",
                               colour_of(series), series->role == LOTS_PLOT_LINE || series->role == LOTS_PLOT_STEPS ? "2" : "1.2", dash_of(series)));
    for (uint32_t i = 0; i < series->count; i++)
        LOTS_TRY(lots_bytes_printf(f->out, err, "%s%.1f %.1f", series->points[i].joined ? "L" : "M",
                                   x_at(f, series->points[i].x), y_at(f, series->points[i].y)));
    return lots_bytes_printf(f->out, err, "\"/>\n");
}

/* A mark with what it says when one points at it. */
static lots_status put_tip(frame *f, const lots_plot_point *point, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(f->out, err, "<title>"));
    LOTS_TRY(put_escaped(f, point->label, 60, err));
    LOTS_TRY(lots_bytes_printf(f->out, err, ": "));
    LOTS_TRY(put_escaped(f, point->value, UINT32_MAX, err));
    return lots_bytes_printf(f->out, err, "</title>");
}

static lots_status put_mark(frame *f, const lots_plot_series *series, const lots_plot_point *point, lots_error *err)
{
    double x = x_at(f, point->x), y = y_at(f, point->y);
    if (point->signal) {
        LOTS_TRY(lots_bytes_printf(f->out, err, "<path d=\"M%.1f %.1fl6 6l-6 6l-6 -6z\" fill=\"%s\" stroke=\"#ffffff\">", x, y - 6,
                                   signal_colour));
        LOTS_TRY(put_tip(f, point, err));
        return lots_bytes_printf(f->out, err, "</path>\n");
    }
    LOTS_TRY(lots_bytes_printf(f->out, err, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\"%s>", x, y,
                               series->role == LOTS_PLOT_POINTS ? "4" : "3.2", colour_of(series),
                               series->role == LOTS_PLOT_POINTS ? " fill-opacity=\"0.75\"" : ""));
    LOTS_TRY(put_tip(f, point, err));
    return lots_bytes_printf(f->out, err, "</circle>\n");
}

/* A step says how far it leads when one points at it; it has no mark to be seen. */
static lots_status put_corner(frame *f, const lots_plot_point *point, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(f->out, err, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"6\" fill-opacity=\"0\">", x_at(f, point->x),
                               y_at(f, point->y)));
    LOTS_TRY(put_tip(f, point, err));
    return lots_bytes_printf(f->out, err, "</circle>\n");
}

/* Signals always, and points that no line leads to; the others while they can be told apart. */
static lots_status put_marks(frame *f, const lots_plot_series *series, lots_error *err)
{
    for (uint32_t i = 0; i < series->count; i++) {
        const lots_plot_point *point = &series->points[i];
        if (series->role == LOTS_PLOT_STEPS) {
            if (point->label != NULL && series->count <= 2 * MARKS_MAX)
                LOTS_TRY(put_corner(f, point, err));
            continue;
        }
        bool alone = !point->joined && (i + 1 == series->count || !series->points[i + 1].joined);
        if (point->signal || alone || series->count <= MARKS_MAX || series->role == LOTS_PLOT_POINTS)
            LOTS_TRY(put_mark(f, series, point, err));
    }
    return LOTS_OK;
}

static lots_status put_bars(frame *f, const lots_plot_series *series, lots_error *err)
{
    double each = (f->right - f->left) / (f->plot->x.tick_count == 0 ? 1 : f->plot->x.tick_count);
    double width = each * 0.72 > 90 ? 90 : each * 0.72, zero = y_at(f, 0);
    for (uint32_t i = 0; i < series->count; i++) {
        double y = y_at(f, series->points[i].y), top = y < zero ? y : zero;
        LOTS_TRY(lots_bytes_printf(f->out, err, "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"%s\">",
                                   x_at(f, series->points[i].x) - width / 2, top, width, fabs(zero - y), colours[0]));
        LOTS_TRY(put_tip(f, &series->points[i], err));
        LOTS_TRY(lots_bytes_printf(f->out, err, "</rect>\n"));
        if (each >= width_of(series->points[i].value, LABEL_COLUMNS) + 6)
            LOTS_TRY(put_text(f, x_at(f, series->points[i].x), y < zero || series->points[i].y >= 0 ? top - 5 : y + 14,
                              series->points[i].value, &(text_style){.anchor = "middle", .columns = LABEL_COLUMNS}, err));
    }
    return LOTS_OK;
}

static bool is_data(lots_plot_role role)
{
    return role == LOTS_PLOT_POINTS || role == LOTS_PLOT_LINE || role == LOTS_PLOT_STEPS || role == LOTS_PLOT_BARS;
}

static lots_status put_series(frame *f, lots_error *err)
{
    const lots_plot *plot = f->plot;
    for (uint32_t i = 0; i < plot->series_count; i++) /* computed lines first: points stand on them */
        if (!is_data(plot->series[i].role))
            LOTS_TRY(put_path(f, &plot->series[i], err));
    for (uint32_t i = 0; i < plot->series_count; i++) {
        const lots_plot_series *series = &plot->series[i];
        if (series->role == LOTS_PLOT_BARS) {
            LOTS_TRY(put_bars(f, series, err));
        } else if (is_data(series->role)) {
            LOTS_TRY(put_path(f, series, err));
            LOTS_TRY(put_marks(f, series, err));
        }
    }
    return LOTS_OK;
}

/* ---- texts at points ---- */

/* Levels say their number at the right end, each below the one above it. */
static lots_status put_ends(frame *f, lots_error *err)
{
    double taken = -1e9, written = -1e9;
    for (;;) {
        const lots_plot_series *next = NULL;
        double best = 0;
        for (uint32_t i = 0; i < f->plot->series_count; i++) {
            const lots_plot_series *series = &f->plot->series[i];
            double y = series->end_text == NULL ? 0 : y_at(f, series->points[series->count - 1].y);
            if (series->end_text == NULL || y <= taken || (next != NULL && y >= best))
                continue;
            next = series;
            best = y;
        }
        if (next == NULL)
            return LOTS_OK;
        written = best < written + TEXT_SIZE ? written + TEXT_SIZE : best;
        LOTS_TRY(put_text(f, f->right + 6, written + 4, next->end_text, &(text_style){.colour = colour_of(next)}, err));
        taken = best;
    }
}

typedef struct box {
    double left, right, top, bottom;
} box;

static bool meets(const box *a, const box *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

/* The place of a point's name: to its right, its left, above or below; false when it would stand on another name or mark. */
static bool find_room(const frame *f, const lots_plot_series *series, uint32_t at, const box *taken, uint32_t named, int side,
                      box *out)
{
    double x = x_at(f, series->points[at].x), y = y_at(f, series->points[at].y);
    double width = width_of(series->points[at].label, LABEL_COLUMNS);
    double left = side == 0 ? x + 10 : side == 1 ? x - 10 - width : x - width / 2;
    double base = side == 2 ? y - 10 : side == 3 ? y + 20 : y + 4;
    *out = (box){left, left + width, base - TEXT_SIZE + 2, base + 2};
    bool room = out->right <= LOTS_SVG_WIDTH && out->left >= f->left && out->bottom < f->bottom + 6;
    for (uint32_t k = 0; k < named && room; k++)
        room = !meets(out, &taken[k]);
    for (uint32_t k = 0; k < series->count && room; k++) {
        double mark_x = x_at(f, series->points[k].x), mark_y = y_at(f, series->points[k].y);
        box mark = {mark_x - 5, mark_x + 5, mark_y - 5, mark_y + 5};
        room = k == at || !meets(out, &mark);
    }
    return room;
}

/* The units outside of a funnel's limits, as far as their names find room. */
static lots_status put_units(frame *f, const lots_plot_series *series, lots_error *err)
{
    box taken[NAMED_MAX], own;
    uint32_t named = 0, tried = 0;
    for (uint32_t i = 0; i < series->count && named < NAMED_MAX && tried < TRIED_MAX; i++) {
        int side = 0;
        if (!series->points[i].signal)
            continue;
        tried++;
        while (side < 4 && !find_room(f, series, i, taken, named, side, &own))
            side++;
        if (side == 4)
            continue;
        taken[named++] = own;
        LOTS_TRY(put_text(f, side == 1 ? own.right : own.left, own.bottom - 2, series->points[i].label,
                          &(text_style){.anchor = side == 1 ? "end" : NULL, .columns = LABEL_COLUMNS}, err));
    }
    return LOTS_OK;
}

/* ---- legend and notes ---- */

static lots_status put_legend(frame *f, lots_error *err)
{
    double x = f->left;
    uint32_t line = 0;
    for (uint32_t i = 0; i < f->plot->series_count; i++) {
        const lots_plot_series *series = &f->plot->series[i];
        if (series->name == NULL)
            continue;
        legend_place(f, legend_width(series), &x, &line);
        double y = 44 + line * LINE_HEIGHT;
        LOTS_TRY(lots_bytes_printf(f->out, err, "<path d=\"M%.1f %.1fh20\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", x, y - 4, colour_of(series),
                                   dash_of(series)));
        LOTS_TRY(put_text(f, x + 25, y, series->name, &(text_style){.columns = LEGEND_COLUMNS}, err));
        x += legend_width(series);
    }
    if (f->plot->signal_name == NULL)
        return LOTS_OK;
    double y = 44 + line * LINE_HEIGHT;
    LOTS_TRY(lots_bytes_printf(f->out, err, "<path d=\"M%.1f %.1fl6 6l-6 6l-6 -6z\" fill=\"%s\"/>\n", x + 8, y - 10, signal_colour));
    return put_text(f, x + 20, y, f->plot->signal_name, NULL, err);
}

static lots_status put_note(frame *f, const char *note, double *y, lots_error *err)
{
    char line[NOTE_BYTES];
    while (*note != '\0') {
        size_t end = note_line(note);
        memcpy(line, note, end);
        line[end] = '\0';
        LOTS_TRY(put_text(f, f->left, *y, line, &(text_style){.colour = faint, .size = 11}, err));
        *y += LINE_HEIGHT - 2;
        note += end + (note[end] == ' ');
    }
    return LOTS_OK;
}

/* Numbers under the axis, each below the place it holds for, as many as find room. */
static lots_status put_under(frame *f, double y, lots_error *err)
{
    const lots_plot *plot = f->plot;
    if (plot->under_count == 0)
        return LOTS_OK;
    LOTS_TRY(put_text(f, 12, y, plot->under_title, &(text_style){.colour = faint, .size = 11}, err));
    for (uint32_t i = 0; i < plot->under_count; i++) {
        const lots_plot_under *under = &plot->under[i];
        double taken = -1e9;
        y += LINE_HEIGHT;
        for (uint32_t k = 0; k < under->count; k++) {
            double x = x_at(f, under->numbers[k].at), half = width_of(under->numbers[k].label, LABEL_COLUMNS) / 2;
            if (x - half < taken + 30)
                continue;
            LOTS_TRY(put_text(f, x, y, under->numbers[k].label, &(text_style){.anchor = "middle", .size = 11}, err));
            taken = x + half;
        }
        double first = under->count == 0 ? 0 : width_of(under->numbers[0].label, LABEL_COLUMNS) / 2;
        if (under->name != NULL)
            LOTS_TRY(put_text(f, f->left - 8 - first, y, under->name,
                              &(text_style){.anchor = "end", .colour = faint, .size = 11, .columns = UNDER_COLUMNS}, err));
    }
    return LOTS_OK;
}

static lots_status put_rest(frame *f, lots_error *err)
{
    const lots_plot *plot = f->plot;
    double y = f->bottom + (f->slanted ? 60 + widest_tick(&plot->x) * 0.71 : 66);
    LOTS_TRY(put_legend(f, err));
    LOTS_TRY(put_ends(f, err));
    LOTS_TRY(put_under(f, y, err));
    y += under_height(plot);
    if (plot->kind == LOTS_CHART_FUNNEL && plot->series_count > 0)
        LOTS_TRY(put_units(f, &plot->series[0], err));
    if (plot->nothing != NULL)
        LOTS_TRY(put_text(f, (f->left + f->right) / 2, (f->top + f->bottom) / 2, plot->nothing,
                          &(text_style){.anchor = "middle", .colour = faint, .size = TITLE_SIZE}, err));
    for (uint32_t i = 0; i < plot->note_count; i++)
        LOTS_TRY(put_note(f, plot->notes[i], &y, err));
    return lots_bytes_printf(f->out, err, "</svg>\n");
}

lots_status lots_svg_write(const lots_plot *plot, uint32_t number, int top, lots_bytes *out, uint32_t *height, lots_error *err)
{
    frame f = {.plot = plot, .out = out};
    measure(&f);
    if (height != NULL)
        *height = f.height;
    LOTS_TRY(put_head(&f, number, top, err));
    LOTS_TRY(put_y_axis(&f, err));
    LOTS_TRY(put_x_axis(&f, err));
    LOTS_TRY(put_series(&f, err));
    return put_rest(&f, err);
}
