/* dense.c: see dense.h. Whole numbers and days that lie close together are numbered by where they lie; other values are hashed to
 * find the distinct ones, which are then sorted. */
#include "query/exec/dense.h"

#include <string.h>

#include "core/base/memory.h"

/* ---- marks ---- */

lots_status lots_stamps_open(lots_worker *worker, uint32_t count, lots_error *err)
{
    if (worker->stamp_count < count) {
        void *stamps = worker->stamps;
        const size_t grown = (size_t)count + count / 2 + 64;
        LOTS_TRY(lots_realloc(&stamps, grown, sizeof(uint32_t), err));
        worker->stamps = stamps;
        memset(worker->stamps, 0, grown * sizeof(uint32_t));
        worker->stamp_count = grown;
        worker->stamp = 0;
    }
    lots_stamps_clear(worker);
    return LOTS_OK;
}

void lots_stamps_clear(lots_worker *worker)
{
    if (worker->stamp == UINT32_MAX) {
        memset(worker->stamps, 0, worker->stamp_count * sizeof(uint32_t));
        worker->stamp = 0;
    }
    worker->stamp++;
}

/* ---- sorting indexes: merges of ever longer runs ---- */

static void merge(uint32_t *out, const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count,
                  lots_index_order order, const void *context)
{
    while (a_count > 0 && b_count > 0) {
        if (order(context, *b, *a) < 0) {
            *out++ = *b++;
            b_count--;
        } else {
            *out++ = *a++;
            a_count--;
        }
    }
    memcpy(out, a, a_count * sizeof(uint32_t));
    memcpy(out + a_count, b, b_count * sizeof(uint32_t));
}

void lots_sort_indexes(uint32_t *indexes, uint32_t count, uint32_t *spare, lots_index_order order, const void *context)
{
    uint32_t sorted = 1;
    while (sorted < count && order(context, indexes[sorted - 1], indexes[sorted]) <= 0)
        sorted++;
    if (sorted >= count)
        return;
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t at = 0; at < count; at += 2 * width) {
            const uint64_t middle = at + width < count ? at + width : count;
            const uint64_t end = at + 2 * width < count ? at + 2 * width : count;
            merge(spare + at, indexes + at, (uint32_t)(middle - at), indexes + middle, (uint32_t)(end - middle), order,
                  context);
        }
        memcpy(indexes, spare, count * sizeof(uint32_t));
    }
}

/* ---- numbers that lie close together ---- */

static bool is_whole(lots_type_kind kind)
{
    return kind == LOTS_TYPE_INT || kind == LOTS_TYPE_DECIMAL || kind == LOTS_TYPE_DAYS || kind == LOTS_TYPE_MONTHS ||
           kind == LOTS_TYPE_DATE;
}

static int64_t whole_at(const lots_vector *items, uint32_t at)
{
    return items->type.kind == LOTS_TYPE_DATE ? ((const int32_t *)items->data)[at] : ((const int64_t *)items->data)[at];
}

/* Of the values that are there; high < low when there is none. */
static void find_bounds(const lots_vector *items, int64_t *low, int64_t *high)
{
    *low = INT64_MAX;
    *high = INT64_MIN;
    for (uint32_t i = 0; i < items->count; i++) {
        const int64_t value = whole_at(items, i);
        if (lots_vector_is_missing(items, i))
            continue;
        *low = value < *low ? value : *low;
        *high = value > *high ? value : *high;
    }
}

/* low, low + 1, …: also those that don't occur. */
static lots_status values_from(lots_arena *arena, const lots_type *type, int64_t low, uint32_t count, lots_vector *out,
                               lots_error *err)
{
    LOTS_TRY(lots_vector_new(arena, type, count, out, err));
    for (uint32_t i = 0; i < count; i++)
        if (type->kind == LOTS_TYPE_DATE)
            ((int32_t *)out->data)[i] = (int32_t)(low + i);
        else
            ((int64_t *)out->data)[i] = low + i;
    return LOTS_OK;
}

/* *done: there are not many more numbers from the least to the greatest than there are values. */
static lots_status number_near(lots_worker *worker, lots_arena *arena, const lots_vector *items, bool *done, lots_dense *out,
                               lots_error *err)
{
    int64_t low = 0, high = 0;
    uint32_t *ids = NULL;
    *done = false;
    if (!is_whole(items->type.kind))
        return LOTS_OK;
    find_bounds(items, &low, &high);
    if (high < low || (uint64_t)high - (uint64_t)low >= 4 * (uint64_t)items->count)
        return LOTS_OK;
    *done = true;
    LOTS_TRY(lots_new_u32(arena, items->count, &ids, err));
    for (uint32_t i = 0; i < items->count; i++)
        ids[i] = lots_vector_is_missing(items, i) ? 0 : (uint32_t)(whole_at(items, i) - low);
    worker->work.rows += items->count;
    out->ids = ids;
    out->count = (uint32_t)(high - low) + 1;
    return values_from(arena, &items->type, low, out->count, &out->values, err);
}

/* ---- numbering by a hash ---- */

static int compare_rows(const void *context, uint32_t a, uint32_t b)
{
    return lots_vector_compare(context, a, context, b);
}

typedef struct numbering {
    uint32_t *table; /* row of a value's first sight, LOTS_NO_ID: free; a power of two */
    uint32_t capacity;
    uint32_t *ids;   /* by row */
    uint32_t *firsts;/* by id: row of first sight */
    uint32_t count;
} numbering;

/* First sights get numbers in the order they come. */
static uint32_t number_row(const lots_vector *items, uint32_t row, numbering *out)
{
    uint32_t at = (uint32_t)lots_vector_hash(items, row, 1) & (out->capacity - 1);
    while (out->table[at] != LOTS_NO_ID && lots_vector_compare(items, out->table[at], items, row) != 0)
        at = (at + 1) & (out->capacity - 1);
    if (out->table[at] != LOTS_NO_ID)
        return out->ids[out->table[at]];
    out->table[at] = row;
    out->firsts[out->count] = row;
    return out->count++;
}

static void number_rows(const lots_vector *items, numbering *out)
{
    for (uint32_t i = 0; i < items->count; i++)
        out->ids[i] = lots_vector_is_missing(items, i) ? 0 : number_row(items, i, out);
}

/* Texts of few values are the same bytes in memory all over: such are hashed once. */
static void number_texts(const lots_vector *items, numbering *out)
{
    enum { PLACES = 1024 };
    struct {
        lots_text text;
        uint32_t id;
    } seen[PLACES];
    const lots_text *texts = items->data;
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < items->count; i++) {
        const size_t place = ((uintptr_t)texts[i].text ^ ((uintptr_t)texts[i].text >> 10)) % PLACES;
        out->ids[i] = 0;
        if (lots_vector_is_missing(items, i))
            continue;
        if (seen[place].text.text != texts[i].text || seen[place].text.bytes != texts[i].bytes || texts[i].text == NULL) {
            seen[place].id = number_row(items, i, out);
            seen[place].text = texts[i];
        }
        out->ids[i] = seen[place].id;
    }
}

static lots_status number_values(lots_worker *worker, lots_arena *arena, const lots_vector *items, lots_dense *out,
                                 lots_error *err)
{
    numbering made = {.capacity = 16};
    uint32_t *order = NULL, *spare = NULL, *place = NULL;
    while (made.capacity < 2 * (uint64_t)items->count && made.capacity < (UINT32_C(1) << 31))
        made.capacity *= 2;
    LOTS_TRY(lots_new_u32(arena, made.capacity, &made.table, err));
    LOTS_TRY(lots_new_u32(arena, items->count, &made.ids, err));
    LOTS_TRY(lots_new_u32(arena, items->count, &made.firsts, err));
    memset(made.table, 0xff, made.capacity * sizeof(uint32_t));
    if (items->type.kind == LOTS_TYPE_TEXT)
        number_texts(items, &made);
    else
        number_rows(items, &made);
    LOTS_TRY(lots_new_u32(arena, made.count, &order, err));
    LOTS_TRY(lots_new_u32(arena, made.count, &spare, err));
    LOTS_TRY(lots_new_u32(arena, made.count + 1, &place, err));
    place[0] = 0;
    memcpy(order, made.firsts, made.count * sizeof(uint32_t));
    lots_sort_indexes(order, made.count, spare, compare_rows, items);
    for (uint32_t i = 0; i < made.count; i++)
        place[made.ids[order[i]]] = i;
    for (uint32_t i = 0; i < items->count; i++)
        made.ids[i] = place[made.ids[i]];
    worker->work.rows += items->count;
    out->ids = made.ids;
    out->count = made.count > 0 ? made.count : 1;
    return lots_vector_gather(arena, items, order, made.count, &out->values, err);
}

lots_status lots_dense_make(lots_worker *worker, lots_arena *arena, const lots_vector *x, lots_dense *out,
                            lots_error *err)
{
    lots_vector items = *x;
    *out = (lots_dense){.offsets = NULL};
    if (x->type.kind == LOTS_TYPE_SET) {
        items = (lots_vector){.type = x->type, .count = x->offsets[x->count], .data = x->data};
        items.type.kind = x->type.element;
        out->offsets = x->offsets;
    }
    if ((items.type.kind == LOTS_TYPE_CATEGORY || items.type.kind == LOTS_TYPE_CODE) &&
        items.type.dictionary != NULL) {
        out->ids = items.data;
        out->count = lots_dictionary_count(items.type.dictionary);
        if (items.count > 0 && worker->kernels->max_u32(out->ids, items.count) >= out->count)
            out->count = worker->kernels->max_u32(out->ids, items.count) + 1;
        return LOTS_OK;
    }
    bool near = false;
    LOTS_TRY(number_near(worker, arena, &items, &near, out, err));
    return near ? LOTS_OK : number_values(worker, arena, &items, out, err);
}
