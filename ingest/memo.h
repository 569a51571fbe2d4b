/* memo.h: what a short text was converted to, remembered for the next row that has it: registers say the same few words
 * in millions of rows. A direct-mapped table: a text that falls on another's place takes it, so memory is fixed.
 * Callers: convert*.c. Not thread safe: each worker has its own. */
#ifndef LOTS_MEMO_H
#define LOTS_MEMO_H

#include "core/base/status.h"

#define LOTS_MEMO_SLOTS 512u
#define LOTS_MEMO_TEXT 43u /* longer texts aren't remembered */

typedef struct lots_memo_slot {
    uint64_t value;
    uint32_t tag;
    uint8_t bytes;             /* + 1; 0: free */
    char text[LOTS_MEMO_TEXT];
} lots_memo_slot;

typedef struct lots_memo {
    lots_memo_slot *slots; /* NULL until something is remembered */
} lots_memo;

void lots_memo_free(lots_memo *memo);
/* `tag` is part of the key. */
bool lots_memo_find(const lots_memo *memo, const char *text, size_t bytes, uint32_t tag, uint64_t *value);
/* Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_memo_keep(lots_memo *memo, const char *text, size_t bytes, uint32_t tag, uint64_t value,
                                     lots_error *err);

#endif
