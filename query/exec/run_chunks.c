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
    LOTS_TRY(lots_group_table(group, &r->arena, values, marks, &rows.count, err));
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

/* Mostly rows come as the former pass had them. */
static bool is_rising(const uint32_t *position, uint32_t count)
{
    uint32_t i = 1;
    while (i < count && position[i - 1] <= position[i])
        i++;
    return i >= count;
}

/* After a pass over rows that were in another order: back into that order. Rows that `each` made of one stay together. */
static lots_status reorder(run *r, const lots_gathered *part, const lots_vector *extras, uint32_t extra_count,
                           lots_vector *out, lots_error *err)
{
    void *starts = NULL, *order = NULL;
    uint32_t count = r->rows.count, before = 0;
    const uint32_t *position = part->position.data;
    if (is_rising(position, count)) {
        if (extra_count > 0)
            memcpy(out, extras, extra_count * sizeof *out);
        return LOTS_OK;
    }
    for (uint32_t i = 0; i < count; i++)
        before = position[i] >= before ? position[i] + 1 : before;
    LOTS_TRY(lots_arena_alloc(&r->arena, &starts, (size_t)before + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &order, count, sizeof(uint32_t), err));
    uint32_t *next = starts;
    for (uint32_t i = 0; i < count; i++)
        next[position[i] + 1]++;
    for (uint32_t i = 0; i < before; i++)
        next[i + 1] += next[i];
    for (uint32_t i = 0; i < count; i++)
        ((uint32_t *)order)[next[position[i]]++] = i;
    for (uint32_t i = 0; i < extra_count; i++)
        LOTS_TRY(lots_vector_gather(&r->arena, &extras[i], order, count, &out[i], err));
    return lots_rowset_permute(&r->rows, order, count, &r->arena, err);
}

static lots_status rows_of_part(run *r, lots_gathered *part, lots_vector **extras, lots_error *err)
{
    void *made = NULL;
    lots_rowset rows = {.frame = r->pipeline->row_frame, .slot_count = part->slot_count,
                        .count = (uint32_t)part->origin.count, .origin = part->origin.data};
    bool again = r->have;
    if (rows.origin == NULL) { /* no rows are still rows of patients: without an origin they would be groups */
        LOTS_TRY(lots_arena_alloc(&r->arena, &made, 0, sizeof(lots_origin), err));
        rows.origin = made;
    }
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, part->slot_count, sizeof(lots_vector), err));
    rows.slots = made;
    for (uint32_t i = 0; i < part->slot_count; i++) {
        if (part->slots[i].values.item_size != 0)
            LOTS_TRY(lots_collected_lend(&part->slots[i], &r->arena, &rows.slots[i], err));
        else if (rows.count == 0 && r->pipeline->slot_count > i) /* no rows: an empty column of its type */
            LOTS_TRY(lots_vector_new(&r->arena, &r->pipeline->slot_types[i], 0, &rows.slots[i], err));
    }
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, part->extra_count, sizeof(lots_vector), err));
    lots_vector *values = made;
    for (uint32_t i = 0; i < part->extra_count; i++)
        if (part->extras[i].values.item_size != 0)
            LOTS_TRY(lots_collected_lend(&part->extras[i], &r->arena, &values[i], err));
    r->rows = rows;
    r->have = true;
    *extras = values;
    if (!again || rows.count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, part->extra_count, sizeof(lots_vector), err));
    *extras = made;
    return reorder(r, part, values, part->extra_count, made, err);
}

static bool is_chunk_stage(const lots_bound_stage *stage)
{
    return stage->kind == LOTS_STAGE_WHERE || stage->kind == LOTS_STAGE_DERIVE || stage->kind == LOTS_STAGE_EACH ||
           stage->kind == LOTS_STAGE_JOIN;
}

static lots_status no_rows_values(run *r, const lots_vec *exprs, lots_vector *values, lots_error *err)
{
    for (size_t i = 0; i < exprs->count; i++)
        if (values[i].data == NULL)
            LOTS_TRY(lots_vector_new(&r->arena, &LOTS_AT(lots_expr *, exprs, i)->type, 0, &values[i], err));
    return LOTS_OK;
}

static lots_status run_pass(run *r, lots_pass *pass, const lots_bound_stage *breaker, const lots_vec *exprs,
                            lots_error *err)
{
    lots_status status = lots_pass_run(pass, err);
    if (pass->group != NULL) {
        lots_group *kept = NULL;
        if (lots_vec_extend(&r->groups, 1, (void **)&kept, err) != LOTS_OK) {
            lots_group_close(&pass->groups);
            return LOTS_MEMORY;
        }
        *kept = pass->groups;
        return status != LOTS_OK ? status : run_rows_of_group(r, pass->group, kept, err);
    }
    lots_gathered *kept = NULL;
    lots_vector *values = NULL;
    if (lots_vec_extend(&r->parts, 1, (void **)&kept, err) != LOTS_OK) {
        lots_gathered_close(&pass->part);
        return LOTS_MEMORY;
    }
    *kept = pass->part;
    LOTS_TRY(status);
    LOTS_TRY(rows_of_part(r, kept, &values, err));
    if (breaker == NULL)
        return LOTS_OK;
    LOTS_TRY(no_rows_values(r, exprs, values, err));
    uint64_t start = r->options->observer != NULL ? lots_clock_ns() : 0;
    LOTS_TRY(run_apply_breaker(r, breaker, values, err));
    run_spend(r, (uint32_t)(breaker - r->pipeline->stages), start);
    return LOTS_OK;
}

lots_status run_chunk_pass(run *r, uint32_t first, uint32_t *next, lots_error *err)
{
    uint32_t end = first;
    while (end < r->pipeline->stage_count && is_chunk_stage(&r->pipeline->stages[end]))
        end++;
    const lots_bound_stage *breaker = end < r->pipeline->stage_count ? &r->pipeline->stages[end] : NULL;
    size_t limit = r->options->memory_bytes == 0 ? RUN_MEMORY_DEFAULT : r->options->memory_bytes;
    lots_rowset input = r->rows;
    lots_vec exprs = LOTS_VEC(lots_expr *);
    lots_pass pass = {.query = r->query,
                      .pipeline = r->pipeline,
                      .options = r->options,
                      .workers = r->workers,
                      .worker_count = r->worker_count,
                      .chunks = r->chunks,
                      .chunk_count = r->chunk_count,
                      .worker_memory_bytes = limit / r->worker_count,
                      .stages = r->pipeline->stages + first,
                      .joins = r->joins + first,
                      .stage_count = end - first,
                      .input = r->have ? &input : NULL};
    lots_status status = LOTS_OK;
    if (breaker != NULL && breaker->kind == LOTS_STAGE_GROUP)
        pass.group = breaker;
    else if (breaker != NULL)
        status = run_breaker_exprs(breaker, &exprs, err);
    pass.extras = exprs.data;
    pass.extra_count = (uint32_t)exprs.count;
    if (status == LOTS_OK)
        status = run_pass(r, &pass, breaker != NULL && pass.group == NULL ? breaker : NULL, &exprs, err);
    lots_vec_free(&exprs);
    *next = breaker == NULL ? end : end + 1;
    return status;
}
