/* panel_plan.c: is a pipeline a panel, and of which sets of events? See panel.h. */
#include "query/exec/panel.h"

#include <string.h>

typedef struct planner {
    const lots_query *query;
    lots_panel *panel;
    uint32_t frame;          /* of the rows */
    const lots_each *each;
    uint32_t derived[LOTS_COLUMNS_MAX]; /* slots made after `each` */
    uint32_t derived_count;
} planner;

static bool is_period(const planner *p, const lots_expr *expr)
{
    return expr->op == LOTS_OP_SLOT && expr->of_frame == p->frame && expr->index == p->each->slots[0];
}

static bool is_side(const planner *p, const lots_expr *expr, lots_op op)
{
    return expr != NULL && expr->op == op && is_period(p, expr->operands[0]);
}

/* Windows whose days only rows know may be warned of: then none may be left out. */
static bool warns(const lots_expr *expr);

static bool set_warns(const lots_set *set)
{
    bool found = set->asked_count > 0;
    for (uint32_t f = 0; f < set->filter_count && !found; f++)
        found = warns(set->filters[f]);
    return found;
}

static bool warns(const lots_expr *expr)
{
    bool found = expr->set != NULL && set_warns(expr->set);
    for (uint32_t i = 0; i < expr->operand_count && !found; i++)
        found = warns(expr->operands[i]);
    return found;
}

static bool has_set(const lots_expr *expr)
{
    bool found = expr->set != NULL;
    for (uint32_t i = 0; i < expr->operand_count && !found; i++)
        found = has_set(expr->operands[i]);
    return found;
}

/* Does it ask other sets, of its events or for its windows? */
static bool asks_others(const lots_set *set)
{
    bool found = false;
    for (uint32_t f = 0; f < set->filter_count && !found; f++)
        found = has_set(set->filters[f]);
    for (uint32_t w = 0; w < set->window_count && !found; w++)
        found = (set->windows[w].low != NULL && has_set(set->windows[w].low)) ||
                (set->windows[w].high != NULL && has_set(set->windows[w].high));
    return found;
}

static bool reaches_period(const planner *p, const lots_set *set)
{
    for (uint32_t f = 0; f < set->filter_count; f++) {
        const lots_expr *filter = set->filters[f];
        if (filter->op == LOTS_OP_GREATER_EQUAL && filter->operands[0]->op == LOTS_OP_SPAN_END &&
            filter->operands[0]->of_frame == set->frame && is_side(p, filter->operands[1], LOTS_OP_INTERVAL_START))
            return true;
    }
    return false;
}

/* Does a set hold nothing but events of the row's period? */
static bool is_within(const planner *p, const lots_set *set, lots_panel_set *out)
{
    out->spans = reaches_period(p, set);
    for (uint32_t w = 0; w < set->window_count; w++) {
        const bool whole = is_side(p, set->windows[w].low, LOTS_OP_INTERVAL_START);
        if (is_side(p, set->windows[w].high, LOTS_OP_INTERVAL_END) && (out->spans || whole)) {
            out->during = whole ? &set->windows[w] : NULL;
            return true;
        }
    }
    return false;
}

static void keep_set(lots_panel *panel, const lots_panel_set *set)
{
    bool known = false;
    for (uint32_t s = 0; s < panel->set_count && !known; s++)
        known = panel->sets[s].set == set->set && panel->sets[s].spans == set->spans;
    if (!known)
        panel->sets[panel->set_count++] = *set;
}

static bool take_set(planner *p, const lots_expr *expr)
{
    const lots_set *set = expr->set;
    lots_panel_set kept = {.set = set};
    if (set->event != NULL || set_warns(set) || p->panel->set_count == LOTS_PANEL_SETS_MAX ||
        p->query->relations[set->relation].frame != LOTS_FRAME_PATIENT)
        return false;
    if (expr->op == LOTS_OP_COVERED_DAYS)
        kept.spans = is_period(p, expr->operands[0]);
    if (!kept.spans && !is_within(p, set, &kept))
        return false;
    p->panel->nested |= asks_others(set);
    for (uint32_t i = 0; i < expr->operand_count; i++) {
        if (warns(expr->operands[i]))
            return false;
        p->panel->nested |= has_set(expr->operands[i]);
    }
    keep_set(p->panel, &kept);
    return true;
}

/* What a set without any element gives is the same for all rows. */
static bool is_of_empty(const lots_expr *expr)
{
    switch (expr->op) {
    case LOTS_OP_COUNT: case LOTS_OP_EXISTS: case LOTS_OP_COUNT_DISTINCT: case LOTS_OP_SUM: case LOTS_OP_MIN: case LOTS_OP_MAX:
    case LOTS_OP_MEAN: case LOTS_OP_MEDIAN: case LOTS_OP_QUANTILE: case LOTS_OP_FIRST_VALUE: case LOTS_OP_LAST_VALUE:
    case LOTS_OP_SET_OF: case LOTS_OP_MOST: case LOTS_OP_GROUPS_OVER: case LOTS_OP_SCORE_OVER: case LOTS_OP_NIGHTS:
    case LOTS_OP_COVERED_DAYS:
        return true;
    default: return false;
    }
}

static bool is_leaf(lots_op op)
{
    return op == LOTS_OP_COLUMN || op == LOTS_OP_SPAN_END || op == LOTS_OP_IS_OPEN || op == LOTS_OP_LOOKUP ||
           op == LOTS_OP_COHORT || op == LOTS_OP_PATIENT_ID || op == LOTS_OP_EVENT || op == LOTS_OP_PATH ||
           op == LOTS_OP_PATH_NUMBER;
}

static bool is_derived(const planner *p, const lots_expr *expr)
{
    bool found = false;
    for (uint32_t i = 0; i < p->derived_count && !found; i++)
        found = p->derived[i] == expr->index;
    return found;
}

/* Is the value the same for all rows of a period without events in the panel's sets? */
static bool is_alike(planner *p, const lots_expr *expr)
{
    if (expr->set != NULL)
        return is_of_empty(expr) && take_set(p, expr);
    if (expr->op == LOTS_OP_CONSTANT)
        return true;
    if (expr->op == LOTS_OP_SLOT)
        return expr->of_frame == p->frame &&
               (expr->index == p->each->slots[0] || expr->index == p->each->slots[1] || is_derived(p, expr));
    bool alike = !is_leaf(expr->op) && expr->operand_count > 0;
    for (uint32_t i = 0; i < expr->operand_count && alike; i++)
        alike = is_alike(p, expr->operands[i]);
    return alike;
}

static bool takes_derive(planner *p, const lots_bound_stage *stage)
{
    for (uint32_t i = 0; i < stage->item_count; i++) {
        if (p->derived_count == LOTS_COLUMNS_MAX || stage->items[i].slot == UINT32_MAX || !is_alike(p, stage->items[i].value))
            return false;
        p->derived[p->derived_count++] = stage->items[i].slot;
    }
    return true;
}

/* Sums of whole numbers, and counts, know what to do with weights. */
static bool takes_aggregate(planner *p, const lots_row_agg *agg)
{
    const lots_row_agg_kind kind = agg->kind;
    const bool sums = kind == LOTS_AGG_SUM || kind == LOTS_AGG_MEAN;
    if ((!sums && kind != LOTS_AGG_COUNT && kind != LOTS_AGG_PATIENTS && kind != LOTS_AGG_RATE) || agg->exit != NULL ||
        agg->at != NULL || (sums && agg->value->type.kind == LOTS_TYPE_FLOAT))
        return false;
    return (agg->value == NULL || is_alike(p, agg->value)) && (agg->where == NULL || is_alike(p, agg->where));
}

/* A key tells the periods apart: then nobody is twice in a group. */
static bool takes_group(planner *p, const lots_bound_stage *group)
{
    bool apart = false;
    for (uint32_t k = 0; k < group->key_count; k++) {
        const lots_expr *key = group->keys[k].value;
        apart |= is_period(p, key) || (key->op == LOTS_OP_SLOT && key->of_frame == p->frame && key->index == p->each->slots[1]);
        if (!is_alike(p, key))
            return false;
    }
    for (uint32_t a = 0; a < group->agg_count; a++)
        if (!takes_aggregate(p, &group->aggs[a]))
            return false;
    return apart && !group->totals;
}

static bool makes_rows(const lots_bound_stage *stage)
{
    return stage->kind == LOTS_STAGE_EACH;
}

/* The only `each` of the pipeline. */
static bool find_each(const lots_bound_pipeline *pipeline, const lots_bound_stage *stages, uint32_t count, uint32_t *out)
{
    uint32_t found = 0;
    for (const lots_bound_stage *at = pipeline->stages; at < stages + count; at++)
        if (makes_rows(at)) {
            found++;
            *out = at < stages ? count : (uint32_t)(at - stages);
        }
    return found == 1 && *out < count;
}

void lots_panel_plan(const lots_query *query, const lots_bound_pipeline *pipeline, const lots_bound_stage *stages,
                     uint32_t stage_count, const lots_bound_stage *group, lots_panel *out)
{
    memset(out, 0, sizeof *out);
    if (group == NULL || pipeline->source != NULL || pipeline->relation != UINT32_MAX ||
        !find_each(pipeline, stages, stage_count, &out->each))
        return;
    planner p = {.query = query, .panel = out, .frame = pipeline->row_frame, .each = &stages[out->each].each};
    if (p.each->slot_count != 2 || p.each->kind == LOTS_EACH_PAIR)
        return;
    for (uint32_t s = out->each + 1; s < stage_count; s++) {
        if (s == out->each + 1 && stages[s].kind == LOTS_STAGE_WHERE) /* the plan of `each` tells */
            continue;
        if (stages[s].kind != LOTS_STAGE_DERIVE || !takes_derive(&p, &stages[s]))
            return;
    }
    out->is = takes_group(&p, group);
}
