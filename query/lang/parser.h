/* parser.h: the state of one parse and the steps its parts share. For parse*.c and parser.c only.
 *
 * Two tokens are in sight, `now` and `next`. An error of the lexer waits in `bad` until the parser stands on the token it
 * is about, so that of two mistakes the first is reported. Functions return LOTS_OK having consumed what they are named
 * after, or a failure with p->err filled, after which the parse is over. `at` arguments are where the construct began,
 * its opening brackets included. */
#ifndef LOTS_QUERY_PARSER_H
#define LOTS_QUERY_PARSER_H

#include "query/lang/lex.h"

typedef struct lots_parser {
    lots_lexer lexer;
    lots_token now;
    lots_token next;
    uint32_t end; /* where the last consumed token ended */
    uint32_t depth;
    uint32_t depth_max;
    lots_arena *arena;
    lots_error *err;
    lots_error bad; /* what the lexer said of the BAD token in sight */
} lots_parser;

/* Which words could have stood here: the near ones are suggested. */
enum {
    LOTS_EXPECT_OPERATOR = 1,
    LOTS_EXPECT_NARROW = 2,
    LOTS_EXPECT_STAGE = 4,
    LOTS_EXPECT_STATEMENT = 8,
    LOTS_EXPECT_CLAUSE = 16
};

/* Tokens. */
LOTS_MUST lots_status lots_parser_advance(lots_parser *p);
static inline bool lots_parser_at(const lots_parser *p, lots_token_kind kind) { return p->now.kind == kind; }
static inline bool lots_parser_at_word(const lots_parser *p, lots_word word)
{
    return p->now.kind == LOTS_TOKEN_WORD && p->now.word == word;
}
/* A word that narrows an event set and means nothing else. */
bool lots_parser_at_narrowing(const lots_parser *p);
/* Consume it if it stands here. */
LOTS_MUST lots_status lots_parser_accept(lots_parser *p, lots_token_kind kind, bool *found);
LOTS_MUST lots_status lots_parser_accept_word(lots_parser *p, lots_word word, bool *found);
/* Consume it or fail: "found `x`, expected `in` after the names of `each`". `place` is what follows the word. */
LOTS_MUST lots_status lots_parser_expect_word(lots_parser *p, lots_word word, const char *place);
/* Consume the ) of the bracket opened at `open`, or fail; `expected` says what else could have stood here, e.g. "`,` or ". */
LOTS_MUST lots_status lots_parser_close(lots_parser *p, uint32_t open, unsigned expect, const char *expected);
/* A NAME; `what` in "expected the name of a table". */
LOTS_MUST lots_status lots_parser_name(lots_parser *p, const char *what, lots_ast_name *out);
/* NAME { "," NAME }; adds to `out`. */
LOTS_MUST lots_status lots_parser_names(lots_parser *p, const char *what, lots_ast_names *out);

/* Failing. */
/* "found …, expected `expected`", with a suggestion from the `expect` sets or `word` (may be NULL). */
lots_status lots_parser_fail(lots_parser *p, unsigned expect, const char *word, const char *expected);
/* LOTS_QUERY at the token in sight (its own error if it is BAD). */
lots_status lots_parser_refuse(lots_parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fail if a word that narrows an event set stands here, where such a set needs brackets. `name` is the column's (text
 * NULL if it has none), NULL where no column is made. */
LOTS_MUST lots_status lots_parser_no_bare_set(lots_parser *p, const lots_ast_name *name);

/* Making. */
/* One level deeper, or LOTS_QUERY; the caller takes it back with p->depth--. */
LOTS_MUST lots_status lots_parser_enter(lots_parser *p);
static inline lots_ast_span lots_parser_span(const lots_parser *p, uint32_t at)
{
    return (lots_ast_span){p->lexer.source, at, p->end};
}
/* A node from `at` to the last consumed token; `below` is the height of its tallest child, 0 for none. */
LOTS_MUST lots_status lots_parser_node(lots_parser *p, lots_ast_kind kind, uint32_t at, uint32_t below, lots_ast_node **out);
/* Room for item number `count` in an array that grows by doubling in the arena; the new item is zeroed. */
LOTS_MUST lots_status lots_parser_grow(lots_parser *p, void *items, uint32_t count, size_t size);
static inline uint32_t lots_parser_taller(uint32_t below, const lots_ast_node *node)
{
    return node != NULL && node->height > below ? node->height : below;
}

/* parse_value.c. `out` is the node. */
LOTS_MUST lots_status lots_parse_level(lots_parser *p, lots_ast_level level, lots_ast_node **out);
LOTS_MUST lots_status lots_parse_postfix(lots_parser *p, lots_ast_node **out);
LOTS_MUST lots_status lots_parse_value(lots_parser *p, lots_ast_node **out);
static inline lots_status lots_parse_expr(lots_parser *p, lots_ast_node **out) { return lots_parse_level(p, LOTS_LEVEL_OR, out); }
static inline lots_status lots_parse_range(lots_parser *p, lots_ast_node **out) { return lots_parse_level(p, LOTS_LEVEL_RANGE, out); }
static inline lots_status lots_parse_sum(lots_parser *p, lots_ast_node **out) { return lots_parse_level(p, LOTS_LEVEL_SUM, out); }

/* parse_set.c. The source of a pipeline: the `where`s at its very end are not part of *out but given back in *wheres, since
 * they are its first stages. */
LOTS_MUST lots_status lots_parse_source(lots_parser *p, lots_ast_node **out, lots_ast_narrow **wheres, uint32_t *where_count);

/* parse_call.c. */
LOTS_MUST lots_status lots_parse_call(lots_parser *p, lots_ast_node **out);
LOTS_MUST lots_status lots_parse_items(lots_parser *p, lots_ast_items *out);
/* `items_follow`, not NULL in `episodes` only: NAME "=" behind a comma ends the keys, comma consumed, and sets it. */
LOTS_MUST lots_status lots_parse_keys(lots_parser *p, bool *items_follow, lots_ast_keys *out);

/* parse_pipeline.c; parse_pattern.c. */
LOTS_MUST lots_status lots_parse_pipeline(lots_parser *p, lots_ast_pipeline **out);
LOTS_MUST lots_status lots_parse_pattern(lots_parser *p, lots_ast_pattern **out);

#endif
