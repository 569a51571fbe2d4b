/* bind_pipeline.c: sources, the order of stages, and what a pipeline shows in the end. See bind_stage.h. */
#include <string.h>

#include "query/lang/bind_stage.h"

static lots_status bind_stages(binder *b, const lots_ast_pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->stage_count; i++) {
        const lots_ast_stage *stage = &pipeline->stages[i];
        LOTS_TRY(bind_may_follow(b, stage));
        switch (stage->kind) {
        case LOTS_AST_STAGE_WHERE: LOTS_TRY(bind_where_stage(b, stage)); break;
        case LOTS_AST_STAGE_EACH: LOTS_TRY(bind_each_stage(b, stage)); break;
        case LOTS_AST_STAGE_DERIVE: LOTS_TRY(bind_derive_stage(b, stage)); break;
        case LOTS_AST_STAGE_TOP:
        case LOTS_AST_STAGE_BOTTOM: LOTS_TRY(bind_top_stage(b, stage)); break;
        case LOTS_AST_STAGE_SHOW: LOTS_TRY(bind_show_stage(b, stage)); break;
        case LOTS_AST_STAGE_SORT: LOTS_TRY(bind_sort_stage(b, stage)); break;
        case LOTS_AST_STAGE_LIMIT: LOTS_TRY(bind_limit_stage(b, stage)); break;
        case LOTS_AST_STAGE_JOIN: LOTS_TRY(bind_join_stage(b, stage)); break;
        case LOTS_AST_STAGE_PIVOT: LOTS_TRY(bind_pivot_stage(b, stage)); break;
        case LOTS_AST_STAGE_CHART: LOTS_TRY(bind_chart_stage(b, pipeline, stage)); break;
        case LOTS_AST_STAGE_INTO: LOTS_TRY(bind_into_stage(b, pipeline, stage)); break;
        case LOTS_AST_STAGE_GROUP:
            if (i + 1 >= pipeline->stage_count || pipeline->stages[i + 1].kind != LOTS_AST_STAGE_SHOW) {
                lots_status status = lots_ast_fail(b->err, stage->span, "`group by` needs a `show` after it");
                lots_error_hint(b->err, "as in: group by sex show n = count()");
                return status;
            }
            LOTS_TRY(bind_group_stage(b, stage, &pipeline->stages[i + 1]));
            i++;
            break;
        }
    }
    return LOTS_OK;
}

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
    bind_frame(b, p->out.row_frame)->name = bind_frame(b, set->set->frame)->name;
    return LOTS_OK;
}

static lots_status bind_source(binder *b, const lots_ast_pipeline *pipeline);

/* ---- tables that lets name ---- */

/* The arguments become globals that see what the caller does, and are named by the let's parameters. */
static lots_status add_arguments(binder *b, const lots_ast_statement *let, const lots_ast_call *call, sight *inside)
{
    inside->argument_first = (uint32_t)b->globals.count;
    inside->argument_count = let->params.count;
    for (uint32_t i = 0; i < let->params.count; i++) {
        void *made = NULL;
        if (b->globals.count >= BIND_GLOBALS_MAX)
            return lots_ast_fail(b->err, call->name.span, "tables are called with more than %u arguments", BIND_GLOBALS_MAX);
        LOTS_TRY(lots_arena_alloc(b->arena, &made, 1, sizeof(lots_ast_statement), b->err));
        lots_ast_statement *statement = made;
        *statement = (lots_ast_statement){.kind = LOTS_AST_LET, .name = let->params.items[i], .value = call->args[i].value,
                                          .span = call->args[i].span};
        global item = {.kind = GLOBAL_LET, .statement = statement, .value = statement->value, .argument = true,
                       .sight = b->sight};
        item.hash = bind_name_hash(statement->name.text, statement->name.bytes);
        item.over_rows = bind_has_row_aggregate(b, item.value, NULL);
        LOTS_TRY(lots_vec_push(&b->globals, &item, b->err));
    }
    return LOTS_OK;
}

lots_status bind_table_let(binder *b, const lots_ast_name *name, const lots_ast_call *call, table_let *out)
{
    const uint32_t number = bind_find_global(b, name->text, name->bytes);
    *out = (table_let){.pipeline = NULL};
    if (number == UINT32_MAX || LOTS_AT(global, &b->globals, number).kind != GLOBAL_TABLE)
        return LOTS_OK;
    LOTS_AT(global, &b->globals, number).used = true;
    const global item = LOTS_AT(global, &b->globals, number);
    LOTS_TRY(bind_check_arguments(b, &item, call, name->span));
    out->pipeline = item.statement->pipeline;
    out->inside.visible = number;
    return add_arguments(b, item.statement, call, &out->inside);
}

/* A let is bound afresh wherever it is named: as the source of the rows, or (out not NULL) as a pipeline of its own. */
static lots_status bind_let_body(binder *b, const table_let *let, lots_bound_pipeline *out)
{
    const sight seen = b->sight;
    if (++b->let_depth > BIND_LETS_DEEP)
        return lots_ast_fail(b->err, let->pipeline->span, "names are defined through one another more than %u deep",
                             BIND_LETS_DEEP);
    b->sight = let->inside;
    if (out != NULL) {
        LOTS_TRY(bind_inner_pipeline(b, let->pipeline, out));
    } else {
        LOTS_TRY(bind_source(b, let->pipeline));
        LOTS_TRY(bind_stages(b, let->pipeline));
    }
    b->sight = seen;
    b->let_depth--;
    return LOTS_OK;
}

lots_status bind_let_pipeline(binder *b, const table_let *let, lots_bound_pipeline *out)
{
    return bind_let_body(b, let, out);
}

static lots_status bind_source_value(binder *b, const lots_ast_node *node)
{
    if (node->kind == LOTS_AST_NAME && lots_ast_name_is(&node->name, "patients"))
        return rows_scope(b, UINT32_MAX, NULL);
    bool patients = node->kind == LOTS_AST_NARROWED && node->narrowed.base->kind == LOTS_AST_NAME &&
                    lots_ast_name_is(&node->narrowed.base->name, "patients");
    if (patients && node->narrowed.step_count == 1 && node->narrowed.steps[0].kind == LOTS_AST_NARROW_AS) {
        LOTS_TRY(rows_scope(b, UINT32_MAX, NULL));
        b->pipeline->where->alias = node->narrowed.steps[0].alias.text;
        b->pipeline->where->alias_bytes = node->narrowed.steps[0].alias.bytes;
        return LOTS_OK;
    }
    if (patients) {
        lots_status status = lots_ast_fail(b->err, node->narrowed.steps[0].span, "patients are no events: they can't be "
                                                                                 "narrowed, only filtered");
        lots_error_hint(b->err, "put the condition into a `where` stage");
        return status;
    }
    table_let let = {.pipeline = NULL};
    if (node->kind == LOTS_AST_CALL && !node->call->episodes)
        LOTS_TRY(bind_table_let(b, &node->call->name, node->call, &let));
    if (node->kind == LOTS_AST_NAME) {
        value bound;
        LOTS_TRY(bind_name(b, b->root, &node->name, &bound));
        if (bound.kind == VALUE_TABLE)
            LOTS_TRY(bind_table_let(b, &node->name, NULL, &let));
        if (bound.kind == VALUE_EXPR && bound.expr->op == LOTS_OP_COHORT)
            return bind_no_source(b, &node->name);
    }
    if (let.pipeline != NULL)
        return bind_let_body(b, &let, NULL);
    bound_set set;
    LOTS_TRY(bind_set(b, b->root, node, &set));
    return rows_scope(b, set.set->relation, &set);
}

/* from table t: one of the registry, else one that a let names. */
static lots_status bind_named_table(binder *b, const lots_ast_pipeline *pipeline)
{
    const lots_ast_name *name = &pipeline->table;
    const lots_ast_call *call = pipeline->value != NULL ? pipeline->value->call : NULL;
    const bool stored = lots_schema_find_table(b->schema, name->text, name->bytes) >= 0;
    table_let let = {.pipeline = NULL};
    if (call != NULL || !stored)
        LOTS_TRY(bind_table_let(b, name, call, &let));
    if (let.pipeline != NULL)
        return bind_let_body(b, &let, NULL);
    if (call != NULL && stored)
        return lots_ast_fail(b->err, pipeline->value->span, "'%.*s' is a table of the registry, which takes no arguments",
                             (int)name->bytes, name->text);
    return bind_table_source(b, name);
}

static lots_status bind_source(binder *b, const lots_ast_pipeline *pipeline)
{
    bound_set matches;
    if (pipeline->source == LOTS_AST_SOURCE_VALUE)
        return bind_source_value(b, pipeline->value);
    if (pipeline->source == LOTS_AST_SOURCE_TABLE)
        return bind_named_table(b, pipeline);
    LOTS_TRY(bind_match(b, pipeline->pattern, &matches));
    return rows_scope(b, matches.set->relation, &matches);
}

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
        if (i > 0 && (strcmp(name, "id") == 0 || bind_taken(p->where, name)))
            continue;
        lots_named_expr column = {.name = name};
        status = bind_column(b, i == 0 ? b->root : from, name, (uint32_t)strlen(name), span, &column.value);
        if (status == LOTS_OK && column.value->type.kind == LOTS_TYPE_EVENTS)
            continue; /* a step of a pattern: its columns are shown when asked for */
        if (status == LOTS_OK)
            status = bind_derived(b, name, column.value, &items, &column.value);
        if (status == LOTS_OK)
            status = lots_vec_push(&p->columns, &column, b->err);
    }
    if (status == LOTS_OK)
        status = bind_emit_derive(b, &items, span);
    for (size_t i = 0; i < derived.count && status == LOTS_OK; i++)
        status = lots_vec_push(&p->columns, &LOTS_AT(lots_named_expr, &derived, i), b->err);
    lots_vec_free(&derived);
    lots_vec_free(&items);
    return status;
}

static lots_status finish(binder *b, lots_bound_pipeline *out)
{
    pipeline_state *p = b->pipeline;
    void *list = NULL;
    if (p->row_join != NULL && p->out.aggregated) {
        lots_status status = lots_ast_fail(b->err, p->row_join->span, "rows of patients can't be joined into a result of "
                                                                      "aggregates: a single person's value would show");
        lots_error_hint(b->err, "join groups (… group by … show …), or derive the value from each person's own events");
        return status;
    }
    if (!p->shown)
        LOTS_TRY(default_columns(b));
    LOTS_TRY(bind_freeze(b, &p->stages, &list));
    p->out.stages = list;
    p->out.stage_count = (uint32_t)p->stages.count;
    LOTS_TRY(bind_freeze(b, &p->slots, &list));
    p->out.slot_types = list;
    p->out.slot_count = (uint32_t)p->slots.count;
    LOTS_TRY(bind_freeze(b, &p->columns, &list));
    p->out.columns = list;
    p->out.column_count = (uint32_t)p->columns.count;
    *out = p->out;
    return LOTS_OK;
}

lots_status bind_inner_pipeline(binder *b, const lots_ast_pipeline *pipeline, lots_bound_pipeline *out)
{
    pipeline_state state, *around = b->pipeline;
    hoisting *met = b->hoisting;
    memset(&state, 0, sizeof state);
    state.out.span = pipeline->span;
    state.stages = LOTS_VEC(lots_bound_stage);
    state.slots = LOTS_VEC(lots_type);
    state.columns = LOTS_VEC(lots_named_expr);
    b->pipeline = &state;
    b->hoisting = NULL;
    lots_status status = bind_source(b, pipeline);
    if (status == LOTS_OK)
        status = bind_stages(b, pipeline);
    if (status == LOTS_OK)
        status = finish(b, out);
    lots_vec_free(&state.stages);
    lots_vec_free(&state.slots);
    lots_vec_free(&state.columns);
    b->pipeline = around;
    b->hoisting = met;
    return status;
}

lots_status bind_pipeline(binder *b, const lots_ast_pipeline *pipeline)
{
    lots_bound_pipeline out;
    const size_t globals = b->globals.count;
    bind_begin_question(b, pipeline);
    LOTS_TRY(bind_inner_pipeline(b, pipeline, &out));
    b->globals.count = globals; /* the arguments of its tables are named nowhere else */
    return lots_vec_push(&b->pipelines, &out, b->err);
}
