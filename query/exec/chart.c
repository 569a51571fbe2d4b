/* chart.c: see chart.h. */
#include "query/exec/chart.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/vec.h"
#include "query/exec/chart_control.h"
#include "query/exec/evidence.h"
#include "query/exec/sort.h"

/* ---- cells ---- */

bool lots_chart_is_hidden(const lots_result_column *column, uint32_t row)
{
    return column->marks != NULL && column->marks[row] != LOTS_MARK_SHOWN && column->marks[row] != LOTS_MARK_TOTAL;
}

bool lots_chart_number(const lots_result_column *column, uint32_t row, double *out)
{
    const lots_vector *values = &column->values;
    double scale = 1;
    if ((column->marks != NULL && column->marks[row] != LOTS_MARK_SHOWN) || lots_vector_is_missing(values, row))
        return false;
    row = values->constant ? 0 : row;
    switch (values->type.kind) {
    case LOTS_TYPE_DECIMAL:
        for (unsigned i = 0; i < values->type.scale; i++)
            scale *= 10;
        *out = (double)((const int64_t *)values->data)[row] / scale;
        return true;
    case LOTS_TYPE_INT:
    case LOTS_TYPE_DAYS:
    case LOTS_TYPE_MONTHS: *out = (double)((const int64_t *)values->data)[row]; return true;
    case LOTS_TYPE_FLOAT: *out = ((const double *)values->data)[row]; return isfinite(*out);
    case LOTS_TYPE_DATE: *out = ((const int32_t *)values->data)[row]; return true;
    case LOTS_TYPE_INTERVAL:
        *out = ((const int32_t *)values->data)[row];
        return *out > LOTS_DAY_MIN && *out < LOTS_DAY_MAX; /* an open one begins nowhere */
    default: return false;
    }
}

lots_status lots_chart_note(lots_result *result, lots_vec *notes, lots_error *err, const char *format, ...)
{
    char text[256], *copy = NULL;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    LOTS_TRY(lots_arena_text(&result->arena, &copy, text, strlen(text), err));
    return lots_vec_push(notes, &copy, err);
}

/* ---- order ---- */

static bool has_places(lots_type_kind kind) /* on an axis of numbers or days */
{
    return kind == LOTS_TYPE_INT || kind == LOTS_TYPE_DECIMAL || kind == LOTS_TYPE_FLOAT || kind == LOTS_TYPE_DAYS ||
           kind == LOTS_TYPE_MONTHS || kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_INTERVAL;
}

/* A row of `with totals` beside the groups it is made of. */
static bool is_total(const lots_result *result, uint32_t row)
{
    for (uint32_t i = 0; i < result->column_count; i++)
        if (result->columns[i].marks != NULL && result->columns[i].marks[row] == LOTS_MARK_TOTAL)
            return true;
    return false;
}

/* By series and place; without totals. */
static lots_status sorted_rows(const lots_bound_pipeline *pipeline, const lots_result *result, const lots_chart *chart,
                               lots_arena *arena, uint32_t **out, uint32_t *out_count, lots_error *err)
{
    lots_vector keys[2];
    const lots_expr *labels[2];
    const bool descending[2] = {false, false};
    uint32_t columns[2], count = 0;
    if (chart->by != LOTS_CHART_NONE)
        columns[count++] = chart->by;
    columns[count++] = chart->x;
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = result->columns[columns[i]].values;
        labels[i] = pipeline->columns[columns[i]].value;
    }
    LOTS_TRY(lots_sort_rows(keys, descending, labels, count, result->rows, arena, out, err));
    *out_count = 0;
    for (uint32_t i = 0; i < result->rows; i++)
        if (!is_total(result, (*out)[i]))
            (*out)[(*out_count)++] = (*out)[i];
    return LOTS_OK;
}

static bool same_cell(const lots_result_column *column, uint32_t a, uint32_t b)
{
    return lots_vector_compare(&column->values, a, &column->values, b) == 0;
}

static lots_status refuse_twins(const lots_bound_chart *bound, const lots_result *result, const lots_chart *chart,
                                const uint32_t *order, uint32_t count, lots_error *err)
{
    for (uint32_t i = 1; i < count; i++) {
        if (!same_cell(&result->columns[chart->x], order[i - 1], order[i]) ||
            (chart->by != LOTS_CHART_NONE && !same_cell(&result->columns[chart->by], order[i - 1], order[i])))
            continue;
        lots_status status = lots_ast_fail(err, bound->span, "several rows have the same '%s': a point of this chart would "
                                                             "stand over another",
                                           result->columns[chart->x].name);
        lots_error_hint(err, chart->kind == LOTS_CHART_LINE ? "draw a line for each: line(x, y by series)"
                                                            : "group by that column alone");
        return status;
    }
    return LOTS_OK;
}

/* Labels stand as the rows do; those of several series in the order of their values, each once. */
static lots_status place_labels(const lots_bound_pipeline *pipeline, lots_result *result, lots_chart *chart,
                                lots_arena *scratch, lots_error *err)
{
    const lots_chart labels = {.x = chart->x, .by = LOTS_CHART_NONE};
    uint32_t *sorted = NULL, count = 0, place = 0;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, result->rows, sizeof(uint32_t), err));
    chart->place = made;
    chart->place_count = chart->order_count;
    for (uint32_t i = 0; i < chart->order_count; i++)
        chart->place[chart->order[i]] = i;
    if (chart->by == LOTS_CHART_NONE || chart->order_count == 0)
        return LOTS_OK;
    LOTS_TRY(sorted_rows(pipeline, result, &labels, scratch, &sorted, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        place += i > 0 && !same_cell(&result->columns[chart->x], sorted[i - 1], sorted[i]);
        chart->place[sorted[i]] = place;
    }
    chart->place_count = place + 1;
    return LOTS_OK;
}

static void order_as_they_are(const lots_result *result, lots_chart *chart)
{
    chart->order_count = 0;
    for (uint32_t row = 0; row < result->rows; row++)
        if (!is_total(result, row))
            chart->order[chart->order_count++] = row;
}

/* Time goes from left to right; bars, units and categories stay as the query sorted them. */
static lots_status order_rows(const lots_bound_pipeline *pipeline, lots_result *result, lots_chart *chart,
                              lots_arena *scratch, lots_error *err)
{
    uint32_t *sorted = NULL;
    void *made = NULL;
    bool labels = !has_places(result->columns[chart->x].values.type.kind) || chart->kind == LOTS_CHART_BAR;
    bool free_order = chart->kind == LOTS_CHART_BAR || chart->kind == LOTS_CHART_FUNNEL;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, result->rows, sizeof(uint32_t), err));
    chart->order = made;
    LOTS_TRY(sorted_rows(pipeline, result, chart, scratch, &sorted, &chart->order_count, err));
    if (!free_order)
        LOTS_TRY(refuse_twins(pipeline->chart, result, chart, sorted, chart->order_count, err));
    if (free_order || (labels && chart->by == LOTS_CHART_NONE))
        order_as_they_are(result, chart);
    else if (chart->order_count > 0)
        memcpy(chart->order, sorted, chart->order_count * sizeof *sorted);
    return labels && chart->kind != LOTS_CHART_FUNNEL ? place_labels(pipeline, result, chart, scratch, err) : LOTS_OK;
}

/* ---- added columns ---- */

static lots_status add_columns(lots_result *result, lots_chart *chart, lots_error *err)
{
    uint32_t count = 0;
    const char *const *names = lots_chart_added(chart->kind, &count);
    void *made = NULL;
    if (count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, (size_t)result->column_count + count, sizeof(lots_result_column), err));
    lots_result_column *columns = made;
    memcpy(columns, result->columns, result->column_count * sizeof *columns);
    for (uint32_t i = 0; i < count; i++) {
        lots_result_column *column = &columns[result->column_count + i];
        column->name = names[i];
        column->type.kind = strcmp(names[i], "signal") == 0 ? LOTS_TYPE_TEXT : LOTS_TYPE_FLOAT;
        LOTS_TRY(lots_vector_new(&result->arena, &column->type, result->rows, &column->values, err));
        LOTS_TRY(lots_vector_want_missing(&result->arena, &column->values, err));
        lots_bits_fill(column->values.missing, result->rows, true);
        memset(column->values.data, 0, result->rows * lots_type_bytes(column->type.kind));
    }
    uint32_t at = result->column_count;
    bool share = chart->kind != LOTS_CHART_XMR;
    chart->value = share ? at : chart->y;
    at += share ? 2 : 1; /* the centre line stands between */
    chart->lower = at++;
    chart->upper = at++;
    if (chart->kind == LOTS_CHART_FUNNEL) {
        chart->lower_95 = at++;
        chart->upper_95 = at++;
    }
    chart->signal = at;
    result->columns = columns;
    result->column_count += count;
    return LOTS_OK;
}

static void put_number(lots_result_column *column, uint32_t row, double value)
{
    if (!isfinite(value))
        return; /* overflow: there is no such limit */
    ((double *)column->values.data)[row] = value;
    lots_bit_clear(column->values.missing, row);
}

static void put_signal(lots_result_column *column, uint32_t row, lots_signal signal)
{
    const char *text = lots_signal_text(signal);
    if (signal == LOTS_SIGNAL_NONE)
        return;
    ((lots_text *)column->values.data)[row] = (lots_text){text, (uint32_t)strlen(text)};
    lots_bit_clear(column->values.missing, row);
}

/* What rests on a hidden cell is hidden. */
static lots_status hide_added(lots_result *result, uint32_t row, uint32_t from, lots_error *err)
{
    for (uint32_t i = from; i < result->column_count; i++) {
        void *made = NULL;
        if (result->columns[i].marks == NULL) {
            LOTS_TRY(lots_arena_alloc(&result->arena, &made, result->rows, 1, err));
            result->columns[i].marks = made;
        }
        ((uint8_t *)result->columns[i].marks)[row] = LOTS_MARK_WITHHELD;
    }
    return LOTS_OK;
}

static void put_point(lots_result *result, const lots_chart *chart, uint32_t row, const lots_control_point *point)
{
    if (chart->value != chart->y)
        put_number(&result->columns[chart->value], row, point->value);
    put_number(&result->columns[chart->lower - 1], row, chart->centre);
    put_number(&result->columns[chart->lower], row, point->lower);
    put_number(&result->columns[chart->upper], row, point->upper);
    if (chart->lower_95 != LOTS_CHART_NONE) {
        put_number(&result->columns[chart->lower_95], row, point->near_lower);
        put_number(&result->columns[chart->upper_95], row, point->near_upper);
    }
    put_signal(&result->columns[chart->signal], row, point->signal);
}

/* ---- points ---- */

static bool is_row_hidden(const lots_result *result, const lots_chart *chart, uint32_t row)
{
    const uint32_t parts[] = {chart->x, chart->y, chart->n, chart->by};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i] != LOTS_CHART_NONE && lots_chart_is_hidden(&result->columns[parts[i]], row))
            return true;
    return false;
}

static bool take_count(const lots_result_column *column, uint32_t row, int64_t *out)
{
    if (lots_vector_is_missing(&column->values, row))
        return false;
    *out = ((const int64_t *)column->values.data)[column->values.constant ? 0 : row];
    return true;
}

/* False when the row is no point. */
static bool take_point(const lots_result *result, const lots_chart *chart, uint32_t row, lots_control_point *out)
{
    double place = 0;
    const lots_result_column *x = &result->columns[chart->x];
    *out = (lots_control_point){0};
    if (chart->place == NULL && chart->kind != LOTS_CHART_FUNNEL && !lots_chart_number(x, row, &place))
        return false;
    if (chart->n == LOTS_CHART_NONE)
        return lots_chart_number(&result->columns[chart->y], row, &out->value);
    return take_count(&result->columns[chart->y], row, &out->k) && take_count(&result->columns[chart->n], row, &out->n) &&
           out->n > 0 && out->k >= 0 && out->k <= out->n;
}

static bool is_control(lots_chart_kind kind)
{
    return kind == LOTS_CHART_PCHART || kind == LOTS_CHART_XMR || kind == LOTS_CHART_FUNNEL;
}

static void compute_limits(lots_chart *chart, lots_control_point *points, uint32_t count)
{
    chart->centre = chart->kind == LOTS_CHART_XMR      ? lots_control_xmr(points, count)
                    : chart->kind == LOTS_CHART_PCHART ? lots_control_p(points, count)
                                                       : lots_control_funnel(points, count);
    chart->has_centre = count > 0 && isfinite(chart->centre);
    chart->trial = chart->kind != LOTS_CHART_FUNNEL && count > 0 && count < LOTS_CONTROL_LOCKED;
}

/* The points in order; limits and signals of those that are drawn. */
static lots_status make_points(lots_result *result, lots_chart *chart, uint32_t before, lots_arena *scratch, lots_error *err)
{
    void *made = NULL, *rows = NULL;
    uint32_t count = 0;
    bool follows = false;
    LOTS_TRY(lots_arena_alloc(scratch, &made, result->rows, sizeof(lots_control_point), err));
    LOTS_TRY(lots_arena_alloc(scratch, &rows, result->rows, sizeof(uint32_t), err));
    lots_control_point *points = made;
    for (uint32_t i = 0; i < chart->order_count; i++) {
        uint32_t row = chart->order[i];
        bool hidden = is_row_hidden(result, chart, row), good = !hidden && take_point(result, chart, row, &points[count]);
        chart->hidden += hidden;
        chart->left_out += !hidden && !good;
        if (hidden)
            LOTS_TRY(hide_added(result, row, before, err));
        if (good) {
            points[count].follows = follows;
            ((uint32_t *)rows)[count++] = row;
        }
        follows = good;
    }
    if (!is_control(chart->kind))
        return LOTS_OK;
    compute_limits(chart, points, count);
    for (uint32_t i = 0; i < count; i++)
        put_point(result, chart, ((const uint32_t *)rows)[i], &points[i]);
    return LOTS_OK;
}

static lots_status say_notes(lots_result *result, const lots_chart *chart, lots_vec *notes, lots_error *err)
{
    const char *name = lots_chart_name(chart->kind);
    if (chart->hidden > 0)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart %s: %u of %u points %s hidden and not drawn%s", name,
                                 chart->hidden, chart->order_count, chart->hidden == 1 ? "is" : "are",
                                 is_control(chart->kind) ? "; limits rest on the others" : ""));
    if (chart->left_out > 0)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart %s: %u of %u points not drawn: a value is missing%s", name,
                                 chart->left_out, chart->order_count,
                                 chart->n != LOTS_CHART_NONE ? ", or the first count is no part of the second" : ""));
    if (chart->trial)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart %s: limits of fewer than %u points are trial limits", name,
                                 LOTS_CONTROL_LOCKED));
    if (chart->order_count < result->rows)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart %s: totals are not drawn", name));
    if (chart->kind == LOTS_CHART_FUNNEL)
        LOTS_TRY(lots_chart_note(result, notes, err, "chart funnel: not adjusted: the units' patients may differ in age, sex "
                                                     "and health"));
    return LOTS_OK;
}

lots_status lots_chart_make(const lots_bound_pipeline *pipeline, lots_result *result, lots_pool *pool, lots_arena *scratch,
                            lots_vec *notes, lots_error *err)
{
    const lots_bound_chart *bound = pipeline->chart;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&result->arena, &made, 1, sizeof(lots_chart), err));
    lots_chart *chart = made;
    *chart = (lots_chart){.kind = bound->kind, .x = bound->x, .y = bound->y, .n = bound->n, .by = bound->by,
                          .value = bound->y, .lower = LOTS_CHART_NONE, .upper = LOTS_CHART_NONE,
                          .cause = LOTS_CHART_NONE, .at_risk = LOTS_CHART_NONE, .lower_95 = LOTS_CHART_NONE, .upper_95 = LOTS_CHART_NONE, .signal = LOTS_CHART_NONE};
    result->chart = chart;
    if (chart->kind == LOTS_CHART_LORENZ)
        return lots_chart_lorenz(result, chart, pool, scratch, notes, err);
    if (lots_chart_takes_rows(chart->kind))
        return lots_chart_survival(pipeline, result, chart, scratch, notes, err);
    uint32_t before = result->column_count;
    LOTS_TRY(order_rows(pipeline, result, chart, scratch, err));
    LOTS_TRY(add_columns(result, chart, err));
    LOTS_TRY(make_points(result, chart, before, scratch, err));
    return say_notes(result, chart, notes, err);
}
