/* run_need.c: what a stage needs: does it look at the chunks, or only at what is already in a row? See run_inner.h. */
#include "query/exec/run_inner.h"

static bool needs_chunk(const lots_expr *expr)
{
    switch (expr->op) {
    case LOTS_OP_COLUMN:
    case LOTS_OP_SPAN_END:
    case LOTS_OP_IS_OPEN:
    case LOTS_OP_EVENT:
    case LOTS_OP_COHORT:
    case LOTS_OP_PATIENT_ID: return true;
    default: break;
    }
    if (expr->set != NULL)
        return true;
    for (uint32_t i = 0; i < expr->operand_count; i++)
        if (needs_chunk(expr->operands[i]))
            return true;
    return false;
}

lots_status run_breaker_exprs(const lots_bound_stage *stage, lots_vec *out, lots_error *err)
{
    const lots_top *tops[1] = {&stage->top};
    uint32_t count = stage->kind == LOTS_STAGE_TOP ? 1 : stage->kind == LOTS_STAGE_FUNCTIONS ? stage->function_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const lots_top *top = stage->kind == LOTS_STAGE_TOP ? tops[0] : &stage->functions[i].top;
        LOTS_TRY(lots_vec_push(out, &top->by, err));
        for (uint32_t k = 0; k < top->per_count; k++)
            LOTS_TRY(lots_vec_push(out, &top->per[k], err));
    }
    for (uint32_t i = 0; stage->kind == LOTS_STAGE_SORT && i < stage->sort_count; i++)
        LOTS_TRY(lots_vec_push(out, &stage->sort[i].value, err));
    return LOTS_OK;
}

bool run_stage_needs_chunk(const lots_bound_stage *stage)
{
    if (stage->where != NULL && needs_chunk(stage->where))
        return true;
    for (uint32_t i = 0; stage->kind == LOTS_STAGE_JOIN && i < stage->join->key_count; i++)
        if (needs_chunk(stage->join->left_keys[i]))
            return true;
    if (stage->kind == LOTS_STAGE_EACH &&
        (needs_chunk(stage->each.value) || (stage->each.high != NULL && needs_chunk(stage->each.high))))
        return true;
    for (uint32_t i = 0; stage->kind == LOTS_STAGE_DERIVE && i < stage->item_count; i++)
        if (needs_chunk(stage->items[i].value))
            return true;
    for (uint32_t i = 0; i < stage->key_count; i++)
        if (needs_chunk(stage->keys[i].value))
            return true;
    for (uint32_t i = 0; i < stage->agg_count; i++) {
        const lots_row_agg *agg = &stage->aggs[i];
        const lots_expr *const parts[] = {agg->value, agg->where, agg->exit, agg->at};
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            if (parts[k] != NULL && needs_chunk(parts[k]))
                return true;
    }
    lots_vec exprs = LOTS_VEC(lots_expr *);
    bool needs = run_breaker_exprs(stage, &exprs, NULL) != LOTS_OK;
    for (size_t i = 0; i < exprs.count; i++)
        needs = needs || needs_chunk(LOTS_AT(lots_expr *, &exprs, i));
    lots_vec_free(&exprs);
    return needs;
}
