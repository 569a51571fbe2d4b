/* hint.c: the nearest of a list of words, and a phrase book. See hint.h. */
#include "query/lang/hint.h"

#include <string.h>

#include "query/lang/suggest.h"

const char *lots_hint_nearest(const char *text, size_t bytes, const char *const *words, size_t count)
{
    const char *best = NULL;
    suggestion near;
    suggest_begin(&near, text, bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t word_bytes = strlen(words[i]);
        if (suggest_try(&near, words[i], word_bytes < UINT32_MAX ? (uint32_t)word_bytes : UINT32_MAX))
            best = words[i];
    }
    return best;
}

typedef struct phrase {
    const char *word;
    const char *advice;
} phrase;

static const phrase phrases[] = {
    {"select", "a query begins with its source: from patients where … show …"},
    {"having", "write another `where` after `group by`"},
    {"order", "write `sort n desc`"},
    {"dsc", "write `sort n desc`"},
    {"descending", "write `sort n desc`"},
    {"ascending", "ascending is how `sort` sorts; leave it out"},
    {"asc", "ascending is how `sort` sorts; leave it out"},
    {"null", "write `missing`: x is missing, x is not missing"},
    {"like", "write `contains` for a part of a text, `in {I50}` for codes"},
    {"to", "from one day or number to another is written a..b; both ends are included"},
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

static const char *advice_of(const phrase *book, size_t count, const char *text, size_t bytes)
{
    for (size_t i = 0; i < count; i++)
        if (same_word(text, bytes, book[i].word))
            return book[i].advice;
    return NULL;
}

const char *lots_hint_foreign(const char *text, size_t bytes)
{
    return advice_of(phrases, sizeof phrases / sizeof *phrases, text, bytes);
}

const char *lots_hint_function(const char *text, size_t bytes)
{
    static const phrase book[] = {
        {"avg", "mean(x)"},
        {"average", "mean(x)"},
        {"stddev", "sd(x)"},
        {"stdev", "sd(x)"},
        {"std", "sd(x)"},
        {"if", "case(c then a, else b)"},
        {"iif", "case(c then a, else b)"},
        {"decode", "case(x = a then b, else c)"},
        {"ifnull", "coalesce(a, b)"},
        {"nvl", "coalesce(a, b)"},
        {"isnull", "x is missing"},
        {"is_null", "x is missing"},
        {"datediff", "days(a, b)"},
        {"dateadd", "start + 30d"},
        {"any", "exists(…)"},
        {"has", "exists(…)"},
        {"today", "registry.until"},
        {"now", "registry.until"},
        {"substr", "prefix(x, 3)"},
        {"substring", "prefix(x, 3)"},
        {"starts_with", "x in {C10}: a code stands for those below it too"},
        {"startswith", "x in {C10}: a code stands for those below it too"},
        {"len", "size(x)"},
        {"length", "size(x)"},
        {"lag", "prev(E, e), where e is the name of an event: … as e"},
        {"previous", "prev(E, e), where e is the name of an event: … as e"},
        {"lead", "next(E, e), where e is the name of an event: … as e"},
        {"row_number", "nth(E, 2) for the second event, `top 3 by x` for the first rows"},
        {"hour", "minute // 60: the minute is of the day"},
        {"charlson", "score(charlson_se, dx over E)"},
        {"elixhauser", "score(elixhauser.van_walraven, dx over E)"},
    };
    return advice_of(book, sizeof book / sizeof *book, text, bytes);
}

const char *lots_hint_unit(const char *text, size_t bytes)
{
    static const char *const units[] = {"day", "days", "week", "weeks", "month", "months", "year", "years"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (same_word(text, bytes, units[i]))
            return "a duration is one word with its unit: 30d, 4w, 6mo, 1y";
    return NULL;
}
