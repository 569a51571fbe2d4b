/* day_windows.h: where windows of days begin and end among days that rise, by search. Windows that begin on the day after another's
 * last, as the months from an event on do, end where the next ones begin, and are searched once instead of twice. Callers:
 * candidates.c. */
#ifndef LOTS_QUERY_DAY_WINDOWS_H
#define LOTS_QUERY_DAY_WINDOWS_H

#include "query/exec/worker.h"

typedef struct lots_day_windows { /* all by row; borrowed, with slack */
    uint32_t count;
    uint32_t *first;       /* from here */
    const uint32_t *to;    /* to here days rise */
    const int32_t *low;    /* the first day; NULL: open, */
    const int32_t *beyond; /* and the one after the last */
} lots_day_windows;

/* first[i] becomes the first place of [first[i], to[i]) whose day is low[i] or later, end[i] the first from there on whose day is
 * beyond[i] or later; to[i] where there is none. Errors: LOTS_MEMORY, LOTS_LIMIT. Cost: O(count log days). */
LOTS_MUST lots_status lots_day_windows_search(const lots_kernels *kernels, const int32_t *days, const lots_day_windows *windows,
                                              lots_arena *arena, uint32_t *end, lots_error *err);

#endif
