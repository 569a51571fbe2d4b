/* segment_needs.h: what reading a block and finding what it needs beside its own bytes share: segment_read.c and segment_needs.c.
 * Nobody else includes this. Each calls the other, as what a block needs may be another column's block of the same chunk; that one is of
 * a column that is told from none (segment_layout_read.c refuses others), so it goes no deeper. */
#ifndef LOTS_SEGMENT_NEEDS_H
#define LOTS_SEGMENT_NEEDS_H

#include "core/store/segment_file.h"

/* One block to read, and where it stands. */
typedef struct lots_block_place {
    const lots_segment *segment;
    const lots_segment_stream *stream;
    const lots_layout_column *column;
    lots_part part;
    uint32_t chunk;
} lots_block_place;

/* The rows of a block that are wanted. */
typedef struct lots_block_rows {
    const uint32_t *rows;
    uint32_t count;
} lots_block_rows;

static inline const lots_layout_slot *lots_block_slot(const lots_block_place *place)
{
    return place->part == LOTS_PART_LENGTHS ? &place->column->lengths : &place->column->values;
}

/* segment_needs.c: what a block that is held needs beside its bytes, put into `out`: starts, with the entries that are kept; its parent;
 * the rows it leaves out. Starts, known entries and planes that `out` has are used. What is found is in scratch, and in `parent`, the
 * caller's, which `out` may point to from then on. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_segment_read_needs(const lots_block_place *place, lots_values_out *out, lots_parent *parent,
                                              lots_arena *scratch, lots_error *err);
/* The same where rows are taken, of a block that they can be taken of: the parent's ids or entries are those of these rows. */
LOTS_MUST lots_status lots_segment_take_needs(const lots_block_place *place, lots_block_rows wanted, lots_values_out *out,
                                              lots_parent *parent, lots_arena *scratch, lots_error *err);

/* segment_read.c: a block's values, durations as such, by lots_values_out's contract; all missing where the block isn't held. `out` may
 * lack what the block needs. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_segment_read_block(const lots_block_place *place, lots_values_out *out, lots_arena *scratch,
                                              lots_error *err);
/* As lots_segment_test, of a block of values that is held and can be tested. */
LOTS_MUST lots_status lots_segment_test_block(const lots_block_place *place, const lots_id_test *test, lots_known_planes *planes,
                                              uint64_t *out, uint64_t *missing, lots_arena *scratch, lots_error *err);
/* Can rows be taken of the values? The bytes must have been read whole once, which checks them. */
bool lots_segment_can_take_block(const lots_block_place *place);

#endif
