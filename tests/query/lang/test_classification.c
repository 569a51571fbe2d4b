/* Classifications as clinicians know them: the worked examples, largest scores, the rules, and the built-in files. Whole
 * tables of codes and real patients are in test_classification_tables.c. */
#include "tests/query/lang/classification_fixture.h"
#include "tests/query/lang/classification_table.h"

/* The score of codes written between blanks. */
static int64_t score_of(const char *classification, const char *set, const char *system, lots_code_form form,
                        const char *text)
{
    fixture f;
    char copy[400];
    const char *codes[32] = {NULL};
    size_t count = 0;
    uint64_t groups[LOTS_CLASSIFICATION_WORDS_MAX] = {0};
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        codes[count++] = word;
    open_builtin(&f, classification);
    bind_codes(&f, system, form, codes, count);
    for (size_t i = 0; i < count; i++)
        lots_classified_collect(f.bound, rank_of(f.codes, system, form, codes[i]), groups);
    lots_classification_apply(f.classification, groups, groups);
    int32_t index = lots_classification_weights(f.classification, set, strlen(set));
    assert_true(index >= 0);
    int64_t score = lots_classification_score(f.classification, (uint32_t)index, groups);
    close_fixture(&f);
    return score;
}

static void check_score(const char *classification, const char *set, const char *codes, int64_t expected)
{
    int64_t score = score_of(classification, set, "icd10", LOTS_CODE_ICD10, codes);
    if (score != expected)
        fail_msg("%s.%s of {%s}: %lld, not %lld", classification, set, codes, (long long)score, (long long)expected);
}

/* ---- worked examples ---- */

static void charlson_scores_as_worked_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *codes;
        int quan1987, quan2011, se;
    } cases[] = {
        {"I21.4 E11.9 E11.2 J44.1", 4, 2, 4}, /* complicated diabetes hides the plain */
        {"C50.9 C78.0", 6, 6, 6},             /* metastasis hides the tumour */
        {"K70.3 R18.9", 1, 2, 3},             /* with ascites the Swedish makes it severe */
        {"R18.9", 0, 0, 0},                   /* ascites alone weighs nothing */
        {"E10.9", 1, 0, 1},
        {"E11.6", 1, 0, 2}, /* complicated in the Swedish only */
        {"E11.8", 1, 0, 0}, /* in neither Swedish group */
        {"J44.1 J45.9", 1, 1, 2},
        {"B23.8", 0, 0, 6},
        {"K55.0", 0, 0, 1},
        {"I21.9A", 1, 0, 1}, /* the Swedish letter */
        {"C44.9", 0, 0, 0},  /* skin */
        {"", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_score("charlson_quan", "charlson1987", cases[i].codes, cases[i].quan1987);
        check_score("charlson_quan", "quan2011", cases[i].codes, cases[i].quan2011);
        check_score("charlson_se", "ludvigsson2021", cases[i].codes, cases[i].se);
    }
}

static void elixhauser_scores_as_worked_by_hand(void **state)
{
    (void)state;
    check_score("elixhauser", "van_walraven", "I50.9 I10.9 I11.0 J44.1", 10);
    check_score("elixhauser", "van_walraven", "C50.9 C78.0 F10.2", 12);
    check_score("elixhauser", "van_walraven", "E11.9 E66.9 F32.9", -7);
    check_score("elixhauser", "van_walraven", "I11.0", 7); /* in two groups at once */
}

static void frailty_counts_a_category_once_in_tenths(void **state)
{
    (void)state;
    check_score("hfrs", "gilbert2018", "F00.1 W19.9", 103);
    check_score("hfrs", "gilbert2018", "F00.1 F00.9", 71);
    check_score("hfrs", "gilbert2018", "N39.0 N17.9", 50);
    check_score("hfrs", "gilbert2018", "G81.9 N17.9", 62);
    check_score("hfrs", "gilbert2018", "I63.9", 8);
    check_score("hfrs", "gilbert2018", "I50.9", 0);
}

static void swedish_charlson_reads_four_icd_versions(void **state)
{
    (void)state;
    const char *set = "ludvigsson2021";
    assert_int_equal(score_of("charlson_se", set, "icd7", LOTS_CODE_PREFIX, "420,1"), 1);
    assert_int_equal(score_of("charlson_se", set, "icd7", LOTS_CODE_PREFIX, "4201"), 1);
    assert_int_equal(score_of("charlson_se", set, "ICD-8", LOTS_CODE_PLAIN, "412,01"), 1);
    assert_int_equal(score_of("charlson_se", set, "ICD-8", LOTS_CODE_PLAIN, "412,02"), 0);
    assert_int_equal(score_of("charlson_se", set, "icd9", LOTS_CODE_ICD9, "V56"), 2);
    assert_int_equal(score_of("charlson_se", set, "icd10se", LOTS_CODE_ICD10, "V56"), 0); /* an external cause */
    assert_int_equal(score_of("charlson_se", set, "icd9se", LOTS_CODE_ICD9, "571C 789F"), 3);
    assert_int_equal(score_of("charlson_se", set, "icd10", LOTS_CODE_ICD10, "F024"), 7); /* dementia and aids */
}

/* ---- all groups at once ---- */

static int64_t score_of_all(const char *classification, const char *set)
{
    fixture f;
    uint64_t groups[LOTS_CLASSIFICATION_WORDS_MAX];
    open_builtin(&f, classification);
    lots_bits_fill(groups, f.classification->group_count, true);
    lots_classification_apply(f.classification, groups, groups);
    int32_t index = lots_classification_weights(f.classification, set, strlen(set));
    int64_t score = lots_classification_score(f.classification, (uint32_t)index, groups);
    close_fixture(&f);
    return score;
}

static void largest_scores_are_those_published(void **state)
{
    (void)state;
    assert_int_equal(score_of_all("charlson_quan", "charlson1987"), 29);
    assert_int_equal(score_of_all("charlson_quan", "quan2011"), 24);
    assert_int_equal(score_of_all("charlson_se", "ludvigsson2021"), 30);
    assert_int_equal(score_of_all("hfrs", "gilbert2018"), 1732);
}

static void cambridge_weights_add_up_in_hundredths(void **state)
{
    (void)state;
    lots_error err;
    fixture f;
    uint64_t groups[LOTS_CLASSIFICATION_WORDS_MAX] = {0};
    static const char *const present[] = {"diabetes", "heart_failure", "atrial_fibrillation"};
    open_builtin(&f, "cambridge_mm");
    for (size_t i = 0; i < 3; i++)
        lots_bit_set(groups, (size_t)lots_classification_group(f.classification, present[i], strlen(present[i])));
    assert_int_equal(f.classification->sets[0].decimals, 2);
    assert_int_equal(lots_classification_score(f.classification, 0, groups), 327);
    lots_dictionary_builder *builder = NULL;
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    assert_ok(lots_dictionary_finish(builder, &f.codes, NULL, &err));
    lots_dictionary_builder_close(builder);
    assert_status(LOTS_QUERY, lots_classification_bind(f.classification, f.codes, &f.arena, &f.bound, &err));
    assert_contains(err.text, "'cambridge_mm' has weights but no codes");
    close_fixture(&f);
}

static void rules_do_not_depend_on_their_order_in_the_file(void **state)
{
    (void)state;
    static const char head[] = "classification,1\nname,t\nversion,1\nsource,s\nlicence,l\n"
                               "group,a\ngroup,b\ngroup,c\ngroup,d\ngroup,m,Made,helper\nmakes,m,a,d\n";
    static const char *const rules[] = {"hides,a,b\nhides,b,c\nhides,m,d\n", "hides,b,c\nhides,m,d\nhides,a,b\n",
                                        "hides,m,d\nhides,a,b\nhides,b,c\n"};
    for (size_t i = 0; i < 3; i++) {
        fixture f;
        char text[400];
        snprintf(text, sizeof text, "%s%s", head, rules[i]);
        open_text(&f, text);
        for (uint64_t in = 0; in < 16; in++) {
            uint64_t out = 0, a = in & 1, b = in >> 1 & 1, c = in >> 2 & 1, d = in >> 3 & 1;
            uint64_t expected = a | (b & ~a) << 1 | (c & ~b) << 2 | (d & ~(a & d)) << 3;
            lots_classification_apply(f.classification, &in, &out);
            assert_int_equal(out, expected & 15);
        }
        close_fixture(&f);
    }
}

/* ---- the files ---- */

static void the_files_are_what_the_script_makes(void **state)
{
    (void)state;
    const char *tables = lots_test_shared("codes");
    char directory[512], command[1400], path[700];
    if (tables == NULL) {
        print_message("the shared tables are absent\n");
        skip();
    }
    lots_test_directory(directory);
    snprintf(command, sizeof command, "sh query/std/classifications/convert.sh '%s' '%s'", tables, directory);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < lots_classification_text_count; i++) {
        size_t bytes = 0;
        snprintf(path, sizeof path, "%s/%s.csv", directory, lots_classification_texts[i].name);
        char *made = read_whole(path, &bytes);
        if (strcmp(made, lots_classification_texts[i].text) != 0)
            fail_msg("%s is not what convert.sh makes", lots_classification_texts[i].name);
        free(made);
        remove(path);
    }
    assert_int_equal(remove(directory), 0); /* and nothing else was made */
}

static void every_built_in_says_what_it_is(void **state)
{
    (void)state;
    assert_int_equal(lots_classification_text_count, 12);
    for (size_t i = 0; i < lots_classification_text_count; i++) {
        fixture f;
        open_builtin(&f, lots_classification_texts[i].name);
        assert_true(f.classification->title[0] != '\0' && f.classification->status[0] != '\0');
        close_fixture(&f);
    }
    fixture f;
    open_builtin(&f, "chronic");
    assert_contains(f.classification->title, "incomplete and unofficial");
    assert_int_equal(f.classification->group_count, 58);
    close_fixture(&f);
}

static void a_misspelt_name_has_a_neighbour(void **state)
{
    (void)state;
    fixture f;
    open_builtin(&f, "elixhauser");
    assert_null(lots_classification_builtin("elixhausr", 9));
    assert_string_equal(lots_classification_near_builtin("elixhausr", 9), "elixhauser");
    assert_null(lots_classification_near_builtin("nothing_like_it", 15));
    assert_string_equal(lots_classification_near_weights(f.classification, "van_walravn", 11), "van_walraven");
    assert_string_equal(lots_classification_near_group(f.classification, "metacan", 7), "metacanc");
    assert_null(lots_classification_near_group(f.classification, "xyzzyx", 6));
    int32_t group = lots_classification_group(f.classification, "metacanc", 8);
    assert_true(group >= 0);
    assert_string_equal(f.classification->groups[group].label, "metastatic cancer");
    assert_int_equal(lots_classification_group(f.classification, "metacan", 7), -1);
    assert_int_equal(lots_classification_system(f.classification, "ICD-10_SE", 9), 0);
    assert_int_equal(lots_classification_system(f.classification, "icd101", 6), -1);
    assert_int_equal(lots_classification_system(f.classification, "", 0), -1);
    close_fixture(&f);
}

static void the_example_of_the_manual_works(void **state)
{
    (void)state;
    size_t bytes = 0;
    char *manual = read_whole("query/std/classifications/README.md", &bytes);
    char *start = strstr(manual, "```\nclassification,1"), *end = start == NULL ? NULL : strstr(start + 4, "```");
    assert_non_null(end);
    *end = '\0';
    fixture f;
    static const char *const codes[] = {"J44.1", "K70.9", "K70.9A", "R18", "K72.1", "K74"};
    static const char *const groups[] = {"lungs", "mild_liver", "", "ascites", "severe_liver", "mild_liver"};
    open_text(&f, start + 4);
    bind_codes(&f, "icd10", LOTS_CODE_ICD10, codes, 6);
    for (size_t i = 0; i < 6; i++) {
        lots_id rank = rank_of(f.codes, "icd10", LOTS_CODE_ICD10, codes[i]);
        uint32_t first = f.bound->offsets[rank], end_at = f.bound->offsets[rank + 1];
        assert_int_equal(end_at - first, groups[i][0] != '\0');
        if (end_at > first)
            assert_string_equal(f.classification->groups[f.bound->groups[first]].name, groups[i]);
    }
    close_fixture(&f);
    free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charlson_scores_as_worked_by_hand),
        cmocka_unit_test(elixhauser_scores_as_worked_by_hand),
        cmocka_unit_test(frailty_counts_a_category_once_in_tenths),
        cmocka_unit_test(swedish_charlson_reads_four_icd_versions),
        cmocka_unit_test(largest_scores_are_those_published),
        cmocka_unit_test(cambridge_weights_add_up_in_hundredths),
        cmocka_unit_test(rules_do_not_depend_on_their_order_in_the_file),
        cmocka_unit_test(the_files_are_what_the_script_makes),
        cmocka_unit_test(every_built_in_says_what_it_is),
        cmocka_unit_test(a_misspelt_name_has_a_neighbour),
        cmocka_unit_test(the_example_of_the_manual_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
