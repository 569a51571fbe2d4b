/* parse.c: the statements of a file. */
#include "query/lang/parse.h"

#include "query/lang/parser.h"

bool lots_word_is_reserved(const char *name, size_t bytes)
{
    return lots_word_find(name, bytes, NULL);
}

/* "include" STRING */
static lots_status parse_include(lots_parser *p, lots_ast_statement *out)
{
    out->kind = LOTS_AST_INCLUDE;
    LOTS_TRY(lots_parser_advance(p));
    if (!lots_parser_at(p, LOTS_TOKEN_STRING)) {
        lots_status status = lots_parser_fail(p, 0, NULL, "the path of a file in '…' after `include`");
        if (lots_parser_at(p, LOTS_TOKEN_NAME))
            lots_error_hint(p->err, "a path is a text: include '%.200s'", p->now.quoted ? p->now.text.text : "std/continuity.lq");
        return status;
    }
    out->path = p->now.text;
    return lots_parser_advance(p);
}

/* "param" NAME "=" expr */
static lots_status parse_param(lots_parser *p, lots_ast_statement *out)
{
    out->kind = LOTS_AST_PARAM;
    LOTS_TRY(lots_parser_advance(p));
    LOTS_TRY(lots_parser_name(p, "the name of a parameter after `param`", &out->name));
    if (!lots_parser_at(p, LOTS_TOKEN_EQUAL))
        return lots_parser_fail(p, 0, NULL, "`=` and the value of the parameter");
    LOTS_TRY(lots_parser_advance(p));
    LOTS_TRY(lots_parse_expr(p, &out->value));
    return lots_parser_no_bare_set(p, &out->name);
}

/* [ "(" NAME { "," NAME } ")" ] */
static lots_status parse_let_params(lots_parser *p, lots_ast_statement *out)
{
    uint32_t open = p->now.at;
    bool found;
    LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_OPEN, &found));
    if (!found)
        return LOTS_OK;
    LOTS_TRY(lots_parser_names(p, "the name of a parameter", &out->params));
    return lots_parser_close(p, open, 0, "`,` or ");
}

/* "let" NAME [ params ] "=" ( pipeline | value ) */
static lots_status parse_let(lots_parser *p, lots_ast_statement *out)
{
    out->kind = LOTS_AST_LET;
    LOTS_TRY(lots_parser_advance(p));
    LOTS_TRY(lots_parser_name(p, "a name after `let`", &out->name));
    LOTS_TRY(parse_let_params(p, out));
    if (!lots_parser_at(p, LOTS_TOKEN_EQUAL))
        return lots_parser_fail(p, 0, NULL, "`=` and what the name stands for");
    LOTS_TRY(lots_parser_advance(p));
    if (lots_parser_at_word(p, LOTS_WORD_FROM))
        return lots_parse_pipeline(p, &out->pipeline);
    return lots_parse_value(p, &out->value);
}

static lots_status parse_query(lots_parser *p, lots_ast_statement *out)
{
    out->kind = LOTS_AST_QUERY;
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_EXPLAIN, &out->explain));
    return lots_parse_pipeline(p, &out->pipeline);
}

/* No statement begins here. `before` is the statement that perhaps goes on, NULL at the start. */
static lots_status fail_statement(lots_parser *p, const lots_ast_statement *before)
{
    lots_status status;
    if (before == NULL)
        status = lots_parser_fail(p, LOTS_EXPECT_STATEMENT, NULL, "a statement: `from`, `let`, `param`, `include` or `explain`");
    else if (before->pipeline != NULL)
        status = lots_parser_fail(p, LOTS_EXPECT_STAGE | LOTS_EXPECT_OPERATOR | LOTS_EXPECT_NARROW | LOTS_EXPECT_STATEMENT, NULL,
                                  "an operator, a stage such as `where` or `show`, or a new statement");
    else
        status = lots_parser_fail(p, LOTS_EXPECT_OPERATOR | LOTS_EXPECT_NARROW | LOTS_EXPECT_STATEMENT, NULL,
                                  before->kind == LOTS_AST_LET ? "an operator, a narrowing such as `where` or `during`, or a new statement"
                                                               : "an operator or a new statement");
    if (p->now.kind == LOTS_TOKEN_BAD)
        return status;
    if (p->now.kind == LOTS_TOKEN_NAME && p->next.kind == LOTS_TOKEN_EQUAL)
        lots_error_hint(p->err, "name a value with `let %.*s = …`", (int)(p->now.text.bytes < 60 ? p->now.text.bytes : 60),
                        p->now.text.text);
    else if (lots_parser_at_word(p, LOTS_WORD_WITH))
        lots_error_hint(p->err, "name a table with `let t = from …`");
    else if (lots_parser_at_word(p, LOTS_WORD_WHERE) || lots_parser_at_word(p, LOTS_WORD_DERIVE) ||
             lots_parser_at_word(p, LOTS_WORD_GROUP) || lots_parser_at_word(p, LOTS_WORD_SHOW))
        lots_error_hint(p->err, "a stage follows its source: %sfrom patients %s …",
                        before != NULL && before->kind == LOTS_AST_LET ? "let t = " : "", lots_word_text(p->now.word));
    else if (lots_parser_at_word(p, LOTS_WORD_BY))
        lots_error_hint(p->err, "groups are made before they are shown: group by … show n = count()");
    return status;
}

static lots_status parse_statement(lots_parser *p, const lots_ast_statement *before, lots_ast_statement *out)
{
    uint32_t at = p->now.at;
    lots_status status;
    if (lots_parser_at_word(p, LOTS_WORD_INCLUDE))
        status = parse_include(p, out);
    else if (lots_parser_at_word(p, LOTS_WORD_PARAM))
        status = parse_param(p, out);
    else if (lots_parser_at_word(p, LOTS_WORD_LET))
        status = parse_let(p, out);
    else if (lots_parser_at_word(p, LOTS_WORD_FROM) || lots_parser_at_word(p, LOTS_WORD_EXPLAIN))
        status = parse_query(p, out);
    else
        status = fail_statement(p, before);
    out->span = lots_parser_span(p, at);
    return status;
}

static lots_status parse_file(lots_parser *p, lots_ast_file *file)
{
    LOTS_TRY(lots_parser_advance(p));
    LOTS_TRY(lots_parser_advance(p));
    while (!lots_parser_at(p, LOTS_TOKEN_END)) {
        uint32_t count = file->statement_count;
        const lots_ast_statement *before = count > 0 ? &file->statements[count - 1] : NULL;
        LOTS_TRY(lots_parser_grow(p, &file->statements, count, sizeof file->statements[0]));
        LOTS_TRY(parse_statement(p, before, &file->statements[count]));
        file->statement_count++;
    }
    return LOTS_OK;
}

lots_status lots_parse(const char *text, size_t bytes, const lots_parse_options *options, lots_arena *arena,
                       lots_ast_file **out, lots_error *err)
{
    static const lots_parse_options plain = {0, 0};
    const lots_parse_options *chosen = options != NULL ? options : &plain;
    lots_error own;
    lots_parser parser;
    void *memory;
    *out = NULL;
    memset(&parser, 0, sizeof parser);
    parser.now.kind = parser.next.kind = LOTS_TOKEN_COMMA;
    parser.arena = arena;
    parser.err = err != NULL ? err : &own;
    parser.depth_max = chosen->depth_max == 0 ? LOTS_PARSE_DEPTH : chosen->depth_max;
    if (parser.depth_max > LOTS_PARSE_DEPTH_MOST)
        parser.depth_max = LOTS_PARSE_DEPTH_MOST;
    if (bytes > LOTS_PARSE_BYTES_MAX)
        return lots_fail(err, LOTS_LIMIT, "a query text of %zu bytes; at most %u are read", bytes, LOTS_PARSE_BYTES_MAX);
    LOTS_TRY(lots_lexer_init(&parser.lexer, text, bytes, chosen->source, arena, parser.err));
    LOTS_TRY(lots_arena_alloc(arena, &memory, 1, sizeof(lots_ast_file), parser.err));
    lots_ast_file *file = memory;
    file->source = chosen->source;
    LOTS_TRY(parse_file(&parser, file));
    *out = file;
    return LOTS_OK;
}
