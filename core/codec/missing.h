/* missing.h: which values of a block are missing, and taking the others together.
 *
 * Section (only when some but not all values are missing), before the body:
 *   1   form: bit 0: 0 raw bits, 1 runs (rle.h); bit 1: the body holds only the values that are not missing ("dense")
 *   …   the bits
 * In a body that is not dense a missing value repeats its neighbour; decoding sets it to 0. Dense costs an expand, and
 * saves the missing values' bits: it is used when more than one in 32 is missing, except for bits and for days ordered
 * within patients. Callers: core/codec/block.c. */
#ifndef LOTS_MISSING_H
#define LOTS_MISSING_H

#include "core/codec/block.h"

/* The bits of `missing` below count, as a vector of the arena, and how many there are. */
LOTS_MUST lots_status lots_missing_copy(const uint64_t *missing, uint32_t count, uint64_t **out, uint32_t *missing_count,
                                        lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_missing_write(const uint64_t *missing, uint32_t count, bool dense, lots_bytes *out,
                                         lots_arena *arena, lots_error *err);
/* Errors: LOTS_CORRUPT also when not exactly missing_count bits are set. */
LOTS_MUST lots_status lots_missing_read(lots_reader *reader, uint32_t count, uint32_t missing_count, uint64_t *out,
                                        bool *dense, lots_arena *arena, lots_error *err);

/* `values` without the missing ones (dense) or with neighbours in their place; copied to the arena, missing NULL. */
LOTS_MUST lots_status lots_missing_drop(const lots_values *values, const uint64_t *missing, uint32_t missing_count,
                                        lots_values *out, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_missing_fill(const lots_values *values, const uint64_t *missing, lots_values *out,
                                        lots_arena *arena, lots_error *err);

/* The reverse: spread `present` values over the places not missing, 0 elsewhere. */
LOTS_MUST lots_status lots_missing_spread(lots_phys phys, const void *present, const uint64_t *missing, uint32_t count,
                                          void *out, lots_arena *arena, lots_error *err);
/* 0 under each missing bit. Not for texts, whose missing values are stored empty. */
void lots_missing_clear(lots_phys phys, const uint64_t *missing, uint32_t count, void *data);

/* Bytes of a value in memory; 4 (an offset) for texts. Not for bits. */
size_t lots_phys_bytes(lots_phys phys);

#endif
