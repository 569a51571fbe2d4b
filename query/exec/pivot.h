/* pivot.h: the rows of a table of groups side by side: a row for each value of the keys that stay, a column for each value of
 * the key that goes, in the order of keys, totals last. A cell is what the group's row had, its mark too.
 * Callers: run_pivot.c. */
#ifndef LOTS_QUERY_PIVOT_H
#define LOTS_QUERY_PIVOT_H

#include "core/store/schema.h"
#include "query/exec/evidence.h"

#define LOTS_PIVOT_COLUMNS_MAX 1000u

/* A column of the rows that are pivoted; `marks` (INT, lots_mark) without data: all are shown. */
typedef struct lots_pivot_column {
    lots_vector values, marks;
    const lots_expr *expr; /* for the order of bands */
    const char *name;
} lots_pivot_column;

typedef struct lots_pivot {
    const lots_bound_stage *stage;
    const lots_schema *schema;       /* for the forms of codes */
    uint32_t rows;
    const lots_pivot_column *keys;   /* stage->key_count: those that stay */
    const lots_pivot_column *by;
    const lots_pivot_column *cells;  /* stage->item_count */
    const lots_pivot_column *behind; /* the patients behind each row */
} lots_pivot;

/* What comes of it: all in `arena`. */
typedef struct lots_pivoted {
    uint32_t rows;
    lots_pivot_column *keys;  /* those that stay */
    lots_pivot_column *cells; /* with names of their own */
    uint32_t cell_count;
    lots_pivot_column behind; /* of a row: those of its total; else, when nobody is in two groups, the shown ones added up;
                                 else those of its largest cell: at least so many */
} lots_pivoted;

/* Errors: LOTS_LIMIT for more than LOTS_PIVOT_COLUMNS_MAX columns, at the stage; LOTS_QUERY when two rows fall into one cell;
 * LOTS_MEMORY.   Cost: O(rows log rows + cells). */
LOTS_MUST lots_status lots_pivot_rows(const lots_pivot *pivot, lots_arena *arena, lots_pivoted *out, lots_error *err);

#endif
