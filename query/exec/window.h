/* window.h: ranges of sorted days. For each row a group's range is narrowed to the days low..high; rows that come in the
 * order of their groups and days find their place by galloping from the last row's, so that a chunk costs time linear in
 * rows and events however the windows overlap. Callers: candidates.c. */
#ifndef LOTS_QUERY_WINDOW_H
#define LOTS_QUERY_WINDOW_H

#include "core/lots.h"

/* Narrow [first[i], end[i]) of rising `starts` to low[i] <= start <= high[i] (NULL: open). A bit of `missing` empties the
 * range (NULL: none missing). Returns the steps taken. */
uint64_t lots_window_narrow(const int32_t *starts, const int32_t *low, const int32_t *high, const uint64_t *missing,
                            uint32_t count, uint32_t *first, uint32_t *end);

#endif
