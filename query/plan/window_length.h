/* window_length.h: how many days a window spans, both ends counted, when that can be said without looking at a row. */
#ifndef LOTS_PLAN_WINDOW_LENGTH_H
#define LOTS_PLAN_WINDOW_LENGTH_H

#include "query/plan/words.h"

typedef struct lots_window_length {
    bool known;
    int64_t least, most; /* days; they differ when the length is in months */
} lots_window_length;

/* Of constant ends, or of ends that are the same day moved by constants. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_window_measure(const lots_words *words, const lots_window *window, lots_window_length *out,
                                          lots_error *err);

#endif
