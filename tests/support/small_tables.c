/* small_tables.c: the streams, tables, words and codes of the small registry, once for the store and once for SQL; and its
 * schema and dictionaries, made of them. */
#include "tests/support/small_tables.h"

#include <stdio.h>

#include "tests/support/schema_parts.h"

enum { GHOST_DAYS = 300 };

const small_stream small_streams[] = {
    {"patients", LOTS_SPAN_POINT, true,
     {{"birth", LOTS_KIND_DATE, LOTS_ROLE_BIRTH, NULL}, {"sex", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "sex"},
      {"death", LOTS_KIND_DATE, LOTS_ROLE_DEATH, NULL}, {"score", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL},
      {"income", LOTS_KIND_DECIMAL, LOTS_ROLE_NONE, NULL}}},
    {"contacts", LOTS_SPAN_POINT, false,
     {{"start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL}, {"minute", LOTS_KIND_INT, LOTS_ROLE_MINUTE, NULL},
      {"end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL}, {"id", LOTS_KIND_TEXT, LOTS_ROLE_KEY, NULL},
      {"level", LOTS_KIND_CATEGORY, LOTS_ROLE_LEVEL, "level"}, {"unit", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit"},
      {"provider", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "provider"}, {"form", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "form"},
      {"status", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "status"}, {"acute", LOTS_KIND_BOOL, LOTS_ROLE_NONE, NULL},
      {"cost", LOTS_KIND_DECIMAL, LOTS_ROLE_NONE, NULL}, {"weight", LOTS_KIND_FLOAT, LOTS_ROLE_NONE, NULL},
      {"dx", LOTS_KIND_CODES, LOTS_ROLE_NONE, "icd10"}, {"note", LOTS_KIND_TEXT, LOTS_ROLE_NONE, NULL},
      {"ghost", LOTS_KIND_BOOL, LOTS_ROLE_GHOST, NULL}}},
    {"drugs", LOTS_SPAN_POINT, false,
     {{"start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL}, {"atc", LOTS_KIND_CODE, LOTS_ROLE_NONE, "atc"},
      {"packs", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL}}},
    {"services", LOTS_SPAN_OPEN, false,
     {{"start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL}, {"end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL},
      {"service", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "service"}, {"ghost", LOTS_KIND_BOOL, LOTS_ROLE_GHOST, NULL}}},
    {"residence", LOTS_SPAN_OPEN, false,
     {{"start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL}, {"end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL},
      {"municipality", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "municipality"},
      {"region", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "region"}, {"ghost", LOTS_KIND_BOOL, LOTS_ROLE_GHOST, NULL}}},
    {"listing", LOTS_SPAN_OPEN, false,
     {{"start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL}, {"end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL},
      {"clinic", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "clinic"}, {"ghost", LOTS_KIND_BOOL, LOTS_ROLE_GHOST, NULL}}},
    {"labs", LOTS_SPAN_POINT, false,
     {{"start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL}, {"test", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "test"},
      {"value", LOTS_KIND_FLOAT, LOTS_ROLE_NONE, NULL}}},
    {"notes", LOTS_SPAN_POINT, true,
     {{"id", LOTS_KIND_TEXT, LOTS_ROLE_KEY, NULL}, {"kind", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "kind"},
      {"points", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL}}},
};

const small_table small_tables[] = {
    {"units", 0, -1, -1,
     {{"unit", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit"}, {"region", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "region"},
      {"beds", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL}}},
    {"posts", 0, 1, 2,
     {{"unit", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit"}, {"opened", LOTS_KIND_DATE, LOTS_ROLE_NONE, NULL},
      {"closed", LOTS_KIND_DATE, LOTS_ROLE_NONE, NULL}, {"chief", LOTS_KIND_TEXT, LOTS_ROLE_NONE, NULL},
      {"area", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "region"}, {"heir", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit"}}},
    {"fees", -1, -1, -1,
     {{"year", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL}, {"level", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "level"},
      {"fee", LOTS_KIND_DECIMAL, LOTS_ROLE_NONE, NULL}, {"weight", LOTS_KIND_FLOAT, LOTS_ROLE_NONE, NULL},
      {"day", LOTS_KIND_DATE, LOTS_ROLE_NONE, NULL}, {"free", LOTS_KIND_BOOL, LOTS_ROLE_NONE, NULL},
      {"text", LOTS_KIND_TEXT, LOTS_ROLE_NONE, NULL}, {"atc", LOTS_KIND_CODE, LOTS_ROLE_NONE, "atc"}}},
};

const small_domain small_domains[] = {
    {"sex", {"female", "male"}},
    {"level", {"emergency", "inpatient", "municipal", "primary", "specialist"}},
    {"unit", {"u1", "u2", "u3", "u4", "u5"}},
    {"provider", {"A", "B", "C", "D", "E", "Hosp X", "Hosp Y"}},
    {"form", {"phone", "visit", "digital"}},
    {"status", {"done", "booked", "cancelled"}},
    {"service", {"home_care", "day_care", "meals"}},
    {"municipality", {"Alvik", "Boden", "Kiruna"}},
    {"region", {"North", "South"}},
    {"clinic", {"Norr", "Syd"}},
    {"test", {"hba1c", "weight", "crp"}},
    {"kind", {"plan", "phone", "other"}},
};

const char *const small_codes[] = {
    "icd10:E10",  "icd10:E11",  "icd10:E119", "icd10:E14",   "icd10:E149", "icd10:E15", "icd10:F00",  "icd10:F03",
    "icd10:G30",  "icd10:I10",  "icd10:I109", "icd10:I11",   "icd10:I110", "icd10:I50", "icd10:I501", "icd10:I509A",
    "icd10:J44",  "icd9:250",   "icd9:250A",  "icd9:401",    "atc:A10BA02", "atc:C07AB02", "atc:C07AB03", "atc:N02BE01",
    "atc:N02BE",
};
/* In the dictionary, and in a row only when a test puts them there. */
static const char *const rare_codes[] = {
    "icd10:A184C", "icd10:B238", "icd10:C449", "icd10:C509", "icd10:C780", "icd10:E109", "icd10:E112", "icd10:E116",
    "icd10:E118",  "icd10:E669", "icd10:F001", "icd10:F009", "icd10:F102", "icd10:F329", "icd10:G819", "icd10:I130",
    "icd10:I214",  "icd10:I219A", "icd10:I509", "icd10:I639", "icd10:J441", "icd10:J459", "icd10:K550", "icd10:K703",
    "icd10:N179",  "icd10:N390", "icd10:R189", "icd10:V422", "icd10:W199", "icd9:V42A",
};

const char small_create[] =
    "CREATE TABLE patients(p INTEGER PRIMARY KEY, birth, sex, death, score, income);"
    "CREATE TABLE contacts(p, start, minute, \"end\", id TEXT UNIQUE, level, unit, provider, form, status, acute, cost, weight REAL,"
    "  dx, note, ghost, ord, span_end);"
    "CREATE TABLE drugs(p, start, atc, packs, ord);"
    "CREATE TABLE services(p, start, \"end\", service, ghost, ord, span_end);"
    "CREATE TABLE residence(p, start, \"end\", municipality, region, ghost, ord, span_end);"
    "CREATE TABLE listing(p, start, \"end\", clinic, ghost, ord, span_end);"
    "CREATE TABLE labs(p, start, test, value REAL, ord);"
    "CREATE TABLE notes(p, id TEXT UNIQUE, kind, points);"
    "CREATE TABLE units(unit, region, beds);"
    "CREATE TABLE posts(unit, opened, closed, chief, area, heir);"
    "CREATE TABLE fees(year, level, fee, weight REAL, day, free, text, atc);"
    "CREATE TABLE code(id, pos, system, code);"
    "CREATE TABLE days(x INTEGER PRIMARY KEY);"
    "WITH RECURSIVE day(x) AS (SELECT d('2019-01-01') UNION ALL SELECT x + 1 FROM day WHERE x < d('2024-12-31'))"
    " INSERT INTO days SELECT x FROM day;"
    "CREATE INDEX contacts_p ON contacts(p, start); CREATE INDEX contacts_o ON contacts(p, ord); CREATE INDEX code_id ON code(id);"
    "CREATE INDEX drugs_p ON drugs(p); CREATE INDEX services_p ON services(p); CREATE INDEX residence_p ON residence(p);"
    "CREATE INDEX notes_p ON notes(p); CREATE INDEX labs_p ON labs(p); CREATE INDEX listing_p ON listing(p);"
    "INSERT INTO units VALUES ('u1', 'North', 10), ('u2', 'South', 20), ('u3', 'South', NULL), ('u4', NULL, 5);"
    /* u1: ended ones under one that goes on; u2: a gap, and two short ones within a long one; u3: two that begin together */
    "INSERT INTO posts VALUES ('u1', NULL, d('2021-06-30'), 'Ada', 'North', 'u2'),"
    " ('u1', d('2021-07-01'), d('2022-12-31'), 'Bo', 'South', NULL), ('u1', d('2022-07-01'), NULL, 'Cy', 'North', 'u3'),"
    " ('u1', d('2022-09-01'), d('2022-09-30'), NULL, 'South', 'u1'), ('u2', d('2020-01-01'), d('2020-12-31'), 'Di', NULL, 'u1'),"
    " ('u2', d('2022-01-01'), d('2023-02-28'), 'Ed', 'South', 'u3'), ('u2', d('2022-03-01'), d('2022-04-30'), 'Fy', 'North', 'u4'),"
    " ('u2', d('2022-05-01'), d('2022-05-31'), 'Åke', 'North', NULL), ('u3', d('2021-01-01'), d('2023-01-31'), 'Gun', 'North', 'u2'),"
    " ('u3', d('2021-01-01'), NULL, 'Hu', 'South', 'u1'), ('u5', NULL, NULL, 'Ivo', 'North', 'u5');"
    "INSERT INTO fees VALUES (2021, 'primary', 10000, 0.5, d('2021-01-01'), 0, 'first', 'A10BA02'),"
    " (2022, 'primary', 10550, 0.25, d('2022-01-01'), 0, '', NULL), (2023, 'primary', 11000, NULL, d('2023-01-01'), 1, 'Öl', 'C07AB02'),"
    " (2022, 'inpatient', 250000, 3.5, NULL, NULL, NULL, 'C07AB03'), (2023, 'inpatient', NULL, 4.25, d('2023-04-01'), 0, 'x', 'N02BE01'),"
    " (2023, 'emergency', 40000, 1.5, d('2023-01-01'), NULL, 'x', NULL), (2022, NULL, 1, -1, d('2022-06-30'), 1, NULL, 'N02BE'),"
    " (NULL, 'emergency', 500, 0, NULL, 0, 'first', NULL);";

static void describe_column(lots_column *column, const small_column *spec)
{
    column->role = spec->role;
    column->scale = spec->kind == LOTS_KIND_DECIMAL ? 2 : 0;
    if (spec->domain != NULL)
        snprintf(spec->kind == LOTS_KIND_CATEGORY ? column->domain : column->system, LOTS_NAME_MAX, "%s", spec->domain);
}

static void add_column(lots_stream *stream, const small_column *spec)
{
    lots_error err;
    lots_column *column;
    assert_ok(lots_stream_add_column(stream, spec->name, spec->kind, &column, &err));
    describe_column(column, spec);
}

static void add_table(lots_schema *schema, const small_table *spec)
{
    lots_error err;
    lots_table_schema *table;
    lots_column *column;
    assert_ok(lots_schema_add_table(schema, spec->name, &table, &err));
    for (const small_column *c = spec->columns; c->name != NULL; c++) {
        assert_ok(lots_table_add_column(table, c->name, c->kind, &column, &err));
        describe_column(column, c);
    }
    table->key_column = spec->key;
    table->valid_from_column = spec->from;
    table->valid_to_column = spec->to;
}

void small_make_schema(small_registry *r)
{
    lots_error err;
    lots_code_system *system;
    lots_stream *stream;
    assert_ok(lots_schema_add_system(&r->schema, "atc", LOTS_CODE_ATC, &system, &err));
    assert_ok(lots_schema_add_system(&r->schema, "icd10", LOTS_CODE_ICD10, &system, &err));
    assert_ok(lots_schema_add_system(&r->schema, "icd9", LOTS_CODE_ICD9, &system, &err));
    for (size_t s = 0; s < SMALL_STREAMS; s++) {
        assert_ok(lots_schema_add_stream(&r->schema, small_streams[s].name, &stream, &err));
        stream->span = small_streams[s].span;
        stream->undated = small_streams[s].undated;
        if (s == 1) {
            stream->ghost_days = GHOST_DAYS;
            add_level(stream, "emergency", 1, -1);
            add_level(stream, "primary", 2, -1);
            add_level(stream, "specialist", 2, -1);
            add_level(stream, "inpatient", 3, LOTS_SPAN_OPEN);
            add_level(stream, "municipal", 4, -1);
        }
        for (const small_column *c = small_streams[s].columns; c->name != NULL; c++)
            add_column(stream, c);
    }
    for (size_t t = 0; t < SMALL_TABLES; t++)
        add_table(&r->schema, &small_tables[t]);
}

static void intern(lots_dictionary_builder *builder, const char *key)
{
    lots_error err;
    lots_id id;
    assert_ok(lots_dictionary_intern(builder, key, strlen(key), &id, &err));
    if (strcmp(key, "icd10\x1fI50") == 0)
        assert_ok(lots_dictionary_label(builder, id, "Heart failure", 13, &err));
}

static lots_dictionary *finish_dictionary(lots_dictionary_builder *builder)
{
    lots_error err;
    lots_dictionary *out;
    assert_ok(lots_dictionary_finish(builder, &out, NULL, &err));
    lots_dictionary_builder_close(builder);
    return out;
}

void small_code_key(const char *text, char key[64])
{
    const char *colon = strchr(text, ':');
    snprintf(key, 64, "%.*s%c%s", (int)(colon - text), text, LOTS_CODE_SEPARATOR, colon + 1);
}

void small_make_dictionaries(small_registry *r)
{
    lots_error err;
    lots_dictionary_builder *builder;
    char key[64];
    for (size_t i = 0; i < SMALL_DOMAINS_USED; i++) {
        assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
        for (const char *const *word = small_domains[i].words; *word != NULL; word++)
            intern(builder, *word);
        r->domains[i] = finish_dictionary(builder);
    }
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (size_t i = 0; i < SMALL_CODES; i++) {
        small_code_key(small_codes[i], key);
        intern(builder, key);
    }
    for (size_t i = 0; i < sizeof rare_codes / sizeof *rare_codes; i++) {
        small_code_key(rare_codes[i], key);
        intern(builder, key);
    }
    r->codes = finish_dictionary(builder);
}
