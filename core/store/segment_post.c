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
    const uint8_t *rare; /* by local id; NULL: every id is met */
    bool of_rare;        /* which are: those that are rare, or those that are not */
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
        if (job->last[id] == with + 1 || (job->rare != NULL && job->rare[id] != job->of_rare))
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
static lots_status order_pairs(posting_job *job, uint32_t per, uint32_t **out, lots_error *err)
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
    *out = pairs;
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

/* The ids that a few patients have. None where their rows' numbers might be too large. */
static lots_status find_rare(const lots_column_job *column, const chunk_rows *rows, const uint8_t **out, lots_error *err)
{
    const uint32_t count = rows->offsets[rows->patients] - rows->offsets[0];
    posting_job job;
    void *room;
    LOTS_TRY(open_postings(&job, column, 0, err));
    LOTS_TRY(lots_arena_alloc(&column->job->scratch, &room, column->ids, 1, err));
    *out = room;
    if ((uint64_t)column->ids * count > UINT32_MAX)
        return LOTS_OK;
    meet_patients(&job, rows->offsets, rows->patients);
    for (uint32_t id = 0; id < column->ids; id++)
        ((uint8_t *)room)[id] = (uint64_t)job.firsts[id] * RARE <= rows->patients;
    return LOTS_OK;
}

/* From id x rows + row to the row's place in the space of the rare pairs' rows: the rows of the patient of the first pair, then
 * those of the second's. */
static void number_rows(const chunk_rows *rows, const uint32_t *patient_of, uint32_t *pairs, uint32_t count)
{
    const uint32_t per = rows->offsets[rows->patients] - rows->offsets[0];
    uint32_t base = 0, last_id = 0, last = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t id = pairs[i] / per, row = pairs[i] % per, patient = patient_of[row];
        if (i > 0 && (id != last_id || patient != last))
            base += rows->offsets[last + 1] - rows->offsets[last];
        last_id = id;
        last = patient;
        pairs[i] = base + row - (rows->offsets[patient] - rows->offsets[0]);
    }
}

static lots_status post_rows(posting_job *job, const chunk_rows *rows, lots_values *out, lots_error *err)
{
    const lots_batch_column *batch = job->column->batch;
    const uint32_t *offsets = rows->offsets, count = offsets[rows->patients] - offsets[0];
    uint32_t *patient_of, *pairs;
    void *room;
    LOTS_TRY(lots_arena_vector(&job->column->job->scratch, &room, count, sizeof(uint32_t), err));
    patient_of = room;
    for (uint32_t p = 0; p < rows->patients; p++)
        for (uint32_t row = offsets[p]; row < offsets[p + 1]; row++) {
            patient_of[row - offsets[0]] = p;
            meet_values(job, row - offsets[0], place_of_row(batch, row), place_of_row(batch, row + 1));
        }
    LOTS_TRY(order_pairs(job, count, &pairs, err));
    number_rows(rows, patient_of, pairs, job->count);
    out->data = pairs;
    out->count = job->count;
    return LOTS_OK;
}

lots_status lots_column_post(lots_column_job *column, uint32_t chunk, lots_post post, lots_values *out, lots_error *err)
{
    const chunk_rows rows = rows_of_chunk(column, chunk);
    posting_job job;
    uint32_t *pairs;
    *out = (lots_values){.phys = LOTS_PHYS_U32};
    if (rows.values == 0 || post == LOTS_POST_NONE)
        return LOTS_OK;
    LOTS_TRY(open_postings(&job, column, rows.values, err));
    job.of_rare = post == LOTS_POST_RARE || post == LOTS_POST_ROWS;
    if (post != LOTS_POST_ALL)
        LOTS_TRY(find_rare(column, &rows, &job.rare, err));
    if (post == LOTS_POST_ROWS)
        return post_rows(&job, &rows, out, err);
    meet_patients(&job, rows.offsets, rows.patients);
    LOTS_TRY(order_pairs(&job, rows.patients, &pairs, err));
    out->data = pairs;
    out->count = job.count;
    return LOTS_OK;
}
