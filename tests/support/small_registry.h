/* small_registry.h: a registry of few rows for the tests of queries, and the same rows as tables of an SQLite database in
 * memory, so that a question can be asked twice: of Lots, and in SQL.
 *
 * Rows are put into the tables with SQL (or by chance, from a seed); publish() reads the tables, makes a registry of
 * several segments of them through core/store, and completes the tables with what the store derives. Days are numbers
 * from 1970-01-01; money is in hundredths.
 *
 *   patients   p, birth, sex, death, score, income          p 0.. is the patient's number, its id "p0000", after 9,999 "q00010000"
 *   contacts   p, start, minute, "end", id, level, unit, provider, form, status, acute, cost, weight, dx, note
 *              dx: 'I50 E119 icd9:250', in order; level inpatient may be open, all others are points
 *   drugs      p, start, atc, packs                         points, without record key
 *   services   p, start, "end", service                     open spans, as the next two
 *   residence  p, start, "end", municipality, region
 *   listing    p, start, "end", clinic
 *   labs       p, start, test, value                        points
 *   notes      p, id, kind, points                          undated
 *   units      unit, region, beds                           tables: keyed by unit, and
 *   posts      unit, opened, closed, chief, area, heir       … holding from opened to closed
 *   fees       year, level, fee, weight, day, free, text, atc  … without a key
 *   days       x                                            SQL only: every day from 2019 to 2024
 * Derived, after publish: contacts.ord (place in the patient's total order; in services, residence, listing, drugs and
 * labs too), .ghost, .span_end (the day its span ends), ."end" of points; code(id, pos, system, code) of contacts.dx.
 * SQL functions: d('2023-01-31') the day, addm(day, months) by the language's rule, years(a, b), months(a, b), dow(day),
 * year(day), month(day), mday(day), firstday(year, month), quant(x, p) over rows. */
#ifndef LOTS_SMALL_REGISTRY_H
#define LOTS_SMALL_REGISTRY_H

#include <sqlite3.h>

#include "core/base/day.h"
#include "core/store/registry.h"
#include "tests/support/lots_test.h"

#define SMALL_DOMAINS 16

typedef struct small_registry {
    char directory[512], path[600];
    sqlite3 *sql;
    lots_schema schema;
    lots_dictionary *codes;
    lots_dictionary *domains[SMALL_DOMAINS];
    lots_registry *registry;
    int32_t from, until; /* coverage: 2020-01-01..2023-12-31 */
    uint32_t chunk_patients; /* in a chunk, once it is published; 0: as many as fit */
    bool many_drugs;         /* small_random: so many that who has which is kept beside their codes */
} small_registry;

void small_open(small_registry *r);
void small_close(small_registry *r);
/* Run SQL on the tables. Fails the test when SQLite does. */
void small_exec(small_registry *r, const char *sql);
/* A patient without anything else. */
void small_patient(small_registry *r, const char *birth, const char *sex, const char *death);
/* A contact of patient p; end, provider and dx may be NULL. Status is done, form visit. */
void small_contact(small_registry *r, int p, const char *start, const char *end, const char *level, const char *provider,
                   const char *dx);
/* Rows by chance: ties, days of many events, month ends and leap days, missing values, patients without events. */
void small_random(small_registry *r, uint64_t seed, int patients);
/* Make the registry, segments of so many patients, and open it. */
void small_publish(small_registry *r, uint32_t segment_patients);
/* Open it again so that nothing is kept decoded from one question to the next. */
void small_keep_nothing(small_registry *r);

#endif
