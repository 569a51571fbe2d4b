/* eval_logic.c: Kleene logic over bitmaps, and the operators that choose among their operands. A failed operand spoils
 * the result only where it decides: false and failed is false, a branch of a case not taken may fail. */
#include <string.h>

#include "query/exec/step.h"

static lots_status eval_not(const lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    const lots_vector *in = &step->in[0];
    LOTS_TRY(lots_step_new(step, out, err));
    lots_bits_not(out->data, in->data, step->count);
    if (in->missing != NULL)
        lots_bits_and_not(out->data, out->data, in->missing, step->count);
    out->missing = in->missing;
    return LOTS_OK;
}

/* AND over `in`: bits where it is true, and where false, by words. OR is AND of the negations: `negate` swaps both. */
static void meet(const lots_vector *in, bool negate, size_t words, uint64_t *all, uint64_t *none)
{
    const uint64_t *data = in->data;
    for (size_t w = 0; w < words; w++) {
        const uint64_t known = ~lots_word(in->missing, w);
        const uint64_t truth = negate ? known & ~data[w] : data[w];
        all[w] &= truth;
        none[w] |= known & ~truth;
    }
}

static lots_status gather_failures(const lots_step *step, const uint64_t *settled, lots_vector *out, lots_error *err)
{
    for (uint32_t i = 0; i < step->expr->operand_count; i++) {
        const lots_vector *in = &step->in[i];
        if (in->failed == NULL)
            continue;
        if (out->failed == NULL)
            LOTS_TRY(lots_new_bits(step->arena, step->count, &out->failed, err));
        lots_bits_or(out->failed, out->failed, in->failed, step->count);
        out->culprit = in->culprit;
    }
    if (out->failed != NULL)
        lots_bits_and_not(out->failed, out->failed, settled, step->count);
    return LOTS_OK;
}

static lots_status eval_meet(const lots_step *step, bool negate, lots_vector *out, lots_error *err)
{
    const uint32_t count = step->count;
    uint64_t *truth = NULL, *denied = NULL;
    bool missing = false;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_new_bits(step->arena, count, &truth, err));
    LOTS_TRY(lots_new_bits(step->arena, count, &denied, err));
    lots_bits_fill(truth, count, true);
    for (uint32_t i = 0; i < step->expr->operand_count; i++) {
        meet(&step->in[i], negate, lots_bit_words(count), truth, denied);
        missing |= step->in[i].missing != NULL;
    }
    if (count % 64 != 0)
        denied[count / 64] &= (UINT64_C(1) << (count % 64)) - 1;
    LOTS_TRY(lots_step_new(step, out, err));
    out->data = negate ? denied : truth;
    if (!missing)
        return LOTS_OK;
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    lots_bits_or(out->missing, truth, denied, count);
    lots_bits_not(out->missing, out->missing, count);
    return gather_failures(step, denied, out, err);
}

static lots_status eval_is_missing(const lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    const lots_vector *in = &step->in[0];
    LOTS_TRY(lots_step_new(step, out, err));
    if (in->type.kind == LOTS_TYPE_EVENTS)
        step->worker->kernels->range_u32(in->data, step->count, LOTS_NO_ID, LOTS_NO_ID, out->data);
    else if (in->missing != NULL)
        memcpy(out->data, in->missing, lots_bit_words(step->count) * sizeof(uint64_t));
    return LOTS_OK;
}

lots_status lots_eval_logic(lots_step *step, lots_vector *out, lots_error *err)
{
    switch (step->expr->op) {
    case LOTS_OP_NOT:
        return eval_not(step, out, err);
    case LOTS_OP_IS_MISSING:
        return eval_is_missing(step, out, err);
    default:
        return eval_meet(step, step->expr->op == LOTS_OP_OR, out, err);
    }
}

/* ---- choices ---- */

/* Row i of out is row i of operand from[i] of values; NO_ID: missing. */
static lots_status choose(const lots_step *step, const lots_vector *values, uint32_t value_count, const uint32_t *from,
                          lots_vector *out, lots_error *err)
{
    uint32_t *index = NULL;
    lots_vector all;
    LOTS_TRY(lots_new_u32(step->arena, step->count, &index, err));
    LOTS_TRY(lots_vector_concat(step->arena, values, value_count, &all, err));
    for (uint32_t i = 0; i < step->count; i++)
        index[i] = from[i] == LOTS_NO_ID ? LOTS_NO_ID : from[i] * step->count + i;
    LOTS_TRY(lots_vector_flatten(step->arena, &all, out, err));
    const lots_vector flat = *out;
    LOTS_TRY(lots_vector_gather(step->arena, &flat, index, step->count, out, err));
    out->type = step->expr->type;
    return LOTS_OK;
}

/* A row whose choice itself could not be made. */
static lots_status fail_rows(const lots_step *step, const uint64_t *failed, const lots_expr *culprit, lots_vector *out,
                             lots_error *err)
{
    if (failed == NULL || lots_bits_next(failed, 0, step->count) == step->count)
        return LOTS_OK;
    for (size_t i = lots_bits_next(failed, 0, step->count); i < step->count;
         i = lots_bits_next(failed, i + 1, step->count))
        LOTS_TRY(lots_step_fail_row(step, out, (uint32_t)i, err));
    out->culprit = culprit;
    return LOTS_OK;
}

/* condition, value, condition, value, …, [else] */
static lots_status eval_case(const lots_step *step, lots_vector *out, lots_error *err)
{
    const uint32_t pairs = step->expr->operand_count / 2, values = (step->expr->operand_count + 1) / 2;
    const bool has_else = step->expr->operand_count % 2 != 0;
    uint64_t *undecided = NULL, *failed = NULL, *here = NULL;
    const lots_expr *culprit = NULL;
    uint32_t *from = NULL;
    void *room = NULL;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_new_u32(step->arena, step->count, &from, err));
    LOTS_TRY(lots_new_bits(step->arena, step->count, &undecided, err));
    LOTS_TRY(lots_new_bits(step->arena, step->count, &failed, err));
    LOTS_TRY(lots_new_bits(step->arena, step->count, &here, err));
    LOTS_TRY(lots_arena_alloc(step->arena, &room, values, sizeof(lots_vector), err));
    lots_vector *results = room;
    lots_bits_fill(undecided, step->count, true);
    for (uint32_t i = 0; i < step->count; i++)
        from[i] = has_else ? pairs : LOTS_NO_ID;
    for (uint32_t p = 0; p < pairs; p++) {
        const lots_vector *when = &step->in[2 * p];
        results[p] = step->in[2 * p + 1];
        if (when->failed != NULL) {
            lots_bits_and(here, undecided, when->failed, step->count);
            lots_bits_or(failed, failed, here, step->count);
            culprit = when->culprit;
        }
        lots_bits_and(here, undecided, when->data, step->count);
        lots_bits_and_not(undecided, undecided, here, step->count);
        for (size_t i = lots_bits_next(here, 0, step->count); i < step->count;
             i = lots_bits_next(here, i + 1, step->count))
            from[i] = p;
    }
    if (has_else)
        results[pairs] = step->in[2 * pairs];
    LOTS_TRY(choose(step, results, values, from, out, err));
    return fail_rows(step, failed, culprit, out, err);
}

static bool row_failed(const lots_vector *vector, uint32_t row)
{
    return vector->failed != NULL && lots_bit_get(vector->failed, row);
}

static lots_status eval_coalesce(const lots_step *step, lots_vector *out, lots_error *err)
{
    uint32_t *from = NULL;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_new_u32(step->arena, step->count, &from, err));
    for (uint32_t i = 0; i < step->count; i++) {
        uint32_t k = 0; /* a failed one is taken, and so fails the row */
        while (k < step->expr->operand_count && lots_vector_is_missing(&step->in[k], i) && !row_failed(&step->in[k], i))
            k++;
        from[i] = k < step->expr->operand_count ? k : LOTS_NO_ID;
    }
    return choose(step, step->in, step->expr->operand_count, from, out, err);
}

static lots_status eval_extreme(const lots_step *step, int sign, lots_vector *out, lots_error *err)
{
    uint32_t *from = NULL;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_new_u32(step->arena, step->count, &from, err));
    for (uint32_t i = 0; i < step->count; i++) {
        uint32_t best = LOTS_NO_ID;
        for (uint32_t k = 0; k < step->expr->operand_count; k++)
            if (!lots_vector_is_missing(&step->in[k], i) &&
                (best == LOTS_NO_ID || sign * lots_vector_compare(&step->in[k], i, &step->in[best], i) > 0))
                best = k;
        from[i] = best;
    }
    return choose(step, step->in, step->expr->operand_count, from, out, err);
}

lots_status lots_eval_choice(lots_step *step, lots_vector *out, lots_error *err)
{
    if ((uint64_t)step->count * step->expr->operand_count >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "%u alternatives for %u rows", step->expr->operand_count, step->count);
    switch (step->expr->op) {
    case LOTS_OP_CASE:
        return eval_case(step, out, err);
    case LOTS_OP_COALESCE:
        return eval_coalesce(step, out, err);
    default:
        return eval_extreme(step, step->expr->op == LOTS_OP_LEAST ? -1 : 1, out, err);
    }
}
