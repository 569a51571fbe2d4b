/* load_deal.c: raw pieces → buckets: local numbers become final ones, rows of patients that aren't taken are rejected, and
 * the rows of each range of patients go to its bucket. Any worker deals any piece; what lands in a bucket is the same
 * set of rows whoever dealt it. See load_inner.h. */
#include "core/base/memory.h"
#include "ingest/load_inner.h"

/* ---- numbers ---- */

static bool has_ids(const lots_column *column)
{
    return column->kind == LOTS_KIND_CATEGORY || column->kind == LOTS_KIND_CODE || column->kind == LOTS_KIND_CODES;
}

static lots_status renumber_ids(const lots_load *load, const lots_load_target *target, lots_piece *piece,
                                lots_error *err)
{
    for (uint32_t i = 0; i < target->column_count; i++) {
        if (!has_ids(&target->columns[i]))
            continue;
        const lots_vec *map = lots_numbering_map(&load->numbering, piece->interner, target->domains[i]);
        LOTS_TRY(lots_batch_remap(&piece->batch, i, map->data, (uint32_t)map->count, err));
    }
    return LOTS_OK;
}

static void renumber_patients(const lots_load *load, lots_piece *piece)
{
    const lots_vec *people = &load->numbering.people[piece->interner];
    for (size_t i = 0; i < piece->batch.patient.count; i++) {
        lots_patient *patient = &LOTS_AT(lots_patient, &piece->batch.patient, i);
        *patient = LOTS_AT(uint32_t, people, *patient);
    }
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

/* The stream's first and last start, for coverage. */
static void see_starts(const lots_load *load, lots_load_tally *tally, const lots_piece *piece)
{
    const lots_load_target *target = &load->targets[piece->target];
    if (target->kind != LOTS_MAP_STREAM || !lots_load_is_dated(load, target->index))
        return;
    lots_coverage *seen = &tally->seen[target->index];
    const lots_batch_column *starts = &piece->batch.columns[lots_stream_find_role(target->stream, LOTS_ROLE_START)];
    for (uint32_t row = 0; row < piece->batch.rows; row++) {
        lots_day day = LOTS_AT(int32_t, &starts->values, row);
        if (LOTS_AT(uint8_t, &starts->missing, row) ||
            LOTS_AT(lots_patient, &piece->batch.patient, row) == LOTS_NO_PATIENT)
            continue;
        seen->from = day < seen->from ? day : seen->from;
        seen->until = day > seen->until ? day : seen->until;
    }
}

static lots_status put_in_bucket(lots_load *load, uint32_t number, lots_piece *piece, lots_error *err)
{
    lots_load_bucket *bucket = &load->buckets[number];
    lots_status status = lots_pile_put(&load->bucket_pile, piece, err);
    if (status == LOTS_OK) {
        pthread_mutex_lock(&load->lock);
        status = lots_vec_push(&bucket->pieces, piece, err);
        pthread_mutex_unlock(&load->lock);
    }
    if (status != LOTS_OK)
        lots_piece_close(piece, &load->bucket_pile);
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

/* The whole piece, as it is. */
static lots_status hand_over(lots_load *load, uint32_t number, lots_piece *piece, lots_error *err)
{
    lots_piece dealt = *piece;
    lots_pile_release(&load->raw_pile, piece);
    *piece = (lots_piece){.target = piece->target, .batch = {.patient = LOTS_VEC(lots_patient)}, .origins = LOTS_VEC(uint64_t)};
    dealt.held_bytes = 0;
    return put_in_bucket(load, number, &dealt, err);
}

static lots_status deal_rows(lots_load *load, lots_piece *piece, const uint32_t *order, const uint32_t *ends,
                             lots_error *err)
{
    const uint32_t rows = piece->batch.rows;
    for (uint32_t i = 0, first = 0; i < load->bucket_count; first = ends[i], i++) {
        lots_piece dealt;
        if (ends[i] == first)
            continue;
        if (ends[i] - first == rows)
            return hand_over(load, i, piece, err);
        LOTS_TRY(lots_piece_choose(piece, order + first, ends[i] - first, &dealt, err));
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

static lots_status deal_piece(lots_load *load, lots_load_tally *tally, lots_piece *piece, lots_error *err)
{
    const lots_load_target *target = &load->targets[piece->target];
    LOTS_TRY(lots_pile_take(&load->raw_pile, piece, target->columns, target->column_count, err));
    if (piece->interner != LOTS_PIECE_STABLE) {
        LOTS_TRY(renumber_ids(load, target, piece, err));
        if (target->stream != NULL)
            renumber_patients(load, piece);
        piece->interner = LOTS_PIECE_STABLE;
    }
    see_starts(load, tally, piece);
    return target->stream == NULL ? LOTS_OK : split_piece(load, tally, piece, err);
}

/* Pieces of tables stay where they are, with final ids; the others are gone when dealt. */
static lots_status deal_task(void *context, size_t task, unsigned worker, lots_error *err)
{
    lots_load *load = context;
    lots_piece *piece = &LOTS_AT(lots_piece, &load->raw, task);
    bool table = load->targets[piece->target].kind == LOTS_MAP_TABLE;
    lots_status status = deal_piece(load, &load->tallies[worker], piece, err);
    if (!table) {
        lots_piece_close(piece, &load->raw_pile);
        *piece = (lots_piece){.target = piece->target};
    }
    return status;
}

lots_status lots_load_deal(lots_load *load, lots_error *err)
{
    LOTS_TRY(lots_pool_run(load->pool, load->raw.count, deal_task, load, load->options->stop, err));
    lots_pile_drop_spilled(&load->raw_pile);
    return LOTS_OK;
}
