/* panel_inner.h: what events say of a panel's rows: the periods in which each has any, and where these lie. Callers: panel.c. */
#ifndef LOTS_QUERY_PANEL_INNER_H
#define LOTS_QUERY_PANEL_INNER_H

#include "query/exec/candidates.h"
#include "query/exec/panel.h"

typedef struct lots_panel_runs { /* places that follow one another in one period of one row */
    uint32_t *cell; /* the bit that stands for row and period; rising */
    uint32_t *end;  /* the place after the last */
    uint32_t count;
} lots_panel_runs;

typedef struct lots_marked_set lots_marked_set;
struct lots_marked_set {
    const lots_panel_set *set;
    lots_relation_rows *relation;
    lots_resolved *resolved;
    uint64_t size; /* rows that pass its mask */
    bool told;                    /* none passed but those in a period of its owner's only row, and here they are: */
    lots_panel_runs runs;
    const lots_marked_set *whole; /* not NULL: places of that set, which is told, */
    uint64_t *within;             /* those with a bit; NULL: all */
    uint32_t *offsets;            /* by row of the panel, once it is made */
};

typedef struct lots_panel_marks {
    lots_worker *worker;
    lots_arena *arena;
    const lots_periods *periods;
    const lots_instance *rows;
    const uint32_t *first, *end; /* by row: the periods it has */
    uint32_t words;              /* a row */
    uint64_t *bits;
    int32_t low, high;           /* days */
    bool nested, shared;         /* as the panel's */
    const lots_instance *owners; /* the patients; */
    const uint32_t *owner_of;    /* by row: which; NULL: that of the row's number */
    uint32_t asked, *row;        /* rows that have periods; of each, NULL where nobody asks: */
    uint32_t *owner;
    int32_t *from, *until;       /* the first day of its periods, and the day after the last */
    bool apart;                  /* owners rise */
    lots_marked_set sets[LOTS_PANEL_SETS_MAX];
    uint32_t set_count;
    const uint32_t *before;      /* once rows are made: count_prefix of `bits`; */
    uint64_t *blank;             /* the made rows that hold no event, as bits, and how many */
    uint32_t blank_count;
} lots_panel_marks;

/* Set the bit of each row and period in which there is an event. `marks` as it is up to `nested`. *done false: whether an event
 * is of a set can't be said. */
LOTS_MUST lots_status lots_panel_mark(lots_panel_marks *marks, const lots_panel *panel, bool *done, lots_error *err);
/* Tell each set that asks for no more than events during the period which of them the rows of `made` have. These stand for the
 * bits that are set now, one for each. */
LOTS_MUST lots_status lots_panel_hand_on(lots_panel_marks *marks, const lots_instance *made, lots_error *err);

#endif
