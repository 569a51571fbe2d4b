/* synth_finish.c: the last step of a patient: rows in order of day, record keys, and the messiness of a real register, at the
 * rates that ingest/synth/README.md lists. What is only untidy in text (dots, case, blanks in codes) is a mark on the row:
 * its values are the same. And the reserve numbers: people who came to hospital without a known identity. */
#include <assert.h>

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
    bool hospital = contact->level == LOTS_SYNTH_LEVEL_INPATIENT || contact->level == LOTS_SYNTH_LEVEL_EMERGENCY;
    if (contact->dx_count > 0 && lots_synth_chance(random, (hospital ? 0.008 : 0.025) + late_share(model, contact->end == LOTS_SYNTH_NO_DAY ? model->last : contact->end)))
        contact->dx_count = 0;
    if (contact->dx_count == 0 && contact->level == LOTS_SYNTH_LEVEL_INPATIENT)
        contact->drg = 0;
}

/* A stay that goes on beyond the last day has no end, cost or codes yet. */
static void leave_open(const lots_synth_model *model, lots_synth_random *random, lots_synth_contact *contact)
{
    bool ghost = contact->end < model->last - 60 && lots_synth_below(random, 4000) == 0;
    if (contact->level != LOTS_SYNTH_LEVEL_INPATIENT || (contact->end <= model->last && !ghost))
        return;
    contact->end = contact->ready = LOTS_SYNTH_NO_DAY;
    contact->to = 0;
    contact->cost = 0;
    contact->drg = 0;
}

static void mess_up(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_UNTIDY);
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
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_UNTIDY + 1);
    uint32_t ills = lots_synth_ill_count(person, model->last);
    if (person->exit < model->last || !lots_synth_chance(&random, 0.03 + 0.025 * ills))
        return;
    lots_day day = lots_synth_workday(model, model->last + lots_synth_between(&random, 2, 80));
    lots_synth_contact *contact = lots_synth_contact_add(person);
    contact->start = contact->end = day;
    contact->minute = (int16_t)(480 + 15 * lots_synth_below(&random, 32));
    contact->level = LOTS_SYNTH_LEVEL_PRIMARY;
    contact->unit = lots_synth_clinic_at(person, day);
    contact->provider = lots_synth_staff(person, &random, contact->unit);
    contact->profession = lots_synth_chance(&random, 0.5) ? LOTS_SYNTH_PROFESSION_DOCTOR : LOTS_SYNTH_PROFESSION_NURSE;
    contact->form = LOTS_SYNTH_FORM_VISIT;
    contact->status = lots_synth_chance(&random, 0.93) ? LOTS_SYNTH_STATUS_BOOKED : LOTS_SYNTH_STATUS_CANCELLED;
    contact->visit = LOTS_SYNTH_VISIT_RETURN;
    contact->acute = 0;
}

/* ---- order ---- */

enum { ROW_BITS = 20, DAY_BIT = 40, DIGIT_BITS_MAX = 8, INSERTION_MAX = 12 };
#define ROW_MASK ((UINT64_C(1) << ROW_BITS) - 1)

static void insert_keys(uint64_t *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Keys to `to` by one digit of their day, those of one digit in the order that they had. */
static void deal_keys(const uint64_t *keys, size_t count, uint64_t least, unsigned digit, unsigned width, uint64_t *to)
{
    uint32_t next[(1 << DIGIT_BITS_MAX) + 1] = {0};
    const uint64_t mask = (UINT64_C(1) << width) - 1;
    for (size_t i = 0; i < count; i++)
        next[1 + ((((keys[i] >> DAY_BIT) - least) >> digit * width) & mask)]++;
    for (size_t value = 1; value <= mask; value++)
        next[value] += next[value - 1];
    for (size_t i = 0; i < count; i++)
        to[next[(((keys[i] >> DAY_BIT) - least) >> digit * width) & mask]++] = keys[i];
}

/* A patient has some dozens of rows: by day in two digits, then what is out of order within a day. Keys are distinct: the
 * lowest bits are the row. `spare` has room for as many. */
static void sort_keys(uint64_t *keys, uint64_t *spare, size_t count)
{
    uint64_t least = UINT64_MAX, most = 0;
    if (count > INSERTION_MAX) {
        for (size_t i = 0; i < count; i++) {
            least = keys[i] >> DAY_BIT < least ? keys[i] >> DAY_BIT : least;
            most = keys[i] >> DAY_BIT > most ? keys[i] >> DAY_BIT : most;
        }
        unsigned width = 1;
        while ((most - least) >> 2 * width != 0)
            width++;
        assert(width <= DIGIT_BITS_MAX); /* the period is at most thirty years */
        deal_keys(keys, count, least, 0, width, spare);
        deal_keys(spare, count, least, 1, width, keys);
    }
    insert_keys(keys, count);
}

/* Room for the keys of `count` rows, twice; NULL when there is none. */
static uint64_t *open_keys(lots_synth_person *person, size_t count)
{
    person->keys.count = 0;
    person->status = count > ROW_MASK ? lots_fail(person->err, LOTS_INTERNAL, "a patient of more rows than a key can tell")
                                      : lots_vec_reserve(&person->keys, count * 2 + 1, person->err);
    return person->status == LOTS_OK ? person->keys.data : NULL;
}

/* Contacts by day, minute (none last), then as they were made: the register's own order for nearly all. A record key is the
 * place in this order; one in 3,000 rows is delivered twice. */
static void sort_contacts(lots_synth_person *person)
{
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_UNTIDY + 2);
    size_t count = person->contacts.count;
    const lots_synth_contact *contacts = person->contacts.data;
    uint64_t *keys = open_keys(person, count);
    person->sorted.count = 0;
    for (size_t i = 0; keys != NULL && i < count; i++)
        keys[i] = (uint64_t)(contacts[i].start - LOTS_DAY_MIN) << DAY_BIT | (uint64_t)(uint16_t)contacts[i].minute << 24 | i;
    if (keys == NULL)
        return;
    sort_keys(keys, keys + count, count);
    for (size_t i = 0; i < count; i++) {
        lots_synth_contact *row = lots_synth_row_add(person, &person->sorted);
        *row = contacts[keys[i] & ROW_MASK];
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

/* Put the rows in the order of the sorted keys, by way of the spare room. */
static void permute_rows(lots_synth_person *person, lots_vec *rows, lots_vec *spare, const uint64_t *keys)
{
    const uint8_t *from = rows->data;
    size_t size = rows->item_size;
    spare->count = 0;
    lots_status status = lots_vec_reserve(spare, rows->count, person->err);
    if (status != LOTS_OK) {
        person->status = status;
        return;
    }
    uint8_t *to = spare->data;
    for (size_t i = 0; i < rows->count; i++)
        memcpy(to + i * size, from + (keys[i] & ROW_MASK) * size, size);
    spare->count = rows->count;
    lots_vec sorted = *spare;
    *spare = *rows;
    *rows = sorted;
}

static void sort_drugs(lots_synth_person *person)
{
    const lots_synth_dispensing *rows = person->drugs.data;
    uint64_t *keys = open_keys(person, person->drugs.count);
    for (size_t i = 0; keys != NULL && i < person->drugs.count; i++)
        keys[i] = (uint64_t)(rows[i].start - LOTS_DAY_MIN) << DAY_BIT | (uint64_t)rows[i].atc << ROW_BITS | i;
    if (keys == NULL)
        return;
    sort_keys(keys, keys + person->drugs.count, person->drugs.count);
    permute_rows(person, &person->drugs, &person->spare_drugs, keys);
}

static void sort_labs(lots_synth_person *person)
{
    const lots_synth_lab *rows = person->labs.data;
    uint64_t *keys = open_keys(person, person->labs.count);
    for (size_t i = 0; keys != NULL && i < person->labs.count; i++)
        keys[i] = (uint64_t)(rows[i].start - LOTS_DAY_MIN) << DAY_BIT | (uint64_t)rows[i].test << ROW_BITS | i;
    if (keys == NULL)
        return;
    sort_keys(keys, keys + person->labs.count, person->labs.count);
    permute_rows(person, &person->labs, &person->spare_labs, keys);
}

void lots_synth_finish(lots_synth_person *person)
{
    if (person->status != LOTS_OK)
        return;
    if (!person->reserve)
        book(person);
    mess_up(person);
    if (person->status == LOTS_OK)
        sort_contacts(person);
    if (person->status == LOTS_OK)
        sort_drugs(person);
    if (person->status == LOTS_OK)
        sort_labs(person);
}

/* ---- reserve numbers ---- */

/* An emergency visit or two under a number given at the door, some days apart. Whose they were is in aliases.csv. */
void lots_synth_reserve(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_RESERVE);
    uint32_t visits = 1 + lots_synth_below(&random, 3);
    lots_day day = model->first + (lots_day)(lots_synth_uniform(&random) * (model->last - model->first - 30));
    const lots_synth_hospital *hospital = &model->hospitals[lots_synth_below(&random, model->hospital_count)];
    person->reserve = true;
    person->sex = lots_synth_chance(&random, 0.4) ? LOTS_SYNTH_SEX_FEMALE : LOTS_SYNTH_SEX_MALE;
    person->birth = day - lots_synth_between(&random, 18 * 365, 80 * 365);
    person->entry = day;
    person->exit = day + 29;
    for (uint32_t i = 0; i < visits && day <= person->exit; i++) {
        const lots_synth_acute *acute = &model->acutes[lots_synth_alias_draw(&model->acute_draw[person->sex - 1][2], &random)];
        lots_synth_contact *contact = lots_synth_contact_add(person);
        contact->start = contact->end = day;
        contact->minute = (int16_t)lots_synth_below(&random, 1426);
        contact->level = LOTS_SYNTH_LEVEL_EMERGENCY;
        contact->unit = hospital->emergency;
        contact->provider = lots_synth_staff(person, &random, contact->unit);
        contact->profession = LOTS_SYNTH_PROFESSION_DOCTOR;
        contact->form = LOTS_SYNTH_FORM_VISIT;
        contact->status = LOTS_SYNTH_STATUS_DONE;
        contact->visit = LOTS_SYNTH_VISIT_NEW;
        contact->acute = 1;
        contact->cost = 4300;
        lots_synth_diagnose(contact, acute->code);
        day += lots_synth_between(&random, 1, 12);
    }
}
