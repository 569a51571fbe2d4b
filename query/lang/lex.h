/* lex.h: query text → tokens, one at a time. Knows nothing of the grammar; what is a token only by mistake (`==`, `;`, a
 * typographic quote, 2023-13) is refused here with the right spelling. Called by parse.c and tests.
 *
 * Between tokens: blanks (also no-break ones), line breaks, and comments from # to the end of the line.
 * In a code set a # starts a comment only after a blank, a comma or the bracket, as codes may contain it. */
#ifndef LOTS_QUERY_LEX_H
#define LOTS_QUERY_LEX_H

#include "query/lang/token.h"

typedef struct lots_lexer {
    const char *text; /* lent until the last token is used */
    uint32_t bytes;
    uint32_t at;
    uint32_t source;
    lots_arena *arena; /* of unescaped texts and code items */
} lots_lexer;

/* Begin. Skips a byte order mark. The whole text is checked: a later call never meets broken UTF-8.
 * Errors: LOTS_QUERY if it isn't UTF-8, at the byte; LOTS_LIMIT if longer than 4 GB.   Cost: O(bytes). */
LOTS_MUST lots_status lots_lexer_init(lots_lexer *lexer, const char *text, size_t bytes, uint32_t source,
                                      lots_arena *arena, lots_error *err);
/* The next token; LOTS_TOKEN_END again and again at the end.
 * Errors: LOTS_QUERY with place and hint; LOTS_LIMIT, LOTS_MEMORY from the arena. *out is unspecified then. */
LOTS_MUST lots_status lots_lexer_next(lots_lexer *lexer, lots_token *out, lots_error *err);

/* Parts of the lexer, for lex_number.c and lex_codes.c.
 * The byte `ahead` of the current one, 0 beyond the end. */
static inline char lots_lexer_peek(const lots_lexer *lexer, uint32_t ahead)
{
    return ahead < lexer->bytes - lexer->at ? lexer->text[lexer->at + ahead] : '\0';
}
static inline bool lots_lexer_digit(char c) { return c >= '0' && c <= '9'; }
/* Bytes of the character at `at` if it may be in a name (first: may start one), else 0. */
uint32_t lots_lexer_name_bytes(const lots_lexer *lexer, uint32_t at, bool first);
/* lots_fail_at for bytes [at, end) of this text. */
lots_status lots_lexer_fail(const lots_lexer *lexer, lots_error *err, uint32_t at, uint32_t end, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Read a text in `quote`s, doubled inside for one; the lexer stands on the opening one and goes behind the closing. */
LOTS_MUST lots_status lots_lexer_quoted(lots_lexer *lexer, char quote, lots_ast_text *out, lots_error *err);
/* The lexer stands on a digit: number, percentage, duration, date or period. */
LOTS_MUST lots_status lots_lexer_number(lots_lexer *lexer, lots_token *out, lots_error *err);
/* The lexer stands on a {. */
LOTS_MUST lots_status lots_lexer_codes(lots_lexer *lexer, lots_token *out, lots_error *err);
/* Bytes of the blank at the current place, 0 if none: an ASCII blank, a line break, or one a word processor put in. */
uint32_t lots_lexer_blank_bytes(const lots_lexer *lexer);
/* Skip blanks, line breaks and comments. */
void lots_lexer_blanks(lots_lexer *lexer);

#endif
