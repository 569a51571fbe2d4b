/* sieve.h: rows that a `where` drops for certain, told by what is stored before any of it is evaluated: with `listing.clinic at day =
 * X and …` those of patients who were never listed at X. What is made of the events of the others is then made of few. Callers:
 * pass.c. */
#ifndef LOTS_QUERY_SIEVE_H
#define LOTS_QUERY_SIEVE_H

#include "query/exec/worker.h"

/* *keep: bits of the rows that may pass; NULL: all, or so many that it isn't worth it. */
LOTS_MUST lots_status lots_sieve(lots_worker *worker, const lots_expr *where, const lots_instance *rows, uint64_t **keep,
                                 lots_error *err);

#endif
