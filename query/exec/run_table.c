/* run_table.c: a stage on rows in memory: the same expressions, evaluated as one table. See run_inner.h. */
#include <stdlib.h>
#include <string.h>

#include "query/exec/each.h"
#include "query/exec/run_inner.h"

lots_status run_instance(run *r, lots_instance **out, lots_error *err)
{
    const uint32_t *carried = r->rows.patient != NULL ? r->carried : NULL;
    LOTS_TRY(lots_worker_begin_carried(r->workers[0], carried, err));
    return lots_rows_table(r->workers[0], r->rows.frame, r->rows.slots, r->rows.slot_count, r->rows.count, out, err);
}

lots_status run_keep_vector(run *r, const lots_vector *value, lots_vector *out, lots_error *err)
{
    void *made = NULL;
    lots_vector flat;
    LOTS_TRY(lots_vector_flatten(lots_worker_arena(r->workers[0]), value, &flat, err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, flat.count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < flat.count; i++)
        ((uint32_t *)made)[i] = i;
    LOTS_TRY(lots_vector_gather(&r->arena, &flat, made, flat.count, out, err));
    bool texts = out->type.kind == LOTS_TYPE_TEXT ||
                 (out->type.kind == LOTS_TYPE_SET && out->type.element == LOTS_TYPE_TEXT);
    uint32_t count = out->type.kind == LOTS_TYPE_SET ? out->offsets[out->count] : out->count;
    for (uint32_t i = 0; texts && i < count; i++) {
        lots_text *text = &((lots_text *)out->data)[i];
        char *copy = NULL;
        LOTS_TRY(lots_arena_text(&r->arena, &copy, text->text, text->bytes, err));
        text->text = copy;
    }
    return LOTS_OK;
}

bool run_is_key(const run *r, const lots_expr *expr)
{
    return r->rows.keys != NULL && expr->op == LOTS_OP_SLOT && expr->of_frame == r->rows.frame &&
           expr->index < r->rows.slot_count && r->rows.keys[expr->index];
}

/* What a value made of a table's cells hides: a cell as it is; else, where the value is missing, one of its parts. */
static void add_marks(const run *r, const lots_expr *expr, const lots_vector *value, bool whole, lots_vector *into)
{
    const lots_vector *marks = expr->op == LOTS_OP_SLOT && expr->of_frame == r->rows.frame &&
                                       expr->index < r->rows.slot_count && r->rows.marks[expr->index].data != NULL
                                   ? &r->rows.marks[expr->index]
                                   : NULL;
    for (uint32_t row = 0; marks != NULL && row < r->rows.count; row++) {
        int64_t mark = ((const int64_t *)marks->data)[row];
        if (mark == LOTS_MARK_TOTAL && !whole)
            continue; /* what is made of a total's key is missing, not hidden */
        if (mark != LOTS_MARK_SHOWN && lots_vector_is_missing(value, row))
            ((int64_t *)into->data)[row] = whole ? mark : (int64_t)LOTS_MARK_WITHHELD;
    }
    for (uint32_t i = 0; i < expr->operand_count; i++)
        add_marks(r, expr->operands[i], value, false, into);
}

lots_status run_marks_of(run *r, const lots_expr *expr, const lots_vector *value, lots_vector *out, lots_error *err)
{
    lots_type type = {.kind = LOTS_TYPE_INT};
    lots_vector made;
    LOTS_TRY(lots_vector_new(&r->arena, &type, r->rows.count, &made, err));
    memset(made.data, 0, r->rows.count * sizeof(int64_t));
    add_marks(r, expr, value, true, &made);
    *out = made;
    return LOTS_OK;
}

/* Another name for a slot: nothing changes what vectors hold. */
static bool take_slot(run *r, const lots_named_expr *item)
{
    const lots_expr *value = item->value;
    if (value->op != LOTS_OP_SLOT || value->of_frame != r->rows.frame || value->index >= r->rows.slot_count ||
        r->rows.marks != NULL || r->rows.slots[value->index].count != r->rows.count)
        return false;
    r->rows.slots[item->slot] = r->rows.slots[value->index];
    return true;
}

static lots_status derive_in_table(run *r, const lots_bound_stage *stage, lots_error *err)
{
    for (uint32_t i = 0; i < stage->item_count; i++) {
        if (r->rows.keys != NULL)
            r->rows.keys[stage->items[i].slot] = run_is_key(r, stage->items[i].value);
        if (take_slot(r, &stage->items[i]))
            continue;
        lots_instance *rows = NULL;
        lots_vector value;
        LOTS_TRY(run_instance(r, &rows, err));
        LOTS_TRY(lots_eval(r->workers[0], stage->items[i].value, rows, &value, err));
        LOTS_TRY(run_keep_vector(r, &value, &r->rows.slots[stage->items[i].slot], err));
        if (r->rows.marks != NULL)
            LOTS_TRY(run_marks_of(r, stage->items[i].value, &r->rows.slots[stage->items[i].slot],
                              &r->rows.marks[stage->items[i].slot], err));
    }
    return LOTS_OK;
}

static lots_status each_in_table(run *r, const lots_each *each, lots_error *err)
{
    lots_instance *rows = NULL;
    uint32_t *index = NULL, count = 0;
    lots_vector made[2], kept[2];
    LOTS_TRY(run_instance(r, &rows, err));
    LOTS_TRY(lots_each_make(r->workers[0], each, rows, &index, &count, made, err));
    for (uint32_t i = 0; i < each->slot_count; i++)
        LOTS_TRY(run_keep_vector(r, &made[i], &kept[i], err));
    LOTS_TRY(lots_rowset_permute(&r->rows, index, count, &r->arena, err));
    for (uint32_t i = 0; i < each->slot_count; i++)
        r->rows.slots[each->slots[i]] = kept[i];
    return LOTS_OK;
}

/* ---- groups ---- */

typedef struct placed_row {
    lots_patient patient;
    uint32_t relation_row, row;
} placed_row;

static int compare_places(const void *a, const void *b)
{
    const placed_row *x = a, *y = b;
    if (x->patient != y->patient)
        return x->patient < y->patient ? -1 : 1;
    if (x->relation_row != y->relation_row)
        return x->relation_row < y->relation_row ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

/* Groups want their rows patient by patient (to count patients) and in the total order (for deviations of floats): undo what
 * sort did. */
static lots_status order_by_origin(run *r, lots_error *err)
{
    void *made = NULL;
    if (lots_rowset_in_order(&r->rows))
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, r->rows.count, sizeof(placed_row), err));
    placed_row *places = made;
    for (uint32_t i = 0; i < r->rows.count; i++)
        places[i] = (placed_row){r->rows.patient[i], r->rows.relation_row != NULL ? r->rows.relation_row[i] : 0, i};
    qsort(places, r->rows.count, sizeof *places, compare_places);
    LOTS_TRY(lots_arena_vector(&r->arena, &made, r->rows.count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < r->rows.count; i++)
        ((uint32_t *)made)[i] = places[i].row;
    return lots_rowset_permute(&r->rows, made, r->rows.count, &r->arena, err);
}

/* The persons behind each row, for groups of these rows. A number that is hidden stands as the least it may be, so that no
 * later stage can show it. */
static lots_status persons_behind(run *r, const lots_vector **out, lots_error *err)
{
    const lots_vector *marks = r->rows.marks != NULL ? &r->rows.marks[r->rows.slot_count] : NULL;
    *out = r->rows.behind.data != NULL ? &r->rows.behind : NULL;
    if (*out == NULL || marks == NULL || marks->data == NULL)
        return LOTS_OK;
    lots_vector flat;
    LOTS_TRY(lots_vector_flatten(&r->arena, &r->rows.behind, &flat, err));
    for (uint32_t row = 0; row < r->rows.count; row++)
        if (((const int64_t *)marks->data)[row] != LOTS_MARK_SHOWN)
            ((int64_t *)flat.data)[row] = 1;
    r->rows.behind = flat;
    *out = &r->rows.behind;
    return LOTS_OK;
}

static lots_status group_table(run *r, const lots_bound_stage *stage, lots_error *err)
{
    lots_group *group = NULL;
    lots_instance *rows = NULL;
    const lots_vector *behind = NULL;
    if (r->rows.patient != NULL)
        LOTS_TRY(order_by_origin(r, err));
    LOTS_TRY(persons_behind(r, &behind, err));
    LOTS_TRY(lots_vec_extend(&r->groups, 1, (void **)&group, err));
    const bool nobody = r->rows.patient == NULL && r->rows.behind.data == NULL; /* of a table: there is none to protect */
    LOTS_TRY(lots_group_open(group, stage, nobody ? 0 : r->options->min_cell, err));
    LOTS_TRY(run_instance(r, &rows, err));
    LOTS_TRY(lots_group_feed(group, r->workers[0], rows, r->rows.patient, behind, NULL, NULL, err));
    LOTS_TRY(run_rows_of_group(r, stage, group, err));
    if (nobody)
        memset(&r->rows.behind, 0, sizeof r->rows.behind);
    return LOTS_OK;
}

static lots_status break_table(run *r, const lots_bound_stage *stage, lots_error *err)
{
    lots_vec exprs = LOTS_VEC(lots_expr *);
    void *made = NULL;
    lots_instance *rows = NULL;
    lots_status status = run_breaker_exprs(stage, &exprs, err);
    if (status == LOTS_OK)
        status = lots_arena_alloc(&r->arena, &made, exprs.count, sizeof(lots_vector), err);
    if (status == LOTS_OK)
        status = run_instance(r, &rows, err);
    for (size_t i = 0; i < exprs.count && status == LOTS_OK; i++) {
        lots_vector value;
        status = lots_eval(r->workers[0], LOTS_AT(lots_expr *, &exprs, i), rows, &value, err);
        if (status == LOTS_OK)
            status = run_keep_vector(r, &value, &((lots_vector *)made)[i], err);
    }
    lots_vec_free(&exprs);
    const run_ranked ranked = {.values = made};
    return status != LOTS_OK ? status : run_apply_breaker(r, stage, &ranked, err);
}

lots_status run_table_stage(run *r, const lots_bound_stage *stage, lots_error *err)
{
    lots_instance *rows = NULL;
    uint64_t *keep = NULL;
    switch (stage->kind) {
    case LOTS_STAGE_WHERE:
        LOTS_TRY(run_instance(r, &rows, err));
        LOTS_TRY(lots_eval_true(r->workers[0], stage->where, rows, &keep, err));
        return lots_rowset_filter(&r->rows, keep, &r->arena, err);
    case LOTS_STAGE_DERIVE: return derive_in_table(r, stage, err);
    case LOTS_STAGE_GROUP: return group_table(r, stage, err);
    case LOTS_STAGE_EACH: return each_in_table(r, &stage->each, err);
    case LOTS_STAGE_JOIN: return run_join_rows(r, stage, err);
    case LOTS_STAGE_PIVOT: return run_pivot_rows(r, stage, err);
    default: return break_table(r, stage, err);
    }
}
