/* key_day.h: keys that are a calendar unit of a date (month_of(start), year(start)): worked out once for each day that occurs,
 * not for each row. Callers: key_source.c, keyer.c, key_code.c, masked.c. */
#ifndef LOTS_QUERY_KEY_DAY_H
#define LOTS_QUERY_KEY_DAY_H

#include "query/exec/vector.h"
#include "query/lang/bound.h"

/* Is it the year, quarter, month or week around a DATE, or a part of it? */
bool lots_key_of_day(const lots_expr *expr);
/* The value of such an operator for a day: of a part the number, of a unit its first day and, in *last, its last. */
int64_t lots_key_day_value(lots_op op, int32_t day, int32_t *last);

#endif
