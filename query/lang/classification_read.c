/* classification_read.c: a classification from the text of its file: one function for each kind of row. Every row is
 * checked as it is read, against what stands above it; what only the whole can show is in classification_finish.c. */
#include <stdlib.h>
#include <string.h>

#include "core/base/day.h"
#include "core/base/hash.h"
#include "query/lang/classification_draft.h"
#include "query/lang/suggest.h"

#define GROUP_SLOTS (2u * LOTS_CLASSIFICATION_GROUPS_MAX)

typedef classification_draft draft;

/* ---- names ---- */

static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A name of a group or a system: letters, digits, _ and -. */
static bool is_name(const char *text)
{
    size_t bytes = strlen(text);
    for (size_t i = 0; i < bytes; i++)
        if (!is_letter(text[i]) && !is_digit(text[i]) && text[i] != '_' && text[i] != '-')
            return false;
    return bytes > 0 && bytes <= LOTS_NAME_MAX;
}

/* A name that a query writes bare: no dash, no digit first. */
static bool is_bare_name(const char *text)
{
    return is_name(text) && is_letter(text[0]) && strchr(text, '-') == NULL;
}

static lots_status hint_near(draft *d, lots_status status, const char *near)
{
    if (near != NULL)
        lots_error_hint(d->err, "did you mean `%s`?", near);
    return status;
}

static lots_status find_group(draft *d, uint32_t field, uint16_t *out)
{
    const char *name = d->rows.fields[field];
    int32_t found = lots_classification_group(d->out, name, strlen(name));
    if (found >= 0) {
        *out = (uint16_t)found;
        return LOTS_OK;
    }
    return hint_near(d, class_rows_fail(&d->rows, field, "no group '%s' stands above this line", name),
                     lots_classification_near_group(d->out, name, strlen(name)));
}

/* ---- head ---- */

static lots_status read_first(draft *d)
{
    if (strcmp(d->rows.fields[1], "1") != 0)
        return class_rows_fail(&d->rows, 1, "this is format '%s' of a classification; only 1 is known", d->rows.fields[1]);
    return LOTS_OK;
}

static lots_status read_text(draft *d)
{
    static const char *const keywords[] = {"name", "title", "version", "source", "licence", "status"};
    const char **const places[] = {&d->out->name,   &d->out->title,   &d->out->version,
                                   &d->out->source, &d->out->licence, &d->out->status};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strcmp(d->rows.fields[0], keywords[i]) != 0)
            continue;
        if (*places[i][0] != '\0')
            return class_rows_fail(&d->rows, 0, "'%s' is said twice", keywords[i]);
        if (i == 0 && !is_bare_name(d->rows.fields[1]))
            return class_rows_fail(&d->rows, 1, "a name has letters, digits and _, a letter first, at most %u",
                                   LOTS_NAME_MAX);
        *places[i] = d->rows.fields[1];
    }
    return LOTS_OK;
}

static lots_status read_note(draft *d) { return lots_vec_push(&d->notes, &d->rows.fields[1], d->err); }

/* ---- systems ---- */

static lots_status read_date(draft *d, uint32_t field, lots_day *out)
{
    if (field >= d->rows.count || d->rows.fields[field][0] == '\0')
        return LOTS_OK;
    const char *text = d->rows.fields[field];
    if (!lots_day_parse(text, strlen(text), out))
        return class_rows_fail(&d->rows, field, "'%s' is no date (yyyy-mm-dd)", text);
    return LOTS_OK;
}

/* The next word of a field, cut off; NULL when there is none. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t");
    if (*word == '\0')
        return NULL;
    size_t bytes = strcspn(word, " \t");
    *at = word + bytes;
    if (**at != '\0')
        *(*at)++ = '\0';
    return word;
}

static lots_status add_alias(draft *d, uint32_t field, const char **aliases, uint32_t *count, const char *alias)
{
    if (!is_name(alias))
        return class_rows_fail(&d->rows, field, "'%s' is no name of a code system", alias);
    if (lots_classification_system(d->out, alias, strlen(alias)) >= 0)
        return class_rows_fail(&d->rows, field, "'%s' is already a name of a system above", alias);
    aliases[(*count)++] = alias;
    return LOTS_OK;
}

static lots_status read_system(draft *d)
{
    const class_rows *rows = &d->rows;
    lots_class_system system = {.name = rows->fields[1], .from = LOTS_DAY_MIN, .until = LOTS_DAY_MAX};
    if (d->systems.count == LOTS_CLASSIFICATION_SYSTEMS_MAX)
        return class_rows_fail(rows, 1, "more than %u code systems", LOTS_CLASSIFICATION_SYSTEMS_MAX);
    if (!lots_code_form_parse(rows->fields[2], &system.form))
        return class_rows_fail(rows, 2, "'%s' is no form of codes: plain prefix icd10 icd9 atc kva", rows->fields[2]);
    LOTS_TRY(read_date(d, 3, &system.from));
    LOTS_TRY(read_date(d, 4, &system.until));
    if (system.from > system.until)
        return class_rows_fail(rows, 4, "the system ends before it begins");
    char *others = rows->count > 5 ? rows->fields[5] : rows->fields[1] + strlen(rows->fields[1]);
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(d->arena, &made, strlen(others) / 2 + 2, sizeof(char *), d->err));
    const char **aliases = made;
    LOTS_TRY(add_alias(d, 1, aliases, &system.alias_count, system.name));
    for (char *word = next_word(&others); word != NULL; word = next_word(&others))
        LOTS_TRY(add_alias(d, 5, aliases, &system.alias_count, word));
    system.aliases = aliases;
    LOTS_TRY(lots_vec_push(&d->systems, &system, d->err));
    d->out->systems = d->systems.data;
    d->out->system_count = (uint32_t)d->systems.count;
    return LOTS_OK;
}

/* ---- weights ---- */

static lots_status read_set(draft *d)
{
    const class_rows *rows = &d->rows;
    lots_class_weights set = {.name = rows->fields[1]};
    if (!is_bare_name(set.name))
        return class_rows_fail(rows, 1, "a name has letters, digits and _, a letter first, at most %u", LOTS_NAME_MAX);
    if (lots_classification_weights(d->out, set.name, strlen(set.name)) >= 0)
        return class_rows_fail(rows, 1, "weights '%s' are declared twice", set.name);
    if (d->sets.count == LOTS_CLASSIFICATION_SETS_MAX)
        return class_rows_fail(rows, 1, "more than %u sets of weights", LOTS_CLASSIFICATION_SETS_MAX);
    if (rows->count > 2) {
        const char *text = rows->fields[2];
        if (!is_digit(text[0]) || text[1] != '\0' || (uint32_t)(text[0] - '0') > LOTS_CLASSIFICATION_DECIMALS_MAX)
            return class_rows_fail(rows, 2, "'%s' is no number of decimals from 0 to %u", text,
                                   LOTS_CLASSIFICATION_DECIMALS_MAX);
        set.decimals = (uint32_t)(text[0] - '0');
    }
    LOTS_TRY(lots_vec_push(&d->sets, &set, d->err));
    d->out->sets = d->sets.data;
    d->out->set_count = (uint32_t)d->sets.count;
    return LOTS_OK;
}

/* A decimal number times 10^decimals, exactly. False when it is no number, has more decimals, or is too large. */
static bool parse_weight(const char *text, uint32_t decimals, int64_t *out)
{
    bool minus = *text == '-', point = false, digit = false;
    uint32_t left = decimals;
    int64_t value = 0;
    text += *text == '-' || *text == '+' ? 1 : 0;
    for (; *text != '\0'; text++) {
        if (*text == '.' && !point && digit) {
            point = true;
            digit = false;
            continue;
        }
        if (!is_digit(*text) || (point && left == 0))
            return false;
        left -= point ? 1 : 0;
        digit = true;
        value = value * 10 + (*text - '0');
        if (value > LOTS_CLASSIFICATION_WEIGHT_MAX)
            return false;
    }
    for (; left > 0; left--) {
        value *= 10;
        if (value > LOTS_CLASSIFICATION_WEIGHT_MAX)
            return false;
    }
    *out = minus ? -value : value;
    return digit;
}

static lots_status read_weight(draft *d)
{
    const class_rows *rows = &d->rows;
    weight_draft weight = {.line = rows->line};
    LOTS_TRY(find_group(d, 1, &weight.group));
    if (d->out->groups[weight.group].helper)
        return class_rows_fail(rows, 1, "group '%s' is a helper and has no weight", rows->fields[1]);
    int32_t set = lots_classification_weights(d->out, rows->fields[2], strlen(rows->fields[2]));
    if (set < 0)
        return hint_near(d, class_rows_fail(rows, 2, "no weights '%s' stand above this line", rows->fields[2]),
                         lots_classification_near_weights(d->out, rows->fields[2], strlen(rows->fields[2])));
    weight.set = (uint16_t)set;
    uint32_t decimals = d->out->sets[set].decimals;
    if (!parse_weight(rows->fields[3], decimals, &weight.value))
        return class_rows_fail(rows, 3, "'%s' is no weight with at most %u decimals", rows->fields[3], decimals);
    return lots_vec_push(&d->weights, &weight, d->err);
}

/* ---- groups ---- */

static lots_status read_group(draft *d)
{
    const class_rows *rows = &d->rows;
    const char *name = rows->fields[1];
    lots_class_group group = {.name = name, .label = name};
    if (!is_name(name))
        return class_rows_fail(rows, 1, "a group's name has letters, digits, _ and -, at most %u", LOTS_NAME_MAX);
    if (lots_classification_group(d->out, name, strlen(name)) >= 0)
        return class_rows_fail(rows, 1, "group '%s' is declared twice", name);
    if (d->groups.count == LOTS_CLASSIFICATION_GROUPS_MAX)
        return class_rows_fail(rows, 1, "more than %u groups", LOTS_CLASSIFICATION_GROUPS_MAX);
    if (rows->count > 2 && rows->fields[2][0] != '\0')
        group.label = rows->fields[2];
    group.helper = rows->count > 3;
    if (group.helper && strcmp(rows->fields[3], "helper") != 0)
        return class_rows_fail(rows, 3, "a group's kind is 'helper' or nothing, not '%s'", rows->fields[3]);
    LOTS_TRY(lots_vec_push(&d->groups, &group, d->err));
    LOTS_TRY(lots_vec_push(&d->group_lines, &rows->line, d->err));
    d->out->groups = d->groups.data;
    d->out->group_count = (uint32_t)d->groups.count;
    uint32_t slot = (uint32_t)lots_hash(name, strlen(name), 0) % GROUP_SLOTS;
    while (d->group_slots[slot] != 0)
        slot = (slot + 1) % GROUP_SLOTS;
    d->group_slots[slot] = (uint16_t)d->groups.count;
    return LOTS_OK;
}

/* ---- codes ---- */

/* Normalise one code into the arena. ICD-7 and ICD-8 are written with a comma (412,01), which is no more a part of the
 * code than the dot is. */
static lots_status keep_code(draft *d, const lots_class_system *system, const char *word, size_t bytes, bool whole,
                             const char **out)
{
    char plain[LOTS_CODE_BYTES_MAX + 1];
    size_t plain_bytes = 0, kept = 0;
    bool fine = lots_code_normalise(system->form, word, bytes, plain, &plain_bytes) && plain_bytes > 0;
    if (fine && system->form != LOTS_CODE_PLAIN) {
        for (size_t i = 0; i < plain_bytes; i++)
            if (plain[i] != ',')
                plain[kept++] = plain[i];
        plain_bytes = kept;
        fine = kept > 0 && (whole ? lots_code_well_formed(system->form, plain, kept)
                                  : lots_code_starts_well(system->form, plain, kept));
    }
    if (!fine)
        return class_rows_fail(&d->rows, 4, "'%.*s' can't be a code of %s", bytes < 64 ? (int)bytes : 64, word,
                               system->name);
    char *copy = NULL;
    LOTS_TRY(lots_arena_text(d->arena, &copy, plain, plain_bytes, d->err));
    *out = copy;
    return LOTS_OK;
}

static lots_status add_pattern(draft *d, lots_class_pattern pattern, char *word)
{
    const lots_class_system *system = &d->out->systems[pattern.system];
    const class_rows *rows = &d->rows;
    char *dash = system->form == LOTS_CODE_PLAIN || pattern.match == LOTS_CLASS_EXACT ? NULL : strchr(word, '-');
    if (dash != NULL && (dash == word || dash[1] == '\0'))
        dash = NULL; /* I21.- is a way to write I21 and all below */
    size_t bytes = dash == NULL ? strlen(word) : (size_t)(dash - word);
    LOTS_TRY(keep_code(d, system, word, bytes, pattern.match == LOTS_CLASS_EXACT, &pattern.low));
    if (dash != NULL) {
        pattern.match = LOTS_CLASS_RANGE;
        LOTS_TRY(keep_code(d, system, dash + 1, strlen(dash + 1), false, &pattern.high));
        if (strlen(pattern.low) != strlen(pattern.high))
            return class_rows_fail(rows, 4, "the ends of '%s' are not of one length", word);
        if (strcmp(pattern.low, pattern.high) > 0)
            return class_rows_fail(rows, 4, "'%s' ends before it begins", word);
    }
    if (d->patterns.count == LOTS_CLASSIFICATION_PATTERNS_MAX)
        return class_rows_fail(rows, 4, "more than %u codes", LOTS_CLASSIFICATION_PATTERNS_MAX);
    return lots_vec_push(&d->patterns, &pattern, d->err);
}

static lots_status read_codes(draft *d)
{
    const class_rows *rows = &d->rows;
    lots_class_pattern pattern = {.match = LOTS_CLASS_PREFIX};
    LOTS_TRY(find_group(d, 1, &pattern.group));
    int32_t system = lots_classification_system(d->out, rows->fields[2], strlen(rows->fields[2]));
    if (system < 0)
        return class_rows_fail(rows, 2, "no code system '%s' stands above this line", rows->fields[2]);
    pattern.system = (uint8_t)system;
    if (strcmp(rows->fields[3], "exact") == 0)
        pattern.match = LOTS_CLASS_EXACT;
    else if (strcmp(rows->fields[3], "prefix") != 0)
        return class_rows_fail(rows, 3, "match is 'prefix' or 'exact', not '%s'", rows->fields[3]);
    char *at = rows->fields[4];
    for (char *word = next_word(&at); word != NULL; word = next_word(&at))
        LOTS_TRY(add_pattern(d, pattern, word));
    return LOTS_OK;
}

/* ---- rules ---- */

static lots_status read_hides(draft *d)
{
    hides_draft hides = {.line = d->rows.line};
    LOTS_TRY(find_group(d, 1, &hides.rule.by));
    for (uint32_t i = 2; i < d->rows.count; i++) {
        LOTS_TRY(find_group(d, i, &hides.rule.hidden));
        if (d->hides.count == LOTS_CLASSIFICATION_RULES_MAX)
            return class_rows_fail(&d->rows, i, "more than %u groups are hidden", LOTS_CLASSIFICATION_RULES_MAX);
        LOTS_TRY(lots_vec_push(&d->hides, &hides, d->err));
    }
    return LOTS_OK;
}

static lots_status read_makes(draft *d)
{
    const class_rows *rows = &d->rows;
    lots_class_makes makes = {.part_count = (uint16_t)(rows->count - 2)};
    LOTS_TRY(find_group(d, 1, &makes.made));
    if (d->makes.count == LOTS_CLASSIFICATION_RULES_MAX)
        return class_rows_fail(rows, 0, "more than %u rules make a group", LOTS_CLASSIFICATION_RULES_MAX);
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(d->arena, &made, makes.part_count, sizeof(uint16_t), d->err));
    uint16_t *parts = made;
    for (uint32_t i = 2; i < rows->count; i++) {
        LOTS_TRY(find_group(d, i, &parts[i - 2]));
        lots_bit_set(d->parts, parts[i - 2]);
    }
    if (lots_bit_get(d->parts, makes.made))
        return class_rows_fail(rows, 1, "'%s' is made here but used to make a group on this line or above", rows->fields[1]);
    lots_bit_set(d->made, makes.made);
    makes.parts = parts;
    return lots_vec_push(&d->makes, &makes, d->err);
}

/* ---- rows ---- */

typedef struct row_kind {
    const char *keyword;
    uint32_t least, most; /* fields after the keyword */
    lots_status (*read)(draft *d);
    const char *fields;
} row_kind;

static const row_kind kinds[] = {
    {"classification", 1, 1, read_first, "FORMAT"},
    {"name", 1, 1, read_text, "NAME"},
    {"title", 1, 1, read_text, "TEXT"},
    {"version", 1, 1, read_text, "TEXT"},
    {"source", 1, 1, read_text, "TEXT"},
    {"licence", 1, 1, read_text, "TEXT"},
    {"status", 1, 1, read_text, "TEXT"},
    {"note", 1, 1, read_note, "TEXT"},
    {"system", 2, 5, read_system, "NAME,FORM,FROM,UNTIL,OTHER NAMES"},
    {"weights", 1, 2, read_set, "NAME,DECIMALS"},
    {"group", 1, 3, read_group, "NAME,LABEL,KIND"},
    {"weight", 3, 3, read_weight, "GROUP,WEIGHTS,NUMBER"},
    {"codes", 4, 4, read_codes, "GROUP,SYSTEM,MATCH,CODES"},
    {"hides", 2, CLASS_FIELDS_MAX - 1, read_hides, "GROUP,HIDDEN GROUP,..."},
    {"makes", 2, CLASS_FIELDS_MAX - 1, read_makes, "MADE GROUP,GROUP,..."},
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static lots_status unknown_row(draft *d)
{
    suggestion near;
    const char *word = d->rows.fields[0];
    suggest_begin(&near, word, (uint32_t)strlen(word));
    for (size_t i = 0; i < KIND_COUNT; i++)
        suggest_try(&near, kinds[i].keyword, (uint32_t)strlen(kinds[i].keyword));
    return hint_near(d, class_rows_fail(&d->rows, 0, "'%s' is no kind of row", word), near.found ? near.text : NULL);
}

static lots_status read_row(draft *d, bool first)
{
    const class_rows *rows = &d->rows;
    bool is_first = strcmp(rows->fields[0], "classification") == 0;
    if (first && !is_first)
        return class_rows_fail(rows, 0, "the first row of a classification is `classification,1`");
    if (!first && is_first)
        return class_rows_fail(rows, 0, "'classification' stands only in the first row");
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(rows->fields[0], kinds[i].keyword) != 0)
            continue;
        if (rows->count - 1 < kinds[i].least || rows->count - 1 > kinds[i].most)
            return class_rows_fail(rows, rows->count - 1, "%u fields where %s,%s is wanted", rows->count, kinds[i].keyword,
                                   kinds[i].fields);
        return kinds[i].read(d);
    }
    return unknown_row(d);
}

static lots_status read_all(draft *d)
{
    for (bool first = true;; first = false) {
        bool more = false;
        LOTS_TRY(class_rows_next(&d->rows, &more));
        if (!more)
            return first ? class_rows_fail_line(&d->rows, 0, "the file is empty") : classification_finish(d);
        LOTS_TRY(read_row(d, first));
    }
}

static lots_status open_draft(draft *d, const char *text, size_t bytes, const char *name, lots_arena *arena)
{
    void *made = NULL, *slots = NULL;
    if (bytes > LOTS_CLASSIFICATION_BYTES_MAX)
        return lots_fail(d->err, LOTS_QUERY, "%s: a classification of %zu bytes; at most %zu are read", name, bytes,
                         LOTS_CLASSIFICATION_BYTES_MAX);
    LOTS_TRY(class_rows_open(&d->rows, text, bytes, name, arena, d->err));
    LOTS_TRY(lots_arena_alloc(arena, &made, 1, sizeof *d->out, d->err));
    LOTS_TRY(lots_arena_alloc(arena, &slots, GROUP_SLOTS, sizeof *d->group_slots, d->err));
    d->out = made;
    d->group_slots = slots;
    d->out->name = d->out->title = d->out->version = d->out->source = d->out->licence = d->out->status = "";
    d->out->group_slots = d->group_slots;
    d->out->group_slot_mask = GROUP_SLOTS - 1;
    return LOTS_OK;
}

lots_status lots_classification_read(const char *text, size_t bytes, const char *name, lots_arena *arena,
                                     const lots_classification **out, lots_error *err)
{
    draft d = {.arena = arena,
               .err = err,
               .notes = LOTS_VEC(const char *),
               .systems = LOTS_VEC(lots_class_system),
               .sets = LOTS_VEC(lots_class_weights),
               .groups = LOTS_VEC(lots_class_group),
               .group_lines = LOTS_VEC(uint32_t),
               .weights = LOTS_VEC(weight_draft),
               .patterns = LOTS_VEC(lots_class_pattern),
               .makes = LOTS_VEC(lots_class_makes),
               .hides = LOTS_VEC(hides_draft)};
    lots_vec *const lists[] = {&d.notes,   &d.systems,  &d.sets,  &d.groups, &d.group_lines,
                               &d.weights, &d.patterns, &d.makes, &d.hides};
    *out = NULL;
    lots_status status = open_draft(&d, text, bytes, name, arena);
    if (status == LOTS_OK)
        status = read_all(&d);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        lots_vec_free(lists[i]);
    if (status == LOTS_OK)
        *out = d.out;
    return status;
}
