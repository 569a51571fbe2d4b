/* ast_print_pipeline.c: statements, pipelines, stages and patterns as canonical query text. */
#include "query/lang/ast_print.h"

/* Between stages: a line break, a blank inside `join ( )`. */
static lots_status print_pipeline(lots_ast_printer *p, const lots_ast_pipeline *pipeline, const char *between);

static lots_status print_names(lots_ast_printer *p, const lots_ast_names *names)
{
    for (uint32_t i = 0; i < names->count; i++) {
        LOTS_TRY(lots_print_text(p, i > 0 ? ", " : ""));
        LOTS_TRY(lots_print_name(p, &names->items[i]));
    }
    return LOTS_OK;
}

static lots_status print_each(lots_ast_printer *p, const lots_ast_stage *stage)
{
    if (stage->each.block != NULL)
        LOTS_TRY(lots_print_value(p, stage->each.block, LOTS_LEVEL_PRIMARY));
    else if (stage->each.unit.text != NULL)
        LOTS_TRY(lots_print_name(p, &stage->each.unit));
    if (stage->each.block != NULL || stage->each.unit.text != NULL)
        LOTS_TRY(lots_print_text(p, " "));
    LOTS_TRY(print_names(p, &stage->each.names));
    LOTS_TRY(lots_print_text(p, " in "));
    return lots_print_value(p, stage->each.range, LOTS_LEVEL_RANGE);
}

static lots_status print_top(lots_ast_printer *p, const lots_ast_stage *stage)
{
    LOTS_TRY(lots_print_amount(p, stage->top.size));
    LOTS_TRY(lots_print_text(p, " by "));
    LOTS_TRY(lots_print_value(p, stage->top.by, LOTS_LEVEL_OR));
    for (uint32_t i = 0; i < stage->top.per.count; i++) {
        LOTS_TRY(lots_print_text(p, i > 0 ? ", " : " per "));
        LOTS_TRY(lots_print_value(p, stage->top.per.items[i], LOTS_LEVEL_OR));
    }
    return LOTS_OK;
}

static lots_status print_join(lots_ast_printer *p, const lots_ast_stage *stage)
{
    if (stage->join.pipeline != NULL) {
        LOTS_TRY(lots_print_text(p, "("));
        LOTS_TRY(print_pipeline(p, stage->join.pipeline, " "));
        LOTS_TRY(lots_print_text(p, ")"));
    } else {
        LOTS_TRY(lots_print_name(p, &stage->join.table));
    }
    if (stage->join.on.count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_print_text(p, " on "));
    return print_names(p, &stage->join.on);
}

static lots_status print_stage(lots_ast_printer *p, const lots_ast_stage *stage)
{
    LOTS_TRY(lots_print_text(p, lots_ast_stage_text(stage->kind)));
    LOTS_TRY(lots_print_text(p, " "));
    switch (stage->kind) {
    case LOTS_AST_STAGE_WHERE:
        return lots_print_value(p, stage->where, LOTS_LEVEL_OR);
    case LOTS_AST_STAGE_DERIVE:
        return lots_print_items(p, &stage->derive);
    case LOTS_AST_STAGE_EACH:
        return print_each(p, stage);
    case LOTS_AST_STAGE_TOP:
    case LOTS_AST_STAGE_BOTTOM:
        return print_top(p, stage);
    case LOTS_AST_STAGE_GROUP:
        LOTS_TRY(lots_print_items(p, &stage->group.items));
        return lots_print_text(p, stage->group.totals ? " with totals" : "");
    case LOTS_AST_STAGE_SHOW:
        return lots_print_items(p, &stage->show);
    case LOTS_AST_STAGE_SORT:
        return lots_print_keys(p, &stage->sort);
    case LOTS_AST_STAGE_LIMIT:
        return lots_print_value(p, stage->limit, LOTS_LEVEL_OR);
    case LOTS_AST_STAGE_PIVOT:
        return lots_print_name(p, &stage->pivot);
    case LOTS_AST_STAGE_JOIN:
        return print_join(p, stage);
    case LOTS_AST_STAGE_INTO:
        return lots_print_name(p, &stage->cohort);
    case LOTS_AST_STAGE_CHART:
        return lots_print_value(p, stage->chart, LOTS_LEVEL_PRIMARY);
    }
    return LOTS_OK;
}

/* A number at the head of an event set would be read as the count of the step. */
static lots_status print_step_set(lots_ast_printer *p, const lots_ast_node *set)
{
    const lots_ast_node *head = set;
    while (head->kind == LOTS_AST_MEMBER)
        head = head->member.base;
    return head->kind == LOTS_AST_NUMBER ? lots_print_bracketed(p, set) : lots_print_value(p, set, LOTS_LEVEL_POSTFIX);
}

static lots_status print_step(lots_ast_printer *p, const lots_ast_step *step)
{
    if (step->no)
        LOTS_TRY(lots_print_text(p, "no "));
    if (step->counted) {
        LOTS_TRY(lots_bytes_printf(p->out, p->err, "%u", (unsigned)step->least));
        if (step->most == LOTS_AST_MANY)
            LOTS_TRY(lots_print_text(p, ".."));
        else if (step->most != step->least)
            LOTS_TRY(lots_bytes_printf(p->out, p->err, "..%u", (unsigned)step->most));
        LOTS_TRY(lots_print_text(p, " "));
    }
    LOTS_TRY(print_step_set(p, step->set));
    if (step->within != NULL) {
        LOTS_TRY(lots_print_text(p, " within "));
        LOTS_TRY(lots_print_value(p, step->within, LOTS_LEVEL_SUM));
    }
    if (step->since.text != NULL) {
        LOTS_TRY(lots_print_text(p, " since "));
        LOTS_TRY(lots_print_name(p, &step->since));
    }
    if (step->alias.text == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_print_text(p, " as "));
    return lots_print_name(p, &step->alias);
}

static lots_status print_pattern(lots_ast_printer *p, const lots_ast_pattern *pattern, const char *between)
{
    LOTS_TRY(lots_print_text(p, pattern->each ? "match each " : "match "));
    for (uint32_t i = 0; i < pattern->step_count; i++) {
        if (i > 0) {
            LOTS_TRY(lots_print_text(p, between));
            LOTS_TRY(lots_print_text(p, "then "));
        }
        LOTS_TRY(print_step(p, &pattern->steps[i]));
    }
    return LOTS_OK;
}

/* A `where` at the end of a source would be read as a stage, and one behind a union as a doubt. */
static bool needs_brackets(const lots_ast_pipeline *pipeline)
{
    const lots_ast_node *last = pipeline->value;
    bool filtered = pipeline->stage_count > 0 && pipeline->stages[0].kind == LOTS_AST_STAGE_WHERE;
    if (filtered && lots_ast_level_of(last) == LOTS_LEVEL_VALUE)
        return true;
    while (lots_ast_level_of(last) == LOTS_LEVEL_VALUE)
        last = last->sets.right;
    return last->kind == LOTS_AST_NARROWED && last->narrowed.steps[last->narrowed.step_count - 1].kind == LOTS_AST_NARROW_WHERE;
}

static lots_status print_source(lots_ast_printer *p, const lots_ast_pipeline *pipeline, const char *between)
{
    LOTS_TRY(lots_print_text(p, "from "));
    switch (pipeline->source) {
    case LOTS_AST_SOURCE_PATTERN:
        return print_pattern(p, pipeline->pattern, between);
    case LOTS_AST_SOURCE_TABLE:
        LOTS_TRY(lots_print_text(p, "table "));
        return pipeline->value != NULL ? lots_print_value(p, pipeline->value, LOTS_LEVEL_PRIMARY)
                                       : lots_print_name(p, &pipeline->table);
    case LOTS_AST_SOURCE_VALUE:
        break;
    }
    return needs_brackets(pipeline) ? lots_print_bracketed(p, pipeline->value)
                                    : lots_print_value(p, pipeline->value, LOTS_LEVEL_VALUE);
}

static lots_status print_pipeline(lots_ast_printer *p, const lots_ast_pipeline *pipeline, const char *between)
{
    LOTS_TRY(print_source(p, pipeline, between));
    for (uint32_t i = 0; i < pipeline->stage_count; i++) {
        LOTS_TRY(lots_print_text(p, between));
        LOTS_TRY(print_stage(p, &pipeline->stages[i]));
    }
    return LOTS_OK;
}

lots_status lots_ast_print_pipeline(const lots_ast_pipeline *pipeline, lots_bytes *out, lots_error *err)
{
    lots_ast_printer printer = {out, err, NULL, NULL};
    return print_pipeline(&printer, pipeline, "\n");
}

static lots_status print_let_head(lots_ast_printer *p, const lots_ast_statement *statement)
{
    LOTS_TRY(lots_print_name(p, &statement->name));
    if (statement->params.count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_print_text(p, "("));
    LOTS_TRY(print_names(p, &statement->params));
    return lots_print_text(p, ")");
}

static lots_status print_statement(lots_ast_printer *p, const lots_ast_statement *statement)
{
    switch (statement->kind) {
    case LOTS_AST_INCLUDE:
        LOTS_TRY(lots_print_text(p, "include "));
        return lots_print_string(p, statement->path);
    case LOTS_AST_PARAM:
        LOTS_TRY(lots_print_text(p, "param "));
        LOTS_TRY(lots_print_name(p, &statement->name));
        LOTS_TRY(lots_print_text(p, " = "));
        return lots_print_value(p, statement->value, LOTS_LEVEL_OR);
    case LOTS_AST_LET:
        LOTS_TRY(lots_print_text(p, "let "));
        LOTS_TRY(print_let_head(p, statement));
        LOTS_TRY(lots_print_text(p, " = "));
        if (statement->value != NULL)
            return lots_print_value(p, statement->value, LOTS_LEVEL_VALUE);
        return print_pipeline(p, statement->pipeline, "\n");
    case LOTS_AST_QUERY:
        LOTS_TRY(lots_print_text(p, statement->explain ? "explain " : ""));
        return print_pipeline(p, statement->pipeline, "\n");
    }
    return LOTS_OK;
}

lots_status lots_ast_print(const lots_ast_file *file, lots_bytes *out, lots_error *err)
{
    return lots_ast_print_with(file, NULL, NULL, out, err);
}

lots_status lots_ast_print_with(const lots_ast_file *file, lots_ast_stand_in stand_in, void *context, lots_bytes *out,
                                lots_error *err)
{
    lots_ast_printer printer = {out, err, stand_in, context};
    for (uint32_t i = 0; i < file->statement_count; i++) {
        LOTS_TRY(print_statement(&printer, &file->statements[i]));
        LOTS_TRY(lots_print_text(&printer, "\n"));
    }
    return LOTS_OK;
}
