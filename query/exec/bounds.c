/* bounds.c: see bounds.h. */
#include "query/exec/bounds.h"

#include <string.h>

#include "query/exec/day_range.h"
#include "query/exec/eval.h"

typedef struct asked_rows { /* those whose days are found; index NULL: all */
    const lots_instance *rows;
    const uint32_t *index;
} asked_rows;

static lots_status add_bits(lots_arena *arena, const uint64_t *bits, const asked_rows *asked, uint32_t count, uint64_t **to,
                            lots_error *err)
{
    if (bits == NULL)
        return LOTS_OK;
    if (*to == NULL)
        LOTS_TRY(lots_new_bits(arena, count, to, err));
    if (asked->index == NULL)
        lots_bits_or(*to, *to, bits, count);
    for (uint32_t i = 0; asked->index != NULL && i < asked->rows->count; i++)
        if (lots_bit_get(bits, i))
            lots_bit_set(*to, asked->index[i]);
    return LOTS_OK;
}

static lots_status add_bound(lots_worker *worker, const lots_expr *expr, const asked_rows *asked, uint32_t count,
                             const int32_t **days, lots_bounds *out, lots_error *err)
{
    lots_vector value, flat;
    int32_t *spread = NULL;
    if (expr == NULL)
        return LOTS_OK;
    lots_arena *arena = lots_instance_arena(worker, asked->rows);
    LOTS_TRY(lots_value(worker, expr, asked->rows, &value, err));
    LOTS_TRY(lots_vector_flatten(arena, &value, &flat, err));
    *days = flat.data;
    if (asked->index != NULL) {
        LOTS_TRY(lots_new_i32(arena, count, &spread, err));
        memset(spread, 0, count * sizeof *spread);
        for (uint32_t i = 0; i < asked->rows->count; i++)
            spread[asked->index[i]] = (*days)[i];
        *days = spread;
    }
    if (flat.failed != NULL)
        out->culprit = flat.culprit;
    LOTS_TRY(add_bits(arena, flat.missing, asked, count, &out->missing, err));
    return add_bits(arena, flat.failed, asked, count, &out->failed, err);
}

/* A day that can't be told is an error also of a row to which nothing is left. */
static lots_status can_fail(lots_worker *worker, const lots_window *window, const lots_instance *rows, bool *out, lots_error *err)
{
    const lots_expr *sides[2] = {window->low, window->high};
    int32_t least, most;
    *out = false;
    for (int s = 0; s < 2 && !*out; s++) {
        bool known = true;
        if (sides[s] != NULL)
            LOTS_TRY(lots_day_range(worker, sides[s], rows, &least, &most, &known, err));
        *out = !known;
    }
    return LOTS_OK;
}

/* Only those to which something is left, where they are few. Patients stay all: events are found by their numbers. */
static lots_status rows_left(lots_worker *worker, const lots_window *window, const lots_instance *rows, const uint32_t *first,
                             const uint32_t *end, asked_rows *out, lots_error *err)
{
    enum { FEW = 2 }; /* one of so many */
    lots_arena *arena = lots_instance_arena(worker, rows);
    lots_instance *left = NULL;
    uint64_t *bits = NULL;
    uint32_t *index = NULL;
    bool fails = false;
    *out = (asked_rows){rows, NULL};
    if (rows->frame == LOTS_FRAME_PATIENT)
        return LOTS_OK;
    LOTS_TRY(lots_new_words(arena, rows->count, &bits, err));
    worker->kernels->less_i32((const int32_t *)first, (const int32_t *)end, rows->count, bits); /* places of a chunk are below 2^31 */
    const uint32_t count = (uint32_t)worker->kernels->bits_count(bits, rows->count);
    if (FEW * (uint64_t)count >= rows->count)
        return LOTS_OK;
    LOTS_TRY(can_fail(worker, window, rows, &fails, err));
    if (fails)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(arena, count, &index, err));
    worker->kernels->bits_indexes(bits, rows->count, index);
    LOTS_TRY(lots_rows_take(worker, rows, index, count, &left, err));
    *out = (asked_rows){left, index};
    return LOTS_OK;
}

lots_status lots_bounds_find(lots_worker *worker, const lots_window *window, const lots_instance *rows, const uint32_t *first,
                             const uint32_t *end, lots_bounds *out, lots_error *err)
{
    asked_rows asked;
    *out = (lots_bounds){NULL, NULL, NULL, NULL, NULL};
    LOTS_TRY(rows_left(worker, window, rows, first, end, &asked, err));
    LOTS_TRY(add_bound(worker, window->low, &asked, rows->count, &out->low, out, err));
    return add_bound(worker, window->high, &asked, rows->count, &out->high, out, err);
}
