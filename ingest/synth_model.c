/* synth_model.c: see synth_model.h. */
#include "ingest/synth_model.h"

#include "core/base/memory.h"
#include "ingest/synth_words.h"

/* ---- words ---- */

static const char *const small_words[LOTS_SYNTH_SMALL_KINDS][16] = {
    [LOTS_SYNTH_LEVEL] = {"primary", "specialist", "emergency", "inpatient", "municipal"},
    [LOTS_SYNTH_PROFESSION] = {"doctor", "nurse", "physiotherapist", "psychologist", "occupational_therapist",
                               "assistant_nurse", "midwife"},
    [LOTS_SYNTH_FORM] = {"visit", "phone", "digital", "home", "group"},
    [LOTS_SYNTH_STATUS] = {"done", "cancelled", "noshow", "booked"},
    [LOTS_SYNTH_VISIT] = {"new", "return"},
    [LOTS_SYNTH_PLACE] = {"home", "emergency", "hospital", "short_term_care", "nursing_home", "dead"},
    [LOTS_SYNTH_PAYER] = {"region", "private"},
    [LOTS_SYNTH_SERVICE] = {"home_care", "short_term_care", "nursing_home"},
    [LOTS_SYNTH_WAIT_KIND] = {"visit", "treatment"},
    [LOTS_SYNTH_AREA] = {"medicine", "cardiology", "surgery", "orthopaedics", "ophthalmology", "psychiatry",
                         "geriatrics", "gynaecology", "oncology", "nephrology", "neurology", "ear_nose_throat",
                         "dermatology", "paediatrics"},
    [LOTS_SYNTH_OUTCOME] = {"done", "removed", "died", "moved"},
    [LOTS_SYNTH_REASON] = {"patient_chosen", "medical", "special"},
    [LOTS_SYNTH_TEST] = {"hba1c", "creatinine", "hb", "ldl", "weight", "systolic"},
    [LOTS_SYNTH_MEASURE] = {"mmol/mol", "umol/L", "g/L", "mmol/L", "kg", "mmHg"}, /* as the tests */
    [LOTS_SYNTH_SOURCE] = {"primary", "hospital"},
    [LOTS_SYNTH_SEX] = {"female", "male"},
    [LOTS_SYNTH_PROGRAMME] = {"care_guide", "home_team"},
    [LOTS_SYNTH_ARM] = {"intervention", "control"},
};

const char *lots_synth_word(const lots_synth_model *model, lots_synth_kind kind, uint32_t number, size_t *bytes)
{
    if (number == 0) {
        *bytes = 0;
        return "";
    }
    if (kind >= LOTS_SYNTH_SMALL_KINDS)
        return lots_dictionary_builder_key(model->words[kind], number - 1, bytes);
    *bytes = strlen(small_words[kind][number - 1]);
    return small_words[kind][number - 1];
}

uint32_t lots_synth_word_count(const lots_synth_model *model, lots_synth_kind kind)
{
    uint32_t count = 0;
    if (kind >= LOTS_SYNTH_SMALL_KINDS)
        return lots_dictionary_builder_count(model->words[kind]);
    while (count < 16 && small_words[kind][count] != NULL)
        count++;
    return count;
}

lots_status lots_synth_word_add(lots_synth_model *model, lots_synth_kind kind, const char *text, size_t bytes,
                                const char *label, uint16_t *out, lots_error *err)
{
    lots_id id;
    LOTS_TRY(lots_dictionary_intern(model->words[kind], text, bytes, &id, err));
    if (id + 1 > UINT16_MAX)
        return lots_fail(err, LOTS_INTERNAL, "the model has more than %d words of a kind", UINT16_MAX);
    *out = (uint16_t)(id + 1);
    return id == model->labels[kind].count ? lots_vec_push(&model->labels[kind], &label, err) : LOTS_OK;
}

/* ---- deaths ---- */

/* Hazards of a year by Gompertz's law, e^(a + b age), above what infants and accidents add: fitted by eye to the life
 * tables of Statistics Sweden for 2014-2018 (ingest/synth/README.md). They are of people without any of the model's
 * diseases: those bring their own. */
static void make_deaths(lots_synth_model *model)
{
    for (int32_t age = 0; age < LOTS_SYNTH_AGES + 20; age++) {
        double early = age == 0 ? 0.0021 : age < 18 ? 0.00008 : 0;
        double accident = age >= 18 && age < 60 ? 0.0002 : 0;
        model->death[0][age] = early + accident * 0.5 + lots_synth_exp(-12.30 + 0.1055 * age);
        model->death[1][age] = early + accident * 1.6 + lots_synth_exp(-11.72 + 0.1015 * age);
    }
}

/* ---- the whole ---- */

static lots_status check_setting(const lots_synth_setting *setting, lots_error *err)
{
    if (setting->patients == 0 || setting->patients > 99999999)
        return lots_fail(err, LOTS_USAGE, "--patients wants a number from 1 to 99999999, not %u", setting->patients);
    if (setting->first_year < 1990 || setting->last_year > 2100 || setting->last_year < setting->first_year ||
        setting->last_year - setting->first_year >= LOTS_SYNTH_YEARS_MAX)
        return lots_fail(err, LOTS_USAGE, "--years wants at most %d years within 1990..2100, first..last",
                         LOTS_SYNTH_YEARS_MAX);
    return LOTS_OK;
}

static lots_status make(lots_synth_model *model, lots_error *err)
{
    for (uint32_t kind = LOTS_SYNTH_SMALL_KINDS; kind < LOTS_SYNTH_KINDS; kind++)
        LOTS_TRY(lots_dictionary_builder_open(&model->words[kind], NULL, err));
    lots_synth_normal_make(&model->normal);
    LOTS_TRY(lots_synth_days_make(model, err));
    LOTS_TRY(lots_synth_places_make(model, err));
    LOTS_TRY(lots_synth_ills_make(model, err));
    LOTS_TRY(lots_synth_supply_make(model, err));
    make_deaths(model);
    model->programme_effect = 0.15;
    /* Per resident at first and year: births 1.15%, people moving in from abroad 1.2% (Statistics Sweden, 2014-2018). */
    model->births = 0.0115 * model->years;
    model->arrivals = 0.012 * model->years;
    model->person_count = model->setting.patients - model->setting.patients / 2500;
    return LOTS_OK;
}

lots_status lots_synth_model_make(lots_synth_model *out, const lots_synth_setting *setting, lots_error *err)
{
    memset(out, 0, sizeof *out);
    out->setting = *setting;
    lots_arena_init(&out->arena, 0);
    for (uint32_t kind = 0; kind < LOTS_SYNTH_KINDS; kind++)
        out->labels[kind] = LOTS_VEC(const char *);
    lots_status status = check_setting(setting, err);
    if (status == LOTS_OK)
        status = make(out, err);
    if (status != LOTS_OK)
        lots_synth_model_free(out);
    return status;
}

void lots_synth_model_free(lots_synth_model *model)
{
    for (uint32_t kind = 0; kind < LOTS_SYNTH_KINDS; kind++) {
        if (model->words[kind] != NULL)
            lots_dictionary_builder_close(model->words[kind]);
        model->words[kind] = NULL;
        lots_vec_free(&model->labels[kind]);
    }
    lots_arena_free(&model->arena);
}

void lots_synth_id(const lots_synth_model *model, uint32_t number, char out[LOTS_SYNTH_ID_BYTES + 1])
{
    out[0] = number < model->person_count ? 'P' : 'R';
    for (uint32_t i = LOTS_SYNTH_ID_BYTES - 1; i > 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
    out[LOTS_SYNTH_ID_BYTES] = '\0';
}
