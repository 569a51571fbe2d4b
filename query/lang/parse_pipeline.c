/* parse_pipeline.c: `from` and its stages. */
#include <stdio.h>

#include "query/lang/parser.h"

/* An expression that is the last of a stage: a narrowing word behind it is explained. */
static lots_status parse_last_expr(lots_parser *p, lots_ast_node **out)
{
    LOTS_TRY(lots_parse_expr(p, out));
    return lots_parser_no_bare_set(p, NULL);
}

/* The functions below parse one stage each, behind its first word. */

/* "each" [ DURATION | NAME ] NAME { "," NAME } "in" range */
static lots_status parse_each(lots_parser *p, lots_ast_stage *out)
{
    if (lots_parser_at(p, LOTS_TOKEN_DURATION) && p->next.kind != LOTS_TOKEN_DOT)
        LOTS_TRY(lots_parse_postfix(p, &out->each.block));
    else if (lots_parser_at(p, LOTS_TOKEN_NAME) && p->next.kind == LOTS_TOKEN_NAME)
        LOTS_TRY(lots_parser_name(p, "a unit after `each`", &out->each.unit));
    LOTS_TRY(lots_parser_names(p, "the name of what `each` goes through", &out->each.names));
    LOTS_TRY(lots_parser_expect_word(p, LOTS_WORD_IN, "after the names of `each`"));
    LOTS_TRY(lots_parse_range(p, &out->each.range));
    return lots_parser_no_bare_set(p, NULL);
}

/* ( "top" | "bottom" ) sum "by" expr [ "per" expr { "," expr } ] */
static lots_status parse_top(lots_parser *p, lots_ast_stage *out)
{
    const char *place = out->kind == LOTS_AST_STAGE_TOP ? "and what to rank by after the size of `top`"
                                                        : "and what to rank by after the size of `bottom`";
    LOTS_TRY(lots_parse_sum(p, &out->top.size));
    LOTS_TRY(lots_parser_expect_word(p, LOTS_WORD_BY, place));
    LOTS_TRY(parse_last_expr(p, &out->top.by));
    bool more;
    lots_ast_list *per = &out->top.per;
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_PER, &more));
    while (more) {
        LOTS_TRY(lots_parser_grow(p, &per->items, per->count, sizeof per->items[0]));
        LOTS_TRY(parse_last_expr(p, &per->items[per->count]));
        per->count++;
        LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_COMMA, &more));
    }
    return LOTS_OK;
}

/* A plain name that stands for a word here: totals, cohort. */
static lots_status expect_name(lots_parser *p, const char *name, const char *after)
{
    if (lots_token_is_name(&p->now, name))
        return lots_parser_advance(p);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "`%s` after `%s`", name, after);
    return lots_parser_fail(p, 0, name, expected);
}

/* "group" "by" items [ "with" "totals" ] */
static lots_status parse_group(lots_parser *p, lots_ast_stage *out)
{
    LOTS_TRY(lots_parser_expect_word(p, LOTS_WORD_BY, "after `group`"));
    LOTS_TRY(lots_parse_items(p, &out->group.items));
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_WITH, &out->group.totals));
    return out->group.totals ? expect_name(p, "totals", "with") : LOTS_OK;
}

/* "sort" keys */
static lots_status parse_sort(lots_parser *p, lots_ast_stage *out)
{
    if (lots_parser_at_word(p, LOTS_WORD_BY)) {
        lots_status status = lots_parser_refuse(p, "`sort` takes no `by`");
        lots_error_hint(p->err, "write `sort n desc, name`");
        return status;
    }
    LOTS_TRY(lots_parse_keys(p, NULL, &out->sort));
    return lots_parser_no_bare_set(p, NULL);
}

/* NAME [ "(" … ")" ]: a table, of a let that may have parameters. *call NULL without brackets. */
static lots_status parse_table(lots_parser *p, const char *expected, lots_ast_name *name, lots_ast_node **call)
{
    *call = NULL;
    if (!lots_parser_at(p, LOTS_TOKEN_NAME) || p->next.kind != LOTS_TOKEN_OPEN)
        return lots_parser_name(p, expected, name);
    LOTS_TRY(lots_parse_call(p, call));
    *name = (*call)->call->name;
    return LOTS_OK;
}

/* The table of a join: t(…) is short for (from table t(…)). */
static lots_status parse_joined_table(lots_parser *p, lots_ast_stage *out)
{
    lots_ast_node *call = NULL;
    void *memory;
    LOTS_TRY(parse_table(p, "the name of a table or `(from …)` after `join`", &out->join.table, &call));
    if (call == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(p->arena, &memory, 1, sizeof(lots_ast_pipeline), p->err));
    out->join.pipeline = memory;
    *out->join.pipeline = (lots_ast_pipeline){.source = LOTS_AST_SOURCE_TABLE, .value = call, .table = out->join.table,
                                              .span = call->span};
    out->join.table = (lots_ast_name){.text = NULL};
    return LOTS_OK;
}

/* "join" ( NAME [ "(" … ")" ] | "(" pipeline ")" ) [ "on" NAME { "," NAME } ] */
static lots_status parse_join(lots_parser *p, lots_ast_stage *out)
{
    bool on;
    uint32_t open = p->now.at;
    if (lots_parser_at(p, LOTS_TOKEN_OPEN)) {
        LOTS_TRY(lots_parser_advance(p));
        LOTS_TRY(lots_parse_pipeline(p, &out->join.pipeline));
        LOTS_TRY(lots_parser_close(p, open, LOTS_EXPECT_STAGE | LOTS_EXPECT_OPERATOR | LOTS_EXPECT_NARROW, "a stage or "));
    } else {
        LOTS_TRY(parse_joined_table(p, out));
    }
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_ON, &on));
    if (!on)
        return LOTS_OK;
    LOTS_TRY(lots_parser_names(p, "the name of a column after `on`", &out->join.on));
    if (!lots_parser_at(p, LOTS_TOKEN_EQUAL) && !lots_parser_at(p, LOTS_TOKEN_DOT))
        return LOTS_OK;
    lots_status status = lots_parser_refuse(p, "`on` takes names of columns that both sides have");
    lots_error_hint(p->err, "rename a column first with `derive`, then join on its name");
    return status;
}

/* "into" "cohort" NAME */
static lots_status parse_into(lots_parser *p, lots_ast_stage *out)
{
    LOTS_TRY(expect_name(p, "cohort", "into"));
    return lots_parser_name(p, "the name of the cohort", &out->cohort);
}

/* "chart" call */
static lots_status parse_chart(lots_parser *p, lots_ast_stage *out)
{
    if (!lots_parser_at(p, LOTS_TOKEN_NAME) || p->next.kind != LOTS_TOKEN_OPEN)
        return lots_parser_fail(p, 0, NULL, "a kind of chart with its columns in brackets, as line(k, cost)");
    return lots_parse_call(p, &out->chart);
}

/* Is the token the first word of a stage? */
static bool find_stage(const lots_parser *p, lots_ast_stage_kind *out)
{
    static const struct {
        lots_word word;
        lots_ast_stage_kind kind;
    } words[] = {
        {LOTS_WORD_WHERE, LOTS_AST_STAGE_WHERE}, {LOTS_WORD_DERIVE, LOTS_AST_STAGE_DERIVE}, {LOTS_WORD_EACH, LOTS_AST_STAGE_EACH},
        {LOTS_WORD_GROUP, LOTS_AST_STAGE_GROUP}, {LOTS_WORD_SHOW, LOTS_AST_STAGE_SHOW},     {LOTS_WORD_SORT, LOTS_AST_STAGE_SORT},
        {LOTS_WORD_LIMIT, LOTS_AST_STAGE_LIMIT}, {LOTS_WORD_PIVOT, LOTS_AST_STAGE_PIVOT},   {LOTS_WORD_JOIN, LOTS_AST_STAGE_JOIN},
        {LOTS_WORD_INTO, LOTS_AST_STAGE_INTO},   {LOTS_WORD_CHART, LOTS_AST_STAGE_CHART},
    };
    if (lots_token_is_name(&p->now, "top") || lots_token_is_name(&p->now, "bottom")) {
        *out = lots_token_is_name(&p->now, "top") ? LOTS_AST_STAGE_TOP : LOTS_AST_STAGE_BOTTOM;
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (lots_parser_at_word(p, words[i].word)) {
            *out = words[i].kind;
            return true;
        }
    return false;
}

static lots_status parse_stage(lots_parser *p, lots_ast_stage *out)
{
    switch (out->kind) {
    case LOTS_AST_STAGE_WHERE:
        return parse_last_expr(p, &out->where);
    case LOTS_AST_STAGE_DERIVE:
        return lots_parse_items(p, &out->derive);
    case LOTS_AST_STAGE_EACH:
        return parse_each(p, out);
    case LOTS_AST_STAGE_TOP:
    case LOTS_AST_STAGE_BOTTOM:
        return parse_top(p, out);
    case LOTS_AST_STAGE_GROUP:
        return parse_group(p, out);
    case LOTS_AST_STAGE_SHOW:
        return lots_parse_items(p, &out->show);
    case LOTS_AST_STAGE_SORT:
        return parse_sort(p, out);
    case LOTS_AST_STAGE_LIMIT:
        return parse_last_expr(p, &out->limit);
    case LOTS_AST_STAGE_PIVOT:
        return lots_parser_name(p, "the name of a column after `pivot`", &out->pivot);
    case LOTS_AST_STAGE_JOIN:
        return parse_join(p, out);
    case LOTS_AST_STAGE_INTO:
        return parse_into(p, out);
    case LOTS_AST_STAGE_CHART:
        return parse_chart(p, out);
    }
    return LOTS_OK;
}

static lots_status parse_stages(lots_parser *p, lots_ast_pipeline *pipeline)
{
    lots_ast_stage_kind kind;
    while (find_stage(p, &kind)) {
        uint32_t at = p->now.at;
        LOTS_TRY(lots_parser_grow(p, &pipeline->stages, pipeline->stage_count, sizeof pipeline->stages[0]));
        lots_ast_stage *stage = &pipeline->stages[pipeline->stage_count];
        stage->kind = kind;
        LOTS_TRY(lots_parser_advance(p));
        LOTS_TRY(parse_stage(p, stage));
        stage->span = lots_parser_span(p, at);
        pipeline->stage_count++;
    }
    return LOTS_OK;
}

/* The `where`s behind the source are the first stages. */
static lots_status parse_value_source(lots_parser *p, lots_ast_pipeline *pipeline)
{
    lots_ast_narrow *wheres;
    uint32_t count;
    LOTS_TRY(lots_parse_source(p, &pipeline->value, &wheres, &count));
    for (uint32_t i = 0; i < count; i++) {
        LOTS_TRY(lots_parser_grow(p, &pipeline->stages, i, sizeof pipeline->stages[0]));
        pipeline->stages[i].kind = LOTS_AST_STAGE_WHERE;
        pipeline->stages[i].where = wheres[i].value;
        pipeline->stages[i].span = wheres[i].span;
        pipeline->stage_count = i + 1;
    }
    return LOTS_OK;
}

static lots_status parse_source(lots_parser *p, lots_ast_pipeline *pipeline)
{
    bool match, table;
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_MATCH, &match));
    if (match) {
        pipeline->source = LOTS_AST_SOURCE_PATTERN;
        return lots_parse_pattern(p, &pipeline->pattern);
    }
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_TABLE, &table));
    if (!table)
        return parse_value_source(p, pipeline);
    pipeline->source = LOTS_AST_SOURCE_TABLE;
    return parse_table(p, "the name of a table after `from table`", &pipeline->table, &pipeline->value);
}

/* `then` behind a stage: most likely the event set of a step has no brackets. */
static lots_status refuse_stray_then(lots_parser *p)
{
    lots_status status = lots_parser_refuse(p, "`then` stands directly behind a step of `from match`");
    lots_error_hint(p->err, "an event set that is narrowed stands in brackets: from match (contacts where …) as a then (…)");
    return status;
}

lots_status lots_parse_pipeline(lots_parser *p, lots_ast_pipeline **out)
{
    uint32_t at = p->now.at;
    void *memory;
    LOTS_TRY(lots_parser_enter(p));
    LOTS_TRY(lots_parser_expect_word(p, LOTS_WORD_FROM, "and a source"));
    LOTS_TRY(lots_arena_alloc(p->arena, &memory, 1, sizeof(lots_ast_pipeline), p->err));
    lots_ast_pipeline *pipeline = memory;
    LOTS_TRY(parse_source(p, pipeline));
    LOTS_TRY(parse_stages(p, pipeline));
    if (lots_parser_at_word(p, LOTS_WORD_THEN))
        return refuse_stray_then(p);
    pipeline->span = lots_parser_span(p, at);
    *out = pipeline;
    p->depth--;
    return LOTS_OK;
}
