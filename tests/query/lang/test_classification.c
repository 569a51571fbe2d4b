/* Classifications as clinicians know them: the worked examples, every Swedish code against a second matcher that goes
 * through the published tables one prefix after the other, and real patients. */
#include "core/base/bytes.h"
#include "query/lang/classification.h"
#include "tests/query/lang/classification_table.h"

static lots_error err;

/* ---- a dictionary of codes and a bound classification ---- */

typedef struct fixture {
    lots_arena arena;
    lots_dictionary *codes;
    const lots_classification *classification;
    const lots_classified *bound;
} fixture;

static void intern(lots_dictionary_builder *builder, const char *system, lots_code_form form, const char *code)
{
    char plain[LOTS_CODE_BYTES_MAX + 1], key[400];
    size_t bytes = 0;
    lots_id id = 0;
    assert_true(lots_code_normalise(form, code, strlen(code), plain, &bytes));
    size_t key_bytes = lots_code_key(system, plain, bytes, key, sizeof key);
    assert_ok(lots_dictionary_intern(builder, key, key_bytes, &id, &err));
}

static lots_id rank_of(const lots_dictionary *codes, const char *system, lots_code_form form, const char *code)
{
    char plain[LOTS_CODE_BYTES_MAX + 1], key[400];
    size_t bytes = 0;
    assert_true(lots_code_normalise(form, code, strlen(code), plain, &bytes));
    size_t key_bytes = lots_code_key(system, plain, bytes, key, sizeof key);
    lots_id rank = lots_dictionary_find(codes, key, key_bytes);
    assert_int_not_equal(rank, LOTS_NO_ID);
    return rank;
}

static void open_text(fixture *f, const char *text)
{
    memset(f, 0, sizeof *f);
    lots_arena_init(&f->arena, 0);
    assert_ok(lots_classification_read(text, strlen(text), "test.csv", &f->arena, &f->classification, &err));
}

static void open_builtin(fixture *f, const char *name)
{
    const lots_classification_text *builtin = lots_classification_builtin(name, strlen(name));
    if (builtin == NULL)
        fail_msg("no classification %s is built in", name);
    open_text(f, builtin->text);
    assert_string_equal(f->classification->name, name);
}

static void bind_codes(fixture *f, const char *system, lots_code_form form, const char *const *codes, size_t count)
{
    lots_dictionary_builder *builder = NULL;
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (size_t i = 0; i < count; i++)
        intern(builder, system, form, codes[i]);
    assert_ok(lots_dictionary_finish(builder, &f->codes, NULL, &err));
    lots_dictionary_builder_close(builder);
    assert_ok(lots_classification_bind(f->classification, f->codes, &f->arena, &f->bound, &err));
}

static void close_fixture(fixture *f)
{
    lots_dictionary_close(f->codes);
    lots_arena_free(&f->arena);
}

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

/* ---- every Swedish code, against the published tables ---- */

typedef struct shared_case {
    const char *classification, *table, *codes;
    const char *group_column, *code_column;
    const char *only_column, *only; /* rows to take; NULL: all */
    bool range;                     /* the code is low-high of three characters */
} shared_case;

/* The table's name of a group, in our spelling of it: its label or its name. */
static int32_t group_of(const fixture *f, const char *text)
{
    char label[128];
    snprintf(label, sizeof label, "%s", text);
    for (char *c = label; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
    for (size_t bytes = strlen(label); bytes > 0 && label[bytes - 1] == ' '; bytes--)
        label[bytes - 1] = '\0';
    if (strcmp(label, "Ascites modifier") == 0)
        snprintf(label, sizeof label, "Ascites (modifier)");
    for (uint32_t i = 0; i < f->classification->group_count; i++)
        if (strcmp(f->classification->groups[i].label, label) == 0 || strcmp(f->classification->groups[i].name, text) == 0)
            return (int32_t)i;
    fail_msg("no group '%s' in %s", label, f->classification->name);
    return -1;
}

static bool in_row(const shared_case *c, const char *code, const char *pattern)
{
    if (c->range)
        return strncmp(code, pattern, 3) >= 0 && strncmp(code, pattern + 4, 3) <= 0;
    while (*pattern != '\0' && *code == *pattern) {
        code++;
        pattern++;
    }
    return *pattern == '\0';
}

/* A body system's number, or several between semicolons; or the name of one group. */
static void add_groups(const fixture *f, const char *text, uint64_t *groups)
{
    if (strncmp(f->classification->name, "ahrq", 4) != 0) {
        lots_bit_set(groups, (size_t)group_of(f, text));
        return;
    }
    for (const char *at = text; at != NULL; at = strchr(at, ';') == NULL ? NULL : strchr(at, ';') + 1) {
        char name[32];
        snprintf(name, sizeof name, "body_%02d", atoi(at));
        lots_bit_set(groups, (size_t)group_of(f, name));
    }
}

static void check_code(const fixture *f, const shared_case *c, const table *rows, const uint64_t (*row_groups)[8],
                       const char *code, lots_id rank)
{
    uint64_t wanted[8] = {0}, got[8] = {0};
    int column = table_column(rows, c->code_column);
    for (size_t i = 0; i < rows->row_count; i++)
        if (in_row(c, code, rows->rows[i][column]))
            for (size_t w = 0; w < 8; w++)
                wanted[w] |= row_groups[i][w];
    lots_classified_collect(f->bound, rank, got);
    if (memcmp(wanted, got, sizeof got) != 0)
        fail_msg("%s is in other groups of %s than in the table", code, c->classification);
    for (uint32_t i = f->bound->offsets[rank]; i + 1 < f->bound->offsets[rank + 1]; i++)
        assert_true(f->bound->groups[i] < f->bound->groups[i + 1]);
}

/* The groups of each row; rows that are not of the classification are dropped from the table. */
static uint64_t (*groups_of_rows(const fixture *f, const shared_case *c, table *rows))[8]
{
    uint64_t(*groups)[8] = calloc(rows->row_count, sizeof *groups);
    assert_non_null(groups);
    int group = table_column(rows, c->group_column), code = table_column(rows, c->code_column);
    int only = c->only == NULL ? -1 : table_column(rows, c->only_column);
    size_t kept = 0;
    for (size_t i = 0; i < rows->row_count; i++) {
        char **row = rows->rows[i];
        if (row[code][0] == '\0')
            continue;
        if (only >= 0 && (c->only[0] == '!' ? strcmp(row[only], c->only + 1) == 0 : strcmp(row[only], c->only) != 0))
            continue;
        add_groups(f, row[group], groups[kept]);
        memmove(rows->rows[kept++], row, sizeof rows->rows[0]);
    }
    rows->row_count = kept;
    return groups;
}

static bool open_shared(const char *folder, const char *name, table *out)
{
    char below[128];
    snprintf(below, sizeof below, "%s/%s", folder, name);
    const char *path = lots_test_shared(below);
    if (path == NULL)
        return false;
    *out = table_open(path);
    return true;
}

static void check_table(const shared_case *c)
{
    table codes = {0}, rows = {0};
    if (!open_shared("data/sweden", c->codes, &codes) || !open_shared("codes", c->table, &rows)) {
        print_message("the shared tables are absent\n");
        skip();
    }
    fixture f;
    const char **texts = calloc(codes.row_count, sizeof *texts);
    bool atc = strcmp(c->codes, "atc.csv") == 0;
    lots_code_form form = atc ? LOTS_CODE_ATC : LOTS_CODE_ICD10;
    const char *system = atc ? "atc" : "icd10se";
    assert_non_null(texts);
    for (size_t i = 0; i < codes.row_count; i++)
        texts[i] = codes.rows[i][0];
    open_builtin(&f, c->classification);
    bind_codes(&f, system, form, texts, codes.row_count);
    assert_int_equal(f.bound->code_count, codes.row_count);
    assert_int_equal(f.bound->covered_codes, codes.row_count);
    assert_int_equal(f.bound->systems & 1, 1);
    uint64_t(*groups)[8] = groups_of_rows(&f, c, &rows);
    for (size_t i = 0; i < codes.row_count; i++)
        check_code(&f, c, &rows, (const uint64_t(*)[8])groups, texts[i], rank_of(f.codes, system, form, texts[i]));
    free(groups);
    free(texts);
    close_fixture(&f);
    table_close(&codes);
    table_close(&rows);
}

static void every_swedish_diagnosis_is_classified_as_in_the_tables(void **state)
{
    (void)state;
    static const shared_case cases[] = {
        {"charlson_quan", "charlson_quan2005.csv", "icd10se.csv", "group_name", "icd10_prefix", NULL, NULL, false},
        {"charlson_se", "charlson_se_ludvigsson2021.csv", "icd10se.csv", "group", "code_prefix", "icd_version", "ICD-10",
         false},
        {"elixhauser", "elixhauser_quan2005.csv", "icd10se.csv", "group_name", "icd10_prefix", NULL, NULL, false},
        {"hfrs", "hfrs.csv", "icd10se.csv", "icd10_3char", "icd10_3char", NULL, NULL, false},
        {"chronic", "calderon60_partial.csv", "icd10se.csv", "group_name", "icd10_prefix", NULL, NULL, false},
        {"ahrq_chronic", "cci_chronic_icd10cm2019_3char.csv", "icd10se.csv", "ccs_body_system", "icd10_3char", "chronic",
         "all", false},
        {"ahrq_mixed", "cci_chronic_icd10cm2019_3char.csv", "icd10se.csv", "ccs_body_system", "icd10_3char", "chronic",
         "mixed", false},
        {"icd10_blocks", "icd10_blocks.csv", "icd10se.csv", "block", "block", "present_in", "!who_only", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_table(&cases[i]);
}

static void every_swedish_drug_is_classified_as_in_the_tables(void **state)
{
    (void)state;
    static const shared_case rxriskv = {"rxriskv", "rxriskv_atc.csv", "atc.csv", "group", "atc_code", NULL, NULL, false};
    static const shared_case main_groups = {"atc_main", "atc_main_groups.csv", "atc.csv", "letter", "letter", NULL, NULL,
                                            false};
    check_table(&rxriskv);
    check_table(&main_groups);
}

static void every_diagnosis_is_in_one_chapter_and_one_block(void **state)
{
    (void)state;
    table codes = {0};
    if (!open_shared("data/sweden", "icd10se.csv", &codes)) {
        print_message("the shared code lists are absent\n");
        skip();
    }
    static const char *const names[] = {"icd10_chapters", "icd10_blocks"};
    const char **texts = calloc(codes.row_count, sizeof *texts);
    assert_non_null(texts);
    for (size_t i = 0; i < codes.row_count; i++)
        texts[i] = codes.rows[i][0];
    assert_int_equal(codes.row_count, 33547);
    for (size_t i = 0; i < 2; i++) {
        fixture f;
        open_builtin(&f, names[i]);
        bind_codes(&f, "ICD-10-SE", LOTS_CODE_ICD10, texts, codes.row_count);
        assert_int_equal(f.bound->matched_codes, codes.row_count);
        for (uint32_t rank = 0; rank < f.bound->code_count; rank++)
            assert_int_equal(f.bound->offsets[rank + 1] - f.bound->offsets[rank], 1);
        close_fixture(&f);
    }
    free(texts);
    table_close(&codes);
}

/* ---- real patients ---- */

typedef struct totals {
    int64_t sum, largest, one, three;
    int patients;
} totals;

/* The rows of one patient are next to each other. */
static totals score_patients(const fixture *f, const table *diagnoses, bool rules)
{
    totals t = {0, 0, 0, 0, 0};
    for (size_t i = 0; i < diagnoses->row_count;) {
        uint64_t groups[LOTS_CLASSIFICATION_WORDS_MAX] = {0};
        const char *patient = diagnoses->rows[i][0];
        bool any = false;
        for (; i < diagnoses->row_count && strcmp(diagnoses->rows[i][0], patient) == 0; i++)
            if (strcmp(diagnoses->rows[i][2], "10") == 0) {
                any = true;
                lots_classified_collect(f->bound, rank_of(f->codes, "icd10cm", LOTS_CODE_ICD10, diagnoses->rows[i][3]),
                                        groups);
            }
        if (rules)
            lots_classification_apply(f->classification, groups, groups);
        int64_t score = lots_classification_score(f->classification, 0, groups);
        t.patients += any;
        t.sum += score;
        t.one += score >= 1;
        t.three += score >= 3;
        t.largest = score > t.largest ? score : t.largest;
    }
    return t;
}

static int by_patient(const void *a, const void *b)
{
    return strcmp(**(char *const(*)[TABLE_COLUMNS])a, **(char *const(*)[TABLE_COLUMNS])b);
}

static void open_patients(fixture *f, const char *classification, table *diagnoses)
{
    const char *path = lots_test_shared("data/mimic4_demo_meds/diagnoses.csv");
    if (path == NULL) {
        print_message("the shared patients are absent\n");
        skip();
    }
    *diagnoses = table_open(path);
    qsort(diagnoses->rows, diagnoses->row_count, sizeof *diagnoses->rows, by_patient);
    const char **codes = calloc(diagnoses->row_count, sizeof *codes);
    size_t count = 0;
    assert_non_null(codes);
    for (size_t i = 0; i < diagnoses->row_count; i++)
        if (strcmp(diagnoses->rows[i][2], "10") == 0)
            codes[count++] = diagnoses->rows[i][3];
    open_builtin(f, classification);
    bind_codes(f, "icd10cm", LOTS_CODE_ICD10, codes, count);
    free(codes);
}

static void real_patients_have_the_charlson_scores_known(void **state)
{
    (void)state;
    fixture f;
    table diagnoses = {0};
    open_patients(&f, "charlson_quan", &diagnoses);
    totals with = score_patients(&f, &diagnoses, true), without = score_patients(&f, &diagnoses, false);
    assert_int_equal(with.patients, 44);
    assert_int_equal(with.sum, 155);
    assert_int_equal(without.sum, 165);
    assert_int_equal(with.one, 36);
    assert_int_equal(with.three, 23);
    assert_int_equal(with.largest, 14);
    close_fixture(&f);
    table_close(&diagnoses);
}

static void real_patients_have_the_elixhauser_scores_known(void **state)
{
    (void)state;
    fixture f;
    table diagnoses = {0};
    open_patients(&f, "elixhauser", &diagnoses);
    totals with = score_patients(&f, &diagnoses, true);
    assert_int_equal(with.sum, 682);
    assert_int_equal(with.largest, 49);
    close_fixture(&f);
    table_close(&diagnoses);
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
        cmocka_unit_test(every_swedish_diagnosis_is_classified_as_in_the_tables),
        cmocka_unit_test(every_swedish_drug_is_classified_as_in_the_tables),
        cmocka_unit_test(every_diagnosis_is_in_one_chapter_and_one_block),
        cmocka_unit_test(real_patients_have_the_charlson_scores_known),
        cmocka_unit_test(real_patients_have_the_elixhauser_scores_known),
        cmocka_unit_test(the_files_are_what_the_script_makes),
        cmocka_unit_test(every_built_in_says_what_it_is),
        cmocka_unit_test(a_misspelt_name_has_a_neighbour),
        cmocka_unit_test(the_example_of_the_manual_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
