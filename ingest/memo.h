/* memo.h: what a short text was converted to, remembered for the next row that has it: registers say the same few words
 * in millions of rows. A direct-mapped table: a text that falls on another's place takes it, so memory is fixed.
 * A text of at most 16 bytes is its length and two words (LOTS_MEMO_WORDS), so that finding it calls nothing.
 * Callers: convert*.c. Not thread safe: each worker has its own. */
#ifndef LOTS_MEMO_H
#define LOTS_MEMO_H

#include <string.h>

#include "core/base/status.h"

#define LOTS_MEMO_SLOTS 2048u
#define LOTS_MEMO_TEXT 16u /* longer texts aren't remembered in words … */
#define LOTS_MEMO_LONG 64u /* … but up to here as texts */

typedef struct lots_memo_slot {
    uint64_t head, tail; /* of the text: its first and last eight bytes; of a long one hashes */
    uint64_t value;
    uint32_t tag;
    uint8_t bytes;       /* + 1; 0: free */
} lots_memo_slot;

typedef struct lots_memo {
    lots_memo_slot *slots;               /* NULL until something is remembered */
    char (*texts)[LOTS_MEMO_LONG];       /* by slot; NULL until a long text is */
} lots_memo;

typedef struct lots_memo_words {
    uint64_t head, tail;
} lots_memo_words;

/* The text as two words, which with its length tell it from all others. At most LOTS_MEMO_TEXT bytes. */
static inline lots_memo_words lots_memo_words_of(const char *text, size_t bytes)
{
    lots_memo_words words = {0, 0};
    if (bytes >= 8) {
        memcpy(&words.head, text, 8);
        memcpy(&words.tail, text + bytes - 8, 8);
    } else if (bytes >= 4) {
        uint32_t head, tail;
        memcpy(&head, text, 4);
        memcpy(&tail, text + bytes - 4, 4);
        words.head = (uint64_t)head << 32 | tail;
    } else if (bytes > 0) {
        words.head = (uint64_t)(uint8_t)text[0] << 16 | (uint64_t)(uint8_t)text[bytes / 2] << 8 |
                     (uint8_t)text[bytes - 1];
    }
    return words;
}

static inline uint32_t lots_memo_place(lots_memo_words words, size_t bytes, uint32_t tag)
{
    uint64_t mixed = (words.head ^ (words.tail << 23 | words.tail >> 41) ^ (uint64_t)tag << 40 ^ bytes) *
                     UINT64_C(0x9E3779B97F4A7C15);
    mixed ^= mixed >> 29;
    return (uint32_t)((mixed * UINT64_C(0xD6E8FEB86659FD93)) >> 32) % LOTS_MEMO_SLOTS;
}

void lots_memo_free(lots_memo *memo);
bool lots_memo_find_long(const lots_memo *memo, const char *text, size_t bytes, uint32_t tag, uint64_t *value);
/* `tag` is part of the key. */
static inline bool lots_memo_find(const lots_memo *memo, const char *text, size_t bytes, uint32_t tag, uint64_t *value)
{
    if (memo->slots == NULL)
        return false;
    if (bytes > LOTS_MEMO_TEXT)
        return lots_memo_find_long(memo, text, bytes, tag, value);
    lots_memo_words words = lots_memo_words_of(text, bytes);
    const lots_memo_slot *slot = &memo->slots[lots_memo_place(words, bytes, tag)];
    *value = slot->value;
    return slot->head == words.head && slot->tail == words.tail && slot->bytes == bytes + 1 && slot->tag == tag;
}
/* Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_memo_keep(lots_memo *memo, const char *text, size_t bytes, uint32_t tag, uint64_t value,
                                     lots_error *err);

#endif
