/* planes_inner.h: reading bit planes, as the files that do it share it: planes.c (values, lengths), planes_ids.c (which rows have
 * which). Nobody else includes this. */
#ifndef LOTS_PLANES_INNER_H
#define LOTS_PLANES_INNER_H

#include "core/codec/planes.h"

/* What a decoder of frames may write past its values. */
enum { U32_ROOM = LOTS_PLANES_VALUES + 16, U64_ROOM = LOTS_PLANES_VALUES + 8 };

typedef struct planes_read {
    uint32_t distinct;
    uint32_t read;    /* planes that are */
    const uint64_t *planes[LOTS_PLANES_VALUES];
    uint64_t *left;   /* what none of them marks; NULL: none is read */
    uint64_t *packed; /* room */
} planes_read;

/* How many distinct numbers there are; their frame follows. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_planes_read_distinct(lots_reader *reader, uint32_t count, uint32_t *distinct, lots_error *err);
/* A packed plane: bits that no plane before it has. There is a word more than bits. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_planes_read_bits(lots_reader *reader, uint32_t bits, uint64_t *plane, lots_error *err);
/* The first `wanted` planes, from the first on that is not read, where the reader stands. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_planes_read(lots_reader *reader, uint32_t count, uint32_t wanted, planes_read *read, lots_arena *arena,
                                       lots_error *err);

#endif
