/* hint.h: advice for a word that is not understood. Owns no state; used by the parser and the binder. */
#ifndef LOTS_QUERY_HINT_H
#define LOTS_QUERY_HINT_H

#include "core/lots.h"

/* The nearest of `count` words to text[0..bytes), when near enough to be meant (suggest.h): at most two letters inserted,
 * left out, changed or swapped, and fewer than half of the longer word's; case aside. Of equally near ones the first; NULL
 * when none is.   Cost: O(bytes x letters of the words), no allocation; words over 62 bytes are never near. */
const char *lots_hint_nearest(const char *text, size_t bytes, const char *const *words, size_t count);

/* What to write instead of a word of SQL or another language (any case), as a sentence for a hint; NULL if unknown. */
const char *lots_hint_foreign(const char *text, size_t bytes);

/* What other languages call a function (any case): how it is written here; NULL if unknown. */
const char *lots_hint_function(const char *text, size_t bytes);

/* What to write for a unit of time that stands after a number, as `30 days`; NULL when it is none. */
const char *lots_hint_unit(const char *text, size_t bytes);

#endif
