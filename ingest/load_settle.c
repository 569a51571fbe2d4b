/* load_settle.c: one bucket (a range of patients) at a time: its pieces together, patients merged to one row each, children
 * attached to their parents, streams put into the total order with duplicates settled. Buckets are independent, so they
 * run in parallel. See load_inner.h. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "ingest/attach.h"
#include "ingest/load_inner.h"
#include "ingest/people.h"

typedef struct settle_job {
    lots_load *load;
    lots_load_tally *tally;
    lots_load_bucket *bucket;
    unsigned worker;
    lots_piece *all;       /* by target: the bucket's rows together */
    bool *open;            /* by target */
    lots_day *birth;       /* by patient of the bucket; LOTS_DAY_MIN: unknown */
    lots_day *death;       /* LOTS_DAY_MAX: alive */
} settle_job;

void lots_load_dictionaries(const lots_load *load, const lots_load_target *target, const lots_dictionary **out)
{
    for (uint32_t i = 0; i < target->column_count; i++)
        out[i] = target->domains[i] == UINT32_MAX ? NULL : load->numbering.domains[target->domains[i]];
}

/* ---- coverage ---- */

static const lots_map_stream *declared_stream(const lots_load *load, const char *name)
{
    for (uint32_t i = 0; i < load->mapping.stream_count; i++)
        if (strcmp(load->mapping.streams[i].name, name) == 0)
            return &load->mapping.streams[i];
    return NULL;
}

static void widen(lots_coverage *coverage, lots_day from, lots_day until)
{
    coverage->from = from < coverage->from ? from : coverage->from;
    coverage->until = until > coverage->until ? until : coverage->until;
}

static void take_declared(lots_coverage *out, const lots_map_coverage *declared)
{
    if (declared->given) {
        out->from = declared->from;
        out->until = declared->until;
        out->declared = true;
    }
    out->complete_until = declared->has_complete ? declared->complete_until : out->until;
    out->extract = declared->has_extract ? declared->extract : out->extract;
    out->declared = out->declared || declared->has_complete || declared->has_extract;
}

static void cover_stream(lots_load *load, uint32_t stream)
{
    const char *name = load->schema.streams[stream].name;
    const lots_map_stream *declared = declared_stream(load, name);
    lots_coverage *out = &load->coverage[stream];
    *out = (lots_coverage){.from = LOTS_DAY_MAX, .until = LOTS_DAY_MIN, .extract = LOTS_DAY_MIN};
    memcpy(out->stream, name, sizeof out->stream);
    for (unsigned i = 0; i < load->threads; i++)
        widen(out, load->tallies[i].seen[stream].from, load->tallies[i].seen[stream].until);
    if (load->base != NULL) {
        int32_t before = lots_schema_find_stream(lots_registry_schema(load->base), name, strlen(name));
        const lots_coverage *held = before < 0 ? NULL : lots_registry_coverage(load->base, (uint32_t)before);
        if (held != NULL) {
            widen(out, held->from, held->until);
            out->extract = held->extract;
            out->declared = held->declared;
        }
    }
    out->complete_until = out->until;
    if (declared != NULL)
        take_declared(out, &declared->coverage);
}

lots_status lots_load_cover(lots_load *load, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, load->stream_count, sizeof *load->coverage, err));
    load->coverage = room;
    for (uint32_t i = 1; i < load->stream_count; i++)
        if (lots_load_is_dated(load, i))
            cover_stream(load, i);
    return LOTS_OK;
}

/* ---- a bucket's rows together ---- */

static lots_status add_piece(settle_job *job, const lots_piece *piece, lots_error *err)
{
    lots_piece *all = &job->all[piece->target];
    const uint32_t before = all->batch.rows;
    LOTS_TRY(lots_piece_append(all, piece, err));
    return lots_load_renumber(job->load, piece->interner, all, before, err);
}

static lots_status open_streams(settle_job *job, lots_error *err)
{
    for (uint32_t i = 0; i < job->load->stream_count; i++) {
        const lots_load_target *target = &job->load->targets[i];
        if (job->open[i])
            continue;
        LOTS_TRY(lots_piece_open(&job->all[i], i, LOTS_PIECE_STABLE, target->columns, target->column_count, err));
        job->open[i] = true;
    }
    return LOTS_OK;
}

/* Into memory that an earlier bucket was done with. */
static void use_spare(settle_job *job)
{
    lots_load *load = job->load;
    pthread_mutex_lock(&load->lock);
    for (uint32_t i = 0; i < load->stream_count; i++) {
        lots_vec *spare = &load->spare[i];
        if (spare->count == 0)
            continue;
        job->all[i] = (lots_piece){.target = i, .interner = LOTS_PIECE_STABLE, .origins = LOTS_VEC(uint64_t),
                                   .batch = LOTS_AT(lots_batch, spare, --spare->count)};
        job->open[i] = true;
    }
    pthread_mutex_unlock(&load->lock);
}

/* The rows that a feed makes are final but for their order; each counts as read. */
static lots_status take_feed(settle_job *job, lots_error *err)
{
    const lots_load_feed *feed = job->load->options->feed;
    lots_batch *streams[LOTS_STREAMS_MAX];
    use_spare(job);
    LOTS_TRY(open_streams(job, err));
    for (uint32_t i = 0; i < job->load->stream_count; i++)
        streams[i] = &job->all[i].batch;
    LOTS_TRY(feed->fill(feed->context, job->worker, job->bucket->first, job->bucket->end, streams, err));
    for (uint32_t i = 0; i < job->load->stream_count; i++) {
        LOTS_TRY(lots_vec_extend(&job->all[i].origins, streams[i]->rows, NULL, err));
        job->load->converters[job->worker].counts[i].rows += streams[i]->rows;
    }
    return LOTS_OK;
}

/* Room for all rows that a target has in this bucket. */
static lots_status reserve_rows(settle_job *job, uint32_t target, lots_error *err)
{
    const lots_vec *pieces = &job->bucket->pieces;
    const lots_load_target *of = &job->load->targets[target];
    uint32_t rows = 0;
    for (size_t i = 0; i < pieces->count; i++)
        if (LOTS_AT(lots_piece, pieces, i).target == target)
            rows += LOTS_AT(lots_piece, pieces, i).rows;
    if (rows == 0)
        return LOTS_OK;
    LOTS_TRY(lots_piece_open(&job->all[target], target, LOTS_PIECE_STABLE, of->columns, of->column_count, err));
    job->open[target] = true;
    LOTS_TRY(lots_vec_reserve(&job->all[target].origins, rows, err));
    return lots_batch_reserve_rows(&job->all[target].batch, rows, err);
}

static int compare_origins(const void *a, const void *b)
{
    uint64_t left = ((const lots_piece *)a)->first_origin, right = ((const lots_piece *)b)->first_origin;
    return (left > right) - (left < right);
}

/* In the order of the files, which mostly is that of patients and days: then there is little to sort. */
static lots_status gather_pieces(settle_job *job, lots_error *err)
{
    lots_vec *pieces = &job->bucket->pieces;
    if (job->load->options->feed != NULL)
        return take_feed(job, err);
    if (pieces->count > 0)
        qsort(pieces->data, pieces->count, sizeof(lots_piece), compare_origins);
    for (uint32_t i = 0; i < job->load->target_count; i++)
        LOTS_TRY(reserve_rows(job, i, err));
    for (size_t i = 0; i < pieces->count; i++) {
        lots_piece *piece = &LOTS_AT(lots_piece, pieces, i);
        LOTS_TRY(add_piece(job, piece, err));
        lots_piece_close(piece);
        *piece = (lots_piece){0};
    }
    pieces->count = 0;
    return open_streams(job, err);
}

static lots_status list_deliveries(const lots_piece *piece, uint32_t **out, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_alloc(&room, (size_t)piece->batch.rows + 1, sizeof **out, err));
    *out = room;
    for (uint32_t i = 0; i < piece->batch.rows; i++)
        (*out)[i] = lots_origin_delivery(LOTS_AT(uint64_t, &piece->origins, i));
    return LOTS_OK;
}

/* ---- patients ---- */

static void read_days(const lots_batch *patients, int32_t column, lots_day unknown, lots_day *out)
{
    for (uint32_t i = 0; i < patients->rows; i++) {
        bool known = column >= 0 && !LOTS_AT(uint8_t, &patients->columns[column].missing, i);
        out[i] = known ? LOTS_AT(int32_t, &patients->columns[column].values, i) : unknown;
    }
}

static lots_status find_lives(settle_job *job, const lots_batch *patients, lots_error *err)
{
    const lots_stream *stream = &job->load->schema.streams[0];
    void *room;
    LOTS_TRY(lots_alloc(&room, (size_t)patients->rows * 2 + 1, sizeof(lots_day), err));
    job->birth = room;
    job->death = job->birth + patients->rows;
    read_days(patients, lots_stream_find_role(stream, LOTS_ROLE_BIRTH), LOTS_DAY_MIN, job->birth);
    read_days(patients, lots_stream_find_role(stream, LOTS_ROLE_DEATH), LOTS_DAY_MAX, job->death);
    return LOTS_OK;
}

static lots_status put_settled(settle_job *job, uint32_t stream, lots_batch *batch, lots_error *err)
{
    lots_piece *settled = &job->bucket->settled[stream];
    *settled = (lots_piece){.target = stream, .interner = LOTS_PIECE_STABLE, .batch = *batch,
                            .origins = LOTS_VEC(uint64_t)};
    return lots_pile_put(&job->load->settled_pile, settled, err);
}

static void count_people(settle_job *job, const lots_people_counts *counts, uint64_t fresh)
{
    lots_load_stream *stream = &job->tally->streams[0];
    lots_load_counts *target = &job->tally->targets[0];
    stream->events += job->bucket->end - job->bucket->first;
    stream->added += counts->added;
    stream->changed += counts->changed;
    stream->same += counts->same;
    target->duplicates += counts->duplicates;
    target->conflicts += counts->conflicts;
    target->loaded += fresh - counts->duplicates;
}

static lots_status merge_people(settle_job *job, const uint32_t *deliveries, lots_batch *out, lots_error *err)
{
    const lots_load_target *target = &job->load->targets[0];
    const lots_batch *rows = &job->all[0].batch;
    const lots_dictionary *domains[LOTS_COLUMNS_MAX];
    lots_people_counts counts;
    uint64_t fresh = 0;
    lots_load_dictionaries(job->load, target, domains);
    const lots_people_input input = {rows, deliveries, job->load->numbering.codes, domains, job->bucket->first,
                                     job->bucket->end - job->bucket->first};
    LOTS_TRY(lots_people_merge(&input, out, &counts, err));
    for (uint32_t i = 0; i < rows->rows; i++)
        fresh += deliveries[i] > 0;
    count_people(job, &counts, fresh);
    return LOTS_OK;
}

static lots_status settle_patients(settle_job *job, lots_error *err)
{
    uint32_t *deliveries;
    lots_batch patients;
    LOTS_TRY(list_deliveries(&job->all[0], &deliveries, err));
    lots_status status = merge_people(job, deliveries, &patients, err);
    lots_free(deliveries);
    LOTS_TRY(status);
    status = find_lives(job, &patients, err);
    if (status != LOTS_OK) {
        lots_batch_close(&patients);
        return status;
    }
    return put_settled(job, 0, &patients, err);
}

/* ---- children ---- */

static lots_order_context order_context(const settle_job *job, const lots_load_target *target,
                                        const lots_dictionary **domains)
{
    lots_load_dictionaries(job->load, target, domains);
    lots_order_context context = {.stream = target->stream, .codes = job->load->numbering.codes, .domains = domains,
                                  .death = job->death, .first_patient = job->bucket->first,
                                  .covered_until = LOTS_DAY_MAX};
    if (target->kind == LOTS_MAP_STREAM && lots_load_is_dated(job->load, target->index) &&
        job->load->coverage[target->index].from != LOTS_DAY_MAX)
        context.covered_until = job->load->coverage[target->index].until;
    return context;
}

static lots_status reject_orphan(settle_job *job, const lots_piece *children, uint32_t row, lots_error *err)
{
    const lots_load_target *target = &job->load->targets[children->target];
    lots_load_counts *counts = &job->tally->targets[children->target];
    uint64_t origin = LOTS_AT(uint64_t, &children->origins, row);
    int32_t key = lots_stream_find_column(target->stream, LOTS_MAP_PARENT_KEY, strlen(LOTS_MAP_PARENT_KEY));
    const lots_batch_column *keys = &children->batch.columns[key];
    uint32_t first = LOTS_AT(uint32_t, &keys->offsets, row), end = LOTS_AT(uint32_t, &keys->offsets, row + 1);
    counts->unattached++;
    counts->filtered += target->orphans_counted;
    counts->rejected += !target->orphans_counted;
    if (target->orphans_counted)
        return LOTS_OK;
    return lots_rejects_add(&job->tally->rejects, lots_origin_file(origin), lots_origin_line(origin), "parent",
                            (const char *)keys->values.data + first, end - first, "its parent record isn't there",
                            err);
}

/* The children whose parent is there, as a piece; the others are rejected. */
static lots_status choose_children(settle_job *job, const lots_attach *attach, const lots_piece *children,
                                   lots_piece *out, lots_error *err)
{
    const lots_load_target *target = &job->load->targets[children->target];
    int32_t key = lots_stream_find_column(target->stream, LOTS_MAP_PARENT_KEY, strlen(LOTS_MAP_PARENT_KEY));
    void *room;
    LOTS_TRY(lots_alloc(&room, (size_t)children->batch.rows + 1, sizeof(uint32_t), err));
    uint32_t *order = room, count = 0;
    lots_status status = LOTS_OK;
    for (uint32_t row = 0; status == LOTS_OK && row < children->batch.rows; row++)
        if (lots_attach_has(attach, &children->batch, (uint32_t)key, row))
            order[count++] = row;
        else
            status = reject_orphan(job, children, row, err);
    if (status == LOTS_OK)
        status = lots_piece_choose(children, order, count, out, err);
    lots_free(order);
    return status;
}

static lots_status settle_children(settle_job *job, const lots_piece *children, lots_batch *out, lots_error *err)
{
    const lots_dictionary *domains[LOTS_COLUMNS_MAX];
    const lots_order_context context = order_context(job, &job->load->targets[children->target], domains);
    lots_load_counts *target = &job->tally->targets[children->target];
    lots_settle_counts counts;
    uint32_t *deliveries;
    LOTS_TRY(list_deliveries(children, &deliveries, err));
    lots_status status = lots_order_settle(&context, &children->batch, deliveries, out, &counts, err);
    lots_free(deliveries);
    LOTS_TRY(status);
    target->duplicates += counts.duplicates + counts.conflicts;
    target->conflicts += counts.conflicts;
    target->identical += counts.identical;
    target->loaded += out->rows;
    return LOTS_OK;
}

static const lots_map_source *source_of_child(const lots_load *load, uint32_t target)
{
    for (uint32_t i = 0; i < load->mapping.source_count; i++)
        if (load->target_of_source[i] == target)
            return &load->mapping.sources[i];
    return NULL;
}

static lots_status gather_children(settle_job *job, lots_attach *attach, uint32_t child, lots_batch *out,
                                   lots_error *err)
{
    lots_piece chosen;
    lots_batch settled;
    LOTS_TRY(choose_children(job, attach, &job->all[child], &chosen, err));
    lots_status status = settle_children(job, &chosen, &settled, err);
    lots_piece_close(&chosen);
    LOTS_TRY(status);
    status = lots_attach_gather(attach, source_of_child(job->load, child), &settled, out, err);
    lots_batch_close(&settled);
    return status;
}

/* Replace the parents' rows by rows with what their children hold. */
static lots_status attach_child(settle_job *job, uint32_t stream, uint32_t child, lots_error *err)
{
    lots_piece *parents = &job->all[stream];
    int32_t key = lots_stream_find_role(job->load->targets[stream].stream, LOTS_ROLE_KEY);
    lots_attach *attach;
    lots_batch filled;
    void *room;
    LOTS_TRY(lots_alloc(&room, (size_t)parents->batch.rows + 1, 1, err));
    uint8_t *taken = room;
    for (uint32_t i = 0; i < parents->batch.rows; i++)
        taken[i] = lots_origin_delivery(LOTS_AT(uint64_t, &parents->origins, i)) > 0;
    lots_status status = lots_attach_open(&attach, &parents->batch, (uint32_t)key, taken, err);
    lots_free(taken);
    LOTS_TRY(status);
    status = gather_children(job, attach, child, &filled, err);
    lots_attach_close(attach);
    LOTS_TRY(status);
    lots_batch_close(&parents->batch);
    parents->batch = filled;
    return LOTS_OK;
}

static lots_status attach_children(settle_job *job, uint32_t stream, lots_error *err)
{
    const lots_load *load = job->load;
    for (uint32_t i = load->stream_count; i < load->stream_count + load->child_count; i++) {
        const lots_map_source *source = source_of_child(load, i);
        const char *parent = load->mapping.streams[source->index].name;
        if (job->open[i] && strcmp(parent, load->schema.streams[stream].name) == 0)
            LOTS_TRY(attach_child(job, stream, i, err));
    }
    return LOTS_OK;
}

/* ---- streams ---- */

static void count_lives(settle_job *job, uint32_t stream, const lots_batch *batch)
{
    lots_load_stream *counts = &job->tally->streams[stream];
    int32_t start = lots_stream_find_role(job->load->targets[stream].stream, LOTS_ROLE_START);
    for (uint32_t i = 0; i < batch->rows; i++) {
        uint32_t patient = LOTS_AT(lots_patient, &batch->patient, i);
        job->load->events[patient]++;
        if (start < 0 || job->load->schema.streams[stream].undated)
            continue;
        lots_day day = LOTS_AT(int32_t, &batch->columns[start].values, i);
        bool missing = LOTS_AT(uint8_t, &batch->columns[start].missing, i);
        counts->undated += missing;
        counts->before_birth += !missing && day < job->birth[patient - job->bucket->first];
        counts->after_death += !missing && day > job->death[patient - job->bucket->first];
    }
}

static lots_status count_stream(settle_job *job, uint32_t stream, uint64_t rows, uint64_t fresh,
                                const lots_settle_counts *counts, uint64_t kept, lots_error *err)
{
    lots_load_stream *out = &job->tally->streams[stream];
    lots_load_counts *target = &job->tally->targets[stream];
    uint64_t loaded = counts->added + counts->changed + counts->same;
    if (rows != kept + counts->duplicates + counts->conflicts + counts->changed + counts->same ||
        fresh != loaded + counts->duplicates + counts->conflicts)
        return lots_fail(err, LOTS_INTERNAL, "stream '%s': %ju rows don't add up after settling",
                         job->load->schema.streams[stream].name, (uintmax_t)rows);
    out->events += kept;
    out->added += counts->added;
    out->changed += counts->changed;
    out->same += counts->same;
    out->ghosts += counts->ghosts;
    target->duplicates += counts->duplicates + counts->conflicts;
    target->conflicts += counts->conflicts;
    target->identical += counts->identical;
    target->loaded += loaded;
    return LOTS_OK;
}

static lots_status order_stream(settle_job *job, uint32_t stream, const uint32_t *deliveries, lots_batch *out,
                                lots_error *err)
{
    const lots_dictionary *domains[LOTS_COLUMNS_MAX];
    lots_batch *batch = &job->all[stream].batch;
    const uint32_t rows = batch->rows;
    const lots_order_context context = order_context(job, &job->load->targets[stream], domains);
    lots_settle_counts counts;
    uint64_t fresh = 0;
    LOTS_TRY(lots_order_settle_taking(&context, batch, deliveries, out, &counts, err));
    for (uint32_t i = 0; i < rows; i++)
        fresh += deliveries[i] > 0;
    lots_status status = count_stream(job, stream, rows, fresh, &counts, out->rows, err);
    if (status != LOTS_OK)
        lots_batch_close(out);
    return status;
}

static lots_status settle_stream(settle_job *job, uint32_t stream, lots_error *err)
{
    uint32_t *deliveries;
    lots_batch settled;
    LOTS_TRY(attach_children(job, stream, err));
    LOTS_TRY(list_deliveries(&job->all[stream], &deliveries, err));
    lots_status status = order_stream(job, stream, deliveries, &settled, err);
    lots_free(deliveries);
    LOTS_TRY(status);
    count_lives(job, stream, &settled);
    lots_piece_close(&job->all[stream]);
    job->open[stream] = false;
    return put_settled(job, stream, &settled, err);
}

static lots_status settle_bucket(settle_job *job, lots_error *err)
{
    LOTS_TRY(gather_pieces(job, err));
    LOTS_TRY(settle_patients(job, err));
    for (uint32_t i = 1; i < job->load->stream_count; i++)
        LOTS_TRY(settle_stream(job, i, err));
    return LOTS_OK;
}

static lots_status settle_task(void *context, size_t task, unsigned worker, lots_error *err)
{
    lots_load *load = context;
    settle_job job = {.load = load, .tally = &load->tallies[worker], .worker = worker,
                      .bucket = &load->buckets[load->settle_first + task]};
    void *all, *open = NULL;
    LOTS_TRY(lots_alloc(&all, load->target_count, sizeof *job.all, err));
    job.all = all;
    lots_status status = lots_alloc(&open, load->target_count, sizeof *job.open, err);
    job.open = open;
    if (status == LOTS_OK)
        status = settle_bucket(&job, err);
    for (uint32_t i = 0; open != NULL && i < load->target_count; i++)
        if (job.open[i])
            lots_piece_close(&job.all[i]);
    lots_free(job.birth);
    lots_free(all);
    lots_free(open);
    return status;
}

lots_status lots_load_settle_between(lots_load *load, uint32_t first, uint32_t end, lots_error *err)
{
    load->settle_first = first;
    return lots_pool_run(load->pool, end - first, settle_task, load, load->options->stop, err);
}
