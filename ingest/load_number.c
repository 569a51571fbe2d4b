/* load_number.c: the final numbers of patients, codes and categories; what the registry held before as pieces beside the
 * new ones; and the plan of buckets. See load_inner.h. */
#include "core/base/memory.h"
#include "ingest/load_inner.h"

enum { BUCKET_ROWS_LEAST = 4096, BUCKETS_MAX = 1 << 16 };

/* ---- ids of the base ---- */

typedef struct base_ids {
    lots_bytes text;
    lots_vec ends; /* uint64_t */
} base_ids;

static lots_status read_segment_ids(const lots_load *load, uint32_t segment, base_ids *out, lots_error *err)
{
    lots_identity *identity;
    lots_bytes id = {0};
    LOTS_TRY(lots_registry_identity(load->base, segment, &identity, err));
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; status == LOTS_OK && i < lots_identity_count(identity); i++) {
        status = lots_identity_get(identity, i, &id, err);
        if (status == LOTS_OK)
            status = lots_bytes_append(&out->text, id.data, id.count, err);
        uint64_t end = out->text.count;
        if (status == LOTS_OK)
            status = lots_vec_push(&out->ends, &end, err);
    }
    lots_bytes_free(&id);
    lots_identity_close(identity);
    return status;
}

static lots_status read_base_ids(const lots_load *load, base_ids *out, lots_error *err)
{
    const uint64_t zero = 0;
    LOTS_TRY(lots_vec_push(&out->ends, &zero, err));
    if (load->base == NULL)
        return LOTS_OK;
    for (uint32_t i = 0; i < lots_registry_segments(load->base); i++)
        LOTS_TRY(read_segment_ids(load, i, out, err));
    if (out->ends.count != (size_t)lots_registry_patients(load->base) + 1)
        return lots_fail(err, LOTS_CORRUPT, "registry '%s' has %u patients and ids of %zu", lots_registry_path(load->base),
                         lots_registry_patients(load->base), out->ends.count - 1);
    return LOTS_OK;
}

static lots_status number_all(lots_load *load, const base_ids *ids, lots_error *err)
{
    const lots_numbering_options options = {.base = load->base, .base_ids = &ids->text, .base_ends = ids->ends.data,
                                            .base_patients = (uint32_t)(ids->ends.count - 1),
                                            .domain_names = load->domain_names,
                                            .unknown_refused = load->mapping.unknown_refused};
    void *room;
    lots_interner *interners;
    LOTS_TRY(lots_alloc(&room, load->threads, sizeof *interners, err));
    interners = room;
    for (unsigned i = 0; i < load->threads; i++)
        interners[i] = load->converters[i].interner; /* the same trees: lent for the call */
    lots_status status = lots_numbering_make(&load->numbering, interners, load->threads, &options, err);
    lots_free(interners);
    return status;
}

/* ---- rows of the base ---- */

static void renumber(lots_batch *batch, const lots_vec *map)
{
    for (size_t i = 0; i < batch->patient.count; i++) {
        lots_patient *patient = &LOTS_AT(lots_patient, &batch->patient, i);
        *patient = LOTS_AT(uint32_t, map, *patient);
    }
}

/* Columns of the base's stream → those of the schema now. */
static lots_status map_columns(const lots_stream *from, const lots_stream *to, lots_vec *map, lots_error *err)
{
    for (uint32_t i = 0; i < from->column_count; i++) {
        int32_t at = lots_stream_find_column(to, from->columns[i].name, strlen(from->columns[i].name));
        uint32_t column = at < 0 ? UINT32_MAX : (uint32_t)at;
        LOTS_TRY(lots_vec_push(map, &column, err));
    }
    return LOTS_OK;
}

static lots_status fill_base_piece(const lots_load *load, const lots_stream *from, uint32_t target,
                                   const lots_batch *rows, lots_piece *piece, lots_error *err)
{
    const lots_load_target *to = &load->targets[target];
    lots_vec map = LOTS_VEC(uint32_t);
    void *room;
    lots_status status = map_columns(from, to->stream, &map, err);
    if (status == LOTS_OK)
        status = lots_batch_append(&piece->batch, rows, map.data, err);
    lots_vec_free(&map);
    LOTS_TRY(status);
    renumber(&piece->batch, &load->numbering.base);
    LOTS_TRY(lots_vec_extend(&piece->origins, rows->rows, &room, err));
    for (uint32_t i = 0; i < rows->rows; i++)
        ((uint64_t *)room)[i] = LOTS_ORIGIN_BASE;
    return LOTS_OK;
}

static lots_status put_base_piece(lots_load *load, const lots_stream *from, uint32_t target, const lots_batch *rows,
                                  lots_error *err)
{
    const lots_load_target *to = &load->targets[target];
    lots_piece piece;
    LOTS_TRY(lots_piece_open(&piece, target, LOTS_PIECE_STABLE, to->columns, to->column_count, err));
    lots_status status = fill_base_piece(load, from, target, rows, &piece, err);
    if (status == LOTS_OK)
        status = lots_pile_put(&load->raw_pile, &piece, err);
    if (status == LOTS_OK)
        status = lots_vec_push(&load->raw, &piece, err);
    if (status != LOTS_OK)
        lots_piece_close(&piece);
    return status;
}

static void count_rows(const lots_load *load, const lots_batch *batch, uint32_t *counts)
{
    for (size_t i = 0; i < batch->patient.count; i++)
        counts[LOTS_AT(uint32_t, &load->numbering.base, LOTS_AT(lots_patient, &batch->patient, i))]++;
}

/* Rows of one stream in one segment of the base. */
static lots_status take_base_rows(lots_load *load, uint32_t segment, uint32_t stream, uint32_t *counts,
                                  lots_error *err)
{
    const lots_schema *schema = lots_registry_schema(load->base);
    const lots_stream *from = &schema->streams[stream];
    int32_t target = lots_schema_find_stream(&load->schema, from->name, strlen(from->name));
    lots_segment *opened;
    lots_batch batch;
    LOTS_TRY(lots_registry_segment(load->base, segment, &opened, err));
    LOTS_TRY(lots_segment_export(opened, stream, lots_registry_segment_first(load->base, segment), &batch, err));
    lots_status status = LOTS_OK;
    if (batch.rows > 0 && target >= 0) {
        count_rows(load, &batch, counts);
        status = put_base_piece(load, from, (uint32_t)target, &batch, err);
    }
    lots_batch_close(&batch);
    return status;
}

static lots_status take_base(lots_load *load, uint32_t *counts, lots_error *err)
{
    if (load->base == NULL)
        return LOTS_OK;
    const lots_schema *schema = lots_registry_schema(load->base);
    for (uint32_t i = 0; i < lots_registry_segments(load->base); i++)
        for (uint32_t s = 0; s < schema->stream_count; s++)
            LOTS_TRY(take_base_rows(load, i, s, counts, err));
    return LOTS_OK;
}

/* ---- buckets ---- */

/* Rows that a bucket may have, so that what a worker holds of one (its pieces, the rows together, the rows settled)
 * keeps within its share of the memory, and every worker has some buckets to settle. */
static uint64_t bucket_rows(const lots_load *load, uint64_t rows)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < load->raw.count; i++) {
        bytes += LOTS_AT(lots_piece, &load->raw, i).wide_bytes;
    }
    uint64_t row_bytes = rows == 0 ? 64 : bytes / rows + 1;
    uint64_t share = load->budget.limit_bytes / (load->threads * UINT64_C(6)) / row_bytes;
    if (share > LOTS_SEGMENT_EVENTS)
        share = LOTS_SEGMENT_EVENTS;
    if (share > rows / (load->threads * UINT64_C(4)) + 1)
        share = rows / (load->threads * UINT64_C(4)) + 1;
    if (share < rows / BUCKETS_MAX + 1)
        share = rows / BUCKETS_MAX + 1;
    return share < BUCKET_ROWS_LEAST ? BUCKET_ROWS_LEAST : share;
}

lots_status lots_load_add_bucket(lots_load *load, lots_patient first, lots_patient end, lots_error *err)
{
    void *room, *buckets = load->buckets;
    LOTS_TRY(lots_realloc(&buckets, (size_t)load->bucket_count + 1, sizeof *load->buckets, err));
    load->buckets = buckets;
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, load->stream_count, sizeof(lots_piece), err));
    lots_load_bucket *bucket = &load->buckets[load->bucket_count];
    *bucket = (lots_load_bucket){.first = first, .end = end, .pieces = LOTS_VEC(lots_piece), .settled = room};
    load->bucket_count++;
    return LOTS_OK;
}

static lots_status plan_buckets(lots_load *load, const uint32_t *counts, lots_error *err)
{
    uint32_t patients = load->numbering.patients, first = 0;
    uint64_t rows = 0, held = 0;
    for (uint32_t i = 0; i < patients; i++)
        rows += counts[i];
    uint64_t most = bucket_rows(load, rows);
    for (uint32_t i = 0; i < patients; i++) {
        if (i > first && (held + counts[i] > most || i - first >= LOTS_SEGMENT_PATIENTS)) {
            LOTS_TRY(lots_load_add_bucket(load, first, i, err));
            first = i;
            held = 0;
        }
        held += counts[i];
    }
    return first < patients ? lots_load_add_bucket(load, first, patients, err) : LOTS_OK;
}

static void count_new_rows(const lots_load *load, uint32_t *counts)
{
    for (unsigned i = 0; i < load->threads; i++) {
        const lots_vec *rows = &load->converters[i].interner.rows, *people = &load->numbering.people[i];
        for (size_t j = 0; j < rows->count; j++)
            if (LOTS_AT(uint32_t, people, j) != LOTS_NO_PATIENT)
                counts[LOTS_AT(uint32_t, people, j)] += LOTS_AT(uint32_t, rows, j);
    }
}

lots_status lots_load_number(lots_load *load, lots_error *err)
{
    base_ids ids = {.ends = LOTS_VEC(uint64_t)};
    void *room;
    lots_status status = read_base_ids(load, &ids, err);
    if (status == LOTS_OK)
        status = number_all(load, &ids, err);
    lots_bytes_free(&ids.text);
    lots_vec_free(&ids.ends);
    LOTS_TRY(status);
    load->result->patients_from_events = load->numbering.from_events;
    LOTS_TRY(lots_alloc(&room, (size_t)load->numbering.patients + 1, sizeof *load->events, err));
    load->events = room;
    LOTS_TRY(take_base(load, load->events, err));
    count_new_rows(load, load->events);
    LOTS_TRY(plan_buckets(load, load->events, err));
    memset(load->events, 0, (size_t)load->numbering.patients * sizeof *load->events);
    return LOTS_OK;
}
