/* reduce_extreme.c: smallest and largest. Ranges that follow one another go to the kernels; others that overlap little are looked
 * through one by one, overlapping ones are asked of a table of block minima (Bender & Farach-Colton 2000, sparse table over
 * blocks), which answers any range in constant time. */
#include <math.h>
#include <string.h>

#include "query/exec/aggregate.h"
#include "query/exec/reduce_slide.h"

enum { BLOCK = 64 };

/* ---- values as int64 keys in their order ---- */

static int64_t key_of_double(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? (int64_t)((uint64_t)bits ^ (uint64_t)INT64_MAX) : bits;
}

static double double_of_key(int64_t key)
{
    const int64_t bits = key < 0 ? (int64_t)((uint64_t)key ^ (uint64_t)INT64_MAX) : key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

typedef enum key_shape { NARROW, WIDE, REAL } key_shape; /* int32_t, int64_t, double */

static key_shape shape_of(const lots_vector *x)
{
    return x->type.kind == LOTS_TYPE_FLOAT ? REAL : lots_type_bytes(x->type.kind) == 4 ? NARROW : WIDE;
}

static inline int64_t key_at(const void *data, key_shape shape, uint32_t at)
{
    return shape == NARROW ? ((const int32_t *)data)[at]
           : shape == WIDE ? ((const int64_t *)data)[at] : key_of_double(((const double *)data)[at]);
}

static inline void put_key(void *data, key_shape shape, uint32_t at, int64_t key)
{
    if (shape == NARROW)
        ((int32_t *)data)[at] = (int32_t)key;
    else if (shape == WIDE)
        ((int64_t *)data)[at] = key;
    else
        ((double *)data)[at] = double_of_key(key);
}

/* ---- ranges that follow one another ---- */

/* Ranks are below 2^31: int32_t order is theirs. */
static void extreme_by(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, bool largest,
                       lots_vector *out, uint64_t *any)
{
    const lots_kernels *kernels = step->worker->kernels;
    if (lots_type_bytes(x->type.kind) == 4)
        (largest ? kernels->max_i32_by : kernels->min_i32_by)(x->data, ranges->mask, ranges->offsets, ranges->count,
                                                              out->data, any);
    else if (x->type.kind == LOTS_TYPE_FLOAT)
        (largest ? kernels->max_f64_by : kernels->min_f64_by)(x->data, ranges->mask, ranges->offsets, ranges->count,
                                                              out->data, any);
    else
        (largest ? kernels->max_i64_by : kernels->min_i64_by)(x->data, ranges->mask, ranges->offsets, ranges->count,
                                                              out->data, any);
    step->worker->work.rows += ranges->positions;
}

/* ---- ranges that overlap little ---- */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* For the largest, `turn` of all ones turns keys round. */
static inline void scan_ranges(const lots_ranges *ranges, const void *data, key_shape shape, int64_t turn, void *out, uint64_t *any)
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        const uint32_t first = ranges->first[i], end = ranges->end[i];
        int64_t low = first < end ? INT64_MAX : turn;
        for (uint32_t at = first; at < end; at++)
            low = least(low, key_at(data, shape, at) ^ turn);
        put_key(out, shape, i, low ^ turn);
        any[i / 64] |= (uint64_t)(first < end) << (i % 64);
    }
}

/* Where that costs less than a table: *done. */
static void extreme_scanned(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, bool largest,
                            lots_vector *out, uint64_t *any, bool *done)
{
    const int64_t turn = largest ? -1 : 0;
    uint64_t looks = 0;
    for (uint32_t i = 0; i < ranges->count && ranges->mask == NULL; i++)
        looks += ranges->end[i] - ranges->first[i];
    *done = ranges->mask == NULL && looks <= 2 * ((uint64_t)ranges->positions + ranges->count);
    if (!*done)
        return;
    step->worker->work.rows += looks + ranges->count;
    switch (shape_of(x)) {
    case NARROW: scan_ranges(ranges, x->data, NARROW, turn, out->data, any); break;
    case WIDE: scan_ranges(ranges, x->data, WIDE, turn, out->data, any); break;
    default: scan_ranges(ranges, x->data, REAL, turn, out->data, any);
    }
}

/* ---- ranges that overlap ---- */

typedef struct minima { /* of keys; for the largest the keys are turned round */
    int64_t *keys;      /* by position; INT64_MAX where the mask has no bit */
    int64_t **levels;   /* levels[l][b]: least of blocks b .. b + 2^l - 1 */
    uint32_t blocks;
} minima;

static lots_status make_minima(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, bool largest,
                               minima *out, lots_error *err)
{
    const key_shape shape = shape_of(x);
    void *room = NULL;
    out->blocks = (ranges->positions + BLOCK - 1) / BLOCK;
    LOTS_TRY(lots_new_i64(step->arena, ranges->positions, &out->keys, err));
    for (uint32_t i = 0; i < ranges->positions; i++) {
        const int64_t key = largest ? ~key_at(x->data, shape, i) : key_at(x->data, shape, i);
        out->keys[i] = ranges->mask == NULL || lots_bit_get(ranges->mask, i) ? key : INT64_MAX;
    }
    LOTS_TRY(lots_arena_alloc(step->arena, &room, 33, sizeof(int64_t *), err));
    out->levels = room;
    LOTS_TRY(lots_new_i64(step->arena, out->blocks, &out->levels[0], err));
    for (uint32_t b = 0; b < out->blocks; b++) {
        int64_t low = INT64_MAX;
        for (uint32_t i = b * BLOCK; i < (b + 1) * BLOCK && i < ranges->positions; i++)
            low = least(low, out->keys[i]);
        out->levels[0][b] = low;
    }
    for (uint32_t level = 1; (UINT64_C(1) << level) <= out->blocks; level++) {
        const uint32_t half = UINT32_C(1) << (level - 1);
        LOTS_TRY(lots_new_i64(step->arena, out->blocks, &out->levels[level], err));
        for (uint32_t b = 0; b + 2 * half <= out->blocks; b++)
            out->levels[level][b] = least(out->levels[level - 1][b], out->levels[level - 1][b + half]);
    }
    step->worker->work.rows += ranges->positions;
    return LOTS_OK;
}

static int64_t scan(const minima *table, uint32_t first, uint32_t end)
{
    int64_t low = INT64_MAX;
    for (uint32_t i = first; i < end; i++)
        low = least(low, table->keys[i]);
    return low;
}

static int64_t least_in(const minima *table, uint32_t first, uint32_t end)
{
    const uint32_t from = (first + BLOCK - 1) / BLOCK, to = end / BLOCK;
    if (from >= to)
        return scan(table, first, end);
    const uint32_t level = 31u - (uint32_t)__builtin_clz(to - from);
    const int64_t inner =
        least(table->levels[level][from], table->levels[level][to - (UINT32_C(1) << level)]);
    return least(inner, least(scan(table, first, from * BLOCK), scan(table, to * BLOCK, end)));
}

static lots_status extreme_overlapping(const lots_step *step, const lots_ranges *ranges, const lots_vector *x,
                                       bool largest, lots_vector *out, uint64_t *any, lots_error *err)
{
    const key_shape shape = shape_of(out);
    minima table;
    lots_bit_ranks ranks;
    LOTS_TRY(make_minima(step, ranges, x, largest, &table, err));
    LOTS_TRY(lots_bit_ranks_make(step, ranges, &ranks, err));
    step->worker->work.rows += ranges->count;
    for (uint32_t i = 0; i < ranges->count; i++) {
        put_key(out->data, shape, i, 0);
        if (lots_bit_rank(&ranks, ranges->end[i]) == lots_bit_rank(&ranks, ranges->first[i]))
            continue;
        const int64_t key = least_in(&table, ranges->first[i], ranges->end[i]);
        put_key(out->data, shape, i, largest ? ~key : key);
        lots_bit_set(any, i);
    }
    return LOTS_OK;
}

/* ---- what has no numeric key: texts, truths, sets ---- */

static lots_status extreme_compared(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, bool largest,
                                    lots_vector *out, lots_error *err)
{
    uint32_t *best = NULL;
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &best, err));
    for (uint32_t i = 0; i < ranges->count; i++) {
        best[i] = LOTS_NO_ID;
        for (uint32_t k = ranges->first[i]; k < ranges->end[i]; k++) {
            if (ranges->mask != NULL && !lots_bit_get(ranges->mask, k))
                continue;
            const int order = best[i] == LOTS_NO_ID ? 1 : lots_vector_compare(x, k, x, best[i]);
            if (best[i] == LOTS_NO_ID || (largest ? order > 0 : order < 0))
                best[i] = k;
        }
        step->worker->work.rows += ranges->end[i] - ranges->first[i];
    }
    return lots_vector_gather(step->arena, x, best, ranges->count, out, err);
}

static int compare_places(const void *context, uint32_t a, uint32_t b)
{
    return lots_vector_compare(context, a, context, b);
}

/* Ranges that overlap much: values become their places in the order of all, which are numbers. */
static lots_status extreme_placed(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, bool largest,
                                  lots_vector *out, lots_error *err)
{
    lots_vector places = {.type.kind = LOTS_TYPE_INT, .count = ranges->positions};
    uint32_t *order = NULL, *spare = NULL, *best = NULL;
    int64_t *place = NULL;
    lots_bit_ranks ranks;
    minima table;
    LOTS_TRY(lots_new_u32(step->arena, ranges->positions, &order, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->positions, &spare, err));
    LOTS_TRY(lots_new_u32(step->arena, ranges->count, &best, err));
    LOTS_TRY(lots_new_i64(step->arena, ranges->positions, &place, err));
    for (uint32_t i = 0; i < ranges->positions; i++)
        order[i] = i;
    lots_sort_indexes(order, ranges->positions, spare, compare_places, x);
    for (uint32_t i = 0; i < ranges->positions; i++)
        place[order[i]] = i;
    places.data = place;
    LOTS_TRY(make_minima(step, ranges, &places, largest, &table, err));
    LOTS_TRY(lots_bit_ranks_make(step, ranges, &ranks, err));
    step->worker->work.rows += ranges->count;
    for (uint32_t i = 0; i < ranges->count; i++) {
        best[i] = LOTS_NO_ID;
        if (lots_bit_rank(&ranks, ranges->end[i]) == lots_bit_rank(&ranks, ranges->first[i]))
            continue;
        const int64_t key = least_in(&table, ranges->first[i], ranges->end[i]);
        best[i] = order[largest ? ~key : key];
    }
    return lots_vector_gather(step->arena, x, best, ranges->count, out, err);
}

lots_status lots_reduce_extreme(const lots_step *step, const lots_ranges *ranges, const lots_vector *x, lots_vector *out,
                                lots_error *err)
{
    const bool largest = step->expr->op == LOTS_OP_MAX;
    const lots_type_kind kind = x->type.kind;
    lots_ranges valid;
    LOTS_TRY(lots_ranges_valid(step, ranges, x, &valid, err));
    if (kind == LOTS_TYPE_TEXT || kind == LOTS_TYPE_BOOL || kind == LOTS_TYPE_SET || kind == LOTS_TYPE_INTERVAL)
        return lots_slide_pays(&valid) ? extreme_placed(step, &valid, x, largest, out, err)
                                       : extreme_compared(step, &valid, x, largest, out, err);
    uint64_t *any = NULL;
    bool done = valid.offsets != NULL;
    LOTS_TRY(lots_new_bits(step->arena, ranges->count, &any, err));
    if (done)
        extreme_by(step, &valid, x, largest, out, any);
    else
        extreme_scanned(step, &valid, x, largest, out, any, &done);
    if (!done)
        LOTS_TRY(extreme_overlapping(step, &valid, x, largest, out, any, err));
    if (lots_bits_count(any, ranges->count) == ranges->count)
        return LOTS_OK;
    LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
    lots_bits_not(out->missing, any, ranges->count);
    return LOTS_OK;
}
