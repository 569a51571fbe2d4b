/* pass_rows.h: the rows of a former pass, as the next one takes them up: chunk by chunk, in the order in which a chunk has
 * them; or, when no chunk is needed, as stretches of what is in memory. Callers: pass.c. */
#ifndef LOTS_QUERY_PASS_ROWS_H
#define LOTS_QUERY_PASS_ROWS_H

#include "query/exec/pass.h"

typedef struct lots_pass_rows {
    const lots_rowset *input;
    uint32_t *order;  /* rows by chunk, patient and relation row; NULL: as they are */
    uint32_t *starts; /* by chunk or stretch, and the end: where its rows begin in that order */
    uint32_t parts;   /* chunks or stretches */
} lots_pass_rows;

/* Either is to be closed in any case. */
LOTS_MUST lots_status lots_pass_rows_by_chunk(lots_pass_rows *rows, const lots_rowset *input,
                                              const lots_chunk_place *chunks, uint32_t chunk_count, lots_error *err);
/* Of rows in order (lots_rowset_in_order). Nobody's rows are in two stretches. */
LOTS_MUST lots_status lots_pass_rows_by_stretch(lots_pass_rows *rows, const lots_rowset *input, lots_error *err);
void lots_pass_rows_close(lots_pass_rows *rows);

static inline uint32_t lots_pass_rows_count(const lots_pass_rows *rows, uint32_t part)
{
    return rows->starts[part + 1] - rows->starts[part];
}

/* The rows of a chunk, on which the worker is; `first`: its first patient. Their ordinals are their places in `input`. */
LOTS_MUST lots_status lots_pass_rows_restore(const lots_pass_rows *rows, const lots_pass *pass, lots_worker *worker,
                                             uint32_t chunk, lots_instance **out, lots_error *err);
/* The rows of a stretch, borrowed; the worker is on no chunk. Their ordinals are their places in `input`. */
LOTS_MUST lots_status lots_pass_rows_stretch(const lots_pass_rows *rows, lots_worker *worker, uint32_t part,
                                             lots_instance **out, lots_error *err);

#endif
