/* The Swedish registers' mappings over small made-up deliveries: what is known to go wrong with each register is loaded
 * as its mapping says. Answers are worked out by hand from the rows below. */
#include "tests/support/answer.h"
#include "tests/support/lots_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/store/registry.h"
#include "ingest/load.h"

typedef struct delivery {
    const char *name, *text;
} delivery;

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Load `files` (ended by a NULL name) by a built-in layout; the path of the registry in `out`. */
static void load(const char *format, const delivery *files, char out[600], lots_load_result *result)
{
    lots_error err;
    char folder[512];
    lots_test_directory(folder);
    for (; files->name != NULL; files++)
        write_file(folder, files->name, files->text);
    snprintf(out, 600, "%s/r.lots", folder);
    const char *inputs[] = {folder};
    const lots_load_options options = {.registry = out, .format = format, .inputs = inputs, .input_count = 1};
    assert_ok(lots_load_run(&options, result, &err));
    assert_int_equal(result->rows, result->loaded + result->rejected + result->duplicates + result->filtered);
}

/* The one row that `question` has reads as `wanted`, cells divided by blanks; of them as many as are wanted. */
static void check(const char *registry_path, const char *question, const char *wanted)
{
    lots_error err;
    lots_registry *registry;
    answer got;
    char text[400] = "";
    assert_ok(lots_registry_open(&registry, registry_path, NULL, &err));
    assert_ok(answer_lots(registry, question, NULL, NULL, &got, &err));
    assert_int_equal(got.rows, 1);
    for (uint32_t i = 0; i + 1 < got.columns; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : " ",
            got.cells[i] == NULL ? "-" : got.cells[i]);
    }
    assert_string_equal(text, wanted);
    answer_free(&got);
    lots_registry_close(registry);
}

static const lots_load_counts *counts_of(const lots_load_result *result, const char *stream)
{
    for (size_t i = 0; i < result->count_count; i++)
        if (strcmp(result->counts[i].stream, stream) == 0 && result->counts[i].child[0] == '\0')
            return &result->counts[i];
    fail_msg("nothing was counted for %s", stream);
    return NULL;
}

/* ---- PAR with DORS and the population ---- */

static const delivery par[] = {
    {"par_sv_2015.csv", "LopNr;INDATUMA;UTDATUMA;AR;HDIA;DIA1;DIA2;DIA3;EKOD1;OP;OPD1;MVO;KON;SJUKHUS;AKUT\n"
                        "1;20150301;20150305;2015;I219A;I219A;E119;;;FNG02 AF021;20150302;101;1;11001;1\n"
                        "1;19961230;19970103;1996;410A;410A;;;;9320;;101;1;11001;1\n"
                        "2;20150510;;2015;S720;S720;I10;S720;W010;NFB49;20150511;301;2;11001;1\n"
                        "3;19860201;19860203;1986;41000;;;;;;;101;2;11001;\n"},
    {"PAR_OV_2015.csv", "lopnr;indatuma;ar;diagnos;op;mvo;kon;planerad\n"
                        "1;20150301;2015;R074 I219A;;046;1;2\n"
                        "1;20150420;2015;I219 E119 I10;AF021;101;1;1\n"
                        "2;20150500;2015;M810;;301;2;1\n"
                        "4;20150601;2015;J449;;;2;1\n"},
    {"dors2015.csv", "LopNr,DODSDAT,ulorsak,morsak1,morsak2\n"
                     "2,20150800,S720,I10,S720\n"
                     "3,19870000,410,,\n"
                     "4,20230115,J449,I509,\n"},
    {"scb.csv", "LOPNR,fodelseman,DodDatum\n"
                "1,194403,\n"
                "2,193107,20150817\n"
                "5,199001,\n"},
    {NULL, NULL}};

static void an_emergency_visit_that_led_to_admission_is_a_visit_and_a_stay(void **state)
{
    (void)state;
    lots_load_result result;
    char path[600];
    load("par", par, path, &result);
    assert_int_equal(counts_of(&result, "contacts")->loaded, 8);
    lots_load_result_free(&result);
    check(path, "from contacts show e = count(where level = emergency), s = count(where level = specialist),"
                " i = count(where level = inpatient)", "1 3 4");
    check(path, "from contacts where start = 2015-03-01 show n = count(), e = count(where level = emergency)", "2 1");
    check(path, "from contacts where level = emergency show n = count(where end = start)", "1");
    check(path, "from contacts where level = inpatient show open = count(where end is missing)", "1");
}

static void diagnoses_are_one_list_with_the_main_one_first_and_the_version_of_their_day(void **state)
{
    (void)state;
    lots_load_result result;
    char path[600];
    load("par", par, path, &result);
    lots_load_result_free(&result);
    check(path, "from contacts where start = 2015-03-01 and level = inpatient"
                " show main = count(where dx.main in {I21}), two = sum(size(dx)), px = sum(size(px))", "1 2 2");
    check(path, "from contacts where start = 2015-04-20 show main = count(where dx.main in {=I21.9}),"
                " n = sum(size(dx))",
          "1 3");
    check(path, "from contacts show eight = count(where dx in {icd8:410}), nine = count(where dx in {icd9:410}),"
                " ten = count(where dx in {I21}), old = count(where px in {op6:9320})", "1 1 3 1");
    check(path, "from contacts where level = inpatient show fall = count(where ecode in {W01}), n = sum(size(dx))",
          "1 6");
}

static void imprecise_dates_are_filled_in_and_told(void **state)
{
    (void)state;
    lots_load_result result;
    char path[600];
    load("par", par, path, &result);
    assert_int_equal(counts_of(&result, "contacts")->imprecise, 1);
    assert_int_equal(counts_of(&result, "deaths")->imprecise, 2);
    assert_int_equal(result.patients, 5);
    lots_load_result_free(&result);
    check(path, "from contacts show n = count(where start = 2015-05-01)", "1");
    check(path, "from patients show b = count(where birth = 1944-03-15 and birth_precision = month),"
                " d = count(where death = 1987-07-01 and death_precision = year),"
                " exact = count(where death = 2015-08-17 and death_precision = day),"
                " women = count(where sex = female)",
          "1 1 1 3");
    check(path, "from deaths show fall = count(where cause in {S72}), old = count(where cause in {icd9:410}),"
                " hf = count(where contributing in {I50})", "1 1 1");
}

/* ---- LMED ---- */

static const delivery lmed[] = {
    {"lmed2015.csv",
     "p444_lopnr_personnr,ATC,EDATUM,FDATUM,ANTAL,forpddd,fddd,TKOST,VARUNR,produkt,subnamn,LKF\n"
     "1,C07AB02,2015-03-06,2015-03-05,1,33.333333,33.333333,102.5,123456,Metoprolol X,Metoprolol,018001\n"
     "1,C07AB02,2015-03-08,2015-03-05,-1,33.333333,-33.333333,-102.5,123456,Metoprolol X,Metoprolol,018001\n"
     "1,C07AB02,2015-03-09,2015-03-05,0.0714285714,33.333333,2.380952,7.321,123456,Metoprolol X,Metoprolol,018001\n"
     "2,N02BE01,2015-05-11,2015-05-11,2,50,100,80,99,Alvedon,Paracetamol,148001\n"
     "2,N02BE01,2015-05-11,2015-05-11,2,50,100,80,99,Alvedon,Paracetamol,148001\n"},
    {NULL, NULL}};

static void reversed_dispensings_stay_as_rows_and_sums_come_out_right(void **state)
{
    (void)state;
    lots_load_result result;
    char path[600];
    load("lmed", lmed, path, &result);
    assert_int_equal(counts_of(&result, "drugs")->loaded, 5);
    assert_int_equal(counts_of(&result, "drugs")->identical, 1);
    assert_int_equal(result.patients_from_events, 2);
    lots_load_result_free(&result);
    check(path, "from drugs where atc in {C07} show n = count(), back = count(where packs < 0),"
                " supply = count(where packs > 0),"
                " packs = sum(packs), cost = sum(cost)", "3 1 2 71429 732");
    check(path, "from drugs where atc in {N02BE01} show n = count(), packs = sum(packs), ddd = sum(ddd)",
          "2 4000000 200000000");
    check(path, "from drugs show n = count(where municipality = '0180')", "3");
}

/* ---- SOL and KHSL ---- */

static const delivery sol[] = {{"sol_2015.csv",
    "LopNr;PERIOD;BOFORM;HTJ;HTJTIM;MATD;TRYGG;DAGV;BOSTO;KORTTID;KORTMAN\n"
                                                "2;201506;1;1;42;1;1;0;9;0;\n"
                                                "2;201507;1;1;777;0;1;0;9;1;12\n"
                                                "4;201506;2;0;888;0;0;9;9;0;\n"
                                                "4;201507;1;1;999;0;0;1;1;0;\n"},
                               {NULL, NULL}};

static void numbers_that_stand_for_something_else_are_never_hours(void **state)
{
    (void)state;
    lots_load_result result;
    char path[600];
    load("sol", sol, path, &result);
    assert_int_equal(counts_of(&result, "services")->sentinels, 2);
    lots_load_result_free(&result);
    check(path, "from services show n = count(), hours = sum(hours),"
                " clock = count(where hours_note = round_the_clock),"
                " unknown = count(where hours_note = missing_hours), home = count(where service = home_care)",
          "10 4200 1 1 3");
    check(path, "from services show place = sum(short_days), special = count(where service = special_housing),"
                " alarm = count(where service = alarm), day = count(where service = day_activity),"
                " support = count(where service = housing_support)", "12 1 2 1 1");
}

static void a_service_spans_its_month(void **state)
{
    (void)state;
    lots_load_result result;
    char path[600];
    load("sol", sol, path, &result);
    lots_load_result_free(&result);
    check(path, "from services show june = count(where start = 2015-06-01 and end = 2015-06-30),"
                " july = count(where start = 2015-07-01 and end = 2015-07-31)", "4 6");
    check(path, "from patients show n = sum(count(episodes((services where service = home_care) gap 1d)))", "2");
}

static void municipal_health_care_is_a_contact(void **state)
{
    (void)state;
    static const delivery khsl[] = {{"khsl_2015.csv", "LopNr;PERIOD;KHSL1;KHSL2\n2;201506;1;QV007 XS912\n"},
        {NULL, NULL}};
    lots_load_result result;
    char path[600];
    load("khsl", khsl, path, &result);
    lots_load_result_free(&result);
    check(path, "from contacts where level = municipal show n = count(where px in {QV007} and px in {XS9}),"
                " d = sum(size(px))",
          "1 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_emergency_visit_that_led_to_admission_is_a_visit_and_a_stay),
        cmocka_unit_test(diagnoses_are_one_list_with_the_main_one_first_and_the_version_of_their_day),
        cmocka_unit_test(imprecise_dates_are_filled_in_and_told),
        cmocka_unit_test(reversed_dispensings_stay_as_rows_and_sums_come_out_right),
        cmocka_unit_test(numbers_that_stand_for_something_else_are_never_hours),
        cmocka_unit_test(a_service_spans_its_month),
        cmocka_unit_test(municipal_health_care_is_a_contact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
