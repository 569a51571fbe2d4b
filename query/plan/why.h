/* why.h: one person walked through a question: for each stage whether the person's rows passed, what was derived, what each part
 * of a condition was (operands of and, or, not: true, false or missing) and the events that decided: the elements of its event
 * sets. Ranks are among all rows, as in the question itself; where nothing ranks, only the person's chunk is run. At `group by`
 * it ends: which groups the rows fall into.
 *
 * It is a list about a person: the caller asks for a purpose and writes the audit log (lots_disclosure_record).
 * Callers: query/cli/command_why.c, tests. */
#ifndef LOTS_PLAN_WHY_H
#define LOTS_PLAN_WHY_H

#include "query/plan/outline.h"

enum { LOTS_WHY_ROWS = 20, LOTS_WHY_EVENTS = 10 }; /* shown of a stage, and of an event set */

/* The registry-wide number of a person. Errors: LOTS_USAGE when nobody has the id; LOTS_IO for a research copy, which has no
 * identities; LOTS_CORRUPT. */
LOTS_MUST lots_status lots_why_find(lots_registry *registry, const char *id, lots_patient *out, lots_error *err);

/* The lines. The outline is new, to be freed by the caller, also on failure. *rows: of the answer that are the person's (of
 * an answer in groups: rows that enter them).
 * Errors: LOTS_REFUSED for a protected or no-contact person, for a question that looks at a stream which may not be used to
 * name a person, and for one about no persons; those of lots_run_pipeline. */
LOTS_MUST lots_status lots_why_make(const lots_query *query, const lots_bound_pipeline *pipeline,
                                    const lots_run_options *options, lots_patient patient, lots_outline *out,
                                    uint64_t *rows, lots_error *err);

#endif
