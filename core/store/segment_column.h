/* segment_column.h: one column of a segment being encoded, as the files that do it share it: segment_encode.c (blocks, columns,
 * streams), segment_gather.c (the values of a chunk), segment_years.c,
 * segment_post.c (postings), segment_ties.c and its helpers (which columns are told from which).
 * Nobody else includes this. */
#ifndef LOTS_SEGMENT_COLUMN_H
#define LOTS_SEGMENT_COLUMN_H

#include "core/store/segment_encode.h"

/* How a column's blocks are told: by themselves, or from another column of the stream (core/codec/related.h, entries.h). */
typedef enum lots_tie { LOTS_TIE_NONE, LOTS_TIE_LEADS, LOTS_TIE_LINKED, LOTS_TIE_GIVEN, LOTS_TIE_CLASSES } lots_tie;

typedef struct lots_stream_job lots_stream_job;

typedef struct lots_column_job {
    lots_segment_job *job;
    const lots_stream_job *of;
    uint32_t stream;
    const lots_column *schema;
    const lots_batch_column *batch;    /* NULL: the stream has no rows */
    const lots_batch_column *ordered;  /* durations: the start column */
    const lots_layout_stream *layout_stream;
    lots_layout_column *layout;
    const lots_dictionary *dictionary; /* id columns; may be NULL: then no row has an id */
    uint32_t *local_of_stable;         /* id columns */
    lots_id *stable;                   /* of each local id */
    uint32_t ids;                      /* how many local ids there are */
    uint64_t *presence;                /* chunk x ids + local id; NULL: not kept */
    lots_block_options options;
    lots_tie tie;
    uint32_t parent;                   /* LINKED, GIVEN, CLASSES: a column of the stream */
    bool absent;                       /* is missing with some values of the column absent_by; NONE and GIVEN */
    uint32_t absent_by;
    uint32_t *firsts, *children;       /* GIVEN: as lots_parent has them */
} lots_column_job;

struct lots_stream_job {
    lots_segment_job *job;
    uint32_t stream;
    lots_column_job *columns;
    uint32_t column_count;
    lots_entries *entries;             /* of each chunk, when a column leads; a count of 0: the chunk is told plainly */
    lots_arena arena;                  /* what lives as long as the stream is being encoded */
};

/* The first row of a chunk, in the batch. */
static inline uint32_t lots_column_first_row(const lots_column_job *column, uint32_t chunk)
{
    const lots_segment_job *job = column->job;
    return job->offsets[column->stream][job->layout.firsts[chunk]];
}

/* Point `values` at a chunk's values of a column that is no list, as the codec wants them; in scratch where they must be
 * changed. `values->phys` and count are set. *missing: how many are; when all are, the values are not looked at. `shown` gets
 * the days' own span of durations. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_column_gather(lots_column_job *column, uint32_t chunk, lots_values *values, uint32_t *missing,
                                         lots_block_meta *shown, lots_error *err);
/* `count` ids of the batch from `first` on as local ids, 0 under a missing bit. */
LOTS_MUST lots_status lots_column_localise(lots_column_job *column, size_t first, uint32_t count, const uint64_t *missing,
                                           uint32_t chunk, const void **out, lots_error *err);
/* Which years a column's rows are to be counted by: *count from *first on; none when too few rows lie in any.
 * Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_years_plan(const lots_column_job *column, uint32_t *first, uint32_t *count, lots_error *err);
/* Of a chunk: as the slot `years` has it; `counts` has room for all patients and years. */
void lots_years_count(const lots_column_job *column, uint32_t chunk, uint32_t *counts);
/* What is posted of a chunk: pairs of local id and patient, of all ids, of those that few patients have or of the others; or the
 * rows of those few. */
typedef enum lots_post { LOTS_POST_NONE, LOTS_POST_ALL, LOTS_POST_COMMON, LOTS_POST_RARE, LOTS_POST_ROWS } lots_post;
/* Rising numbers, in scratch. A pair, each once, is id x patients + patient; a row as FORMAT.md numbers posted rows.
 * Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_column_post(lots_column_job *column, uint32_t chunk, lots_post post, lots_values *out,
                                       lots_error *err);
/* How a chunk's block is to be written, with room for what it is told from. */
typedef struct lots_told {
    lots_block_options options;
    lots_entries entries;
    lots_parent parent;
    lots_absence absence;
} lots_told;
/* As the column is tied. `out` must stay where it is. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_column_tie(lots_column_job *column, uint32_t chunk, lots_told *out, lots_error *err);

/* Which columns are told from which, by what a sample takes. Sets tie and parent of the columns, and the entries.
 * Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_stream_tie(lots_stream_job *stream, lots_error *err);
/* Entries of a chunk's patients: a row of a patient's is an earlier entry when it has the same value of `leader` and of each of
 * the `members`. In the stream's arena; count 0 when the leader is missing throughout or entries are no fewer than rows.
 * Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_entries_find(lots_stream_job *stream, uint32_t leader, const uint32_t *members,
                                        uint32_t member_count, uint32_t chunk, lots_entries *out, lots_error *err);
/* The children of each id of the parent, commonest first: child->firsts and children, in the stream's arena. *possible is
 * false, and nothing is set, when some list passes LOTS_CHILDREN_MAX. Errors: LOTS_MEMORY. */
#define LOTS_CHILDREN_MAX 256u
LOTS_MUST lots_status lots_children_find(lots_stream_job *stream, uint32_t child, uint32_t parent, bool *possible,
                                         lots_error *err);

#endif
