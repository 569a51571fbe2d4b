/* batch_arrange.c: rows of a batch moved within its own memory: a few put in their place, some dropped. The idea: what a
 * program or a register delivers is in order but for rows of one day, so the rest stays where it is. See batch.h. */
#include <assert.h>

#include "core/base/memory.h"
#include "core/store/batch.h"

/* ---- putting rows in order ---- */

/* Rows first .. end - 1 change places among themselves. */
typedef struct window {
    uint32_t first, end;
} window;

typedef struct arrange_job {
    const uint32_t *order;
    lots_vec windows;
    lots_bytes items;   /* of one window, in their new order … */
    lots_vec offsets;   /* … and the ends of its lists or texts, from the window's first item */
} arrange_job;

/* The windows, and in *moved their rows. */
static lots_status find_windows(arrange_job *job, uint32_t rows, uint32_t *moved, lots_error *err)
{
    *moved = 0;
    for (uint32_t row = 0; row < rows; row++) {
        if (job->order[row] == row)
            continue;
        window found = {row, job->order[row] + 1};
        for (row++; row < found.end; row++)
            found.end = job->order[row] >= found.end ? job->order[row] + 1 : found.end;
        row--;
        *moved += found.end - found.first;
        LOTS_TRY(lots_vec_push(&job->windows, &found, err));
    }
    return LOTS_OK;
}

static void copy_item(char *to, const char *from, size_t size)
{
    if (size == 1)
        *to = *from;
    else if (size == 4)
        memcpy(to, from, 4);
    else
        memcpy(to, from, 8);
}

static lots_status arrange_items(arrange_job *job, lots_vec *vec, lots_error *err)
{
    size_t size = vec->item_size;
    char *items = vec->data;
    assert(size == 1 || size == 4 || size == 8);
    for (size_t i = 0; i < job->windows.count; i++) {
        const window *at = &LOTS_AT(window, &job->windows, i);
        uint32_t count = at->end - at->first;
        job->items.count = 0;
        LOTS_TRY(lots_bytes_reserve(&job->items, count * size, err));
        char *spare = (char *)job->items.data;
        for (uint32_t j = 0; j < count; j++)
            copy_item(spare + j * size, items + job->order[at->first + j] * size, size);
        memcpy(items + at->first * size, spare, count * size);
    }
    return LOTS_OK;
}

/* The lists or texts of a window, one after the other in their new order; then their ends. */
static lots_status arrange_window(arrange_job *job, lots_batch_column *column, const window *at, lots_error *err)
{
    uint32_t *offsets = column->offsets.data, base = offsets[at->first];
    size_t size = column->values.item_size;
    char *items = column->values.data;
    job->items.count = job->offsets.count = 0;
    for (uint32_t row = at->first; row < at->end; row++) {
        uint32_t from = job->order[row], run = offsets[from + 1] - offsets[from];
        if (run > 0)
            LOTS_TRY(lots_bytes_append(&job->items, items + offsets[from] * size, run * size, err));
        uint32_t end = base + (uint32_t)(job->items.count / size);
        LOTS_TRY(lots_vec_push(&job->offsets, &end, err));
    }
    memcpy(offsets + at->first + 1, job->offsets.data, job->offsets.count * sizeof *offsets);
    if (job->items.count > 0)
        memcpy(items + base * size, job->items.data, job->items.count);
    return LOTS_OK;
}

static lots_status arrange_column(arrange_job *job, lots_batch_column *column, lots_error *err)
{
    LOTS_TRY(arrange_items(job, &column->missing, err));
    if (!column->list && column->phys != LOTS_PHYS_TEXT)
        return arrange_items(job, &column->values, err);
    for (size_t i = 0; i < job->windows.count; i++)
        LOTS_TRY(arrange_window(job, column, &LOTS_AT(window, &job->windows, i), err));
    return LOTS_OK;
}

static lots_status arrange_columns(arrange_job *job, lots_batch *batch, lots_error *err)
{
    if (batch->patient.count > 0)
        LOTS_TRY(arrange_items(job, &batch->patient, err));
    for (uint32_t i = 0; i < batch->column_count; i++)
        LOTS_TRY(arrange_column(job, &batch->columns[i], err));
    return LOTS_OK;
}

lots_status lots_batch_arrange(lots_batch *batch, const uint32_t *order, bool *done, lots_error *err)
{
    enum { MOVED_SHARE = 4 }; /* beyond a quarter, copying all is as quick */
    arrange_job job = {.order = order, .windows = LOTS_VEC(window), .offsets = LOTS_VEC(uint32_t)};
    uint32_t moved;
    lots_status status = find_windows(&job, batch->rows, &moved, err);
    *done = status == LOTS_OK && moved <= batch->rows / MOVED_SHARE;
    if (*done && moved > 0)
        status = arrange_columns(&job, batch, err);
    lots_vec_free(&job.windows);
    lots_bytes_free(&job.items);
    lots_vec_free(&job.offsets);
    return status;
}

/* ---- dropping rows ---- */

/* The first row from `row` on that is kept, or with `kept` false dropped; `rows` when there is none. Mostly none is dropped
 * for long, so eight marks are looked at together. */
static size_t find_row(const uint8_t *dropped, uint8_t mask, size_t row, size_t rows, bool kept)
{
    const uint64_t masks = UINT64_C(0x0101010101010101) * mask;
    while (!kept && rows - row >= 8 && !(lots_get64(dropped + row) & masks))
        row += 8;
    while (row < rows && !(dropped[row] & mask) != kept)
        row++;
    return row;
}

/* What lies between two dropped rows moves as a whole. */
static void drop_items(lots_vec *vec, const uint8_t *dropped, uint8_t mask, size_t rows)
{
    char *items = vec->data;
    size_t size = vec->item_size, kept = find_row(dropped, mask, 0, rows, false);
    for (size_t row = kept, end; row < rows; row = end) {
        row = find_row(dropped, mask, row, rows, true);
        end = find_row(dropped, mask, row, rows, false);
        if (end > row)
            memmove(items + kept * size, items + row * size, (end - row) * size);
        kept += end - row;
    }
    vec->count = kept;
}

static void drop_runs(lots_batch_column *column, const uint8_t *dropped, uint8_t mask, size_t rows)
{
    uint32_t *offsets = column->offsets.data;
    char *items = column->values.data;
    size_t size = column->values.item_size, kept = find_row(dropped, mask, 0, rows, false);
    for (size_t row = kept, end; row < rows; row = end) {
        row = find_row(dropped, mask, row, rows, true);
        end = find_row(dropped, mask, row, rows, false);
        uint32_t first = offsets[row], to = offsets[kept], run = offsets[end] - first;
        if (run > 0)
            memmove(items + to * size, items + first * size, run * size);
        for (size_t i = row; i < end; i++)
            offsets[++kept] = offsets[i + 1] - first + to;
    }
    column->offsets.count = kept + 1;
    column->values.count = offsets[kept];
}

void lots_batch_drop_rows(lots_batch *batch, const uint8_t *dropped, uint8_t mask)
{
    uint32_t rows = batch->rows, kept = 0;
    for (uint32_t row = 0; row < rows; row++)
        kept += !(dropped[row] & mask);
    if (kept == rows)
        return;
    if (batch->patient.count > 0)
        drop_items(&batch->patient, dropped, mask, rows);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        lots_batch_column *column = &batch->columns[i];
        if (column->list || column->phys == LOTS_PHYS_TEXT)
            drop_runs(column, dropped, mask, rows);
        else
            drop_items(&column->values, dropped, mask, rows);
        drop_items(&column->missing, dropped, mask, rows);
    }
    batch->rows = kept;
}
