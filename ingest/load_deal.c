/* load_deal.c: raw pieces → buckets: a piece whose rows are all of one bucket goes there unread; of another, local numbers
 * become final ones, rows of patients that aren't taken are rejected, and the rows of each range of patients go to its bucket. Any worker deals any piece; what lands in a bucket is the same
 * set of rows whoever dealt it. See load_inner.h. */
#include "core/base/memory.h"
#include "ingest/load_inner.h"

/* ---- numbers ---- */

static bool has_ids(const lots_column *column)
{
    return column->kind == LOTS_KIND_CATEGORY || column->kind == LOTS_KIND_CODE || column->kind == LOTS_KIND_CODES;
}

lots_status lots_load_renumber(const lots_load *load, uint32_t interner, lots_piece *piece, uint32_t first,
                               lots_error *err)
{
    const lots_load_target *target = &load->targets[piece->target];
    if (interner == LOTS_PIECE_STABLE)
        return LOTS_OK;
    for (uint32_t i = 0; i < target->column_count; i++) {
        if (!has_ids(&target->columns[i]))
            continue;
        const lots_vec *map = lots_numbering_map(&load->numbering, interner, target->domains[i]);
        LOTS_TRY(lots_batch_remap_from(&piece->batch, i, first, map->data, (uint32_t)map->count, err));
    }
    const uint32_t *people = load->numbering.people[interner].data;
    lots_patient *patients = piece->batch.patient.data;
    for (size_t row = first; target->stream != NULL && row < piece->batch.patient.count; row++)
        patients[row] = people[patients[row]];
    return LOTS_OK;
}

/* ---- rows ---- */

static lots_status reject_unknown(const lots_load *load, lots_load_tally *tally, const lots_piece *piece, uint32_t row,
                                  lots_error *err)
{
    const lots_load_target *target = &load->targets[piece->target];
    lots_load_counts *counts = &tally->targets[piece->target];
    uint64_t origin = LOTS_AT(uint64_t, &piece->origins, row);
    bool child = target->kind == LOTS_MAP_CHILD;
    bool counted = child ? target->orphans_counted : load->mapping.unknown_counted;
    counts->unattached += child;
    counts->unknown_patient += !child;
    counts->filtered += counted;
    counts->rejected += !counted;
    if (counted)
        return LOTS_OK;
    return lots_rejects_add(&tally->rejects, lots_origin_file(origin), lots_origin_line(origin), "patient", NULL, 0,
                            child ? "its parent record isn't there" : "no patient file names the patient", err);
}

static uint32_t bucket_of(const lots_load *load, lots_patient patient)
{
    uint32_t low = 0, high = load->bucket_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (load->buckets[middle].first <= patient)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void lots_load_see_starts(const lots_load *load, uint32_t number, const lots_batch *batch, lots_day *from, lots_day *until)
{
    const lots_load_target *target = &load->targets[number];
    if (target->kind != LOTS_MAP_STREAM || !lots_load_is_dated(load, target->index))
        return;
    const lots_batch_column *starts = &batch->columns[lots_stream_find_role(target->stream, LOTS_ROLE_START)];
    for (uint32_t row = 0; row < batch->rows; row++) {
        lots_day day = LOTS_AT(int32_t, &starts->values, row);
        if (LOTS_AT(uint8_t, &starts->missing, row) || LOTS_AT(lots_patient, &batch->patient, row) == LOTS_NO_PATIENT)
            continue;
        *from = day < *from ? day : *from;
        *until = day > *until ? day : *until;
    }
}

/* For coverage; undated targets have nothing to say. */
static void widen_seen(const lots_load *load, lots_load_tally *tally, uint32_t target, lots_day from, lots_day until)
{
    if (load->targets[target].kind != LOTS_MAP_STREAM || from > until)
        return;
    lots_coverage *seen = &tally->seen[load->targets[target].index];
    seen->from = from < seen->from ? from : seen->from;
    seen->until = until > seen->until ? until : seen->until;
}

/* The piece becomes the bucket's, also on failure. */
static lots_status put_in_bucket(lots_load *load, uint32_t number, lots_piece *piece, lots_error *err)
{
    lots_load_bucket *bucket = &load->buckets[number];
    pthread_mutex_lock(&load->lock);
    lots_status status = lots_vec_push(&bucket->pieces, piece, err);
    pthread_mutex_unlock(&load->lock);
    if (status != LOTS_OK)
        lots_piece_close(piece);
    return status;
}

/* A counting sort of rows by bucket: ends[b] is the end of bucket b's rows in `order`. */
static lots_status sort_rows(const lots_load *load, lots_load_tally *tally, const lots_piece *piece, uint32_t *numbers,
                             uint32_t *order, uint32_t *ends, lots_error *err)
{
    uint32_t rows = piece->batch.rows, none = load->bucket_count, last = 0;
    for (uint32_t row = 0; row < rows; row++) {
        lots_patient patient = LOTS_AT(lots_patient, &piece->batch.patient, row);
        if (patient != LOTS_NO_PATIENT && (patient < load->buckets[last].first || patient >= load->buckets[last].end))
            last = bucket_of(load, patient);
        numbers[row] = patient == LOTS_NO_PATIENT ? none : last;
        if (numbers[row] == none)
            LOTS_TRY(reject_unknown(load, tally, piece, row, err));
        else
            ends[numbers[row] + 1]++;
    }
    for (uint32_t i = 1; i <= none; i++)
        ends[i] += ends[i - 1];
    for (uint32_t row = 0; row < rows; row++)
        if (numbers[row] != none)
            order[ends[numbers[row]]++] = row;
    return LOTS_OK;
}

static lots_status deal_rows(lots_load *load, const lots_piece *piece, const uint32_t *order, const uint32_t *ends,
                             lots_error *err)
{
    for (uint32_t i = 0, first = 0; i < load->bucket_count; first = ends[i], i++) {
        lots_piece chosen, dealt;
        if (ends[i] == first)
            continue;
        LOTS_TRY(lots_piece_choose(piece, order + first, ends[i] - first, &chosen, err));
        lots_status status = lots_pile_copy(&load->bucket_pile, &chosen, &dealt, err);
        lots_piece_close(&chosen);
        LOTS_TRY(status);
        LOTS_TRY(put_in_bucket(load, i, &dealt, err));
    }
    return LOTS_OK;
}

static lots_status split_piece(lots_load *load, lots_load_tally *tally, lots_piece *piece, lots_error *err)
{
    void *room;
    size_t rows = piece->batch.rows;
    LOTS_TRY(lots_alloc(&room, rows * 2 + load->bucket_count + 2, sizeof(uint32_t), err));
    uint32_t *numbers = room, *order = numbers + rows, *ends = order + rows;
    lots_status status = sort_rows(load, tally, piece, numbers, order, ends, err);
    if (status == LOTS_OK)
        status = deal_rows(load, piece, order, ends, err);
    lots_free(room);
    return status;
}

/* ---- pieces ---- */

/* The one bucket of all rows of a piece that tells whose they are, if there is one and all these patients are taken. */
static bool find_bucket(const lots_load *load, const lots_piece *piece, uint32_t *out)
{
    if (piece->patients.count == 0)
        return false;
    const uint32_t *people = load->numbering.people[piece->interner].data;
    const lots_patient *patients = piece->patients.data;
    for (size_t i = 0; i < piece->patients.count; i++) {
        lots_patient patient = people[patients[i]];
        if (patient == LOTS_NO_PATIENT)
            return false;
        if (i == 0)
            *out = bucket_of(load, patient);
        else if (patient < load->buckets[*out].first || patient >= load->buckets[*out].end)
            return false;
    }
    return true;
}

static lots_status deal_piece(lots_load *load, lots_load_tally *tally, lots_piece *piece, lots_error *err)
{
    const lots_load_target *target = &load->targets[piece->target];
    lots_day from = LOTS_DAY_MAX, until = LOTS_DAY_MIN;
    LOTS_TRY(lots_piece_take(piece, target->columns, target->column_count, err));
    LOTS_TRY(lots_load_renumber(load, piece->interner, piece, 0, err));
    piece->interner = LOTS_PIECE_STABLE;
    lots_load_see_starts(load, piece->target, &piece->batch, &from, &until);
    widen_seen(load, tally, piece->target, from, until);
    return target->stream == NULL ? LOTS_OK : split_piece(load, tally, piece, err);
}

/* Pieces of tables stay where they are, with final ids; the others are gone when dealt. A piece of one bucket goes there as it
 * is: who settles it gives its rows their numbers. */
static lots_status deal_task(void *context, size_t task, unsigned worker, lots_error *err)
{
    lots_load *load = context;
    lots_piece *piece = &LOTS_AT(lots_piece, &load->raw, task), whole = *piece;
    uint32_t bucket;
    if (find_bucket(load, piece, &bucket)) {
        *piece = (lots_piece){.target = piece->target};
        widen_seen(load, &load->tallies[worker], whole.target, whole.from, whole.until);
        return put_in_bucket(load, bucket, &whole, err);
    }
    lots_status status = deal_piece(load, &load->tallies[worker], piece, err);
    if (load->targets[piece->target].kind != LOTS_MAP_TABLE) {
        lots_piece_close(piece);
        *piece = (lots_piece){.target = piece->target};
    }
    return status;
}

lots_status lots_load_deal(lots_load *load, lots_error *err)
{
    return lots_pool_run(load->pool, load->raw.count, deal_task, load, load->options->stop, err);
}
