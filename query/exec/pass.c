/* pass.c: see pass.h. */
#include "query/exec/pass.h"

#include <pthread.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "query/exec/beyond.h"
#include "query/exec/panel.h"

#define TASK_CHUNKS 4u

typedef struct outcome { /* of one task, until it is joined */
    lots_gathered part;
    bool done;
} outcome;

typedef struct pass_state {
    lots_pass *pass;
    lots_group *groups;   /* when grouping: by worker; what a group holds doesn't depend on the order it is fed in */
    outcome *outcomes;    /* when collecting: by task */
    uint32_t tasks, next; /* tasks below `next` are joined */
    uint64_t chunks_done;
    uint32_t *row_order;  /* input rows by chunk, patient and relation row */
    uint32_t *row_starts; /* chunk_count + 1, into row_order */
    lots_arena arena;     /* plans */
    lots_each_plan *plans;/* by stage, of an EACH */
    lots_panel panel;
    pthread_mutex_t lock;
} pass_state;

/* ---- input rows by chunk ---- */

/* Rows that `each` made of one have the same origin: they stay as they are. */
static bool before(const lots_origin *origin, uint32_t a, uint32_t b)
{
    if (origin[a].patient != origin[b].patient)
        return origin[a].patient < origin[b].patient;
    if (origin[a].relation_row != origin[b].relation_row)
        return origin[a].relation_row < origin[b].relation_row;
    return a < b;
}

/* Rows mostly come in order already: insertion sort within a chunk would be quadratic when they don't, so shell sort. */
static void order_within(const lots_origin *origin, uint32_t *rows, uint32_t count)
{
    uint32_t ordered = 1;
    while (ordered < count && before(origin, rows[ordered - 1], rows[ordered]))
        ordered++;
    if (ordered >= count)
        return;
    for (uint32_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (uint32_t i = gap; i < count; i++) {
            uint32_t row = rows[i], at = i;
            for (; at >= gap && before(origin, row, rows[at - gap]); at -= gap)
                rows[at] = rows[at - gap];
            rows[at] = row;
        }
}

static lots_status order_input(pass_state *state, lots_error *err)
{
    const lots_rowset *input = state->pass->input;
    void *made = NULL;
    LOTS_TRY(lots_alloc(&made, (size_t)state->pass->chunk_count + 2, sizeof(uint32_t), err));
    uint32_t *starts = state->row_starts = made;
    LOTS_TRY(lots_alloc(&made, input->count, sizeof(uint32_t), err));
    state->row_order = made;
    for (uint32_t i = 0; i < input->count; i++)
        starts[input->origin[i].chunk + 2]++;
    for (uint32_t c = 0; c < state->pass->chunk_count; c++)
        starts[c + 2] += starts[c + 1];
    for (uint32_t i = 0; i < input->count; i++)
        state->row_order[starts[input->origin[i].chunk + 1]++] = i;
    for (uint32_t c = 0; c < state->pass->chunk_count; c++)
        order_within(input->origin, state->row_order + starts[c], starts[c + 1] - starts[c]);
    return LOTS_OK;
}

static lots_status restore_rows(pass_state *state, lots_worker *worker, uint32_t chunk, lots_instance **out,
                                lots_error *err)
{
    const lots_pass *pass = state->pass;
    const lots_rowset *input = pass->input;
    const uint32_t *order = state->row_order + state->row_starts[chunk];
    uint32_t count = state->row_starts[chunk + 1] - state->row_starts[chunk];
    lots_arena *arena = lots_worker_arena(worker);
    void *patient = NULL, *row = NULL;
    LOTS_TRY(lots_arena_vector(arena, &patient, count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &row, count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < count; i++) {
        ((uint32_t *)patient)[i] = input->origin[order[i]].patient;
        ((uint32_t *)row)[i] = input->origin[order[i]].relation_row;
    }
    bool patients = pass->pipeline->relation == UINT32_MAX;
    LOTS_TRY(lots_rows_restore(worker, pass->pipeline, patient, patients ? NULL : row, order, count, out, err));
    for (uint32_t i = 0; i < input->slot_count; i++) {
        if (input->slots[i].count == 0 && input->slots[i].type.kind == LOTS_TYPE_MISSING)
            continue;
        lots_vector flat = input->slots[i];
        if (flat.constant)
            LOTS_TRY(lots_vector_flatten(arena, &input->slots[i], &flat, err));
        LOTS_TRY(lots_vector_gather(arena, &flat, order, count, &(*out)->slots[i], err));
    }
    return LOTS_OK;
}

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
    if (pass->options->observer == NULL)
        lots_panel_plan(pass->query, pass->pipeline, pass->stages, pass->stage_count, pass->group, &state->panel);
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

static lots_status run_stage(const lots_pass *pass, lots_worker *worker, uint32_t at, lots_instance **rows, lots_error *err)
{
    const lots_bound_stage *stage = &pass->stages[at];
    if (stage->kind == LOTS_STAGE_JOIN)
        return lots_join_rows(&pass->joins[at], worker, *rows, err);
    if (stage->kind == LOTS_STAGE_WHERE) {
        uint64_t *keep = NULL;
        LOTS_TRY(lots_eval_true(worker, stage->where, *rows, &keep, err));
        return lots_rows_filter(worker, *rows, keep, rows, err);
    }
    for (uint32_t i = 0; i < stage->item_count; i++)
        LOTS_TRY(lots_eval(worker, stage->items[i].value, *rows, &(*rows)->slots[stage->items[i].slot], err));
    return LOTS_OK;
}

static lots_status run_stages(const pass_state *state, lots_worker *worker, uint32_t chunk, lots_instance **rows,
                              lots_group_weights *weights, uint64_t *clock, lots_error *err)
{
    const lots_pass *pass = state->pass;
    for (uint32_t s = 0; s < pass->stage_count; s++) {
        LOTS_TRY(observe(pass, worker, *rows, chunk, s, clock, err));
        const lots_instance *before = *rows;
        if (pass->stages[s].kind == LOTS_STAGE_EACH)
            LOTS_TRY(run_each(state, worker, s, rows, weights, &s, err));
        else
            LOTS_TRY(run_stage(pass, worker, s, rows, err));
        LOTS_TRY(lots_beyond_settle(worker, before, err));
    }
    return LOTS_OK;
}

static lots_status collect_column(lots_collected *column, const lots_vector *values, lots_error *err)
{
    if (column->values.item_size == 0)
        lots_collected_open(column, &values->type);
    return lots_collected_append(column, values, err);
}

static lots_status collect_origin(pass_state *state, lots_gathered *part, uint32_t chunk, const lots_instance *rows,
                                  const uint32_t *patients, lots_error *err)
{
    const bool of_relation = state->pass->pipeline->relation != UINT32_MAX;
    void *room = NULL;
    LOTS_TRY(lots_vec_extend(&part->origin, rows->count, &room, err));
    lots_origin *origin = room;
    for (uint32_t i = 0; i < rows->count; i++) {
        origin[i] = (lots_origin){chunk, patients[i], patients[i]};
        if (of_relation)
            origin[i].relation_row = rows->relation_row != NULL ? rows->relation_row[i] : i;
    }
    return LOTS_OK;
}

static lots_status collect_positions(lots_gathered *part, const lots_instance *rows, lots_error *err)
{
    void *room = NULL;
    if (rows->ordinal == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_vec_extend(&part->position, rows->count, &room, err));
    memcpy(room, rows->ordinal, rows->count * sizeof(uint32_t));
    return LOTS_OK;
}

static lots_status collect_rows(pass_state *state, lots_worker *worker, lots_gathered *part, uint32_t chunk,
                                const lots_instance *rows, lots_error *err)
{
    const uint32_t *patients = NULL;
    if (rows->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_rows_patients(worker, rows, &patients, err));
    LOTS_TRY(collect_origin(state, part, chunk, rows, patients, err));
    LOTS_TRY(collect_positions(part, rows, err));
    for (uint32_t i = 0; i < rows->slot_count; i++)
        if (rows->slots[i].count != 0 || rows->slots[i].type.kind != LOTS_TYPE_MISSING)
            LOTS_TRY(collect_column(&part->slots[i], &rows->slots[i], err));
    for (uint32_t i = 0; i < state->pass->extra_count; i++) {
        lots_vector value;
        LOTS_TRY(lots_eval(worker, state->pass->extras[i], rows, &value, err));
        LOTS_TRY(collect_column(&part->extras[i], &value, err));
    }
    return LOTS_OK;
}

static lots_status group_rows(lots_group *group, lots_worker *worker, const lots_instance *rows,
                              const lots_group_weights *weights, lots_error *err)
{
    const uint32_t *patients = NULL;
    if (rows->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_rows_patients(worker, rows, &patients, err));
    return lots_group_feed(group, worker, rows, patients, NULL, weights->weight != NULL ? weights : NULL, err);
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

static lots_status run_chunk(pass_state *state, lots_worker *worker, lots_group *group, lots_gathered *part,
                             uint32_t chunk, lots_error *err)
{
    const lots_pass *pass = state->pass;
    const lots_chunk_place *place = &pass->chunks[chunk];
    const lots_instance *patients = NULL;
    lots_instance *rows = NULL;
    lots_group_weights weights = {NULL, 0};
    uint64_t clock = pass->options->observer != NULL ? lots_clock_ns() : 0;
    if (pass->input != NULL && state->row_starts[chunk] == state->row_starts[chunk + 1])
        return LOTS_OK;
    if (pass->input == NULL && !wanted(pass, worker, chunk))
        return LOTS_OK;
    LOTS_TRY(lots_worker_begin(worker, place->segment, place->chunk, &patients, err));
    if (pass->input != NULL)
        LOTS_TRY(restore_rows(state, worker, chunk, &rows, err));
    else
        LOTS_TRY(lots_rows_begin(worker, pass->pipeline, &rows, err));
    LOTS_TRY(run_stages(state, worker, chunk, &rows, &weights, &clock, err));
    LOTS_TRY(observe(pass, worker, rows, chunk, pass->stage_count, &clock, err));
    LOTS_TRY(group != NULL ? group_rows(group, worker, rows, &weights, err)
                           : collect_rows(state, worker, part, chunk, rows, err));
    LOTS_TRY(lots_beyond_settle(worker, rows, err));
    spend(pass, pass->stage_count, &clock);
    return LOTS_OK;
}

/* ---- tasks ---- */

/* Join what is next in order and done; the caller holds the lock. */
static lots_status join_done(pass_state *state, lots_error *err)
{
    lots_pass *pass = state->pass;
    lots_status status = LOTS_OK;
    while (status == LOTS_OK && state->next < state->tasks && state->outcomes[state->next].done) {
        outcome *one = &state->outcomes[state->next++];
        status = lots_gathered_join(&pass->part, &one->part, err);
        lots_gathered_close(&one->part);
    }
    return status;
}

static lots_status worker_of(const lots_pass *pass, unsigned number, lots_worker **out, lots_error *err)
{
    if (pass->workers[number] == NULL)
        LOTS_TRY(lots_worker_open(&pass->workers[number], pass->query, pass->worker_memory_bytes, pass->options->stop,
                                  err));
    *out = pass->workers[number];
    return lots_beyond_watch(*out, pass->options->min_cell > 1 ? pass->options->min_cell : 1, err);
}

/* Where the task's rows go: the group of its worker, or a part of its own. */
static lots_status open_target(pass_state *state, size_t task, unsigned number, lots_group **group, lots_gathered **part,
                               lots_error *err)
{
    const lots_pass *pass = state->pass;
    *group = pass->group != NULL ? &state->groups[number] : NULL;
    *part = pass->group != NULL ? NULL : &state->outcomes[task].part;
    if (pass->group == NULL)
        return lots_gathered_open(*part, pass->pipeline->slot_count, pass->extra_count, err);
    return (*group)->stage != NULL ? LOTS_OK : lots_group_open(*group, pass->group, pass->options->min_cell, err);
}

static lots_status run_task(void *context, size_t task, unsigned number, lots_error *err)
{
    pass_state *state = context;
    lots_pass *pass = state->pass;
    lots_worker *worker = NULL;
    lots_group *group = NULL;
    lots_gathered *part = NULL;
    uint32_t first = (uint32_t)task * TASK_CHUNKS, end = first + TASK_CHUNKS;
    end = end < pass->chunk_count ? end : pass->chunk_count;
    LOTS_TRY(worker_of(pass, number, &worker, err));
    LOTS_TRY(open_target(state, task, number, &group, &part, err));
    for (uint32_t chunk = first; chunk < end; chunk++)
        LOTS_TRY(run_chunk(state, worker, group, part, chunk, err));
    pthread_mutex_lock(&state->lock);
    if (part != NULL)
        state->outcomes[task].done = true;
    state->chunks_done += end - first;
    lots_status status = part != NULL ? join_done(state, err) : LOTS_OK;
    if (pass->options->progress != NULL)
        pass->options->progress(pass->options->progress_context, state->chunks_done, pass->chunk_count);
    pthread_mutex_unlock(&state->lock);
    return status;
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

static lots_status open_outputs(pass_state *state, lots_error *err)
{
    lots_pass *pass = state->pass;
    void *made = NULL;
    if (pass->group != NULL) {
        LOTS_TRY(lots_group_open(&pass->groups, pass->group, pass->options->min_cell, err));
        LOTS_TRY(lots_alloc(&made, pass->worker_count, sizeof(lots_group), err));
        state->groups = made;
        return LOTS_OK;
    }
    LOTS_TRY(lots_gathered_open(&pass->part, pass->pipeline->slot_count, pass->extra_count, err));
    LOTS_TRY(lots_alloc(&made, state->tasks, sizeof(outcome), err));
    state->outcomes = made;
    return LOTS_OK;
}

static lots_status join_groups(pass_state *state, lots_error *err)
{
    for (unsigned i = 0; i < state->pass->worker_count; i++)
        if (state->groups[i].stage != NULL)
            LOTS_TRY(lots_group_join(&state->pass->groups, &state->groups[i], err));
    return LOTS_OK;
}

static void close_state(pass_state *state)
{
    for (uint32_t i = state->next; state->outcomes != NULL && i < state->tasks; i++)
        lots_gathered_close(&state->outcomes[i].part);
    for (unsigned i = 0; state->groups != NULL && i < state->pass->worker_count; i++)
        if (state->groups[i].stage != NULL)
            lots_group_close(&state->groups[i]);
    lots_free(state->outcomes);
    lots_free(state->groups);
    lots_arena_free(&state->arena);
    lots_free(state->row_order);
    lots_free(state->row_starts);
}

lots_status lots_pass_run(lots_pass *pass, lots_error *err)
{
    pass_state state;
    memset(&state, 0, sizeof state);
    state.pass = pass;
    state.tasks = (pass->chunk_count + TASK_CHUNKS - 1) / TASK_CHUNKS;
    pthread_mutex_init(&state.lock, NULL);
    lots_status status = make_plans(&state, err);
    if (status == LOTS_OK)
        status = open_outputs(&state, err);
    if (status == LOTS_OK && pass->input != NULL)
        status = order_input(&state, err);
    if (status == LOTS_OK)
        status = run_tasks(&state, err);
    if (status == LOTS_OK && pass->group != NULL)
        status = join_groups(&state, err);
    close_state(&state);
    pthread_mutex_destroy(&state.lock);
    return status;
}
