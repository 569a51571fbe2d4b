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

/* ---- dear operands ---- */

static bool is_episode_frame(const lots_query *query, uint32_t frame)
{
    for (uint32_t r = 0; r < query->relation_count; r++)
        if (query->relations[r].kind == LOTS_RELATION_EPISODES && query->relations[r].episode_frame == frame)
            return true;
    return false;
}

/* What no operand has settled: takes out where `in` is known and false (`negate`: true). */
static void leave_open(const lots_vector *in, bool negate, size_t words, uint64_t *open)
{
    const uint64_t *data = in->data;
    for (size_t w = 0; w < words; w++)
        open[w] &= lots_word(in->missing, w) | (negate ? ~data[w] : data[w]);
}

static lots_status dear_operands(const lots_step *step, uint64_t *dear, uint32_t *count, lots_error *err)
{
    *count = 0;
    for (uint32_t i = 0; i < step->expr->operand_count; i++) {
        bool asks = false;
        LOTS_TRY(lots_asks_sets(step->worker, step->expr->operands[i], step->rows->frame, &asks, err));
        if (asks)
            lots_bit_set(dear, i);
        *count += asks ? 1 : 0;
    }
    return LOTS_OK;
}

static lots_status value_where_open(const lots_step *step, uint32_t operand, const uint64_t *open, lots_error *err)
{
    lots_instance *left = NULL;
    if (lots_bits_next(open, 0, step->count) == step->count)
        return lots_step_bool(step, false, &step->in[operand], err);
    LOTS_TRY(lots_rows_filter(step->worker, step->rows, open, &left, err));
    return lots_value_spread(step->worker, step->expr->operands[operand], left, open, step->rows, &step->in[operand], err);
}

static lots_status operand_value(const lots_step *step, uint32_t operand, lots_error *err)
{
    lots_vector value;
    LOTS_TRY(lots_value(step->worker, step->expr->operands[operand], step->rows, &value, err));
    return lots_vector_flatten(step->arena, &value, &step->in[operand], err);
}

/* The patients and the episodes are what relations hang on: there is no part of them. */
lots_status lots_eval_meet_stepwise(lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    const bool negate = step->expr->op == LOTS_OP_OR;
    const uint32_t operands = step->expr->operand_count;
    uint32_t dear_count = 0;
    uint64_t *dear = NULL, *open = NULL, *left = NULL;
    void *room = NULL;
    *done = false;
    if ((step->expr->op != LOTS_OP_AND && !negate) || step->rows->frame <= LOTS_FRAME_PATIENT ||
        is_episode_frame(step->worker->query, step->rows->frame))
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(step->arena, operands, &dear, err));
    LOTS_TRY(dear_operands(step, dear, &dear_count, err));
    if (dear_count == 0 || (dear_count == 1 && operands == 1))
        return LOTS_OK;
    *done = true;
    LOTS_TRY(lots_arena_alloc(step->arena, &room, operands, sizeof(lots_vector), err));
    step->in = room;
    LOTS_TRY(lots_new_bits(step->arena, step->count, &open, err));
    lots_bits_fill(open, step->count, true);
    for (int pass = 0; pass < 2; pass++) /* the dear ones last */
        for (uint32_t i = 0; i < operands; i++) {
            if (lots_bit_get(dear, i) != (pass == 1))
                continue;
            if (pass == 0 || lots_bits_count(open, step->count) == step->count) {
                LOTS_TRY(operand_value(step, i, err));
            } else { /* rows and value keep what they were made with: `open` changes */
                LOTS_TRY(lots_new_bits(step->arena, step->count, &left, err));
                memcpy(left, open, lots_bit_words(step->count) * sizeof(uint64_t));
                LOTS_TRY(value_where_open(step, i, left, err));
            }
            leave_open(&step->in[i], negate, lots_bit_words(step->count), open);
        }
    return eval_meet(step, negate, out, err);
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
