/* Classifications of every Swedish code against a second matcher that goes through the published tables one prefix after
 * the other; and real patients, whose scores are known. */
#include "tests/query/lang/classification_fixture.h"
#include "tests/query/lang/classification_table.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_swedish_diagnosis_is_classified_as_in_the_tables),
        cmocka_unit_test(every_swedish_drug_is_classified_as_in_the_tables),
        cmocka_unit_test(every_diagnosis_is_in_one_chapter_and_one_block),
        cmocka_unit_test(real_patients_have_the_charlson_scores_known),
        cmocka_unit_test(real_patients_have_the_elixhauser_scores_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
