/* mapping_value.c: the little grammars that the values of a mapping share. See mapping_text.h. */
#include <stdlib.h>

#include "core/base/day.h"
#include "core/base/vec.h"
#include "ingest/mapping_text.h"

/* ---- names of columns ---- */

lots_status lots_map_read_pattern(lots_map_reader *reader, lots_map_pattern **out)
{
    void *room;
    if (reader->token.kind != LOTS_TOKEN_PATTERN)
        return lots_map_fail(reader, "a /pattern/ is missing");
    LOTS_TRY(lots_arena_alloc(reader->arena, &room, 1, sizeof **out, reader->err));
    lots_map_pattern *pattern = room;
    pattern->text = reader->token.text;
    int failed = regcomp(&pattern->compiled, pattern->text, REG_EXTENDED);
    if (failed != 0) {
        char why[200];
        regerror(failed, &pattern->compiled, why, sizeof why);
        return lots_map_fail(reader, "/%s/ is no regular expression: %s", pattern->text, why);
    }
    *out = pattern;
    lots_status status = lots_vec_push(reader->patterns, &pattern, reader->err);
    if (status != LOTS_OK) {
        regfree(&pattern->compiled);
        return status;
    }
    return lots_map_next(reader);
}

static size_t digits_from(const char *text)
{
    size_t at = strlen(text);
    while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9')
        at--;
    return at;
}

/* DIA1..DIA30: one name with numbers. */
static lots_status read_family(lots_map_reader *reader, char *dots, lots_map_pick *pick)
{
    char *first = pick->name, *last = dots + 2;
    *dots = '\0';
    size_t stem = digits_from(first);
    if (first[stem] == '\0' || digits_from(last) != stem || strncmp(first, last, stem) != 0 || strlen(first) > 60 ||
        strlen(last) > 60)
        return lots_map_fail(reader, "'%s..%s' is no numbered family such as DIA1..DIA30", first, last);
    unsigned long from = strtoul(first + stem, NULL, 10), to = strtoul(last + stem, NULL, 10);
    if (from > to || to > 9999)
        return lots_map_fail(reader, "'%s..%s': the numbers must rise, to 9999 at most", first, last);
    first[stem] = '\0';
    pick->numbered = true;
    pick->first = (uint32_t)from;
    pick->last = (uint32_t)to;
    return LOTS_OK;
}

static lots_status read_pick(lots_map_reader *reader, lots_map_pick *pick)
{
    if (reader->token.kind == LOTS_TOKEN_PATTERN)
        return lots_map_read_pattern(reader, &pick->pattern);
    bool bare = reader->token.kind == LOTS_TOKEN_WORD;
    LOTS_TRY(lots_map_word(reader, "the name of a column of the file", &pick->name));
    char *dots = bare ? strstr(pick->name, "..") : NULL;
    return dots != NULL ? read_family(reader, dots, pick) : LOTS_OK;
}

lots_status lots_map_read_term(lots_map_reader *reader, lots_map_term *out)
{
    *out = (lots_map_term){NULL, 0};
    for (;;) {
        lots_map_pick *pick;
        LOTS_TRY(lots_map_push(reader->arena, &out->picks, &out->pick_count, sizeof *pick, &pick, reader->err));
        LOTS_TRY(read_pick(reader, pick));
        if (reader->token.kind != LOTS_TOKEN_PIPE)
            return LOTS_OK;
        LOTS_TRY(lots_map_next(reader));
    }
}

lots_status lots_map_read_terms(lots_map_reader *reader, lots_map_terms *out)
{
    *out = (lots_map_terms){NULL, 0};
    for (bool more = true; more;) {
        lots_map_term *term;
        LOTS_TRY(lots_map_push(reader->arena, &out->items, &out->count, sizeof *term, &term, reader->err));
        LOTS_TRY(lots_map_read_term(reader, term));
        LOTS_TRY(lots_map_take_comma(reader, &more));
    }
    return LOTS_OK;
}

/* ---- words and pairs ---- */

/* Words are compiled into memory of their own; a mapping keeps them in its arena, so that it has nothing else to free. */
static lots_status keep_words(lots_map_reader *reader, const lots_words *from, lots_words *out)
{
    void *room;
    char *text;
    uint32_t bytes = from->count == 0 ? 0 : from->ends[from->count - 1];
    LOTS_TRY(lots_arena_alloc(reader->arena, &room, from->count, sizeof *out->ends, reader->err));
    LOTS_TRY(lots_arena_text(reader->arena, &text, bytes == 0 ? "" : from->text, bytes, reader->err));
    *out = *from;
    out->text = text;
    out->ends = room;
    if (from->count > 0)
        memcpy(out->ends, from->ends, from->count * sizeof *out->ends);
    return LOTS_OK;
}

static lots_status compile(lots_map_reader *reader, const lots_vec *texts, bool fold, lots_words *out)
{
    lots_words words;
    lots_status status = lots_words_compile(&words, texts->data, texts->count, fold, reader->err);
    if (status != LOTS_OK) {
        lots_error_context(reader->err, "%s:%u: %s", reader->file, reader->line, reader->key);
        return status;
    }
    status = keep_words(reader, &words, out);
    lots_words_free(&words);
    return status;
}

static lots_status collect_words(lots_map_reader *reader, lots_vec *texts)
{
    for (bool more = true; more;) {
        char *word;
        LOTS_TRY(lots_map_word(reader, "a word", &word));
        LOTS_TRY(lots_vec_push(texts, &word, reader->err));
        LOTS_TRY(lots_map_take_comma(reader, &more));
    }
    return LOTS_OK;
}

lots_status lots_map_read_words(lots_map_reader *reader, bool fold, lots_words *out)
{
    lots_vec texts = LOTS_VEC(char *);
    lots_status status = collect_words(reader, &texts);
    if (status == LOTS_OK)
        status = compile(reader, &texts, fold, out);
    lots_vec_free(&texts);
    return status;
}

/* K | K V: each key gets the value. */
static lots_status collect_pair(lots_map_reader *reader, lots_map_pairs *out, lots_vec *keys)
{
    size_t first = keys->count;
    char *word, *value, **slot;
    for (;;) {
        LOTS_TRY(lots_map_word(reader, "a text to map", &word));
        LOTS_TRY(lots_vec_push(keys, &word, reader->err));
        if (reader->token.kind != LOTS_TOKEN_PIPE)
            break;
        LOTS_TRY(lots_map_next(reader));
    }
    LOTS_TRY(lots_map_word(reader, "the value that a text is mapped to", &value));
    for (size_t i = first; i < keys->count; i++) {
        LOTS_TRY(lots_map_push(reader->arena, &out->values, &out->count, sizeof *slot, &slot, reader->err));
        *slot = value;
    }
    return LOTS_OK;
}

static lots_status collect_pairs(lots_map_reader *reader, lots_map_pairs *out, lots_vec *keys)
{
    for (bool more = true; more;) {
        LOTS_TRY(collect_pair(reader, out, keys));
        LOTS_TRY(lots_map_take_comma(reader, &more));
        if (reader->token.kind == LOTS_TOKEN_WORD && strcmp(reader->token.text, "else") == 0)
            more = false;
    }
    return LOTS_OK;
}

lots_status lots_map_read_pairs(lots_map_reader *reader, bool fold, lots_map_pairs *out)
{
    lots_vec keys = LOTS_VEC(char *);
    lots_status status = collect_pairs(reader, out, &keys);
    if (status == LOTS_OK)
        status = compile(reader, &keys, fold, &out->keys);
    lots_vec_free(&keys);
    return status;
}

/* ---- conditions ---- */

static lots_status read_empty_test(lots_map_reader *reader, lots_map_condition *out)
{
    bool negated, found;
    LOTS_TRY(lots_map_accept(reader, "not", &negated));
    LOTS_TRY(lots_map_accept(reader, "empty", &found));
    out->test = negated ? LOTS_MAP_NOT_EMPTY : LOTS_MAP_EMPTY;
    return found ? LOTS_OK : lots_map_fail(reader, "after 'is' comes 'empty' or 'not empty'");
}

static lots_status read_test(lots_map_reader *reader, lots_map_condition *out)
{
    static const char *const tests[] = {"=", "!=", "in", "not", "is", "matches", NULL};
    char *word;
    bool found = false;
    LOTS_TRY(lots_map_word(reader, "a test (= != in matches is)", &word));
    if (strcmp(word, "is") == 0)
        return read_empty_test(reader, out);
    bool negated = strcmp(word, "not") == 0 || strcmp(word, "!=") == 0;
    if (strcmp(word, "not") == 0)
        LOTS_TRY(lots_map_word(reader, "'in' or 'matches'", &word));
    if (strcmp(word, "matches") == 0) {
        out->test = negated ? LOTS_MAP_NOT_MATCHES : LOTS_MAP_MATCHES;
        return lots_map_read_pattern(reader, &out->pattern);
    }
    for (size_t i = 0; i < 3; i++)
        found = found || strcmp(word, tests[i]) == 0;
    if (!found) {
        lots_status status = lots_map_fail(reader, "'%s' is no test (= != in, not in, matches, is empty)", word);
        lots_map_suggest(reader->err, word, tests);
        return status;
    }
    out->test = negated ? LOTS_MAP_NOT_IN : LOTS_MAP_IN;
    return lots_map_read_words(reader, false, &out->words);
}

lots_status lots_map_read_conditions(lots_map_reader *reader, lots_map_conditions *out)
{
    for (bool more = true; more;) {
        lots_map_condition *condition;
        LOTS_TRY(lots_map_push(reader->arena, &out->items, &out->count, sizeof *condition, &condition, reader->err));
        LOTS_TRY(lots_map_read_term(reader, &condition->term));
        LOTS_TRY(read_test(reader, condition));
        LOTS_TRY(lots_map_accept(reader, "and", &more));
    }
    return LOTS_OK;
}

/* ---- dates, yes and no ---- */

lots_status lots_map_read_forms(lots_map_reader *reader, lots_date_rule *rule)
{
    static const char *const forms[] = {"yyyy-mm-dd", "yyyymmdd",   "yyyymm",     "yyyy-mm",    "yyyymm00", "yyyy0000",
                                        "yyyy",       "dd/mm/yyyy", "mm/dd/yyyy", "dd.mm.yyyy", NULL};
    rule->form_count = 0;
    for (bool more = true; more;) {
        char *word;
        lots_date_form form;
        LOTS_TRY(lots_map_word(reader, "a form of dates such as yyyy-mm-dd", &word));
        if (!lots_date_form_parse(word, strlen(word), &form)) {
            lots_status status = lots_map_fail(reader, "'%s' is no form of dates", word);
            lots_map_suggest(reader->err, word, forms);
            return status;
        }
        if (rule->form_count == LOTS_DATE_FORMS)
            return lots_map_fail(reader, "a form of dates is named twice");
        rule->forms[rule->form_count++] = (uint8_t)form;
        LOTS_TRY(lots_map_take_comma(reader, &more));
    }
    return LOTS_OK;
}

lots_status lots_map_read_fill(lots_map_reader *reader, lots_date_rule *rule)
{
    char *word;
    lots_date_fill fill;
    LOTS_TRY(lots_map_word(reader, "first, middle, last or missing", &word));
    if (!lots_date_fill_parse(word, strlen(word), &fill))
        return lots_map_fail(reader, "an imprecise date is filled with first, middle, last or missing, not '%s'", word);
    rule->fill = (uint8_t)fill;
    return LOTS_OK;
}

lots_status lots_map_read_day(lots_map_reader *reader, lots_day *out)
{
    char *word;
    LOTS_TRY(lots_map_word(reader, "a day such as 2023-12-31", &word));
    return lots_day_parse(word, strlen(word), out) ? LOTS_OK
                                                   : lots_map_fail(reader, "'%s' is no day such as 2023-12-31", word);
}

lots_status lots_map_read_days(lots_map_reader *reader, lots_day *from, lots_day *until)
{
    char *word;
    LOTS_TRY(lots_map_word(reader, "an interval of days such as 2020-01-01..2023-12-31", &word));
    char *dots = strstr(word, "..");
    *from = LOTS_DAY_MIN;
    *until = LOTS_DAY_MAX;
    bool right = dots != NULL && (dots == word || lots_day_parse(word, (size_t)(dots - word), from)) &&
                 (dots[2] == '\0' || lots_day_parse(dots + 2, strlen(dots + 2), until)) && *from <= *until;
    return right ? LOTS_OK : lots_map_fail(reader, "'%s' is no interval of days such as 2020-01-01..2023-12-31", word);
}

lots_status lots_map_read_yes(lots_map_reader *reader, bool *out)
{
    char *word;
    LOTS_TRY(lots_map_word(reader, "yes or no", &word));
    *out = strcmp(word, "yes") == 0;
    return *out || strcmp(word, "no") == 0 ? LOTS_OK : lots_map_fail(reader, "yes or no, not '%s'", word);
}
