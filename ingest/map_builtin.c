/* map_builtin.c: see map_builtin.h. The assembler takes the files in as they are (.incbin, known to gcc and clang): no
 * generator and no second copy of a mapping that could differ from the one users read. Compile from the project's root.
 * Every text is followed by a zero byte. */
#include "ingest/map_builtin.h"

#define EMBED(name)                                                                            \
    __asm__(".pushsection .rodata\n"                                                           \
            ".global lots_map_text_" #name "\n"                                                \
            "lots_map_text_" #name ":\n"                                                       \
            ".incbin \"ingest/maps/" #name ".map\"\n"                                          \
            ".byte 0\n"                                                                        \
            ".popsection\n");                                                                  \
    extern const char lots_map_text_##name[]

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
