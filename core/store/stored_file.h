/* stored_file.h: whole small files that the catalog names with their size and hash: dictionaries and tables. */
#ifndef LOTS_STORED_FILE_H
#define LOTS_STORED_FILE_H

#include "core/store/folder.h"
#include "core/store/generation.h"

/* Create the file with these bytes; publishing syncs it. Errors: LOTS_IO; the file is removed then. */
LOTS_MUST lots_status lots_stored_write(const char *directory, lots_folder folder, const lots_file_facts *facts,
                                        const lots_bytes *bytes, lots_error *err);
/* A dictionary from its file. */
LOTS_MUST lots_status lots_stored_dictionary(const char *directory, const lots_file_facts *facts,
                                             lots_dictionary **out, lots_error *err);
/* A table from its file, with stable ids (lots_table_load's contract). */
LOTS_MUST lots_status lots_stored_table(const char *directory, const lots_file_facts *facts,
                                        const lots_table_schema *schema, lots_batch *out, uint64_t *blocks,
                                        lots_error *err);

#endif
