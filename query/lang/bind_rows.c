/* bind_rows.c: where, derive, and a show that leaves the rows as they are. See bind_stage.h. */
#include <string.h>

#include "query/lang/bind_stage.h"

/* `derive e = contacts where c` would end with the `where` of the pipeline, not of the set. */
static lots_status want_parentheses(binder *b, const lots_ast_item *item)
{
    const char *text = b->sources->texts[item->span.source];
    uint64_t at = item->name.text != NULL ? item->name.span.end : item->span.at;
    while (at < item->value->span.at && strchr(" \t\r\n=", text[at]) != NULL)
        at++;
    if (text[at] == '(')
        return LOTS_OK;
    lots_status status = lots_ast_fail(b->err, item->value->span, "an event set in `derive` stands in parentheses");
    lots_error_hint(b->err, "as in: derive prior = (contacts before death)");
    return status;
}

static lots_status derive_item(binder *b, const lots_ast_item *item, lots_vec *items, hoisting *met)
{
    pipeline_state *p = b->pipeline;
    const char *name = NULL;
    value bound;
    LOTS_TRY(bind_item_name(b, item, &name));
    if (bind_taken(p->where, name))
        return lots_ast_fail(b->err, item->span, "there is already a derived column '%s'", name);
    LOTS_TRY(bind_value(b, p->where, item->value, &bound));
    if (met->functions.count > 0) { /* what they rank may be derived just before */
        LOTS_TRY(bind_emit_derive(b, items, item->span));
        LOTS_TRY(bind_emit_functions(b, met, item->span));
    }
    if (bound.kind == VALUE_SET)
        LOTS_TRY(want_parentheses(b, item));
    if (bound.kind == VALUE_SET || bound.kind == VALUE_CODES)
        return bind_scope_add_lazy(b, p->where, name, (uint32_t)strlen(name), item->value, p->where, &b->sight);
    if (bound.kind != VALUE_EXPR || bound.expr->type.kind == LOTS_TYPE_EVENTS)
        return bind_scope_add(b, p->where, name, (uint32_t)strlen(name), &bound);
    lots_expr *slot = NULL;
    LOTS_TRY(bind_derived(b, name, bound.expr, items, &slot));
    lots_named_expr column = {.name = name, .value = slot, .slot = slot->index};
    LOTS_TRY(lots_vec_push(&p->columns, &column, b->err));
    return bind_add_name(b, p->where, name, slot);
}
static lots_status derive_items(binder *b, const lots_ast_stage *stage, lots_vec *items, hoisting *met)
{
    for (uint32_t i = 0; i < stage->derive.count; i++)
        LOTS_TRY(derive_item(b, &stage->derive.items[i], items, met));
    return bind_emit_derive(b, items, stage->span);
}

static lots_status where_test(binder *b, const lots_ast_stage *stage, lots_vec *items, hoisting *met)
{
    (void)items;
    lots_expr *test = NULL;
    LOTS_TRY(bind_condition(b, b->pipeline->where, stage->where, &test));
    LOTS_TRY(bind_emit_functions(b, met, stage->span));
    if (b->pipeline->out.source != NULL) {
        LOTS_TRY(bind_note_windows(b, b->pipeline->out.relation, b->pipeline->out.row_frame, test));
        LOTS_TRY(bind_note_firsts(b, b->pipeline->out.relation, b->pipeline->out.row_frame, test));
    }
    lots_bound_stage made = bind_stage_of(b, LOTS_STAGE_WHERE, stage->span);
    made.where = test;
    return bind_push_stage(b, &made);
}

static lots_status show_value(binder *b, const lots_ast_stage *stage, const char *name, lots_expr *expr, lots_vec *items,
                              hoisting *met, lots_vec *columns)
{
    lots_named_expr column = {.name = name, .value = expr, .slot = UINT32_MAX};
    if (columns->count >= BIND_NAMES_MAX)
        return bind_too_many_columns(b, expr->span);
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(LOTS_AT(lots_named_expr, columns, i).name, name) == 0)
            return lots_ast_fail(b->err, expr->span, "two columns would be called '%s'", name);
    if (met->functions.count > 0) {
        LOTS_TRY(bind_emit_derive(b, items, stage->span));
        LOTS_TRY(bind_emit_functions(b, met, stage->span));
    }
    if (expr->op != LOTS_OP_SLOT)
        LOTS_TRY(bind_derived(b, name, expr, items, &column.value));
    return lots_vec_push(columns, &column, b->err);
}

/* A key of several columns is shown as those: `show stratum` as stratum.1, stratum.2. */
static lots_status show_fields(binder *b, const lots_ast_stage *stage, const char *name, const value *tuple,
                               lots_vec *items, hoisting *met, lots_vec *columns)
{
    for (uint32_t i = 0; i < tuple->field_count; i++) {
        char *numbered = NULL;
        LOTS_TRY(lots_arena_printf(b->arena, &numbered, b->err, "%s.%u", name, i + 1));
        LOTS_TRY(show_value(b, stage, numbered, tuple->fields[i], items, met, columns));
    }
    return LOTS_OK;
}

static lots_status show_item(binder *b, const lots_ast_stage *stage, const lots_ast_item *item, lots_vec *items,
                             hoisting *met, lots_vec *columns)
{
    scope *where = b->pipeline->where;
    const char *name = NULL;
    lots_expr *expr = NULL;
    value bound;
    LOTS_TRY(bind_item_name(b, item, &name));
    if (item->value->kind == LOTS_AST_NAME) {
        LOTS_TRY(bind_value(b, where, item->value, &bound));
        if (bound.kind == VALUE_TUPLE && bound.expr == NULL)
            return show_fields(b, stage, name, &bound, items, met, columns);
    }
    LOTS_TRY(bind_scalar(b, where, item->value, &expr));
    if (expr->type.kind == LOTS_TYPE_EVENTS)
        return lots_ast_fail(b->err, item->span, "an event has no one value to show: say which column, as in "
                                                 "first(…).start");
    return show_value(b, stage, name, expr, items, met, columns);
}

/* show without aggregates: columns of the rows. */
static lots_status show_columns(binder *b, const lots_ast_stage *stage, lots_vec *items, hoisting *met)
{
    pipeline_state *p = b->pipeline;
    lots_vec columns = LOTS_VEC(lots_named_expr);
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < stage->show.count && status == LOTS_OK; i++)
        status = show_item(b, stage, &stage->show.items[i], items, met, &columns);
    if (status == LOTS_OK)
        status = bind_emit_derive(b, items, stage->span);
    for (size_t i = 0; i < columns.count && status == LOTS_OK; i++) {
        lots_named_expr *column = &LOTS_AT(lots_named_expr, &columns, i);
        if (!bind_taken(p->where, column->name))
            status = bind_add_name(b, p->where, column->name, column->value);
    }
    lots_vec_free(&p->columns);
    p->columns = columns;
    p->shown = true;
    return status;
}

lots_status bind_where_stage(binder *b, const lots_ast_stage *stage)
{
    return bind_hoisting(b, where_test, stage);
}

lots_status bind_derive_stage(binder *b, const lots_ast_stage *stage)
{
    return bind_hoisting(b, derive_items, stage);
}

lots_status bind_show_rows(binder *b, const lots_ast_stage *stage)
{
    return bind_hoisting(b, show_columns, stage);
}
