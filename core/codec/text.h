/* text.h: texts. Record keys are often whole numbers or UUIDs, and those have compact forms.
 *
 * CONSTANT  the text's bytes (the count is the block's)
 * PLAIN     1 byte, the form:
 *             0  raw: frame of lengths; the bytes
 *             1  whole numbers in canonical decimal ("0", "-17"; fits int64): 1 byte: the encoding (choose.h); those
 *             2  UUIDs 8-4-4-4-12 in lower-case hex: 16 bytes each
 *             3  each ends in a day: text_days.h
 * DICT      varint: entries; frame of their lengths; their bytes, in rising byte order; frame of each text's entry
 * Callers: core/codec; core/store asks for numbers. */
#ifndef LOTS_TEXT_H
#define LOTS_TEXT_H

#include "core/codec/choose.h"

/* count + 1 offsets, rising, into bytes. Borrowed. */
typedef struct lots_texts {
    const uint32_t *offsets;
    const char *bytes;
    uint32_t count;
} lots_texts;

/* At least one text. *compact: no zstd could help. Errors: LOTS_USAGE when `only` can't hold them, LOTS_MEMORY. */
LOTS_MUST lots_status lots_texts_encode(const lots_texts *texts, int only, lots_bytes *out, lots_shape *shape,
                                        bool *compact, lots_arena *arena, lots_error *err);
/* `offsets` has room for count + 1 and 64 bytes of slack; *bytes is lent by the reader's bytes or the arena. */
LOTS_MUST lots_status lots_texts_decode(uint8_t encoding, lots_reader *reader, uint32_t count, uint32_t *offsets,
                                        const char **bytes, lots_arena *arena, lots_error *err);
/* Of texts that are stored as whole numbers, these: *done, else nothing is written. `out` has 64 bytes of slack. Two texts are equal
 * where their numbers are. */
LOTS_MUST lots_status lots_texts_numbers(uint8_t encoding, lots_reader *reader, uint32_t count, int64_t *out, bool *done,
                                         lots_arena *arena, lots_error *err);

#endif
