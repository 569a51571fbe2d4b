/* match_inner.h: what the files of MATCH share: match.c makes the relation, match_plan.c decides how each step's window is
 * kept, match_open.c finds a chunk's events, match_list.c reads a patient's and which may follow which, match_solve.c finds the
 * matches. Not for others.
 *
 * The idea. Steps that bind are numbered 0.. (those with `no` belong to the step before them). For each, and each event of
 * its set, it is found from the last step backwards whether the rest of the pattern completes when that event is bound:
 * one value an event and *level*, a level being one of the events that the step must bind (`then 3 (E)` has three). What
 * may follow an event is one range of the next step's events, in the total order, so a value is the least of a range of
 * values, and the earliest completion, found forwards, is each time the first of a range whose value allows it. Nothing is
 * tried twice, so nothing is searched.
 *
 * What a value is. FREE or NEVER, where the rest depends on nothing but the event. In a step of varying length
 * (`then 2..4 (E)`): how many events beyond the required ones the shortest run needs. Between a step and a later one that
 * is measured `since` it (its *span*): the earliest day on which that step's event may start, so that every such window
 * is kept; one number, since a later start is better for all of them.
 *
 * One number is not enough for two such spans that overlap, for a span over a step of varying length, and for
 * `then no E within 9d since a` beyond the next step. The step measured from is then *pinned*: values after it are made
 * for one day on which its events start, its pin, from the last such day to the first. What starts later than every window
 * since the pin has the same value for every pin that is earlier still, so that a new pin costs the events of its windows
 * only. Cost: O(events log events) a level; times the days of the windows since a pinned step. */
#ifndef LOTS_QUERY_MATCH_INNER_H
#define LOTS_QUERY_MATCH_INNER_H

#include "query/exec/relation.h"
#include "query/exec/worker.h"

#define MATCH_FREE INT32_MIN
#define MATCH_NEVER INT32_MAX
#define MATCH_NONE UINT32_MAX
#define MATCH_LOOKS_MAX (UINT64_C(1) << 32) /* at values of one patient: a minute or so */

typedef enum match_measure {
    MATCH_FROM_END,   /* of the event bound before */
    MATCH_FROM_START, /* of the event bound before */
    MATCH_FROM_ORIGIN /* the start of an earlier step's last event: an upper bound only, the order is the lower one */
} match_measure;

typedef struct match_lapse {
    match_measure measure;
    bool has_within, months;
    int64_t within;
    uint32_t origin; /* FROM_ORIGIN: number of the binding step */
} match_lapse;

typedef struct match_list { /* a set's events of the possible patients, and of the patient at hand */
    lots_relation_rows *relation;
    const uint32_t *offsets; /* by patient: into `all`, in which others than possible ones may have none; or else of the relation, whose
                                rows under the mask are meant */
    const uint32_t *all;     /* NULL until the list is open, perhaps */
    const uint64_t *mask;    /* till then; NULL: every row */
    const int32_t *starts, *ends; /* of `all`; INT32_MIN: no end. `ends` NULL: nobody asks */
    uint32_t widest;         /* no possible patient has more events */

    const uint32_t *rows;
    const int32_t *start, *end;
    uint32_t count;          /* those with a start */
} match_list;

typedef struct match_no {
    match_lapse lapse;
    match_list list;
    uint32_t *places, *next_places; /* see solver */
    int32_t *first_day; /* FROM_ORIGIN: by event of the step before, the start of the first after it; INT32_MAX: none */
} match_no;

typedef struct match_bound { /* a step that binds */
    uint32_t step;        /* in the pattern */
    uint32_t least, most;
    bool ranged;          /* least != most */
    match_lapse lapse;
    bool pinned;
    bool pins_days, pins_months;   /* the longest windows since this step that depend on its pin */
    int64_t pin_days, pin_months;
    uint32_t until;       /* the last step measured since this one; itself: none */
    uint32_t scalar;      /* the unpinned step whose span this one is in; MATCH_NONE */
    match_no *nos;        /* that follow it */
    uint32_t no_count;
    match_list list;

    /* of the patient at hand, by event */
    uint32_t *next_from, *next_to; /* events of the next step that may follow */
    uint32_t *run_from, *run_to;   /* of this step; NULL when it binds one event only */
    uint8_t *closed;               /* a `no` rules it out as the step's last event */
    int32_t *tail;                 /* value of what follows this step */
    uint32_t *run_end;             /* ranged: last event of the run that goes on from here */
    int32_t **levels;              /* least trees of minima: leaf i of `size` at size + i, the root at 1 */
    uint32_t size;
    int32_t pin;                   /* the day that values after this step are made for; INT32_MIN: none */
    int32_t stale;                 /* values after this step may be wrong for events that start up to this day */
} match_bound;

typedef struct match_solver {
    lots_worker *worker;
    lots_arena *arena;
    const lots_match_pattern *pattern;
    match_bound *bounds;
    uint32_t bound_count;
    uint64_t *possible; /* by patient: has an event for each step that binds */
    uint32_t *places;  /* scratch: by event */
    uint32_t *chosen;  /* by binding step: place of its last event in the match */
    uint64_t looks;    /* at this patient's values */
} match_solver;

/* Steps that bind, their spans, and which are pinned. */
LOTS_MUST lots_status lots_match_plan(match_solver *solver, lots_error *err);
/* The last day within the lapse of an anchor; the first anchor whose last day is `day` or later. */
int32_t lots_match_limit(const match_lapse *lapse, int32_t anchor);
int32_t lots_match_least_anchor(const match_lapse *lapse, int32_t day);
/* The last day of all windows since a pinned step whose event starts on `day`; at least that day. */
int32_t lots_match_reach(const match_bound *origin, int32_t day);

/* The events of every step, which patients are possible, and room for their lists. *none: no patient is, and nothing else
 * is ready. */
LOTS_MUST lots_status lots_match_open(match_solver *solver, bool *none, lots_error *err);
/* A patient's lists and ranges. *possible false when some step has no event at all, or none that the next may follow: then nothing else
 * is read. */
LOTS_MUST lots_status lots_match_read(match_solver *solver, uint32_t owner, bool *possible, lots_error *err);
/* Go to a patient: lists, ranges and values. *possible false as above. */
LOTS_MUST lots_status lots_match_begin(match_solver *solver, uint32_t owner, bool *possible, lots_error *err);
/* The first event from `from` on from which the pattern completes; MATCH_NONE: none. */
uint32_t lots_match_next(const match_solver *solver, uint32_t from);
/* The match that begins with that event: solver->chosen. */
LOTS_MUST lots_status lots_match_trace(match_solver *solver, uint32_t first, lots_error *err);

#endif
