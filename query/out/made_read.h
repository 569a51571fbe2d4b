/* made_read.h: the other way round: finds in a result's file how it was made, and where its rows are. The file is not trusted:
 * anything may stand in it. Reads csv, csv-se, tsv, json, ndjson, html and svg as document.c writes them.
 * Callers: command_rerun.c, tests. */
#ifndef LOTS_OUT_MADE_READ_H
#define LOTS_OUT_MADE_READ_H

#include "core/base/vec.h"
#include "query/out/output.h"

/* A fact as it stands in the file: its name and its JSON, both borrowed from the file's text. */
typedef struct lots_made_fact {
    const char *name, *json;
    size_t name_bytes, json_bytes;
} lots_made_fact;

typedef struct lots_made_file {
    lots_vec facts;     /* lots_made_fact */
    const char *rows;   /* everything that is the result itself */
    size_t rows_bytes;
} lots_made_file;

/* Errors: LOTS_USAGE when the file says nothing of how it was made, or says it in no form we know; LOTS_MEMORY.
 * Lent until text goes; free with lots_made_file_free, also after a failure. */
LOTS_MUST lots_status lots_made_read(const char *text, size_t bytes, lots_made_file *out, lots_error *err);
void lots_made_file_free(lots_made_file *file);

/* NULL when there is no such fact. */
const lots_made_fact *lots_made_find(const lots_made_file *file, const char *name);
/* Append the text that a JSON string stands for. Errors: LOTS_USAGE when it is no string or holds \u0000; LOTS_MEMORY. */
LOTS_MUST lots_status lots_made_text(const lots_made_fact *fact, lots_bytes *out, lots_error *err);
/* The members of a JSON object, or of one inside it. Errors: LOTS_USAGE when it is none; LOTS_MEMORY. */
LOTS_MUST lots_status lots_made_members(const char *json, size_t bytes, lots_vec *out, lots_error *err);

#endif
