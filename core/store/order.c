/* order.c: settling: rows sorted into the total order, one row left of each record key, ghosts marked. The idea: sort
 * first; equal records then stand in one order whatever the input's, and the rest is linear walks over patients.
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
    uint32_t first, last; /* positions of the first and the last row with this key, chained by `next` */
} key_slot;

typedef struct settle_job {
    const lots_order_context *context;
    const lots_batch *batch;
    const uint32_t *delivery;   /* NULL: all 0 */
    lots_comparer comparer;
    uint32_t *rows;             /* in order; positions below are indexes of it */
    uint32_t *next;             /* position -> next position with the same key, UINT32_MAX at the last */
    uint32_t *hashes;           /* by row */
    uint8_t *marks;             /* by position: MARK_ bits */
    lots_vec slots;             /* key_slot, a power of two */
    uint32_t round;
    lots_settle_counts *counts;
} settle_job;

static uint32_t delivery_of(const settle_job *job, uint32_t position)
{
    return job->delivery != NULL ? job->delivery[job->rows[position]] : 0;
}

static bool same_content(const settle_job *job, uint32_t a, uint32_t b)
{
    return lots_comparer_content(&job->comparer, job->rows[a], job->rows[b]) == 0;
}

/* ---- one key ---- */

/* What is known of the rows of one key that come from before, or from new deliveries. */
typedef struct key_side {
    uint32_t rows, contents;
    uint32_t winner; /* position */
    uint32_t last;
} key_side;

/* Rows of one key come in the total order, so equal contents follow each other. */
static void add_to_side(const settle_job *job, key_side *side, uint32_t position)
{
    bool repeated = side->rows > 0 && same_content(job, side->last, position);
    if (side->rows == 0) {
        side->winner = position;
    } else {
        uint32_t held = delivery_of(job, side->winner), offered = delivery_of(job, position);
        if (offered > held ||
            (offered == held &&
             lots_comparer_content(&job->comparer, job->rows[position], job->rows[side->winner]) > 0))
            side->winner = position;
    }
    side->rows++;
    side->contents += !repeated;
    side->last = position;
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
    for (uint32_t at = first; at != UINT32_MAX; at = job->next[at]) {
        add_to_side(job, delivery_of(job, at) > 0 ? &fresh : &before, at);
        job->marks[at] |= MARK_DROPPED;
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

static bool same_key(const settle_job *job, uint32_t a, uint32_t b)
{
    const lots_comparer_column *keys = &job->comparer.columns[job->comparer.key];
    const uint32_t *offsets = keys->offsets;
    const char *text = keys->values;
    uint32_t bytes = offsets[a + 1] - offsets[a];
    return bytes == offsets[b + 1] - offsets[b] &&
           (bytes == 0 || memcmp(text + offsets[a], text + offsets[b], bytes) == 0);
}

/* Put the row at `position` into the table; chain it when its key is there already. */
static void meet_key(settle_job *job, uint32_t position, uint32_t mask)
{
    uint32_t row = job->rows[position], hash = job->hashes[row];
    key_slot *slots = job->slots.data;
    job->next[position] = UINT32_MAX;
    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        if (slots[at].round != job->round) {
            slots[at] = (key_slot){job->round, hash, position, position};
            return;
        }
        if (slots[at].hash == hash && same_key(job, job->rows[slots[at].first], row)) {
            job->next[slots[at].last] = position;
            slots[at].last = position;
            job->marks[position] |= MARK_CHAINED;
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
    for (uint32_t at = first; at < end; at++)
        if (!missing[job->rows[at]])
            meet_key(job, at, mask);
    for (uint32_t at = first; at < end; at++) {
        if (missing[job->rows[at]] || job->marks[at] & MARK_CHAINED)
            continue;
        if (job->next[at] != UINT32_MAX)
            settle_key(job, at);
        else
            job->counts->added += delivery_of(job, at) > 0;
    }
    return LOTS_OK;
}

/* ---- the batch ---- */

static lots_patient patient_at(const settle_job *job, uint32_t position)
{
    const lots_batch *batch = job->batch;
    return batch->patient.count == 0 ? 0 : LOTS_AT(lots_patient, &batch->patient, job->rows[position]);
}

static lots_status hash_keys(settle_job *job, lots_error *err)
{
    const lots_comparer_column *keys = &job->comparer.columns[job->comparer.key];
    const char *text = keys->values;
    void *room;
    LOTS_TRY(lots_alloc(&room, job->batch->rows, sizeof *job->hashes, err));
    job->hashes = room;
    for (uint32_t row = 0; row < job->batch->rows; row++) {
        uint32_t bytes = keys->offsets[row + 1] - keys->offsets[row];
        job->hashes[row] = bytes == 0 ? 0 : (uint32_t)lots_hash(text + keys->offsets[row], bytes, 0);
    }
    LOTS_TRY(lots_alloc(&room, job->batch->rows, sizeof *job->next, err));
    job->next = room;
    return LOTS_OK;
}

static lots_status settle_keys(settle_job *job, lots_error *err)
{
    uint32_t rows = job->batch->rows;
    if (job->comparer.key == LOTS_NO_COLUMN)
        return LOTS_OK;
    LOTS_TRY(hash_keys(job, err));
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
    for (uint32_t at = 0; at < job->batch->rows; at++) {
        bool keyless = missing == NULL || missing[job->rows[at]];
        if (keyless) {
            job->counts->added += delivery_of(job, at) > 0;
            job->counts->identical += after_keyless && patient_at(job, at) == patient_at(job, at - 1) &&
                                      same_content(job, at - 1, at);
        }
        after_keyless = keyless;
    }
}

/* Close the gaps that dropped rows left. Returns how many are kept. */
static uint32_t keep_rows(settle_job *job)
{
    uint32_t kept = 0;
    for (uint32_t at = 0; at < job->batch->rows; at++)
        if (!(job->marks[at] & MARK_DROPPED))
            job->rows[kept++] = job->rows[at];
    return kept;
}

static lots_status set_ghosts(const settle_job *job, uint32_t kept, lots_batch *out, lots_error *err)
{
    if (job->comparer.ghost == LOTS_NO_COLUMN)
        return LOTS_OK;
    lots_batch_column *column = &out->columns[job->comparer.ghost];
    assert(column->phys == LOTS_PHYS_BITS && column->values.count == kept);
    if (kept > 0)
        memset(column->missing.data, 0, kept);
    return lots_order_find_ghosts(job->context, &job->comparer, job->batch, job->rows, kept, column->values.data,
                                  &job->counts->ghosts, err);
}

static lots_status settle_rows(settle_job *job, lots_batch *out, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_order_sort(&job->comparer, job->batch, &job->rows, err));
    LOTS_TRY(lots_alloc(&room, job->batch->rows, 1, err));
    job->marks = room;
    LOTS_TRY(settle_keys(job, err));
    count_keyless(job);
    uint32_t kept = keep_rows(job);
    LOTS_TRY(lots_batch_permute(job->batch, job->rows, kept, out, err));
    lots_status status = set_ghosts(job, kept, out, err);
    if (status != LOTS_OK)
        lots_batch_close(out);
    return status;
}

lots_status lots_order_settle(const lots_order_context *context, const lots_batch *batch, const uint32_t *delivery,
                              lots_batch *out, lots_settle_counts *counts, lots_error *err)
{
    settle_job job = {.context = context, .batch = batch, .delivery = delivery, .slots = LOTS_VEC(key_slot),
                      .counts = counts};
    *counts = (lots_settle_counts){0};
    *out = (lots_batch){0};
    LOTS_TRY(lots_comparer_open(&job.comparer, context, batch, err));
    lots_status status = settle_rows(&job, out, err);
    lots_comparer_close(&job.comparer);
    lots_free(job.rows);
    lots_free(job.next);
    lots_free(job.hashes);
    lots_free(job.marks);
    lots_vec_free(&job.slots);
    return status;
}
