/* episode_inner.h: EPISODES in the making. Private to episode*.c. */
#ifndef LOTS_QUERY_EPISODE_INNER_H
#define LOTS_QUERY_EPISODE_INNER_H

#include "query/exec/relation.h"

typedef struct lots_episode_spans { /* by episode, in their order */
    lots_vector start, end; /* DATE; an end is missing where an event is open */
    lots_vector n;          /* INT */
    lots_vector span_end;   /* DATE */
    lots_vector open;       /* BOOL */
} lots_episode_spans;

/* What `rows`, whose count and offsets are set, keep of episodes of elements of `left`; and, where aggregates are asked of members,
 * whose places and rows are set then, the instance to compute them in. */
LOTS_MUST lots_status lots_episodes_keep(lots_worker *worker, lots_relation_rows *rows, lots_relation_rows *left,
                                         const lots_episode_spans *spans, lots_error *err);

/* Those without keys, of which an owner has one at a time: each is a stretch of the list. *done: they are made. Not where two of an
 * owner begin on one day, which needs an event that ends before it starts: what is last then is sorted by more than that. */
LOTS_MUST lots_status lots_episodes_plain(lots_worker *worker, lots_relation_rows *rows, const lots_element_list *list, bool *done,
                                          lots_error *err);

#endif
