/* bind_call.c: functions of values. See bind_internal.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "query/lang/bind_internal.h"
#include "query/lang/classification.h"
#include "query/lang/hint.h"
#include "query/lang/suggest.h"

typedef enum shape {
    SHAPE_DATE,     /* date -> type */
    SHAPE_DATES,    /* date, date -> type */
    SHAPE_NUMBER,   /* number -> same, or what `type` says */
    SHAPE_FLOAT,    /* float -> float */
    SHAPE_FLOATS,   /* float, float -> float */
    SHAPE_SAME,     /* two or more of one type */
    SHAPE_OWN       /* a function of its own below */
} shape;

typedef lots_status (*bind_function)(binder *b, scope *where, const lots_ast_node *node, lots_expr **out);

typedef struct function {
    const char *name;
    lots_op op;
    shape shape;
    lots_type_kind type;
    bind_function own;
} function;

/* ---- arguments ---- */

static lots_status want(binder *b, const lots_ast_node *node, uint32_t least, uint32_t most)
{
    const lots_ast_call *call = node->call;
    LOTS_TRY(bind_no_clauses(b, call));
    if (call->distinct)
        return lots_ast_fail(b->err, call->distinct_span, "`distinct` stands in count(distinct …)");
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (call->args[i].kind != LOTS_AST_ARG_VALUE)
            return lots_ast_fail(b->err, call->args[i].span, "'%s' takes plain values", call->name.text);
    if (call->arg_count >= least && call->arg_count <= most)
        return LOTS_OK;
    if (least == most)
        return bind_wrong_count(b, call, least, "", node->span);
    return lots_ast_fail(b->err, node->span, "'%s' takes %u or more arguments, %u given", call->name.text, least,
                         call->arg_count);
}

static lots_status arguments(binder *b, const lots_ast_node *node, uint32_t room, lots_expr ***out)
{
    void *made = NULL;
    (void)node;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, room, sizeof(lots_expr *), b->err));
    *out = made;
    return LOTS_OK;
}

static lots_status whole(binder *b, scope *where, const lots_ast_node *node, int64_t least, int64_t most, int64_t *out)
{
    lots_expr *x = NULL;
    LOTS_TRY(bind_scalar(b, where, node, &x));
    if (x->op != LOTS_OP_CONSTANT || x->type.kind != LOTS_TYPE_INT || x->constant.missing || x->constant.i < least ||
        x->constant.i > most)
        return lots_ast_fail(b->err, node->span, "a constant whole number from %lld to %lld is wanted here",
                             (long long)least, (long long)most);
    *out = x->constant.i;
    return LOTS_OK;
}

static lots_status one_type(binder *b, lots_expr **list, uint32_t count, lots_ast_span span, const char *what)
{
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 1; i < count; i++)
            LOTS_TRY(bind_unify(b, &list[0], &list[i], span, what));
    return LOTS_OK;
}

/* ---- functions of their own ---- */

static lots_status own_case(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_call *call = node->call;
    lots_expr **list = NULL, **values = NULL;
    uint32_t count = 0, value_count = 0;
    LOTS_TRY(bind_no_clauses(b, call));
    LOTS_TRY(arguments(b, node, call->arg_count * 2 + 1, &list));
    LOTS_TRY(arguments(b, node, call->arg_count + 1, &values));
    for (uint32_t i = 0; i < call->arg_count; i++) {
        const lots_ast_arg *arg = &call->args[i];
        bool last = i + 1 == call->arg_count;
        if (arg->kind != LOTS_AST_ARG_THEN && !(arg->kind == LOTS_AST_ARG_ELSE && last))
            return lots_ast_fail(b->err, arg->span, "case is written case(condition then value, …, else value)");
        if (arg->kind == LOTS_AST_ARG_THEN)
            LOTS_TRY(bind_condition(b, where, arg->value, &list[count++]));
        const lots_ast_node *chosen = arg->kind == LOTS_AST_ARG_THEN ? arg->then_value : arg->value;
        LOTS_TRY(bind_scalar(b, where, chosen, &values[value_count++]));
        count++;
    }
    if (count < 2)
        return lots_ast_fail(b->err, node->span, "case needs at least one `condition then value`");
    LOTS_TRY(one_type(b, values, value_count, node->span, "case"));
    uint32_t v = 0, at = 0;
    for (uint32_t i = 0; i < call->arg_count; i++) {
        at += call->args[i].kind == LOTS_AST_ARG_THEN ? 1 : 0;
        list[at++] = values[v++];
    }
    if (values[0]->type.kind == LOTS_TYPE_EVENTS)
        return bind_wrong_type(b, values[0], "a value");
    return bind_expr(b, LOTS_OP_CASE, values[0]->type, node->span, list, count, out);
}

static lots_status own_list(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_call *call = node->call;
    lots_expr **list = NULL;
    lots_type text = bind_type(LOTS_TYPE_TEXT), type = bind_type(LOTS_TYPE_SET);
    type.element = LOTS_TYPE_TEXT;
    LOTS_TRY(bind_no_clauses(b, call));
    LOTS_TRY(arguments(b, node, call->arg_count * 2, &list));
    for (uint32_t i = 0; i < call->arg_count; i++) {
        if (call->args[i].kind != LOTS_AST_ARG_THEN)
            return lots_ast_fail(b->err, call->args[i].span, "list is written list(condition then 'reason', …)");
        LOTS_TRY(bind_condition(b, where, call->args[i].value, &list[2 * i]));
        LOTS_TRY(bind_scalar(b, where, call->args[i].then_value, &list[2 * i + 1]));
        LOTS_TRY(bind_cast(b, list[2 * i + 1], &text, "a text", &list[2 * i + 1]));
    }
    return bind_expr(b, LOTS_OP_LIST, type, node->span, list, call->arg_count * 2, out);
}

static lots_status own_round(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *x = NULL;
    int64_t decimals = 0;
    LOTS_TRY(want(b, node, 1, 2));
    LOTS_TRY(bind_scalar(b, where, node->call->args[0].value, &x));
    if (node->call->arg_count == 2)
        LOTS_TRY(whole(b, where, node->call->args[1].value, 0, 15, &decimals));
    *out = x;
    if (bind_is_untyped(x))
        return decimals == 0 ? bind_give_type(b, out, LOTS_TYPE_INT) : LOTS_OK;
    if (!lots_type_is_number(&x->type))
        return bind_wrong_type(b, x, "a number");
    lots_type type = decimals == 0 ? bind_type(LOTS_TYPE_INT) : x->type;
    if (type.kind == LOTS_TYPE_DECIMAL && type.scale > decimals)
        type.scale = (uint8_t)decimals;
    LOTS_TRY(bind_expr(b, LOTS_OP_ROUND, type, node->span, &x, 1, out));
    (*out)->index = (uint32_t)decimals;
    return LOTS_OK;
}

static lots_status own_size(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *x = NULL;
    LOTS_TRY(want(b, node, 1, 1));
    LOTS_TRY(bind_scalar(b, where, node->call->args[0].value, &x));
    LOTS_TRY(bind_give_type(b, &x, LOTS_TYPE_TEXT));
    if (x->type.kind != LOTS_TYPE_SET && x->type.kind != LOTS_TYPE_TEXT)
        return bind_wrong_type(b, x, "a set or a text");
    return bind_expr(b, LOTS_OP_SIZE, bind_type(LOTS_TYPE_INT), node->span, &x, 1, out);
}

static lots_status own_text(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *x = NULL;
    LOTS_TRY(want(b, node, 1, 1));
    LOTS_TRY(bind_scalar(b, where, node->call->args[0].value, &x));
    *out = x;
    if (x->type.kind == LOTS_TYPE_TEXT)
        return LOTS_OK;
    if (x->type.kind == LOTS_TYPE_EVENTS || x->type.kind == LOTS_TYPE_SET || x->type.kind == LOTS_TYPE_INTERVAL)
        return bind_wrong_type(b, x, "a single value");
    return bind_expr(b, LOTS_OP_TO_TEXT, bind_type(LOTS_TYPE_TEXT), node->span, &x, 1, out);
}

static lots_status own_int(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *x = NULL;
    LOTS_TRY(want(b, node, 1, 1));
    LOTS_TRY(bind_scalar(b, where, node->call->args[0].value, &x));
    LOTS_TRY(bind_give_type(b, &x, LOTS_TYPE_INT));
    lots_type_kind kind = x->type.kind;
    *out = x;
    if (kind == LOTS_TYPE_INT)
        return LOTS_OK;
    if (kind != LOTS_TYPE_FLOAT && kind != LOTS_TYPE_DECIMAL && kind != LOTS_TYPE_TEXT && kind != LOTS_TYPE_BOOL &&
        kind != LOTS_TYPE_DAYS)
        return bind_wrong_type(b, x, "a number, a text, a condition or days");
    return bind_expr(b, LOTS_OP_TO_INT, bind_type(LOTS_TYPE_INT), node->span, &x, 1, out);
}

static lots_status own_float(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *x = NULL;
    LOTS_TRY(want(b, node, 1, 1));
    LOTS_TRY(bind_scalar(b, where, node->call->args[0].value, &x));
    return bind_to_float(b, x, out);
}

static lots_status own_mod(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *pair[2] = {NULL, NULL};
    lots_type type = bind_type(LOTS_TYPE_INT);
    LOTS_TRY(want(b, node, 2, 2));
    for (int i = 0; i < 2; i++) {
        LOTS_TRY(bind_scalar(b, where, node->call->args[i].value, &pair[i]));
        LOTS_TRY(bind_cast(b, pair[i], &type, "a whole number", &pair[i]));
    }
    return bind_expr(b, LOTS_OP_MOD, type, node->span, pair, 2, out);
}

#define BAND_LABELS 256

static lots_status own_band(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *pair[2] = {NULL, NULL};
    lots_type type = bind_type(LOTS_TYPE_INT);
    int64_t width = 0;
    LOTS_TRY(want(b, node, 2, 2));
    LOTS_TRY(bind_scalar(b, where, node->call->args[0].value, &pair[0]));
    LOTS_TRY(bind_cast(b, pair[0], &type, "a whole number", &pair[0]));
    LOTS_TRY(whole(b, where, node->call->args[1].value, 1, INT32_MAX, &width));
    LOTS_TRY(bind_int(b, LOTS_TYPE_INT, width, node->span, &pair[1]));
    LOTS_TRY(bind_expr(b, LOTS_OP_BAND, bind_type(LOTS_TYPE_TEXT), node->span, pair, 2, out));
    void *made = NULL;
    char text[2 * 20 + 1];
    LOTS_TRY(lots_arena_alloc(b->arena, &made, BAND_LABELS, sizeof(char *), b->err));
    char **labels = made;
    for (int64_t i = 0; i < BAND_LABELS; i++) {
        size_t bytes = lots_whole_text((uint64_t)(i * width), text);
        if (width > 1) {
            text[bytes++] = '-';
            bytes += lots_whole_text((uint64_t)(i * width + width - 1), text + bytes);
        }
        LOTS_TRY(lots_arena_text(b->arena, &labels[i], text, bytes, b->err));
    }
    (*out)->labels = (const char *const *)labels;
    (*out)->label_count = BAND_LABELS;
    return LOTS_OK;
}

static lots_status cut_label(binder *b, const lots_expr *low, const lots_expr *high, char **out)
{
    bool whole_numbers = (low != NULL ? low : high)->type.kind == LOTS_TYPE_INT;
    if (low == NULL && whole_numbers)
        return lots_arena_printf(b->arena, out, b->err, "<%lld", (long long)high->constant.i);
    if (high == NULL && whole_numbers)
        return lots_arena_printf(b->arena, out, b->err, "%lld+", (long long)low->constant.i);
    if (whole_numbers && low->constant.i == high->constant.i - 1)
        return lots_arena_printf(b->arena, out, b->err, "%lld", (long long)low->constant.i);
    if (whole_numbers)
        return lots_arena_printf(b->arena, out, b->err, "%lld-%lld", (long long)low->constant.i,
                                 (long long)high->constant.i - 1);
    if (low == NULL)
        return lots_arena_printf(b->arena, out, b->err, "<%g", high->constant.f);
    if (high == NULL)
        return lots_arena_printf(b->arena, out, b->err, "%g+", low->constant.f);
    return lots_arena_printf(b->arena, out, b->err, "%g-<%g", low->constant.f, high->constant.f);
}

static lots_status own_cut(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_call *call = node->call;
    lots_expr **list = NULL;
    void *made = NULL;
    LOTS_TRY(want(b, node, 2, UINT32_MAX));
    LOTS_TRY(arguments(b, node, call->arg_count, &list));
    for (uint32_t i = 0; i < call->arg_count; i++) {
        LOTS_TRY(bind_scalar(b, where, call->args[i].value, &list[i]));
        if (i > 0 && (list[i]->op != LOTS_OP_CONSTANT || list[i]->constant.missing))
            return lots_ast_fail(b->err, list[i]->span, "the bounds of cut are constant numbers");
    }
    bool whole_numbers = true;
    for (uint32_t i = 0; i < call->arg_count; i++) /* durations are whole days */
        if (list[i]->type.kind == LOTS_TYPE_DAYS)
            LOTS_TRY(i == 0 ? bind_expr(b, LOTS_OP_TO_INT, bind_type(LOTS_TYPE_INT), list[i]->span, &list[i], 1, &list[i])
                            : bind_int(b, LOTS_TYPE_INT, list[i]->constant.i, list[i]->span, &list[i]));
    for (uint32_t i = 0; i < call->arg_count; i++)
        whole_numbers = whole_numbers && list[i]->type.kind == LOTS_TYPE_INT;
    for (uint32_t i = 0; i < call->arg_count && !whole_numbers; i++)
        LOTS_TRY(bind_to_float(b, list[i], &list[i]));
    for (uint32_t i = 2; i < call->arg_count; i++)
        if (whole_numbers ? list[i]->constant.i <= list[i - 1]->constant.i : list[i]->constant.f <= list[i - 1]->constant.f)
            return lots_ast_fail(b->err, list[i]->span, "the bounds of cut must rise");
    LOTS_TRY(bind_expr(b, LOTS_OP_CUT, bind_type(LOTS_TYPE_TEXT), node->span, list, call->arg_count, out));
    LOTS_TRY(lots_arena_alloc(b->arena, &made, call->arg_count, sizeof(char *), b->err));
    char **labels = made;
    for (uint32_t i = 0; i < call->arg_count; i++)
        LOTS_TRY(cut_label(b, i == 0 ? NULL : list[i], i + 1 == call->arg_count ? NULL : list[i + 1], &labels[i]));
    (*out)->labels = (const char *const *)labels;
    (*out)->label_count = call->arg_count;
    return LOTS_OK;
}

static lots_status own_prefix(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *pair[2] = {NULL, NULL};
    int64_t length = 0;
    LOTS_TRY(want(b, node, 2, 2));
    LOTS_TRY(bind_scalar(b, where, node->call->args[0].value, &pair[0]));
    LOTS_TRY(whole(b, where, node->call->args[1].value, 1, LOTS_CODE_BYTES_MAX, &length));
    LOTS_TRY(bind_int(b, LOTS_TYPE_INT, length, node->span, &pair[1]));
    lots_type type = pair[0]->type;
    *out = pair[0];
    if (bind_is_untyped(*out))
        return LOTS_OK;
    if (type.kind == LOTS_TYPE_CODE) {
        type = bind_type(LOTS_TYPE_TEXT);
    } else if (type.kind == LOTS_TYPE_SET && type.element == LOTS_TYPE_CODE) {
        type = bind_type(LOTS_TYPE_SET);
        type.element = LOTS_TYPE_TEXT;
    } else {
        return bind_wrong_type(b, pair[0], "a code or a list of codes");
    }
    return bind_expr(b, LOTS_OP_CODE_PREFIX, type, node->span, pair, 2, out);
}

static const function functions[] = {
    {"case", LOTS_OP_CASE, SHAPE_OWN, LOTS_TYPE_MISSING, own_case},
    {"list", LOTS_OP_LIST, SHAPE_OWN, LOTS_TYPE_MISSING, own_list},
    {"round", LOTS_OP_ROUND, SHAPE_OWN, LOTS_TYPE_MISSING, own_round},
    {"size", LOTS_OP_SIZE, SHAPE_OWN, LOTS_TYPE_MISSING, own_size},
    {"text", LOTS_OP_TO_TEXT, SHAPE_OWN, LOTS_TYPE_MISSING, own_text},
    {"int", LOTS_OP_TO_INT, SHAPE_OWN, LOTS_TYPE_MISSING, own_int},
    {"float", LOTS_OP_TO_FLOAT, SHAPE_OWN, LOTS_TYPE_MISSING, own_float},
    {"mod", LOTS_OP_MOD, SHAPE_OWN, LOTS_TYPE_MISSING, own_mod},
    {"band", LOTS_OP_BAND, SHAPE_OWN, LOTS_TYPE_MISSING, own_band},
    {"cut", LOTS_OP_CUT, SHAPE_OWN, LOTS_TYPE_MISSING, own_cut},
    {"prefix", LOTS_OP_CODE_PREFIX, SHAPE_OWN, LOTS_TYPE_MISSING, own_prefix},
    {"coalesce", LOTS_OP_COALESCE, SHAPE_SAME, LOTS_TYPE_MISSING, NULL},
    {"least", LOTS_OP_LEAST, SHAPE_SAME, LOTS_TYPE_MISSING, NULL},
    {"greatest", LOTS_OP_GREATEST, SHAPE_SAME, LOTS_TYPE_MISSING, NULL},
    {"abs", LOTS_OP_ABS, SHAPE_NUMBER, LOTS_TYPE_MISSING, NULL},
    {"floor", LOTS_OP_FLOOR, SHAPE_NUMBER, LOTS_TYPE_INT, NULL},
    {"ceil", LOTS_OP_CEIL, SHAPE_NUMBER, LOTS_TYPE_INT, NULL},
    {"sqrt", LOTS_OP_SQRT, SHAPE_FLOAT, LOTS_TYPE_FLOAT, NULL},
    {"ln", LOTS_OP_LN, SHAPE_FLOAT, LOTS_TYPE_FLOAT, NULL},
    {"wilson_low", LOTS_OP_WILSON_LOW, SHAPE_FLOATS, LOTS_TYPE_FLOAT, NULL},
    {"wilson_high", LOTS_OP_WILSON_HIGH, SHAPE_FLOATS, LOTS_TYPE_FLOAT, NULL},
    {"poisson_low", LOTS_OP_POISSON_LOW, SHAPE_FLOATS, LOTS_TYPE_FLOAT, NULL},
    {"poisson_high", LOTS_OP_POISSON_HIGH, SHAPE_FLOATS, LOTS_TYPE_FLOAT, NULL},
    {"days", LOTS_OP_DAYS_BETWEEN, SHAPE_DATES, LOTS_TYPE_INT, NULL},
    {"weeks", LOTS_OP_WHOLE_WEEKS, SHAPE_DATES, LOTS_TYPE_INT, NULL},
    {"months", LOTS_OP_WHOLE_MONTHS, SHAPE_DATES, LOTS_TYPE_INT, NULL},
    {"years", LOTS_OP_WHOLE_YEARS, SHAPE_DATES, LOTS_TYPE_INT, NULL},
    {"year", LOTS_OP_YEAR, SHAPE_DATE, LOTS_TYPE_INT, NULL},
    {"month", LOTS_OP_MONTH, SHAPE_DATE, LOTS_TYPE_INT, NULL},
    {"day", LOTS_OP_DAY, SHAPE_DATE, LOTS_TYPE_INT, NULL},
    {"weekday", LOTS_OP_WEEKDAY, SHAPE_DATE, LOTS_TYPE_INT, NULL},
    {"year_of", LOTS_OP_YEAR_OF, SHAPE_DATE, LOTS_TYPE_INTERVAL, NULL},
    {"quarter_of", LOTS_OP_QUARTER_OF, SHAPE_DATE, LOTS_TYPE_INTERVAL, NULL},
    {"month_of", LOTS_OP_MONTH_OF, SHAPE_DATE, LOTS_TYPE_INTERVAL, NULL},
    {"week_of", LOTS_OP_WEEK_OF, SHAPE_DATE, LOTS_TYPE_INTERVAL, NULL},
};

/* ---- functions by their shape ---- */

static lots_status bind_dates(binder *b, scope *where, const function *f, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *pair[2] = {NULL, NULL};
    uint32_t count = f->shape == SHAPE_DATES ? 2 : 1;
    LOTS_TRY(want(b, node, count, count));
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(bind_date(b, where, node->call->args[i].value, &pair[i]));
    if (f->op != LOTS_OP_DAYS_BETWEEN)
        return bind_expr(b, f->op, bind_type(f->type), node->span, pair, count, out);
    LOTS_TRY(bind_expr(b, f->op, bind_type(LOTS_TYPE_DAYS), node->span, pair, 2, out));
    lots_expr *days = *out; /* days(a, b) is a whole number, b - a a duration */
    if (days->op == LOTS_OP_CONSTANT) {
        days->type = bind_type(LOTS_TYPE_INT);
        return LOTS_OK;
    }
    return bind_expr(b, LOTS_OP_TO_INT, bind_type(LOTS_TYPE_INT), node->span, &days, 1, out);
}

static lots_status bind_numbers(binder *b, scope *where, const function *f, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *pair[2] = {NULL, NULL};
    uint32_t count = f->shape == SHAPE_FLOATS ? 2 : 1;
    LOTS_TRY(want(b, node, count, count));
    for (uint32_t i = 0; i < count; i++) {
        LOTS_TRY(bind_scalar(b, where, node->call->args[i].value, &pair[i]));
        if (f->shape != SHAPE_NUMBER)
            LOTS_TRY(bind_to_float(b, pair[i], &pair[i]));
        else if (f->type == LOTS_TYPE_INT)
            LOTS_TRY(bind_give_type(b, &pair[i], LOTS_TYPE_INT));
        if (f->shape == SHAPE_NUMBER && !bind_is_untyped(pair[i]) && !lots_type_is_number(&pair[i]->type) && !(f->op == LOTS_OP_ABS && pair[i]->type.kind == LOTS_TYPE_DAYS))
            return bind_wrong_type(b, pair[i], "a number");
    }
    lots_type type = f->type == LOTS_TYPE_MISSING ? pair[0]->type : bind_type(f->type);
    const bool itself = bind_is_untyped(pair[0]) || (f->type == LOTS_TYPE_INT && pair[0]->type.kind == LOTS_TYPE_INT);
    if (itself) { /* the absolute of missing, floor of a whole number */
        *out = pair[0];
        return LOTS_OK;
    }
    return bind_expr(b, f->op, type, node->span, pair, count, out);
}

/* A quoted text beside a category is its value when it is one (coalesce(level, 'primary')), else a text (… 'none'). */
static bool plain_text(const lots_ast_node *node, const lots_type *beside)
{
    return node->kind == LOTS_AST_STRING && beside->kind == LOTS_TYPE_CATEGORY &&
           (beside->dictionary == NULL ||
            lots_dictionary_find(beside->dictionary, node->string.text, node->string.bytes) == LOTS_NO_ID);
}

static lots_status bind_same(binder *b, scope *where, const function *f, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_call *call = node->call;
    lots_expr **list = NULL;
    LOTS_TRY(want(b, node, 2, UINT32_MAX));
    LOTS_TRY(arguments(b, node, call->arg_count, &list));
    for (uint32_t i = 0; i < call->arg_count; i++)
        LOTS_TRY(i == 0 || plain_text(call->args[i].value, &list[0]->type)
                     ? bind_scalar(b, where, call->args[i].value, &list[i])
                     : bind_beside(b, where, call->args[i].value, &list[0]->type, &list[i]));
    LOTS_TRY(one_type(b, list, call->arg_count, node->span, f->name));
    if (list[0]->type.kind == LOTS_TYPE_EVENTS)
        return bind_wrong_type(b, list[0], "a value");
    bool has_order = list[0]->type.kind != LOTS_TYPE_SET && list[0]->type.kind != LOTS_TYPE_INTERVAL;
    if (f->op != LOTS_OP_COALESCE && !has_order)
        return bind_wrong_type(b, list[0], "a value with an order");
    return bind_expr(b, f->op, list[0]->type, node->span, list, call->arg_count, out);
}

static lots_status by_shape(binder *b, scope *where, const function *f, const lots_ast_node *node, lots_expr **out)
{
    switch (f->shape) {
    case SHAPE_DATE:
    case SHAPE_DATES: return bind_dates(b, where, f, node, out);
    case SHAPE_NUMBER:
    case SHAPE_FLOAT:
    case SHAPE_FLOATS: return bind_numbers(b, where, f, node, out);
    case SHAPE_SAME: return bind_same(b, where, f, node, out);
    case SHAPE_OWN: break;
    }
    return f->own(b, where, node, out);
}

/* ---- what there is not ---- */

/* Functions that are bound elsewhere than by `functions`. */
static const char *const others[] = {"count", "exists", "sum",   "mean",     "median", "first",    "last",  "nth",
                                     "next",  "prev",   "nights", "episodes", "steps",  "active",  "quantile", "share", "gini",
                                     "rate",  "patients", "most", "set", "top", "rank", "percentile", "top_share",
                                     "groups", "score", "km", "km_quantile", "cif"};

bool bind_is_function(const lots_ast_name *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (lots_ast_name_is(name, functions[i].name))
            return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (lots_ast_name_is(name, others[i]))
            return true;
    for (size_t i = 0; i < lots_classification_text_count; i++)
        if (lots_ast_name_is(name, lots_classification_texts[i].name))
            return true;
    return false;
}

static lots_status unknown_call(binder *b, const lots_ast_call *call)
{
    if (lots_ast_name_is(&call->name, "pairs"))
        return lots_ast_fail(b->err, call->name.span, "pairs stands after `each` only: each a, b in pairs(g)");
    suggestion near;
    suggest_begin(&near, call->name.text, call->name.bytes);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        suggest_try(&near, functions[i].name, (uint32_t)strlen(functions[i].name));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        suggest_try(&near, others[i], (uint32_t)strlen(others[i]));
    for (size_t i = 0; i < lots_classification_text_count; i++)
        suggest_try(&near, lots_classification_texts[i].name, (uint32_t)strlen(lots_classification_texts[i].name));
    for (uint32_t i = 0; i < b->sight.visible; i++) {
        const lots_ast_statement *statement = LOTS_AT(global, &b->globals, i).statement;
        if (statement->params.count > 0)
            suggest_try(&near, statement->name.text, statement->name.bytes);
    }
    lots_status status = lots_ast_fail(b->err, call->name.span, "there is no function '%.*s'", (int)call->name.bytes,
                                       call->name.text);
    if (bind_find_global(b, call->name.text, call->name.bytes) != UINT32_MAX)
        lots_error_hint(b->err, "it is a name without arguments: write it without brackets");
    else if (lots_hint_function(call->name.text, call->name.bytes) != NULL)
        lots_error_hint(b->err, "write %s", lots_hint_function(call->name.text, call->name.bytes));
    else if (lots_schema_find_stream(b->schema, call->name.text, call->name.bytes) > 0)
        lots_error_hint(b->err, "conditions of events stand after `where`: count(%.*s where …)", (int)call->name.bytes, call->name.text);
    else if (near.found)
        lots_error_hint(b->err, "did you mean `%s`?", near.text);
    return status;
}

static lots_status bind_relation_call(binder *b, scope *where, const lots_ast_node *node, bool *done, value *out)
{
    *done = true;
    out->kind = VALUE_SET;
    if (node->call->episodes)
        return bind_episodes(b, where, node, &out->set);
    if (lots_ast_name_is(&node->call->name, "steps"))
        return bind_steps(b, where, node, &out->set);
    if (lots_ast_name_is(&node->call->name, "active"))
        return bind_active(b, where, node, &out->set);
    *done = false;
    return LOTS_OK;
}

/* `by` and `per` add keys; of the others a second one would be passed over in silence. */
static lots_status clauses_stand_once(binder *b, const lots_ast_call *call)
{
    for (uint32_t i = 0; i < call->clause_count; i++)
        for (uint32_t k = 0; k < i; k++) {
            const lots_ast_clause_kind kind = call->clauses[i].kind;
            if (kind == call->clauses[k].kind && kind != LOTS_AST_CLAUSE_BY && kind != LOTS_AST_CLAUSE_PER)
                return lots_ast_fail(b->err, call->clauses[i].span, "a clause of its kind stands before it already");
        }
    return LOTS_OK;
}

lots_status bind_call(binder *b, scope *where, const lots_ast_node *node, value *out)
{
    const lots_ast_call *call = node->call;
    bool done = false;
    memset(out, 0, sizeof *out);
    LOTS_TRY(clauses_stand_once(b, call));
    uint32_t number = call->episodes ? UINT32_MAX : bind_find_global(b, call->name.text, call->name.bytes);
    if (number != UINT32_MAX && LOTS_AT(global, &b->globals, number).statement->params.count > 0)
        return bind_global(b, number, where, call, out);
    LOTS_TRY(bind_relation_call(b, where, node, &done, out));
    if (done)
        return LOTS_OK;
    LOTS_TRY(bind_row_function(b, where, node, &done, out));
    if (done)
        return LOTS_OK;
    LOTS_TRY(bind_aggregate(b, where, node, &done, out));
    if (done)
        return LOTS_OK;
    if (lots_ast_name_is(&call->name, "path")) {
        out->kind = VALUE_EXPR;
        return bind_path(b, where, node, &out->expr);
    }
    if (lots_ast_name_is(&call->name, "codes")) {
        out->kind = VALUE_CODES;
        return bind_codes_file(b, call, &out->node);
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (!lots_ast_name_is(&call->name, functions[i].name))
            continue;
        out->kind = VALUE_EXPR;
        return by_shape(b, where, &functions[i], node, &out->expr);
    }
    LOTS_TRY(bind_class_call(b, where, node, &done, out));
    return done ? LOTS_OK : unknown_call(b, call);
}
