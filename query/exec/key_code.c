/* key_code.c: see key_code.h. */
#include "query/exec/key_code.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/kernels.h"
#include "core/base/memory.h"
#include "query/exec/path.h"

#define RANKS_MAX 65536u    /* categories of more values are coded by first sight */
#define NEAR_MAX 65536u     /* values in the table by value: 179 years of days */

/* ---- a column ---- */

static lots_key_form form_of(const lots_type *type)
{
    switch (type->kind) {
    case LOTS_TYPE_BOOL: return LOTS_KEY_RANK;
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE:
        return type->dictionary != NULL && lots_dictionary_count(type->dictionary) < RANKS_MAX ? LOTS_KEY_RANK
                                                                                              : LOTS_KEY_WIDE;
    case LOTS_TYPE_INT:
    case LOTS_TYPE_DECIMAL:
    case LOTS_TYPE_DAYS:
    case LOTS_TYPE_MONTHS:
    case LOTS_TYPE_DATE:
    case LOTS_TYPE_INTERVAL: return LOTS_KEY_NEAR;
    case LOTS_TYPE_FLOAT: return LOTS_KEY_WIDE;
    default: return LOTS_KEY_ITEM;
    }
}

void lots_key_coder_open(lots_key_coder *coder, const lots_type *type)
{
    memset(coder, 0, sizeof *coder);
    coder->type = *type;
    coder->form = form_of(type);
    coder->count = 1;
    if (type->kind == LOTS_TYPE_BOOL)
        coder->count = 3;
    else if (coder->form == LOTS_KEY_RANK)
        coder->count = lots_dictionary_count(type->dictionary) + 1;
    coder->keys = LOTS_VEC(uint64_t);
    coder->hashes = LOTS_VEC(uint64_t);
    lots_collected_open(&coder->items, type);
}

void lots_key_coder_of_day(lots_key_coder *coder, lots_op unit)
{
    coder->of_day = true;
    coder->unit = unit;
}

void lots_key_coder_of_band(lots_key_coder *coder, const lots_key_band *band) { coder->band = *band; }

void lots_key_coder_of_path(lots_key_coder *coder, const lots_expr *names) { coder->path = names; }

void lots_key_coder_close(lots_key_coder *coder)
{
    lots_free(coder->days);
    lots_free(coder->near);
    lots_vec_free(&coder->keys);
    lots_number_map_close(&coder->wide);
    lots_collected_close(&coder->items);
    lots_vec_free(&coder->hashes);
    lots_free(coder->slots);
    memset(coder, 0, sizeof *coder);
}

static void rank_codes(const lots_vector *vector, uint32_t first, uint32_t count, uint32_t *out)
{
    if (vector->type.kind == LOTS_TYPE_BOOL)
        for (uint32_t i = 0; i < count; i++)
            out[i] = lots_bit_get(vector->data, first + i) ? 1 : 0;
    else
        memcpy(out, (const uint32_t *)vector->data + first, count * sizeof *out);
}

/* The values as 64 bits that are equal when they are; an interval has its start above. */
static void keys_of(const lots_vector *vector, uint32_t first, uint32_t count, uint64_t *out)
{
    const int32_t *small = (const int32_t *)vector->data + (lots_type_bytes(vector->type.kind) == 4 ? first : 0);
    switch (vector->type.kind) {
    case LOTS_TYPE_INTERVAL:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (uint64_t)(uint32_t)small[i] << 32 | (uint32_t)vector->data2[first + i];
        return;
    case LOTS_TYPE_DATE:
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (uint64_t)(int64_t)small[i];
        return;
    case LOTS_TYPE_FLOAT:
        for (uint32_t i = 0; i < count; i++) {
            const double value = ((const double *)vector->data)[first + i] + 0.0; /* -0 + 0 is 0 */
            memcpy(&out[i], &value, sizeof value);
        }
        return;
    default: memcpy(out, (const uint64_t *)vector->data + first, count * sizeof *out);
    }
}

static int64_t place_of(const lots_key_coder *coder, uint64_t key)
{
    return coder->type.kind == LOTS_TYPE_INTERVAL ? (int32_t)(key >> 32) : (int64_t)key;
}

/* The code of a key by the table; 0: it has none there. */
static uint32_t near_code(const lots_key_coder *coder, uint64_t key)
{
    const uint64_t at = (uint64_t)place_of(coder, key) - (uint64_t)coder->low;
    const uint32_t code = at < coder->near_count ? coder->near[at] : 0;
    return code != 0 && LOTS_AT(uint64_t, &coder->keys, code - 1) == key ? code : 0;
}

/* Of an interval its last day, too, in the table's second half. */
static void near_set(lots_key_coder *coder, uint64_t key, uint32_t code)
{
    const size_t at = (size_t)(place_of(coder, key) - coder->low);
    coder->near[at] = code;
    if (coder->type.kind == LOTS_TYPE_INTERVAL)
        coder->near[coder->near_count + at] = (uint32_t)key;
}

/* The table reaches from low to high, with room on both sides. */
static lots_status near_reach(lots_key_coder *coder, int64_t low, int64_t high, lots_error *err)
{
    const uint32_t span = (uint32_t)(high - low + 1), room = span < NEAR_MAX / 4 ? span + 64 : 0;
    void *made = NULL;
    low = low < INT64_MIN + (int64_t)room ? low : low - (int64_t)room;
    const size_t reach = (size_t)span + 2 * (size_t)room;
    LOTS_TRY(lots_alloc(&made, coder->type.kind == LOTS_TYPE_INTERVAL ? 2 * reach : reach, sizeof(uint32_t), err));
    lots_free(coder->near);
    coder->near = made;
    coder->near_count = (uint32_t)reach;
    coder->low = low;
    for (uint32_t code = 1; code < coder->count; code++)
        near_set(coder, LOTS_AT(uint64_t, &coder->keys, code - 1), code);
    return LOTS_OK;
}

/* Is there a table that holds this key too? Two intervals with one start have no place in one. */
static lots_status near_fits(lots_key_coder *coder, uint64_t key, bool *fits, lots_error *err)
{
    const int64_t place = place_of(coder, key);
    const uint64_t at = (uint64_t)place - (uint64_t)coder->low;
    int64_t low = place, high = place;
    *fits = true;
    if (at < coder->near_count) {
        *fits = coder->near[at] == 0;
        return LOTS_OK;
    }
    for (uint32_t code = 1; code < coder->count; code++) {
        const int64_t other = place_of(coder, LOTS_AT(uint64_t, &coder->keys, code - 1));
        low = other < low ? other : low;
        high = other > high ? other : high;
    }
    *fits = (uint64_t)high - (uint64_t)low < NEAR_MAX;
    return *fits ? near_reach(coder, low, high, err) : LOTS_OK;
}

static lots_status become_wide(lots_key_coder *coder, lots_error *err)
{
    uint32_t unused = 0;
    for (uint32_t code = 1; code < coder->count; code++)
        LOTS_TRY(lots_number_map_take(&coder->wide, LOTS_AT(uint64_t, &coder->keys, code - 1), code, &unused, err));
    coder->form = LOTS_KEY_WIDE;
    lots_free(coder->near);
    coder->near = NULL;
    coder->near_count = 0;
    return LOTS_OK;
}

/* A key that has no code so far, in a NEAR column. */
static lots_status near_new(lots_key_coder *coder, uint64_t key, uint32_t *out, lots_error *err)
{
    bool fits = false;
    LOTS_TRY(near_fits(coder, key, &fits, err));
    if (!fits)
        LOTS_TRY(become_wide(coder, err));
    if (fits)
        near_set(coder, key, coder->count);
    else
        LOTS_TRY(lots_number_map_take(&coder->wide, key, coder->count, out, err));
    *out = coder->count++;
    return lots_vec_push(&coder->keys, &key, err);
}

static lots_status code_of_key(lots_key_coder *coder, uint64_t key, uint32_t *out, lots_error *err)
{
    if (coder->form == LOTS_KEY_NEAR) {
        *out = near_code(coder, key);
        return *out != 0 ? LOTS_OK : near_new(coder, key, out, err);
    }
    LOTS_TRY(lots_number_map_take(&coder->wide, key, coder->count, out, err));
    if (*out != coder->count)
        return LOTS_OK;
    coder->count++;
    return lots_vec_push(&coder->keys, &key, err);
}

/* ---- texts, sets ---- */

static uint32_t item_slot(const lots_key_coder *coder, const lots_vector *vector, uint32_t row, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (coder->slot_count - 1);
    while (coder->slots[at] != 0 && (LOTS_AT(uint64_t, &coder->hashes, coder->slots[at] - 1) != hash ||
                                     !lots_collected_same(&coder->items, coder->slots[at] - 1, vector, row)))
        at = (at + 1) & (coder->slot_count - 1);
    return at;
}

static lots_status items_grow(lots_key_coder *coder, lots_error *err)
{
    const uint32_t size = coder->slot_count == 0 ? 256 : coder->slot_count * 2;
    void *slots = NULL;
    if (coder->count >= LOTS_KEY_NUMBERS)
        return lots_fail(err, LOTS_LIMIT, "more than %u groups", LOTS_KEY_NUMBERS);
    LOTS_TRY(lots_alloc(&slots, size, sizeof(uint32_t), err));
    for (uint32_t code = 1; code < coder->count; code++) {
        uint32_t at = (uint32_t)LOTS_AT(uint64_t, &coder->hashes, code - 1) & (size - 1);
        while (((uint32_t *)slots)[at] != 0)
            at = (at + 1) & (size - 1);
        ((uint32_t *)slots)[at] = code;
    }
    lots_free(coder->slots);
    coder->slots = slots;
    coder->slot_count = size;
    return LOTS_OK;
}

static lots_status code_of_item(lots_key_coder *coder, const lots_vector *vector, uint32_t row, uint32_t *out,
                                lots_error *err)
{
    if ((uint64_t)coder->count * 2 >= coder->slot_count)
        LOTS_TRY(items_grow(coder, err));
    const uint64_t hash = lots_vector_hash(vector, row, 1);
    const uint32_t at = item_slot(coder, vector, row, hash);
    if (coder->slots[at] == 0) {
        LOTS_TRY(lots_collected_append_row(&coder->items, vector, row, err));
        LOTS_TRY(lots_vec_push(&coder->hashes, &hash, err));
        coder->slots[at] = coder->count++;
    }
    *out = coder->slots[at];
    return LOTS_OK;
}

/* Texts of few values (band, cut) are the same bytes in memory all over a block: looked at once. */
static lots_status codes_of_texts(lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                                  uint32_t *out, lots_error *err)
{
    struct {
        lots_text text;
        uint32_t code;
    } seen[64];
    const lots_text *texts = (const lots_text *)vector->data + first;
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < count; i++) {
        const size_t place = ((uintptr_t)texts[i].text ^ ((uintptr_t)texts[i].text >> 6)) % 64;
        if (lots_vector_is_missing(vector, first + i))
            continue;
        if (seen[place].code == 0 || seen[place].text.text != texts[i].text || seen[place].text.bytes != texts[i].bytes) {
            LOTS_TRY(code_of_item(coder, vector, first + i, &seen[place].code, err));
            seen[place].text = texts[i];
        }
        out[i] = seen[place].code;
    }
    return LOTS_OK;
}

/* ---- units of days ---- */

/* Room for the code of a day, with some around it; days far apart have none. */
static lots_status reach_day(lots_key_coder *coder, int32_t day, lots_error *err)
{
    int64_t low = coder->days == NULL ? day : coder->day_low, end = low + (coder->days == NULL ? 1 : coder->day_count);
    void *made = NULL;
    if (day >= low && day < end && coder->days != NULL)
        return LOTS_OK;
    low = (day < low ? day : low) - 400;
    end = (day >= end ? (int64_t)day + 1 : end) + 400;
    if (end - low > NEAR_MAX)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&made, (size_t)(end - low), sizeof(uint32_t), err));
    if (coder->days != NULL)
        memcpy((uint32_t *)made + (coder->day_low - low), coder->days, coder->day_count * sizeof(uint32_t));
    lots_free(coder->days);
    coder->days = made;
    coder->day_low = (int32_t)low;
    coder->day_count = (uint32_t)(end - low);
    return LOTS_OK;
}

static lots_status code_of_day(lots_key_coder *coder, int32_t day, uint32_t *out, lots_error *err)
{
    int32_t last = 0;
    const int64_t value = lots_key_day_value(coder->unit, day, &last);
    const bool interval = coder->type.kind == LOTS_TYPE_INTERVAL;
    LOTS_TRY(code_of_key(coder, interval ? (uint64_t)value << 32 | (uint32_t)last : (uint64_t)value, out, err));
    LOTS_TRY(reach_day(coder, day, err));
    const uint32_t at = (uint32_t)day - (uint32_t)coder->day_low;
    if (at < coder->day_count)
        coder->days[at] = *out;
    return LOTS_OK;
}

static lots_status codes_of_days(lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                                 uint32_t *out, lots_error *err)
{
    const int32_t *days = (const int32_t *)vector->data + first;
    const bool unknown = lots_kernels_get()->code_u32(coder->days, (uint32_t)coder->day_low, coder->day_count,
                                                      (const uint32_t *)days, count, out);
    for (uint32_t i = 0; unknown && i < count; i++)
        if (out[i] == 0 && !lots_vector_is_missing(vector, first + i))
            LOTS_TRY(code_of_day(coder, days[i], &out[i], err));
    return LOTS_OK;
}

/* ---- bands ---- */

/* Numbers met for the first time, whose codes are 0 as yet. */
static lots_status codes_of_new_bands(lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                                      uint32_t *out, lots_error *err)
{
    const int64_t *numbers = (const int64_t *)vector->data + first;
    uint64_t none[LOTS_KEY_BLOCK / 64];
    lots_kernels_get()->range_u32(out, count, 0, 0, none);
    if (vector->missing != NULL)
        lots_bits_and_not(none, none, vector->missing + first / 64, count);
    for (size_t i = lots_bits_next(none, 0, count); i < count; i = lots_bits_next(none, i + 1, count)) {
        const uint32_t place = lots_key_band_place(&coder->band, numbers[i]);
        if (coder->days[place] == 0) {
            lots_text text = lots_key_band_text(&coder->band, place);
            const lots_vector one = {.type = coder->type, .count = 1, .data = &text};
            LOTS_TRY(code_of_item(coder, &one, 0, &coder->days[place], err));
        }
        out[i] = coder->days[place];
    }
    return LOTS_OK;
}

static lots_status codes_of_bands(lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                                  uint32_t *out, lots_error *err)
{
    const lots_key_band band = coder->band;
    const int64_t *numbers = (const int64_t *)vector->data + first;
    const bool cut = band.expr->op == LOTS_OP_CUT;
    bool unknown = false;
    void *made = NULL;
    if (coder->days == NULL) {
        LOTS_TRY(lots_alloc(&made, band.span, sizeof(uint32_t), err));
        coder->days = made;
        coder->day_count = band.span;
    }
    if (!cut) /* bands hold all numbers, or none is asked for here */
        unknown = lots_kernels_get()->code_i64(coder->days, band.low, band.span, numbers, count, out);
    for (uint32_t i = 0; cut && i < count; i++) {
        out[i] = coder->days[lots_key_band_place(&band, numbers[i])];
        unknown |= out[i] == 0;
    }
    return unknown ? codes_of_new_bands(coder, vector, first, count, out, err) : LOTS_OK;
}

/* ---- paths ---- */

static lots_status code_of_path(lots_key_coder *coder, int64_t number, lots_bytes *written, uint32_t *out, lots_error *err)
{
    uint32_t code = 0;
    *out = lots_number_map_find(&coder->wide, (uint64_t)number);
    if (*out != LOTS_NO_ID)
        return LOTS_OK;
    written->count = 0;
    LOTS_TRY(lots_path_write(coder->path, number, written, err));
    lots_text text = {(const char *)written->data, (uint32_t)written->count};
    const lots_vector one = {.type = coder->type, .count = 1, .data = &text};
    LOTS_TRY(code_of_item(coder, &one, 0, &code, err));
    return lots_number_map_take(&coder->wide, (uint64_t)number, code, out, err);
}

static lots_status codes_of_paths(lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                                  uint32_t *out, lots_error *err)
{
    const int64_t *numbers = (const int64_t *)vector->data + first;
    lots_bytes written = {0};
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < count && status == LOTS_OK; i++) {
        out[i] = 0;
        if (!lots_vector_is_missing(vector, first + i))
            status = code_of_path(coder, numbers[i], &written, &out[i], err);
    }
    lots_bytes_free(&written);
    return status;
}

/* ---- all ---- */

/* The table has one interval of each start: those that end on another day have no code. False: there are such. */
static bool near_ends_fit(const lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count, uint32_t *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    uint32_t ends[LOTS_KEY_BLOCK + 16];
    uint64_t same[LOTS_KEY_BLOCK / 64 + 8];
    (void)kernels->code_u32(coder->near + coder->near_count, (uint32_t)coder->low, coder->near_count,
                            (const uint32_t *)vector->data + first, count, ends);
    kernels->equal_i32((const int32_t *)ends, vector->data2 + first, count, same);
    if (kernels->bits_count(same, count) == count)
        return true;
    for (uint32_t i = 0; i < count; i++)
        out[i] = lots_bit_get(same, i) ? out[i] : 0;
    return false;
}

/* Codes by the table of values [first, first + count). False: some has none, and is 0. */
static bool near_codes(const lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                       uint32_t *out)
{
    const lots_kernels *kernels = lots_kernels_get();
    const bool days = lots_type_bytes(vector->type.kind) == 4;
    const bool unknown = days ? kernels->code_u32(coder->near, (uint32_t)coder->low, coder->near_count,
                                                  (const uint32_t *)vector->data + first, count, out)
                              : kernels->code_i64(coder->near, coder->low, coder->near_count,
                                                  (const int64_t *)vector->data + first, count, out);
    return vector->type.kind == LOTS_TYPE_INTERVAL ? near_ends_fit(coder, vector, first, count, out) && !unknown : !unknown;
}

static lots_status codes_of(lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                            uint32_t *out, lots_error *err)
{
    uint64_t keys[LOTS_KEY_BLOCK];
    if (coder->of_day && vector->type.kind == LOTS_TYPE_DATE)
        return codes_of_days(coder, vector, first, count, out, err);
    if (coder->path != NULL && vector->type.kind == LOTS_TYPE_INT)
        return codes_of_paths(coder, vector, first, count, out, err);
    if (coder->band.expr != NULL && vector->type.kind == LOTS_TYPE_INT)
        return codes_of_bands(coder, vector, first, count, out, err);
    if (coder->form == LOTS_KEY_RANK) {
        rank_codes(vector, first, count, out);
        return LOTS_OK;
    }
    if (coder->type.kind == LOTS_TYPE_TEXT)
        return codes_of_texts(coder, vector, first, count, out, err);
    if (coder->form == LOTS_KEY_ITEM) {
        for (uint32_t i = 0; i < count; i++)
            if (!lots_vector_is_missing(vector, first + i))
                LOTS_TRY(code_of_item(coder, vector, first + i, &out[i], err));
        return LOTS_OK;
    }
    const bool near = coder->form == LOTS_KEY_NEAR;
    if (near && near_codes(coder, vector, first, count, out))
        return LOTS_OK;
    keys_of(vector, first, count, keys);
    for (uint32_t i = 0; i < count; i++)
        if (!(near && out[i] != 0) && !lots_vector_is_missing(vector, first + i))
            LOTS_TRY(code_of_key(coder, keys[i], &out[i], err));
    return LOTS_OK;
}

static uint32_t missing_code(const lots_key_coder *coder) { return coder->form == LOTS_KEY_RANK ? coder->count - 1 : 0; }

static void clear_missing(const lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count, uint32_t *out)
{
    const uint32_t missing = missing_code(coder);
    for (uint32_t from = 0; vector->missing != NULL && from < count; from += 64) {
        uint64_t bits = vector->missing[(first + from) / 64];
        if (count - from < 64)
            bits &= (UINT64_C(1) << (count - from)) - 1;
        for (; bits != 0; bits &= bits - 1)
            out[from + (uint32_t)__builtin_ctzll(bits)] = missing;
    }
}

static void spread(const lots_key_coder *coder, const lots_vector *vector, uint32_t count, uint32_t *out)
{
    if (lots_vector_is_missing(vector, 0))
        out[0] = missing_code(coder);
    for (uint32_t i = 1; i < count; i++)
        out[i] = out[0];
}

lots_status lots_key_codes(lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                           uint32_t *room, const uint32_t **out, lots_error *err)
{
    *out = room;
    if (vector->constant) {
        LOTS_TRY(codes_of(coder, vector, 0, count > 0 ? 1 : 0, room, err));
        spread(coder, vector, count, room);
        return LOTS_OK;
    }
    if (coder->form == LOTS_KEY_RANK && vector->type.kind != LOTS_TYPE_BOOL && vector->missing == NULL) {
        *out = (const uint32_t *)vector->data + first;
        return LOTS_OK;
    }
    LOTS_TRY(codes_of(coder, vector, first, count, room, err));
    clear_missing(coder, vector, first, count, room);
    return LOTS_OK;
}

static void codes_find(const lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                       uint32_t *out)
{
    uint64_t keys[LOTS_KEY_BLOCK];
    if (coder->form == LOTS_KEY_RANK) {
        rank_codes(vector, first, count, out);
        return;
    }
    if (coder->form != LOTS_KEY_ITEM)
        keys_of(vector, first, count, keys);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t code = 0; /* 0 here: none */
        if (coder->form == LOTS_KEY_WIDE) {
            out[i] = lots_number_map_find(&coder->wide, keys[i]);
            continue;
        }
        if (coder->form == LOTS_KEY_NEAR)
            code = near_code(coder, keys[i]);
        else if (coder->slot_count > 0 && !lots_vector_is_missing(vector, first + i))
            code = coder->slots[item_slot(coder, vector, first + i, lots_vector_hash(vector, first + i, 1))];
        out[i] = code == 0 ? LOTS_NO_ID : code;
    }
}

void lots_key_codes_find(const lots_key_coder *coder, const lots_vector *vector, uint32_t first, uint32_t count,
                         uint32_t *out)
{
    if (vector->constant) {
        codes_find(coder, vector, 0, count > 0 ? 1 : 0, out);
        spread(coder, vector, count, out);
        return;
    }
    codes_find(coder, vector, first, count, out);
    clear_missing(coder, vector, first, count, out);
}
