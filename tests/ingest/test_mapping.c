/* Reading mappings: what they say, and what each mistake is answered with. */
#include "ingest/load.h"
#include "ingest/mapping.h"
#include "tests/support/lots_test.h"

static lots_error err;

static lots_status read_text(lots_mapping *mapping, const char *text)
{
    lots_error_clear(&err);
    return lots_mapping_read(mapping, text, strlen(text), "t.map", &err);
}

static void a_mapping_says_what_is_where(void **state)
{
    (void)state;
    static const char text[] = "[registry]\n"
                               "until = 2023-12-31\n"
                               "[system icd10]\n"
                               "form = icd10\n"
                               "version = ICD-10-SE\n"
                               "[stream contacts]\n"
                               "file = a*.csv | b.csv, c.csv\n"
                               "separator = semicolon\n"
                               "encoding = latin-1\n"
                               "decimal = comma\n"
                               "missing = NULL, \"not known\"\n"
                               "keep = KIND = A, B and OTHER is not empty\n"
                               "patient = person | /^pnr/\n"
                               "key = unit, number\n"
                               "span = closed\n"
                               "levels = level: emergency point, inpatient open, primary\n"
                               "start = date from IN format yyyymmdd, yyyymm fill last\n"
                               "end = date from OUT\n"
                               "level = category from FORM map 1 | 2 emergency, 3 inpatient\n"
                               "    else primary\n"
                               "dx = codes(icd10) from HDIA, DIA1..DIA3 distinct optional\n"
                               "cost = decimal(2) from PRICE round\n";
    lots_mapping mapping;
    assert_ok(read_text(&mapping, text));
    assert_int_equal(mapping.stream_count, 2);
    assert_string_equal(mapping.streams[1].name, "contacts");
    assert_int_equal(mapping.streams[1].level_count, 3);
    assert_int_equal(mapping.streams[1].levels[1].span, LOTS_SPAN_OPEN);
    assert_false(mapping.streams[1].levels[2].has_span);
    const lots_map_source *source = &mapping.sources[0];
    assert_int_equal(source->files.count, 2);
    assert_int_equal(source->files.items[0].pick_count, 2);
    assert_int_equal(source->separator, ';');
    assert_int_equal(source->charset, LOTS_CHARSET_LATIN1);
    assert_int_equal(source->number.decimal, ',');
    assert_int_equal(lots_words_find(&source->missing, "Not Known", 9), 1);
    assert_int_equal(source->keep.count, 2);
    assert_int_equal(source->keep.items[1].test, LOTS_MAP_NOT_EMPTY);
    assert_int_equal(source->key.count, 2);
    assert_int_equal(source->column_count, 5);
    assert_int_equal(source->columns[0].dates.form_count, 2);
    assert_int_equal(source->columns[0].dates.fill, LOTS_DATE_FILL_LAST);
    assert_int_equal(source->columns[2].map.count, 3);
    assert_int_equal(source->columns[2].otherwise, LOTS_MAP_OTHER);
    assert_string_equal(source->columns[2].other, "primary");
    assert_int_equal(source->columns[3].from.count, 2);
    assert_int_equal(source->columns[3].from.items[1].picks[0].last, 3);
    assert_string_equal(source->columns[3].from.items[1].picks[0].name, "DIA");
    lots_mapping_free(&mapping);
}

static void the_schema_has_standard_columns_first(void **state)
{
    (void)state;
    static const char text[] = "[system kva]\nform = kva\n"
                               "[patients]\nfile = p.csv\npatient = id\nbirth = date from b\n"
                               "[stream stays]\nfile = s.csv\npatient = id\nspan = open\n"
                               "ward = category(unit) from w\nend = date from e\nminute = minute from s\n"
                               "start = date from s\nkey = k\npx = codes(kva) from op\n"
                               "[child stays fees]\nfile = f.csv\npatient = id\nparent = k\n"
                               "start = date from d\nfee = sum decimal(2) from f\n"
                               "[table units]\nfile = u.csv\nname = text from n\nunit = category(unit) from u\n"
                               "key = unit\n";
    static const char *const wanted[] = {"start", "minute", "end", "id", "ward", "px", "fee", "ghost"};
    lots_mapping mapping;
    lots_schema schema;
    assert_ok(read_text(&mapping, text));
    assert_ok(lots_mapping_schema(&mapping, &schema, &err));
    assert_int_equal(schema.streams[0].columns[0].role, LOTS_ROLE_BIRTH);
    assert_int_equal(schema.streams[1].column_count, 8);
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(schema.streams[1].columns[i].name, wanted[i]);
    assert_int_equal(schema.streams[1].columns[7].role, LOTS_ROLE_GHOST);
    assert_int_equal(schema.streams[1].columns[6].scale, 2);
    assert_int_equal(schema.tables[0].key_column, 0);
    assert_string_equal(schema.tables[0].columns[0].domain, "unit");
    lots_schema_free(&schema);
    assert_ok(lots_mapping_children(&mapping, &schema, &err));
    assert_int_equal(schema.stream_count, 2);
    assert_string_equal(schema.streams[1].columns[1].name, LOTS_MAP_PARENT_KEY);
    lots_schema_free(&schema);
    lots_mapping_free(&mapping);
}

#define STREAM "[stream s]\nfile = f.csv\npatient = p\nstart = date from d\n"

static void every_mistake_is_answered_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says, *hint;
    } cases[] = {
        {"[strem s]\n", "t.map:1: [strem s]: there is no such section", "stream"},
        {"file = a\n", "t.map:1: file: no setting", ""},
        {"[registry]\nidd = text\n", "t.map:2: idd: no setting of [registry]", "id"},
        {"[registry]\nid = number\n", "t.map:2: id: text or personnummer, not 'number'", ""},
        {"[registry]\nuntil = 2023-02-30\n", "'2023-02-30' is no day", ""},
        {"[registry]\nid = personnummer\n", "say until", ""},
        {"[registry]\nid = text extra\n", "nothing more was expected, but here is 'extra'", ""},
        {"[registry]\nid = text\nid = text\n", "t.map:3: id: written twice", ""},
        {"[registry more]\n", "nothing comes after this word", ""},
        {"[stream]\n", "one name comes after this word", ""},
        {"[registry\nid = text\n", "lacks its ]", ""},
        {"[registry]\nnonsense\n", "t.map:2: this is neither", ""},
        {STREAM "encodign = latin-1\n", "'latin-1' is no kind of column", "encoding"},
        {STREAM "x = categroy from y\n", "'categroy' is no kind", "category"},
        {STREAM "x = int form y\n", "after the kind comes 'from' or 'const', not 'form'", "from"},
        {STREAM "x = int from y optoinal\n", "'optoinal' is no modifier", "optional"},
        {STREAM "x = int from\n", "the name of a column of the file is missing", ""},
        {STREAM "x = decimal from y\n", "decimal wants its number of decimals", ""},
        {STREAM "x = decimal(19) from y\n", "0 to 18", ""},
        {STREAM "x = code from y\n", "a code wants its system", ""},
        {STREAM "x = code(icd10) from y\n", "code system 'icd10' isn't declared above", ""},
        {STREAM "x = category from y match /(/\n", "is no regular expression", ""},
        {STREAM "x = category from y match /a\n", "a / isn't closed", ""},
        {STREAM "x = category from \"y\n", "a \" isn't closed", ""},
        {STREAM "x = text from DIA1..MORE9\n", "no numbered family", ""},
        {STREAM "x = text from DIA9..DIA1\n", "the numbers must rise", ""},
        {STREAM "x = date from y format yyyymmd\n", "'yyyymmd' is no form of dates", "yyyymmdd"},
        {STREAM "x = date from y fill later\n", "filled with first, middle, last or missing", ""},
        {STREAM "x = int from y split blank\n", "only codes(…) are split", ""},
        {STREAM "x = int from y when z like 3\n", "'like' is no test", ""},
        {STREAM "x = int from a\nx = int from b\n", "t.map:6: x: written twice in this section", ""},
        {STREAM "span = opne\n", "a span is point, closed or open, not 'opne'", "open"},
        {STREAM "levels = level\n", "first comes the column and a colon", ""},
        {STREAM "coverage = 2020-01-01..\n", "coverage has both ends", ""},
        {STREAM "separator = ,\n", "is missing", ""},
        {STREAM "keep = A\n", "a test (= != in matches is) is missing", ""},
        {STREAM "table = a\nquery = \"SELECT 1\"\n", "either a table or a query", ""},
        {STREAM "[stream s]\n", "the stream is declared twice", ""},
        {STREAM "[child s c]\nfile = c.csv\npatient = p\nparent = k\nx = sum int from y\n", "its stream has no key", ""},
        {STREAM "[child t c]\n", "there is no such stream above: t", ""},
        {STREAM "key = k\n[child s c]\nfile = c.csv\npatient = p\nparent = k\nx = int from y\n",
         "how do several children become one value", ""},
        {STREAM "key = k\n[child s c]\nfile = c.csv\npatient = p\nparent = k\nx = sum text from y\n",
         "only int and decimal are summed", ""},
        {"[stream s]\nfile = f.csv\npatient = p\n", "no start", ""},
        {"[stream s]\nfile = f.csv\nstart = date from d\n", "it says not which column holds the patient", ""},
        {"[stream s]\npatient = p\nstart = date from d\n", "it names no file", ""},
        {"[labels icd10]\n", "there is no such code system above: icd10", ""},
        {"[system a]\n[labels a]\nfile = f.csv\ncode = c\n", "which columns hold code and label", ""},
        {"[system a]\nform = icd11\n", "codes are of form plain", ""},
        {"[registry]\nunknown_patient = reject\n", "there is no [patients]", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lots_mapping mapping;
        if (read_text(&mapping, cases[i].text) != LOTS_USAGE)
            fail_msg("taken without a word: %s", cases[i].text);
        assert_contains(err.text, "t.map");
        assert_contains(err.text, cases[i].says);
        assert_contains(err.hint, cases[i].hint);
    }
}

static void schemas_that_clash_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {STREAM "x = int from y\n[source s more]\nfile = g.csv\npatient = p\nstart = date from d\nx = text from y\n",
         "t.map:10: x: another source"},
        {STREAM "id = text from y\n", "declared by key = COLUMN"},
        {STREAM "Big = text from y\n", "t.map:5"},
        {STREAM "start = text from y\n", ""},
        {STREAM "levels = nothing: a, b\n", "which no source fills"},
        {STREAM "ghost = bool from y\n", "ghost"},
        {"[table t]\nfile = f.csv\nkey = k\nx = int from y\n", "there is no column 'k'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lots_mapping mapping;
        lots_schema schema;
        if (read_text(&mapping, cases[i].text) != LOTS_OK)
            continue; /* refused earlier is as good */
        assert_status(LOTS_USAGE, lots_mapping_schema(&mapping, &schema, &err));
        assert_contains(err.text, cases[i].says);
        lots_mapping_free(&mapping);
    }
}

static void a_line_beyond_what_libinih_keeps_is_refused(void **state)
{
    (void)state;
    char text[400] = "[registry]\nuntil = 2023-12-31";
    size_t at = strlen(text);
    lots_mapping mapping;
    memset(text + at, ' ', 200);
    memcpy(text + at + 200, "x\n", 3);
    assert_status(LOTS_USAGE, read_text(&mapping, text));
    assert_contains(err.text, "t.map:2: the line has more than 190 bytes");
    memcpy(text + at + 160, "\n", 2);
    assert_ok(read_text(&mapping, text));
    lots_mapping_free(&mapping);
}

static void any_cut_of_a_mapping_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; lots_load_formats(i) != NULL; i++) {
        const char *text = lots_load_format_text(lots_load_formats(i));
        for (size_t cut = 0; cut <= strlen(text); cut += 7) {
            lots_mapping mapping;
            lots_error_clear(&err);
            lots_status status = lots_mapping_read(&mapping, text, cut, "t.map", &err);
            assert_true(status == LOTS_OK || status == LOTS_USAGE);
            if (status == LOTS_OK)
                lots_mapping_free(&mapping);
        }
    }
}

static void every_built_in_layout_makes_a_schema(void **state)
{
    (void)state;
    for (size_t i = 0; lots_load_formats(i) != NULL; i++) {
        const char *text = lots_load_format_text(lots_load_formats(i));
        lots_mapping mapping;
        lots_schema schema;
        assert_ok(lots_mapping_read(&mapping, text, strlen(text), lots_load_formats(i), &err));
        assert_ok(lots_mapping_schema(&mapping, &schema, &err));
        assert_true(schema.stream_count >= 2);
        lots_schema_free(&schema);
        lots_mapping_free(&mapping);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mapping_says_what_is_where),
        cmocka_unit_test(the_schema_has_standard_columns_first),
        cmocka_unit_test(every_mistake_is_answered_with_its_line),
        cmocka_unit_test(schemas_that_clash_are_refused),
        cmocka_unit_test(a_line_beyond_what_libinih_keeps_is_refused),
        cmocka_unit_test(any_cut_of_a_mapping_is_read_or_refused),
        cmocka_unit_test(every_built_in_layout_makes_a_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
