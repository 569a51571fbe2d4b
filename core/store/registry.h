/* registry.h: a registry on disk, opened for reading at one generation, or for writing the next one.
 *
 * A registry NAME.lots is a directory:
 *   catalog.sqlite        schema, manifests by generation, coverage, settings, logs: the one place that says what counts
 *   segments/N.seg        immutable, N the segment's number
 *   identities/N.ids      (may be elsewhere: setting `identities`)
 *   dictionaries/N-NAME   immutable dictionary images
 *   tables/N-NAME         immutable tables
 *   readers/N             empty; held by readers of generation N
 *   lock                  held by the one writer
 *
 * Life of a write: begin (lock, leftovers of dead writers removed) -> files written -> publish (all of them and their
 * folders synced, then one SQLite transaction makes the generation current) -> close (generations not current, pinned or held are
 * removed at the NEXT begin). Killed at any instant the registry is the old or the new one.
 * A reader keeps the generation it opened: it maps its files at open, or holds them through a shared lock. */
#ifndef LOTS_REGISTRY_H
#define LOTS_REGISTRY_H

#include "core/base/arena.h"
#include "core/base/pool.h"
#include "core/base/vec.h"
#include "core/store/identity.h"
#include "core/store/schema.h"
#include "core/store/segment.h"
#include "core/store/segment_writer.h"

typedef struct lots_registry lots_registry;

typedef struct lots_coverage {
    char stream[LOTS_NAME_MAX + 1];
    char unit[256];              /* empty: the whole stream */
    lots_day from, until;        /* inclusive; from LOTS_DAY_MAX: nothing dated */
    lots_day complete_until;     /* later days are still being filled in */
    lots_day extract;            /* LOTS_DAY_MIN: unknown */
    bool declared;               /* by the mapping; else seen in the data */
} lots_coverage;

/* One byte in so many of the machine's memory, or beside the limit that a question is given, may hold what is kept decoded for the next. */
enum { LOTS_KEPT_SHARE = 16 };

typedef struct lots_registry_options {
    uint64_t generation;     /* 0: the current one; else that one, if still there (pinned) */
    const char *identities;  /* another folder of identity files; NULL: the catalog's setting */
    size_t kept_bytes;       /* what may be kept decoded from one question to the next, and a quarter as much by day; 0: one in
                              * LOTS_KEPT_SHARE of the machine's memory */
} lots_registry_options;

/* Errors: LOTS_IO when there is no registry at the path (saying what a registry is), LOTS_USAGE when it has no such
 * generation, LOTS_CORRUPT, LOTS_LOCKED when a writer keeps the catalog locked for half a minute, LOTS_MEMORY.
 * Cost: reads the catalog and dictionaries; segments are opened when first asked for. */
LOTS_MUST lots_status lots_registry_open(lots_registry **out, const char *path, const lots_registry_options *options,
                                         lots_error *err);
void lots_registry_close(lots_registry *registry);

const char *lots_registry_path(const lots_registry *registry);
uint64_t lots_registry_generation(const lots_registry *registry);
uint32_t lots_registry_format(const lots_registry *registry); /* of whoever wrote the generation */
/* A hash of the content of the generation: schema, dictionaries, rows. Independent of segment numbers and input order. */
uint64_t lots_registry_hash(const lots_registry *registry);
const lots_schema *lots_registry_schema(const lots_registry *registry);
uint32_t lots_registry_patients(const lots_registry *registry);
uint64_t lots_registry_events(const lots_registry *registry, uint32_t stream);
uint32_t lots_registry_segments(const lots_registry *registry);
/* Registry-wide number of the segment's first patient. */
lots_patient lots_registry_segment_first(const lots_registry *registry, uint32_t index);
/* Was it lent before? Threads: safe. */
bool lots_registry_segment_is_open(lots_registry *registry, uint32_t index);
/* Open (once) and lend a segment. Threads: safe. Errors: LOTS_IO, LOTS_CORRUPT. */
LOTS_MUST lots_status lots_registry_segment(lots_registry *registry, uint32_t index, lots_segment **out,
                                            lots_error *err);
/* The identity file of a segment, opened by the caller's wish and closed by it.
 * Errors: LOTS_IO saying the registry is a research copy when there is none. */
LOTS_MUST lots_status lots_registry_identity(lots_registry *registry, uint32_t index, lots_identity **out,
                                             lots_error *err);
const lots_dictionary *lots_registry_codes(const lots_registry *registry);
/* NULL when there is no such domain. */
const lots_dictionary *lots_registry_domain(const lots_registry *registry, const char *domain);
/* Coverage of a stream as a whole; NULL for undated streams and patients. */
const lots_coverage *lots_registry_coverage(const lots_registry *registry, uint32_t stream);
uint32_t lots_registry_coverage_count(const lots_registry *registry);
const lots_coverage *lots_registry_coverage_at(const lots_registry *registry, uint32_t index);
/* The span all dated streams' coverage spans: earliest from, latest until. False when nothing is dated.
 * `until` is the language's "today": a declared one wins over what the data show. */
bool lots_registry_span(const lots_registry *registry, lots_day *from, lots_day *until);
/* A table's rows (stable ids already turned into ranks); lent. Read at first use. */
LOTS_MUST lots_status lots_registry_table(lots_registry *registry, uint32_t table, const lots_batch **out,
                                          lots_error *err);
/* A setting (min_cell, until, …); NULL when unset. */
const char *lots_registry_setting(const lots_registry *registry, const char *key);

/* One line per ingest, newest last: for lots info. */
typedef struct lots_ingest_entry {
    uint64_t generation;
    char *source;     /* layout or mapping, files with sizes and hashes: one text, lines */
    char *stream;
    uint64_t rows, loaded, rejected, duplicates, conflicts, identical;
} lots_ingest_entry;
LOTS_MUST lots_status lots_registry_ingest_log(lots_registry *registry, lots_ingest_entry **out, size_t *count,
                                               lots_error *err);
void lots_ingest_log_free(lots_ingest_entry *entries, size_t count);

/* ---- writing ---- */
typedef struct lots_registry_writer lots_registry_writer;

/* Create the registry if absent. Takes the lock. Errors: LOTS_LOCKED naming the holder; LOTS_USAGE when the path exists
 * and is no registry, or `create_only` and it exists. *base is the current generation opened for reading (NULL for a new
 * registry), lent until the writer closes. */
LOTS_MUST lots_status lots_registry_begin(lots_registry_writer **out, const char *path, bool create_only,
                                          lots_registry **base, lots_error *err);
/* A fresh segment number and the paths to write to; lots_free both. Threads: safe. */
LOTS_MUST lots_status lots_registry_new_segment(lots_registry_writer *writer, uint64_t *id, char **segment_path,
                                                char **identity_path, lots_error *err);

typedef struct lots_manifest_entry {
    uint64_t id;
    uint32_t patients;
    uint64_t events, bytes, hash;
} lots_manifest_entry;

typedef struct lots_generation_input {
    const lots_schema *schema;
    const lots_dictionary *codes;
    const lots_dictionary *const *domains;
    const char *const *domain_names;
    uint32_t domain_count;
    const lots_manifest_entry *segments; /* in patient order; kept segments of the base by their number */
    uint32_t segment_count;
    const lots_coverage *coverage;
    uint32_t coverage_count;
    const lots_batch *const *tables;     /* schema->table_count, stable ids */
    const lots_ingest_entry *log;        /* new entries; those of the base stay. `generation` is filled in */
    size_t log_count;
    const char *const *setting_keys;     /* settings to set; values beside, NULL: to unset. The base's others stay */
    const char *const *setting_values;
    size_t setting_count;
    lots_pool *pool;                     /* files are synced on its threads; NULL: by the caller's */
} lots_generation_input;
/* Write dictionaries and tables (those that are as the base has them are kept), sync everything, publish in one
 * transaction. After LOTS_OK readers see it. Once for each begin. New segments are opened and compared with the manifest.
 * Errors: LOTS_IO, LOTS_USAGE (schema, coverage, settings), LOTS_INTERNAL (manifest or dictionaries that don't fit);
 * nothing is published then, and it may be tried again. */
LOTS_MUST lots_status lots_registry_publish(lots_registry_writer *writer, const lots_generation_input *input,
                                            uint64_t *generation, lots_error *err);
/* Release the lock. Unpublished files are removed. */
void lots_registry_end(lots_registry_writer *writer);

/* For a registry not yet published: identity files go to this folder (an absolute path), which must be this registry's
 * alone, and the setting `identities` says so. Before the first lots_registry_new_segment. Of a published registry it may
 * only be the folder that they are in. Errors: LOTS_USAGE for another, LOTS_IO. */
LOTS_MUST lots_status lots_registry_place_identities(lots_registry_writer *writer, const char *folder, lots_error *err);

/* Keep a generation under a name, or drop the name (generation 0). Errors: LOTS_USAGE when there is no such generation or
 * pin, or the name keeps another generation; LOTS_LOCKED. */
LOTS_MUST lots_status lots_registry_pin(const char *path, const char *name, uint64_t generation, lots_error *err);

typedef struct lots_pin {
    char name[LOTS_NAME_MAX + 1];
    uint64_t generation;
} lots_pin;
/* All pins by name; lots_free the array. */
LOTS_MUST lots_status lots_registry_pins(const char *path, lots_pin **out, size_t *count, lots_error *err);

/* ---- the audit log: every result that listed persons, events or episodes row by row ---- */
typedef struct lots_audit_entry {
    const char *time;    /* 2024-05-31T09:30:00Z */
    const char *user;    /* login name */
    const char *query, *purpose;
    uint64_t generation;
    uint64_t rows;       /* of the result */
} lots_audit_entry;
/* Add a line about now and the user of this process, in one transaction of the catalog; it waits for no writer of the
 * registry. All texts borrowed. Errors: LOTS_IO for a registry that can't be written, LOTS_LOCKED when the catalog is kept
 * locked for half a minute, LOTS_CORRUPT. */
LOTS_MUST lots_status lots_registry_audit(const char *path, const char *query, const char *purpose, uint64_t generation,
                                          uint64_t rows, lots_error *err);

typedef struct lots_audit_log {
    lots_arena arena; /* owns the texts */
    lots_vec entries; /* lots_audit_entry, oldest first */
} lots_audit_log;
LOTS_MUST lots_status lots_registry_audit_log(const char *path, lots_audit_log *out, lots_error *err);
void lots_audit_log_free(lots_audit_log *log);

#endif
