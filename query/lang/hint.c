/* hint.c: the nearest word, by the restricted edit distance of F. Damerau (1964), and a phrase book. */
#include "query/lang/hint.h"

#include <string.h>

#define NEAR_BYTES_MAX 64u
#define NEAR_EDITS_MAX 2u

static unsigned smallest(unsigned a, unsigned b) { return a < b ? a : b; }

/* Edits between two words of at most NEAR_BYTES_MAX bytes. */
static unsigned count_edits(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    unsigned rows[3][NEAR_BYTES_MAX + 1] = {{0}};
    for (unsigned j = 0; j <= b_bytes; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_bytes; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *over = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b_bytes; j++) {
            unsigned change = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smallest(change, smallest(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smallest(row[j], over[j - 2] + 1);
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

const char *lots_hint_nearest(const char *text, size_t bytes, const char *const *words, size_t count)
{
    const char *best = NULL;
    unsigned best_edits = NEAR_EDITS_MAX + 1;
    if (bytes > NEAR_BYTES_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t word_bytes = strlen(words[i]);
        if (word_bytes > NEAR_BYTES_MAX || word_bytes > bytes + NEAR_EDITS_MAX || bytes > word_bytes + NEAR_EDITS_MAX)
            continue;
        unsigned edits = count_edits(text, bytes, words[i], word_bytes);
        size_t longer = bytes > word_bytes ? bytes : word_bytes;
        if (edits < best_edits && edits * 2u < longer) {
            best = words[i];
            best_edits = edits;
        }
    }
    return best;
}

static const struct {
    const char *word;
    const char *advice;
} phrases[] = {
    {"select", "a query begins with its source: from patients where … show …"},
    {"having", "write another `where` after `group by`"},
    {"order", "write `sort n desc`"},
    {"asc", "ascending is how `sort` sorts; leave it out"},
    {"null", "write `missing`: x is missing, x is not missing"},
    {"like", "write `contains` for a part of a text, `in {I50}` for codes"},
    {"between", "write `x in 18..65`; both ends are included"},
    {"when", "write case(condition then value, …, else value)"},
    {"elif", "write case(condition then value, …, else value)"},
    {"if", "write case(condition then value, …, else value)"},
    {"inner", "write `join table on keys`; every join keeps all rows of the left"},
    {"left", "write `join table on keys`; every join keeps all rows of the left"},
    {"right", "write `join table on keys`; every join keeps all rows of the left"},
    {"outer", "write `join table on keys`; every join keeps all rows of the left"},
    {"insert", "a query only reads; data come in by `lots ingest`"},
    {"update", "a query only reads; data come in by `lots ingest`"},
    {"delete", "a query only reads; data come in by `lots ingest`"},
    {"create", "name a table with `let t = from …`, save a cohort with `into cohort name`"},
    {"filter", "write `where`"},
    {"define", "write `let`"},
    {"dataset", "a query begins with its source: from patients where … show …"},
    {"offset", "there is only `limit`"},
    {"partition", "write `per` inside top(10%, x per k)"},
    {"mod", "write mod(a, b)"},
    {"xor", "write `!=` between two conditions in brackets"},
    {"intersect", "write `and exists(…)`, or `minus` twice"},
};

/* The same letters, ASCII case aside? `word` is lower case. */
static bool same_word(const char *text, size_t bytes, const char *word)
{
    if (strlen(word) != bytes)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
        if (c != word[i])
            return false;
    }
    return true;
}

const char *lots_hint_foreign(const char *text, size_t bytes)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (same_word(text, bytes, phrases[i].word))
            return phrases[i].advice;
    return NULL;
}
