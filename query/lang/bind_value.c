/* bind_value.c: operators, comparisons, ranges, members and `at`. See bind_internal.h. */
#include <string.h>

#include "query/lang/bind_internal.h"
#include "query/lang/suggest.h"

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

/* ---- words beside categories ---- */

/* `param clinic = 'Norr'` beside a category: a constant text is looked up too, so that a misspelt one is not just false. */
static lots_status text_as_word(binder *b, const lots_type *beside, lots_ast_span span, lots_expr **out)
{
    const lots_expr *text = *out;
    lots_type_kind kind = beside->kind == LOTS_TYPE_SET ? beside->element : beside->kind;
    if (kind != LOTS_TYPE_CATEGORY || text->op != LOTS_OP_CONSTANT || text->type.kind != LOTS_TYPE_TEXT ||
        text->constant.missing)
        return LOTS_OK;
    return bind_category_word(b, beside, text->constant.text, text->constant.text_bytes, span, out);
}

static lots_status word_or_name(binder *b, scope *where, const lots_ast_node *node, const lots_type *beside,
                                lots_expr **out)
{
    value bound;
    LOTS_TRY(bind_name(b, where, &node->name, &bound));
    bool textual = bound.kind == VALUE_EXPR &&
                   (bound.expr->type.kind == LOTS_TYPE_CATEGORY || bound.expr->type.kind == LOTS_TYPE_TEXT);
    bool word = beside->dictionary != NULL &&
                lots_dictionary_find(beside->dictionary, node->name.text, node->name.bytes) != LOTS_NO_ID;
    /* A column of another category is no rival: nobody compares the form of a contact with whether the visit is new. */
    bool rival = textual && (bound.expr->type.kind == LOTS_TYPE_TEXT || bound.expr->type.dictionary == beside->dictionary);
    if (rival && word) {
        lots_status status = lots_ast_fail(b->err, node->span, "'%.*s' is both a value of the %s and a name here",
                                           (int)node->name.bytes, node->name.text, "category");
        lots_error_hint(b->err, "write '%.*s' in quotes for the value", (int)node->name.bytes, node->name.text);
        return status;
    }
    if (textual && !word) {
        *out = bound.expr;
        return text_as_word(b, beside, node->span, out);
    }
    return bind_category_word(b, beside, node->name.text, node->name.bytes, node->span, out);
}

lots_status bind_beside(binder *b, scope *where, const lots_ast_node *node, const lots_type *beside, lots_expr **out)
{
    lots_type_kind kind = beside->kind == LOTS_TYPE_SET ? beside->element : beside->kind;
    if (kind == LOTS_TYPE_CATEGORY && node->kind == LOTS_AST_NAME)
        return word_or_name(b, where, node, beside, out);
    if (kind == LOTS_TYPE_CATEGORY && node->kind == LOTS_AST_STRING)
        return bind_category_word(b, beside, node->string.text, node->string.bytes, node->span, out);
    if (kind == LOTS_TYPE_CODE && node->kind == LOTS_AST_STRING)
        return bind_code_text(b, beside, node->string.text, node->string.bytes, node->span, out);
    if (kind == LOTS_TYPE_CODE && node->kind == LOTS_AST_NAME) {
        value bound;
        LOTS_TRY(bind_name(b, where, &node->name, &bound));
        if (bound.kind == VALUE_NONE) {
            lots_status status = bind_unknown(b, where, &node->name);
            lots_error_hint(b->err, "codes stand in braces: in {%.*s}; one code in quotes: = '%.*s'", (int)node->name.bytes,
                            node->name.text, (int)node->name.bytes, node->name.text);
            return status;
        }
    }
    LOTS_TRY(bind_scalar(b, where, node, out));
    return text_as_word(b, beside, node->span, out);
}

/* ---- comparisons ---- */

static bool ordered(const lots_type *type)
{
    return type->kind != LOTS_TYPE_SET && type->kind != LOTS_TYPE_EVENTS && type->kind != LOTS_TYPE_INTERVAL &&
           type->kind != LOTS_TYPE_TUPLE;
}

static bool same_column(const lots_expr *a, const lots_expr *c)
{
    return a->op == LOTS_OP_COLUMN && c->op == LOTS_OP_COLUMN && a->of_frame == c->of_frame && a->index == c->index;
}

static lots_op compare_operator(lots_ast_op op)
{
    switch (op) {
    case LOTS_AST_OP_EQUAL: return LOTS_OP_EQUAL;
    case LOTS_AST_OP_UNEQUAL: return LOTS_OP_UNEQUAL;
    case LOTS_AST_OP_LESS: return LOTS_OP_LESS;
    case LOTS_AST_OP_LESS_EQUAL: return LOTS_OP_LESS_EQUAL;
    case LOTS_AST_OP_GREATER: return LOTS_OP_GREATER;
    default: return LOTS_OP_GREATER_EQUAL;
    }
}

/* A bare word on the left (inpatient = level) only when it names nothing of its own. */
static lots_status bind_pair(binder *b, scope *where, const lots_ast_node *left, const lots_ast_node *right,
                             lots_expr **l, lots_expr **r)
{
    if (left->kind == LOTS_AST_NAME || left->kind == LOTS_AST_STRING) {
        value bound;
        memset(&bound, 0, sizeof bound);
        if (left->kind == LOTS_AST_NAME)
            LOTS_TRY(bind_name(b, where, &left->name, &bound));
        bool word = left->kind == LOTS_AST_STRING || bound.kind != VALUE_EXPR;
        if (word && right->kind != LOTS_AST_STRING) {
            value other;
            memset(&other, 0, sizeof other);
            if (right->kind == LOTS_AST_NAME)
                LOTS_TRY(bind_name(b, where, &right->name, &other));
            else
                LOTS_TRY(bind_value(b, where, right, &other));
            if (other.kind == VALUE_EXPR) {
                *r = other.expr;
                return bind_beside(b, where, left, &(*r)->type, l);
            }
        }
    }
    LOTS_TRY(bind_scalar(b, where, left, l));
    return bind_beside(b, where, right, &(*l)->type, r);
}

static lots_status bind_compare(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *sides[2] = {NULL, NULL};
    LOTS_TRY(bind_pair(b, where, node->binary.left, node->binary.right, &sides[0], &sides[1]));
    if (same_column(sides[0], sides[1])) {
        lots_status status = lots_ast_fail(b->err, node->span, "this compares a column with itself");
        lots_error_hint(b->err, "name the outer event with `as`, and write e.%s",
                        node->binary.right->kind == LOTS_AST_NAME ? node->binary.right->name.text : "column");
        return status;
    }
    LOTS_TRY(bind_unify(b, &sides[0], &sides[1], node->binary.op_span, lots_ast_op_text(node->binary.op)));
    lots_op op = compare_operator(node->binary.op);
    bool equality = op == LOTS_OP_EQUAL || op == LOTS_OP_UNEQUAL;
    lots_type_kind kind = sides[0]->type.kind;
    if (kind == LOTS_TYPE_EVENTS || kind == LOTS_TYPE_INTERVAL || (!equality && !ordered(&sides[0]->type)))
        return bind_wrong_type(b, sides[0], "something that can be compared");
    return bind_expr(b, op, bind_type(LOTS_TYPE_BOOL), node->span, sides, 2, out);
}

static lots_status bind_in_items(binder *b, scope *where, lots_expr *x, const lots_ast_list *list, lots_ast_span span,
                                 lots_expr **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, list->count + 1, sizeof(lots_expr *), b->err));
    lots_expr **operands = made;
    lots_type_kind kind = x->type.kind == LOTS_TYPE_SET ? x->type.element : x->type.kind;
    bool ranks = kind == LOTS_TYPE_CATEGORY || kind == LOTS_TYPE_CODE;
    for (uint32_t i = 0; i < list->count; i++) {
        LOTS_TRY(bind_beside(b, where, list->items[i], &x->type, &operands[i + 1]));
        ranks = ranks && operands[i + 1]->op == LOTS_OP_CONSTANT && !operands[i + 1]->constant.missing &&
                operands[i + 1]->type.kind == kind;
    }
    if (ranks) {
        void *ids = NULL;
        LOTS_TRY(lots_arena_alloc(b->arena, &ids, list->count, sizeof(lots_id), b->err));
        for (uint32_t i = 0; i < list->count; i++)
            ((lots_id *)ids)[i] = (lots_id)operands[i + 1]->constant.i;
        return bind_rank_test(b, x, ids, list->count, span, out);
    }
    if (x->type.kind == LOTS_TYPE_SET)
        return bind_wrong_type(b, x, "one value");
    operands[0] = x;
    for (uint32_t round = 0; round < 2; round++) /* twice: a wide number late in the list widens those before it */
        for (uint32_t i = 1; i <= list->count; i++)
            LOTS_TRY(bind_unify(b, &operands[0], &operands[i], operands[i]->span, "in"));
    return bind_expr(b, LOTS_OP_IN_ITEMS, bind_type(LOTS_TYPE_BOOL), span, operands, list->count + 1, out);
}

static lots_status bind_in_range(binder *b, lots_expr *x, value *range, lots_ast_span span, lots_expr **out)
{
    lots_type bool_type = bind_type(LOTS_TYPE_BOOL);
    if (x->type.kind == LOTS_TYPE_DATE) {
        lots_expr *operands[2] = {x, NULL};
        LOTS_TRY(bind_as_interval(b, range, span, &operands[1]));
        return bind_expr(b, LOTS_OP_IN_INTERVAL, bool_type, span, operands, 2, out);
    }
    lots_expr *bounds[2] = {NULL, NULL};
    uint32_t count = 0;
    for (int side = 0; side < 2; side++) {
        lots_expr *bound = side == 0 ? range->low : range->high;
        if (bound == NULL)
            continue;
        lots_expr *pair[2] = {x, bound};
        LOTS_TRY(bind_unify(b, &pair[0], &pair[1], span, "in"));
        LOTS_TRY(bind_expr(b, side == 0 ? LOTS_OP_GREATER_EQUAL : LOTS_OP_LESS_EQUAL, bool_type, span, pair, 2,
                           &bounds[count++]));
    }
    if (count == 1) {
        *out = bounds[0];
        return LOTS_OK;
    }
    return bind_expr(b, LOTS_OP_AND, bool_type, span, bounds, 2, out);
}

static lots_status bind_in_set(binder *b, lots_expr *x, lots_expr *set, lots_ast_span span, lots_expr **out)
{
    lots_type element = set->type;
    element.kind = element.element;
    lots_expr *operands[2] = {NULL, set};
    LOTS_TRY(bind_cast(b, x, &element, "an element of the set's type", &operands[0]));
    return bind_expr(b, LOTS_OP_IN_SET, bind_type(LOTS_TYPE_BOOL), span, operands, 2, out);
}

static lots_status bind_in_value(binder *b, scope *where, lots_expr *x, const lots_ast_node *node, lots_expr **out)
{
    value right;
    memset(&right, 0, sizeof right);
    lots_type_kind kind = x->type.kind == LOTS_TYPE_SET ? x->type.element : x->type.kind;
    if (node->kind == LOTS_AST_NAME)
        LOTS_TRY(bind_name(b, where, &node->name, &right));
    else
        LOTS_TRY(bind_value(b, where, node, &right));
    if (right.kind == VALUE_CODES)
        return bind_in_codes(b, x, right.node, out);
    if (right.kind == VALUE_RANGE)
        return bind_in_range(b, x, &right, node->span, out);
    bool interval = right.kind == VALUE_EXPR &&
                    (right.expr->type.kind == LOTS_TYPE_INTERVAL || right.expr->type.kind == LOTS_TYPE_INT);
    if (kind == LOTS_TYPE_DATE && interval)
        return bind_in_range(b, x, &right, node->span, out);
    if (right.kind == VALUE_EXPR && right.expr->type.kind == LOTS_TYPE_SET)
        return bind_in_set(b, x, right.expr, node->span, out);
    lots_ast_list one = {(lots_ast_node **)&node, 1};
    return bind_in_items(b, where, x, &one, node->span, out);
}

/* 'E11' in g, primary in set(level over E): a word beside a set is one of its elements. *out NULL when it is no such. */
static lots_status word_in_set(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_node *left = node->binary.left, *right = node->binary.right;
    value bound, other;
    lots_expr *word = NULL;
    memset(&bound, 0, sizeof bound);
    memset(&other, 0, sizeof other);
    *out = NULL;
    if (left->kind == LOTS_AST_NAME)
        LOTS_TRY(bind_name(b, where, &left->name, &bound));
    bool is_word = left->kind == LOTS_AST_STRING || (left->kind == LOTS_AST_NAME && bound.kind == VALUE_NONE);
    if (!is_word || (right->kind != LOTS_AST_NAME && right->kind != LOTS_AST_CALL && right->kind != LOTS_AST_MEMBER))
        return LOTS_OK;
    if (right->kind == LOTS_AST_NAME)
        LOTS_TRY(bind_name(b, where, &right->name, &other));
    else
        LOTS_TRY(bind_value(b, where, right, &other));
    if (other.kind != VALUE_EXPR || other.expr->type.kind != LOTS_TYPE_SET)
        return LOTS_OK;
    LOTS_TRY(bind_beside(b, where, left, &other.expr->type, &word));
    return bind_in_set(b, word, other.expr, node->span, out);
}

static lots_status bind_member_test(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *x = NULL;
    const lots_ast_node *right = node->binary.right;
    LOTS_TRY(word_in_set(b, where, node, out));
    if (*out != NULL)
        return LOTS_OK;
    LOTS_TRY(bind_scalar(b, where, node->binary.left, &x));
    if (right->kind == LOTS_AST_CODES)
        return bind_in_codes(b, x, right, out);
    if (right->kind == LOTS_AST_SET)
        return bind_in_items(b, where, x, &right->list, node->span, out);
    return bind_in_value(b, where, x, right, out);
}

static lots_status bind_in(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    LOTS_TRY(bind_member_test(b, where, node, out));
    (*out)->span = node->span;
    if (node->binary.op != LOTS_AST_OP_NOT_IN)
        return LOTS_OK;
    lots_expr *inside = *out;
    return bind_expr(b, LOTS_OP_NOT, bind_type(LOTS_TYPE_BOOL), node->span, &inside, 1, out);
}

static lots_status bind_contains(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *sides[2] = {NULL, NULL};
    lots_type text = bind_type(LOTS_TYPE_TEXT);
    LOTS_TRY(bind_scalar(b, where, node->binary.left, &sides[0]));
    if (sides[0]->type.kind == LOTS_TYPE_SET) { /* g contains x is x in g */
        lots_type element = sides[0]->type;
        element.kind = element.element;
        lots_expr *turned[2] = {NULL, sides[0]};
        LOTS_TRY(bind_beside(b, where, node->binary.right, &sides[0]->type, &turned[0]));
        LOTS_TRY(bind_cast(b, turned[0], &element, NULL, &turned[0]));
        return bind_expr(b, LOTS_OP_IN_SET, bind_type(LOTS_TYPE_BOOL), node->span, turned, 2, out);
    }
    LOTS_TRY(bind_scalar(b, where, node->binary.right, &sides[1]));
    LOTS_TRY(bind_cast(b, sides[0], &text, "a text", &sides[0]));
    LOTS_TRY(bind_cast(b, sides[1], &text, "a text", &sides[1]));
    return bind_expr(b, LOTS_OP_CONTAINS, bind_type(LOTS_TYPE_BOOL), node->span, sides, 2, out);
}

/* ---- arithmetic ---- */

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

static lots_status bind_plus(binder *b, const lots_ast_node *node, lots_expr *l, lots_expr *r, lots_expr **out)
{
    bool minus = node->binary.op == LOTS_AST_OP_SUBTRACT;
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
    LOTS_TRY(bind_unify(b, &pair[0], &pair[1], node->binary.op_span, lots_ast_op_text(node->binary.op)));
    if (!lots_type_is_number(&pair[0]->type) && !is_duration(pair[0]) && pair[0]->type.kind != LOTS_TYPE_MISSING)
        return bind_wrong_type(b, pair[0], "a number, a date or a duration");
    if (pair[0]->type.kind == LOTS_TYPE_MISSING) {
        *out = pair[0];
        return LOTS_OK;
    }
    return bind_expr(b, minus ? LOTS_OP_SUBTRACT : LOTS_OP_ADD, pair[0]->type, node->span, pair, 2, out);
}

static lots_status bind_times(binder *b, const lots_ast_node *node, lots_expr *l, lots_expr *r, lots_expr **out)
{
    lots_expr *pair[2] = {l, r};
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
    if (!lots_type_is_number(&pair[0]->type) && pair[0]->type.kind != LOTS_TYPE_MISSING)
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

static lots_status bind_binary(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
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

static lots_status bind_negate(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *x = NULL;
    LOTS_TRY(bind_scalar(b, where, node->unary, &x));
    if (!lots_type_is_number(&x->type) && !is_duration(x) && x->type.kind != LOTS_TYPE_MISSING)
        return bind_wrong_type(b, x, "a number or a duration");
    if (x->op == LOTS_OP_CONSTANT && x->type.kind == LOTS_TYPE_FLOAT) {
        lots_constant turned = x->constant;
        turned.f = -turned.f;
        return bind_constant(b, x->type, turned, node->span, out);
    }
    return bind_expr(b, LOTS_OP_NEGATE, x->type, node->span, &x, 1, out);
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
    for (uint32_t i = 0; i < count; i++) {
        LOTS_TRY(bind_scalar(b, where, node->list.items[i], &items[i]));
        bool both = lots_type_is_number(&items[0]->type) && lots_type_is_number(&items[i]->type);
        one_type = one_type && (both || lots_type_same(&items[0]->type, &items[i]->type)) &&
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

static lots_status bind_registry_member(binder *b, const lots_ast_name *name, lots_ast_span span, lots_expr **out)
{
    lots_day from = 0, until = 0;
    bool is_until = lots_ast_name_is(name, "until");
    if (!is_until && !lots_ast_name_is(name, "from"))
        return lots_ast_fail(b->err, name->span, "registry has .from and .until, no '%.*s'", (int)name->bytes, name->text);
    if (!lots_registry_span(b->registry, &from, &until))
        return lots_ast_fail(b->err, span, "nothing in this registry has a date, so it has no .%s",
                             is_until ? "until" : "from");
    return bind_int(b, LOTS_TYPE_DATE, is_until ? until : from, span, out);
}

static lots_status bind_code_member(binder *b, lots_expr *base, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_name *name = &node->member.name;
    lots_type type = base->type;
    if (lots_ast_name_is(name, "chapter") || lots_ast_name_is(name, "block"))
        return bind_code_class(b, base, name, node->span, out);
    if (type.kind == LOTS_TYPE_SET && type.element == LOTS_TYPE_CODE) {
        if (lots_ast_name_is(name, "other"))
            return bind_expr(b, LOTS_OP_OTHER, type, node->span, &base, 1, out);
        type.kind = LOTS_TYPE_CODE;
        if (lots_ast_name_is(name, "main"))
            return bind_expr(b, LOTS_OP_MAIN, type, node->span, &base, 1, out);
        return lots_ast_fail(b->err, name->span, "a list of codes has .main, .other, .chapter and .block, no '%.*s'",
                             (int)name->bytes, name->text);
    }
    if (lots_ast_name_is(name, "label"))
        return bind_expr(b, LOTS_OP_CODE_LABEL, bind_type(LOTS_TYPE_TEXT), node->span, &base, 1, out);
    return lots_ast_fail(b->err, name->span, "a code has .label, .chapter and .block, no '%.*s'", (int)name->bytes,
                         name->text);
}

static lots_status bind_interval_member(binder *b, lots_expr *interval, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_name *name = &node->member.name;
    if (lots_ast_name_is(name, "start"))
        return bind_expr(b, LOTS_OP_INTERVAL_START, bind_type(LOTS_TYPE_DATE), node->span, &interval, 1, out);
    if (lots_ast_name_is(name, "end"))
        return bind_expr(b, LOTS_OP_INTERVAL_END, bind_type(LOTS_TYPE_DATE), node->span, &interval, 1, out);
    if (lots_ast_name_is(name, "days"))
        return bind_expr(b, LOTS_OP_INTERVAL_DAYS, bind_type(LOTS_TYPE_INT), node->span, &interval, 1, out);
    return lots_ast_fail(b->err, name->span, "an interval has .start, .end and .days, no '%.*s'", (int)name->bytes,
                         name->text);
}

lots_status bind_member_of(binder *b, scope *where, const value *base, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_name *name = &node->member.name;
    if (base->kind == VALUE_SET && base->set.set->event != NULL) { /* an event narrowed is still one at most */
        lots_expr *event = NULL;
        bound_set set = base->set;
        LOTS_TRY(bind_pick(b, where, &set, LOTS_PICK_FIRST, NULL, node->member.base->span, &event));
        return bind_event_column(b, event, name, out);
    }
    if (base->kind == VALUE_SET) {
        lots_status status =
            lots_ast_fail(b->err, node->span, "an event set may hold many events: which one's '%.*s'?", (int)name->bytes,
                          name->text);
        lots_error_hint(b->err, "first(…).%.*s, last(…).%.*s, or … .%.*s at a date", (int)name->bytes, name->text,
                        (int)name->bytes, name->text, (int)name->bytes, name->text);
        return status;
    }
    bool wants_interval = lots_ast_name_is(name, "start") || lots_ast_name_is(name, "end") ||
                          lots_ast_name_is(name, "days");
    bool years = base->kind == VALUE_RANGE || (base->kind == VALUE_EXPR && base->expr->type.kind == LOTS_TYPE_INT);
    lots_expr *expr = base->expr;
    if (years && wants_interval)
        LOTS_TRY(bind_as_interval(b, base, node->member.base->span, &expr));
    else if (base->kind != VALUE_EXPR)
        return lots_ast_fail(b->err, node->span, "this has no '%.*s'", (int)name->bytes, name->text);
    switch (expr->type.kind) {
    case LOTS_TYPE_INTERVAL: return bind_interval_member(b, expr, node, out);
    case LOTS_TYPE_EVENTS: return bind_event_column(b, expr, name, out);
    case LOTS_TYPE_CATEGORY:
        return bind_is_group(b, expr) ? bind_group_member(b, expr, node, out) : bind_lookup(b, expr, node, NULL, out);
    case LOTS_TYPE_CODE: return bind_code_member(b, expr, node, out);
    case LOTS_TYPE_SET:
        if (expr->type.element == LOTS_TYPE_CODE)
            return bind_code_member(b, expr, node, out);
        break;
    default: break;
    }
    char type[96];
    lots_type_format(&expr->type, type);
    return lots_ast_fail(b->err, name->span, "%s has no '%.*s'", type, (int)name->bytes, name->text);
}

static lots_status bind_member(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_node *base = node->member.base;
    const lots_ast_name *name = &node->member.name;
    if (base->kind == LOTS_AST_NAME) {
        scope *alias = bind_find_alias(where, &base->name);
        if (alias != NULL) { /* s.end, s.derived */
            scope *source = alias->kind == SCOPE_ROWS && alias->relation == UINT32_MAX ? b->root : alias; /* patients as p */
            LOTS_TRY(bind_column(b, source, name->text, name->bytes, node->span, out));
            if (*out != NULL)
                return LOTS_OK;
            value derived;
            scope only = *alias;
            only.outer = NULL;
            only.alias = NULL;
            LOTS_TRY(bind_name(b, &only, name, &derived));
            if (derived.kind == VALUE_EXPR && bind_find_global(b, name->text, name->bytes) == UINT32_MAX) {
                *out = derived.expr;
                return LOTS_OK;
            }
            lots_ast_name text = *name;
            only.outer = source == b->root ? b->root : NULL;
            return bind_unknown(b, &only, &text);
        }
        value bound;
        LOTS_TRY(bind_name(b, where, &base->name, &bound));
        if (bound.kind == VALUE_NONE && lots_ast_name_is(&base->name, "registry"))
            return bind_registry_member(b, name, node->span, out);
        if (bound.kind == VALUE_NONE && lots_ast_name_is(&base->name, "patient")) {
            LOTS_TRY(bind_column(b, b->root, name->text, name->bytes, node->span, out));
            if (*out == NULL)
                LOTS_TRY(bind_cohort(b, name, &bound));
            if (bound.kind == VALUE_EXPR)
                *out = bound.expr;
            return *out != NULL ? LOTS_OK : bind_unknown(b, b->root, name);
        }
        if (bound.kind == VALUE_NONE)
            return bind_unknown(b, where, &base->name);
        if (bound.kind == VALUE_EXPR && bound.expr->type.kind == LOTS_TYPE_INTERVAL && lots_ast_name_is(name, "number"))
            return bind_period_number(b, where, node, out);
        return bind_member_of(b, where, &bound, node, out);
    }
    value bound;
    LOTS_TRY(bind_value(b, where, base, &bound));
    return bind_member_of(b, where, &bound, node, out);
}

static lots_status bind_role(binder *b, lots_role role, lots_ast_span span, lots_expr **out)
{
    *out = NULL;
    int32_t index = lots_stream_find_role(&b->schema->streams[0], role);
    if (index < 0)
        return LOTS_OK;
    const char *name = b->schema->streams[0].columns[index].name;
    return bind_column(b, b->root, name, (uint32_t)strlen(name), span, out);
}

/* born on or before, no death before: `column` missing, or `column op day`. */
static lots_status missing_or(binder *b, lots_expr *column, lots_op op, lots_expr *day, lots_ast_span span,
                              lots_expr **out)
{
    lots_type bool_type = bind_type(LOTS_TYPE_BOOL);
    lots_expr *either[2], *pair[2] = {column, day};
    LOTS_TRY(bind_expr(b, LOTS_OP_IS_MISSING, bool_type, span, &column, 1, &either[0]));
    LOTS_TRY(bind_expr(b, op, bool_type, span, pair, 2, &either[1]));
    return bind_expr(b, LOTS_OP_OR, bool_type, span, either, 2, out);
}

/* Whoever has neither birth nor death would be alive on a missing day. */
static lots_status on_known_day(binder *b, lots_expr *day, lots_ast_span span, lots_expr **out)
{
    lots_type bool_type = bind_type(LOTS_TYPE_BOOL);
    if (day->op == LOTS_OP_CONSTANT && !day->constant.missing)
        return LOTS_OK;
    lots_expr *gone = NULL, *choice[2] = {NULL, *out};
    LOTS_TRY(bind_expr(b, LOTS_OP_IS_MISSING, bool_type, span, &day, 1, &gone));
    LOTS_TRY(bind_expr(b, LOTS_OP_NOT, bool_type, span, &gone, 1, &choice[0]));
    return bind_expr(b, LOTS_OP_CASE, bool_type, span, choice, 2, out);
}

static lots_status bind_alive(binder *b, lots_expr *day, lots_ast_span span, lots_expr **out)
{
    lots_expr *parts[2], *column = NULL;
    uint32_t count = 0;
    LOTS_TRY(bind_role(b, LOTS_ROLE_BIRTH, span, &column));
    if (column != NULL)
        LOTS_TRY(missing_or(b, column, LOTS_OP_LESS_EQUAL, day, span, &parts[count++]));
    LOTS_TRY(bind_role(b, LOTS_ROLE_DEATH, span, &column));
    if (column != NULL)
        LOTS_TRY(missing_or(b, column, LOTS_OP_GREATER_EQUAL, day, span, &parts[count++]));
    if (count == 0)
        return lots_ast_fail(b->err, span, "the patients of this registry have neither birth nor death");
    *out = parts[0];
    if (count == 2)
        LOTS_TRY(bind_expr(b, LOTS_OP_AND, bind_type(LOTS_TYPE_BOOL), span, parts, 2, out));
    return on_known_day(b, day, span, out);
}

static lots_status bind_at(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_node *what = node->at.value;
    lots_expr *day = NULL;
    LOTS_TRY(bind_date(b, where, node->at.when, &day));
    if (what->kind == LOTS_AST_NAME && lots_ast_name_is(&what->name, "alive"))
        return bind_alive(b, day, node->span, out);
    if (what->kind == LOTS_AST_NAME && lots_ast_name_is(&what->name, "age")) {
        lots_expr *pair[2] = {NULL, day};
        LOTS_TRY(bind_role(b, LOTS_ROLE_BIRTH, what->span, &pair[0]));
        if (pair[0] == NULL)
            return lots_ast_fail(b->err, what->span, "the patients of this registry have no birth date");
        return bind_expr(b, LOTS_OP_AGE, bind_type(LOTS_TYPE_INT), node->span, pair, 2, out);
    }
    if (what->kind != LOTS_AST_MEMBER) {
        lots_status status = lots_ast_fail(b->err, what->span, "`at` follows age, alive or a column of a stream or of a table");
        lots_error_hint(b->err, "as in: residence.municipality at 2023-12-31");
        return status;
    }
    return bind_member_at(b, where, what, day, node->span, out);
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
