/* active_sweep.c: an owner's events, swept by start and by end at once, become periods. See active.c, active_inner.h. */
#include <string.h>

#include "query/exec/active_inner.h"

/* Room for the words of so many more periods. */
static lots_status want_words(active_maker *maker, size_t periods, lots_error *err)
{
    const size_t more = periods * lots_bit_words(maker->local_count);
    void *wider = NULL;
    if (maker->word_count + more <= maker->word_room)
        return LOTS_OK;
    const size_t room = (maker->word_count + more) * 2;
    LOTS_TRY(lots_arena_vector(maker->arena, &wider, room, sizeof(uint64_t), err));
    if (maker->word_count > 0)
        memcpy(wider, maker->words, maker->word_count * sizeof(uint64_t));
    maker->words = wider;
    maker->word_room = room;
    return LOTS_OK;
}

static lots_status too_many(lots_error *err)
{
    return lots_fail(err, LOTS_LIMIT, "active periods with sets of more than %u elements in one chunk", UINT32_MAX);
}

/* ---- single values ---- */

/* Values of one word. What is looked at next, a start or an end, can't be foretold, and neither whether the day is over then: so
 * nothing branches on it, and a period is written down wherever one may end, over the last that was none. */
static inline __attribute__((always_inline)) void sweep_word(active_maker *maker, bool any_open)
{
    const int32_t *starts = maker->run_starts;
    const int64_t *ends = maker->by_end;
    const uint32_t *locals = maker->run_locals, looks = 2 * maker->run_count, least = maker->least;
    int32_t *out_start = maker->start, *out_end = maker->end;
    uint32_t *sizes = maker->sizes;
    uint64_t *words = maker->words + maker->word_count;
    uint32_t next = 0, over = 0, count = maker->count, size = 0, size_before = 0, elements = sizes[count], counts = 0;
    uint64_t now = 0, before = 0, lost = 0;
    int32_t begin = 0, start = starts[0], end = (int32_t)(ends[0] >> 32), day = start < end ? start : end;
    for (uint32_t i = 0; i < looks; i++) {
        const uint32_t ended = (uint32_t)ends[over], begun = locals[next], is_end = end <= start;
        const uint64_t bit = UINT64_C(1) << ((is_end ? ended : begun) % 64);
        now ^= bit;
        if (any_open)
            lost |= is_end && (ended & ACTIVE_OPEN) != 0 ? bit : 0;
        size += 1 - 2 * is_end;
        next += 1 - is_end;
        over += is_end;
        start = starts[next];
        end = (int32_t)(ends[over] >> 32);
        const int32_t after = start < end ? start : end;
        const uint32_t passes = after != day;
        counts = passes & (size_before >= least);
        out_start[count] = begin;
        out_end[count] = day - 1;
        *words = before;
        elements += counts * size_before;
        if (any_open && counts != 0 && ((now ^ before) & (now | ~lost)) == 0)
            lots_bit_set(maker->going_on, count);
        words += counts;
        count += counts;
        sizes[count] = elements;
        begin = passes ? day : begin;
        before = passes ? now : before;
        size_before = passes ? size : size_before;
        if (any_open)
            lost = passes ? 0 : lost;
        day = after;
    }
    maker->word_count += count - maker->count;
    maker->count = count;
}

/* Each day changes something: what of a value follows day upon day is one event. */
lots_status active_sweep_single(active_maker *maker, lots_error *err)
{
    const uint32_t runs = maker->run_count;
    if (maker->local_count > 64)
        return active_sweep_sets(maker, err);
    LOTS_TRY(want_words(maker, 2 * (size_t)runs + 1, err));
    if ((uint64_t)maker->sizes[maker->count] + 128 * (uint64_t)runs > UINT32_MAX)
        return too_many(err);
    maker->run_starts[runs] = INT32_MAX;
    maker->by_end[runs] = INT64_MAX;
    if (maker->any_open)
        sweep_word(maker, true);
    else
        sweep_word(maker, false);
    return LOTS_OK;
}

/* ---- any ---- */

static void touch(active_maker *maker, uint32_t local)
{
    if (lots_bit_get(maker->is_touched, local))
        return;
    lots_bit_set(maker->is_touched, local);
    maker->touched[maker->touched_count++] = local;
}

static void begin_event(active_maker *maker, const uint32_t *locals, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (maker->running[locals[i]]++ == 0) {
            lots_bit_set(maker->now, locals[i]);
            maker->size++;
        }
        touch(maker, locals[i]);
    }
}

static void end_event(active_maker *maker, const uint32_t *locals, uint32_t count, bool open)
{
    for (uint32_t i = 0; i < count; i++) {
        if (--maker->running[locals[i]] == 0) {
            lots_bit_clear(maker->now, locals[i]);
            maker->size--;
        }
        if (open)
            lots_bit_set(maker->open_lost, locals[i]);
        touch(maker, locals[i]);
    }
}

/* What changed since the period began? *known: something is known to have begun or ended. */
static bool settle_touched(active_maker *maker, bool *known)
{
    bool changed = false;
    *known = false;
    for (uint32_t t = 0; t < maker->touched_count; t++) {
        const uint32_t local = maker->touched[t];
        const bool is = lots_bit_get(maker->now, local);
        if (is != lots_bit_get(maker->before, local)) {
            changed = true;
            *known |= is || !lots_bit_get(maker->open_lost, local);
            if (is)
                lots_bit_set(maker->before, local);
            else
                lots_bit_clear(maker->before, local);
        }
        lots_bit_clear(maker->is_touched, local);
        lots_bit_clear(maker->open_lost, local);
    }
    maker->touched_count = 0;
    return changed;
}

static void close_period(active_maker *maker, int32_t end, bool known)
{
    if (!maker->is_open_period)
        return;
    maker->end[maker->count] = end;
    if (!known)
        lots_bit_set(maker->going_on, maker->count);
    maker->count++;
    maker->is_open_period = false;
}

static lots_status begin_period(active_maker *maker, int32_t start, lots_error *err)
{
    const size_t words = lots_bit_words(maker->local_count);
    if (maker->size < maker->least)
        return LOTS_OK;
    if (maker->sizes[maker->count] > UINT32_MAX - maker->size)
        return too_many(err);
    LOTS_TRY(want_words(maker, 1, err));
    memcpy(maker->words + maker->word_count, maker->now, words * sizeof(uint64_t));
    maker->word_count += words;
    maker->is_open_period = true;
    maker->start[maker->count] = start;
    maker->sizes[maker->count + 1] = maker->sizes[maker->count] + maker->size;
    return LOTS_OK;
}

static void open_sweep(active_maker *maker)
{
    maker->touched_count = maker->size = 0;
    maker->is_open_period = false;
    memset(maker->running, 0, maker->local_count * sizeof(uint32_t));
    uint64_t *bits[] = {maker->now, maker->before, maker->is_touched, maker->open_lost};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        memset(bits[i], 0, lots_bit_words(maker->local_count) * sizeof(uint64_t));
}

static int32_t start_of(const active_maker *maker, uint32_t run)
{
    return maker->key.type.kind == LOTS_TYPE_SET ? maker->runs[run].start : maker->run_starts[run];
}

static void begin_run(active_maker *maker, uint32_t run)
{
    if (maker->key.type.kind == LOTS_TYPE_SET)
        begin_event(maker, maker->locals + maker->runs[run].first_item, maker->runs[run].item_count);
    else
        begin_event(maker, &maker->run_locals[run], 1);
}

static void end_run(active_maker *maker, uint32_t over)
{
    const uint32_t ended = (uint32_t)maker->by_end[over], local = ended & ~ACTIVE_OPEN;
    if (maker->key.type.kind != LOTS_TYPE_SET) {
        end_event(maker, &local, 1, (ended & ACTIVE_OPEN) != 0);
        return;
    }
    const active_run *run = &maker->runs[ended];
    end_event(maker, maker->locals + run->first_item, run->item_count, run->open);
}

lots_status active_sweep_sets(active_maker *maker, lots_error *err)
{
    uint32_t next = 0, over = 0;
    open_sweep(maker);
    while (over < maker->run_count) { /* what has not ended may not have begun either */
        int32_t day = active_day_over(maker, over);
        if (next < maker->run_count && start_of(maker, next) < day)
            day = start_of(maker, next);
        bool known = false;
        for (; over < maker->run_count && active_day_over(maker, over) == day; over++)
            end_run(maker, over);
        for (; next < maker->run_count && start_of(maker, next) == day; next++)
            begin_run(maker, next);
        if (settle_touched(maker, &known)) {
            close_period(maker, day - 1, known);
            LOTS_TRY(begin_period(maker, day, err));
        }
    }
    return LOTS_OK;
}
