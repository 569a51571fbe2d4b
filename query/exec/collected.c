/* collected.c: see collected.h. */
#include "query/exec/collected.h"

#include <string.h>

static lots_type element_type(const lots_type *type)
{
    lots_type element = *type;
    if (type->kind == LOTS_TYPE_SET)
        element.kind = type->element;
    return element;
}

static size_t value_bytes(lots_type_kind kind)
{
    if (kind == LOTS_TYPE_BOOL)
        return 1;
    return kind == LOTS_TYPE_TEXT ? sizeof(uint64_t) : lots_type_bytes(kind);
}

void lots_collected_open(lots_collected *column, const lots_type *type)
{
    memset(column, 0, sizeof *column);
    column->type = *type;
    lots_type element = element_type(type);
    column->values = (lots_vec){NULL, 0, 0, value_bytes(element.kind)};
    column->values2 = LOTS_VEC(int32_t);
    column->offsets = LOTS_VEC(uint32_t);
    column->missing = LOTS_VEC(uint8_t);
}

void lots_collected_close(lots_collected *column)
{
    lots_vec_free(&column->values);
    lots_vec_free(&column->values2);
    lots_vec_free(&column->offsets);
    lots_vec_free(&column->missing);
    lots_bytes_free(&column->text);
}

static lots_status append_text(lots_collected *column, const lots_text *texts, size_t count, lots_error *err)
{
    void *room = NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += texts[i].bytes;
    LOTS_TRY(lots_bytes_reserve(&column->text, bytes, err));
    LOTS_TRY(lots_vec_extend(&column->values, count, &room, err));
    uint64_t *ends = room;
    for (size_t i = 0; i < count; i++) {
        if (texts[i].bytes > 0)
            memcpy(column->text.data + column->text.count, texts[i].text, texts[i].bytes);
        ends[i] = column->text.count += texts[i].bytes;
    }
    return LOTS_OK;
}

static lots_status append_bits(lots_collected *column, const uint64_t *bits, size_t first, size_t count, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_vec_extend(&column->values, count, &room, err));
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)room)[i] = lots_bit_get(bits, first + i) ? 1 : 0;
    return LOTS_OK;
}

/* Elements [first, first + count) of an array of a plain (not SET) type. */
static lots_status append_plain(lots_collected *column, lots_type_kind kind, const void *data, size_t first,
                                size_t count, lots_error *err)
{
    if (count == 0)
        return LOTS_OK;
    if (kind == LOTS_TYPE_BOOL)
        return append_bits(column, data, first, count, err);
    if (kind == LOTS_TYPE_TEXT)
        return append_text(column, (const lots_text *)data + first, count, err);
    return lots_vec_append(&column->values, (const uint8_t *)data + first * column->values.item_size, count, err);
}

static lots_status append_missing(lots_collected *column, const lots_vector *vector, size_t first, size_t count,
                                  lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_vec_extend(&column->missing, count, &room, err));
    if (vector->missing == NULL)
        return LOTS_OK;
    for (size_t i = lots_bits_next(vector->missing, first, first + count); i < first + count;
         i = lots_bits_next(vector->missing, i + 1, first + count)) {
        ((uint8_t *)room)[i - first] = 1;
        column->any_missing = true;
    }
    return LOTS_OK;
}

static lots_status append_sets(lots_collected *column, const lots_vector *vector, size_t first, size_t count,
                               lots_error *err)
{
    if (column->offsets.count == 0) {
        uint32_t zero = 0;
        LOTS_TRY(lots_vec_push(&column->offsets, &zero, err));
    }
    LOTS_TRY(append_plain(column, vector->type.element, vector->data, vector->offsets[first],
                          vector->offsets[first + count] - vector->offsets[first], err));
    const uint32_t base = LOTS_AT(uint32_t, &column->offsets, column->offsets.count - 1);
    void *room = NULL;
    LOTS_TRY(lots_vec_extend(&column->offsets, count, &room, err));
    for (size_t i = 0; i < count; i++)
        ((uint32_t *)room)[i] = base + vector->offsets[first + i + 1] - vector->offsets[first];
    return LOTS_OK;
}

static lots_status append_range(lots_collected *column, const lots_vector *vector, size_t first, size_t count,
                                lots_error *err)
{
    if ((uint64_t)column->count + count >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a result of more than 4 thousand million rows");
    if (vector->type.kind == LOTS_TYPE_SET)
        LOTS_TRY(append_sets(column, vector, first, count, err));
    else
        LOTS_TRY(append_plain(column, vector->type.kind, vector->data, first, count, err));
    if (vector->type.kind == LOTS_TYPE_INTERVAL && count > 0)
        LOTS_TRY(lots_vec_append(&column->values2, vector->data2 + first, count, err));
    LOTS_TRY(append_missing(column, vector, first, count, err));
    column->count += (uint32_t)count;
    return LOTS_OK;
}

lots_status lots_collected_append_row(lots_collected *column, const lots_vector *vector, uint32_t row, lots_error *err)
{
    return append_range(column, vector, vector->constant ? 0 : row, 1, err);
}

static void texts_of(const lots_collected *column, lots_text *out)
{
    uint64_t start = 0;
    for (size_t i = 0; i < column->values.count; i++) {
        uint64_t end = LOTS_AT(uint64_t, &column->values, i);
        out[i].text = end == start ? "" : (const char *)column->text.data + start;
        out[i].bytes = (uint32_t)(end - start);
        start = end;
    }
}

/* Bits of bytes that are 0 or 1. */
static void pack_bits(const uint8_t *bytes, size_t count, uint64_t *bits)
{
    for (size_t w = 0; w < lots_bit_words(count); w++) {
        const size_t first = w * 64, rows = count - first < 64 ? count - first : 64;
        uint64_t word = 0;
        for (size_t i = 0; i < rows; i++)
            word |= (uint64_t)bytes[first + i] << i;
        bits[w] = word;
    }
}

static lots_status data_of(const lots_collected *column, lots_arena *arena, lots_type_kind kind, void **out,
                           lots_error *err)
{
    size_t count = column->values.count;
    if (kind == LOTS_TYPE_BOOL) {
        LOTS_TRY(lots_arena_vector(arena, out, lots_bit_words(count), sizeof(uint64_t), err));
        pack_bits(column->values.data, count, *out);
        return LOTS_OK;
    }
    LOTS_TRY(lots_arena_vector(arena, out, count, lots_type_bytes(kind), err));
    if (kind == LOTS_TYPE_TEXT)
        texts_of(column, *out);
    else if (count > 0)
        memcpy(*out, column->values.data, count * column->values.item_size);
    return LOTS_OK;
}

/* All but the values. */
static lots_status vector_around(const lots_collected *column, lots_arena *arena, lots_vector *out, lots_error *err)
{
    void *room = NULL;
    out->type = column->type;
    out->count = column->count;
    if (column->type.kind == LOTS_TYPE_INTERVAL) {
        LOTS_TRY(lots_arena_vector(arena, &room, column->count, sizeof(int32_t), err));
        if (column->count > 0)
            memcpy(room, column->values2.data, column->count * sizeof(int32_t));
        out->data2 = room;
    }
    if (column->type.kind == LOTS_TYPE_SET) {
        LOTS_TRY(lots_arena_vector(arena, &room, (size_t)column->count + 1, sizeof(uint32_t), err));
        memset(room, 0, sizeof(uint32_t));
        if (column->offsets.count > 0)
            memcpy(room, column->offsets.data, column->offsets.count * sizeof(uint32_t));
        out->offsets = room;
    }
    if (!column->any_missing)
        return LOTS_OK;
    LOTS_TRY(lots_vector_want_missing(arena, out, err));
    pack_bits(column->missing.data, column->count, out->missing);
    return LOTS_OK;
}

lots_status lots_collected_vector(const lots_collected *column, lots_arena *arena, lots_vector *out, lots_error *err)
{
    memset(out, 0, sizeof *out);
    LOTS_TRY(data_of(column, arena, element_type(&column->type).kind, &out->data, err));
    return vector_around(column, arena, out, err);
}

/* ---- comparing ---- */

static bool same_item(const lots_collected *column, lots_type_kind kind, size_t at, const void *data, size_t i)
{
    if (kind == LOTS_TYPE_BOOL)
        return (LOTS_AT(uint8_t, &column->values, at) != 0) == lots_bit_get(data, i);
    if (kind == LOTS_TYPE_FLOAT)
        return LOTS_AT(double, &column->values, at) == ((const double *)data)[i];
    if (kind == LOTS_TYPE_TEXT) {
        const lots_text *text = (const lots_text *)data + i;
        uint64_t start = at == 0 ? 0 : LOTS_AT(uint64_t, &column->values, at - 1);
        uint64_t bytes = LOTS_AT(uint64_t, &column->values, at) - start;
        return bytes == text->bytes && (bytes == 0 || memcmp(column->text.data + start, text->text, bytes) == 0);
    }
    size_t size = column->values.item_size;
    return memcmp((const uint8_t *)column->values.data + at * size, (const uint8_t *)data + i * size, size) == 0;
}

static bool same_set(const lots_collected *column, uint32_t at, const lots_vector *vector, uint32_t row)
{
    uint32_t first = LOTS_AT(uint32_t, &column->offsets, at), count = LOTS_AT(uint32_t, &column->offsets, at + 1) - first;
    if (vector->offsets[row + 1] - vector->offsets[row] != count)
        return false;
    for (uint32_t k = 0; k < count; k++)
        if (!same_item(column, column->type.element, first + k, vector->data, vector->offsets[row] + k))
            return false;
    return true;
}

bool lots_collected_same(const lots_collected *column, uint32_t at, const lots_vector *vector, uint32_t row)
{
    bool gone = LOTS_AT(uint8_t, &column->missing, at) != 0;
    if (gone || lots_vector_is_missing(vector, row))
        return gone && lots_vector_is_missing(vector, row);
    uint32_t i = vector->constant ? 0 : row;
    if (column->type.kind == LOTS_TYPE_SET)
        return same_set(column, at, vector, i);
    if (column->type.kind == LOTS_TYPE_INTERVAL && LOTS_AT(int32_t, &column->values2, at) != vector->data2[i])
        return false;
    return same_item(column, column->type.kind, at, vector->data, i);
}
