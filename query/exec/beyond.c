/* beyond.c: see beyond.h. */
#include "query/exec/beyond.h"

#include "query/exec/day_range.h"

lots_status lots_beyond_watch(lots_worker *worker, uint32_t least, lots_error *err)
{
    void *room = NULL;
    if (worker->beyond != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&worker->tables, &room, (size_t)worker->schema->stream_count * 2, sizeof(lots_beyond), err));
    worker->beyond = room;
    worker->beyond_least = least;
    return LOTS_OK;
}

/* ---- looking ---- */

typedef struct bound { /* one end of the windows; days NULL: open */
    const int32_t *days;
    const uint64_t *missing;
    bool constant;
} bound;

static lots_status days_of(lots_worker *worker, const lots_expr *expr, const lots_instance *rows, bound *out,
                           lots_error *err)
{
    lots_vector value;
    *out = (bound){NULL, NULL, false};
    if (expr == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_value(worker, expr, rows, &value, err));
    *out = (bound){value.data, value.missing, value.constant};
    return LOTS_OK;
}

static int32_t day_at(const bound *end, uint32_t row, int32_t open)
{
    return end->days == NULL ? open : end->days[end->constant ? 0 : row];
}

static bool unknown(const bound *end, uint32_t row)
{
    return end->missing != NULL && lots_bit_get(end->missing, end->constant ? 0 : row);
}

/* Add the rows whose day is outside of what is covered. */
static lots_status add_outside(lots_worker *worker, const bound *end, const lots_coverage *covered, const lots_instance *rows,
                               uint64_t *outside, lots_error *err)
{
    uint64_t *within = NULL;
    if (end->days == NULL)
        return LOTS_OK;
    if (end->constant) {
        if (end->days[0] < covered->from || end->days[0] > covered->until)
            lots_bits_fill(outside, rows->count, true);
        return LOTS_OK;
    }
    LOTS_TRY(lots_new_words(lots_instance_arena(worker, rows), rows->count, &within, err));
    worker->kernels->range_i32(end->days, rows->count, covered->from, covered->until, within);
    if (end->missing != NULL)
        lots_bits_or(within, within, end->missing, rows->count);
    lots_bits_not(within, within, rows->count);
    lots_bits_or(outside, outside, within, rows->count);
    return LOTS_OK;
}

static bool is_full(const lots_worker *worker, const lots_beyond *side) { return side->count >= worker->beyond_least; }

static bool remembers(const lots_beyond *side, lots_patient patient)
{
    for (uint32_t i = 0; i < side->count; i++)
        if (side->patients[i] == patient)
            return true;
    return false;
}

static lots_status mark(lots_worker *worker, lots_beyond *side, uint32_t patient, lots_error *err)
{
    if (side->pending == NULL)
        LOTS_TRY(lots_new_bits(lots_worker_arena(worker), worker->patients->count, &side->pending, err));
    worker->beyond_pends = true;
    lots_bit_set(side->pending, patient);
    return LOTS_OK;
}

static lots_status look_at_rows(lots_worker *worker, const bound *low, const bound *high, const lots_coverage *covered,
                                const lots_instance *rows, const uint64_t *outside, lots_beyond *sides, lots_error *err)
{
    const uint32_t *patients = NULL;
    LOTS_TRY(lots_rows_patients(worker, rows, &patients, err));
    for (size_t at = lots_bits_next(outside, 0, rows->count); at < rows->count;
         at = lots_bits_next(outside, at + 1, rows->count)) {
        const uint32_t i = (uint32_t)at;
        const int32_t from = day_at(low, i, LOTS_DAY_MIN), until = day_at(high, i, LOTS_DAY_MAX);
        if (unknown(low, i) || unknown(high, i) || from > until)
            continue;
        if ((from != LOTS_DAY_MIN && from < covered->from) || until < covered->from)
            LOTS_TRY(mark(worker, &sides[0], patients[i], err));
        if ((until != LOTS_DAY_MAX && until > covered->until) || from > covered->until)
            LOTS_TRY(mark(worker, &sides[1], patients[i], err));
    }
    return LOTS_OK;
}

/* What is covered, as if it went on for ever on a side of which enough is known. */
static lots_coverage coverage_to_find(const lots_worker *worker, uint32_t stream)
{
    lots_coverage covered = *lots_registry_coverage(worker->registry, stream);
    if (is_full(worker, &worker->beyond[2 * stream]))
        covered.from = LOTS_DAY_MIN;
    if (is_full(worker, &worker->beyond[2 * stream + 1]))
        covered.until = LOTS_DAY_MAX;
    return covered;
}

/* Is it known that a day of the window lies in what is covered, whatever the row? */
static lots_status is_covered(lots_worker *worker, const lots_expr *day, const lots_coverage *covered, const lots_instance *rows,
                              bool *out, lots_error *err)
{
    int32_t least = LOTS_DAY_MIN, most = LOTS_DAY_MAX;
    *out = true;
    if (day == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_day_range(worker, day, rows, &least, &most, out, err));
    *out = *out && least >= covered->from && most <= covered->until;
    return LOTS_OK;
}

static lots_status look(lots_worker *worker, const lots_asked *asked, const lots_instance *rows, lots_error *err)
{
    const lots_coverage covered = coverage_to_find(worker, asked->stream);
    lots_beyond *sides = &worker->beyond[2 * asked->stream];
    uint64_t *outside = NULL;
    bound low, high;
    bool low_is = false, high_is = false;
    if (covered.from == LOTS_DAY_MIN && covered.until == LOTS_DAY_MAX)
        return LOTS_OK;
    LOTS_TRY(is_covered(worker, asked->low, &covered, rows, &low_is, err));
    LOTS_TRY(is_covered(worker, asked->high, &covered, rows, &high_is, err));
    if (low_is && high_is)
        return LOTS_OK;
    LOTS_TRY(days_of(worker, asked->low, rows, &low, err));
    LOTS_TRY(days_of(worker, asked->high, rows, &high, err));
    LOTS_TRY(lots_new_bits(lots_instance_arena(worker, rows), rows->count, &outside, err));
    LOTS_TRY(add_outside(worker, &low, &covered, rows, outside, err));
    LOTS_TRY(add_outside(worker, &high, &covered, rows, outside, err));
    if (lots_bits_next(outside, 0, rows->count) == rows->count)
        return LOTS_OK;
    return look_at_rows(worker, &low, &high, &covered, rows, outside, sides, err);
}

lots_status lots_beyond_look(lots_worker *worker, const lots_set *set, const lots_instance *rows, lots_error *err)
{
    for (uint32_t i = 0; worker->beyond != NULL && i < set->asked_count; i++)
        LOTS_TRY(look(worker, &set->asked[i], rows, err));
    return LOTS_OK;
}

void lots_beyond_covered(const lots_worker *worker, const lots_set *set, int32_t *from, int32_t *until)
{
    *from = LOTS_DAY_MIN;
    *until = LOTS_DAY_MAX;
    for (uint32_t i = 0; worker->beyond != NULL && i < set->asked_count; i++) {
        const lots_coverage covered = coverage_to_find(worker, set->asked[i].stream);
        *from = covered.from > *from ? covered.from : *from;
        *until = covered.until < *until ? covered.until : *until;
    }
}

static lots_status settle(lots_worker *worker, lots_beyond *side, const lots_instance *rows, lots_error *err)
{
    const uint32_t *patients = NULL;
    void *room = side->patients;
    LOTS_TRY(lots_rows_patients(worker, rows, &patients, err));
    if (room == NULL)
        LOTS_TRY(lots_arena_alloc(&worker->tables, &room, worker->beyond_least, sizeof(lots_patient), err));
    side->patients = room;
    for (uint32_t i = 0; i < rows->count && !is_full(worker, side); i++)
        if (lots_bit_get(side->pending, patients[i])) {
            lots_bit_clear(side->pending, patients[i]);
            const lots_patient patient = worker->first_patient + patients[i];
            if (!remembers(side, patient))
                side->patients[side->count++] = patient;
        }
    side->pending = NULL;
    return LOTS_OK;
}

lots_status lots_beyond_settle(lots_worker *worker, const lots_instance *rows, lots_error *err)
{
    for (uint32_t i = 0; worker->beyond_pends && i < 2 * worker->schema->stream_count; i++)
        if (worker->beyond[i].pending != NULL)
            LOTS_TRY(settle(worker, &worker->beyond[i], rows, err));
    worker->beyond_pends = false;
    return LOTS_OK;
}

/* ---- telling ---- */

static bool seen_before(lots_worker *const *workers, unsigned worker, uint32_t side, lots_patient patient)
{
    for (unsigned w = 0; w < worker; w++)
        if (workers[w] != NULL && workers[w]->beyond != NULL && remembers(&workers[w]->beyond[side], patient))
            return true;
    return false;
}

bool lots_beyond_found(lots_worker *const *workers, unsigned count, uint32_t stream, bool after)
{
    const uint32_t side = 2 * stream + (after ? 1 : 0);
    uint32_t persons = 0, least = 1;
    for (unsigned w = 0; w < count; w++) {
        if (workers[w] == NULL || workers[w]->beyond == NULL)
            continue;
        least = workers[w]->beyond_least;
        for (uint32_t i = 0; i < workers[w]->beyond[side].count; i++)
            persons += !seen_before(workers, w, side, workers[w]->beyond[side].patients[i]);
    }
    return persons >= least;
}
