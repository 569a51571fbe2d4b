/* synth_tables.c: the files of the synthetic population that are about no patient: units, who works there, the groups of
 * stays, the population that the model was drawn from, the texts of codes, and the mapping. See synth_text.h. */
#include "core/base/day.h"
#include "core/base/embed.h"
#include "ingest/synth_text.h"
#include "ingest/synth_words.h"

LOTS_EMBED(lots_synth_text_map, "ingest/maps/synth.map");

const char *const lots_synth_table_names[LOTS_SYNTH_TABLES] = {
    "units.csv", "providers.csv", "groups.csv", "population.csv", "icd10.csv", "kva.csv", "atc.csv", "synth.map"};

static lots_status put_word(const lots_synth_model *model, lots_synth_kind kind, uint32_t number, const char *after,
                            lots_bytes *out, lots_error *err)
{
    size_t bytes;
    const char *text = lots_synth_word(model, kind, number, &bytes);
    return lots_bytes_printf(out, err, "%.*s%s", (int)bytes, text, after);
}

static lots_status write_unit(const lots_synth_model *model, uint32_t number, lots_bytes *out, lots_error *err)
{
    const lots_synth_unit_fact *fact = &lots_synth_unit_facts(model)[number];
    const lots_synth_unit *unit = &model->units[number];
    char closes[11] = "";
    LOTS_TRY(put_word(model, LOTS_SYNTH_UNIT, number, ",", out, err));
    LOTS_TRY(lots_bytes_printf(out, err, "\"%s\",%s,", fact->name, lots_synth_county_names[fact->county]));
    LOTS_TRY(put_word(model, LOTS_SYNTH_MUNICIPALITY, fact->municipality, ",", out, err));
    LOTS_TRY(put_word(model, LOTS_SYNTH_LEVEL, fact->kind, ",", out, err));
    if (unit->closes <= model->last)
        lots_day_format(unit->closes, closes);
    LOTS_TRY(lots_bytes_printf(out, err, "%s,%s,", fact->kind == LOTS_SYNTH_LEVEL_MUNICIPAL ? "municipality" : fact->is_private ? "private" : "region",
                               closes));
    return put_word(model, LOTS_SYNTH_UNIT, closes[0] != '\0' ? unit->successor : 0, "\n", out, err);
}

static lots_status write_units(const lots_synth_model *model, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(out, err, "unit,name,region,municipality,kind,owner,closes,successor\n"));
    for (uint32_t i = 1; i <= model->unit_count; i++)
        LOTS_TRY(write_unit(model, i, out, err));
    return LOTS_OK;
}

static lots_status write_providers(const lots_synth_model *model, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(out, err, "provider,unit\n"));
    for (uint32_t i = 1; i <= model->unit_count; i++)
        for (uint32_t j = 0; j < model->units[i].provider_count; j++) {
            LOTS_TRY(put_word(model, LOTS_SYNTH_PROVIDER, model->units[i].provider + j, ",", out, err));
            LOTS_TRY(put_word(model, LOTS_SYNTH_UNIT, i, "\n", out, err));
        }
    return LOTS_OK;
}

static lots_status write_groups(const lots_synth_model *model, lots_bytes *out, lots_error *err)
{
    static const char *const grades[] = {"very complicated", "complicated", "not complicated"}; /* A C E */
    LOTS_TRY(lots_bytes_printf(out, err, "drg,grade\n"));
    for (uint32_t i = 1; i <= lots_synth_word_count(model, LOTS_SYNTH_DRG); i++) {
        LOTS_TRY(put_word(model, LOTS_SYNTH_DRG, i, ",", out, err));
        LOTS_TRY(lots_bytes_printf(out, err, "%s\n", grades[(i - 1) % 3]));
    }
    return LOTS_OK;
}

/* Of a municipality: its county's by sex and tens of years of age, times its part of the county. */
static uint64_t people_of(const lots_synth_model *model, uint32_t municipality, uint32_t sex, uint32_t decade)
{
    const lots_synth_municipality *place = &model->municipalities[municipality];
    const lots_synth_county *county = &model->counties[place->county];
    uint64_t people = 0, thousands = 0;
    for (uint32_t age = decade * 10; age < LOTS_SYNTH_AGES && (age < decade * 10 + 10 || decade == 9); age++)
        people += model->population[place->county][sex][age];
    for (uint32_t i = 0; i < county->municipality_count; i++)
        thousands += model->municipalities[county->first_municipality + i].thousands;
    return (people * place->thousands + thousands / 2) / thousands;
}

static lots_status write_population(const lots_synth_model *model, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(out, err, "year,municipality,sex,age,n\n"));
    for (uint32_t i = 0; i < LOTS_SYNTH_MUNICIPALITIES; i++)
        for (uint32_t sex = 0; sex < 2; sex++)
            for (uint32_t decade = 0; decade < 10; decade++) {
                LOTS_TRY(lots_bytes_printf(out, err, "%d,", model->setting.first_year));
                LOTS_TRY(put_word(model, LOTS_SYNTH_MUNICIPALITY, i + 1, ",", out, err));
                LOTS_TRY(put_word(model, LOTS_SYNTH_SEX, sex + 1, ",", out, err));
                LOTS_TRY(lots_bytes_printf(out, err, "%u,%ju\n", decade * 10,
                                           (uintmax_t)people_of(model, i, sex, decade)));
            }
    return LOTS_OK;
}

static lots_status write_labels(const lots_synth_model *model, lots_synth_kind kind, lots_bytes *out, lots_error *err)
{
    LOTS_TRY(lots_bytes_printf(out, err, "code,label\n"));
    for (uint32_t i = 1; i <= lots_synth_word_count(model, kind); i++) {
        const char *label = LOTS_AT(const char *, &model->labels[kind], i - 1);
        LOTS_TRY(put_word(model, kind, i, ",", out, err));
        LOTS_TRY(lots_bytes_printf(out, err, "\"%s\"\n", label != NULL ? label : ""));
    }
    return LOTS_OK;
}

/* The shipped mapping is that of 2014-2023: its dates are replaced by the period's. */
static lots_status write_map(const lots_synth_model *model, lots_bytes *out, lots_error *err)
{
    static const char *const shipped[] = {"2014-01-01", "2023-12-31", "2023-10-31", "2024-01-15"};
    char dates[4][11];
    lots_day_format(model->first, dates[0]);
    lots_day_format(model->last, dates[1]);
    lots_day_format(model->last - 61, dates[2]);
    lots_day_format(model->last + 15, dates[3]);
    for (const char *at = lots_synth_text_map; *at != '\0';) {
        size_t which = 0;
        while (which < 4 && strncmp(at, shipped[which], 10) != 0)
            which++;
        if (which < 4)
            LOTS_TRY(lots_bytes_append(out, dates[which], 10, err));
        else
            LOTS_TRY(lots_bytes_append(out, at, 1, err));
        at += which < 4 ? 10 : 1;
    }
    return LOTS_OK;
}

lots_status lots_synth_table_write(const lots_synth_model *model, uint32_t table, lots_bytes *out, lots_error *err)
{
    switch (table) {
    case 0: return write_units(model, out, err);
    case 1: return write_providers(model, out, err);
    case 2: return write_groups(model, out, err);
    case 3: return write_population(model, out, err);
    case 4: return write_labels(model, LOTS_SYNTH_ICD, out, err);
    case 5: return write_labels(model, LOTS_SYNTH_KVA, out, err);
    case 6: return write_labels(model, LOTS_SYNTH_ATC, out, err);
    default: return write_map(model, out, err);
    }
}
