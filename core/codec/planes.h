/* planes.h: columns of 2..8 distinct numbers as bit planes: which values are the commonest number; of those left, which
 * are the second commonest; and so on. A column costs little more than its entropy, and decodes by parallel deposits.
 *   1        how many distinct numbers, d
 *   frame    the d numbers, the commonest first (of equally common ones the smaller)
 *   bytes    d - 1 planes. Plane k has one bit for each value that is in none of the planes before it, packed least
 *            significant bit first and filled up to a whole byte with zeros
 * Callers: core/codec. */
#ifndef LOTS_PLANES_H
#define LOTS_PLANES_H

#include "core/codec/block.h"
#include "core/codec/frame.h"

#define LOTS_PLANES_VALUES 8u

typedef struct lots_planes_plan {
    bool possible;
    const lots_ints *ints;
    uint32_t distinct;
    uint64_t values[LOTS_PLANES_VALUES];  /* distances, commonest first */
    uint32_t counts[LOTS_PLANES_VALUES];
    uint64_t *planes[LOTS_PLANES_VALUES]; /* which values are it; of the arena */
    size_t bytes;
} lots_planes_plan;

/* Cost: O(count), little when there are more distinct numbers. */
LOTS_MUST lots_status lots_planes_measure(const lots_ints *ints, lots_planes_plan *plan, lots_arena *arena,
                                          lots_error *err);
LOTS_MUST lots_status lots_planes_write(const lots_planes_plan *plan, lots_bytes *out, lots_arena *arena,
                                        lots_error *err);
LOTS_MUST lots_status lots_planes_decode_u32(lots_reader *reader, uint32_t count, uint32_t *out, lots_arena *arena,
                                             lots_error *err);
/* Value k of `out` is value rows[k] < count. */
LOTS_MUST lots_status lots_planes_take_u32(lots_reader *reader, uint32_t count, const uint32_t *rows, uint32_t row_count,
                                           uint32_t *out, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_planes_take_u64(lots_reader *reader, uint32_t count, const uint32_t *rows, uint32_t row_count,
                                           uint64_t *out, lots_arena *arena, lots_error *err);
/* Only which of the values are in a set, as bits; *greatest of the distinct ones. Planes that don't matter are read only to
 * check them: `believed` ones, which have been read before, are not, and the reader is left where it stands. `known`: planes
 * that needn't be read again, and to add to; may be NULL. */
LOTS_MUST lots_status lots_planes_test(lots_reader *reader, uint32_t count, const lots_id_test *test, bool believed,
                                       lots_known_planes *known, uint64_t *out, uint32_t *greatest, lots_arena *arena,
                                       lots_error *err);
/* Of lengths of lists that lie one after the other: out[i] = the sum of the values before place[i] <= count. */
LOTS_MUST lots_status lots_planes_sums(lots_reader *reader, uint32_t count, const uint32_t *places, uint32_t place_count,
                                       uint32_t *out, lots_arena *arena, lots_error *err);
/* The list in which each of some elements lies. Elements rise; `out` is less than count. Errors: LOTS_CORRUPT when there are
 * fewer elements; as decode. */
LOTS_MUST lots_status lots_planes_find(lots_reader *reader, uint32_t count, const uint32_t *elements,
                                       uint32_t element_count, uint32_t *out, lots_arena *arena, lots_error *err);
/* The values below `ids` as bits, each in a vector of the arena or of known's; NULL where no value is it. `known`: as above. */
LOTS_MUST lots_status lots_planes_masks(lots_reader *reader, uint32_t count, uint32_t ids, lots_known_planes *known,
                                        const uint64_t **masks, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_planes_decode_u64(lots_reader *reader, uint32_t count, uint64_t *out, lots_arena *arena,
                                             lots_error *err);

#endif
