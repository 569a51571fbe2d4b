/* delta.h: numbers as differences from the one before, and days as gaps within a patient.
 *
 * DELTA                                          GAPS (needs the patients' starts)
 *   varint  zigzag of the first number             varint  zigzag of the base: what precedes the first number
 *   frame   count - 1 differences                  varint  how many firsts
 *                                                  frame   firsts, zigzag: each patient's first number less the number
 *                                                          before it, the last one of the patient before
 *                                                  frame   count gaps, 0 where a first stands
 * Both come back by one prefix sum over the block, whatever the patients (ENGINE.md, 4). Callers: core/codec. */
#ifndef LOTS_DELTA_H
#define LOTS_DELTA_H

#include "core/codec/frame.h"

/* Each patient's first index, as in lots_values. NULL starts: not ordered. */
typedef struct lots_starts {
    const uint32_t *starts;
    uint32_t count;
} lots_starts;

typedef struct lots_delta_plan {
    bool possible;         /* false: the differences spread too far to gain anything */
    uint64_t first;
    lots_ints differences;
    lots_frame_plan frame;
    size_t bytes;
} lots_delta_plan;

LOTS_MUST lots_status lots_delta_measure(const lots_ints *ints, lots_delta_plan *plan, lots_arena *arena,
                                         lots_error *err);
LOTS_MUST lots_status lots_delta_write(const lots_delta_plan *plan, lots_bytes *out, lots_arena *arena,
                                       lots_error *err);
LOTS_MUST lots_status lots_delta_decode_u32(lots_reader *reader, uint32_t count, uint32_t *out, lots_arena *arena,
                                            lots_error *err);
LOTS_MUST lots_status lots_delta_decode_u64(lots_reader *reader, uint32_t count, uint64_t *out, lots_arena *arena,
                                            lots_error *err);

typedef struct lots_gaps_plan {
    bool possible;         /* false: no starts, numbers fall within a patient, or 64-bit ones */
    uint64_t base;
    lots_ints firsts;
    lots_ints gaps;
    lots_frame_plan firsts_frame;
    lots_frame_plan gaps_frame;
    size_t bytes;
} lots_gaps_plan;

LOTS_MUST lots_status lots_gaps_measure(const lots_ints *ints, lots_starts starts, lots_gaps_plan *plan,
                                        lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_gaps_write(const lots_gaps_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err);
/* Errors: LOTS_CORRUPT also when the starts are not those given to encode; this isn't looked at when `believed`: the same
 * bytes have been decoded before, with the same starts. */
LOTS_MUST lots_status lots_gaps_decode_u32(lots_reader *reader, uint32_t count, lots_starts starts, bool believed,
                                           uint32_t *out, lots_arena *arena, lots_error *err);

#endif
