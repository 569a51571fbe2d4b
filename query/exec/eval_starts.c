/* eval_starts.c: the starts of all rows of a stream against constant days: `start in 2019..2023`. Where they are kept narrow they are
 * compared as they are, and nobody makes them wider for it. */
#include "query/exec/step.h"

static bool is_start(const lots_step *step, const lots_expr *expr, const lots_relation_rows *rows)
{
    return expr->op == LOTS_OP_COLUMN && expr->of_frame == step->rows->frame && (int32_t)expr->index == rows->relation->start_column;
}

/* The rows whose frame it is, if they are all there are. */
static lots_status find_rows(const lots_step *step, lots_relation_rows **out, lots_error *err)
{
    const lots_query *query = step->worker->query;
    *out = NULL;
    if (step->rows->frame >= query->frame_count || step->rows->relation_row != NULL || step->worker->segment == NULL)
        return LOTS_OK;
    const uint32_t relation = query->frames[step->rows->frame].relation;
    if (relation >= query->relation_count || query->relations[relation].kind != LOTS_RELATION_STREAM)
        return LOTS_OK;
    LOTS_TRY(lots_relation_get(step->worker, relation, step->rows, out, err));
    if ((*out)->count != step->count || !lots_relation_has_narrow_starts(step->worker, *out))
        *out = NULL;
    return LOTS_OK;
}

/* *known: it is the same for all rows, and a day or an interval. */
static lots_status find_constant(const lots_step *step, const lots_expr *expr, lots_vector *out, bool *known, lots_error *err)
{
    const lots_home *home = NULL;
    LOTS_TRY(lots_expr_home(step->worker, expr, &home, err));
    *known &= home->frame == LOTS_FRAME_CONSTANT && (expr->type.kind == LOTS_TYPE_DATE || expr->type.kind == LOTS_TYPE_INTERVAL);
    if (!*known)
        return LOTS_OK;
    LOTS_TRY(lots_value(step->worker, expr, &step->worker->constant, out, err));
    *known = out->missing == NULL && out->failed == NULL;
    return LOTS_OK;
}

lots_status lots_eval_starts(lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    const lots_expr *expr = step->expr;
    const bool interval = expr->op == LOTS_OP_IN_INTERVAL;
    lots_relation_rows *rows = NULL;
    lots_vector low, high;
    const uint64_t *within = NULL;
    *done = false;
    if (!interval && expr->op != LOTS_OP_BETWEEN)
        return LOTS_OK;
    LOTS_TRY(find_rows(step, &rows, err));
    *done = rows != NULL && is_start(step, expr->operands[0], rows);
    if (*done)
        LOTS_TRY(find_constant(step, expr->operands[1], &low, done, err));
    if (*done && !interval)
        LOTS_TRY(find_constant(step, expr->operands[2], &high, done, err));
    if (!*done)
        return LOTS_OK;
    const int32_t *last = interval ? low.data2 : high.data;
    LOTS_TRY(lots_relation_within(step->worker, rows, *(const int32_t *)low.data, *last, &within, err));
    *out = (lots_vector){.type = expr->type, .count = step->count, .data = (void *)(uintptr_t)within};
    return LOTS_OK;
}
