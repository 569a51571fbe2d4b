/* group.h: group by: keys to groups, a state for each aggregate, and the patients behind every group.
 *
 * With totals there is a group of groups more for each total: level j groups by the first j keys, down to level 0, the grand
 * total. Each is fed all rows, so that it counts anew: no sums of cells. */
#ifndef LOTS_QUERY_GROUP_H
#define LOTS_QUERY_GROUP_H

#include "query/exec/cells.h"
#include "query/exec/group_count.h"

typedef struct lots_group_weights { /* rows that stand for several persons, each with a row like it */
    const uint32_t *weight; /* by row */
    uint32_t persons;       /* all of them, each once */
} lots_group_weights;

typedef struct lots_group {
    const lots_bound_stage *stage;
    uint32_t key_count;        /* it groups by the first of the stage's keys, in a total not by all */
    struct lots_group *totals; /* levels 0 .. stage->key_count - 1; NULL when there are none */
    lots_keyer keyer;
    lots_group_stamps stamps;
    lots_group_state *states;  /* stage->agg_count */
    lots_group_state patients; /* behind each group */
    lots_group_counter *counters; /* of each aggregate, and last of the patients */
    uint32_t coupled;          /* the aggregate by whose lines patients are counted; stage->agg_count: by their own */
    uint64_t next_person;      /* numbers below are taken */
    uint32_t min_cell;         /* 0: nothing is hidden */
    uint64_t entered;          /* when something is: distinct patients of all rows, or at least min_cell of them; of a table 0 */
    lots_evidence *evidence;   /* of each aggregate, and last of the patients; NULL when nothing is hidden */
    size_t counted_bytes;      /* what it was given of a budget: lots_group_count */
    lots_cells_plan cells;     /* how rows are told as cells: group_cells.h */
    uint8_t cells_asked;       /* 0: not yet; 1: they can be; 2: they can't */
    lots_vec cell_groups;      /* uint32_t by cell: 1 + its group, 0: not known */
} lots_group;

LOTS_MUST lots_status lots_group_open(lots_group *group, const lots_bound_stage *stage, uint32_t min_cell,
                                      lots_error *err);
void lots_group_close(lots_group *group);
/* Feed the rows of an instance: evaluates keys and operands with the worker. `patient`: by row, rising, nobody in two feeds; NULL in a
 * table, where `behind` (may be NULL) is the patients behind each row. `weights`: NULL, every row is of one person; else nobody
 * has two rows in a group, and the stage has only counts, rates, and sums and means of whole numbers, and no totals. `present`:
 * bits of the rows that there are, NULL: all; the stage has the same aggregates, and nothing that it asks can fail. */
LOTS_MUST lots_status lots_group_feed(lots_group *group, lots_worker *worker, const lots_instance *rows,
                                      const lots_patient *patient, const lots_vector *behind,
                                      const lots_group_weights *weights, const uint64_t *present, lots_error *err);
/* ---- for group_cells.c ---- */
/* Does it count the rows, all of them? Then it rests on the patients behind the group, and has no evidence of its own. */
bool lots_group_counts_all(const lots_row_agg *agg);
/* What an aggregate's lines tell; NULL: nothing. */
lots_evidence *lots_group_fed_evidence(lots_group *group, uint32_t index);
/* Persons low .. high get numbers that no other has: these, *first being added. Errors: LOTS_LIMIT. */
LOTS_MUST lots_status lots_group_number_persons(lots_group *group, lots_patient low, lots_patient high, lots_patient *first,
                                                lots_error *err);

LOTS_MUST lots_status lots_group_join(lots_group *group, lots_group *from, lots_error *err);
/* What the tables hold beyond what was counted when last asked is taken of the budget, or what they hold less is given back: to
 * be asked after each feed and join. Tables double, so that within a feed they may come to hold as much again as was counted,
 * beside what its rows need. Errors: LOTS_LIMIT. Cost: its columns, not its groups. */
LOTS_MUST lots_status lots_group_count(lots_group *group, lots_budget *budget, lots_error *err);
/* Give back what was counted, and close it. */
void lots_group_drop(lots_group *group, lots_budget *budget);
/* Make states of what was fed, which is when the tables hold most: as the two below do otherwise, but counted table by table. */
LOTS_MUST lots_status lots_group_settle(lots_group *group, lots_budget *budget, lots_error *err);
/* One level alone, group by group: slots[0 .. its keys + aggs) in `arena`, and last the patients behind (INT). Nothing is
 * hidden yet. Without keys there is always one group. The keys' texts point into the group. `pool` may be NULL. */
LOTS_MUST lots_status lots_group_values(lots_group *group, lots_pool *pool, lots_arena *arena, lots_vector *slots, lots_error *err);
/* The groups as a table, ordered by key, each total after its details: slots[0 .. keys + aggs) in `arena`, and last the
 * patients behind (INT).
 * With min_cell or totals, marks[0 .. keys + aggs] say what was hidden or is the key of a total (INT, lots_mark): such a value
 * is missing, but the patients behind stay, for groups of these groups to count. */
LOTS_MUST lots_status lots_group_table(lots_group *group, lots_pool *pool, lots_arena *arena, lots_vector *slots, lots_vector *marks,
                                       uint32_t *rows, lots_error *err);

#endif
