/* eval.h: the values of bound expressions over one chunk of patients, a vector at a time.
 *
 * A lots_worker belongs to one thread. begin() puts it on a chunk (or on no chunk, for tables); then frame *instances* are
 * made and expressions evaluated in them. All that a chunk makes lives in the worker's arena until the next begin().
 *
 * An instance is a frame of the query with actual rows: how many, which row of the parent instance each hangs on, and for
 * frames over a relation which relation row it is. Derived columns (slots) are vectors set from outside.
 * Columns are decoded at most once a chunk, and only when asked for. */
#ifndef LOTS_QUERY_EVAL_H
#define LOTS_QUERY_EVAL_H

#include "query/exec/vector.h"
#include "query/lang/bound.h"

typedef struct lots_worker lots_worker;

typedef struct lots_instance lots_instance;
struct lots_instance {
    uint32_t frame;
    uint32_t count;
    const lots_instance *parent;  /* NULL for the constant frame and TABLE frames */
    const uint32_t *parent_index; /* count: row of the parent; NULL: row i hangs on parent row i, or see parent_offsets */
    const uint32_t *parent_offsets; /* parent's count + 1: where its rows begin, of rows whose parent_index is made when it
                                       is asked for (lots_instance_parents); else NULL */
    const uint64_t *parent_bits; /* parent_index as bits of the parent's rows, where it rises and has half of them or more; NULL: not at hand */
    const uint32_t *relation_row; /* count: row of the frame's relation in this chunk; NULL: row i is relation row i, or the
                                     frame has no relation */
    const uint64_t *relation_bits; /* the same as bits of the relation's rows, where it lists these rising; NULL: not at hand */
    const uint32_t *ordinal;      /* count: a number that whoever made the rows gave them, carried along; NULL: none */
    lots_vector *slots;           /* ROWS and TABLE: slot_count vectors; type.kind MISSING and count 0 until set */
    uint32_t slot_count;
    uint32_t depth;               /* the evaluator's: whose memory its values lie in */
    uint32_t serial;              /* distinct for every instance of a chunk: key of the cache of values */
};

/* memory_bytes: limit for one chunk's working memory, 0: none. `stop` (may be NULL) is looked at between steps. */
LOTS_MUST lots_status lots_worker_open(lots_worker **out, const lots_query *query, size_t memory_bytes,
                                       const _Atomic bool *stop, lots_error *err);
/* Before the first begin: its memory counts towards a budget, which must outlive it. */
void lots_worker_share(lots_worker *worker, lots_budget *budget);
void lots_worker_close(lots_worker *worker);
lots_arena *lots_worker_arena(lots_worker *worker);

/* Go to a chunk: forget the last one. *patients is the instance of frame 1 (all patients of the chunk).
 * Errors: LOTS_CORRUPT, LOTS_IO, LOTS_MEMORY. */
LOTS_MUST lots_status lots_worker_begin(lots_worker *worker, uint32_t segment, uint32_t chunk,
                                        const lots_instance **patients, lots_error *err);
/* No chunk: for TABLE frames. */
LOTS_MUST lots_status lots_worker_begin_table(lots_worker *worker, lots_error *err);
/* No chunk, but rows of patients that a pass has read: by column of the patients the slot of the rows that has it, UINT32_MAX
 * for what is not asked for; borrowed until the next begin. NULL: a table. */
LOTS_MUST lots_status lots_worker_begin_carried(lots_worker *worker, const uint32_t *carried, lots_error *err);
/* Registry-wide number of the chunk's first patient. */
lots_patient lots_worker_first_patient(const lots_worker *worker);

/* Could any row of this pipeline be in this chunk, judged by zone maps and code bitmaps alone? false only when surely not.
 * Cheap; needs no begin. */
bool lots_worker_may_have_rows(lots_worker *worker, const lots_bound_pipeline *pipeline, uint32_t segment, uint32_t chunk);

/* The rows of a pipeline's source in this chunk (all patients, or the elements of its source set in patient and total
 * order), with room for its slots. */
LOTS_MUST lots_status lots_rows_begin(lots_worker *worker, const lots_bound_pipeline *pipeline, lots_instance **out,
                                      lots_error *err);
/* The same rows as a former pass found them: `patient` relative to the chunk and `relation_row` as that pass had them
 * (NULL when the source is the patients). Rising by patient. */
LOTS_MUST lots_status lots_rows_restore(lots_worker *worker, const lots_bound_pipeline *pipeline, const uint32_t *patient,
                                        const uint32_t *relation_row, const uint32_t *ordinal, uint32_t count,
                                        lots_instance **out, lots_error *err);
/* The rows of another pipeline over the same source, with the slots set so far, which both have alike. */
LOTS_MUST lots_status lots_rows_again(lots_worker *worker, const lots_bound_pipeline *pipeline, const lots_instance *rows,
                                      lots_instance **out, lots_error *err);
/* Keep the rows whose bit is set; slots set so far are carried over. */
LOTS_MUST lots_status lots_rows_filter(lots_worker *worker, const lots_instance *rows, const uint64_t *keep,
                                       lots_instance **out, lots_error *err);
/* Row i becomes row index[i] of before, in rising order, any of them several times or not at all. */
LOTS_MUST lots_status lots_rows_take(lots_worker *worker, const lots_instance *rows, const uint32_t *index, uint32_t count,
                                     lots_instance **out, lots_error *err);
/* A TABLE frame's rows: `columns` are its slots, borrowed. */
LOTS_MUST lots_status lots_rows_table(lots_worker *worker, uint32_t frame, const lots_vector *columns,
                                      uint32_t column_count, uint32_t count, lots_instance **out, lots_error *err);
/* Patient (relative to the chunk) of each row of an instance with patients; the worker's arena's. */
LOTS_MUST lots_status lots_rows_patients(lots_worker *worker, const lots_instance *rows, const uint32_t **out,
                                         lots_error *err);

/* The value of `expr` for every row of `rows` (an instance of expr->frame or of a frame below it). Cached by (expression,
 * instance): asking again is free. Errors: LOTS_QUERY with the expression's span (overflow, a date out of range),
 * LOTS_LIMIT naming the step, LOTS_CORRUPT, LOTS_INTERRUPTED. */
LOTS_MUST lots_status lots_eval(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                                lots_error *err);
/* A condition as a bitmap of the rows where it is true (missing is not). */
LOTS_MUST lots_status lots_eval_true(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, uint64_t **out,
                                     lots_error *err);

/* What was done, for explain --analyze and tests of linearity. */
typedef struct lots_work {
    uint64_t chunks, chunks_skipped;
    uint64_t blocks, bytes, values; /* decoded */
    uint64_t rows;                  /* rows looked at by kernels and loops: the measure that must stay linear */
} lots_work;
const lots_work *lots_worker_work(const lots_worker *worker);

#endif
