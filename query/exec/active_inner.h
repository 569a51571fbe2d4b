/* active_inner.h: what the parts of active.c share: the events of the owner at hand, and the periods made so far. Includers:
 * active.c, active_sweep.c.
 *
 * A period's set is kept as bits by local, so many words as its owner's values need; the values themselves are read out of
 * them when they are asked for. */
#ifndef LOTS_QUERY_ACTIVE_INNER_H
#define LOTS_QUERY_ACTIVE_INNER_H

#include "query/exec/candidates.h"
#include "query/exec/dense.h"
#include "query/exec/relation.h"

typedef struct active_run { /* an event of the owner at hand; of sets of keys */
    int32_t start, end;
    bool open;
    uint32_t first_item, item_count;
} active_run;

/* What an owner has of a value: the last of its events, joined with those before it that left no day between. */
typedef struct active_latest {
    uint32_t local, run;
    int32_t over;        /* the day after it ended */
    bool open;
} active_latest;

/* The sets of a relation's periods. */
typedef struct lots_active_sets {
    const uint64_t *words;
    const size_t *first_word;      /* by owner, and one more: of its periods, one after the other */
    const uint32_t *values;        /* by owner, by local */
    const size_t *first_value;     /* by owner, and one more */
    const uint32_t *sizes;         /* by period: offsets */
    lots_vector distinct;          /* by value; empty: values are ids */
} lots_active_sets;

typedef struct active_maker {
    lots_worker *worker;
    lots_relation_rows *rows;
    lots_arena *arena;
    lots_element_list list;
    lots_vector key;
    lots_dense dense;
    const int32_t *starts;
    const lots_vector *span_ends, *opens;
    bool any_open;             /* some event's end is not known, */
    bool any_missing;          /* or some key or last day is missing */
    uint32_t least;            /* periods of smaller sets are not made */

    /* the owner at hand; locals number its distinct values as they come */
    uint32_t run_count, item_count, local_count;
    int64_t *by_end;           /* the day after the end << 32 | place in runs, rising; of single keys: local, and open */
    uint32_t *values;          /* by local; after those of the owners before */
    size_t value_count;        /* of the owners before */
    /* of single keys */
    int32_t *run_starts;
    uint32_t *run_locals;
    active_latest *latest;     /* by value, where the owner has it */
    /* of sets of keys */
    active_run *runs;
    uint32_t *ids;             /* by item: its value */
    uint32_t *locals;          /* by item */
    uint32_t *number;          /* by value: its local, where the owner has it */
    uint32_t *running;         /* by local: events */
    uint32_t size;             /* how many of them are running */
    uint64_t *now, *before;    /* bits by local */
    uint64_t *is_touched, *open_lost;
    uint32_t *touched;
    uint32_t touched_count;

    /* the periods */
    int32_t *start, *end;
    uint64_t *going_on;
    uint32_t *offsets, *sizes; /* by owner; by period */
    uint64_t *words;
    size_t word_count, word_room, *first_word, *first_value;
    uint32_t count;
    bool is_open_period;
} active_maker;

#define ACTIVE_OPEN (UINT32_C(1) << 31) /* in by_end */

/* The day after the end of an event, by its place in the order of ends. */
static inline int32_t active_day_over(const active_maker *maker, uint32_t over) { return (int32_t)(maker->by_end[over] >> 32); }

/* The periods of the owner whose events were read, in maker->key's way: single values, or sets. */
LOTS_MUST lots_status active_sweep_single(active_maker *maker, lots_error *err);
LOTS_MUST lots_status active_sweep_sets(active_maker *maker, lots_error *err);

#endif
