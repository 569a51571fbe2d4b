/* lex_codes.c: the code set { … }, one token. Codes of all systems must pass as they are (LAB//50912//mg/dL, 8302-2,
 * V15.82), so a code ends only at a comma or the closing bracket; '…' around a code lets it contain these too. Blanks within
 * a code (I 50) stay as one blank: what they mean is the system's affair. */
#include "query/lang/lex.h"

/* The lexer stands on a byte that ends a word (also at the end of the text). */
static bool at_word_end(const lots_lexer *lexer)
{
    char c = lots_lexer_peek(lexer, 0);
    return lexer->at >= lexer->bytes || c == ',' || c == '}' || lots_lexer_blank_bytes(lexer) > 0;
}

/* Skip an unquoted word; errors at control characters. */
static lots_status skip_word(lots_lexer *lexer, lots_error *err)
{
    for (; !at_word_end(lexer); lexer->at++) {
        unsigned char c = (unsigned char)lots_lexer_peek(lexer, 0);
        if (c < ' ' || c == 0x7F)
            return lots_lexer_fail(lexer, err, lexer->at, lexer->at + 1, "a control character (byte 0x%02X) in a code", (unsigned)c);
    }
    return LOTS_OK;
}

/* icd9: → the system. What is no lower-case name directly before a colon is part of the code. */
static lots_status read_system(lots_lexer *lexer, lots_ast_name *out, lots_error *err)
{
    uint32_t count = 0;
    char c = lots_lexer_peek(lexer, 0);
    while ((c >= 'a' && c <= 'z') || c == '_' || (count > 0 && lots_lexer_digit(c)))
        c = lots_lexer_peek(lexer, ++count);
    if (count == 0 || c != ':')
        return LOTS_OK;
    char *copy;
    LOTS_TRY(lots_arena_text(lexer->arena, &copy, lexer->text + lexer->at, count, err));
    *out = (lots_ast_name){copy, count, false, {lexer->source, lexer->at, lexer->at + count}};
    lexer->at += count + 1;
    lots_lexer_blanks(lexer);
    return LOTS_OK;
}

/* What follows a quoted code is no comma. */
static lots_status fail_blank(const lots_lexer *lexer, lots_error *err)
{
    lots_status status = lots_lexer_fail(lexer, err, lexer->at, lexer->at + 1, "a comma is missing between two codes");
    lots_error_hint(err, "a code with a blank or a comma in it stands in quotes: {'A 1'}");
    return status;
}

/* Copy text[at..end): one blank in place of blanks and comments, none beside a '-'. */
static lots_status copy_words(lots_lexer *lexer, uint32_t at, uint32_t end, lots_ast_text *out, bool *spaced, lots_error *err)
{
    void *memory;
    LOTS_TRY(lots_arena_alloc(lexer->arena, &memory, (size_t)(end - at) + 1, 1, err));
    char *copy = memory;
    uint32_t count = 0;
    lots_lexer walk = *lexer;
    walk.bytes = end;
    for (walk.at = at; walk.at < end;) {
        if (lots_lexer_blank_bytes(&walk) > 0) {
            lots_lexer_blanks(&walk);
            if (count > 0 && copy[count - 1] != '-' && walk.at < end && walk.text[walk.at] != '-') {
                copy[count++] = ' ';
                *spaced = true;
            }
            continue;
        }
        copy[count++] = walk.text[walk.at++];
    }
    *out = (lots_ast_text){copy, count};
    return LOTS_OK;
}

/* An unquoted code or range of codes. */
static lots_status read_plain(lots_lexer *lexer, lots_ast_code *out, lots_error *err)
{
    uint32_t at = lexer->at, end;
    for (;;) {
        LOTS_TRY(skip_word(lexer, err));
        end = lexer->at;
        lots_lexer_blanks(lexer);
        if (lexer->at == end || at_word_end(lexer))
            break;
    }
    out->span.end = end;
    return copy_words(lexer, at, end, &out->text, &out->spaced, err);
}

/* 'A 1', or the range 'A 1'-'A 9'. */
static lots_status read_quoted(lots_lexer *lexer, lots_ast_code *out, lots_error *err)
{
    out->quoted = true;
    LOTS_TRY(lots_lexer_quoted(lexer, '\'', &out->text, err));
    out->span.end = lexer->at;
    lots_lexer_blanks(lexer);
    if (lots_lexer_peek(lexer, 0) != '-')
        return LOTS_OK;
    lexer->at++;
    lots_lexer_blanks(lexer);
    uint32_t at = lexer->at;
    if (lots_lexer_peek(lexer, 0) == '\'')
        LOTS_TRY(lots_lexer_quoted(lexer, '\'', &out->to, err));
    else
        LOTS_TRY(skip_word(lexer, err));
    out->span.end = lexer->at;
    if (out->to.text != NULL)
        return LOTS_OK;
    return copy_words(lexer, at, lexer->at, &out->to, &out->spaced, err); /* one word: nothing is spaced */
}

static lots_status read_code(lots_lexer *lexer, lots_ast_code *out, lots_error *err)
{
    memset(out, 0, sizeof *out);
    out->span = (lots_ast_span){lexer->source, lexer->at, lexer->at};
    char mark = lots_lexer_peek(lexer, 0);
    if (mark == '-' || mark == '=') {
        out->minus = mark == '-';
        out->exact = mark == '=';
        lexer->at++;
        lots_lexer_blanks(lexer);
        char second = lots_lexer_peek(lexer, 0);
        if (second == '-' || second == '=')
            return lots_lexer_fail(lexer, err, out->span.at, lexer->at + 1, "a code takes one mark, - (take away) or = (exactly)");
    }
    LOTS_TRY(read_system(lexer, &out->system, err));
    if (lots_lexer_peek(lexer, 0) == '\'')
        LOTS_TRY(read_quoted(lexer, out, err));
    else
        LOTS_TRY(read_plain(lexer, out, err));
    if (out->text.bytes == 0 || (out->to.text != NULL && out->to.bytes == 0))
        return lots_lexer_fail(lexer, err, out->span.at, lexer->at + (lexer->at < lexer->bytes),
                               "a code is missing here");
    return LOTS_OK;
}

/* Room for one more item: doubled at each power of two. */
static lots_status grow_codes(lots_lexer *lexer, lots_ast_codes *codes, lots_error *err)
{
    if ((codes->count & (codes->count - 1)) != 0)
        return LOTS_OK;
    void *items;
    size_t room = codes->count == 0 ? 1 : (size_t)codes->count * 2;
    LOTS_TRY(lots_arena_alloc(lexer->arena, &items, room, sizeof(lots_ast_code), err));
    if (codes->count > 0)
        memcpy(items, codes->items, codes->count * sizeof(lots_ast_code));
    codes->items = items;
    return LOTS_OK;
}

lots_status lots_lexer_codes(lots_lexer *lexer, lots_token *out, lots_error *err)
{
    uint32_t open = lexer->at++;
    out->kind = LOTS_TOKEN_CODES;
    lots_lexer_blanks(lexer);
    if (lots_lexer_peek(lexer, 0) == '}') {
        lexer->at++;
        return LOTS_OK;
    }
    for (;;) {
        if (lexer->at >= lexer->bytes)
            break;
        LOTS_TRY(grow_codes(lexer, &out->codes, err));
        LOTS_TRY(read_code(lexer, &out->codes.items[out->codes.count], err));
        out->codes.count++;
        lots_lexer_blanks(lexer);
        char c = lots_lexer_peek(lexer, 0);
        if (lexer->at >= lexer->bytes)
            break;
        if (c != ',' && c != '}')
            return fail_blank(lexer, err);
        lexer->at++;
        if (c == '}')
            return LOTS_OK;
        lots_lexer_blanks(lexer);
    }
    return lots_lexer_fail(lexer, err, open, open + 1, "the code set that starts here has no closing }");
}
