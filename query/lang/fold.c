/* fold.c: see fold.h. */
#include "query/lang/fold.h"

#include "core/base/day.h"

static bool foldable(const lots_expr *expr)
{
    if (expr->operand_count == 0 || expr->operand_count > 2)
        return false;
    for (uint32_t i = 0; i < expr->operand_count; i++)
        if (expr->operands[i]->op != LOTS_OP_CONSTANT || expr->operands[i]->type.kind == LOTS_TYPE_FLOAT ||
            expr->operands[i]->type.kind == LOTS_TYPE_TEXT)
            return false;
    return expr->type.kind != LOTS_TYPE_FLOAT && expr->type.kind != LOTS_TYPE_TEXT;
}

static lots_status overflow(const lots_expr *expr, lots_error *err)
{
    return lots_ast_fail(err, expr->span, "this number does not fit in 64 bits");
}

static lots_status add_date(const lots_expr *expr, int64_t day, int64_t more, lots_constant *out, lots_error *err)
{
    lots_day result = 0;
    bool good = more > -8000000 && more < 8000000;
    if (good && expr->op == LOTS_OP_ADD_MONTHS)
        good = lots_day_add_months((lots_day)day, more, &result);
    else if (good) {
        int64_t sum = day + more;
        good = sum >= LOTS_DAY_MIN && sum <= LOTS_DAY_MAX;
        result = good ? (lots_day)sum : 0;
    }
    if (!good)
        return lots_ast_fail(err, expr->span, "this date is outside the years 1 to 9999");
    out->i = result;
    return LOTS_OK;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

/* *done false: not an operator that is folded. */
static lots_status fold_numbers(const lots_expr *expr, int64_t a, int64_t c, lots_constant *out, bool *done,
                                lots_error *err)
{
    *done = true;
    bool wide = false;
    switch (expr->op) {
    case LOTS_OP_ADD: wide = __builtin_add_overflow(a, c, &out->i); break;
    case LOTS_OP_SUBTRACT: wide = __builtin_sub_overflow(a, c, &out->i); break;
    case LOTS_OP_MULTIPLY: wide = __builtin_mul_overflow(a, c, &out->i); break;
    case LOTS_OP_NEGATE: wide = __builtin_sub_overflow((int64_t)0, a, &out->i); break;
    case LOTS_OP_FLOOR_DIVIDE:
        if (a == INT64_MIN && c == -1)
            return overflow(expr, err);
        out->missing = c == 0;
        out->i = c == 0 ? 0 : floor_divide(a, c);
        break;
    case LOTS_OP_DAYS_BETWEEN: out->i = c - a; break;
    case LOTS_OP_TO_DAYS: out->i = a; break;
    case LOTS_OP_INTERVAL:
        out->i = a;
        out->i2 = c;
        break;
    case LOTS_OP_YEAR: out->i = lots_day_to_civil((lots_day)a).year; break;
    default: *done = false;
    }
    return wide ? overflow(expr, err) : LOTS_OK;
}

static lots_status fold_interval(const lots_expr *expr, const lots_constant *a, lots_constant *out, bool *done)
{
    *done = true;
    if (expr->op == LOTS_OP_INTERVAL_START) {
        out->i = a->i;
        out->missing = a->i == LOTS_DAY_MIN;
    } else if (expr->op == LOTS_OP_INTERVAL_END) {
        out->i = a->i2;
        out->missing = a->i2 == LOTS_DAY_MAX;
    } else if (expr->op == LOTS_OP_INTERVAL_DAYS) {
        out->i = a->i2 < a->i ? 0 : a->i2 - a->i + 1;
    } else {
        *done = false;
    }
    return LOTS_OK;
}

lots_status lots_fold(lots_expr *expr, lots_error *err)
{
    if (!foldable(expr))
        return LOTS_OK;
    const lots_constant *a = &expr->operands[0]->constant;
    const lots_constant *c = expr->operand_count == 2 ? &expr->operands[1]->constant : a;
    lots_constant out = {.missing = false};
    bool done = false;
    if (a->missing || c->missing)
        return LOTS_OK; /* Kleene's business */
    if (expr->op == LOTS_OP_ADD_DAYS || expr->op == LOTS_OP_ADD_MONTHS) {
        LOTS_TRY(add_date(expr, a->i, c->i, &out, err));
        done = true;
    } else if (expr->operands[0]->type.kind == LOTS_TYPE_INTERVAL) {
        LOTS_TRY(fold_interval(expr, a, &out, &done));
    } else {
        LOTS_TRY(fold_numbers(expr, a->i, c->i, &out, &done, err));
    }
    if (!done)
        return LOTS_OK;
    expr->op = LOTS_OP_CONSTANT;
    expr->constant = out;
    expr->operands = NULL;
    expr->operand_count = 0;
    expr->depths = 0;
    expr->frame = LOTS_FRAME_CONSTANT;
    return LOTS_OK;
}
