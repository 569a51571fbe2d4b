/* people.c: see people.h. */
#include "ingest/people.h"

#include <stdlib.h>

#include "core/base/memory.h"

typedef struct people_job {
    const lots_people_input *input;
    uint32_t *order;    /* rows by patient, latest delivery first */
    uint32_t *values;   /* rows of one patient that give a column a value */
    uint32_t *spare;    /* for sorting either */
    lots_batch *out;
    lots_people_counts *counts;
} people_job;

/* ---- values ---- */

static bool is_missing(const lots_batch_column *column, uint32_t row)
{
    if (column->list)
        return LOTS_AT(uint32_t, &column->offsets, row) == LOTS_AT(uint32_t, &column->offsets, row + 1);
    return LOTS_AT(uint8_t, &column->missing, row) != 0;
}

static uint32_t rank_of(const people_job *job, uint32_t column, lots_id id)
{
    const lots_dictionary *domain = job->input->domains[column];
    return lots_dictionary_rank_of_stable(domain != NULL ? domain : job->input->codes)[id];
}

static int compare_texts(const lots_batch_column *column, uint32_t a, uint32_t b)
{
    const uint32_t *offsets = column->offsets.data;
    const char *text = column->values.data;
    uint32_t a_bytes = offsets[a + 1] - offsets[a], b_bytes = offsets[b + 1] - offsets[b];
    uint32_t shared = a_bytes < b_bytes ? a_bytes : b_bytes;
    int sign = shared == 0 ? 0 : memcmp(text + offsets[a], text + offsets[b], shared);
    return sign != 0 ? sign : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static int compare_lists(const people_job *job, uint32_t index, uint32_t a, uint32_t b)
{
    const lots_batch_column *column = &job->input->rows->columns[index];
    const uint32_t *offsets = column->offsets.data;
    const lots_id *ids = column->values.data;
    uint32_t a_count = offsets[a + 1] - offsets[a], b_count = offsets[b + 1] - offsets[b];
    for (uint32_t i = 0; i < a_count && i < b_count; i++) {
        uint32_t at = rank_of(job, index, ids[offsets[a] + i]), to = rank_of(job, index, ids[offsets[b] + i]);
        if (at != to)
            return at < to ? -1 : 1;
    }
    return (a_count > b_count) - (a_count < b_count);
}

/* Two rows' values of a column, neither missing. */
static int compare_values(const people_job *job, uint32_t index, uint32_t a, uint32_t b)
{
    const lots_batch_column *column = &job->input->rows->columns[index];
    const void *values = column->values.data;
    if (column->list)
        return compare_lists(job, index, a, b);
    switch (column->phys) {
    case LOTS_PHYS_BITS:
        return (int)((const uint8_t *)values)[a] - (int)((const uint8_t *)values)[b];
    case LOTS_PHYS_I32: {
        int32_t at = ((const int32_t *)values)[a], to = ((const int32_t *)values)[b];
        return (at > to) - (at < to);
    }
    case LOTS_PHYS_U32: {
        uint32_t at = rank_of(job, index, ((const uint32_t *)values)[a]);
        uint32_t to = rank_of(job, index, ((const uint32_t *)values)[b]);
        return (at > to) - (at < to);
    }
    case LOTS_PHYS_I64: {
        int64_t at = ((const int64_t *)values)[a], to = ((const int64_t *)values)[b];
        return (at > to) - (at < to);
    }
    case LOTS_PHYS_F64: {
        double at = ((const double *)values)[a], to = ((const double *)values)[b];
        return (at > to) - (at < to);
    }
    case LOTS_PHYS_TEXT:
        return compare_texts(column, a, b);
    case LOTS_PHYS_COUNT:
        break;
    }
    return 0;
}

static lots_status copy_value(const people_job *job, uint32_t index, uint32_t row, lots_error *err)
{
    const lots_batch_column *column = &job->input->rows->columns[index];
    const void *values = column->values.data;
    if (column->list || column->phys == LOTS_PHYS_TEXT) {
        uint32_t first = LOTS_AT(uint32_t, &column->offsets, row), end = LOTS_AT(uint32_t, &column->offsets, row + 1);
        if (!column->list)
            return lots_batch_put_text(job->out, index, (const char *)values + first, end - first, err);
        for (uint32_t i = first; i < end; i++)
            LOTS_TRY(lots_batch_put_item(job->out, index, ((const lots_id *)values)[i], err));
        return LOTS_OK;
    }
    switch (column->phys) {
    case LOTS_PHYS_BITS:
        return lots_batch_put_int(job->out, index, ((const uint8_t *)values)[row], err);
    case LOTS_PHYS_I32:
        return lots_batch_put_int(job->out, index, ((const int32_t *)values)[row], err);
    case LOTS_PHYS_U32:
        return lots_batch_put_int(job->out, index, ((const uint32_t *)values)[row], err);
    case LOTS_PHYS_I64:
        return lots_batch_put_int(job->out, index, ((const int64_t *)values)[row], err);
    default:
        return lots_batch_put_float(job->out, index, ((const double *)values)[row], err);
    }
}

/* ---- choosing ---- */

enum { BY_DELIVERY = -1 };

/* By a column's value, or later deliveries first. */
static int compare_rows(const people_job *job, int by, uint32_t a, uint32_t b)
{
    if (by != BY_DELIVERY)
        return compare_values(job, (uint32_t)by, a, b);
    uint32_t at = job->input->delivery[a], to = job->input->delivery[b];
    return (at < to) - (at > to);
}

/* Bottom-up merge sort: a patient may have very many rows. */
static void sort_rows(const people_job *job, int by, uint32_t *rows, uint32_t count)
{
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t first = 0; first < count; first += 2 * width) {
            uint32_t middle = first + width < count ? first + width : count;
            uint32_t end = middle + width < count ? middle + width : count, a = first, b = middle;
            for (uint32_t at = first; at < end; at++)
                job->spare[at] = b == end || (a < middle && compare_rows(job, by, rows[a], rows[b]) <= 0) ? rows[a++]
                                                                                                         : rows[b++];
        }
        memcpy(rows, job->spare, count * sizeof *rows);
    }
}

/* The winner among `count` rows of one delivery: most frequent, then smallest. */
static uint32_t most_frequent(const people_job *job, uint32_t index, uint32_t *rows, uint32_t count)
{
    uint32_t best = rows[0], most = 0;
    sort_rows(job, (int)index, rows, count);
    for (uint32_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && compare_values(job, index, rows[first], rows[end]) == 0; end++) {
        }
        if (end - first > most) {
            most = end - first;
            best = rows[first];
        }
    }
    return best;
}

/* The row whose value of a column stands; UINT32_MAX when none has one. */
static uint32_t choose(const people_job *job, uint32_t index, uint32_t first, uint32_t end)
{
    const lots_batch_column *column = &job->input->rows->columns[index];
    uint32_t count = 0;
    for (uint32_t at = first; at < end; at++) {
        uint32_t row = job->order[at];
        if (is_missing(column, row))
            continue;
        if (count > 0 && job->input->delivery[row] != job->input->delivery[job->values[0]])
            break;
        job->values[count++] = row;
    }
    return count == 0 ? UINT32_MAX : most_frequent(job, index, job->values, count);
}

/* Does a row say what stands? A missing value says nothing against it. */
static bool agrees(const people_job *job, uint32_t index, uint32_t row, uint32_t chosen)
{
    return is_missing(&job->input->rows->columns[index], row) || row == chosen ||
           compare_values(job, index, row, chosen) == 0;
}

static lots_status merge_patient(people_job *job, uint32_t first, uint32_t end, uint8_t *disagrees, lots_error *err)
{
    for (uint32_t at = first; at < end; at++)
        disagrees[at - first] = 0;
    for (uint32_t index = 0; index < job->out->column_count; index++) {
        uint32_t chosen = choose(job, index, first, end);
        if (chosen == UINT32_MAX)
            continue;
        LOTS_TRY(copy_value(job, index, chosen, err));
        for (uint32_t at = first; at < end; at++) {
            uint32_t row = job->order[at];
            bool filled = job->input->delivery[row] == 0 && is_missing(&job->input->rows->columns[index], row);
            if (filled || !agrees(job, index, row, chosen))
                disagrees[at - first] = 1;
        }
    }
    return LOTS_OK;
}

/* The patient's rows of this load come first, what was there before last. */
static void count_patient(const people_job *job, uint32_t first, uint32_t end, const uint8_t *disagrees)
{
    lots_people_counts *counts = job->counts;
    uint32_t fresh = 0, against = 0;
    while (first + fresh < end && job->input->delivery[job->order[first + fresh]] > 0) {
        against += disagrees[fresh];
        fresh++;
    }
    if (fresh == 0)
        return;
    counts->duplicates += fresh - 1;
    counts->conflicts += against < fresh ? against : fresh - 1;
    if (first + fresh == end)
        counts->added++;
    else if (disagrees[fresh])
        counts->changed++;
    else
        counts->same++;
}

/* ---- the whole ---- */

static lots_status merge_all(people_job *job, const uint32_t *starts, uint8_t *disagrees, lots_error *err)
{
    for (uint32_t i = 0; i < job->input->count; i++) {
        sort_rows(job, BY_DELIVERY, job->order + starts[i], starts[i + 1] - starts[i]);
        LOTS_TRY(lots_batch_row_begin(job->out, job->input->first + i, err));
        LOTS_TRY(merge_patient(job, starts[i], starts[i + 1], disagrees, err));
        LOTS_TRY(lots_batch_row_end(job->out, err));
        count_patient(job, starts[i], starts[i + 1], disagrees);
    }
    return LOTS_OK;
}

/* Rows by patient: starts[i] .. starts[i + 1] are the places in `order` of the rows of patient i. */
static void group_rows(const people_job *job, uint32_t *starts)
{
    const lots_people_input *input = job->input;
    const lots_patient *patients = input->rows->patient.data;
    memset(starts, 0, ((size_t)input->count + 2) * sizeof *starts);
    for (uint32_t row = 0; row < input->rows->rows; row++)
        starts[patients[row] - input->first + 2]++;
    for (uint32_t i = 2; i <= input->count; i++)
        starts[i] += starts[i - 1];
    for (uint32_t row = 0; row < input->rows->rows; row++)
        job->order[starts[patients[row] - input->first + 1]++] = row;
}

lots_status lots_people_merge(const lots_people_input *input, lots_batch *out, lots_people_counts *counts,
                              lots_error *err)
{
    people_job job = {.input = input, .out = out, .counts = counts};
    uint32_t rows = input->rows->rows;
    void *numbers = NULL, *starts = NULL, *flags = NULL;
    *counts = (lots_people_counts){0};
    LOTS_TRY(lots_batch_open(out, input->rows->schema, input->rows->column_count, err));
    lots_status status = lots_alloc(&numbers, (size_t)rows * 3 + 1, sizeof(uint32_t), err);
    if (status == LOTS_OK)
        status = lots_alloc(&starts, (size_t)input->count + 2, sizeof(uint32_t), err);
    if (status == LOTS_OK)
        status = lots_alloc(&flags, (size_t)rows + 1, 1, err);
    if (status == LOTS_OK) {
        job.order = numbers;
        job.values = job.order + rows;
        job.spare = job.values + rows;
        group_rows(&job, starts);
        status = merge_all(&job, starts, flags, err);
    }
    lots_free(numbers);
    lots_free(starts);
    lots_free(flags);
    if (status != LOTS_OK)
        lots_batch_close(out);
    return status;
}
