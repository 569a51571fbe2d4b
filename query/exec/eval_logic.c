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

static lots_status gather_failures(const lots_step *step, uint32_t in_count, const uint64_t *settled, lots_vector *out,
                                   lots_error *err)
{
    for (uint32_t i = 0; i < in_count; i++) {
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

lots_status lots_step_meet(const lots_step *step, uint32_t in_count, bool negate, lots_vector *out, lots_error *err)
{
    const uint32_t count = step->count;
    uint64_t *truth = NULL, *denied = NULL;
    bool missing = false;
    LOTS_TRY(lots_new_words(step->arena, count, &truth, err));
    LOTS_TRY(lots_new_bits(step->arena, count, &denied, err));
    lots_bits_fill(truth, count, true);
    for (uint32_t i = 0; i < in_count; i++) {
        meet(&step->in[i], negate, lots_bit_words(count), truth, denied);
        missing |= step->in[i].missing != NULL;
    }
    if (count % 64 != 0)
        denied[count / 64] &= (UINT64_C(1) << (count % 64)) - 1;
    *out = (lots_vector){.type = step->expr->type, .count = count, .data = negate ? denied : truth};
    if (!missing)
        return LOTS_OK;
    LOTS_TRY(lots_new_words(step->arena, count, &out->missing, err));
    lots_bits_or(out->missing, truth, denied, count);
    lots_bits_not(out->missing, out->missing, count);
    return gather_failures(step, in_count, denied, out, err);
}

static lots_status eval_meet(const lots_step *step, bool negate, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    return lots_step_meet(step, step->expr->operand_count, negate, out, err);
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

/* Values where a bit is set. */
static void put_values(const uint64_t *taken, uint32_t count, const void *from, size_t bytes, void *to)
{
    for (size_t w = 0; w < lots_bit_words(count); w++)
        for (uint64_t word = taken[w]; word != 0; word &= word - 1) {
            const size_t i = w * 64 + (size_t)__builtin_ctzll(word);
            if (bytes == 4)
                ((uint32_t *)to)[i] = ((const uint32_t *)from)[i];
            else
                ((uint64_t *)to)[i] = ((const uint64_t *)from)[i];
        }
}

/* A branch's values for the rows that take it. Of the first all go: rows that take none of them are written over or cleaned. */
static void put_branch(const lots_step *step, const lots_vector *value, const uint64_t *taken, bool first, lots_vector *out)
{
    const size_t bytes = lots_type_bytes(out->type.kind);
    uint64_t *truth = out->data;
    if (out->type.kind == LOTS_TYPE_BOOL)
        for (size_t w = 0; w < lots_bit_words(step->count); w++)
            truth[w] |= taken[w] & ((const uint64_t *)value->data)[w];
    else if (first)
        memcpy(out->data, value->data, step->count * bytes);
    else
        put_values(taken, step->count, value->data, bytes, out->data);
}

/* The same among truths, numbers and days, by words: no row is looked at by itself. */
static lots_status case_by_words(const lots_step *step, lots_vector *out, lots_error *err)
{
    const size_t words = lots_bit_words(step->count);
    uint64_t *undecided = NULL, *failed = NULL, *taken = NULL, any_failed = 0;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    LOTS_TRY(lots_new_bits(step->arena, step->count, &undecided, err));
    LOTS_TRY(lots_new_bits(step->arena, step->count, &failed, err));
    LOTS_TRY(lots_new_bits(step->arena, step->count, &taken, err));
    lots_bits_fill(undecided, step->count, true);
    for (uint32_t i = 0; i < step->expr->operand_count; i += 2) {
        const bool is_else = i + 1 == step->expr->operand_count;
        const lots_vector *when = &step->in[i], *value = &step->in[is_else ? i : i + 1];
        for (size_t w = 0; w < words; w++) {
            taken[w] = is_else ? undecided[w] : undecided[w] & ((const uint64_t *)when->data)[w];
            const uint64_t unknown = is_else ? 0 : undecided[w] & lots_word(when->failed, w);
            out->missing[w] |= taken[w] & lots_word(value->missing, w);
            failed[w] |= unknown | (taken[w] & lots_word(value->failed, w));
            out->culprit = unknown != 0 ? when->culprit : (taken[w] & lots_word(value->failed, w)) != 0 ? value->culprit : out->culprit;
            any_failed |= failed[w];
            undecided[w] &= ~taken[w];
        }
        put_branch(step, value, taken, i == 0, out);
    }
    lots_bits_or(out->missing, out->missing, undecided, step->count);
    lots_bits_or(out->missing, out->missing, failed, step->count);
    if (any_failed != 0)
        out->failed = failed;
    if (lots_bits_next(out->missing, 0, step->count) == step->count)
        out->missing = NULL;
    else
        lots_step_clean(step, out);
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

/* The first of truths, numbers and days that is known, none of them failed: by words. */
static lots_status coalesce_by_words(const lots_step *step, lots_vector *out, lots_error *err)
{
    uint64_t *open = NULL, *taken = NULL;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_new_bits(step->arena, step->count, &open, err));
    LOTS_TRY(lots_new_bits(step->arena, step->count, &taken, err));
    lots_bits_fill(open, step->count, true);
    for (uint32_t k = 0; k < step->expr->operand_count; k++) {
        for (size_t w = 0; w < lots_bit_words(step->count); w++) {
            taken[w] = open[w] & ~lots_word(step->in[k].missing, w);
            open[w] &= ~taken[w];
        }
        put_branch(step, &step->in[k], taken, k == 0, out);
    }
    if (lots_bits_next(open, 0, step->count) == step->count)
        return LOTS_OK;
    out->missing = open;
    lots_step_clean(step, out);
    return LOTS_OK;
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

/* The bits of a word of which `left` rows are left. */
static uint64_t bits_of_rows(size_t left) { return left < 64 ? (UINT64_C(1) << left) - 1 : UINT64_MAX; }

/* Least or greatest of days: what is missing stands beyond all. `whole`: an operand none of which is missing, to begin with. */
static void extreme_i32(const lots_step *step, bool least, uint32_t whole, int32_t *out)
{
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t operands = step->expr->operand_count, count = step->count;
    const int32_t *best = whole < operands ? step->in[whole].data : out;
    for (uint32_t i = 0; whole == operands && i < count; i++)
        out[i] = least ? INT32_MAX : INT32_MIN;
    for (uint32_t k = 0; k < operands; k++) {
        if (k == whole)
            continue;
        (least ? kernels->least_i32 : kernels->greatest_i32)(step->in[k].data, step->in[k].missing, count, best, out);
        best = out;
    }
    if (best != out)
        memcpy(out, best, count * sizeof *out);
}

/* The same of other whole numbers. */
#define DEFINE_EXTREME(NAME, TYPE, LEAST, MOST)                                                                     \
    static void NAME##_of_two(const TYPE *restrict values, bool least, uint32_t count, TYPE *restrict best)         \
    {                                                                                                               \
        if (least)                                                                                                  \
            for (uint32_t i = 0; i < count; i += 8)                                                                 \
                for (uint32_t k = 0; k < 8; k++)                                                                    \
                    best[i + k] = values[i + k] < best[i + k] ? values[i + k] : best[i + k];                        \
        else                                                                                                        \
            for (uint32_t i = 0; i < count; i += 8)                                                                 \
                for (uint32_t k = 0; k < 8; k++)                                                                    \
                    best[i + k] = values[i + k] > best[i + k] ? values[i + k] : best[i + k];                        \
    }                                                                                                               \
    static void NAME(const lots_step *step, bool least, TYPE *room, TYPE *best)                                     \
    {                                                                                                               \
        for (uint32_t i = 0; i < step->count; i++)                                                                  \
            best[i] = least ? MOST : LEAST;                                                                         \
        for (uint32_t k = 0; k < step->expr->operand_count; k++) {                                                  \
            const TYPE *values = step->in[k].data;                                                                  \
            const uint64_t *missing = step->in[k].missing;                                                          \
            if (missing != NULL) {                                                                                  \
                memcpy(room, values, step->count * sizeof(TYPE));                                                   \
                for (size_t w = 0; w < lots_bit_words(step->count); w++)                                            \
                    for (uint64_t word = missing[w] & bits_of_rows(step->count - w * 64); word != 0; word &= word - 1) \
                        room[w * 64 + (size_t)__builtin_ctzll(word)] = least ? MOST : LEAST;                        \
                values = room;                                                                                      \
            }                                                                                                       \
            NAME##_of_two(values, least, step->count, best);                                                        \
        }                                                                                                           \
    }
DEFINE_EXTREME(extreme_i64, int64_t, INT64_MIN, INT64_MAX)

static bool is_whole(lots_type_kind kind)
{
    return kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_INT || kind == LOTS_TYPE_DECIMAL || kind == LOTS_TYPE_DAYS ||
           kind == LOTS_TYPE_MONTHS;
}

static lots_status eval_extreme_whole(const lots_step *step, bool least, lots_vector *out, lots_error *err)
{
    uint64_t *missing = NULL;
    uint32_t whole = 0;
    void *room = NULL;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_new(step, out, err));
    while (whole < step->expr->operand_count && step->in[whole].missing != NULL)
        whole++;
    LOTS_TRY(lots_arena_vector(step->arena, &room, step->count, sizeof(int64_t), err));
    if (lots_type_bytes(out->type.kind) == 4)
        extreme_i32(step, least, whole, out->data);
    else
        extreme_i64(step, least, room, out->data);
    if (whole < step->expr->operand_count)
        return LOTS_OK;
    LOTS_TRY(lots_new_words(step->arena, step->count, &missing, err));
    lots_bits_fill(missing, step->count, true);
    for (uint32_t k = 0; k < step->expr->operand_count; k++)
        for (size_t w = 0; w < lots_bit_words(step->count); w++)
            missing[w] &= lots_word(step->in[k].missing, w);
    if (lots_bits_next(missing, 0, step->count) == step->count)
        return LOTS_OK;
    out->missing = missing;
    lots_step_clean(step, out);
    return LOTS_OK;
}

lots_status lots_eval_choice(lots_step *step, lots_vector *out, lots_error *err)
{
    if ((uint64_t)step->count * step->expr->operand_count >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "%u alternatives for %u rows", step->expr->operand_count, step->count);
    bool whole = is_whole(step->expr->type.kind);
    bool words = whole || step->expr->type.kind == LOTS_TYPE_BOOL || step->expr->type.kind == LOTS_TYPE_FLOAT, failed = false;
    for (uint32_t k = 0; k < step->expr->operand_count; k++) { /* a missing constant may be of no type */
        const bool condition = step->expr->op == LOTS_OP_CASE && k % 2 == 0 && k + 1 < step->expr->operand_count;
        whole = whole && step->in[k].type.kind == step->expr->type.kind;
        failed = failed || step->in[k].failed != NULL;
        words = words && step->in[k].type.kind == (condition ? LOTS_TYPE_BOOL : step->expr->type.kind);
    }
    switch (step->expr->op) {
    case LOTS_OP_CASE:
        return words ? case_by_words(step, out, err) : eval_case(step, out, err);
    case LOTS_OP_COALESCE:
        return words && !failed ? coalesce_by_words(step, out, err) : eval_coalesce(step, out, err);
    default:
        if (whole)
            return eval_extreme_whole(step, step->expr->op == LOTS_OP_LEAST, out, err);
        return eval_extreme(step, step->expr->op == LOTS_OP_LEAST ? -1 : 1, out, err);
    }
}
