/* plan.c: the stages of a plan. See plan.h; what stands under a stage is in plan_set.c. */
#include "query/plan/plan.h"

#include <inttypes.h>

#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "query/plan/plan_inner.h"
#include "query/plan/stage_words.h"

static lots_status put_line(planner *p, uint32_t depth, const char *kind, lots_line **out)
{
    return lots_outline_put(p->out, p->under + depth, p->stage, kind, &p->text, out, p->err);
}

static void put_estimate(const lots_estimate *rows, lots_line *line)
{
    line->about = lots_estimate_shown(rows);
    line->at_most = rows->at_most;
}

/* ---- the source ---- */

static lots_status source_line(planner *p, const lots_estimate *rows)
{
    const lots_bound_pipeline *pipeline = p->pipeline;
    lots_words words = {p->query, pipeline, pipeline->row_frame};
    lots_line *line = NULL;
    p->stage = p->under == 0 ? 0 : p->stage;
    p->text.count = 0;
    LOTS_TRY(lots_words_source(&words, &p->text, p->err));
    LOTS_TRY(put_line(p, 0, "source", &line));
    if (pipeline->source == NULL)
        line->persons = lots_registry_patients(p->query->registry);
    else if (pipeline->source->event == NULL &&
             p->query->relations[pipeline->source->relation].kind == LOTS_RELATION_STREAM)
        line->events = (int64_t)lots_registry_events(p->query->registry,
                                                     p->query->relations[pipeline->source->relation].stream);
    LOTS_TRY(plan_skips(p, NULL, line));
    put_estimate(rows, line);
    if (pipeline->source == NULL)
        line->about = LOTS_NONE; /* they are counted */
    return LOTS_OK;
}

/* ---- stages ---- */

static lots_status plan_items(planner *p, const lots_named_expr *items, uint32_t count, uint32_t frame, uint32_t depth)
{
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(plan_expr(p, items[i].value, frame, depth));
    return LOTS_OK;
}

static lots_status plan_top(planner *p, const lots_top *top, uint32_t frame, uint32_t depth)
{
    LOTS_TRY(plan_expr(p, top->by, frame, depth));
    for (uint32_t i = 0; i < top->per_count; i++)
        LOTS_TRY(plan_expr(p, top->per[i], frame, depth));
    return LOTS_OK;
}

/* Each column shown, and the event sets its aggregates look at. */
static lots_status plan_group(planner *p, const lots_bound_stage *stage)
{
    lots_words words = {p->query, p->pipeline, stage->table_frame};
    LOTS_TRY(plan_items(p, stage->keys, stage->key_count, stage->frame, 1));
    for (uint32_t i = stage->key_count; i < stage->item_count; i++) {
        p->text.count = 0;
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "show %s = ", stage->items[i].name));
        LOTS_TRY(lots_words_expr(&words, stage->items[i].value, &p->text, p->err));
        LOTS_TRY(put_line(p, 1, "show", NULL));
    }
    for (uint32_t i = 0; i < stage->agg_count; i++) {
        if (stage->aggs[i].value != NULL)
            LOTS_TRY(plan_expr(p, stage->aggs[i].value, stage->frame, 2));
        if (stage->aggs[i].exit != NULL)
            LOTS_TRY(plan_expr(p, stage->aggs[i].exit, stage->frame, 2));
        if (stage->aggs[i].where != NULL)
            LOTS_TRY(plan_expr(p, stage->aggs[i].where, stage->frame, 2));
    }
    return LOTS_OK;
}

/* A column of the row as it is, under a name. */
static bool is_column(const lots_named_expr *item)
{
    return item->value->op == LOTS_OP_COLUMN || item->value->op == LOTS_OP_PATIENT_ID;
}

static lots_status plan_columns(planner *p, const lots_bound_stage *stage)
{
    p->text.count = 0;
    for (uint32_t i = 0; i < stage->item_count; i++)
        if (is_column(&stage->items[i]))
            LOTS_TRY(lots_bytes_printf(&p->text, p->err, "%s%s", p->text.count == 0 ? "columns " : ", ",
                                       stage->items[i].name));
    return p->text.count == 0 ? LOTS_OK : put_line(p, 1, "columns", NULL);
}

/* A line for each derived column, what it needs under it. */
static lots_status plan_derive(planner *p, const lots_bound_stage *stage)
{
    lots_words words = {p->query, p->pipeline, stage->frame};
    LOTS_TRY(plan_columns(p, stage));
    for (uint32_t i = 0; i < stage->item_count; i++) {
        if (is_column(&stage->items[i]))
            continue;
        p->text.count = 0;
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "%s = ", stage->items[i].name));
        LOTS_TRY(lots_words_expr(&words, stage->items[i].value, &p->text, p->err));
        LOTS_TRY(put_line(p, 1, "value", NULL));
        LOTS_TRY(plan_expr(p, stage->items[i].value, stage->frame, 2));
    }
    return LOTS_OK;
}

static bool changes_rows(const lots_bound_stage *stage)
{
    return stage->kind != LOTS_STAGE_DERIVE && stage->kind != LOTS_STAGE_FUNCTIONS && stage->kind != LOTS_STAGE_SORT &&
           stage->kind != LOTS_STAGE_SHOW && stage->kind != LOTS_STAGE_JOIN;
}

static lots_status plan_right(planner *p, const lots_bound_join *join);

static lots_status plan_parts(planner *p, const lots_bound_stage *stage)
{
    if (stage->kind == LOTS_STAGE_JOIN)
        return plan_right(p, stage->join);
    if (stage->kind == LOTS_STAGE_GROUP)
        return plan_group(p, stage);
    if (stage->kind == LOTS_STAGE_DERIVE)
        return plan_derive(p, stage);
    if (stage->where != NULL)
        LOTS_TRY(plan_expr(p, stage->where, stage->frame, 1));
    LOTS_TRY(plan_items(p, stage->items, stage->item_count, stage->frame, 1));
    if (stage->kind == LOTS_STAGE_TOP)
        LOTS_TRY(plan_top(p, &stage->top, stage->frame, 1));
    for (uint32_t i = 0; i < stage->function_count; i++)
        LOTS_TRY(plan_top(p, &stage->functions[i].top, stage->frame, 1));
    for (uint32_t i = 0; i < stage->sort_count; i++)
        LOTS_TRY(plan_expr(p, stage->sort[i].value, stage->frame, 1));
    if (stage->kind == LOTS_STAGE_EACH)
        LOTS_TRY(plan_expr(p, stage->each.value, stage->frame, 1));
    return LOTS_OK;
}

static lots_status plan_stage(planner *p, uint32_t index, lots_estimate *rows)
{
    const lots_bound_stage *stage = &p->pipeline->stages[index];
    lots_words words = {p->query, p->pipeline, stage->frame};
    lots_line *line = NULL;
    p->stage = p->under == 0 ? (int64_t)index + 1 : p->stage;
    p->text.count = 0;
    LOTS_TRY(stage->kind == LOTS_STAGE_DERIVE ? lots_bytes_printf(&p->text, p->err, "derive")
                                              : lots_words_stage(&words, stage, &p->text, p->err));
    LOTS_TRY(put_line(p, 0, lots_stage_kind(stage), &line));
    LOTS_TRY(lots_estimate_stage(&p->estimator, stage, rows, p->err));
    if (changes_rows(stage))
        put_estimate(rows, line);
    return plan_parts(p, stage);
}

/* From the source to the last stage. */
static lots_status plan_pipeline(planner *p)
{
    lots_estimate rows;
    const lots_bound_pipeline *pipeline = p->pipeline;
    const bool table = pipeline->stage_count > 0 && pipeline->stages[0].kind == LOTS_STAGE_TABLE;
    LOTS_TRY(lots_estimate_source(&p->estimator, &rows, p->err));
    if (!table)
        LOTS_TRY(source_line(p, &rows));
    if (pipeline->source != NULL)
        LOTS_TRY(plan_set_parts(p, pipeline->source, 1));
    for (uint32_t i = 0; i < pipeline->stage_count; i++)
        LOTS_TRY(plan_stage(p, i, &rows));
    return LOTS_OK;
}

/* The right side of a join has a plan of its own, under the line of the join. */
static lots_status plan_right(planner *p, const lots_bound_join *join)
{
    const lots_bound_pipeline *left = p->pipeline;
    if (p->under >= PLAN_DEPTH_MOST)
        return LOTS_OK;
    p->under++;
    p->pipeline = p->estimator.pipeline = join->right;
    lots_status status = plan_pipeline(p);
    p->pipeline = p->estimator.pipeline = left;
    p->under--;
    return status;
}

/* ---- the end ---- */

static lots_status plan_result(planner *p)
{
    p->stage = LOTS_NONE;
    p->text.count = 0;
    if (p->pipeline->into != NULL) {
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "into cohort %s", p->pipeline->into->name));
        LOTS_TRY(put_line(p, 0, "cohort", NULL));
        p->text.count = 0;
    }
    if (p->pipeline->nobody)
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "disclosure: these rows are about nobody; nothing is hidden"));
    else if (!p->pipeline->aggregated)
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "disclosure: a list of persons, events or episodes: needs --purpose and is "
                                                     "logged; protected and no-contact persons are left out"));
    else
        LOTS_TRY(lots_bytes_printf(&p->text, p->err, "disclosure: numbers that rest on fewer than %" PRIu32
                                                     " persons are hidden", p->out->min_cell));
    return put_line(p, 0, "disclosure", NULL);
}

/* ---- what was counted ---- */

static lots_line *line_of_stage(planner *p, int64_t stage)
{
    for (size_t i = 0; i < p->out->lines.count; i++) {
        lots_line *line = &LOTS_AT(lots_line, &p->out->lines, i);
        if (line->depth == 0 && line->stage == stage)
            return line;
    }
    return NULL;
}

/* Not the rows looked at: they would give small counts away. */
static lots_status put_work(planner *p, const lots_counted *counted)
{
    const lots_work *work = &counted->work;
    lots_line *line = NULL;
    p->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&p->text, p->err,
                               "work: %" PRIu64 " chunks read, %" PRIu64 " skipped; %" PRIu64 " blocks, %" PRIu64
                               " bytes, %" PRIu64 " values decoded",
                               work->chunks, work->chunks_skipped, work->blocks, work->bytes, work->values));
    LOTS_TRY(put_line(p, 0, "work", &line));
    line->ns = (int64_t)counted->run_ns;
    return LOTS_OK;
}

static lots_status put_counted(planner *p, const lots_counted *counted)
{
    for (uint32_t i = 1; i < counted->step_count; i++) {
        const lots_step_count *step = &counted->steps[i];
        bool source = step->stage == UINT32_MAX;
        if ((source && i + 1 != counted->source_steps) || !step->seen)
            continue;
        lots_line *line = line_of_stage(p, source ? 0 : (int64_t)step->stage + 1);
        if (line == NULL)
            continue;
        line->rows = step->shown_rows;
        line->rows_persons = step->shown_persons;
        line->ns = (int64_t)step->ns;
    }
    return put_work(p, counted);
}

/* ---- the door ---- */

static lots_status make_plan(planner *p, const lots_counted *counted)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&p->out->arena, &made, lots_bit_words(p->query->relation_count) + 1, sizeof(uint64_t), p->err));
    p->relations = made;
    LOTS_TRY(plan_pipeline(p));
    LOTS_TRY(plan_result(p));
    return counted == NULL ? LOTS_OK : put_counted(p, counted);
}

lots_status lots_plan_make(const lots_query *query, const lots_bound_pipeline *pipeline,
                           const lots_run_options *options, const lots_counted *counted, lots_outline *out,
                           lots_error *err)
{
    planner p = {.query = query, .pipeline = pipeline, .options = options, .out = out, .err = err,
                 .sets_seen = LOTS_VEC(const lots_set *)};
    p.estimator = (lots_estimator){query, pipeline, options, LOTS_VEC(lots_test_count)};
    lots_outline_open(out, options->min_cell);
    lots_status status = make_plan(&p, counted);
    lots_vec_free(&p.sets_seen);
    lots_vec_free(&p.estimator.tests);
    lots_bytes_free(&p.text);
    return status;
}

lots_status lots_plan_result(const lots_query *query, const lots_bound_pipeline *pipeline,
                             const lots_run_options *options, lots_result *out, lots_error *err)
{
    lots_outline outline;
    memset(out, 0, sizeof *out);
    lots_status status = lots_plan_make(query, pipeline, options, NULL, &outline, err);
    if (status == LOTS_OK)
        status = lots_outline_result(&outline, LOTS_OUTLINE_PLAN, false, out, err);
    lots_outline_free(&outline);
    return status;
}
