/* token.h: the words and signs of the language, and one token. Owns no state. Used by lex, parse, hint and the tests.
 *
 * A reserved word is a WORD token and can be a name only when quoted; `top`, `bottom`, `desc`, `gap`, `max`, `episodes`,
 * `cohort` and `totals` are plain names that mean something in one place. */
#ifndef LOTS_QUERY_TOKEN_H
#define LOTS_QUERY_TOKEN_H

#include "query/lang/ast.h"

/* X(WORD, text), in the order of their bytes: lots_word_find searches by halves. */
#define LOTS_WORD_LIST(X)                                                                                 \
    X(AFTER, "after") X(AND, "and") X(AS, "as") X(AT, "at") X(BEFORE, "before") X(BY, "by")               \
    X(CHART, "chart") X(CONTAINS, "contains") X(DERIVE, "derive") X(DISTINCT, "distinct")                 \
    X(DURING, "during") X(EACH, "each") X(ELSE, "else") X(EXCEPT, "except") X(EXPLAIN, "explain")         \
    X(FALSE, "false") X(FROM, "from") X(GROUP, "group") X(IN, "in") X(INCLUDE, "include")                 \
    X(INTO, "into") X(IS, "is") X(JOIN, "join") X(KNOWN, "known") X(LET, "let") X(LIMIT, "limit")         \
    X(MATCH, "match") X(MINUS, "minus") X(MISSING, "missing") X(NO, "no") X(NOT, "not") X(OF, "of")       \
    X(ON, "on") X(OR, "or") X(OVER, "over") X(OVERLAPPING, "overlapping") X(PARAM, "param")               \
    X(PER, "per") X(PIVOT, "pivot") X(SHOW, "show") X(SINCE, "since") X(SORT, "sort")                     \
    X(TABLE, "table") X(THEN, "then") X(TRUE, "true") X(UNION, "union") X(UNTIL, "until")                 \
    X(WHERE, "where") X(WITH, "with") X(WITHIN, "within")

typedef enum lots_word {
#define X(name, text) LOTS_WORD_##name,
    LOTS_WORD_LIST(X)
#undef X
    LOTS_WORD_COUNT
} lots_word;

/* X(SIGN, text) */
#define LOTS_SIGN_LIST(X)                                                                                 \
    X(OPEN, "(") X(CLOSE, ")") X(COMMA, ",") X(DOT, ".") X(RANGE, "..") X(PLUS, "+") X(DASH, "-")         \
    X(STAR, "*") X(SLASH, "/") X(FLOOR, "//") X(POWER, "^") X(EQUAL, "=") X(UNEQUAL, "!=")                \
    X(LESS, "<") X(LESS_EQUAL, "<=") X(GREATER, ">") X(GREATER_EQUAL, ">=")

typedef enum lots_token_kind {
    LOTS_TOKEN_END,
    LOTS_TOKEN_BAD,      /* what the lexer refused; the parser holds its error */
    LOTS_TOKEN_WORD,     /* word */
    LOTS_TOKEN_NAME,     /* text */
    LOTS_TOKEN_NUMBER,   /* number */
    LOTS_TOKEN_PERCENT,  /* number */
    LOTS_TOKEN_DURATION, /* duration */
    LOTS_TOKEN_DATE,     /* date */
    LOTS_TOKEN_PERIOD,   /* period */
    LOTS_TOKEN_STRING,   /* text */
    LOTS_TOKEN_CODES,    /* codes */
#define X(name, text) LOTS_TOKEN_##name,
    LOTS_SIGN_LIST(X)
#undef X
    LOTS_TOKEN_KINDS
} lots_token_kind;

typedef struct lots_token {
    lots_token_kind kind;
    uint32_t at; /* bytes [at, end) of the text */
    uint32_t end;
    bool quoted; /* a NAME in "…" */
    union {
        lots_word word;
        lots_ast_text text; /* a plain NAME: lent from the query text, not zero-terminated; else in the arena */
        lots_ast_number number;
        lots_ast_duration duration;
        lots_day date;
        lots_ast_period period;
        lots_ast_codes codes;
    };
} lots_token;

const char *lots_word_text(lots_word word);
/* Is it a reserved word, exactly (lower case)? *out may be NULL. */
bool lots_word_find(const char *text, size_t bytes, lots_word *out);
/* The same whatever the case of its letters. */
bool lots_word_find_any_case(const char *text, size_t bytes, lots_word *out);
/* "(" and the like; "?" for a kind that is no sign. */
const char *lots_sign_text(lots_token_kind kind);

/* Is it the plain name `text` (not quoted)? */
bool lots_token_is_name(const lots_token *token, const char *text);
/* What an error calls it: `whre`, the number 12, the end of the text. `text` is the query; long tokens are cut.
 * Writes a zero-terminated text into out. */
void lots_token_describe(const lots_token *token, const char *text, char *out, size_t out_bytes);

#endif
