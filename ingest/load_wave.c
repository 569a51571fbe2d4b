/* load_wave.c: buckets are settled and written some at a time, and what they held is let go: settled rows are in memory only for
 * that long, and never need a spill file. See load_inner.h. */
#include "ingest/load_inner.h"

/* Memory that was asked for once is not asked for again, nor touched for the first time: that costs more than to fill it. */
static lots_status keep_memory(lots_load *load, lots_piece *piece, lots_error *err)
{
    lots_batch batch = piece->batch;
    if (load->spare == NULL || batch.column_count == 0)
        return LOTS_OK;
    lots_batch_clear(&batch);
    LOTS_TRY(lots_vec_push(&load->spare[piece->target], &batch, err));
    piece->batch = (lots_batch){.patient = LOTS_VEC(lots_patient)};
    return LOTS_OK;
}

lots_status lots_load_let_go(lots_load *load, uint32_t *held, lots_error *err)
{
    lots_patient written = lots_load_written(load);
    for (; *held < load->bucket_count && load->buckets[*held].end <= written; (*held)++)
        for (uint32_t s = 0; s < load->stream_count; s++) {
            lots_piece *piece = &load->buckets[*held].settled[s];
            LOTS_TRY(keep_memory(load, piece, err));
            lots_piece_close(piece);
            *piece = (lots_piece){0};
        }
    return LOTS_OK;
}

static uint64_t rows_of(const lots_load_bucket *bucket)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < bucket->pieces.count; i++)
        rows += LOTS_AT(lots_piece, &bucket->pieces, i).rows;
    return rows;
}

/* A wave is a bucket for each worker at least, and a segment for each if there are as many rows. */
static uint32_t wave_end(const lots_load *load, uint32_t first)
{
    const uint64_t segment = load->options->segment_events != 0 ? load->options->segment_events : LOTS_SEGMENT_EVENTS;
    uint64_t rows = 0;
    uint32_t end = first;
    for (; end < load->bucket_count && (end - first < load->threads || rows < segment * load->threads); end++)
        rows += rows_of(&load->buckets[end]);
    return end;
}

static lots_status run_waves(lots_load *load, lots_error *err)
{
    for (uint32_t first = 0, end, held = 0; first < load->bucket_count; first = end) {
        end = wave_end(load, first);
        LOTS_TRY(lots_load_settle_between(load, first, end, err));
        LOTS_TRY(lots_load_write_until(load, load->buckets[end - 1].end, end == load->bucket_count, err));
        LOTS_TRY(lots_load_let_go(load, &held, err));
    }
    return lots_load_write_finish(load, err);
}

lots_status lots_load_settle_and_write(lots_load *load, lots_error *err)
{
    LOTS_TRY(lots_load_cover(load, err));
    LOTS_TRY(lots_load_write_begin(load, err));
    const lots_status status = run_waves(load, err);
    lots_load_write_end(load);
    return status;
}
