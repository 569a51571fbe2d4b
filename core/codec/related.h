/* related.h: values told from those of another column, the parent, in the same rows.
 *
 * GIVEN, for ids: a provider works at few units, so beside the unit the provider is one of a few. The parent's values have
 * lists of the ids that occur with them, kept once a segment; a row says which place on the list it has.
 *   inner    the places, missing where the value is
 * CLASSES, for a parent of few values: what holds for all of one class is said once, and each class is encoded by itself.
 *   for each value of the parent, then for rows where it is missing, if there are any such rows:
 *   inner    the values of those rows, in order
 * Callers: core/codec/block.c. */
#ifndef LOTS_RELATED_H
#define LOTS_RELATED_H

#include "core/codec/inner.h"

/* Append the body; meta's encoding, width, min and max are filled in. At least one value is not missing.
 * Errors: LOTS_USAGE when a value is not among its parent's children or there are too many classes; LOTS_MEMORY. */
LOTS_MUST lots_status lots_given_write(const lots_values *values, const lots_parent *parent, lots_bytes *out,
                                       lots_block_meta *meta, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_classes_write(const lots_values *values, const lots_parent *parent, lots_bytes *out,
                                         lots_block_meta *meta, lots_arena *arena, lots_error *err);
/* The reverse, missing bits included. out->parent has what encode was given. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_given_read(lots_reader *reader, const lots_block_meta *meta, lots_values_out *out,
                                      lots_arena *arena, lots_error *err);
/* Of some rows of a block that was read before; out->parent->ids are those of these rows. */
LOTS_MUST lots_status lots_given_take(lots_reader *reader, const lots_block_meta *meta, const uint32_t *rows,
                                      uint32_t row_count, lots_values_out *out, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_classes_read(lots_reader *reader, const lots_block_meta *meta, lots_values_out *out,
                                        lots_arena *arena, lots_error *err);

#endif
