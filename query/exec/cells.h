/* cells.h: the rows of a stream's chunk as cells: which calendar unit a row's day lies in, which of few values a category has, or
 * both, as one small number; and which rows are the first that a person has in a cell.
 *
 * Rows of a patient rise by day, so those of one unit stand side by side: who has rows of a value there is told by bits, 64 rows at
 * a time, and no row needs to know whose it is. Callers: group_cells.c, cells_by_day.c. */
#ifndef LOTS_QUERY_CELLS_H
#define LOTS_QUERY_CELLS_H

#include "core/base/kernels.h"
#include "query/exec/eval.h"

#define LOTS_CELLS_MAX 2048u

typedef struct lots_cells_plan {
    uint32_t frame, stream;
    uint32_t day_key, class_key;   /* which of the keys is what; UINT32_MAX: none */
    uint32_t start, column;        /* of the stream */
    lots_op unit;
    uint32_t classes;              /* values of the category: numbers of units go up by so many */
    lots_day_units units;          /* those met so far, and any between */
    bool renumbered;               /* cells are other numbers than before: for those who keep something by cell to reset */
} lots_cells_plan;

/* Of a chunk. A row has twice the number of its cell, and 1 more when it is the first that a person has there; rows that there are
 * not, twice `count` more. */
typedef struct lots_cells {
    uint32_t rows, count; /* cells are below count */
    const uint16_t *place;/* by row, below 4 * count */
} lots_cells;

/* Can the keys of a group by be told as cells? */
bool lots_cells_plan_make(const lots_query *query, const lots_bound_stage *stage, lots_cells_plan *out);
/* Number the units of the worker's chunk's days; *count: of cells. False: they can't be told so. */
bool lots_cells_reach(const lots_worker *worker, lots_cells_plan *plan, uint32_t *count);
/* The rows of the worker's chunk, whose patients begin at `offsets`. `present`: bits of the rows that there are, NULL: all. *done
 * false: they can't be told so, and nothing was made. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_cells_find(lots_worker *worker, lots_cells_plan *plan, const uint32_t *offsets, const uint64_t *present,
                                      lots_cells *out, bool *done, lots_error *err);
/* A day and a value of the category that are of the cell. */
int32_t lots_cells_day(const lots_cells_plan *plan, uint32_t cell);
uint32_t lots_cells_class(const lots_cells_plan *plan, uint32_t cell);

#endif
