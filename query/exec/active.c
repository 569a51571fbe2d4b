/* active.c: ACTIVE: the maximal periods in which the set of a key's values among the running events is the same. Each
 * owner's events are swept twice at once, by start and by end (active_sweep.c); on every day on which something starts, or ended
 * the day before, the values whose count of running events went to or from 0 are looked at, and a change closes the period.
 *
 * Decided here. 1. An event runs from its start to its span's end, both days included; an open one to the end of its span;
 * one whose end is required but not known the day it starts. Ghosts were left out by the binder. 2. Events whose key is
 * missing (or an empty list) don't count as running. 3. Periods with nothing running are no rows; nor are those of fewer
 * values than all that ask for them want (lots_reach_sizes). 4. `n` is the number of events that run on some day of the
 * period; it is counted when it is asked for, as the values are made then. 5. A period's end is missing when nothing is known
 * to have ended or begun after it: only spans of open events ran out.
 *
 * Where keys are single values the events of one that overlap or follow each other day upon day are one event to the sweep:
 * nothing changes between them.
 *
 * Cost: O(n log n) for the order of ends, and the sets that are made; memory O(n) beside the sets. */
#include <stdlib.h>
#include <string.h>

#include "query/exec/active_inner.h"
#include "query/exec/number_sort.h"
#include "query/exec/reach.h"

/* ---- room ---- */

static uint32_t items_at(const active_maker *maker, uint32_t place, uint32_t *first)
{
    if (maker->key.type.kind == LOTS_TYPE_SET) {
        *first = maker->key.offsets[place];
        return maker->key.offsets[place + 1] - *first;
    }
    *first = place;
    return lots_vector_is_missing(&maker->key, place) ? 0 : 1;
}

/* The most events and items of one owner. */
static void find_widest(const active_maker *maker, uint32_t owners, uint32_t *events, uint32_t *items)
{
    *events = *items = 0;
    for (uint32_t g = 0; g < owners; g++) {
        const uint32_t from = maker->list.offsets[g], to = maker->list.offsets[g + 1];
        const bool sets = maker->key.type.kind == LOTS_TYPE_SET;
        uint32_t count = sets ? 0 : to - from, first = 0;
        for (uint32_t p = from; sets && p < to; p++)
            count += items_at(maker, p, &first);
        *events = to - from > *events ? to - from : *events;
        *items = count > *items ? count : *items;
    }
}

/* Of the owner at hand: so many events, with so many items. */
static lots_status open_owner(active_maker *maker, uint32_t events, uint32_t items, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_vector(maker->arena, &room, events, sizeof(active_run), err));
    maker->runs = room;
    LOTS_TRY(lots_arena_vector(maker->arena, &room, maker->dense.count, sizeof(active_latest), err));
    maker->latest = room;
    uint32_t **by_item[] = {&maker->ids, &maker->locals, &maker->running, &maker->touched};
    for (size_t i = 0; i < sizeof by_item / sizeof *by_item; i++)
        LOTS_TRY(lots_new_u32(maker->arena, items, by_item[i], err));
    LOTS_TRY(lots_new_u32(maker->arena, maker->dense.count, &maker->number, err));
    LOTS_TRY(lots_new_u32(maker->arena, (size_t)events + 1, &maker->run_locals, err));
    LOTS_TRY(lots_new_i32(maker->arena, (size_t)events + 1, &maker->run_starts, err));
    LOTS_TRY(lots_new_i64(maker->arena, (size_t)events + 1, &maker->by_end, err));
    uint64_t **bits[] = {&maker->now, &maker->before, &maker->is_touched, &maker->open_lost};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        LOTS_TRY(lots_new_bits(maker->arena, items, bits[i], err));
    return LOTS_OK;
}

static lots_status open_periods(active_maker *maker, lots_error *err)
{
    const uint32_t owners = maker->rows->owners->count, all = maker->list.instance->count;
    const size_t periods = 2 * (size_t)all; /* a period begins where an event begins, or after one ends */
    const size_t items = maker->key.type.kind == LOTS_TYPE_SET ? maker->key.offsets[all] : all;
    void *room = NULL;
    if (periods >= LOTS_NO_ID)
        return lots_fail(err, LOTS_LIMIT, "active periods of %u events in one chunk", all);
    LOTS_TRY(lots_new_i32(maker->arena, periods + 1, &maker->start, err));
    LOTS_TRY(lots_new_i32(maker->arena, periods + 1, &maker->end, err));
    LOTS_TRY(lots_new_bits(maker->arena, periods + 1, &maker->going_on, err));
    LOTS_TRY(lots_new_u32(maker->arena, periods + 1, &maker->sizes, err));
    LOTS_TRY(lots_new_u32(maker->arena, items, &maker->values, err));
    LOTS_TRY(lots_new_u32(maker->arena, (size_t)owners + 1, &maker->offsets, err));
    LOTS_TRY(lots_arena_vector(maker->arena, &room, (size_t)owners + 1, sizeof(size_t), err));
    maker->first_word = room;
    LOTS_TRY(lots_arena_vector(maker->arena, &room, (size_t)owners + 1, sizeof(size_t), err));
    maker->first_value = room;
    maker->sizes[0] = maker->offsets[0] = 0;
    return LOTS_OK;
}

static lots_status open_room(active_maker *maker, lots_error *err)
{
    uint32_t events = 0, items = 0;
    find_widest(maker, maker->rows->owners->count, &events, &items);
    return open_owner(maker, events, items, err);
}

/* ---- one owner's events ---- */

/* When it runs; does it count as running? */
static bool read_days(const active_maker *maker, uint32_t row, int32_t *start, int32_t *end)
{
    *start = maker->starts[row];
    *end = lots_vector_is_missing(maker->span_ends, row) ? *start : ((const int32_t *)maker->span_ends->data)[row];
    *end = *end > *start ? *end : *start;
    return *start != INT32_MAX;
}

static void read_event(active_maker *maker, uint32_t place)
{
    active_run *event = &maker->runs[maker->run_count];
    const uint32_t row = maker->list.rows[place];
    uint32_t first = 0;
    const uint32_t count = items_at(maker, place, &first);
    if (count == 0 || !read_days(maker, row, &event->start, &event->end))
        return;
    event->open = lots_bit_get(maker->opens->data, row);
    event->first_item = maker->item_count;
    event->item_count = count;
    maker->run_count++;
    for (uint32_t i = 0; i < count; i++)
        maker->ids[maker->item_count++] = maker->dense.ids[first + i];
}

/* The order of ends: nearly that of starts, so few are moved, and not far. Where they are, after all, they are sorted. */
static void order_ends(active_maker *maker)
{
    enum { FEW = 64, FAR = 16 };
    const uint32_t count = maker->run_count;
    uint64_t moves = count > FEW ? FAR * (uint64_t)count : UINT64_MAX; /* that are left */
    int64_t *keys = maker->by_end;
    for (uint32_t i = 1; i < count && moves >= i; i++) {
        const int64_t key = keys[i];
        uint32_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
        moves -= i - at;
    }
    if (moves < count)
        lots_sort_ints(keys, count);
}

static int64_t end_key(int32_t over, uint32_t low) { return (int64_t)over * (INT64_C(1) << 32) + low; }

static void read_sets(active_maker *maker, uint32_t owner)
{
    lots_worker *worker = maker->worker;
    uint32_t *values = maker->values + maker->value_count;
    for (uint32_t p = maker->list.offsets[owner]; p < maker->list.offsets[owner + 1]; p++)
        read_event(maker, p);
    for (uint32_t i = 0; i < maker->item_count; i++) {
        const uint32_t id = maker->ids[i];
        if (lots_stamp(worker, id)) {
            maker->number[id] = maker->local_count;
            values[maker->local_count++] = id;
        }
        maker->locals[i] = maker->number[id];
    }
    for (uint32_t i = 0; i < maker->run_count; i++)
        maker->by_end[i] = end_key(maker->runs[i].end + 1, i);
    worker->work.rows += maker->run_count + maker->item_count;
}

/* Events of one value that leave no day between them are one, that ends when the last of them does. Whether one does is as
 * likely as not, so nothing branches on it. */
static inline __attribute__((always_inline)) void read_single(active_maker *maker, uint32_t owner, bool any_missing, bool any_open)
{
    lots_worker *worker = maker->worker;
    const int32_t *starts = maker->starts, *ends = maker->span_ends->data;
    const uint32_t *rows = maker->list.rows, *ids = maker->dense.ids, stamp = worker->stamp;
    uint32_t *values = maker->values + maker->value_count, *stamps = worker->stamps, *locals = maker->run_locals;
    int32_t *run_starts = maker->run_starts;
    int64_t *by_end = maker->by_end;
    active_latest *by_value = maker->latest;
    uint32_t runs = 0, local_count = 0;
    for (uint32_t p = maker->list.offsets[owner]; p < maker->list.offsets[owner + 1]; p++) {
        const uint32_t row = rows[p], value = ids[p];
        active_latest *latest = &by_value[value];
        const int32_t start = starts[row];
        int32_t end = ends[row];
        if (start == INT32_MAX || (any_missing && lots_vector_is_missing(&maker->key, p)))
            continue;
        if (any_missing)
            end = lots_vector_is_missing(maker->span_ends, row) ? start : end;
        if (stamps[value] != stamp) {
            stamps[value] = stamp;
            *latest = (active_latest){.local = local_count, .over = INT32_MIN};
            values[local_count++] = value;
        }
        const uint32_t begins = start > latest->over, joined = begins - 1; /* all bits, or none */
        const int32_t last = latest->over, day_over = (end > start ? end : start) + 1;
        const uint32_t run = (latest->run & joined) | (runs & ~joined);
        if (any_open) {
            const bool open = lots_bit_get(maker->opens->data, row);
            latest->open = begins != 0 || day_over > last ? open : latest->open || (open && day_over == last);
        }
        latest->run = run;
        latest->over = last > day_over ? last : day_over; /* of one that begins it is later */
        run_starts[runs] = start;
        locals[runs] = latest->local;
        by_end[run] = end_key(latest->over, latest->local | (any_open && latest->open ? ACTIVE_OPEN : 0));
        runs += begins;
    }
    maker->run_count = runs;
    maker->local_count = local_count;
    worker->work.rows += maker->list.offsets[owner + 1] - maker->list.offsets[owner];
}

static lots_status sweep_owner(active_maker *maker, uint32_t owner, lots_error *err)
{
    const bool sets = maker->key.type.kind == LOTS_TYPE_SET;
    maker->run_count = maker->item_count = maker->local_count = 0;
    if (!sets && maker->list.offsets[owner + 1] - maker->list.offsets[owner] < maker->least)
        return LOTS_OK;
    LOTS_TRY(lots_stamps_open(maker->worker, maker->dense.count, err));
    if (sets)
        read_sets(maker, owner);
    else if (maker->any_open || maker->any_missing)
        read_single(maker, owner, true, true);
    else
        read_single(maker, owner, false, false);
    if (maker->local_count < maker->least)
        return LOTS_OK;
    order_ends(maker);
    return sets ? active_sweep_sets(maker, err) : active_sweep_single(maker, err);
}

/* ---- what the relation keeps ---- */

static lots_status keep_sets(active_maker *maker, lots_error *err)
{
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(maker->arena, &made, 1, sizeof(lots_active_sets), err));
    lots_active_sets *sets = made;
    *sets = (lots_active_sets){.words = maker->words, .first_word = maker->first_word, .values = maker->values,
                               .first_value = maker->first_value, .sizes = maker->sizes, .distinct = maker->dense.values};
    maker->rows->sets = sets;
    return LOTS_OK;
}

static lots_status keep_periods(active_maker *maker, lots_error *err)
{
    lots_relation_rows *rows = maker->rows;
    const lots_type truth = {.kind = LOTS_TYPE_BOOL}, date = {.kind = LOTS_TYPE_DATE};
    rows->count = maker->count;
    rows->offsets = maker->offsets;
    rows->left = maker->list.relation;
    rows->span_end = (lots_vector){.type = date, .count = maker->count, .data = maker->end};
    rows->open = (lots_vector){.type = truth, .count = maker->count, .data = maker->going_on};
    int32_t *end = maker->end; /* 0 under the missing bits */
    if (maker->any_open) {
        LOTS_TRY(lots_new_i32(maker->arena, maker->count, &end, err));
        for (uint32_t i = 0; i < maker->count; i++)
            end[i] = lots_bit_get(maker->going_on, i) ? 0 : maker->end[i];
    }
    for (uint32_t c = 0; c < rows->relation->column_count; c++) {
        const lots_relation_column *bound = &rows->relation->columns[c];
        if (bound->role != LOTS_COLUMN_START && bound->role != LOTS_COLUMN_END)
            continue; /* made when asked for */
        const bool ends = bound->role == LOTS_COLUMN_END;
        rows->columns[c] = (lots_vector){.type = bound->type, .count = maker->count, .data = ends ? end : maker->start,
                                         .missing = ends && maker->any_open ? maker->going_on : NULL};
    }
    return keep_sets(maker, err);
}

/* The events, their keys and their spans. */
static lots_status read_relation(active_maker *maker, lots_error *err)
{
    const lots_relation *relation = maker->rows->relation;
    lots_vector value;
    LOTS_TRY(lots_element_list_make(maker->worker, relation->left, maker->rows->owners, &maker->list, err));
    LOTS_TRY(lots_value(maker->worker, relation->by[0], maker->list.instance, &value, err));
    LOTS_TRY(lots_raise(&value, err));
    LOTS_TRY(lots_vector_flatten(maker->arena, &value, &maker->key, err));
    LOTS_TRY(lots_dense_make(maker->worker, maker->arena, &maker->key, &maker->dense, err));
    LOTS_TRY(lots_relation_starts(maker->worker, maker->list.relation, &maker->starts, err));
    LOTS_TRY(lots_relation_span_end(maker->worker, maker->list.relation, &maker->span_ends, err));
    LOTS_TRY(lots_relation_open(maker->worker, maker->list.relation, &maker->opens, err));
    maker->any_missing = maker->key.missing != NULL || maker->span_ends->missing != NULL;
    maker->any_open = lots_bits_next(maker->opens->data, 0, maker->opens->count) < maker->opens->count;
    return open_room(maker, err);
}

lots_status lots_active_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    active_maker maker = {.worker = worker, .rows = rows, .arena = lots_instance_arena(worker, rows->owners)};
    LOTS_TRY(lots_relation_least(worker, rows->index, &maker.least, err));
    LOTS_TRY(read_relation(&maker, err));
    LOTS_TRY(open_periods(&maker, err));
    for (uint32_t g = 0; g < rows->owners->count; g++) {
        maker.first_word[g] = maker.word_count;
        maker.first_value[g] = maker.value_count;
        LOTS_TRY(sweep_owner(&maker, g, err));
        maker.value_count += maker.local_count;
        maker.offsets[g + 1] = maker.count;
    }
    maker.first_word[rows->owners->count] = maker.word_count;
    maker.first_value[rows->owners->count] = maker.value_count;
    worker->work.rows += maker.count;
    return keep_periods(&maker, err);
}

/* ---- the values ---- */

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void order_values(uint32_t *values, uint32_t count)
{
    enum { FEW = 24 };
    if (count > FEW) {
        qsort(values, count, sizeof *values, by_number);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        const uint32_t value = values[i];
        uint32_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* The bits of each of an owner's periods as values in their order. */
static void read_periods(const lots_relation_rows *rows, uint32_t owner, uint32_t *out)
{
    const lots_active_sets *sets = rows->sets;
    const uint32_t *values = sets->values + sets->first_value[owner];
    const size_t words = lots_bit_words(sets->first_value[owner + 1] - sets->first_value[owner]);
    const uint64_t *bits = sets->words + sets->first_word[owner];
    for (uint32_t period = rows->offsets[owner]; period < rows->offsets[owner + 1]; period++, bits += words) {
        uint32_t *set = out + sets->sizes[period], count = 0;
        for (size_t w = 0; w < words; w++)
            for (uint64_t rest = bits[w]; rest != 0; rest &= rest - 1)
                set[count++] = values[w * 64 + (size_t)__builtin_ctzll(rest)];
        order_values(set, count);
    }
}

lots_status lots_active_values(lots_worker *worker, lots_relation_rows *rows, const lots_type *type, lots_vector *out,
                               lots_error *err)
{
    const lots_active_sets *sets = rows->sets;
    lots_arena *arena = lots_instance_arena(worker, rows->owners);
    const uint32_t count = sets->sizes[rows->count];
    uint32_t *ids = NULL;
    LOTS_TRY(lots_new_u32(arena, count, &ids, err));
    for (uint32_t g = 0; g < rows->owners->count; g++)
        read_periods(rows, g, ids);
    worker->work.rows += count;
    lots_vector values = {.data = ids};
    if (sets->distinct.count > 0 || sets->distinct.data != NULL)
        LOTS_TRY(lots_vector_gather(arena, &sets->distinct, ids, count, &values, err));
    *out = (lots_vector){.type = *type, .count = rows->count, .data = values.data, .offsets = (uint32_t *)sets->sizes};
    return LOTS_OK;
}

/* ---- how many events ---- */

/* Those that began no later than the period ended, but for those that had ended before it began. */
static void count_events(active_maker *maker, uint32_t owner, int64_t *n)
{
    const lots_relation_rows *rows = maker->rows;
    const int32_t *start = rows->starts, *end = rows->span_end.data;
    uint32_t begun = 0, over = 0;
    maker->run_count = maker->item_count = 0;
    for (uint32_t p = maker->list.offsets[owner]; p < maker->list.offsets[owner + 1]; p++)
        read_event(maker, p);
    for (uint32_t i = 0; i < maker->run_count; i++)
        maker->by_end[i] = end_key(maker->runs[i].end + 1, i);
    order_ends(maker);
    for (uint32_t period = rows->offsets[owner]; period < rows->offsets[owner + 1]; period++) {
        while (begun < maker->run_count && maker->runs[begun].start <= end[period])
            begun++;
        while (over < maker->run_count && active_day_over(maker, over) <= start[period])
            over++;
        n[period] = (int64_t)begun - over;
    }
}

lots_status lots_active_number(lots_worker *worker, lots_relation_rows *rows, lots_vector *out, lots_error *err)
{
    active_maker maker = {.worker = worker, .rows = rows, .arena = lots_instance_arena(worker, rows->owners)};
    const lots_type type = {.kind = LOTS_TYPE_INT};
    const int32_t *starts = NULL;
    LOTS_TRY(lots_relation_starts(worker, rows, &starts, err));
    LOTS_TRY(read_relation(&maker, err));
    LOTS_TRY(lots_vector_new(maker.arena, &type, rows->count, out, err));
    for (uint32_t g = 0; g < rows->owners->count; g++)
        count_events(&maker, g, out->data);
    return LOTS_OK;
}
