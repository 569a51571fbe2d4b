/* synth_words.h: the words that the model's code names itself, by number of `known`, and the making of its parts.
 * Callers: synth_*.c. */
#ifndef LOTS_SYNTH_WORDS_H
#define LOTS_SYNTH_WORDS_H

#include "ingest/synth_model.h"
#include "ingest/synth_table.h"

enum {
    LOTS_SYNTH_KNOWN_CHECKUP, LOTS_SYNTH_KNOWN_RENEWAL, LOTS_SYNTH_KNOWN_PREGNANCY, LOTS_SYNTH_KNOWN_DELIVERY,
    LOTS_SYNTH_KNOWN_DIALYSIS, LOTS_SYNTH_KNOWN_NURSING, LOTS_SYNTH_KNOWN_INFECTION, LOTS_SYNTH_KNOWN_END_OF_LIFE,
    LOTS_SYNTH_KNOWN_FRAIL, /* and those after it: what is written of the very old in hospital */
    LOTS_SYNTH_KNOWN_FRAIL_END = LOTS_SYNTH_KNOWN_FRAIL + 9,
    LOTS_SYNTH_KNOWN_KVA = LOTS_SYNTH_KNOWN_FRAIL_END, /* procedures from here */
    LOTS_SYNTH_KNOWN_DIALYSIS_PX = LOTS_SYNTH_KNOWN_KVA, LOTS_SYNTH_KNOWN_DELIVERY_PX, LOTS_SYNTH_KNOWN_COUNSEL_PX,
    LOTS_SYNTH_KNOWN_SAMPLE_PX, LOTS_SYNTH_KNOWN_ECG_PX, LOTS_SYNTH_KNOWN_CHEMO_PX,
    LOTS_SYNTH_KNOWN_END
};

/* Number of a word; made when new. `label` may be NULL. */
LOTS_MUST lots_status lots_synth_word_add(lots_synth_model *model, lots_synth_kind kind, const char *text,
                                          size_t bytes, const char *label, uint16_t *out, lots_error *err);
LOTS_MUST lots_status lots_synth_days_make(lots_synth_model *model, lots_error *err);
LOTS_MUST lots_status lots_synth_places_make(lots_synth_model *model, lots_error *err);
LOTS_MUST lots_status lots_synth_ills_make(lots_synth_model *model, lots_error *err);
LOTS_MUST lots_status lots_synth_supply_make(lots_synth_model *model, lots_error *err);
/* Names of the counties, by index, and of the hospital areas. */
extern const char *const lots_synth_county_names[LOTS_SYNTH_COUNTIES];
extern const char *const lots_synth_area_codes[LOTS_SYNTH_AREAS_END];
/* Where a table of units comes from: name, kind, owner, municipality by unit. */
typedef struct lots_synth_unit_fact {
    const char *name;
    uint16_t county, municipality; /* municipality: index + 1, 0 none */
    uint8_t kind;                  /* a level */
    bool is_private;
} lots_synth_unit_fact;
const lots_synth_unit_fact *lots_synth_unit_facts(const lots_synth_model *model);

static inline uint32_t lots_synth_band(int32_t age)
{
    return age < 5 ? 0 : age < 18 ? 1 : age < 45 ? 2 : age < 65 ? 3 : age < 80 ? 4 : 5;
}

#endif
