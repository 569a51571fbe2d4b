/* synth_finish.c: the last step of a patient: rows in order of day, record keys, and the messiness of a real register, at the
 * rates that ingest/synth/README.md lists. What is only untidy in text (dots, case, blanks in codes) is a mark on the row:
 * its values are the same. And the reserve numbers: people who came to hospital without a known identity. */
#include <stdlib.h>

#include "core/base/day.h"
#include "ingest/synth_person.h"

/* ---- messiness ---- */

/* Diagnoses are written late: in the last two months more and more of them are not there yet. */
static double late_share(const lots_synth_model *model, lots_day day)
{
    lots_day left = model->last - day;
    return left < 0 || left >= 61 ? 0 : 0.45 * (61 - left) / 61.0;
}

static void lose_codes(const lots_synth_model *model, lots_synth_random *random, lots_synth_contact *contact)
{
    bool hospital = contact->level == LEVEL_INPATIENT || contact->level == LEVEL_EMERGENCY;
    if (contact->dx_count > 0 && lots_synth_chance(random, (hospital ? 0.008 : 0.025) + late_share(model, contact->end == LOTS_SYNTH_NO_DAY ? model->last : contact->end)))
        contact->dx_count = 0;
    if (contact->dx_count == 0 && contact->level == LEVEL_INPATIENT)
        contact->drg = 0;
}

/* A stay that goes on beyond the last day has no end, cost or codes yet. */
static void leave_open(const lots_synth_model *model, lots_synth_random *random, lots_synth_contact *contact)
{
    bool ghost = contact->end < model->last - 60 && lots_synth_below(random, 4000) == 0;
    if (contact->level != LEVEL_INPATIENT || (contact->end <= model->last && !ghost))
        return;
    contact->end = contact->ready = LOTS_SYNTH_NO_DAY;
    contact->to = 0;
    contact->cost = 0;
    contact->drg = 0;
}

static void mess_up(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, PURPOSE_UNTIDY);
    lots_synth_contact *contacts = person->contacts.data;
    size_t kept = 0;
    for (size_t i = 0; i < person->contacts.count; i++) {
        lots_synth_contact *contact = &contacts[i];
        if (contact->start >= model->units[contact->unit].silent)
            continue;
        leave_open(model, &random, contact);
        lose_codes(model, &random, contact);
        uint64_t draw = lots_synth_next(&random);
        contact->untidy = (draw & 127) == 0 ? (uint8_t)(1 + (draw >> 8) % 3) : 0;
        contacts[kept++] = *contact;
    }
    person->contacts.count = kept;
}

/* Visits booked for the weeks after the last day; some of them are cancelled already. */
static void book(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, PURPOSE_UNTIDY + 1);
    uint32_t ills = lots_synth_ill_count(person, model->last);
    if (person->exit < model->last || !lots_synth_chance(&random, 0.03 + 0.025 * ills))
        return;
    lots_day day = lots_synth_workday(model, model->last + lots_synth_between(&random, 2, 80));
    lots_synth_contact *contact = lots_synth_contact_add(person);
    contact->start = contact->end = day;
    contact->minute = (int16_t)(480 + 15 * lots_synth_below(&random, 32));
    contact->level = LEVEL_PRIMARY;
    contact->unit = lots_synth_clinic_at(person, day);
    contact->provider = lots_synth_staff(person, &random, contact->unit);
    contact->profession = lots_synth_chance(&random, 0.5) ? PROFESSION_DOCTOR : PROFESSION_NURSE;
    contact->form = FORM_VISIT;
    contact->status = lots_synth_chance(&random, 0.93) ? STATUS_BOOKED : STATUS_CANCELLED;
    contact->visit = VISIT_RETURN;
    contact->acute = 0;
}

/* ---- order ---- */

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Contacts by day, minute (none last), then as they were made: the register's own order for nearly all. A record key is the
 * place in this order; one in 3,000 rows is delivered twice. */
static void sort_contacts(lots_synth_person *person)
{
    lots_synth_random random = lots_synth_person_stream(person, PURPOSE_UNTIDY + 2);
    size_t count = person->contacts.count;
    lots_synth_contact *contacts = person->contacts.data;
    person->keys.count = person->sorted.count = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t *key = lots_synth_row_add(person, &person->keys);
        *key = (uint64_t)(contacts[i].start - LOTS_DAY_MIN) << 40 | (uint64_t)(uint16_t)contacts[i].minute << 24 | (i & 0xFFFFFF);
    }
    if (person->status != LOTS_OK)
        return;
    if (count > 1)
        qsort(person->keys.data, count, sizeof(uint64_t), compare_keys);
    for (size_t i = 0; i < count; i++) {
        lots_synth_contact *row = lots_synth_row_add(person, &person->sorted);
        *row = contacts[LOTS_AT(uint64_t, &person->keys, i) & 0xFFFFFF];
        row->key = (uint32_t)i + 1;
        if (lots_synth_below(&random, 3000) == 0 && person->status == LOTS_OK) {
            lots_synth_contact *twin = lots_synth_row_add(person, &person->sorted);
            *twin = LOTS_AT(lots_synth_contact, &person->sorted, person->sorted.count - 2);
        }
    }
    lots_vec sorted = person->sorted;
    person->sorted = person->contacts;
    person->contacts = sorted;
}

static int compare_dispensings(const void *a, const void *b)
{
    const lots_synth_dispensing *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->atc != y->atc ? (x->atc < y->atc ? -1 : 1) : (x->packs > y->packs) - (x->packs < y->packs);
}

static int compare_labs(const void *a, const void *b)
{
    const lots_synth_lab *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->test != y->test ? (x->test < y->test ? -1 : 1) : (x->value > y->value) - (x->value < y->value);
}

void lots_synth_finish(lots_synth_person *person)
{
    if (person->status != LOTS_OK)
        return;
    if (!person->reserve)
        book(person);
    mess_up(person);
    sort_contacts(person);
    if (person->drugs.count > 1)
        qsort(person->drugs.data, person->drugs.count, sizeof(lots_synth_dispensing), compare_dispensings);
    if (person->labs.count > 1)
        qsort(person->labs.data, person->labs.count, sizeof(lots_synth_lab), compare_labs);
}

/* ---- reserve numbers ---- */

/* An emergency visit or two under a number given at the door, some days apart. Whose they were is in aliases.csv. */
void lots_synth_reserve(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, PURPOSE_RESERVE);
    uint32_t visits = 1 + lots_synth_below(&random, 3);
    lots_day day = model->first + (lots_day)(lots_synth_uniform(&random) * (model->last - model->first - 30));
    const lots_synth_hospital *hospital = &model->hospitals[lots_synth_below(&random, model->hospital_count)];
    person->reserve = true;
    person->sex = lots_synth_chance(&random, 0.4) ? SEX_FEMALE : SEX_MALE;
    person->birth = day - lots_synth_between(&random, 18 * 365, 80 * 365);
    person->entry = day;
    person->exit = day + 29;
    for (uint32_t i = 0; i < visits && day <= person->exit; i++) {
        const lots_synth_acute *acute = &model->acutes[lots_synth_alias_draw(&model->acute_draw[person->sex - 1][2], &random)];
        lots_synth_contact *contact = lots_synth_contact_add(person);
        contact->start = contact->end = day;
        contact->minute = (int16_t)lots_synth_below(&random, 1426);
        contact->level = LEVEL_EMERGENCY;
        contact->unit = hospital->emergency;
        contact->provider = lots_synth_staff(person, &random, contact->unit);
        contact->profession = PROFESSION_DOCTOR;
        contact->form = FORM_VISIT;
        contact->status = STATUS_DONE;
        contact->visit = VISIT_NEW;
        contact->acute = 1;
        contact->cost = 4300;
        lots_synth_diagnose(contact, acute->code);
        day += lots_synth_between(&random, 1, 12);
    }
}
