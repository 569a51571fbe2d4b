/* suppress.h: hiding the marked cells of a table of groups, and those from which a marked one could be reckoned.
 *
 * Reckoned are: a part of a row whose conditions share out all its rows or persons (the parts add up to the row's count), a
 * part of a column of shares (which add up to 1), and with totals a part of a total (suppress_totals.c). There the next
 * smallest part is hidden too, until two are hidden that rest on k or more together (CLINICAL.md section 9: of 3, 8 and 16
 * with their total, 3 and 8), and until their sum leaves each of them a choice: `<5` twice with the sum 8 is 4 twice. Of a row
 * whose parts are all hidden, their sum is.
 * Not reckoned are: conditions inside one another, sums of several columns, and what two results tell together. */
#ifndef LOTS_QUERY_SUPPRESS_H
#define LOTS_QUERY_SUPPRESS_H

#include "query/exec/evidence.h"

typedef struct lots_suppress {
    const lots_bound_stage *stage;
    uint32_t min_cell;
    uint32_t rows;
    lots_vector *slots, *marks; /* as lots_group_table gives them: keys, aggregates, patients behind */
    lots_evidence *evidence;    /* of the aggregates, and last of the patients: how they are judged */
    const lots_evidence_cell *const *cells; /* of aggregate c in row r: c * rows + r; c == agg_count: of the patients */
    const uint32_t *parent;     /* with totals: the row of the total next above, which comes later; LOTS_NO_ID: none.
                                   NULL: there are no totals */
    uint32_t *changed;          /* by row: the number of the hiding that hid something in it last; NULL: not asked */
    uint32_t hidings;           /* there have been so many: who looks again looks at rows that changed since */
} lots_suppress;

/* Adds marks, then makes what is marked missing. A key that may be one person's own (a decimal, float, date, duration, free
 * text, an interval that is no calendar period, a set of several values) is hidden with a group of fewer than k. A count of k
 * or more rows of fewer than k persons is `*`: it is not below k. So is every hidden total. The patients behind keep their
 * values. Errors: LOTS_MEMORY, LOTS_LIMIT.   Cost: O(cells log rows), times the rounds until nothing more is hidden: mostly
 * two. */
LOTS_MUST lots_status lots_suppress_cells(lots_suppress *table, lots_arena *arena, lots_error *err);

/* When 1..k-1 persons enter the table: any group that it shows would tell what they have in common. What is left is one row, of
 * which keys and numbers are hidden, whatever they are; only that it counts persons, or fewer than k rows, shows. Of the table,
 * evidence and cells are not used; rows becomes 1. Errors: LOTS_MEMORY.   Cost: O(rows). */
LOTS_MUST lots_status lots_suppress_few(lots_suppress *table, lots_arena *arena, lots_error *err);

/* ---- between suppress.c and suppress_totals.c ---- */

static inline lots_mark lots_suppress_mark(const lots_suppress *table, uint32_t column, uint32_t row)
{
    return (lots_mark)((const int64_t *)table->marks[table->stage->key_count + column].data)[row];
}
/* True when it was shown before. */
bool lots_suppress_hide(lots_suppress *table, uint32_t column, uint32_t row);
/* What prints as `<k` prints as `*`. True when it did print so. */
bool lots_suppress_withhold(lots_suppress *table, uint32_t column, uint32_t row);
/* Does the sum of the hidden cells give one of them away? `small`: how many print as `<k`, each of 1..k-1; `others`: as `*`,
 * each of k or more. */
bool lots_suppress_forced(uint32_t min_cell, uint64_t small, uint64_t others, int64_t sum);
/* The rows of a table with totals as a tree, in the arena. It remembers which totals were found safe, so it is opened once. */
typedef struct lots_suppress_tree lots_suppress_tree;
LOTS_MUST lots_status lots_suppress_tree_open(lots_suppress_tree **out, lots_suppress *table, lots_arena *arena,
                                              lots_error *err);
/* Hide what the totals give away; *changed true when something was hidden. Till then again, and once more after others hid. */
LOTS_MUST lots_status lots_suppress_totals(lots_suppress_tree *tree, lots_arena *arena, bool *changed, lots_error *err);

#endif
