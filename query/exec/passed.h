/* passed.h: the rows of a relation that pass a set's mask, close together, in the same order: numbered by *place*. A window
 * that depends on the frame's row is then a search among the few days that count, and what it holds is two places.
 *
 * Spans. `reach` is the latest end so far within the owner's rows, so it rises: the first row that may still run on a day is
 * found by a search, too, and whether any does is known. Where the ends themselves rise, all from there on do.
 *
 * Memory: the arena of the relation's owners. Callers: candidates.c, aggregate.c, as_of.c, days.c, panel_mark.c,
 * resolve_repeat.c. */
#ifndef LOTS_QUERY_PASSED_H
#define LOTS_QUERY_PASSED_H

#include "query/exec/relation.h"
#include "query/exec/worker.h"

typedef struct lots_passed {
    lots_relation_rows *relation;
    lots_arena *arena;
    uint32_t count;
    const uint64_t *bits;        /* of the relation's rows; NULL: all pass, and place i is row i */
    const uint32_t *rows;        /* the same by place; NULL until asked for */
    const uint32_t *offsets;     /* by owner, owners + 1 */
    const uint32_t *owners;      /* by place, among the relation's owners; NULL until asked for */
    const int32_t *starts;       /* by place; NULL until asked for */
    lots_instance *elements;     /* all of them, of frame `frame`; NULL until asked for */
    const int32_t *ends, *reach; /* by place; NULL until asked for. An end that isn't known is INT32_MIN */
    bool rising;                 /* ends is reach */
    bool sound;                  /* nothing ends before it starts */
    const int32_t *by_end;       /* ends rising within each owner; NULL until asked for */
} lots_passed;

LOTS_MUST lots_status lots_passed_make(lots_worker *worker, lots_relation_rows *relation, const uint64_t *mask,
                                       lots_arena *arena, lots_passed **out, lots_error *err);
/* The row at each place; NULL: place i is row i. */
LOTS_MUST lots_status lots_passed_rows(lots_worker *worker, lots_passed *passed, const uint32_t **out, lots_error *err);
LOTS_MUST lots_status lots_passed_starts(lots_worker *worker, lots_passed *passed, lots_error *err);
LOTS_MUST lots_status lots_passed_owners(lots_worker *worker, lots_passed *passed, const uint32_t **out, lots_error *err);
/* Leave out the places without a bit, before elements are asked for: whoever asks for rows later does not want them. `bits`: the
 * rows that are left, to be lent; NULL: they are not at hand. */
LOTS_MUST lots_status lots_passed_narrow(lots_worker *worker, lots_passed *passed, const uint64_t *within,
                                         const uint64_t *bits, lots_error *err);
LOTS_MUST lots_status lots_passed_elements(lots_worker *worker, lots_passed *passed, uint32_t frame, lots_error *err);
LOTS_MUST lots_status lots_passed_ends(lots_worker *worker, lots_passed *passed, lots_error *err);
LOTS_MUST lots_status lots_passed_spans(lots_worker *worker, lots_passed *passed, lots_error *err);
LOTS_MUST lots_status lots_passed_by_end(lots_worker *worker, lots_passed *passed, lots_error *err);

#endif
