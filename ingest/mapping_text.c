/* mapping_text.c: tokens, messages and suggestions. See mapping_text.h. */
#include "ingest/mapping_text.h"

#include <stdarg.h>
#include <stdio.h>

lots_status lots_map_fail(lots_map_reader *reader, const char *format, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return lots_fail(reader->err, LOTS_USAGE, "%s:%u: %s: %s", reader->file, reader->line, reader->key, text);
}

static char fold_letter(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter; }

static unsigned least_of(unsigned a, unsigned b) { return a < b ? a : b; }

/* Edits from one word to the other, a pair of letters changed over being one; letters of any case are equal. Words over 63
 * bytes are far from all. (Optimal string alignment.) */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][64];
    size_t a_bytes = strlen(a), b_bytes = strlen(b);
    if (a_bytes > 63 || b_bytes > 63)
        return 1000;
    for (unsigned j = 0; j <= b_bytes; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_bytes; j++) {
            char from = fold_letter(a[i - 1]), to = fold_letter(b[j - 1]);
            row[j] = least_of(above[j - 1] + (from != to), least_of(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && from == fold_letter(b[j - 2]) && to == fold_letter(a[i - 2]))
                row[j] = least_of(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

void lots_map_suggest(lots_error *err, const char *word, const char *const *known)
{
    const char *best = NULL;
    unsigned least = strlen(word) < 5 ? 2 : 3;
    for (; *known != NULL; known++) {
        unsigned apart = distance(word, *known);
        if (apart < least) {
            least = apart;
            best = *known;
        }
    }
    if (best != NULL)
        lots_error_hint(err, "did you mean '%s'?", best);
}

static bool is_blank(char letter) { return letter == ' ' || letter == '\t'; }

/* Text between two marks; the mark itself is written twice within quotes and behind a \ within a pattern. */
static lots_status read_delimited(lots_map_reader *reader, char mark, lots_map_token_kind kind)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(reader->arena, &room, strlen(reader->at) + 1, 1, reader->err));
    char *out = room;
    size_t bytes = 0;
    const char *at = reader->at + 1;
    for (; *at != '\0'; at++) {
        if (mark == '/' && at[0] == '\\' && at[1] == '/')
            at++;
        else if (mark == '"' && at[0] == '"' && at[1] == '"')
            at++;
        else if (*at == mark)
            break;
        out[bytes++] = *at;
    }
    if (*at == '\0')
        return lots_map_fail(reader, "a %c isn't closed", mark);
    reader->at = at + 1;
    reader->token = (lots_map_token){kind, out};
    return LOTS_OK;
}

static lots_status read_bare(lots_map_reader *reader)
{
    const char *first = reader->at;
    while (*reader->at != '\0' && !is_blank(*reader->at) && *reader->at != ',' && *reader->at != '|')
        reader->at++;
    reader->token.kind = LOTS_TOKEN_WORD;
    return lots_arena_text(reader->arena, &reader->token.text, first, (size_t)(reader->at - first), reader->err);
}

lots_status lots_map_next(lots_map_reader *reader)
{
    while (is_blank(*reader->at))
        reader->at++;
    reader->token = (lots_map_token){LOTS_TOKEN_END, NULL};
    switch (*reader->at) {
    case '\0':
        return LOTS_OK;
    case ',':
    case '|':
        reader->token.kind = *reader->at == ',' ? LOTS_TOKEN_COMMA : LOTS_TOKEN_PIPE;
        reader->at++;
        return LOTS_OK;
    case '"':
        return read_delimited(reader, '"', LOTS_TOKEN_QUOTED);
    case '/':
        return read_delimited(reader, '/', LOTS_TOKEN_PATTERN);
    default:
        return read_bare(reader);
    }
}

lots_status lots_map_reader_open(lots_map_reader *out, lots_mapping *mapping, uint32_t line, const char *key,
                                 const char *value, lots_error *err)
{
    *out = (lots_map_reader){.arena = &mapping->arena, .patterns = &mapping->patterns, .file = mapping->name,
                             .line = line, .key = key, .at = value, .err = err};
    return lots_map_next(out);
}

lots_status lots_map_accept(lots_map_reader *reader, const char *word, bool *found)
{
    *found = reader->token.kind == LOTS_TOKEN_WORD && strcmp(reader->token.text, word) == 0;
    return *found ? lots_map_next(reader) : LOTS_OK;
}

lots_status lots_map_take_comma(lots_map_reader *reader, bool *found)
{
    *found = reader->token.kind == LOTS_TOKEN_COMMA;
    return *found ? lots_map_next(reader) : LOTS_OK;
}

lots_status lots_map_expect_end(lots_map_reader *reader)
{
    if (reader->token.kind == LOTS_TOKEN_END)
        return LOTS_OK;
    return lots_map_fail(reader, "nothing more was expected, but here is '%s'",
                         reader->token.text != NULL              ? reader->token.text
                         : reader->token.kind == LOTS_TOKEN_COMMA ? ","
                                                                  : "|");
}

lots_status lots_map_word(lots_map_reader *reader, const char *what, char **out)
{
    if (reader->token.kind != LOTS_TOKEN_WORD && reader->token.kind != LOTS_TOKEN_QUOTED)
        return lots_map_fail(reader, "%s is missing", what);
    *out = reader->token.text;
    return lots_map_next(reader);
}

lots_status lots_map_push(lots_arena *arena, void *items, uint32_t *count, size_t size, void *out, lots_error *err)
{
    void *held, *grown;
    memcpy(&held, items, sizeof held);
    if ((*count & (*count - 1)) == 0 || *count == 0) {
        LOTS_TRY(lots_arena_alloc(arena, &grown, *count == 0 ? 1 : (size_t)*count * 2, size, err));
        if (*count > 0)
            memcpy(grown, held, *count * size);
        memcpy(items, &grown, sizeof grown);
        held = grown;
    }
    void *item = (char *)held + *count * size;
    memcpy(out, &item, sizeof item);
    (*count)++;
    return LOTS_OK;
}
