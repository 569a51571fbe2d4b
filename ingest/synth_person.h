/* synth_person.h: the steps of making one patient, and what they share. In this order, each with random numbers of its own:
 *   synth_person.c     birth, death, moves, clinics, diseases
 *   synth_care.c       year by year: planned contacts, waits; what leads to hospital becomes a candidate
 *   synth_hospital.c   candidates in order of day: emergency visits, stays, transfers, readmissions, programmes
 *   synth_municipal.c  decisions of the municipality and its contacts
 *   synth_supply.c     drugs, laboratory tests
 * Callers: synth_*.c. */
#ifndef LOTS_SYNTH_PERSON_H
#define LOTS_SYNTH_PERSON_H

#include "ingest/synth_words.h"

enum { LOTS_SYNTH_PURPOSE_LIFE = 1, LOTS_SYNTH_PURPOSE_ILLS, LOTS_SYNTH_PURPOSE_DEATH, LOTS_SYNTH_PURPOSE_MOVES,
       LOTS_SYNTH_PURPOSE_CARE, LOTS_SYNTH_PURPOSE_HOSPITAL, LOTS_SYNTH_PURPOSE_MUNICIPAL, LOTS_SYNTH_PURPOSE_DRUGS,
       LOTS_SYNTH_PURPOSE_LABS, LOTS_SYNTH_PURPOSE_WAITS, LOTS_SYNTH_PURPOSE_UNTIDY, LOTS_SYNTH_PURPOSE_RESERVE,
       LOTS_SYNTH_PURPOSE_PROGRAMME, LOTS_SYNTH_PURPOSE_HELP };

typedef enum lots_synth_reason {
    LOTS_SYNTH_CANDIDATE_ACUTE,     /* what: index of an acute event */
    LOTS_SYNTH_CANDIDATE_CHRONIC,   /* of a condition */
    LOTS_SYNTH_CANDIDATE_FREQUENT,  /* of an acute event: the visit of a frequent attender */
    LOTS_SYNTH_CANDIDATE_LAST,      /* the end of life; what: of a condition, UINT8_MAX none */
    LOTS_SYNTH_CANDIDATE_PROCEDURE, /* a planned stay: of a procedure */
    LOTS_SYNTH_CANDIDATE_DELIVERY
} lots_synth_reason;

typedef struct lots_synth_candidate {
    lots_day day;
    uint8_t reason, what;
    float severity;   /* of nights and cost */
} lots_synth_candidate;

lots_synth_contact *lots_synth_contact_add(lots_synth_person *person);
void *lots_synth_row_add_slowly(lots_synth_person *person, lots_vec *rows);
/* A row of any other vector, to be written as a whole; the spare slot when there is no memory: the failure is told when the
 * patient is made. */
static inline void *lots_synth_row_add(lots_synth_person *person, lots_vec *rows)
{
    if (rows->count == rows->capacity)
        return lots_synth_row_add_slowly(person, rows);
    return (char *)rows->data + rows->item_size * rows->count++;
}
void lots_synth_candidate_add(lots_synth_person *person, lots_day day, lots_synth_reason reason, uint32_t what,
                              double severity);
static inline lots_synth_random lots_synth_person_stream(const lots_synth_person *person, uint32_t purpose)
{
    return lots_synth_stream(person->model->setting.seed, person->number, purpose);
}
static inline bool lots_synth_here(const lots_synth_person *person, lots_day day)
{
    return day >= person->entry && day <= person->exit;
}
/* A day of a year of the period, by season. */
static inline lots_day lots_synth_day(const lots_synth_model *model, lots_synth_random *random, uint32_t season,
                                      uint32_t year)
{
    return model->year_start[year] + model->days[season][year][lots_synth_next(random) >> 53];
}
/* The day, or the next workday after it. Within 400 days of the period. */
static inline lots_day lots_synth_workday(const lots_synth_model *model, lots_day day)
{
    return day + model->to_workday[day - model->first];
}
static inline int32_t lots_synth_age(const lots_synth_person *person, lots_day day)
{
    return (int32_t)((double)(day - person->birth) / 365.2425);
}
const lots_synth_municipality *lots_synth_place_at(const lots_synth_person *person, lots_day day);
uint16_t lots_synth_clinic_at(const lots_synth_person *person, lots_day day);
const lots_synth_hospital *lots_synth_hospital_at(const lots_synth_person *person, lots_day day);
/* Whether the condition has begun by the day. */
static inline bool lots_synth_is_ill(const lots_synth_person *person, uint32_t condition, lots_day day)
{
    return person->onset[condition] <= day;
}
uint32_t lots_synth_ill_count(const lots_synth_person *person, lots_day day);
/* A code of a condition: mostly its first; 0 when it is never written of this patient. */
uint16_t lots_synth_code_of(const lots_synth_person *person, lots_synth_random *random, uint32_t condition);
/* Add a code to a contact's diagnoses unless it is there, or 0. */
void lots_synth_diagnose(lots_synth_contact *contact, uint16_t code);
/* Other diseases of the patient beside the main one. */
void lots_synth_diagnose_others(lots_synth_person *person, lots_synth_random *random, lots_synth_contact *contact,
                                uint32_t most, double share);
/* A number of the unit's staff; half of the time the same of them for the same patient. */
uint32_t lots_synth_staff(const lots_synth_person *person, lots_synth_random *random, uint32_t unit);
/* Index of the condition by the beginning of its first code. */
uint32_t lots_synth_condition_find(const lots_synth_model *model, const char *code);

void lots_synth_live(lots_synth_person *person);
void lots_synth_care(lots_synth_person *person);
void lots_synth_go_to_hospital(lots_synth_person *person);
void lots_synth_municipal_plan(lots_synth_person *person); /* before going to hospital: who has help already */
void lots_synth_municipal_care(lots_synth_person *person);
void lots_synth_supply(lots_synth_person *person);
void lots_synth_finish(lots_synth_person *person);         /* order, keys, messiness */
void lots_synth_reserve(lots_synth_person *person);        /* a reserve number: some acute visits, joined later */

#endif
