/* reduce.c: counting, existence, sums and means, picking the first, last or k-th. Over ranges that follow one another
 * the kernels by groups do it in one pass; over others prefix sums and ranks of bits do, so that overlapping windows
 * cost no more than disjoint ones. Sums of floats: reduce_float.c. */
#include <string.h>

#include "core/base/exact.h"
#include "query/exec/aggregate.h"

lots_status lots_ranges_valid(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, lots_ranges *out,
                              lots_error *err)
{
    *out = *ranges;
    if (x == NULL || x->missing == NULL)
        return LOTS_OK;
    uint64_t *mask = NULL;
    LOTS_TRY(lots_new_words(step->arena, ranges->positions, &mask, err));
    if (ranges->mask != NULL)
        lots_bits_and_not(mask, ranges->mask, x->missing, ranges->positions);
    else
        lots_bits_not(mask, x->missing, ranges->positions);
    out->mask = mask;
    out->borders = NULL;
    return LOTS_OK;
}

lots_status lots_bit_ranks_make(const lots_step *step, const lots_ranges *ranges, lots_bit_ranks *out, lots_error *err)
{
    *out = (lots_bit_ranks){ranges->mask, NULL};
    if (ranges->mask == NULL)
        return LOTS_OK;
    const size_t words = lots_bit_words(ranges->positions);
    uint32_t *before = NULL;
    LOTS_TRY(lots_new_u32(step->arena, words + 1, &before, err));
    before[words] = step->worker->kernels->count_prefix(ranges->mask, words, 0, before);
    out->words = before;
    step->worker->work.rows += ranges->positions;
    return LOTS_OK;
}

/* ---- count, exists ---- */

/* Set bits before each place of `at`. */
static lots_status rank_places(const lots_step *step, const lots_bit_ranks *ranks, const uint32_t *at, uint32_t count,
                               const uint32_t **out, lots_error *err)
{
    uint32_t *ranked = NULL;
    LOTS_TRY(lots_new_u32(step->arena, count, &ranked, err));
    step->worker->kernels->bit_ranks(ranks->mask, ranks->words, at, count, ranked);
    *out = ranked;
    return LOTS_OK;
}

/* The same ranges among the set bits of the mask alone. A window of years begins where the one before it ends: what was counted there is
 * not counted again. */
static lots_status ranks_of(const lots_step *step, const lots_ranges *ranges, lots_ranges *out, lots_error *err)
{
    lots_relation_rows *borders = ranges->borders;
    const bool known = borders != NULL && borders->ranked_mask == ranges->mask && borders->ranked_at == ranges->first;
    lots_bit_ranks ranks = {ranges->mask, known ? borders->ranked_words : NULL};
    const uint32_t *first = known ? borders->ranked : NULL, *end = NULL;
    *out = *ranges;
    if (ranges->mask == NULL)
        return LOTS_OK;
    if (!known) {
        LOTS_TRY(lots_bit_ranks_make(step, ranges, &ranks, err));
        LOTS_TRY(rank_places(step, &ranks, ranges->first, ranges->count, &first, err));
    }
    LOTS_TRY(rank_places(step, &ranks, ranges->end, ranges->count, &end, err));
    if (borders != NULL) {
        borders->ranked_mask = ranks.mask;
        borders->ranked_words = ranks.words;
        borders->ranked_at = ranges->end;
        borders->ranked = end;
    }
    *out = (lots_ranges){
        .count = ranges->count, .first = first, .end = end, .positions = ranks.words[lots_bit_words(ranges->positions)]};
    return LOTS_OK;
}

static lots_status count_ranges(const lots_step *step, const lots_ranges *ranges, int64_t *out, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    lots_ranges ranked;
    uint32_t *lengths = NULL;
    step->worker->work.rows += ranges->count;
    if (ranges->offsets != NULL) {
        step->worker->work.rows += ranges->positions;
        kernels->count_by(ranges->mask, ranges->offsets, ranges->count, out);
        return LOTS_OK;
    }
    LOTS_TRY(ranks_of(step, ranges, &ranked, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &lengths, err));
    kernels->subtract_i32((const int32_t *)ranked.end, (const int32_t *)ranked.first, ranges->count, (int32_t *)lengths);
    kernels->widen_u32(lengths, ranges->count, 0, (uint64_t *)out);
    return LOTS_OK;
}

lots_status lots_reduce_count(const lots_step *step, const lots_ranges *ranges, lots_vector *out, lots_error *err)
{
    return count_ranges(step, ranges, out->data, err);
}

lots_status lots_reduce_exists(const lots_step *step, const lots_ranges *ranges, lots_vector *out, lots_error *err)
{
    step->worker->work.rows += ranges->count;
    if (ranges->mask != NULL && ranges->offsets != NULL) {
        step->worker->work.rows += ranges->positions;
        step->worker->kernels->any_by(ranges->mask, ranges->offsets, ranges->count, out->data);
        return LOTS_OK;
    }
    lots_ranges ranked;
    LOTS_TRY(ranks_of(step, ranges, &ranked, err)); /* places are below 2^31: int32_t order is theirs */
    step->worker->kernels->less_i32((const int32_t *)ranked.first, (const int32_t *)ranked.end, ranges->count, out->data);
    return LOTS_OK;
}

/* ---- sums ---- */

/* A bound on the size of every value: the least 2^k - 1 that holds them, or more than int64 when one is INT64_MIN. */
static uint64_t bound_of(const int64_t *values, uint32_t count)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < count; i++)
        bits |= (uint64_t)(values[i] ^ (values[i] >> 63));
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits |= bits >> shift;
    return bits + 1;
}

/* What the zone map of a stored column says, so that it needs no look at the values. */
static bool stored_bound(const lots_step *step, uint64_t *out)
{
    const lots_query *query = step->worker->query;
    const lots_expr *x = step->expr->operand_count > 0 ? step->expr->operands[0] : NULL;
    if (x == NULL || x->op != LOTS_OP_COLUMN || query->frames[x->of_frame].relation >= query->relation_count)
        return false;
    const lots_relation *relation = &query->relations[query->frames[x->of_frame].relation];
    if (relation->kind != LOTS_RELATION_STREAM || x->type.kind == LOTS_TYPE_FLOAT)
        return false;
    const lots_block_meta *meta = lots_segment_meta(step->worker->segment, relation->stream,
                                                    relation->columns[x->index].column, LOTS_PART_VALUES,
                                                    step->worker->chunk);
    const uint64_t low = meta->min < 0 ? 0 - (uint64_t)meta->min : (uint64_t)meta->min;
    const uint64_t high = meta->max < 0 ? 0 - (uint64_t)meta->max : (uint64_t)meta->max;
    *out = low > high ? low : high;
    return true;
}

typedef struct wide_sums { /* sums before each position, in 128 bits */
    uint64_t *low;
    int64_t *high;
} wide_sums;

static lots_status sum_prefix(const lots_step *step, const lots_ranges *ranges, const int64_t *values, wide_sums *out,
                              lots_error *err)
{
    int64_t *low = NULL;
    LOTS_TRY(lots_new_i64(step->arena, (size_t)ranges->positions + 1, &low, err));
    LOTS_TRY(lots_new_i64(step->arena, (size_t)ranges->positions + 1, &out->high, err));
    out->low = (uint64_t *)low;
    out->low[0] = 0;
    out->high[0] = 0;
    for (uint32_t i = 0; i < ranges->positions; i++) {
        const bool counts = ranges->mask == NULL || lots_bit_get(ranges->mask, i);
        const uint64_t value = counts ? (uint64_t)values[i] : 0;
        out->low[i + 1] = out->low[i] + value;
        out->high[i + 1] = out->high[i] + (out->low[i + 1] < value ? 1 : 0) + ((int64_t)value < 0 ? -1 : 0);
    }
    step->worker->work.rows += ranges->positions;
    return LOTS_OK;
}

/* No sum leaves int64: of the values that count, put close together. */
static lots_status sum_narrow(const lots_step *step, const lots_ranges *ranges, const int64_t *values, int64_t *totals,
                              lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    lots_ranges ranked;
    int64_t *kept = NULL, *sums = NULL;
    const uint64_t *counted = (const uint64_t *)values;
    LOTS_TRY(ranks_of(step, ranges, &ranked, err));
    LOTS_TRY(lots_new_i64(step->arena, (size_t)ranges->positions + 1, &sums, err));
    if (ranges->mask != NULL) {
        LOTS_TRY(lots_new_i64(step->arena, ranges->positions, &kept, err));
        kernels->compress_u64(ranges->mask, ranges->positions, (const uint64_t *)values, (uint64_t *)kept);
        counted = (const uint64_t *)kept;
    }
    sums[0] = 0;
    kernels->prefix_u64(counted, ranked.positions, 0, (uint64_t *)sums + 1);
    for (uint32_t i = 0; i < ranges->count; i++)
        totals[i] = (int64_t)((uint64_t)sums[ranked.end[i]] - (uint64_t)sums[ranked.first[i]]);
    step->worker->work.rows += ranges->positions + ranges->count;
    return LOTS_OK;
}

/* Ranges whose sums may overflow: by prefix sums, each overflow on its own row. */
static lots_status sum_wide(const lots_step *step, const lots_ranges *ranges, const int64_t *values, lots_vector *out,
                            lots_error *err)
{
    wide_sums sums;
    int64_t *totals = out->data;
    LOTS_TRY(sum_prefix(step, ranges, values, &sums, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        const uint32_t first = ranges->first[i], end = ranges->end[i];
        totals[i] = (int64_t)(sums.low[end] - sums.low[first]);
        const int64_t high = sums.high[end] - sums.high[first] - (sums.low[end] < sums.low[first] ? 1 : 0);
        if (high == (totals[i] < 0 ? -1 : 0))
            continue;
        totals[i] = 0;
        LOTS_TRY(lots_step_fail_row(step, out, i, err));
    }
    return LOTS_OK;
}

static lots_status sum_whole(const lots_step *step, const lots_ranges *ranges, const int64_t *values, lots_vector *out,
                             lots_error *err)
{
    uint64_t bound = 0;
    if (!stored_bound(step, &bound))
        bound = bound_of(values, ranges->positions);
    step->worker->work.rows += ranges->positions;
    if (ranges->offsets != NULL &&
        step->worker->kernels->sum_i64_by(values, ranges->mask, bound, ranges->offsets, ranges->count, out->data))
        return LOTS_OK;
    const bool wide = ranges->positions > 0 && bound > (uint64_t)INT64_MAX / ranges->positions;
    return wide ? sum_wide(step, ranges, values, out, err) : sum_narrow(step, ranges, values, out->data, err);
}

static double mean_of_whole(int64_t sum, const lots_type *type, int64_t count)
{
    const uint64_t halves[] = {(uint64_t)sum, sum < 0 ? UINT64_MAX : 0};
    return lots_decimal_mean(halves, type->kind == LOTS_TYPE_DECIMAL ? type->scale : 0, (uint64_t)count);
}

static lots_status mean_of(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, lots_vector *out,
                           lots_error *err)
{
    lots_vector sums = *out; /* an int64 and a double are of one size */
    int64_t *counts = NULL, *whole = NULL;
    double *means = out->data;
    LOTS_TRY(lots_new_i64(step->arena, ranges->count, &counts, err));
    LOTS_TRY(lots_new_i64(step->arena, ranges->count, &whole, err));
    LOTS_TRY(count_ranges(step, ranges, counts, err));
    if (x->type.kind == LOTS_TYPE_FLOAT) {
        LOTS_TRY(lots_reduce_sum_float(step, ranges, x->data, counts, out, err));
    } else {
        sums.data = whole;
        LOTS_TRY(sum_whole(step, ranges, x->data, &sums, err));
        out->missing = sums.missing;
        out->failed = sums.failed;
        out->culprit = sums.culprit;
    }
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (counts[i] == 0) {
            LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
            lots_bit_set(out->missing, i);
            means[i] = 0;
        } else if (x->type.kind != LOTS_TYPE_FLOAT) {
            means[i] = mean_of_whole(whole[i], &x->type, counts[i]);
        }
    }
    return LOTS_OK;
}

lots_status lots_reduce_sum(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, lots_vector *out,
                            lots_error *err)
{
    lots_ranges valid;
    LOTS_TRY(lots_ranges_valid(step, ranges, x, &valid, err));
    if (step->expr->op == LOTS_OP_MEAN)
        return mean_of(step, &valid, x, out, err);
    if (x->type.kind != LOTS_TYPE_FLOAT)
        return sum_whole(step, &valid, x->data, out, err);
    return lots_reduce_sum_float(step, &valid, x->data, NULL, out, err);
}

/* ---- picking ---- */

/* LOTS_NO_ID: there is none. */
static uint32_t last_bit(const uint64_t *mask, uint32_t from, uint32_t to)
{
    const size_t found = from < to ? lots_bits_previous(mask, from, to) : SIZE_MAX;
    return found == SIZE_MAX ? LOTS_NO_ID : (uint32_t)found;
}

static uint32_t first_bit(const uint64_t *mask, uint32_t from, uint32_t to)
{
    const size_t found = from < to ? lots_bits_next(mask, from, to) : to;
    return found < to ? (uint32_t)found : LOTS_NO_ID;
}

/* Of ranges most of which are short, so that they lie in a word and the next. Which are empty can't be foretold: that is no branch. */
static inline void pick_in_words(const lots_ranges *ranges, bool last, uint32_t *out)
{
    const uint32_t *firsts = ranges->first, *ends = ranges->end;
    for (uint32_t i = 0; i < ranges->count; i++) {
        const uint32_t first = firsts[i], length = ends[i] - first, at = first % 64;
        if (length >= 64) {
            out[i] = (last ? last_bit : first_bit)(ranges->mask, first, ends[i]);
            continue;
        }
        const uint64_t *word = ranges->mask + first / 64;
        const uint64_t bits = (word[0] >> at | word[1] << 1 << (63 - at)) & ((UINT64_C(1) << length) - 1);
        const uint32_t none = bits == 0 ? LOTS_NO_ID : 0;
        out[i] = none | (first + (uint32_t)(last ? 63 - __builtin_clzll(bits | 1) : __builtin_ctzll(bits | UINT64_C(1) << 63)));
    }
}

/* So few that all words of each are fewer than all positions. */
static bool are_few(const lots_ranges *ranges) { return ranges->count < 64 && ranges->count * 256 < ranges->positions; }

lots_status lots_pick_end(const lots_step *step, const lots_ranges *ranges, bool last, uint32_t *out, lots_error *err)
{
    enum { MANY = 8 }; /* one bit in fewer is found where it is sought, and ranges share no words */
    lots_ranges ranked;
    uint32_t *bits = NULL;
    step->worker->work.rows += ranges->count;
    if (ranges->mask == NULL) {
        for (uint32_t i = 0; i < ranges->count; i++)
            out[i] = ranges->first[i] >= ranges->end[i] ? LOTS_NO_ID : last ? ranges->end[i] - 1 : ranges->first[i];
        return LOTS_OK;
    }
    if (ranges->apart) {
        if (last)
            pick_in_words(ranges, true, out);
        else
            pick_in_words(ranges, false, out);
        return LOTS_OK;
    }
    if (are_few(ranges) ||
        (ranges->offsets != NULL && MANY * step->worker->kernels->bits_count(ranges->mask, ranges->positions) > ranges->positions)) {
        for (uint32_t i = 0; i < ranges->count; i++)
            out[i] = last ? last_bit(ranges->mask, ranges->first[i], ranges->end[i])
                          : first_bit(ranges->mask, ranges->first[i], ranges->end[i]);
        return LOTS_OK;
    }
    LOTS_TRY(ranks_of(step, ranges, &ranked, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->positions, &bits, err));
    step->worker->kernels->bits_indexes(ranges->mask, ranges->positions, bits);
    for (uint32_t i = 0; i < ranges->count; i++) {
        const uint32_t from = ranked.first[i], to = ranked.end[i];
        out[i] = from >= to ? LOTS_NO_ID : last ? bits[to - 1] : bits[from];
    }
    return LOTS_OK;
}

lots_status lots_pick_nth(const lots_step *step, const lots_ranges *ranges, const lots_vector *k, uint32_t *out,
                          lots_error *err)
{
    lots_bit_ranks ranks;
    uint32_t *bits = NULL;
    const int64_t *places = k->data;
    step->worker->work.rows += ranges->count;
    LOTS_TRY(lots_bit_ranks_make(step, ranges, &ranks, err));
    if (ranges->mask != NULL) {
        LOTS_TRY(lots_new_u32(step->arena, ranges->positions, &bits, err));
        step->worker->kernels->bits_indexes(ranges->mask, ranges->positions, bits);
    }
    for (uint32_t i = 0; i < ranges->count; i++) {
        const uint32_t from = lots_bit_rank(&ranks, ranges->first[i]), to = lots_bit_rank(&ranks, ranges->end[i]);
        out[i] = LOTS_NO_ID;
        if (lots_vector_is_missing(k, i) || places[i] < 1 || from >= to || places[i] > (int64_t)(to - from))
            continue;
        const uint32_t at = from + (uint32_t)(places[i] - 1);
        out[i] = bits == NULL ? at : bits[at];
    }
    return LOTS_OK;
}
