/* table_source.c: see table_source.h. */
#include "query/exec/table_source.h"

#include <string.h>

static lots_type type_of(const lots_registry *registry, const lots_column *column)
{
    static const lots_type_kind kinds[LOTS_KIND_COUNT] = {
        [LOTS_KIND_BOOL] = LOTS_TYPE_BOOL,         [LOTS_KIND_INT] = LOTS_TYPE_INT,
        [LOTS_KIND_DECIMAL] = LOTS_TYPE_DECIMAL,   [LOTS_KIND_FLOAT] = LOTS_TYPE_FLOAT,
        [LOTS_KIND_DATE] = LOTS_TYPE_DATE,         [LOTS_KIND_CATEGORY] = LOTS_TYPE_CATEGORY,
        [LOTS_KIND_TEXT] = LOTS_TYPE_TEXT,         [LOTS_KIND_CODE] = LOTS_TYPE_CODE,
        [LOTS_KIND_CODES] = LOTS_TYPE_SET,
    };
    lots_type type = {.kind = kinds[column->kind], .element = LOTS_TYPE_CODE, .relation = UINT32_MAX};
    if (column->kind == LOTS_KIND_DECIMAL)
        type.scale = column->scale;
    if (column->kind == LOTS_KIND_CATEGORY) {
        type.dictionary = lots_registry_domain(registry, column->domain);
        type.domain = column->domain;
    } else if (column->kind == LOTS_KIND_CODE || column->kind == LOTS_KIND_CODES) {
        type.dictionary = lots_registry_codes(registry);
        type.domain = column->system;
    }
    return type;
}

static lots_status copy_missing(const lots_batch_column *column, lots_arena *arena, lots_vector *out, lots_error *err)
{
    const uint8_t *missing = column->missing.data;
    for (uint32_t i = 0; missing != NULL && column->missing.count == out->count && i < out->count; i++) {
        if (missing[i] == 0)
            continue;
        LOTS_TRY(lots_vector_want_missing(arena, out, err));
        lots_bit_set(out->missing, i);
    }
    return LOTS_OK;
}

static lots_status copy_lists(const lots_batch_column *column, lots_arena *arena, lots_vector *out, lots_error *err)
{
    memcpy(out->offsets, column->offsets.data, ((size_t)out->count + 1) * sizeof(uint32_t));
    LOTS_TRY(lots_arena_vector(arena, &out->data, out->offsets[out->count], sizeof(uint32_t), err));
    if (out->offsets[out->count] > 0)
        memcpy(out->data, column->values.data, out->offsets[out->count] * sizeof(uint32_t));
    return LOTS_OK;
}

static void copy_texts(const lots_batch_column *column, lots_vector *out)
{
    const uint32_t *offsets = column->offsets.data;
    for (uint32_t i = 0; i < out->count; i++)
        ((lots_text *)out->data)[i] =
            (lots_text){(const char *)column->values.data + offsets[i], offsets[i + 1] - offsets[i]};
}

static void copy_bits(const lots_batch_column *column, lots_vector *out)
{
    for (uint32_t i = 0; i < out->count; i++)
        if (((const uint8_t *)column->values.data)[i] != 0)
            lots_bit_set(out->data, i);
}

lots_status lots_table_column(const lots_registry *registry, const lots_batch *batch, uint32_t column, lots_arena *arena,
                              lots_vector *out, lots_error *err)
{
    const lots_batch_column *from = &batch->columns[column];
    const lots_type type = type_of(registry, &batch->schema[column]);
    LOTS_TRY(lots_vector_new(arena, &type, batch->rows, out, err));
    if (batch->rows == 0)
        return type.kind == LOTS_TYPE_SET ? lots_arena_vector(arena, &out->data, 0, sizeof(uint32_t), err) : LOTS_OK;
    LOTS_TRY(copy_missing(from, arena, out, err));
    if (from->list)
        return copy_lists(from, arena, out, err);
    if (from->phys == LOTS_PHYS_TEXT)
        copy_texts(from, out);
    else if (from->phys == LOTS_PHYS_BITS)
        copy_bits(from, out);
    else
        memcpy(out->data, from->values.data, batch->rows * lots_type_bytes(type.kind));
    return LOTS_OK;
}
