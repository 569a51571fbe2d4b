/* Classifications in queries: the worked examples of the published scores as patients, sets and scores of random events
 * against SQL over the same rows, chapters and blocks, what is refused, and the scores of real diagnoses. */
#include "core/base/memory.h"
#include "core/base/os.h"
#include "ingest/load.h"
#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

#include <stdio.h>
#include <stdlib.h>

static lots_error err;

static answer ask_with(const small_registry *r, const char *text)
{
    answer got;
    const lots_bind_options options = {.include_directory = r->directory};
    assert_ok(answer_lots(r->registry, text, &options, NULL, &got, &err));
    return got;
}

static const char *cell(const answer *a, uint32_t row, uint32_t column)
{
    const char *text = a->cells[(size_t)row * a->columns + column];
    return text == NULL ? "-" : text;
}

/* ---- worked examples: a patient a row ---- */

enum { NO = -1000 }; /* not said */

/* Points; of hfrs in tenths. Charlson and hfrs: CLINICAL.md 1.2 and 3.1, computed by other programs from the published
 * tables; Elixhauser: section 2. */
static const struct {
    const char *codes;
    int quan1987, quan2011, se, van_walraven, hfrs;
} examples[] = {
    {"I214 E119 E112 J441", 4, 2, 4, NO, NO}, /* a complication hides plain diabetes */
    {"C509 C780", 6, 6, 6, NO, NO},           /* metastases hide the tumour */
    {"K703 R189", 1, 2, 3, NO, NO},           /* ascites makes a liver disease severe: in Sweden only */
    {"R189", 0, 0, 0, NO, NO},                /* alone it is nothing */
    {"E109", 1, 0, 1, NO, NO},
    {"E116", 1, 0, 2, NO, NO},
    {"E118", 1, 0, 0, NO, NO},                /* in no group of the Swedish version, as published */
    {"J441 J459", 1, 1, 2, NO, NO},           /* two groups in Sweden, one elsewhere */
    {"B238", 0, 0, 6, NO, NO},
    {"K550", 0, 0, 1, NO, NO},
    {"I219A", 1, 0, 1, NO, NO},               /* a Swedish letter */
    {"C449", 0, 0, 0, NO, NO},
    {"", 0, 0, 0, 0, 0},                      /* nothing at all is still a row */
    {"icd9:V42A V422", 0, 0, 2, NO, NO},      /* ICD-9's transplant; the same letters in ICD-10 are a transport accident */
    {"I509 I109 I110 J441", NO, NO, NO, 10, NO},
    {"C509 C780 F102", NO, NO, NO, 12, NO},
    {"E119 E669 F329", NO, NO, NO, -7, NO},   /* scores may be negative */
    {"I110", NO, NO, NO, 7, NO},              /* one code in two groups */
    {"F001 W199", NO, NO, NO, NO, 103},
    {"F001 F009", NO, NO, NO, NO, 71},        /* one category counts once */
    {"N390 N179", NO, NO, NO, NO, 50},
    {"G819 N179", NO, NO, NO, NO, 62},
    {"I639", NO, NO, NO, NO, 8},
    {"I509", NO, NO, NO, NO, 0},
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

/* Each code at a contact of its own, then all of them once more in one: repeats and order don't matter. */
static void put_example(small_registry *r, int p, const char *codes)
{
    char start[24];
    int day = 1;
    small_patient(r, "1950-01-01", "female", NULL);
    for (const char *at = codes; *at != '\0'; day++) {
        char code[16];
        const size_t bytes = strcspn(at, " ");
        snprintf(code, sizeof code, "%.*s", (int)bytes, at);
        snprintf(start, sizeof start, "2021-03-%02d", 28 - day);
        small_contact(r, p, start, NULL, "primary", NULL, code);
        at += bytes + (at[bytes] == ' ' ? 1 : 0);
    }
    small_contact(r, p, "2022-01-01", NULL, "primary", NULL, *codes == '\0' ? NULL : codes);
}

static void check_score(const answer *got, uint32_t row, uint32_t column, int wanted)
{
    if (wanted != NO && atoi(cell(got, row, column)) != wanted)
        fail_msg("{%s}, column %u: %s, not %d", examples[row].codes, column, cell(got, row, column), wanted);
}

static void worked_examples_of_scores_come_out(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "from patients show score(charlson_quan, dx over contacts), score(charlson_quan.quan2011, dx over contacts),"
        " score(charlson_se, dx over contacts), score(elixhauser.van_walraven, dx over contacts),"
        " score(hfrs, dx over contacts)",
        "from patients derive all = set(dx over contacts) show score(charlson_quan, all), score(charlson_quan, 'quan2011', all),"
        " score(charlson_se, all), score(elixhauser, all), score(hfrs, 'gilbert2018', all)",
        "from patients derive c = (last(contacts)) show score(charlson_quan, c.dx), score(charlson_quan.quan2011, c.dx),"
        " score(charlson_se, c.dx), score(elixhauser, c.dx), score(hfrs, c.dx)",
        "from patients derive e = (episodes(contacts, a = score(charlson_quan, dx), b = score(charlson_quan.quan2011, dx),"
        " s = score(charlson_se, dx), v = score(elixhauser, dx), h = score(hfrs, dx)))"
        " show max(a over e), max(b over e), max(s over e), max(v over e), max(h over e)",
    };
    small_registry r;
    small_open(&r);
    for (int i = 0; i < EXAMPLES; i++)
        put_example(&r, i, examples[i].codes);
    small_publish(&r, 5);
    for (size_t q = 0; q < sizeof questions / sizeof *questions; q++) {
        answer got = ask_with(&r, questions[q]);
        assert_int_equal(got.rows, EXAMPLES);
        for (uint32_t i = 0; i < EXAMPLES; i++) {
            const int wanted[] = {examples[i].quan1987, examples[i].quan2011, examples[i].se, examples[i].van_walraven,
                                  examples[i].hfrs};
            for (uint32_t c = 0; c < 5; c++)
                check_score(&got, i, c, wanted[c]);
        }
        answer_free(&got);
    }
    small_close(&r);
}

/* ---- what rules do to groups ---- */

static void groups_are_named_hidden_and_made(void **state)
{
    (void)state;
    small_registry r;
    small_open(&r);
    put_example(&r, 0, "K703 R189 E119 E112");
    put_example(&r, 1, "I130");
    small_publish(&r, 5);
    answer got = ask_with(&r, "from patients show groups(charlson_se, dx over contacts), set(charlson_se(dx) over contacts),"
                              " chronic(last(contacts).dx), count(distinct chronic(dx) over contacts)");
    assert_string_equal(cell(&got, 0, 0), "diabetes_with_chronic_complication|severe_liver_disease");
    assert_string_equal(cell(&got, 0, 1), /* no rules, no helpers */
                        "diabetes_with_chronic_complication|diabetes_without_chronic_complication|mild_liver_disease");
    assert_string_equal(cell(&got, 1, 2), "chronic_kidney_diseases|heart_failure|hypertension"); /* one code, three groups */
    assert_string_equal(cell(&got, 1, 3), "3");
    answer_free(&got);
    got = ask_with(&r, "from patients where heart_failure in set(chronic(dx) over contacts)"
                       " derive g = set(chronic(dx) over contacts) where 'hypertension' in g"
                       " show nth(episodes(contacts per chronic(dx)), 2).start, count(episodes(contacts per chronic(dx)))");
    assert_int_equal(got.rows, 1);
    assert_string_equal(cell(&got, 0, 1), "3");
    answer_free(&got);
    got = ask_with(&r, "from patients derive g = set(chronic(dx) over contacts) group by g show n = count()");
    assert_int_equal(got.rows, 2);
    answer_free(&got);
    small_close(&r);
}

static void codes_have_chapters_and_blocks(void **state)
{
    (void)state;
    small_registry r;
    small_open(&r);
    small_patient(&r, "1950-01-01", "male", NULL);
    small_contact(&r, 0, "2021-01-01", NULL, "primary", NULL, "I509 E119 icd9:250");
    small_contact(&r, 0, "2021-01-02", NULL, "primary", NULL, "icd9:250");
    small_contact(&r, 0, "2021-01-03", NULL, "primary", NULL, NULL);
    small_exec(&r, "INSERT INTO drugs(p, start, atc, packs) VALUES (0, d('2021-01-01'), 'C07AB02', 1)");
    small_publish(&r, 5);
    answer got = ask_with(&r, "from contacts show dx.main.chapter, dx.main.chapter.label, dx.main.block, dx.chapter, dx.block,"
                              " dx.other.block");
    static const char *const wanted[3][6] = {
        {"09", "Chapter IX (I00-I99)", "I30-I52", "04|09", "E10-E14|I30-I52", "E10-E14"},
        {"-", "-", "-", "", "", ""},
        {"-", "-", "-", "", "", ""},
    };
    for (uint32_t row = 0; row < 3; row++)
        for (uint32_t c = 0; c < 6; c++)
            assert_string_equal(cell(&got, row, c), wanted[row][c]);
    answer_free(&got);
    got = ask_with(&r, "from drugs show atc.chapter, atc.chapter.label, (atc.chapter = 'C')");
    assert_string_equal(cell(&got, 0, 0), "C");
    assert_string_equal(cell(&got, 0, 1), "Cardiovascular system");
    assert_string_equal(cell(&got, 0, 2), "1");
    answer_free(&got);
    small_close(&r);
}

/* ---- random events, a classification of one's own, and SQL ---- */

static const char own_file[] = "classification,1\nname,own\nversion,7\nsource,a test\nlicence,free\nstatus,invented\n"
                               "system,icd10,icd10\nsystem,icd9,icd9\nweights,points,1\nweights,whole\n"
                               "group,diabetes\ncodes,diabetes,icd10,prefix,E10-E14\ncodes,diabetes,icd9,prefix,250\n"
                               "weight,diabetes,points,1.5\nweight,diabetes,whole,1\n"
                               "group,complicated\ncodes,complicated,icd10,exact,E119\ncodes,complicated,icd10,prefix,E14.9\n"
                               "weight,complicated,points,2.5\n"
                               "group,heart\ncodes,heart,icd10,prefix,I50 I11\nweight,heart,points,-0.5\nweight,heart,whole,-3\n"
                               "group,sign,Sign,helper\ncodes,sign,icd10,prefix,F00 F03\n"
                               "group,alzheimer\ncodes,alzheimer,icd10,prefix,G30\nweight,alzheimer,points,1\n"
                               "group,dementia\nweight,dementia,points,3\nmakes,dementia,sign,alzheimer\n"
                               "group,pressure\ncodes,pressure,icd10,prefix,I10 I11\ncodes,pressure,icd9,prefix,401\n"
                               "weight,pressure,points,0.2\n"
                               "hides,complicated,diabetes\nhides,heart,pressure\n";

/* What each contact's codes say, without rules. */
static const char own_view[] =
    "CREATE VIEW has AS SELECT id,"
    " max(system = 'icd10' AND substr(code, 1, 3) BETWEEN 'E10' AND 'E14' OR system = 'icd9' AND code LIKE '250%') AS kd,"
    " max(system = 'icd10' AND (code = 'E119' OR code LIKE 'E149%')) AS kc,"
    " max(system = 'icd10' AND (code LIKE 'I50%' OR code LIKE 'I11%')) AS kh,"
    " max(system = 'icd10' AND (code LIKE 'F00%' OR code LIKE 'F03%')) AS ks,"
    " max(system = 'icd10' AND code LIKE 'G30%') AS ka,"
    " max(system = 'icd10' AND (code LIKE 'I10%' OR code LIKE 'I11%') OR system = 'icd9' AND code LIKE '401%') AS kp"
    " FROM code GROUP BY id";

#define POINTS                                                                                                            \
    "coalesce(15 * (max(kd) AND NOT max(kc)) + 25 * max(kc) - 5 * max(kh) + 30 * (max(ks) AND max(ka)) + 10 * max(ka)"            \
    " + 2 * (max(kp) AND NOT max(kh)), 0)"
#define WHOLE "coalesce((max(kd) AND NOT max(kc)) - 3 * max(kh), 0)"
#define GROUPS                                                                                                            \
    "coalesce(trim(CASE WHEN max(ka) THEN '|alzheimer' ELSE '' END || CASE WHEN max(kc) THEN '|complicated' ELSE '' END ||"  \
    " CASE WHEN max(ks) AND max(ka) THEN '|dementia' ELSE '' END ||"                                                         \
    " CASE WHEN max(kd) AND NOT max(kc) THEN '|diabetes' ELSE '' END || CASE WHEN max(kh) THEN '|heart' ELSE '' END ||"       \
    " CASE WHEN max(kp) AND NOT max(kh) THEN '|pressure' ELSE '' END, '|'), '')"
#define OF(value, which) "(SELECT " value " FROM contacts c JOIN has USING (id) WHERE c.p = e.p" which ")"

static const char *const own_cases[][2] = {
    {"from patients show score('own.csv', dx over contacts), score('own.csv', 'whole', dx over contacts),"
     " groups('own.csv', dx over contacts)", /* ranges that follow one another */
     "SELECT " OF(POINTS, "") ", " OF(WHOLE, "") ", " OF(GROUPS, "") ", p FROM patients e ORDER BY p"},
    {"from patients show score('own.csv', dx over contacts where level = inpatient), groups('own.csv', dx over contacts"
     " during 2021)",
     "SELECT " OF(POINTS, " AND level = 'inpatient'") ", " OF(GROUPS, " AND start BETWEEN d('2021-01-01') AND d('2021-12-31')")
     ", p FROM patients e ORDER BY p"},
    {"from contacts show score('own.csv', dx), groups('own.csv', dx)", /* each list */
     "SELECT (SELECT " POINTS " FROM has WHERE has.id = e.id), (SELECT " GROUPS " FROM has WHERE has.id = e.id), p"
     " FROM contacts e ORDER BY p, ord"},
    {"from contacts as e show score('own.csv', dx over contacts within 200d until e.start),"
     " groups('own.csv', dx over contacts within 60d of e.start where level = primary)", /* windows that overlap */
     "SELECT " OF(POINTS, " AND c.start BETWEEN e.start - 200 AND e.start") ", "
     OF(GROUPS, " AND c.start BETWEEN e.start - 60 AND e.start + 60 AND c.level = 'primary'")
     ", p FROM contacts e ORDER BY p, ord"},
    {"from contacts as e show score('own.csv', dx over contacts where unit = e.unit),"
     " groups('own.csv', dx over contacts where provider = e.provider and start <= e.start)", /* lists and pairs */
     "SELECT " OF(POINTS, " AND c.unit = e.unit") ", " OF(GROUPS, " AND c.provider = e.provider AND c.start <= e.start")
     ", p FROM contacts e ORDER BY p, ord"},
    {"from contacts as e show score('own.csv', 'whole', dx over contacts where cost > e.cost),"
     " size(groups('own.csv', dx over contacts where cost > e.cost)) > 1", /* pairs */
     "SELECT " OF(WHOLE, " AND c.cost > e.cost") ", instr(" OF(GROUPS, " AND c.cost > e.cost") ", '|') > 0"
     ", p FROM contacts e ORDER BY p, ord"},
    {"from drugs as e show score('own.csv', dx over contacts within 90d before e.start)",
     "SELECT " OF(POINTS, " AND c.start BETWEEN e.start - 90 AND e.start - 1") ", p FROM drugs e ORDER BY p, ord"},
    {"from patients derive g = groups('own.csv', dx over contacts during 2022) group by g show n = count()",
     "WITH t AS (SELECT " OF(GROUPS, " AND start BETWEEN d('2022-01-01') AND d('2022-12-31')") " AS g FROM patients e)"
     " SELECT g, count(*), count(*) FROM t GROUP BY g ORDER BY replace(g, '|', char(1))"},
};

static void write_own(const small_registry *r, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", r->directory, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void scores_over_any_set_are_as_in_sql(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed < 13; seed++) {
        small_registry r;
        small_open(&r);
        small_random(&r, seed, 60);
        small_publish(&r, 7);
        small_exec(&r, own_view);
        write_own(&r, "own.csv", own_file);
        for (size_t i = 0; i < sizeof own_cases / sizeof *own_cases; i++) {
            answer oracle, got = ask_with(&r, own_cases[i][0]);
            char why[1000];
            answer_sql(r.sql, own_cases[i][1], &oracle);
            if (!answer_same(&got, &oracle, why))
                fail_msg("seed %d, %s\n%s", (int)seed, own_cases[i][0], why);
            answer_free(&got);
            answer_free(&oracle);
        }
        small_close(&r);
    }
}

/* Contacts mostly of one code, so that lists are told by few bits, and of one chunk. */
static void put_short_lists(small_registry *r)
{
    static const char *const codes[] = {"E119", "E109", "I509", "I110", "F001", "I501", "I109", "J459", "C509", "E149"};
    uint64_t random = 3;
    char start[24], list[24];
    for (int p = 0; p < 150; p++) {
        small_patient(r, "1950-01-01", "female", NULL);
        for (int i = 0; i < 16; i++) {
            const uint64_t any = lots_test_random(&random);
            snprintf(start, sizeof start, "2021-%02d-%02d", (int)(any % 12) + 1, (int)(any / 12 % 28) + 1);
            snprintf(list, sizeof list, "%s %s", codes[any / 512 % 10], codes[any / 8192 % 10]);
            if (any / 131072 % 10 > 0)
                list[4] = '\0';
            small_contact(r, p, start, NULL, "primary", NULL, any / 131072 % 30 == 1 ? NULL : list);
        }
    }
}

/* Of lists that were read before, those of few rows are read for themselves: first few, then some of them again, then all. */
static void scores_of_few_rows_are_as_in_sql(void **state)
{
    static const char *const question =
        "from patients show score('own.csv', dx over contacts during 2021-03-05..2021-03-06),"
        " score('own.csv', 'whole', dx over contacts during 2021-03-06..2021-03-09), groups('own.csv', dx over contacts)";
    static const char *const sql =
        "SELECT " OF(POINTS, " AND start BETWEEN d('2021-03-05') AND d('2021-03-06')") ", "
        OF(WHOLE, " AND start BETWEEN d('2021-03-06') AND d('2021-03-09')") ", " OF(GROUPS, "") ", p FROM patients e ORDER BY p";
    (void)state;
    small_registry r;
    answer oracle, got;
    char why[1000];
    small_open(&r);
    put_short_lists(&r);
    small_publish(&r, 150);
    small_exec(&r, own_view);
    write_own(&r, "own.csv", own_file);
    answer_sql(r.sql, sql, &oracle);
    for (int times = 0; times < 3; times++) {
        got = ask_with(&r, question);
        if (!answer_same(&got, &oracle, why))
            fail_msg("asked before: %d\n%s", times, why);
        answer_free(&got);
    }
    answer_free(&oracle);
    small_close(&r);
}

/* The rows `codes,GROUP,icd10,prefix,E10-E14 I50` of a classification, each prefix and range asked of the contacts' codes. */
static void put_members(small_registry *r, const char *name)
{
    char path[200], line[4096], sql[600];
    snprintf(path, sizeof path, "query/std/classifications/%s.csv", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char *rest = NULL, *group, *token;
        if (strncmp(line, "codes,", 6) != 0)
            continue;
        group = strtok_r(line + 6, ",", &rest);
        assert_string_equal(strtok_r(NULL, ",", &rest), "icd10");
        assert_string_equal(strtok_r(NULL, ",", &rest), "prefix");
        while ((token = strtok_r(NULL, " \r\n", &rest)) != NULL) {
            char *high = strchr(token, '-');
            const int bytes = (int)(high == NULL ? strlen(token) : (size_t)(high - token));
            snprintf(sql, sizeof sql, "INSERT INTO member SELECT '%s', id, '%s' FROM code WHERE system = 'icd10' AND"
                     " substr(code, 1, %d) BETWEEN '%.*s' AND '%s'", name, group, bytes, bytes, token, high == NULL ? token : high + 1);
            small_exec(r, sql);
        }
    }
    assert_int_equal(fclose(file), 0);
}

/* How many distinct groups, asked of: whole patients, a window that is the same for all, one that a row gives, pairs. X is the
 * classification, of fewer groups than a word has bits and of more. */
#define MEMBERS(which) "(SELECT count(DISTINCT grp) FROM contacts c JOIN member m ON m.id = c.id AND m.name = 'X' WHERE c.p = e.p" which ")"
static const char *const distinct_of[][3] = {
    {"from patients", "contacts", "SELECT " MEMBERS("") ", " MEMBERS("") ", p FROM patients e ORDER BY p"},
    {"from patients", "contacts during 2021..2022",
     "SELECT " MEMBERS(" AND start BETWEEN d('2021-01-01') AND d('2022-12-31')") ", "
     MEMBERS(" AND start BETWEEN d('2021-01-01') AND d('2022-12-31')") ", p FROM patients e ORDER BY p"},
    {"from contacts as e", "contacts within 300d before e.start where level = primary",
     "SELECT " MEMBERS(" AND c.start BETWEEN e.start - 300 AND e.start - 1 AND c.level = 'primary'") ", "
     MEMBERS(" AND c.start BETWEEN e.start - 300 AND e.start - 1 AND c.level = 'primary'") ", p FROM contacts e ORDER BY p, ord"},
    {"from contacts as e", "contacts where cost > e.cost and unit = e.unit",
     "SELECT " MEMBERS(" AND c.cost > e.cost AND c.unit = e.unit") ", " MEMBERS(" AND c.cost > e.cost AND c.unit = e.unit")
     ", p FROM contacts e ORDER BY p, ord"},
};

static void compare_distinct(const small_registry *r, const char *const question[3], const char *name)
{
    char text[600], sql[1200], why[1000];
    size_t used = 0;
    snprintf(text, sizeof text, "%s show n = count(distinct %s(dx) over %s), m = size(set(%s(dx) over %s))", question[0], name,
             question[1], name, question[1]);
    for (const char *at = question[2]; *at != '\0'; at++)
        used += (size_t)snprintf(sql + used, sizeof sql - used, "%.*s", *at == 'X' ? (int)strlen(name) : 1, *at == 'X' ? name : at);
    answer oracle, got = ask_with(r, text);
    uint32_t some = 0;
    answer_sql(r->sql, sql, &oracle);
    if (!answer_same(&got, &oracle, why))
        fail_msg("%s\n%s", text, why);
    for (uint32_t row = 0; row < oracle.rows; row++)
        some += strcmp(cell(&oracle, row, 0), "0") != 0;
    assert_true(some > 0);
    answer_free(&got);
    answer_free(&oracle);
}

static void distinct_groups_are_as_many_as_in_sql(void **state)
{
    static const char *const names[] = {"icd10_chapters", "icd10_blocks", "chronic"};
    (void)state;
    small_registry r;
    answer oracle, got;
    char why[1000];
    small_open(&r);
    small_random(&r, 17, 60);
    small_publish(&r, 7);
    small_exec(&r, "CREATE TABLE member(name, id, grp)");
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        put_members(&r, names[n]);
        for (size_t i = 0; i < sizeof distinct_of / sizeof *distinct_of; i++)
            compare_distinct(&r, distinct_of[i], names[n]);
    }
    got = ask_with(&r, "from patients show count(distinct atc_main(atc) over drugs during 2021..2022)");
    answer_sql(r.sql, "SELECT (SELECT count(DISTINCT substr(atc, 1, 1)) FROM drugs d WHERE d.p = q.p AND start BETWEEN"
                      " d('2021-01-01') AND d('2022-12-31')), p FROM patients q ORDER BY p", &oracle);
    if (!answer_same(&got, &oracle, why))
        fail_msg("%s", why);
    answer_free(&got);
    answer_free(&oracle);
    small_close(&r);
}

/* ---- notes and refusals ---- */

static uint32_t times(const char *text, const char *part)
{
    uint32_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void a_classification_is_named_once_with_its_source(void **state)
{
    (void)state;
    small_registry r;
    small_open(&r);
    small_random(&r, 5, 5);
    small_publish(&r, 5);
    write_own(&r, "own.csv", own_file);
    answer got = ask_with(&r, "from patients show score(hfrs, dx over contacts), score(hfrs, dx over contacts during 2021),"
                              " size(chronic(first(contacts).dx)), score('own.csv', dx over contacts)");
    assert_int_equal(times(got.notes, "classification hfrs, version: 2018; source: Gilbert 2018"), 1);
    assert_int_equal(times(got.notes, "incomplete and unofficial"), 1);
    assert_int_equal(times(got.notes, "classification own, version: 7; source: a test; status: invented"), 1);
    answer_free(&got);
    got = ask_with(&r, "from drugs show atc.chapter");
    assert_int_equal(times(got.notes, "icd10_chapters"), 0); /* looked at, not used */
    assert_int_equal(times(got.notes, "atc_main"), 1);
    answer_free(&got);
    small_close(&r);
}

static void what_makes_no_sense_is_refused_with_a_word(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"from patients show score(charlson_es, dx over contacts)", "no classification 'charlson_es'", "charlson_se"},
        {"from patients show score(nothing_like_it, dx over contacts)", "no classification", "icd10_chapters"},
        {"from contacts show cronic(dx)", "no function 'cronic'", "chronic"},
        {"from patients show score(elixhauser.van_walaven, dx over contacts)", "no weights", "van_walraven"},
        {"from patients show score(hfrs, 'wrong', dx over contacts)", "no weights 'wrong'", "gilbert2018"},
        {"from patients show score(chronic, dx over contacts)", "has no weights", "size(groups(chronic"},
        {"from patients show score(cambridge_mm, dx over contacts)", "no codes", ""},
        {"from patients show groups(hfrs.gilbert2018, dx over contacts)", "weights are for score", ""},
        {"from contacts show chronic(dx over contacts)", "one list", "set(chronic(dx) over E)"},
        {"from contacts show chronic(level)", "a code or a list of codes is wanted", ""},
        {"from contacts show score(charlson_se, cost)", "a code or a list of codes is wanted", ""},
        {"from drugs show chronic(atc)", "codes of atc, and chronic has codes of icd10", ""},
        {"from contacts show rxriskv(dx)", "codes of icd10, and rxriskv has codes of atc", ""},
        {"from drugs show atc.block", "codes of atc have no .block", ""},
        {"from contacts show dx.main.chaptr", ".chapter", ""},
        {"from contacts show dx.main.block.name", "has .label", ""},
        {"from contacts where chronic(dx) = 3 show dx", "do not go together", ""},
        {"from contacts where hypertenson in chronic(dx) show dx", "no value of category 'chronic'", "hypertension"},
        {"from patients show score('absent.csv', dx over contacts)", "absent.csv", ""},
        {"from patients show score('bad.csv', dx over contacts)", "line 2", ""},
        {"from patients show score(charlson_se)", "takes a classification and codes", ""},
        {"from patients show score(charlson_se, dx over contacts per level)", "no such clause", ""},
    };
    small_registry r;
    small_open(&r);
    small_random(&r, 5, 5);
    small_publish(&r, 5);
    write_own(&r, "bad.csv", "classification,1\nnonsense,x\n");
    const lots_bind_options options = {.include_directory = r.directory};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer got;
        lots_error_clear(&err);
        const lots_status status = answer_lots(r.registry, cases[i][0], &options, NULL, &got, &err);
        if (status == LOTS_OK || strstr(err.text, cases[i][1]) == NULL || strstr(err.hint, cases[i][2]) == NULL)
            fail_msg("%s: %s (%s)", cases[i][0], status == LOTS_OK ? "not refused" : err.text, err.hint);
        assert_true(err.at_end <= strlen(cases[i][0]) && err.at < err.at_end);
    }
    small_close(&r);
}

/* ---- real diagnoses ---- */

static const char diagnoses_map[] = "[system icd9]\nform = icd9\n[system icd10]\nform = icd10\n"
                                    "[patients]\nfile = diagnoses.csv\npatient = subject_id\n"
                                    "[stream diagnoses]\nfile = diagnoses.csv\npatient = subject_id\nspan = point\n"
                                    "start = date from time\nminute = minute from time\n"
                                    "dx = codes(icd10) from icd_code by icd_version 9 icd9, 10 icd10\n";

/* The numbers of shared/data/README.md, counted there by another program. */
static void scores_of_real_diagnoses_are_those_counted_elsewhere(void **state)
{
    (void)state;
    small_registry files = {.registry = NULL};
    char map[600], path[600];
    lots_registry *registry = NULL;
    lots_load_result loaded;
    answer got;
    const char *data = lots_test_shared("data/mimic4_demo_meds");
    if (data == NULL) {
        print_message("no data beside the project: skipped\n");
        skip();
    }
    lots_test_directory(files.directory);
    write_own(&files, "dx.map", diagnoses_map);
    snprintf(map, sizeof map, "%s/dx.map", files.directory);
    snprintf(path, sizeof path, "%s/r.lots", files.directory);
    const lots_load_options options = {.registry = path, .map_path = map, .inputs = &data, .input_count = 1};
    assert_ok(lots_load_run(&options, &loaded, &err));
    lots_load_result_free(&loaded);
    assert_ok(lots_registry_open(&registry, path, NULL, &err));
    assert_ok(answer_lots(registry,
                          "from patients derive c = score(charlson_quan, dx over diagnoses),"
                          " v = score(elixhauser.van_walraven, dx over diagnoses)"
                          " show sum(c), count(where c >= 1), count(where c >= 3), max(c), sum(v), max(v)",
                          NULL, NULL, &got, &err));
    static const char *const wanted[] = {"155", "36", "23", "14", "682", "49"};
    for (uint32_t i = 0; i < 6; i++)
        assert_string_equal(cell(&got, 0, i), wanted[i]);
    answer_free(&got);
    lots_registry_close(registry);
    assert_ok(lots_path_remove_tree(files.directory, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_examples_of_scores_come_out),
        cmocka_unit_test(groups_are_named_hidden_and_made),
        cmocka_unit_test(codes_have_chapters_and_blocks),
        cmocka_unit_test(scores_over_any_set_are_as_in_sql),
        cmocka_unit_test(scores_of_few_rows_are_as_in_sql),
        cmocka_unit_test(distinct_groups_are_as_many_as_in_sql),
        cmocka_unit_test(a_classification_is_named_once_with_its_source),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_a_word),
        cmocka_unit_test(scores_of_real_diagnoses_are_those_counted_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
