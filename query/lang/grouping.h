/* grouping.h: a classification as a query uses it: bound to the registry's codes, its groups a category of their own, so
 * that sets of groups are counted, compared and sorted as any set of a category is. One for each classification of a
 * query; made by bind_classes.c, read by eval_classes.c; lives in the query's arena.
 *
 * Invariants: 1. `names` holds the groups that are no helpers, by name; ranks are places in it. 2. lists[offsets[code] ..
 * offsets[code + 1]) are ranks, rising: what the code belongs to without any rule. */
#ifndef LOTS_QUERY_GROUPING_H
#define LOTS_QUERY_GROUPING_H

#include "query/lang/classification.h"

typedef struct lots_grouping {
    const char *called;              /* in the query: its name, or its file's path */
    const lots_classification *classification;
    const lots_classified *bound;
    const lots_dictionary *names;    /* labelled with the groups' labels */
    const lots_id *rank_of_group;    /* LOTS_NO_ID: a helper */
    const uint32_t *offsets;         /* by rank of the code, and one more */
    const lots_id *lists;
} lots_grouping;

/* `called` and the classification are borrowed, as long as the arena. Errors: as lots_classification_bind.
 * Cost: that of lots_classification_bind, and O(groups log groups). */
LOTS_MUST lots_status lots_grouping_new(lots_arena *arena, const lots_classification *classification, const char *called,
                                        const lots_dictionary *codes, const lots_grouping **out, lots_error *err);

#endif
