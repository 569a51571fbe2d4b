/* vector_append.c: vectors one after the other. See vector.h. */
#include <string.h>

#include "query/exec/vector.h"

static void append_bits(uint64_t *out, uint32_t at, const uint64_t *in, uint32_t count)
{
    for (size_t w = 0; w < lots_bit_words(count); w++) {
        const uint64_t word = in[w];
        const size_t bit = at + w * 64;
        out[bit / 64] |= word << (bit % 64);
        if (bit % 64 != 0)
            out[bit / 64 + 1] |= word >> (64 - bit % 64);
    }
}

static lots_status want_failed(lots_arena *arena, lots_vector *vector, lots_error *err)
{
    void *bits = NULL;
    if (vector->failed != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(arena, &bits, lots_bit_words(vector->count) + 1, sizeof(uint64_t), err));
    vector->failed = bits;
    return LOTS_OK;
}

lots_status lots_vector_append(lots_arena *arena, lots_vector *out, uint32_t at, const lots_vector *part, lots_error *err)
{
    const size_t bytes = lots_type_bytes(part->type.kind);
    if (part->type.kind == LOTS_TYPE_SET) {
        const size_t item = lots_type_bytes(part->type.element), base = out->offsets[at];
        memcpy((char *)out->data + base * item, part->data, part->offsets[part->count] * item);
        for (uint32_t i = 0; i < part->count; i++)
            out->offsets[at + i + 1] = (uint32_t)base + part->offsets[i + 1];
    } else if (part->type.kind == LOTS_TYPE_BOOL) {
        append_bits(out->data, at, part->data, part->count);
    } else {
        memcpy((char *)out->data + at * bytes, part->data, part->count * bytes);
    }
    if (part->data2 != NULL)
        memcpy(out->data2 + at, part->data2, part->count * sizeof(int32_t));
    if (part->missing != NULL) {
        LOTS_TRY(lots_vector_want_missing(arena, out, err));
        append_bits(out->missing, at, part->missing, part->count);
    }
    if (part->failed != NULL) {
        LOTS_TRY(want_failed(arena, out, err));
        append_bits(out->failed, at, part->failed, part->count);
        if (out->culprit == NULL)
            out->culprit = part->culprit;
    }
    return LOTS_OK;
}

lots_status lots_vector_concat(lots_arena *arena, const lots_vector *parts, uint32_t part_count, lots_vector *out,
                               lots_error *err)
{
    if (part_count == 1) {
        *out = parts[0];
        return LOTS_OK;
    }
    uint64_t rows = 0, elements = 0;
    for (uint32_t i = 0; i < part_count; i++) {
        rows += parts[i].count;
        if (parts[i].type.kind == LOTS_TYPE_SET)
            elements += parts[i].constant ? (uint64_t)parts[i].count * parts[i].offsets[1]
                                          : parts[i].offsets[parts[i].count];
    }
    if (rows > UINT32_MAX || elements > UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "%llu values in one chunk", (unsigned long long)(rows + elements));
    LOTS_TRY(lots_vector_new(arena, &parts[0].type, (uint32_t)rows, out, err));
    if (parts[0].type.kind == LOTS_TYPE_SET)
        LOTS_TRY(lots_arena_vector(arena, &out->data, (size_t)elements, lots_type_bytes(parts[0].type.element), err));
    uint32_t at = 0;
    for (uint32_t i = 0; i < part_count; i++) {
        lots_vector flat;
        LOTS_TRY(lots_vector_flatten(arena, &parts[i], &flat, err));
        LOTS_TRY(lots_vector_append(arena, out, at, &flat, err));
        at += flat.count;
    }
    return LOTS_OK;
}
