/* batch.c: rows in memory, column by column. The idea: every column grows by the same rows, so a row half put or half
 * copied is undone by cutting every vector back to `rows`. Invariants as in batch.h. Not thread safe. */
#include "core/store/batch.h"

#include <assert.h>
#include <math.h>

#include "core/base/memory.h"

/* Bytes of one item of `values`; a list's items are ids. */
static size_t value_size(lots_phys phys)
{
    switch (phys) {
    case LOTS_PHYS_BITS:
    case LOTS_PHYS_TEXT:
        return 1;
    case LOTS_PHYS_I32:
    case LOTS_PHYS_U32:
        return 4;
    case LOTS_PHYS_I64:
    case LOTS_PHYS_F64:
    case LOTS_PHYS_COUNT:
        break;
    }
    return 8;
}

static bool has_offsets(const lots_batch_column *column) { return column->list || column->phys == LOTS_PHYS_TEXT; }

static inline lots_status push8(lots_vec *vec, uint8_t value, lots_error *err)
{
    if (vec->count == vec->capacity)
        LOTS_TRY(lots_vec_reserve(vec, 1, err));
    ((uint8_t *)vec->data)[vec->count++] = value;
    return LOTS_OK;
}

static inline lots_status push32(lots_vec *vec, uint32_t value, lots_error *err)
{
    if (vec->count == vec->capacity)
        LOTS_TRY(lots_vec_reserve(vec, 1, err));
    ((uint32_t *)vec->data)[vec->count++] = value;
    return LOTS_OK;
}

static inline lots_status push64(lots_vec *vec, int64_t value, lots_error *err)
{
    if (vec->count == vec->capacity)
        LOTS_TRY(lots_vec_reserve(vec, 1, err));
    ((int64_t *)vec->data)[vec->count++] = value;
    return LOTS_OK;
}

static lots_status open_column(lots_batch_column *out, lots_kind kind, lots_error *err)
{
    out->phys = lots_kind_phys(kind);
    out->list = kind == LOTS_KIND_CODES;
    out->values = (lots_vec){NULL, 0, 0, value_size(out->phys)};
    out->offsets = LOTS_VEC(uint32_t);
    out->missing = LOTS_VEC(uint8_t);
    return has_offsets(out) ? push32(&out->offsets, 0, err) : LOTS_OK;
}

lots_status lots_batch_open(lots_batch *out, const lots_column *columns, uint32_t column_count, lots_error *err)
{
    *out = (lots_batch){columns, 0, 0, LOTS_VEC(lots_patient), NULL};
    void *room;
    LOTS_TRY(lots_alloc(&room, column_count, sizeof *out->columns, err));
    out->columns = room;
    for (; out->column_count < column_count; out->column_count++) {
        lots_status status = open_column(&out->columns[out->column_count], columns[out->column_count].kind, err);
        if (status != LOTS_OK) {
            lots_batch_close(out);
            return status;
        }
    }
    return LOTS_OK;
}

void lots_batch_close(lots_batch *batch)
{
    for (uint32_t i = 0; i < batch->column_count; i++) {
        lots_vec_free(&batch->columns[i].values);
        lots_vec_free(&batch->columns[i].offsets);
        lots_vec_free(&batch->columns[i].missing);
    }
    lots_free(batch->columns);
    lots_vec_free(&batch->patient);
    *batch = (lots_batch){NULL, 0, 0, LOTS_VEC(lots_patient), NULL};
}

/* Cut every vector back to `rows` rows. */
static void cut_back(lots_batch *batch)
{
    size_t rows = batch->rows;
    if (batch->patient.count > rows)
        batch->patient.count = rows;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        lots_batch_column *column = &batch->columns[i];
        if (has_offsets(column)) {
            column->offsets.count = rows + 1;
            column->values.count = LOTS_AT(uint32_t, &column->offsets, rows);
        } else {
            column->values.count = rows;
        }
        column->missing.count = rows;
    }
}

void lots_batch_clear(lots_batch *batch)
{
    batch->rows = 0;
    cut_back(batch);
}

static size_t vec_memory(const lots_vec *vec) { return vec->capacity * vec->item_size; }

size_t lots_batch_memory(const lots_batch *batch)
{
    size_t bytes = vec_memory(&batch->patient) + batch->column_count * sizeof *batch->columns;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        const lots_batch_column *column = &batch->columns[i];
        bytes += vec_memory(&column->values) + vec_memory(&column->offsets) + vec_memory(&column->missing);
    }
    return bytes;
}

/* ---- a row at a time ---- */

lots_status lots_batch_row_begin(lots_batch *batch, lots_patient patient, lots_error *err)
{
    if (batch->rows == UINT32_MAX - 1)
        return lots_fail(err, LOTS_LIMIT, "a batch holds at most %u rows", UINT32_MAX - 1);
    assert(batch->patient.count == batch->rows || batch->patient.count == 0);
    return patient == LOTS_NO_PATIENT ? LOTS_OK : push32(&batch->patient, patient, err);
}

/* Errors: LOTS_INTERNAL unless the column takes one more value of the row begun. */
static lots_status expect_room(const lots_batch *batch, uint32_t index, lots_error *err)
{
    if (index >= batch->column_count)
        return lots_fail(err, LOTS_INTERNAL, "column %u put into a batch of %u columns", index, batch->column_count);
    if (batch->columns[index].missing.count != batch->rows)
        return lots_fail(err, LOTS_INTERNAL, "column '%s' put twice in one row", batch->schema[index].name);
    return LOTS_OK;
}

static lots_status fail_phys(const lots_batch *batch, uint32_t index, const char *what, lots_error *err)
{
    return lots_fail(err, LOTS_INTERNAL, "%s put into column '%s' of another kind", what, batch->schema[index].name);
}

static lots_status fail_range(const lots_batch *batch, uint32_t index, int64_t value, lots_error *err)
{
    return lots_fail(err, LOTS_INTERNAL, "value %lld does not fit column '%s'", (long long)value,
                     batch->schema[index].name);
}

lots_status lots_batch_put_int(lots_batch *batch, uint32_t column, int64_t value, lots_error *err)
{
    LOTS_TRY(expect_room(batch, column, err));
    lots_batch_column *to = &batch->columns[column];
    uint8_t missing = 0;
    if (to->list)
        return fail_phys(batch, column, "a number", err);
    switch (to->phys) {
    case LOTS_PHYS_BITS:
        if (value != 0 && value != 1)
            return fail_range(batch, column, value, err);
        LOTS_TRY(push8(&to->values, (uint8_t)value, err));
        break;
    case LOTS_PHYS_I32:
        if (value < INT32_MIN || value > INT32_MAX)
            return fail_range(batch, column, value, err);
        LOTS_TRY(push32(&to->values, (uint32_t)(int32_t)value, err));
        break;
    case LOTS_PHYS_U32:
        if (value < 0 || value > UINT32_MAX)
            return fail_range(batch, column, value, err);
        missing = value == LOTS_NO_ID;
        LOTS_TRY(push32(&to->values, missing ? 0 : (uint32_t)value, err));
        break;
    case LOTS_PHYS_I64:
        LOTS_TRY(push64(&to->values, value, err));
        break;
    case LOTS_PHYS_F64:
    case LOTS_PHYS_TEXT:
    case LOTS_PHYS_COUNT:
        return fail_phys(batch, column, "a number", err);
    }
    return push8(&to->missing, missing, err);
}

/* A batch knows one zero and no NaN: equal numbers are equal bytes, and NaN is missing. */
lots_status lots_batch_put_float(lots_batch *batch, uint32_t column, double value, lots_error *err)
{
    LOTS_TRY(expect_room(batch, column, err));
    lots_batch_column *to = &batch->columns[column];
    if (to->phys != LOTS_PHYS_F64)
        return fail_phys(batch, column, "a float", err);
    bool missing = isnan(value) != 0;
    double kept = missing || value == 0.0 ? 0.0 : value;
    LOTS_TRY(lots_vec_push(&to->values, &kept, err));
    return push8(&to->missing, missing, err);
}

static lots_status fail_full(const lots_batch *batch, uint32_t index, lots_error *err)
{
    return lots_fail(err, LOTS_LIMIT, "column '%s' of a batch would pass 4 GiB", batch->schema[index].name);
}

lots_status lots_batch_put_text(lots_batch *batch, uint32_t column, const char *text, size_t bytes, lots_error *err)
{
    LOTS_TRY(expect_room(batch, column, err));
    lots_batch_column *to = &batch->columns[column];
    if (to->phys != LOTS_PHYS_TEXT)
        return fail_phys(batch, column, "a text", err);
    if (bytes > UINT32_MAX - to->values.count)
        return fail_full(batch, column, err);
    LOTS_TRY(lots_vec_reserve(&to->values, bytes, err));
    if (bytes > 0)
        memcpy((uint8_t *)to->values.data + to->values.count, text, bytes);
    to->values.count += bytes;
    LOTS_TRY(push32(&to->offsets, (uint32_t)to->values.count, err));
    return push8(&to->missing, 0, err);
}

lots_status lots_batch_put_item(lots_batch *batch, uint32_t column, lots_id id, lots_error *err)
{
    LOTS_TRY(expect_room(batch, column, err));
    lots_batch_column *to = &batch->columns[column];
    if (!to->list)
        return fail_phys(batch, column, "a list's element", err);
    if (to->values.count >= UINT32_MAX)
        return fail_full(batch, column, err);
    return push32(&to->values, id, err);
}

static inline lots_status push_zero(lots_vec *vec, lots_error *err)
{
    if (vec->item_size == 8)
        return push64(vec, 0, err);
    return vec->item_size == 4 ? push32(vec, 0, err) : push8(vec, 0, err);
}

/* Close a list, or make a column without a put missing. */
static inline lots_status finish_column(lots_batch_column *column, lots_error *err)
{
    if (has_offsets(column))
        LOTS_TRY(push32(&column->offsets, (uint32_t)column->values.count, err));
    else
        LOTS_TRY(push_zero(&column->values, err));
    return push8(&column->missing, !column->list, err);
}

lots_status lots_batch_row_end(lots_batch *batch, lots_error *err)
{
    for (uint32_t i = 0; i < batch->column_count; i++)
        if (batch->columns[i].missing.count == batch->rows)
            LOTS_TRY(finish_column(&batch->columns[i], err));
    batch->rows++;
    return LOTS_OK;
}

void lots_batch_row_abandon(lots_batch *batch) { cut_back(batch); }

/* ---- many rows at a time ---- */

static lots_status append_raw(lots_vec *vec, const void *items, size_t count, lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(vec, count, err));
    if (count > 0)
        memcpy((char *)vec->data + vec->count * vec->item_size, items, count * vec->item_size);
    vec->count += count;
    return LOTS_OK;
}

/* Append offsets[0..count] of somewhere else, moved so that they go on from the vector's last. */
static lots_status append_offsets(lots_vec *vec, const uint32_t *offsets, size_t count, lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(vec, count, err));
    uint32_t *out = (uint32_t *)vec->data + vec->count;
    uint32_t base = out[-1] - offsets[0];
    for (size_t i = 0; i < count; i++)
        out[i] = offsets[i + 1] + base;
    vec->count += count;
    return LOTS_OK;
}

/* Append rows first .. first + count - 1 of a column of the same form. */
static lots_status append_column(lots_batch_column *to, const lots_batch_column *from, size_t first, size_t count,
                                 lots_error *err)
{
    size_t value_first = first, value_count = count;
    if (has_offsets(to)) {
        const uint32_t *offsets = (const uint32_t *)from->offsets.data + first;
        value_first = offsets[0];
        value_count = offsets[count] - offsets[0];
        if (value_count > UINT32_MAX - to->values.count)
            return lots_fail(err, LOTS_LIMIT, "a column of a batch would pass 4 GiB");
        LOTS_TRY(append_offsets(&to->offsets, offsets, count, err));
    }
    if (value_count > 0)
        LOTS_TRY(append_raw(&to->values, (const char *)from->values.data + value_first * from->values.item_size,
                            value_count, err));
    if (count > 0)
        LOTS_TRY(append_raw(&to->missing, (const uint8_t *)from->missing.data + first, count, err));
    return LOTS_OK;
}

static lots_status append_missing(lots_batch_column *to, size_t count, lots_error *err)
{
    void *flags;
    if (has_offsets(to)) {
        LOTS_TRY(lots_vec_reserve(&to->offsets, count, err));
        for (size_t i = 0; i < count; i++)
            ((uint32_t *)to->offsets.data)[to->offsets.count + i] = (uint32_t)to->values.count;
        to->offsets.count += count;
    } else {
        LOTS_TRY(lots_vec_extend(&to->values, count, NULL, err));
    }
    LOTS_TRY(lots_vec_extend(&to->missing, count, &flags, err));
    if (count > 0)
        memset(flags, !to->list, count);
    return LOTS_OK;
}

static lots_status append_mapped(lots_batch *batch, const lots_batch *from, size_t first, size_t count,
                                 const uint32_t *map, lots_error *err)
{
    assert(batch != from); /* what is read would move while it is copied */
    for (uint32_t i = 0; i < from->column_count; i++) {
        uint32_t target = map != NULL ? map[i] : i;
        if (target == UINT32_MAX)
            continue;
        LOTS_TRY(expect_room(batch, target, err));
        lots_batch_column *to = &batch->columns[target];
        if (to->phys != from->columns[i].phys || to->list != from->columns[i].list)
            return fail_phys(batch, target, "a column of a batch", err);
        LOTS_TRY(append_column(to, &from->columns[i], first, count, err));
    }
    for (uint32_t i = 0; i < batch->column_count; i++)
        if (count > 0 && batch->columns[i].missing.count == batch->rows)
            LOTS_TRY(append_missing(&batch->columns[i], count, err));
    return LOTS_OK;
}

static lots_status append_rows(lots_batch *batch, const lots_batch *from, uint32_t first, uint32_t count,
                               const uint32_t *map, lots_error *err)
{
    if (count > UINT32_MAX - 1 - batch->rows)
        return lots_fail(err, LOTS_LIMIT, "a batch holds at most %u rows", UINT32_MAX - 1);
    if (count == 0)
        return LOTS_OK;
    assert(batch->rows == 0 || (batch->patient.count == 0) == (from->patient.count == 0));
    lots_status status = LOTS_OK;
    if (from->patient.count > 0)
        status = append_raw(&batch->patient, (const lots_patient *)from->patient.data + first, count, err);
    if (status == LOTS_OK)
        status = append_mapped(batch, from, first, count, map, err);
    if (status == LOTS_OK)
        batch->rows += count;
    else
        cut_back(batch);
    return status;
}

lots_status lots_batch_append(lots_batch *batch, const lots_batch *from, const uint32_t *map, lots_error *err)
{
    return append_rows(batch, from, 0, from->rows, map, err);
}

lots_status lots_batch_append_rows(lots_batch *batch, const lots_batch *from, uint32_t first, uint32_t count,
                                   lots_error *err)
{
    assert(first <= from->rows && count <= from->rows - first);
    return append_rows(batch, from, first, count, NULL, err);
}

lots_status lots_batch_reserve_rows(lots_batch *batch, uint32_t rows, lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(&batch->patient, rows, err));
    for (uint32_t i = 0; i < batch->column_count; i++) {
        lots_batch_column *column = &batch->columns[i];
        LOTS_TRY(lots_vec_reserve(has_offsets(column) ? &column->offsets : &column->values, rows, err));
        LOTS_TRY(lots_vec_reserve(&column->missing, rows, err));
    }
    return LOTS_OK;
}

/* ---- permuting ---- */

static lots_status permute_items(const lots_vec *from, const uint32_t *order, size_t count, lots_vec *out,
                                 lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(out, count, err));
    if (from->item_size == 1)
        for (size_t i = 0; i < count; i++)
            ((uint8_t *)out->data)[i] = ((const uint8_t *)from->data)[order[i]];
    else if (from->item_size == 4)
        for (size_t i = 0; i < count; i++)
            ((uint32_t *)out->data)[i] = ((const uint32_t *)from->data)[order[i]];
    else
        for (size_t i = 0; i < count; i++)
            ((uint64_t *)out->data)[i] = ((const uint64_t *)from->data)[order[i]];
    out->count = count;
    return LOTS_OK;
}

/* Most texts and lists are a few bytes, for which a call of memcpy costs more than the copy: two overlapping words. */
static inline void copy_short(char *to, const char *from, size_t bytes)
{
    if (bytes > 16)
        memcpy(to, from, bytes);
    else if (bytes >= 8) {
        uint64_t head, tail;
        memcpy(&head, from, 8);
        memcpy(&tail, from + bytes - 8, 8);
        memcpy(to, &head, 8);
        memcpy(to + bytes - 8, &tail, 8);
    } else if (bytes >= 4) {
        uint32_t head, tail;
        memcpy(&head, from, 4);
        memcpy(&tail, from + bytes - 4, 4);
        memcpy(to, &head, 4);
        memcpy(to + bytes - 4, &tail, 4);
    } else {
        for (size_t i = 0; i < bytes; i++)
            to[i] = from[i];
    }
}

/* Lists and texts: the room first, then rows; what lies a few rows ahead is asked for early. */
static lots_status permute_runs(const lots_batch_column *from, const uint32_t *order, size_t count,
                                lots_batch_column *out, lots_error *err)
{
    enum { AHEAD = 16 };
    const uint32_t *offsets = from->offsets.data;
    const char *items = from->values.data;
    size_t size = from->values.item_size;
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += offsets[order[i] + 1] - offsets[order[i]];
    if (total > UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "a column of a batch would pass 4 GiB");
    LOTS_TRY(lots_vec_reserve(&out->offsets, count, err));
    LOTS_TRY(lots_vec_reserve(&out->values, (size_t)total, err));
    uint32_t *to = out->offsets.data;
    char *room = out->values.data;
    for (size_t i = 0; i < count && total > 0; i++) {
        if (i + AHEAD < count)
            __builtin_prefetch(items + offsets[order[i + AHEAD]] * size);
        uint32_t first = offsets[order[i]], run = offsets[order[i] + 1] - first;
        copy_short(room + to[i] * size, items + first * size, run * size);
        to[i + 1] = to[i] + run;
    }
    if (total == 0 && count > 0)
        memset(to + 1, 0, count * sizeof *to);
    out->offsets.count = count + 1;
    out->values.count = (size_t)total;
    return LOTS_OK;
}

/* A gather from all over memory is what permuting costs; columns with no missing value, or nothing else, need none. */
static lots_status permute_column(const lots_batch_column *from, size_t rows, const uint32_t *order, uint32_t count,
                                  lots_batch_column *out, lots_error *err)
{
    const uint8_t *flags = from->missing.data;
    if (count > 0 && memchr(flags, 0, rows) == NULL)
        return append_missing(out, count, err);
    if (has_offsets(from))
        LOTS_TRY(permute_runs(from, order, count, out, err));
    else
        LOTS_TRY(permute_items(&from->values, order, count, &out->values, err));
    if (count > 0 && memchr(flags, 1, rows) == NULL)
        return lots_vec_extend(&out->missing, count, NULL, err);
    return permute_items(&from->missing, order, count, &out->missing, err);
}

static lots_status permute_columns(const lots_batch *from, const uint32_t *order, uint32_t count, lots_batch *out,
                                   lots_error *err)
{
    if (from->patient.count > 0)
        LOTS_TRY(permute_items(&from->patient, order, count, &out->patient, err));
    for (uint32_t i = 0; i < from->column_count; i++)
        LOTS_TRY(permute_column(&from->columns[i], from->rows, order, count, &out->columns[i], err));
    out->rows = count;
    return LOTS_OK;
}

lots_status lots_batch_permute(const lots_batch *from, const uint32_t *order, uint32_t count, lots_batch *out,
                               lots_error *err)
{
    LOTS_TRY(lots_batch_open(out, from->schema, from->column_count, err));
    lots_status status = permute_columns(from, order, count, out, err);
    if (status != LOTS_OK)
        lots_batch_close(out);
    return status;
}

/* ---- ids ---- */

/* A scalar mapped to LOTS_NO_ID becomes missing; an element of a list can't be. Nothing is changed on failure. */
lots_status lots_batch_remap(lots_batch *batch, uint32_t column, const lots_id *map, uint32_t map_count,
                             lots_error *err)
{
    return lots_batch_remap_from(batch, column, 0, map, map_count, err);
}

lots_status lots_batch_remap_from(lots_batch *batch, uint32_t column, uint32_t first, const lots_id *map,
                                  uint32_t map_count, lots_error *err)
{
    lots_batch_column *to = &batch->columns[column];
    if (to->phys != LOTS_PHYS_U32)
        return fail_phys(batch, column, "a map of ids", err);
    uint32_t *ids = to->values.data;
    uint8_t *missing = to->missing.data;
    const size_t begin = to->list ? LOTS_AT(uint32_t, &to->offsets, first) : first;
    for (size_t i = begin; i < to->values.count; i++) {
        if (!to->list && missing[i])
            continue;
        if (ids[i] >= map_count || (to->list && map[ids[i]] == LOTS_NO_ID))
            return lots_fail(err, LOTS_INTERNAL, "column '%s': id %u is not among the %u mapped",
                             batch->schema[column].name, ids[i], map_count);
    }
    for (size_t i = begin; i < to->values.count; i++) {
        if (!to->list && missing[i])
            continue;
        lots_id id = map[ids[i]];
        if (id == LOTS_NO_ID)
            missing[i] = 1;
        ids[i] = id == LOTS_NO_ID ? 0 : id;
    }
    return LOTS_OK;
}
