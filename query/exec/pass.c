/* pass.c: see pass.h. */
#include "query/exec/pass.h"

#include <pthread.h>
#include <string.h>

#include "core/base/memory.h"

#define TASK_CHUNKS 4u

typedef struct outcome { /* of one task, until it is joined */
    lots_gathered part;
    lots_group group;
    bool done;
} outcome;

typedef struct pass_state {
    lots_pass *pass;
    outcome *outcomes;
    uint32_t tasks, next; /* tasks below `next` are joined */
    uint64_t chunks_done;
    uint32_t *row_order;  /* input rows by chunk, patient and relation row */
    uint32_t *row_starts; /* chunk_count + 1, into row_order */
    pthread_mutex_t lock;
} pass_state;

/* ---- input rows by chunk ---- */

static bool before(const lots_origin *a, const lots_origin *b)
{
    if (a->patient != b->patient)
        return a->patient < b->patient;
    return a->relation_row < b->relation_row;
}

/* Rows mostly come in order already: insertion sort within a chunk would be quadratic when they don't, so shell sort. */
static void order_within(const lots_origin *origin, uint32_t *rows, uint32_t count)
{
    for (uint32_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (uint32_t i = gap; i < count; i++) {
            uint32_t row = rows[i], at = i;
            for (; at >= gap && before(&origin[row], &origin[rows[at - gap]]); at -= gap)
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
    LOTS_TRY(lots_rows_restore(worker, pass->pipeline, patient, patients ? NULL : row, count, out, err));
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

static lots_status run_stages(const lots_pass *pass, lots_worker *worker, lots_instance **rows, lots_error *err)
{
    for (uint32_t s = 0; s < pass->stage_count; s++) {
        const lots_bound_stage *stage = &pass->stages[s];
        if (stage->kind == LOTS_STAGE_WHERE) {
            uint64_t *keep = NULL;
            LOTS_TRY(lots_eval_true(worker, stage->where, *rows, &keep, err));
            LOTS_TRY(lots_rows_filter(worker, *rows, keep, rows, err));
            continue;
        }
        for (uint32_t i = 0; i < stage->item_count; i++)
            LOTS_TRY(lots_eval(worker, stage->items[i].value, *rows, &(*rows)->slots[stage->items[i].slot], err));
    }
    return LOTS_OK;
}

static lots_status collect_column(lots_collected *column, const lots_vector *values, lots_error *err)
{
    if (column->values.item_size == 0)
        lots_collected_open(column, &values->type);
    return lots_collected_append(column, values, err);
}

/* Row i of the pass as row order_of[i] of the instance: which input row it was, for its former position. */
static lots_status collect_origin(pass_state *state, lots_gathered *part, uint32_t chunk, const lots_instance *rows,
                                  const uint32_t *patients, lots_error *err)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        lots_origin origin = {chunk, patients[i], patients[i]};
        if (state->pass->pipeline->relation != UINT32_MAX)
            origin.relation_row = rows->relation_row != NULL ? rows->relation_row[i] : i;
        LOTS_TRY(lots_vec_push(&part->origin, &origin, err));
    }
    return LOTS_OK;
}

/* The input rows that are still there, matched by their origin: both lists are in one order. */
static lots_status collect_positions(pass_state *state, lots_gathered *part, uint32_t chunk, size_t first, lots_error *err)
{
    const lots_rowset *input = state->pass->input;
    uint32_t at = state->row_starts[chunk];
    for (size_t i = first; i < part->origin.count; i++) {
        const lots_origin *origin = &LOTS_AT(lots_origin, &part->origin, i);
        while (before(&input->origin[state->row_order[at]], origin))
            at++;
        LOTS_TRY(lots_vec_push(&part->position, &state->row_order[at], err));
        at++;
    }
    return LOTS_OK;
}

static lots_status collect_rows(pass_state *state, lots_worker *worker, lots_gathered *part, uint32_t chunk,
                                const lots_instance *rows, lots_error *err)
{
    const uint32_t *patients = NULL;
    size_t first = part->origin.count;
    if (rows->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_rows_patients(worker, rows, &patients, err));
    LOTS_TRY(collect_origin(state, part, chunk, rows, patients, err));
    if (state->pass->input != NULL)
        LOTS_TRY(collect_positions(state, part, chunk, first, err));
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

static lots_status group_rows(lots_group *group, lots_worker *worker, const lots_instance *rows, lots_error *err)
{
    const uint32_t *relative = NULL;
    void *made = NULL;
    if (rows->count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_rows_patients(worker, rows, &relative, err));
    LOTS_TRY(lots_arena_alloc(lots_worker_arena(worker), &made, rows->count, sizeof(lots_patient), err));
    for (uint32_t i = 0; i < rows->count; i++)
        ((lots_patient *)made)[i] = lots_worker_first_patient(worker) + relative[i];
    return lots_group_feed(group, worker, rows, made, NULL, err);
}

static lots_status run_chunk(pass_state *state, lots_worker *worker, outcome *into, uint32_t chunk, lots_error *err)
{
    const lots_pass *pass = state->pass;
    const lots_chunk_place *place = &pass->chunks[chunk];
    const lots_instance *patients = NULL;
    lots_instance *rows = NULL;
    if (pass->input != NULL && state->row_starts[chunk] == state->row_starts[chunk + 1])
        return LOTS_OK;
    if (pass->input == NULL && !lots_worker_may_have_rows(worker, pass->pipeline, place->segment, place->chunk))
        return LOTS_OK;
    LOTS_TRY(lots_worker_begin(worker, place->segment, place->chunk, &patients, err));
    if (pass->input != NULL)
        LOTS_TRY(restore_rows(state, worker, chunk, &rows, err));
    else
        LOTS_TRY(lots_rows_begin(worker, pass->pipeline, &rows, err));
    LOTS_TRY(run_stages(pass, worker, &rows, err));
    if (pass->group != NULL)
        return group_rows(&into->group, worker, rows, err);
    return collect_rows(state, worker, &into->part, chunk, rows, err);
}

/* ---- tasks ---- */

static lots_status open_outcome(const lots_pass *pass, lots_gathered *part, lots_group *group, lots_error *err)
{
    if (pass->group != NULL)
        return lots_group_open(group, pass->group, pass->options->min_cell, err);
    return lots_gathered_open(part, pass->pipeline->slot_count, pass->extra_count, err);
}

static void close_outcome(const lots_pass *pass, outcome *one)
{
    if (pass->group != NULL && one->group.stage != NULL)
        lots_group_close(&one->group);
    if (pass->group == NULL)
        lots_gathered_close(&one->part);
}

/* Join what is next in order and done; the caller holds the lock. */
static lots_status join_done(pass_state *state, lots_error *err)
{
    lots_pass *pass = state->pass;
    lots_status status = LOTS_OK;
    while (status == LOTS_OK && state->next < state->tasks && state->outcomes[state->next].done) {
        outcome *one = &state->outcomes[state->next++];
        status = pass->group != NULL ? lots_group_join(&pass->groups, &one->group, err)
                                     : lots_gathered_join(&pass->part, &one->part, err);
        close_outcome(pass, one);
    }
    return status;
}

static lots_status worker_of(const lots_pass *pass, unsigned number, lots_worker **out, lots_error *err)
{
    if (pass->workers[number] == NULL)
        LOTS_TRY(lots_worker_open(&pass->workers[number], pass->query, pass->worker_memory_bytes, pass->options->stop,
                                  err));
    *out = pass->workers[number];
    return LOTS_OK;
}

static lots_status run_task(void *context, size_t task, unsigned number, lots_error *err)
{
    pass_state *state = context;
    lots_pass *pass = state->pass;
    lots_worker *worker = NULL;
    outcome *one = &state->outcomes[task];
    uint32_t first = (uint32_t)task * TASK_CHUNKS, end = first + TASK_CHUNKS;
    end = end < pass->chunk_count ? end : pass->chunk_count;
    LOTS_TRY(worker_of(pass, number, &worker, err));
    LOTS_TRY(open_outcome(pass, &one->part, &one->group, err));
    for (uint32_t chunk = first; chunk < end; chunk++)
        LOTS_TRY(run_chunk(state, worker, one, chunk, err));
    pthread_mutex_lock(&state->lock);
    one->done = true;
    state->chunks_done += end - first;
    lots_status status = join_done(state, err);
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

lots_status lots_pass_run(lots_pass *pass, lots_error *err)
{
    pass_state state;
    void *made = NULL;
    memset(&state, 0, sizeof state);
    state.pass = pass;
    state.tasks = (pass->chunk_count + TASK_CHUNKS - 1) / TASK_CHUNKS;
    LOTS_TRY(open_outcome(pass, &pass->part, &pass->groups, err));
    LOTS_TRY(lots_alloc(&made, state.tasks, sizeof(outcome), err));
    state.outcomes = made;
    pthread_mutex_init(&state.lock, NULL);
    lots_status status = pass->input != NULL ? order_input(&state, err) : LOTS_OK;
    if (status == LOTS_OK)
        status = run_tasks(&state, err);
    for (uint32_t i = state.next; i < state.tasks; i++)
        close_outcome(pass, &state.outcomes[i]);
    pthread_mutex_destroy(&state.lock);
    lots_free(state.outcomes);
    lots_free(state.row_order);
    lots_free(state.row_starts);
    return status;
}
