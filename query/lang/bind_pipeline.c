/* bind_pipeline.c: sources and stages. See bind_internal.h.
 *
 * While the stages are bound the state goes through: rows (SCOPE_ROWS: the source's rows and what was derived) and, after
 * the first stage with aggregates, tables (SCOPE_TABLE). `columns` is what the result would show if the pipeline ended. */
#include <stdlib.h>
#include <string.h>

#include "query/lang/bind_internal.h"

typedef struct pipeline_state {
    lots_bound_pipeline out;
    scope *where;        /* the rows as they are now */
    lots_vec stages;     /* lots_bound_stage */
    lots_vec slots;      /* lots_type of the row frame's slots */
    uint32_t table_slots; /* slots of the present TABLE frame */
    uint32_t table_stage; /* the GROUP stage that made it */
    lots_vec columns;    /* lots_named_expr */
    bool shown;          /* a show or group has fixed the columns */
} pipeline_state;

static lots_status freeze(binder *b, const lots_vec *list, void **out)
{
    LOTS_TRY(lots_arena_alloc(b->arena, out, list->count, list->item_size, b->err));
    if (list->count > 0)
        memcpy(*out, list->data, list->count * list->item_size);
    return LOTS_OK;
}

static lots_status push_stage(binder *b, const lots_bound_stage *stage)
{
    return lots_vec_push(&b->pipeline->stages, stage, b->err);
}

static lots_bound_stage stage_of(binder *b, lots_bound_stage_kind kind, lots_ast_span span)
{
    lots_bound_stage stage;
    memset(&stage, 0, sizeof stage);
    stage.kind = kind;
    stage.span = span;
    stage.frame = b->pipeline->where->frame;
    return stage;
}

static lots_status new_slot(binder *b, const lots_type *type, uint32_t *out)
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

static lots_status slot_expr(binder *b, uint32_t frame, uint32_t slot, lots_type type, lots_ast_span span,
                             lots_expr **out)
{
    LOTS_TRY(bind_expr(b, LOTS_OP_SLOT, type, span, NULL, 0, out));
    (*out)->of_frame = frame;
    (*out)->index = slot;
    bind_depend(b, *out, bind_frame_bit(b, frame), frame);
    return LOTS_OK;
}

static lots_status text_of(binder *b, const lots_ast_node *node, const char **out)
{
    lots_bytes text = {NULL, 0, 0};
    char *copy = NULL;
    lots_status status = lots_ast_print_node(node, &text, b->err);
    if (status == LOTS_OK)
        status = lots_arena_text(b->arena, &copy, (const char *)text.data, text.count, b->err);
    lots_bytes_free(&text);
    *out = copy;
    return status;
}

static lots_status item_name(binder *b, const lots_ast_item *item, const char **out)
{
    *out = item->name.text;
    return item->name.text != NULL ? LOTS_OK : text_of(b, item->value, out);
}

static lots_status add_name(binder *b, scope *where, const char *name, lots_expr *expr)
{
    value bound;
    memset(&bound, 0, sizeof bound);
    bound.kind = VALUE_EXPR;
    bound.expr = expr;
    return bind_scope_add(b, where, name, (uint32_t)strlen(name), &bound);
}

/* ---- functions over all rows: top(10%, x), rank(x), percentile(x) ---- */

static lots_status top_size(binder *b, scope *where, const lots_ast_node *node, lots_top *top)
{
    lots_expr *size = NULL;
    LOTS_TRY(bind_scalar(b, where, node, &size));
    if (size->op != LOTS_OP_CONSTANT || size->constant.missing ||
        (size->type.kind != LOTS_TYPE_INT && size->type.kind != LOTS_TYPE_DECIMAL))
        return lots_ast_fail(b->err, node->span, "how many is a constant: 10%% or 25");
    top->percent = size->type.kind == LOTS_TYPE_DECIMAL;
    top->count = size->constant.i;
    top->mantissa = size->constant.i;
    top->scale = size->type.scale;
    int64_t one = 1;
    for (uint32_t i = 0; i < top->scale && one <= INT64_MAX / 10; i++)
        one *= 10;
    if (top->percent ? size->constant.i <= 0 || size->constant.i > one : size->constant.i < 1)
        return lots_ast_fail(b->err, node->span, top->percent ? "a share above 0%% and up to 100%% is wanted"
                                                              : "at least 1 row is wanted");
    return LOTS_OK;
}

static lots_status ranked(binder *b, scope *where, const lots_ast_node *node, lots_expr **out)
{
    LOTS_TRY(bind_scalar(b, where, node, out));
    lots_type_kind kind = (*out)->type.kind;
    bool fits = lots_type_is_number(&(*out)->type) || kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_DAYS;
    return fits ? LOTS_OK : bind_wrong_type(b, *out, "a number, a date or days");
}

/* Append the fields of `node` (a tuple gives several) to list[count..]. */
static lots_status key_fields(binder *b, scope *where, const lots_ast_node *node, lots_vec *keys)
{
    value bound;
    LOTS_TRY(bind_value(b, where, node, &bound));
    if (bound.kind == VALUE_TUPLE) {
        for (uint32_t i = 0; i < bound.field_count; i++)
            LOTS_TRY(lots_vec_push(keys, &bound.fields[i], b->err));
        return LOTS_OK;
    }
    if (bound.kind != VALUE_EXPR || bound.expr->type.kind == LOTS_TYPE_EVENTS)
        return lots_ast_fail(b->err, node->span, "a value is wanted as key");
    return lots_vec_push(keys, &bound.expr, b->err);
}

static lots_status per_keys(binder *b, scope *where, lots_ast_node *const *nodes, uint32_t count, lots_top *top)
{
    lots_vec keys = LOTS_VEC(lots_expr *);
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < count && status == LOTS_OK; i++)
        status = key_fields(b, where, nodes[i], &keys);
    void *list = NULL;
    if (status == LOTS_OK)
        status = freeze(b, &keys, &list);
    top->per = list;
    top->per_count = (uint32_t)keys.count;
    lots_vec_free(&keys);
    return status;
}

lots_status bind_row_function(binder *b, scope *where, const lots_ast_node *node, bool *done, value *out)
{
    const lots_ast_call *call = node->call;
    bool top = lots_ast_name_is(&call->name, "top");
    bool rank = lots_ast_name_is(&call->name, "rank"), percentile = lots_ast_name_is(&call->name, "percentile");
    *done = top || rank || percentile;
    if (!*done)
        return LOTS_OK;
    if (b->hoisting == NULL || b->pipeline == NULL || where->frame != b->pipeline->where->frame)
        return lots_ast_fail(b->err, node->span, "'%s' ranks the rows of the pipeline: it can stand in derive, where, "
                                                 "group by and sort, outside event sets",
                             call->name.text);
    uint32_t wanted = top ? 2 : 1;
    if (call->arg_count != wanted || call->args[0].kind != LOTS_AST_ARG_VALUE || call->args[wanted - 1].kind != LOTS_AST_ARG_VALUE)
        return lots_ast_fail(b->err, node->span, top ? "top is written top(10%%, x) or top(10%%, x per k)"
                                                     : "'%s' takes one value",
                             call->name.text);
    lots_row_function made;
    memset(&made, 0, sizeof made);
    made.kind = top ? LOTS_ROW_TOP : rank ? LOTS_ROW_RANK : LOTS_ROW_PERCENTILE;
    if (top)
        LOTS_TRY(top_size(b, where, call->args[0].value, &made.top));
    LOTS_TRY(ranked(b, where, call->args[wanted - 1].value, &made.top.by));
    lots_ast_node *per[16];
    uint32_t per_count = 0;
    for (uint32_t i = 0; i < call->clause_count; i++) {
        if (call->clauses[i].kind != LOTS_AST_CLAUSE_PER || per_count == 16)
            return lots_ast_fail(b->err, call->clauses[i].span, "'%s' takes `per` only", call->name.text);
        per[per_count++] = call->clauses[i].value;
    }
    LOTS_TRY(per_keys(b, where, per, per_count, &made.top));
    made.type = bind_type(top ? LOTS_TYPE_BOOL : rank ? LOTS_TYPE_INT : LOTS_TYPE_FLOAT);
    LOTS_TRY(new_slot(b, &made.type, &made.slot));
    out->kind = VALUE_EXPR;
    LOTS_TRY(slot_expr(b, where->frame, made.slot, made.type, node->span, &out->expr));
    return lots_vec_push(&b->hoisting->functions, &made, b->err);
}

/* Emit the functions that were met while a stage's expressions were bound: they come before it. */
static lots_status emit_functions(binder *b, hoisting *met, lots_ast_span span)
{
    if (met->functions.count == 0)
        return LOTS_OK;
    void *list = NULL;
    lots_bound_stage stage = stage_of(b, LOTS_STAGE_FUNCTIONS, span);
    LOTS_TRY(freeze(b, &met->functions, &list));
    stage.functions = list;
    stage.function_count = (uint32_t)met->functions.count;
    met->functions.count = 0;
    return push_stage(b, &stage);
}

/* ---- derive and show ---- */

static lots_status emit_derive(binder *b, lots_vec *items, lots_ast_span span)
{
    if (items->count == 0)
        return LOTS_OK;
    void *list = NULL;
    lots_bound_stage stage = stage_of(b, LOTS_STAGE_DERIVE, span);
    LOTS_TRY(freeze(b, items, &list));
    stage.items = list;
    stage.item_count = (uint32_t)items->count;
    items->count = 0;
    return push_stage(b, &stage);
}

static bool taken(const scope *where, const char *name)
{
    for (size_t i = 0; i < where->names.count; i++) {
        const named *item = &LOTS_AT(named, &where->names, i);
        if (item->bytes == strlen(name) && memcmp(item->name, name, item->bytes) == 0)
            return true;
    }
    return false;
}

static lots_status derive_expr(binder *b, const char *name, lots_expr *expr, lots_vec *items, lots_expr **out)
{
    lots_named_expr item = {.name = name, .value = expr};
    LOTS_TRY(new_slot(b, &expr->type, &item.slot));
    LOTS_TRY(lots_vec_push(items, &item, b->err));
    LOTS_TRY(slot_expr(b, b->pipeline->where->frame, item.slot, expr->type, expr->span, out));
    (*out)->labels = expr->labels;
    (*out)->label_count = expr->label_count;
    (*out)->label_first = expr->label_first;
    return LOTS_OK;
}

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
    LOTS_TRY(item_name(b, item, &name));
    if (taken(p->where, name))
        return lots_ast_fail(b->err, item->span, "there is already a derived column '%s'", name);
    LOTS_TRY(bind_value(b, p->where, item->value, &bound));
    if (met->functions.count > 0) { /* what they rank may be derived just before */
        LOTS_TRY(emit_derive(b, items, item->span));
        LOTS_TRY(emit_functions(b, met, item->span));
    }
    if (bound.kind == VALUE_SET)
        LOTS_TRY(want_parentheses(b, item));
    if (bound.kind == VALUE_SET || bound.kind == VALUE_CODES)
        return bind_scope_add_lazy(b, p->where, name, (uint32_t)strlen(name), item->value, p->where, b->visible);
    bool plain = bound.kind == VALUE_EXPR && bound.expr->type.kind != LOTS_TYPE_EVENTS &&
                 bound.expr->type.kind != LOTS_TYPE_MISSING;
    if (!plain)
        return bind_scope_add(b, p->where, name, (uint32_t)strlen(name), &bound);
    lots_expr *slot = NULL;
    LOTS_TRY(derive_expr(b, name, bound.expr, items, &slot));
    lots_named_expr column = {.name = name, .value = slot, .slot = slot->index};
    LOTS_TRY(lots_vec_push(&p->columns, &column, b->err));
    return add_name(b, p->where, name, slot);
}

static lots_status with_hoisting(binder *b, lots_status (*bind)(binder *, const lots_ast_stage *, lots_vec *, hoisting *),
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

static lots_status bind_derive(binder *b, const lots_ast_stage *stage, lots_vec *items, hoisting *met)
{
    for (uint32_t i = 0; i < stage->derive.count; i++)
        LOTS_TRY(derive_item(b, &stage->derive.items[i], items, met));
    return emit_derive(b, items, stage->span);
}

static lots_status bind_where(binder *b, const lots_ast_stage *stage, lots_vec *items, hoisting *met)
{
    (void)items;
    lots_expr *test = NULL;
    LOTS_TRY(bind_condition(b, b->pipeline->where, stage->where, &test));
    LOTS_TRY(emit_functions(b, met, stage->span));
    lots_bound_stage made = stage_of(b, LOTS_STAGE_WHERE, stage->span);
    made.where = test;
    return push_stage(b, &made);
}

/* show without aggregates: columns of the rows. */
static lots_status bind_show_rows(binder *b, const lots_ast_stage *stage, lots_vec *items, hoisting *met)
{
    pipeline_state *p = b->pipeline;
    lots_vec columns = LOTS_VEC(lots_named_expr);
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < stage->show.count && status == LOTS_OK; i++) {
        const lots_ast_item *item = &stage->show.items[i];
        lots_named_expr column = {.slot = UINT32_MAX};
        lots_expr *expr = NULL;
        status = item_name(b, item, &column.name);
        if (status == LOTS_OK)
            status = bind_scalar(b, p->where, item->value, &expr);
        if (status == LOTS_OK && expr->type.kind == LOTS_TYPE_EVENTS)
            status = lots_ast_fail(b->err, item->span, "an event has no one value to show: say which column, as in "
                                                       "first(…).start");
        if (status == LOTS_OK && met->functions.count > 0) {
            status = emit_derive(b, items, stage->span);
            if (status == LOTS_OK)
                status = emit_functions(b, met, stage->span);
        }
        if (status == LOTS_OK && expr->op != LOTS_OP_SLOT)
            status = derive_expr(b, column.name, expr, items, &expr);
        column.value = expr;
        if (status == LOTS_OK)
            status = lots_vec_push(&columns, &column, b->err);
    }
    if (status == LOTS_OK)
        status = emit_derive(b, items, stage->span);
    for (size_t i = 0; i < columns.count && status == LOTS_OK; i++) {
        lots_named_expr *column = &LOTS_AT(lots_named_expr, &columns, i);
        if (!taken(p->where, column->name))
            status = add_name(b, p->where, column->name, column->value);
    }
    lots_vec_free(&p->columns);
    p->columns = columns;
    p->shown = true;
    return status;
}

/* ---- group by and show with aggregates ---- */

/* Does a row aggregate stand anywhere in the value, outside the operands of event aggregates? */
static bool has_row_aggregate(const lots_ast_node *node);

static bool call_has(const lots_ast_call *call)
{
    if (bind_is_row_aggregate(call))
        return true;
    if (bind_clause(call, LOTS_AST_CLAUSE_OVER) != NULL)
        return false;
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (has_row_aggregate(call->args[i].value) ||
            (call->args[i].then_value != NULL && has_row_aggregate(call->args[i].then_value)))
            return true;
    return false;
}

static bool has_row_aggregate(const lots_ast_node *node)
{
    switch (node->kind) {
    case LOTS_AST_CALL: return call_has(node->call);
    case LOTS_AST_BINARY: return has_row_aggregate(node->binary.left) || has_row_aggregate(node->binary.right);
    case LOTS_AST_NEGATE:
    case LOTS_AST_NOT: return has_row_aggregate(node->unary);
    case LOTS_AST_IS_MISSING: return has_row_aggregate(node->is_missing.value);
    case LOTS_AST_MEMBER: return has_row_aggregate(node->member.base);
    case LOTS_AST_AND:
    case LOTS_AST_OR:
    case LOTS_AST_SET:
        for (uint32_t i = 0; i < node->list.count; i++)
            if (has_row_aggregate(node->list.items[i]))
                return true;
        return false;
    default: return false;
    }
}

static lots_status group_keys(binder *b, const lots_ast_stage *group, lots_vec *keys)
{
    for (uint32_t i = 0; i < group->group.items.count; i++) {
        const lots_ast_item *item = &group->group.items.items[i];
        value bound;
        const char *name = NULL;
        LOTS_TRY(item_name(b, item, &name));
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
        LOTS_TRY(item_name(b, &group->group.items.items[i], &name));
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
        LOTS_TRY(slot_expr(b, frame, (uint32_t)i, key->value->type, span, &item.value));
        item.value->labels = key->value->labels;
        item.value->label_count = key->value->label_count;
        item.value->label_first = key->value->label_first;
        LOTS_TRY(add_name(b, *out, item.name, item.value));
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
        LOTS_TRY(item_name(b, item, &made.name));
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
    lots_bound_stage stage = stage_of(b, LOTS_STAGE_GROUP, show->span);
    scope *table = NULL;
    if (group != NULL)
        LOTS_TRY(group_keys(b, group, keys));
    LOTS_TRY(table_scope(b, keys, show->span, &table, items));
    if (group != NULL)
        LOTS_TRY(name_tuples(b, group, items, table));
    into->rows = p->where;
    into->table_frame = table->frame;
    into->key_count = (uint32_t)keys->count;
    b->aggregation = into;
    LOTS_TRY(show_items(b, show, table, items));
    b->aggregation = NULL;
    LOTS_TRY(emit_functions(b, met, show->span)); /* of the rows that are grouped: in keys and in what is aggregated */
    void *list = NULL;
    LOTS_TRY(freeze(b, keys, &list));
    stage.keys = list;
    stage.key_count = (uint32_t)keys->count;
    LOTS_TRY(freeze(b, &into->aggs, &list));
    stage.aggs = list;
    stage.agg_count = (uint32_t)into->aggs.count;
    LOTS_TRY(freeze(b, items, &list));
    stage.items = list;
    stage.item_count = (uint32_t)items->count;
    stage.table_frame = table->frame;
    stage.table_slots = p->table_slots = stage.key_count + stage.agg_count;
    p->table_stage = (uint32_t)p->stages.count;
    LOTS_TRY(push_stage(b, &stage));
    for (size_t i = keys->count; i < items->count; i++)
        LOTS_TRY(add_name(b, table, LOTS_AT(lots_named_expr, items, i).name, LOTS_AT(lots_named_expr, items, i).value));
    p->where = table;
    p->out.aggregated = true;
    p->shown = true;
    p->columns.count = 0;
    for (size_t i = 0; i < items->count; i++)
        LOTS_TRY(lots_vec_push(&p->columns, &LOTS_AT(lots_named_expr, items, i), b->err));
    return LOTS_OK;
}

static lots_status bind_group(binder *b, const lots_ast_stage *group, const lots_ast_stage *show)
{
    lots_vec keys = LOTS_VEC(lots_named_expr), items = LOTS_VEC(lots_named_expr);
    aggregation into = {.aggs = LOTS_VEC(lots_row_agg)};
    hoisting met = {LOTS_VEC(lots_row_function)};
    b->hoisting = &met;
    lots_status status = group_stage(b, group, show, &keys, &items, &into, &met);
    b->hoisting = NULL;
    b->aggregation = NULL;
    lots_vec_free(&keys);
    lots_vec_free(&items);
    lots_vec_free(&into.aggs);
    lots_vec_free(&met.functions);
    return status;
}

static lots_status bind_show(binder *b, const lots_ast_stage *stage)
{
    for (uint32_t i = 0; i < stage->show.count; i++)
        if (has_row_aggregate(stage->show.items[i].value))
            return bind_group(b, NULL, stage);
    return with_hoisting(b, bind_show_rows, stage);
}

/* ---- top, sort, limit ---- */

static lots_status bind_top(binder *b, const lots_ast_stage *stage)
{
    lots_bound_stage made = stage_of(b, LOTS_STAGE_TOP, stage->span);
    LOTS_TRY(top_size(b, b->pipeline->where, stage->top.size, &made.top));
    made.top.bottom = stage->kind == LOTS_AST_STAGE_BOTTOM;
    LOTS_TRY(ranked(b, b->pipeline->where, stage->top.by, &made.top.by));
    LOTS_TRY(per_keys(b, b->pipeline->where, stage->top.per.items, stage->top.per.count, &made.top));
    return push_stage(b, &made);
}

static lots_status bind_sort(binder *b, const lots_ast_stage *stage, lots_vec *items, hoisting *met)
{
    (void)items;
    void *list = NULL;
    LOTS_TRY(lots_arena_alloc(b->arena, &list, stage->sort.count, sizeof(lots_sort_key), b->err));
    lots_sort_key *keys = list;
    for (uint32_t i = 0; i < stage->sort.count; i++) {
        keys[i].descending = stage->sort.items[i].descending;
        LOTS_TRY(bind_scalar(b, b->pipeline->where, stage->sort.items[i].value, &keys[i].value));
        if (keys[i].value->type.kind == LOTS_TYPE_EVENTS || keys[i].value->type.kind == LOTS_TYPE_INTERVAL)
            return bind_wrong_type(b, keys[i].value, "a value with an order");
    }
    LOTS_TRY(emit_functions(b, met, stage->span));
    lots_bound_stage made = stage_of(b, LOTS_STAGE_SORT, stage->span);
    made.sort = keys;
    made.sort_count = stage->sort.count;
    return push_stage(b, &made);
}

static lots_status bind_limit(binder *b, const lots_ast_stage *stage)
{
    lots_expr *size = NULL;
    LOTS_TRY(bind_scalar(b, b->pipeline->where, stage->limit, &size));
    if (size->op != LOTS_OP_CONSTANT || size->type.kind != LOTS_TYPE_INT || size->constant.missing || size->constant.i < 0)
        return lots_ast_fail(b->err, stage->limit->span, "limit takes a constant whole number");
    lots_bound_stage made = stage_of(b, LOTS_STAGE_LIMIT, stage->span);
    made.limit = size->constant.i;
    return push_stage(b, &made);
}

static lots_status refuse(binder *b, const lots_ast_stage *stage)
{
    return lots_ast_fail(b->err, stage->span, "`%s` is not available in this version", lots_ast_stage_text(stage->kind));
}

static lots_status bind_stages(binder *b, const lots_ast_pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->stage_count; i++) {
        const lots_ast_stage *stage = &pipeline->stages[i];
        switch (stage->kind) {
        case LOTS_AST_STAGE_WHERE: LOTS_TRY(with_hoisting(b, bind_where, stage)); break;
        case LOTS_AST_STAGE_DERIVE: LOTS_TRY(with_hoisting(b, bind_derive, stage)); break;
        case LOTS_AST_STAGE_TOP:
        case LOTS_AST_STAGE_BOTTOM: LOTS_TRY(bind_top(b, stage)); break;
        case LOTS_AST_STAGE_SHOW: LOTS_TRY(bind_show(b, stage)); break;
        case LOTS_AST_STAGE_SORT: LOTS_TRY(with_hoisting(b, bind_sort, stage)); break;
        case LOTS_AST_STAGE_LIMIT: LOTS_TRY(bind_limit(b, stage)); break;
        case LOTS_AST_STAGE_GROUP:
            if (stage->group.totals)
                return lots_ast_fail(b->err, stage->span, "`with totals` is not available in this version");
            if (i + 1 >= pipeline->stage_count || pipeline->stages[i + 1].kind != LOTS_AST_STAGE_SHOW) {
                lots_status status = lots_ast_fail(b->err, stage->span, "`group by` needs a `show` after it");
                lots_error_hint(b->err, "as in: group by sex show n = count()");
                return status;
            }
            LOTS_TRY(bind_group(b, stage, &pipeline->stages[i + 1]));
            i++;
            break;
        default: return refuse(b, stage);
        }
    }
    return LOTS_OK;
}

/* ---- sources ---- */

static lots_status rows_scope(binder *b, uint32_t relation, const bound_set *set)
{
    pipeline_state *p = b->pipeline;
    const char *name = relation == UINT32_MAX ? "patients" : bind_relation(b, relation)->name;
    LOTS_TRY(bind_frame_new(b, LOTS_FRAME_IS_ROWS, LOTS_FRAME_PATIENT, relation, name, &p->out.row_frame));
    LOTS_TRY(bind_scope_new(b, SCOPE_ROWS, b->root, p->out.row_frame, relation, &p->where));
    p->out.relation = relation;
    if (set == NULL)
        return LOTS_OK;
    p->out.source = set->set;
    p->where->alias = set->element->alias;
    p->where->alias_bytes = set->element->alias_bytes;
    return LOTS_OK;
}

static lots_status bind_source(binder *b, const lots_ast_pipeline *pipeline);

static lots_status inline_table(binder *b, uint32_t number)
{
    const lots_ast_pipeline *inner = LOTS_AT(global, &b->globals, number).statement->pipeline;
    uint32_t visible = b->visible;
    if (++b->let_depth > BIND_LETS_DEEP)
        return lots_ast_fail(b->err, inner->span, "names are defined through one another more than %u deep",
                             BIND_LETS_DEEP);
    b->visible = number;
    LOTS_TRY(bind_source(b, inner));
    LOTS_TRY(bind_stages(b, inner));
    b->visible = visible;
    b->let_depth--;
    return LOTS_OK;
}

static lots_status bind_source_value(binder *b, const lots_ast_node *node)
{
    if (node->kind == LOTS_AST_NAME && lots_ast_name_is(&node->name, "patients"))
        return rows_scope(b, UINT32_MAX, NULL);
    if (node->kind == LOTS_AST_NARROWED && node->narrowed.base->kind == LOTS_AST_NAME &&
        lots_ast_name_is(&node->narrowed.base->name, "patients")) {
        lots_status status = lots_ast_fail(b->err, node->narrowed.steps[0].span, "patients are no events: they can't be "
                                                                                 "narrowed, only filtered");
        lots_error_hint(b->err, "put the condition into a `where` stage");
        return status;
    }
    if (node->kind == LOTS_AST_NAME) {
        value bound;
        LOTS_TRY(bind_name(b, b->root, &node->name, &bound));
        if (bound.kind == VALUE_TABLE)
            return inline_table(b, bound.table);
    }
    bound_set set;
    LOTS_TRY(bind_set(b, b->root, node, &set));
    return rows_scope(b, set.set->relation, &set);
}

static lots_status bind_source(binder *b, const lots_ast_pipeline *pipeline)
{
    bound_set matches;
    if (pipeline->source == LOTS_AST_SOURCE_VALUE)
        return bind_source_value(b, pipeline->value);
    if (pipeline->source == LOTS_AST_SOURCE_TABLE)
        return lots_ast_fail(b->err, pipeline->span, "`from table` is not available in this version");
    LOTS_TRY(bind_match(b, pipeline->pattern, &matches));
    return rows_scope(b, matches.set->relation, &matches);
}

/* ---- what is shown when nothing was said ---- */

static lots_status default_columns(binder *b)
{
    pipeline_state *p = b->pipeline;
    lots_vec derived = p->columns;
    lots_vec items = LOTS_VEC(lots_named_expr);
    scope *from = p->out.relation == UINT32_MAX ? b->root : p->where;
    lots_ast_span span = p->out.span;
    p->columns = LOTS_VEC(lots_named_expr);
    uint32_t count = p->out.relation == UINT32_MAX ? b->schema->streams[0].column_count
                                                   : bind_relation(b, p->out.relation)->column_count;
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i <= count && status == LOTS_OK; i++) { /* the id first */
        const char *name = i == 0 ? "id"
                           : p->out.relation == UINT32_MAX
                               ? b->schema->streams[0].columns[i - 1].name
                               : bind_relation(b, p->out.relation)->columns[i - 1].name;
        if (i > 0 && (strcmp(name, "id") == 0 || taken(p->where, name)))
            continue;
        lots_named_expr column = {.name = name};
        status = bind_column(b, i == 0 ? b->root : from, name, (uint32_t)strlen(name), span, &column.value);
        if (status == LOTS_OK && column.value->type.kind == LOTS_TYPE_EVENTS)
            continue; /* a step of a pattern: its columns are shown when asked for */
        if (status == LOTS_OK)
            status = derive_expr(b, name, column.value, &items, &column.value);
        if (status == LOTS_OK)
            status = lots_vec_push(&p->columns, &column, b->err);
    }
    if (status == LOTS_OK)
        status = emit_derive(b, &items, span);
    for (size_t i = 0; i < derived.count && status == LOTS_OK; i++)
        status = lots_vec_push(&p->columns, &LOTS_AT(lots_named_expr, &derived, i), b->err);
    lots_vec_free(&derived);
    lots_vec_free(&items);
    return status;
}

static lots_status finish(binder *b)
{
    pipeline_state *p = b->pipeline;
    void *list = NULL;
    if (!p->shown)
        LOTS_TRY(default_columns(b));
    LOTS_TRY(freeze(b, &p->stages, &list));
    p->out.stages = list;
    p->out.stage_count = (uint32_t)p->stages.count;
    LOTS_TRY(freeze(b, &p->slots, &list));
    p->out.slot_types = list;
    p->out.slot_count = (uint32_t)p->slots.count;
    LOTS_TRY(freeze(b, &p->columns, &list));
    p->out.columns = list;
    p->out.column_count = (uint32_t)p->columns.count;
    return lots_vec_push(&b->pipelines, &p->out, b->err);
}

lots_status bind_pipeline(binder *b, const lots_ast_pipeline *pipeline)
{
    pipeline_state state;
    memset(&state, 0, sizeof state);
    state.out.span = pipeline->span;
    state.stages = LOTS_VEC(lots_bound_stage);
    state.slots = LOTS_VEC(lots_type);
    state.columns = LOTS_VEC(lots_named_expr);
    b->pipeline = &state;
    lots_status status = bind_source(b, pipeline);
    if (status == LOTS_OK)
        status = bind_stages(b, pipeline);
    if (status == LOTS_OK)
        status = finish(b);
    lots_vec_free(&state.stages);
    lots_vec_free(&state.slots);
    lots_vec_free(&state.columns);
    b->pipeline = NULL;
    return status;
}
