/* synth_hospital.c: emergency visits and stays of one patient. The idea: reasons to come to hospital (noted by synth_care.c, and
 * here: crises that bring a patient back again and again for some months, frequent attenders, the end of life) are put in
 * order of day and met one after the other, so that a stay keeps away what falls into it, and what a stay leads to
 * (transfer, readmission, a visit after discharge, help from the municipality) begins where it ended.
 * The programmes: those with much acute care in the year before are taken in, an arm by lot each. In the intervention arm of
 * the home team 15% of the admissions of the two years after are averted, each by itself: the visit stays, and the patient's
 * later life is as it would have been, so the true rate ratio is 0.85. The other programme does nothing. */
#include <stdlib.h>

#include "ingest/synth_person.h"

enum { PROGRAMME_DAYS = 730, FAR_AGO = -100000 };

typedef struct hospital {
    lots_synth_person *person;
    lots_synth_random random;
    lots_day busy_until;        /* the last stay's last day */
    lots_day emergencies[8];    /* the last days of emergency visits, and of acute admissions, in turn */
    lots_day admissions[8];
    uint32_t emergency_count, admission_count;
    uint32_t programmes_seen;
    lots_day help_from, help_until; /* of the home team's intervention arm */
} hospital;

/* ---- candidates ---- */

static double frailty_of(const lots_synth_person *person, lots_day day)
{
    uint32_t ills = lots_synth_ill_count(person, day);
    int32_t age = lots_synth_age(person, day);
    double by_age = age < 18 ? 0.06 : age < 45 ? 0.12 : age < 65 ? 0.33 : age < 80 ? 1.0 : 2.3;
    return by_age * (0.35 + 0.2 * ills) * (0.25 + 0.75 * (double)person->need);
}

/* What a crisis is about: one of the patient's diseases that bring people to hospital, else something acute. */
static void choose_cause(hospital *now, lots_day day, lots_synth_reason *reason, uint32_t *what)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    uint32_t count = lots_synth_ill_count(person, day);
    for (uint32_t i = 0; i < 4 && count > 0; i++) {
        uint32_t condition = person->ill[lots_synth_below(&now->random, count)];
        if (lots_synth_uniform(&now->random) < 0.04 + 4 * (double)model->conditions[condition].row->acute) {
            *reason = LOTS_SYNTH_CANDIDATE_CHRONIC;
            *what = condition;
            return;
        }
    }
    uint32_t band = lots_synth_band(lots_synth_age(person, day));
    *reason = LOTS_SYNTH_CANDIDATE_ACUTE;
    do
        *what = lots_synth_alias_draw(&model->acute_draw[person->sex - 1][band], &now->random);
    while (model->acutes[*what].row->emergency < 0.3f);
}

/* Months in which the patient comes back every few weeks. Some last for more than a year. */
static void fall_into_crisis(hospital *now, lots_day start)
{
    const lots_synth_normal *normal = &now->person->model->normal;
    double days = (lots_synth_chance(&now->random, 0.14) ? 420 : 75) * lots_synth_wait(normal, &now->random);
    double severity = lots_synth_factor(normal, 0.45 * lots_synth_score(normal, &now->random) + 0.22);
    lots_synth_reason reason;
    uint32_t what;
    choose_cause(now, start, &reason, &what);
    for (double at = 0; at <= days; at += 29 + 60 * lots_synth_wait(normal, &now->random)) {
        lots_day day = start + (lots_day)at;
        if (!lots_synth_here(now->person, day))
            return;
        lots_synth_candidate_add(now->person, day, reason, what, severity * 1.01);
        if (lots_synth_chance(&now->random, 0.35))
            choose_cause(now, day, &reason, &what);
    }
}

static void attend_often(hospital *now, lots_day start)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    const lots_synth_normal *normal = &model->normal;
    double days = (lots_synth_chance(&now->random, 0.14) ? 1100 : 150) * lots_synth_wait(normal, &now->random);
    uint32_t band = lots_synth_band(lots_synth_age(person, start));
    for (double at = 0; at <= days; at += 2 + 36 * lots_synth_wait(normal, &now->random)) {
        uint32_t what = lots_synth_alias_draw(&model->acute_draw[person->sex - 1][band], &now->random);
        lots_synth_candidate_add(person, start + (lots_day)at, LOTS_SYNTH_CANDIDATE_FREQUENT, what, 0.6);
    }
}

static void list_crises(hospital *now)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    double prone = lots_synth_factor(&model->normal, 1.54 * lots_synth_score(&model->normal, &now->random) - 1.18);
    double mind = lots_synth_factor(&model->normal, 0.7 * (double)person->factor[2] - 0.25);
    for (uint32_t year = 0; year < model->years; year++) {
        lots_day start = model->year_start[year], middle = start + 182;
        if (model->year_start[year + 1] <= person->entry || start > person->exit)
            continue;
        int32_t age = lots_synth_age(person, middle);
        for (uint32_t n = lots_synth_poisson(&now->random, 0.061 * prone * frailty_of(person, middle)); n > 0; n--)
            fall_into_crisis(now, lots_synth_day(model, &now->random, LOTS_SYNTH_SEASON_FLAT, year));
        double often = (age < 18 ? 0.0004 : 0.0014) * mind * (0.3 + 0.7 * (double)person->need);
        for (uint32_t n = lots_synth_poisson(&now->random, often); n > 0; n--)
            attend_often(now, lots_synth_day(model, &now->random, LOTS_SYNTH_SEASON_FLAT, year));
    }
}

static void come_to_the_end(hospital *now)
{
    lots_synth_person *person = now->person;
    const lots_synth_normal *normal = &person->model->normal;
    uint32_t count = lots_synth_ill_count(person, person->exit);
    if (person->death == LOTS_SYNTH_NO_DAY)
        return;
    for (uint32_t n = lots_synth_poisson(&now->random, 1.2); n > 0; n--) {
        uint32_t what = count == 0 ? UINT8_MAX : person->ill[lots_synth_below(&now->random, count)];
        lots_day before = 3 + (lots_day)(70 * lots_synth_wait(normal, &now->random));
        lots_synth_candidate_add(person, person->death - before, LOTS_SYNTH_CANDIDATE_LAST, what, 1.2);
    }
    if (lots_synth_chance(&now->random, 0.42)) {
        uint32_t what = count == 0 ? UINT8_MAX : person->ill[lots_synth_below(&now->random, count)];
        lots_synth_candidate_add(person, person->death - lots_synth_between(&now->random, 0, 12), LOTS_SYNTH_CANDIDATE_LAST, what, 1.2);
    }
}

static int compare_candidates(const void *a, const void *b)
{
    const lots_synth_candidate *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    if (x->reason != y->reason)
        return x->reason < y->reason ? -1 : 1;
    return x->what != y->what ? (x->what < y->what ? -1 : 1) : (x->severity > y->severity) - (x->severity < y->severity);
}

/* ---- what a candidate is about ---- */

typedef struct matter {
    uint16_t code, symptom, px;
    uint8_t area;
    double admitted, nights, price;
} matter;

static matter matter_of(hospital *now, const lots_synth_candidate *candidate)
{
    const lots_synth_model *model = now->person->model;
    int32_t age = lots_synth_age(now->person, candidate->day);
    double by_age = age < 18 ? 0.45 : age < 45 ? 0.5 : age < 65 ? 0.75 : age < 80 ? 1 : 1.2;
    if (candidate->reason == LOTS_SYNTH_CANDIDATE_ACUTE || candidate->reason == LOTS_SYNTH_CANDIDATE_FREQUENT) {
        const lots_synth_acute *acute = &model->acutes[candidate->what];
        double admitted = (double)acute->row->admitted;
        admitted = admitted >= 0.95 ? admitted : candidate->severity > 1.0f ? 0.72 : admitted * by_age;
        if (candidate->reason == LOTS_SYNTH_CANDIDATE_FREQUENT)
            admitted *= 0.35;
        return (matter){acute->code, acute->symptom, acute->px, acute->row->area, admitted,
                        (double)acute->row->nights, (double)acute->row->price};
    }
    if (candidate->what == UINT8_MAX)
        return (matter){model->known[LOTS_SYNTH_KNOWN_END_OF_LIFE], 0, 0, LOTS_SYNTH_AREA_MEDICINE, 0.95, 6, 0.9};
    const lots_synth_condition_row *row = model->conditions[candidate->what].row;
    matter out = {lots_synth_code_of(now->person, &now->random, candidate->what), 0, 0, row->area, 0.52 * by_age + 0.15, 4, 1.0};
    if (row->area == LOTS_SYNTH_AREA_PSYCHIATRY) {
        out.nights = 9;
        out.price = 0.75;
    } else if (row->area == LOTS_SYNTH_AREA_OPHTHALMOLOGY || row->area == LOTS_SYNTH_AREA_ENT || row->area == LOTS_SYNTH_AREA_DERMATOLOGY) {
        out.area = LOTS_SYNTH_AREA_MEDICINE;
    }
    if (candidate->severity > 1.0f)
        out.admitted = 0.74;
    if (candidate->reason == LOTS_SYNTH_CANDIDATE_LAST)
        out.admitted = 0.93;
    return out;
}

/* ---- rows ---- */

static int16_t minute_of_day(hospital *now) /* most come between ten and twenty-two */
{
    double draw = lots_synth_uniform(&now->random);
    int32_t minute = draw < 0.14 ? lots_synth_between(&now->random, 0, 479) : draw < 0.92 ? lots_synth_between(&now->random, 480, 1260) : lots_synth_between(&now->random, 1261, 1425);
    return (int16_t)minute;
}

static int32_t price(hospital *now, double cost, double spread)
{
    const lots_synth_normal *normal = &now->person->model->normal;
    double value = cost * lots_synth_factor(normal, spread * lots_synth_score(normal, &now->random));
    return value > 9e6 ? 9000000 : (int32_t)value;
}

static lots_synth_contact *visit_emergency(hospital *now, lots_day day, const matter *about)
{
    lots_synth_person *person = now->person;
    lots_synth_contact *contact = lots_synth_contact_add(person);
    contact->start = contact->end = day;
    contact->minute = minute_of_day(now);
    contact->level = LOTS_SYNTH_LEVEL_EMERGENCY;
    contact->unit = lots_synth_hospital_at(person, day)->emergency;
    contact->provider = lots_synth_staff(person, &now->random, contact->unit);
    contact->profession = LOTS_SYNTH_PROFESSION_DOCTOR;
    contact->form = LOTS_SYNTH_FORM_VISIT;
    contact->status = LOTS_SYNTH_STATUS_DONE;
    contact->visit = LOTS_SYNTH_VISIT_NEW;
    contact->acute = 1;
    contact->cost = price(now, 4300, 0.3);
    bool vague = about->symptom != 0 && lots_synth_chance(&now->random, 0.4);
    lots_synth_diagnose(contact, vague ? about->symptom : about->code);
    lots_synth_diagnose_others(person, &now->random, contact, 1, 0.25);
    now->emergencies[now->emergency_count++ & 7] = day;
    return contact;
}

static lots_day nights_of(hospital *now, const matter *about, double severity)
{
    const lots_synth_normal *normal = &now->person->model->normal;
    double nights = about->nights * (severity < 1 ? 1 : severity) * lots_synth_factor(normal, 0.62 * lots_synth_score(normal, &now->random));
    return nights < 0.5 ? 0 : nights > 150 ? 150 : (lots_day)(nights + 0.5);
}

/* A stay at one ward from `start`, of so many nights; not longer than life. */
static lots_synth_contact *stay_at(hospital *now, lots_day start, lots_day nights, uint32_t ward, bool acute,
                                   const matter *about, double severity)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    lots_synth_contact *contact = lots_synth_contact_add(person);
    int32_t age = lots_synth_age(person, start);
    contact->start = start;
    contact->end = start + nights;
    if (contact->end > person->exit)
        contact->end = person->exit;
    contact->minute = (int16_t)lots_synth_between(&now->random, acute ? 720 : 420, acute ? 1438 : 600);
    contact->level = LOTS_SYNTH_LEVEL_INPATIENT;
    contact->unit = (uint16_t)ward;
    contact->status = LOTS_SYNTH_STATUS_DONE;
    contact->acute = acute;
    contact->from = acute ? LOTS_SYNTH_PLACE_EMERGENCY : LOTS_SYNTH_PLACE_HOME;
    contact->to = LOTS_SYNTH_PLACE_HOME;
    if (about->px != 0 && lots_synth_chance(&now->random, 0.85))
        contact->px[contact->px_count++] = about->px;
    lots_synth_diagnose(contact, about->code);
    lots_synth_diagnose_others(person, &now->random, contact, age >= 65 ? 5 : 2, 0.62);
    for (uint32_t i = 0; age >= 78 && i < 2; i++)
        if (lots_synth_chance(&now->random, 0.3))
            lots_synth_diagnose(contact, model->known[LOTS_SYNTH_KNOWN_FRAIL + lots_synth_below(&now->random, LOTS_SYNTH_KNOWN_FRAIL_END - LOTS_SYNTH_KNOWN_FRAIL)]);
    double cost = (13000 + 10800.0 * (contact->end - start)) * about->price * (0.75 + 0.25 * severity);
    contact->cost = price(now, cost, 0.45);
    if (about->price > 1.2)
        contact->cost += price(now, 34000 * (about->price - 1), 0.5);
    if (contact->dx_count > 0) {
        uint32_t grade = severity > 2 ? 0 : contact->dx_count > 3 ? 1 : 2;
        contact->drg = (uint16_t)(model->group_of[contact->dx[0]] + grade);
    }
    return contact;
}

/* ---- after a stay ---- */

static void follow_up(hospital *now, const lots_synth_contact *stay)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    double draw = lots_synth_uniform(&now->random);
    lots_day day = stay->end + (lots_day)(draw < 0.5 ? lots_synth_between(&now->random, 1, 16) : lots_synth_between(&now->random, 14, 60));
    if (draw > 0.8 || !lots_synth_here(person, day))
        return; /* between the chairs */
    day = lots_synth_workday(model, day);
    if (!lots_synth_here(person, day))
        return;
    bool primary = draw < 0.5;
    uint16_t code = stay->dx_count > 0 ? stay->dx[0] : 0;
    uint16_t hospital_unit = stay->unit;
    lots_synth_contact *contact = lots_synth_contact_add(person); /* `stay` may have moved */
    contact->start = contact->end = day;
    contact->minute = (int16_t)(480 + 10 * lots_synth_below(&now->random, 50));
    contact->level = primary ? LOTS_SYNTH_LEVEL_PRIMARY : LOTS_SYNTH_LEVEL_SPECIALIST;
    contact->unit = lots_synth_clinic_at(person, day);
    if (!primary) {
        contact->unit = lots_synth_hospital_at(person, day)->clinic[LOTS_SYNTH_AREA_MEDICINE];
        for (uint32_t area = 1; area < LOTS_SYNTH_AREAS_END; area++)
            if (lots_synth_hospital_at(person, day)->ward[area] == hospital_unit)
                contact->unit = lots_synth_hospital_at(person, day)->clinic[area];
    }
    contact->provider = lots_synth_staff(person, &now->random, contact->unit);
    contact->profession = draw < 0.22 || !primary ? LOTS_SYNTH_PROFESSION_DOCTOR : LOTS_SYNTH_PROFESSION_NURSE;
    contact->form = draw < 0.22 || !primary ? LOTS_SYNTH_FORM_VISIT : LOTS_SYNTH_FORM_PHONE;
    contact->status = lots_synth_chance(&now->random, 0.96) ? LOTS_SYNTH_STATUS_DONE : LOTS_SYNTH_STATUS_CANCELLED;
    contact->visit = LOTS_SYNTH_VISIT_RETURN;
    contact->acute = 0;
    contact->cost = contact->status == LOTS_SYNTH_STATUS_DONE ? price(now, primary ? contact->form == LOTS_SYNTH_FORM_VISIT ? 1750 : 260 : 3300, 0.2) : 0;
    lots_synth_diagnose(contact, code);
}

static uint32_t place_after(hospital *now, lots_day end, lots_day nights)
{
    lots_synth_person *person = now->person;
    int32_t age = lots_synth_age(person, end);
    if (person->death == end)
        return LOTS_SYNTH_PLACE_DEAD;
    if (person->nursing_from <= end)
        return LOTS_SYNTH_PLACE_NURSING_HOME;
    if (age >= 75 && nights >= 3 && lots_synth_chance(&now->random, (age >= 85 ? 0.14 : 0.07) + 0.01 * nights))
        return LOTS_SYNTH_PLACE_SHORT_TERM;
    return LOTS_SYNTH_PLACE_HOME;
}

/* A stay at a short-term place, and home care after a stay that left the patient weaker. */
static void need_help(hospital *now, lots_day end, uint32_t to)
{
    lots_synth_person *person = now->person;
    int32_t age = lots_synth_age(person, end);
    lots_day from = end + 1;
    if (to == LOTS_SYNTH_PLACE_SHORT_TERM && end < person->exit) {
        lots_synth_span *span = lots_synth_row_add(person, &person->services);
        lots_day until = end + lots_synth_between(&now->random, 10, 42);
        *span = (lots_synth_span){end, until > person->exit ? person->exit : until, LOTS_SYNTH_SERVICE_SHORT_TERM, 0, 0};
        from = span->end + 1;
    }
    double weak = age < 65 ? 0.004 : age < 75 ? 0.03 : age < 80 ? 0.07 : age < 85 ? 0.13 : age < 90 ? 0.2 : 0.28;
    if (lots_synth_chance(&now->random, weak * (to == LOTS_SYNTH_PLACE_SHORT_TERM ? 2.2 : 1)) && from < person->home_from)
        person->home_from = from + lots_synth_between(&now->random, 0, 25);
}

/* ---- programmes ---- */

static uint32_t count_since(const lots_day *days, uint32_t count, lots_day from, lots_day until)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < 8 && i < count; i++)
        found += days[i] >= from && days[i] < until;
    return found;
}

/* Look at the programmes that began since the last candidate. */
static void enter_programmes(hospital *now, lots_day day)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    while (now->programmes_seen < 2 && model->programme_start[now->programmes_seen + 1] <= day) {
        uint32_t programme = ++now->programmes_seen;
        lots_day start = model->programme_start[programme];
        lots_synth_random lot = lots_synth_stream(model->setting.seed, person->number, LOTS_SYNTH_PURPOSE_PROGRAMME + 100 * programme);
        if (!lots_synth_here(person, start) || lots_synth_age(person, start) < 18 ||
            (count_since(now->admissions, now->admission_count, start - 365, start) < 2 &&
             count_since(now->emergencies, now->emergency_count, start - 365, start) < 4))
            continue;
        lots_day end = start + PROGRAMME_DAYS - 1;
        lots_synth_span *span = lots_synth_row_add(person, &person->programmes);
        *span = (lots_synth_span){start, end > person->exit ? person->exit : end, (uint16_t)programme, 0, 0};
        span->arm = lots_synth_chance(&lot, 0.5) ? LOTS_SYNTH_ARM_INTERVENTION : LOTS_SYNTH_ARM_CONTROL;
        if (programme == LOTS_SYNTH_PROGRAMME_TEAM && span->arm == LOTS_SYNTH_ARM_INTERVENTION) {
            now->help_from = start;
            now->help_until = span->end;
        }
    }
}

static bool is_averted(hospital *now, lots_day day)
{
    double draw = lots_synth_uniform(&now->random); /* drawn for all, so that both arms' lives are alike */
    return day >= now->help_from && day <= now->help_until && draw < now->person->model->programme_effect;
}

/* ---- one candidate ---- */

/* The stay, perhaps another ward after it on the same day; returns the last day. */
static lots_day admit(hospital *now, lots_day day, bool acute, const matter *about, double severity, bool averted)
{
    lots_synth_person *person = now->person;
    const lots_synth_hospital *site = lots_synth_hospital_at(person, day);
    lots_day nights = nights_of(now, about, severity);
    int32_t age = lots_synth_age(person, day);
    bool moves = nights >= 3 && lots_synth_chance(&now->random, age >= 75 ? 0.16 : 0.06);
    size_t before = person->contacts.count;
    lots_synth_contact *stay = stay_at(now, day, nights, site->ward[about->area], acute, about, severity);
    lots_day end = stay->end;
    if (age < 16)
        stay->unit = site->ward[LOTS_SYNTH_AREA_PAEDIATRICS];
    if (moves && end < person->exit) {
        bool elsewhere = lots_synth_chance(&now->random, 0.3);
        const lots_synth_model *model = person->model;
        if (elsewhere)
            site = &model->hospitals[lots_synth_below(&now->random, model->hospital_count)];
        stay->to = LOTS_SYNTH_PLACE_HOSPITAL;
        stay = stay_at(now, end, nights_of(now, about, 1), site->ward[age >= 75 ? LOTS_SYNTH_AREA_GERIATRICS : about->area], acute, about, 1);
        stay->from = LOTS_SYNTH_PLACE_HOSPITAL;
        stay->minute = (int16_t)lots_synth_between(&now->random, 600, 1000);
        end = stay->end;
    }
    uint32_t to = place_after(now, end, end - day);
    stay->to = (uint8_t)to;
    if (end - stay->start >= 4 && age >= 70 && lots_synth_chance(&now->random, to == LOTS_SYNTH_PLACE_SHORT_TERM ? 0.8 : 0.3))
        stay->ready = end - lots_synth_between(&now->random, 0, to == LOTS_SYNTH_PLACE_SHORT_TERM ? 3 : 1);
    if (averted) {
        person->contacts.count = before;
        return end;
    }
    if (acute)
        now->admissions[now->admission_count++ & 7] = day;
    if (to != LOTS_SYNTH_PLACE_DEAD) {
        follow_up(now, stay);
        need_help(now, end, to);
    }
    return end;
}

static double readmission_risk(const hospital *now, lots_day day, const lots_synth_candidate *candidate)
{
    uint32_t ills = lots_synth_ill_count(now->person, day);
    int32_t age = lots_synth_age(now->person, day);
    double risk = (age < 18 ? 0.02 : age < 65 ? 0.03 : 0.022) + 0.004 * ills;
    return candidate->severity > 1.0f ? risk : risk * 1.1;
}

static void come(hospital *now, lots_synth_candidate candidate);

/* Back within thirty days, most of them soon. Depth: each time less likely than one in four, and never more than the days
 * that are left. */
static void come_back(hospital *now, lots_day end, lots_synth_candidate candidate)
{
    const lots_synth_normal *normal = &now->person->model->normal;
    lots_day day = end + 1 + (lots_day)(9 * lots_synth_wait(normal, &now->random));
    bool back = lots_synth_chance(&now->random, readmission_risk(now, end, &candidate));
    lots_synth_reason reason = (lots_synth_reason)candidate.reason;
    uint32_t what = candidate.what;
    if (!back || day > end + 30)
        return;
    if (reason == LOTS_SYNTH_CANDIDATE_LAST || reason > LOTS_SYNTH_CANDIDATE_LAST || lots_synth_chance(&now->random, 0.4))
        choose_cause(now, day, &reason, &what);
    if (now->programmes_seen < 2)
        enter_programmes(now, day);
    come(now, (lots_synth_candidate){day, (uint8_t)reason, (uint8_t)what, candidate.severity > 1.02f ? candidate.severity : 1.02f});
}

static void come_planned(hospital *now, const lots_synth_candidate *candidate)
{
    lots_synth_person *person = now->person;
    const lots_synth_model *model = person->model;
    matter about = {model->known[LOTS_SYNTH_KNOWN_DELIVERY], 0, model->known[LOTS_SYNTH_KNOWN_DELIVERY_PX], LOTS_SYNTH_AREA_GYNAECOLOGY, 1, 2, 0.75};
    if (candidate->reason == LOTS_SYNTH_CANDIDATE_PROCEDURE) {
        const lots_synth_procedure *procedure = &model->procedures[candidate->what];
        about = (matter){procedure->code, 0, procedure->px, procedure->row->area, 1, procedure->row->nights, 1};
    }
    lots_day nights = nights_of(now, &about, 1);
    lots_synth_contact *stay = stay_at(now, candidate->day, nights > 60 ? 60 : nights,
                                       lots_synth_hospital_at(person, candidate->day)->ward[about.area], false, &about, 1);
    if (candidate->reason == LOTS_SYNTH_CANDIDATE_PROCEDURE)
        stay->cost = price(now, model->procedures[candidate->what].row->cost + 5500.0 * (stay->end - stay->start), 0.3);
    else if (!lots_synth_chance(&now->random, 0.25)) /* most are born without instruments */
        stay->px_count = 0;
    lots_day end = stay->end;
    stay->to = (uint8_t)place_after(now, end, end - candidate->day);
    now->busy_until = end;
    if (stay->to == LOTS_SYNTH_PLACE_DEAD)
        return;
    uint32_t to = stay->to;
    follow_up(now, stay);
    need_help(now, end, to);
    if (candidate->reason == LOTS_SYNTH_CANDIDATE_PROCEDURE && lots_synth_chance(&now->random, 0.6))
        come_back(now, end, *candidate);
}

static void come(hospital *now, lots_synth_candidate candidate)
{
    lots_synth_person *person = now->person;
    if (candidate.day <= now->busy_until || !lots_synth_here(person, candidate.day))
        return;
    if (candidate.reason >= LOTS_SYNTH_CANDIDATE_PROCEDURE) {
        come_planned(now, &candidate);
        return;
    }
    matter about = matter_of(now, &candidate);
    bool stays = lots_synth_chance(&now->random, about.admitted);
    if (!stays || lots_synth_chance(&now->random, candidate.severity > 1.0f ? 0.5 : 0.92)) { /* some come straight to the ward */
        lots_synth_contact *visit = visit_emergency(now, candidate.day, &about);
        if (stays && visit->minute > 1300)
            visit->minute = (int16_t)(visit->minute - 700);
        if (!stays)
            return;
    }
    bool averted = is_averted(now, candidate.day);
    now->busy_until = admit(now, candidate.day, true, &about, (double)candidate.severity, averted);
    come_back(now, now->busy_until, candidate);
}

void lots_synth_go_to_hospital(lots_synth_person *person)
{
    hospital now = {.person = person, .random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_HOSPITAL),
                    .busy_until = LOTS_DAY_MIN, .help_from = LOTS_DAY_MAX, .help_until = LOTS_DAY_MIN};
    list_crises(&now);
    come_to_the_end(&now);
    lots_synth_candidate *candidates = person->candidates.data;
    size_t count = person->candidates.count;
    if (count > 1)
        qsort(candidates, count, sizeof *candidates, compare_candidates);
    for (size_t i = 0; i < count; i++) {
        enter_programmes(&now, candidates[i].day);
        come(&now, candidates[i]);
    }
    enter_programmes(&now, person->exit);
}
