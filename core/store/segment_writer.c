/* segment_writer.c: one segment file from settled batches. The idea: the whole file is made in memory (a segment is some
 * ten megabytes), so that the header comes first and the file is written at one go: header, blocks, directory.
 *
 * Invariants: 1. the bytes follow from the input alone. 2. on failure no file is left behind. Chunks, order checks and
 * the file are here; columns in segment_encode.c, the directory's bytes in segment_layout.c. */
#include "core/store/segment_writer.h"

#include <zstd.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/store/segment_encode.h"

enum { DIRECTORY_LEVEL = 3 };

/* ---- where patients' rows begin ---- */

static lots_status fail_order(const lots_stream *stream, uint32_t row, const char *what, lots_error *err)
{
    return lots_fail(err, LOTS_INTERNAL, "stream '%s', row %u: %s", stream->name, row, what);
}

/* Days rise within a patient, missing ones last. */
static lots_status check_starts(const lots_stream *stream, const lots_batch *batch, lots_error *err)
{
    int32_t index = stream->undated ? -1 : lots_stream_find_role(stream, LOTS_ROLE_START);
    if (index < 0)
        return LOTS_OK;
    const int32_t *days = batch->columns[index].values.data;
    const uint8_t *missing = batch->columns[index].missing.data;
    const lots_patient *patients = batch->patient.data;
    for (uint32_t row = 1; row < batch->rows; row++)
        if (patients[row] == patients[row - 1] &&
            (missing[row] < missing[row - 1] || (!missing[row] && days[row] < days[row - 1])))
            return fail_order(stream, row, "its start lies before that of the row before", err);
    return LOTS_OK;
}

static lots_status fill_offsets(const lots_segment_input *input, uint32_t stream, uint32_t *offsets, lots_error *err)
{
    const lots_stream *schema = &input->schema->streams[stream];
    const lots_batch *batch = input->streams[stream];
    uint32_t rows = batch != NULL ? batch->rows : 0, row = 0;
    if (rows > 0 && batch->patient.count != rows)
        return fail_order(schema, 0, "rows without patients", err);
    const lots_patient *patients = rows > 0 ? batch->patient.data : NULL;
    if (rows > 0 && patients[0] < input->first_patient)
        return fail_order(schema, 0, "a patient of another segment", err);
    for (uint32_t p = 0; p < input->patients; p++) {
        offsets[p] = row;
        while (row < rows && patients[row] == input->first_patient + p)
            row++;
        if (stream == 0 && row != p + 1)
            return fail_order(schema, row, "patients have one row each", err);
    }
    offsets[input->patients] = row;
    if (row < rows)
        return fail_order(schema, row, "patients out of order, or one of another segment", err);
    if (rows > 0 && batch->column_count != schema->column_count)
        return fail_order(schema, 0, "a batch of other columns", err);
    return rows > 0 ? check_starts(schema, batch, err) : LOTS_OK;
}

static void free_offsets(uint32_t **offsets, uint32_t stream_count)
{
    for (uint32_t i = 0; offsets != NULL && i < stream_count; i++)
        lots_free(offsets[i]);
    lots_free(offsets);
}

static lots_status make_offsets(const lots_segment_input *input, uint32_t ***out, lots_error *err)
{
    uint32_t count = input->schema->stream_count;
    void *room;
    LOTS_TRY(lots_alloc(&room, count, sizeof **out, err));
    uint32_t **offsets = room;
    for (uint32_t i = 0; i < count; i++) {
        lots_status status = lots_alloc(&room, (size_t)input->patients + 1, sizeof **offsets, err);
        if (status == LOTS_OK) {
            offsets[i] = room;
            status = fill_offsets(input, i, offsets[i], err);
        }
        if (status != LOTS_OK) {
            free_offsets(offsets, count);
            return status;
        }
    }
    *out = offsets;
    return LOTS_OK;
}

/* ---- chunks ---- */

typedef struct chunk_plan {
    uint32_t patients; /* a chunk's, at most */
    uint32_t even;     /* the stream with the most rows, which is dealt out evenly, so that no chunk is a small rest, */
    uint64_t shares;   /* into so many */
} chunk_plan;

static chunk_plan plan_shares(const lots_segment_input *input, uint32_t *const *offsets)
{
    chunk_plan plan = {input->chunk_patients != 0 ? input->chunk_patients : LOTS_CHUNK_PATIENTS, 0, 1};
    for (uint32_t i = 0; i < input->schema->stream_count; i++)
        if (offsets[i][input->patients] > offsets[plan.even][input->patients])
            plan.even = i;
    const uint32_t room = LOTS_CHUNK_EVENTS - LOTS_CHUNK_EVENTS / 32; /* for a share's last patient */
    plan.shares = 1 + (offsets[plan.even][input->patients] > 0 ? (offsets[plan.even][input->patients] - 1) / room : 0);
    return plan;
}

static uint64_t share_of(const chunk_plan *plan, const uint32_t *rows, uint32_t patients, uint32_t patient)
{
    const uint64_t share = rows[patients] > 0 ? rows[patient] * plan->shares / rows[patients] : 0;
    return share < plan->shares ? share : plan->shares - 1; /* whoever has no rows, after the last who has any */
}

static bool chunk_is_full(const lots_segment_input *input, uint32_t *const *offsets, const chunk_plan *plan, uint32_t first,
                          uint32_t patient)
{
    if (patient - first >= plan->patients)
        return true;
    for (uint32_t i = 0; i < input->schema->stream_count; i++)
        if (offsets[i][patient + 1] - offsets[i][first] > LOTS_CHUNK_EVENTS)
            return true;
    const uint32_t *rows = offsets[plan->even];
    return share_of(plan, rows, input->patients, patient) > share_of(plan, rows, input->patients, first);
}

static lots_status plan_chunks(const lots_segment_input *input, uint32_t *const *offsets, lots_vec *firsts,
                               lots_error *err)
{
    const chunk_plan plan = plan_shares(input, offsets);
    uint32_t first = 0;
    firsts->count = 0;
    for (uint32_t p = 0; p < input->patients; p++) {
        if (p > first && !chunk_is_full(input, offsets, &plan, first, p))
            continue;
        first = p;
        LOTS_TRY(lots_vec_push(firsts, &first, err));
    }
    return lots_vec_push(firsts, &input->patients, err);
}

lots_status lots_segment_plan_chunks(const lots_segment_input *input, lots_vec *firsts, lots_error *err)
{
    uint32_t **offsets;
    LOTS_TRY(make_offsets(input, &offsets, err));
    lots_status status = plan_chunks(input, offsets, firsts, err);
    free_offsets(offsets, input->schema->stream_count);
    return status;
}

/* ---- the layout ---- */

static lots_status lay_stream(lots_segment_job *job, uint32_t index, lots_error *err)
{
    const lots_stream *schema = &job->input->schema->streams[index];
    lots_layout *layout = &job->layout;
    lots_layout_stream *stream = &layout->streams[index];
    void *room;
    memcpy(stream->name, schema->name, sizeof stream->name);
    stream->single = index == 0;
    stream->column_count = schema->column_count;
    LOTS_TRY(lots_arena_alloc(&layout->arena, &room, schema->column_count, sizeof *stream->columns, err));
    stream->columns = room;
    LOTS_TRY(lots_arena_alloc(&layout->arena, &room, layout->chunks, sizeof *stream->rows, err));
    stream->rows = room;
    for (uint32_t k = 0; k < layout->chunks; k++)
        stream->rows[k] = job->offsets[index][layout->firsts[k + 1]] - job->offsets[index][layout->firsts[k]];
    return LOTS_OK;
}

static lots_status lay_chunks(lots_segment_job *job, lots_error *err)
{
    lots_layout *layout = &job->layout;
    lots_vec firsts = LOTS_VEC(uint32_t);
    void *room;
    lots_status status = plan_chunks(job->input, job->offsets, &firsts, err);
    if (status == LOTS_OK)
        status = lots_arena_alloc(&layout->arena, &room, firsts.count, sizeof *layout->firsts, err);
    if (status == LOTS_OK) {
        layout->firsts = room;
        layout->chunks = (uint32_t)(firsts.count - 1);
        memcpy(layout->firsts, firsts.data, firsts.count * sizeof *layout->firsts);
    }
    lots_vec_free(&firsts);
    return status;
}

static lots_status encode_streams(lots_segment_job *job, lots_error *err)
{
    lots_layout *layout = &job->layout;
    void *room;
    layout->patients = job->input->patients;
    layout->stream_count = job->input->schema->stream_count;
    LOTS_TRY(lay_chunks(job, err));
    LOTS_TRY(lots_arena_alloc(&layout->arena, &room, layout->stream_count, sizeof *layout->streams, err));
    layout->streams = room;
    for (uint32_t i = 0; i < layout->stream_count; i++) {
        LOTS_TRY(lay_stream(job, i, err));
        LOTS_TRY(lots_segment_encode_stream(job, i, err));
    }
    return LOTS_OK;
}

/* ---- header, directory, hash ---- */

static lots_status append_compressed(lots_bytes *image, const lots_bytes *raw, lots_error *err)
{
    LOTS_TRY(lots_bytes_reserve(image, ZSTD_compressBound(raw->count), err));
    size_t got = ZSTD_compress(image->data + image->count, image->capacity - image->count, raw->data, raw->count,
                               DIRECTORY_LEVEL);
    if (ZSTD_isError(got))
        return lots_fail(err, LOTS_MEMORY, "the directory could not be compressed: %s", ZSTD_getErrorName(got));
    image->count += got;
    return LOTS_OK;
}

static lots_status append_directory(lots_segment_job *job, lots_error *err)
{
    lots_bytes raw = {0};
    lots_segment_header header = {.id = job->input->id, .patients = job->input->patients,
                                  .directory_offset = job->image.count};
    lots_status status = lots_layout_encode(&job->layout, false, &raw, err);
    if (status == LOTS_OK && raw.count > LOTS_SEGMENT_DIRECTORY_MAX)
        status = lots_fail(err, LOTS_LIMIT, "a segment's directory would be %zu bytes", raw.count);
    if (status == LOTS_OK)
        status = append_compressed(&job->image, &raw, err);
    header.directory_raw_bytes = (uint32_t)raw.count;
    lots_bytes_free(&raw);
    if (status != LOTS_OK)
        return status;
    uint64_t stored = job->image.count - header.directory_offset;
    header.directory_bytes = (uint32_t)stored;
    header.directory_checksum = lots_hash(job->image.data + header.directory_offset, (size_t)stored,
                                          lots_hash_salt(header.id, UINT32_MAX, 0));
    header.file_bytes = job->image.count;
    lots_segment_header_put(&header, job->image.data);
    return LOTS_OK;
}

/* The directory with unsalted hashes of the payloads, then the texts that local ids stand for. */
static lots_status hash_content(lots_segment_job *job, uint64_t *out, lots_error *err)
{
    lots_bytes facts = {0};
    for (size_t i = 0; i < job->plain_hashes.count; i++) {
        const lots_plain_hash *plain = &LOTS_AT(lots_plain_hash, &job->plain_hashes, i);
        plain->meta->checksum = plain->hash;
    }
    lots_status status = lots_layout_encode(&job->layout, true, &facts, err);
    if (status == LOTS_OK && job->ids.count > 0)
        status = lots_bytes_append(&facts, job->ids.data, job->ids.count, err);
    if (status == LOTS_OK)
        *out = lots_hash(facts.data, facts.count, 0);
    lots_bytes_free(&facts);
    return status;
}

static lots_status write_segment(lots_segment_job *job, const char *path, lots_segment_result *result, lots_error *err)
{
    LOTS_TRY(make_offsets(job->input, &job->offsets, err));
    LOTS_TRY(lots_bytes_reserve(&job->image, LOTS_SEGMENT_HEADER_BYTES, err));
    job->image.count = LOTS_SEGMENT_HEADER_BYTES;
    LOTS_TRY(encode_streams(job, err));
    LOTS_TRY(append_directory(job, err));
    *result = (lots_segment_result){.bytes = job->image.count};
    for (uint32_t i = 1; i < job->input->schema->stream_count; i++)
        result->events += job->offsets[i][job->input->patients];
    LOTS_TRY(hash_content(job, &result->hash, err));
    return lots_file_put(path, job->image.data, job->image.count, err);
}

lots_status lots_segment_write(const char *path, const lots_segment_input *input, lots_segment_result *result,
                               lots_error *err)
{
    lots_segment_job job = {.input = input, .plain_hashes = LOTS_VEC(lots_plain_hash)};
    lots_arena_init(&job.layout.arena, 0);
    lots_arena_init(&job.scratch, 0);
    lots_status status = write_segment(&job, path, result, err);
    free_offsets(job.offsets, input->schema->stream_count);
    lots_layout_free(&job.layout);
    lots_bytes_free(&job.image);
    lots_bytes_free(&job.ids);
    lots_vec_free(&job.plain_hashes);
    lots_arena_free(&job.scratch);
    return status;
}
