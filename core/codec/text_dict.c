/* text_dict.c: see text_dict.h. */
#include "core/codec/text_dict.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/kernels.h"
#include "core/codec/bitpack.h"
#include "core/codec/dict.h"
#include "core/codec/zstd.h"

#define SAMPLE 256u
#define DISTINCT_LIMIT (1u << 16)

typedef struct entry {
    const char *text;
    uint32_t bytes;
    uint32_t place; /* in order of first sight */
} entry;

typedef struct entry_set {
    entry *entries;
    uint32_t count;
    uint32_t limit;
    uint32_t *slots; /* 1 + place; 0: free */
    uint32_t slot_mask;
} entry_set;

static lots_status open_set(entry_set *set, uint32_t limit, lots_arena *arena, lots_error *err)
{
    uint32_t slots = 16;
    void *memory;
    while (slots / 2 < limit)
        slots *= 2;
    *set = (entry_set){.limit = limit, .slot_mask = slots - 1};
    LOTS_TRY(lots_arena_alloc(arena, &memory, limit, sizeof *set->entries, err));
    set->entries = memory;
    LOTS_TRY(lots_arena_alloc(arena, &memory, slots, sizeof *set->slots, err));
    set->slots = memory;
    return LOTS_OK;
}

/* False when the text is new and there is no room. */
static bool intern(entry_set *set, const lots_texts *texts, uint32_t index, uint32_t *place)
{
    const char *text = texts->bytes + texts->offsets[index];
    const uint32_t bytes = texts->offsets[index + 1] - texts->offsets[index];
    uint32_t at = (uint32_t)lots_hash(text, bytes, 0) & set->slot_mask;
    for (; set->slots[at] != 0; at = (at + 1) & set->slot_mask) {
        const entry *known = &set->entries[set->slots[at] - 1];
        if (known->bytes == bytes && memcmp(known->text, text, bytes) == 0) {
            *place = set->slots[at] - 1;
            return true;
        }
    }
    if (set->count == set->limit)
        return false;
    *place = set->count;
    set->entries[set->count] = (entry){text, bytes, set->count};
    set->slots[at] = ++set->count;
    return true;
}

/* Evenly spaced texts that are nearly all distinct: no dictionary will help. */
static lots_status sample_repeats(const lots_texts *texts, bool *repeats, lots_arena *arena, lots_error *err)
{
    const uint32_t wanted = texts->count < SAMPLE ? texts->count : SAMPLE;
    entry_set set;
    uint32_t place;
    LOTS_TRY(open_set(&set, wanted, arena, err));
    for (uint32_t i = 0; i < wanted; i++)
        (void)intern(&set, texts, (uint32_t)((uint64_t)i * texts->count / wanted), &place);
    *repeats = set.count <= wanted - wanted / 4;
    return LOTS_OK;
}

static int by_bytes(const void *a, const void *b)
{
    const entry *left = a, *right = b;
    const uint32_t common = left->bytes < right->bytes ? left->bytes : right->bytes;
    const int order = memcmp(left->text, right->text, common);
    return order != 0 ? order : (left->bytes > right->bytes) - (left->bytes < right->bytes);
}

static uint64_t entry_bytes(const entry_set *set)
{
    uint64_t total = 0;
    for (uint32_t k = 0; k < set->count; k++)
        total += set->entries[k].bytes;
    return total;
}

static lots_status write_entries(const entry_set *set, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    void *lengths;
    LOTS_TRY(lots_arena_vector(arena, &lengths, set->count, sizeof(uint32_t), err));
    for (uint32_t k = 0; k < set->count; k++)
        ((uint32_t *)lengths)[k] = set->entries[k].bytes;
    LOTS_TRY(lots_bytes_put_varint(out, set->count, err));
    LOTS_TRY(lots_frame_encode_u32(lengths, set->count, out, arena, err));
    for (uint32_t k = 0; k < set->count; k++)
        LOTS_TRY(lots_bytes_append(out, set->entries[k].text, set->entries[k].bytes, err));
    return LOTS_OK;
}

static lots_status write_indexes(const entry_set *set, uint32_t *places, uint32_t count, lots_bytes *out,
                                 uint8_t *width, lots_arena *arena, lots_error *err)
{
    void *ranks;
    LOTS_TRY(lots_arena_vector(arena, &ranks, set->count, sizeof(uint32_t), err));
    for (uint32_t k = 0; k < set->count; k++)
        ((uint32_t *)ranks)[set->entries[k].place] = k;
    for (uint32_t i = 0; i < count; i++)
        places[i] = ((const uint32_t *)ranks)[places[i]];
    *width = (uint8_t)lots_bit_width(set->count - 1);
    return lots_frame_encode_u32(places, count, out, arena, err);
}

lots_status lots_text_dict_try(const lots_texts *texts, bool forced, lots_bytes *out, uint8_t *width, bool *done,
                               lots_arena *arena, lots_error *err)
{
    const uint32_t most = forced ? texts->count : texts->count / 2;
    const uint64_t raw = texts->offsets[texts->count] - texts->offsets[0];
    entry_set set;
    void *places;
    bool repeats = true;
    *done = false;
    if (!forced)
        LOTS_TRY(sample_repeats(texts, &repeats, arena, err));
    if (!repeats || most == 0)
        return LOTS_OK;
    LOTS_TRY(open_set(&set, most < DISTINCT_LIMIT ? most : DISTINCT_LIMIT, arena, err));
    LOTS_TRY(lots_arena_vector(arena, &places, texts->count, sizeof(uint32_t), err));
    for (uint32_t i = 0; i < texts->count; i++)
        if (!intern(&set, texts, i, (uint32_t *)places + i))
            return LOTS_OK;
    const uint64_t coded = entry_bytes(&set) + set.count +
                           (uint64_t)texts->count * lots_bit_width(set.count - 1) / 8;
    if ((!forced && coded > raw - raw / 3) || raw > lots_inflate_limit(texts->count, (size_t)entry_bytes(&set)))
        return LOTS_OK;
    qsort(set.entries, set.count, sizeof *set.entries, by_bytes);
    LOTS_TRY(write_entries(&set, out, arena, err));
    *done = true;
    return write_indexes(&set, places, texts->count, out, width, arena, err);
}

lots_status lots_text_dict_read(lots_reader *reader, uint32_t count, uint32_t *offsets, const char **bytes,
                                lots_arena *arena, lots_error *err)
{
    uint64_t entries, total = 0;
    uint32_t *indexes;
    const char *entry_text;
    void *entry_offsets, *text;
    if (!lots_read_varint(reader, &entries) || entries > count)
        return lots_fail(err, LOTS_CORRUPT, "a dictionary of %u texts has a damaged count", count);
    LOTS_TRY(lots_arena_vector(arena, &entry_offsets, (size_t)entries + 1, sizeof(uint32_t), err));
    const uint32_t *start = entry_offsets;
    LOTS_TRY(lots_text_list_read(reader, (uint32_t)entries, entry_offsets, &entry_text, arena, err));
    LOTS_TRY(lots_dict_read_indexes(reader, count, entries, &indexes, arena, err));
    for (uint32_t i = 0; i < count; i++)
        total += start[indexes[i] + 1] - start[indexes[i]];
    if (total > UINT32_MAX || total > lots_inflate_limit(count, start[entries]))
        return lots_fail(err, LOTS_CORRUPT, "%u texts from %u bytes of dictionary claim %llu bytes", count,
                         start[entries], (unsigned long long)total);
    LOTS_TRY(lots_arena_vector(arena, &text, (size_t)total, 1, err));
    offsets[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t from = start[indexes[i]], length = start[indexes[i] + 1] - from;
        memcpy((char *)text + offsets[i], entry_text + from, length);
        offsets[i + 1] = offsets[i] + length;
    }
    *bytes = text;
    return LOTS_OK;
}
