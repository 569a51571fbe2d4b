/* bind_rank.c: what ranks or orders rows: top, bottom, sort, limit, and the functions over all rows. See bind_stage.h. */
#include <string.h>

#include "query/lang/bind_stage.h"

static lots_status top_size(binder *b, scope *where, const lots_ast_node *node, lots_top *top)
{
    lots_expr *size = NULL;
    LOTS_TRY(bind_scalar(b, where, node, &size));
    if (size->op != LOTS_OP_CONSTANT || size->constant.missing ||
        (size->type.kind != LOTS_TYPE_INT && size->type.kind != LOTS_TYPE_DECIMAL))
        return lots_ast_fail(b->err, node->span, "how many is a constant: 10%% or 25");
    top->percent = size->type.kind == LOTS_TYPE_DECIMAL;
    top->count = size->constant.i;
    top->mantissa = size->constant.i;
    top->scale = size->type.scale;
    int64_t one = 1;
    for (uint32_t i = 0; i < top->scale && one <= INT64_MAX / 10; i++)
        one *= 10;
    if (top->percent ? size->constant.i <= 0 || size->constant.i > one : size->constant.i < 1)
        return lots_ast_fail(b->err, node->span, top->percent ? "a share above 0%% and up to 100%% is wanted"
                                                              : "at least 1 row is wanted");
    return LOTS_OK;
}

static lots_status ranked(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    LOTS_TRY(bind_scalar(b, where, node, out));
    LOTS_TRY(bind_give_type(b, out, LOTS_TYPE_INT));
    lots_type_kind kind = (*out)->type.kind;
    bool fits = lots_type_is_number(&(*out)->type) || kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_DAYS;
    return fits ? LOTS_OK : bind_wrong_type(b, *out, "a number, a date or days");
}

/* Append the fields of `node` (a tuple gives several) to list[count..]. */
static lots_status key_fields(binder *b, scope *where, const lots_ast_node *node, lots_vec *keys)
{
    value bound;
    LOTS_TRY(bind_value(b, where, node, &bound));
    if (bound.kind == VALUE_TUPLE) {
        for (uint32_t i = 0; i < bound.field_count; i++)
            LOTS_TRY(lots_vec_push(keys, &bound.fields[i], b->err));
        return LOTS_OK;
    }
    if (bound.kind != VALUE_EXPR || bound.expr->type.kind == LOTS_TYPE_EVENTS)
        return lots_ast_fail(b->err, node->span, "a value is wanted as key");
    return lots_vec_push(keys, &bound.expr, b->err);
}

/* per age = band(age at d, 10): taken for a comparison. */
static bool names_a_key(const lots_ast_node *node)
{
    return node->kind == LOTS_AST_BINARY && node->binary.op == LOTS_AST_OP_EQUAL && node->binary.left->kind == LOTS_AST_NAME;
}

static lots_status per_keys(binder *b, scope *where, lots_ast_node *const *nodes, uint32_t count, lots_top *top)
{
    lots_vec keys = LOTS_VEC(lots_expr *);
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < count && status == LOTS_OK; i++) {
        status = key_fields(b, where, nodes[i], &keys);
        if (status == LOTS_QUERY && names_a_key(nodes[i]) && b->err->at == nodes[i]->span.at)
            lots_error_hint(b->err, "keys after `per` have no names here: derive a column first");
    }
    void *list = NULL;
    if (status == LOTS_OK)
        status = bind_freeze(b, &keys, &list);
    top->per = list;
    top->per_count = (uint32_t)keys.count;
    lots_vec_free(&keys);
    return status;
}

/* Elsewhere a percentile is a value, not a row's place. */
static lots_status hint_quantile(binder *b, lots_status status)
{
    lots_error_hint(b->err, "the value that 90%% of the rows lie below is quantile(x, 90%%)");
    return status;
}

lots_status bind_row_function(binder *b, scope *where, const lots_ast_node *node, bool *done, value *out)
{
    const lots_ast_call *call = node->call;
    bool top = lots_ast_name_is(&call->name, "top");
    bool rank = lots_ast_name_is(&call->name, "rank"), percentile = lots_ast_name_is(&call->name, "percentile");
    *done = top || rank || percentile;
    if (!*done)
        return LOTS_OK;
    if (b->pipeline != NULL)
        LOTS_TRY(bind_without_totals(b, top ? "`top`" : rank ? "`rank`" : "`percentile`", node->span));
    if (b->hoisting == NULL || b->pipeline == NULL || where->frame != b->pipeline->where->frame) {
        lots_status status = lots_ast_fail(b->err, node->span, "'%s' ranks the rows of the pipeline: it can stand in derive, where, "
                                                               "group by and sort, outside event sets",
                                           call->name.text);
        return percentile ? hint_quantile(b, status) : status;
    }
    uint32_t wanted = top ? 2 : 1;
    if (call->arg_count != wanted || call->args[0].kind != LOTS_AST_ARG_VALUE || call->args[wanted - 1].kind != LOTS_AST_ARG_VALUE) {
        lots_status status = lots_ast_fail(b->err, node->span, top ? "top is written top(10%%, x) or top(10%%, x per k)"
                                                                   : "'%s' takes one value",
                                           call->name.text);
        return percentile ? hint_quantile(b, status) : status;
    }
    lots_row_function made;
    memset(&made, 0, sizeof made);
    made.kind = top ? LOTS_ROW_TOP : rank ? LOTS_ROW_RANK : LOTS_ROW_PERCENTILE;
    if (top)
        LOTS_TRY(top_size(b, where, call->args[0].value, &made.top));
    LOTS_TRY(ranked(b, where, call->args[wanted - 1].value, &made.top.by));
    lots_ast_node *per[16];
    uint32_t per_count = 0;
    for (uint32_t i = 0; i < call->clause_count; i++) {
        if (call->clauses[i].kind != LOTS_AST_CLAUSE_PER || per_count == 16)
            return lots_ast_fail(b->err, call->clauses[i].span, "'%s' takes `per` only", call->name.text);
        per[per_count++] = call->clauses[i].value;
    }
    LOTS_TRY(per_keys(b, where, per, per_count, &made.top));
    made.type = bind_type(top ? LOTS_TYPE_BOOL : rank ? LOTS_TYPE_INT : LOTS_TYPE_FLOAT);
    LOTS_TRY(bind_new_slot(b, &made.type, &made.slot));
    out->kind = VALUE_EXPR;
    LOTS_TRY(bind_slot(b, where->frame, made.slot, made.type, node->span, &out->expr));
    return lots_vec_push(&b->hoisting->functions, &made, b->err);
}

lots_status bind_top_stage(binder *b, const lots_ast_stage *stage)
{
    lots_bound_stage made = bind_stage_of(b, LOTS_STAGE_TOP, stage->span);
    LOTS_TRY(bind_without_totals(b, stage->kind == LOTS_AST_STAGE_TOP ? "`top`" : "`bottom`", stage->span));
    LOTS_TRY(top_size(b, b->pipeline->where, stage->top.size, &made.top));
    made.top.bottom = stage->kind == LOTS_AST_STAGE_BOTTOM;
    LOTS_TRY(ranked(b, b->pipeline->where, stage->top.by, &made.top.by));
    LOTS_TRY(per_keys(b, b->pipeline->where, stage->top.per.items, stage->top.per.count, &made.top));
    return bind_push_stage(b, &made);
}

static lots_status sort_keys(binder *b, const lots_ast_stage *stage, lots_vec *items, hoisting *met)
{
    (void)items;
    void *list = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &list, stage->sort.count, sizeof(lots_sort_key), b->err));
    lots_sort_key *keys = list;
    for (uint32_t i = 0; i < stage->sort.count; i++) {
        keys[i].descending = stage->sort.items[i].descending;
        LOTS_TRY(bind_scalar(b, b->pipeline->where, stage->sort.items[i].value, &keys[i].value));
        if (keys[i].value->type.kind == LOTS_TYPE_EVENTS || keys[i].value->type.kind == LOTS_TYPE_INTERVAL)
            return bind_wrong_type(b, keys[i].value, "a value with an order");
    }
    LOTS_TRY(bind_emit_functions(b, met, stage->span));
    lots_bound_stage made = bind_stage_of(b, LOTS_STAGE_SORT, stage->span);
    made.sort = keys;
    made.sort_count = stage->sort.count;
    return bind_push_stage(b, &made);
}

lots_status bind_sort_stage(binder *b, const lots_ast_stage *stage)
{
    return bind_hoisting(b, sort_keys, stage);
}

lots_status bind_limit_stage(binder *b, const lots_ast_stage *stage)
{
    lots_expr *size = NULL;
    LOTS_TRY(bind_scalar(b, b->pipeline->where, stage->limit, &size));
    if (size->op != LOTS_OP_CONSTANT || size->type.kind != LOTS_TYPE_INT || size->constant.missing || size->constant.i < 0)
        return lots_ast_fail(b->err, stage->limit->span, "limit takes a constant whole number");
    lots_bound_stage made = bind_stage_of(b, LOTS_STAGE_LIMIT, stage->span);
    made.limit = size->constant.i;
    return bind_push_stage(b, &made);
}
