/* vec.c: the growable array. Invariants: count <= capacity; data is NULL while capacity is 0. Not thread safe. */
#include "core/base/vec.h"

#include <assert.h>
#include <string.h>

#include "core/base/memory.h"

enum { FIRST_CAPACITY = 8 };

void lots_vec_free(lots_vec *vec)
{
    lots_free(vec->data);
    vec->data = NULL;
    vec->count = 0;
    vec->capacity = 0;
}

lots_status lots_vec_reserve(lots_vec *vec, size_t more, lots_error *err)
{
    assert(vec->item_size > 0);
    assert(vec->count <= vec->capacity);
    if (more <= vec->capacity - vec->count)
        return LOTS_OK;
    size_t needed, doubled;
    if (!lots_size_add(vec->count, more, &needed))
        return lots_fail(err, LOTS_MEMORY, "out of memory: %zu items more than %zu", more, vec->count);
    size_t capacity = needed > FIRST_CAPACITY ? needed : FIRST_CAPACITY;
    if (lots_size_mul(vec->capacity, 2, &doubled) && doubled > capacity)
        capacity = doubled;
    LOTS_TRY(lots_realloc(&vec->data, capacity, vec->item_size, err));
    vec->capacity = capacity;
    return LOTS_OK;
}

lots_status lots_vec_push(lots_vec *vec, const void *item, lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(vec, 1, err));
    memcpy((char *)vec->data + vec->count * vec->item_size, item, vec->item_size);
    vec->count++;
    return LOTS_OK;
}

lots_status lots_vec_append(lots_vec *vec, const void *items, size_t more, lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(vec, more, err));
    if (more > 0)
        memcpy((char *)vec->data + vec->count * vec->item_size, items, more * vec->item_size);
    vec->count += more;
    return LOTS_OK;
}

lots_status lots_vec_extend(lots_vec *vec, size_t more, void **out, lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(vec, more, err));
    char *first = vec->data;
    if (more > 0) {
        first += vec->count * vec->item_size;
        memset(first, 0, more * vec->item_size);
    } else if (first != NULL) {
        first += vec->count * vec->item_size;
    }
    vec->count += more;
    if (out != NULL)
        *out = first;
    return LOTS_OK;
}
