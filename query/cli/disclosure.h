/* disclosure.h: what `lots query` may show and to whom it must say why: the purpose of a list of persons, the log of such
 * lists and of saved cohorts, the smallest cell. The rules themselves are in query/exec (reach.h, protect.h, evidence.h). */
#ifndef LOTS_CLI_DISCLOSURE_H
#define LOTS_CLI_DISCLOSURE_H

#include "query/lang/bound.h"

/* The smallest number of persons that a shown number may rest on: lots_protect_least. `wanted`
 * (NULL: not given) may raise it, never lower it. Errors: LOTS_USAGE for no number, LOTS_REFUSED for a lower one,
 * LOTS_CORRUPT for a setting that is no number. */
LOTS_MUST lots_status lots_disclosure_min_cell(const lots_registry *registry, const char *wanted, uint32_t *out,
                                               lots_error *err);

/* Does a question pick persons by their ids? Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_disclosure_by_id(const lots_query *query, const lots_bound_pipeline *pipeline, bool *out,
                                            lots_error *err);

/* Before anything is run: a pipeline whose rows no aggregate has reduced needs a purpose, and one that picks persons by id.
 * Errors: LOTS_REFUSED, LOTS_MEMORY. */
LOTS_MUST lots_status lots_disclosure_check(const lots_query *query, const char *purpose, lots_error *err);

typedef struct lots_disclosure_entry {
    const char *text; /* of the query */
    size_t text_bytes;
    const char *const *param_names;
    const char *const *param_values;
    size_t param_count;
    const char *purpose;
} lots_disclosure_entry;

/* Before a list is written: one line in the audit log. Errors: LOTS_REFUSED when it can't be written, LOTS_LOCKED,
 * LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_disclosure_record(const lots_registry *registry, const lots_disclosure_entry *entry,
                                             uint64_t rows, lots_error *err);

/* Save a cohort that was counted, with a line in the audit log: its purpose is `cohort NAME saved`, and what was said of
 * one. Errors: LOTS_IO when the registry can't be written, LOTS_LOCKED, LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_disclosure_save_cohort(const lots_registry *registry, const lots_disclosure_entry *entry,
                                                  const lots_bound_cohort *cohort, lots_error *err);

#endif
