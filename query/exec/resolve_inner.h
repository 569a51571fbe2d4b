/* resolve_inner.h: the bitmap of a set in the making. Private to resolve*.c. */
#ifndef LOTS_QUERY_RESOLVE_INNER_H
#define LOTS_QUERY_RESOLVE_INNER_H

#include "query/exec/column.h"
#include "query/exec/reach.h"
#include "query/exec/worker.h"

typedef struct mask_maker {
    lots_worker *worker;
    lots_relation_rows *relation;
    lots_arena *arena;
    const lots_set *set;
    const uint64_t *mask; /* the rows left; NULL: all */
    uint64_t *own;        /* the same where it may be written to; NULL: it is lent */
    uint64_t *failed;
    const lots_expr *culprit;
    bool narrowed; /* rows of patients and days that can't matter are out */
    const uint32_t *places, *places_end; /* of a window that is not in the mask yet, as lots_resolved has them */
    bool wanted;   /* no other than wanted patients' rows are left */
    lots_nonzero *lasting; /* of the rows left, spans of more than a day; NULL until asked for */
    const lots_window **within; /* windows that all rows left lie in, by their owner's days, */
    uint32_t within_count;      /* and how many */
    uint32_t windows, filters; /* so many of the set's, and … */
    bool no_ghosts;            /* … whether ghosts, were seen to by a wider set */
} mask_maker;

/* No others than these rows, which last as long as the relation and are not written to any more. */
LOTS_MUST lots_status lots_mask_keep(mask_maker *maker, const uint64_t *rows, lots_error *err);
/* A mask to write to: `maker->own`. */
LOTS_MUST lots_status lots_mask_own(mask_maker *maker, lots_error *err);
/* A day of each row of worker->left; *known: nothing but its owner is looked at, and none failed. */
LOTS_MUST lots_status lots_days_of_left(const mask_maker *maker, const lots_expr *bound, lots_vector *out, bool *known,
                                        lots_error *err);
/* Rows outside a window that is the same for all of their owner's, where that is known, are out: *done. */
LOTS_MUST lots_status lots_mask_days(mask_maker *maker, const lots_window *window, bool *done, lots_error *err);
/* Where rows of wanted patients start, by row. */
LOTS_MUST lots_status lots_starts_of_left(const mask_maker *maker, const int32_t **out, lots_error *err);
/* Begin with the rows of a set of which this one asks more, where these are known. */
LOTS_MUST lots_status lots_mask_wider(mask_maker *maker, lots_error *err);
/* The mask that was made; or the same bits of a set with another window of years: what was counted in these serves both. */
const uint64_t *lots_mask_made(const mask_maker *maker);
/* `filter` asks whether events are over, or over by a day of their owner, and few rows are left, all of wanted patients: their
 * spans are looked at where they lie, *done. */
LOTS_MUST lots_status lots_mask_over(mask_maker *maker, const lots_expr *filter, bool *done, lots_error *err);
/* `filter` asks that an element be one of so many within so many days up to its own: *done, and nothing was counted. */
LOTS_MUST lots_status lots_mask_repeats(mask_maker *maker, const lots_expr *filter, const lots_instance *elements, bool *done,
                                        lots_error *err);

#endif
