/* synth_municipal.c: help from the municipality: decisions on home care, renewed with more hours as frailty grows, a place in a
 * nursing home at last, and the visits of home nursing. It begins by itself at great age or with dementia, and after stays in
 * hospital (synth_hospital.c). */
#include "ingest/synth_person.h"

/* Chance of home care beginning within a year, by age. */
static double help_hazard(int32_t age)
{
    if (age < 65)
        return 0.0012;
    return age < 75 ? 0.006 : age < 80 ? 0.02 : age < 85 ? 0.055 : age < 90 ? 0.115 : 0.2;
}

/* Help that begins by itself; of people here from the beginning it may be years old. */
void lots_synth_municipal_plan(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_HELP);
    uint32_t dementia = lots_synth_condition_find(model, "G30");
    double frail = lots_synth_factor(&model->normal, 0.4 * (double)person->factor[3]);
    lots_day day = person->birth + 365 * 60;
    if (day < person->entry - 365 * 12)
        day = person->entry - 365 * 12;
    for (; day <= person->exit; day += 365) {
        double hazard = help_hazard(lots_synth_age(person, day)) * frail;
        if (lots_synth_is_ill(person, dementia, day))
            hazard += 0.26;
        if (lots_synth_chance(&random, hazard)) {
            person->home_from = day + lots_synth_between(&random, 0, 364);
            break;
        }
    }
    for (day = person->home_from == LOTS_DAY_MAX ? LOTS_DAY_MAX : person->home_from + 200; day <= person->exit; day += 365) {
        int32_t age = lots_synth_age(person, day);
        double hazard = age < 80 ? 0.04 : age < 88 ? 0.09 : 0.14;
        if (lots_synth_chance(&random, lots_synth_is_ill(person, dementia, day) ? hazard * 2.8 : hazard)) {
            person->nursing_from = day + lots_synth_between(&random, 0, 300);
            break;
        }
    }
}

static void decide(lots_synth_person *person, lots_day start, lots_day end, uint32_t service, double hours)
{
    lots_synth_span *span = lots_synth_row_add(person, &person->services);
    if (start < person->entry)
        start = person->entry;
    *span = (lots_synth_span){start, end, (uint16_t)service, 0, (int32_t)(hours * 2) * 5};
}

/* Home care up to a nursing home, a move out, or death: a decision holds for a year or so. */
static void decide_home_care(lots_synth_person *person, lots_synth_random *random, lots_day until)
{
    const lots_synth_model *model = person->model;
    double hours = 8 + 14 * lots_synth_wait(&model->normal, random);
    for (lots_day start = person->home_from; start <= until;) {
        lots_day next = start + lots_synth_between(random, 210, 520);
        bool last = next > until;
        lots_day end = last ? (until < model->last ? until : LOTS_SYNTH_NO_DAY) : next - 1;
        if (last || end >= person->entry)
            decide(person, start, end, LOTS_SYNTH_SERVICE_HOME_CARE, hours > 180 ? 180 : hours);
        hours *= 1.05 + 0.35 * lots_synth_uniform(random);
        start = next;
    }
}

static void meet(lots_synth_person *person, lots_synth_random *random, lots_day day)
{
    double draw = lots_synth_uniform(random);
    lots_synth_contact *contact = lots_synth_contact_add(person);
    contact->start = contact->end = day;
    contact->level = LOTS_SYNTH_LEVEL_MUNICIPAL;
    contact->unit = lots_synth_place_at(person, day)->municipal;
    contact->profession = draw < 0.58   ? LOTS_SYNTH_PROFESSION_NURSE
                          : draw < 0.82 ? LOTS_SYNTH_PROFESSION_ASSISTANT
                          : draw < 0.93 ? LOTS_SYNTH_PROFESSION_OCCUPATIONAL
                                        : LOTS_SYNTH_PROFESSION_PHYSIO;
    contact->form = LOTS_SYNTH_FORM_HOME;
    contact->status = LOTS_SYNTH_STATUS_DONE;
    contact->visit = LOTS_SYNTH_VISIT_RETURN;
    contact->acute = 0;
    contact->cost = 420 + (int32_t)(draw * 380);
    if (lots_synth_chance(random, 0.3)) {
        lots_synth_diagnose(contact, person->model->known[LOTS_SYNTH_KNOWN_NURSING]);
        lots_synth_diagnose_others(person, random, contact, 1, 0.5);
    }
}

static void visit_at_home(lots_synth_person *person, lots_synth_random *random, lots_day from, double gap)
{
    const lots_synth_normal *normal = &person->model->normal;
    lots_day first = from < person->entry ? person->entry : from;
    for (double at = first + gap * lots_synth_wait(normal, random); at <= person->exit;
         at += 1 + gap * lots_synth_wait(normal, random))
        meet(person, random, (lots_day)at);
}

void lots_synth_municipal_care(lots_synth_person *person)
{
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_MUNICIPAL);
    if (person->home_from > person->exit)
        return;
    if (person->nursing_from <= person->home_from)
        person->nursing_from = LOTS_DAY_MAX;
    bool nursing = person->nursing_from <= person->exit;
    lots_day until = nursing ? person->nursing_from - 1 : person->exit;
    if (until >= person->entry)
        decide_home_care(person, &random, until);
    if (nursing)
        decide(person, person->nursing_from, person->exit < person->model->last ? person->exit : LOTS_SYNTH_NO_DAY,
               LOTS_SYNTH_SERVICE_NURSING_HOME, 0);
    if (nursing || lots_synth_chance(&random, 0.62)) /* the others have help, but no nurse */
        visit_at_home(person, &random, person->home_from, 9 + 13 * lots_synth_uniform(&random));
}
