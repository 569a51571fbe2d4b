/* Data that others made, loaded by the built-in layouts: the facts known of them come out of queries. The facts were
 * counted from the files by other programs (shared/data/README.md). Each test skips where the data are absent. */
#include "tests/support/answer.h"
#include "tests/support/lots_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/store/registry.h"
#include "ingest/load.h"

/* Cells that must come out; the extra column of patients isn't among them. Ended by a NULL question. */
typedef struct fact {
    const char *question;
    double cells[5];
} fact;

static void check_fact(lots_registry *registry, const fact *item)
{
    lots_error err;
    answer got;
    assert_ok(answer_lots(registry, item->question, NULL, NULL, &got, &err));
    assert_int_equal(got.rows, 1);
    assert_true(got.columns <= 6);
    for (uint32_t i = 0; i + 1 < got.columns; i++) {
        double value = got.cells[i] == NULL ? (double)NAN : strtod(got.cells[i], NULL);
        if (!(fabs(value - item->cells[i]) < 5e-5))
            fail_msg("%s\ncolumn %u is %s, not %g", item->question, i + 1, got.cells[i], item->cells[i]);
    }
    answer_free(&got);
}

static void check_data(const char *data, const char *format, uint64_t patients, const fact *facts)
{
    lots_error err;
    lots_load_result result;
    lots_registry *registry;
    char folder[512], path[600];
    const char *from = lots_test_shared(data);
    if (from == NULL) {
        print_message("no %s beside the project: skipped\n", data);
        skip();
    }
    lots_test_directory(folder);
    snprintf(path, sizeof path, "%s/r.lots", folder);
    const lots_load_options options = {.registry = path, .format = format, .inputs = &from, .input_count = 1};
    assert_ok(lots_load_run(&options, &result, &err));
    assert_int_equal(result.rejected, 0);
    assert_int_equal(result.patients, patients);
    for (size_t i = 0; i < result.count_count; i++) {
        const lots_load_counts *c = &result.counts[i];
        assert_int_equal(c->rows, c->loaded + c->rejected + c->duplicates + c->filtered);
    }
    lots_load_result_free(&result);
    assert_ok(lots_registry_open(&registry, path, NULL, &err));
    for (; facts->question != NULL; facts++)
        check_fact(registry, facts);
    lots_registry_close(registry);
}

static void encounters_of_synthea_r4_cost_what_their_claims_say(void **state)
{
    (void)state;
    static const fact facts[] = {
        {"from patients derive n = count(contacts) show total = sum(n), largest = max(n),"
         " a = 18098 * top_share(n, 1%),"
         " b = 18098 * top_share(n, 10%), c = 18098 * top_share(n, 50%)", {18098, 163, 893, 5074, 13610}},
        {"from patients derive c = sum(cost over contacts) show total = sum(c), largest = max(c),"
         " a = round(10000 * top_share(c, 1%)), b = round(10000 * top_share(c, 10%)),"
         " d = round(10000 * top_share(c, 50%))",
         {8139044917, 126571419, 883, 5245, 9396}},
        {"from contacts show a = count(where level = ambulatory), e = count(where level = emergency),"
         " i = count(where level = inpatient)", {16537, 940, 621}},
        {"from patients derive h = exists(contacts where dx in {38341003}),"
         " d = exists(contacts where dx in {44054006})"
         " show h = count(where h), d = count(where d), both = count(where h and d)", {161, 37, 19}},
        {"let ed = contacts where level = emergency from patients"
         " show two = count(where exists(ed as e where count(ed within 365d until e.start) >= 2)),"
         " three = count(where exists(ed as e where count(ed within 365d until e.start) >= 3))", {80, 14}},
        {"from conditions show n = count()", {4546}},
        {"from procedures show n = count()", {14081}},
        {"from contacts show dx = sum(size(dx)), px = sum(size(px))", {4546, 14081}},
        {"from drugs show n = count()", {4712}},
        {"from labs show n = count(), numbers = count(where value is not missing),"
         " texts = count(where answer is not missing), height = count(where test in {8302-2})",
         {94338, 88272, 6066, 5317}},
        {NULL, {0}}};
    check_data("data/synthea_r4", "synthea", 615, facts);
}

static void syntheas_own_layout_is_read_by_the_same_mapping(void **state)
{
    (void)state;
    static const fact facts[] = {
        {"from contacts show n = count(), cost = sum(cost), city = count(where unit.city is not missing),"
         " inpatient = count(where level = inpatient), wellness = count(where level = wellness)",
         {604, 225917204, 604, 11, 348}},
        {"from patients show women = count(where sex = female), dead = count(where death is not missing)", {13, 2}},
        {"from drugs show n = count()", {663}},
        {NULL, {0}}};
    check_data("data/synthea_native", "synthea", 27, facts);
}

static void omop_concepts_are_found_by_themselves_and_by_what_lies_above(void **state)
{
    (void)state;
    static const fact facts[] = {
        {"from patients derive n = count(conditions) show total = sum(n), largest = max(n),"
         " a = 65332 * top_share(n, 1%),"
         " b = 65332 * top_share(n, 10%), c = 65332 * top_share(n, 50%)", {65332, 65, 1363, 10531, 40465}},
        {"from patients show bleeding = count(where exists(conditions where code in {192671})),"
         " a = count(where exists(drug_eras where code in {1118084})),"
         " b = count(where exists(drug_eras where code in {1124300})),"
         " both = count(where exists(drug_eras where code in {1118084})"
         " and exists(drug_eras where code in {1124300}))",
         {479, 1844, 850, 0}},
        {"from drugs show n = count()", {67707}},
        {"from labs show n = count()", {44053}},
        {"from contacts show n = count()", {1037}},
        {"from observed show n = count(), people = patients()", {2694, 2694}},
        {NULL, {0}}};
    check_data("data/gibleed_omop", "omop", 2694, facts);
}

static void meds_events_are_all_there_also_those_without_a_time(void **state)
{
    (void)state;
    static const fact facts[] = {
        {"from patients derive n = count(events) show total = sum(n), largest = max(n),"
         " a = round(10000 * top_share(n, 1%)),"
         " b = 916166 * top_share(n, 10%), c = round(10000 * top_share(n, 50%))", {916166, 51975, 567, 367675, 8686}},
        {"from events show admissions = count(where kind = HOSPITAL_ADMISSION),"
         " timeless = count(where start is missing)",
         {275, 100}},
        {"from patients show born = count(where birth is not missing), dead = count(where death is not missing),"
         " men = count(where sex = male)", {100, 31, 57}},
        {"from diagnoses show n = count(), ten = count(where dx in {icd10:A00-Z99})", {4506, 2313}},
        {"let out = events where kind = HOSPITAL_DISCHARGE"
         " from (events where kind = HOSPITAL_ADMISSION) as a"
         " derive p = prev(out, a), d = next(out, a),"
         " minutes = 1440 * days(a.start, d.start) + d.minute - a.minute"
         " show pairs = count(where p.start is not missing), soon = count(where a.start - p.start <= 30d),"
         " minutes = sum(minutes), median = median(minutes)", {175, 53, 2722710, 6988}},
        {NULL, {0}}};
    check_data("data/mimic4_demo_meds", "meds", 100, facts);
}

static void encounters_without_dates_are_counted_all_the_same(void **state)
{
    (void)state;
    static const fact facts[] = {
        {"from patients derive n = count(encounters) show total = sum(n), largest = max(n),"
         " a = 101766 * top_share(n, 1%),"
         " b = 101766 * top_share(n, 10%), c = 101766 * top_share(n, 50%)", {101766, 40, 5958, 27779, 66007}},
        {"from patients show both = count(where exists(encounters where dx in {428})"
         " and exists(encounters where dx in {427})),"
         " diabetes = count(where exists(encounters where dx in {250})), five = count(where count(encounters) >= 5)",
         {3131, 31188, 1590}},
        {"from encounters show none = count(where readmitted = 'NO'), late = count(where readmitted = '>30'),"
         " soon = count(where readmitted = '<30'), days = sum(bed_days)", {54864, 35545, 11357, 447362}},
        {NULL, {0}}};
    check_data("data/uci_diabetes", "uci", 71518, facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encounters_of_synthea_r4_cost_what_their_claims_say),
        cmocka_unit_test(syntheas_own_layout_is_read_by_the_same_mapping),
        cmocka_unit_test(omop_concepts_are_found_by_themselves_and_by_what_lies_above),
        cmocka_unit_test(meds_events_are_all_there_also_those_without_a_time),
        cmocka_unit_test(encounters_without_dates_are_counted_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
