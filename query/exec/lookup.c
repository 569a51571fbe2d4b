/* lookup.c: LOOKUP: a column of a table for a key, as of a day when the table's rows are valid from-to. The table's rows
 * are put in order of key and first day once a worker. */
#include <string.h>

#include "query/exec/dense.h"
#include "query/exec/step.h"

typedef struct table_order {
    const lots_vector *key, *from; /* from: NULL when rows are always valid */
} table_order;

static int compare_table_rows(const void *context, uint32_t a, uint32_t b)
{
    const table_order *order = context;
    int sign = lots_vector_compare(order->key, a, order->key, b);
    if (sign == 0 && order->from != NULL)
        sign = lots_vector_compare(order->from, a, order->from, b); /* missing, valid from ever, is first */
    return sign != 0 ? sign : (a > b) - (a < b);
}

/* ---- a batch's column as a vector ---- */

static lots_status copy_missing(lots_worker *worker, const lots_batch_column *column, uint32_t rows, lots_vector *out,
                                lots_error *err)
{
    const uint8_t *missing = column->missing.data;
    for (uint32_t i = 0; missing != NULL && column->missing.count == rows && i < rows; i++) {
        if (missing[i] == 0)
            continue;
        LOTS_TRY(lots_vector_want_missing(&worker->tables, out, err));
        lots_bit_set(out->missing, i);
    }
    return LOTS_OK;
}

static lots_status copy_lists(lots_worker *worker, const lots_batch_column *column, lots_vector *out, lots_error *err)
{
    const uint32_t count = out->count;
    memcpy(out->offsets, column->offsets.data, ((size_t)count + 1) * sizeof(uint32_t));
    LOTS_TRY(lots_arena_vector(&worker->tables, &out->data, out->offsets[count], sizeof(uint32_t), err));
    if (out->offsets[count] > 0)
        memcpy(out->data, column->values.data, out->offsets[count] * sizeof(uint32_t));
    return LOTS_OK;
}

static void copy_values(const lots_batch_column *column, lots_vector *out)
{
    const uint32_t *offsets = column->offsets.data;
    for (uint32_t i = 0; i < out->count; i++) {
        if (column->phys == LOTS_PHYS_TEXT)
            ((lots_text *)out->data)[i] =
                (lots_text){(const char *)column->values.data + offsets[i], offsets[i + 1] - offsets[i]};
        else if (((const uint8_t *)column->values.data)[i] != 0) /* BITS */
            lots_bit_set(out->data, i);
    }
}

static lots_type column_type(const lots_worker *worker, const lots_column *column)
{
    static const lots_type_kind kinds[LOTS_KIND_COUNT] = {
        [LOTS_KIND_BOOL] = LOTS_TYPE_BOOL,         [LOTS_KIND_INT] = LOTS_TYPE_INT,
        [LOTS_KIND_DECIMAL] = LOTS_TYPE_DECIMAL,   [LOTS_KIND_FLOAT] = LOTS_TYPE_FLOAT,
        [LOTS_KIND_DATE] = LOTS_TYPE_DATE,         [LOTS_KIND_CATEGORY] = LOTS_TYPE_CATEGORY,
        [LOTS_KIND_TEXT] = LOTS_TYPE_TEXT,         [LOTS_KIND_CODE] = LOTS_TYPE_CODE,
        [LOTS_KIND_CODES] = LOTS_TYPE_SET,
    };
    lots_type type = {.kind = kinds[column->kind], .element = LOTS_TYPE_CODE, .scale = column->scale};
    if (column->kind == LOTS_KIND_CATEGORY)
        type.dictionary = lots_registry_domain(worker->registry, column->domain);
    else if (column->kind == LOTS_KIND_CODE || column->kind == LOTS_KIND_CODES)
        type.dictionary = lots_registry_codes(worker->registry);
    return type;
}

static lots_status table_column(lots_worker *worker, lots_table_index *index, uint32_t column, const lots_vector **out,
                                lots_error *err)
{
    lots_vector *values = &index->columns[column];
    *out = values;
    if (values->count != UINT32_MAX)
        return LOTS_OK;
    const lots_batch_column *from = &index->batch->columns[column];
    const lots_type type = column_type(worker, &index->batch->schema[column]);
    lots_vector made;
    LOTS_TRY(lots_vector_new(&worker->tables, &type, index->batch->rows, &made, err));
    LOTS_TRY(copy_missing(worker, from, index->batch->rows, &made, err));
    if (from->list)
        LOTS_TRY(copy_lists(worker, from, &made, err));
    else if (from->phys == LOTS_PHYS_TEXT || from->phys == LOTS_PHYS_BITS)
        copy_values(from, &made);
    else if (made.count > 0)
        memcpy(made.data, from->values.data, made.count * lots_type_bytes(type.kind));
    *values = made;
    return LOTS_OK;
}

static lots_status open_index(lots_worker *worker, uint32_t table, lots_table_index **out, lots_error *err)
{
    lots_table_index *index = &worker->indexes[table];
    const lots_table_schema *schema = &worker->schema->tables[table];
    *out = index;
    if (index->rows != NULL)
        return LOTS_OK;
    if (schema->key_column < 0)
        return lots_fail(err, LOTS_INTERNAL, "table '%s' has no key", schema->name);
    LOTS_TRY(lots_registry_table(worker->registry, table, &index->batch, err));
    void *room = NULL;
    uint32_t *rows = NULL, *spare = NULL;
    table_order order = {NULL, NULL};
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, schema->column_count, sizeof(lots_vector), err));
    index->columns = room;
    for (uint32_t c = 0; c < schema->column_count; c++)
        index->columns[c].count = UINT32_MAX;
    LOTS_TRY(table_column(worker, index, (uint32_t)schema->key_column, &order.key, err));
    if (schema->valid_from_column >= 0)
        LOTS_TRY(table_column(worker, index, (uint32_t)schema->valid_from_column, &order.from, err));
    index->count = index->batch->rows;
    LOTS_TRY(lots_new_u32(&worker->tables, index->count, &rows, err));
    LOTS_TRY(lots_new_u32(&worker->tables, index->count, &spare, err));
    for (uint32_t i = 0; i < index->count; i++)
        rows[i] = i;
    lots_sort_indexes(rows, index->count, spare, compare_table_rows, &order);
    index->rows = rows;
    return LOTS_OK;
}

/* ---- finding ---- */

typedef struct finder {
    const lots_table_index *index;
    const lots_vector *key, *from, *to;
} finder;

static bool valid_on(const finder *find, uint32_t row, lots_day day)
{
    if (find->from != NULL && !lots_vector_is_missing(find->from, row) && ((const int32_t *)find->from->data)[row] > day)
        return false;
    return find->to == NULL || lots_vector_is_missing(find->to, row) || ((const int32_t *)find->to->data)[row] >= day;
}

/* The last row of the key (that is valid on the day): LOTS_NO_ID when there is none. */
static uint32_t find_row(const finder *find, const lots_vector *key, uint32_t row, const lots_day *day)
{
    uint32_t low = 0, high = find->index->count;
    while (low < high) { /* beyond the key's last row */
        const uint32_t middle = low + (high - low) / 2;
        if (lots_vector_compare(find->key, find->index->rows[middle], key, row) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low > 0) {
        const uint32_t at = find->index->rows[--low];
        if (lots_vector_compare(find->key, at, key, row) != 0)
            return LOTS_NO_ID;
        if (day == NULL || valid_on(find, at, *day))
            return at;
    }
    return LOTS_NO_ID;
}

lots_status lots_eval_lookup(lots_step *step, lots_vector *out, lots_error *err)
{
    lots_worker *worker = step->worker;
    const lots_table_schema *schema = &worker->schema->tables[step->expr->table];
    const bool dated = step->expr->operand_count > 1;
    lots_table_index *index = NULL;
    const lots_vector *values = NULL;
    finder find = {NULL, NULL, NULL, NULL};
    uint32_t *rows = NULL;
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(open_index(worker, step->expr->table, &index, err));
    LOTS_TRY(table_column(worker, index, (uint32_t)schema->key_column, &find.key, err));
    if (schema->valid_from_column >= 0)
        LOTS_TRY(table_column(worker, index, (uint32_t)schema->valid_from_column, &find.from, err));
    if (schema->valid_to_column >= 0)
        LOTS_TRY(table_column(worker, index, (uint32_t)schema->valid_to_column, &find.to, err));
    LOTS_TRY(table_column(worker, index, step->expr->index, &values, err));
    LOTS_TRY(lots_new_u32(step->arena, step->count, &rows, err));
    find.index = index;
    for (uint32_t i = 0; i < step->count; i++) {
        const bool none = lots_vector_is_missing(&step->in[0], i) || (dated && lots_vector_is_missing(&step->in[1], i));
        const lots_day *day = dated && !none ? (const lots_day *)step->in[1].data + i : NULL;
        rows[i] = none ? LOTS_NO_ID : find_row(&find, &step->in[0], i, day);
    }
    LOTS_TRY(lots_vector_gather(step->arena, values, rows, step->count, out, err));
    out->type = step->expr->type;
    return LOTS_OK;
}
