/* key_source.h: what a key is worked out from, given to a keyer instead of the key where it costs less: the dates of a calendar unit, the
 * numbers of a band or of paths. Callers: group.c, gathered.c. */
#ifndef LOTS_QUERY_KEY_SOURCE_H
#define LOTS_QUERY_KEY_SOURCE_H

#include "query/exec/eval.h"
#include "query/exec/keyer.h"

/* Before the first row: key `column` of the keyer is `key`, and comes as lots_key_source has it. */
void lots_keyer_of_source(lots_keyer *keyer, uint32_t column, const lots_expr *key);
/* The key by row, or what it is worked out from. Errors: as lots_eval. */
LOTS_MUST lots_status lots_key_source(const lots_expr *key, lots_worker *worker, const lots_instance *rows, lots_vector *out,
                                      lots_error *err);

#endif
