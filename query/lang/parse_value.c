/* parse_value.c: values without narrowing: literals, names, members, operators. One function climbs over all the levels
 * of operators, so that a bracket costs few frames of stack. */
#include "query/lang/parser.h"

static lots_status expect_value(lots_parser *p)
{
    lots_status status = lots_parser_fail(p, 0, NULL, "a value");
    if (lots_parser_at_word(p, LOTS_WORD_FROM))
        lots_error_hint(p->err, "name the inner query with `let t = from …` and use t");
    else if (p->now.kind == LOTS_TOKEN_WORD)
        lots_error_hint(p->err, "`%s` is a reserved word; as a name it is written \"%s\"", lots_word_text(p->now.word),
                        lots_word_text(p->now.word));
    else if (p->now.kind == LOTS_TOKEN_DOT)
        lots_error_hint(p->err, "a number begins with a digit: 0.5");
    return status;
}

static lots_status parse_literal(lots_parser *p, lots_ast_kind kind, lots_ast_node **out)
{
    lots_token token = p->now;
    LOTS_TRY(lots_parser_advance(p));
    LOTS_TRY(lots_parser_node(p, kind, token.at, 0, out));
    lots_ast_node *node = *out;
    switch (kind) {
    case LOTS_AST_NUMBER:
    case LOTS_AST_PERCENT:
        node->number = token.number;
        break;
    case LOTS_AST_DURATION:
        node->duration = token.duration;
        break;
    case LOTS_AST_DATE:
        node->date = token.date;
        break;
    case LOTS_AST_PERIOD:
        node->period = token.period;
        break;
    case LOTS_AST_STRING:
        node->string = token.text;
        break;
    case LOTS_AST_CODES:
        node->codes = token.codes;
        break;
    case LOTS_AST_BOOL:
        node->truth = token.word == LOTS_WORD_TRUE;
        break;
    default:
        break;
    }
    return LOTS_OK;
}

static lots_status parse_name(lots_parser *p, lots_ast_node **out)
{
    uint32_t at = p->now.at;
    lots_ast_name name;
    LOTS_TRY(lots_parser_name(p, "a name", &name));
    LOTS_TRY(lots_parser_node(p, LOTS_AST_NAME, at, 0, out));
    (*out)->name = name;
    return LOTS_OK;
}

/* "(" [ value { "," value } ] ")": one is that value, none or several make a set. */
static lots_status parse_brackets(lots_parser *p, lots_ast_node **out)
{
    uint32_t at = p->now.at, below = 0;
    lots_ast_list list = {NULL, 0};
    LOTS_TRY(lots_parser_advance(p));
    bool more = !lots_parser_at(p, LOTS_TOKEN_CLOSE);
    while (more) {
        LOTS_TRY(lots_parser_grow(p, &list.items, list.count, sizeof list.items[0]));
        LOTS_TRY(lots_parse_value(p, &list.items[list.count]));
        below = lots_parser_taller(below, list.items[list.count]);
        list.count++;
        LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_COMMA, &more));
    }
    LOTS_TRY(lots_parser_close(p, at, LOTS_EXPECT_OPERATOR | LOTS_EXPECT_NARROW, "an operator, `,` or "));
    if (list.count == 1) {
        *out = list.items[0];
        return LOTS_OK;
    }
    LOTS_TRY(lots_parser_node(p, LOTS_AST_SET, at, below, out));
    (*out)->list = list;
    return LOTS_OK;
}

static lots_status parse_word_value(lots_parser *p, lots_ast_node **out)
{
    switch (p->now.word) {
    case LOTS_WORD_TRUE:
    case LOTS_WORD_FALSE:
        return parse_literal(p, LOTS_AST_BOOL, out);
    case LOTS_WORD_MISSING:
        return parse_literal(p, LOTS_AST_MISSING, out);
    default:
        return expect_value(p);
    }
}

static lots_status parse_primary(lots_parser *p, lots_ast_node **out)
{
    switch (p->now.kind) {
    case LOTS_TOKEN_NUMBER:
        return parse_literal(p, LOTS_AST_NUMBER, out);
    case LOTS_TOKEN_PERCENT:
        return parse_literal(p, LOTS_AST_PERCENT, out);
    case LOTS_TOKEN_DURATION:
        return parse_literal(p, LOTS_AST_DURATION, out);
    case LOTS_TOKEN_DATE:
        return parse_literal(p, LOTS_AST_DATE, out);
    case LOTS_TOKEN_PERIOD:
        return parse_literal(p, LOTS_AST_PERIOD, out);
    case LOTS_TOKEN_STRING:
        return parse_literal(p, LOTS_AST_STRING, out);
    case LOTS_TOKEN_CODES:
        return parse_literal(p, LOTS_AST_CODES, out);
    case LOTS_TOKEN_WORD:
        return parse_word_value(p, out);
    case LOTS_TOKEN_NAME:
        return p->next.kind == LOTS_TOKEN_OPEN ? lots_parse_call(p, out) : parse_name(p, out);
    case LOTS_TOKEN_OPEN:
        return parse_brackets(p, out);
    default:
        return expect_value(p);
    }
}

/* The name behind a dot, where a reserved word can't be anything else: registry.until, registry.from. */
static lots_status parse_member_name(lots_parser *p, lots_ast_name *out)
{
    if (p->now.kind == LOTS_TOKEN_WORD) {
        const char *text = lots_word_text(p->now.word);
        p->now.kind = LOTS_TOKEN_NAME;
        p->now.text = (lots_ast_text){text, (uint32_t)strlen(text)};
    }
    return lots_parser_name(p, "a name after `.`", out);
}

lots_status lots_parse_postfix(lots_parser *p, lots_ast_node **out)
{
    uint32_t at = p->now.at;
    LOTS_TRY(parse_primary(p, out));
    for (;;) {
        bool dot;
        LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_DOT, &dot));
        if (!dot)
            return LOTS_OK;
        lots_ast_node *base = *out;
        lots_ast_name name;
        LOTS_TRY(parse_member_name(p, &name));
        LOTS_TRY(lots_parser_node(p, LOTS_AST_MEMBER, at, base->height, out));
        (*out)->member.base = base;
        (*out)->member.name = name;
    }
}

/* postfix [ "at" postfix ] */
static lots_status parse_asof(lots_parser *p, lots_ast_level *have, lots_ast_node **out)
{
    uint32_t at = p->now.at;
    LOTS_TRY(lots_parse_postfix(p, out));
    *have = LOTS_LEVEL_POSTFIX;
    if (!lots_parser_at_word(p, LOTS_WORD_AT))
        return LOTS_OK;
    lots_ast_node *value = *out, *when;
    LOTS_TRY(lots_parser_advance(p));
    LOTS_TRY(lots_parse_postfix(p, &when));
    LOTS_TRY(lots_parser_node(p, LOTS_AST_AT, at, lots_parser_taller(value->height, when), out));
    (*out)->at.value = value;
    (*out)->at.when = when;
    *have = LOTS_LEVEL_AT;
    if (!lots_parser_at_word(p, LOTS_WORD_AT))
        return LOTS_OK;
    return lots_parser_refuse(p, "a second `at`; a value is asked for at one day");
}

/* An operator in front: `op` of level `own`, whose operand is of level `below`. */
static lots_status parse_sign(lots_parser *p, lots_ast_level level, lots_ast_level own, lots_ast_level below,
                              lots_ast_kind kind, lots_ast_node **out)
{
    uint32_t at = p->now.at;
    lots_ast_node *operand;
    if (level > own) {
        char sign[48];
        lots_token_describe(&p->now, p->lexer.text, sign, sizeof sign);
        lots_status status = lots_parser_refuse(p, "%s begins something that stands in brackets here", sign);
        lots_error_hint(p->err, "write ( ) around %s and what belongs to it", sign);
        return status;
    }
    LOTS_TRY(lots_parser_advance(p));
    LOTS_TRY(lots_parse_level(p, below, &operand));
    LOTS_TRY(lots_parser_node(p, kind, at, operand->height, out));
    if (kind == LOTS_AST_RANGE)
        (*out)->range.high = operand;
    else
        (*out)->unary = operand;
    return LOTS_OK;
}

/* What stands before the first operator between two operands; *have is the level of it. */
static lots_status parse_operand(lots_parser *p, lots_ast_level level, lots_ast_level *have, lots_ast_node **out)
{
    if (lots_parser_at_word(p, LOTS_WORD_NOT)) {
        *have = LOTS_LEVEL_NOT;
        return parse_sign(p, level, LOTS_LEVEL_NOT, LOTS_LEVEL_NOT, LOTS_AST_NOT, out);
    }
    if (lots_parser_at(p, LOTS_TOKEN_RANGE)) {
        *have = LOTS_LEVEL_RANGE;
        return parse_sign(p, level, LOTS_LEVEL_RANGE, LOTS_LEVEL_SUM, LOTS_AST_RANGE, out);
    }
    if (lots_parser_at(p, LOTS_TOKEN_DASH)) {
        *have = LOTS_LEVEL_SIGNED;
        return parse_sign(p, level, LOTS_LEVEL_SIGNED, LOTS_LEVEL_SIGNED, LOTS_AST_NEGATE, out);
    }
    return parse_asof(p, have, out);
}

/* An operator between operands. `is_op` tells one that makes a BINARY node. */
typedef struct infix {
    lots_ast_level level; /* LOTS_LEVEL_VALUE: no operator stands here */
    bool is_op;
    lots_ast_op op;
} infix;

static infix find_word_infix(const lots_parser *p)
{
    switch (p->now.word) {
    case LOTS_WORD_OR:
        return (infix){LOTS_LEVEL_OR, false, LOTS_AST_OP_EQUAL};
    case LOTS_WORD_AND:
        return (infix){LOTS_LEVEL_AND, false, LOTS_AST_OP_EQUAL};
    case LOTS_WORD_IS:
        return (infix){LOTS_LEVEL_TEST, false, LOTS_AST_OP_EQUAL};
    case LOTS_WORD_IN:
        return (infix){LOTS_LEVEL_TEST, true, LOTS_AST_OP_IN};
    case LOTS_WORD_NOT:
        return (infix){LOTS_LEVEL_TEST, true, LOTS_AST_OP_NOT_IN};
    case LOTS_WORD_CONTAINS:
        return (infix){LOTS_LEVEL_TEST, true, LOTS_AST_OP_CONTAINS};
    default:
        return (infix){LOTS_LEVEL_VALUE, false, LOTS_AST_OP_EQUAL};
    }
}

static infix find_infix(const lots_parser *p)
{
    static const infix signs[LOTS_TOKEN_KINDS] = {
        [LOTS_TOKEN_EQUAL] = {LOTS_LEVEL_TEST, true, LOTS_AST_OP_EQUAL},
        [LOTS_TOKEN_UNEQUAL] = {LOTS_LEVEL_TEST, true, LOTS_AST_OP_UNEQUAL},
        [LOTS_TOKEN_LESS] = {LOTS_LEVEL_TEST, true, LOTS_AST_OP_LESS},
        [LOTS_TOKEN_LESS_EQUAL] = {LOTS_LEVEL_TEST, true, LOTS_AST_OP_LESS_EQUAL},
        [LOTS_TOKEN_GREATER] = {LOTS_LEVEL_TEST, true, LOTS_AST_OP_GREATER},
        [LOTS_TOKEN_GREATER_EQUAL] = {LOTS_LEVEL_TEST, true, LOTS_AST_OP_GREATER_EQUAL},
        [LOTS_TOKEN_RANGE] = {LOTS_LEVEL_RANGE, false, LOTS_AST_OP_EQUAL},
        [LOTS_TOKEN_PLUS] = {LOTS_LEVEL_SUM, true, LOTS_AST_OP_ADD},
        [LOTS_TOKEN_DASH] = {LOTS_LEVEL_SUM, true, LOTS_AST_OP_SUBTRACT},
        [LOTS_TOKEN_STAR] = {LOTS_LEVEL_PRODUCT, true, LOTS_AST_OP_MULTIPLY},
        [LOTS_TOKEN_SLASH] = {LOTS_LEVEL_PRODUCT, true, LOTS_AST_OP_DIVIDE},
        [LOTS_TOKEN_FLOOR] = {LOTS_LEVEL_PRODUCT, true, LOTS_AST_OP_FLOOR_DIVIDE},
        [LOTS_TOKEN_POWER] = {LOTS_LEVEL_SIGNED, true, LOTS_AST_OP_POWER},
    };
    return p->now.kind == LOTS_TOKEN_WORD ? find_word_infix(p) : signs[p->now.kind];
}

/* left { "and" right }, flat; the same for "or". */
static lots_status parse_list(lots_parser *p, uint32_t at, lots_word word, lots_ast_level level, lots_ast_node **out)
{
    lots_ast_list list = {NULL, 1};
    uint32_t below = (*out)->height;
    LOTS_TRY(lots_parser_grow(p, &list.items, 0, sizeof list.items[0]));
    list.items[0] = *out;
    while (lots_parser_at_word(p, word)) {
        LOTS_TRY(lots_parser_advance(p));
        LOTS_TRY(lots_parser_grow(p, &list.items, list.count, sizeof list.items[0]));
        LOTS_TRY(lots_parse_level(p, level + 1, &list.items[list.count]));
        below = lots_parser_taller(below, list.items[list.count]);
        list.count++;
    }
    LOTS_TRY(lots_parser_node(p, word == LOTS_WORD_AND ? LOTS_AST_AND : LOTS_AST_OR, at, below, out));
    (*out)->list = list;
    return LOTS_OK;
}

/* "is" [ "not" ] "missing" */
static lots_status parse_is(lots_parser *p, uint32_t at, lots_ast_node **out)
{
    lots_ast_node *value = *out;
    bool negated;
    LOTS_TRY(lots_parser_advance(p));
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_NOT, &negated));
    if (!lots_parser_at_word(p, LOTS_WORD_MISSING)) {
        lots_status status = lots_parser_fail(p, 0, "missing", negated ? "`missing` after `is not`" : "`missing` or `not missing` after `is`");
        if (p->now.kind != LOTS_TOKEN_BAD && p->err->hint[0] == '\0')
            lots_error_hint(p->err, "compare with `=` or `!=`; `is` only asks whether a value is missing");
        return status;
    }
    LOTS_TRY(lots_parser_advance(p));
    LOTS_TRY(lots_parser_node(p, LOTS_AST_IS_MISSING, at, value->height, out));
    (*out)->is_missing.value = value;
    (*out)->is_missing.negated = negated;
    return LOTS_OK;
}

/* May the token be the first of a value, but for signs and brackets? */
static bool begins_primary(const lots_token *token)
{
    if (token->kind == LOTS_TOKEN_WORD)
        return token->word == LOTS_WORD_TRUE || token->word == LOTS_WORD_FALSE || token->word == LOTS_WORD_MISSING;
    return token->kind >= LOTS_TOKEN_NAME && token->kind <= LOTS_TOKEN_CODES;
}

/* After `a..`: does the end of the range follow? The first word of a stage (`top 5 by x`) or a clause (`gap 3d`) may be a
 * plain name: such a name followed by a value, or by a bracket after a blank, is not the end. */
static bool range_goes_on(const lots_parser *p)
{
    static const char *const weak[] = {"top", "bottom", "gap", "max"};
    if (p->now.kind == LOTS_TOKEN_OPEN || p->now.kind == LOTS_TOKEN_DASH || p->now.kind == LOTS_TOKEN_BAD)
        return true;
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++)
        if (lots_token_is_name(&p->now, weak[i]))
            return !begins_primary(&p->next) && !(p->next.kind == LOTS_TOKEN_OPEN && p->next.at > p->now.end);
    return begins_primary(&p->now);
}

static lots_status parse_range_end(lots_parser *p, uint32_t at, lots_ast_node **out)
{
    lots_ast_node *low = *out, *high = NULL;
    LOTS_TRY(lots_parser_advance(p));
    if (range_goes_on(p))
        LOTS_TRY(lots_parse_level(p, LOTS_LEVEL_SUM, &high));
    LOTS_TRY(lots_parser_node(p, LOTS_AST_RANGE, at, lots_parser_taller(low->height, high), out));
    (*out)->range.low = low;
    (*out)->range.high = high;
    return LOTS_OK;
}

static lots_status parse_binary(lots_parser *p, uint32_t at, infix in, lots_ast_node **out)
{
    lots_ast_node *left = *out, *right;
    lots_ast_span op_span = {p->lexer.source, p->now.at, p->now.end};
    LOTS_TRY(lots_parser_advance(p));
    if (in.op == LOTS_AST_OP_NOT_IN) {
        LOTS_TRY(lots_parser_expect_word(p, LOTS_WORD_IN, "after `not`"));
        op_span.end = p->end;
    }
    LOTS_TRY(lots_parse_level(p, in.op == LOTS_AST_OP_POWER ? LOTS_LEVEL_SIGNED : in.level + 1, &right));
    LOTS_TRY(lots_parser_node(p, LOTS_AST_BINARY, at, lots_parser_taller(left->height, right), out));
    (*out)->binary.op = in.op;
    (*out)->binary.op_span = op_span;
    (*out)->binary.left = left;
    (*out)->binary.right = right;
    return LOTS_OK;
}

/* An operator whose left operand, of level `have`, needs brackets. */
static lots_status fail_chain(lots_parser *p, infix in, lots_ast_level have)
{
    char sign[48];
    lots_token_describe(&p->now, p->lexer.text, sign, sizeof sign);
    if (in.level == LOTS_LEVEL_TEST && have == LOTS_LEVEL_TEST) {
        lots_status status = lots_parser_refuse(p, "%s follows another comparison; comparisons are not chained", sign);
        lots_error_hint(p->err, "join two comparisons with `and`: a <= b and b <= c; a range is written x in a..c");
        return status;
    }
    if (in.level == LOTS_LEVEL_RANGE && have == LOTS_LEVEL_RANGE)
        return lots_parser_refuse(p, "%s follows another range; a range has two ends", sign);
    lots_status status = lots_parser_refuse(p, "%s can't follow here", sign);
    lots_error_hint(p->err, "put brackets around what stands before %s", sign);
    return status;
}

static lots_status parse_infix(lots_parser *p, uint32_t at, infix in, lots_ast_node **out)
{
    if (in.is_op)
        return parse_binary(p, at, in, out);
    switch (in.level) {
    case LOTS_LEVEL_OR:
        return parse_list(p, at, LOTS_WORD_OR, in.level, out);
    case LOTS_LEVEL_AND:
        return parse_list(p, at, LOTS_WORD_AND, in.level, out);
    case LOTS_LEVEL_TEST:
        return parse_is(p, at, out);
    default:
        return parse_range_end(p, at, out);
    }
}

/* Precedence climbing (M. Richards, 1979): an operand, then operators that bind at least as tightly as `level`. */
lots_status lots_parse_level(lots_parser *p, lots_ast_level level, lots_ast_node **out)
{
    LOTS_TRY(lots_parser_enter(p));
    uint32_t at = p->now.at;
    lots_ast_level have = LOTS_LEVEL_PRIMARY;
    LOTS_TRY(parse_operand(p, level, &have, out));
    for (;;) {
        infix in = find_infix(p);
        if (in.level == LOTS_LEVEL_VALUE || in.level < level)
            break;
        bool chains = in.level != LOTS_LEVEL_TEST && in.level != LOTS_LEVEL_RANGE;
        if (have < in.level || (have == in.level && !chains))
            return fail_chain(p, in, have);
        LOTS_TRY(parse_infix(p, at, in, out));
        have = in.level;
    }
    p->depth--;
    return LOTS_OK;
}
