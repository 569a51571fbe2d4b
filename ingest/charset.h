/* charset.h: bytes of a declared encoding → checked UTF-8. What source.c needs to turn bytes into text.
 * The check is one pass for what nearly all bytes are (ASCII, no NUL), with line ends counted on the way so that a bad
 * byte can be named by its line; only pieces that have something else are looked at byte by byte.
 * The scalar pass is the meaning, the AVX2 pass equals it. Callers: source.c, tests. */
#ifndef LOTS_CHARSET_H
#define LOTS_CHARSET_H

#include "ingest/source.h"

/* What a run of bytes is made of. */
typedef struct lots_text_class {
    bool high;          /* some byte is 0x80 or more */
    bool nul;           /* some byte is 0 */
    uint64_t lines;     /* line ends: LF not after CR, and CR */
} lots_text_class;

/* `*after_cr`: the byte before `data` was a CR; on return, the last byte was. `count` > 0. */
typedef lots_text_class (*lots_text_classify)(const uint8_t *data, size_t count, bool *after_cr);
lots_text_class lots_text_classify_scalar(const uint8_t *data, size_t count, bool *after_cr);
/* The fastest that this machine has and LOTS_SIMD allows. */
lots_text_classify lots_text_classify_best(void);

/* Where a check stands between two runs. Zero at the start of the text. */
typedef struct lots_utf8 {
    uint8_t wanted;     /* continuation bytes still to come */
    uint8_t seen;       /* bytes of the unfinished character */
    uint8_t lead;       /* its first byte */
    uint8_t low, high;  /* bounds of the next continuation byte */
} lots_utf8;

/* How many of `count` bytes are right: `count`, or the index of the byte that shows the fault (the character it spoils
 * began state->seen bytes before). Refuses overlong forms, surrogates, and all beyond U+10FFFF (Unicode table 3-7). */
size_t lots_utf8_check(lots_utf8 *state, const uint8_t *data, size_t count);

/* Decode a single-byte encoding. Reads up to `count` bytes of `in` while `out` (capacity >= 3) has room; *out_count is
 * what was written. Returns the bytes read; stops early before a byte that the encoding leaves undefined (*bad). */
size_t lots_single_byte_decode(lots_charset encoding, const uint8_t *in, size_t count, uint8_t *out, size_t capacity,
                               size_t *out_count, bool *bad);

#endif
