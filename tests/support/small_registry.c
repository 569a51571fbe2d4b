/* small_registry.c: see small_registry.h. What the store derives (order, ghosts, spans) is computed here once more, in SQL. */
#include "tests/support/small_registry.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/store/order.h"
#include "core/store/segment_writer.h"
#include "tests/support/small_sql.h"

typedef struct column_spec {
    const char *name;
    lots_kind kind;
    lots_role role;
    const char *domain; /* or system */
} column_spec;

typedef struct stream_spec {
    const char *name;
    lots_span span;
    bool undated;
    column_spec columns[20];
} stream_spec;

static const stream_spec specs[] = {
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
enum { STREAMS = sizeof specs / sizeof *specs, GHOST_DAYS = 300 };

/* The tables; `posts` is the one whose rows hold for a time. */
static const struct table_spec {
    const char *name;
    int32_t key, from, to;
    column_spec columns[10];
} table_specs[] = {
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
enum { TABLES = sizeof table_specs / sizeof *table_specs };

/* The words of each domain: there whether a row has them or not. */
static const struct {
    const char *name;
    const char *words[12];
} domains[] = {
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
enum { DOMAINS = sizeof domains / sizeof *domains };
static const char *domain_names[DOMAINS];

static const char *const code_texts[] = {
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
enum { CODES = sizeof code_texts / sizeof *code_texts, CODES_ICD = 20 };

static const char create[] =
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

/* ---- schema and dictionaries ---- */

static void describe_column(lots_column *column, const column_spec *spec)
{
    column->role = spec->role;
    column->scale = spec->kind == LOTS_KIND_DECIMAL ? 2 : 0;
    if (spec->domain != NULL)
        snprintf(spec->kind == LOTS_KIND_CATEGORY ? column->domain : column->system, LOTS_NAME_MAX, "%s", spec->domain);
}

static void add_column(lots_stream *stream, const column_spec *spec)
{
    lots_error err;
    lots_column *column;
    assert_ok(lots_stream_add_column(stream, spec->name, spec->kind, &column, &err));
    describe_column(column, spec);
}

static void add_table(lots_schema *schema, const struct table_spec *spec)
{
    lots_error err;
    lots_table_schema *table;
    lots_column *column;
    assert_ok(lots_schema_add_table(schema, spec->name, &table, &err));
    for (const column_spec *c = spec->columns; c->name != NULL; c++) {
        assert_ok(lots_table_add_column(table, c->name, c->kind, &column, &err));
        describe_column(column, c);
    }
    table->key_column = spec->key;
    table->valid_from_column = spec->from;
    table->valid_to_column = spec->to;
}

static void add_level(lots_stream *stream, const char *name, uint32_t rank, bool open)
{
    lots_error err;
    lots_level *level;
    assert_ok(lots_stream_add_level(stream, name, &level, &err));
    level->rank = rank;
    level->has_span = open;
    level->span = open ? LOTS_SPAN_OPEN : LOTS_SPAN_POINT;
}

static void make_schema(small_registry *r)
{
    lots_error err;
    lots_code_system *system;
    lots_stream *stream;
    assert_ok(lots_schema_add_system(&r->schema, "atc", LOTS_CODE_ATC, &system, &err));
    assert_ok(lots_schema_add_system(&r->schema, "icd10", LOTS_CODE_ICD10, &system, &err));
    assert_ok(lots_schema_add_system(&r->schema, "icd9", LOTS_CODE_ICD9, &system, &err));
    for (size_t s = 0; s < STREAMS; s++) {
        assert_ok(lots_schema_add_stream(&r->schema, specs[s].name, &stream, &err));
        stream->span = specs[s].span;
        stream->undated = specs[s].undated;
        if (s == 1) {
            stream->ghost_days = GHOST_DAYS;
            add_level(stream, "emergency", 1, false);
            add_level(stream, "primary", 2, false);
            add_level(stream, "specialist", 2, false);
            add_level(stream, "inpatient", 3, true);
            add_level(stream, "municipal", 4, false);
        }
        for (const column_spec *c = specs[s].columns; c->name != NULL; c++)
            add_column(stream, c);
    }
    for (size_t t = 0; t < TABLES; t++)
        add_table(&r->schema, &table_specs[t]);
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

static void code_key(const char *text, char key[64])
{
    const char *colon = strchr(text, ':');
    snprintf(key, 64, "%.*s%c%s", (int)(colon - text), text, LOTS_CODE_SEPARATOR, colon + 1);
}

static void make_dictionaries(small_registry *r)
{
    lots_error err;
    lots_dictionary_builder *builder;
    char key[64];
    for (size_t i = 0; i < DOMAINS; i++) {
        domain_names[i] = domains[i].name;
        assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
        for (const char *const *word = domains[i].words; *word != NULL; word++)
            intern(builder, *word);
        r->domains[i] = finish_dictionary(builder);
    }
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (size_t i = 0; i < CODES; i++) {
        code_key(code_texts[i], key);
        intern(builder, key);
    }
    for (size_t i = 0; i < sizeof rare_codes / sizeof *rare_codes; i++) {
        code_key(rare_codes[i], key);
        intern(builder, key);
    }
    r->codes = finish_dictionary(builder);
}

void small_open(small_registry *r)
{
    memset(r, 0, sizeof *r);
    r->from = lots_day_from_civil(2020, 1, 1);
    r->until = lots_day_from_civil(2023, 12, 31);
    lots_test_directory(r->directory);
    snprintf(r->path, sizeof r->path, "%s/r.lots", r->directory);
    assert_int_equal(sqlite3_open(":memory:", &r->sql), SQLITE_OK);
    small_sql_functions(r->sql);
    small_exec(r, create);
    make_schema(r);
    make_dictionaries(r);
}

void small_close(small_registry *r)
{
    lots_error err;
    lots_registry_close(r->registry);
    sqlite3_close(r->sql);
    lots_dictionary_close(r->codes);
    for (size_t i = 0; i < DOMAINS; i++)
        lots_dictionary_close(r->domains[i]);
    lots_schema_free(&r->schema);
    assert_ok(lots_path_remove_tree(r->directory, &err));
}

void small_exec(small_registry *r, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(r->sql, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s\nin: %s", message, sql);
}

/* ---- rows by hand ---- */

static void run_text(small_registry *r, char *sql)
{
    assert_non_null(sql);
    small_exec(r, sql);
    sqlite3_free(sql);
}

void small_patient(small_registry *r, const char *birth, const char *sex, const char *death)
{
    run_text(r, sqlite3_mprintf("INSERT INTO patients SELECT (SELECT count(*) FROM patients), d(%Q), %Q, d(%Q), NULL, NULL",
                                birth, sex, death));
}

void small_contact(small_registry *r, int p, const char *start, const char *end, const char *level, const char *provider,
                   const char *dx)
{
    run_text(r, sqlite3_mprintf("INSERT INTO contacts(p, start, \"end\", id, level, provider, form, status, dx) SELECT %d, d(%Q),"
                                " d(%Q), printf('c%%05d', (SELECT count(*) FROM contacts)), %Q, %Q, 'visit', 'done', %Q",
                                p, start, end, level, provider, dx));
}

/* ---- rows by chance ---- */

static uint64_t below(uint64_t *random, uint64_t limit) { return lots_test_random(random) % limit; }

/* A quoted word of a list ended by NULL, or NULL in one case of `gone` (0: never). */
static const char *pick(uint64_t *random, const char *const *words, uint64_t gone)
{
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    return gone != 0 && below(random, gone) == 0 ? NULL : words[below(random, count)];
}

static const char *number(uint64_t *random, uint64_t gone, int64_t low, uint64_t spread, char out[24])
{
    int64_t value = low + (int64_t)below(random, spread);
    if (gone != 0 && below(random, gone) == 0)
        return "NULL";
    snprintf(out, 24, "%lld", (long long)value);
    return out;
}

static int32_t random_day(const small_registry *r, uint64_t *random)
{
    static const char *const odd[] = {"2020-02-29", "2022-12-31", "2023-01-01", "2023-01-29", "2023-01-31", "2023-02-28",
                                      "2023-03-31", "2023-12-31", "2021-02-28", "2022-03-01"};
    lots_day day = 0;
    if (below(random, 8) == 0) {
        assert_true(lots_day_parse(odd[below(random, sizeof odd / sizeof *odd)], 10, &day));
        return day;
    }
    if (below(random, 3) != 0) /* a year of many events */
        return lots_day_from_civil(2022, 7, 1) + (int32_t)below(random, 400);
    return r->from + 200 + (int32_t)below(random, (uint64_t)(r->until - r->from - 200));
}

static void random_contact(small_registry *r, uint64_t *random, int p, int32_t day)
{
    static const char *const levels[] = {"emergency", "inpatient", "municipal", "primary", "primary", "specialist", NULL};
    static const char *const notes[] = {"fell at home", "home visit", "", "x", "Hjärta", NULL};
    char minute[24], end[24] = "NULL", cost[24], weight[40] = "NULL", dx[64] = "", acute[24];
    const char *level = pick(random, levels, 20);
    if (level != NULL && strcmp(level, "inpatient") == 0 && below(random, 6) != 0)
        snprintf(end, sizeof end, "%d", day + (int32_t)below(random, 12));
    if (below(random, 9) != 0)
        snprintf(weight, sizeof weight, "%.17g", ((double)below(random, 4000) - 1000) / 7);
    for (uint64_t n = below(random, 4); n > 0; n--) {
        const char *code = code_texts[below(random, CODES_ICD)];
        size_t used = strlen(dx);
        snprintf(dx + used, sizeof dx - used, "%s%s", used > 0 ? " " : "", strncmp(code, "icd10:", 6) == 0 ? code + 6 : code);
    }
    run_text(r, sqlite3_mprintf(
                    "INSERT INTO contacts(p, start, minute, \"end\", id, level, unit, provider, form, status, acute, cost,"
                    " weight, dx, note) VALUES (%d, %d, %s, %s, printf('c%%05d', %d * 4099 %% 99991), %Q, %Q, %Q, %Q, %Q, %s,"
                    " %s, %s, %Q, %Q)",
                    p, day, number(random, 2, 0, 4, minute), end, (int)sqlite3_total_changes(r->sql), level,
                    pick(random, domains[2].words, 8), pick(random, domains[3].words, 8), pick(random, domains[4].words, 10),
                    below(random, 3) != 0 ? "done" : pick(random, domains[5].words, 9), number(random, 6, 0, 2, acute),
                    number(random, 8, -2000, 60000, cost), weight, dx, pick(random, notes, 3)));
}

static void random_spans(small_registry *r, uint64_t *random, int p)
{
    for (uint64_t n = below(random, 4); n > 0; n--) {
        int32_t day = random_day(r, random), end = day + (int32_t)below(random, 300);
        run_text(r, sqlite3_mprintf("INSERT INTO services(p, start, \"end\", service) VALUES (%d, %d, nullif(%d, 0), %Q)", p, day,
                                    below(random, 4) == 0 ? 0 : end, pick(random, domains[6].words, 9)));
    }
    int32_t day = r->from + (int32_t)below(random, 200);
    for (uint64_t n = below(random, 4); n > 0; n--) {
        int32_t end = day + 100 + (int32_t)below(random, 700);
        bool last = n == 1 && below(random, 4) != 0;
        run_text(r, sqlite3_mprintf("INSERT INTO residence(p, start, \"end\", municipality, region) VALUES (%d, %d, nullif(%d, 0),"
                                    " %Q, %Q)",
                                    p, day, last ? 0 : end, pick(random, domains[7].words, 9),
                                    pick(random, domains[8].words, 9)));
        run_text(r, sqlite3_mprintf("INSERT INTO listing(p, start, \"end\", clinic) VALUES (%d, %d, nullif(%d, 0), %Q)", p, day,
                                    last ? 0 : end, pick(random, domains[9].words, 9)));
        day = end + (int32_t)below(random, 3) * (int32_t)below(random, 20);
    }
}

static void random_others(small_registry *r, uint64_t *random, int p)
{
    char packs[24], value[24];
    for (uint64_t n = below(random, 7); n > 0; n--) {
        run_text(r, sqlite3_mprintf("INSERT INTO drugs(p, start, atc, packs) VALUES (%d, %d, %Q, %s)", p, random_day(r, random),
                                    below(random, 9) == 0 ? NULL : code_texts[CODES_ICD + below(random, CODES - CODES_ICD)] + 4,
                                    number(random, 9, -1, 5, packs)));
        run_text(r, sqlite3_mprintf("INSERT INTO labs(p, start, test, value) VALUES (%d, %d, %Q, %s / 4.0)", p,
                                    random_day(r, random), pick(random, domains[10].words, 9),
                                    number(random, 9, 100, 300, value)));
        if (below(random, 2) == 0)
            run_text(r, sqlite3_mprintf("INSERT INTO notes VALUES (%d, printf('%%d', %d * 4099 %% 9973), %Q, %s)", p,
                                        (int)sqlite3_total_changes(r->sql), pick(random, domains[11].words, 9),
                                        number(random, 9, 0, 9, packs)));
    }
}

void small_random(small_registry *r, uint64_t seed, int patients)
{
    static const char *const births[] = {"1940-02-29", "1957-12-31", "2004-02-29", "1980-01-01", "2023-02-28"};
    uint64_t random = seed;
    char score[24], income[24];
    small_exec(r, "BEGIN");
    for (int p = 0; p < patients; p++) {
        int32_t birth = lots_day_from_civil(1930, 1, 1) + (int32_t)below(&random, 30000);
        int32_t death = r->from + 300 + (int32_t)below(&random, 1100);
        uint64_t kind = below(&random, 9);
        bool odd = below(&random, 6) == 0;
        run_text(r, sqlite3_mprintf("INSERT INTO patients VALUES (%d, coalesce(d(%Q), nullif(%d, 0)), %Q, nullif(%d, 0), %s, %s)",
                                    p, odd ? births[below(&random, 5)] : NULL, below(&random, 9) == 0 ? 0 : birth,
                                    pick(&random, domains[0].words, 12), below(&random, 5) == 0 ? death : 0,
                                    number(&random, 7, -3, 12, score), number(&random, 7, 0, 90000, income)));
        if (kind == 0)
            continue; /* nothing ever happened */
        random_spans(r, &random, p);
        random_others(r, &random, p);
        for (uint64_t n = kind == 1 ? 40 : below(&random, 22), i = 0; i < n; i++)
            random_contact(r, &random, p, kind == 1 ? lots_day_from_civil(2023, 2, 1) + (int32_t)below(&random, 30)
                                                    : random_day(r, &random));
    }
    small_exec(r, "COMMIT");
}

/* ---- what the store derives, in SQL ---- */

static const char derive[] =
    "CREATE TEMP TABLE levels(level, rank); INSERT INTO levels VALUES ('emergency', 1), ('primary', 2), ('specialist', 2),"
    " ('inpatient', 3), ('municipal', 4);"
    "CREATE TEMP TABLE o AS SELECT c.rowid AS r, row_number() OVER (PARTITION BY p ORDER BY start, minute NULLS LAST,"
    "  rank NULLS LAST, \"end\" NULLS LAST, id) AS n FROM contacts c LEFT JOIN levels USING (level);"
    "UPDATE contacts SET ord = (SELECT n FROM o WHERE r = contacts.rowid);"
    "CREATE TEMP TABLE until AS SELECT p, min(coalesce(death, 1e9), d('2023-12-31')) AS day FROM patients;"
    "UPDATE contacts SET ghost = level = 'inpatient' AND \"end\" IS NULL AND (EXISTS (SELECT 1 FROM contacts x WHERE x.p ="
    "  contacts.p AND x.level = 'inpatient' AND x.ord > contacts.ord) OR (SELECT day FROM until u WHERE u.p = contacts.p) -"
    "  start > 300);"
    "UPDATE contacts SET ghost = 0 WHERE ghost IS NULL;"
    "UPDATE contacts SET span_end = CASE WHEN \"end\" IS NOT NULL THEN \"end\" WHEN level = 'inpatient' THEN"
    "  max(start, (SELECT day FROM until u WHERE u.p = contacts.p)) ELSE start END;";

static const char *const derive_spans[] = {"services", "residence", "listing"};

static void derive_stream(small_registry *r, const char *stream, const char *content, bool span)
{
    run_text(r, sqlite3_mprintf("DROP TABLE o; CREATE TEMP TABLE o AS SELECT c.rowid AS r, row_number() OVER (PARTITION BY p"
                                " ORDER BY %s) AS n FROM %s c; UPDATE %s SET ord = (SELECT n FROM o WHERE r = %s.rowid);",
                                content, stream, stream, stream));
    if (!span)
        return;
    run_text(r, sqlite3_mprintf(
                    "UPDATE %s SET ghost = \"end\" IS NULL AND EXISTS (SELECT 1 FROM %s x WHERE x.p = %s.p AND x.ord > %s.ord);"
                    "UPDATE %s SET span_end = coalesce(\"end\", max(start, (SELECT day FROM until u WHERE u.p = %s.p)));",
                    stream, stream, stream, stream, stream, stream));
}

static void derive_all(small_registry *r)
{
    small_exec(r, derive);
    derive_stream(r, "drugs", "start, atc NULLS LAST, packs NULLS LAST", false);
    derive_stream(r, "labs", "start, test NULLS LAST, value NULLS LAST", false);
    derive_stream(r, derive_spans[0], "start, \"end\" NULLS LAST, service NULLS LAST", true);
    derive_stream(r, derive_spans[1], "start, \"end\" NULLS LAST, municipality NULLS LAST, region NULLS LAST", true);
    derive_stream(r, derive_spans[2], "start, \"end\" NULLS LAST, clinic NULLS LAST", true);
}

/* ---- from tables to segments ---- */

static lots_id stable_id(const lots_dictionary *dictionary, const char *key)
{
    lots_id rank = lots_dictionary_find(dictionary, key, strlen(key));
    if (rank == LOTS_NO_ID)
        fail_msg("no such word or code: %s", key);
    return lots_dictionary_stable_of_rank(dictionary)[rank];
}

static const lots_dictionary *domain_of(const small_registry *r, const char *name)
{
    for (size_t i = 0; i < DOMAINS; i++)
        if (strcmp(domains[i].name, name) == 0)
            return r->domains[i];
    return NULL;
}

static void full_code(const char *text, size_t bytes, const char *system, char key[64])
{
    char whole[160];
    bool named = memchr(text, ':', bytes) != NULL;
    snprintf(whole, sizeof whole, "%.40s%s%.*s", named ? "" : system, named ? "" : ":", bytes < 100 ? (int)bytes : 100, text);
    code_key(whole, key);
}

static void put_codes(small_registry *r, lots_batch *batch, uint32_t column, const char *id, const char *list)
{
    lots_error err;
    int pos = 0;
    for (const char *at = list; *at != '\0';) {
        size_t bytes = strcspn(at, " ");
        char key[64];
        full_code(at, bytes, "icd10", key);
        assert_ok(lots_batch_put_item(batch, column, stable_id(r->codes, key), &err));
        char *separator = strchr(key, LOTS_CODE_SEPARATOR);
        *separator = '\0';
        run_text(r, sqlite3_mprintf("INSERT INTO code VALUES (%Q, %d, %Q, %Q)", id, pos++, key, separator + 1));
        at += bytes + (at[bytes] == ' ' ? 1 : 0);
    }
}

static void put_value(small_registry *r, lots_batch *batch, uint32_t column, sqlite3_stmt *row, int at)
{
    lots_error err;
    const lots_column *schema = &batch->schema[column];
    char key[64];
    if (sqlite3_column_type(row, at) == SQLITE_NULL || schema->role == LOTS_ROLE_GHOST)
        return;
    const char *text = (const char *)sqlite3_column_text(row, at);
    switch (schema->kind) {
    case LOTS_KIND_CATEGORY:
        assert_ok(lots_batch_put_int(batch, column, stable_id(domain_of(r, schema->domain), text), &err));
        break;
    case LOTS_KIND_CODE:
        full_code(text, strlen(text), schema->system, key);
        assert_ok(lots_batch_put_int(batch, column, stable_id(r->codes, key), &err));
        break;
    case LOTS_KIND_CODES: put_codes(r, batch, column, (const char *)sqlite3_column_text(row, 4), text); break;
    case LOTS_KIND_TEXT: assert_ok(lots_batch_put_text(batch, column, text, strlen(text), &err)); break;
    case LOTS_KIND_FLOAT: assert_ok(lots_batch_put_float(batch, column, sqlite3_column_double(row, at), &err)); break;
    default: assert_ok(lots_batch_put_int(batch, column, sqlite3_column_int64(row, at), &err));
    }
}

/* The rows of a stream of patients first..end-1, in an order that is not the one wanted. */
static void read_rows(small_registry *r, size_t stream, uint32_t first, uint32_t end, lots_batch *out)
{
    lots_error err;
    sqlite3_stmt *row = NULL;
    char columns[400] = "p";
    for (const column_spec *c = specs[stream].columns; c->name != NULL; c++) {
        size_t used = strlen(columns);
        snprintf(columns + used, sizeof columns - used, ", %s\"%s\"", c->role == LOTS_ROLE_GHOST ? "NULL AS " : "", c->name);
    }
    char *sql = sqlite3_mprintf("SELECT %s FROM %s WHERE p >= %u AND p < %u ORDER BY p, rowid * 7919 %% 101", columns,
                                specs[stream].name, first, end);
    const lots_stream *schema = &r->schema.streams[stream];
    assert_ok(lots_batch_open(out, schema->columns, schema->column_count, &err));
    assert_int_equal(sqlite3_prepare_v2(r->sql, sql, -1, &row, NULL), SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW) {
        assert_ok(lots_batch_row_begin(out, (lots_patient)sqlite3_column_int(row, 0), &err));
        for (uint32_t c = 0; c < schema->column_count; c++)
            put_value(r, out, c, row, (int)c + 1);
        assert_ok(lots_batch_row_end(out, &err));
    }
    sqlite3_finalize(row);
    sqlite3_free(sql);
}

static lots_day *read_deaths(small_registry *r, const lots_batch *patients)
{
    lots_day *death = malloc((patients->rows + 1) * sizeof *death);
    int32_t column = lots_stream_find_role(&r->schema.streams[0], LOTS_ROLE_DEATH);
    const lots_batch_column *from = &patients->columns[column];
    for (uint32_t i = 0; i < patients->rows; i++)
        death[i] = ((const uint8_t *)from->missing.data)[i] ? LOTS_DAY_MAX : ((const int32_t *)from->values.data)[i];
    return death;
}

static void settle(small_registry *r, size_t stream, const lots_batch *raw, lots_patient first, const lots_day *death,
                   lots_batch *out)
{
    lots_error err;
    lots_settle_counts counts;
    const lots_stream *schema = &r->schema.streams[stream];
    const lots_dictionary *columns[LOTS_COLUMNS_MAX] = {NULL};
    for (uint32_t c = 0; c < schema->column_count; c++)
        if (schema->columns[c].kind == LOTS_KIND_CATEGORY)
            columns[c] = domain_of(r, schema->columns[c].domain);
    const lots_order_context context = {.stream = schema, .codes = r->codes, .domains = columns, .death = death,
                                        .first_patient = first, .covered_until = r->until};
    assert_ok(lots_order_settle(&context, raw, NULL, out, &counts, &err));
}

static void write_ids(const char *path, uint64_t segment, uint32_t first, uint32_t count)
{
    lots_error err;
    lots_bytes text = {0};
    uint64_t *offsets = calloc((size_t)count + 1, sizeof *offsets);
    for (uint32_t i = 0; i < count; i++) {
        assert_ok(lots_bytes_printf(&text, &err, "p%04u", first + i));
        offsets[i + 1] = text.count;
    }
    assert_ok(lots_identity_write(path, segment, (const char *)text.data, offsets, count, &err));
    lots_bytes_free(&text);
    free(offsets);
}

static void write_segment(small_registry *r, lots_registry_writer *writer, uint32_t first, uint32_t count,
                          lots_manifest_entry *entry)
{
    lots_error err;
    lots_batch raw[STREAMS], settled[STREAMS];
    const lots_batch *streams[STREAMS];
    lots_segment_result result;
    char *path = NULL, *identity = NULL;
    for (size_t s = 0; s < STREAMS; s++)
        read_rows(r, s, first, first + count, &raw[s]);
    lots_day *death = read_deaths(r, &raw[0]);
    for (size_t s = 0; s < STREAMS; s++) {
        streams[s] = s == 0 ? &raw[s] : &settled[s];
        if (s > 0)
            settle(r, s, &raw[s], first, death, &settled[s]);
    }
    assert_ok(lots_registry_new_segment(writer, &entry->id, &path, &identity, &err));
    const lots_segment_input input = {.id = entry->id, .schema = &r->schema, .patients = count, .first_patient = first,
                                      .streams = streams, .codes = r->codes,
                                      .domains = (const lots_dictionary *const *)r->domains,
                                      .domain_names = domain_names, .domain_count = DOMAINS};
    assert_ok(lots_segment_write(path, &input, &result, &err));
    write_ids(identity, entry->id, first, count);
    *entry = (lots_manifest_entry){entry->id, count, result.events, result.bytes, result.hash};
    lots_free(path);
    lots_free(identity);
    free(death);
    for (size_t s = 0; s < STREAMS; s++) {
        lots_batch_close(&raw[s]);
        if (s > 0)
            lots_batch_close(&settled[s]);
    }
}

static void read_table(small_registry *r, size_t number, lots_batch *out)
{
    lots_error err;
    sqlite3_stmt *row = NULL;
    const lots_table_schema *table = &r->schema.tables[number];
    char *sql = sqlite3_mprintf("SELECT * FROM %s ORDER BY rowid", table->name);
    assert_ok(lots_batch_open(out, table->columns, table->column_count, &err));
    assert_int_equal(sqlite3_prepare_v2(r->sql, sql, -1, &row, NULL), SQLITE_OK);
    sqlite3_free(sql);
    while (sqlite3_step(row) == SQLITE_ROW) {
        assert_ok(lots_batch_row_begin(out, 0, &err));
        for (uint32_t c = 0; c < table->column_count; c++)
            put_value(r, out, c, row, (int)c);
        assert_ok(lots_batch_row_end(out, &err));
    }
    sqlite3_finalize(row);
}

static void publish(small_registry *r, lots_registry_writer *writer, const lots_manifest_entry *entries, uint32_t count)
{
    lots_error err;
    lots_batch tables[TABLES];
    const lots_batch *lent[TABLES];
    lots_coverage coverage[STREAMS];
    uint32_t covered = 0;
    uint64_t generation = 0;
    memset(coverage, 0, sizeof coverage);
    for (size_t s = 1; s < STREAMS; s++) {
        if (specs[s].undated)
            continue;
        lots_coverage *one = &coverage[covered++];
        snprintf(one->stream, sizeof one->stream, "%s", specs[s].name);
        one->from = r->from;
        one->until = one->complete_until = r->until;
        one->extract = LOTS_DAY_MIN;
        one->declared = true;
    }
    for (size_t t = 0; t < TABLES; t++) {
        read_table(r, t, &tables[t]);
        lent[t] = &tables[t];
    }
    const lots_generation_input input = {.schema = &r->schema, .codes = r->codes,
                                         .domains = (const lots_dictionary *const *)r->domains,
                                         .domain_names = domain_names, .domain_count = DOMAINS, .segments = entries,
                                         .segment_count = count, .coverage = coverage, .coverage_count = covered,
                                         .tables = lent};
    assert_ok(lots_registry_publish(writer, &input, &generation, &err));
    for (size_t t = 0; t < TABLES; t++)
        lots_batch_close(&tables[t]);
}

void small_publish(small_registry *r, uint32_t segment_patients)
{
    lots_error err;
    lots_registry_writer *writer;
    lots_registry *base;
    lots_manifest_entry entries[64];
    sqlite3_stmt *row = NULL;
    uint32_t count = 0;
    assert_int_equal(sqlite3_prepare_v2(r->sql, "SELECT count(*) FROM patients", -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    uint32_t patients = (uint32_t)sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    assert_ok(lots_registry_begin(&writer, r->path, true, &base, &err));
    small_exec(r, "BEGIN");
    for (uint32_t first = 0; first < patients; first += segment_patients) {
        uint32_t more = patients - first < segment_patients ? patients - first : segment_patients;
        assert_true(count < 64);
        write_segment(r, writer, first, more, &entries[count++]);
    }
    publish(r, writer, entries, count);
    lots_registry_end(writer);
    assert_ok(lots_registry_open(&r->registry, r->path, NULL, &err));
    derive_all(r);
    small_exec(r, "UPDATE contacts SET \"end\" = start WHERE level IS NOT 'inpatient'");
    small_exec(r, "COMMIT");
}
