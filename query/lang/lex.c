/* lex.c: names, texts and signs, and the mistakes people bring from other languages. */
#include "query/lang/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <utf8proc.h>

lots_status lots_lexer_fail(const lots_lexer *lexer, lots_error *err, uint32_t at, uint32_t end, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lots_ast_span span = {lexer->source, at, end};
    return lots_ast_fail(err, span, "%s", text);
}

/* The character at `at`, before the end, and its bytes. The text is valid. */
static uint32_t character_at(const lots_lexer *lexer, uint32_t at, utf8proc_int32_t *out)
{
    utf8proc_ssize_t bytes = utf8proc_iterate((const utf8proc_uint8_t *)lexer->text + at,
                                              (utf8proc_ssize_t)(lexer->bytes - at), out);
    return bytes > 0 ? (uint32_t)bytes : 1;
}

lots_status lots_lexer_init(lots_lexer *lexer, const char *text, size_t bytes, uint32_t source, lots_arena *arena,
                            lots_error *err)
{
    *lexer = (lots_lexer){text, 0, 0, source, arena};
    if (bytes >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a query text of %zu bytes; at most 4 GB can be read", bytes);
    size_t at = 0;
    while (at < bytes) {
        utf8proc_int32_t character;
        if ((unsigned char)text[at] < 0x80) {
            at++;
            continue;
        }
        utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(bytes - at), &character);
        if (step <= 0) {
            lots_status status = lots_lexer_fail(lexer, err, (uint32_t)at, (uint32_t)at + 1,
                                                 "byte %zu, 0x%02X, is not UTF-8", at, (unsigned)(unsigned char)text[at]);
            lots_error_hint(err, "save the text as UTF-8");
            return status;
        }
        at += (size_t)step;
    }
    lexer->bytes = (uint32_t)bytes;
    if (bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        lexer->at = 3;
    return LOTS_OK;
}

uint32_t lots_lexer_name_bytes(const lots_lexer *lexer, uint32_t at, bool first)
{
    if (at >= lexer->bytes)
        return 0;
    char c = lexer->text[at];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return 1;
    if ((unsigned char)c < 0x80)
        return !first && lots_lexer_digit(c);
    utf8proc_int32_t character;
    uint32_t bytes = character_at(lexer, at, &character);
    switch (utf8proc_category(character)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return bytes;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
        return first ? 0 : bytes;
    default:
        return 0;
    }
}

uint32_t lots_lexer_blank_bytes(const lots_lexer *lexer)
{
    char c = lots_lexer_peek(lexer, 0);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
        return 1;
    if ((unsigned char)c < 0x80)
        return 0;
    utf8proc_int32_t character;
    uint32_t bytes = character_at(lexer, lexer->at, &character);
    return utf8proc_category(character) == UTF8PROC_CATEGORY_ZS ? bytes : 0;
}

void lots_lexer_blanks(lots_lexer *lexer)
{
    for (;;) {
        uint32_t bytes = lots_lexer_blank_bytes(lexer);
        lexer->at += bytes;
        if (bytes > 0)
            continue;
        if (lots_lexer_peek(lexer, 0) != '#')
            return;
        while (lexer->at < lexer->bytes && lexer->text[lexer->at] != '\n')
            lexer->at++;
    }
}

/* Where the text that starts at the current quote ends (the closing quote), and how many bytes it has unescaped. */
static lots_status find_closing(const lots_lexer *lexer, char quote, uint32_t *end, uint32_t *bytes, lots_error *err)
{
    const char *what = quote == '\'' ? "text" : "name";
    *bytes = 0;
    for (uint32_t at = lexer->at + 1; at < lexer->bytes; at++, (*bytes)++) {
        unsigned char c = (unsigned char)lexer->text[at];
        if (c == (unsigned char)quote) {
            if (at + 1 >= lexer->bytes || lexer->text[at + 1] != quote) {
                *end = at;
                return LOTS_OK;
            }
            at++;
        } else if (c == '\n' || c == '\r') {
            break;
        } else if ((c < ' ' && c != '\t') || c == 0x7F) {
            return lots_lexer_fail(lexer, err, at, at + 1, "a control character (byte 0x%02X) in a quoted %s", (unsigned)c, what);
        }
    }
    lots_status status = lots_lexer_fail(lexer, err, lexer->at, lexer->at + 1,
                                         "the %s that starts here has no closing %c on its line", what, quote);
    lots_error_hint(err, quote == '\'' ? "a quote inside a text is doubled: 'Sjögren''s'" : "names stand in \"…\", texts in '…'");
    return status;
}

lots_status lots_lexer_quoted(lots_lexer *lexer, char quote, lots_ast_text *out, lots_error *err)
{
    uint32_t end = 0, bytes = 0;
    LOTS_TRY(find_closing(lexer, quote, &end, &bytes, err));
    void *memory;
    LOTS_TRY(lots_arena_alloc(lexer->arena, &memory, (size_t)bytes + 1, 1, err));
    char *copy = memory;
    uint32_t count = 0;
    for (uint32_t at = lexer->at + 1; at < end; at++) {
        copy[count++] = lexer->text[at];
        if (lexer->text[at] == quote)
            at++;
    }
    *out = (lots_ast_text){copy, count};
    lexer->at = end + 1;
    return LOTS_OK;
}

static lots_status read_quoted_name(lots_lexer *lexer, lots_token *out, lots_error *err)
{
    uint32_t at = lexer->at;
    out->kind = LOTS_TOKEN_NAME;
    out->quoted = true;
    LOTS_TRY(lots_lexer_quoted(lexer, '"', &out->text, err));
    if (out->text.bytes == 0)
        return lots_lexer_fail(lexer, err, at, lexer->at, "a name without a letter");
    return LOTS_OK;
}

static lots_status read_name(lots_lexer *lexer, lots_token *out, lots_error *err)
{
    uint32_t at = lexer->at;
    for (uint32_t bytes = 1; bytes > 0; lexer->at += bytes)
        bytes = lots_lexer_name_bytes(lexer, lexer->at, false);
    const char *text = lexer->text + at;
    uint32_t bytes = lexer->at - at;
    if (lots_word_find(text, bytes, &out->word)) {
        out->kind = LOTS_TOKEN_WORD;
        return LOTS_OK;
    }
    lots_word word;
    if (lots_word_find_any_case(text, bytes, &word)) {
        lots_status status = lots_lexer_fail(lexer, err, at, lexer->at, "`%.*s` is written in lower case: `%s`", (int)bytes,
                                             text, lots_word_text(word));
        lots_error_hint(err, "as a name write \"%.*s\", as a text '%.*s'", (int)bytes, text, (int)bytes, text);
        return status;
    }
    out->kind = LOTS_TOKEN_NAME;
    out->text = (lots_ast_text){text, bytes};
    return LOTS_OK;
}

/* What other languages and word processors write, and what is meant here. The longest comes first. */
static const struct {
    const char *text;
    const char *hint;
} mistakes[] = {
    {"==", "equality is one `=`"},
    {"=>", "write `>=`"},
    {"=<", "write `<=`"},
    {"<>", "write `!=`"},
    {"&&", "write `and`"},
    {"||", "write `or`"},
    {"--", "a comment starts with #; a minus before a minus needs a blank or brackets"},
    {"/*", "a comment starts with # and ends with its line"},
    {"**", "a power is written `^`"},
    {"...", "a range is written with two dots: `a..b`"},
    {"!", "write `not`, or `!=` for unequal"},
    {"&", "write `and`"},
    {"|", "write `or`"},
    {";", "statements follow one another without a sign between them"},
    {"[", "a set stands in ( ), codes in { }"},
    {"]", "a set stands in ( ), codes in { }"},
    {"}", "there is no { before it"},
    {"%", "a percentage is written without a blank, 10%; a remainder is mod(a, b)"},
    {":", "a name is given with `=`; a code system stands before a colon only inside { }"},
    {"`", "a text stands in '…', an odd name in \"…\""},
    {"\xE2\x80\x98", "a text stands in plain quotes: '…'"},
    {"\xE2\x80\x99", "a text stands in plain quotes: '…'"},
    {"\xC2\xB4", "a text stands in plain quotes: '…'"},
    {"\xE2\x80\x9C", "a text stands in plain quotes: '…'"},
    {"\xE2\x80\x9D", "a text stands in plain quotes: '…'"},
    {"\xE2\x80\x93", "a minus is a plain -"},
    {"\xE2\x80\x94", "a minus is a plain -"},
    {"\xE2\x88\x92", "a minus is a plain -"},
    {"\xE2\x89\xA4", "write `<=`"},
    {"\xE2\x89\xA5", "write `>=`"},
    {"\xE2\x89\xA0", "write `!=`"},
    {"\xC3\x97", "write `*`"},
    {"\xC3\xB7", "write `/`"},
    {"\xE2\x80\xA6", "a range is written with two dots: `a..b`"},
};

/* The index of the mistake that stands here, -1 if none. */
static int find_mistake(const lots_lexer *lexer)
{
    const char first = lots_lexer_peek(lexer, 0);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        if (mistakes[i].text[0] != first)
            continue;
        size_t bytes = strlen(mistakes[i].text);
        if (bytes <= lexer->bytes - lexer->at && memcmp(lexer->text + lexer->at, mistakes[i].text, bytes) == 0)
            return (int)i;
    }
    return -1;
}

static lots_status fail_mistake(const lots_lexer *lexer, int mistake, lots_error *err)
{
    const char *text = mistakes[mistake].text;
    lots_status status = lots_lexer_fail(lexer, err, lexer->at, lexer->at + (uint32_t)strlen(text),
                                         "`%s` is not part of the language", text);
    lots_error_hint(err, "%s", mistakes[mistake].hint);
    return status;
}

static lots_status fail_character(const lots_lexer *lexer, lots_error *err)
{
    utf8proc_int32_t character;
    uint32_t bytes = character_at(lexer, lexer->at, &character);
    utf8proc_category_t category = utf8proc_category(character);
    bool unseen = category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CN ||
                  category == UTF8PROC_CATEGORY_CO || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP ||
                  category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME;
    if (unseen)
        return lots_lexer_fail(lexer, err, lexer->at, lexer->at + bytes, "the character U+%04X has no place in a query",
                               (unsigned)character);
    return lots_lexer_fail(lexer, err, lexer->at, lexer->at + bytes, "the character `%.*s` (U+%04X) has no place here",
                           (int)bytes, lexer->text + lexer->at, (unsigned)character);
}

static lots_status read_sign(lots_lexer *lexer, lots_token *out, lots_error *err)
{
    static const lots_token_kind doubles[] = {LOTS_TOKEN_RANGE, LOTS_TOKEN_FLOOR, LOTS_TOKEN_UNEQUAL, LOTS_TOKEN_LESS_EQUAL,
                                              LOTS_TOKEN_GREATER_EQUAL};
    static const lots_token_kind singles[] = {LOTS_TOKEN_OPEN, LOTS_TOKEN_CLOSE, LOTS_TOKEN_COMMA, LOTS_TOKEN_DOT,
                                              LOTS_TOKEN_PLUS, LOTS_TOKEN_DASH, LOTS_TOKEN_STAR, LOTS_TOKEN_SLASH,
                                              LOTS_TOKEN_POWER, LOTS_TOKEN_EQUAL, LOTS_TOKEN_LESS, LOTS_TOKEN_GREATER};
    char first = lots_lexer_peek(lexer, 0), second = lots_lexer_peek(lexer, 1);
    int mistake = find_mistake(lexer);
    if (mistake >= 0 && !(first == '!' && second == '='))
        return fail_mistake(lexer, mistake, err);
    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++) {
        const char *text = lots_sign_text(doubles[i]);
        if (first == text[0] && second == text[1]) {
            out->kind = doubles[i];
            lexer->at += 2;
            return LOTS_OK;
        }
    }
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++)
        if (first == lots_sign_text(singles[i])[0]) {
            out->kind = singles[i];
            lexer->at++;
            return LOTS_OK;
        }
    return fail_character(lexer, err);
}

lots_status lots_lexer_next(lots_lexer *lexer, lots_token *out, lots_error *err)
{
    lots_lexer_blanks(lexer);
    memset(out, 0, sizeof *out);
    out->at = lexer->at;
    out->end = lexer->at;
    if (lexer->at >= lexer->bytes)
        return LOTS_OK;
    char c = lots_lexer_peek(lexer, 0);
    lots_status status;
    if (lots_lexer_digit(c)) {
        status = lots_lexer_number(lexer, out, err);
    } else if (c == '\'') {
        out->kind = LOTS_TOKEN_STRING;
        status = lots_lexer_quoted(lexer, '\'', &out->text, err);
    } else if (c == '"') {
        status = read_quoted_name(lexer, out, err);
    } else if (c == '{') {
        status = lots_lexer_codes(lexer, out, err);
    } else if (lots_lexer_name_bytes(lexer, lexer->at, true) > 0) {
        status = read_name(lexer, out, err);
    } else {
        status = read_sign(lexer, out, err);
    }
    out->end = lexer->at;
    return status;
}
