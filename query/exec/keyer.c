/* keyer.c: see keyer.h. Keys that are categories or bools of few values are numbered through one small table; others
 * through a hash table. */
#include "query/exec/keyer.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/memory.h"

#define DIRECT_MAX 65536u

static uint32_t radix_of(const lots_type *type)
{
    if (type->kind == LOTS_TYPE_BOOL)
        return 3;
    if (type->kind == LOTS_TYPE_CATEGORY && type->dictionary != NULL) {
        uint32_t count = lots_dictionary_count(type->dictionary);
        return count < DIRECT_MAX ? count + 1 : 0;
    }
    return 0;
}

static lots_status open_direct(lots_keyer *keyer, lots_error *err)
{
    void *made = NULL;
    uint64_t product = 1;
    LOTS_TRY(lots_alloc(&made, keyer->column_count, sizeof(uint32_t), err));
    keyer->radix = made;
    for (uint32_t i = 0; i < keyer->column_count; i++) {
        keyer->radix[i] = radix_of(&keyer->columns[i].type);
        product *= keyer->radix[i];
        if (product == 0 || product > DIRECT_MAX)
            return LOTS_OK;
    }
    LOTS_TRY(lots_alloc(&made, product, sizeof(uint32_t), err));
    keyer->direct = made;
    keyer->direct_size = (uint32_t)product;
    return LOTS_OK;
}

lots_status lots_keyer_open(lots_keyer *keyer, const lots_type *types, uint32_t count, lots_error *err)
{
    void *made = NULL;
    memset(keyer, 0, sizeof *keyer);
    keyer->number_hash = LOTS_VEC(uint64_t);
    LOTS_TRY(lots_alloc(&made, count, sizeof(lots_collected), err));
    keyer->columns = made;
    keyer->column_count = count;
    for (uint32_t i = 0; i < count; i++)
        lots_collected_open(&keyer->columns[i], &types[i]);
    return count == 0 ? LOTS_OK : open_direct(keyer, err);
}

void lots_keyer_close(lots_keyer *keyer)
{
    for (uint32_t i = 0; i < keyer->column_count; i++)
        lots_collected_close(&keyer->columns[i]);
    lots_free(keyer->columns);
    lots_free(keyer->table);
    lots_free(keyer->hashes);
    lots_free(keyer->direct);
    lots_free(keyer->radix);
    lots_vec_free(&keyer->number_hash);
    memset(keyer, 0, sizeof *keyer);
}

static lots_status new_number(lots_keyer *keyer, const lots_vector *keys, uint32_t row, uint64_t hash, uint32_t *out,
                              lots_error *err)
{
    for (uint32_t i = 0; i < keyer->column_count; i++)
        LOTS_TRY(lots_collected_append_row(&keyer->columns[i], &keys[i], row, err));
    LOTS_TRY(lots_vec_push(&keyer->number_hash, &hash, err));
    *out = keyer->count++;
    return LOTS_OK;
}

/* ---- small keys ---- */

static uint32_t digit(const lots_vector *key, uint32_t row)
{
    if (lots_vector_is_missing(key, row))
        return 0;
    uint32_t at = key->constant ? 0 : row;
    if (key->type.kind == LOTS_TYPE_BOOL)
        return 1 + (lots_bit_get(key->data, at) ? 1 : 0);
    return 1 + ((const uint32_t *)key->data)[at];
}

static uint32_t direct_index(const lots_keyer *keyer, const lots_vector *keys, uint32_t row)
{
    uint32_t index = 0;
    for (uint32_t i = 0; i < keyer->column_count; i++)
        index = index * keyer->radix[i] + digit(&keys[i], row);
    return index;
}

static lots_status number_direct(lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out,
                                 lots_error *err)
{
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t index = direct_index(keyer, keys, row);
        uint32_t *slot = &keyer->direct[index];
        if (*slot == 0) {
            LOTS_TRY(new_number(keyer, keys, row, index, &out[row], err));
            *slot = out[row] + 1;
        }
        out[row] = *slot - 1;
    }
    return LOTS_OK;
}

/* ---- any keys ---- */

static lots_status grow(lots_keyer *keyer, lots_error *err)
{
    uint32_t size = keyer->table_size == 0 ? 256 : keyer->table_size * 2;
    void *table = NULL, *hashes = NULL;
    if (size == 0 || size > (1u << 30))
        return lots_fail(err, LOTS_LIMIT, "more than %u groups", 1u << 29);
    LOTS_TRY(lots_alloc(&table, size, sizeof(uint32_t), err));
    lots_status status = lots_alloc(&hashes, size, sizeof(uint64_t), err);
    if (status != LOTS_OK) {
        lots_free(table);
        return status;
    }
    for (uint32_t number = 0; number < keyer->count; number++) {
        uint64_t hash = LOTS_AT(uint64_t, &keyer->number_hash, number);
        uint32_t at = (uint32_t)hash & (size - 1);
        while (((uint32_t *)table)[at] != 0)
            at = (at + 1) & (size - 1);
        ((uint32_t *)table)[at] = number + 1;
        ((uint64_t *)hashes)[at] = hash;
    }
    lots_free(keyer->table);
    lots_free(keyer->hashes);
    keyer->table = table;
    keyer->hashes = hashes;
    keyer->table_size = size;
    return LOTS_OK;
}

static uint64_t hash_row(const lots_keyer *keyer, const lots_vector *keys, uint32_t row)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < keyer->column_count; i++)
        hash = lots_vector_hash(&keys[i], row, hash);
    return lots_hash64(hash + 1);
}

static bool same_key(const lots_keyer *keyer, uint32_t number, const lots_vector *keys, uint32_t row)
{
    for (uint32_t i = 0; i < keyer->column_count; i++)
        if (!lots_collected_same(&keyer->columns[i], number, &keys[i], row))
            return false;
    return true;
}

/* The slot of the key, or the empty one where it would stand. */
static uint32_t find_slot(const lots_keyer *keyer, const lots_vector *keys, uint32_t row, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (keyer->table_size - 1);
    while (keyer->table[at] != 0 && (keyer->hashes[at] != hash || !same_key(keyer, keyer->table[at] - 1, keys, row)))
        at = (at + 1) & (keyer->table_size - 1);
    return at;
}

static lots_status number_hashed(lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out,
                                 lots_error *err)
{
    for (uint32_t row = 0; row < rows; row++) {
        if ((uint64_t)keyer->count * 2 >= keyer->table_size)
            LOTS_TRY(grow(keyer, err));
        uint64_t hash = hash_row(keyer, keys, row);
        uint32_t at = find_slot(keyer, keys, row, hash);
        if (keyer->table[at] == 0) {
            LOTS_TRY(new_number(keyer, keys, row, hash, &out[row], err));
            keyer->table[at] = out[row] + 1;
            keyer->hashes[at] = hash;
        }
        out[row] = keyer->table[at] - 1;
    }
    return LOTS_OK;
}

lots_status lots_keyer_number(lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out, lots_error *err)
{
    if (keyer->column_count == 0) {
        if (keyer->count == 0 && rows > 0)
            keyer->count = 1;
        memset(out, 0, rows * sizeof *out);
        return LOTS_OK;
    }
    if (keyer->direct != NULL)
        return number_direct(keyer, keys, rows, out, err);
    return number_hashed(keyer, keys, rows, out, err);
}

void lots_keyer_find(const lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out)
{
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t number = 0; /* number + 1 */
        if (keyer->column_count == 0)
            number = keyer->count;
        else if (keyer->direct != NULL)
            number = keyer->direct[direct_index(keyer, keys, row)];
        else if (keyer->table_size > 0)
            number = keyer->table[find_slot(keyer, keys, row, hash_row(keyer, keys, row))];
        out[row] = number == 0 ? LOTS_NO_ID : number - 1;
    }
}
