/* intern.h: names → numbers while loading. Each worker interns patients' ids, codes and categories in an interner of its
 * own, without waiting for others; when all is read, their union is sorted, and every local number gets its final one:
 * patients by the byte order of their ids, codes and categories the stable ids of the registry's dictionaries. So the
 * numbers never depend on which worker read what.
 * Memory: all distinct ids and codes are held, spilled or not. Callers: convert.c, load*.c. */
#ifndef LOTS_INTERN_H
#define LOTS_INTERN_H

#include "core/base/bytes.h"
#include "core/base/vec.h"
#include "core/index/art.h"
#include "core/index/codes.h"
#include "core/store/registry.h"

enum {
    LOTS_PERSON_KNOWN = 1,  /* a patient file names the id */
    LOTS_PERSON_PRESENT = 2 /* an event does */
};

typedef struct lots_interner {
    lots_art *ids;
    lots_vec keys;  /* by local number: lots_intern_key */
    lots_vec marks; /* uint8_t: LOTS_PERSON_ bits */
    lots_vec rows;  /* uint32_t: rows of streams, to plan buckets by */
    lots_dictionary_builder *codes;
    lots_dictionary_builder **domains;
    uint32_t domain_count;
    uint32_t last;  /* the patient asked for last: files mostly have a patient's rows together */
} lots_interner;

typedef struct lots_intern_key {
    const uint8_t *text; /* lent by the tree */
    uint32_t bytes;
} lots_intern_key;

/* `domains`: one dictionary for each of the registry's domains, whose number the caller keeps. */
LOTS_MUST lots_status lots_interner_open(lots_interner *out, uint32_t domains, lots_error *err);
void lots_interner_close(lots_interner *interner);
/* The local number of a patient. */
LOTS_MUST lots_status lots_interner_patient(lots_interner *interner, const char *id, size_t bytes, uint32_t *out,
                                            lots_error *err);

/* The union of interners. */
typedef struct lots_numbering {
    uint32_t patients;
    lots_bytes ids;             /* texts one after the other, in order */
    lots_vec id_ends;           /* uint64_t, patients + 1, the first 0 */
    lots_vec base;              /* uint32_t: number in the base → number */
    lots_vec *people;           /* by interner: uint32_t by local number, LOTS_NO_PATIENT when the patient isn't taken */
    uint32_t interner_count;
    uint64_t from_events;       /* patients that only events name, and the base hasn't */
    lots_dictionary *codes;
    lots_dictionary **domains;
    uint32_t domain_count;
    lots_vec *ids_of;           /* by interner × (1 + domains): lots_id by local id; codes first */
} lots_numbering;

typedef struct lots_numbering_options {
    const lots_registry *base;       /* may be NULL; its ids were read into base_ids */
    const lots_bytes *base_ids;
    const uint64_t *base_ends;       /* base patients + 1 */
    uint32_t base_patients;
    const char *const *domain_names;
    bool unknown_refused;            /* take only patients that a patient file or the base names */
} lots_numbering_options;

LOTS_MUST lots_status lots_numbering_make(lots_numbering *out, const lots_interner *interners, uint32_t count,
                                          const lots_numbering_options *options, lots_error *err);
void lots_numbering_free(lots_numbering *numbering);
/* The map of an interner's ids: domain UINT32_MAX for codes. */
const lots_vec *lots_numbering_map(const lots_numbering *numbering, uint32_t interner, uint32_t domain);

#endif
