/* load.h: the one entry to loading: files + a mapping → the next generation of a registry.
 * The idea: parse on all processors, number the patients by their ids, bring each range of patients together, settle it
 * into the one total order, write its segments, publish in one step. The result depends on the rows, the mapping and the
 * declared order of deliveries, never on the order of rows, the number of threads or the memory given.
 * Nothing is dropped silently: for every stream
 *     rows = loaded + rejected + duplicates + filtered
 * where filtered rows are those that the mapping leaves out by its own word: by `keep`, by `orphans = count`, by
 * `unknown_patient = count`. Checked before publishing.
 * Callers: the commands, tests, bench. */
#ifndef LOTS_LOAD_H
#define LOTS_LOAD_H

#include "core/base/status.h"

/* Called now and then from any worker, one call at a time. `bytes_all` is 0 when unknown (standard input). */
typedef void (*lots_load_progress)(void *context, uint64_t bytes_done, uint64_t bytes_all, uint64_t rows);

/* Zero is the default of each but `registry` and one of `format` and `map_path`. All borrowed. */
typedef struct lots_load_options {
    const char *registry;      /* NAME.lots; made when absent */
    const char *format;        /* a built-in layout: lots_load_formats */
    const char *map_path;      /* or a mapping file */
    const char *const *inputs; /* one directory, or files (`-` is standard input); none: the folder of map_path */
    size_t input_count;
    bool append;               /* add to the registry; without it an existing registry is LOTS_USAGE */
    size_t memory_bytes;       /* what may be held before rows are spilled beside the registry; 0: 2 GiB */
    bool max_rejects_given;    /* else 0.001 */
    double max_rejects;        /* rejected rows / rows, 0..1 */
    unsigned threads;          /* 0: all processors */
    uint32_t segment_events;   /* where a segment closes; 0: LOTS_SEGMENT_EVENTS. For tests: it changes the bytes */
    lots_load_progress progress;
    void *progress_context;
    const char *identities;    /* the folder of a new registry's identity files; NULL: inside it, or where they are */
    const char *rejects_path;  /* NULL: REGISTRY.rejects.csv beside the registry; written only when there are rejects */
    const _Atomic bool *stop;  /* may be NULL; turns true: LOTS_INTERRUPTED, nothing published */
    const struct lots_load_feed *feed; /* may be NULL; else where the streams come from (load_feed.h) */
} lots_load_options;

/* What became of the rows read for a stream (all its sources), a child of one, a table, or a code system. */
typedef struct lots_load_counts {
    char *stream;              /* "patients", a stream, a table, a code system; for a child its parent stream */
    char *child;               /* the child's name in the mapping; "labels" or "hierarchy" of a system; else "" */
    uint64_t files;
    uint64_t rows, loaded, rejected, duplicates, filtered;
    uint64_t conflicts;        /* of the duplicates: same key, other content */
    uint64_t identical;        /* of the loaded: no key, but the same content as another */
    uint64_t unattached;       /* of the rejected or filtered: child rows whose parent record isn't there */
    uint64_t unknown_patient;  /* of the rejected or filtered */
    uint64_t sentinels;        /* fields whose text was declared to mean missing */
    uint64_t unmapped;         /* fields whose text no value map knows, kept as they are or set to `other` */
    uint64_t wrong_check_digit; /* personnummer, where the mapping keeps them */
    uint64_t off_form;         /* codes that aren't of their system's form; loaded all the same */
    uint64_t imprecise;        /* dates of a month or a year, filled in */
} lots_load_counts;

/* What became of a stream as a whole. */
typedef struct lots_load_stream {
    char *name;
    uint64_t events;                  /* in the generation published */
    uint64_t added, changed, same;    /* this load's rows against what was there */
    uint64_t ghosts;
    uint64_t before_birth, after_death; /* events; loaded all the same */
    uint64_t undated;                 /* events of a dated stream without a start */
} lots_load_stream;

typedef struct lots_load_file {
    char *path;
    uint64_t bytes, hash;      /* XXH3 of the file as it lies there; 0, 0 for standard input */
    uint64_t rows;             /* records, for one reading */
    char separator;            /* 0 for SQLite */
    bool separator_found;      /* rather than declared */
} lots_load_file;

typedef struct lots_load_reject {
    char *file, *column, *value, *reason; /* column and value may be empty */
    uint64_t line;
} lots_load_reject;

#define LOTS_LOAD_REJECTS_SHOWN 20u      /* in the result */
#define LOTS_LOAD_REJECTS_MAX 100000u    /* in the CSV; the rest is only counted */

typedef struct lots_load_result {
    lots_load_counts *counts;
    size_t count_count;
    lots_load_stream *streams;
    size_t stream_count;
    lots_load_file *files;
    size_t file_count;
    lots_load_reject *rejects; /* the first in file and line order */
    size_t reject_count;
    uint64_t rows, loaded, rejected, duplicates, filtered; /* of all sources */
    uint64_t patients;             /* in the generation published */
    uint64_t patients_from_events; /* that no patient file names */
    uint64_t generation;           /* 0: nothing was published */
    uint64_t segments, segments_kept;
    uint64_t bytes_read, bytes_written, bytes_spilled;
    char *rejects_path;            /* NULL: none were written */
} lots_load_result;

/* Load. *result is filled as far as it got, also after a failure, and always to be freed.
 * Errors: LOTS_USAGE for a mapping's mistake (with file:line) or inputs that don't fit it; LOTS_REJECTS over the limit
 * (nothing published; the rejects are in the file); LOTS_LOCKED; LOTS_IO; LOTS_MEMORY; LOTS_CORRUPT of the base;
 * LOTS_INTERRUPTED. */
LOTS_MUST lots_status lots_load_run(const lots_load_options *options, lots_load_result *result, lots_error *err);
void lots_load_result_free(lots_load_result *result);

/* The built-in layouts: name by index, NULL at the end; and the text of one (to copy and edit), NULL when unknown. */
const char *lots_load_formats(size_t index);
const char *lots_load_format_text(const char *name);

#endif
