/* bind_type.c: casts, unification and intervals of the binder. See bind_internal.h. */
#include <string.h>

#include "core/base/day.h"
#include "query/lang/bind_internal.h"

lots_status bind_wrong_type(binder *b, const lots_expr *expr, const char *wanted)
{
    char found[96];
    lots_type_format(&expr->type, found);
    return lots_ast_fail(b->err, expr->span, "%s is wanted here, and this is %s", wanted, found);
}

static lots_status cast_constant(binder *b, const lots_expr *from, const lots_type *to, lots_expr **out)
{
    lots_constant constant = from->constant;
    if (from->type.kind == LOTS_TYPE_INT || from->type.kind == LOTS_TYPE_DECIMAL) {
        unsigned have = from->type.kind == LOTS_TYPE_DECIMAL ? from->type.scale : 0;
        if (to->kind == LOTS_TYPE_FLOAT) {
            double scale = 1;
            for (unsigned i = 0; i < have; i++)
                scale *= 10;
            constant.f = (double)constant.i / scale;
        }
        for (unsigned i = have; to->kind == LOTS_TYPE_DECIMAL && i < to->scale; i++)
            if (__builtin_mul_overflow(constant.i, (int64_t)10, &constant.i))
                return lots_ast_fail(b->err, from->span, "this number does not fit in a decimal(%u)",
                                     (unsigned)to->scale);
    }
    return bind_constant(b, *to, constant, from->span, out);
}

static lots_op cast_operator(const lots_type *from, const lots_type *to)
{
    bool number = lots_type_is_number(from);
    if (to->kind == LOTS_TYPE_FLOAT && (number || from->kind == LOTS_TYPE_DAYS))
        return LOTS_OP_TO_FLOAT;
    if (to->kind == LOTS_TYPE_DECIMAL &&
        (from->kind == LOTS_TYPE_INT || (from->kind == LOTS_TYPE_DECIMAL && from->scale < to->scale)))
        return LOTS_OP_TO_DECIMAL;
    if (to->kind == LOTS_TYPE_TEXT && (from->kind == LOTS_TYPE_CATEGORY || from->kind == LOTS_TYPE_CODE))
        return LOTS_OP_TO_TEXT;
    return LOTS_OP_CONSTANT;
}

lots_status bind_cast(binder *b, lots_expr *from, const lots_type *to, const char *what, lots_expr **out)
{
    *out = from;
    if (lots_type_same(&from->type, to))
        return LOTS_OK;
    if (from->type.kind == LOTS_TYPE_MISSING) {
        lots_constant missing = {.missing = true};
        return bind_constant(b, *to, missing, from->span, out);
    }
    if (from->type.kind == LOTS_TYPE_SET && from->type.element == LOTS_TYPE_MISSING && to->kind == LOTS_TYPE_SET)
        return bind_expr(b, LOTS_OP_MAKE_SET, *to, from->span, NULL, 0, out); /* a set of missing elements has none */
    lots_op op = cast_operator(&from->type, to);
    if (op == LOTS_OP_CONSTANT) {
        char wanted[96];
        lots_type_format(to, wanted);
        return bind_wrong_type(b, from, what != NULL ? what : wanted);
    }
    if (from->op == LOTS_OP_CONSTANT && !from->constant.missing && op != LOTS_OP_TO_TEXT)
        return cast_constant(b, from, to, out);
    return bind_expr(b, op, *to, from->span, &from, 1, out);
}

bool bind_is_untyped(const lots_expr *x) { return x->type.kind == LOTS_TYPE_MISSING; }

lots_status bind_give_type(binder *b, lots_expr **x, lots_type_kind kind)
{
    const lots_type type = bind_type(kind);
    return bind_is_untyped(*x) ? bind_cast(b, *x, &type, NULL, x) : LOTS_OK;
}

lots_status bind_to_float(binder *b, lots_expr *from, lots_expr **out)
{
    lots_type to = bind_type(LOTS_TYPE_FLOAT);
    if (from->type.kind == LOTS_TYPE_DAYS)
        return bind_expr(b, LOTS_OP_TO_FLOAT, to, from->span, &from, 1, out);
    return bind_cast(b, from, &to, "a number", out);
}

static lots_status clash(binder *b, const lots_expr *left, const lots_expr *right, lots_ast_span span, const char *what)
{
    char a[96], c[96];
    lots_type_format(&left->type, a);
    lots_type_format(&right->type, c);
    lots_status status = lots_ast_fail(b->err, span, "%s: %s on the left, %s on the right do not go together", what, a, c);
    lots_type_kind l = left->type.kind, r = right->type.kind;
    bool sum = what[0] == '+' || what[0] == '-';
    if (l == LOTS_TYPE_DATE && r == LOTS_TYPE_INT && sum)
        lots_error_hint(b->err, "a number of days is written with its unit, as 30d, and one that is computed as n * 1d");
    else if ((l == LOTS_TYPE_DATE && r == LOTS_TYPE_TEXT) || (l == LOTS_TYPE_TEXT && r == LOTS_TYPE_DATE))
        lots_error_hint(b->err, "a date stands without quotes, as 2023-01-01");
    else if ((l == LOTS_TYPE_DATE && (r == LOTS_TYPE_FLOAT || r == LOTS_TYPE_DECIMAL)) && !sum)
        lots_error_hint(b->err, "a date is written as 2023-01-31");
    else if ((l == LOTS_TYPE_DAYS && r == LOTS_TYPE_MONTHS) || (l == LOTS_TYPE_MONTHS && r == LOTS_TYPE_DAYS))
        lots_error_hint(b->err, "months have no fixed length: compare days with days (30d, 365d), or use months(a, b)");
    else if ((l == LOTS_TYPE_MONTHS && r == LOTS_TYPE_INT) || (l == LOTS_TYPE_INT && r == LOTS_TYPE_MONTHS))
        lots_error_hint(b->err, "ages and counts are whole numbers, written without a unit, as 75");
    else if ((l == LOTS_TYPE_DAYS && r == LOTS_TYPE_INT) || (l == LOTS_TYPE_INT && r == LOTS_TYPE_DAYS))
        lots_error_hint(b->err, "a duration is written with its unit, as 30d; days(a, b) is a whole number");
    else if (l == LOTS_TYPE_SET && left->type.element == LOTS_TYPE_CODE)
        lots_error_hint(b->err, "a list of codes is asked with `in`: dx in {I50}; its first code is dx.main");
    else if (l == LOTS_TYPE_DATE && r == LOTS_TYPE_DAYS && strcmp(what, "in") == 0)
        lots_error_hint(b->err, "from one day to another is written a..b");
    else if (l == LOTS_TYPE_DATE && (r == LOTS_TYPE_INT || r == LOTS_TYPE_INTERVAL))
        lots_error_hint(b->err, "use `in` for a year or a period (start in 2023), or its .start or .end");
    return status;
}

static lots_type wider_number(const lots_type *a, const lots_type *c)
{
    lots_type wide = *a;
    if (a->kind == LOTS_TYPE_FLOAT || c->kind == LOTS_TYPE_FLOAT)
        return bind_type(LOTS_TYPE_FLOAT);
    if (a->kind == LOTS_TYPE_INT && c->kind == LOTS_TYPE_INT)
        return wide;
    wide.kind = LOTS_TYPE_DECIMAL;
    uint8_t a_scale = a->kind == LOTS_TYPE_DECIMAL ? a->scale : 0;
    uint8_t c_scale = c->kind == LOTS_TYPE_DECIMAL ? c->scale : 0;
    wide.scale = a_scale > c_scale ? a_scale : c_scale;
    return wide;
}

lots_status bind_unify(binder *b, lots_expr **left, lots_expr **right, lots_ast_span span, const char *what)
{
    const lots_type *l = &(*left)->type, *r = &(*right)->type;
    if (lots_type_same(l, r))
        return LOTS_OK;
    if (l->kind == LOTS_TYPE_MISSING)
        return bind_cast(b, *left, r, NULL, left);
    if (r->kind == LOTS_TYPE_MISSING)
        return bind_cast(b, *right, l, NULL, right);
    if (lots_type_is_number(l) && lots_type_is_number(r)) {
        lots_type wide = wider_number(l, r);
        LOTS_TRY(bind_cast(b, *left, &wide, NULL, left));
        return bind_cast(b, *right, &wide, NULL, right);
    }
    bool text_left = l->kind == LOTS_TYPE_TEXT || l->kind == LOTS_TYPE_CATEGORY;
    bool text_right = r->kind == LOTS_TYPE_TEXT || r->kind == LOTS_TYPE_CATEGORY;
    if (text_left && text_right) {
        lots_type text = bind_type(LOTS_TYPE_TEXT);
        LOTS_TRY(bind_cast(b, *left, &text, NULL, left));
        return bind_cast(b, *right, &text, NULL, right);
    }
    return clash(b, *left, *right, span, what);
}

/* ---- intervals ---- */

static lots_status year_side(binder *b, const lots_expr *year, bool end, lots_expr **out)
{
    if (year->op != LOTS_OP_CONSTANT || year->constant.missing) {
        lots_status status = lots_ast_fail(b->err, year->span, "an interval is wanted here; a number that is not constant "
                                                               "can't be a year");
        lots_error_hint(b->err, "year_of(date) is the year around a date");
        return status;
    }
    if (year->constant.i < 1 || year->constant.i > 9999)
        return lots_ast_fail(b->err, year->span, "%lld is no year", (long long)year->constant.i);
    int32_t number = (int32_t)year->constant.i;
    lots_day day = end ? lots_day_from_civil(number, 12, 31) : lots_day_from_civil(number, 1, 1);
    return bind_int(b, LOTS_TYPE_DATE, day, year->span, out);
}

/* One end of `a..b` where days are wanted: a date, a year or an interval's own end. NULL is an open end. */
static lots_status side_of(binder *b, lots_expr *from, bool end, lots_ast_span span, lots_expr **out)
{
    if (from == NULL)
        return bind_int(b, LOTS_TYPE_DATE, end ? LOTS_DAY_MAX : LOTS_DAY_MIN, span, out);
    switch (from->type.kind) {
    case LOTS_TYPE_DATE: *out = from; return LOTS_OK;
    case LOTS_TYPE_INT: return year_side(b, from, end, out);
    case LOTS_TYPE_INTERVAL:
        return bind_expr(b, end ? LOTS_OP_INTERVAL_END : LOTS_OP_INTERVAL_START, bind_type(LOTS_TYPE_DATE), from->span,
                         &from, 1, out);
    case LOTS_TYPE_MISSING: {
        lots_type date = bind_type(LOTS_TYPE_DATE);
        return bind_cast(b, from, &date, NULL, out);
    }
    default: return bind_wrong_type(b, from, "a date, a period or a year");
    }
}

static lots_status wrong_interval(binder *b, const lots_expr *from)
{
    lots_status status = bind_wrong_type(b, from, "an interval (2023, 2023-05, a..b)");
    if (from->type.kind == LOTS_TYPE_TEXT)
        lots_error_hint(b->err, "years, periods and days stand without quotes");
    else if (from->type.kind == LOTS_TYPE_DAYS)
        lots_error_hint(b->err, "from one day to another is written a..b");
    return status;
}

lots_status bind_as_interval(binder *b, const value *from, lots_ast_span span, lots_expr **out)
{
    lots_expr *ends[2] = {NULL, NULL};
    if (from->kind == VALUE_EXPR && bind_is_untyped(from->expr)) {
        *out = from->expr;
        return bind_give_type(b, out, LOTS_TYPE_INTERVAL);
    }
    if (from->kind == VALUE_EXPR && from->expr->type.kind == LOTS_TYPE_INTERVAL) {
        *out = from->expr;
        return LOTS_OK;
    }
    if (from->kind == VALUE_EXPR && (from->expr->type.kind == LOTS_TYPE_INT || from->expr->type.kind == LOTS_TYPE_DATE)) {
        if (from->expr->type.kind == LOTS_TYPE_DATE) {
            lots_status status = bind_wrong_type(b, from->expr, "an interval");
            lots_error_hint(b->err, "one day is written d..d");
            return status;
        }
        LOTS_TRY(year_side(b, from->expr, false, &ends[0]));
        LOTS_TRY(year_side(b, from->expr, true, &ends[1]));
    } else if (from->kind == VALUE_RANGE) {
        LOTS_TRY(side_of(b, from->low, false, span, &ends[0]));
        LOTS_TRY(side_of(b, from->high, true, span, &ends[1]));
    } else if (from->kind == VALUE_EXPR) {
        return wrong_interval(b, from->expr);
    } else {
        return lots_ast_fail(b->err, span, "an interval is wanted here (2023, 2023-05, a..b)");
    }
    return bind_expr(b, LOTS_OP_INTERVAL, bind_type(LOTS_TYPE_INTERVAL), span, ends, 2, out);
}

/* An interval that may be open on a side at run time: its start, or the first day there is; missing only when the
 * interval itself is. */
static lots_status open_side(binder *b, lots_expr *interval, bool end, lots_expr **out)
{
    lots_type date = bind_type(LOTS_TYPE_DATE);
    lots_expr *parts[2] = {NULL, NULL};
    LOTS_TRY(bind_expr(b, end ? LOTS_OP_INTERVAL_END : LOTS_OP_INTERVAL_START, date, interval->span, &interval, 1,
                       &parts[0]));
    LOTS_TRY(bind_int(b, LOTS_TYPE_DATE, end ? LOTS_DAY_MAX : LOTS_DAY_MIN, interval->span, &parts[1]));
    lots_expr *choice[2] = {NULL, NULL};
    LOTS_TRY(bind_expr(b, LOTS_OP_COALESCE, date, interval->span, parts, 2, &choice[1]));
    lots_expr *gone = NULL;
    LOTS_TRY(bind_expr(b, LOTS_OP_IS_MISSING, bind_type(LOTS_TYPE_BOOL), interval->span, &interval, 1, &gone));
    LOTS_TRY(bind_expr(b, LOTS_OP_NOT, bind_type(LOTS_TYPE_BOOL), interval->span, &gone, 1, &choice[0]));
    return bind_expr(b, LOTS_OP_CASE, date, interval->span, choice, 2, out);
}

lots_status bind_interval_side(binder *b, lots_expr *interval, bool end, lots_expr **out)
{
    *out = NULL;
    if (interval->op == LOTS_OP_CONSTANT && !interval->constant.missing) {
        int64_t day = end ? interval->constant.i2 : interval->constant.i;
        if (day == (end ? LOTS_DAY_MAX : LOTS_DAY_MIN))
            return LOTS_OK;
        return bind_int(b, LOTS_TYPE_DATE, day, interval->span, out);
    }
    if (interval->whole != NULL) /* of a period, which has both ends */
        return bind_expr(b, end ? LOTS_OP_INTERVAL_END : LOTS_OP_INTERVAL_START, bind_type(LOTS_TYPE_DATE), interval->span,
                         &interval, 1, out);
    if (interval->op == LOTS_OP_INTERVAL) {
        lots_expr *side = interval->operands[end ? 1 : 0];
        if (side->op == LOTS_OP_CONSTANT && !side->constant.missing &&
            side->constant.i == (end ? LOTS_DAY_MAX : LOTS_DAY_MIN))
            return LOTS_OK;
        *out = side;
        return LOTS_OK;
    }
    return open_side(b, interval, end, out);
}
