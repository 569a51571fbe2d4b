/* reach.c: a walk over the bound tree, each node once. See reach.h. */
#include "query/exec/reach.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/index/bitset.h"

typedef struct walk {
    const lots_query *query;
    bool flat;   /* what cohorts look at is not looked for */
    bool listed; /* ids stand by themselves as columns, or as keys of joins */
    bool asked;  /* the right side of a join asks for ids, also where it is of groups */
    lots_status status;
    uint64_t *exprs, *relations; /* seen already */
    uint64_t *ordered;           /* see lots_reach_ordered; NULL: not asked */
    uint32_t *least;             /* see lots_reach_sizes; NULL: not asked */
    lots_reach *out;
} walk;

static void visit_expr(walk *w, const lots_expr *expr);
static void visit_relation(walk *w, uint32_t index);

static void visit_exprs(walk *w, lots_expr *const *exprs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        visit_expr(w, exprs[i]);
}

static void note_order(walk *w, uint32_t relation)
{
    if (w->ordered != NULL && relation < w->query->relation_count)
        lots_bit_set(w->ordered, relation);
}

/* Does the aggregate give the same in whatever order, and at whatever time, the rows of its set come? */
static bool only_counts(const lots_expr *expr)
{
    switch (expr->op) {
    case LOTS_OP_COUNT: case LOTS_OP_EXISTS: case LOTS_OP_COUNT_DISTINCT: case LOTS_OP_SUM: case LOTS_OP_MIN:
    case LOTS_OP_MAX: case LOTS_OP_MEAN: case LOTS_OP_MEDIAN: case LOTS_OP_QUANTILE:
        return expr->set->event == NULL && expr->set->window_count == 0;
    default:
        return false;
    }
}

/* Columns other than `n`, and spans. */
static void note_looks(walk *w, const lots_expr *expr)
{
    const uint32_t relation =
        expr->of_frame < w->query->frame_count ? w->query->frames[expr->of_frame].relation : UINT32_MAX;
    if (w->ordered == NULL)
        return;
    if (expr->type.kind == LOTS_TYPE_EVENTS)
        note_order(w, expr->type.relation);
    if (expr->set != NULL && !only_counts(expr))
        note_order(w, expr->set->relation);
    if (relation >= w->query->relation_count)
        return;
    const lots_relation *of = &w->query->relations[relation];
    if (expr->op == LOTS_OP_SPAN_END || expr->op == LOTS_OP_IS_OPEN || expr->op == LOTS_OP_EVENT ||
        (expr->op == LOTS_OP_COLUMN &&
         (expr->index >= of->column_count || of->columns[expr->index].role != LOTS_COLUMN_N)))
        note_order(w, relation);
}

/* ---- sizes of active periods ---- */

uint32_t lots_reach_size(const lots_query *query, const lots_set *set, const lots_expr *filter)
{
    const lots_relation *relation = &query->relations[set->relation];
    if (relation->kind != LOTS_RELATION_ACTIVE || filter->op != LOTS_OP_GREATER_EQUAL)
        return 0;
    const lots_expr *size = filter->operands[0], *n = filter->operands[1];
    if (size->op != LOTS_OP_SIZE || n->op != LOTS_OP_CONSTANT || n->type.kind != LOTS_TYPE_INT || n->constant.missing)
        return 0;
    const lots_expr *key = size->operands[0];
    const bool own = key->op == LOTS_OP_COLUMN && key->of_frame == set->frame && key->index < relation->column_count &&
                     relation->columns[key->index].role == LOTS_COLUMN_KEY;
    return own && n->constant.i > 0 && n->constant.i <= INT32_MAX ? (uint32_t)n->constant.i : 0;
}

static void note_size(walk *w, const lots_set *set)
{
    uint32_t asked = 1;
    if (w->least == NULL || set->relation >= w->query->relation_count)
        return;
    for (uint32_t f = 0; f < set->filter_count; f++) {
        const uint32_t n = lots_reach_size(w->query, set, set->filters[f]);
        asked = n > asked ? n : asked;
    }
    if (asked < w->least[set->relation])
        w->least[set->relation] = asked;
}

static void visit_set(walk *w, const lots_set *set)
{
    if (set == NULL)
        return;
    note_size(w, set);
    visit_relation(w, set->relation);
    visit_expr(w, set->event);
    for (uint32_t i = 0; i < set->window_count; i++) {
        visit_expr(w, set->windows[i].low);
        visit_expr(w, set->windows[i].high);
    }
    visit_exprs(w, set->filters, set->filter_count);
}

static void visit_relation(walk *w, uint32_t index)
{
    if (index >= w->query->relation_count || lots_bit_get(w->relations, index))
        return;
    lots_bit_set(w->relations, index);
    const lots_relation *relation = &w->query->relations[index];
    if (relation->kind == LOTS_RELATION_STREAM)
        w->out->streams |= UINT64_C(1) << (relation->stream % LOTS_STREAMS_MAX);
    for (uint32_t i = 0; i < relation->column_count; i++)
        visit_expr(w, relation->columns[i].value);
    const lots_set *parts[] = {relation->left, relation->right, relation->members};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        visit_set(w, parts[i]);
        note_order(w, parts[i] != NULL ? parts[i]->relation : UINT32_MAX);
    }
    visit_exprs(w, relation->per, relation->per_count);
    visit_exprs(w, relation->by, relation->by_count);
    for (uint32_t i = 0; relation->pattern != NULL && i < relation->pattern->step_count; i++) {
        visit_set(w, relation->pattern->steps[i].set);
        note_order(w, relation->pattern->steps[i].set->relation);
    }
}

static lots_status reach_pipeline(const lots_query *query, const lots_bound_pipeline *pipeline, bool flat,
                                  lots_reach *out, lots_error *err);

/* A list of a cohort rests on all that the cohort, and those it is made of, look at. Ids it may look at are not listed. */
static void visit_cohort(walk *w, const lots_bound_cohort *cohort)
{
    for (uint32_t i = 0; i <= cohort->part_count && !w->flat && w->status == LOTS_OK; i++) {
        const lots_query *query = (i == 0 ? cohort : cohort->parts[i - 1])->query;
        lots_reach inner;
        w->status = reach_pipeline(query, &query->pipelines[0], true, &inner, NULL);
        w->out->streams |= inner.streams;
    }
}

/* The key of a record (schema.h: it is named `id`): whoever lists records by it can find out whose they are. */
static bool is_record_id(const lots_query *query, const lots_expr *expr)
{
    uint32_t relation = UINT32_MAX;
    if (expr->op == LOTS_OP_COLUMN && expr->of_frame < query->frame_count)
        relation = query->frames[expr->of_frame].relation;
    else if (expr->op == LOTS_OP_EVENT_COLUMN)
        relation = expr->operands[0]->type.relation;
    return relation < query->relation_count && expr->index < query->relations[relation].column_count &&
           strcmp(query->relations[relation].columns[expr->index].name, "id") == 0;
}

static void visit_expr(walk *w, const lots_expr *expr)
{
    if (expr == NULL || lots_bit_get(w->exprs, expr->id))
        return;
    lots_bit_set(w->exprs, expr->id);
    w->out->id = w->out->id || expr->op == LOTS_OP_PATIENT_ID;
    w->out->record_id = w->out->record_id || is_record_id(w->query, expr);
    note_looks(w, expr);
    if (expr->op == LOTS_OP_COHORT)
        visit_cohort(w, expr->cohort);
    if (expr->of_frame < w->query->frame_count)
        visit_relation(w, w->query->frames[expr->of_frame].relation);
    if (expr->type.kind == LOTS_TYPE_EVENTS)
        visit_relation(w, expr->type.relation);
    visit_exprs(w, expr->operands, expr->operand_count);
    visit_set(w, expr->set);
    for (uint32_t i = 0; i < expr->order_count; i++)
        visit_expr(w, expr->order[i].value);
}

static void visit_top(walk *w, const lots_top *top)
{
    visit_expr(w, top->by);
    visit_exprs(w, top->per, top->per_count);
}

/* An id by itself names the rows and asks nothing of them. */
static void visit_listed(walk *w, const lots_expr *expr)
{
    w->listed = w->listed || expr->op == LOTS_OP_PATIENT_ID;
    if (expr->op != LOTS_OP_PATIENT_ID)
        visit_expr(w, expr);
}

/* What rows are chosen and ordered by. */
static void visit_choices(walk *w, const lots_bound_stage *stage)
{
    visit_expr(w, stage->where);
    visit_expr(w, stage->each.value);
    visit_expr(w, stage->each.high);
    visit_top(w, &stage->top);
    for (uint32_t i = 0; i < stage->sort_count; i++)
        visit_listed(w, stage->sort[i].value);
}

/* What rows and groups are made of. */
static void visit_values(walk *w, const lots_bound_stage *stage)
{
    for (uint32_t i = 0; i < stage->function_count; i++)
        visit_top(w, &stage->functions[i].top);
    for (uint32_t i = 0; i < stage->key_count; i++)
        visit_expr(w, stage->keys[i].value);
    for (uint32_t i = 0; i < stage->agg_count; i++) {
        visit_expr(w, stage->aggs[i].value);
        visit_expr(w, stage->aggs[i].where);
        visit_expr(w, stage->aggs[i].exit);
        visit_expr(w, stage->aggs[i].at);
    }
}

static void visit_pipeline(walk *w, const lots_bound_pipeline *pipeline);

static bool chooses(const lots_bound_stage *stage)
{
    return stage->where != NULL || stage->top.by != NULL || stage->function_count > 0 || stage->join != NULL;
}

/* What rows are given: an id by itself is for the list, unless a later stage may choose by it. */
static void visit_items(walk *w, const lots_bound_pipeline *pipeline)
{
    bool listed = true;
    for (uint32_t s = pipeline->stage_count; s-- > 0; listed = listed && !chooses(&pipeline->stages[s]))
        for (uint32_t i = 0; i < pipeline->stages[s].item_count; i++)
            if (listed)
                visit_listed(w, pipeline->stages[s].items[i].value);
            else
                visit_expr(w, pipeline->stages[s].items[i].value);
}

/* What is joined is a value of the rows. Groups carry no ids: their own run sees to that. */
static void visit_join(walk *w, const lots_bound_join *join)
{
    if (join == NULL)
        return;
    for (uint32_t i = 0; i < join->key_count; i++)
        visit_listed(w, join->left_keys[i]);
    const bool id = w->out->id, listed = w->listed;
    visit_pipeline(w, join->right);
    w->asked = w->asked || w->out->id;
    w->out->id = id || (w->out->id && !join->right->aggregated);
    w->listed = listed || (w->listed && !join->right->aggregated);
}

/* Values first: a node that both a value and a condition share counts as a value's. */
static void visit_pipeline(walk *w, const lots_bound_pipeline *pipeline)
{
    visit_relation(w, pipeline->relation);
    note_order(w, pipeline->relation);
    if (w->least != NULL && pipeline->relation < w->query->relation_count)
        w->least[pipeline->relation] = 1; /* whoever looks on sees its rows before its set has narrowed them */
    visit_set(w, pipeline->source);
    for (uint32_t s = 0; s < pipeline->stage_count; s++)
        visit_values(w, &pipeline->stages[s]);
    visit_items(w, pipeline);
    for (uint32_t i = 0; i < pipeline->column_count; i++)
        visit_listed(w, pipeline->columns[i].value);
    for (uint32_t s = 0; s < pipeline->stage_count; s++)
        visit_join(w, pipeline->stages[s].join);
    w->out->id_in_values = w->out->id || w->listed;
    for (uint32_t s = 0; s < pipeline->stage_count; s++)
        visit_choices(w, &pipeline->stages[s]);
}

static lots_status open_walk(walk *w, lots_error *err)
{
    void *exprs = NULL, *relations = NULL;
    *w->out = (lots_reach){0};
    lots_status status = lots_alloc(&exprs, lots_bit_words(w->query->expr_count) + 1, sizeof(uint64_t), err);
    if (status == LOTS_OK)
        status = lots_alloc(&relations, lots_bit_words(w->query->relation_count) + 1, sizeof(uint64_t), err);
    w->exprs = exprs;
    w->relations = relations;
    return status;
}

static void close_walk(walk *w)
{
    lots_free(w->exprs);
    lots_free(w->relations);
}

static lots_status reach_pipeline(const lots_query *query, const lots_bound_pipeline *pipeline, bool flat,
                                  lots_reach *out, lots_error *err)
{
    walk w = {.query = query, .flat = flat, .out = out};
    lots_status status = open_walk(&w, err);
    if (status == LOTS_OK)
        visit_pipeline(&w, pipeline);
    out->id_asked = out->id || w.asked;
    out->id = out->id || w.listed;
    close_walk(&w);
    if (w.status != LOTS_OK)
        status = lots_fail(err, w.status, "no memory to see what a cohort looks at");
    return status;
}

lots_status lots_reach_ordered(const lots_query *query, uint64_t *bits, lots_error *err)
{
    lots_reach ignored;
    walk w = {.query = query, .flat = true, .ordered = bits, .out = &ignored};
    lots_status status = open_walk(&w, err);
    for (uint32_t i = 0; status == LOTS_OK && i < query->pipeline_count; i++)
        visit_pipeline(&w, &query->pipelines[i]);
    close_walk(&w);
    return status;
}

lots_status lots_reach_sizes(const lots_query *query, uint32_t *least, lots_error *err)
{
    lots_reach ignored;
    walk w = {.query = query, .flat = true, .least = least, .out = &ignored};
    lots_status status = open_walk(&w, err);
    for (uint32_t r = 0; r < query->relation_count; r++)
        least[r] = UINT32_MAX;
    for (uint32_t i = 0; status == LOTS_OK && i < query->pipeline_count; i++)
        visit_pipeline(&w, &query->pipelines[i]);
    for (uint32_t r = 0; r < query->relation_count; r++)
        least[r] = least[r] == UINT32_MAX ? 1 : least[r];
    close_walk(&w);
    return status;
}

lots_status lots_reach_pipeline(const lots_query *query, const lots_bound_pipeline *pipeline, lots_reach *out,
                                lots_error *err)
{
    return reach_pipeline(query, pipeline, false, out, err);
}

lots_status lots_reach_check(const lots_query *query, const lots_bound_pipeline *pipeline, lots_error *err)
{
    const lots_schema *schema = lots_registry_schema(query->registry);
    lots_reach reach;
    LOTS_TRY(lots_reach_pipeline(query, pipeline, &reach, err));
    if (pipeline->aggregated && reach.id_in_values) {
        lots_fail(err, LOTS_REFUSED, "a result of aggregates may not be made of the persons' ids");
        lots_error_hint(err, "count persons with patients(); a list of persons needs rows that no aggregate has reduced");
        return LOTS_REFUSED;
    }
    for (uint32_t s = 0; !pipeline->aggregated && (reach.id || reach.record_id) && s < schema->stream_count; s++)
        if (schema->streams[s].no_identity && (reach.streams >> s & 1) != 0) {
            lots_fail(err, LOTS_REFUSED, "'%s' may be counted but not used to name a person, and these rows carry ids",
                      schema->streams[s].name);
            lots_error_hint(err, "leave `id` out, or '%s'", schema->streams[s].name);
            return LOTS_REFUSED;
        }
    return LOTS_OK;
}
