/* plot.h: a chart as a picture without a medium: titles, axes with their ticks, series of points, notes; what SVG and the
 * terminal both draw. All numbers are already as axes have them, all texts in the reader's language, not yet escaped.
 * Nothing here depends on the machine: ticks come from additions and multiplications by ten.
 * Callers: svg.c, text_chart.c, output.c, document.c. */
#ifndef LOTS_OUT_PLOT_H
#define LOTS_OUT_PLOT_H

#include "query/exec/chart.h"
#include "query/out/output.h"

#define LOTS_PLOT_SERIES_MAX 21u /* colours times kinds of lines */

typedef enum lots_plot_role {
    LOTS_PLOT_POINTS,  /* marks alone */
    LOTS_PLOT_LINE,    /* joined marks */
    LOTS_PLOT_STEPS,   /* a line that has a point at each of its corners; marks only at those with a label */
    LOTS_PLOT_BARS,
    LOTS_PLOT_CENTRE,
    LOTS_PLOT_LIMIT,   /* 3 sigma, 99.8% */
    LOTS_PLOT_NEAR,    /* 95% */
    LOTS_PLOT_EQUALITY /* of a Lorenz curve */
} lots_plot_role;

typedef struct lots_plot_point {
    double x, y;
    bool joined;       /* by a line to the point before */
    bool signal;
    const char *label; /* what it stands over: 2023-01, u1; NULL on computed lines */
    const char *value; /* y in words, with its signal; likewise */
} lots_plot_point;

typedef struct lots_plot_series {
    lots_plot_role role;
    const char *name;     /* for the legend; NULL: not there */
    const char *end_text; /* stands at its right end; NULL */
    uint32_t number;      /* of lines beside one another: colour and dashes */
    lots_plot_point *points;
    uint32_t count;
} lots_plot_series;

typedef struct lots_plot_tick {
    double at;
    const char *label;
} lots_plot_tick;

typedef struct lots_plot_axis {
    const char *title;
    double low, high; /* low < high, both finite */
    bool labels;      /* ticks are labels at 0, 1, 2, …: all of them, which may be many */
    lots_plot_tick *ticks;
    uint32_t tick_count;
} lots_plot_axis;

/* Numbers under the axis, as how many are at risk. */
typedef struct lots_plot_under {
    const char *name; /* NULL: of all */
    lots_plot_tick *numbers;
    uint32_t count;
} lots_plot_under;

typedef struct lots_plot {
    lots_arena arena; /* owns all below */
    lots_chart_kind kind;
    const char *title, *description; /* the second a sentence or two for who can't see it */
    const char *signal_name;         /* for the legend, when there are signals */
    const char *nothing;             /* stands in the place of the points when there are none; NULL when there are */
    lots_plot_axis x, y;
    lots_plot_series *series;
    uint32_t series_count;
    const char *under_title;
    lots_plot_under *under;
    uint32_t under_count;
    const char **notes;
    uint32_t note_count;
} lots_plot;

/* Of a result with a chart. *out is to be freed, also after a failure. Errors: LOTS_MEMORY, LOTS_LIMIT. */
LOTS_MUST lots_status lots_plot_make(const lots_result *result, const lots_output_options *options, lots_plot *out,
                                     lots_error *err);
void lots_plot_free(lots_plot *plot);
/* Where a value stands between the ends of its axis: 0..1. Exact enough for any two finite ends. */
double lots_plot_at(const lots_plot_axis *axis, double value);

/* ---- plot_axis.c ---- */
typedef enum lots_plot_scale { LOTS_SCALE_NUMBER, LOTS_SCALE_SHARE, LOTS_SCALE_DAY } lots_plot_scale;

/* Set the axis to hold low..high (in any case finite; equal ends are widened) with about `wanted` ticks at round places.
 *   to_ticks   let it end at ticks
 * Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_plot_scale_axis(lots_plot_axis *axis, lots_plot_scale scale, double low, double high,
                                           uint32_t wanted, bool to_ticks, bool swedish, lots_arena *arena, lots_error *err);
/* A number for people: `decimals` of them (shares in percent), groups of three digits from 10 000 on. */
LOTS_MUST lots_status lots_plot_number(double value, int decimals, bool share, bool swedish, lots_arena *arena,
                                       const char **out, lots_error *err);

#endif
