/* shrink.c: see shrink.h. The tree has numbered places where something can be taken out; each is tried in turn, on a tree
 * parsed anew, and what went wrong all the same is the next text. */
#include "tests/oracle/shrink.h"

#include <stdlib.h>
#include <string.h>

#include "query/lang/parse.h"

enum { TRIES_MAX = 4000 };

/* How many places are left to pass before the one to change. */
typedef struct cutter {
    int64_t left;
    bool done;
} cutter;

static bool here(cutter *c)
{
    if (c->done || c->left-- > 0)
        return false;
    c->done = true;
    return true;
}

static void cut_node(cutter *c, lots_ast_node *node);
static void cut_pipeline(cutter *c, lots_ast_pipeline *pipeline);

/* Take the i-th of `count` things out. */
static void take_out(void *things, size_t size, uint32_t *count, uint32_t i)
{
    char *at = things;
    memmove(at + i * size, at + (i + 1) * size, (*count - i - 1) * size);
    --*count;
}

static void cut_items(cutter *c, lots_ast_items *items)
{
    for (uint32_t i = 0; i < items->count && !c->done; i++) {
        if (items->count > 1 && here(c)) {
            take_out(items->items, sizeof *items->items, &items->count, i);
            return;
        }
        cut_node(c, items->items[i].value);
    }
}

static void cut_keys(cutter *c, lots_ast_keys *keys)
{
    for (uint32_t i = 0; i < keys->count && !c->done; i++) {
        if (keys->count > 1 && here(c)) {
            take_out(keys->items, sizeof *keys->items, &keys->count, i);
            return;
        }
        cut_node(c, keys->items[i].value);
    }
}

static void become(cutter *c, lots_ast_node *node, const lots_ast_node *part)
{
    if (part != NULL && here(c))
        *node = *part;
}

static void cut_call(cutter *c, lots_ast_node *node)
{
    lots_ast_call *call = node->call;
    for (uint32_t i = 0; i < call->arg_count && !c->done; i++) {
        cut_node(c, call->args[i].value);
        if (call->args[i].then_value != NULL)
            cut_node(c, call->args[i].then_value);
        if (call->arg_count > 1 && here(c))
            take_out(call->args, sizeof *call->args, &call->arg_count, i);
    }
    for (uint32_t i = 0; i < call->clause_count && !c->done; i++) {
        if (call->clauses[i].value != NULL)
            cut_node(c, call->clauses[i].value);
        cut_keys(c, &call->clauses[i].keys);
        if (here(c))
            take_out(call->clauses, sizeof *call->clauses, &call->clause_count, i);
    }
    if (call->items.count == 1 && here(c))
        call->items.count = 0;
    cut_items(c, &call->items);
}

static void cut_narrowed(cutter *c, lots_ast_node *node)
{
    for (uint32_t i = 0; i < node->narrowed.step_count && !c->done; i++) {
        lots_ast_narrow *step = &node->narrowed.steps[i];
        if (node->narrowed.step_count > 1 && here(c)) {
            take_out(node->narrowed.steps, sizeof *step, &node->narrowed.step_count, i);
            return;
        }
        if (step->value != NULL)
            cut_node(c, step->value);
        if (step->length != NULL)
            cut_node(c, step->length);
    }
    if (!c->done)
        cut_node(c, node->narrowed.base);
    become(c, node, node->narrowed.base);
}

static void cut_two(cutter *c, lots_ast_node *node, lots_ast_node *a, lots_ast_node *b)
{
    become(c, node, a);
    become(c, node, b);
    if (!c->done && a != NULL)
        cut_node(c, a);
    if (!c->done && b != NULL)
        cut_node(c, b);
}

static void cut_list(cutter *c, lots_ast_node *node)
{
    for (uint32_t i = 0; i < node->list.count && !c->done; i++) {
        lots_ast_node *part = node->list.items[i];
        become(c, node, part);
        if (!c->done)
            cut_node(c, part);
    }
}

static void cut_node(cutter *c, lots_ast_node *node)
{
    if (c->done)
        return;
    if (node->height > 1 && here(c)) {
        *node = (lots_ast_node){.kind = LOTS_AST_NUMBER, .height = 1, .number = {1, 0}};
        return;
    }
    if (node->height > 1 && here(c)) {
        *node = (lots_ast_node){.kind = LOTS_AST_DATE, .height = 1, .date = 19000};
        return;
    }
    switch (node->kind) {
    case LOTS_AST_CALL: cut_call(c, node); break;
    case LOTS_AST_SET:
    case LOTS_AST_AND:
    case LOTS_AST_OR: cut_list(c, node); break;
    case LOTS_AST_MEMBER: cut_node(c, node->member.base); break;
    case LOTS_AST_AT: cut_two(c, node, node->at.value, node->at.when); break;
    case LOTS_AST_NEGATE:
    case LOTS_AST_NOT: cut_two(c, node, node->unary, NULL); break;
    case LOTS_AST_BINARY: cut_two(c, node, node->binary.left, node->binary.right); break;
    case LOTS_AST_IS_MISSING: cut_node(c, node->is_missing.value); break;
    case LOTS_AST_RANGE: cut_two(c, node, node->range.low, node->range.high); break;
    case LOTS_AST_NARROWED: cut_narrowed(c, node); break;
    case LOTS_AST_UNION:
    case LOTS_AST_MINUS: cut_two(c, node, node->sets.left, node->sets.right); break;
    default: break;
    }
}

static void cut_stage(cutter *c, lots_ast_stage *stage)
{
    switch (stage->kind) {
    case LOTS_AST_STAGE_WHERE: cut_node(c, stage->where); break;
    case LOTS_AST_STAGE_DERIVE: cut_items(c, &stage->derive); break;
    case LOTS_AST_STAGE_EACH: cut_node(c, stage->each.range); break;
    case LOTS_AST_STAGE_TOP:
    case LOTS_AST_STAGE_BOTTOM:
        if (stage->top.per.count > 0 && here(c))
            stage->top.per.count = 0;
        cut_node(c, stage->top.by);
        break;
    case LOTS_AST_STAGE_GROUP:
        if (stage->group.totals && here(c))
            stage->group.totals = false;
        cut_items(c, &stage->group.items);
        break;
    case LOTS_AST_STAGE_SHOW: cut_items(c, &stage->show); break;
    case LOTS_AST_STAGE_SORT: cut_keys(c, &stage->sort); break;
    case LOTS_AST_STAGE_JOIN:
        if (stage->join.pipeline != NULL)
            cut_pipeline(c, stage->join.pipeline);
        break;
    default: break;
    }
}

static void cut_pattern(cutter *c, lots_ast_pattern *pattern)
{
    if (pattern->each && here(c))
        pattern->each = false;
    for (uint32_t i = 0; i < pattern->step_count && !c->done; i++) {
        lots_ast_step *step = &pattern->steps[i];
        if (i > 0 && pattern->step_count > 1 && here(c)) {
            take_out(pattern->steps, sizeof *step, &pattern->step_count, i);
            return;
        }
        if (step->within != NULL && here(c)) {
            step->within = NULL;
            step->since.text = NULL;
        }
        if (step->counted && here(c))
            step->counted = false;
        cut_node(c, step->set);
    }
}

static void cut_pipeline(cutter *c, lots_ast_pipeline *pipeline)
{
    for (uint32_t i = 0; i < pipeline->stage_count && !c->done; i++) {
        if (here(c)) {
            take_out(pipeline->stages, sizeof *pipeline->stages, &pipeline->stage_count, i);
            return;
        }
        cut_stage(c, &pipeline->stages[i]);
    }
    if (pipeline->value != NULL)
        cut_node(c, pipeline->value);
    if (pipeline->pattern != NULL)
        cut_pattern(c, pipeline->pattern);
}

static void cut_file(cutter *c, lots_ast_file *file)
{
    for (uint32_t i = 0; i < file->statement_count && !c->done; i++) {
        lots_ast_statement *statement = &file->statements[i];
        if (here(c)) {
            take_out(file->statements, sizeof *statement, &file->statement_count, i);
            return;
        }
        if (statement->value != NULL)
            cut_node(c, statement->value);
        if (statement->pipeline != NULL)
            cut_pipeline(c, statement->pipeline);
    }
}

/* The text with place number `place` taken out; false when there is no such place. */
static bool cut(const char *text, int64_t place, lots_bytes *out)
{
    lots_arena arena;
    lots_ast_file *file;
    cutter c = {.left = place};
    lots_arena_init(&arena, 0);
    out->count = 0;
    if (lots_parse(text, strlen(text), NULL, &arena, &file, NULL) == LOTS_OK) {
        cut_file(&c, file);
        if (lots_ast_print(file, out, NULL) != LOTS_OK || lots_bytes_put8(out, 0, NULL) != LOTS_OK)
            abort();
    }
    lots_arena_free(&arena);
    return c.done;
}

static void replace(lots_bytes *out, const lots_bytes *by)
{
    out->count = 0;
    if (lots_bytes_append(out, (const char *)by->data, by->count, NULL) != LOTS_OK)
        abort();
}

void shrink_query(const char *text, shrink_test wrong, void *context, lots_bytes *out)
{
    lots_bytes next = {0};
    bool smaller = true;
    if (lots_bytes_append(out, text, strlen(text), NULL) != LOTS_OK || lots_bytes_put8(out, 0, NULL) != LOTS_OK)
        abort();
    for (int tries = 0; smaller && tries < TRIES_MAX;) {
        smaller = false;
        for (int64_t place = 0; tries++ < TRIES_MAX && cut((const char *)out->data, place, &next);)
            if (strcmp((const char *)next.data, (const char *)out->data) != 0 && wrong(context, (const char *)next.data)) {
                replace(out, &next);
                smaller = true;
            } else {
                place++;
            }
    }
    lots_bytes_free(&next);
}
