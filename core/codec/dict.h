/* dict.h: numbers as places in a dictionary of the block's own.
 *   DICT                                       STEPS
 *   varint  how many entries                   varint  how many entries, one at least
 *   frame   the entries, rising                varint  the unit of all steps
 *                                              varint  zigzag of the first entry
 *                                              frame   the steps to all others, in that unit
 *   frame   for each number its entry          frame   for each number its entry
 * Amounts of money lie close and are whole numbers of something: then steps are short.
 * Callers: core/codec. */
#ifndef LOTS_DICT_H
#define LOTS_DICT_H

#include "core/codec/frame.h"

typedef struct lots_dict_plan {
    bool possible;            /* false: more distinct numbers than the limit */
    lots_ints entries;
    lots_ints indexes;
    lots_frame_plan entries_frame;
    lots_frame_plan indexes_frame;
    lots_ints steps;          /* and as STEPS */
    lots_frame_plan steps_frame;
    uint64_t unit;
    bool stepped;             /* STEPS is shorter */
    size_t bytes;
} lots_dict_plan;

/* How many distinct numbers are among 256 evenly spaced ones: a hint whether the rest is worth looking at. */
uint32_t lots_dict_sample(const lots_ints *ints);
/* `limit` 1..2^20 distinct numbers. */
LOTS_MUST lots_status lots_dict_measure(const lots_ints *ints, uint32_t limit, lots_dict_plan *plan, lots_arena *arena,
                                        lots_error *err);
LOTS_MUST lots_status lots_dict_write(const lots_dict_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err);
/* STEPS, or NARROW steps: of entries that are known to be 0 .. 2^32 - 1. */
typedef enum lots_dict_form { LOTS_DICT_ENTRIES, LOTS_DICT_STEPS, LOTS_DICT_NARROW_STEPS } lots_dict_form;
/* `believed`: the same bytes have been decoded before, so that no entry needs to be looked for in vain. */
LOTS_MUST lots_status lots_dict_decode_u32(lots_reader *reader, uint32_t count, lots_dict_form form, bool believed, uint32_t *out,
                                           lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_dict_decode_u64(lots_reader *reader, uint32_t count, lots_dict_form form, bool believed, uint64_t *out,
                                           lots_arena *arena, lots_error *err);
/* Of a believed one: entries, into a fresh vector, and which of them each number is. */
LOTS_MUST lots_status lots_dict_places_u32(lots_reader *reader, uint32_t count, lots_dict_form form, uint32_t *places,
                                           uint32_t **entries, uint32_t *entry_count, lots_arena *arena, lots_error *err);
/* Of a believed one out[k] = number rows[k]; rows[k] < count and never fall. */
LOTS_MUST lots_status lots_dict_take_u32(lots_reader *reader, uint32_t count, lots_dict_form form, const uint32_t *rows,
                                         uint32_t row_count, uint32_t *out, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_dict_take_u64(lots_reader *reader, uint32_t count, lots_dict_form form, const uint32_t *rows,
                                         uint32_t row_count, uint64_t *out, lots_arena *arena, lots_error *err);
/* A frame of `count` indexes, each below entry_count, into a fresh vector. */
LOTS_MUST lots_status lots_dict_read_indexes(lots_reader *reader, uint32_t count, uint64_t entry_count, uint32_t **out,
                                             lots_arena *arena, lots_error *err);

#endif
