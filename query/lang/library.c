/* library.c: see library.h. In the order of the files' names, which is the order they are read in. */
#include "query/lang/library.h"

#include "core/base/embed.h"

#define FILES(X) \
    X(care)      \
    X(continuity)

#define EMBED(name) LOTS_EMBED(lots_library_##name, "query/std/" #name ".lq");
FILES(EMBED)

#define ROW(name) {"std/" #name ".lq", lots_library_##name},
const lots_library_text lots_library[] = {FILES(ROW)};
const size_t lots_library_count = sizeof lots_library / sizeof *lots_library;
