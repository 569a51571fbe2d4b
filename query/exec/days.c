/* days.c: nights and covered days. Elements come by start, so the days they cover are added up in one pass that
 * remembers the last day reached. Where all rows of a patient ask of the same elements, these are joined to stretches of days
 * once, and each row's interval is a search among them and a difference. */
#include "query/exec/days.h"

#include <string.h>

/* Sixteen at a time, into the slack: so compilers make vectors of it. */
void lots_days_after(const int32_t *restrict days, uint32_t count, int32_t *restrict out)
{
    for (uint32_t i = 0; i < count; i += 16)
        for (uint32_t k = 0; k < 16; k++)
            out[i + k] = (int32_t)((uint32_t)days[i + k] + 1);
}

lots_status lots_nights(lots_worker *worker, lots_relation_rows *relation, lots_arena *arena, lots_vector *out,
                        lots_error *err)
{
    const lots_type type = {.kind = LOTS_TYPE_INT};
    const lots_vector *ends = NULL;
    const int32_t *starts = NULL;
    LOTS_TRY(lots_vector_new(arena, &type, relation->count, out, err));
    LOTS_TRY(lots_vector_want_missing(arena, out, err));
    LOTS_TRY(lots_relation_starts(worker, relation, &starts, err));
    if (relation->relation->end_column >= 0)
        LOTS_TRY(lots_relation_values(worker, relation, (uint32_t)relation->relation->end_column, &ends, err));
    int64_t *nights = out->data;
    for (uint32_t i = 0; i < relation->count; i++) {
        nights[i] = 0;
        if (ends == NULL || lots_vector_is_missing(ends, i) || starts[i] == INT32_MAX) {
            lots_bit_set(out->missing, i);
            continue;
        }
        const int64_t stayed = (int64_t)((const int32_t *)ends->data)[i] - starts[i];
        nights[i] = stayed > 1 ? stayed : 1;
    }
    worker->work.rows += relation->count;
    return LOTS_OK;
}

typedef struct coverage {
    const int32_t *starts;
    const lots_vector *ends;
    int32_t from, to;  /* the interval */
    int64_t reached;   /* last day counted */
    int64_t days;
} coverage;

static void cover(coverage *so_far, uint32_t row)
{
    if (lots_vector_is_missing(so_far->ends, row) || so_far->starts[row] == INT32_MAX)
        return;
    const int32_t start = so_far->starts[row], end = ((const int32_t *)so_far->ends->data)[row];
    int64_t first = start > so_far->from ? start : so_far->from;
    const int64_t last = end < so_far->to ? end : so_far->to;
    if (first <= so_far->reached)
        first = so_far->reached + 1;
    if (last < first)
        return;
    so_far->days += last - first + 1;
    so_far->reached = last;
}

/* ---- of the same elements for all rows ---- */

typedef struct stretches { /* days covered without a gap, by owner, rising */
    uint32_t count, *offsets;
    int32_t *first, *last;
    int64_t *before; /* days in all stretches before */
} stretches;

/* Join each span to the stretch before it where they touch; *begins: bits of the places that begin one. */
static void join_places(const lots_passed *passed, const uint32_t *owner, uint64_t *begins, stretches *out)
{
    uint32_t count = 0, last = UINT32_MAX; /* whose the last stretch is */
    for (uint32_t i = 0; i < passed->count; i++) {
        const int32_t start = passed->starts[i], end = passed->ends[i];
        if (start == INT32_MAX || end < start) /* not known, or never */
            continue;
        if (owner[i] == last && start <= out->last[count - 1]) {
            out->last[count - 1] = end > out->last[count - 1] ? end : out->last[count - 1];
            continue;
        }
        lots_bit_set(begins, i);
        last = owner[i];
        out->first[count] = start;
        out->last[count++] = end;
    }
    out->count = count;
}

static lots_status join_spans(const lots_step *step, lots_passed *passed, stretches *out, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const size_t words = lots_bit_words(passed->count);
    const uint32_t *owner = NULL;
    uint32_t *before = NULL;
    uint64_t *begins = NULL;
    int64_t days = 0;
    LOTS_TRY(lots_passed_owners(step->worker, passed, &owner, err));
    LOTS_TRY(lots_new_u32(step->arena, (size_t)passed->relation->owners->count + 1, &out->offsets, err));
    LOTS_TRY(lots_new_u32(step->arena, words + 1, &before, err));
    LOTS_TRY(lots_new_bits(step->arena, passed->count, &begins, err));
    LOTS_TRY(lots_new_i32(step->arena, passed->count, &out->first, err));
    LOTS_TRY(lots_new_i32(step->arena, passed->count, &out->last, err));
    LOTS_TRY(lots_new_i64(step->arena, (size_t)passed->count + 1, &out->before, err));
    join_places(passed, owner, begins, out);
    before[words] = kernels->count_prefix(begins, words, 0, before);
    kernels->bit_ranks(begins, before, passed->offsets, (size_t)passed->relation->owners->count + 1, out->offsets);
    for (uint32_t k = 0; k < out->count; k++) {
        out->before[k] = days;
        days += (int64_t)out->last[k] - out->first[k] + 1;
    }
    out->before[out->count] = days;
    step->worker->work.rows += passed->count;
    return LOTS_OK;
}

/* Days of the stretches from..to-1, all of which the interval touches, without what they have outside of it. */
static int64_t days_within(const stretches *covered, uint32_t from, uint32_t to, int32_t low, int32_t high)
{
    const int64_t early = (int64_t)low - covered->first[from], late = (int64_t)covered->last[to - 1] - high;
    return covered->before[to] - covered->before[from] - (early > 0 ? early : 0) - (late > 0 ? late : 0);
}

/* The owner of each row. */
static lots_status groups_of(const lots_step *step, const lots_candidates *candidates, const uint32_t **out,
                             lots_error *err)
{
    uint32_t *same = NULL;
    LOTS_TRY(lots_instance_index(step->worker, candidates->rows, candidates->relation->owners, out, err));
    if (*out != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(step->arena, candidates->count, &same, err));
    for (uint32_t i = 0; i < candidates->count; i++)
        same[i] = i;
    *out = same;
    return LOTS_OK;
}

static lots_status cover_owners(const lots_step *step, const lots_candidates *candidates, const lots_vector *interval,
                                lots_vector *out, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t count = candidates->count, *group = NULL;
    const int32_t *low = interval->data, *high = interval->data2;
    lots_passed *passed = NULL;
    stretches covered;
    uint32_t *from = NULL, *to = NULL, *end = NULL;
    int32_t *beyond = NULL;
    LOTS_TRY(lots_candidates_passed(candidates, &passed, err));
    LOTS_TRY(join_spans(step, passed, &covered, err));
    LOTS_TRY(groups_of(step, candidates, &group, err));
    LOTS_TRY(lots_new_u32(step->arena, count, &from, err));
    LOTS_TRY(lots_new_u32(step->arena, count, &to, err));
    LOTS_TRY(lots_new_u32(step->arena, count, &end, err));
    LOTS_TRY(lots_new_i32(step->arena, count, &beyond, err));
    kernels->gather_u32(covered.offsets, group, count, from);
    kernels->gather_u32(covered.offsets + 1, group, count, end);
    memcpy(to, from, count * sizeof *to);
    lots_days_after(high, count, beyond);
    kernels->lower_bounds(covered.last, low, end, count, from);    /* the first that ends no earlier, */
    kernels->lower_bounds(covered.first, beyond, end, count, to); /* and the first that begins too late */
    int64_t *days = out->data;
    for (uint32_t i = 0; i < count; i++) {
        days[i] = 0;
        if (from[i] < to[i] && low[i] <= high[i] && !lots_vector_is_missing(out, i))
            days[i] = days_within(&covered, from[i], to[i], low[i], high[i]);
    }
    step->worker->work.rows += 2 * (uint64_t)count;
    return LOTS_OK;
}

/* ---- the whole ---- */

lots_status lots_covered_days(const lots_step *step, const lots_candidates *candidates, lots_vector *out,
                              lots_error *err)
{
    coverage so_far;
    lots_batches batches;
    lots_vector value, interval;
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_value(step->worker, step->expr->operands[0], step->rows, &value, err));
    LOTS_TRY(lots_vector_flatten(step->arena, &value, &interval, err));
    out->missing = interval.missing;
    out->failed = interval.failed;
    out->culprit = interval.culprit;
    if (candidates->whole)
        return cover_owners(step, candidates, &interval, out, err);
    LOTS_TRY(lots_relation_starts(step->worker, candidates->relation, &so_far.starts, err));
    LOTS_TRY(lots_relation_span_end(step->worker, candidates->relation, &so_far.ends, err));
    int64_t *days = out->data;
    LOTS_TRY(lots_batches_begin(&batches, candidates, err));
    for (;;) {
        lots_pairs pairs;
        LOTS_TRY(lots_batches_next(&batches, &pairs, err));
        if (pairs.from == pairs.to)
            break;
        const lots_vector judged = {.count = pairs.to - pairs.from, .failed = pairs.failed, .culprit = pairs.culprit};
        LOTS_TRY(lots_raise(&judged, err));
        for (uint32_t i = pairs.from; i < pairs.to; i++) {
            so_far.from = ((const int32_t *)interval.data)[i];
            so_far.to = interval.data2[i];
            so_far.reached = INT64_MIN / 2;
            so_far.days = 0;
            for (uint32_t k = pairs.offsets[i - pairs.from]; k < pairs.offsets[i - pairs.from + 1]; k++)
                cover(&so_far, pairs.relation_row[k]);
            days[i] = lots_vector_is_missing(out, i) ? 0 : so_far.days;
        }
    }
    lots_batches_end(&batches);
    return LOTS_OK;
}
