/* ast.c: names of the parts of the tree, and errors about them. */
#include "query/lang/ast.h"

#include <stdarg.h>
#include <stdio.h>

const char *lots_ast_op_text(lots_ast_op op)
{
    static const char *const texts[] = {
#define X(name, text) text,
        LOTS_AST_OP_LIST(X)
#undef X
    };
    return (size_t)op < sizeof texts / sizeof texts[0] ? texts[op] : "?";
}

const char *lots_ast_narrow_text(lots_ast_narrow_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) text,
        LOTS_AST_NARROW_LIST(X)
#undef X
    };
    return (size_t)kind < sizeof texts / sizeof texts[0] ? texts[kind] : "?";
}

const char *lots_ast_stage_text(lots_ast_stage_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) text,
        LOTS_AST_STAGE_LIST(X)
#undef X
    };
    return (size_t)kind < sizeof texts / sizeof texts[0] ? texts[kind] : "?";
}

bool lots_ast_name_is(const lots_ast_name *name, const char *text)
{
    return name->text != NULL && strcmp(name->text, text) == 0;
}

lots_status lots_ast_fail(lots_error *err, lots_ast_span span, const char *format, ...)
{
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lots_status status = lots_fail_at(err, LOTS_QUERY, span.at, span.end, "%s", text);
    if (err != NULL)
        err->source = span.source;
    return status;
}

static lots_ast_level level_of_op(lots_ast_op op)
{
    switch (op) {
    case LOTS_AST_OP_ADD:
    case LOTS_AST_OP_SUBTRACT:
        return LOTS_LEVEL_SUM;
    case LOTS_AST_OP_MULTIPLY:
    case LOTS_AST_OP_DIVIDE:
    case LOTS_AST_OP_FLOOR_DIVIDE:
        return LOTS_LEVEL_PRODUCT;
    case LOTS_AST_OP_POWER:
        return LOTS_LEVEL_SIGNED;
    default:
        return LOTS_LEVEL_TEST;
    }
}

lots_ast_level lots_ast_level_of(const lots_ast_node *node)
{
    switch (node->kind) {
    case LOTS_AST_UNION:
    case LOTS_AST_MINUS:
        return LOTS_LEVEL_VALUE;
    case LOTS_AST_NARROWED:
        return LOTS_LEVEL_NARROWED;
    case LOTS_AST_OR:
        return LOTS_LEVEL_OR;
    case LOTS_AST_AND:
        return LOTS_LEVEL_AND;
    case LOTS_AST_NOT:
        return LOTS_LEVEL_NOT;
    case LOTS_AST_IS_MISSING:
        return LOTS_LEVEL_TEST;
    case LOTS_AST_BINARY:
        return level_of_op(node->binary.op);
    case LOTS_AST_RANGE:
        return LOTS_LEVEL_RANGE;
    case LOTS_AST_NEGATE:
        return LOTS_LEVEL_SIGNED;
    case LOTS_AST_AT:
        return LOTS_LEVEL_AT;
    case LOTS_AST_MEMBER:
        return LOTS_LEVEL_POSTFIX;
    default:
        return LOTS_LEVEL_PRIMARY;
    }
}
