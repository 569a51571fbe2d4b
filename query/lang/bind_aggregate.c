/* bind_aggregate.c: aggregates over an event set; those over the rows of group by / show are bind_aggregate_rows.c's. See
 * bind_internal.h. Which of the two a call is: with `over`, or over an event set (count(E), exists(E), first(E), …), the former; count(),
 * count(where c), sum(x), rate(c) and their like without `over` the latter. */
#include <string.h>

#include "query/lang/bind_aggregate.h"

static const aggregate_name names[] = {
    {"count", LOTS_OP_COUNT, LOTS_AGG_COUNT, 1},
    {"exists", LOTS_OP_EXISTS, -1, 1},
    {"sum", LOTS_OP_SUM, LOTS_AGG_SUM, 1},
    {"min", LOTS_OP_MIN, LOTS_AGG_MIN, 1},
    {"max", LOTS_OP_MAX, LOTS_AGG_MAX, 1},
    {"mean", LOTS_OP_MEAN, LOTS_AGG_MEAN, 1},
    {"median", LOTS_OP_MEDIAN, LOTS_AGG_MEDIAN, 1},
    {"quantile", LOTS_OP_QUANTILE, LOTS_AGG_QUANTILE, 2},
    {"first", LOTS_OP_FIRST_VALUE, -1, 1},
    {"last", LOTS_OP_LAST_VALUE, -1, 1},
    {"nth", LOTS_OP_EVENT, -1, 2},
    {"next", LOTS_OP_EVENT, -1, 2},
    {"prev", LOTS_OP_EVENT, -1, 2},
    {"set", LOTS_OP_SET_OF, -1, 1},
    {"most", LOTS_OP_MOST, -1, 1},
    {"nights", LOTS_OP_NIGHTS, -1, 1},
    {"covered_days", LOTS_OP_COVERED_DAYS, -1, 2},
    {"patients", LOTS_OP_CONSTANT, LOTS_AGG_PATIENTS, 0},
    {"sd", LOTS_OP_CONSTANT, LOTS_AGG_SD, 1},
    {"rate", LOTS_OP_CONSTANT, LOTS_AGG_RATE, 1},
    {"share", LOTS_OP_CONSTANT, LOTS_AGG_SHARE, 1},
    {"gini", LOTS_OP_CONSTANT, LOTS_AGG_GINI, 1},
    {"top_share", LOTS_OP_CONSTANT, LOTS_AGG_TOP_SHARE, 2},
    {"lorenz_share", LOTS_OP_CONSTANT, LOTS_AGG_LORENZ_SHARE, 2},
    {"km", LOTS_OP_CONSTANT, LOTS_AGG_KM, 3},
    {"km_quantile", LOTS_OP_CONSTANT, LOTS_AGG_KM_QUANTILE, 3},
    {"cif", LOTS_OP_CONSTANT, LOTS_AGG_CIF, 4},
};

const aggregate_name *bind_find_aggregate(const lots_ast_call *call)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lots_ast_name_is(&call->name, names[i].name))
            return &names[i];
    return NULL;
}

const lots_ast_clause *bind_clause(const lots_ast_call *call, lots_ast_clause_kind kind)
{
    for (uint32_t i = 0; i < call->clause_count; i++)
        if (call->clauses[i].kind == kind)
            return &call->clauses[i];
    return NULL;
}

lots_status bind_no_clauses(binder *b, const lots_ast_call *call)
{
    if (call->clause_count == 0)
        return LOTS_OK;
    return lots_ast_fail(b->err, call->clauses[0].span, "'%.*s' takes no such clause", (int)call->name.bytes,
                         call->name.text);
}

/* A count of something that is neither `distinct` nor a condition is a count of events. */
bool bind_is_row_aggregate(const lots_ast_call *call)
{
    const aggregate_name *found = bind_find_aggregate(call);
    if (found == NULL || found->row < 0 || bind_clause(call, LOTS_AST_CLAUSE_OVER) != NULL)
        return false;
    if (found->row == LOTS_AGG_COUNT)
        return call->distinct || call->arg_count == 0 || call->args[0].kind == LOTS_AST_ARG_WHERE;
    return true;
}

/* ---- results ---- */

lots_status bind_no_value(binder *b, lots_expr **x) { return bind_give_type(b, x, LOTS_TYPE_INT); }

lots_status bind_check_operand(binder *b, lots_op op, lots_expr *x)
{
    lots_type_kind kind = x->type.kind;
    bool number = lots_type_is_number(&x->type) || kind == LOTS_TYPE_DAYS;
    bool scalar = kind != LOTS_TYPE_EVENTS && kind != LOTS_TYPE_TUPLE && kind != LOTS_TYPE_MISSING;
    switch (op) {
    case LOTS_OP_SUM:
    case LOTS_OP_MEAN:
    case LOTS_OP_MEDIAN:
    case LOTS_OP_QUANTILE: return number ? LOTS_OK : bind_wrong_type(b, x, "a number or a duration in days");
    case LOTS_OP_MIN:
    case LOTS_OP_MAX:
        return scalar && kind != LOTS_TYPE_SET && kind != LOTS_TYPE_INTERVAL ? LOTS_OK
                                                                           : bind_wrong_type(b, x, "a value with an order");
    default: return scalar && kind != LOTS_TYPE_INTERVAL ? LOTS_OK : bind_wrong_type(b, x, "a value");
    }
}

static lots_type result_type(lots_op op, const lots_expr *x)
{
    lots_type type = x != NULL ? x->type : bind_type(LOTS_TYPE_INT);
    switch (op) {
    case LOTS_OP_COUNT:
    case LOTS_OP_COUNT_DISTINCT:
    case LOTS_OP_NIGHTS:
    case LOTS_OP_COVERED_DAYS: return bind_type(LOTS_TYPE_INT);
    case LOTS_OP_EXISTS: return bind_type(LOTS_TYPE_BOOL);
    case LOTS_OP_MEAN:
    case LOTS_OP_MEDIAN:
    case LOTS_OP_QUANTILE: return bind_type(LOTS_TYPE_FLOAT);
    case LOTS_OP_SET_OF:
        if (type.kind != LOTS_TYPE_SET) {
            type.element = type.kind;
            type.kind = LOTS_TYPE_SET;
        }
        return type;
    case LOTS_OP_MOST:
        if (type.kind == LOTS_TYPE_SET)
            type.kind = type.element;
        return type;
    default: return type;
    }
}

static lots_status make(binder *b, scope *where, lots_op op, bound_set *set, lots_expr *operand, bool operand_outside,
                        lots_ast_span span, lots_expr **out)
{
    lots_type type = result_type(op, operand);
    uint64_t own = bind_frame_bit(b, set->set->frame);
    lots_expr *made = NULL;
    LOTS_TRY(bind_expr(b, op, type, span, NULL, 0, &made));
    if (operand != NULL) {
        void *list = NULL;
        LOTS_TRY(lots_arena_alloc(b->arena, &list, 1, sizeof(lots_expr *), b->err));
        made->operands = list;
        made->operands[0] = operand;
        made->operand_count = 1;
    }
    made->set = set->set;
    uint64_t depths = bind_set_depths(b, set->set) | (operand != NULL ? operand->depths : 0);
    if (!operand_outside)
        depths &= ~own;
    bind_depend(b, made, depths, where->frame == LOTS_FRAME_CONSTANT ? LOTS_FRAME_PATIENT : where->frame);
    *out = made;
    return LOTS_OK;
}

lots_status bind_aggregate_over(binder *b, scope *where, lots_op op, bound_set *set, lots_expr *x, lots_ast_span span,
                                lots_expr **out)
{
    return make(b, where, op, set, x, false, span, out);
}

lots_status bind_fraction(binder *b, scope *where, const lots_ast_node *node, double *out)
{
    lots_expr *p = NULL;
    LOTS_TRY(bind_scalar(b, where, node, &p));
    LOTS_TRY(bind_to_float(b, p, &p));
    if (p->op != LOTS_OP_CONSTANT || p->constant.missing || !(p->constant.f >= 0 && p->constant.f <= 1)) {
        lots_status status = lots_ast_fail(b->err, node->span, "a constant share from 0%% to 100%% is wanted here");
        if (node->kind == LOTS_AST_NUMBER && p->constant.f > 1 && p->constant.f <= 100)
            lots_error_hint(b->err, "as a percentage it is written %g%%", p->constant.f);
        return status;
    }
    *out = p->constant.f;
    return LOTS_OK;
}

/* ---- over events ---- */

static lots_status order_keys(binder *b, const bound_set *set, const lots_ast_call *call, lots_expr *event)
{
    const lots_ast_clause *by = bind_clause(call, LOTS_AST_CLAUSE_BY);
    if (by == NULL)
        return LOTS_OK;
    void *list = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &list, by->keys.count, sizeof(lots_order_key), b->err));
    event->order = list;
    event->order_count = by->keys.count;
    uint64_t own = bind_frame_bit(b, set->set->frame);
    for (uint32_t i = 0; i < by->keys.count; i++) {
        event->order[i].descending = by->keys.items[i].descending;
        LOTS_TRY(bind_scalar(b, set->element, by->keys.items[i].value, &event->order[i].value));
        LOTS_TRY(bind_no_value(b, &event->order[i].value));
        LOTS_TRY(bind_check_operand(b, LOTS_OP_MIN, event->order[i].value));
        bind_depend(b, event, event->order[i].value->depths & ~own, event->frame);
    }
    return LOTS_OK;
}

static lots_status pick_event(binder *b, scope *where, const lots_ast_node *node, value *out)
{
    const lots_ast_call *call = node->call;
    bound_set set;
    lots_expr *operand = NULL;
    lots_pick pick = lots_ast_name_is(&call->name, "first")  ? LOTS_PICK_FIRST
                     : lots_ast_name_is(&call->name, "last") ? LOTS_PICK_LAST
                     : lots_ast_name_is(&call->name, "nth")  ? LOTS_PICK_NTH
                     : lots_ast_name_is(&call->name, "next") ? LOTS_PICK_NEXT
                                                             : LOTS_PICK_PREV;
    LOTS_TRY(bind_set(b, where, call->args[0].value, &set));
    if (pick == LOTS_PICK_NTH) {
        lots_type whole = bind_type(LOTS_TYPE_INT);
        LOTS_TRY(bind_scalar(b, where, call->args[1].value, &operand));
        LOTS_TRY(bind_cast(b, operand, &whole, "a whole number", &operand));
    }
    if (pick == LOTS_PICK_NEXT || pick == LOTS_PICK_PREV) {
        LOTS_TRY(bind_scalar(b, where, call->args[1].value, &operand));
        if (bind_is_untyped(operand)) { /* nothing follows no event: as nothing is the missing-th */
            pick = LOTS_PICK_NTH;
            LOTS_TRY(bind_no_value(b, &operand));
        } else if (operand->type.kind != LOTS_TYPE_EVENTS) {
            lots_status status = bind_wrong_type(b, operand, "an event");
            lots_error_hint(b->err, "name the event with `as e` and write %.*s(…, e)", (int)call->name.bytes,
                            call->name.text);
            return status;
        }
    }
    out->kind = VALUE_EXPR;
    LOTS_TRY(bind_pick(b, where, &set, pick, operand, node->span, &out->expr));
    return order_keys(b, &set, call, out->expr);
}

static lots_status covered_interval(binder *b, scope *where, lots_set *set, const lots_ast_node *node, lots_expr **out)
{
    lots_expr *low = NULL, *high = NULL;
    LOTS_TRY(bind_interval(b, where, node, out));
    LOTS_TRY(bind_interval_side(b, *out, false, &low));
    LOTS_TRY(bind_interval_side(b, *out, true, &high));
    return bind_set_asked(b, set, low, high, node->span);
}

/* count(contacts.level = inpatient): the stream of which a condition asks a column; NULL when none. */
static const lots_stream *asked_stream(const binder *b, const lots_ast_node *node)
{
    if (node->kind != LOTS_AST_BINARY || node->binary.left->kind != LOTS_AST_MEMBER ||
        node->binary.left->member.base->kind != LOTS_AST_NAME)
        return NULL;
    const lots_ast_name *name = &node->binary.left->member.base->name;
    const int32_t stream = lots_schema_find_stream(b->schema, name->text, name->bytes);
    return stream > 0 ? &b->schema->streams[stream] : NULL;
}

/* count(x is not missing): what is meant is told before x is looked for. */
static lots_status refuse_condition(binder *b, const lots_ast_call *call, const lots_ast_node *node)
{
    const bool compared = node->kind == LOTS_AST_BINARY && (node->binary.op <= LOTS_AST_OP_GREATER_EQUAL ||
                                                            node->binary.op == LOTS_AST_OP_IN || node->binary.op == LOTS_AST_OP_NOT_IN ||
                                                            node->binary.op == LOTS_AST_OP_CONTAINS);
    if (!compared && node->kind != LOTS_AST_IS_MISSING && node->kind != LOTS_AST_AND && node->kind != LOTS_AST_OR &&
        node->kind != LOTS_AST_NOT)
        return LOTS_OK;
    const char *text = NULL;
    LOTS_TRY(bind_text_of(b, node, &text));
    lots_status status = lots_ast_fail(b->err, node->span, "'%.*s' takes an event set, and this is a condition",
                                       (int)call->name.bytes, call->name.text);
    const lots_stream *stream = asked_stream(b, node);
    if (stream != NULL) /* what stands before the column, "contacts.", is told apart */
        lots_error_hint(b->err, "write %.*s(%s where %.200s)", (int)call->name.bytes, call->name.text, stream->name,
                        text + strlen(stream->name) + 1);
    else if (lots_ast_name_is(&call->name, "count"))
        lots_error_hint(b->err, "count(where %.200s) counts the rows for which it is true", text);
    else if (lots_ast_name_is(&call->name, "exists"))
        lots_error_hint(b->err, "a condition stands by itself: %.200s", text);
    return status;
}

/* count(cost), as SQL has it, of what each row has. */
static lots_status refuse_row_value(binder *b, const lots_ast_call *call, const lots_ast_node *node)
{
    value found;
    if (b->aggregation == NULL || node->kind != LOTS_AST_NAME || !lots_ast_name_is(&call->name, "count"))
        return LOTS_OK;
    const bool known = bind_name(b, b->aggregation->rows, &node->name, &found) == LOTS_OK;
    lots_error_clear(b->err); /* what it is instead is told by who binds it */
    if (!known || found.kind != VALUE_EXPR || found.expr->type.kind == LOTS_TYPE_EVENTS)
        return LOTS_OK;
    const int bytes = (int)node->name.bytes;
    const char *name = node->name.text;
    lots_status status = lots_ast_fail(b->err, node->span, "'count' takes an event set, and '%.*s' is what each row has", bytes, name);
    lots_error_hint(b->err, "count() counts the rows, count(where %.*s is not missing) those that have it, count(distinct %.*s) its values",
                    bytes, name, bytes, name);
    return status;
}

static lots_status count_events(binder *b, scope *where, lots_op op, const lots_ast_node *node, value *out)
{
    bound_set set;
    const lots_ast_call *call = node->call;
    LOTS_TRY(refuse_condition(b, call, call->args[0].value));
    LOTS_TRY(refuse_row_value(b, call, call->args[0].value));
    LOTS_TRY(bind_set(b, where, call->args[0].value, &set));
    lots_expr *interval = NULL;
    if (op == LOTS_OP_NIGHTS || op == LOTS_OP_COVERED_DAYS) {
        if (bind_relation(b, set.set->relation)->start_column < 0)
            return lots_ast_fail(b->err, node->span, "'%.*s' needs dated events", (int)call->name.bytes, call->name.text);
        if (op == LOTS_OP_COVERED_DAYS)
            LOTS_TRY(covered_interval(b, where, set.set, call->args[1].value, &interval));
    }
    out->kind = VALUE_EXPR;
    return make(b, where, op, &set, interval, true, node->span, &out->expr);
}

/* What is picked of missing values is missing, of whatever type; a set of them is empty. */
static lots_status of_missing(binder *b, lots_op op, lots_expr *missing, lots_ast_span span, lots_expr **out)
{
    lots_type nothing = bind_type(LOTS_TYPE_SET);
    switch (op) {
    case LOTS_OP_MIN:
    case LOTS_OP_MAX:
    case LOTS_OP_FIRST_VALUE:
    case LOTS_OP_LAST_VALUE:
    case LOTS_OP_MOST: *out = missing; return LOTS_OK;
    case LOTS_OP_SET_OF: return bind_expr(b, LOTS_OP_MAKE_SET, nothing, span, NULL, 0, out);
    default: return LOTS_OK;
    }
}

static lots_status over_events(binder *b, scope *where, const aggregate_name *found, const lots_ast_node *node,
                               value *out)
{
    const lots_ast_call *call = node->call;
    const lots_ast_clause *over = bind_clause(call, LOTS_AST_CLAUSE_OVER);
    lots_op op = call->distinct ? LOTS_OP_COUNT_DISTINCT : found->op;
    bound_set set;
    lots_expr *x = NULL;
    bool fits = found->op == LOTS_OP_SUM || found->op == LOTS_OP_MIN || found->op == LOTS_OP_MAX ||
                found->op == LOTS_OP_MEAN || found->op == LOTS_OP_MEDIAN || found->op == LOTS_OP_QUANTILE ||
                found->op == LOTS_OP_FIRST_VALUE || found->op == LOTS_OP_LAST_VALUE || found->op == LOTS_OP_SET_OF ||
                found->op == LOTS_OP_MOST || call->distinct;
    if (!fits)
        return lots_ast_fail(b->err, over->span, "'%.*s' takes an event set, not `over`", (int)call->name.bytes,
                             call->name.text);
    LOTS_TRY(bind_set(b, where, over->value, &set));
    LOTS_TRY(bind_scalar(b, set.element, call->args[0].value, &x));
    const bool untyped = bind_is_untyped(x);
    lots_expr *missing = x;
    LOTS_TRY(bind_no_value(b, &x));
    LOTS_TRY(bind_check_operand(b, op, x));
    out->kind = VALUE_EXPR;
    LOTS_TRY(make(b, where, op, &set, x, false, node->span, &out->expr));
    if (op == LOTS_OP_QUANTILE)
        LOTS_TRY(bind_fraction(b, where, call->args[1].value, &out->expr->constant.f));
    return untyped ? of_missing(b, op, missing, node->span, &out->expr) : LOTS_OK;
}

lots_status bind_member_aggregate(binder *b, scope *where, bound_set *members, const lots_ast_node *node,
                                  lots_expr **out)
{
    const lots_ast_call *call = node->call;
    const aggregate_name *found = bind_find_aggregate(call);
    if (bind_is_class_aggregate(call))
        return bind_class_members(b, where, members, node, out);
    if (found == NULL || found->op == LOTS_OP_CONSTANT || found->op == LOTS_OP_EVENT || found->op == LOTS_OP_NIGHTS ||
        found->op == LOTS_OP_COVERED_DAYS || found->op == LOTS_OP_EXISTS)
        return lots_ast_fail(b->err, node->span, "'%.*s' is no aggregate that episodes can have", (int)call->name.bytes,
                             call->name.text);
    LOTS_TRY(bind_no_clauses(b, call));
    if (found->op == LOTS_OP_COUNT && call->arg_count == 0)
        return make(b, where, LOTS_OP_COUNT, members, NULL, false, node->span, out);
    uint32_t wanted = found->op == LOTS_OP_QUANTILE ? 2 : 1;
    if (call->arg_count != wanted || call->args[0].kind != LOTS_AST_ARG_VALUE)
        return lots_ast_fail(b->err, node->span, "'%.*s' takes %u value%s here", (int)call->name.bytes, call->name.text,
                             wanted, wanted == 1 ? "" : "s");
    lots_op op = call->distinct ? LOTS_OP_COUNT_DISTINCT : found->op;
    lots_expr *x = NULL;
    LOTS_TRY(bind_scalar(b, members->element, call->args[0].value, &x));
    LOTS_TRY(bind_no_value(b, &x));
    LOTS_TRY(bind_check_operand(b, op == LOTS_OP_COUNT ? LOTS_OP_COUNT_DISTINCT : op, x));
    LOTS_TRY(make(b, where, op, members, x, false, node->span, out));
    if (op == LOTS_OP_QUANTILE)
        LOTS_TRY(bind_fraction(b, where, call->args[1].value, &(*out)->constant.f));
    return LOTS_OK;
}

/* ---- which of the two ---- */

lots_status bind_wrong_count(binder *b, const lots_ast_call *call, uint32_t wanted, const char *where, lots_ast_span span)
{
    const int bytes = (int)call->name.bytes;
    lots_status status = lots_ast_fail(b->err, span, "'%.*s' takes %u argument%s%s, %u given", bytes, call->name.text, wanted,
                                       wanted == 1 ? "" : "s", where, call->arg_count);
    lots_error_hint(b->err, "`lots help %.*s` shows how it is written", bytes, call->name.text);
    return status;
}

lots_status bind_aggregate(binder *b, scope *where, const lots_ast_node *node, bool *done, value *out)
{
    const lots_ast_call *call = node->call;
    const aggregate_name *found = bind_find_aggregate(call);
    memset(out, 0, sizeof *out);
    *done = found != NULL;
    if (found == NULL)
        return LOTS_OK;
    if (bind_is_row_aggregate(call)) {
        if (b->aggregation != NULL)
            return bind_over_rows(b, where, found, node, out);
        lots_status status = lots_ast_fail(b->err, node->span, "'%.*s' over rows stands in `show`, not here",
                                           (int)call->name.bytes, call->name.text);
        bool in_let = b->let_depth > 0;
        if (in_let)
            lots_error_hint(b->err, "a let that aggregates rows can be used in `show` only, outside other aggregates");
        else if (where->kind == SCOPE_TABLE && b->inside != NULL)
            lots_error_hint(b->err, "`%.*s` is given what each row has, and constants; what all rows come to is in no argument",
                            (int)b->inside->name.bytes, b->inside->name.text);
        else if (where->kind == SCOPE_TABLE)
            lots_error_hint(b->err, "give it a name in `show`, as x = %.*s(…), and reckon with x here", (int)call->name.bytes,
                            call->name.text);
        else if (found->op != LOTS_OP_CONSTANT)
            lots_error_hint(b->err, "over events it is written %.*s(x over E)", (int)call->name.bytes, call->name.text);
        return status;
    }
    bool over = bind_clause(call, LOTS_AST_CLAUSE_OVER) != NULL;
    uint32_t wanted = over && found->op != LOTS_OP_QUANTILE ? 1 : found->arguments;
    if (call->arg_count != wanted)
        return bind_wrong_count(b, call, wanted, " here", node->span);
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (call->args[i].kind != LOTS_AST_ARG_VALUE) {
            lots_status status = lots_ast_fail(b->err, call->args[i].span, "'%.*s' takes plain values here",
                                               (int)call->name.bytes, call->name.text);
            lots_error_hint(b->err, "a condition stands with the events: count(E where c), sum(x over E where c)");
            return status;
        }
    for (uint32_t i = 0; i < call->clause_count; i++) {
        bool by = call->clauses[i].kind == LOTS_AST_CLAUSE_BY && !over &&
                  (lots_ast_name_is(&call->name, "first") || lots_ast_name_is(&call->name, "last") ||
                   lots_ast_name_is(&call->name, "nth"));
        if (!by && call->clauses[i].kind != LOTS_AST_CLAUSE_OVER)
            return lots_ast_fail(b->err, call->clauses[i].span, "'%.*s' takes no such clause here",
                                 (int)call->name.bytes, call->name.text);
    }
    if (call->distinct && (found->op != LOTS_OP_COUNT || !over))
        return lots_ast_fail(b->err, call->distinct_span, "`distinct` stands in count(distinct x over E)");
    if (over)
        return over_events(b, where, found, node, out);
    switch (found->op) {
    case LOTS_OP_FIRST_VALUE:
    case LOTS_OP_LAST_VALUE:
    case LOTS_OP_EVENT: return pick_event(b, where, node, out);
    case LOTS_OP_COUNT:
    case LOTS_OP_EXISTS:
    case LOTS_OP_NIGHTS:
    case LOTS_OP_COVERED_DAYS: return count_events(b, where, found->op, node, out);
    default: break;
    }
    lots_status status = lots_ast_fail(b->err, node->span, "'%.*s' of what events?", (int)call->name.bytes,
                                       call->name.text);
    lots_error_hint(b->err, "write %.*s(x over E)", (int)call->name.bytes, call->name.text);
    return status;
}
