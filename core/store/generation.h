/* generation.h: everything one generation of a registry means, as plain data between the catalog (which keeps it in
 * SQLite), the registry (which opens it) and its writer (which makes the next).
 *
 * The *seal* is XXH3 over a canonical serialisation of all of it. SQLite's pages have no checksums; the seal is what
 * makes a damaged catalog known before any of it is believed. Callers: core/store. Threads: read-only once read. */
#ifndef LOTS_GENERATION_H
#define LOTS_GENERATION_H

#include "core/base/arena.h"
#include "core/base/bytes.h"
#include "core/base/vec.h"
#include "core/store/registry.h"

/* Events of one stream in one segment. */
typedef struct lots_stream_events {
    const char *stream;
    uint64_t events;
} lots_stream_events;

typedef struct lots_segment_facts {
    lots_manifest_entry entry;
    lots_stream_events *streams; /* those with events, sorted by name */
    uint32_t stream_count;
} lots_segment_facts;

/* A dictionary or table file. Dictionaries: the first is that of codes, the others are domains by name. */
typedef struct lots_file_facts {
    const char *name;
    uint64_t number;
    uint64_t bytes, hash; /* of the whole file */
} lots_file_facts;

typedef struct lots_setting {
    const char *key, *value;
} lots_setting;

typedef struct lots_generation {
    uint64_t id;
    uint64_t parent;      /* 0: none */
    uint64_t hash;        /* of the content (registry.h) */
    uint64_t next_number; /* the first number never given to a file */
    uint32_t format;      /* LOTS_FORMAT_VERSION of the writer */
    const char *version;  /* LOTS_VERSION of the writer */
    const uint8_t *schema;
    size_t schema_bytes;
    lots_vec segments;     /* lots_segment_facts, in patient order */
    lots_vec dictionaries; /* lots_file_facts */
    lots_vec tables;       /* lots_file_facts, as the schema's tables */
    lots_vec coverage;     /* lots_coverage */
    lots_vec settings;     /* lots_setting, sorted by key */
    lots_vec log;          /* lots_ingest_entry; texts in the arena */
    lots_arena arena;      /* every text */
} lots_generation;

/* What the dictionary of codes is called among the files. */
#define LOTS_GENERATION_CODES "codes"

void lots_generation_init(lots_generation *generation);
void lots_generation_free(lots_generation *generation);
/* Errors: LOTS_MEMORY. Cost: O(all of it). */
LOTS_MUST lots_status lots_generation_seal(const lots_generation *generation, uint64_t *out, lots_error *err);
/* NULL when unset. */
const char *lots_generation_setting(const lots_generation *generation, const char *key);
/* NULL when the generation doesn't name it. */
const lots_segment_facts *lots_generation_segment(const lots_generation *generation, uint64_t id);

#endif
