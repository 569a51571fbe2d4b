/* suggest.h: the nearest of many names to a misspelt one ("did you mean"). Damerau-Levenshtein distance (optimal string
 * alignment), case-blind in ASCII; near is at most 2 edits, and fewer than half the bytes of the longer word. */
#ifndef LOTS_QUERY_SUGGEST_H
#define LOTS_QUERY_SUGGEST_H

#include "core/lots.h"

typedef struct suggestion {
    char word[64];
    uint32_t bytes;
    uint32_t distance; /* of the best so far */
    char text[64];
    bool found;
} suggestion;

void suggest_begin(suggestion *near, const char *word, uint32_t bytes);
/* Of candidates that are as near the longest, since a letter is sooner left out than put in; else the first tried. True when it is the
 * nearest so far. */
bool suggest_try(suggestion *near, const char *candidate, uint32_t bytes);

#endif
