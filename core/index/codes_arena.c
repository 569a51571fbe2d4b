/* codes_arena.c: a dictionary of few names in an arena. Stable ids are the ranks. */
#include <string.h>

#include "core/index/codes_body.h"

/* The texts end to end, offsets[i] where text i begins. */
static lots_status put_texts(lots_arena *arena, const char *const *texts, uint32_t count, char **out,
                             uint64_t **offsets, lots_error *err)
{
    void *room = NULL;
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += texts[i] == NULL ? 0 : strlen(texts[i]);
    LOTS_TRY(lots_arena_alloc(arena, &room, (size_t)count + 1, sizeof(uint64_t), err));
    *offsets = room;
    LOTS_TRY(lots_arena_alloc(arena, &room, bytes + 1, 1, err));
    *out = room;
    for (uint32_t i = 0; i < count; i++) {
        const size_t here = texts[i] == NULL ? 0 : strlen(texts[i]);
        if (here > 0)
            memcpy(*out + (*offsets)[i], texts[i], here);
        (*offsets)[i + 1] = (*offsets)[i] + here;
    }
    return LOTS_OK;
}

static lots_status put_ranks(lots_arena *arena, uint32_t count, lots_id **out, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(arena, &room, (size_t)count + 1, sizeof(lots_id), err));
    *out = room;
    for (uint32_t i = 0; i < count; i++)
        (*out)[i] = i;
    return LOTS_OK;
}

lots_status lots_dictionary_in_arena(lots_arena *arena, const char *const *keys, const char *const *labels,
                                     uint32_t count, const lots_dictionary **out, lots_error *err)
{
    void *room = NULL;
    *out = NULL;
    if (count > LOTS_DICTIONARY_MAX)
        return lots_fail(err, LOTS_LIMIT, "a dictionary of %u names", count);
    for (uint32_t i = 1; i < count; i++)
        if (lots_key_compare(keys[i - 1], strlen(keys[i - 1]), keys[i], strlen(keys[i])) >= 0)
            return lots_fail(err, LOTS_INTERNAL, "name %u of a dictionary is out of order", i);
    LOTS_TRY(lots_arena_alloc(arena, &room, 1, sizeof(lots_dictionary), err));
    lots_dictionary *made = room;
    made->count = count;
    LOTS_TRY(put_texts(arena, keys, count, &made->keys, &made->key_offsets, err));
    LOTS_TRY(put_ranks(arena, count, &made->rank_of_stable, err));
    LOTS_TRY(put_ranks(arena, count, &made->stable_of_rank, err));
    if (labels != NULL)
        LOTS_TRY(put_texts(arena, labels, count, &made->labels, &made->label_offsets, err));
    *out = made;
    return LOTS_OK;
}
