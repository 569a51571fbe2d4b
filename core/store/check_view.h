/* check_view.h: a generation as `lots check` sees it: opened as far as it can be, each thing that can't be being a fault
 * and not the end. Private to check.c and check_view.c. */
#ifndef LOTS_CHECK_VIEW_H
#define LOTS_CHECK_VIEW_H

#include "core/base/os.h"
#include "core/store/check.h"
#include "core/store/generation.h"

typedef struct check_view {
    lots_generation facts;
    lots_file hold;
    lots_schema schema;
    bool has_schema;
    lots_dictionary *codes;     /* NULL when it can't be read */
    lots_dictionary **domains;  /* those that can */
    const char **domain_names;
    uint32_t domain_count;
    char *identities;           /* the folder */
} check_view;

/* Told of one fault: a file and what is wrong with it as a whole. */
typedef void (*check_told)(void *context, const char *file, const char *what);

/* Open generation `id` (0: current). *opened is false when the catalog can't say what it is, which has been told.
 * `identities` as in lots_check_options. Errors: those that are not the registry's fault. */
LOTS_MUST lots_status lots_check_view_open(check_view *view, const char *path, uint64_t id, const char *identities,
                                           check_told told, void *context, bool *opened, lots_error *err);
void lots_check_view_close(check_view *view);

#endif
