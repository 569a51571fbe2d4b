/* segment_encode.h: settled rows of a segment into blocks: one column at a time, one block a chunk. Appends payloads to an
 * image of the file and describes them in a layout. Callers: segment_writer.c. */
#ifndef LOTS_SEGMENT_ENCODE_H
#define LOTS_SEGMENT_ENCODE_H

#include "core/store/segment_layout.h"
#include "core/store/segment_writer.h"

/* A held block's payload hashed without salt, for the content hash. */
typedef struct lots_plain_hash {
    lots_block_meta *meta;
    uint64_t hash;
} lots_plain_hash;

typedef struct lots_segment_job {
    const lots_segment_input *input;
    uint32_t **offsets;      /* by stream: patients + 1: patient p's rows are offsets[p] .. offsets[p + 1] - 1 */
    lots_layout layout;
    lots_bytes image;        /* the file from its first byte; what lies before the first block is the caller's */
    lots_bytes ids;          /* hash of the texts of each local dictionary, for the content hash */
    lots_vec plain_hashes;   /* lots_plain_hash */
    lots_arena scratch;
} lots_segment_job;

/* Encode all columns of a stream whose name, columns' room and rows the layout has. */
LOTS_MUST lots_status lots_segment_encode_stream(lots_segment_job *job, uint32_t stream, lots_error *err);

#endif
