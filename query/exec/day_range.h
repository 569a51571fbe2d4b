/* day_range.h: between which days a value lies, told without computing it for any row: from constants, and from the constant windows
 * in which an event was looked for. Callers: beyond.c, bounds.c. */
#ifndef LOTS_QUERY_DAY_RANGE_H
#define LOTS_QUERY_DAY_RANGE_H

#include "query/exec/worker.h"

/* *known: where the value of `expr`, a date, is not missing it is from *least to *most, and it fails for none of the rows. */
LOTS_MUST lots_status lots_day_range(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, int32_t *least,
                                     int32_t *most, bool *known, lots_error *err);

#endif
