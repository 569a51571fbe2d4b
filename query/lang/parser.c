/* parser.c: tokens in sight, making nodes, and saying what was found and expected. */
#include "query/lang/parser.h"

#include <stdarg.h>
#include <stdio.h>

#include "query/lang/hint.h"

lots_status lots_parser_advance(lots_parser *p)
{
    p->end = p->now.end;
    p->now = p->next;
    if (p->now.kind == LOTS_TOKEN_BAD || p->now.kind == LOTS_TOKEN_END)
        return LOTS_OK;
    lots_status status = lots_lexer_next(&p->lexer, &p->next, &p->bad);
    if (status == LOTS_QUERY) {
        p->next.kind = LOTS_TOKEN_BAD;
        return LOTS_OK;
    }
    if (status != LOTS_OK)
        *p->err = p->bad;
    return status;
}

lots_status lots_parser_accept(lots_parser *p, lots_token_kind kind, bool *found)
{
    *found = p->now.kind == kind;
    return *found ? lots_parser_advance(p) : LOTS_OK;
}

lots_status lots_parser_accept_word(lots_parser *p, lots_word word, bool *found)
{
    *found = lots_parser_at_word(p, word);
    return *found ? lots_parser_advance(p) : LOTS_OK;
}

lots_status lots_parser_expect_word(lots_parser *p, lots_word word, const char *place)
{
    if (lots_parser_at_word(p, word))
        return lots_parser_advance(p);
    char expected[128];
    (void)snprintf(expected, sizeof expected, "`%s` %s", lots_word_text(word), place);
    return lots_parser_fail(p, 0, lots_word_text(word), expected);
}

/* The number of the line with byte `at`, from 1. */
static uint32_t line_of(const lots_parser *p, uint32_t at)
{
    uint32_t line = 1;
    for (uint32_t i = 0; i < at; i++)
        line += p->lexer.text[i] == '\n';
    return line;
}

lots_status lots_parser_close(lots_parser *p, uint32_t open, unsigned expect, const char *expected)
{
    if (p->now.kind == LOTS_TOKEN_CLOSE)
        return lots_parser_advance(p);
    char text[160];
    (void)snprintf(text, sizeof text, "%s`)` to close the `(` of line %u", expected, (unsigned)line_of(p, open));
    return lots_parser_fail(p, expect, NULL, text);
}

lots_status lots_parser_name(lots_parser *p, const char *what, lots_ast_name *out)
{
    if (p->now.kind != LOTS_TOKEN_NAME)
        return lots_parser_fail(p, 0, NULL, what);
    char *copy;
    LOTS_TRY(lots_arena_text(p->arena, &copy, p->now.text.text, p->now.text.bytes, p->err));
    *out = (lots_ast_name){copy, p->now.text.bytes, p->now.quoted, {p->lexer.source, p->now.at, p->now.end}};
    return lots_parser_advance(p);
}

lots_status lots_parser_names(lots_parser *p, const char *what, lots_ast_names *out)
{
    bool more = true;
    while (more) {
        LOTS_TRY(lots_parser_grow(p, &out->items, out->count, sizeof out->items[0]));
        LOTS_TRY(lots_parser_name(p, what, &out->items[out->count]));
        out->count++;
        LOTS_TRY(lots_parser_accept(p, LOTS_TOKEN_COMMA, &more));
    }
    return LOTS_OK;
}

/* The words of each set of LOTS_EXPECT_. */
static const struct {
    unsigned expect;
    const char *words[16];
} word_sets[] = {
    {LOTS_EXPECT_STAGE, {"where", "derive", "each", "top", "bottom", "group", "show", "sort", "limit", "pivot", "join", "into", "chart"}},
    {LOTS_EXPECT_CLAUSE, {"over", "per", "by", "gap", "max", "then"}},
    {LOTS_EXPECT_NARROW, {"where", "except", "during", "overlapping", "before", "after", "until", "since", "known", "within", "as", "union", "minus"}},
    {LOTS_EXPECT_OPERATOR, {"and", "or", "in", "not", "contains", "is", "at"}},
    {LOTS_EXPECT_STATEMENT, {"from", "let", "param", "include", "explain"}},
};

/* The word of the expected sets, or `word`, that the name in sight was perhaps meant to be. */
static const char *find_meant(const lots_parser *p, unsigned expect, const char *word)
{
    const char *words[64];
    size_t count = 0;
    if (word != NULL)
        words[count++] = word;
    for (size_t i = 0; i < sizeof word_sets / sizeof word_sets[0]; i++)
        for (size_t j = 0; (expect & word_sets[i].expect) != 0 && j < 16 && word_sets[i].words[j] != NULL; j++)
            words[count++] = word_sets[i].words[j];
    return lots_hint_nearest(p->now.text.text, p->now.text.bytes, words, count);
}

/* `exists contacts`: the word before the name in sight takes events, in brackets; NULL when it is no such word. */
static const char *takes_brackets(const lots_parser *p)
{
    static const char *const words[] = {"exists", "count", "first", "last"};
    const char *text = p->lexer.text;
    uint64_t end = p->now.at;
    while (end > 0 && strchr(" \t\r\n", text[end - 1]) != NULL)
        end--;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t bytes = strlen(words[i]);
        if (end < p->now.at && end >= bytes && memcmp(text + end - bytes, words[i], bytes) == 0 &&
            (end == bytes || strchr(" \t\r\n(,", text[end - bytes - 1]) != NULL))
            return words[i];
    }
    return NULL;
}

/* `1,5`: the comma in sight stands within a number as some languages write it. */
static bool is_decimal_comma(const lots_parser *p)
{
    const char *text = p->lexer.text;
    return p->now.kind == LOTS_TOKEN_COMMA && p->now.at > 0 && p->now.end < p->lexer.bytes && text[p->now.at - 1] >= '0' &&
           text[p->now.at - 1] <= '9' && text[p->now.end] >= '0' && text[p->now.end] <= '9';
}

/* `30 days`: the name in sight follows a number. */
static bool follows_number(const lots_parser *p)
{
    uint64_t end = p->now.at;
    while (end > 0 && strchr(" \t\r\n", p->lexer.text[end - 1]) != NULL)
        end--;
    return end > 0 && p->lexer.text[end - 1] >= '0' && p->lexer.text[end - 1] <= '9';
}

static void add_hint(lots_parser *p, unsigned expect, const char *word, const char *expected)
{
    const lots_token *token = &p->now;
    if (token->kind == LOTS_TOKEN_NAME && !token->quoted) {
        const char *unit = follows_number(p) ? lots_hint_unit(token->text.text, token->text.bytes) : NULL;
        const char *foreign = unit != NULL ? unit : lots_hint_foreign(token->text.text, token->text.bytes);
        const char *meant = foreign == NULL ? find_meant(p, expect, word) : NULL, *taker = takes_brackets(p);
        if (foreign != NULL)
            lots_error_hint(p->err, "%s", foreign);
        else if (taker != NULL)
            lots_error_hint(p->err, "events stand in brackets: %s(%.*s)", taker,
                            (int)(token->text.bytes < 60 ? token->text.bytes : 60), token->text.text);
        else if (meant != NULL)
            lots_error_hint(p->err, "did you mean `%s`?", meant);
    } else if (token->kind == LOTS_TOKEN_WORD && strstr(expected, "name") != NULL) {
        lots_error_hint(p->err, "`%s` is a reserved word; as a name it is written \"%s\"", lots_word_text(token->word),
                        lots_word_text(token->word));
    } else if (token->kind == LOTS_TOKEN_STRING && strstr(expected, "name") != NULL) {
        lots_error_hint(p->err, "'…' is a text; a name with odd letters is written \"…\"");
    } else if ((expect & LOTS_EXPECT_STAGE) != 0 && lots_parser_at_narrowing(p)) {
        lots_error_hint(p->err, "`%s` narrows events and stands with them, in the source: from (contacts %s …) as c",
                        lots_word_text(token->word), lots_word_text(token->word));
    } else if (token->kind == LOTS_TOKEN_STAR && token->at > 0 && p->lexer.text[token->at - 1] == '(') {
        lots_error_hint(p->err, "rows are counted by count(), with nothing in the brackets");
    } else if (is_decimal_comma(p)) {
        lots_error_hint(p->err, "decimals stand after a point, as 1.5");
    }
}

lots_status lots_parser_fail(lots_parser *p, unsigned expect, const char *word, const char *expected)
{
    char found[80];
    lots_token_describe(&p->now, p->lexer.text, found, sizeof found);
    lots_status status = lots_parser_refuse(p, "found %s, expected %s", found, expected);
    if (p->now.kind != LOTS_TOKEN_BAD)
        add_hint(p, expect, word, expected);
    return status;
}

lots_status lots_parser_refuse(lots_parser *p, const char *format, ...)
{
    if (p->now.kind == LOTS_TOKEN_BAD) {
        *p->err = p->bad;
        return p->bad.status;
    }
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return lots_ast_fail(p->err, (lots_ast_span){p->lexer.source, p->now.at, p->now.end}, "%s", text);
}

bool lots_parser_at_narrowing(const lots_parser *p)
{
    static const lots_word words[] = {LOTS_WORD_DURING, LOTS_WORD_OVERLAPPING, LOTS_WORD_BEFORE, LOTS_WORD_AFTER,
                                      LOTS_WORD_UNTIL, LOTS_WORD_SINCE, LOTS_WORD_KNOWN, LOTS_WORD_WITHIN, LOTS_WORD_EXCEPT};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (lots_parser_at_word(p, words[i]))
            return true;
    return false;
}

static lots_status refuse_as(lots_parser *p, const lots_ast_name *name)
{
    if (name == NULL) {
        lots_status status = lots_parser_refuse(p, "`as` names an event set, which stands in brackets here");
        lots_error_hint(p->err, "write (contacts where …) as a");
        return status;
    }
    lots_status status = lots_parser_refuse(p, "`as` names a row or an event, not a column");
    lots_error_hint(p->err, "the name of a column stands in front: n = count()");
    return status;
}

lots_status lots_parser_no_bare_set(lots_parser *p, const lots_ast_name *name)
{
    if (lots_parser_at_word(p, LOTS_WORD_AS))
        return refuse_as(p, name);
    if (lots_parser_at_narrowing(p) || lots_parser_at_word(p, LOTS_WORD_UNION) || lots_parser_at_word(p, LOTS_WORD_MINUS)) {
        const char *word = lots_word_text(p->now.word);
        lots_status status = lots_parser_refuse(p, "`%s` belongs to an event set, and an event set stands in brackets here", word);
        if (name != NULL && name->text != NULL)
            lots_error_hint(p->err, "write %.60s = (… %s …)", name->text, word);
        else
            lots_error_hint(p->err, "write (… %s …)", word);
        return status;
    }
    return LOTS_OK;
}

static lots_status fail_depth(lots_parser *p, lots_ast_span span)
{
    lots_status status = lots_ast_fail(p->err, span, "the query nests deeper than %u levels", (unsigned)p->depth_max);
    lots_error_hint(p->err, "name inner parts with `let`");
    return status;
}

lots_status lots_parser_enter(lots_parser *p)
{
    if (p->depth >= p->depth_max)
        return fail_depth(p, (lots_ast_span){p->lexer.source, p->now.at, p->now.end});
    p->depth++;
    return LOTS_OK;
}

lots_status lots_parser_node(lots_parser *p, lots_ast_kind kind, uint32_t at, uint32_t below, lots_ast_node **out)
{
    *out = NULL;
    if (below >= p->depth_max)
        return fail_depth(p, lots_parser_span(p, at));
    void *memory;
    LOTS_TRY(lots_arena_alloc(p->arena, &memory, 1, sizeof(lots_ast_node), p->err));
    lots_ast_node *node = memory;
    node->kind = kind;
    node->height = below + 1;
    node->span = lots_parser_span(p, at);
    *out = node;
    return LOTS_OK;
}

lots_status lots_parser_grow(lots_parser *p, void *items, uint32_t count, size_t size)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return LOTS_OK;
    void *grown, *old;
    memcpy(&old, items, sizeof old);
    LOTS_TRY(lots_arena_alloc(p->arena, &grown, count == 0 ? 1 : (size_t)count * 2, size, p->err));
    if (count > 0)
        memcpy(grown, old, count * size);
    memcpy(items, &grown, sizeof grown);
    return LOTS_OK;
}
