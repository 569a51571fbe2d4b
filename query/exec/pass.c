/* pass.c: see pass.h. */
#include "query/exec/pass.h"

#include <pthread.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/exec/beyond.h"
#include "query/exec/group_cells.h"
#include "query/exec/later.h"
#include "query/exec/masked.h"
#include "query/exec/panel.h"
#include "query/exec/pass_rows.h"
#include "query/exec/sieve.h"
#include "query/exec/wanted.h"

typedef struct pass_state {
    lots_pass *pass;
    struct pass_state *others; /* by other pass */
    bool is_other;
    lots_group *groups;   /* when grouping: by worker; what a group holds doesn't depend on the order it is fed in */
    lots_gather gather;   /* when collecting */
    lots_pass_rows rows;  /* of a former pass */
    uint32_t tasks;
    uint64_t chunks_done;
    lots_arena arena;     /* plans */
    lots_each_plan *plans;/* by stage, of an EACH */
    lots_panel panel;
    uint64_t *later;      /* by stage, of a DERIVE: what waits for the next one: later.h */
    bool masked;          /* rows stay where they are: masked.h */
    pthread_mutex_t lock;
} pass_state;

/* ---- one chunk ---- */

/* What the clock showed goes to a stage of the pass, `at` from its first; UINT32_MAX: to where its rows came from. */
static void spend(const lots_pass *pass, uint32_t at, uint64_t *clock)
{
    const lots_observer *observer = pass->options->observer;
    uint32_t first = (uint32_t)(pass->stages - pass->pipeline->stages);
    if (observer == NULL)
        return;
    uint64_t now = lots_clock_ns();
    if (observer->spent != NULL)
        observer->spent(observer->context, at != UINT32_MAX ? first + at : pass->input != NULL ? first : UINT32_MAX,
                        now - *clock);
    *clock = now;
}

/* Rows about to enter a stage of the pass, or the one after it. Who looks on does so on no stage's time. */
static lots_status observe(const lots_pass *pass, lots_worker *worker, const lots_instance *rows, uint32_t chunk,
                           uint32_t at, uint64_t *clock, lots_error *err)
{
    const lots_observer *observer = pass->options->observer;
    lots_sight sight = {.stage = (uint32_t)(pass->stages - pass->pipeline->stages) + at,
                        .worker = worker,
                        .rows = rows,
                        .chunk = chunk,
                        .chunks = pass->chunks};
    if (observer == NULL || sight.stage >= pass->pipeline->stage_count)
        return LOTS_OK;
    spend(pass, at == 0 ? UINT32_MAX : at - 1, clock);
    LOTS_TRY(observer->seen(observer->context, &sight, err));
    *clock = lots_clock_ns();
    return LOTS_OK;
}

/* What the rows of a stage are asked next. Who looks on wants to see those that it drops. */
static const lots_expr *where_after(const lots_pass *pass, uint32_t at)
{
    const bool asked = at + 1 < pass->stage_count && pass->stages[at + 1].kind == LOTS_STAGE_WHERE;
    return asked && pass->options->observer == NULL ? pass->stages[at + 1].where : NULL;
}

static lots_status make_plans(pass_state *state, lots_error *err)
{
    const lots_pass *pass = state->pass;
    void *made = NULL;
    lots_arena_init(&state->arena, 0);
    LOTS_TRY(lots_arena_alloc(&state->arena, &made, pass->stage_count, sizeof(lots_each_plan), err));
    state->plans = made;
    for (uint32_t s = 0; s < pass->stage_count; s++)
        if (pass->stages[s].kind == LOTS_STAGE_EACH)
            LOTS_TRY(lots_each_plan_make(&pass->stages[s].each, where_after(pass, s), pass->stages[s].frame, &state->arena,
                                         &state->plans[s], err));
    if (pass->options->observer == NULL && pass->carried == NULL)
        lots_panel_plan(pass->query, pass->pipeline, pass->stages, pass->stage_count, pass->group, &state->panel);
    state->panel.shared = pass->other_count > 0 || state->is_other;
    const bool alone = pass->input == NULL && pass->other_count == 0 && !state->is_other && !state->panel.is;
    LOTS_TRY(lots_arena_alloc(&state->arena, &made, pass->stage_count, sizeof(uint64_t), err));
    state->later = made;
    for (uint32_t s = 0; alone && s + 1 < pass->stage_count; s++)
        if (where_after(pass, s) != NULL)
            state->later[s] = lots_later_items(pass->query, pass->pipeline, &pass->stages[s], &pass->stages[s + 1]);
    state->masked = pass->options->observer == NULL && pass->input == NULL && pass->other_count == 0 && !state->is_other &&
                    lots_masked_can(pass->query, pass->pipeline, pass->stages, pass->stage_count, pass->group);
    return LOTS_OK;
}

/* *last: the stage, or the one after it that it did along with it. */
static lots_status run_each(const pass_state *state, lots_worker *worker, uint32_t at, lots_instance **rows,
                            lots_group_weights *weights, uint32_t *last, lots_error *err)
{
    const lots_pass *pass = state->pass;
    const lots_each *each = &pass->stages[at].each;
    bool settled = false;
    if (state->panel.is && state->panel.each == at)
        LOTS_TRY(lots_panel_rows(worker, &state->panel, each, &state->plans[at], *rows, rows, weights, &settled, err));
    if (!settled)
        LOTS_TRY(lots_each_rows(worker, each, &state->plans[at], *rows, rows, &settled, err));
    *last = settled && where_after(pass, at) != NULL ? at + 1 : at;
    return LOTS_OK;
}

/* Are events as they are stored all that is asked for? */
static bool are_stored(const lots_query *query)
{
    bool stored = true;
    for (uint32_t r = 0; r < query->relation_count; r++)
        stored &= query->relations[r].kind == LOTS_RELATION_STREAM;
    return stored;
}

/* What is made of events numbers its rows, and rows and values that go from pass to pass refer to those numbers: so patients are
 * left out only where nothing comes from another pass, and nothing but groups comes out or nothing is made; and where all passes
 * leave them out. */
static lots_status note_wanted(const pass_state *state, lots_worker *worker, uint32_t at, const lots_instance *rows,
                               lots_error *err)
{
    const lots_pass *pass = state->pass;
    const bool all = !state->is_other && (pass->other_count == 0 || at < pass->shared);
    const bool numbers = pass->group == NULL && !are_stored(pass->query);
    return all && !numbers && pass->input == NULL ? lots_wanted_note(worker, rows, err) : LOTS_OK;
}

/* Before a `where`: its rows that can pass. Who looks on wants to see all of it. */
static lots_status sift(const pass_state *state, lots_worker *worker, uint32_t at, lots_instance **rows, lots_error *err)
{
    uint64_t *keep = NULL;
    if (state->pass->options->observer == NULL && state->pass->input == NULL)
        LOTS_TRY(lots_sieve(worker, state->pass->stages[at].where, *rows, &keep, err));
    if (keep == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_rows_filter(worker, *rows, keep, rows, err));
    return note_wanted(state, worker, at, *rows, err);
}

/* The items of a DERIVE with a bit. */
static lots_status derive(const lots_bound_stage *stage, uint64_t items, lots_worker *worker, const lots_instance *rows,
                          lots_error *err)
{
    for (uint32_t i = 0; i < stage->item_count; i++)
        if (i >= 64 || (items >> i & 1) != 0)
            LOTS_TRY(lots_eval(worker, stage->items[i].value, rows, &rows->slots[stage->items[i].slot], err));
    return LOTS_OK;
}

static lots_status run_stage(const pass_state *state, lots_worker *worker, uint32_t at, lots_instance **rows, lots_error *err)
{
    const lots_pass *pass = state->pass;
    const lots_bound_stage *stage = &pass->stages[at];
    const bool waited = at > 0 && state->later[at - 1] != 0 && lots_later_holds(worker);
    if (stage->kind == LOTS_STAGE_JOIN)
        return lots_join_rows(&pass->joins[at], worker, *rows, err);
    if (stage->kind == LOTS_STAGE_WHERE) {
        uint64_t *keep = NULL;
        LOTS_TRY(sift(state, worker, at, rows, err));
        LOTS_TRY(lots_eval_true(worker, stage->where, *rows, &keep, err));
        LOTS_TRY(lots_rows_filter(worker, *rows, keep, rows, err));
        LOTS_TRY(note_wanted(state, worker, at, *rows, err));
        return waited ? derive(stage - 1, state->later[at - 1], worker, *rows, err) : LOTS_OK;
    }
    const bool waits = state->later[at] != 0 && lots_later_holds(worker);
    return derive(stage, waits ? ~state->later[at] : UINT64_MAX, worker, *rows, err);
}

/* Where too much memory was asked for: in that stage, unless an expression of it is known to be it. */
static lots_status blame(lots_status status, const lots_bound_stage *stage, lots_error *err)
{
    if (status == LOTS_LIMIT && stage != NULL && err != NULL && err->at == LOTS_NOWHERE) {
        err->source = stage->span.source;
        err->at = stage->span.at;
        err->at_end = stage->span.end;
    }
    return status;
}

typedef struct stage_range {
    uint32_t first, end;
} stage_range;

static lots_status run_stages(const pass_state *state, lots_worker *worker, uint32_t chunk, stage_range range,
                              lots_instance **rows, lots_group_weights *weights, uint64_t *clock, lots_error *err)
{
    const lots_pass *pass = state->pass;
    for (uint32_t s = range.first; s < range.end; s++) {
        LOTS_TRY(observe(pass, worker, *rows, chunk, s, clock, err));
        const lots_instance *before = *rows;
        const lots_bound_stage *stage = &pass->stages[s];
        const bool each = stage->kind == LOTS_STAGE_EACH;
        LOTS_TRY(blame(each ? run_each(state, worker, s, rows, weights, &s, err) : run_stage(state, worker, s, rows, err), stage,
                       err));
        LOTS_TRY(lots_beyond_settle(worker, before, err));
    }
    return LOTS_OK;
}

static lots_status gather_rows(pass_state *state, lots_worker *worker, unsigned number, uint32_t chunk,
                               const lots_instance *rows, lots_error *err)
{
    const uint32_t *patients = NULL;
    if (rows->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_rows_patients(worker, rows, &patients, err));
    return lots_gather_chunk(&state->gather, number, chunk, worker, rows, patients,
                             state->pass->pipeline->relation != UINT32_MAX, err);
}

static lots_status group_rows(lots_group *group, lots_worker *worker, const lots_instance *rows,
                              const lots_group_weights *weights, const uint64_t *present, lots_error *err)
{
    const uint32_t *patients = NULL;
    bool done = rows->count == 0;
    if (!done && weights->weight == NULL)
        LOTS_TRY(lots_group_feed_cells(group, worker, rows, present, &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(lots_rows_patients(worker, rows, &patients, err));
    return lots_group_feed(group, worker, rows, patients, NULL, weights->weight != NULL ? weights : NULL, present, err);
}

/* Is the chunk to be looked at for the source's rows? */
static bool wanted(const lots_pass *pass, lots_worker *worker, uint32_t chunk)
{
    const lots_observer *observer = pass->options->observer;
    if (observer != NULL && observer->only != UINT32_MAX && observer->only != chunk)
        return false;
    return (observer != NULL && observer->whole) ||
           lots_worker_may_have_rows(worker, pass->pipeline, pass->chunks[chunk].segment, pass->chunks[chunk].chunk);
}

/* The stage after those of the pass; NULL: there is none. */
static const lots_bound_stage *stage_after(const lots_pass *pass)
{
    const lots_bound_stage *next = pass->stages + pass->stage_count;
    return next < pass->pipeline->stages + pass->pipeline->stage_count ? next : NULL;
}

static lots_status take_rows(pass_state *state, lots_worker *worker, unsigned number, uint32_t chunk,
                             const lots_instance *rows, const lots_group_weights *weights, const uint64_t *present,
                             lots_error *err)
{
    if (state->pass->group == NULL)
        return gather_rows(state, worker, number, chunk, rows, err);
    LOTS_TRY(group_rows(&state->groups[number], worker, rows, weights, present, err));
    return lots_group_count(&state->groups[number], state->pass->budget, err);
}

/* ---- several passes ---- */

static lots_status run_rest(pass_state *state, lots_worker *worker, unsigned number, uint32_t chunk, uint32_t first,
                            lots_instance *rows, lots_error *err)
{
    const stage_range range = {first, state->pass->stage_count};
    lots_group_weights weights = {NULL, 0};
    uint64_t clock = 0;
    LOTS_TRY(run_stages(state, worker, chunk, range, &rows, &weights, &clock, err));
    LOTS_TRY(take_rows(state, worker, number, chunk, rows, &weights, NULL, err));
    return lots_beyond_settle(worker, rows, err);
}

/* What windows leave is told by the pipeline that asks: here it is not known which one does. */
static lots_status see_nobody_beyond(const lots_worker *worker, lots_error *err)
{
    for (uint32_t side = 0; worker->beyond != NULL && side < 2 * worker->schema->stream_count; side++)
        if (worker->beyond[side].count > 0)
            return lots_fail(err, LOTS_INTERNAL, "windows of several pipelines leave what is covered");
    return LOTS_OK;
}

/* Each goes on from the same rows, which are those of its own frame; none looks at what another derives. */
static lots_status run_together(pass_state *state, lots_worker *worker, unsigned number, uint32_t chunk, lots_instance *rows,
                                lots_error *err)
{
    const lots_pass *pass = state->pass;
    const stage_range shared = {0, pass->shared};
    lots_group_weights weights = {NULL, 0};
    uint64_t clock = 0;
    void *made = NULL;
    LOTS_TRY(run_stages(state, worker, chunk, shared, &rows, &weights, &clock, err));
    LOTS_TRY(lots_arena_alloc(lots_worker_arena(worker), &made, pass->other_count, sizeof(lots_instance *), err));
    lots_instance **others = made;
    for (uint32_t i = 0; i < pass->other_count; i++)
        LOTS_TRY(lots_rows_again(worker, pass->others[i].pipeline, rows, &others[i], err));
    LOTS_TRY(run_rest(state, worker, number, chunk, pass->shared, rows, err));
    for (uint32_t i = 0; i < pass->other_count; i++)
        LOTS_TRY(run_rest(&state->others[i], worker, number, chunk, 0, others[i], err));
    return see_nobody_beyond(worker, err);
}

static lots_status run_chunk(pass_state *state, lots_worker *worker, unsigned number, uint32_t chunk, lots_error *err)
{
    const lots_pass *pass = state->pass;
    const lots_chunk_place *place = &pass->chunks[chunk];
    const lots_instance *patients = NULL;
    const stage_range range = {0, pass->stage_count};
    lots_instance *rows = NULL;
    lots_group_weights weights = {NULL, 0};
    const uint64_t *present = NULL;
    bool masked = false;
    uint64_t clock = pass->options->observer != NULL ? lots_clock_ns() : 0;
    if (pass->input != NULL ? lots_pass_rows_count(&state->rows, chunk) == 0 : !wanted(pass, worker, chunk))
        return LOTS_OK;
    LOTS_TRY(lots_worker_begin(worker, place->segment, place->chunk, &patients, err));
    if (pass->input != NULL)
        LOTS_TRY(lots_pass_rows_restore(&state->rows, pass, worker, chunk, &rows, err));
    else if (state->masked)
        LOTS_TRY(lots_masked_rows(worker, pass->pipeline, pass->stages, pass->stage_count, &rows, &present, &masked, err));
    if (rows == NULL)
        LOTS_TRY(lots_rows_begin(worker, pass->pipeline, &rows, err));
    if (pass->other_count > 0)
        return run_together(state, worker, number, chunk, rows, err);
    if (!masked)
        LOTS_TRY(run_stages(state, worker, chunk, range, &rows, &weights, &clock, err));
    LOTS_TRY(observe(pass, worker, rows, chunk, pass->stage_count, &clock, err));
    LOTS_TRY(blame(take_rows(state, worker, number, chunk, rows, &weights, present, err), stage_after(pass), err));
    LOTS_TRY(lots_beyond_settle(worker, rows, err));
    spend(pass, pass->stage_count, &clock);
    return LOTS_OK;
}

/* Rows in memory that need no chunk, on their way to a group. */
static lots_status run_stretch(pass_state *state, lots_worker *worker, unsigned number, uint32_t part, lots_error *err)
{
    const lots_pass *pass = state->pass;
    lots_instance *rows = NULL;
    const stage_range range = {0, pass->stage_count};
    lots_group_weights weights = {NULL, 0};
    uint64_t clock = 0;
    void *patients = NULL;
    LOTS_TRY(lots_worker_begin_carried(worker, pass->carried, err));
    LOTS_TRY(lots_pass_rows_stretch(&state->rows, worker, part, &rows, err));
    LOTS_TRY(run_stages(state, worker, 0, range, &rows, &weights, &clock, err));
    LOTS_TRY(lots_arena_vector(lots_worker_arena(worker), &patients, rows->count, sizeof(lots_patient), err));
    const lots_patient *all = pass->input->patient, first = rows->count > 0 ? all[rows->ordinal[0]] : 0;
    for (uint32_t i = 0; i < rows->count; i++) /* small numbers */
        ((lots_patient *)patients)[i] = all[rows->ordinal[i]] - first;
    LOTS_TRY(lots_group_feed(&state->groups[number], worker, rows, patients, NULL, NULL, NULL, err));
    return blame(lots_group_count(&state->groups[number], pass->budget, err), pass->group, err);
}

/* ---- tasks ---- */

/* Who looks on may ask for the days of what is made of events, whatever the query asks for (lots_relation_is_ordered). */
static lots_status order_all(lots_worker *worker, lots_error *err)
{
    uint64_t *bits = NULL;
    if (worker->alike.ordered != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(&worker->tables, worker->query->relation_count, &bits, err));
    lots_bits_fill(bits, worker->query->relation_count, true);
    worker->alike.ordered = bits;
    return LOTS_OK;
}

static lots_status worker_of(const lots_pass *pass, unsigned number, lots_worker **out, lots_error *err)
{
    if (pass->workers[number] == NULL) {
        LOTS_TRY(lots_worker_open(&pass->workers[number], pass->query, 0, pass->options->stop, err));
        lots_worker_share(pass->workers[number], pass->budget);
    }
    *out = pass->workers[number];
    if (pass->options->observer != NULL)
        LOTS_TRY(order_all(*out, err));
    return lots_beyond_watch(*out, pass->options->min_cell > 1 ? pass->options->min_cell : 1, err);
}

static lots_status open_task(pass_state *state, unsigned number, lots_worker **worker, lots_error *err)
{
    const lots_pass *pass = state->pass;
    LOTS_TRY(worker_of(pass, number, worker, err));
    if (pass->group == NULL || state->groups[number].stage != NULL)
        return LOTS_OK;
    for (uint32_t i = 0; i < pass->other_count; i++)
        LOTS_TRY(lots_group_open(&state->others[i].groups[number], pass->others[i].group, pass->options->min_cell, err));
    return lots_group_open(&state->groups[number], pass->group, pass->options->min_cell, err);
}

static void tell_progress(pass_state *state)
{
    const lots_run_options *options = state->pass->options;
    if (options->progress == NULL)
        return;
    pthread_mutex_lock(&state->lock);
    state->chunks_done++;
    options->progress(options->progress_context, state->chunks_done, state->pass->chunk_count);
    pthread_mutex_unlock(&state->lock);
}

static lots_status run_task(void *context, size_t task, unsigned number, lots_error *err)
{
    pass_state *state = context;
    lots_worker *worker = NULL;
    LOTS_TRY(open_task(state, number, &worker, err));
    if (state->pass->carried != NULL)
        return run_stretch(state, worker, number, (uint32_t)task, err);
    LOTS_TRY(run_chunk(state, worker, number, (uint32_t)task, err));
    if (state->pass->group == NULL)
        LOTS_TRY(blame(lots_gather_done(&state->gather, number, (uint32_t)task, err), stage_after(state->pass), err));
    tell_progress(state);
    return LOTS_OK;
}

static lots_status run_tasks(pass_state *state, lots_error *err)
{
    lots_pass *pass = state->pass;
    if (pass->options->pool != NULL)
        return lots_pool_run(pass->options->pool, state->tasks, run_task, state, pass->options->stop, err);
    for (uint32_t task = 0; task < state->tasks; task++) {
        if (pass->options->stop != NULL && *pass->options->stop)
            return lots_fail(err, LOTS_INTERRUPTED, "stopped");
        LOTS_TRY(run_task(state, task, 0, err));
    }
    return LOTS_OK;
}

static lots_status open_input(pass_state *state, lots_error *err)
{
    const lots_pass *pass = state->pass;
    state->tasks = pass->chunk_count;
    if (pass->input == NULL)
        return LOTS_OK;
    if (pass->carried == NULL)
        return lots_pass_rows_by_chunk(&state->rows, pass->input, pass->chunks, pass->chunk_count, err);
    LOTS_TRY(lots_pass_rows_by_stretch(&state->rows, pass->input, err));
    state->tasks = state->rows.parts;
    return LOTS_OK;
}

static lots_status open_outputs(pass_state *state, lots_error *err)
{
    lots_pass *pass = state->pass;
    void *made = NULL;
    if (pass->group == NULL)
        return lots_gather_open(&state->gather, pass->kept, pass->kept_count, pass->worker_count, pass->chunk_count,
                                pass->budget, err);
    LOTS_TRY(lots_group_open(&pass->groups, pass->group, pass->options->min_cell, err));
    LOTS_TRY(lots_alloc(&made, pass->worker_count, sizeof(lots_group), err));
    state->groups = made;
    return LOTS_OK;
}

static lots_status join_outputs(pass_state *state, lots_error *err)
{
    lots_pass *pass = state->pass;
    if (pass->group == NULL)
        return blame(lots_gather_finish(&state->gather, pass->options->pool, &pass->rows, err), stage_after(pass), err);
    for (unsigned i = 0; i < pass->worker_count; i++) {
        if (state->groups[i].stage == NULL)
            continue;
        LOTS_TRY(lots_group_join(&pass->groups, &state->groups[i], err));
        lots_group_drop(&state->groups[i], pass->budget);
        LOTS_TRY(blame(lots_group_count(&pass->groups, pass->budget, err), pass->group, err));
    }
    return LOTS_OK;
}

static void close_state(pass_state *state)
{
    for (uint32_t i = 0; state->others != NULL && i < state->pass->other_count; i++)
        close_state(&state->others[i]);
    for (unsigned i = 0; state->groups != NULL && i < state->pass->worker_count; i++)
        if (state->groups[i].stage != NULL)
            lots_group_drop(&state->groups[i], state->pass->budget);
    lots_free(state->others);
    lots_free(state->groups);
    lots_arena_free(&state->arena);
    lots_gather_close(&state->gather);
    lots_pass_rows_close(&state->rows);
    pthread_mutex_destroy(&state->lock);
}

static void open_state(pass_state *state, lots_pass *pass)
{
    memset(state, 0, sizeof *state);
    state->pass = pass;
    pthread_mutex_init(&state->lock, NULL);
}

/* Plans and groups of the others. */
static lots_status open_others(pass_state *state, lots_error *err)
{
    void *made = NULL;
    if (state->pass->other_count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&made, state->pass->other_count, sizeof(pass_state), err));
    state->others = made;
    for (uint32_t i = 0; i < state->pass->other_count; i++)
        open_state(&state->others[i], &state->pass->others[i]);
    for (uint32_t i = 0; i < state->pass->other_count; i++) {
        state->others[i].is_other = true;
        LOTS_TRY(make_plans(&state->others[i], err));
        LOTS_TRY(open_outputs(&state->others[i], err));
    }
    return LOTS_OK;
}

lots_status lots_pass_run(lots_pass *pass, lots_error *err)
{
    pass_state state;
    open_state(&state, pass);
    lots_status status = make_plans(&state, err);
    if (status == LOTS_OK)
        status = open_outputs(&state, err);
    if (status == LOTS_OK)
        status = open_others(&state, err);
    if (status == LOTS_OK)
        status = open_input(&state, err);
    if (status == LOTS_OK)
        status = run_tasks(&state, err);
    if (status == LOTS_OK)
        status = join_outputs(&state, err);
    for (uint32_t i = 0; i < pass->other_count && status == LOTS_OK; i++)
        status = join_outputs(&state.others[i], err);
    close_state(&state);
    return status;
}
