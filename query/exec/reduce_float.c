/* reduce_float.c: sums and means of floats over ranges: exact, rounded once (core/base/exact.h), so that it is a matter of cost alone how
 * they are found. Ranges that follow one another, or overlap little, are each added by itself. Over ranges that overlap much,
 * however they lie in each other, differences of exact prefix sums are taken, as wide as the values at hand need: most often
 * two or three limbs a position. Callers: reduce.c. */
#include <math.h>
#include <string.h>

#include "core/base/exact.h"
#include "query/exec/aggregate.h"
#include "query/exec/reduce_slide.h"

static void sum_each(const lots_step *step, const lots_ranges *ranges, const double *values, const int64_t *counts, double *out)
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        const uint32_t first = ranges->first[i], end = ranges->end[i] > first ? ranges->end[i] : first;
        step->worker->kernels->sum_f64_by(values, ranges->mask, (const uint32_t[]){first, end}, 1,
                                          counts != NULL ? counts + i : NULL, out + i);
        step->worker->work.rows += end - first;
    }
}

/* sums[k * width ...]: of the positions before k. */
static lots_status make_prefixes(const lots_step *step, const lots_ranges *ranges, const double *values, unsigned width, int low,
                                 uint64_t **sums, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_vector(step->arena, &room, ((size_t)ranges->positions + 1) * width, sizeof(uint64_t), err));
    uint64_t *at = *sums = room;
    memset(at, 0, width * sizeof(uint64_t));
    for (uint32_t i = 0; i < ranges->positions; i++, at += width) {
        memcpy(at + width, at, width * sizeof(uint64_t));
        if (ranges->mask == NULL || lots_bit_get(ranges->mask, i))
            lots_limbs_add(at + width, width, low, values[i]);
    }
    step->worker->work.rows += 2 * (uint64_t)ranges->positions;
    return LOTS_OK;
}

static lots_status sum_by_prefix(const lots_step *step, const lots_ranges *ranges, const double *values, const int64_t *counts,
                                 double *out, lots_error *err)
{
    int low = 0;
    lots_exact sum;
    uint64_t *sums = NULL;
    const unsigned width = lots_limbs_for(values, ranges->mask, ranges->positions, &low);
    LOTS_TRY(make_prefixes(step, ranges, values, width, low, &sums, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        const size_t first = ranges->first[i], end = ranges->end[i] > first ? ranges->end[i] : first;
        lots_limbs_subtract(sums + end * width, sums + first * width, width, sum.limbs);
        out[i] = counts != NULL && counts[i] > 0 ? lots_limbs_mean(sum.limbs, width, low, (uint64_t)counts[i])
                                                 : lots_limbs_round(sum.limbs, width, low);
    }
    step->worker->work.rows += ranges->count;
    return LOTS_OK;
}

lots_status lots_reduce_sum_float(const lots_step *step, const lots_ranges *ranges, const double *values, const int64_t *counts,
                                  lots_vector *out, lots_error *err)
{
    double *sums = out->data;
    if (ranges->offsets != NULL) {
        step->worker->kernels->sum_f64_by(values, ranges->mask, ranges->offsets, ranges->count, counts, sums);
        step->worker->work.rows += ranges->positions;
    } else if (lots_slide_pays(ranges)) {
        LOTS_TRY(sum_by_prefix(step, ranges, values, counts, sums, err));
    } else {
        sum_each(step, ranges, values, counts, sums);
    }
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (isfinite(sums[i]))
            continue;
        sums[i] = 0;
        LOTS_TRY(lots_step_fail_row(step, out, i, err));
    }
    return LOTS_OK;
}
