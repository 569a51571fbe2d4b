/* active.c: ACTIVE: the maximal periods in which the set of a key's values among the running events is the same. Each
 * owner's events are swept twice at once, by start and by end; on every day on which something starts, or ended the day
 * before, the values whose count of running events went to or from 0 are looked at, and a change closes the period.
 *
 * Decided here. 1. An event runs from its start to its span's end, both days included; an open one to the end of its span;
 * one whose end is required but not known the day it starts. Ghosts were left out by the binder. 2. Events whose key is
 * missing (or an empty list) don't count as running. 3. Periods with nothing running are no rows. 4. `n` is the number of
 * events that run on some day of the period; it is counted when it is asked for. 5. A period's end is missing when nothing is known to have ended or begun
 * after it: only spans of open events ran out.
 *
 * Where keys are single values the events of one that overlap or follow each other day upon day are one event to the sweep:
 * nothing changes between them.
 *
 * Cost: O(n log n) for the order of ends, and the sets that are made; memory O(n) beside the sets. */
#include <stdlib.h>
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/dense.h"
#include "query/exec/number_sort.h"
#include "query/exec/relation.h"

typedef struct run { /* an event of the owner at hand */
    int32_t start, end;
    bool open;
    uint32_t first_item, item_count;
} run;

typedef struct active_maker {
    lots_worker *worker;
    lots_relation_rows *rows;
    lots_arena *arena;
    lots_element_list list;
    lots_vector key;
    lots_dense dense;
    const int32_t *starts;
    const lots_vector *span_ends, *opens;

    /* the owner at hand; locals number its distinct values in their order */
    run *runs;
    uint32_t run_count, item_count, local_count;
    int64_t *by_end;           /* the day after the end << 32 | place in runs, rising */
    uint32_t *ids;             /* by item: its value */
    uint32_t *locals;          /* by item */
    uint32_t *number;          /* by value: its local, where the owner has it */
    uint32_t *values;          /* by local */
    uint32_t *running;         /* by local: events */
    uint64_t *now, *before;    /* bits by local */
    uint64_t *is_touched, *open_lost;
    uint32_t *touched;
    uint32_t touched_count;

    /* the periods */
    int32_t *start, *end;
    uint64_t *going_on;
    uint32_t *offsets, *set_offsets, *set_ids;
    uint32_t count;
    size_t set_count, set_room;
    bool is_open_period;
} active_maker;

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
        uint32_t count = 0, first = 0;
        for (uint32_t p = maker->list.offsets[g]; p < maker->list.offsets[g + 1]; p++)
            count += items_at(maker, p, &first);
        const uint32_t here = maker->list.offsets[g + 1] - maker->list.offsets[g];
        *events = here > *events ? here : *events;
        *items = count > *items ? count : *items;
    }
}

static lots_status open_room(active_maker *maker, lots_error *err)
{
    const uint32_t owners = maker->rows->owners->count, all = maker->list.instance->count;
    uint32_t events = 0, items = 0;
    void *room = NULL;
    find_widest(maker, owners, &events, &items);
    LOTS_TRY(lots_arena_vector(maker->arena, &room, events, sizeof(run), err));
    maker->runs = room;
    uint32_t **by_item[] = {&maker->ids, &maker->locals, &maker->values, &maker->running, &maker->touched};
    for (size_t i = 0; i < sizeof by_item / sizeof *by_item; i++)
        LOTS_TRY(lots_new_u32(maker->arena, items, by_item[i], err));
    LOTS_TRY(lots_new_u32(maker->arena, maker->dense.count, &maker->number, err));
    LOTS_TRY(lots_new_i64(maker->arena, events, &maker->by_end, err));
    uint64_t **bits[] = {&maker->now, &maker->before, &maker->is_touched, &maker->open_lost};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        LOTS_TRY(lots_new_bits(maker->arena, items, bits[i], err));
    const size_t periods = 2 * (size_t)all; /* a period begins where an event begins, or after one ends */
    if (periods >= LOTS_NO_ID)
        return lots_fail(err, LOTS_LIMIT, "active periods of %u events in one chunk", all);
    LOTS_TRY(lots_new_i32(maker->arena, periods, &maker->start, err));
    LOTS_TRY(lots_new_i32(maker->arena, periods, &maker->end, err));
    LOTS_TRY(lots_new_bits(maker->arena, periods, &maker->going_on, err));
    LOTS_TRY(lots_new_u32(maker->arena, periods + 1, &maker->set_offsets, err));
    LOTS_TRY(lots_new_u32(maker->arena, (size_t)owners + 1, &maker->offsets, err));
    maker->set_offsets[0] = maker->offsets[0] = 0;
    return LOTS_OK;
}

static lots_status want_ids(active_maker *maker, size_t more, lots_error *err)
{
    uint32_t *wider = NULL;
    if (maker->set_count + more <= maker->set_room)
        return LOTS_OK;
    const size_t room = (maker->set_count + more) * 2;
    if (room >= UINT32_MAX)
        return lots_fail(err, LOTS_LIMIT, "active periods with sets of more than %u elements in one chunk", UINT32_MAX / 2);
    LOTS_TRY(lots_new_u32(maker->arena, room, &wider, err));
    if (maker->set_count > 0)
        memcpy(wider, maker->set_ids, maker->set_count * sizeof(uint32_t));
    maker->set_ids = wider;
    maker->set_room = room;
    return LOTS_OK;
}

/* ---- one owner's events ---- */

/* When it runs; does it count as running? */
static inline bool read_days(const active_maker *maker, uint32_t row, run *event)
{
    const int32_t start = maker->starts[row];
    const int32_t end =
        lots_vector_is_missing(maker->span_ends, row) ? start : ((const int32_t *)maker->span_ends->data)[row];
    event->start = start;
    event->end = end > start ? end : start;
    event->open = lots_bit_get(maker->opens->data, row);
    return start != INT32_MAX;
}

static void read_event(active_maker *maker, uint32_t place)
{
    run *event = &maker->runs[maker->run_count];
    uint32_t first = 0;
    const uint32_t count = items_at(maker, place, &first);
    if (count == 0 || !read_days(maker, maker->list.rows[place], event))
        return;
    event->first_item = maker->item_count;
    event->item_count = count;
    maker->run_count++;
    for (uint32_t i = 0; i < count; i++)
        maker->ids[maker->item_count++] = maker->dense.ids[first + i];
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Locals are numbered as their values order. */
static void order_values(active_maker *maker)
{
    enum { FEW = 24 };
    uint32_t *values = maker->values;
    if (maker->local_count > FEW)
        qsort(values, maker->local_count, sizeof(uint32_t), by_number);
    for (uint32_t i = 1; maker->local_count <= FEW && i < maker->local_count; i++) {
        const uint32_t value = values[i];
        uint32_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
    for (uint32_t local = 0; local < maker->local_count; local++)
        maker->number[values[local]] = local;
}

static void open_sweep(active_maker *maker)
{
    memset(maker->running, 0, maker->local_count * sizeof(uint32_t));
    uint64_t *bits[] = {maker->now, maker->before, maker->is_touched, maker->open_lost};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        memset(bits[i], 0, lots_bit_words(maker->local_count) * sizeof(uint64_t));
}

/* The distinct values, found by marks, in their order. */
static lots_status number_values(active_maker *maker, lots_error *err)
{
    lots_worker *worker = maker->worker;
    LOTS_TRY(lots_stamps_open(worker, maker->dense.count, err));
    maker->local_count = 0;
    for (uint32_t i = 0; i < maker->item_count; i++) {
        if (lots_stamp(worker, maker->ids[i]))
            maker->values[maker->local_count++] = maker->ids[i];
    }
    order_values(maker);
    for (uint32_t i = 0; i < maker->item_count; i++)
        maker->locals[i] = maker->number[maker->ids[i]];
    return LOTS_OK;
}

/* The order of ends: nearly that of starts, so few are moved, and not far, where there are few. */
static void order_ends(active_maker *maker)
{
    enum { FEW = 64 };
    int64_t *keys = maker->by_end;
    for (uint32_t i = 0; i < maker->run_count; i++)
        keys[i] = ((int64_t)maker->runs[i].end + 1) * (INT64_C(1) << 32) + i;
    if (maker->run_count > FEW) {
        lots_sort_ints(keys, maker->run_count);
        return;
    }
    for (uint32_t i = 1; i < maker->run_count; i++) {
        const int64_t key = keys[i];
        uint32_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Events of one value that leave no day between them are one, that ends when the last of them does. */
static void join_run(active_maker *maker, const run *event, uint32_t *latest)
{
    run *last = *latest == LOTS_NO_ID ? NULL : &maker->runs[*latest];
    if (last == NULL || (int64_t)event->start - 1 > last->end) {
        *latest = maker->run_count;
        maker->runs[maker->run_count++] = *event;
        return;
    }
    last->open = event->end > last->end ? event->open : last->open || (event->open && event->end == last->end);
    last->end = event->end > last->end ? event->end : last->end;
}

/* Keys of one value each: values are numbered as they come, then as they order. */
static lots_status read_single(active_maker *maker, uint32_t owner, lots_error *err)
{
    lots_worker *worker = maker->worker;
    uint32_t *latest = maker->touched, *met = maker->ids; /* by number as they come: the last run, the value */
    LOTS_TRY(lots_stamps_open(worker, maker->dense.count, err));
    maker->local_count = 0;
    for (uint32_t p = maker->list.offsets[owner]; p < maker->list.offsets[owner + 1]; p++) {
        run event = {.item_count = 1};
        if (lots_vector_is_missing(&maker->key, p) || !read_days(maker, maker->list.rows[p], &event))
            continue;
        const uint32_t value = maker->dense.ids[p];
        if (lots_stamp(worker, value)) {
            latest[maker->local_count] = LOTS_NO_ID;
            maker->values[maker->local_count] = met[maker->local_count] = value;
            maker->number[value] = maker->local_count++;
        }
        event.first_item = maker->number[value];
        join_run(maker, &event, &latest[event.first_item]);
        worker->work.rows += 2;
    }
    order_values(maker);
    for (uint32_t i = 0; i < maker->run_count; i++) {
        maker->locals[i] = maker->number[met[maker->runs[i].first_item]];
        maker->runs[i].first_item = i;
    }
    return LOTS_OK;
}

static lots_status read_owner(active_maker *maker, uint32_t owner, lots_error *err)
{
    maker->run_count = maker->item_count = maker->touched_count = 0;
    maker->is_open_period = false;
    if (maker->list.offsets[owner] == maker->list.offsets[owner + 1])
        return LOTS_OK;
    if (maker->key.type.kind != LOTS_TYPE_SET) {
        LOTS_TRY(read_single(maker, owner, err));
    } else {
        for (uint32_t p = maker->list.offsets[owner]; p < maker->list.offsets[owner + 1]; p++)
            read_event(maker, p);
        LOTS_TRY(number_values(maker, err));
        maker->worker->work.rows += maker->run_count + maker->item_count;
    }
    order_ends(maker);
    open_sweep(maker);
    return LOTS_OK;
}

/* ---- the sweep ---- */

static void touch(active_maker *maker, uint32_t local)
{
    if (maker->local_count <= 64 || lots_bit_get(maker->is_touched, local))
        return;
    lots_bit_set(maker->is_touched, local);
    maker->touched[maker->touched_count++] = local;
}

static void begin_event(active_maker *maker, const run *event)
{
    for (uint32_t i = 0; i < event->item_count; i++) {
        const uint32_t local = maker->locals[event->first_item + i];
        if (maker->running[local]++ == 0)
            lots_bit_set(maker->now, local);
        touch(maker, local);
    }
}

static void end_event(active_maker *maker, const run *event)
{
    for (uint32_t i = 0; i < event->item_count; i++) {
        const uint32_t local = maker->locals[event->first_item + i];
        if (--maker->running[local] == 0)
            lots_bit_clear(maker->now, local);
        if (event->open)
            lots_bit_set(maker->open_lost, local);
        touch(maker, local);
    }
}

/* With 64 values at most all that is running is one word. */
static bool settle_word(active_maker *maker, bool *known)
{
    const uint64_t changed = *maker->now ^ *maker->before;
    *known = (changed & (*maker->now | ~*maker->open_lost)) != 0;
    *maker->before = *maker->now;
    *maker->open_lost = 0;
    return changed != 0;
}

/* What changed since the period began? *known: something is known to have begun or ended. */
static bool settle_touched(active_maker *maker, bool *known)
{
    bool changed = false;
    if (maker->local_count <= 64)
        return settle_word(maker, known);
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
    size_t made = maker->set_count;
    if (maker->set_count + maker->local_count > maker->set_room)
        LOTS_TRY(want_ids(maker, maker->local_count, err));
    for (size_t w = 0; w < words; w++)
        for (uint64_t rest = maker->now[w]; rest != 0; rest &= rest - 1)
            maker->set_ids[made++] = maker->values[w * 64 + (size_t)__builtin_ctzll(rest)];
    if (made == maker->set_count)
        return LOTS_OK;
    maker->set_count = made;
    maker->is_open_period = true;
    maker->start[maker->count] = start;
    maker->set_offsets[maker->count + 1] = (uint32_t)made;
    return LOTS_OK;
}

/* The day after the end of an event, by its place in the order of ends. */
static inline int32_t day_over(const active_maker *maker, uint32_t over) { return (int32_t)(maker->by_end[over] >> 32); }

/* Values of one word, each in one event at a time: as sweep, without counting. */
static lots_status sweep_word(active_maker *maker, lots_error *err)
{
    uint32_t next = 0, over = 0;
    while (over < maker->run_count) {
        int32_t day = day_over(maker, over);
        uint64_t now = *maker->now, lost = 0;
        if (next < maker->run_count && maker->runs[next].start < day)
            day = maker->runs[next].start;
        for (; over < maker->run_count && day_over(maker, over) == day; over++) {
            const uint32_t ended = (uint32_t)maker->by_end[over];
            now &= ~(UINT64_C(1) << maker->locals[ended]);
            lost |= (uint64_t)maker->runs[ended].open << maker->locals[ended];
        }
        for (; next < maker->run_count && maker->runs[next].start == day; next++)
            now |= UINT64_C(1) << maker->locals[next];
        close_period(maker, day - 1, ((now ^ *maker->now) & (now | ~lost)) != 0); /* every day changes something */
        *maker->now = now;
        LOTS_TRY(begin_period(maker, day, err));
    }
    return LOTS_OK;
}

static lots_status sweep(active_maker *maker, lots_error *err)
{
    uint32_t next = 0, over = 0;
    while (over < maker->run_count) { /* what has not ended may not have begun either */
        int32_t day = day_over(maker, over);
        if (next < maker->run_count && maker->runs[next].start < day)
            day = maker->runs[next].start;
        bool known = false;
        for (; over < maker->run_count && day_over(maker, over) == day; over++)
            end_event(maker, &maker->runs[(uint32_t)maker->by_end[over]]);
        for (; next < maker->run_count && maker->runs[next].start == day; next++)
            begin_event(maker, &maker->runs[next]);
        if (settle_touched(maker, &known)) {
            close_period(maker, day - 1, known);
            LOTS_TRY(begin_period(maker, day, err));
        }
    }
    return LOTS_OK;
}

/* ---- what the relation keeps ---- */

static lots_status key_column(active_maker *maker, const lots_type *type, lots_vector *out, lots_error *err)
{
    lots_vector values = {.data = maker->set_ids};
    if (maker->dense.values.count > 0 || maker->dense.values.data != NULL)
        LOTS_TRY(lots_vector_gather(maker->arena, &maker->dense.values, maker->set_ids, (uint32_t)maker->set_count, &values,
                                    err));
    *out = (lots_vector){.type = *type, .count = maker->count, .data = values.data, .offsets = maker->set_offsets};
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
    int32_t *end = NULL; /* 0 under the missing bits */
    LOTS_TRY(lots_new_i32(maker->arena, maker->count, &end, err));
    for (uint32_t i = 0; i < maker->count; i++)
        end[i] = lots_bit_get(maker->going_on, i) ? 0 : maker->end[i];
    for (uint32_t c = 0; c < rows->relation->column_count; c++) {
        const lots_relation_column *bound = &rows->relation->columns[c];
        lots_vector *to = &rows->columns[c];
        *to = (lots_vector){.type = bound->type, .count = maker->count, .data = maker->start};
        if (bound->role == LOTS_COLUMN_END) {
            to->data = end;
            to->missing = maker->going_on;
        } else if (bound->role == LOTS_COLUMN_N) {
            to->count = UINT32_MAX; /* not made */
        } else if (bound->role == LOTS_COLUMN_KEY) {
            LOTS_TRY(key_column(maker, &bound->type, to, err));
        }
    }
    return LOTS_OK;
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
    return open_room(maker, err);
}

lots_status lots_active_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    active_maker maker = {.worker = worker, .rows = rows, .arena = lots_instance_arena(worker, rows->owners)};
    LOTS_TRY(read_relation(&maker, err));
    LOTS_TRY(want_ids(&maker, 1, err));
    for (uint32_t g = 0; g < rows->owners->count; g++) {
        LOTS_TRY(read_owner(&maker, g, err));
        const bool word = maker.key.type.kind != LOTS_TYPE_SET && maker.local_count <= 64;
        LOTS_TRY(word ? sweep_word(&maker, err) : sweep(&maker, err));
        maker.offsets[g + 1] = maker.count;
    }
    worker->work.rows += maker.set_count;
    return keep_periods(&maker, err);
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
    order_ends(maker);
    for (uint32_t period = rows->offsets[owner]; period < rows->offsets[owner + 1]; period++) {
        while (begun < maker->run_count && maker->runs[begun].start <= end[period])
            begun++;
        while (over < maker->run_count && day_over(maker, over) <= start[period])
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
