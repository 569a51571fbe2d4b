/* bind_pivot.c: the stage pivot, and what may stand behind it. The columns it makes are known only when it runs, so nothing
 * can name them: behind it the rows can only be sorted by the keys that stay, and limited. See bind_stage.h. */
#include <stdio.h>
#include <string.h>

#include "query/lang/bind_stage.h"

bool bind_is_pivoted(const binder *b) { return b->pipeline != NULL && b->pipeline->out.pivoted; }

lots_status bind_may_follow(binder *b, const lots_ast_stage *stage)
{
    if (!bind_is_pivoted(b) || stage->kind == LOTS_AST_STAGE_SORT || stage->kind == LOTS_AST_STAGE_LIMIT)
        return LOTS_OK;
    lots_status status = lots_ast_fail(b->err, stage->span, "only `sort` and `limit` may follow `pivot`: its columns have no "
                                                            "names before it has run");
    lots_error_hint(b->err, "put `%s` before `pivot`", lots_ast_stage_text(stage->kind));
    return status;
}

static bool is_key(const lots_bound_stage *groups, const lots_expr *expr)
{
    return expr->op == LOTS_OP_SLOT && expr->of_frame == groups->table_frame && expr->index < groups->key_count;
}

static lots_status not_a_key(binder *b, const lots_bound_stage *groups, const lots_ast_name *name)
{
    char list[200] = "";
    for (uint32_t i = 0; i < groups->key_count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s`%s`", i == 0 ? "" : ", ", groups->keys[i].name);
    }
    lots_status status = lots_ast_fail(b->err, name->span, "'%.*s' is no key of the groups", (int)name->bytes, name->text);
    lots_error_hint(b->err, groups->key_count == 1 ? "their key is %s" : "their keys are %s", list);
    return status;
}

/* The shown key of that name. */
static lots_expr *find_key(const pipeline_state *p, const lots_bound_stage *groups, const lots_ast_name *name)
{
    for (size_t i = 0; i < p->columns.count; i++) {
        const lots_named_expr *column = &LOTS_AT(lots_named_expr, &p->columns, i);
        if (is_key(groups, column->value) && lots_ast_name_is(name, column->name))
            return column->value;
    }
    return NULL;
}

/* Without one of the keys, several groups would fall into one cell. */
static lots_status want_all_keys(binder *b, const lots_bound_stage *groups, lots_ast_span span)
{
    const pipeline_state *p = b->pipeline;
    for (uint32_t k = 0; k < groups->key_count; k++) {
        bool shown = false;
        for (size_t i = 0; i < p->columns.count; i++) {
            const lots_expr *expr = LOTS_AT(lots_named_expr, &p->columns, i).value;
            shown = shown || (is_key(groups, expr) && expr->index == k);
        }
        if (shown)
            continue;
        lots_status status = lots_ast_fail(b->err, span, "`pivot` needs all keys of the groups, and '%s' is not shown",
                                           groups->keys[k].name);
        lots_error_hint(b->err, "show it too, or leave it out of `group by`");
        return status;
    }
    return LOTS_OK;
}

/* No stage after the grouping has taken groups away: one that isn't there has no rows. */
static bool all_groups_stay(const pipeline_state *p)
{
    for (size_t i = p->table_stage + 1; i < p->stages.count; i++)
        switch (LOTS_AT(lots_bound_stage, &p->stages, i).kind) {
        case LOTS_STAGE_DERIVE:
        case LOTS_STAGE_FUNCTIONS:
        case LOTS_STAGE_SORT:
        case LOTS_STAGE_JOIN: break;
        default: return false;
        }
    return true;
}

/* Counts and sums of no rows are 0; all else is missing. */
static bool is_zero_of_none(const lots_bound_stage *groups, const lots_expr *expr)
{
    if (expr->op != LOTS_OP_SLOT || expr->of_frame != groups->table_frame || expr->index < groups->key_count ||
        expr->index - groups->key_count >= groups->agg_count)
        return false;
    switch (groups->aggs[expr->index - groups->key_count].kind) {
    case LOTS_AGG_COUNT:
    case LOTS_AGG_PATIENTS:
    case LOTS_AGG_COUNT_DISTINCT:
    case LOTS_AGG_SUM: return true;
    default: return false;
    }
}

/* Rows that are patients, grouped once. */
static bool is_apart(const pipeline_state *p)
{
    bool apart = p->out.relation == UINT32_MAX && !p->out.nobody;
    for (size_t i = 0; i < p->table_stage; i++) {
        lots_bound_stage_kind kind = LOTS_AT(lots_bound_stage, &p->stages, i).kind;
        apart = apart && kind != LOTS_STAGE_EACH && kind != LOTS_STAGE_GROUP;
    }
    return apart;
}

static lots_status describe(binder *b, const lots_bound_stage *groups, lots_expr *by, const lots_vec *cells,
                            lots_bound_pivot **out)
{
    const pipeline_state *p = b->pipeline;
    void *made = NULL, *zero = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_bound_pivot), b->err));
    LOTS_TRY(lots_arena_alloc(b->arena, &zero, cells->count, sizeof(bool), b->err));
    *out = made;
    **out = (lots_bound_pivot){.by = by, .zero = zero, .apart = is_apart(p)};
    for (size_t i = 0; i < cells->count; i++)
        (*out)->zero[i] = all_groups_stay(p) && is_zero_of_none(groups, LOTS_AT(lots_named_expr, cells, i).value);
    return LOTS_OK;
}

/* The columns: keys that stay, cells; what else shows the key that goes is left out. */
static lots_status part_columns(binder *b, const lots_bound_stage *groups, const lots_expr *by, lots_vec *keys,
                                lots_vec *cells)
{
    const pipeline_state *p = b->pipeline;
    for (size_t i = 0; i < p->columns.count; i++) {
        const lots_named_expr *column = &LOTS_AT(lots_named_expr, &p->columns, i);
        if (!is_key(groups, column->value))
            LOTS_TRY(lots_vec_push(cells, column, b->err));
        else if (column->value->index != by->index)
            LOTS_TRY(lots_vec_push(keys, column, b->err));
    }
    return LOTS_OK;
}

/* The rows from now on: the keys that stay. */
static lots_status new_rows(binder *b, const lots_bound_stage *stage)
{
    pipeline_state *p = b->pipeline;
    scope *table = NULL;
    LOTS_TRY(bind_scope_new(b, SCOPE_TABLE, NULL, stage->table_frame, UINT32_MAX, &table));
    p->columns.count = 0;
    for (uint32_t i = 0; i < stage->key_count; i++) {
        const lots_expr *key = stage->keys[i].value;
        lots_named_expr column = {.name = stage->keys[i].name, .slot = i};
        LOTS_TRY(bind_slot(b, stage->table_frame, i, key->type, stage->span, &column.value));
        column.value->labels = key->labels;
        column.value->label_count = key->label_count;
        column.value->label_first = key->label_first;
        LOTS_TRY(bind_add_name(b, table, column.name, column.value));
        LOTS_TRY(lots_vec_push(&p->columns, &column, b->err));
    }
    p->table_stage = (uint32_t)p->stages.count;
    p->table_slots = stage->table_slots;
    p->where = table;
    p->out.pivoted = true;
    return bind_push_stage(b, stage);
}

static lots_status make_stage(binder *b, const lots_ast_stage *stage, const lots_bound_stage *groups, lots_expr *by,
                              lots_vec *keys, lots_vec *cells)
{
    lots_bound_stage made = bind_stage_of(b, LOTS_STAGE_PIVOT, stage->span);
    void *list = NULL;
    LOTS_TRY(part_columns(b, groups, by, keys, cells));
    if (cells->count == 0)
        return lots_ast_fail(b->err, stage->span, "there is nothing to spread: no column is shown besides the keys");
    LOTS_TRY(describe(b, groups, by, cells, &made.pivot));
    LOTS_TRY(bind_freeze(b, keys, &list));
    made.keys = list;
    made.key_count = made.table_slots = (uint32_t)keys->count;
    LOTS_TRY(bind_freeze(b, cells, &list));
    made.items = list;
    made.item_count = (uint32_t)cells->count;
    made.totals = groups->totals;
    LOTS_TRY(bind_frame_new(b, LOTS_FRAME_IS_TABLE, LOTS_FRAME_CONSTANT, UINT32_MAX, "pivot", &made.table_frame));
    return new_rows(b, &made);
}

lots_status bind_pivot_stage(binder *b, const lots_ast_stage *stage)
{
    const lots_bound_stage *groups = bind_groups(b);
    lots_vec keys = LOTS_VEC(lots_named_expr), cells = LOTS_VEC(lots_named_expr);
    if (groups == NULL || groups->key_count == 0) {
        lots_status status = lots_ast_fail(b->err, stage->span, "`pivot` spreads groups, and there are none here");
        lots_error_hint(b->err, "as in: group by year, sex show n = count() pivot sex");
        return status;
    }
    lots_expr *by = find_key(b->pipeline, groups, &stage->pivot);
    if (by == NULL)
        return not_a_key(b, groups, &stage->pivot);
    LOTS_TRY(want_all_keys(b, groups, stage->span));
    lots_status status = make_stage(b, stage, groups, by, &keys, &cells);
    lots_vec_free(&keys);
    lots_vec_free(&cells);
    return status;
}
