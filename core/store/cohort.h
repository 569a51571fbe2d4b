/* cohort.h: saved cohorts: named sets of patients in the catalog, each with the question that means it.
 *
 * What a cohort is, is its text; the set kept beside it is that of the generation it was saved on. Whoever uses a cohort
 * computes it from the text, unless generation, content, definition and program are those it was saved with: then the kept
 * set is the same. The exact count stays in here: what is shown of it is subject to disclosure rules.
 *
 * A cohort belongs to the registry, not to a generation: it may be saved while another process writes, and stays when its
 * generation goes. Invariants: names are unique; the seal of all cohorts is in the catalog's `current`.
 * Callers: query/lang (to bind names), query/exec (kept sets), query/cli (to save, list and drop). Threads: any. */
#ifndef LOTS_COHORT_H
#define LOTS_COHORT_H

#include "core/store/registry.h"

typedef struct lots_cohort {
    const char *name;
    const char *text;       /* the question, complete in itself: the lets and params it needs stand in it */
    const char *parameters; /* for people: name=value, a line each */
    const char *version;    /* LOTS_VERSION that computed the set: its library and classifications */
    const char *time;       /* 2024-05-31T09:30:00Z */
    const char *user;       /* login name */
    uint64_t generation;    /* of which `patients` and `count` are */
    uint64_t content;       /* lots_registry_hash of it */
    uint64_t definition;    /* hash of the text and of the cohorts it is made of */
    uint64_t patients;      /* of the generation: bits in the set */
    uint64_t count;         /* of the set */
    uint64_t bits_hash;     /* XXH3 of the set as stored */
} lots_cohort;

typedef struct lots_cohort_list {
    lots_arena arena;  /* owns the texts */
    lots_vec cohorts;  /* lots_cohort, by name */
} lots_cohort_list;
void lots_cohort_list_free(lots_cohort_list *list);
/* NULL when there is none of that name. */
const lots_cohort *lots_cohort_find(const lots_cohort_list *list, const char *name, size_t bytes);

/* All cohorts there are now. Errors: LOTS_IO, LOTS_CORRUPT when they aren't as they were saved, LOTS_LOCKED, LOTS_MEMORY;
 * nothing is to be freed then. */
LOTS_MUST lots_status lots_cohort_list_read(const char *path, lots_cohort_list *out, lots_error *err);
/* The same of an open registry: that there are none is remembered until the catalog changes, since every question asks. */
LOTS_MUST lots_status lots_registry_cohorts(lots_registry *registry, lots_cohort_list *out, lots_error *err);
/* The kept set: bit p is patient p; lots_bit_words(cohort->patients) words from the arena. *found is false when the cohort
 * was replaced or dropped since the list was read. Errors: as above, LOTS_LIMIT of the arena. */
LOTS_MUST lots_status lots_cohort_bits(const char *path, const lots_cohort *cohort, lots_arena *arena, uint64_t **out,
                                       bool *found, lots_error *err);

/* Save a cohort, or replace the one of its name, and write a line of the audit log, all in one transaction of the catalog; it
 * waits for no writer of the registry. The line names no number: a log that everyone may read would tell what `min_cell`
 * hides.
 *   cohort   borrowed; version, time, user and bits_hash are filled in here
 *   bits     as many as cohort->patients, cohort->count of them set
 *   query, purpose   of the line, borrowed
 * Errors: LOTS_IO for a registry that can't be written, LOTS_CORRUPT, LOTS_LOCKED, LOTS_MEMORY. */
LOTS_MUST lots_status lots_cohort_save(const char *path, const lots_cohort *cohort, const uint64_t *bits,
                                       const char *query, const char *purpose, lots_error *err);
/* Drop a cohort, with a line of the audit log. Errors: as lots_cohort_save, LOTS_USAGE when there is none of that name. */
LOTS_MUST lots_status lots_cohort_drop(const char *path, const char *name, lots_error *err);

#endif
