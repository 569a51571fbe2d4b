/* load_write.c: settled rows → segments → the next generation. Where segments are cut is a function of the patients and
 * their settled events alone, so the same content has the same segments however it came. See load_inner.h. */
#include <stdatomic.h>

#include "core/base/day.h"
#include "core/base/memory.h"
#include "ingest/load_inner.h"

typedef struct planned_segment {
    lots_patient first, end;
    uint64_t id;
    char *path, *identity_path;
    lots_manifest_entry entry;
} planned_segment;

typedef struct lots_load_writing {
    lots_load *load;
    lots_vec segments;           /* planned_segment */
    size_t written;              /* of them */
    lots_patient first, planned; /* of the segment being filled; up to where patients were looked at */
    uint64_t held;               /* its events so far */
    lots_batch *streams;         /* by worker and stream: the rows of the segment it is at; kept for its next one */
    lots_batch *tables;
    const lots_batch **table_list;
    uint32_t table_count;
    lots_vec entries, coverage, log;
    lots_bytes sources;
    _Atomic uint64_t bytes;
} write_job;

/* ---- cutting ---- */

static lots_status add_segment(write_job *job, lots_patient first, lots_patient end, lots_error *err)
{
    planned_segment segment = {.first = first, .end = end};
    LOTS_TRY(lots_registry_new_segment(job->load->writer, &segment.id, &segment.path, &segment.identity_path, err));
    lots_status status = lots_vec_push(&job->segments, &segment, err);
    if (status != LOTS_OK) {
        lots_free(segment.path);
        lots_free(segment.identity_path);
    }
    return status;
}

static lots_status plan_segments(write_job *job, lots_patient settled, bool last, lots_error *err)
{
    const lots_load *load = job->load;
    uint64_t most = load->options->segment_events != 0 ? load->options->segment_events : LOTS_SEGMENT_EVENTS;
    for (; job->planned < settled; job->planned++) {
        lots_patient at = job->planned;
        if (at > job->first && (job->held + load->events[at] > most || at - job->first >= LOTS_SEGMENT_PATIENTS)) {
            LOTS_TRY(add_segment(job, job->first, at, err));
            job->first = at;
            job->held = 0;
        }
        job->held += load->events[at];
    }
    if (!last || job->first == settled)
        return LOTS_OK;
    LOTS_TRY(add_segment(job, job->first, settled, err));
    job->first = settled;
    return LOTS_OK;
}

/* ---- one segment ---- */

/* First row of a settled batch whose patient is not before `patient`. */
static uint32_t first_row(const lots_batch *batch, lots_patient patient)
{
    uint32_t low = 0, high = batch->rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (LOTS_AT(lots_patient, &batch->patient, middle) < patient)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static lots_status append_bucket(lots_load *load, const lots_load_bucket *bucket, uint32_t stream,
                                 const planned_segment *segment, lots_batch *to, lots_error *err)
{
    const lots_load_target *target = &load->targets[stream];
    const lots_piece *read;
    lots_piece room;
    LOTS_TRY(lots_piece_read(&bucket->settled[stream], target->columns, target->column_count, &room, &read, err));
    uint32_t first = first_row(&read->batch, segment->first), end = first_row(&read->batch, segment->end);
    lots_status status = lots_batch_append_rows(to, &read->batch, first, end - first, err);
    lots_piece_close(&room);
    return status;
}

static lots_status fill_stream(lots_load *load, uint32_t stream, const planned_segment *segment, lots_batch *out,
                               lots_error *err)
{
    const lots_load_target *target = &load->targets[stream];
    if (out->column_count == 0)
        LOTS_TRY(lots_batch_open(out, target->columns, target->column_count, err));
    lots_batch_clear(out);
    for (uint32_t i = 0; i < load->bucket_count; i++) {
        const lots_load_bucket *bucket = &load->buckets[i];
        if (bucket->first < segment->end && bucket->end > segment->first)
            LOTS_TRY(append_bucket(load, bucket, stream, segment, out, err));
    }
    return LOTS_OK;
}

static lots_status write_files(write_job *job, planned_segment *segment, const lots_batch *const *streams,
                               lots_error *err)
{
    const lots_load *load = job->load;
    uint32_t patients = segment->end - segment->first;
    const lots_segment_input input = {.id = segment->id, .schema = &load->schema, .patients = patients,
                                      .first_patient = segment->first, .streams = streams,
                                      .codes = load->numbering.codes,
                                      .domains = (const lots_dictionary *const *)load->numbering.domains,
                                      .domain_names = load->domain_names, .domain_count = load->domain_count};
    lots_segment_result result;
    LOTS_TRY(lots_segment_write(segment->path, &input, &result, err));
    segment->entry = (lots_manifest_entry){segment->id, patients, result.events, result.bytes, result.hash};
    atomic_fetch_add(&job->bytes, result.bytes);
    return lots_identity_write(segment->identity_path, segment->id, (const char *)load->numbering.ids.data,
                               &LOTS_AT(uint64_t, &load->numbering.id_ends, segment->first), patients, err);
}

static lots_status write_task(void *context, size_t task, unsigned worker, lots_error *err)
{
    write_job *job = context;
    planned_segment *segment = &LOTS_AT(planned_segment, &job->segments, job->written + task);
    const lots_batch *streams[LOTS_STREAMS_MAX];
    uint32_t count = job->load->stream_count;
    for (uint32_t i = 0; i < count; i++) {
        lots_batch *batch = &job->streams[(size_t)worker * count + i];
        LOTS_TRY(fill_stream(job->load, i, segment, batch, err));
        streams[i] = batch;
    }
    return write_files(job, segment, streams, err);
}

/* ---- the generation ---- */

static lots_status make_tables(write_job *job, lots_error *err)
{
    uint32_t count = job->load->schema.table_count;
    void *room;
    LOTS_TRY(lots_alloc(&room, count, sizeof *job->tables, err));
    job->tables = room;
    LOTS_TRY(lots_alloc(&room, count, sizeof *job->table_list, err));
    job->table_list = room;
    for (; job->table_count < count; job->table_count++) {
        LOTS_TRY(lots_load_make_table(job->load, job->table_count, &job->tables[job->table_count], err));
        job->table_list[job->table_count] = &job->tables[job->table_count];
    }
    return LOTS_OK;
}

static lots_status list_coverage(write_job *job, lots_error *err)
{
    const lots_load *load = job->load;
    for (uint32_t i = 1; i < load->stream_count; i++)
        if (lots_load_is_dated(load, i))
            LOTS_TRY(lots_vec_push(&job->coverage, &load->coverage[i], err));
    if (load->base == NULL)
        return LOTS_OK;
    for (uint32_t i = 0; i < lots_registry_coverage_count(load->base); i++) {
        const lots_coverage *held = lots_registry_coverage_at(load->base, i);
        if (held->unit[0] != '\0')
            LOTS_TRY(lots_vec_push(&job->coverage, held, err));
    }
    return LOTS_OK;
}

/* What was read: the mapping, then a line for each file with its size and hash. */
static lots_status describe_sources(write_job *job, lots_error *err)
{
    const lots_load *load = job->load;
    LOTS_TRY(lots_bytes_printf(&job->sources, err, "%s", load->mapping.name));
    for (size_t i = 0; i < load->inputs.count; i++) {
        const lots_load_input *input = &LOTS_AT(lots_load_input, &load->inputs, i);
        LOTS_TRY(lots_bytes_printf(&job->sources, err, "\n%s %ju bytes xxh3 %016jx", input->name,
                                   (uintmax_t)input->bytes, (uintmax_t)input->hash));
    }
    if (load->options->feed != NULL)
        LOTS_TRY(lots_bytes_printf(&job->sources, err, "\n%s", load->options->feed->origin));
    return lots_bytes_put8(&job->sources, 0, err);
}

static lots_status list_log(write_job *job, lots_error *err)
{
    const lots_load_result *result = job->load->result;
    LOTS_TRY(describe_sources(job, err));
    for (size_t i = 0; i < result->count_count; i++) {
        const lots_load_counts *counts = &result->counts[i];
        lots_ingest_entry entry = {.source = (char *)job->sources.data, .rows = counts->rows, .loaded = counts->loaded,
                                   .rejected = counts->rejected, .duplicates = counts->duplicates,
                                   .conflicts = counts->conflicts, .identical = counts->identical};
        LOTS_TRY(lots_arena_printf(&job->load->arena, &entry.stream, err, "%s%s%s", counts->stream,
                                   counts->child[0] != '\0' ? "/" : "", counts->child));
        LOTS_TRY(lots_vec_push(&job->log, &entry, err));
    }
    return LOTS_OK;
}

static lots_status publish(write_job *job, lots_error *err)
{
    lots_load *load = job->load;
    const char *keys[2], *values[2];
    char until[11];
    size_t settings = 0;
    for (size_t i = 0; i < job->segments.count; i++)
        LOTS_TRY(lots_vec_push(&job->entries, &LOTS_AT(planned_segment, &job->segments, i).entry, err));
    if (load->mapping.has_until) {
        lots_day_format(load->mapping.until, until);
        keys[settings] = "until";
        values[settings++] = until;
    }
    if (load->mapping.min_cell != NULL) {
        keys[settings] = "min_cell";
        values[settings++] = load->mapping.min_cell;
    }
    const lots_generation_input input = {
        .schema = &load->schema, .codes = load->numbering.codes,
        .domains = (const lots_dictionary *const *)load->numbering.domains, .domain_names = load->domain_names,
        .domain_count = load->domain_count, .segments = job->entries.data,
        .segment_count = (uint32_t)job->entries.count, .coverage = job->coverage.data,
        .coverage_count = (uint32_t)job->coverage.count, .tables = job->table_list, .log = job->log.data,
        .log_count = job->log.count, .setting_keys = keys, .setting_values = values, .setting_count = settings,
        .pool = load->pool};
    return lots_registry_publish(load->writer, &input, &load->result->generation, err);
}

/* Over the limit nothing is published: segments that were written are nobody's, and go. */
static lots_status check_rejects(const lots_load *load, lots_error *err)
{
    const lots_load_result *result = load->result;
    double limit = load->options->max_rejects_given ? load->options->max_rejects : LOTS_LOAD_REJECT_FRACTION;
    if (result->rejected == 0 || (double)result->rejected <= limit * (double)result->rows)
        return LOTS_OK;
    return lots_fail(err, LOTS_REJECTS, "%ju of %ju rows were rejected, %.3g%% where %.3g%% is allowed: nothing was published",
                     (uintmax_t)result->rejected, (uintmax_t)result->rows,
                     100.0 * (double)result->rejected / (double)result->rows, 100.0 * limit);
}

lots_status lots_load_write_begin(lots_load *load, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, 1, sizeof(write_job), err));
    load->writing = room;
    *load->writing = (write_job){.load = load, .segments = LOTS_VEC(planned_segment),
                                 .entries = LOTS_VEC(lots_manifest_entry), .coverage = LOTS_VEC(lots_coverage),
                                 .log = LOTS_VEC(lots_ingest_entry)};
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, (size_t)load->threads * load->stream_count, sizeof(lots_batch), err));
    load->writing->streams = room;
    return LOTS_OK;
}

lots_status lots_load_write_until(lots_load *load, lots_patient settled, bool last, lots_error *err)
{
    write_job *job = load->writing;
    LOTS_TRY(plan_segments(job, settled, last, err));
    LOTS_TRY(lots_pool_run(load->pool, job->segments.count - job->written, write_task, job, load->options->stop, err));
    job->written = job->segments.count;
    return LOTS_OK;
}

lots_patient lots_load_written(const lots_load *load) { return load->writing->first; }

/* Tables and the account of every row; over the limit of rejects nothing more is done. */
static lots_status account(write_job *job, lots_error *err)
{
    LOTS_TRY(make_tables(job, err));
    LOTS_TRY(lots_load_tell(job->load, err));
    return check_rejects(job->load, err);
}

static lots_status publish_all(write_job *job, lots_error *err)
{
    lots_load *load = job->load;
    LOTS_TRY(list_coverage(job, err));
    LOTS_TRY(list_log(job, err));
    if (load->options->stop != NULL && atomic_load(load->options->stop))
        return lots_fail(err, LOTS_INTERRUPTED, "stopped");
    LOTS_TRY(publish(job, err));
    load->result->patients = load->numbering.patients;
    load->result->segments = job->segments.count;
    load->result->bytes_written = atomic_load(&job->bytes);
    return LOTS_OK;
}

/* What is on its way to the disk from here on is the generation alone. */
lots_status lots_load_write_finish(lots_load *load, lots_error *err)
{
    lots_pile_drop_spilled(&load->raw_pile);
    lots_pile_drop_spilled(&load->bucket_pile);
    lots_pile_drop_spilled(&load->settled_pile);
    LOTS_TRY(account(load->writing, err));
    return publish_all(load->writing, err);
}

void lots_load_write_end(lots_load *load)
{
    write_job *job = load->writing;
    if (job == NULL)
        return;
    for (size_t i = 0; i < job->segments.count; i++) {
        lots_free(LOTS_AT(planned_segment, &job->segments, i).path);
        lots_free(LOTS_AT(planned_segment, &job->segments, i).identity_path);
    }
    for (uint32_t i = 0; job->streams != NULL && i < load->threads * load->stream_count; i++)
        lots_batch_close(&job->streams[i]);
    for (uint32_t i = 0; i < job->table_count; i++)
        lots_batch_close(&job->tables[i]);
    lots_free(job->tables);
    lots_free(job->table_list);
    lots_vec_free(&job->segments);
    lots_vec_free(&job->entries);
    lots_vec_free(&job->coverage);
    lots_vec_free(&job->log);
    lots_bytes_free(&job->sources);
    load->writing = NULL;
}
