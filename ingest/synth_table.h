/* synth_table.h: the model's figures as they were written down: chronic diseases, acute events, planned treatments, care by
 * age. Where they come from: ingest/synth/README.md. Callers: synth_model*.c, synth_care.c. */
#ifndef LOTS_SYNTH_TABLE_H
#define LOTS_SYNTH_TABLE_H

#include "core/lots.h"

/* A chronic disease. */
typedef struct lots_synth_condition_row {
    const char *name;
    const char *codes;      /* the commonest first; of several levels of detail */
    float share[2][5];      /* percent of women, of men who have had it begin by the ages 20, 40, 60, 75, 90 */
    float load[4];          /* weights of the factors: cardio-metabolic, heart and lungs, mind and pain, frailty */
    float coded;            /* share of those with it in whom it is ever written as a diagnosis */
    float primary, specialist; /* contacts a year because of it */
    float acute;            /* emergency events a year because of it */
    uint8_t area;
    const char *drugs;      /* ATC:percent of those with it */
    float hazard;           /* of death */
} lots_synth_condition_row;
extern const lots_synth_condition_row lots_synth_condition_rows[];
extern const uint32_t lots_synth_condition_row_count;

/* Something acute. Events per 1,000 and year by age band. */
typedef struct lots_synth_acute_row {
    const char *name;
    const char *code, *symptom; /* what it turns out to be; what it may be called at the emergency department */
    float rate[6];
    float women;            /* of its events, those of women, where both were equally many */
    uint8_t season;
    float emergency;        /* of events, those that come to the emergency department; the others to primary care */
    float admitted;         /* of these, those admitted, at 65; less when younger */
    float nights;           /* median */
    uint8_t area;
    float price;            /* of a stay, relative to its nights */
    const char *drug, *px;
} lots_synth_acute_row;
extern const lots_synth_acute_row lots_synth_acute_rows[];
extern const uint32_t lots_synth_acute_row_count;

/* A planned treatment. Per 1,000 and year by age band. */
typedef struct lots_synth_procedure_row {
    const char *name;
    const char *code, *px, *px_name;
    float rate[6];
    float women;
    uint8_t area;
    uint8_t nights;         /* 0: day surgery */
    int32_t cost;
} lots_synth_procedure_row;
extern const lots_synth_procedure_row lots_synth_procedure_rows[];
extern const uint32_t lots_synth_procedure_row_count;

#endif
