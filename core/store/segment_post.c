/* segment_post.c: which patients of a chunk have which id of a column, as its postings hold it. The idea: the pairs of id and
 * patient, each once, are met patient by patient, and put in the order of ids by counting. */
#include "core/store/segment_column.h"

typedef struct posting_job {
    const lots_column_job *column;
    uint32_t *last;              /* by local id: 1 + the last patient it was met with */
    uint32_t *firsts;            /* by local id: how many pairs, then where its pairs go */
    uint32_t *ids, *patients;    /* of each pair, in the order in which they were met */
    uint32_t count;
} posting_job;

/* Values of a chunk's patient: of a list column, the elements of its rows. */
static void meet_values(posting_job *job, uint32_t patient, size_t first, size_t end)
{
    const lots_batch_column *batch = job->column->batch;
    const lots_id *values = batch->values.data;
    const uint8_t *missing = batch->list ? NULL : batch->missing.data;
    for (size_t i = first; i < end; i++) {
        if (missing != NULL && missing[i])
            continue;
        const uint32_t id = job->column->local_of_stable[values[i]];
        if (job->last[id] == patient + 1)
            continue;
        job->last[id] = patient + 1;
        job->firsts[id]++;
        job->ids[job->count] = id;
        job->patients[job->count++] = patient;
    }
}

static size_t place_of_row(const lots_batch_column *batch, uint32_t row)
{
    return batch->list ? ((const uint32_t *)batch->offsets.data)[row] : row;
}

static lots_status open_postings(posting_job *job, size_t most, lots_error *err)
{
    lots_arena *scratch = &job->column->job->scratch;
    void *room;
    LOTS_TRY(lots_arena_alloc(scratch, &room, job->column->ids, sizeof(uint32_t), err));
    job->last = room;
    LOTS_TRY(lots_arena_alloc(scratch, &room, job->column->ids, sizeof(uint32_t), err));
    job->firsts = room;
    LOTS_TRY(lots_arena_vector(scratch, &room, most, sizeof(uint32_t), err));
    job->ids = room;
    LOTS_TRY(lots_arena_vector(scratch, &room, most, sizeof(uint32_t), err));
    job->patients = room;
    return LOTS_OK;
}

/* By id and then patient: pairs of one id were met in the order of patients. */
static void order_pairs(posting_job *job, uint32_t patients, uint32_t *out)
{
    uint32_t before = 0;
    for (uint32_t id = 0; id < job->column->ids; id++) {
        const uint32_t here = job->firsts[id];
        job->firsts[id] = before;
        before += here;
    }
    for (uint32_t i = 0; i < job->count; i++)
        out[job->firsts[job->ids[i]]++] = job->ids[i] * patients + job->patients[i];
}

lots_status lots_column_post(lots_column_job *column, uint32_t chunk, lots_values *out, lots_error *err)
{
    const lots_layout *layout = &column->job->layout;
    const uint32_t *rows = column->job->offsets[column->stream] + layout->firsts[chunk];
    const uint32_t patients = layout->firsts[chunk + 1] - layout->firsts[chunk];
    posting_job job = {.column = column};
    void *pairs;
    *out = (lots_values){.phys = LOTS_PHYS_U32};
    if (column->batch == NULL || column->ids == 0 || rows[0] == rows[patients])
        return LOTS_OK;
    const size_t most = place_of_row(column->batch, rows[patients]) - place_of_row(column->batch, rows[0]);
    LOTS_TRY(open_postings(&job, most, err));
    for (uint32_t p = 0; p < patients; p++)
        meet_values(&job, p, place_of_row(column->batch, rows[p]), place_of_row(column->batch, rows[p + 1]));
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &pairs, job.count, sizeof(uint32_t), err));
    order_pairs(&job, patients, pairs);
    out->count = job.count;
    out->data = pairs;
    return LOTS_OK;
}
