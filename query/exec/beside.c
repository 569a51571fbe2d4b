/* beside.c: see beside.h. Where the rows are a set's own, all of an owner's or none, what is next to one of them is the row next to
 * it, if that has the same owner: nothing is looked for. */
#include "query/exec/beside.h"

#include <string.h>

#include "query/exec/beyond.h"
#include "query/exec/candidates.h"

/* Is it next to the row itself that is asked, in the total order, of a set that is the same for all rows of an owner? */
static bool has_shape(const lots_step *step)
{
    const lots_expr *expr = step->expr;
    if ((expr->pick != LOTS_PICK_NEXT && expr->pick != LOTS_PICK_PREV) || expr->order_count > 0 || expr->set->event != NULL)
        return false;
    const lots_expr *anchor = expr->operands[0];
    return anchor->op == LOTS_OP_EVENT && anchor->pick == LOTS_PICK_SELF && anchor->of_frame == step->rows->frame &&
           anchor->type.relation == expr->set->relation && step->rows->relation_bits != NULL &&
           step->rows->parent_offsets != NULL && !lots_set_in_episode(step->worker, expr->set);
}

/* Has each owner all that the set has of it among the rows, or nothing? */
static lots_status are_whole(const lots_step *step, const lots_relation_rows *relation, const uint64_t *mask, bool *out,
                             lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t owners = relation->owners->count, *have = step->rows->parent_offsets, *offsets = relation->offsets;
    const size_t words = lots_bit_words(relation->count);
    uint32_t *before = NULL, *ranks = NULL;
    uint64_t others = 0;
    if (mask != NULL) {
        for (size_t w = 0; w < words; w++)
            others |= step->rows->relation_bits[w] & ~mask[w];
        LOTS_TRY(lots_new_u32(step->arena, words + 1, &before, err));
        LOTS_TRY(lots_new_u32(step->arena, (size_t)owners + 1, &ranks, err));
        before[words] = kernels->count_prefix(mask, words, 0, before);
        kernels->bit_ranks(mask, before, offsets, (size_t)owners + 1, ranks);
        offsets = ranks;
    }
    for (uint32_t g = 0; g < owners; g++) /* no branches: who has any can't be foretold */
        others |= (have[g + 1] != have[g]) & (have[g + 1] - have[g] != offsets[g + 1] - offsets[g]);
    *out = others == 0;
    step->worker->work.rows += owners;
    return LOTS_OK;
}

/* The rows moved by one, but for each owner's first or last. Of an owner without rows that is another's, or beyond the end. */
static void shift(const lots_step *step, bool next, uint32_t *out)
{
    const uint32_t *rows = step->rows->relation_row, *offsets = step->rows->parent_offsets, count = step->count;
    const uint32_t owners = step->rows->parent->count;
    uint32_t g = 0;
    if (count == 0)
        return;
    memcpy(next ? out : out + 1, next ? rows + 1 : rows, (count - 1) * sizeof *out);
    while (offsets[g + 1] == 0)
        g++;
    for (; g < owners; g++)
        out[next ? offsets[g + 1] - 1 : offsets[g]] = LOTS_NO_ID;
    step->worker->work.rows += count;
}

lots_status lots_eval_beside(const lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    lots_worker *worker = step->worker;
    const lots_set *set = step->expr->set;
    lots_relation_rows *own = NULL, *relation = NULL;
    lots_resolved *resolved = NULL;
    *done = has_shape(step);
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_relation_get(worker, worker->query->frames[step->rows->frame].relation, step->rows, &own, err));
    LOTS_TRY(lots_relation_get(worker, set->relation, step->rows, &relation, err));
    *done = own == relation && step->rows->parent == relation->owners;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_set_mask(worker, set, relation, &resolved, err));
    *done = resolved->whole && resolved->failed == NULL && resolved->rows == NULL;
    if (*done)
        LOTS_TRY(are_whole(step, relation, resolved->mask, done, err));
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_beyond_look(worker, set, step->rows, err));
    LOTS_TRY(lots_step_new(step, out, err));
    shift(step, step->expr->pick == LOTS_PICK_NEXT, out->data);
    return LOTS_OK;
}
