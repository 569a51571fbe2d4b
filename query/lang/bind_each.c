/* bind_each.c: the stage `each`: of what kind it is follows from what is written before its names (a period, a duration,
 * nothing) and from the value behind `in`. See bind_stage.h. */
#include <string.h>

#include "query/lang/bind_stage.h"
#include "query/lang/suggest.h"

static const char *const period_words[] = {[LOTS_PERIOD_DAY] = "day", [LOTS_PERIOD_WEEK] = "week",
                                           [LOTS_PERIOD_MONTH] = "month", [LOTS_PERIOD_QUARTER] = "quarter",
                                           [LOTS_PERIOD_YEAR] = "year"};

static lots_status each_period(binder *b, const lots_ast_name *unit, lots_each *each)
{
    suggestion near;
    suggest_begin(&near, unit->text, unit->bytes);
    each->kind = LOTS_EACH_PERIOD;
    for (unsigned i = 0; i < sizeof period_words / sizeof *period_words; i++) {
        each->period = i;
        if (lots_ast_name_is(unit, period_words[i]))
            return LOTS_OK;
        suggest_try(&near, period_words[i], (uint32_t)strlen(period_words[i]));
    }
    lots_status status = lots_ast_fail(b->err, unit->span, "there is no period '%s'", unit->text);
    if (near.found)
        lots_error_hint(b->err, "did you mean '%s'?", near.text);
    else
        lots_error_hint(b->err, "day, week, month, quarter, year, or a length as in: each 90d b in 2023");
    return status;
}

static lots_status each_block(binder *b, scope *where, const lots_ast_node *node, lots_each *each)
{
    lots_expr *length = NULL;
    LOTS_TRY(bind_scalar(b, where, node, &length));
    bool months = length->type.kind == LOTS_TYPE_MONTHS, days = length->type.kind == LOTS_TYPE_DAYS;
    if (length->op != LOTS_OP_CONSTANT || length->constant.missing || (!months && !days) || length->constant.i < 1 ||
        length->constant.i > INT32_MAX)
        return lots_ast_fail(b->err, node->span, "the length of a block is a constant of a day or more, as in 90d or 6mo");
    each->kind = LOTS_EACH_BLOCK;
    *(months ? &each->months : &each->days) = (int32_t)length->constant.i;
    return LOTS_OK;
}

static lots_status name_count(binder *b, const lots_ast_stage *stage, uint32_t wanted)
{
    const lots_ast_names *names = &stage->each.names;
    if (names->count == wanted)
        return LOTS_OK;
    if (wanted == 2)
        return lots_ast_fail(b->err, names->items[names->count - 1].span, "pairs have two names: each a, b in pairs(…)");
    lots_status status = lots_ast_fail(b->err, names->items[1].span, "one name is wanted here");
    lots_error_hint(b->err, "two names are for pairs: each a, b in pairs(g)");
    return status;
}

static lots_status each_interval(binder *b, const lots_ast_stage *stage, lots_each *each)
{
    scope *where = b->pipeline->where;
    if (stage->each.block != NULL)
        LOTS_TRY(each_block(b, where, stage->each.block, each));
    else
        LOTS_TRY(each_period(b, &stage->each.unit, each));
    LOTS_TRY(name_count(b, stage, 1));
    LOTS_TRY(bind_interval(b, where, stage->each.range, &each->value));
    bool open = each->value->op == LOTS_OP_CONSTANT && !each->value->constant.missing &&
                (each->value->constant.i == LOTS_DAY_MIN || each->value->constant.i2 == LOTS_DAY_MAX);
    if (open) {
        lots_status status = lots_ast_fail(b->err, stage->each.range->span, "an interval without an end can't be divided");
        lots_error_hint(b->err, "give both ends, as in registry.from .. registry.until");
        return status;
    }
    each->types[0] = bind_type(LOTS_TYPE_INTERVAL);
    each->types[1] = bind_type(LOTS_TYPE_INT);
    each->slot_count = 2;
    return LOTS_OK;
}

static lots_status each_of_set(binder *b, const lots_ast_stage *stage, lots_expr *set, bool pairs, lots_each *each)
{
    lots_type numbers = bind_type(LOTS_TYPE_SET);
    numbers.element = LOTS_TYPE_INT;
    if (bind_is_untyped(set) || (set->type.kind == LOTS_TYPE_SET && set->type.element == LOTS_TYPE_MISSING))
        LOTS_TRY(bind_cast(b, set, &numbers, NULL, &set));
    if (set->type.kind != LOTS_TYPE_SET)
        return bind_wrong_type(b, set, "a set");
    LOTS_TRY(name_count(b, stage, pairs ? 2 : 1));
    each->kind = pairs ? LOTS_EACH_PAIR : LOTS_EACH_ELEMENT;
    each->value = set;
    each->types[0] = set->type;
    each->types[0].kind = set->type.element;
    each->types[0].element = LOTS_TYPE_MISSING;
    each->types[1] = each->types[0];
    each->slot_count = pairs ? 2 : 1;
    return LOTS_OK;
}

static lots_status each_pair(binder *b, const lots_ast_stage *stage, const lots_ast_call *call, lots_each *each)
{
    value set;
    if (call->arg_count != 1 || call->args[0].kind != LOTS_AST_ARG_VALUE || call->distinct)
        return lots_ast_fail(b->err, stage->each.range->span, "pairs takes one set");
    LOTS_TRY(bind_no_clauses(b, call));
    LOTS_TRY(bind_value(b, b->pipeline->where, call->args[0].value, &set));
    if (set.expr == NULL)
        return lots_ast_fail(b->err, call->args[0].span, "pairs takes a set");
    return each_of_set(b, stage, set.expr, true, each);
}

static lots_status want_period(binder *b, const lots_ast_stage *stage)
{
    lots_status status = lots_ast_fail(b->err, stage->each.range->span, "how is this interval to be divided?");
    lots_error_hint(b->err, "say a period before the name: each month %s in …", stage->each.names.items[0].text);
    return status;
}

static lots_status each_value(binder *b, const lots_ast_stage *stage, lots_each *each)
{
    const lots_ast_node *range = stage->each.range;
    value bound;
    if (range->kind == LOTS_AST_CALL && lots_ast_name_is(&range->call->name, "pairs"))
        return each_pair(b, stage, range->call, each);
    LOTS_TRY(bind_value(b, b->pipeline->where, range, &bound));
    if (bound.kind == VALUE_RANGE) {
        if (bound.low != NULL)
            LOTS_TRY(bind_give_type(b, &bound.low, LOTS_TYPE_INT));
        if (bound.high != NULL)
            LOTS_TRY(bind_give_type(b, &bound.high, LOTS_TYPE_INT));
        if (bound.low == NULL || bound.high == NULL || bound.low->type.kind != LOTS_TYPE_INT ||
            bound.high->type.kind != LOTS_TYPE_INT)
            return lots_ast_fail(b->err, range->span, "a range of whole numbers needs both of its ends here");
        LOTS_TRY(name_count(b, stage, 1));
        *each = (lots_each){.kind = LOTS_EACH_NUMBER, .value = bound.low, .high = bound.high, .slot_count = 1};
        each->types[0] = bind_type(LOTS_TYPE_INT);
        return LOTS_OK;
    }
    if (bound.kind == VALUE_SET || (bound.expr != NULL && bound.expr->type.kind == LOTS_TYPE_EVENTS)) {
        lots_status status = lots_ast_fail(b->err, range->span, "events are no set of values");
        lots_error_hint(b->err, "make the events the rows (from contacts …), or collect values: set(unit over …)");
        return status;
    }
    if (bound.expr == NULL)
        return lots_ast_fail(b->err, range->span, "a set or a range of numbers is wanted");
    if (bound.expr->type.kind == LOTS_TYPE_INTERVAL)
        return want_period(b, stage);
    return each_of_set(b, stage, bound.expr, false, each);
}

/* The name, and of a period `name.number`: no name that can be written holds a dot, so it stands for itself only. */
static lots_status name_slots(binder *b, const lots_ast_stage *stage, lots_each *each)
{
    pipeline_state *p = b->pipeline;
    bool period = each->kind == LOTS_EACH_PERIOD || each->kind == LOTS_EACH_BLOCK;
    for (uint32_t i = 0; i < each->slot_count; i++) {
        const lots_ast_name *name = &stage->each.names.items[period ? 0 : i];
        const char *text = name->text;
        char *number = NULL;
        lots_expr *slot = NULL;
        if (period && i == 1) {
            LOTS_TRY(lots_arena_printf(b->arena, &number, b->err, "%s.number", text));
            text = number;
        }
        if (bind_taken(p->where, text))
            return lots_ast_fail(b->err, name->span, "there is already a derived column '%s'", text);
        each->names[i] = text;
        LOTS_TRY(bind_new_slot(b, &each->types[i], &each->slots[i]));
        LOTS_TRY(bind_slot(b, p->where->frame, each->slots[i], each->types[i], name->span, &slot));
        if (period && i == 0 && each->value->op == LOTS_OP_CONSTANT && !each->value->constant.missing &&
            each->value->constant.i <= each->value->constant.i2)
            slot->whole = &each->value->constant;
        if (!period || i == 0) {
            lots_named_expr column = {.name = text, .value = slot, .slot = each->slots[i]};
            LOTS_TRY(lots_vec_push(&p->columns, &column, b->err));
        }
        LOTS_TRY(bind_add_name(b, p->where, text, slot));
    }
    return LOTS_OK;
}

static void ask_number(pipeline_state *p, const lots_expr *slot)
{
    for (size_t i = 0; i < p->stages.count; i++) {
        lots_bound_stage *stage = &LOTS_AT(lots_bound_stage, &p->stages, i);
        if (stage->kind == LOTS_STAGE_EACH && stage->each.slot_count == 2 && stage->each.slots[1] == slot->index)
            stage->each.numbered = true;
    }
}

lots_status bind_period_number(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    const lots_ast_name *period = &node->member.base->name;
    lots_ast_name whole = *period;
    char *text = NULL;
    value bound;
    LOTS_TRY(lots_arena_printf(b->arena, &text, b->err, "%s.number", period->text));
    whole.text = text;
    whole.bytes = (uint32_t)strlen(text);
    LOTS_TRY(bind_name(b, where, &whole, &bound));
    if (bound.kind != VALUE_EXPR)
        return lots_ast_fail(b->err, node->span, "only a period that `each` made has a number");
    ask_number(b->pipeline, bound.expr);
    *out = bound.expr;
    return LOTS_OK;
}

lots_status bind_each_stage(binder *b, const lots_ast_stage *stage)
{
    lots_bound_stage made = bind_stage_of(b, LOTS_STAGE_EACH, stage->span);
    if (stage->each.block != NULL || stage->each.unit.text != NULL)
        LOTS_TRY(each_interval(b, stage, &made.each));
    else
        LOTS_TRY(each_value(b, stage, &made.each));
    LOTS_TRY(name_slots(b, stage, &made.each));
    return bind_push_stage(b, &made);
}

/* ---- periods that nothing asks ---- */

static uint32_t uses_of(const scope *where, const char *name)
{
    for (size_t i = 0; i < where->names.count; i++) {
        const named *item = &LOTS_AT(named, &where->names, i);
        if (item->bytes == strlen(name) && memcmp(item->name, name, item->bytes) == 0)
            return item->uses;
    }
    return 0;
}

/* How many names of the period were looked up for an expression of nothing else but constants (`m.number` is found through
 * `m`: two); 0: something else stands in it too. */
static uint32_t period_alone(const lots_expr *expr, const lots_each *each)
{
    uint32_t alone = 0;
    if (expr->op == LOTS_OP_SLOT)
        return expr->index == each->slots[0] ? 1 : expr->index == each->slots[1] ? 2 : 0;
    for (uint32_t i = 0; i < expr->operand_count; i++) {
        const uint32_t here = period_alone(expr->operands[i], each);
        if (here == 0 && expr->operands[i]->op != LOTS_OP_CONSTANT)
            return 0;
        alone += here;
    }
    return alone;
}

/* Of a constant interval, and each use of its names is a key or a part of one. */
static bool only_keys_name(const scope *where, const lots_each *each, const lots_vec *keys)
{
    const bool periods = each->kind == LOTS_EACH_PERIOD || each->kind == LOTS_EACH_BLOCK;
    uint32_t alone = 0;
    if (!periods || each->value->op != LOTS_OP_CONSTANT)
        return false;
    for (size_t i = 0; i < keys->count; i++)
        alone += period_alone(LOTS_AT(lots_named_expr, keys, i).value, each);
    return alone == uses_of(where, each->names[0]) + uses_of(where, each->names[1]);
}

lots_status bind_each_unasked(binder *b, const lots_vec *keys)
{
    const pipeline_state *p = b->pipeline;
    const bool events = p->where->kind == SCOPE_ROWS && p->where->relation != UINT32_MAX;
    if (!events || bind_relation(b, p->where->relation)->start_column < 0)
        return LOTS_OK;
    for (size_t i = 0; i < p->stages.count; i++) {
        const lots_bound_stage *stage = &LOTS_AT(lots_bound_stage, &p->stages, i);
        if (stage->kind != LOTS_STAGE_EACH || !only_keys_name(p->where, &stage->each, keys))
            continue;
        LOTS_TRY(bind_note(b, stage->span, "every row of %s counts in each %s %s, whenever it was: to count it in its own, "
                                           "write `where start in %s` after it",
                           bind_relation(b, p->where->relation)->name,
                           stage->each.kind == LOTS_EACH_PERIOD ? period_words[stage->each.period] : "block",
                           stage->each.names[0], stage->each.names[0]));
    }
    return LOTS_OK;
}
