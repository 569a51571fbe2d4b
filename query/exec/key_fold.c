/* key_fold.c: see key_fold.h. */
#include "query/exec/key_fold.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/kernels.h"
#include "core/base/memory.h"
#include "core/index/bitset.h"

#define DIRECT_MAX (1u << 18)

/* ---- 64 bits to numbers ---- */

void lots_number_map_close(lots_number_map *map)
{
    lots_free(map->slots);
    memset(map, 0, sizeof *map);
}

static uint32_t home_of(const lots_number_map *map, uint64_t key) { return (uint32_t)lots_hash64(key) & (map->size - 1); }

/* Where the key is, or the free place where it would be. */
static lots_number_slot *slot_of(const lots_number_map *map, uint64_t key)
{
    uint32_t at = home_of(map, key);
    while (map->slots[at].number != 0 && map->slots[at].key != key)
        at = (at + 1) & (map->size - 1);
    return &map->slots[at];
}

static lots_status map_grow(lots_number_map *map, lots_error *err)
{
    lots_number_map grown = {.size = map->size == 0 ? 256 : map->size * 2, .count = map->count};
    void *slots = NULL;
    if (map->count >= LOTS_KEY_NUMBERS)
        return lots_fail(err, LOTS_LIMIT, "more than %u groups", LOTS_KEY_NUMBERS);
    LOTS_TRY(lots_alloc(&slots, grown.size, sizeof(lots_number_slot), err));
    grown.slots = slots;
    for (uint32_t i = 0; i < map->size; i++)
        if (map->slots[i].number != 0)
            *slot_of(&grown, map->slots[i].key) = map->slots[i];
    lots_number_map_close(map);
    *map = grown;
    return LOTS_OK;
}

lots_status lots_number_map_take(lots_number_map *map, uint64_t key, uint32_t next, uint32_t *out, lots_error *err)
{
    if ((uint64_t)map->count * 2 >= map->size)
        LOTS_TRY(map_grow(map, err));
    lots_number_slot *slot = slot_of(map, key);
    if (slot->number == 0) {
        *slot = (lots_number_slot){key, next + 1};
        map->count++;
    }
    *out = slot->number - 1;
    return LOTS_OK;
}

uint32_t lots_number_map_find(const lots_number_map *map, uint64_t key)
{
    const uint32_t number = map->size == 0 ? 0 : slot_of(map, key)->number;
    return number == 0 ? LOTS_NO_ID : number - 1;
}

/* ---- pairs ---- */

void lots_key_fold_close(lots_key_fold *fold)
{
    lots_free(fold->direct);
    lots_number_map_close(&fold->map);
    memset(fold, 0, sizeof *fold);
}

static uint64_t pair_key(uint32_t a, uint32_t b) { return (uint64_t)a << 32 | b; }

/* Tell each pair that has a number. */
static lots_status fold_to_map(lots_key_fold *fold, lots_error *err)
{
    uint32_t unused = 0;
    for (uint32_t a = 0; a < fold->rows; a++)
        for (uint32_t b = 0; b >> fold->shift == 0; b++) {
            const uint32_t number = fold->direct[a << fold->shift | b];
            if (number != LOTS_NO_ID)
                LOTS_TRY(lots_number_map_take(&fold->map, pair_key(a, b), number, &unused, err));
        }
    lots_free(fold->direct);
    fold->direct = NULL;
    fold->wide = true;
    return LOTS_OK;
}

static lots_status fold_reach(lots_key_fold *fold, uint32_t a_limit, uint32_t b_limit, lots_error *err)
{
    uint32_t shift = fold->shift, rows = fold->rows;
    void *made = NULL;
    if (fold->wide || (fold->direct != NULL && a_limit <= rows && b_limit <= 1u << shift))
        return LOTS_OK;
    while (shift < 31 && b_limit > 1u << shift)
        shift++;
    if (a_limit > rows)
        rows = a_limit < DIRECT_MAX / 2 ? a_limit + a_limit / 2 : a_limit;
    if ((uint64_t)rows << shift > DIRECT_MAX)
        return fold_to_map(fold, err);
    LOTS_TRY(lots_alloc(&made, (size_t)rows << shift, sizeof(uint32_t), err));
    memset(made, 0xff, ((size_t)rows << shift) * sizeof(uint32_t));
    for (uint32_t a = 0; fold->direct != NULL && a < fold->rows; a++)
        memcpy((uint32_t *)made + ((size_t)a << shift), fold->direct + ((size_t)a << fold->shift),
               sizeof(uint32_t) << fold->shift);
    lots_free(fold->direct);
    fold->direct = made;
    fold->rows = rows;
    fold->shift = shift;
    return LOTS_OK;
}

static bool is_kept(const uint64_t *keep, uint32_t i) { return keep == NULL || lots_bit_get(keep, i); }

/* All at once. Pairs without a number are seldom; they get theirs one by one. */
static void fold_direct(lots_key_fold *fold, const uint32_t *a, const uint32_t *b, const uint64_t *keep, uint32_t count,
                        uint32_t *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    uint32_t room[LOTS_KEY_BLOCK], *found = out == a ? room : out;
    const bool fresh = kernels->pair_u32(fold->direct, fold->shift, a, b, count, found);
    for (uint32_t i = 0; fresh && i < count; i++) {
        if (found[i] != LOTS_NO_ID)
            continue;
        uint32_t *number = &fold->direct[a[i] << fold->shift | b[i]];
        if (*number == LOTS_NO_ID && is_kept(keep, i))
            *number = fold->count++;
        found[i] = *number == LOTS_NO_ID ? 0 : *number;
    }
    if (found != out)
        memcpy(out, found, count * sizeof *out);
}

/* A map of many pairs is in no cache: slots are fetched some pairs before they are looked at. */
static lots_status fold_wide(lots_key_fold *fold, const uint32_t *a, const uint32_t *b, const uint64_t *keep, uint32_t count,
                             uint32_t *out, lots_error *err)
{
    enum { AHEAD = 16 };
    for (uint32_t i = 0; i < count; i++) {
        if (i + AHEAD < count && fold->map.size > 0)
            __builtin_prefetch(&fold->map.slots[home_of(&fold->map, pair_key(a[i + AHEAD], b[i + AHEAD]))]);
        if (!is_kept(keep, i)) {
            out[i] = 0;
            continue;
        }
        LOTS_TRY(lots_number_map_take(&fold->map, pair_key(a[i], b[i]), fold->count, &out[i], err));
        fold->count += out[i] == fold->count ? 1 : 0;
    }
    return LOTS_OK;
}

lots_status lots_key_fold_pairs(lots_key_fold *fold, const uint32_t *a, uint32_t a_limit, const uint32_t *b,
                                uint32_t b_limit, const uint64_t *keep, uint32_t count, uint32_t *out, lots_error *err)
{
    LOTS_TRY(fold_reach(fold, a_limit, b_limit, err));
    if (!fold->wide) {
        fold_direct(fold, a, b, keep, count, out);
        return LOTS_OK;
    }
    return fold_wide(fold, a, b, keep, count, out, err);
}

void lots_key_fold_find(const lots_key_fold *fold, const uint32_t *a, const uint32_t *b, uint32_t count, uint32_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t found = LOTS_NO_ID;
        if (fold->wide)
            found = lots_number_map_find(&fold->map, pair_key(a[i], b[i]));
        else if (fold->direct != NULL && a[i] < fold->rows && b[i] < 1u << fold->shift)
            found = fold->direct[a[i] << fold->shift | b[i]];
        out[i] = found;
    }
}
