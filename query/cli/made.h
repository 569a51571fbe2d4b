/* made.h: gathers how a result was made: version, registry, coverage, sources, query with its parameters and includes, notes.
 * Nothing here depends on the clock, the machine or the threads, but `stamp`, which is put in only when asked for.
 * The names of the facts are read again by command_rerun.c. */
#ifndef LOTS_CLI_MADE_H
#define LOTS_CLI_MADE_H

#include "query/exec/run.h"
#include "query/out/output.h"
#include "query/out/provenance.h"

/* Everything borrowed. */
typedef struct lots_made {
    const char *registry_path; /* as it was given */
    lots_registry *registry;
    const lots_query *query;
    const lots_sources *sources;
    const char *text;
    size_t text_bytes;
    const char *file;          /* the query's; NULL: from the command line or standard input */
    const char *includes_from; /* the folder includes are relative to; NULL: the current one */
    const char *const *param_names;
    const char *const *param_values;
    uint32_t param_count;
    const lots_result *results;
    uint32_t result_count;
    uint32_t min_cell;  /* what rests on fewer persons is hidden; 0: nothing is */
    lots_format format;
    const char *locale; /* NULL: the default */
    bool stamp;         /* with the time of day */
} lots_made;

/* *out is to be freed with lots_provenance_free, also after a failure. Errors: LOTS_IO, LOTS_CORRUPT of the ingest log;
 * LOTS_MEMORY. */
LOTS_MUST lots_status lots_made_gather(const lots_made *made, lots_provenance *out, lots_error *err);

#endif
