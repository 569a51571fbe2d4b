/* candidates.h: which rows of its relation an event set holds, for each row of the frame in which it stands.
 *
 * What can be said once for all rows of the relation (filters and windows that depend on nothing but the element and the
 * frames above the relation) is one bitmap. What the frame's row adds is a range [first, end) of relation rows: its
 * group, narrowed by windows on the sorted starts. Only a filter that looks at both the element and the frame's row
 * needs *pairs* of them: these are made in batches of complete ranges, filtered, reduced, and forgotten.
 *
 * Invariants: 1. first <= end. 2. `contiguous`: end[i] == first[i + 1], so that first is offsets of count + 1.
 * 3. with a `list`, ranges are of the list, whose entries, relation rows, rise within each range. Callers: aggregate, event, relations. */
#ifndef LOTS_QUERY_CANDIDATES_H
#define LOTS_QUERY_CANDIDATES_H

#include "query/exec/passed.h"
#include "query/exec/relation.h"
#include "query/exec/worker.h"

#define LOTS_PAIRS_BATCH 65536u

typedef struct lots_resolved lots_resolved;
struct lots_resolved { /* of a set over a relation, whatever the frame's row */
    lots_resolved *next;
    const lots_set *set;
    const lots_set *first;  /* the first that holds the same rows: see alike.h */
    bool whole;             /* the mask says it all, with the places below */
    lots_relation_rows *relation;
    const uint32_t *places, *places_end; /* by owner: the rows in a constant window that is not in the mask; NULL: there is none */
    const uint64_t *mask;   /* NULL: every row */
    const uint64_t *failed; /* rows that passed so far and then could not be judged; NULL: none */
    const lots_expr *culprit;
    lots_passed *passed;    /* the rows under the mask; NULL until asked for */
    lots_expr **pair_filters; /* all that are not in the mask: */
    uint32_t pair_count;
    lots_expr **row_filters;  /* those that don't look at the element, */
    uint32_t row_filter_count;
    const lots_expr *span;    /* `span end >= day of the row` (NULL: there is none), */
    lots_expr **both_filters; /* and the others, which look at both */
    uint32_t both_count;
    const lots_window **windows; /* whose bounds are not constant */
    uint32_t window_count;
    const lots_instance *rows; /* of a panel: the places in `passed` that each has are known. NULL: there are none */
    const uint32_t *offsets;   /* these; no more is asked of the set */
};

/* Made once for each relation's rows, and kept with them. */
LOTS_MUST lots_status lots_set_resolve(lots_worker *worker, const lots_set *set, lots_relation_rows *relation,
                                       lots_resolved **out, lots_error *err);
/* The same with all constant windows in the mask. */
LOTS_MUST lots_status lots_set_mask(lots_worker *worker, const lots_set *set, lots_relation_rows *relation, lots_resolved **out,
                                    lots_error *err);

typedef struct lots_candidates {
    lots_worker *worker;
    const lots_set *set;
    const lots_instance *rows; /* of the frame in which the set stands */
    lots_relation_rows *relation;
    uint32_t count;            /* of rows */
    const uint32_t *first, *end;
    const uint32_t *places, *places_end; /* as lots_resolved has them, where ranges are these, by owner; else NULL */
    uint32_t *own_first, *own_end; /* the same, when they may be changed; NULL until asked for */
    bool contiguous;
    bool whole; /* every row has all of its owner's rows that pass the mask */
    bool apart; /* no two rows' ranges overlap */
    bool any;   /* nobody asks how many there are, nor which: there is no list, ranges are of places in `passed` */
    const uint32_t *list;
    uint32_t list_count;
    const uint64_t *mask, *failed; /* by relation row */
    uint64_t *row_failed;      /* rows whose window could not be computed; NULL: none */
    const lots_expr *culprit;
    lots_expr *const *pair_filters;
    uint32_t pair_count;
    lots_passed *passed;       /* not NULL: `list` is its rows (but see `any`), or all rows pass and places are rows */
    const int32_t *low, *high; /* not NULL: one pair filter is `span end >= low`; ranges end where spans start after
                                  `high` (NULL: nowhere), and begin with one for which it holds, or are empty */
} lots_candidates;

LOTS_MUST lots_status lots_candidates_find(lots_worker *worker, const lots_set *set, const lots_instance *rows,
                                           lots_candidates *out, lots_error *err);
/* The same; where nothing else is asked of the set, a window of whole years may be in the ranges instead of the mask: then these are
 * not all of an owner's rows that pass it. `any`: nobody asks how many there are: of a window's events ranges may hold the first. */
LOTS_MUST lots_status lots_candidates_in_places(lots_worker *worker, const lots_set *set, const lots_instance *rows, bool any,
                                                lots_candidates *out, lots_error *err);
/* Does the set stand in the frame of an episode, whose members it may be? */
bool lots_set_in_episode(const lots_worker *worker, const lots_set *set);
/* The rows of a relation that pass a set's mask; NULL when some could not be judged. */
LOTS_MUST lots_status lots_set_passed(lots_worker *worker, const lots_set *set, lots_relation_rows *relation,
                                      lots_passed **out, lots_error *err);
/* The rows that pass the set's mask, with their spans. */
LOTS_MUST lots_status lots_candidates_passed(const lots_candidates *candidates, lots_passed **out, lots_error *err);
/* own_first and own_end are there from now on. */
LOTS_MUST lots_status lots_candidates_own(lots_candidates *candidates, lots_error *err);
/* Keep only what comes after (or before) an event of another relation or this one; rows without one keep nothing. */
LOTS_MUST lots_status lots_candidates_beside(lots_candidates *candidates, const lots_expr *event, bool after,
                                             lots_error *err);

/* A pair filter `x of the element = y of the row` needs no pairs: the relation's rows are sorted by x, and each row's
 * candidates are those under its y, as a list. Done in place when there is such a filter (by_key.c). */
LOTS_MUST lots_status lots_candidates_by_key(lots_candidates *candidates, lots_error *err);

/* Rows for which one side of a pair filter's comparison is missing can't have a candidate: empty their ranges. */
LOTS_MUST lots_status lots_candidates_known(lots_candidates *candidates, lots_error *err);
/* The mask by place in the list; NULL: every entry passes. */
LOTS_MUST lots_status lots_list_mask(const lots_candidates *candidates, const uint64_t **out, lots_error *err);

typedef struct lots_pairs { /* the candidates of rows from..to-1 that passed everything */
    uint32_t from, to;
    uint32_t count;
    uint32_t *offsets;         /* to - from + 1 */
    uint32_t *relation_row;
    lots_instance *instance;   /* of the set's element frame */
    uint64_t *failed;          /* of rows from..to-1; NULL: none */
    const lots_expr *culprit;
} lots_pairs;

/* Batches: begin, next until it gives from == to, end. What a batch made is gone at the next. */
typedef struct lots_batches {
    const lots_candidates *candidates;
    uint32_t at;
    uint32_t depth;
} lots_batches;
LOTS_MUST lots_status lots_batches_begin(lots_batches *batches, const lots_candidates *candidates, lots_error *err);
LOTS_MUST lots_status lots_batches_next(lots_batches *batches, lots_pairs *out, lots_error *err);
void lots_batches_end(lots_batches *batches);

/* The first (or last) candidate of each row that passes the pair filters, LOTS_NO_ID: none. Pairs are made in growing
 * steps until one passes, so that a near hit costs little however many follow. *failed: rows that met one that could not
 * be judged before it (NULL: none). */
LOTS_MUST lots_status lots_candidates_seek(const lots_candidates *candidates, bool backward, uint32_t *out,
                                           uint64_t **failed, const lots_expr **culprit, lots_error *err);

/* All elements of the set by row, in the arena of `rows`: offsets (count + 1) and relation rows.
 * Errors: an element that could not be judged is an error here. */
LOTS_MUST lots_status lots_set_lists(lots_worker *worker, const lots_set *set, const lots_instance *rows,
                                     lots_relation_rows **relation, const uint32_t **offsets,
                                     const uint32_t **elements, lots_error *err);

/* The same, with the bits where a mask is all there is, but no instance. */
LOTS_MUST lots_status lots_set_list(lots_worker *worker, const lots_set *set, const lots_instance *rows,
                                    lots_element_list *out, lots_error *err);
/* The same, without `rows` where there are bits; and these. */
LOTS_MUST lots_status lots_set_bits(lots_worker *worker, const lots_set *set, const lots_instance *rows,
                                    lots_element_list *out, lots_error *err);
LOTS_MUST lots_status lots_set_rows(lots_worker *worker, const lots_instance *rows, lots_element_list *list, lots_error *err);

#endif
