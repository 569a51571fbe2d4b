/* run_pivot.c: a PIVOT stage: the columns it needs are evaluated, and what comes of them are the rows. See run_inner.h. */
#include <string.h>

#include "query/exec/pivot.h"
#include "query/exec/run_inner.h"

static lots_status evaluate(run *r, const lots_expr *expr, const char *name, lots_pivot_column *out, lots_error *err)
{
    lots_instance *rows = NULL;
    lots_vector value;
    *out = (lots_pivot_column){.expr = expr, .name = name};
    LOTS_TRY(run_instance(r, &rows, err));
    LOTS_TRY(lots_eval(r->workers[0], expr, rows, &value, err));
    LOTS_TRY(run_keep_vector(r, &value, &out->values, err));
    if (r->rows.marks == NULL)
        return LOTS_OK;
    return run_marks_of(r, expr, &out->values, &out->marks, err);
}

static lots_status evaluate_all(run *r, const lots_named_expr *items, uint32_t count, const lots_pivot_column **out,
                                lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(&r->arena, &made, count, sizeof(lots_pivot_column), err));
    *out = made;
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(evaluate(r, items[i].value, items[i].name, &((lots_pivot_column *)made)[i], err));
    return LOTS_OK;
}

static lots_status take_patients(run *r, lots_pivot_column *out, lots_error *err)
{
    *out = (lots_pivot_column){.name = "patients"};
    if (r->rows.behind.data == NULL)
        return LOTS_OK;
    if (r->rows.marks != NULL)
        out->marks = r->rows.marks[r->rows.slot_count];
    return lots_vector_flatten(&r->arena, &r->rows.behind, &out->values, err);
}

/* Slots: the keys that stay, room for what later stages add, the cells. */
static lots_status take_pivoted(run *r, const lots_bound_stage *stage, const lots_pivoted *made, lots_error *err)
{
    void *slots = NULL, *marks = NULL, *names = NULL, *keys = NULL;
    uint32_t count = stage->table_slots + made->cell_count;
    LOTS_TRY(lots_arena_alloc(&r->arena, &slots, count, sizeof(lots_vector), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &marks, (size_t)count + 1, sizeof(lots_vector), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &names, made->cell_count, sizeof(char *), err));
    LOTS_TRY(lots_arena_alloc(&r->arena, &keys, (size_t)count + 1, sizeof(bool), err));
    lots_rowset rows = {.frame = stage->table_frame, .count = made->rows, .slots = slots, .slot_count = count,
                        .behind = made->behind.values, .marks = marks, .keys = keys};
    for (uint32_t i = 0; i < stage->key_count; i++) {
        rows.slots[i] = made->keys[i].values;
        rows.marks[i] = made->keys[i].marks;
        rows.keys[i] = run_is_key(r, stage->keys[i].value);
    }
    for (uint32_t i = 0; i < made->cell_count; i++) {
        rows.slots[stage->table_slots + i] = made->cells[i].values;
        rows.marks[stage->table_slots + i] = made->cells[i].marks;
        ((const char **)names)[i] = made->cells[i].name;
    }
    rows.marks[count] = made->behind.marks;
    r->rows = rows;
    r->pivoted = (run_pivoted){.names = names, .first = stage->table_slots, .count = made->cell_count};
    return LOTS_OK;
}

lots_status run_pivot_rows(run *r, const lots_bound_stage *stage, lots_error *err)
{
    lots_pivot_column by, behind;
    lots_pivoted made;
    lots_pivot pivot = {.stage = stage, .schema = lots_registry_schema(r->query->registry), .rows = r->rows.count,
                        .by = &by, .behind = &behind};
    LOTS_TRY(evaluate_all(r, stage->keys, stage->key_count, &pivot.keys, err));
    LOTS_TRY(evaluate_all(r, stage->items, stage->item_count, &pivot.cells, err));
    LOTS_TRY(evaluate(r, stage->pivot->by, "the key", &by, err));
    LOTS_TRY(take_patients(r, &behind, err));
    LOTS_TRY(lots_pivot_rows(&pivot, &r->arena, &made, err));
    return take_pivoted(r, stage, &made, err);
}
