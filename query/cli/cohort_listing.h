/* cohort_listing.h: the saved cohorts as a table, numbers as the disclosure rules have them: for `lots cohort` and
 * `lots info`. */
#ifndef LOTS_CLI_COHORT_LISTING_H
#define LOTS_CLI_COHORT_LISTING_H

#include "core/store/cohort.h"
#include "query/exec/run.h"

/* By name: cohort, patients, generation; `whole`: then time, user and text (`lines`: as it is; else on one line, which
 * means the same). To be freed with lots_result_free; texts
 * are borrowed from the list. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_cohort_listing(const lots_cohort_list *list, bool whole, bool lines, uint32_t min_cell,
                                          lots_result *out, lots_error *err);

#endif
