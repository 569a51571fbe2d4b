/* synth_batch.h: the synthetic population as rows of a registry, without text: the words' numbers become stable ids by one
 * look-up each, and a patient's rows are appended column by column. Callers: synth.c. */
#ifndef LOTS_SYNTH_BATCH_H
#define LOTS_SYNTH_BATCH_H

#include "ingest/load_inner.h"
#include "ingest/synth_model.h"

enum { LOTS_SYNTH_STREAMS = 10, LOTS_SYNTH_COLUMNS = 21 };

/* Where words and fields go in one registry. */
typedef struct lots_synth_names {
    lots_id *ids[LOTS_SYNTH_KINDS];                 /* by number of the word */
    uint32_t stream[LOTS_SYNTH_STREAMS];            /* by file (synth_text.h): the stream of the schema */
    uint32_t column[LOTS_SYNTH_STREAMS][LOTS_SYNTH_COLUMNS]; /* by field, in the order of the file's heading */
} lots_synth_names;

/* `arena` keeps the tables. Errors: LOTS_INTERNAL naming a word or column that the registry lacks; LOTS_MEMORY. */
LOTS_MUST lots_status lots_synth_names_find(const lots_synth_model *model, const lots_load *load, lots_arena *arena,
                                            lots_synth_names *out, lots_error *err);
/* Append the rows of a patient. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_synth_person_append(const lots_synth_person *person, const lots_synth_names *names,
                                               lots_batch *const *streams, lots_error *err);

#endif
