/* period.c: see period.h. */
#include "query/exec/period.h"

#include "query/exec/border.h"

/* The numbers of all patients' rows in the window, one patient's after the other's; NULL: it is not such a sum, few patients are wanted
 * of those whose numbers these are, or they aren't kept. */
static const uint32_t *numbers_of(const lots_step *step, const lots_candidates *candidates, uint32_t *count)
{
    const lots_expr *x = step->expr->op == LOTS_OP_SUM ? step->expr->operands[0] : NULL;
    const lots_relation_rows *relation = candidates->relation;
    lots_worker *worker = step->worker;
    uint32_t period = 0;
    if (x == NULL || x->op != LOTS_OP_COLUMN || x->of_frame != candidates->set->frame || candidates->places == NULL ||
        candidates->mask != NULL || 2 * (uint64_t)candidates->count < relation->owners->count ||
        !lots_window_period(worker, relation, candidates->places, candidates->places_end, &period))
        return NULL;
    return lots_segment_period(worker->segment, relation->relation->stream, relation->relation->columns[x->index].column, worker->chunk,
                               period, count, &worker->scratch);
}

/* Where each patient's numbers begin, and one more. */
static lots_status find_firsts(const lots_step *step, const lots_candidates *candidates, uint32_t **out, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t patients = candidates->relation->owners->count;
    uint32_t *lengths = NULL;
    LOTS_TRY(lots_new_u32(step->arena, patients, &lengths, err));
    LOTS_TRY(lots_new_u32(step->arena, (size_t)patients + 1, out, err));
    kernels->subtract_i32((const int32_t *)candidates->places_end, (const int32_t *)candidates->places, patients, (int32_t *)lengths);
    (*out)[0] = 0;
    kernels->prefix_u32(lengths, patients, 0, *out + 1);
    return LOTS_OK;
}

/* A chunk's rows are fewer than 2^32, so no sum leaves 64 bits. */
lots_status lots_reduce_period(const lots_step *step, const lots_candidates *candidates, bool *done, lots_vector *out, lots_error *err)
{
    uint32_t count = 0, *firsts = NULL;
    const uint32_t *numbers = numbers_of(step, candidates, &count), *patient = NULL;
    int64_t *sums = NULL;
    *done = numbers != NULL;
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(find_firsts(step, candidates, &firsts, err));
    LOTS_TRY(lots_instance_index(step->worker, candidates->rows, candidates->relation->owners, &patient, err));
    LOTS_TRY(lots_new_i64(step->arena, (size_t)count + 1, &sums, err));
    LOTS_TRY(lots_vector_new(step->arena, &step->expr->type, candidates->count, out, err));
    sums[0] = 0;
    step->worker->kernels->prefix_u32_u64(numbers, count, 0, (uint64_t *)sums + 1);
    int64_t *totals = out->data;
    for (uint32_t i = 0; i < candidates->count; i++) {
        const uint32_t p = patient == NULL ? i : patient[i];
        totals[i] = sums[firsts[p + 1]] - sums[firsts[p]];
    }
    step->worker->work.rows += (uint64_t)count + candidates->count;
    return LOTS_OK;
}
