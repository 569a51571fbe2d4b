/* load_parse.c: every file once, in blocks, on all processors: each record goes through every source that reads the file.
 * A worker hands its pieces to the pile when they are large enough. See load_inner.h. */
#include <stdatomic.h>

#define XXH_STATIC_LINKING_ONLY /* its state on the stack */
#include <xxhash.h>

#include "core/base/memory.h"
#include "ingest/load_inner.h"

enum { SMALL_FILE_BYTES = 1 << 21, PROGRESS_NS = 100000000, HASH_BYTES = 1 << 20, BLOCK_ROWS_LEAST = 2048,
       PATIENT_ROWS_LEAST = 8 };

typedef struct parse_job {
    lots_load *load;
    lots_load_input *input;
    lots_rows *rows;
    lots_reading **readings;
    uint32_t reading_count;
    _Atomic uint64_t records;
} parse_job;

/* ---- pieces ---- */

/* Whose rows they are: a file that comes by patient has few for a piece, which can go to its bucket unread then. */
static lots_status list_patients(const lots_batch *batch, lots_vec *out, lots_error *err)
{
    const lots_patient *patients = batch->patient.data;
    for (size_t row = 0; row < batch->patient.count; row++) {
        if (row > 0 && patients[row] == patients[row - 1])
            continue;
        if (out->count >= batch->rows / PATIENT_ROWS_LEAST) {
            lots_vec_free(out);
            return LOTS_OK;
        }
        LOTS_TRY(lots_vec_push(out, &patients[row], err));
    }
    return LOTS_OK;
}

static lots_status copy_piece(lots_load *load, const lots_piece *rows, lots_error *err)
{
    lots_piece piece;
    LOTS_TRY(lots_pile_copy(&load->raw_pile, rows, &piece, err));
    lots_load_see_starts(load, rows->target, &rows->batch, &piece.from, &piece.until);
    lots_status status = list_patients(&rows->batch, &piece.patients, err);
    if (status == LOTS_OK) {
        pthread_mutex_lock(&load->lock);
        status = lots_vec_push(&load->raw, &piece, err);
        pthread_mutex_unlock(&load->lock);
    }
    if (status != LOTS_OK)
        lots_piece_close(&piece);
    return status;
}

/* What it held memory for is filled again, unless that is a lot. */
static lots_status put_piece(lots_load *load, lots_converter *converter, uint32_t target, lots_error *err)
{
    lots_piece *rows = &converter->pieces[target];
    LOTS_TRY(copy_piece(load, rows, err));
    lots_batch_clear(&rows->batch);
    rows->origins.count = 0;
    if (lots_batch_memory(&rows->batch) > LOTS_PIECE_BYTES / 2) {
        lots_piece_close(rows);
        converter->open[target] = false;
    }
    return LOTS_OK;
}

/* Put pieces that have `least` rows or are large. */
static lots_status put_pieces(lots_load *load, lots_converter *converter, uint32_t least, lots_error *err)
{
    converter->full = false;
    for (uint32_t i = 0; i < converter->target_count; i++) {
        if (!converter->open[i])
            continue;
        const lots_batch *batch = &converter->pieces[i].batch;
        if (batch->rows >= least || (batch->rows > 0 && lots_batch_memory(batch) >= LOTS_PIECE_BYTES))
            LOTS_TRY(put_piece(load, converter, i, err));
    }
    return LOTS_OK;
}

/* ---- progress ---- */

static void tell_progress(const parse_job *job)
{
    lots_load *load = job->load;
    uint64_t now = lots_clock_ns();
    if (load->options->progress == NULL)
        return;
    pthread_mutex_lock(&load->lock);
    if (now - load->progress_at >= PROGRESS_NS) {
        load->progress_at = now;
        load->options->progress(load->options->progress_context,
                                load->bytes_before + lots_rows_bytes_read(job->rows), load->bytes_all,
                                atomic_load(&load->rows_read));
    }
    pthread_mutex_unlock(&load->lock);
}

/* ---- one worker on one file ---- */

/* Blocks go to workers in turn: pieces that end with a block stand in the order of the file when put in order, and what comes
 * by patient and day needs no sort (load_settle.c). */

static lots_status convert_block(parse_job *job, lots_converter *converter, lots_rows_block *block,
                                 lots_csv_field *fields, lots_error *err)
{
    lots_csv_record record;
    uint64_t records = 0;
    for (; lots_rows_next(block, fields, &record); records++) {
        for (uint32_t i = 0; i < job->reading_count; i++)
            LOTS_TRY(lots_convert_record(converter, job->readings[i], fields, &record, err));
        if (converter->full)
            LOTS_TRY(put_pieces(job->load, converter, LOTS_PIECE_ROWS, err));
    }
    atomic_fetch_add(&job->records, records);
    atomic_fetch_add(&job->load->rows_read, records);
    return put_pieces(job->load, converter, BLOCK_ROWS_LEAST, err);
}

static lots_status convert_blocks(parse_job *job, lots_converter *converter, lots_rows_block *block,
                                  lots_csv_field *fields, lots_error *err)
{
    const _Atomic bool *stop = job->load->options->stop;
    for (;;) {
        bool more;
        if (stop != NULL && atomic_load(stop))
            return lots_fail(err, LOTS_INTERRUPTED, "stopped");
        LOTS_TRY(lots_rows_fill(job->rows, block, &more, err));
        if (!more)
            return LOTS_OK;
        LOTS_TRY(convert_block(job, converter, block, fields, err));
        tell_progress(job);
    }
}

static lots_status parse_task(void *context, size_t task, unsigned worker, lots_error *err)
{
    parse_job *job = context;
    lots_rows_block *block;
    void *fields;
    (void)task;
    LOTS_TRY(lots_alloc(&fields, (size_t)lots_rows_column_count(job->rows) + 1, sizeof(lots_csv_field), err));
    lots_status status = lots_rows_block_open(&block, job->rows, err);
    if (status == LOTS_OK) {
        status = convert_blocks(job, &job->load->converters[worker], block, fields, err);
        lots_rows_block_close(block);
    }
    lots_free(fields);
    return status;
}

/* ---- files ---- */

static lots_status bind_readings(parse_job *job, uint32_t file, lots_error *err)
{
    lots_load *load = job->load;
    const lots_load_input *input = job->input;
    void *room;
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, input->sources.count, sizeof *job->readings, err));
    job->readings = room;
    for (; job->reading_count < input->sources.count; job->reading_count++) {
        uint32_t source = LOTS_AT(uint32_t, &input->sources, job->reading_count);
        uint32_t target = load->target_of_source[source];
        LOTS_TRY(lots_reading_bind(&job->readings[job->reading_count], &load->arena, &load->mapping,
                                   &load->mapping.sources[source], &load->targets[target], target, job->rows, file,
                                   input->name, err));
    }
    return LOTS_OK;
}

static lots_status parse_rows(parse_job *job, uint32_t file, lots_error *err)
{
    lots_load *load = job->load;
    bool small = job->input->bytes > 0 && job->input->bytes < SMALL_FILE_BYTES;
    LOTS_TRY(bind_readings(job, file, err));
    lots_status status = lots_pool_run(load->pool, small ? 1 : load->threads, parse_task, job, load->options->stop,
                                       err);
    if (status == LOTS_IO && err != NULL && strstr(err->text, job->input->name) == NULL)
        lots_error_context(err, "'%s'", job->input->path);
    return status;
}

static lots_status hash_pieces(lots_file *file, uint8_t *buffer, uint64_t *out, lots_error *err)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    if (XXH3_64bits_reset(&state) != XXH_OK)
        return lots_fail(err, LOTS_INTERNAL, "XXH3 can't be begun");
    for (size_t got = 1; got > 0;) {
        LOTS_TRY(lots_file_read(file, buffer, HASH_BYTES, &got, err));
        if (got > 0 && XXH3_64bits_update(&state, buffer, got) != XXH_OK)
            return lots_fail(err, LOTS_INTERNAL, "XXH3 can't go on");
    }
    *out = XXH3_64bits_digest(&state);
    return LOTS_OK;
}

/* XXH3 of the file as it lies there, as `xxhsum -H3` tells it, where it wasn't taken while reading. */
static lots_status hash_file(lots_load_input *input, lots_error *err)
{
    lots_file file;
    void *buffer;
    if (strcmp(input->path, "-") == 0)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&buffer, HASH_BYTES, 1, err));
    lots_status status = lots_file_open(&file, input->path, err);
    if (status == LOTS_OK) {
        status = hash_pieces(&file, buffer, &input->hash, err);
        lots_file_close(&file);
    }
    lots_free(buffer);
    return status;
}

static lots_status parse_file(lots_load *load, uint32_t file, lots_error *err)
{
    parse_job job = {.load = load, .input = &LOTS_AT(lots_load_input, &load->inputs, file)};
    const lots_map_source *source = &load->mapping.sources[LOTS_AT(uint32_t, &job.input->sources, 0)];
    LOTS_TRY(lots_rows_open(&job.rows, job.input->path, source, err));
    job.input->separator = lots_rows_separator(job.rows, &job.input->separator_found);
    lots_status status = parse_rows(&job, file, err);
    bool hashed = lots_rows_hash(job.rows, &job.input->hash);
    lots_rows_close(job.rows);
    job.input->rows = atomic_load(&job.records);
    load->bytes_before += job.input->bytes;
    LOTS_TRY(status);
    return hashed ? LOTS_OK : hash_file(job.input, err);
}

lots_status lots_load_parse(lots_load *load, lots_error *err)
{
    for (uint32_t i = 0; i < load->inputs.count; i++)
        LOTS_TRY(parse_file(load, i, err));
    for (unsigned i = 0; i < load->threads; i++)
        LOTS_TRY(put_pieces(load, &load->converters[i], 1, err));
    if (load->options->progress != NULL)
        load->options->progress(load->options->progress_context, load->bytes_all, load->bytes_all,
                                atomic_load(&load->rows_read));
    return LOTS_OK;
}
