/* The synthetic population: the same whatever the threads, the way and the range; its rows make sense. */
#include <stdio.h>

#include "core/base/day.h"
#include "core/base/os.h"
#include "core/store/registry.h"
#include "ingest/synth.h"
#include "ingest/synth_person.h"
#include "tests/support/lots_test.h"

enum { FEW = 400 };

static lots_error err;

static uint64_t hash_of(const char *path)
{
    lots_registry *registry;
    assert_ok(lots_registry_open(&registry, path, NULL, &err));
    uint64_t hash = lots_registry_hash(registry);
    lots_registry_close(registry);
    return hash;
}

/* Make a registry in a folder; its hash. */
static uint64_t make(const char *folder, const char *name, lots_synth_options options)
{
    char path[700];
    lots_load_result result;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    options.registry = path;
    assert_ok(lots_synth_run(&options, &result, &err));
    lots_load_result_free(&result);
    return hash_of(path);
}

static void files_load_into_the_registry_that_is_made_without_them(void **state)
{
    char folder[512], csv[600], map[640], again[600];
    lots_load_result result;
    (void)state;
    lots_test_directory(folder);
    snprintf(csv, sizeof csv, "%s/csv", folder);
    snprintf(map, sizeof map, "%s/synth.map", csv);
    snprintf(again, sizeof again, "%s/again.lots", folder);
    uint64_t direct = make(folder, "direct.lots", (lots_synth_options){.patients = 2000, .first_year = 2017, .last_year = 2019, .csv = csv, .threads = 2});
    const char *inputs[] = {csv};
    const lots_load_options options = {.registry = again, .map_path = map, .inputs = inputs, .input_count = 1, .threads = 2};
    assert_ok(lots_load_run(&options, &result, &err));
    assert_int_equal(result.rejected, 0);
    assert_true(result.duplicates > 0);
    lots_load_result_free(&result);
    assert_int_equal(hash_of(again), direct);
    assert_ok(lots_path_remove_tree(folder, &err));
}

static void threads_and_small_segments_change_nothing_but_where_segments_end(void **state)
{
    char folder[512];
    (void)state;
    lots_test_directory(folder);
    const lots_synth_options few = {.patients = 1500, .first_year = 2021, .last_year = 2023, .segment_events = 20000};
    lots_synth_options options = few;
    options.threads = 1;
    uint64_t one = make(folder, "one.lots", options);
    options.threads = 3;
    assert_int_equal(make(folder, "three.lots", options), one);
    options.memory_bytes = 1 << 20;
    assert_int_equal(make(folder, "small.lots", options), one);
    options.seed = 2;
    assert_true(make(folder, "other.lots", options) != one);
    assert_ok(lots_path_remove_tree(folder, &err));
}

static void open_model(lots_synth_model *model, uint32_t patients)
{
    const lots_synth_setting setting = {1, patients, 2014, 2023};
    assert_ok(lots_synth_model_make(model, &setting, &err));
}

/* A sum over all that was made of a patient. */
static uint64_t digest(const lots_synth_person *person)
{
    uint64_t sum = (uint64_t)(person->birth - LOTS_DAY_MIN) * 31 + person->sex;
    for (size_t i = 0; i < person->contacts.count; i++) {
        const lots_synth_contact *c = &LOTS_AT(lots_synth_contact, &person->contacts, i);
        sum = lots_synth_mix(sum + (uint64_t)(c->start - LOTS_DAY_MIN) * 7 + c->unit * 131u + (uint64_t)c->cost + c->dx_count + c->key);
    }
    for (size_t i = 0; i < person->drugs.count; i++)
        sum = lots_synth_mix(sum + (uint64_t)(LOTS_AT(lots_synth_dispensing, &person->drugs, i).start - LOTS_DAY_MIN));
    return lots_synth_mix(sum + person->labs.count + person->waits.count * 17);
}

static void a_patient_is_the_same_whoever_was_made_before(void **state)
{
    lots_synth_model model;
    lots_synth_person person;
    uint64_t forwards[64];
    (void)state;
    open_model(&model, 10000);
    lots_synth_person_open(&person, &model);
    for (uint32_t i = 0; i < 64; i++) {
        assert_ok(lots_synth_person_make(&person, i * 150, &err));
        forwards[i] = digest(&person);
    }
    for (uint32_t i = 64; i-- > 0;) {
        assert_ok(lots_synth_person_make(&person, i * 150, &err));
        assert_int_equal(digest(&person), forwards[i]);
    }
    lots_synth_person_close(&person);
    lots_synth_model_free(&model);
}

/* ---- every row makes sense ---- */

static void check_contacts(const lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_day away = LOTS_DAY_MIN; /* the last day of the stays so far */
    for (size_t i = 0; i < person->contacts.count; i++) {
        const lots_synth_contact *c = &LOTS_AT(lots_synth_contact, &person->contacts, i);
        assert_true(c->start >= person->entry);
        assert_true(c->start <= person->exit || c->status == LOTS_SYNTH_STATUS_BOOKED || c->status == LOTS_SYNTH_STATUS_CANCELLED || person->exit == model->last);
        assert_true(c->end == LOTS_SYNTH_NO_DAY || (c->end >= c->start && (c->status != LOTS_SYNTH_STATUS_DONE || c->end <= model->last)));
        assert_true(c->minute >= -1 && c->minute < 1440);
        assert_true(c->unit > 0 && c->unit <= model->unit_count && c->cost >= 0);
        assert_true(c->level == LOTS_SYNTH_LEVEL_INPATIENT || c->end == c->start);
        assert_true(c->status == LOTS_SYNTH_STATUS_DONE || c->cost == 0);
        assert_true(c->start < model->units[c->unit].closes && c->start < model->units[c->unit].silent);
        for (uint32_t j = 0; j < c->dx_count; j++)
            assert_true(c->dx[j] > 0);
        for (uint32_t j = 0; j < c->px_count; j++)
            assert_true(c->px[j] > 0);
        bool twin = i > 0 && c->key == c[-1].key;
        if (c->level == LOTS_SYNTH_LEVEL_INPATIENT && c->end != LOTS_SYNTH_NO_DAY && !twin) {
            assert_true(c->start >= away); /* stays follow one another; a transfer meets the one before */
            away = c->end;
        }
        if (i > 0)
            assert_true(c->start >= c[-1].start);
    }
}

static void check_spans(const lots_synth_person *person, const lots_vec *spans)
{
    for (size_t i = 0; i < spans->count; i++) {
        const lots_synth_span *span = &LOTS_AT(lots_synth_span, spans, i);
        assert_true(span->start >= person->entry && span->start <= person->exit);
        if (span->end != LOTS_SYNTH_NO_DAY) {
            assert_true(span->end >= span->start);
            assert_true(span->end <= person->exit);
        }
    }
}

/* Where somebody lives is without gaps. */
static void check_places(const lots_synth_person *person, const lots_vec *spans)
{
    const lots_synth_span *items = spans->data;
    assert_true(spans->count > 0);
    assert_int_equal(items[0].start, person->entry);
    for (size_t i = 1; i < spans->count; i++)
        assert_int_equal(items[i].start, items[i - 1].end + 1);
    assert_int_equal(items[spans->count - 1].end, person->left ? person->exit : LOTS_SYNTH_NO_DAY);
}

static void every_row_lies_in_the_life_of_its_patient(void **state)
{
    lots_synth_model model;
    lots_synth_person person;
    (void)state;
    open_model(&model, 100000);
    lots_synth_person_open(&person, &model);
    for (uint32_t i = 0; i < 2000; i++) {
        assert_ok(lots_synth_person_make(&person, i < 1960 ? i * 50 : 100000 - 2000 + i, &err));
        assert_true(person.death == LOTS_SYNTH_NO_DAY || person.death == person.exit);
        assert_true(person.birth <= person.entry && person.entry <= person.exit);
        check_contacts(&person);
        if (person.reserve)
            continue;
        check_places(&person, &person.residence);
        check_places(&person, &person.listing);
        check_spans(&person, &person.services);
        check_spans(&person, &person.programmes);
        for (size_t j = 0; j < person.labs.count; j++)
            assert_true(lots_synth_here(&person, LOTS_AT(lots_synth_lab, &person.labs, j).start));
        for (size_t j = 0; j < person.waits.count; j++) {
            const lots_synth_wait_row *wait = &LOTS_AT(lots_synth_wait_row, &person.waits, j);
            assert_true(wait->end == LOTS_SYNTH_NO_DAY || (wait->end >= wait->start && wait->end <= model.last));
            assert_int_equal(wait->end == LOTS_SYNTH_NO_DAY, wait->outcome == 0);
        }
    }
    lots_synth_person_close(&person);
    lots_synth_model_free(&model);
}

/* The same lives with and without the home team's effect: its arm has 15% fewer admissions, by the binomial law, and nobody
 * else's care differs. */
static void the_home_team_averts_fifteen_percent_and_the_guide_nothing(void **state)
{
    lots_synth_model model;
    lots_synth_person person;
    uint32_t with = 0, without = 0, members = 0;
    (void)state;
    open_model(&model, 40000);
    lots_synth_person_open(&person, &model);
    for (uint32_t i = 0; i < 40000; i += 5) {
        uint64_t other[2] = {0, 0};
        bool team = false;
        for (uint32_t arm = 0; arm < 2; arm++) {
            model.programme_effect = arm == 0 ? 0 : 0.15;
            assert_ok(lots_synth_person_make(&person, i, &err));
            lots_day from = LOTS_DAY_MAX, until = LOTS_DAY_MIN;
            for (size_t j = 0; j < person.programmes.count; j++) {
                const lots_synth_span *span = &LOTS_AT(lots_synth_span, &person.programmes, j);
                if (span->what == LOTS_SYNTH_PROGRAMME_TEAM && span->arm == LOTS_SYNTH_ARM_INTERVENTION) {
                    team = true;
                    from = span->start;
                    until = span->end;
                }
            }
            for (size_t j = 0; j < person.contacts.count; j++) {
                const lots_synth_contact *c = &LOTS_AT(lots_synth_contact, &person.contacts, j);
                bool admission = c->level == LOTS_SYNTH_LEVEL_INPATIENT && c->from == LOTS_SYNTH_PLACE_EMERGENCY && c->start >= from && c->start <= until && (j == 0 || c->key != c[-1].key);
                *(arm == 0 ? &without : &with) += admission;
            }
            other[arm] = digest(&person);
        }
        members += team;
        if (!team)
            assert_int_equal(other[0], other[1]);
    }
    assert_true(members > 25 && without > 40);
    double averted = without - with, expected = 0.15 * without;
    assert_true((averted - expected) * (averted - expected) < 9 * 0.15 * 0.85 * without);
    lots_synth_person_close(&person);
    lots_synth_model_free(&model);
}

static void settings_that_make_no_sense_are_refused(void **state)
{
    lots_load_result result;
    char folder[512], csv[600];
    (void)state;
    lots_test_directory(folder);
    snprintf(csv, sizeof csv, "%s/csv", folder);
    lots_synth_options options = {.patients = 10};
    assert_status(LOTS_USAGE, lots_synth_run(&options, &result, &err));
    assert_contains(err.text, "--csv DIR");
    options = (lots_synth_options){.patients = 10, .csv = csv, .first_year = 2023, .last_year = 2014};
    assert_status(LOTS_USAGE, lots_synth_run(&options, &result, &err));
    options = (lots_synth_options){.patients = FEW, .csv = csv};
    assert_ok(lots_synth_run(&options, &result, &err));
    assert_status(LOTS_IO, lots_synth_run(&options, &result, &err)); /* the files are there */
    assert_ok(lots_path_remove_tree(folder, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_load_into_the_registry_that_is_made_without_them),
        cmocka_unit_test(threads_and_small_segments_change_nothing_but_where_segments_end),
        cmocka_unit_test(a_patient_is_the_same_whoever_was_made_before),
        cmocka_unit_test(every_row_lies_in_the_life_of_its_patient),
        cmocka_unit_test(the_home_team_averts_fifteen_percent_and_the_guide_nothing),
        cmocka_unit_test(settings_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
