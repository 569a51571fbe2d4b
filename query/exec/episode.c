/* episode.c: EPISODES: the one grouping inside a patient. The elements of a set are walked in the total order, each put
 * with its keys; for every key the episode being built is remembered, and an event joins it or begins the next. So the
 * cost is linear in events times keys, however many episodes are open at once.
 *
 * An open event holds its episode's span open, and the episode's end is missing. An event whose end is required but not
 * known lasts, as far as merging goes, the day it starts. */
#include <string.h>

#include "core/base/hash.h"
#include "query/exec/candidates.h"
#include "query/exec/dense.h"
#include "query/exec/episode_inner.h"

typedef struct entries { /* an element under one combination of per keys; in the elements' order */
    uint32_t count;
    uint32_t *place;   /* in the list of elements */
    uint32_t *key;     /* number of its combination */
    uint32_t key_count;
    uint32_t **item;   /* by per key: which value of the key's vector, or element of its sets */
} entries;

typedef struct episode {
    uint32_t owner;
    uint32_t first_entry, last_entry;
    uint32_t n;
    int32_t start;
    int32_t span_end;
    bool open;
} episode;

typedef struct episode_maker {
    lots_worker *worker;
    lots_relation_rows *rows;
    const lots_relation *relation;
    lots_arena *arena;
    lots_element_list list;
    lots_vector *per, *by;    /* key values over the list's instance */
    entries entries;
    const int32_t *starts;    /* by row of the list's relation */
    const lots_vector *span_ends, *opens;
    episode *episodes;
    uint32_t episode_count;
    uint32_t *episode_of;     /* by entry */
    uint32_t *order;          /* episodes in their order */
} episode_maker;

/* ---- keys ---- */

typedef struct pair_numbers { /* numbers for pairs of numbers */
    uint32_t seconds;  /* so many second numbers there may be, the pairs being few: places in the table of all; 0: they are … */
    uint64_t *pairs;   /* … looked for by their hash, and numbered as they come */
    uint32_t *numbers; /* LOTS_NO_ID: free */
    uint32_t capacity, count;
} pair_numbers;

static uint32_t number_of(pair_numbers *table, uint32_t a, uint32_t b)
{
    if (table->seconds > 0)
        return a * table->seconds + b;
    const uint64_t pair = (uint64_t)a << 32 | b;
    uint32_t at = (uint32_t)lots_hash64(pair) & (table->capacity - 1);
    while (table->numbers[at] != LOTS_NO_ID && table->pairs[at] != pair)
        at = (at + 1) & (table->capacity - 1);
    if (table->numbers[at] == LOTS_NO_ID) {
        table->pairs[at] = pair;
        table->numbers[at] = table->count++;
    }
    return table->numbers[at];
}

/* For pairs of numbers below `firsts` and `seconds`, `room` of which come. */
static lots_status open_numbers(lots_arena *arena, uint32_t firsts, uint32_t seconds, uint32_t room, pair_numbers *out,
                                lots_error *err)
{
    void *pairs = NULL;
    if ((uint64_t)firsts * seconds <= room) {
        *out = (pair_numbers){.seconds = seconds, .count = firsts * seconds};
        return LOTS_OK;
    }
    *out = (pair_numbers){.capacity = 16};
    while (out->capacity < 2 * (uint64_t)room && out->capacity < (UINT32_C(1) << 31))
        out->capacity *= 2;
    LOTS_TRY(lots_arena_vector(arena, &pairs, out->capacity, sizeof(uint64_t), err));
    LOTS_TRY(lots_new_u32(arena, out->capacity, &out->numbers, err));
    out->pairs = pairs;
    memset(out->numbers, 0xff, out->capacity * sizeof(uint32_t));
    return LOTS_OK;
}

/* The values of a key at a place of the list: a set's elements, or one; a missing one is a value too (item LOTS_NO_ID). */
static uint32_t key_items(const lots_vector *key, uint32_t place, uint32_t *first)
{
    if (key->type.kind == LOTS_TYPE_SET) {
        *first = key->offsets[place];
        return key->offsets[place + 1] - key->offsets[place];
    }
    *first = lots_vector_is_missing(key, place) ? LOTS_NO_ID : place;
    return 1;
}

static lots_status new_entries(episode_maker *maker, uint64_t count, entries *out, lots_error *err)
{
    void *room = NULL;
    if (count >= LOTS_NO_ID)
        return lots_fail(err, LOTS_LIMIT, "episodes of %llu events under their keys in one chunk",
                         (unsigned long long)count);
    LOTS_TRY(lots_new_u32(maker->arena, (size_t)count, &out->place, err));
    LOTS_TRY(lots_new_u32(maker->arena, (size_t)count, &out->key, err));
    LOTS_TRY(lots_arena_alloc(maker->arena, &room, maker->relation->per_count, sizeof(uint32_t *), err));
    out->item = room;
    for (uint32_t k = 0; k < maker->relation->per_count; k++)
        LOTS_TRY(lots_new_u32(maker->arena, (size_t)count, &out->item[k], err));
    out->count = 0;
    return LOTS_OK;
}

/* Put every entry under each value of one more key; a value that a list repeats takes it once. */
static lots_status split_by(episode_maker *maker, uint32_t k, lots_error *err)
{
    const lots_vector *key = &maker->per[k];
    const entries *from = &maker->entries;
    uint64_t room = 0;
    uint32_t first = 0, *taken = NULL; /* by number: the entry last put under it, counted from 1 */
    lots_dense dense;
    pair_numbers numbers;
    entries to;
    for (uint32_t e = 0; e < from->count; e++)
        room += key_items(key, from->place[e], &first);
    LOTS_TRY(lots_dense_make(maker->worker, maker->arena, key, &dense, err));
    LOTS_TRY(new_entries(maker, room, &to, err));
    LOTS_TRY(open_numbers(maker->arena, from->key_count, dense.count + 1, (uint32_t)room, &numbers, err));
    LOTS_TRY(lots_new_u32(maker->arena, (size_t)room, &taken, err));
    memset(taken, 0, (size_t)room * sizeof *taken);
    for (uint32_t e = 0; e < from->count; e++) {
        const uint32_t items = key_items(key, from->place[e], &first);
        for (uint32_t i = 0; i < items; i++) {
            const uint32_t item = first == LOTS_NO_ID ? LOTS_NO_ID : first + i;
            const uint32_t number = number_of(&numbers, from->key[e], item == LOTS_NO_ID ? dense.count : dense.ids[item]);
            if (taken[number] == e + 1)
                continue;
            taken[number] = e + 1;
            to.place[to.count] = from->place[e];
            to.key[to.count] = number;
            for (uint32_t other = 0; other < k; other++)
                to.item[other][to.count] = from->item[other][e];
            to.item[k][to.count++] = item;
        }
    }
    to.key_count = numbers.count;
    maker->entries = to;
    maker->worker->work.rows += room;
    return LOTS_OK;
}

/* The first key, when it has one value an event, numbers the entries by itself: a missing one comes last. */
static lots_status key_single(episode_maker *maker, lots_error *err)
{
    const lots_vector *key = &maker->per[0];
    entries *to = &maker->entries;
    lots_dense dense;
    LOTS_TRY(lots_dense_make(maker->worker, maker->arena, key, &dense, err));
    memcpy(to->key, dense.ids, to->count * sizeof(uint32_t));
    memcpy(to->item[0], to->place, to->count * sizeof(uint32_t));
    for (size_t p = key->missing == NULL ? to->count : lots_bits_next(key->missing, 0, to->count); p < to->count;
         p = lots_bits_next(key->missing, p + 1, to->count)) {
        to->key[p] = dense.count;
        to->item[0][p] = LOTS_NO_ID;
    }
    to->key_count = dense.count + 1;
    maker->worker->work.rows += to->count;
    return LOTS_OK;
}

static lots_status make_entries(episode_maker *maker, lots_error *err)
{
    const uint32_t count = maker->list.instance->count;
    LOTS_TRY(new_entries(maker, count, &maker->entries, err));
    for (uint32_t p = 0; p < count; p++) {
        maker->entries.place[p] = p;
        maker->entries.key[p] = 0;
    }
    maker->entries.count = count;
    maker->entries.key_count = 1;
    uint32_t k = 0;
    if (maker->relation->per_count > 0 && maker->per[0].type.kind != LOTS_TYPE_SET && count > 0)
        LOTS_TRY(key_single(maker, err));
    if (maker->entries.key_count > 1)
        k = 1;
    for (; k < maker->relation->per_count; k++)
        LOTS_TRY(split_by(maker, k, err));
    return LOTS_OK;
}

static lots_status key_vectors(episode_maker *maker, lots_expr **keys, uint32_t count, lots_vector **out,
                               lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(maker->arena, &room, count, sizeof(lots_vector), err));
    *out = room;
    for (uint32_t k = 0; k < count; k++) {
        lots_vector value;
        LOTS_TRY(lots_value(maker->worker, keys[k], maker->list.instance, &value, err));
        LOTS_TRY(lots_raise(&value, err));
        LOTS_TRY(lots_vector_flatten(maker->arena, &value, &(*out)[k], err));
    }
    return LOTS_OK;
}

/* ---- merging ---- */

static bool same_by(const episode_maker *maker, uint32_t a, uint32_t b)
{
    for (uint32_t k = 0; k < maker->relation->by_count; k++)
        if (lots_vector_compare(&maker->by[k], maker->entries.place[a], &maker->by[k], maker->entries.place[b]) != 0)
            return false;
    return true;
}

static bool joins(const episode_maker *maker, const episode *so_far, uint32_t entry, int32_t start)
{
    if (maker->relation->has_gap && (int64_t)start - so_far->span_end > maker->relation->gap_days)
        return false;
    return same_by(maker, so_far->last_entry, entry);
}

static void add_entry(episode_maker *maker, uint32_t entry, uint32_t owner, uint32_t *current, bool is_current)
{
    const uint32_t row = maker->list.rows[maker->entries.place[entry]];
    const int32_t start = maker->starts[row];
    const int32_t end =
        lots_vector_is_missing(maker->span_ends, row) ? start : ((const int32_t *)maker->span_ends->data)[row];
    if (!is_current || !joins(maker, &maker->episodes[*current], entry, start)) {
        *current = maker->episode_count++;
        maker->episodes[*current] = (episode){.owner = owner, .first_entry = entry, .start = start, .span_end = end};
    }
    episode *into = &maker->episodes[*current];
    into->last_entry = entry;
    into->n++;
    into->span_end = end > into->span_end ? end : into->span_end;
    into->open |= lots_bit_get(maker->opens->data, row);
    maker->episode_of[entry] = *current;
}

static lots_status merge_events(episode_maker *maker, lots_error *err)
{
    const entries *from = &maker->entries;
    const uint32_t *owners = NULL;
    uint32_t *current = NULL;
    void *room = NULL;
    LOTS_TRY(lots_arena_vector(maker->arena, &room, from->count, sizeof(episode), err));
    maker->episodes = room;
    LOTS_TRY(lots_new_u32(maker->arena, from->count, &maker->episode_of, err));
    LOTS_TRY(lots_new_u32(maker->arena, from->key_count, &current, err));
    LOTS_TRY(lots_stamps_open(maker->worker, from->key_count, err));
    LOTS_TRY(lots_instance_parents(maker->worker, maker->list.instance, &owners, err));
    uint32_t owner = LOTS_NO_ID;
    for (uint32_t e = 0; e < from->count; e++) {
        const uint32_t here = owners[from->place[e]];
        if (here != owner)
            lots_stamps_clear(maker->worker);
        owner = here;
        const bool is_current = !lots_stamp(maker->worker, from->key[e]);
        add_entry(maker, e, owner, &current[from->key[e]], is_current);
    }
    maker->worker->work.rows += from->count;
    return LOTS_OK;
}

/* ---- order ---- */

static int compare_keys(const episode_maker *maker, uint32_t a, uint32_t b)
{
    for (uint32_t k = 0; k < maker->relation->per_count; k++) {
        lots_vector items = maker->per[k];
        const uint32_t x = maker->entries.item[k][a], y = maker->entries.item[k][b];
        if (items.type.kind == LOTS_TYPE_SET) {
            items.type.kind = items.type.element;
            items.missing = NULL;
        }
        const int order = x == LOTS_NO_ID || y == LOTS_NO_ID ? (x != LOTS_NO_ID) - (y != LOTS_NO_ID)
                                                             : lots_vector_compare(&items, x, &items, y);
        if (order != 0)
            return order;
    }
    return (a > b) - (a < b);
}

/* start, end (missing last), keys by content. */
static int compare_episodes(const void *context, uint32_t a, uint32_t b)
{
    const episode_maker *maker = context;
    const episode *x = &maker->episodes[a], *y = &maker->episodes[b];
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->open != y->open)
        return x->open ? 1 : -1;
    if (!x->open && x->span_end != y->span_end)
        return x->span_end < y->span_end ? -1 : 1;
    return compare_keys(maker, x->first_entry, y->first_entry);
}

/* Episodes were begun in the order of their starts: what is left to settle is the order within a day. */
static void sort_equal_starts(episode_maker *maker, uint32_t first, uint32_t end, uint32_t *spare)
{
    const episode *episodes = maker->episodes;
    while (first < end) {
        uint32_t after = first + 1;
        while (after < end && episodes[after].start == episodes[first].start)
            after++;
        if (after - first > 1)
            lots_sort_indexes(maker->order + first, after - first, spare, compare_episodes, maker);
        first = after;
    }
}

static lots_status sort_episodes(episode_maker *maker, lots_error *err)
{
    uint32_t *spare = NULL, *offsets = NULL, at = 0;
    const uint32_t owners = maker->rows->owners->count;
    LOTS_TRY(lots_new_u32(maker->arena, maker->episode_count, &maker->order, err));
    LOTS_TRY(lots_new_u32(maker->arena, maker->episode_count, &spare, err));
    LOTS_TRY(lots_new_u32(maker->arena, (size_t)owners + 1, &offsets, err));
    for (uint32_t i = 0; i < maker->episode_count; i++)
        maker->order[i] = i;
    for (uint32_t g = 0; g < owners; g++) {
        offsets[g] = at;
        while (at < maker->episode_count && maker->episodes[at].owner == g)
            at++;
        sort_equal_starts(maker, offsets[g], at, spare);
    }
    offsets[owners] = at;
    maker->rows->offsets = offsets;
    maker->rows->count = maker->episode_count;
    return LOTS_OK;
}

/* ---- what the relation keeps ---- */

static lots_status keep_members(episode_maker *maker, lots_error *err)
{
    const uint32_t count = maker->episode_count;
    uint32_t *offsets = NULL, *members = NULL, *next = NULL;
    LOTS_TRY(lots_new_u32(maker->arena, (size_t)count + 1, &offsets, err));
    LOTS_TRY(lots_new_u32(maker->arena, count, &next, err));
    LOTS_TRY(lots_new_u32(maker->arena, maker->entries.count, &members, err));
    offsets[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        next[maker->order[i]] = offsets[i];
        offsets[i + 1] = offsets[i] + maker->episodes[maker->order[i]].n;
    }
    for (uint32_t e = 0; e < maker->entries.count; e++)
        members[next[maker->episode_of[e]]++] = maker->list.rows[maker->entries.place[e]];
    maker->rows->member_offsets = offsets;
    maker->rows->members = members;
    return LOTS_OK;
}

static lots_status tell_spans(const episode_maker *maker, lots_episode_spans *out, lots_error *err)
{
    static const lots_type date = {.kind = LOTS_TYPE_DATE}, truth = {.kind = LOTS_TYPE_BOOL},
                           whole = {.kind = LOTS_TYPE_INT};
    const uint32_t count = maker->episode_count;
    LOTS_TRY(lots_vector_new(maker->arena, &date, count, &out->start, err));
    LOTS_TRY(lots_vector_new(maker->arena, &date, count, &out->end, err));
    LOTS_TRY(lots_vector_new(maker->arena, &whole, count, &out->n, err));
    LOTS_TRY(lots_vector_new(maker->arena, &truth, count, &out->open, err));
    LOTS_TRY(lots_vector_new(maker->arena, &date, count, &out->span_end, err));
    LOTS_TRY(lots_vector_want_missing(maker->arena, &out->start, err));
    LOTS_TRY(lots_vector_want_missing(maker->arena, &out->end, err));
    out->span_end.missing = out->start.missing;
    for (uint32_t i = 0; i < count; i++) {
        const episode *from = &maker->episodes[maker->order[i]];
        const bool dated = from->start != INT32_MAX;
        ((int32_t *)out->start.data)[i] = dated ? from->start : 0;
        ((int32_t *)out->end.data)[i] = dated && !from->open ? from->span_end : 0;
        ((int32_t *)out->span_end.data)[i] = dated ? from->span_end : 0;
        ((int64_t *)out->n.data)[i] = from->n;
        if (!dated)
            lots_bit_set(out->start.missing, i);
        if (!dated || from->open)
            lots_bit_set(out->end.missing, i);
        if (from->open)
            lots_bit_set(out->open.data, i);
    }
    return LOTS_OK;
}

/* Key values of each episode: those its first event was put under. */
static lots_status keep_keys(episode_maker *maker, lots_error *err)
{
    const uint32_t per = maker->relation->per_count, by = maker->relation->by_count;
    void *room = NULL;
    uint32_t *index = NULL;
    LOTS_TRY(lots_arena_alloc(maker->arena, &room, per + by, sizeof(lots_vector), err));
    maker->rows->key_values = room;
    LOTS_TRY(lots_new_u32(maker->arena, maker->episode_count, &index, err));
    for (uint32_t k = 0; k < per + by; k++) {
        lots_vector items = k < per ? maker->per[k] : maker->by[k - per];
        if (k < per && items.type.kind == LOTS_TYPE_SET) {
            items.count = items.offsets[items.count];
            items.type.kind = items.type.element;
            items.offsets = NULL;
            items.missing = NULL;
        }
        for (uint32_t i = 0; i < maker->episode_count; i++) {
            const uint32_t entry = maker->episodes[maker->order[i]].first_entry;
            index[i] = k < per ? maker->entries.item[k][entry] : maker->entries.place[entry];
        }
        LOTS_TRY(lots_vector_gather(maker->arena, &items, index, maker->episode_count, &maker->rows->key_values[k], err));
    }
    return LOTS_OK;
}

lots_status lots_episodes_keep(lots_worker *worker, lots_relation_rows *rows, lots_relation_rows *left,
                               const lots_episode_spans *spans, lots_error *err)
{
    const lots_relation *relation = rows->relation;
    for (uint32_t c = 0; c < relation->column_count; c++) {
        const int role = (int)relation->columns[c].role;
        if (role == LOTS_COLUMN_START || role == LOTS_COLUMN_END || role == LOTS_COLUMN_N)
            rows->columns[c] = role == LOTS_COLUMN_START ? spans->start : role == LOTS_COLUMN_END ? spans->end : spans->n;
    }
    rows->span_end = spans->span_end;
    rows->open = spans->open;
    rows->left = left;
    if (relation->members == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_instance_new(worker, relation->episode_frame, rows->count, rows->owners, rows->owners->depth, &rows->episodes,
                               err));
    rows->episodes->parent_offsets = rows->offsets;
    return LOTS_OK;
}

/* Those that have keys, or are to be sorted by more than the days they begin on. */
static lots_status make_keyed(episode_maker *maker, lots_error *err)
{
    lots_worker *worker = maker->worker;
    const lots_relation *relation = maker->relation;
    lots_episode_spans spans;
    LOTS_TRY(key_vectors(maker, relation->per, relation->per_count, &maker->per, err));
    LOTS_TRY(key_vectors(maker, relation->by, relation->by_count, &maker->by, err));
    LOTS_TRY(lots_relation_starts(worker, maker->list.relation, &maker->starts, err));
    LOTS_TRY(lots_relation_span_end(worker, maker->list.relation, &maker->span_ends, err));
    LOTS_TRY(lots_relation_open(worker, maker->list.relation, &maker->opens, err));
    LOTS_TRY(make_entries(maker, err));
    LOTS_TRY(merge_events(maker, err));
    LOTS_TRY(sort_episodes(maker, err));
    LOTS_TRY(tell_spans(maker, &spans, err));
    LOTS_TRY(keep_keys(maker, err));
    if (relation->members != NULL)
        LOTS_TRY(keep_members(maker, err));
    return lots_episodes_keep(worker, maker->rows, maker->list.relation, &spans, err);
}

lots_status lots_episodes_make(lots_worker *worker, lots_relation_rows *rows, lots_error *err)
{
    episode_maker maker = {.worker = worker,
                           .rows = rows,
                           .relation = rows->relation,
                           .arena = lots_instance_arena(worker, rows->owners)};
    bool done = false;
    LOTS_TRY(lots_episodes_count(worker, rows, &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(lots_element_list_make(worker, rows->relation->left, rows->owners, &maker.list, err));
    LOTS_TRY(lots_episodes_plain(worker, rows, &maker.list, &done, err));
    return done ? LOTS_OK : make_keyed(&maker, err);
}

lots_status lots_episodes_column(lots_worker *worker, lots_relation_rows *rows, uint32_t column, lots_vector *out,
                                 lots_error *err)
{
    const lots_relation *relation = rows->relation;
    const lots_relation_column *bound = &relation->columns[column];
    if (bound->role == LOTS_COLUMN_AGGREGATE)
        return lots_value(worker, bound->value, rows->episodes, out, err);
    for (uint32_t k = 0; k < relation->per_count + relation->by_count; k++) {
        const lots_expr *key = k < relation->per_count ? relation->per[k] : relation->by[k - relation->per_count];
        if (key != bound->value)
            continue;
        *out = rows->key_values[k];
        out->type = bound->type;
        return LOTS_OK;
    }
    return lots_fail(err, LOTS_INTERNAL, "episodes have no column '%s'", bound->name);
}
