/* run_chunks.c: from a stage on, a pass over the chunks up to the next breaker or group, and the rows that come out of it.
 * See run_inner.h. */
#include <string.h>

#include "core/base/os.h"
#include "query/exec/run_inner.h"

/* What the curves of a stage take as what, leave out or don't reach. */
static lots_status note_followed(run *r, const lots_group *group, lots_error *err)
{
    char *text = NULL;
    for (uint32_t i = 0; i < group->stage->agg_count; i++) {
        const lots_group_state *state = &group->states[i];
        const char *call = state->agg->text;
        bool said = state->agg->note == NULL;
        for (uint32_t k = 0; k < i && !said; k++)
            said = group->states[k].agg->note != NULL && strcmp(group->states[k].agg->note, state->agg->note) == 0;
        if (!said)
            LOTS_TRY(run_note(r, err, state->agg->note));
        if (state->negative) {
            LOTS_TRY(lots_arena_printf(&r->arena, &text, err, "%s leaves out rows whose time is below 0: count(where … < 0) "
                                                              "says how many", call));
            LOTS_TRY(run_note(r, err, text));
        }
        if (state->beyond) {
            LOTS_TRY(lots_arena_printf(&r->arena, &text, err, "%s is missing where nobody was followed so long", call));
            LOTS_TRY(run_note(r, err, text));
        }
    }
    return LOTS_OK;
}

lots_status run_rows_of_group(run *r, const lots_bound_stage *stage, lots_group *group, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)stage->table_slots + 1, sizeof(lots_vector), err));
    lots_vector *slots = made;
    lots_rowset rows = {.frame = stage->table_frame, .slots = slots, .slot_count = stage->table_slots};
    uint32_t behind = stage->key_count + stage->agg_count;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)behind + 1, sizeof(lots_vector), err));
    lots_vector *values = made;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)stage->table_slots + behind + 1, sizeof(lots_vector), err));
    lots_vector *marks = made;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, (size_t)stage->table_slots + 1, sizeof(bool), err));
    rows.keys = made;
    for (uint32_t i = 0; i < stage->key_count; i++)
        rows.keys[i] = true;
    LOTS_TRY(lots_group_settle(group, r->budget, err));
    LOTS_TRY(lots_group_table(group, r->options->pool, &r->arena, values, marks, &rows.count, err));
    LOTS_TRY(note_followed(r, group, err));
    memcpy(slots, values, behind * sizeof(lots_vector));
    rows.behind = values[behind];
    if (group->min_cell != 0 || group->totals != NULL) {
        lots_vector last = marks[behind];
        memset(&marks[behind], 0, sizeof *marks);
        marks[stage->table_slots] = last;
        rows.marks = marks;
    }
    r->rows = rows;
    r->have = true;
    return LOTS_OK;
}

/* ---- passes ---- */

static bool is_pass_stage(const lots_bound_stage *stage)
{
    return stage->kind == LOTS_STAGE_WHERE || stage->kind == LOTS_STAGE_DERIVE || stage->kind == LOTS_STAGE_EACH ||
           stage->kind == LOTS_STAGE_JOIN;
}

uint32_t run_end_of_pass(const lots_bound_pipeline *pipeline, uint32_t first)
{
    while (first < pipeline->stage_count && is_pass_stage(&pipeline->stages[first]))
        first++;
    return first;
}

static lots_pass new_pass(const run *r, uint32_t first, uint32_t end, const lots_rowset *input)
{
    return (lots_pass){.query = r->query,
                       .pipeline = r->pipeline,
                       .options = r->options,
                       .workers = r->workers,
                       .worker_count = r->worker_count,
                       .chunks = r->chunks,
                       .chunk_count = r->chunk_count,
                       .budget = r->budget,
                       .stages = r->pipeline->stages + first,
                       .joins = r->joins + first,
                       .stage_count = end - first,
                       .input = input};
}

static lots_status group_pass(run *r, lots_pass *pass, lots_error *err)
{
    lots_group *kept = NULL;
    bool done = false;
    lots_status status = run_shared_pass(r, pass, &done, err);
    if (status == LOTS_OK && !done)
        status = lots_pass_run(pass, err);
    if (lots_vec_extend(&r->groups, 1, (void **)&kept, err) != LOTS_OK) {
        lots_group_close(&pass->groups);
        return LOTS_MEMORY;
    }
    *kept = pass->groups;
    return status != LOTS_OK ? status : run_rows_of_group(r, pass->group, kept, err);
}

/* Each takes what it ranks by, which stands one behind the other. */
static lots_status apply_breakers(run *r, const run_breakers *breakers, const run_ranked *ranked, lots_error *err)
{
    run_ranked one = *ranked;
    for (uint32_t b = 0; b < breakers->count; b++) {
        const lots_bound_stage *stage = &breakers->stages[b];
        const uint64_t start = r->options->observer != NULL ? lots_clock_ns() : 0;
        if (stage->kind == LOTS_STAGE_DERIVE) {
            LOTS_TRY(run_table_stage(r, stage, err));
            continue;
        }
        LOTS_TRY(run_apply_breaker(r, stage, &one, err));
        run_spend(r, (uint32_t)(stage - r->pipeline->stages), start);
        one.values += run_breaker_expr_count(stage);
        one.stratum += run_top_count(stage);
        one.strata += run_top_count(stage);
    }
    return LOTS_OK;
}

static lots_status keep_pass(run *r, lots_pass *pass, const run_breakers *breakers, lots_error *err)
{
    lots_gathered *rows = NULL;
    run_kept kept;
    run_ranked ranked;
    LOTS_TRY(run_keep(r, breakers, &kept, err));
    pass->kept = kept.columns;
    pass->kept_count = kept.count;
    LOTS_TRY(lots_pass_run(pass, err));
    if (lots_vec_extend(&r->parts, 1, (void **)&rows, err) != LOTS_OK) {
        lots_gathered_close(&pass->rows);
        return LOTS_MEMORY;
    }
    *rows = pass->rows;
    LOTS_TRY(run_take_kept(r, &kept, rows, &ranked, err));
    return apply_breakers(r, breakers, &ranked, err);
}

lots_status run_chunk_pass(run *r, uint32_t first, uint32_t *next, lots_error *err)
{
    const uint32_t end = run_end_of_pass(r->pipeline, first);
    const lots_rowset input = r->rows;
    lots_pass pass = new_pass(r, first, end, r->have ? &input : NULL);
    run_breakers breakers;
    LOTS_TRY(run_find_breakers(r, end, &breakers, err));
    *next = end + breakers.count;
    if (breakers.count == 0 || breakers.stages->kind != LOTS_STAGE_GROUP)
        return keep_pass(r, &pass, &breakers, err);
    pass.group = breakers.stages;
    return group_pass(r, &pass, err);
}

lots_status run_is_memory_pass(const run *r, uint32_t stage, bool *out, lots_error *err)
{
    const uint32_t end = run_end_of_pass(r->pipeline, stage);
    bool chunk = false;
    *out = r->rows.patient != NULL && r->options->observer == NULL && end < r->pipeline->stage_count &&
           r->pipeline->stages[end].kind == LOTS_STAGE_GROUP && lots_rowset_in_order(&r->rows);
    for (uint32_t s = stage; *out && r->carried == NULL && s <= end; s++) {
        LOTS_TRY(run_stage_needs_chunk(&r->pipeline->stages[s], &chunk, err));
        *out = !chunk;
    }
    return LOTS_OK;
}

lots_status run_memory_pass(run *r, uint32_t first, uint32_t *next, lots_error *err)
{
    static const uint32_t none[1] = {UINT32_MAX};
    const uint32_t end = run_end_of_pass(r->pipeline, first);
    const lots_rowset input = r->rows;
    lots_pass pass = new_pass(r, first, end, &input);
    pass.carried = r->carried != NULL ? r->carried : none; /* nothing is asked of it then */
    pass.group = &r->pipeline->stages[end];
    *next = end + 1;
    return group_pass(r, &pass, err);
}
