/* vector_order.c: which of two values comes first, and their hashes. See vector.h. */
#include <string.h>

#include "core/base/hash.h"
#include "query/exec/vector.h"

static int three_way(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int compare_texts(const lots_text *a, const lots_text *b)
{
    const uint32_t common = a->bytes < b->bytes ? a->bytes : b->bytes;
    const int order = common == 0 ? 0 : memcmp(a->text, b->text, common);
    return order != 0 ? three_way(order, 0) : three_way(a->bytes, b->bytes);
}

static int compare_items(lots_type_kind kind, const void *a, size_t a_at, const void *b, size_t b_at)
{
    switch (kind) {
    case LOTS_TYPE_BOOL:
        return three_way(lots_bit_get(a, a_at), lots_bit_get(b, b_at));
    case LOTS_TYPE_FLOAT: {
        const double x = ((const double *)a)[a_at], y = ((const double *)b)[b_at];
        return (x > y) - (x < y);
    }
    case LOTS_TYPE_DATE:
    case LOTS_TYPE_INTERVAL:
        return three_way(((const int32_t *)a)[a_at], ((const int32_t *)b)[b_at]);
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE:
        return three_way(((const uint32_t *)a)[a_at], ((const uint32_t *)b)[b_at]);
    case LOTS_TYPE_EVENTS: /* none, NO_ID, is lowest */
        return three_way((uint32_t)(((const uint32_t *)a)[a_at] + 1u), (uint32_t)(((const uint32_t *)b)[b_at] + 1u));
    case LOTS_TYPE_TEXT:
        return compare_texts((const lots_text *)a + a_at, (const lots_text *)b + b_at);
    default:
        return three_way(((const int64_t *)a)[a_at], ((const int64_t *)b)[b_at]);
    }
}

static int compare_sets(const lots_vector *a, uint32_t i, const lots_vector *b, uint32_t j)
{
    const uint32_t a_count = a->offsets[i + 1] - a->offsets[i], b_count = b->offsets[j + 1] - b->offsets[j];
    for (uint32_t k = 0; k < a_count && k < b_count; k++) {
        const int order = compare_items(a->type.element, a->data, a->offsets[i] + k, b->data, b->offsets[j] + k);
        if (order != 0)
            return order;
    }
    return three_way(a_count, b_count);
}

int lots_vector_compare(const lots_vector *a, uint32_t a_row, const lots_vector *b, uint32_t b_row)
{
    const bool a_missing = lots_vector_is_missing(a, a_row), b_missing = lots_vector_is_missing(b, b_row);
    if (a_missing || b_missing)
        return three_way(b_missing, a_missing);
    const uint32_t i = a->constant ? 0 : a_row, j = b->constant ? 0 : b_row;
    if (a->type.kind == LOTS_TYPE_SET)
        return compare_sets(a, i, b, j);
    const int order = compare_items(a->type.kind, a->data, i, b->data, j);
    if (order == 0 && a->type.kind == LOTS_TYPE_INTERVAL)
        return three_way(a->data2[i], b->data2[j]);
    return order;
}

static uint64_t hash_item(lots_type_kind kind, const void *data, size_t at, uint64_t seed)
{
    switch (kind) {
    case LOTS_TYPE_BOOL:
        return lots_hash64(seed ^ (lots_bit_get(data, at) ? 2u : 1u));
    case LOTS_TYPE_TEXT:
        return lots_hash(((const lots_text *)data)[at].text, ((const lots_text *)data)[at].bytes, seed);
    case LOTS_TYPE_FLOAT: {
        double value = ((const double *)data)[at];
        uint64_t bits = 0;
        if (value == 0)
            value = 0; /* -0 is 0 */
        memcpy(&bits, &value, sizeof bits);
        return lots_hash64(seed ^ lots_hash64(bits));
    }
    default:
        if (lots_type_bytes(kind) == 4)
            return lots_hash64(seed ^ lots_hash64(((const uint32_t *)data)[at]));
        return lots_hash64(seed ^ lots_hash64(((const uint64_t *)data)[at]));
    }
}

uint64_t lots_vector_hash(const lots_vector *vector, uint32_t row, uint64_t seed)
{
    if (lots_vector_is_missing(vector, row))
        return lots_hash64(seed ^ UINT64_C(0x9e3779b97f4a7c15));
    const uint32_t i = vector->constant ? 0 : row;
    if (vector->type.kind == LOTS_TYPE_SET) {
        uint64_t hash = lots_hash64(seed + vector->offsets[i + 1] - vector->offsets[i]);
        for (uint32_t k = vector->offsets[i]; k < vector->offsets[i + 1]; k++)
            hash = hash_item(vector->type.element, vector->data, k, hash + 1);
        return hash;
    }
    const uint64_t hash = hash_item(vector->type.kind, vector->data, i, seed);
    return vector->type.kind == LOTS_TYPE_INTERVAL ? lots_hash64(hash ^ (uint32_t)vector->data2[i]) : hash;
}
