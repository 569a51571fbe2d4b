/* stream_facts.h: what `lots info` tells of streams and columns, gathered from a registry. Numbers only; command_info.c
 * words them. Nothing depends on the order of input, on threads or on the clock. */
#ifndef LOTS_CLI_STREAM_FACTS_H
#define LOTS_CLI_STREAM_FACTS_H

#include "core/base/vec.h"
#include "core/store/registry.h"

typedef struct lots_column_facts {
    uint64_t bytes;    /* of its blocks in all segments */
    uint64_t missing;  /* lists: empty ones */
    uint64_t values;   /* lists: elements */
    bool has_distinct; /* CATEGORY, CODE, CODES */
    uint64_t distinct;
    bool has_range;    /* INT, DECIMAL, FLOAT, DATE with a value */
    int64_t min, max;  /* as lots_block_meta has them */
    uint32_t min_persons, max_persons; /* who have that very value; counted no further than asked */
    uint64_t encodings[256]; /* blocks of each encoding; by the encoding's number */
} lots_column_facts;

typedef struct lots_stream_facts {
    uint64_t events, patients, ghosts, ghost_patients, bytes;
    lots_column_facts *columns; /* the stream's columns; lots_free */
} lots_stream_facts;

/* `contents`: distinct values and empty lists of the columns too, which are left 0 otherwise: the lengths of every list are
 * read for them. Errors: LOTS_IO, LOTS_CORRUPT, LOTS_MEMORY. Cost: reads directories, patients' offsets and the ghost column. */
LOTS_MUST lots_status lots_stream_facts_gather(lots_registry *registry, uint32_t stream, bool contents,
                                               lots_stream_facts *out, lots_error *err);
/* Fill in min_persons and max_persons, up to `enough`. Errors: as above. Cost: decodes the blocks that have an extreme. */
LOTS_MUST lots_status lots_stream_facts_share(lots_registry *registry, uint32_t stream, uint32_t enough,
                                              lots_stream_facts *facts, lots_error *err);
void lots_stream_facts_free(lots_stream_facts *facts);

#endif
