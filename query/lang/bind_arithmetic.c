/* bind_arithmetic.c: + - * / // ^ on numbers, days and durations. See bind_internal.h. */
#include <string.h>

#include "query/lang/bind_internal.h"

static lots_status date_plus(binder *b, lots_expr *date, lots_expr *duration, bool minus, lots_ast_span span,
                             lots_expr **out)
{
    lots_expr *operands[2] = {date, duration};
    if (minus)
        LOTS_TRY(bind_expr(b, LOTS_OP_NEGATE, duration->type, duration->span, &duration, 1, &operands[1]));
    lots_op op = duration->type.kind == LOTS_TYPE_DAYS ? LOTS_OP_ADD_DAYS : LOTS_OP_ADD_MONTHS;
    return bind_expr(b, op, bind_type(LOTS_TYPE_DATE), span, operands, 2, out);
}

static bool is_duration(const lots_expr *expr)
{
    return expr->type.kind == LOTS_TYPE_DAYS || expr->type.kind == LOTS_TYPE_MONTHS;
}

/* missing + x, x - missing: of what type follows only where one type could make it. missing + 30d may be a day or days,
 * day - missing too. */
static lots_status missing_plus(binder *b, lots_expr *l, lots_expr *r, bool minus, lots_expr **out)
{
    const bool left = bind_is_untyped(l);
    const lots_expr *other = left ? r : l;
    lots_type type = other->type;
    *out = left ? l : r;
    if (type.kind == LOTS_TYPE_DATE && minus && left)
        type = bind_type(LOTS_TYPE_DAYS);
    else if (type.kind == LOTS_TYPE_DATE ? minus : is_duration(other) && (left || !minus))
        return LOTS_OK;
    return bind_cast(b, *out, &type, NULL, out);
}

static bool can_be_added(const lots_expr *x)
{
    return lots_type_is_number(&x->type) || is_duration(x) || x->type.kind == LOTS_TYPE_DATE || bind_is_untyped(x);
}

static lots_status bind_plus(binder *b, const lots_ast_node *node, lots_expr *l, lots_expr *r, lots_expr **out)
{
    bool minus = node->binary.op == LOTS_AST_OP_SUBTRACT;
    if ((bind_is_untyped(l) && can_be_added(r)) || (bind_is_untyped(r) && can_be_added(l)))
        return missing_plus(b, l, r, minus, out);
    lots_expr *pair[2] = {l, r};
    if (l->type.kind == LOTS_TYPE_DATE && is_duration(r))
        return date_plus(b, l, r, minus, node->span, out);
    if (r->type.kind == LOTS_TYPE_DATE && is_duration(l) && !minus)
        return date_plus(b, r, l, false, node->span, out);
    if (l->type.kind == LOTS_TYPE_DATE && r->type.kind == LOTS_TYPE_DATE && minus) {
        lots_expr *turned[2] = {r, l};
        return bind_expr(b, LOTS_OP_DAYS_BETWEEN, bind_type(LOTS_TYPE_DAYS), node->span, turned, 2, out);
    }
    if (l->type.kind == LOTS_TYPE_DATE && r->type.kind == LOTS_TYPE_DATE) {
        lots_status status = lots_ast_fail(b->err, node->binary.op_span, "two days can't be added");
        lots_error_hint(b->err, "b - a is the time between them");
        return status;
    }
    if (node->binary.left->kind == LOTS_AST_AT && is_duration(r) && !is_duration(l)) {
        lots_status status = lots_ast_fail(b->err, node->binary.op_span, "`at` takes the day right behind it, before anything is "
                                                                         "added to that");
        lots_error_hint(b->err, "a day that is computed stands in brackets: at (2023-01-01 + 30d)");
        return status;
    }
    LOTS_TRY(bind_unify(b, &pair[0], &pair[1], node->binary.op_span, lots_ast_op_text(node->binary.op)));
    if (!lots_type_is_number(&pair[0]->type) && !is_duration(pair[0]))
        return bind_wrong_type(b, pair[0], "a number, a date or a duration");
    return bind_expr(b, minus ? LOTS_OP_SUBTRACT : LOTS_OP_ADD, pair[0]->type, node->span, pair, 2, out);
}

static lots_status bind_times(binder *b, const lots_ast_node *node, lots_expr *l, lots_expr *r, lots_expr **out)
{
    lots_expr *pair[2] = {l, r};
    if (is_duration(l) || is_duration(r))
        LOTS_TRY(bind_give_type(b, is_duration(l) ? &r : &l, LOTS_TYPE_INT));
    const lots_expr *other = bind_is_untyped(l) ? r : l;
    *out = bind_is_untyped(l) ? l : r;
    if (bind_is_untyped(*out) && (bind_is_untyped(other) || other->type.kind == LOTS_TYPE_INT))
        return LOTS_OK; /* a number or a duration: which is not known */
    pair[0] = l;
    pair[1] = r;
    if (is_duration(l) && r->type.kind == LOTS_TYPE_INT) {
        pair[0] = r;
        pair[1] = l;
    }
    if (pair[0]->type.kind == LOTS_TYPE_INT && is_duration(pair[1]))
        return bind_expr(b, LOTS_OP_MULTIPLY, pair[1]->type, node->span, pair, 2, out);
    if (l->type.kind == LOTS_TYPE_DECIMAL && r->type.kind == LOTS_TYPE_DECIMAL && l->type.scale + r->type.scale <= 18) {
        lots_type product = l->type;
        product.scale = (uint8_t)(l->type.scale + r->type.scale);
        return bind_expr(b, LOTS_OP_MULTIPLY, product, node->span, pair, 2, out);
    }
    bool mixed = (l->type.kind == LOTS_TYPE_DECIMAL && r->type.kind == LOTS_TYPE_INT) ||
                 (l->type.kind == LOTS_TYPE_INT && r->type.kind == LOTS_TYPE_DECIMAL);
    if (mixed) { /* an int times a decimal keeps the decimal's scale: the int is a decimal(0) */
        lots_type whole = bind_type(LOTS_TYPE_DECIMAL);
        lots_type product = l->type.kind == LOTS_TYPE_DECIMAL ? l->type : r->type;
        LOTS_TRY(l->type.kind == LOTS_TYPE_INT ? bind_cast(b, l, &whole, NULL, &pair[0])
                                               : bind_cast(b, r, &whole, NULL, &pair[1]));
        return bind_expr(b, LOTS_OP_MULTIPLY, product, node->span, pair, 2, out);
    }
    LOTS_TRY(bind_unify(b, &pair[0], &pair[1], node->binary.op_span, "*"));
    if (pair[0]->type.kind == LOTS_TYPE_DECIMAL) { /* scales too large for an exact product */
        LOTS_TRY(bind_to_float(b, pair[0], &pair[0]));
        LOTS_TRY(bind_to_float(b, pair[1], &pair[1]));
    }
    if (!lots_type_is_number(&pair[0]->type))
        return bind_wrong_type(b, pair[0], "a number");
    return bind_expr(b, LOTS_OP_MULTIPLY, pair[0]->type, node->span, pair, 2, out);
}

static lots_status bind_divide(binder *b, const lots_ast_node *node, lots_expr *l, lots_expr *r, lots_expr **out)
{
    lots_expr *pair[2] = {l, r};
    if (node->binary.op == LOTS_AST_OP_DIVIDE) {
        LOTS_TRY(bind_to_float(b, l, &pair[0]));
        LOTS_TRY(bind_to_float(b, r, &pair[1]));
        return bind_expr(b, LOTS_OP_DIVIDE, bind_type(LOTS_TYPE_FLOAT), node->span, pair, 2, out);
    }
    lots_type whole = bind_type(LOTS_TYPE_INT);
    LOTS_TRY(bind_cast(b, l, &whole, "a whole number", &pair[0]));
    LOTS_TRY(bind_cast(b, r, &whole, "a whole number", &pair[1]));
    return bind_expr(b, LOTS_OP_FLOOR_DIVIDE, whole, node->span, pair, 2, out);
}

static lots_status bind_power(binder *b, const lots_ast_node *node, lots_expr *l, lots_expr *r, lots_expr **out)
{
    lots_expr *pair[2] = {l, r};
    bool whole = l->type.kind == LOTS_TYPE_INT && r->type.kind == LOTS_TYPE_INT && r->op == LOTS_OP_CONSTANT &&
                 !r->constant.missing && r->constant.i >= 0;
    if (whole)
        return bind_expr(b, LOTS_OP_POWER, l->type, node->span, pair, 2, out);
    LOTS_TRY(bind_to_float(b, l, &pair[0]));
    LOTS_TRY(bind_to_float(b, r, &pair[1]));
    return bind_expr(b, LOTS_OP_POWER, bind_type(LOTS_TYPE_FLOAT), node->span, pair, 2, out);
}

lots_status bind_binary(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_ast_op op = node->binary.op;
    if (op <= LOTS_AST_OP_GREATER_EQUAL)
        return bind_compare(b, where, node, out);
    if (op == LOTS_AST_OP_IN || op == LOTS_AST_OP_NOT_IN)
        return bind_in(b, where, node, out);
    if (op == LOTS_AST_OP_CONTAINS)
        return bind_contains(b, where, node, out);
    lots_expr *l = NULL, *r = NULL;
    LOTS_TRY(bind_scalar(b, where, node->binary.left, &l));
    LOTS_TRY(bind_scalar(b, where, node->binary.right, &r));
    switch (op) {
    case LOTS_AST_OP_MULTIPLY: return bind_times(b, node, l, r, out);
    case LOTS_AST_OP_DIVIDE:
    case LOTS_AST_OP_FLOOR_DIVIDE: return bind_divide(b, node, l, r, out);
    case LOTS_AST_OP_POWER: return bind_power(b, node, l, r, out);
    default: return bind_plus(b, node, l, r, out);
    }
}

lots_status bind_negate(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *x = NULL;
    LOTS_TRY(bind_scalar(b, where, node->unary, &x));
    *out = x;
    if (bind_is_untyped(x))
        return LOTS_OK;
    if (!lots_type_is_number(&x->type) && !is_duration(x))
        return bind_wrong_type(b, x, "a number or a duration");
    if (x->op == LOTS_OP_CONSTANT && x->type.kind == LOTS_TYPE_FLOAT) {
        lots_constant turned = x->constant;
        turned.f = -turned.f;
        return bind_constant(b, x->type, turned, node->span, out);
    }
    return bind_expr(b, LOTS_OP_NEGATE, x->type, node->span, &x, 1, out);
}
