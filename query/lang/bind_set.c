/* bind_set.c: event sets: narrowing, windows, single events. See bind_internal.h; the meaning of each window is
 * LANGUAGE.md's section 5. */
#include <string.h>

#include "core/base/day.h"
#include "query/lang/bind_internal.h"

lots_status bind_grow(binder *b, void **list, uint32_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return LOTS_OK; /* there is room up to the next power of two */
    void *wider = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &wider, count == 0 ? 1 : (size_t)count * 2, size, b->err));
    if (count != 0)
        memcpy(wider, *list, count * size);
    *list = wider;
    return LOTS_OK;
}

lots_status bind_set_new(binder *b, scope *where, uint32_t relation, lots_expr *event, lots_ast_span span,
                         bound_set *out)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_set), b->err));
    out->set = made;
    out->set->relation = relation;
    out->set->event = event;
    out->set->span = span;
    uint32_t parent = where->frame == LOTS_FRAME_CONSTANT ? LOTS_FRAME_PATIENT : where->frame;
    LOTS_TRY(bind_frame_new(b, LOTS_FRAME_IS_ELEMENT, parent, relation, bind_relation(b, relation)->name,
                            &out->set->frame));
    return bind_scope_new(b, SCOPE_ELEMENT, where, out->set->frame, relation, &out->element);
}

static lots_status filter_set(binder *b, bound_set *set, lots_expr *filter)
{
    void *list = set->set->filters;
    LOTS_TRY(bind_grow(b, &list, set->set->filter_count, sizeof(lots_expr *)));
    set->set->filters = list;
    set->set->filters[set->set->filter_count++] = filter;
    return LOTS_OK;
}

static lots_status dated(binder *b, const lots_set *set, lots_ast_span span)
{
    const lots_relation *relation = bind_relation(b, set->relation);
    if (relation->start_column >= 0)
        return LOTS_OK;
    lots_status status =
        lots_ast_fail(b->err, span, "stream '%s' is undated: its events have an order but no days", relation->name);
    lots_error_hint(b->err, "a window on days can't be asked of it; first, last, nth, next and prev can");
    return status;
}

static lots_status add_window(binder *b, bound_set *set, lots_expr *low, lots_expr *high, lots_ast_span span)
{
    void *list = set->set->windows;
    LOTS_TRY(bind_grow(b, &list, set->set->window_count, sizeof(lots_window)));
    set->set->windows = list;
    lots_window window = {low, high, span};
    set->set->windows[set->set->window_count++] = window;
    return LOTS_OK;
}

static lots_status window_set(binder *b, bound_set *set, lots_expr *low, lots_expr *high, lots_ast_span span)
{
    LOTS_TRY(dated(b, set->set, span));
    LOTS_TRY(bind_set_asked(b, set->set, low, high, span));
    return add_window(b, set, low, high, span);
}

static bool outside(binder *b, const lots_set *set, const lots_expr *expr)
{
    return (expr->depths & bind_frame_bit(b, set->frame)) == 0;
}

uint64_t bind_set_depths(binder *b, const lots_set *set)
{
    uint64_t depths = LOTS_AT(uint64_t, &b->relation_depths, set->relation);
    for (uint32_t i = 0; i < set->window_count; i++) {
        depths |= set->windows[i].low != NULL ? set->windows[i].low->depths : 0;
        depths |= set->windows[i].high != NULL ? set->windows[i].high->depths : 0;
    }
    for (uint32_t i = 0; i < set->filter_count; i++)
        depths |= set->filters[i]->depths;
    if (set->event != NULL)
        depths |= set->event->depths;
    return depths & ~bind_frame_bit(b, set->frame);
}

/* ---- windows that conditions hide: `where start in I`, `start >= d` ---- */

static bool is_start(binder *b, const lots_set *set, const lots_expr *expr)
{
    return expr->op == LOTS_OP_COLUMN && expr->of_frame == set->frame &&
           (int32_t)expr->index == bind_relation(b, set->relation)->start_column;
}

static lots_status next_day(binder *b, lots_expr *day, int64_t step, lots_expr **out)
{
    lots_expr *pair[2] = {day, NULL};
    LOTS_TRY(bind_int(b, LOTS_TYPE_DAYS, step, day->span, &pair[1]));
    return bind_expr(b, LOTS_OP_ADD_DAYS, bind_type(LOTS_TYPE_DATE), day->span, pair, 2, out);
}

/* start OP day as a window; *done false when OP makes none. */
static lots_status compare_window(binder *b, bound_set *set, lots_op op, lots_expr *day, lots_ast_span span, bool *done)
{
    lots_expr *low = NULL, *high = NULL;
    *done = true;
    switch (op) {
    case LOTS_OP_EQUAL: low = high = day; break;
    case LOTS_OP_GREATER_EQUAL: low = day; break;
    case LOTS_OP_LESS_EQUAL: high = day; break;
    case LOTS_OP_GREATER: LOTS_TRY(next_day(b, day, 1, &low)); break;
    case LOTS_OP_LESS: LOTS_TRY(next_day(b, day, -1, &high)); break;
    default: *done = false; return LOTS_OK;
    }
    return window_set(b, set, low, high, span);
}

static lots_status window_of(binder *b, bound_set *set, lots_expr *test, bool *done)
{
    *done = false;
    if (set->set->event != NULL || bind_relation(b, set->set->relation)->start_column < 0 || test->operand_count != 2)
        return LOTS_OK;
    lots_expr *x = test->operands[0], *y = test->operands[1];
    if (test->op == LOTS_OP_IN_INTERVAL && is_start(b, set->set, x) && outside(b, set->set, y)) {
        lots_expr *low = NULL, *high = NULL;
        LOTS_TRY(bind_interval_side(b, y, false, &low));
        LOTS_TRY(bind_interval_side(b, y, true, &high));
        *done = true;
        return window_set(b, set, low, high, test->span);
    }
    if (is_start(b, set->set, x) && outside(b, set->set, y) && y->type.kind == LOTS_TYPE_DATE)
        return compare_window(b, set, test->op, y, test->span, done);
    if (is_start(b, set->set, y) && outside(b, set->set, x) && x->type.kind == LOTS_TYPE_DATE)
        return compare_window(b, set, lots_op_turned(test->op), x, test->span, done);
    return LOTS_OK;
}

static lots_status add_condition(binder *b, bound_set *set, lots_expr *test)
{
    if (test->op == LOTS_OP_AND) {
        for (uint32_t i = 0; i < test->operand_count; i++)
            LOTS_TRY(add_condition(b, set, test->operands[i]));
        return LOTS_OK;
    }
    bool done = false;
    LOTS_TRY(window_of(b, set, test, &done));
    return done ? LOTS_OK : filter_set(b, set, test);
}

static lots_status note_condition(binder *b, bound_set *set, lots_expr *test)
{
    bool done = false;
    for (uint32_t i = 0; test->op == LOTS_OP_AND && i < test->operand_count; i++)
        LOTS_TRY(note_condition(b, set, test->operands[i]));
    return test->op == LOTS_OP_AND ? LOTS_OK : window_of(b, set, test, &done);
}

lots_status bind_note_windows(binder *b, uint32_t relation, uint32_t frame, lots_expr *test)
{
    lots_set rows = {.relation = relation, .frame = frame}; /* only what is said of its windows stays */
    bound_set set = {.set = &rows};
    return note_condition(b, &set, test);
}

/* ---- spans ---- */

static lots_status element_op(binder *b, const bound_set *set, lots_op op, lots_type_kind kind, lots_ast_span span,
                              lots_expr **out)
{
    LOTS_TRY(bind_expr(b, op, bind_type(kind), span, NULL, 0, out));
    (*out)->of_frame = set->set->frame;
    bind_depend(b, *out, bind_frame_bit(b, set->set->frame), set->set->frame);
    return LOTS_OK;
}

/* The start and the end of a period that `each` makes: it holds a day. */
static bool of_one_period(const lots_expr *low, const lots_expr *high)
{
    return low->op == LOTS_OP_INTERVAL_START && high->op == LOTS_OP_INTERVAL_END && low->operands[0] == high->operands[0] &&
           low->operands[0]->whole != NULL;
}

lots_status bind_set_covering(binder *b, bound_set *set, lots_expr *low, lots_expr *high, lots_ast_span span)
{
    LOTS_TRY(dated(b, set->set, span));
    LOTS_TRY(bind_set_asked(b, set->set, low, high, span));
    set->set->no_ghosts = true;
    lots_expr *pair[2] = {low, high}, *test = NULL;
    if (low != NULL && high != NULL && low != high && !of_one_period(low, high)) { /* a long span covers both ends of a reversed interval: it is empty */
        LOTS_TRY(bind_expr(b, LOTS_OP_LESS_EQUAL, bind_type(LOTS_TYPE_BOOL), span, pair, 2, &test));
        LOTS_TRY(filter_set(b, set, test));
    }
    pair[1] = low;
    if (high != NULL)
        LOTS_TRY(add_window(b, set, NULL, high, span));
    if (low == NULL)
        return LOTS_OK;
    LOTS_TRY(element_op(b, set, LOTS_OP_SPAN_END, LOTS_TYPE_DATE, span, &pair[0]));
    LOTS_TRY(bind_expr(b, LOTS_OP_GREATER_EQUAL, bind_type(LOTS_TYPE_BOOL), span, pair, 2, &test));
    return filter_set(b, set, test);
}

/* known before D: ended before it (a point: started), open events excluded. */
static lots_status narrow_known(binder *b, bound_set *set, lots_expr *day, bool until, lots_ast_span span)
{
    lots_expr *high = day, *open = NULL, *closed = NULL, *test = NULL;
    if (!until)
        LOTS_TRY(next_day(b, day, -1, &high));
    LOTS_TRY(window_set(b, set, NULL, high, span)); /* what ended before D began before D */
    LOTS_TRY(element_op(b, set, LOTS_OP_IS_OPEN, LOTS_TYPE_BOOL, span, &open));
    LOTS_TRY(bind_expr(b, LOTS_OP_NOT, bind_type(LOTS_TYPE_BOOL), span, &open, 1, &closed));
    LOTS_TRY(filter_set(b, set, closed));
    lots_expr *pair[2] = {NULL, high};
    LOTS_TRY(element_op(b, set, LOTS_OP_SPAN_END, LOTS_TYPE_DATE, span, &pair[0]));
    LOTS_TRY(bind_expr(b, LOTS_OP_LESS_EQUAL, bind_type(LOTS_TYPE_BOOL), span, pair, 2, &test));
    return filter_set(b, set, test);
}

/* ---- the narrowings ---- */

static lots_status plus(binder *b, lots_expr *day, lots_expr *length, int sign, int64_t more, lots_expr **out)
{
    lots_expr *pair[2] = {day, length}, *moved = day;
    if (length != NULL) {
        if (sign < 0)
            LOTS_TRY(bind_expr(b, LOTS_OP_NEGATE, length->type, length->span, &length, 1, &pair[1]));
        lots_op op = length->type.kind == LOTS_TYPE_DAYS ? LOTS_OP_ADD_DAYS : LOTS_OP_ADD_MONTHS;
        LOTS_TRY(bind_expr(b, op, bind_type(LOTS_TYPE_DATE), day->span, pair, 2, &moved));
    }
    *out = moved;
    return more == 0 ? LOTS_OK : next_day(b, moved, more, out);
}

static lots_status narrow_within(binder *b, bound_set *set, const lots_ast_narrow *step, lots_expr *day)
{
    lots_expr *length = NULL, *low = NULL, *high = NULL;
    LOTS_TRY(bind_scalar(b, set->element, step->length, &length));
    LOTS_TRY(bind_give_type(b, &length, LOTS_TYPE_DAYS));
    if (length->type.kind != LOTS_TYPE_DAYS && length->type.kind != LOTS_TYPE_MONTHS)
        return bind_wrong_type(b, length, "a duration (30d, 4w, 6mo, 1y)");
    if (!outside(b, set->set, length))
        return lots_ast_fail(b->err, step->length->span, "the length of a window can't depend on the event itself");
    switch (step->kind) {
    case LOTS_AST_NARROW_WITHIN_AFTER:
        LOTS_TRY(plus(b, day, NULL, 1, 1, &low));
        LOTS_TRY(plus(b, day, length, 1, 0, &high));
        break;
    case LOTS_AST_NARROW_WITHIN_SINCE:
        low = day;
        LOTS_TRY(plus(b, day, length, 1, 0, &high));
        break;
    case LOTS_AST_NARROW_WITHIN_BEFORE:
        LOTS_TRY(plus(b, day, length, -1, 0, &low));
        LOTS_TRY(plus(b, day, NULL, 1, -1, &high));
        break;
    case LOTS_AST_NARROW_WITHIN_UNTIL:
        LOTS_TRY(plus(b, day, length, -1, 0, &low));
        high = day;
        break;
    default:
        LOTS_TRY(plus(b, day, length, -1, 0, &low));
        LOTS_TRY(plus(b, day, length, 1, 0, &high));
    }
    return window_set(b, set, low, high, step->span);
}

static lots_status depends_on_itself(binder *b, const lots_ast_node *node)
{
    lots_status status = lots_ast_fail(b->err, node->span, "a window can't depend on the event that is tested");
    lots_error_hint(b->err, "an outer event's column is reached through its alias (… as e … e.start), the patient's as "
                            "patient.x; a condition on the event itself is a `where`");
    return status;
}

static lots_status narrow_day(binder *b, bound_set *set, const lots_ast_narrow *step)
{
    lots_expr *day = NULL, *moved = NULL;
    LOTS_TRY(dated(b, set->set, step->span));
    LOTS_TRY(bind_date(b, set->element, step->value, &day));
    if (!outside(b, set->set, day))
        return depends_on_itself(b, step->value);
    switch (step->kind) {
    case LOTS_AST_NARROW_BEFORE:
        LOTS_TRY(next_day(b, day, -1, &moved));
        return window_set(b, set, NULL, moved, step->span);
    case LOTS_AST_NARROW_AFTER:
        LOTS_TRY(next_day(b, day, 1, &moved));
        return window_set(b, set, moved, NULL, step->span);
    case LOTS_AST_NARROW_UNTIL: return window_set(b, set, NULL, day, step->span);
    case LOTS_AST_NARROW_SINCE: return window_set(b, set, day, NULL, step->span);
    case LOTS_AST_NARROW_KNOWN_BEFORE: return narrow_known(b, set, day, false, step->span);
    case LOTS_AST_NARROW_KNOWN_UNTIL: return narrow_known(b, set, day, true, step->span);
    default: return narrow_within(b, set, step, day);
    }
}

static lots_status narrow_interval(binder *b, bound_set *set, const lots_ast_narrow *step)
{
    lots_expr *interval = NULL, *low = NULL, *high = NULL;
    LOTS_TRY(dated(b, set->set, step->span));
    LOTS_TRY(bind_interval(b, set->element, step->value, &interval));
    if (!outside(b, set->set, interval))
        return depends_on_itself(b, step->value);
    LOTS_TRY(bind_interval_side(b, interval, false, &low));
    LOTS_TRY(bind_interval_side(b, interval, true, &high));
    if (step->kind == LOTS_AST_NARROW_DURING)
        return window_set(b, set, low, high, step->span);
    return bind_set_covering(b, set, low, high, step->span);
}

/* Keep rows where the condition is false or missing. */
static lots_status narrow_except(binder *b, bound_set *set, const lots_ast_narrow *step)
{
    lots_expr *test = NULL, *either[2] = {NULL, NULL}, *kept = NULL;
    lots_type bool_type = bind_type(LOTS_TYPE_BOOL);
    LOTS_TRY(bind_condition(b, set->element, step->value, &test));
    LOTS_TRY(bind_expr(b, LOTS_OP_NOT, bool_type, step->span, &test, 1, &either[0]));
    LOTS_TRY(bind_expr(b, LOTS_OP_IS_MISSING, bool_type, step->span, &test, 1, &either[1]));
    LOTS_TRY(bind_expr(b, LOTS_OP_OR, bool_type, step->span, either, 2, &kept));
    return filter_set(b, set, kept);
}

static lots_status narrow(binder *b, bound_set *set, const lots_ast_narrow *step)
{
    lots_expr *test = NULL;
    switch (step->kind) {
    case LOTS_AST_NARROW_WHERE:
        LOTS_TRY(bind_condition(b, set->element, step->value, &test));
        return add_condition(b, set, test);
    case LOTS_AST_NARROW_EXCEPT_WHERE: return narrow_except(b, set, step);
    case LOTS_AST_NARROW_DURING:
    case LOTS_AST_NARROW_OVERLAPPING: return narrow_interval(b, set, step);
    case LOTS_AST_NARROW_AS:
        if (set->element->alias != NULL)
            return lots_ast_fail(b->err, step->alias.span, "this event already has the name '%s'", set->element->alias);
        if (bind_find_alias(set->element->outer, &step->alias) != NULL)
            return lots_ast_fail(b->err, step->alias.span, "'%s' already names another event here", step->alias.text);
        set->element->alias = step->alias.text;
        set->element->alias_bytes = step->alias.bytes;
        bind_frame(b, set->set->frame)->name = step->alias.text;
        return LOTS_OK;
    default: return narrow_day(b, set, step);
    }
}

/* ---- from tree to set ---- */

static lots_status set_of_value(binder *b, scope *where, const lots_ast_node *node, const value *bound, bound_set *out)
{
    if (bound->kind == VALUE_SET) {
        *out = bound->set;
        return LOTS_OK;
    }
    if (bound->kind == VALUE_EXPR && bound->expr->type.kind == LOTS_TYPE_EVENTS)
        return bind_set_new(b, where, bound->expr->type.relation, bound->expr, node->span, out);
    if (bound->kind == VALUE_EXPR) {
        lots_status status = bind_wrong_type(b, bound->expr, "an event set");
        if (bound->expr->type.kind == LOTS_TYPE_BOOL)
            lots_error_hint(b->err, "rows for which a condition is true are counted by count(where …)");
        if (bound->expr->type.kind == LOTS_TYPE_DATE)
            lots_error_hint(b->err, "a day is compared: in 2023, in a..b, < 2023.start");
        return status;
    }
    if (bound->kind == VALUE_TABLE)
        return lots_ast_fail(b->err, node->span, "this names a table, and an event set is wanted");
    return lots_ast_fail(b->err, node->span, "an event set is wanted here");
}

lots_status bind_set(binder *b, scope *where, const lots_ast_node *node, bound_set *out)
{
    value bound;
    memset(&bound, 0, sizeof bound);
    if (node->kind == LOTS_AST_UNION || node->kind == LOTS_AST_MINUS)
        return bind_sets(b, where, node, out);
    if (node->kind != LOTS_AST_NARROWED) {
        if (node->kind == LOTS_AST_NAME && lots_ast_name_is(&node->name, "patients")) {
            lots_status status = lots_ast_fail(b->err, node->span, "`patients` is no event set; it can stand after `from`");
            return status;
        }
        LOTS_TRY(bind_value(b, where, node, &bound));
        return set_of_value(b, where, node, &bound, out);
    }
    LOTS_TRY(bind_set(b, where, node->narrowed.base, out));
    /* `as` anywhere in the chain names the event for the whole of it. */
    for (uint32_t i = 0; i < node->narrowed.step_count; i++)
        if (node->narrowed.steps[i].kind == LOTS_AST_NARROW_AS)
            LOTS_TRY(narrow(b, out, &node->narrowed.steps[i]));
    for (uint32_t i = 0; i < node->narrowed.step_count; i++)
        if (node->narrowed.steps[i].kind != LOTS_AST_NARROW_AS)
            LOTS_TRY(narrow(b, out, &node->narrowed.steps[i]));
    return LOTS_OK;
}

/* ---- single events ---- */

lots_status bind_self(binder *b, const scope *row, lots_ast_span span, lots_expr **out)
{
    lots_type type = bind_type(LOTS_TYPE_EVENTS);
    type.single = true;
    type.relation = row->relation;
    LOTS_TRY(bind_expr(b, LOTS_OP_EVENT, type, span, NULL, 0, out));
    (*out)->pick = LOTS_PICK_SELF;
    (*out)->of_frame = row->frame;
    bind_depend(b, *out, bind_frame_bit(b, row->frame), row->frame);
    return LOTS_OK;
}

lots_status bind_pick(binder *b, scope *where, bound_set *set, lots_pick pick, lots_expr *operand, lots_ast_span span,
                      lots_expr **out)
{
    lots_type type = bind_type(LOTS_TYPE_EVENTS);
    type.single = true;
    type.relation = set->set->relation;
    LOTS_TRY(bind_expr(b, LOTS_OP_EVENT, type, span, &operand, operand != NULL ? 1 : 0, out));
    (*out)->pick = pick;
    (*out)->set = set->set;
    uint64_t depths = bind_set_depths(b, set->set) | (operand != NULL ? operand->depths : 0);
    bind_depend(b, *out, depths, where->frame == LOTS_FRAME_CONSTANT ? LOTS_FRAME_PATIENT : where->frame);
    return LOTS_OK;
}

lots_status bind_event_column(binder *b, lots_expr *event, const lots_ast_name *name, lots_expr **out)
{
    const lots_relation *relation = bind_relation(b, event->type.relation);
    int32_t index = bind_relation_find(relation, name->text, name->bytes);
    if (index < 0) {
        scope only = {.kind = SCOPE_ELEMENT, .relation = event->type.relation, .names = LOTS_VEC(named)};
        return bind_unknown(b, &only, name);
    }
    lots_type type = relation->columns[index].type;
    if (event->pick == LOTS_PICK_SELF && event->op == LOTS_OP_EVENT) {
        LOTS_TRY(bind_expr(b, LOTS_OP_COLUMN, type, event->span, NULL, 0, out));
        (*out)->of_frame = event->of_frame;
        (*out)->index = (uint32_t)index;
        bind_depend(b, *out, event->depths, event->of_frame);
        return LOTS_OK;
    }
    LOTS_TRY(bind_expr(b, LOTS_OP_EVENT_COLUMN, type, event->span, &event, 1, out));
    (*out)->index = (uint32_t)index;
    return LOTS_OK;
}
