/* masked.c: see masked.h. */
#include "query/exec/masked.h"

#include "query/exec/candidates.h"
#include "query/exec/key_day.h"
#include "query/exec/worker.h"

#define FEW 4u /* one row in so many is left: then they are taken out after all */

/* ---- is it plain ---- */

static bool is_column(const lots_expr *expr, uint32_t frame)
{
    return expr->op == LOTS_OP_COLUMN && (expr->of_frame == frame || expr->of_frame == LOTS_FRAME_PATIENT);
}

static bool is_plain(const lots_expr *expr, uint32_t frame)
{
    bool plain = expr->set == NULL;
    switch (expr->op) {
    case LOTS_OP_CONSTANT: return true;
    case LOTS_OP_COLUMN: return is_column(expr, frame);
    case LOTS_OP_NOT: case LOTS_OP_AND: case LOTS_OP_OR: case LOTS_OP_EQUAL: case LOTS_OP_UNEQUAL: case LOTS_OP_LESS:
    case LOTS_OP_LESS_EQUAL: case LOTS_OP_GREATER: case LOTS_OP_GREATER_EQUAL: case LOTS_OP_BETWEEN: case LOTS_OP_IN_INTERVAL:
    case LOTS_OP_IN_RANKS: case LOTS_OP_IS_MISSING:
        for (uint32_t i = 0; i < expr->operand_count && plain; i++)
            plain = is_plain(expr->operands[i], frame);
        return plain;
    default: return false;
    }
}

static bool is_plain_key(const lots_expr *key, uint32_t frame)
{
    return is_column(lots_key_of_day(key) ? key->operands[0] : key, frame);
}

static bool is_plain_aggregate(const lots_row_agg *agg, uint32_t frame)
{
    const lots_row_agg_kind kind = agg->kind;
    const bool sums = kind == LOTS_AGG_SUM || kind == LOTS_AGG_MEAN;
    if (!sums && kind != LOTS_AGG_COUNT && kind != LOTS_AGG_PATIENTS && kind != LOTS_AGG_RATE)
        return false;
    if ((sums && agg->value->type.kind == LOTS_TYPE_FLOAT) || agg->exit != NULL || agg->at != NULL)
        return false;
    return (agg->value == NULL || is_plain(agg->value, frame)) && (agg->where == NULL || is_plain(agg->where, frame));
}

bool lots_masked_can(const lots_query *query, const lots_bound_pipeline *pipeline, const lots_bound_stage *stages,
                     uint32_t stage_count, const lots_bound_stage *group)
{
    const lots_set *source = pipeline->source;
    const uint32_t frame = pipeline->row_frame;
    if (group == NULL || source == NULL || source->event != NULL || source->asked_count > 0 ||
        query->relations[source->relation].frame != LOTS_FRAME_PATIENT)
        return false;
    bool plain = true;
    for (uint32_t s = 0; s < stage_count && plain; s++)
        plain = stages[s].kind == LOTS_STAGE_WHERE && is_plain(stages[s].where, frame);
    for (uint32_t i = 0; i < group->key_count && plain; i++)
        plain = is_plain_key(group->keys[i].value, frame);
    for (uint32_t i = 0; i < group->agg_count && plain; i++)
        plain = is_plain_aggregate(&group->aggs[i], frame);
    return plain;
}

/* ---- the rows ---- */

lots_status lots_masked_rows(lots_worker *worker, const lots_bound_pipeline *pipeline, const lots_bound_stage *stages,
                             uint32_t stage_count, lots_instance **rows, const uint64_t **present, bool *done,
                             lots_error *err)
{
    lots_relation_rows *relation = NULL;
    lots_resolved *resolved = NULL;
    uint64_t *keep = NULL, *all = NULL;
    *done = false;
    LOTS_TRY(lots_relation_get(worker, pipeline->source->relation, worker->patients, &relation, err));
    LOTS_TRY(lots_set_mask(worker, pipeline->source, relation, &resolved, err));
    if (!resolved->whole || resolved->failed != NULL)
        return LOTS_OK;
    *done = true;
    LOTS_TRY(lots_rows_of_relation(worker, pipeline, relation, rows, err));
    LOTS_TRY(lots_new_words(&worker->depths[0].arena, relation->count, &all, err));
    lots_bits_fill(all, relation->count, true);
    if (resolved->mask != NULL)
        lots_bits_and(all, all, resolved->mask, relation->count);
    for (uint32_t s = 0; s < stage_count; s++) {
        LOTS_TRY(lots_eval_true(worker, stages[s].where, *rows, &keep, err));
        lots_bits_and(all, all, keep, relation->count);
    }
    const uint64_t left = lots_bits_count(all, relation->count);
    *present = left == relation->count ? NULL : all;
    if (left * FEW >= relation->count)
        return LOTS_OK;
    *present = NULL;
    return lots_rows_filter(worker, *rows, all, rows, err);
}
