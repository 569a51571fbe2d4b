/* bind_compare.c: comparisons and `in`: both sides get one type, a bare word beside a category is one of its values. See
 * bind_internal.h. */
#include <string.h>

#include "query/lang/bind_internal.h"

/* `param clinic = 'Norr'` beside a category or code: a constant text is looked up too, so that a misspelt one is not just
 * false. */
static lots_status text_as_word(binder *b, const lots_type *beside, lots_ast_span span, lots_expr **out)
{
    const lots_expr *text = *out;
    lots_type_kind kind = beside->kind == LOTS_TYPE_SET ? beside->element : beside->kind;
    if (text->op != LOTS_OP_CONSTANT || text->type.kind != LOTS_TYPE_TEXT || text->constant.missing)
        return LOTS_OK;
    if (kind == LOTS_TYPE_CODE)
        return bind_code_text(b, beside, text->constant.text, text->constant.text_bytes, span, out);
    if (kind != LOTS_TYPE_CATEGORY)
        return LOTS_OK;
    return bind_category_word(b, beside, text->constant.text, text->constant.text_bytes, span, out);
}

static lots_status word_or_name(binder *b, scope *where, const lots_ast_node *node, const lots_type *beside,
                                lots_expr **out)
{
    value bound;
    LOTS_TRY(bind_name(b, where, &node->name, &bound));
    bool textual = bound.kind == VALUE_EXPR &&
                   (bound.expr->type.kind == LOTS_TYPE_CATEGORY || bound.expr->type.kind == LOTS_TYPE_TEXT ||
                    bound.expr->type.kind == LOTS_TYPE_MISSING);
    bool word = beside->dictionary != NULL &&
                lots_dictionary_find(beside->dictionary, node->name.text, node->name.bytes) != LOTS_NO_ID;
    /* A column of another category is no rival: nobody compares the form of a contact with whether the visit is new. */
    bool rival = textual && bound.expr->type.kind != LOTS_TYPE_MISSING &&
                 (bound.expr->type.kind == LOTS_TYPE_TEXT || bound.expr->type.dictionary == beside->dictionary);
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

/* VC-NORR: a text without its quotes reads as a difference of names that nothing has. */
static lots_status refuse_bare_text(binder *b, scope *where, const lots_ast_node *node)
{
    const lots_ast_node *first = node;
    value bound;
    while (first->kind == LOTS_AST_BINARY && first->binary.op == LOTS_AST_OP_SUBTRACT)
        first = first->binary.left;
    if (first == node || first->kind != LOTS_AST_NAME)
        return LOTS_OK;
    LOTS_TRY(bind_name(b, where, &first->name, &bound));
    if (bound.kind != VALUE_NONE)
        return LOTS_OK;
    lots_status status = bind_unknown(b, where, &first->name);
    if (!first->name.quoted)
        lots_error_hint(b->err, "a text stands in quotes: '%.*s-…'", (int)first->name.bytes, first->name.text);
    return status;
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
    if (kind == LOTS_TYPE_TEXT || kind == LOTS_TYPE_CATEGORY)
        LOTS_TRY(refuse_bare_text(b, where, node));
    LOTS_TRY(bind_scalar(b, where, node, out));
    return text_as_word(b, beside, node->span, out);
}

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
    LOTS_TRY(bind_beside(b, where, right, &(*l)->type, r));
    return text_as_word(b, &(*r)->type, left->span, l);
}

/* end = missing: the word itself, beside a value that isn't constant. */
static bool asks_for_nothing(const lots_ast_node *word, const lots_expr *beside)
{
    return word->kind == LOTS_AST_MISSING && beside->op != LOTS_OP_CONSTANT;
}

lots_status bind_compare(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
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
    if (equality && (asks_for_nothing(node->binary.right, sides[0]) || asks_for_nothing(node->binary.left, sides[1])))
        LOTS_TRY(bind_note(b, node->span, "a comparison with `missing` is missing, never true: whether a value is there is asked "
                                          "by `is missing`"));
    lots_type_kind kind = sides[0]->type.kind;
    if (kind == LOTS_TYPE_EVENTS || kind == LOTS_TYPE_INTERVAL || (!equality && !ordered(&sides[0]->type)))
        return bind_wrong_type(b, sides[0], "something that can be compared");
    return bind_expr(b, op, bind_type(LOTS_TYPE_BOOL), node->span, sides, 2, out);
}

/* `operands` has room for x before the items. */
static lots_status bind_in_operands(binder *b, lots_expr *x, lots_expr **operands, uint32_t count, lots_ast_span span,
                                    lots_expr **out)
{
    lots_type_kind kind = x->type.kind == LOTS_TYPE_SET ? x->type.element : x->type.kind;
    bool ranks = kind == LOTS_TYPE_CATEGORY || kind == LOTS_TYPE_CODE;
    for (uint32_t i = 1; i <= count; i++)
        ranks = ranks && operands[i]->op == LOTS_OP_CONSTANT && !operands[i]->constant.missing &&
                operands[i]->type.kind == kind;
    if (ranks) {
        void *ids = NULL;
        LOTS_TRY(lots_arena_alloc(b->arena, &ids, count, sizeof(lots_id), b->err));
        for (uint32_t i = 0; i < count; i++)
            ((lots_id *)ids)[i] = (lots_id)operands[i + 1]->constant.i;
        return bind_rank_test(b, x, ids, count, span, out);
    }
    if (x->type.kind == LOTS_TYPE_SET)
        return bind_wrong_type(b, x, "one value");
    operands[0] = x;
    for (uint32_t round = 0; round < 2; round++) /* twice: a wide number late in the list widens those before it */
        for (uint32_t i = 1; i <= count; i++)
            LOTS_TRY(bind_unify(b, &operands[0], &operands[i], operands[i]->span, "in"));
    return bind_expr(b, LOTS_OP_IN_ITEMS, bind_type(LOTS_TYPE_BOOL), span, operands, count + 1, out);
}

static lots_status bind_in_items(binder *b, scope *where, lots_expr *x, const lots_ast_list *list, lots_ast_span span,
                                 lots_expr **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, list->count + 1, sizeof(lots_expr *), b->err));
    lots_expr **operands = made;
    for (uint32_t i = 0; i < list->count; i++)
        LOTS_TRY(bind_beside(b, where, list->items[i], &x->type, &operands[i + 1]));
    return bind_in_operands(b, x, operands, list->count, span, out);
}

/* `let few = (1, 2)`: a name of a list stands for its items. */
static lots_status bind_in_tuple(binder *b, lots_expr *x, const value *list, lots_ast_span span, lots_expr **out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, list->field_count + 1, sizeof(lots_expr *), b->err));
    lots_expr **operands = made;
    for (uint32_t i = 0; i < list->field_count; i++) {
        operands[i + 1] = list->fields[i];
        LOTS_TRY(text_as_word(b, &x->type, span, &operands[i + 1]));
    }
    return bind_in_operands(b, x, operands, list->field_count, span, out);
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
    if (element.kind == LOTS_TYPE_MISSING) /* (missing, missing) is empty */
        return bind_int(b, LOTS_TYPE_BOOL, 0, span, out);
    LOTS_TRY(text_as_word(b, &set->type, span, &x));
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
    if (right.kind == VALUE_TUPLE)
        return bind_in_tuple(b, x, &right, node->span, out);
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

lots_status bind_in(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    LOTS_TRY(bind_member_test(b, where, node, out));
    (*out)->span = node->span;
    if (node->binary.op != LOTS_AST_OP_NOT_IN)
        return LOTS_OK;
    lots_expr *inside = *out;
    return bind_expr(b, LOTS_OP_NOT, bind_type(LOTS_TYPE_BOOL), node->span, &inside, 1, out);
}

lots_status bind_contains(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *sides[2] = {NULL, NULL};
    lots_type text = bind_type(LOTS_TYPE_TEXT);
    LOTS_TRY(bind_scalar(b, where, node->binary.left, &sides[0]));
    if (sides[0]->type.kind == LOTS_TYPE_SET) { /* g contains x is x in g */
        lots_type element = sides[0]->type;
        element.kind = element.element;
        lots_expr *turned[2] = {NULL, sides[0]};
        LOTS_TRY(bind_beside(b, where, node->binary.right, &sides[0]->type, &turned[0]));
        if (element.kind == LOTS_TYPE_MISSING)
            return bind_int(b, LOTS_TYPE_BOOL, 0, node->span, out);
        LOTS_TRY(bind_cast(b, turned[0], &element, NULL, &turned[0]));
        return bind_expr(b, LOTS_OP_IN_SET, bind_type(LOTS_TYPE_BOOL), node->span, turned, 2, out);
    }
    LOTS_TRY(bind_scalar(b, where, node->binary.right, &sides[1]));
    LOTS_TRY(bind_cast(b, sides[0], &text, "a text", &sides[0]));
    LOTS_TRY(bind_cast(b, sides[1], &text, "a text", &sides[1]));
    return bind_expr(b, LOTS_OP_CONTAINS, bind_type(LOTS_TYPE_BOOL), node->span, sides, 2, out);
}
