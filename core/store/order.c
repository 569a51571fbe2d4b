/* order.c: settling: rows sorted into the total order, one row left of each record key, ghosts marked. The idea: sort
 * first, and put the rows in their order in memory; equal records then stand in one order whatever the input's, and the
 * rest is linear walks over neighbours.
 *
 * A record key belongs to a patient: the same key with two patients is two records.
 * Counts add up: rows in = rows out + duplicates + conflicts + changed + same. Of the rows of one key from new deliveries
 * (above 0), each content beyond the winner's is a conflict and each repetition of a content a duplicate; what was there
 * before (delivery 0) is then changed or same. Where all are of delivery 0, conflicts and duplicates are counted among
 * these. Callers: ingest, merge. */
#include "core/store/order.h"

#include <assert.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/store/order_ghost.h"
#include "core/store/order_sort.h"

enum { MARK_CHAINED = 1, MARK_DROPPED = 2, SLOTS_MIN = 64 };

/* A slot of the table of one patient's keys. Emptied by raising the round, not by clearing. */
typedef struct key_slot {
    uint32_t round;
    uint32_t hash;
    uint32_t first, last; /* the first and the last row with this key, chained by `next` */
} key_slot;

typedef struct settle_job {
    const lots_order_context *context;
    lots_batch *batch;      /* in order */
    uint32_t *delivery;     /* by row; NULL: all 0 */
    lots_comparer comparer; /* of `batch` */
    uint32_t *next;         /* row -> next row with the same key, UINT32_MAX at the last */
    uint8_t *marks;         /* by row: MARK_ bits */
    lots_vec slots;         /* key_slot, a power of two */
    uint32_t round;
    lots_settle_counts *counts;
} settle_job;

static inline uint32_t delivery_of(const settle_job *job, uint32_t row)
{
    return job->delivery != NULL ? job->delivery[row] : 0;
}

static bool same_content(const settle_job *job, uint32_t a, uint32_t b)
{
    return lots_comparer_content(&job->comparer, a, b) == 0;
}

/* ---- one key ---- */

/* What is known of the rows of one key that come from before, or from new deliveries. */
typedef struct key_side {
    uint32_t rows, contents;
    uint32_t winner;
    uint32_t last;
} key_side;

/* Rows of one key come in the total order, so equal contents follow each other. */
static void add_to_side(const settle_job *job, key_side *side, uint32_t row)
{
    bool repeated = side->rows > 0 && same_content(job, side->last, row);
    if (side->rows == 0) {
        side->winner = row;
    } else {
        uint32_t held = delivery_of(job, side->winner), offered = delivery_of(job, row);
        if (offered > held || (offered == held && lots_comparer_content(&job->comparer, row, side->winner) > 0))
            side->winner = row;
    }
    side->rows++;
    side->contents += !repeated;
    side->last = row;
}

static void count_side(const key_side *side, lots_settle_counts *counts)
{
    if (side->rows == 0)
        return;
    counts->duplicates += side->rows - side->contents;
    counts->conflicts += side->contents - 1;
}

/* Choose the winner among the rows of one key and drop the others. */
static void settle_key(settle_job *job, uint32_t first)
{
    key_side before = {0}, fresh = {0};
    for (uint32_t row = first; row != UINT32_MAX; row = job->next[row]) {
        add_to_side(job, delivery_of(job, row) > 0 ? &fresh : &before, row);
        job->marks[row] |= MARK_DROPPED;
    }
    job->marks[fresh.rows > 0 ? fresh.winner : before.winner] &= (uint8_t)~MARK_DROPPED;
    count_side(&before, job->counts);
    count_side(&fresh, job->counts);
    if (fresh.rows == 0)
        return;
    if (before.rows == 0)
        job->counts->added++;
    else if (same_content(job, before.winner, fresh.winner))
        job->counts->same++;
    else
        job->counts->changed++;
}

/* ---- one patient ---- */

static const char *key_at(const settle_job *job, uint32_t row, uint32_t *bytes)
{
    const lots_comparer_column *keys = &job->comparer.columns[job->comparer.key];
    *bytes = keys->offsets[row + 1] - keys->offsets[row];
    return *bytes == 0 ? "" : (const char *)keys->values + keys->offsets[row];
}

static bool same_key(const settle_job *job, uint32_t a, uint32_t b)
{
    uint32_t a_bytes, b_bytes;
    const char *at = key_at(job, a, &a_bytes), *to = key_at(job, b, &b_bytes);
    return a_bytes == b_bytes && memcmp(at, to, a_bytes) == 0;
}

/* Put the row into the table; chain it when its key is there already. */
static void meet_key(settle_job *job, uint32_t row, uint32_t mask)
{
    uint32_t bytes;
    const char *key = key_at(job, row, &bytes);
    uint32_t hash = (uint32_t)lots_hash(key, bytes, 0);
    key_slot *slots = job->slots.data;
    job->next[row] = UINT32_MAX;
    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        if (slots[at].round != job->round) {
            slots[at] = (key_slot){job->round, hash, row, row};
            return;
        }
        if (slots[at].hash == hash && same_key(job, slots[at].first, row)) {
            job->next[slots[at].last] = row;
            slots[at].last = row;
            job->marks[row] |= MARK_CHAINED;
            return;
        }
    }
}

/* Slots for one patient's rows, at most half full: *mask is their number less one. A small patient uses only the first of
 * a table that a great one made large, so that they stay in cache. */
static lots_status size_slots(settle_job *job, uint32_t rows, uint32_t *mask, lots_error *err)
{
    size_t wanted = SLOTS_MIN;
    while (wanted < (size_t)rows * 2)
        wanted *= 2;
    *mask = (uint32_t)(wanted - 1);
    if (wanted <= job->slots.count)
        return LOTS_OK;
    job->slots.count = 0;
    job->round = 0;
    return lots_vec_extend(&job->slots, wanted, NULL, err);
}

static lots_status settle_patient(settle_job *job, uint32_t first, uint32_t end, lots_error *err)
{
    const uint8_t *missing = job->comparer.columns[job->comparer.key].missing;
    uint32_t mask;
    LOTS_TRY(size_slots(job, end - first, &mask, err));
    job->round++;
    for (uint32_t row = first; row < end; row++)
        if (!missing[row])
            meet_key(job, row, mask);
    for (uint32_t row = first; row < end; row++) {
        if (missing[row] || job->marks[row] & MARK_CHAINED)
            continue;
        if (job->next[row] != UINT32_MAX)
            settle_key(job, row);
        else
            job->counts->added += delivery_of(job, row) > 0;
    }
    return LOTS_OK;
}

/* ---- the batch ---- */

static inline lots_patient patient_at(const settle_job *job, uint32_t row)
{
    return job->batch->patient.count == 0 ? 0 : LOTS_AT(lots_patient, &job->batch->patient, row);
}

static lots_status settle_keys(settle_job *job, lots_error *err)
{
    uint32_t rows = job->batch->rows;
    void *room;
    if (job->comparer.key == LOTS_NO_COLUMN)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&room, rows, sizeof *job->next, err));
    job->next = room;
    for (uint32_t first = 0, end; first < rows; first = end) {
        lots_patient patient = patient_at(job, first);
        for (end = first + 1; end < rows && patient_at(job, end) == patient; end++) {
        }
        LOTS_TRY(settle_patient(job, first, end, err));
    }
    return LOTS_OK;
}

/* Rows without a key are all kept; those equal to the one before are counted. */
static void count_keyless(settle_job *job)
{
    const uint8_t *missing = job->comparer.key == LOTS_NO_COLUMN ? NULL
                                                                 : job->comparer.columns[job->comparer.key].missing;
    bool after_keyless = false;
    for (uint32_t row = 0; row < job->batch->rows; row++) {
        bool keyless = missing == NULL || missing[row];
        if (keyless) {
            job->counts->added += delivery_of(job, row) > 0;
            job->counts->identical += after_keyless && patient_at(job, row) == patient_at(job, row - 1) &&
                                      same_content(job, row - 1, row);
        }
        after_keyless = keyless;
    }
}

static lots_status set_ghosts(settle_job *job, lots_error *err)
{
    if (job->comparer.ghost == LOTS_NO_COLUMN)
        return LOTS_OK;
    lots_batch_column *column = &job->batch->columns[job->comparer.ghost];
    assert(column->phys == LOTS_PHYS_BITS);
    if (job->batch->rows > 0)
        memset(column->missing.data, 0, job->batch->rows);
    return lots_order_find_ghosts(job->context, &job->comparer, job->batch, column->values.data, &job->counts->ghosts,
                                  err);
}

static lots_status settle_sorted(settle_job *job, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_alloc(&room, job->batch->rows, 1, err));
    job->marks = room;
    LOTS_TRY(settle_keys(job, err));
    count_keyless(job);
    lots_batch_drop_rows(job->batch, job->marks, MARK_DROPPED);
    return set_ghosts(job, err);
}

static bool is_identity(const uint32_t *order, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        if (order[i] != i)
            return false;
    return true;
}

/* Rows that came in order, as merged and sorted deliveries do, are copied whole. */
static lots_status copy_rows(const lots_batch *from, const uint32_t *order, lots_batch *out, lots_error *err)
{
    if (!is_identity(order, from->rows))
        return lots_batch_permute(from, order, from->rows, out, err);
    LOTS_TRY(lots_batch_open(out, from->schema, from->column_count, err));
    return lots_batch_append(out, from, NULL, err);
}

/* `taken` is `from` when its memory may be that of the result, else NULL. */
static lots_status arrange_rows(const lots_batch *from, lots_batch *taken, const uint32_t *order, lots_batch *out,
                                lots_error *err)
{
    bool done = false;
    if (taken != NULL)
        LOTS_TRY(lots_batch_arrange(taken, order, &done, err));
    if (!done)
        return copy_rows(from, order, out, err);
    *out = *taken;
    *taken = (lots_batch){.patient = LOTS_VEC(lots_patient)};
    return LOTS_OK;
}

/* Make job->batch the rows in order, with their deliveries beside. */
static lots_status sort_rows(settle_job *job, const lots_batch *from, lots_batch *taken, const uint32_t *delivery,
                             lots_error *err)
{
    uint32_t *order;
    void *room = NULL;
    LOTS_TRY(lots_order_sort(&job->comparer, from, &order, err));
    lots_status status = delivery != NULL ? lots_alloc(&room, from->rows, sizeof *delivery, err) : LOTS_OK;
    job->delivery = room;
    for (uint32_t i = 0; room != NULL && i < from->rows; i++)
        job->delivery[i] = delivery[order[i]];
    if (status == LOTS_OK)
        status = arrange_rows(from, taken, order, job->batch, err);
    lots_free(order);
    if (status == LOTS_OK)
        lots_comparer_turn_to(&job->comparer, job->batch);
    return status;
}

static lots_status settle(const lots_order_context *context, const lots_batch *batch, lots_batch *taken,
                          const uint32_t *delivery, lots_batch *out, lots_settle_counts *counts, lots_error *err)
{
    settle_job job = {.context = context, .batch = out, .slots = LOTS_VEC(key_slot), .counts = counts};
    *counts = (lots_settle_counts){0};
    *out = (lots_batch){0};
    LOTS_TRY(lots_comparer_open(&job.comparer, context, batch, err));
    lots_status status = sort_rows(&job, batch, taken, delivery, err);
    if (status == LOTS_OK)
        status = settle_sorted(&job, err);
    if (status != LOTS_OK)
        lots_batch_close(out);
    lots_comparer_close(&job.comparer);
    lots_free(job.delivery);
    lots_free(job.next);
    lots_free(job.marks);
    lots_vec_free(&job.slots);
    return status;
}

lots_status lots_order_settle(const lots_order_context *context, const lots_batch *batch, const uint32_t *delivery,
                              lots_batch *out, lots_settle_counts *counts, lots_error *err)
{
    return settle(context, batch, NULL, delivery, out, counts, err);
}

lots_status lots_order_settle_taking(const lots_order_context *context, lots_batch *batch, const uint32_t *delivery,
                                     lots_batch *out, lots_settle_counts *counts, lots_error *err)
{
    lots_status status = settle(context, batch, batch, delivery, out, counts, err);
    lots_batch_close(batch);
    return status;
}
