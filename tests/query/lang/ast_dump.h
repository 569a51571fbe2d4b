/* ast_dump.h: a tree written out with every bracket and field, and a check of its invariants: what the parser's tests and
 * fuzzer compare trees by. Independent of the printer: two trees have the same dump only if they are the same but for
 * spans. Functions are static, as only a few programs want them. */
#ifndef LOTS_TEST_AST_DUMP_H
#define LOTS_TEST_AST_DUMP_H

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "query/lang/ast.h"

#define DUMP(...)                                                     \
    do {                                                              \
        if (lots_bytes_printf(out, NULL, __VA_ARGS__) != LOTS_OK)     \
            abort();                                                  \
    } while (0)

static void dump_node(const lots_ast_node *node, lots_ast_span inside, uint32_t height, lots_bytes *out);
static void dump_pipeline(const lots_ast_pipeline *pipeline, lots_ast_span inside, lots_bytes *out);

static void dump_check(bool right)
{
    if (!right)
        abort();
}

static void dump_span(lots_ast_span span, lots_ast_span inside)
{
    dump_check(span.source == inside.source && span.at >= inside.at && span.end <= inside.end && span.at <= span.end);
}

static void dump_text(const char *text, uint32_t bytes, lots_bytes *out)
{
    dump_check(text != NULL && strlen(text) == bytes);
    DUMP("<%u:%s>", (unsigned)bytes, text);
}

static void dump_name(const lots_ast_name *name, lots_ast_span inside, lots_bytes *out)
{
    if (name->text == NULL) {
        DUMP("-");
        return;
    }
    dump_span(name->span, inside);
    dump_check(name->bytes > 0);
    DUMP("%s", name->quoted ? "Q" : "");
    dump_text(name->text, name->bytes, out);
}

static void dump_names(const lots_ast_names *names, lots_ast_span inside, lots_bytes *out)
{
    dump_check((names->count == 0) == (names->items == NULL));
    for (uint32_t i = 0; i < names->count; i++)
        dump_name(&names->items[i], inside, out);
}

static void dump_optional(const lots_ast_node *node, lots_ast_span inside, uint32_t height, lots_bytes *out)
{
    if (node == NULL)
        DUMP("-");
    else
        dump_node(node, inside, height, out);
}

static void dump_items(const lots_ast_items *items, lots_ast_span inside, uint32_t height, lots_bytes *out)
{
    for (uint32_t i = 0; i < items->count; i++) {
        dump_span(items->items[i].span, inside);
        DUMP(" item");
        dump_name(&items->items[i].name, items->items[i].span, out);
        dump_node(items->items[i].value, inside, height, out);
    }
}

static void dump_keys(const lots_ast_keys *keys, lots_ast_span inside, uint32_t height, lots_bytes *out)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        dump_span(keys->items[i].span, inside);
        DUMP(" key%d", keys->items[i].descending);
        dump_node(keys->items[i].value, inside, height, out);
    }
}

static void dump_codes(const lots_ast_codes *codes, lots_ast_span inside, lots_bytes *out)
{
    for (uint32_t i = 0; i < codes->count; i++) {
        const lots_ast_code *code = &codes->items[i];
        dump_span(code->span, inside);
        dump_check(!(code->minus && code->exact) && code->text.bytes > 0);
        DUMP(" code%d%d%d", code->minus, code->exact, code->quoted);
        dump_name(&code->system, code->span, out);
        dump_text(code->text.text, code->text.bytes, out);
        if (code->to.text != NULL)
            dump_text(code->to.text, code->to.bytes, out);
    }
}

static void dump_call(const lots_ast_call *call, lots_ast_span inside, uint32_t height, lots_bytes *out)
{
    dump_name(&call->name, inside, out);
    DUMP("%d%d", call->episodes, call->distinct);
    for (uint32_t i = 0; i < call->arg_count; i++) {
        dump_span(call->args[i].span, inside);
        DUMP(" arg%d", (int)call->args[i].kind);
        dump_node(call->args[i].value, inside, height, out);
        dump_optional(call->args[i].then_value, inside, height, out);
    }
    for (uint32_t i = 0; i < call->clause_count; i++) {
        dump_span(call->clauses[i].span, inside);
        DUMP(" clause%d", (int)call->clauses[i].kind);
        dump_optional(call->clauses[i].value, inside, height, out);
        dump_keys(&call->clauses[i].keys, inside, height, out);
    }
    dump_items(&call->items, inside, height, out);
}

static void dump_list(const lots_ast_list *list, lots_ast_span inside, uint32_t height, lots_bytes *out)
{
    for (uint32_t i = 0; i < list->count; i++)
        dump_node(list->items[i], inside, height, out);
}

static void dump_narrowed(const lots_ast_node *node, lots_bytes *out)
{
    dump_node(node->narrowed.base, node->span, node->height, out);
    dump_check(node->narrowed.step_count > 0);
    for (uint32_t i = 0; i < node->narrowed.step_count; i++) {
        const lots_ast_narrow *step = &node->narrowed.steps[i];
        dump_span(step->span, node->span);
        DUMP(" narrow%d", (int)step->kind);
        dump_optional(step->value, step->span, node->height, out);
        dump_optional(step->length, step->span, node->height, out);
        dump_name(&step->alias, step->span, out);
    }
}

static void dump_literal(const lots_ast_node *node, lots_bytes *out)
{
    switch (node->kind) {
    case LOTS_AST_NUMBER:
    case LOTS_AST_PERCENT:
        DUMP("%" PRId64 "e-%u", node->number.mantissa, (unsigned)node->number.scale);
        break;
    case LOTS_AST_DURATION:
        DUMP("%d.%d=%dm%dd", (int)node->duration.count, (int)node->duration.unit, (int)node->duration.months, (int)node->duration.days);
        break;
    case LOTS_AST_DATE:
        DUMP("%d", (int)node->date);
        break;
    case LOTS_AST_PERIOD:
        DUMP("%d..%d/%d", (int)node->period.first, (int)node->period.last, node->period.quarter);
        break;
    case LOTS_AST_STRING:
        dump_text(node->string.text, node->string.bytes, out);
        break;
    case LOTS_AST_CODES:
        dump_codes(&node->codes, node->span, out);
        break;
    case LOTS_AST_BOOL:
        DUMP("%d", node->truth);
        break;
    case LOTS_AST_NAME:
        dump_name(&node->name, node->span, out);
        break;
    default:
        break;
    }
}

static const char *const dump_kinds[] = {
#define X(name) #name,
    LOTS_AST_KIND_LIST(X)
#undef X
};

static void dump_node(const lots_ast_node *node, lots_ast_span inside, uint32_t height, lots_bytes *out)
{
    dump_span(node->span, inside);
    dump_check(node->height < height && node->span.at < node->span.end);
    DUMP("(%s ", dump_kinds[node->kind]);
    lots_ast_span own = node->span;
    uint32_t top = node->height;
    switch (node->kind) {
    case LOTS_AST_CALL:
        dump_call(node->call, own, top, out);
        break;
    case LOTS_AST_SET:
    case LOTS_AST_AND:
    case LOTS_AST_OR:
        dump_check(node->kind == LOTS_AST_SET ? node->list.count != 1 : node->list.count > 1);
        dump_list(&node->list, own, top, out);
        break;
    case LOTS_AST_MEMBER:
        dump_node(node->member.base, own, top, out);
        dump_name(&node->member.name, own, out);
        break;
    case LOTS_AST_AT:
        dump_node(node->at.value, own, top, out);
        dump_node(node->at.when, own, top, out);
        break;
    case LOTS_AST_NEGATE:
    case LOTS_AST_NOT:
        dump_node(node->unary, own, top, out);
        break;
    case LOTS_AST_BINARY:
        dump_span(node->binary.op_span, own);
        DUMP("%s", lots_ast_op_text(node->binary.op));
        dump_node(node->binary.left, own, top, out);
        dump_node(node->binary.right, own, top, out);
        break;
    case LOTS_AST_IS_MISSING:
        DUMP("%d", node->is_missing.negated);
        dump_node(node->is_missing.value, own, top, out);
        break;
    case LOTS_AST_RANGE:
        dump_check(node->range.low != NULL || node->range.high != NULL);
        dump_optional(node->range.low, own, top, out);
        dump_optional(node->range.high, own, top, out);
        break;
    case LOTS_AST_NARROWED:
        dump_narrowed(node, out);
        break;
    case LOTS_AST_UNION:
    case LOTS_AST_MINUS:
        dump_span(node->sets.op_span, own);
        dump_node(node->sets.left, own, top, out);
        dump_node(node->sets.right, own, top, out);
        break;
    default:
        dump_literal(node, out);
        break;
    }
    DUMP(")");
}

static void dump_stage(const lots_ast_stage *stage, lots_bytes *out)
{
    lots_ast_span own = stage->span;
    DUMP("\n%s:", lots_ast_stage_text(stage->kind));
    switch (stage->kind) {
    case LOTS_AST_STAGE_WHERE:
        dump_node(stage->where, own, UINT32_MAX, out);
        break;
    case LOTS_AST_STAGE_DERIVE:
        dump_items(&stage->derive, own, UINT32_MAX, out);
        break;
    case LOTS_AST_STAGE_EACH:
        dump_optional(stage->each.block, own, UINT32_MAX, out);
        dump_name(&stage->each.unit, own, out);
        dump_names(&stage->each.names, own, out);
        dump_node(stage->each.range, own, UINT32_MAX, out);
        break;
    case LOTS_AST_STAGE_TOP:
    case LOTS_AST_STAGE_BOTTOM:
        dump_node(stage->top.size, own, UINT32_MAX, out);
        dump_node(stage->top.by, own, UINT32_MAX, out);
        dump_list(&stage->top.per, own, UINT32_MAX, out);
        break;
    case LOTS_AST_STAGE_GROUP:
        DUMP("%d", stage->group.totals);
        dump_items(&stage->group.items, own, UINT32_MAX, out);
        break;
    case LOTS_AST_STAGE_SHOW:
        dump_items(&stage->show, own, UINT32_MAX, out);
        break;
    case LOTS_AST_STAGE_SORT:
        dump_keys(&stage->sort, own, UINT32_MAX, out);
        break;
    case LOTS_AST_STAGE_LIMIT:
        dump_node(stage->limit, own, UINT32_MAX, out);
        break;
    case LOTS_AST_STAGE_PIVOT:
        dump_name(&stage->pivot, own, out);
        break;
    case LOTS_AST_STAGE_JOIN:
        dump_name(&stage->join.table, own, out);
        if (stage->join.pipeline != NULL)
            dump_pipeline(stage->join.pipeline, own, out);
        dump_names(&stage->join.on, own, out);
        break;
    case LOTS_AST_STAGE_INTO:
        dump_name(&stage->cohort, own, out);
        break;
    case LOTS_AST_STAGE_CHART:
        dump_node(stage->chart, own, UINT32_MAX, out);
        break;
    }
}

static void dump_pipeline(const lots_ast_pipeline *pipeline, lots_ast_span inside, lots_bytes *out)
{
    lots_ast_span own = pipeline->span;
    dump_span(own, inside);
    DUMP("[");
    dump_optional(pipeline->value, own, UINT32_MAX, out);
    dump_name(&pipeline->table, own, out);
    for (uint32_t i = 0; pipeline->pattern != NULL && i < pipeline->pattern->step_count; i++) {
        const lots_ast_step *step = &pipeline->pattern->steps[i];
        DUMP("\nstep%d%d %u..%u ", pipeline->pattern->each, step->no, (unsigned)step->least, (unsigned)step->most);
        dump_span(step->span, own);
        dump_node(step->set, step->span, UINT32_MAX, out);
        dump_optional(step->within, step->span, UINT32_MAX, out);
        dump_name(&step->since, step->span, out);
        dump_name(&step->alias, step->span, out);
    }
    for (uint32_t i = 0; i < pipeline->stage_count; i++) {
        dump_span(pipeline->stages[i].span, own);
        dump_stage(&pipeline->stages[i], out);
    }
    DUMP("]");
}

/* Append the dump; abort if an invariant of ast.h is broken. `bytes` is the length of the source text. */
static void dump_file(const lots_ast_file *file, size_t bytes, lots_bytes *out)
{
    lots_ast_span all = {file->source, 0, (uint32_t)bytes};
    for (uint32_t i = 0; i < file->statement_count; i++) {
        const lots_ast_statement *statement = &file->statements[i];
        dump_span(statement->span, all);
        DUMP("statement%d%d ", (int)statement->kind, statement->explain);
        if (statement->path.text != NULL)
            dump_text(statement->path.text, statement->path.bytes, out);
        dump_name(&statement->name, statement->span, out);
        dump_names(&statement->params, statement->span, out);
        dump_optional(statement->value, statement->span, UINT32_MAX, out);
        if (statement->pipeline != NULL)
            dump_pipeline(statement->pipeline, statement->span, out);
        DUMP("\n");
    }
}

#endif
