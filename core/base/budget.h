/* budget.h: how much memory a piece of work may hold in all its arenas and tables together, whichever threads they belong to.
 * Arenas take from it in steps as they grow and give back when they are freed (arena.h: lots_arena_share); tables of other
 * kinds are counted by who grows them. Threads: any number at once. */
#ifndef LOTS_BUDGET_H
#define LOTS_BUDGET_H

#include <stdatomic.h>

#include "core/base/status.h"

typedef struct lots_budget {
    size_t limit_bytes;        /* 0: none */
    _Atomic size_t used_bytes;
    _Atomic size_t peak_bytes; /* the most ever used */
} lots_budget;

void lots_budget_init(lots_budget *budget, size_t limit_bytes);
/* Errors: LOTS_LIMIT; nothing is taken then. */
LOTS_MUST lots_status lots_budget_take(lots_budget *budget, size_t bytes, lots_error *err);
void lots_budget_give(lots_budget *budget, size_t bytes);
/* By how much whoever holds some grows at a time: much less than the limit, so that nobody starves another. */
size_t lots_budget_step(const lots_budget *budget);
/* What is left; SIZE_MAX without a limit. */
size_t lots_budget_left(const lots_budget *budget);

#endif
