/* segment_export.c: a whole stream of a segment back into a batch, for merging. The idea: read chunk by chunk through the
 * reader that queries use, and append what comes; only ids change, from local to stable. */
#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "core/store/segment_file.h"

typedef struct export_job {
    lots_segment *segment;
    uint32_t stream, column, chunk;
    lots_arena scratch;
    lots_batch *out;
} export_job;

/* Read a block into scratch. *missing is NULL when none is. */
static lots_status read_values(export_job *job, lots_part part, lots_values_out *out, const lots_block_meta **meta,
                               lots_error *err)
{
    void *data, *missing;
    bool has_missing;
    *meta = lots_segment_meta(job->segment, job->stream, job->column, part, job->chunk);
    size_t size = (*meta)->phys == LOTS_PHYS_I64 || (*meta)->phys == LOTS_PHYS_F64 ? 8 : 4;
    LOTS_TRY(lots_arena_vector(&job->scratch, &data, (size_t)(*meta)->count + 1, size, err));
    LOTS_TRY(lots_arena_vector(&job->scratch, &missing, lots_bit_words((*meta)->count), sizeof(uint64_t), err));
    *out = (lots_values_out){.data = data, .missing = missing};
    LOTS_TRY(lots_segment_read(job->segment, job->stream, job->column, part, job->chunk, out, &has_missing,
                               &job->scratch, err));
    if (!has_missing)
        out->missing = NULL;
    return LOTS_OK;
}

static void spread_bits(const uint64_t *words, size_t count, uint8_t *flags)
{
    for (size_t i = 0; i < count; i++)
        flags[i] = lots_bit_get(words, i);
}

static lots_status append_flags(lots_vec *to, const uint64_t *words, size_t count, lots_error *err)
{
    void *flags;
    LOTS_TRY(lots_vec_extend(to, count, &flags, err));
    if (words != NULL)
        spread_bits(words, count, flags);
    return LOTS_OK;
}

/* Local ids to stable ones; a slot under a missing bit stays 0. */
static lots_status append_ids(export_job *job, lots_vec *to, const uint32_t *local, const uint64_t *missing,
                              size_t count, lots_error *err)
{
    const lots_segment_ids *ids;
    void *room;
    LOTS_TRY(lots_segment_load_ids(job->segment, job->stream, job->column, &ids, err));
    LOTS_TRY(lots_vec_extend(to, count, &room, err));
    lots_id *stable = room;
    for (size_t i = 0; i < count; i++)
        if (missing == NULL || !lots_bit_get(missing, i))
            stable[i] = ids->stable[local[i]];
    return LOTS_OK;
}

static lots_status fail_full(const export_job *job, lots_error *err)
{
    const lots_stream *stream = &job->segment->schema->streams[job->stream];
    return lots_fail(err, LOTS_LIMIT, "%s: stream '%s', column '%s' would pass 4 GiB in memory", job->segment->path,
                     stream->name, stream->columns[job->column].name);
}

static lots_status append_texts(export_job *job, lots_batch_column *to, const lots_values_out *values, size_t count,
                                lots_error *err)
{
    const uint32_t *offsets = values->data;
    void *room;
    uint32_t base = (uint32_t)to->values.count;
    if (offsets[count] - offsets[0] > UINT32_MAX - base)
        return fail_full(job, err);
    LOTS_TRY(lots_vec_extend(&to->offsets, count, &room, err));
    for (size_t i = 0; i < count; i++)
        ((uint32_t *)room)[i] = base + offsets[i + 1] - offsets[0];
    return lots_vec_append(&to->values, values->text + offsets[0], offsets[count] - offsets[0], err);
}

static lots_status append_scalars(export_job *job, lots_batch_column *to, lots_error *err)
{
    lots_values_out values;
    const lots_block_meta *meta;
    LOTS_TRY(read_values(job, LOTS_PART_VALUES, &values, &meta, err));
    if (to->phys == LOTS_PHYS_BITS)
        LOTS_TRY(append_flags(&to->values, values.data, meta->count, err));
    else if (to->phys == LOTS_PHYS_U32)
        LOTS_TRY(append_ids(job, &to->values, values.data, values.missing, meta->count, err));
    else if (to->phys == LOTS_PHYS_TEXT)
        LOTS_TRY(append_texts(job, to, &values, meta->count, err));
    else
        LOTS_TRY(lots_vec_append(&to->values, values.data, meta->count, err));
    return append_flags(&to->missing, values.missing, meta->count, err);
}

static lots_status append_lists(export_job *job, lots_batch_column *to, lots_error *err)
{
    lots_values_out lengths, values;
    const lots_block_meta *rows, *elements;
    void *room;
    LOTS_TRY(read_values(job, LOTS_PART_LENGTHS, &lengths, &rows, err));
    LOTS_TRY(read_values(job, LOTS_PART_VALUES, &values, &elements, err));
    uint32_t at = (uint32_t)to->values.count;
    if (elements->count > UINT32_MAX - at)
        return fail_full(job, err);
    LOTS_TRY(lots_vec_extend(&to->offsets, rows->count, &room, err));
    for (size_t i = 0; i < rows->count; i++)
        ((uint32_t *)room)[i] = at += ((const uint32_t *)lengths.data)[i];
    LOTS_TRY(append_ids(job, &to->values, values.data, NULL, elements->count, err));
    return append_flags(&to->missing, NULL, rows->count, err);
}

static lots_status append_patients(export_job *job, lots_patient first_patient, lots_error *err)
{
    uint32_t first = lots_segment_chunk_first(job->segment, job->chunk);
    uint32_t patients = lots_segment_chunk_first(job->segment, job->chunk + 1) - first;
    void *room;
    LOTS_TRY(lots_arena_vector(&job->scratch, &room, (size_t)patients + 1, sizeof(uint32_t), err));
    uint32_t *offsets = room;
    LOTS_TRY(lots_segment_offsets(job->segment, job->stream, job->chunk, offsets, &job->scratch, err));
    LOTS_TRY(lots_vec_extend(&job->out->patient, offsets[patients], &room, err));
    lots_patient *out = room;
    for (uint32_t p = 0; p < patients; p++)
        for (uint32_t row = offsets[p]; row < offsets[p + 1]; row++)
            out[row] = first_patient + first + p;
    return LOTS_OK;
}

static lots_status export_chunk(export_job *job, lots_patient first_patient, lots_error *err)
{
    lots_arena_reset(&job->scratch);
    LOTS_TRY(append_patients(job, first_patient, err));
    for (job->column = 0; job->column < job->out->column_count; job->column++) {
        lots_batch_column *to = &job->out->columns[job->column];
        lots_arena_reset(&job->scratch);
        LOTS_TRY(to->list ? append_lists(job, to, err) : append_scalars(job, to, err));
    }
    job->out->rows += lots_segment_chunk_rows(job->segment, job->stream, job->chunk);
    return LOTS_OK;
}

lots_status lots_segment_export(lots_segment *segment, uint32_t stream, lots_patient first_patient, lots_batch *out,
                                lots_error *err)
{
    const lots_stream *schema = &segment->schema->streams[stream];
    export_job job = {.segment = segment, .stream = stream, .out = out};
    *out = (lots_batch){0};
    if (lots_segment_events(segment, stream) >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "%s: stream '%s' has more rows than a batch holds", segment->path, schema->name);
    LOTS_TRY(lots_batch_open(out, schema->columns, schema->column_count, err));
    lots_arena_init(&job.scratch, 0);
    lots_status status = LOTS_OK;
    for (; status == LOTS_OK && job.chunk < segment->layout.chunks; job.chunk++)
        status = export_chunk(&job, first_patient, err);
    lots_arena_free(&job.scratch);
    if (status != LOTS_OK)
        lots_batch_close(out);
    return status;
}
