/* token.c: tables of words and signs, and how errors speak of a token. */
#include "query/lang/token.h"

#include <stdio.h>

static const char *const word_texts[LOTS_WORD_COUNT] = {
#define X(name, text) [LOTS_WORD_##name] = text,
    LOTS_WORD_LIST(X)
#undef X
};

static const char *const sign_texts[LOTS_TOKEN_KINDS] = {
#define X(name, text) [LOTS_TOKEN_##name] = text,
    LOTS_SIGN_LIST(X)
#undef X
};

static const uint8_t word_bytes[LOTS_WORD_COUNT] = {
#define X(name, text) [LOTS_WORD_##name] = sizeof text - 1,
    LOTS_WORD_LIST(X)
#undef X
};

const char *lots_word_text(lots_word word)
{
    return (unsigned)word < LOTS_WORD_COUNT ? word_texts[word] : "?";
}

const char *lots_sign_text(lots_token_kind kind)
{
    const char *text = (unsigned)kind < LOTS_TOKEN_KINDS ? sign_texts[kind] : NULL;
    return text != NULL ? text : "?";
}

/* As strcmp, but both have a length. */
static int compare_words(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
    if (order != 0)
        return order;
    return a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

bool lots_word_find(const char *text, size_t bytes, lots_word *out)
{
    size_t low = 0, high = LOTS_WORD_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_words(text, bytes, word_texts[middle], word_bytes[middle]);
        if (order == 0) {
            if (out != NULL)
                *out = (lots_word)middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

bool lots_word_find_any_case(const char *text, size_t bytes, lots_word *out)
{
    char lower[16];
    bool differs = false;
    if (bytes == 0 || bytes > sizeof lower)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        const bool capital = text[i] >= 'A' && text[i] <= 'Z';
        lower[i] = (char)(capital ? text[i] - 'A' + 'a' : text[i]);
        differs |= capital;
    }
    return differs && lots_word_find(lower, bytes, out);
}

bool lots_token_is_name(const lots_token *token, const char *text)
{
    return token->kind == LOTS_TOKEN_NAME && !token->quoted && compare_words(token->text.text, token->text.bytes, text, strlen(text)) == 0;
}

/* How many bytes of text[at..end) to show: at most `most`, whole characters, no line break. */
static int shown_bytes(const char *text, uint32_t at, uint32_t end, uint32_t most)
{
    uint32_t count = end - at < most ? end - at : most;
    while (count > 0 && at + count < end && ((unsigned char)text[at + count] & 0xC0) == 0x80)
        count--;
    for (uint32_t i = 0; i < count; i++)
        if ((unsigned char)text[at + i] < ' ')
            return (int)i;
    return (int)count;
}

void lots_token_describe(const lots_token *token, const char *text, char *out, size_t out_bytes)
{
    static const char *const intros[LOTS_TOKEN_KINDS] = {
        [LOTS_TOKEN_NUMBER] = "the number ", [LOTS_TOKEN_PERCENT] = "the percentage ",
        [LOTS_TOKEN_DURATION] = "the duration ", [LOTS_TOKEN_DATE] = "the date ",
        [LOTS_TOKEN_PERIOD] = "the period ", [LOTS_TOKEN_STRING] = "the text ", [LOTS_TOKEN_CODES] = "the code set ",
    };
    if (token->kind == LOTS_TOKEN_END) {
        (void)snprintf(out, out_bytes, "the end of the text");
        return;
    }
    int count = shown_bytes(text, token->at, token->end, 40);
    const char *more = (uint32_t)count < token->end - token->at ? "…" : "";
    const char *intro = intros[token->kind];
    const char *mark = intro == NULL ? "`" : "";
    (void)snprintf(out, out_bytes, "%s%s%.*s%s%s", intro != NULL ? intro : "", mark, count, text + token->at, more, mark);
}
