/* segment_writer.h: making one segment file from settled batches. A pure function of its input: same rows, same bytes.
 * The file is written to its final path; publishing syncs it (registry.h), and it is nothing until a catalog names it. */
#ifndef LOTS_SEGMENT_WRITER_H
#define LOTS_SEGMENT_WRITER_H

#include "core/store/batch.h"
#include "core/store/schema.h"

typedef struct lots_segment_input {
    uint64_t id;                      /* the segment's number in the catalog; salts its checksums */
    const lots_schema *schema;
    uint32_t patients;                /* in this segment */
    lots_patient first_patient;       /* batch patient numbers are first_patient .. first_patient + patients - 1 */
    const lots_batch *const *streams; /* schema->stream_count; [0] has one row a patient in order. Settled (order.h).
                                         NULL: no events */
    const lots_dictionary *codes;
    const lots_dictionary *const *domains; /* as lots_segment_dictionaries */
    const char *const *domain_names;
    uint32_t domain_count;
    uint32_t chunk_patients;               /* that a chunk holds at most; 0: LOTS_CHUNK_PATIENTS. Tests want small ones */
} lots_segment_input;

typedef struct lots_segment_result {
    uint64_t bytes;
    uint64_t hash;   /* XXH3 of the content independent of `id`: same rows, same hash */
    uint64_t events; /* all streams, patients not counted */
} lots_segment_result;

/* Errors: LOTS_IO (path, reason), LOTS_MEMORY, LOTS_INTERNAL when the batches break order.h's order. On failure the file
 * is removed. Threads: any number of writers on different files. */
LOTS_MUST lots_status lots_segment_write(const char *path, const lots_segment_input *input, lots_segment_result *result,
                                         lots_error *err);

/* Where chunks end for these streams: as few as LOTS_CHUNK_EVENTS in the fullest stream and LOTS_CHUNK_PATIENTS allow, as even
 * in that stream as patients are; a bigger patient has a chunk of its own. firsts (vec of uint32_t) gets chunk starts and a last entry = patients. */
LOTS_MUST lots_status lots_segment_plan_chunks(const lots_segment_input *input, lots_vec *firsts, lots_error *err);

#endif
