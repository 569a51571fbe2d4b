/* synth_text.h: the synthetic population as text: the rows of a patient in the files of ingest/maps/synth.map, the tables and
 * labels beside them, and the mapping with the period's dates. Callers: synth.c, tests. */
#ifndef LOTS_SYNTH_TEXT_H
#define LOTS_SYNTH_TEXT_H

#include "core/base/bytes.h"
#include "ingest/synth_model.h"

/* The files of rows of patients. */
enum { LOTS_SYNTH_FILE_PATIENTS, LOTS_SYNTH_FILE_CONTACTS, LOTS_SYNTH_FILE_DRUGS, LOTS_SYNTH_FILE_SERVICES,
       LOTS_SYNTH_FILE_WAITS, LOTS_SYNTH_FILE_WAIT_STATUS, LOTS_SYNTH_FILE_RESIDENCE, LOTS_SYNTH_FILE_LISTING,
       LOTS_SYNTH_FILE_LABS, LOTS_SYNTH_FILE_PROGRAMMES, LOTS_SYNTH_FILE_ALIASES, LOTS_SYNTH_FILES };
extern const char *const lots_synth_file_names[LOTS_SYNTH_FILES];
extern const char *const lots_synth_file_headings[LOTS_SYNTH_FILES];

/* Append a patient's rows to the files' texts. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_synth_person_write(const lots_synth_person *person, lots_bytes files[LOTS_SYNTH_FILES],
                                              lots_error *err);

/* The files that are about no patient. */
enum { LOTS_SYNTH_TABLES = 8 };
extern const char *const lots_synth_table_names[LOTS_SYNTH_TABLES]; /* the mapping, synth.map, is the last */
/* Append the whole text of one. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_synth_table_write(const lots_synth_model *model, uint32_t table, lots_bytes *out,
                                             lots_error *err);

#endif
