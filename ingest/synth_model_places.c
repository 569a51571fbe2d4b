/* synth_model_places.c: counties, municipalities, clinics, hospitals and who works there. The population by county, sex and
 * age and the sizes of municipalities come from the files of ingest/synth. */
#include <stdio.h>

#include "core/base/embed.h"
#include "ingest/synth_words.h"

LOTS_EMBED(lots_synth_text_population, "ingest/synth/population.csv");
LOTS_EMBED(lots_synth_text_municipalities, "ingest/synth/municipalities.csv");

const char *const lots_synth_county_names[LOTS_SYNTH_COUNTIES] = {
    "Stockholm", "Uppsala", "Södermanland", "Östergötland", "Jönköping", "Kronoberg", "Kalmar", "Gotland", "Blekinge",
    "Skåne", "Halland", "Västra Götaland", "Värmland", "Örebro", "Västmanland", "Dalarna", "Gävleborg", "Västernorrland",
    "Jämtland", "Västerbotten", "Norrbotten"};
static const uint8_t county_codes[LOTS_SYNTH_COUNTIES] = {1,  3,  4,  5,  6,  7,  8,  9,  10, 12, 13,
                                                          14, 17, 18, 19, 20, 21, 22, 23, 24, 25};
const char *const lots_synth_area_codes[LOTS_SYNTH_AREAS_END] = {"",    "MED", "KAR", "KIR", "ORT", "OGO", "PSY", "GER",
                                                      "KVI", "ONK", "NJU", "NEU", "ONH", "HUD", "BAR"};
enum { PEOPLE_A_CLINIC = 20, PEOPLE_A_HOSPITAL = 250 }; /* in thousands */

static bool has_ward(uint32_t area)
{
    return area != LOTS_SYNTH_AREA_OPHTHALMOLOGY && area != LOTS_SYNTH_AREA_NEPHROLOGY && area != LOTS_SYNTH_AREA_ENT && area != LOTS_SYNTH_AREA_DERMATOLOGY;
}

/* ---- reading the files: digits, commas, blanks; they are ours, and a test reads them ---- */

static uint32_t read_number(const char **at)
{
    uint32_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++)
        value = value * 10 + (uint32_t)(**at - '0');
    return value;
}

static uint32_t county_index(uint32_t code)
{
    uint32_t index = 0;
    while (index < LOTS_SYNTH_COUNTIES - 1 && county_codes[index] != code)
        index++;
    return index;
}

static void read_population(lots_synth_model *model)
{
    for (const char *at = lots_synth_text_population; *at != '\0';) {
        uint32_t county = county_index(read_number(&at));
        uint32_t sex = at[1] == 'm';
        at += strcspn(at + 1, ",") + 2;
        for (uint32_t age = 0; age < LOTS_SYNTH_AGES; age++) {
            model->population[county][sex][age] = read_number(&at);
            at += *at == ' ' || *at == '\n';
        }
    }
}

/* ---- units ---- */

static lots_status add_unit(lots_synth_model *model, const char *id, lots_synth_unit_fact fact, uint32_t staff,
                            uint16_t *out, lots_error *err)
{
    char *name, provider[32];
    LOTS_TRY(lots_arena_text(&model->arena, &name, fact.name, strlen(fact.name), err));
    fact.name = name;
    LOTS_TRY(lots_synth_word_add(model, LOTS_SYNTH_UNIT, id, strlen(id), name, out, err));
    model->facts[*out] = fact;
    model->units[*out] = (lots_synth_unit){.provider_count = (uint16_t)staff, .closes = LOTS_DAY_MAX,
                                           .silent = LOTS_DAY_MAX};
    for (uint32_t i = 0; i < staff; i++) {
        uint16_t number;
        int bytes = snprintf(provider, sizeof provider, "%s-%u", id, i + 1);
        LOTS_TRY(lots_synth_word_add(model, LOTS_SYNTH_PROVIDER, provider, (size_t)bytes, NULL, &number, err));
        if (i == 0)
            model->units[*out].provider = number;
    }
    return LOTS_OK;
}

static lots_status add_clinics(lots_synth_model *model, uint32_t index, const char *name, lots_error *err)
{
    lots_synth_municipality *place = &model->municipalities[index];
    uint32_t count = (place->thousands + PEOPLE_A_CLINIC / 2) / PEOPLE_A_CLINIC;
    char id[32], text[128];
    uint16_t number;
    place->clinic_count = (uint16_t)(count == 0 ? 1 : count);
    for (uint32_t i = 0; i < place->clinic_count; i++) {
        lots_synth_unit_fact fact = {text, place->county, (uint16_t)(index + 1), LOTS_SYNTH_LEVEL_PRIMARY,
                                     (index * 7 + i * 3) % 10 < 4};
        snprintf(id, sizeof id, "VC-%02u%03u-%u", county_codes[place->county], index, i + 1);
        snprintf(text, sizeof text, "Vårdcentralen %s %u", name, i + 1);
        LOTS_TRY(add_unit(model, id, fact, 9, &number, err));
        if (i == 0)
            place->clinic = number;
    }
    lots_synth_unit_fact fact = {text, place->county, (uint16_t)(index + 1), LOTS_SYNTH_LEVEL_MUNICIPAL, false};
    snprintf(id, sizeof id, "HEM-%02u%03u", county_codes[place->county], index);
    snprintf(text, sizeof text, "Hemsjukvården %s", name);
    return add_unit(model, id, fact, 0, &place->municipal, err);
}

static lots_status read_municipality(lots_synth_model *model, uint32_t index, const char **at, lots_error *err)
{
    lots_synth_municipality *place = &model->municipalities[index];
    char name[64];
    uint16_t number;
    uint32_t code = read_number(at);
    size_t bytes = strcspn(*at + 1, ",");
    snprintf(name, sizeof name, "%.*s", (int)bytes, *at + 1);
    *at += bytes + 2;
    place->thousands = read_number(at);
    *at += **at == '\n';
    place->county = (uint16_t)county_index(code / 100);
    lots_synth_county *county = &model->counties[place->county];
    if (county->municipality_count++ == 0)
        county->first_municipality = (uint16_t)index;
    LOTS_TRY(lots_synth_word_add(model, LOTS_SYNTH_MUNICIPALITY, name, strlen(name), NULL, &number, err));
    return add_clinics(model, index, name, err);
}

static lots_status add_area(lots_synth_model *model, lots_synth_hospital *hospital, const char *site, uint32_t area,
                            lots_synth_unit_fact fact, lots_error *err)
{
    char id[32], name[128], word[32];
    size_t bytes;
    const char *text = lots_synth_word(model, LOTS_SYNTH_AREA, area, &bytes);
    snprintf(word, sizeof word, "%s", text);
    fact.name = name;
    fact.kind = LOTS_SYNTH_LEVEL_SPECIALIST;
    fact.is_private = area == LOTS_SYNTH_AREA_OPHTHALMOLOGY || area == LOTS_SYNTH_AREA_DERMATOLOGY;
    snprintf(id, sizeof id, "%s-%s", lots_synth_area_codes[area], site);
    snprintf(name, sizeof name, "%s, %s clinic", site, word);
    LOTS_TRY(add_unit(model, id, fact, 6, &hospital->clinic[area], err));
    if (!has_ward(area)) {
        hospital->ward[area] = hospital->ward[LOTS_SYNTH_AREA_MEDICINE];
        return LOTS_OK;
    }
    fact.kind = LOTS_SYNTH_LEVEL_INPATIENT;
    fact.is_private = false;
    snprintf(id, sizeof id, "%s-%s-A", lots_synth_area_codes[area], site);
    snprintf(name, sizeof name, "%s, %s ward", site, word);
    return add_unit(model, id, fact, 0, &hospital->ward[area], err);
}

static lots_status add_hospital(lots_synth_model *model, uint32_t county, uint32_t place, uint32_t number,
                                lots_error *err)
{
    lots_synth_hospital *hospital = &model->hospitals[model->hospital_count++];
    char site[16], id[32], name[64];
    lots_synth_unit_fact fact = {name, (uint16_t)county, (uint16_t)(place + 1), LOTS_SYNTH_LEVEL_EMERGENCY, false};
    snprintf(site, sizeof site, "%02u%u", county_codes[county], number + 1);
    snprintf(id, sizeof id, "AKM-%s", site);
    snprintf(name, sizeof name, "%s, emergency department", site);
    LOTS_TRY(add_unit(model, id, fact, 9, &hospital->emergency, err));
    for (uint32_t area = 1; area < LOTS_SYNTH_AREAS_END; area++)
        LOTS_TRY(add_area(model, hospital, site, area, fact, err));
    return LOTS_OK;
}

/* A hospital for each quarter of a million people of a county, in its first municipalities by number. */
static lots_status add_hospitals(lots_synth_model *model, uint32_t index, lots_error *err)
{
    const lots_synth_county *county = &model->counties[index];
    uint32_t thousands = 0, first = model->hospital_count;
    for (uint32_t i = 0; i < county->municipality_count; i++)
        thousands += model->municipalities[county->first_municipality + i].thousands;
    uint32_t count = (thousands + PEOPLE_A_HOSPITAL / 2) / PEOPLE_A_HOSPITAL;
    count = count == 0 ? 1 : count;
    for (uint32_t i = 0; i < count; i++)
        LOTS_TRY(add_hospital(model, index, county->first_municipality + i % county->municipality_count, i, err));
    for (uint32_t i = 0; i < county->municipality_count; i++)
        model->municipalities[county->first_municipality + i].hospital = (uint16_t)(first + i * count / county->municipality_count);
    return LOTS_OK;
}

/* ---- who lives where ---- */

static lots_status make_alias(lots_synth_model *model, lots_synth_alias *out, uint32_t count, const uint64_t *weights,
                              lots_error *err)
{
    void *room, *work;
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, (size_t)count * 2, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_alloc(&model->arena, &work, (size_t)count * 2, sizeof(uint64_t), err));
    *out = (lots_synth_alias){room, (uint32_t *)room + count, count};
    lots_synth_alias_make(out, weights, work);
    return LOTS_OK;
}

static lots_status make_draws(lots_synth_model *model, lots_error *err)
{
    uint64_t all[LOTS_SYNTH_COUNTIES] = {0}, ages[2 * LOTS_SYNTH_AGES], places[LOTS_SYNTH_MUNICIPALITIES];
    for (uint32_t i = 0; i < LOTS_SYNTH_COUNTIES; i++) {
        lots_synth_county *county = &model->counties[i];
        for (uint32_t j = 0; j < 2 * LOTS_SYNTH_AGES; j++) {
            ages[j] = model->population[i][j / LOTS_SYNTH_AGES][j % LOTS_SYNTH_AGES];
            all[i] += ages[j];
        }
        for (uint32_t j = 0; j < county->municipality_count; j++)
            places[j] = model->municipalities[county->first_municipality + j].thousands;
        LOTS_TRY(make_alias(model, &county->ages, 2 * LOTS_SYNTH_AGES, ages, err));
        LOTS_TRY(make_alias(model, &county->places, county->municipality_count, places, err));
    }
    return make_alias(model, &model->county_draw, LOTS_SYNTH_COUNTIES, all, err);
}

/* Messiness of the register: in every fifth municipality with several clinics the last is merged into the first, which
 * keeps its own number, at some time of the second half; one clinic for eyes stops delivering in the last year. */
static void merge_units(lots_synth_model *model)
{
    lots_day length = model->last - model->first + 1;
    for (uint32_t i = 0; i < LOTS_SYNTH_MUNICIPALITIES; i += 5) {
        const lots_synth_municipality *place = &model->municipalities[i];
        if (place->clinic_count < 2)
            continue;
        lots_synth_unit *closing = &model->units[place->clinic + place->clinic_count - 1];
        closing->successor = place->clinic;
        closing->closes = model->first + length / 2 + (lots_day)(i * 37) % (length / 3 + 1);
    }
    model->units[model->hospitals[1].clinic[LOTS_SYNTH_AREA_OPHTHALMOLOGY]].silent = model->year_start[model->years - 1] + 120;
}

static lots_status open_units(lots_synth_model *model, lots_error *err)
{
    void *room;
    model->unit_count = 2400; /* clinics and municipal units stay below 1,000, hospitals' below 25 each */
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, model->unit_count, sizeof *model->units, err));
    model->units = room;
    LOTS_TRY(lots_arena_alloc(&model->arena, &room, model->unit_count, sizeof *model->facts, err));
    model->facts = room;
    return LOTS_OK;
}

lots_status lots_synth_places_make(lots_synth_model *model, lots_error *err)
{
    const char *at = lots_synth_text_municipalities;
    uint16_t number;
    LOTS_TRY(open_units(model, err));
    read_population(model);
    for (uint32_t i = 0; i < LOTS_SYNTH_COUNTIES; i++)
        LOTS_TRY(lots_synth_word_add(model, LOTS_SYNTH_REGION, lots_synth_county_names[i],
                                     strlen(lots_synth_county_names[i]), NULL, &number, err));
    for (uint32_t i = 0; i < LOTS_SYNTH_MUNICIPALITIES; i++)
        LOTS_TRY(read_municipality(model, i, &at, err));
    for (uint32_t i = 0; i < LOTS_SYNTH_COUNTIES; i++)
        LOTS_TRY(add_hospitals(model, i, err));
    if (lots_synth_word_count(model, LOTS_SYNTH_UNIT) >= model->unit_count)
        return lots_fail(err, LOTS_INTERNAL, "the model has more units than their room");
    model->unit_count = lots_synth_word_count(model, LOTS_SYNTH_UNIT);
    merge_units(model);
    return make_draws(model, err);
}

const lots_synth_unit_fact *lots_synth_unit_facts(const lots_synth_model *model) { return model->facts; }
