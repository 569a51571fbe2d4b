/* synth_person.c: see synth_person.h: the rows' rooms; birth, death, moves, clinics and diseases of one patient. */
#include "ingest/synth_person.h"

#include "core/base/day.h"

/* ---- rows ---- */

_Static_assert(sizeof(lots_synth_contact) <= sizeof(((lots_synth_person *)NULL)->spare), "a row of any kind has room in the spare slot");

void *lots_synth_row_add_slowly(lots_synth_person *person, lots_vec *rows)
{
    lots_status status = lots_vec_reserve(rows, 1, person->err);
    if (status == LOTS_OK)
        return (char *)rows->data + rows->item_size * rows->count++;
    person->status = person->status == LOTS_OK ? status : person->status;
    return person->spare;
}

lots_synth_contact *lots_synth_contact_add(lots_synth_person *person)
{
    lots_synth_contact *contact = lots_synth_row_add(person, &person->contacts);
    *contact = (lots_synth_contact){.end = LOTS_SYNTH_NO_DAY, .ready = LOTS_SYNTH_NO_DAY, .minute = -1, .acute = 2,
                                    .payer = LOTS_SYNTH_PAYER_REGION};
    return contact;
}

void lots_synth_candidate_add(lots_synth_person *person, lots_day day, lots_synth_reason reason, uint32_t what,
                              double severity)
{
    if (!lots_synth_here(person, day))
        return;
    lots_synth_candidate *candidate = lots_synth_row_add(person, &person->candidates);
    *candidate = (lots_synth_candidate){day, (uint8_t)reason, (uint8_t)what, (float)severity};
}

void lots_synth_person_open(lots_synth_person *person, const lots_synth_model *model)
{
    memset(person, 0, sizeof *person);
    person->model = model;
    person->contacts = LOTS_VEC(lots_synth_contact);
    person->drugs = LOTS_VEC(lots_synth_dispensing);
    person->services = LOTS_VEC(lots_synth_span);
    person->waits = LOTS_VEC(lots_synth_wait_row);
    person->delays = LOTS_VEC(lots_synth_delay);
    person->residence = LOTS_VEC(lots_synth_span);
    person->listing = LOTS_VEC(lots_synth_span);
    person->labs = LOTS_VEC(lots_synth_lab);
    person->programmes = LOTS_VEC(lots_synth_span);
    person->candidates = LOTS_VEC(lots_synth_candidate);
    person->keys = LOTS_VEC(uint64_t);
    person->sorted = LOTS_VEC(lots_synth_contact);
    person->spare_drugs = LOTS_VEC(lots_synth_dispensing);
    person->spare_labs = LOTS_VEC(lots_synth_lab);
}

void lots_synth_person_close(lots_synth_person *person)
{
    lots_vec *const vectors[] = {&person->contacts, &person->drugs,   &person->services,   &person->waits,
                                 &person->delays,   &person->residence, &person->listing,  &person->labs,
                                 &person->programmes, &person->candidates, &person->keys,  &person->sorted,
                                 &person->spare_drugs, &person->spare_labs};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        lots_vec_free(vectors[i]);
}

static void clear(lots_synth_person *person, uint32_t number, lots_error *err)
{
    person->contacts.count = person->drugs.count = person->services.count = person->waits.count = 0;
    person->delays.count = person->residence.count = person->listing.count = person->labs.count = 0;
    person->programmes.count = person->candidates.count = 0;
    person->number = number;
    person->death = LOTS_SYNTH_NO_DAY;
    person->left = person->is_protected = person->reserve = false;
    person->ill_count = 0;
    person->coded = 0;
    person->home_from = person->nursing_from = LOTS_DAY_MAX;
    person->status = LOTS_OK;
    person->err = err;
    lots_synth_id(person->model, number, person->id);
}

/* ---- birth ---- */

static void arrive(lots_synth_person *person, lots_synth_random *random)
{
    const lots_synth_model *model = person->model;
    double age = 15 + 12 * lots_synth_wait(&model->normal, random);
    lots_day length = model->last - model->first;
    person->entry = model->first + (lots_day)(lots_synth_uniform(random) * length);
    if (lots_synth_chance(random, 0.22))
        age = 16 * lots_synth_uniform(random);
    person->birth = person->entry - 1 - (lots_day)(365.2425 * (age > 80 ? 80 : age));
}

/* County, sex, birth and entry: resident at first, born here, or come from abroad. Returns the municipality's index. */
static uint32_t be_born(lots_synth_person *person, lots_synth_random *random)
{
    const lots_synth_model *model = person->model;
    double kind = lots_synth_uniform(random) * (1 + model->births + model->arrivals);
    const lots_synth_county *county = &model->counties[lots_synth_alias_draw(&model->county_draw, random)];
    uint32_t cell = lots_synth_alias_draw(&county->ages, random);
    uint32_t place = county->first_municipality + lots_synth_alias_draw(&county->places, random);
    person->sex = cell < LOTS_SYNTH_AGES ? LOTS_SYNTH_SEX_FEMALE : LOTS_SYNTH_SEX_MALE;
    person->entry = model->first;
    person->birth = model->first - 1 - (lots_day)(365.2425 * ((double)(cell % LOTS_SYNTH_AGES) + lots_synth_uniform(random)));
    if (kind >= 1 + model->births) {
        arrive(person, random);
    } else if (kind >= 1) {
        person->sex = lots_synth_chance(random, 0.486) ? LOTS_SYNTH_SEX_FEMALE : LOTS_SYNTH_SEX_MALE;
        person->birth = model->first + (lots_day)(lots_synth_uniform(random) * (model->last - model->first + 1));
        person->entry = person->birth;
    }
    person->is_protected = lots_synth_chance(random, 0.0022);
    return place;
}

/* ---- diseases ---- */

static void list_ills(lots_synth_person *person, lots_day until)
{
    for (uint32_t i = 0; i < person->model->condition_count; i++) {
        if (person->onset[i] > until)
            continue;
        uint32_t at = person->ill_count++;
        for (; at > 0 && person->onset[person->ill[at - 1]] > person->onset[i]; at--)
            person->ill[at] = person->ill[at - 1];
        person->ill[at] = (uint8_t)i;
    }
}

static void draw_factors(lots_synth_person *person, lots_synth_random *random)
{
    const lots_synth_normal *normal = &person->model->normal;
    double common = lots_synth_score(normal, random); /* of all factors: being frail at all */
    for (uint32_t i = 0; i < LOTS_SYNTH_FACTORS; i++)
        person->factor[i] = (float)(0.25 * common + 0.96825 * lots_synth_score(normal, random));
    person->need = (float)lots_synth_factor(normal, 0.18 * common + 0.68 * lots_synth_score(normal, random) - 0.25);
}

static void fall_ill(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_ILLS);
    draw_factors(person, &random);
    for (uint32_t i = 0; i < model->condition_count; i++) {
        const lots_synth_condition *condition = &model->conditions[i];
        double score = (double)condition->own * lots_synth_score(&model->normal, &random);
        uint64_t bits = lots_synth_next(&random);
        for (uint32_t f = 0; f < LOTS_SYNTH_FACTORS; f++)
            score -= (double)(condition->row->load[f] * person->factor[f]);
        double at = (score + 4) * 64;
        int32_t cell = at < 0 ? 0 : at >= LOTS_SYNTH_ONSET_CELLS ? LOTS_SYNTH_ONSET_CELLS - 1 : (int32_t)at;
        uint16_t age = condition->onset[person->sex - 1][cell];
        person->onset[i] = age == UINT16_MAX ? LOTS_DAY_MAX
                                             : person->birth + (lots_day)(age * 5.7069) + (lots_day)(bits % 61);
        if ((bits >> 40) < (uint64_t)((double)condition->row->coded * 0x1p24))
            person->coded |= UINT64_C(1) << i;
    }
}

/* ---- death and leaving ---- */

/* The hazard of a healthy person of this age, times that of the diseases; three fifths of their logarithm, since diseases
 * that come together share what they do. */
static double death_hazard(const lots_synth_person *person, lots_day day)
{
    int32_t age = lots_synth_age(person, day);
    double factor = 1;
    for (uint32_t i = 0; i < person->ill_count && person->onset[person->ill[i]] <= day; i++)
        factor *= 1 + 0.62 * ((double)person->model->conditions[person->ill[i]].row->hazard - 1);
    if (age > 118)
        return 1;
    return person->model->death[person->sex - 1][age < 0 ? 0 : age] * (factor > 14 ? 14 : factor);
}

static void draw_exit(lots_synth_person *person)
{
    const lots_synth_model *model = person->model;
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_DEATH);
    person->exit = model->last;
    for (lots_day day = person->entry; day <= model->last; day += 91) {
        int32_t age = lots_synth_age(person, day);
        double leaving = age >= 18 && age < 40 ? 0.0105 : age < 65 ? 0.004 : 0.0008;
        double died = lots_synth_uniform(&random), part = lots_synth_uniform(&random);
        lots_day then = day + (lots_day)(part * 91);
        if (then > model->last)
            return;
        if (died < death_hazard(person, day) * 0.2491) {
            person->death = person->exit = then;
            return;
        }
        if (1 - died < leaving * 0.2491) {
            person->left = true;
            person->exit = then;
            return;
        }
    }
}

/* ---- moves and clinics ---- */

static void live_at(lots_synth_person *person, lots_day start, uint32_t place)
{
    lots_synth_span *span = lots_synth_row_add(person, &person->residence);
    *span = (lots_synth_span){.start = start, .end = LOTS_SYNTH_NO_DAY, .what = (uint16_t)(place + 1)};
}

static void end_before(lots_vec *spans, lots_day day)
{
    LOTS_AT(lots_synth_span, spans, spans->count - 1).end = day - 1;
}

/* A listing, followed by its successor's when the clinic closes. */
static void list_at(lots_synth_person *person, lots_day start, uint16_t clinic)
{
    const lots_synth_unit *unit = &person->model->units[clinic];
    if (person->listing.count > 0)
        end_before(&person->listing, start);
    if (start >= unit->closes) {
        clinic = unit->successor;
        unit = &person->model->units[clinic];
    }
    lots_synth_span *span = lots_synth_row_add(person, &person->listing);
    *span = (lots_synth_span){.start = start, .end = LOTS_SYNTH_NO_DAY, .what = clinic};
}

/* When the listing's clinic closes before `day`, go over to the one it is merged into. */
static void follow_merger(lots_synth_person *person, lots_day day)
{
    uint16_t clinic = LOTS_AT(lots_synth_span, &person->listing, person->listing.count - 1).what;
    const lots_synth_unit *unit = &person->model->units[clinic];
    if (unit->closes < day)
        list_at(person, unit->closes, unit->successor);
}

static uint16_t choose_clinic(const lots_synth_person *person, lots_synth_random *random, uint32_t place)
{
    const lots_synth_municipality *municipality = &person->model->municipalities[place];
    return (uint16_t)(municipality->clinic + lots_synth_below(random, municipality->clinic_count));
}

static uint32_t move_on(const lots_synth_person *person, lots_synth_random *random, uint32_t place)
{
    const lots_synth_model *model = person->model;
    uint32_t county = model->municipalities[place].county;
    if (lots_synth_chance(random, 0.45))
        county = lots_synth_alias_draw(&model->county_draw, random);
    return model->counties[county].first_municipality + lots_synth_alias_draw(&model->counties[county].places, random);
}

static void settle_down(lots_synth_person *person, uint32_t place)
{
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_MOVES);
    live_at(person, person->entry, place);
    list_at(person, person->entry, choose_clinic(person, &random, place));
    for (lots_day day = person->entry + 30; day < person->exit; day += 183) {
        int32_t age = lots_synth_age(person, day);
        double moving = age >= 19 && age < 32 ? 0.11 : age < 45 ? 0.045 : age < 75 ? 0.016 : 0.012;
        double what = lots_synth_uniform(&random);
        lots_day then = day + lots_synth_between(&random, 0, 150);
        if (then >= person->exit || what > moving / 2 + 0.015)
            continue;
        follow_merger(person, then);
        if (what < moving / 2) {
            uint32_t to = move_on(person, &random, place);
            if (to == place)
                continue;
            place = to;
            end_before(&person->residence, then);
            live_at(person, then, place);
        }
        uint16_t clinic = choose_clinic(person, &random, place);
        if (LOTS_AT(lots_synth_span, &person->listing, person->listing.count - 1).what != clinic)
            list_at(person, then, clinic);
    }
    follow_merger(person, person->exit);
    if (person->left) {
        end_before(&person->residence, person->exit + 1);
        end_before(&person->listing, person->exit + 1);
    }
}

static const lots_synth_span *span_at(const lots_vec *spans, lots_day day)
{
    const lots_synth_span *items = spans->data;
    size_t at = spans->count - 1;
    while (at > 0 && items[at].start > day)
        at--;
    return &items[at];
}

const lots_synth_municipality *lots_synth_place_at(const lots_synth_person *person, lots_day day)
{
    return &person->model->municipalities[span_at(&person->residence, day)->what - 1];
}

uint16_t lots_synth_clinic_at(const lots_synth_person *person, lots_day day)
{
    return span_at(&person->listing, day)->what;
}

const lots_synth_hospital *lots_synth_hospital_at(const lots_synth_person *person, lots_day day)
{
    return &person->model->hospitals[lots_synth_place_at(person, day)->hospital];
}

/* ---- the whole ---- */

void lots_synth_live(lots_synth_person *person)
{
    lots_synth_random random = lots_synth_person_stream(person, LOTS_SYNTH_PURPOSE_LIFE);
    uint32_t place = be_born(person, &random);
    fall_ill(person);
    list_ills(person, person->model->last);
    draw_exit(person);
    settle_down(person, place);
}

lots_status lots_synth_person_make(lots_synth_person *person, uint32_t number, lots_error *err)
{
    clear(person, number, err);
    if (number >= person->model->person_count) {
        lots_synth_reserve(person);
    } else {
        lots_synth_live(person);
        lots_synth_municipal_plan(person);
        lots_synth_care(person);
        lots_synth_go_to_hospital(person);
        lots_synth_municipal_care(person);
        lots_synth_supply(person);
    }
    lots_synth_finish(person);
    return person->status;
}
