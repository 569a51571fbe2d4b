/* synth_supply.c: drugs dispensed to one patient, and laboratory tests. A drug begins some time after its disease and is
 * dispensed every three months or so until it is stopped; short courses follow acute visits, which is why this comes after
 * care. Each drug of each disease has random numbers of its own. */
#include "ingest/synth_person.h"

enum { DRUGS_BY_AGE = 12 };

/* ---- drugs ---- */

static void dispense(lots_synth_person *person, lots_day day, uint32_t atc, int32_t days, int32_t packs, int32_t cost)
{
    lots_synth_dispensing *row = lots_synth_row_add(person, &person->drugs);
    *row = (lots_synth_dispensing){day, day + days - 1, packs, days * 10, cost, (uint16_t)atc};
}

/* Dispensings from `start` on until stopped; one in 250 is taken back the day after. */
static void take_drug(lots_synth_person *person, lots_synth_random *random, uint32_t atc, lots_day start, double years)
{
    const lots_synth_normal *normal = &person->model->normal;
    lots_day since = start < person->entry - 1000 ? person->entry - 1000 : start; /* it has lasted until then */
    lots_day until = since + (lots_day)(365 * years * lots_synth_wait(normal, random));
    bool regular = lots_synth_chance(random, 0.75);
    int32_t cost = 40 + (int32_t)(110 * lots_synth_wait(normal, random));
    if (atc % 11 == 0)
        cost *= 8;
    if (until > person->exit)
        until = person->exit;
    if (start < person->entry) /* the rhythm goes on from before */
        start = person->entry + lots_synth_between(random, 0, 89);
    for (lots_day day = start; day <= until;) {
        int32_t gap = regular ? lots_synth_between(random, 84, 98) : lots_synth_between(random, 60, 170);
        dispense(person, day, atc, regular ? 98 : 80, 1 + (int32_t)(atc % 3), cost);
        if (lots_synth_below(random, 250) == 0 && day < until) {
            dispense(person, day + 1, atc, -(regular ? 98 : 80), -1 - (int32_t)(atc % 3), -cost);
            LOTS_AT(lots_synth_dispensing, &person->drugs, person->drugs.count - 1).end = day + 1;
            day += lots_synth_between(random, 2, 20);
            continue;
        }
        day += gap;
    }
}

static void take_for_conditions(lots_synth_person *person)
{
    for (uint32_t i = 0; i < person->ill_count; i++) {
        uint32_t index = person->ill[i];
        const lots_synth_condition *condition = &person->model->conditions[index];
        for (uint32_t j = 0; j < condition->drug_count; j++) {
            lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_DRUGS + 1000 * (index * 8 + j + 1));
            if (!lots_synth_chance(&random, condition->drugs[j].percent * (0.0048 + 0.0096 * (double)person->need)))
                continue;
            bool taken = false; /* for another disease already: one supply serves both */
            for (uint32_t k = 0; k < i && !taken; k++) {
                const lots_synth_condition *other = &person->model->conditions[person->ill[k]];
                for (uint32_t m = 0; m < other->drug_count; m++)
                    taken = taken || other->drugs[m].atc == condition->drugs[j].atc;
            }
            lots_day start = person->onset[index] + lots_synth_between(&random, 0, 120) + (j > 2 ? lots_synth_between(&random, 0, 900) : 0);
            if (!taken && start <= person->exit)
                take_drug(person, &random, condition->drugs[j].atc, start, 60);
        }
    }
}

/* What the old take beside: for sleep, pain, stomach, bowels, vitamins. Percent who begin within a year, by age band. */
static const struct {
    const char *atc;
    float begin[LOTS_SYNTH_BANDS];
    float years;
} by_age[DRUGS_BY_AGE] = {
    {"N02BE01", {0.5f, 0.5f, 1.8f, 6, 14, 24}, 2.2f}, {"A02BC01", {0.1f, 0.3f, 1.4f, 4, 8, 11}, 3},
    {"N05CF01", {0, 0.1f, 0.6f, 2, 4, 7}, 3}, {"B03BA01", {0, 0.05f, 0.2f, 1.2f, 3.6f, 7}, 6},
    {"B03BB01", {0, 0.05f, 0.3f, 0.5f, 1.6f, 3.4f}, 4}, {"A06AD65", {1, 0.6f, 0.4f, 1, 4, 12}, 2.2f},
    {"C10AA05", {0, 0, 0.1f, 2, 4, 2.4f}, 10}, {"N02AA05", {0, 0.1f, 0.6f, 1.2f, 2, 4}, 0.5f},
    {"A12AA04", {0, 0, 0.1f, 0.5f, 1.8f, 3.4f}, 4}, {"C03CA01", {0, 0, 0.05f, 0.5f, 2.2f, 6}, 4},
    {"G03CA03", {0, 0, 0.3f, 2.2f, 2.6f, 2.4f}, 4}, {"D02AC01", {2, 1, 0.8f, 1.2f, 2.6f, 5}, 2},
};

static void take_by_age(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    for (uint32_t i = 0; i < DRUGS_BY_AGE; i++) {
        lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_DRUGS + 500 + 1000 * i);
        lots_day day = person->entry - 365 * 4;
        if (by_age[i].atc[0] == 'G' && person->sex == LOTS_SYNTH_SEX_MALE)
            continue;
        for (; day < person->exit; day += 365) {
            int32_t age = lots_synth_age(person, day);
            double begin = age < 0 ? 0 : (double)by_age[i].begin[lots_synth_band(age)] / 100;
            if (!lots_synth_chance(&random, begin * (0.4 + 0.6 * (double)person->need)))
                continue;
            lots_day start = day + lots_synth_between(&random, 0, 364);
            size_t before = person->drugs.count;
            if (start <= person->exit)
                take_drug(person, &random, model->by_age[i], start, (double)by_age[i].years);
            if (person->drugs.count > before)
                day = LOTS_AT(lots_synth_dispensing, &person->drugs, person->drugs.count - 1).start + 200;
        }
    }
}

/* Antibiotics and the like after visits for something acute. */
static void take_courses(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_DRUGS);
    for (size_t i = 0; i < person->contacts.count; i++) {
        const lots_synth_contact *contact = &LOTS_AT(lots_synth_contact, &person->contacts, i);
        if (contact->acute != 1 || contact->dx_count == 0 || contact->level > LOTS_SYNTH_LEVEL_EMERGENCY ||
            contact->profession != LOTS_SYNTH_PROFESSION_DOCTOR || contact->status != LOTS_SYNTH_STATUS_DONE)
            continue;
        uint32_t drug = model->course_of[contact->dx[0]];
        if (drug != 0 && lots_synth_chance(&random, 0.55))
            dispense(person, contact->start, drug, lots_synth_between(&random, 5, 10), 1, 60 + (int32_t)drug % 80);
    }
}

/* ---- laboratory tests ---- */

static void test(lots_synth_person *person, lots_synth_random *random, lots_day day, uint32_t what, double value)
{
    lots_synth_lab *row;
    if (!lots_synth_here(person, day))
        return;
    row = lots_synth_row_add(person, &person->labs);
    *row = (lots_synth_lab){day, (int32_t)(value * 10 + 0.5), (uint8_t)what,
                            lots_synth_chance(random, 0.78) ? LOTS_SYNTH_SOURCE_PRIMARY : LOTS_SYNTH_SOURCE_HOSPITAL};
}

/* A test that is taken `rate` times a year, around a level that is the patient's own. */
typedef struct course {
    uint32_t what;
    double rate, level, spread, drift; /* drift: a year */
} course;

static void take_tests(lots_synth_person *person, lots_synth_random *random, const course *way, lots_day from)
{
    const lots_synth_model *model = person->model;
    const lots_synth_normal *normal = &model->normal;
    double own = way->level + way->spread * lots_synth_score(normal, random), gap = 365 / way->rate;
    lots_day first = from < person->entry ? person->entry : from;
    for (double at = first + gap * lots_synth_wait(normal, random); at <= person->exit;
         at += 20 + (gap > 20 ? gap - 20 : 1) * lots_synth_wait(normal, random)) {
        lots_day day = lots_synth_workday(model, (lots_day)at);
        double years = (day - first) / 365.0, noise = 0.3 * way->spread * lots_synth_score(normal, random);
        double value = own + way->drift * years + noise;
        test(person, random, day, way->what, value < way->level * 0.45 ? way->level * 0.45 : value);
    }
}

static void be_tested(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_LABS);
    double weight = person->sex == LOTS_SYNTH_SEX_MALE ? 83 : 69;
    for (uint32_t i = 0; i < person->ill_count; i++) {
        const char *code = model->conditions[person->ill[i]].row->codes;
        lots_day from = person->onset[person->ill[i]];
        if (strncmp(code, "E11", 3) == 0 || strncmp(code, "E10", 3) == 0)
            take_tests(person, &random, &(course){LOTS_SYNTH_TEST_HBA1C, code[2] == '1' ? 1.5 : 2.3, code[2] == '1' ? 53 : 61, 10, 0.5}, from);
        else if (strncmp(code, "I10", 3) == 0) {
            take_tests(person, &random, &(course){LOTS_SYNTH_TEST_SYSTOLIC, 1.1, 139, 10, -0.3}, from);
            take_tests(person, &random, &(course){LOTS_SYNTH_TEST_CREATININE, 0.6, 80, 15, 0.9}, from);
        } else if (strncmp(code, "N18.3", 5) == 0)
            take_tests(person, &random, &(course){LOTS_SYNTH_TEST_CREATININE, 1.3, 128, 28, 3.5}, from);
        else if (strncmp(code, "E78", 3) == 0)
            take_tests(person, &random, &(course){LOTS_SYNTH_TEST_LDL, 0.5, 3.0, 0.7, -0.03}, from);
        else if (strncmp(code, "D50", 3) == 0)
            take_tests(person, &random, &(course){LOTS_SYNTH_TEST_HB, 1.2, 118, 9, -0.3}, from);
        else if (strncmp(code, "E66", 3) == 0)
            take_tests(person, &random, &(course){LOTS_SYNTH_TEST_WEIGHT, 0.6, weight + 27, 12, 0.2}, from);
    }
    if (person->home_from <= person->exit) /* weighed by home nursing; some lose much */
        take_tests(person, &random,
                   &(course){LOTS_SYNTH_TEST_WEIGHT, 2.5, weight - 3, 10, lots_synth_chance(&random, 0.3) ? -4.5 : -0.7},
                   person->home_from);
}

void lots_synth_supply(lots_synth_person *person)
{
    take_for_conditions(person);
    take_by_age(person);
    take_courses(person);
    be_tested(person);
}

lots_status lots_synth_supply_make(lots_synth_model *model, lots_error *err)
{
    void *room;
    for (uint32_t i = 0; i < DRUGS_BY_AGE; i++)
        LOTS_TRY(lots_synth_word_add(model, LOTS_SYNTH_ATC, by_age[i].atc, 7, NULL, &model->by_age[i], err));
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, (size_t)lots_synth_word_count(model, LOTS_SYNTH_ICD) + 1,
                              sizeof *model->course_of, err));
    model->course_of = room;
    for (uint32_t i = 0; i < model->acute_count; i++)
        model->course_of[model->acutes[i].code] = model->acutes[i].drug;
    return LOTS_OK;
}
