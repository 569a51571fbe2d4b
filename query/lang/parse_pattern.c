/* parse_pattern.c: the steps behind `from match`. */
#include "query/lang/parser.h"

/* A count is a whole number that fits. */
static lots_status parse_count(lots_parser *p, uint32_t *out)
{
    if (p->now.number.scale != 0 || p->now.number.mantissa >= LOTS_AST_MANY)
        return lots_parser_refuse(p, "a step is repeated a whole number of times, below 4294967295");
    *out = (uint32_t)p->now.number.mantissa;
    return lots_parser_advance(p);
}

/* [ NUMBER [ ".." [ NUMBER ] ] ] */
static lots_status parse_repeat(lots_parser *p, lots_ast_step *out)
{
    uint32_t at = p->now.at;
    bool range;
    out->least = out->most = 1;
    if (!lots_parser_at(p, LOTS_TOKEN_NUMBER))
        return LOTS_OK;
    out->counted = true;
    LOTS_TRY(parse_count(p, &out->least));
    out->most = out->least;
    LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_RANGE, &range));
    if (range)
        out->most = LOTS_AST_MANY;
    if (range && lots_parser_at(p, LOTS_TOKEN_NUMBER))
        LOTS_TRY(parse_count(p, &out->most));
    if (out->most != 0 && out->least <= out->most)
        return LOTS_OK;
    lots_status status = lots_ast_fail(p->err, lots_parser_span(p, at), "a step that is repeated %u..%u times can't be matched",
                                       (unsigned)out->least, (unsigned)out->most);
    if (out->most == 0)
        lots_error_hint(p->err, "that there is none is written `then no`");
    return status;
}

/* [ "within" sum [ "since" NAME ] ] */
static lots_status parse_lapse(lots_parser *p, lots_ast_step *out)
{
    bool within, since;
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_WITHIN, &within));
    if (!within)
        return LOTS_OK;
    LOTS_TRY(lots_parse_sum(p, &out->within));
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_SINCE, &since));
    return since ? lots_parser_name(p, "the name of an earlier step after `since`", &out->since) : LOTS_OK;
}

static lots_status parse_alias(lots_parser *p, lots_ast_step *out)
{
    bool as;
    if (out->no && lots_parser_at_word(p, LOTS_WORD_AS))
        return lots_parser_refuse(p, "a step with `no` binds no event, so it has no name");
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_AS, &as));
    if (!as)
        return LOTS_OK;
    LOTS_TRY(lots_parser_name(p, "a name after `as`", &out->alias));
    if (!lots_parser_at_word(p, LOTS_WORD_WITHIN))
        return LOTS_OK;
    lots_status status = lots_parser_refuse(p, "`within` stands before `as`");
    lots_error_hint(p->err, "write within … as %.60s", out->alias.text);
    return status;
}

/* Narrowing that has no brackets around it: refused here, but for `where`, which is the first stage then. */
static lots_status refuse_bare_set(lots_parser *p, bool first)
{
    if (lots_parser_at_word(p, LOTS_WORD_AS) || (lots_parser_at_word(p, LOTS_WORD_WITHIN) && !first))
        return LOTS_OK;
    return lots_parser_no_bare_set(p, NULL);
}

static lots_status parse_step(lots_parser *p, bool first, lots_ast_step *out)
{
    uint32_t at = p->now.at;
    out->least = out->most = 1;
    if (!first) {
        LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_NO, &out->no));
        if (!out->no)
            LOTS_TRY(parse_repeat(p, out));
    }
    LOTS_TRY(lots_parse_postfix(p, &out->set));
    LOTS_TRY(refuse_bare_set(p, first));
    if (!first)
        LOTS_TRY(parse_lapse(p, out));
    LOTS_TRY(parse_alias(p, out));
    out->span = lots_parser_span(p, at);
    return LOTS_OK;
}

lots_status lots_parse_pattern(lots_parser *p, lots_ast_pattern **out)
{
    void *memory;
    LOTS_TRY(lots_arena_alloc(p->arena, &memory, 1, sizeof(lots_ast_pattern), p->err));
    lots_ast_pattern *pattern = memory;
    LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_EACH, &pattern->each));
    bool more = true;
    while (more) {
        LOTS_TRY(lots_parser_grow(p, &pattern->steps, pattern->step_count, sizeof pattern->steps[0]));
        LOTS_TRY(parse_step(p, pattern->step_count == 0, &pattern->steps[pattern->step_count]));
        pattern->step_count++;
        LOTS_TRY(lots_parser_accept_word(p, LOTS_WORD_THEN, &more));
    }
    *out = pattern;
    return LOTS_OK;
}
