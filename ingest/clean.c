/* clean.c: what all cleaning shares (blanks, reasons), and words. */
#include "ingest/clean.h"

#include <string.h>

#include "core/base/memory.h"

#define WORDS_MOST 1000u
#define WORD_BYTES_MOST 255u

const char *lots_clean_reason(lots_clean outcome)
{
    switch (outcome) {
    case LOTS_CLEAN_OK: return "fine";
    case LOTS_CLEAN_EMPTY: return "empty";
    case LOTS_CLEAN_MALFORMED: return "not of the declared form";
    case LOTS_CLEAN_IMPOSSIBLE: return "no such day or time";
    case LOTS_CLEAN_OUT_OF_RANGE: return "too large a number";
    case LOTS_CLEAN_TOO_FINE: return "more decimals than declared";
    case LOTS_CLEAN_CHECK_DIGIT: return "wrong check digit";
    case LOTS_CLEAN_UNKNOWN: return "not among the declared words";
    }
    return "?";
}

/* The length of the blank at the start, 0 for none. */
static size_t blank_at(const char *text, size_t bytes)
{
    if (text[0] == ' ' || text[0] == '\t')
        return 1;
    return bytes >= 2 && memcmp(text, "\xC2\xA0", 2) == 0 ? 2 : 0;
}

/* Neither a blank nor a part of one. */
static bool is_plain(char c)
{
    return (signed char)c > ' ';
}

void lots_clean_trim(const char **text, size_t *bytes)
{
    const char *from = *text;
    size_t count = *bytes;
    if (count > 0 && is_plain(from[0]) && is_plain(from[count - 1]))
        return;
    for (size_t blank; count > 0 && (blank = blank_at(from, count)) > 0; count -= blank)
        from += blank;
    while (count > 0) {
        char last = from[count - 1];
        if (last == ' ' || last == '\t')
            count--;
        else if (count >= 2 && memcmp(from + count - 2, "\xC2\xA0", 2) == 0)
            count -= 2;
        else
            break;
    }
    *text = from;
    *bytes = count;
}

/* ---- words ---- */

static uint32_t length_bit(size_t bytes)
{
    return UINT32_C(1) << (bytes < 31 ? bytes : 31);
}

/* The bytes of all words; checks each. */
static lots_status measure_words(const char *const *words, size_t count, size_t *total, lots_error *err)
{
    *total = 0;
    if (count > WORDS_MOST)
        return lots_fail(err, LOTS_USAGE, "%zu words in a list, at most %u", count, WORDS_MOST);
    for (size_t i = 0; i < count; i++) {
        const char *text = words[i];
        size_t bytes = strlen(text);
        lots_clean_trim(&text, &bytes);
        if (bytes > WORD_BYTES_MOST)
            return lots_fail(err, LOTS_USAGE, "a word of %zu bytes in a list, at most %u", bytes, WORD_BYTES_MOST);
        *total += bytes;
    }
    return LOTS_OK;
}

lots_status lots_words_compile(lots_words *out, const char *const *words, size_t count, bool fold, lots_error *err)
{
    size_t total = 0;
    void *text = NULL;
    void *ends = NULL;
    *out = (lots_words){.fold = false};
    LOTS_TRY(measure_words(words, count, &total, err));
    LOTS_TRY(lots_alloc(&text, total + 1, 1, err));
    lots_status status = lots_alloc(&ends, count + 1, sizeof(uint32_t), err);
    if (status != LOTS_OK) {
        lots_free(text);
        return status;
    }
    *out = (lots_words){.text = text, .ends = ends, .count = (uint32_t)count, .fold = fold};
    uint32_t end = 0;
    for (size_t i = 0; i < count; i++) {
        const char *word = words[i];
        size_t bytes = strlen(word);
        lots_clean_trim(&word, &bytes);
        memcpy(out->text + end, word, bytes);
        end += (uint32_t)bytes;
        out->ends[i] = end;
        out->lengths |= length_bit(bytes);
    }
    return LOTS_OK;
}

void lots_words_free(lots_words *words)
{
    lots_free(words->text);
    lots_free(words->ends);
    *words = (lots_words){.fold = false};
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
}

static bool same_word(const char *a, const char *b, size_t bytes, bool fold)
{
    if (!fold)
        return memcmp(a, b, bytes) == 0;
    for (size_t i = 0; i < bytes; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

int lots_words_find(const lots_words *words, const char *text, size_t bytes)
{
    if (words->count == 0)
        return -1;
    lots_clean_trim(&text, &bytes);
    if ((words->lengths & length_bit(bytes)) == 0)
        return -1;
    uint32_t from = 0;
    for (uint32_t i = 0; i < words->count; from = words->ends[i++])
        if (words->ends[i] - from == bytes && same_word(words->text + from, text, bytes, words->fold))
            return (int)i;
    return -1;
}

lots_clean lots_clean_bool(const char *text, size_t bytes, const lots_words *yes, const lots_words *no, bool *out)
{
    bool is_yes = lots_words_find(yes, text, bytes) >= 0;
    if (is_yes || lots_words_find(no, text, bytes) >= 0) {
        *out = is_yes;
        return LOTS_CLEAN_OK;
    }
    lots_clean_trim(&text, &bytes);
    return bytes == 0 ? LOTS_CLEAN_EMPTY : LOTS_CLEAN_UNKNOWN;
}
