/* bind_aggregate_rows.c: aggregates over the rows of group by / show: count(), sum(x where c), rate(c), km(…). See bind_aggregate.h. */
#include <string.h>

#include "query/lang/bind_aggregate.h"

#define AGGREGATES_MAX 4096u /* of one show: lets multiply them */

static bool names_row_aggregate(const binder *b, const lots_ast_name *name, const lots_ast_names *params)
{
    for (uint32_t i = 0; params != NULL && i < params->count; i++)
        if (params->items[i].bytes == name->bytes && memcmp(params->items[i].text, name->text, name->bytes) == 0)
            return false;
    uint32_t number = bind_find_global(b, name->text, name->bytes);
    return number != UINT32_MAX && LOTS_AT(global, &b->globals, number).over_rows;
}

static bool call_has(const binder *b, const lots_ast_call *call, const lots_ast_names *params)
{
    uint32_t number = call->episodes ? UINT32_MAX : bind_find_global(b, call->name.text, call->name.bytes);
    bool let = number != UINT32_MAX && LOTS_AT(global, &b->globals, number).statement->params.count > 0;
    if (let ? LOTS_AT(global, &b->globals, number).over_rows : bind_is_row_aggregate(call))
        return true;
    if (bind_clause(call, LOTS_AST_CLAUSE_OVER) != NULL)
        return false;
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (bind_has_row_aggregate(b, call->args[i].value, params) ||
            (call->args[i].then_value != NULL && bind_has_row_aggregate(b, call->args[i].then_value, params)))
            return true;
    return false;
}

bool bind_has_row_aggregate(const binder *b, const lots_ast_node *node, const lots_ast_names *params)
{
    switch (node->kind) {
    case LOTS_AST_NAME: return names_row_aggregate(b, &node->name, params);
    case LOTS_AST_CALL: return call_has(b, node->call, params);
    case LOTS_AST_BINARY:
        return bind_has_row_aggregate(b, node->binary.left, params) || bind_has_row_aggregate(b, node->binary.right, params);
    case LOTS_AST_NEGATE:
    case LOTS_AST_NOT: return bind_has_row_aggregate(b, node->unary, params);
    case LOTS_AST_IS_MISSING: return bind_has_row_aggregate(b, node->is_missing.value, params);
    case LOTS_AST_MEMBER: return bind_has_row_aggregate(b, node->member.base, params);
    case LOTS_AST_AND:
    case LOTS_AST_OR:
    case LOTS_AST_SET:
        for (uint32_t i = 0; i < node->list.count; i++)
            if (bind_has_row_aggregate(b, node->list.items[i], params))
                return true;
        return false;
    default: return false;
    }
}

static lots_type row_type(lots_row_agg_kind kind, const lots_expr *x)
{
    switch (kind) {
    case LOTS_AGG_COUNT:
    case LOTS_AGG_PATIENTS:
    case LOTS_AGG_COUNT_DISTINCT: return bind_type(LOTS_TYPE_INT);
    case LOTS_AGG_SUM:
    case LOTS_AGG_MIN:
    case LOTS_AGG_MAX:
    case LOTS_AGG_KM_QUANTILE: return x->type;
    default: return bind_type(LOTS_TYPE_FLOAT);
    }
}

static lots_status check_row_operand(binder *b, lots_row_agg_kind kind, lots_expr **x)
{
    switch (kind) {
    case LOTS_AGG_MIN:
    case LOTS_AGG_MAX: return bind_check_operand(b, LOTS_OP_MIN, *x);
    case LOTS_AGG_COUNT_DISTINCT: return bind_check_operand(b, LOTS_OP_SET_OF, *x);
    case LOTS_AGG_RATE: {
        lots_type truth = bind_type(LOTS_TYPE_BOOL);
        return bind_cast(b, *x, &truth, "a condition", x);
    }
    default: return bind_check_operand(b, LOTS_OP_SUM, *x);
    }
}

/* sum(x where c) comes as one narrowed value, count(where c) as a where. */
static lots_status row_operand(binder *b, scope *rows, const lots_ast_arg *arg, lots_row_agg *agg)
{
    const lots_ast_node *node = arg->value;
    if (arg->kind == LOTS_AST_ARG_WHERE)
        return bind_condition(b, rows, node, &agg->where);
    if (arg->kind != LOTS_AST_ARG_VALUE)
        return lots_ast_fail(b->err, arg->span, "an aggregate takes a value, and `where` a condition");
    if (node->kind == LOTS_AST_NARROWED && node->narrowed.step_count == 1 &&
        node->narrowed.steps[0].kind == LOTS_AST_NARROW_WHERE) {
        LOTS_TRY(bind_condition(b, rows, node->narrowed.steps[0].value, &agg->where));
        node = node->narrowed.base;
    }
    LOTS_TRY(bind_scalar(b, rows, node, &agg->value));
    return lots_row_agg_follows(agg) || agg->kind == LOTS_AGG_RATE ? LOTS_OK : bind_no_value(b, &agg->value);
}

/* What an aggregate takes besides its first value. */
static lots_status row_arguments(binder *b, scope *table, const aggregation *into, const lots_ast_node *node,
                                 uint32_t arguments, lots_row_agg *agg)
{
    const lots_ast_arg *last = &node->call->args[arguments == 0 ? 0 : arguments - 1];
    if (lots_row_agg_follows(agg))
        LOTS_TRY(bind_survival(b, table, into, node, agg));
    else if (agg->value != NULL)
        LOTS_TRY(check_row_operand(b, agg->kind, &agg->value));
    if (arguments == 2 || agg->kind == LOTS_AGG_KM_QUANTILE)
        return bind_fraction(b, into->rows, last->value, &agg->parameter);
    return LOTS_OK;
}

static lots_status needs_value(binder *b, const lots_ast_call *call, lots_row_agg_kind kind, lots_ast_span span)
{
    lots_status status = lots_ast_fail(b->err, span, "'%.*s' needs a value", (int)call->name.bytes, call->name.text);
    if (kind == LOTS_AGG_SHARE)
        lots_error_hint(b->err, "the part of all rows is share(1), also share(1 where …)");
    return status;
}

lots_status bind_over_rows(binder *b, scope *table, const aggregate_name *found, const lots_ast_node *node, value *out)
{
    const lots_ast_call *call = node->call;
    aggregation *into = b->aggregation;
    lots_row_agg agg = {.kind = (lots_row_agg_kind)found->row};
    if (call->distinct && agg.kind != LOTS_AGG_COUNT)
        return lots_ast_fail(b->err, call->distinct_span, "`distinct` stands in count(distinct x)");
    if (call->distinct)
        agg.kind = LOTS_AGG_COUNT_DISTINCT;
    b->aggregation = NULL; /* no aggregates of rows inside aggregates of rows */
    LOTS_TRY(bind_no_clauses(b, call));
    bool valued = agg.kind != LOTS_AGG_COUNT && agg.kind != LOTS_AGG_PATIENTS;
    uint32_t most = found->arguments > 0 ? found->arguments : 1;
    if (call->arg_count > most || (valued && call->arg_count < found->arguments))
        return bind_wrong_count(b, call, found->arguments, "", node->span);
    b->inside = call;
    if (call->arg_count > 0)
        LOTS_TRY(row_operand(b, into->rows, &call->args[0], &agg));
    if (!valued && agg.value != NULL)
        return lots_ast_fail(b->err, node->span, "'%.*s' counts rows; count(distinct x) counts values",
                             (int)call->name.bytes, call->name.text);
    if (valued && agg.value == NULL)
        return needs_value(b, call, agg.kind, node->span);
    LOTS_TRY(row_arguments(b, table, into, node, found->arguments, &agg));
    b->inside = NULL;
    if (agg.kind == LOTS_AGG_RATE && agg.where == NULL) {
        LOTS_TRY(bind_rate_of_living(b, agg.value, node->span));
        LOTS_TRY(bind_rate_of_top(b, agg.value, into->key_count, node->span));
    }
    if (agg.kind == LOTS_AGG_PATIENTS && into->rows->kind == SCOPE_TABLE)
        return lots_ast_fail(b->err, node->span, "these rows are %s, and patients() counts rows that are patients'",
                             bind_is_about_nobody(b) ? "a table's, about nobody" : "groups");
    if (into->aggs->count >= AGGREGATES_MAX)
        return lots_ast_fail(b->err, node->span, "more than %u aggregates in one `show`", AGGREGATES_MAX);
    agg.type = row_type(agg.kind, agg.value);
    b->aggregation = into;
    out->kind = VALUE_EXPR;
    LOTS_TRY(bind_expr(b, LOTS_OP_SLOT, agg.type, node->span, NULL, 0, &out->expr));
    out->expr->of_frame = into->table_frame;
    out->expr->index = into->key_count + (uint32_t)into->aggs->count;
    bind_depend(b, out->expr, bind_frame_bit(b, into->table_frame), into->table_frame);
    return lots_vec_push(into->aggs, &agg, b->err);
}
