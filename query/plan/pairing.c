/* pairing.c: see pairing.h. */
#include "query/plan/pairing.h"

typedef struct pairing {
    uint64_t element, rows; /* depths of frames: the set's element; those between it and the frame of its relation */
    bool counts;            /* COUNT or EXISTS */
    bool keyed;             /* an equality has been met: it is looked up */
    uint32_t left;          /* conditions on both that are left, and whether … */
    bool ordered;           /* … all of them compare one value; … */
    bool unequal;           /* … one of them with !=, which is counted by itself only */
    const lots_expr *value;
} pairing;

static bool on_both(const pairing *p, const lots_expr *expr)
{
    return (expr->depths & p->element) != 0 && (expr->depths & p->rows) != 0;
}

static bool of_element(const pairing *p, const lots_expr *expr)
{
    return (expr->depths & p->element) != 0 && (expr->depths & p->rows) == 0;
}

static bool of_row(const pairing *p, const lots_expr *expr) { return (expr->depths & p->element) == 0; }

/* The side of a comparison that is the element's, when the others are the row's. */
static const lots_expr *compared(const pairing *p, const lots_expr *filter)
{
    if (filter->op == LOTS_OP_BETWEEN)
        return of_element(p, filter->operands[0]) && of_row(p, filter->operands[1]) && of_row(p, filter->operands[2])
                   ? filter->operands[0]
                   : NULL;
    if (filter->op < LOTS_OP_EQUAL || filter->op > LOTS_OP_GREATER_EQUAL)
        return NULL;
    for (int s = 0; s < 2; s++)
        if (of_element(p, filter->operands[s]) && of_row(p, filter->operands[1 - s]))
            return filter->operands[s];
    return NULL;
}

static bool same_value(const lots_expr *a, const lots_expr *b)
{
    return a == b || (a->op == LOTS_OP_COLUMN && b->op == LOTS_OP_COLUMN && a->of_frame == b->of_frame && a->index == b->index);
}

static void take_filter(pairing *p, const lots_expr *filter)
{
    const lots_expr *value = compared(p, filter);
    const lots_type_kind kind = value != NULL ? value->type.kind : LOTS_TYPE_MISSING;
    if (value != NULL && value->op == LOTS_OP_SPAN_END && p->counts)
        return; /* of `overlapping` */
    if (!p->keyed && filter->op == LOTS_OP_EQUAL && value != NULL && kind != LOTS_TYPE_SET) {
        p->keyed = true;
        return;
    }
    p->unequal = p->unequal || filter->op == LOTS_OP_UNEQUAL;
    p->ordered = p->ordered && value != NULL && kind != LOTS_TYPE_SET && kind != LOTS_TYPE_TEXT && kind != LOTS_TYPE_INTERVAL &&
                 (p->value == NULL || same_value(p->value, value));
    p->value = value;
    p->left++;
}

bool lots_makes_pairs(const lots_query *query, const lots_expr *use, const lots_set *set)
{
    const uint32_t top = query->frames[query->relations[set->relation].frame].depth, own = query->frames[set->frame].depth;
    pairing p = {.ordered = true};
    if (set->event != NULL || own >= 64)
        return false;
    p.element = UINT64_C(1) << own;
    for (uint32_t depth = top + 1; depth < own; depth++)
        p.rows |= UINT64_C(1) << depth;
    p.counts = use != NULL && (use->op == LOTS_OP_COUNT || use->op == LOTS_OP_EXISTS);
    for (uint32_t i = 0; i < set->filter_count; i++)
        if (on_both(&p, set->filters[i]))
            take_filter(&p, set->filters[i]);
    const bool value = use != NULL && use->op != LOTS_OP_EVENT && use->op != LOTS_OP_COVERED_DAYS && use->operand_count > 0 &&
                       on_both(&p, use->operands[0]);
    return value || (p.left > 0 && !(p.counts && p.ordered && !(p.unequal && p.left > 1)));
}
