/* run_kept.c: what a pass keeps of its rows: the slots that later stages read, what the next one ranks them by, and columns
 * of the patients that spare later stages another pass. What ranks them stands beside the slots until it is taken. See
 * run_inner.h. */
#include <string.h>

#include "query/exec/alike.h"
#include "query/exec/run_inner.h"
#include "query/exec/top.h"

/* ---- what to keep ---- */

static lots_status new_numbers(run *r, size_t count, uint32_t **out, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, count, sizeof(uint32_t), err));
    *out = made;
    if (count > 0)
        memset(made, 0xff, count * sizeof(uint32_t));
    return LOTS_OK;
}

static uint32_t add_column(run_kept *kept, lots_kept column, uint32_t slot)
{
    kept->columns[kept->count] = column;
    kept->slots[kept->count] = slot;
    return kept->count++;
}

/* A column whose slot is new; that of an expression which means the same when there is one. */
static uint32_t add_value(run *r, run_kept *kept, lots_expr *value)
{
    for (uint32_t c = 0; c < kept->count; c++)
        if (kept->columns[c].value != NULL &&
            lots_alike_id(r->workers[0], kept->columns[c].value) == lots_alike_id(r->workers[0], value))
            return kept->slots[c];
    add_column(kept, (lots_kept){.value = value, .kind = value->type.kind}, kept->slot_count);
    return kept->slot_count++;
}

static bool same_strata(run *r, const lots_top *a, const lots_top *b)
{
    bool same = a->per_count == b->per_count;
    for (uint32_t k = 0; same && k < a->per_count; k++)
        same = lots_alike_id(r->workers[0], a->per[k]) == lots_alike_id(r->workers[0], b->per[k]);
    return same;
}

static uint32_t add_strata(run *r, run_kept *kept, const lots_top *top)
{
    for (uint32_t c = 0; c < kept->count; c++)
        if (kept->columns[c].strata != NULL && same_strata(r, kept->columns[c].strata, top))
            return c;
    return add_column(kept, (lots_kept){.strata = top, .kind = LOTS_TYPE_EVENTS}, kept->slot_count++);
}

static bool is_slot(const run *r, const lots_expr *expr)
{
    return expr->op == LOTS_OP_SLOT && expr->of_frame == r->pipeline->row_frame && expr->index < r->pipeline->slot_count;
}

static lots_status list_exprs(run *r, const run_breakers *breakers, run_kept *kept, lots_error *err)
{
    lots_vec exprs = LOTS_VEC(lots_expr *);
    void *made = NULL;
    lots_status status = LOTS_OK;
    for (uint32_t b = 0; b < breakers->count && status == LOTS_OK; b++)
        status = run_breaker_exprs(&breakers->stages[b], &exprs, err);
    if (status == LOTS_OK)
        status = lots_arena_alloc(&r->arena, &made, exprs.count, sizeof(lots_expr *), err);
    kept->ranks.exprs = made;
    kept->ranks.count = (uint32_t)exprs.count;
    if (status == LOTS_OK && exprs.count > 0)
        memcpy(made, exprs.data, exprs.count * sizeof(lots_expr *));
    lots_vec_free(&exprs);
    return status;
}

/* The strata of a stage's tops are numbered as they are kept; their keys, from expression `at` on, are not. */
static void number_strata(run *r, run_kept *kept, const lots_bound_stage *breaker, uint32_t top, uint32_t at)
{
    for (uint32_t t = 0; t < run_top_count(breaker); t++) {
        const lots_top *one = run_top_of(breaker, t);
        if (one->per_count > 0)
            kept->ranks.strata[top + t] = add_strata(r, kept, one);
        for (uint32_t k = 0; k < one->per_count; k++)
            kept->ranks.exprs[at + 1 + k] = NULL;
        at += 1 + one->per_count;
    }
}

/* Who looks on sees the keys of the strata; else their numbers do. */
static lots_status add_ranks(run *r, run_kept *kept, const run_breakers *breakers, uint64_t *slots, lots_error *err)
{
    LOTS_TRY(list_exprs(r, breakers, kept, err));
    LOTS_TRY(new_numbers(r, kept->ranks.count, &kept->ranks.slots, err));
    LOTS_TRY(new_numbers(r, kept->ranks.count, &kept->ranks.strata, err));
    for (uint32_t b = 0, at = 0; b < breakers->count; b++) {
        if (r->options->observer == NULL)
            number_strata(r, kept, &breakers->stages[b], kept->ranks.top_count, at);
        at += run_breaker_expr_count(&breakers->stages[b]);
        kept->ranks.top_count += run_top_count(&breakers->stages[b]);
    }
    for (uint32_t i = 0; i < kept->ranks.count; i++) {
        lots_expr *expr = kept->ranks.exprs[i];
        if (expr != NULL && is_slot(r, expr))
            lots_bit_set(slots, expr->index);
        if (expr != NULL)
            kept->ranks.slots[i] = is_slot(r, expr) ? expr->index : add_value(r, kept, expr);
    }
    return LOTS_OK;
}

/* Of a few rows of many chunks a second pass costs less than a column of all. */
static bool few_are_left(const run *r, const run_breakers *breakers)
{
    const lots_bound_stage *breaker = breakers->stages;
    const int64_t few = r->chunk_count / 8;
    return (breaker->kind == LOTS_STAGE_TOP && !breaker->top.percent && breaker->top.count < few) ||
           (breaker->kind == LOTS_STAGE_LIMIT && breaker->limit < few);
}

static lots_status add_carried(run *r, run_kept *kept, const run_ahead *ahead, lots_error *err)
{
    LOTS_TRY(new_numbers(r, lots_registry_schema(r->query->registry)->streams[0].column_count, &kept->carried, err));
    for (uint32_t i = 0; i < ahead->column_count; i++)
        kept->carried[ahead->columns[i]->index] = add_value(r, kept, ahead->columns[i]);
    return LOTS_OK;
}

lots_status run_keep(run *r, const run_breakers *breakers, run_kept *out, lots_error *err)
{
    const lots_bound_pipeline *pipeline = r->pipeline;
    uint32_t most = pipeline->slot_count + RUN_CARRIED_MAX;
    run_ahead ahead;
    void *made = NULL;
    *out = (run_kept){.slot_count = pipeline->slot_count};
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, lots_bit_words(pipeline->slot_count) + 1, sizeof(uint64_t), err));
    uint64_t *slots = made;
    LOTS_TRY(run_look_ahead(r, breakers, slots, &ahead, err));
    for (uint32_t b = 0; b < breakers->count; b++)
        most += run_breaker_expr_count(&breakers->stages[b]) + run_top_count(&breakers->stages[b]);
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, most, sizeof(lots_kept), err));
    out->columns = made;
    LOTS_TRY(new_numbers(r, most, &out->slots, err));
    if (breakers->count > 0 && ahead.carry && !few_are_left(r, breakers))
        LOTS_TRY(add_carried(r, out, &ahead, err));
    out->stay_count = out->slot_count;
    LOTS_TRY(add_ranks(r, out, breakers, slots, err));
    for (uint32_t i = 0; i < pipeline->slot_count; i++)
        if (lots_bit_get(slots, i))
            add_column(out, (lots_kept){.slot = i, .kind = pipeline->slot_types[i].kind}, i);
    return LOTS_OK;
}

/* ---- what was kept ---- */

/* No rows: an empty column of its type. */
static lots_status empty_columns(run *r, const run_kept *kept, lots_vector *slots, lots_error *err)
{
    static const lots_type number = {.kind = LOTS_TYPE_EVENTS};
    for (uint32_t c = 0; c < kept->count; c++) {
        const lots_kept *column = &kept->columns[c];
        const lots_type *type = column->strata != NULL  ? &number
                                : column->value != NULL ? &column->value->type
                                                        : &r->pipeline->slot_types[column->slot];
        LOTS_TRY(lots_vector_new(&r->arena, type, 0, &slots[kept->slots[c]], err));
    }
    return LOTS_OK;
}

/* Rows that were in another order before the pass are put back into it. `each` may have made several of one: they stay
 * together. */
static lots_status reorder(run *r, const uint32_t *position, lots_error *err)
{
    const uint32_t count = r->rows.count;
    uint32_t before = 0, i = 1;
    void *starts = NULL, *order = NULL;
    while (i < count && position[i - 1] <= position[i])
        i++;
    if (i >= count) /* mostly they come as the former pass had them */
        return LOTS_OK;
    for (i = 0; i < count; i++)
        before = position[i] >= before ? position[i] + 1 : before;
    LOTS_TRY(lots_arena_alloc(&r->arena, &starts, (size_t)before + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(&r->arena, &order, count, sizeof(uint32_t), err));
    uint32_t *next = starts;
    for (i = 0; i < count; i++)
        next[position[i] + 1]++;
    for (i = 0; i < before; i++)
        next[i + 1] += next[i];
    for (i = 0; i < count; i++)
        ((uint32_t *)order)[next[position[i]]++] = i;
    return lots_rowset_permute(&r->rows, order, count, &r->arena, err);
}

static lots_status take_ranks(run *r, const run_kept *kept, const lots_gathered *rows, run_ranked *out, lots_error *err)
{
    void *values = NULL, *stratum = NULL, *strata = NULL;
    LOTS_TRY(lots_arena_alloc(&r->arena, &values, (size_t)kept->ranks.count + 1, sizeof(lots_vector), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &stratum, (size_t)kept->ranks.count + 1, sizeof(uint32_t *), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &strata, (size_t)kept->ranks.count + 1, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < kept->ranks.count; i++)
        if (kept->ranks.exprs[i] != NULL)
            ((lots_vector *)values)[i] = r->rows.slots[kept->ranks.slots[i]];
    for (uint32_t t = 0; t < kept->ranks.top_count; t++) {
        const uint32_t column = kept->ranks.strata[t];
        if (column == UINT32_MAX)
            continue;
        ((uint32_t **)stratum)[t] = r->rows.slots[kept->slots[column]].data;
        ((uint32_t *)strata)[t] = rows->count > 0 ? rows->strata[column] : 1;
    }
    *out = (run_ranked){values, stratum, strata};
    return LOTS_OK;
}

lots_status run_take_kept(run *r, const run_kept *kept, const lots_gathered *rows, run_ranked *out, lots_error *err)
{
    void *made = NULL;
    lots_rowset set = {.frame = r->pipeline->row_frame, .slot_count = kept->slot_count, .count = rows->count,
                       .patient = rows->patient, .relation_row = rows->relation_row, .untouched = rows->position == NULL};
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, kept->slot_count, sizeof(lots_vector), err));
    set.slots = made;
    for (uint32_t c = 0; c < kept->count; c++)
        set.slots[kept->slots[c]] = rows->values[c];
    if (rows->count == 0)
        LOTS_TRY(empty_columns(r, kept, set.slots, err));
    r->rows = set;
    r->have = true;
    r->carried = kept->carried;
    if (rows->position != NULL)
        LOTS_TRY(reorder(r, rows->position, err));
    LOTS_TRY(take_ranks(r, kept, rows, out, err));
    r->rows.slot_count = kept->stay_count;
    return LOTS_OK;
}
