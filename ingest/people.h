/* people.h: several rows about one patient → the one row that `patients` has. Each column is settled by itself:
 *   1. of the deliveries that give it a value, the latest;
 *   2. within a delivery, the value given most often (a person's sex stands in many records, wrong in few);
 *   3. of equally frequent ones, the smallest (by value; texts, codes and categories by their bytes).
 * So the outcome depends on no order of rows. Patients without a row get one of missing values.
 * Callers: load_settle.c. */
#ifndef LOTS_PEOPLE_H
#define LOTS_PEOPLE_H

#include "core/store/batch.h"

typedef struct lots_people_input {
    const lots_batch *rows;                /* of patients first .. first + count - 1, in any order */
    const uint32_t *delivery;              /* by row; 0: what was there before */
    const lots_dictionary *codes;
    const lots_dictionary *const *domains; /* by column */
    lots_patient first;
    uint32_t count;
} lots_people_input;

typedef struct lots_people_counts {
    uint64_t duplicates;           /* rows of this load beyond the first of their patient */
    uint64_t conflicts;            /* of these, not saying what the outcome says */
    uint64_t added, changed, same; /* patients of this load's rows against what was there */
} lots_people_counts;

/* *out (opened by the callee) has one row a patient, in order. Errors: LOTS_MEMORY. Cost: O(rows log rows). */
LOTS_MUST lots_status lots_people_merge(const lots_people_input *input, lots_batch *out, lots_people_counts *counts,
                                        lots_error *err);

#endif
