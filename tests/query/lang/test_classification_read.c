/* A classification's file: what is read, and every way in which it can be wrong, by line; and binding at its edges. */
#include <stdio.h>
#include <stdlib.h>

#include "query/lang/classification.h"
#include "tests/support/lots_test.h"

static lots_error err;

#define HEAD "classification,1\nname,t\nversion,1\nsource,s\nlicence,l\n"
#define HEAD_LINES 5

/* Read a text that lies exactly in a block of its own, so that a sanitizer sees a byte too far. */
static lots_status read_text(lots_arena *arena, const char *text, size_t bytes, const lots_classification **out)
{
    char *exact = malloc(bytes > 0 ? bytes : 1);
    assert_non_null(exact);
    memcpy(exact, text, bytes);
    lots_error_clear(&err);
    lots_status status = lots_classification_read(exact, bytes, "t.csv", arena, out, &err);
    free(exact);
    assert_true((status == LOTS_OK) == (*out != NULL));
    return status;
}

/* Fail unless reading fails at the line (0: none) with the words, and marks the text (NULL: nothing). */
static void check_refused(const char *text, unsigned line, const char *words, const char *marked)
{
    lots_arena arena;
    const lots_classification *out = NULL;
    char place[32];
    lots_arena_init(&arena, 0);
    lots_status status = read_text(&arena, text, strlen(text), &out);
    lots_arena_free(&arena);
    if (status != LOTS_QUERY)
        fail_msg("%s instead of a refusal: %s", lots_status_name(status), text);
    assert_contains(err.text, words);
    snprintf(place, sizeof place, line == 0 ? "t.csv: " : "t.csv: line %u: ", line);
    if (strncmp(err.text, place, strlen(place)) != 0 || (line == 0 && strstr(err.text, "line ") != NULL))
        fail_msg("not at line %u: %s", line, err.text);
    if (marked == NULL)
        return;
    assert_true(err.at <= err.at_end && err.at_end <= strlen(text));
    if (err.at_end - err.at != strlen(marked) || strncmp(text + err.at, marked, strlen(marked)) != 0)
        fail_msg("marked '%.*s', not '%s'", (int)(err.at_end - err.at), text + err.at, marked);
}

static void each_mistake_is_named_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *rows; /* after the head: the first is line 6 */
        unsigned line;
        const char *words, *marked;
    } cases[] = {
        {"grup,a\n", 6, "'grup' is no kind of row", "grup"},
        {"group,a b\n", 6, "a group's name has letters", "a b"},
        {"group,\n", 6, "1 fields where group,NAME", NULL},
        {"group,a\ngroup,a\n", 7, "group 'a' is declared twice", "a"},
        {"group,a,A,main\n", 6, "a group's kind is 'helper' or nothing", "main"},
        {"group,a,A,helper,x\n", 6, "5 fields where group,", NULL},
        {"name,u\n", 6, "'name' is said twice", "name"},
        {"classification,1\n", 6, "only in the first row", NULL},
        {"system,icd10\n", 6, "2 fields where system,", NULL},
        {"system,icd10,icd11\n", 6, "'icd11' is no form of codes", "icd11"},
        {"system,icd10,icd10,1997\n", 6, "'1997' is no date", "1997"},
        {"system,icd10,icd10,1997-01-01,1996-01-01\n", 6, "ends before it begins", "1996-01-01"},
        {"system,a,prefix,,,b\nsystem,B,prefix\n", 7, "'B' is already a name of a system", "B"},
        {"system,i?d,prefix\n", 6, "'i?d' is no name of a code system", "i?d"},
        {"weights,2011\n", 6, "a name has letters, digits and _", "2011"},
        {"weights,w\nweights,w\n", 7, "weights 'w' are declared twice", "w"},
        {"weights,w,7\n", 6, "'7' is no number of decimals", "7"},
        {"weights,w,10\n", 6, "'10' is no number of decimals", "10"},
        {"weights,w,1\nweight,a,w,1\n", 7, "no group 'a' stands above", "a"},
        {"weights,w,1\ngroup,a\nweight,a,v,1\n", 8, "no weights 'v' stand above", "v"},
        {"weights,w,1\ngroup,a\nweight,a,w,1.25\n", 8, "'1.25' is no weight with at most 1 decimals", "1.25"},
        {"weights,w,1\ngroup,a\nweight,a,w,1.\n", 8, "is no weight", "1."},
        {"weights,w,1\ngroup,a\nweight,a,w,.5\n", 8, "is no weight", ".5"},
        {"weights,w,1\ngroup,a\nweight,a,w,-\n", 8, "is no weight", "-"},
        {"weights,w,1\ngroup,a\nweight,a,w,1e3\n", 8, "is no weight", "1e3"},
        {"weights,w,1\ngroup,a\nweight,a,w,\"1,5\"\n", 8, "is no weight", "\"1,5\""},
        {"weights,w,1\ngroup,a\nweight,a,w,1,5\n", 8, "5 fields where weight,", NULL},
        {"weights,w,1\ngroup,a\nweight,a,w,100000000001\n", 8, "is no weight", "100000000001"},
        {"weights,w\ngroup,a\nweight,a,w,99999999999999999999999999\n", 8, "is no weight", NULL},
        {"weights,w\ngroup,a\nweight,a,w,1\nweight,a,w,1\n", 9, "group 'a' has two weights in 'w'", NULL},
        {"weights,w\ngroup,a\n", 0, "no group has a weight in 'w'", NULL},
        {"weights,w\ngroup,h,,helper\nweight,h,w,1\n", 8, "a helper and has no weight", "h"},
        {"group,a\ncodes,a,icd10,prefix,I21\n", 7, "no code system 'icd10' stands above", "icd10"},
        {"system,icd10,icd10\ngroup,a\ncodes,b,icd10,prefix,I21\n", 8, "no group 'b'", "b"},
        {"system,icd10,icd10\ngroup,a\ncodes,a,icd10,begins,I21\n", 8, "match is 'prefix' or 'exact', not 'begins'", "begins"},
        {"system,icd10,icd10\ngroup,a\ncodes,a,icd10,prefix\n", 8, "4 fields where codes,", NULL},
        {"system,icd10,icd10\ngroup,a\ncodes,a,icd10,prefix,I21 21I\n", 8, "'21I' can't be a code of icd10", "I21 21I"},
        {"system,icd10,icd10\ngroup,a\ncodes,a,icd10,exact,I2\n", 8, "'I2' can't be a code of icd10", NULL},
        {"system,icd10,icd10\ngroup,a\ncodes,a,icd10,exact,I20-I25\n", 8, "can't be a code of icd10", NULL},
        {"system,icd10,icd10\ngroup,a\ncodes,a,icd10,prefix,I25-I20\n", 8, "'I25-I20' ends before it begins", NULL},
        {"system,icd10,icd10\ngroup,a\ncodes,a,icd10,prefix,I20-I251\n", 8, "not of one length", NULL},
        {"system,icd10,icd10\ngroup,a\ncodes,a,icd10,prefix,-\n", 8, "'-' can't be a code", NULL},
        {"system,icd10,icd10\ngroup,a\ncodes,a,icd10,prefix,...\n", 8, "'...' can't be a code", NULL},
        {"system,icd10,icd10\ngroup,a\ngroup,b\ncodes,a,icd10,prefix,I21\n", 8, "group 'b' has no codes and no rule", NULL},
        {"group,a\nhides,a,b\n", 7, "no group 'b'", "b"},
        {"group,a\nhides,a\n", 7, "2 fields where hides,", NULL},
        {"group,a\nhides,a,a\n", 7, "a group hides itself", NULL},
        {"group,a\ngroup,b\ngroup,c\nhides,a,b\nhides,b,c\nhides,c,b\n", 10, "a group hides itself", NULL},
        {"group,a\nmakes,a,a\n", 7, "'a' is made here but used to make", "a"},
        {"group,a\ngroup,b\ngroup,c\nmakes,a,b\nmakes,b,c\n", 10, "'b' is made here but used to make", "b"},
        {"note,\"open\n", 6, "a quote is not closed", "\"open"},
        {"note,\"a\" b\n", 6, "text follows a closed quote", NULL},
        {"note,a \"b\"\n", 6, "a quote stands inside a field", "a \"b\""},
        {"note,a\x01\n", 6, "no UTF-8 text", "\x01"},
        {"note,\xC3(\n", 6, "no UTF-8 text", "\xC3"},
        {"note,a\rb\n", 6, "no UTF-8 text", "\r"},
        {"note,a,b\n", 6, "3 fields where note,TEXT", "b"},
        {"hides,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n", 6, "too many fields", NULL},
        {"", 0, "it has no group", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1000];
        snprintf(text, sizeof text, HEAD "%s", cases[i].rows);
        check_refused(text, cases[i].line, cases[i].words, cases[i].marked);
    }
}

static void a_file_must_begin_and_say_what_it_is(void **state)
{
    (void)state;
    check_refused("", 0, "the file is empty", NULL);
    check_refused("# only this\n\n", 0, "the file is empty", NULL);
    check_refused("name,t\n", 1, "the first row of a classification is", "name");
    check_refused("\n# remark\nclassification,2\n", 3, "this is format '2'", "2");
    check_refused("classification\n", 1, "1 fields where classification,FORMAT", NULL);
    check_refused("classification,1\nname,1t\n", 2, "a letter first", "1t");
    check_refused("classification,1\nversion,1\nsource,s\nlicence,l\ngroup,a\n", 0, "does not say its name", NULL);
    check_refused("classification,1\nname,t\nsource,s\nlicence,l\ngroup,a\n", 0, "does not say its version", NULL);
    check_refused("classification,1\nname,t\nversion,1\nlicence,l\ngroup,a\n", 0, "does not say its source", NULL);
    check_refused("classification,1\nname,t\nversion,1\nsource,s\ngroup,a\n", 0, "does not say its licence", NULL);
}

static void a_misspelt_word_is_answered_with_the_right_one(void **state)
{
    (void)state;
    check_refused(HEAD "grup,a\n", 6, "no kind of row", NULL);
    assert_string_equal(err.hint, "did you mean `group`?");
    check_refused(HEAD "group,diabetes\nhides,diabtes,diabetes\n", 7, "no group", NULL);
    assert_string_equal(err.hint, "did you mean `diabetes`?");
}

/* Every line of every built-in file in turn is no row, is cut short, and is missing. */
static void every_line_may_be_spoilt(void **state)
{
    (void)state;
    for (size_t i = 0; i < lots_classification_text_count; i++) {
        const char *text = lots_classification_texts[i].text;
        char *spoilt = malloc(strlen(text) + 16);
        assert_non_null(spoilt);
        unsigned line = 1;
        for (const char *at = text; *at != '\0'; line++) {
            const char *end = strchr(at, '\n') + 1;
            sprintf(spoilt, "%.*sno row\n%s", (int)(at - text), text, end);
            check_refused(spoilt, line, line == 1 ? "the first row" : "'no row' is no kind of row", "no row");
            lots_arena arena;
            const lots_classification *out = NULL;
            lots_arena_init(&arena, 0);
            sprintf(spoilt, "%.*s%s", (int)(at - text), text, end);
            lots_status status = read_text(&arena, spoilt, strlen(spoilt), &out);
            assert_true(status == LOTS_OK || status == LOTS_QUERY);
            status = read_text(&arena, text, (size_t)(at - text) + (size_t)(end - at) / 2, &out);
            assert_true(status == LOTS_OK || status == LOTS_QUERY);
            lots_arena_free(&arena);
            at = end;
        }
        free(spoilt);
    }
}

static const char sample[] =
    HEAD "title,\"T, \"\"t\"\"\"\nnote,one\nnote, two  words \nsystem,icd10,icd10,1997-01-01,,icd10se ICD-10-SV\n"
         "system,snomed,plain\nweights,w,2\ngroup,a,\"A, a\"\ngroup,b\ngroup,h,,helper\nweight,a,w,-1.5\n"
         "codes,a,icd10,prefix,i21.- I10-I15\ncodes,b,icd10,exact,J45\ncodes,h,snomed,prefix,73211009\nmakes,b,a,h\nhides,b,a\n";

static void every_truncation_and_every_flip_is_survived(void **state)
{
    (void)state;
    lots_arena arena;
    const lots_classification *out = NULL;
    uint64_t seed = 7;
    char copy[sizeof sample];
    lots_arena_init(&arena, 0);
    for (size_t bytes = 0; bytes < sizeof sample; bytes++) {
        lots_status status = read_text(&arena, sample, bytes, &out);
        assert_true(status == LOTS_OK || status == LOTS_QUERY);
        lots_arena_reset(&arena);
    }
    for (size_t i = 0; i < 20000; i++) {
        memcpy(copy, sample, sizeof sample);
        for (uint64_t flips = lots_test_random(&seed) % 3 + 1; flips > 0; flips--)
            copy[lots_test_random(&seed) % (sizeof sample - 1)] = "\",;\n-.\xC3 ahIb0\t"[lots_test_random(&seed) % 15];
        lots_status status = read_text(&arena, copy, sizeof sample - 1, &out);
        assert_true(status == LOTS_OK || status == LOTS_QUERY);
        lots_arena_reset(&arena);
    }
    lots_arena_free(&arena);
}

static void check_sample(const lots_classification *c)
{
    assert_string_equal(c->name, "t");
    assert_string_equal(c->title, "T, \"t\"");
    assert_int_equal(c->note_count, 2);
    assert_string_equal(c->notes[1], "two  words");
    assert_int_equal(c->system_count, 2);
    assert_int_equal(c->systems[0].alias_count, 3);
    assert_int_equal(c->systems[0].from, 9862);
    assert_int_equal(c->systems[0].until, LOTS_DAY_MAX);
    assert_int_equal(c->group_count, 3);
    assert_string_equal(c->groups[0].label, "A, a");
    assert_string_equal(c->groups[2].label, "h");
    assert_true(c->groups[2].helper && !c->groups[0].helper);
    assert_int_equal(c->pattern_count, 4);
    assert_string_equal(c->patterns[0].low, "I10");
    assert_string_equal(c->patterns[0].high, "I15");
    assert_string_equal(c->patterns[1].low, "I21");
    assert_int_equal(c->patterns[2].match, LOTS_CLASS_EXACT);
    assert_int_equal(c->set_count, 1);
    assert_int_equal(c->sets[0].values[0], -150);
    assert_int_equal(c->sets[0].said[0], 1);
    assert_int_equal(c->makes_count, 1);
    assert_int_equal(c->hides_count, 1);
}

static void commas_semicolons_marks_and_line_ends_read_the_same(void **state)
{
    (void)state;
    lots_arena arena;
    const lots_classification *out = NULL;
    char other[2 * sizeof sample];
    lots_arena_init(&arena, 0);
    if (read_text(&arena, sample, sizeof sample - 1, &out) != LOTS_OK)
        fail_msg("%s", err.text);
    check_sample(out);
    size_t used = (size_t)snprintf(other, sizeof other, "\xEF\xBB\xBF");
    bool quoted = false;
    for (const char *c = sample; *c != '\0'; c++) { /* as a spreadsheet saves it: a mark, semicolons, CR LF */
        quoted = *c == '"' ? !quoted : quoted;
        if (*c == '\n')
            used += (size_t)sprintf(other + used, ";;\r");
        other[used++] = *c == ',' && !quoted ? ';' : *c;
    }
    if (read_text(&arena, other, used, &out) != LOTS_OK)
        fail_msg("%s", err.text);
    check_sample(out);
    lots_arena_free(&arena);
}

static void limits_are_errors_that_name_them(void **state)
{
    (void)state;
    const struct {
        const char *format, *words;
        unsigned count, line;
    } cases[] = {{"group,g%u\n", "more than 4096 groups", 4097, HEAD_LINES + 4097},
                 {"weights,w%u\n", "more than 16 sets", 17, HEAD_LINES + 17},
                 {"system,s%u,plain\n", "more than 16 code systems", 17, HEAD_LINES + 17}};
    for (size_t i = 0; i < 3; i++) {
        char *text = malloc(100000);
        assert_non_null(text);
        size_t used = (size_t)sprintf(text, HEAD);
        for (unsigned j = 0; j < cases[i].count; j++)
            used += (size_t)sprintf(text + used, cases[i].format, j);
        check_refused(text, cases[i].line, cases[i].words, NULL);
        free(text);
    }
    lots_arena arena;
    const lots_classification *out = NULL;
    lots_arena_init(&arena, 40000);
    assert_status(LOTS_QUERY, lots_classification_read(sample, LOTS_CLASSIFICATION_BYTES_MAX + 1, "t.csv", &arena, &out, &err));
    assert_contains(err.text, "at most 16777216");
    for (size_t limit = 100; limit < 20000; limit += 100) { /* running out of the arena anywhere */
        lots_arena_free(&arena);
        lots_arena_init(&arena, limit);
        lots_status status = read_text(&arena, sample, sizeof sample - 1, &out);
        assert_true(status == LOTS_LIMIT || status == LOTS_OK);
    }
    assert_non_null(out);
    lots_arena_free(&arena);
}

/* ---- binding ---- */

static lots_id add(lots_dictionary_builder *builder, const char *system, const char *code)
{
    char key[100];
    lots_id id = 0;
    size_t bytes = lots_code_key(system, code, strlen(code), key, sizeof key);
    assert_ok(lots_dictionary_intern(builder, key, bytes, &id, &err));
    return id;
}

/* The groups of a code, by name, between blanks. */
static void check_groups(const lots_classified *bound, const lots_dictionary *codes, const char *system, const char *code,
                         const char *expected)
{
    char key[100], got[200] = "";
    size_t bytes = lots_code_key(system, code, strlen(code), key, sizeof key);
    lots_id rank = lots_dictionary_find(codes, key, bytes);
    assert_int_not_equal(rank, LOTS_NO_ID);
    for (uint32_t i = bound->offsets[rank]; i < bound->offsets[rank + 1]; i++) {
        strcat(got, got[0] != '\0' ? " " : "");
        strcat(got, bound->classification->groups[bound->groups[i]].name);
    }
    if (strcmp(got, expected) != 0)
        fail_msg("%s %s is in '%s', not '%s'", system, code, got, expected);
}

static void each_code_gets_its_groups_once_in_every_spelling(void **state)
{
    (void)state;
    static const char text[] = HEAD "system,icd10,icd10,,,icd10se\nsystem,icd9,icd9\nsystem,snomed,plain\nsystem,loinc,plain\n"
                                    "group,a\ngroup,b\ngroup,c\n"
                                    "codes,a,icd10,prefix,I21 I219 I20-I25 I21\ncodes,b,icd10,exact,I21 I219\n"
                                    "codes,c,icd10,prefix,I219 I261-I263\ncodes,b,icd9,prefix,E9501 410\n"
                                    "codes,a,snomed,prefix,1\ncodes,b,snomed,exact,1\ncodes,c,loinc,prefix,8302-2\n";
    static const char *const codes[][3] = {
        {"icd10", "I21", "a b"},      {"icd10", "I219", "a b c"}, {"icd10", "I219A", "a c"}, {"icd10", "I259", "a"},
        {"icd10", "I2", ""},          {"icd10", "I26", ""},       {"icd10", "I260", ""},     {"icd10", "I2639", "c"},
        {"icd10", "I264", ""},        {"ICD10-SE", "I21.9", "a b c"}, {"ICD10-SE", "I21.95", "a c"},
        {"ICD10-SE", "I26.3", "c"},   {"ICD10-SE", "I21,9", "a b c"}, {"icd9", "E950.1", "b"},  {"icd9", "E9501", "b"},
        {"icd9", "410", "b"},         {"icd9", "I21", ""},        {"snomed", "1", "a b"},    {"snomed", "2", "a"},
        {"snomed", "11", ""},         {"loinc", "8302-2", "c"},   {"loinc", "8302-21", ""},  {"atc", "I21", ""},
    };
    size_t count = sizeof codes / sizeof codes[0];
    lots_arena arena;
    const lots_classification *classification = NULL;
    const lots_classified *bound = NULL;
    lots_dictionary_builder *builder = NULL;
    lots_dictionary *dictionary = NULL;
    lots_arena_init(&arena, 0);
    assert_ok(lots_classification_read(text, strlen(text), "t.csv", &arena, &classification, &err));
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (size_t i = 0; i < count; i++)
        add(builder, codes[i][0], codes[i][1]);
    lots_id above = add(builder, "snomed", "1"), below = add(builder, "snomed", "2");
    assert_ok(lots_dictionary_relate(builder, above, below, &err));
    assert_ok(lots_dictionary_finish(builder, &dictionary, NULL, &err));
    lots_dictionary_builder_close(builder);
    assert_ok(lots_classification_bind(classification, dictionary, &arena, &bound, &err));
    uint32_t matched = 0;
    for (size_t i = 0; i < count; i++) {
        check_groups(bound, dictionary, codes[i][0], codes[i][1], codes[i][2]);
        matched += codes[i][2][0] != '\0' ? 1 : 0;
    }
    assert_int_equal(bound->matched_codes, matched);
    assert_int_equal(bound->covered_codes, count - 1); /* all but the drug */
    assert_int_equal(bound->systems, 15);
    lots_dictionary_close(dictionary);
    lots_arena_free(&arena);
}

static void codes_of_other_systems_match_nothing(void **state)
{
    (void)state;
    lots_arena arena;
    const lots_classification *classification = NULL;
    const lots_classified *bound = NULL;
    lots_dictionary_builder *builder = NULL;
    lots_dictionary *dictionary = NULL;
    lots_arena_init(&arena, 0);
    assert_ok(lots_classification_read(sample, sizeof sample - 1, "t.csv", &arena, &classification, &err));
    for (int empty = 0; empty < 2; empty++) {
        assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
        if (!empty)
            add(builder, "icd9", "410");
        assert_ok(lots_dictionary_finish(builder, &dictionary, NULL, &err));
        lots_dictionary_builder_close(builder);
        assert_ok(lots_classification_bind(classification, dictionary, &arena, &bound, &err));
        assert_int_equal(bound->systems, 0);
        assert_int_equal(bound->covered_codes, 0);
        assert_int_equal(bound->matched_codes, 0);
        assert_int_equal(bound->offsets[bound->code_count], 0);
        lots_dictionary_close(dictionary);
    }
    lots_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_named_with_its_line),
        cmocka_unit_test(a_file_must_begin_and_say_what_it_is),
        cmocka_unit_test(a_misspelt_word_is_answered_with_the_right_one),
        cmocka_unit_test(every_line_may_be_spoilt),
        cmocka_unit_test(every_truncation_and_every_flip_is_survived),
        cmocka_unit_test(commas_semicolons_marks_and_line_ends_read_the_same),
        cmocka_unit_test(limits_are_errors_that_name_them),
        cmocka_unit_test(each_code_gets_its_groups_once_in_every_spelling),
        cmocka_unit_test(codes_of_other_systems_match_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
