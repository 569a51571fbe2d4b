/* words.h: a bound expression or event set as one line of text, near the language itself but resolved: parameters and
 * periods are their days, library functions what they stand for, code sets as they were written. For explain and why.
 * It reads, it isn't parsed again: columns of an outer event are written with its alias or stream.
 * Invariant: a text ends in `…` where it would be longer than LOTS_WORDS_BYTES, so that a tree whose nodes are shared costs no
 * more than its text. Callers: query/plan. */
#ifndef LOTS_PLAN_WORDS_H
#define LOTS_PLAN_WORDS_H

#include "query/lang/bound.h"

#define LOTS_WORDS_BYTES 2000u

typedef struct lots_words {
    const lots_query *query;
    const lots_bound_pipeline *pipeline; /* whose derived columns have names */
    uint32_t frame;                      /* whose columns need no prefix */
} lots_words;

/* Append. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_words_expr(const lots_words *words, const lots_expr *expr, lots_bytes *out, lots_error *err);
/* The set with all its windows and filters. */
LOTS_MUST lots_status lots_words_set(const lots_words *words, const lots_set *set, lots_bytes *out, lots_error *err);
/* A comparison of two days that holds: the binder's own, it leaves nothing out and isn't told. */
bool lots_words_is_idle(const lots_expr *filter);
/* Where its events come from: a stream, episodes of …. */
LOTS_MUST lots_status lots_words_relation(const lots_words *words, uint32_t relation, lots_bytes *out, lots_error *err);
/* A row aggregate: count(), mean(cost where acute). */
LOTS_MUST lots_status lots_words_aggregate(const lots_words *words, const lots_row_agg *agg, lots_bytes *out, lots_error *err);
/* 1%, 25. */
LOTS_MUST lots_status lots_words_size(const lots_top *top, lots_bytes *out, lots_error *err);

#endif
