/* run.c: a pipeline from source to result. Stages that need the events run in passes over the chunks (run_chunks.c, pass.c);
 * between them, and after group by, the rows are a rowset in memory (run_table.c). See run.h. */
#include <string.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/exec/membership.h"
#include "query/exec/reach.h"
#include "query/exec/run_inner.h"

/* ---- opening ---- */

static lots_status open_segment(void *context, size_t task, unsigned worker, lots_error *err)
{
    const run *r = context;
    lots_segment *segment = NULL;
    (void)worker;
    return lots_registry_segment(r->query->registry, (uint32_t)task, &segment, err);
}

/* The first question of a program opens the segments of a large registry by all threads: reading what lies where in each is most
 * of what it waits for. */
static lots_status open_segments(run *r, lots_error *err)
{
    const uint32_t count = lots_registry_segments(r->query->registry);
    if (r->options->pool == NULL || count == 0 || lots_registry_segment_is_open(r->query->registry, count - 1))
        return LOTS_OK;
    return lots_pool_run(r->options->pool, count, open_segment, r, r->options->stop, err);
}

static lots_status list_chunks(run *r, lots_error *err)
{
    lots_vec list = LOTS_VEC(lots_chunk_place);
    lots_registry *registry = r->query->registry;
    lots_status status = open_segments(r, err);
    for (uint32_t s = 0; s < lots_registry_segments(registry) && status == LOTS_OK; s++) {
        lots_segment *segment = NULL;
        status = lots_registry_segment(registry, s, &segment, err);
        for (uint32_t c = 0; status == LOTS_OK && c < lots_segment_chunks(segment); c++) {
            lots_chunk_place place = {s, c, lots_registry_segment_first(registry, s) + lots_segment_chunk_first(segment, c)};
            status = lots_vec_push(&list, &place, err);
        }
    }
    r->chunks = list.data;
    r->chunk_count = (uint32_t)list.count;
    return status;
}

static lots_status open_run(run *r, lots_error *err)
{
    void *made = NULL;
    r->worker_count = r->options->pool != NULL ? lots_pool_threads(r->options->pool) : 1;
    LOTS_TRY(lots_alloc(&made, r->worker_count, sizeof(lots_worker *), err));
    r->workers = made;
    LOTS_TRY(lots_worker_open(&r->workers[0], r->query, 0, r->options->stop, err));
    lots_worker_share(r->workers[0], r->budget);
    return list_chunks(r, err);
}

void run_add_work(lots_work *to, const lots_work *from)
{
    to->chunks += from->chunks;
    to->chunks_skipped += from->chunks_skipped;
    to->blocks += from->blocks;
    to->bytes += from->bytes;
    to->values += from->values;
    to->rows += from->rows;
}

static void close_run(run *r)
{
    for (unsigned i = 0; i < r->worker_count && r->workers != NULL; i++) {
        if (r->workers[i] != NULL)
            run_add_work(&r->result->work, lots_worker_work(r->workers[i]));
        lots_worker_close(r->workers[i]);
    }
    lots_free(r->workers);
    lots_free(r->chunks);
    run_close_joins(r);
    for (size_t i = 0; i < r->parts.count; i++)
        lots_gathered_close(&LOTS_AT(lots_gathered, &r->parts, i));
    for (size_t i = 0; i < r->groups.count; i++)
        lots_group_close(&LOTS_AT(lots_group, &r->groups, i));
    lots_vec_free(&r->parts);
    lots_vec_free(&r->groups);
    lots_vec_free(&r->notes);
    lots_arena_free(&r->arena);
}

lots_status run_note(run *r, lots_error *err, const char *text)
{
    char *copy = NULL;
    LOTS_TRY(lots_arena_text(&r->result->arena, &copy, text, strlen(text), err));
    return lots_vec_push(&r->notes, &copy, err);
}

/* ---- who looks on ---- */

lots_status run_observe(run *r, uint32_t stage, bool again, const lots_vector *ranked, lots_error *err)
{
    const lots_observer *observer = r->options->observer;
    lots_sight sight = {.stage = stage, .worker = r->workers[0], .chunks = r->chunks, .memory = &r->rows, .again = again, .ranked = ranked};
    return observer == NULL ? LOTS_OK : observer->seen(observer->context, &sight, err);
}

void run_spend(run *r, uint32_t stage, uint64_t start_ns)
{
    const lots_observer *observer = r->options->observer;
    if (observer != NULL && observer->spent != NULL)
        observer->spent(observer->context, stage, lots_clock_ns() - start_ns);
}

/* A cohort whose count changed since it was saved is told of by the first result that needed it. */
static lots_status know_cohorts(run *r, lots_error *err)
{
    LOTS_TRY(lots_members_know(r->query, r->options, err));
    for (uint32_t i = 0; i < r->query->cohort_count; i++) {
        lots_bound_cohort *cohort = r->query->cohorts[i];
        const char *text = NULL;
        if (!cohort->told)
            LOTS_TRY(lots_members_change(cohort, r->query->registry, r->options->min_cell, &r->arena, &text, err));
        cohort->told = true;
        if (text != NULL)
            LOTS_TRY(run_note(r, err, text));
    }
    return LOTS_OK;
}

/* What needs too much memory is the stage, or what in it is known to; and what may be done. */
static lots_status blame(const run *r, lots_status status, uint32_t stage, lots_error *err)
{
    if (status != LOTS_LIMIT || err == NULL)
        return status;
    if (err->at == LOTS_NOWHERE && stage < r->pipeline->stage_count) {
        const lots_ast_span *span = &r->pipeline->stages[stage].span;
        err->source = span->source;
        err->at = span->at;
        err->at_end = span->end;
    }
    if (err->hint[0] == '\0' && strstr(err->text, "memory limit") != NULL)
        lots_error_hint(err, "--memory lets a question hold more; fewer rows or groups need less");
    return status;
}

static lots_status run_stages(run *r, lots_error *err)
{
    const lots_bound_pipeline *pipeline = r->pipeline;
    LOTS_TRY(know_cohorts(r, err));
    if (r->options->guard_rows)
        LOTS_TRY(lots_reach_check(r->query, pipeline, err));
    LOTS_TRY(run_open_joins(r, err));
    for (uint32_t s = 0; s < pipeline->stage_count;) {
        if (pipeline->stages[s].kind == LOTS_STAGE_TABLE) {
            LOTS_TRY(run_table_source(r, &pipeline->stages[s++], err));
            continue;
        }
        bool events = false, together = false;
        uint32_t next = s + 1;
        if (r->rows.patient != NULL && r->carried == NULL)
            LOTS_TRY(run_stage_needs_chunk(&pipeline->stages[s], &events, err));
        if (!r->have || events) {
            if (r->have)
                LOTS_TRY(run_observe(r, s, true, NULL, err));
            const lots_status status = run_chunk_pass(r, s, &next, err);
            LOTS_TRY(blame(r, status, next - 1, err)); /* what it ends with */
            s = next;
            continue;
        }
        LOTS_TRY(run_is_memory_pass(r, s, &together, err));
        if (together) {
            const lots_status status = run_memory_pass(r, s, &next, err);
            LOTS_TRY(blame(r, status, next - 1, err));
            s = next;
            continue;
        }
        LOTS_TRY(run_observe(r, s, false, NULL, err));
        uint64_t start = r->options->observer != NULL ? lots_clock_ns() : 0;
        LOTS_TRY(blame(r, run_table_stage(r, &pipeline->stages[s], err), s, err));
        run_spend(r, s, start);
        s++;
    }
    uint32_t after = pipeline->stage_count;
    if (!r->have)
        LOTS_TRY(blame(r, run_chunk_pass(r, after, &after, err), after, err));
    LOTS_TRY(run_observe(r, pipeline->stage_count, false, NULL, err));
    if (r->options->guard_rows && r->rows.patient != NULL && !pipeline->aggregated) /* a chart may make points of rows */
        LOTS_TRY(run_leave_out_protected(r, err));
    return run_write_result(r, err);
}

lots_status lots_run_pipeline(const lots_query *query, const lots_bound_pipeline *pipeline,
                              const lots_run_options *options, lots_result *out, lots_error *err)
{
    static const lots_run_options plain;
    run r;
    lots_budget budget;
    if (pipeline->into != NULL)
        return lots_members_run(query, pipeline, options != NULL ? options : &plain, out, err);
    memset(&r, 0, sizeof r);
    memset(out, 0, sizeof *out);
    lots_arena_init(&out->arena, 0);
    r.query = query;
    r.pipeline = pipeline;
    r.options = options != NULL ? options : &plain;
    r.result = out;
    r.parts = LOTS_VEC(lots_gathered);
    r.groups = LOTS_VEC(lots_group);
    r.notes = LOTS_VEC(const char *);
    lots_budget_init(&budget, r.options->memory_bytes == 0 ? RUN_MEMORY_DEFAULT : r.options->memory_bytes);
    r.budget = &budget;
    lots_arena_init(&r.arena, 0);
    lots_arena_share(&r.arena, &budget);
    run_shared_hold(&r);
    lots_status status = open_run(&r, err);
    if (status == LOTS_OK)
        status = run_stages(&r, err);
    close_run(&r);
    out->memory_peak_bytes = atomic_load(&budget.peak_bytes);
    if (status != LOTS_OK)
        lots_result_free(out);
    return status;
}

void lots_result_free(lots_result *result)
{
    lots_arena_free(&result->arena);
    memset(result, 0, sizeof *result);
}
