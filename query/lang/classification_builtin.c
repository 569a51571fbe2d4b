/* classification_builtin.c: the classifications of query/std/classifications, within the program, by name. See
 * classification.h. In the order of the files' names. */
#include "core/base/embed.h"
#include "query/lang/classification.h"

#define FILES(X)       \
    X(ahrq_chronic)    \
    X(ahrq_mixed)      \
    X(atc_main)        \
    X(cambridge_mm)    \
    X(charlson_quan)   \
    X(charlson_se)     \
    X(chronic)         \
    X(elixhauser)      \
    X(hfrs)            \
    X(icd10_blocks)    \
    X(icd10_chapters)  \
    X(rxriskv)

#define EMBED(name) LOTS_EMBED(lots_classification_text_##name, "query/std/classifications/" #name ".csv");
FILES(EMBED)

#define ROW(name) {#name, lots_classification_text_##name},
const lots_classification_text lots_classification_texts[] = {FILES(ROW)};
const size_t lots_classification_text_count = sizeof lots_classification_texts / sizeof *lots_classification_texts;
