/* rowset.h: the rows of a pipeline between passes, in the order in which they will be shown: derived columns, and where
 * each row came from, so that a further pass over the chunks can find it again. */
#ifndef LOTS_QUERY_ROWSET_H
#define LOTS_QUERY_ROWSET_H

#include "query/exec/eval.h"
#include "query/exec/collected.h"

/* Where a row came from. */
typedef struct lots_origin {
    uint32_t chunk;        /* number among all chunks of the registry */
    uint32_t patient;      /* relative to the chunk */
    uint32_t relation_row; /* of the source relation in the chunk; the patient again when the rows are patients */
} lots_origin;

typedef struct lots_rowset {
    uint32_t frame;
    uint32_t count;
    lots_vector *slots;  /* slot_count, in the run's arena; count 0 and kind MISSING until set */
    uint32_t slot_count;
    lots_origin *origin; /* count; NULL in a table */
    lots_vector behind;  /* tables: the patients behind each row */
    lots_vector *marks;  /* tables with hidden cells: slot_count of them and last of `behind`, INT (lots_mark); an empty one
                            where all is shown. NULL: nothing is hidden */
} lots_rowset;

/* Keep the rows whose bit is set. Memory: the arena's. */
LOTS_MUST lots_status lots_rowset_filter(lots_rowset *rows, const uint64_t *keep, lots_arena *arena, lots_error *err);
/* Row i becomes row order[i] of before; `count` of them. */
LOTS_MUST lots_status lots_rowset_permute(lots_rowset *rows, const uint32_t *order, uint32_t count, lots_arena *arena,
                                          lots_error *err);

/* Rows being collected by one task: the slots that are set, and extra values a breaker asks for. */
typedef struct lots_gathered {
    lots_vec origin;        /* lots_origin */
    lots_vec position;      /* uint32_t: place before the pass */
    lots_collected *slots;  /* slot_count */
    lots_collected *extras; /* extra_count */
    uint32_t slot_count, extra_count;
} lots_gathered;

LOTS_MUST lots_status lots_gathered_open(lots_gathered *part, uint32_t slot_count, uint32_t extra_count, lots_error *err);
void lots_gathered_close(lots_gathered *part);
LOTS_MUST lots_status lots_gathered_join(lots_gathered *part, const lots_gathered *from, lots_error *err);

#endif
