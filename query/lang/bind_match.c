/* bind_match.c: patterns: `from match (…) as a then (…) within 90d as b …`. The sets of the steps stand in the patients'
 * frame and don't see one another; what was bound is seen by the stages after, as events named by `as`. */
#include <string.h>

#include "query/lang/bind_internal.h"

enum { MATCH_EVENTS_MAX = 256 }; /* that one match binds at least, with `no` steps counted too */

static bool same_name(const lots_ast_name *a, const lots_ast_name *b)
{
    return a->text != NULL && a->bytes == b->bytes && memcmp(a->text, b->text, a->bytes) == 0;
}

bool bind_is_step(const binder *b, const lots_ast_name *name)
{
    for (uint32_t i = 0; b->pattern != NULL && i < b->pattern_step; i++)
        if (same_name(&b->pattern->steps[i].alias, name))
            return true;
    return false;
}

/* ---- a step ---- */

static lots_status step_set(binder *b, const lots_ast_step *step, lots_match_step *out)
{
    bound_set set;
    LOTS_TRY(bind_set(b, b->root, step->set, &set));
    const lots_relation *relation = bind_relation(b, set.set->relation);
    if (relation->start_column < 0)
        return lots_ast_fail(b->err, step->set->span, "a step needs dated events, and stream '%s' is undated",
                             relation->name);
    out->set = set.set;
    return LOTS_OK;
}

static lots_status step_since(binder *b, const lots_ast_step *step, lots_match_step *out)
{
    out->since = LOTS_MATCH_PREVIOUS;
    if (step->since.text == NULL)
        return LOTS_OK;
    for (uint32_t i = 0; i < b->pattern_step; i++)
        if (same_name(&b->pattern->steps[i].alias, &step->since))
            out->since = i;
    if (out->since != LOTS_MATCH_PREVIOUS)
        return LOTS_OK;
    lots_status status = lots_ast_fail(b->err, step->since.span, "no step before this one is named '%.*s'",
                                       (int)step->since.bytes, step->since.text);
    lots_error_hint(b->err, "a step is named by `as` at its end");
    return status;
}

static lots_status step_window(binder *b, const lots_ast_step *step, lots_match_step *out)
{
    lots_expr *length = NULL;
    LOTS_TRY(step_since(b, step, out));
    if (step->within == NULL)
        return LOTS_OK;
    LOTS_TRY(bind_scalar(b, b->root, step->within, &length));
    const bool fits = length->type.kind == LOTS_TYPE_DAYS || length->type.kind == LOTS_TYPE_MONTHS;
    if (!fits || length->op != LOTS_OP_CONSTANT || length->constant.missing)
        return bind_wrong_type(b, length, "a constant duration (30d, 4w, 6mo, 1y)");
    if (length->constant.i < 0)
        return lots_ast_fail(b->err, step->within->span, "nothing comes within a negative time after another event");
    out->has_within = true;
    out->months = length->type.kind == LOTS_TYPE_MONTHS;
    out->within = length->constant.i;
    return LOTS_OK;
}

static lots_status bind_step(binder *b, const lots_ast_step *step, lots_match_step *out)
{
    out->no = step->no;
    out->least = step->least;
    out->most = step->most == LOTS_AST_MANY ? LOTS_MATCH_MANY : step->most;
    out->span = step->span;
    if (out->least == 0) {
        lots_status status = lots_ast_fail(b->err, step->span, "a step binds at least one event");
        lots_error_hint(b->err, "leave the step out, or write `then no` when there must be none");
        return status;
    }
    LOTS_TRY(step_set(b, step, out));
    return step_window(b, step, out);
}

static lots_status bind_steps_of(binder *b, const lots_ast_pattern *pattern, lots_match_pattern *out)
{
    void *steps = NULL;
    uint64_t events = 0;
    LOTS_TRY(lots_arena_alloc(b->arena, &steps, pattern->step_count, sizeof(lots_match_step), b->err));
    out->each = pattern->each;
    out->steps = steps;
    out->step_count = pattern->step_count;
    for (uint32_t i = 0; i < pattern->step_count; i++) {
        events += pattern->steps[i].least;
        if (events > MATCH_EVENTS_MAX)
            return lots_ast_fail(b->err, pattern->steps[i].span, "a pattern of more than %d events", MATCH_EVENTS_MAX);
        b->pattern_step = i;
        LOTS_TRY(bind_step(b, &pattern->steps[i], &out->steps[i]));
    }
    return LOTS_OK;
}

/* ---- the relation ---- */

static lots_status add_step_column(binder *b, lots_relation *relation, const lots_ast_step *step, uint32_t number)
{
    if (step->alias.text == NULL)
        return LOTS_OK;
    if (bind_relation_find(relation, step->alias.text, step->alias.bytes) >= 0)
        return lots_ast_fail(b->err, step->alias.span, "a match already has a column '%.*s'", (int)step->alias.bytes,
                             step->alias.text);
    lots_type event = bind_type(LOTS_TYPE_EVENTS);
    event.single = true;
    event.relation = relation->pattern->steps[number].set->relation;
    bind_column_add(relation, step->alias.text, event, LOTS_COLUMN_STEP)->column = number;
    return LOTS_OK;
}

lots_status bind_match(binder *b, const lots_ast_pattern *pattern, bound_set *out)
{
    void *room = NULL;
    uint32_t number = 0;
    LOTS_TRY(lots_arena_alloc(b->arena, &room, 1, sizeof(lots_match_pattern), b->err));
    lots_match_pattern *bound = room;
    b->pattern = pattern;
    LOTS_TRY(bind_steps_of(b, pattern, bound));
    b->pattern = NULL;
    lots_relation relation = {.kind = LOTS_RELATION_MATCH, .name = "match", .frame = LOTS_FRAME_PATIENT,
                              .pattern = bound,
                              .order_rank = bind_relation(b, bound->steps[0].set->relation)->order_rank};
    LOTS_TRY(bind_columns_new(b, &relation, 2 + pattern->step_count));
    relation.start_column = 0;
    relation.end_column = 1;
    bind_column_add(&relation, "start", bind_type(LOTS_TYPE_DATE), LOTS_COLUMN_START);
    bind_column_add(&relation, "end", bind_type(LOTS_TYPE_DATE), LOTS_COLUMN_END);
    for (uint32_t i = 0; i < pattern->step_count; i++)
        LOTS_TRY(add_step_column(b, &relation, &pattern->steps[i], i));
    LOTS_TRY(bind_relation_add(b, &relation, UINT64_C(1) << 1, NULL, &number));
    return bind_set_new(b, b->root, number, NULL, pattern->steps[0].span, out);
}

/* ---- first matches sought in a period ---- */

/* A day of the match or of one of its events, or that day's year. */
static bool is_day_of_match(const lots_expr *x, uint32_t frame)
{
    x = x->op == LOTS_OP_YEAR ? x->operands[0] : x;
    if (x->type.kind != LOTS_TYPE_DATE)
        return false;
    x = x->op == LOTS_OP_EVENT_COLUMN || x->op == LOTS_OP_EVENT_SPAN_END ? x->operands[0] : x;
    return x->op == LOTS_OP_COLUMN && x->of_frame == frame;
}

/* Does it leave out matches that are early by constant days? */
static lots_status wants_later(binder *b, const lots_expr *test, uint32_t frame, bool *out)
{
    lots_expr *low = NULL;
    for (uint32_t i = 0; test->op == LOTS_OP_AND && i < test->operand_count && !*out; i++)
        LOTS_TRY(wants_later(b, test->operands[i], frame, out));
    if (test->operand_count < 2 || test->op == LOTS_OP_AND)
        return LOTS_OK;
    lots_expr *x = test->operands[0], *y = test->operands[1];
    lots_op op = test->op;
    if (x->op == LOTS_OP_CONSTANT) {
        op = lots_op_turned(op);
        x = y;
        y = test->operands[0];
    }
    if (y->op != LOTS_OP_CONSTANT || !is_day_of_match(x, frame))
        return LOTS_OK;
    if (op == LOTS_OP_IN_INTERVAL)
        LOTS_TRY(bind_interval_side(b, y, false, &low));
    *out = low != NULL || op == LOTS_OP_EQUAL || op == LOTS_OP_GREATER || op == LOTS_OP_GREATER_EQUAL ||
           op == LOTS_OP_BETWEEN;
    return LOTS_OK;
}

lots_status bind_note_firsts(binder *b, uint32_t relation, uint32_t frame, const lots_expr *test)
{
    const lots_relation *match = bind_relation(b, relation);
    bool later = false;
    if (match->kind != LOTS_RELATION_MATCH || match->pattern->each)
        return LOTS_OK;
    LOTS_TRY(wants_later(b, test, frame, &later));
    return later ? bind_fact(b, test->span, "a row is the first match of a person, and who had one earlier than asked is left "
                                            "out: those that begin in a period are found by a window inside the pattern")
                 : LOTS_OK;
}
