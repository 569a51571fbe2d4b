/* days.c: nights and covered days. Elements come by start, so the days they cover are added up in one pass that
 * remembers the last day reached. */
#include "query/exec/days.h"

#include <string.h>

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

lots_status lots_covered_days(const lots_step *step, const lots_candidates *candidates, lots_vector *out,
                              lots_error *err)
{
    coverage so_far;
    lots_batches batches;
    lots_vector value, interval;
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_value(step->worker, step->expr->operands[0], step->rows, &value, err));
    LOTS_TRY(lots_vector_flatten(step->arena, &value, &interval, err));
    LOTS_TRY(lots_relation_starts(step->worker, candidates->relation, &so_far.starts, err));
    LOTS_TRY(lots_relation_span_end(step->worker, candidates->relation, &so_far.ends, err));
    out->missing = interval.missing;
    out->failed = interval.failed;
    out->culprit = interval.culprit;
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
