/* parse_call.c: calls with their arguments and clauses, `episodes`, items and keys. */
#include "query/lang/parser.h"

static lots_status parse_item(lots_parser *p, lots_ast_item *out)
{
    uint32_t at = p->now.at;
    if (lots_parser_at(p, LOTS_TOKEN_NAME) && p->next.kind == LOTS_TOKEN_EQUAL) {
        LOTS_TRY(lots_parser_name(p, "a name", &out->name));
        LOTS_TRY(lots_parser_advance(p));
    }
    LOTS_TRY(lots_parse_expr(p, &out->value));
    out->span = lots_parser_span(p, at);
    return lots_parser_no_bare_set(p, &out->name);
}

lots_status lots_parse_items(lots_parser *p, lots_ast_items *out)
{
    bool more = true;
    while (more) {
        LOTS_TRY(lots_parser_grow(p, &out->items, out->count, sizeof out->items[0]));
        LOTS_TRY(parse_item(p, &out->items[out->count]));
        out->count++;
        LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_COMMA, &more));
    }
    return LOTS_OK;
}

static lots_status parse_key(lots_parser *p, lots_ast_key *out)
{
    uint32_t at = p->now.at;
    LOTS_TRY(lots_parse_expr(p, &out->value));
    out->descending = lots_token_is_name(&p->now, "desc");
    if (out->descending)
        LOTS_TRY(lots_parser_advance(p));
    out->span = lots_parser_span(p, at);
    return LOTS_OK;
}

lots_status lots_parse_keys(lots_parser *p, bool *items_follow, lots_ast_keys *out)
{
    bool more = true;
    while (more) {
        LOTS_TRY(lots_parser_grow(p, &out->items, out->count, sizeof out->items[0]));
        LOTS_TRY(parse_key(p, &out->items[out->count]));
        out->count++;
        LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_COMMA, &more));
        if (more && items_follow != NULL && lots_parser_at(p, LOTS_TOKEN_NAME) && p->next.kind == LOTS_TOKEN_EQUAL) {
            *items_follow = true;
            return LOTS_OK;
        }
    }
    return LOTS_OK;
}

static lots_status parse_arg(lots_parser *p, lots_ast_arg *out)
{
    uint32_t at = p->now.at;
    bool is_where, is_else, is_then;
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_WHERE, &is_where));
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_ELSE, &is_else));
    out->kind = is_where ? LOTS_AST_ARG_WHERE : is_else ? LOTS_AST_ARG_ELSE : LOTS_AST_ARG_VALUE;
    if (is_where) {
        LOTS_TRY(lots_parse_expr(p, &out->value));
    } else {
        LOTS_TRY(lots_parse_value(p, &out->value));
    }
    if (out->kind == LOTS_AST_ARG_VALUE) {
        LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_THEN, &is_then));
        if (is_then) {
            out->kind = LOTS_AST_ARG_THEN;
            LOTS_TRY(lots_parse_value(p, &out->then_value));
        }
    }
    out->span = lots_parser_span(p, at);
    return LOTS_OK;
}

/* The clause that begins here, if one does. `gap` and `max` are plain names elsewhere. */
static bool find_clause(const lots_parser *p, lots_ast_clause_kind *out)
{
    if (lots_parser_at_word(p, LOTS_WORD_OVER))
        *out = LOTS_AST_CLAUSE_OVER;
    else if (lots_parser_at_word(p, LOTS_WORD_PER))
        *out = LOTS_AST_CLAUSE_PER;
    else if (lots_parser_at_word(p, LOTS_WORD_BY))
        *out = LOTS_AST_CLAUSE_BY;
    else if (lots_token_is_name(&p->now, "gap"))
        *out = LOTS_AST_CLAUSE_GAP;
    else if (lots_token_is_name(&p->now, "max"))
        *out = LOTS_AST_CLAUSE_MAX;
    else
        return false;
    return true;
}

static lots_status parse_clause(lots_parser *p, bool *items_follow, lots_ast_clause *out)
{
    uint32_t at = p->now.at;
    LOTS_TRY(lots_parser_advance(p));
    switch (out->kind) {
    case LOTS_AST_CLAUSE_BY:
        LOTS_TRY(lots_parse_keys(p, items_follow, &out->keys));
        break;
    case LOTS_AST_CLAUSE_OVER:
        LOTS_TRY(lots_parse_value(p, &out->value));
        break;
    default:
        LOTS_TRY(lots_parse_sum(p, &out->value));
        break;
    }
    out->span = lots_parser_span(p, at);
    return LOTS_OK;
}

/* Of `episodes`, *items_follow says that the comma before its items is already consumed. */
static lots_status parse_clauses(lots_parser *p, lots_ast_call *call, bool *items_follow)
{
    lots_ast_clause_kind kind;
    while (find_clause(p, &kind) && (items_follow == NULL || !*items_follow)) {
        LOTS_TRY(lots_parser_grow(p, &call->clauses, call->clause_count, sizeof call->clauses[0]));
        call->clauses[call->clause_count].kind = kind;
        LOTS_TRY(parse_clause(p, items_follow, &call->clauses[call->clause_count]));
        call->clause_count++;
    }
    return LOTS_OK;
}

/* [ "distinct" ] [ arg { "," arg } ] */
static lots_status parse_args(lots_parser *p, lots_ast_call *call)
{
    lots_ast_clause_kind kind;
    call->distinct_span = (lots_ast_span){p->lexer.source, p->now.at, p->now.end};
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_DISTINCT, &call->distinct));
    bool word_clause = p->now.kind == LOTS_TOKEN_WORD && find_clause(p, &kind);
    bool more = !lots_parser_at(p, LOTS_TOKEN_CLOSE) && !word_clause;
    while (more) {
        LOTS_TRY(lots_parser_grow(p, &call->args, call->arg_count, sizeof call->args[0]));
        LOTS_TRY(parse_arg(p, &call->args[call->arg_count]));
        call->arg_count++;
        LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_COMMA, &more));
    }
    return LOTS_OK;
}

/* value { clause } { "," item }, behind `episodes(`. */
static lots_status parse_episodes(lots_parser *p, lots_ast_call *call)
{
    uint32_t at = p->now.at;
    bool comma = false;
    LOTS_TRY(lots_parser_grow(p, &call->args, 0, sizeof call->args[0]));
    LOTS_TRY(lots_parse_value(p, &call->args[0].value));
    call->args[0].span = lots_parser_span(p, at);
    call->arg_count = 1;
    LOTS_TRY(parse_clauses(p, call, &comma));
    if (!comma)
        LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_COMMA, &comma));
    return comma ? lots_parse_items(p, &call->items) : LOTS_OK;
}

/* Where what is in sight would have stood; NULL. */
static const char *place_of(const lots_parser *p, const lots_ast_call *call)
{
    const lots_ast_clause *last = call->clause_count > 0 ? &call->clauses[call->clause_count - 1] : NULL;
    if (last != NULL && lots_parser_at(p, LOTS_TOKEN_COMMA))
        return last->kind == LOTS_AST_CLAUSE_PER ? "several keys stand in brackets: per (a, b)"
                                                 : "arguments stand before `over`, `per`, `by`, `gap` and `max`";
    if (last == NULL && lots_parser_at_word(p, LOTS_WORD_ELSE))
        return "a comma stands before `else`: case(c then a, else b)";
    if (last != NULL && last->kind != LOTS_AST_CLAUSE_OVER && lots_parser_at_narrowing(p))
        return "events are narrowed before `per`, `by`, `gap` and `max`";
    return NULL;
}

static lots_status close_call(lots_parser *p, const lots_ast_call *call, uint32_t open)
{
    const bool comma = call->clause_count == 0 || call->episodes;
    const char *place = place_of(p, call);
    lots_status status = lots_parser_close(p, open, LOTS_EXPECT_OPERATOR | LOTS_EXPECT_NARROW | LOTS_EXPECT_CLAUSE,
                                           comma ? "an operator, `,` or " : "an operator or ");
    if (status == LOTS_QUERY && place != NULL)
        lots_error_hint(p->err, "%s", place);
    return status;
}

/* The height of the tallest value in the call. */
static uint32_t find_tallest(const lots_ast_call *call)
{
    uint32_t below = 0;
    for (uint32_t i = 0; i < call->arg_count; i++)
        below = lots_parser_taller(lots_parser_taller(below, call->args[i].value), call->args[i].then_value);
    for (uint32_t i = 0; i < call->clause_count; i++) {
        below = lots_parser_taller(below, call->clauses[i].value);
        for (uint32_t j = 0; j < call->clauses[i].keys.count; j++)
            below = lots_parser_taller(below, call->clauses[i].keys.items[j].value);
    }
    for (uint32_t i = 0; i < call->items.count; i++)
        below = lots_parser_taller(below, call->items.items[i].value);
    return below;
}

lots_status lots_parse_call(lots_parser *p, lots_ast_node **out)
{
    uint32_t at = p->now.at, open = p->next.at;
    void *memory;
    LOTS_TRY(lots_arena_alloc(p->arena, &memory, 1, sizeof(lots_ast_call), p->err));
    lots_ast_call *call = memory;
    call->episodes = lots_token_is_name(&p->now, "episodes");
    LOTS_TRY(lots_parser_name(p, "a name", &call->name));
    LOTS_TRY(lots_parser_advance(p));
    if (call->episodes) {
        LOTS_TRY(parse_episodes(p, call));
    } else {
        LOTS_TRY(parse_args(p, call));
        LOTS_TRY(parse_clauses(p, call, NULL));
    }
    LOTS_TRY(close_call(p, call, open));
    LOTS_TRY(lots_parser_node(p, LOTS_AST_CALL, at, find_tallest(call), out));
    (*out)->call = call;
    return LOTS_OK;
}
