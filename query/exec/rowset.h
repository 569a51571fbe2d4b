/* rowset.h: the rows of a pipeline between passes, in the order in which they will be shown: derived columns, and where
 * each row came from, so that a further pass over the chunks can find it again. */
#ifndef LOTS_QUERY_ROWSET_H
#define LOTS_QUERY_ROWSET_H

#include "query/exec/eval.h"

typedef struct lots_rowset {
    uint32_t frame;
    uint32_t count;
    lots_vector *slots;     /* slot_count, in the run's memory; count 0 and kind MISSING until set. Of rows of patients the
                               last ones may be columns of the patients that were carried along */
    uint32_t slot_count;
    lots_patient *patient;  /* count, registry-wide: where the row came from; NULL in a table */
    uint32_t *relation_row; /* count: and its row of the source relation in the patient's chunk; NULL when rows are patients */
    bool untouched;         /* they stand as a pass over the chunks found them, or some of them do */
    lots_vector behind;     /* tables: the patients behind each row */
    lots_vector *marks;     /* tables with hidden cells: slot_count of them and last of `behind`, INT (lots_mark); an empty
                               one where all is shown. NULL: nothing is hidden */
    bool *keys;             /* tables made by group or pivot: slot_count, which are keys of theirs, under whatever name. NULL: none */
} lots_rowset;

/* Keep the rows whose bit is set. Memory: the arena's. */
LOTS_MUST lots_status lots_rowset_filter(lots_rowset *rows, const uint64_t *keep, lots_arena *arena, lots_error *err);
/* Row i becomes row order[i] of before; `count` of them. */
LOTS_MUST lots_status lots_rowset_permute(lots_rowset *rows, const uint32_t *order, uint32_t count, lots_arena *arena,
                                          lots_error *err);
/* Do they stand as their patients and the source have them? Rows that `each` made of one stand together. */
bool lots_rowset_in_order(const lots_rowset *rows);

#endif
