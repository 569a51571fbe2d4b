/* measure.c: see measure.h. A test is counted by running a pipeline made for it: all rows of the stream, `where` the test,
 * count and patients. So it is what the query's own run would find. */
#include "query/plan/measure.h"

#include "core/base/memory.h"

/* ---- which rows a test looks at ---- */

/* The frame of all columns below; LOTS_FRAME_CONSTANT: none yet. False when anything else is looked at. */
static bool one_frame(const lots_expr *expr, uint32_t *frame)
{
    if (expr->set != NULL || expr->op == LOTS_OP_SLOT || expr->op == LOTS_OP_LOOKUP || expr->op == LOTS_OP_EVENT ||
        expr->op == LOTS_OP_PATIENT_ID || expr->op == LOTS_OP_COHORT)
        return false;
    if (expr->op == LOTS_OP_COLUMN || expr->op == LOTS_OP_SPAN_END || expr->op == LOTS_OP_IS_OPEN) {
        if (*frame != LOTS_FRAME_CONSTANT && *frame != expr->of_frame)
            return false;
        *frame = expr->of_frame;
    }
    for (uint32_t i = 0; i < expr->operand_count; i++)
        if (!one_frame(expr->operands[i], frame))
            return false;
    return true;
}

/* ---- the pipeline that counts ---- */

typedef struct made_query { /* the query with two more frames and expressions */
    lots_query query;
    lots_bound_pipeline pipeline;
    lots_bound_stage stages[2];
    lots_row_agg aggs[2];
    lots_expr slots[2];
    lots_named_expr columns[2];
    lots_set source;
    lots_frame *frames;
} made_query;

static lots_status copy_frames(made_query *made, const lots_query *query, lots_error *err)
{
    void *frames = NULL;
    made->query = *query;
    made->query.cohort_count = 0; /* a test of columns needs none: they stay unknown */
    LOTS_TRY(lots_alloc(&frames, (size_t)query->frame_count + 2, sizeof(lots_frame), err));
    made->frames = frames;
    memcpy(frames, query->frames, query->frame_count * sizeof(lots_frame));
    made->query.frames = frames;
    made->query.frame_count = query->frame_count + 2;
    return LOTS_OK;
}

/* Frame `frame_count` is that of the rows, or of the source's elements when the test stands in the rows; the next the table. */
static void make_rows(made_query *made, uint32_t frame)
{
    uint32_t first = made->query.frame_count - 2;
    bool patients = frame == LOTS_FRAME_PATIENT, in_rows = !patients && made->frames[frame].kind == LOTS_FRAME_IS_ROWS;
    uint32_t relation = patients ? UINT32_MAX : made->frames[frame].relation;
    made->frames[first] = (lots_frame){.kind = in_rows ? LOTS_FRAME_IS_ELEMENT : LOTS_FRAME_IS_ROWS,
                                       .parent = LOTS_FRAME_PATIENT, .depth = 2, .relation = relation, .name = "rows"};
    if (!patients) /* the test stands alone, wherever the query had it */
        made->frames[frame].parent = LOTS_FRAME_PATIENT;
    made->frames[first + 1] = (lots_frame){.kind = LOTS_FRAME_IS_TABLE, .depth = 1, .relation = UINT32_MAX, .name = "table"};
    made->pipeline.relation = relation;
    made->pipeline.row_frame = in_rows ? frame : first;
    made->pipeline.source = patients ? NULL : &made->source;
    made->source.relation = relation;
    made->source.frame = in_rows ? first : frame;
}

static void make_count(made_query *made)
{
    const lots_type number = {.kind = LOTS_TYPE_INT};
    uint32_t table = made->query.frame_count - 1;
    lots_bound_stage *group = &made->stages[made->pipeline.stage_count++];
    made->aggs[0].kind = LOTS_AGG_COUNT;
    made->aggs[1].kind = LOTS_AGG_PATIENTS;
    for (uint32_t i = 0; i < 2; i++) {
        made->aggs[i].type = number;
        made->slots[i] = (lots_expr){.op = LOTS_OP_SLOT, .type = number, .id = made->query.expr_count++, .frame = table,
                                     .depths = 2, .of_frame = table, .index = i};
        made->columns[i] = (lots_named_expr){i == 0 ? "n" : "p", &made->slots[i], i};
    }
    *group = (lots_bound_stage){.kind = LOTS_STAGE_GROUP, .frame = made->pipeline.row_frame, .items = made->columns,
                                .item_count = 2, .aggs = made->aggs, .agg_count = 2, .table_frame = table, .table_slots = 2};
    made->pipeline.stages = made->stages;
    made->pipeline.columns = made->columns;
    made->pipeline.column_count = 2;
    made->pipeline.aggregated = true;
}

static lots_status run_count(made_query *made, const lots_run_options *options, lots_measured *out, lots_error *err)
{
    lots_run_options plain = {.pool = options->pool, .memory_bytes = options->memory_bytes, .stop = options->stop};
    lots_result result;
    LOTS_TRY(lots_run_pipeline(&made->query, &made->pipeline, &plain, &result, err));
    out->known = true;
    out->events = (uint64_t)((const int64_t *)result.columns[0].values.data)[0];
    out->persons = (uint64_t)((const int64_t *)result.columns[1].values.data)[0];
    lots_result_free(&result);
    return LOTS_OK;
}

static bool is_measurable(const lots_query *query, const lots_expr *test, uint32_t *frame)
{
    *frame = LOTS_FRAME_CONSTANT;
    if (!one_frame(test, frame) || *frame == LOTS_FRAME_CONSTANT)
        return false;
    if (*frame == LOTS_FRAME_PATIENT)
        return true;
    const lots_frame *at = &query->frames[*frame];
    return (at->kind == LOTS_FRAME_IS_ELEMENT || at->kind == LOTS_FRAME_IS_ROWS) && at->relation < query->relation_count &&
           query->relations[at->relation].kind == LOTS_RELATION_STREAM;
}

lots_status lots_measure_test(const lots_query *query, const lots_expr *test, const lots_run_options *options,
                              lots_measured *out, lots_error *err)
{
    made_query made;
    uint32_t frame = 0;
    lots_expr *filters[1] = {(lots_expr *)(uintptr_t)test};
    *out = (lots_measured){0};
    if (!is_measurable(query, test, &frame))
        return LOTS_OK;
    memset(&made, 0, sizeof made);
    LOTS_TRY(copy_frames(&made, query, err));
    make_rows(&made, frame);
    if (made.source.frame == frame && frame != LOTS_FRAME_PATIENT) {
        made.source.filters = filters;
        made.source.filter_count = 1;
    } else {
        made.stages[0] = (lots_bound_stage){.kind = LOTS_STAGE_WHERE, .frame = made.pipeline.row_frame, .where = filters[0]};
        made.pipeline.stage_count = 1;
    }
    make_count(&made);
    lots_status status = run_count(&made, options, out, err);
    lots_free(made.frames);
    return status;
}

/* ---- zone maps ---- */

static lots_status skip_segment(const lots_query *query, lots_worker *worker, const lots_bound_pipeline *pipeline,
                                uint32_t segment, lots_skips *out, lots_error *err)
{
    lots_segment *opened = NULL;
    uint32_t skipped = 0;
    LOTS_TRY(lots_registry_segment(query->registry, segment, &opened, err));
    uint32_t chunks = lots_segment_chunks(opened);
    for (uint32_t chunk = 0; chunk < chunks; chunk++)
        skipped += !lots_worker_may_have_rows(worker, pipeline, segment, chunk);
    out->segments++;
    out->segments_skipped += chunks > 0 && skipped == chunks;
    out->chunks += chunks;
    out->chunks_skipped += skipped;
    return LOTS_OK;
}

lots_status lots_measure_skips(const lots_query *query, const lots_bound_pipeline *pipeline, lots_set *set,
                               lots_skips *out, lots_error *err)
{
    lots_bound_pipeline of_set = {.source = set};
    lots_worker *worker = NULL;
    *out = (lots_skips){0};
    LOTS_TRY(lots_worker_open(&worker, query, 0, NULL, err));
    lots_status status = LOTS_OK;
    for (uint32_t s = 0; s < lots_registry_segments(query->registry) && status == LOTS_OK; s++)
        status = skip_segment(query, worker, set != NULL ? &of_set : pipeline, s, out, err);
    lots_worker_close(worker);
    return status;
}

static void add_window(const lots_block_meta *meta, int64_t low, int64_t high, double *inside, double *all)
{
    double known = (double)meta->count - (double)meta->missing;
    int64_t from = low > meta->min ? low : meta->min, to = high < meta->max ? high : meta->max;
    *all += (double)meta->count;
    if (known > 0 && from <= to)
        *inside += known * ((double)to - (double)from + 1) / ((double)meta->max - (double)meta->min + 1);
}

lots_status lots_measure_window(lots_registry *registry, uint32_t stream, uint32_t start_column, int64_t low,
                                int64_t high, double *out, lots_error *err)
{
    double inside = 0, all = 0;
    for (uint32_t s = 0; s < lots_registry_segments(registry); s++) {
        lots_segment *segment = NULL;
        LOTS_TRY(lots_registry_segment(registry, s, &segment, err));
        for (uint32_t chunk = 0; chunk < lots_segment_chunks(segment); chunk++)
            add_window(lots_segment_meta(segment, stream, start_column, LOTS_PART_VALUES, chunk), low, high, &inside, &all);
    }
    *out = all > 0 ? inside / all : 0;
    return LOTS_OK;
}
