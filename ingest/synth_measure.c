/* synth_measure.c: see synth_measure.h. */
#include "ingest/synth_measure.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/pool.h"
#include "ingest/synth_person.h"

enum { TASK_PATIENTS = 512 };

/* What is kept of a patient. `this` is the last year but one, `next` the last. */
typedef struct record {
    int64_t cost, next_cost;
    uint32_t contacts, doctor_visits, emergency, acute_stays, readmissions, stays;
    uint32_t drugs;             /* distinct in the last three months of the next year */
    uint8_t age, sex, latent, coded, before; /* before: diseases coded in the year before */
    bool here, stayed, at_end;  /* resident as this year begins; also throughout the next; as the next ends */
    uint8_t programme, arm;
    uint32_t programme_stays;   /* admissions during it */
    int32_t programme_days;
} record;

typedef struct measure_job {
    const lots_synth_model *model;
    record *records;
    lots_synth_person *persons; /* by worker */
    int64_t (*deaths)[2][128], (*days)[2][128]; /* by worker: sex, age; whole numbers add up alike on any threads */
    uint32_t patients;
} measure_job;

/* ---- one patient ---- */

static void count_life(measure_job *job, unsigned worker, const lots_synth_person *person)
{
    uint32_t sex = person->sex - 1u;
    for (lots_day day = person->entry; day <= person->exit; day += 91) {
        int32_t age = lots_synth_age(person, day);
        lots_day days = person->exit - day + 1 < 91 ? person->exit - day + 1 : 91;
        job->days[worker][sex][age > 110 ? 110 : age < 0 ? 0 : age] += days;
    }
    if (person->death != LOTS_SYNTH_NO_DAY) {
        int32_t age = lots_synth_age(person, person->death);
        job->deaths[worker][sex][age > 110 ? 110 : age < 0 ? 0 : age]++;
    }
}

static bool is_done(const lots_synth_contact *contact) { return contact->status == LOTS_SYNTH_STATUS_DONE; }

/* The condition that a code is of, or UINT32_MAX. */
static uint32_t condition_of(const lots_synth_model *model, uint16_t code)
{
    for (uint32_t i = 0; i < model->condition_count; i++)
        for (uint32_t j = 0; j < model->conditions[i].code_count; j++)
            if (model->conditions[i].codes[j] == code)
                return i;
    return UINT32_MAX;
}

static void count_contacts(const measure_job *job, const lots_synth_person *person, record *out)
{
    const lots_synth_model *model = job->model;
    lots_day from = model->year_start[model->years - 2], next = model->year_start[model->years - 1];
    uint64_t coded = 0, before = 0;
    for (size_t i = 0; i < person->contacts.count; i++) {
        const lots_synth_contact *contact = &LOTS_AT(lots_synth_contact, &person->contacts, i);
        bool twin = i > 0 && contact->key == contact[-1].key;
        if (twin || !is_done(contact) || contact->start > model->last)
            continue;
        if (contact->start >= next - 5 * 365 && contact->start < next)
            for (uint32_t j = 0; j < contact->dx_count; j++) {
                uint32_t condition = condition_of(model, contact->dx[j]);
                coded |= condition == UINT32_MAX ? 0 : UINT64_C(1) << condition;
                before |= condition == UINT32_MAX || contact->start < from - 365 || contact->start >= from ? 0 : UINT64_C(1) << condition;
            }
        if (contact->start >= next) {
            out->next_cost += contact->cost;
        } else if (contact->start >= from) {
            out->cost += contact->cost;
            out->contacts++;
            out->emergency += contact->level == LOTS_SYNTH_LEVEL_EMERGENCY;
            out->stays += contact->level == LOTS_SYNTH_LEVEL_INPATIENT && contact->from != LOTS_SYNTH_PLACE_HOSPITAL;
            out->doctor_visits += contact->level == LOTS_SYNTH_LEVEL_PRIMARY && contact->profession == LOTS_SYNTH_PROFESSION_DOCTOR &&
                                  contact->form == LOTS_SYNTH_FORM_VISIT;
        }
    }
    for (; coded != 0; coded &= coded - 1)
        out->coded++;
    for (; before != 0; before &= before - 1)
        out->before++;
}

/* Acute stays that end alive in this year, and those followed by an acute stay on days 1 to 30. Rows that meet on a day are
 * one stay. */
static void count_readmissions(const measure_job *job, const lots_synth_person *person, record *out)
{
    const lots_synth_model *model = job->model;
    lots_day from = model->year_start[model->years - 2], until = model->year_start[model->years - 1] - 1;
    lots_day end = LOTS_DAY_MIN;
    bool acute = false, dead = false;
    for (size_t i = 0; i < person->contacts.count; i++) {
        const lots_synth_contact *contact = &LOTS_AT(lots_synth_contact, &person->contacts, i);
        if (contact->level != LOTS_SYNTH_LEVEL_INPATIENT || contact->end == LOTS_SYNTH_NO_DAY)
            continue;
        if (contact->start <= end) {
            end = contact->end > end ? contact->end : end;
            dead = contact->to == LOTS_SYNTH_PLACE_DEAD;
            continue;
        }
        if (acute && !dead && end >= from && end <= until)
            out->readmissions += contact->acute == 1 && contact->start - end <= 30;
        acute = contact->acute == 1;
        dead = contact->to == LOTS_SYNTH_PLACE_DEAD;
        end = contact->end;
        out->acute_stays += acute && end >= from && end <= until && !dead;
    }
}

static void count_drugs(const measure_job *job, const lots_synth_person *person, record *out)
{
    uint64_t seen[8] = {0};
    for (size_t i = 0; i < person->drugs.count; i++) {
        const lots_synth_dispensing *row = &LOTS_AT(lots_synth_dispensing, &person->drugs, i);
        if (row->start < job->model->last - 91 || row->start > job->model->last || row->packs < 0 || row->atc >= 512)
            continue;
        out->drugs += (uint32_t)(~seen[row->atc >> 6] >> (row->atc & 63) & 1);
        seen[row->atc >> 6] |= UINT64_C(1) << (row->atc & 63);
    }
}

static void count_programme(const lots_synth_person *person, record *out)
{
    for (size_t i = 0; i < person->programmes.count; i++) {
        const lots_synth_span *span = &LOTS_AT(lots_synth_span, &person->programmes, i);
        if (span->what != LOTS_SYNTH_PROGRAMME_TEAM)
            continue;
        out->programme = LOTS_SYNTH_PROGRAMME_TEAM;
        out->arm = (uint8_t)span->arm;
        out->programme_days = span->end - span->start + 1;
        for (size_t j = 0; j < person->contacts.count; j++) {
            const lots_synth_contact *contact = &LOTS_AT(lots_synth_contact, &person->contacts, j);
            out->programme_stays += contact->level == LOTS_SYNTH_LEVEL_INPATIENT && contact->acute == 1 &&
                                    contact->from == LOTS_SYNTH_PLACE_EMERGENCY && contact->start >= span->start &&
                                    contact->start <= span->end;
        }
    }
}

static void keep_record(measure_job *job, unsigned worker, const lots_synth_person *person)
{
    const lots_synth_model *model = job->model;
    record *out = &job->records[person->number];
    lots_day from = model->year_start[model->years - 2];
    int32_t age = lots_synth_age(person, from);
    if (person->reserve)
        return;
    count_life(job, worker, person);
    out->here = lots_synth_here(person, from);
    out->stayed = out->here && person->exit >= model->last;
    out->at_end = lots_synth_here(person, model->last);
    out->age = (uint8_t)(age < 0 ? 0 : age > 127 ? 127 : age);
    out->sex = person->sex;
    out->latent = (uint8_t)lots_synth_ill_count(person, from);
    count_contacts(job, person, out);
    count_readmissions(job, person, out);
    count_drugs(job, person, out);
    count_programme(person, out);
}

static lots_status measure_task(void *context, size_t task, unsigned worker, lots_error *err)
{
    measure_job *job = context;
    uint32_t first = (uint32_t)task * TASK_PATIENTS;
    uint32_t end = first + TASK_PATIENTS < job->patients ? first + TASK_PATIENTS : job->patients;
    for (uint32_t number = first; number < end; number++) {
        LOTS_TRY(lots_synth_person_make(&job->persons[worker], number, err));
        keep_record(job, worker, &job->persons[worker]);
    }
    return LOTS_OK;
}

/* ---- figures ---- */

static void tell(lots_synth_calibration *out, const char *name, double made)
{
    for (uint32_t i = 0; i < out->count; i++)
        if (strcmp(out->figures[i].name, name) == 0)
            out->figures[i].made = made;
}

static double part(double some, double all) { return all == 0 ? 0 : 100 * some / all; }

static int compare_costs(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* The least cost of the costliest `share` of those `here`. `costs` is room for all. */
static int64_t cut_of(const measure_job *job, int64_t *costs, double share, bool next, uint32_t *here)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < job->patients; i++)
        if (job->records[i].here)
            costs[count++] = next ? job->records[i].next_cost : job->records[i].cost;
    qsort(costs, count, sizeof *costs, compare_costs);
    *here = count;
    uint32_t most = (uint32_t)(share * count);
    return count == 0 ? 0 : costs[most == 0 ? 0 : most - 1];
}

static double median_age(const double by_age[128], double all)
{
    double sum = 0;
    for (uint32_t age = 0; age < 128; age++)
        if ((sum += by_age[age]) * 2 >= all)
            return age;
    return 0;
}

static void tell_costs(const measure_job *job, int64_t *costs, lots_synth_calibration *out)
{
    double sum = 0, all = 0, stayed_top = 0, stayed = 0, again = 0, next = 0, several[2] = {0}, needy = 0, by_age[128] = {0};
    uint32_t here;
    int64_t next_cut = cut_of(job, costs, 0.01, true, &here), cut = cut_of(job, costs, 0.01, false, &here);
    for (uint32_t i = 0; i < here; i++)
        all += (double)costs[i];
    for (uint32_t i = 0, percent = 1; i < here && percent <= 100; i++) {
        sum += (double)costs[i];
        for (; percent <= 100 && i + 1 >= (double)here * percent / 100; percent++)
            out->cost_curve[percent] = part(sum, all);
    }
    for (uint32_t i = 0; i < job->patients; i++) {
        const record *at = &job->records[i];
        if (!at->here)
            continue;
        several[0] += at->before >= 2 ? (double)at->cost : 0;
        several[1] += at->before >= 3 ? (double)at->cost : 0;
        if (at->acute_stays >= 2 && at->coded >= 2) {
            needy++;
            by_age[at->age]++;
        }
        if (at->cost < cut || !at->stayed)
            continue;
        stayed_top += (double)at->cost;
        next += (double)at->next_cost;
        stayed++;
        again += at->next_cost >= next_cut;
    }
    tell(out, "cost_top_1", out->cost_curve[1]);
    tell(out, "cost_top_10", out->cost_curve[10]);
    tell(out, "cost_multimorbid_2", part(several[0], all));
    tell(out, "cost_multimorbid_3", part(several[1], all));
    tell(out, "top_again", part(again, stayed));
    tell(out, "top_next_cost", part(next, stayed_top));
    tell(out, "high_need_age", median_age(by_age, needy));
    tell(out, "cost_a_person", here == 0 ? 0 : all / here);
}

static void tell_care(const measure_job *job, lots_synth_calibration *out)
{
    double here = 0, contacts = 0, old = 0, old_contacts = 0, five = 0, visits = 0, patients = 0, often = 0, theirs = 0, stays = 0;
    for (uint32_t i = 0; i < job->patients; i++) {
        const record *at = &job->records[i];
        if (!at->here)
            continue;
        here++;
        contacts += at->contacts;
        stays += at->stays;
        five += at->doctor_visits >= 5;
        old += at->age >= 80;
        old_contacts += at->age >= 80 ? at->contacts : 0;
        patients += at->emergency > 0;
        visits += at->emergency;
        often += at->emergency >= 4;
        theirs += at->emergency >= 4 ? at->emergency : 0;
    }
    tell(out, "contacts_all", contacts / here);
    tell(out, "contacts_80", old == 0 ? 0 : old_contacts / old);
    tell(out, "doctor_5", part(five, here));
    tell(out, "emergency_visits", 1000 * visits / here);
    tell(out, "stays", 1000 * stays / here);
    tell(out, "emergency_4", part(often, patients));
    tell(out, "emergency_4_visits", part(theirs, visits));
}

static void tell_health(const measure_job *job, lots_synth_calibration *out)
{
    double old = 0, latent[5] = {0}, coded[5] = {0}, stays = 0, back = 0, end = 0, five = 0, ten = 0;
    for (uint32_t i = 0; i < job->patients; i++) {
        const record *at = &job->records[i];
        if (at->here && at->age >= 60) {
            old++;
            for (uint32_t k = 2; k < 5; k++) {
                latent[k] += at->latent >= k;
                coded[k] += at->coded >= k;
            }
        }
        if (at->age >= 65) {
            stays += at->acute_stays;
            back += at->readmissions;
        }
        if (at->at_end && at->age >= 63) {
            end++;
            five += at->drugs >= 5;
            ten += at->drugs >= 10;
        }
    }
    tell(out, "latent_2", part(latent[2], old));
    tell(out, "latent_3", part(latent[3], old));
    tell(out, "latent_4", part(latent[4], old));
    tell(out, "coded_2", part(coded[2], old));
    tell(out, "coded_3", part(coded[3], old));
    tell(out, "coded_4", part(coded[4], old));
    tell(out, "readmission", part(back, stays));
    tell(out, "drugs_5", part(five, end));
    tell(out, "drugs_10", part(ten, end));
}

static void tell_programme(const measure_job *job, lots_synth_calibration *out)
{
    double stays[3] = {0}, days[3] = {0}, persons = 0;
    for (uint32_t i = 0; i < job->patients; i++) {
        const record *at = &job->records[i];
        if (at->programme == 0)
            continue;
        persons++;
        stays[at->arm] += at->programme_stays;
        days[at->arm] += at->programme_days;
    }
    double control = days[LOTS_SYNTH_ARM_CONTROL] == 0 ? 0 : stays[LOTS_SYNTH_ARM_CONTROL] / days[LOTS_SYNTH_ARM_CONTROL];
    tell(out, "programme_persons", persons);
    tell(out, "programme_ratio", control == 0 || days[LOTS_SYNTH_ARM_INTERVENTION] == 0
                                     ? 0 : stays[LOTS_SYNTH_ARM_INTERVENTION] / days[LOTS_SYNTH_ARM_INTERVENTION] / control);
}

/* A period life table: the chance to die within a year of age from deaths and years lived. */
static double expect(const measure_job *job, unsigned workers, uint32_t sex)
{
    double alive = 1, years = 0;
    for (uint32_t age = 0; age <= 110; age++) {
        double deaths = 0, lived = 0;
        for (unsigned w = 0; w < workers; w++) {
            deaths += (double)job->deaths[w][sex][age];
            lived += (double)job->days[w][sex][age] / 365.2425;
        }
        double hazard = lived < 1 ? 0.6 : deaths / lived, dying = hazard / (1 + hazard / 2);
        dying = dying > 1 ? 1 : dying;
        years += alive * (1 - dying / 2);
        alive *= 1 - dying;
    }
    return years;
}

/* ---- the whole ---- */

static lots_status open_job(measure_job *job, unsigned threads, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_alloc(&room, job->patients, sizeof *job->records, err));
    job->records = room;
    LOTS_TRY(lots_alloc(&room, threads, sizeof *job->persons, err));
    job->persons = room;
    LOTS_TRY(lots_alloc(&room, threads, sizeof *job->deaths, err));
    job->deaths = room;
    LOTS_TRY(lots_alloc(&room, threads, sizeof *job->days, err));
    job->days = room;
    for (unsigned i = 0; i < threads; i++)
        lots_synth_person_open(&job->persons[i], job->model);
    return LOTS_OK;
}

static void close_job(measure_job *job, unsigned threads)
{
    for (unsigned i = 0; job->persons != NULL && i < threads; i++)
        lots_synth_person_close(&job->persons[i]);
    lots_free(job->persons);
    lots_free(job->records);
    lots_free(job->deaths);
    lots_free(job->days);
}

static lots_status measure(measure_job *job, lots_pool *pool, const _Atomic bool *stop, lots_synth_calibration *out,
                           lots_error *err)
{
    unsigned threads = lots_pool_threads(pool);
    void *costs;
    LOTS_TRY(open_job(job, threads, err));
    LOTS_TRY(lots_pool_run(pool, (job->patients + TASK_PATIENTS - 1) / TASK_PATIENTS, measure_task, job, stop, err));
    LOTS_TRY(lots_alloc(&costs, job->patients, sizeof(int64_t), err));
    tell_costs(job, costs, out);
    lots_free(costs);
    tell_care(job, out);
    tell_health(job, out);
    tell_programme(job, out);
    tell(out, "life_women", expect(job, threads, 0));
    tell(out, "life_men", expect(job, threads, 1));
    return LOTS_OK;
}

lots_status lots_synth_measure(const lots_synth_options *options, lots_synth_calibration *out, lots_error *err)
{
    lots_synth_model model;
    lots_synth_setting setting = lots_synth_setting_of(options);
    lots_pool *pool = NULL;
    measure_job job = {.model = &model, .patients = setting.patients};
    *out = (lots_synth_calibration){.patients = setting.patients};
    if (setting.last_year - setting.first_year < 5)
        return lots_fail(err, LOTS_USAGE, "a population of at least six years is wanted to measure it");
    lots_synth_calibration_list(out);
    LOTS_TRY(lots_synth_model_make(&model, &setting, err));
    lots_status status = lots_pool_open(&pool, options->threads, err);
    if (status == LOTS_OK)
        status = measure(&job, pool, options->stop, out, err);
    close_job(&job, pool == NULL ? 0 : lots_pool_threads(pool));
    lots_pool_close(pool);
    lots_synth_model_free(&model);
    return status;
}
