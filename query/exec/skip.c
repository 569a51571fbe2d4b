/* skip.c: could a chunk hold any row of a pipeline? Judged by zone maps and by which ids a chunk has, without decoding.
 * Only what is plain is judged: constant windows, constant sets of ids. Everything else may have rows. */
#include "query/exec/worker.h"

enum { IDS_LOOKED_UP = 64 }; /* a set of more ids than this is judged by the zone map alone */

typedef struct place {
    lots_worker *worker;
    lots_segment *segment;
    uint32_t segment_index;
    uint32_t chunk;
} place;

static bool window_may_have(const place *at, const lots_relation *relation, const lots_window *window)
{
    if (relation->start_column < 0)
        return true;
    const lots_block_meta *meta = lots_segment_meta(
        at->segment, relation->stream, relation->columns[relation->start_column].column, LOTS_PART_VALUES, at->chunk);
    const lots_expr *low = window->low, *high = window->high;
    if (meta->missing == meta->count)
        return false;
    if (low != NULL && low->op == LOTS_OP_CONSTANT && (low->constant.missing || low->constant.i > meta->max))
        return false;
    return !(high != NULL && high->op == LOTS_OP_CONSTANT && (high->constant.missing || high->constant.i < meta->min));
}

static uint32_t lower_bound(const lots_id *ranks, uint32_t count, lots_id rank)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (ranks[middle] < rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Does the chunk hold any of the ids with these ranks? */
static bool ranks_may_be(const place *at, uint32_t stream, uint32_t column, lots_ranks range)
{
    const lots_id *ranks = NULL;
    uint32_t count = 0;
    const lots_block_meta *meta = lots_segment_meta(at->segment, stream, column, LOTS_PART_VALUES, at->chunk);
    if (lots_segment_ranks(at->segment, stream, column, &ranks, &count, NULL) != LOTS_OK)
        return true; /* reading it will say what is wrong */
    const int64_t low = lower_bound(ranks, count, range.first), high = lower_bound(ranks, count, range.end);
    const int64_t from = low > meta->min ? low : meta->min, to = high - 1 < meta->max ? high - 1 : meta->max;
    if (to - from >= IDS_LOOKED_UP)
        return true;
    for (int64_t id = from; id <= to; id++)
        if (lots_segment_chunk_has(at->segment, stream, column, at->chunk, (lots_id)id))
            return true;
    return false;
}

static bool filter_may_have(const place *at, const lots_set *set, const lots_relation *relation,
                            const lots_expr *filter)
{
    if (filter->operand_count == 0 || filter->operands[0]->op != LOTS_OP_COLUMN ||
        filter->operands[0]->of_frame != set->frame)
        return true;
    const lots_expr *column = filter->operands[0];
    const lots_type_kind kind = column->type.kind == LOTS_TYPE_SET ? column->type.element : column->type.kind;
    if (kind != LOTS_TYPE_CATEGORY && kind != LOTS_TYPE_CODE)
        return true;
    const uint32_t stored = relation->columns[column->index].column;
    if (filter->op == LOTS_OP_IN_RANKS) {
        bool any = false;
        for (uint32_t r = 0; r < filter->ranks->range_count && !any; r++)
            any = ranks_may_be(at, relation->stream, stored, filter->ranks->ranges[r]);
        return any;
    }
    if (filter->op != LOTS_OP_EQUAL || filter->operands[1]->op != LOTS_OP_CONSTANT ||
        column->type.kind == LOTS_TYPE_SET)
        return true;
    const lots_constant *value = &filter->operands[1]->constant;
    const lots_ranks one = {(lots_id)value->i, (lots_id)value->i + 1};
    return !value->missing && ranks_may_be(at, relation->stream, stored, one);
}

static bool set_may_have(const place *at, const lots_set *set)
{
    const lots_relation *relation = &at->worker->query->relations[set->relation];
    if (relation->kind == LOTS_RELATION_MATCH) { /* every step that binds needs an event */
        for (uint32_t s = 0; s < relation->pattern->step_count; s++)
            if (!relation->pattern->steps[s].no && !set_may_have(at, relation->pattern->steps[s].set))
                return false;
        return true;
    }
    if (set->event != NULL || relation->kind != LOTS_RELATION_STREAM)
        return true;
    if (lots_segment_chunk_rows(at->segment, relation->stream, at->chunk) == 0)
        return false;
    for (uint32_t w = 0; w < set->window_count; w++)
        if (!window_may_have(at, relation, &set->windows[w]))
            return false;
    for (uint32_t f = 0; f < set->filter_count; f++)
        if (!filter_may_have(at, set, relation, set->filters[f]))
            return false;
    return true;
}

static bool cohort_may_have(const place *at, const lots_bound_cohort *cohort)
{
    if (cohort->bits == NULL)
        return true; /* not yet known */
    const size_t first = lots_registry_segment_first(at->worker->registry, at->segment_index);
    const size_t low = first + lots_segment_chunk_first(at->segment, at->chunk);
    const size_t high = first + lots_segment_chunk_first(at->segment, at->chunk + 1);
    return lots_bits_next(cohort->bits, low, high) < high;
}

static bool condition_may_hold(const place *at, const lots_expr *condition)
{
    if (condition->op == LOTS_OP_EXISTS)
        return set_may_have(at, condition->set);
    if (condition->op == LOTS_OP_COHORT)
        return cohort_may_have(at, condition->cohort);
    if (condition->op != LOTS_OP_AND)
        return true;
    for (uint32_t i = 0; i < condition->operand_count; i++)
        if (!condition_may_hold(at, condition->operands[i]))
            return false;
    return true;
}

bool lots_worker_may_have_rows(lots_worker *worker, const lots_bound_pipeline *pipeline, uint32_t segment,
                               uint32_t chunk)
{
    place at = {worker, NULL, segment, chunk};
    if (lots_registry_segment(worker->registry, segment, &at.segment, NULL) != LOTS_OK)
        return true;
    bool may = pipeline->source == NULL || set_may_have(&at, pipeline->source);
    for (uint32_t s = 0; may && s < pipeline->stage_count && pipeline->stages[s].kind == LOTS_STAGE_WHERE; s++)
        may = condition_may_hold(&at, pipeline->stages[s].where);
    worker->work.chunks_skipped += may ? 0 : 1;
    return may;
}
