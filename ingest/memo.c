/* memo.c: see memo.h. */
#include "ingest/memo.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/memory.h"

void lots_memo_free(lots_memo *memo)
{
    lots_free(memo->slots);
    memo->slots = NULL;
}

static lots_memo_slot *slot_of(const lots_memo *memo, const char *text, size_t bytes, uint32_t tag)
{
    return &memo->slots[lots_hash(text, bytes, tag) % LOTS_MEMO_SLOTS];
}

bool lots_memo_find(const lots_memo *memo, const char *text, size_t bytes, uint32_t tag, uint64_t *value)
{
    if (memo->slots == NULL || bytes > LOTS_MEMO_TEXT)
        return false;
    const lots_memo_slot *slot = slot_of(memo, text, bytes, tag);
    if (slot->bytes != bytes + 1 || slot->tag != tag || memcmp(slot->text, text, bytes) != 0)
        return false;
    *value = slot->value;
    return true;
}

lots_status lots_memo_keep(lots_memo *memo, const char *text, size_t bytes, uint32_t tag, uint64_t value,
                           lots_error *err)
{
    void *room;
    if (bytes > LOTS_MEMO_TEXT)
        return LOTS_OK;
    if (memo->slots == NULL) {
        LOTS_TRY(lots_alloc(&room, LOTS_MEMO_SLOTS, sizeof *memo->slots, err));
        memo->slots = room;
    }
    lots_memo_slot *slot = slot_of(memo, text, bytes, tag);
    slot->value = value;
    slot->tag = tag;
    slot->bytes = (uint8_t)(bytes + 1);
    memcpy(slot->text, text, bytes);
    return LOTS_OK;
}
