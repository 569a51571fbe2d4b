/* totals.h: the groups of all levels (group.h) as the rows of one table, each total after its details.
 * Callers: group.c. */
#ifndef LOTS_QUERY_TOTALS_H
#define LOTS_QUERY_TOTALS_H

#include "query/exec/group.h"

typedef struct lots_total_rows {
    uint32_t count;
    const uint32_t *level;  /* by how many keys a row is grouped: all of them when it is no total */
    const uint32_t *number; /* its group in that level */
    const uint32_t *parent; /* the row of the total next above, which comes later; LOTS_NO_ID: none */
} lots_total_rows;

/* The columns of the table as lots_group_table gives them, nothing hidden; a total's keys are missing. All in `arena`.
 * Without totals: one level. Errors: LOTS_MEMORY, LOTS_LIMIT, LOTS_QUERY for a sum beyond 64 bits. */
LOTS_MUST lots_status lots_totals_gather(lots_group *group, lots_pool *pool, lots_arena *arena, lots_vector *slots,
                                         lots_total_rows *rows, lots_error *err);

#endif
