/* reach.h: what the answer of a pipeline rests on: every stream that its expressions can look at, and whether it shows or
 * computes with the persons' ids: the disclosure rules ask. And which relations are only counted: their makers ask. */
#ifndef LOTS_QUERY_REACH_H
#define LOTS_QUERY_REACH_H

#include "query/lang/bound.h"

typedef struct lots_reach {
    uint64_t streams;  /* bit s: stream s of the schema */
    bool id;           /* a person's id stands anywhere in the pipeline */
    bool record_id;    /* the key of a record does, which leads to a person by way of the files or another list */
    bool id_asked;     /* otherwise than as a column that lists it: `where id = …` */
    bool id_in_values; /* and may become a value of a result of aggregates: in derive, or inside group by and show */
} lots_reach;

/* Errors: LOTS_MEMORY.   Cost: O(nodes of the query). */
LOTS_MUST lots_status lots_reach_pipeline(const lots_query *query, const lots_bound_pipeline *pipeline, lots_reach *out,
                                          lots_error *err);

/* Sets bit r where more is asked of relation r than how many rows an owner has and what `n` they have: when they are, or
 * which of them comes first. `bits` has room for the query's relations, all 0. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_reach_ordered(const lots_query *query, uint64_t *bits, lots_error *err);

/* The n of `size(key) >= n` of an element of `set`; 0 of any other filter. */
uint32_t lots_reach_size(const lots_query *query, const lots_set *set, const lots_expr *filter);
/* Of each relation of active periods the least size that a period must have for any set of the query to have it: 1, or what
 * all its sets ask. `least` has room for the query's relations. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_reach_sizes(const lots_query *query, uint32_t *least, lots_error *err);

/* A result in rows may not join ids with a stream that may be counted but never used to name a person; a result of
 * aggregates may not carry ids at all. Errors: LOTS_REFUSED, LOTS_MEMORY. */
LOTS_MUST lots_status lots_reach_check(const lots_query *query, const lots_bound_pipeline *pipeline, lots_error *err);

#endif
