/* lookup.c: LOOKUP: a column of a table for a key, as of a day when the table's rows hold for a time.
 *
 * Once a worker, the table's rows are put in order of key and first day; each key's rows stand at places
 * starts[key] .. starts[key + 1] - 1. The row for a day is sought from the last that began by then backwards; `wider` of a
 * place leads to the nearest earlier one of the key that holds longer, so rows that ended are passed over together:
 * where spans don't overlap, one step says that none is left. */
#include <string.h>

#include "core/base/day.h"
#include "query/exec/dense.h"
#include "query/exec/step.h"
#include "query/exec/table_source.h"

typedef struct table_order {
    const lots_vector *key, *from; /* from: NULL when rows hold from ever */
} table_order;

static int compare_table_rows(const void *context, uint32_t a, uint32_t b)
{
    const table_order *order = context;
    int sign = lots_vector_compare(order->key, a, order->key, b);
    if (sign == 0 && order->from != NULL)
        sign = lots_vector_compare(order->from, a, order->from, b); /* missing, from ever, is first */
    return sign != 0 ? sign : (a > b) - (a < b);
}

static lots_status table_column(lots_worker *worker, lots_table_index *index, uint32_t column, const lots_vector **out,
                                lots_error *err)
{
    *out = &index->columns[column];
    if (index->columns[column].count != UINT32_MAX)
        return LOTS_OK;
    lots_vector made;
    LOTS_TRY(lots_table_column(worker->registry, index->batch, column, &worker->tables, &made, err));
    index->columns[column] = made;
    return LOTS_OK;
}

/* ---- the index ---- */

static lots_status open_columns(lots_worker *worker, uint32_t table, lots_table_index *index, lots_error *err)
{
    void *room = NULL;
    const uint32_t count = worker->schema->tables[table].column_count;
    LOTS_TRY(lots_registry_table(worker->registry, table, &index->batch, err));
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, count, sizeof(lots_vector), err));
    index->columns = room;
    for (uint32_t c = 0; c < count; c++)
        index->columns[c].count = UINT32_MAX;
    return LOTS_OK;
}

static lots_status sort_rows(lots_worker *worker, const table_order *order, uint32_t **out, lots_error *err)
{
    const uint32_t count = order->key->count;
    uint32_t *spare = NULL;
    LOTS_TRY(lots_new_u32(&worker->tables, count, out, err));
    LOTS_TRY(lots_new_u32(&worker->scratch, count, &spare, err));
    for (uint32_t i = 0; i < count; i++)
        (*out)[i] = i;
    lots_sort_indexes(*out, count, spare, compare_table_rows, order);
    return LOTS_OK;
}

/* Where each key's rows begin; rows without a key stand before the first. */
static lots_status find_starts(lots_worker *worker, const lots_vector *key, lots_table_index *index, lots_error *err)
{
    uint32_t at = 0;
    index->key_count = lots_dictionary_count(key->type.dictionary);
    LOTS_TRY(lots_new_u32(&worker->tables, (size_t)index->key_count + 1, &index->starts, err));
    while (at < key->count && lots_vector_is_missing(key, index->rows[at]))
        at++;
    for (uint32_t rank = 0; rank <= index->key_count; rank++) {
        while (at < key->count && ((const uint32_t *)key->data)[index->rows[at]] < rank)
            at++;
        index->starts[rank] = at;
    }
    return LOTS_OK;
}

static int32_t day_or(const lots_vector *days, uint32_t row, int32_t otherwise)
{
    return days == NULL || lots_vector_is_missing(days, row) ? otherwise : ((const int32_t *)days->data)[row];
}

static lots_status find_spans(lots_worker *worker, const lots_vector *from, const lots_vector *to,
                              lots_table_index *index, lots_error *err)
{
    const uint32_t count = index->batch->rows;
    LOTS_TRY(lots_new_i32(&worker->tables, count, &index->first_day, err));
    LOTS_TRY(lots_new_i32(&worker->tables, count, &index->last_day, err));
    LOTS_TRY(lots_new_u32(&worker->tables, count, &index->wider, err));
    for (uint32_t i = 0; i < count; i++) {
        index->first_day[i] = day_or(from, index->rows[i], LOTS_DAY_MIN);
        index->last_day[i] = day_or(to, index->rows[i], LOTS_DAY_MAX);
    }
    for (uint32_t rank = 0; rank < index->key_count; rank++)
        for (uint32_t i = index->starts[rank]; i < index->starts[rank + 1]; i++) {
            uint32_t at = i == index->starts[rank] ? LOTS_NO_ID : i - 1;
            while (at != LOTS_NO_ID && index->last_day[at] <= index->last_day[i])
                at = index->wider[at];
            index->wider[i] = at;
        }
    return LOTS_OK;
}

static lots_status open_index(lots_worker *worker, uint32_t table, lots_table_index **out, lots_error *err)
{
    lots_table_index *index = &worker->indexes[table];
    const lots_table_schema *schema = &worker->schema->tables[table];
    table_order order = {NULL, NULL};
    const lots_vector *to = NULL;
    *out = index;
    if (index->ready)
        return LOTS_OK;
    if (schema->key_column < 0 || schema->columns[schema->key_column].kind != LOTS_KIND_CATEGORY)
        return lots_fail(err, LOTS_INTERNAL, "table '%s' has no category as key", schema->name);
    LOTS_TRY(open_columns(worker, table, index, err));
    LOTS_TRY(table_column(worker, index, (uint32_t)schema->key_column, &order.key, err));
    if (schema->valid_from_column >= 0)
        LOTS_TRY(table_column(worker, index, (uint32_t)schema->valid_from_column, &order.from, err));
    if (schema->valid_to_column >= 0)
        LOTS_TRY(table_column(worker, index, (uint32_t)schema->valid_to_column, &to, err));
    LOTS_TRY(sort_rows(worker, &order, &index->rows, err));
    LOTS_TRY(find_starts(worker, order.key, index, err));
    LOTS_TRY(find_spans(worker, order.from, to, index, err));
    index->ready = true;
    return LOTS_OK;
}

/* ---- finding ---- */

/* The last row of the key that holds on the day (of all days when it is NULL): LOTS_NO_ID when there is none. */
static uint32_t find_row(const lots_table_index *index, uint32_t key, const lots_day *day)
{
    if (key >= index->key_count || index->starts[key] == index->starts[key + 1])
        return LOTS_NO_ID;
    const uint32_t first = index->starts[key];
    uint32_t low = first, high = index->starts[key + 1];
    if (day == NULL)
        return index->rows[high - 1];
    while (low < high) { /* beyond the last that began by then */
        const uint32_t middle = low + (high - low) / 2;
        if (index->first_day[middle] <= *day)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t at = low == first ? LOTS_NO_ID : low - 1;
    while (at != LOTS_NO_ID && index->last_day[at] < *day)
        at = index->wider[at];
    return at == LOTS_NO_ID ? LOTS_NO_ID : index->rows[at];
}

lots_status lots_eval_lookup(lots_step *step, lots_vector *out, lots_error *err)
{
    const bool dated = step->expr->operand_count > 1;
    lots_table_index *index = NULL;
    const lots_vector *values = NULL;
    uint32_t *rows = NULL;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(open_index(step->worker, step->expr->table, &index, err));
    LOTS_TRY(table_column(step->worker, index, step->expr->index, &values, err));
    LOTS_TRY(lots_new_u32(step->arena, step->count, &rows, err));
    for (uint32_t i = 0; i < step->count; i++) {
        const bool none = lots_vector_is_missing(&step->in[0], i) || (dated && lots_vector_is_missing(&step->in[1], i));
        const lots_day *day = dated && !none ? (const lots_day *)step->in[1].data + i : NULL;
        rows[i] = none ? LOTS_NO_ID : find_row(index, ((const uint32_t *)step->in[0].data)[i], day);
    }
    LOTS_TRY(lots_vector_gather(step->arena, values, rows, step->count, out, err));
    out->type = step->expr->type;
    return LOTS_OK;
}
