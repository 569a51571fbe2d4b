/* border.h: constant windows as places among each patient's rows: those of whole calendar years from what the store says of years,
 * others where few patients are wanted (wanted.h), from a few days of theirs. Callers: resolve.c, period.c,
 * panel_mark.c, operand.c. */
#ifndef LOTS_QUERY_BORDER_H
#define LOTS_QUERY_BORDER_H

#include "query/exec/relation.h"
#include "query/exec/worker.h"

/* By owner: the rows that start on low .. high are [(*first)[g], (*end)[g]); it may be that of patients who aren't wanted there are
 * none. NULL, both: that isn't known without all days, or these are decoded already. */
LOTS_MUST lots_status lots_window_places(lots_worker *worker, const lots_relation_rows *relation, int32_t low, int32_t high,
                                         const uint32_t **first, const uint32_t **end, lots_error *err);
/* Are these, which lots_window_places gave, the places where a period of lots_segment_period begins and where it ends? */
bool lots_window_period(const lots_worker *worker, const lots_relation_rows *relation, const uint32_t *first, const uint32_t *end,
                        uint32_t *period);
/* The bits first[g] .. end[g] - 1 of each of `groups` groups, or of those with a bit in `only` (NULL: all), of `count` bits and room for
 * a word more. */
void lots_places_bits(const uint32_t *first, const uint32_t *end, const uint64_t *only, uint32_t groups, uint32_t count,
                      uint64_t *out);

#endif
