/* join.c: see join.h. */
#include "query/exec/join.h"

#include <string.h>

#include "core/base/memory.h"
#include "query/exec/evidence.h"
#include "query/exec/value.h"
#include "query/exec/worker.h"

#define JOIN_KEYS_MAX 60u

/* ---- the right side ---- */

static const lots_type total_type = {.kind = LOTS_TYPE_INT};

/* False when a key of the row is hidden. */
static bool is_known(const lots_join *join, uint32_t row, int64_t *totals)
{
    *totals = 0;
    for (uint32_t k = 0; k < join->bound->key_count; k++) {
        const uint8_t *marks = join->right.columns[join->bound->right_keys[k].slot].marks;
        if (marks == NULL || marks[row] == LOTS_MARK_SHOWN)
            continue;
        if (marks[row] != LOTS_MARK_TOTAL)
            return false;
        *totals |= INT64_C(1) << k;
    }
    return true;
}

/* "sex = female, year = 2022". What rows of patients hold is not told. */
static void describe_key(const lots_join *join, const lots_schema *schema, uint32_t row, lots_bytes *out)
{
    for (uint32_t k = 0; k < join->bound->key_count && join->right.patient == NULL; k++) {
        const lots_result_column *column = &join->right.columns[join->bound->right_keys[k].slot];
        const char *missing = lots_vector_is_missing(&column->values, row) ? "missing" : "";
        if (lots_bytes_printf(out, NULL, "%s%s = %s", k == 0 ? ", as for " : ", ", column->name, missing) != LOTS_OK ||
            lots_value_append(schema, &column->values, row, ", ", out, NULL) != LOTS_OK)
            return;
    }
}

static lots_status repeated(const lots_join *join, const lots_query *query, uint32_t row, lots_error *err)
{
    lots_bytes text = {NULL, 0, 0};
    describe_key(join, lots_registry_schema(query->registry), row, &text);
    lots_status status = lots_ast_fail(err, join->bound->right->span, "the joined table has several rows for one key%.*s",
                                       (int)(text.count < 300 ? text.count : 300), (const char *)text.data);
    lots_error_hint(err, "make one of them: join (from … group by … show …) on …, or join on more columns");
    lots_bytes_free(&text);
    return status;
}

static lots_status evaluate_keys(const lots_join *join, lots_worker *worker, lots_vector *keys, lots_error *err)
{
    lots_instance *rows = NULL;
    void *slots = NULL;
    LOTS_TRY(lots_worker_begin_table(worker, err));
    LOTS_TRY(lots_arena_alloc(lots_worker_arena(worker), &slots, join->right.column_count, sizeof(lots_vector), err));
    for (uint32_t i = 0; i < join->right.column_count; i++)
        ((lots_vector *)slots)[i] = join->right.columns[i].values;
    LOTS_TRY(lots_rows_table(worker, join->bound->frame, slots, join->right.column_count, join->right.rows, &rows, err));
    for (uint32_t k = 0; k < join->bound->key_count; k++)
        LOTS_TRY(lots_eval(worker, join->bound->right_keys[k].value, rows, &keys[k], err));
    return LOTS_OK;
}

/* The rows whose keys are known, and which of their keys are totals'. */
static lots_status list_known(lots_join *join, lots_arena *arena, uint32_t **rows, uint32_t *count, lots_vector *totals,
                              lots_error *err)
{
    void *list = NULL;
    int64_t of_row = 0;
    LOTS_TRY(lots_arena_alloc(&join->right.arena, &list, join->right.rows, sizeof(uint32_t), err));
    LOTS_TRY(lots_vector_new(arena, &total_type, join->right.rows, totals, err));
    *rows = list;
    *count = 0;
    for (uint32_t row = 0; row < join->right.rows; row++)
        if (is_known(join, row, &of_row)) {
            join->totals = join->totals || of_row != 0;
            ((int64_t *)totals->data)[*count] = of_row;
            (*rows)[(*count)++] = row;
        }
    totals->count = *count;
    return LOTS_OK;
}

static lots_status index_rows(lots_join *join, const lots_query *query, lots_worker *worker, lots_error *err)
{
    lots_vector keys[JOIN_KEYS_MAX + 1], kept;
    lots_type types[JOIN_KEYS_MAX + 1];
    uint32_t *numbers = NULL, count = 0, key_count = join->bound->key_count;
    lots_arena *arena = lots_worker_arena(worker);
    LOTS_TRY(evaluate_keys(join, worker, keys, err));
    LOTS_TRY(list_known(join, arena, &join->row, &count, &keys[key_count], err));
    for (uint32_t k = 0; k < key_count; k++) {
        LOTS_TRY(lots_vector_gather(arena, &keys[k], join->row, count, &kept, err));
        keys[k] = kept;
        types[k] = kept.type;
    }
    types[key_count] = total_type;
    LOTS_TRY(lots_keyer_open(&join->keyer, types, key_count + (join->totals ? 1 : 0), err));
    LOTS_TRY(lots_new_u32(arena, count, &numbers, err));
    LOTS_TRY(lots_keyer_number(&join->keyer, keys, count, numbers, err));
    for (uint32_t i = 0; i < count; i++)
        if (numbers[i] != i) /* seen before */
            return repeated(join, query, join->row[i], err);
    return LOTS_OK;
}

lots_status lots_join_open(lots_join *out, const lots_query *query, const lots_bound_join *bound,
                           const lots_run_options *options, lots_worker *worker, lots_error *err)
{
    memset(out, 0, sizeof *out);
    out->bound = bound;
    if (bound->key_count > JOIN_KEYS_MAX)
        return lots_ast_fail(err, bound->right->span, "a join on more than %u columns", JOIN_KEYS_MAX);
    LOTS_TRY(lots_run_pipeline(query, bound->right, options, &out->right, err));
    if (options->memory_bytes != 0 && out->right.arena.used_bytes > options->memory_bytes)
        return lots_fail(err, LOTS_LIMIT, "the joined table takes %llu bytes of memory, more than the %llu that are left",
                         (unsigned long long)out->right.arena.used_bytes, (unsigned long long)options->memory_bytes);
    return index_rows(out, query, worker, err);
}

lots_status lots_join_again(lots_join *out, const lots_query *query, const lots_bound_join *bound, const lots_join *from,
                            lots_worker *worker, lots_error *err)
{
    void *made = NULL;
    *out = (lots_join){.bound = bound, .right = from->right};
    memset(&out->right.work, 0, sizeof out->right.work);
    lots_arena_init(&out->right.arena, 0);
    LOTS_TRY(lots_arena_alloc(&out->right.arena, &made, out->right.column_count, sizeof(lots_result_column), err));
    out->right.columns = made;
    for (uint32_t i = 0; i < out->right.column_count; i++) {
        out->right.columns[i] = from->right.columns[i];
        out->right.columns[i].name = bound->right->columns[i].name;
    }
    return index_rows(out, query, worker, err);
}

void lots_join_close(lots_join *join)
{
    if (join->keyer.columns != NULL)
        lots_keyer_close(&join->keyer);
    lots_result_free(&join->right);
    memset(join, 0, sizeof *join);
}

/* ---- asking ---- */

/* Which keys are totals' as one more key; without totals on the right, a total finds nothing. */
static lots_status total_key(const lots_join *join, lots_worker *worker, uint32_t rows, const int64_t *totals,
                             lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_vector_new(lots_worker_arena(worker), &total_type, rows, out, err));
    for (uint32_t i = 0; i < rows; i++)
        ((int64_t *)out->data)[i] = totals != NULL && join->totals ? totals[i] : 0;
    return LOTS_OK;
}

lots_status lots_join_find(const lots_join *join, lots_worker *worker, const lots_instance *rows, const int64_t *totals,
                           uint32_t **out, lots_error *err)
{
    lots_vector keys[JOIN_KEYS_MAX + 1];
    LOTS_TRY(lots_new_u32(lots_worker_arena(worker), rows->count, out, err));
    for (uint32_t k = 0; k < join->bound->key_count; k++)
        LOTS_TRY(lots_eval(worker, join->bound->left_keys[k], rows, &keys[k], err));
    LOTS_TRY(total_key(join, worker, rows->count, totals, &keys[join->bound->key_count], err));
    lots_keyer_find(&join->keyer, keys, rows->count, *out);
    for (uint32_t i = 0; i < rows->count; i++) {
        bool alone = totals != NULL && totals[i] != 0 && !join->totals;
        (*out)[i] = alone || (*out)[i] == LOTS_NO_ID ? LOTS_NO_ID : join->row[(*out)[i]];
    }
    return LOTS_OK;
}

lots_status lots_join_rows(const lots_join *join, lots_worker *worker, lots_instance *rows, lots_error *err)
{
    uint32_t *found = NULL;
    LOTS_TRY(lots_join_find(join, worker, rows, NULL, &found, err));
    for (uint32_t i = 0; i < join->bound->column_count; i++)
        LOTS_TRY(lots_vector_gather(lots_worker_arena(worker), &join->right.columns[join->bound->columns[i]].values, found,
                                    rows->count, &rows->slots[join->bound->slots[i]], err));
    return LOTS_OK;
}
