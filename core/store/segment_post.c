/* segment_post.c: which patients of a chunk have which id of a column, as its postings hold it, and in which rows those few have
 * it that have a rare one. The idea: pairs, each once, are met in the order of patients or rows, and put in the order of ids by
 * counting. */
#include "core/store/segment_column.h"

enum { RARE = 25 }; /* an id is when at most one in so many patients of the chunk has it */

typedef struct posting_job {
    const lots_column_job *column;
    uint32_t *last;       /* by local id: 1 + the last patient, or row, it was met with */
    uint32_t *firsts;     /* by local id: how many pairs, then where its pairs go */
    uint32_t *ids, *with; /* of each pair, in the order in which they were met; NULL: they are only counted */
    uint32_t count;
    const uint8_t *left_out; /* by local id; NULL: none is */
} posting_job;

/* Values of a chunk's patient or row: of a list column, elements. */
static void meet_values(posting_job *job, uint32_t with, size_t first, size_t end)
{
    const lots_batch_column *batch = job->column->batch;
    const lots_id *values = batch->values.data;
    const uint8_t *missing = batch->list ? NULL : batch->missing.data;
    for (size_t i = first; i < end; i++) {
        if (missing != NULL && missing[i])
            continue;
        const uint32_t id = job->column->local_of_stable[values[i]];
        if (job->last[id] == with + 1 || (job->left_out != NULL && job->left_out[id]))
            continue;
        job->last[id] = with + 1;
        job->firsts[id]++;
        if (job->ids != NULL) {
            job->ids[job->count] = id;
            job->with[job->count] = with;
        }
        job->count++;
    }
}

static size_t place_of_row(const lots_batch_column *batch, uint32_t row)
{
    return batch->list ? ((const uint32_t *)batch->offsets.data)[row] : row;
}

static void meet_patients(posting_job *job, const uint32_t *rows, uint32_t patients)
{
    const lots_batch_column *batch = job->column->batch;
    for (uint32_t p = 0; p < patients; p++)
        meet_values(job, p, place_of_row(batch, rows[p]), place_of_row(batch, rows[p + 1]));
}

/* `most`: pairs at most; 0: they are only counted. */
static lots_status open_postings(posting_job *job, const lots_column_job *column, size_t most, lots_error *err)
{
    lots_arena *scratch = &column->job->scratch;
    void *room;
    *job = (posting_job){.column = column};
    LOTS_TRY(lots_arena_alloc(scratch, &room, column->ids, sizeof(uint32_t), err));
    job->last = room;
    LOTS_TRY(lots_arena_alloc(scratch, &room, column->ids, sizeof(uint32_t), err));
    job->firsts = room;
    if (most == 0)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(scratch, &room, most, sizeof(uint32_t), err));
    job->ids = room;
    LOTS_TRY(lots_arena_vector(scratch, &room, most, sizeof(uint32_t), err));
    job->with = room;
    return LOTS_OK;
}

/* By id and then patient or row: pairs of one id were met in that order. */
static lots_status order_pairs(posting_job *job, uint32_t per, lots_values *out, lots_error *err)
{
    uint32_t before = 0, *pairs;
    void *room;
    LOTS_TRY(lots_arena_vector(&job->column->job->scratch, &room, job->count, sizeof(uint32_t), err));
    pairs = room;
    for (uint32_t id = 0; id < job->column->ids; id++) {
        const uint32_t here = job->firsts[id];
        job->firsts[id] = before;
        before += here;
    }
    for (uint32_t i = 0; i < job->count; i++)
        pairs[job->firsts[job->ids[i]]++] = job->ids[i] * per + job->with[i];
    out->count = job->count;
    out->data = pairs;
    return LOTS_OK;
}

typedef struct chunk_rows { /* of the batch */
    const uint32_t *offsets; /* by patient of the chunk */
    uint32_t patients;
    size_t values;           /* of all rows */
} chunk_rows;

static chunk_rows rows_of_chunk(const lots_column_job *column, uint32_t chunk)
{
    const lots_layout *layout = &column->job->layout;
    chunk_rows rows = {.offsets = column->job->offsets[column->stream] + layout->firsts[chunk],
                       .patients = layout->firsts[chunk + 1] - layout->firsts[chunk]};
    if (column->batch != NULL && column->ids > 0)
        rows.values = place_of_row(column->batch, rows.offsets[rows.patients]) - place_of_row(column->batch, rows.offsets[0]);
    return rows;
}

lots_status lots_column_post(lots_column_job *column, uint32_t chunk, lots_values *out, lots_error *err)
{
    const chunk_rows rows = rows_of_chunk(column, chunk);
    posting_job job;
    *out = (lots_values){.phys = LOTS_PHYS_U32};
    if (rows.values == 0)
        return LOTS_OK;
    LOTS_TRY(open_postings(&job, column, rows.values, err));
    meet_patients(&job, rows.offsets, rows.patients);
    return order_pairs(&job, rows.patients, out, err);
}

/* The ids that more than a few patients have. */
static lots_status find_common(const lots_column_job *column, const chunk_rows *rows, const uint8_t **out, lots_error *err)
{
    posting_job job;
    void *room;
    LOTS_TRY(open_postings(&job, column, 0, err));
    LOTS_TRY(lots_arena_alloc(&column->job->scratch, &room, column->ids, 1, err));
    meet_patients(&job, rows->offsets, rows->patients);
    for (uint32_t id = 0; id < column->ids; id++)
        ((uint8_t *)room)[id] = (uint64_t)job.firsts[id] * RARE > rows->patients;
    *out = room;
    return LOTS_OK;
}

lots_status lots_column_post_rows(lots_column_job *column, uint32_t chunk, lots_values *out, lots_error *err)
{
    const chunk_rows rows = rows_of_chunk(column, chunk);
    const uint32_t count = column->layout_stream->rows[chunk], first = rows.offsets[0];
    posting_job job;
    *out = (lots_values){.phys = LOTS_PHYS_U32};
    if (rows.values == 0 || (uint64_t)column->ids * count > UINT32_MAX)
        return LOTS_OK;
    LOTS_TRY(open_postings(&job, column, rows.values, err));
    LOTS_TRY(find_common(column, &rows, &job.left_out, err));
    for (uint32_t row = 0; row < count; row++)
        meet_values(&job, row, place_of_row(column->batch, first + row), place_of_row(column->batch, first + row + 1));
    return order_pairs(&job, count, out, err);
}
