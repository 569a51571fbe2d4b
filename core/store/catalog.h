/* catalog.h: the one place that says what counts: which generations there are, which is current, which are pinned, and
 * what each means. An SQLite file, so that a person can look; the tables are in catalog_tables.c and FORMAT.md.
 *
 * Invariants
 *   1. a generation read is one whose seal fits (generation.h), and the current one is the one whose seal the row of
 *      `current` repeats: a row lost or changed by damage is LOTS_CORRUPT, never another answer.
 *   2. every change is one transaction. Each call opens, does its work and closes: nothing stays open.
 * Callers: the registry, its writer, check. Threads: any; between processes the writer's lock is the caller's affair. */
#ifndef LOTS_CATALOG_H
#define LOTS_CATALOG_H

#include "core/store/cohort.h"
#include "core/store/folder.h"
#include "core/store/generation.h"

/* `directory` is the registry's in every call. */

/* Errors of all reading: LOTS_IO, LOTS_CORRUPT, LOTS_LOCKED (a writer has been at it for half a minute), LOTS_MEMORY. */
/* LOTS_CORRUPT, with a hint, when the registry is of a format that this program doesn't read; nothing else is looked at. */
LOTS_MUST lots_status lots_catalog_version(const char *directory, lots_error *err);
LOTS_MUST lots_status lots_catalog_current(const char *directory, uint64_t *generation, lots_error *err);
/* Read a generation into `out`, which is initialised here and freed by the caller when *found. */
LOTS_MUST lots_status lots_catalog_read(const char *directory, uint64_t generation, lots_generation *out, bool *found,
                                        lots_error *err);
/* All generations there are (vec of uint64_t, rising) and pins (vec of lots_pin, by name); the caller's empty vecs. */
LOTS_MUST lots_status lots_catalog_kept(const char *directory, lots_vec *generations, lots_vec *pins,
                                        uint64_t *current, lots_error *err);
/* Numbers of the files that any generation names, rising (vecs of uint64_t, by lots_folder; identities are as segments;
 * readers: the generations). */
LOTS_MUST lots_status lots_catalog_numbers(const char *directory, lots_vec numbers[LOTS_FOLDER_COUNT],
                                           lots_error *err);

/* Make the catalog of a new registry with its first generation: a file of another name, renamed when it is complete. */
LOTS_MUST lots_status lots_catalog_create(const char *directory, const lots_generation *first,
                                          const lots_schema *schema, lots_error *err);
/* Add a generation and make it current. Its segments numbered `first_new` and up are new. */
LOTS_MUST lots_status lots_catalog_publish(const char *directory, const lots_generation *next,
                                           const lots_schema *schema, uint64_t first_new, lots_error *err);
/* Remove generations (neither current nor pinned) and the segments that no other names. Files stay. */
LOTS_MUST lots_status lots_catalog_forget(const char *directory, const uint64_t *generations, size_t count,
                                          lots_error *err);
/* As lots_registry_pin, without its lock. */
LOTS_MUST lots_status lots_catalog_pin(const char *directory, const char *name, uint64_t generation, lots_error *err);
/* Add a line to the log of queries; read all lines into the caller's empty log. */
LOTS_MUST lots_status lots_catalog_audit(const char *directory, const lots_audit_entry *entry, lots_error *err);
LOTS_MUST lots_status lots_catalog_audit_log(const char *directory, lots_audit_log *out, lots_error *err);
/* Saved cohorts into the caller's empty list; one's set as it is stored (NULL when it was replaced or dropped since). */
LOTS_MUST lots_status lots_catalog_cohorts(const char *directory, lots_cohort_list *out, lots_error *err);
/* A number, not 0, that is another after every change of the catalog; costs no more than looking at a file. False when it can't be
 * told, or a change may be under way. */
bool lots_catalog_stamp(const char *directory, uint64_t *stamp);
LOTS_MUST lots_status lots_catalog_cohort_set(const char *directory, const lots_cohort *cohort, lots_arena *arena,
                                              const uint8_t **out, size_t *bytes, lots_error *err);
/* Save or replace a cohort whose stored set this is (hashed in cohort->bits_hash), or drop one, with a line of the audit
 * log. Errors of dropping: LOTS_USAGE when there is none of that name; the line is about its text. */
LOTS_MUST lots_status lots_catalog_save_cohort(const char *directory, const lots_cohort *cohort, const lots_bytes *set,
                                               const lots_audit_entry *entry, lots_error *err);
LOTS_MUST lots_status lots_catalog_drop_cohort(const char *directory, const char *name, lots_audit_entry *entry,
                                               lots_error *err);

/* SQLite's own check of its pages, the seals of the audit log and of the cohorts, and the cohorts' sets. `report` gets a
 * sentence for each fault. Cost: reads the whole file. */
typedef void (*lots_catalog_report)(void *context, const char *what);
LOTS_MUST lots_status lots_catalog_check(const char *directory, lots_catalog_report report, void *context,
                                         lots_error *err);
/* Whoever wants to change the catalog begins so: LOTS_CORRUPT with the first fault of that check. A change to a damaged
 * SQLite file may spread the damage: free pages are not covered by any seal. */
LOTS_MUST lots_status lots_catalog_require_sound(const char *directory, lots_error *err);

#endif
