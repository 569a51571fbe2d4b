/* map_builtin.h: the layouts that the program knows by name: the files ingest/maps/NAME.map, held within the program so that
 * it needs no files beside it. Callers: load.c. */
#ifndef LOTS_MAP_BUILTIN_H
#define LOTS_MAP_BUILTIN_H

#include <stddef.h>

typedef struct lots_map_builtin {
    const char *name;
    const char *text; /* zero-terminated */
} lots_map_builtin;

/* By index; NULL at the end. */
const lots_map_builtin *lots_map_builtin_at(size_t index);

#endif
