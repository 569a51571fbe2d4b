/* bind_value.c: a value of any kind: literals, logic, ranges, lists, and what must be of one kind. See bind_internal.h. */
#include <string.h>

#include "query/lang/bind_internal.h"

lots_status bind_text_of(binder *b, const lots_ast_node *node, const char **out)
{
    lots_bytes text = {NULL, 0, 0};
    char *copy = NULL;
    lots_status status = lots_ast_print_node(node, &text, b->err);
    if (status == LOTS_OK)
        status = lots_arena_text(b->arena, &copy, (const char *)text.data, text.count, b->err);
    lots_bytes_free(&text);
    *out = copy;
    return status;
}

static lots_status as_expr(value *out, lots_expr *expr)
{
    memset(out, 0, sizeof *out);
    out->kind = VALUE_EXPR;
    out->expr = expr;
    return LOTS_OK;
}

/* ---- literals ---- */

static lots_status bind_number(binder *b, const lots_ast_node *node, unsigned more_scale, lots_expr **out)
{
    lots_type type = bind_type(LOTS_TYPE_INT);
    unsigned scale = node->number.scale + more_scale;
    if (scale > 0) {
        type.kind = LOTS_TYPE_DECIMAL;
        type.scale = (uint8_t)(scale > 18 ? 18 : scale);
    }
    if (scale > 18)
        return lots_ast_fail(b->err, node->span, "this number has more than 18 decimals");
    lots_constant constant = {.i = node->number.mantissa};
    return bind_constant(b, type, constant, node->span, out);
}

static lots_status bind_literal(binder *b, const lots_ast_node *node, lots_expr **out)
{
    lots_constant constant = {.missing = false};
    switch (node->kind) {
    case LOTS_AST_NUMBER: return bind_number(b, node, 0, out);
    case LOTS_AST_PERCENT: return bind_number(b, node, 2, out);
    case LOTS_AST_DURATION:
        if (node->duration.unit == LOTS_AST_MONTHS || node->duration.unit == LOTS_AST_YEARS)
            return bind_int(b, LOTS_TYPE_MONTHS, node->duration.months, node->span, out);
        return bind_int(b, LOTS_TYPE_DAYS, node->duration.days, node->span, out);
    case LOTS_AST_DATE: return bind_int(b, LOTS_TYPE_DATE, node->date, node->span, out);
    case LOTS_AST_PERIOD:
        constant.i = node->period.first;
        constant.i2 = node->period.last;
        return bind_constant(b, bind_type(LOTS_TYPE_INTERVAL), constant, node->span, out);
    case LOTS_AST_STRING:
        constant.text = node->string.text;
        constant.text_bytes = node->string.bytes;
        return bind_constant(b, bind_type(LOTS_TYPE_TEXT), constant, node->span, out);
    case LOTS_AST_BOOL: return bind_int(b, LOTS_TYPE_BOOL, node->truth, node->span, out);
    default:
        constant.missing = true;
        return bind_constant(b, bind_type(LOTS_TYPE_MISSING), constant, node->span, out);
    }
}

/* ---- what must be of some kind ---- */

lots_status bind_scalar(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    value bound;
    LOTS_TRY(bind_value(b, where, node, &bound));
    lots_status status;
    switch (bound.kind) {
    case VALUE_EXPR: *out = bound.expr; return LOTS_OK;
    case VALUE_SET:
        if (bound.set.set->event != NULL)
            return bind_pick(b, where, &bound.set, LOTS_PICK_FIRST, NULL, node->span, out);
        status = lots_ast_fail(b->err, node->span, "this is an event set, and a value is wanted");
        lots_error_hint(b->err, "count(…), exists(…), first(…).start and the like make a value of it");
        return status;
    case VALUE_CODES:
        status = lots_ast_fail(b->err, node->span, "a set of codes stands to the right of `in`");
        lots_error_hint(b->err, "as in: dx in {I50}");
        return status;
    case VALUE_RANGE: return bind_as_interval(b, &bound, node->span, out);
    case VALUE_TUPLE:
        *out = bound.expr; /* a list of one type is a set too */
        return bound.expr != NULL ? LOTS_OK
                                  : lots_ast_fail(b->err, node->span, "a value is wanted, not a list of several types");
    case VALUE_TABLE: return lots_ast_fail(b->err, node->span, "this names a table; it can stand after `from`");
    case VALUE_NONE: break;
    }
    return bind_unknown(b, where, &node->name);
}

lots_status bind_condition(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    LOTS_TRY(bind_scalar(b, where, node, out));
    if ((*out)->type.kind == LOTS_TYPE_EVENTS) {
        lots_status status = bind_wrong_type(b, *out, "a condition");
        lots_error_hint(b->err, "exists(…) asks whether there is one");
        return status;
    }
    lots_type wanted = bind_type(LOTS_TYPE_BOOL);
    return bind_cast(b, *out, &wanted, "a condition", out);
}

lots_status bind_date(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    LOTS_TRY(bind_scalar(b, where, node, out));
    bool year = (*out)->type.kind == LOTS_TYPE_INT && (*out)->op == LOTS_OP_CONSTANT;
    if ((*out)->type.kind == LOTS_TYPE_INTERVAL || year) {
        lots_status status = bind_wrong_type(b, *out, "a day");
        lots_error_hint(b->err, "say which day of it: .start or .end");
        return status;
    }
    lots_type wanted = bind_type(LOTS_TYPE_DATE);
    return bind_cast(b, *out, &wanted, "a day", out);
}

lots_status bind_interval(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    value bound;
    LOTS_TRY(bind_value(b, where, node, &bound));
    if (bound.kind == VALUE_NONE && node->kind == LOTS_AST_NAME)
        return bind_unknown(b, where, &node->name);
    return bind_as_interval(b, &bound, node->span, out);
}

static lots_status bind_logic(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    if (node->kind == LOTS_AST_NOT) {
        lots_expr *x = NULL;
        LOTS_TRY(bind_condition(b, where, node->unary, &x));
        return bind_expr(b, LOTS_OP_NOT, bind_type(LOTS_TYPE_BOOL), node->span, &x, 1, out);
    }
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, node->list.count, sizeof(lots_expr *), b->err));
    lots_expr **parts = made;
    for (uint32_t i = 0; i < node->list.count; i++)
        LOTS_TRY(bind_condition(b, where, node->list.items[i], &parts[i]));
    return bind_expr(b, node->kind == LOTS_AST_AND ? LOTS_OP_AND : LOTS_OP_OR, bind_type(LOTS_TYPE_BOOL), node->span,
                     parts, node->list.count, out);
}

static lots_status bind_is_missing(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *x = NULL;
    LOTS_TRY(bind_scalar(b, where, node->is_missing.value, &x));
    LOTS_TRY(bind_expr(b, LOTS_OP_IS_MISSING, bind_type(LOTS_TYPE_BOOL), node->span, &x, 1, out));
    if (node->is_missing.negated) {
        x = *out;
        return bind_expr(b, LOTS_OP_NOT, bind_type(LOTS_TYPE_BOOL), node->span, &x, 1, out);
    }
    return LOTS_OK;
}

/* ---- ranges, sets, members, at ---- */

static lots_status bind_range(binder *b, scope *where, const lots_ast_node *node, value *out)
{
    value range;
    memset(&range, 0, sizeof range);
    range.kind = VALUE_RANGE;
    if (node->range.low != NULL)
        LOTS_TRY(bind_scalar(b, where, node->range.low, &range.low));
    if (node->range.high != NULL)
        LOTS_TRY(bind_scalar(b, where, node->range.high, &range.high));
    lots_expr *ends[2] = {range.low, range.high};
    bool days = false;
    for (int i = 0; i < 2; i++)
        days = days || (ends[i] != NULL &&
                        (ends[i]->type.kind == LOTS_TYPE_DATE || ends[i]->type.kind == LOTS_TYPE_INTERVAL));
    if (!days) {
        *out = range;
        return LOTS_OK;
    }
    lots_expr *interval = NULL;
    LOTS_TRY(bind_as_interval(b, &range, node->span, &interval));
    return as_expr(out, interval);
}

static lots_status bind_list(binder *b, scope *where, const lots_ast_node *node, value *out)
{
    uint32_t count = node->list.count;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, count, sizeof(lots_expr *), b->err));
    lots_expr **items = made;
    bool one_type = true;
    const lots_expr *typed = NULL; /* the first that is not `missing` */
    for (uint32_t i = 0; i < count; i++) {
        LOTS_TRY(bind_scalar(b, where, node->list.items[i], &items[i]));
        typed = typed == NULL && !bind_is_untyped(items[i]) ? items[i] : typed;
        bool both = typed != NULL && lots_type_is_number(&typed->type) && lots_type_is_number(&items[i]->type);
        one_type = one_type && (both || bind_is_untyped(items[i]) || lots_type_same(&typed->type, &items[i]->type)) &&
                   items[i]->type.kind != LOTS_TYPE_SET && items[i]->type.kind != LOTS_TYPE_EVENTS;
    }
    memset(out, 0, sizeof *out);
    out->kind = VALUE_TUPLE;
    out->fields = items;
    out->field_count = count;
    if (!one_type || count == 0)
        return LOTS_OK;
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 1; i < count; i++)
            LOTS_TRY(bind_unify(b, &items[0], &items[i], node->span, "a set"));
    lots_type type = items[0]->type;
    type.element = type.kind;
    type.kind = LOTS_TYPE_SET;
    /* Both readings are kept: `per (sex, kind)` wants the fields, `x in g` the set. */
    LOTS_TRY(bind_expr(b, LOTS_OP_MAKE_SET, type, node->span, items, count, &out->expr));
    return LOTS_OK;
}

/* ---- dispatch ---- */

static lots_status bind_set_value(binder *b, scope *where, const lots_ast_node *node, value *out)
{
    memset(out, 0, sizeof *out);
    out->kind = VALUE_SET;
    return bind_set(b, where, node, &out->set);
}

lots_status bind_value(binder *b, scope *where, const lots_ast_node *node, value *out)
{
    lots_expr *expr = NULL;
    memset(out, 0, sizeof *out);
    switch (node->kind) {
    case LOTS_AST_NAME:
        LOTS_TRY(bind_name(b, where, &node->name, out));
        return out->kind == VALUE_NONE ? bind_unknown(b, where, &node->name) : LOTS_OK;
    case LOTS_AST_CODES:
        out->kind = VALUE_CODES;
        out->node = node;
        return LOTS_OK;
    case LOTS_AST_RANGE: return bind_range(b, where, node, out);
    case LOTS_AST_SET: return bind_list(b, where, node, out);
    case LOTS_AST_CALL: return bind_call(b, where, node, out);
    case LOTS_AST_NARROWED:
    case LOTS_AST_UNION:
    case LOTS_AST_MINUS: return bind_set_value(b, where, node, out);
    case LOTS_AST_BINARY: LOTS_TRY(bind_binary(b, where, node, &expr)); break;
    case LOTS_AST_AND:
    case LOTS_AST_OR:
    case LOTS_AST_NOT: LOTS_TRY(bind_logic(b, where, node, &expr)); break;
    case LOTS_AST_NEGATE: LOTS_TRY(bind_negate(b, where, node, &expr)); break;
    case LOTS_AST_IS_MISSING: LOTS_TRY(bind_is_missing(b, where, node, &expr)); break;
    case LOTS_AST_MEMBER: LOTS_TRY(bind_member(b, where, node, &expr)); break;
    case LOTS_AST_AT: LOTS_TRY(bind_at(b, where, node, &expr)); break;
    default: LOTS_TRY(bind_literal(b, node, &expr)); break;
    }
    return as_expr(out, expr);
}
