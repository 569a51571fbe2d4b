/* bind_chart_rows.c: charts that make points of rows of persons: Lorenz, survival and incidence curves. What goes in are the
 * chart's values, one row a person, event or episode; what comes out is a result as of aggregates, that needs no purpose:
 * exec/chart_lorenz.c and chart_survival.c see to it that no point tells of a person. See bind_stage.h. */
#include <string.h>

#include "query/lang/bind_stage.h"

/* The next column that goes into the chart. */
static lots_status put_column(binder *b, const lots_ast_node *node, lots_expr *expr, lots_vec *items, lots_vec *columns,
                              uint32_t *out)
{
    lots_named_expr column = {.slot = UINT32_MAX};
    lots_ast_item item = {.value = (lots_ast_node *)node, .span = node->span};
    LOTS_TRY(bind_item_name(b, &item, &column.name));
    if (expr->op != LOTS_OP_SLOT)
        LOTS_TRY(bind_derived(b, column.name, expr, items, &expr));
    column.value = expr;
    *out = (uint32_t)columns->count;
    return lots_vec_push(columns, &column, b->err);
}

static lots_status lorenz_columns(binder *b, const lots_ast_call *call, lots_vec *items, lots_vec *columns,
                                  lots_bound_chart *chart)
{
    lots_expr *expr = NULL;
    LOTS_TRY(bind_scalar(b, b->pipeline->where, call->args[0].value, &expr));
    if (!lots_type_is_number(&expr->type) && expr->type.kind != LOTS_TYPE_DAYS)
        return bind_wrong_type(b, expr, "a number to draw");
    return put_column(b, call->args[0].value, expr, items, columns, &chart->y);
}

/* How the time ended: a condition for km, a state for cif. */
static lots_status bind_exit(binder *b, const lots_ast_node *node, lots_chart_kind kind, lots_expr **out)
{
    LOTS_TRY(bind_scalar(b, b->pipeline->where, node, out));
    lots_type_kind type = (*out)->type.kind;
    bool state = type == LOTS_TYPE_TEXT || type == LOTS_TYPE_CATEGORY;
    if (kind == LOTS_CHART_KM ? type == LOTS_TYPE_BOOL : state)
        return LOTS_OK;
    lots_status status = bind_wrong_type(b, *out, kind == LOTS_CHART_KM ? "a condition" : "a state (a text or a category)");
    if (kind == LOTS_CHART_KM && state)
        lots_error_hint(b->err, "as in state = 'dead'; causes that compete are drawn by cif(t, state)");
    else if (type == LOTS_TYPE_BOOL)
        lots_error_hint(b->err, "one kind of event and none that competes is drawn by km(t, event)");
    return status;
}

static lots_status survival_columns(binder *b, const lots_ast_call *call, const lots_ast_node *by, lots_vec *items,
                                    lots_vec *columns, lots_bound_chart *chart)
{
    lots_expr *time = NULL, *exit = NULL, *group = NULL;
    LOTS_TRY(bind_scalar(b, b->pipeline->where, call->args[0].value, &time));
    if (time->type.kind != LOTS_TYPE_DAYS && time->type.kind != LOTS_TYPE_INT)
        return bind_wrong_type(b, time, "a time in days or another whole number");
    LOTS_TRY(bind_exit(b, call->args[1].value, chart->kind, &exit));
    LOTS_TRY(put_column(b, call->args[0].value, time, items, columns, &chart->x));
    LOTS_TRY(put_column(b, call->args[1].value, exit, items, columns, &chart->y));
    if (by == NULL)
        return LOTS_OK;
    LOTS_TRY(bind_scalar(b, b->pipeline->where, by, &group));
    if (group->type.kind == LOTS_TYPE_EVENTS)
        return bind_wrong_type(b, group, "a value");
    return put_column(b, by, group, items, columns, &chart->by);
}

lots_status bind_chart_rows(binder *b, const lots_ast_call *call, const lots_ast_node *by, lots_bound_chart *chart)
{
    pipeline_state *p = b->pipeline;
    lots_vec items = LOTS_VEC(lots_named_expr), columns = LOTS_VEC(lots_named_expr);
    if (p->where->kind != SCOPE_ROWS) {
        lots_status status = lots_ast_fail(b->err, chart->span, "`chart %s` draws rows of persons; these are groups already",
                                           lots_chart_name(chart->kind));
        lots_error_hint(b->err, "draw it of the rows before `group by`");
        return status;
    }
    lots_status status = chart->kind == LOTS_CHART_LORENZ ? lorenz_columns(b, call, &items, &columns, chart)
                                                          : survival_columns(b, call, by, &items, &columns, chart);
    if (status == LOTS_OK)
        status = bind_emit_derive(b, &items, chart->span);
    lots_vec_free(&items);
    if (status != LOTS_OK) {
        lots_vec_free(&columns);
        return status;
    }
    lots_vec_free(&p->columns);
    p->columns = columns;
    p->shown = true;
    p->out.aggregated = true;
    return LOTS_OK;
}
