/* sieve.c: see sieve.h. */
#include "query/exec/sieve.h"

#include "query/exec/column.h"

/* A category or code of one event of the patient's, as it is stored, is a constant. Warnings that windows leave what is covered want
 * all rows: there is none of windows that are the same for all. */
static bool is_test(const lots_query *query, const lots_expr *expr)
{
    if (expr->op != LOTS_OP_EQUAL || expr->operands[0]->op != LOTS_OP_EVENT_COLUMN || expr->operands[1]->op != LOTS_OP_CONSTANT)
        return false;
    const lots_expr *column = expr->operands[0], *value = expr->operands[1], *event = column->operands[0];
    const lots_type_kind kind = column->type.kind;
    if (event->op != LOTS_OP_EVENT || event->set == NULL || event->set->asked_count > 0 || value->constant.missing ||
        value->type.kind != kind || (kind != LOTS_TYPE_CATEGORY && kind != LOTS_TYPE_CODE))
        return false;
    const lots_relation *relation = &query->relations[event->set->relation];
    return relation->kind == LOTS_RELATION_STREAM && relation->frame == LOTS_FRAME_PATIENT && column->index < relation->column_count;
}

static const lots_expr *find_test(const lots_query *query, const lots_expr *where)
{
    const lots_expr *found = is_test(query, where) ? where : NULL;
    for (uint32_t i = 0; where->op == LOTS_OP_AND && i < where->operand_count && found == NULL; i++)
        found = find_test(query, where->operands[i]);
    return found;
}

/* Is a set asked anything but in the test? */
static bool asks_more(const lots_expr *expr, const lots_expr *test)
{
    bool asks = expr->set != NULL;
    for (uint32_t i = 0; expr != test && i < expr->operand_count && !asks; i++)
        asks = asks_more(expr->operands[i], test);
    return asks;
}

/* The place of `rank` among `count` that rise, or of the next one. */
static uint32_t place_of(const lots_id *ranks, uint32_t count, lots_id rank)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (ranks[middle] < rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The patients with any row that has the value; *out is new. */
static lots_status find_patients(lots_worker *worker, const lots_expr *test, uint64_t **out, lots_error *err)
{
    const lots_expr *event = test->operands[0]->operands[0];
    const lots_relation *relation = &worker->query->relations[event->set->relation];
    const uint32_t column = relation->columns[test->operands[0]->index].column, patients = worker->patients->count;
    const lots_id rank = (lots_id)test->operands[1]->constant.i, *ranks = NULL;
    lots_arena *arena = lots_worker_arena(worker);
    const lots_vector *ids = NULL;
    const uint32_t *offsets = NULL;
    uint64_t *rows = NULL;
    uint32_t count = 0;
    LOTS_TRY(lots_new_bits(arena, patients, out, err));
    LOTS_TRY(lots_segment_ranks(worker->segment, relation->stream, column, &ranks, &count, err));
    const uint32_t id = place_of(ranks, count, rank);
    if (id == count || ranks[id] != rank)
        return LOTS_OK;
    LOTS_TRY(lots_stream_local(worker, relation->stream, column, &ids, err));
    LOTS_TRY(lots_stream_offsets(worker, relation->stream, &offsets, err));
    LOTS_TRY(lots_new_bits(arena, ids->count, &rows, err));
    worker->kernels->range_u32(ids->data, ids->count, id, id, rows);
    if (ids->missing != NULL)
        lots_bits_and_not(rows, rows, ids->missing, ids->count);
    worker->kernels->any_by(rows, offsets, patients, *out);
    worker->work.rows += ids->count;
    return LOTS_OK;
}

lots_status lots_sieve(lots_worker *worker, const lots_expr *where, const lots_instance *rows, uint64_t **keep, lots_error *err)
{
    enum { FEW = 2 }; /* one row of so many */
    uint64_t *patients = NULL, *bits = NULL;
    const uint32_t *index = NULL;
    *keep = NULL;
    const lots_expr *test = find_test(worker->query, where);
    if (test == NULL || worker->segment == NULL || worker->patients == NULL || asks_more(where, test))
        return LOTS_OK;
    LOTS_TRY(find_patients(worker, test, &patients, err));
    LOTS_TRY(lots_instance_index(worker, rows, worker->patients, &index, err));
    bits = patients;
    if (index != NULL) {
        LOTS_TRY(lots_new_bits(lots_worker_arena(worker), rows->count, &bits, err));
        worker->kernels->lookup_bits(index, rows->count, patients, worker->patients->count, bits);
    }
    if (FEW * worker->kernels->bits_count(bits, rows->count) < rows->count)
        *keep = bits;
    return LOTS_OK;
}
