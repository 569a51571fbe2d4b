/* synth_care.c: one patient's planned care, year by year: contacts because of chronic diseases, of acute illness that stays in
 * primary care, check-ups and pregnancies, referrals and treatments with their waits. What brings the patient to hospital is
 * only noted as a candidate (synth_hospital.c puts these in order, since a stay keeps others away).
 * Rates are of a whole year; a day drawn outside of the patient's time here is dropped, so part of a year needs no care. */
#include "ingest/synth_person.h"

typedef struct care_year {
    lots_synth_person *person;
    lots_synth_random random;
    uint32_t year, band;
    int32_t age;
    double need;     /* the patient's, this year */
    double state;    /* of the transient part: a score that lasts about a year */
} care_year;

/* ---- contacts ---- */

uint32_t lots_synth_ill_count(const lots_synth_person *person, lots_day day)
{
    uint32_t count = 0;
    while (count < person->ill_count && person->onset[person->ill[count]] <= day)
        count++;
    return count;
}

uint32_t lots_synth_condition_find(const lots_synth_model *model, const char *code)
{
    uint32_t index = 0;
    while (index < model->condition_count - 1 && strncmp(model->conditions[index].row->codes, code, strlen(code)) != 0)
        index++;
    return index;
}

uint16_t lots_synth_code_of(const lots_synth_person *person, lots_synth_random *random, uint32_t condition)
{
    const lots_synth_condition *from = &person->model->conditions[condition];
    double draw = lots_synth_uniform(random);
    if ((person->coded >> condition & 1) == 0)
        return 0;
    if (draw < 0.62)
        return from->codes[0];
    return from->codes[(uint32_t)((draw - 0.62) / 0.38 * from->code_count)];
}

void lots_synth_diagnose(lots_synth_contact *contact, uint16_t code)
{
    if (code == 0 || contact->dx_count == LOTS_SYNTH_DX_MAX)
        return;
    for (uint32_t i = 0; i < contact->dx_count; i++)
        if (contact->dx[i] == code)
            return;
    contact->dx[contact->dx_count++] = code;
}

void lots_synth_diagnose_others(lots_synth_person *person, lots_synth_random *random, lots_synth_contact *contact,
                                uint32_t most, double share)
{
    uint32_t count = lots_synth_ill_count(person, contact->start);
    for (uint32_t i = 0; i < most && count > 0; i++)
        if (lots_synth_chance(random, share))
            lots_synth_diagnose(contact, lots_synth_code_of(person, random, person->ill[lots_synth_below(random, count)]));
}

uint32_t lots_synth_staff(const lots_synth_person *person, lots_synth_random *random, uint32_t unit)
{
    const lots_synth_unit *at = &person->model->units[unit];
    uint64_t draw = lots_synth_next(random);
    if (at->provider_count == 0)
        return 0;
    if (draw >> 63)
        return at->provider + (uint32_t)lots_synth_mix(person->number + unit) % at->provider_count;
    return at->provider + (uint32_t)draw % at->provider_count;
}

static const int32_t primary_cost[8][6] = {/* by profession and form: visit, phone, digital, home, group */
    {0}, {0, 1750, 520, 560, 2600, 700}, {0, 780, 260, 250, 1150, 420}, {0, 760, 240, 260, 1100, 330},
    {0, 1450, 480, 900, 1900, 520}, {0, 950, 300, 300, 1300, 400}, {0}, {0, 980, 280, 290, 1200, 420}};

static void set_status(care_year *now, lots_synth_contact *contact)
{
    double draw = lots_synth_uniform(&now->random);
    contact->status = draw < 0.022 ? LOTS_SYNTH_STATUS_NOSHOW : draw < 0.05 ? LOTS_SYNTH_STATUS_CANCELLED : LOTS_SYNTH_STATUS_DONE;
    if (contact->status != LOTS_SYNTH_STATUS_DONE)
        contact->cost = 0;
}

static int32_t vary(care_year *now, double cost, double spread)
{
    const lots_synth_normal *normal = &now->person->model->normal;
    double value = cost * lots_synth_factor(normal, spread * lots_synth_score(normal, &now->random));
    return value > 2e6 ? 2000000 : (int32_t)value;
}

/* A contact with the patient's clinic. NULL when the day is not one of theirs. */
static lots_synth_contact *meet_primary(care_year *now, lots_day day, uint32_t profession, uint32_t form)
{
    lots_synth_person *person = now->person;
    lots_synth_random *random = &now->random;
    if (!lots_synth_here(person, day))
        return NULL;
    lots_synth_contact *contact = lots_synth_contact_add(person);
    contact->start = contact->end = day;
    contact->minute = (int16_t)(480 + 10 * lots_synth_below(random, 52));
    contact->level = LOTS_SYNTH_LEVEL_PRIMARY;
    contact->unit = lots_synth_clinic_at(person, day);
    if (form == LOTS_SYNTH_FORM_VISIT && lots_synth_chance(random, 0.05)) {
        const lots_synth_municipality *place = lots_synth_place_at(person, day);
        contact->unit = (uint16_t)(place->clinic + lots_synth_below(random, place->clinic_count));
        const lots_synth_unit *unit = &person->model->units[contact->unit];
        contact->unit = day >= unit->closes ? unit->successor : contact->unit;
    }
    contact->provider = lots_synth_staff(person, random, contact->unit);
    contact->profession = (uint8_t)profession;
    contact->form = (uint8_t)form;
    contact->visit = lots_synth_chance(random, 0.3) ? LOTS_SYNTH_VISIT_NEW : LOTS_SYNTH_VISIT_RETURN;
    contact->acute = 0;
    contact->payer = lots_synth_unit_facts(person->model)[contact->unit].is_private ? LOTS_SYNTH_PAYER_PRIVATE : LOTS_SYNTH_PAYER_REGION;
    contact->cost = vary(now, primary_cost[profession][form], 0.18);
    set_status(now, contact);
    return contact;
}

static lots_synth_contact *meet_specialist(care_year *now, lots_day day, uint32_t area, double cost)
{
    lots_synth_person *person = now->person;
    lots_synth_random *random = &now->random;
    if (!lots_synth_here(person, day))
        return NULL;
    if (now->age < 16 && area != LOTS_SYNTH_AREA_OPHTHALMOLOGY && area != LOTS_SYNTH_AREA_ENT && area != LOTS_SYNTH_AREA_PSYCHIATRY)
        area = LOTS_SYNTH_AREA_PAEDIATRICS;
    lots_synth_contact *contact = lots_synth_contact_add(person);
    double draw = lots_synth_uniform(random);
    contact->start = contact->end = day;
    contact->minute = (int16_t)(480 + 15 * lots_synth_below(random, 34));
    contact->level = LOTS_SYNTH_LEVEL_SPECIALIST;
    contact->unit = lots_synth_hospital_at(person, day)->clinic[area];
    contact->provider = lots_synth_staff(person, random, contact->unit);
    contact->profession = draw < 0.65   ? LOTS_SYNTH_PROFESSION_DOCTOR
                          : draw < 0.9  ? LOTS_SYNTH_PROFESSION_NURSE
                          : draw < 0.95 ? LOTS_SYNTH_PROFESSION_PHYSIO
                                        : LOTS_SYNTH_PROFESSION_OCCUPATIONAL;
    if (area == LOTS_SYNTH_AREA_PSYCHIATRY && draw > 0.75)
        contact->profession = LOTS_SYNTH_PROFESSION_PSYCHOLOGIST;
    contact->form = lots_synth_chance(random, 0.8) ? LOTS_SYNTH_FORM_VISIT : lots_synth_chance(random, 0.75) ? LOTS_SYNTH_FORM_PHONE : LOTS_SYNTH_FORM_DIGITAL;
    contact->visit = LOTS_SYNTH_VISIT_RETURN;
    contact->acute = 0;
    contact->payer = lots_synth_unit_facts(person->model)[contact->unit].is_private ? LOTS_SYNTH_PAYER_PRIVATE : LOTS_SYNTH_PAYER_REGION;
    if (contact->form != LOTS_SYNTH_FORM_VISIT)
        cost *= 0.3;
    else if (contact->profession != LOTS_SYNTH_PROFESSION_DOCTOR)
        cost *= 0.55;
    contact->cost = vary(now, cost, 0.45);
    set_status(now, contact);
    return contact;
}

/* ---- chronic diseases ---- */

static void meet_about(care_year *now, uint32_t condition, lots_day day)
{
    const lots_synth_condition_row *row = now->person->model->conditions[condition].row;
    double draw = lots_synth_uniform(&now->random);
    uint32_t profession = draw < 0.65 ? LOTS_SYNTH_PROFESSION_DOCTOR : LOTS_SYNTH_PROFESSION_NURSE;
    uint32_t form = lots_synth_chance(&now->random, 0.72) ? LOTS_SYNTH_FORM_VISIT : LOTS_SYNTH_FORM_PHONE;
    if (row->area == LOTS_SYNTH_AREA_PSYCHIATRY && draw > 0.68)
        profession = LOTS_SYNTH_PROFESSION_PSYCHOLOGIST;
    if (row->area == LOTS_SYNTH_AREA_ORTHOPAEDICS && draw > 0.5)
        profession = LOTS_SYNTH_PROFESSION_PHYSIO;
    if (now->age >= 80 && draw > 0.65 && lots_synth_chance(&now->random, 0.2))
        form = LOTS_SYNTH_FORM_HOME;
    if (form == LOTS_SYNTH_FORM_PHONE && now->age < 50 && lots_synth_chance(&now->random, 0.3))
        form = LOTS_SYNTH_FORM_DIGITAL;
    lots_synth_contact *contact = meet_primary(now, day, profession, form);
    if (contact == NULL)
        return;
    bool coded = profession == LOTS_SYNTH_PROFESSION_DOCTOR ? form == LOTS_SYNTH_FORM_VISIT || lots_synth_chance(&now->random, 0.8)
                                                 : lots_synth_chance(&now->random, 0.6);
    if (!coded)
        return;
    lots_synth_diagnose(contact, lots_synth_code_of(now->person, &now->random, condition));
    lots_synth_diagnose_others(now->person, &now->random, contact, 2, profession == LOTS_SYNTH_PROFESSION_DOCTOR ? 0.4 : 0.15);
    if (profession == LOTS_SYNTH_PROFESSION_NURSE && lots_synth_chance(&now->random, 0.12))
        contact->px[contact->px_count++] = now->person->model->known[LOTS_SYNTH_KNOWN_SAMPLE_PX];
    else if (profession == LOTS_SYNTH_PROFESSION_PSYCHOLOGIST && lots_synth_chance(&now->random, 0.4))
        contact->px[contact->px_count++] = now->person->model->known[LOTS_SYNTH_KNOWN_COUNSEL_PX];
}

static void see_specialist_about(care_year *now, uint32_t condition, lots_day day)
{
    const lots_synth_model *model = now->person->model;
    const lots_synth_condition_row *row = model->conditions[condition].row;
    bool cancer = row->area == LOTS_SYNTH_AREA_ONCOLOGY;
    bool infusion = cancer && lots_synth_chance(&now->random, 0.3);
    lots_synth_contact *contact = meet_specialist(now, day, row->area, infusion ? 22000 : cancer ? 5600 : row->area == LOTS_SYNTH_AREA_PSYCHIATRY ? 3600 : 4400);
    if (contact == NULL)
        return;
    lots_synth_diagnose(contact, lots_synth_code_of(now->person, &now->random, condition));
    lots_synth_diagnose_others(now->person, &now->random, contact, 2, 0.22);
    if (infusion)
        contact->px[contact->px_count++] = model->known[LOTS_SYNTH_KNOWN_CHEMO_PX];
    else if (row->area == LOTS_SYNTH_AREA_CARDIOLOGY && lots_synth_chance(&now->random, 0.5))
        contact->px[contact->px_count++] = model->known[LOTS_SYNTH_KNOWN_ECG_PX];
}

/* Three times a week, until a transplantation, a move or death. */
static void dialyse(care_year *now, uint32_t condition)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    lots_synth_random own = lots_synth_stream(model->setting.seed, person->number, LOTS_SYNTH_PURPOSE_HELP + 1000);
    lots_day until = person->onset[condition] + 200 + (lots_day)(1300 * lots_synth_wait(&model->normal, &own));
    lots_day day = model->year_start[now->year] + (lots_day)(person->number % 3);
    for (; day < model->year_start[now->year + 1] && day <= until; day += 2 + (day % 7 == 0)) {
        if (day < person->onset[condition] || !lots_synth_here(person, day))
            continue;
        lots_synth_contact *contact = meet_specialist(now, day, LOTS_SYNTH_AREA_NEPHROLOGY, 0);
        contact->profession = LOTS_SYNTH_PROFESSION_NURSE;
        contact->form = LOTS_SYNTH_FORM_VISIT;
        contact->status = LOTS_SYNTH_STATUS_DONE;
        contact->cost = vary(now, 4400, 0.1);
        contact->px[contact->px_count++] = model->known[LOTS_SYNTH_KNOWN_DIALYSIS_PX];
        lots_synth_diagnose(contact, lots_synth_code_of(person, &now->random, condition));
        lots_synth_diagnose(contact, model->known[LOTS_SYNTH_KNOWN_DIALYSIS]);
    }
}

/* More in the year after the onset; at great age each disease gets somewhat less of its own. */
static void treat_condition(care_year *now, uint32_t condition)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    const lots_synth_condition_row *row = model->conditions[condition].row;
    lots_day from = person->onset[condition];
    bool fresh = from >= model->year_start[now->year] - 200;
    double primary = (double)row->primary * now->need * (fresh ? 1.7 : 1), specialist = (double)row->specialist * (0.45 + 0.55 * now->need) * (fresh ? 2 : 1);
    if (now->age >= 85)
        specialist *= 0.7;
    for (uint32_t n = lots_synth_poisson(&now->random, primary); n > 0; n--) {
        lots_day day = lots_synth_day(model, &now->random, LOTS_SYNTH_SEASON_WORKDAYS, now->year);
        if (day >= from)
            meet_about(now, condition, day);
    }
    if (row->acute >= 0.4f && row->area == LOTS_SYNTH_AREA_NEPHROLOGY)
        dialyse(now, condition);
    else
        for (uint32_t n = lots_synth_poisson(&now->random, specialist > 60 ? 60 : specialist); n > 0; n--) {
            lots_day day = lots_synth_day(model, &now->random, LOTS_SYNTH_SEASON_WORKDAYS, now->year);
            if (day >= from)
                see_specialist_about(now, condition, day);
        }
    for (uint32_t n = lots_synth_poisson(&now->random, (double)row->acute * (0.3 + 0.7 * now->need)); n > 0; n--) {
        lots_day day = lots_synth_day(model, &now->random, LOTS_SYNTH_SEASON_FLAT, now->year);
        if (day >= from)
            lots_synth_candidate_add(person, day, LOTS_SYNTH_CANDIDATE_CHRONIC, condition, 1);
    }
}

/* ---- acute illness ---- */

static void meet_about_acute(care_year *now, const lots_synth_acute *acute, lots_day day)
{
    double draw = lots_synth_uniform(&now->random);
    uint32_t profession = draw < 0.7 ? LOTS_SYNTH_PROFESSION_DOCTOR : LOTS_SYNTH_PROFESSION_NURSE;
    uint32_t form = draw < 0.63 || (draw >= 0.7 && draw < 0.8) ? LOTS_SYNTH_FORM_VISIT : draw < 0.7 ? LOTS_SYNTH_FORM_DIGITAL : LOTS_SYNTH_FORM_PHONE;
    if (acute->row->area == LOTS_SYNTH_AREA_ORTHOPAEDICS && draw > 0.72) {
        profession = LOTS_SYNTH_PROFESSION_PHYSIO;
        form = LOTS_SYNTH_FORM_VISIT;
    }
    lots_synth_contact *contact = meet_primary(now, lots_synth_workday(now->person->model, day), profession, form);
    if (contact == NULL)
        return;
    contact->acute = 1;
    contact->visit = LOTS_SYNTH_VISIT_NEW;
    if (profession != LOTS_SYNTH_PROFESSION_NURSE || lots_synth_chance(&now->random, 0.5))
        lots_synth_diagnose(contact, acute->code);
    if (profession == LOTS_SYNTH_PROFESSION_DOCTOR)
        lots_synth_diagnose_others(now->person, &now->random, contact, 1, 0.12);
    if (lots_synth_chance(&now->random, 0.24)) { /* back about the same */
        contact = meet_primary(now, lots_synth_workday(now->person->model, day + lots_synth_between(&now->random, 4, 24)),
                               LOTS_SYNTH_PROFESSION_DOCTOR, LOTS_SYNTH_FORM_VISIT);
        if (contact != NULL)
            lots_synth_diagnose(contact, acute->code);
    }
}

static void fall_acutely_ill(care_year *now)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    uint32_t sex = person->sex - 1u;
    double rate = (double)model->acute_sum[sex][now->band] * (0.35 + 0.65 * now->need) * 0.92;
    for (uint32_t n = lots_synth_poisson(&now->random, rate); n > 0; n--) {
        uint32_t which = lots_synth_alias_draw(&model->acute_draw[sex][now->band], &now->random);
        const lots_synth_acute *acute = &model->acutes[which];
        lots_day day = lots_synth_day(model, &now->random, acute->row->season, now->year);
        if (lots_synth_chance(&now->random, (double)acute->row->emergency * 0.8))
            lots_synth_candidate_add(person, day, LOTS_SYNTH_CANDIDATE_ACUTE, which, 1);
        else
            meet_about_acute(now, acute, day);
    }
}

/* ---- what comes by age ---- */

static void check_up(care_year *now)
{
    static const double rates[LOTS_SYNTH_BANDS] = {2.6, 0.35, 0.22, 0.3, 0.55, 1.1};
    const lots_synth_model *model = now->person->model;
    double rate = rates[now->band] * (now->band == 0 && now->age == 0 ? 3 : 1) * (0.5 + 0.5 * now->need);
    for (uint32_t n = lots_synth_poisson(&now->random, rate); n > 0; n--) {
        bool old = now->band >= 4;
        lots_synth_contact *contact =
            meet_primary(now, lots_synth_day(model, &now->random, LOTS_SYNTH_SEASON_WORKDAYS, now->year), LOTS_SYNTH_PROFESSION_NURSE,
                         now->age >= 80 && lots_synth_chance(&now->random, 0.25) ? LOTS_SYNTH_FORM_HOME
                         : old && lots_synth_chance(&now->random, 0.4)           ? LOTS_SYNTH_FORM_PHONE
                                                                                 : LOTS_SYNTH_FORM_VISIT);
        if (contact != NULL && lots_synth_chance(&now->random, 0.5))
            lots_synth_diagnose(contact, model->known[old ? LOTS_SYNTH_KNOWN_RENEWAL : LOTS_SYNTH_KNOWN_CHECKUP]);
    }
}

static void bear_child(care_year *now)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    if (person->sex != LOTS_SYNTH_SEX_FEMALE || now->age < 18 || now->age > 44)
        return;
    double away = now->age > 31 ? now->age - 31 : 31 - now->age;
    if (!lots_synth_chance(&now->random, 0.125 - 0.0098 * (away > 12.5 ? 12.5 : away)))
        return;
    lots_day day = lots_synth_day(model, &now->random, LOTS_SYNTH_SEASON_FLAT, now->year);
    lots_synth_candidate_add(person, day, LOTS_SYNTH_CANDIDATE_DELIVERY, 0, 1);
    for (lots_day visit = day - 210; visit < day + 60; visit += lots_synth_between(&now->random, 22, 38)) {
        if (visit < model->first || visit > model->last)
            continue;
        lots_synth_contact *contact = meet_primary(now, lots_synth_workday(model, visit), LOTS_SYNTH_PROFESSION_MIDWIFE, LOTS_SYNTH_FORM_VISIT);
        if (contact != NULL)
            lots_synth_diagnose(contact, model->known[LOTS_SYNTH_KNOWN_PREGNANCY]);
    }
}

/* ---- referrals and treatments, with their waits ---- */

/* Days of a wait: some six weeks, and for a part far more. */
static lots_day wait_days(care_year *now, uint32_t kind, uint32_t priority)
{
    const lots_synth_normal *normal = &now->person->model->normal;
    double median = (kind == LOTS_SYNTH_WAIT_VISIT ? 38 : 62) * (priority == 1 ? 0.35 : priority == 2 ? 0.8 : 1.25);
    double days = median * lots_synth_factor(normal, 0.85 * lots_synth_score(normal, &now->random));
    return 2 + (lots_day)(days > 900 ? 900 : days);
}

static void delay_wait(care_year *now, const lots_synth_wait_row *wait, lots_day end)
{
    lots_synth_person *person = now->person;
    double draw = lots_synth_uniform(&now->random);
    if (end - wait->start <= 90 || draw > 0.42 || wait->start + 40 > person->exit)
        return;
    lots_synth_delay *delay = lots_synth_row_add(person, &person->delays);
    *delay = (lots_synth_delay){wait->start + 30 + lots_synth_between(&now->random, 0, 30), wait->end, wait->key,
                                draw < 0.2 ? LOTS_SYNTH_REASON_PATIENT : draw < 0.32 ? LOTS_SYNTH_REASON_MEDICAL : LOTS_SYNTH_REASON_SPECIAL};
}

/* A wait from `start`: *end is the day on which it ends, and the outcome. */
static uint32_t wait_for(care_year *now, lots_day start, uint32_t kind, uint32_t area, uint16_t px, lots_day *end)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    double draw = lots_synth_uniform(&now->random);
    uint32_t priority = draw < 0.2 ? 1 : draw < 0.6 ? 2 : 3;
    uint32_t outcome = lots_synth_chance(&now->random, 0.12) ? LOTS_SYNTH_OUTCOME_REMOVED : LOTS_SYNTH_OUTCOME_DONE;
    lots_day days = wait_days(now, kind, priority);
    lots_synth_wait_row *wait = lots_synth_row_add(person, &person->waits);
    *end = start + days <= model->last ? lots_synth_workday(model, start + days) : start + days;
    *wait = (lots_synth_wait_row){.start = start, .end = *end, .booked = LOTS_SYNTH_NO_DAY, .px = px,
                                  .unit = lots_synth_hospital_at(person, start)->clinic[area], .kind = (uint8_t)kind,
                                  .area = (uint8_t)area, .priority = (uint8_t)priority,
                                  .key = (uint32_t)person->waits.count};
    if (lots_synth_chance(&now->random, 0.82))
        wait->booked = start + 1 + (lots_day)(lots_synth_uniform(&now->random) * 0.8 * days);
    if (*end > person->exit && person->exit < model->last) {
        wait->end = person->exit;
        outcome = person->left ? LOTS_SYNTH_OUTCOME_MOVED : LOTS_SYNTH_OUTCOME_DIED;
    } else if (*end > model->last) {
        wait->end = LOTS_SYNTH_NO_DAY;
        outcome = 0;
    }
    lots_day stop = wait->end == LOTS_SYNTH_NO_DAY ? model->last : wait->end;
    if (wait->booked != LOTS_SYNTH_NO_DAY && wait->booked > stop)
        wait->booked = LOTS_SYNTH_NO_DAY;
    wait->outcome = (uint8_t)outcome;
    delay_wait(now, wait, stop);
    return outcome;
}

static void be_referred(care_year *now)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    static const double rates[LOTS_SYNTH_BANDS] = {0.1, 0.1, 0.11, 0.15, 0.2, 0.17};
    for (uint32_t n = lots_synth_poisson(&now->random, rates[now->band] * now->need); n > 0; n--) {
        lots_day start = lots_synth_day(model, &now->random, LOTS_SYNTH_SEASON_WORKDAYS, now->year), end;
        uint32_t area = 1 + lots_synth_below(&now->random, LOTS_SYNTH_AREAS_END - 2), count;
        uint16_t code = 0;
        if (!lots_synth_here(person, start))
            continue;
        count = lots_synth_ill_count(person, start);
        if (count > 0 && lots_synth_chance(&now->random, 0.6)) {
            uint32_t condition = person->ill[lots_synth_below(&now->random, count)];
            area = model->conditions[condition].row->area;
            code = lots_synth_code_of(person, &now->random, condition);
        }
        if (area == LOTS_SYNTH_AREA_GYNAECOLOGY && person->sex == LOTS_SYNTH_SEX_MALE)
            area = LOTS_SYNTH_AREA_SURGERY;
        if (wait_for(now, start, LOTS_SYNTH_WAIT_VISIT, area, 0, &end) != LOTS_SYNTH_OUTCOME_DONE)
            continue;
        lots_synth_contact *contact = meet_specialist(now, end, area, 4800);
        if (contact == NULL)
            continue;
        contact->visit = LOTS_SYNTH_VISIT_NEW;
        contact->profession = LOTS_SYNTH_PROFESSION_DOCTOR;
        contact->form = LOTS_SYNTH_FORM_VISIT;
        contact->status = LOTS_SYNTH_STATUS_DONE;
        contact->cost = vary(now, 4800, 0.4);
        lots_synth_diagnose(contact, code);
    }
}

static void be_treated(care_year *now)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    uint32_t sex = person->sex - 1u;
    double rate = (double)model->procedure_sum[sex][now->band] * (0.5 + 0.5 * now->need);
    for (uint32_t n = lots_synth_poisson(&now->random, rate); n > 0; n--) {
        uint32_t which = lots_synth_alias_draw(&model->procedure_draw[sex][now->band], &now->random);
        const lots_synth_procedure *procedure = &model->procedures[which];
        lots_day start = lots_synth_day(model, &now->random, LOTS_SYNTH_SEASON_WORKDAYS, now->year), end;
        if (!lots_synth_here(person, start) ||
            wait_for(now, start, LOTS_SYNTH_WAIT_TREATMENT, procedure->row->area, procedure->px, &end) != LOTS_SYNTH_OUTCOME_DONE)
            continue;
        if (procedure->row->nights > 0) {
            lots_synth_candidate_add(person, end, LOTS_SYNTH_CANDIDATE_PROCEDURE, which, 1);
            continue;
        }
        lots_synth_contact *contact = meet_specialist(now, end, procedure->row->area, 0);
        if (contact == NULL)
            continue;
        contact->profession = LOTS_SYNTH_PROFESSION_DOCTOR;
        contact->form = LOTS_SYNTH_FORM_VISIT;
        contact->status = LOTS_SYNTH_STATUS_DONE;
        contact->cost = vary(now, procedure->row->cost, 0.25);
        contact->px[contact->px_count++] = procedure->px;
        lots_synth_diagnose(contact, procedure->code);
    }
}

/* ---- years ---- */

/* How bad the year is: part of last year's state and part new, so that need regresses to the patient's own. */
static void begin_year(care_year *now, uint32_t year)
{
    const lots_synth_normal *normal = &now->person->model->normal;
    lots_day middle = now->person->model->year_start[year] + 182;
    now->year = year;
    now->age = lots_synth_age(now->person, middle);
    now->age = now->age < 0 ? 0 : now->age;
    now->band = lots_synth_band(now->age);
    now->state = 0.5 * now->state + 0.8660254 * lots_synth_score(normal, &now->random);
    now->need = (double)now->person->need * lots_synth_factor(normal, 0.4 * now->state - 0.08);
    if (now->age >= 80) /* frailty: the same diseases take more contacts */
        now->need *= 1.35;
}

void lots_synth_care(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    care_year now = {.person = person, .random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_CARE)};
    now.state = lots_synth_score(&model->normal, &now.random);
    for (uint32_t year = 0; year < model->years; year++) {
        if (model->year_start[year + 1] <= person->entry || model->year_start[year] > person->exit)
            continue;
        begin_year(&now, year);
        for (uint32_t i = 0; i < person->ill_count && person->onset[person->ill[i]] < model->year_start[year + 1]; i++)
            treat_condition(&now, person->ill[i]);
        fall_acutely_ill(&now);
        check_up(&now);
        bear_child(&now);
        be_referred(&now);
        be_treated(&now);
    }
}
