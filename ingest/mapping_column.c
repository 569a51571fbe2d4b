/* mapping_column.c: one column of a mapping:
 *   name = [sum|min|max|first|last] KIND (from NAMES | const TEXT) [modifiers]
 * with KIND one of bool int float decimal(N) date text minute precision category[(DOMAIN)] code(SYSTEM) codes(SYSTEM).
 * Modifiers come in any order. See ingest/maps/README.md for what each means. */
#include <stdlib.h>

#include "ingest/mapping_inner.h"

static const char *const modifiers[] = {"optional", "required", "cold",  "closed", "distinct", "round", "format",
                                        "fill",     "missing",  "yes",   "no",     "map",      "match", "when",
                                        "by",       "label",    "split", "from",   "const",    NULL};

uint32_t lots_map_find_system(const lots_mapping *mapping, const char *name)
{
    for (uint32_t i = 0; i < mapping->system_count; i++)
        if (strcmp(mapping->systems[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

static lots_status expect_system(const lots_mapping *mapping, lots_map_reader *reader, const char *name, uint32_t *out)
{
    *out = lots_map_find_system(mapping, name);
    if (*out != UINT32_MAX)
        return LOTS_OK;
    return lots_map_fail(reader, "code system '%s' isn't declared above (write [system %s] before)", name, name);
}

/* ---- the kind ---- */

/* "decimal(2)" → "decimal" and "2"; *inside NULL without brackets. */
static lots_status split_brackets(lots_map_reader *reader, char *word, char **inside)
{
    char *open = strchr(word, '(');
    *inside = NULL;
    if (open == NULL)
        return LOTS_OK;
    size_t bytes = strlen(open);
    if (open[bytes - 1] != ')' || bytes < 3)
        return lots_map_fail(reader, "'%s' isn't of the form kind(…)", word);
    open[bytes - 1] = '\0';
    *open = '\0';
    *inside = open + 1;
    return LOTS_OK;
}

static lots_status set_scale(lots_map_reader *reader, lots_map_column *column, const char *inside)
{
    char *end;
    unsigned long scale = inside == NULL ? 99 : strtoul(inside, &end, 10);
    if (inside == NULL || *end != '\0' || scale > 18)
        return lots_map_fail(reader, "decimal wants its number of decimals, 0 to 18, as decimal(2)");
    column->number.scale = (uint8_t)scale;
    return LOTS_OK;
}

static lots_status set_domain(lots_map_reader *reader, lots_map_column *column, const char *inside)
{
    const char *domain = inside != NULL ? inside : column->name;
    if (strlen(domain) > LOTS_NAME_MAX)
        return lots_map_fail(reader, "the domain's name has more than %u bytes", LOTS_NAME_MAX);
    memcpy(column->domain, domain, strlen(domain) + 1);
    return LOTS_OK;
}

static lots_status fail_kind(lots_map_reader *reader, const char *word)
{
    static const char *const kinds[] = {"bool", "int",    "float",     "decimal",  "date", "text",
                                        "code", "codes",  "category",  "minute",   "precision", NULL};
    lots_status status = lots_map_fail(reader, "'%s' is no kind of column, nor is '%s' a setting of this section", word,
                                       reader->key);
    lots_map_suggest(reader->err, word, kinds);
    return status;
}

/* The two words that say which part of a field is meant; the kind follows from it. */
static bool read_part(lots_map_column *column, const char *word)
{
    if (strcmp(word, "minute") == 0) {
        column->part = LOTS_MAP_MINUTE;
        column->kind = LOTS_KIND_INT;
    } else if (strcmp(word, "precision") == 0) {
        column->part = LOTS_MAP_PRECISION;
        column->kind = LOTS_KIND_CATEGORY;
    }
    return column->part != LOTS_MAP_WHOLE;
}

static lots_status read_kind(const lots_mapping *mapping, lots_map_reader *reader, lots_map_column *column, char *word)
{
    char *inside;
    LOTS_TRY(split_brackets(reader, word, &inside));
    if (!read_part(column, word) && !lots_kind_parse(word, &column->kind))
        return fail_kind(reader, word);
    switch (column->kind) {
    case LOTS_KIND_DECIMAL:
        return set_scale(reader, column, inside);
    case LOTS_KIND_CATEGORY:
        return set_domain(reader, column, inside);
    case LOTS_KIND_CODE:
    case LOTS_KIND_CODES:
        if (inside == NULL)
            return lots_map_fail(reader, "a code wants its system, as code(icd10)");
        return expect_system(mapping, reader, inside, &column->system);
    default:
        return inside == NULL ? LOTS_OK : lots_map_fail(reader, "%s takes nothing in brackets", word);
    }
}

/* sum, min, max, first, last before the kind of a child's column. */
static lots_status read_gather(lots_map_reader *reader, const lots_map_source *source, lots_map_column *column)
{
    static const char *const words[] = {"sum", "min", "max", "first", "last"};
    if (source->target != LOTS_MAP_CHILD)
        return LOTS_OK;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        bool found;
        LOTS_TRY(lots_map_accept(reader, words[i], &found));
        if (found) {
            column->gather = (lots_map_gather)(LOTS_MAP_SUM + i);
            return LOTS_OK;
        }
    }
    return LOTS_OK;
}

/* ---- modifiers ---- */

static lots_status read_flag(lots_map_reader *reader, lots_map_column *column, const char *word, bool *found)
{
    struct {
        const char *word;
        bool *flag;
    } flags[] = {{"optional", &column->optional}, {"required", &column->required}, {"cold", &column->cold},
                 {"closed", &column->closed},     {"distinct", &column->distinct}};
    *found = true;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(word, flags[i].word) == 0) {
            *flags[i].flag = true;
            return lots_map_next(reader);
        }
    *found = strcmp(word, "round") == 0;
    if (!*found)
        return LOTS_OK;
    column->number.round = LOTS_ROUND_HALF_EVEN;
    return lots_map_next(reader);
}

static lots_status read_else(lots_map_reader *reader, lots_map_column *column)
{
    static const struct {
        const char *word;
        lots_map_else otherwise;
    } ways[] = {{"keep", LOTS_MAP_KEEP}, {"reject", LOTS_MAP_REJECT}, {"missing", LOTS_MAP_MISSING}};
    bool found;
    LOTS_TRY(lots_map_accept(reader, "else", &found));
    if (!found)
        return LOTS_OK;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        LOTS_TRY(lots_map_accept(reader, ways[i].word, &found));
        if (found) {
            column->otherwise = ways[i].otherwise;
            return LOTS_OK;
        }
    }
    column->otherwise = LOTS_MAP_OTHER;
    return lots_map_word(reader, "keep, reject, missing or a value", &column->other);
}

static lots_status read_map(lots_map_reader *reader, lots_map_column *column)
{
    column->has_map = true;
    LOTS_TRY(lots_map_read_pairs(reader, true, &column->map));
    return read_else(reader, column);
}

/* by date icd9 ..1996-12-31, icd10 1997-01-01.. */
static lots_status read_periods(const lots_mapping *mapping, lots_map_reader *reader, lots_map_column *column)
{
    for (bool more = true; more;) {
        lots_map_period *period;
        char *name;
        LOTS_TRY(lots_map_push(reader->arena, &column->periods, &column->period_count, sizeof *period, &period,
                               reader->err));
        LOTS_TRY(lots_map_word(reader, "a code system", &name));
        LOTS_TRY(expect_system(mapping, reader, name, &period->system));
        LOTS_TRY(lots_map_read_days(reader, &period->from, &period->until));
        LOTS_TRY(lots_map_take_comma(reader, &more));
    }
    return LOTS_OK;
}

/* by COLUMN 9 icd9, 10 icd10 */
static lots_status read_system(const lots_mapping *mapping, lots_map_reader *reader, lots_map_column *column)
{
    bool by_date;
    void *room;
    LOTS_TRY(lots_map_accept(reader, "date", &by_date));
    if (by_date)
        return read_periods(mapping, reader, column);
    LOTS_TRY(lots_map_read_term(reader, &column->system_from));
    LOTS_TRY(lots_map_read_pairs(reader, true, &column->system_pairs));
    LOTS_TRY(lots_arena_alloc(reader->arena, &room, column->system_pairs.count, sizeof(uint32_t), reader->err));
    column->system_of_pair = room;
    for (uint32_t i = 0; i < column->system_pairs.count; i++)
        LOTS_TRY(expect_system(mapping, reader, column->system_pairs.values[i], &column->system_of_pair[i]));
    return LOTS_OK;
}

static lots_status read_split(lots_map_reader *reader, lots_map_column *column)
{
    static const struct {
        const char *word;
        char mark;
    } marks[] = {{"blank", ' '}, {"comma", ','}, {"semicolon", ';'}, {"pipe", '|'}, {"slash", '/'}};
    char *word;
    LOTS_TRY(lots_map_word(reader, "blank, comma, semicolon, pipe or slash", &word));
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strcmp(word, marks[i].word) == 0)
            column->split = marks[i].mark;
    return column->split != 0 ? LOTS_OK
                              : lots_map_fail(reader, "split by blank, comma, semicolon, pipe or slash, not '%s'", word);
}

static lots_status read_modifier(const lots_mapping *mapping, lots_map_reader *reader, lots_map_column *column)
{
    char *word;
    bool flag;
    if (reader->token.kind != LOTS_TOKEN_WORD)
        return lots_map_expect_end(reader);
    LOTS_TRY(read_flag(reader, column, reader->token.text, &flag));
    if (flag)
        return LOTS_OK;
    LOTS_TRY(lots_map_word(reader, "a modifier", &word));
    if (strcmp(word, "format") == 0) {
        column->has_dates = true;
        return lots_map_read_forms(reader, &column->dates);
    }
    if (strcmp(word, "fill") == 0) {
        column->has_fill = true;
        return lots_map_read_fill(reader, &column->dates);
    }
    if (strcmp(word, "missing") == 0) {
        column->has_missing = true;
        return lots_map_read_words(reader, true, &column->missing);
    }
    if (strcmp(word, "yes") == 0)
        return lots_map_read_words(reader, true, &column->yes);
    if (strcmp(word, "no") == 0)
        return lots_map_read_words(reader, true, &column->no);
    if (strcmp(word, "map") == 0)
        return read_map(reader, column);
    if (strcmp(word, "match") == 0)
        return lots_map_read_pattern(reader, &column->match);
    if (strcmp(word, "when") == 0)
        return lots_map_read_conditions(reader, &column->when);
    if (strcmp(word, "by") == 0)
        return read_system(mapping, reader, column);
    if (strcmp(word, "label") == 0)
        return lots_map_read_term(reader, &column->label);
    if (strcmp(word, "split") == 0)
        return read_split(reader, column);
    lots_status status = lots_map_fail(reader, "'%s' is no modifier of a column", word);
    lots_map_suggest(reader->err, word, modifiers);
    return status;
}

/* ---- the whole ---- */

static lots_status read_origin(lots_map_reader *reader, lots_map_column *column)
{
    char *word;
    LOTS_TRY(lots_map_word(reader, "'from' or 'const'", &word));
    if (strcmp(word, "const") == 0)
        return lots_map_word(reader, "the constant", &column->constant);
    if (strcmp(word, "from") == 0)
        return lots_map_read_terms(reader, &column->from);
    lots_status status = lots_map_fail(reader, "after the kind comes 'from' or 'const', not '%s'", word);
    lots_map_suggest(reader->err, word, (const char *const[]){"from", "const", NULL});
    return status;
}

static bool is_list(const lots_map_column *column) { return column->kind == LOTS_KIND_CODES; }
static bool is_code(const lots_map_column *column) { return is_list(column) || column->kind == LOTS_KIND_CODE; }

static lots_status check_column(lots_map_reader *reader, const lots_map_source *source, const lots_map_column *column)
{
    bool number = column->kind == LOTS_KIND_INT || column->kind == LOTS_KIND_DECIMAL;
    if (column->constant != NULL && (column->match != NULL || column->split != 0))
        return lots_map_fail(reader, "a constant is neither matched nor split");
    if ((column->system_from.pick_count > 0 || column->period_count > 0) && !is_code(column))
        return lots_map_fail(reader, "only codes have a system that 'by' tells");
    if ((column->distinct || column->split != 0) && !is_list(column))
        return lots_map_fail(reader, "only codes(…) are split or made distinct");
    if (column->has_map && column->kind == LOTS_KIND_CODES)
        return lots_map_fail(reader, "a list of codes isn't mapped");
    if (column->label.pick_count > 0 && column->kind != LOTS_KIND_CODE && column->kind != LOTS_KIND_CATEGORY &&
        !(is_list(column) && column->from.count == 1))
        return lots_map_fail(reader, "a label belongs to a code or a category");
    if (column->gather == LOTS_MAP_SUM && !number)
        return lots_map_fail(reader, "only int and decimal are summed");
    if ((column->gather == LOTS_MAP_MIN || column->gather == LOTS_MAP_MAX) && !number &&
        column->kind != LOTS_KIND_FLOAT && column->kind != LOTS_KIND_DATE)
        return lots_map_fail(reader, "only numbers and dates have a min and a max");
    if (source->target == LOTS_MAP_CHILD && is_list(column) && column->gather != LOTS_MAP_APPEND)
        return lots_map_fail(reader, "codes are appended: sum, min, max, first and last don't go with them");
    if (source->target == LOTS_MAP_CHILD && !is_list(column) && column->gather == LOTS_MAP_APPEND &&
        strcmp(column->name, "start") != 0)
        return lots_map_fail(reader, "how do several children become one value: sum, min, max, first or last?");
    return LOTS_OK;
}

static lots_status read_all(lots_mapping *mapping, const lots_map_source *source, lots_map_reader *reader,
                            lots_map_column *column)
{
    char *word;
    LOTS_TRY(read_gather(reader, source, column));
    LOTS_TRY(lots_map_word(reader, "the column's kind", &word));
    LOTS_TRY(read_kind(mapping, reader, column, word));
    LOTS_TRY(read_origin(reader, column));
    while (reader->token.kind != LOTS_TOKEN_END)
        LOTS_TRY(read_modifier(mapping, reader, column));
    if (source->target == LOTS_MAP_CHILD && strcmp(column->name, "start") == 0)
        column->gather = LOTS_MAP_ORDER;
    return check_column(reader, source, column);
}

lots_status lots_map_read_column(lots_mapping *mapping, lots_map_source *source, const char *name, uint32_t line,
                                 const char *value, lots_error *err)
{
    lots_map_reader reader;
    lots_map_column *column;
    LOTS_TRY(lots_map_reader_open(&reader, mapping, line, name, value, err));
    if (strlen(name) > LOTS_NAME_MAX)
        return lots_map_fail(&reader, "the name has more than %u bytes", LOTS_NAME_MAX);
    for (uint32_t i = 0; i < source->column_count; i++)
        if (strcmp(source->columns[i].name, name) == 0)
            return lots_map_fail(&reader, "the column is written twice in this section (first in line %u)",
                                 source->columns[i].line);
    LOTS_TRY(lots_map_push(&mapping->arena, &source->columns, &source->column_count, sizeof *column, &column, err));
    memcpy(column->name, name, strlen(name) + 1);
    column->line = line;
    return read_all(mapping, source, &reader, column);
}
