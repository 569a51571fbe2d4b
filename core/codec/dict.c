/* dict.c: see dict.h. */
#include "core/codec/dict.h"

#include <stdlib.h>

#include "core/base/hash.h"
#include "core/base/kernels.h"

/* Distinct numbers by open addressing; a slot holds 1 + the place in `keys`. */
typedef struct distinct {
    uint64_t *keys;     /* in order of first sight */
    uint32_t count;
    uint32_t limit;
    uint32_t *slots;
    uint32_t slot_mask;
} distinct;

#define NO_ROOM UINT32_MAX
#define DIRECT_RANGE 32768u /* a table of these stays in cache */

/* The place of a key, new or old; NO_ROOM when it would pass the limit. */
static uint32_t intern(distinct *set, uint64_t key)
{
    uint32_t at = (uint32_t)lots_hash64(key) & set->slot_mask;
    for (; set->slots[at] != 0; at = (at + 1) & set->slot_mask)
        if (set->keys[set->slots[at] - 1] == key)
            return set->slots[at] - 1;
    if (set->count == set->limit)
        return NO_ROOM;
    set->keys[set->count++] = key;
    set->slots[at] = set->count;
    return set->count - 1;
}

static lots_status open_distinct(distinct *set, uint32_t limit, lots_arena *arena, lots_error *err)
{
    uint32_t slots = 16;
    void *memory;
    while (slots / 2 < limit)
        slots *= 2;
    *set = (distinct){.limit = limit, .slot_mask = slots - 1};
    LOTS_TRY(lots_arena_vector(arena, &memory, limit, sizeof *set->keys, err));
    set->keys = memory;
    LOTS_TRY(lots_arena_alloc(arena, &memory, slots, sizeof *set->slots, err));
    set->slots = memory;
    return LOTS_OK;
}

uint32_t lots_dict_sample(const lots_ints *ints)
{
    uint64_t keys[256];
    uint32_t slots[512] = {0};
    distinct set = {.keys = keys, .limit = 256, .slots = slots, .slot_mask = 511};
    const uint32_t wanted = ints->count < 256 ? ints->count : 256;
    for (uint32_t i = 0; i < wanted; i++)
        intern(&set, lots_ints_at(ints, (uint32_t)((uint64_t)i * ints->count / wanted)));
    return set.count;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Renumber from first sight to rising order. */
static lots_status sort_entries(distinct *set, uint32_t *indexes, uint32_t count, lots_arena *arena, lots_error *err)
{
    void *memory;
    LOTS_TRY(lots_arena_vector(arena, &memory, set->count, 2 * sizeof(uint64_t), err));
    uint64_t *pairs = memory; /* key, then its place in order of first sight */
    for (uint32_t k = 0; k < set->count; k++) {
        pairs[2 * k] = set->keys[k];
        pairs[2 * k + 1] = k;
    }
    qsort(pairs, set->count, 2 * sizeof *pairs, by_value);
    LOTS_TRY(lots_arena_vector(arena, &memory, set->count, sizeof(uint32_t), err));
    uint32_t *rank = memory;
    for (uint32_t k = 0; k < set->count; k++) {
        set->keys[k] = pairs[2 * k];
        rank[pairs[2 * k + 1]] = k;
    }
    for (uint32_t i = 0; i < count; i++)
        indexes[i] = rank[indexes[i]];
    return LOTS_OK;
}

/* Any numbers: by hash, then sorted. */
static lots_status number_by_hash(const lots_ints *ints, distinct *set, uint32_t *indexes, bool *fits, lots_arena *arena,
                                  lots_error *err)
{
    LOTS_TRY(open_distinct(set, set->limit, arena, err));
    *fits = false;
    for (uint32_t i = 0; i < ints->count; i++) {
        indexes[i] = intern(set, lots_ints_at(ints, i));
        if (indexes[i] == NO_ROOM)
            return LOTS_OK;
    }
    *fits = true;
    return sort_entries(set, indexes, ints->count, arena, err);
}

/* Numbers below DIRECT_RANGE: by a table of all that there could be. */
static lots_status number_directly(const lots_ints *ints, distinct *set, uint32_t *indexes, bool *fits,
                                   lots_arena *arena, lots_error *err)
{
    const uint32_t range = (uint32_t)ints->range + 1;
    void *memory;
    LOTS_TRY(lots_arena_alloc(arena, &memory, range, sizeof(uint32_t), err));
    uint32_t *places = memory;
    for (uint32_t i = 0; i < ints->count; i++)
        places[ints->narrow[i]] = 1;
    for (uint32_t value = 0; value < range; value++)
        set->count += places[value];
    *fits = set->count <= set->limit;
    if (!*fits)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &memory, set->count, sizeof *set->keys, err));
    set->keys = memory;
    for (uint32_t value = 0, place = 0; value < range; value++)
        if (places[value]) {
            places[value] = place;
            set->keys[place++] = value;
        }
    for (uint32_t i = 0; i < ints->count; i++)
        indexes[i] = places[ints->narrow[i]];
    return LOTS_OK;
}

/* ---- steps ---- */

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The entries, which rise, as steps; a plan that says how long that is. */
static lots_status measure_steps(lots_dict_plan *plan, lots_arena *arena, lots_error *err)
{
    const uint64_t *entries = plan->entries.wide;
    const uint32_t count = plan->entries.count;
    void *room;
    uint64_t most = 0;
    plan->unit = 0;
    if (count < 2)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &room, count - 1, sizeof(uint64_t), err));
    uint64_t *steps = room;
    for (uint32_t k = 0; k + 1 < count; k++) {
        steps[k] = entries[k + 1] - entries[k];
        plan->unit = plan->unit == 1 ? 1 : common_divisor(steps[k], plan->unit);
        most = steps[k] > most ? steps[k] : most;
    }
    for (uint32_t k = 0; plan->unit > 1 && k + 1 < count; k++)
        steps[k] /= plan->unit;
    plan->steps = (lots_ints){.wide = steps, .count = count - 1, .range = most / plan->unit};
    LOTS_TRY(lots_frame_measure(&plan->steps, true, &plan->steps_frame, arena, err));
    plan->stepped = plan->steps_frame.bytes + 2 + 2 * lots_frame_value_bytes(plan->entries.range) < plan->entries_frame.bytes;
    return LOTS_OK;
}

lots_status lots_dict_measure(const lots_ints *ints, uint32_t limit, lots_dict_plan *plan, lots_arena *arena,
                              lots_error *err)
{
    distinct set = {.limit = limit};
    const bool direct = ints->narrow != NULL && ints->range < DIRECT_RANGE;
    bool fits;
    void *memory;
    *plan = (lots_dict_plan){.possible = false};
    LOTS_TRY(lots_arena_vector(arena, &memory, ints->count, sizeof(uint32_t), err));
    uint32_t *indexes = memory;
    LOTS_TRY((direct ? number_directly : number_by_hash)(ints, &set, indexes, &fits, arena, err));
    if (!fits)
        return LOTS_OK;
    plan->possible = true;
    plan->entries = (lots_ints){.wide = set.keys, .count = set.count, .base = ints->base, .range = ints->range};
    plan->indexes = (lots_ints){.narrow = indexes, .count = ints->count, .range = set.count - 1};
    LOTS_TRY(lots_frame_measure(&plan->entries, true, &plan->entries_frame, arena, err));
    LOTS_TRY(lots_frame_measure(&plan->indexes, true, &plan->indexes_frame, arena, err));
    LOTS_TRY(measure_steps(plan, arena, err));
    plan->bytes = (plan->stepped ? plan->steps_frame.bytes + 4 : plan->entries_frame.bytes) + plan->indexes_frame.bytes + 2;
    return LOTS_OK;
}

lots_status lots_dict_write(const lots_dict_plan *plan, lots_bytes *out, lots_arena *arena, lots_error *err)
{
    LOTS_TRY(lots_bytes_put_varint(out, plan->entries.count, err));
    if (plan->stepped) {
        LOTS_TRY(lots_bytes_put_varint(out, plan->unit, err));
        LOTS_TRY(lots_bytes_put_varint(out, lots_zigzag((int64_t)(plan->entries.base + plan->entries.wide[0])), err));
    }
    LOTS_TRY(lots_frame_write(plan->stepped ? &plan->steps_frame : &plan->entries_frame, out, arena, err));
    return lots_frame_write(&plan->indexes_frame, out, arena, err);
}

lots_status lots_dict_read_indexes(lots_reader *reader, uint32_t count, uint64_t entry_count, uint32_t **out,
                                   lots_arena *arena, lots_error *err)
{
    void *indexes;
    LOTS_TRY(lots_arena_vector(arena, &indexes, count, sizeof(uint32_t), err));
    LOTS_TRY(lots_frame_decode_u32(reader, count, 0, indexes, arena, err));
    *out = indexes;
    const uint32_t most = lots_kernels_get()->max_u32(indexes, count);
    if (count > 0 && most >= entry_count)
        return lots_fail(err, LOTS_CORRUPT, "entry %u of a dictionary of %u", most, (uint32_t)entry_count);
    return LOTS_OK;
}

static lots_status read_entry_count(lots_reader *reader, uint32_t count, uint32_t *out, lots_error *err)
{
    uint64_t entries = 0;
    if (!lots_read_varint(reader, &entries) || entries > count)
        return lots_fail(err, LOTS_CORRUPT, "a dictionary of %u values has a damaged count", count);
    *out = (uint32_t)entries;
    return LOTS_OK;
}

/* A sub-block of indexes at a time, so that they never leave the nearest cache. */
static lots_status next_indexes(lots_frame_cursor *cursor, uint32_t entry_count, bool believed, uint32_t *indexes,
                                uint32_t *size, lots_error *err)
{
    LOTS_TRY(lots_frame_next_u32(cursor, indexes, size, err));
    const uint32_t most = believed ? 0 : lots_kernels_get()->max_u32(indexes, *size);
    if (!believed && most >= entry_count)
        return lots_fail(err, LOTS_CORRUPT, "entry %u of a dictionary of %u", most, entry_count);
    return LOTS_OK;
}

/* The head of STEPS, up to the steps. */
static lots_status read_unit(lots_reader *reader, uint32_t entry_count, uint64_t *unit, uint64_t *first, lots_error *err)
{
    uint64_t zigzag = 0;
    if (entry_count == 0 || !lots_read_varint(reader, unit) || !lots_read_varint(reader, &zigzag))
        return lots_fail(err, LOTS_CORRUPT, "the steps of a dictionary of %u have a damaged head", entry_count);
    *first = (uint64_t)lots_unzigzag(zigzag);
    return LOTS_OK;
}

/* As numbers of 32 bits, which they are; others would be read wrongly. */
static lots_status read_narrow_steps(lots_reader *reader, uint32_t count, uint64_t *entries, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    uint64_t unit = 0, first = 0;
    void *room;
    LOTS_TRY(read_unit(reader, count, &unit, &first, err));
    LOTS_TRY(lots_arena_vector(arena, &room, count, sizeof(uint32_t), err));
    uint32_t *steps = room;
    LOTS_TRY(lots_frame_decode_u32(reader, count - 1, 0, steps + 1, arena, err));
    steps[0] = 0;
    for (uint32_t k = 1; unit != 1 && k < count; k++)
        steps[k] *= (uint32_t)unit;
    kernels->prefix_u32(steps, count, 0, steps);
    kernels->widen_u32(steps, count, first, entries);
    return LOTS_OK;
}

/* Sums wrap: whatever the file holds, they are defined. */
#define STEPS_READER(BITS)                                                                                  \
    static lots_status read_steps_u##BITS(lots_reader *reader, uint32_t count, uint##BITS##_t *entries,     \
                                          lots_arena *arena, lots_error *err)                               \
    {                                                                                                       \
        uint64_t unit = 0, first = 0;                                                                       \
        LOTS_TRY(read_unit(reader, count, &unit, &first, err));                                             \
        LOTS_TRY(lots_frame_decode_u##BITS(reader, count - 1, 0, entries + 1, arena, err));                 \
        entries[0] = (uint##BITS##_t)first;                                                                 \
        for (uint32_t k = 1; k < count; k++)                                                                \
            entries[k] *= (uint##BITS##_t)unit;                                                             \
        lots_kernels_get()->prefix_u##BITS(entries, count, 0, entries);                                     \
        return LOTS_OK;                                                                                     \
    }
STEPS_READER(32)
STEPS_READER(64)

static lots_status read_form_u32(lots_reader *reader, uint32_t count, lots_dict_form form, uint32_t *entries, lots_arena *arena,
                                 lots_error *err)
{
    (void)form; /* they are narrow anyway */
    return read_steps_u32(reader, count, entries, arena, err);
}
static lots_status read_form_u64(lots_reader *reader, uint32_t count, lots_dict_form form, uint64_t *entries, lots_arena *arena,
                                 lots_error *err)
{
    return form == LOTS_DICT_NARROW_STEPS ? read_narrow_steps(reader, count, entries, arena, err)
                                          : read_steps_u64(reader, count, entries, arena, err);
}

#define DICT_READERS(BITS)                                                                                  \
    static lots_status open_u##BITS(lots_reader *reader, uint32_t count, lots_dict_form form,               \
                                    uint##BITS##_t **entries, uint32_t *entry_count,                        \
                                    lots_frame_cursor *indexes, lots_arena *arena, lots_error *err)         \
    {                                                                                                       \
        void *room;                                                                                         \
        LOTS_TRY(read_entry_count(reader, count, entry_count, err));                                        \
        LOTS_TRY(lots_arena_vector(arena, &room, *entry_count, sizeof(uint##BITS##_t), err));               \
        *entries = room;                                                                                    \
        LOTS_TRY(form != LOTS_DICT_ENTRIES ? read_form_u##BITS(reader, *entry_count, form, room, arena, err)\
                                           : lots_frame_decode_u##BITS(reader, *entry_count, 0, room, arena, err));\
        return lots_frame_open_u32(reader, count, 0, indexes, arena, err);                                  \
    }                                                                                                       \
    lots_status lots_dict_decode_u##BITS(lots_reader *reader, uint32_t count, lots_dict_form form, bool believed,\
                                         uint##BITS##_t *out, lots_arena *arena, lots_error *err)           \
    {                                                                                                       \
        uint32_t entry_count = 0, size = 0, indexes[LOTS_PACK_VALUES + 16];                                 \
        uint##BITS##_t *entries = NULL;                                                                     \
        lots_frame_cursor cursor;                                                                           \
        LOTS_TRY(open_u##BITS(reader, count, form, &entries, &entry_count, &cursor, arena, err));          \
        for (uint32_t at = 0; at < count; at += size) {                                                     \
            LOTS_TRY(next_indexes(&cursor, entry_count, believed, indexes, &size, err));                    \
            lots_kernels_get()->gather_u##BITS(entries, indexes, size, out + at);                           \
        }                                                                                                   \
        return LOTS_OK;                                                                                     \
    }                                                                                                       \
    lots_status lots_dict_take_u##BITS(lots_reader *reader, uint32_t count, lots_dict_form form,            \
                                       const uint32_t *rows, uint32_t row_count, uint##BITS##_t *out,       \
                                       lots_arena *arena, lots_error *err)                                  \
    {                                                                                                       \
        uint32_t entry_count = 0, first = 0, size = 0, indexes[LOTS_PACK_VALUES + 16];                      \
        uint##BITS##_t *entries = NULL;                                                                     \
        lots_frame_cursor cursor;                                                                           \
        LOTS_TRY(open_u##BITS(reader, count, form, &entries, &entry_count, &cursor, arena, err));          \
        for (uint32_t k = 0; k < row_count;) {                                                              \
            LOTS_TRY(lots_frame_seek_u32(&cursor, rows[k], indexes, &first, &size, err));                   \
            for (; k < row_count && rows[k] - first < size; k++)                                            \
                out[k] = entries[indexes[rows[k] - first]];                                                 \
        }                                                                                                   \
        return LOTS_OK;                                                                                     \
    }
DICT_READERS(32)
DICT_READERS(64)

lots_status lots_dict_places_u32(lots_reader *reader, uint32_t count, lots_dict_form form, uint32_t *places, uint32_t **entries,
                                 uint32_t *entry_count, lots_arena *arena, lots_error *err)
{
    lots_frame_cursor cursor;
    LOTS_TRY(open_u32(reader, count, form, entries, entry_count, &cursor, arena, err));
    return lots_frame_rest_u32(&cursor, places, err);
}
