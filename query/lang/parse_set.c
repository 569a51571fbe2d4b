/* parse_set.c: event sets: narrowing, union and minus, and the source of a pipeline. */
#include "query/lang/parser.h"

/* The words that begin a narrowing and the kind each is alone. */
static bool find_narrow(const lots_parser *p, lots_ast_narrow_kind *out)
{
    static const struct {
        lots_word word;
        lots_ast_narrow_kind kind;
    } words[] = {
        {LOTS_WORD_WHERE, LOTS_AST_NARROW_WHERE},   {LOTS_WORD_EXCEPT, LOTS_AST_NARROW_EXCEPT_WHERE},
        {LOTS_WORD_DURING, LOTS_AST_NARROW_DURING}, {LOTS_WORD_OVERLAPPING, LOTS_AST_NARROW_OVERLAPPING},
        {LOTS_WORD_BEFORE, LOTS_AST_NARROW_BEFORE}, {LOTS_WORD_AFTER, LOTS_AST_NARROW_AFTER},
        {LOTS_WORD_UNTIL, LOTS_AST_NARROW_UNTIL},   {LOTS_WORD_SINCE, LOTS_AST_NARROW_SINCE},
        {LOTS_WORD_KNOWN, LOTS_AST_NARROW_KNOWN_BEFORE}, {LOTS_WORD_WITHIN, LOTS_AST_NARROW_WITHIN_OF},
        {LOTS_WORD_AS, LOTS_AST_NARROW_AS},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (lots_parser_at_word(p, words[i].word)) {
            *out = words[i].kind;
            return true;
        }
    return false;
}

/* "known" ( "before" | "until" ) sum, behind `known`. */
static lots_status parse_known(lots_parser *p, lots_ast_narrow *out)
{
    if (lots_parser_at_word(p, LOTS_WORD_UNTIL))
        out->kind = LOTS_AST_NARROW_KNOWN_UNTIL;
    else if (!lots_parser_at_word(p, LOTS_WORD_BEFORE))
        return lots_parser_fail(p, 0, "before", "`before` or `until` after `known`");
    LOTS_TRY(lots_parser_advance(p));
    return lots_parse_sum(p, &out->value);
}

/* "within" sum ( "before" | … ) sum, behind `within`. */
static lots_status parse_within(lots_parser *p, lots_ast_narrow *out)
{
    static const struct {
        lots_word word;
        lots_ast_narrow_kind kind;
    } sides[] = {
        {LOTS_WORD_BEFORE, LOTS_AST_NARROW_WITHIN_BEFORE}, {LOTS_WORD_AFTER, LOTS_AST_NARROW_WITHIN_AFTER},
        {LOTS_WORD_UNTIL, LOTS_AST_NARROW_WITHIN_UNTIL},   {LOTS_WORD_SINCE, LOTS_AST_NARROW_WITHIN_SINCE},
        {LOTS_WORD_OF, LOTS_AST_NARROW_WITHIN_OF},
    };
    LOTS_TRY(lots_parse_sum(p, &out->length));
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        if (!lots_parser_at_word(p, sides[i].word))
            continue;
        out->kind = sides[i].kind;
        LOTS_TRY(lots_parser_advance(p));
        return lots_parse_sum(p, &out->value);
    }
    lots_status status = lots_parser_fail(p, LOTS_EXPECT_NARROW, NULL, "`before`, `after`, `until`, `since` or `of` and a day after `within`");
    if (p->now.kind != LOTS_TOKEN_BAD && p->err->hint[0] == '\0')
        lots_error_hint(p->err, "an interval is narrowed to with `during`: during 2023; a window is `within 30d after d`");
    return status;
}

/* One narrowing, of the kind find_narrow said. */
static lots_status parse_narrow(lots_parser *p, lots_ast_narrow *out)
{
    uint32_t at = p->now.at;
    lots_status status;
    LOTS_TRY(lots_parser_advance(p));
    switch (out->kind) {
    case LOTS_AST_NARROW_EXCEPT_WHERE:
        LOTS_TRY(lots_parser_expect_word(p, LOTS_WORD_WHERE, "after `except`"));
        status = lots_parse_expr(p, &out->value);
        break;
    case LOTS_AST_NARROW_WHERE:
        status = lots_parse_expr(p, &out->value);
        break;
    case LOTS_AST_NARROW_DURING:
    case LOTS_AST_NARROW_OVERLAPPING:
        status = lots_parse_range(p, &out->value);
        break;
    case LOTS_AST_NARROW_KNOWN_BEFORE:
        status = parse_known(p, out);
        break;
    case LOTS_AST_NARROW_WITHIN_OF:
        status = parse_within(p, out);
        break;
    case LOTS_AST_NARROW_AS:
        status = lots_parser_name(p, "a name after `as`", &out->alias);
        break;
    default:
        status = lots_parse_sum(p, &out->value);
        break;
    }
    out->span = lots_parser_span(p, at);
    return status;
}

/* An expression and how it is narrowed. */
typedef struct narrowing {
    uint32_t at;
    lots_ast_node *base;
    lots_ast_narrow *steps;
    uint32_t count;
} narrowing;

static lots_status parse_narrowing(lots_parser *p, narrowing *out)
{
    lots_ast_narrow_kind kind;
    *out = (narrowing){p->now.at, NULL, NULL, 0};
    LOTS_TRY(lots_parse_expr(p, &out->base));
    while (find_narrow(p, &kind)) {
        LOTS_TRY(lots_parser_grow(p, &out->steps, out->count, sizeof out->steps[0]));
        out->steps[out->count].kind = kind;
        LOTS_TRY(parse_narrow(p, &out->steps[out->count]));
        out->count++;
    }
    return LOTS_OK;
}

/* The node of the expression with its first `count` narrowings; none leaves the expression as it is. */
static lots_status make_narrowed(lots_parser *p, const narrowing *in, uint32_t count, lots_ast_node **out)
{
    *out = in->base;
    if (count == 0)
        return LOTS_OK;
    uint32_t below = in->base->height;
    for (uint32_t i = 0; i < count; i++)
        below = lots_parser_taller(lots_parser_taller(below, in->steps[i].value), in->steps[i].length);
    LOTS_TRY(lots_parser_node(p, LOTS_AST_NARROWED, in->at, below, out));
    (*out)->span.end = in->steps[count - 1].span.end;
    (*out)->narrowed.base = in->base;
    (*out)->narrowed.steps = in->steps;
    (*out)->narrowed.step_count = count;
    return LOTS_OK;
}

static bool at_merge(const lots_parser *p)
{
    return lots_parser_at_word(p, LOTS_WORD_UNION) || lots_parser_at_word(p, LOTS_WORD_MINUS);
}

/* { ( "union" | "minus" ) narrowed } behind the left operand *out. *last is the narrowing of the last one. */
static lots_status parse_merges(lots_parser *p, uint32_t at, narrowing *last, lots_ast_node **out)
{
    while (at_merge(p)) {
        lots_ast_node *left = *out, *right;
        lots_ast_kind kind = lots_parser_at_word(p, LOTS_WORD_UNION) ? LOTS_AST_UNION : LOTS_AST_MINUS;
        lots_ast_span op_span = {p->lexer.source, p->now.at, p->now.end};
        LOTS_TRY(lots_parser_advance(p));
        LOTS_TRY(parse_narrowing(p, last));
        LOTS_TRY(make_narrowed(p, last, last->count, &right));
        LOTS_TRY(lots_parser_node(p, kind, at, lots_parser_taller(left->height, right), out));
        (*out)->sets.left = left;
        (*out)->sets.right = right;
        (*out)->sets.op_span = op_span;
    }
    return LOTS_OK;
}

lots_status lots_parse_value(lots_parser *p, lots_ast_node **out)
{
    narrowing in;
    LOTS_TRY(parse_narrowing(p, &in));
    LOTS_TRY(make_narrowed(p, &in, in.count, out));
    return parse_merges(p, in.at, &in, out);
}

/* How many `where`s the narrowing ends with. */
static uint32_t count_last_wheres(const narrowing *in)
{
    uint32_t count = 0;
    while (count < in->count && in->steps[in->count - 1 - count].kind == LOTS_AST_NARROW_WHERE)
        count++;
    return count;
}

lots_status lots_parse_source(lots_parser *p, lots_ast_node **out, lots_ast_narrow **wheres, uint32_t *where_count)
{
    narrowing in;
    *wheres = NULL;
    *where_count = 0;
    LOTS_TRY(parse_narrowing(p, &in));
    if (!at_merge(p)) {
        *where_count = count_last_wheres(&in);
        if (*where_count > 0)
            *wheres = in.steps + (in.count - *where_count);
        return make_narrowed(p, &in, in.count - *where_count, out);
    }
    LOTS_TRY(make_narrowed(p, &in, in.count, out));
    LOTS_TRY(parse_merges(p, in.at, &in, out));
    if (count_last_wheres(&in) == 0)
        return LOTS_OK;
    lots_status status = lots_ast_fail(p->err, in.steps[in.count - 1].span,
                                       "this `where` could be meant for the last set or for all that `from` names");
    lots_error_hint(p->err, "put brackets around the one that is meant: a union (b where …), or (a union b) where …");
    return status;
}
