/* bind_stage.c: what all stages are bound with: slots, names, and the stages that go before one that ranks. See bind_stage.h. */
#include <string.h>

#include "query/lang/bind_stage.h"

lots_status bind_freeze(binder *b, const lots_vec *list, void **out)
{
    LOTS_TRY(lots_arena_alloc(b->arena, out, list->count, list->item_size, b->err));
    if (list->count > 0)
        memcpy(*out, list->data, list->count * list->item_size);
    return LOTS_OK;
}

lots_status bind_push_stage(binder *b, const lots_bound_stage *stage)
{
    return lots_vec_push(&b->pipeline->stages, stage, b->err);
}

lots_bound_stage bind_stage_of(binder *b, lots_bound_stage_kind kind, lots_ast_span span)
{
    lots_bound_stage stage;
    memset(&stage, 0, sizeof stage);
    stage.kind = kind;
    stage.span = span;
    stage.frame = b->pipeline->where->frame;
    return stage;
}

lots_status bind_new_slot(binder *b, const lots_type *type, uint32_t *out)
{
    pipeline_state *p = b->pipeline;
    if (p->where->kind == SCOPE_TABLE) {
        *out = p->table_slots++;
        LOTS_AT(lots_bound_stage, &p->stages, p->table_stage).table_slots = p->table_slots;
        return LOTS_OK;
    }
    *out = (uint32_t)p->slots.count;
    return lots_vec_push(&p->slots, type, b->err);
}

lots_status bind_slot(binder *b, uint32_t frame, uint32_t slot, lots_type type, lots_ast_span span,
                             lots_expr **out)
{
    LOTS_TRY(bind_expr(b, LOTS_OP_SLOT, type, span, NULL, 0, out));
    (*out)->of_frame = frame;
    (*out)->index = slot;
    bind_depend(b, *out, bind_frame_bit(b, frame), frame);
    return LOTS_OK;
}

lots_status bind_item_name(binder *b, const lots_ast_item *item, const char **out)
{
    *out = item->name.text != NULL ? item->name.text : item->value->kind == LOTS_AST_NAME ? item->value->name.text : NULL;
    return *out != NULL ? LOTS_OK : bind_text_of(b, item->value, out);
}

lots_status bind_add_name(binder *b, scope *where, const char *name, lots_expr *expr)
{
    value bound;
    memset(&bound, 0, sizeof bound);
    bound.kind = VALUE_EXPR;
    bound.expr = expr;
    return bind_scope_add(b, where, name, (uint32_t)strlen(name), &bound);
}

/* Emit the functions that were met while a stage's expressions were bound: they come before it. */
lots_status bind_emit_functions(binder *b, hoisting *met, lots_ast_span span)
{
    if (met->functions.count == 0)
        return LOTS_OK;
    void *list = NULL;
    lots_bound_stage stage = bind_stage_of(b, LOTS_STAGE_FUNCTIONS, span);
    LOTS_TRY(bind_freeze(b, &met->functions, &list));
    stage.functions = list;
    stage.function_count = (uint32_t)met->functions.count;
    met->functions.count = 0;
    return bind_push_stage(b, &stage);
}

lots_status bind_emit_derive(binder *b, lots_vec *items, lots_ast_span span)
{
    if (items->count == 0)
        return LOTS_OK;
    void *list = NULL;
    lots_bound_stage stage = bind_stage_of(b, LOTS_STAGE_DERIVE, span);
    LOTS_TRY(bind_freeze(b, items, &list));
    stage.items = list;
    stage.item_count = (uint32_t)items->count;
    items->count = 0;
    return bind_push_stage(b, &stage);
}

bool bind_taken(const scope *where, const char *name)
{
    for (size_t i = 0; i < where->names.count; i++) {
        const named *item = &LOTS_AT(named, &where->names, i);
        if (item->bytes == strlen(name) && memcmp(item->name, name, item->bytes) == 0)
            return true;
    }
    return false;
}

lots_status bind_derived(binder *b, const char *name, lots_expr *expr, lots_vec *items, lots_expr **out)
{
    lots_named_expr item = {.name = name, .value = expr};
    LOTS_TRY(bind_new_slot(b, &expr->type, &item.slot));
    LOTS_TRY(lots_vec_push(items, &item, b->err));
    LOTS_TRY(bind_slot(b, b->pipeline->where->frame, item.slot, expr->type, expr->span, out));
    (*out)->labels = expr->labels;
    (*out)->label_count = expr->label_count;
    (*out)->label_first = expr->label_first;
    return LOTS_OK;
}

lots_status bind_hoisting(binder *b, lots_status (*bind)(binder *, const lots_ast_stage *, lots_vec *, hoisting *),
                                 const lots_ast_stage *stage)
{
    hoisting met = {LOTS_VEC(lots_row_function)};
    lots_vec items = LOTS_VEC(lots_named_expr);
    b->hoisting = &met;
    lots_status status = bind(b, stage, &items, &met);
    b->hoisting = NULL;
    lots_vec_free(&met.functions);
    lots_vec_free(&items);
    return status;
}
