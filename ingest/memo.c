/* memo.c: see memo.h. */
#include "ingest/memo.h"

#include "core/base/hash.h"
#include "core/base/memory.h"

void lots_memo_free(lots_memo *memo)
{
    lots_free(memo->slots);
    lots_free(memo->texts);
    *memo = (lots_memo){NULL, NULL};
}

static lots_memo_words words_of(const char *text, size_t bytes)
{
    return bytes <= LOTS_MEMO_TEXT ? lots_memo_words_of(text, bytes) : (lots_memo_words){lots_hash(text, bytes, 0), 0};
}

bool lots_memo_find_long(const lots_memo *memo, const char *text, size_t bytes, uint32_t tag, uint64_t *value)
{
    if (memo->texts == NULL || bytes > LOTS_MEMO_LONG)
        return false;
    lots_memo_words words = words_of(text, bytes);
    uint32_t place = lots_memo_place(words, bytes, tag);
    const lots_memo_slot *slot = &memo->slots[place];
    *value = slot->value;
    return slot->head == words.head && slot->bytes == bytes + 1 && slot->tag == tag &&
           memcmp(memo->texts[place], text, bytes) == 0;
}

lots_status lots_memo_keep(lots_memo *memo, const char *text, size_t bytes, uint32_t tag, uint64_t value,
                           lots_error *err)
{
    void *room;
    if (bytes > LOTS_MEMO_LONG)
        return LOTS_OK;
    if (memo->slots == NULL) {
        LOTS_TRY(lots_alloc(&room, LOTS_MEMO_SLOTS, sizeof *memo->slots, err));
        memo->slots = room;
    }
    if (memo->texts == NULL && bytes > LOTS_MEMO_TEXT) {
        LOTS_TRY(lots_alloc(&room, LOTS_MEMO_SLOTS, sizeof *memo->texts, err));
        memo->texts = room;
    }
    lots_memo_words words = words_of(text, bytes);
    uint32_t place = lots_memo_place(words, bytes, tag);
    memo->slots[place] = (lots_memo_slot){words.head, words.tail, value, tag, (uint8_t)(bytes + 1)};
    if (bytes > LOTS_MEMO_TEXT)
        memcpy(memo->texts[place], text, bytes);
    return LOTS_OK;
}
