/* bind_rate.c: rates that say something else than they seem to. `rate(death <= s.end + 30d)` is missing of who has no day of death, and a rate
 * is of those for whom its condition is true or false: so it would be the share of early deaths among the dead. That is
 * warned of, unless the question asks elsewhere whether death is missing. And top(1%, x) ranks the rows that come to it: its
 * rate among those very rows is 1%, whoever they are. Called by bind_aggregate.c. See bind_internal.h. */
#include "query/lang/bind_stage.h"

enum { LOOKED_DEEP = 8 }; /* operators and derived columns within one another; what is deeper goes without a warning */

/* The value of a derived column of the pipeline's rows; NULL: it is not derived. */
static const lots_expr *derived(const binder *b, const lots_expr *slot)
{
    const pipeline_state *p = b->pipeline;
    for (size_t i = 0; i < p->stages.count; i++) {
        const lots_bound_stage *stage = &LOTS_AT(lots_bound_stage, &p->stages, i);
        for (uint32_t k = 0; stage->kind == LOTS_STAGE_DERIVE && stage->frame == slot->of_frame && k < stage->item_count; k++)
            if (stage->items[k].slot == slot->index)
                return stage->items[k].value;
    }
    return NULL;
}

/* Is the value reckoned from the day of death, and so missing of the living? */
static bool of_death(const binder *b, const lots_expr *expr, unsigned deep)
{
    const int32_t death = lots_stream_find_role(&b->schema->streams[0], LOTS_ROLE_DEATH);
    if (deep == 0 || expr == NULL)
        return false;
    switch (expr->op) {
    case LOTS_OP_COLUMN: return expr->of_frame == LOTS_FRAME_PATIENT && death >= 0 && expr->index == (uint32_t)death;
    case LOTS_OP_SLOT: return of_death(b, derived(b, expr), deep - 1);
    case LOTS_OP_ADD_DAYS: case LOTS_OP_ADD_MONTHS: case LOTS_OP_DAYS_BETWEEN: case LOTS_OP_AGE: case LOTS_OP_TO_INT:
    case LOTS_OP_WHOLE_WEEKS: case LOTS_OP_WHOLE_MONTHS: case LOTS_OP_WHOLE_YEARS: case LOTS_OP_YEAR: case LOTS_OP_MONTH:
        for (uint32_t i = 0; i < expr->operand_count; i++)
            if (of_death(b, expr->operands[i], deep - 1))
                return true;
        return false;
    default: return false;
    }
}

static bool asks_for_death(const binder *b, const lots_expr *expr, unsigned deep)
{
    if (deep == 0)
        return false;
    if (expr->op == LOTS_OP_IS_MISSING && of_death(b, expr->operands[0], deep - 1))
        return true;
    for (uint32_t i = 0; i < expr->operand_count; i++)
        if (asks_for_death(b, expr->operands[i], deep - 1))
            return true;
    return false;
}

/* Is the condition missing of the living, at least of those for whom its other parts are true? */
static bool leaves_the_living_out(const binder *b, const lots_expr *c, unsigned deep)
{
    if (deep == 0)
        return false;
    switch (c->op) {
    case LOTS_OP_SLOT: {
        const lots_expr *made = derived(b, c);
        return made != NULL && leaves_the_living_out(b, made, deep - 1);
    }
    case LOTS_OP_NOT:
    case LOTS_OP_AND:
        for (uint32_t i = 0; i < c->operand_count; i++)
            if (leaves_the_living_out(b, c->operands[i], deep - 1))
                return true;
        return false;
    case LOTS_OP_EQUAL: case LOTS_OP_UNEQUAL: case LOTS_OP_LESS: case LOTS_OP_LESS_EQUAL: case LOTS_OP_GREATER:
    case LOTS_OP_GREATER_EQUAL: case LOTS_OP_BETWEEN: case LOTS_OP_IN_INTERVAL:
        for (uint32_t i = 0; i < c->operand_count; i++)
            if (of_death(b, c->operands[i], deep - 1))
                return true;
        return false;
    default: return false;
    }
}

lots_status bind_rate_of_living(binder *b, const lots_expr *condition, lots_ast_span span)
{
    if (!leaves_the_living_out(b, condition, LOOKED_DEEP) || asks_for_death(b, condition, LOOKED_DEEP))
        return LOTS_OK;
    for (size_t i = 0; i < b->pipeline->stages.count; i++) {
        const lots_bound_stage *stage = &LOTS_AT(lots_bound_stage, &b->pipeline->stages, i);
        if (stage->kind == LOTS_STAGE_WHERE && (asks_for_death(b, stage->where, LOOKED_DEEP) ||
                                                leaves_the_living_out(b, stage->where, LOOKED_DEEP)))
            return LOTS_OK; /* only the dead are left */
    }
    return bind_note(b, span, "this rate is of the dead alone: it leaves out those whose death is missing; of all it is "
                              "rate(coalesce(…, false))");
}

/* ---- rates that are their own answer ---- */

static bool makes_top(const lots_row_function *functions, size_t count, uint32_t slot)
{
    for (size_t i = 0; i < count; i++)
        if (functions[i].slot == slot)
            return functions[i].kind == LOTS_ROW_TOP;
    return false;
}

/* Is it top(…), over the very rows that are there now: none were left out or added since? */
static bool ranks_these(const binder *b, const lots_expr *condition, unsigned deep)
{
    const pipeline_state *p = b->pipeline;
    if (deep == 0 || condition == NULL || condition->op != LOTS_OP_SLOT || condition->of_frame != p->where->frame)
        return false;
    if (b->hoisting != NULL && makes_top(b->hoisting->functions.data, b->hoisting->functions.count, condition->index))
        return true;
    for (size_t i = p->stages.count; i > 0; i--) {
        const lots_bound_stage *stage = &LOTS_AT(lots_bound_stage, &p->stages, i - 1);
        if (stage->kind == LOTS_STAGE_FUNCTIONS && makes_top(stage->functions, stage->function_count, condition->index))
            return true;
        if (stage->kind != LOTS_STAGE_DERIVE && stage->kind != LOTS_STAGE_FUNCTIONS && stage->kind != LOTS_STAGE_SORT)
            return false;
        for (uint32_t k = 0; stage->kind == LOTS_STAGE_DERIVE && k < stage->item_count; k++)
            if (stage->items[k].slot == condition->index)
                return ranks_these(b, stage->items[k].value, deep - 1);
    }
    return false;
}

lots_status bind_rate_of_top(binder *b, const lots_expr *condition, uint32_t key_count, lots_ast_span span)
{
    if (key_count > 0 || !ranks_these(b, condition, LOOKED_DEEP))
        return LOTS_OK;
    return bind_note(b, span, "top(…) ranks the rows that come to it, and this rate is of the same rows: it is the share asked "
                              "for; derive it before the `where` that chooses whose rate is wanted");
}
