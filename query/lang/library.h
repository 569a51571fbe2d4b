/* library.h: the query files of query/std, within the program. */
#ifndef LOTS_QUERY_LIBRARY_H
#define LOTS_QUERY_LIBRARY_H

#include <stddef.h>

typedef struct lots_library_text {
    const char *name; /* std/care.lq */
    const char *text;
} lots_library_text;

extern const lots_library_text lots_library[];
extern const size_t lots_library_count;

#endif
