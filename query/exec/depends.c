/* depends.c: which frames a value depends on. An aggregate depends on what its set does, the set's own element frame
 * taken out; a set depends on its relation's frame too, since its rows hang there. From this follow where a value is
 * computed (its home) and whether a filter of a set can be computed once for all rows of the relation. */
#include "query/exec/worker.h"

static size_t frame_words(const lots_worker *worker) { return lots_bit_words(worker->query->frame_count); }

uint32_t lots_frame_depth(const lots_query *query, uint32_t frame)
{
    uint32_t depth = 0;
    while (frame != LOTS_FRAME_CONSTANT && depth <= query->frame_count) {
        frame = query->frames[frame].kind == LOTS_FRAME_IS_TABLE ? LOTS_FRAME_CONSTANT : query->frames[frame].parent;
        depth++;
    }
    return depth;
}

static lots_status add_expr(lots_worker *worker, const lots_expr *expr, uint64_t *into, lots_error *err)
{
    if (expr == NULL)
        return LOTS_OK;
    const lots_home *home = NULL;
    LOTS_TRY(lots_expr_home(worker, expr, &home, err));
    lots_bits_or(into, into, home->depends, worker->query->frame_count);
    return LOTS_OK;
}

/* The set of an aggregate over an episode's members hangs on the episodes, whatever it looks at. */
static void add_episodes(const lots_query *query, const lots_set *set, uint64_t *into)
{
    const uint32_t parent = query->frames[set->frame].parent;
    for (uint32_t r = 0; r < query->relation_count; r++)
        if (query->relations[r].kind == LOTS_RELATION_EPISODES && query->relations[r].members != NULL &&
            query->relations[r].episode_frame == parent)
            lots_bit_set(into, parent);
}

static lots_status add_set(lots_worker *worker, const lots_expr *expr, uint64_t *into, lots_error *err)
{
    const lots_set *set = expr->set;
    LOTS_TRY(add_expr(worker, set->event, into, err));
    for (uint32_t w = 0; w < set->window_count; w++) {
        LOTS_TRY(add_expr(worker, set->windows[w].low, into, err));
        LOTS_TRY(add_expr(worker, set->windows[w].high, into, err));
    }
    for (uint32_t f = 0; f < set->filter_count; f++)
        LOTS_TRY(add_expr(worker, set->filters[f], into, err));
    for (uint32_t k = 0; k < expr->order_count; k++)
        LOTS_TRY(add_expr(worker, expr->order[k].value, into, err));
    lots_bit_clear(into, set->frame);
    lots_bit_set(into, worker->query->relations[set->relation].frame);
    add_episodes(worker->query, set, into);
    return LOTS_OK;
}

static lots_status find_depends(lots_worker *worker, const lots_expr *expr, uint64_t *into, lots_error *err)
{
    switch (expr->op) {
    case LOTS_OP_COLUMN:
    case LOTS_OP_SLOT:
    case LOTS_OP_SPAN_END:
    case LOTS_OP_IS_OPEN:
        lots_bit_set(into, expr->of_frame);
        return LOTS_OK;
    case LOTS_OP_COHORT:
    case LOTS_OP_PATIENT_ID:
        lots_bit_set(into, LOTS_FRAME_PATIENT);
        return LOTS_OK;
    case LOTS_OP_EVENT:
        if (expr->pick == LOTS_PICK_SELF) {
            lots_bit_set(into, expr->of_frame);
            return LOTS_OK;
        }
        break;
    case LOTS_OP_EVENT_COLUMN:
    case LOTS_OP_EVENT_SPAN_END: /* row numbers of the event's relation mean something on its frame only */
        lots_bit_set(into, worker->query->relations[expr->operands[0]->type.relation].frame);
        break;
    default:
        break;
    }
    for (uint32_t i = 0; i < expr->operand_count; i++)
        LOTS_TRY(add_expr(worker, expr->operands[i], into, err));
    return expr->set == NULL ? LOTS_OK : add_set(worker, expr, into, err);
}

lots_status lots_expr_home(lots_worker *worker, const lots_expr *expr, const lots_home **out, lots_error *err)
{
    lots_home *home = &worker->homes[expr->id];
    *out = home;
    if (home->depends != NULL)
        return LOTS_OK;
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, frame_words(worker), sizeof(uint64_t), err));
    uint64_t *depends = room;
    LOTS_TRY(find_depends(worker, expr, depends, err));
    uint32_t deepest = LOTS_FRAME_CONSTANT, depth = 0;
    for (uint32_t frame = 1; frame < worker->query->frame_count; frame++) {
        if (!lots_bit_get(depends, frame))
            continue;
        const uint32_t here = lots_frame_depth(worker->query, frame);
        if (here > depth) {
            deepest = frame;
            depth = here;
        }
    }
    home->frame = deepest;
    home->depends = depends;
    return LOTS_OK;
}

lots_status lots_expr_is_static(lots_worker *worker, const lots_expr *expr, uint32_t element, uint32_t above, bool *out,
                                lots_error *err)
{
    const lots_home *home = NULL;
    LOTS_TRY(lots_expr_home(worker, expr, &home, err));
    *out = false;
    for (uint32_t frame = 1; frame < worker->query->frame_count; frame++) {
        if (!lots_bit_get(home->depends, frame) || frame == element)
            continue;
        uint32_t at = above;
        while (at != frame && at != LOTS_FRAME_CONSTANT)
            at = worker->query->frames[at].parent;
        if (at != frame)
            return LOTS_OK;
    }
    *out = true;
    return LOTS_OK;
}

lots_status lots_asks_sets(lots_worker *worker, const lots_expr *expr, uint32_t frame, bool *out, lots_error *err)
{
    const lots_home *home = NULL;
    *out = false;
    if (expr->set != NULL) {
        LOTS_TRY(lots_expr_home(worker, expr, &home, err));
        *out = home->frame == frame;
        return LOTS_OK;
    }
    for (uint32_t i = 0; i < expr->operand_count && !*out; i++)
        LOTS_TRY(lots_asks_sets(worker, expr->operands[i], frame, out, err));
    return LOTS_OK;
}
