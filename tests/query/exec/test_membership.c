/* Who belongs to a saved cohort: the kept set where it is of this very registry, else the question asked again; texts that
 * stand alone; cohorts of cohorts. Counts are compared with SQL over the same rows. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/index/bitset.h"
#include "query/exec/membership.h"
#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

enum { PATIENTS = 28 };
static small_registry r;

static int open_registry(void **state)
{
    (void)state;
    small_open(&r);
    small_random(&r, 5, PATIENTS);
    small_publish(&r, 3);
    return 0;
}

static int close_registry(void **state)
{
    (void)state;
    small_close(&r);
    return 0;
}

/* ---- asking ---- */

typedef struct asked {
    lots_arena arena;
    lots_sources sources;
    lots_query *query;
    lots_result result;
} asked;

static lots_status bind(asked *a, const char *text, const lots_bind_options *options, lots_error *err)
{
    memset(a, 0, sizeof *a);
    lots_arena_init(&a->arena, 0);
    return lots_query_bind(r.registry, text, strlen(text), "query", options, &a->arena, &a->sources, &a->query, err);
}

static void finish(asked *a)
{
    lots_result_free(&a->result);
    lots_arena_free(&a->arena);
}

static void run(asked *a, const char *text, uint32_t min_cell, lots_pool *pool)
{
    lots_error err;
    const lots_run_options options = {.pool = pool, .min_cell = min_cell};
    assert_ok(bind(a, text, NULL, &err));
    assert_ok(lots_run_pipeline(a->query, &a->query->pipelines[a->query->pipeline_count - 1], &options, &a->result, &err));
}

/* What a question for one number answers. */
static int64_t number(const char *text)
{
    asked a;
    run(&a, text, 0, NULL);
    assert_int_equal(a.result.rows, 1);
    int64_t value = ((const int64_t *)a.result.columns[0].values.data)[0];
    finish(&a);
    return value;
}

static int64_t sql_number(const char *text)
{
    answer got;
    answer_sql(r.sql, text, &got);
    assert_int_equal(got.rows, 1);
    int64_t value = strtoll(got.cells[0], NULL, 10);
    answer_free(&got);
    return value;
}

/* What `lots query` saves of a cohort that has been counted. */
static lots_cohort saved_as(const lots_bound_cohort *into)
{
    return (lots_cohort){.name = into->name,
                         .text = into->text,
                         .parameters = into->parameters,
                         .generation = lots_registry_generation(r.registry),
                         .content = lots_registry_hash(r.registry),
                         .definition = into->definition,
                         .patients = PATIENTS,
                         .count = into->count};
}

static void save(const char *text)
{
    lots_error err;
    asked a;
    run(&a, text, 0, NULL);
    const lots_bound_cohort *into = a.query->pipelines[a.query->pipeline_count - 1].into;
    const lots_cohort cohort = saved_as(into);
    assert_ok(lots_cohort_save(r.path, &cohort, into->bits, text, "test", &err));
    finish(&a);
}

static void drop_all(void)
{
    lots_error err;
    lots_cohort_list list;
    assert_ok(lots_cohort_list_read(r.path, &list, &err));
    for (size_t i = 0; i < list.cohorts.count; i++)
        assert_ok(lots_cohort_drop(r.path, LOTS_AT(lots_cohort, &list.cohorts, i).name, &err));
    lots_cohort_list_free(&list);
}

/* ---- the kept set ---- */

static void a_saved_cohort_is_a_boolean_of_the_patient(void **state)
{
    (void)state;
    save("from contacts where level = inpatient into cohort stayed");
    assert_int_equal(number("from patients where stayed show n = count()"),
                     sql_number("SELECT count(DISTINCT p) FROM contacts WHERE level = 'inpatient'"));
    assert_int_equal(number("from patients show n = sum(count(contacts where stayed and level = primary))"),
                     sql_number("SELECT count(*) FROM contacts WHERE level = 'primary' AND p IN "
                                "(SELECT p FROM contacts WHERE level = 'inpatient')"));
    drop_all();
}

/* A wrong set tells whether it is the kept one that answers. */
static void the_kept_set_answers_only_for_what_it_was_saved_on(void **state)
{
    (void)state;
    static const char text[] = "from patients where sex = female into cohort ladies";
    const int64_t right = sql_number("SELECT count(*) FROM patients WHERE sex = 'female'");
    lots_error err;
    asked a;
    const uint64_t everybody[1] = {(UINT64_C(1) << PATIENTS) - 1};
    run(&a, text, 0, NULL);
    const lots_cohort fit = saved_as(a.query->pipelines[0].into);
    lots_cohort cohorts[] = {fit, fit, fit, fit};
    cohorts[1].generation++;
    cohorts[2].content++;
    cohorts[3].definition++;
    assert_int_not_equal(right, PATIENTS);
    for (int i = 0; i < 4; i++) {
        cohorts[i].count = PATIENTS;
        assert_ok(lots_cohort_save(r.path, &cohorts[i], everybody, text, "test", &err));
        assert_int_equal(number("from patients where ladies show n = count()"), i == 0 ? PATIENTS : right);
    }
    finish(&a);
    drop_all();
}

static void a_cohort_replaced_after_the_query_was_bound_is_asked_again(void **state)
{
    (void)state;
    lots_error err;
    asked a;
    save("from patients where sex = female into cohort ladies");
    assert_ok(bind(&a, "from patients where ladies show n = count()", NULL, &err));
    save("from patients where sex = male into cohort ladies");
    assert_ok(lots_run_pipeline(a.query, &a.query->pipelines[0], NULL, &a.result, &err));
    assert_int_equal(((const int64_t *)a.result.columns[0].values.data)[0],
                     sql_number("SELECT count(*) FROM patients WHERE sex = 'female'"));
    finish(&a);
    drop_all();
}

static void a_change_in_count_is_told_once_and_small_numbers_hidden(void **state)
{
    (void)state;
    static const uint64_t three[1] = {7};
    static const struct {
        uint32_t min_cell;
        const char *then;
    } cases[] = {{0, "3"}, {5, "<5"}, {3, "3"}};
    lots_error err;
    asked a;
    char wanted[200];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run(&a, "from patients where exists(contacts) into cohort seen", 0, NULL);
        lots_cohort cohort = saved_as(a.query->pipelines[0].into);
        const unsigned long long now = cohort.count;
        cohort.generation = 7;
        cohort.count = 3;
        assert_ok(lots_cohort_save(r.path, &cohort, three, "q", "test", &err));
        finish(&a);
        run(&a, "from patients where seen show n = count()", cases[i].min_cell, NULL);
        snprintf(wanted, sizeof wanted, "cohort seen: %llu patients, %s when saved (generation 7)", now, cases[i].then);
        assert_int_equal(a.result.note_count, 1);
        assert_string_equal(a.result.notes[0], wanted);
        lots_result_free(&a.result);
        assert_ok(lots_run_pipeline(a.query, &a.query->pipelines[0], NULL, &a.result, &err));
        assert_int_equal(a.result.note_count, 0);
        finish(&a);
    }
    drop_all();
}

static void a_small_cohort_is_counted_as_fewer_than_k(void **state)
{
    (void)state;
    asked a;
    run(&a, "from patients sort id limit 3 into cohort few", 5, NULL);
    assert_int_equal(a.result.rows, 1);
    assert_int_equal(a.result.patients[0], 0);
    assert_int_equal(a.result.patients_marks[0], 1);
    assert_int_equal(a.query->pipelines[0].into->count, 3);
    finish(&a);
    run(&a, "from patients sort id limit 3 into cohort few", 3, NULL);
    assert_int_equal(a.result.patients[0], 3);
    assert_null(a.result.patients_marks);
    finish(&a);
}

static void no_ids_are_read_to_save_a_cohort_and_protected_persons_count(void **state)
{
    (void)state;
    lots_error err;
    asked a;
    const lots_run_options options = {.guard_rows = true, .min_cell = 5};
    assert_ok(bind(&a, "from patients show id, sex into cohort everybody", NULL, &err));
    assert_ok(lots_run_pipeline(a.query, &a.query->pipelines[0], &options, &a.result, &err));
    assert_int_equal(a.result.column_count, 1);
    assert_null(a.result.patient);
    assert_int_equal(a.result.patients[0], PATIENTS);
    finish(&a);
}

/* ---- texts ---- */

static void a_saved_text_needs_nothing_else(void **state)
{
    (void)state;
    static const char codes[] = "code,match\nI50,prefix\nE119,exact\n", lets[] = "let unused = 1\nlet stay = contacts where level = inpatient\n";
    static const char text[] = "include 'lets.lq'\nparam year = 2020 param town = 'x' param never = 3\n"
                               "let ill = codes('set.csv')\nlet often(e, k) = count(e during year) >= k\n"
                               "# a comment\nfrom patients where often(stay, 1) or exists(contacts where dx in ill during year) "
                               "or exists(residence where municipality = town)\ninto cohort ill_then";
    static const char wanted[] = "let stay = contacts where level = inpatient\nparam year = 2022\nparam town = 'Alvik'\n"
                                 "let ill = {I50, =E119}\nlet often(e, k) = count(e during year) >= k\n"
                                 "from patients\nwhere often(stay, 1) or exists(contacts where dx in ill during year) or "
                                 "exists(residence where municipality = town)\ninto cohort ill_then\n";
    const char *names[] = {"year", "town"}, *values[] = {"2022", "Alvik"};
    lots_error err;
    asked a;
    char folder[512];
    lots_test_directory(folder);
    char path[600];
    snprintf(path, sizeof path, "%s/set.csv", folder);
    FILE *file = fopen(path, "w");
    assert_true(file != NULL && fputs(codes, file) >= 0 && fclose(file) == 0);
    snprintf(path, sizeof path, "%s/lets.lq", folder);
    file = fopen(path, "w");
    assert_true(file != NULL && fputs(lets, file) >= 0 && fclose(file) == 0);
    const lots_bind_options options = {.param_names = names, .param_values = values, .param_count = 2,
                                       .include_directory = folder};
    assert_ok(bind(&a, text, &options, &err));
    const lots_bound_cohort *into = a.query->pipelines[0].into;
    assert_string_equal(into->text, wanted);
    assert_string_equal(into->parameters, "year=2022\ntown='Alvik'\n");
    assert_ok(lots_run_pipeline(a.query, &a.query->pipelines[0], NULL, &a.result, &err));
    assert_int_equal(into->count,
                     sql_number("SELECT count(*) FROM patients q WHERE EXISTS (SELECT 1 FROM contacts c WHERE c.p = q.p AND level = "
                                "'inpatient' AND year(start) = 2022) OR EXISTS (SELECT 1 FROM contacts c JOIN code k ON k.id = c.id "
                                "WHERE c.p = q.p AND year(start) = 2022 AND k.system = 'icd10' AND (k.code LIKE 'I50%' OR k.code = "
                                "'E119')) OR EXISTS (SELECT 1 FROM residence x WHERE x.p = q.p AND municipality = 'Alvik')"));
    finish(&a);
    assert_ok(lots_path_remove(path, &err));
}

static void codes_of_a_file_that_would_mean_something_else_are_refused(void **state)
{
    (void)state;
    static const char *const lists[] = {"code\nI50}\n", "code\n=I50\n", "code,match,exclude\nI50,exact,1\n", "code\nI 50\n",
                                        "code\nicd9:250\n"};
    char folder[512], path[600];
    lots_test_directory(folder);
    snprintf(path, sizeof path, "%s/set.csv", folder);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        lots_error err;
        asked a;
        FILE *file = fopen(path, "w");
        assert_true(file != NULL && fputs(lists[i], file) >= 0 && fclose(file) == 0);
        const lots_bind_options options = {.include_directory = folder};
        lots_status status = bind(&a, "from patients where exists(contacts where dx in codes('set.csv')) into cohort x", &options,
                                  &err);
        assert_int_equal(status, LOTS_QUERY);
        assert_int_equal(err.source, 0);
        finish(&a);
    }
    lots_error err;
    assert_ok(lots_path_remove(path, &err));
}

static void a_text_with_a_classification_of_a_file_is_refused(void **state)
{
    (void)state;
    static const char list[] = "classification,1\nname,mine\ntitle,Mine\nversion,1\nsource,by hand\nlicence,none\nstatus,test\n"
                               "system,icd10,icd10\ngroup,heart,Heart\ncodes,heart,icd10,prefix,I50\n";
    lots_error err;
    asked a;
    char folder[512], path[600];
    lots_test_directory(folder);
    snprintf(path, sizeof path, "%s/mine.csv", folder);
    FILE *file = fopen(path, "w");
    assert_true(file != NULL && fputs(list, file) >= 0 && fclose(file) == 0);
    const lots_bind_options options = {.include_directory = folder};
    assert_ok(bind(&a, "from patients where size(groups('mine.csv', dx over contacts)) > 0", &options, &err));
    finish(&a);
    assert_status(LOTS_QUERY, bind(&a, "from patients where size(groups('mine.csv', dx over contacts)) > 0 into cohort x",
                                   &options, &err));
    assert_contains(err.text, "can't be part of a saved cohort");
    finish(&a);
    assert_ok(lots_path_remove(path, &err));
}

/* ---- cohorts of cohorts ---- */

static void save_text(const char *name, const char *text)
{
    static const uint64_t none[1] = {0};
    lots_error err;
    const lots_cohort cohort = {.name = name, .text = text, .parameters = "", .generation = 1, .patients = PATIENTS};
    assert_ok(lots_cohort_save(r.path, &cohort, none, "q", "test", &err));
}

static void assert_refused(const char *text, const char *why)
{
    lots_error err;
    asked a;
    assert_status(LOTS_QUERY, bind(&a, text, NULL, &err));
    assert_contains(err.text, why);
    assert_int_equal(err.source, 0);
    assert_true(err.at_end <= strlen(text));
    finish(&a);
}

static void cohorts_may_be_made_of_cohorts_but_never_of_themselves(void **state)
{
    (void)state;
    char name[32], text[128];
    save("from patients where sex = female into cohort c0");
    for (int i = 1; i < 12; i++) {
        snprintf(name, sizeof name, "c%d", i);
        snprintf(text, sizeof text, "from patients\nwhere c%d\ninto cohort c%d\n", i - 1, i);
        save_text(name, text);
    }
    assert_int_equal(number("from patients where c9 show n = count()"),
                     sql_number("SELECT count(*) FROM patients WHERE sex = 'female'"));
    assert_refused("from patients where c10 show n = count()", "more than 10 deep");
    assert_refused("from patients where c9 into cohort c20", "more than 10 deep");
    assert_refused("from patients where c3 into cohort c0", "'c0' would be made of itself, through");
    save_text("c0", "from patients\nwhere c2\ninto cohort c0\n"); /* as no program of ours saves it */
    assert_refused("from patients where c1 show n = count()", "'c1' would be made of itself, through c2, c0");
    assert_refused("from patients where c0 or c1", "would be made of itself");
    drop_all();
}

static void many_paths_to_one_cohort_are_walked_once(void **state)
{
    (void)state;
    char name[32], text[400];
    save("from patients where sex = female into cohort w0_0");
    save("from patients where sex = male into cohort w0_1");
    for (int level = 1; level < 10; level++)
        for (int i = 0; i < 2; i++) {
            snprintf(name, sizeof name, "w%d_%d", level, i);
            snprintf(text, sizeof text, "from patients\nwhere (w%d_0 or w%d_1) and count(contacts where w%d_0) >= 0\ninto cohort %s\n",
                     level - 1, level - 1, level - 1, name);
            save_text(name, text);
        }
    assert_int_equal(number("from patients where w9_0 or w9_1 show n = count()"),
                     sql_number("SELECT count(*) FROM patients WHERE sex IN ('female', 'male')"));
    drop_all();
}

static void what_a_cohort_is_made_of_changes_it(void **state)
{
    (void)state;
    save("from patients where sex = female into cohort base");
    save("from patients where base and exists(contacts) into cohort seen");
    save("from patients where sex = male into cohort base");
    assert_int_equal(number("from patients where seen show n = count()"),
                     sql_number("SELECT count(*) FROM patients q WHERE sex = 'male' AND EXISTS (SELECT 1 FROM contacts c WHERE "
                                "c.p = q.p)"));
    drop_all();
}

static void a_text_that_can_not_be_asked_any_more_is_named(void **state)
{
    (void)state;
    save_text("odd", "from patients\nwhere fraility > 3\ninto cohort odd\n");
    assert_refused("from patients where odd show n = count()", "cohort 'odd' can't be computed here: there is no 'fraility' here");
    save_text("odd", "from patients show n = count()");
    assert_refused("from patients where odd show n = count()", "no single question for patients");
    drop_all();
}

/* ---- names ---- */

static void a_column_and_a_cohort_of_one_name_are_told_apart_by_the_user(void **state)
{
    (void)state;
    save("from patients where sex = female into cohort ladies");
    assert_refused("from patients derive ladies = 1 where ladies = 1 show n = count()", "both a saved cohort and a column");
    /* a name that the query itself gives wins, as over the library's */
    assert_int_equal(number("let ladies = sex = male from patients where ladies show n = count()"),
                     sql_number("SELECT count(*) FROM patients WHERE sex = 'male'"));
    /* other cohorts keep meaning their columns, whatever is saved later */
    save("from patients derive later = score where later > 2 into cohort ill");
    save("from patients where sex = male into cohort later");
    assert_int_equal(number("from patients where ill show n = count()"), sql_number("SELECT count(*) FROM patients WHERE score > 2"));
    drop_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_saved_cohort_is_a_boolean_of_the_patient),
        cmocka_unit_test(the_kept_set_answers_only_for_what_it_was_saved_on),
        cmocka_unit_test(a_cohort_replaced_after_the_query_was_bound_is_asked_again),
        cmocka_unit_test(a_change_in_count_is_told_once_and_small_numbers_hidden),
        cmocka_unit_test(a_small_cohort_is_counted_as_fewer_than_k),
        cmocka_unit_test(no_ids_are_read_to_save_a_cohort_and_protected_persons_count),
        cmocka_unit_test(a_saved_text_needs_nothing_else),
        cmocka_unit_test(codes_of_a_file_that_would_mean_something_else_are_refused),
        cmocka_unit_test(a_text_with_a_classification_of_a_file_is_refused),
        cmocka_unit_test(cohorts_may_be_made_of_cohorts_but_never_of_themselves),
        cmocka_unit_test(many_paths_to_one_cohort_are_walked_once),
        cmocka_unit_test(what_a_cohort_is_made_of_changes_it),
        cmocka_unit_test(a_text_that_can_not_be_asked_any_more_is_named),
        cmocka_unit_test(a_column_and_a_cohort_of_one_name_are_told_apart_by_the_user),
    };
    return cmocka_run_group_tests(tests, open_registry, close_registry);
}
