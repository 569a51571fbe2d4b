/* run_need.c: what stages need: do they look at the chunks, or only at what is already in a row? Which slots do they read,
 * and would a few columns of the patients, carried along, do instead of the chunks? See run_inner.h. */
#include <string.h>

#include "query/exec/run_inner.h"

/* ---- the expressions of a stage ---- */

static lots_status add(lots_vec *out, lots_expr *expr, lots_error *err)
{
    return expr == NULL ? LOTS_OK : lots_vec_push(out, &expr, err);
}

lots_status run_breaker_exprs(const lots_bound_stage *stage, lots_vec *out, lots_error *err)
{
    for (uint32_t i = 0; i < run_top_count(stage); i++) {
        const lots_top *top = run_top_of(stage, i);
        LOTS_TRY(add(out, top->by, err));
        for (uint32_t k = 0; k < top->per_count; k++)
            LOTS_TRY(add(out, top->per[k], err));
    }
    for (uint32_t i = 0; stage->kind == LOTS_STAGE_SORT && i < stage->sort_count; i++)
        LOTS_TRY(add(out, stage->sort[i].value, err));
    return LOTS_OK;
}

uint32_t run_breaker_expr_count(const lots_bound_stage *stage)
{
    uint32_t count = stage->kind == LOTS_STAGE_SORT ? stage->sort_count : 0;
    for (uint32_t i = 0; i < run_top_count(stage); i++)
        count += 1 + run_top_of(stage, i)->per_count;
    return count;
}

/* All that a stage asks of the rows that enter it. */
static lots_status stage_exprs(const lots_bound_stage *stage, lots_vec *out, lots_error *err)
{
    LOTS_TRY(add(out, stage->where, err));
    for (uint32_t i = 0; stage->kind == LOTS_STAGE_JOIN && i < stage->join->key_count; i++)
        LOTS_TRY(add(out, stage->join->left_keys[i], err));
    if (stage->kind == LOTS_STAGE_EACH) {
        LOTS_TRY(add(out, stage->each.value, err));
        LOTS_TRY(add(out, stage->each.high, err));
    }
    for (uint32_t i = 0; stage->kind == LOTS_STAGE_DERIVE && i < stage->item_count; i++)
        LOTS_TRY(add(out, stage->items[i].value, err));
    for (uint32_t i = 0; i < stage->key_count; i++)
        LOTS_TRY(add(out, stage->keys[i].value, err));
    for (uint32_t i = 0; i < stage->agg_count; i++) {
        const lots_row_agg *agg = &stage->aggs[i];
        lots_expr *const parts[] = {agg->value, agg->where, agg->exit, agg->at};
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            LOTS_TRY(add(out, parts[k], err));
    }
    return run_breaker_exprs(stage, out, err);
}

/* ---- what they look at ---- */

typedef struct look {
    uint32_t row_frame;
    bool chunk;       /* something that only a chunk has */
    bool more;        /* and not just columns of patients that can be carried */
    bool sets;        /* event sets: what else they look at was not gone into */
    uint64_t *slots;  /* bits: those of the rows; NULL: not asked */
    lots_expr *columns[RUN_CARRIED_MAX];
    uint32_t column_count;
} look;

static bool is_carried(const lots_expr *expr)
{
    const lots_type_kind kind = expr->type.kind;
    return expr->op == LOTS_OP_COLUMN && expr->of_frame == LOTS_FRAME_PATIENT && kind != LOTS_TYPE_SET &&
           kind != LOTS_TYPE_TEXT;
}

static void look_at_column(look *at, lots_expr *expr)
{
    for (uint32_t i = 0; i < at->column_count; i++)
        if (at->columns[i]->index == expr->index)
            return;
    if (at->column_count == RUN_CARRIED_MAX)
        at->more = true;
    else
        at->columns[at->column_count++] = expr;
}

static void look_at(look *at, lots_expr *expr)
{
    switch (expr->op) {
    case LOTS_OP_COLUMN:
    case LOTS_OP_SPAN_END:
    case LOTS_OP_IS_OPEN:
    case LOTS_OP_EVENT:
    case LOTS_OP_COHORT:
    case LOTS_OP_PATIENT_ID:
        at->chunk = true;
        if (is_carried(expr))
            look_at_column(at, expr);
        else
            at->more = true;
        break;
    case LOTS_OP_SLOT:
        if (at->slots != NULL && expr->of_frame == at->row_frame)
            lots_bit_set(at->slots, expr->index);
        break;
    default: break;
    }
    if (expr->set != NULL)
        at->chunk = at->more = at->sets = true;
    for (uint32_t i = 0; i < expr->operand_count; i++)
        look_at(at, expr->operands[i]);
}

static lots_status look_at_stage(look *at, const lots_bound_stage *stage, lots_error *err)
{
    lots_vec exprs = LOTS_VEC(lots_expr *);
    lots_status status = stage_exprs(stage, &exprs, err);
    for (size_t i = 0; status == LOTS_OK && i < exprs.count; i++)
        look_at(at, LOTS_AT(lots_expr *, &exprs, i));
    lots_vec_free(&exprs);
    return status;
}

lots_status run_stage_needs_chunk(const lots_bound_stage *stage, bool *out, lots_error *err)
{
    look at = {.row_frame = UINT32_MAX};
    LOTS_TRY(look_at_stage(&at, stage, err));
    *out = at.chunk;
    return LOTS_OK;
}

lots_status run_look_ahead(const run *r, const run_breakers *breakers, uint64_t *slots, run_ahead *out, lots_error *err)
{
    const lots_bound_pipeline *pipeline = r->pipeline;
    look at = {.row_frame = pipeline->row_frame, .slots = slots};
    bool grouped = false;
    for (const lots_bound_stage *stage = breakers->stages; stage < pipeline->stages + pipeline->stage_count && !grouped;
         stage++) {
        const bool ranks = stage < breakers->stages + breakers->count && stage->kind != LOTS_STAGE_DERIVE;
        if (!ranks)
            LOTS_TRY(look_at_stage(&at, stage, err));
        grouped = stage->kind == LOTS_STAGE_GROUP;
    }
    for (uint32_t i = 0; !grouped && i < pipeline->column_count; i++)
        look_at(&at, pipeline->columns[i].value);
    if (at.sets || r->options->observer != NULL) /* they may read any slot; who looks on may ask anything */
        lots_bits_fill(slots, pipeline->slot_count, true);
    *out = (run_ahead){.chunk = at.chunk, .carry = at.chunk && !at.more && r->options->observer == NULL};
    for (uint32_t i = 0; out->carry && i < at.column_count; i++)
        out->columns[out->column_count++] = at.columns[i];
    return LOTS_OK;
}

static void add_made(const lots_bound_stage *stage, uint64_t *made)
{
    for (uint32_t i = 0; i < stage->function_count; i++)
        lots_bit_set(made, stage->functions[i].slot);
    for (uint32_t i = 0; stage->kind == LOTS_STAGE_DERIVE && i < stage->item_count; i++)
        if (stage->items[i].slot != UINT32_MAX)
            lots_bit_set(made, stage->items[i].slot);
}

/* Rank further functions the rows as they are before the first of them? `made`: the slots that those before fill. */
static lots_status ranks_the_same(const run *r, const lots_bound_stage *stage, const uint64_t *made, bool *out,
                                  lots_error *err)
{
    const size_t words = lots_bit_words(r->pipeline->slot_count);
    void *read = NULL;
    *out = false;
    LOTS_TRY(lots_arena_alloc(lots_worker_arena(r->workers[0]), &read, words + 1, sizeof(uint64_t), err));
    look at = {.row_frame = r->pipeline->row_frame, .slots = read};
    LOTS_TRY(look_at_stage(&at, stage, err));
    if (stage->kind == LOTS_STAGE_DERIVE) {
        *out = !at.chunk;
        return LOTS_OK;
    }
    bool meet = at.sets;
    for (size_t w = 0; w < words; w++)
        meet = meet || (((const uint64_t *)read)[w] & made[w]) != 0;
    *out = !meet;
    return LOTS_OK;
}

lots_status run_find_breakers(const run *r, uint32_t stage, run_breakers *out, lots_error *err)
{
    const lots_bound_pipeline *pipeline = r->pipeline;
    void *made = NULL;
    *out = (run_breakers){.stages = pipeline->stages + stage, .count = stage < pipeline->stage_count};
    if (out->count == 0 || out->stages->kind != LOTS_STAGE_FUNCTIONS || r->options->observer != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(lots_worker_arena(r->workers[0]), &made, lots_bit_words(pipeline->slot_count) + 1,
                              sizeof(uint64_t), err));
    add_made(out->stages, made);
    for (stage++; stage < pipeline->stage_count; stage++) {
        const lots_bound_stage *next = &pipeline->stages[stage];
        bool same = next->kind == LOTS_STAGE_FUNCTIONS || next->kind == LOTS_STAGE_DERIVE;
        if (same)
            LOTS_TRY(ranks_the_same(r, next, made, &same, err));
        if (!same)
            break;
        add_made(next, made);
        if (next->kind == LOTS_STAGE_FUNCTIONS)
            out->count = (uint32_t)(next - out->stages) + 1;
    }
    return LOTS_OK;
}
