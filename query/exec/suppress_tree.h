/* suppress_tree.h: the rows of a table with totals as a tree, for those who hide what its totals give away. Includers:
 * suppress_totals.c, suppress_bounds.c. */
#ifndef LOTS_QUERY_SUPPRESS_TREE_H
#define LOTS_QUERY_SUPPRESS_TREE_H

#include "query/exec/suppress.h"

typedef lots_suppress_tree tree;

struct lots_suppress_tree {
    lots_suppress *table;
    uint32_t columns;  /* aggregates, and the patients */
    uint32_t *starts;  /* rows + 1: places in `children` */
    uint32_t *children;/* of each row, those of fewest persons first */
    bool *disjoint;    /* by row: no person is in two of its leaves */
    bool *wanted;      /* by depth and column: what is being hidden */
    uint32_t seen;     /* hidings when rows were last looked at */
    bool *stale;       /* by row: something was hidden in it or below it since then */
    bool changed;
    struct lots_suppress_bounds *bounds; /* suppress_bounds.c; NULL until asked for */
};

/* ---- suppress_totals.c ---- */
static inline bool tree_is_leaf(const tree *t, uint32_t row) { return t->starts[row] == t->starts[row + 1]; }
static inline bool tree_is_shown(const tree *t, uint32_t column, uint32_t row)
{
    return lots_suppress_mark(t->table, column, row) == LOTS_MARK_SHOWN;
}
static inline const lots_evidence_cell *tree_cell(const tree *t, uint32_t column, uint32_t row)
{
    return t->table->cells[(size_t)column * t->table->rows + row];
}
lots_row_agg_kind tree_kind(const tree *t, uint32_t column);
/* Hide the smallest part of a total that is still shown, down to a leaf; when there is none, the total. Of other columns too
 * what is hidden in the parts of which `column` is hidden. */
void tree_hide_part(tree *t, uint32_t column, uint32_t row);
/* Hide one number of a row, and of a total enough below it for it not to be reckoned. */
void tree_hide_cell(tree *t, uint32_t column, uint32_t row);
/* Hide all of a row that follows from sums. */
void tree_hide_row(tree *t, uint32_t row);

/* ---- suppress_bounds.c ---- */
/* Hide more where sums within the rows and between them leave a hidden count no choice. */
LOTS_MUST lots_status tree_hide_bounded(tree *t, lots_arena *arena, lots_error *err);

#endif
