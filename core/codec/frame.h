/* frame.h: whole numbers as bit-packed frames of reference. A *frame* is a self-delimiting run of bytes for a known count
 * of values; every other integer encoding is made of frames.
 *
 * Bytes (core/FORMAT.md, "frame"); a frame of 0 values is no bytes at all. Sub-blocks are of 1024 values, the last shorter.
 *   1            form: LOTS_FRAME_ONE_WIDTH | LOTS_FRAME_BASES | LOTS_FRAME_PATCHES
 *   varint       zigzag of the base, which every value is relative to (modulo 2^64)
 *   1 or one a   width of each sub-block, 0..64, bit 7 set when it has escapes (then 1..31); ONE_WIDTH: the same for all
 *    sub-block
 *   varints      BASES: what each sub-block adds to the base
 *   varint, frame PATCHES: how many escapes there are in all; a frame of the values they stand for, in order, relative to 0;
 *                it may have patches, but those none
 *   …            the sub-blocks packed (bitpack.h). A width over 32 is two packings: the low 32 bits, then the others
 * An escape is the value of all ones; it keeps no position, and is replaced by the next patch (Zukowski et al., "Super-
 * scalar RAM-CPU cache compression", ICDE 2006, in the form measured best here: an expand under a compare mask).
 * A sub-block's base may lie above its smallest values: those are escapes too.
 * Callers: core/codec. */
#ifndef LOTS_FRAME_H
#define LOTS_FRAME_H

#include "core/base/arena.h"
#include "core/base/bytes.h"
#include "core/codec/bitpack.h"

enum { LOTS_FRAME_ONE_WIDTH = 1, LOTS_FRAME_BASES = 2, LOTS_FRAME_PATCHES = 4 };
#define LOTS_FRAME_ESCAPED_MAX 31u /* bits of a sub-block with escapes */

/* Bytes of a sub-block of a width of 0..64. */
static inline size_t lots_frame_packed_bytes(uint32_t count, unsigned width)
{
    return width <= 32 ? lots_bitpack_bytes(count, width)
                       : lots_bitpack_bytes(count, 32) + lots_bitpack_bytes(count, width - 32);
}

/* Whole numbers, each as its distance from `base` (modulo 2^64); the smallest distance need not be 0. One of narrow and
 * wide is set, borrowed, with 64 bytes of slack. */
typedef struct lots_ints {
    const uint32_t *narrow;
    const uint64_t *wide;
    uint32_t count;
    uint64_t base;
    uint64_t range; /* no distance exceeds it */
} lots_ints;

static inline uint64_t lots_ints_at(const lots_ints *ints, uint32_t index)
{
    return ints->narrow != NULL ? ints->narrow[index] : ints->wide[index];
}

typedef struct lots_frame_sub {
    uint64_t base;    /* as written: relative to the frame's */
    uint32_t escapes;
    uint8_t width;
    bool escaped;
    uint64_t low;     /* smallest and largest distance */
    uint64_t high;
} lots_frame_sub;

/* How a run of numbers will be written. `ints` and the arena must outlive it. */
typedef struct lots_frame_plan {
    const lots_ints *ints;
    lots_frame_sub *subs;
    uint32_t sub_count;
    uint32_t patch_count;
    uint8_t form;
    uint8_t width;    /* the widest sub-block's */
    bool of_patches;  /* its own patches have none */
    size_t bytes;     /* how long the frame will be; the patches' part is an upper estimate */
} lots_frame_plan;

/* Whole bytes a value of a frame of this range takes. */
static inline size_t lots_frame_value_bytes(uint64_t range)
{
    size_t bytes = 0;
    for (; range != 0; range >>= 8)
        bytes++;
    return bytes;
}
/* Measure. `patches`: whether escapes may be used. Errors: LOTS_MEMORY. Cost: O(count). */
LOTS_MUST lots_status lots_frame_measure(const lots_ints *ints, bool patches, lots_frame_plan *plan, lots_arena *arena,
                                         lots_error *err);
/* Append the frame. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_frame_write(const lots_frame_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err);
/* Both at once, with escapes allowed. */
LOTS_MUST lots_status lots_frame_encode(const lots_ints *ints, lots_bytes *out, lots_arena *arena, lots_error *err);
/* Numbers of 32 bits: finds base and range, writes the frame. `values` has 64 bytes of slack. */
LOTS_MUST lots_status lots_frame_encode_u32(const uint32_t *values, uint32_t count, lots_bytes *out, lots_arena *arena,
                                            lots_error *err);

/* Read a frame of `count` values, adding `add` to each; modulo 2^32 and 2^64. The reader's bytes are not trusted. `out` has
 * room for count values and 64 bytes of slack. Errors: LOTS_CORRUPT, LOTS_MEMORY. */
LOTS_MUST lots_status lots_frame_decode_u32(lots_reader *reader, uint32_t count, uint32_t add, uint32_t *out,
                                            lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_frame_decode_u64(lots_reader *reader, uint32_t count, uint64_t add, uint64_t *out,
                                            lots_arena *arena, lots_error *err);

/* A frame being read a sub-block at a time. Its fields are frame_read.c's. */
typedef struct lots_frame_cursor {
    const uint8_t *widths;
    lots_reader bases;       /* at the base of the next sub-block */
    const uint8_t *packed;   /* of the next sub-block */
    size_t packed_bytes;     /* from there on */
    size_t after_bytes;      /* readable after them */
    void *patches;
    size_t taken;
    uint64_t base;
    uint32_t count;
    uint32_t patch_count;
    uint32_t sub;
    uint8_t form;
} lots_frame_cursor;

/* Read a frame's head and patches, and step the reader over all of it, whose bytes must outlive the cursor. */
LOTS_MUST lots_status lots_frame_open_u32(lots_reader *reader, uint32_t count, uint32_t add, lots_frame_cursor *cursor,
                                          lots_arena *arena, lots_error *err);
/* The next sub-block, *size values (1024 but for the last), while some are left. The last spills into 64 bytes of slack.
 * Errors: LOTS_CORRUPT when escapes and patches don't match. */
LOTS_MUST lots_status lots_frame_next_u32(lots_frame_cursor *cursor, uint32_t *out, uint32_t *size, lots_error *err);
LOTS_MUST lots_status lots_frame_next_u64(lots_frame_cursor *cursor, uint64_t *out, uint32_t *size, lots_error *err);
/* The sub-block that holds value `at`, which is in none before the next one; those passed over are not unpacked unless
 * their escapes have to be counted. *first: its first value. Of a frame that has been read whole before. */
LOTS_MUST lots_status lots_frame_seek_u32(lots_frame_cursor *cursor, uint32_t at, uint32_t *out, uint32_t *first,
                                          uint32_t *size, lots_error *err);
/* out[k] = value rows[k] of such a frame, plus `add`; rows[k] < count and never fall. */
LOTS_MUST lots_status lots_frame_take_u32(lots_reader *reader, uint32_t count, uint32_t add, const uint32_t *rows,
                                          uint32_t row_count, uint32_t *out, lots_arena *arena, lots_error *err);
LOTS_MUST lots_status lots_frame_take_u64(lots_reader *reader, uint32_t count, uint64_t add, const uint32_t *rows,
                                          uint32_t row_count, uint64_t *out, lots_arena *arena, lots_error *err);
/* ---- some values of a frame that was just opened, by sub-block ----
 * In groups of 32, which lie side by side in a sub-block (bitpack.h). */
typedef struct lots_frame_view {
    const uint8_t *packed;
    size_t slack;    /* readable after it */
    uint64_t base;
    uint32_t size;
    unsigned width;
    bool escaped;
} lots_frame_view;
/* All sub-blocks, in the arena. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_frame_views(const lots_frame_cursor *cursor, lots_frame_view **out, lots_arena *arena, lots_error *err);
/* So many groups from `group` on will be asked for: begin to load them. */
void lots_frame_fetch(const lots_frame_view *view, uint32_t group, uint32_t groups);
/* The groups from `from` up to `to`; escapes are left. `out` has room for whole groups. */
void lots_frame_groups_u32(const lots_frame_view *view, uint32_t from, uint32_t to, uint32_t *out);
/* Replace the escapes among values of a sub-block by patches, of which the first is the first escape's; these have 64 bytes of slack.
 * Errors: LOTS_CORRUPT when there are fewer. */
LOTS_MUST lots_status lots_frame_patch_u32(const lots_frame_view *view, const uint32_t *patches, uint32_t patch_count, uint32_t *values,
                                           uint32_t count, lots_error *err);
/* Which values of the frame are escapes, as bits in whole sub-blocks. */
void lots_frame_escapes(const lots_frame_cursor *cursor, uint64_t *out);

/* All that are left. */
LOTS_MUST lots_status lots_frame_rest_u32(lots_frame_cursor *cursor, uint32_t *out, lots_error *err);
LOTS_MUST lots_status lots_frame_rest_u64(lots_frame_cursor *cursor, uint64_t *out, lots_error *err);

#endif
