/* test_schema.c: building, validating, merging and the image of a schema. */
#include "tests/support/lots_test.h"
#include "tests/support/schema_parts.h"

#include <stdio.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/store/schema.h"

/* ---- a schema with everything in it ---- */

static lots_column *add(lots_stream *stream, const char *name, lots_kind kind, lots_role role)
{
    lots_error err;
    lots_column *column;
    assert_ok(lots_stream_add_column(stream, name, kind, &column, &err));
    column->role = role;
    if (kind == LOTS_KIND_CATEGORY)
        strcpy(column->domain, name);
    return column;
}

static lots_stream *stream_of(lots_schema *schema, const char *name)
{
    lots_error err;
    lots_stream *stream;
    assert_ok(lots_schema_add_stream(schema, name, &stream, &err));
    return stream;
}

static void add_system(lots_schema *schema, const char *name, lots_code_form form, const char *version)
{
    lots_error err;
    lots_code_system *system;
    assert_ok(lots_schema_add_system(schema, name, form, &system, &err));
    strcpy(system->version, version);
}

static void make_contacts(lots_schema *schema)
{
    lots_stream *contacts = stream_of(schema, "contacts");
    add(contacts, "start", LOTS_KIND_DATE, LOTS_ROLE_START);
    add(contacts, "minute", LOTS_KIND_INT, LOTS_ROLE_MINUTE);
    add(contacts, "end", LOTS_KIND_DATE, LOTS_ROLE_END);
    add(contacts, "id", LOTS_KIND_TEXT, LOTS_ROLE_KEY);
    add(contacts, "level", LOTS_KIND_CATEGORY, LOTS_ROLE_LEVEL)->closed = true;
    add(contacts, "cost", LOTS_KIND_DECIMAL, LOTS_ROLE_NONE)->scale = 2;
    strcpy(add(contacts, "dx", LOTS_KIND_CODES, LOTS_ROLE_NONE)->system, "icd10");
    add(contacts, "note", LOTS_KIND_TEXT, LOTS_ROLE_NONE)->cold = true;
    add(contacts, "värde", LOTS_KIND_FLOAT, LOTS_ROLE_NONE);
    add(contacts, "ghost", LOTS_KIND_BOOL, LOTS_ROLE_GHOST);
    contacts->span = LOTS_SPAN_POINT;
    contacts->ghost_days = 3650;
    contacts->no_identity = true;
    add_level(contacts, "primary", 1, -1);
    add_level(contacts, "inpatient", 3, LOTS_SPAN_OPEN);
}

static void make_table(lots_schema *schema)
{
    lots_error err;
    lots_table_schema *units;
    lots_column *column;
    assert_ok(lots_schema_add_table(schema, "units", &units, &err));
    assert_int_equal(units->key_column, -1);
    assert_ok(lots_table_add_column(units, "unit", LOTS_KIND_CATEGORY, &column, &err));
    strcpy(column->domain, "unit");
    assert_ok(lots_table_add_column(units, "from_day", LOTS_KIND_DATE, &column, &err));
    assert_ok(lots_table_add_column(units, "to_day", LOTS_KIND_DATE, &column, &err));
    assert_ok(lots_table_add_column(units, "beds", LOTS_KIND_INT, &column, &err));
    units->key_column = 0;
    units->valid_from_column = 1;
    units->valid_to_column = 2;
}

static void make_schema(lots_schema *schema)
{
    *schema = (lots_schema){0};
    add_system(schema, "kva", LOTS_CODE_KVA, "2023");
    add_system(schema, "atc", LOTS_CODE_ATC, "");
    add_system(schema, "icd10", LOTS_CODE_ICD10, "2023 höst");
    lots_stream *patients = stream_of(schema, "patients");
    add(patients, "birth", LOTS_KIND_DATE, LOTS_ROLE_BIRTH);
    add(patients, "death", LOTS_KIND_DATE, LOTS_ROLE_DEATH);
    add(patients, "protected", LOTS_KIND_BOOL, LOTS_ROLE_PROTECTED);
    add(patients, "no_contact", LOTS_KIND_BOOL, LOTS_ROLE_NO_CONTACT);
    make_contacts(schema);
    lots_stream *undated = stream_of(schema, "history");
    undated->undated = true;
    add(undated, "id", LOTS_KIND_TEXT, LOTS_ROLE_KEY);
    strcpy(add(undated, "code", LOTS_KIND_CODE, LOTS_ROLE_NONE)->system, "icd10");
    make_table(schema);
}

static bool same_bytes(const lots_schema *a, const lots_schema *b)
{
    lots_error err;
    lots_bytes left = {0}, right = {0};
    assert_ok(lots_schema_save(a, &left, &err));
    assert_ok(lots_schema_save(b, &right, &err));
    bool same = left.count == right.count && memcmp(left.data, right.data, left.count) == 0;
    lots_bytes_free(&left);
    lots_bytes_free(&right);
    return same;
}

/* ---- building ---- */

static void kinds_have_names_that_parse_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LOTS_KIND_COUNT; i++) {
        lots_kind kind = LOTS_KIND_COUNT;
        assert_true(lots_kind_parse(lots_kind_name((lots_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    lots_kind kind;
    assert_false(lots_kind_parse("integer", &kind));
    assert_string_equal(lots_kind_name(LOTS_KIND_COUNT), "?");
    assert_int_equal(lots_kind_phys(LOTS_KIND_CODES), LOTS_PHYS_U32);
    assert_int_equal(lots_kind_phys(LOTS_KIND_DECIMAL), LOTS_PHYS_I64);
}

static void names_are_lower_case_words_of_at_most_63_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool good;
        const char *why;
    } cases[] = {
        {"contacts", true, "a word"},
        {"_x9", true, "underscore first, digit later"},
        {"vård", true, "a letter beyond ASCII"},
        {"åäö", true, "only such letters"},
        {"", false, "empty"},
        {"9x", false, "a digit first"},
        {"Contacts", false, "upper case"},
        {"Ål", false, "upper case beyond ASCII"},
        {"a b", false, "a blank"},
        {"a.b", false, "a dot means a path in the language"},
        {"a/b", false, "names become files"},
        {"..", false, "names become files"},
        {"\xff", false, "no UTF-8"},
        {"a\xc3", false, "half a character"},
        {"a\xcc\x8a", false, "a combining mark: two ways to write one name"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true, "63 bytes"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false, "64 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lots_schema schema = {0};
        lots_stream *stream;
        lots_error err;
        lots_status status = lots_schema_add_stream(&schema, cases[i].name, &stream, &err);
        if ((status == LOTS_OK) != cases[i].good)
            fail_msg("%s ('%s'): %s", cases[i].why, cases[i].name, lots_status_name(status));
        lots_schema_free(&schema);
    }
}

static void a_name_is_declared_once(void **state)
{
    (void)state;
    lots_error err;
    lots_schema schema;
    lots_stream *stream;
    lots_column *column;
    lots_level *level;
    lots_code_system *system;
    lots_table_schema *table;
    make_schema(&schema);
    assert_status(LOTS_USAGE, lots_schema_add_stream(&schema, "contacts", &stream, &err));
    assert_status(LOTS_USAGE, lots_stream_add_column(&schema.streams[1], "dx", LOTS_KIND_INT, &column, &err));
    assert_contains(err.text, "contacts");
    assert_status(LOTS_USAGE, lots_stream_add_level(&schema.streams[1], "primary", &level, &err));
    assert_status(LOTS_USAGE, lots_schema_add_system(&schema, "atc", LOTS_CODE_ATC, &system, &err));
    assert_status(LOTS_USAGE, lots_schema_add_table(&schema, "units", &table, &err));
    assert_status(LOTS_USAGE, lots_table_add_column(&schema.tables[0], "beds", LOTS_KIND_INT, &column, &err));
    lots_schema_free(&schema);
}

static void limits_of_streams_and_columns_hold(void **state)
{
    (void)state;
    lots_error err;
    lots_schema schema = {0};
    lots_stream *stream;
    lots_column *column;
    char name[32];
    for (unsigned i = 0; i < LOTS_STREAMS_MAX; i++) {
        snprintf(name, sizeof name, "s%u", i);
        assert_ok(lots_schema_add_stream(&schema, name, &stream, &err));
    }
    assert_status(LOTS_USAGE, lots_schema_add_stream(&schema, "more", &stream, &err));
    for (unsigned i = 0; i < LOTS_COLUMNS_MAX; i++) {
        snprintf(name, sizeof name, "c%u", i);
        assert_ok(lots_stream_add_column(&schema.streams[0], name, LOTS_KIND_INT, &column, &err));
    }
    assert_status(LOTS_USAGE, lots_stream_add_column(&schema.streams[0], "more", LOTS_KIND_INT, &column, &err));
    lots_schema_free(&schema);
}

static void systems_are_kept_by_name_and_things_are_found(void **state)
{
    (void)state;
    lots_schema schema;
    make_schema(&schema);
    assert_string_equal(schema.systems[0].name, "atc");
    assert_string_equal(schema.systems[1].name, "icd10");
    assert_string_equal(schema.systems[1].version, "2023 höst");
    assert_string_equal(schema.systems[2].name, "kva");
    assert_int_equal(schema.systems[2].form, LOTS_CODE_KVA);
    assert_int_equal(lots_schema_find_system(&schema, "kvattt", 3), 2);
    assert_int_equal(lots_schema_find_stream(&schema, "contacts", 8), 1);
    assert_int_equal(lots_schema_find_stream(&schema, "contact", 7), -1);
    assert_int_equal(lots_schema_find_table(&schema, "units", 5), 0);
    assert_int_equal(lots_stream_find_column(&schema.streams[1], "dx", 2), 6);
    assert_int_equal(lots_stream_find_role(&schema.streams[1], LOTS_ROLE_GHOST), 9);
    assert_int_equal(lots_stream_find_role(&schema.streams[0], LOTS_ROLE_START), -1);
    lots_schema_free(&schema);
}

/* ---- validating: each row breaks one rule of a valid schema ---- */

static void break_second_patients(lots_schema *s) { strcpy(s->streams[1].name, "patients"); }
static void break_first_stream(lots_schema *s) { strcpy(s->streams[0].name, "people"); }
static void break_stream_name(lots_schema *s) { strcpy(s->streams[1].name, "Contacts"); }
static void break_twice_stream(lots_schema *s) { strcpy(s->streams[2].name, "contacts"); }
static void break_twice_column(lots_schema *s) { strcpy(s->streams[1].columns[7].name, "dx"); }
static void break_kind(lots_schema *s) { s->streams[1].columns[7].kind = LOTS_KIND_COUNT; }
static void break_role(lots_schema *s) { s->streams[1].columns[7].role = (lots_role)99; }
static void break_scale(lots_schema *s) { s->streams[1].columns[5].scale = 19; }
static void break_scale_of_int(lots_schema *s) { s->streams[1].columns[1].scale = 1; }
static void break_closed(lots_schema *s) { s->streams[1].columns[7].closed = true; }
static void break_domain(lots_schema *s) { s->streams[1].columns[4].domain[0] = '\0'; }
static void break_domain_of_text(lots_schema *s) { strcpy(s->streams[1].columns[7].domain, "x"); }
static void break_domain_name(lots_schema *s) { strcpy(s->streams[1].columns[4].domain, "../x"); }
static void break_system(lots_schema *s) { strcpy(s->streams[1].columns[6].system, "icd11"); }
static void break_system_of_text(lots_schema *s) { strcpy(s->streams[1].columns[7].system, "icd10"); }
static void break_start_kind(lots_schema *s) { s->streams[1].columns[0].kind = LOTS_KIND_INT; }
static void break_start_name(lots_schema *s) { strcpy(s->streams[1].columns[0].name, "begin"); }
static void break_start_role(lots_schema *s) { s->streams[1].columns[0].role = LOTS_ROLE_NONE; }
static void break_role_in_patients(lots_schema *s) { s->streams[0].columns[0].role = LOTS_ROLE_END; }
static void break_role_in_events(lots_schema *s) { s->streams[1].columns[7].role = LOTS_ROLE_BIRTH; }
static void break_two_births(lots_schema *s) { s->streams[0].columns[1].role = LOTS_ROLE_BIRTH; }
static void break_birth_kind(lots_schema *s) { s->streams[0].columns[0].kind = LOTS_KIND_INT; }
static void break_undated(lots_schema *s) { s->streams[1].undated = true; }
static void break_dated(lots_schema *s) { s->streams[2].undated = false; }
static void break_no_columns(lots_schema *s) { s->streams[2].column_count = 0; }
static void break_span(lots_schema *s) { s->streams[1].span = (lots_span)3; }
static void break_ghost_days(lots_schema *s) { s->streams[1].ghost_days = -1; }
static void break_level_column(lots_schema *s) { s->streams[1].columns[4].role = LOTS_ROLE_NONE; }
static void break_level_twice(lots_schema *s) { strcpy(s->streams[1].levels[1].value, "primary"); }
static void break_level_empty(lots_schema *s) { s->streams[1].levels[1].value[0] = '\0'; }
static void break_level_control(lots_schema *s) { strcpy(s->streams[1].levels[1].value, "a\nb"); }
static void break_ghosts_without_open(lots_schema *s) { s->streams[1].levels[1].has_span = false; }
static void break_systems_order(lots_schema *s) { strcpy(s->systems[0].name, "z"); }
static void break_system_form(lots_schema *s) { s->systems[0].form = (lots_code_form)9; }
static void break_id_kind(lots_schema *s) { strcpy(s->id_kind, "ssn"); }
static void break_table_role(lots_schema *s) { s->tables[0].columns[1].role = LOTS_ROLE_START; }
static void break_table_key(lots_schema *s) { s->tables[0].key_column = 4; }
static void break_table_key_below(lots_schema *s) { s->tables[0].key_column = -2; }
static void break_table_key_kind(lots_schema *s) { s->tables[0].key_column = 1; }
static void break_table_valid(lots_schema *s) { s->tables[0].valid_to_column = 3; }
static void break_table_same(lots_schema *s) { s->tables[0].valid_to_column = 1; }
static void break_table_empty(lots_schema *s) { s->tables[0].column_count = 0; s->tables[0].key_column = -1; }
static void break_order(lots_schema *s)
{
    lots_column moved = s->streams[1].columns[3];
    s->streams[1].columns[3] = s->streams[1].columns[4];
    s->streams[1].columns[4] = moved;
}

static void validate_names_the_rule_that_is_broken(void **state)
{
    (void)state;
    static const struct {
        void (*breaks)(lots_schema *);
        const char *says;
    } cases[] = {
        {break_second_patients, "patients"},   {break_first_stream, "patients"},
        {break_stream_name, "Contacts"},       {break_twice_stream, "twice"},
        {break_twice_column, "'dx'"},          {break_kind, "note"},
        {break_role, "note"},                  {break_scale, "cost"},
        {break_scale_of_int, "minute"},        {break_closed, "note"},
        {break_domain, "level"},               {break_domain_of_text, "note"},
        {break_domain_name, "../x"},           {break_system, "icd11"},
        {break_system_of_text, "note"},        {break_start_kind, "start"},
        {break_start_name, "begin"},           {break_start_role, "start"},
        {break_role_in_patients, "birth"},     {break_role_in_events, "note"},
        {break_two_births, "birth"},           {break_birth_kind, "birth"},
        {break_undated, "contacts"},           {break_dated, "history"},
        {break_no_columns, "history"},         {break_span, "contacts"},
        {break_ghost_days, "contacts"},        {break_level_column, "level"},
        {break_level_twice, "primary"},        {break_level_empty, "level"},
        {break_level_control, "level"},        {break_ghosts_without_open, "ghosts"},
        {break_systems_order, "icd10"},        {break_system_form, "atc"},
        {break_id_kind, "ssn"},                {break_table_role, "units"},
        {break_table_key, "units"},            {break_table_key_below, "units"},
        {break_table_key_kind, "from_day"},    {break_table_valid, "beds"},
        {break_table_same, "from_day"},        {break_table_empty, "units"},
        {break_order, "'id'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lots_error err;
        lots_schema schema;
        lots_bytes image = {0};
        make_schema(&schema);
        assert_ok(lots_schema_validate(&schema, &err));
        cases[i].breaks(&schema);
        if (lots_schema_validate(&schema, &err) != LOTS_USAGE || strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: wanted '%s' in: %s", i, cases[i].says, err.text);
        assert_status(LOTS_USAGE, lots_schema_save(&schema, &image, &err));
        assert_int_equal(image.count, 0);
        lots_bytes_free(&image);
        lots_schema_free(&schema);
    }
}

/* ---- merging ---- */

static void merging_with_nothing_or_itself_changes_nothing(void **state)
{
    (void)state;
    lots_error err;
    lots_schema schema, empty = {0}, out;
    make_schema(&schema);
    assert_ok(lots_schema_validate(&empty, &err));
    assert_ok(lots_schema_merge(&schema, &schema, &out, &err));
    assert_true(same_bytes(&schema, &out));
    lots_schema_free(&out);
    assert_ok(lots_schema_merge(&schema, &empty, &out, &err));
    assert_true(same_bytes(&schema, &out));
    lots_schema_free(&out);
    assert_ok(lots_schema_merge(&empty, &schema, &out, &err));
    assert_true(same_bytes(&schema, &out));
    lots_schema_free(&out);
    lots_schema_free(&schema);
}

static void make_delivery(lots_schema *more)
{
    *more = (lots_schema){0};
    add_system(more, "icd10", LOTS_CODE_ICD10, "2024");
    add_system(more, "drg", LOTS_CODE_PLAIN, "");
    stream_of(more, "patients");
    lots_stream *visits = stream_of(more, "visits");
    add(visits, "start", LOTS_KIND_DATE, LOTS_ROLE_START);
    add(visits, "minute", LOTS_KIND_INT, LOTS_ROLE_MINUTE);
    add(visits, "id", LOTS_KIND_TEXT, LOTS_ROLE_KEY);
    strcpy(add(visits, "drg", LOTS_KIND_CODE, LOTS_ROLE_NONE)->system, "drg");
    add(visits, "kind", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE);
}

static void a_merge_puts_the_base_first_and_new_standard_columns_in_their_place(void **state)
{
    (void)state;
    static const char *const expected[] = {"start", "minute", "end", "id", "kind", "cost", "drg"};
    lots_error err;
    lots_schema base = {0}, more, out;
    make_delivery(&more);
    stream_of(&base, "patients");
    lots_stream *visits = stream_of(&base, "visits");
    add(visits, "start", LOTS_KIND_DATE, LOTS_ROLE_START);
    add(visits, "end", LOTS_KIND_DATE, LOTS_ROLE_END);
    add(visits, "kind", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE)->closed = true;
    add(visits, "cost", LOTS_KIND_INT, LOTS_ROLE_NONE);
    add_system(&base, "icd10", LOTS_CODE_ICD10, "2023");
    assert_ok(lots_schema_merge(&base, &more, &out, &err));
    const lots_stream *merged = &out.streams[1];
    assert_int_equal(merged->column_count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(merged->columns[i].name, expected[i]);
    assert_false(merged->columns[4].closed);
    assert_int_equal(out.system_count, 2);
    assert_string_equal(out.systems[1].version, "2024");
    lots_schema_free(&out);
    lots_schema_free(&base);
    lots_schema_free(&more);
}

static void clash_kind(lots_schema *s) { s->streams[1].columns[8].kind = LOTS_KIND_INT; }
static void clash_scale(lots_schema *s) { s->streams[1].columns[5].scale = 0; }
static void clash_domain(lots_schema *s) { strcpy(s->streams[1].columns[4].domain, "other"); }
static void clash_span(lots_schema *s) { s->streams[1].span = LOTS_SPAN_CLOSED; }
static void clash_ghosts(lots_schema *s) { s->streams[1].ghost_days = 30; }
static void clash_level(lots_schema *s) { s->streams[1].levels[0].rank = 2; }
static void clash_level_span(lots_schema *s) { s->streams[1].levels[0].has_span = true; }
static void clash_form(lots_schema *s) { s->systems[0].form = LOTS_CODE_PLAIN; }
static void clash_table_key(lots_schema *s) { s->tables[0].key_column = -1; }
static void clash_table_column(lots_schema *s) { s->tables[0].columns[3].kind = LOTS_KIND_FLOAT; }
static void clash_ids(lots_schema *s) { strcpy(s->id_kind, "personnummer"); }
static void clash_role(lots_schema *s) { s->streams[0].columns[1].role = LOTS_ROLE_NONE; }

static void a_merge_names_what_clashes(void **state)
{
    (void)state;
    static const struct {
        void (*clashes)(lots_schema *);
        const char *says;
    } cases[] = {
        {clash_kind, "värde"},      {clash_scale, "cost"},         {clash_domain, "level"},
        {clash_span, "contacts"},   {clash_ghosts, "ghosts"},      {clash_level, "primary"},
        {clash_level_span, "span"}, {clash_form, "atc"},           {clash_table_key, "units"},
        {clash_table_column, "beds"}, {clash_ids, "personnummer"}, {clash_role, "death"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lots_error err;
        lots_schema base, more, out;
        make_schema(&base);
        make_schema(&more);
        cases[i].clashes(&more);
        if (lots_schema_merge(&base, &more, &out, &err) != LOTS_USAGE || strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: wanted '%s' in: %s", i, cases[i].says, err.text);
        assert_int_equal(out.stream_count, 0);
        lots_schema_free(&base);
        lots_schema_free(&more);
    }
}

/* ---- the image ---- */

static void an_image_round_trips_and_is_canonical(void **state)
{
    (void)state;
    lots_error err;
    lots_schema schema, loaded;
    lots_bytes image = {0};
    make_schema(&schema);
    assert_ok(lots_bytes_put8(&image, 7, &err));
    assert_ok(lots_schema_save(&schema, &image, &err));
    assert_ok(lots_schema_load(image.data + 1, image.count - 1, &loaded, &err));
    assert_true(same_bytes(&schema, &loaded));
    const lots_stream *contacts = &loaded.streams[1];
    assert_int_equal(contacts->ghost_days, 3650);
    assert_true(contacts->no_identity);
    assert_true(contacts->levels[1].has_span);
    assert_int_equal(contacts->levels[1].span, LOTS_SPAN_OPEN);
    assert_int_equal(contacts->columns[5].scale, 2);
    assert_true(contacts->columns[7].cold);
    assert_true(contacts->columns[4].closed);
    assert_int_equal(loaded.tables[0].valid_to_column, 2);
    lots_schema_free(&loaded);
    lots_schema_free(&schema);
    lots_bytes_free(&image);
}

static void an_empty_schema_has_an_image(void **state)
{
    (void)state;
    lots_error err;
    lots_schema empty = {0}, loaded;
    lots_bytes image = {0};
    assert_ok(lots_schema_save(&empty, &image, &err));
    assert_ok(lots_schema_load(image.data, image.count, &loaded, &err));
    assert_int_equal(loaded.stream_count, 0);
    lots_schema_free(&loaded);
    lots_bytes_free(&image);
}

/* Load a copy that ends where the allocation ends, so that the sanitizer sees a step beyond it. */
static lots_status load_exact(const uint8_t *bytes, size_t count, lots_schema *out, lots_error *found)
{
    lots_error err;
    void *copy;
    assert_ok(lots_alloc(&copy, count, 1, &err));
    if (count > 0)
        memcpy(copy, bytes, count);
    lots_status status = lots_schema_load(copy, count, out, found);
    lots_free(copy);
    return status;
}

static void every_truncation_and_every_flipped_byte_is_refused(void **state)
{
    (void)state;
    lots_error err;
    lots_schema schema, loaded;
    lots_bytes image = {0};
    make_schema(&schema);
    assert_ok(lots_schema_save(&schema, &image, &err));
    for (size_t i = 0; i < image.count; i++) {
        assert_status(LOTS_CORRUPT, load_exact(image.data, i, &loaded, &err));
        image.data[i] ^= 0xFF;
        assert_status(LOTS_CORRUPT, load_exact(image.data, image.count, &loaded, &err));
        image.data[i] ^= 0xFF;
    }
    lots_schema_free(&schema);
    lots_bytes_free(&image);
}

/* What a forger can do, who knows the checksum: nothing worse than a valid schema. */
static void changed_images_with_right_checksums_are_refused_or_valid(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x02, 0x10, 0x80, 0xFF};
    lots_error err;
    lots_schema schema, loaded;
    lots_bytes image = {0};
    size_t refused = 0, accepted = 0;
    make_schema(&schema);
    assert_ok(lots_schema_save(&schema, &image, &err));
    size_t body = image.count - 8;
    for (size_t i = 8; i < body; i++)
        for (size_t m = 0; m < sizeof masks; m++) {
            image.data[i] ^= masks[m];
            lots_put64(image.data + body, lots_hash(image.data, body, 0));
            lots_status status = load_exact(image.data, image.count, &loaded, &err);
            if (status == LOTS_OK)
                assert_ok(lots_schema_validate(&loaded, &err));
            else
                assert_int_equal(status, LOTS_CORRUPT);
            refused += status != LOTS_OK;
            accepted += status == LOTS_OK;
            if (status == LOTS_OK)
                lots_schema_free(&loaded);
            image.data[i] ^= masks[m];
        }
    assert_true(refused > 0 && accepted > 0);
    for (size_t cut = 8; cut < body; cut++) {
        uint8_t kept[8];
        memcpy(kept, image.data + cut, 8);
        lots_put64(image.data + cut, lots_hash(image.data, cut, 0));
        assert_status(LOTS_CORRUPT, load_exact(image.data, cut + 8, &loaded, &err));
        memcpy(image.data + cut, kept, 8);
    }
    lots_schema_free(&schema);
    lots_bytes_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_names_that_parse_back),
        cmocka_unit_test(names_are_lower_case_words_of_at_most_63_bytes),
        cmocka_unit_test(a_name_is_declared_once),
        cmocka_unit_test(limits_of_streams_and_columns_hold),
        cmocka_unit_test(systems_are_kept_by_name_and_things_are_found),
        cmocka_unit_test(validate_names_the_rule_that_is_broken),
        cmocka_unit_test(merging_with_nothing_or_itself_changes_nothing),
        cmocka_unit_test(a_merge_puts_the_base_first_and_new_standard_columns_in_their_place),
        cmocka_unit_test(a_merge_names_what_clashes),
        cmocka_unit_test(an_image_round_trips_and_is_canonical),
        cmocka_unit_test(an_empty_schema_has_an_image),
        cmocka_unit_test(every_truncation_and_every_flipped_byte_is_refused),
        cmocka_unit_test(changed_images_with_right_checksums_are_refused_or_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
