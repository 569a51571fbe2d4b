/* entries.h: a patient's own values. Many rows of a patient say again what an earlier row of theirs says: the same drug in the
 * same package at the same price. So each patient has a short list of *entries*, and a row says which of them it is. Columns
 * that go together share one such list: the block of one (ENTRIES) says which entry each row is and what its own values of
 * the entries are, the blocks of the others (LINKED) only the latter.
 *
 * ENTRIES                                               LINKED
 *   varint   how many entries there are                   inner   the values of the leading block's entries
 *   inner    the values of the entries (inner.h), one
 *            patient's after the other's
 *   numbers  how many each patient has
 *   numbers  each row's entry, counted within its patient
 * numbers: 1 byte, the encoding (choose.h); those. Callers: core/codec/block.c. */
#ifndef LOTS_ENTRIES_H
#define LOTS_ENTRIES_H

#include "core/codec/inner.h"
#include "core/codec/delta.h"

/* Append the body; meta's encoding, width, min and max are filled in. Not of TEXT; at least one value is not missing. */
LOTS_MUST lots_status lots_entries_write(const lots_values *values, const lots_entries *entries, lots_bytes *out,
                                         lots_block_meta *meta, lots_arena *arena, lots_error *err);
/* What the entries say, in vectors of the arena. */
typedef struct lots_entry_values {
    uint32_t count;
    void *data;
    uint64_t *missing;
    uint32_t missing_count;
} lots_entry_values;

/* The head of ENTRIES, of a block of `count` rows. Errors: LOTS_CORRUPT. */
LOTS_MUST lots_status lots_entries_count(lots_reader *reader, uint32_t count, uint32_t *entries, lots_error *err);
/* What `entries` of them say. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_entries_values(lots_reader *reader, lots_phys phys, uint32_t entries, lots_entry_values *out,
                                          lots_arena *arena, lots_error *err);
/* Each row's entry, counted over all patients: ids[count], with slack, all below `entries`. Errors: LOTS_CORRUPT also when
 * starts are not those of a block of so many rows; LOTS_MEMORY. `believed`: see block.h. */
LOTS_MUST lots_status lots_entries_ids(lots_reader *reader, uint32_t count, lots_starts starts, uint32_t entries,
                                       bool believed, uint32_t *ids, lots_arena *arena, lots_error *err);
/* The same of some rows of a block that was read before: ids[k] of rows[k], which rise and are below count. */
LOTS_MUST lots_status lots_entries_take_ids(lots_reader *reader, uint32_t count, lots_starts starts, uint32_t entries,
                                            const uint32_t *rows, uint32_t row_count, uint32_t *ids, lots_arena *arena,
                                            lots_error *err);
/* What the entries say, to `count` rows; out->missing, when it is there, is written too. */
void lots_entries_spread(const lots_entry_values *entries, const uint32_t *ids, lots_phys phys, uint32_t count,
                         lots_values_out *out);

#endif
