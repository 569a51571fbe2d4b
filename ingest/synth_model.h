/* synth_model.h: what the synthetic population is drawn from: days, places, diseases, acute events, care, drugs, as tables
 * made once and read by all workers; and the rows of one patient, which the generator fills and a sink takes.
 * The idea: a patient is a function of (seed, number) and these tables. Diseases come from a Gaussian copula: each
 * disease's score is a weighted sum of the patient's latent factors (cardio-metabolic, heart and lungs, mind and pain,
 * frailty) and of its own noise, and a table turns score and sex into the age at which the disease begins.
 * Words (codes, units, …) are numbered; 0 stands for none. Every word that a row may hold is in the model's vocabulary,
 * so a registry's dictionaries are known before the first patient is made.
 * Figures and their sources: ingest/synth/README.md. Callers: synth_*.c, tests. Threads: read-only once made. */
#ifndef LOTS_SYNTH_MODEL_H
#define LOTS_SYNTH_MODEL_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/index/codes.h"
#include "ingest/synth_random.h"

#define LOTS_SYNTH_NO_DAY INT32_MIN

enum {
    LOTS_SYNTH_YEARS_MAX = 30,
    LOTS_SYNTH_COUNTIES = 21,
    LOTS_SYNTH_MUNICIPALITIES = 290,
    LOTS_SYNTH_AGES = 101,
    LOTS_SYNTH_DAY_CELLS = 2048,
    LOTS_SYNTH_CONDITIONS_MAX = 64,
    LOTS_SYNTH_FACTORS = 4,
    LOTS_SYNTH_ONSET_CELLS = 512,
    LOTS_SYNTH_DX_MAX = 7,
    LOTS_SYNTH_PX_MAX = 2,
    LOTS_SYNTH_ID_BYTES = 9
};

/* ---- words ---- */

/* Small categories: their texts by number are lots_synth_word(kind, number); 0 is none. */
typedef enum lots_synth_kind {
    LOTS_SYNTH_LEVEL, LOTS_SYNTH_PROFESSION, LOTS_SYNTH_FORM, LOTS_SYNTH_STATUS, LOTS_SYNTH_VISIT, LOTS_SYNTH_PLACE,
    LOTS_SYNTH_PAYER, LOTS_SYNTH_SERVICE, LOTS_SYNTH_WAIT_KIND, LOTS_SYNTH_AREA, LOTS_SYNTH_OUTCOME, LOTS_SYNTH_REASON,
    LOTS_SYNTH_TEST, LOTS_SYNTH_MEASURE, LOTS_SYNTH_SOURCE, LOTS_SYNTH_SEX, LOTS_SYNTH_PROGRAMME, LOTS_SYNTH_ARM,
    LOTS_SYNTH_SMALL_KINDS,
    LOTS_SYNTH_ICD = LOTS_SYNTH_SMALL_KINDS, LOTS_SYNTH_KVA, LOTS_SYNTH_ATC, LOTS_SYNTH_UNIT, LOTS_SYNTH_PROVIDER,
    LOTS_SYNTH_DRG, LOTS_SYNTH_MUNICIPALITY, LOTS_SYNTH_REGION,
    LOTS_SYNTH_KINDS
} lots_synth_kind;

enum { LOTS_SYNTH_LEVEL_PRIMARY = 1, LOTS_SYNTH_LEVEL_SPECIALIST, LOTS_SYNTH_LEVEL_EMERGENCY, LOTS_SYNTH_LEVEL_INPATIENT,
       LOTS_SYNTH_LEVEL_MUNICIPAL };
enum { LOTS_SYNTH_PROFESSION_DOCTOR = 1, LOTS_SYNTH_PROFESSION_NURSE, LOTS_SYNTH_PROFESSION_PHYSIO,
       LOTS_SYNTH_PROFESSION_PSYCHOLOGIST, LOTS_SYNTH_PROFESSION_OCCUPATIONAL, LOTS_SYNTH_PROFESSION_ASSISTANT,
       LOTS_SYNTH_PROFESSION_MIDWIFE };
enum { LOTS_SYNTH_FORM_VISIT = 1, LOTS_SYNTH_FORM_PHONE, LOTS_SYNTH_FORM_DIGITAL, LOTS_SYNTH_FORM_HOME,
       LOTS_SYNTH_FORM_GROUP };
enum { LOTS_SYNTH_STATUS_DONE = 1, LOTS_SYNTH_STATUS_CANCELLED, LOTS_SYNTH_STATUS_NOSHOW, LOTS_SYNTH_STATUS_BOOKED };
enum { LOTS_SYNTH_VISIT_NEW = 1, LOTS_SYNTH_VISIT_RETURN };
enum { LOTS_SYNTH_PLACE_HOME = 1, LOTS_SYNTH_PLACE_EMERGENCY, LOTS_SYNTH_PLACE_HOSPITAL, LOTS_SYNTH_PLACE_SHORT_TERM,
       LOTS_SYNTH_PLACE_NURSING_HOME, LOTS_SYNTH_PLACE_DEAD };
enum { LOTS_SYNTH_PAYER_REGION = 1, LOTS_SYNTH_PAYER_PRIVATE };
enum { LOTS_SYNTH_SERVICE_HOME_CARE = 1, LOTS_SYNTH_SERVICE_SHORT_TERM, LOTS_SYNTH_SERVICE_NURSING_HOME };
enum { LOTS_SYNTH_WAIT_VISIT = 1, LOTS_SYNTH_WAIT_TREATMENT };
enum { LOTS_SYNTH_OUTCOME_DONE = 1, LOTS_SYNTH_OUTCOME_REMOVED, LOTS_SYNTH_OUTCOME_DIED, LOTS_SYNTH_OUTCOME_MOVED };
enum { LOTS_SYNTH_REASON_PATIENT = 1, LOTS_SYNTH_REASON_MEDICAL, LOTS_SYNTH_REASON_SPECIAL };
enum { LOTS_SYNTH_TEST_HBA1C = 1, LOTS_SYNTH_TEST_CREATININE, LOTS_SYNTH_TEST_HB, LOTS_SYNTH_TEST_LDL,
       LOTS_SYNTH_TEST_WEIGHT, LOTS_SYNTH_TEST_SYSTOLIC };
enum { LOTS_SYNTH_SOURCE_PRIMARY = 1, LOTS_SYNTH_SOURCE_HOSPITAL };
enum { LOTS_SYNTH_SEX_FEMALE = 1, LOTS_SYNTH_SEX_MALE };
enum { LOTS_SYNTH_PROGRAMME_GUIDE = 1, LOTS_SYNTH_PROGRAMME_TEAM };
enum { LOTS_SYNTH_ARM_INTERVENTION = 1, LOTS_SYNTH_ARM_CONTROL };

/* Hospital areas, in the order of LOTS_SYNTH_AREA's words. */
enum { LOTS_SYNTH_AREA_MEDICINE = 1, LOTS_SYNTH_AREA_CARDIOLOGY, LOTS_SYNTH_AREA_SURGERY, LOTS_SYNTH_AREA_ORTHOPAEDICS,
       LOTS_SYNTH_AREA_OPHTHALMOLOGY, LOTS_SYNTH_AREA_PSYCHIATRY, LOTS_SYNTH_AREA_GERIATRICS, LOTS_SYNTH_AREA_GYNAECOLOGY,
       LOTS_SYNTH_AREA_ONCOLOGY, LOTS_SYNTH_AREA_NEPHROLOGY, LOTS_SYNTH_AREA_NEUROLOGY, LOTS_SYNTH_AREA_ENT,
       LOTS_SYNTH_AREA_DERMATOLOGY, LOTS_SYNTH_AREA_PAEDIATRICS, LOTS_SYNTH_AREAS_END };

/* ---- places ---- */

typedef struct lots_synth_unit {
    uint32_t provider;       /* its first; 0: none */
    uint16_t provider_count;
    uint16_t successor;      /* from `closes` on; 0: none */
    lots_day closes;
    lots_day silent;         /* from this day on it delivers nothing; LOTS_DAY_MAX: never */
} lots_synth_unit;

typedef struct lots_synth_hospital {
    uint16_t emergency;
    uint16_t clinic[LOTS_SYNTH_AREAS_END], ward[LOTS_SYNTH_AREAS_END]; /* units; wards only of some areas, else that of medicine */
} lots_synth_hospital;

typedef struct lots_synth_municipality {
    uint16_t county;         /* index */
    uint16_t hospital;
    uint16_t clinic, clinic_count;
    uint16_t municipal;      /* the unit of home nursing */
    uint32_t thousands;
} lots_synth_municipality;

typedef struct lots_synth_county {
    uint16_t first_municipality, municipality_count;
    lots_synth_alias ages;   /* of 2 * LOTS_SYNTH_AGES: sex, then age */
    lots_synth_alias places; /* of its municipalities */
} lots_synth_county;

/* ---- diseases and acute events, as drawn from ---- */

typedef struct lots_synth_drug {
    uint16_t atc;
    uint8_t percent;         /* of those with the disease */
} lots_synth_drug;

typedef struct lots_synth_condition {
    const struct lots_synth_condition_row *row;
    uint16_t codes[8];
    uint8_t code_count;
    uint8_t drug_count;
    lots_synth_drug drugs[6];
    float own;               /* weight of its own noise in its score */
    uint16_t onset[2][LOTS_SYNTH_ONSET_CELLS]; /* by sex and score: age in 1/64 years; UINT16_MAX: never */
} lots_synth_condition;

typedef struct lots_synth_acute {
    const struct lots_synth_acute_row *row;
    uint16_t code, symptom, drug, px;
} lots_synth_acute;

typedef struct lots_synth_procedure {
    const struct lots_synth_procedure_row *row;
    uint16_t code, px;
    uint16_t drg;
} lots_synth_procedure;

enum { LOTS_SYNTH_SEASON_FLAT, LOTS_SYNTH_SEASON_WINTER, LOTS_SYNTH_SEASON_SUMMER, LOTS_SYNTH_SEASON_WORKDAYS,
       LOTS_SYNTH_SEASONS };
enum { LOTS_SYNTH_BANDS = 6 };          /* ages 0-4, 5-17, 18-44, 45-64, 65-79, 80 and over */

typedef struct lots_synth_setting {
    uint64_t seed;
    uint32_t patients;
    int32_t first_year, last_year;
} lots_synth_setting;

struct lots_synth_options;

typedef struct lots_synth_model {
    lots_arena arena;
    lots_synth_setting setting;
    lots_synth_normal normal;
    uint32_t person_count;           /* patients but for the reserve numbers, which come last */
    uint32_t years;
    lots_day first, last;            /* of the period */
    lots_day year_start[LOTS_SYNTH_YEARS_MAX + 1];
    uint16_t (*days)[LOTS_SYNTH_YEARS_MAX][LOTS_SYNTH_DAY_CELLS]; /* [season][year][cell]: day of the year */
    uint8_t *workday;                /* by day from `first`, and 400 more */
    uint16_t *to_workday;            /* days to the next workday, 0 when it is one */
    lots_dictionary_builder *words[LOTS_SYNTH_KINDS]; /* from LOTS_SYNTH_ICD on; a word's number is its id + 1 */
    lots_vec labels[LOTS_SYNTH_KINDS];               /* const char * by word */
    uint16_t *group_of;              /* by number of an ICD code: its group of grade A; C and E follow */
    lots_synth_unit *units;          /* by number of the word */
    struct lots_synth_unit_fact *facts;
    uint32_t unit_count;
    lots_synth_municipality municipalities[LOTS_SYNTH_MUNICIPALITIES];
    lots_synth_county counties[LOTS_SYNTH_COUNTIES];
    lots_synth_hospital hospitals[64];
    uint32_t hospital_count;
    lots_synth_alias county_draw;
    uint64_t population[LOTS_SYNTH_COUNTIES][2][LOTS_SYNTH_AGES];
    lots_synth_condition *conditions;
    uint32_t condition_count;
    lots_synth_acute *acutes;
    uint32_t acute_count;
    float acute_sum[2][LOTS_SYNTH_BANDS];       /* events a year */
    lots_synth_alias acute_draw[2][LOTS_SYNTH_BANDS];
    lots_synth_procedure *procedures;
    uint32_t procedure_count;
    float procedure_sum[2][LOTS_SYNTH_BANDS];
    lots_synth_alias procedure_draw[2][LOTS_SYNTH_BANDS];
    double death[2][LOTS_SYNTH_AGES + 20]; /* hazard a year */
    double arrivals;                 /* weights of births and of people moving in, residents at first being 1 */
    double births;
    lots_day programme_start[3];     /* by programme */
    double programme_effect;         /* admissions averted in the home team's intervention arm */
    uint16_t known[32];              /* words that the code names itself: synth_words.h */
    uint16_t by_age[16];             /* drugs of synth_supply.c */
    uint16_t *course_of;             /* drug by number of an acute diagnosis; 0: none */
} lots_synth_model;

LOTS_MUST lots_status lots_synth_model_make(lots_synth_model *out, const lots_synth_setting *setting, lots_error *err);
void lots_synth_model_free(lots_synth_model *model);
/* What options say of the population, defaults filled in. */
lots_synth_setting lots_synth_setting_of(const struct lots_synth_options *options);
/* The text of a word; "" for none. Lent by the model. */
const char *lots_synth_word(const lots_synth_model *model, lots_synth_kind kind, uint32_t number, size_t *bytes);
uint32_t lots_synth_word_count(const lots_synth_model *model, lots_synth_kind kind);

/* ---- the rows of one patient ---- */

typedef struct lots_synth_contact {
    lots_day start, end, ready; /* LOTS_SYNTH_NO_DAY: missing */
    int32_t cost;               /* SEK */
    uint32_t provider;
    uint32_t key;
    int16_t minute;             /* -1: missing */
    uint16_t unit, drg;
    uint16_t dx[LOTS_SYNTH_DX_MAX], px[LOTS_SYNTH_PX_MAX];
    uint8_t dx_count, px_count;
    uint8_t level, profession, form, status, visit, from, to, payer;
    uint8_t acute;              /* 0, 1; 2: missing */
    uint8_t untidy;             /* how its codes are written in text: 0 as they should be; it changes no value */
} lots_synth_contact;

typedef struct lots_synth_dispensing {
    lots_day start, end;
    int32_t packs, ddd, cost;   /* ddd in tenths */
    uint16_t atc;
} lots_synth_dispensing;

typedef struct lots_synth_span { /* residence, listing, services, programmes */
    lots_day start, end;
    uint16_t what, arm;
    int32_t hours;              /* in tenths */
} lots_synth_span;

typedef struct lots_synth_wait_row {
    lots_day start, end, booked;
    uint32_t key;
    uint16_t unit, px;
    uint8_t kind, area, priority, outcome;
} lots_synth_wait_row;

typedef struct lots_synth_delay {
    lots_day start, end;
    uint32_t wait;              /* the wait's key */
    uint8_t reason;
} lots_synth_delay;

typedef struct lots_synth_lab {
    lots_day start;
    int32_t value;              /* in tenths */
    uint8_t test, source;
} lots_synth_lab;

/* One patient and what was made of them. Reused from one to the next: nothing is allocated once the vectors are large. */
typedef struct lots_synth_person {
    const lots_synth_model *model;
    uint32_t number;
    char id[LOTS_SYNTH_ID_BYTES + 1];
    lots_day birth, death;      /* death LOTS_SYNTH_NO_DAY: alive, or after the period */
    lots_day entry, exit;       /* first and last day of living here within the period */
    uint8_t sex;
    bool left;                  /* moved out of the country the day after `exit` */
    bool is_protected, reserve;
    lots_vec contacts, drugs, services, waits, delays, residence, listing, labs, programmes;

    /* what the steps of making a patient tell each other */
    float factor[LOTS_SYNTH_FACTORS];
    float need;                 /* a lasting factor of all care, mean about 1 */
    uint64_t coded;             /* bit by condition: it is written as a diagnosis */
    lots_day onset[LOTS_SYNTH_CONDITIONS_MAX]; /* LOTS_DAY_MAX: never */
    uint8_t ill[LOTS_SYNTH_CONDITIONS_MAX];    /* those with an onset within life, by day */
    uint8_t ill_count;
    lots_vec candidates;        /* lots_synth_candidate: reasons for hospital, before they are put in order */
    lots_vec keys, sorted, spare_drugs, spare_labs; /* sorting */
    lots_day home_from;         /* home care since; LOTS_DAY_MAX: none */
    lots_day nursing_from;
    lots_status status;         /* of the first allocation that failed … */
    uint64_t spare[16];         /* … when rows go here, and are lost */
    lots_error *err;
} lots_synth_person;

void lots_synth_person_open(lots_synth_person *person, const lots_synth_model *model);
void lots_synth_person_close(lots_synth_person *person);
/* Make the patient `number`: rows of each stream in order of day. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_synth_person_make(lots_synth_person *person, uint32_t number, lots_error *err);
/* The id of a patient: the order of ids is that of numbers. */
void lots_synth_id(const lots_synth_model *model, uint32_t number, char out[LOTS_SYNTH_ID_BYTES + 1]);

#endif
