/* population.h: a registry as a C programmer would lay it out for loops by hand: a plain array a column, nothing compressed, all of
 * it in memory, each stream in the total order patient by patient.
 *
 * Invariants: 1. events e of patient p are stream.first[p] .. stream.first[p+1]-1. 2. diagnoses of contact e are
 * dx[dx_first[e]] .. dx[dx_first[e+1]-1]. 3. codes are numbered in sorted order, so a prefix is an interval of numbers.
 * Callers: the loops, by_hand.c, tests/bench. */
#ifndef LOTS_BENCH_POPULATION_H
#define LOTS_BENCH_POPULATION_H

#include "core/store/registry.h"

enum level { LEVEL_OTHER, LEVEL_EMERGENCY, LEVEL_INPATIENT, LEVEL_MUNICIPAL, LEVEL_PRIMARY, LEVEL_SPECIALIST, LEVELS };
enum { STATUS_DONE = 1, FORM_VISIT = 1, SERVICE_HOME_CARE = 1 };
enum { MONTHS_MAX = 480 };
#define DAY_NONE INT32_MAX /* not dead; still going on */

typedef struct contact_arrays {
    uint64_t *first; /* patients + 1 */
    int32_t *start, *end; /* end: DAY_NONE while the stay goes on */
    uint8_t *level, *status, *form, *acute, *ghost;
    uint32_t *provider; /* 0: missing */
    uint32_t *cost;     /* hundredths */
    uint64_t *dx_first; /* contacts + 1 */
    uint16_t *dx;
} contact_arrays;

typedef struct population {
    uint32_t patients;
    uint64_t contacts_count, services_count, dx_count;
    int32_t *birth, *death; /* every birth is known */
    uint8_t *sex;           /* 0 female, 1 male */
    contact_arrays contacts;
    uint64_t *service_first;
    int32_t *service_start;
    uint8_t *service_kind;
    const lots_dictionary *codes; /* lent by the registry */
    lots_ranks code_ranks;        /* of the system icd10; a dx is a rank less the first */
    uint64_t *chronic;            /* of each code: a bit for each chronic group */
    int32_t until;                /* the last covered day */
    int32_t day_low;              /* of all contacts */
    uint16_t *month_of;           /* of day_low + i: months since the month of day_low */
    uint32_t month_count, month_low; /* month_low: year x 12 + month - 1 */
    uint32_t contacts_max;        /* of one patient */
} population;

/* Errors: LOTS_USAGE for a registry without the streams and columns that the loops read, LOTS_MEMORY, LOTS_CORRUPT, LOTS_IO.
 * The registry must stay open. `classification`: the file of chronic groups. */
LOTS_MUST lots_status population_load(population *out, lots_registry *registry, const char *classification, lots_error *err);
void population_free(population *p);
/* The codes below a prefix, as numbers of dx: [first, end). */
lots_ranks population_codes(const population *p, const char *low, const char *high);

#endif
