/* folder.h: the names of files in a registry's directory, and back. Pure texts: nothing is opened here.
 * Callers: core/store. */
#ifndef LOTS_FOLDER_H
#define LOTS_FOLDER_H

#include "core/base/status.h"

#define LOTS_CATALOG_FILE "catalog.sqlite"
#define LOTS_LOCK_FILE "lock"

typedef enum lots_folder {
    LOTS_FOLDER_SEGMENTS,     /* N.seg */
    LOTS_FOLDER_IDENTITIES,   /* N.ids; may be elsewhere */
    LOTS_FOLDER_DICTIONARIES, /* N-NAME */
    LOTS_FOLDER_TABLES,       /* N-NAME */
    LOTS_FOLDER_READERS,      /* N, the number of a generation; held by its readers */
    LOTS_FOLDER_COUNT
} lots_folder;

const char *lots_folder_name(lots_folder folder);
/* Path of a folder, or of the file `number` in it; `name` for dictionaries and tables, else NULL. lots_free it.
 * Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_folder_path(char **out, const char *directory, lots_folder folder, lots_error *err);
LOTS_MUST lots_status lots_folder_file(char **out, const char *folder_path, lots_folder folder, uint64_t number,
                                       const char *name, lots_error *err);
/* The same without the folder's path, as in messages: "segments/7.seg". */
void lots_folder_label(char out[160], lots_folder folder, uint64_t number, const char *name);
/* Is `entry` named as a file of the folder? *number is its number. Files named otherwise are not ours to remove. */
bool lots_folder_parse(lots_folder folder, const char *entry, uint64_t *number);

#endif
