/* bind_group.c: group by with its show, and a show of aggregates. See bind_stage.h. */
#include <stdlib.h>
#include <string.h>

#include "query/lang/bind_stage.h"

lots_bound_stage *bind_groups(binder *b)
{
    pipeline_state *p = b->pipeline;
    if (p->where->kind != SCOPE_TABLE || p->table_stage >= p->stages.count)
        return NULL;
    lots_bound_stage *made = &LOTS_AT(lots_bound_stage, &p->stages, p->table_stage);
    return made->kind == LOTS_STAGE_GROUP ? made : NULL;
}

lots_status bind_without_totals(binder *b, const char *what, lots_ast_span span)
{
    const lots_bound_stage *groups = bind_groups(b);
    if (groups == NULL || !groups->totals)
        return LOTS_OK;
    lots_status status = lots_ast_fail(b->err, span, "%s would take the totals for groups", what);
    lots_error_hint(b->err, "leave `with totals` out of the `group by` before it");
    return status;
}

static lots_status group_keys(binder *b, const lots_ast_stage *group, lots_vec *keys)
{
    for (uint32_t i = 0; i < group->group.items.count; i++) {
        const lots_ast_item *item = &group->group.items.items[i];
        value bound;
        const char *name = NULL;
        LOTS_TRY(bind_item_name(b, item, &name));
        LOTS_TRY(bind_value(b, b->pipeline->where, item->value, &bound));
        bool tuple = bound.kind == VALUE_TUPLE; /* (sex, age): a key each, as in `per`, also when of one type */
        uint32_t count = tuple ? bound.field_count : 1;
        for (uint32_t k = 0; k < count; k++) {
            lots_named_expr key = {.name = name, .value = tuple ? bound.fields[k] : bound.expr};
            bool fits = key.value != NULL && key.value->type.kind != LOTS_TYPE_EVENTS;
            if (!fits)
                return lots_ast_fail(b->err, item->span, "a value is wanted as key of a group");
            if (count > 1) {
                char *numbered = NULL;
                LOTS_TRY(lots_arena_printf(b->arena, &numbered, b->err, "%s.%u", name, k + 1));
                key.name = numbered;
            }
            LOTS_TRY(lots_vec_push(keys, &key, b->err));
        }
    }
    return LOTS_OK;
}

/* The keys a tuple made keep its name together too: group by stratum … sort stratum, top 3 by n per stratum. */
static lots_status name_tuples(binder *b, const lots_ast_stage *group, const lots_vec *items, scope *table)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < group->group.items.count; i++) {
        const char *name = NULL;
        uint32_t count = 0;
        LOTS_TRY(bind_item_name(b, &group->group.items.items[i], &name));
        size_t bytes = strlen(name);
        while (at + count < items->count) {
            const char *key = LOTS_AT(lots_named_expr, items, at + count).name;
            if (strncmp(key, name, bytes) != 0 || key[bytes] != '.' || strtoul(key + bytes + 1, NULL, 10) != count + 1)
                break;
            count++;
        }
        at += count > 0 ? count : 1;
        if (count == 0)
            continue;
        void *fields = NULL;
        LOTS_TRY(lots_arena_alloc(b->arena, &fields, count, sizeof(lots_expr *), b->err));
        value tuple = {.kind = VALUE_TUPLE, .fields = fields, .field_count = count};
        for (uint32_t k = 0; k < count; k++)
            tuple.fields[k] = LOTS_AT(lots_named_expr, items, at - count + k).value;
        LOTS_TRY(bind_scope_add(b, table, name, (uint32_t)bytes, &tuple));
    }
    return LOTS_OK;
}

/* The table scope of the keys, in which the shown expressions stand. */
static lots_status table_scope(binder *b, const lots_vec *keys, lots_ast_span span, scope **out, lots_vec *items)
{
    uint32_t frame = 0;
    LOTS_TRY(bind_frame_new(b, LOTS_FRAME_IS_TABLE, LOTS_FRAME_CONSTANT, UINT32_MAX, "groups", &frame));
    LOTS_TRY(bind_scope_new(b, SCOPE_TABLE, NULL, frame, UINT32_MAX, out));
    for (size_t i = 0; i < keys->count; i++) {
        const lots_named_expr *key = &LOTS_AT(lots_named_expr, keys, i);
        lots_named_expr item = {.name = key->name, .slot = (uint32_t)i};
        LOTS_TRY(bind_slot(b, frame, (uint32_t)i, key->value->type, span, &item.value));
        for (size_t k = 0; k < i; k++)
            if (strcmp(LOTS_AT(lots_named_expr, keys, k).name, key->name) == 0)
                return lots_ast_fail(b->err, key->value->span, "two columns would be called '%s'", key->name);
        item.value->labels = key->value->labels;
        item.value->label_count = key->value->label_count;
        item.value->label_first = key->value->label_first;
        LOTS_TRY(bind_add_name(b, *out, item.name, item.value));
        LOTS_TRY(lots_vec_push(items, &item, b->err));
    }
    return LOTS_OK;
}

static lots_status show_items(binder *b, const lots_ast_stage *show, scope *table, lots_vec *items)
{
    size_t keys = items->count;
    for (uint32_t i = 0; i < show->show.count; i++) {
        const lots_ast_item *item = &show->show.items[i];
        lots_named_expr made = {.slot = UINT32_MAX};
        LOTS_TRY(bind_item_name(b, item, &made.name));
        LOTS_TRY(bind_scalar(b, table, item->value, &made.value));
        bool is_key = made.value->op == LOTS_OP_SLOT && made.value->index < keys; /* shown first already */
        if (is_key && strcmp(LOTS_AT(lots_named_expr, items, made.value->index).name, made.name) == 0)
            continue;
        for (size_t k = 0; k < items->count; k++)
            if (strcmp(LOTS_AT(lots_named_expr, items, k).name, made.name) == 0)
                return lots_ast_fail(b->err, item->span, "two columns would be called '%s'", made.name);
        LOTS_TRY(lots_vec_push(items, &made, b->err));
    }
    return LOTS_OK;
}

static lots_status group_stage(binder *b, const lots_ast_stage *group, const lots_ast_stage *show, lots_vec *keys,
                               lots_vec *items, aggregation *into, hoisting *met)
{
    pipeline_state *p = b->pipeline;
    lots_bound_stage stage = bind_stage_of(b, LOTS_STAGE_GROUP, show->span);
    scope *table = NULL;
    LOTS_TRY(bind_without_totals(b, group != NULL ? "`group by`" : "an aggregate", (group != NULL ? group : show)->span));
    stage.totals = group != NULL && group->group.totals;
    if (group != NULL)
        LOTS_TRY(group_keys(b, group, keys));
    LOTS_TRY(table_scope(b, keys, show->span, &table, items));
    if (group != NULL)
        LOTS_TRY(name_tuples(b, group, items, table));
    into->rows = p->where;
    into->table_frame = table->frame;
    into->keys = keys;
    into->key_count = (uint32_t)keys->count;
    b->aggregation = into;
    LOTS_TRY(show_items(b, show, table, items));
    b->aggregation = NULL;
    LOTS_TRY(bind_each_unasked(b, keys));
    LOTS_TRY(bind_emit_functions(b, met, show->span)); /* of the rows that are grouped: in keys and in what is aggregated */
    void *list = NULL;
    LOTS_TRY(bind_freeze(b, keys, &list));
    stage.keys = list;
    stage.key_count = (uint32_t)keys->count;
    LOTS_TRY(bind_freeze(b, into->aggs, &list));
    stage.aggs = list;
    stage.agg_count = (uint32_t)into->aggs->count;
    LOTS_TRY(bind_freeze(b, items, &list));
    stage.items = list;
    stage.item_count = (uint32_t)items->count;
    stage.table_frame = table->frame;
    stage.table_slots = p->table_slots = stage.key_count + stage.agg_count;
    p->table_stage = (uint32_t)p->stages.count;
    LOTS_TRY(bind_push_stage(b, &stage));
    for (size_t i = keys->count; i < items->count; i++)
        LOTS_TRY(bind_add_name(b, table, LOTS_AT(lots_named_expr, items, i).name, LOTS_AT(lots_named_expr, items, i).value));
    p->where = table;
    p->out.aggregated = true;
    p->shown = true;
    p->columns.count = 0;
    for (size_t i = 0; i < items->count; i++)
        LOTS_TRY(lots_vec_push(&p->columns, &LOTS_AT(lots_named_expr, items, i), b->err));
    return LOTS_OK;
}

lots_status bind_group_stage(binder *b, const lots_ast_stage *group, const lots_ast_stage *show)
{
    lots_vec keys = LOTS_VEC(lots_named_expr), items = LOTS_VEC(lots_named_expr);
    lots_vec aggs = LOTS_VEC(lots_row_agg);
    aggregation into = {.aggs = &aggs};
    hoisting met = {LOTS_VEC(lots_row_function)};
    b->hoisting = &met;
    lots_status status = group_stage(b, group, show, &keys, &items, &into, &met);
    b->hoisting = NULL;
    b->aggregation = NULL;
    lots_vec_free(&keys);
    lots_vec_free(&items);
    lots_vec_free(&aggs);
    lots_vec_free(&met.functions);
    return status;
}

lots_status bind_show_stage(binder *b, const lots_ast_stage *stage)
{
    for (uint32_t i = 0; i < stage->show.count; i++)
        if (bind_has_row_aggregate(b, stage->show.items[i].value, NULL))
            return bind_group_stage(b, NULL, stage);
    return bind_show_rows(b, stage);
}
