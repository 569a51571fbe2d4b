/* told.h: blocks that are told from another column of the same rows (ENTRIES, LINKED, GIVEN, CLASSES): what block.c does with
 * them, and what the store needs of the column that they are told from (block.h). Callers: core/codec/block.c. */
#ifndef LOTS_TOLD_H
#define LOTS_TOLD_H

#include "core/codec/block.h"

/* As lots_block_decode, of a block that is not missing throughout. Takes all bytes of the reader. */
LOTS_MUST lots_status lots_told_decode(const lots_block_meta *meta, lots_reader *reader, lots_values_out *out,
                                       lots_arena *arena, lots_error *err);
/* As lots_block_take, for ENTRIES, LINKED and GIVEN. out->parent->ids are those of the rows. */
LOTS_MUST lots_status lots_told_take(const lots_block_meta *meta, lots_reader *reader, const uint32_t *rows,
                                     uint32_t row_count, lots_values_out *out, lots_arena *arena, lots_error *err);
/* As lots_block_test, for ENTRIES and LINKED. */
LOTS_MUST lots_status lots_told_test(const lots_block_meta *meta, lots_reader *reader, const lots_id_test *test,
                                     const lots_values_out *from, uint64_t *out, uint64_t *missing, uint32_t *greatest,
                                     lots_arena *scratch, lots_error *err);

#endif
