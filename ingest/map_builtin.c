/* map_builtin.c: see map_builtin.h. */
#include "ingest/map_builtin.h"

#include "core/base/embed.h"

#define EMBED(name) LOTS_EMBED(lots_map_text_##name, "ingest/maps/" #name ".map")

EMBED(synthea);
EMBED(omop);
EMBED(meds);
EMBED(uci);
EMBED(par);
EMBED(lmed);
EMBED(sol);
EMBED(khsl);

const lots_map_builtin *lots_map_builtin_at(size_t index)
{
#define ROW(name) {#name, lots_map_text_##name}
    static const lots_map_builtin maps[] = {ROW(synthea), ROW(omop), ROW(meds), ROW(uci),
                                            ROW(par),     ROW(lmed), ROW(sol),  ROW(khsl)};
    return index < sizeof maps / sizeof maps[0] ? &maps[index] : NULL;
}
