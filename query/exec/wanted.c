/* wanted.c: see wanted.h. */
#include "query/exec/wanted.h"

enum { ROWS_FEW = 4 }; /* rows a patient: with more hardly anyone is left out */

/* With more than three of four wanted, leaving out the others isn't worth it. */
static bool are_most(uint64_t wanted, uint32_t patients) { return 4 * wanted > 3 * (uint64_t)patients; }

/* Rows that are patients themselves, each once, and most of them. */
static lots_status are_most_patients(lots_worker *worker, const lots_instance *rows, bool *out, lots_error *err)
{
    const uint32_t *patients = NULL;
    uint64_t *rises = NULL;
    *out = false;
    if (rows->count > worker->patients->count || !are_most(rows->count, worker->patients->count))
        return LOTS_OK;
    LOTS_TRY(lots_rows_patients(worker, rows, &patients, err));
    LOTS_TRY(lots_new_bits(lots_worker_arena(worker), rows->count, &rises, err));
    worker->kernels->less_i32((const int32_t *)patients, (const int32_t *)patients + 1, rows->count - 1, rises);
    *out = worker->kernels->bits_count(rises, rows->count - 1) == rows->count - 1;
    return LOTS_OK;
}

lots_status lots_wanted_note(lots_worker *worker, const lots_instance *rows, lots_error *err)
{
    const uint32_t *patients = NULL;
    uint64_t *wanted = NULL;
    bool most = false;
    if (worker->patients == NULL || rows->count / ROWS_FEW >= worker->patients->count)
        return LOTS_OK;
    LOTS_TRY(are_most_patients(worker, rows, &most, err));
    if (most)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(lots_worker_arena(worker), worker->patients->count, &wanted, err));
    if (rows->parent == worker->patients && rows->parent_offsets != NULL) {
        const int32_t *offsets = (const int32_t *)rows->parent_offsets; /* rows of a chunk are below 2^31 */
        worker->kernels->less_i32(offsets, offsets + 1, worker->patients->count, wanted);
    } else {
        LOTS_TRY(lots_rows_patients(worker, rows, &patients, err));
        for (uint32_t i = 0; i < rows->count; i++)
            lots_bit_set(wanted, patients[i]);
    }
    worker->wanted = wanted;
    worker->left = rows;
    return LOTS_OK;
}

/* All rows of wanted patients, made once: sets over one relation ask for the same. */
static lots_status spread_wanted(lots_worker *worker, lots_relation_rows *relation, bool many, lots_error *err)
{
    const uint32_t patients = worker->patients->count;
    uint64_t *left = NULL;
    if (relation->wanted_of == worker->wanted)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(lots_worker_arena(worker), relation->count, &left, err));
    if (many)
        worker->kernels->broadcast_bits(worker->wanted, relation->offsets, patients, left);
    else
        for (size_t p = lots_bits_next(worker->wanted, 0, patients); p < patients;
             p = lots_bits_next(worker->wanted, p + 1, patients))
            if (relation->offsets[p] < relation->offsets[p + 1])
                lots_bits_set_range(left, relation->offsets[p], relation->offsets[p + 1]);
    relation->wanted_of = worker->wanted;
    relation->wanted = left;
    return LOTS_OK;
}

lots_status lots_wanted_rows(lots_worker *worker, lots_relation_rows *relation, const uint64_t *mask,
                             const uint64_t **out, lots_error *err)
{
    enum { MANY = 8 }; /* with more than one patient in so many it costs less to ask all */
    const uint32_t patients = worker->patients->count;
    uint64_t *left = NULL;
    *out = mask;
    if (worker->wanted == NULL || relation->owners != worker->patients)
        return LOTS_OK;
    const uint64_t wanted = worker->kernels->bits_count(worker->wanted, patients);
    if (are_most(wanted, patients))
        return LOTS_OK;
    LOTS_TRY(spread_wanted(worker, relation, MANY * wanted > patients, err));
    *out = relation->wanted;
    if (mask == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_bits(lots_worker_arena(worker), relation->count, &left, err));
    worker->kernels->bits_and(relation->wanted, mask, relation->count, left);
    *out = left;
    return LOTS_OK;
}

const uint64_t *lots_wanted_few(const lots_worker *worker, const lots_relation_rows *relation)
{
    enum { FEW = 4 }; /* one of so many */
    const bool few = worker->wanted != NULL && relation->owners == worker->patients &&
                     FEW * worker->kernels->bits_count(worker->wanted, worker->patients->count) <= worker->patients->count;
    return few ? worker->wanted : NULL;
}
