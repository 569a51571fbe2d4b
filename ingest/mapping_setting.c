/* mapping_setting.c: the settings of a mapping's sections: one table of names, where each may stand, and what reads it. */
#include <stdlib.h>

#include "ingest/mapping_inner.h"

typedef lots_status (*read_setting)(lots_map_section *section, lots_map_reader *reader);

enum {
    HAS_FILES = LOTS_SECTION_PATIENTS | LOTS_SECTION_STREAM | LOTS_SECTION_SOURCE | LOTS_SECTION_CHILD |
                LOTS_SECTION_TABLE | LOTS_SECTION_LABELS | LOTS_SECTION_HIERARCHY,
    HAS_PATIENTS = LOTS_SECTION_PATIENTS | LOTS_SECTION_STREAM | LOTS_SECTION_SOURCE | LOTS_SECTION_CHILD
};

/* One of two words. */
static lots_status read_choice(lots_map_reader *reader, const char *no, const char *yes, bool *out)
{
    char *word;
    LOTS_TRY(lots_map_word(reader, "a word", &word));
    *out = strcmp(word, yes) == 0;
    return *out || strcmp(word, no) == 0 ? LOTS_OK : lots_map_fail(reader, "%s or %s, not '%s'", no, yes, word);
}

/* ---- [registry] ---- */

static lots_status read_id(lots_map_section *section, lots_map_reader *reader)
{
    return read_choice(reader, "text", "personnummer", &section->mapping->personnummer);
}

static lots_status read_until(lots_map_section *section, lots_map_reader *reader)
{
    section->mapping->has_until = true;
    return lots_map_read_day(reader, &section->mapping->until);
}

static lots_status read_unknown(lots_map_section *section, lots_map_reader *reader)
{
    lots_mapping *mapping = section->mapping;
    LOTS_TRY(lots_map_accept(reader, "count", &mapping->unknown_counted));
    mapping->unknown_refused = mapping->unknown_counted;
    return mapping->unknown_counted ? LOTS_OK : read_choice(reader, "add", "reject", &mapping->unknown_refused);
}

static lots_status read_check_digit(lots_map_section *section, lots_map_reader *reader)
{
    return read_choice(reader, "keep", "reject", &section->mapping->check_digit_rejects);
}

static lots_status read_min_cell(lots_map_section *section, lots_map_reader *reader)
{
    char *word, *end;
    LOTS_TRY(lots_map_word(reader, "a number", &word));
    unsigned long number = strtoul(word, &end, 10);
    if (*end != '\0' || word[0] < '0' || word[0] > '9' || number > 1000)
        return lots_map_fail(reader, "a number from 0 to 1000, not '%s'", word);
    section->mapping->min_cell = word;
    return LOTS_OK;
}

/* ---- [system] ---- */

static lots_status read_form(lots_map_section *section, lots_map_reader *reader)
{
    char *word;
    LOTS_TRY(lots_map_word(reader, "plain, prefix, icd10, icd9, atc or kva", &word));
    return lots_code_form_parse(word, &section->mapping->systems[section->system].form)
               ? LOTS_OK
               : lots_map_fail(reader, "codes are of form plain, prefix, icd10, icd9, atc or kva, not '%s'", word);
}

static lots_status read_version(lots_map_section *section, lots_map_reader *reader)
{
    char *word;
    LOTS_TRY(lots_map_word(reader, "the version", &word));
    if (strlen(word) > LOTS_NAME_MAX)
        return lots_map_fail(reader, "a version has at most %u bytes", LOTS_NAME_MAX);
    memcpy(section->mapping->systems[section->system].version, word, strlen(word) + 1);
    return LOTS_OK;
}

/* ---- files ---- */

static lots_status read_file_names(lots_map_reader *reader, lots_map_term *out)
{
    for (;;) {
        lots_map_pick *pick;
        LOTS_TRY(lots_map_push(reader->arena, &out->picks, &out->pick_count, sizeof *pick, &pick, reader->err));
        LOTS_TRY(lots_map_word(reader, "the name of a file (quoted if it begins with a slash)", &pick->name));
        if (reader->token.kind != LOTS_TOKEN_PIPE)
            return LOTS_OK;
        LOTS_TRY(lots_map_next(reader));
    }
}

static lots_status read_file(lots_map_section *section, lots_map_reader *reader)
{
    lots_map_terms *files = &section->source->files;
    for (bool more = true; more;) {
        lots_map_term *term;
        LOTS_TRY(lots_map_push(reader->arena, &files->items, &files->count, sizeof *term, &term, reader->err));
        LOTS_TRY(read_file_names(reader, term));
        LOTS_TRY(lots_map_take_comma(reader, &more));
    }
    return LOTS_OK;
}

static lots_status read_optional(lots_map_section *section, lots_map_reader *reader)
{
    return lots_map_read_yes(reader, &section->source->optional);
}

static lots_status read_table(lots_map_section *section, lots_map_reader *reader)
{
    return lots_map_word(reader, "the name of a table", &section->source->table);
}

static lots_status read_query(lots_map_section *section, lots_map_reader *reader)
{
    return lots_map_word(reader, "a quoted SELECT", &section->source->query);
}

static lots_status read_encoding(lots_map_section *section, lots_map_reader *reader)
{
    char *word;
    LOTS_TRY(lots_map_word(reader, "utf-8, latin-1 or windows-1252", &word));
    return lots_charset_parse(word, strlen(word), &section->source->charset)
               ? LOTS_OK
               : lots_map_fail(reader, "utf-8, latin-1 or windows-1252, not '%s'", word);
}

static lots_status read_separator(lots_map_section *section, lots_map_reader *reader)
{
    static const struct {
        const char *word;
        char mark;
    } marks[] = {{"auto", 0}, {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}, {"blank", ' '}};
    char *word;
    LOTS_TRY(lots_map_word(reader, "auto, comma, semicolon, tab, pipe or blank", &word));
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strcmp(word, marks[i].word) == 0) {
            section->source->separator = marks[i].mark;
            return LOTS_OK;
        }
    return lots_map_fail(reader, "auto, comma, semicolon, tab, pipe or blank, not '%s'", word);
}

static lots_status read_quotes(lots_map_section *section, lots_map_reader *reader)
{
    bool quotes = true;
    lots_status status = lots_map_read_yes(reader, &quotes);
    section->source->quotes_are_text = !quotes;
    return status;
}

static lots_status read_header(lots_map_section *section, lots_map_reader *reader)
{
    bool header = true;
    lots_status status = lots_map_read_yes(reader, &header);
    section->source->no_header = !header;
    return status;
}

static lots_status read_dates(lots_map_section *section, lots_map_reader *reader)
{
    bool found;
    LOTS_TRY(lots_map_read_forms(reader, &section->source->dates));
    LOTS_TRY(lots_map_accept(reader, "fill", &found));
    return found ? lots_map_read_fill(reader, &section->source->dates) : LOTS_OK;
}

/* zone = +60: minutes east of UTC to which instants with a zone are moved. */
static lots_status read_zone(lots_map_section *section, lots_map_reader *reader)
{
    char *word, *end;
    LOTS_TRY(lots_map_word(reader, "minutes east of UTC", &word));
    long minutes = strtol(word, &end, 10);
    if (*end != '\0' || end == word || minutes < -840 || minutes > 840)
        return lots_map_fail(reader, "minutes east of UTC, -840 to 840, not '%s'", word);
    section->source->dates.zone_applied = true;
    section->source->dates.zone_minutes = (int16_t)minutes;
    return LOTS_OK;
}

static lots_status read_decimal(lots_map_section *section, lots_map_reader *reader)
{
    bool comma;
    LOTS_TRY(read_choice(reader, "point", "comma", &comma));
    section->source->number.decimal = comma ? ',' : '.';
    return LOTS_OK;
}

static lots_status read_grouping(lots_map_section *section, lots_map_reader *reader)
{
    static const struct {
        const char *word;
        char mark;
    } marks[] = {{"none", 0}, {"blank", ' '}, {"point", '.'}, {"comma", ','}, {"apostrophe", '\''}};
    char *word;
    LOTS_TRY(lots_map_word(reader, "none, blank, point, comma or apostrophe", &word));
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strcmp(word, marks[i].word) == 0) {
            section->source->number.grouping = marks[i].mark;
            return LOTS_OK;
        }
    return lots_map_fail(reader, "none, blank, point, comma or apostrophe, not '%s'", word);
}

static lots_status read_missing(lots_map_section *section, lots_map_reader *reader)
{
    return lots_map_read_words(reader, true, &section->source->missing);
}

static lots_status read_keep(lots_map_section *section, lots_map_reader *reader)
{
    return lots_map_read_conditions(reader, &section->source->keep);
}

static lots_status read_patient(lots_map_section *section, lots_map_reader *reader)
{
    return lots_map_read_term(reader, &section->source->patient);
}

static lots_status read_key(lots_map_section *section, lots_map_reader *reader)
{
    return lots_map_read_terms(reader, &section->source->key);
}

static lots_status read_parent(lots_map_section *section, lots_map_reader *reader)
{
    return lots_map_read_terms(reader, &section->source->parent);
}

static lots_status read_orphans(lots_map_section *section, lots_map_reader *reader)
{
    return read_choice(reader, "reject", "count", &section->source->orphans_counted);
}

/* ---- [labels] and [hierarchy]: two columns ---- */

static lots_status read_code_column(lots_map_section *section, lots_map_reader *reader)
{
    lots_map_source *source = section->source;
    lots_map_column *column;
    LOTS_TRY(lots_map_push(reader->arena, &source->columns, &source->column_count, sizeof *column, &column,
                           reader->err));
    memcpy(column->name, reader->key, strlen(reader->key) + 1);
    column->kind = LOTS_KIND_TEXT;
    column->line = reader->line;
    column->required = strcmp(reader->key, "label") != 0;
    return lots_map_read_terms(reader, &column->from);
}

/* ---- [stream] ---- */

static lots_status read_span_word(lots_map_reader *reader, lots_span *out)
{
    static const char *const words[] = {"point", "closed", "open", NULL};
    char *word;
    LOTS_TRY(lots_map_word(reader, "point, closed or open", &word));
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (lots_span)i;
            return LOTS_OK;
        }
    lots_status status = lots_map_fail(reader, "a span is point, closed or open, not '%s'", word);
    lots_map_suggest(reader->err, word, words);
    return status;
}

static lots_status read_span(lots_map_section *section, lots_map_reader *reader)
{
    return read_span_word(reader, &section->stream->span);
}

/* levels = NAME: a, b open, c closed …: in the order of events of one minute. */
static lots_status read_levels(lots_map_section *section, lots_map_reader *reader)
{
    lots_map_stream *stream = section->stream;
    char *word;
    LOTS_TRY(lots_map_word(reader, "the column of levels", &word));
    size_t bytes = strlen(word);
    if (bytes < 2 || word[bytes - 1] != ':' || bytes > LOTS_NAME_MAX)
        return lots_map_fail(reader, "first comes the column and a colon, as levels = level: emergency, inpatient open");
    word[bytes - 1] = '\0';
    memcpy(stream->level, word, bytes);
    for (bool more = true; more;) {
        lots_level *level;
        LOTS_TRY(lots_map_push(reader->arena, &stream->levels, &stream->level_count, sizeof *level, &level,
                               reader->err));
        LOTS_TRY(lots_map_word(reader, "a level", &word));
        if (strlen(word) > LOTS_NAME_MAX)
            return lots_map_fail(reader, "a level has at most %u bytes", LOTS_NAME_MAX);
        memcpy(level->value, word, strlen(word) + 1);
        level->rank = stream->level_count - 1;
        level->has_span = reader->token.kind == LOTS_TOKEN_WORD;
        if (level->has_span)
            LOTS_TRY(read_span_word(reader, &level->span));
        LOTS_TRY(lots_map_take_comma(reader, &more));
    }
    return LOTS_OK;
}

static lots_status read_ghost_days(lots_map_section *section, lots_map_reader *reader)
{
    char *word, *end;
    LOTS_TRY(lots_map_word(reader, "a number of days", &word));
    long days = strtol(word, &end, 10);
    if (*end != '\0' || end == word || days < 0 || days > 100000)
        return lots_map_fail(reader, "a number of days, not '%s'", word);
    section->stream->ghost_days = (int32_t)days;
    return LOTS_OK;
}

static lots_status read_undated(lots_map_section *section, lots_map_reader *reader)
{
    LOTS_TRY(lots_map_accept(reader, "some", &section->stream->may_lack_start));
    return section->stream->may_lack_start ? LOTS_OK : lots_map_read_yes(reader, &section->stream->undated);
}

static lots_status read_no_identity(lots_map_section *section, lots_map_reader *reader)
{
    return lots_map_read_yes(reader, &section->stream->no_identity);
}

static lots_status read_coverage(lots_map_section *section, lots_map_reader *reader)
{
    lots_map_coverage *coverage = &section->stream->coverage;
    coverage->given = true;
    LOTS_TRY(lots_map_read_days(reader, &coverage->from, &coverage->until));
    if (coverage->from == LOTS_DAY_MIN || coverage->until == LOTS_DAY_MAX)
        return lots_map_fail(reader, "coverage has both ends, as 2010-01-01..2023-12-31");
    return LOTS_OK;
}

static lots_status read_complete(lots_map_section *section, lots_map_reader *reader)
{
    section->stream->coverage.has_complete = true;
    return lots_map_read_day(reader, &section->stream->coverage.complete_until);
}

static lots_status read_extract(lots_map_section *section, lots_map_reader *reader)
{
    section->stream->coverage.has_extract = true;
    return lots_map_read_day(reader, &section->stream->coverage.extract);
}

/* ---- [table] ---- */

static lots_status read_name(lots_map_reader *reader, char out[LOTS_NAME_MAX + 1])
{
    char *word;
    LOTS_TRY(lots_map_word(reader, "the name of a column of the table", &word));
    if (strlen(word) > LOTS_NAME_MAX)
        return lots_map_fail(reader, "a name has at most %u bytes", LOTS_NAME_MAX);
    memcpy(out, word, strlen(word) + 1);
    return LOTS_OK;
}

static lots_status read_table_key(lots_map_section *section, lots_map_reader *reader)
{
    return read_name(reader, section->table->key);
}

static lots_status read_valid(lots_map_section *section, lots_map_reader *reader)
{
    return read_name(reader, strcmp(reader->key, "valid_from") == 0 ? section->table->valid_from
                                                                    : section->table->valid_to);
}

static const struct {
    const char *name;
    unsigned where;
    read_setting read;
} settings[] = {
    {"id", LOTS_SECTION_REGISTRY, read_id},
    {"until", LOTS_SECTION_REGISTRY, read_until},
    {"unknown_patient", LOTS_SECTION_REGISTRY, read_unknown},
    {"check_digit", LOTS_SECTION_REGISTRY, read_check_digit},
    {"min_cell", LOTS_SECTION_REGISTRY, read_min_cell},
    {"form", LOTS_SECTION_SYSTEM, read_form},
    {"version", LOTS_SECTION_SYSTEM, read_version},
    {"file", HAS_FILES, read_file},
    {"optional", HAS_FILES, read_optional},
    {"table", HAS_FILES, read_table},
    {"query", HAS_FILES, read_query},
    {"encoding", HAS_FILES, read_encoding},
    {"separator", HAS_FILES, read_separator},
    {"quotes", HAS_FILES, read_quotes},
    {"header", HAS_FILES, read_header},
    {"dates", HAS_FILES, read_dates},
    {"zone", HAS_FILES, read_zone},
    {"decimal", HAS_FILES, read_decimal},
    {"grouping", HAS_FILES, read_grouping},
    {"missing", HAS_FILES, read_missing},
    {"keep", HAS_FILES, read_keep},
    {"patient", HAS_PATIENTS, read_patient},
    {"key", LOTS_SECTION_STREAM | LOTS_SECTION_SOURCE | LOTS_SECTION_CHILD, read_key},
    {"key", LOTS_SECTION_TABLE, read_table_key},
    {"parent", LOTS_SECTION_CHILD, read_parent},
    {"orphans", LOTS_SECTION_CHILD, read_orphans},
    {"code", LOTS_SECTION_LABELS, read_code_column},
    {"label", LOTS_SECTION_LABELS, read_code_column},
    {"above", LOTS_SECTION_HIERARCHY, read_code_column},
    {"below", LOTS_SECTION_HIERARCHY, read_code_column},
    {"span", LOTS_SECTION_STREAM, read_span},
    {"levels", LOTS_SECTION_STREAM, read_levels},
    {"ghost_days", LOTS_SECTION_STREAM, read_ghost_days},
    {"undated", LOTS_SECTION_STREAM, read_undated},
    {"no_identity", LOTS_SECTION_STREAM, read_no_identity},
    {"coverage", LOTS_SECTION_STREAM, read_coverage},
    {"complete_until", LOTS_SECTION_STREAM, read_complete},
    {"extract", LOTS_SECTION_STREAM, read_extract},
    {"valid_from", LOTS_SECTION_TABLE, read_valid},
    {"valid_to", LOTS_SECTION_TABLE, read_valid},
};

const char *const lots_map_settings[] = {
    "id",      "until",    "unknown_patient", "check_digit", "min_cell",   "form",    "version",     "file",
    "optional", "table",   "query",           "encoding",    "separator",  "quotes",  "header",      "dates",
    "zone",    "decimal",  "grouping",        "missing",     "keep",       "patient", "key",         "parent",
    "orphans", "code",     "label",           "above",       "below",      "span",    "levels",      "ghost_days",
    "undated", "no_identity", "coverage",     "complete_until", "extract", "valid_from", "valid_to", NULL};

lots_status lots_map_read_setting(lots_map_section *section, lots_map_reader *reader, bool *found)
{
    *found = false;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0] && !*found; i++) {
        if (strcmp(settings[i].name, reader->key) != 0 || (settings[i].where & section->kind) == 0)
            continue;
        *found = true;
        LOTS_TRY(settings[i].read(section, reader));
        LOTS_TRY(lots_map_expect_end(reader));
    }
    return LOTS_OK;
}
