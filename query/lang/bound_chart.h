/* bound_chart.h: a chart as the binder leaves it: its kind, and which columns of the result it draws. Plain data, part of
 * bound.h's tree. What a chart computes (limits, signals) it adds to the result as further columns, whose names are fixed
 * here, so that every format has what is drawn. */
#ifndef LOTS_QUERY_BOUND_CHART_H
#define LOTS_QUERY_BOUND_CHART_H

#include "query/lang/ast.h"

/* X(KIND, name, how it is written) */
#define LOTS_CHART_LIST(X)                                         \
    X(LINE, "line", "line(x, y), or line(x, y by series)")         \
    X(BAR, "bar", "bar(x, y)")                                     \
    X(LORENZ, "lorenz", "lorenz(x)")                               \
    X(KM, "km", "km(t, event), or km(t, event by group)")          \
    X(CIF, "cif", "cif(t, state), or cif(t, state by group)")      \
    X(PCHART, "pchart", "pchart(k, n by t)")                       \
    X(XMR, "xmr", "xmr(y by t)")                                   \
    X(FUNNEL, "funnel", "funnel(k, n by unit)")

typedef enum lots_chart_kind {
#define X(name, text, form) LOTS_CHART_##name,
    LOTS_CHART_LIST(X)
#undef X
        LOTS_CHART_COUNT
} lots_chart_kind;

#define LOTS_CHART_NONE UINT32_MAX
#define LOTS_CHART_ADDED_MAX 7u

/* Numbers of columns of the result; LOTS_CHART_NONE where a kind has no such part. */
typedef struct lots_bound_chart {
    lots_chart_kind kind;
    lots_ast_span span;
    uint32_t x; /* what the points stand over: x, t or the unit */
    uint32_t y; /* y; k of PCHART and FUNNEL; the value of LORENZ; the event or state of KM and CIF */
    uint32_t n; /* PCHART, FUNNEL */
    uint32_t by; /* the series of LINE; the groups of KM and CIF */
} lots_bound_chart;

const char *lots_chart_name(lots_chart_kind kind);
/* LORENZ, KM and CIF make points of rows of persons: a result of their own, as of aggregates. */
bool lots_chart_takes_rows(lots_chart_kind kind);
/* The columns a kind adds to the result; of those that take rows the last of their own. */
const char *const *lots_chart_added(lots_chart_kind kind, uint32_t *count);

#endif
