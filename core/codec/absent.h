/* absent.h: blocks whose rows are missing wherever another column of the same rows has certain values: stays in hospital have no
 * profession. Such rows are left out: the block is one of the other rows, and which values it leaves out stands before it.
 *   varint   bit k: rows in which the other column has id k are left out
 *   …        the payload of a block of the rows that are left, whose own missing values are marked within
 * The other column has at most 64 ids. Not of TEXT, nor of what is told by patients or classes.
 * Reading needs the rows that are left out, as bits (lots_values_out). Callers: core/codec/block.c. */
#ifndef LOTS_ABSENT_H
#define LOTS_ABSENT_H

#include "core/codec/block.h"

/* What is left to write; set 0: all rows, since leaving some out would tell less than half of what is missing. */
typedef struct lots_absent_rest {
    uint64_t set;
    uint32_t left_out;
    lots_values values;
    lots_parent parent; /* options->parent with the ids of these rows, when there is one */
} lots_absent_rest;

LOTS_MUST lots_status lots_absent_split(const lots_values *values, const lots_block_options *options,
                                        lots_absent_rest *out, lots_arena *arena, lots_error *err);

/* As lots_block_decode, _take and _test, of a block with the flag that is not missing throughout. Errors: LOTS_CORRUPT also
 * when the rows left out are not there. */
LOTS_MUST lots_status lots_absent_decode(const lots_block_meta *meta, const uint8_t *bytes, lots_values_out *out,
                                         lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_absent_take(const lots_block_meta *meta, const uint8_t *bytes, const uint32_t *rows,
                                       uint32_t row_count, lots_values_out *out, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_absent_test(const lots_block_meta *meta, const uint8_t *bytes, const lots_id_test *test,
                                       const lots_values_out *from, uint64_t *out, uint64_t *missing, uint32_t *greatest,
                                       lots_arena *arena, lots_error *err);

#endif
